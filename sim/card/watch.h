// SPDX-License-Identifier: Apache-2.0
// Puts the beats that the card's taps show (abi/top.def) together to whole frames. A copy for a vPort waits until the
// card has said what became of it, so a capture holds what was delivered, at the time it was.
#ifndef WEIR_SIM_WATCH_H
#define WEIR_SIM_WATCH_H

#include "card.h"

struct watch;

// NULL when out of memory.
struct watch *watch_new(card_frame_fn fn, void *ctx);
void watch_free(struct watch *t);
// What the taps show in this cycle.
void watch_beat(struct watch *t, uint64_t cycle, uint32_t tx, const uint32_t *tx_data, uint32_t rx,
                const uint32_t *rx_data, uint32_t disposition);

#endif
