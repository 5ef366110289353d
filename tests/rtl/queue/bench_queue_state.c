// SPDX-License-Identifier: Apache-2.0
// State of queue pairs that leaves the card and enters it again (ring.def, QPS): SAVE, FETCH, RESUME, FORCE_IRQ.
#include "driver.h"

enum { LOAD = 1, TX_ON, TX_OFF, RX_ON, RX_OFF, CLEAR, SAVE, FETCH, RESUME, FORCE_IRQ };

static uint64_t record_at; // the PF's page

static struct weir_qp_state_record *record(void) {
    return (struct weir_qp_state_record *)(void *)mem_at(record_at);
}

static void begin(void) {
    driver_init(bench_model, bench_rand());
    record_at = mem_alloc(PAGE, 0);
    csr_write(WEIR_QUEUE_QP_STATE_LO_OFFSET, (uint32_t)record_at);
    csr_write(WEIR_QUEUE_QP_STATE_HI_OFFSET, (uint32_t)(record_at >> 32));
}

// Of QP_STATE, when the last command is done.
static uint32_t state_done(void) {
    uint32_t s;
    for (unsigned i = 0; (s = csr_read(WEIR_QUEUE_QP_STATE_OFFSET), WEIR_GET(s, QUEUE_QP_STATE_BUSY)); i++) {
        CHECK(i < 2000, "SAVE or FETCH never ends");
        ticks(4);
    }
    return s;
}

static void save(unsigned qp) {
    memset(record(), 0xA5, sizeof(*record()));
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, qp);
    csr_write(WEIR_QUEUE_QP_CMD_OFFSET, SAVE);
    (void)state_done();
    for (unsigned i = 0; i < 400 && record()->word[7] != 0; i++)
        tick();
    CHECK(record()->word[7] == 0, "the record is not written");
}

static uint32_t fetch(void) {
    csr_write(WEIR_QUEUE_QP_CMD_OFFSET, FETCH);
    return state_done();
}

static void resume(unsigned qp, unsigned fn, unsigned vport) {
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, qp);
    csr_write(WEIR_QUEUE_QP_CTX_OFFSET, fn | vport << 8 | csr_read(WEIR_QUEUE_QP_CTX_OFFSET) >> 16 << 16);
    csr_write(WEIR_QUEUE_QP_CMD_OFFSET, RESUME);
}

static unsigned waited; // cycles that the longest wait for rest took

// As firmware brings a queue pair to rest whose vPort gets nothing more.
static void park(const struct hq *q, struct hq *other) {
    uint64_t since = weir_rtl_cycles(bench_model);
    hq_cmd(q, TX_OFF);
    for (unsigned calm = 0; calm < 2;) {
        uint32_t s = hq_status(q);
        calm =
            (s & (WEIR_PUT(1, QUEUE_QP_STATUS_TX_BUSY) | WEIR_PUT(1, QUEUE_QP_STATUS_RX_INGRESS))) == 0 ? calm + 1 : 0;
        if (other != NULL && rx_room() && h.rx_tail - h.rx_head < 4)
            hq_send(other, 60 + bench_below(1000));
        CHECK(weir_rtl_cycles(bench_model) - since < 20000, "queue %u does not come to rest: %08x", q->qp, s);
    }
    hq_cmd(q, RX_OFF);
    while (WEIR_GET(hq_status(q), QUEUE_QP_STATUS_RX_BUSY))
        CHECK(weir_rtl_cycles(bench_model) - since < 20000, "queue %u stays busy", q->qp);
    if (weir_rtl_cycles(bench_model) - since > waited)
        waited = (unsigned)(weir_rtl_cycles(bench_model) - since);
}

// The reference follows: the same rings and buffers, now of another function and queue pair.
static struct hq *carried(struct hq *q, unsigned qp, unsigned fn) {
    struct hq *to = &hqs[qp];
    for (unsigned i = 0; i < MEM_PAGES; i++)
        if (h.page_fn[i] == q->fn)
            h.page_fn[i] = (uint8_t)fn;
    *to = *q;
    memset(q, 0, sizeof(*q));
    to->qp = qp, to->fn = fn, to->vport = qp % 128;
    for (uint32_t i = to->sent; i != to->posted; i++)
        to->tx[i % TX_WINDOW].vport = to->vport;
    return to;
}

static void busy(struct hq *q, struct hq *other, unsigned cycles) {
    for (unsigned c = 0; c < cycles; c++) {
        switch (bench_below(8)) {
        case 0:
            for (unsigned k = bench_below(12); k > 0 && hq_tx_room(q) >= 4; k--)
                hq_tx(q, bench_below(4) ? 14 + bench_below(100) : 60 + bench_below(1455), 1 + bench_below(4),
                      bench_below(3) == 0);
            hq_ring_tx(q);
            break;
        case 1:
            for (unsigned k = bench_below(12); k > 0 && hq_rx_room(q) > 0; k--)
                hq_rx(q, 1 + bench_below(32));
            hq_ring_rx(q);
            break;
        case 2:
            // Small rings run full now and then, and completions wait.
            if (bench_below(12) == 0) {
                hq_poll(q);
                hq_ring_cq(q, bench_below(2));
            }
            break;
        case 3:
            if (hq_tx_room(q) > 0 && bench_below(4) == 0) {
                hq_ring_tx(q);
                hq_push(q, 60, false);
            }
            break;
        case 4:
            if (rx_room() && h.rx_tail - h.rx_head < 8)
                hq_send(bench_below(4) ? q : other, 14 + bench_below(bench_below(4) ? 120 : 1500));
            break;
        default:
            break;
        }
        while (hq_rx_room(other) > 0)
            hq_rx(other, 32);
        if (c % 64 == 0) {
            hq_ring_rx(other);
            hq_poll(other);
            hq_ring_cq(other, false);
        }
        tick();
    }
}

static void settled(struct hq *q) {
    hq_ring_tx(q);
    hq_ring_rx(q);
    for (unsigned round = 0; round < 100; round++) {
        settle();
        hq_poll(q);
        hq_ring_cq(q, false);
        if (q->sent == q->posted && q->sent == q->completed)
            break;
    }
    settle();
    hq_poll(q);
    hq_ring_cq(q, false);
    settle();
    hq_finish(q);
}

// What was posted goes out without another doorbell, and is completed without another frame.
static void undisturbed(struct hq *q) {
    for (unsigned c = 0; c < 4000 && q->sent != q->posted; c++)
        tick();
    CHECK(q->sent == q->posted, "queue %u: %u frames posted, %u sent", q->qp, q->posted, q->sent);
    for (unsigned c = 0; c < 100 && q->completed != q->posted; c++) {
        hq_poll(q);
        hq_ring_cq(q, false);
        ticks(100);
    }
    CHECK(q->completed == q->posted, "queue %u: %u frames sent, %u completed", q->qp, q->posted, q->completed);
}

// A queue pair wanders from function to function in the midst of its traffic, beside one that stays.
void state_moves_in_traffic(void) {
    const char *soak = getenv("WEIR_SOAK");
    unsigned moves = soak != NULL ? (unsigned)atoi(soak) : 30;
    unsigned merged = 0, armed = 0, pending = 0, offset = 0;
    begin();
    h.done_max = 40;
    fn_map(9, QPS - 8, 8);
    struct hq *other = hq_open((struct hq_config){QPS - 8, 9, 0, 4, 7, 9});
    for (unsigned generation = 0; generation < 4 || (pending == 0 && generation < 12);
         generation++) { // few stop with descriptors left
        fn_map(1, 8, 8);
        struct hq *q =
            hq_open((struct hq_config){8 + 3, 1, 3, 5 + bench_below(3), 3 + bench_below(4), 4 + generation / 2});
        q->merged_ok = true;
        q->stream = generation % 2;
        for (unsigned m = 0; m < moves; m++) {
            busy(q, other, 100 + bench_below(900));
            if (bench_below(2) == 0) { // at rest and armed, or in the midst of many frames
                ticks(300);
                hq_poll(q);
                hq_ring_cq(q, true);
            } else {
                while (hq_tx_room(q) > 0)
                    hq_tx(q, 60, 1, false);
                hq_ring_tx(q);
            }
            // The switch sends it nothing more; doorbells on the way arrive.
            while (h.rx_head != h.rx_tail || h.bar_head != h.bar_tail)
                tick();
            ticks(4);
            park(q, other);
            save(q->qp);
            CHECK(WEIR_QPS_GET(record(), LOADED) == 1 && WEIR_QPS_GET(record(), VERSION) == WEIR_QPS_VERSION, "line");
            merged += WEIR_QPS_GET(record(), MERGED) != 0;
            armed += WEIR_QPS_GET(record(), ARMED) != 0;
            pending += WEIR_QPS_GET(record(), TX_NEXT) != WEIR_QPS_GET(record(), TX_TAIL);
            offset += WEIR_QPS_GET(record(), RX_OFFSET) != 0;
            hq_cmd(q, CLEAR);
            // Nothing of the queue pair left behind shows here, nor the other way round.
            unsigned fn = 1 + (q->fn + bench_below(6)) % 7;
            fn_map(q->fn, 0, 0);
            fn_map(fn, 8 * fn, 8);
            CHECK(WEIR_GET(fetch(), QUEUE_QP_STATE_LEGAL), "move %u: the card does not know its own record", m);
            q = carried(q, 8 * fn + 3, fn);
            resume(q->qp, fn, q->vport);
            CHECK(WEIR_GET(hq_status(q), QUEUE_QP_STATUS_LOADED), "not loaded");
            hq_cmd(q, TX_ON);
            hq_cmd(q, RX_ON);
            hq_cmd(q, FORCE_IRQ);
            if (m % 2 == 0)
                undisturbed(q);
            // Its buffers are fetched again; a frame before that has none, which the reference cannot know.
            while (q->rx_used != q->rx_prod && !WEIR_GET(hq_status(q), QUEUE_QP_STATUS_RX_POSTED))
                tick();
        }
        settled(q);
        hq_cmd(q, CLEAR);
        fn_map(q->fn, 0, 0);
    }
    settled(other);
    CHECK(merged > 0 && armed > moves / 4 && pending > 0 && offset > moves / 4,
          "too little happened: %u merged, %u armed, %u with descriptors left, %u in a buffer", merged, armed, pending,
          offset);
    printf("%u moves: %u with completions waiting, %u armed, %u with descriptors left, %u in the midst of a buffer; at "
           "rest after %u cycles at most\n",
           4 * moves, merged, armed, pending, offset, waited);
}

// A frame that the switch has let go of is not lost for being held up: RX_INGRESS says that receive must stay on.
void state_pending_ingress(void) {
    begin();
    h.stall = 0;
    fn_map(1, 8, 8);
    struct hq *q = hq_open((struct hq_config){8, 1, 0, 4, 4, 6}),
              *other = hq_open((struct hq_config){9, 1, 1, 4, 5, 6});
    hq_rx(q, 32);
    hq_ring_rx(q);
    while (hq_rx_room(other) > 0)
        hq_rx(other, 32);
    hq_ring_rx(other);
    settle();
    // The host takes no writes, so the other's frames stand in the way, and this queue's behind them.
    h.hold_wr = true;
    for (unsigned i = 0; i < 8; i++)
        hq_send(other, 1000);
    hq_send(q, 60);
    ticks(300);
    CHECK(h.rx_head != h.rx_tail, "nothing is held up");
    for (unsigned i = 0; i < 20; i++)
        CHECK(WEIR_GET(hq_status(q), QUEUE_QP_STATUS_RX_INGRESS), "a frame may be pending at its ingress");
    h.hold_wr = false;
    while (h.rx_head != h.rx_tail)
        tick();
    park(q, NULL);
    settle();
    CHECK(q->rx_ok == 1 && q->rx_drop[WEIR_QP_REASON_QP_DISABLED] == 0, "the frame was dropped");
    CHECK(!WEIR_GET(hq_status(q), QUEUE_QP_STATUS_RX_INGRESS), "nobody is pending at its ingress");
    hq_poll(q);
    hq_poll(other);
    for (unsigned i = 0; i < 2; i++)
        hq_ring_cq(&hqs[8 + i], false);
    settle();
    hq_finish(q);
    hq_finish(other);
}

// A completion that finds its ring full waits for the host, and nothing else does: the queue pair is at rest and the
// block idle. It is written when there is room, here or where the queue pair went.
void state_full_ring(void) {
    begin();
    h.stall = 0;
    fn_map(1, 8, 8);
    struct hq *q = hq_open((struct hq_config){8, 1, 0, 4, 5, 4});
    for (unsigned generation = 0; generation < 2; generation++) {
        for (unsigned i = 0; i < 16; i++)
            hq_rx(q, 32);
        hq_ring_rx(q);
        settle();
        for (unsigned i = 0; i < 16; i++)
            hq_send(q, 60);
        settle();
        hq_push(q, 60, false);
        settle();
        CHECK(block_idle(), "not idle");
        park(q, NULL);
        save(8);
        CHECK(WEIR_QPS_GET(record(), MERGED) == 1, "%u frames wait", (unsigned)WEIR_QPS_GET(record(), MERGED));
        if (generation == 1) {
            hq_cmd(q, CLEAR);
            CHECK(WEIR_GET(fetch(), QUEUE_QP_STATE_LEGAL), "its own record");
            resume(8, 1, q->vport);
        }
        hq_cmd(q, TX_ON);
        hq_cmd(q, RX_ON);
        settle();
        settled(q);
    }
}

// However much others receive,SAVE waits for one line.
void state_behind_completions(void) {
    unsigned most = 0;
    begin();
    h.stall = 0;
    fn_map(1, 8, 8);
    struct hq *q = hq_open((struct hq_config){8, 1, 0, 4, 4, 6}), *other[4];
    for (unsigned i = 0; i < 4; i++) {
        other[i] = hq_open((struct hq_config){9 + i, 1, 1 + i, 4, 7, 10});
        other[i]->stream = true;
    }
    park(q, NULL);
    csr_write(WEIR_QUEUE_QP_SEL_OFFSET, 8);
    for (unsigned c = 0; c < 6000; c++) {
        struct hq *o = other[c % 4];
        while (hq_rx_room(o) > 0)
            hq_rx(o, 32);
        if (c % 16 < 4) {
            hq_ring_rx(o);
            hq_poll(o);
            hq_ring_cq(o, false);
        }
        if (rx_room() && h.rx_tail - h.rx_head < 16)
            hq_send(o, 60);
        tick();
        if (c < 1000 || c % 97 != 0)
            continue;
        uint64_t since = weir_rtl_cycles(bench_model);
        csr_write(WEIR_QUEUE_QP_CMD_OFFSET, SAVE);
        while (WEIR_GET(csr_read(WEIR_QUEUE_QP_STATE_OFFSET), QUEUE_QP_STATE_BUSY)) {
            if (rx_room() && h.rx_tail - h.rx_head < 16)
                hq_send(o, 60);
            CHECK(weir_rtl_cycles(bench_model) - since < 5000, "SAVE waits for ever");
        }
        unsigned took = (unsigned)(weir_rtl_cycles(bench_model) - since);
        most = took > most ? took : most;
    }
    // A record is 16 frames and 4 beats of completions; a command and a look take a few cycles more.
    CHECK(most <= 40, "SAVE took %u cycles", most);
    for (unsigned i = 0; i < 4; i++)
        settled(other[i]);
    printf("SAVE took %u cycles at most\n", most);
}

// Nobody sleeps for ever:who was armed is heard of at the next completion, who was not, at once.
void state_force_irq(void) {
    begin();
    fn_map(1, 8, 8);
    struct hq *q = hq_open((struct hq_config){8, 1, 0, 4, 4, 6});
    for (unsigned armed = 0; armed < 2; armed++) {
        hq_rx(q, 32);
        hq_ring_rx(q);
        if (armed != 0)
            hq_ring_cq(q, true);
        settle();
        park(q, NULL);
        save(8);
        CHECK(WEIR_QPS_GET(record(), ARMED) == armed, "armed");
        hq_cmd(q, CLEAR);
        fetch();
        uint32_t before = h.irq[1][q->vec];
        resume(8, 1, q->vport);
        hq_cmd(q, TX_ON);
        hq_cmd(q, RX_ON);
        settle();
        CHECK(h.irq[1][q->vec] == before, "an interrupt before FORCE_IRQ");
        hq_cmd(q, FORCE_IRQ);
        settle();
        CHECK(h.irq[1][q->vec] - before == 1 - armed, "armed %u: %u interrupts", armed, h.irq[1][q->vec] - before);
        CHECK(WEIR_GET(hq_status(q), QUEUE_QP_STATUS_ARMED) == armed, "armed after RESUME");
        hq_send(q, 60);
        settle();
        CHECK(h.irq[1][q->vec] - before == 1, "the frame's interrupt");
        hq_poll(q);
        hq_ring_cq(q, false);
        settle();
    }
    hq_finish(q);
}

// The rules once more, in plain C.
static bool ring_ok(uint64_t base, unsigned log) {
    uint64_t bytes = 16ull << log;
    if (base > UINT64_MAX - (bytes - 1))
        return false;
    return base + bytes - 1 < 0xFEE00000 || base > 0xFEEFFFFF;
}

static bool may_resume(const struct weir_qp_state_record *l) {
    static const uint64_t named[8] = {~48ull, ~48ull, ~48ull, ~0ull, ~0ull, 0xFF03FFFFull, 0, 0};
    for (unsigned i = 0; i < 8; i++)
        if ((l->word[i] & ~named[i]) != 0)
            return false;
    unsigned tx = l->word[0] & 15, rx = l->word[1] & 15, cq = l->word[2] & 15;
    uint16_t p[6];
    memcpy(p, &l->word[3], sizeof(p));
    return (l->word[5] >> 17 & 1) == 1 && (l->word[5] >> 24) == 1 && (l->word[5] >> 8 & 255) < 16 && tx >= 3 &&
           tx <= 12 && rx >= 3 && rx <= 12 && cq >= 4 && cq <= 13 && ring_ok(l->word[0] & ~63ull, tx) &&
           ring_ok(l->word[1] & ~63ull, rx) && ring_ok(l->word[2] & ~63ull, cq) &&
           (uint16_t)(p[1] - p[0]) <= 1u << tx && (uint16_t)(p[3] - p[2]) <= 1u << rx &&
           (uint16_t)(p[4] - p[5]) <= 1u << cq;
}

// Any record is either refused, and then nothing happens, or taken, and then it comes out again as it went in (threat
// T24).
void state_any_record(void) {
    unsigned records = getenv("WEIR_SOAK") != NULL ? (unsigned)atoi(getenv("WEIR_SOAK")) : 3000, taken = 0;
    begin();
    fn_map(1, 8, 8);
    // Its rings may be anywhere: it never runs here.
    hqs[8] = (struct hq){.qp = 8, .fn = 1};
    for (unsigned i = 0; i < records; i++) {
        struct weir_qp_state_record l;
        uint64_t base[3];
        unsigned log[3] = {3 + bench_below(10), 3 + bench_below(10), 4 + bench_below(10)};
        uint16_t p[6];
        for (unsigned r = 0; r < 3; r++) {
            base[r] = bench_rand() & ~63ull;
            // The window and the end of addresses from both sides.
            if (bench_below(6) == 0)
                base[r] = 0xFEE00000 - (16ull << log[r]) + 64 * bench_below(3) - 64;
            if (bench_below(6) == 0)
                base[r] = 0xFEEFFFC0 + 64 * bench_below(3);
            if (bench_below(12) == 0)
                base[r] = (uint64_t)0 - (16ull << log[r]) + 64 * bench_below(2);
            l.word[r] = base[r] | log[r];
            uint16_t at = (uint16_t)bench_rand();
            unsigned n = bench_below(8) ? bench_below((1u << log[r]) + 1) : (1u << log[r]) + bench_below(2);
            p[2 * r] = r == 2 ? (uint16_t)(at + n) : at;
            p[2 * r + 1] = r == 2 ? at : (uint16_t)(at + n);
        }
        memcpy(&l.word[3], p, 8);
        l.word[4] = p[4] | (uint64_t)p[5] << 16 | bench_rand() << 32;
        l.word[5] = bench_below(256) | bench_below(17) << 8 | bench_below(2) << 16 | 1u << 17 | WEIR_QPS_VERSION << 24;
        l.word[6] = l.word[7] = 0;
        // A third of them with a bit or a field gone wrong.
        if (bench_below(3) == 0)
            l.word[bench_below(8)] ^= 1ull << bench_below(64);
        *record() = l;
        hq_cmd(&hqs[8], CLEAR);
        uint32_t s = fetch();
        bool may = may_resume(&l);
        CHECK(WEIR_GET(s, QUEUE_QP_STATE_LEGAL) == may && !WEIR_GET(s, QUEUE_QP_STATE_FAILED),
              "line %u: state %x, expected %s", i, s, may ? "legal" : "illegal");
        resume(8, 1, 5);
        CHECK(WEIR_GET(hq_status(&hqs[8]), QUEUE_QP_STATUS_LOADED) == may, "line %u: %s", i,
              may ? "not taken" : "taken all the same");
        if (may) {
            taken++;
            save(8);
            CHECK(memcmp(record(), &l, sizeof(l)) == 0, "line %u came out otherwise", i);
        }
    }
    hq_cmd(&hqs[8], CLEAR);
    CHECK(taken > records / 10 && taken < records * 9 / 10, "%u of %u taken", taken, records);
    printf("%u records, %u taken\n", records, taken);
}

// A read that fails leaves nothing to resume, not even what was staged before.
void state_fetch_fails(void) {
    begin();
    fn_map(1, 8, 8);
    struct hq *q = hq_open((struct hq_config){8, 1, 0, 4, 4, 6});
    settle();
    park(q, NULL);
    save(8);
    CHECK(WEIR_GET(fetch(), QUEUE_QP_STATE_LEGAL), "its own record");
    hq_cmd(q, CLEAR);
    h.page_bad[(mem_at(record_at) - h.mem) / PAGE] = 1;
    uint32_t s = fetch();
    CHECK(WEIR_GET(s, QUEUE_QP_STATE_FAILED) && !WEIR_GET(s, QUEUE_QP_STATE_LEGAL) &&
              !WEIR_GET(s, QUEUE_QP_STATE_LOADED),
          "state %x after a failed read", s);
    resume(8, 1, q->vport);
    CHECK(!WEIR_GET(hq_status(q), QUEUE_QP_STATUS_LOADED), "resumed from nothing");
    h.page_bad[(mem_at(record_at) - h.mem) / PAGE] = 0;
    CHECK(WEIR_GET(fetch(), QUEUE_QP_STATE_LEGAL), "the next read is a new one");
}

// An offset that no frame can have reached: the buffer at hand is over, and nothing is written behind it.
void state_offset_beyond_buffer(void) {
    static const uint16_t offsets[] = {32, 33, 0x7FFF, 0xFFFE, 0xFFFF};
    begin();
    fn_map(1, 8, 8);
    struct hq *q = hq_open((struct hq_config){8, 1, 0, 4, 4, 8});
    q->stream = true;
    for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        hq_rx(q, 32);
        hq_rx(q, 32);
        hq_ring_rx(q);
        settle();
        park(q, NULL);
        save(8);
        record()->word[4] = (record()->word[4] & ~(0xFFFFull << 32)) | (uint64_t)offsets[i] << 32;
        hq_cmd(q, CLEAR);
        CHECK(WEIR_GET(fetch(), QUEUE_QP_STATE_LEGAL), "offset %u", offsets[i]);
        resume(8, 1, q->vport);
        hq_cmd(q, TX_ON);
        hq_cmd(q, RX_ON);
        settle();
        q->rx_off = offsets[i];
        hq_send(q, 60);
        settle();
        CHECK(hq_poll(q) == 1, "offset %u: no completion", offsets[i]);
        hq_ring_cq(q, false);
        settle();
        hq_finish(q);
        // The rest of the buffer that was used.
        while (q->rx_used != q->rx_prod) {
            hq_send(q, 2000);
            settle();
            hq_poll(q);
            hq_ring_cq(q, false);
        }
    }
}
