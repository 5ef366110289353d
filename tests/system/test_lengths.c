// SPDX-License-Identifier: Apache-2.0
// What a frame costs by its length, sent as fast as the card takes them and laid out by the driver: inline frames, and
// between them those that do not fit their 512-byte line any more. No length may cost much more than a longer one. The
// lengths are the worst of each number of slots, as `./weir bench 26` saw them, but for those of a whole 16, of which
// the ring of one queue holds too few for a host this slow: they are measured there.
#include "world.h"

#define SETTLE 3000u
#define WINDOW 5000u
#define STEP 32u
#define MOST 1.15

static const unsigned lengths[] = {60, 66, 90, 104, 120, 136, 150, 168, 186, 200, 220, 250, 300};
enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

static struct world w;
static struct weir_vf *vf; // whose queues send, NULL: the PF's
static unsigned queues;
static uint64_t out;

static struct weir_qp *qp_of(unsigned q) {
    return vf != NULL ? weir_vf_qp(vf, q) : weir_pf_qp(w.pf, q);
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)frame;
    (void)cycle;
    out += len == *(const unsigned *)ctx;
}

static void no_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    (void)frame;
    (void)info;
}

static void run(unsigned len, unsigned cycles) {
    static const uint8_t frame[WEIR_MAX_FRAME] = {0x02, 0, 0, 0, 0, 0x99, 0x02, 0, 0, 0, 0, 0x01, 0x08};
    for (uint64_t end = card_cycles(w.card) + cycles; card_cycles(w.card) < end;) {
        for (unsigned q = 0; q < queues; q++) {
            struct weir_qp *qp = qp_of(q);
            weir_qp_poll(qp, 256, no_rx, NULL, NULL);
            if (weir_qp_tx_room(qp) < 512 + 128)
                continue;
            while (weir_qp_tx_room(qp) > 512)
                CHECK(weir_qp_send(qp, frame, len) >= 0, "cannot send");
            weir_qp_ring_doorbell(qp);
        }
        card_step(w.card, STEP, false);
    }
}

static void drain(void) {
    unsigned left = 1;
    for (unsigned i = 0; i < 100000 && left != 0; i++) {
        left = 0;
        card_step(w.card, STEP, false);
        for (unsigned q = 0; q < queues; q++) {
            weir_qp_poll(qp_of(q), 256, no_rx, NULL, NULL);
            left += weir_qp_tx_pending(qp_of(q));
        }
    }
    CHECK(left == 0, "%u frames stay", left);
}

static void sweep(unsigned latency) {
    double cost[LENGTHS];
    unsigned len = 0;

    world_open_with(&w, 0, queues, 10);
    rc_set_timing(card_rc(w.card), &(struct rc_timing){.read_latency = latency, .seed = 1});
    wire_set_rx(card_wire(w.card), on_wire, &len);
    wire_set_rate(card_wire(w.card), 1, 1000); // the card alone is measured
    for (unsigned i = 0; i < LENGTHS; i++) {
        len = lengths[i];
        drain();
        run(len, SETTLE);
        out = 0;
        run(len, WINDOW);
        CHECK(out > 100, "only %u frames of %u bytes", (unsigned)out, len);
        cost[i] = (double)WINDOW / (double)out;
        printf("  %u queue%s, %3u-cycle reads: %3u bytes %.2f cycles\n", queues, queues > 1 ? "s" : "", latency, len,
               cost[i]);
        for (unsigned k = 0; k < i; k++)
            CHECK(cost[k] <= MOST * cost[i], "%u bytes cost %.2f cycles, %u bytes %.2f", lengths[k], cost[k], len,
                  cost[i]);
    }
    drain();
    world_close(&w);
}

// Long frames take their 64-byte beats and no more: a frame comes into the switch while the one before it leaves.
static void long_frames(void) {
    static const unsigned lens[] = {1514, 2048, 3584, 3585, 6000, WEIR_MAX_FRAME};
    const struct weir_vf_config cfg = {.tx_log2 = 10, .rx_log2 = 4, .buf_bytes = WEIR_MAX_FRAME};
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x01};
    char err[256];

    world_open_with(&w, 1, 1, 8);
    CHECK(weir_pf_alloc_vf(w.pf, 0, mac, "long") == 0, "alloc");
    CHECK(weir_pf_create_vport(w.pf, 1, 0, queues, WEIR_VPORT_CHECK_SRC, "long") == 0, "vport");
    CHECK(weir_vf_open(weir_inproc_open(w.ip, 1), &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
    for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        unsigned len = lens[i], beats = (len + 63) / 64;
        double cost;
        wire_set_rx(card_wire(w.card), on_wire, &len);
        wire_set_rate(card_wire(w.card), 1, 1000);
        run(len, SETTLE);
        out = 0;
        run(len, 100 * beats);
        cost = 100.0 * beats / (double)out;
        printf("  %u queue%s: %u bytes %.1f cycles, %u beats\n", queues, queues > 1 ? "s" : "", len, cost, beats);
        CHECK(cost < 1.1 * beats, "%u bytes cost %.1f cycles", len, cost);
        drain();
    }
    weir_vf_close(vf);
    vf = NULL;
    CHECK(weir_pf_delete_vport(w.pf, 1) == 0 && weir_pf_free_vf(w.pf, 0) == 0, "free");
    world_close(&w);
}

static void instant_host(void) {
    sweep(0);
}

static void slow_host(void) {
    sweep(250);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"instant_host", instant_host}, {"host_of_250_cycles", slow_host}, {"long_frames", long_frames}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            for (queues = 1; queues <= 8; queues += 7)
                cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_lengths <case>\n");
    return 2;
}
