// SPDX-License-Identifier: Apache-2.0
// The flash part's commands: each does what it is for, in its form alone, and when it may.
#include "flash_unit.h"

#define AT 0x123450u

static const uint8_t text[8] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};

// Numbers of data sheets, typed once more on purpose.
static const struct {
    uint8_t opcode, address, dummy, lanes, data_lanes;
} reads[] = {{0x03, 3, 0, 1, 1}, {0x13, 4, 0, 1, 1}, {0x0B, 3, 1, 1, 1}, {0x0C, 4, 1, 1, 1},
             {0x6B, 3, 1, 1, 4}, {0x6C, 4, 1, 1, 4}, {0xEB, 3, 3, 4, 4}, {0xEC, 4, 3, 4, 4}};
static const struct {
    uint8_t opcode, address;
    uint32_t bytes;
    uint64_t typical, maximum; // ms
} erases[] = {{0x20, 3, 0x1000, 45, 400},           {0x21, 4, 0x1000, 45, 400},    {0x52, 3, 0x8000, 120, 1600},
              {0x5C, 4, 0x8000, 120, 1600},         {0xD8, 3, 0x10000, 150, 2000}, {0xDC, 4, 0x10000, 150, 2000},
              {0xC7, 0, FLASH_BYTES, 40000, 200000}};

// Every read's bytes come after its address and dummy bytes, on its lanes, in both modes of address.
static void reads_have_their_form(void **state) {
    (void)state;
    fresh(FLASH_AT_ONCE);
    memcpy(part.data + AT, text, sizeof(text));
    for (unsigned mode = 3; mode <= 4; mode++) {
        cmd(mode == 4 ? 0xB7 : 0xE9);
        for (unsigned i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
            unsigned bytes = reads[i].address == 4 ? 4 : mode;
            flash_part_select(&part);
            assert_int_equal(flash_part_lanes(&part), 1);
            flash_part_byte(&part, reads[i].opcode);
            for (unsigned b = 0; b < bytes + reads[i].dummy; b++) {
                assert_int_equal(flash_part_lanes(&part), reads[i].lanes);
                assert_int_equal(flash_part_next(&part), 0xFF);
                flash_part_byte(&part, b < bytes ? (uint8_t)(AT >> 8 * (bytes - 1 - b)) : 0);
            }
            assert_int_equal(flash_part_lanes(&part), reads[i].data_lanes);
            for (unsigned b = 0; b < sizeof(text); b++) {
                assert_int_equal(flash_part_next(&part), text[b]);
                flash_part_byte(&part, 0);
            }
            flash_part_deselect(&part, true);
        }
    }
}

static void reads_go_round_at_the_end(void **state) {
    const uint8_t out[4] = {0x03, 0xFF, 0xFF, 0xFE};
    uint8_t in[4];

    (void)state;
    fresh(FLASH_AT_ONCE);
    part.data[FLASH_BYTES - 1] = 0x12;
    part.data[0] = 0x34;
    spi_do(out, 4, in, 4);
    assert_memory_equal(in, ((uint8_t[]){0xFF, 0x12, 0x34, 0xFF}), 4);
}

static void programs_only_clear_and_wrap_in_their_page(void **state) {
    uint8_t data[600];

    (void)state;
    fresh(FLASH_AT_ONCE);
    memset(data, 0x0F, 2);
    program(0x1000, data, 2);
    memset(data, 0xF5, 2);
    program(0x1000, data, 1);
    assert_int_equal(read_at(0x1000), 0x05);
    assert_int_equal(read_at(0x1001), 0x0F);
    // From the page's end to its beginning, not to the next page.
    program(0x20FE, text, 4);
    assert_memory_equal(part.data + 0x20FE, text, 2);
    assert_memory_equal(part.data + 0x2000, text + 2, 2);
    assert_int_equal(part.data[0x2100], 0xFF);
    // Of more than a page the last 256 bytes count.
    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i / 256 << 6 | (i & 0x3F));
    program(0x3010, data, sizeof(data));
    for (unsigned i = 0; i < sizeof(data); i++)
        if (i >= sizeof(data) - 256)
            assert_int_equal(part.data[0x3000 + (0x10 + i) % 256], data[i]);
    assert_int_equal(part.data[0x3100], 0xFF);
    cmd(0x06);
    write_at(0x12, 4, AT, text, sizeof(text));
    assert_memory_equal(part.data + AT, text, sizeof(text));
}

static void erases_take_their_block_and_wear_it(void **state) {
    (void)state;
    for (unsigned i = 0; i < sizeof(erases) / sizeof(erases[0]); i++) {
        uint32_t bytes = erases[i].bytes, from = 0x120000 / bytes * bytes;
        fresh(FLASH_AT_ONCE);
        memset(part.data, 0, FLASH_BYTES);
        cmd(0x06);
        write_at(erases[i].opcode, erases[i].address, from + bytes / 2, NULL, 0);
        for (uint32_t at = 0; at < FLASH_BYTES; at += 0x800) {
            bool in = at >= from && at - from < bytes;
            assert_int_equal(part.data[at], in ? 0xFF : 0);
            assert_int_equal(part.data[at + 0x7FF], in ? 0xFF : 0);
            assert_int_equal(part.wear[at / FLASH_SECTOR], in);
        }
        assert_int_equal(sr(0), 0);
    }
    erase(0x20, 0x2000);
    erase(0xD8, 0x2000);
    assert_int_equal(part.wear[2], 3);
    assert_int_equal(part.wear[3], 2);
}

static void writes_want_wren_each_time(void **state) {
    (void)state;
    fresh(FLASH_AT_ONCE);
    write_at(0x02, 3, 0, text, 4);
    write_at(0x12, 4, 0, text, 4);
    write_at(0x01, 0, 0, text, 2);
    assert_int_equal(sr(0), 0);
    assert_int_equal(read_at(0), 0xFF);
    part.data[0] = 0;
    for (unsigned i = 0; i < sizeof(erases) / sizeof(erases[0]); i++)
        write_at(erases[i].opcode, erases[i].address, 0, NULL, 0);
    assert_int_equal(read_at(0), 0);
    assert_int_equal(part.wear[0], 0);
    cmd(0x06);
    assert_int_equal(sr(0), FLASH_SR1_WEL);
    cmd(0x04);
    assert_int_equal(sr(0), 0);
    erase(0x20, 0);
    assert_int_equal(sr(0), 0); // used up
    assert_int_equal(read_at(0), 0xFF);
}

// A byte too few, too many or not whole: nothing is done, and WEL stays.
static void other_forms_are_ignored(void **state) {
    uint8_t out[8] = {0x20, 0, 0, 0, 0};

    (void)state;
    fresh(FLASH_AT_ONCE);
    part.data[0] = 0;
    cmd(0x06);
    spi_do(out, 3, NULL, 0);
    spi_do(out, 5, NULL, 0);
    out[0] = 0x02;
    spi_do(out, 4, NULL, 0);
    out[0] = 0x01;
    spi_do(out, 1, NULL, 0);
    spi_do((const uint8_t[]){0x01, 0x04, 0, 0}, 4, NULL, 0);
    spi_do((const uint8_t[]){0xC7, 0}, 2, NULL, 0);
    spi_do((const uint8_t[]){0xB9, 0}, 2, NULL, 0);
    flash_part_select(&part);
    for (unsigned i = 0; i < 4; i++)
        flash_part_byte(&part, i == 0 ? 0x20 : 0);
    flash_part_deselect(&part, false);
    assert_int_equal(read_at(0), 0);
    assert_int_equal(part.wear[0], 0);
    assert_int_equal(sr(0), FLASH_SR1_WEL);
    // What is no command reads as pulled up, and what follows it is none either.
    spi_do((const uint8_t[]){0x00, 0x9F}, 2, out, 2);
    assert_int_equal(out[0], 0xFF);
    assert_int_equal(out[1], 0xFF);
}

static void operations_take_their_time(void **state) {
    static const struct {
        unsigned bytes;
        uint64_t typical, maximum; // ns
    } programs[] = {{1, 30000, 150000}, {2, 32300, 162000}, {256, 600000, 3000000}, {300, 600000, 3000000}};
    static const uint8_t zero[300];

    (void)state;
    for (enum flash_timing t = FLASH_TYPICAL; t <= FLASH_MAXIMUM; t++) {
        for (unsigned i = 0; i < sizeof(erases) / sizeof(erases[0]); i++) {
            uint64_t ns = (t == FLASH_TYPICAL ? erases[i].typical : erases[i].maximum) * 1000000;
            fresh(t);
            part.data[0] = 0;
            cmd(0x06);
            write_at(erases[i].opcode, erases[i].address, 0, NULL, 0);
            wait_ns(ns - 1);
            assert_int_equal(sr(0), FLASH_SR1_WIP | FLASH_SR1_WEL);
            assert_int_equal(part.data[0], 0);
            wait_ns(1);
            assert_int_equal(sr(0), 0);
            assert_int_equal(part.data[0], 0xFF);
        }
        for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
            program(0x1000 * (i + 1), zero, programs[i].bytes);
            wait_ns((t == FLASH_TYPICAL ? programs[i].typical : programs[i].maximum) - 1);
            assert_true(flash_part_busy(&part));
            wait_ns(1);
            assert_int_equal(read_at(0x1000 * (i + 1)), 0);
        }
        write_sr(FLASH_SR1_TB, 0);
        wait_ns((t == FLASH_TYPICAL ? 10 : 15) * 1000000 - 1);
        assert_int_equal(sr(0), FLASH_SR1_WIP | FLASH_SR1_WEL);
        wait_ns(1);
        assert_int_equal(sr(0), FLASH_SR1_TB);
        // Time that went backwards is none.
        program(0, zero, 1);
        flash_part_time(&part, 0);
        assert_true(flash_part_busy(&part));
    }
}

// Every opcode but RDSR, suspend and reset is as if it were not there while WIP is set.
static void a_busy_part_only_tells_its_status(void **state) {
    (void)state;
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        uint8_t out[8] = {(uint8_t)opcode}, in[4];
        if (opcode == 0x05 || opcode == 0x35 || opcode == 0x15 || opcode == 0x75 || opcode == 0x66)
            continue;
        fresh(FLASH_TYPICAL);
        memset(part.data, 0, 0x1000);
        erase(0x20, 0);
        spi_do(out, 8, in, 4);
        assert_memory_equal(in, "\xFF\xFF\xFF\xFF", 4);
        for (size_t n = 1; n <= 5; n++)
            spi_do(out, n, NULL, 0);
        assert_int_equal(sr(0), FLASH_SR1_WIP | FLASH_SR1_WEL);
        wait_ns(45000000);
        assert_int_equal(sr(0), 0);
        assert_int_equal(sr(1), FLASH_SR2_QE);
        assert_int_equal(read_at(0), 0xFF);
        assert_int_equal(part.wear[0], 1);
    }
}

static void quad_wants_qe(void **state) {
    uint8_t in = 0;

    (void)state;
    fresh(FLASH_AT_ONCE);
    part.data[0] = 0x12;
    for (unsigned qe = 0; qe < 2; qe++) {
        write_sr(0, qe != 0 ? FLASH_SR2_QE : 0);
        for (unsigned i = 4; i < sizeof(reads) / sizeof(reads[0]); i++) {
            const uint8_t out[8] = {reads[i].opcode};
            spi_do(out, 1u + reads[i].address + reads[i].dummy, &in, 1);
            assert_int_equal(in, qe != 0 ? 0x12 : 0xFF);
        }
    }
    // One byte leaves the second as it is.
    cmd(0x06);
    spi_do((const uint8_t[]){0x01, FLASH_SR1_TB}, 2, NULL, 0);
    assert_int_equal(sr(0), FLASH_SR1_TB);
    assert_int_equal(sr(1), FLASH_SR2_QE);
}

// Each of three bytes by a command of its own, the first two by one as well; the others stay.
static void status_is_written_byte_by_byte(void **state) {
    static const uint8_t mask[3] = {0xFC, 0x42, 0x60}, opcode[3] = {0x01, 0x31, 0x11};

    (void)state;
    fresh(FLASH_AT_ONCE);
    for (unsigned i = 0; i < 3; i++)
        for (unsigned v = 0; v < 256; v++) {
            const uint8_t out[3] = {opcode[i], (uint8_t)(i == 1 ? v & ~1u : v), 0xFF}; // SRP1 would be the last
            uint8_t want[3] = {sr(0), sr(1), sr(2)};
            want[i] = out[1] & mask[i];
            cmd(0x06);
            spi_do(out, 2, NULL, 0);
            for (unsigned k = 0; k < 3; k++)
                assert_int_equal(sr(k), want[k]);
            if (i == 0)
                continue;
            cmd(0x06);
            spi_do(out, 3, NULL, 0); // one byte too many
            assert_int_equal(sr(i), want[i]);
            assert_int_equal(sr(0) & FLASH_SR1_WEL, FLASH_SR1_WEL);
            cmd(0x04);
        }
    write_sr(0x03, 0xBE);
    assert_int_equal(sr(0), 0);
    assert_int_equal(sr(1), FLASH_SR2_QE);
    cmd(0xB7);
    assert_int_equal(sr(2), FLASH_SR3_ADS | FLASH_SR3_DRV);
}

static void sleep_ends_with_wake_alone(void **state) {
    uint8_t in[2];

    (void)state;
    fresh(FLASH_AT_ONCE);
    cmd(0xB9);
    assert_int_equal(sr(0), 0xFF);
    spi_do((const uint8_t[]){0x9F}, 1, in, 1);
    assert_int_equal(in[0], 0xFF);
    cmd(0x66);
    cmd(0x99);
    assert_int_equal(sr(0), 0xFF);
    cmd(0xAB);
    assert_int_equal(sr(0), 0);
    cmd(0xB9);
    spi_do((const uint8_t[]){0xAB, 0, 0, 0}, 4, in, 2);
    assert_memory_equal(in, "\x17\x17", 2);
    spi_do((const uint8_t[]){0x9F}, 1, in, 2);
    assert_memory_equal(in, "\xEF\x40", 2);
}

static void reset_wants_its_two_commands(void **state) {
    (void)state;
    fresh(FLASH_TYPICAL);
    cmd(0x06);
    cmd(0x99);
    cmd(0x66);
    assert_int_equal(sr(0), FLASH_SR1_WEL); // in between
    cmd(0x99);
    assert_int_equal(sr(0), FLASH_SR1_WEL);
    cmd(0x66);
    cmd(0x00);
    cmd(0x99);
    assert_int_equal(sr(0), FLASH_SR1_WEL);
    cmd(0xB7);
    write_sr(FLASH_SR1_TB, FLASH_SR2_QE);
    wait_ns(10000000);
    cmd(0x06);
    cmd(0x66);
    cmd(0x99);
    assert_int_equal(sr(0), FLASH_SR1_TB | FLASH_SR1_WIP);
    wait_ns(30000);
    assert_int_equal(sr(0), FLASH_SR1_TB); // written bits stay
    assert_false(part.four);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_have_their_form),
    cmocka_unit_test(reads_go_round_at_the_end),
    cmocka_unit_test(programs_only_clear_and_wrap_in_their_page),
    cmocka_unit_test(erases_take_their_block_and_wear_it),
    cmocka_unit_test(writes_want_wren_each_time),
    cmocka_unit_test(other_forms_are_ignored),
    cmocka_unit_test(operations_take_their_time),
    cmocka_unit_test(a_busy_part_only_tells_its_status),
    cmocka_unit_test(quad_wants_qe),
    cmocka_unit_test(status_is_written_byte_by_byte),
    cmocka_unit_test(sleep_ends_with_wake_alone),
    cmocka_unit_test(reset_wants_its_two_commands),
};
UNIT_MAIN(tests)
