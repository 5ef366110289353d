// SPDX-License-Identifier: Apache-2.0
// A reset gives a function back as it was before its driver began, as far as anybody can see from outside:
// configuration space, BAR, MSI-X table and pending bits are read word by word before use and after each kind of reset;
// and frames spread again as they did. (What only firmware sees: unit.reset_values.*.) test_reset_values <case>
#include "world.h"

#define CONFIG 1024u // words
#define PAGES 4u     // of the BAR, whole: registers, nothing, MSI-X table, pending bits
#define DOORS 8u     // doorbell pages, their first words
#define FLOWS 64u
#define QUEUES 4u
#define WORDS (CONFIG + PAGES * 1024 + DOORS * 32)

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x10}, peer[6] = {2, 0, 0, 0, 0, 0x99};
static struct world w;
static uint32_t before[WORDS], after[WORDS];

static uint32_t config(unsigned fn, unsigned at) {
    uint32_t v;
    CHECK(rc_cfg_read(card_rc(w.card), host_rid(fn), at, 4, &v) == 0, "function %u, configuration %03x", fn, at);
    return v;
}

static uint32_t bar(unsigned fn, unsigned at) {
    uint64_t size, base = host_bar(w.host, fn, &size);
    uint32_t v;
    CHECK(rc_mem_read(card_rc(w.card), base + at, &v) == 0, "function %u, BAR %05x", fn, at);
    return at == WEIR_BAR_HEARTBEAT || at == WEIR_BAR_CYCLE ? 0 : v; // they count on
}

static unsigned place(unsigned i) { // of word i in the BAR
    i -= CONFIG;
    if (i < PAGES * 1024)
        return i * 4;
    i -= PAGES * 1024;
    return WEIR_BAR_DOORBELL_BASE + i / 32 * WEIR_BAR_DOORBELL_SIZE + i % 32 * 4;
}

static void dump(unsigned fn, uint32_t *to) {
    for (unsigned i = 0; i < WORDS; i++)
        to[i] = i < CONFIG ? config(fn, i * 4) : bar(fn, place(i));
}

static unsigned different(void) {
    unsigned i;
    for (i = 0; i < WORDS && before[i] == after[i]; i++) {
    }
    return i;
}

static void same(unsigned fn, const char *what) {
    unsigned i;
    dump(fn, after);
    i = different();
    CHECK(i == WORDS, "%s of function %u: %s %05x reads %08x, before use %08x", what, fn,
          i < CONFIG ? "configuration" : "BAR", i < CONFIG ? i * 4 : place(i), after[i], before[i]);
}

static void count(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)info;
    if (frame != NULL)
        ++*(unsigned *)ctx;
}

static struct weir_vf *open_vf(void) {
    const struct weir_vf_config cfg = {.tx_log2 = 6, .rx_log2 = 8, .buf_bytes = 2048};
    struct weir_vf *vf = NULL;
    char err[256] = "";
    CHECK(weir_vf_open(weir_inproc_open(w.ip, 1), &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    return vf;
}

static void open_pf(void) {
    const struct weir_pf_config cfg = {
        .num_vfs = 1, .num_vports = 2, .default_qps = 1, .tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    char err[256] = "";
    CHECK(weir_pf_open(weir_inproc_open(w.ip, 0), &cfg, &w.pf, err, sizeof(err)) == 0, "%s", err);
    CHECK(weir_pf_alloc_vf(w.pf, 0, mac, "guest") == 0 &&
              weir_pf_create_vport(w.pf, 1, 0, QUEUES, WEIR_VPORT_CHECK_SRC, "guest") == 0 &&
              weir_pf_set_filter(w.pf, 1, 1, mac, WEIR_FILTER_ANY_VLAN, 0) == 0,
          "no VF");
}

// How many of the same flows come to each queue.
static void spread(struct weir_vf *vf, unsigned came[QUEUES]) {
    uint8_t f[64] = {0};
    memset(came, 0, QUEUES * sizeof(*came));
    memcpy(f, mac, 6);
    memcpy(f + 6, peer, 6);
    f[12] = 0x08, f[14] = 0x45, f[17] = 46, f[22] = 64, f[23] = 17, f[26] = 10, f[30] = 10, f[39] = 26;
    for (unsigned i = 0; i < FLOWS; i++) {
        f[34] = (uint8_t)(i * 37), f[35] = (uint8_t)i;
        CHECK(wire_send(card_wire(w.card), f, 60, false) == 0, "wire");
    }
    world_settle(&w);
    for (unsigned q = 0; q < QUEUES; q++)
        while (weir_qp_poll(weir_vf_qp(vf, q), 64, count, NULL, &came[q]) != 0) {
        }
}

// All that a VF's driver sets, to what no reset leaves.
static void use(struct weir_vf *vf) {
    static const uint8_t all_on_2 = 2;
    const uint8_t key[40] = {1, 2, 3};
    unsigned came[QUEUES];
    uint8_t f[200] = {0};
    CHECK(weir_vf_rss_table(vf, &all_on_2, 1) == 0 && weir_vf_rss_key(vf, key) == 0, "no RSS");
    spread(vf, came);
    CHECK(came[2] == FLOWS, "%u of %u frames on the queue that the table names", came[2], FLOWS);
    memcpy(f, peer, 6);
    memcpy(f + 6, mac, 6);
    f[12] = 0x88;
    CHECK(weir_qp_send(weir_vf_qp(vf, 0), f, sizeof(f)) >= 0, "send");
    weir_qp_ring_doorbell(weir_vf_qp(vf, 0));
    for (unsigned q = 0; q < QUEUES; q++)
        weir_qp_arm(weir_vf_qp(vf, q));
    world_settle(&w);
}

static void flr(void) {
    CHECK(host_reset(w.host, 1) == 0, "no reset");
}

static void reset_vf(void) {
    CHECK(weir_pf_reset_vf(w.pf, 0) == 0, "no reset");
}

static void vf_enable(void) {
    CHECK(host_sriov(w.host, 0) == 0 && host_sriov(w.host, 1) == 0, "no VF Enable");
}

static void a_vf_is_as_new(void) {
    static const struct {
        const char *name;
        void (*reset)(void);
    } way[] = {{"FLR", flr}, {"RESET_VF", reset_vf}, {"VF Enable off and on", vf_enable}};
    unsigned first[QUEUES], now[QUEUES];
    struct weir_vf *vf;

    world_open(&w, -1);
    open_pf();
    world_settle(&w);
    dump(1, before);
    vf = open_vf();
    spread(vf, first);
    for (unsigned q = 0; q < QUEUES; q++)
        CHECK(first[q] > 0 && first[q] < FLOWS, "queue %u gets %u frames", q, first[q]);
    for (unsigned i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
        use(vf);
        dump(1, after);
        CHECK(different() != WORDS, "use changes nothing");
        way[i].reset();
        world_settle(&w);
        same(1, way[i].name);
        weir_vf_surprise(vf);
        weir_vf_close(vf);
        vf = open_vf();
        spread(vf, now);
        CHECK(memcmp(first, now, sizeof(now)) == 0, "%s: frames spread %u %u %u %u, before %u %u %u %u", way[i].name,
              now[0], now[1], now[2], now[3], first[0], first[1], first[2], first[3]);
    }
    weir_vf_close(vf);
    world_close(&w);
}

static void the_pf_is_as_new(void) {
    struct weir_vf *vf;
    bool up = false;

    world_open(&w, -1);
    world_settle(&w);
    dump(0, before);
    for (unsigned round = 0; round < 2; round++) {
        open_pf();
        vf = open_vf();
        use(vf);
        weir_vf_surprise(vf);
        weir_vf_close(vf);
        CHECK(weir_pf_set_link(w.pf, false) == 0, "no link command");
        world_settle(&w);
        CHECK(weir_pf_link(w.pf, &up) == 0 && !up, "the link stays up");
        dump(0, after);
        CHECK(different() != WORDS, "use changes nothing");
        CHECK(host_reset(w.host, 0) == 0, "no reset");
        world_settle(&w);
        same(0, "FLR");
        weir_pf_close(w.pf);
    }
    open_pf();
    world_settle(&w);
    CHECK(weir_pf_link(w.pf, &up) == 0 && up, "the link that the last driver disabled stays down");
    world_close(&w);
}

// Somebody resets the function under its driver, and puts the configuration space back as operating systems do.
static void flr_and_restore(void) {
    flr();
    CHECK(rc_cfg_write(card_rc(w.card), host_rid(1), 4, 2, 6) == 0, "no command register");
}

// A driver learns of each reset that it did not make; being stopped and run again is none.
static void the_driver_sees_a_reset(void) {
    static void (*const reset[])(void) = {flr, flr_and_restore, reset_vf, vf_enable};
    struct weir_vf *vf;

    world_open(&w, -1);
    open_pf();
    for (unsigned i = 0; i < sizeof(reset) / sizeof(reset[0]); i++) {
        vf = open_vf();
        CHECK(!weir_vf_must_stop(vf), "way %u: a new driver must stop", i);
        CHECK(weir_pf_stop_vf(w.pf, 0) == 0 && !weir_vf_must_stop(vf) && weir_pf_run_vf(w.pf, 0) == 0, "no stop");
        CHECK(!weir_vf_must_stop(vf) && !weir_vf_must_stop(vf), "way %u: stopped and run again, it must stop", i);
        reset[i]();
        CHECK(weir_vf_must_stop(vf), "way %u: the driver does not see its reset", i);
        weir_vf_close(vf);
    }
    vf = open_vf();
    CHECK(!weir_vf_must_stop(vf), "the last driver must stop");
    weir_vf_close(vf);
    world_close(&w);
}

int main(int argc, char **argv) {
    if (argc < 2 || strcmp(argv[1], "a_vf_is_as_new") == 0)
        a_vf_is_as_new();
    if (argc < 2 || strcmp(argv[1], "the_pf_is_as_new") == 0)
        the_pf_is_as_new();
    if (argc < 2 || strcmp(argv[1], "the_driver_sees_a_reset") == 0)
        the_driver_sees_a_reset();
    return 0;
}
