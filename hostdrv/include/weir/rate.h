// SPDX-License-Identifier: Apache-2.0
// Token buckets: how often somebody may do something, and log lines that a stranger can cause (threat T26).
#ifndef WEIR_RATE_H
#define WEIR_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct weir_rate {
    uint32_t burst, per_s;
    uint64_t millionths; // of a token
    uint64_t last;       // us
    uint64_t refused;
};

void weir_rate_init(struct weir_rate *r, uint32_t burst, uint32_t per_s, uint64_t now_us);
// Takes a token; false, and counted in `refused`, when there is none.
bool weir_rate_take(struct weir_rate *r, uint64_t now_us);
// Whether there is one; nothing is taken or counted.
bool weir_rate_room(struct weir_rate *r, uint64_t now_us);
// How many were refused since this was last asked.
uint64_t weir_rate_refused(struct weir_rate *r);

#endif
