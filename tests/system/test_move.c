// SPDX-License-Identifier: Apache-2.0
// The hand-over's core without the guest stack: MOVE_FILTER with a fence between the default vPort and a VF's vPort
// under traffic both ways. The "guest" is the rule of rules 7.12 in a few lines: deliver the old path until its fence,
// hold the new one until then. Frames carry sequence numbers; each must come once and in order, on the wire and at the
// guest.
#include <errno.h>

#include "world.h"

#define MOVES 100u // each way
#define VPORT 1u
#define FILTER 7u

static const uint8_t guest_mac[6] = {0x02, 0, 0, 0, 0, 0x10}, peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};

struct held {
    uint32_t seq;
    bool flooded;
};

static struct {
    struct world w;
    struct weir_vf *vf;
    bool ignore_fence;
    uint32_t down_sent, down_next, up_sent, up_next; // unicast sequence numbers
    uint32_t flood_sent, flood_next;
    bool on_vf, tx_stopped;
    bool hold_pf, hold_vf; // frames of that path wait for the other one's fence
    uint32_t token;
    bool fence_seen;
    uint8_t epoch; // first epoch of the present owner
    struct held held[4096];
    unsigned num_held;
    unsigned errors;
} t;

static void put32(uint8_t *p, uint32_t v) {
    memcpy(p, &v, 4);
}

static uint32_t get32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static size_t make(uint8_t *f, const uint8_t *dst, const uint8_t *src, uint32_t seq) {
    size_t len = 60 + world_rand() % 400;
    memset(f, (int)(seq & 0xFF), len);
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    f[12] = 0x88;
    f[13] = 0xB5;
    put32(f + 14, seq);
    return len;
}

static void expect(const char *what, uint32_t *next, uint32_t seq) {
    if (seq != *next && t.errors++ < 5)
        fprintf(stderr, "cycle %" PRIu64 ": %s frame %u, expected %u\n", card_cycles(t.w.card), what, seq, *next);
    *next = seq + 1;
}

static void deliver(struct held h) {
    if (h.flooded)
        expect("broadcast", &t.flood_next, h.seq);
    else
        expect("received", &t.down_next, h.seq);
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)len;
    (void)cycle;
    if (memcmp(frame, peer_mac, 6) == 0)
        expect("sent", &t.up_next, get32(frame + 14));
}

static void take(bool from_vf, const void *frame, const struct weir_rx_info *info) {
    struct held h;
    if (info->fence) {
        if (info->hash != t.token)
            return;
        // Held frames go first, then whatever the new path brings.
        t.fence_seen = true;
        for (unsigned i = 0; i < t.num_held; i++)
            deliver(t.held[i]);
        t.num_held = 0;
        return;
    }
    h.flooded = info->mcast;
    h.seq = get32((const uint8_t *)frame + 14);
    // The default vPort hears every broadcast; the guest owns those of the epochs in which it was synthetic
    // (rules 3.19).
    if (h.flooded && !from_vf) {
        bool new_owner = (int8_t)(uint8_t)(info->epoch - t.epoch) >= 0;
        if (new_owner == t.on_vf)
            return;
    }
    if ((from_vf ? t.hold_vf : t.hold_pf) && !t.fence_seen && !t.ignore_fence)
        t.held[t.num_held++] = h;
    else
        deliver(h);
}

static void on_pf_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    take(false, frame, info);
}

static void on_vf_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    take(true, frame, info);
}

static void poll_all(void) {
    // Either path may be looked at first; the order must not matter.
    bool vf_first = world_rand() % 2 != 0;
    for (unsigned i = 0; i < 2; i++) {
        if ((i == 0) == vf_first)
            weir_qp_poll(weir_vf_qp(t.vf, 0), 16 + world_rand() % 64, on_vf_rx, NULL, NULL);
        else
            weir_qp_poll(weir_pf_qp(t.w.pf, 0), 16 + world_rand() % 64, on_pf_rx, NULL, NULL);
    }
    CHECK(t.num_held < 4000, "too many frames held");
}

static void turn(void) {
    static const uint8_t all[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    uint8_t f[512];
    struct weir_qp *qp = t.on_vf ? weir_vf_qp(t.vf, 0) : weir_pf_qp(t.w.pf, 0);

    while (wire_queued(card_wire(t.w.card)) < 32) {
        bool flood = world_rand() % 32 == 0;
        size_t len = make(f, flood ? all : guest_mac, peer_mac, flood ? t.flood_sent++ : t.down_sent++);
        CHECK(wire_send(card_wire(t.w.card), f, len, false) == 0, "wire queue full");
    }
    for (unsigned n = world_rand() % 8; n > 0 && !t.tx_stopped && weir_qp_tx_room(qp) > 0; n--) {
        size_t len = make(f, peer_mac, guest_mac, t.up_sent++);
        CHECK(weir_qp_send(qp, f, len) >= 0, "send");
    }
    weir_qp_ring_doorbell(qp);
    card_step(t.w.card, 1 + world_rand() % 400, false);
    poll_all();
}

static void run(unsigned turns) {
    while (turns-- > 0)
        turn();
}

static void move(bool to_vf) {
    struct weir_qp *from = to_vf ? weir_pf_qp(t.w.pf, 0) : weir_vf_qp(t.vf, 0);
    unsigned waited = 0;
    int err;

    t.tx_stopped = true;
    while (weir_qp_tx_pending(from) != 0) {
        turn();
        CHECK(waited++ < 10000, "transmit does not drain");
    }
    t.token++;
    t.fence_seen = false;
    t.hold_vf = to_vf;
    t.hold_pf = !to_vf;
    while ((err = weir_pf_move_filter(t.w.pf, FILTER, to_vf ? 0 : VPORT, to_vf ? VPORT : 0,
                                      WEIR_MOVE_FLOOD | WEIR_MOVE_FENCE, t.token, &t.epoch, NULL)) == -EAGAIN)
        turn(); // rate limited
    CHECK(err == 0, "move: %s", strerror(-err));
    t.on_vf = to_vf;
    t.tx_stopped = false;
    for (waited = 0; !t.fence_seen; waited++) {
        turn();
        CHECK(waited < 10000, "no fence");
    }
    t.hold_vf = t.hold_pf = false;
}

static void story(bool ignore_fence) {
    struct weir_vf_config cfg = {.tx_log2 = 8, .rx_log2 = 10, .buf_bytes = 2048};
    char err[256];

    memset(&t, 0, sizeof(t));
    t.ignore_fence = ignore_fence;
    world_open_with(&t.w, 2, 1, 10);
    wire_set_rx(card_wire(t.w.card), on_wire, NULL);
    wire_set_rate(card_wire(t.w.card), 1, 6); // a frame every 14 to 80 cycles
    CHECK(weir_pf_set_filter(t.w.pf, FILTER, 0, guest_mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    CHECK(weir_pf_alloc_vf(t.w.pf, 0, guest_mac, "guest") == 0, "alloc");
    CHECK(weir_pf_create_vport(t.w.pf, VPORT, 0, 1, WEIR_VPORT_CHECK_SRC, "guest") == 0, "vport");
    // Not before its rings are armed (rules 4.11), and nothing is changed by the refusal.
    CHECK(weir_pf_move_filter(t.w.pf, FILTER, 0, VPORT, WEIR_MOVE_FENCE, 0, NULL, NULL) == -ENODEV,
          "move to a vPort nobody armed");
    CHECK(weir_vf_open(weir_inproc_open(t.w.ip, 1), &cfg, &t.vf, err, sizeof(err)) == 0, "%s", err);
    run(20);
    for (unsigned i = 0; i < MOVES; i++) {
        move(true);
        run(world_rand() % 12);
        move(false);
        run(world_rand() % 12);
    }
    // Let everything arrive.
    t.tx_stopped = true;
    for (unsigned i = 0; i < 4000 && (wire_queued(card_wire(t.w.card)) != 0 || !card_idle(t.w.card)); i++) {
        card_step(t.w.card, 200, true);
        poll_all();
    }
    poll_all();
    printf("%u frames to the guest, %u broadcasts, %u to the wire, %u moves\n", t.down_sent, t.flood_sent, t.up_sent,
           2 * MOVES);
    CHECK(t.down_next == t.down_sent && t.flood_next == t.flood_sent && t.up_next == t.up_sent,
          "the last frames are missing: %u of %u, %u of %u, %u of %u", t.down_next, t.down_sent, t.flood_next,
          t.flood_sent, t.up_next, t.up_sent);
}

static void finish(void) {
    CHECK(weir_pf_clear_filter(t.w.pf, FILTER) == 0, "clear");
    weir_vf_close(t.vf);
    CHECK(weir_pf_delete_vport(t.w.pf, VPORT) == 0, "delete vport");
    CHECK(weir_pf_reset_vf(t.w.pf, 0) == 0 && weir_pf_free_vf(t.w.pf, 0) == 0, "free");
    world_close(&t.w);
}

int main(int argc, char **argv) {
    bool ignore = argc > 1 && strcmp(argv[1], "fence_is_needed") == 0;
    world_seed(argc > 2 ? strtoull(argv[2], NULL, 0) : 1);
    story(ignore);
    // The same run without the hold must show what the fence is for.
    if (ignore)
        CHECK(t.errors != 0, "the fence was ignored and nothing came out of order: this test proves nothing");
    else
        CHECK(t.errors == 0, "%u frames lost, doubled or out of order", t.errors);
    finish();
    return 0;
}
