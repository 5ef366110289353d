// SPDX-License-Identifier: Apache-2.0
// What starts again is whole, and what ends lets go (threat T29): drivers die at any moment or close under load, frames
// keep coming, and no byte of memory that was given back changes (bare_bus.h). test_bringup <case> [seed]
#include <errno.h>

#include "bare_bus.h"

#define ROUNDS 24u
#define AFTER 30000u // cycles of traffic behind a driver's end

static const uint8_t vf_mac[6] = {2, 0, 0, 0, 0, 0x10}, peer[6] = {2, 0, 0, 0, 0, 0x99};
static struct world w;
static unsigned to_pf, to_vf; // frames that came

// Frames for the VF and for the default vPort, at line rate and without end.
static bool silent;
static void traffic(struct world *any) {
    uint8_t f[1514] = {0};
    if (silent)
        return;
    for (unsigned i = wire_queued(card_wire(any->card)); i < 40; i++) {
        memcpy(f, i % 2 != 0 ? vf_mac : (const uint8_t[6]){2, 0, 0, 0, 0, 1}, 6);
        memcpy(f + 6, peer, 6);
        f[12] = 0x88, f[13] = 0xB5;
        CHECK(wire_send(card_wire(any->card), f, 60 + world_rand() % 600, false) == 0, "wire");
    }
}

static void run(uint64_t cycles) {
    for (uint64_t end = card_cycles(w.card) + cycles; card_cycles(w.card) < end;) {
        traffic(&w);
        card_step(w.card, 500, false);
    }
}

static void count(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)info;
    if (frame != NULL)
        ++*(unsigned *)ctx;
}

static void send_some(struct weir_qp *q) {
    uint8_t f[1514] = {0};
    memcpy(f, peer, 6);
    memcpy(f + 6, vf_mac, 6);
    f[12] = 0x88, f[13] = 0xB5;
    for (unsigned i = 0; i < 30; i++)
        (void)weir_qp_send(q, f, 60 + world_rand() % 1400);
    weir_qp_ring_doorbell(q);
}

static struct weir_pf *open_pf(struct weir_bus *bus) {
    const struct weir_pf_config cfg = {
        .num_vfs = 1, .num_vports = 2, .default_qps = 2, .tx_log2 = 6, .rx_log2 = 8, .buf_bytes = 2048};
    struct weir_pf *pf = NULL;
    char err[256] = "";
    CHECK(weir_pf_open(bus, &cfg, &pf, err, sizeof(err)) == 0, "%s", err);
    return pf;
}

static void give_vf(struct weir_pf *pf) {
    CHECK(weir_pf_alloc_vf(pf, 0, vf_mac, "guest") == 0 &&
              weir_pf_create_vport(pf, 1, 0, 2, WEIR_VPORT_CHECK_SRC, "guest") == 0 &&
              weir_pf_set_filter(pf, 1, 1, vf_mac, WEIR_FILTER_ANY_VLAN, 0) == 0,
          "no VF");
}

static int try_vf(struct weir_bus *bus, struct weir_vf **vf, char *err, size_t err_size) {
    const struct weir_vf_config cfg = {.tx_log2 = 6, .rx_log2 = 8, .buf_bytes = 2048};
    return weir_vf_open(bus, &cfg, vf, err, err_size);
}

static struct weir_vf *open_vf(struct weir_bus *bus) {
    struct weir_vf *vf = NULL;
    char err[256] = "";
    CHECK(try_vf(bus, &vf, err, sizeof(err)) == 0, "%s", err);
    return vf;
}

static void must_work(struct weir_qp *q, unsigned *came, const char *who) {
    unsigned before = *came;
    for (unsigned i = 0; *came < before + 20; i++) {
        CHECK(i < 400, "%s is deaf", who);
        run(1000);
        weir_qp_poll(q, 64, count, NULL, came);
    }
}

static void begin(unsigned seed) {
    const struct rc_timing slow = {.read_latency = 300, .jitter = 200, .split = 1, .tx_stall = 16, .seed = seed};
    world_seed(seed);
    world_open(&w, -1);
    rc_set_timing(card_rc(w.card), &slow);
}

// What a driver may be in the middle of.
static void leave_in_some_state(struct weir_bus *bus, struct weir_qp *q, unsigned state) {
    switch (state % 4) {
    case 0: // it sleeps
        run(3000);
        weir_qp_arm(q);
        break;
    case 1: // it sends
        send_some(q);
        run(world_rand() % 400);
        break;
    case 2: // a command is with the card
        (void)bus->ops->bar_write(bus, WEIR_BAR_MBOX_REQ, WEIR_CMD_PING | 4u << 16);
        (void)bus->ops->bar_write(bus, WEIR_BAR_MBOX_OWNER, 1);
        break;
    default: // memory decode was turned off under it
        run(2000);
        (void)bus->ops->cfg_write(bus, 4, 2, 4);
        break;
    }
}

// Killed drivers, of the PF and of a VF, in every state; the next one starts and hears.
static void dead_drivers(unsigned seed) {
    struct weir_bus *pf_bus, *vf_bus;
    uint64_t bytes = 0;

    begin(seed);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct weir_vf *vf;
        struct weir_pf *pf;
        pf_bus = bare_open(&w, 0, traffic);
        pf = open_pf(pf_bus);
        must_work(weir_pf_qp(pf, 0), &to_pf, "the PF");
        give_vf(pf);
        for (unsigned generation = 0; generation < 2; generation++) {
            vf_bus = bare_open(&w, 1, traffic);
            vf = open_vf(vf_bus);
            must_work(weir_vf_qp(vf, 0), &to_vf, "the VF");
            leave_in_some_state(vf_bus, weir_vf_qp(vf, 0), round + generation);
            bare_kill(vf_bus);
            run(world_rand() % 3000);
        }
        leave_in_some_state(pf_bus, weir_pf_qp(pf, 0), round / 4);
        bare_kill(pf_bus);
        run(world_rand() % 3000);
        bytes += bare_check(&w, "a driver died", round % 8 == 7);
    }
    // The VF of the last round, too.
    pf_bus = bare_open(&w, 0, traffic);
    w.pf = open_pf(pf_bus);
    give_vf(w.pf);
    weir_vf_close(open_vf(bare_open(&w, 1, traffic)));
    run(AFTER);
    CHECK(bare_check(&w, "at the end", false) != 0, "nothing was given back");
    weir_pf_close(w.pf);
    w.pf = NULL;
    run(AFTER);
    bytes += bare_check(&w, "after the last", true);
    CHECK(bytes > ROUNDS * 3000000ull, "only %" PRIu64 " bytes were watched", bytes);
    printf("%" PRIu64 " MB of memory given back by %u dead drivers: not a byte changed\n", bytes >> 20, 3 * ROUNDS);
    world_close(&w);
}

// Each place that frees memory of the card's: closed under load, and while firmware's answers do not come.
static void closing(unsigned seed) {
    begin(seed);
    for (unsigned round = 0; round < 9; round++) {
        struct weir_bus *pf_bus = bare_open(&w, 0, traffic), *vf_bus;
        struct weir_pf *pf = open_pf(pf_bus);
        struct weir_vf *vf = NULL;
        char err[256] = "";

        give_vf(pf);
        vf_bus = bare_open(&w, 1, traffic);
        vf = open_vf(vf_bus);
        send_some(weir_vf_qp(vf, 0));
        send_some(weir_pf_qp(pf, 0));
        run(world_rand() % 3000);
        if (round % 3 == 1)
            bare_deafen(vf_bus);
        if (round % 3 == 2)
            leave_in_some_state(vf_bus, weir_vf_qp(vf, 1), 3);
        weir_vf_close(vf);
        run(AFTER);
        (void)bare_check(&w, "a VF was closed", false);

        // Opened half: without memory for the second queue pair, then without an answer of the card.
        vf_bus = bare_open(&w, 1, traffic);
        bare_starve(vf_bus, 5 + round % 5);
        CHECK(try_vf(vf_bus, &vf, err, sizeof(err)) == -ENOMEM, "a VF without memory: %s", err);
        run(AFTER);
        (void)bare_check(&w, "a VF was half open", false);

        if (round % 3 == 1)
            bare_deafen(pf_bus);
        weir_pf_close(pf);
        run(AFTER);
        (void)bare_check(&w, "a PF was closed", true);
    }
    world_close(&w);
}

// Lines of a VF's state are the card's until it says so: an answer that is lost leaves them alone.
static void lines(unsigned seed) {
    begin(seed);
    for (unsigned round = 0; round < 6; round++) {
        struct weir_bus *pf_bus = bare_open(&w, 0, traffic), *vf_bus;
        struct weir_pf *pf = open_pf(pf_bus);
        struct weir_vf_saved saved;
        struct weir_vf *vf;
        uint64_t given;

        give_vf(pf);
        vf_bus = bare_open(&w, 1, traffic);
        vf = open_vf(vf_bus);
        run(2000);
        CHECK(weir_pf_stop_vf(pf, 0) == 0 && weir_pf_save_vf(pf, 0, &saved) == 0, "cannot save the VF");
        CHECK(weir_pf_run_vf(pf, 0) == 0 && weir_pf_stop_vf(pf, 0) == 0, "cannot run the VF");
        bare_deafen(pf_bus);
        given = bare_check(&w, "before", false);
        for (unsigned i = 0; i < round % 3; i++)
            CHECK(weir_pf_save_vf(pf, 0, &saved) == -ETIMEDOUT, "an answer although none comes");
        CHECK(bare_check(&w, "no answer", false) == given, "the lines are free while the card may write them");
        weir_pf_close(pf);
        weir_vf_close(vf);
        run(AFTER);
        (void)bare_check(&w, "the lines", true);
    }
    world_close(&w);
}

// Whether the firmware told of a link that changed since the PF's driver said HELLO.
static bool link_moved(struct weir_pf *pf) {
    struct weir_event event[7];
    bool moved = false;
    for (int n = 7; n == 7;) {
        n = weir_pf_events(pf, event, 7);
        for (int i = 0; i < n; i++)
            moved = moved || event[i].kind == WEIR_FW_EVENT_LINK;
    }
    return moved;
}

static void must_balance(struct weir_pf *pf, const char *when) {
    char text[160] = "";
    silent = true;
    world_settle(&w);
    CHECK(weir_pf_ledger(pf, text, sizeof(text)) == 0, "%s: %s", when, text);
    silent = false;
}

// The parent starts again on a card that has counted for others: its ledger balances from the first frame on, whatever
// state the last one left, while frames keep coming.
static void ledger(unsigned seed) {
    static const char *const ends[] = {"closed", "killed", "killed with a VF at work", "killed while it sent", "reset"};
    uint64_t counted[32], entered = 0;

    begin(seed);
    for (unsigned round = 0; round < 10; round++) {
        unsigned how = round % 5;
        struct weir_bus *pf_bus = bare_open(&w, 0, traffic), *vf_bus;
        struct weir_pf *pf;
        struct weir_vf *vf;

        run(world_rand() % 2000);
        pf = open_pf(pf_bus);
        CHECK(weir_pf_counters(pf, 1, counted) == 0 && counted[WEIR_VPORT_CNT_RX_COPIES] == 0,
              "the last driver's vPort still counts");
        must_balance(pf, "at open");
        CHECK(!link_moved(pf), "opening the PF moves the link");
        CHECK(weir_pf_counters(pf, WEIR_COUNTERS_SWITCH, counted) == 0 && counted[WEIR_SW_CNT_PORT_RX_FRAMES] < 3000,
              "%" PRIu64 " frames at the beginning of a generation", counted[WEIR_SW_CNT_PORT_RX_FRAMES]);
        must_work(weir_pf_qp(pf, 0), &to_pf, "the PF");
        give_vf(pf);
        vf_bus = bare_open(&w, 1, traffic);
        vf = open_vf(vf_bus);
        must_work(weir_vf_qp(vf, 0), &to_vf, "the VF");
        send_some(weir_vf_qp(vf, 0));
        send_some(weir_pf_qp(pf, 1));
        run(3000);
        must_balance(pf, ends[how]);
        CHECK(weir_pf_counters(pf, WEIR_COUNTERS_SWITCH, counted) == 0, "no counters");
        entered += counted[WEIR_SW_CNT_PORT_RX_FRAMES];

        if (how != 2)
            weir_vf_close(vf);
        if (how == 3)
            send_some(weir_pf_qp(pf, 0));
        run(world_rand() % 500);
        if (how == 4)
            CHECK(host_reset(w.host, 0) == 0, "no reset");
        if (how == 0 || how == 4)
            weir_pf_close(pf);
        else
            bare_kill(pf_bus);
        if (how == 2)
            bare_kill(vf_bus);
        run(world_rand() % 3000);
    }
    (void)bare_check(&w, "restarts", true);
    printf("%" PRIu64 " frames in ten generations of the parent: each generation's ledger balances\n", entered);
    silent = true;
    world_close(&w);
}

static unsigned on_wire;
static void see(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)len;
    (void)cycle;
    on_wire += memcmp(frame + 6, vf_mac, 6) == 0;
}

// Looks between which the card has time for all it has.
static unsigned look(struct weir_qp *q) {
    unsigned again = weir_qp_watch(q);
    world_settle(&w);
    run(12000);
    weir_qp_poll(q, 64, count, NULL, &to_vf);
    return again;
}

// A doorbell that is lost holds its frames up until the second look, whatever was sent before; none else is rung again.
static void doorbells(unsigned seed) {
    struct weir_bus *bus;
    struct weir_vf *vf;
    struct weir_qp *q;
    uint8_t f[300] = {0};
    unsigned sent = 0, lost = 0;

    silent = true;
    begin(seed);
    w.pf = open_pf(bare_open(&w, 0, traffic));
    give_vf(w.pf);
    bus = bare_open(&w, 1, traffic);
    vf = open_vf(bus);
    q = weir_vf_qp(vf, 0);
    wire_set_rx(card_wire(w.card), see, NULL);
    memcpy(f, peer, 6);
    memcpy(f + 6, vf_mac, 6);
    f[12] = 0x88, f[13] = 0xB5;
    for (unsigned round = 0; round < 40; round++) {
        unsigned lose = world_rand() % 3;
        bare_lose(bus, lose);
        lost += lose;
        for (unsigned i = 0; i <= world_rand() % 4; i++, sent++)
            CHECK(weir_qp_send(q, f, sizeof(f)) >= 0, "send");
        weir_qp_ring_doorbell(q);
        CHECK(look(q) == 0, "a doorbell of this moment is rung again");
        CHECK((on_wire == sent) == (lose == 0), "%u of %u frames are on the wire", on_wire, sent);
        // A card that had no time in between lost nothing.
        CHECK(weir_qp_watch(q) == (lose != 0), "the second look %s", lose != 0 ? "does not ring" : "rings");
        CHECK(weir_qp_watch(q) == 0 && weir_qp_watch(q) == 0, "a slow card is rung at");
        world_settle(&w);
        run(12000);
        weir_qp_poll(q, 64, count, NULL, &to_vf);
        for (unsigned i = 1; i < lose; i++)
            CHECK(look(q) == 1, "look %u does not ring", i);
        CHECK(look(q) == 0 && on_wire == sent, "%u of %u frames are on the wire", on_wire, sent);
    }
    CHECK(weir_qp_stats(q)->tx_rung_again == lost, "%" PRIu64 " counted, %u lost", weir_qp_stats(q)->tx_rung_again,
          lost);
    weir_vf_close(vf);
    world_close(&w);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(unsigned seed);
    } cases[] = {
        {"a_dead_drivers_memory_is_left_alone", dead_drivers}, {"memory_is_free_when_the_card_lets_go", closing},
        {"records_of_a_state_are_the_cards", lines},           {"each_parents_ledger_balances", ledger},
        {"a_lost_doorbell_is_rung_again", doorbells},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc < 2 || strcmp(argv[1], cases[i].name) == 0)
            cases[i].run(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 1);
    return 0;
}
