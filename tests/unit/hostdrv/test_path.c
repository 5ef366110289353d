// SPDX-License-Identifier: Apache-2.0
// What weirctl path show has of a guest: its path, since when by the card's clock, why, the frames of both paths over
// all its VFs, and in the record of each hand-over what waited for it in the guest.
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "vstack_rig.h"

static void guest_moved(unsigned i, bool to_vf, uint32_t token, uint32_t tx, uint32_t rx, uint32_t dropped) {
    struct weir_msg_moved m = {
        .version = 1, .to_vf = to_vf, .token = token, .tx_held = tx, .rx_held = rx, .dropped = dropped};
    assert_int_equal(weir_channel_send(t.guest[i], WEIR_MSG_MOVED, &m, sizeof(m), NULL, 0, 0), 0);
    run(1);
}

static struct weir_vstack_path path_of(unsigned guest) {
    struct weir_vstack_path p;
    assert_int_equal(weir_vstack_path(t.vs, guest, &p), 0);
    return p;
}

static void detach(unsigned i) {
    assert_int_equal(weir_vstack_detach(t.vs, i, WEIR_WHY_SERVICING), 0);
    run(1);
    guest_switch(i, false, WEIR_WHY_SERVICING, t.token);
    run(1);
}

// The move's cycle is when the path began, whatever is looked at later.
static void a_path_begins_with_the_move(void **state) {
    struct weir_vstack_path p;
    uint64_t before, after;
    (void)state;
    assert_false(path_of(0).vf);
    assert_int_equal(path_of(0).why, WEIR_WHY_NOT_OFFERED);
    run(3000);
    before = path_of(0).now_us;
    to_attached(0);
    after = path_of(0).now_us;
    run(4000);
    p = path_of(0);
    assert_true(p.vf && p.why == WEIR_WHY_ATTACHED);
    assert_in_range(p.since_us, before, after);
    assert_true(p.now_us - p.since_us >= 4000);
    assert_int_equal(weir_vstack_path(t.vs, 77, &p), -ENOENT);
}

// The card's cycle counter turns round every 17 s; a path may be older.
static void a_path_grows_older_than_the_counter(void **state) {
    (void)state;
    to_attached(0);
    for (unsigned s = 0; s < 60; s++)
        run(1000000);
    assert_in_range(path_of(0).now_us - path_of(0).since_us, 59900000, 60100000);
}

static void frames_of_gone_vfs_stay(void **state) {
    struct weir_vstack_path p;
    (void)state;
    to_attached(0);
    fake_pf.counter[WEIR_VPORT_CNT_TX_FRAMES] = 30;
    fake_pf.counter[WEIR_VPORT_CNT_RX_FRAMES] = 40;
    fake_pf.counter[WEIR_VPORT_CNT_RX_DROP_NO_DESC] = 3;
    fake_pf.counter[WEIR_VPORT_CNT_TX_DROP_SRC_MAC] = 4;
    fake_pf.counter[WEIR_VPORT_CNT_RX_FLOOD] = 64; // no drop
    p = path_of(0);
    assert_true(p.on_vf.tx == 30 && p.on_vf.rx == 40 && p.on_vf.dropped == 7);
    detach(0);
    guest_released(0, 30, 40);
    poll_idle(5);
    p = path_of(0);
    assert_true(!p.vf && p.on_vf.tx == 30 && p.on_vf.rx == 40 && p.on_vf.dropped == 7);
    guest_frame(0);
    run(1);
    p = path_of(0);
    assert_true(p.synthetic.tx == 1 && p.on_vf.tx == 30);
}

// To a VF the parent's record is closed when the guest tells; to synthetic it is still open.
static void records_have_what_waited_in_the_guest(void **state) {
    uint32_t token;
    (void)state;
    to_attached(0);
    token = t.token;
    assert_false(last()->held_told);
    guest_moved(0, true, token + 1, 9, 9, 9); // of another association
    guest_moved(0, false, token, 9, 9, 9);    // of another hand-over
    assert_false(last()->held_told);
    guest_moved(0, true, token, 5, 6, 7);
    guest_moved(0, true, token, 8, 8, 8); // once
    assert_true(last()->held_told && last()->tx_held == 5 && last()->rx_held == 6 && last()->held_dropped == 7);
    detach(0);
    guest_moved(0, false, token, 1, 2, 3);
    guest_released(0, 0, 0);
    poll_idle(5);
    assert_true(!last()->to_vf && last()->held_told && last()->tx_held == 1 && last()->rx_held == 2);
    assert_int_equal(last()->held_dropped, 3);
    assert_int_equal(weir_vstack_num_records(t.vs), 2);
}

static void every_reason_has_a_name_and_a_text(void **state) {
    (void)state;
    for (unsigned i = 0; i < WEIR_WHY_COUNT; i++) {
        assert_true(weir_why_name(i)[0] != '\0' && weir_why_text(i)[0] != '\0');
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(weir_why_text(i), weir_why_text(k));
    }
    assert_string_equal(weir_why_name(WEIR_WHY_COUNT), "?");
}

static const struct CMUnitTest tests[] = {
    CASE(a_path_begins_with_the_move),
    CASE(a_path_grows_older_than_the_counter),
    CASE(frames_of_gone_vfs_stay),
    CASE(records_have_what_waited_in_the_guest),
    CASE(every_reason_has_a_name_and_a_text),
};
UNIT_MAIN(tests)
