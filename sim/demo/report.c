// SPDX-License-Identifier: Apache-2.0
// See report.h.
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "out_file.h"

#define MAX_HANDOVERS 256u
#define MAX_PATHS 8u
#define MAX_SAMPLES 4096u
#define CYCLES_PER_US 250.0

struct sample {
    uint64_t cycle, synthetic, vf;
};

struct report {
    char traffic[64], ledger[160];
    bool good;
    struct report_handover handover[MAX_HANDOVERS];
    struct report_path path[MAX_PATHS];
    struct sample sample[MAX_SAMPLES];
    unsigned handovers, paths, samples;
};

struct report *report_new(const char *traffic) {
    struct report *r = calloc(1, sizeof(*r));
    if (r != NULL)
        snprintf(r->traffic, sizeof(r->traffic), "%s", traffic);
    return r;
}

void report_free(struct report *r) {
    free(r);
}

void report_handover(struct report *r, const struct report_handover *h) {
    if (r->handovers < MAX_HANDOVERS)
        r->handover[r->handovers++] = *h;
}

void report_path(struct report *r, const struct report_path *p) {
    if (r->paths < MAX_PATHS)
        r->path[r->paths++] = *p;
}

void report_sample(struct report *r, uint64_t cycle, uint64_t synthetic, uint64_t vf) {
    if (r->samples < MAX_SAMPLES)
        r->sample[r->samples++] = (struct sample){cycle, synthetic, vf};
}

void report_outcome(struct report *r, const char *ledger, bool good) {
    snprintf(r->ledger, sizeof(r->ledger), "%s", ledger);
    r->good = good;
}

bool report_good(const struct report *r) {
    return r->good;
}

void report_table(const struct report *r, FILE *out, bool colour) {
    const char *bold = colour ? "\033[1m" : "", *off = colour ? "\033[0m" : "";
    const char *verdict = r->good ? (colour ? "\033[32m" : "") : (colour ? "\033[31m" : "");

    fprintf(out, "\n%straffic: %s%s\n\n%s%-12s %10s %12s%s\n", bold, r->traffic, off, bold, "path", "frames", "bytes",
            off);
    for (unsigned i = 0; i < r->paths; i++)
        fprintf(out, "%-12s %10" PRIu64 " %12" PRIu64 "\n", r->path[i].name, r->path[i].frames, r->path[i].bytes);
    fprintf(out, "\n%s%-8s %-13s %-44s %10s %9s %5s %7s %9s %7s%s\n", bold, "guest", "hand-over", "why", "cycles",
            "gap", "lost", "doubled", "reordered", "ledger", off);
    for (unsigned i = 0; i < r->handovers; i++) {
        const struct report_handover *h = &r->handover[i];
        fprintf(out,
                "%-8s %-13s %-44.44s %10" PRIu64 " %9" PRIu64 " %5" PRIu64 " %7" PRIu64 " %9" PRIu64 " %7" PRIu64 "\n",
                h->guest, h->direction, h->why, h->done - h->requested, h->gap, h->lost, h->doubled, h->reordered,
                h->ledger_lost);
    }
    fprintf(out, "\nledger: %s\n%s%s%s\n", r->ledger, verdict,
            r->good ? "Every frame was delivered exactly once and in order, or counted with a reason."
                    : "FAILED: see the lines above.",
            off);
}

static struct json_object *number(uint64_t v) {
    return json_object_new_int64((int64_t)v);
}

static struct json_object *as_json(const struct report *r) {
    struct json_object *top = json_object_new_object(), *paths = json_object_new_array(),
                       *moves = json_object_new_array();

    for (unsigned i = 0; i < r->paths; i++) {
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "path", json_object_new_string(r->path[i].name));
        json_object_object_add(o, "frames", number(r->path[i].frames));
        json_object_object_add(o, "bytes", number(r->path[i].bytes));
        json_object_array_add(paths, o);
    }
    for (unsigned i = 0; i < r->handovers; i++) {
        const struct report_handover *h = &r->handover[i];
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "guest", json_object_new_string(h->guest));
        json_object_object_add(o, "direction", json_object_new_string(h->direction));
        json_object_object_add(o, "why", json_object_new_string(h->why));
        json_object_object_add(o, "surprise", json_object_new_boolean(h->surprise));
        json_object_object_add(o, "requested_cycle", number(h->requested));
        json_object_object_add(o, "done_cycle", number(h->done));
        json_object_object_add(o, "gap_cycles", number(h->gap));
        json_object_object_add(o, "lost", number(h->lost));
        json_object_object_add(o, "doubled", number(h->doubled));
        json_object_object_add(o, "reordered", number(h->reordered));
        json_object_object_add(o, "ledger_lost", number(h->ledger_lost));
        json_object_array_add(moves, o);
    }
    json_object_object_add(top, "traffic", json_object_new_string(r->traffic));
    json_object_object_add(top, "good", json_object_new_boolean(r->good));
    json_object_object_add(top, "ledger", json_object_new_string(r->ledger));
    json_object_object_add(top, "paths", paths);
    json_object_object_add(top, "handovers", moves);
    return top;
}

// As as_json and report_html begin; a file of the user's of that name stays.
static const char json_head[] = "{\n  \"traffic\":";
static const char html_head[] = "<!doctype html><meta charset=\"utf-8\"><title>Weir demo</title>";
_Static_assert(sizeof(html_head) <= OUT_FILE_HEAD, "what is looked at");

static bool is_json(const uint8_t *head, size_t n) {
    return n >= sizeof(json_head) - 1 && memcmp(head, json_head, sizeof(json_head) - 1) == 0;
}

static bool is_html(const uint8_t *head, size_t n) {
    return n >= sizeof(html_head) - 1 && memcmp(head, html_head, sizeof(html_head) - 1) == 0;
}

int report_json(const struct report *r, const char *path) {
    struct json_object *top = as_json(r);
    FILE *f = out_file_open(path, is_json);
    int err = f == NULL ? -errno : json_object_to_fd(fileno(f), top, JSON_C_TO_STRING_PRETTY) == 0 ? 0 : -EIO;
    if (f != NULL && fclose(f) != 0 && err == 0)
        err = -EIO;
    json_object_put(top);
    return err;
}

void report_print_json(const struct report *r, FILE *out) {
    struct json_object *top = as_json(r);
    fprintf(out, "%s\n", json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY));
    json_object_put(top);
}

// One step line of a path: frames per sample, scaled to the picture.
static void curve(FILE *f, const struct report *r, bool vf, double x0, double per_cycle, double per_frame, double base,
                  const char *colour) {
    fprintf(f, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", colour);
    for (unsigned i = 0; i < r->samples; i++)
        fprintf(f, "%.1f,%.1f ", 40 + ((double)r->sample[i].cycle - x0) * per_cycle,
                base - (double)(vf ? r->sample[i].vf : r->sample[i].synthetic) * per_frame);
    fputs("\"/>\n", f);
}

int report_html(const struct report *r, const char *path) {
    FILE *f = out_file_open(path, is_html);
    double x0, span, top = 1;
    if (f == NULL)
        return -errno;
    x0 = r->samples != 0 ? (double)r->sample[0].cycle : 0;
    span = r->samples > 1 ? (double)r->sample[r->samples - 1].cycle - x0 : 1;
    for (unsigned i = 0; i < r->samples; i++) {
        top = (double)r->sample[i].synthetic > top ? (double)r->sample[i].synthetic : top;
        top = (double)r->sample[i].vf > top ? (double)r->sample[i].vf : top;
    }
    fputs(html_head, f);
    fputs("\n<style>body{font:15px/1.5 "
          "system-ui,sans-serif;margin:2em;"
          "max-width:1080px;color:#222}table{border-collapse:collapse}td,th{padding:.2em "
          ".8em;text-align:right;border-bottom:1px solid "
          "#ddd}td:nth-child(-n+3),th:nth-child(-n+3){text-align:left}text{font:11px "
          "system-ui,sans-serif}</style>\n<h1>Weir: both paths over "
          "time</h1>\n",
          f);
    fprintf(f,
            "<p>Traffic: %s. <span style=\"color:#c60\">&#9632;</span> synthetic path, <span "
            "style=\"color:#06c\">&#9632;</span> VF path; frames per "
            "sample of card time. Dashed lines are hand-overs, red ones surprise removals.</p>\n<svg viewBox=\"0 0 "
            "1060 260\" role=\"img\" "
            "aria-label=\"frames on each path over time\">\n<line x1=\"40\" y1=\"220\" x2=\"1040\" y2=\"220\" "
            "stroke=\"#999\"/>\n",
            r->traffic);
    for (unsigned i = 0; i < r->handovers; i++) {
        double x = 40 + ((double)r->handover[i].requested - x0) * 1000 / span;
        if (x < 40 || x > 1040)
            continue;
        fprintf(f,
                "<line x1=\"%.1f\" y1=\"14\" x2=\"%.1f\" y2=\"220\" stroke=\"%s\" stroke-dasharray=\"3 3\"/><text "
                "x=\"%.1f\" y=\"%u\" text-anchor=\"%s\">%s %s</text>\n",
                x, x, r->handover[i].surprise ? "#c00" : "#888", x < 900 ? x + 3 : x - 3, 12 + i % 3 * 12,
                x < 900 ? "start" : "end", r->handover[i].guest, r->handover[i].direction);
    }
    curve(f, r, false, x0, 1000 / span, 190 / top, 220, "#c60");
    curve(f, r, true, x0, 1000 / span, 190 / top, 220, "#06c");
    fprintf(f, "<text x=\"40\" y=\"240\">0 us</text><text x=\"980\" y=\"240\">%.0f us</text>\n</svg>\n",
            span / CYCLES_PER_US);
    fputs("<table><tr><th>guest<th>hand-over<th>why<th>cycles<th>gap<th>lost<th>doubled<th>reordered<th>ledger</tr>\n",
          f);
    for (unsigned i = 0; i < r->handovers; i++) {
        const struct report_handover *h = &r->handover[i];
        fprintf(f,
                "<tr><td>%s<td>%s<td>%s<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64
                "<td>%" PRIu64 "</tr>\n",
                h->guest, h->direction, h->why, h->done - h->requested, h->gap, h->lost, h->doubled, h->reordered,
                h->ledger_lost);
    }
    fprintf(f, "</table>\n<p>Ledger: %s. %s</p>\n", r->ledger,
            r->good ? "Every frame was delivered exactly once and in order, or counted with a reason."
                    : "The run failed.");
    return fclose(f) == 0 ? 0 : -EIO;
}
