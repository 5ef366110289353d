// SPDX-License-Identifier: Apache-2.0
// What the benches of the flash controller and of SHA-256 share (tb_ctrl_flash.sv): accesses of a core, the flash part
// at the pins, the words that the bulk reader stores.
#ifndef WEIR_FLASH_BENCH_H
#define WEIR_FLASH_BENCH_H

#include "bench.h"
#include "flash.h"
#include "weir_abi.h"

#define STORED_MAX 32768u

struct stored {
    uint32_t addr, data;
};

extern struct flash flash;
extern struct stored stored[STORED_MAX]; // in the order of the stores
extern unsigned stored_count;

// A fresh part with random content; both cores run.
void fb_start(void);
void fb_ticks(unsigned n);
void fb_run(unsigned core, bool run); // 0: in reset
// One access, from its first cycle to its acknowledge; returns how many cycles it took.
unsigned fb_write(unsigned core, uint32_t block, uint32_t offset, uint32_t value);
uint32_t fb_read(unsigned core, uint32_t block, uint32_t offset);
// Until the bulk read is over; the cycles of waiting.
unsigned fb_wait_bulk(unsigned core);
// A command of n bytes with chip select around it, m more bytes in. False: the guard cut it.
bool fb_command(unsigned core, const uint8_t *out, unsigned n, uint8_t *in, unsigned m);

#define FLASH_WR(core, reg, value) fb_write(core, WEIR_CSR_FLASH, WEIR_FLASH_##reg##_OFFSET, value)
#define FLASH_RD(core, reg) fb_read(core, WEIR_CSR_FLASH, WEIR_FLASH_##reg##_OFFSET)
#define SHA_WR(core, reg, value) fb_write(core, WEIR_CSR_SHA, WEIR_SHA_##reg##_OFFSET, value)
#define SHA_RD(core, reg) fb_read(core, WEIR_CSR_SHA, WEIR_SHA_##reg##_OFFSET)
#define READ_HASHED (1u << WEIR_FLASH_READ_LEN_HASH_LSB)

// Cases of the other files.
void sha_known(void);
void sha_random(void);
void sha_from_flash(void);
void sha_owner(void);
void sha_out_of_turn(void);
void guard_sweep(void);
void guard_spliced(void);
void guard_random(void);

#endif
