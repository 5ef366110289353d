// SPDX-License-Identifier: Apache-2.0
// demo.html; see report.h.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "out_file.h"
#include "report_int.h"

// As it begins; a file of the user's of that name stays.
static const char html_head[] = "<!doctype html><meta charset=\"utf-8\"><title>Weir demo</title>";
_Static_assert(sizeof(html_head) <= OUT_FILE_HEAD, "what is looked at");

static bool is_html(const uint8_t *head, size_t n) {
    return n >= sizeof(html_head) - 1 && memcmp(head, html_head, sizeof(html_head) - 1) == 0;
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
    for (unsigned i = 0; i < r->steps; i++) {
        double x = 40 + ((double)r->step[i].requested - x0) * 1000 / span;
        if (x < 40 || x > 1040)
            continue;
        fprintf(f,
                "<line x1=\"%.1f\" y1=\"14\" x2=\"%.1f\" y2=\"220\" stroke=\"%s\" stroke-dasharray=\"3 3\"/><text "
                "x=\"%.1f\" y=\"%u\" text-anchor=\"%s\">%s %s</text>\n",
                x, x, r->step[i].came.surprise ? "#c00" : "#888", x < 900 ? x + 3 : x - 3, 12 + i % 3 * 12,
                x < 900 ? "start" : "end", r->step[i].guest, r->step[i].came.to_vf ? "to VF" : "to synthetic");
    }
    curve(f, r, false, x0, 1000 / span, 190 / top, 220, "#c60");
    curve(f, r, true, x0, 1000 / span, 190 / top, 220, "#06c");
    fprintf(f, "<text x=\"40\" y=\"240\">0 us</text><text x=\"980\" y=\"240\">%.0f us</text>\n</svg>\n",
            span / CYCLES_PER_US);
    fputs("<table><tr><th>guest<th>hand-over<th>why<th>cycles<th>gap<th>lost<th>doubled<th>reordered<th>ledger</tr>\n",
          f);
    for (unsigned i = 0; i < r->steps; i++) {
        const struct report_step *h = &r->step[i];
        fprintf(f,
                "<tr><td>%s<td>%s<td>%s<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64
                "<td>%" PRIu64 "</tr>\n",
                h->guest, h->came.to_vf ? "to VF" : "to synthetic", h->came.why, h->done - h->requested, h->gap,
                h->lost, h->doubled, h->reordered, h->ledger_lost);
    }
    fprintf(f, "</table>\n<p>Ledger: %s. %s</p>\n", r->ledger, report_good(r) ? VERDICT_GOOD : "The run failed:");
    for (unsigned i = 0; i < r->failures && i < MAX_FAILURES; i++)
        fprintf(f, "<p>%s</p>\n", r->failure[i]);
    return fclose(f) == 0 ? 0 : -EIO;
}
