// SPDX-License-Identifier: Apache-2.0
// Cores of the card panic at random points of their work, under traffic on both paths and while guests change paths:
// the control plane is back within 50 ms of the card's time, whoever gave a command has its answer, and no frame is
// lost, doubled or out of order. test_restart <case> [seed]
#include <errno.h>

#include "failover_world.h"

#define PANICS 50u // or as many as WEIR_SOAK says
#define HANGS 2u   // the same; each is 8 ms of the card, under traffic all the while
#define BACK_CYCLES (WEIR_CLOCK_HZ / 20)

static struct fw f;
static uint64_t slowest;

static unsigned panics_of(unsigned core, uint32_t *cycle) {
    struct weir_panic p;
    int err = weir_pf_panic(f.w.pf, core, &p);
    CHECK(err == 0, "the panic record of core %u cannot be read: %s", core, strerror(-err));
    *cycle = p.word[3];
    return p.count;
}

// A guest that goes to and fro.
static void change_path(unsigned guest) {
    unsigned id = (unsigned)f.guest[guest].id;
    enum weir_vstack_state s = weir_vstack_state(f.vs, id);
    int err = 0;
    if (s == WEIR_VSTACK_DETACHED)
        err = weir_vstack_attach(f.vs, id);
    else if (s == WEIR_VSTACK_ATTACHED)
        err = weir_vstack_detach(f.vs, id, WEIR_WHY_DETACH);
    // Asked before: all the time since then somebody waited for the card, and the stack had no turn.
    CHECK(err == 0 || err == -EALREADY, "guest %u cannot change its path: %s", guest, strerror(-err));
    CHECK(s != WEIR_VSTACK_FAILED, "guest %u failed: %s", guest,
          strerror(-weir_vstack_record(f.vs, weir_vstack_num_records(f.vs) - 1)->status));
}

static void ask(void) {
    uint64_t v[32];
    int err = weir_pf_counters(f.w.pf, world_rand() % 3, v);
    CHECK(err == 0, "counters: %s", strerror(-err));
}

// Something that has the cores work, a panic or a hang in it, and the way back. True when there was one.
static bool panic(unsigned core, bool hangs) {
    uint32_t cycle;
    unsigned before = panics_of(core, &cycle);
    uint64_t now = fw_cycle(&f), from = now;

    (hangs ? card_hang : card_upset)(f.w.card, core, now + world_rand() % 4000,
                                     world_rand() % (core == 0 ? 1000 : 120));
    switch (world_rand() % 3) {
    case 0:
        ask();
        break;
    default:
        change_path(2 + world_rand() % 2);
        break;
    }
    fw_run(&f, 2000 + world_rand() % 6000);
    CHECK(weir_pf_ping(f.w.pf, NULL) == 0, "the control plane does not come back");
    // The driver learns of a hang of core 1 when it asks for something that core 1 does: nobody may have.
    for (unsigned i = 0; hangs && i < 20 && panics_of(core, &cycle) == before; i++)
        fw_run(&f, 150000);
    if (panics_of(core, &cycle) == before)
        return false;
    now = fw_cycle(&f);
    if (hangs) // the record is written by the start behind it
        cycle = (uint32_t)from;
    CHECK((uint32_t)now - cycle <= BACK_CYCLES, "back after %u cycles", (uint32_t)now - cycle);
    if ((uint32_t)now - cycle > slowest)
        slowest = (uint32_t)now - cycle;
    return true;
}

static void settle(unsigned guest) {
    for (uint64_t end = fw_cycle(&f) + 20000000;;) {
        enum weir_vstack_state s = weir_vstack_state(f.vs, (unsigned)f.guest[guest].id);
        if (s == WEIR_VSTACK_DETACHED || s == WEIR_VSTACK_ATTACHED)
            return;
        CHECK(fw_cycle(&f) < end, "guest %u stays %s", guest, weir_vstack_state_text(s));
        fw_run(&f, 2000);
    }
}

static void panics_lose_nothing(uint64_t seed, bool hangs) {
    const char *soak = getenv("WEIR_SOAK");
    unsigned want = soak != NULL ? (unsigned)strtoul(soak, NULL, 0)
                    : hangs      ? HANGS
                                 : PANICS,
             had[2] = {0, 0}, tries = 0;

    fw_open(&f, seed, NULL);
    for (unsigned i = 0; i < FW_GUESTS; i++)
        fw_guest_add(&f, i);
    fw_attach(&f, 0);
    // Each path and each pair of them, and floods.
    for (unsigned i = 0; i < FW_GUESTS; i++) {
        flow_add(f.net, f.wire, f.guest[i].endpoint, 3000);
        flow_add(f.net, f.guest[i].endpoint, f.wire, 4000);
        flow_add(f.net, f.guest[i].endpoint, f.guest[(i + 1) % FW_GUESTS].endpoint, 5000);
    }
    flow_add(f.net, f.wire, FLOW_TO_ALL, 20000);
    fw_run(&f, 100000);
    while (had[0] + had[1] < want) {
        unsigned core = hangs ? had[0] > had[1] : world_rand() % 2;
        CHECK(++tries < 20 * want, "%u panics in %u tries", had[0] + had[1], tries);
        had[core] += panic(core, hangs);
    }
    settle(2);
    settle(3);
    fw_drain(&f);
    fw_check_flows(&f, "over panics");
    for (uint64_t i = 0; i < weir_vstack_num_records(f.vs); i++) {
        const struct weir_vstack_record *r = weir_vstack_record(f.vs, i);
        CHECK(r == NULL || (r->status == 0 && !r->surprise), "move %u ended with %d, %s", (unsigned)i,
              r != NULL ? r->status : 0, r != NULL ? weir_why_text(r->why) : "");
    }
    CHECK(had[0] > want / 5 && had[1] > want / 5 && (hangs || weir_vstack_num_records(f.vs) > want / 4),
          "too little happened: %u and %u panics, %" PRIu64 " moves", had[0], had[1], weir_vstack_num_records(f.vs));
    CHECK(weir_vstack_restart(f.vs).count == had[0] + had[1] && !weir_vstack_restart(f.vs).lost,
          "the stack heard of %u restarts of %u", weir_vstack_restart(f.vs).count, had[0] + had[1]);
    printf("%u %s of core 0, %u of core 1, %" PRIu64 " moves, control back after at most %" PRIu64 " cycles\n", had[0],
           hangs ? "hangs" : "panics", had[1], weir_vstack_num_records(f.vs), slowest);
    fw_close(&f);
}

// What guests have sent and what came for them moves on while the parent, one thread, waits for a card that is down.
static void the_synthetic_path_moves_meanwhile(uint64_t seed) {
    unsigned tries = 0, before;
    uint32_t cycle;
    int up, down;

    fw_open(&f, seed, NULL);
    fw_guest_add(&f, 0);
    fw_guest_add(&f, 1);
    up = flow_add(f.net, f.guest[0].endpoint, f.wire, 0);
    down = flow_add(f.net, f.wire, f.guest[1].endpoint, 0);
    fw_run(&f, 100000);
    for (bool panicked = false; !panicked;) {
        uint64_t sent = 0, there, taken;
        CHECK(++tries < 100, "no panic in %u tries", tries);
        before = panics_of(0, &cycle);
        while (sent < 60)
            sent += flow_burst(f.net, up, 60 - (unsigned)sent);
        weir_netvsc_poll(f.guest[0].sc, fw_cycle(&f) / (WEIR_CLOCK_HZ / 1000000));
        CHECK(flow_burst(f.net, down, 20) == 20, "the wire is full");
        there = flow_count(f.net, up, f.wire).received;
        taken =
            weir_netvsp_port_stats(weir_vstack_netvsp(f.vs), (unsigned)weir_vstack_port(f.vs, (unsigned)f.guest[1].id))
                ->rx_frames;
        card_upset(f.w.card, 0, fw_cycle(&f), world_rand() % 300);
        CHECK(weir_pf_ping(f.w.pf, NULL) == 0, "no answer");
        there = flow_count(f.net, up, f.wire).received - there;
        taken =
            weir_netvsp_port_stats(weir_vstack_netvsp(f.vs), (unsigned)weir_vstack_port(f.vs, (unsigned)f.guest[1].id))
                ->rx_frames -
            taken;
        panicked = panics_of(0, &cycle) != before;
        CHECK(!panicked || (there == 60 && taken == 20),
              "while the parent waited, %" PRIu64 " of 60 frames left and %" PRIu64 " of 20 came", there, taken);
        fw_run(&f, 200000);
    }
    fw_drain(&f);
    fw_check_flows(&f, "while the parent waited");
    printf("60 frames left and 20 came while the parent waited for a card that was down\n");
    fw_close(&f);
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (argc > 1 && strcmp(argv[1], "panics_lose_nothing") == 0)
        panics_lose_nothing(seed, false);
    else if (argc > 1 && strcmp(argv[1], "hangs_lose_nothing") == 0)
        panics_lose_nothing(seed, true);
    else if (argc > 1 && strcmp(argv[1], "the_synthetic_path_moves_meanwhile") == 0)
        the_synthetic_path_moves_meanwhile(seed);
    else
        world_fail(__FILE__, __LINE__, "no such case");
    return 0;
}
