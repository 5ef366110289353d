// SPDX-License-Identifier: Apache-2.0
// Sequence-numbered frames: makes them and judges what arrives. Each flow counts what was lost, doubled or reordered
// and remembers the longest silence at the card; knows nothing of paths.
#ifndef WEIR_DEMO_FLOW_H
#define WEIR_DEMO_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_MAX 16u
#define FLOW_ETHERTYPE 0x88B5u // local experimental

struct flow {
    uint8_t dst[6], src[6];
    uint32_t sent; // next number to send
    uint32_t next; // number expected next
    uint64_t frames, bytes;
    uint64_t doubled, reordered;
    uint64_t last_cycle, gap; // longest time between two frames leaving the card since flow_mark
    uint64_t *seen;           // bit per number
    uint32_t room;
};

// Writes the next frame of flow `id` into f (room for 1514) and returns its length.
size_t flow_make(struct flow *fl, unsigned id, uint8_t *f, size_t len);
// The flow and number of a frame; -1 when it is none of ours.
int flow_parse(const uint8_t *f, size_t len, uint32_t *seq);
// It came to its receiver.
void flow_arrived(struct flow *fl, uint32_t seq, size_t len);
// A frame of the flow left the card for its receiver's memory.
void flow_passed(struct flow *fl, uint64_t cycle);
// Numbers sent and not arrived.
uint64_t flow_missing(const struct flow *fl);
// Starts measuring the longest silence anew.
void flow_mark(struct flow *fl, uint64_t cycle);
void flow_free(struct flow *fl);

#endif
