// SPDX-License-Identifier: Apache-2.0
// The model as the oracle of the whole switch: random configurations of everything at once, random frames, no
// difference. Every world starts from a fresh model. Worlds with moves keep each copy deliverable, so that each frame
// shows its epoch.
#include "sw.h"
#include "weir_mbox.h"

static const uint16_t vids[8] = {0, 4095, 5, 7, 101, 105, 4094, 2048};

static bool one_in(unsigned n) {
    return bench_below(n) == 0;
}

static void world(bool moving) {
    sw_reset_bench(bench_model, bench_rand());
    traffic = (struct traffic){.senders = 13, .odd_tags = bench_below(4), .ip = bench_below(12)};
    traffic.odd_macs = bench_below(4);
    memcpy(traffic.vid, vids, sizeof vids);
    disposition_bad = one_in(2) ? bench_below(60) : 0;
    for (unsigned v = 0; v < 12; v++) {
        struct vport p = {.enable = moving || !one_in(12), .check = one_in(2), .vf = one_in(2), .mac = mac_of(v)};
        p.base = (uint16_t)(v * 16 + bench_below(4));
        p.count = (uint8_t)(moving ? 1 + bench_below(8) : bench_below(9));
        for (unsigned i = 0; i < 128; i++)
            p.table[i] = (uint8_t)(one_in(16) ? bench_rand() : bench_below(8));
        for (unsigned i = 0; i < 40; i++)
            p.key[i] = (uint8_t)bench_rand();
        if (v != 0) {
            p.drain = one_in(10);
            p.promisc = one_in(10);
            p.mirrored = one_in(10);
            p.vlan_check = one_in(3);
            p.port_vlan = p.vlan_check && one_in(2);
            p.stags = one_in(2);
            p.reserved_tx = one_in(2);
        }
        p.tci = (uint16_t)(vids[2 + bench_below(6)] | bench_below(8) << 13);
        model_set_vport(v, p);
        if (p.port_vlan)
            model_set_vlan(p.tci & 0xFFF, v, true);
        else
            for (unsigned i = 0; i < 8; i++)
                model_set_vlan(vids[i], v, one_in(2));
        if (v != 0 && one_in(2))
            sw_move(-1, 0, -1, (int)v, -1, false);
    }
    if (one_in(3)) {
        int to = (int)(1 + bench_below(11));
        if (!vports[to].port_vlan && (!moving || vports[to].count))
            model_set_mirror(to);
    }
    for (unsigned i = 0, n = bench_below(40); i < n; i++) {
        unsigned mode = bench_below(3), vid = mode == 2 ? vids[2 + bench_below(6)] : 0;
        uint64_t mac = mac_of(1 + bench_below(12));
        bool twice = false;
        for (unsigned k = 0; k < nfilters; k++)
            twice = twice || (filters[k].mac == mac && filters[k].mode == mode && filters[k].vid == vid);
        if (!twice)
            model_add_filter(mac, mode, vid, bench_below(12), bench_below(4));
    }
    for (unsigned v = 0; v < 12; v++)
        for (unsigned i = bench_below(4), mac = bench_below(4); i > 0; i--, mac += 1 + bench_below(3))
            model_add_filter(mac_of(mac), WEIR_FILTER_SOURCE, v, v, bench_below(4));
    link_up = !one_in(8);
}

static unsigned play(unsigned worlds, unsigned each) {
    unsigned sent = 0, moves = 0;
    for (unsigned w = 0; w < worlds; w++) {
        bool moving = w % 2;
        if (w != 0) {
            weir_rtl_free(bench_model);
            bench_model = weir_rtl_new();
        }
        world(moving);
        for (unsigned round = 0; round < 4; round++) {
            random_rates();
            for (unsigned i = 0; i < each / 4; i++) {
                bool wire = bench_below(2);
                unsigned len = one_in(4) ? any_len() : 60 + bench_below(12);
                (void)add_frame(wire, !wire && one_in(16) ? 14 + bench_below(11) : len);
                if (!moving || bench_below(40) != 0)
                    continue;
                for (unsigned k = bench_below(60); k > 0; k--)
                    sw_step();
                int leave = (int)(1 + bench_below(11)), join = (int)bench_below(12);
                sw_move(nfilters && bench_below(4) ? (int)bench_below(nfilters) : -1, bench_below(12),
                        one_in(2) ? leave : -1, one_in(2) && join != leave ? join : -1,
                        one_in(2) ? (int)bench_below(12) : -1, one_in(8));
                while (sw_csr_read(WEIR_SWITCH_EVENT_POP_OFFSET) >> 31)
                    ;
                moves++;
            }
            model_close();
        }
        sent += nframes;
    }
    printf("  %u worlds, %u frames, %u moves\n", worlds, sent, moves);
    return sent;
}

void oracle(void) {
    CHECK(play(50, 4000) >= 200000, "too few frames");
}

void oracle_soak(void) {
    CHECK(play(2500, 4000) >= 10000000, "too few frames");
}
