// SPDX-License-Identifier: Apache-2.0
// The demo's story with real programs (cast.h): weirctl's questions, and the kernels' traffic all along, of which the
// sequence-numbered part is judged frame by frame and the tools' part by what they say. Wall clock decides nothing:
// waits end with the programs they are for, or in the card's own time.
#ifndef WEIR_DEMO_LIVE_H
#define WEIR_DEMO_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "netns.h"
#include "report.h"

struct live_options {
    const char *programs; // folder of weir-sim, weir-host, weir-guest
    const char *firmware;
    const char *capture;    // pcapng of the hand-overs, to be written; NULL: none
    uint64_t capture_bytes; // at most about so large
    const char *fst;        // waveform, or NULL
    bool pci;               // functions in a PCI tree (pci_sim.h) instead of sockets
    unsigned seconds;       // the tools' traffic runs about this long
    const volatile int *stop;
    void (*progress)(void *ctx, const char *text);
    void *ctx;
};

// Runs the whole story into `r`. 0 when it ran to its end (report_good says how), negative errno with a sentence in
// err.
int live_run(const struct live_options *opt, const struct netns *ns, struct report *r, char *err, size_t err_size);

#endif
