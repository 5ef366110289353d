// SPDX-License-Identifier: Apache-2.0
// The monitor's view of a queue pair's order (pcie 47): frame, completion, interrupt, told by crafted TLPs of host and
// card as a driver and a card would send them. Every wrong order is one violation, every right one none.
#include <stdbool.h>

#include "monitor.h"
#include "order.h"
#include "tlp.h"
#include "unit.h"
#include "weir_abi.h"
#include "weir_mbox.h"

#define RID 0x0100u
#define BAR 0x40000000u
#define RX_RING 0x10000u
#define CQ_RING 0x20000u
#define BUFFERS 0x30000u // buffer i of 2 KiB at + i * 2048, id 100 + i
#define MSI 0xFEE00000u
#define VECTOR 3u

static struct monitor *m;
static uint64_t now;
static uint8_t tag;
static uint16_t seq;
static uint32_t completed;

static void reads_answered(struct tlp *q, unsigned dw, const void *data) { // of the card
    static struct tlp t;
    monitor_from_card(m, q, 1, ++now);
    tlp_make_cpl(&t, TLP_SC, dw, 0, RID, tlp_tag(q), dw * 4, (unsigned)tlp_addr(q));
    memcpy(t.data, data, dw * 4);
    monitor_to_card(m, &t, ++now);
}

static void cfg_write(unsigned reg, uint32_t value) {
    static struct tlp t;
    tlp_make_cfg(&t, true, 0, ++tag, RID, reg, 0xF, value);
    monitor_to_card(m, &t, ++now);
    tlp_make_cpl(&t, TLP_SC, 0, RID, 0, tag, 4, 0);
    monitor_from_card(m, &t, 1, ++now);
}

static void bar_write(unsigned offset, uint32_t value) {
    static struct tlp t;
    tlp_make_mem(&t, true, 0, 0, BAR + offset, 1, 0xF, 0);
    t.data[0] = value;
    monitor_to_card(m, &t, ++now);
}

static void bar_read(unsigned offset, uint32_t value) {
    static struct tlp t;
    tlp_make_mem(&t, false, 0, ++tag, BAR + offset, 1, 0xF, 0);
    monitor_to_card(m, &t, ++now);
    tlp_make_cpl(&t, TLP_SC, 1, RID, 0, tag, 4, offset);
    t.data[0] = value;
    monitor_from_card(m, &t, 1, ++now);
}

static void hand_over(uint16_t opcode, const void *payload, unsigned bytes) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = opcode, .length = (uint16_t)bytes, .seq = ++seq}};
    uint32_t word[sizeof(msg) / 4];
    memcpy(msg.payload, payload, bytes);
    memcpy(word, &msg, sizeof(msg));
    for (unsigned i = 0; i < 2 + bytes / 4; i++)
        bar_write(WEIR_BAR_MBOX_REQ + i * 4, word[i]);
    bar_write(WEIR_BAR_MBOX_OWNER, 1);
}

static void answer(uint16_t status) {
    bar_read(WEIR_BAR_MBOX_RSP + 4, (uint32_t)status << 16 | seq);
}

static void command(uint16_t opcode, const void *payload, unsigned bytes, uint16_t status) {
    hand_over(opcode, payload, bytes);
    answer(status);
}

static void arm(uint16_t head) {
    bar_write(WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_CQ, 1u << WEIR_BAR_DB_CQ_ARM_LSB | head);
}

static void card_writes(uint64_t addr, const void *data, unsigned dw) {
    static struct tlp t;
    tlp_make_mem(&t, true, RID, 0, addr, dw, 0xF, dw > 1 ? 0xF : 0);
    memcpy(t.data, data, dw * 4);
    monitor_from_card(m, &t, (dw + 15) / 16, ++now);
}

static void frame(unsigned buffer, unsigned offset64, unsigned dw) {
    static uint32_t bytes[TLP_MAX_DW];
    for (unsigned at = 0; at < dw; at += 32) // MPS is 128
        card_writes(BUFFERS + buffer * 2048u + offset64 * 64 + at * 4, bytes, dw - at < 32 ? dw - at : 32);
}

static void completion(unsigned buffer, unsigned offset64, unsigned bytes) {
    struct weir_ring_entry e = {.lo = WEIR_RING_PUT_LO(bytes, CPL_LEN),
                                .hi = WEIR_RING_PUT_HI(100 + buffer, CPL_BUF_ID) |
                                      WEIR_RING_PUT_HI(offset64, CPL_OFFSET64)};
    card_writes(CQ_RING + completed++ % 8 * 16, &e, 4);
}

static void interrupt(void) {
    const uint32_t data = 0x77;
    card_writes(MSI, &data, 1);
}

static void buffers_read(unsigned first, unsigned n, bool stream) {
    static struct tlp t;
    struct weir_ring_entry e[8];
    for (unsigned i = 0; i < n; i++)
        e[i] = (struct weir_ring_entry){.lo = BUFFERS + (first + i) % 8 * 2048u,
                                        .hi = WEIR_RING_PUT_HI(100 + (first + i) % 8, RXD_BUF_ID) |
                                              WEIR_RING_PUT_HI(32, RXD_LEN64) | WEIR_RING_PUT_HI(stream, RXD_STREAM)};
    tlp_make_mem(&t, false, RID, (uint8_t)first, RX_RING + first % 8 * 16, n * 4, 0xF, 0xF);
    reads_answered(&t, n * 4, e);
}

static void begin(bool stream) {
    const struct weir_create_qp_req q = {.rx_log2 = 3,
                                         .tx_log2 = 3,
                                         .cq_log2 = 3,
                                         .vector = VECTOR,
                                         .tx_base = 0x50000,
                                         .rx_base = RX_RING,
                                         .cq_base = CQ_RING};
    m = monitor_new(8);
    assert_non_null(m);
    now = completed = 0;
    cfg_write(0x10, BAR);
    cfg_write(0x14, 0);
    cfg_write(0x04, 6);
    bar_write(WEIR_BAR_MSIX_TABLE_BASE + VECTOR * 16, MSI);
    bar_write(WEIR_BAR_MSIX_TABLE_BASE + VECTOR * 16 + 8, 0x77);
    command(WEIR_CMD_CREATE_QP, &q, sizeof(q), 0);
    buffers_read(0, 8, stream);
}

static void end(unsigned violations) {
    if (monitor_stats(m)->violations != violations)
        print_message("first: %s\n", monitor_stats(m)->first);
    assert_int_equal(monitor_stats(m)->violations, violations);
    monitor_free(m);
}

static void right_order_is_silent(void **state) {
    (void)state;
    begin(false);
    for (unsigned lap = 0; lap < 3; lap++)
        for (unsigned i = 0; i < 8; i++) {
            arm((uint16_t)completed);
            frame(i, 0, 64);
            completion(i, 0, 255);
            interrupt();
            buffers_read(lap * 8 + i, 1, false);
        }
    assert_int_equal(monitor_stats(m)->ordered_completions, 24);
    assert_int_equal(monitor_stats(m)->ordered_interrupts, 24);
    end(0);
}

static void frames_share_a_buffer(void **state) {
    (void)state;
    begin(true);
    frame(0, 0, 32);
    completion(0, 0, 60);
    completion(0, 1, 64);
    frame(0, 2, 20);
    completion(0, 2, 77);
    buffers_read(8, 1, true); // its place is posted again while it is still the one in use
    frame(1, 0, 16);
    completion(1, 0, 64);
    end(0);
}

static void a_buffer_given_twice_is_written_twice(void **state) {
    (void)state;
    begin(false);
    frame(0, 0, 16);
    frame(0, 0, 16);
    completion(0, 0, 64);
    buffers_read(8, 1, false);
    for (unsigned i = 1; i < 8; i++) {
        frame(i, 0, 16);
        completion(i, 0, 64);
    }
    completion(0, 0, 64);
    end(0);
}

static void completion_before_its_bytes(void **state) {
    (void)state;
    begin(false);
    frame(0, 0, 63);
    completion(0, 0, 256); // the last word is missing
    end(1);
    begin(false);
    completion(0, 0, 64);
    frame(0, 0, 16);
    end(1);
}

static void completions_follow_each_other(void **state) {
    (void)state;
    begin(false);
    frame(0, 0, 16);
    completion(0, 0, 64);
    completed++;
    frame(1, 0, 16);
    completion(1, 0, 64);
    end(1);
}

static void completion_of_a_buffer_never_read(void **state) {
    (void)state;
    begin(false);
    frame(9, 0, 16);
    completion(9, 0, 64);
    end(1);
}

static void interrupt_before_its_completion(void **state) {
    (void)state;
    begin(false);
    interrupt(); // nothing was armed
    end(1);
    begin(false);
    arm(0);
    interrupt();
    frame(0, 0, 16);
    completion(0, 0, 64);
    end(1);
    begin(false);
    frame(0, 0, 16);
    completion(0, 0, 64);
    arm(0); // late: at once
    interrupt();
    arm(1);
    interrupt();
    end(1);
}

static void told(struct order *o, unsigned fn, uint16_t opcode, const void *payload, unsigned bytes) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = opcode, .length = (uint16_t)bytes, .seq = ++seq}};
    uint32_t word[sizeof(msg) / 4];
    memcpy(msg.payload, payload, bytes);
    memcpy(word, &msg, sizeof(msg));
    for (unsigned i = 0; i < 2 + bytes / 4; i++)
        order_bar_write(o, fn, WEIR_BAR_MBOX_REQ + i * 4, word[i]);
    order_bar_write(o, fn, WEIR_BAR_MBOX_OWNER, 1);
    order_bar_read(o, fn, WEIR_BAR_MBOX_RSP + 4, seq);
}

// It may have missed one while it was stopped.
static void a_vf_that_goes_on_is_interrupted_once(void **state) {
    const struct weir_create_qp_req q = {.rx_log2 = 3, .cq_log2 = 3, .vector = 1, .cq_base = CQ_RING};
    struct weir_set_vf_state_req run = {.vf = 1, .state = WEIR_VF_ALLOCATED};
    struct order *o = order_new();
    (void)state;
    assert_non_null(o);
    order_bar_write(o, 1, WEIR_BAR_MSIX_TABLE_BASE + 16, (uint32_t)MSI);
    order_bar_write(o, 1, WEIR_BAR_MSIX_TABLE_BASE + 24, 0x77);
    told(o, 1, WEIR_CMD_CREATE_QP, &q, sizeof(q));
    told(o, 0, WEIR_CMD_SET_VF_STATE, &run, sizeof(run)); // another VF
    assert_non_null(order_message(o, 1, MSI, 0x77));
    run.vf = 0;
    told(o, 0, WEIR_CMD_SET_VF_STATE, &run, sizeof(run));
    assert_null(order_message(o, 1, MSI, 0x77));
    assert_non_null(order_message(o, 1, MSI, 0x77));
    order_free(o);
}

static void what_the_card_refused_is_no_ring(void **state) {
    const struct weir_create_qp_req q = {.qp = 1, .rx_log2 = 3, .cq_log2 = 3, .rx_base = RX_RING, .cq_base = 0x60000};
    const struct weir_qp_req destroy = {.qp = 0};
    const uint32_t bytes[16] = {0};
    (void)state;
    begin(false);
    command(WEIR_CMD_CREATE_QP, &q, sizeof(q), WEIR_INVALID_PARAMETER);
    card_writes(0x60000, bytes, 16);
    command(WEIR_CMD_DESTROY_QP, &destroy, sizeof(destroy), 0);
    card_writes(CQ_RING + 64, bytes, 16); // its memory is something else now
    cfg_write(0x58, 0x8000);              // function level reset
    cfg_write(0x04, 6);
    card_writes(CQ_RING, bytes, 16);
    end(0);
}

// What the host writes after it handed the request over is not what the card reads (threat T1), and another command's
// answer is not this one's.
static void the_request_as_it_was_handed_over(void **state) {
    const struct weir_create_qp_req q = {.qp = 1, .rx_log2 = 3, .cq_log2 = 3, .rx_base = RX_RING, .cq_base = 0x60000};
    const uint32_t bytes[16] = {0};
    (void)state;
    begin(false);
    hand_over(WEIR_CMD_CREATE_QP, &q, sizeof(q));
    bar_write(WEIR_BAR_MBOX_REQ + 8 + offsetof(struct weir_create_qp_req, cq_base), 0x70000);
    bar_read(WEIR_BAR_MBOX_RSP + 4, (uint16_t)(seq - 1));
    card_writes(0x60000, bytes, 16);
    assert_int_equal(monitor_stats(m)->violations, 0);
    answer(WEIR_OK);
    card_writes(0x70000, bytes, 16);
    assert_int_equal(monitor_stats(m)->violations, 0);
    card_writes(0x60000, bytes, 16); // completions of buffers that were never read
    end(1);
}

// Which is what makes a wire wait: of eight buffers four were used, and two posted anew.
static void a_ring_that_runs_low_is_seen(void **state) {
    const struct weir_create_qp_req q = {.rx_log2 = 3, .cq_log2 = 4, .rx_base = RX_RING, .cq_base = CQ_RING};
    struct weir_ring_entry d[8];
    struct order *o = order_new();
    (void)state;
    assert_non_null(o);
    told(o, 2, WEIR_CMD_CREATE_QP, &q, sizeof(q));
    assert_int_equal(order_low(o), 0); // one that nobody uses is nobody's business, with or without buffers
    order_bar_write(o, 2, WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_RX_TAIL, 8);
    for (unsigned i = 0; i < 8; i++)
        d[i] = (struct weir_ring_entry){.lo = WEIR_RING_PUT_LO(BUFFERS + i * 2048, RXD_ADDR),
                                        .hi = WEIR_RING_PUT_HI(i, RXD_BUF_ID) | WEIR_RING_PUT_HI(32, RXD_LEN64)};
    order_answer(o, 2, RX_RING, d, sizeof(d));
    for (unsigned i = 0; i < 5; i++) {
        const struct weir_ring_entry c = {.hi = WEIR_RING_PUT_HI(i, CPL_BUF_ID)};
        assert_int_equal(order_low(o), i > 4 ? 1 : 0);
        (void)order_write(o, 2, CQ_RING + i * 16, (const uint32_t *)&c, 4, 0xF, 0xF);
    }
    assert_int_equal(order_low(o), 1);
    order_bar_write(o, 2, WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_RX_TAIL, 10);
    assert_int_equal(order_low(o), 0);
    order_reset(o, 2);
    assert_int_equal(order_low(o), 0);
    order_free(o);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(right_order_is_silent),
    cmocka_unit_test(a_ring_that_runs_low_is_seen),
    cmocka_unit_test(frames_share_a_buffer),
    cmocka_unit_test(a_buffer_given_twice_is_written_twice),
    cmocka_unit_test(completion_before_its_bytes),
    cmocka_unit_test(completions_follow_each_other),
    cmocka_unit_test(completion_of_a_buffer_never_read),
    cmocka_unit_test(interrupt_before_its_completion),
    cmocka_unit_test(a_vf_that_goes_on_is_interrupted_once),
    cmocka_unit_test(what_the_card_refused_is_no_ring),
    cmocka_unit_test(the_request_as_it_was_handed_over),
};

UNIT_MAIN(tests)
