// SPDX-License-Identifier: Apache-2.0
// See weir/balance.h.
#include "weir/balance.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

int weir_balance_check(const struct weir_balance *b, const char *what, uint64_t *under_way, char *text, size_t size) {
    bool rests = b->out[0] == b->out[1], lost = rests && b->in[0] > b->out[1], made = b->out[0] > b->in[1];
    uint64_t in = b->in[lost ? 0 : 1], out = b->out[lost ? 1 : 0];
    if (!lost && !made) {
        *under_way += b->in[1] > b->out[1] ? b->in[1] - b->out[1] : 0;
        return 0;
    }
    snprintf(text, size, "ledger: %s: in %llu, out %llu: %llu %s", what, (unsigned long long)in,
             (unsigned long long)out, (unsigned long long)(lost ? in - out : out - in),
             lost ? "lost without a reason" : "out of nowhere");
    return -EBADE;
}
