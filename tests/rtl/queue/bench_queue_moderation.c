// SPDX-License-Identifier: Apache-2.0
// Completions of doorbell-inline frames that may wait (ADR 0012): how many gather, and what ends the wait.
#include "driver.h"

static struct hq *noise, *calm;
static unsigned at;

static void begin(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 64);
    h.stall = 0;
    h.done_min = h.done_max = 4;
    noise = hq_open((struct hq_config){0, 1, 0, 6, 7, 9});
    calm = hq_open((struct hq_config){1, 1, 1, 8, 4, 8});
}

// Received frames of another queue keep the writer at work, without filling the link.
static void with_noise(unsigned cycles) {
    for (unsigned c = at; at < c + cycles; at++) {
        while (hq_rx_room(noise) > 0)
            hq_rx(noise, 32);
        if (at % 64 == 0) {
            hq_ring_rx(noise);
            hq_poll(noise);
            hq_ring_cq(noise, false);
        }
        if (at % 20 == 0 && rx_room() && h.rx_tail - h.rx_head < 4)
            hq_send(noise, 500);
        tick();
        hq_poll(calm);
    }
}

static void finish(void) {
    for (unsigned round = 0; round < 20; round++) {
        hq_ring_rx(noise);
        settle();
        for (unsigned i = 0; i < 2; i++) {
            hq_poll(&hqs[i]);
            hq_ring_cq(&hqs[i], false);
        }
    }
    for (unsigned i = 0; i < 2; i++)
        hq_finish(&hqs[i]);
}

static void push(void) {
    hq_push(calm, 60, false);
}

void hold_sixteen_in_one(void) {
    begin();
    with_noise(2000);
    for (unsigned i = 0; i < 64; i++) {
        push();
        with_noise(60);
        if (i % 16 == 15)
            hq_ring_cq(calm, false);
    }
    printf("64 doorbell-inline frames, %u completed by %u completions\n", calm->completed, calm->tx_cpls);
    CHECK(calm->sent == 64 && calm->completed == 64 && calm->tx_cpls == 4, "%u sent, %u completed, %u completions",
          calm->sent, calm->completed, calm->tx_cpls);
    finish();
}

void moderation_ends_with_age(void) {
    begin();
    with_noise(2000);
    for (unsigned i = 0; i < 5; i++) {
        unsigned waited = 0;
        with_noise(bench_below(3000));
        push();
        while (calm->completed == i) {
            with_noise(1);
            CHECK(++waited < 4300, "a completion waits for ever");
        }
        printf("written after %u cycles\n", waited);
        CHECK(waited > 2048, "after %u cycles", waited);
    }
    finish();
}

void moderation_ends_with_quiet(void) {
    begin();
    for (unsigned i = 0; i < 20; i++) {
        unsigned waited = 0;
        push();
        while (calm->completed == i) {
            tick();
            hq_poll(calm);
            CHECK(++waited < 90, "a completion waits although nothing else is written");
        }
        ticks(bench_below(50));
    }
    finish();
}

void moderation_ends_with_arm(void) {
    begin();
    with_noise(2000);
    for (unsigned i = 0; i < 40; i++) {
        uint32_t irqs = h.irq[1][calm->vec];
        push();
        with_noise(bench_below(30)); // also while the frame is on its way
        hq_ring_cq(calm, true);
        with_noise(150);
        CHECK(calm->completed == i + 1, "armed, and the completion waits");
        CHECK(h.irq[1][calm->vec] == irqs + 1, "%u interrupts", h.irq[1][calm->vec] - irqs);
    }
    finish();
}

// A frame that is fetched is followed by its completion, and so are those pushed before it.
void moderation_ends_with_fetched(void) {
    begin();
    with_noise(2000);
    for (unsigned i = 0; i < 20; i++) {
        push();
        with_noise(100);
        CHECK(calm->completed == 2 * i, "did not wait");
        hq_tx(calm, 200, 1, false);
        hq_ring_tx(calm);
        with_noise(250);
        CHECK(calm->completed == 2 * i + 2, "%u of %u completed", calm->completed, 2 * i + 2);
        hq_ring_cq(calm, false);
    }
    CHECK(calm->tx_cpls == 20, "%u completions", calm->tx_cpls);
    finish();
}
