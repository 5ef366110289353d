// SPDX-License-Identifier: Apache-2.0
// Figures kept from the last run that was meant to stay (tests/golden/bench.json): an object with a number for each
// row. Only figures that are the same on every machine are kept.
#ifndef WEIR_BENCH_GOLDEN_H
#define WEIR_BENCH_GOLDEN_H

#include <stdio.h>

#include "bench.h"

#define BENCH_CHANGE 0.02 // of the kept figure: less is not worth a word

struct bench_golden;

// A file that is not there keeps nothing. NULL: it is no object of numbers, or there is no memory.
struct bench_golden *bench_golden_open(const char *path);
void bench_golden_close(struct bench_golden *g);
// NAN: nothing is kept for the row.
double bench_golden_of(const struct bench_golden *g, const struct bench_row *row);
// Whether the row's figure is the same on every machine.
bool bench_exact(const struct bench_row *row);
// Says each exact row that ran and changed, has no kept figure or was not measured, one line each that begins with
// "check failed"; how many.
unsigned bench_golden_check(const struct bench_golden *g, const struct bench_figure *figure, const bool *ran,
                            FILE *out);
// Keeps the exact rows that ran, and nothing of rows that are no more. 0 or -1.
int bench_golden_renew(struct bench_golden *g, const struct bench_figure *figure, const bool *ran, const char *path);

#endif
