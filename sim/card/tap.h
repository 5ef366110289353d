// SPDX-License-Identifier: Apache-2.0
// Puts the beats that the card's taps show (abi/top.def) together to whole frames. A copy for a vPort waits until the
// card has said what became of it, so a capture holds what was delivered, at the time it was.
#ifndef WEIR_SIM_TAP_H
#define WEIR_SIM_TAP_H

#include "card.h"

struct tap;

// NULL when out of memory.
struct tap *tap_new(card_tap_fn fn, void *ctx);
void tap_free(struct tap *t);
// What the taps show in this cycle.
void tap_beat(struct tap *t, uint64_t cycle, uint32_t tx, const uint32_t *tx_data, uint32_t rx, const uint32_t *rx_data,
              uint32_t fate);

#endif
