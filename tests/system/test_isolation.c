// SPDX-License-Identifier: Apache-2.0
// Five VFs on one card: one without buffers, one that gets what the line has left, one whose guest never reads its
// completions, and two that behave. Those two send and receive as if they were alone, and lose nothing.
#include "world.h"

enum { EMPTY, FLOODED, DEAF, VICTIM, VFS = VICTIM + 2, WARM = 10000, WINDOW = 50000 };

static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};
static struct world w;
static struct weir_vf *vf[VFS];
static unsigned sent[VFS], offered[VFS], wired[VFS], got[VFS];

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)len;
    (void)cycle;
    wired[frame[11] % VFS]++;
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)frame;
    (void)info;
    ++*(unsigned *)ctx;
}

static void make(uint8_t *f, size_t len, unsigned n, bool to_wire) {
    const uint8_t mac[6] = {0x02, 0, 0, 0, 1, (uint8_t)n};
    memset(f, 0, len);
    memcpy(f, to_wire ? peer_mac : mac, 6);
    memcpy(f + 6, to_wire ? mac : peer_mac, 6);
    f[12] = 0x08;
}

static void from_wire(unsigned n, size_t len) {
    uint8_t f[1514];
    make(f, len, n, false);
    CHECK(wire_send(card_wire(w.card), f, len, false) == 0, "wire");
    offered[n]++;
}

static void to_wire(unsigned n, size_t len) {
    uint8_t f[1514];
    struct weir_qp *qp = weir_vf_qp(vf[n], 0);
    if (weir_qp_tx_room(qp) == 0)
        return;
    make(f, len, n, true);
    CHECK(weir_qp_send(qp, f, len) >= 0, "send");
    weir_qp_ring_doorbell(qp);
    sent[n]++;
}

static void poll(unsigned n) {
    weir_qp_poll(weir_vf_qp(vf[n], 0), 256, on_rx, NULL, &got[n]);
}

// One window of traffic; what the two victims received and had sent in it.
static void window(bool attacked, unsigned rx[2], unsigned tx[2]) {
    unsigned turn = 0, rx0[2] = {0}, tx0[2] = {0};
    bool warm = false;
    for (uint64_t start = card_cycles(w.card), now = 0; now < WARM + WINDOW; now = card_cycles(w.card) - start) {
        for (unsigned i = 0; i < 2 && now >= WARM && !warm; i++)
            rx0[i] = got[VICTIM + i], tx0[i] = wired[VICTIM + i];
        warm = now >= WARM;
        // Every 160 cycles a small and every 160 a large frame to each victim, and the same from each: a third of the
        // line. The rest of the line is for the others.
        for (unsigned i = 0; i < 2; i++) {
            from_wire(VICTIM + i, turn % 2 == i ? 60 : 1514);
            to_wire(VICTIM + i, turn % 2 == i ? 60 : 1514);
        }
        while (attacked && wire_queued(card_wire(w.card)) < 60)
            from_wire(wire_queued(card_wire(w.card)) % 16 == 0  ? EMPTY
                      : wire_queued(card_wire(w.card)) % 4 == 0 ? DEAF
                                                                : FLOODED,
                      wire_queued(card_wire(w.card)) % 16 == 0 ? 1514 : 60);
        for (unsigned k = 0; attacked && k < 16; k++)
            to_wire(DEAF, 60);
        for (unsigned i = 0; i < 10; i++) {
            poll(FLOODED);
            poll(VICTIM);
            poll(VICTIM + 1);
            card_step(w.card, 16, false);
        }
        turn++;
    }
    for (unsigned i = 0; i < 2; i++)
        rx[i] = got[VICTIM + i] - rx0[i], tx[i] = wired[VICTIM + i] - tx0[i];
}

static void others_keep_their_share(void) {
    unsigned rx[2][2], tx[2][2];
    uint64_t counter[32];
    char err[256];
    world_open(&w, VFS);
    wire_set_rx(card_wire(w.card), on_wire, NULL);
    wire_set_rate(card_wire(w.card), 1, 50);
    for (unsigned i = 0; i < VFS; i++) {
        const uint8_t mac[6] = {0x02, 0, 0, 0, 1, (uint8_t)i};
        struct weir_vf_config cfg = {.tx_log2 = 7, .rx_log2 = i == EMPTY ? 3 : 7, .buf_bytes = 2048};
        CHECK(weir_pf_alloc_vf(w.pf, (int)i, mac, "share") == (int)i, "alloc");
        CHECK(weir_pf_create_vport(w.pf, i + 1, i, 1, WEIR_VPORT_CHECK_SRC, "share") == 0, "vport");
        CHECK(weir_vf_open(weir_inproc_open(w.ip, i + 1), &cfg, &vf[i], err, sizeof(err)) == 0, "%s", err);
        CHECK(weir_pf_set_filter(w.pf, i + 1, i + 1, mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    }
    window(false, rx[0], tx[0]);
    window(true, rx[1], tx[1]);
    for (unsigned r = 0; r < 400; r++) {
        poll(FLOODED);
        poll(VICTIM);
        poll(VICTIM + 1);
        card_step(w.card, 64, false);
    }
    for (unsigned i = 0; i < 2; i++) {
        unsigned n = VICTIM + i;
        printf("victim %u: received %u alone, %u beside; sent %u, %u\n", i, rx[0][i], rx[1][i], tx[0][i], tx[1][i]);
        CHECK(rx[0][i] > 250 && rx[1][i] * 100 >= rx[0][i] * 95, "victim %u receives %u of %u", i, rx[1][i], rx[0][i]);
        CHECK(tx[0][i] > 250 && tx[1][i] * 100 >= tx[0][i] * 95, "victim %u sends %u of %u", i, tx[1][i], tx[0][i]);
        CHECK(got[n] == offered[n] && wired[n] == sent[n], "victim %u lost: %u of %u received, %u of %u sent", i,
              offered[n] - got[n], offered[n], sent[n] - wired[n], sent[n]);
    }
    // The three were what they are called.
    CHECK(weir_pf_counters(w.pf, EMPTY + 1, counter) == 0 && counter[WEIR_VPORT_CNT_RX_DROP_NO_DESC] > 50,
          "the empty one lost %" PRIu64, counter[WEIR_VPORT_CNT_RX_DROP_NO_DESC]);
    CHECK(weir_pf_counters(w.pf, DEAF + 1, counter) == 0 && counter[WEIR_VPORT_CNT_RX_DROP_CQ_FULL] > 500,
          "the deaf one lost %" PRIu64, counter[WEIR_VPORT_CNT_RX_DROP_CQ_FULL]);
    CHECK(got[FLOODED] > 8000, "the flood: %u frames", got[FLOODED]);
    for (unsigned i = 0; i < VFS; i++) {
        if (i == EMPTY || i == DEAF)
            weir_vf_surprise(vf[i]);
        CHECK(weir_pf_clear_filter(w.pf, i + 1) == 0, "clear");
        if (i != EMPTY && i != DEAF)
            weir_vf_close(vf[i]);
        CHECK(weir_pf_delete_vport(w.pf, i + 1) == 0 && weir_pf_free_vf(w.pf, i) == 0, "free");
        if (i == EMPTY || i == DEAF)
            weir_vf_close(vf[i]);
    }
    world_close(&w);
}

int main(int argc, char **argv) {
    CHECK(argc == 2 && strcmp(argv[1], "others_keep_their_share") == 0, "case?");
    others_keep_their_share();
    return 0;
}
