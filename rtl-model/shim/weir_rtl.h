// SPDX-License-Identifier: Apache-2.0
// The Verilated model behind pure C. Every top compiled this way (the card, or one block's bench wrapper) has exactly
// four ports: clk_i, rst_ni, in_i and out_o, the last two at least 96 bits wide, and its outputs depend on state only.
// So one cycle is: read out, write in, weir_rtl_tick. Not thread-safe per model; several models may live in one
// process.
#ifndef WEIR_RTL_H
#define WEIR_RTL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir_rtl;

// What registers and memories hold in models made from now on, until reset or a write says otherwise: bits of this
// seed, or zeros when it is 0, as at the start.
void weir_rtl_random(uint32_t seed);
// New model, held in reset for 4 cycles. NULL when out of memory.
struct weir_rtl *weir_rtl_new(void);
void weir_rtl_free(struct weir_rtl *m);

// Input words, least significant first; yours to write between ticks.
uint32_t *weir_rtl_in(struct weir_rtl *m);
// Output words as of the last tick.
const uint32_t *weir_rtl_out(const struct weir_rtl *m);

// One rising edge of the clock.
void weir_rtl_tick(struct weir_rtl *m);
// Rising edges since reset ended.
uint64_t weir_rtl_cycles(const struct weir_rtl *m);
// Hold in reset (true) or release.
void weir_rtl_reset(struct weir_rtl *m, bool reset);
// Start writing an FST waveform; 0, or -1 when this build has no tracing or the file cannot be made.
int weir_rtl_trace(struct weir_rtl *m, const char *path);

#ifdef __cplusplus
}
#endif
#endif
