// SPDX-License-Identifier: Apache-2.0
// VFs of clients outside (hostdrv/vstack/give.c): what the card is told and in which order, that nobody else gets the
// address, and what a parent finds of the one before.
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "vstack_rig.h"

static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 50};

static struct weir_vstack_guest_config outside(void) {
    struct weir_vstack_guest_config gc = {.name = "vm"};
    memcpy(gc.mac, mac, 6);
    weir_policy_default(&gc.policy);
    return gc;
}

static int give(void) {
    const struct weir_vstack_guest_config gc = outside();
    return weir_vstack_give(t.vs, &gc);
}

// Whole before a frame can come, and nothing more comes before it ends.
static void its_filter_is_last_and_first(void **state) {
    struct weir_vstack_given g;
    unsigned departed;
    (void)state;
    assert_int_equal(give(), 0);
    expect_pf("alloc 0;vport 1 vf 0;flood 1;filter 8192 on 1 mode 0;");
    assert_true(last()->to_vf && last()->outside && last()->status == 0 && last()->why == WEIR_WHY_GIVEN);
    assert_true(weir_vstack_given(t.vs, 0, &g) && g.vport == 1 && g.number == last()->guest);
    assert_string_equal(g.name, "vm");
    assert_false(weir_vstack_given(t.vs, 1, &g));
    assert_false(weir_vstack_given(t.vs, WEIR_NUM_VFS, &g));
    fake_pf.counter[WEIR_VPORT_CNT_RX_FRAMES] = 7;
    fake_pf.counter[WEIR_VPORT_CNT_TX_FRAMES] = 5;
    assert_int_equal(weir_vstack_take(t.vs, 0, WEIR_WHY_DETACH), 0);
    expect_pf("clear 8192;reset 0;delete 1;free 0;");
    assert_true(!last()->to_vf && last()->outside && last()->surprise && last()->why == WEIR_WHY_DETACH);
    assert_true(last()->rx_delivered == 7 && last()->tx_entered == 5 && !last()->guest_told);
    assert_int_equal(weir_vstack_departed(t.vs, &departed)->vf[WEIR_VPORT_CNT_RX_FRAMES], 7);
    assert_int_equal(departed, 1);
    assert_int_equal(weir_vstack_take(t.vs, 0, WEIR_WHY_DETACH), -ENOENT);
    assert_int_equal(give(), 0); // and once more, the address being free again
    expect_pf("alloc 0;vport 2 vf 0;flood 2;filter 8192 on 2 mode 0;");
}

// Whatever the card refuses, nothing is left behind: the same try goes through afterwards.
static void a_card_that_refuses_keeps_nothing(void **state) {
    static const struct {
        const char *command, *log;
    } no[] = {{"alloc", "alloc refused;"},
              {"vport", "alloc 0;vport refused;free 0;"},
              {"flood", "alloc 0;vport 2 vf 0;flood refused;delete 2;free 0;"},
              {"filter", "alloc 0;vport 3 vf 0;flood 3;filter refused;delete 3;free 0;"}};
    struct weir_vstack_given g;
    (void)state;
    for (unsigned i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        fake_pf_fail(no[i].command, -ENOSPC, 1);
        assert_int_equal(give(), -ENOSPC);
        expect_pf(no[i].log);
        assert_false(weir_vstack_given(t.vs, 0, &g));
    }
    assert_int_equal(give(), 0);
}

// Nothing that failed is done twice, and the VF is nobody else's meanwhile.
static void a_take_that_fails_goes_on(void **state) {
    struct weir_vstack_given g;
    (void)state;
    assert_int_equal(give(), 0);
    fake_pf.log[0] = '\0';
    fake_pf_fail("delete", -ETIMEDOUT, 1);
    assert_int_equal(weir_vstack_take(t.vs, 0, WEIR_WHY_DETACH), -ETIMEDOUT);
    expect_pf("clear 8192;reset 0;delete refused;");
    assert_int_equal(last()->status, -ETIMEDOUT);
    assert_true(weir_vstack_given(t.vs, 0, &g));
    assert_int_equal(weir_vstack_take(t.vs, 0, WEIR_WHY_DETACH), 0);
    expect_pf("delete 1;free 0;");
    assert_false(weir_vstack_given(t.vs, 0, &g));
}

// No guest joins with it or learns it, and it cannot be given twice; nor a guest's.
static void an_address_has_one_owner(void **state) {
    struct weir_vstack_guest_config gc = outside(), guest = {.name = "x", .channel = t.host[0]};
    (void)state;
    assert_int_equal(give(), 0);
    assert_int_equal(give(), -EEXIST);
    weir_vstack_guest_remove(t.vs, 0);
    poll_idle(2);
    memcpy(guest.mac, mac, 6);
    assert_int_equal(weir_vstack_guest_add(t.vs, &guest), -EEXIST);
    gc.mac[5] = 1; // of guest 1
    assert_int_equal(weir_vstack_give(t.vs, &gc), -EEXIST);
    gc.mac[0] = 1;
    assert_int_equal(weir_vstack_give(t.vs, &gc), -EINVAL);
    assert_int_equal(weir_vstack_take(t.vs, 0, WEIR_WHY_DETACH), 0);
    assert_true(weir_vstack_guest_add(t.vs, &guest) >= 0);
}

// A guest that may learn addresses asks the card for none that is somebody's outside, and what comes for it by the
// wrong path is counted.
static void nobody_learns_it(void **state) {
    struct weir_policy p;
    (void)state;
    weir_policy_default(&p);
    p.learn = true;
    p.max_mac = 4;
    assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), 0);
    expect_guest(0, "up");
    assert_int_equal(give(), 0);
    fake_pf.log[0] = '\0';
    {
        uint8_t frame[64];
        const struct weir_msg_tx_frame m = {.version = WEIR_MSG_VERSION};
        fake_frame(frame, peer, mac, 1);
        assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), frame, sizeof(frame), 0), 0);
    }
    run(100);
    expect_pf("");
    assert_int_equal(weir_netvsp_port_stats(weir_vstack_netvsp(t.vs), 0)->tx_drop_spoof, 1);
    fake_rx(&fake_pf.qp[0], mac, peer, 1, (struct weir_rx_info){.len = 64, .redirect = true});
    run(100);
    assert_int_equal(weir_netvsp_stats(weir_vstack_netvsp(t.vs))->rx_unknown, 1);
}

static bool is_unfit(const struct weir_policy *p, const char *key) {
    const char *unfit = weir_vstack_give_unfit(p);
    return unfit != NULL && strcmp(unfit, key) == 0;
}

// What cannot hold is refused, when it is given and when it is changed; the rest holds at once.
static void its_policy_holds(void **state) {
    struct weir_vstack_guest_config gc = outside();
    struct weir_policy p = gc.policy;
    (void)state;
    gc.policy.weight = 2;
    assert_true(is_unfit(&gc.policy, "weight"));
    assert_int_equal(weir_vstack_give(t.vs, &gc), -EINVAL);
    gc.policy.weight = 1;
    gc.policy.link = WEIR_LINK_DOWN;
    assert_true(is_unfit(&gc.policy, "link"));
    assert_int_equal(weir_vstack_give(t.vs, &gc), -EINVAL);
    gc.policy = p;
    gc.policy.vf = WEIR_VF_NEVER;
    assert_true(is_unfit(&gc.policy, "vf"));
    gc.policy = p;
    gc.policy.rate_mbps = 100;
    gc.policy.spoofchk = false;
    assert_null(weir_vstack_give_unfit(&gc.policy));
    assert_int_equal(weir_vstack_give(t.vs, &gc), 0);
    expect_pf("alloc 0;vport 1 vf 0 unchecked;rate fn 1 100;flood 1;filter 8192 on 1 mode 0;");
    assert_int_equal(weir_vstack_given_set(t.vs, 0, &p), 0);
    expect_pf("flags 1 1;rate fn 1 0;");
    p.weight = 3;
    assert_int_equal(weir_vstack_given_set(t.vs, 0, &p), -EINVAL);
    assert_int_equal(weir_vstack_given_policy(t.vs, 0)->weight, 1);
    p.weight = 1;
    p.rate_mbps = 5;
    fake_pf_fail("rate", -EIO, 1);
    assert_int_equal(weir_vstack_given_set(t.vs, 0, &p), -EIO);
    assert_int_equal(weir_vstack_given_policy(t.vs, 0)->rate_mbps, 0);
    assert_int_equal(weir_vstack_given_set(t.vs, 1, &p), -ENOENT);
}

// Flooded copies of a given VF's vPort that were drained back are not for the guest that had the id before it.
static void a_vport_is_used_again(void **state) {
    struct weir_vstack_given g;
    uint64_t before;
    (void)state;
    to_attached(0);
    assert_int_equal(weir_vstack_vport(t.vs, 0), 1);
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
    run(10000);
    expect_state(0, WEIR_VSTACK_DETACHED);
    for (unsigned i = 0; i < 3; i++) { // ids go round: 2, 3, 1
        if (i != 0)
            assert_int_equal(weir_vstack_take(t.vs, 0, WEIR_WHY_DETACH), 0);
        assert_int_equal(give(), 0);
    }
    assert_true(weir_vstack_given(t.vs, 0, &g) && g.vport == 1);
    before = weir_netvsp_port_stats(weir_vstack_netvsp(t.vs), 0)->rx_frames;
    fake_rx(&fake_pf.qp[0], (const uint8_t[6]){255, 255, 255, 255, 255, 255}, peer, 1,
            (struct weir_rx_info){.len = 64, .mcast = true, .redirect = true, .src_vport = 1});
    run(100);
    assert_int_equal(weir_netvsp_port_stats(weir_vstack_netvsp(t.vs), 0)->rx_frames, before);
    assert_int_equal(weir_netvsp_stats(weir_vstack_netvsp(t.vs))->rx_redirect_stray, 1);
}

// ---- from parent to parent ----

// The card has VF 0 on vPort 1 under the name "1", whose filter has an id of given ones.
static void reopen(void) {
    struct weir_vstack_config cfg = {.max_guests = 8, .num_vports = 5};
    char err[128];
    weir_vstack_close(t.vs);
    fake_pf_reset();
    fake_pf.taken_over = true;
    fake_pf.armed = false; // its client is not there now
    fake_pf.vfs = 1;
    fake_pf.filter[fake_pf.num_filters++] = (struct weir_get_filter_rsp){
        .filter = 8192, .vport = 1, .mode = WEIR_FILTER_ANY_VLAN, .mac = {0x02, 0, 0, 0, 1, 0}};
    assert_int_equal(weir_vstack_open(&fake_pf, &cfg, &t.vs, err, sizeof(err)), 0);
}

static void it_outlives_its_parent(void **state) {
    struct weir_vstack_guest_config gc = outside();
    struct weir_vstack_left l;
    struct weir_vstack_given g;
    uint32_t token;
    (void)state;
    reopen();
    assert_true(weir_vstack_left(t.vs, 0, &l) && l.given && l.whole);
    strcpy(gc.name, "1");
    assert_int_equal(weir_vstack_given_keep(t.vs, &gc, 0), -EACCES); // another address
    gc.mac[5] = 0;
    gc.channel = t.host[0];
    assert_int_equal(weir_vstack_guest_adopt(t.vs, &gc, 0, &token), -EACCES); // no guest was on it
    strcpy(gc.name, "2");
    assert_int_equal(weir_vstack_given_keep(t.vs, &gc, 0), -EACCES);
    strcpy(gc.name, "1");
    fake_pf_fail("vlan", -EIO, 1);
    fake_pf.log[0] = '\0';
    assert_int_equal(weir_vstack_given_keep(t.vs, &gc, 0), -EIO);
    assert_true(weir_vstack_left(t.vs, 0, &l));
    fake_pf.log[0] = '\0';
    assert_int_equal(weir_vstack_given_keep(t.vs, &gc, 0), 0);
    expect_pf("flags 1 1;vlan 1 any;rate fn 1 0;");
    assert_false(weir_vstack_left(t.vs, 0, &l));
    assert_true(weir_vstack_given(t.vs, 0, &g) && g.vport == 1);
    assert_true(last()->outside && last()->to_vf && last()->why == WEIR_WHY_PARENT_BACK);
    fake_pf.log[0] = '\0';
    assert_int_equal(weir_vstack_leave(t.vs), 1); // and to the next
    t.vs = NULL;
    expect_pf("");
}

static void a_parent_that_closes_takes_it_back(void **state) {
    (void)state;
    assert_int_equal(give(), 0);
    fake_pf.log[0] = '\0';
    weir_vstack_close(t.vs);
    t.vs = NULL;
    assert_non_null(strstr(fake_pf.log, "clear 8192;reset 0;delete 1;free 0;"));
}

// A card that lost the filter in a restart of its core: the VF is not his any more.
static void what_the_card_forgot_is_taken_back(void **state) {
    struct weir_vstack_given g;
    (void)state;
    assert_int_equal(give(), 0);
    fake_pf.armed = false; // its own affair
    fake_pf_event(WEIR_FW_EVENT_CORE_RESTART, 0, 1, 0);
    run(100);
    assert_true(weir_vstack_given(t.vs, 0, &g));
    fake_pf.forgot = true;
    fake_pf_fail("look", -ECANCELED, 1); // the card falls again under the question
    fake_pf_event(WEIR_FW_EVENT_CORE_RESTART, 0, 1, 0);
    run(1);
    assert_true(weir_vstack_given(t.vs, 0, &g));
    run(200);
    assert_false(weir_vstack_given(t.vs, 0, &g));
    assert_int_equal(last()->why, WEIR_WHY_CARD_FAILED);
}

static const struct CMUnitTest tests[] = {
    CASE(its_filter_is_last_and_first),
    CASE(a_card_that_refuses_keeps_nothing),
    CASE(a_take_that_fails_goes_on),
    CASE(an_address_has_one_owner),
    CASE(nobody_learns_it),
    CASE(its_policy_holds),
    CASE(a_vport_is_used_again),
    CASE(it_outlives_its_parent),
    CASE(a_parent_that_closes_takes_it_back),
    CASE(what_the_card_forgot_is_taken_back),
};
UNIT_MAIN(tests)
