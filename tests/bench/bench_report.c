// SPDX-License-Identifier: Apache-2.0
// See bench_report.h.
#include "bench_report.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

#define WORDS 24

static bool in_cycles(const struct bench_row *row) {
    return strncmp(row->unit, "cycles", 6) == 0 && strcmp(row->unit, "cycles/insn") != 0;
}

static double dropped(const struct bench_figure *f) {
    return f->offered > 0 ? 1 - f->delivered / f->offered : 0;
}

void bench_print_head(FILE *out) {
    fprintf(out, "Cycles of the card's clock, 250 MHz. Host: %s.\n", BENCH_HOST);
    fprintf(out, "%-4s %-54s %-12s %8s %9s %8s %8s  %-10s %-8s %4s %-8s %s\n", "row", "metric", "unit", "goal",
            "measured", "ns", "dropped", "host reads", "bytes", "qps", "wire", "best peer");
}

void bench_print(FILE *out, const struct bench_row *row, const struct bench_figure *f, bool colour) {
    char goal[WORDS] = "-", value[WORDS] = "unmeasured", ns[WORDS] = "-", lost[WORDS] = "-", qps[WORDS] = "-";
    char host[WORDS], frames[WORDS], wire[WORDS];
    const char *mark = !colour || row->kind == BENCH_NONE ? "" : bench_met(row, f) ? "\033[32m" : "\033[33m";

    if (row->kind != BENCH_NONE)
        (void)snprintf(goal, sizeof(goal), "%s%g", row->kind == BENCH_LEAST ? ">" : "", row->goal);
    if (!isnan(f->value))
        (void)snprintf(value, sizeof(value), "%.2f", f->value);
    if (!isnan(f->value) && in_cycles(row))
        (void)snprintf(ns, sizeof(ns), "%.1f", f->value * BENCH_NS_PER_CYCLE);
    if (f->offered > 0)
        (void)snprintf(lost, sizeof(lost), "%.2f %%", dropped(f) * 100);
    if (row->setup.queues != 0)
        (void)snprintf(qps, sizeof(qps), "%u", row->setup.queues);
    bench_words_host(&row->setup, host, sizeof(host));
    bench_words_frames(&row->setup, frames, sizeof(frames));
    bench_words_wire(&row->setup, wire, sizeof(wire));
    fprintf(out, "%-4s %-54s %-12s %8s %s%9s%s %8s %8s  %-10s %-8s %4s %-8s %s\n", row->id, row->metric, row->unit,
            goal, mark, value, mark[0] != '\0' ? "\033[0m" : "", ns, lost, host, frames, qps, wire, row->peer);
    fflush(out);
}

static void add(struct json_object *o, const char *name, double v) {
    json_object_object_add(o, name, isnan(v) ? NULL : json_object_new_double(v));
}

struct json_object *bench_json(const struct bench_row *row, const struct bench_figure *f) {
    struct json_object *o = json_object_new_object(), *host = json_object_new_object();
    const struct bench_setup *s = &row->setup;
    char words[WORDS];
    json_object_object_add(o, "row", json_object_new_string(row->id));
    json_object_object_add(o, "metric", json_object_new_string(row->metric));
    json_object_object_add(o, "unit", json_object_new_string(row->unit));
    add(o, "goal", row->kind == BENCH_NONE ? NAN : row->goal);
    json_object_object_add(o, "at_least", json_object_new_boolean(row->kind == BENCH_LEAST));
    add(o, "measured", f->value);
    if (in_cycles(row))
        add(o, "nanoseconds", f->value * BENCH_NS_PER_CYCLE);
    // Without a goal it is neither met nor missed.
    json_object_object_add(o, "met", row->kind == BENCH_NONE ? NULL : json_object_new_boolean(bench_met(row, f)));
    json_object_object_add(o, "peer", json_object_new_string(row->peer));
    json_object_object_add(host, "read_latency_cycles", json_object_new_int((int)s->latency));
    json_object_object_add(host, "model", json_object_new_string(BENCH_HOST));
    json_object_object_add(o, "host", host);
    bench_words_frames(s, words, sizeof(words));
    json_object_object_add(o, "frame_bytes", json_object_new_string(words));
    json_object_object_add(o, "queue_pairs", json_object_new_int((int)s->queues));
    bench_words_wire(s, words, sizeof(words));
    json_object_object_add(o, "wire", json_object_new_string(words));
    if (f->offered > 0) {
        add(o, "offered", f->offered);
        add(o, "delivered", f->delivered);
        add(o, "dropped_share", dropped(f));
    }
    return o;
}

unsigned bench_missed(const struct bench_figure *figure, const bool *ran) {
    unsigned n = 0;
    for (unsigned i = 0; i < bench_row_count; i++)
        n += ran[i] && bench_rows[i].kind != BENCH_NONE && !bench_met(&bench_rows[i], &figure[i]);
    return n;
}

void bench_print_sum(FILE *out, const struct bench_figure *figure, const bool *ran) {
    unsigned goals = 0, bare = 0, unmeasured = 0, missed = bench_missed(figure, ran);
    for (unsigned i = 0; i < bench_row_count; i++) {
        goals += ran[i] && bench_rows[i].kind != BENCH_NONE;
        bare += ran[i] && bench_rows[i].kind == BENCH_NONE;
        unmeasured += ran[i] && isnan(figure[i].value);
    }
    fprintf(out, "%u of %u goals met, %u rows without a goal, %u not measured; bench.json written\n", goals - missed,
            goals, bare, unmeasured);
}
