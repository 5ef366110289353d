// SPDX-License-Identifier: Apache-2.0
// The cable of the Ethernet port: frames in both directions at a line rate, without FCS. Whoever is at the other end
// (a test, a TAP device, another card) queues frames with wire_send and takes them with the callback.
#ifndef WEIR_SIM_WIRE_H
#define WEIR_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAX_FRAME 9728u

struct wire;

// A frame left the card. `cycle` is that of its last beat.
typedef void (*wire_rx_fn)(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle);

struct wire *wire_new(void);
void wire_free(struct wire *w);
void wire_set_rx(struct wire *w, wire_rx_fn fn, void *ctx);
// Called when a frame has gone into the card; for traces.
void wire_set_sent(struct wire *w, wire_rx_fn fn, void *ctx);
// Byte time: a frame of n bytes occupies (n + 24) * num / den cycles (FCS, preamble, gap). 0/1 = as fast as the port.
// 100 Gb/s at 250 MHz is 1/50.
void wire_set_rate(struct wire *w, unsigned num, unsigned den);
// Queues a frame towards the card. 0, -ENOBUFS when 4096 wait, -EMSGSIZE. bad: send it with a broken FCS.
int wire_send(struct wire *w, const uint8_t *frame, size_t len, bool bad);
unsigned wire_queued(const struct wire *w);

// The card side, for card.c.
unsigned wire_to_card(struct wire *w, uint64_t cycle, uint32_t *bytes, uint32_t *data); // flags as TOP_IN wire_rx_flags
bool wire_wants_beat(struct wire *w, uint64_t cycle);
void wire_from_card(struct wire *w, uint64_t cycle, unsigned flags, unsigned bytes, const uint32_t *data);
bool wire_quiet(const struct wire *w);

#endif
