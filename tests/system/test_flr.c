// SPDX-License-Identifier: Apache-2.0
// Function level resets of VFs on the whole card while their queues work: that they are over within 512
// cycles of the last read's return, that a neighbour does not notice, that the VF comes back; the monitor sees any
// request after the reset. test_flr <case> [seed]
#include "monitor.h"
#include "world.h"

#define LATENCY 250u // cycles of a host read
#define ROUNDS 24u
#define PF_GRACE 2000000u // the PF's: the whole switch is taken down
#define GOAL 512u         // cycles of a reset, from before its write on, that are not the last read's way back
#define STORM 400u        // resets
#define STORM_VFS 4u

static const uint8_t mac[STORM_VFS][6] = {{2, 0, 0, 0, 0, 0x10},
                                          {2, 0, 0, 0, 0, 0x11},
                                          {2, 0, 0, 0, 0, 0x12},
                                          {2, 0, 0, 0, 0, 0x13}},
                     peer[6] = {2, 0, 0, 0, 0, 0x99};
static uint8_t watched[6] = {2, 0, 0, 0, 0, 0x11}; // VF 1's
static unsigned from_neighbour;                    // frames of it on the wire

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)len;
    (void)cycle;
    from_neighbour += memcmp(frame + 6, watched, 6) == 0;
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    (void)frame;
    (void)info;
}

static unsigned send_some(struct weir_vf *vf, unsigned i, unsigned n) {
    uint8_t f[1514] = {0};
    unsigned sent = 0;
    memcpy(f, peer, 6);
    memcpy(f + 6, mac[i], 6);
    f[12] = 0x88;
    f[13] = 0xB5;
    while (sent < n && weir_qp_send(weir_vf_qp(vf, 0), f, 60 + world_rand() % 1400) >= 0)
        sent++;
    weir_qp_ring_doorbell(weir_vf_qp(vf, 0));
    return sent;
}

static struct weir_vf *open_vf(struct world *w, unsigned i) {
    const struct weir_vf_config cfg = {.tx_log2 = 7, .rx_log2 = 7, .buf_bytes = 2048};
    struct weir_vf *vf = NULL;
    char err[256] = "";
    CHECK(weir_vf_open(weir_inproc_open(w->ip, i + 1), &cfg, &vf, err, sizeof(err)) == 0, "VF %u: %s", i, err);
    return vf;
}

static void open_card(struct world *w, unsigned vfs) {
    const struct rc_timing slow = {.read_latency = LATENCY, .seed = 1};
    world_open(w, (int)vfs);
    wire_set_rx(card_wire(w->card), on_wire, NULL);
    rc_set_timing(card_rc(w->card), &slow);
    for (unsigned i = 0; i < vfs; i++) {
        CHECK(weir_pf_alloc_vf(w->pf, (int)i, mac[i], "guest") == (int)i, "VF %u", i);
        CHECK(weir_pf_create_vport(w->pf, i + 1, i, 1, WEIR_VPORT_CHECK_SRC, "guest") == 0, "vPort %u", i + 1);
        CHECK(weir_pf_set_filter(w->pf, i + 1, i + 1, mac[i], WEIR_FILTER_ANY_VLAN, 0) == 0, "filter %u", i + 1);
    }
}

// Resets function fn: cycles until it is over, but for those in which reads were seen to be out. Nothing is left then.
static uint64_t reset(struct world *w, unsigned fn) {
    uint64_t bytes, bar = host_bar(w->host, fn, &bytes), start = card_cycles(w->card), cycles, back = 0;
    struct rc *rc = card_rc(w->card);
    uint16_t rid = monitor_rid(rc_monitor(rc), fn);
    uint32_t v = 0;
    CHECK(host_flr(w->host, fn) == 0, "no reset");
    do {
        CHECK(rc_mem_read(rc, bar + WEIR_BAR_FN, &v) == 0, "the VF's BAR does not answer");
        cycles = card_cycles(w->card) - start;
        if (monitor_open_reads(rc_monitor(rc), fn) != 0)
            back = cycles;
        CHECK(cycles <= (back > LATENCY ? back : LATENCY) + GOAL, "not over in %u cycles after the reads' %" PRIu64,
              GOAL, back);
    } while (WEIR_GET(v, BAR_FN_IN_RESET) != 0);
    CHECK(monitor_open_reads(rc_monitor(rc), fn) == 0, "reads of the VF are still out after its reset");
    CHECK(rc_cfg_read(rc, rid, 0x58, 4, &v) == 0 && (v >> 21 & 1) == 0, "Transactions Pending after the reset");
    for (unsigned i = 0; i < WEIR_MBOX_BYTES; i += 4) {
        CHECK(rc_mem_read(rc, bar + WEIR_BAR_MBOX_REQ + i, &v) == 0 && v == 0, "request word %u of the last generation",
              i / 4);
        CHECK(rc_mem_read(rc, bar + WEIR_BAR_MBOX_RSP + i, &v) == 0 && v == 0,
              "response word %u of the last generation", i / 4);
    }
    return cycles - back;
}

// The first command of the next generation, given the moment the reset is over: cycles until firmware has answered.
static uint64_t hello(struct world *w, unsigned fn) {
    const struct weir_hello_req req = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    uint64_t bytes, bar = host_bar(w->host, fn, &bytes), start = card_cycles(w->card);
    struct rc *rc = card_rc(w->card);
    uint32_t v = 1;
    memcpy(&v, &req, sizeof(v));
    rc_mem_write(rc, bar + WEIR_BAR_MBOX_REQ, WEIR_CMD_HELLO | (uint32_t)sizeof(req) << 16);
    rc_mem_write(rc, bar + WEIR_BAR_MBOX_REQ + 4, 7);
    rc_mem_write(rc, bar + WEIR_BAR_MBOX_REQ + 8, v);
    rc_mem_write(rc, bar + WEIR_BAR_MBOX_REQ + 12, req.features);
    rc_mem_write(rc, bar + WEIR_BAR_MBOX_OWNER, 1);
    for (v = 1; (v & 1) != 0;) {
        CHECK(rc_mem_read(rc, bar + WEIR_BAR_MBOX_OWNER, &v) == 0, "the mailbox does not answer");
        CHECK(card_cycles(w->card) - start < 30000, "no answer to HELLO");
    }
    CHECK(rc_mem_read(rc, bar + WEIR_BAR_MBOX_RSP + 4, &v) == 0 && v == 7, "HELLO: status %u", v >> 16);
    return card_cycles(w->card) - start;
}

static void under_load(void) {
    struct world w;
    struct weir_vf *victim, *neighbour;
    uint64_t least = UINT64_MAX, most = 0, sum = 0, slowest = 0;
    unsigned sent = 0;

    open_card(&w, 2);
    neighbour = open_vf(&w, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t cycles, answer;

        victim = open_vf(&w, 0);
        (void)send_some(victim, 0, 60);
        sent += send_some(neighbour, 1, 20);
        card_step(w.card, 200 + world_rand() % 3000, false);
        cycles = reset(&w, 1);
        answer = hello(&w, 1);
        slowest = answer > slowest ? answer : slowest;
        least = cycles < least ? cycles : least;
        most = cycles > most ? cycles : most;
        sum += cycles;
        weir_vf_close(victim);
        for (unsigned i = 0; i < 60; i++) {
            card_step(w.card, 200, false);
            weir_qp_poll(weir_vf_qp(neighbour, 0), 64, on_rx, NULL, NULL);
        }
    }
    world_settle(&w);
    CHECK(from_neighbour == sent, "of the neighbour's %u frames %u are on the wire", sent, from_neighbour);
    printf("VF FLR under load, host reads take %u cycles: %" PRIu64 " to %" PRIu64 " cycles, mean %" PRIu64
           "; goal %u. The next generation's first command is answered at most %" PRIu64 " cycles later\n",
           LATENCY, least, most, sum / ROUNDS, GOAL, slowest);
    weir_vf_close(neighbour);
    world_close(&w);
}

// Resets of VFs under load as fast as the host can ask for them, again and again before firmware has let go of the one
// before, in any state of their drivers. Each is over in time, and afterwards every VF works with all of its reads.
static void storm(void) {
    struct weir_vf *vf[STORM_VFS] = {NULL};
    unsigned total = 0;
    uint64_t most = 0;
    struct world w;

    open_card(&w, STORM_VFS);
    for (unsigned n = 0; n < STORM; n++) {
        unsigned i = world_rand() % STORM_VFS, again = world_rand() % 4;
        if (n % 8 == 0)
            for (unsigned k = 0; k < STORM_VFS; k++) {
                if (vf[k] != NULL)
                    weir_vf_close(vf[k]);
                vf[k] = open_vf(&w, k);
                (void)send_some(vf[k], k, 60);
            }
        card_step(w.card, world_rand() % 600, false);
        for (unsigned k = 0; k <= again; k++) {
            uint64_t cycles = reset(&w, i + 1);
            most = cycles > most ? cycles : most;
            total++;
            if (world_rand() % 2 != 0)
                card_step(w.card, world_rand() % 900, false);
        }
    }
    for (unsigned k = 0; k < STORM_VFS; k++) {
        unsigned sent;
        weir_vf_close(vf[k]);
        vf[k] = open_vf(&w, k);
        world_settle(&w);
        from_neighbour = 0;
        memcpy(watched, mac[k], 6);
        sent = send_some(vf[k], k, 100);
        world_settle(&w);
        CHECK(from_neighbour == sent, "VF %u: of %u frames %u are on the wire", k, sent, from_neighbour);
        weir_vf_close(vf[k]);
    }
    printf("%u resets, the longest %" PRIu64 " cycles; goal %u\n", total, most, GOAL);
    world_close(&w);
}

// The link goes away in the middle of traffic and comes back: every read under way is lost, firmware cleans up, and a
// PF driver that starts anew finds a card that works (pcie 59).
static void link_down_and_up(void) {
    const struct rc_timing slow = {.read_latency = 2000, .seed = 1};
    const struct weir_pf_config pc = {
        .num_vfs = 2, .num_vports = 3, .default_qps = 1, .tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    struct world w;
    char err[256] = "";

    world_open(&w, 2);
    wire_set_rx(card_wire(w.card), on_wire, NULL);
    for (unsigned round = 0; round < 4; round++) {
        uint64_t bytes, bar, start;
        uint32_t v = UINT32_MAX;
        uint8_t f[1514] = {0};
        rc_set_timing(card_rc(w.card), &slow);
        memcpy(f, peer, 6);
        f[12] = 0x88;
        for (unsigned i = 0; i < 20; i++)
            (void)weir_qp_send(weir_pf_qp(w.pf, 0), f, 60 + world_rand() % 1400);
        weir_qp_ring_doorbell(weir_pf_qp(w.pf, 0));
        card_step(w.card, 200 + world_rand() % 1500, false);
        CHECK(monitor_open_reads(rc_monitor(card_rc(w.card)), 0) != 0, "no read was under way");
        card_hot_reset(w.card);
        rc_set_timing(card_rc(w.card), &(struct rc_timing){.read_latency = 100, .seed = 1});
        host_restore(w.host);
        bar = host_bar(w.host, 0, &bytes);
        start = card_cycles(w.card);
        while (card_cycles(w.card) - start < PF_GRACE) {
            CHECK(rc_mem_read(card_rc(w.card), bar + WEIR_BAR_FN, &v) == 0, "the PF's BAR does not answer");
            if (WEIR_GET(v, BAR_FN_IN_RESET) == 0)
                break;
            card_step(w.card, 20, false);
        }
        CHECK(WEIR_GET(v, BAR_FN_IN_RESET) == 0, "firmware does not end the PF's reset");
        printf("the PF is back %" PRIu64 " cycles after the link\n", card_cycles(w.card) - start);
        weir_pf_close(w.pf);
        w.pf = NULL;
        CHECK(weir_pf_open(weir_inproc_open(w.ip, 0), &pc, &w.pf, err, sizeof(err)) == 0, "round %u: %s", round, err);
        CHECK(weir_pf_ping(w.pf, NULL) == 0, "no answer after the link came back");
    }
    world_close(&w);
}

int main(int argc, char **argv) {
    if (argc < 2 || strcmp(argv[1], "link_down_and_up") == 0)
        link_down_and_up();
    if (argc < 2 || strcmp(argv[1], "vf_under_load_is_over_soon") == 0)
        under_load();
    if (argc < 2 || strcmp(argv[1], "storm_is_over_soon") == 0)
        storm();
    return 0;
}
