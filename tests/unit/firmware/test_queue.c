// SPDX-License-Identifier: Apache-2.0
// Queue engines (core 1): the table of legal transitions, every operation's bounds, errors of the hardware.
#include "unit.h"

#include <limits.h>

#include "fake.h"
#include "queue/queue.h"

#define NO 0xFFu

// As core 1 after power-on, with queue pairs 0..255 of the PF's vPort 0.
static void boot(void) {
    fake_reset();
    fake.map_count[0] = WEIR_NUM_QPS;
    fake.vport_count[0] = WEIR_NUM_QPS;
    fake.core = 1;
    queue_start();
}

static enum weir_status create(unsigned qp) {
    const uint32_t arg[12] = {qp, 1 << 16, 4 | 4 << 4 | 5 << 8, 0x1000, 1, 0x2000, 2, 0x3000, 3};
    return queue_create(arg);
}

static void every_transition_is_as_written(void **state) {
    enum { DIS = WEIR_QP_DISABLED, ARM = WEIR_QP_ARMED, RUN = WEIR_QP_RUNNING, DRN = WEIR_QP_DRAINING };
    enum { FEN = WEIR_QP_FENCED, PRK = WEIR_QP_PARKED, ERR = WEIR_QP_ERROR };
    // Columns: CREATE START DRAIN DRAINED ERROR DISABLE PARK, written anew from what the states mean and ADR 0016.
    static const uint8_t want[7][QUEUE_EV_COUNT] = {
        {ARM, NO, NO, NO, NO, DIS, PRK},   // DISABLED
        {NO, RUN, NO, NO, ERR, DIS, NO},   // ARMED
        {NO, NO, DRN, NO, ERR, DIS, NO},   // RUNNING
        {NO, RUN, DRN, FEN, ERR, DIS, NO}, // DRAINING
        {NO, RUN, NO, NO, ERR, DIS, PRK},  // FENCED
        {NO, RUN, NO, NO, ERR, DIS, NO},   // PARKED
        {NO, NO, NO, NO, ERR, DIS, NO},    // ERROR
    };
    (void)state;
    for (unsigned s = 0; s < 256; s++) {
        for (unsigned e = 0; e < 16; e++) {
            unsigned expect = s < 7 && e < QUEUE_EV_COUNT ? want[s][e] : NO;
            assert_int_equal(queue_next((uint8_t)s, (enum queue_event)e), expect);
        }
    }
}

static void create_loads_and_starts_both_directions(void **state) {
    (void)state;
    boot();
    assert_int_equal(create(7), WEIR_OK);
    assert_int_equal(queue_state(7), WEIR_QP_RUNNING);
    assert_true(fake.qp[7].loaded && fake.qp[7].tx_on && fake.qp[7].rx_on);
    assert_true(fake.qp[7].tx_base == 0x100001000ull && fake.qp[7].rx_base == 0x200002000ull &&
                fake.qp[7].cq_base == 0x300003000ull);
    assert_int_equal(fake.qp[7].vector, 1);
    assert_int_equal(create(7), WEIR_WRONG_STATE);
    assert_int_equal(create(WEIR_NUM_QPS), WEIR_INVALID_PARAMETER);
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        assert_int_equal(fake.qp[qp].loaded, qp == 7);
    }
}

static void destroy_drains_before_it_clears(void **state) {
    (void)state;
    boot();
    assert_int_equal(create(3), WEIR_OK);
    fake.qp[3].tx_busy = 50;
    fake.qp[3].rx_busy = 20;
    assert_int_equal(queue_destroy(3, 1), WEIR_OK);
    assert_int_equal(queue_state(3), WEIR_QP_DISABLED);
    assert_false(fake.qp[3].loaded);
    assert_int_equal(fake.cleared_busy, 0);
    assert_int_equal(queue_destroy(3, 1), WEIR_OK); // nothing to do
}

static void destroy_of_all_stuck_queues_is_bounded(void **state) {
    uint32_t since;
    (void)state;
    boot();
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        assert_int_equal(create(qp), WEIR_OK);
        fake.qp[qp].tx_busy = fake.qp[qp].rx_busy = UINT_MAX;
    }
    since = fake.cycle;
    assert_int_equal(queue_destroy(0, WEIR_NUM_QPS), WEIR_TIMEOUT);
    // Below the 100 ms core 0 waits and the 8 ms of the watchdog: 3 ms.
    assert_true(fake.cycle - since < 750000);
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        assert_false(fake.qp[qp].loaded);
        assert_int_equal(queue_state(qp), WEIR_QP_DISABLED);
    }
}

static void kill_waits_for_nothing(void **state) {
    (void)state;
    boot();
    assert_int_equal(create(9), WEIR_OK);
    fake.qp[9].tx_busy = fake.qp[9].rx_busy = UINT_MAX;
    assert_int_equal(queue_kill(8, 4), WEIR_OK);
    assert_false(fake.qp[9].loaded);
    assert_int_equal(queue_state(9), WEIR_QP_DISABLED);
}

static void ranges_beyond_the_card_are_refused(void **state) {
    static const unsigned bad[][2] = {{256, 1}, {255, 2}, {0, 257}, {1, 256}, {UINT_MAX, 1}, {1, UINT_MAX}, {256, 0}};
    uint32_t ret[8];
    (void)state;
    boot();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(queue_destroy(bad[i][0], bad[i][1]), WEIR_INVALID_PARAMETER);
        assert_int_equal(queue_kill(bad[i][0], bad[i][1]), WEIR_INVALID_PARAMETER);
        assert_int_equal(queue_park(bad[i][0], bad[i][1]), WEIR_INVALID_PARAMETER);
        assert_int_equal(queue_run(bad[i][0], bad[i][1]), WEIR_INVALID_PARAMETER);
        assert_int_equal(queue_save(bad[i][0], bad[i][1], FAKE_LINES_AT), WEIR_INVALID_PARAMETER);
        assert_int_equal(queue_load(bad[i][0], bad[i][1], FAKE_LINES_AT, 0, ret), WEIR_INVALID_PARAMETER);
        assert_false(queue_armed(bad[i][0], bad[i][1]));
    }
    assert_false(queue_armed(0, 0));
    assert_int_equal(queue_get(256, ret), WEIR_INVALID_PARAMETER);
}

static void armed_needs_every_receive_ring(void **state) {
    (void)state;
    boot();
    for (unsigned qp = 4; qp < 8; qp++) {
        assert_false(queue_armed(4, 4));
        assert_int_equal(create(qp), WEIR_OK);
        assert_false(queue_armed(4, 4));
        fake.qp[qp].posted = 1;
    }
    assert_true(queue_armed(4, 4));
    // Stopped by the hardware, the event not yet read.
    fake_qp_error(6, WEIR_QP_REASON_RX_BAD_PHASE);
    assert_false(queue_armed(4, 4));
}

static void hardware_error_is_kept_and_reported(void **state) {
    uint32_t ret[8];
    (void)state;
    boot();
    assert_int_equal(create(5), WEIR_OK);
    fake_qp_error(5, WEIR_QP_REASON_TX_LEN_ZERO);
    assert_true(queue_round());
    assert_int_equal(queue_state(5), WEIR_QP_ERROR);
    assert_int_equal(queue_get(5, ret), WEIR_OK);
    assert_int_equal(ret[0], WEIR_QP_ERROR | WEIR_QP_REASON_TX_LEN_ZERO << 8);
    assert_int_equal(hal_shared_ram.ev_head, 1);
    assert_int_equal(hal_shared_ram.event[0], 5 | WEIR_QP_REASON_TX_LEN_ZERO << 16);
    assert_true(fake.bell[0]);
    // Only a new generation ends it.
    assert_int_equal(create(5), WEIR_WRONG_STATE);
    assert_int_equal(queue_destroy(5, 1), WEIR_OK);
    assert_int_equal(queue_get(5, ret), WEIR_OK);
    assert_int_equal(ret[0], 0); // the next owner does not learn the reason (threat T20)
    assert_int_equal(create(5), WEIR_OK);
}

static void error_of_an_earlier_generation_is_dropped(void **state) {
    (void)state;
    boot();
    assert_int_equal(create(5), WEIR_OK);
    fake_qp_error(5, WEIR_QP_REASON_DMA_ERROR);
    assert_int_equal(queue_destroy(5, 1), WEIR_OK);
    assert_int_equal(create(5), WEIR_OK);
    assert_true(fake.qp[5].pend);
    (void)queue_round();
    assert_int_equal(queue_state(5), WEIR_QP_RUNNING);
    assert_int_equal(hal_shared_ram.ev_head, 0);
}

static void function_switched_off_is_nobodys_fault(void **state) {
    (void)state;
    boot();
    assert_int_equal(create(5), WEIR_OK);
    fake_qp_error(5, WEIR_QP_REASON_FN_DISABLED);
    assert_true(queue_round());
    assert_int_equal(queue_state(5), WEIR_QP_ERROR);
    assert_int_equal(hal_shared_ram.ev_head, 0);
}

static void full_ring_loses_no_report(void **state) {
    unsigned seen = 0;
    bool reported[WEIR_NUM_QPS] = {false};
    (void)state;
    boot();
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        assert_int_equal(create(qp), WEIR_OK);
        fake_qp_error(qp, WEIR_QP_REASON_BAD_TAIL);
    }
    // Core 0 reads slower than they come.
    for (unsigned i = 0; i < 2 * WEIR_NUM_QPS && seen < WEIR_NUM_QPS; i++) {
        for (unsigned k = 0; k < 20; k++) {
            (void)queue_round();
        }
        assert_true(hal_shared_ram.ev_head - hal_shared_ram.ev_tail <= HAL_SHARED_EVENTS);
        if (hal_shared_ram.ev_tail != hal_shared_ram.ev_head) {
            uint32_t e = hal_shared_ram.event[hal_shared_ram.ev_tail++ % HAL_SHARED_EVENTS];
            assert_false(reported[e & 0xFFFF]);
            reported[e & 0xFFFF] = true;
            seen++;
        }
    }
    assert_int_equal(seen, WEIR_NUM_QPS);
}

static void full_ring_does_not_stop_requests(void **state) {
    (void)state;
    boot();
    for (unsigned qp = 0; qp < 64; qp++) {
        assert_int_equal(create(qp), WEIR_OK);
        fake_qp_error(qp, WEIR_QP_REASON_BAD_TAIL);
    }
    while (queue_round()) {
    }
    hal_shared_ram.op = QUEUE_OP_KILL;
    hal_shared_ram.arg[0] = 0;
    hal_shared_ram.arg[1] = 64;
    hal_shared_ram.req_seq++;
    assert_true(queue_round());
    assert_int_equal(hal_shared_ram.rsp_seq, hal_shared_ram.req_seq);
    assert_int_equal(hal_shared_ram.status, WEIR_OK);
}

static void start_takes_state_from_the_hardware(void **state) {
    (void)state;
    boot();
    for (unsigned qp = 0; qp < 4; qp++) {
        assert_int_equal(create(qp), WEIR_OK);
    }
    fake_qp_error(1, WEIR_QP_REASON_TX_TOO_LONG);
    fake.qp[2].tx_on = false;                    // caught in a drain
    fake.qp[3].tx_on = fake.qp[3].rx_on = false; // parked
    fake.reset_cause[1] = 1;
    hal_shared_ram.req_seq = 9; // a request is open
    hal_shared_ram.rsp_seq = 8;
    queue_start();
    assert_int_equal(queue_state(0), WEIR_QP_RUNNING);
    assert_int_equal(queue_state(1), WEIR_QP_ERROR);
    assert_int_equal(queue_state(2), WEIR_QP_DRAINING);
    assert_int_equal(queue_state(3), WEIR_QP_PARKED);
    assert_int_equal(queue_state(4), WEIR_QP_DISABLED);
    assert_true(fake.qp[0].loaded && fake.qp[0].tx_on && fake.qp[0].rx_on);
    assert_int_equal(hal_shared_ram.rsp_seq, 9);
    assert_int_equal(hal_shared_ram.status, WEIR_ABORTED);
    assert_int_equal(hal_shared_ram.restarts1, 1);
    assert_int_equal(queue_destroy(0, 4), WEIR_OK);
}

static void unknown_request_is_answered(void **state) {
    (void)state;
    boot();
    hal_shared_ram.op = 99;
    hal_shared_ram.req_seq++;
    assert_true(queue_round());
    assert_int_equal(hal_shared_ram.status, WEIR_NOT_SUPPORTED);
    assert_int_equal(hal_shared_ram.rsp_seq, hal_shared_ram.req_seq);
    assert_false(queue_round());
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_transition_is_as_written),
    cmocka_unit_test(create_loads_and_starts_both_directions),
    cmocka_unit_test(destroy_drains_before_it_clears),
    cmocka_unit_test(destroy_of_all_stuck_queues_is_bounded),
    cmocka_unit_test(kill_waits_for_nothing),
    cmocka_unit_test(ranges_beyond_the_card_are_refused),
    cmocka_unit_test(armed_needs_every_receive_ring),
    cmocka_unit_test(hardware_error_is_kept_and_reported),
    cmocka_unit_test(error_of_an_earlier_generation_is_dropped),
    cmocka_unit_test(function_switched_off_is_nobodys_fault),
    cmocka_unit_test(full_ring_loses_no_report),
    cmocka_unit_test(full_ring_does_not_stop_requests),
    cmocka_unit_test(start_takes_state_from_the_hardware),
    cmocka_unit_test(unknown_request_is_answered),
};
UNIT_MAIN(tests)
