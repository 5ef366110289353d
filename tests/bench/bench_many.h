// SPDX-License-Identifier: Apache-2.0
// Many VFs of one card, each with a driver, and a peer behind the wire that answers VF 0 when it is asked to.
#ifndef WEIR_BENCH_MANY_H
#define WEIR_BENCH_MANY_H

#include "world.h"

#define MAX_VFS 64u
#define MS 250000u // card cycles of a millisecond

struct many {
    struct world w;
    unsigned n;
    struct weir_vf *vf[MAX_VFS];
    uint64_t out[MAX_VFS];                  // frames on the wire, by sender,
    uint64_t first[MAX_VFS], last[MAX_VFS]; // cycles of the first and last of them
    uint64_t in[MAX_VFS];                   // frames received, by whom they are for
    uint64_t sent_at;                       // of VF 0's frame on its way, 0: the peer answers nothing
    uint64_t back_at;                       // when VF 0 had its last frame
};

// n VFs with so many queue pairs each, all NULL but for w before.
void many_open(struct many *m, unsigned n, unsigned queues, unsigned ring_log2);
void many_close(struct many *m);
// A frame of len bytes to VF vf from the peer, or from it to the peer.
void many_frame(uint8_t *f, unsigned len, unsigned vf, bool to_wire);
// All queue pairs of a VF.
void many_poll(struct many *m, unsigned vf);
// Sends frames of so many bytes until the ring is full, when there is room for `room`.
void many_fill(struct many *m, unsigned vf, unsigned bytes, unsigned room);

// BAR 0 of a VF; one posted write into it.
uint64_t many_bar(struct many *m, unsigned vf);
void many_post(struct many *m, unsigned vf, unsigned offset, uint32_t value);
// A request in the VF's mailbox as it is, with no look at the answer; while the card has the mailbox, it is dropped.
void many_ask(struct many *m, unsigned vf, unsigned opcode, const void *req, size_t len);
// Sorts n > 0 figures; their 99th percentile.
double many_p99(uint64_t *v, unsigned n);

#endif
