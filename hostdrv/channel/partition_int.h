// SPDX-License-Identifier: Apache-2.0
// What both ends of a partition socket share: weir/partition.h.
#ifndef WEIR_PARTITION_INT_H
#define WEIR_PARTITION_INT_H

#include "weir/partition.h"

#define PARTITION_MAGIC 0x57505254u
enum { FD_MEMORY, FD_PARENT, FD_GUEST, FDS };

struct weir_partition {
    int sock, memory;
    int mine, theirs; // bells: which we hear, which we ring
    void *area;
    size_t bytes;
    struct weir_channel *channel;
    char name[WEIR_PARTITION_NAME]; // the guest's, at its own end
    struct weir_partition_ask ask;  // the last question
    // The guest's half of it.
    bool asking, answered, gone, sent_away;
    struct weir_partition_reply reply;
    int reply_fd;
};

int partition_map(struct weir_partition *p, size_t bytes);
// Attaches this end to the mapped area, with the peer's bell.
int partition_attach(struct weir_partition *p, enum weir_channel_end end);
// One message with up to FDS descriptors; never waits, and a part of it is none of it: 0 or negative errno.
int partition_send(int sock, const void *data, size_t len, const int *fds, unsigned n);
// One message of exactly `len` bytes, its descriptors (-1 where there is none) in fds[n]: 1, 0 when there is nothing,
// -EPIPE when the peer is gone, -EPROTO for anything else. On an error fds are closed.
int partition_recv(int sock, void *data, size_t len, int *fds, unsigned n);

#endif
