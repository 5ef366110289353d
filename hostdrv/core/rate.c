// SPDX-License-Identifier: Apache-2.0
// See weir/rate.h.
#include "weir/rate.h"

#define ONE 1000000ull // a token: what one a second gains in a second of microseconds

void weir_rate_init(struct weir_rate *r, uint32_t burst, uint32_t per_s, uint64_t now_us) {
    *r = (struct weir_rate){.burst = burst, .per_s = per_s, .millionths = burst * ONE, .last = now_us};
}

bool weir_rate_room(struct weir_rate *r, uint64_t now_us) {
    uint64_t full = r->burst * ONE, gained = (now_us - r->last) * r->per_s;
    r->last = now_us;
    r->millionths = r->millionths + gained < full ? r->millionths + gained : full;
    return r->millionths >= ONE;
}

bool weir_rate_take(struct weir_rate *r, uint64_t now_us) {
    if (!weir_rate_room(r, now_us)) {
        r->refused++;
        return false;
    }
    r->millionths -= ONE;
    return true;
}

uint64_t weir_rate_refused(struct weir_rate *r) {
    uint64_t n = r->refused;
    r->refused = 0;
    return n;
}
