// SPDX-License-Identifier: Apache-2.0
// The table, and a row's setup in words. See bench.h.
#include <math.h>
#include <stdio.h>

#include "bench.h"

#define MOST(value) BENCH_MOST, value
#define LEAST(value) BENCH_LEAST, value
#define NONE BENCH_NONE, 0
#define LEN(bytes) bytes, bytes
#define RANGE(from, to) from, to
#define NOTHING 0, 0
#define IMIX BENCH_IMIX, BENCH_IMIX
#define TCP_IN BENCH_TCP_IN, BENCH_TCP_IN
#define TCP_OUT BENCH_TCP_OUT, BENCH_TCP_OUT
#define QUICK(id, metric, unit, goal, peer, latency, bytes, queues, gbps, run, part)                                   \
    {id, metric, unit, goal, peer, {latency, bytes, queues, gbps}, run, part, true},
#define ROW(id, metric, unit, goal, peer, latency, bytes, queues, gbps, run, part)                                     \
    {id, metric, unit, goal, peer, {latency, bytes, queues, gbps}, run, part, false},
const struct bench_row bench_rows[] = {
#include "rows.def"
};
#undef ROW
#undef QUICK
const unsigned bench_row_count = sizeof(bench_rows) / sizeof(bench_rows[0]);

bool bench_met(const struct bench_row *row, const struct bench_figure *f) {
    const double slack = 0.0001; // of what binary fractions cannot say
    if (row->kind == BENCH_NONE || isnan(f->value))
        return false;
    return row->kind == BENCH_LEAST ? f->value >= row->goal - slack : f->value <= row->goal + slack;
}

void bench_words_frames(const struct bench_setup *s, char *to, size_t room) {
    if (s->from == 0)
        (void)snprintf(to, room, "-");
    else if (s->from == BENCH_IMIX)
        (void)snprintf(to, room, "IMIX");
    else if (s->from == BENCH_TCP_IN || s->from == BENCH_TCP_OUT)
        (void)snprintf(to, room, "66/1514");
    else if (s->from == s->to)
        (void)snprintf(to, room, "%u", s->from);
    else
        (void)snprintf(to, room, "%u-%u", s->from, s->to);
}

void bench_words_host(const struct bench_setup *s, char *to, size_t room) {
    if (s->latency == 0)
        (void)snprintf(to, room, "instant");
    else
        (void)snprintf(to, room, "%u cycles", s->latency);
}

void bench_words_wire(const struct bench_setup *s, char *to, size_t room) {
    if (s->from == 0)
        (void)snprintf(to, room, "-");
    else if (s->gbps == 0)
        (void)snprintf(to, room, "free");
    else
        (void)snprintf(to, room, "%u Gb/s", s->gbps);
}
