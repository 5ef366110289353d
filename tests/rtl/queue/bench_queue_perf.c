// SPDX-License-Identifier: Apache-2.0
// Cycles per 64-byte frame: transmit only, receive only, both; 8 queues and one; instant host and 250-cycle reads. The bounds
// checked are goals 1-5 of the design's numbers, with a switch that answers at once and a link that always takes.
#include "driver.h"

enum { FRAMES = 3000 };

static double measure(unsigned queues, bool tx, bool rx, unsigned latency) {
    bench_model = weir_rtl_new();
    CHECK(bench_model != NULL, "out of memory");
    driver_init(bench_model, 1);
    h.stall = 0;
    h.lat_min = h.lat_max = latency;
    h.done_min = h.done_max = 1;
    fn_map(1, 0, 8);
    for (unsigned i = 0; i < queues; i++) {
        struct hq *q = hq_open((struct hq_config){i, 1, i, 9, 9, 11});
        if (!rx)
            continue;
        while (hq_rx_room(q) > 0)
            hq_rx(q, 32);
        hq_ring_rx(q);
    }
    settle();
    uint64_t from = weir_rtl_cycles(bench_model);
    uint32_t sent = 0, got_tx = 0, got_rx = 0, drops = 0;
    while ((tx && got_tx < FRAMES) || (rx && got_rx < FRAMES)) {
        got_tx = got_rx = drops = 0;
        for (unsigned i = 0; i < queues; i++) {
            struct hq *q = &hqs[i];
            if (hq_poll(q) >= 1 && (uint16_t)(q->cq_head - q->cq_rung) >= 64)
                hq_ring_cq(q, false);
            if (tx && hq_tx_room(q) >= 16) {
                while (hq_tx_room(q) > 0)
                    hq_tx(q, 64, 1, false);
                hq_ring_tx(q);
            }
            if (rx && hq_rx_room(q) >= 16) {
                while (hq_rx_room(q) > 0)
                    hq_rx(q, 32);
                hq_ring_rx(q);
            }
            got_tx += q->sent;
            got_rx += q->rx_ok;
            for (unsigned r = 0; r < 32; r++)
                drops += q->rx_drop[r];
        }
        for (; rx && rx_room() && h.rx_tail - h.rx_head < 64; sent++)
            hq_send(&hqs[sent % queues], 64);
        tick();
        CHECK(weir_rtl_cycles(bench_model) - from < 100000, "no progress");
    }
    double each = (double)(weir_rtl_cycles(bench_model) - from) / FRAMES;
    printf("%u queue%s, %3u-cycle reads, %s: %.2f cycles/frame, %u drops\n", queues, queues > 1 ? "s" : " ", latency,
           tx && rx ? "TX and RX" : tx ? "TX only  " : "RX only  ", each, drops);
    weir_rtl_free(bench_model);
    bench_model = NULL;
    return each;
}

void perf_run(void) {
    for (unsigned lat = 1; lat <= 250; lat += 249) {
        double tx = measure(8, true, false, lat), rx = measure(8, false, true, lat), both = measure(8, true, true, lat);
        double one = measure(1, true, true, lat);
        CHECK(tx <= (lat == 1 ? 2.0 : 3.0), "transmit only");
        CHECK(rx <= (lat == 1 ? 2.1 : 3.0), "receive only");
        CHECK(both <= 3.0, "both directions");
        CHECK(lat > 1 || one <= 3.0, "one queue");
    }
}
