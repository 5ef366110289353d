// SPDX-License-Identifier: Apache-2.0
// How a guest's process meets the parent's: over a unix socket it hands over the memory of its channel, which is its
// own, and two bells (eventfds). The socket stays open as long as both live, so each learns at once when the other
// dies; over it a guest that was offered a VF asks for the connection to that function, which the parent opens for it.
// Neither trusts the other: the parent takes memory only when it is sealed against shrinking, waits for nobody, and
// checks every word; whoever says what was not to be said is sent away.
#ifndef WEIR_PARTITION_H
#define WEIR_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "weir/channel.h"

#define WEIR_PARTITION_VERSION 4u
#define WEIR_PARTITION_RING (1u << 21) // bytes of each of the channel's two rings
#define WEIR_PARTITION_NAME 32u

struct weir_partition;

// First message of a guest, with three descriptors: memory, bell of the parent, bell of the guest.
struct weir_partition_hello {
    uint32_t magic, version;
    uint32_t ring;  // bytes of each ring
    uint8_t mac[6]; // with WEIR_PARTITION_OWN_MAC, else 0: the parent assigns one
    uint16_t flags; // WEIR_PARTITION_*
    char name[WEIR_PARTITION_NAME];
    uint16_t fn;     // of the VF that it has from a parent before, 0 = none,
    uint16_t vf_mtu; //   and the MTU that it was opened with
};
_Static_assert(sizeof(struct weir_partition_hello) == 56, "struct weir_partition_hello is 56 bytes");
#define WEIR_PARTITION_OWN_MAC 0x1u

// The parent's answer. status 0 = welcome, else an errno, and text says why.
struct weir_partition_welcome {
    uint32_t magic, version;
    int32_t status;
    uint32_t mtu;   // longest packet behind an Ethernet header that either path carries
    uint8_t mac[6]; // the guest's
    uint8_t reserved[2];
    uint32_t token; // of the VF's association, which goes on; 0: a VF that the guest has is its no more
    char text[136];
};
_Static_assert(sizeof(struct weir_partition_welcome) == 164, "struct weir_partition_welcome is 164 bytes");

// A welcomed guest asks for a function that it was offered, one question at a time: for the connection to it (the reply
// comes with the descriptor of a connected socket when status is 0), or, when the card is a PCI device of this machine,
// for its address there.
struct weir_partition_ask {
    uint32_t magic;
    uint16_t kind; // WEIR_PARTITION_ASK_VF or _ASK_PCI
    uint16_t fn;   // PCIe function of the card, VF + 1
    uint32_t reserved[2];
};
_Static_assert(sizeof(struct weir_partition_ask) == 16, "struct weir_partition_ask is 16 bytes");
#define WEIR_PARTITION_ASK_VF 1u
#define WEIR_PARTITION_AWAY                                                                                            \
    2u // in a reply that nobody asked for: the guest is sent away, and not to come back by itself
#define WEIR_PARTITION_ASK_PCI 3u

struct weir_partition_reply {
    uint32_t magic;
    uint16_t kind, fn; // of the question
    int32_t status;    // 0 or an errno; EAGAIN: not now, ask again; EPROTONOSUPPORT: the card is on another kind of bus
    uint32_t pci;      // to ASK_PCI: domain << 16 | bus << 8 | device << 3 | function; else 0
};
_Static_assert(sizeof(struct weir_partition_reply) == 16, "struct weir_partition_reply is 16 bytes");

// Guests' names are 1 to 31 letters, digits, '-', '_' and '.': they are printed, logged and kept in files.
bool weir_partition_name_ok(const char *name, size_t room);

// MTU of a card's guests, and the buffers it takes: Ethernet header and two tags, as far as the card has frames so
// long.
#define WEIR_MTU_MIN 68u
#define WEIR_MTU_MAX 9582u
uint32_t weir_partition_buffer(uint32_t mtu);

// ---- the guest ----

struct weir_partition_wish {
    const char *name;
    const uint8_t *mac; // NULL: as the parent assigns
    unsigned fn;        // the VF that it is on, 0 = none, and its MTU
    uint32_t vf_mtu;
};

struct weir_partition_terms {
    uint8_t mac[6];
    uint32_t mtu;
    uint32_t token; // of the VF that it was on and stays on, 0 = none
};

// Goes to the parent at `path` and waits for its welcome, at most 10 s. 0, or negative errno with one line in err.
int weir_partition_connect(const char *path, const struct weir_partition_wish *wish, struct weir_partition_terms *terms,
                           struct weir_partition **p, char *err, size_t err_size);
// The same in two steps, of which none waits: knocks at the parent's door; then 0 once it is welcome, -EAGAIN before,
// else negative errno with one line in err, and only weir_partition_close is left to do.
int weir_partition_knock(const char *path, const struct weir_partition_wish *wish, struct weir_partition **p, char *err,
                         size_t err_size);
int weir_partition_welcomed(struct weir_partition *p, struct weir_partition_terms *terms, char *err, size_t err_size);
// The connection to function fn: asks for it, -EINPROGRESS until the answer is there, then 0 with the descriptor, which
// is the caller's, or its negative errno (-EAGAIN: not now, but another question may be answered). Never waits.
int weir_partition_vf(struct weir_partition *p, unsigned fn, int *fd);
// The same for its PCI address on this machine.
int weir_partition_pci(struct weir_partition *p, unsigned fn, uint32_t *pci);
// The parent is gone, or says what nobody asked.
bool weir_partition_peer_gone(struct weir_partition *p);
// It went, or closed the channel, because it wants this guest no more.
bool weir_partition_sent_away(struct weir_partition *p);

// ---- the parent ----

// Makes a newcomer of a connection just accepted, which it takes over in any case; NULL without memory.
struct weir_partition *weir_partition_new(int sock);
// Reads the newcomer's hello and makes its channel: 0, -EAGAIN (nothing yet), else the connection is worth nothing.
int weir_partition_join(struct weir_partition *p, struct weir_partition_hello *hello);
// Welcomes the guest (status 0, with its terms), or says why not.
int weir_partition_answer(struct weir_partition *p, int status, const struct weir_partition_terms *terms,
                          const char *text);
// The next question of a welcomed guest: 1, 0 when there is none, -EPIPE it is gone, -EPROTO it said something else.
int weir_partition_asked(struct weir_partition *p, struct weir_partition_ask *ask);
// Replies to it; fd goes along with status 0 and stays the caller's. -EIO: the guest does not read its replies.
int weir_partition_reply(struct weir_partition *p, unsigned fn, int status, int fd);
int weir_partition_reply_pci(struct weir_partition *p, unsigned fn, uint32_t pci);
// Tells it that it is not wanted any more, in case it still listens.
void weir_partition_send_away(struct weir_partition *p);

// ---- both ----

struct weir_channel *weir_partition_channel(struct weir_partition *p);
// Readable when the peer rang; weir_partition_hush reads it.
int weir_partition_bell(const struct weir_partition *p);
void weir_partition_hush(struct weir_partition *p);
// Readable when the peer said something or its process is gone.
int weir_partition_fd(const struct weir_partition *p);
// Closes all; the channel with it. NULL is fine.
void weir_partition_close(struct weir_partition *p);

#endif
