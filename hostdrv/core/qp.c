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
    uint64_t db; // doorbell page in BAR 0
    uint16_t tx_tail, tx_kicked, tx_done, rx_tail, cq_head;
    bool orphan, armed;
    struct weir_qp_stats stats;
};

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
    if (!q->orphan && q->bus->ops->bar_write(q->bus, q->db + offset, value) != 0)
        q->orphan = true;
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
                  phase_bit(index, q->rx.log2));
}

static void free_memory(struct weir_qp *q) {
    q->bus->ops->dma_free(q->bus, &q->rx_buf);
    q->bus->ops->dma_free(q->bus, &q->tx_buf);
    q->bus->ops->dma_free(q->bus, &q->cq.dma);
    q->bus->ops->dma_free(q->bus, &q->rx.dma);
    q->bus->ops->dma_free(q->bus, &q->tx.dma);
}

int weir_qp_open(struct weir_dev *dev, const struct weir_qp_config *cfg, struct weir_qp **out) {
    struct weir_create_qp_req req;
    struct weir_create_qp_rsp rsp;
    unsigned cq_log2 = (cfg->tx_log2 > cfg->rx_log2 ? cfg->tx_log2 : cfg->rx_log2) + 1u;
    struct weir_qp *q;
    int err;

    if (cfg->tx_log2 < WEIR_RING_LOG2_MIN || cfg->tx_log2 > WEIR_RING_LOG2_MAX || cfg->rx_log2 < WEIR_RING_LOG2_MIN ||
        cfg->rx_log2 > WEIR_RING_LOG2_MAX || cfg->buf_bytes == 0 || cfg->buf_bytes % 64 != 0)
        return -EINVAL;
    q = calloc(1, sizeof(*q));
    if (q == NULL)
        return -ENOMEM;
    q->dev = dev;
    q->bus = weir_dev_bus(dev);
    q->cfg = *cfg;
    err = ring_alloc(q, &q->tx, cfg->tx_log2);
    if (err == 0)
        err = ring_alloc(q, &q->rx, cfg->rx_log2);
    // Room for every descriptor of both rings, and for fences: an honest driver never sees CQ_FULL.
    if (err == 0)
        err = ring_alloc(q, &q->cq, cq_log2);
    if (err == 0)
        err = q->bus->ops->dma_alloc(q->bus, (size_t)cfg->buf_bytes << cfg->tx_log2, &q->tx_buf);
    if (err == 0)
        err = q->bus->ops->dma_alloc(q->bus, (size_t)cfg->buf_bytes << cfg->rx_log2, &q->rx_buf);
    if (err != 0)
        goto err_memory;

    memset(&req, 0, sizeof(req));
    req.qp = cfg->qp;
    req.tx_log2 = cfg->tx_log2;
    req.rx_log2 = cfg->rx_log2;
    req.cq_log2 = (uint8_t)cq_log2;
    req.vector = cfg->vector;
    req.vport = cfg->vport;
    req.tx_base = q->tx.dma.iova;
    req.rx_base = q->rx.dma.iova;
    req.cq_base = q->cq.dma.iova;
    err = weir_mbox_call(dev, WEIR_CMD_CREATE_QP, &req, sizeof(req), &rsp, sizeof(rsp), NULL);
    if (err != 0)
        goto err_memory;
    q->db = rsp.db_offset;
    for (unsigned i = 0; i < 1u << cfg->rx_log2; i++)
        post_rx(q, i);
    doorbell(q, WEIR_BAR_DB_RX_TAIL, q->rx_tail);
    *out = q;
    return 0;

err_memory:
    free_memory(q);
    free(q);
    return err;
}

void weir_qp_close(struct weir_qp *q) {
    struct weir_qp_req req;
    if (q == NULL)
        return;
    req = (struct weir_qp_req){.qp = q->cfg.qp};
    if (!q->orphan && !weir_dev_dead(q->dev))
        (void)weir_mbox_call(q->dev, WEIR_CMD_DESTROY_QP, &req, sizeof(req), NULL, 0, NULL);
    free_memory(q);
    free(q);
}

unsigned weir_qp_tx_room(const struct weir_qp *q) {
    return (1u << q->tx.log2) - (uint16_t)(q->tx_tail - q->tx_done);
}

unsigned weir_qp_tx_pending(const struct weir_qp *q) {
    return (uint16_t)(q->tx_tail - q->tx_done);
}

int weir_qp_send(struct weir_qp *q, const void *frame, size_t len) {
    unsigned index = q->tx_tail, slot = index & ((1u << q->tx.log2) - 1);
    if (len < WEIR_MIN_FRAME || len > q->cfg.buf_bytes || len > WEIR_MAX_FRAME)
        return -EMSGSIZE;
    if (q->orphan)
        return -ENODEV;
    if (weir_qp_tx_room(q) == 0)
        return -ENOBUFS;
    memcpy((uint8_t *)q->tx_buf.mem + (size_t)slot * q->cfg.buf_bytes, frame, len);
    put_entry(&q->tx.entry[slot], q->tx_buf.iova + (uint64_t)slot * q->cfg.buf_bytes,
              WEIR_RING_PUT_HI(len, TXD_LEN) | WEIR_RING_PUT_HI(1, TXD_EOP) | phase_bit(index, q->tx.log2));
    q->tx_tail++;
    q->stats.tx_posted++;
    q->stats.tx_frames++;
    q->stats.tx_bytes += len;
    return (int)index;
}

void weir_qp_kick(struct weir_qp *q) {
    if (q->tx_kicked == q->tx_tail)
        return;
    q->tx_kicked = q->tx_tail;
    doorbell(q, WEIR_BAR_DB_TX_TAIL, q->tx_tail);
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
    for (; q->tx_done != upto; q->tx_done++) {
        q->stats.tx_completed++;
        if (done != NULL)
            done(ctx, q->tx_done, epoch);
    }
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
        .vlan_stripped = WEIR_RING_GET(*e, CPL_VLAN_STRIPPED) != 0,
        .vlan_tci = (uint16_t)WEIR_RING_GET(*e, CPL_VLAN_TCI),
        .hash = (uint32_t)WEIR_RING_GET(*e, CPL_HASH),
    };
    unsigned buffer = (unsigned)WEIR_RING_GET(*e, CPL_BUF_ID);

    if (info.fence) {
        info.len = 0;
        q->stats.rx_fences++;
        rx(ctx, NULL, &info);
        return;
    }
    if (buffer >= 1u << q->rx.log2 || info.len > q->cfg.buf_bytes)
        return;
    q->stats.rx_frames++;
    q->stats.rx_bytes += info.len;
    rx(ctx, (const uint8_t *)q->rx_buf.mem + (size_t)buffer * q->cfg.buf_bytes, &info);
    post_rx(q, buffer);
}

unsigned weir_qp_poll(struct weir_qp *q, unsigned budget, weir_rx_fn rx, weir_tx_done_fn done, void *ctx) {
    uint16_t rx_before = q->rx_tail;
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
    if (n != 0)
        doorbell(q, WEIR_BAR_DB_CQ, q->cq_head);
    if (q->rx_tail != rx_before)
        doorbell(q, WEIR_BAR_DB_RX_TAIL, q->rx_tail);
    return n;
}

void weir_qp_arm(struct weir_qp *q) {
    doorbell(q, WEIR_BAR_DB_CQ, q->cq_head | WEIR_PUT(1, BAR_DB_CQ_ARM));
}

int weir_qp_wait_fd(struct weir_qp *q) {
    if (!q->armed || q->bus->ops->irq_take(q->bus, q->cfg.vector) != 0) {
        weir_qp_arm(q);
        q->armed = true;
    }
    return q->bus->ops->irq_fd(q->bus, q->cfg.vector);
}

const struct weir_qp_stats *weir_qp_stats(const struct weir_qp *q) {
    return &q->stats;
}

void weir_qp_orphan(struct weir_qp *q) {
    q->orphan = true;
}
