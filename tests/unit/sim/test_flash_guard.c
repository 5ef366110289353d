// SPDX-License-Identifier: Apache-2.0
// The flash part's write protection and its suspended operations.
#include "flash_unit.h"

static const uint8_t zero[4];

// Protected blocks as in the data sheet of a part of this size, TB clear: [SEC][BP], bytes from the top.
static const uint32_t shield[2][8] = {
    {0, 0x40000, 0x80000, 0x100000, 0x200000, 0x400000, 0x800000, FLASH_BYTES},
    {0, 0x1000, 0x2000, 0x4000, 0x8000, 0x8000, 0x8000, FLASH_BYTES},
};

static bool shielded(unsigned bits, uint32_t at) {
    uint32_t length = shield[bits >> 4 & 1][bits & 7];
    bool in = (bits >> 3 & 1) != 0 ? at < length : at >= FLASH_BYTES - length;
    return in != ((bits >> 5 & 1) != 0);
}

// Is a program at this place carried out, and an erase of its sector?
static void try_at(uint32_t at, bool open) {
    uint32_t wear = part.wear[at / FLASH_SECTOR];
    program(at, zero, 1);
    assert_int_equal(sr(0) & FLASH_SR1_WEL, 0);
    assert_int_equal(part.data[at], open ? 0 : 0xFF);
    part.data[at] = 0;
    erase(0x20, at);
    assert_int_equal(sr(0) & FLASH_SR1_WEL, 0);
    assert_int_equal(part.data[at], open ? 0xFF : 0);
    assert_int_equal(part.wear[at / FLASH_SECTOR] - wear, open);
    part.data[at] = 0xFF;
}

static void protected_blocks_stay(void **state) {
    (void)state;
    fresh(FLASH_AT_ONCE);
    for (unsigned bits = 0; bits < 64; bits++) { // CMP SEC TB BP
        bool any = false;
        write_sr((uint8_t)((bits & 0x1F) << 2), (uint8_t)(bits >> 5 << 6));
        // Both sides of every border there is.
        for (uint32_t size = 0x1000; size <= FLASH_BYTES; size *= 2) {
            const uint32_t at[] = {size - 1, size % FLASH_BYTES, FLASH_BYTES - size,
                                   (2 * FLASH_BYTES - size - 1) % FLASH_BYTES};
            for (unsigned i = 0; i < 4; i++) {
                try_at(at[i], !shielded(bits, at[i]));
                any = any || shielded(bits, at[i]);
            }
        }
        // Larger erases stay away when any of theirs is protected.
        part.data[0] = part.data[FLASH_BYTES - 1] = 0;
        erase(0xC7, 0);
        assert_int_equal(part.data[0], any ? 0 : 0xFF);
        part.data[0] = 0xFF;
        for (unsigned i = 0; i < 2; i++) {
            uint32_t bytes = i == 0 ? 0x8000 : 0x10000, first = FLASH_BYTES - bytes;
            part.data[FLASH_BYTES - 1] = 0;
            any = false;
            for (uint32_t at = first; at < FLASH_BYTES; at += 0x1000)
                any = any || shielded(bits, at);
            erase(i == 0 ? 0x52 : 0xD8, first);
            assert_int_equal(part.data[FLASH_BYTES - 1], any ? 0 : 0xFF);
        }
        part.data[FLASH_BYTES - 1] = 0xFF;
    }
}

static void locked_status_stays(void **state) {
    (void)state;
    fresh(FLASH_AT_ONCE);
    // WP# locks when SRP0 says so, unless the pin is one for data.
    write_sr(FLASH_SR1_SRP0, FLASH_SR2_QE);
    part.wp_low = true;
    write_sr(FLASH_SR1_SRP0, 0);
    assert_int_equal(sr(1), 0);
    write_sr(FLASH_SR1_BP, 0);
    assert_int_equal(sr(0), FLASH_SR1_SRP0);
    part.wp_low = false;
    write_sr(FLASH_SR1_BP, 0);
    assert_int_equal(sr(0), FLASH_SR1_BP);
    part.wp_low = true;
    write_sr(0, FLASH_SR2_SRP1);
    // Until power comes again.
    part.wp_low = false;
    write_sr(FLASH_SR1_BP, 0);
    cmd(0x66);
    cmd(0x99);
    write_sr(FLASH_SR1_BP, 0);
    assert_int_equal(sr(0), 0);
    assert_int_equal(sr(1), FLASH_SR2_SRP1);
    flash_part_power_cut(&part);
    assert_int_equal(sr(1), 0);
    write_sr(FLASH_SR1_BP | FLASH_SR1_SRP0, FLASH_SR2_SRP1);
    // For ever.
    flash_part_power_cut(&part);
    write_sr(0, 0);
    assert_int_equal(sr(0), FLASH_SR1_BP | FLASH_SR1_SRP0);
    assert_int_equal(sr(1), FLASH_SR2_SRP1);
}

static void suspend_now(void) {
    cmd(0x75);
    assert_int_equal(sr(0), FLASH_SR1_WIP); // on the way
    assert_int_equal(sr(1) & FLASH_SR2_SUS, 0);
    wait_ns(20000);
    assert_int_equal(sr(0), 0);
    assert_int_equal(sr(1) & FLASH_SR2_SUS, FLASH_SR2_SUS);
}

static void a_suspended_erase_lets_others_be_read_and_written(void **state) {
    bool changes = false;

    (void)state;
    fresh(FLASH_TYPICAL);
    memset(part.data, 0x5A, 0x20000);
    erase(0xD8, 0x10000);
    wait_ns(100000000);
    suspend_now();
    assert_int_equal(read_at(0xFFFF), 0x5A);
    assert_int_equal(read_at(0x20000), 0xFF);
    for (unsigned i = 0; i < 64 && !changes; i++)
        changes = read_at(0x10000) != read_at(0x10000);
    assert_true(changes); // not what it was, not what it will be
    // Elsewhere a page may be programmed, and not in the block; nothing may be erased, nor the status written.
    program(0x1FFF0, zero, 1);
    assert_int_equal(sr(0), FLASH_SR1_WEL);
    erase(0x20, 0x4000);
    write_sr(FLASH_SR1_BP, 0);
    cmd(0xB9);
    assert_int_equal(sr(0), FLASH_SR1_WEL);
    program(0x30000, zero, 1);
    assert_int_equal(sr(0), FLASH_SR1_WEL | FLASH_SR1_WIP);
    cmd(0x75); // one at a time
    wait_ns(30000);
    assert_int_equal(read_at(0x30000), 0);
    assert_int_equal(read_at(0x4000), 0x5A);
    assert_int_equal(sr(1), FLASH_SR2_QE | FLASH_SR2_SUS);
    wait_ns(1000000000); // takes none of its time
    cmd(0x7A);
    assert_int_equal(sr(0), FLASH_SR1_WIP);
    assert_int_equal(sr(1), FLASH_SR2_QE);
    wait_ns(49999999);
    assert_int_equal(sr(0), FLASH_SR1_WIP);
    wait_ns(1);
    assert_int_equal(sr(0), 0);
    assert_int_equal(read_at(0x10000), 0xFF);
    assert_int_equal(read_at(0x1FFFF), 0xFF);
}

static void a_suspended_program_lets_nothing_be_written(void **state) {
    (void)state;
    fresh(FLASH_TYPICAL);
    program(0x1000, zero, 4);
    suspend_now();
    program(0x2000, zero, 1);
    erase(0x20, 0);
    assert_int_equal(sr(0), FLASH_SR1_WEL);
    assert_int_equal(read_at(0x2000), 0xFF);
    cmd(0x04);
    cmd(0x7A);
    wait_ns(600000);
    assert_memory_equal(part.data + 0x1000, zero, 4);
    assert_int_equal(part.data[0x1004], 0xFF);
}

static void others_are_not_suspended(void **state) {
    (void)state;
    fresh(FLASH_TYPICAL);
    cmd(0x75);
    cmd(0x7A);
    assert_int_equal(sr(1), FLASH_SR2_QE);
    erase(0xC7, 0);
    cmd(0x75);
    wait_ns(20000);
    assert_int_equal(sr(0), FLASH_SR1_WIP | FLASH_SR1_WEL);
    wait_ns(UINT64_C(40000000000));
    write_sr(0, 0);
    cmd(0x75);
    wait_ns(20000);
    assert_int_equal(sr(0), FLASH_SR1_WIP | FLASH_SR1_WEL);
    assert_int_equal(sr(1), FLASH_SR2_QE);
}

// Whatever is said whenever, with power cut here and there: it stays within its array, comes to an end, and is a part
// that can be erased afterwards.
static void any_bytes_at_any_time_are_borne(void **state) {
    static const uint8_t opcodes[] = {
#define FLASH_CMD(opcode, name, address, dummy, lanes, data_lanes, when, does, arg) opcode,
#include "flash_cmd.def"
    };

    (void)state;
    fresh(FLASH_TYPICAL);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t out[300], in[16];
        size_t n = 1 + unit_rand() % (unit_rand() % 8 == 0 ? sizeof(out) : 7);
        for (size_t k = 0; k < n; k++)
            out[k] = (uint8_t)(unit_rand() % 4 == 0 ? 0xFF : unit_rand());
        if (unit_rand() % 16 != 0)
            out[0] = opcodes[unit_rand() % sizeof(opcodes)];
        if (out[0] == 0xC7 && unit_rand() % 64 != 0) // or there is little else
            out[0] = 0x06;
        if ((out[0] == 0x01 || out[0] == 0x31) && n > 1)
            out[n - 1] &= (uint8_t)~FLASH_SR2_SRP1; // which is for ever
        cmd(unit_rand() % 2 == 0 ? 0x06 : 0x05);
        spi_do(out, n, in, unit_rand() % (sizeof(in) + 1));
        wait_ns(UINT64_C(1) << unit_rand() % 36);
        if (unit_rand() % 64 == 0)
            flash_part_power_cut(&part);
    }
    flash_part_power_cut(&part);
    assert_int_equal(sr(0) & (FLASH_SR1_WIP | FLASH_SR1_WEL), 0);
    write_sr(0, 0);
    wait_ns(15000000);
    assert_int_equal(sr(0), 0);
    erase(0xC7, 0);
    wait_ns(UINT64_C(40000000000));
    for (uint32_t at = 0; at < FLASH_BYTES; at++)
        assert_true(flash_cells_read(&part, at) == 0xFF);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(protected_blocks_stay),
    cmocka_unit_test(locked_status_stays),
    cmocka_unit_test(a_suspended_erase_lets_others_be_read_and_written),
    cmocka_unit_test(a_suspended_program_lets_nothing_be_written),
    cmocka_unit_test(others_are_not_suspended),
    cmocka_unit_test(any_bytes_at_any_time_are_borne),
};
UNIT_MAIN(tests)
