// SPDX-License-Identifier: Apache-2.0
// A guest's policy, addresses and status over every move (threat T28): set before the filter goes, whole or not at all,
// and told.
#include <errno.h>

#include "unit.h"
#include "vstack_rig.h"

// A guest's policy is on its VF's vPort before its filter goes there, and still there when the guest comes back
// (threat T28).
static void a_policy_goes_before_the_filter(void **state) {
    struct weir_policy p;
    (void)state;
    weir_policy_default(&p);
    p.vlan_mode = WEIR_VLAN_PORT;
    p.tci = 42;
    p.spoofchk = false;
    p.trust = true;
    p.rate_mbps = 100;
    p.weight = 5;
    assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), 0);
    expect_pf(""); // on the synthetic path NetVSP keeps it
    expect_guest(0, "up");
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
        expect_guest(0, "fn1");
        expect_pf(round == 0 ? "alloc 0;vport 1 vf 0 unchecked;vlan 1 port 42;rate fn 1 100;"
                             : "alloc 0;vport 2 vf 0 unchecked;vlan 2 port 42;rate fn 1 100;");
        guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
        run(1);
        expect_pf(round == 0 ? "weight fn 1 qp 0 5;move 0 from 0 to 1 flood fence;"
                             : "weight fn 1 qp 0 5;move 0 from 0 to 2 flood fence;");
        fences();
        expect_guest(0, "vf=0 fence");
        assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
        run(1);
        guest_released(0, 0, 0);
        poll_idle(5);
        expect_guest(0, "revoked");
        fake_pf.log[0] = '\0';
        assert_int_equal(weir_vstack_guest_policy(t.vs, 0)->rate_mbps, 100);
    }
    // A card that refuses part of it gives no VF: isolation is not a thing to do without.
    fake_pf_fail("vlan", -ENOSPC, 1);
    assert_int_equal(weir_vstack_attach(t.vs, 0), -ENOSPC);
    expect_pf("alloc 0;vport 3 vf 0 unchecked;vlan refused;delete 3;free 0;");
    expect_state(0, WEIR_VSTACK_DETACHED);
}

static void a_change_reaches_the_vf_or_nobody(void **state) {
    struct weir_policy p;
    (void)state;
    to_attached(0);
    p = *weir_vstack_guest_policy(t.vs, 0);
    p.rate_mbps = 50;
    p.trust = true;
    p.vlan_mode = WEIR_VLAN_TRUNK;
    p.vlan_count = 1;
    p.vlan[0] = (struct weir_vlan_range){3, 9};
    p.link = WEIR_LINK_DOWN;
    p.weight = 2;
    fake_pf_fail("rate", -ETIMEDOUT, 1);
    assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), -ETIMEDOUT);
    expect_pf("flags 1 3;vlan 1 trunk 3-9 of 1;rate refused;flags 1 1;vlan 1 any;rate fn 1 0;weight fn 1 qp 0 1;");
    assert_int_equal(weir_vstack_guest_policy(t.vs, 0)->rate_mbps, 0);
    expect_guest(0, "");
    assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), 0);
    expect_pf("flags 1 3;vlan 1 trunk 3-9 of 1;rate fn 1 50;weight fn 1 qp 0 2;");
    expect_guest(0, "down");
    p.weight = 0;
    assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), -EINVAL);
    expect_pf("");
}

static void a_lost_link_is_told_to_whoever_follows_it(void **state) {
    struct weir_policy p;
    (void)state;
    weir_policy_default(&p);
    p.link = WEIR_LINK_UP;
    assert_int_equal(weir_vstack_guest_set(t.vs, 1, &p), 0);
    expect_guest(1, "up");
    fake_pf_event(WEIR_FW_EVENT_LINK, 0, 0, 0);
    run(1);
    expect_guest(0, "down");
    expect_guest(1, "");
    run(2000000);
    fake_pf_event(WEIR_FW_EVENT_LINK, 1, 0, 0);
    run(1);
    expect_guest(0, "up");
}

// Of a wire that flaps guests hear once, and the last of it two seconds later (rules 10.23).
static void a_flapping_wire_is_told_at_most_every_two_seconds(void **state) {
    (void)state;
    for (unsigned i = 0; i < 11; i++) {
        fake_pf_event(WEIR_FW_EVENT_LINK, i % 2, 0, 0);
        run(1000);
    }
    expect_guest(0, "down"); // the first and the last are the same
    run(3000000);
    expect_guest(0, "");
    fake_pf_event(WEIR_FW_EVENT_LINK, 1, 0, 0);
    run(1);
    expect_guest(0, "up");
    fake_pf_event(WEIR_FW_EVENT_LINK, 0, 0, 0);
    run(1900000);
    expect_guest(0, "");
    run(100000);
    expect_guest(0, "down");
}

// A guest whose frames are refused learns of it within a second, of those on its VF within ten, and after that is gone.
static void a_guest_is_told_what_it_may_not_send(void **state) {
    const uint8_t foreign[6] = {0x02, 0, 0, 0, 9, 9};
    struct weir_msg_tx_frame m = {.version = 1};
    struct weir_msg_status told;
    uint8_t f[64];
    (void)state;
    fake_frame(f, peer, foreign, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    run(999999);
    run(1);
    assert_int_equal(weir_channel_recv(t.guest[0], &told, sizeof(told)), sizeof(told));
    assert_int_equal(told.refused, 3);
    run(1000000);
    assert_int_equal(weir_channel_recv(t.guest[0], &told, sizeof(told)), -EAGAIN); // nothing new
    to_attached(0);
    fake_pf.counter[WEIR_VPORT_CNT_TX_DROP_SRC_MAC] = 2;
    fake_pf.counter[WEIR_VPORT_CNT_TX_DROP_VLAN] = 3;
    fake_pf.counter[WEIR_VPORT_CNT_TX_DROP_CTRL] = 4;
    fake_pf.counter[WEIR_VPORT_CNT_TX_DROP_LINK] = 100; // not its fault
    for (unsigned i = 0; i < 10; i++)
        run(1000000);
    assert_int_equal(weir_channel_recv(t.guest[0], &told, sizeof(told)), sizeof(told));
    assert_int_equal(told.refused, 12);
    fake_pf.counter[WEIR_VPORT_CNT_TX_DROP_VLAN] = 5;
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
    run(1);
    expect_guest(0, "revoked");
    guest_released(0, 0, 0);
    poll_idle(5);
    memset(fake_pf.counter, 0, sizeof(fake_pf.counter));
    run(1000000);
    assert_int_equal(weir_channel_recv(t.guest[0], &told, sizeof(told)), sizeof(told));
    assert_int_equal(told.refused, 14);
}

// What was dropped of the frames for it, on its channel and on a VF that is gone; and why it is offered none.
static void a_guest_is_told_what_it_misses(void **state) {
    struct weir_msg_dropped told;
    struct weir_msg_status status;
    uint32_t type;
    (void)state;
    to_attached(0);
    fake_pf.counter[WEIR_VPORT_CNT_RX_DROP_CQ_FULL] = 6;
    fake_pf.counter[WEIR_VPORT_CNT_RX_DROP_NO_DESC] = 1;
    for (unsigned i = 0; i < 10; i++)
        run(1000000);
    assert_int_equal(weir_channel_peek(t.guest[0], &type, NULL), 1);
    assert_int_equal(type, WEIR_MSG_DROPPED);
    assert_int_equal(weir_channel_recv(t.guest[0], &told, sizeof(told)), sizeof(told));
    assert_int_equal(told.dropped, 7);
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
    run(1);
    expect_guest(0, "revoked");
    guest_released(0, 0, 0);
    poll_idle(5);
    memset(fake_pf.counter, 0, sizeof(fake_pf.counter));
    run(1000000);
    assert_int_equal(weir_channel_peek(t.guest[0], NULL, NULL), 0); // nothing new
    fake_pf_fail("alloc", -ENOSPC, 1);
    assert_int_equal(weir_vstack_attach(t.vs, 0), -ENOSPC);
    assert_int_equal(weir_channel_peek(t.guest[0], &type, NULL), 1);
    assert_int_equal(type, WEIR_MSG_STATUS);
    assert_int_equal(weir_channel_recv(t.guest[0], &status, sizeof(status)), sizeof(status));
    assert_int_equal(status.why, WEIR_WHY_NO_RESOURCES);
}

// A guest that floods from its VF is asked to leave it, and if it goes on it is not asked any more: on the synthetic
// path it pays for each copy. What it sends there, and what a calm guest floods, costs nobody a VF.
static void a_storm_from_a_vf_ends_on_the_synthetic_path(void **state) {
    const uint8_t own[6] = {0x02, 0, 0, 0, 1, 0}, all[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    struct weir_rx_info flood = {.mcast = true, .local = true, .src_vport = 1};
    (void)state;
    to_attached(0);
    for (unsigned round = 0; round < 3; round++) {
        // As much as may be in a second, ten times a quarter of it: nobody minds.
        for (unsigned burst = 0; burst < (round == 0 ? 10u : 1u); burst++) {
            for (unsigned i = 0; i < (round == 0 ? WEIR_NETVSP_FLOODS / 4 : WEIR_NETVSP_FLOODS / 4 + 1); i++) {
                flood.epoch = fake_pf.epoch;
                fake_pf.qp[0].rx_head = fake_pf.qp[0].rx_tail = 0;
                fake_rx(&fake_pf.qp[0], all, own, 0, flood);
                run(0);
                (void)weir_channel_recv(t.guest[1], NULL, 0);
            }
            run(round == 0 ? 250000 : 0);
        }
        if (round == 0) {
            expect_state(0, WEIR_VSTACK_ATTACHED);
            expect_guest(0, "");
        } else if (round == 1) {
            expect_state(0, WEIR_VSTACK_LEAVING);
            expect_guest(0, "detach");
        } else {
            expect_state(0, WEIR_VSTACK_REVOKED);
            expect_guest(0, "revoked");
            assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_STORM);
        }
    }
}

// Sends with a further address, so that NetVSP learns it.
static void learn(unsigned i, uint8_t number) {
    const uint8_t mac[6] = {0x02, 0, 0, 0, 7, number};
    struct weir_msg_tx_frame m = {.version = 1};
    uint8_t f[64];
    fake_frame(f, peer, mac, 0);
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    run(1);
    fake_complete(&fake_pf.qp[i], 1);
}

// The guest's own address goes first, the fence behind the last; what cannot go on is a surprise, never half a move.
static void further_addresses_move_as_one(void **state) {
    struct weir_policy p;
    (void)state;
    weir_policy_default(&p);
    p.learn = true;
    p.max_mac = 3;
    assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), 0);
    learn(0, 1);
    learn(0, 2);
    expect_pf("filter 1 on 0 mode 0;filter 2 on 0 mode 0;");
    expect_guest(0, "up");
    for (unsigned round = 0; round < 2; round++) {
        const char *vport = round == 0 ? "1" : "2";
        char want[256];
        assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
        fake_pf.log[0] = '\0';
        expect_guest(0, "fn1");
        guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
        run(1);
        snprintf(want, sizeof(want),
                 "filter 17 on %s mode 3;filter 18 on %s mode 3;move 0 from 0 to %s flood;move 1 from 0 to %s;"
                 "move 2 from 0 to %s;fence 0;",
                 vport, vport, vport, vport, vport);
        expect_pf(want);
        fences();
        expect_guest(0, "vf=0 fence");
        p.max_mac = 2;
        assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), -EBUSY);
        p.max_mac = 3;
        if (round == 0) {
            assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_DETACH), 0);
            run(1);
            guest_switch(0, false, WEIR_WHY_DETACH, t.token);
            fake_pf_fail("fence", -EAGAIN, 1); // tried again, and nothing is moved twice
            run(1);
            run(100);
            expect_pf("move 0 from 1 to 0 flood;move 1 from 1 to 0;move 2 from 1 to 0;fence refused;fence 1;");
            expect_guest(0, "detach syn=0");
            guest_released(0, 0, 0);
            poll_idle(5);
            expect_pf("clear 17;clear 18;delete 1;reset 0;free 0;");
        } else {
            fake_pf_fail("move", -EAGAIN, 1);
            assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
            run(1);
            run(100);
            expect_pf("move refused;move 0 from 2 to 0 flood drain;move 1 from 2 to 0;move 2 from 2 to 0;reset 0;");
        }
    }
}

static void half_a_move_is_a_surprise(void **state) {
    struct weir_policy p;
    (void)state;
    weir_policy_default(&p);
    p.learn = true;
    p.max_mac = 2;
    assert_int_equal(weir_vstack_guest_set(t.vs, 0, &p), 0);
    learn(0, 1);
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "up fn1");
    fake_pf.log[0] = '\0';
    fake_pf_fail("fence", -EIO, 1);
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    expect_pf("filter 17 on 1 mode 3;move 0 from 0 to 1 flood;move 1 from 0 to 1;fence refused;"
              "move 0 from 1 to 0 flood drain;move 1 from 1 to 0;reset 0;");
    expect_guest(0, "revoked");
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_CARD_FAILED);
}

static const struct CMUnitTest tests[] = {
    CASE(a_policy_goes_before_the_filter),
    CASE(a_change_reaches_the_vf_or_nobody),
    CASE(a_lost_link_is_told_to_whoever_follows_it),
    CASE(a_flapping_wire_is_told_at_most_every_two_seconds),
    CASE(a_guest_is_told_what_it_may_not_send),
    CASE(a_guest_is_told_what_it_misses),
    CASE(a_storm_from_a_vf_ends_on_the_synthetic_path),
    CASE(further_addresses_move_as_one),
    CASE(half_a_move_is_a_surprise),
};
UNIT_MAIN(tests)
