// SPDX-License-Identifier: Apache-2.0
// The virtualization stack against a scripted guest and a fake PF: the commands in their order, what each bound leads
// to, and that nothing of a guest is left behind.
#include <errno.h>
#include <stdlib.h>

#include "fake.h"
#include "unit.h"
#include "weir/vstack.h"

#define RING 65536u
#define GUESTS 2u

static const uint8_t peer[6] = {0x02, 0, 0, 0, 0, 9};

static struct {
    struct weir_vstack *vs;
    void *area[GUESTS];
    struct weir_channel *guest[GUESTS], *host[GUESTS];
    uint64_t now;
    uint32_t token;
} t;

static void expect_guest(unsigned i, const char *what);

static unsigned add(unsigned i) {
    int number;
    struct weir_vstack_guest_config gc = {.name = "guest", .mac = {0x02, 0, 0, 0, 1, (uint8_t)i}};
    t.area[i] = malloc(WEIR_CHANNEL_BYTES(RING));
    assert_int_equal(weir_channel_init(t.area[i], WEIR_CHANNEL_BYTES(RING)), 0);
    assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_GUEST, &t.guest[i]), 0);
    assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_HOST, &t.host[i]), 0);
    gc.channel = t.host[i];
    number = weir_vstack_guest_add(t.vs, &gc);
    assert_true(number >= 0);
    expect_guest(i, "up");
    return (unsigned)number;
}

static int setup(void **state) {
    struct weir_vstack_config cfg = {
        .max_guests = GUESTS, .num_vports = 4, .refusals = 3, .leave_us = 5000, .release_us = 2000};
    char err[128];
    (void)state;
    memset(&t, 0, sizeof(t));
    fake_pf_reset();
    assert_int_equal(weir_vstack_open(&fake_pf, &cfg, &t.vs, err, sizeof(err)), 0);
    for (unsigned i = 0; i < GUESTS; i++)
        assert_int_equal(add(i), i);
    fake_pf.log[0] = '\0';
    return 0;
}

static int teardown(void **state) {
    (void)state;
    weir_vstack_close(t.vs);
    for (unsigned i = 0; i < GUESTS; i++) {
        weir_channel_detach(t.guest[i]);
        weir_channel_detach(t.host[i]);
        free(t.area[i]);
    }
    return 0;
}

static void run(uint64_t us) {
    t.now += us;
    (void)weir_vstack_poll(t.vs, t.now);
}

// The commands the PF saw since the last look.
static void expect_pf(const char *log) {
    assert_string_equal(fake_pf.log, log);
    fake_pf.log[0] = '\0';
}

static void expect_state(unsigned guest, enum weir_vstack_state state) {
    assert_string_equal(weir_vstack_state_text(weir_vstack_state(t.vs, guest)), weir_vstack_state_text(state));
}

// The messages in a guest's channel; remembers the token of an association.
static void expect_guest(unsigned i, const char *what) {
    char got[256] = "";
    uint32_t type;
    while (weir_channel_peek(t.guest[i], &type, NULL) == 1) {
        uint8_t m[256];
        size_t used = strlen(got);
        const char *sep = used == 0 ? "" : " ";
        assert_true(weir_channel_recv(t.guest[i], m, sizeof(m)) >= 0);
        assert_int_equal(m[0], WEIR_MSG_VERSION);
        if (type == WEIR_MSG_VF_ASSOCIATION) {
            memcpy(&t.token, m + 4, 4);
            snprintf(got + used, sizeof(got) - used, "%sfn%u", sep, m[2]);
        } else if (type == WEIR_MSG_SWITCH_COMPLETE) {
            snprintf(got + used, sizeof(got) - used, "%s%s=%u", sep, m[2] != 0 ? "vf" : "syn", m[8]);
        } else if (type == WEIR_MSG_STATUS) {
            snprintf(got + used, sizeof(got) - used, "%s%s", sep, m[2] != 0 ? "down" : "up");
        } else {
            snprintf(got + used, sizeof(got) - used, "%s%s", sep,
                     type == WEIR_MSG_FENCE            ? "fence"
                     : type == WEIR_MSG_DETACH_REQUEST ? "detach"
                     : type == WEIR_MSG_VF_REVOKED     ? "revoked"
                                                       : "?");
        }
    }
    assert_string_equal(got, what);
}

static void guest_switch(unsigned i, bool to_vf, enum weir_why why, uint32_t token) {
    struct weir_msg_switch_data_path m = {.version = 1, .to_vf = to_vf, .why = (uint8_t)why, .token = token};
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_SWITCH_DATA_PATH, &m, sizeof(m), NULL, 0, 0), 0);
}

static void guest_released(unsigned i, uint64_t posted, uint64_t taken) {
    struct weir_msg_vf_released m = {
        .version = 1, .token = t.token, .posted = posted, .completed = posted, .taken = taken};
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_VF_RELEASED, &m, sizeof(m), NULL, 0, 0), 0);
}

static void guest_frame(unsigned i) {
    struct weir_msg_tx_frame m = {.version = 1};
    const uint8_t src[6] = {0x02, 0, 0, 0, 1, (uint8_t)i};
    uint8_t f[64];
    fake_frame(f, peer, src, 1);
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
}

static void fences(void) {
    for (unsigned q = 0; q < 2; q++)
        fake_fence(&fake_pf.qp[q], fake_pf.token, fake_pf.epoch);
    run(1);
}

static void to_attached(unsigned i) {
    assert_int_equal(weir_vstack_attach(t.vs, i), 0);
    expect_guest(i, i == 0 ? "fn1" : "fn2");
    guest_switch(i, true, WEIR_WHY_SWITCHING, t.token);
    run(1);
    fences();
    expect_state(i, WEIR_VSTACK_ATTACHED);
    expect_guest(i, "vf=0 fence");
    fake_pf.log[0] = '\0';
}

static const struct weir_vstack_record *last(void) {
    assert_true(weir_vstack_num_records(t.vs) != 0);
    return weir_vstack_record(t.vs, weir_vstack_num_records(t.vs) - 1);
}

static void poll_idle(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        run(1);
}

// ---- cases ----

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
    fake_pf_event(WEIR_FW_EVENT_LINK, 1, 0, 0);
    run(1);
    expect_guest(0, "up");
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
    CASE(events_are_found_without_an_interrupt),
    CASE(failed_fences_are_surprises),
    CASE(a_fence_that_never_comes_ends_with_its_bound),
    CASE(old_tokens_mean_nothing),
    CASE(a_dead_guest_leaves_nothing_behind),
    CASE(closing_takes_everything_back),
    CASE(what_cannot_be_had_is_given_back),
    CASE(a_failing_card_is_said_so),
    CASE(vport_ids_go_round),
    CASE(a_policy_goes_before_the_filter),
    CASE(a_change_reaches_the_vf_or_nobody),
    CASE(a_lost_link_is_told_to_whoever_follows_it),
    CASE(a_guest_is_told_what_it_may_not_send),
    CASE(further_addresses_move_as_one),
    CASE(half_a_move_is_a_surprise),
};
UNIT_MAIN(tests)
