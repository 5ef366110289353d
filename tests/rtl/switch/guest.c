// SPDX-License-Identifier: Apache-2.0
// What a guest may send on its VF, rule by rule, and that these are the rules of the driver's table (weir/policy.h):
// threats T13, T15, T28. What must come out stands here; nothing is asked of the model.
#include "sw.h"
#include "weir/policy.h"

enum { Pf = 2, Vf = 8, Other = 9, Src = WEIR_VPORT_CNT_TX_DROP_SRC_MAC, Vlan = WEIR_VPORT_CNT_TX_DROP_VLAN };
enum { Ctrl = WEIR_VPORT_CNT_TX_DROP_CTRL, Off = -1 };
static const uint64_t away = 0x02AAAAAAAA00ULL, reserved = 0x0180C2000000ULL;

static void put16(uint8_t *b, unsigned v) {
    b[0] = (uint8_t)(v >> 8), b[1] = (uint8_t)v;
}

// MACs, then words (EtherTypes and tags) up to the first 0, then zeros.
static unsigned make(uint8_t *b, unsigned len, uint64_t dmac, uint64_t smac, const unsigned *word) {
    memset(b, 0, 128);
    for (unsigned i = 0; i < 6; i++)
        b[i] = (uint8_t)(dmac >> (40 - 8 * i)), b[6 + i] = (uint8_t)(smac >> (40 - 8 * i));
    for (unsigned at = 12; *word != 0; at += 2)
        put16(b + at, *word++);
    return len;
}

static struct disposition send(unsigned v, uint64_t dmac, uint64_t smac, unsigned len, int insert,
                               const unsigned *word) {
    uint8_t b[128];
    make(b, len, dmac, smac, word);
    return play_one(false, v, b, len, insert);
}
#define WORDS(...) ((const unsigned[]){__VA_ARGS__, 0})
#define SEND(v, dmac, smac) send(v, dmac, smac, 64, Off, WORDS(0x88B5))
#define TAGS(len, ...) send(Vf, away, mac_of(Vf), len, Off, WORDS(__VA_ARGS__))

// vPorts 0, Pf, Vf and Other, all in the flood set; the link up; the VF unchecked but for what is always checked.
static void fresh(void) {
    weir_rtl_free(bench_model);
    bench_model = weir_rtl_new();
    sw_reset_bench(bench_model, bench_rand());
    for (unsigned v = 0; v <= Other; v++) {
        struct vport p = {
            .enable = true, .vf = v >= Vf, .base = (uint16_t)(8 * v), .count = v ? 1 : 4, .mac = mac_of(v)};
        if (v != 0 && v != Pf && v < Vf)
            continue;
        rss_evenly(&p);
        model_set_vport(v, p);
        if (v != 0)
            sw_move(-1, 0, -1, (int)v, -1, false);
    }
    sw_drain();
}

static void set_vf(bool check, bool vlan_check, bool port_vlan, unsigned tci, bool stags, bool reserved_tx) {
    struct vport p = vports[Vf];
    p.check = check, p.vlan_check = vlan_check, p.port_vlan = port_vlan, p.tci = (uint16_t)tci;
    p.stags = stags, p.reserved_tx = reserved_tx;
    model_set_vport(Vf, p);
}

void no_vf_sends_from_a_group(void) {
    fresh();
    CHECK(SEND(Vf, away, mac_of(77)).wire == 1, "unchecked: any address of one");
    CHECK(SEND(Vf, away, mac_of(77) | 1ULL << 40).drop == Src, "a group address, unchecked");
    CHECK(SEND(Vf, away, 0xFFFFFFFFFFFFULL).drop == Src, "broadcast as source");
    CHECK(SEND(Pf, away, mac_of(77) | 1ULL << 40).wire == 1, "the parent does what it likes");
    set_vf(true, false, false, 0, false, false);
    CHECK(SEND(Vf, away, mac_of(Vf)).wire == 1 && SEND(Vf, away, mac_of(77)).drop == Src, "checked");
    // Two faults: counted as the first of source, control, VLAN.
    CHECK(send(Vf, reserved, mac_of(77), 64, Off, WORDS(0x8100, 0xFFF, 0x8808)).drop == Src, "all three");
    CHECK(send(Vf, reserved, mac_of(Vf), 64, Off, WORDS(0x8100, 0xFFF, 0x88B5)).drop == Ctrl, "control and VLAN");
    CHECK(send(Vf, away, mac_of(Vf), 64, Off, WORDS(0x8100, 0xFFF, 0x88B5)).drop == Vlan, "VLAN");
}

// 01-80-C2-00-00-00 to -0F: heard by the neighbour on the wire and by the parent, by no guest; sent by who is trusted.
void reserved_groups_reach_no_guest(void) {
    uint8_t b[128];
    fresh();
    for (unsigned last = 0; last < 0x22; last++) {
        uint64_t to = reserved + last;
        bool own = last < 16;
        make(b, 64, to, mac_of(77), WORDS(0x88CC));
        struct disposition f = play_one(true, 0, b, 64, Off);
        CHECK(f.heard[0] == 1 && f.heard[Pf] == !own && f.heard[Vf] == !own && f.heard[Other] == !own, "%02x: wire",
              last);
        set_vf(false, false, false, 0, false, false);
        CHECK(SEND(Vf, to, mac_of(Vf)).drop == (own ? (unsigned)Ctrl : PASSED), "%02x from an untrusted VF", last);
        set_vf(false, false, false, 0, false, true);
        f = SEND(Vf, to, mac_of(Vf));
        CHECK(f.drop == PASSED && f.wire == 1 && f.heard[0] == 1 && f.heard[Vf] == 0, "%02x from a trusted VF", last);
        CHECK(f.heard[Pf] == !own && f.heard[Other] == !own, "%02x from a trusted VF is flooded", last);
        f = SEND(0, to, mac_of(0));
        CHECK(f.wire == 1 && f.heard[0] == 1 && f.heard[Pf] == !own && f.heard[Vf] == !own, "%02x from vPort 0", last);
        f = SEND(Pf, to, mac_of(Pf));
        CHECK(f.wire == 1 && f.heard[0] == 1 && f.heard[Pf] == 0 && f.heard[Vf] == !own, "%02x from the PF", last);
    }
    CHECK(send(Vf, reserved + 1, mac_of(Vf), 64, Off, WORDS(0x8808)).drop == Ctrl, "trust allows no PAUSE");
    struct vport off = vports[0];
    off.enable = false;
    model_set_vport(0, off);
    make(b, 64, reserved, mac_of(77), WORDS(0x88CC));
    struct disposition f = play_one(true, 0, b, 64, Off);
    CHECK(f.heard[0] == 0 && f.heard[Pf] == 0 && f.heard[Vf] == 0 && f.heard[Other] == 0, "vPort 0 is off");
}

// A frame shorter than 60 bytes is padded with zeros on the wire: a TPID at its end is a whole tag there.
void no_tag_hides_in_the_padding(void) {
    fresh();
    model_set_vlan(0, Vf, true);
    model_set_vlan(5, Vf, true);
    for (unsigned mode = 0; mode < 4; mode++) { // any, trunk of 0 and 5, port VLAN 5, the last two with stags
        set_vf(false, mode != 0, mode > 1, 5, mode == 3, false);
        for (unsigned type = 0; type < 2; type++) {
            unsigned tag = type ? 0x88A8 : 0x8100;
            for (unsigned len = 14; len < 18; len++)
                CHECK(TAGS(len, tag, 6, 0x88B5).drop == Vlan, "mode %u: %04x cut at %u", mode, tag, len);
            for (unsigned len = 18; len < 22; len++)
                CHECK(TAGS(len, 0x88A8, 5, tag, 6).drop == Vlan && TAGS(len, 0x8100, 5, tag, 6).drop == Vlan,
                      "mode %u: %04x as the second cut at %u", mode, tag, len);
            for (unsigned len = 14; len < 18; len++) // behind one that the descriptor has inserted
                CHECK(send(Vf, away, mac_of(Vf), len, 5, WORDS(tag, 6)).drop == Vlan, "mode %u: %u inserted", mode,
                      len);
            // The third is never allowed, whole or cut.
            for (unsigned len = 22; len < 30; len++)
                CHECK(TAGS(len, 0x88A8, 5, 0x8100, 5, tag, 5, 0x88B5).drop == Vlan, "mode %u: third", mode);
        }
    }
    // What is whole passes where its VLAN may.
    set_vf(false, false, false, 0, false, false);
    CHECK(TAGS(18, 0x8100, 6, 0x88B5).wire == 1 && TAGS(22, 0x8100, 6, 0x8100, 7, 0x88B5).wire == 1, "whole tags");
    CHECK(TAGS(14, 0x88B5).wire == 1 && TAGS(17, 0x9100, 0x88B5).wire == 1, "short ones without");
    CHECK(send(Pf, away, mac_of(Pf), 14, Off, WORDS(0x8100)).wire == 1, "the parent does what it likes");
}

void no_vf_sends_in_vlan_4095(void) {
    fresh();
    CHECK(TAGS(64, 0x8100, 0xFFE, 0x88B5).wire == 1, "4094");
    for (unsigned pri = 0; pri < 0x10000; pri += 0x1000) {
        CHECK(TAGS(64, 0x8100, 0xFFF | pri, 0x88B5).drop == Vlan, "first, priority and DEI %x", pri);
        CHECK(TAGS(64, 0x88A8, 0xFFF | pri, 0x88B5).drop == Vlan, "802.1ad");
        CHECK(TAGS(64, 0x88A8, 1, 0x8100, 0xFFF | pri, 0x88B5).drop == Vlan, "second");
        CHECK(send(Vf, away, mac_of(Vf), 60, (int)(0xFFF | pri), WORDS(0x88B5)).drop == Vlan, "inserted");
    }
    set_vf(false, true, true, 5, true, false); // behind the tag of the port VLAN they are the first and the second
    model_set_vlan(5, Vf, true);
    CHECK(TAGS(64, 0x88A8, 0xFFF, 0x88B5).drop == Vlan && TAGS(64, 0x88A8, 1, 0x8100, 0xFFF).drop == Vlan, "port VLAN");
    CHECK(TAGS(64, 0x88A8, 1, 0x8100, 0xFFE, 0x88B5).wire == 1, "and 4094 is none of it");
}

void stags_only_where_allowed(void) {
    fresh();
    CHECK(TAGS(64, 0x88A8, 7, 0x8100, 9, 0x88B5).wire == 1, "any VLAN");
    model_set_vlan(5, Vf, true);
    for (unsigned s = 0; s < 2; s++) {
        set_vf(false, true, false, 0, s, false); // trunk: 5
        model_set_vlan(0, Vf, false);
        CHECK(TAGS(64, 0x8100, 5, 0x8100, 9, 0x88B5).drop == (s ? PASSED : (unsigned)Vlan), "behind its own VLAN");
        CHECK(TAGS(64, 0x8100, 9, 0x8100, 5, 0x88B5).drop == Vlan, "behind another's");
        CHECK(TAGS(64, 0x88A8, 5, 0x8100, 5, 0x88B5).drop == Vlan, "802.1ad in front is VLAN 0: not listed");
        model_set_vlan(0, Vf, true);
        CHECK(TAGS(64, 0x88A8, 9, 0x8100, 9, 0x88B5).drop == (s ? PASSED : (unsigned)Vlan), "listed");
        set_vf(false, true, true, 5 | 3u << 13, s, false); // port VLAN 5
        struct disposition f = TAGS(64, 0x88A8, 7, 0x8100, 9, 0x88B5);
        CHECK(f.drop == (s ? PASSED : (unsigned)Vlan), "802.1ad on a port VLAN");
        static const uint8_t want[] = {0x81, 0, 0x60, 5, 0x88, 0xA8, 0, 7, 0x81, 0, 0, 9, 0x88, 0xB5};
        CHECK(!s || (f.len == 68 && memcmp(f.sent + 12, want, sizeof want) == 0), "the port VLAN's tag goes in front");
        CHECK(TAGS(64, 0x8100, 5, 0x88B5).drop == Vlan && TAGS(64, 0x8100, 5, 0x88A8, 5).drop == Vlan, "of its own");
        CHECK(TAGS(64, 0x88A8, 7, 0x8808).drop == Ctrl && TAGS(64, 0x88A8, 7, 0x8100, 9, 0x8808).drop == Ctrl,
              "0x8808 behind two tags and the port VLAN's");
    }
}

void a_vf_sends_from_its_sources_only(void) {
    uint64_t mac = mac_of(40);
    uint8_t b[128];
    fresh();
    set_vf(true, false, false, 0, false, false);
    struct vport p = vports[Other];
    p.check = true;
    model_set_vport(Other, p);
    for (unsigned bank = 0; bank < 4; bank++) {
        CHECK(SEND(Vf, away, mac).drop == Src, "not yet");
        model_add_filter(mac, WEIR_FILTER_SOURCE, Vf, Vf, bank);
        CHECK(filters[0].slot >> 9 == bank, "the bank is free");
        CHECK(SEND(Vf, away, mac).wire == 1 && SEND(Vf, away, mac_of(Vf)).wire == 1, "its own and its further one");
        CHECK(SEND(Vf, away, mac ^ 1).drop == Src && SEND(Other, away, mac).drop == Src,
              "nobody else's, for nobody else");
        model_add_filter(mac, WEIR_FILTER_SOURCE, Other, Other, bank);
        CHECK(SEND(Other, away, mac).wire == 1 && SEND(Vf, away, mac).wire == 1, "one address of two");
        // It steers nothing.
        make(b, 64, mac, mac_of(77), WORDS(0x88B5));
        CHECK(play_one(true, 0, b, 64, Off).heard[0] == 1 && SEND(Pf, mac, mac_of(Pf)).wire == 1, "a miss as ever");
        // And a filter that does lets nobody send.
        model_add_filter(mac_of(41), WEIR_FILTER_ANY_VLAN, 0, Vf, bank);
        CHECK(SEND(Vf, away, mac_of(41)).drop == Src, "a receive filter's");
        model_clear_filters();
    }
    CHECK(SEND(Vf, away, mac).drop == Src, "not any more");
    // A stale id goes as the default vPort, whose addresses count.
    model_add_filter(mac, WEIR_FILTER_SOURCE, Vf, Vf, 0);
    p = vports[0], p.check = true;
    model_set_vport(0, p);
    p = vports[Vf], p.count = 0;
    model_set_vport(Vf, p);
    CHECK(SEND(Vf, away, mac).wire == 0 && SEND(Vf, away, mac_of(0)).wire == 1, "a stale id");
}

// What comes for a guest in a VLAN that is not its own meets no filter of it: as the parent sees it, a stranger's
// frame, whole and unmarked. What was the guest's and drains is marked with its vPort and has its tag, for the parent
// to judge.
void a_forbidden_vlan_is_a_miss(void) {
    uint64_t mac = mac_of(40);
    uint8_t b[128];
    fresh();
    model_set_vlan(5, Vf, true);
    for (unsigned mode = 0; mode < 3; mode++) { // any VLAN's filter on a trunk and on a port VLAN; one of VLAN 6
        model_clear_filters();
        model_add_filter(mac, mode < 2 ? WEIR_FILTER_ANY_VLAN : WEIR_FILTER_VLAN, mode < 2 ? 0 : 6, Vf, mode);
        vports[Vf].drain = false;
        set_vf(false, true, mode == 1, 5, false, false);
        make(b, 64, mac, mac_of(77), WORDS(0x8100, 6, 0x88B5));
        struct disposition f = play_one(true, 0, b, 64, Off);
        CHECK(f.heard[Vf] == 0 && f.heard[0] == 1 && f.rx_len == 64, "mode %u: another's VLAN from the wire", mode);
        CHECK(!f.redirect && f.src == 0 && f.stripped == 0, "mode %u: marks of a miss", mode);
        f = play_one(false, Pf, b, 64, Off); // within VLAN 6 its owner is unknown: the wire may know it
        CHECK(f.wire == 1 && f.heard[Vf] == 0 && f.heard[0] == 0, "mode %u: another's VLAN from a vPort", mode);
        if (mode == 2)
            break;
        make(b, 64, mac, mac_of(77), WORDS(0x8100, 5 | 1u << 13, 0x88B5));
        f = play_one(true, 0, b, 64, Off);
        CHECK(f.heard[Vf] == 1 && f.rx_len == 60 && f.stripped == (mode ? 0 : 5 | 1u << 13), "mode %u: its own", mode);
        struct vport p = vports[Vf];
        p.drain = true;
        model_set_vport(Vf, p);
        f = play_one(true, 0, b, 64, Off);
        CHECK(f.heard[0] == 1 && f.redirect && f.src == Vf && f.rx_len == 60 && f.stripped == (5 | 1u << 13),
              "mode %u: drained with its tag told", mode);
        model_clear_filters();
        model_add_filter(mac, WEIR_FILTER_VLAN, 5, Vf, mode);
        f = play_one(true, 0, b, 64, Off);
        CHECK(f.heard[0] == 1 && f.redirect && f.src == Vf && f.rx_len == 64, "mode %u: drained with its tag", mode);
    }
}

// ---- The driver's table ----
static uint16_t some_vid(void) {
    static const uint16_t vid[] = {0, 1, 2, 5, 6, 7, 100, 101, 102, 4093, 4094, 4095};
    return vid[bench_below(12)];
}

static void any_policy(struct weir_policy *p) {
    char err[128];
    weir_policy_default(p);
    p->vlan_mode = (uint8_t)bench_below(3);
    p->stags = bench_below(2), p->spoofchk = bench_below(2), p->trust = bench_below(2);
    if (p->vlan_mode == WEIR_VLAN_PORT)
        p->tci = (uint16_t)((1 + bench_below(2) * 4) | bench_below(16) << 12);
    for (unsigned vid = bench_below(3); p->vlan_mode == WEIR_VLAN_TRUNK && p->vlan_count < 1 + bench_below(16);) {
        unsigned last = vid + bench_below(4);
        p->vlan[p->vlan_count++] = (struct weir_vlan_range){(uint16_t)vid, (uint16_t)last};
        vid = last + 1 + bench_below(p->vlan_count > 3 ? 90 : 3);
    }
    CHECK(weir_policy_check(p, err, sizeof err) == 0, "%s", err);
}

// As firmware does from the commands of the PF's driver; with `n` addresses beside its own.
static void impose(const struct weir_policy *p, unsigned n) {
    for (unsigned vid = 0; vid < 4096; vid++)
        if (vlans[vid][Vf])
            model_set_vlan(vid, Vf, false);
    if (p->vlan_mode == WEIR_VLAN_PORT)
        model_set_vlan(p->tci & 0xFFF, Vf, true);
    for (unsigned i = 0; i < p->vlan_count; i++)
        for (unsigned vid = p->vlan[i].first; vid <= p->vlan[i].last; vid++)
            model_set_vlan(vid, Vf, true);
    // Its addresses beside its own, and those of a neighbour, which are none of its business.
    model_clear_filters();
    for (unsigned i = 0; i < 6; i++) {
        model_add_filter(mac_of(2 * i), WEIR_FILTER_SOURCE, Other, Other, i % 4);
        if (i < n)
            model_add_filter(mac_of(i), WEIR_FILTER_SOURCE, Vf, Vf, i % 4);
    }
    set_vf(p->spoofchk, p->vlan_mode != WEIR_VLAN_ANY, p->vlan_mode == WEIR_VLAN_PORT, p->tci, p->stags, p->trust);
}

static unsigned any_frame(uint8_t *b) {
    static const unsigned types[] = {0x8100, 0x8100, 0x8100, 0x88A8, 0x88A8, 0x8808, 0x9100, 0x88B5};
    static const uint64_t to[] = {0x02AAAAAAAA00ULL, 0x02AAAAAAAA00ULL, 0xFFFFFFFFFFFFULL, 0x01005E000001ULL};
    unsigned word[8] = {0}, len = bench_below(4) ? 14 + bench_below(16) : 14 + bench_below(100);
    uint64_t smac = bench_below(3) ? mac_of(Vf) : mac_of(bench_below(12));
    for (unsigned i = 0; i < 7; i++)
        word[i] = i % 2 ? some_vid() | bench_below(16) << 12 : types[bench_below(8)];
    for (unsigned i = 1; i < 7; i += 2)
        word[i] = word[i] ? word[i] : 0x1000; // make() ends at 0; a drop eligible bit says nothing
    smac |= (uint64_t)(bench_below(12) == 0) << 40;
    return make(b, len, bench_below(4) ? to[bench_below(4)] : reserved + bench_below(20), smac, word);
}

void policy_is_the_drivers(void) {
    enum { Policies = 150, Each = 200 };
    static const unsigned row[] = {PASSED, Src, Ctrl, Vlan};
    unsigned seen[4] = {0}, modes[3] = {0};
    uint8_t b[128];
    fresh();
    for (unsigned n = 0; n < Policies; n++) {
        struct weir_policy p;
        any_policy(&p);
        unsigned own = bench_below(7);
        impose(&p, own);
        modes[p.vlan_mode]++;
        for (unsigned i = 0; i < Each; i++) {
            unsigned len = any_frame(b);
            struct weir_tx_offload o = {.flags = bench_below(4) == 0 ? WEIR_TX_VLAN : 0};
            o.vlan_tci = (uint16_t)(some_vid() | bench_below(16) << 12);
            uint64_t smac = 0;
            for (unsigned k = 0; k < 6; k++)
                smac = smac << 8 | b[6 + k];
            enum weir_verdict want = weir_policy_tx(&p, b, len, &o, smac == mac_of(Vf) || smac - mac_of(0) < own);
            CHECK(want <= WEIR_DROP_VLAN, "no frame of these is of a wrong size");
            struct disposition f = play_one(false, Vf, b, len, o.flags ? o.vlan_tci : Off);
            CHECK(f.drop == row[want] && f.wire == (want == WEIR_PASS),
                  "policy %u (mode %u), frame %u of %u bytes, %02x%02x.. type %02x%02x: row %u, the driver's %u", n,
                  p.vlan_mode, i, len, b[0], b[1], b[12], b[13], f.drop, row[want]);
            seen[want]++;
            if (want != WEIR_PASS)
                continue;
            // And on the wire is what the guest sent, with the descriptor's tag or its port VLAN's in front.
            bool port = p.vlan_mode == WEIR_VLAN_PORT;
            unsigned tag = o.flags || port ? 4 : 0, tci = o.flags ? o.vlan_tci : p.tci;
            CHECK(f.len == len + tag && memcmp(f.sent, b, 12) == 0 && memcmp(f.sent + 12 + tag, b + 12, len - 12) == 0,
                  "content");
            CHECK(tag == 0 ||
                      (f.sent[12] == 0x81 && f.sent[13] == 0 && f.sent[14] == tci >> 8 && f.sent[15] == (tci & 0xFF)),
                  "its tag");
        }
    }
    printf("  %u frames under %u, %u, %u policies: %u pass, dropped %u source, %u control, %u VLAN\n", Policies * Each,
           modes[0], modes[1], modes[2], seen[0], seen[1], seen[2], seen[3]);
    for (unsigned i = 0; i < 4; i++)
        CHECK(seen[i] > 1500 && (i == 3 || modes[i] > 20), "verdict or mode %u hardly came", i);
}
