// SPDX-License-Identifier: Apache-2.0
// A flash part under test, spoken to by transactions of bytes.
#ifndef WEIR_TEST_SIM_FLASH_UNIT_H
#define WEIR_TEST_SIM_FLASH_UNIT_H

#include "flash_part.h"
#include "unit.h"

static struct flash_part part;

static inline void fresh(enum flash_timing timing) {
    flash_part_free(&part);
    assert_true(flash_part_init(&part));
    part.timing = timing;
}

// One transaction: n bytes out, then m bytes in.
static inline void spi_do(const uint8_t *out, size_t n, uint8_t *in, size_t m) {
    flash_part_transfer(&part, out, n, in, m);
}

static inline void cmd(uint8_t opcode) {
    spi_do(&opcode, 1, NULL, 0);
}

static inline uint8_t sr(unsigned which) {
    const uint8_t opcode = (const uint8_t[]){0x05, 0x35, 0x15}[which];
    uint8_t value = 0;
    spi_do(&opcode, 1, &value, 1);
    return value;
}

// Opcode, `bytes` of address, and data.
static inline void write_at(uint8_t opcode, unsigned bytes, uint32_t at, const uint8_t *data, size_t n) {
    uint8_t out[5 + 600] = {opcode};
    for (unsigned i = 0; i < bytes; i++)
        out[1 + i] = (uint8_t)(at >> 8 * (bytes - 1 - i));
    if (n != 0)
        memcpy(out + 1 + bytes, data, n);
    spi_do(out, 1 + bytes + n, NULL, 0);
}

static inline void program(uint32_t at, const uint8_t *data, size_t n) {
    cmd(0x06);
    write_at(0x02, 3, at, data, n);
}

static inline void erase(uint8_t opcode, uint32_t at) {
    cmd(0x06);
    write_at(opcode, opcode == 0xC7 ? 0 : 3, at, NULL, 0);
}

static inline void write_sr(uint8_t one, uint8_t two) {
    const uint8_t out[3] = {0x01, one, two};
    cmd(0x06);
    spi_do(out, 3, NULL, 0);
}

static inline uint8_t read_at(uint32_t at) {
    const uint8_t out[4] = {0x03, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    uint8_t in;
    spi_do(out, 4, &in, 1);
    return in;
}

static inline void wait_ns(uint64_t ns) {
    flash_part_time(&part, part.now + ns);
}

#endif
