// SPDX-License-Identifier: Apache-2.0
// Taking the switch apart: DELETE_VPORT (rules 2.17, 7.8) also when something is stuck, and the order of rules 9.11.
#include "unit.h"

#include "fw.h"

#define ENABLE 1u
#define CHECK_SRC 2u
#define DRAIN 4u
#define IS_VF 8u
#define NO_VF WEIR_VPORT_NO_VF

static int delete_vport(unsigned vport) {
    return FW(0, DELETE_VPORT, weir_vport_req, .vport = (uint16_t)vport);
}

static void rule_2_17_deletion(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 4, 16, 1);
    fw_vf_up(0, 1, 2);
    assert_int_equal(delete_vport(2), WEIR_NOT_FOUND);
    assert_int_equal(fw_filter(100, 1, fw_mac(100)), WEIR_OK);
    assert_int_equal(delete_vport(1), WEIR_IN_USE); // rules 3.9
    assert_int_equal(fake.cfg[1], ENABLE | CHECK_SRC | IS_VF);
    assert_int_equal(FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 100), WEIR_OK);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 1), WEIR_OK);
    assert_int_equal(delete_vport(1), WEIR_OK);
    assert_int_equal(fake.cfg[1], 0);
    assert_int_equal(fake.vport_count[1], 0);
    assert_int_equal(fake.map_count[1], 0);
    assert_false(fake.flood[1]);
    assert_false(fake.qp[1].loaded || fake.qp[2].loaded);
    assert_int_equal(delete_vport(1), WEIR_NOT_FOUND);
    // PF and VF have lost what they could call it.
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_NOT_FOUND);
    assert_int_equal(fw_vport(1, 0, 2), WEIR_OK);
}

// What the model's hook sees while a vPort is deleted.
static unsigned steps, flood_while_draining, drained_with_live_queue;
static void watch_deletion(void) {
    steps++;
    flood_while_draining += (fake.cfg[1] & DRAIN) != 0 && fake.flood[1];
    // The fence, the last command, comes when the queue pairs are at rest: it is written on no ring.
    drained_with_live_queue += (fake.cfg[1] & DRAIN) != 0 && fake.qp[1].loaded;
}

static void rule_2_17_deletion_waits_for_stragglers(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    fw_boot();
    fw_switch(2, 4, 16, 1);
    fw_vf_up(0, 1, 1);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 1), WEIR_OK);
    fake.filter_hook = watch_deletion;
    fake.hold_fences = true; // a copy is stuck in front of the fence
    assert_int_equal(delete_vport(1), WEIR_TIMEOUT);
    assert_int_equal(fake.cfg[1] & DRAIN, DRAIN);
    assert_int_equal(fake.vport_count[1], 1);
    assert_int_equal(fw_vport(2, NO_VF, 8), WEIR_OK);
    assert_int_equal(fw_vport(1, NO_VF, 1), WEIR_ALREADY_EXISTS); // neither id nor queue pairs are free yet
    assert_false(fake_in_vport(2, fake.vport_base[1]));
    fake.hold_fences = false;
    fake_release_fences();
    assert_int_equal(delete_vport(1), WEIR_OK);
    assert_int_equal(fake.cfg[1], 0);
    assert_true(steps >= 3);
    assert_int_equal(flood_while_draining, 0);
    assert_int_equal(drained_with_live_queue, 0);
    // Fences of the firmware's own are nobody's events: only VF Enable was.
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_VF_ENABLE);
}

static void a_vport_half_deleted_stays_so(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 4, 16, 1);
    fw_vf_up(0, 1, 1);
    fake.hold_fences = true;
    assert_int_equal(delete_vport(1), WEIR_TIMEOUT);
    fake_flr(1); // its end brings the VF's vPort up again, but not this one
    fw_run();
    assert_int_equal(fake.cfg[1] & DRAIN, DRAIN);
    assert_int_equal(fw_hello(1), WEIR_OK);
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_NOT_FOUND);
    assert_int_equal(fw_filter(1, 1, fw_mac(1)), WEIR_WRONG_STATE);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = 1, .member = 1), WEIR_WRONG_STATE);
    fake.hold_fences = false;
    fake_release_fences();
    assert_int_equal(delete_vport(1), WEIR_OK);
    fw_vf_up(1, 1, 1);
}

static void fence_events_reach_the_pf_around_a_deletion(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    fw_boot();
    fw_switch(2, 4, 16, 1);
    fw_vf_up(0, 1, 1);
    (void)fw_events();
    fake.hold_fences = true;
    assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 1, .token = 0xABCD), WEIR_OK);
    assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 0, .token = 0x1234), WEIR_OK);
    assert_int_equal(delete_vport(1), WEIR_TIMEOUT);
    fake_release_fences();
    fake.hold_fences = false;
    assert_int_equal(delete_vport(1), WEIR_OK);
    ev = fw_events();
    assert_int_equal(ev.count, 2);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_FENCE_DONE);
    assert_int_equal(ev.event[0].a, 1);
    assert_int_equal(ev.event[0].b, 0xABCD);
    assert_int_equal(ev.event[1].b, 0x1234);
}

static void deletion_goes_on_after_core_1_failed(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 4, 16, 1);
    fw_vf_up(0, 1, 1);
    fake.core1_dead = true;
    fake.tick = 1000;
    assert_int_equal(delete_vport(1), WEIR_TIMEOUT);
    // The doorbells are still mapped, so the vPort must still be there.
    assert_int_equal(fake.map_count[1], 1);
    assert_int_equal(fake.vport_count[1], 1);
    fake.core1_dead = false;
    fake.tick = 4;
    fw_run();
    assert_int_equal(delete_vport(1), WEIR_OK);
    assert_int_equal(fake.map_count[1], 0);
    assert_false(fake.qp[1].loaded);
}

static void rule_9_11_order_of_halt(void **state) {
    (void)state;
    fw_boot();
    fw_switch(1, 4, 16, 1);
    fw_vf_up(0, 1, 1);
    assert_int_equal(fw_filter(1, 0, fw_mac(1)), WEIR_OK);
    assert_int_equal(fw_filter(2, 1, fw_mac(2)), WEIR_OK);
    assert_int_equal(fw_create_qp(0, 0, 0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_IN_USE);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 0), WEIR_IN_USE);
    assert_int_equal(delete_vport(1), WEIR_IN_USE);
    assert_int_equal(FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 2), WEIR_OK);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 0), WEIR_IN_USE);
    assert_int_equal(delete_vport(1), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_IN_USE); // VF 0
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_IN_USE); // filter 1
    assert_int_equal(FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 1), WEIR_OK);
    assert_int_equal(fw_vport(2, NO_VF, 1), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_IN_USE); // vPort 2
    assert_int_equal(delete_vport(2), WEIR_OK);
    assert_true(fake.qp[0].loaded);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_OK);
    assert_false(fake.qp[0].loaded);
    assert_int_equal(fw_call(0, WEIR_CMD_DELETE_SWITCH, NULL, 0, NULL, NULL), WEIR_WRONG_STATE);
    fw_switch(0, 4, 16, 1); // and again
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rule_2_17_deletion),
    cmocka_unit_test(rule_2_17_deletion_waits_for_stragglers),
    cmocka_unit_test(a_vport_half_deleted_stays_so),
    cmocka_unit_test(fence_events_reach_the_pf_around_a_deletion),
    cmocka_unit_test(deletion_goes_on_after_core_1_failed),
    cmocka_unit_test(rule_9_11_order_of_halt),
};
UNIT_MAIN(tests)
