// SPDX-License-Identifier: Apache-2.0
// Every frame length: what a frame costs in cycles, and how many bytes the card reads for it from the host. The driver
// decides as always what lies inline; a second run sends each frame in two pieces. One card for all lengths of a run:
// its queues are kept full while the length changes.
#include "bench.h"

#include "world.h"

#define SETTLE 3000u
#define WINDOW 6000u
#define STEP 32u
#define LONGEST 1514u

static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};
static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

struct sweep {
    struct world w;
    unsigned queues, pieces, len;
    struct weir_dma dma; // the frame's bytes, one frame for all
    uint64_t out;
};

static void count_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct sweep *s = ctx;
    (void)frame;
    (void)cycle;
    s->out += len == s->len;
}

static void ignore_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    (void)frame;
    (void)info;
}

static void fill(struct sweep *s, struct weir_qp *qp) {
    const uint8_t *f = s->dma.mem;
    const struct weir_tx_piece piece[2] = {{f, s->dma.iova, 40}, {f + 40, s->dma.iova + 40, s->len - 40}};
    weir_qp_poll(qp, 256, ignore_rx, NULL, s);
    if (weir_qp_tx_room(qp) < 512 + 128)
        return;
    while (weir_qp_tx_room(qp) > 512)
        CHECK((s->pieces == 2 ? weir_qp_send_pieces(qp, piece, 2, NULL) : weir_qp_send(qp, s->dma.mem, s->len)) >= 0,
              "send");
    weir_qp_kick(qp);
}

static void run(struct sweep *s, unsigned cycles) {
    for (uint64_t end = card_cycles(s->w.card) + cycles; card_cycles(s->w.card) < end;) {
        for (unsigned q = 0; q < s->queues; q++)
            fill(s, weir_pf_qp(s->w.pf, q));
        card_step(s->w.card, STEP, false);
    }
}

static void drain(struct sweep *s) {
    unsigned left = 1;
    for (unsigned i = 0; i < 100000 && left != 0; i++) {
        left = 0;
        card_step(s->w.card, STEP, false);
        for (unsigned q = 0; q < s->queues; q++) {
            weir_qp_poll(weir_pf_qp(s->w.pf, q), 256, ignore_rx, NULL, s);
            left += weir_qp_tx_pending(weir_pf_qp(s->w.pf, q));
        }
    }
    CHECK(left == 0, "%u frames stay", left);
}

// Lengths one by one up to well above those that lie inline, then around each multiple of 64.
static unsigned next_length(unsigned len) {
    return len < 320 ? len + 1 : len % 64 == 1 || len % 64 == 0 ? len + 1 : len / 64 * 64 + 64;
}

static void sweep(const struct bench_setup *setup, unsigned pieces, struct bench_figure figure[BENCH_PARTS]) {
    struct sweep s = {.queues = setup->queues, .pieces = pieces};
    double worst = 0, over = 0;
    double cost[LONGEST], least = 1e9;
    unsigned n = 0;
    struct weir_bus *bus;

    world_open_with(&s.w, 0, setup->queues, 10);
    rc_set_timing(card_rc(s.w.card), &(struct rc_timing){.read_latency = setup->latency, .seed = 1});
    wire_set_rx(card_wire(s.w.card), count_wire, &s);
    wire_set_rate(card_wire(s.w.card), 1, 1000); // the card alone is measured
    bus = weir_dev_bus(weir_pf_dev(s.w.pf));
    CHECK(bus->ops->dma_alloc(bus, LONGEST, &s.dma) == 0, "DMA memory");
    memset(s.dma.mem, 0, LONGEST);
    memcpy(s.dma.mem, peer_mac, 6);
    memcpy((uint8_t *)s.dma.mem + 6, own_mac, 6);
    ((uint8_t *)s.dma.mem)[12] = 0x08;
    for (unsigned len = 60; len <= LONGEST; len = next_length(len)) {
        struct rc_stats before;
        uint64_t out;
        double bytes;
        s.len = len;
        drain(&s);
        s.out = 0;
        run(&s, SETTLE);
        before = *rc_stats(card_rc(s.w.card));
        out = s.out;
        run(&s, WINDOW);
        CHECK(s.out - out > 20, "%u frames of %u bytes", (unsigned)(s.out - out), len);
        cost[n] = (double)WINDOW / (double)(s.out - out);
        bytes =
            (double)(rc_stats(card_rc(s.w.card))->tlp_bytes_to_card - before.tlp_bytes_to_card) / (double)(s.out - out);
        over = bytes - len > over ? bytes - len : over;
        n++;
    }
    for (unsigned i = n; i-- > 0;) {
        worst = cost[i] / least > worst ? cost[i] / least : worst;
        least = cost[i] < least ? cost[i] : least;
    }
    drain(&s);
    bus->ops->dma_free(bus, &s.dma);
    world_close(&s.w);
    figure[0].value = worst;
    figure[1].value = over;
}

// Frames of every length, sent as fast as the card takes them. Figures: 0 how much more than any longer one the worst
// length costs; 1 how many bytes more than its own the card gets from the host for a frame, headers of TLPs included.
BENCH_SCENARIO(bench_sweep_tx) {
    sweep(setup, 1, figure);
}

// The same, each frame in two pieces of the caller's memory.
BENCH_SCENARIO(bench_sweep_pieces) {
    sweep(setup, 2, figure);
}
