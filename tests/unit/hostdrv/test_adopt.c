// SPDX-License-Identifier: Apache-2.0
// What a parent finds in the card from the one before (hostdrv/vstack/adopt.c): guests come for their own VFs, with all
// they had; the rest is taken back.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "vstack_rig.h"

#define RING 65536u
enum { PORT = 1, FILTER = 32 * PORT, SOURCE = FILTER + 16, OTHER = 64 };

static void had(uint32_t id, unsigned vport, unsigned mode, uint8_t last) {
    fake_pf.filter[fake_pf.num_filters++] = (struct weir_get_filter_rsp){
        .filter = id, .vport = (uint16_t)vport, .mode = (uint8_t)mode, .mac = {0x02, 0, 0, 0, 1, last}};
}

// Guest "1" on VF 0 with two addresses, guest "2" on VF 1; VF 2 in the middle of something; a filter of a guest that
// was on the synthetic path.
static int find(void **state) {
    struct weir_vstack_config cfg = {.max_guests = 8, .num_vports = 5};
    char err[128];
    (void)state;
    memset(&t, 0, sizeof(t));
    fake_pf_reset();
    fake_pf.taken_over = true;
    fake_pf.vfs = 7;
    had(0, 0, WEIR_FILTER_ANY_VLAN, 77);
    had(FILTER + 1, 1, WEIR_FILTER_ANY_VLAN, 99);
    had(FILTER, 1, WEIR_FILTER_ANY_VLAN, 0);
    had(SOURCE + 1, 1, WEIR_FILTER_SOURCE, 99);
    had(OTHER, 2, WEIR_FILTER_ANY_VLAN, 1);
    assert_int_equal(weir_vstack_open(&fake_pf, &cfg, &t.vs, err, sizeof(err)), 0);
    expect_pf("clear 0;");
    for (unsigned i = 0; i < GUESTS; i++) {
        t.area[i] = malloc(WEIR_CHANNEL_BYTES(RING));
        assert_int_equal(weir_channel_init(t.area[i], WEIR_CHANNEL_BYTES(RING)), 0);
        assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_GUEST, &t.guest[i]), 0);
        assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_HOST, &t.host[i]), 0);
    }
    return 0;
}

static struct weir_vstack_guest_config wants(unsigned i, const char *name, uint8_t last) {
    struct weir_vstack_guest_config gc = {.mac = {0x02, 0, 0, 0, 1, last}, .channel = t.host[i]};
    weir_policy_default(&gc.policy);
    gc.policy.learn = true;
    gc.policy.max_mac = 2;
    strcpy(gc.name, name);
    return gc;
}

static void the_card_says_what_there_is(void **state) {
    struct weir_vstack_left l;
    (void)state;
    assert_true(weir_vstack_left(t.vs, 0, &l) && l.whole);
    assert_string_equal(l.name, "1");
    assert_true(weir_vstack_left(t.vs, 1, &l) && l.whole);
    assert_true(weir_vstack_left(t.vs, 2, &l) && !l.whole);
    assert_false(weir_vstack_left(t.vs, 3, &l));
}

static void a_guest_comes_for_its_own_only(void **state) {
    struct weir_vstack_guest_config gc = wants(0, "2", 0);
    struct weir_vstack_left l;
    uint32_t token = 0;
    (void)state;
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 0, &token), -EACCES); // another's name
    gc = wants(0, "1", 5);
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 0, &token), -EACCES); // another address
    gc = wants(0, "3", 2);
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 2, &token), -EACCES); // not whole
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 9, &token), -EACCES);
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 1000, &token), -EACCES);
    fake_pf.armed = false;
    gc = wants(0, "1", 0);
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 0, &token), -ENODEV); // reset since
    fake_pf.armed = true;
    gc.policy.max_mac = 1;
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 0, &token), -EBUSY); // more addresses than it may have
    assert_true(weir_vstack_left(t.vs, 0, &l));
    assert_int_equal(token, 0);
}

// Attached with its addresses, policy and filters; and from there it goes like any other.
static void its_vf_goes_on(void **state) {
    struct weir_vstack_guest_config gc = wants(0, "1", 0);
    struct weir_vstack_left l;
    uint32_t token = 0;
    int number;
    (void)state;
    number = weir_vstack_guest_adopt(t.vs, &gc, 0, &token);
    assert_true(number >= 0 && token != 0);
    expect_pf("flags 1 1;vlan 1 any;rate fn 1 0;weight fn 1 qp 0 1;");
    expect_guest(0, "up");
    expect_state((unsigned)number, WEIR_VSTACK_ATTACHED);
    assert_int_equal(weir_vstack_vf(t.vs, (unsigned)number), 0);
    assert_int_equal(weir_vstack_vport(t.vs, (unsigned)number), 1);
    assert_int_equal(weir_vstack_port(t.vs, (unsigned)number), PORT);
    assert_int_equal(last()->why, WEIR_WHY_PARENT_BACK);
    assert_true(last()->to_vf && last()->status == 0);
    assert_false(weir_vstack_left(t.vs, 0, &l));
    assert_int_equal(weir_vstack_detach(t.vs, (unsigned)number, WEIR_WHY_DETACH), 0);
    run(1);
    expect_guest(0, "detach");
    guest_switch(0, false, WEIR_WHY_DETACH, token);
    run(1);
    expect_pf("move 32 from 1 to 0 flood;move 33 from 1 to 0;fence 1;");
    expect_guest(0, "syn=0");
    t.token = token;
    guest_released(0, 0, 0);
    poll_idle(4);
    expect_pf("clear 49;delete 1;reset 0;free 0;");
    expect_state((unsigned)number, WEIR_VSTACK_DETACHED);
}

// The card falls while it is asked whether the VF still runs: the guest has it until the card says otherwise.
static void a_card_that_falls_is_asked_again(void **state) {
    struct weir_vstack_guest_config gc = wants(0, "1", 0);
    uint32_t token = 0;
    int number;
    (void)state;
    fake_pf_fail("look", -ECANCELED, 2);
    number = weir_vstack_guest_adopt(t.vs, &gc, 0, &token);
    assert_true(number >= 0);
    run(200);
    run(200);
    assert_int_equal(fake_pf.fail.times, 0);
    expect_state((unsigned)number, WEIR_VSTACK_ATTACHED);
    gc = wants(1, "2", 1);
    fake_pf_fail("look", -ECANCELED, 2);
    number = weir_vstack_guest_adopt(t.vs, &gc, 1, &token);
    assert_true(number >= 0);
    fake_pf.armed = false;
    run(1);
    expect_state((unsigned)number, WEIR_VSTACK_ATTACHED);
    run(200);
    run(200);
    expect_state((unsigned)number, WEIR_VSTACK_REVOKED);
}

// Its port is kept for it, and its vPort.
static void others_take_nothing_of_it(void **state) {
    struct weir_vstack_guest_config gc = wants(0, "x", 50);
    int number = weir_vstack_guest_add(t.vs, &gc), second;
    (void)state;
    assert_int_equal(weir_vstack_port(t.vs, (unsigned)number), 0);
    gc = wants(1, "y", 51);
    second = weir_vstack_guest_add(t.vs, &gc);
    assert_int_equal(weir_vstack_port(t.vs, (unsigned)second), 3);
    fake_pf.log[0] = '\0';
    assert_int_equal(weir_vstack_attach(t.vs, (unsigned)number), 0);
    expect_pf("alloc 3;vport 4 vf 3;");
}

static void what_nobody_comes_for_is_taken_back(void **state) {
    struct weir_vstack_left l;
    struct weir_vstack_guest_config gc = wants(0, "x", 50);
    (void)state;
    assert_int_equal(weir_vstack_left_drop(t.vs, 0), 0);
    expect_pf("clear 33;clear 32;clear 49;reset 0;delete 1;free 0;");
    assert_false(weir_vstack_left(t.vs, 0, &l));
    assert_true(last()->surprise && last()->why == WEIR_WHY_LEFT_BEHIND && last()->status == 0);
    assert_string_equal(last()->name, "1");
    assert_int_equal(last()->guest, UINT32_MAX); // none of this parent's
    (void)weir_vstack_guest_add(t.vs, &gc);
    gc = wants(1, "y", 51);
    assert_int_equal(weir_vstack_port(t.vs, (unsigned)weir_vstack_guest_add(t.vs, &gc)), PORT);
}

// In the other direction: who is attached stays, who is not goes.
static void a_parent_that_leaves_takes_no_vf(void **state) {
    struct weir_vstack_guest_config gc = wants(0, "1", 0);
    uint32_t token;
    (void)state;
    assert_true(weir_vstack_guest_adopt(t.vs, &gc, 0, &token) >= 0);
    gc = wants(1, "y", 51);
    assert_true(weir_vstack_guest_add(t.vs, &gc) >= 0);
    assert_int_equal(weir_vstack_left_drop(t.vs, 2), 0);
    fake_pf.log[0] = '\0';
    assert_int_equal(weir_vstack_leave(t.vs), 2); // and VF 1, whose guest may come to the next
    t.vs = NULL;
    expect_pf("clear 0;");
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, find, teardown)
static const struct CMUnitTest tests[] = {
    CASE(the_card_says_what_there_is),
    CASE(a_guest_comes_for_its_own_only),
    CASE(its_vf_goes_on),
    CASE(a_card_that_falls_is_asked_again),
    CASE(others_take_nothing_of_it),
    CASE(what_nobody_comes_for_is_taken_back),
    CASE(a_parent_that_leaves_takes_no_vf),
};
UNIT_MAIN(tests)
