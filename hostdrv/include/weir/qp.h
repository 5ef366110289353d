// SPDX-License-Identifier: Apache-2.0
// A queue pair as the driver sees it: rings and buffers in DMA memory, whole frames in and out. Data path: counts.
// Transmit copies into a buffer of the ring slot; receive hands out the buffer during the callback and posts it again.
// Polling works on memory alone, so what a function wrote before it vanished can still be taken (rules 7.12).
#ifndef WEIR_QP_H
#define WEIR_QP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/device.h"

struct weir_qp;

struct weir_qp_config {
    uint16_t qp;     // of the function, from 0
    uint16_t vport;  // PF: which vPort; VF: 0
    uint8_t tx_log2; // frames on their way, 3..12; the ring has up to four times as many slots
    uint8_t rx_log2;
    uint8_t vector;     // MSI-X vector of its completions
    uint32_t buf_bytes; // per buffer, multiple of 64, at least 64: longer frames are dropped by the card with a reason
};

// What the card says of a checksum of a received frame. It judges IPv4 headers, and TCP and UDP in whole packets
// without IPv4 options or IPv6 extension headers; UDP over IPv4 without a checksum is not checked.
enum weir_csum { WEIR_CSUM_NOT_CHECKED, WEIR_CSUM_GOOD, WEIR_CSUM_BAD };

struct weir_rx_info {
    uint16_t len;          // bytes; 0 for a fence
    uint8_t epoch;         // switch epoch at lookup
    uint8_t src_vport;     // redirect: vPort the copy was routed to; else with local: sender's
    bool local;            // sent by a vPort of this card
    bool mcast;            // flooded
    bool redirect;         // drained back from another vPort
    bool fence;            // no frame: everything routed to this ring before has come
    enum weir_csum l3, l4; // IPv4 header; TCP or UDP
    bool vlan_stripped;
    uint16_t vlan_tci;
    uint32_t hash; // RSS hash; token of a fence
};

// What the card is to do to a frame on its way out. The checksums are put in over whatever the fields hold.
#define WEIR_TX_CSUM_L3 0x1u // IPv4 header
#define WEIR_TX_CSUM_L4 0x2u // TCP or UDP, with its pseudo header
#define WEIR_TX_VLAN 0x4u    // insert vlan_tci into an untagged frame
struct weir_tx_offload {
    uint16_t flags; // WEIR_TX_*
    uint16_t vlan_tci;
};

// A piece of a frame in DMA memory of the caller (bus ops dma_alloc): not to be touched until the frame is done, and
// given back with weir_dev_dma_free, at rest when it is.
struct weir_tx_piece {
    const void *mem;
    uint64_t iova;
    uint32_t bytes;
};

struct weir_qp_stats {
    uint64_t tx_frames, tx_bytes, tx_posted, tx_completed, tx_errors;
    uint64_t rx_frames, rx_bytes, rx_fences;
    uint64_t tx_offload, tx_pieces; // of tx_frames: with an offload; by pieces of the caller's memory
    uint64_t tx_rung_again; // doorbells (weir_qp_watch): one was lost, or a rate held frames up for 40 us of the card
    uint64_t tx_inline, tx_push; // of tx_frames: bytes in the ring; of those or others: also in the doorbell
};

typedef void (*weir_rx_fn)(void *ctx, const void *frame, const struct weir_rx_info *info);
// A frame that asked for it was looked up: its index as weir_qp_send gave it, and the epoch.
typedef void (*weir_tx_done_fn)(void *ctx, uint16_t index, uint8_t epoch);

int weir_qp_open(struct weir_dev *dev, const struct weir_qp_config *cfg, struct weir_qp **qp);
// Stops and frees; memory that the card may still write, on a dead device or when it does not answer, is the device's
// until that is closed. NULL is fine.
void weir_qp_close(struct weir_qp *qp);

// Queues a frame of 14..9600 bytes; the card learns of it with weir_qp_ring_doorbell. A small one goes into the ring
// itself where it fits, and a lone smallest one is shown to the card with the doorbell, too (docs/adr/0006). Returns
// its index 0..65535, -ENOBUFS when the ring is full (poll, then try again), -EMSGSIZE, -ENODEV.
int weir_qp_send(struct weir_qp *qp, const void *frame, size_t len);
// The same with offloads; NULL is none. What the card could not do is refused here, because it would send the frame as
// it is: -EINVAL unknown flag, or a tag without WEIR_TX_VLAN or with VLAN 4095; -EEXIST WEIR_TX_VLAN on a tagged frame;
// -EMSGSIZE too long with the tag; -EPROTONOSUPPORT no such checksum in this frame: not IPv4 (IPv4, IPv6) with TCP or
// UDP, IPv4 options (of more than 24 bytes for the header checksum), a fragment, an extension header, lengths that
// disagree.
int weir_qp_send_offload(struct weir_qp *qp, const void *frame, size_t len, const struct weir_tx_offload *offload);
// The same without a copy, from up to 8 pieces; a done callback names the frame when they are the caller's again.
// -E2BIG more pieces, -EINVAL none or an empty one.
int weir_qp_send_pieces(struct weir_qp *qp, const struct weir_tx_piece *piece, unsigned n,
                        const struct weir_tx_offload *offload);
// Whether the card can do this to a frame of `len` bytes that begins with the `have` (at least 64, or all) bytes at
// `head`: 0 or the errors above.
int weir_tx_check(const void *head, size_t have, size_t len, const struct weir_tx_offload *offload);
void weir_qp_ring_doorbell(struct weir_qp *qp);
// The transmit watchdog, for whoever polls, about every millisecond: when frames wait and none was looked up since the
// last call, and the card had 40 us of its own time for it, the doorbell is rung again. Returns 1 then, else 0.
unsigned weir_qp_watch(struct weir_qp *qp);
// Takes up to budget completions; returns how many.
unsigned weir_qp_poll(struct weir_qp *qp, unsigned budget, weir_rx_fn rx, weir_tx_done_fn done, void *ctx);
// Asks for one interrupt when there is something to poll, at once if there already is.
void weir_qp_arm(struct weir_qp *qp);
// For whoever sleeps until there is something to poll: arms unless that was done and no interrupt came since. Returns a
// descriptor that becomes readable with the interrupt, or -1 where the backend has none. Poll once more before
// sleeping.
int weir_qp_wait_fd(struct weir_qp *qp);
// Frames sent and not yet looked up by the card; 0 means: all are in the switch, in order.
unsigned weir_qp_tx_pending(const struct weir_qp *qp);
// Their bytes: what a hand-over that begins now has to wait for.
size_t weir_qp_tx_bytes(const struct weir_qp *qp);
// Frames that can be sent before one must have been looked up.
unsigned weir_qp_tx_room(const struct weir_qp *qp);
const struct weir_qp_stats *weir_qp_stats(const struct weir_qp *qp);
// Tells the queue that its function is gone: no register is touched any more, polling goes on.
void weir_qp_mark_removed(struct weir_qp *qp);

#endif
