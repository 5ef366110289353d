// SPDX-License-Identifier: Apache-2.0
// What a demo run leaves behind: a table for people, demo.json for programs, demo.html as a picture of both paths over
// time. Fed while the story runs; knows nothing of cards or drivers.
#ifndef WEIR_DEMO_REPORT_H
#define WEIR_DEMO_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct report;

struct report_handover {
    char guest[16];
    const char *direction; // "to VF", "to synthetic"
    char why[64];
    bool surprise;
    uint64_t requested, done; // card cycles
    uint64_t gap;             // longest silence of the card towards the guest around it, card cycles
    uint64_t lost, doubled, reordered;
    uint64_t ledger_lost; // what the card's and the drivers' counters say was lost
};

struct report_path {
    const char *name; // "synthetic", "VF"
    uint64_t frames, bytes;
};

struct report *report_new(const char *traffic);
void report_free(struct report *r);
void report_handover(struct report *r, const struct report_handover *h);
void report_path(struct report *r, const struct report_path *p);
// Frames carried by each path since the last sample, at this card cycle.
void report_sample(struct report *r, uint64_t cycle, uint64_t synthetic, uint64_t vf);
// The outcome of the whole: the ledger's own words ("balanced" when fine) and whether the run counts as good.
void report_outcome(struct report *r, const char *ledger, bool good);

bool report_good(const struct report *r);
void report_table(const struct report *r, FILE *out, bool colour);
int report_json(const struct report *r, const char *path);
// The same to a stream.
void report_print_json(const struct report *r, FILE *out);
int report_html(const struct report *r, const char *path);

#endif
