// SPDX-License-Identifier: Apache-2.0
// See card.h.
#include "card.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "boot_port.h"
#include "flash_map.h"

struct card card;

void card_new(void) {
    if (!flash_part_init(&card.part))
        abort();
    card.part.timing = FLASH_TYPICAL;
    card.part.random = card.random = 0x9E3779B97F4A7C15u;
}

void card_count(void) {
    card.ops = 0;
    card.reads = 0;
}

uint32_t card_random(uint32_t below) {
    card.random ^= card.random << 13;
    card.random ^= card.random >> 7;
    card.random ^= card.random << 17;
    return (uint32_t)(card.random >> 33) % below;
}

void card_erase(uint32_t at, uint32_t n) {
    memset(card.part.data + at, 0xFF, n);
    memset(card.part.weak + at, 0, n);
}

void card_put(uint32_t at, const void *bytes, uint32_t n) {
    card_erase(at, (n + FLASH_MAP_SECTOR - 1) / FLASH_MAP_SECTOR * FLASH_MAP_SECTOR);
    memcpy(card.part.data + at, bytes, n);
}

static void pass(uint64_t ns) {
    card.now += ns;
    flash_part_time(&card.part, card.now);
}

// Power goes and comes again, and nothing of what ran goes on.
static void lose_power(void) {
    flash_part_power_cut(&card.part);
    card.cut_at = 0;
    longjmp(card.power, 1);
}

static bool operate(const uint8_t *command, size_t n) {
    static const uint8_t enable = 0x06;
    const bool cut = ++card.ops == card.cut_at;
    if (cut && card.cut == CUT_BEFORE)
        lose_power();
    flash_part_transfer(&card.part, &enable, 1, NULL, 0);
    flash_part_transfer(&card.part, command, n, NULL, 0);
    if (!flash_part_busy(&card.part))
        return false;
    if (cut && card.cut == CUT_INSIDE) {
        pass(card.part.op.total * card_random(1000) / 1000);
        lose_power();
    }
    pass(card.part.op.total);
    if (cut)
        lose_power();
    return !flash_part_busy(&card.part);
}

bool boot_port_read(uint32_t at, void *to, uint32_t bytes) {
    const uint8_t command[4] = {0x03, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    card.reads += bytes;
    if (card.silent != 0 && at >= card.silent)
        return false;
    flash_part_transfer(&card.part, command, sizeof(command), to, bytes);
    return true;
}

bool boot_port_program(uint32_t at, const void *from, uint32_t bytes) {
    uint8_t command[4 + FLASH_MAP_PAGE] = {0x02, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    if (!(bytes >= 1 && at % FLASH_MAP_PAGE + bytes <= FLASH_MAP_PAGE))
        abort();
    if (card.worn != 0) {
        card.worn--;
        return true; // the part says that it is done
    }
    memcpy(command + 4, from, bytes);
    return operate(command, 4 + bytes);
}

bool boot_port_erase(uint32_t at) {
    const uint8_t command[4] = {0x20, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    if (!(at % FLASH_MAP_SECTOR == 0))
        abort();
    return operate(command, sizeof(command));
}

bool boot_port_body(uint32_t at, uint32_t bytes, uint32_t core, uint8_t digest[32]) {
    static uint8_t nowhere[0x40000];
    uint8_t *to = core == BOOT_PORT_NOWHERE ? nowhere : card.memory[core];
    if (!(bytes <= sizeof(nowhere)))
        abort();
    if (!boot_port_read(at, to, bytes))
        return false;
    crypto_hash_sha256(digest, to, bytes);
    return true;
}

void boot_port_hash(const void *from, uint32_t bytes, uint8_t digest[32]) {
    crypto_hash_sha256(digest, from, bytes);
}
