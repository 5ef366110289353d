// SPDX-License-Identifier: Apache-2.0
// What the flash part says of itself: SFDP of JESD216B, the basic table and that of four-byte commands. Times are the
// smallest that the tables can say and that are not below the part's own (flash_cmd.def); a test holds them together.
#include "flash_part.h"

enum {
#define FLASH_CMD(opcode, name, address, dummy, lanes, data_lanes, when, does, arg) OP_##name = (opcode),
#include "flash_cmd.def"
    BASIC_WORDS = 16,
    BASIC_AT = 0x80,
    FOUR_WORDS = 2,
    FOUR_AT = BASIC_AT + 4 * BASIC_WORDS
};

// A byte that a word's table takes the same way everywhere: a count less one, and which unit it counts.
#define TIME(count, unit, bits) ((uint32_t)((count)-1) | (uint32_t)(unit) << (bits))

static const uint32_t basic[BASIC_WORDS] = {
    // 1: 4 KiB erase, pages, status kept without power; three or four address bytes; 1-4-4 and 1-1-4 reads.
    1u | 1u << 2 | 7u << 5 | OP_ERASE_4K << 8 | 1u << 17 | 1u << 21 | 1u << 22 | 0xFF800000u,
    FLASH_BYTES * 8 - 1, // 2: the last bit
    // 3: dummy and mode clocks of the quad reads. Their dummy bytes are two clocks each on four lanes, eight on one.
    4u | 2u << 5 | (uint32_t)OP_QUAD_IO << 8 | 8u << 16 | (uint32_t)OP_QUAD_OUT << 24,
    0, // 4 to 7: no dual reads, nothing that begins on two or four lanes
    0xFFFFFFEE,
    0x0000FFFF,
    0x0000FFFF,
    12u | OP_ERASE_4K << 8 | 15u << 16 | (uint32_t)OP_ERASE_32K << 24, // 8, 9: erases, 2^n bytes
    16u | OP_ERASE_64K << 8,
    // 10: erases take 48, 128 and 160 ms, at most 14 times that.
    6u | TIME(3, 1, 5) << 4 | TIME(8, 1, 5) << 11 | TIME(10, 1, 5) << 18,
    // 11: a page of 2^8 bytes takes 640 us, at most 6 times that; first byte 32 us, the next 3 us each; all 40 s.
    2u | 8u << 4 | TIME(10, 1, 5) << 8 | TIME(4, 1, 4) << 14 | TIME(3, 1, 4) << 19 | TIME(10, 2, 5) << 24 | 1u << 31,
    // 12: suspended within 20 us, 64 us between a resume and the next; then no erase, and nothing where it stands.
    0xECu | 1u << 8 | TIME(20, 1, 5) << 13 | TIME(20, 1, 5) << 24,
    (uint32_t)OP_SUSPEND << 24 | OP_RESUME << 16 | OP_SUSPEND << 8 | OP_RESUME, // 13
    // 14: deep power-down, awake within 3 us; WIP tells of the end of an operation.
    1u << 2 | TIME(3, 1, 5) << 8 | (uint32_t)OP_WAKE << 15 | (uint32_t)OP_SLEEP << 23,
    5u << 20, // 15: QE is bit 1 of the second status byte, read by 35h, written by 01h; no reads without a command
    // 16: status kept without power, after 06h; reset by 66h 99h. Four bytes: B7h, commands of their own; three: E9h,
    // reset, power.
    1u | 1u << 12 | 1u << 14 | 1u << 20 | 1u << 21 | 1u << 24 | 1u << 29,
};

static const uint32_t four[FOUR_WORDS] = {
    // Reads 13h, 0Ch, 6Ch, ECh; program 12h; the first three erases.
    1u | 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6 | 7u << 9 | 0xFFF00000u,
    OP_ERASE_4K4 | OP_ERASE_32K4 << 8 | (uint32_t)OP_ERASE_64K4 << 16 | 0xFF000000u,
};

static const uint8_t header[] = {
    'S',  'F', 'D', 'P',         6,        1, 1, 0xFF, // JESD216B: revision 1.6, two tables
    0x00, 6,   1,   BASIC_WORDS, BASIC_AT, 0, 0, 0xFF, // basic
    0x84, 0,   1,   FOUR_WORDS,  FOUR_AT,  0, 0, 0xFF, // four-byte commands
};

uint8_t flash_sfdp(uint32_t at) {
    at &= 0xFFFFFF;
    if (at < sizeof(header))
        return header[at];
    if (at - BASIC_AT < sizeof(basic))
        return (uint8_t)(basic[(at - BASIC_AT) / 4] >> 8 * (at % 4));
    if (at - FOUR_AT < sizeof(four))
        return (uint8_t)(four[(at - FOUR_AT) / 4] >> 8 * (at % 4));
    return 0xFF;
}
