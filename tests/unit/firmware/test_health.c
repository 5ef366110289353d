// SPDX-License-Identifier: Apache-2.0
// How a core tells of itself: panic records, stack marks, log levels; and the commands that read them.
#include "unit.h"

#include "control/control.h"
#include "fw.h"
#include "hal/hal_crash.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_health.h"
#include "hal/hal_shared.h"
#include "svc/svc.h"

static void paint(void) {
    for (unsigned c = 0; c < 2; c++)
        for (unsigned i = 0; i < HAL_STACK_HOST_WORDS; i++)
            hal_stack_ram[c][i] = HAL_STACK_PAINT;
}

static void stack_mark_is_the_deepest_word(void **state) {
    union {
        struct weir_get_health_rsp rsp;
        uint8_t all[120]; // what fw_call fills
    } u;
    (void)state;
    fw_boot();
    paint();
    assert_int_equal(hal_stack_used(0), 0);
    hal_stack_ram[0][HAL_STACK_HOST_WORDS - 1] = 1;
    hal_stack_ram[1][3] = 7; // what lies above need not have been written
    assert_int_equal(fw_call(0, WEIR_CMD_GET_HEALTH, NULL, 0, &u, NULL), WEIR_OK);
    assert_int_equal(u.rsp.stack_bytes[0], HAL_STACK_HOST_WORDS * 4);
    assert_int_equal(u.rsp.stack_used[0], 4);
    assert_int_equal(u.rsp.stack_used[1], (HAL_STACK_HOST_WORDS - 3) * 4);
    assert_int_equal(u.rsp.panics[0], 0);
    assert_int_equal(u.rsp.log_level, WEIR_LOG_INFO);
}

static void panic_record_is_whole(void **state) {
    struct weir_get_panic_req req = {.core = 0, .part = 0};
    struct weir_get_panic_rsp first, second;
    uint32_t regs[32];
    (void)state;
    fw_boot();
    paint();
    for (unsigned i = 0; i < 32; i++)
        regs[i] = 0x100 + i;
    regs[2] = 0x1000 + (HAL_STACK_HOST_WORDS - 2) * 4; // two words of stack
    hal_stack_ram[0][HAL_STACK_HOST_WORDS - 2] = 0x11;
    hal_stack_ram[0][HAL_STACK_HOST_WORDS - 1] = 0x22;
    hal_panic_save(7, 0x10000040, 0x5555, regs);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_PANIC, &req, sizeof(req), &first, NULL), WEIR_OK);
    req.part = 1;
    assert_int_equal(fw_call(0, WEIR_CMD_GET_PANIC, &req, sizeof(req), &second, NULL), WEIR_OK);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.word[0], 7);
    assert_int_equal(first.word[1], 0x10000040);
    assert_int_equal(first.word[2], 0x5555);
    assert_int_equal(first.word[5], 2);
    assert_int_equal(first.word[WEIR_PANIC_REGS], 0);
    for (unsigned i = 1; i < WEIR_PANIC_PART - WEIR_PANIC_REGS; i++)
        assert_int_equal(first.word[WEIR_PANIC_REGS + i], regs[i]);
    for (unsigned i = WEIR_PANIC_PART - WEIR_PANIC_REGS; i < 32; i++)
        assert_int_equal(second.word[WEIR_PANIC_REGS + i - WEIR_PANIC_PART], regs[i]);
    assert_int_equal(second.word[WEIR_PANIC_STACK - WEIR_PANIC_PART], 0x11);
    assert_int_equal(second.word[WEIR_PANIC_STACK - WEIR_PANIC_PART + 1], 0x22);
    assert_int_equal(second.word[WEIR_PANIC_STACK - WEIR_PANIC_PART + 2], 0);
    req.part = 2;
    assert_int_equal(fw_call(0, WEIR_CMD_GET_PANIC, &req, sizeof(req), NULL, NULL), WEIR_INVALID_PARAMETER);
    req = (struct weir_get_panic_req){.core = 2};
    assert_int_equal(fw_call(0, WEIR_CMD_GET_PANIC, &req, sizeof(req), NULL, NULL), WEIR_INVALID_PARAMETER);
}

// An overflown or wild stack pointer is recorded and not followed.
static void panic_does_not_follow_a_bad_stack(void **state) {
    static const uint32_t bad[] = {0x0FFC, 0x1001, 0x1000 + HAL_STACK_HOST_WORDS * 4, 0xFFFFFFFC};
    uint32_t regs[32] = {0};
    (void)state;
    fw_boot();
    for (unsigned i = 0; i < 4; i++) {
        regs[2] = bad[i];
        hal_panic_save(5, 0, 0, regs);
        assert_int_equal(hal_shared_ram.panic[0].word[WEIR_PANIC_REGS + 2], bad[i]);
        // The word below the stack is left out, the ones inside follow; addresses that wrap reach none.
        assert_int_equal(hal_shared_ram.panic[0].word[WEIR_PANIC_STACK], 0);
    }
    assert_int_equal(hal_shared_ram.panic[0].count, 4);
}

static void log_takes_what_its_level_lets_through(void **state) {
    struct weir_set_log_level_req req = {.level = WEIR_LOG_WARN};
    uint32_t at;
    (void)state;
    fw_boot();
    assert_int_equal(fw_call(0, WEIR_CMD_SET_LOG_LEVEL, &req, sizeof(req), NULL, NULL), WEIR_OK);
    at = hal_shared_ram.log_head;
    svc_log("not important");
    svc_log_at(WEIR_LOG_DEBUG, "less");
    assert_int_equal(hal_shared_ram.log_head, at);
    svc_log_at(WEIR_LOG_WARN, "look");
    svc_log_at(WEIR_LOG_ERROR, "bad");
    at = hal_shared_ram.log_head;
    assert_memory_equal((const char *)hal_shared_ram.log + at - 11, "error: bad\n", 11);
    req.level = WEIR_LOG_DEBUG + 1;
    assert_int_equal(fw_call(0, WEIR_CMD_SET_LOG_LEVEL, &req, sizeof(req), NULL, NULL), WEIR_INVALID_PARAMETER);
    req.level = WEIR_LOG_INFO;
    assert_int_equal(fw_call(0, WEIR_CMD_SET_LOG_LEVEL, &req, sizeof(req), NULL, NULL), WEIR_OK);
}

// Its program is only as good as before if it comes from the flash part again.
static void a_damaged_core_1_is_loaded_again(void **state) {
    static const struct {
        uint32_t cause, tries;
        bool loaded;
    } panics[] = {{2, 0, false}, {HAL_CAUSE_DAMAGED, 1, false}, {HAL_CAUSE_DAMAGED, 0, true}};
    volatile unsigned resets = 0;
    (void)state;
    fw_boot();
    fake.may_reset_itself = true;
    for (volatile unsigned i = 0; i < sizeof(panics) / sizeof(panics[0]); i++) {
        hal_crash_renew(); // as if a minute apart: it is the damage that counts here
        hal_shared_ram.tries = panics[i].tries;
        hal_shared_ram.panic[1].word[0] = panics[i].cause;
        hal_shared_ram.panic[1].count++;
        if (setjmp(fake_death[0]) == 0) {
            (void)control_poll();
        } else {
            resets++; // and the ROM loads both
        }
        assert_int_equal(resets, panics[i].loaded);
    }
    // Once for each panic.
    fake.wdt_load[0] = 0;
    if (setjmp(fake_death[0]) == 0) {
        (void)control_poll();
    } else {
        resets++;
    }
    assert_int_equal(resets, 1);
}

// ---- crash loops ----

#define SECOND ((uint64_t)WEIR_CLOCK_HZ)

static void clock_is(uint64_t cycle) {
    fake.cycle = (uint32_t)cycle;
    fake.cycle_hi = (uint32_t)(cycle >> 32);
}

// The ROM's question at a start of core 0.
static bool begins(uint32_t cause) {
    fake.reset_cause[0] = cause;
    return hal_crash_begin();
}

static void three_crashes_within_a_minute_are_a_loop(void **state) {
    static const uint64_t from[] = {0, 17 * SECOND, 100000 * SECOND}; // the low word of the clock wraps every 17 s
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        for (uint64_t apart = 1; apart < 40; apart++) {
            bool loop = false;
            fw_boot();
            assert_false(begins(HAL_RESET_POWER_ON));
            for (unsigned n = 0; n < 3; n++) {
                assert_false(loop);
                clock_is(from[i] + n * apart * SECOND);
                loop = begins(HAL_RESET_WATCHDOG);
            }
            assert_int_equal(loop, 2 * apart <= 60);
        }
    }
}

// Once a minute and more often, but never three times: no loop, however long it goes on. What was counted for one loop
// does not count for the next.
static void crashes_far_apart_are_none(void **state) {
    unsigned loops = 0;
    (void)state;
    fw_boot();
    (void)begins(HAL_RESET_POWER_ON);
    for (uint64_t n = 0; n < 500; n++) {
        clock_is(n * 31 * SECOND);
        assert_false(begins(HAL_RESET_WATCHDOG));
    }
    for (uint64_t n = 0; n < 30; n++) {
        clock_is(1000000 * SECOND + n * SECOND);
        loops += begins(HAL_RESET_WATCHDOG);
    }
    assert_int_equal(loops, 10);
    for (uint64_t n = 0; n < 30; n++) {
        hal_crash_renew(); // another image each time
        assert_false(begins(HAL_RESET_WATCHDOG));
    }
}

static void a_planned_restart_is_no_crash(void **state) {
    (void)state;
    fw_boot();
    (void)begins(HAL_RESET_POWER_ON);
    for (unsigned i = 0; i < 20; i++) {
        hal_shared_ram.crash.end[0] = HAL_END_PLANNED;
        assert_false(begins(HAL_RESET_WATCHDOG));
        // What the ROM leaves: no hang for the start that follows, no plan for the crash behind it.
        assert_int_equal(hal_shared_ram.crash.end[0], HAL_END_TOLD);
        hal_shared_ram.crash.end[0] = HAL_END_UNTOLD;
    }
    assert_false(begins(HAL_RESET_WATCHDOG));
    assert_false(begins(HAL_RESET_WATCHDOG));
    assert_true(begins(HAL_RESET_WATCHDOG));
}

// The ROM does not see core 1 restart: core 0 counts, and has itself started by the ROM.
static void core_1_in_a_loop_is_told_to_the_rom(void **state) {
    volatile unsigned resets = 0;
    (void)state;
    fw_boot();
    fake.may_reset_itself = true;
    for (volatile unsigned i = 0; i < 3; i++) {
        hal_shared_ram.panic[1].word[0] = 2;
        hal_shared_ram.panic[1].count++;
        fake.wdt_load[0] = 0;
        if (setjmp(fake_death[0]) == 0) {
            (void)control_poll();
        } else {
            resets++;
        }
        assert_int_equal(resets, i == 2);
    }
    fake.wdt_load[0] = 0;
    assert_true(begins(HAL_RESET_WATCHDOG));
    assert_false(begins(HAL_RESET_WATCHDOG));
}

static void a_hang_leaves_a_record_a_panic_no_second_one(void **state) {
    static const uint32_t regs[32];
    (void)state;
    for (unsigned core = 0; core < 2; core++) {
        const struct hal_panic *p = &hal_shared_ram.panic[core];
        fw_boot();
        fake.core = core;
        fake.wdt_pc[core] = 0x10000123;
        fake.reset_cause[core] = HAL_RESET_BY_CORE0;
        hal_panic_resume();
        assert_int_equal(p->count, 0);
        fake.reset_cause[core] = HAL_RESET_WATCHDOG;
        hal_panic_resume();
        assert_int_equal(p->count, 1);
        assert_int_equal(p->word[0], HAL_CAUSE_HUNG);
        assert_int_equal(p->word[1], 0x10000123);
        assert_int_equal(p->word[5], 0);
        hal_panic_save(2, 0x10000456, 0, regs);
        hal_panic_resume();
        assert_int_equal(p->count, 2);
        assert_int_equal(p->word[0], 2);
        hal_panic_resume();
        assert_int_equal(p->count, 3);
        fake.core = 0;
    }
}

static void health_says_that_an_image_looped(void **state) {
    union {
        struct weir_get_health_rsp rsp;
        uint8_t all[120];
    } u;
    (void)state;
    fw_boot();
    hal_shared_ram.crash.slot = 1;
    hal_shared_ram.crash.outcome = 2;
    hal_shared_ram.crash.loops = 7;
    assert_int_equal(fw_call(0, WEIR_CMD_GET_HEALTH, NULL, 0, &u, NULL), WEIR_OK);
    assert_int_equal(u.rsp.crash_loops, 7);
    assert_int_equal(u.rsp.crash_slot, 1);
    assert_int_equal(u.rsp.crash_outcome, 2);
    hal_shared_ram.crash.loops = 1000;
    assert_int_equal(fw_call(0, WEIR_CMD_GET_HEALTH, NULL, 0, &u, NULL), WEIR_OK);
    assert_int_equal(u.rsp.crash_loops, 255);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stack_mark_is_the_deepest_word),
    cmocka_unit_test(panic_record_is_whole),
    cmocka_unit_test(panic_does_not_follow_a_bad_stack),
    cmocka_unit_test(log_takes_what_its_level_lets_through),
    cmocka_unit_test(a_damaged_core_1_is_loaded_again),
    cmocka_unit_test(three_crashes_within_a_minute_are_a_loop),
    cmocka_unit_test(crashes_far_apart_are_none),
    cmocka_unit_test(a_planned_restart_is_no_crash),
    cmocka_unit_test(core_1_in_a_loop_is_told_to_the_rom),
    cmocka_unit_test(a_hang_leaves_a_record_a_panic_no_second_one),
    cmocka_unit_test(health_says_that_an_image_looped),
};
UNIT_MAIN(tests)
