// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of the cable: a TAP device, another card, pcap files, or nobody. Feeds the wire only as far
// as a short queue reaches, so that what the card cannot take waits, or is dropped, where the sender is.
#ifndef WEIR_SIM_WIRE_END_H
#define WEIR_SIM_WIRE_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tap.h"

struct wire;
struct wire_end;

struct wire_end_stats {
    uint64_t to_card, from_card; // frames
    uint64_t dropped;            // frames from the card that the other end did not take
    bool input_cut;              // the pcap input, no file but a pipe, is damaged: what came before was played
};

// spec: "tap:NAME", "tap" (the first of wire0, wire1 ... that is free), "link:PATH", "pcap:IN", "pcap:IN,OUT" or
// "none". NULL with one line in err.
struct wire_end *wire_end_open(const char *spec, char *err, size_t err_size);
#define WIRE_END_SPECS "tap[:NAME], link:PATH, pcap:IN[,OUT] or none"
// Whether it is one of those, with something behind its colon.
bool wire_end_known(const char *spec);
// 0, or -EIO when the output file is not whole.
int wire_end_close(struct wire_end *e);
// To poll for reading, -1 when there is nothing to wait for now.
int wire_end_fd(const struct wire_end *e, const struct wire *w);
// Moves what is there into the wire's queue. `ready`: somebody on the card receives; pcap input waits for it.
// Returns frames moved.
unsigned wire_end_feed(struct wire_end *e, struct wire *w, bool ready);
// A frame left the card at `ns`.
void wire_end_take(struct wire_end *e, const uint8_t *frame, size_t len, uint64_t ns);
// What a person should know of the other end: the name of its TAP device; "" when there is none.
void wire_end_device(const struct wire_end *e, char name[TAP_NAME_ROOM]);
const struct wire_end_stats *wire_end_stats(const struct wire_end *e);

#endif
