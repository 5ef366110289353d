// SPDX-License-Identifier: Apache-2.0
// See boot_log.h. A place in a sector is written only when it reads erased, and read back; the sector that holds the
// newest record is never erased.
#include "boot_log.h"

#include "boot_port.h"

// Places that are read at a time; they divide a sector.
#define TOGETHER (BOOT_LOG_RECORDS < 16u ? BOOT_LOG_RECORDS : 16u)

// A place of a sector as it was read; by words, because most of 128 are erased and each start looks at all.
union place {
    uint32_t word[BOOT_LOG_RECORD_BYTES / 4];
    uint8_t raw[BOOT_LOG_RECORD_BYTES];
};

static bool erased(const union place *p) {
    for (uint32_t i = 0; i < BOOT_LOG_RECORD_BYTES / 4; i++) {
        if (p->word[i] != 0xFFFFFFFFu) {
            return false;
        }
    }
    return true;
}

static bool read_place(uint32_t sector, uint32_t i, union place *to, uint32_t places) {
    return boot_port_read(FLASH_MAP_LOG(sector) + i * BOOT_LOG_RECORD_BYTES, to, places * BOOT_LOG_RECORD_BYTES);
}

// What is at this place of this sector. `floor` is the highest so far.
static void look(struct boot_log *log, const union place *p, uint32_t sector, uint32_t *floor) {
    struct boot_record r;
    if (!boot_record_take(p->raw, &r)) {
        log->status = log->status == BOOT_LOG_GOOD ? BOOT_LOG_GOOD : BOOT_LOG_LOST;
        return;
    }
    log->status = BOOT_LOG_GOOD;
    *floor = r.floor > *floor ? r.floor : *floor;
    if (r.number > log->last.number) {
        log->last = r;
        log->sector = sector;
    }
}

void boot_log_read(struct boot_log *log) {
    union place place[TOGETHER];
    uint32_t used[FLASH_MAP_LOGS] = {0}, floor = 0;

    // As if sector 1 were full: the first record of all has sector 0 erased first.
    *log = (struct boot_log){.status = BOOT_LOG_EMPTY,
                             .last = {.slot = BOOT_LOG_NO_SLOT, .active = BOOT_LOG_NO_SLOT},
                             .sector = 1,
                             .next = BOOT_LOG_RECORDS};
    for (uint32_t i = 0; i < FLASH_MAP_LOGS * BOOT_LOG_RECORDS; i++) {
        const uint32_t sector = i / BOOT_LOG_RECORDS, at = i % BOOT_LOG_RECORDS;
        if (at % TOGETHER == 0 && !read_place(sector, at, place, TOGETHER)) {
            log->status = BOOT_LOG_NO_FLASH;
            return;
        }
        if (!erased(&place[at % TOGETHER])) {
            used[sector] = at + 1;
            look(log, &place[at % TOGETHER], sector, &floor);
        }
    }
    if (log->status == BOOT_LOG_GOOD) {
        log->last.floor = floor;
        log->next = used[log->sector];
    }
}

static bool write_at(uint32_t sector, uint32_t i, const uint8_t *raw) {
    union place back;
    return read_place(sector, i, &back, 1) && erased(&back) &&
           boot_port_program(FLASH_MAP_LOG(sector) + i * BOOT_LOG_RECORD_BYTES, raw, BOOT_LOG_RECORD_BYTES) &&
           read_place(sector, i, &back, 1) && boot_record_same(raw, back.raw, sizeof(back.raw));
}

bool boot_log_append(struct boot_log *log, const struct boot_record *r) {
    struct boot_record next = *r;
    uint8_t raw[BOOT_LOG_RECORD_BYTES];

    if (log->status == BOOT_LOG_NO_FLASH || log->last.number >= BOOT_LOG_NUMBER_LAST) {
        return false;
    }
    next.number = log->last.number + 1;
    if (next.floor < log->last.floor) {
        next.floor = log->last.floor;
    }
    boot_record_give(&next, raw);
    // The rest of this sector, then the other one, erased: never back to this one, which holds the last record.
    for (uint32_t change = 0; change < FLASH_MAP_LOGS; change++) {
        const uint32_t sector = change == 0 ? log->sector : 1 - log->sector;
        if (change != 0 && !boot_port_erase(FLASH_MAP_LOG(sector))) {
            return false;
        }
        // bound: BOOT_LOG_RECORDS, the places of a sector
        for (uint32_t i = change == 0 ? log->next : 0; i < BOOT_LOG_RECORDS; i++) {
            if (write_at(sector, i, raw)) {
                *log = (struct boot_log){.status = BOOT_LOG_GOOD, .last = next, .sector = sector, .next = i + 1};
                return true;
            }
        }
    }
    return false;
}
