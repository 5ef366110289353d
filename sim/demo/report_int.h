// SPDX-License-Identifier: Apache-2.0
// Between the files of the report; see report.h.
#ifndef WEIR_DEMO_REPORT_INT_H
#define WEIR_DEMO_REPORT_INT_H

#include "report.h"

#define MAX_STEPS 64u
#define MAX_TOOLS 32u
#define MAX_PATHS 8u
#define MAX_SAMPLES 4096u
#define MAX_FAILURES 32u
#define CYCLES_PER_US 250.0

#define VERDICT_GOOD "Every frame was delivered exactly once and in order, or counted with a reason."

struct sample {
    uint64_t cycle, synthetic, vf;
};

struct report {
    char traffic[96], ledger[160];
    struct json_object *all; // of the ledger
    struct report_step step[MAX_STEPS];
    struct report_tool tool[MAX_TOOLS];
    struct report_path path[MAX_PATHS];
    struct report_capture capture;
    struct sample sample[MAX_SAMPLES];
    char failure[MAX_FAILURES][352];
    uint64_t cycles;                                 // of the card,
    double seconds;                                  //   in so many of this machine's; 0: not told
    unsigned steps, tools, paths, samples, failures; // failures beyond the room are counted, too
};

#endif
