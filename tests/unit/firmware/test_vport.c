// SPDX-License-Identifier: Apache-2.0
// The NIC switch and its vPorts: limits and refusals of rules 2, and what reaches the hardware.
#include "unit.h"

#include <string.h>

#include "fw.h"
#include "steer/steer.h"

#define ENABLE 1u
#define CHECK_SRC 2u
#define IS_VF 8u
#define NO_VF WEIR_VPORT_NO_VF

static int create_switch(unsigned id, unsigned vfs, unsigned vports, unsigned qps, unsigned def) {
    return FW(0, CREATE_SWITCH, weir_create_switch_req, .switch_id = (uint16_t)id, .num_vfs = (uint16_t)vfs,
              .num_vports = (uint16_t)vports, .num_qps = (uint16_t)qps, .default_qps = (uint16_t)def);
}

static int delete_vport(unsigned vport) {
    return FW(0, DELETE_VPORT, weir_vport_req, .vport = (uint16_t)vport);
}

static int set_vport(struct weir_set_vport_req req) {
    return fw_call(0, WEIR_CMD_SET_VPORT, &req, sizeof(req), NULL, NULL);
}

static void rule_2_2_one_switch_with_id_0(void **state) {
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    assert_int_equal(create_switch(1, 1, 2, 4, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(create_switch(0, 1, 2, 4, 1), WEIR_OK);
    assert_int_equal(create_switch(0, 1, 2, 4, 1), WEIR_ALREADY_EXISTS);
}

static void rule_2_10_limits_of_the_switch(void **state) {
    static const unsigned bad[][4] = {
        // VFs, vPorts, queue pairs, of the default vPort
        {65, 66, 256, 1},
        {4, 4, 256, 1},
        {0, 0, 256, 1},
        {0, 129, 256, 1},
        {0, 10, 9, 1},
        {0, 10, 257, 1},
        {0, 10, 20, 0},
        {0, 10, 20, 21},
        {0, 1, 256, 256}, // count 256 would read 0 in the
                          // hardware
        {0xFFFF, 1, 1, 1},
        {0xFFFF, 0, 1, 1},
    };
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(create_switch(0, bad[i][0], bad[i][1], bad[i][2], bad[i][3]), WEIR_INVALID_PARAMETER);
        assert_int_equal(fake.cfg[0], 0);
    }
    assert_int_equal(create_switch(0, 64, 128, 256, 255), WEIR_OK);
    assert_int_equal(fake.vport_count[0], 255);
}

static void rule_2_3_default_vport_comes_and_goes_with_the_switch(void **state) {
    struct weir_get_vport_rsp v;
    (void)state;
    fw_boot();
    fw_switch(2, 4, 16, 3);
    v = fw_get_vport(0);
    assert_int_equal(v.state, WEIR_VPORT_ACTIVATED);
    assert_int_equal(v.vf, NO_VF);
    assert_int_equal(v.num_qps, 3);
    assert_int_equal(v.in_flood, 1);
    assert_int_equal(fake.cfg[0], ENABLE);
    assert_true(fake.flood[0]);
    assert_int_equal(delete_vport(0), WEIR_PERMISSION);
    assert_int_equal(fw_vport(0, NO_VF, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(
        set_vport((struct weir_set_vport_req){.changed = WEIR_VPORT_CHANGED_STATE, .state = WEIR_VPORT_DEACTIVATED}),
        WEIR_WRONG_STATE);
    assert_int_equal(set_vport((struct weir_set_vport_req){.changed = WEIR_VPORT_CHANGED_DRAIN, .drain = 1}),
                     WEIR_INVALID_PARAMETER);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 0, .member = 0), WEIR_PERMISSION);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_OK);
    assert_int_equal(fake.cfg[0], 0);
    assert_false(fake.flood[0]);
    assert_int_equal(fake.vport_count[0], 0);
    assert_int_equal(fake.map_count[0], 0);
}

static void rule_2_4_vport_only_on_an_allocated_vf(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 4, 16, 1);
    assert_int_equal(fw_vport(1, 0, 1), WEIR_NOT_FOUND);
    assert_int_equal(fw_vport(1, 2, 1), WEIR_NOT_FOUND); // beyond the switch's VFs
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, 1), WEIR_OK);
    assert_int_equal(fake.cfg[1], ENABLE | CHECK_SRC | IS_VF);
    assert_true(fake.vport_mac[1] == 0x025700000000ull);
}

static void rule_2_5_one_vport_a_vf_any_number_for_the_pf(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 8, 16, 1);
    assert_int_equal(fw_alloc(1), WEIR_OK);
    assert_int_equal(fw_vport(1, 1, 1), WEIR_OK);
    assert_int_equal(fw_vport(2, 1, 1), WEIR_ALREADY_EXISTS);
    for (unsigned v = 2; v < 8; v++) {
        assert_int_equal(fw_vport(v, NO_VF, 1), WEIR_OK);
    }
}

static void rule_2_6_states(void **state) {
    struct weir_set_vport_req on = {.vport = 2, .changed = WEIR_VPORT_CHANGED_STATE, .state = WEIR_VPORT_ACTIVATED};
    struct weir_set_vport_req off = {.vport = 2, .changed = WEIR_VPORT_CHANGED_STATE, .state = WEIR_VPORT_DEACTIVATED};
    (void)state;
    fw_boot();
    fw_switch(1, 4, 16, 1);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, 1), WEIR_OK);
    assert_int_equal(fw_vport(2, NO_VF, 1), WEIR_OK);
    assert_int_equal(fw_get_vport(1).state, WEIR_VPORT_ACTIVATED);
    assert_int_equal(fw_get_vport(2).state, WEIR_VPORT_DEACTIVATED);
    assert_int_equal(fake.cfg[2] & ENABLE, 0);
    assert_int_equal(set_vport(off), WEIR_WRONG_STATE);
    assert_int_equal(set_vport(on), WEIR_OK);
    assert_int_equal(fake.cfg[2] & ENABLE, ENABLE);
    assert_int_equal(set_vport(off), WEIR_WRONG_STATE);
    off.vport = 1;
    assert_int_equal(set_vport(off), WEIR_WRONG_STATE);
    on.state = WEIR_VPORT_UNDEFINED;
    assert_int_equal(set_vport(on), WEIR_INVALID_PARAMETER);
}

static void set_vport_is_all_or_nothing(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 4, 16, 1);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, 1), WEIR_OK);
    assert_int_equal(
        set_vport((struct weir_set_vport_req){.vport = 1,
                                              .changed = WEIR_VPORT_CHANGED_FLAGS | WEIR_VPORT_CHANGED_STATE,
                                              .flags = 0,
                                              .state = WEIR_VPORT_DEACTIVATED}),
        WEIR_WRONG_STATE);
    assert_int_equal(fake.cfg[1], ENABLE | CHECK_SRC | IS_VF); // anti-spoof stays on (threat T13)
    assert_int_equal(set_vport((struct weir_set_vport_req){.vport = 1, .changed = 0x8}), WEIR_INVALID_PARAMETER);
    assert_int_equal(
        set_vport((struct weir_set_vport_req){.vport = 1, .changed = WEIR_VPORT_CHANGED_FLAGS, .flags = 16}),
        WEIR_INVALID_PARAMETER);
    assert_int_equal(
        set_vport((struct weir_set_vport_req){.vport = 1, .changed = WEIR_VPORT_CHANGED_DRAIN, .drain = 2}),
        WEIR_INVALID_PARAMETER);
    assert_int_equal(set_vport((struct weir_set_vport_req){.vport = 3, .changed = 0}), WEIR_NOT_FOUND);
    // Fields without their CHANGED bit are ignored (rules 2.15).
    assert_int_equal(set_vport((struct weir_set_vport_req){.vport = 1, .flags = 0, .drain = 1}), WEIR_OK);
    assert_int_equal(fake.cfg[1], ENABLE | CHECK_SRC | IS_VF);
    assert_int_equal(set_vport((struct weir_set_vport_req){.vport = 1, .changed = WEIR_VPORT_CHANGED_FLAGS}), WEIR_OK);
    assert_int_equal(fake.cfg[1], ENABLE | IS_VF);
}

static void rule_2_7_ids_are_kept_and_unique(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 4, 16, 1);
    assert_int_equal(fw_vport(4, NO_VF, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(fw_vport(0xFFFF, NO_VF, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(fw_vport(3, NO_VF, 1), WEIR_OK);
    assert_int_equal(fw_vport(3, NO_VF, 1), WEIR_ALREADY_EXISTS);
    assert_int_equal(fake.vport_count[3], 1);
}

static void rule_2_10_nondefault_vports_take_at_most_eight(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 4, 64, 1);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, WEIR_VF_MAX_QPS + 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(fw_vport(1, NO_VF, WEIR_VF_MAX_QPS + 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(fw_vport(1, NO_VF, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(fw_vport(1, 0, WEIR_VF_MAX_QPS), WEIR_OK);
    assert_int_equal(fake.map_count[1], WEIR_VF_MAX_QPS);
}

static void rule_2_11_worked_example(void **state) {
    (void)state;
    fw_boot();
    fw_switch(63, 64, 128, 1);
    for (unsigned i = 1; i <= 63; i++) {
        assert_int_equal(fw_alloc(i - 1), WEIR_OK);
        assert_int_equal(fw_vport(i, i - 1, 2), WEIR_OK); // 63 x 2 + 1
    }
    assert_int_equal(fw_vport(64, NO_VF, 1), WEIR_INVALID_PARAMETER); // a 65th vPort
    fake_flr(0);
    fw_run();
    fw_switch(63, 64, 128, 1);
    for (unsigned i = 1; i <= 31; i++) {
        assert_int_equal(fw_alloc(i - 1), WEIR_OK);
        assert_int_equal(fw_vport(i, i - 1, 4), WEIR_OK); // 31 x 4 + 1
    }
    assert_int_equal(fw_alloc(31), WEIR_OK);
    assert_int_equal(fw_vport(32, 31, 4), WEIR_NO_RESOURCES); // 3 are left
    assert_int_equal(fw_vport(32, 31, 3), WEIR_OK);
    assert_int_equal(fw_alloc(32), WEIR_OK);
    assert_int_equal(fw_vport(33, 32, 1), WEIR_NO_RESOURCES);
}

// Acceptance test A8: what is advertised keeps rules 2.10, is reached, and one more is refused.
static void a8_limits(void **state) {
    uint8_t payload[WEIR_MBOX_PAYLOAD];
    struct weir_get_caps_rsp c;
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    fake_vf_enable(WEIR_NUM_VFS);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, payload, NULL), WEIR_OK);
    memcpy(&c, payload, sizeof(c));
    assert_true(c.hw_vports >= c.hw_vfs + 1);
    assert_true(c.hw_qps >= c.hw_vports);
    assert_true(c.max_filters >= c.hw_vports);
    assert_true(c.max_qps_per_vport != 0 && (c.max_qps_per_vport & (c.max_qps_per_vport - 1)) == 0);
    assert_int_equal(create_switch(0, c.hw_vfs + 1u, c.hw_vports, c.hw_qps, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(create_switch(0, c.hw_vfs, c.hw_vports + 1u, c.hw_qps, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(create_switch(0, c.hw_vfs, c.hw_vports, c.hw_qps + 1u, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(create_switch(0, c.hw_vfs, c.hw_vfs, c.hw_qps, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(create_switch(0, c.hw_vfs, c.hw_vports, c.hw_vports - 1u, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(create_switch(0, c.hw_vfs, c.hw_vports, c.hw_qps, 1), WEIR_OK);
    for (unsigned i = 0; i < c.hw_vfs; i++) {
        assert_int_equal(fw_alloc(i), WEIR_OK);
        assert_int_equal(fw_vport(i + 1, i, i == 0 ? c.max_qps_per_vport : 1), WEIR_OK); // every VF gets one
    }
    assert_int_equal(fw_alloc(c.hw_vfs), WEIR_NOT_FOUND);
    for (unsigned i = c.hw_vfs + 1u; i < c.hw_vports; i++) {
        assert_int_equal(fw_vport(i, NO_VF, 1), WEIR_OK); // and the PF the rest
    }
    assert_int_equal(fw_vport(c.hw_vports, NO_VF, 1), WEIR_INVALID_PARAMETER);
    for (unsigned i = 0; i < c.hw_vports; i++) {
        assert_int_equal(fw_filter(i, i, fw_mac(i)), WEIR_OK); // each vPort its unicast filter
    }
}

static void rule_2_16_creation_is_all_or_nothing(void **state) {
    struct fake before;
    (void)state;
    fw_boot();
    fw_switch(2, 4, 8, 4);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_alloc(1), WEIR_OK);
    before = fake;
    assert_int_equal(fw_vport(1, 0, 5), WEIR_NO_RESOURCES);
    assert_memory_equal(before.cfg, fake.cfg, sizeof(fake.cfg));
    assert_memory_equal(before.vport_count, fake.vport_count, sizeof(fake.vport_count));
    assert_memory_equal(before.map_count, fake.map_count, sizeof(fake.map_count));
    // Core 1 does not take the doorbells: nothing stays behind either.
    fake.core1_dead = true;
    fake.tick = 1000;
    assert_int_equal(fw_vport(1, 0, 4), WEIR_TIMEOUT);
    assert_memory_equal(before.cfg, fake.cfg, sizeof(fake.cfg));
    assert_memory_equal(before.vport_count, fake.vport_count, sizeof(fake.vport_count));
    fake.core1_dead = false;
    fake.tick = 4;
    fw_run();
    assert_int_equal(fw_vport(1, 1, 4), WEIR_OK); // all four queue pairs are free again
}

static void rule_2_16_switch_too(void **state) {
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    fake.core1_dead = true;
    fake.tick = 1000;
    assert_int_equal(create_switch(0, 1, 2, 4, 1), WEIR_TIMEOUT);
    assert_int_equal(fake.cfg[0], 0);
    assert_false(fake.flood[0]);
    fake.core1_dead = false;
    fw_run();
    assert_int_equal(create_switch(0, 1, 2, 4, 1), WEIR_OK);
}

static void counters_start_at_zero_with_every_vport(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 4, 16, 1);
    for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++) {
        fake.counter[3][i] = 99;
    }
    assert_int_equal(fw_vport(3, NO_VF, 1), WEIR_OK);
    for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++) {
        assert_true(fake.counter[3][i] == 0); // threat T20
    }
    // After deletion they stay: the ledger of a surprise removal.
    fake.counter[3][5] = 42;
    assert_int_equal(delete_vport(3), WEIR_OK);
    assert_true(fake.counter[3][5] == 42);
    assert_int_equal(FW(0, GET_COUNTERS, weir_get_counters_req, .vport = 3, .first = 5, .count = 1), WEIR_OK);
}

static void names_are_printable(void **state) {
    struct weir_create_vport_req req = {.vport = 1, .vf = NO_VF, .num_qps = 1};
    (void)state;
    fw_boot();
    fw_switch(0, 4, 16, 1);
    memset(req.name, 'x', sizeof(req.name)); // no NUL
    req.name[1] = '\n';
    req.name[2] = (char)0x9B;
    assert_int_equal(fw_call(0, WEIR_CMD_CREATE_VPORT, &req, sizeof(req), NULL, NULL), WEIR_OK);
    assert_int_equal(strlen(steer_vport(1)->name), 31);
    assert_memory_equal(steer_vport(1)->name, "x??x", 4);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rule_2_2_one_switch_with_id_0),
    cmocka_unit_test(rule_2_10_limits_of_the_switch),
    cmocka_unit_test(rule_2_3_default_vport_comes_and_goes_with_the_switch),
    cmocka_unit_test(rule_2_4_vport_only_on_an_allocated_vf),
    cmocka_unit_test(rule_2_5_one_vport_a_vf_any_number_for_the_pf),
    cmocka_unit_test(rule_2_6_states),
    cmocka_unit_test(set_vport_is_all_or_nothing),
    cmocka_unit_test(rule_2_7_ids_are_kept_and_unique),
    cmocka_unit_test(rule_2_10_nondefault_vports_take_at_most_eight),
    cmocka_unit_test(a8_limits),
    cmocka_unit_test(rule_2_11_worked_example),
    cmocka_unit_test(rule_2_16_creation_is_all_or_nothing),
    cmocka_unit_test(rule_2_16_switch_too),
    cmocka_unit_test(counters_start_at_zero_with_every_vport),
    cmocka_unit_test(names_are_printable),
};
UNIT_MAIN(tests)
