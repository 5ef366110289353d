// SPDX-License-Identifier: Apache-2.0
// How a guest's process meets the parent's: over a unix socket it hands over the memory of its channel, which is its
// own, and two bells (eventfds). The socket stays open as long as both live, so each learns at once when the other
// dies. Neither trusts the other: the parent takes memory only when it is sealed against shrinking, waits for nobody,
// and checks every word.
#ifndef WEIR_PARTITION_H
#define WEIR_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/channel.h"

#define WEIR_PARTITION_VERSION 1u
#define WEIR_PARTITION_RING (1u << 20) // bytes of each of the channel's two rings

struct weir_partition;

// First message of a guest, with three descriptors: memory, bell of the parent, bell of the guest.
struct weir_partition_hello {
    uint32_t magic, version;
    uint32_t ring; // bytes of each ring
    uint8_t mac[6];
    uint16_t reserved;
    char name[32];
};
_Static_assert(sizeof(struct weir_partition_hello) == 52, "struct weir_partition_hello is 52 bytes");

// The parent's answer. status 0 = welcome, else an errno, and text says why.
struct weir_partition_welcome {
    uint32_t magic, version;
    int32_t status;
    char card[108]; // folder of the card's functions, for the guest's VF driver
    char text[136];
};
_Static_assert(sizeof(struct weir_partition_welcome) == 256, "struct weir_partition_welcome is 256 bytes");

// ---- the guest ----

// Goes to the parent at `path` and waits for its welcome, at most 10 s. card (room for 108) gets the folder of the
// card. 0, or negative errno with one line in err.
int weir_partition_connect(const char *path, const char *name, const uint8_t mac[6], char *card,
                           struct weir_partition **p, char *err, size_t err_size);

// ---- the parent ----

// A listening socket, or negative errno with one line in err. A stale socket is replaced, one in use is not.
int weir_partition_listen(const char *path, char *err, size_t err_size);
// Takes a newcomer from the listener: NULL when there is none.
struct weir_partition *weir_partition_accept(int listener);
// Reads the newcomer's hello and makes its channel: 0, -EAGAIN (nothing yet), else the connection is worth nothing.
int weir_partition_join(struct weir_partition *p, struct weir_partition_hello *hello);
// Welcomes the guest, or says why not.
int weir_partition_answer(struct weir_partition *p, int status, const char *card, const char *text);

// ---- both ----

struct weir_channel *weir_partition_channel(struct weir_partition *p);
// Readable when the peer rang; weir_partition_hush reads it.
int weir_partition_bell(const struct weir_partition *p);
void weir_partition_hush(struct weir_partition *p);
// Readable when the peer's process is gone.
int weir_partition_fd(const struct weir_partition *p);
bool weir_partition_peer_gone(const struct weir_partition *p);
// Closes all; the channel with it. NULL is fine.
void weir_partition_close(struct weir_partition *p);

#endif
