// SPDX-License-Identifier: Apache-2.0
// Rows 1 to 7, 9 and 24: as many frames as go without a drop, and at the wire's rate, as in RFC 2544 section 26. On the
// in-process bus, so a figure in cycles is the same everywhere.
#include "bench.h"

#include <time.h>

#include "bench_frame.h"
#include "world.h"

#define WARM 20000u
#define WINDOW 40000u
#define STEP 32u
#define FINE 256u // steps of a byte a cycle that rates are told apart by

static double seconds(void) {
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); // what others do on the machine does not count
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

struct traffic {
    struct world w;
    uint64_t wire_out, host_in;
};

static void count_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)frame;
    (void)len;
    (void)cycle;
    ((struct traffic *)ctx)->wire_out++;
}

static void count_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)frame;
    if (!info->fence)
        ((struct traffic *)ctx)->host_in++;
}

struct load {
    const struct bench_setup *setup;
    bool tx, rx;
};
struct trial {
    double tx, rx;           // cycles per frame, 0 when there were none
    double tlps, up, down;   // per frame (or per pair when both directions run): TLPs, bytes each way
    double link;             // of the link's bytes, the busier way
    double offered, arrived; // frames to the host
    double speed;            // card cycles per second of processor time
};

// Length of the nth frame to the host or to the wire.
static unsigned length(const struct bench_setup *s, unsigned nth, bool to_host) {
    static const uint16_t imix[12] = {60, 566, 60, 60, 566, 60, 1514, 60, 566, 60, 60, 566};
    if (s->from == BENCH_IMIX)
        return imix[nth % 12];
    if (s->from == BENCH_TCP_IN || s->from == BENCH_TCP_OUT)
        return to_host == (s->from == BENCH_TCP_IN) ? 1514 : 66;
    return s->from;
}

// Frames that may have gone one way: no more acknowledgements than what they are of has arrived, else as many as fit.
static uint64_t allowed(const struct bench_setup *s, bool to_host, const struct traffic *t) {
    if (s->from == (to_host ? BENCH_TCP_OUT : BENCH_TCP_IN))
        return to_host ? t->wire_out : t->host_in;
    return UINT64_MAX;
}

// A driver under load rings for many frames at once.
static unsigned fill(struct weir_qp *qp, const struct bench_setup *s, unsigned flow, uint64_t most) {
    uint8_t frame[1536];
    unsigned n = 0;
    if (most == 0 || weir_qp_tx_room(qp) <= 512 + (most < 128 ? 0 : 128))
        return 0;
    for (; n < most && weir_qp_tx_room(qp) > 512; n++) {
        unsigned len = length(s, n, false);
        bench_frame(frame, len, bench_peer, bench_own, flow);
        CHECK(weir_qp_send(qp, frame, len) >= 0, "send");
    }
    weir_qp_ring_doorbell(qp);
    return n;
}

static void measure(struct trial *t, const struct traffic *a, const struct rc_stats *before, const struct rc_stats *s) {
    double n = (double)(a->wire_out > a->host_in ? a->wire_out : a->host_in);
    CHECK(n > 0, "no frame passed");
    t->tx = a->wire_out != 0 ? WINDOW / (double)a->wire_out : 0;
    t->rx = a->host_in != 0 ? WINDOW / (double)a->host_in : 0;
    t->tlps = (double)(s->tlps_from_card - before->tlps_from_card + s->tlps_to_card - before->tlps_to_card) / n;
    t->up = (double)(s->tlp_bytes_from_card - before->tlp_bytes_from_card) / n;
    t->down = (double)(s->tlp_bytes_to_card - before->tlp_bytes_to_card) / n;
    t->link = (t->up > t->down ? t->up : t->down) * n / WINDOW / BENCH_LINK_BYTES;
}

// The wire carries rate/FINE bytes a cycle each way; frames to the host fill it, the transmit queues are never empty.
static struct trial attempt(const struct load *load, unsigned rate) {
    const struct bench_setup *s = load->setup;
    struct trial r = {0};
    struct traffic t = {0}, at_warm = {0};
    struct rc_stats before = {0};
    uint64_t sent = 0, offered = 0, start;
    uint8_t frame[1536];
    double began;

    world_open_with(&t.w, 0, s->queues, 10);
    rc_set_timing(card_rc(t.w.card), &(struct rc_timing){.read_latency = s->latency, .seed = 1});
    wire_set_rx(card_wire(t.w.card), count_wire, &t);
    wire_set_rate(card_wire(t.w.card), FINE, rate);
    CHECK(weir_pf_set_filter(t.w.pf, 1, 0, bench_own, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    began = seconds();
    start = card_cycles(t.w.card);
    for (uint64_t now = 0; now < WARM + WINDOW; now = card_cycles(t.w.card) - start) {
        if (before.tlps_from_card == 0 && now >= WARM) {
            before = *rc_stats(card_rc(t.w.card));
            at_warm = t;
        }
        for (unsigned q = 0; q < s->queues; q++) {
            weir_qp_poll(weir_pf_qp(t.w.pf, q), 256, count_rx, NULL, &t);
            if (load->tx)
                sent += fill(weir_pf_qp(t.w.pf, q), s, q, allowed(s, false, &t) - sent);
        }
        for (; load->rx && wire_queued(card_wire(t.w.card)) < 64 && offered < allowed(s, true, &t); offered++) {
            unsigned len = length(s, (unsigned)offered, true);
            bench_frame(frame, len, bench_own, bench_peer, s->queues > 1 ? (unsigned)offered : 0);
            CHECK(wire_send(card_wire(t.w.card), frame, len, false) == 0, "wire");
        }
        card_step(t.w.card, STEP, false);
    }
    r.speed = (WARM + WINDOW) / (seconds() - began);
    at_warm.wire_out = t.wire_out - at_warm.wire_out;
    at_warm.host_in = t.host_in - at_warm.host_in;
    measure(&r, &at_warm, &before, rc_stats(card_rc(t.w.card)));
    // What is under way is taken before drops are counted.
    for (unsigned quiet = 0, i = 0; quiet < 100 && i < 20000; i++) {
        for (unsigned q = 0; q < s->queues; q++)
            weir_qp_poll(weir_pf_qp(t.w.pf, q), 256, count_rx, NULL, &t);
        card_step(t.w.card, STEP, false);
        quiet = t.wire_out == sent && wire_queued(card_wire(t.w.card)) == 0 ? quiet + 1 : 0;
    }
    CHECK(t.wire_out == sent, "%" PRIu64 " of %" PRIu64 " frames left the card", t.wire_out, sent);
    r.offered = (double)offered;
    r.arrived = (double)t.host_in;
    world_close(&t.w);
    return r;
}

static bool clean(const struct trial *t) {
    return t->offered == t->arrived && t->link <= 1;
}

static void put(struct bench_figure *f, double value, const struct trial *t) {
    *f = (struct bench_figure){value, t->offered, t->arrived};
}

static double slower(const struct trial *t) {
    return t->tx > t->rx ? t->tx : t->rx;
}

// Figures, at the highest rate up to the setup's at which no frame is dropped and the link carries all bytes: 0 cycles
// per frame of the slower way, 1 TLPs and 2 bytes of the busier way per frame or pair, 3 per cent of the link's bytes;
// at the setup's rate, come what may: 4 to 7 the same.
// 9 and 10: cycles per received and per sent frame at the former.
static void search(const struct load *load, struct bench_figure figure[BENCH_PARTS]) {
    unsigned most = load->setup->gbps * FINE / 2, least = 0, no = most;
    struct trial raw = attempt(load, most), best = raw;
    bool found = clean(&raw);
    // To a two-hundredth of the rate: what is found below is sure, what lies between is not known.
    while (!found || (no - least) * 200 > no) {
        struct trial t;
        if (clean(&raw))
            break;
        t = attempt(load, (least + no) / 2);
        if (clean(&t)) {
            found = true;
            best = t;
            least = (least + no) / 2;
        } else {
            no = (least + no) / 2;
        }
        CHECK(no > FINE / 4, "drops at every rate");
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct trial *t = i == 0 ? &best : &raw;
        put(&figure[4 * i], slower(t), t);
        put(&figure[4 * i + 1], t->tlps, t);
        put(&figure[4 * i + 2], t->up > t->down ? t->up : t->down, t);
        put(&figure[4 * i + 3], t->link * 100, t);
    }
    put(&figure[9], best.rx, &best);
    put(&figure[10], best.tx, &best);
}

BENCH_SCENARIO(bench_tx) {
    search(&(struct load){setup, true, false}, figure);
}

BENCH_SCENARIO(bench_rx) {
    search(&(struct load){setup, false, true}, figure);
}

BENCH_SCENARIO(bench_both) {
    search(&(struct load){setup, true, true}, figure);
}

// Thousands of simulated card cycles per second of processor time, at the setup's rate both ways.
BENCH_SCENARIO(bench_busy) {
    figure[0].value = attempt(&(struct load){setup, true, true}, setup->gbps * FINE / 2).speed / 1000;
}

// A queue with 1,024 posted buffers, some of which the card knows; 1,024 frames of 60 bytes come back to back.
BENCH_SCENARIO(bench_burst_lost) {
    struct traffic t = {0};
    uint8_t frame[60];

    world_open_with(&t.w, 0, 1, 10);
    rc_set_timing(card_rc(t.w.card), &(struct rc_timing){.read_latency = setup->latency, .seed = 1});
    wire_set_rate(card_wire(t.w.card), 1, 50);
    CHECK(weir_pf_set_filter(t.w.pf, 1, 0, bench_own, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    card_step(t.w.card, 2000, false);
    for (unsigned i = 0; i < 1024; i++) {
        bench_frame(frame, sizeof(frame), bench_own, bench_peer, 0);
        CHECK(wire_send(card_wire(t.w.card), frame, sizeof(frame), false) == 0, "wire");
    }
    card_step(t.w.card, 5000, false);
    while (weir_qp_poll(weir_pf_qp(t.w.pf, 0), 256, count_rx, NULL, &t) != 0)
        continue;
    CHECK(weir_pf_clear_filter(t.w.pf, 1) == 0, "clear");
    world_close(&t.w);
    figure[0] = (struct bench_figure){1024 - (double)t.host_in, 1024, (double)t.host_in};
}

// Thousands of card cycles per second of processor time without traffic.
BENCH_SCENARIO(bench_sim_rest) {
    double start;
    struct world w;
    (void)setup;

    world_open_with(&w, 0, 1, 8);
    start = seconds();
    card_step(w.card, 200000, false);
    start = seconds() - start;
    world_close(&w);
    figure[0].value = 200 / start;
}
