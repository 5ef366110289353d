// SPDX-License-Identifier: Apache-2.0
// What the flash part says of itself is so: each field of its SFDP tables, read as JESD216B says, against the part.
#include "flash_unit.h"

static uint8_t space[256];

static uint32_t word(unsigned table, unsigned number) { // words count from 1
    uint32_t at = table + 4 * (number - 1);
    return (uint32_t)space[at] | (uint32_t)space[at + 1] << 8 | (uint32_t)space[at + 2] << 16 |
           (uint32_t)space[at + 3] << 24;
}

static uint32_t bits(uint32_t w, unsigned high, unsigned low) {
    return w >> low & (UINT32_MAX >> (31 - (high - low)));
}

static void load(void) {
    const uint8_t out[5] = {0x5A};
    fresh(FLASH_AT_ONCE);
    spi_do(out, 5, space, sizeof(space));
    // Three address bytes in either mode, a dummy byte.
    cmd(0xB7);
    for (unsigned at = 0; at < sizeof(space); at++) {
        const uint8_t one[5] = {0x5A, 0, 0, (uint8_t)at};
        uint8_t in;
        spi_do(one, 5, &in, 1);
        assert_int_equal(in, space[at]);
    }
    cmd(0xE9);
}

static void headers_lead_to_their_tables(void **state) {
    (void)state;
    load();
    assert_memory_equal(space, "SFDP\x06\x01\x01\xFF", 8);
    assert_memory_equal(space + 8, "\x00\x06\x01\x10\x80\x00\x00\xFF", 8);
    assert_memory_equal(space + 16, "\x84\x00\x01\x02\xC0\x00\x00\xFF", 8);
    assert_int_equal(space[24], 0xFF);
    assert_int_equal(flash_sfdp(0xC8), 0xFF);
    assert_int_equal(flash_sfdp(0xFFFFFF), 0xFF);
}

static void sizes_and_commands_are_the_parts(void **state) {
    uint32_t w;

    (void)state;
    load();
    w = word(0x80, 1);
    assert_int_equal(bits(w, 1, 0), 1); // 4 KiB erase
    assert_int_equal(bits(w, 2, 2), 1); // 64 bytes and more at a time
    assert_int_equal(bits(w, 4, 3), 0);
    assert_int_equal(bits(w, 15, 8), 0x20);
    assert_int_equal(bits(w, 18, 17), 1); // three or four address bytes
    assert_int_equal(w & (1u << 16 | 1u << 19 | 1u << 20), 0);
    assert_int_equal(bits(w, 22, 21), 3);
    assert_int_equal(word(0x80, 2), FLASH_BYTES * UINT32_C(8) - 1);
    assert_int_equal(word(0x80, 3), 0x6B08EB44);
    assert_int_equal(word(0x80, 4), 0);
    assert_int_equal(word(0x80, 5) & 0x11, 0);
    assert_int_equal(word(0x80, 8), 0x520F200C);
    assert_int_equal(word(0x80, 9), 0x0000D810);
    assert_int_equal(1u << bits(word(0x80, 11), 7, 4), FLASH_PAGE);
    assert_int_equal(word(0x80, 13), 0x757A757A);
    assert_int_equal(bits(word(0x80, 14), 31, 31), 0);
    assert_int_equal(bits(word(0x80, 14), 30, 23), 0xB9);
    assert_int_equal(bits(word(0x80, 14), 22, 15), 0xAB);
    assert_int_equal(bits(word(0x80, 14), 7, 2), 1); // poll WIP
    assert_int_equal(bits(word(0x80, 15), 22, 20), 5);
    assert_int_equal(bits(word(0x80, 15), 9, 9), 0);
    assert_int_equal(bits(word(0x80, 16), 31, 24), 0x21); // B7h; commands of their own
    assert_int_equal(bits(word(0x80, 16), 23, 14), 0xC1); // E9h, reset, power
    assert_int_equal(bits(word(0x80, 16), 13, 8), 0x10);  // 66h 99h
    assert_int_equal(bits(word(0x80, 16), 6, 0), 1);
    assert_int_equal(word(0xC0, 1) & 0xFFFFF, 0x0E73);
    assert_int_equal(word(0xC0, 2), 0xFFDC5C21);
}

// A bound holds the part's time, and its unit could not make it tighter by more than a count.
static void bounds(uint64_t said, uint64_t unit, uint64_t is) {
    assert_true(said >= is);
    assert_true(said - is < unit);
}

static void times_hold_the_parts(void **state) {
    static const uint64_t erase_unit[] = {1000000, 16000000, 128000000, 1000000000};
    static const uint64_t chip_unit[] = {16000000, 256000000, 4000000000, 64000000000};
    static const uint64_t short_unit[] = {128, 1000, 8000, 64000};
    static const enum flash_op_kind kinds[] = {FLASH_OP_4K, FLASH_OP_32K, FLASH_OP_64K};
    uint64_t most, said, unit;
    uint32_t w;

    (void)state;
    load();
    w = word(0x80, 10);
    most = 2 * (bits(w, 3, 0) + 1);
    for (unsigned i = 0; i < 3; i++) {
        unit = erase_unit[bits(w, 10 + 7 * i, 9 + 7 * i)];
        said = (bits(w, 8 + 7 * i, 4 + 7 * i) + 1) * unit;
        bounds(said, unit, flash_op_ns(kinds[i], 0, FLASH_TYPICAL));
        assert_true(said * most >= flash_op_ns(kinds[i], 0, FLASH_MAXIMUM));
    }
    w = word(0x80, 11);
    said = (bits(w, 28, 24) + 1) * chip_unit[bits(w, 30, 29)];
    bounds(said, chip_unit[bits(w, 30, 29)], flash_op_ns(FLASH_OP_CHIP, 0, FLASH_TYPICAL));
    assert_true(said * most >= flash_op_ns(FLASH_OP_CHIP, 0, FLASH_MAXIMUM));
    most = 2 * (bits(w, 3, 0) + 1);
    unit = bits(w, 13, 13) != 0 ? 64000 : 8000;
    said = (bits(w, 12, 8) + 1) * unit;
    bounds(said, unit, flash_op_ns(FLASH_OP_PAGE, 256, FLASH_TYPICAL));
    assert_true(said * most >= flash_op_ns(FLASH_OP_PAGE, 256, FLASH_MAXIMUM));
    unit = bits(w, 18, 18) != 0 ? 8000 : 1000;
    said = (bits(w, 17, 14) + 1) * unit;
    bounds(said, unit, flash_op_ns(FLASH_OP_PAGE, 1, FLASH_TYPICAL));
    assert_true(said * most >= flash_op_ns(FLASH_OP_PAGE, 1, FLASH_MAXIMUM));
    unit = bits(w, 23, 23) != 0 ? 1000 : 100;
    said += (bits(w, 22, 19) + 1) * unit;
    assert_true(said >= flash_op_ns(FLASH_OP_PAGE, 2, FLASH_TYPICAL));
    assert_true(said * most >= flash_op_ns(FLASH_OP_PAGE, 2, FLASH_MAXIMUM));
    w = word(0x80, 12);
    assert_int_equal(bits(w, 31, 31), 0);
    assert_int_equal(bits(w, 7, 0), 0xEC); // what a suspension forbids
    for (unsigned i = 0; i < 2; i++) {
        unit = short_unit[i == 0 ? bits(w, 19, 18) : bits(w, 30, 29)];
        bounds(((i == 0 ? bits(w, 17, 13) : bits(w, 28, 24)) + 1) * unit, unit,
               flash_op_ns(FLASH_OP_SUSPEND, 0, FLASH_TYPICAL));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(headers_lead_to_their_tables),
    cmocka_unit_test(sizes_and_commands_are_the_parts),
    cmocka_unit_test(times_hold_the_parts),
};
UNIT_MAIN(tests)
