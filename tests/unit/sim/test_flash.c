// SPDX-License-Identifier: Apache-2.0
// The flash part at its pins: bits and nibbles on the right edges, chip select, WP#.
#include "flash.h"
#include "unit.h"

enum { CS = 1, SCK = 2, IO = 2, HIGH = 0xC }; // HIGH: IO3 and IO2 as the card holds them

static struct flash flash;
static uint64_t now;
static unsigned pins;

static void fresh(void) {
    flash_part_free(&flash.part);
    memset(&flash, 0, sizeof(flash));
    now = 0;
    assert_true(flash_part_init(&flash.part));
}

static uint8_t set(unsigned to) {
    pins = to;
    now += 4;
    return flash_pins(&flash, pins, now);
}

// A clock, mode 0: what the card drives is there before the rising edge, and it samples with it.
static uint8_t clock_once(unsigned io) {
    uint8_t driven = set(CS | io << IO);
    (void)set(CS | SCK | io << IO);
    (void)set(CS | SCK | io << IO); // a clock that stands is none
    (void)set(CS | io << IO);
    return driven;
}

static uint8_t byte(uint8_t out, unsigned lanes) {
    uint8_t in = 0;
    for (unsigned i = 0; i < 8 / lanes; i++) {
        unsigned io = lanes == 4 ? (i == 0 ? out >> 4 : out & 0xFu) : HIGH | (out >> (7 - i) & 1u);
        uint8_t driven = clock_once(io);
        in = lanes == 4 ? (uint8_t)(in << 4 | driven) : (uint8_t)(in << 1 | (driven >> 1 & 1));
    }
    return in;
}

static void select_it(void) {
    (void)set(HIGH << IO);
    (void)set(CS | HIGH << IO);
}

static void release(void) {
    (void)set(HIGH << IO);
}

static void cmd(uint8_t opcode) {
    select_it();
    (void)byte(opcode, 1);
    release();
}

static void reads_come_on_their_lanes(void **state) {
    static const struct {
        uint8_t opcode, address, dummy, lanes, data_lanes;
    } reads[] = {{0x03, 3, 0, 1, 1}, {0x0B, 3, 1, 1, 1}, {0x6B, 3, 1, 1, 4},
                 {0x6C, 4, 1, 1, 4}, {0xEB, 3, 3, 4, 4}, {0xEC, 4, 3, 4, 4}};

    (void)state;
    fresh();
    for (unsigned i = 0; i < 4; i++)
        flash.part.data[0xABCDE1 + i] = (uint8_t)(0x96 + 0x3B * i);
    for (unsigned r = 0; r < sizeof(reads) / sizeof(reads[0]); r++) {
        select_it();
        (void)byte(reads[r].opcode, 1);
        for (unsigned i = reads[r].address; i-- != 0;)
            (void)byte((uint8_t)(0xABCDE1 >> 8 * i), reads[r].lanes);
        for (unsigned i = 0; i < reads[r].dummy; i++)
            (void)byte(0, reads[r].lanes);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(byte(0, reads[r].data_lanes), (uint8_t)(0x96 + 0x3B * i));
        release();
    }
    select_it();
    (void)byte(0x9F, 1);
    assert_int_equal(byte(0, 1), 0xEF);
    assert_int_equal(byte(0, 1), 0x40);
    assert_int_equal(byte(0, 1), 0x18);
    release();
}

static void what_is_written_comes_at_release(void **state) {
    (void)state;
    fresh();
    cmd(0x06);
    select_it();
    (void)byte(0x02, 1);
    for (unsigned i = 0; i < 3; i++)
        (void)byte(0x10, 1);
    (void)byte(0xA5, 1);
    assert_int_equal(flash.part.data[0x101010], 0xFF);
    release();
    assert_int_equal(flash.part.data[0x101010], 0xA5);
    // Not in the middle of a byte.
    cmd(0x06);
    select_it();
    (void)byte(0x20, 1);
    for (unsigned i = 0; i < 3; i++)
        (void)byte(0x10, 1);
    (void)clock_once(HIGH);
    release();
    assert_int_equal(flash.part.data[0x101010], 0xA5);
    // Clocks without chip select are nobody's.
    for (unsigned i = 0; i < 8; i++) {
        (void)set(SCK | HIGH << IO);
        (void)set(HIGH << IO);
    }
    cmd(0x06);
    assert_true(flash.part.write_enabled);
}

static void time_and_wp_reach_the_part(void **state) {
    (void)state;
    fresh();
    flash.part.timing = FLASH_TYPICAL;
    cmd(0x06);
    select_it();
    (void)byte(0x01, 1);
    (void)byte(FLASH_SR1_SRP0, 1);
    (void)byte(0, 1);
    release();
    select_it();
    (void)byte(0x05, 1);
    assert_int_equal(byte(0, 1), FLASH_SR1_WIP | FLASH_SR1_WEL);
    now += 10000000;
    (void)byte(0, 1); // what it drives was there before the time
    assert_int_equal(byte(0, 1), FLASH_SR1_SRP0);
    release();
    // WP# low when chip select ends.
    cmd(0x06);
    select_it();
    (void)byte(0x01, 1);
    (void)byte(0, 1);
    (void)set(0);
    assert_int_equal(flash.part.status[0], FLASH_SR1_SRP0);
    assert_false(flash_part_busy(&flash.part));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_come_on_their_lanes),
    cmocka_unit_test(what_is_written_comes_at_release),
    cmocka_unit_test(time_and_wp_reach_the_part),
};
UNIT_MAIN(tests)
