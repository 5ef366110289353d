// SPDX-License-Identifier: Apache-2.0
// Function level resets of a VF on the whole card while its queues work: how long until firmware has let go of it, that
// its neighbour does not notice, that it comes back; the monitor sees any request after the reset. test_flr <case>
// [seed]
#include "monitor.h"
#include "world.h"

#define LATENCY 250u // cycles of a host read
#define ROUNDS 24u
#define GRACE 30000u // bound of this test; the figure printed is what counts

static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 0x10}, {2, 0, 0, 0, 0, 0x11}}, peer[6] = {2, 0, 0, 0, 0, 0x99};
static unsigned from_neighbour;

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)len;
    (void)cycle;
    from_neighbour += memcmp(frame + 6, mac[1], 6) == 0;
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
    weir_qp_kick(weir_vf_qp(vf, 0));
    return sent;
}

static struct weir_vf *open_vf(struct world *w, unsigned i) {
    const struct weir_vf_config cfg = {.tx_log2 = 7, .rx_log2 = 7, .buf_bytes = 2048};
    struct weir_vf *vf = NULL;
    char err[256] = "";
    CHECK(weir_vf_open(weir_inproc_open(w->ip, i + 1), &cfg, &vf, err, sizeof(err)) == 0, "VF %u: %s", i, err);
    return vf;
}

static void under_load(void) {
    const struct rc_timing slow = {.read_latency = LATENCY, .seed = 1};
    struct world w;
    struct weir_vf *victim, *neighbour;
    uint64_t least = UINT64_MAX, most = 0, sum = 0;
    unsigned sent = 0;

    world_open(&w, 2);
    wire_set_rx(card_wire(w.card), on_wire, NULL);
    rc_set_timing(card_rc(w.card), &slow);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_alloc_vf(w.pf, (int)i, mac[i], "guest") == (int)i, "VF %u", i);
        CHECK(weir_pf_create_vport(w.pf, i + 1, i, 1, WEIR_VPORT_CHECK_SRC, "guest") == 0, "vPort %u", i + 1);
        CHECK(weir_pf_set_filter(w.pf, i + 1, i + 1, mac[i], WEIR_FILTER_ANY_VLAN, 0) == 0, "filter %u", i + 1);
    }
    neighbour = open_vf(&w, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t start, cycles;
        uint32_t v = 0, size_lo;
        uint64_t bytes, bar;

        victim = open_vf(&w, 0);
        bar = host_bar(w.host, 1, &bytes);
        (void)send_some(victim, 0, 60);
        sent += send_some(neighbour, 1, 20);
        card_step(w.card, 200 + world_rand() % 3000, false);
        CHECK(host_flr(w.host, 1) == 0, "no reset");
        start = card_cycles(w.card);
        do {
            CHECK(rc_mem_read(card_rc(w.card), bar + WEIR_BAR_FN, &v) == 0, "the VF's BAR does not answer");
            cycles = card_cycles(w.card) - start;
            CHECK(cycles < GRACE, "not over in %u cycles", GRACE);
        } while (WEIR_GET(v, BAR_FN_IN_RESET) != 0);
        size_lo = monitor_open_reads(rc_monitor(card_rc(w.card)), 1);
        CHECK(size_lo == 0, "%u reads of the VF are still out after its reset", size_lo);
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
           "; goal one round trip + 512\n",
           LATENCY, least, most, sum / ROUNDS);
    weir_vf_close(neighbour);
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
        uint64_t bytes, bar;
        uint32_t v;
        uint8_t f[1514] = {0};
        rc_set_timing(card_rc(w.card), &slow);
        memcpy(f, peer, 6);
        f[12] = 0x88;
        for (unsigned i = 0; i < 20; i++)
            (void)weir_qp_send(weir_pf_qp(w.pf, 0), f, 60 + world_rand() % 1400);
        weir_qp_kick(weir_pf_qp(w.pf, 0));
        card_step(w.card, 200 + world_rand() % 1500, false);
        CHECK(monitor_open_reads(rc_monitor(card_rc(w.card)), 0) != 0, "no read was under way");
        card_hot_reset(w.card);
        rc_set_timing(card_rc(w.card), &(struct rc_timing){.read_latency = 100, .seed = 1});
        host_restore(w.host);
        bar = host_bar(w.host, 0, &bytes);
        for (unsigned i = 0; i < 2000; i++) {
            CHECK(rc_mem_read(card_rc(w.card), bar + WEIR_BAR_FN, &v) == 0, "the PF's BAR does not answer");
            if (WEIR_GET(v, BAR_FN_IN_RESET) == 0)
                break;
            card_step(w.card, 20, false);
        }
        CHECK(WEIR_GET(v, BAR_FN_IN_RESET) == 0, "firmware does not end the PF's reset");
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
    return 0;
}
