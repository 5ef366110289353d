// SPDX-License-Identifier: Apache-2.0
// Power cuts at every position of a program and of an erase: what is torn, and what is not.
#include "flash_unit.h"

#define POSITIONS 256u
#define AT 0x8000u

static unsigned ones(uint8_t v) {
    unsigned n = 0;
    for (; v != 0; v &= (uint8_t)(v - 1))
        n++;
    return n;
}

// Bytes that do not read the same 16 times.
static unsigned shaky(uint32_t from, uint32_t bytes) {
    unsigned n = 0;
    for (uint32_t at = from; at < from + bytes; at++) {
        uint8_t first = read_at(at);
        bool same = true;
        for (unsigned i = 0; i < 15; i++)
            same = read_at(at) == first && same;
        n += !same;
    }
    return n;
}

static void cut_at(uint64_t total, unsigned position) {
    wait_ns(total * position / POSITIONS);
    flash_part_power_cut(&part);
    assert_int_equal(sr(0) & (FLASH_SR1_WIP | FLASH_SR1_WEL), 0);
}

static void a_cut_program_leaves_some_bits(void **state) {
    static const uint64_t ns[] = {[FLASH_TYPICAL] = 600000, [FLASH_MAXIMUM] = 3000000};
    uint8_t page[256];

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        page[i] = (uint8_t)(i * 37);
    fresh(FLASH_TYPICAL);
    for (unsigned n = 0; n <= 2 * POSITIONS + 1; n++) {
        enum flash_timing t = n <= POSITIONS ? FLASH_TYPICAL : FLASH_MAXIMUM;
        unsigned position = n % (POSITIONS + 1), left = 0;
        part.timing = t;
        part.random = n + 1;
        program(AT, page, 256);
        cut_at(ns[t], position);
        for (unsigned i = 0; i < 256; i++) {
            assert_int_equal(part.data[AT + i] & page[i], page[i]); // a bit that was not to be cleared never is
            left += ones(part.data[AT + i] & (uint8_t)~page[i]);
        }
        // 1,024 bits were to be cleared; as many of them as the time that passed, give or take six standard deviations.
        assert_in_range(left + 96, 1024 - position * 4, 1024 - position * 4 + 192);
        assert_true(position != 0 || left == 1024);
        assert_true(position != POSITIONS || left == 0);
        assert_true(position < 32 || position > 224 || (left > 0 && left < 1024));
        assert_int_equal(part.data[AT - 1], 0xFF);
        assert_int_equal(part.data[AT + 256], 0xFF);
        assert_int_equal(shaky(AT, 8), 0);
        // Programmed again it is whole.
        part.timing = FLASH_AT_ONCE;
        program(AT, page, 256);
        assert_memory_equal(part.data + AT, page, 256);
        erase(0x20, AT);
    }
}

static void cut_erase(uint8_t opcode, uint32_t bytes, uint64_t ns, unsigned position) {
    uint32_t wear = part.wear[AT / FLASH_SECTOR];
    unsigned bad;

    part.timing = FLASH_TYPICAL;
    part.random = position + 1;
    memset(part.data + AT - 1, 0x3C, bytes + 2);
    erase(opcode, AT);
    cut_at(ns, position);
    bad = shaky(AT, 64) + shaky(AT + bytes - 64, 64);
    if (position == 0) {
        assert_int_equal(part.data[AT], 0x3C);
        assert_int_equal(bad, 0);
    } else if (position == POSITIONS) {
        assert_int_equal(part.data[AT], 0xFF);
        assert_int_equal(bad, 0);
    } else {
        // A byte holds when each of its bits was erased: the less time passed, the fewer do. All but a few do not.
        assert_true(position > 192 || bad > 64);
        assert_true(position > 64 || bad > 120);
    }
    assert_int_equal(part.wear[AT / FLASH_SECTOR], wear + 1);
    assert_int_equal(read_at(AT - 1), 0x3C);
    assert_int_equal(read_at(AT + bytes), 0x3C);
    assert_int_equal(shaky(AT - 1, 1) + shaky(AT + bytes, 1), 0);
    // Erased again every cell holds, and takes a program.
    part.timing = FLASH_AT_ONCE;
    erase(opcode, AT);
    assert_int_equal(shaky(AT, 64) + shaky(AT + bytes - 64, 64), 0);
    for (uint32_t i = 0; i < bytes; i++)
        assert_int_equal(flash_cells_read(&part, AT + i), 0xFF);
}

static void a_cut_erase_reads_at_random_until_erased(void **state) {
    (void)state;
    fresh(FLASH_TYPICAL);
    for (unsigned position = 0; position <= POSITIONS; position++) {
        cut_erase(0x20, 0x1000, 45000000, position);
        if (position % 16 == 0)
            cut_erase(0x52, 0x8000, 120000000, position);
    }
}

static void a_torn_cell_holds_what_is_programmed(void **state) {
    static const uint8_t zero[64];

    (void)state;
    fresh(FLASH_TYPICAL);
    erase(0x20, AT);
    cut_at(45000000, 64);
    assert_true(shaky(AT, 64) > 48);
    part.timing = FLASH_AT_ONCE;
    program(AT, zero, 64);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(read_at(AT + i), 0);
    assert_int_equal(shaky(AT, 64), 0);
    assert_true(shaky(AT + 64, 64) > 48);
}

static void the_same_seed_tears_the_same(void **state) {
    uint8_t first[0x1000];
    unsigned same = 0;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        fresh(FLASH_TYPICAL);
        part.random = i < 2 ? 5 : 6;
        erase(0x20, AT);
        cut_at(45000000, 100);
        if (i == 0)
            memcpy(first, part.data + AT, sizeof(first));
        same += memcmp(first, part.data + AT, sizeof(first)) == 0;
    }
    assert_int_equal(same, 2);
}

// A reset tears as a cut does, and both tear what is suspended beside what runs.
static void resets_and_cuts_tear_all_that_is_under_way(void **state) {
    static const uint8_t zero[256];

    (void)state;
    for (unsigned cut = 0; cut < 2; cut++) {
        unsigned left = 0;
        fresh(FLASH_TYPICAL);
        erase(0x20, AT);
        wait_ns(10000000);
        cmd(0x75);
        wait_ns(20000);
        program(0, zero, 256);
        wait_ns(300000);
        if (cut != 0) {
            flash_part_power_cut(&part);
        } else {
            cmd(0x66);
            cmd(0x99);
            wait_ns(30000);
        }
        assert_int_equal(sr(0), 0);
        assert_int_equal(sr(1), FLASH_SR2_QE);
        for (unsigned i = 0; i < 256; i++)
            left += ones(part.data[i]);
        assert_in_range(left, 1024 - 192, 1024 + 192);
        assert_true(shaky(AT, 64) > 48);
        cmd(0x7A); // nothing is left to go on with
        assert_int_equal(sr(0), 0);
    }
}

static void a_cut_forgets_all_but_the_status_written(void **state) {
    (void)state;
    fresh(FLASH_TYPICAL);
    write_sr(FLASH_SR1_TB, FLASH_SR2_QE);
    wait_ns(10000000);
    write_sr(FLASH_SR1_BP, 0);
    cut_at(10000000, POSITIONS - 1);
    assert_int_equal(sr(0), FLASH_SR1_TB); // the old ones, not a mixture
    assert_int_equal(sr(1), FLASH_SR2_QE);
    cmd(0xB7);
    cmd(0x06);
    cmd(0xB9);
    flash_part_power_cut(&part);
    assert_int_equal(sr(0), FLASH_SR1_TB);
    assert_false(part.four);
    // In the middle of a command.
    cmd(0x06);
    flash_part_select(&part);
    flash_part_byte(&part, 0xC7);
    flash_part_power_cut(&part);
    flash_part_deselect(&part, true);
    assert_int_equal(sr(0), FLASH_SR1_TB);
    assert_int_equal(part.wear[0], 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_cut_program_leaves_some_bits),
    cmocka_unit_test(a_cut_erase_reads_at_random_until_erased),
    cmocka_unit_test(a_torn_cell_holds_what_is_programmed),
    cmocka_unit_test(the_same_seed_tears_the_same),
    cmocka_unit_test(resets_and_cuts_tear_all_that_is_under_way),
    cmocka_unit_test(a_cut_forgets_all_but_the_status_written),
};
UNIT_MAIN(tests)
