// SPDX-License-Identifier: Apache-2.0
// Threat T3: a VF's mailbox beside all others', which ask without end. See bench.h.
#include "bench.h"

#include "bench_many.h"
#include "weir_mbox.h"

#define ASKED 30u
#define PAUSE 50000u // cycles between them: who asks now and then is to wait for nobody
#define LOOK 8u      // cycles between looks at the owner word, and between requests of the others

// Lets the others ask, each in its turn, and cycles pass.
static void go_on(struct many *m, bool flooded) {
    static unsigned vf;
    vf = vf % (m->n - 1) + 1;
    if (flooded)
        many_ask(m, vf, WEIR_CMD_GET_CAPS, NULL, 0);
    card_step(m->w.card, LOOK, false);
}

// 99th percentile of VF 0's requests, from the write that hands one over to the read that sees it done.
static double requests(struct many *m, bool flooded) {
    static uint64_t took[ASKED];
    for (unsigned n = 0; n < ASKED; n++) {
        uint64_t start, end = card_cycles(m->w.card) + PAUSE + 37 * n; // at any phase of the firmware's turns
        uint32_t owner = 1;
        while (card_cycles(m->w.card) < end)
            go_on(m, flooded);
        many_ask(m, 0, WEIR_CMD_GET_INFO, NULL, 0);
        start = card_cycles(m->w.card);
        for (end = start + 200000; owner != 0 && card_cycles(m->w.card) < end;) {
            go_on(m, flooded);
            CHECK(rc_mem_read(card_rc(m->w.card), many_bar(m, 0) + WEIR_BAR_MBOX_OWNER, &owner) == 0, "read");
        }
        CHECK(owner == 0, "no answer in 200,000 cycles");
        took[n] = card_cycles(m->w.card) - start;
    }
    return many_p99(took, ASKED);
}

// Figures: 0 a request's 99th percentile as a multiple of that alone, 1 in cycles alone, 2 beside the others.
BENCH_SCENARIO(bench_mailbox) {
    struct many *m = calloc(1, sizeof(*m));
    CHECK(m != NULL, "out of memory");
    many_open(m, MAX_VFS, 1, 7);
    rc_set_timing(card_rc(m->w.card), &(struct rc_timing){.read_latency = setup->latency, .seed = 1});
    figure[1].value = requests(m, false);
    figure[2].value = requests(m, true);
    figure[0].value = figure[2].value / figure[1].value;
    many_close(m);
    free(m);
}
