// SPDX-License-Identifier: Apache-2.0
// What the bench says: a row as a line for people and as an object of bench.json, and the count of goals.
#ifndef WEIR_BENCH_REPORT_H
#define WEIR_BENCH_REPORT_H

#include <stdio.h>

#include "bench.h"

struct json_object;

void bench_print_head(FILE *out);
void bench_print(FILE *out, const struct bench_row *row, const struct bench_figure *f, bool colour);
// The row with its setup, the caller's to put.
struct json_object *bench_json(const struct bench_row *row, const struct bench_figure *f);
// Rows that ran, have a goal, and did not meet it or were not measured. Arrays of bench_row_count.
unsigned bench_missed(const struct bench_figure *figure, const bool *ran);
void bench_print_sum(FILE *out, const struct bench_figure *figure, const bool *ran);

#endif
