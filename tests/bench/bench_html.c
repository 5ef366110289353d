// SPDX-License-Identifier: Apache-2.0
// bench.html: the table as one self-contained page, a bar a row: how much of its goal a row needs. See bench.h.
#include <math.h>
#include <stdio.h>

#include "bench.h"
#include "bench_curve.h"
#include "bench_golden.h"

static const char *const head =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Weir bench</title><style>"
    "body{font:14px system-ui,sans-serif;margin:2em auto;max-width:72em;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}th,td{padding:3px 8px;text-align:left;border-bottom:1px solid #ddd}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}svg{display:block;max-width:100%}"
    "figure{display:inline-block;margin:1em 1em 0 0}figure "
    "text{font-size:11px;fill:currentColor}path{fill:none}circle{fill:#d9822b}"
    "path.g{stroke:#8884}path.w{stroke:#888;stroke-dasharray:4}path.c{stroke:#2a6fdb;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}}"
    "</style></head><body><h1>Weir bench</h1><p>Card cycles of 250&nbsp;MHz in deterministic mode unless the unit says "
    "else. The bar is the measured figure over its goal (under it, for rows that want more); the line is the goal. A "
    "kept "
    "figure in bold differs by more than 2&nbsp;%.</p>"
    "<table><tr><th>Row</th><th>Metric</th><th>Unit</th><th>Goal</th><th>Measured</th><th>Kept</th><th></"
    "th><th>Dropped</th>"
    "<th>Host reads</th><th>Bytes</th><th>Queue pairs</th><th>Wire</th><th>Best peer</th></tr>\n";

// How much of its goal a row needs, 0 to 2.
static double share_of(const struct bench_row *r, const struct bench_figure *f) {
    double share = r->goal != 0 && f->value != 0 ? (r->kind == BENCH_LEAST ? r->goal / f->value : f->value / r->goal)
                   : bench_met(r, f)             ? 0
                                                 : 2;
    return share < 0 ? 0 : share > 2 ? 2 : share;
}

// What is kept of the row, and in bold when it changed.
static void kept_of(FILE *f, double was, double is) {
    bool changed = fabs(is - was) > BENCH_CHANGE * fabs(was);
    if (isnan(was) || isnan(is))
        fputs("<td></td>", f);
    else
        fprintf(f, "<td class=\"n\">%s%.2f%s</td>", changed ? "<b>" : "", was, changed ? "</b>" : "");
}

static void row_of(FILE *f, const struct bench_row *r, const struct bench_figure *v, double was) {
    char host[24], frames[24], wire[24];
    bench_words_host(&r->setup, host, sizeof(host));
    bench_words_frames(&r->setup, frames, sizeof(frames));
    bench_words_wire(&r->setup, wire, sizeof(wire));
    fprintf(f, "<tr><td>%s</td><td>%s</td><td>%s</td>", r->id, r->metric, r->unit);
    if (r->kind == BENCH_NONE)
        fputs("<td></td>", f);
    else
        fprintf(f, "<td class=\"n\">%s%g</td>", r->kind == BENCH_LEAST ? "&ge; " : "", r->goal);
    if (isnan(v->value))
        fputs("<td>not measured</td>", f);
    else
        fprintf(f, "<td class=\"n\">%.2f</td>", v->value);
    kept_of(f, was, v->value);
    fputs("<td>", f);
    if (!isnan(v->value) && r->kind != BENCH_NONE)
        fprintf(f,
                "<svg width=\"200\" height=\"12\"><rect width=\"%.0f\" height=\"12\" fill=\"%s\"/><rect x=\"99\" "
                "width=\"2\" height=\"12\" fill=\"#888\"/></svg>",
                share_of(r, v) * 100, bench_met(r, v) ? "#2a9d5c" : "#d9822b");
    fputs("</td>", f);
    if (v->offered > 0)
        fprintf(f, "<td class=\"n\">%.2f&nbsp;%%</td>", (1 - v->delivered / v->offered) * 100);
    else
        fputs("<td></td>", f);
    fprintf(f, "<td>%s</td><td>%s</td><td class=\"n\">%u</td><td>%s</td><td>%s</td></tr>\n", host, frames,
            r->setup.queues, wire, r->peer);
}

int bench_html(const char *path, const struct bench_figure *figure, const bool *ran, const struct bench_golden *kept) {
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return -1;
    fputs(head, f);
    for (unsigned i = 0; i < bench_row_count; i++)
        if (ran[i])
            row_of(f, &bench_rows[i], &figure[i], bench_golden_of(kept, &bench_rows[i]));
    fputs("</table>\n", f);
    bench_curve_html(f);
    fputs("</body></html>\n", f);
    return fclose(f) == 0 ? 0 : -1;
}
