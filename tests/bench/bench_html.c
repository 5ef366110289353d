// SPDX-License-Identifier: Apache-2.0
// bench.html: the table as one self-contained page, a bar a row: how much of its goal a row needs. See bench.h.
#include <math.h>
#include <stdio.h>

#include "bench.h"

static const char *const head =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Weir bench</title><style>"
    "body{font:14px system-ui,sans-serif;margin:2em auto;max-width:72em;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}th,td{padding:3px 8px;text-align:left;border-bottom:1px solid #ddd}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}svg{display:block}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}}"
    "</style></head><body><h1>Weir bench</h1><p>Card cycles of 250&nbsp;MHz in deterministic mode unless the unit says "
    "else. The bar is the measured figure over its goal (under it, for rows that want more); the line is the goal.</p>"
    "<table><tr><th>Row</th><th>Metric</th><th>Unit</th><th>Goal</th><th>Measured</th><th></th><th>Best "
    "peer</th></tr>\n";

int bench_html(const char *path, const struct bench_row *rows, const double *value, unsigned n) {
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return -1;
    fputs(head, f);
    for (unsigned i = 0; i < n; i++) {
        const struct bench_row *r = &rows[i];
        double v = value[i], share;
        bool ok = r->at_least ? v >= r->goal : v <= r->goal + 0.0001;
        fprintf(f, "<tr><td>%s</td><td>%s</td><td>%s</td><td class=\"n\">%s%g</td>", r->id, r->metric, r->unit,
                r->at_least ? "&ge; " : "", r->goal);
        if (isnan(v)) {
            fprintf(f, "<td>not measured</td><td></td>");
        } else {
            share = r->goal != 0 && v != 0 ? (r->at_least ? r->goal / v : v / r->goal) : ok ? 0 : 2;
            share = share < 0 ? 0 : share > 2 ? 2 : share;
            fprintf(f,
                    "<td class=\"n\">%.2f</td><td><svg width=\"200\" height=\"12\"><rect width=\"%.0f\" height=\"12\" "
                    "fill=\"%s\"/><rect x=\"99\" width=\"2\" height=\"12\" fill=\"#888\"/></svg></td>",
                    v, share * 100, ok ? "#2a9d5c" : "#d9822b");
        }
        fprintf(f, "<td>%s</td></tr>\n", r->peer);
    }
    fprintf(f, "</table></body></html>\n");
    return fclose(f) == 0 ? 0 : -1;
}
