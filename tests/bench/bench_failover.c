// SPDX-License-Identifier: Apache-2.0
// Rows 13 to 15: what a move of a filter costs at the card, and whole hand-overs through every layer, see bench.h.
#include "bench.h"

#include "failover_world.h"

// ---- row 13: the card alone, frames of 60 bytes at line rate to one MAC whose filter moves ----
struct gap {
    struct card *card;
    uint64_t last, longest, seen[2];
};

static void on_write(void *ctx, uint16_t rid, uint64_t addr, const void *data, unsigned bytes) {
    struct gap *g = ctx;
    uint64_t now = card_cycles(g->card);
    (void)addr;
    (void)data;
    if (bytes % 64 != 60) // frames of 60 bytes every 64, not a line of completions
        return;
    if (g->last != 0 && now - g->last > g->longest)
        g->longest = now - g->last;
    g->last = now;
    g->seen[rid != RC_PF_RID] += (bytes + 4) / 64;
}

static void ignore(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)frame;
    *(uint64_t *)ctx += !info->fence;
}

// Longest time without a frame written while a filter moves, frames at line rate.
BENCH_SCENARIO(bench_move_gap) {
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0};
    struct weir_vf_config cfg = {.tx_log2 = 8, .rx_log2 = 10, .buf_bytes = 2048};
    struct gap g = {0};
    struct weir_vf *vf;
    struct world w;
    uint8_t frame[60] = {0x02, 0, 0, 0, 1, 0, 0x02, 0, 0, 0, 0, 0x99, 0x08};
    uint64_t got = 0, sent = 0;
    char err[256];
    (void)setup;

    world_open_with(&w, 1, 1, 10);
    CHECK(weir_pf_alloc_vf(w.pf, 0, mac, "bench") == 0, "alloc");
    CHECK(weir_pf_create_vport(w.pf, 1, 0, 1, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
    CHECK(weir_vf_open(weir_inproc_open(w.ip, 1), &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    CHECK(weir_pf_set_filter(w.pf, 1, 1, mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    wire_set_rate(card_wire(w.card), 1, 50);
    g.card = w.card;
    // The mailbox call runs the card for some thousand cycles: frames for all of them wait on the wire.
    for (unsigned i = 0; i < 20; i++) {
        bool to_pf = i % 2 == 0;
        while (wire_queued(card_wire(w.card)) < 4000) {
            CHECK(wire_send(card_wire(w.card), frame, sizeof(frame), false) == 0, "wire");
            sent++;
        }
        card_step(w.card, 200, false);
        g.last = 0;
        rc_set_write(card_rc(w.card), on_write, &g);
        CHECK(weir_pf_move_filter(w.pf, 1, to_pf ? 1 : 0, to_pf ? 0 : 1, 0, 0, NULL, NULL) == 0, "move");
        rc_set_write(card_rc(w.card), NULL, NULL);
        for (unsigned k = 0; k < 400; k++) {
            card_step(w.card, 32, false);
            weir_qp_poll(weir_pf_qp(w.pf, 0), 256, ignore, NULL, &got);
            weir_qp_poll(weir_vf_qp(vf, 0), 256, ignore, NULL, &got);
        }
    }
    CHECK(g.seen[0] > 100 && g.seen[1] > 100, "both owners receive: %llu and %llu frames",
          (unsigned long long)g.seen[0], (unsigned long long)g.seen[1]);
    CHECK(got == sent, "%llu of %llu frames arrived", (unsigned long long)got, (unsigned long long)sent);
    CHECK(weir_pf_clear_filter(w.pf, 1) == 0, "clear");
    weir_vf_close(vf);
    CHECK(weir_pf_delete_vport(w.pf, 1) == 0 && weir_pf_free_vf(w.pf, 0) == 0, "free");
    world_close(&w);
    figure[0].value = (double)g.longest;
}

// ---- rows 14 and 15: one guest under traffic, moved to its VF and back, then robbed of it ----
static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Figures 0 and 1: medians of planned hand-overs, from the question to the end, to the VF and to the synthetic path;
// 2: of surprises the longest time to the synthetic path.
BENCH_SCENARIO(bench_handover) {
    enum { N = 5 };
    struct weir_vstack_config vc = {.vf_qps = 1};
    double up[N], down[N], gone[N];
    struct fw f;
    (void)setup;

    fw_open(&f, 1, &vc);
    fw_guest_add(&f, 0);
    flow_add(f.net, f.wire, f.guest[0].endpoint, 200);
    flow_add(f.net, f.guest[0].endpoint, f.wire, 1500);
    fw_run(&f, 50000);
    for (unsigned i = 0; i < N; i++) {
        const struct weir_vstack_record *r;
        CHECK(weir_vstack_attach(f.vs, (unsigned)f.guest[0].id) == 0, "cannot attach");
        fw_await(&f, 0, WEIR_VSTACK_ATTACHED, 5000000);
        r = fw_last_record(&f);
        up[i] = (double)(r->cycle_done - r->cycle_request);
        fw_run(&f, 5000 + 997 * i);
        fw_detach(&f, 0);
        r = fw_last_record(&f);
        down[i] = (double)(r->cycle_done - r->cycle_request);
        fw_run(&f, 5000);
    }
    for (unsigned i = 0; i < N; i++) {
        const struct weir_vstack_record *r;
        fw_attach(&f, 0);
        fw_run(&f, 5000 + 997 * i);
        CHECK(weir_vstack_revoke(f.vs, (unsigned)f.guest[0].id, WEIR_WHY_REMOVED) == 0, "cannot revoke");
        fw_await(&f, 0, WEIR_VSTACK_DETACHED, 20000000);
        r = fw_last_record(&f);
        gone[i] = (double)(r->cycle_done - r->cycle_request);
    }
    fw_drain(&f);
    fw_close(&f);
    qsort(up, N, sizeof(up[0]), by_value);
    qsort(down, N, sizeof(down[0]), by_value);
    qsort(gone, N, sizeof(gone[0]), by_value);
    figure[0].value = up[N / 2];
    figure[1].value = down[N / 2];
    figure[2].value = gone[N - 1];
}
