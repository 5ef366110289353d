// SPDX-License-Identifier: Apache-2.0
// See flash_regs.h.
#include "flash_regs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha_model.h"
#include "weir_abi.h"

struct flash_regs flash_regs;

__attribute__((noreturn)) static void wrong(const char *what, uint32_t which) {
    fprintf(stderr, "check failed: %s: %x\n", what, which);
    abort();
}

static void take(const uint8_t *from, size_t n) {
    if (flash_regs.length + n > sizeof(flash_regs.message))
        wrong("message too long", 0);
    memcpy(flash_regs.message + flash_regs.length, from, n);
    flash_regs.length += n;
}

static void flash_write(uint32_t offset, uint32_t value) {
    flash_part_time(&flash_regs.part, flash_regs.cycle * 4);
    switch (offset) {
    case WEIR_FLASH_CTL_OFFSET:
        flash_regs.left = 0;
        if ((value & 1) != 0 && !flash_regs.cs) {
            flash_part_select(&flash_regs.part);
            flash_regs.refused = false;
        } else if ((value & 1) == 0 && flash_regs.cs) {
            flash_part_deselect(&flash_regs.part, true);
        }
        flash_regs.cs = (value & 1) != 0;
        break;
    case WEIR_FLASH_XFER_OFFSET:
        flash_regs.cycle += FLASH_REGS_XFER - FLASH_REGS_ACCESS;
        flash_regs.refused = flash_regs.refused || (flash_regs.refuse && flash_regs.cs);
        if (flash_regs.cs && !flash_regs.refused) {
            flash_regs.in = flash_regs.dead ? 0xFF : flash_part_next(&flash_regs.part);
            flash_part_byte(&flash_regs.part, (uint8_t)value);
        }
        break;
    case WEIR_FLASH_READ_ADDR_OFFSET:
        flash_regs.read_addr = value;
        break;
    case WEIR_FLASH_READ_DEST_OFFSET:
        flash_regs.read_dest = value;
        break;
    case WEIR_FLASH_READ_LEN_OFFSET:
        flash_regs.hashing = WEIR_GET(value, FLASH_READ_LEN_HASH) != 0;
        flash_regs.refused = flash_regs.cs || (flash_regs.hashing && !flash_regs.open);
        flash_regs.left = flash_regs.refused ? 0 : WEIR_GET(value, FLASH_READ_LEN_BYTES);
        flash_regs.read_end = flash_regs.cycle + 100 + flash_regs.left * 4;
        break;
    default:
        wrong("write of FLASH", offset);
    }
}

static void bulk(void) {
    uint8_t byte;
    if (flash_regs.left == 0 || flash_regs.cycle < flash_regs.read_end)
        return;
    for (uint32_t i = 0; i < flash_regs.left; i++) {
        byte = flash_cells_read(&flash_regs.part, flash_regs.read_addr + i);
        if (flash_regs.hashing)
            take(&byte, 1);
        if (flash_regs.read_dest >> 28 == 1)
            flash_regs.memory[(flash_regs.read_dest + i) % FLASH_REGS_MEMORY] = byte;
    }
    flash_regs.left = 0;
}

static uint32_t flash_read(uint32_t offset) {
    bulk();
    if (offset == WEIR_FLASH_XFER_OFFSET)
        return flash_regs.in;
    if (offset == WEIR_FLASH_READ_LEN_OFFSET)
        return flash_regs.left;
    if (offset != WEIR_FLASH_STATUS_OFFSET)
        wrong("read of FLASH", offset);
    return flash_regs.refused ? 1u << WEIR_FLASH_STATUS_REFUSED_LSB : 0;
}

static void sha_write(uint32_t offset, uint32_t value) {
    uint8_t word[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    bool out_of_turn = offset != WEIR_SHA_START_OFFSET && !flash_regs.open;
    if (offset == WEIR_SHA_CLAIM_OFFSET) {
        flash_regs.owned = flash_regs.open = flash_regs.done = false;
    } else if (flash_regs.owned && !out_of_turn) {
        flash_regs.open = offset != WEIR_SHA_FINISH_OFFSET;
        flash_regs.done = !flash_regs.open;
        if (offset == WEIR_SHA_START_OFFSET)
            flash_regs.length = 0;
        else if (offset == WEIR_SHA_DATA_OFFSET)
            take(word, 4);
        else
            take(word + 1, value & 3);
        if (flash_regs.done)
            sha_model(flash_regs.message, flash_regs.length, flash_regs.digest);
    }
}

uint32_t flash_regs_read(uint32_t block, uint32_t offset) {
    uint32_t word = 0;
    flash_regs.cycle += FLASH_REGS_ACCESS;
    if (block == WEIR_CSR_FLASH)
        return flash_read(offset);
    if (block == WEIR_CSR_CTRL && offset == WEIR_CTRL_CYCLE_LO_OFFSET)
        return (uint32_t)flash_regs.cycle;
    if (block != WEIR_CSR_SHA)
        wrong("read of another block", block);
    if (offset == WEIR_SHA_CLAIM_OFFSET)
        return flash_regs.owned = true;
    if (offset == WEIR_SHA_STATUS_OFFSET)
        return (flash_regs.open ? 1u << WEIR_SHA_STATUS_OPEN_LSB : 0) |
               (flash_regs.done ? 1u << WEIR_SHA_STATUS_DONE_LSB : 0);
    memcpy(&word, flash_regs.digest + (offset - WEIR_SHA_DIGEST_OFFSET), 4);
    return word;
}

void flash_regs_write(uint32_t block, uint32_t offset, uint32_t value) {
    flash_regs.cycle += FLASH_REGS_ACCESS;
    if (block == WEIR_CSR_FLASH)
        flash_write(offset, value);
    else
        sha_write(offset, value);
}

void flash_regs_begin(enum flash_timing timing) {
    flash_regs_end();
    if (!flash_part_init(&flash_regs.part))
        wrong("no memory for the flash", 0);
    flash_regs.part.timing = timing;
    flash_regs.there = true;
}

void flash_regs_end(void) {
    if (flash_regs.there)
        flash_part_free(&flash_regs.part);
    memset(&flash_regs, 0, sizeof(flash_regs));
}
