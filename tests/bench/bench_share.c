// SPDX-License-Identifier: Apache-2.0
// Rows 8, 18, 19, 21 and 22: what many VFs cost and what each gets: bytes of bursts of one, fairness, rate limits,
// stalls of posted writes, and the cost of many active queues. See bench.h.
#include "bench.h"

#include <math.h>

#include "bench_many.h"

// Bytes on the link, the busier direction, per transmitted and received frame: 4 cycles a frame each way, each frame
// another VF's, none behind another of its queue.
BENCH_SCENARIO(bench_burst_one) {
    struct many *m = calloc(1, sizeof(*m));
    struct rc_stats a = {0}, b;
    unsigned pairs = 0;
    uint8_t frame[60];
    double up, down;
    (void)setup;

    many_open(m, MAX_VFS, 1, 7);
    for (unsigned turn = 0; turn < 40 * MAX_VFS; turn++) {
        unsigned vf = turn % MAX_VFS;
        if (turn == 20 * MAX_VFS)
            a = *rc_stats(card_rc(m->w.card));
        pairs += turn >= 20 * MAX_VFS;
        many_poll(m, vf);
        many_frame(frame, sizeof(frame), vf, true);
        CHECK(weir_qp_send(weir_vf_qp(m->vf[vf], 0), frame, sizeof(frame)) >= 0, "send");
        weir_qp_ring_doorbell(weir_vf_qp(m->vf[vf], 0));
        many_frame(frame, sizeof(frame), vf, false);
        CHECK(wire_send(card_wire(m->w.card), frame, sizeof(frame), false) == 0, "wire");
        card_step(m->w.card, 4, false);
    }
    b = *rc_stats(card_rc(m->w.card));
    up = (double)(b.tlp_bytes_from_card - a.tlp_bytes_from_card) / pairs;
    down = (double)(b.tlp_bytes_to_card - a.tlp_bytes_to_card) / pairs;
    many_close(m);
    free(m);
    figure[0].value = up > down ? up : down;
}

// Bytes of all frames of a VF: a mix has a size for each third of them.
static unsigned bytes_of(const struct bench_setup *s, unsigned vf) {
    static const unsigned imix[3] = {60, 566, 1514};
    return s->from == BENCH_IMIX ? imix[vf % 3] : s->from;
}

// Jain's index: 1 when all have the same, 1/n when one has all.
static double jain(const double *has, unsigned n) {
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += has[i];
        squares += has[i] * has[i];
    }
    return sum * sum / (n * squares);
}

// Over the bytes on the wire, 24 of each frame's own among them, of 64 VFs with always full rings in a millisecond.
BENCH_SCENARIO(bench_fairness) {
    struct many *m = calloc(1, sizeof(*m));
    double has[MAX_VFS];

    CHECK(m != NULL, "out of memory");
    many_open(m, MAX_VFS, 1, 6);
    for (uint64_t start = card_cycles(m->w.card), warm = start + MS / 5; card_cycles(m->w.card) < warm + MS;) {
        for (unsigned i = 0; i < MAX_VFS; i++) {
            many_poll(m, i);
            many_fill(m, i, bytes_of(setup, i), 32);
        }
        card_step(m->w.card, setup->from == BENCH_IMIX ? 64 : 256, false);
        if (card_cycles(m->w.card) < warm)
            memset(m->out, 0, sizeof(m->out));
    }
    for (unsigned i = 0; i < MAX_VFS; i++)
        has[i] = (double)m->out[i] * (bytes_of(setup, i) + 24);
    many_close(m);
    free(m);
    figure[0].value = jain(has, MAX_VFS);
}

// Over the share that 64 VFs get of what the wire brings each of them at its rate, in bursts of eight, for a fifth of a
// millisecond.
BENCH_SCENARIO(bench_fairness_rx) {
    struct many *m = calloc(1, sizeof(*m));
    double has[MAX_VFS], offered[MAX_VFS] = {0};
    uint8_t frame[1536];
    unsigned n = 0;

    CHECK(m != NULL, "out of memory");
    many_open(m, MAX_VFS, 1, 7);
    for (uint64_t start = card_cycles(m->w.card); card_cycles(m->w.card) < start + MS / 5;) {
        for (; wire_queued(card_wire(m->w.card)) < 64; n++) {
            unsigned vf = n / 8 % MAX_VFS;
            many_frame(frame, bytes_of(setup, vf), vf, false);
            CHECK(wire_send(card_wire(m->w.card), frame, bytes_of(setup, vf), false) == 0, "wire");
            offered[vf]++;
        }
        for (unsigned i = 0; i < MAX_VFS; i++)
            many_poll(m, i);
        card_step(m->w.card, 32, false);
    }
    many_close(m); // takes what is under way
    for (unsigned i = 0; i < MAX_VFS; i++) {
        has[i] = (double)m->in[i] / offered[i];
        figure[0].offered += offered[i];
        figure[0].delivered += (double)m->in[i];
    }
    figure[0].value = jain(has, MAX_VFS);
    free(m);
}

// The worst of three limits, each measured from its first frame's end to its last one's, in per cent of the limit.
BENCH_SCENARIO(bench_rate_error) {
    static const unsigned mbps[3] = {1000, 3000, 10000};
    struct many *m = calloc(1, sizeof(*m));
    double worst = 0;

    many_open(m, 3, 1, 7);
    for (unsigned i = 0; i < 3; i++)
        CHECK(weir_pf_set_rate(m->w.pf, i + 1, i == 1 ? WEIR_RATE_FN : 0, mbps[i], 0) == 0, "rate");
    for (uint64_t start = card_cycles(m->w.card); card_cycles(m->w.card) < start + 2 * MS;) {
        for (unsigned i = 0; i < 3; i++) {
            many_poll(m, i);
            many_fill(m, i, bytes_of(setup, i), 32);
        }
        card_step(m->w.card, setup->from == BENCH_IMIX ? 64 : 256, false);
        // The credit that waited for the first frames is not part of the rate.
        for (unsigned i = 0; i < 3; i++)
            if (card_cycles(m->w.card) < start + MS / 10)
                m->out[i] = 0;
    }
    for (unsigned i = 0; i < 3; i++) {
        double got = (double)(m->out[i] - 1) * bytes_of(setup, i) * 2000 / (double)(m->last[i] - m->first[i]);
        double error = fabs(got / mbps[i] - 1) * 100;
        worst = error > worst ? error : worst;
        CHECK(weir_pf_set_rate(m->w.pf, i + 1, i == 1 ? WEIR_RATE_FN : 0, 0, 0) == 0, "rate");
    }
    many_close(m);
    free(m);
    figure[0].value = worst;
}

// Cycles in which the card would not take a posted write that was there, while one VF writes its doorbells in every
// cycle.
BENCH_SCENARIO(bench_posted_stalls) {
    struct many *m = calloc(1, sizeof(*m));
    uint64_t before, size, bar;
    double stalls;
    (void)setup;

    many_open(m, 2, 1, 7);
    bar = host_bar(m->w.host, 1, &size) + WEIR_BAR_DOORBELL_BASE;
    before = card_rx_stalls(m->w.card);
    for (unsigned i = 0; i < 20000; i++) {
        (void)rc_mem_write(card_rc(m->w.card), bar + (i % 3 == 2 ? WEIR_BAR_DB_CQ : i % 3 * 4) + i % 8 * 0x1000,
                           i % 3 == 1 ? 128 : 0);
        if (i % 64 == 0)
            (void)rc_mem_write_bytes(card_rc(m->w.card), bar + WEIR_BAR_DB_INLINE, (uint8_t[64]){0}, 64);
    }
    card_step(m->w.card, 200, false);
    stalls = (double)(card_rx_stalls(m->w.card) - before);
    many_close(m);
    free(m);
    figure[0].value = stalls;
}

static double active_cost(unsigned n) {
    struct many *m = calloc(1, sizeof(*m));
    uint64_t sum = 0, start;
    double cost;

    many_open(m, n, 1, n == 1 ? 10 : 7);
    wire_set_rate(card_wire(m->w.card), 0, 1);
    for (start = card_cycles(m->w.card); card_cycles(m->w.card) < start + 60000;) {
        for (unsigned i = 0; i < n; i++) {
            many_poll(m, i);
            many_fill(m, i, 60, n == 1 ? 256 : 64);
        }
        card_step(m->w.card, 64, false);
        if (card_cycles(m->w.card) < start + 20000)
            memset(m->out, 0, sizeof(m->out));
    }
    for (unsigned i = 0; i < n; i++)
        sum += m->out[i];
    cost = 40000 / (double)sum;
    many_close(m);
    free(m);
    return cost;
}

BENCH_SCENARIO(bench_active_cost) {
    (void)setup;
    figure[0].value = active_cost(MAX_VFS) / active_cost(1);
}

// From one VF's full rings to another's inside the card. Figure 0: Gb/s of frame bytes that arrive, at no pace but the
// card's own.
BENCH_SCENARIO(bench_vf_to_vf_rate) {
    const unsigned warm = 20000, window = 40000;
    struct many *m = calloc(1, sizeof(*m));
    uint64_t sent = 0, at_warm = 0;
    uint8_t frame[1536];

    CHECK(m != NULL, "out of memory");
    many_open(m, 2, setup->queues, 10);
    rc_set_timing(card_rc(m->w.card), &(struct rc_timing){.read_latency = setup->latency, .seed = 1});
    many_frame(frame, setup->from, 1, false);
    memcpy(frame + 6, weir_vf_mac(m->vf[0]), 6);
    for (uint64_t start = card_cycles(m->w.card); card_cycles(m->w.card) < start + warm + window;) {
        if (at_warm == 0 && card_cycles(m->w.card) >= start + warm)
            at_warm = m->in[1];
        for (unsigned q = 0; q < setup->queues; q++) {
            struct weir_qp *qp = weir_vf_qp(m->vf[0], q);
            // The flow in the ports, so that the receiver's queue pairs have a share each.
            frame[35] = (uint8_t)(q * 13 + 1);
            frame[37] = (uint8_t)(q * 29 + 3);
            for (; weir_qp_tx_pending(qp) < 64; sent++)
                CHECK(weir_qp_send(qp, frame, setup->from) >= 0, "send");
            weir_qp_ring_doorbell(qp);
        }
        many_poll(m, 0);
        many_poll(m, 1);
        card_step(m->w.card, 32, false);
    }
    figure[0].value = (double)(m->in[1] - at_warm) * setup->from * 8 / (window * BENCH_NS_PER_CYCLE);
    many_close(m);
    figure[0].offered = (double)sent;
    figure[0].delivered = (double)m->in[1];
    free(m);
}
