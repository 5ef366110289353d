// SPDX-License-Identifier: Apache-2.0
// SPI NOR flash part, see flash.h.
#include "flash.h"

#include <string.h>

enum {
    CMD_WREN = 0x06,
    CMD_WRDI = 0x04,
    CMD_RDSR = 0x05,
    CMD_READ = 0x03,
    CMD_QREAD = 0x6B,
    CMD_PP = 0x02,
    CMD_SE = 0x20,
    CMD_ID = 0x9F
};

static const uint8_t jedec_id[3] = {0xEF, 0x40, 0x15};

static uint8_t read_byte(const struct flash *f, uint32_t at) {
    return f->data[at % FLASH_BYTES];
}

// Chip select released: program and erase take effect.
static void finish(struct flash *f) {
    if (f->command == CMD_WREN)
        f->write_enabled = true;
    else if (f->command == CMD_WRDI)
        f->write_enabled = false;
    else if (f->write_enabled && f->command == CMD_PP && f->bits >= 40) {
        uint32_t base = f->address & ~0xFFu;
        for (unsigned i = 0; i < f->page_len && i < 256; i++)
            f->data[(base | ((f->address + i) & 0xFF)) % FLASH_BYTES] &= f->page[i];
        f->write_enabled = false;
    } else if (f->write_enabled && f->command == CMD_SE && f->bits >= 32) {
        memset(f->data + (f->address & (FLASH_BYTES - 1) & ~0xFFFu), 0xFF, 4096);
        f->write_enabled = false;
    }
}

static void rising(struct flash *f, unsigned io0) {
    f->in = (uint8_t)(f->in << 1 | io0);
    f->bits++;
    if (f->bits == 8)
        f->command = f->in;
    else if (f->bits > 8 && f->bits <= 32)
        f->address = f->address << 1 | io0;
    else if (f->command == CMD_PP && f->bits > 32 && f->bits % 8 == 0)
        f->page[f->page_len++ & 0xFF] = f->in;
    f->address &= 0xFFFFFF;
}

// The part changes its outputs on the falling edge, for the bit that follows.
static void falling(struct flash *f) {
    unsigned n = f->bits;
    f->io = 0;
    if (f->command == CMD_QREAD && n >= 40) {
        uint8_t b = read_byte(f, f->address + (n - 40) / 2);
        f->io = (n - 40) % 2 == 0 ? b >> 4 : b & 0xF;
        return;
    }
    if (n >= 8 && f->command == CMD_ID)
        f->out = jedec_id[(n - 8) / 8 % 3];
    else if (n >= 8 && f->command == CMD_RDSR)
        f->out = f->write_enabled ? 2 : 0;
    else if (n >= 32 && f->command == CMD_READ)
        f->out = read_byte(f, f->address + (n - 32) / 8);
    else
        return;
    f->io = (uint8_t)((f->out >> (7 - n % 8) & 1) << 1);
}

uint8_t flash_pins(struct flash *f, unsigned pins) {
    bool cs = (pins & 1) != 0, sck = (pins >> 1 & 1) != 0;
    if (cs && !f->cs) {
        f->bits = 0;
        f->command = 0;
        f->address = 0;
        f->page_len = 0;
        f->io = 0;
    } else if (!cs && f->cs) {
        finish(f);
    } else if (cs && sck && !f->sck) {
        rising(f, pins >> 2 & 1);
    } else if (cs && !sck && f->sck) {
        falling(f);
    }
    f->cs = cs;
    f->sck = sck;
    return f->io;
}
