// SPDX-License-Identifier: Apache-2.0
// See rate.h.
#include "rate.h"

#define ONE 1000000ull // a token: what one a second gains in a second of microseconds

void rate_init(struct rate *r, uint32_t burst, uint32_t per_s, uint64_t now_us) {
    *r = (struct rate){.burst = burst, .per_s = per_s, .millionths = burst * ONE, .last = now_us};
}

bool rate_room(struct rate *r, uint64_t now_us) {
    uint64_t full = r->burst * ONE, gained = (now_us - r->last) * r->per_s;
    r->last = now_us;
    r->millionths = r->millionths + gained < full ? r->millionths + gained : full;
    return r->millionths >= ONE;
}

bool rate_take(struct rate *r, uint64_t now_us) {
    if (!rate_room(r, now_us)) {
        r->refused++;
        return false;
    }
    r->millionths -= ONE;
    return true;
}

uint64_t rate_refused(struct rate *r) {
    uint64_t n = r->refused;
    r->refused = 0;
    return n;
}
