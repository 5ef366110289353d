// SPDX-License-Identifier: Apache-2.0
// Token buckets: how often somebody may do something, and log lines that a stranger can cause (threat T26).
#ifndef WEIR_APPS_RATE_H
#define WEIR_APPS_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint32_t burst, per_s;
    uint64_t millionths; // of a token
    uint64_t last;       // us
    uint64_t refused;
};

void rate_init(struct rate *r, uint32_t burst, uint32_t per_s, uint64_t now_us);
// Takes a token; false, and counted in `refused`, when there is none.
bool rate_take(struct rate *r, uint64_t now_us);
// Whether there is one; nothing is taken or counted.
bool rate_room(struct rate *r, uint64_t now_us);
// How many were refused since this was last asked.
uint64_t rate_refused(struct rate *r);

#endif
