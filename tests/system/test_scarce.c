// SPDX-License-Identifier: Apache-2.0
// More guests than VFs: 16 guests on a card with 4, their loads changing, and the stack moves the VFs to who needs
// them by itself. Every frame of every guest comes once and in order over all of it.
#include <stdlib.h>
#include <string.h>

#include "failover_world.h"

#define GUESTS FW_ROOM
#define VFS 4u
#define BUSY_GAP 1500u // cycles between two frames of a busy guest, each way
#define LOOK_US 100u
#define HOLD_US 300u
#define TURN_US 800u
#define KEPT 256u      // records
#define PHASE 2000000u // cycles in which the VFs are to have gone where the load is

struct scarce {
    struct fw f;
    int up[GUESTS], down[GUESTS];
    unsigned got; // guests that had a VF, a bit each
    enum weir_vstack_state was[GUESTS];
    struct weir_vstack_path path[GUESTS]; // as of the last look
};

static void share(struct scarce *s, unsigned reserve, unsigned burst, unsigned per_s) {
    const struct weir_vstack_share cfg = {.on = true,
                                          .reserve = reserve,
                                          .look_us = LOOK_US,
                                          .hold_us = HOLD_US,
                                          .turn_us = TURN_US,
                                          .busy = 30000,
                                          .burst = burst,
                                          .per_s = per_s};
    CHECK(weir_vstack_share_set(s->f.vs, &cfg) == 0, "no such share");
}

static void begin(struct scarce *s, uint64_t seed) {
    fw_sizes.channel_ring = 1u << 17;
    fw_open(&s->f, seed, NULL);
    s->got = 0;
    for (unsigned i = 0; i < GUESTS; i++) {
        fw_guest_add(&s->f, i);
        s->up[i] = flow_add(s->f.net, s->f.guest[i].endpoint, s->f.wire, 0);
        s->down[i] = flow_add(s->f.net, s->f.wire, s->f.guest[i].endpoint, 0);
    }
    flow_add(s->f.net, s->f.wire, FLOW_TO_ALL, 60000);
    wire_set_rate(card_wire(s->f.w.card), 1, 50); // 100 Gb/s: the wire is not what is scarce
}

static void load(struct scarce *s, unsigned guests, uint64_t gap) {
    for (unsigned i = 0; i < GUESTS; i++) {
        flow_set_gap(s->f.net, s->up[i], (guests >> i & 1) != 0 ? gap : 0);
        flow_set_gap(s->f.net, s->down[i], (guests >> i & 1) != 0 ? gap : 0);
    }
}

static unsigned on_vf(struct scarce *s) {
    unsigned guests = 0;
    for (unsigned i = 0; i < GUESTS; i++)
        if (weir_vstack_state(s->f.vs, (unsigned)s->f.guest[i].id) == WEIR_VSTACK_ATTACHED)
            guests |= 1u << i;
    return guests;
}

static bool grew(const struct weir_vstack_path_frames *to, const struct weir_vstack_path_frames *from) {
    return to->tx >= from->tx && to->rx >= from->rx && to->dropped >= from->dropped;
}

// A guest that leaves its VF keeps what was counted there, at every step on the way.
static void counters_only_grow(struct scarce *s) {
    for (unsigned i = 0; i < GUESTS; i++) {
        enum weir_vstack_state state = weir_vstack_state(s->f.vs, (unsigned)s->f.guest[i].id);
        struct weir_vstack_path path;
        if (state == s->was[i] || (state <= WEIR_VSTACK_ATTACHED && s->was[i] <= WEIR_VSTACK_LEAVING))
            continue;
        s->was[i] = state;
        CHECK(weir_vstack_path(s->f.vs, (unsigned)s->f.guest[i].id, &path) == 0, "no path of guest %u", i);
        CHECK(grew(&path.synthetic, &s->path[i].synthetic) && grew(&path.on_vf, &s->path[i].on_vf),
              "guest %u, %s: its counters ran backwards", i, weir_vstack_state_text(state));
        s->path[i] = path;
    }
}

static void step(struct scarce *s) {
    fw_step(&s->f, 100 + world_rand() % 200);
    counters_only_grow(s);
}

static void run(struct scarce *s, uint64_t cycles) {
    uint64_t end = fw_cycle(&s->f) + cycles;
    while (fw_cycle(&s->f) < end) {
        step(s);
        s->got |= on_vf(s);
    }
}

// The VFs are all with these guests, in good time.
static void settle(struct scarce *s, unsigned guests, const char *when) {
    uint64_t end = fw_cycle(&s->f) + PHASE;
    while ((on_vf(s) & guests) != guests) {
        CHECK(fw_cycle(&s->f) < end, "%s: VFs are with %04X, not with %04X", when, on_vf(s), guests);
        step(s);
    }
}

// Each guest's hand-overs alternate, none is a surprise and none lost anything.
static unsigned check_records(struct scarce *s) {
    bool was[GUESTS] = {false}, seen[GUESTS] = {false};
    uint64_t n = weir_vstack_num_records(s->f.vs);
    for (uint64_t i = n > KEPT ? n - KEPT : 0; i < n; i++) {
        const struct weir_vstack_record *r = weir_vstack_record(s->f.vs, i);
        unsigned g = r != NULL ? (unsigned)strtoul(r->name + strlen("guest"), NULL, 10) : 0;
        CHECK(r != NULL && g < GUESTS, "record %u is not there", (unsigned)i);
        CHECK(r->status == 0 && !r->surprise && (!seen[g] || r->to_vf != was[g]),
              "record %u of guest %u: status %d, to VF %d, %s", (unsigned)i, g, r->status, r->to_vf,
              weir_why_text(r->why));
        CHECK(r->tx_lost == 0 && r->rx_lost == 0 && r->rx_dropped == 0 && r->held_dropped == 0,
              "record %u of guest %u lost frames", (unsigned)i, g);
        CHECK(r->to_vf || r->why == WEIR_WHY_SHARED, "record %u: %s", (unsigned)i, weir_why_text(r->why));
        was[g] = r->to_vf;
        seen[g] = true;
    }
    return (unsigned)n;
}

// Four guests carry the load, four others, ...: the VFs follow. Then eight are equally busy and take turns, and all of
// them have their turn. Last the bucket is empty, and nobody is moved for it.
static void sixteen_guests_on_four_vfs(uint64_t seed) {
    static struct scarce s;
    unsigned phases = getenv("WEIR_SOAK") != NULL ? (unsigned)strtoul(getenv("WEIR_SOAK"), NULL, 0) : 2, moves;
    begin(&s, seed);
    share(&s, 0, 1000, 1000000);
    for (unsigned phase = 0; phase < phases; phase++) {
        unsigned four = 0xFu << (4 * (phase % 4));
        load(&s, four, BUSY_GAP);
        settle(&s, four, "four busy guests");
    }
    s.got = 0;
    load(&s, 0x5555, 2 * BUSY_GAP);
    for (unsigned n = 0; n < 40 && (s.got & 0x5555) != 0x5555; n++)
        run(&s, PHASE / 20);
    CHECK((s.got & 0x5555) == 0x5555, "starved: of %04X only %04X had a VF", 0x5555, s.got);
    share(&s, 0, 1, 1);
    run(&s, PHASE / 10);
    moves = (unsigned)weir_vstack_num_records(s.f.vs);
    (void)weir_vstack_share_held(s.f.vs);
    load(&s, 0xAAAA, BUSY_GAP);
    run(&s, PHASE / 4);
    CHECK((unsigned)weir_vstack_num_records(s.f.vs) - moves <= 2 && weir_vstack_share_held(s.f.vs) != 0,
          "an empty bucket: %u moves", (unsigned)weir_vstack_num_records(s.f.vs) - moves);
    load(&s, 0, 0);
    fw_drain(&s.f);
    fw_check_flows(&s.f, "after all moves");
    printf("%u moves of VFs by %u cycles\n", check_records(&s), (unsigned)fw_cycle(&s.f));
    fw_close(&s.f);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(uint64_t seed);
    } cases[] = {{"sixteen_guests_on_four_vfs", sixteen_guests_on_four_vfs}};
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run(seed);
            return 0;
        }
    fprintf(stderr, "usage: test_scarce <case> [seed]\n");
    return 2;
}
