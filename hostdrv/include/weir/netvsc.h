// SPDX-License-Identifier: Apache-2.0
// NetVSC, the guest's network adapter: what the guest's stack sees, whatever path carries the frames (rules 5.5).
// Starts on the synthetic path (the channel to the parent), moves to a VF when one is offered, falls back when it is
// taken away. Frames keep their order and none is lost by a hand-over (rules 7.12, 7.13). Driven by weir_netvsc_poll;
// no threads, no clock.
#ifndef WEIR_NETVSC_H
#define WEIR_NETVSC_H

#include "weir/bus.h"
#include "weir/channel.h"
#include "weir/vf.h"

struct weir_netvsc;

struct weir_netvsc_rx {
    bool vf;      // came through the VF
    bool flooded; // broadcast or multicast
    bool vlan;    // the card had taken out its tag, vlan_tci; it is in the frame again
    uint16_t vlan_tci;
    enum weir_csum l3, l4; // what the card says of its checksums
};

struct weir_netvsc_config {
    struct weir_channel *channel; // guest end; stays the caller's
    void *ctx;                    // of the two callbacks
    // A frame for the guest. May call weir_netvsc_send, nothing else of this adapter.
    void (*rx)(void *ctx, const void *frame, size_t len, const struct weir_netvsc_rx *info);
    // Opens PCIe function fn: 0, -EAGAIN when it is not there yet (asked again later), else the offer is declined.
    // NULL: the guest has no VF driver and stays synthetic.
    int (*open_vf)(void *ctx, unsigned fn, struct weir_bus **bus);
    struct weir_vf_config vf;
    // 0 = the default in brackets.
    unsigned reorder_frames; // frames a queue holds during a hand-over (8192)
    unsigned retry_us;       // between tries to bring a VF up (1000)
    unsigned tries;          // before an offer is declined (32)
    // For the VF, in the card's own time, without a frame more, before it counts as gone:
    unsigned drain_us;  // its transmit to drain (100000)
    unsigned fence_us;  // the fence on its rings to arrive (1000000)
    unsigned answer_us; // for an answer of the parent, before it is called silent (5000000); changes nothing else
    unsigned check_us;  // between looks whether the VF still lives (1000)
};

// Which queue holds frames back in each state is in netvsc/state.c.
enum weir_netvsc_state {
    WEIR_NETVSC_SYNTHETIC,
    WEIR_NETVSC_OPENING,     // a VF was offered and is being brought up
    WEIR_NETVSC_TO_VF,       // asked for the switch
    WEIR_NETVSC_TO_VF_FENCE, // switched; the channel's last frames are still to come
    WEIR_NETVSC_ON_VF,
    WEIR_NETVSC_TO_SYN_DRAIN,  // VF transmit stopped, not all of it is in the card
    WEIR_NETVSC_TO_SYN,        // asked for the switch
    WEIR_NETVSC_TO_SYN_FENCE,  // switched; the VF's last frames are still to come
    WEIR_NETVSC_LOST,          // the VF does not answer; the parent was told and takes it away
    WEIR_NETVSC_REVOKED_FENCE, // taken away before the channel's last frames had come
    WEIR_NETVSC_DEAD,          // the channel is closed or broken
    WEIR_NETVSC_ALONE,         // the parent is gone, and the VF carries the traffic
    WEIR_NETVSC_STATE_COUNT
};

struct weir_netvsc_stats { // of uint64_t only
#define WEIR_NETVSC_FIELD(name, kind, text) uint64_t name;
    WEIR_GUEST_COUNTERS(WEIR_NETVSC_FIELD)
#undef WEIR_NETVSC_FIELD
    uint64_t tx_untaken;                 // of those sent on the channel: the parent was gone before it took them
    uint64_t tx_offload;                 // of those sent: with work left to the card
    uint64_t tx_reordered, rx_reordered; // frames that waited in a reorder queue of a hand-over
    uint64_t to_vf, to_synthetic, revoked, refused, declined;
    uint64_t rung_again;   // doorbells of the VF (weir_qp_watch)
    uint64_t fences_lost;  // the parent gave a fence up: what was behind it is released without
    uint64_t tx_refused;   // of those sent: by the guest's policy, as the parent last said
    uint64_t rx_dropped;   // of those for it: by the parent or the card, as the parent last said
    uint64_t bad_messages; // of the parent: wrong length, version, type or token
};

// A hand-over as the guest had it; times are of the caller's clock (weir_netvsc_poll).
struct weir_netvsc_move {
    uint64_t serial;
    bool to_vf;
    enum weir_why why;
    uint64_t at_us, took_us;   // over; and how long since it began
    uint64_t tx_held, rx_held; // frames that waited for it in the guest, and kept their order
    uint64_t dropped;          // found no room to wait, or were refused by the new path
};
#define WEIR_NETVSC_MOVES 16u // are kept

// The path that the guest is on.
struct weir_netvsc_path {
    bool vf;
    enum weir_why why;
    uint64_t since_us, now_us; // on the caller's clock
};

int weir_netvsc_open(const struct weir_netvsc_config *cfg, struct weir_netvsc **n);
// Closes the VF if there is one, says BYE, closes the channel. NULL is fine.
void weir_netvsc_close(struct weir_netvsc *n);
// The parent died without a word: as when the channel is closed. The adapter is DEAD then.
void weir_netvsc_parent_gone(struct weir_netvsc *n);
// The parent is gone: true when the VF carries on without one. The channel is the caller's again, and not looked at any
// more. False: not on a VF, or not wholly; weir_netvsc_parent_gone then.
bool weir_netvsc_alone(struct weir_netvsc *n);
// Of an adapter that is ALONE: a new parent knows its VF, under this token. `channel` is its channel from now on.
void weir_netvsc_rejoin(struct weir_netvsc *n, struct weir_channel *channel, uint32_t token);
// The guest goes on at another host, whose parent is at the other end of `channel`: what its last parent had sent is
// taken first. -EBUSY unless the adapter is SYNTHETIC, -EPIPE it is dead.
int weir_netvsc_migrate(struct weir_netvsc *n, struct weir_channel *channel);
// As if the guest's process died: frees memory, tells nobody. The VF must have been reset, as the host's kernel does.
void weir_netvsc_abandon(struct weir_netvsc *n);

// Queues a frame for sending. 0, -EAGAIN (keep it and try after a poll), -EMSGSIZE, -EPIPE when the channel is dead.
int weir_netvsc_send(struct weir_netvsc *n, const void *frame, size_t len);
// The same with what the card is to do to it, on whatever path; what it cannot do is refused as by weir_tx_check.
int weir_netvsc_send_offload(struct weir_netvsc *n, const void *frame, size_t len,
                             const struct weir_tx_offload *offload);
// The caller lost a frame of the guest's stack before it could send it, or, from the rx callback, the one it was given:
// `why` is a drop of WEIR_GUEST_COUNTERS. `frames` more wait with the caller to be sent.
void weir_netvsc_dropped(struct weir_netvsc *n, enum weir_guest_counter why);
void weir_netvsc_waiting(struct weir_netvsc *n, unsigned frames);
// Does what there is to do; returns how many messages and frames it handled. now_us: any clock that only goes forward;
// it says when to look again, while the waits for the VF are bounded in the card's time.
unsigned weir_netvsc_poll(struct weir_netvsc *n, uint64_t now_us);
// Asks the parent to take the VF back. -EBUSY when no VF carries the traffic.
int weir_netvsc_leave_vf(struct weir_netvsc *n);

// The VF whose queue pairs the adapter polls now, for whoever sleeps until they have something (weir_qp_wait_fd); NULL
// = none. Valid until the next poll.
struct weir_vf *weir_netvsc_vf(struct weir_netvsc *n);
enum weir_netvsc_state weir_netvsc_state(const struct weir_netvsc *n);
const char *weir_netvsc_state_text(enum weir_netvsc_state state);
// Why the guest is where it is (text: weir_why_text).
enum weir_why weir_netvsc_why(const struct weir_netvsc *n);
// Whether the parent says that the adapter has a carrier, whatever path the guest is on.
bool weir_netvsc_carrier(const struct weir_netvsc *n);
struct weir_netvsc_path weir_netvsc_path(const struct weir_netvsc *n);
// Numbered from 0; NULL: not so many, or no longer kept.
uint64_t weir_netvsc_num_moves(const struct weir_netvsc *n);
const struct weir_netvsc_move *weir_netvsc_move(const struct weir_netvsc *n, uint64_t serial);
// What the last try to bring a VF up said, "" when nothing went wrong.
const char *weir_netvsc_error(const struct weir_netvsc *n);
// Frames waiting in transmit: held ones and those on the VF's rings that the card has not seen.
unsigned weir_netvsc_tx_waiting(const struct weir_netvsc *n);
const struct weir_netvsc_stats *weir_netvsc_stats(struct weir_netvsc *n);

#endif
