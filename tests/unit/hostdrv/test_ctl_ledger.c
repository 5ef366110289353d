// SPDX-License-Identifier: Apache-2.0
// The ledger from end to end against a fake card and a scripted guest: it goes a piece a turn, waits for nobody, tells
// what is under way, and does not balance when a frame is gone without a reason.
#include <string.h>

#include "ctl_ledger.h"
#include "unit.h"
#include "vstack_rig.h"

static struct ctl_ledger ledger;
static uint64_t half[32]; // of guest 0, as it will tell

static int begin(void **state) {
    memset(half, 0, sizeof(half));
    return setup(state);
}

static int end(void **state) {
    ctl_ledger_end(&ledger);
    return teardown(state);
}

// Answers the question if there is one.
static void answer(void) {
    struct weir_msg_counters m = {.version = 1};
    uint32_t type;
    uint8_t got[2048];
    while (weir_channel_peek(t.guest[0], &type, NULL) == 1) {
        assert_true(weir_channel_recv(t.guest[0], got, sizeof(got)) >= 0);
        if (type != WEIR_MSG_ASK_COUNTERS)
            continue;
        memcpy(&m.serial, got + 4, 4);
        memcpy(m.value, half, sizeof(half));
        assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_COUNTERS, &m, sizeof(m), NULL, 0, 0), 0);
    }
}

// Reads all of it with a turn of the stack between two pieces, of which each is at most one command; the answer is the
// caller's.
static struct json_object *read_all(bool answers) {
    struct json_object *rsp = json_object_new_object();
    unsigned steps = 0;
    int ret;
    ctl_ledger_begin(&ledger, &fake_pf, t.vs, true);
    ctl_ledger_add(&ledger, 0, "guest0");
    do {
        const char *more;
        fake_pf.log[0] = '\0';
        ret = ctl_ledger_step(&ledger);
        assert_in_range(ret, 0, 1);
        more = strchr(fake_pf.log, ';');
        assert_true(more == NULL || more[1] == '\0');
        if (answers)
            answer();
        run(1000);
        assert_true(++steps < 2000);
    } while (ret == 1);
    ctl_ledger_answer(&ledger, rsp);
    return rsp;
}

static const char *text_of(struct json_object *rsp) {
    struct json_object *v = NULL;
    assert_true(json_object_object_get_ex(rsp, "text", &v));
    return json_object_get_string(v);
}

static int64_t number_of(struct json_object *rsp, const char *key) {
    struct json_object *v = NULL;
    assert_true(json_object_object_get_ex(rsp, key, &v));
    return json_object_get_int64(v);
}

static void expect_text(const char *text) {
    struct json_object *rsp = read_all(true);
    assert_string_equal(text_of(rsp), text);
    assert_int_equal(number_of(rsp, "balanced"), strcmp(text, "balanced") == 0);
    json_object_put(rsp);
}

static void sends(unsigned frames) {
    for (unsigned i = 0; i < frames; i++) {
        guest_frame(0);
        run(1);
        fake_complete(&fake_pf.qp[0], 1);
    }
    half[WEIR_GUEST_tx_taken] += frames;
    half[WEIR_GUEST_tx_synthetic] += frames;
}

static void a_frame_without_a_disposition_is_named(void **state) {
    (void)state;
    sends(5);
    expect_text("balanced");
    half[WEIR_GUEST_tx_taken]++; // one more that nobody saw again
    expect_text("ledger: from the stack of guest0: in 6, out 5: 1 lost without a reason");
    half[WEIR_GUEST_tx_synthetic]++;
    expect_text("ledger: the channel up from guest0: in 6, out 5: 1 lost without a reason");
    half[WEIR_GUEST_tx_synthetic]--;
    half[WEIR_GUEST_tx_drop_early]++; // it had a reason
    expect_text("balanced");
    half[WEIR_GUEST_rx_synthetic]++;
    half[WEIR_GUEST_rx_given]++;
    expect_text("ledger: down to guest0: in 0, out 1: 1 out of nowhere");
    half[WEIR_GUEST_rx_synthetic]--;
    expect_text("ledger: to the stack of guest0: in 0, out 1: 1 out of nowhere");
}

static void what_waits_is_under_way_and_what_dropped_is_summed(void **state) {
    struct json_object *rsp;
    (void)state;
    sends(3);
    half[WEIR_GUEST_tx_taken] += 6;
    half[WEIR_GUEST_tx_waiting] = 2;
    half[WEIR_GUEST_tx_drop_size] = 4;
    rsp = read_all(true);
    assert_string_equal(text_of(rsp), "balanced");
    assert_int_equal(number_of(rsp, "under_way"), 2);
    assert_int_equal(number_of(rsp, "dropped"), 4);
    json_object_put(rsp);
}

// What a guest's VFs did stays in its account when they are gone.
static void vfs_that_are_gone_stay_in_the_account(void **state) {
    (void)state;
    to_attached(0);
    fake_pf.counter[WEIR_VPORT_CNT_TX_FRAMES] = 10; // of each vPort, as this fake has it
    assert_int_equal(weir_vstack_revoke(t.vs, 0, WEIR_WHY_REMOVED), 0);
    run(1);
    guest_released(0, 12, 0);
    poll_idle(5);
    expect_state(0, WEIR_VSTACK_DETACHED);
    half[WEIR_GUEST_tx_taken] = half[WEIR_GUEST_tx_vf] = 12; // ten entered, two were lost with the VF
    expect_text("balanced");
    half[WEIR_GUEST_tx_taken] = half[WEIR_GUEST_tx_vf] = 13;
    expect_text("ledger: the VFs up from guest0: in 13, out 12: 1 lost without a reason");
}

static void a_silent_guest_holds_nobody_up(void **state) {
    struct json_object *rsp = NULL, *all, *answers;
    (void)state;
    rsp = read_all(false);
    assert_string_equal(text_of(rsp), "balanced");
    assert_true(json_object_object_get_ex(rsp, "guest", &all));
    assert_true(json_object_object_get_ex(json_object_array_get_idx(all, 0), "answers", &answers));
    assert_false(json_object_get_boolean(answers));
    json_object_put(rsp);
}

// A guest that left has a share in a line of all that did.
static void who_left_stays_in_the_sums(void **state) {
    struct json_object *rsp, *all, *line, *tx;
    (void)state;
    sends(3);
    half[WEIR_GUEST_tx_taken] += 2;
    half[WEIR_GUEST_tx_drop_size] = 2;
    expect_text("balanced");
    assert_int_equal(weir_vstack_guest_remove(t.vs, 0), 0);
    poll_idle(4);
    expect_state(0, WEIR_VSTACK_NONE);
    rsp = read_all(false);
    assert_true(json_object_object_get_ex(rsp, "guest", &all));
    line = json_object_array_get_idx(all, json_object_array_length(all) - 1);
    assert_true(json_object_object_get_ex(line, "name", &tx));
    assert_string_equal(json_object_get_string(tx), "(left)");
    assert_true(json_object_object_get_ex(line, "tx", &tx));
    assert_int_equal(number_of(tx, "frames"), 3);
    assert_int_equal(number_of(tx, "taken"), 5);
    assert_int_equal(number_of(rsp, "dropped"), 2);
    json_object_put(rsp);
}

// Each counter of each table is asked for by name, so none can be forgotten on the way.
static void every_reason_has_its_line(void **state) {
    struct json_object *rsp = read_all(true);
    const char *text = json_object_to_json_string(rsp);
    (void)state;
    enum { IN, OUT, HELD, DROP, INFO };
#define ROW(name, kind, words) assert_true((kind) != DROP || strstr(text, "\"" #name "\":") != NULL);
    WEIR_GUEST_COUNTERS(ROW)
    WEIR_NETVSP_COUNTERS(ROW)
#undef ROW
#define ROW(index, name, kind, words) assert_true((kind) != DROP || strstr(text, "\"" #name "\":") != NULL);
#define VPORT_COUNTER ROW
#define SW_COUNTER ROW
#include "counter.def"
#undef VPORT_COUNTER
#undef SW_COUNTER
#undef ROW
    json_object_put(rsp);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_frame_without_a_disposition_is_named, begin, end),
    cmocka_unit_test_setup_teardown(what_waits_is_under_way_and_what_dropped_is_summed, begin, end),
    cmocka_unit_test_setup_teardown(vfs_that_are_gone_stay_in_the_account, begin, end),
    cmocka_unit_test_setup_teardown(a_silent_guest_holds_nobody_up, begin, end),
    cmocka_unit_test_setup_teardown(who_left_stays_in_the_sums, begin, end),
    cmocka_unit_test_setup_teardown(every_reason_has_its_line, begin, end),
};
UNIT_MAIN(tests)
