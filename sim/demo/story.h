// SPDX-License-Identifier: Apache-2.0
// The demo's story in one process, deterministic: two guests with their own channels, NetVSCs and VF drivers, the
// parent with NetVSP and vstack, a peer on the wire; sequence-numbered traffic on every pair all along.
#ifndef WEIR_DEMO_STORY_H
#define WEIR_DEMO_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_pcapng;
struct kernel;
struct report;
struct story;

struct story_options {
    const char *firmware;
    uint64_t seed;
    struct kernel *kernel;       // NULL: built-in traffic only
    unsigned seconds;            // kernel traffic runs about this long
    struct weir_pcapng *capture; // NULL: none. Interfaces: the wire, then each vPort
    const volatile int *stop;    // set by somebody else: the story ends at once
    // Called now and then with a line for a progress display; NULL = quiet.
    void (*progress)(void *ctx, const char *text);
    void *ctx;
};

// Hardware addresses of the peer and the guests, for whoever sets up their kernels' devices.
extern const uint8_t story_mac[3][6];

// Runs the whole story into `r`. 0 when it ran to its end (report_outcome says how), negative errno with a sentence in
// err.
int story_run(const struct story_options *opt, struct report *r, char *err, size_t err_size);

#endif
