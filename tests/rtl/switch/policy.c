// SPDX-License-Identifier: Apache-2.0
// What a vPort may send and who may listen: VLAN policies, control frames, spoofing, promiscuous and mirror vPorts.
// Threats T13-T15. The expected counts stand here; the model checks every frame beside them.
#include "sw.h"

enum { Access = 8, Trunk = 9, Other = 10, NoTag = 0xFFFF };

static void policy(unsigned v, bool port_vlan, unsigned tci, bool promisc) {
    struct vport p = vports[v];
    p.vlan_check = true;
    p.port_vlan = port_vlan;
    p.tci = (uint16_t)tci;
    p.promisc = promisc;
    p.check = true;
    model_set_vport(v, p);
}

static struct frame *put(int from, uint64_t dmac, unsigned tci, unsigned etype) {
    struct frame *f = add_frame(from < 0, 80);
    *f = (struct frame){.wire = from < 0, .len = 80, .dmac = dmac, .etype = (uint16_t)etype};
    f->vport = (uint8_t)(from < 0 ? 0 : from), f->smac = mac_of(f->vport);
    f->tagged = tci != NoTag, f->tci = (uint16_t)(f->tagged ? tci : 0);
    if (from >= 0 && vports[from].port_vlan && !f->tagged)
        f->by_port = f->tagged = true, f->tci = vports[from].tci, f->len += 4;
    return f;
}

// The same with so many bytes of its own.
static void put_long(int from, unsigned len) {
    struct frame *f = put(from, mac_of(200), NoTag, 0x88B5);
    f->len = (uint16_t)(f->len - 80 + len);
}

static uint64_t tx_drop(unsigned v, unsigned row) {
    model_close();
    return cnt[v][row];
}

static void policy_world(bool promisc) {
    weir_rtl_free(bench_model);
    bench_model = weir_rtl_new();
    setup();
    nfilters = 0;
    model_set_vlan(5, Access, true);
    model_set_vlan(5, Trunk, true);
    model_set_vlan(7, Trunk, true);
    model_set_vlan(6, Other, true);
    policy(Access, true, 5u | 2u << 13, promisc);
    policy(Trunk, false, 0, promisc);
    policy(Other, false, 0, promisc);
    for (int v = 1; v < 12; v++)
        sw_move(-1, 0, -1, v, -1, false);
}

void source_policy(void) {
    const uint64_t away = 0x02AAAAAAAA00ULL, all = 0xFFFFFFFFFFFFULL;
    for (unsigned promisc = 0; promisc < 2; promisc++) { // the checks do not depend on who may listen
        policy_world(promisc);
        // Port VLAN: the tag comes from the card, and only from there.
        put(Access, away, NoTag, 0x88B5);
        CHECK(tx_drop(Access, WEIR_VPORT_CNT_TX_DROP_VLAN) == 0 && cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == 1, "untagged");
        CHECK(cnt_sw[WEIR_SW_CNT_PORT_TX_BYTES] == 84, "the wire has the tag");
        put(Access, away, 5, 0x88B5);
        put(Access, away, 6, 0x88B5);
        put(Access, away, 0, 0x88B5)->vlan_ins = true;
        put(Access, away, NoTag, 0x88A8);
        CHECK(tx_drop(Access, WEIR_VPORT_CNT_TX_DROP_VLAN) == 4, "tags of its own on a port VLAN");
        // Trunk: what is listed.
        put(Trunk, away, 5, 0x88B5);
        put(Trunk, away, 7 | 7u << 13, 0x88B5)->vlan_ins = true;
        CHECK(tx_drop(Trunk, WEIR_VPORT_CNT_TX_DROP_VLAN) == 0 && cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == 3, "listed");
        put(Trunk, away, 6, 0x88B5);
        put(Trunk, away, NoTag, 0x88B5);
        put(Trunk, away, 0, 0x88B5);
        put(Trunk, away, 5, 0x8100); // a tag behind the tag: hopping
        put(Trunk, away, 5, 0x88A8);
        put(Trunk, away, NoTag, 0x88A8);
        CHECK(tx_drop(Trunk, WEIR_VPORT_CNT_TX_DROP_VLAN) == 6, "not listed, or tags behind tags");
        // Control frames: under no tag, one, two; whatever else the vPort may (threat T15).
        for (int v = Access; v <= 11; v++) {
            unsigned ok = v == Trunk ? 5u : v == Other ? 6u : 0u;
            put(v, 0x0180C2000001ULL, NoTag, 0x8808);
            put(v, 0x0180C2000001ULL, ok, 0x8808);
            struct frame *f = put(v, 0x0180C2000001ULL, ok, 0x8100);
            f->deep = 0x8808;
            CHECK(tx_drop((unsigned)v, WEIR_VPORT_CNT_TX_DROP_CTRL) == 3, "vPort %d: control frames", v);
        }
        // A foreign source.
        put(Access, away, NoTag, 0x88B5)->smac ^= 1;
        put(Trunk, all, 5, 0x88B5)->smac ^= 1;
        CHECK(tx_drop(Access, WEIR_VPORT_CNT_TX_DROP_SRC_MAC) == 1 &&
                  tx_drop(Trunk, WEIR_VPORT_CNT_TX_DROP_SRC_MAC) == 1,
              "spoofed");
        CHECK(cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == 3, "nothing else left the card");
        // With the port VLAN's tag a frame may be too long.
        put_long(Access, WEIR_MAX_FRAME - 4);
        CHECK(tx_drop(Access, WEIR_VPORT_CNT_TX_DROP_LONG) == 0 && cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == 4, "longest");
        for (unsigned len = WEIR_MAX_FRAME - 3; len <= WEIR_MAX_FRAME; len++)
            put_long(Access, len);
        CHECK(tx_drop(Access, WEIR_VPORT_CNT_TX_DROP_LONG) == 4 && cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == 4, "too long");
    }
    // Receivers: a broadcast stays in its VLAN, the port VLAN's tag is gone without a trace, and a filter of a vPort
    // outside the frame's VLAN does not match.
    policy_world(false);
    put(-1, all, 5, 0x88B5);
    model_close();
    CHECK(cnt[Access][WEIR_VPORT_CNT_RX_BYTES] == 76 && cnt[Trunk][WEIR_VPORT_CNT_RX_BYTES] == 80 &&
              cnt[Other][WEIR_VPORT_CNT_RX_FRAMES] == 0,
          "broadcast in VLAN 5");
    put(-1, all, NoTag, 0x88B5);
    put(-1, all, 6, 0x88B5);
    model_close();
    CHECK(cnt[Access][WEIR_VPORT_CNT_RX_FRAMES] == 1 && cnt[Trunk][WEIR_VPORT_CNT_RX_FRAMES] == 1 &&
              cnt[Other][WEIR_VPORT_CNT_RX_FRAMES] == 1,
          "broadcasts outside VLAN 5");
    model_add_filter(mac_of(Access), 0, 0, Access, 0);
    put(-1, mac_of(Access), 6, 0x88B5);
    put(Trunk, mac_of(Access), 7, 0x88B5);
    put(-1, mac_of(Access), 5, 0x88B5);
    put(Trunk, mac_of(Access), 5, 0x88B5);
    uint64_t before = cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES];
    model_close();
    CHECK(cnt[Access][WEIR_VPORT_CNT_RX_FRAMES] == 3 && cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == before + 1, "unicast");
    // A vPort leaves a VLAN between two frames.
    model_set_vlan(5, Access, false);
    put(-1, all, 5, 0x88B5);
    model_close();
    CHECK(cnt[Access][WEIR_VPORT_CNT_RX_FRAMES] == 3 && cnt[Trunk][WEIR_VPORT_CNT_RX_FRAMES] == 2, "left");
}

static unsigned heard(unsigned v, uint64_t *was) {
    model_close();
    unsigned n = (unsigned)(cnt[v][WEIR_VPORT_CNT_RX_FRAMES] - *was);
    *was = cnt[v][WEIR_VPORT_CNT_RX_FRAMES];
    return n;
}

void watchers(void) {
    enum { Ear = 3, Mirror = 7, Watched = 4, Peer = 2 };
    const uint64_t away = 0x02AAAAAAAA00ULL;
    uint64_t ear = 0, mir = 0, own = 0;
    setup();
    for (int v = 1; v < 12; v++)
        sw_move(-1, 0, v, -1, -1, false);
    nfilters = 0;
    model_add_filter(mac_of(Watched), 1, 0, Watched, 0);
    model_add_filter(mac_of(Ear), 1, 0, Ear, 0);
    struct vport p = vports[Ear];
    p.promisc = true;
    p.check = false;
    model_set_vport(Ear, p);
    put(Peer, mac_of(Watched), NoTag, 0x88B5); // VF to VF
    put(-1, mac_of(Watched), NoTag, 0x88B5);   // wire to VF
    put(Peer, away, NoTag, 0x88B5);            // VF to wire
    put(-1, away, NoTag, 0x88B5);              // wire to the default vPort
    put(Peer, 0xFFFFFFFFFFFFULL, NoTag, 0x88B5);
    CHECK(heard(Ear, &ear) == 5, "promiscuous: each once");
    CHECK(heard(Watched, &own) == 2 && cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == 2, "and the owners lose nothing");
    put(Ear, mac_of(Watched), NoTag, 0x88B5);
    put(Ear, away, NoTag, 0x88B5);
    put(Ear, mac_of(Ear), NoTag, 0x88B5);
    CHECK(heard(Ear, &ear) == 0, "no echo of its own");
    put(-1, mac_of(Ear), NoTag, 0x88B5);
    CHECK(heard(Ear, &ear) == 1, "its own traffic once");
    // VLANs hold for a promiscuous vPort, too.
    p.vlan_check = true;
    model_set_vlan(5, Ear, true);
    model_set_vport(Ear, p);
    put(-1, away, 5, 0x88B5);
    put(-1, away, 6, 0x88B5);
    put(-1, away, NoTag, 0x88B5);
    CHECK(heard(Ear, &ear) == 1, "only its VLANs");
    p.promisc = p.vlan_check = false;
    model_set_vport(Ear, p);
    // Mirror: what one vPort sends and receives.
    (void)heard(Watched, &own);
    p = vports[Watched];
    p.mirrored = true;
    model_set_vport(Watched, p);
    model_set_mirror(Mirror);
    put(Peer, mac_of(Watched), NoTag, 0x88B5);
    put(-1, mac_of(Watched), NoTag, 0x88B5);
    put(Watched, away, NoTag, 0x88B5);
    put(Watched, mac_of(Ear), NoTag, 0x88B5);
    put(Peer, mac_of(Ear), NoTag, 0x88B5); // none of its business
    put(Peer, away, NoTag, 0x88B5);
    CHECK(heard(Mirror, &mir) == 4 && heard(Watched, &own) == 2, "mirrored: sent and received, each once");
    put(Watched, away, NoTag, 0x88B5)->cancel = true;
    model_set_mirror(-1);
    put(Watched, away, NoTag, 0x88B5);
    CHECK(heard(Mirror, &mir) == 0, "off");
    // Frames to a link that is down are dropped, but for those who listen.
    link_up = false;
    model_set_mirror(Mirror);
    put(Watched, away, NoTag, 0x88B5);
    CHECK(heard(Mirror, &mir) == 1 && cnt[Watched][WEIR_VPORT_CNT_TX_DROP_LINK] == 0, "mirrored without a link");
    link_up = true;
}

// Checksums: verified on what comes in, inserted into what asks for it, every length, protocol and beat border. The
// model computes them by words; here it must also be seen that all kinds came.
void checksums(void) {
    setup();
    traffic.ip = 16;
    memset(judged, 0, sizeof judged);
    for (unsigned len = 66; len < 66 + 420; len++) {
        for (unsigned i = 0; i < 4; i++)
            add_frame(i % 2, len);
        if (len % 64 == 0)
            model_close();
    }
    for (unsigned i = 0; i < 60; i++)
        add_frame(i % 2, any_len() + 70 > WEIR_MAX_FRAME ? WEIR_MAX_FRAME : 1000 + bench_below(WEIR_MAX_FRAME - 1000));
    model_close();
    printf("  copies judged: %u IPv4 headers, %u right; %u TCP or UDP, %u right\n", judged[0], judged[2], judged[1],
           judged[3]);
    CHECK(judged[2] > 200 && judged[0] > judged[2] + 100 && judged[3] > 200 && judged[1] > judged[3] + 100,
          "not all kinds came");
}
