// SPDX-License-Identifier: Apache-2.0
// The order of what a queue pair writes, seen from the link alone: a frame's bytes, then its completion, then the
// interrupt for it (pcie 47). Follows the mailbox for rings, answered reads for receive descriptors, the MSI-X
// table for messages and doorbells for arms. What it cannot know it does not judge: rings that were made in another
// way, vector 0 (which carries events as well), messages that two vectors share.
#ifndef WEIR_SIM_ORDER_H
#define WEIR_SIM_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_FNS 256u // functions it can follow, fn below is 0..255

struct order;

struct order_stats {
    uint64_t completions, interrupts; // judged
};

struct order *order_new(void);
void order_free(struct order *o);
const struct order_stats *order_stats(const struct order *o);

// One word that the host writes to BAR 0 of a function, and one that it read there.
void order_bar_write(struct order *o, unsigned fn, unsigned offset, uint32_t value);
void order_bar_read(struct order *o, unsigned fn, unsigned offset, uint32_t value);
// The answer to a read of the card, `bytes` from `addr` on.
void order_answer(struct order *o, unsigned fn, uint64_t addr, const void *data, unsigned bytes);
// A write or message of the card: NULL, or what is wrong with its order. first_be and last_be as in the header.
const char *order_write(struct order *o, unsigned fn, uint64_t addr, const uint32_t *data, unsigned dw,
                        unsigned first_be, unsigned last_be);
const char *order_message(struct order *o, unsigned fn, uint64_t addr, uint32_t data);
// Rings of which frames took buffers and that have less than half of them left, as far as their driver rang.
unsigned order_low(const struct order *o);
// The function was reset: its rings are gone.
void order_reset(struct order *o, unsigned fn);

#endif
