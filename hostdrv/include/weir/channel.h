// SPDX-License-Identifier: Apache-2.0
// The channel between a guest's NetVSC and the parent's NetVSP: two rings of messages in one shared memory area, and
// the messages. Each end trusts nothing the other can write: indices and lengths are checked, payloads are copied
// before they are looked at, private state is never read back from the area. A hostile or dying peer makes calls fail,
// nothing more.
#ifndef WEIR_CHANNEL_H
#define WEIR_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_channel;

enum weir_channel_end { WEIR_CHANNEL_GUEST = 0, WEIR_CHANNEL_HOST = 1 };

// Bytes of an area whose two rings hold `ring` bytes each; ring is a power of two from 4096 to 2^28.
#define WEIR_CHANNEL_HEADER 1024u
#define WEIR_CHANNEL_BYTES(ring) (WEIR_CHANNEL_HEADER + 2 * (size_t)(ring))

// Makes an empty channel of the area (8-byte aligned). Done once, by the parent, before either end attaches. 0,
// -EINVAL.
int weir_channel_init(void *mem, size_t bytes);
// A private handle on one end. 0, -EINVAL, -EPROTO when the area holds no channel of this version and size, -ENOMEM.
int weir_channel_attach(void *mem, size_t bytes, enum weir_channel_end end, struct weir_channel **ch);
// Frees the handle, not the area. NULL is fine.
void weir_channel_detach(struct weir_channel *ch);
// Says to the peer that this end is over; it reads what is queued, then gets -EPIPE.
void weir_channel_close(struct weir_channel *ch);
// Called when the peer may be asleep and has to look: its ring was empty, or it had found ours full.
void weir_channel_set_notify(struct weir_channel *ch, void (*notify)(void *ctx), void *ctx);

// Sends head and body as one message. -ENOSPC when fewer than `reserve` bytes would be left for later messages,
// -EMSGSIZE above half the ring, -EPIPE when the peer closed, -EPROTO when it broke the ring (for good).
int weir_channel_send(struct weir_channel *ch, uint32_t type, const void *head, size_t head_len, const void *body,
                      size_t body_len, size_t reserve);
// Bytes free for sending, message headers (8) and gaps at the ring's end included; 0 on a broken or closed channel.
size_t weir_channel_room(struct weir_channel *ch);
// What room may be at most.
size_t weir_channel_size(const struct weir_channel *ch);
// Messages of this type that were sent and that the peer has not taken; meaningful when it is gone.
uint64_t weir_channel_untaken(const struct weir_channel *ch, uint32_t type);
// Type and payload length of the next message: 1, 0 when there is none, -EPIPE, -EPROTO. Either pointer may be NULL.
int weir_channel_peek(struct weir_channel *ch, uint32_t *type, size_t *len);
// Copies the next message's payload and takes the message: its length, -EAGAIN when there is none, -EMSGSIZE when room
// is too small (the message stays), -EPIPE, -EPROTO. room 0 throws a message away whatever its length.
int weir_channel_recv(struct weir_channel *ch, void *buf, size_t room);

// ---- messages: little endian; the version byte comes first in each; reserved bytes are sent as 0 and ignored ----

#define WEIR_MSG_VERSION 1u
#define WEIR_MSG_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " is " #bytes " bytes")

enum weir_msg_type {
    // Guest to parent. The order in the ring is the order of what they say.
    WEIR_MSG_TX_FRAME = 1,
    WEIR_MSG_SWITCH_DATA_PATH = 2,
    WEIR_MSG_VF_RELEASED = 3,
    WEIR_MSG_BYE = 4,
    WEIR_MSG_COUNTERS = 5,
    WEIR_MSG_MOVED = 6,
    // Parent to guest.
    WEIR_MSG_RX_FRAME = 16,
    WEIR_MSG_FENCE = 17,
    WEIR_MSG_VF_ASSOCIATION = 18,
    WEIR_MSG_SWITCH_COMPLETE = 19,
    WEIR_MSG_DETACH_REQUEST = 20,
    WEIR_MSG_VF_REVOKED = 21,
    WEIR_MSG_STATUS = 22,
    WEIR_MSG_ASK_COUNTERS = 23,
    WEIR_MSG_DROPPED = 24,
};

// The frame follows. What the card is to do to it (weir/qp.h).
struct weir_msg_tx_frame {
    uint8_t version;
    uint8_t flags; // WEIR_TX_*
    uint16_t vlan_tci;
    uint8_t reserved[4];
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_tx_frame, 8);

// Asks the parent to move the guest's filter. To the VF: its rings are armed and every TX_FRAME before this message is
// to be in the card first. To synthetic: the guest's VF transmit is drained, or the VF is gone (why =
// WEIR_WHY_VF_GONE).
struct weir_msg_switch_data_path {
    uint8_t version;
    uint8_t to_vf;
    uint8_t why; // enum weir_why
    uint8_t reserved;
    uint32_t token;  // of the VF_ASSOCIATION
    uint64_t posted; // frames posted on the VF so far
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_switch_data_path, 16);

// The guest has let the VF go (or never took it); its half of the ledger.
struct weir_msg_vf_released {
    uint8_t version;
    uint8_t reserved[3];
    uint32_t token;
    uint64_t posted;    // frames posted on the VF's transmit rings
    uint64_t completed; // of them, completed by the card
    uint64_t taken;     // frames taken from its receive rings
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_vf_released, 32);

// A hand-over is over in the guest, too: what waited for it there. In front of the VF_RELEASED that ends one to
// synthetic. Of people's interest only: nothing is steered by it.
struct weir_msg_moved {
    uint8_t version;
    uint8_t to_vf;
    uint8_t reserved[2];
    uint32_t token;
    uint32_t tx_held; // frames of the guest's stack that waited for the new path,
    uint32_t rx_held; //   of the new path that waited for the old one's last,
    uint32_t dropped; //   and that found no room to wait, or were refused by the new path
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_moved, 20);

struct weir_msg_bye {
    uint8_t version;
    uint8_t reserved[7];
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_bye, 8);

// The frame follows.
struct weir_msg_rx_frame {
    uint8_t version;
    uint8_t epoch; // switch epoch at lookup
    uint8_t flags; // WEIR_RX_FRAME_*
    uint8_t reserved;
    uint16_t vlan_tci;
    uint16_t reserved2;
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_rx_frame, 8);
#define WEIR_RX_FRAME_FLOODED 0x1u
#define WEIR_RX_FRAME_VLAN 0x2u     // vlan_tci was stripped
#define WEIR_RX_FRAME_REDIRECT 0x4u // drained back from the guest's VF
// What the card says of the checksums; neither good nor bad: not checked.
#define WEIR_RX_FRAME_L3_GOOD 0x8u
#define WEIR_RX_FRAME_L3_BAD 0x10u
#define WEIR_RX_FRAME_L4_GOOD 0x20u
#define WEIR_RX_FRAME_L4_BAD 0x40u

// Everything for the guest that the card looked up before the move to the VF is in front of this; lost: the parent gave
// up waiting for it.
struct weir_msg_fence {
    uint8_t version;
    uint8_t lost;
    uint8_t reserved[2];
    uint32_t token;
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_fence, 8);

// allocated = 0 takes an offer back. The token names the association in all later messages, and is the token of the
// fence on the VF's rings when the guest leaves the VF.
struct weir_msg_vf_association {
    uint8_t version;
    uint8_t allocated;
    uint16_t fn; // PCIe function of the card, VF + 1
    uint32_t token;
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_vf_association, 8);

struct weir_msg_switch_complete {
    uint8_t version;
    uint8_t epoch; // first epoch of the new owner
    uint8_t to_vf;
    uint8_t reserved;
    uint32_t token;
    uint32_t status; // enum weir_status; anything but OK: nothing was moved
    uint32_t reserved2;
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_switch_complete, 16);

// DETACH_REQUEST: leave the VF gracefully. VF_REVOKED: it is gone already.
struct weir_msg_detach {
    uint8_t version;
    uint8_t why; // enum weir_why
    uint8_t reserved[2];
    uint32_t token;
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_detach, 8);

// Why the guest is, or is not, on a VF, whether its adapter has a carrier, and that it sent what it may not.
struct weir_msg_status {
    uint8_t version;
    uint8_t why; // enum weir_why
    uint8_t no_carrier;
    uint8_t reserved;
    uint32_t refused; // of its frames so far, on both paths, by its policy
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_status, 8);

// Frames for the guest that the parent or the card dropped so far, on both paths: its channel or its rings were full,
// or its policy keeps it from hearing them.
struct weir_msg_dropped {
    uint8_t version;
    uint8_t reserved[3];
    uint32_t dropped;
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_dropped, 8);

// ---- a guest's half of the ledger ----

// Frames of a guest's adapter; append only. Each one that came in went out, waits, or is in exactly one DROP.
// X(name, kind, text).
#define WEIR_GUEST_COUNTERS(X)                                                                                         \
    X(tx_taken, IN, "taken from the guest's stack")                                                                    \
    X(tx_synthetic, OUT, "sent on the channel")                                                                        \
    X(tx_vf, OUT, "posted on VFs")                                                                                     \
    X(tx_waiting, HELD, "wait for room, or for the end of a hand-over")                                                \
    X(tx_unseen, HELD, "of those posted: not yet looked up by the card")                                               \
    X(tx_drop_size, DROP, "no frame, or longer than both paths carry")                                                 \
    X(tx_drop_offload, DROP, "asked for what the card cannot do to it")                                                \
    X(tx_drop_early, DROP, "sent before the device had its address")                                                   \
    X(tx_drop_reorder, DROP, "waited for a hand-over, and the new path refused it")                                    \
    X(tx_drop_dead, DROP, "the parent or its channel was gone")                                                        \
    X(rx_synthetic, IN, "taken from the channel")                                                                      \
    X(rx_vf, IN, "taken from VFs' rings")                                                                              \
    X(rx_waiting, HELD, "wait for the end of a hand-over")                                                             \
    X(rx_drop_reorder, DROP, "the reorder queue of a hand-over was full")                                              \
    X(rx_drop_message, DROP, "came in a message that is none")                                                         \
    X(rx_given, OUT, "given to the guest's stack")                                                                     \
    X(rx_drop_full, DROP, "the guest's device had no room")                                                            \
    X(rx_drop_down, DROP, "the guest's device was down or gone")

enum weir_guest_counter {
#define WEIR_GUEST_ENUM(name, kind, text) WEIR_GUEST_##name,
    WEIR_GUEST_COUNTERS(WEIR_GUEST_ENUM)
#undef WEIR_GUEST_ENUM
        WEIR_GUEST_COUNT
};
_Static_assert(WEIR_GUEST_COUNT <= 32, "they fit their message");

// Asks for COUNTERS. The guest answers at once: what it took from the channel is what was sent in front of this.
struct weir_msg_ask_counters {
    uint8_t version;
    uint8_t reserved[3];
    uint32_t serial;
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_ask_counters, 8);

// What it sent on the channel is what stands in front of this.
struct weir_msg_counters {
    uint8_t version;
    uint8_t reserved[3];
    uint32_t serial;    // of the question
    uint64_t value[32]; // by enum weir_guest_counter; those a guest does not know are 0
};
WEIR_MSG_ASSERT_SIZE(struct weir_msg_counters, 264);

// ---- why a guest is on the path it is on (why.def) ----

enum weir_why {
#define WEIR_WHY(name, text) WEIR_WHY_##name,
#include "weir/why.def"
#undef WEIR_WHY
    WEIR_WHY_COUNT
};
// One sentence; and the name in the list, "?" of what is none.
const char *weir_why_text(unsigned why);
const char *weir_why_name(unsigned why);

#endif
