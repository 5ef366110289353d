// SPDX-License-Identifier: Apache-2.0
// The scenarios behind the rows, see bench.h. All on the in-process bus, so a figure in cycles is the same everywhere.
#include "bench.h"

#include <time.h>

#include "world.h"

#define WARM 20000u
#define WINDOW 40000u
#define STEP 32u

static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};
static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

static double seconds(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
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

static void make_frame(uint8_t *f, unsigned len, const uint8_t *dst, const uint8_t *src, unsigned flow) {
    memset(f, 0, len);
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    // IPv4 UDP with the flow in addresses and ports, so that it spreads over queues.
    f[12] = 0x08;
    f[14] = 0x45;
    f[23] = 17;
    f[29] = (uint8_t)flow;
    f[33] = (uint8_t)(flow * 7);
    f[35] = (uint8_t)(flow * 13 + 1);
    f[37] = (uint8_t)(flow * 29 + 3);
}

struct bench_rate bench_throughput(struct bench_load load) {
    struct bench_rate r = {0};
    struct traffic t = {0};
    struct rc_stats before = {0};
    uint64_t tx0 = 0, rx0 = 0, offered = 0;
    uint8_t frame[1536];
    unsigned flow = 0;

    double began;

    world_open_with(&t.w, 0, load.queues, 10);
    rc_set_timing(card_rc(t.w.card), &(struct rc_timing){.read_latency = load.latency, .seed = 1});
    wire_set_rx(card_wire(t.w.card), count_wire, &t);
    // Small frames come at the line rate of 100 Gb/s; large ones at 25 cycles each, their goal and more than the line
    // has.
    if (load.bytes < 1000 || load.line)
        wire_set_rate(card_wire(t.w.card), 1, 50);
    else
        wire_set_rate(card_wire(t.w.card), 25, load.bytes + 24);
    CHECK(weir_pf_set_filter(t.w.pf, 1, 0, own_mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    began = seconds();
    for (uint64_t start = card_cycles(t.w.card), now = 0; now < WARM + WINDOW; now = card_cycles(t.w.card) - start) {
        if (before.tlps_from_card == 0 && now >= WARM) {
            before = *rc_stats(card_rc(t.w.card));
            tx0 = t.wire_out;
            rx0 = t.host_in;
        }
        for (unsigned q = 0; q < load.queues; q++) {
            struct weir_qp *qp = weir_pf_qp(t.w.pf, q);
            weir_qp_poll(qp, 256, count_rx, NULL, &t);
            if (!load.tx)
                continue;
            make_frame(frame, load.bytes, peer_mac, own_mac, q);
            // A driver under load rings for many frames at once.
            for (unsigned slots = weir_qp_tx_room(qp) > 512 + 128 ? 512 : 1024; weir_qp_tx_room(qp) > slots;)
                CHECK(weir_qp_send(qp, frame, load.bytes) >= 0, "send");
            weir_qp_kick(qp);
        }
        while (load.rx && wire_queued(card_wire(t.w.card)) < 64) {
            make_frame(frame, load.bytes, own_mac, peer_mac, load.queues > 1 ? flow++ : 0);
            CHECK(wire_send(card_wire(t.w.card), frame, load.bytes, false) == 0, "wire");
            offered++;
        }
        card_step(t.w.card, STEP, false);
    }
    {
        const struct rc_stats *s = rc_stats(card_rc(t.w.card));
        uint64_t tx = t.wire_out - tx0, rx = t.host_in - rx0, n = tx > rx ? tx : rx;
        r.speed = (WARM + WINDOW) / (seconds() - began);
        r.tx = tx != 0 ? (double)WINDOW / (double)tx : 0;
        r.rx = rx != 0 ? (double)WINDOW / (double)rx : 0;
        CHECK(n != 0, "no frame passed");
        r.tlps =
            (double)(s->tlps_from_card - before.tlps_from_card + s->tlps_to_card - before.tlps_to_card) / (double)n;
        r.bytes_up = (double)(s->tlp_bytes_from_card - before.tlp_bytes_from_card) / (double)n;
        r.bytes_down = (double)(s->tlp_bytes_to_card - before.tlp_bytes_to_card) / (double)n;
    }
    // What is under way is taken before the ledger is looked at.
    for (unsigned i = 0; i < 2000; i++) {
        for (unsigned q = 0; q < load.queues; q++)
            weir_qp_poll(weir_pf_qp(t.w.pf, q), 256, count_rx, NULL, &t);
        card_step(t.w.card, STEP, false);
    }
    r.dropped = load.rx ? 1 - (double)t.host_in / (double)offered : 0;
    world_close(&t.w);
    return r;
}

struct stamp {
    uint64_t cycle;
};

static void stamp_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)frame;
    (void)len;
    ((struct stamp *)ctx)->cycle = cycle;
}

static void stamp_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)frame;
    (void)info;
    *(bool *)ctx = true;
}

double bench_doorbell_to_wire(unsigned latency) {
    struct world w;
    struct stamp out = {0};
    uint8_t frame[60]; // 64 with FCS
    uint64_t start;
    bool got = false;

    world_open_with(&w, 0, 1, 8);
    rc_set_timing(card_rc(w.card), &(struct rc_timing){.read_latency = latency, .seed = 1});
    wire_set_rx(card_wire(w.card), stamp_wire, &out);
    make_frame(frame, sizeof(frame), peer_mac, own_mac, 0);
    CHECK(weir_qp_send(weir_pf_qp(w.pf, 0), frame, sizeof(frame)) >= 0, "send");
    start = card_cycles(w.card);
    weir_qp_kick(weir_pf_qp(w.pf, 0));
    for (unsigned i = 0; i < 5000 && out.cycle == 0; i++)
        card_step(w.card, 1, false);
    CHECK(out.cycle != 0, "no frame on the wire");
    card_step(w.card, 2000, false);
    weir_qp_poll(weir_pf_qp(w.pf, 0), 8, stamp_rx, NULL, &got);
    world_close(&w);
    return (double)(out.cycle - start);
}

double bench_wire_to_completion(unsigned latency) {
    struct world w;
    uint8_t frame[60];
    uint64_t start;
    bool got = false;
    unsigned i;

    world_open_with(&w, 0, 1, 8);
    rc_set_timing(card_rc(w.card), &(struct rc_timing){.read_latency = latency, .seed = 1});
    card_step(w.card, 2000, false);
    make_frame(frame, sizeof(frame), own_mac, peer_mac, 0);
    CHECK(wire_send(card_wire(w.card), frame, sizeof(frame), false) == 0, "wire");
    start = card_cycles(w.card);
    for (i = 0; i < 5000 && !got; i++) {
        card_step(w.card, 1, false);
        weir_qp_poll(weir_pf_qp(w.pf, 0), 1, stamp_rx, NULL, &got);
    }
    CHECK(got, "no completion");
    start = card_cycles(w.card) - start;
    world_close(&w);
    return (double)start;
}

double bench_vf_to_vf_latency(void) {
    static const uint8_t mac[2][6] = {{0x02, 0, 0, 0, 1, 0}, {0x02, 0, 0, 0, 1, 1}};
    struct weir_vf_config cfg = {.tx_log2 = 8, .rx_log2 = 8, .buf_bytes = 2048};
    struct weir_vf *vf[2];
    struct world w;
    uint8_t frame[60];
    char err[256];
    uint64_t start;
    bool got = false, ignored = false;

    world_open_with(&w, 2, 1, 8);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_alloc_vf(w.pf, (int)i, mac[i], "bench") == (int)i, "alloc");
        CHECK(weir_pf_create_vport(w.pf, i + 1, i, 1, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
        CHECK(weir_vf_open(weir_inproc_open(w.ip, i + 1), &cfg, &vf[i], err, sizeof(err)) == 0, "%s", err);
        CHECK(weir_pf_set_filter(w.pf, i + 1, i + 1, mac[i], WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    }
    card_step(w.card, 2000, false);
    make_frame(frame, sizeof(frame), mac[1], mac[0], 0);
    CHECK(weir_qp_send(weir_vf_qp(vf[0], 0), frame, sizeof(frame)) >= 0, "send");
    start = card_cycles(w.card);
    weir_qp_kick(weir_vf_qp(vf[0], 0));
    for (unsigned i = 0; i < 5000 && !got; i++) {
        card_step(w.card, 1, false);
        weir_qp_poll(weir_vf_qp(vf[1], 0), 1, stamp_rx, NULL, &got);
    }
    CHECK(got, "no frame at the other VF");
    start = card_cycles(w.card) - start;
    card_step(w.card, 1000, false);
    weir_qp_poll(weir_vf_qp(vf[0], 0), 8, stamp_rx, NULL, &ignored);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(weir_pf_clear_filter(w.pf, i + 1) == 0, "clear");
        weir_vf_close(vf[i]);
        CHECK(weir_pf_delete_vport(w.pf, i + 1) == 0, "delete");
        CHECK(weir_pf_reset_vf(w.pf, i) == 0 && weir_pf_free_vf(w.pf, i) == 0, "free");
    }
    world_close(&w);
    return (double)start;
}

// From the write of Initiate FLR until the function says its reset is over, on an idle VF with an open queue.
double bench_flr(void) {
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0};
    struct weir_vf_config cfg = {.tx_log2 = 8, .rx_log2 = 8, .buf_bytes = 2048};
    struct weir_vf *vf;
    struct world w;
    char err[256];
    uint64_t start, size, bar;
    uint32_t fn = 0;

    world_open_with(&w, 1, 1, 8);
    CHECK(weir_pf_alloc_vf(w.pf, 0, mac, "bench") == 0, "alloc");
    CHECK(weir_pf_create_vport(w.pf, 1, 0, 1, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
    CHECK(weir_vf_open(weir_inproc_open(w.ip, 1), &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    weir_vf_surprise(vf);
    start = card_cycles(w.card);
    CHECK(host_flr(w.host, 1) == 0, "flr");
    bar = host_bar(w.host, 1, &size);
    for (unsigned i = 0; i < 1000; i++) {
        if (rc_mem_read(card_rc(w.card), bar + WEIR_BAR_FN, &fn) == 0 && WEIR_GET(fn, BAR_FN_IN_RESET) == 0)
            break;
    }
    start = card_cycles(w.card) - start;
    weir_vf_close(vf);
    CHECK(weir_pf_delete_vport(w.pf, 1) == 0 && weir_pf_free_vf(w.pf, 0) == 0, "free");
    world_close(&w);
    return (double)start;
}

// A queue with 1,024 posted buffers, some of which the card knows; 1,024 frames of 60 bytes come back to back.
double bench_burst_lost(void) {
    struct traffic t = {0};
    uint8_t frame[60];

    world_open_with(&t.w, 0, 1, 10);
    rc_set_timing(card_rc(t.w.card), &(struct rc_timing){.read_latency = 250, .seed = 1});
    wire_set_rate(card_wire(t.w.card), 1, 50);
    CHECK(weir_pf_set_filter(t.w.pf, 1, 0, own_mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    card_step(t.w.card, 2000, false);
    for (unsigned i = 0; i < 1024; i++) {
        make_frame(frame, sizeof(frame), own_mac, peer_mac, 0);
        CHECK(wire_send(card_wire(t.w.card), frame, sizeof(frame), false) == 0, "wire");
    }
    card_step(t.w.card, 5000, false);
    while (weir_qp_poll(weir_pf_qp(t.w.pf, 0), 256, count_rx, NULL, &t) != 0)
        continue;
    CHECK(weir_pf_clear_filter(t.w.pf, 1) == 0, "clear");
    world_close(&t.w);
    return 1024 - (double)t.host_in;
}

double bench_sim_rest(void) {
    double start;
    struct world w;

    world_open_with(&w, 0, 1, 8);
    start = seconds();
    card_step(w.card, 200000, false);
    start = seconds() - start;
    world_close(&w);
    return 200000 / start;
}
