// SPDX-License-Identifier: Apache-2.0
// The simulator's monitor beside a bench of the endpoint: every TLP of a bench passes it, and a broken rule ends the
// bench. An adapter, because benches and simulator have TLP types of their own.
#ifndef WEIR_BENCH_MONITOR_H
#define WEIR_BENCH_MONITOR_H

#include <stdint.h>

void bench_monitor_begin(unsigned num_fns);
void bench_monitor_to_card(const uint32_t *hdr, const uint32_t *data, unsigned dws, uint64_t now);
// Returns NULL, or the first rule that was broken.
const char *bench_monitor_from_card(const uint32_t *hdr, const uint32_t *data, unsigned beats, uint64_t now);
void bench_monitor_link_reset(void);
unsigned bench_monitor_open(void); // requests without an answer
uint64_t bench_monitor_tlps(void);
void bench_monitor_say(void); // one line: for bench_summary

#endif
