// SPDX-License-Identifier: Apache-2.0
// See rate.h.
#include "rate.h"

void rate_init(struct rate *r, uint32_t burst, uint32_t per_s, uint64_t now_us) {
    *r = (struct rate){.burst = burst, .per_s = per_s, .milli = burst * 1000ull, .last = now_us};
}

bool rate_take(struct rate *r, uint64_t now_us) {
    uint64_t gained = (now_us - r->last) * r->per_s / 1000;
    if (gained != 0) { // else time goes on adding up
        r->last = now_us;
        r->milli = r->milli + gained < r->burst * 1000ull ? r->milli + gained : r->burst * 1000ull;
    }
    if (r->milli < 1000) {
        r->refused++;
        return false;
    }
    r->milli -= 1000;
    return true;
}

uint64_t rate_refused(struct rate *r) {
    uint64_t n = r->refused;
    r->refused = 0;
    return n;
}
