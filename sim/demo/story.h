// SPDX-License-Identifier: Apache-2.0
// The demo's story in one process, deterministic: two guests with their own channels, NetVSCs and VF drivers, the
// parent with NetVSP and vstack, a peer on the wire; sequence-numbered traffic on every pair all along.
#ifndef WEIR_DEMO_STORY_H
#define WEIR_DEMO_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_pcapng;
struct report;
struct report_capture;
struct story;

struct story_options {
    const char *firmware;
    const char *fst; // waveform, or NULL
    uint64_t seed;
    struct weir_pcapng *capture;     // NULL: none. Interfaces: the wire, then each vPort
    uint64_t capture_bytes;          // at most about so many, of frames while a hand-over is under way and soon after
    struct report_capture *captured; // how many that were
    const volatile int *stop;        // a signal handler sets it: the story ends at once
    // Called now and then with a line for a progress display; NULL = quiet.
    void (*progress)(void *ctx, const char *text);
    void *ctx;
};

// Runs the whole story into `r`. 0 when it ran to its end (report_good says how), negative errno with a sentence in
// err.
int story_run(const struct story_options *opt, struct report *r, char *err, size_t err_size);

#endif
