// SPDX-License-Identifier: Apache-2.0
// The virtualization stack against a scripted guest and a fake PF: the commands in their order, what each bound leads
// to, and that nothing of a guest is left behind.
#include <errno.h>
#include <stdlib.h>

#include "unit.h"
#include "vstack_rig.h"

static void attach_in_order(void **state) {
    (void)state;
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_pf("alloc 0;vport 1 vf 0;");
    assert_int_equal(weir_vstack_attach(t.vs, 0), -EBUSY);
    expect_guest(0, "fn1");
    poll_idle(20);
    expect_state(0, WEIR_VSTACK_OFFERED);
    guest_frame(0);
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    poll_idle(20);
    expect_state(0, WEIR_VSTACK_DRAINING_TX); // its frame is not yet in the card
    expect_pf("");
    fake_complete(&fake_pf.qp[0], 1);
    run(1);
    expect_pf("move 0 from 0 to 1 flood fence;");
    expect_guest(0, "vf=0");
    expect_state(0, WEIR_VSTACK_FENCING);
    fences();
    expect_guest(0, "fence");
    expect_state(0, WEIR_VSTACK_ATTACHED);
    assert_true(last()->to_vf && last()->status == 0 && last()->cycle_done > last()->cycle_move &&
                last()->cycle_move > last()->cycle_request);
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_ATTACHED);
}

static void planned_detach_in_order(void **state) {
    (void)state;
    to_attached(0);
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_SERVICING), 0);
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_SERVICING), -EALREADY);
    run(1);
    expect_guest(0, "detach");
    expect_pf("");
    guest_switch(0, false, WEIR_WHY_SERVICING, t.token);
    run(1);
    expect_pf("move 0 from 1 to 0 flood fence;");
    expect_guest(0, "syn=0");
    poll_idle(20);
    expect_pf(""); // the VF is the guest's until it lets go
    fake_pf.counter[WEIR_VPORT_CNT_TX_FRAMES] = 30;
    fake_pf.counter[WEIR_VPORT_CNT_RX_FRAMES] = 40;
    guest_released(0, 30, 40);
    poll_idle(5);
    expect_pf("delete 1;reset 0;free 0;");
    expect_state(0, WEIR_VSTACK_DETACHED);
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_SERVICING);
    assert_true(!last()->to_vf && !last()->surprise && last()->guest_told);
    assert_int_equal(last()->tx_lost, 0);
    assert_int_equal(last()->rx_lost, 0);
    assert_int_equal(last()->why, WEIR_WHY_SERVICING);
}

static void surprise_in_order_with_ledger(void **state) {
    (void)state;
    to_attached(0);
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), -EALREADY);
    run(1);
    // Moved and drained first, then reset, and only then is the guest told.
    expect_pf("move 0 from 1 to 0 flood drain;reset 0;");
    expect_guest(0, "revoked");
    fake_pf.counter[WEIR_VPORT_CNT_TX_FRAMES] = 90;
    fake_pf.counter[WEIR_VPORT_CNT_RX_FRAMES] = 50;
    fake_pf.counter[WEIR_VPORT_CNT_RX_DROP_NO_DESC] = 1;
    fake_pf.counter[WEIR_VPORT_CNT_RX_DROP_FN] = 2;
    fake_pf.counter[WEIR_VPORT_CNT_RX_DROP_VPORT] = 4;
    fake_pf.counter[WEIR_VPORT_CNT_TX_DROP_SRC_MAC] = 64; // not a receive drop
    fake_pf.counter[WEIR_VPORT_CNT_RX_REDIRECT_OUT] = 5;
    guest_released(0, 100, 47);
    poll_idle(5);
    expect_pf("delete 1;free 0;");
    assert_true(last()->surprise && last()->guest_told);
    assert_int_equal(last()->tx_posted, 100);
    assert_int_equal(last()->tx_lost, 10);
    assert_int_equal(last()->rx_lost, 3);
    assert_int_equal(last()->rx_dropped, 7);
    assert_int_equal(last()->rx_redirected, 5);
}

static void an_offer_ends_with_its_bound(void **state) {
    (void)state;
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    run(59999998);
    expect_state(0, WEIR_VSTACK_OFFERED); // rules 4.10: this can last long
    run(2);
    expect_guest(0, "fn1 revoked");
    expect_pf("alloc 0;vport 1 vf 0;reset 0;"); // the filter never left the default vPort
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_GUEST_SLOW);
    run(2000); // it does not answer that either
    poll_idle(5);
    expect_pf("delete 1;free 0;");
    expect_state(0, WEIR_VSTACK_DETACHED);
    assert_true(last()->to_vf && last()->status == -ECANCELED && last()->cycle_move == 0);
    assert_int_equal(weir_vstack_num_records(t.vs), 1);
}

static void a_declined_offer_is_taken_back(void **state) {
    (void)state;
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "fn1");
    guest_released(0, 0, 0);
    poll_idle(6);
    expect_pf("alloc 0;vport 1 vf 0;delete 1;reset 0;free 0;");
    expect_state(0, WEIR_VSTACK_DETACHED);
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_OPEN_FAILED);
}

static void a_guest_that_does_not_leave_is_surprised(void **state) {
    (void)state;
    to_attached(0);
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_MIGRATION), 0);
    run(1);
    run(4998);
    expect_state(0, WEIR_VSTACK_LEAVING);
    run(2);
    expect_pf("move 0 from 1 to 0 flood drain;reset 0;");
    expect_guest(0, "detach revoked");
    expect_state(0, WEIR_VSTACK_REVOKED);
    run(2000);
    poll_idle(4);
    expect_pf("delete 1;free 0;");
    assert_true(last()->surprise && !last()->guest_told);
    assert_int_equal(last()->why, WEIR_WHY_GUEST_SLOW);
}

static void a_guest_that_does_not_let_go_is_surprised(void **state) {
    (void)state;
    to_attached(0);
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_MIGRATION), 0);
    run(1);
    guest_switch(0, false, WEIR_WHY_MIGRATION, t.token);
    run(1);
    run(2000);
    expect_guest(0, "detach syn=0 revoked");
    // The filter is back already.
    expect_pf("move 0 from 1 to 0 flood fence;reset 0;");
}

static void transmit_that_does_not_drain_refuses_the_move(void **state) {
    (void)state;
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "fn1");
    guest_frame(0);
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    run(1000000);
    expect_guest(0, "vf=15"); // TIMEOUT
    expect_state(0, WEIR_VSTACK_OFFERED);
    assert_true(last()->status == -ETIMEDOUT && last()->cycle_move == 0);
}

static void refusals_are_told_and_bounded(void **state) {
    (void)state;
    fake_pf_fail("move", -ENODEV, 100);
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "fn1");
    for (unsigned i = 0; i < 2; i++) {
        guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
        run(1);
        expect_guest(0, "vf=12"); // NOT_ARMED
        expect_state(0, WEIR_VSTACK_OFFERED);
        assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_NOT_ARMED);
    }
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    run(1);
    expect_guest(0, "vf=12 revoked");
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_NOT_ARMED);
}

static void rate_limited_moves_are_tried_again(void **state) {
    (void)state;
    fake_pf_fail("move", -EAGAIN, 3);
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "fn1");
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    fake_pf.log[0] = '\0';
    run(1);
    run(1);
    expect_pf("move refused;"); // not at every poll
    poll_idle(80);
    expect_pf("move refused;move refused;move 0 from 0 to 1 flood fence;");
    fences();
    // Back: for ever. The guest stays where it is.
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_DETACH), 0);
    run(1);
    fake_pf_fail("move", -EAGAIN, 1000000);
    guest_switch(0, false, WEIR_WHY_DETACH, t.token);
    run(1);
    run(100001);
    expect_guest(0, "vf=0 fence detach syn=15");
    expect_state(0, WEIR_VSTACK_ATTACHED);
    assert_true(!last()->to_vf && last()->status == -ETIMEDOUT);
}

static void a_lost_vf_is_a_surprise(void **state) {
    (void)state;
    to_attached(0);
    guest_switch(0, false, WEIR_WHY_VF_GONE, t.token);
    run(1);
    expect_pf("move 0 from 1 to 0 flood drain;reset 0;");
    expect_guest(0, "revoked");
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_VF_GONE);
}

static void the_guest_may_leave_by_itself(void **state) {
    (void)state;
    to_attached(0);
    guest_switch(0, false, WEIR_WHY_GUEST_ASKED, t.token);
    run(1);
    expect_pf("move 0 from 1 to 0 flood fence;");
    expect_guest(0, "syn=0");
    guest_released(0, 0, 0);
    poll_idle(5);
    assert_int_equal(last()->why, WEIR_WHY_GUEST_ASKED);
}

// The card's events are hints; its state decides.
static void events_of_the_card_take_the_vf(void **state) {
    (void)state;
    to_attached(0);
    fake_pf_event(WEIR_FW_EVENT_VF_FLR, 0, 0, 0); // of the VF's last owner
    run(1);
    expect_state(0, WEIR_VSTACK_ATTACHED);
    fake_pf.armed = false;
    fake_pf_event(WEIR_FW_EVENT_VF_FLR, 1, 0, 0); // another VF's
    run(1);
    expect_state(0, WEIR_VSTACK_ATTACHED);
    fake_pf_event(WEIR_FW_EVENT_VF_FLR, 0, 0, 0);
    run(1);
    expect_state(0, WEIR_VSTACK_REVOKED);
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_VF_RESET);
    expect_guest(0, "revoked");
    guest_released(0, 0, 0);
    poll_idle(5);
    to_attached(0);
    fake_pf_event(WEIR_FW_EVENT_QP_ERROR, 1, 0, WEIR_QP_REASON_TX_BAD_PHASE);
    run(1);
    expect_state(0, WEIR_VSTACK_REVOKED);
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_MALICIOUS);
}

// A question that the card falls under, or does not answer, says nothing of the VF: it is asked again until it speaks.
static void only_the_cards_word_takes_the_vf(void **state) {
    static const int silent[] = {-ECANCELED, -ETIMEDOUT, -EAGAIN, -EIO};
    static const unsigned kind[] = {WEIR_FW_EVENT_CORE_RESTART, WEIR_FW_EVENT_VF_FLR};
    (void)state;
    to_attached(0);
    for (unsigned i = 0; i < 8; i++) {
        fake_pf_fail("look", silent[i / 2], 3);
        fake_pf_event(kind[i % 2], 0, 0, 0);
        for (unsigned k = 0; k < 5; k++)
            run(200);
        assert_int_equal(fake_pf.fail.times, 0);
        expect_state(0, WEIR_VSTACK_ATTACHED);
    }
    for (unsigned i = 0; i < 3; i++) {
        static const enum weir_why why[] = {WEIR_WHY_CARD_FAILED, WEIR_WHY_VF_RESET, WEIR_WHY_CARD_FAILED};
        fake_pf.forgot = i == 0;
        fake_pf.armed = i != 1;
        fake_pf_fail("look", i == 2 ? -ENOENT : -ECANCELED, i == 2 ? 1 : 2);
        fake_pf_event(WEIR_FW_EVENT_CORE_RESTART, 0, 0, 0);
        for (unsigned k = 0; k < 5; k++)
            run(200);
        expect_state(0, WEIR_VSTACK_REVOKED);
        assert_int_equal(weir_vstack_why(t.vs, 0), why[i]);
        expect_guest(0, "revoked");
        guest_released(0, 0, 0);
        fake_pf.forgot = false;
        fake_pf.armed = true;
        poll_idle(5);
        if (i < 2)
            to_attached(0);
    }
}

// No interrupt came: the card is asked by and by.
static void events_are_found_without_an_interrupt(void **state) {
    (void)state;
    to_attached(0);
    fake_pf.armed = false;
    fake_pf_event(WEIR_FW_EVENT_VF_FLR, 0, 0, 0);
    fake_pf.irqs = 0;
    run(1);
    expect_state(0, WEIR_VSTACK_ATTACHED);
    run(10000);
    expect_state(0, WEIR_VSTACK_REVOKED);
}

static void failed_fences_are_surprises(void **state) {
    (void)state;
    to_attached(0);
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_DETACH), 0);
    run(1);
    guest_switch(0, false, WEIR_WHY_DETACH, t.token);
    run(1);
    expect_state(0, WEIR_VSTACK_RELEASING);
    fake_pf_event(WEIR_FW_EVENT_FENCE_DONE, 1, t.token, 0);
    run(1);
    expect_state(0, WEIR_VSTACK_RELEASING);
    fake_pf_event(WEIR_FW_EVENT_FENCE_DONE, 1, t.token, WEIR_QP_REASON_FN_DISABLED);
    run(1);
    expect_state(0, WEIR_VSTACK_REVOKED); // the guest would wait in vain
    // One on the PF's own rings that never comes.
    to_attached(1);
    guest_released(1, 0, 0); // let go without a word
    run(1);
    expect_state(1, WEIR_VSTACK_RECLAIMING);
}

static void a_fence_that_never_comes_ends_with_its_bound(void **state) {
    (void)state;
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "fn1");
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    expect_state(0, WEIR_VSTACK_FENCING);
    run(1000000);
    expect_state(0, WEIR_VSTACK_REVOKED);
    expect_guest(0, "vf=0 revoked");
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_CARD_FAILED);
    // The guest keeps its order until it is told that nobody waits for the fence any more.
    run(2000);
    poll_idle(5);
    expect_state(0, WEIR_VSTACK_DETACHED);
    expect_guest(0, "lost-fence");
}

// A busy machine makes the card slow, and guests, and us; nothing that was planned becomes a surprise by that.
static void a_busy_machine_makes_no_surprise(void **state) {
    (void)state;
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "fn1");
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    for (unsigned i = 0; i < 100; i++)
        run_busy(1000000);
    expect_state(0, WEIR_VSTACK_FENCING);
    fences();
    expect_guest(0, "vf=0 fence");
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_DETACH), 0);
    run(1);
    run_busy(400000); // four turns: 4,000 us of the 5,000 that it has
    expect_state(0, WEIR_VSTACK_LEAVING);
    guest_switch(0, false, WEIR_WHY_DETACH, t.token);
    run(1);
    guest_released(0, 0, 0);
    poll_idle(5);
    expect_state(0, WEIR_VSTACK_DETACHED);
    assert_false(last()->surprise);
}

static void old_tokens_mean_nothing(void **state) {
    (void)state;
    assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
    expect_guest(0, "fn1");
    guest_switch(0, true, WEIR_WHY_SWITCHING, t.token - 1);
    guest_switch(0, true, WEIR_WHY_SWITCHING, 0);
    run(1);
    expect_state(0, WEIR_VSTACK_OFFERED);
}

static void a_dead_guest_leaves_nothing_behind(void **state) {
    unsigned number = 0, dead;
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        if (round >= 1)
            assert_int_equal(weir_vstack_attach(t.vs, number), 0);
        if (round >= 2) {
            expect_guest(0, "fn1");
            guest_switch(0, true, WEIR_WHY_SWITCHING, t.token);
            run(1);
        }
        if (round == 3)
            fences();
        weir_channel_close(t.guest[0]);
        poll_idle(6);
        expect_state(number, WEIR_VSTACK_NONE);
        assert_int_equal(fake_pf.vfs, 0);
        assert_non_null(strstr(fake_pf.log, "clear 0;"));
        assert_true(round == 0 || strstr(fake_pf.log, "free 0;") < strstr(fake_pf.log, "clear 0;"));
        fake_pf.log[0] = '\0';
        weir_channel_detach(t.guest[0]);
        weir_channel_detach(t.host[0]);
        free(t.area[0]);
        // Its place is taken again at once; its number is not: who still has it acts on nobody (threat T27).
        dead = number;
        number = add(0);
        assert_int_not_equal(number, dead);
        fake_pf.log[0] = '\0';
        expect_state(dead, WEIR_VSTACK_NONE);
        assert_int_equal(weir_vstack_attach(t.vs, dead), -ENOENT);
        assert_int_equal(weir_vstack_revoke(t.vs, dead, WEIR_WHY_REMOVED), -ENOENT);
        assert_int_equal(weir_vstack_guest_remove(t.vs, dead), -ENOENT);
        poll_idle(6);
        expect_state(number, WEIR_VSTACK_DETACHED);
        expect_pf("");
    }
    expect_state(1, WEIR_VSTACK_DETACHED);
}

static void closing_takes_everything_back(void **state) {
    (void)state;
    to_attached(0);
    to_attached(1);
    weir_vstack_close(t.vs);
    assert_int_equal(fake_pf.vfs, 0);
    assert_non_null(strstr(fake_pf.log, "clear 0;"));
    assert_non_null(strstr(fake_pf.log, "clear 32;"));
    t.vs = NULL;
}

static void what_cannot_be_had_is_given_back(void **state) {
    (void)state;
    fake_pf_fail("alloc", -ENOSPC, 1);
    assert_int_equal(weir_vstack_attach(t.vs, 0), -ENOSPC);
    expect_pf("alloc refused;");
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_NO_RESOURCES);
    fake_pf_fail("vport", -ENOSPC, 1);
    assert_int_equal(weir_vstack_attach(t.vs, 0), -ENOSPC);
    expect_pf("alloc 0;vport refused;free 0;");
    assert_int_equal(last()->status, -ENOSPC);
    expect_state(0, WEIR_VSTACK_DETACHED);
    assert_int_equal(weir_vstack_attach(t.vs, 7), -ENOENT);
    assert_int_equal(weir_vstack_detach(t.vs, 0, WEIR_WHY_DETACH), -EALREADY);
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_DETACH), -EALREADY);
}

static void a_failing_card_is_said_so(void **state) {
    (void)state;
    to_attached(0);
    fake_pf_fail("move", -EIO, 1);
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
    run(1);
    expect_state(0, WEIR_VSTACK_FAILED);
    assert_int_equal(weir_vstack_why(t.vs, 0), WEIR_WHY_CARD_FAILED);
    assert_int_equal(last()->status, -EIO);
    assert_int_equal(weir_vstack_attach(t.vs, 0), -EBUSY);
    to_attached(1); // the other one goes on
}

static void vport_ids_go_round(void **state) {
    static const char *const ids[] = {"vport 1 ", "vport 2 ", "vport 3 ", "vport 1 "};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(weir_vstack_attach(t.vs, 0), 0);
        assert_non_null(strstr(fake_pf.log, ids[i]));
        expect_guest(0, "fn1");
        guest_released(0, 0, 0);
        poll_idle(6);
        fake_pf.log[0] = '\0';
    }
}

static const struct CMUnitTest tests[] = {
    CASE(attach_in_order),
    CASE(planned_detach_in_order),
    CASE(surprise_in_order_with_ledger),
    CASE(an_offer_ends_with_its_bound),
    CASE(a_declined_offer_is_taken_back),
    CASE(a_guest_that_does_not_leave_is_surprised),
    CASE(a_guest_that_does_not_let_go_is_surprised),
    CASE(transmit_that_does_not_drain_refuses_the_move),
    CASE(refusals_are_told_and_bounded),
    CASE(rate_limited_moves_are_tried_again),
    CASE(a_lost_vf_is_a_surprise),
    CASE(the_guest_may_leave_by_itself),
    CASE(events_of_the_card_take_the_vf),
    CASE(only_the_cards_word_takes_the_vf),
    CASE(events_are_found_without_an_interrupt),
    CASE(failed_fences_are_surprises),
    CASE(a_fence_that_never_comes_ends_with_its_bound),
    CASE(a_busy_machine_makes_no_surprise),
    CASE(old_tokens_mean_nothing),
    CASE(a_dead_guest_leaves_nothing_behind),
    CASE(closing_takes_everything_back),
    CASE(what_cannot_be_had_is_given_back),
    CASE(a_failing_card_is_said_so),
    CASE(vport_ids_go_round),
};
UNIT_MAIN(tests)
