// SPDX-License-Identifier: Apache-2.0
// boot_port.h in the ROM: the flash controller's bulk reader, which feeds the SHA block as it copies, and single
// commands to the part for what writes. Every wait is bounded in cycles of the card or in looks at the part; what takes
// longer has failed.
#include "boot_port.h"
#include "flash_map.h"
#include "rom.h"

#define CYCLES_A_BYTE 4u // of a bulk read, four lanes at half the clock
#define READ_SLACK 4096u // its command and address, and the looks themselves
#define SHA_LOOKS 256u   // DONE comes within 120 cycles
// The slowest erase of a sector takes 400 ms, a page program 3 ms: 1e8 cycles, and a look takes more than 50.
#define BUSY_LOOKS 2000000u

enum {
    CMD_RESET_ENABLE = 0x66,
    CMD_RESET = 0x99,
    CMD_PROGRAM = 0x02,
    CMD_STATUS = 0x05,
    CMD_ENABLE = 0x06,
    CMD_ERASE = 0x20,
    STATUS_WIP = 0x01
};

#define REG(block, name) (*rom_reg(WEIR_CSR_##block, WEIR_##block##_##name##_OFFSET))

// What registers had written to memory is there, and the compiler knows nothing better.
static void arrived(void *to) {
    __asm__ volatile("" : : "r"(to) : "memory");
}

// ---- SHA-256 ----

static bool sha_start(void) {
    if (REG(SHA, CLAIM) == 0) {
        return false;
    }
    REG(SHA, START) = 1;
    return true;
}

// `tail`: the last bytes, less than a word, the first in 7:0.
static bool sha_end(uint32_t count, uint32_t tail, uint8_t digest[32]) {
    uint32_t done = 0;
    REG(SHA, FINISH) = WEIR_PUT(count, SHA_FINISH_COUNT) | WEIR_PUT(tail, SHA_FINISH_BYTES);
    for (uint32_t look = 0; look < SHA_LOOKS && done == 0; look++) {
        done = WEIR_GET(REG(SHA, STATUS), SHA_STATUS_DONE);
    }
    for (uint32_t i = 0; i < 8; i++) {
        const uint32_t word = *rom_reg(WEIR_CSR_SHA, WEIR_SHA_DIGEST_OFFSET + 4 * i);
        for (uint32_t k = 0; k < 4; k++) {
            digest[4 * i + k] = (uint8_t)(word >> (8 * k));
        }
    }
    REG(SHA, CLAIM) = 0;
    return done != 0;
}

void boot_port_hash(const void *from, uint32_t bytes, uint8_t digest[32]) {
    const uint8_t *p = from;
    uint32_t word = 0;
    (void)sha_start();
    // bound: bytes, at most a record's or a key's
    for (uint32_t i = 0; i < bytes; i++) {
        word |= (uint32_t)p[i] << (8 * (i & 3));
        if ((i & 3) == 3) {
            REG(SHA, DATA) = word;
            word = 0;
        }
    }
    // A block that is not there gives a digest of zeros, which no record and no key has.
    (void)sha_end(bytes & 3, word, digest);
}

// ---- reading ----

// `hash`: the words also go to the message that is open.
static bool bulk(uint32_t at, uint32_t to, uint32_t bytes, uint32_t hash) {
    const uint32_t begin = REG(CTRL, CYCLE_LO), most = bytes * CYCLES_A_BYTE + READ_SLACK;
    REG(FLASH, READ_ADDR) = at;
    REG(FLASH, READ_DEST) = to;
    REG(FLASH, READ_LEN) = WEIR_PUT(bytes, FLASH_READ_LEN_BYTES) | WEIR_PUT(hash, FLASH_READ_LEN_HASH);
    if (WEIR_GET(REG(FLASH, STATUS), FLASH_STATUS_REFUSED) != 0) {
        return false;
    }
    // bound: `most` cycles of the card
    while (WEIR_GET(REG(FLASH, READ_LEN), FLASH_READ_LEN_BYTES) != 0) {
        if (REG(CTRL, CYCLE_LO) - begin > most) {
            REG(FLASH, CTL) = 0; // ends it
            return false;
        }
    }
    return true;
}

bool boot_port_read(uint32_t at, void *to, uint32_t bytes) {
    const bool there = bulk(at, (uint32_t)to, bytes, 0);
    arrived(to);
    return there;
}

bool boot_port_body(uint32_t at, uint32_t bytes, uint32_t core, uint8_t digest[32]) {
    const uint32_t to = core == 0 ? ROM_TCM0 : core == 1 ? ROM_TCM1_WINDOW : ROM_NOWHERE;
    bool there;
    if (!sha_start()) {
        return false;
    }
    there = bulk(at, to, bytes, 1);
    return sha_end(0, 0, digest) && there;
}

// ---- writing ----

static uint8_t xfer(uint8_t out) {
    REG(FLASH, XFER) = out;
    return (uint8_t)REG(FLASH, XFER);
}

static void command(uint8_t op, uint32_t at) {
    REG(FLASH, CTL) = 1;
    (void)xfer(op);
    (void)xfer((uint8_t)(at >> 16));
    (void)xfer((uint8_t)(at >> 8));
    (void)xfer((uint8_t)at);
}

static void enable(void) {
    REG(FLASH, CTL) = 1;
    (void)xfer(CMD_ENABLE);
    REG(FLASH, CTL) = 0;
}

// Of the operation that begins as chip select ends.
static bool finish(void) {
    uint8_t status = STATUS_WIP;
    REG(FLASH, CTL) = 0;
    REG(FLASH, CTL) = 1;
    (void)xfer(CMD_STATUS);
    for (uint32_t look = 0; look < BUSY_LOOKS && (status & STATUS_WIP) != 0; look++) {
        status = xfer(0);
    }
    REG(FLASH, CTL) = 0;
    return (status & STATUS_WIP) == 0;
}

bool boot_port_program(uint32_t at, const void *from, uint32_t bytes) {
    const uint8_t *p = from;
    enable();
    command(CMD_PROGRAM, at);
    // bound: bytes, at most a page
    for (uint32_t i = 0; i < bytes; i++) {
        (void)xfer(p[i]);
    }
    return finish();
}

bool boot_port_erase(uint32_t at) {
    enable();
    command(CMD_ERASE, at);
    return finish();
}
