// SPDX-License-Identifier: Apache-2.0
// Cycles per 64-byte frame of the queue block alone: a switch that answers at once, a writer that always takes, three
// read clients that each give a beat a cycle. Counted over a window after a warm-up that is many times what the rings
// hold, by completions the host has read, so that slots, buffers and completion entries are used again and again.
#include "driver.h"

enum { WARM = 20000, WINDOW = 30000, CUT_WARM = 4000, CUT_WINDOW = 8000 };

struct load {
    unsigned queues, latency;
    bool tx, rx, cpl_req;
};
struct rate {
    double tx, rx; // cycles per frame
};

static void host(struct hq *q, const struct load *l) {
    hq_poll(q);
    if ((uint16_t)(q->cq_head - q->cq_rung) >= 64)
        hq_ring_cq(q, false);
    if (l->tx && hq_tx_room(q) >= 16) {
        while (hq_tx_room(q) > 0)
            hq_tx(q, 64, 1, l->cpl_req);
        hq_ring_tx(q);
    }
    if (l->rx && hq_rx_room(q) >= 16) {
        while (hq_rx_room(q) > 0)
            hq_rx(q, 32);
        hq_ring_rx(q);
    }
}

static struct rate measure(struct load l) {
    weir_rtl_free(bench_model); // each row on a fresh card
    bench_model = weir_rtl_new();
    CHECK(bench_model != NULL, "out of memory");
    driver_init(bench_model, 1);
    h.stall = 0;
    h.lat_min = h.lat_max = l.latency;
    h.done_min = h.done_max = 1;
    fn_map(1, 0, 8);
    for (unsigned i = 0; i < l.queues; i++)
        hq_open((struct hq_config){i, 1, i, 9, 9, 11});
    uint32_t tx[2] = {0}, rx[2] = {0}, drops[2] = {0};
    unsigned sent = 0;
    for (unsigned n = 0; n <= WARM + WINDOW; n++) {
        for (unsigned i = 0; i < l.queues; i++)
            host(&hqs[i], &l);
        for (; l.rx && n > 2000 && rx_room() && h.rx_tail - h.rx_head < 64; sent++)
            hq_send(&hqs[sent % l.queues], 64);
        if (n == WARM || n == WARM + WINDOW)
            for (unsigned i = 0, at = n != WARM; i < l.queues; i++) {
                tx[at] += hqs[i].completed;
                rx[at] += hqs[i].rx_cpls;
                for (unsigned r = 0; r < 32; r++)
                    drops[at] += hqs[i].rx_drop[r];
            }
        tick();
    }
    CHECK(!l.tx || tx[0] > l.queues * 512, "the warm-up does not go round the rings");
    struct rate r = {0, 0};
    printf("%u queue%s, %3u-cycle reads%s:", l.queues, l.queues > 1 ? "s" : " ", l.latency,
           l.cpl_req ? ", CPL_REQ" : "         ");
    if (l.tx)
        printf(" TX %.2f", r.tx = (double)WINDOW / (tx[1] - tx[0]));
    if (l.rx)
        printf(" RX %.2f (%.2f %% of frames dropped)", r.rx = (double)WINDOW / (rx[1] - rx[0]),
               100.0 * (drops[1] - drops[0]) / (rx[1] - rx[0] + drops[1] - drops[0]));
    printf(" cycles/frame\n");
    return r;
}

void perf_run(void) {
    for (unsigned lat = 1; lat <= 250; lat += 249)
        for (unsigned few = 0; few < 2; few++) {
            unsigned queues = few ? 1 : 8;
            bool goal = queues == 8 || lat == 1; // rows 1 to 5 of numbers.md
            struct rate t = measure((struct load){queues, lat, true, false, false});
            struct rate r = measure((struct load){queues, lat, false, true, false});
            struct rate b = measure((struct load){queues, lat, true, true, false});
            measure((struct load){queues, lat, true, true, true});
            CHECK(!goal || (t.tx <= (lat == 1 ? 2.0 : 3.0) && r.rx <= (lat == 1 ? 2.01 : 3.0)), "one direction");
            CHECK(!goal || (b.tx <= 3.0 && b.rx <= 3.0), "both directions");
        }
}

// Cycles a frame of `len` bytes in `segs` pieces, or inline where that is 0, and bytes of descriptors read for it. The
// ring begins `shift` 64-byte blocks into a 512-byte line, so frames meet the lines at every place.
static void cut(unsigned queues, unsigned latency, unsigned len, unsigned segs, double *cycles, double *bytes) {
    uint32_t tx[2] = {0};
    uint64_t read[2] = {0};

    weir_rtl_free(bench_model);
    bench_model = weir_rtl_new();
    CHECK(bench_model != NULL, "out of memory");
    driver_init(bench_model, 1);
    h.stall = 0;
    h.lat_min = h.lat_max = latency;
    h.done_min = h.done_max = 1;
    fn_map(1, 0, 8);
    for (unsigned i = 0; i < queues; i++)
        hq_open((struct hq_config){i, 1, i, 9, 9, 11})->inl = segs == 0 ? 8 : 0;
    for (unsigned n = 0; n <= CUT_WARM + CUT_WINDOW; n++) {
        for (unsigned i = 0; i < queues; i++) {
            struct hq *q = &hqs[i];
            hq_poll(q);
            if ((uint16_t)(q->cq_head - q->cq_rung) >= 64)
                hq_ring_cq(q, false);
            if (hq_tx_room(q) >= 128) {
                while (hq_tx_room(q) >= 20)
                    hq_tx(q, len, segs == 0 ? 1 : segs, false);
                hq_ring_tx(q);
            }
        }
        if (n == CUT_WARM || n == CUT_WARM + CUT_WINDOW) {
            unsigned at = n != CUT_WARM;
            read[at] = h.client[TXD].bytes;
            for (unsigned i = 0; i < queues; i++)
                tx[at] += hqs[i].sent;
        }
        tick();
    }
    *cycles = (double)CUT_WINDOW / (tx[1] - tx[0]);
    *bytes = (double)(read[1] - read[0]) / (tx[1] - tx[0]);
}

// Frames of several slots that do not divide a batch or a line. They cost what they have most of, pieces or beats of 64
// bytes, not a round trip to the host for each batch that ends inside of one; a single queue behind 250-cycle reads,
// what its ring can hold meanwhile.
static const struct {
    unsigned len, segs; // no pieces: inline
} cut_kinds[] = {{60, 0}, {66, 0},  {128, 0}, {144, 0}, {200, 0}, {240, 0},
                 {90, 2}, {200, 3}, {300, 5}, {400, 7}, {600, 8}};
enum { CUT_KINDS = sizeof(cut_kinds) / sizeof(cut_kinds[0]) };

static unsigned cut_slots(unsigned kind) {
    return cut_kinds[kind].segs == 0 ? 1 + (cut_kinds[kind].len + 15) / 16 : cut_kinds[kind].segs;
}

void perf_cut_rates(void) {
    for (unsigned lat = 1; lat <= 250; lat += 249)
        for (unsigned queues = 1; queues <= 8; queues += 7)
            for (unsigned i = 0; i < CUT_KINDS; i++) {
                unsigned len = cut_kinds[i].len, slots = cut_slots(i), beats = (len + 63) / 64;
                double cycles, bytes, most = cut_kinds[i].segs > beats ? cut_kinds[i].segs : beats;
                most = lat == 1 || queues == 8 ? 1.1 * most : 2.0 * slots;
                cut(queues, lat, len, cut_kinds[i].segs, &cycles, &bytes);
                printf("%u queue%s, %3u-cycle reads, %4u bytes in %2u %s: %5.2f cycles, %4.0f bytes of descriptors\n",
                       queues, queues > 1 ? "s" : " ", lat, len, slots, cut_kinds[i].segs == 0 ? "slots " : "pieces",
                       cycles, bytes);
                CHECK(cycles <= most + 0.2, "%u bytes in %u slots take %.2f cycles, not %.2f", len, slots, cycles,
                      most);
                CHECK(bytes <= 16.0 * slots * 1.25 + 40, "%u bytes in %u slots read %.0f bytes", len, slots, bytes);
            }
}

// An inline frame alone is there after one round trip to the host, whatever its slots and however long the one before
// it was.
void perf_cut_alone(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 8, 5, 9});
    h.stall = 0;
    h.lat_min = h.lat_max = 100;
    for (unsigned len = 14; len <= WEIR_INLINE_MAX; len++)
        for (unsigned before = 60; before <= 1910; before += 462) {
            uint32_t inlined;
            unsigned cycles = 0;
            q->inl = 0;
            hq_tx(q, before, 1, false);
            hq_ring_tx(q);
            settle();
            hq_poll(q);
            hq_ring_cq(q, false);
            q->inl = 8;
            inlined = q->inlined;
            hq_tx(q, len, 1, false);
            hq_ring_tx(q);
            for (; q->sent != q->posted && cycles < 1000; cycles++)
                tick();
            CHECK(cycles < 140 || q->inlined == inlined, "%u bytes behind %u take %u cycles", len, before, cycles);
            settle();
            hq_poll(q);
            hq_ring_cq(q, false);
        }
    CHECK(q->inlined > 500 && q->sent == q->posted, "too little happened: %u inline", q->inlined);
}

// Frames of several slots at every place of a ring, of its lines and of a batch: each frame goes out once, as it was
// (the driver looks at each), and what was cut is read once more at most. Another queue begins generation after
// generation beside it.
void perf_cut_places(void) {
    struct hq *other;
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 8);
    fn_map(2, 8, 8);
    other = hq_open((struct hq_config){8, 2, 0, 5, 5, 8});
    for (unsigned i = 0; i < CUT_KINDS; i++) {
        unsigned slots = cut_slots(i);
        for (unsigned lead = 0; lead < 32; lead++) {
            struct hq *q = &hqs[lead % 8];
            uint64_t before;
            uint32_t posted;
            if (i == 0 && lead < 8)
                q = hq_open((struct hq_config){lead, 1, lead, lead % 3 + 6, 5, 9});
            q->inl = 0;
            for (unsigned n = 0; n < lead; n++)
                hq_tx(q, 60, 1, false);
            hq_ring_tx(q);
            settle();
            hq_poll(q);
            before = h.client[TXD].bytes;
            posted = q->tx_prod;
            q->inl = 8;
            while (hq_tx_room(q) >= 2 * slots)
                hq_tx(q, cut_kinds[i].len, cut_kinds[i].segs == 0 ? 1 : cut_kinds[i].segs, false);
            posted = (uint16_t)(q->tx_prod - posted);
            hq_ring_tx(q);
            for (unsigned n = 0; n < 16; n++)
                hq_load(other);
            settle();
            hq_poll(q);
            CHECK(q->sent == q->posted, "%u of %u frames left", q->sent, q->posted);
            CHECK(h.client[TXD].bytes - before <= 32 * posted + 1024, "%u slots of frames of %u: %u bytes read", posted,
                  slots, (unsigned)(h.client[TXD].bytes - before));
        }
    }
    // Whoever sends short frames again reads nothing in vain, after a while.
    for (unsigned i = 0; i < 160; i++) {
        struct hq *q = &hqs[i % 8];
        uint64_t before = h.client[TXD].bytes;
        unsigned posted = hq_tx_room(q);
        q->inl = 0;
        for (unsigned n = 0; n < posted; n++)
            hq_tx(q, 60, 1, false);
        hq_ring_tx(q);
        settle();
        hq_poll(q);
        CHECK(i < 152 || h.client[TXD].bytes - before == 16 * posted, "%u slots: %u bytes read", posted,
              (unsigned)(h.client[TXD].bytes - before));
    }
}
