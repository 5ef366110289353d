// SPDX-License-Identifier: Apache-2.0
// Runs on core 0 against hal_flash and hal_sha: a main loop that programs, erases, suspends and hashes step by step,
// and writes down how long its longest turn was. First it programs a page, says so with FW_READY, then the rest; at the
// end RESULT_PASS in the flash, and "flash PASS" on the console when its watchdog has restarted it. Used by
// bench_ctrl.c and tests/system/test_flash.c.
#include <stdint.h>

#include "flashtest.h"
#include "hal/hal_csr.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_flash.h"
#include "hal/hal_lib.h"
#include "hal/hal_sha.h"

#define CHECK(cond)                                                                                                    \
    do {                                                                                                               \
        if (!(cond))                                                                                                   \
            fail(__LINE__);                                                                                            \
    } while (0)

int main(void);
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value);

static uint8_t page[HAL_FLASH_PAGE], back[HAL_FLASH_PAGE];
static uint32_t longest; // turn of the loop, cycles

static void say(const char *s) {
    while (*s != '\0')
        hal_ctrl_console(*s++);
}

static __attribute__((noreturn)) void fail(uint32_t line) {
    char digits[] = "0000\n";
    for (int i = 3; i >= 0; i--, line /= 10)
        digits[i] = (char)('0' + line % 10);
    say("FAIL line ");
    say(digits);
    for (;;)
        __asm__ volatile("wfi");
}

void panic_trap(uint32_t cause, uint32_t pc, uint32_t value) {
    (void)cause;
    (void)pc;
    (void)value;
    fail(0);
}

static void turn(uint32_t since) {
    uint32_t took = hal_ctrl_cycle() - since;
    if (took > longest)
        longest = took;
}

// To the operation's end, step by step; returns the cycles it took.
static uint32_t run(struct hal_flash_op *op, enum hal_flash_progress want) {
    uint32_t from = hal_ctrl_cycle();
    enum hal_flash_progress p;
    do {
        uint32_t since = hal_ctrl_cycle();
        p = hal_flash_step(op);
        turn(since);
    } while (p == HAL_FLASH_BUSY);
    CHECK(p == want);
    return hal_ctrl_cycle() - from;
}

static uint32_t program(uint32_t at, const void *from, uint32_t bytes) {
    struct hal_flash_op op;
    uint32_t since = hal_ctrl_cycle();
    hal_flash_program(&op, at, from, bytes);
    turn(since);
    return run(&op, HAL_FLASH_DONE);
}

static void erase(struct hal_flash_op *op, uint32_t at, enum hal_flash_unit unit) {
    uint32_t since = hal_ctrl_cycle();
    hal_flash_erase(op, at, unit);
    turn(since);
}

static void reads_as(uint32_t at, const uint8_t *want) {
    for (uint32_t i = 0; i < HAL_FLASH_PAGE; i += HAL_FLASH_SMALL)
        hal_flash_read(at + i, back + i, HAL_FLASH_SMALL);
    CHECK(memcmp(back, want, HAL_FLASH_PAGE) == 0);
}

// Of n bytes of the flash; to nobody's memory.
static void flash_digest(uint32_t at, uint32_t bytes, uint8_t digest[HAL_SHA_BYTES]) {
    struct hal_sha s;
    uint32_t since = hal_ctrl_cycle();
    hal_sha_start(&s);
    CHECK(hal_flash_bulk(at, 0, bytes, true));
    while (!hal_flash_bulk_done())
        CHECK(!hal_ctrl_expired(since, bytes * 4 + bytes / 8 + 400));
    CHECK(hal_sha_final(&s, digest));
}

static void suspended(void) {
    struct hal_flash_op op;
    uint32_t since;
    erase(&op, TEST_BLOCK, HAL_FLASH_64K);
    since = hal_ctrl_cycle();
    CHECK(hal_flash_suspend(&op));
    turn(since);
    while (!hal_flash_ready())
        ;
    reads_as(TEST_PAGE, page);
    (void)program(TEST_PAGE + HAL_FLASH_PAGE, page, sizeof(page));
    CHECK(hal_flash_step(&op) == HAL_FLASH_BUSY);
    hal_flash_resume(&op);
    (void)run(&op, HAL_FLASH_DONE);
    reads_as(TEST_PAGE + HAL_FLASH_PAGE, page);
    memset(page, 0xFF, sizeof(page));
    reads_as(TEST_BLOCK, page);
    reads_as(TEST_BLOCK + 0xFF00, page);
}

// What an erased block has as its digest from the flash is what memory has.
static void digests(void) {
    uint8_t a[HAL_SHA_BYTES], b[HAL_SHA_BYTES];
    struct hal_sha s;
    CHECK(hal_sha_claim());
    hal_sha_start(&s);
    for (uint32_t i = 0; i < 0x1000; i += sizeof(page))
        hal_sha_update(&s, page, sizeof(page));
    CHECK(hal_sha_final(&s, a));
    flash_digest(TEST_BLOCK + 0x4000, 0x1000, b);
    CHECK(memcmp(a, b, sizeof(a)) == 0);
    flash_digest(TEST_PAGE, 0x1000, b);
    CHECK(memcmp(a, b, sizeof(a)) != 0);
    hal_sha_release();
}

// Boot code may have locked sectors already; then those are tried.
static void guarded(void) {
    struct hal_flash_op op;
    uint32_t guard;
    (void)hal_flash_guard(TEST_GUARDED, TEST_GUARDED + 0x1FFF);
    guard = HAL_READ(FLASH, GUARD);
    CHECK(WEIR_GET(guard, FLASH_GUARD_LOCK) == 1);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t at = (i == 0 ? WEIR_GET(guard, FLASH_GUARD_FIRST) : WEIR_GET(guard, FLASH_GUARD_LAST)) << 12;
        erase(&op, at, HAL_FLASH_4K);
        (void)run(&op, HAL_FLASH_REFUSED);
        erase(&op, at, HAL_FLASH_64K);
        (void)run(&op, HAL_FLASH_REFUSED);
        hal_flash_program(&op, at + 0x100, page, sizeof(page));
        (void)run(&op, HAL_FLASH_REFUSED);
    }
    CHECK(!hal_flash_guard(0, 0));
}

int main(void) {
    struct flashtest_result r = {.magic = RESULT_FIRST};
    struct hal_flash_op op;
    uint32_t hart;
    __asm__ volatile("csrr %0, mhartid" : "=r"(hart));
    if (hart != 0)
        for (;;)
            __asm__ volatile("wfi");
    if (hal_ctrl_reset_cause() == HAL_RESET_WATCHDOG) {
        say("flash PASS\n");
        for (;;)
            __asm__ volatile("wfi");
    }
    hal_flash_begin();
    CHECK(hal_flash_id() == 0xEF4018);
    for (unsigned i = 0; i < sizeof(page); i++)
        page[i] = (uint8_t)(i * 5 + 1);
    r.program_cycles = program(TEST_PAGE, page, sizeof(page));
    reads_as(TEST_PAGE, page);
    r.longest = longest;
    (void)program(TEST_RESULT, &r, sizeof(r));
    hal_ctrl_ready(true);
    erase(&op, TEST_RESULT + 0x1000, HAL_FLASH_4K);
    r.erase_cycles = run(&op, HAL_FLASH_DONE);
    suspended();
    digests();
    guarded();
    r.magic = RESULT_PASS;
    r.longest = longest;
    (void)program(TEST_RESULT + HAL_FLASH_PAGE, &r, sizeof(r));
    // Its watchdog restarts it in the middle of an erase, with chip select on; the ROM must get over that.
    erase(&op, TEST_BLOCK, HAL_FLASH_64K);
    HAL_WRITE(FLASH, CTL, 1);
    HAL_WRITE(FLASH, XFER, 0x05);
    hal_ctrl_watchdog(1000);
    for (;;)
        ;
}
