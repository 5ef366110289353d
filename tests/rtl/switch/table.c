// SPDX-License-Identifier: Apache-2.0
// The filter table changed under full traffic: by insertions, and by moves of a guest's addresses one after the other.
#include "sw.h"
#include "weir_mbox.h"

// ---- Insertions under full traffic: what they push on is found at every moment, and moves with its new slot ----
void insertions_hide_no_filter(void) {
    enum { Pushes = 400 };
    setup();
    for (unsigned v = 1; v < 12; v += 2) // those that check
        model_add_filter(mac_of(v + 20), WEIR_FILTER_SOURCE, v, v, v % 4);
    traffic.odd_tags = traffic.odd_macs = traffic.ip = 0;
    uint64_t start = weir_rtl_cycles(bench_model), refused = 0;
    unsigned sources = 0;
    for (unsigned n = 0; n < Pushes; n++) {
        unsigned pushed = bench_below(nfilters);
        for (unsigned i = 0; i < 45; i++) { // more than pass meanwhile
            struct frame *f = add_frame(bench_below(2), 64);
            if (bench_below(4)) {
                f->dmac = filters[pushed].mac;
                f->tagged = filters[pushed].mode == 2, f->vlan_ins = false;
                f->tci = filters[pushed].vid;
            }
            f->cancel = false;
            f->smac = mac_of(f->vport);
            if (filters[pushed].mode == WEIR_FILTER_SOURCE && !f->wire) {
                f->vport = (uint8_t)filters[pushed].vid, f->smac = filters[pushed].mac;
                f->tagged = f->vlan_ins = false, f->etype = 0x88B5;
                sources++;
            }
        }
        model_push_filter(pushed, bench_below(4));
        if (bench_below(4) == 0)
            sw_move((int)pushed, bench_below(12), -1, -1, -1, false);
    }
    sw_drain();
    double per = (double)(weir_rtl_cycles(bench_model) - start) / nframes;
    printf("  %u filters pushed on, %u frames, %.2f cycles a frame\n", (unsigned)Pushes, nframes, per);
    CHECK(per < 1.5, "the insertions were not raced");
    model_close();
    for (unsigned v = 0; v < 12; v++)
        refused += cnt[v][WEIR_VPORT_CNT_TX_DROP_SRC_MAC];
    CHECK(sources > 1000 && refused == 0, "%u frames from source filters, %u refused", sources, (unsigned)refused);
}

// ---- Several addresses of one guest move one after the other, at full rate ----
// The first goes with the flood membership, the last with the fence: behind it nothing of any of them comes any more.
void addresses_follow_one_another(void) {
    enum { Macs = 16, Rounds = 12, From = 4 };
    uint64_t start;
    unsigned cleared = 0;
    setup();
    traffic.odd_tags = traffic.odd_macs = traffic.ip = 0;
    model_clear_filters();
    sw_move(-1, 0, -1, From, -1, false);
    for (unsigned i = 0; i < Macs; i++)
        model_add_filter(mac_of(100 + i), 0, 0, From, i % 4);
    start = weir_rtl_cycles(bench_model);
    for (unsigned round = 0; round < Rounds; round++) {
        unsigned from = round % 2 ? 0 : From, to = round % 2 ? From : 0;
        for (unsigned i = 0; i < Macs; i++) {
            for (unsigned k = 0; k < 45; k++) { // more than pass meanwhile
                struct frame *f = add_frame(bench_below(2), 64);
                f->dmac = bench_below(8) ? mac_of(100 + bench_below(Macs)) : 0xFFFFFFFFFFFFULL;
                f->cancel = f->tagged = f->vlan_ins = false;
                f->smac = mac_of(f->vport);
            }
            sw_move((int)i, to, i == 0 && from ? (int)from : -1, i == 0 && to ? (int)to : -1,
                    i == Macs - 1 ? (int)from : -1, false);
        }
        uint64_t was, until = weir_rtl_cycles(bench_model) + 400;
        while (sw_csr_read(WEIR_SWITCH_EVENT_POP_OFFSET) >> 31 == 0)
            CHECK(weir_rtl_cycles(bench_model) < until, "the fence does not come");
        if (to != 0)
            continue;
        was = cnt[From][WEIR_VPORT_CNT_RX_FRAMES];
        for (unsigned k = 0; k < 200; k++) // the broadcasts do not reach it either
            add_frame(true, 64)->dmac = k % 20 < Macs ? mac_of(100 + k % 20) : 0xFFFFFFFFFFFFULL;
        sw_drain();
        CHECK(cnt[From][WEIR_VPORT_CNT_RX_FRAMES] == was, "behind the fence");
        cleared++;
    }
    sw_drain();
    double per = (double)(weir_rtl_cycles(bench_model) - start) / nframes;
    CHECK(cleared == Rounds / 2 && per < 1.5, "%.2f cycles a frame: the moves were not raced", per);
    model_close();
    CHECK(cnt[From][WEIR_VPORT_CNT_RX_FRAMES] > 500 && cnt[0][WEIR_VPORT_CNT_RX_FRAMES] > 500, "both had their part");
    printf("  %u moves of %u addresses, %u frames, %.2f cycles a frame\n", Rounds * Macs, Macs, nframes, per);
}
