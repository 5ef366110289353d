// SPDX-License-Identifier: Apache-2.0
// Rows with many VFs: bytes of bursts of one, fairness, rate limits, a victim beside attackers, stalls of posted
// writes, and the cost of many active queues. See bench.h.
#include "bench.h"

#include <math.h>

#include "world.h"

#define MAX_VFS 64u
#define MS 250000u // card cycles of a millisecond

struct many {
    struct world w;
    unsigned n;
    struct weir_vf *vf[MAX_VFS];
    uint64_t out[MAX_VFS];                  // frames on the wire, by sender,
    uint64_t first[MAX_VFS], last[MAX_VFS]; // cycles of the first and last of them
    uint64_t in;                            // frames received by any
    uint64_t sent_at;                       // of the victim's frame on its way
    uint64_t back_at;
};

static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};

static void vf_mac(uint8_t mac[6], unsigned vf) {
    const uint8_t m[6] = {0x02, 0, 0, 0, 1, (uint8_t)vf};
    memcpy(mac, m, 6);
}

static void frame_to(uint8_t *f, unsigned len, unsigned vf, bool to_wire) {
    memset(f, 0, len);
    memcpy(to_wire ? f : f + 6, peer_mac, 6);
    vf_mac(to_wire ? f + 6 : f, vf);
    f[12] = 0x08;
    f[14] = 0x45;
    f[23] = 17;
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct many *m = ctx;
    unsigned vf = frame[11];
    (void)len;
    if (frame[10] != 1 || vf >= MAX_VFS)
        return;
    if (m->out[vf]++ == 0)
        m->first[vf] = cycle;
    m->last[vf] = cycle;
    // The peer answers the victim at once.
    if (vf == 0 && m->sent_at != 0) {
        uint8_t back[60];
        frame_to(back, sizeof(back), 0, false);
        (void)wire_send(card_wire(m->w.card), back, sizeof(back), false);
    }
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    struct many *m = ctx;
    (void)frame;
    (void)info;
    m->in++;
    m->back_at = card_cycles(m->w.card);
}

static void open_many(struct many *m, unsigned n, unsigned ring_log2) {
    struct weir_vf_config cfg = {.tx_log2 = (uint8_t)ring_log2, .rx_log2 = (uint8_t)ring_log2, .buf_bytes = 2048};
    char err[256];
    memset(m, 0, sizeof(*m));
    m->n = n;
    world_open_with(&m->w, (int)n, 1, 8);
    for (unsigned i = 0; i < n; i++) {
        uint8_t mac[6];
        vf_mac(mac, i);
        CHECK(weir_pf_alloc_vf(m->w.pf, (int)i, mac, "bench") == (int)i, "alloc");
        CHECK(weir_pf_create_vport(m->w.pf, i + 1, i, 1, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
        CHECK(weir_vf_open(weir_inproc_open(m->w.ip, i + 1), &cfg, &m->vf[i], err, sizeof(err)) == 0, "%s", err);
        CHECK(weir_pf_set_filter(m->w.pf, i + 1, i + 1, mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    }
    wire_set_rx(card_wire(m->w.card), on_wire, m);
    wire_set_rate(card_wire(m->w.card), 1, 50);
}

static void poll(struct many *m, unsigned vf) {
    weir_qp_poll(weir_vf_qp(m->vf[vf], 0), 256, on_rx, NULL, m);
}

static void close_many(struct many *m) {
    m->sent_at = 0;
    for (unsigned r = 0; r < 400; r++) {
        for (unsigned i = 0; i < m->n; i++)
            poll(m, i);
        card_step(m->w.card, 512, false);
    }
    for (unsigned i = 0; i < m->n; i++) {
        CHECK(weir_pf_clear_filter(m->w.pf, i + 1) == 0, "clear");
        weir_vf_close(m->vf[i]);
        CHECK(weir_pf_delete_vport(m->w.pf, i + 1) == 0, "delete");
        CHECK(weir_pf_free_vf(m->w.pf, i) == 0, "free");
    }
    world_close(&m->w);
}

static void fill(struct many *m, unsigned vf, unsigned bytes, unsigned room) {
    struct weir_qp *qp = weir_vf_qp(m->vf[vf], 0);
    uint8_t frame[1536];
    if (weir_qp_tx_room(qp) < room)
        return;
    frame_to(frame, bytes, vf, true);
    while (weir_qp_tx_room(qp) > 16)
        CHECK(weir_qp_send(qp, frame, bytes) >= 0, "send");
    weir_qp_kick(qp);
}

// Bytes on the link, the busier direction, per transmitted and received frame: 4 cycles a frame each way, each frame
// another VF's, none behind another of its queue.
BENCH_SCENARIO(bench_burst_one) {
    struct many *m = calloc(1, sizeof(*m));
    struct rc_stats a = {0}, b;
    unsigned pairs = 0;
    uint8_t frame[60];
    double up, down;
    (void)setup;

    open_many(m, MAX_VFS, 7);
    for (unsigned turn = 0; turn < 40 * MAX_VFS; turn++) {
        unsigned vf = turn % MAX_VFS;
        if (turn == 20 * MAX_VFS)
            a = *rc_stats(card_rc(m->w.card));
        pairs += turn >= 20 * MAX_VFS;
        poll(m, vf);
        frame_to(frame, sizeof(frame), vf, true);
        CHECK(weir_qp_send(weir_vf_qp(m->vf[vf], 0), frame, sizeof(frame)) >= 0, "send");
        weir_qp_kick(weir_vf_qp(m->vf[vf], 0));
        frame_to(frame, sizeof(frame), vf, false);
        CHECK(wire_send(card_wire(m->w.card), frame, sizeof(frame), false) == 0, "wire");
        card_step(m->w.card, 4, false);
    }
    b = *rc_stats(card_rc(m->w.card));
    up = (double)(b.tlp_bytes_from_card - a.tlp_bytes_from_card) / pairs;
    down = (double)(b.tlp_bytes_to_card - a.tlp_bytes_to_card) / pairs;
    close_many(m);
    free(m);
    figure[0].value = up > down ? up : down;
}

// Jain's index over the frames that 64 VFs with always full rings got onto the wire in a millisecond.
BENCH_SCENARIO(bench_fairness) {
    struct many *m = calloc(1, sizeof(*m));
    double sum = 0, squares = 0;
    (void)setup;

    open_many(m, MAX_VFS, 6);
    for (uint64_t start = card_cycles(m->w.card), warm = start + MS / 5; card_cycles(m->w.card) < warm + MS;) {
        for (unsigned i = 0; i < MAX_VFS; i++) {
            poll(m, i);
            fill(m, i, 1514, 32);
        }
        card_step(m->w.card, 256, false);
        if (card_cycles(m->w.card) < warm)
            memset(m->out, 0, sizeof(m->out));
    }
    for (unsigned i = 0; i < MAX_VFS; i++) {
        sum += (double)m->out[i];
        squares += (double)m->out[i] * (double)m->out[i];
    }
    close_many(m);
    free(m);
    figure[0].value = sum * sum / (MAX_VFS * squares);
}

// The worst of three limits, each measured from its first frame's end to its last one's, in per cent of the limit.
BENCH_SCENARIO(bench_rate_error) {
    static const unsigned mbps[3] = {1000, 3000, 10000};
    struct many *m = calloc(1, sizeof(*m));
    double worst = 0;
    (void)setup;

    open_many(m, 3, 7);
    for (unsigned i = 0; i < 3; i++)
        CHECK(weir_pf_set_rate(m->w.pf, i + 1, i == 1 ? WEIR_RATE_FN : 0, mbps[i], 0) == 0, "rate");
    for (uint64_t start = card_cycles(m->w.card); card_cycles(m->w.card) < start + 2 * MS;) {
        for (unsigned i = 0; i < 3; i++) {
            poll(m, i);
            fill(m, i, 1514, 32);
        }
        card_step(m->w.card, 256, false);
        // The credit that waited for the first frames is not part of the rate.
        for (unsigned i = 0; i < 3; i++)
            if (card_cycles(m->w.card) < start + MS / 10)
                m->out[i] = 0;
    }
    for (unsigned i = 0; i < 3; i++) {
        double got = (double)(m->out[i] - 1) * 1514 * 2000 / (double)(m->last[i] - m->first[i]);
        double error = fabs(got / mbps[i] - 1) * 100;
        worst = error > worst ? error : worst;
        CHECK(weir_pf_set_rate(m->w.pf, i + 1, i == 1 ? WEIR_RATE_FN : 0, 0, 0) == 0, "rate");
    }
    close_many(m);
    free(m);
    figure[0].value = worst;
}

static int by_value(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

// Round trips of the victim (VF 0) to an echoing peer, one at a time, in a fixed time. Half of the attackers write a
// doorbell each every `every` cycles.
static unsigned victim(struct many *m, unsigned attackers, unsigned every, uint64_t cycles, uint64_t *p99) {
    static uint64_t rtt[100000];
    struct weir_qp *qp = weir_vf_qp(m->vf[0], 0);
    uint64_t end, bar[MAX_VFS], size;
    unsigned n = 0, step = 0;
    uint8_t frame[60];

    frame_to(frame, sizeof(frame), 0, true);
    for (unsigned i = 0; i < m->n; i++)
        bar[i] = host_bar(m->w.host, i + 1, &size) + WEIR_BAR_DOORBELL_BASE;
    m->sent_at = 0;
    // What an earlier measurement left on its way is not this one's.
    for (unsigned i = 0; i < 100; i++) {
        for (unsigned k = 0; k < m->n; k++)
            poll(m, k);
        card_step(m->w.card, 64, false);
    }
    for (end = card_cycles(m->w.card) + cycles; card_cycles(m->w.card) < end; step++) {
        if (m->sent_at == 0) {
            m->back_at = 0;
            m->sent_at = card_cycles(m->w.card);
            CHECK(weir_qp_send(qp, frame, sizeof(frame)) >= 0, "send");
            weir_qp_kick(qp);
        }
        for (unsigned a = 1; a <= attackers; a++) {
            unsigned kind = a % 4;
            if (step % 16 == a % 16)
                poll(m, a);
            if (step % 16 == a % 16 && kind != 3)
                fill(m, a, kind == 0 ? 1514 : 60, 32);
            // A doorbell that changes nothing, again and again; and arming without end.
            if ((kind == 1 || kind == 3) && step % (every / 4) == a % (every / 4))
                (void)rc_mem_write(card_rc(m->w.card), bar[a] + WEIR_BAR_DB_CQ, kind == 3 ? 1u << 31 : 0);
        }
        card_step(m->w.card, 4, false);
        poll(m, 0);
        if (m->back_at != 0) {
            rtt[n++] = m->back_at - m->sent_at;
            m->sent_at = 0;
        }
        CHECK(n < sizeof(rtt) / sizeof(rtt[0]), "too many");
    }
    qsort(rtt, n, sizeof(rtt[0]), by_value);
    *p99 = n != 0 ? rtt[n * 99 / 100] : 0;
    return n;
}

// Figures: 0 per cent of the victim's frames that get through; 1 its 99th percentile of round trips as a multiple of
// that alone, 2 with doorbells that fill the host's link.
BENCH_SCENARIO(bench_victim) {
    struct many *m = calloc(1, sizeof(*m));
    uint64_t alone, beside, flood;
    unsigned a, b;
    (void)setup;

    open_many(m, 9, 7);
    a = victim(m, 0, 4, MS / 4, &alone);
    b = victim(m, 8, 64, MS / 2, &beside);
    // Round trips are latency; goodput is what an open load of the victim's share gets through: VF 0 sends a frame of
    // 1514 bytes every 400 cycles, 1/13 of the line, beside eight attackers.
    CHECK(a > 100 && b > 20, "%u round trips alone, %u beside attackers", a, b);
    figure[1].value = (double)beside / (double)alone;
    // Doorbells in every cycle: the host's own link is full, and the victim's doorbell waits in the host.
    b = victim(m, 8, 4, MS / 2, &flood);
    CHECK(b > 20, "%u round trips beside a flood", b);
    figure[2].value = (double)flood / (double)alone;
    m->sent_at = 0;
    memset(m->out, 0, sizeof(m->out));
    {
        struct weir_qp *qp = weir_vf_qp(m->vf[0], 0);
        uint8_t frame[1514];
        unsigned offered = 0;
        frame_to(frame, sizeof(frame), 0, true);
        for (unsigned t = 0; t < 400; t++) {
            if (weir_qp_send(qp, frame, sizeof(frame)) >= 0)
                weir_qp_kick(qp);
            offered++;
            for (unsigned i = 0; i < 25; i++) {
                for (unsigned k = 1; k < m->n; k++) {
                    if (i % 8 == k % 8)
                        poll(m, k), fill(m, k, k % 2 ? 60 : 1514, 32);
                }
                card_step(m->w.card, 16, false);
            }
            poll(m, 0);
        }
        figure[0].value = 100.0 * (double)m->out[0] / offered;
    }
    close_many(m);
    free(m);
}

// Cycles in which the card would not take a posted write that was there, while one VF writes its doorbells in every
// cycle.
BENCH_SCENARIO(bench_posted_stalls) {
    struct many *m = calloc(1, sizeof(*m));
    uint64_t before, size, bar;
    double stalls;
    (void)setup;

    open_many(m, 2, 7);
    bar = host_bar(m->w.host, 1, &size) + WEIR_BAR_DOORBELL_BASE;
    before = card_rx_stalls(m->w.card);
    for (unsigned i = 0; i < 20000; i++) {
        (void)rc_mem_write(card_rc(m->w.card), bar + (i % 3 == 2 ? WEIR_BAR_DB_CQ : i % 3 * 4) + i % 8 * 0x1000,
                           i % 3 == 1 ? 128 : 0);
        if (i % 64 == 0)
            (void)rc_mem_write_bytes(card_rc(m->w.card), bar + WEIR_BAR_DB_PUSH, (uint8_t[64]){0}, 64);
    }
    card_step(m->w.card, 200, false);
    stalls = (double)(card_rx_stalls(m->w.card) - before);
    close_many(m);
    free(m);
    figure[0].value = stalls;
}

static double active_cost(unsigned n) {
    struct many *m = calloc(1, sizeof(*m));
    uint64_t sum = 0, start;
    double cost;

    open_many(m, n, n == 1 ? 10 : 7);
    wire_set_rate(card_wire(m->w.card), 0, 1);
    for (start = card_cycles(m->w.card); card_cycles(m->w.card) < start + 60000;) {
        for (unsigned i = 0; i < n; i++) {
            poll(m, i);
            fill(m, i, 60, n == 1 ? 256 : 64);
        }
        card_step(m->w.card, 64, false);
        if (card_cycles(m->w.card) < start + 20000)
            memset(m->out, 0, sizeof(m->out));
    }
    for (unsigned i = 0; i < n; i++)
        sum += m->out[i];
    cost = 40000 / (double)sum;
    close_many(m);
    free(m);
    return cost;
}

BENCH_SCENARIO(bench_active_cost) {
    (void)setup;
    figure[0].value = active_cost(MAX_VFS) / active_cost(1);
}
