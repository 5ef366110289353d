// SPDX-License-Identifier: Apache-2.0
// Commands beside VFs that keep the card's control core busy with all that they may do to it: nine of ten commands of
// the PF, and of a VF that asks now and then, take at most twice as long as on an idle card that slept, and none waits
// for more than the longest command of another (threats T3, T26). In card cycles.
#include "weir/device.h"
#include "world.h"

#define VFS 9u        // the last one is quiet
#define CALLS 20      // of each victim under each storm
#define PAUSE 65536u  // cycles between two of them, at most
#define LONGEST 4000u // cycles that other VFs' commands and resets may keep one command, at most
#define ROUND 2000u   // and usually: resets that came together, and a command
#define DEVICE_CONTROL 8u
#define FLR 0x8000u

static struct world w;
static struct weir_dev *quiet;
static unsigned attackers, turn, asked;
static void (*attack)(unsigned fn);
static struct weir_bus_ops ops;
static unsigned (*card_pass)(struct weir_bus *bus, unsigned us);

static uint64_t bar(unsigned fn) {
    uint64_t size, base = host_bar(w.host, fn, &size);
    CHECK(base != 0, "function %u has no BAR", fn);
    return base;
}

static void put(unsigned fn, uint64_t offset, uint32_t value) {
    (void)rc_mem_write(card_rc(w.card), bar(fn) + offset, value);
}

static void mailbox(unsigned fn) {
    put(fn, WEIR_BAR_MBOX_REQ, world_rand() % 64);
    put(fn, WEIR_BAR_MBOX_OWNER, 1);
}

static void resets(unsigned fn) {
    unsigned at = host_find_cap(w.host, 1, 0x10, false) + DEVICE_CONTROL;
    (void)rc_cfg_write(card_rc(w.card), host_rid(fn), at, 2, FLR);
}

static void bus_mastering(unsigned fn) {
    (void)rc_cfg_write(card_rc(w.card), host_rid(fn), 4, 2, turn % 2 != 0 ? 6 : 2);
}

static void doorbells(unsigned fn) {
    put(fn, WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_TX_TAIL, turn);
}

static void mixed(unsigned fn) {
    resets(fn);
    mailbox(fn);
}

static const struct {
    const char *name;
    void (*step)(unsigned fn);
} storms[] = {{"mailbox", mailbox},
              {"resets", resets},
              {"bus mastering", bus_mastering},
              {"doorbells", doorbells},
              {"resets and mailbox", mixed}};

// A hostile access, of one attacker after the other.
static void storm(void) {
    attack(1 + turn++ % attackers);
    asked++;
}

// Time passes with the storm in it.
static unsigned stormy_pass(struct weir_bus *bus, unsigned us) {
    uint64_t until = card_cycles(w.card) + us * (uint64_t)(WEIR_CLOCK_HZ / 1000000);
    while (attack != NULL && card_cycles(w.card) < until)
        storm();
    return attack != NULL ? us : card_pass(bus, us);
}

static int pf_commands(unsigned nth) {
    const uint8_t mac[6] = {0x02, 0, 0, 0, 3, 1};
    struct weir_get_vport_rsp v;
    switch (nth % 3) {
    case 0:
        return weir_pf_set_filter(w.pf, 7, 0, mac, WEIR_FILTER_ANY_VLAN, 0);
    case 1:
        return weir_pf_clear_filter(w.pf, 7);
    default:
        return weir_pf_get_vport(w.pf, 0, &v);
    }
}

static int vf_commands(unsigned nth) {
    struct weir_hello_req req = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    struct weir_hello_rsp rsp;
    (void)nth;
    return weir_mbox_call(quiet, WEIR_CMD_HELLO, &req, sizeof(req), &rsp, sizeof(rsp), NULL);
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

struct took {
    uint64_t most, slowest; // cycles of nine calls in ten, and of all
};

static struct took ask(int (*victim)(unsigned)) {
    uint64_t took[CALLS];
    for (unsigned i = 0; i < CALLS; i++) {
        uint64_t began = card_cycles(w.card);
        int err = victim(i);
        CHECK(err == 0, "a quiet function's command %u fails under a storm: %s", i, strerror(-err));
        took[i] = card_cycles(w.card) - began;
        for (uint64_t until = card_cycles(w.card) + world_rand() % PAUSE; card_cycles(w.card) < until;)
            if (attack != NULL)
                storm();
            else
                rc_pass(card_rc(w.card), 16);
    }
    qsort(took, CALLS, sizeof(took[0]), by_size);
    return (struct took){took[CALLS * 9 / 10], took[CALLS - 1]};
}

static bool late(struct took t, struct took alone) {
    return t.most > alone.slowest + (alone.slowest > ROUND ? alone.slowest : ROUND) ||
           t.slowest > alone.slowest + LONGEST;
}

static void hook(struct weir_dev *dev) {
    struct weir_bus *bus = weir_dev_bus(dev);
    ops = *bus->ops;
    if (ops.pass != stormy_pass)
        card_pass = ops.pass;
    ops.pass = stormy_pass;
    bus->ops = &ops;
}

// One attacker and eight, each with a vPort of its own or none at all.
static void commands_keep_their_time(bool allocated) {
    struct took pf_alone, vf_alone;
    char err[256] = "";
    unsigned bad = 0;

    world_seed(1);
    world_open(&w, VFS);
    for (unsigned i = 0; i < VFS; i++) {
        const uint8_t mac[6] = {0x02, 0, 0, 0, 1, (uint8_t)i};
        if (!allocated && i + 1 < VFS)
            continue;
        CHECK(weir_pf_alloc_vf(w.pf, (int)i, mac, "guest") == (int)i, "VF %u", i);
        CHECK(weir_pf_create_vport(w.pf, i + 1, i, 1, 0, "guest") == 0, "vPort %u", i + 1);
        CHECK(weir_pf_activate_vport(w.pf, i + 1) == 0, "vPort %u", i + 1);
    }
    CHECK(weir_dev_open(weir_inproc_open(w.ip, VFS), 1, &quiet, err, sizeof(err)) == 0, "%s", err);
    hook(weir_pf_dev(w.pf));
    hook(quiet);
    pf_alone = ask(pf_commands);
    vf_alone = ask(vf_commands);
    printf("alone: PF %" PRIu64 " (slowest %" PRIu64 "), VF %" PRIu64 " (%" PRIu64 ") cycles\n", pf_alone.most,
           pf_alone.slowest, vf_alone.most, vf_alone.slowest);
    for (unsigned i = 0; i < sizeof(storms) / sizeof(storms[0]); i++)
        for (attackers = 1; attackers < VFS; attackers += VFS - 2) {
            struct took pf, vf;
            attack = storms[i].step;
            asked = 0;
            pf = ask(pf_commands);
            vf = ask(vf_commands);
            attack = NULL;
            printf("%-18s of %u: PF %5" PRIu64 " (slowest %5" PRIu64 "), VF %4" PRIu64 " (%5" PRIu64
                   ") cycles, %u accesses\n",
                   storms[i].name, attackers, pf.most, pf.slowest, vf.most, vf.slowest, asked);
            bad += late(pf, pf_alone) || late(vf, vf_alone);
        }
    CHECK(bad == 0, "under %u storms commands wait for strangers", bad);
    weir_dev_close(quiet);
    for (unsigned i = 0; i < VFS; i++)
        if (allocated || i + 1 == VFS)
            (void)weir_pf_reset_vf(w.pf, i);
    world_close(&w);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "of_guests") == 0)
        commands_keep_their_time(true);
    else if (argc > 1 && strcmp(argv[1], "of_nobody") == 0)
        commands_keep_their_time(false);
    else
        return fprintf(stderr, "usage: test_storm_commands of_guests|of_nobody\n"), 2;
    return 0;
}
