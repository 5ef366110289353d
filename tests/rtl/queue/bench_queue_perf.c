// SPDX-License-Identifier: Apache-2.0
// Cycles per 64-byte frame of the queue block alone: a switch that answers at once, a writer that always takes, three
// read clients that each give a beat a cycle. Counted over a window after a warm-up that is many times what the rings
// hold, by completions the host has read, so that slots, buffers and completion entries are used again and again.
#include "driver.h"

enum { WARM = 20000, WINDOW = 30000 };

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
