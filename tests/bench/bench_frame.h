// SPDX-License-Identifier: Apache-2.0
// Addresses and frames that the bench's scenarios share.
#ifndef WEIR_BENCH_FRAME_H
#define WEIR_BENCH_FRAME_H

#include <stdint.h>

extern const uint8_t bench_peer[6], bench_own[6]; // behind the wire; the PF's
// A frame of len bytes, at least 60: IPv4 UDP of one of many flows, so that it spreads over queues.
void bench_frame(uint8_t *f, unsigned len, const uint8_t *dst, const uint8_t *src, unsigned flow);

#endif
