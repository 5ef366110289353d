// SPDX-License-Identifier: Apache-2.0
// The demo's story with real programs: weir-sim with the peer's TAP device on its wire, weir-host, two weir-guest in
// namespaces of their own, weirctl's questions; the kernels' traffic all along, of which the sequence-numbered part is
// judged.
#ifndef WEIR_DEMO_LIVE_H
#define WEIR_DEMO_LIVE_H

#include <stddef.h>
#include <stdio.h>

#include "netns.h"
#include "report.h"

#define LIVE_PLACES 3u
extern const char *const live_place[LIVE_PLACES];

struct live_options {
    const char *programs; // folder of weir-sim, weir-host, weir-guest
    const char *firmware;
    const char *trace; // pcapng, written by weir-sim
    const char *fst;   // waveform, or NULL
    unsigned seconds;  // the tools' traffic runs about this long
    const volatile int *stop;
    void (*progress)(void *ctx, const char *text);
    void *ctx;
    FILE *out; // what the tools said
};

// Runs the whole story into `r`. 0 when it ran to its end (report_outcome says how), negative errno with a sentence in
// err.
int live_run(const struct live_options *opt, const struct netns *ns, struct report *r, char *err, size_t err_size);

#endif
