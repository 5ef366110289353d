// SPDX-License-Identifier: Apache-2.0
// VF failover through every layer: guests' adapters, channels, the parent's switch and virtualization stack, drivers,
// card. test_failover <case> [seed]
#include <errno.h>

#include "failover_planned.h"
#include "failover_times.h"

static uint64_t default_vport_drops(struct fw *f) {
    uint64_t v[32] = {0}, n = 0;
    CHECK(weir_pf_counters(f->w.pf, 0, v) == 0, "counters of the default vPort");
    for (unsigned i = WEIR_VPORT_CNT_RX_DROP_NO_DESC; i <= WEIR_VPORT_CNT_RX_DROP_VPORT; i++)
        n += v[i];
    return n;
}

// What a surprise may lose is what the ledger says, frame by frame: the guest's half against the card's.
static void surprise_loses_only_what_the_ledger_says(uint64_t seed) {
    struct fw f;
    struct rc_timing slow = {.read_latency = 2500, .jitter = 500, .seed = seed};
    uint64_t tx_lost = 0, rx_lost = 0, redirected = 0;
    int down, up, all;

    fw_open(&f, seed, NULL);
    fw_guest_add(&f, 0);
    down = flow_add(f.net, f.wire, f.guest[0].endpoint, 1000);
    up = flow_add(f.net, f.guest[0].endpoint, f.wire, 1000);
    all = flow_add(f.net, f.wire, FLOW_TO_ALL, 4000);
    for (unsigned i = 0; i < 12; i++) {
        const struct weir_vstack_record *r;
        fw_attach(&f, 0);
        fw_run(&f, 5000 + world_rand() % 20000);
        // Slow host memory, so that the burst is still in the ring when the VF goes.
        rc_set_timing(card_rc(f.w.card), &slow);
        flow_burst(f.net, up, 50 + world_rand() % 200);
        if (i % 3 == 0) {
            fw_step(&f, 10);
            CHECK(weir_vstack_revoke(f.vs, (unsigned)f.guest[0].id, WEIR_WHY_REMOVED) == 0, "cannot revoke");
        } else if (i % 3 == 1) {
            fw_step(&f, 10 + world_rand() % 2000);
            CHECK(f.guest[0].vf_bus->ops->reset(f.guest[0].vf_bus) == 0, "cannot reset the VF");
        } else {
            CHECK(weir_vstack_revoke(f.vs, (unsigned)f.guest[0].id, WEIR_WHY_REMOVED) == 0, "cannot revoke");
        }
        fw_await(&f, 0, WEIR_VSTACK_DETACHED, 20000000);
        rc_set_timing(card_rc(f.w.card), &(struct rc_timing){0});
        r = fw_last_record(&f);
        CHECK(r->surprise && r->guest_told, "record: surprise %d, told %d", r->surprise, r->guest_told);
        printf("%-38s tx %4" PRIu64 " posted %4" PRIu64 " lost; rx %4" PRIu64 " taken %3" PRIu64 " lost %3" PRIu64
               " dropped %3" PRIu64 " drained back\n",
               weir_why_text(r->why), r->tx_posted, r->tx_lost, r->rx_taken, r->rx_lost, r->rx_dropped,
               r->rx_redirected);
        tx_lost += r->tx_lost;
        rx_lost += r->rx_lost + r->rx_dropped;
        redirected += r->rx_redirected;
    }
    fw_drain(&f);
    planned_print_counts(&f);
    // While host memory is slow, the default vPort's own ring may run dry: its drops are in the ledger, too.
    rx_lost += default_vport_drops(&f);
    CHECK(flow_count(f.net, up, -1).lost == tx_lost, "%" PRIu64 " frames lost on transmit, the ledger says %" PRIu64,
          flow_count(f.net, up, -1).lost, tx_lost);
    CHECK(flow_count(f.net, down, -1).lost + flow_count(f.net, all, -1).lost == rx_lost,
          "%" PRIu64 " frames lost on receive, the ledger says %" PRIu64,
          flow_count(f.net, down, -1).lost + flow_count(f.net, all, -1).lost, rx_lost);
    CHECK(tx_lost != 0, "no surprise lost anything: the case does not bite");
    CHECK(flow_count(f.net, -1, -1).duplicated == 0 && flow_count(f.net, -1, -1).reordered == 0 &&
              flow_strays(f.net) == 0,
          "%s", flow_first_error(f.net));
    printf("%" PRIu64 " copies were drained back and arrived\n", redirected);
    fw_close(&f);
}

// 100 us of the card, planned or not, whatever is under way in rings and channel: bench rows 14 and 15.
#define QUICK 25000u

static void quick(bool backlog) {
    for (unsigned qps = 1; qps <= 8; qps += 7) {
        struct fw_times t;
        fw_times(qps, backlog, &t);
        CHECK(t.to_vf <= QUICK && t.to_synthetic <= QUICK && t.surprise <= QUICK,
              "%u queue pairs: %" PRIu64 " cycles to the VF, %" PRIu64 " back, %" PRIu64 " by surprise; at most %u",
              qps, t.to_vf, t.to_synthetic, t.surprise, QUICK);
    }
}

static void quick_when_idle(uint64_t seed) {
    (void)seed;
    quick(false);
}

static void quick_under_a_backlog(uint64_t seed) {
    (void)seed;
    quick(true);
}

// A guest on its own VF must not notice what happens to another one (rules 1.4).
static void neighbour_unaffected(uint64_t seed) {
    struct fw f;
    struct flow_count c;
    uint64_t ledger = 0;
    int mine[3];

    fw_open(&f, seed, NULL);
    for (unsigned i = 0; i < 3; i++)
        fw_guest_add(&f, i);
    fw_attach(&f, 1);
    fw_attach(&f, 2);
    mine[0] = flow_add(f.net, f.wire, f.guest[1].endpoint, 2000);
    mine[1] = flow_add(f.net, f.guest[1].endpoint, f.guest[2].endpoint, 1500);
    mine[2] = flow_add(f.net, f.guest[2].endpoint, f.wire, 3000);
    flow_add(f.net, f.wire, f.guest[0].endpoint, 1500);
    flow_add(f.net, f.guest[0].endpoint, f.wire, 1500);
    flow_add(f.net, f.wire, FLOW_TO_ALL, 8000);
    for (unsigned i = 0; i < 8; i++) {
        fw_attach(&f, 0);
        fw_run(&f, 5000 + world_rand() % 10000);
        if (i % 2 == 0) {
            fw_detach(&f, 0);
        } else {
            CHECK(weir_vstack_revoke(f.vs, (unsigned)f.guest[0].id, WEIR_WHY_REMOVED) == 0, "cannot revoke");
            fw_await(&f, 0, WEIR_VSTACK_DETACHED, 5000000);
        }
        ledger += fw_last_record(&f)->tx_lost + fw_last_record(&f)->rx_lost + fw_last_record(&f)->rx_dropped;
        CHECK(weir_vstack_state(f.vs, (unsigned)f.guest[1].id) == WEIR_VSTACK_ATTACHED &&
                  weir_vstack_state(f.vs, (unsigned)f.guest[2].id) == WEIR_VSTACK_ATTACHED,
              "a neighbour left its VF");
    }
    fw_drain(&f);
    planned_print_counts(&f);
    for (unsigned k = 0; k < 3; k++) {
        c = flow_count(f.net, mine[k], -1);
        CHECK(c.sent > 50 && c.lost == 0 && c.duplicated == 0 && c.reordered == 0,
              "neighbour's flow %u of %" PRIu64 ": %" PRIu64 " lost, %" PRIu64 " duplicated, %" PRIu64 " reordered", k,
              c.sent, c.lost, c.duplicated, c.reordered);
    }
    c = flow_count(f.net, -1, -1);
    CHECK(c.lost == ledger && c.duplicated == 0 && c.reordered == 0,
          "%" PRIu64 " lost, the ledger says %" PRIu64 "; %s", c.lost, ledger, flow_first_error(f.net));
    for (unsigned i = 1; i < 3; i++) {
        c = flow_count(f.net, -1, f.guest[i].endpoint);
        CHECK(c.lost == 0 && c.duplicated == 0 && c.reordered == 0, "guest %u: %s", i, flow_first_error(f.net));
    }
    fw_close(&f);
}

// The guest's process dies in each state of a hand-over; the others run on, and its VF goes to the next guest.
static void guest_dies_in_mid_handover(uint64_t seed) {
    static const enum weir_vstack_state when[] = {WEIR_VSTACK_OFFERED, WEIR_VSTACK_FENCING,   WEIR_VSTACK_ATTACHED,
                                                  WEIR_VSTACK_LEAVING, WEIR_VSTACK_RELEASING, WEIR_VSTACK_REVOKED};
    struct weir_vstack_config vc = {.offer_us = 100000};
    struct fw f;

    fw_open(&f, seed, &vc);
    fw_guest_add(&f, 1);
    fw_guest_add(&f, 2);
    fw_attach(&f, 1);
    flow_add(f.net, f.guest[1].endpoint, f.guest[2].endpoint, 1500);
    flow_add(f.net, f.guest[2].endpoint, f.guest[1].endpoint, 1500);
    flow_add(f.net, f.wire, f.guest[1].endpoint, 2000);
    flow_add(f.net, f.wire, FLOW_TO_ALL, 8000);
    for (unsigned i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
        int vf, flow_down, flow_up;
        unsigned id;
        fw_guest_add(&f, 0);
        id = (unsigned)f.guest[0].id;
        flow_down = flow_add(f.net, f.wire, f.guest[0].endpoint, 1500);
        flow_up = flow_add(f.net, f.guest[0].endpoint, f.wire, 1500);
        CHECK(flow_down >= 0 && flow_up >= 0, "too many flows");
        if (when[i] == WEIR_VSTACK_OFFERED || when[i] == WEIR_VSTACK_FENCING) {
            CHECK(weir_vstack_attach(f.vs, id) == 0, "cannot attach");
        } else {
            fw_attach(&f, 0);
            fw_run(&f, 5000);
            if (when[i] == WEIR_VSTACK_LEAVING || when[i] == WEIR_VSTACK_RELEASING)
                CHECK(weir_vstack_detach(f.vs, id, WEIR_WHY_MIGRATION) == 0, "cannot detach");
            if (when[i] == WEIR_VSTACK_REVOKED)
                CHECK(weir_vstack_revoke(f.vs, id, WEIR_WHY_REMOVED) == 0, "cannot revoke");
        }
        fw_await(&f, 0, when[i], 5000000);
        vf = weir_vstack_vf(f.vs, id);
        fw_guest_kill(&f, 0);
        fw_await(&f, 0, WEIR_VSTACK_NONE, 5000000);
        fw_guest_bury(&f, 0);
        printf("died when %-22s VF %d taken back\n", weir_vstack_state_text(when[i]), vf);
        // The same address, the same VF, another guest: all of the dead one's objects are gone.
        fw_guest_add(&f, 0);
        fw_attach(&f, 0);
        CHECK(weir_vstack_vf(f.vs, (unsigned)f.guest[0].id) == vf, "VF %d was not freed: got %d", vf,
              weir_vstack_vf(f.vs, (unsigned)f.guest[0].id));
        fw_run(&f, 5000);
        fw_detach(&f, 0);
        fw_guest_kill(&f, 0);
        fw_await(&f, 0, WEIR_VSTACK_NONE, 5000000);
        fw_guest_bury(&f, 0);
    }
    fw_drain(&f);
    planned_print_counts(&f);
    for (unsigned i = 1; i < 3; i++) {
        struct flow_count c = flow_count(f.net, -1, f.guest[i].endpoint);
        CHECK(c.sent > 100 && c.lost == 0 && c.duplicated == 0 && c.reordered == 0 && c.corrupt == 0,
              "guest %u: %" PRIu64 " lost, %" PRIu64 " duplicated, %" PRIu64 " reordered; %s", i, c.lost, c.duplicated,
              c.reordered, flow_first_error(f.net));
    }
    fw_close(&f);
}

// The card refuses to move a filter to rings without buffers (rules 4.11): the guest stays where it is and loses
// nothing.
static void attach_refused_until_armed(uint64_t seed) {
    struct fw f;
    const struct weir_vstack_record *r;
    uint64_t late;

    fw_open(&f, seed, NULL);
    fw_guest_add(&f, 0);
    flow_add(f.net, f.wire, f.guest[0].endpoint, 1500);
    flow_add(f.net, f.guest[0].endpoint, f.wire, 1500);
    flow_add(f.net, f.wire, FLOW_TO_ALL, 8000);

    // A VF driver that is late: the offer stands, traffic goes on (acceptance test A4).
    f.guest[0].no_vf = true;
    CHECK(weir_vstack_attach(f.vs, (unsigned)f.guest[0].id) == 0, "cannot attach");
    late = flow_count(f.net, -1, -1).received;
    fw_run(&f, 500000);
    CHECK(weir_vstack_state(f.vs, (unsigned)f.guest[0].id) == WEIR_VSTACK_OFFERED, "the offer did not stand");
    CHECK(flow_count(f.net, -1, -1).received > late + 300, "traffic stopped while the VF driver was late");

    // One whose rings have no buffers, twice.
    f.guest[0].bad_opens = 2;
    f.guest[0].no_vf = false;
    fw_await(&f, 0, WEIR_VSTACK_ATTACHED, 5000000);
    CHECK(f.guest[0].opens == 3, "the VF was opened %u times", f.guest[0].opens);
    CHECK(weir_netvsc_stats(f.guest[0].sc)->refused == 2, "%" PRIu64 " refusals",
          weir_netvsc_stats(f.guest[0].sc)->refused);
    CHECK(weir_vstack_num_records(f.vs) == 3, "%" PRIu64 " records", weir_vstack_num_records(f.vs));
    for (unsigned i = 0; i < 2; i++) {
        r = weir_vstack_record(f.vs, i);
        CHECK(r->status == -ENODEV && r->why == WEIR_WHY_NOT_ARMED && r->cycle_move == 0, "record %u: status %d, %s", i,
              r->status, weir_why_text(r->why));
    }
    fw_run(&f, 50000);
    fw_detach(&f, 0);

    // A guest that never gets its VF up is left alone after so many tries.
    f.guest[0].bad_opens = 1000;
    CHECK(weir_vstack_attach(f.vs, (unsigned)f.guest[0].id) == 0, "cannot attach");
    fw_await(&f, 0, WEIR_VSTACK_DETACHED, 40000000);
    CHECK(weir_vstack_why(f.vs, (unsigned)f.guest[0].id) == WEIR_WHY_NOT_ARMED, "why: %s",
          weir_why_text(weir_vstack_why(f.vs, (unsigned)f.guest[0].id)));
    CHECK(weir_netvsc_state(f.guest[0].sc) == WEIR_NETVSC_SYNTHETIC, "the adapter is %s",
          weir_netvsc_state_text(weir_netvsc_state(f.guest[0].sc)));
    fw_drain(&f);
    planned_print_counts(&f);
    fw_check_flows(&f, "after refusals");
    fw_close(&f);
}

// Guests on either path reach each other and the wire; a broadcast comes once to each, in every combination of paths.
static void all_paths_reach_each_other(uint64_t seed) {
    struct fw f;

    fw_open(&f, seed, NULL);
    for (unsigned i = 0; i < 3; i++)
        fw_guest_add(&f, i);
    for (unsigned i = 0; i < 3; i++) {
        flow_add(f.net, f.guest[i].endpoint, f.guest[(i + 1) % 3].endpoint, 2500);
        flow_add(f.net, f.guest[i].endpoint, f.guest[(i + 2) % 3].endpoint, 2500);
        flow_add(f.net, f.guest[i].endpoint, f.wire, 4000);
        flow_add(f.net, f.wire, f.guest[i].endpoint, 4000);
        flow_add(f.net, f.guest[i].endpoint, FLOW_TO_ALL, 8000);
    }
    flow_add(f.net, f.wire, FLOW_TO_ALL, 6000);
    fw_run(&f, 100000);
    // A Gray code over who is on a VF: each of the eight combinations once, each step a hand-over under load.
    for (unsigned step = 1; step <= 8; step++) {
        unsigned code = step % 8 ^ step % 8 >> 1, before = (step - 1) ^ (step - 1) >> 1;
        for (unsigned i = 0; i < 3; i++) {
            if ((code & ~before) >> i & 1)
                fw_attach(&f, i);
            if ((before & ~code) >> i & 1)
                fw_detach(&f, i);
        }
        fw_run(&f, 30000);
    }
    fw_drain(&f);
    planned_print_counts(&f);
    fw_check_flows(&f, "after all combinations");
    fw_close(&f);
}

// ---- several addresses ----

static const uint8_t extra_mac[2][6] = {{0x02, 0, 0, 0, 7, 1}, {0x02, 0, 0, 0, 7, 2}};
static int extra_endpoint[2];

// Behind the guest's adapter is a bridge, as of containers: each address has a flow's end of its own, and all hear what
// is flooded.
static void behind_guest_0(struct fw *f, unsigned guest, const uint8_t *frame, size_t len) {
    bool group = (frame[0] & 1) != 0;
    (void)guest;
    for (unsigned i = 0; i < 2; i++)
        if (group || memcmp(frame, extra_mac[i], 6) == 0)
            flow_receive(f->net, extra_endpoint[i], frame, len, fw_cycle(f));
    if (group || frame[4] == 1)
        flow_receive(f->net, f->guest[0].endpoint, frame, len, fw_cycle(f));
}

static int send_from_guest_0(void *ctx, const void *frame, size_t len) {
    struct fw *f = ctx;
    return weir_netvsc_tx_waiting(f->guest[0].sc) > 400 ? -EAGAIN : weir_netvsc_send(f->guest[0].sc, frame, len);
}

// All addresses of a guest move as one: each frame to and from each once and in order, planned moves both ways.
static void several_addresses_lose_nothing(uint64_t seed) {
    struct weir_policy p;
    struct fw f;
    fw_open(&f, seed, NULL);
    fw_guest_add(&f, 0);
    f.heard = behind_guest_0;
    weir_policy_default(&p);
    p.learn = true;
    p.max_mac = 3;
    CHECK(weir_vstack_guest_set(f.vs, (unsigned)f.guest[0].id, &p) == 0, "no policy");
    for (unsigned i = 0; i < 2; i++) {
        extra_endpoint[i] = flow_endpoint_add(f.net, i == 0 ? "extra0" : "extra1", extra_mac[i], send_from_guest_0, &f);
        flow_add(f.net, extra_endpoint[i], f.wire, 1500);
    }
    fw_run(&f, 50000); // learned from what they send
    for (unsigned i = 0; i < 2; i++)
        flow_add(f.net, f.wire, extra_endpoint[i], 400);
    flow_add(f.net, f.wire, f.guest[0].endpoint, 400);
    flow_add(f.net, f.guest[0].endpoint, f.wire, 1500);
    flow_add(f.net, f.wire, FLOW_TO_ALL, 5000);
    for (unsigned i = 0; i < 12; i++) {
        fw_run(&f, world_rand() % 8000);
        fw_attach(&f, 0);
        fw_run(&f, 8000 + world_rand() % 16000);
        fw_detach(&f, 0);
        CHECK(!fw_last_record(&f)->surprise, "a planned move became a surprise");
    }
    fw_drain(&f);
    planned_print_counts(&f);
    fw_check_flows(&f, "after all hand-overs");
    CHECK(weir_netvsc_stats(f.guest[0].sc)->rx_vf > 500 && weir_netvsc_stats(f.guest[0].sc)->tx_vf > 200,
          "the VF carried next to nothing");
    fw_close(&f);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(uint64_t seed);
    } cases[] = {
        {"planned_both_ways_loses_nothing", planned_both_ways_loses_nothing},
        {"planned_on_eight_queues", planned_on_eight_queues},
        {"planned_without_a_backlog", planned_without_a_backlog},
        {"planned_of_a_slow_guest", planned_of_a_slow_guest},
        {"planned_of_a_slow_guest_on_eight_queues", planned_of_a_slow_guest_on_eight_queues},
        {"surprise_loses_only_what_the_ledger_says", surprise_loses_only_what_the_ledger_says},
        {"quick_when_idle", quick_when_idle},
        {"quick_under_a_backlog", quick_under_a_backlog},
        {"neighbour_unaffected", neighbour_unaffected},
        {"guest_dies_in_mid_handover", guest_dies_in_mid_handover},
        {"attach_refused_until_armed", attach_refused_until_armed},
        {"all_paths_reach_each_other", all_paths_reach_each_other},
        {"several_addresses_lose_nothing", several_addresses_lose_nothing},
    };
    for (unsigned i = 0; argc >= 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run(argc >= 3 ? strtoull(argv[2], NULL, 0) : 1);
            return 0;
        }
    fprintf(stderr, "usage: test_failover <case> [seed]; cases:\n");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        fprintf(stderr, "  %s\n", cases[i].name);
    return 2;
}
