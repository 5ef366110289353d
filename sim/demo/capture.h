// SPDX-License-Identifier: Apache-2.0
// What the card's own capture says about a run: frames and bytes on each path, guest 0's share over time, and the
// longest silence towards guest 0 around each hand-over, in card cycles.
#ifndef WEIR_DEMO_CAPTURE_H
#define WEIR_DEMO_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "report.h"

struct capture_window {
    uint64_t from, to; // cycles
    uint64_t gap;      // out: longest time between two deliveries of the watched flow that touches the window
};

// Adds paths and samples to the report and fills in the gaps. `guest` is the address whose frames the picture shows.
// 0, or negative errno with one line in err.
int capture_evaluate(const char *path, const uint8_t guest[6], int flow, struct capture_window *w, unsigned windows,
                     struct report *r, char *err, size_t err_size);

// Keeps of a capture what lies around the hand-overs, at most about `bytes` of it, and says in the report how much that
// is. 0, or negative errno with one line in err.
int capture_keep(const char *from, const char *to, uint64_t bytes, const struct capture_window *w, unsigned windows,
                 struct report *r, char *err, size_t err_size);

#endif
