// SPDX-License-Identifier: Apache-2.0
// A SPI NOR flash part of 2 MiB at its pins: JEDEC id, read, quad output fast read (0x6B), status, write enable, page
// program, 4 KiB sector erase. Programming only clears bits, as in the real part. Mode 0.
#ifndef WEIR_SIM_FLASH_H
#define WEIR_SIM_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#define FLASH_BYTES 0x200000u

struct flash {
    uint8_t *data; // FLASH_BYTES, erased to 0xFF
    bool cs, sck, write_enabled;
    unsigned bits; // serial clocks since chip select
    uint8_t command;
    uint32_t address;
    uint8_t in, out;
    uint8_t page[256];
    unsigned page_len;
    uint8_t io; // what the part drives
};

// pins as TOP_OUT flash_pins; returns what the part drives on IO[3:0].
uint8_t flash_pins(struct flash *f, unsigned pins);

#endif
