// SPDX-License-Identifier: Apache-2.0
// See report.h: what was fed, and the table for people.
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report_int.h"
#include "verdict.h"

struct report *report_new(const char *traffic) {
    struct report *r = calloc(1, sizeof(*r));
    if (r != NULL)
        snprintf(r->traffic, sizeof(r->traffic), "%s", traffic);
    return r;
}

void report_free(struct report *r) {
    if (r == NULL)
        return;
    json_object_put(r->all);
    free(r);
}

void report_fail(struct report *r, const char *fmt, ...) {
    va_list ap;
    if (r->failures < MAX_FAILURES) {
        va_start(ap, fmt);
        vsnprintf(r->failure[r->failures], sizeof(r->failure[0]), fmt, ap);
        va_end(ap);
    }
    r->failures++;
}

void report_step(struct report *r, struct report_step *s) {
    verdict_step(s);
    if (s->failed[0] != '\0')
        report_fail(r, "%s: %s", s->what, s->failed);
    if (r->steps < MAX_STEPS)
        r->step[r->steps++] = *s;
    else
        report_fail(r, "%s: more steps than the report has room for", s->what);
}

void report_tool(struct report *r, struct report_tool *t) {
    verdict_tool(t);
    if (t->failed[0] != '\0')
        report_fail(r, "%s, %s: %s", t->during, t->name, t->failed);
    if (r->tools < MAX_TOOLS)
        r->tool[r->tools++] = *t;
    else
        report_fail(r, "%s: more tools than the report has room for", t->name);
}

void report_path(struct report *r, const struct report_path *p) {
    if (r->paths < MAX_PATHS)
        r->path[r->paths++] = *p;
}

void report_capture(struct report *r, const struct report_capture *c) {
    r->capture = *c;
}

void report_sample(struct report *r, uint64_t cycle, uint64_t synthetic, uint64_t vf) {
    if (r->samples < MAX_SAMPLES)
        r->sample[r->samples++] = (struct sample){cycle, synthetic, vf};
}

void report_speed(struct report *r, uint64_t cycles, double seconds) {
    r->cycles = cycles;
    r->seconds = seconds;
}

void report_ledger(struct report *r, const char *text, struct json_object *all) {
    snprintf(r->ledger, sizeof(r->ledger), "%s", text);
    json_object_put(r->all);
    r->all = all;
}

void report_say_capture(const struct report *r, FILE *out) {
    const struct report_capture *c = &r->capture;
    fprintf(out, ", demo.pcapng (%.1f MB, %" PRIu64 " of %" PRIu64 " frames: those around the hand-overs)",
            (double)c->bytes / 1e6, c->frames, c->all_frames);
}

bool report_good(const struct report *r) {
    return r->failures == 0;
}

static void put(FILE *out, const char *format, int64_t value, const char *what) {
    if (value >= 0)
        fprintf(out, format, value, what);
}

static void tool_line(const struct report_tool *t, FILE *out) {
    fprintf(out, "%-20s %-28.28s", t->name, t->during);
    if (t->mbit > 0)
        fprintf(out, " %.2f Mbit/s", t->mbit);
    put(out, " %" PRId64 " %s", t->sent, "sent");
    put(out, " %" PRId64 " %s", t->lost, "lost");
    put(out, " %" PRId64 " %s", t->retransmits, "retransmitted");
    if (t->syn_again > 0 && t->retransmits > 0)
        put(out, " (%" PRId64 " %s)", t->syn_again, "to open connections");
    if (t->rtt_max_ms > 0)
        fprintf(out, ", at most %.0f ms", t->rtt_max_ms);
    fprintf(out, "%s%s\n", t->failed[0] != '\0' ? "  FAILED: " : "", t->failed);
}

void report_table(const struct report *r, FILE *out, bool colour) {
    const char *bold = colour ? "\033[1m" : "", *off = colour ? "\033[0m" : "";
    const char *verdict = report_good(r) ? (colour ? "\033[32m" : "") : (colour ? "\033[31m" : "");

    fprintf(out, "\n%straffic: %s%s\n\n%s%-12s %10s %12s%s\n", bold, r->traffic, off, bold, "path", "frames", "bytes",
            off);
    for (unsigned i = 0; i < r->paths; i++)
        fprintf(out, "%-12s %10" PRIu64 " %12" PRIu64 "\n", r->path[i].name, r->path[i].frames, r->path[i].bytes);
    for (unsigned i = 0; i < r->tools; i++) {
        if (i == 0)
            fprintf(out, "\n%s%-20s %-28s%s\n", bold, "tool", "during", off);
        tool_line(&r->tool[i], out);
    }
    if (r->seconds > 0)
        fprintf(
            out,
            "wire: 100 Gb/s of card time, of which the card had %.0f of 250,000,000 cycles a second, rest skipped\n",
            (double)r->cycles / r->seconds);
    fprintf(out, "\n%s%-8s %-13s %-8s %-44s %10s %9s %5s %7s %9s %7s%s\n", bold, "guest", "hand-over", "", "why",
            "cycles", "gap", "lost", "doubled", "reordered", "ledger", off);
    for (unsigned i = 0; i < r->steps; i++) {
        const struct report_step *s = &r->step[i];
        fprintf(out,
                "%-8s %-13s %-8s %-44.44s %10" PRIu64 " %9" PRIu64 " %5" PRIu64 " %7" PRIu64 " %9" PRIu64 " %7" PRIu64
                "%s\n",
                s->guest, s->came.to_vf ? "to VF" : "to synthetic", s->came.surprise ? "surprise" : "planned",
                s->came.why, s->done - s->requested, s->gap, s->lost, s->doubled, s->reordered, s->ledger_lost,
                s->failed[0] != '\0' ? "  FAILED" : "");
    }
    fprintf(out, "\nledger: %s\n%s", r->ledger, verdict);
    for (unsigned i = 0; i < r->failures && i < MAX_FAILURES; i++)
        fprintf(out, "FAILED: %s\n", r->failure[i]);
    fprintf(out, "%s%s\n", report_good(r) ? VERDICT_GOOD : "", off);
}
