// SPDX-License-Identifier: Apache-2.0
// hal_flash and hal_sha on the simulator's flash part and a model of the registers, with a part's true times: no call
// holds its core for long, each operation ends in a bound, and what is suspended, refused or never ends is told.
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "flash_regs.h"
#include "hal/hal_csr.h"
#include "hal/hal_flash.h"
#include "hal/hal_sha.h"
#include "hal/hal_shared.h"
#include "sha_model.h"

#define HOLD (HAL_FLASH_SMALL * FLASH_REGS_XFER + 30 * FLASH_REGS_XFER) // what a call may take
#define MS 250000u
#define MEMORY FLASH_REGS_MEMORY

struct hal_shared hal_shared_ram;

uint32_t hal_read(uint32_t block, uint32_t offset) {
    return flash_regs_read(block, offset);
}

void hal_write(uint32_t block, uint32_t offset, uint32_t value) {
    flash_regs_write(block, offset, value);
}

static void begin(enum flash_timing timing) {
    flash_regs_begin(timing);
    for (unsigned i = 0; i < 0x40000; i++)
        flash_regs.part.data[i] = (uint8_t)(i * 7 + (i >> 8));
}

// The main loop: other work between two steps. Returns how the operation ended; no step may hold the core.
static enum hal_flash_progress run(struct hal_flash_op *op, uint32_t other, uint64_t *took) {
    enum hal_flash_progress p;
    uint64_t from = flash_regs.cycle;
    do {
        uint64_t before = flash_regs.cycle;
        p = hal_flash_step(op);
        assert_true(flash_regs.cycle - before <= HOLD);
        flash_regs.cycle += other;
        assert_true(flash_regs.cycle - from < (uint64_t)3100 * MS);
    } while (p == HAL_FLASH_BUSY);
    *took = flash_regs.cycle - from;
    return p;
}

static void identifies_and_reads(void **state) {
    uint8_t some[HAL_FLASH_SMALL];
    (void)state;
    begin(FLASH_AT_ONCE);
    assert_int_equal(hal_flash_id(), 0xEF4018);
    hal_flash_read(0x12345, some, sizeof(some));
    assert_memory_equal(some, flash_regs.part.data + 0x12345, sizeof(some));
    assert_true(hal_flash_bulk(0x1000, 0x10000000, MEMORY, false));
    assert_false(hal_flash_bulk_done());
    flash_regs.cycle += MEMORY * 4 + 200;
    assert_true(hal_flash_bulk_done());
    assert_memory_equal(flash_regs.memory, flash_regs.part.data + 0x1000, MEMORY);
    assert_false(hal_flash_bulk(0, 0, 64, true)); // no message is open
    flash_regs_end();
}

static void a_page_is_sent_in_pieces_and_waited_for(void **state) {
    uint8_t page[HAL_FLASH_PAGE], other[HAL_FLASH_PAGE];
    struct hal_flash_op op;
    uint64_t took;
    (void)state;
    for (unsigned t = FLASH_AT_ONCE; t <= FLASH_MAXIMUM; t++)
        for (unsigned bytes = 1; bytes <= HAL_FLASH_PAGE; bytes += 51) {
            uint32_t at = 0x123400 + (HAL_FLASH_PAGE - bytes);
            uint64_t before;
            begin((enum flash_timing)t);
            memset(flash_regs.part.data + 0x123400, 0xFF, HAL_FLASH_PAGE);
            memcpy(other, flash_regs.part.data + 0x123500, sizeof(other));
            for (unsigned i = 0; i < bytes; i++)
                page[i] = (uint8_t)(bytes + i * 3);
            before = flash_regs.cycle;
            hal_flash_program(&op, at, page, bytes);
            assert_true(flash_regs.cycle - before <= HOLD);
            assert_int_equal(run(&op, 500, &took), HAL_FLASH_DONE);
            assert_true(took < 3 * MS + 6 * HOLD);
            assert_memory_equal(flash_regs.part.data + at, page, bytes);
            assert_memory_equal(flash_regs.part.data + 0x123500, other, sizeof(other));
            flash_regs_end();
        }
}

static void erases_end_in_the_parts_time(void **state) {
    static const uint32_t most[2][3] = {{1, 46, 401}, {1, 151, 2001}}; // ms
    struct hal_flash_op op;
    uint64_t took;
    (void)state;
    for (unsigned t = FLASH_AT_ONCE; t <= FLASH_MAXIMUM; t++)
        for (unsigned unit = 0; unit < 2; unit++) {
            uint32_t bytes = unit == 0 ? 0x1000 : 0x10000;
            begin((enum flash_timing)t);
            hal_flash_erase(&op, 0x20000 + 0x234, (enum hal_flash_unit)unit);
            assert_int_equal(run(&op, 20000, &took), HAL_FLASH_DONE);
            assert_true(took <= (uint64_t)most[unit][t] * MS);
            for (uint32_t i = 0; i < bytes; i++)
                assert_int_equal(flash_regs.part.data[0x20000 + i], 0xFF);
            assert_int_equal(flash_regs.part.data[0x1FFFF], (uint8_t)(0x1FFFF * 7 + 0x1FF));
            assert_int_equal(flash_regs.part.data[0x20000 + bytes],
                             (uint8_t)((0x20000 + bytes) * 7 + ((0x20000 + bytes) >> 8)));
            flash_regs_end();
        }
}

static void what_is_suspended_lets_others_in_and_goes_on(void **state) {
    static const uint8_t page[] = "written meanwhile";
    struct hal_flash_op op, second;
    uint8_t some[16];
    uint64_t took, looks = 0;
    (void)state;
    begin(FLASH_TYPICAL);
    memset(flash_regs.part.data + 0x30000, 0xFF, HAL_FLASH_PAGE);
    hal_flash_program(&second, 0x30000, page, sizeof(page));
    assert_false(hal_flash_suspend(&second)); // bytes are still to be sent
    assert_int_equal(run(&second, 500, &took), HAL_FLASH_DONE);
    hal_flash_erase(&op, 0x10000, HAL_FLASH_64K);
    for (unsigned i = 0; i < 10; i++) {
        flash_regs.cycle += 10 * MS;
        assert_int_equal(hal_flash_step(&op), HAL_FLASH_BUSY);
        assert_true(hal_flash_suspend(&op));
        while (!hal_flash_ready())
            assert_true(looks++ < 10000);
        hal_flash_read(0x100 * i, some, sizeof(some));
        assert_memory_equal(some, flash_regs.part.data + 0x100 * i, sizeof(some));
        hal_flash_program(&second, 0x30100 + 0x100 * i, page, sizeof(page));
        memset(flash_regs.part.data + 0x30100 + 0x100 * i, 0xFF, HAL_FLASH_PAGE);
        assert_int_equal(run(&second, 500, &took), HAL_FLASH_DONE);
        assert_memory_equal(flash_regs.part.data + 0x30100 + 0x100 * i, page, sizeof(page));
        assert_int_equal(hal_flash_step(&op), HAL_FLASH_BUSY);
        hal_flash_resume(&op);
    }
    assert_int_equal(flash_regs.part.data[0x10000], (uint8_t)(0x10000 * 7 + 0x100)); // not erased yet
    assert_int_equal(run(&op, 20000, &took), HAL_FLASH_DONE);
    assert_true(took > 45 * MS && took < 60 * MS);
    assert_int_equal(flash_regs.part.data[0x10000], 0xFF);
    assert_int_equal(flash_regs.part.data[0x1FFFF], 0xFF);
    flash_regs_end();
}

static void what_is_refused_or_never_ends_is_told(void **state) {
    struct hal_flash_op op;
    uint64_t took;
    (void)state;
    begin(FLASH_AT_ONCE);
    flash_regs.refuse = true;
    hal_flash_erase(&op, 0x1000, HAL_FLASH_4K);
    assert_false(flash_regs.cs);
    assert_int_equal(hal_flash_step(&op), HAL_FLASH_REFUSED);
    hal_flash_program(&op, 0x1000, &op, 16);
    assert_false(flash_regs.cs);
    assert_int_equal(hal_flash_step(&op), HAL_FLASH_REFUSED);
    flash_regs.refuse = false;
    flash_regs.dead = true;
    hal_flash_program(&op, 0x1000, flash_regs.digest, 16);
    assert_int_equal(run(&op, 20000, &took), HAL_FLASH_LATE);
    assert_true(took >= 3 * MS && took <= 5 * MS);
    hal_flash_erase(&op, 0x1000, HAL_FLASH_64K);
    assert_int_equal(run(&op, 100000, &took), HAL_FLASH_LATE);
    assert_true(took >= (uint64_t)2000 * MS && took <= (uint64_t)3001 * MS);
    flash_regs_end();
}

// As a core that is restarted finds it: chip select on, the part asleep, or in an erase.
static void what_a_dead_core_left_is_ended(void **state) {
    struct hal_flash_op op;
    unsigned looks = 0;
    (void)state;
    begin(FLASH_TYPICAL);
    hal_flash_erase(&op, 0x10000, HAL_FLASH_64K);
    flash_regs.cycle += MS;
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 1);
    hal_flash_begin();
    hal_flash_reset();
    assert_false(hal_flash_ready());
    flash_regs.cycle += 30 * MS / 1000;
    while (!hal_flash_ready())
        assert_true(looks++ < 3);
    assert_int_equal(hal_flash_id(), 0xEF4018);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 1);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_XFER_OFFSET, 0xB9);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 0);
    assert_int_equal(hal_flash_id(), 0xFFFFFF);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_CTL_OFFSET, 1);
    hal_write(WEIR_CSR_FLASH, WEIR_FLASH_XFER_OFFSET, 0x03);
    hal_flash_begin();
    hal_flash_reset();
    flash_regs.cycle += 31 * MS / 1000;
    assert_int_equal(hal_flash_id(), 0xEF4018);
    flash_regs_end();
}

static void a_digest_is_that_of_all_pieces(void **state) {
    uint8_t text[512], digest[HAL_SHA_BYTES], want[HAL_SHA_BYTES];
    struct hal_sha s;
    unsigned seed = 1;
    (void)state;
    begin(FLASH_AT_ONCE);
    assert_true(hal_sha_claim());
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i * 11 + 3);
    for (unsigned n = 0; n < 300; n++) {
        unsigned skew = n % 4;
        hal_sha_start(&s);
        for (unsigned at = 0, some; at < n; at += some) {
            seed = seed * 1103515245 + 12345;
            some = 1 + (seed >> 16) % (n - at);
            hal_sha_update(&s, text + skew + at, some);
        }
        assert_true(hal_sha_final(&s, digest));
        sha_model(text + skew, n, want);
        assert_memory_equal(digest, want, sizeof(want));
    }
    // Out of the flash, with a tail from memory.
    hal_sha_start(&s);
    assert_true(hal_flash_bulk(0x2000, 0, 64, true));
    flash_regs.cycle += 64 * 4 + 200;
    assert_true(hal_flash_bulk_done());
    hal_sha_update(&s, flash_regs.part.data + 0x2000 + 64, 7);
    assert_true(hal_sha_final(&s, digest));
    sha_model(flash_regs.part.data + 0x2000, 71, want);
    assert_memory_equal(digest, want, sizeof(want));
    // No message, no digest.
    memset(digest, 0x5A, sizeof(digest));
    hal_sha_release();
    assert_false(hal_sha_final(&s, digest));
    assert_int_equal(digest[0], 0x5A);
    flash_regs_end();
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifies_and_reads),
        cmocka_unit_test(a_page_is_sent_in_pieces_and_waited_for),
        cmocka_unit_test(erases_end_in_the_parts_time),
        cmocka_unit_test(what_is_suspended_lets_others_in_and_goes_on),
        cmocka_unit_test(what_is_refused_or_never_ends_is_told),
        cmocka_unit_test(what_a_dead_core_left_is_ended),
        cmocka_unit_test(a_digest_is_that_of_all_pieces),
    };
    return unit_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
