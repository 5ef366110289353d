// SPDX-License-Identifier: Apache-2.0
// The flash part's pins, see flash.h.
#include "flash.h"

enum { PIN_CS = 1, PIN_SCK = 2, PIN_IO = 2, IO2 = 0x4 };

static void rising(struct flash *f, unsigned io) {
    unsigned lanes = flash_part_lanes(&f->part);
    f->in = (uint8_t)(lanes == 4 ? f->in << 4 | io : f->in << 1 | (io & 1));
    f->bits += lanes;
    if (f->bits < 8)
        return;
    f->bits = 0;
    flash_part_byte(&f->part, f->in);
}

// For the bits that follow. A byte is asked for once: one that reads at random does so as a whole.
static void falling(struct flash *f) {
    unsigned lanes = flash_part_lanes(&f->part);
    if (f->bits == 0)
        f->out = flash_part_next(&f->part);
    f->io = lanes == 4 ? f->out >> 4 : (uint8_t)(f->out >> 7 << 1);
    f->out = (uint8_t)(f->out << lanes);
}

uint8_t flash_pins(struct flash *f, unsigned pins, uint64_t now) {
    bool cs = (pins & PIN_CS) != 0, sck = (pins & PIN_SCK) != 0;

    if (cs == f->cs && sck == f->sck)
        return f->io;
    flash_part_time(&f->part, now);
    f->part.wp_low = (pins >> PIN_IO & IO2) == 0;
    if (cs && !f->cs) {
        flash_part_select(&f->part);
        f->bits = 0;
        f->io = 0;
    } else if (!cs && f->cs) {
        flash_part_deselect(&f->part, f->bits == 0);
        f->io = 0;
    } else if (cs && sck) {
        rising(f, pins >> PIN_IO & 0xF);
    } else if (cs) {
        falling(f);
    }
    f->cs = cs;
    f->sck = sck;
    return f->io;
}
