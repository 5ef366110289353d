// SPDX-License-Identifier: Apache-2.0
// MOVE_FILTER and FENCE: rules 3.10, 3.11, 4.11, 7.12, 7.13 and their refusals.
#include "unit.h"

#include "fw.h"

#define DRAIN 4u
#define GAP 2500u // cycles before a vPort's moves may turn round

static int vport_of(unsigned n) {
    return fake_lookup(fw_mac(n), WEIR_FILTER_UNTAGGED_OR_ZERO, 0);
}

// VF 0 on vPort 1 and VF 1 on vPort 2, both armed; filter n = MAC n for n = 0..2 on the default vPort.
static void world(void) {
    fw_boot();
    fw_switch(2, 5, 16, 1);
    fw_vf_up(0, 1, 2);
    fw_vf_up(1, 2, 1);
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(fw_filter(n, 0, fw_mac(n)), WEIR_OK);
    }
}

static void rule_3_10_one_command_moves_all_of_it(void **state) {
    struct {
        struct weir_move_filter_rsp move;
        uint8_t rest[WEIR_MBOX_PAYLOAD - sizeof(struct weir_move_filter_rsp)];
    } r;
    const struct weir_move_filter_req req = {
        .filter = 0, .src = 0, .dst = 1, .flags = WEIR_MOVE_FLOOD | WEIR_MOVE_FENCE, .token = 0xBEEF};
    struct weir_get_events_rsp ev;
    unsigned moves, cmds, epoch;
    (void)state;
    world();
    (void)fw_events();
    moves = fake.moves;
    cmds = fake.filter_cmds;
    epoch = fake.epoch;
    assert_int_equal(fw_call(0, WEIR_CMD_MOVE_FILTER, &req, sizeof(req), &r, NULL), WEIR_OK);
    assert_int_equal(fake.moves, moves + 1);
    assert_int_equal(fake.filter_cmds, cmds); // nothing else touched the table
    assert_int_equal(vport_of(0), 1);
    assert_true(fake.flood[1] && fake.flood[0]); // the default vPort always is a member
    assert_int_equal(r.move.epoch, (uint8_t)(epoch + 1));
    assert_int_equal(fw_get_vport(1).num_filters, 1);
    assert_int_equal(fw_get_vport(0).num_filters, 2);
    assert_int_equal(fw_get_vport(1).in_flood, 1);
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_FENCE_DONE);
    assert_int_equal(ev.event[0].a, 0);
    assert_int_equal(ev.event[0].b, 0xBEEF);
    // And back.
    fw_pass(GAP);
    assert_int_equal(fw_move(0, 1, 0, WEIR_MOVE_FLOOD), WEIR_OK);
    assert_int_equal(vport_of(0), 0);
    assert_false(fake.flood[1]);
    assert_true(fake.flood[0]);
}

static void rule_3_11_source_must_hold_the_filter(void **state) {
    unsigned moves;
    (void)state;
    world();
    moves = fake.moves;
    assert_int_equal(fw_move(0, 2, 1, 0), WEIR_NOT_FOUND); // on vPort 0, not 2
    assert_int_equal(fw_move(99, 0, 1, 0), WEIR_NOT_FOUND);
    assert_int_equal(fw_move(0, 0, 3, 0), WEIR_NOT_FOUND); // no such vPort
    assert_int_equal(fw_move(0, 3, 0, 0), WEIR_NOT_FOUND);
    assert_int_equal(fw_move(0, 0, 0xFFFF, 0), WEIR_NOT_FOUND);
    assert_int_equal(fw_move(0, 0, 0, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(fw_move(0, 0, 1, 8), WEIR_INVALID_PARAMETER);
    assert_int_equal(fw_move(0, 0, 1, WEIR_MOVE_DRAIN),
                     WEIR_INVALID_PARAMETER); // drains back to the default vPort only
    assert_int_equal(fake.moves, moves);
    assert_int_equal(vport_of(0), 0);
}

static void rule_4_11_not_armed(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 3, 16, 1);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, 2), WEIR_OK);
    assert_int_equal(fw_filter(0, 0, fw_mac(0)), WEIR_OK);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_NOT_ARMED); // no driver
    assert_int_equal(fw_hello(1), WEIR_OK);
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
    fake_post(1, 0, 8);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_NOT_ARMED); // one ring of two
    assert_int_equal(fw_create_qp(1, 1, 0), WEIR_OK);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_NOT_ARMED); // no buffer
    fake_post(1, 1, 1);
    assert_int_equal(fw_get_vport(1).armed, 1);
    fake_qp_error(fake.vport_base[1], WEIR_QP_REASON_RX_BAD_PHASE);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_NOT_ARMED); // stopped
    assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = 0), WEIR_OK);
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
    fake_post(1, 0, 1);
    assert_int_equal(vport_of(0), 0);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_OK);
    assert_int_equal(vport_of(0), 1);
}

static void rule_2_6_deactivated_destination(void **state) {
    (void)state;
    world();
    assert_int_equal(fw_vport(3, WEIR_VPORT_NO_VF, 1), WEIR_OK);
    assert_int_equal(fw_create_qp(0, fake.vport_base[3], 3), WEIR_OK);
    fake_post(0, fake.vport_base[3], 1);
    assert_int_equal(fw_move(0, 0, 3, 0), WEIR_WRONG_STATE);
    assert_int_equal(FW(0, SET_VPORT, weir_set_vport_req, .vport = 3, .changed = WEIR_VPORT_CHANGED_STATE,
                        .state = WEIR_VPORT_ACTIVATED),
                     WEIR_OK);
    assert_int_equal(fw_move(0, 0, 3, 0), WEIR_OK);
    assert_int_equal(FW(0, SET_VPORT, weir_set_vport_req, .vport = 3, .changed = WEIR_VPORT_CHANGED_DRAIN, .drain = 1),
                     WEIR_OK);
    assert_int_equal(fw_move(1, 0, 3, 0), WEIR_WRONG_STATE);
}

static void moves_do_not_turn_round_too_soon(void **state) {
    (void)state;
    world();
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_OK);
    fake.tick = 0; // time stands still, whatever the firmware reads
    assert_int_equal(fw_move(0, 1, 0, 0), WEIR_RATE_LIMITED);
    assert_int_equal(fw_move(0, 1, 2, 0), WEIR_RATE_LIMITED); // out is out
    assert_int_equal(fw_move(1, 0, 1, 0), WEIR_OK);           // a hand-over of several filters goes on
    assert_int_equal(fw_move(2, 0, 2, 0), WEIR_OK);           // others are not concerned
    assert_int_equal(vport_of(0), 1);
    fake.cycle += GAP;
    assert_int_equal(fw_move(0, 1, 2, 0), WEIR_OK);
    assert_int_equal(fw_move(1, 1, 0, 0), WEIR_OK);
    assert_int_equal(fw_move(1, 0, 1, 0), WEIR_RATE_LIMITED);
    // A surprise waits for nothing (rules 7.13).
    assert_int_equal(fw_move(0, 2, 0, WEIR_MOVE_DRAIN), WEIR_OK);
    assert_int_equal(vport_of(0), 0);
}

static unsigned drained_when_moved;
static void note_drain(void) {
    drained_when_moved = fake.cfg[1] & DRAIN;
}

static void rule_7_13_surprise_drains_before_it_moves(void **state) {
    (void)state;
    world();
    assert_int_equal(fw_move(0, 0, 1, WEIR_MOVE_FLOOD), WEIR_OK);
    fake.filter_hook = note_drain;
    assert_int_equal(fw_move(0, 1, 0, WEIR_MOVE_FLOOD | WEIR_MOVE_DRAIN), WEIR_OK);
    assert_int_equal(drained_when_moved, DRAIN);
    assert_int_equal(fake.cfg[1] & DRAIN, DRAIN);
    assert_false(fake.flood[1]);
    // Nothing goes there until the VF was reset.
    fw_pass(GAP);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_WRONG_STATE);
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = 0), WEIR_OK);
    assert_int_equal(fake.cfg[1] & DRAIN, 0);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_NOT_ARMED);
    fw_arm_vf(0, 2);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_OK);
}

static void sixteen_fences_and_no_more(void **state) {
    struct weir_get_events_rsp ev;
    unsigned got = 0;
    (void)state;
    world();
    while (fw_events().count != 0) {
    }
    fake.hold_fences = true;
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 1, .token = i), WEIR_OK);
    }
    // The hardware would hold the bus, and core 0 with it, until its watchdog bites.
    assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 1, .token = 16), WEIR_RATE_LIMITED);
    assert_int_equal(fw_move(0, 0, 1, WEIR_MOVE_FENCE), WEIR_RATE_LIMITED);
    assert_int_equal(vport_of(0), 0);
    assert_int_equal(fw_move(0, 0, 1, 0), WEIR_OK);
    fake_release_fences();
    fake.hold_fences = false;
    fw_run();
    assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 1, .token = 16), WEIR_OK);
    do {
        ev = fw_events();
        for (unsigned i = 0; i < ev.count; i++) {
            assert_int_equal(ev.event[i].b, got++); // in order, each once
        }
    } while (ev.count != 0);
    assert_int_equal(got, 17);
    assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 4, .token = 0), WEIR_NOT_FOUND);
}

// A fence the FLR of its function overtakes ends with a reason, the reset ends too, and the next fence is a good one.
static void fence_under_a_reset_ends_with_a_reason(void **state) {
    struct weir_get_events_rsp ev;
    unsigned ends = 0;
    (void)state;
    world();
    while (fw_events().count != 0) {
    }
    fake.hold_fences = true;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 1, .token = 100 + i), WEIR_OK);
    }
    fake_flr(1);
    fw_run();
    fake.hold_fences = false;
    fake_release_fences();
    fw_run();
    assert_false(fake.flr[1]);
    do {
        ev = fw_events();
        for (unsigned i = 0; i < ev.count; i++) {
            if (ev.event[i].kind == WEIR_FW_EVENT_FENCE_DONE) {
                assert_int_equal(ev.event[i].b, 100 + ends++);
                assert_int_not_equal(ev.event[i].c, 0); // no guest may take it for a fence that came
            }
        }
    } while (ev.count != 0);
    assert_int_equal(ends, 3);
    fw_arm_vf(0, 2);
    assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 1, .token = 7), WEIR_OK);
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].b, 7);
    assert_int_equal(ev.event[0].c, 0);
}

static void flood_membership(void **state) {
    (void)state;
    world();
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 2), WEIR_INVALID_PARAMETER);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 4, .member = 1), WEIR_NOT_FOUND);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 1), WEIR_OK);
    assert_true(fake.flood[1]);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 0), WEIR_OK);
    assert_false(fake.flood[1]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rule_3_10_one_command_moves_all_of_it),
    cmocka_unit_test(rule_3_11_source_must_hold_the_filter),
    cmocka_unit_test(rule_4_11_not_armed),
    cmocka_unit_test(rule_2_6_deactivated_destination),
    cmocka_unit_test(moves_do_not_turn_round_too_soon),
    cmocka_unit_test(rule_7_13_surprise_drains_before_it_moves),
    cmocka_unit_test(sixteen_fences_and_no_more),
    cmocka_unit_test(fence_under_a_reset_ends_with_a_reason),
    cmocka_unit_test(flood_membership),
};
UNIT_MAIN(tests)
