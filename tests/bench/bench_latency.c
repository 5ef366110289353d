// SPDX-License-Identifier: Apache-2.0
// Rows 10 to 12 and 16: one frame, or one reset, alone on the card. See bench.h.
#include "bench.h"
#include "bench_frame.h"
#include "world.h"

static void stamp_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)frame;
    (void)info;
    *(bool *)ctx = true;
}

// From the frame's last beat to its completion.
BENCH_SCENARIO(bench_wire_to_completion) {
    struct world w;
    uint8_t frame[60];
    uint64_t start;
    bool got = false;
    unsigned i;

    world_open_with(&w, 0, 1, 8);
    rc_set_timing(card_rc(w.card), &(struct rc_timing){.read_latency = setup->latency, .seed = 1});
    card_step(w.card, 2000, false);
    bench_frame(frame, sizeof(frame), bench_own, bench_peer, 0);
    CHECK(wire_send(card_wire(w.card), frame, sizeof(frame), false) == 0, "wire");
    start = card_cycles(w.card);
    for (i = 0; i < 5000 && !got; i++) {
        card_step(w.card, 1, false);
        weir_qp_poll(weir_pf_qp(w.pf, 0), 1, stamp_rx, NULL, &got);
    }
    CHECK(got, "no completion");
    start = card_cycles(w.card) - start;
    world_close(&w);
    figure[0].value = (double)start;
}

BENCH_SCENARIO(bench_vf_to_vf) {
    static const uint8_t mac[2][6] = {{0x02, 0, 0, 0, 1, 0}, {0x02, 0, 0, 0, 1, 1}};
    struct weir_vf_config cfg = {.tx_log2 = 8, .rx_log2 = 8, .buf_bytes = 2048};
    struct weir_vf *vf[2];
    struct world w;
    uint8_t frame[60];
    char err[256];
    uint64_t start;
    bool got = false, ignored = false;
    (void)setup;

    world_open_with(&w, 2, 1, 8);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_alloc_vf(w.pf, (int)i, mac[i], "bench") == (int)i, "alloc");
        CHECK(weir_pf_create_vport(w.pf, i + 1, i, 1, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
        CHECK(weir_vf_open(weir_inproc_open(w.ip, i + 1), &cfg, &vf[i], err, sizeof(err)) == 0, "%s", err);
        CHECK(weir_pf_set_filter(w.pf, i + 1, i + 1, mac[i], WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    }
    card_step(w.card, 2000, false);
    bench_frame(frame, sizeof(frame), mac[1], mac[0], 0);
    CHECK(weir_qp_send(weir_vf_qp(vf[0], 0), frame, sizeof(frame)) >= 0, "send");
    start = card_cycles(w.card);
    weir_qp_ring_doorbell(weir_vf_qp(vf[0], 0));
    for (unsigned i = 0; i < 5000 && !got; i++) {
        card_step(w.card, 1, false);
        weir_qp_poll(weir_vf_qp(vf[1], 0), 1, stamp_rx, NULL, &got);
    }
    CHECK(got, "no frame at the other VF");
    start = card_cycles(w.card) - start;
    card_step(w.card, 1000, false);
    weir_qp_poll(weir_vf_qp(vf[0], 0), 8, stamp_rx, NULL, &ignored);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_clear_filter(w.pf, i + 1) == 0, "clear");
        weir_vf_close(vf[i]);
        CHECK(weir_pf_delete_vport(w.pf, i + 1) == 0, "delete");
        CHECK(weir_pf_reset_vf(w.pf, i) == 0 && weir_pf_free_vf(w.pf, i) == 0, "free");
    }
    world_close(&w);
    figure[0].value = (double)start;
}

// From the write of Initiate FLR until the function says its reset is over, on an idle VF with an open queue.
BENCH_SCENARIO(bench_flr) {
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0};
    struct weir_vf_config cfg = {.tx_log2 = 8, .rx_log2 = 8, .buf_bytes = 2048};
    struct weir_vf *vf;
    struct world w;
    char err[256];
    uint64_t start, size, bar;
    uint32_t fn = 0;
    (void)setup;

    world_open_with(&w, 1, 1, 8);
    CHECK(weir_pf_alloc_vf(w.pf, 0, mac, "bench") == 0, "alloc");
    CHECK(weir_pf_create_vport(w.pf, 1, 0, 1, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
    CHECK(weir_vf_open(weir_inproc_open(w.ip, 1), &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    weir_vf_surprise(vf);
    start = card_cycles(w.card);
    CHECK(host_flr(w.host, 1) == 0, "flr");
    bar = host_bar(w.host, 1, &size);
    for (unsigned i = 0; i < 1000; i++) {
        if (rc_mem_read(card_rc(w.card), bar + WEIR_BAR_FN, &fn) == 0 && WEIR_GET(fn, BAR_FN_IN_RESET) == 0)
            break;
    }
    start = card_cycles(w.card) - start;
    weir_vf_close(vf);
    CHECK(weir_pf_delete_vport(w.pf, 1) == 0 && weir_pf_free_vf(w.pf, 0) == 0, "free");
    world_close(&w);
    figure[0].value = (double)start;
}
