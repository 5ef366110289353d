// SPDX-License-Identifier: Apache-2.0
// Cases of the queue block. driver.c holds the reference; a case only decides what happens. Long because each
// case stands alone; none shares more than the harness with another.
#include "driver.h"

// Random traffic on several queues for a number of cycles, then drained and accounted for.
static void traffic(struct hq **qs, unsigned n, unsigned cycles, bool strict_host) {
    for (unsigned c = 0; c < cycles; c++) {
        struct hq *q = qs[bench_below(n)];
        switch (bench_below(8)) {
        case 0:
            for (unsigned k = bench_below(20); k > 0; k--) {
                unsigned segs = bench_below(3) ? 1 : 1 + bench_below(8);
                if (hq_tx_room(q) < segs)
                    break;
                unsigned len = bench_below(4) ? 14 + bench_below(100) : bench_below(8) ? 60 + bench_below(1455) : 1900;
                if (len <= 60 && bench_below(3) == 0) {
                    hq_ring_tx(q); // a push tells of one frame
                    hq_push(q, len, bench_below(3) == 0);
                    continue;
                }
                hq_tx(q, len, segs, bench_below(3) == 0);
                if (bench_below(4) == 0)
                    hq_ring_tx(q);
            }
            hq_ring_tx(q);
            break;
        case 1:
            for (unsigned k = bench_below(20); k > 0 && hq_rx_room(q) > 0; k--)
                hq_rx(q, bench_below(8) ? 32 : 1 + bench_below(31));
            hq_ring_rx(q);
            break;
        case 2:
            if (strict_host || bench_below(6) == 0) {
                hq_poll(q);
                hq_ring_cq(q, bench_below(2));
            }
            break;
        case 3:
        case 4:
            if (rx_room() && h.rx_tail - h.rx_head < 8) {
                if (bench_below(30) == 0)
                    hq_fence(q);
                else
                    hq_send(q, bench_below(4) ? 14 + bench_below(120) : 14 + bench_below(2000));
            }
            break;
        default:
            break;
        }
        tick();
        hq_poll(q);
    }
}

static void drain(struct hq **qs, unsigned n) {
    for (unsigned round = 0; round < 200; round++) {
        settle();
        unsigned got = 0;
        for (unsigned i = 0; i < n; i++) {
            got += hq_poll(qs[i]);
            if (qs[i]->cq_head != qs[i]->cq_rung)
                hq_ring_cq(qs[i], false);
        }
        bool busy = false;
        for (unsigned i = 0; i < n; i++)
            busy |= qs[i]->sent != qs[i]->completed;
        if (got == 0 && !busy)
            break;
    }
    settle();
    for (unsigned i = 0; i < n; i++)
        hq_finish(qs[i]);
}

static void random_traffic(void) {
    driver_init(bench_model, bench_rand());
    struct hq *qs[24];
    unsigned n = 0;
    fn_map(0, 0, 100);
    for (unsigned fn = 1; fn <= 6; fn++)
        fn_map(fn, 100 + 8 * fn, 8);
    for (unsigned i = 0; i < 6; i++)
        qs[n++] =
            hq_open((struct hq_config){i * 17, 0, i * 17, 3 + bench_below(5), 3 + bench_below(5), 8 + bench_below(3)});
    for (unsigned fn = 1; fn <= 6; fn++)
        for (unsigned p = 0; p < 3; p++)
            qs[n++] = hq_open((struct hq_config){100 + 8 * fn + p * 2, fn, p * 2, 3 + bench_below(5),
                                                 3 + bench_below(5), 8 + bench_below(3)});
    for (unsigned i = 0; i < n; i++) {
        qs[i]->inl = i % 3 * 3;
        qs[i]->stream = i % 4 == 0;
    }
    traffic(qs, n, 40000, true);
    drain(qs, n);
    uint32_t inlined = 0, pushed = 0;
    for (unsigned i = 0; i < n; i++)
        inlined += qs[i]->inlined, pushed += qs[i]->pushed;
    CHECK(inlined > 200 && pushed > 200, "too little happened: %u inline, %u pushed", inlined, pushed);
    uint32_t tx = 0, rx = 0, none = 0, cpls = 0;
    for (unsigned i = 0; i < n; i++)
        tx += qs[i]->completed, rx += qs[i]->rx_ok, none += qs[i]->rx_drop[WEIR_QP_REASON_NO_DESC],
            cpls += qs[i]->tx_cpls;
    CHECK(tx > 1000 && rx > 1000 && cpls < tx,
          "too little happened: %u transmitted in %u completions, %u received, %u without buffer", tx, cpls, rx, none);
    printf("%u transmitted in %u completions, %u received, %u without buffer\n", tx, cpls, rx, none);
}

// The lowest and highest queues, and those around the middle, each of a VF of its own.
static void first_and_last_queues(void) {
    static const unsigned base[] = {0, QPS / 8, QPS / 2 - 8, QPS / 2, QPS - 16, QPS - 8};
    struct hq *qs[18];
    unsigned n = 0;
    driver_init(bench_model, bench_rand());
    for (unsigned v = 0; v < 6; v++) {
        fn_map(v + 1, base[v], 8);
        for (unsigned page = 0; page < 8; page += 3 + page / 3)
            qs[n++] = hq_open((struct hq_config){base[v] + page, v + 1, page, 4, 4, 8});
    }
    CHECK(n == 18 && qs[n - 1]->qp == QPS - 1, "%u queues, the last is %u", n, qs[n - 1]->qp);
    for (unsigned i = 0; i < n; i++)
        qs[i]->inl = i % 3 * 3;
    traffic(qs, n, 15000, true);
    drain(qs, n);
    for (unsigned i = 0; i < n; i++)
        CHECK(qs[i]->completed > 10 && qs[i]->rx_ok > 10, "queue %u: %u transmitted, %u received", qs[i]->qp,
              qs[i]->completed, qs[i]->rx_ok);
}

// Smallest rings, and a host that is late with its completion head.
static void random_small_rings(void) {
    driver_init(bench_model, bench_rand());
    struct hq *qs[5];
    fn_map(3, 200, 8);
    for (unsigned i = 0; i < 5; i++) {
        qs[i] = hq_open((struct hq_config){200 + i, 3, i, 3 + i % 2, 3 + i % 2, 4});
        qs[i]->merged_ok = true;
        qs[i]->inl = 4;
        qs[i]->stream = i % 2 == 1;
    }
    traffic(qs, 5, 40000, false);
    uint32_t full = 0;
    for (unsigned i = 0; i < 5; i++)
        full += qs[i]->rx_drop[WEIR_QP_REASON_CQ_FULL];
    CHECK(full > 10, "completion rings were never full");
    drain(qs, 5);
}

static void cq_full(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 4);
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 6, 6, 4}),
              *other = hq_open((struct hq_config){1, 1, 1, 6, 6, 8});
    q->merged_ok = true;
    for (unsigned i = 0; i < 40; i++)
        hq_rx(q, 32);
    hq_ring_rx(q);
    settle();
    for (unsigned i = 0; i < 20; i++)
        hq_send(q, 100);
    settle();
    CHECK(q->rx_ok == 16 && q->rx_drop[WEIR_QP_REASON_CQ_FULL] == 4, "16 of 20 frames fit the ring, %u taken",
          q->rx_ok);
    hq_fence(q);
    settle();
    CHECK(q->rx_drop[WEIR_QP_REASON_CQ_FULL] == 5, "a fence that does not fit gets a disposition");
    for (unsigned i = 0; i < 30; i++)
        hq_tx(q, 60, 1, true);
    hq_ring_tx(q);
    for (unsigned i = 0; i < 30; i++)
        hq_tx(other, 60, 1, true);
    hq_ring_tx(other);
    settle();
    hq_poll(other);
    CHECK(other->completed == 30 && other->tx_cpls == 30, "the other queue is not held up: %u", other->completed);
    CHECK(q->sent == 30 && q->completed == 0, "frames leave, completions wait");
    hq_poll(q);
    hq_ring_cq(q, false);
    settle();
    hq_poll(q);
    CHECK(q->completed == 30 && q->tx_cpls == 1, "one merged completion when there is room: %u in %u", q->completed,
          q->tx_cpls);
    hq_ring_cq(q, false);
    hq_ring_cq(other, false);
    settle();
    hq_finish(q);
    hq_finish(other);
}

struct bad {
    unsigned reason;
    uint64_t addr;
    uint64_t hi; // before the phase
    unsigned repeat;
};
#define LEN(n) ((uint64_t)(n))
#define BIT(b) ((uint64_t)1 << ((b)-64))
#define EOP BIT(80)

static void bad_tx(void) {
    driver_init(bench_model, bench_rand());
    uint64_t buf = mem_alloc(16384, 2);
    const struct bad cases[] = {
        {WEIR_QP_REASON_TX_LEN_ZERO, buf, LEN(0) | EOP, 1},
        {WEIR_QP_REASON_TX_LEN_ZERO, buf, LEN(0), 1},
        {WEIR_QP_REASON_TX_TOO_LONG, buf, LEN(9601) | EOP, 1},
        {WEIR_QP_REASON_TX_TOO_LONG, buf, LEN(65535) | EOP, 1},
        {WEIR_QP_REASON_TX_TOO_LONG, buf, LEN(9597) | EOP | BIT(84), 1}, // with the tag that is to be put in
        {WEIR_QP_REASON_TX_TOO_LONG, buf, LEN(1300), 8},
        {WEIR_QP_REASON_TX_TOO_LONG, buf, LEN(13) | EOP, 1},
        {WEIR_QP_REASON_TX_TOO_MANY_SEGS, buf, LEN(20), 8},
        {WEIR_QP_REASON_TX_BAD_PHASE, buf, LEN(60) | EOP | BIT(127), 1},
        {WEIR_QP_REASON_TX_BAD_FLAGS, buf, LEN(60) | EOP | BIT(85), 1},
        {WEIR_QP_REASON_TX_BAD_FLAGS, buf, LEN(60) | BIT(86), 1},       // inline and not the last piece
        {WEIR_QP_REASON_TX_TOO_LONG, buf, LEN(241) | EOP | BIT(86), 1}, // longer than 15 slots
        {WEIR_QP_REASON_TX_LEN_ZERO, buf, EOP | BIT(86), 1},
        {WEIR_QP_REASON_TX_TOO_LONG, buf, LEN(13) | EOP | BIT(86), 1},
        {WEIR_QP_REASON_TX_BAD_FLAGS, buf, LEN(60) | EOP | BIT(88), 1}, // DST_VPORT is the PF's
        {WEIR_QP_REASON_BAD_ADDR, 0xfee00000, LEN(60) | EOP, 1},
        {WEIR_QP_REASON_BAD_ADDR, 0xfeefffff, LEN(60) | EOP, 1},
        {WEIR_QP_REASON_BAD_ADDR, 0xfee00000 - 59, LEN(60) | EOP, 1},
        {WEIR_QP_REASON_BAD_ADDR, ~(uint64_t)0 - 10, LEN(60) | EOP, 1},
    };
    unsigned n = sizeof(cases) / sizeof(cases[0]);
    fn_map(2, 40, 32);
    struct hq *victim = hq_open((struct hq_config){80, 5, 0, 7, 7, 10});
    fn_map(5, 80, 8);
    for (unsigned i = 0; i < n; i++) {
        struct hq *q = hq_open((struct hq_config){40 + i, 2, i, 5, 5, 8});
        unsigned good = bench_below(12);
        for (unsigned k = 0; k < good; k++)
            hq_tx(q, 60 + bench_below(200), 1, true);
        for (unsigned k = 0; k < cases[i].repeat; k++)
            hq_tx_raw(q, cases[i].addr, cases[i].hi);
        hq_tx_raw(q, buf, LEN(60) | EOP); // behind the bad one: never read
        hq_ring_tx(q);
        for (unsigned k = 0; k < 6; k++)
            hq_tx(victim, 200, 2, true);
        hq_ring_tx(victim);
        settle();
        hq_poll(victim);
        hq_ring_cq(victim, false);
        CHECK(q->sent == good && q->posted == good, "case %u: %u frames left, %u were good", i, q->sent, good);
        expect_error(q, cases[i].reason);
        CHECK(event_pop() == 0, "one event an error");
        hq_load(q);
        hq_tx(q, 99, 3, true);
        hq_ring_tx(q);
        settle();
        hq_poll(q);
        hq_ring_cq(q, false);
        settle();
        hq_finish(q);
    }
    hq_finish(victim);
    // Legal extremes: the shortest frame, also in 8 pieces, and the longest.
    struct hq *q = hq_open((struct hq_config){70, 2, 30, 5, 5, 8});
    struct txf *t = &q->tx[q->posted++];
    *t = (struct txf){.len = WEIR_MAX_FRAME, .seed = 77, .vport = q->vport, .tag = 1, .cpl_req = true};
    for (uint32_t i = 0; i < t->len; i++)
        *mem_at(buf + i) = pattern(t->seed, i);
    hq_tx_raw(q, buf, LEN(WEIR_MAX_FRAME) | EOP | BIT(81));
    hq_tx(q, 14, 1, true);
    hq_tx(q, 14, 8, true);
    hq_ring_tx(q);
    settle();
    hq_poll(q);
    hq_ring_cq(q, false);
    settle();
    hq_finish(q);
}

static void bad_rx(void) {
    driver_init(bench_model, bench_rand());
    uint64_t buf = mem_alloc(16384, 2);
    const struct bad cases[] = {
        {WEIR_QP_REASON_RX_BAD_LEN, buf, 0, 1},
        {WEIR_QP_REASON_RX_BAD_PHASE, buf, LEN(1) << 16 | BIT(127), 1},
        {WEIR_QP_REASON_BAD_ADDR, 0xfee00000, LEN(1) << 16, 1},
        {WEIR_QP_REASON_BAD_ADDR, 0xfeefffff, LEN(1) << 16, 1},
        {WEIR_QP_REASON_BAD_ADDR, 0xfee00000 - 63, LEN(1) << 16, 1},
        {WEIR_QP_REASON_BAD_ADDR, 0xfe000000, LEN(65535) << 16, 0},
    };
    fn_map(2, 40, 16);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hq *q = hq_open((struct hq_config){40 + i, 2, i, 5, 5, 8});
        for (unsigned k = 0; k < 3; k++)
            hq_rx(q, 32);
        if (cases[i].repeat == 0)
            hq_rx_raw(q, 0xfee00000 - 65535ull * 64 + 1, cases[i].hi);
        else
            hq_rx_raw(q, cases[i].addr, cases[i].hi);
        hq_ring_rx(q);
        settle();
        hq_send(q, 100);
        settle();
        CHECK(q->rx_drop[WEIR_QP_REASON_QP_DISABLED] == 1, "case %u: a stopped queue takes nothing", i);
        expect_error(q, cases[i].reason);
    }
    CHECK(event_pop() == 0, "no other event");
}

static void bad_doorbell(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 8, 8);
    for (unsigned k = 0; k < 6; k++) {
        struct hq *q = hq_open((struct hq_config){8 + k, 1, k, 4, 5, 6});
        uint32_t page = WEIR_BAR_DOORBELL_BASE + k * WEIR_BAR_DOORBELL_SIZE;
        static const uint32_t reg[] = {0, 0, 4, 4, 8, 8}, val[] = {17, 65535, 33, 40000, 1, 65535 - 64};
        bool legal_first = k % 2 == 0;
        if (legal_first && k == 2) {
            for (unsigned i = 0; i < 32; i++)
                hq_rx(q, 32);
            hq_ring_rx(q);
            settle();
        }
        bar_write(1, page + reg[k], k == 2 ? 32u + 33u : val[k]);
        settle();
        expect_error(q, k < 4 ? WEIR_QP_REASON_BAD_TAIL : WEIR_QP_REASON_BAD_CQ_HEAD);
    }
    // It goes on ringing, rightly and wrongly: firmware has heard of it, and hears no more; the first reason stays.
    for (unsigned k = 0; k < 6; k++) {
        uint32_t page = WEIR_BAR_DOORBELL_BASE + k * WEIR_BAR_DOORBELL_SIZE;
        for (unsigned i = 0; i < 30; i++)
            bar_write(1, page + i % 3 * 4, i * 2221);
        settle();
        CHECK(event_pop() == 0, "queue %u raises a second event", 8 + k);
        CHECK(WEIR_GET(hq_status(&hqs[8 + k]), QUEUE_QP_STATUS_REASON) ==
                  (k < 4 ? WEIR_QP_REASON_BAD_TAIL : WEIR_QP_REASON_BAD_CQ_HEAD),
              "queue %u gives another reason", 8 + k);
    }
    // All queues of a function at once: no event is lost, and firmware pops each once.
    fn_map(2, 100, 100);
    for (unsigned i = 0; i < 100; i++)
        hq_open((struct hq_config){100 + i, 2, i, 3, 3, 4});
    for (unsigned i = 0; i < 100; i++)
        bar_write(2, WEIR_BAR_DOORBELL_BASE + i * WEIR_BAR_DOORBELL_SIZE, 9);
    settle();
    bool seen[QPS] = {false};
    for (unsigned i = 0; i < 100; i++) {
        uint32_t e = event_pop(), qp = e & 0xffff;
        CHECK(e >> 31 && qp >= 100 && qp < 200 && !seen[qp], "event %08x", e);
        seen[qp] = true;
    }
    CHECK(event_pop() == 0, "no event more");
}

// Everything of a queue goes wrong at nearly the same time, while firmware takes each event at once: it hears of a
// queue once, with the reason that the queue keeps.
static void one_event_a_stop(void) {
    enum { COUNT = 60 };
    unsigned heard[COUNT] = {0}, twice = 0;
    driver_init(bench_model, bench_rand());
    fn_map(2, 40, COUNT);
    uint64_t buf = mem_alloc(16384, 2);
    h.lat_min = 4;
    h.lat_max = 40;
    for (unsigned i = 0; i < COUNT; i++) {
        struct hq *q = hq_open((struct hq_config){40 + i, 2, i, 5, 5, 8});
        uint32_t page = WEIR_BAR_DOORBELL_BASE + i * WEIR_BAR_DOORBELL_SIZE;
        q->cancel_ok = q->unheard = true;
        for (unsigned k = 0; k < 12; k++) {
            if (i % 3 == 0) { // its payload cannot be read: many frames are under way by then
                h.page_bad[(unsigned)(mem_at(q->txb) - h.mem) / PAGE + k / 2] = 1;
                hq_tx(q, 300, 1, true);
            } else {
                hq_tx_raw(q, buf, LEN(0) | EOP);
            }
            hq_rx_raw(q, buf, 0);
        }
        hq_ring_tx(q);
        if (i % 2 != 0)
            hq_ring_rx(q);
        for (unsigned k = 0; k < 3 && i % 4 != 0; k++) {
            ticks(bench_below(40));
            bar_write(2, page + k * 4, 40000);
        }
        for (unsigned k = 0; k < 100; k++) {
            uint32_t e = event_pop(), qp = e & 0xffff;
            if (e == 0)
                continue;
            CHECK(qp >= 40 && qp < 40 + COUNT, "event %08x", e);
            twice += heard[qp - 40]++ != 0;
            CHECK((e >> 16 & 0xff) == WEIR_GET(hq_status(&hqs[qp]), QUEUE_QP_STATUS_REASON),
                  "event %08x of queue %u, status %08x", e, qp, hq_status(&hqs[qp]));
        }
    }
    CHECK(twice == 0, "%u events of stopped queues", twice);
    for (unsigned i = 0; i < COUNT; i++)
        CHECK(heard[i] == 1, "queue %u was stopped without a word", 40 + i);
}

static void dma_error(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 16);
    struct hq *other = hq_open((struct hq_config){9, 1, 9, 6, 6, 9});
    for (unsigned k = 0; k < 3; k++) {
        struct hq *q = hq_open((struct hq_config){k, 1, k, 6, 6, 8});
        q->cancel_ok = true;
        uint64_t bad = k == 0 ? q->txr : k == 1 ? q->rxr : q->txb;
        unsigned page = (unsigned)((mem_at(bad) - h.mem) / PAGE);
        h.page_bad[page] = 1;
        if (k == 1) {
            hq_rx(q, 32);
            hq_ring_rx(q);
        } else {
            hq_tx(q, 300, 1, true);
            hq_ring_tx(q);
        }
        for (unsigned i = 0; i < 8; i++)
            hq_tx(other, 100, 1, false);
        hq_ring_tx(other);
        settle();
        CHECK(q->sent == 0 && q->cancelled == (k == 2), "frame of a failed read: %u sent, %u cancelled", q->sent,
              q->cancelled);
        expect_error(q, WEIR_QP_REASON_DMA_ERROR);
        CHECK(!WEIR_GET(hq_status(q), QUEUE_QP_STATUS_TX_BUSY), "nothing is in flight");
        h.page_bad[page] = 0;
        hq_load(q);
        hq_tx(q, 300, 4, true);
        hq_ring_tx(q);
        settle();
        hq_poll(q);
        hq_ring_cq(q, false);
        settle();
        hq_finish(q);
    }
    hq_poll(other);
    hq_ring_cq(other, false);
    settle();
    hq_finish(other);
}

// Every page of every function, all registers: only the queue it maps to may change (threat T7).
static void doorbell_isolation(void) {
    driver_init(bench_model, bench_rand());
    enum { PER = 3 };
    uint32_t want[QPS][3] = {{0}};
    for (unsigned fn = 0; fn < FNS; fn++)
        fn_map(fn, fn * PER, fn == 7 ? 0 : PER);
    for (unsigned i = 0; i < FNS * PER; i++) {
        // Queue 10 * PER + 1 is context of another function than the map says: nobody may ring it.
        struct hq *q = hq_open((struct hq_config){i, i == 10 * PER + 1 ? 11 : i / PER, i % PER, 3, 3, 4});
        hq_cmd(q, 3);
        hq_cmd(q, 5);
    }
    fn_set(20, false, false, false);
    fn_set(21, true, true, false);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned fn = 0; fn < FNS; fn++)
            for (unsigned page = 0; page < (fn == 0 ? 504u : 8u); page++)
                for (unsigned reg = 0; reg < 0x50; reg += 4) {
                    uint32_t v = 1 + bench_below(8);
                    if (reg == 8)
                        v = (uint32_t)bench_below(2) << 31;
                    bar_write(fn, WEIR_BAR_DOORBELL_BASE + page * WEIR_BAR_DOORBELL_SIZE + reg, v);
                    unsigned qp = fn * PER + page;
                    unsigned what = reg == WEIR_BAR_DB_INLINE ? 0 : reg / 4; // a word of a push is a transmit doorbell
                    if (what <= 2 && page < PER && fn != 7 && fn != 20 && fn != 21 && qp != 10 * PER + 1)
                        want[qp][what] = what == 2 ? want[qp][2] | v >> 31 : v;
                }
    settle();
    for (unsigned qp = 0; qp < QPS; qp++) {
        csr_write(WEIR_QUEUE_QP_SEL_OFFSET, qp);
        uint32_t s = csr_read(WEIR_QUEUE_QP_STATUS_OFFSET);
        CHECK(csr_read(WEIR_QUEUE_QP_TX_PTR_OFFSET) == want[qp][0] << 16, "queue %u: transmit tail", qp);
        CHECK(csr_read(WEIR_QUEUE_QP_RX_PTR_OFFSET) == want[qp][1] << 16, "queue %u: receive tail", qp);
        CHECK(WEIR_GET(s, QUEUE_QP_STATUS_ARMED) == want[qp][2], "queue %u: armed", qp);
        CHECK(!WEIR_GET(s, QUEUE_QP_STATUS_ERROR), "queue %u: error", qp);
    }
}

// A host that sleeps after arming must be woken whenever a completion exists, whatever the timing.
static void no_lost_wakeup(void) {
    driver_init(bench_model, bench_rand());
    fn_map(4, 16, 4);
    h.lat_max = 8;
    h.done_max = 4;
    struct hq *q[2];
    for (unsigned i = 0; i < 2; i++) {
        q[i] = hq_open((struct hq_config){16 + i, 4, i, 6, 6, 5});
        q[i]->merged_ok = true;
        q[i]->vec = 3 + i;
        hq_load(q[i]);
    }
    uint32_t seen[2] = {0, 0}, idle[2] = {0, 0}, wakes = 0, arms = 0;
    bool asleep[2] = {false, false};
    for (unsigned n = 0; n < 60000; n++) {
        for (unsigned i = 0; i < 2; i++) {
            if (bench_below(24) == 0 && hq_tx_room(q[i]) > 0 && n < 59000) {
                hq_tx(q[i], 60, 1, bench_below(2));
                hq_ring_tx(q[i]);
            }
            if (bench_below(24) == 0 && rx_room() && n < 59000)
                hq_send(q[i], 64);
            if (hq_rx_room(q[i]) > 40) {
                hq_rx(q[i], 32);
                hq_ring_rx(q[i]);
            }
            if (asleep[i]) {
                idle[i]++;
                if (h.irq[4][3 + i] != seen[i]) {
                    seen[i] = h.irq[4][3 + i];
                    asleep[i] = false;
                    wakes++;
                    CHECK(hq_poll(q[i]) > 0, "an interrupt without a completion");
                } else {
                    CHECK(idle[i] < 500 || n > 59000, "asleep for 500 cycles while frames move");
                }
            } else if (bench_below(6) == 0) {
                hq_poll(q[i]);
                CHECK(h.irq[4][3 + i] == seen[i], "a second interrupt of one arming");
                hq_ring_cq(q[i], true);
                asleep[i] = true;
                idle[i] = 0;
                arms++;
            }
        }
        tick();
    }
    settle();
    for (unsigned i = 0; i < 2; i++) {
        bool woken = h.irq[4][3 + i] != seen[i];
        unsigned more = hq_poll(q[i]);
        CHECK(!asleep[i] || woken == (more > 0), "at rest: %u completions, woken %d", more, woken);
        hq_ring_cq(q[i], false);
    }
    settle();
    for (unsigned i = 0; i < 2; i++) {
        hq_poll(q[i]);
        hq_ring_cq(q[i], false);
    }
    settle();
    hq_finish(q[0]);
    hq_finish(q[1]);
    CHECK(wakes > 1000 && arms >= wakes && arms <= wakes + 2, "%u armings, %u interrupts", arms, wakes);
}

// One completion and one arming, every distance between them, then rest: no later completion can hide a lost wake-up.
static void one_wakeup(void) {
    driver_init(bench_model, bench_rand());
    fn_map(4, 16, 4);
    h.stall = 0;
    h.lat_max = h.lat_min;
    h.done_max = h.done_min;
    struct hq *q = hq_open((struct hq_config){16, 4, 0, 6, 6, 5});
    uint32_t before = 0, early = 0;
    for (unsigned n = 0; n < 1500; n++) {
        if (hq_rx_room(q) > 32) {
            while (hq_rx_room(q) > 0)
                hq_rx(q, 32);
            hq_ring_rx(q);
        }
        settle();
        uint64_t writes = h.wr_count;
        if (n % 2) {
            hq_send(q, 64);
        } else {
            hq_tx(q, 60, 1, n % 4 == 0);
            hq_ring_tx(q);
        }
        unsigned delay = n / 2 % 50;
        ticks(delay);
        hq_ring_cq(q, true); // head and tail as they were: the completion may exist by now or not
        early += h.wr_count - writes >= 1 + n % 2;
        settle();
        CHECK(h.irq[4][q->vec] == before + 1, "%u cycles between: %u interrupts", delay, h.irq[4][q->vec] - before);
        before++;
        CHECK(hq_poll(q) == 1, "one completion");
        CHECK(!WEIR_GET(hq_status(q), QUEUE_QP_STATUS_ARMED), "one interrupt an arming");
    }
    CHECK(early > 100 && early < 1400, "both orders are tried: %u", early);
}

// LOAD while work of the old generation is everywhere: the new generation sees none of it.
static void reload_in_traffic(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    struct hq *qs[4];
    for (unsigned i = 0; i < 4; i++) {
        qs[i] = hq_open((struct hq_config){i, 1, i, 5, 5, 8});
        qs[i]->cancel_ok = i == 0;
        qs[i]->inl = 4;
    }
    struct hq *q = qs[0];
    uint32_t busy = 0, frames = 0;
    for (unsigned generations = 0; generations < 200; generations++) {
        // Some generations are crowded: many frames at once, so that the end comes with work everywhere.
        for (unsigned k = bench_below(24); k > 0 && hq_tx_room(q) > 0; k--)
            hq_tx(q, 60 + bench_below(500), 1, bench_below(2));
        hq_ring_tx(q);
        for (unsigned k = bench_below(24); k > 0 && hq_rx_room(q) > 0; k--)
            hq_rx(q, 32);
        hq_ring_rx(q);
        traffic(qs, 4, bench_below(400), true);
        frames += q->completed + q->rx_ok;
        busy += q->posted != q->completed;
        // Doorbells of the old generation must not reach the new one.
        while (h.bar_head != h.bar_tail)
            tick();
        tick();
        hq_reload(q, bench_below(2));
    }
    hq_poll(q);
    drain(qs, 4);
    CHECK(busy > 30 && frames > 500 && q->cancelled > 30,
          "too little happened: %u generations ended busy, %u frames, %u cancelled", busy, frames, q->cancelled);
}

static void fences(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 4, 6, 8}), *off = hq_open((struct hq_config){1, 1, 1, 4, 6, 8});
    for (unsigned i = 0; i < 50; i++)
        hq_rx(q, 32);
    hq_ring_rx(q);
    hq_cmd(off, 5);
    settle();
    for (unsigned i = 0; i < 40; i++) {
        hq_send(q, 60 + 40 * i);
        if (i % 4 == 0)
            hq_fence(q);
        if (i % 8 == 0)
            hq_fence(off);
    }
    // A queue number the card has not: a disposition, no hang.
    struct rx_send wild = {.fence = true, .vport = 5, .qp = 3000, .hash = 1};
    rx_push(wild);
    settle();
    hq_poll(q);
    hq_ring_cq(q, false);
    settle();
    CHECK(q->fences == 10 && q->rx_ok == 40 && q->rx_cpls == 50, "%u fences, %u frames", q->fences, q->rx_ok);
    CHECK(off->rx_drop[WEIR_QP_REASON_QP_DISABLED] == 5, "a stopped queue refuses the fence");
    CHECK(hqs[3000 % QPS].rx_drop[WEIR_QP_REASON_QP_DISABLED] == 1, "an unknown queue refuses the fence");
    hq_finish(q);
}

static void credit(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 7, 4, 8}),
              *other = hq_open((struct hq_config){1, 1, 1, 7, 4, 8});
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, 0);
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 0);
    for (unsigned i = 0; i < 100; i++) {
        hq_tx(q, 100, 1, true);
        hq_tx(other, 100, 1, true);
    }
    hq_ring_tx(q);
    hq_ring_tx(other);
    settle();
    CHECK(q->sent == 0 && other->sent == 100, "no credit, no frame: %u", q->sent);
    // Waiting for firmware is rest; waiting for the sweep is not: the block must not call itself idle.
    struct hq *slow = hq_open((struct hq_config){2, 1, 2, 7, 4, 8});
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, 2);
    csr_write(WEIR_QUEUE_QP_RATE_OFFSET, 1);
    hq_tx(slow, 100, 1, true);
    hq_ring_tx(slow);
    ticks(200);
    CHECK(slow->sent == 0 && !block_idle(), "idle with a frame that waits for its rate");
    csr_write(WEIR_QUEUE_QP_RATE_OFFSET, 0);
    settle();
    CHECK(slow->sent == 1, "no limit any more");
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, 0);
    // 1 byte buys a batch of at most 8, then the debt must be paid first.
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 1);
    settle();
    uint32_t first = q->sent;
    CHECK(first >= 1 && first <= 8, "one batch in debt: %u", first);
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, first * 100 - 1);
    settle();
    CHECK(q->sent == first, "debt paid is not credit");
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 1600);
    settle();
    CHECK(q->sent >= first + 16 && q->sent < first + 16 + 8, "1600 bytes are 16 frames and less than a batch more: %u",
          q->sent - first);
    // Every bit of a grant counts, whichever way; what is left is told as it is. Of a queue that has nothing to send.
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, 1);
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 0);
    for (uint32_t bit = 0, left = 0; bit < 31; bit++)
        for (unsigned negative = 0; negative < 2; negative++) {
            uint32_t grant = negative != 0 ? 0u - (3u << bit >> 1) : 1u << bit;
            csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, grant);
            left += grant;
            CHECK(csr_read(WEIR_QUEUE_QP_CREDIT_LEFT_OFFSET) == left, "a grant of %08x: %08x left, expected %08x",
                  grant, csr_read(WEIR_QUEUE_QP_CREDIT_LEFT_OFFSET), left);
        }
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 0x80000000);
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, 0);
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 0x80000000);
    settle();
    CHECK(q->sent == 100, "unlimited");
    for (unsigned i = 0; i < 2; i++) {
        hq_poll(&hqs[i]);
        hq_ring_cq(&hqs[i], false);
    }
    settle();
    hq_finish(q);
    hq_finish(other);
}

static void fn_disable(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    fn_map(2, 8, 8);
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 6, 6, 8}),
              *other = hq_open((struct hq_config){8, 2, 0, 6, 6, 8});
    for (unsigned i = 0; i < 10; i++)
        hq_rx(q, 32);
    hq_ring_rx(q);
    settle();
    CHECK(WEIR_GET(hq_status(q), QUEUE_QP_STATUS_RX_POSTED), "buffers are posted");
    fn_set(1, true, false, false);
    for (unsigned i = 0; i < 20; i++) {
        hq_tx(q, 100, 1, true);
        hq_tx(other, 100, 1, true);
    }
    hq_ring_tx(q);
    hq_ring_tx(other);
    hq_send(q, 100);
    hq_fence(q);
    settle();
    CHECK(q->sent == 0 && other->sent == 20, "only the disabled function's frames wait");
    CHECK(q->rx_drop[WEIR_QP_REASON_FN_DISABLED] == 2, "frames to it are dropped with the reason");
    CHECK(!WEIR_GET(hq_status(q), QUEUE_QP_STATUS_ERROR), "that is no error");
    fn_set(1, true, false, true);
    hq_send(q, 100);
    settle();
    hq_poll(q);
    hq_ring_cq(q, true);
    hq_poll(other);
    hq_ring_cq(other, true);
    settle();
    hq_finish(q);
    hq_finish(other);
    CHECK(q->completed == 20 && q->rx_ok == 1, "it goes on where it stopped");
    // TX_OFF: no new fetch, what is in flight completes, TX_BUSY falls.
    h.lat_min = h.lat_max = 40;
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, 0);
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 100000); // limited: one batch at a time
    for (unsigned i = 0; i < 60; i++)
        hq_tx(q, 100, 1, true);
    hq_ring_tx(q);
    ticks(60);
    hq_cmd(q, 3);
    settle();
    hq_poll(q);
    CHECK(q->sent == q->completed && q->sent > 20 && q->sent < 60, "stopped at %u", q->sent);
    CHECK(!WEIR_GET(hq_status(q), QUEUE_QP_STATUS_TX_BUSY), "TX_BUSY");
    hq_cmd(q, 2);
    csr_write(WEIR_QUEUE_QP_CREDIT_OFFSET, 0x80000000);
    settle();
    hq_poll(q);
    hq_ring_cq(q, false);
    settle();
    hq_finish(q);
}

static void rx_reasons(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 4, 4, 6});
    hq_send(q, 100);
    settle();
    CHECK(q->rx_drop[WEIR_QP_REASON_NO_DESC] == 1, "no buffer");
    CHECK(!WEIR_GET(hq_status(q), QUEUE_QP_STATUS_RX_POSTED), "no buffer is posted");
    hq_rx(q, 2);
    hq_rx(q, 3);
    hq_ring_rx(q);
    settle();
    hq_send(q, 129);
    hq_send(q, 1500);
    hq_send(q, 128);
    hq_send(q, 129);
    hq_send(q, 14);
    settle();
    CHECK(q->rx_drop[WEIR_QP_REASON_RX_TOO_LONG] == 2 && q->rx_ok == 2 && q->rx_drop[WEIR_QP_REASON_NO_DESC] == 2,
          "a frame too long uses no buffer: %u too long, %u taken", q->rx_drop[WEIR_QP_REASON_RX_TOO_LONG], q->rx_ok);
    // The longest frame into a buffer that just holds it.
    uint64_t big = mem_alloc(16384, 1);
    memset(mem_at(big), 0xEE, 16384);
    hq_rx_raw(q, big, 4711 | (uint64_t)(WEIR_MAX_FRAME / 64) << 16);
    hq_ring_rx(q);
    settle();
    hq_send(q, WEIR_MAX_FRAME);
    settle();
    CHECK(q->rx_ok == 3, "the longest frame");
    hq_cmd(q, 5);
    hq_send(q, 2000);
    settle();
    CHECK(q->rx_drop[WEIR_QP_REASON_QP_DISABLED] == 1, "RX_OFF");
    hq_poll(q);
    hq_ring_cq(q, false);
    settle();
    hq_finish(q);
}

// Frames of many pieces on odd ring positions: each batch boundary cuts some frame.
static void scatter(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    struct hq *qs[4];
    for (unsigned i = 0; i < 4; i++)
        qs[i] = hq_open((struct hq_config){i, 1, i, 3 + i, 3, 8}), qs[i]->inl = 4;
    for (unsigned n = 0; n < 12000; n++) {
        struct hq *q = qs[bench_below(4)];
        unsigned segs = 1 + bench_below(8);
        if (bench_below(4) == 0 && hq_tx_room(q) >= segs) {
            // Announce the frame piece by piece now and then.
            hq_tx(q, 20 + bench_below(800), segs, bench_below(2));
            if (bench_below(3) == 0) {
                uint16_t end = q->tx_prod;
                q->tx_prod = (uint16_t)(end - segs + 1 + bench_below(segs));
                hq_ring_tx(q);
                q->tx_prod = end;
                ticks(bench_below(100));
            }
            hq_ring_tx(q);
        }
        hq_poll(q);
        if (bench_below(8) == 0)
            hq_ring_cq(q, false);
        tick();
    }
    drain(qs, 4);
    CHECK(qs[0]->completed > 100, "too little happened: %u", qs[0]->completed);
}

// A frame in its doorbell needs no read; one behind others of its queue is fetched as ever.
static void push(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 6, 6, 8});
    for (unsigned i = 0; i < 40; i++) {
        hq_push(q, 14 + i, i % 3 == 0);
        settle();
        hq_poll(q);
        hq_ring_cq(q, false);
    }
    CHECK(h.client[TXD].requests == 0 && h.client[TXP].requests == 0 && q->completed == 40, "%u frames, %u reads",
          q->completed, (unsigned)h.client[TXD].requests);
    h.lat_min = h.lat_max = 100;
    hq_tx(q, 60, 1, true);
    hq_ring_tx(q);
    hq_push(q, 60, true);
    settle();
    hq_poll(q);
    CHECK(q->completed == 42 && h.client[TXP].requests == 2, "in order behind a fetched frame");
    uint64_t reads = h.client[TXD].requests;
    // No hint: too long, too short, not of all slots that are new, nothing new, a queue that may not send.
    uint8_t bytes[64] = {0};
    uint32_t page = WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_INLINE;
    static const unsigned lens[] = {61, 63, 13, 0, 60, 60, 60}, slots[] = {1, 1, 1, 1, 0, 2, 17};
    for (unsigned i = 0; i < 7; i++) {
        hq_tx(q, 60, 1, true);
        uint32_t head = WEIR_PUT(q->tx_prod, BAR_DB_INLINE_TAIL) | WEIR_PUT(lens[i], BAR_DB_INLINE_LEN) |
                        WEIR_PUT(slots[i], BAR_DB_INLINE_SLOTS);
        memcpy(bytes, &head, 4);
        bar_push(1, page, bytes);
        settle();
        hq_poll(q);
        CHECK(q->completed == 43 + i && h.client[TXD].requests == ++reads, "a hint of %u bytes, %u slots is a doorbell",
              lens[i], slots[i]);
        bar_push(1, page, bytes);
        settle();
    }
    // A slot in pieces, in any order: its first word is a doorbell.
    for (unsigned i = 0; i < 16; i++) {
        hq_tx(q, 60, 1, true);
        for (unsigned k = 0; k < 16; k++) {
            uint32_t at = (i + k) % 16 * 4;
            bar_write(1, page + at, at == 0 ? q->tx_prod | 60u << 16 | 1u << 23 : bench_rand());
        }
        settle();
        hq_poll(q);
        CHECK(q->completed == 50 + i && h.client[TXD].requests == ++reads, "pieces from word %u are a doorbell", i);
    }
    hq_cmd(q, 3);
    hq_push(q, 60, true);
    settle();
    CHECK(q->sent == 65, "TX_OFF holds for a doorbell-inline frame");
    hq_cmd(q, 2);
    settle();
    hq_poll(q);
    hq_ring_cq(q, false);
    settle();
    hq_finish(q);
    // A tail beyond the ring is the same error as in the plain doorbell.
    uint32_t head = (uint16_t)(q->tx_prod + 65) | 60u << 16;
    memcpy(bytes, &head, 4);
    bar_push(1, page, bytes);
    settle();
    expect_error(q, WEIR_QP_REASON_BAD_TAIL);
}

// Every length, alone and then all behind each other.
static void inline_lengths(void) {
    driver_init(bench_model, bench_rand());
    fn_map(2, 40, 8);
    struct hq *q = hq_open((struct hq_config){40, 2, 0, 12, 5, 10});
    q->inl = 8;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned len = 14; len <= 250; len++) {
            hq_tx(q, len, 1, true);
            hq_ring_tx(q);
            if (round == 0 || len % 50 == 0) {
                settle();
                hq_poll(q);
                hq_ring_cq(q, false);
            }
        }
        settle();
        hq_poll(q);
        hq_ring_cq(q, false);
    }
    settle();
    CHECK(q->inlined > 200, "%u inline", q->inlined);
    // A switch that takes nothing: what waits in front of it stays in order, a doorbell-inline frame of another queue
    // too.
    struct hq *other = hq_open((struct hq_config){41, 2, 1, 6, 5, 8});
    h.hold_tx = true;
    for (unsigned i = 0; i < 200; i++)
        hq_tx(q, 60, 1, false);
    hq_ring_tx(q);
    ticks(3000);
    hq_push(other, 60, true);
    ticks(100);
    h.hold_tx = false;
    settle();
    hq_poll(q);
    hq_ring_cq(q, false);
    hq_poll(other);
    hq_ring_cq(other, false);
    settle();
    hq_finish(other);
    hq_finish(q);
}

// An inline frame that leaves its 512 bytes, or the ring, stops its queue.
static void inline_bounds(void) {
    driver_init(bench_model, bench_rand());
    fn_map(2, 40, 8);
    for (unsigned k = 0; k < 2; k++) {
        struct hq *q = hq_open((struct hq_config){40 + k, 2, k, k == 0 ? 6 : 4, 5, 8});
        unsigned first = k == 0 ? (unsigned)(32 - q->txr % 512 / 16) - 4 : 12;
        for (unsigned i = 0; i < first; i++)
            hq_tx(q, 100, 1, true);
        hq_tx_raw(q, 0, LEN(60) | EOP | BIT(86));
        q->tx_prod += 4;
        if (k == 1)
            q->tx_prod--; // a ring of 16 has no more room
        hq_ring_tx(q);
        settle();
        expect_error(q, WEIR_QP_REASON_TX_BAD_FLAGS);
        CHECK(q->sent == first, "%u frames left", q->sent);
    }
}

// Fixed rates hold to a tenth of a per cent, for a queue and for a function over its queues; weights share turns.
static void rates(void) {
    driver_init(bench_model, bench_rand());
    enum { CYCLES = 200000 };
    fn_map(1, 0, 8);
    h.stall = 0;
    h.lat_min = h.lat_max = 20;
    h.done_min = h.done_max = 1;
    struct hq *q[4];
    for (unsigned i = 0; i < 4; i++)
        q[i] = hq_open((struct hq_config){i, 1, i, 10, 4, 11}); // room for what is under way
    for (unsigned mode = 0; mode < 3; mode++) {
        uint64_t bytes[4] = {0};
        csr_write(WEIR_QUEUE_FN_SEL_OFFSET, 1);
        csr_write(WEIR_QUEUE_FN_RATE_OFFSET, mode == 1 ? 3 * 128 * 256 : 0);
        for (unsigned i = 0; i < 4; i++) {
            csr_write(WEIR_QUEUE_QP_SEL_OFFSET, i);
            csr_write(WEIR_QUEUE_QP_RATE_OFFSET, mode == 0 ? (i + 1) * QPS * 256 / 2 : 0);
            csr_write(WEIR_QUEUE_QP_WEIGHT_OFFSET, mode == 2 ? 1 + i % 2 : 1);
        }
        for (unsigned n = 0; n < CYCLES + 2000; n++) {
            for (unsigned i = 0; i < 4; i++) {
                if (n == 2000)
                    bytes[i] = q[i]->completed;
                hq_poll(q[i]);
                if ((uint16_t)(q[i]->cq_head - q[i]->cq_rung) > 64)
                    hq_ring_cq(q[i], false);
                if (hq_tx_room(q[i]) > 64) {
                    while (hq_tx_room(q[i]) > 0)
                        hq_tx(q[i], mode == 2 ? 60 : 1000, 1, false);
                    hq_ring_tx(q[i]);
                }
            }
            tick();
        }
        double sum = 0;
        for (unsigned i = 0; i < 4; i++) {
            double got = (double)(q[i]->completed - bytes[i]) * (mode == 2 ? 60 : 1000) / CYCLES, want = (i + 1) * 0.5;
            sum += got;
            printf("mode %u queue %u: %.4f bytes a cycle\n", mode, i, got);
            CHECK(mode != 0 || (got > want * 0.98 && got < want * 1.02), "queue %u: %.4f, rate %.2f", i, got, want);
        }
        CHECK(mode != 1 || (sum > 2.97 && sum < 3.03), "function: %.4f", sum);
        double ratio = (double)(q[3]->completed - bytes[3]) / (double)(q[0]->completed - bytes[0]);
        CHECK(mode != 2 || (ratio > 1.9 && ratio < 2.1), "weights 2 to 1 give %.2f", ratio);
    }
    for (unsigned i = 0; i < 4; i++)
        csr_write(WEIR_QUEUE_QP_SEL_OFFSET, i), csr_write(WEIR_QUEUE_QP_RATE_OFFSET, 0);
    drain(q, 4);
}

// Threats T5, T6, T10, T16: random descriptors of both rings and random doorbells, one bad thing a generation. The
// queue stops with a reason and one event, nothing is read or written outside its memory (harness.c checks every
// access), LOAD revives it, and a victim beside it loses nothing. WEIR_SOAK names how many generations; every reason
// that a driver can cause must come up.
static void malformed(void) {
    const char *soak = getenv("WEIR_SOAK");
    unsigned generations = soak != NULL ? (unsigned)atoi(soak) : 3000, seen[32] = {0}, bad = 0;
    driver_init(bench_model, bench_rand());
    h.stall = 0;
    h.lat_min = h.lat_max = 6;
    fn_map(2, 40, 8);
    fn_map(5, 80, 8);
    uint64_t buf = mem_alloc(16384, 2);
    struct hq *victim = hq_open((struct hq_config){80, 5, 0, 7, 7, 10});
    struct hq *q = hq_open((struct hq_config){40, 2, 0, 5, 5, 6});
    static const uint64_t addr[] = {0xfee00000, 0xfeefffff, 0xfeeffff0, 0xfee12345, 0xfee80000, 0xfee00001};
    static const unsigned lens[] = {0, 1, 13, 14, 59, 60, 240, 241, 1514, 9600, 9601, 65535};
    for (unsigned generation = 0; generation < generations; generation++) {
        q->cancel_ok = true;
        bool rx = bench_below(4) == 0, bell = bench_below(16) == 0;
        bool many = !rx && bench_below(20) == 0; // pieces without an end
        unsigned n = many ? 8 : 1 + bench_below(rx ? 4 : 10);
        for (unsigned i = 0; i < n; i++) {
            uint64_t a = bench_below(3) ? buf + bench_below(4096) : addr[bench_below(6)];
            if (rx) {
                hq_rx_raw(q, a,
                          bench_below(65536) |
                              (uint64_t)(bench_below(3) ? 1 + bench_below(8) : bench_below(3) * 32767) << 16 |
                              (bench_below(12) == 0 ? BIT(127) : 0) | (bench_below(3) == 0 ? BIT(96) : 0));
                continue;
            }
            uint64_t hi = lens[bench_below(12)] | (uint64_t)bench_below(256) << 16;
            if (bench_below(2))
                hi &= ~(BIT(85) | BIT(86)); // most without TSO and INLINE
            hi |= (bench_below(10) == 0 ? BIT(127) : 0) | (bench_below(10) == 0 ? BIT(90) : 0);
            if (bench_below(3))
                hi |= EOP;
            hq_tx_raw(q, many ? buf : a, many ? 20 : hi);
        }
        // What is legal all through ends here at the latest, whatever an inline frame swallows.
        for (unsigned i = 0; i < 16; i++)
            hq_tx_raw(q, buf, LEN(60) | EOP | BIT(127));
        if (bell)
            bar_write(2, WEIR_BAR_DOORBELL_BASE + 4 * bench_below(3), 100 + bench_below(60000));
        else if (rx)
            hq_ring_rx(q);
        hq_ring_tx(q);
        if (generation % 8 == 0 && hq_tx_room(victim) > 2) {
            hq_tx(victim, 200, 2, true);
            hq_ring_tx(victim);
        }
        // Legal frames among them may leave before the bad one: nobody compares those.
        q->unheard = true;
        settle();
        uint32_t s = hq_status(q);
        CHECK(WEIR_GET(s, QUEUE_QP_STATUS_ERROR), "generation %u: a malformed descriptor went unnoticed", generation);
        unsigned reason = WEIR_GET(s, QUEUE_QP_STATUS_REASON);
        uint32_t e = event_pop();
        CHECK(e == (1u << 31 | (uint32_t)WEIR_HW_EVENT_QP_ERROR << 24 | reason << 16 | q->qp), "event %08x", e);
        CHECK(event_pop() == 0, "one event an error");
        CHECK(!WEIR_GET(s, QUEUE_QP_STATUS_TX_BUSY), "generation %u: something is in flight", generation);
        seen[reason & 31]++;
        bad += n;
        hq_load(q);
        hq_poll(victim);
        hq_ring_cq(victim, false);
    }
    static const unsigned all[] = {WEIR_QP_REASON_TX_LEN_ZERO,      WEIR_QP_REASON_TX_TOO_LONG,
                                   WEIR_QP_REASON_TX_TOO_MANY_SEGS, WEIR_QP_REASON_TX_BAD_PHASE,
                                   WEIR_QP_REASON_TX_BAD_FLAGS,     WEIR_QP_REASON_RX_BAD_LEN,
                                   WEIR_QP_REASON_RX_BAD_PHASE,     WEIR_QP_REASON_BAD_TAIL,
                                   WEIR_QP_REASON_BAD_ADDR,         WEIR_QP_REASON_BAD_CQ_HEAD};
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        CHECK(seen[all[i]] != 0 || generations < 1000, "reason %u never came up", all[i]);
    printf("%u descriptors in %u generations\n", bad, generations);
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
        {"random_traffic", random_traffic},
        {"first_and_last_queues", first_and_last_queues},
        {"random_small_rings", random_small_rings},
        {"cq_full", cq_full},
        {"bad_tx", bad_tx},
        {"bad_rx", bad_rx},
        {"bad_doorbell", bad_doorbell},
        {"one_event_a_stop", one_event_a_stop},
        {"dma_error", dma_error},
        {"doorbell_isolation", doorbell_isolation},
        {"no_lost_wakeup", no_lost_wakeup},
        {"one_wakeup", one_wakeup},
        {"reload_in_traffic", reload_in_traffic},
        {"fences", fences},
        {"credit", credit},
        {"fn_disable", fn_disable},
        {"rx_reasons", rx_reasons},
        {"scatter", scatter},
        {"push", push},
        {"malformed", malformed},
        {"inline_lengths", inline_lengths},
        {"inline_bounds", inline_bounds},
        {"rates", rates},
        {"cycles_per_frame", perf_run},
        {"cut_frames", perf_cut_rates},
        {"cut_places", perf_cut_places},
        {"cut_alone", perf_cut_alone},
        {"pushed_first", share_pushed_first},
        {"pushed_not_only", share_pushed_not_only},
        {"batches_are_bounded", share_batches_are_bounded},
        {"line_is_short", share_line_is_short},
        {"others_keep_theirs", share_others_keep_theirs},
        {"doorbell_flood", share_doorbell_flood},
        {"frames_gather", share_frames_gather},
        {"completions_thin_out", share_completions_thin_out},
        {"sixteen_in_one", hold_sixteen_in_one},
        {"moderation_ends_with_age", moderation_ends_with_age},
        {"moderation_ends_with_quiet", moderation_ends_with_quiet},
        {"moderation_ends_with_arm", moderation_ends_with_arm},
        {"moderation_ends_with_fetched", moderation_ends_with_fetched},
        {"state_moves_in_traffic", state_moves_in_traffic},
        {"state_pending_ingress", state_pending_ingress},
        {"state_full_ring", state_full_ring},
        {"state_behind_completions", state_behind_completions},
        {"state_force_irq", state_force_irq},
        {"state_any_record", state_any_record},
        {"state_fetch_fails", state_fetch_fails},
        {"state_offset_beyond_buffer", state_offset_beyond_buffer},
    };
    return bench_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
