// SPDX-License-Identifier: Apache-2.0
// What one queue's frames may cost another's: waiting times in bytes and cycles of the transmit side.
#include "driver.h"

static void begin(void) {
    driver_init(bench_model, bench_rand());
    fn_map(1, 0, 64);
    h.stall = 0;
    h.done_min = h.done_max = 4;
}

static void finish(unsigned n) {
    h.tx_full = false;
    for (unsigned round = 0; round < 20; round++) {
        settle();
        for (unsigned i = 0; i < n; i++) {
            hq_poll(&hqs[i]);
            hq_ring_cq(&hqs[i], false);
        }
    }
    settle();
    for (unsigned i = 0; i < n; i++)
        hq_finish(&hqs[i]);
}

// A frame pushed by a queue that has nothing under way leaves at once, whatever others have in line and although the
// switch wants no more of that; and a queue's own frames stay in order, pushed or not.
void share_pushed_first(void) {
    begin();
    struct hq *busy = hq_open((struct hq_config){0, 1, 0, 9, 4, 11}),
              *calm = hq_open((struct hq_config){1, 1, 1, 6, 4, 8});
    for (unsigned round = 0; round < 30; round++) {
        while (hq_tx_room(busy) > 0)
            hq_tx(busy, 1514, 1, false);
        hq_ring_tx(busy);
        ticks(200 + bench_below(200));
        h.tx_full = round % 2;
        ticks(40);
        uint32_t before = busy->sent;
        hq_push(calm, 60, true);
        ticks(36); // one frame of 1514 bytes may be leaving
        CHECK(calm->sent == round + 1, "round %u: the doorbell-inline frame waits", round);
        CHECK(busy->sent <= before + 1 + !h.tx_full, "round %u: %u frames went first", round, busy->sent - before);
        ticks(60);
        h.tx_full = false;
        for (unsigned i = 0; i < 2; i++) {
            hq_poll(&hqs[i]);
            hq_ring_cq(&hqs[i], false);
        }
    }
    CHECK(calm->completed >= 29 && h.client[TXD].requests > 0, "the calm queue's frames: %u", calm->completed);
    finish(2);
}

// Many queues that push without pause leave a queue with frames in line its half.
void share_pushed_not_only(void) {
    enum { PUSHERS = 24, CYCLES = 60000 };
    begin();
    h.stall = 13; // there is not room for both
    struct hq *busy = hq_open((struct hq_config){0, 1, 0, 9, 4, 11});
    for (unsigned i = 1; i <= PUSHERS; i++)
        hq_open((struct hq_config){i, 1, i, 6, 4, 8});
    for (unsigned c = 0; c < CYCLES; c++) {
        struct hq *q = &hqs[1 + c % PUSHERS];
        if (hq_tx_room(busy) > 64) {
            while (hq_tx_room(busy) > 0)
                hq_tx(busy, 1514, 1, false);
            hq_ring_tx(busy);
        }
        hq_poll(q);
        hq_poll(busy);
        if (c % 64 < PUSHERS)
            hq_ring_cq(q, false);
        else if (hq_tx_room(q) == 64)
            hq_push(q, 60, true);
        if (c % 64 == 63)
            hq_ring_cq(busy, false);
        tick();
    }
    uint32_t pushed = 0;
    for (unsigned i = 1; i <= PUSHERS; i++)
        pushed += hqs[i].sent;
    printf("%u frames of 1514 bytes beside %u doorbell-inline ones\n", busy->sent, pushed);
    CHECK(pushed > 4500, "too few pushed: %u", pushed);
    // Not all: whenever the busy queue has nothing in line, doorbell-inline frames go for nothing.
    CHECK(busy->sent * 24 > pushed * 3 / 4, "%u beats beside %u doorbell-inline frames", busy->sent * 24, pushed);
    finish(1 + PUSHERS);
}

// A queue that was small and becomes large gets 32 KiB ahead of the next one, not all its batches.
void share_batches_are_bounded(void) {
    begin();
    struct hq *liar = hq_open((struct hq_config){0, 1, 0, 8, 4, 10}),
              *next = hq_open((struct hq_config){1, 1, 1, 6, 4, 8});
    for (unsigned round = 0; round < 10; round++) {
        h.lat_min = h.lat_max = 200;
        for (unsigned i = 0; i < 32; i++)
            hq_tx(liar, 60, 1, true);
        hq_ring_tx(liar);
        settle();
        hq_poll(liar);
        hq_ring_cq(liar, false);
        settle();
        for (unsigned i = 0; i < 160; i++)
            hq_tx(liar, 1900, 1, false);
        hq_ring_tx(liar);
        ticks(20); // its batches are asked for
        hq_tx(next, 1000, 1, true);
        hq_ring_tx(next);
        uint32_t before = liar->sent;
        for (unsigned c = 0; next->sent == round; c++) {
            CHECK(c < 10000, "the next queue's frame never comes");
            tick();
        }
        CHECK((liar->sent - before) * 1900 <= 32768 + 1900, "round %u: %u bytes ahead", round,
              (liar->sent - before) * 1900);
        for (unsigned i = 0; i < 12; i++) {
            settle();
            hq_poll(liar);
            hq_ring_cq(liar, false);
            hq_poll(next);
            hq_ring_cq(next, false);
        }
    }
    finish(2);
}

// Frames of 1514 bytes: a new queue's frame waits for what 250-cycle reads need (24 KiB of descriptors and 24 KiB of
// frames under way) and for a turn of each other queue (12 KiB), not for what the rings hold.
void share_line_is_short(void) {
    begin();
    struct hq *busy[3], *next = hq_open((struct hq_config){3, 1, 3, 6, 4, 8});
    for (unsigned i = 0; i < 3; i++)
        busy[i] = hq_open((struct hq_config){i, 1, i, 10, 4, 11});
    unsigned worst = 0;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned c = 0; c < 4000; c++) {
            struct hq *q = busy[c % 3];
            if (hq_tx_room(q) > 256) {
                while (hq_tx_room(q) > 0)
                    hq_tx(q, 1514, 1, false);
                hq_ring_tx(q);
            }
            hq_poll(q);
            if (c % 60 < 3)
                hq_ring_cq(q, false);
            tick();
        }
        uint32_t before = busy[0]->sent + busy[1]->sent + busy[2]->sent;
        hq_tx(next, 1514, 1, true);
        hq_ring_tx(next);
        for (unsigned c = 0; next->sent == round; c++) {
            CHECK(c < 100000, "the next queue's frame never comes");
            tick();
        }
        uint32_t ahead = busy[0]->sent + busy[1]->sent + busy[2]->sent - before;
        worst = ahead > worst ? ahead : worst;
        hq_poll(next);
        hq_ring_cq(next, false);
    }
    printf("at most %u frames ahead\n", worst);
    CHECK(worst * 1514 <= 84 * 1024, "%u frames of 1514 bytes ahead", worst);
    finish(4);
}

// One queue without buffers, one that gets all the line has left, one whose host never reads its completions: three
// others send and receive as if they were alone, and lose nothing.
void share_others_keep_theirs(void) {
    enum { VICTIMS = 3, EMPTY = 3, FLOODED, DEAF, QUEUES, CYCLES = 24000 };
    begin();
    h.lat_min = h.lat_max = 100;
    for (unsigned i = 0; i < QUEUES; i++)
        hq_open((struct hq_config){i, 1, i, 8, 7, i == DEAF ? 6 : 9});
    for (unsigned i = 0; i < VICTIMS; i++) {
        while (hq_rx_room(&hqs[i]) > 0)
            hq_rx(&hqs[i], 32);
        hq_ring_rx(&hqs[i]);
    }
    ticks(1000);
    uint32_t rx[2][VICTIMS], tx[2][VICTIMS], line = 0;
    for (unsigned attacked = 0; attacked < 2; attacked++) {
        uint32_t rx0[VICTIMS], tx0[VICTIMS];
        for (unsigned c = 0; c < CYCLES + 4000; c++) {
            for (unsigned i = 0; i < VICTIMS && c == 4000; i++)
                rx0[i] = hqs[i].rx_cpls, tx0[i] = hqs[i].completed;
            struct hq *v = &hqs[c % VICTIMS];
            while (hq_rx_room(v) > 0)
                hq_rx(v, 32);
            if (c % 48 < VICTIMS) {
                hq_ring_rx(v);
                hq_poll(v);
                hq_ring_cq(v, false);
                if (hq_tx_room(v) > 0) {
                    hq_tx(v, 60 + c % 1400, 1, false);
                    hq_ring_tx(v);
                }
            }
            // A line at 1.68 cycles for a small frame; every tenth is a victim's.
            if (c * 25 / 42 != line) {
                line = c * 25 / 42;
                if (line % 10 == 0)
                    hq_send(&hqs[line / 10 % VICTIMS], 60);
                else if (attacked && rx_room() && h.rx_tail - h.rx_head < 16)
                    hq_send(&hqs[line % 10 == 1 ? EMPTY : line % 10 == 2 ? DEAF : FLOODED], 60);
            }
            struct hq *deaf = &hqs[DEAF], *flooded = &hqs[FLOODED];
            if (attacked && c % 50 == 10) {
                while (hq_rx_room(deaf) > 0)
                    hq_rx(deaf, 32);
                hq_ring_rx(deaf);
                for (unsigned k = 0; k < 4 && hq_tx_room(deaf) > 0; k++)
                    hq_tx(deaf, 60, 1, true);
                hq_ring_tx(deaf);
            }
            if (attacked && c % 10 == 5) {
                while (hq_rx_room(flooded) > 0)
                    hq_rx(flooded, 32);
                hq_ring_rx(flooded);
                hq_poll(flooded);
                hq_ring_cq(flooded, false);
            }
            tick();
        }
        for (unsigned i = 0; i < VICTIMS; i++) {
            rx[attacked][i] = hqs[i].rx_cpls - rx0[i];
            tx[attacked][i] = hqs[i].completed - tx0[i];
        }
    }
    CHECK(hqs[EMPTY].rx_drop[WEIR_QP_REASON_NO_DESC] > 500, "the empty queue's frames: %u dropped",
          hqs[EMPTY].rx_drop[WEIR_QP_REASON_NO_DESC]);
    CHECK(hqs[DEAF].rx_drop[WEIR_QP_REASON_CQ_FULL] > 500, "the deaf queue's frames: %u dropped",
          hqs[DEAF].rx_drop[WEIR_QP_REASON_CQ_FULL]);
    CHECK(hqs[FLOODED].rx_cpls > 5000, "the flood: %u frames", hqs[FLOODED].rx_cpls);
    for (unsigned i = 0; i < VICTIMS; i++) {
        printf("queue %u: received %u, %u beside the others; sent %u, %u\n", i, rx[0][i], rx[1][i], tx[0][i], tx[1][i]);
        CHECK(rx[0][i] > 400 && rx[1][i] >= rx[0][i] * 95 / 100, "queue %u receives %u of %u", i, rx[1][i], rx[0][i]);
        CHECK(tx[0][i] > 400 && tx[1][i] >= tx[0][i] * 95 / 100, "queue %u sends %u of %u", i, tx[1][i], tx[0][i]);
    }
    hqs[DEAF].merged_ok = true;
    for (unsigned i = 0; i < QUEUES; i++)
        hq_ring_rx(&hqs[i]);
    finish(QUEUES);
    for (unsigned i = 0; i < VICTIMS; i++)
        for (unsigned r = 1; r < 32; r++)
            CHECK(hqs[i].rx_drop[r] == 0, "queue %u lost %u frames, reason %u", i, hqs[i].rx_drop[r], r);
}

// Threat T8: a function writes its doorbells in every cycle that is left, all registers, values that change nothing,
// that arm and that announce frames. The card takes each write in its cycle (there is no ready); a victim's frames go
// on.
void share_doorbell_flood(void) {
    enum { CYCLES = 20000 };
    begin();
    fn_map(2, 64, 64);
    struct hq *v = hq_open((struct hq_config){0, 1, 0, 8, 7, 9});
    for (unsigned i = 0; i < 8; i++)
        hq_open((struct hq_config){64 + i, 2, i, 6, 4, 8});
    uint32_t sent[2], got[2], irqs = 0;
    uint64_t writes = 0;
    for (unsigned flood = 0; flood < 2; flood++) {
        uint32_t sent0 = v->completed, got0 = v->rx_cpls;
        for (unsigned c = 0; c < CYCLES; c++) {
            while (hq_rx_room(v) > 0)
                hq_rx(v, 32);
            if (c % 32 == 0) {
                hq_ring_rx(v);
                hq_poll(v);
                hq_ring_cq(v, false);
                for (unsigned i = 0; i < 8 && hq_tx_room(v) > 0; i++)
                    hq_tx(v, 60, 1, false);
                hq_ring_tx(v);
            }
            if (c % 8 == 0)
                hq_send(v, 60);
            if (flood && h.bar_head == h.bar_tail) {
                struct hq *q = &hqs[64 + bench_below(8)];
                uint8_t bytes[64] = {0};
                switch (bench_below(8)) {
                case 0:
                    if (hq_tx_room(q) > 0)
                        hq_tx(q, 60, 1, false);
                    break;
                case 1:
                    memcpy(bytes, &q->tx_prod, 2);
                    bar_push(2, WEIR_BAR_DOORBELL_BASE + q->page * WEIR_BAR_DOORBELL_SIZE + WEIR_BAR_DB_INLINE, bytes);
                    break;
                case 2:
                    hq_ring_rx(q);
                    break;
                case 3:
                    hq_poll(q);
                    break;
                default:
                    break;
                }
                if (h.bar_head == h.bar_tail)
                    bench_below(2) ? hq_ring_tx(q) : hq_ring_cq(q, bench_below(2));
                writes++;
            }
            tick();
        }
        sent[flood] = v->completed - sent0;
        got[flood] = v->rx_cpls - got0;
    }
    for (unsigned i = 0; i < 16; i++)
        irqs += h.irq[2][i];
    printf("%u sent, %u received; %u, %u beside %u writes, %u interrupts\n", sent[0], got[0], sent[1], got[1],
           (unsigned)writes, irqs);
    CHECK(writes > CYCLES * 8 / 10, "no flood: %u writes", (unsigned)writes);
    CHECK(sent[0] > 4000 && sent[1] >= sent[0] * 95 / 100, "sends %u of %u", sent[1], sent[0]);
    CHECK(got[0] > 2000 && got[1] >= got[0] * 95 / 100, "receives %u of %u", got[1], got[0]);
    hq_ring_rx(v);
    for (unsigned round = 0; round < 20; round++) {
        settle();
        hq_poll(v);
        hq_ring_cq(v, false);
    }
    settle();
    hq_finish(v);
}

// Eight queues in turn, each frame of 1514 bytes behind the last: completions of a queue share lines while the link is
// full, so that frames get its beats; as soon as it is not, each is written at once.
void share_completions_thin_out(void) {
    enum { N = 8, CYCLES = 20000 };
    begin();
    for (unsigned i = 0; i < N; i++)
        hq_open((struct hq_config){i, 1, i, 4, 6, 9});
    for (unsigned full = 0; full < 2; full++) {
        uint64_t writes = h.wr_writes;
        uint32_t frames = 0, lines, sent = 0;
        for (unsigned i = 0; i < N; i++)
            frames -= hqs[i].rx_cpls;
        for (unsigned c = 0; c < CYCLES; c++) {
            struct hq *q = &hqs[c % N];
            while (hq_rx_room(q) > 0)
                hq_rx(q, 32);
            if (c % 128 < N) {
                hq_ring_rx(q);
                hq_poll(q);
                hq_ring_cq(q, false);
            }
            if (full ? rx_room() && h.rx_tail - h.rx_head < 8 : c % 20 == 0)
                hq_send(&hqs[sent++ % N], full ? 1514 : 700);
            tick();
        }
        settle();
        for (unsigned i = 0; i < N; i++) {
            hq_poll(&hqs[i]);
            frames += hqs[i].rx_cpls;
        }
        lines = (uint32_t)(h.wr_writes - writes) - frames;
        printf("%s link: %u frames, %u lines\n", full ? "full" : "easy", frames, lines);
        CHECK(full ? lines * 4 < frames * 3 && frames * 25 > CYCLES : lines == frames, "%u lines for %u frames", lines,
              frames);
    }
    for (unsigned i = 0; i < N; i++)
        hq_ring_rx(&hqs[i]);
    finish(N);
}

// Small frames of a stream queue share writes, and their completions too; a lone one waits for nobody.
void share_frames_gather(void) {
    begin();
    struct hq *q = hq_open((struct hq_config){0, 1, 0, 6, 8, 11});
    q->stream = true;
    for (unsigned i = 0; i < 200; i++)
        hq_rx(q, 32);
    hq_ring_rx(q);
    ticks(1000);
    for (unsigned i = 0; i < 20; i++) {
        unsigned c = 0;
        hq_send(q, 60);
        for (uint32_t before = q->rx_cpls; q->rx_cpls == before; c++) {
            CHECK(c < 20, "a lone frame waits");
            tick();
            hq_poll(q);
        }
        ticks(100);
    }
    for (unsigned len = 14; len <= 64; len += 10) {
        uint64_t before = h.wr_writes;
        uint32_t cpls = q->rx_cpls;
        for (unsigned c = 0, n = 0; n < 240; c++) {
            if (c % 2 == 0)
                hq_send(q, len), n++;
            if (c % 64 == 0) // one that is not small in between
                hq_send(q, 200);
            tick();
            hq_poll(q);
        }
        settle();
        hq_poll(q);
        hq_ring_cq(q, false);
        cpls = q->rx_cpls - cpls;
        printf("%u bytes: %u frames, %u writes\n", len, cpls, (unsigned)(h.wr_writes - before));
        CHECK(cpls >= 240 && h.wr_writes - before < cpls / 3, "%u writes for %u frames",
              (unsigned)(h.wr_writes - before), cpls);
    }
    finish(1);
}
