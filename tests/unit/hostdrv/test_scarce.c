// SPDX-License-Identifier: Apache-2.0
// Who may have a VF: what a guest's policy, the reserve and the administrator say, and that the guest is told. And the
// stack as share.h's hand: it gives and takes as the rule says, by planned hand-overs.
#include <errno.h>

#include "unit.h"
#include "vstack_rig.h"

static void vf_policy(unsigned guest, enum weir_vf_policy vf, int want) {
    struct weir_policy p = *weir_vstack_guest_policy(t.vs, guest);
    p.vf = (uint8_t)vf;
    assert_int_equal(weir_vstack_guest_set(t.vs, guest, &p), want);
}

static void expect_why(unsigned guest, enum weir_why why) {
    assert_string_equal(weir_why_name(weir_vstack_why(t.vs, guest)), weir_why_name(why));
}

// Down the planned way, the guest helping.
static void leave(unsigned i) {
    run(1);
    expect_guest(i, "detach");
    guest_switch(i, false, WEIR_WHY_SHARED, t.token);
    run(1);
    expect_guest(i, "syn=0");
    guest_released(i, 0, 0);
    poll_idle(6);
    expect_state(i, WEIR_VSTACK_DETACHED);
}

static void a_policy_may_forbid_a_vf(void **state) {
    (void)state;
    vf_policy(0, WEIR_VF_NEVER, 0);
    expect_guest(0, "up");
    expect_why(0, WEIR_WHY_POLICY);
    assert_int_equal(weir_vstack_attach(t.vs, 0), -EPERM);
    expect_pf("");
    expect_guest(0, "up"); // and is told why
    assert_true(last()->to_vf && last()->status == -EPERM && last()->why == WEIR_WHY_POLICY);
    vf_policy(0, WEIR_VF_AUTO, 0);
    expect_why(0, WEIR_WHY_NOT_OFFERED);
    expect_guest(0, "up");
    to_attached(0);
}

// A rule that comes later takes the VF, and loses nothing.
static void a_policy_set_later_takes_the_vf(void **state) {
    (void)state;
    to_attached(0);
    vf_policy(0, WEIR_VF_NEVER, 0);
    run(1);
    expect_guest(0, "up detach");
    guest_switch(0, false, WEIR_WHY_POLICY, t.token);
    run(1);
    expect_guest(0, "syn=0");
    guest_released(0, 0, 0);
    poll_idle(6);
    expect_state(0, WEIR_VSTACK_DETACHED);
    expect_why(0, WEIR_WHY_POLICY);
    assert_true(!last()->surprise && last()->why == WEIR_WHY_POLICY);
    // One that is only offered carries nothing yet.
    vf_policy(0, WEIR_VF_AUTO, 0);
    expect_guest(0, "up");
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    vf_policy(0, WEIR_VF_NEVER, 0);
    run(1);
    expect_guest(0, "fn1 up revoked");
}

static void the_reserve_refuses_with_its_reason(void **state) {
    struct weir_vstack_share s = {.reserve = 2};
    (void)state;
    assert_int_equal(weir_vstack_free_vfs(t.vs), 3);
    assert_int_equal(weir_vstack_share_set(t.vs, &s), 0);
    to_attached(0);
    assert_int_equal(weir_vstack_free_vfs(t.vs), 2);
    assert_int_equal(weir_vstack_attach(t.vs, 1), -EDQUOT);
    expect_pf("");
    expect_guest(1, "up");
    expect_why(1, WEIR_WHY_RESERVE);
    assert_true(last()->status == -EDQUOT && last()->why == WEIR_WHY_RESERVE);
    s.reserve = 1;
    assert_int_equal(weir_vstack_share_set(t.vs, &s), 0);
    to_attached(1);
    s.reserve = 4;
    assert_int_equal(weir_vstack_share_set(t.vs, &s), -EINVAL);
    assert_int_equal(weir_vstack_share(t.vs).reserve, 1);
}

static void frames(unsigned i, unsigned n) {
    while (n-- != 0) {
        guest_frame(i);
        run(10);
        fake_complete(&fake_pf.qp[0], 1);
        fake_complete(&fake_pf.qp[1], 1);
    }
}

#define LOOK 1000u

static void share_on(unsigned reserve) {
    const struct weir_vstack_share s = {
        .on = true, .reserve = reserve, .look_us = LOOK, .hold_us = 2 * LOOK, .turn_us = 1000 * LOOK, .busy = 1000};
    assert_int_equal(weir_vstack_share_set(t.vs, &s), 0);
}

// Guest 0 sends, and is offered a VF; then guest 1 does, and guest 0 is asked to leave.
static void vfs_go_where_the_load_is(void **state) {
    (void)state;
    share_on(2); // one VF for two guests
    run(3 * LOOK);
    expect_state(0, WEIR_VSTACK_DETACHED);
    for (unsigned k = 0; k < 6; k++) {
        frames(0, 20);
        run(LOOK);
    }
    expect_state(0, WEIR_VSTACK_OFFERED);
    expect_guest(0, "fn1");
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    fences();
    expect_state(0, WEIR_VSTACK_ATTACHED);
    expect_guest(0, "vf=0 fence");
    for (unsigned k = 0; k < 12 && weir_vstack_state(t.vs, 0) == WEIR_VSTACK_ATTACHED; k++) {
        frames(1, 20);
        run(LOOK);
    }
    leave(0);
    expect_why(0, WEIR_WHY_SHARED);
    for (unsigned k = 0; k < 6 && weir_vstack_state(t.vs, 1) == WEIR_VSTACK_DETACHED; k++) {
        frames(1, 20);
        run(LOOK);
    }
    expect_state(1, WEIR_VSTACK_OFFERED);
    assert_true(weir_vstack_free_vfs(t.vs) == 2);
}

// What was done by hand stays until it is released.
static void by_hand_comes_first(void **state) {
    struct weir_vstack_claim c;
    (void)state;
    share_on(2);
    to_attached(0);
    assert_int_equal(weir_vstack_pin(t.vs, 0, WEIR_VSTACK_PIN_VF), 0);
    for (unsigned k = 0; k < 20; k++) {
        frames(1, 20);
        run(LOOK);
    }
    expect_state(0, WEIR_VSTACK_ATTACHED);
    expect_guest(0, "");
    assert_int_equal(weir_vstack_claim(t.vs, 1, &c), 0);
    assert_true(c.load >= 1000 && c.waits_us != 0 && c.pin == WEIR_VSTACK_PIN_NONE);
    assert_int_equal(weir_vstack_pin(t.vs, 1, WEIR_VSTACK_PIN_SYNTHETIC), 0);
    assert_int_equal(weir_vstack_pin(t.vs, 0, WEIR_VSTACK_PIN_NONE), 0);
    for (unsigned k = 0; k < 20; k++) {
        frames(1, 20);
        run(LOOK);
    }
    expect_state(0, WEIR_VSTACK_ATTACHED); // who is kept off waits for nothing
    assert_int_equal(weir_vstack_claim(t.vs, 1, &c), 0);
    assert_true(c.by_hand && c.pin == WEIR_VSTACK_PIN_SYNTHETIC && c.waits_us == 0);
    assert_int_equal(weir_vstack_pin(t.vs, 99, WEIR_VSTACK_PIN_NONE), -ENOENT);
}

static const struct CMUnitTest tests[] = {
    CASE(a_policy_may_forbid_a_vf),
    CASE(a_policy_set_later_takes_the_vf),
    CASE(the_reserve_refuses_with_its_reason),
    CASE(vfs_go_where_the_load_is),
    CASE(by_hand_comes_first),
};
UNIT_MAIN(tests)
