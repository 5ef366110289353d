// SPDX-License-Identifier: Apache-2.0
// The validator in front of every command (threats T1, T4): each check, for every row of mbox.def.
#include "unit.h"

#include <string.h>

#include "fw.h"

static const struct row {
    unsigned opcode, req, callers, state;
} rows[] = {
#define PF 1
#define VF 2
#define ANY 3
#define NONE 0
#define HELLO 1
#define SWITCH 2
#define CMD(opcode, name, req, rsp, callers, states, since, text) {opcode, req, callers, states},
#include "mbox.def"
#undef CMD
#undef PF
#undef VF
#undef ANY
#undef NONE
#undef HELLO
#undef SWITCH
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))
static const uint8_t zeros[WEIR_MBOX_PAYLOAD];

static void unknown_opcode_is_not_supported(void **state) {
    (void)state;
    fw_boot();
    for (unsigned op = 0; op < 0x10000; op += op < 0x100 ? 1 : 0x333) {
        bool known = false;
        for (unsigned i = 0; i < ROWS; i++) {
            known = known || rows[i].opcode == op;
        }
        if (!known) {
            assert_int_equal(fw_call(0, op, zeros, 8, NULL, NULL), WEIR_NOT_SUPPORTED);
        }
    }
}

static void wrong_length_names_the_right_one(void **state) {
    uint8_t rsp[WEIR_MBOX_PAYLOAD];
    (void)state;
    fw_boot();
    fw_switch(1, 2, 8, 1);
    fw_vf_up(0, 1, 1);
    for (unsigned i = 0; i < ROWS; i++) {
        unsigned fn = (rows[i].callers & 1) != 0 ? 0 : 1;
        for (unsigned len = 0; len <= 0xFFFF; len = len < 130 ? len + 1 : len * 2 + 1) {
            unsigned got;
            if (len == rows[i].req) {
                continue;
            }
            assert_int_equal(fw_call(fn, rows[i].opcode, zeros, len, rsp, &got), WEIR_INVALID_LENGTH);
            assert_int_equal(got, 4);
            assert_int_equal(rsp[0] | rsp[1] << 8 | rsp[2] << 16 | (unsigned)rsp[3] << 24, rows[i].req);
        }
    }
}

static void wrong_caller_is_refused(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 2, 8, 1);
    fw_vf_up(0, 1, 1);
    for (unsigned i = 0; i < ROWS; i++) {
        if ((rows[i].callers & 2) == 0) {
            // Before anything else is looked at: a VF does not learn lengths of the PF's commands.
            assert_int_equal(fw_call(1, rows[i].opcode, zeros, rows[i].req, NULL, NULL), WEIR_PERMISSION);
            assert_int_equal(fw_call(1, rows[i].opcode, zeros, rows[i].req + 1, NULL, NULL), WEIR_PERMISSION);
        }
    }
    assert_int_equal(fw_call(1, WEIR_CMD_GET_CAPS, NULL, 0, NULL, NULL), WEIR_PERMISSION); // rules 3.15
}

static void hello_comes_first(void **state) {
    (void)state;
    fw_boot();
    for (unsigned i = 0; i < ROWS; i++) {
        int status = fw_call(0, rows[i].opcode, zeros, rows[i].req, NULL, NULL);
        if (rows[i].opcode != WEIR_CMD_HELLO) {
            assert_int_equal(status, rows[i].state == 0 ? WEIR_OK : WEIR_VERSION);
        }
        // A major of 0 is this contract's, so HELLO with zeros succeeds: start over.
        fake_flr(0);
        fw_run();
    }
}

static void other_major_does_not_talk(void **state) {
    (void)state;
    fw_boot();
    assert_int_equal(FW(0, HELLO, weir_hello_req, .abi_major = WEIR_ABI_MAJOR + 1), WEIR_VERSION);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, NULL, NULL), WEIR_VERSION);
    assert_int_equal(fw_hello(0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, NULL, NULL), WEIR_OK);
    // A driver of another major after one of this: what the first one agreed on is over.
    assert_int_equal(FW(0, HELLO, weir_hello_req, .abi_major = WEIR_ABI_MAJOR + 1), WEIR_VERSION);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, NULL, NULL), WEIR_VERSION);
}

static void without_switch_is_wrong_state(void **state) {
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    for (unsigned i = 0; i < ROWS; i++) {
        if (rows[i].state == 2 && (rows[i].callers & 1) != 0) {
            assert_int_equal(fw_call(0, rows[i].opcode, zeros, rows[i].req, NULL, NULL), WEIR_WRONG_STATE);
        }
    }
}

static void vf_not_allocated_cannot_call(void **state) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = WEIR_CMD_PING, .length = sizeof(struct weir_ping_req)}};
    (void)state;
    fw_boot();
    fw_switch(2, 3, 8, 1);
    assert_int_equal(fw_call(1, WEIR_CMD_PING, zeros, 4, NULL, NULL), FW_REFUSED);
    // The hardware refuses already; should it not, firmware does.
    fake.op[1] = true;
    assert_true(fake_request(1, &msg));
    fw_run();
    assert_int_equal(fake.rsp[1][1] >> 16, WEIR_NOT_ACCEPTED);
}

static void answers_carry_nothing_of_other_requests(void **state) {
    uint8_t poison[WEIR_MBOX_PAYLOAD], rsp[WEIR_MBOX_PAYLOAD];
    (void)state;
    fw_boot();
    fw_switch(2, 3, 8, 1);
    fw_vf_up(0, 1, 1);
    fw_vf_up(1, 2, 1);
    memset(poison, 0xA5, sizeof(poison));
    fw_call(1, WEIR_CMD_WRITE_BLOCK, poison, sizeof(struct weir_write_block_req), NULL, NULL);
    assert_int_equal(fw_call(2, WEIR_CMD_GET_COUNTERS, &(struct weir_get_counters_req){.first = 0, .count = 1},
                             sizeof(struct weir_get_counters_req), rsp, NULL),
                     WEIR_OK);
    for (unsigned i = 0; i < sizeof(rsp); i++) {
        assert_int_not_equal(rsp[i], 0xA5);
    }
}

static void caps_are_hardware_and_current(void **state) {
    struct {
        struct weir_get_caps_rsp caps;
        uint8_t rest[WEIR_MBOX_PAYLOAD - sizeof(struct weir_get_caps_rsp)];
    } r;
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, &r, NULL), WEIR_OK);
    assert_int_equal(r.caps.cur_vfs | r.caps.cur_vports | r.caps.cur_qps, 0); // rules 1.5
    assert_int_equal(r.caps.hw_vports, WEIR_NUM_VPORTS);
    // Limits of rules 2.10.
    assert_true(r.caps.hw_vports >= r.caps.hw_vfs + 1 && r.caps.hw_qps >= r.caps.hw_vports);
    assert_true(r.caps.max_filters >= r.caps.hw_vports);
    assert_int_equal(r.caps.max_qps_per_vport & (r.caps.max_qps_per_vport - 1), 0);
    fake_flr(0);
    fw_run();
    fw_switch(5, 9, 20, 2);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, &r, NULL), WEIR_OK);
    assert_int_equal(r.caps.cur_vfs, 5);
    assert_int_equal(r.caps.cur_vports, 9);
    assert_int_equal(r.caps.cur_qps, 20);
}

static void counters_of_others_stay_unread(void **state) {
    struct {
        struct weir_get_counters_rsp c;
    } r;
    struct weir_get_counters_req req = {.vport = 2, .first = 1, .count = 1};
    (void)state;
    fw_boot();
    fw_switch(2, 3, 8, 1);
    fw_vf_up(0, 1, 1);
    fw_vf_up(1, 2, 1);
    for (unsigned v = 0; v < 3; v++) {
        fake.counter[v][1] = 0xABCD00000000ull + v;
    }
    assert_int_equal(fw_call(1, WEIR_CMD_GET_COUNTERS, &req, sizeof(req), &r, NULL), WEIR_OK);
    assert_true(r.c.value[0] == 0xABCD00000001ull); // its own, whatever it asked for; 48 bits
    assert_int_equal(fw_call(0, WEIR_CMD_GET_COUNTERS, &req, sizeof(req), &r, NULL), WEIR_OK);
    assert_true(r.c.value[0] == 0xABCD00000002ull);
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned count = 0; count < 256; count += count < 16 ? 1 : 60) {
            bool ok = count >= 1 && count <= 14 && first + count <= WEIR_VPORT_CNT_COUNT;
            req = (struct weir_get_counters_req){.vport = 1, .first = (uint8_t)first, .count = (uint8_t)count};
            assert_int_equal(fw_call(0, WEIR_CMD_GET_COUNTERS, &req, sizeof(req), NULL, NULL),
                             ok ? WEIR_OK : WEIR_INVALID_PARAMETER);
        }
    }
    req = (struct weir_get_counters_req){.vport = 3, .count = 1};
    assert_int_equal(fw_call(0, WEIR_CMD_GET_COUNTERS, &req, sizeof(req), NULL, NULL), WEIR_NOT_FOUND);
    // A VF asking for the switch's counters gets its own, too.
    fake.sw_counter[1] = 77;
    req = (struct weir_get_counters_req){.vport = WEIR_COUNTERS_SWITCH, .first = 1, .count = 1};
    assert_int_equal(fw_call(2, WEIR_CMD_GET_COUNTERS, &req, sizeof(req), &r, NULL), WEIR_OK);
    assert_true(r.c.value[0] == 0xABCD00000002ull);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(unknown_opcode_is_not_supported), cmocka_unit_test(wrong_length_names_the_right_one),
    cmocka_unit_test(wrong_caller_is_refused),         cmocka_unit_test(hello_comes_first),
    cmocka_unit_test(other_major_does_not_talk),       cmocka_unit_test(without_switch_is_wrong_state),
    cmocka_unit_test(vf_not_allocated_cannot_call),    cmocka_unit_test(answers_carry_nothing_of_other_requests),
    cmocka_unit_test(caps_are_hardware_and_current),   cmocka_unit_test(counters_of_others_stay_unread),
};
UNIT_MAIN(tests)
