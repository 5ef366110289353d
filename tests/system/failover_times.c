// SPDX-License-Identifier: Apache-2.0
// See failover_times.h.
#include "failover_times.h"

#include "failover_world.h"

#define TIMES 5u
#define DOWN 8u // flows from the wire, spread over the VF's queue pairs
#define STEP 100u

static void run(struct fw *f, int up, uint64_t cycles) {
    uint64_t end = fw_cycle(f) + cycles;
    while (fw_cycle(f) < end) {
        if (up >= 0)
            (void)flow_burst(f->net, up, 64);
        fw_step(f, STEP);
    }
}

// Until the guest rests in this state. Returns how long its hand-over took.
static uint64_t await(struct fw *f, int up, enum weir_vstack_state state) {
    const struct weir_vstack_record *r;
    uint64_t end = fw_cycle(f) + 5000000;
    while (weir_vstack_state(f->vs, (unsigned)f->guest[0].id) != state) {
        CHECK(fw_cycle(f) < end, "the guest is %s",
              weir_vstack_state_text(weir_vstack_state(f->vs, (unsigned)f->guest[0].id)));
        run(f, up, STEP);
    }
    r = fw_last_record(f);
    CHECK(r->status == 0, "record: status %d, %s", r->status, weir_why_text(r->why));
    return (uint32_t)(r->cycle_done - r->cycle_request);
}

static void worse(uint64_t *worst, uint64_t now) {
    *worst = now > *worst ? now : *worst;
}

void fw_times(unsigned qps, bool backlog, struct fw_times *t) {
    struct weir_vstack_config vc = {.vf_qps = qps};
    // For what comes while the one thread of the test is in somebody's call.
    const struct fw_sizes before = fw_sizes;
    struct flow_count c;
    struct fw f;
    int down[DOWN], up;

    *t = (struct fw_times){0};
    fw_sizes = (struct fw_sizes){
        .buf_bytes = 2048, .pf_rx_log2 = 12, .vf_rx_log2 = 11, .vf_tx_log2 = 11, .channel_ring = 1u << 23};
    fw_open(&f, 1, &vc);
    f.together = true;
    fw_guest_add(&f, 0);
    f.guest[0].pace = 1; // its turn in every step
    wire_set_rate(card_wire(f.w.card), 1, 50);
    for (unsigned i = 0; i < DOWN; i++) {
        down[i] = flow_add(f.net, f.wire, f.guest[0].endpoint, 0);
        flow_as_udp(f.net, down[i]);
    }
    up = flow_add(f.net, f.guest[0].endpoint, f.wire, 0);
    if (backlog)
        fw_line_rate(&f, down, DOWN, 1, 0);
    else
        up = -1;
    run(&f, up, 50000);
    for (unsigned i = 0; i < TIMES; i++) {
        CHECK(weir_vstack_attach(f.vs, (unsigned)f.guest[0].id) == 0, "cannot attach");
        worse(&t->to_vf, await(&f, up, WEIR_VSTACK_ATTACHED));
        run(&f, up, 5000 + 997 * i);
        CHECK(weir_vstack_detach(f.vs, (unsigned)f.guest[0].id, WEIR_WHY_DETACH) == 0, "cannot detach");
        worse(&t->to_synthetic, await(&f, up, WEIR_VSTACK_DETACHED));
        CHECK(!fw_last_record(&f)->surprise, "a planned hand-over became a surprise");
        run(&f, up, 5000);
    }
    c = flow_count(f.net, -1, -1);
    CHECK(c.duplicated == 0 && c.reordered == 0 && c.corrupt == 0, "%s", flow_first_error(f.net));
    for (unsigned i = 0; i < TIMES; i++) {
        const struct weir_vstack_record *r;
        CHECK(weir_vstack_attach(f.vs, (unsigned)f.guest[0].id) == 0, "cannot attach");
        (void)await(&f, up, WEIR_VSTACK_ATTACHED);
        run(&f, up, 5000 + 997 * i);
        CHECK(weir_vstack_revoke(f.vs, (unsigned)f.guest[0].id, WEIR_WHY_REMOVED) == 0, "cannot revoke");
        worse(&t->surprise, await(&f, up, WEIR_VSTACK_DETACHED));
        r = fw_last_record(&f);
        t->ledger += r->tx_lost + r->rx_lost + r->rx_dropped;
        run(&f, up, 5000);
    }
    fw_drain(&f);
    c = flow_count(f.net, -1, -1);
    CHECK(c.duplicated == 0 && c.reordered == 0 && c.corrupt == 0 && flow_strays(f.net) == 0, "%s",
          flow_first_error(f.net));
    CHECK(!backlog || c.sent > 10000, "%" PRIu64 " frames are no backlog", c.sent);
    t->lost = c.lost;
    // What the planned ones lose has nobody's ledger.
    CHECK(t->lost == t->ledger, "%" PRIu64 " frames lost, the surprises' ledger says %" PRIu64, t->lost, t->ledger);
    printf("%u queue pairs, %s: to VF %" PRIu64 ", to synthetic %" PRIu64 ", surprise %" PRIu64
           " cycles at most; of %" PRIu64 " frames %" PRIu64 " lost, ledger %" PRIu64 "\n",
           qps, backlog ? "backlog" : "idle", t->to_vf, t->to_synthetic, t->surprise, c.sent, t->lost, t->ledger);
    fw_close(&f);
    fw_sizes = before;
}
