// SPDX-License-Identifier: Apache-2.0
// A record of the boot log as bytes (boot_log.h), for the ROM and firmware that write the log, and for tools that show
// it.
#include "boot_log.h"
#include "boot_port.h"
#include "manifest.h"

#define MAGIC 0x474F4C57u // 'WLOG'
#define DIGEST_AT 32u

static uint32_t word(const uint8_t *raw, uint32_t at) {
    return (uint32_t)raw[at] | (uint32_t)raw[at + 1] << 8 | (uint32_t)raw[at + 2] << 16 | (uint32_t)raw[at + 3] << 24;
}

static void put(uint8_t *raw, uint32_t at, uint32_t value) {
    for (uint32_t i = 0; i < 4; i++) {
        raw[at + i] = (uint8_t)((value >> (8 * i)) & 0xFFu);
    }
}

bool boot_record_same(const uint8_t *a, const uint8_t *b, uint32_t n) {
    // bound: n, a record's bytes at most
    for (uint32_t i = 0; i < n; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

bool boot_record_take(const uint8_t *raw, struct boot_record *r) {
    uint8_t digest[32];
    *r = (struct boot_record){.number = word(raw, 4),
                              .floor = word(raw, 8),
                              .version = word(raw, 12),
                              .event = raw[16],
                              .slot = raw[17],
                              .reason = raw[18],
                              .tries = raw[19],
                              .active = raw[20],
                              .state = {raw[21], raw[22]}};
    boot_port_hash(raw, DIGEST_AT, digest);
    return word(raw, 0) == MAGIC && boot_record_same(digest, raw + DIGEST_AT, sizeof(digest)) && r->number != 0 &&
           r->number <= BOOT_LOG_NUMBER_LAST && r->floor <= MANIFEST_COUNTER_MAX && r->event < BOOT_EVENTS &&
           r->slot <= BOOT_LOG_NO_SLOT && r->reason < IMAGE_REFUSALS && r->tries <= BOOT_LOG_TRIES &&
           r->active <= BOOT_LOG_NO_SLOT && r->active != FLASH_MAP_GOLDEN && r->state[0] < BOOT_SLOT_STATES &&
           r->state[1] < BOOT_SLOT_STATES;
}

void boot_record_give(const struct boot_record *r, uint8_t *raw) {
    for (uint32_t i = 0; i < BOOT_LOG_RECORD_BYTES; i++) {
        raw[i] = 0;
    }
    put(raw, 0, MAGIC);
    put(raw, 4, r->number);
    put(raw, 8, r->floor);
    put(raw, 12, r->version);
    raw[16] = r->event;
    raw[17] = r->slot;
    raw[18] = r->reason;
    raw[19] = r->tries;
    raw[20] = r->active;
    raw[21] = r->state[0];
    raw[22] = r->state[1];
    boot_port_hash(raw, DIGEST_AT, raw + DIGEST_AT);
}
