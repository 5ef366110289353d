// SPDX-License-Identifier: Apache-2.0
// A VF that stops, leaves the card and enters it: SET_VF_STATE, SAVE_VF, LOAD_VF (rules 8, threat T24).
#include "unit.h"

#include <limits.h>
#include <string.h>

#include "fw.h"

#define QPS 4u
#define A 0u // VFs, on vPorts 1 and 2 with queue pairs from 1 and from 5 on
#define B 1u

static unsigned first(unsigned vf) {
    return 1 + vf * QPS;
}

static int set_state(unsigned vf, unsigned to) {
    return FW(0, SET_VF_STATE, weir_set_vf_state_req, .vf = (uint16_t)vf, .state = (uint8_t)to);
}

static int save(unsigned vf, uint64_t addr, struct weir_vf_image *image) {
    const struct weir_save_vf_req req = {.addr = addr, .vf = (uint16_t)vf};
    uint8_t rsp[WEIR_MBOX_PAYLOAD];
    int status = fw_call(0, WEIR_CMD_SAVE_VF, &req, sizeof(req), rsp, NULL);
    if (image != NULL) {
        memcpy(image, rsp, sizeof(*image));
    }
    return status;
}

static int load(unsigned vf, uint64_t addr, const struct weir_vf_image *image) {
    struct weir_load_vf_req req = {.addr = addr, .image = *image};
    req.image.vf = (uint16_t)vf;
    return fw_call(0, WEIR_CMD_LOAD_VF, &req, sizeof(req), NULL, NULL);
}

static int reset_vf(unsigned vf) {
    return FW(0, RESET_VF, weir_vf_req, .vf = (uint16_t)vf);
}

// VF A works with a table and a key of its own, VF B is fresh.
static void begin(void) {
    struct weir_set_rss_req rss = {.count = 8, .entry = {3, 1, 2, 0, 3, 3, 2, 1}};
    struct weir_set_vport_rss_key_req key = {.key = {1, 2, 3, 4, 5}};
    fw_boot();
    fw_switch(3, 4, 32, 1);
    fw_vf_up(A, 1, QPS);
    assert_int_equal(fw_alloc(B), WEIR_OK);
    assert_int_equal(fw_vport(2, B, QPS), WEIR_OK);
    assert_int_equal(fw_call(A + 1, WEIR_CMD_SET_RSS, &rss, sizeof(rss), NULL, NULL), WEIR_OK);
    assert_int_equal(fw_call(A + 1, WEIR_CMD_SET_VPORT_RSS_KEY, &key, sizeof(key), NULL, NULL), WEIR_OK);
    for (unsigned i = 0; i < QPS; i++) {
        fake.qp[first(A) + i].posted = (uint16_t)(20 + i);
        fake.qp[first(A) + i].armed = i % 2 != 0;
    }
}

static bool drains(unsigned vport) {
    return WEIR_GET(fake.cfg[vport], SWITCH_VPORT_CFG_DRAIN) != 0;
}

static void all_run(unsigned vf, bool are) {
    for (unsigned qp = first(vf); qp < first(vf) + QPS; qp++) {
        assert_true(fake.qp[qp].loaded);
        assert_int_equal(fake.qp[qp].tx_on, are);
        assert_int_equal(fake.qp[qp].rx_on, are);
    }
}

// As after ALLOC_VF and CREATE_VPORT: no queue pair, spread evenly.
static void is_fresh(unsigned vf) {
    assert_int_equal(fw_get_vf(vf).state, WEIR_VF_ALLOCATED);
    assert_int_equal(fw_get_vf(vf).hello, 0);
    assert_false(drains(vf + 1));
    for (unsigned qp = first(vf); qp < first(vf) + QPS; qp++) {
        assert_false(fake.qp[qp].loaded);
    }
    for (unsigned i = 0; i < 128; i++) {
        assert_int_equal(fake.rss[vf + 1][i], i % QPS);
    }
    assert_int_equal(fake.rss_key[vf + 1][0], 0x6d);
}

static void a_vf_stops_and_goes_on(void **state) {
    (void)state;
    begin();
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(fw_get_vf(A).state, WEIR_VF_STOPPED);
    assert_true(drains(1));
    all_run(A, false);
    assert_int_equal(fw_create_qp(A + 1, 0, 0), WEIR_NOT_ACCEPTED);
    assert_int_equal(fw_hello(A + 1), WEIR_NOT_ACCEPTED);
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK); // it is
    fake.events[A + 1] = 0;
    assert_int_equal(set_state(A, WEIR_VF_ALLOCATED), WEIR_OK);
    assert_int_equal(fw_get_vf(A).state, WEIR_VF_ALLOCATED);
    assert_false(drains(1));
    all_run(A, true);
    assert_int_equal(fake.forced_irqs, QPS);
    assert_true(fake.events[A + 1] == UINT64_MAX >> 2);         // all blocks; not RESET, which would stop it for good
    assert_int_equal(set_state(A, WEIR_VF_ALLOCATED), WEIR_OK); // it is
    assert_int_equal(fake.forced_irqs, QPS);
    assert_int_equal(fw_create_qp(A + 1, 0, 0), WEIR_WRONG_STATE); // runs
    assert_int_equal(fake.qp[first(A)].posted, 20);
}

static void what_was_begun_is_done_first(void **state) {
    (void)state;
    begin();
    fake.qp[first(A)].tx_busy = 30;
    fake.qp[first(A) + 1].rx_ingress = 20;
    fake.qp[first(A) + 1].ingress_again = 20;
    fake.qp[first(A) + 2].rx_busy = 40;
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(fake.shut_out, 0);
    all_run(A, false);
    // Refuses to write the state of one that is not at rest.
    assert_int_equal(save(A, FAKE_LINES_AT, NULL), WEIR_OK);
}

static void who_does_not_come_to_rest_runs_on(void **state) {
    uint32_t since;
    (void)state;
    begin();
    for (unsigned k = 0; k < 3; k++) {
        struct fake_qp *q = &fake.qp[first(A) + k];
        unsigned *busy = k == 0 ? &q->tx_busy : k == 1 ? &q->rx_ingress : &q->rx_busy;
        *busy = UINT_MAX;
        since = fake.cycle;
        assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_TIMEOUT);
        assert_true(fake.cycle - since < 600000);
        assert_int_equal(fw_get_vf(A).state, WEIR_VF_ALLOCATED);
        assert_false(drains(1));
        all_run(A, true);
        assert_int_equal(fake.shut_out, 0);
        *busy = 0;
        assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
        assert_int_equal(set_state(A, WEIR_VF_ALLOCATED), WEIR_OK);
    }
    // Core 1 is restarted while it works on it.
    fake.core1_restarts = 1;
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_ABORTED);
    assert_false(drains(1));
    all_run(A, true);
}

static void state_moves_to_another_vf(void **state) {
    struct weir_vf_image image;
    (void)state;
    begin();
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(image.vf, A);
    assert_int_equal(image.version, WEIR_VF_IMAGE_VERSION);
    assert_int_equal(image.num_qps, QPS);
    assert_int_equal(image.hello, 1);
    assert_int_equal(load(B, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(fw_get_vf(B).state, WEIR_VF_STOPPED);
    assert_int_equal(fw_get_vf(B).hello, 1);
    assert_true(drains(2));
    all_run(B, false);
    assert_int_equal(set_state(B, WEIR_VF_ALLOCATED), WEIR_OK);
    all_run(B, true);
    assert_false(drains(2));
    for (unsigned i = 0; i < QPS; i++) {
        const struct fake_qp *a = &fake.qp[first(A) + i], *b = &fake.qp[first(B) + i];
        assert_int_equal(b->fn, B + 1);
        assert_int_equal(b->vport, 2);
        assert_true(b->vector == a->vector && b->tx_log2 == a->tx_log2 && b->rx_log2 == a->rx_log2 &&
                    b->cq_log2 == a->cq_log2 && b->tx_base == a->tx_base && b->rx_base == a->rx_base &&
                    b->cq_base == a->cq_base && b->posted == 20 + i && b->armed == (i % 2 != 0));
    }
    assert_memory_equal(fake.rss[2], fake.rss[1], 128);
    assert_int_equal(fake.rss[2][0], 3);
    assert_memory_equal(fake.rss_key[2], fake.rss_key[1], WEIR_RSS_KEY_BYTES);
    assert_int_equal(fake.rss_key[2][4], 5);
    // Its driver goes on with what it has, and the next move carries it on.
    assert_int_equal(FW(B + 1, DESTROY_QP, weir_qp_req, .qp = 3), WEIR_OK);
    assert_int_equal(fw_create_qp(B + 1, 3, 0), WEIR_OK);
    assert_int_equal(reset_vf(A), WEIR_OK);
    assert_int_equal(set_state(B, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(B, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(load(A, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(fake.rss[1][0], 3);
}

static void what_did_not_run_arrives_disabled(void **state) {
    struct weir_vf_image image;
    (void)state;
    begin();
    assert_int_equal(FW(A + 1, DESTROY_QP, weir_qp_req, .qp = 1), WEIR_OK);
    fake_qp_error(first(A) + 2, WEIR_QP_REASON_TX_LEN_ZERO);
    fw_run();
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(load(B, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(set_state(B, WEIR_VF_ALLOCATED), WEIR_OK);
    for (unsigned i = 0; i < QPS; i++) {
        assert_int_equal(fake.qp[first(B) + i].loaded, i == 0 || i == 3);
        assert_int_equal(fake.qp[first(B) + i].rx_on, i == 0 || i == 3);
    }
    assert_int_equal(fw_create_qp(B + 1, 2, 0), WEIR_OK); // as a driver does after an error
    // The stopped VF goes on as well, but for the one in error.
    assert_int_equal(set_state(A, WEIR_VF_ALLOCATED), WEIR_OK);
    assert_true(fake.qp[first(A)].tx_on);
    assert_int_equal(fake.forced_irqs, 4); // two of each
}

static void what_is_no_state_changes_nothing(void **state) {
    struct weir_vf_image image, bad;
    struct weir_qp_state_record record;
    (void)state;
    begin();
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
    bad = image, bad.version++;
    assert_int_equal(load(B, FAKE_LINES_AT, &bad), WEIR_INVALID_PARAMETER);
    bad = image, bad.num_qps--;
    assert_int_equal(load(B, FAKE_LINES_AT, &bad), WEIR_INVALID_PARAMETER);
    bad = image, bad.hello = 2;
    assert_int_equal(load(B, FAKE_LINES_AT, &bad), WEIR_INVALID_PARAMETER);
    for (unsigned i = 0; i < WEIR_RSS_ENTRIES; i++) {
        static const uint8_t beyond[] = {QPS, 0x7F, 0x80, 0xFF};
        for (unsigned k = 0; k < sizeof(beyond); k++) {
            bad = image, bad.rss[i] = beyond[k];
            assert_int_equal(load(B, FAKE_LINES_AT, &bad), WEIR_INVALID_PARAMETER);
        }
    }
    is_fresh(B);
    // One record of four: of another version, with reserved bits, of a size that does not exist, not to be read at all.
    for (unsigned k = 0; k < 4; k++) {
        record = fake.record[2];
        if (k == 0) {
            fake.record[2].word[5] ^= (uint64_t)3 << (WEIR_QPS_VERSION_LSB & 63);
        } else if (k == 1) {
            fake.record[2].word[7] = 1;
        } else if (k == 2) {
            fake.record[2].word[0] |= 15;
        }
        assert_int_equal(load(B, k == 3 ? FAKE_LINES_AT + (FAKE_RECORDS - 2) * WEIR_QPS_BYTES : FAKE_LINES_AT, &image),
                         WEIR_INVALID_PARAMETER);
        fake.record[2] = record;
        is_fresh(B);
    }
    memcpy(&fake.record[FAKE_RECORDS - 2], fake.record, 2 * sizeof(record));
    assert_int_equal(load(B, FAKE_LINES_AT + (FAKE_RECORDS - 2) * WEIR_QPS_BYTES, &image), WEIR_FAILURE);
    is_fresh(B);
    assert_int_equal(load(B, FAKE_LINES_AT, &image), WEIR_OK);
}

static void lines_lie_where_they_may(void **state) {
    static const uint64_t bad[] = {FAKE_LINES_AT + 32,  FAKE_LINES_AT + 1, UINT64_MAX - 63, UINT64_MAX - 3 * 64 + 1,
                                   0xFEE00000 - 3 * 64, 0xFEE00000,        0xFEEFFFC0};
    struct weir_vf_image image;
    (void)state;
    begin();
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(save(A, bad[i], NULL), WEIR_INVALID_PARAMETER);
        assert_int_equal(load(B, bad[i], &image), WEIR_INVALID_PARAMETER);
    }
    is_fresh(B);
}

static void a_host_that_does_not_answer_holds_up_nobody_for_long(void **state) {
    struct weir_vf_image image;
    uint32_t since;
    (void)state;
    begin();
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
    fake.record_busy = UINT_MAX;
    since = fake.cycle;
    assert_int_equal(load(B, FAKE_LINES_AT, &image), WEIR_TIMEOUT);
    assert_true(fake.cycle - since < 600000);
    is_fresh(B);
    // The record may still come, into what CREATE_QP would stage.
    assert_int_equal(fw_hello(B + 1), WEIR_OK);
    assert_int_equal(fw_create_qp(B + 1, 0, 0), WEIR_TIMEOUT);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_TIMEOUT);
    fake.record_busy = 0;
    fake_record_answered();
    assert_int_equal(fw_create_qp(B + 1, 0, 0), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
}

static void only_in_the_right_state(void **state) {
    struct weir_vf_image image;
    struct weir_save_vf_req s = {.addr = FAKE_LINES_AT};
    struct weir_load_vf_req l = {.addr = FAKE_LINES_AT};
    (void)state;
    begin();
    assert_int_equal(save(A, FAKE_LINES_AT, NULL), WEIR_WRONG_STATE); // runs
    assert_int_equal(set_state(2, WEIR_VF_STOPPED), WEIR_NOT_FOUND);  // free
    assert_int_equal(set_state(64, WEIR_VF_STOPPED), WEIR_NOT_FOUND);
    assert_int_equal(save(2, FAKE_LINES_AT, NULL), WEIR_NOT_FOUND);
    for (unsigned to = 0; to < 256; to++) {
        if (to != WEIR_VF_ALLOCATED && to != WEIR_VF_STOPPED) {
            assert_int_equal(set_state(A, to), WEIR_INVALID_PARAMETER);
        }
    }
    assert_int_equal(fw_alloc(2), WEIR_OK);
    assert_int_equal(set_state(2, WEIR_VF_STOPPED), WEIR_WRONG_STATE); // has no vPort
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(load(A, FAKE_LINES_AT, &image), WEIR_WRONG_STATE);
    assert_int_equal(load(2, FAKE_LINES_AT, &image), WEIR_WRONG_STATE);
    // Only one whose driver has not begun, with or without queue pairs.
    assert_int_equal(fw_hello(B + 1), WEIR_OK);
    assert_int_equal(load(B, FAKE_LINES_AT, &image), WEIR_WRONG_STATE);
    fw_arm_vf(B, QPS);
    assert_int_equal(load(B, FAKE_LINES_AT, &image), WEIR_WRONG_STATE);
    all_run(B, true);
    assert_false(drains(2));
    // None of it is a VF's.
    assert_int_equal(FW(B + 1, SET_VF_STATE, weir_set_vf_state_req, .vf = B, .state = WEIR_VF_STOPPED),
                     WEIR_PERMISSION);
    assert_int_equal(fw_call(B + 1, WEIR_CMD_SAVE_VF, &s, sizeof(s), NULL, NULL), WEIR_PERMISSION);
    assert_int_equal(fw_call(B + 1, WEIR_CMD_LOAD_VF, &l, sizeof(l), NULL, NULL), WEIR_PERMISSION);
}

static void a_reset_ends_it(void **state) {
    struct weir_vf_image image;
    (void)state;
    begin();
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(save(A, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(load(B, FAKE_LINES_AT, &image), WEIR_OK);
    assert_int_equal(reset_vf(B), WEIR_OK);
    assert_int_equal(fw_get_vf(B).state, WEIR_VF_ALLOCATED);
    assert_int_equal(fw_get_vf(B).hello, 0);
    assert_false(drains(2));
    fake_flr(A + 1);
    fw_run();
    assert_int_equal(fw_get_vf(A).state, WEIR_VF_ALLOCATED);
    assert_false(drains(1));
    fw_arm_vf(A, QPS);
    all_run(A, true);
    // Nor does being stopped keep a VF from leaving.
    assert_int_equal(set_state(A, WEIR_VF_STOPPED), WEIR_OK);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_OK);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = A), WEIR_OK);
    fw_vf_up(A, 1, QPS);
    all_run(A, true);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_vf_stops_and_goes_on),
    cmocka_unit_test(what_was_begun_is_done_first),
    cmocka_unit_test(who_does_not_come_to_rest_runs_on),
    cmocka_unit_test(state_moves_to_another_vf),
    cmocka_unit_test(what_did_not_run_arrives_disabled),
    cmocka_unit_test(what_is_no_state_changes_nothing),
    cmocka_unit_test(lines_lie_where_they_may),
    cmocka_unit_test(a_host_that_does_not_answer_holds_up_nobody_for_long),
    cmocka_unit_test(only_in_the_right_state),
    cmocka_unit_test(a_reset_ends_it),
};
UNIT_MAIN(tests)
