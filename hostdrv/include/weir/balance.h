// SPDX-License-Identifier: Apache-2.0
// One equation of a ledger that is read while frames move.
#ifndef WEIR_BALANCE_H
#define WEIR_BALANCE_H

#include <stddef.h>
#include <stdint.h>

// What came in is what went out or was dropped with a reason. Both are read twice, one reading after the other, so that
// traffic may go on meanwhile: nothing may have gone by the first reading that had not come by the second, and what has
// come and does not go although nothing moves any more is lost; while something moves it is under way. 0 and adds to
// *under_way, or -EBADE and a line that begins with `what` and says by how much.
struct weir_balance {
    uint64_t in[2], out[2];
};
int weir_balance_check(const struct weir_balance *b, const char *what, uint64_t *under_way, char *text, size_t size);

#endif
