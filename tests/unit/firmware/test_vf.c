// SPDX-License-Identifier: Apache-2.0
// VF life cycle: rules 1.10-1.13, 7.5, 9.10, and what reuse must not leak (threat T20).
#include "unit.h"

#include <limits.h>
#include <string.h>

#include "fw.h"

#define NO_VF WEIR_VPORT_NO_VF

static int vf_cmd(unsigned opcode, unsigned vf) {
    const struct weir_vf_req req = {.vf = (uint16_t)vf};
    return fw_call(0, opcode, &req, sizeof(req), NULL, NULL);
}

static int delete_vport(unsigned vport) {
    return FW(0, DELETE_VPORT, weir_vport_req, .vport = (uint16_t)vport);
}

static void rule_1_10_no_operation_before_allocation(void **state) {
    (void)state;
    fw_boot();
    fw_switch(3, 4, 16, 1);
    for (unsigned fn = 1; fn < 4; fn++) {
        assert_false(fake.op[fn]);
        assert_int_equal(fw_hello(fn), FW_REFUSED);
    }
    assert_int_equal(fw_alloc(1), WEIR_OK);
    assert_true(fake.op[2]);
    assert_false(fake.op[1] || fake.op[3]);
    assert_int_equal(fw_hello(2), WEIR_OK);
}

static void rule_1_12_allocation_returns_index_and_rid(void **state) {
    struct weir_alloc_vf_req req = {.vf = NO_VF, .mac = {2, 1, 2, 3, 4, 5}, .vm_name = "guest"};
    struct {
        struct weir_alloc_vf_rsp a;
        uint8_t rest[WEIR_MBOX_PAYLOAD - sizeof(struct weir_alloc_vf_rsp)];
    } r;
    struct weir_get_vf_rsp v;
    (void)state;
    fw_boot();
    fw_switch(3, 4, 16, 1);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), &r, NULL), WEIR_OK);
    assert_int_equal(r.a.vf, 1);
    assert_int_equal(r.a.rid, 0x0102); // the model's PF is 01:00.0
    v = fw_get_vf(1);
    assert_int_equal(v.state, WEIR_VF_ALLOCATED);
    assert_memory_equal(v.mac, req.mac, 6);
    assert_int_equal(v.hello, 0);
    assert_int_equal(v.vport, 0);
    assert_int_equal(fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), NULL, NULL), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), NULL, NULL), WEIR_NO_RESOURCES);
    req.vf = 1;
    assert_int_equal(fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), NULL, NULL), WEIR_ALREADY_EXISTS);
    req.vf = 3;
    assert_int_equal(fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), NULL, NULL), WEIR_NOT_FOUND);
    req.mac[0] = 1;
    req.vf = NO_VF;
    assert_int_equal(fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), NULL, NULL), WEIR_INVALID_PARAMETER);
}

static void only_visible_vfs_of_the_switch(void **state) {
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    assert_int_equal(
        FW(0, CREATE_SWITCH, weir_create_switch_req, .num_vfs = 4, .num_vports = 5, .num_qps = 16, .default_qps = 1),
        WEIR_OK);
    assert_int_equal(fw_alloc(0), WEIR_NOT_FOUND); // VF Enable is 0
    fake_vf_enable(2);
    assert_int_equal(fw_alloc(1), WEIR_OK);
    assert_int_equal(fw_alloc(2), WEIR_NOT_FOUND);
    fake_vf_enable(0);
    fw_run();
    fake_vf_enable(64);
    assert_int_equal(fw_alloc(3), WEIR_OK);
    assert_int_equal(fw_alloc(4), WEIR_NOT_FOUND); // beyond the switch
}

static void rule_7_5_preconditions(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 3, 16, 1);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 0), WEIR_NOT_FOUND);
    assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0), WEIR_NOT_FOUND);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 2), WEIR_NOT_FOUND);
    assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0xFFFF), WEIR_NOT_FOUND);
    assert_int_equal(fake.flr_starts, 0);
    fw_vf_up(0, 1, 1);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 0), WEIR_IN_USE);
    assert_true(fake.op[1] && fake.qp[1].loaded);
    assert_int_equal(delete_vport(1), WEIR_OK);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 0), WEIR_OK);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 0), WEIR_NOT_FOUND);
    assert_int_equal(fw_get_vf(0).state, WEIR_VF_FREE);
}

static void rule_7_5_reset_before_free_is_not_left_to_the_caller(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 2, 16, 1);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_hello(1), WEIR_OK);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 0), WEIR_OK);
    assert_int_equal(fake.flr_starts, 1);
    assert_int_equal(fake.flr_dones, 1);
    assert_false(fake.flr[1] || fake.op[1] || fake.bme[1]);
    assert_int_equal(fw_hello(1), FW_REFUSED);
}

static void rule_9_10_reset_leaves_the_vf_quiescent(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 3, 16, 1);
    fw_vf_up(0, 1, 2);
    fw_vf_up(1, 2, 2);
    assert_int_equal(fw_filter(1, 1, fw_mac(1)), WEIR_OK);
    fake.bme[1] = true;
    assert_int_equal(FW(0, INVALIDATE_BLOCKS, weir_invalidate_req, .vf = 0, .mask_lo = 5), WEIR_OK);
    assert_true(fake.events[1] == 5);
    assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0), WEIR_OK);
    assert_false(fake.qp[1].loaded || fake.qp[2].loaded || fake.bme[1] || fake.flr[1]);
    assert_true(fake.events[1] == 0);
    assert_int_equal(fw_get_vf(0).state, WEIR_VF_ALLOCATED);
    assert_int_equal(fw_get_vf(0).hello, 0);
    // What the PF gave it is still its own.
    assert_int_equal(fw_get_vport(1).num_filters, 1);
    assert_int_equal(fake.map_count[1], 2);
    // The other VF has noticed nothing.
    assert_true(fake.qp[3].loaded && fake.qp[3].rx_on && fake.qp[4].rx_on && fake.op[2]);
    assert_int_equal(fw_get_vf(1).hello, 1);
    assert_int_equal(fake.cfg[2] & 4, 0);
}

static void one_reset_one_event(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    fw_boot();
    fw_switch(1, 2, 16, 1);
    fw_vf_up(0, 1, 1);
    (void)fw_events();
    assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0), WEIR_OK);
    // The hardware's own event of FLR_START is old news by now: what the VF has built up again must live.
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_VF_FLR);
    assert_int_equal(ev.event[0].a, 0);
    assert_int_equal(fake.flr_dones, 1);
}

static void late_event_of_a_served_reset_does_not_undo_the_vf(void **state) {
    (void)state;
    fw_boot();
    fw_switch(8, 9, 32, 1);
    fw_vf_up(7, 1, 1);
    for (unsigned fn = 1; fn < 8; fn++) {
        fake_flr(fn); // their events go first
    }
    assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 7), WEIR_OK);
    fake.flr_event[8] = true;
    fw_arm_vf(7, 1);
    assert_int_equal(fw_get_vf(7).hello, 1);
    assert_true(fake.qp[fake.vport_base[1]].loaded);
}

static void hello_after_reset(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 2, 16, 1);
    fw_vf_up(0, 1, 1);
    assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0), WEIR_OK);
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_VERSION);
    fw_arm_vf(0, 1);
    fake_flr(1); // by its own hypervisor
    fw_run();
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_VERSION);
    fw_arm_vf(0, 1);
}

static void reset_in_every_state(void **state) {
    // What a VF has at the moment of the reset: allocated only; vPort; HELLO; queue running; queue in error; filter;
    // surprise.
    (void)state;
    for (unsigned stage = 0; stage < 7; stage++) {
        for (unsigned how = 0; how < 3; how++) {
            fw_boot();
            if (stage != 0 || how != 0) {
                fake_flr(0); // the last round's firmware state goes, as with a new PF driver
                fw_run();
            }
            fw_switch(2, 3, 16, 1);
            assert_int_equal(fw_alloc(0), WEIR_OK);
            if (stage >= 1) {
                assert_int_equal(fw_vport(1, 0, 2), WEIR_OK);
            }
            if (stage >= 2) {
                assert_int_equal(fw_hello(1), WEIR_OK);
            }
            if (stage >= 3) {
                fw_arm_vf(0, 2);
            }
            if (stage == 4) {
                fake_qp_error(fake.vport_base[1], WEIR_QP_REASON_BAD_TAIL);
            }
            if (stage >= 5) {
                assert_int_equal(fw_filter(1, 0, fw_mac(1)), WEIR_OK);
                assert_int_equal(fw_move(1, 0, 1, WEIR_MOVE_FLOOD), WEIR_OK);
            }
            if (stage == 6) {
                assert_int_equal(fw_move(1, 1, 0, WEIR_MOVE_FLOOD | WEIR_MOVE_DRAIN), WEIR_OK);
            }
            if (how == 0) {
                assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0), WEIR_OK);
            } else if (how == 1) {
                fake_flr(1);
            } else {
                fake_flr(1);
                fake_flr(1); // a storm is one reset (threat T17)
                assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0), WEIR_OK);
            }
            fw_run();
            assert_false(fake.flr[1]);
            assert_int_equal(fw_get_vf(0).state, WEIR_VF_ALLOCATED);
            assert_int_equal(fw_get_vf(0).hello, 0);
            assert_int_equal(fake.cfg[1] & 4, 0);
            for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
                assert_false(fake.qp[qp].loaded && fake.qp[qp].fn == 1);
            }
            // And it comes up again.
            if (stage >= 1) {
                fw_arm_vf(0, 2);
                assert_int_equal(fw_get_vport(1).armed, 1);
            }
        }
    }
}

static void blocks_are_cleared_on_reuse(void **state) {
    struct weir_write_block_req w = {.vf = 0, .block = 2, .length = 100};
    struct {
        struct weir_read_block_rsp b;
    } r;
    (void)state;
    fw_boot();
    fw_switch(1, 2, 16, 1);
    fw_vf_up(0, 1, 1);
    memset(w.data, 0x5A, sizeof(w.data));
    assert_int_equal(fw_call(1, WEIR_CMD_WRITE_BLOCK, &w, sizeof(w), NULL, NULL), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_READ_BLOCK, &(struct weir_read_block_req){.block = 2}, 4, &r, NULL), WEIR_OK);
    assert_int_equal(r.b.length, 100);
    // The same owner's blocks survive its resets.
    assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, 0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_READ_BLOCK, &(struct weir_read_block_req){.block = 2}, 4, &r, NULL), WEIR_OK);
    assert_int_equal(r.b.length, 100);
    assert_int_equal(delete_vport(1), WEIR_OK);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_READ_BLOCK, &(struct weir_read_block_req){.block = 2}, 4, NULL, NULL),
                     WEIR_NOT_FOUND);
    fw_vf_up(0, 1, 1);
    for (unsigned fn = 0; fn < 2; fn++) {
        assert_int_equal(fw_call(fn, WEIR_CMD_READ_BLOCK, &(struct weir_read_block_req){.block = 2}, 4, &r, NULL),
                         WEIR_OK);
        assert_int_equal(r.b.length, 0);
        for (unsigned i = 0; i < sizeof(r.b.data); i++) {
            assert_int_equal(r.b.data[i], 0);
        }
    }
    // Also when the PF vanished without freeing.
    assert_int_equal(fw_call(1, WEIR_CMD_WRITE_BLOCK, &w, sizeof(w), NULL, NULL), WEIR_OK);
    fake_flr(0);
    fw_run();
    fw_switch(1, 2, 16, 1);
    fw_vf_up(0, 1, 1);
    assert_int_equal(fw_call(1, WEIR_CMD_READ_BLOCK, &(struct weir_read_block_req){.block = 2}, 4, &r, NULL), WEIR_OK);
    assert_int_equal(r.b.length, 0);
}

static void mailbox_and_events_are_cleared_on_reuse(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 2, 16, 1);
    fw_vf_up(0, 1, 1);
    assert_int_equal(FW(1, PING, weir_ping_req, .word = 0x5EC7E7), WEIR_OK);
    assert_int_equal(fake.rsp[1][2], 0x5EC7E7);
    assert_int_equal(FW(0, INVALIDATE_BLOCKS, weir_invalidate_req, .vf = 0, .mask_lo = 1), WEIR_OK);
    assert_int_equal(delete_vport(1), WEIR_OK);
    assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, 0), WEIR_OK);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(fake.rsp[1][i], 0);
    }
    assert_true(fake.events[1] == 0);
}

static void reallocation_starts_clean(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 3, 16, 1);
    for (unsigned round = 0; round < 20; round++) {
        unsigned vf = round % 2, vport = 1 + round % 2;
        fw_vf_up(vf, vport, 1 + round % 8);
        assert_int_equal(fw_filter(round, vport, fw_mac(round)), WEIR_OK);
        assert_int_equal(FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = round), WEIR_OK);
        assert_int_equal(delete_vport(vport), WEIR_OK);
        assert_int_equal(vf_cmd(WEIR_CMD_RESET_VF, vf), WEIR_OK);
        assert_int_equal(vf_cmd(WEIR_CMD_FREE_VF, vf), WEIR_OK);
        assert_int_equal(fake.map_count[vf + 1], 0);
        assert_false(fake.op[vf + 1]);
    }
    assert_int_equal(fake_valid_slots(), 0);
}

static void stale_request_does_not_outlive_a_reset(void **state) {
    struct weir_mbox_msg msg = {
        .hdr = {.opcode = WEIR_CMD_HELLO, .length = sizeof(struct weir_hello_req), .seq = 0x77}};
    (void)state;
    fw_boot();
    fw_switch(1, 2, 16, 1);
    fw_vf_up(0, 1, 1);
    // Handed over, then the function is reset before firmware looks.
    assert_true(fake_request(1, &msg));
    fake_flr(1);
    fw_run();
    assert_int_equal(fw_get_vf(0).hello, 0);
    assert_false(fake.owner[1]);
    assert_int_equal(fake.rsp[1][1], 0); // nobody answered it
    // Also when it is the reset that cannot end yet.
    fw_arm_vf(0, 1);
    assert_true(fake_request(1, &msg));
    fake_flr(1);
    fake.dma_busy[1] = UINT_MAX;
    fw_call(0, WEIR_CMD_PING, &(struct weir_ping_req){0}, 4, NULL, NULL);
    assert_int_equal(fw_get_vf(0).hello, 0);
    fake.dma_busy[1] = 0;
    fw_run();
    assert_int_equal(fw_get_vf(0).hello, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rule_1_10_no_operation_before_allocation),
    cmocka_unit_test(rule_1_12_allocation_returns_index_and_rid),
    cmocka_unit_test(only_visible_vfs_of_the_switch),
    cmocka_unit_test(rule_7_5_preconditions),
    cmocka_unit_test(rule_7_5_reset_before_free_is_not_left_to_the_caller),
    cmocka_unit_test(rule_9_10_reset_leaves_the_vf_quiescent),
    cmocka_unit_test(one_reset_one_event),
    cmocka_unit_test(late_event_of_a_served_reset_does_not_undo_the_vf),
    cmocka_unit_test(hello_after_reset),
    cmocka_unit_test(reset_in_every_state),
    cmocka_unit_test(blocks_are_cleared_on_reuse),
    cmocka_unit_test(mailbox_and_events_are_cleared_on_reuse),
    cmocka_unit_test(reallocation_starts_clean),
    cmocka_unit_test(stale_request_does_not_outlive_a_reset),
};
UNIT_MAIN(tests)
