// SPDX-License-Identifier: Apache-2.0
// hal: the exact sequence of register accesses. Nothing is modelled; every access must be the next one of the script.
#include "unit.h"

#include <string.h>

#include "hal/hal_csr.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_pcie.h"
#include "hal/hal_queue.h"
#include "hal/hal_shared.h"
#include "hal/hal_switch.h"

struct hal_shared hal_shared_ram;

uint32_t hal_read(uint32_t block, uint32_t offset) {
    uint32_t where = block + offset;
    function_called();
    check_expected(where);
    return mock_type(uint32_t);
}

void hal_write(uint32_t block, uint32_t offset, uint32_t value) {
    uint32_t where = block + offset;
    function_called();
    check_expected(where);
    check_expected(value);
}

static void write_is_next(uint32_t where, uint32_t value) {
    expect_function_call(hal_write);
    expect_value(hal_write, where, where);
    expect_value(hal_write, value, value);
}

static void read_is_next(uint32_t where, uint32_t value) {
    expect_function_call(hal_read);
    expect_value(hal_read, where, where);
    will_return(hal_read, value);
}
#define W(block, reg, value) write_is_next(WEIR_CSR_##block + WEIR_##block##_##reg##_OFFSET, value)
#define R(block, reg, value) read_is_next(WEIR_CSR_##block + WEIR_##block##_##reg##_OFFSET, value)

static void move_writes_operands_then_command(void **state) {
    const struct hal_move all = {.slot = 0x5A3, .dst = 9, .leave = 4, .join = 9, .fence = 4, .token = 0xFEEDF00D};
    (void)state;
    W(SWITCH, MOVE_SLOT, 0x5A3);
    W(SWITCH, MOVE_DST, 9);
    W(SWITCH, MOVE_FLOOD, 4 | 9 << 8 | 1 << 16 | 1 << 17);
    W(SWITCH, MOVE_FENCE, 4 | 1 << 8);
    W(SWITCH, MOVE_TOKEN, 0xFEEDF00D);
    W(SWITCH, MOVE_CMD, 1);
    R(SWITCH, EPOCH, 0x17F);
    assert_int_equal(hal_switch_move(&all), 0x7F);
}

static void move_without_filter_flood_or_fence(void **state) {
    const struct hal_move none = {.slot = -1, .leave = -1, .join = -1, .fence = -1, .advance = true};
    (void)state;
    W(SWITCH, MOVE_SLOT, 1u << 31);
    W(SWITCH, MOVE_DST, 0);
    W(SWITCH, MOVE_FLOOD, 0);
    W(SWITCH, MOVE_FENCE, 0);
    W(SWITCH, MOVE_TOKEN, 0);
    W(SWITCH, MOVE_CMD, 3);
    R(SWITCH, EPOCH, 1);
    assert_int_equal(hal_switch_move(&none), 1);
}

static void filter_is_staged_then_stored(void **state) {
    const struct hal_filter f = {
        .mac = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55}, .vid = 0xABC, .mode = WEIR_FILTER_VLAN, .vport = 0x7E};
    (void)state;
    W(SWITCH, FILTER_SLOT, 0x7FF);
    W(SWITCH, FILTER_MAC_LO, 0x22334455);
    W(SWITCH, FILTER_MAC_HI, 0x0211);
    W(SWITCH, FILTER_KEY, 0xABC | 2 << 12 | 0x7E << 16 | 1u << 31);
    W(SWITCH, FILTER_CMD, 1);
    hal_switch_filter_set(0x7FF, &f);
    W(SWITCH, FILTER_SLOT, 3);
    W(SWITCH, FILTER_MAC_LO, 0);
    W(SWITCH, FILTER_MAC_HI, 0);
    W(SWITCH, FILTER_KEY, 0);
    W(SWITCH, FILTER_CMD, 1);
    hal_switch_filter_clear(3);
}

static void hash_reads_four_rows_and_stores_nothing(void **state) {
    const struct hal_filter f = {.mac = {0, 0, 0, 0, 0, 1}, .mode = WEIR_FILTER_UNTAGGED_OR_ZERO, .vport = 5};
    uint16_t row[4];
    (void)state;
    W(SWITCH, FILTER_MAC_LO, 1);
    W(SWITCH, FILTER_MAC_HI, 0);
    W(SWITCH, FILTER_KEY, 1 << 12 | 5 << 16);
    R(SWITCH, FILTER_HASH, 0x01FF0001);
    R(SWITCH, FILTER_HASH2, 0x00020100);
    hal_switch_hash(&f, row);
    assert_int_equal(row[0], 1);
    assert_int_equal(row[1], 0x1FF);
    assert_int_equal(row[2], 0x100);
    assert_int_equal(row[3], 2);
}

static void queue_context_is_complete_before_load(void **state) {
    const struct hal_qp_ctx ctx = {.fn = 64,
                                   .vport = 127,
                                   .vector = 15,
                                   .tx_log2 = 12,
                                   .rx_log2 = 3,
                                   .cq_log2 = 13,
                                   .tx_base = 0x123456789ABCDEC0ull,
                                   .rx_base = 0x40,
                                   .cq_base = 0xFFFFFFFF00000000ull};
    (void)state;
    W(QUEUE, QP_SEL, 255);
    W(QUEUE, QP_CTX, 64 | 127 << 8 | 15 << 16);
    W(QUEUE, QP_SIZE, 12 | 3 << 4 | 13 << 8);
    W(QUEUE, QP_TX_LO, 0x9ABCDEC0);
    W(QUEUE, QP_TX_HI, 0x12345678);
    W(QUEUE, QP_RX_LO, 0x40);
    W(QUEUE, QP_RX_HI, 0);
    W(QUEUE, QP_CQ_LO, 0);
    W(QUEUE, QP_CQ_HI, 0xFFFFFFFF);
    W(QUEUE, QP_CMD, 1);
    hal_queue_load(255, &ctx);
    W(QUEUE, FN_SEL, 64);
    W(QUEUE, FN_MAP, 248 | 8 << 16);
    hal_queue_map(64, 248, 8);
}

static void vport_writes_select_first(void **state) {
    const uint8_t mac[6] = {0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};
    (void)state;
    W(SWITCH, VPORT_SEL, 127);
    W(SWITCH, VPORT_CFG, 0xB);
    hal_switch_vport(127, 0xB);
    W(SWITCH, VPORT_SEL, 1);
    W(SWITCH, VPORT_QP, 200 | 255 << 16);
    hal_switch_vport_qps(1, 200, 255);
    // The high half applies both.
    W(SWITCH, VPORT_SEL, 2);
    W(SWITCH, VPORT_MAC_LO, 0xCCDDEEFF);
    W(SWITCH, VPORT_MAC_HI, 0xAABB);
    hal_switch_vport_mac(2, mac);
}

static void mailbox_is_read_once_and_no_further_than_its_length(void **state) {
    struct weir_mbox_msg msg;
    (void)state;
    memset(&msg, 0xEE, sizeof(msg));
    read_is_next(WEIR_CSR_MBOX + 3 * 256, 0x00050042); // length 5: two words
    read_is_next(WEIR_CSR_MBOX + 3 * 256 + 4, 0x77770BAD);
    read_is_next(WEIR_CSR_MBOX + 3 * 256 + 8, 0x04030201);
    read_is_next(WEIR_CSR_MBOX + 3 * 256 + 12, 0x08070605);
    hal_mbox_read(3, &msg);
    assert_int_equal(msg.hdr.opcode, 0x42);
    assert_int_equal(msg.hdr.length, 5);
    assert_int_equal(msg.hdr.seq, 0x0BAD);
    assert_int_equal(msg.hdr.status, 0);
    assert_int_equal(msg.payload[0] | msg.payload[7] << 8, 0x0801);
    assert_int_equal(msg.payload[8], 0xEE);
}

static void mailbox_length_is_bounded(void **state) {
    struct {
        struct weir_mbox_msg msg;
        uint8_t guard[16];
    } m;
    (void)state;
    memset(&m, 0xEE, sizeof(m));
    read_is_next(WEIR_CSR_MBOX, 0xFFFF0001); // the host says 65535 bytes
    read_is_next(WEIR_CSR_MBOX + 4, 1);
    for (unsigned i = 0; i < WEIR_MBOX_PAYLOAD / 4; i++) {
        read_is_next(WEIR_CSR_MBOX + 8 + 4 * i, 0);
    }
    hal_mbox_read(0, &m.msg);
    assert_int_equal(m.guard[0], 0xEE);
}

static void response_is_written_before_it_is_handed_over(void **state) {
    const struct weir_mbox_msg msg = {.hdr = {.opcode = 2, .length = 8, .seq = 7, .status = 9},
                                      .payload = {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    (void)state;
    write_is_next(WEIR_CSR_MBOX + 64 * 256 + 128, 2 | 8 << 16);
    write_is_next(WEIR_CSR_MBOX + 64 * 256 + 132, 7 | 9 << 16);
    write_is_next(WEIR_CSR_MBOX + 64 * 256 + 136, 0x04030201);
    write_is_next(WEIR_CSR_MBOX + 64 * 256 + 140, 0x08070605);
    hal_mbox_write(64, &msg);
    W(CTRL, MBOX_DONE, 64);
    hal_mbox_done(64, false);
    W(CTRL, MBOX_DONE, 3 | 1u << 8);
    hal_mbox_done(3, true);
}

static void function_events_and_reset(void **state) {
    (void)state;
    W(CTRL, FN_SEL, 5);
    W(CTRL, FN_EVENT_LO, 1);
    hal_fn_event(5, 1, 0);
    W(CTRL, FN_SEL, 6);
    W(CTRL, FN_EVENT_HI, 1u << 31);
    hal_fn_event(6, 0, 1u << 31);
    W(CTRL, FN_CLEAR, 6);
    hal_fn_clear(6);
    W(PCIE, FN_SEL, 6);
    R(PCIE, FN_STATUS, 1 << 2);
    assert_true(hal_pcie_in_flr(6));
    W(PCIE, FN_SEL, 6);
    R(PCIE, FN_STATUS, 1 << 2);
    assert_false(hal_pcie_visible(6));
    W(DMA, FN_SEL, 6);
    R(DMA, FN_BUSY, 1 << 16);
    assert_true(hal_dma_busy(6));
    W(PCIE, FLR_DONE, 6);
    hal_pcie_flr_done(6);
}

static void counter_low_word_is_read_first(void **state) {
    (void)state;
    W(SWITCH, CNT_SEL, 127 << 8 | 19);
    R(SWITCH, CNT_LO, 0x89ABCDEF); // latches
    R(SWITCH, CNT_HI, 0x4567);
    assert_true(hal_switch_counter(127, 19) == 0x456789ABCDEFull);
    W(SWITCH, CNT_SEL, 1 << 16 | 12);
    R(SWITCH, CNT_LO, 1);
    R(SWITCH, CNT_HI, 0);
    assert_true(hal_switch_counter_global(12) == 1);
}

static void event_words_are_taken_apart(void **state) {
    struct hal_event e;
    (void)state;
    R(SWITCH, EVENT_POP, 1u << 31 | WEIR_HW_EVENT_FENCE_DONE << 24 | 13 << 16 | 127);
    R(SWITCH, EVENT_TOKEN, 0xCAFE);
    assert_true(hal_switch_event(&e));
    assert_int_equal(e.kind, WEIR_HW_EVENT_FENCE_DONE);
    assert_int_equal(e.reason, 13);
    assert_int_equal(e.arg, 127);
    assert_int_equal(e.token, 0xCAFE);
    W(SWITCH, EVENT_LAST, 0);
    hal_switch_event_done();
    R(SWITCH, EVENT_LAST, 1u << 31 | WEIR_HW_EVENT_FENCE_DONE << 24 | 5);
    R(SWITCH, EVENT_TOKEN, 0xBEEF);
    assert_true(hal_switch_event_left(&e));
    assert_int_equal(e.arg, 5);
    assert_int_equal(e.token, 0xBEEF);
    R(SWITCH, EVENT_LAST, 0);
    assert_false(hal_switch_event_left(&e));
    R(SWITCH, EVENT_POP, WEIR_HW_EVENT_FENCE_DONE << 24); // empty: the token is not read
    assert_false(hal_switch_event(&e));
}

static void time_compares_across_the_wrap(void **state) {
    (void)state;
    R(CTRL, CYCLE_LO, 5);
    assert_false(hal_ctrl_expired(0xFFFFFFFB, 11));
    R(CTRL, CYCLE_LO, 6);
    assert_true(hal_ctrl_expired(0xFFFFFFFB, 11));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(move_writes_operands_then_command),
    cmocka_unit_test(move_without_filter_flood_or_fence),
    cmocka_unit_test(filter_is_staged_then_stored),
    cmocka_unit_test(hash_reads_four_rows_and_stores_nothing),
    cmocka_unit_test(queue_context_is_complete_before_load),
    cmocka_unit_test(vport_writes_select_first),
    cmocka_unit_test(mailbox_is_read_once_and_no_further_than_its_length),
    cmocka_unit_test(mailbox_length_is_bounded),
    cmocka_unit_test(response_is_written_before_it_is_handed_over),
    cmocka_unit_test(function_events_and_reset),
    cmocka_unit_test(counter_low_word_is_read_first),
    cmocka_unit_test(event_words_are_taken_apart),
    cmocka_unit_test(time_compares_across_the_wrap),
};
UNIT_MAIN(tests)
