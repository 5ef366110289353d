// SPDX-License-Identifier: Apache-2.0
// Acceptance tests of rules 11 that live in the switch, and the published vectors. What must come out stands in the
// tests themselves; the model checks every frame beside them.
#include "sw.h"

// ---- A3: a move raced with a frame per cycle ----
// Both inputs always have a 64-byte frame; filters, flood membership and fences move all the time. The driver checks
// that each copy is where the tables of its epoch say, model_close that there are exactly as many as they say.
static double worst_race;

static unsigned raced(unsigned moves) {
    uint64_t start;
    unsigned n = 0, most = 12;
    setup();
    traffic.odd_tags = traffic.odd_macs = traffic.ip = 0;
    start = weir_rtl_cycles(bench_model);
    while (n < moves) {
        struct frame *f;
        unsigned filter = bench_below(nfilters), dst = bench_below(most);
        int leave = (int)(1 + bench_below(most - 1)), join = (int)bench_below(most);
        for (unsigned i = 0; i < 40; i++) { // more than pass while the registers are written
            f = add_frame(bench_below(2), 64);
            if (bench_below(4)) { // most of them to the MAC that moves
                f->dmac = filters[filter].mac;
                f->tagged = f->vlan_ins = false;
            }
            f->cancel = false;
            f->smac = mac_of(f->vport);
        }
        for (unsigned i = bench_below(8); i > 0; i--)
            sw_step();
        sw_move((int)filter, dst, leave, join == leave ? -1 : join, bench_below(4) ? -1 : leave, false);
        while (sw_csr_read(WEIR_SWITCH_EVENT_POP_OFFSET) >> 31)
            ;
        n++;
    }
    sw_drain();
    double per = (double)(weir_rtl_cycles(bench_model) - start) / nframes;
    worst_race = per > worst_race ? per : worst_race;
    unsigned frames_seen = nframes;
    model_close();
    CHECK(per < 1.5, "%.2f cycles a frame: the moves were not raced", per);
    return frames_seen;
}

static void race(unsigned rounds, unsigned moves) {
    unsigned frames_seen = 0;
    for (unsigned r = 0; r < rounds; r++) {
        if (r != 0) {
            weir_rtl_free(bench_model);
            bench_model = weir_rtl_new();
        }
        frames_seen += raced(moves);
    }
    printf("  %u moves, %u frames, each with one owner; at most %.2f cycles a frame\n", rounds * moves, frames_seen,
           worst_race);
}

void a3_each_frame_has_one_owner(void) {
    race(5, 400);
}

void a3_soak(void) {
    race(250, 400);
}

// ---- A6: what is sent as a vPort that is gone goes as the default vPort's (rules 2.18) ----
void a6_stale_vport_id(void) {
    setup();
    struct vport gone = {.enable = false};
    for (unsigned i = 0; i < 30; i++) { // before, it goes as itself
        struct frame *f = add_frame(false, 64);
        f->vport = 5, f->smac = mac_of(5), f->dmac = 0x02AAAAAAAA00ULL, f->cancel = false;
    }
    model_close();
    CHECK(cnt[5][WEIR_VPORT_CNT_TX_FRAMES] == 30 && cnt[0][WEIR_VPORT_CNT_TX_FRAMES] == 0, "sent as itself");
    model_set_vport(5, gone);
    sw_move(-1, 0, 5, -1, -1, false);
    uint64_t wire = cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES];
    for (unsigned i = 0; i < 30; i++) {
        struct frame *f = add_frame(false, 64);
        f->vport = 5, f->smac = mac_of(5), f->dmac = 0x02AAAAAAAA00ULL, f->cancel = false, f->etype = 0x88B5;
        f->tagged = f->vlan_ins = false;
    }
    model_close();
    CHECK(cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == wire + 30, "none was dropped");
    CHECK(cnt[0][WEIR_VPORT_CNT_TX_FRAMES] == 30 && cnt[5][WEIR_VPORT_CNT_TX_FRAMES] == 30, "as the default vPort");
    // One that is there but off is no stale id: it may not send.
    struct vport off = vports[6];
    off.enable = false;
    model_set_vport(6, off);
    add_frame(false, 64)->vport = 6;
    frames[nframes - 1].cancel = false;
    model_close();
    CHECK(cnt[6][WEIR_VPORT_CNT_TX_DROP_VPORT] == 1, "a vPort that is off sends nothing");
}

// ---- A7: the VLAN truth table of rules 3.3-3.5 ----
void a7_vlan_truth_table(void) {
    enum { None = -1, Zero = 0, Five = 5, Six = 6 };
    static const int tags[] = {None, Zero, Five, Six};
    static const struct {
        unsigned mode, vid;
        bool match[4], strip[4];
    } row[] = {
        {0, 0, {1, 1, 1, 1}, {0, 1, 1, 1}}, // ANY_VLAN: whatever the tag, and it is taken out (3.4)
        {1, 0, {1, 1, 0, 0}, {0, 0, 0, 0}}, // UNTAGGED_OR_ZERO (3.3)
        {2, 5, {0, 0, 1, 0}, {0, 0, 0, 0}}, // VLAN 5 (3.5)
    };
    for (unsigned r = 0; r < 3; r++)
        for (unsigned t = 0; t < 4; t++)
            for (unsigned wire = 0; wire < 2; wire++) {
                weir_rtl_free(bench_model);
                bench_model = weir_rtl_new();
                setup();
                nfilters = 0;
                uint64_t mac = 0x02CAFE000001ULL;
                model_add_filter(mac, row[r].mode, row[r].vid, 4, 0);
                struct frame *f = add_frame(wire, 80);
                *f = (struct frame){.wire = wire, .len = 80, .etype = 0x88B5, .dmac = mac, .vport = wire ? 0 : 2};
                f->smac = mac_of(2), f->tagged = tags[t] != None, f->tci = (uint16_t)(tags[t] < 0 ? 0 : tags[t]);
                f->tci = (uint16_t)(f->tagged ? f->tci | 3u << 13 : 0); // a priority changes nothing
                model_close();
                unsigned got = (unsigned)cnt[4][WEIR_VPORT_CNT_RX_FRAMES];
                CHECK(got == row[r].match[t], "mode %u, tag %d: matched %u times", row[r].mode, tags[t], got);
                unsigned bytes = (unsigned)cnt[4][WEIR_VPORT_CNT_RX_BYTES];
                CHECK(!got || bytes == (row[r].strip[t] ? 76u : 80u), "mode %u, tag %d: %u bytes", row[r].mode, tags[t],
                      bytes);
                // What did not match went the way of all others.
                CHECK(got || (wire ? cnt[0][WEIR_VPORT_CNT_RX_FRAMES] : cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES]) == 1,
                      "mode %u, tag %d: nowhere", row[r].mode, tags[t]);
            }
    printf("  24 combinations\n");
}

// ---- A12: a broadcast reaches each vPort once, whatever its state, and never its sender ----
void a12_broadcast_once_in_each_state(void) {
    enum { Vf = 8, Draining = 9, Off = 10, Synthetic = 11, Moving = 4 };
    uint64_t was[NV];
    for (unsigned from = 0; from < 3; from++) { // the wire, a VF, the default vPort (for a synthetic guest)
        weir_rtl_free(bench_model);
        bench_model = weir_rtl_new();
        setup();
        for (int v = 1; v < 12; v++)
            sw_move(-1, 0, v, -1, -1, false);
        sw_move(-1, 0, -1, Vf, -1, false);
        sw_move(-1, 0, -1, Draining, -1, false);
        sw_move(-1, 0, -1, Off, -1, false);
        struct vport p = vports[Draining];
        p.drain = true;
        model_set_vport(Draining, p);
        p = vports[Off];
        p.enable = false;
        model_set_vport(Off, p);
        for (unsigned half = 0; half < 2; half++) {
            // A guest in hand-over: first with the default vPort, then on its VF.
            if (half == 1)
                sw_move(-1, 0, -1, Moving, -1, false);
            for (unsigned v = 0; v < NV; v++)
                was[v] = cnt[v][WEIR_VPORT_CNT_RX_FRAMES];
            for (unsigned i = 0; i < 20; i++) {
                struct frame *f = add_frame(from == 0, 64 + i);
                f->dmac = i % 2 ? 0xFFFFFFFFFFFFULL : 0x01005E000001ULL, f->cancel = f->tagged = f->vlan_ins = false;
                f->vport = from == 1 ? Vf : 0, f->smac = mac_of(f->vport), f->etype = 0x88B5, f->second = f->deep = 0;
                f->top = false;
                f->ip = 0;
            }
            model_close();
            for (unsigned v = 0; v < 12; v++) {
                unsigned got = (unsigned)(cnt[v][WEIR_VPORT_CNT_RX_FRAMES] - was[v]);
                // The default vPort has one for the synthetic guests and one drained back from the vPort that drains.
                unsigned want = v == 0 ? 40 : v == Vf ? (from == 1 ? 0 : 20) : v == Moving ? 20 * half : 0;
                CHECK(got == want, "from %u: vPort %u got %u of 20 broadcasts, expected %u", from, v, got, want);
            }
            if (from != 0)
                CHECK(cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES] == 20 * (half + 1), "and the wire once");
        }
    }
}

// ---- RSS: the vectors Microsoft published for the Toeplitz hash ----
static const struct {
    uint8_t ip;
    uint8_t tuple[36]; // source, destination, ports
    uint32_t addresses, ports;
} vec[] = {
    {4, {66, 9, 149, 187, 161, 142, 100, 80, 0x0A, 0xEA, 0x06, 0xE6}, 0x323e8fc2, 0x51ccc178},
    {4, {199, 92, 111, 2, 65, 69, 140, 83, 0x37, 0x96, 0x12, 0x83}, 0xd718262a, 0xc626b0ea},
    {4, {24, 19, 198, 95, 12, 22, 207, 184, 0x32, 0x62, 0x94, 0x88}, 0xd2d0a5de, 0x5c2b394a},
    {4, {38, 27, 205, 30, 209, 142, 163, 6, 0xBC, 0x64, 0x08, 0xA9}, 0x82989176, 0xafc7327f},
    {4, {153, 39, 163, 191, 202, 188, 127, 2, 0xAC, 0xDB, 0x05, 0x17}, 0x5d1809c5, 0x10e828a2},
    {6,
     {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0,    0,    0x07, 0x3f, 0xfe,
      0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0,    0,    0, 0, 0, 0, 0, 0x01, 0x0A, 0xEA, 0x06, 0xE6},
     0x2cc18cd5,
     0x40207d3d},
    {6,
     {0x3f, 0xfe, 0x05, 0x01, 0x00, 0x08, 0, 0, 0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab, 0xff, 0x02,
      0,    0,    0,    0,    0,    0,    0, 0, 0,    0,    0,    0,    0,    0x01, 0x37, 0x96, 0x12, 0x83},
     0x0f0c461c,
     0xdde51bbf},
    {6,
     {0x3f, 0xfe, 0x19, 0x00, 0x45, 0x45, 0x00, 0x03, 0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf, 0xfe, 0x80,
      0,    0,    0,    0,    0,    0,    0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf, 0xAC, 0xDB, 0x94, 0x88},
     0x4b61e985,
     0x02d1feef},
};
enum { Vectors = sizeof vec / sizeof vec[0] };

static struct frame *send_vector(unsigned i, unsigned proto, uint64_t dmac, bool tagged) {
    struct frame *f = add_frame(true, 100);
    *f = (struct frame){.wire = true, .len = 100, .ip = vec[i].ip, .ihl = 5, .proto = (uint8_t)proto};
    f->etype = f->ip == 4 ? 0x0800 : 0x86DD, f->dmac = dmac, f->tuple = vec[i].tuple;
    f->smac = mac_of(2), f->tagged = tagged, f->tci = (uint16_t)(tagged ? 9 : 0);
    return f;
}

void rss_published_vectors(void) {
    static const uint8_t proto[] = {6, 17, 1};
    setup();
    for (unsigned i = 0; i < Vectors; i++)
        for (unsigned p = 0; p < 3; p++)
            for (unsigned tag = 0; tag < 2; tag++) {
                const struct frame *f = send_vector(i, proto[p], 0x02AAAAAAAA00ULL, tag);
                model_close();
                uint32_t want = p == 2 ? vec[i].addresses : vec[i].ports;
                CHECK(f->hash == want, "vector %u protocol %u: %08x, published %08x", i, proto[p], f->hash, want);
            }
}

// ---- RSS: each vPort has a key of its own ----
// The same flows to two vPorts: one hashes them as published, the other by its own key, whatever is done to the other.
static void write_key(unsigned v, unsigned from, unsigned to, const uint8_t *key) {
    sw_csr_write(WEIR_SWITCH_VPORT_SEL_OFFSET, v);
    for (unsigned i = from; i < to; i++)
        sw_csr_write(WEIR_SWITCH_RSS_KEY_OFFSET + 4 * i, (uint32_t)key[4 * i] << 24 | (uint32_t)key[4 * i + 1] << 16 |
                                                             (uint32_t)key[4 * i + 2] << 8 | key[4 * i + 3]);
}

static void vectors_to_both(unsigned published, unsigned own) {
    for (unsigned i = 0; i < Vectors; i++) {
        const struct frame *f = send_vector(i, 6, mac_of(published), false), *g = send_vector(i, 6, mac_of(own), false);
        (void)send_vector(i, 6, 0xFFFFFFFFFFFFULL, false); // the model compares each copy with its receiver's key
        model_close();
        uint32_t want = model_toeplitz(vports[own].key, vec[i].tuple, vec[i].ip == 4 ? 12 : 36);
        CHECK(f->hash == vec[i].ports, "vector %u: %08x, published %08x", i, f->hash, vec[i].ports);
        CHECK(g->hash == want && want != vec[i].ports, "vector %u with the other key: %08x, expected %08x", i, g->hash,
              want);
    }
}

void rss_keys_are_per_vport(void) {
    enum { Published = 4, Own = 9 };
    uint8_t key[40];
    setup();
    sw_move(-1, 0, -1, Published, -1, false);
    sw_move(-1, 0, -1, Own, -1, false);
    for (unsigned i = 0; i < 40; i++)
        vports[Own].key[i] = (uint8_t)bench_rand(), key[i] = (uint8_t)bench_rand();
    model_set_vport(Own, vports[Own]);
    vectors_to_both(Published, Own);
    // Nine words of the next key are no key yet.
    write_key(Own, 0, 9, key);
    vectors_to_both(Published, Own);
    write_key(Own, 0, 10, key);
    memcpy(vports[Own].key, key, sizeof key);
    vectors_to_both(Published, Own);
    // While frames for one pass, the other's key changes.
    for (unsigned i = 0; i < 300; i++)
        (void)send_vector(i % Vectors, 17, mac_of(Published), false);
    for (unsigned n = 0; n < 8; n++) {
        for (unsigned i = 0; i < 40; i++)
            vports[Own].key[i] = (uint8_t)bench_rand();
        write_key(Own, 0, 10, vports[Own].key);
    }
    CHECK(rx_frames_seen > 0 && !sw_quiet(), "the key was not changed under traffic");
    model_close();
    for (unsigned id = nframes - 300; id < nframes; id++)
        CHECK(frames[id].hash == vec[(id - (nframes - 300)) % Vectors].ports, "frame %u: %08x", id, frames[id].hash);
    // What drains is the default vPort's and spread by its key.
    vports[Own].drain = true;
    model_set_vport(Own, vports[Own]);
    const struct frame *f = send_vector(0, 6, mac_of(Own), false);
    model_close();
    CHECK(f->hash == vec[0].ports && cnt[0][WEIR_VPORT_CNT_RX_REDIRECT_IN] == 1, "drained: %08x", f->hash);
}

// ---- RSS: a table that leads beyond the vPort's queue pairs reaches nobody else's ----
void rss_entries_beyond_reach_nobody(void) {
    enum { Stale = 9 };
    setup();
    for (unsigned beyond = 0; beyond < 3; beyond++) {
        for (unsigned i = 0; i < 128; i++)
            vports[Stale].table[i] = (uint8_t)(beyond == 0 ? vports[Stale].count : beyond == 1 ? 255 : 8 + i % 64);
        model_set_vport(Stale, vports[Stale]);
        for (unsigned i = 0; i < Vectors; i++)
            (void)send_vector(i, 6, mac_of(Stale), false); // the driver checks each copy's queue pair
        model_close();
    }
    CHECK(cnt[Stale][WEIR_VPORT_CNT_RX_FRAMES] == 3 * Vectors, "they are its own all the same");
}

// ---- Flood to 64 VFs: how long a frame of somebody else waits behind it ----
// Order is the pipeline's, so a frame behind a broadcast leaves behind its copies: copies times beats cycles, no more.
void flood_to_64_delays_others_by_its_copies(void) {
    static const unsigned lens[] = {64, 1514, WEIR_MAX_FRAME};
    enum { Members = 64, Other = 100, Slack = 24 };
    for (unsigned i = 0; i < 3; i++) {
        weir_rtl_free(bench_model);
        bench_model = weir_rtl_new();
        sw_reset_bench(bench_model, bench_rand());
        traffic = traffic_usual;
        for (unsigned v = 0; v <= Other; v++) {
            struct vport p = {.enable = true, .vf = true, .base = (uint16_t)v, .count = 1, .mac = mac_of(v)};
            if (v == 0 || v == Other)
                p.vf = false;
            else if (v > Members)
                continue;
            model_set_vport(v, p);
            if (v != 0 && v <= Members)
                sw_move(-1, 0, -1, (int)v, -1, false);
        }
        model_add_filter(mac_of(Other), 1, 0, Other, 0);
        sw_drain();
        uint64_t start = weir_rtl_cycles(bench_model), seen = rx_frames_seen;
        for (unsigned k = 0; k < 2; k++) {
            struct frame *f = add_frame(true, k ? 64 : lens[i]);
            *f = (struct frame){.wire = true, .len = f->len, .etype = 0x88B5, .smac = mac_of(200)};
            f->dmac = k ? mac_of(Other) : 0xFFFFFFFFFFFFULL;
        }
        while (cnt[Other][WEIR_VPORT_CNT_RX_FRAMES] == 0)
            sw_step();
        unsigned beats = (lens[i] + 63) / 64, wait = (unsigned)(weir_rtl_cycles(bench_model) - start) - beats;
        CHECK(rx_frames_seen - seen == Members + 2, "64 VFs, the default vPort and the other's own");
        printf("  behind a %4u-byte broadcast to 65 vPorts: %u cycles, bound %u\n", lens[i], wait,
               (Members + 1) * beats + Slack);
        CHECK(wait <= (Members + 1) * beats + Slack, "the frame behind waits too long");
        model_close();
    }
}
