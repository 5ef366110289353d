// SPDX-License-Identifier: Apache-2.0
// vPorts and their steering through driver, firmware and RTL: a queue of its own for a guest without VF, who may listen
// to others, what a deleted vPort still gets, and keys of the spread. Each frame's way through the switch has its own
// benches.
#include <errno.h>

#include "world.h"

enum { Vfs = 3, PfVport = 3, MacLen = 6 };
static const uint8_t mac[3][MacLen] = {{0x02, 0, 0, 0, 0, 0x10}, {0x02, 0, 0, 0, 0, 0x11}, {0x02, 0, 0, 0, 0, 0x12}},
                     peer[MacLen] = {0x02, 0, 0, 0, 0, 0x99};
static struct world w;
static struct weir_vf *vf[2];
static struct weir_qp *pf_qp; // of the PF's own vPort
static struct sink {
    unsigned frames, fences;
    uint32_t hash;
} on_vf[2], on_pf, on_own;
static unsigned on_wire;

static void from_card(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)frame;
    (void)len;
    (void)cycle;
    on_wire++;
}

static void from_ring(void *ctx, const void *frame, const struct weir_rx_info *info) {
    struct sink *s = ctx;
    (void)frame;
    s->frames += !info->fence;
    s->fences += info->fence;
    s->hash = info->hash;
}

static void poll_rings(void) {
    for (unsigned v = 0; v < 2; v++)
        for (unsigned i = 0; vf[v] != NULL && i < weir_vf_num_qps(vf[v]); i++)
            weir_qp_poll(weir_vf_qp(vf[v], i), 512, from_ring, NULL, &on_vf[v]);
    weir_qp_poll(weir_pf_qp(w.pf, 0), 512, from_ring, NULL, &on_pf);
    if (pf_qp != NULL)
        weir_qp_poll(pf_qp, 512, from_ring, NULL, &on_own);
}

static void run(void) {
    do
        world_settle(&w);
    while (wire_queued(card_wire(w.card)) != 0);
    poll_rings();
}

static void forget(void) {
    memset(on_vf, 0, sizeof(on_vf));
    on_pf = on_own = (struct sink){0};
    on_wire = 0;
}

// VF n on vPort n + 1, each with its MAC's filter n + 1; VF 0 with rings of 2^rings_log2 entries.
static void begin_with(uint8_t rings_log2) {
    char err[160];
    world_open(&w, Vfs);
    wire_set_rx(card_wire(w.card), from_card, NULL);
    for (unsigned v = 0; v < 2; v++) {
        CHECK(weir_pf_alloc_vf(w.pf, (int)v, mac[v], "steer") == (int)v, "alloc");
        CHECK(weir_pf_create_vport(w.pf, v + 1, v, 2, WEIR_VPORT_CHECK_SRC, "steer") == 0, "vport");
        struct weir_vf_config cfg = {
            .tx_log2 = v == 0 ? rings_log2 : 6, .rx_log2 = v == 0 ? rings_log2 : 8, .buf_bytes = 2048};
        CHECK(weir_vf_open(weir_inproc_open(w.ip, v + 1), &cfg, &vf[v], err, sizeof(err)) == 0, "%s", err);
        CHECK(weir_pf_set_filter(w.pf, v + 1, v + 1, mac[v], WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    }
}

static void begin(void) {
    begin_with(8);
}

static void end(void) {
    for (unsigned v = 0; v < 2; v++) {
        struct weir_get_vport_rsp rsp;
        weir_vf_close(vf[v]);
        vf[v] = NULL;
        if (weir_pf_get_vport(w.pf, v + 1, &rsp) == 0)
            CHECK(weir_pf_clear_filter(w.pf, v + 1) == 0 && weir_pf_delete_vport(w.pf, v + 1) == 0, "delete");
        CHECK(weir_pf_free_vf(w.pf, v) == 0, "free");
    }
    world_close(&w);
}

static uint64_t counter(unsigned vport, unsigned which) {
    uint64_t c[32];
    CHECK(weir_pf_counters(w.pf, vport, c) == 0, "counters");
    return c[which];
}

static void fill(uint8_t *f, unsigned len, const uint8_t *dst, const uint8_t *src) {
    for (unsigned i = 12; i < len; i++)
        f[i] = (uint8_t)world_rand();
    memcpy(f, dst, MacLen);
    memcpy(f + MacLen, src, MacLen);
    f[12] = 0x88, f[13] = 0xB5;
}

static void from_wire(const uint8_t *dst) {
    uint8_t f[100];
    fill(f, sizeof(f), dst, peer);
    CHECK(wire_send(card_wire(w.card), f, sizeof(f), false) == 0, "wire queue full");
}

static void send(struct weir_qp *qp, const uint8_t *dst, const uint8_t *src) {
    uint8_t f[100];
    fill(f, sizeof(f), dst, src);
    CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "send");
    weir_qp_ring_doorbell(qp);
}

// Rules 2.5, 2.6, 2.19, 3.14, 5.4: a nondefault vPort of the PF has queue pairs of its own, so the ring says for which
// guest a frame is; born off, it is turned on once; without it its guest's frames come to the default vPort again.
static void pf_vport_has_its_own_ring(void) {
    struct weir_get_vport_rsp v;
    struct weir_qp_config qc = {.vport = PfVport, .tx_log2 = 4, .rx_log2 = 6, .vector = 1, .buf_bytes = 2048};
    begin();
    from_wire(mac[2]);
    run();
    CHECK(on_pf.frames == 1, "without a vPort of its own");
    CHECK(weir_pf_create_vport(w.pf, PfVport, WEIR_VPORT_NO_VF, 1, 0, "synthetic") == 0, "vport");
    CHECK(weir_pf_get_vport(w.pf, PfVport, &v) == 0 && v.state == WEIR_VPORT_DEACTIVATED, "born off");
    qc.qp = v.qp_base;
    CHECK(weir_qp_open(weir_pf_dev(w.pf), &qc, &pf_qp) == 0, "queue pair");
    CHECK(weir_pf_set_filter(w.pf, 9, PfVport, mac[2], WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    forget();
    from_wire(mac[2]);
    send(pf_qp, peer, mac[2]);
    run();
    CHECK(on_own.frames == 0 && on_pf.frames == 0 && on_wire == 0, "a vPort that is off");
    CHECK(counter(PfVport, WEIR_VPORT_CNT_RX_DROP_VPORT) == 1 && counter(PfVport, WEIR_VPORT_CNT_TX_DROP_VPORT) == 1,
          "counted as off");
    CHECK(weir_pf_activate_vport(w.pf, PfVport) == 0, "activate");
    from_wire(mac[2]);
    send(weir_vf_qp(vf[0], 0), mac[2], mac[0]); // a guest on a VF reaches it inside the card
    send(pf_qp, mac[1], mac[2]);
    send(pf_qp, peer, mac[2]);
    run();
    CHECK(on_own.frames == 2 && on_pf.frames == 0 && on_vf[1].frames == 1 && on_wire == 1, "%u, %u, %u, %u",
          on_own.frames, on_pf.frames, on_vf[1].frames, on_wire);
    CHECK(counter(PfVport, WEIR_VPORT_CNT_TX_FRAMES) == 3, "sent as itself");
    CHECK(weir_pf_delete_vport(w.pf, PfVport) == -EBUSY, "deleted with a filter");
    CHECK(weir_pf_clear_filter(w.pf, 9) == 0 && weir_pf_delete_vport(w.pf, PfVport) == 0, "delete");
    weir_qp_close(pf_qp);
    pf_qp = NULL;
    from_wire(mac[2]);
    run();
    CHECK(on_pf.frames == 1, "and again without");
    end();
}

// Rules 3.17, threat T14: only trusted vPorts listen to others, and their own frames are checked as before.
static void only_trusted_vports_listen(void) {
    begin();
    CHECK(weir_pf_set_vport_flags(w.pf, 2, WEIR_VPORT_CHECK_SRC | WEIR_VPORT_PROMISC) == -EPERM, "promiscuous");
    CHECK(weir_pf_mirror(w.pf, 1, 2, true) == -EPERM, "mirror");
    from_wire(mac[0]);
    run();
    CHECK(on_vf[0].frames == 1 && on_vf[1].frames == 0, "an untrusted VF listens");
    CHECK(weir_pf_set_vport_flags(w.pf, 2, WEIR_VPORT_CHECK_SRC | WEIR_VPORT_TRUSTED | WEIR_VPORT_PROMISC) == 0,
          "trust");
    forget();
    from_wire(mac[0]);
    from_wire(peer);                          // nobody's: the default vPort's
    send(weir_vf_qp(vf[0], 0), peer, mac[0]); // out
    run();
    CHECK(on_vf[0].frames == 1 && on_pf.frames == 1 && on_wire == 1 && on_vf[1].frames == 3,
          "promiscuous: heard %u of 3, owners %u %u %u", on_vf[1].frames, on_vf[0].frames, on_pf.frames, on_wire);
    send(weir_vf_qp(vf[1], 0), peer, mac[0]); // as somebody else
    run();
    CHECK(on_wire == 1 && counter(2, WEIR_VPORT_CNT_TX_DROP_SRC_MAC) == 1, "trust is no leave to spoof");
    CHECK(weir_pf_set_vport_flags(w.pf, 2, WEIR_VPORT_CHECK_SRC | WEIR_VPORT_TRUSTED) == 0, "receive mask off");
    CHECK(weir_pf_mirror(w.pf, 1, 2, true) == 0, "mirror");
    forget();
    from_wire(mac[0]);
    from_wire(peer);
    send(weir_vf_qp(vf[0], 0), peer, mac[0]);
    run();
    CHECK(on_vf[0].frames == 1 && on_pf.frames == 1 && on_wire == 1 && on_vf[1].frames == 2,
          "mirror: heard %u of 2, owners %u %u %u", on_vf[1].frames, on_vf[0].frames, on_pf.frames, on_wire);
    CHECK(weir_pf_set_vport_flags(w.pf, 2, WEIR_VPORT_CHECK_SRC) == 0, "trust ends");
    forget();
    from_wire(mac[0]);
    run();
    CHECK(on_vf[0].frames == 1 && on_vf[1].frames == 0, "the mirror outlives the trust");
    end();
}

// Rules 2.17, 3.7, 3.8: nothing without a filter; and with frames on their way to a vPort that is deleted, each comes
// to it before the deletion is over, to the default vPort, or is counted; afterwards nothing comes any more.
static void a_deleted_vport_gets_nothing(void) {
    enum { Frames = 3000, Long = 1500 };
    static uint8_t f[Long];
    unsigned before;
    begin();
    CHECK(weir_pf_clear_filter(w.pf, 2) == 0, "clear");
    from_wire(mac[1]);
    run();
    CHECK(on_vf[1].frames == 0 && on_pf.frames == 1, "indicated without a filter");
    CHECK(weir_pf_set_filter(w.pf, 2, 2, mac[1], WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    from_wire(mac[1]);
    run();
    CHECK(on_vf[1].frames == 1 && on_pf.frames == 1, "and again with one");
    forget();
    for (unsigned i = 0; i < Frames; i++) {
        fill(f, Long, mac[0], peer);
        CHECK(wire_send(card_wire(w.card), f, Long, false) == 0, "wire queue full");
    }
    card_step(w.card, 3000, false);
    CHECK(weir_pf_clear_filter(w.pf, 1) == 0 && weir_pf_delete_vport(w.pf, 1) == 0, "delete");
    CHECK(wire_queued(card_wire(w.card)) > 20, "the frames did not last for the deletion");
    poll_rings();
    before = on_vf[0].frames;
    for (unsigned i = 0; i < 20; i++)
        from_wire(mac[0]);
    run();
    CHECK(on_vf[0].frames == before, "%u frames after the deletion", on_vf[0].frames - before);
    uint64_t dropped = 0;
    for (unsigned i = WEIR_VPORT_CNT_RX_DROP_NO_DESC; i <= WEIR_VPORT_CNT_RX_DROP_VPORT; i++)
        dropped += counter(1, i) + counter(0, i);
    CHECK(before > 0 && before + on_pf.frames + dropped == Frames + 20,
          "%u before, %u to the default vPort, %u counted", before, on_pf.frames, (unsigned)dropped);
    printf("  %u before the deletion, %u to the default vPort, %u counted as dropped\n", before, on_pf.frames,
           (unsigned)dropped);
    end();
}

// Fences behind one another on the same and on other vPorts: each ends once, in order, on every ring of its vPort.
static void fences_wait_for_each_other(void) {
    enum { Fences = 24 };
    unsigned ended = 0, of[3] = {0};
    begin();
    for (uint32_t n = 0; n < Fences; n++) {
        from_wire(mac[n % 2]);
        CHECK(weir_pf_fence(w.pf, n % 3, 1000 + n) == 0, "fence %u", n);
        of[n % 3]++;
    }
    for (unsigned tries = 0; tries < 50 && ended < Fences; tries++) {
        struct weir_event ev[7];
        int n = weir_pf_events(w.pf, ev, 7);
        for (int i = 0; i < n; i++) {
            if (ev[i].kind != WEIR_FW_EVENT_FENCE_DONE)
                continue;
            CHECK(ev[i].b == 1000 + ended && ev[i].a == ended % 3 && ev[i].c == 0,
                  "event %u: vPort %u token %u status %u", ended, ev[i].a, ev[i].b, ev[i].c);
            ended++;
        }
    }
    run();
    CHECK(ended == Fences, "%u of %u ended", ended, Fences);
    CHECK(on_pf.fences == of[0] && on_vf[0].fences == 2 * of[1] && on_vf[1].fences == 2 * of[2], "on %u, %u, %u rings",
          on_pf.fences, on_vf[0].fences, on_vf[1].fences);
    end();
}

// A published vector (TCP over IPv4) to the vPort of each VF, and a multicast of it to both; the hashes that came.
static void vector(void) {
    static const uint8_t tuple[12] = {66, 9, 149, 187, 161, 142, 100, 80, 0x0A, 0xEA, 0x06, 0xE6};
    for (unsigned v = 0; v < 2; v++) {
        uint8_t f[100];
        fill(f, sizeof(f), mac[v], peer);
        f[12] = 0x08, f[13] = 0, f[14] = 0x45, f[20] = f[21] = 0, f[23] = 6;
        memcpy(f + 26, tuple, sizeof(tuple));
        CHECK(wire_send(card_wire(w.card), f, sizeof(f), false) == 0, "wire queue full");
    }
    run();
}

// Rules 2.13, 6.4: each vPort hashes with its own key, which its VF may set and nobody else's VF.
static void rss_keys_are_per_vport(void) {
    enum { Published = 0x51ccc178 };
    uint8_t key[2][40];
    uint32_t hash;
    begin();
    vector();
    CHECK(on_vf[0].hash == Published && on_vf[1].hash == Published, "%08x, %08x", on_vf[0].hash, on_vf[1].hash);
    for (unsigned i = 0; i < 40; i++)
        key[0][i] = (uint8_t)world_rand(), key[1][i] = (uint8_t)world_rand();
    CHECK(weir_vf_rss_key(vf[1], key[0]) == 0, "a VF's own key");
    vector();
    hash = on_vf[1].hash;
    CHECK(on_vf[0].hash == Published && hash != Published, "%08x, %08x", on_vf[0].hash, hash);
    CHECK(weir_pf_vport_rss_key(w.pf, 1, key[1]) == 0, "by the PF");
    vector();
    CHECK(on_vf[0].hash != Published && on_vf[0].hash != hash && on_vf[1].hash == hash, "%08x, %08x", on_vf[0].hash,
          on_vf[1].hash);
    CHECK(weir_pf_vport_rss_key(w.pf, PfVport, key[0]) == -ENOENT, "no such vPort");
    CHECK(weir_vf_rss_table(vf[0], (const uint8_t[]){2}, 1) == -EINVAL, "an entry beyond the queue pairs");
    CHECK(weir_vf_rss_table(vf[0], (const uint8_t[]){1}, 1) == 0, "table");
    vector();
    CHECK(weir_qp_stats(weir_vf_qp(vf[0], 1))->rx_frames >= 1, "the table is not used");
    CHECK(weir_pf_rss_key(w.pf, key[0]) == 0, "of all");
    vector();
    CHECK(on_vf[0].hash == hash && on_vf[1].hash == hash, "%08x, %08x", on_vf[0].hash, on_vf[1].hash);
    end();
}

// Cycles until the victim, VF 1, has its frames, which alternate with `each` of VF 0's; VF 0 takes its own, or never
// looks.
static uint64_t victims_time(bool neighbour_looks, unsigned each, unsigned len, unsigned full) {
    enum { Frames = 400, Long = 1500, Step = 100 };
    static uint8_t f[Long];
    struct sink *s = &on_vf[1];
    uint64_t start, cycles = 0;
    unsigned sent = 0;
    forget();
    begin_with(3);
    wire_set_rate(card_wire(w.card), 1, 50); // 100 Gb/s
    start = card_cycles(w.card);
    while (s->frames < Frames) {
        for (; sent < Frames && wire_queued(card_wire(w.card)) < 64; sent++)
            for (unsigned i = 0; i <= each; i++) {
                unsigned n = i == each ? Long : len;
                fill(f, n, mac[i == each], peer);
                CHECK(wire_send(card_wire(w.card), f, n, false) == 0, "wire queue full");
            }
        card_step(w.card, Step, false);
        cycles = card_cycles(w.card) - start;
        CHECK(cycles < 4000000, "the victim has %u of %u frames", s->frames, (unsigned)Frames);
        for (unsigned v = neighbour_looks ? 0 : 1; v < 2; v++)
            for (unsigned i = 0; i < weir_vf_num_qps(vf[v]); i++)
                weir_qp_poll(weir_vf_qp(vf[v], i), 512, from_ring, NULL, &on_vf[v]);
    }
    for (unsigned i = WEIR_VPORT_CNT_RX_DROP_NO_DESC; i <= WEIR_VPORT_CNT_RX_DROP_VPORT; i++)
        CHECK(counter(2, i) == 0, "the victim lost frames: counter %u", i);
    CHECK((counter(1, full) > Frames / 4) == !neighbour_looks, "counter %u of the neighbour: %u", full,
          (unsigned)counter(1, full));
    printf("  %u x %u bytes between, %s: %u cycles, counter %u: %u\n", each, len,
           neighbour_looks ? "taken" : "never looked at", (unsigned)cycles, full, (unsigned)counter(1, full));
    end();
    return cycles;
}

// A vPort without buffers, one flooded at line rate, one whose guest never reads its completions: the neighbour keeps
// 95 % of its share and loses nothing.
static void neighbours_lose_nothing(void) {
    static const struct {
        unsigned each, len, full;
    } mix[] = {{1, 1500, WEIR_VPORT_CNT_RX_DROP_NO_DESC}, {12, 64, WEIR_VPORT_CNT_RX_DROP_CQ_FULL}};
    for (unsigned i = 0; i < sizeof(mix) / sizeof(mix[0]); i++) {
        uint64_t good = victims_time(true, mix[i].each, mix[i].len, mix[i].full);
        uint64_t bad = victims_time(false, mix[i].each, mix[i].len, mix[i].full);
        CHECK(bad * 95 <= good * 100, "%u cycles beside a bad neighbour, %u beside a good one", (unsigned)bad,
              (unsigned)good);
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"pf_vport_has_its_own_ring", pf_vport_has_its_own_ring},
                 {"only_trusted_vports_listen", only_trusted_vports_listen},
                 {"a_deleted_vport_gets_nothing", a_deleted_vport_gets_nothing},
                 {"fences_wait_for_each_other", fences_wait_for_each_other},
                 {"neighbours_lose_nothing", neighbours_lose_nothing},
                 {"rss_keys_are_per_vport", rss_keys_are_per_vport}};
    const char *name = argc > 1 ? argv[1] : "";
    world_seed(1);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(name, cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    CHECK(false, "no case named '%s'", name);
    return 0;
}
