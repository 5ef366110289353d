// SPDX-License-Identifier: Apache-2.0
// Rows 13 to 15: what a move of a filter costs at the card, and whole hand-overs through every layer, see bench.h.
#include "bench.h"

#include "failover_times.h"
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

// ---- rows 14 and 15: one guest moved to its VF and back, then robbed of it; with frames, under a backlog of them ----

// The longest of five each: 0 to the VF, 1 to the synthetic path, 2 the same by surprise; 3 frames lost by the
// surprises, 4 how far the ledger is from that.
BENCH_SCENARIO(bench_handover) {
    struct fw_times t;
    fw_times(setup->queues, setup->from != 0, &t);
    figure[0].value = (double)t.to_vf;
    figure[1].value = (double)t.to_synthetic;
    figure[2].value = (double)t.surprise;
    figure[3].value = (double)t.lost;
    figure[4].value = (double)(t.lost > t.ledger ? t.lost - t.ledger : t.ledger - t.lost);
}
