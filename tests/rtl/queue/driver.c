// SPDX-License-Identifier: Apache-2.0
#include "driver.h"

struct hq hqs[QPS];

static struct weir_ring_entry *entry(uint64_t base, unsigned log, uint16_t idx) {
    return (struct weir_ring_entry *)(void *)mem_at(base + 16 * (uint64_t)(idx & ((1u << log) - 1)));
}

static uint64_t phase(unsigned log, uint16_t idx) {
    return (uint64_t) !(idx >> log & 1) << 63;
}

// The generation hq_reload ended, and whether the frame just taken belonged to it.
static struct hq former;
static bool was_former;

static bool same_frame(const struct tx_frame *f, const struct txf *t) {
    bool same = f->len == t->len && f->tag == t->tag;
    for (uint32_t i = 0; same && i < f->len; i++)
        same = f->data[i] == pattern(t->seed, i);
    return same;
}

static void on_tx(const struct tx_frame *f) {
    CHECK(f->qp < QPS && hqs[f->qp].open, "frame of queue %u, which is not open", f->qp);
    struct hq *q = &hqs[f->qp];
    if (q->unheard)
        return;
    if (f->cancel) {
        CHECK(q->cancel_ok, "queue %u: frame cancelled", q->qp);
        q->cancelled++;
        return;
    }
    was_former = weir_rtl_cycles(bench_model) < q->former_until && former.sent != former.posted &&
                 !(q->sent < q->posted && same_frame(f, &q->tx[q->sent % TX_WINDOW]));
    if (was_former) {
        CHECK(same_frame(f, &former.tx[former.sent++ % TX_WINDOW]), "queue %u: frame of neither generation", q->qp);
        return;
    }
    CHECK(q->sent < q->posted, "queue %u: a frame more than posted", q->qp);
    const struct txf *t = &q->tx[q->sent++ % TX_WINDOW];
    CHECK(f->len == t->len && f->tag == t->tag, "queue %u: frame of %u bytes tag %u, expected %u tag %u", q->qp, f->len,
          f->tag, t->len, t->tag);
    CHECK(f->vport == t->vport && f->cpl_req == t->cpl_req && f->l3 == t->l3 && f->l4 == t->l4 && f->vlan == t->vlan,
          "queue %u: frame meta", q->qp);
    CHECK(!t->vlan || f->tci == t->tci, "queue %u: tag to insert", q->qp);
    for (uint32_t i = 0; i < f->len; i++)
        CHECK(f->data[i] == pattern(t->seed, i), "queue %u: byte %u of frame %u", q->qp, i, q->sent - 1);
}

static void on_done(uint32_t qp, uint32_t tag, uint32_t epoch) {
    struct hq *q = &hqs[qp];
    if (was_former || q->unheard)
        return;
    struct txf *t = &q->tx[q->done++ % TX_WINDOW];
    CHECK(t->tag == tag, "bench: done out of order");
    t->epoch = (uint8_t)epoch;
}

static void on_disposition(const struct disposition *f) {
    struct hq *q = &hqs[f->qp % QPS];
    CHECK(f->reason < 32, "disposition reason %u", f->reason);
    unsigned units = (f->len + 63) / 64;
    bool looked = f->reason == 0 || f->reason == WEIR_QP_REASON_NO_DESC || f->reason == WEIR_QP_REASON_RX_TOO_LONG ||
                  f->reason == WEIR_QP_REASON_CQ_FULL;
    // A frame that does not fit the rest of a stream buffer ends it, whatever becomes of the frame.
    if (looked && !f->fence && q->rx_off != 0 && q->rx_off + units > q->rx_len64[q->rx_used % RX_WINDOW]) {
        q->rx_used++;
        q->rx_off = 0;
    }
    if (f->reason != 0) {
        q->rx_drop[f->reason]++;
        uint32_t len64 = q->rx_len64[q->rx_used % RX_WINDOW];
        // Just after a reload the decision may be the former generation's.
        if (f->reason == WEIR_QP_REASON_RX_TOO_LONG && weir_rtl_cycles(bench_model) >= q->former_until)
            CHECK(f->len > len64 * 64, "queue %u: %u bytes fit %u * 64", q->qp, f->len, len64);
        return;
    }
    CHECK(q->open, "queue %u: a frame taken by a queue that was cleared", q->qp);
    const struct rx_send *s = NULL;
    for (unsigned i = h.disposition_head - 1; s == NULL; i--)
        if (h.rx[i % 1024].id == f->id)
            s = &h.rx[i % 1024];
    CHECK(q->want_tail - q->want_head < RX_WINDOW, "bench window");
    q->want_slot[q->want_tail % RX_WINDOW] = q->rx_used;
    q->want_off[q->want_tail % RX_WINDOW] = q->rx_off;
    q->want[q->want_tail++ % RX_WINDOW] = *s;
    if (f->fence) {
        q->fences++;
        return;
    }
    q->rx_ok++;
    CHECK(q->rx_used != q->rx_prod, "queue %u: frame without a buffer", q->qp);
    CHECK(f->len <= q->rx_len64[q->rx_used % RX_WINDOW] * 64u, "queue %u: frame too long for its buffer taken", q->qp);
    q->rx_off += units;
    unsigned len64 = q->rx_len64[q->rx_used % RX_WINDOW];
    if (!q->stream || (len64 - q->rx_off) * 4 <= len64) {
        q->rx_used++;
        q->rx_off = 0;
    }
}

void driver_init(struct weir_rtl *model, uint64_t seed) {
    bench_model = model;
    bench_state = seed | 1;
    memset(hqs, 0, sizeof(hqs));
    harness_init(model, bench_rand());
    h.on_tx = on_tx;
    h.on_done = on_done;
    h.on_disposition = on_disposition;
}

void fn_map(unsigned fn, unsigned base, unsigned count) {
    csr_write(WEIR_QUEUE_FN_SEL_OFFSET, fn);
    csr_write(WEIR_QUEUE_FN_MAP_OFFSET, WEIR_PUT(base, QUEUE_FN_MAP_QP_BASE) | WEIR_PUT(count, QUEUE_FN_MAP_QP_COUNT));
    CHECK(csr_read(WEIR_QUEUE_FN_MAP_OFFSET) == (base | count << 16), "FN_MAP reads back");
}

void hq_cmd(const struct hq *q, unsigned op) {
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, q->qp);
    csr_write(WEIR_QUEUE_QP_CMD_OFFSET, op);
}

uint32_t hq_status(const struct hq *q) {
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, q->qp);
    return csr_read(WEIR_QUEUE_QP_STATUS_OFFSET);
}

void hq_load(struct hq *q) {
    struct hq keep = *q;
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, q->qp);
    csr_write(WEIR_QUEUE_QP_CTX_OFFSET, q->fn | q->vport << 8 | q->vec << 16);
    csr_write(WEIR_QUEUE_QP_SIZE_OFFSET, q->txlog | q->rxlog << 4 | q->cqlog << 8);
    csr_write(WEIR_QUEUE_QP_TX_LO_OFFSET, (uint32_t)q->txr);
    csr_write(WEIR_QUEUE_QP_TX_HI_OFFSET, (uint32_t)(q->txr >> 32));
    csr_write(WEIR_QUEUE_QP_RX_LO_OFFSET, (uint32_t)q->rxr);
    csr_write(WEIR_QUEUE_QP_RX_HI_OFFSET, (uint32_t)(q->rxr >> 32));
    csr_write(WEIR_QUEUE_QP_CQ_LO_OFFSET, (uint32_t)q->cqr);
    csr_write(WEIR_QUEUE_QP_CQ_HI_OFFSET, (uint32_t)(q->cqr >> 32));
    // No disposition falls between the cycle of LOAD and its acknowledge, so the reference changes generations exactly
    // here.
    csr_write(WEIR_QUEUE_QP_CMD_OFFSET, 1);
    if (q->cancel_ok && weir_rtl_cycles(bench_model) > q->former_until)
        former = *q;
    memset(q, 0, sizeof(*q));
    q->former_until = weir_rtl_cycles(bench_model) + 60;
    q->open = true;
    q->qp = keep.qp, q->fn = keep.fn, q->page = keep.page, q->vport = keep.vport, q->vec = keep.vec;
    q->txlog = keep.txlog, q->rxlog = keep.rxlog, q->cqlog = keep.cqlog;
    q->txr = keep.txr, q->rxr = keep.rxr, q->cqr = keep.cqr, q->txb = keep.txb, q->rxb = keep.rxb;
    q->merged_ok = keep.merged_ok, q->cancel_ok = keep.cancel_ok, q->stream = keep.stream, q->inl = keep.inl;
    // A stale phase in every slot: what the card must not believe, and what the host must not.
    for (unsigned i = 0; i < 1u << q->txlog; i++)
        entry(q->txr, q->txlog, (uint16_t)i)->hi = 0;
    for (unsigned i = 0; i < 1u << q->rxlog; i++)
        entry(q->rxr, q->rxlog, (uint16_t)i)->hi = 0;
    for (unsigned i = 0; i < 1u << q->cqlog; i++)
        entry(q->cqr, q->cqlog, (uint16_t)i)->hi = 0;
    hq_cmd(q, 2);
    hq_cmd(q, 4);
}

void hq_reload(struct hq *q, bool clear_first) {
    struct hq keep = *q;
    if (q->alt[0] == 0) {
        keep.alt[0] = mem_alloc(16u << q->txlog, q->fn);
        keep.alt[1] = mem_alloc(16u << q->rxlog, q->fn);
        keep.alt[2] = mem_alloc(16u << q->cqlog, q->fn);
        keep.alt[3] = mem_alloc(TX_SLOT << q->txlog, q->fn);
        keep.alt[4] = mem_alloc(RX_SLOT << q->rxlog, q->fn);
    }
    if (clear_first) {
        hq_cmd(q, 6);
        former = *q;
        uint64_t until = weir_rtl_cycles(bench_model) + 60;
        // A queue without a generation takes nothing: frames to it meet QP_DISABLED, doorbells nobody.
        *q = (struct hq){.qp = keep.qp, .cancel_ok = true, .former_until = until};
        hqs[q->qp].open = true;
        unsigned n = bench_below(300);
        for (unsigned i = 0; i < n; i++) {
            if (rx_room() && h.rx_tail - h.rx_head < 4)
                hq_send(&keep, 60);
            tick();
            CHECK(q->rx_ok == 0, "queue %u: a cleared queue took a frame", q->qp);
        }
        keep.former_until = until;
        keep.cancelled = q->cancelled + keep.cancelled;
        *q = keep;
    }
    uint64_t was[5] = {q->txr, q->rxr, q->cqr, q->txb, q->rxb};
    q->txr = keep.alt[0], q->rxr = keep.alt[1], q->cqr = keep.alt[2], q->txb = keep.alt[3], q->rxb = keep.alt[4];
    uint32_t cancelled = q->cancelled;
    hq_load(q);
    q->cancelled += cancelled;
    memcpy(q->alt, was, sizeof(was));
    q->former_until = clear_first ? keep.former_until : q->former_until;
}

struct hq *hq_open(struct hq_config c) {
    struct hq *q = &hqs[c.qp];
    q->qp = c.qp, q->fn = c.fn, q->page = c.page, q->txlog = c.txlog, q->rxlog = c.rxlog, q->cqlog = c.cqlog;
    q->vport = c.qp % 128, q->vec = c.qp % 15 + 1;
    // 64-byte aligned, some in the middle of a 128-byte line.
    q->txr = mem_alloc((16u << c.txlog) + 64, c.fn) + 64 * bench_below(2);
    q->rxr = mem_alloc((16u << c.rxlog) + 64, c.fn) + 64 * bench_below(2);
    q->cqr = mem_alloc((16u << c.cqlog) + 64, c.fn) + 64 * bench_below(2);
    q->txb = mem_alloc(TX_SLOT << c.txlog, c.fn);
    q->rxb = mem_alloc(RX_SLOT << c.rxlog, c.fn);
    hq_load(q);
    return q;
}

unsigned hq_tx_room(const struct hq *q) {
    return (1u << q->txlog) - (uint16_t)(q->tx_prod - q->tx_cons);
}

// Buffers from the oldest on whose frame the host has not seen are not free.
unsigned hq_rx_room(const struct hq *q) {
    uint16_t first = q->want_head != q->want_tail ? q->want_slot[q->want_head % RX_WINDOW] : q->rx_used;
    return (1u << q->rxlog) - (uint16_t)(q->rx_prod - first);
}

void hq_tx_raw(struct hq *q, uint64_t lo, uint64_t hi) {
    struct weir_ring_entry *e = entry(q->txr, q->txlog, q->tx_prod);
    e->lo = lo;
    e->hi = hi ^ phase(q->txlog, q->tx_prod);
    q->tx_prod++;
}

void hq_rx_raw(struct hq *q, uint64_t lo, uint64_t hi) {
    struct weir_ring_entry *e = entry(q->rxr, q->rxlog, q->rx_prod);
    e->lo = lo;
    e->hi = hi ^ phase(q->rxlog, q->rx_prod);
    q->rx_id[q->rx_prod % RX_WINDOW] = (uint16_t)(hi & 0xffff);
    q->rx_len64[q->rx_prod % RX_WINDOW] = (uint16_t)(hi >> 16 & 0xffff);
    q->rx_prod++;
}

static bool plain;

void hq_tx(struct hq *q, unsigned len, unsigned segs, bool cpl_req) {
    struct txf *t = &q->tx[q->posted++ % TX_WINDOW];
    t->len = len;
    t->seed = (uint32_t)bench_rand();
    t->cpl_req = cpl_req;
    t->l3 = !plain && bench_below(2), t->l4 = !plain && bench_below(2), t->vlan = !plain && bench_below(2);
    t->tci = bench_below(65536);
    t->vport = q->vport;
    unsigned dst = q->fn == 0 && !plain && bench_below(4) == 0 ? 1 + bench_below(127) : 0;
    if (dst != 0)
        t->vport = dst;
    // In the ring itself when it is one small piece that fits the 512-byte line and the ring's end.
    unsigned slot = q->tx_prod & ((1u << q->txlog) - 1), bytes = (len + 15) / 16;
    if (segs == 1 && len <= WEIR_INLINE_MAX && bench_below(8) < q->inl && hq_tx_room(q) > bytes &&
        slot + bytes < 1u << q->txlog && (q->txr + 16 * slot) % 512 + 16 * bytes < 512) {
        uint64_t hi = WEIR_RING_PUT_HI(len, TXD_LEN) | WEIR_RING_PUT_HI(1, TXD_EOP) | WEIR_RING_PUT_HI(1, TXD_INLINE) |
                      WEIR_RING_PUT_HI(cpl_req, TXD_CPL_REQ) | WEIR_RING_PUT_HI(t->l3, TXD_CSUM_L3) |
                      WEIR_RING_PUT_HI(t->l4, TXD_CSUM_L4) | WEIR_RING_PUT_HI(t->vlan, TXD_VLAN_INS) |
                      WEIR_RING_PUT_HI(t->tci, TXD_VLAN_TCI) | WEIR_RING_PUT_HI(dst, TXD_DST_VPORT);
        t->tag = (uint16_t)(q->tx_prod + 1 + bytes);
        hq_tx_raw(q, bench_rand(), hi);
        uint8_t *d = (uint8_t *)entry(q->txr, q->txlog, q->tx_prod);
        for (unsigned i = 0; i < 16 * bytes; i++)
            d[i] = i < len ? pattern(t->seed, i) : 0xDD;
        q->tx_prod = t->tag;
        q->inlined++;
        return;
    }
    t->tag = (uint16_t)(q->tx_prod + segs);
    for (unsigned s = 0, at = 0; s < segs; s++) {
        unsigned left = len - at, n = s + 1 == segs ? left : 1 + bench_below(left - (segs - s - 1));
        if (n > TX_SLOT - 64)
            n = s + 1 == segs ? n : TX_SLOT - 64;
        CHECK(n <= TX_SLOT, "bench: piece of %u bytes", n);
        uint64_t a = q->txb + TX_SLOT * (uint64_t)(q->tx_prod & ((1u << q->txlog) - 1)) +
                     (n <= TX_SLOT - 64 ? bench_below(64) : 0);
        for (unsigned i = 0; i < n; i++)
            *mem_at(a + i) = pattern(t->seed, at + i);
        bool eop = s + 1 == segs;
        uint64_t hi = WEIR_RING_PUT_HI(n, TXD_LEN) | WEIR_RING_PUT_HI(eop, TXD_EOP) |
                      WEIR_RING_PUT_HI(eop && cpl_req, TXD_CPL_REQ) | WEIR_RING_PUT_HI(t->l3, TXD_CSUM_L3) |
                      WEIR_RING_PUT_HI(t->l4, TXD_CSUM_L4) | WEIR_RING_PUT_HI(t->vlan, TXD_VLAN_INS) |
                      WEIR_RING_PUT_HI(t->tci, TXD_VLAN_TCI) | WEIR_RING_PUT_HI(dst, TXD_DST_VPORT);
        hq_tx_raw(q, a, hi);
        at += n;
    }
}

void hq_push(struct hq *q, unsigned len, bool cpl_req) {
    struct txf *t = &q->tx[q->posted % TX_WINDOW];
    uint8_t bytes[64] = {0};
    plain = true; // what a frame may ask for in its descriptor, a pushed one cannot
    uint16_t before = q->tx_prod;
    hq_tx(q, len, 1, cpl_req);
    plain = false;
    uint32_t slots = (uint16_t)(q->tx_prod - before);
    uint32_t head = WEIR_PUT(q->tx_prod, BAR_DB_INLINE_TAIL) | WEIR_PUT(len, BAR_DB_INLINE_LEN) |
                    WEIR_PUT(cpl_req ? 1u : 0u, BAR_DB_INLINE_CPL_REQ) | WEIR_PUT(slots, BAR_DB_INLINE_SLOTS);
    memcpy(bytes, &head, 4);
    for (unsigned i = 0; i < len && i < 60; i++)
        bytes[4 + i] = pattern(t->seed, i);
    bar_push(q->fn, WEIR_BAR_DOORBELL_BASE + q->page * WEIR_BAR_DOORBELL_SIZE + WEIR_BAR_DB_INLINE, bytes);
    q->pushed++;
}

void hq_rx(struct hq *q, unsigned len64) {
    uint64_t a = q->rxb + RX_SLOT * (uint64_t)(q->rx_prod & ((1u << q->rxlog) - 1));
    memset(mem_at(a), 0xEE, RX_SLOT);
    hq_rx_raw(q, a,
              (bench_rand() & 0xffff) | (uint64_t)len64 << 16 | (q->stream ? WEIR_RING_PUT_HI(1, RXD_STREAM) : 0));
}

static void ring(const struct hq *q, unsigned reg, uint32_t v) {
    bar_write(q->fn, WEIR_BAR_DOORBELL_BASE + q->page * WEIR_BAR_DOORBELL_SIZE + reg, v);
}

void hq_ring_tx(struct hq *q) {
    ring(q, WEIR_BAR_DB_TX_TAIL, q->tx_prod);
}

void hq_ring_rx(struct hq *q) {
    ring(q, WEIR_BAR_DB_RX_TAIL, q->rx_prod);
}

void hq_ring_cq(struct hq *q, bool arm) {
    q->cq_rung = q->cq_head;
    ring(q, WEIR_BAR_DB_CQ, q->cq_head | (uint32_t)arm << 31);
}

static void take_tx(struct hq *q, struct weir_ring_entry e) {
    uint32_t count = (uint32_t)WEIR_RING_GET(e, CPL_OFFSET64), tag = (uint32_t)WEIR_RING_GET(e, CPL_VLAN_TCI);
    CHECK(count >= 1 && q->completed + count <= q->done, "queue %u: completion of %u frames, %u done", q->qp, count,
          q->done - q->completed);
    CHECK(WEIR_RING_GET(e, CPL_LEN) == q->page, "queue %u: completion names queue %u", q->qp,
          (unsigned)WEIR_RING_GET(e, CPL_LEN));
    CHECK(WEIR_RING_GET(e, CPL_BUF_ID) == 0 && !WEIR_RING_GET(e, CPL_ERR) && !WEIR_RING_GET(e, CPL_FENCE),
          "queue %u: status", q->qp);
    CHECK(q->merged_ok || count <= 16, "queue %u: %u frames in a completion", q->qp, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct txf *t = &q->tx[q->completed++ % TX_WINDOW];
        bool last = i + 1 == count;
        CHECK(q->merged_ok || last || !t->cpl_req, "queue %u: a frame lost its own completion", q->qp);
        if (last) {
            CHECK(t->tag == tag, "queue %u: consumer index %u, expected %u", q->qp, tag, t->tag);
            CHECK(t->epoch == WEIR_RING_GET(e, CPL_EPOCH), "queue %u: epoch", q->qp);
        }
    }
    q->tx_cons = (uint16_t)tag;
    q->tx_cpls++;
}

static void take_rx(struct hq *q, struct weir_ring_entry e) {
    CHECK(q->want_head != q->want_tail, "queue %u: completion of no frame", q->qp);
    const struct rx_send *s = &q->want[q->want_head % RX_WINDOW];
    CHECK(WEIR_RING_GET(e, CPL_HASH) == s->hash, "queue %u: hash or token", q->qp);
    CHECK(WEIR_RING_GET(e, CPL_EPOCH) == s->epoch, "queue %u: epoch", q->qp);
    CHECK((bool)WEIR_RING_GET(e, CPL_FENCE) == s->fence, "queue %u: fence out of place", q->qp);
    q->want_head++;
    q->rx_cpls++;
    if (s->fence) {
        CHECK(WEIR_RING_GET(e, CPL_SRC_VPORT) == s->vport, "queue %u: fence of vPort", q->qp);
        return;
    }
    uint16_t slot = q->want_slot[(q->want_head - 1) % RX_WINDOW], off = q->want_off[(q->want_head - 1) % RX_WINDOW];
    CHECK(WEIR_RING_GET(e, CPL_OFFSET64) == off, "queue %u: offset %u, expected %u", q->qp,
          (unsigned)WEIR_RING_GET(e, CPL_OFFSET64), off);
    CHECK(WEIR_RING_GET(e, CPL_BUF_ID) == q->rx_id[slot % RX_WINDOW], "queue %u: buffer id", q->qp);
    CHECK(WEIR_RING_GET(e, CPL_LEN) == s->len && WEIR_RING_GET(e, CPL_VLAN_TCI) == s->tci, "queue %u: length or tag",
          q->qp);
    unsigned local = s->flags >> 5 & 1;
    unsigned flags = (unsigned)(WEIR_RING_GET(e, CPL_VLAN_STRIPPED) | WEIR_RING_GET(e, CPL_L4_OK) << 1 |
                                WEIR_RING_GET(e, CPL_L3_OK) << 2 | WEIR_RING_GET(e, CPL_REDIRECT) << 3 |
                                WEIR_RING_GET(e, CPL_MCAST) << 4 | WEIR_RING_GET(e, CPL_LOCAL) << 5 |
                                WEIR_RING_GET(e, CPL_L4_BAD) << 6 | WEIR_RING_GET(e, CPL_L3_BAD) << 7);
    CHECK(flags == s->flags && WEIR_RING_GET(e, CPL_EOP) && !WEIR_RING_GET(e, CPL_TRUNC),
          "queue %u: flags %x, expected %x", q->qp, flags, s->flags);
    CHECK(WEIR_RING_GET(e, CPL_SRC_VPORT) == (local || (s->flags >> 3 & 1) != 0 ? s->src & 127 : 0),
          "queue %u: source vPort", q->qp);
    const uint8_t *d = mem_at(entry(q->rxr, q->rxlog, slot)->lo + 64 * off);
    for (uint32_t i = 0; i < s->len; i++)
        CHECK(d[i] == pattern(s->seed, i), "queue %u: received byte %u", q->qp, i);
    // Up to the next frame's place in a stream buffer there may be zeros, and never what lay there before.
    for (uint32_t i = s->len; i % 64 != 0; i++)
        CHECK(64u * off + i >= RX_SLOT || d[i] == 0xEE || (q->stream && d[i] == 0),
              "queue %u: %02x written behind the frame", q->qp, d[i]);
}

unsigned hq_poll(struct hq *q) {
    unsigned n = 0;
    for (;; n++) {
        struct weir_ring_entry e = *entry(q->cqr, q->cqlog, q->cq_head);
        if ((e.hi & (uint64_t)1 << 63) != phase(q->cqlog, q->cq_head))
            return n;
        CHECK((uint16_t)(q->cq_head - q->cq_rung) < 1u << q->cqlog, "queue %u: completion ring overrun", q->qp);
        q->cq_head++;
        if (WEIR_RING_GET(e, CPL_IS_TX))
            take_tx(q, e);
        else
            take_rx(q, e);
    }
}

void hq_send(const struct hq *q, unsigned len) {
    struct rx_send s = {.len = len,
                        .vport = q->vport,
                        .qp = q->qp,
                        .hash = (uint32_t)bench_rand(),
                        .epoch = bench_below(256),
                        .src = bench_below(128),
                        .tci = bench_below(65536),
                        .flags = bench_below(256),
                        .seed = (uint32_t)bench_rand()};
    rx_push(s);
}

void hq_fence(const struct hq *q) {
    struct rx_send s = {
        .fence = true, .vport = q->vport, .qp = q->qp, .hash = (uint32_t)bench_rand(), .epoch = bench_below(256)};
    rx_push(s);
}

void hq_finish(struct hq *q) {
    uint32_t s = hq_status(q);
    CHECK(!WEIR_GET(s, QUEUE_QP_STATUS_ERROR), "queue %u: error %u", q->qp, WEIR_GET(s, QUEUE_QP_STATUS_REASON));
    CHECK(q->posted == q->sent && q->sent == q->completed, "queue %u: %u frames posted, %u sent, %u completed", q->qp,
          q->posted, q->sent, q->completed);
    CHECK(q->want_head == q->want_tail, "queue %u: %u received frames without completion", q->qp,
          q->want_tail - q->want_head);
    CHECK(q->tx_cons == q->tx_prod, "queue %u: consumer index %u of %u", q->qp, q->tx_cons, q->tx_prod);
    CHECK(!WEIR_GET(s, QUEUE_QP_STATUS_TX_BUSY) && !WEIR_GET(s, QUEUE_QP_STATUS_RX_BUSY), "queue %u is busy", q->qp);
    CHECK(csr_read(WEIR_QUEUE_QP_TX_PTR_OFFSET) == (q->tx_prod | (uint32_t)q->tx_prod << 16), "queue %u: TX_PTR",
          q->qp);
    CHECK(csr_read(WEIR_QUEUE_QP_RX_PTR_OFFSET) == (q->rx_used | (uint32_t)q->rx_prod << 16), "queue %u: RX_PTR",
          q->qp);
    CHECK(csr_read(WEIR_QUEUE_QP_CQ_PTR_OFFSET) == (q->cq_head | (uint32_t)q->cq_rung << 16), "queue %u: CQ_PTR",
          q->qp);
}

uint32_t event_pop(void) {
    return csr_read(WEIR_QUEUE_EVENT_POP_OFFSET);
}

void expect_error(const struct hq *q, unsigned reason) {
    uint32_t s = hq_status(q);
    CHECK(WEIR_GET(s, QUEUE_QP_STATUS_ERROR) && WEIR_GET(s, QUEUE_QP_STATUS_REASON) == reason,
          "queue %u: status %08x, expected reason %u", q->qp, s, reason);
    CHECK(!WEIR_GET(s, QUEUE_QP_STATUS_TX_ON) && !WEIR_GET(s, QUEUE_QP_STATUS_RX_ON),
          "queue %u: an error stops both directions", q->qp);
    uint32_t e = event_pop();
    CHECK(e == (1u << 31 | (uint32_t)WEIR_HW_EVENT_QP_ERROR << 24 | reason << 16 | q->qp),
          "event %08x of queue %u, reason %u", e, q->qp, reason);
}
