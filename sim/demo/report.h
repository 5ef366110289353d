// SPDX-License-Identifier: Apache-2.0
// What a demo run leaves behind: a table for people, demo.json for programs (demo.schema.json says what is in it), and
// demo.html as a picture of both paths over time. Fed while the story runs; knows nothing of cards or drivers. The run
// is good as long as nobody said what failed.
#ifndef WEIR_DEMO_REPORT_H
#define WEIR_DEMO_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_VERSION 3 // of demo.json: grows with each change that a reader of the last one does not understand

struct report;
struct json_object;

// One hand-over: what was asked for, what the parent recorded, what the numbered frames say.
struct report_step {
    char what[64];
    char guest[16];
    struct report_move {
        bool to_vf, surprise;
        char why[80];
    } asked, came;
    char status[48];          // the parent's: "done", or what refused it; "" = it recorded nothing
    uint64_t requested, done; // card cycles
    uint64_t gap;             // longest silence of the card towards the guest around it, card cycles
    uint64_t lost, doubled, reordered;
    uint64_t ledger_lost; // what the card's and the drivers' counters say was lost
    char failed[240];     // "" = came as asked
};

// What a tool of the kernels' said, and in which part of the story it ran. -1: not its affair.
struct report_tool {
    char name[32], during[48];
    int64_t sent, lost, duplicates, errors; // packets
    int64_t out_of_order, retransmits;
    int64_t data_again; // segments that carry data and went again, in the sender's place
    int64_t syn_again;  // segments that opened connections and went again: the kernel gives them a second by the wall
    double mbit, rtt_max_ms;
    int64_t explained; // frames that the ledger counted as dropped meanwhile
    char failed[240];  // "" = nothing to complain of
};

struct report_path {
    const char *name; // "synthetic", "VF"
    uint64_t frames, bytes;
};

struct report_capture {
    uint64_t bytes, all_bytes; // what is kept, what there was
    uint64_t frames, all_frames;
};

struct report *report_new(const char *traffic);
void report_free(struct report *r);
// Both judge first (verdict.h); what failed fails the run.
void report_step(struct report *r, struct report_step *s);
void report_tool(struct report *r, struct report_tool *t);
void report_path(struct report *r, const struct report_path *p);
void report_capture(struct report *r, const struct report_capture *c);
// Frames carried by each path since the last sample, at this card cycle.
void report_sample(struct report *r, uint64_t cycle, uint64_t synthetic, uint64_t vf);
// The ledger's own words ("balanced" when fine), and all of it (taken over) or NULL.
void report_ledger(struct report *r, const char *text, struct json_object *all);
// Something failed; the sentence says which step.
__attribute__((format(printf, 2, 3))) void report_fail(struct report *r, const char *fmt, ...);

// How fast the model ran beside the traffic: card cycles in so many seconds of this machine's.
void report_speed(struct report *r, uint64_t cycles, double seconds);

// How much was kept of the capture, as the end of a line.
void report_say_capture(const struct report *r, FILE *out);
bool report_good(const struct report *r);
void report_table(const struct report *r, FILE *out, bool colour);
int report_json(const struct report *r, const char *path);
// The same to a stream.
void report_print_json(const struct report *r, FILE *out);
int report_html(const struct report *r, const char *path);

#endif
