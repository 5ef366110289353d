// SPDX-License-Identifier: Apache-2.0
// Curves over the frame length that sweeps leave for the page of figures. Kept until the program ends.
#ifndef WEIR_BENCH_CURVE_H
#define WEIR_BENCH_CURVE_H

#include <stdio.h>

#include "bench.h"

#define BENCH_CURVE_POINTS 2048u

struct bench_curve {
    const char *name;
    const struct bench_setup *setup;
    unsigned n;
    struct {
        unsigned len;
        double cost, over; // cycles of a frame; bytes on the link beyond its own
    } point[BENCH_CURVE_POINTS];
};

// Ends the program when there is no memory.
struct bench_curve *bench_curve_new(const char *name, const struct bench_setup *setup);
// In order of length.
void bench_curve_add(struct bench_curve *c, unsigned len, double cost, double over);
// The worst point: where it is, and what for.
struct bench_worst {
    unsigned len;
    double value;
};
enum bench_judge {
    BENCH_AGAINST_LONGER, // cost against the cheapest longer frame's
    BENCH_BEYOND,         // most bytes beyond its own
    BENCH_AGAINST_LINE,   // cost against what a wire of 100 Gb/s takes for it
    BENCH_JUDGES
};
struct bench_worst bench_curve_worst(const struct bench_curve *c, enum bench_judge judge);
// All curves as pictures: cycles of a frame over its length, both logarithmic. Nothing when there are none.
void bench_curve_html(FILE *f);

#endif
