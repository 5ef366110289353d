// SPDX-License-Identifier: Apache-2.0
// See bench_curve.h.
#include "bench_curve.h"

#include <math.h>
#include <stdlib.h>

#define MAX_CURVES 32u
#define WIDTH 560.0
#define HEIGHT 300.0
#define LEFT 44.0
#define SHORTEST 56.0
#define LONGEST 9728.0
#define CHEAPEST 1.0
#define DEAREST 256.0

static struct bench_curve *curve[MAX_CURVES];
static unsigned curves;

struct bench_curve *bench_curve_new(const char *name, const struct bench_setup *setup) {
    struct bench_curve *c = calloc(1, sizeof(*c));
    if (c == NULL || curves == MAX_CURVES) {
        fputs("bench: no room for another curve\n", stderr);
        exit(1);
    }
    c->name = name;
    c->setup = setup;
    return curve[curves++] = c;
}

void bench_curve_add(struct bench_curve *c, unsigned len, double cost, double over) {
    if (c->n == BENCH_CURVE_POINTS) {
        fputs("bench: too many points on a curve\n", stderr);
        exit(1);
    }
    c->point[c->n].len = len;
    c->point[c->n].cost = cost;
    c->point[c->n++].over = over;
}

static double line_cost(double len) {
    return (len + 24) / (BENCH_LINE / 2.0);
}

struct bench_worst bench_curve_worst(const struct bench_curve *c, enum bench_judge judge) {
    struct bench_worst worst = {.value = c->n == 0 ? NAN : -INFINITY};
    double least = INFINITY;
    for (unsigned i = c->n; i-- > 0;) {
        unsigned len = c->point[i].len;
        double cost = c->point[i].cost, bad = cost / least;
        if (judge != BENCH_AGAINST_LONGER)
            bad = judge == BENCH_BEYOND ? c->point[i].over : cost / line_cost(len);
        if (bad > worst.value)
            worst = (struct bench_worst){len, bad};
        least = cost < least ? cost : least;
    }
    return worst;
}

static double x_of(double len) {
    return LEFT + (WIDTH - LEFT) * log(len / SHORTEST) / log(LONGEST / SHORTEST);
}

static double y_of(double cost) {
    return HEIGHT - HEIGHT * log(cost / CHEAPEST) / log(DEAREST / CHEAPEST);
}

static void axes(FILE *f) {
    static const unsigned len[] = {64, 128, 256, 512, 1024, 1518, 4096, 9600};
    for (unsigned i = 0; i < sizeof(len) / sizeof(len[0]); i++)
        fprintf(f, "<path class=\"g\" d=\"M%.1f 0V%.0f\"/><text x=\"%.1f\" y=\"%.0f\">%u</text>", x_of(len[i]), HEIGHT,
                x_of(len[i]) - 10, HEIGHT + 14, len[i]);
    for (unsigned c = 1; c <= 256; c *= 4)
        fprintf(f, "<path class=\"g\" d=\"M%.0f %.1fH%.0f\"/><text x=\"0\" y=\"%.1f\">%u</text>", LEFT, y_of(c), WIDTH,
                y_of(c) + (c == 256 ? 12 : -3), c);
}

void bench_curve_html(FILE *f) {
    // Corundum's 100 Gb/s core, of the table: 8 queues, instant host; transmit, then receive.
    static const struct {
        unsigned len;
        double cost;
    } peer[] = {{60, 7.00}, {60, 7.29}, {1514, 25.8}, {1514, 30.8}};
    for (unsigned i = 0; i < curves; i++) {
        const struct bench_curve *c = curve[i];
        char host[24];
        bench_words_host(c->setup, host, sizeof(host));
        fprintf(f,
                "<figure><figcaption>%s, %u queue pair%s, host reads %s: cycles of a frame over its bytes</figcaption>",
                c->name, c->setup->queues, c->setup->queues == 1 ? "" : "s", host);
        fprintf(f, "<svg width=\"%.0f\" height=\"%.0f\" role=\"img\">", WIDTH + 20, HEIGHT + 20);
        axes(f);
        // What the wire of 100 Gb/s takes for a frame.
        fprintf(f, "<path class=\"w\" d=\"M");
        for (double len = 60; len < 9600; len *= 1.1)
            fprintf(f, "%.1f %.1f ", x_of(len), y_of(line_cost(len)));
        fprintf(f, "\"/><path class=\"c\" d=\"M");
        for (unsigned p = 0; p < c->n; p++)
            fprintf(f, "%.1f %.1f ", x_of(c->point[p].len), y_of(c->point[p].cost));
        fprintf(
            f,
            "\"><title>most bytes beyond the frame's own: %.0f; worst length against a longer one: %.2f</title></path>",
            bench_curve_worst(c, BENCH_BEYOND).value, bench_curve_worst(c, BENCH_AGAINST_LONGER).value);
        for (unsigned p = c->name[0] == 'T' ? 0 : 1; p < sizeof(peer) / sizeof(peer[0]); p += 2)
            fprintf(f,
                    "<circle r=\"4\" cx=\"%.1f\" cy=\"%.1f\"><title>Corundum, 8 queues, instant host: "
                    "%.2f</title></circle>",
                    x_of(peer[p].len), y_of(peer[p].cost), peer[p].cost);
        fputs("</svg></figure>\n", f);
    }
}
