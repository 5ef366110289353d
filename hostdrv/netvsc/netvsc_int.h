// SPDX-License-Identifier: Apache-2.0
// Between the files of NetVSC; see weir/netvsc.h.
#ifndef WEIR_NETVSC_INT_H
#define WEIR_NETVSC_INT_H

#include "weir/netvsc.h"

// Room a guest's frames leave in the channel for its control messages; at most four of at most 40 bytes, and one of
// 272, are ever unread.
#define CTL_RESERVE 1024u
#define FRAME_ROOM (WEIR_MAX_FRAME + 64u)
// Bytes that a guest may have under way, in its channel or on its VF: 21 us at 100 Gb/s. They stand in front of its
// next hand-over; what is beyond waits where the hand-over finds it.
#define FLIGHT (256u << 10)

struct reorder_frame {
    struct reorder_frame *next;
    size_t len;
    struct weir_netvsc_rx info;     // of a received one
    struct weir_tx_offload offload; // of one to be sent
    uint8_t data[];
};

// Frames in order, at most cfg.reorder_frames of them.
struct reorder_queue {
    struct reorder_frame *first, *last;
    unsigned count;
};

enum tx_path { TX_CHANNEL, TX_VF, TX_REORDER };

struct policy {
    const char *name;
    bool reorder_channel, reorder_vf; // receive
    enum tx_path tx;
};

struct weir_netvsc {
    struct weir_netvsc_config cfg;
    enum weir_netvsc_state state;
    enum weir_why why;
    struct weir_vf *vf;
    unsigned fn;
    uint32_t token;       // of the association, 0 = none
    uint32_t fence_rings; // VF rings that showed the fence of this association
    bool fence_seen;      // the channel's fence came before it was awaited
    bool leave;           // asked to leave the VF
    bool lost;            // the parent was told that the VF is gone
    struct reorder_queue tx, rx_vf, rx_channel;
    uint64_t now, since, next_try, next_check, next_watch;
    // A wait for the VF: it ends `bound` microseconds of the card's time after the last of `progress`.
    struct weir_clock clock;
    uint64_t next_clock, card_since, progress;
    unsigned tries;
    char error[160];
    struct weir_netvsc_stats stats, base; // base: what an earlier parent was told of
    bool no_carrier;
    unsigned with_caller; // frames that it could not send yet
    // Hand-overs for people to see; `begun`: of the one under way, on the caller's clock.
    uint64_t begun, path_since, told_tx, told_rx, told_dropped;
    uint64_t num_moves;
    struct weir_netvsc_move move[WEIR_NETVSC_MOVES];
    uint8_t buf[FRAME_ROOM];
    uint8_t tagged[FRAME_ROOM];
};

// reorder.c; the last two may be NULL.
bool reorder_push(struct reorder_queue *h, unsigned limit, const void *data, size_t len,
                  const struct weir_netvsc_rx *info, const struct weir_tx_offload *offload);
struct reorder_frame *reorder_take(struct reorder_queue *h);
void reorder_clear(struct reorder_queue *h);

// netvsc.c
void netvsc_deliver(struct weir_netvsc *n, const void *frame, size_t len, const struct weir_netvsc_rx *info);
unsigned netvsc_read_channel(struct weir_netvsc *n);
unsigned netvsc_poll_vf(struct weir_netvsc *n, unsigned budget);
void netvsc_release(struct weir_netvsc *n, struct reorder_queue *h);
void netvsc_vf_counts(const struct weir_netvsc *n, struct weir_msg_vf_released *m);
unsigned netvsc_vf_pending(const struct weir_netvsc *n);

// counters.c
void netvsc_base_counters(struct weir_netvsc *n);
void netvsc_tell_counters(struct weir_netvsc *n, uint32_t serial);

// moves.c
void netvsc_moved(struct weir_netvsc *n, bool to_vf);

// state.c
void netvsc_control(struct weir_netvsc *n, uint32_t type, const void *payload, size_t len);
const struct policy *netvsc_policy(const struct weir_netvsc *n);
void netvsc_message(struct weir_netvsc *n, uint32_t type, const void *payload, size_t len);
void netvsc_step(struct weir_netvsc *n);
void netvsc_lost(struct weir_netvsc *n);
void netvsc_dead(struct weir_netvsc *n);
void netvsc_start_leaving(struct weir_netvsc *n);

#endif
