// SPDX-License-Identifier: Apache-2.0
// Services: log ring, events for the PF, configuration blocks (rules 9.1-9.7), and what a VF may not do to others with
// them.
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "fw.h"
#include "svc/svc.h"

static struct weir_read_log_rsp read_log(uint32_t position) {
    struct weir_read_log_rsp rsp;
    assert_int_equal(fw_call(0, WEIR_CMD_READ_LOG, &position, 4, &rsp, NULL), WEIR_OK);
    assert_true(rsp.length <= sizeof(rsp.text));
    return rsp;
}

static void log_formats_and_ends_every_line(void **state) {
    struct weir_read_log_rsp r;
    char text[113];
    (void)state;
    fw_boot();
    r = read_log(hal_shared_ram.log_head);
    assert_int_equal(r.length, 0);
    fake.tick = 0;
    fake.cycle = 1234;
    svc_log("a %s b %u c %x d %% e", "str", 4294967295u, 0xBEEFu);
    r = read_log(r.position);
    memcpy(text, r.text, r.length);
    text[r.length] = '\0';
    assert_string_equal(text, "[1234] a str b 4294967295 c beef d % e\n");
}

static void names_cannot_fake_a_line(void **state) {
    uint32_t at;
    struct weir_read_log_rsp r;
    struct weir_alloc_vf_req req = {.vf = 0, .mac = {2}, .vm_name = "x\n[1] all is well\x1b[2J"};
    (void)state;
    fw_boot();
    fw_switch(1, 2, 4, 1);
    assert_int_equal(FW(0, SET_LOG_LEVEL, weir_set_log_level_req, .level = WEIR_LOG_DEBUG), WEIR_OK);
    at = hal_shared_ram.log_head;
    assert_int_equal(fw_call(0, WEIR_CMD_ALLOC_VF, &req, sizeof(req), NULL, NULL), WEIR_OK);
    r = read_log(at);
    assert_int_equal(r.text[r.length - 1], '\n');
    for (unsigned i = 0; i + 1 < r.length; i++) {
        assert_true(r.text[i] >= ' ' && r.text[i] <= '~');
    }
}

static void log_wraps_and_says_what_was_lost(void **state) {
    static char all[64 * 1024];
    uint32_t at, written = 0;
    struct weir_read_log_rsp r;
    (void)state;
    fw_boot();
    hal_shared_ram.log_head = 0;
    for (unsigned i = 0; written < 3 * HAL_SHARED_LOG_BYTES; i++) {
        uint32_t before = hal_shared_ram.log_head;
        svc_log("line %u", i);
        for (uint32_t k = before; k < hal_shared_ram.log_head; k++) {
            all[written++] = hal_shared_ram.log[k % HAL_SHARED_LOG_BYTES];
        }
    }
    assert_int_equal(written, hal_shared_ram.log_head);
    r = read_log(0);
    assert_int_equal(r.position, written - HAL_SHARED_LOG_BYTES); // larger than asked: bytes were overwritten
    r = read_log(5);
    assert_int_equal(r.position, written - HAL_SHARED_LOG_BYTES);
    for (at = r.position; at != written; at += r.length) {
        r = read_log(at);
        assert_int_equal(r.position, at);
        assert_true(r.length != 0);
        assert_memory_equal(r.text, all + at, r.length);
    }
    r = read_log(written + 10); // beyond the end
    assert_int_equal(r.position, written);
    assert_int_equal(r.length, 0);
}

static void log_position_wraps(void **state) {
    struct weir_read_log_rsp r;
    uint32_t at;
    (void)state;
    fw_boot();
    hal_shared_ram.log_head = 0xFFFFFFF0;
    svc_log("across the end of the positions");
    assert_true(hal_shared_ram.log_head > HAL_SHARED_LOG_BYTES && hal_shared_ram.log_head < HAL_SHARED_LOG_BYTES + 64);
    // All of the ring stays readable, up to the last character.
    r = read_log(0);
    assert_int_equal(r.position, hal_shared_ram.log_head - HAL_SHARED_LOG_BYTES);
    for (at = r.position; at != hal_shared_ram.log_head; at += r.length) {
        r = read_log(at);
        assert_int_equal(r.position, at);
        assert_true(r.length != 0);
    }
    assert_int_equal(r.text[r.length - 1], '\n');
    r = read_log(0xFFFFFFF0);
    assert_int_equal(r.position, hal_shared_ram.log_head - HAL_SHARED_LOG_BYTES);
}

static void log_survives_a_restart(void **state) {
    (void)state;
    fw_boot();
    svc_log("before");
    // A new core 0 appends: what is in shared RAM stays (the ROM clears it at power-on only).
    uint32_t at = hal_shared_ram.log_head;
    svc_log("after");
    assert_true(hal_shared_ram.log_head > at);
    assert_memory_equal((const char *)hal_shared_ram.log + at - 7, "before\n", 7);
}

static void a_vf_cannot_turn_the_log_over(void **state) {
    uint32_t at;
    (void)state;
    fw_boot();
    fw_switch(1, 2, 8, 1);
    fw_vf_up(0, 1, 1);
    at = hal_shared_ram.log_head;
    for (unsigned i = 0; i < 1000; i++) {
        fake_qp_error(1, WEIR_QP_REASON_TX_LEN_ZERO);
        assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = 0), WEIR_OK);
        assert_int_equal(fw_create_qp(1, 0, 0), WEIR_OK);
    }
    assert_true(hal_shared_ram.log_head - at < 2048);
    assert_true(hal_shared_ram.log_head - at > 100); // but it is said
    // After a while the next one is said, and how many were not.
    fw_pass(250000000);
    at = hal_shared_ram.log_head;
    fake_qp_error(1, WEIR_QP_REASON_TX_LEN_ZERO);
    fw_run();
    assert_true(hal_shared_ram.log_head - at > 50);
    assert_non_null(strstr(fake.console, "stopped, reason 1"));
}

static void events_come_in_order_seven_at_a_time(void **state) {
    struct weir_get_events_rsp ev;
    unsigned got = 0;
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    while (fw_events().count != 0) {
    }
    fake.events[0] = 0;
    for (unsigned i = 0; i < 20; i++) {
        svc_event(WEIR_FW_EVENT_FENCE_DONE, 1, i, 0);
    }
    assert_true(fake.events[0] == (uint64_t)1 << WEIR_FN_EVENT_EVENTS_BIT);
    for (unsigned want = 7; got < 20; want = 20 - got < 7 ? 20 - got : 7) {
        fake.events[0] = 0; // the driver clears the bit, then asks
        ev = fw_events();
        assert_int_equal(ev.count, want);
        assert_int_equal(ev.lost, 0);
        for (unsigned i = 0; i < ev.count; i++) {
            assert_int_equal(ev.event[i].b, got++);
        }
        // The bit is set again as long as something is left (rules 9.12).
        assert_int_equal(fake.events[0] != 0, got != 20);
    }
    assert_int_equal(fw_events().count, 0);
}

static void overflow_is_counted(void **state) {
    struct weir_get_events_rsp ev;
    unsigned got = 0;
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    while (fw_events().count != 0) {
    }
    for (unsigned i = 0; i < 2000; i++) {
        svc_event(WEIR_FW_EVENT_FENCE_DONE, 1, i, 0);
    }
    ev = fw_events();
    assert_int_equal(ev.count, 7);
    assert_int_equal(ev.event[0].b, 0); // the oldest are kept
    assert_true(ev.lost > 0);
    got = 7 + ev.lost;
    for (ev = fw_events(); ev.count != 0; ev = fw_events()) {
        assert_int_equal(ev.lost, 0); // told once
        got += ev.count;
    }
    assert_int_equal(got, 2000);
    // The count does not wrap to "none".
    for (unsigned i = 0; i < 0x10000 + 600; i++) {
        svc_event(WEIR_FW_EVENT_LINK, 1, i, 0);
    }
    assert_int_equal(fw_events().lost, 0xFFFF);
}

static void a_vf_cannot_crowd_out_others_events(void **state) {
    unsigned of_vf0 = 0, fences = 0, flrs = 0;
    (void)state;
    fw_boot();
    fw_switch(2, 3, 32, 1);
    fw_vf_up(0, 1, 8);
    fw_vf_up(1, 2, 8);
    while (fw_events().count != 0) {
    }
    for (unsigned i = 0; i < 2000; i++) {
        fake_qp_error(1 + i % 8, WEIR_QP_REASON_TX_LEN_ZERO);
        assert_int_equal(FW(1, DESTROY_QP, weir_qp_req, .qp = (uint16_t)(i % 8)), WEIR_OK);
        assert_int_equal(fw_create_qp(1, i % 8, 0), WEIR_OK);
        if (i % 100 == 99) {
            fake_flr(1); // its guest reboots, too
            fw_run();
            fw_arm_vf(0, 0);
            for (unsigned q = 0; q < 8; q++) {
                assert_int_equal(fw_create_qp(1, q, 0), WEIR_OK);
            }
        }
    }
    fake_qp_error(9, WEIR_QP_REASON_TX_LEN_ZERO); // VF 1's first
    assert_int_equal(FW(0, FENCE, weir_fence_req, .vport = 2, .token = 7), WEIR_OK);
    for (struct weir_get_events_rsp ev = fw_events(); ev.count != 0; ev = fw_events()) {
        for (unsigned i = 0; i < ev.count; i++) {
            of_vf0 += ev.event[i].kind == WEIR_FW_EVENT_QP_ERROR && ev.event[i].a == 1;
            fences += ev.event[i].kind == WEIR_FW_EVENT_FENCE_DONE && ev.event[i].b == 7;
            flrs += ev.event[i].kind == WEIR_FW_EVENT_VF_FLR;
        }
    }
    assert_true(of_vf0 >= 1 && of_vf0 <= 4);
    assert_int_equal(fences, 1);
    assert_int_equal(flrs, 1);
}

static void link_events(void **state) {
    struct weir_get_events_rsp ev;
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    while (fw_events().count != 0) {
    }
    fake_cable(false);
    ev = fw_events();
    assert_int_equal(ev.count, 1);
    assert_int_equal(ev.event[0].kind, WEIR_FW_EVENT_LINK);
    assert_int_equal(ev.event[0].a, 0);
    fake_cable(true);
    assert_int_equal(fw_events().event[0].a, 1);
    assert_int_equal(FW(0, SET_LINK, weir_set_link_req, .enable = 2), WEIR_INVALID_PARAMETER);
    assert_int_equal(FW(0, SET_LINK, weir_set_link_req, .enable = 0), WEIR_OK);
    assert_false(fake.link_enable);
    assert_int_equal(fw_events().event[0].a, 0);
}

static int write_block(unsigned fn, unsigned vf, unsigned block, unsigned length, uint8_t fill) {
    struct weir_write_block_req w = {.vf = (uint16_t)vf, .block = (uint16_t)block, .length = (uint16_t)length};
    memset(w.data, fill, sizeof(w.data));
    return fw_call(fn, WEIR_CMD_WRITE_BLOCK, &w, sizeof(w), NULL, NULL);
}

static struct weir_read_block_rsp read_block(unsigned fn, unsigned vf, unsigned block) {
    const struct weir_read_block_req req = {.vf = (uint16_t)vf, .block = (uint16_t)block};
    struct weir_read_block_rsp rsp;
    assert_int_equal(fw_call(fn, WEIR_CMD_READ_BLOCK, &req, sizeof(req), &rsp, NULL), WEIR_OK);
    return rsp;
}

static void rule_9_3_vf_and_block_are_checked(void **state) {
    (void)state;
    fw_boot();
    fw_switch(3, 4, 8, 1);
    fw_vf_up(0, 1, 1);
    assert_int_equal(write_block(0, 1, 0, 1, 1), WEIR_NOT_FOUND); // not allocated
    assert_int_equal(write_block(0, 3, 0, 1, 1), WEIR_NOT_FOUND);
    assert_int_equal(write_block(0, 0xFFFF, 0, 1, 1), WEIR_NOT_FOUND);
    assert_int_equal(write_block(0, 0, SVC_BLOCKS, 1, 1), WEIR_NOT_FOUND);
    assert_int_equal(write_block(1, 0, 0xFFFF, 1, 1), WEIR_NOT_FOUND);
    assert_int_equal(write_block(1, 0, 0, WEIR_CONFIG_BLOCK_BYTES + 1, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(write_block(1, 0, 0, 0xFFFF, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(read_block(0, 0, 0).length, 0);
    assert_int_equal(write_block(1, 0, 0, WEIR_CONFIG_BLOCK_BYTES, 7), WEIR_OK);
    assert_int_equal(read_block(0, 0, 0).data[WEIR_CONFIG_BLOCK_BYTES - 1], 7);
    assert_int_equal(FW(0, INVALIDATE_BLOCKS, weir_invalidate_req, .vf = 1, .mask_lo = 1), WEIR_NOT_FOUND);
    assert_int_equal(FW(0, INVALIDATE_BLOCKS, weir_invalidate_req, .vf = 0xFFFF, .mask_lo = 1), WEIR_NOT_FOUND);
}

static void a_vf_means_its_own_blocks_whatever_it_says(void **state) {
    (void)state;
    fw_boot();
    fw_switch(3, 4, 8, 1);
    fw_vf_up(0, 1, 1);
    fw_vf_up(1, 2, 1);
    assert_int_equal(write_block(0, 1, 0, 4, 0x11), WEIR_OK);
    assert_int_equal(write_block(1, 1, 0, 4, 0x22), WEIR_OK); // VF 0 names VF 1
    assert_int_equal(read_block(0, 1, 0).data[0], 0x11);
    assert_int_equal(read_block(0, 0, 0).data[0], 0x22);
    assert_int_equal(read_block(1, 1, 0).data[0], 0x22);
    assert_int_equal(read_block(1, 1, 0).vf, 0);
    // A shorter block does not show the longer one before it.
    assert_int_equal(write_block(1, 0, 0, 1, 0x33), WEIR_OK);
    assert_int_equal(read_block(1, 0, 0).length, 1);
    assert_int_equal(read_block(1, 0, 0).data[1], 0);
}

static void rule_9_4_invalidations_coalesce(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 3, 8, 1);
    fw_vf_up(0, 1, 1);
    for (unsigned bit = 0; bit < 64; bit += 5) {
        assert_int_equal(FW(0, INVALIDATE_BLOCKS, weir_invalidate_req, .vf = 0, .mask_lo = bit < 32 ? 1u << bit : 0,
                            .mask_hi = bit >= 32 ? 1u << (bit - 32) : 0),
                         WEIR_OK);
        assert_true((fake.events[1] >> bit & 1) != 0);
    }
    assert_true(fake.events[1] == 0x1084210842108421ull);
    assert_true(fake.events[2] == 0);
}

// Acceptance test A9: whenever a VF takes its events, it hears of each block that was invalidated since it did so last,
// and of no other. Two VFs, so that neither hears of the other's.
static void a9_invalidations_coalesce(void **state) {
    uint64_t want[2] = {0};
    uint32_t x = 9;
    (void)state;
    fw_boot();
    fw_switch(2, 3, 8, 1);
    fw_vf_up(0, 1, 1);
    fw_vf_up(1, 2, 1);
    fake.events[1] = fake.events[2] = 0;
    for (unsigned n = 0; n < 100000; n++) {
        unsigned vf = (x = x * 1664525u + 1013904223u) >> 31;
        uint64_t mask = 1ull << (x >> 25 & 63) | 1ull << (x >> 19 & 63);
        assert_int_equal(FW(0, INVALIDATE_BLOCKS, weir_invalidate_req, .vf = (uint16_t)vf, .mask_lo = (uint32_t)mask,
                            .mask_hi = (uint32_t)(mask >> 32)),
                         WEIR_OK);
        want[vf] |= mask;
        if ((x >> 14 & 15) == 0) {
            assert_true(fake.events[vf + 1] == want[vf]);
            fake.events[vf + 1] = want[vf] = 0;
        }
    }
    assert_true(fake.events[1] == want[0] && fake.events[2] == want[1]);
}

// Threat T3: of equals each has spent his share, however many and however dear their commands are; who took less than
// three quarters of it, and the PF, never.
static void shares_are_of_those_who_ask(void **state) {
    const struct weir_mbox_msg waits = {.hdr = {.opcode = WEIR_CMD_GET_INFO}};
    (void)state;
    fw_boot();
    svc_share_took(1, 100000); // nobody waited for it
    assert_false(svc_share_spent(1));
    assert_true(fake_request(0, &waits));
    for (unsigned cycles = 400; cycles < 100000; cycles *= 10) {
        for (unsigned many = 2; many < WEIR_NUM_FNS; many += 31) {
            fw_pass(20 * 524288u);
            svc_share_age(); // nothing of it is left
            for (unsigned fn = 2; fn <= many; fn++) {
                svc_share_took(fn, cycles);
            }
            svc_share_took(1, cycles / 2);
            svc_share_took(0, cycles);
            for (unsigned fn = 2; fn <= many; fn++) {
                assert_true(svc_share_spent(fn));
            }
            assert_false(svc_share_spent(1));
            assert_false(svc_share_spent(0));
            // A little later each has half, and all is as it was.
            for (unsigned n = 0; n < 3 && cycles >> n > 2048; n++) {
                fw_pass(524288u);
                svc_share_age();
                assert_true(svc_share_spent(2) && svc_share_spent(many) && !svc_share_spent(1));
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shares_are_of_those_who_ask),
    cmocka_unit_test(log_formats_and_ends_every_line),
    cmocka_unit_test(names_cannot_fake_a_line),
    cmocka_unit_test(log_wraps_and_says_what_was_lost),
    cmocka_unit_test(log_position_wraps),
    cmocka_unit_test(log_survives_a_restart),
    cmocka_unit_test(a_vf_cannot_turn_the_log_over),
    cmocka_unit_test(events_come_in_order_seven_at_a_time),
    cmocka_unit_test(overflow_is_counted),
    cmocka_unit_test(a_vf_cannot_crowd_out_others_events),
    cmocka_unit_test(link_events),
    cmocka_unit_test(rule_9_3_vf_and_block_are_checked),
    cmocka_unit_test(a_vf_means_its_own_blocks_whatever_it_says),
    cmocka_unit_test(rule_9_4_invalidations_coalesce),
    cmocka_unit_test(a9_invalidations_coalesce),
};
UNIT_MAIN(tests)
