// SPDX-License-Identifier: Apache-2.0
// A core dies in the middle of a command, at each of its accesses to a register in turn, and stands up again: the
// command is answered, and either was carried out or leaves no trace; asked again it does what it would have done.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/control.h"
#include "fw.h"
#include "hal/hal_ctrl.h"
#include "unit.h"

#define QPS 2u
#define MAX_ACCESSES 3000u

// What frames and functions see of the card.
struct seen {
    uint16_t cfg[WEIR_NUM_VPORTS], base[WEIR_NUM_VPORTS], count[WEIR_NUM_VPORTS], tci[WEIR_NUM_VPORTS];
    uint8_t rss[WEIR_NUM_VPORTS][128], key[WEIR_NUM_VPORTS][WEIR_RSS_KEY_BYTES];
    uint64_t vlan[4096][2];
    uint32_t mirror;
    bool flood[WEIR_NUM_VPORTS], op[WEIR_NUM_FNS], hello[WEIR_NUM_VFS];
    uint8_t vf_state[WEIR_NUM_VFS];
    struct fake_slot slot[WEIR_FILTER_SLOTS];
    uint16_t map_base[WEIR_NUM_FNS], map_count[WEIR_NUM_FNS];
    uint8_t qp[WEIR_NUM_QPS];
    struct weir_get_vport_rsp vport[8];
    struct weir_describe_vport_rsp described[8];
    struct weir_read_block_rsp block;
    uint64_t frames; // that vPorts counted, in this generation or one before: none is lost or counted twice
};

static void look(struct seen *s) {
    struct weir_read_block_req rb = {.vf = 1, .block = 2};
    struct weir_get_counters_req past = {.vport = WEIR_COUNTERS_PAST, .first = WEIR_VPORT_CNT_TX_FRAMES, .count = 1};
    struct weir_get_counters_rsp sum = {.first = 0};
    memset(s, 0, sizeof(*s));
    assert_int_equal(fw_call(0, WEIR_CMD_GET_COUNTERS, &past, sizeof(past), &sum, NULL), WEIR_OK);
    s->frames = sum.value[0];
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        s->frames += fake.counter[i][WEIR_VPORT_CNT_TX_FRAMES];
    }
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        s->cfg[i] = fake.cfg[i];
        s->base[i] = fake.vport_count[i] != 0 ? fake.vport_base[i] : 0;
        s->count[i] = fake.vport_count[i];
        s->flood[i] = fake.flood[i];
        // What a vPort that is not there would do with frames is nobody's business.
        if (fake.cfg[i] != 0) {
            s->tci[i] = fake.vport_tci[i];
            memcpy(s->rss[i], fake.rss[i], sizeof(s->rss[i]));
            memcpy(s->key[i], fake.rss_key[i], sizeof(s->key[i]));
        }
    }
    memcpy(s->vlan, fake.vlan, sizeof(s->vlan));
    s->mirror = fake.mirror;
    memcpy(s->op, fake.op, sizeof(s->op));
    memcpy(s->slot, fake.slot, sizeof(s->slot));
    memcpy(s->map_base, fake.map_base, sizeof(s->map_base));
    memcpy(s->map_count, fake.map_count, sizeof(s->map_count));
    for (unsigned i = 0; i < WEIR_FILTER_SLOTS; i++) {
        if (!s->slot[i].valid) {
            memset(&s->slot[i], 0, sizeof(s->slot[i]));
        }
    }
    for (unsigned i = 0; i < WEIR_NUM_FNS; i++) {
        if (s->map_count[i] == 0) {
            s->map_base[i] = 0;
        }
    }
    for (unsigned i = 0; i < WEIR_NUM_QPS; i++) {
        s->qp[i] = (uint8_t)(fake.qp[i].loaded | fake.qp[i].rx_on << 1 | fake.qp[i].tx_on << 2);
    }
    for (unsigned i = 0; i < 4; i++) {
        s->vf_state[i] = fw_get_vf(i).state;
        s->hello[i] = fw_get_vf(i).hello != 0;
    }
    for (unsigned i = 0; i < 8; i++) {
        struct weir_vport_req req = {.vport = (uint16_t)i};
        uint8_t payload[WEIR_MBOX_PAYLOAD] = {0};
        if (fw_call(0, WEIR_CMD_GET_VPORT, &req, sizeof(req), payload, NULL) == WEIR_OK) {
            memcpy(&s->vport[i], payload, sizeof(s->vport[i]));
            assert_int_equal(fw_call(0, WEIR_CMD_DESCRIBE_VPORT, &req, sizeof(req), payload, NULL), WEIR_OK);
            memcpy(&s->described[i], payload, sizeof(s->described[i]));
        }
    }
    if (s->vf_state[1] != WEIR_VF_FREE) {
        uint8_t payload[WEIR_MBOX_PAYLOAD];
        assert_int_equal(fw_call(0, WEIR_CMD_READ_BLOCK, &rb, sizeof(rb), payload, NULL), WEIR_OK);
        memcpy(&s->block, payload, sizeof(s->block));
    }
}

// ---- the commands, each in a card that is ready for it ----

static int alloc(void) {
    return fw_alloc(2);
}
static int vport(void) {
    return fw_vport(3, 2, QPS);
}
static int hello(void) {
    return fw_hello(3);
}
static int create(void) {
    return fw_create_qp(3, 0, 0);
}
static int filter(void) {
    return fw_filter(9, 2, fw_mac(77));
}
static int move_in(void) {
    return fw_move(1, 0, 1, WEIR_MOVE_FLOOD | WEIR_MOVE_FENCE);
}
static int move_out(void) {
    return fw_move(1, 1, 0, WEIR_MOVE_FLOOD | WEIR_MOVE_FENCE | WEIR_MOVE_DRAIN);
}
static int clear_filter(void) {
    return FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 9);
}
static int clear_last(void) {
    return FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 2);
}
static int vlan(void) {
    return FW(0, SET_VPORT_VLAN, weir_set_vport_vlan_req, .vport = 2, .mode = WEIR_VLAN_TRUNK, .count = 2,
              .range = {{5, 8}, {20, 22}});
}
static int vlan_again(void) {
    return FW(0, SET_VPORT_VLAN, weir_set_vport_vlan_req, .vport = 2, .mode = WEIR_VLAN_TRUNK, .count = 1,
              .range = {{7, 12}});
}
static int port_vlan(void) {
    return FW(0, SET_VPORT_VLAN, weir_set_vport_vlan_req, .vport = 2, .mode = WEIR_VLAN_PORT, .tci = 0x6007);
}
static int trust(void) {
    return FW(0, SET_VPORT, weir_set_vport_req, .vport = 2, .changed = WEIR_VPORT_CHANGED_FLAGS,
              .flags = WEIR_VPORT_TRUSTED);
}
static int mirror(void) {
    return FW(0, SET_MIRROR, weir_set_mirror_req, .src = 1, .dst = 2, .on = 1);
}
static int drain(void) {
    return FW(0, SET_VPORT, weir_set_vport_req, .vport = 2, .changed = WEIR_VPORT_CHANGED_DRAIN, .drain = 1);
}
static int flood(void) {
    return FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 1);
}
static int flood_out(void) {
    return FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 0);
}
static int rss(void) {
    return FW(0, SET_RSS, weir_set_rss_req, .vport = 1, .count = 4, .entry = {1, 1, 0, 1});
}
static int rename_vport(void) {
    return FW(0, UPDATE_VPORT, weir_update_vport_req, .vport = 1, .changed = WEIR_VPORT_CHANGED_NAME,
              .name = "new name");
}
static int block(void) {
    return FW(0, WRITE_BLOCK, weir_write_block_req, .vf = 1, .block = 2, .length = 5, .data = {1, 2, 3, 4, 5});
}
static int stop_vf(void) {
    return FW(0, SET_VF_STATE, weir_set_vf_state_req, .vf = 1, .state = WEIR_VF_STOPPED);
}
static int run_vf(void) {
    return FW(0, SET_VF_STATE, weir_set_vf_state_req, .vf = 1, .state = WEIR_VF_ALLOCATED);
}
static int destroy(void) {
    return FW(2, DESTROY_QP, weir_qp_req, .qp = 1);
}
static int reset(void) {
    return FW(0, RESET_VF, weir_vf_req, .vf = 1);
}
static int delete_vport(void) {
    return FW(0, DELETE_VPORT, weir_vport_req, .vport = 2);
}
static int free_vf(void) {
    return FW(0, FREE_VF, weir_vf_req, .vf = 1);
}

// In this order, each after those before it.
static const struct step {
    const char *name;
    int (*run)(void);
    bool queues_may_go; // not carried out, it may have stopped the queue pairs that it was to stop, or reset the VF
} steps[] = {
    {"ALLOC_VF", alloc, false},
    {"CREATE_VPORT", vport, false},
    {"HELLO", hello, false},
    {"CREATE_QP", create, false},
    {"SET_FILTER", filter, false},
    {"MOVE_FILTER in", move_in, false},
    {"MOVE_FILTER out", move_out, false},
    {"CLEAR_FILTER", clear_filter, false},
    {"VLAN trunk", vlan, false},
    {"VLAN trunk again", vlan_again, false},
    {"port VLAN", port_vlan, false},
    {"SET_VPORT flags", trust, false},
    {"SET_MIRROR", mirror, false},
    {"SET_FLOOD", flood, false},
    {"SET_FLOOD out", flood_out, false},
    {"SET_RSS", rss, false},
    {"UPDATE_VPORT", rename_vport, false},
    {"SET_VPORT drain", drain, false},
    {"WRITE_BLOCK", block, false},
    {"stop", stop_vf, false},
    {"run", run_vf, false},
    {"DESTROY_QP", destroy, true},
    {"RESET_VF", reset, true},
    {"CLEAR_FILTER again", clear_last, false},
    {"DELETE_VPORT", delete_vport, true},
    {"FREE_VF", free_vf, false},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void begin(void) {
    fw_boot();
    fw_switch(4, 8, 32, 1);
    assert_int_equal(fw_create_qp(0, 0, 0), WEIR_OK);
    fake_post(0, 0, 8);
    fw_vf_up(0, 1, QPS);
    fw_vf_up(1, 2, QPS);
    assert_int_equal(fw_filter(1, 0, fw_mac(0)), WEIR_OK);
    assert_int_equal(fw_filter(2, 2, fw_mac(1)), WEIR_OK);
    for (unsigned i = 0; i < 4; i++) {
        fake.counter[i][WEIR_VPORT_CNT_TX_FRAMES] = 1000 + i; // vPort 3: in a generation before the one that is to come
    }
}

static void pass(void) {
    fw_pass(100000); // moves may turn round
}

// What the watchdog, the ROM and crt0 do.
static void restart_core0(void) {
    for (volatile uint32_t *p = &hal_shared_ram.req_seq; p < &hal_shared_ram.log_head; p++) {
        *p = 0;
    }
    fake.fw_ready = false;
    fake.reset_cause[0] = HAL_RESET_WATCHDOG;
    fake.reset_cause[1] = HAL_RESET_BY_CORE0;
    fw_start_core1();
    control_start();
}

static unsigned status_of(unsigned fn) {
    return fake.rsp[fn][1] >> 16;
}

static bool same(const struct seen *a, const struct seen *b, bool but_queues) {
    static struct seen x;
    x = *a;
    if (but_queues) {
        memcpy(x.qp, b->qp, sizeof(x.qp));
        memcpy(x.hello, b->hello, sizeof(x.hello));
        for (unsigned i = 0; i < 8; i++) {
            x.vport[i].armed = b->vport[i].armed;
        }
    }
    return memcmp(&x, b, sizeof(x)) == 0;
}

static const char *what_differs(const struct seen *a, const struct seen *b) {
#define FIELD(f)                                                                                                       \
    if (memcmp(&a->f, &b->f, sizeof(a->f)) != 0)                                                                       \
        return #f;
    FIELD(cfg)
    FIELD(base)
    FIELD(count)
    FIELD(tci)
    FIELD(rss)
    FIELD(key)
    FIELD(vlan)
    FIELD(mirror)
    FIELD(flood)
    FIELD(op)
    FIELD(hello)
    FIELD(vf_state)
    FIELD(slot)
    FIELD(map_base)
    FIELD(map_count)
    FIELD(qp)
    FIELD(vport)
    FIELD(described)
    FIELD(block)
    FIELD(frames)
#undef FIELD
    return "nothing";
}

static void give_up(const char *name, unsigned n, const char *why, const struct seen *a, const struct seen *b) {
    fprintf(stderr, "check failed: %s, access %u: %s (%s)\n", name, n, why, a != NULL ? what_differs(a, b) : "");
    _exit(1);
}

static struct seen before, after, now;

#define ASKED 0x5EED0000u

static void ask(unsigned fn) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = WEIR_CMD_PING, .length = sizeof(struct weir_ping_req), .seq = 77}};
    const struct weir_ping_req req = {.word = ASKED + fn};
    memcpy(msg.payload, &req, sizeof(req));
    if (!fake_request(fn, &msg)) {
        give_up("ask", fn, "function cannot ask", NULL, NULL);
    }
}

static bool carried_out(unsigned fn) {
    struct weir_mbox_msg msg;
    struct weir_ping_rsp rsp;
    memcpy(&msg, fake.rsp[fn], sizeof(msg));
    memcpy(&rsp, msg.payload, sizeof(rsp));
    return msg.hdr.opcode == WEIR_CMD_PING && msg.hdr.seq == 77 && msg.hdr.status == WEIR_OK && rsp.word == ASKED + fn;
}

// In a process of its own, one of thousands, which ends without the leak check: that stops processes, and hung now and
// then on a busy machine. Exits with 0: went well; 2: the command was over before the core died.
static void die_at(unsigned core, const struct step *s, unsigned n) {
    const unsigned fn = s->run == create || s->run == hello ? 3 : s->run == destroy ? 2 : 0;
    volatile unsigned answer = 0;
    bool answered;
    int again;
    if (core == 0) {
        if (setjmp(fake_death[0]) == 0) {
            fake.dies_in[0] = n;
            (void)s->run();
            _exit(2);
        }
        fake.core = 0;
        // Hosts go on while the card is down: this one asks anew if it was answered, and another asks, too.
        answered = !fake.owner[fn];
        answer = status_of(fn);
        if (answered) {
            ask(fn);
        }
        ask(fn == 0 ? 1 : 0);
        restart_core0();
        fw_run();
        for (unsigned i = 0; i < WEIR_NUM_FNS; i++) {
            if (fake.owner[i]) {
                give_up(s->name, n, "nobody answers", NULL, NULL);
            }
        }
        if (!carried_out(fn == 0 ? 1 : 0) || (answered && !carried_out(fn))) {
            give_up(s->name, n, "a request that was not taken is not carried out", NULL, NULL);
        }
        if (!answered) {
            answer = status_of(fn);
        }
    } else {
        fake.dies_in[1] = n;
        answer = (unsigned)s->run();
        if (fake.dies_in[1] != 0) {
            _exit(2);
        }
    }
    if (answer != WEIR_OK && answer != WEIR_ABORTED) {
        give_up(s->name, n, "another status", NULL, NULL);
    }
    look(&now);
    if (answer == WEIR_OK) {
        if (!same(&now, &after, false)) {
            give_up(s->name, n, "answered OK, but not carried out", &now, &after);
        }
        _exit(0);
    }
    // With core 1 alone restarted core 0 lives to take a step back by itself; what is half done is the next try's.
    if (core == 0 && !same(&now, &before, s->queues_may_go)) {
        give_up(s->name, n, "answered ABORTED, but left a trace", &now, &before);
    }
    pass();
    again = s->run();
    look(&now);
    if (again != WEIR_OK || !same(&now, &after, false)) {
        give_up(s->name, n, again != WEIR_OK ? "refused when asked again" : "not the same when asked again", &now,
                &after);
    }
    _exit(0);
}

// The command is answered; then core 0 dies with a request that changes nothing.
static void die_behind(const struct step *s, unsigned n) {
    if (s->run() != WEIR_OK) {
        give_up(s->name, n, "is refused", NULL, NULL);
    }
    if (setjmp(fake_death[0]) == 0) {
        ask(1);
        fake.dies_in[0] = n;
        fw_run();
        _exit(2);
    }
    fake.core = 0;
    restart_core0();
    fw_run();
    if (fake.owner[1]) {
        give_up(s->name, n, "nobody answers behind it", NULL, NULL);
    }
    look(&now);
    if (!same(&now, &after, false)) {
        give_up(s->name, n, "taken back though it was answered", &now, &after);
    }
    _exit(0);
}

#define BEHIND 2u // core 0 dies with the next request

static void at_each_access(unsigned core) {
    unsigned deaths = 0;
    begin();
    for (unsigned i = 0; i < STEPS; i++) {
        int status = 0;
        unsigned n = 0;
        pid_t child;
        pass();
        look(&before);
        // The state afterwards, from a process that lets the command end.
        int to[2];
        assert_int_equal(pipe(to), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            if (steps[i].run() != WEIR_OK) {
                fprintf(stderr, "%s is refused\n", steps[i].name);
                _exit(1);
            }
            look(&after);
            for (size_t at = 0; at < sizeof(after);) {
                ssize_t k = write(to[1], (char *)&after + at, sizeof(after) - at);
                at += k > 0 ? (size_t)k : 0;
            }
            _exit(0);
        }
        close(to[1]);
        for (size_t at = 0; at < sizeof(after);) {
            ssize_t k = read(to[0], (char *)&after + at, sizeof(after) - at);
            assert_true(k > 0);
            at += (size_t)k;
        }
        close(to[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        do {
            n++;
            child = fork();
            assert_true(child >= 0);
            if (child == 0 && core == BEHIND) {
                die_behind(&steps[i], n);
            }
            if (child == 0) {
                die_at(core, &steps[i], n);
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            if (status != 0 && WEXITSTATUS(status) != 2) {
                fail_msg("%s, access %u of core %u: see above", steps[i].name, n, core);
            }
            deaths += status == 0;
        } while (status == 0 && n < MAX_ACCESSES);
        assert_true(n < MAX_ACCESSES);
        assert_int_equal(steps[i].run(), WEIR_OK);
    }
    printf("core %u died %u times in %u commands\n", core, deaths, (unsigned)STEPS);
    assert_true(deaths > STEPS);
}

static void core_0_dies_at_each_access_of_a_command(void **state) {
    (void)state;
    at_each_access(0);
}

static void core_1_dies_at_each_access_of_a_command(void **state) {
    (void)state;
    at_each_access(1);
}

static void what_is_answered_stays(void **state) {
    (void)state;
    at_each_access(BEHIND);
}

// In a process of its own. Exits with 0: the PF was told; 2: the round was over before the core died.
static void take_fence(unsigned n) {
    struct weir_get_events_rsp told;
    if (setjmp(fake_death[0]) == 0) {
        fake.dies_in[0] = n;
        (void)control_poll();
        _exit(2);
    }
    fake.core = 0;
    restart_core0();
    fw_run();
    do {
        told = fw_events();
        for (unsigned i = 0; i < told.count; i++) {
            if (told.event[i].kind == WEIR_FW_EVENT_FENCE_DONE && told.event[i].b == 77 &&
                told.event[i].c == WEIR_QP_REASON_FN_DISABLED) {
                _exit(0);
            }
        }
    } while (told.count != 0);
    _exit(1);
}

// Wherever core 0 dies while it takes an event of the switch: the PF hears that the fence failed.
static void a_fence_that_a_dying_core_took_is_told(void **state) {
    unsigned n = 0;
    int status = 0;
    (void)state;
    begin();
    pass();
    (void)fw_events();
    fake.fence[0] = (struct fake_fence){.vport = 0, .token = 77, .reason = WEIR_QP_REASON_FN_DISABLED};
    fake.fences_ended = 1;
    while (status == 0 && n < MAX_ACCESSES) {
        pid_t child = fork();
        n++;
        assert_true(child >= 0);
        if (child == 0) {
            take_fence(n);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0 && WEXITSTATUS(status) != 2) {
            fail_msg("access %u: nobody was told", n);
        }
    }
    assert_true(n > 5 && n < MAX_ACCESSES);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(core_0_dies_at_each_access_of_a_command),
    cmocka_unit_test(core_1_dies_at_each_access_of_a_command),
    cmocka_unit_test(what_is_answered_stays),
    cmocka_unit_test(a_fence_that_a_dying_core_took_is_told),
};
UNIT_MAIN(tests)
