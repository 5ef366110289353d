// SPDX-License-Identifier: Apache-2.0
// The flash part (flash_part.h) at its pins, SPI mode 0: takes bits on the rising edge, drives them from the falling
// one. HOLD# is not there: IO3 is a data pin.
#ifndef WEIR_SIM_FLASH_H
#define WEIR_SIM_FLASH_H

#include "flash_part.h"

struct flash {
    struct flash_part part; // flash_part_init, flash_part_free
    bool cs, sck;
    unsigned bits; // of this byte
    uint8_t in, out;
    uint8_t io; // what the part drives
};

// pins as TOP_OUT flash_pins, at `now` ns; returns what the part drives on IO[3:0]; while nothing is, IO1 is pulled up.
uint8_t flash_pins(struct flash *f, unsigned pins, uint64_t now);
// The card has the chip selected.
static inline bool flash_in_use(const struct flash *f) {
    return f->cs;
}

#endif
