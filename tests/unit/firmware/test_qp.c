// SPDX-License-Identifier: Apache-2.0
// CREATE_QP, DESTROY_QP, GET_QP: whose queue pairs, which sizes, which addresses (threats T5, T7, T10).
#include "unit.h"

#include <string.h>

#include "control/control.h"
#include "fw.h"
#include "hal/hal_crash.h"

static const struct weir_create_qp_req good = {
    .tx_log2 = 4, .rx_log2 = 4, .cq_log2 = 5, .vector = 1, .tx_base = 0x10000, .rx_base = 0x20000, .cq_base = 0x30000};

static int create(unsigned fn, struct weir_create_qp_req req) {
    return fw_call(fn, WEIR_CMD_CREATE_QP, &req, sizeof(req), NULL, NULL);
}

static unsigned loaded(void) {
    unsigned n = 0;
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        n += fake.qp[qp].loaded;
    }
    return n;
}

static void world(void) {
    fw_boot();
    fw_switch(2, 4, 32, 2);
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_alloc(1), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, 2), WEIR_OK);                // queue pairs 2, 3
    assert_int_equal(fw_vport(2, 1, 3), WEIR_OK);                // 4..6
    assert_int_equal(fw_vport(3, WEIR_VPORT_NO_VF, 2), WEIR_OK); // 7, 8
    assert_int_equal(fw_hello(1), WEIR_OK);
    assert_int_equal(fw_hello(2), WEIR_OK);
}

static void a_vf_reaches_its_own_queue_pairs_only(void **state) {
    struct weir_create_qp_req req = good;
    (void)state;
    world();
    for (unsigned qp = 0; qp < 0x10000; qp += qp < 300 ? 1 : 257) {
        bool own = qp < 2;
        struct weir_create_qp_rsp rsp[WEIR_MBOX_PAYLOAD / sizeof(struct weir_create_qp_rsp)];
        req.qp = (uint16_t)qp;
        assert_int_equal(fw_call(1, WEIR_CMD_CREATE_QP, &req, sizeof(req), rsp, NULL), own ? WEIR_OK : WEIR_NOT_FOUND);
        if (own) {
            assert_int_equal(rsp[0].qp, 2 + qp);
            assert_int_equal(rsp[0].db_offset, WEIR_BAR_DOORBELL_BASE + qp * WEIR_BAR_DOORBELL_SIZE);
            assert_int_equal(fake.qp[2 + qp].fn, 1);
            assert_int_equal(fake.qp[2 + qp].vport, 1);
        } else {
            assert_int_equal(FW(1, GET_QP, weir_qp_req, .qp = (uint16_t)qp), WEIR_NOT_FOUND);
            assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = (uint16_t)qp), WEIR_NOT_FOUND);
        }
    }
    assert_int_equal(loaded(), 2);
}

static void the_pf_reaches_its_own_vports_only(void **state) {
    struct weir_create_qp_req req = good;
    (void)state;
    world();
    for (unsigned vport = 0; vport < 6; vport++) {
        for (unsigned qp = 0; qp < 12; qp++) {
            bool own = (vport == 0 && qp < 2) || (vport == 3 && (qp == 7 || qp == 8));
            req.qp = (uint16_t)qp;
            req.vport = (uint16_t)vport;
            assert_int_equal(create(0, req), own ? WEIR_OK : WEIR_NOT_FOUND);
        }
    }
    assert_int_equal(loaded(), 4);
}

static void sizes_and_vectors_are_checked(void **state) {
    (void)state;
    world();
    for (unsigned v = 0; v < 256; v++) {
        struct weir_create_qp_req req = good;
        bool ring = v >= WEIR_RING_LOG2_MIN && v <= WEIR_RING_LOG2_MAX;
        req.tx_log2 = (uint8_t)v;
        assert_int_equal(create(1, req), ring ? WEIR_OK : WEIR_INVALID_PARAMETER);
        (void)FW(1, DESTROY_QP, weir_qp_req, .qp = 0);
        req = good;
        req.rx_log2 = (uint8_t)v;
        assert_int_equal(create(1, req), ring ? WEIR_OK : WEIR_INVALID_PARAMETER);
        (void)FW(1, DESTROY_QP, weir_qp_req, .qp = 0);
        req = good;
        req.cq_log2 = (uint8_t)v;
        assert_int_equal(create(1, req),
                         v >= WEIR_RING_LOG2_MIN + 1 && v <= WEIR_CQ_LOG2_MAX ? WEIR_OK : WEIR_INVALID_PARAMETER);
        (void)FW(1, DESTROY_QP, weir_qp_req, .qp = 0);
        req = good;
        req.vector = (uint8_t)v;
        assert_int_equal(create(1, req), v < WEIR_FN_VECTORS ? WEIR_OK : WEIR_INVALID_PARAMETER);
        (void)FW(1, DESTROY_QP, weir_qp_req, .qp = 0);
    }
    assert_int_equal(loaded(), 0);
}

// A ring of 2^7 entries is 2 KiB.
static const struct {
    uint64_t base;
    bool ok;
} addresses[] = {
    {0, true},
    {0x20, false},
    {0x41, false},
    {0xFEE00000ull - 0x800, true},
    {0xFEE00000ull - 0x7C0, false}, // its last entries would be interrupts (threat T10)
    {0xFEE00000ull, false},
    {0xFEE00FC0ull, false},
    {0xFEEFFFC0ull, false},
    {0xFEF00000ull, true},
    {0x1FEE00000ull, true},
    {0xFFFFFFFFFFFFF800ull, true},
    {0xFFFFFFFFFFFFF840ull, false}, // wraps
    {0xFFFFFFFFFFFFFFC0ull, false},
};

static void addresses_are_checked(void **state) {
    (void)state;
    world();
    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        for (unsigned which = 0; which < 3; which++) {
            struct weir_create_qp_req req = good;
            req.tx_log2 = req.rx_log2 = req.cq_log2 = 7;
            *(which == 0 ? &req.tx_base : which == 1 ? &req.rx_base : &req.cq_base) = addresses[i].base;
            assert_int_equal(create(1, req), addresses[i].ok ? WEIR_OK : WEIR_INVALID_PARAMETER);
            (void)FW(1, DESTROY_QP, weir_qp_req, .qp = 0);
        }
    }
}

static void states_are_told(void **state) {
    struct weir_get_qp_rsp rsp[WEIR_MBOX_PAYLOAD / sizeof(struct weir_get_qp_rsp) + 1];
    const struct weir_qp_req req = {.qp = 1};
    (void)state;
    world();
    assert_int_equal(fw_call(1, WEIR_CMD_GET_QP, &req, sizeof(req), rsp, NULL), WEIR_OK);
    assert_int_equal(rsp[0].state, WEIR_QP_DISABLED);
    assert_int_equal(fw_create_qp(1, 1, 0), WEIR_OK);
    assert_int_equal(fw_create_qp(1, 1, 0), WEIR_WRONG_STATE);
    fake_post(1, 1, 5);
    assert_int_equal(fw_call(1, WEIR_CMD_GET_QP, &req, sizeof(req), rsp, NULL), WEIR_OK);
    assert_int_equal(rsp[0].state, WEIR_QP_RUNNING);
    assert_int_equal(rsp[0].rx_tail, 5);
    fake_qp_error(3, WEIR_QP_REASON_BAD_ADDR);
    assert_int_equal(fw_call(1, WEIR_CMD_GET_QP, &req, sizeof(req), rsp, NULL), WEIR_OK);
    assert_int_equal(rsp[0].state, WEIR_QP_ERROR);
    assert_int_equal(rsp[0].reason, WEIR_QP_REASON_BAD_ADDR);
    assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = 1), WEIR_OK);
    assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = 1), WEIR_OK);
    assert_int_equal(fw_create_qp(1, 1, 0), WEIR_OK);
}

static void error_event_names_function_and_queue(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    world();
    while (fw_events().count != 0) {
    }
    assert_int_equal(fw_create_qp(2, 2, 0), WEIR_OK);
    fake_qp_error(6, WEIR_QP_REASON_TX_BAD_PHASE);
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_QP_ERROR);
    assert_int_equal(ev.event[0].a, 2);
    assert_int_equal(ev.event[0].b, 2);
    assert_int_equal(ev.event[0].c, WEIR_QP_REASON_TX_BAD_PHASE);
}

// One round of core 0 with one command of the PF waiting.
static void command_in_one_round(unsigned opcode, const void *req, unsigned length) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = (uint16_t)opcode, .length = (uint16_t)length}};
    memcpy(msg.payload, req, length);
    assert_true(fake_request(0, &msg));
    (void)control_poll();
    assert_int_equal(fake.rsp[0][1] >> 16, WEIR_OK);
}

static void errors_are_told_before_queue_pairs_change_hands(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    fw_boot();
    fw_switch(2, 3, 32, 1);
    fw_vf_up(0, 1, 8);
    assert_int_equal(fw_alloc(1), WEIR_OK);
    while (fw_events().count != 0) {
    }
    for (unsigned qp = 1; qp < 9; qp++) {
        fake_qp_error(qp, WEIR_QP_REASON_BAD_TAIL);
    }
    // VF 0's vPort goes and VF 1 gets its queue pairs, as fast as the PF can ask.
    command_in_one_round(WEIR_CMD_DELETE_VPORT, &(struct weir_vport_req){.vport = 1}, sizeof(struct weir_vport_req));
    command_in_one_round(WEIR_CMD_CREATE_VPORT, &(struct weir_create_vport_req){.vport = 2, .vf = 1, .num_qps = 8},
                         sizeof(struct weir_create_vport_req));
    assert_int_equal(fake.vport_base[2], 1);
    fw_run();
    ev = fw_events();
    for (unsigned i = 0; i < ev.count; i++) {
        assert_true(ev.event[i].kind != WEIR_FW_EVENT_QP_ERROR || ev.event[i].a == 1);
    }
}

static void a_stuck_queue_is_at_rest_after_destroy(void **state) {
    (void)state;
    world();
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
    fake.tick = 100;
    fake.qp[2].tx_busy = 1000000;
    assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = 0), WEIR_TIMEOUT);
    assert_false(fake.qp[2].loaded);
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
}

static void core_1_dead_then_back(void **state) {
    uint32_t since;
    (void)state;
    world();
    fake.core1_dead = true;
    fake.tick = 1000;
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_TIMEOUT);
    // The next one fails at once and leaves alone the words that core 1 may be reading.
    since = fake.cycle;
    assert_int_equal(fw_create_qp(2, 0, 0), WEIR_TIMEOUT);
    assert_true(fake.cycle - since < 1000000);
    assert_int_equal(loaded(), 0);
    fake.core1_dead = false;
    fake.tick = 4;
    fw_run();
    assert_int_equal(loaded(), 0); // what core 0 has given up is not done after all
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
    assert_int_equal(loaded(), 1);
}

static void core_1_restarts_under_a_command(void **state) {
    (void)state;
    world();
    fake.core1_restarts = 1; // a question is asked again
    assert_int_equal(FW(1, GET_QP, weir_qp_req, .qp = 1), WEIR_OK);
    fake.core1_restarts = 1; // a creation is not
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_ABORTED);
    assert_int_equal(loaded(), 0);
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
    hal_crash_renew(); // as if a minute later: two restarts behind it are no crash loop
    fake.core1_restarts = 1;
    assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = 0), WEIR_ABORTED);
    assert_int_equal(loaded(), 0); // at rest all the same: its memory can be given back
    assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
    // What stops queue pairs on the way to something else goes on.
    fake.core1_restarts = 1;
    fake_flr(1);
    fw_run();
    assert_false(fake.flr[1]);
    assert_int_equal(loaded(), 0);
}

// 1 Mb/s is 32.768 / 256 bytes in the 256 cycles of a sweep over queue pairs, half of that over functions.
static void rates_reach_the_hardware(void **state) {
    (void)state;
    world();
    assert_int_equal(fw_create_qp(1, 1, 0), WEIR_OK); // the card's queue pair 3
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 1, .qp = 1, .mbps = 1000, .weight = 3), WEIR_OK);
    assert_int_equal(fake_qp_rate[3], 32768);
    assert_int_equal(fake_qp_weight[3], 3);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 1, .qp = 1, .mbps = WEIR_RATE_MAX), WEIR_OK);
    assert_int_equal(fake_qp_rate[3], 6553600);
    assert_int_equal(fake_qp_weight[3], 3);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 2, .qp = WEIR_RATE_FN, .mbps = 123), WEIR_OK);
    assert_int_equal(fake_fn_rate[2], 2015);
    assert_int_equal(FW(1, SET_RATE, weir_set_rate_req, .fn = 1, .qp = 1), WEIR_PERMISSION);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 1, .qp = 1, .mbps = WEIR_RATE_MAX + 1),
                     WEIR_INVALID_PARAMETER);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 1, .qp = 1, .weight = 16), WEIR_INVALID_PARAMETER);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 1, .qp = 7), WEIR_NOT_FOUND);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 3, .qp = WEIR_RATE_FN), WEIR_NOT_FOUND);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 1, .qp = 0), WEIR_WRONG_STATE); // not created
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 2), WEIR_OK);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 1), WEIR_OK);
    assert_int_equal(fake_fn_rate[2], 0); // the next owner's limit is not this one's
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_vf_reaches_its_own_queue_pairs_only),
    cmocka_unit_test(the_pf_reaches_its_own_vports_only),
    cmocka_unit_test(sizes_and_vectors_are_checked),
    cmocka_unit_test(addresses_are_checked),
    cmocka_unit_test(states_are_told),
    cmocka_unit_test(error_event_names_function_and_queue),
    cmocka_unit_test(errors_are_told_before_queue_pairs_change_hands),
    cmocka_unit_test(a_stuck_queue_is_at_rest_after_destroy),
    cmocka_unit_test(core_1_dead_then_back),
    cmocka_unit_test(core_1_restarts_under_a_command),
    cmocka_unit_test(rates_reach_the_hardware),
};
UNIT_MAIN(tests)
