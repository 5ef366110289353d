// SPDX-License-Identifier: Apache-2.0
// Two paths, one policy (threats T13, T15, T28): twins, one on its VF and one on the synthetic path, send and get the
// same frames under the same policy, changed at random, and change places now and then. Each frame has the same
// disposition on both with the same reason: NetVSP's software and the card's switch are checked against each other.
// test_paths <case> [seed]
#include <errno.h>

#include "failover_world.h"

#define TWINS 2u
#define BATCH 24u
#define FRAMES 2400u // each way, or as many as WEIR_SOAK says
#define MAX_LEN 256u
#define ROOM 4096u

static const uint8_t twin_mac[6] = {0x02, 0, 0, 0, 1, 0}, peer[6] = {0x02, 0, 0, 0, 0, 0x99};

struct heard {
    uint8_t frame[MAX_LEN];
    size_t len;
};

// What came of each twin: at the wire from it, at its stack.
static struct {
    struct heard list[ROOM];
    unsigned count;
} sent[TWINS], got[TWINS];

static uint64_t frames_sent, frames_passed, frames_got;

static struct heard *room(struct heard *list, unsigned *count, const uint8_t *frame, size_t len) {
    struct heard *h = &list[*count];
    CHECK(*count < ROOM && len <= MAX_LEN, "more came than was sent");
    (*count)++;
    memcpy(h->frame, frame, len);
    h->len = len;
    return h;
}

static void on_guest(struct fw *f, unsigned guest, const uint8_t *frame, size_t len) {
    (void)f;
    struct heard *h = room(got[guest].list, &got[guest].count, frame, len);
    if (memcmp(h->frame, twin_mac, 5) == 0)
        h->frame[5] = 0; // as if both were one
}

// A twin's frames are told apart by the address that its own MAC would have been, and which both may forge.
static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    unsigned twin = frame[11];
    struct heard *h;
    (void)ctx;
    (void)cycle;
    CHECK(twin < TWINS, "a frame of nobody's is on the wire");
    h = room(sent[twin].list, &sent[twin].count, frame, len);
    h->frame[11] = 0;
}

// ---- policies ----

static void random_policy(struct fw *f) {
    static const char *const vlans[] = {"any",       "any",    "trunk:0,5,7", "trunk:5-41",
                                        "port:42:3", "port:5", "trunk:0-4094"};
    struct weir_policy p;
    char err[200] = "";
    weir_policy_default(&p);
    CHECK(weir_policy_set(&p, "vlan", vlans[world_rand() % 7], err, sizeof(err)) == 0, "%s", err);
    p.stags = world_rand() % 2 != 0;
    p.spoofchk = world_rand() % 4 != 0;
    p.trust = world_rand() % 4 == 0;
    for (unsigned i = 0; i < TWINS; i++) {
        int ret = weir_vstack_guest_set(f->vs, (unsigned)f->guest[i].id, &p);
        CHECK(ret == 0, "policy refused for guest %u: %s", i, strerror(-ret));
    }
}

// ---- frames ----

static void put16(uint8_t *at, unsigned v) {
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

// Tags, type and payload from byte 12 on, cut anywhere; returns the length.
static size_t random_rest(uint8_t *f, unsigned shortest) {
    static const uint16_t vids[] = {0, 5, 7, 42, 43, 41, 4095, 0xE005, 0x6000, 0x3FFF, 1, 4094};
    unsigned at = 12, tags = world_rand() % 3 == 0 ? world_rand() % 5 : world_rand() % 2;
    size_t len = shortest < 60 && world_rand() % 6 == 0 ? shortest + world_rand() % 16 : 60 + world_rand() % 100;
    for (unsigned i = 12; i < MAX_LEN; i++)
        f[i] = (uint8_t)world_rand();
    for (unsigned i = 0; i < tags; i++, at += 4) {
        put16(f + at, world_rand() % 4 == 0 ? 0x88A8 : 0x8100);
        put16(f + at + 2, vids[world_rand() % 12]);
    }
    put16(f + at, world_rand() % 8 == 0 ? 0x8808 : 0x88B5);
    return len < shortest ? shortest : len;
}

static void random_group(uint8_t *f) {
    static const uint8_t base[6] = {0x01, 0x80, 0xC2, 0, 0, 0};
    memcpy(f, base, 6);
    f[5] = (uint8_t)(world_rand() % 0x14);
    if (world_rand() % 2 == 0)
        memset(f, 0xFF, 6);
    else if (world_rand() % 4 == 0)
        f[0] = 0x33;
}

// Out of a twin: to the wire's other end or a group; its source its own, a stranger's, a group's.
static size_t outgoing(uint8_t *f, struct weir_tx_offload *o) {
    memcpy(f, peer, 6);
    if (world_rand() % 6 == 0)
        random_group(f);
    memcpy(f + 6, twin_mac, 6);
    if (world_rand() % 6 == 0)
        f[8] = 0x77;
    if (world_rand() % 12 == 0)
        f[6] |= 1;
    *o = (struct weir_tx_offload){0};
    if (world_rand() % 6 == 0)
        *o = (struct weir_tx_offload){.flags = WEIR_TX_VLAN, .vlan_tci = (uint16_t)(world_rand() % 2 != 0 ? 5 : 42)};
    return random_rest(f, WEIR_MIN_FRAME);
}

// ---- running ----

static void poll_all(struct fw *f, unsigned rounds) {
    for (unsigned i = 0; i < rounds; i++)
        fw_step(f, 60);
}

// Until nothing moves any more: no wall clock, only the card's.
static void settle(struct fw *f) {
    unsigned quiet = 0;
    for (unsigned rounds = 0; quiet < 12; rounds++) {
        unsigned before = 0, after = 0, waiting = wire_queued(card_wire(f->w.card));
        CHECK(rounds < 4000, "traffic does not end");
        for (unsigned i = 0; i < TWINS; i++)
            before += sent[i].count + got[i].count;
        poll_all(f, 2);
        for (unsigned i = 0; i < TWINS; i++) {
            after += sent[i].count + got[i].count;
            waiting += weir_netvsc_tx_waiting(f->guest[i].sc);
        }
        quiet = before != after || waiting != 0 ? 0 : quiet + 1;
    }
}

struct disposition {
    uint64_t spoof, ctrl, vlan, rx_vlan;
};

// By its path: the VF's vPort, or NetVSP's port. What the card gave NetVSP for a guest on its VF is counted there, too.
static struct disposition disposition_of(struct fw *f, unsigned twin) {
    unsigned id = (unsigned)f->guest[twin].id;
    const struct weir_netvsp_port_stats *s =
        weir_netvsp_port_stats(weir_vstack_netvsp(f->vs), (unsigned)weir_vstack_port(f->vs, id));
    struct disposition r = {s->tx_drop_spoof, s->tx_drop_ctrl, s->tx_drop_vlan, s->rx_drop_vlan};
    uint64_t value[32] = {0};
    if (weir_vstack_vport(f->vs, id) >= 0) {
        CHECK(weir_pf_counters(f->w.pf, (unsigned)weir_vstack_vport(f->vs, id), value) == 0, "no counters");
        r.spoof += value[WEIR_VPORT_CNT_TX_DROP_SRC_MAC];
        r.ctrl += value[WEIR_VPORT_CNT_TX_DROP_CTRL];
        r.vlan += value[WEIR_VPORT_CNT_TX_DROP_VLAN];
    }
    CHECK(s->rx_drop_path == 0, "the card gave the parent %" PRIu64 " frames that are guest %u's VF's", s->rx_drop_path,
          twin);
    return r;
}

static void print_frame(const char *what, const uint8_t *f, size_t len) {
    printf("%s (%zu):", what, len);
    for (size_t i = 0; i < len && i < 30; i++)
        printf(" %02x", f[i]);
    printf("\n");
}

static int by_bytes(const void *a_, const void *b_) {
    const struct heard *a = a_, *b = b_;
    return a->len != b->len ? (a->len < b->len ? -1 : 1) : memcmp(a->frame, b->frame, a->len);
}

// Of two flows either may be first: they have queues of their own on the VF. Order within one is for system.failover.
static void same_list(const char *where, struct heard *a, unsigned na, struct heard *b, unsigned nb) {
    qsort(a, na, sizeof(*a), by_bytes);
    qsort(b, nb, sizeof(*b), by_bytes);
    for (unsigned i = 0; i < na || i < nb; i++) {
        if (i < na && i < nb && a[i].len == b[i].len && memcmp(a[i].frame, b[i].frame, a[i].len) == 0)
            continue;
        if (i < na)
            print_frame("twin 0", a[i].frame, a[i].len);
        if (i < nb)
            print_frame("twin 1", b[i].frame, b[i].len);
        CHECK(false, "%s: frame %u of %u and %u differs between the paths", where, i, na, nb);
    }
}

// Sends the same from both twins; a frame that an adapter refuses is refused by the other, too.
static void batch_out(struct fw *f) {
    struct disposition before[TWINS], after[TWINS], d[TWINS];
    for (unsigned i = 0; i < TWINS; i++)
        before[i] = disposition_of(f, i);
    for (unsigned n = 0; n < BATCH; n++) {
        uint8_t frame[MAX_LEN];
        struct weir_tx_offload o;
        size_t len = outgoing(frame, &o);
        int ret[TWINS];
        for (unsigned i = 0; i < TWINS; i++) {
            frame[11] = (uint8_t)i;
            while ((ret[i] = weir_netvsc_send_offload(f->guest[i].sc, frame, len, &o)) == -EAGAIN)
                poll_all(f, 1);
        }
        CHECK(ret[0] == ret[1], "one adapter says %d, the other %d", ret[0], ret[1]);
        frames_sent += ret[0] == 0 ? 1 : 0;
    }
    settle(f);
    same_list("on the wire", sent[0].list, sent[0].count, sent[1].list, sent[1].count);
    for (unsigned i = 0; i < TWINS; i++) {
        after[i] = disposition_of(f, i);
        d[i] = (struct disposition){after[i].spoof - before[i].spoof, after[i].ctrl - before[i].ctrl,
                                    after[i].vlan - before[i].vlan, 0};
    }
    CHECK(memcmp(&d[0], &d[1], sizeof(d[0])) == 0,
          "reasons differ: spoof %" PRIu64 " %" PRIu64 ", control %" PRIu64 " %" PRIu64 ", VLAN %" PRIu64 " %" PRIu64,
          d[0].spoof, d[1].spoof, d[0].ctrl, d[1].ctrl, d[0].vlan, d[1].vlan);
    frames_passed += sent[0].count;
    // Of a batch nothing else may have been heard: groups go to the other twin as well.
    sent[0].count = sent[1].count = 0;
    got[0].count = got[1].count = 0;
}

static void batch_in(struct fw *f) {
    struct disposition before[TWINS], after[TWINS];
    for (unsigned i = 0; i < TWINS; i++)
        before[i] = disposition_of(f, i);
    for (unsigned n = 0; n < BATCH; n++) {
        uint8_t frame[MAX_LEN];
        size_t len = random_rest(frame, 60);
        bool group = world_rand() % 3 == 0;
        memcpy(frame, twin_mac, 6);
        memcpy(frame + 6, peer, 6);
        if (group)
            random_group(frame);
        for (unsigned i = 0; i < (group ? 1 : TWINS); i++) {
            if (!group)
                frame[5] = (uint8_t)i;
            CHECK(wire_send(card_wire(f->w.card), frame, len, false) == 0, "the wire is full");
        }
    }
    settle(f);
    same_list("at the guests", got[0].list, got[0].count, got[1].list, got[1].count);
    for (unsigned i = 0; i < TWINS; i++)
        after[i] = disposition_of(f, i);
    CHECK(after[0].rx_vlan - before[0].rx_vlan <= BATCH && after[1].rx_vlan - before[1].rx_vlan <= BATCH,
          "more dropped than there were");
    frames_got += got[0].count;
    got[0].count = got[1].count = 0;
}

static void open_twins(struct fw *f, uint64_t seed) {
    fw_open(f, seed, NULL);
    f->heard = on_guest;
    wire_set_rx(card_wire(f->w.card), on_wire, f);
    wire_set_rate(card_wire(f->w.card), 1, 50);
    for (unsigned i = 0; i < TWINS; i++)
        fw_guest_add(f, i);
    fw_run(f, 20000);
}

static void every_frame_has_one_disposition_on_both(uint64_t seed) {
    const char *soak = getenv("WEIR_SOAK");
    unsigned frames = soak != NULL ? (unsigned)strtoul(soak, NULL, 0) : FRAMES;
    unsigned on_vf = 0, moves = 0;
    struct fw f;
    open_twins(&f, seed);
    fw_attach(&f, on_vf);
    for (unsigned n = 0; n < frames; n += BATCH) {
        if (world_rand() % 16 == 0) {
            fw_detach(&f, on_vf);
            on_vf = 1 - on_vf;
            fw_attach(&f, on_vf);
            moves++;
        }
        if (world_rand() % 2 == 0)
            random_policy(&f);
        batch_out(&f);
        batch_in(&f);
    }
    printf("%" PRIu64 " frames out of each twin, %" PRIu64 " passed; %u in for each, %" PRIu64
           " passed; places changed %u times\n",
           frames_sent, frames_passed, frames, frames_got, moves);
    CHECK(frames_passed > frames / 8 && frames_passed < frames_sent && frames_got > frames / 8, "a test of nothing");
    fw_close(&f);
}

// A guest's own VLANs work on its VF as before it: unicast and flooded, both ways, with the tag where it was, at once
// and not with the next detach.
static void tagged_frames_live_on_both(uint64_t seed) {
    struct fw f;
    open_twins(&f, seed);
    for (unsigned round = 0; round < 3; round++) {
        if (round == 1)
            fw_attach(&f, 0);
        if (round == 2)
            fw_detach(&f, 0);
        for (unsigned vid = 0; vid < 4095; vid += 585) {
            uint8_t frame[64] = {0};
            const struct weir_tx_offload none = {0};
            put16(frame + 12, 0x8100);
            put16(frame + 14, vid | 0x4000);
            put16(frame + 16, 0x88B5);
            frame[18] = (uint8_t)vid;
            memcpy(frame, twin_mac, 6);
            memcpy(frame + 6, peer, 6);
            CHECK(wire_send(card_wire(f.w.card), frame, 64, false) == 0, "the wire is full");
            settle(&f);
            CHECK(got[0].count == 1 && got[0].list[0].len == 64 && memcmp(got[0].list[0].frame, frame, 64) == 0,
                  "round %u: unicast of VLAN %u came %u times, or changed", round, vid, got[0].count);
            memset(frame, 0xFF, 6);
            CHECK(wire_send(card_wire(f.w.card), frame, 64, false) == 0, "the wire is full");
            settle(&f);
            CHECK(got[0].count == 2 && memcmp(got[0].list[1].frame, frame, 64) == 0,
                  "round %u: broadcast of VLAN %u came %u times, or changed", round, vid, got[0].count - 1);
            memcpy(frame, peer, 6);
            memcpy(frame + 6, twin_mac, 6);
            CHECK(weir_netvsc_send_offload(f.guest[0].sc, frame, 64, &none) == 0, "not sent");
            settle(&f);
            CHECK(sent[0].count == 1 && memcmp(sent[0].list[0].frame, frame, 64) == 0,
                  "round %u: VLAN %u does not leave", round, vid);
            sent[0].count = got[0].count = got[1].count = 0;
        }
    }
    fw_close(&f);
}

// What a guest learned on one path it has on the other: its further addresses are reached and may send there.
static void further_addresses_move_along(uint64_t seed) {
    struct weir_policy p;
    struct fw f;
    open_twins(&f, seed);
    weir_policy_default(&p);
    p.learn = true;
    p.max_mac = 4;
    CHECK(weir_vstack_guest_set(f.vs, (unsigned)f.guest[0].id, &p) == 0, "no policy");
    for (unsigned round = 0; round < 4; round++) {
        if (round == 1)
            fw_attach(&f, 0);
        if (round == 2)
            fw_detach(&f, 0);
        if (round == 3)
            fw_attach(&f, 0);
        for (unsigned n = 0; n < 5; n++) { // its own, three more, and one too many
            uint8_t frame[64] = {0};
            const struct weir_tx_offload none = {0};
            unsigned passed = n < 4 ? 1 : 0;
            put16(frame + 12, 0x88B5);
            memcpy(frame, peer, 6);
            memcpy(frame + 6, twin_mac, 6);
            frame[9] = (uint8_t)n;
            CHECK(weir_netvsc_send_offload(f.guest[0].sc, frame, 64, &none) == 0, "not sent");
            settle(&f);
            CHECK(sent[0].count == passed, "round %u: address %u sent %u", round, n, sent[0].count);
            memcpy(frame, frame + 6, 6);
            memcpy(frame + 6, peer, 6);
            CHECK(wire_send(card_wire(f.w.card), frame, 64, false) == 0, "the wire is full");
            settle(&f);
            CHECK(got[0].count == passed, "round %u: address %u got %u", round, n, got[0].count);
            // From the other guest, which is on the synthetic path, and not by way of the wire.
            memcpy(frame + 6, twin_mac, 6);
            frame[11] = 1;
            CHECK(weir_netvsc_send_offload(f.guest[1].sc, frame, 64, &none) == 0, "not sent");
            settle(&f);
            CHECK(got[0].count == 2 * passed && sent[1].count == 1 - passed,
                  "round %u: the neighbour reaches address %u %u times, %u on the wire", round, n, got[0].count,
                  sent[1].count);
            sent[0].count = sent[1].count = got[0].count = 0;
        }
    }
    fw_close(&f);
}

// Keeps the first twin's adapter full; the bytes of its that came to the wire meanwhile.
static uint64_t send_for(struct fw *f, uint64_t cycles) {
    uint64_t end = fw_cycle(f) + cycles, bytes = 0;
    while (fw_cycle(f) < end) {
        uint8_t frame[MAX_LEN] = {0};
        const struct weir_tx_offload none = {0};
        memcpy(frame, peer, 6);
        memcpy(frame + 6, twin_mac, 6);
        put16(frame + 12, 0x88B5);
        while (weir_netvsc_tx_waiting(f->guest[0].sc) < 200 &&
               weir_netvsc_send_offload(f->guest[0].sc, frame, sizeof(frame), &none) == 0) {
        }
        poll_all(f, 1);
        bytes += (uint64_t)sent[0].count * MAX_LEN;
        sent[0].count = 0;
    }
    return bytes;
}

// 2,000 Mb/s are a byte a cycle. A guest that has always something to send gets that much, whatever its path, and no
// more after its VF was taken and given again.
static void a_rate_holds_on_both(uint64_t seed) {
    struct weir_policy p;
    struct fw f;
    open_twins(&f, seed);
    weir_policy_default(&p);
    p.rate_mbps = 2000;
    CHECK(weir_vstack_guest_set(f.vs, (unsigned)f.guest[0].id, &p) == 0, "no policy");
    for (unsigned round = 0; round < 4; round++) {
        uint64_t begin, bytes = 0, cycles, percent;
        if (round == 1 || round == 3)
            fw_attach(&f, 0);
        if (round == 2)
            fw_detach(&f, 0);
        sent[0].count = 0;
        // What was saved up goes first: 4 ms of the rate.
        send_for(&f, 1200000);
        begin = fw_cycle(&f);
        bytes = send_for(&f, 400000);
        cycles = fw_cycle(&f) - begin;
        percent = bytes * 100 / cycles;
        printf("round %u: %" PRIu64 " bytes in %" PRIu64 " cycles, %" PRIu64 " %% of the rate\n", round, bytes, cycles,
               percent);
        CHECK(percent >= 90 && percent <= 110, "round %u: %" PRIu64 " %% of the rate", round, percent);
    }
    fw_close(&f);
}

static const struct {
    const char *name;
    void (*run)(uint64_t seed);
} cases[] = {
    {"every_frame_has_one_disposition_on_both", every_frame_has_one_disposition_on_both},
    {"tagged_frames_live_on_both", tagged_frames_live_on_both},
    {"further_addresses_move_along", further_addresses_move_along},
    {"a_rate_holds_on_both", a_rate_holds_on_both},
};

int main(int argc, char **argv) {
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    for (unsigned i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run(seed);
            printf("%s: ok\n", argv[1]);
            return 0;
        }
    fprintf(stderr, "usage: test_paths CASE [SEED]\n");
    return 2;
}
