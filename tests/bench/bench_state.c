// SPDX-License-Identifier: Apache-2.0
// Row 17: an 8-queue VF under traffic leaves its place in the card and enters another, see bench.h.
#include "bench.h"

#include "passthrough.h"

#define QUEUES 8u
#define MOVES 6u

struct moved {
    struct world w;
    struct weir_bus *bus;
    struct weir_vf *vf;
    uint64_t got, redirected, left; // frames at the guest, at the default vPort, on the wire
};

static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0}, peer[6] = {0x02, 0, 0, 0, 0, 0x99};

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)frame;
    (void)len;
    (void)cycle;
    ((struct moved *)ctx)->left++;
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)frame;
    *(uint64_t *)ctx += !info->fence;
}

// IPv4 UDP of one of many flows, so that it spreads over queues.
static void make(uint8_t f[60], const uint8_t *dst, const uint8_t *src, unsigned flow) {
    memset(f, 0, 60);
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    f[12] = 0x08;
    f[14] = 0x45;
    f[23] = 17;
    f[29] = (uint8_t)flow;
    f[35] = (uint8_t)(flow * 13);
}

static void poll(struct moved *m) {
    for (unsigned q = 0; q < QUEUES; q++)
        weir_qp_poll(weir_vf_qp(m->vf, q), 256, on_rx, NULL, &m->got);
    weir_qp_poll(weir_pf_qp(m->w.pf, 0), 256, on_rx, NULL, &m->redirected);
}

static uint64_t longest(uint64_t a, uint64_t since, struct moved *m) {
    uint64_t b = card_cycles(m->w.card) - since;
    return a > b ? a : b;
}

// Figures: 0 bytes of its state; cycles of each call of the PF driver, the longest of 6 moves: 1 save, 2 load, 3 stop,
// 4 run.
BENCH_SCENARIO(bench_state) {
    struct weir_vf_config cfg = {.tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    static struct moved m;
    struct weir_vf_saved state;
    uint64_t in = 0, out = 0, stop = 0, save = 0, load = 0, run = 0;
    uint8_t frame[60];
    char err[256];

    (void)setup;
    memset(&m, 0, sizeof(m));
    world_open_with(&m.w, 2, 1, 10);
    wire_set_rx(card_wire(m.w.card), on_wire, &m);
    wire_set_rate(card_wire(m.w.card), 1, 50);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_alloc_vf(m.w.pf, (int)i, mac, "bench") == (int)i, "alloc");
        CHECK(weir_pf_create_vport(m.w.pf, i + 1, i, QUEUES, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
    }
    m.bus = passthrough_open(&m.w, 1, 2);
    CHECK(weir_vf_open(m.bus, &cfg, &m.vf, err, sizeof(err)) == 0, "%s", err);
    CHECK(weir_pf_set_filter(m.w.pf, 1, 1, mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    for (unsigned i = 0; i < MOVES; i++) {
        unsigned from = i % 2, to = 1 - from;
        uint64_t at;
        for (unsigned k = 0; k < 400; k++, in++) {
            make(frame, mac, peer, k);
            CHECK(wire_send(card_wire(m.w.card), frame, sizeof(frame), false) == 0, "wire");
        }
        for (unsigned k = 0; k < 400; k++, out++) {
            make(frame, peer, mac, k);
            CHECK(weir_qp_send(weir_vf_qp(m.vf, k % QUEUES), frame, sizeof(frame)) >= 0, "send");
        }
        for (unsigned q = 0; q < QUEUES; q++)
            weir_qp_ring_doorbell(weir_vf_qp(m.vf, q));
        card_step(m.w.card, 100 + 37 * i, false);
        at = card_cycles(m.w.card);
        CHECK(weir_pf_stop_vf(m.w.pf, from) == 0, "stop");
        stop = longest(stop, at, &m);
        at = card_cycles(m.w.card);
        CHECK(weir_pf_save_vf(m.w.pf, from, &state) == 0, "save");
        save = longest(save, at, &m);
        at = card_cycles(m.w.card);
        CHECK(weir_pf_load_vf(m.w.pf, to, &state) == 0, "load");
        load = longest(load, at, &m);
        passthrough_move(m.bus, to);
        at = card_cycles(m.w.card);
        CHECK(weir_pf_run_vf(m.w.pf, to) == 0, "run");
        run = longest(run, at, &m);
        CHECK(weir_pf_move_filter(m.w.pf, 1, from + 1, to + 1, 0, 0, NULL, NULL) == 0, "move");
        CHECK(weir_pf_reset_vf(m.w.pf, from) == 0, "reset");
        for (unsigned k = 0; k < 300; k++) {
            card_step(m.w.card, 32, false);
            poll(&m);
        }
    }
    CHECK(m.got + m.redirected == in && m.left == out && m.got > in / 2,
          "in: %llu and redirected %llu of %llu; out: %llu of %llu", (unsigned long long)m.got,
          (unsigned long long)m.redirected, (unsigned long long)in, (unsigned long long)m.left,
          (unsigned long long)out);
    CHECK(weir_pf_clear_filter(m.w.pf, 1) == 0, "clear");
    weir_vf_close(m.vf);
    for (unsigned i = 0; i < 2; i++)
        CHECK(weir_pf_delete_vport(m.w.pf, i + 1) == 0 && weir_pf_free_vf(m.w.pf, i) == 0, "free");
    world_close(&m.w);
    figure[0].value = (double)(sizeof(state.image) + state.image.num_qps * sizeof(state.record[0]));
    figure[1].value = (double)save;
    figure[2].value = (double)load;
    figure[3].value = (double)stop;
    figure[4].value = (double)run;
}
