// SPDX-License-Identifier: Apache-2.0
// A VF leaves its place in the card under traffic and goes on in another, its guest none the wiser (rules 8): on the
// wire each frame once and in order; at the guest each once, first what the VF took, then what came to the default
// vPort while it was stopped, then what its next place takes. test_state <case> [seed]
#include <errno.h>

#include "passthrough.h"

#define QUEUES 8u
#define FLOWS 16u
#define MOVES 24u
#define FRAMES 20000u // more than are ever sent

static const uint8_t mac[6] = {2, 0, 0, 0, 1, 0}, peer[6] = {2, 0, 0, 0, 0, 0x99};
static struct world w;
static struct weir_bus *bus;
static struct weir_vf *vf;
static unsigned place;                              // VF 0 or 1
static uint32_t rx_sent, tx_sent[QUEUES];           // numbers given so far
static uint32_t wire_next[QUEUES];                  // what the wire must bring next, by queue
static uint16_t came_in[FRAMES];                    // phase a frame from the wire came in, 0 = not yet
static uint32_t last[FLOWS];                        // number that came last, by flow
static unsigned phase = 1, redirected, forced_irqs; // odd: the VF runs; even: what came while it was stopped
static bool asleep[QUEUES];                         // armed, and polls only when it was interrupted

static void put(uint8_t *f, const uint8_t *dst, const uint8_t *src, unsigned flow, uint32_t n, size_t len) {
    memset(f, 0, len);
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    f[12] = 0x08, f[14] = 0x45, f[23] = 17, f[26] = 10, f[30] = 10;
    f[29] = (uint8_t)flow, f[35] = (uint8_t)(flow * 13), f[37] = (uint8_t)(flow * 29);
    memcpy(f + 42, &n, 4);
    f[46] = (uint8_t)flow;
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    uint32_t n, q = frame[46];
    (void)ctx;
    (void)len;
    (void)cycle;
    memcpy(&n, frame + 42, 4);
    CHECK(q < QUEUES && n == wire_next[q], "queue %u: frame %u on the wire, expected %u", q, n, wire_next[q]);
    wire_next[q]++;
}

static void take(unsigned in, const uint8_t *frame) {
    uint32_t n, flow = frame[46];
    memcpy(&n, frame + 42, 4);
    CHECK(n < rx_sent && flow == n % FLOWS && came_in[n] == 0, "frame %u comes for the second time", n);
    CHECK(last[flow] == 0 || n > last[flow] || came_in[last[flow]] > in, "flow %u: frame %u behind %u", flow, n,
          last[flow]);
    came_in[n] = (uint16_t)in;
    last[flow] = n;
}

static void on_vf(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    CHECK(!info->redirect, "a redirected frame on a VF's ring");
    take(phase, frame);
}

static void on_pf(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    CHECK(info->redirect && info->src_vport == 1 + (phase / 2 + 1) % 2, "phase %u: not redirected from where it was",
          phase);
    redirected++;
    take(phase - 1, frame);
}

static void poll_pf(void) {
    (void)weir_qp_poll(weir_pf_qp(w.pf, 0), 256, on_pf, NULL, NULL);
}

// Odd queues sleep until they are interrupted, as far as they have nothing to send.
static void poll_vf(bool all) {
    for (unsigned q = 0; q < QUEUES; q++) {
        struct weir_qp *qp = weir_vf_qp(vf, q);
        if (asleep[q] && !all && bus->ops->irq_take(bus, q + 1) == 0)
            continue;
        forced_irqs += asleep[q];
        asleep[q] = false;
        if (weir_qp_poll(qp, 64, on_vf, NULL, NULL) == 0 && q % 2 != 0 && !all) {
            (void)bus->ops->irq_take(bus, q + 1);
            weir_qp_arm(qp);
            asleep[q] = true;
        }
    }
}

static void from_wire(unsigned n) {
    uint8_t f[1514];
    for (; n > 0 && wire_queued(card_wire(w.card)) < 60; n--, rx_sent++) {
        size_t len = world_rand() % 4 == 0 ? 60 + world_rand() % 1400 : 60;
        CHECK(rx_sent < FRAMES, "more frames than this test counts");
        put(f, mac, peer, rx_sent % FLOWS, rx_sent, len);
        CHECK(wire_send(card_wire(w.card), f, len, false) == 0, "wire");
    }
}

static void some_traffic(void) {
    uint8_t f[1514];
    from_wire(world_rand() % 12);
    for (unsigned q = 0; q < QUEUES; q++) {
        for (unsigned k = world_rand() % 4; k > 0 && weir_qp_tx_room(weir_vf_qp(vf, q)) > 4; k--, tx_sent[q]++) {
            size_t len = world_rand() % 4 == 0 ? 60 + world_rand() % 1400 : 60;
            put(f, peer, mac, q, tx_sent[q], len);
            CHECK(weir_qp_send(weir_vf_qp(vf, q), f, len) >= 0, "send");
        }
        weir_qp_ring_doorbell(weir_vf_qp(vf, q));
    }
}

static void begin(unsigned seed) {
    const struct weir_vf_config cfg = {.tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    const struct rc_timing slow = {.read_latency = 200, .jitter = 150, .split = 1, .tx_stall = 8, .seed = seed};
    static const uint8_t spread[8] = {7, 6, 5, 4, 3, 2, 1, 0};
    char err[256] = "";
    world_seed(seed);
    world_open_with(&w, 2, 1, 11);
    wire_set_rx(card_wire(w.card), on_wire, NULL);
    wire_set_rate(card_wire(w.card), 1, 2); // slow, so that there is something on it all the time
    rc_set_timing(card_rc(w.card), &slow);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_alloc_vf(w.pf, (int)i, mac, "guest") == (int)i, "alloc");
        CHECK(weir_pf_create_vport(w.pf, i + 1, i, QUEUES, WEIR_VPORT_CHECK_SRC, "guest") == 0, "vport");
    }
    bus = passthrough_open(&w, 1, 2);
    CHECK(weir_vf_open(bus, &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    CHECK(weir_vf_rss_table(vf, spread, 8) == 0, "table");
    CHECK(weir_pf_set_filter(w.pf, 1, 1, mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
}

static void end(void) {
    for (unsigned i = 0; i < 2000; i++) {
        card_step(w.card, 64, false);
        poll_vf(true);
        poll_pf();
    }
    world_settle(&w);
    poll_vf(true);
    for (unsigned q = 0; q < QUEUES; q++)
        CHECK(wire_next[q] == tx_sent[q], "queue %u: %u of %u frames are on the wire", q, wire_next[q], tx_sent[q]);
    for (uint32_t n = 0; n < rx_sent; n++) {
        CHECK(came_in[n] != 0, "frame %u of %u never came", n, rx_sent);
        CHECK(n < FLOWS || came_in[n] >= came_in[n - FLOWS], "frame %u came before its flow's last one", n);
    }
    CHECK(weir_pf_clear_filter(w.pf, 1) == 0, "clear");
    weir_vf_close(vf);
    for (unsigned i = 0; i < 2; i++)
        CHECK(weir_pf_delete_vport(w.pf, i + 1) == 0 && weir_pf_free_vf(w.pf, i) == 0, "free");
    world_close(&w);
}

static void run_traffic(unsigned rounds) {
    for (unsigned i = 0; i < rounds; i++) {
        some_traffic();
        card_step(w.card, 40 + world_rand() % 200, false);
        poll_vf(false);
        poll_pf();
    }
}

// The guest does nothing between the two; the wire goes on.
static void move(void) {
    unsigned to = 1 - place;
    struct weir_vf_saved state;
    from_wire(30);
    CHECK(weir_pf_stop_vf(w.pf, place) == 0, "stop");
    poll_vf(true); // what the VF took is in guest memory, whoever polls it when
    phase += 2;
    CHECK(weir_pf_save_vf(w.pf, place, &state) == 0, "save");
    from_wire(world_rand() % 30);
    CHECK(weir_pf_load_vf(w.pf, to, &state) == 0, "load");
    card_step(w.card, world_rand() % 2000, false);
    passthrough_move(bus, to);
    CHECK(weir_pf_run_vf(w.pf, to) == 0, "run");
    CHECK(weir_pf_move_filter(w.pf, 1, place + 1, to + 1, 0, 0, NULL, NULL) == 0, "filter");
    poll_pf();
    CHECK(weir_pf_reset_vf(w.pf, place) == 0, "reset");
    CHECK(!weir_vf_must_stop(vf), "its driver is told to stop, although it runs on elsewhere");
    place = to;
}

static void moves_lose_nothing(unsigned seed) {
    unsigned sent = 0;
    begin(seed);
    for (unsigned i = 0; i < MOVES; i++) {
        run_traffic(10 + world_rand() % 20);
        move();
    }
    run_traffic(10);
    end();
    for (unsigned q = 0; q < QUEUES; q++)
        sent += tx_sent[q];
    CHECK(redirected > MOVES && rx_sent - redirected > rx_sent / 4 && sent > 20 * MOVES && forced_irqs > MOVES,
          "too little happened: %u redirected of %u, %u sent, %u interrupts", redirected, rx_sent, sent, forced_irqs);
    printf("%u moves: %u frames to the guest, %u of them redirected, %u from it, each once and in order; %u interrupts "
           "to who slept\n",
           MOVES, rx_sent, redirected, sent, forced_irqs);
}

// Nobody knows where a state has been (threat T24).
static void a_spoilt_state_is_refused(unsigned seed) {
    struct weir_vf_saved state, bad;
    unsigned refused = 0, taken = 0;
    begin(seed);
    run_traffic(8);
    CHECK(weir_pf_save_vf(w.pf, 0, &state) == -EBUSY, "the state of a VF that runs");
    CHECK(weir_pf_stop_vf(w.pf, 0) == 0, "stop");
    poll_vf(true);
    CHECK(weir_pf_save_vf(w.pf, 0, &state) == 0, "save");
    for (unsigned i = 0; i < 200; i++) {
        unsigned bit = world_rand() % (8 * (unsigned)sizeof(bad.record));
        int err;
        bad = state;
        bad.record[bit / 512].word[bit % 512 / 64] ^= (uint64_t)1 << bit % 64;
        err = weir_pf_load_vf(w.pf, 1, &bad);
        CHECK(err == 0 || err == -EINVAL, "bit %u: %s", bit, strerror(-err));
        refused += err != 0;
        taken += err == 0;
        // Another address or pointer than it was is one all the same. It would be used as that VF and as nobody else
        // (rtl.queue.state_any_record); here no such VF is let run.
        if (err == 0)
            CHECK(weir_pf_reset_vf(w.pf, 1) == 0, "reset");
    }
    CHECK(refused > 50 && taken > 20, "%u refused, %u taken", refused, taken);
    bad = state;
    bad.image.rss[17] = QUEUES;
    CHECK(weir_pf_load_vf(w.pf, 1, &bad) == -EINVAL, "a table beyond the queue pairs");
    // None of it has touched the VF itself, which may as well stay where it is.
    CHECK(weir_pf_run_vf(w.pf, 0) == 0, "run");
    phase += 2;
    world_settle(&w);
    poll_pf();
    run_traffic(8);
    end();
    printf("200 lines with a bit turned: %u refused, %u taken\n", refused, taken);
}

int main(int argc, char **argv) {
    unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 1;
    if (argc > 1 && strcmp(argv[1], "moves_lose_nothing") == 0)
        moves_lose_nothing(seed);
    else if (argc > 1 && strcmp(argv[1], "a_spoilt_state_is_refused") == 0)
        a_spoilt_state_is_refused(seed);
    else
        return 2;
    return 0;
}
