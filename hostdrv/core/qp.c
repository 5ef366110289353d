// SPDX-License-Identifier: Apache-2.0
// Queue pairs, see weir/qp.h. Indices are free running, as the card's; a slot is index mod ring size, its phase the
// inverse of the bit above the slot bits (ring.def).
#include "weir/qp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ring {
    struct weir_dma dma;
    struct weir_ring_entry *entry;
    unsigned log2;
};

struct weir_qp {
    struct weir_dev *dev;
    struct weir_bus *bus;
    struct weir_qp_config cfg;
    struct ring tx, rx, cq;
    struct weir_dma tx_buf, rx_buf;
    uint64_t db;                                                                 // doorbell page in BAR 0
    uint16_t tx_tail, tx_announced, tx_done, rx_tail, rx_rung, cq_head, cq_rung; // slots
    uint16_t tx_sent, tx_freed;                                                  // frames
    uint16_t watched;         // transmit slot that was done at the last look
    bool waits;               // and something was not,
    uint32_t waits_at;        //   at this cycle of the card
    uint16_t tx_rung;         // tail behind the last frame that went by doorbell
    uint16_t db_inline_ahead; // frames that may be pushed without word of the first; 0: this bus does not push
    uint16_t cq_slack;        // completions that may be consumed before the card must know
    uint16_t rx_slack;        // buffers that may be posted before the card must know
    uint8_t *tx_span;         // slots of the frame that begins in this one,
    uint16_t *tx_len;         //   and its bytes
    size_t tx_bytes;          // of the frames that the card has not looked up
    const void *last_tx;      // bytes and length of the frame sent last; NULL: it cannot be pushed
    size_t last_len;
    unsigned rx_open; // stream buffer that takes frames, or NO_BUFFER
    bool removed, armed;
    struct weir_qp_stats stats;
};

#define NO_BUFFER UINT32_MAX
#define WATCH_CYCLES 10000u // 40 us of the card: more than a doorbell-inline frame's completion may wait for

static uint64_t phase_bit(unsigned index, unsigned log2) {
    return (index >> log2 & 1) != 0 ? 0 : (uint64_t)1 << 63;
}

static int ring_alloc(struct weir_qp *q, struct ring *r, unsigned log2) {
    int err = q->bus->ops->dma_alloc(q->bus, (size_t)WEIR_RING_ENTRY_BYTES << log2, &r->dma);
    r->entry = r->dma.mem;
    r->log2 = log2;
    return err;
}

static void doorbell(struct weir_qp *q, unsigned offset, uint32_t value) {
    if (!q->removed && q->bus->ops->bar_write(q->bus, q->db + offset, value) != 0)
        q->removed = true;
}

// A descriptor's halves are written so that the half with the phase is last.
static void put_entry(struct weir_ring_entry *e, uint64_t lo, uint64_t hi) {
    e->lo = lo;
    __atomic_store_n(&e->hi, hi, __ATOMIC_RELEASE);
}

static void post_rx(struct weir_qp *q, unsigned buffer) {
    unsigned index = q->rx_tail++;
    put_entry(&q->rx.entry[index & ((1u << q->rx.log2) - 1)], q->rx_buf.iova + (uint64_t)buffer * q->cfg.buf_bytes,
              WEIR_RING_PUT_HI(buffer, RXD_BUF_ID) | WEIR_RING_PUT_HI(q->cfg.buf_bytes / 64, RXD_LEN64) |
                  WEIR_RING_PUT_HI(1, RXD_STREAM) | phase_bit(index, q->rx.log2));
}

static void free_memory(struct weir_qp *q, bool at_rest) {
    weir_dev_dma_free(q->dev, &q->rx_buf, at_rest);
    weir_dev_dma_free(q->dev, &q->tx_buf, at_rest);
    weir_dev_dma_free(q->dev, &q->cq.dma, at_rest);
    weir_dev_dma_free(q->dev, &q->rx.dma, at_rest);
    weir_dev_dma_free(q->dev, &q->tx.dma, at_rest);
    free(q->tx_span);
    free(q->tx_len);
}

int weir_qp_open(struct weir_dev *dev, const struct weir_qp_config *cfg, struct weir_qp **out) {
    struct weir_create_qp_req req;
    struct weir_create_qp_rsp rsp;
    unsigned cq_log2 = (cfg->tx_log2 > cfg->rx_log2 ? cfg->tx_log2 : cfg->rx_log2) + 2u;
    struct weir_qp *q;
    bool at_rest = true; // the card does not know of it
    int err;

    if (cfg->tx_log2 < WEIR_RING_LOG2_MIN || cfg->tx_log2 > WEIR_RING_LOG2_MAX || cfg->rx_log2 < WEIR_RING_LOG2_MIN ||
        cfg->rx_log2 > WEIR_RING_LOG2_MAX || cfg->buf_bytes == 0 || cfg->buf_bytes % 64 != 0)
        return -EINVAL;
    // Room for every descriptor of both rings, for fences, and for as much again that was consumed and not yet told: an
    // honest driver never sees CQ_FULL. A stream buffer may hold many frames; more than fit wait in the card's
    // counters.
    if (cq_log2 > WEIR_CQ_LOG2_MAX)
        cq_log2 = WEIR_CQ_LOG2_MAX;
    q = calloc(1, sizeof(*q));
    if (q == NULL)
        return -ENOMEM;
    q->dev = dev;
    q->bus = weir_dev_bus(dev);
    q->cfg = *cfg;
    // Room for as many frames as asked for, most of them inline.
    err = ring_alloc(q, &q->tx, cfg->tx_log2 + 2u < WEIR_RING_LOG2_MAX ? cfg->tx_log2 + 2u : WEIR_RING_LOG2_MAX);
    if (err == 0)
        err = ring_alloc(q, &q->rx, cfg->rx_log2);
    if (err == 0)
        err = ring_alloc(q, &q->cq, cq_log2);
    if (err == 0)
        err = q->bus->ops->dma_alloc(q->bus, (size_t)cfg->buf_bytes << cfg->tx_log2, &q->tx_buf);
    if (err == 0)
        err = q->bus->ops->dma_alloc(q->bus, (size_t)cfg->buf_bytes << cfg->rx_log2, &q->rx_buf);
    q->tx_span = calloc((size_t)1 << q->tx.log2, 1);
    q->tx_len = calloc((size_t)1 << q->tx.log2, sizeof(*q->tx_len));
    if (err == 0 && (q->tx_span == NULL || q->tx_len == NULL))
        err = -ENOMEM;
    if (err != 0)
        goto err_memory;
    q->cq_slack = (uint16_t)(1u << (cq_log2 - 3));
    q->db_inline_ahead = (uint16_t)((1u << cfg->tx_log2) / 8 < 31 ? (1u << cfg->tx_log2) / 8 : 31);
    q->rx_slack = (uint16_t)((1u << cfg->rx_log2) / 8);
    q->rx_open = NO_BUFFER;

    memset(&req, 0, sizeof(req));
    req.qp = cfg->qp;
    req.tx_log2 = (uint8_t)q->tx.log2;
    req.rx_log2 = cfg->rx_log2;
    req.cq_log2 = (uint8_t)cq_log2;
    req.vector = cfg->vector;
    req.vport = cfg->vport;
    req.tx_base = q->tx.dma.iova;
    req.rx_base = q->rx.dma.iova;
    req.cq_base = q->cq.dma.iova;
    err = weir_mbox_call(dev, WEIR_CMD_CREATE_QP, &req, sizeof(req), &rsp, sizeof(rsp), NULL);
    at_rest = false;
    if (err != 0)
        goto err_memory;
    q->db = rsp.db_offset;
    for (unsigned i = 0; i < 1u << cfg->rx_log2; i++)
        post_rx(q, i);
    doorbell(q, WEIR_BAR_DB_RX_TAIL, q->rx_tail);
    q->rx_rung = q->rx_tail;
    *out = q;
    return 0;

err_memory:
    free_memory(q, at_rest);
    free(q);
    return err;
}

void weir_qp_close(struct weir_qp *q) {
    struct weir_qp_req req;
    bool at_rest;
    if (q == NULL)
        return;
    req = (struct weir_qp_req){.qp = q->cfg.qp};
    // Its answer comes behind the last completion. Without one, or not drained, the memory waits for the device's end.
    at_rest = !q->removed && !weir_dev_dead(q->dev) &&
              weir_mbox_call(q->dev, WEIR_CMD_DESTROY_QP, &req, sizeof(req), NULL, 0, NULL) == 0;
    free_memory(q, at_rest);
    free(q);
}

static unsigned slots_left(const struct weir_qp *q) {
    return (1u << q->tx.log2) - (uint16_t)(q->tx_tail - q->tx_done);
}

unsigned weir_qp_tx_room(const struct weir_qp *q) {
    unsigned frames = (1u << q->cfg.tx_log2) - (uint16_t)(q->tx_sent - q->tx_freed), slots = slots_left(q);
    return frames < slots ? frames : slots; // pieces may have taken the slots of later frames
}

unsigned weir_qp_tx_pending(const struct weir_qp *q) {
    return (uint16_t)(q->tx_sent - q->tx_freed);
}

size_t weir_qp_tx_bytes(const struct weir_qp *q) {
    return q->tx_bytes;
}

// Slots of the frame when it goes into the ring itself, 1 when it goes by pointer: too long, or it would leave its 512
// bytes, or take the slot of a frame that the ring must still have room for.
static unsigned inline_slots(const struct weir_qp *q, size_t len) {
    unsigned size = 1u << q->tx.log2, slot = q->tx_tail & (size - 1), n = 1 + (unsigned)(len + 15) / 16;
    if (len > WEIR_INLINE_MAX || slots_left(q) < n + weir_qp_tx_room(q) - 1 || slot + n > size ||
        slot % (512 / WEIR_RING_ENTRY_BYTES) + n > 512 / WEIR_RING_ENTRY_BYTES)
        return 1;
    return n;
}

// The flags of a frame's first descriptor; the others have none of them.
static uint64_t offload_bits(const struct weir_tx_offload *o) {
    if (o == NULL)
        return 0;
    return WEIR_RING_PUT_HI((o->flags & WEIR_TX_CSUM_L3) != 0, TXD_CSUM_L3) |
           WEIR_RING_PUT_HI((o->flags & WEIR_TX_CSUM_L4) != 0, TXD_CSUM_L4) |
           WEIR_RING_PUT_HI((o->flags & WEIR_TX_VLAN) != 0, TXD_VLAN_INS) | WEIR_RING_PUT_HI(o->vlan_tci, TXD_VLAN_TCI);
}

static bool plain(const struct weir_tx_offload *o) {
    return o == NULL || o->flags == 0;
}

// A frame of `slots` descriptors is in the ring. Returns its index.
static int sent(struct weir_qp *q, unsigned slots, size_t len, const struct weir_tx_offload *o) {
    unsigned index = q->tx_tail;
    q->last_len = len;
    q->tx_span[index & ((1u << q->tx.log2) - 1)] = (uint8_t)slots;
    q->tx_len[index & ((1u << q->tx.log2) - 1)] = (uint16_t)len;
    q->tx_bytes += len;
    q->tx_sent++;
    q->tx_tail = (uint16_t)(q->tx_tail + slots);
    q->stats.tx_posted++;
    q->stats.tx_frames++;
    q->stats.tx_bytes += len;
    q->stats.tx_offload += !plain(o);
    return (int)index;
}

int weir_qp_send_offload(struct weir_qp *q, const void *frame, size_t len, const struct weir_tx_offload *o) {
    unsigned index = q->tx_tail, slot = index & ((1u << q->tx.log2) - 1), slots;
    size_t buffer = (size_t)(q->tx_sent & ((1u << q->cfg.tx_log2) - 1)) * q->cfg.buf_bytes;
    uint64_t hi = WEIR_RING_PUT_HI(len, TXD_LEN) | WEIR_RING_PUT_HI(1, TXD_EOP) | phase_bit(index, q->tx.log2);
    int err;
    if (len < WEIR_MIN_FRAME || len > q->cfg.buf_bytes || len > WEIR_MAX_FRAME)
        return -EMSGSIZE;
    err = weir_tx_check(frame, len, len, o);
    if (err != 0)
        return err;
    if (q->removed)
        return -ENODEV;
    if (weir_qp_tx_room(q) == 0)
        return -ENOBUFS;
    hi |= offload_bits(o);
    slots = inline_slots(q, len);
    if (slots > 1) {
        q->last_tx = memcpy(&q->tx.entry[slot + 1], frame, len);
        put_entry(&q->tx.entry[slot], 0, hi | WEIR_RING_PUT_HI(1, TXD_INLINE));
        q->stats.tx_inline++;
    } else {
        q->last_tx = memcpy((uint8_t *)q->tx_buf.mem + buffer, frame, len);
        put_entry(&q->tx.entry[slot], q->tx_buf.iova + buffer, hi);
    }
    if (!plain(o))
        q->last_tx = NULL; // what is pushed has no descriptor to say so
    return sent(q, slots, len, o);
}

int weir_qp_send(struct weir_qp *q, const void *frame, size_t len) {
    return weir_qp_send_offload(q, frame, len, NULL);
}

int weir_qp_send_pieces(struct weir_qp *q, const struct weir_tx_piece *piece, unsigned n,
                        const struct weir_tx_offload *o) {
    uint8_t head[64];
    size_t len = 0, have = 0;
    int err;
    if (n > WEIR_MAX_SEGS)
        return -E2BIG;
    for (unsigned i = 0; i < n; i++) {
        size_t take = piece[i].bytes < sizeof(head) - have ? piece[i].bytes : sizeof(head) - have;
        if (piece[i].bytes == 0)
            return -EINVAL;
        memcpy(head + have, piece[i].mem, take);
        have += take;
        len += piece[i].bytes;
    }
    if (n == 0)
        return -EINVAL;
    if (len < WEIR_MIN_FRAME || len > WEIR_MAX_FRAME)
        return -EMSGSIZE;
    err = weir_tx_check(head, have, len, o);
    if (err != 0)
        return err;
    if (q->removed)
        return -ENODEV;
    if (weir_qp_tx_room(q) == 0 || slots_left(q) < n)
        return -ENOBUFS;
    for (unsigned i = 0; i < n; i++) {
        unsigned index = (uint16_t)(q->tx_tail + i), slot = index & ((1u << q->tx.log2) - 1);
        put_entry(&q->tx.entry[slot], piece[i].iova,
                  WEIR_RING_PUT_HI(piece[i].bytes, TXD_LEN) | WEIR_RING_PUT_HI(i + 1 == n, TXD_EOP) |
                      phase_bit(index, q->tx.log2) | (i == 0 ? offload_bits(o) : 0));
    }
    q->last_tx = NULL; // what is pushed must lie in one piece
    q->stats.tx_pieces++;
    return sent(q, n, len, o);
}

// A lone small frame behind nothing but doorbell-inline ones, of which the card reports several at once: its bytes go
// with the doorbell. The descriptor is in the ring all the same, for a bus that may tear the write and a card that may
// not take it. False: the bell is still to be rung.
static bool db_inline(struct weir_qp *q, uint16_t from) {
    uint16_t slots = (uint16_t)(q->tx_tail - from);
    uint32_t slot[16] = {WEIR_PUT(q->tx_tail, BAR_DB_INLINE_TAIL) | WEIR_PUT((uint32_t)q->last_len, BAR_DB_INLINE_LEN) |
                         WEIR_PUT((uint32_t)slots, BAR_DB_INLINE_SLOTS)};
    int err;

    if (q->removed || (uint16_t)(from - q->tx_done) > (uint16_t)(from - q->tx_rung) ||
        (uint16_t)(q->tx_sent - q->tx_freed) > q->db_inline_ahead || q->last_tx == NULL ||
        q->last_len > WEIR_DB_INLINE_MAX || slots != q->tx_span[from & ((1u << q->tx.log2) - 1)])
        return false;
    memcpy(&slot[1], q->last_tx, q->last_len);
    err = q->bus->ops->bar_write64(q->bus, q->db + WEIR_BAR_DB_INLINE, slot);
    if (err == -EOPNOTSUPP) {
        q->db_inline_ahead = 0; // nor the next time
        return false;
    }
    if (err != 0)
        q->removed = true;
    q->stats.tx_push++;
    return true;
}

void weir_qp_ring_doorbell(struct weir_qp *q) {
    uint16_t from = q->tx_announced;
    if (from == q->tx_tail)
        return;
    q->tx_announced = q->tx_tail;
    if (db_inline(q, from))
        return;
    q->tx_rung = q->tx_tail;
    doorbell(q, WEIR_BAR_DB_TX_TAIL, q->tx_tail);
}

// A tail may be rung twice, and once too often costs the card nothing. A card that had no time since the last look has
// lost nothing: on a busy machine a simulated one has little.
unsigned weir_qp_watch(struct weir_qp *q) {
    bool same = q->waits && q->watched == q->tx_done;
    uint32_t now;
    q->watched = q->tx_done;
    q->waits = q->tx_announced != q->tx_done && !q->removed;
    if (!q->waits || weir_dev_clock(q->dev, &now) != 0)
        return 0;
    if (!same) {
        q->waits_at = now;
        return 0;
    }
    if (now - q->waits_at < WATCH_CYCLES)
        return 0;
    q->waits_at = now;
    doorbell(q, WEIR_BAR_DB_TX_TAIL, q->tx_announced);
    q->stats.tx_rung_again++;
    return 1;
}

static void complete_tx(struct weir_qp *q, const struct weir_ring_entry *e, weir_tx_done_fn done, void *ctx) {
    uint16_t upto = (uint16_t)WEIR_RING_GET(*e, CPL_VLAN_TCI);
    uint8_t epoch = (uint8_t)WEIR_RING_GET(*e, CPL_EPOCH);

    if (WEIR_RING_GET(*e, CPL_ERR) != 0)
        q->stats.tx_errors++;
    // A completion can only free what was sent; anything else is the card's error and ignored.
    if ((uint16_t)(upto - q->tx_done) > (uint16_t)(q->tx_tail - q->tx_done)) {
        q->stats.tx_errors++;
        return;
    }
    while (q->tx_done != upto) {
        uint8_t slots = q->tx_span[q->tx_done & ((1u << q->tx.log2) - 1)];
        // In the middle of a frame: the card's error, too.
        if (slots == 0 || (uint16_t)(upto - q->tx_done) < slots) {
            q->stats.tx_errors++;
            return;
        }
        q->stats.tx_completed++;
        q->tx_bytes -= q->tx_len[q->tx_done & ((1u << q->tx.log2) - 1)];
        if (done != NULL)
            done(ctx, q->tx_done, epoch);
        q->tx_done = (uint16_t)(q->tx_done + slots);
        q->tx_freed++;
    }
}

static enum weir_csum csum(uint64_t ok, uint64_t bad) {
    return ok != 0 ? WEIR_CSUM_GOOD : bad != 0 ? WEIR_CSUM_BAD : WEIR_CSUM_NOT_CHECKED;
}

static void complete_rx(struct weir_qp *q, const struct weir_ring_entry *e, weir_rx_fn rx, void *ctx) {
    struct weir_rx_info info = {
        .len = (uint16_t)WEIR_RING_GET(*e, CPL_LEN),
        .epoch = (uint8_t)WEIR_RING_GET(*e, CPL_EPOCH),
        .src_vport = (uint8_t)WEIR_RING_GET(*e, CPL_SRC_VPORT),
        .local = WEIR_RING_GET(*e, CPL_LOCAL) != 0,
        .mcast = WEIR_RING_GET(*e, CPL_MCAST) != 0,
        .redirect = WEIR_RING_GET(*e, CPL_REDIRECT) != 0,
        .fence = WEIR_RING_GET(*e, CPL_FENCE) != 0,
        .l3 = csum(WEIR_RING_GET(*e, CPL_L3_OK), WEIR_RING_GET(*e, CPL_L3_BAD)),
        .l4 = csum(WEIR_RING_GET(*e, CPL_L4_OK), WEIR_RING_GET(*e, CPL_L4_BAD)),
        .vlan_stripped = WEIR_RING_GET(*e, CPL_VLAN_STRIPPED) != 0,
        .vlan_tci = (uint16_t)WEIR_RING_GET(*e, CPL_VLAN_TCI),
        .hash = (uint32_t)WEIR_RING_GET(*e, CPL_HASH),
    };
    unsigned buffer = (unsigned)WEIR_RING_GET(*e, CPL_BUF_ID), offset = (unsigned)WEIR_RING_GET(*e, CPL_OFFSET64);
    unsigned units = q->cfg.buf_bytes / 64, end = offset + (info.len + 63u) / 64;

    if (info.fence) {
        info.len = 0;
        q->stats.rx_fences++;
        rx(ctx, NULL, &info);
        return;
    }
    if (buffer >= 1u << q->rx.log2 || end > units)
        return;
    // The card has gone on to another buffer.
    if (q->rx_open != NO_BUFFER && q->rx_open != buffer)
        post_rx(q, q->rx_open);
    q->stats.rx_frames++;
    q->stats.rx_bytes += info.len;
    rx(ctx, (const uint8_t *)q->rx_buf.mem + (size_t)buffer * q->cfg.buf_bytes + (size_t)offset * 64, &info);
    q->rx_open = (units - end) * 4 <= units ? NO_BUFFER : buffer;
    if (q->rx_open == NO_BUFFER)
        post_rx(q, buffer);
}

unsigned weir_qp_poll(struct weir_qp *q, unsigned budget, weir_rx_fn rx, weir_tx_done_fn done, void *ctx) {
    unsigned n;

    for (n = 0; n < budget; n++) {
        struct weir_ring_entry *slot = &q->cq.entry[q->cq_head & ((1u << q->cq.log2) - 1)];
        struct weir_ring_entry e;
        // The half with the phase first: when it is new, so is the other.
        e.hi = __atomic_load_n(&slot->hi, __ATOMIC_ACQUIRE);
        if ((e.hi ^ phase_bit(q->cq_head, q->cq.log2)) >> 63 != 0)
            break;
        e.lo = slot->lo;
        q->cq_head++;
        if (WEIR_RING_GET(e, CPL_IS_TX) != 0)
            complete_tx(q, &e, done, ctx);
        else
            complete_rx(q, &e, rx, ctx);
    }
    // Doorbells share the link with what the card reads, so they wait until they are worth one.
    if (q->cq_slack <= (uint16_t)(q->cq_head - q->cq_rung)) {
        q->cq_rung = q->cq_head;
        doorbell(q, WEIR_BAR_DB_CQ, q->cq_head);
    }
    if (q->rx_slack <= (uint16_t)(q->rx_tail - q->rx_rung)) {
        q->rx_rung = q->rx_tail;
        doorbell(q, WEIR_BAR_DB_RX_TAIL, q->rx_tail);
    }
    return n;
}

void weir_qp_arm(struct weir_qp *q) {
    q->cq_rung = q->cq_head;
    doorbell(q, WEIR_BAR_DB_CQ, q->cq_head | WEIR_PUT(1, BAR_DB_CQ_ARM));
}

int weir_qp_wait_fd(struct weir_qp *q) {
    int fd = q->bus->ops->irq_fd(q->bus, q->cfg.vector);
    if (fd >= 0 && (!q->armed || q->bus->ops->irq_take(q->bus, q->cfg.vector) != 0)) {
        weir_qp_arm(q);
        q->armed = true;
    }
    return fd;
}

const struct weir_qp_stats *weir_qp_stats(const struct weir_qp *q) {
    return &q->stats;
}

void weir_qp_mark_removed(struct weir_qp *q) {
    q->removed = true;
}
