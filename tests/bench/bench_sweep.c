// SPDX-License-Identifier: Apache-2.0
// Rows 26 and 27: every frame length, either way: what a frame costs in cycles, and how many bytes pass the link for
// it beyond its own. One card for all lengths of a run; its queues or its wire are kept full while the length changes.
#include "bench.h"

#include "bench_curve.h"
#include "bench_frame.h"
#include "world.h"

#define SETTLE 1000u // and a turn of all queues, without a frame of the length before
#define WINDOW 2000u
#define STEP 32u
#define JUMBO 9600u
#define SINGLE_STEPS 1518u
#define COMPLETION_HEAD 20u // bytes of a completion's header and framing, one in 256 bytes that are read

enum way { SEND, SEND_PIECES, RECEIVE_STREAM, RECEIVE_ALONE };

struct sweep {
    struct world w;
    const struct bench_setup *setup;
    enum way way;
    struct weir_vf *vf;
    unsigned buf_bytes, len, flow;
    struct weir_bus *bus;
    struct weir_dma dma; // the sent frame's bytes, one frame for all
    uint64_t offered, arrived;
    uint64_t now, first, last; // frames of this length: how many, cycles of the first and the last
    uint64_t other;            // cycle of the last one of another length
};

static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0};

static bool sends(const struct sweep *s) {
    return s->way == SEND || s->way == SEND_PIECES;
}

static void count(struct sweep *s, size_t len, uint64_t cycle) {
    if (len != s->len)
        s->other = cycle;
    else if (s->now++ == 0)
        s->first = cycle;
    if (len == s->len)
        s->last = cycle;
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)frame;
    count(ctx, len, cycle);
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    struct sweep *s = ctx;
    (void)frame;
    s->arrived += !info->fence;
    if (!info->fence)
        count(s, info->len, card_cycles(s->w.card));
}

// Frames on their way in a queue: what hides the host's latency, and no more, as the next length waits behind them.
static unsigned depth(const struct sweep *s) {
    unsigned n = 131072 / s->len / s->setup->queues;
    return s->len < 320 || n > 512 ? 512 : n < 16 ? 16 : n;
}

static void fill(struct sweep *s, struct weir_qp *qp) {
    const uint8_t *f = s->dma.mem;
    const struct weir_tx_piece piece[2] = {{f, s->dma.iova, 40}, {f + 40, s->dma.iova + 40, s->len - 40}};
    if (weir_qp_tx_pending(qp) + depth(s) / 4 > depth(s))
        return;
    while (weir_qp_tx_pending(qp) < depth(s))
        CHECK((s->way == SEND_PIECES ? weir_qp_send_pieces(qp, piece, 2, NULL) : weir_qp_send(qp, f, s->len)) >= 0,
              "send");
    weir_qp_ring_doorbell(qp);
}

static void run(struct sweep *s, unsigned cycles, bool busy) {
    uint8_t frame[JUMBO];
    for (uint64_t end = card_cycles(s->w.card) + cycles; card_cycles(s->w.card) < end;) {
        for (unsigned q = 0; q < s->setup->queues; q++) {
            weir_qp_poll(weir_vf_qp(s->vf, q), 256, on_rx, NULL, s);
            if (busy && sends(s))
                fill(s, weir_vf_qp(s->vf, q));
        }
        // Enough for a step, and not so much that the next length waits long.
        while (busy && !sends(s) && wire_queued(card_wire(s->w.card)) < 2 + STEP * 50 / s->len) {
            bench_frame(frame, s->len, mac, bench_peer, s->setup->queues > 1 ? s->flow++ : 0);
            CHECK(wire_send(card_wire(s->w.card), frame, s->len, false) == 0, "wire");
            s->offered++;
        }
        card_step(s->w.card, STEP, false);
    }
}

static void drain(struct sweep *s) {
    unsigned left = 1;
    for (unsigned i = 0; i < 100 && left != 0; i++) {
        run(s, 2000, false);
        left = wire_queued(card_wire(s->w.card));
        for (unsigned q = 0; q < s->setup->queues; q++)
            left += weir_qp_tx_pending(weir_vf_qp(s->vf, q));
    }
    CHECK(left == 0, "%u frames stay", left);
}

static void close_vf(struct sweep *s) {
    if (s->vf == NULL)
        return;
    drain(s);
    s->bus->ops->dma_free(s->bus, &s->dma);
    weir_vf_close(s->vf);
    s->vf = NULL;
}

// The VF's buffers are of a size that suits the length.
static void open_vf(struct sweep *s) {
    unsigned bytes = s->way == RECEIVE_ALONE ? (s->len + 63) / 64 * 64 : s->len <= 2048 ? 2048 : JUMBO;
    struct weir_vf_config cfg = {.tx_log2 = 10, .rx_log2 = 10, .buf_bytes = bytes};
    char err[256];
    if (s->vf != NULL && bytes == s->buf_bytes)
        return;
    close_vf(s);
    s->buf_bytes = bytes;
    CHECK(weir_vf_open(weir_inproc_open(s->w.ip, 1), &cfg, &s->vf, err, sizeof(err)) == 0, "%s", err);
    s->bus = weir_dev_bus(weir_vf_dev(s->vf));
    CHECK(s->bus->ops->dma_alloc(s->bus, JUMBO, &s->dma) == 0, "DMA memory");
    bench_frame(s->dma.mem, JUMBO, bench_peer, mac, 0);
}

// One by one to 1518, then around each multiple of 64.
static unsigned next_length(unsigned len) {
    return len < SINGLE_STEPS || len % 64 == 63 || len % 64 == 0 ? len + 1 : len / 64 * 64 + 63;
}

static bool settled(const struct sweep *s) {
    unsigned turn = s->setup->queues * (s->len < 1024 ? s->len : 1024);
    uint64_t since = s->other > s->first ? s->other : s->first;
    return s->now != 0 && card_cycles(s->w.card) > since + SETTLE + turn;
}

static void point(struct sweep *s, struct bench_curve *c) {
    struct rc_stats before;
    const struct rc_stats *after;
    uint64_t other;
    double bytes;
    open_vf(s);
    s->now = 0;
    for (unsigned i = 0; i < 4000 && !settled(s); i++)
        run(s, STEP, true);
    CHECK(settled(s), "frames of %u bytes do not come alone", s->len);
    before = *rc_stats(card_rc(s->w.card));
    other = s->other;
    s->now = 0;
    run(s, WINDOW + 4 * s->len, true);
    after = rc_stats(card_rc(s->w.card));
    CHECK(s->now > 10, "%" PRIu64 " frames of %u bytes", s->now, s->len);
    CHECK(s->other == other, "a frame of another length among those of %u bytes", s->len);
    bytes = (double)(sends(s) ? after->tlp_bytes_to_card - before.tlp_bytes_to_card -
                                    COMPLETION_HEAD * (after->tlps_to_card - before.tlps_to_card)
                              : after->tlp_bytes_from_card - before.tlp_bytes_from_card);
    // Of long frames what is under way when the window begins and ends is more than that.
    bench_curve_add(c, s->len, (double)(s->last - s->first) / (double)(s->now - 1),
                    s->len <= SINGLE_STEPS ? bytes / (double)s->now - s->len : 0);
}

static void sweep(const struct bench_setup *setup, enum way way, const char *name,
                  struct bench_figure figure[BENCH_PARTS]) {
    struct sweep s = {.setup = setup, .way = way};
    struct bench_curve *c = bench_curve_new(name, setup);
    static const char *const judge[BENCH_JUDGES] = {"cost against a longer one", "bytes beyond",
                                                    "cost against the line"};

    world_open_with(&s.w, 1, 1, 8);
    rc_set_timing(card_rc(s.w.card), &(struct rc_timing){.read_latency = setup->latency, .seed = 1});
    wire_set_rx(card_wire(s.w.card), on_wire, &s);
    wire_set_rate(card_wire(s.w.card), 1,
                  setup->gbps != 0 ? setup->gbps / 2 : 1000); // free: the card alone is measured
    CHECK(weir_pf_alloc_vf(s.w.pf, 0, mac, "bench") == 0, "alloc");
    CHECK(weir_pf_create_vport(s.w.pf, 1, 0, setup->queues, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
    CHECK(weir_pf_set_filter(s.w.pf, 1, 1, mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    for (s.len = setup->from; s.len <= setup->to; s.len = next_length(s.len))
        point(&s, c);
    close_vf(&s);
    CHECK(weir_pf_clear_filter(s.w.pf, 1) == 0, "clear");
    CHECK(weir_pf_delete_vport(s.w.pf, 1) == 0 && weir_pf_free_vf(s.w.pf, 0) == 0, "free");
    world_close(&s.w);
    for (unsigned i = 0; i < BENCH_JUDGES; i++) {
        struct bench_worst worst = bench_curve_worst(c, i);
        figure[i] = (struct bench_figure){worst.value, (double)s.offered, (double)s.arrived};
        fprintf(stderr, "%s, %u queue pairs, reads of %u cycles: %s is %.2f at %u bytes\n", name, setup->queues,
                setup->latency, judge[i], worst.value, worst.len);
    }
}

// Figures of all sweeps are those of enum bench_judge; bytes are those that the card reads when frames are sent, and
// those from the card, headers of TLPs included, when they are received.
BENCH_SCENARIO(bench_sweep_tx) {
    sweep(setup, SEND, "TX", figure);
}

// Each frame in two pieces of the caller's memory.
BENCH_SCENARIO(bench_sweep_pieces) {
    sweep(setup, SEND_PIECES, "TX, 2 pieces", figure);
}

// Many frames a buffer of 2,048 bytes.
BENCH_SCENARIO(bench_sweep_rx) {
    sweep(setup, RECEIVE_STREAM, "RX", figure);
}

// Buffers that hold one frame.
BENCH_SCENARIO(bench_sweep_rx_alone) {
    sweep(setup, RECEIVE_ALONE, "RX, a frame a buffer", figure);
}
