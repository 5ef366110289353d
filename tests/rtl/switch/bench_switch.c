// SPDX-License-Identifier: Apache-2.0
// Cases of the switch bench. Each ends in model_close(): every frame accounted, counters equal, ledger balanced.
#include "sw.h"

// Short ones, exact multiples, and every length near a beat border, both sides, stripped and inserted.
static void directed(void) {
    setup();
    for (unsigned len = 14; len < 210; len++) {
        add_frame(false, len);
        if (len >= 60)
            add_frame(true, len);
    }
    add_frame(false, WEIR_MAX_FRAME);
    add_frame(true, WEIR_MAX_FRAME);
    model_close();
    // Link down: the wire is no way out. vPort 0 off: from the wire nobody may be left.
    link_up = false;
    for (unsigned i = 0; i < 60; i++)
        add_frame(i % 2, 64);
    model_close();
    link_up = true;
    vports[0].enable = false;
    model_set_vport(0, vports[0]);
    struct vport off = vports[4];
    off.enable = false;
    model_set_vport(4, off);
    vports[6].count = 0;
    model_set_vport(6, vports[6]);
    sw_move(-1, 0, 3, -1, -1, false);
    sw_move(-1, 0, 9, -1, -1, false);
    sw_drain();
    for (unsigned i = 0; i < 200; i++)
        add_frame(i % 2, any_len());
    model_close();
    // Clearing one vPort's counters leaves the others (threat T20).
    sw_csr_write(WEIR_SWITCH_CNT_CLEAR_OFFSET, 2);
    sw_csr_write(WEIR_SWITCH_CNT_SEL_OFFSET, 2u << 8 | WEIR_VPORT_CNT_RX_COPIES);
    CHECK(sw_csr_read(WEIR_SWITCH_CNT_LO_OFFSET) == 0, "cleared counter");
    sw_csr_write(WEIR_SWITCH_CNT_SEL_OFFSET, 1u << 8 | WEIR_VPORT_CNT_RX_COPIES);
    CHECK(sw_csr_read(WEIR_SWITCH_CNT_LO_OFFSET) == (uint32_t)cnt[1][WEIR_VPORT_CNT_RX_COPIES], "neighbour's counter");
}

static void random_mix(void) {
    setup();
    disposition_bad = 20;
    for (unsigned round = 0; round < 12; round++) {
        random_rates();
        if (round % 2 == 0) { // at rest, so that the model knows which frame saw what
            vports[7].drain = !vports[7].drain;
            vports[9].drain = !vports[9].drain;
            vports[9].enable = round % 4 == 0;
            model_set_vport(7, vports[7]);
            model_set_vport(9, vports[9]);
        }
        for (unsigned i = 0; i < 250; i++)
            add_frame(bench_below(2), any_len());
        model_close();
    }
}

// Moves, flood changes and fences at random moments of full-rate traffic of small frames (acceptance test A3).
static void moves_raced(void) {
    setup();
    unsigned sent = 0;
    for (unsigned round = 0; round < 10; round++) {
        if (round % 3 == 2)
            random_rates();
        else
            p_tx = p_prx = p_rx_ready = p_ptx_ready = p_disposition = 16;
        for (unsigned m = 0; m < 80; m++) {
            for (unsigned i = 0; i < 20; i++, sent++) {
                struct frame *f = add_frame(bench_below(2), round % 3 == 2 ? any_len() : 64);
                f->cancel = false;
            }
            int vp = (int)(1 + bench_below(11)), other = (int)bench_below(12);
            int filter = bench_below(8) ? (int)bench_below(nfilters) : -1;
            bool flood = bench_below(2);
            for (unsigned i = bench_below(12); i > 0; i--)
                sw_step();
            sw_move(filter, (unsigned)other, flood ? vp : -1, flood && other != vp ? other : -1,
                    bench_below(2) ? vp : -1, bench_below(8) == 0);
            while (sw_csr_read(WEIR_SWITCH_EVENT_POP_OFFSET) >> 31) // order and content: case fences
                ;
        }
        model_close();
    }
    printf("  %u moves, %u fences, %u frames\n", epoch_issued, nfences, sent);
}

// DRAIN set in the middle: from that cycle on copies for the vPort come out on vPort 0, marked, and none is lost.
static void drain(void) {
    setup();
    p_rx_ready = 2; // let a queue build up inside
    for (unsigned i = 0; i < 60; i++) {
        struct frame *f = add_frame(true, 64);
        f->dmac = mac_of(1);
        f->tagged = false;
    }
    for (unsigned i = 0; i < 150; i++)
        sw_step();
    uint64_t before = cnt[1][WEIR_VPORT_CNT_RX_FRAMES];
    CHECK(before > 0 && before < 40, "drain: %" PRIu64 " frames out already", before);
    sw_csr_write(WEIR_SWITCH_VPORT_SEL_OFFSET, 1);
    sw_csr_write(WEIR_SWITCH_VPORT_CFG_OFFSET,
                 1u << WEIR_SWITCH_VPORT_CFG_ENABLE_LSB | 1u << WEIR_SWITCH_VPORT_CFG_CHECK_SRC_LSB);
    // Only one copy may stand in the output register; the rest follows DRAIN. The model is told to expect it per frame.
    p_rx_ready = 0;
    sw_step();
    vports[1].drain = true;
    sw_csr_write(WEIR_SWITCH_VPORT_CFG_OFFSET, 3u | 1u << WEIR_SWITCH_VPORT_CFG_DRAIN_LSB);
    const uint32_t *out = weir_rtl_out(bench_model);
    bool standing = bench_get(out, 630, 1);
    if (standing) {
        CHECK(bench_get(out, 594, 8) == 1 && !bench_get(out, 531, 1),
              "the copy in the output register was judged before");
        vports[1].drain = false;
        p_rx_ready = 16;
        sw_step();
        vports[1].drain = true;
    }
    uint64_t kept = cnt[1][WEIR_VPORT_CNT_RX_FRAMES];
    sw_drain();
    CHECK(cnt[1][WEIR_VPORT_CNT_RX_FRAMES] == kept, "a copy reached a draining vPort");
    CHECK(cnt[0][WEIR_VPORT_CNT_RX_FRAMES] == 60 - kept, "drained copies on vPort 0: %" PRIu64,
          cnt[0][WEIR_VPORT_CNT_RX_FRAMES]);
    // The model closes with today's flags, so account the kept ones by hand.
    vports[1].drain = true;
    cnt[1][WEIR_VPORT_CNT_RX_REDIRECT_OUT] -= kept;
    cnt[0][WEIR_VPORT_CNT_RX_REDIRECT_IN] -= kept;
    model_close();
}

// Cuckoo placement of 1,024 MACs by the RTL's own hash, as firmware does it.
static unsigned place(uint64_t first, uint64_t step, bool random) {
    static uint16_t rows[WEIR_NUM_FILTERS][4];
    static int slot[WEIR_FILTER_SLOTS];
    for (unsigned i = 0; i < WEIR_FILTER_SLOTS; i++)
        slot[i] = -1;
    unsigned worst = 0;
    for (unsigned i = 0; i < WEIR_NUM_FILTERS; i++) {
        uint64_t mac = random ? bench_rand() & 0xFEFFFFFFFFFFULL : first + i * step;
        sw_csr_write(WEIR_SWITCH_FILTER_MAC_LO_OFFSET, (uint32_t)mac);
        sw_csr_write(WEIR_SWITCH_FILTER_MAC_HI_OFFSET, (uint32_t)(mac >> 32) & 0xFFFF);
        sw_csr_write(WEIR_SWITCH_FILTER_KEY_OFFSET, 1u << 12);
        uint32_t a = sw_csr_read(WEIR_SWITCH_FILTER_HASH_OFFSET), b = sw_csr_read(WEIR_SWITCH_FILTER_HASH2_OFFSET);
        rows[i][0] = (uint16_t)(a & 0x1FF), rows[i][1] = (uint16_t)(512 + (a >> 16 & 0x1FF));
        rows[i][2] = (uint16_t)(1024 + (b & 0x1FF)), rows[i][3] = (uint16_t)(1536 + (b >> 16 & 0x1FF));
        int cur = (int)i;
        unsigned kicks = 0;
        for (; cur >= 0; kicks++) {
            CHECK(kicks < 500, "MACs from %012" PRIx64 " step %" PRIx64 ": number %u does not fit", first, step, i);
            int at = -1;
            for (unsigned k = 0; k < 4 && at < 0; k++)
                if (slot[rows[cur][k]] < 0)
                    at = rows[cur][k];
            if (at < 0)
                at = rows[cur][bench_below(4)];
            int old = slot[at];
            slot[at] = cur;
            cur = old;
        }
        if (kicks > worst)
            worst = kicks;
    }
    return worst;
}
static void hash_cuckoo(void) {
    sw_reset_bench(bench_model, bench_rand());
    printf("  kicks at most: sequential %u, step 256 %u, step 64 Ki %u, step 16 Mi %u, step 3 %u, random %u\n",
           place(0x020000000000ULL, 1, false), place(0x00155D000000ULL, 256, false),
           place(0x525400000000ULL, 65536, false), place(0x525400000000ULL, 1u << 24, false),
           place(0x525400123456ULL, 3, false), place(0, 0, true));
}

// Events in order with token and first bad reason; many fences pending with dispositions held back; a vPort without
// queue pairs.
static void fences_case(void) {
    setup();
    vports[6].count = 0;
    model_set_vport(6, vports[6]);
    disposition_bad = 40;
    for (unsigned round = 0; round < 6; round++) {
        unsigned first = nfences;
        p_disposition = 0;
        for (unsigned i = 0; i < 12; i++) {
            for (unsigned k = 0; k < 5; k++)
                add_frame(bench_below(2), 64);
            sw_move(-1, 0, -1, -1, (int)bench_below(12), bench_below(2));
        }
        CHECK(nfences - first == 12, "12 fences must be accepted with all dispositions held back");
        p_disposition = 1 + round * 3;
        for (unsigned i = 0; i < 12; i++) // further ones wait for room, and get it
            sw_move(-1, 0, -1, -1, (int)bench_below(12), false);
        model_close();
        for (unsigned i = first; i < nfences; i++) {
            uint32_t ev = sw_csr_read(WEIR_SWITCH_EVENT_POP_OFFSET), tok = sw_csr_read(WEIR_SWITCH_EVENT_TOKEN_OFFSET);
            unsigned reason = vports[fences[i].vport].count == 0 ? WEIR_QP_REASON_QP_DISABLED : fences[i].first_reason;
            uint32_t want = 1u << 31 | (uint32_t)WEIR_HW_EVENT_FENCE_DONE << 24 | reason << 16 | fences[i].vport;
            CHECK(ev == want && tok == fences[i].token, "fence %u: event %08x token %08x, expected %08x %08x", i, ev,
                  tok, want, fences[i].token);
        }
        CHECK(sw_csr_read(WEIR_SWITCH_EVENT_POP_OFFSET) == 0 && !bench_get(weir_rtl_out(bench_model), 1300, 1),
              "no further event");
    }
}

static void rate(const char *what, unsigned len, unsigned kind) {
    setup();
    unsigned n = len > 1000 ? 300 : 2000;
    uint64_t start = weir_rtl_cycles(bench_model);
    for (unsigned i = 0; i < n; i++) {
        bool wire = kind == 0 || (kind == 3 && i % 2);
        struct frame *f = add_frame(wire, len);
        f->cancel = f->tagged = f->vlan_ins = f->top = false;
        f->second = f->deep = 0;
        f->ip = 0;
        f->etype = 0x88B5;
        f->vport = wire ? 0 : 2;
        f->smac = mac_of(2);
        f->dmac = kind == 0   ? mac_of(4)
                  : kind == 1 ? 0x02AAAAAAAAAAULL
                  : kind == 2 ? mac_of(4)
                  : wire      ? mac_of(4)
                              : 0x02AAAAAAAAAAULL;
    }
    while (rx_frames_seen + ptx_frames_seen < n)
        sw_step();
    uint64_t last = rx_last_cycle > ptx_last_cycle ? rx_last_cycle : ptx_last_cycle;
    double per = (double)(last - start) / (kind == 3 ? n / 2 : n);
    printf("  %4u B %-22s %6.2f cycles/frame\n", len, what, per);
    CHECK(per < (len > 1000 ? 26.5 : kind == 3 ? 2.1 : 1.1), "too slow");
    model_close();
}
static void throughput(void) {
    static const char *const names[] = {"wire->vPort", "vPort->wire", "vPort->vPort", "both ways, each"};
    for (unsigned kind = 0; kind < 4; kind++)
        for (unsigned j = 0; j < 2; j++) {
            weir_rtl_free(bench_model);
            bench_model = weir_rtl_new();
            rate(names[kind], j ? 1514 : 64, kind);
        }
    // One 64-byte frame through an idle switch.
    for (unsigned kind = 0; kind < 3; kind++) {
        weir_rtl_free(bench_model);
        bench_model = weir_rtl_new();
        setup();
        struct frame *f = add_frame(kind == 0, 64);
        f->cancel = f->tagged = f->vlan_ins = f->top = false;
        f->second = f->deep = 0;
        f->ip = 0;
        f->etype = 0x88B5;
        f->vport = kind == 0 ? 0 : 2;
        f->smac = mac_of(2);
        f->dmac = kind == 1 ? 0x02AAAAAAAAAAULL : mac_of(4);
        uint64_t start = weir_rtl_cycles(bench_model);
        while (rx_frames_seen + ptx_frames_seen == 0)
            sw_step();
        printf("    64 B %-22s %3u cycles latency\n", names[kind],
               (unsigned)(weir_rtl_cycles(bench_model) - 1 - start));
    }
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
        {"directed", directed},
        {"random_mix", random_mix},
        {"moves_raced", moves_raced},
        {"drain", drain},
        {"hash_cuckoo", hash_cuckoo},
        {"fences", fences_case},
        {"throughput", throughput},
        {"a3_each_frame_has_one_owner", a3_each_frame_has_one_owner},
        {"a3_soak", a3_soak},
        {"a6_stale_vport_id", a6_stale_vport_id},
        {"a7_vlan_truth_table", a7_vlan_truth_table},
        {"a12_broadcast_once_in_each_state", a12_broadcast_once_in_each_state},
        {"insertions_hide_no_filter", insertions_hide_no_filter},
        {"addresses_follow_one_another", addresses_follow_one_another},
        {"rss_published_vectors", rss_published_vectors},
        {"rss_keys_are_per_vport", rss_keys_are_per_vport},
        {"rss_entries_beyond_reach_nobody", rss_entries_beyond_reach_nobody},
        {"flood_to_64_delays_others_by_its_copies", flood_to_64_delays_others_by_its_copies},
        {"source_policy", source_policy},
        {"checksums", checksums},
        {"watchers", watchers},
        {"no_vf_sends_from_a_group", no_vf_sends_from_a_group},
        {"reserved_groups_reach_no_guest", reserved_groups_reach_no_guest},
        {"no_tag_hides_in_the_padding", no_tag_hides_in_the_padding},
        {"no_vf_sends_in_vlan_4095", no_vf_sends_in_vlan_4095},
        {"stags_only_where_allowed", stags_only_where_allowed},
        {"a_vf_sends_from_its_sources_only", a_vf_sends_from_its_sources_only},
        {"a_forbidden_vlan_is_a_miss", a_forbidden_vlan_is_a_miss},
        {"policy_is_the_drivers", policy_is_the_drivers},
        {"oracle", oracle},
        {"oracle_soak", oracle_soak}};
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
