// SPDX-License-Identifier: Apache-2.0
// FLASH and SHA registers as firmware sees them, over the simulator's flash part with its true times.
#ifndef FLASH_REGS_H
#define FLASH_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flash_part.h"

#define FLASH_REGS_ACCESS 8u // cycles
#define FLASH_REGS_XFER 28u
#define FLASH_REGS_MEMORY 1024u

struct flash_regs {
    struct flash_part part;
    uint64_t cycle;
    bool there; // flash_regs_begin
    bool cs, dead, refuse, refused;
    uint8_t in;
    uint32_t read_addr, read_dest, left;
    uint64_t read_end;
    uint8_t memory[FLASH_REGS_MEMORY]; // of core 0
    // SHA
    bool owned, open, done, hashing;
    uint8_t message[0x40000], digest[32];
    size_t length;
};
extern struct flash_regs flash_regs;

// A new part, erased, and the registers at rest.
void flash_regs_begin(enum flash_timing timing);
void flash_regs_end(void);
uint32_t flash_regs_read(uint32_t block, uint32_t offset);
void flash_regs_write(uint32_t block, uint32_t offset, uint32_t value);

#endif
