// SPDX-License-Identifier: Apache-2.0
// See boot_update.h.
#include "boot_update.h"

#include "boot_port.h"

static bool note(struct boot_update *u, uint32_t slot, enum boot_event event, enum boot_slot_state state,
                 uint32_t version) {
    struct boot_record r = u->log.last;
    r.floor = u->running.floor;
    r.version = version;
    r.event = (uint8_t)event;
    r.slot = (uint8_t)slot;
    r.reason = u->why;
    r.tries = event == BOOT_EVENT_COMMIT ? BOOT_LOG_TRIES : 0;
    r.state[slot] = (uint8_t)state;
    // What runs unless something else is on trial: also where nobody ever wrote it down.
    if (u->running.kind == BOOT_CONFIRMED) {
        r.active = (uint8_t)u->running.slot;
    }
    return boot_log_append(&u->log, &r);
}

void boot_update_start(struct boot_update *u, const struct boot_choice *running) {
    *u = (struct boot_update){.running = *running};
    boot_log_read(&u->log);
}

enum boot_update_status boot_update_begin(struct boot_update *u, uint32_t bytes) {
    if (u->running.kind == BOOT_TRIAL) {
        return BOOT_UPDATE_TRIAL;
    }
    u->bytes = 0;
    if (bytes == 0 || bytes > FLASH_MAP_SLOT_BYTES) {
        return BOOT_UPDATE_RANGE;
    }
    u->slot = u->running.kind == BOOT_CONFIRMED && u->running.slot == FLASH_MAP_A ? FLASH_MAP_B : FLASH_MAP_A;
    u->why = IMAGE_GOOD;
    if (!note(u, u->slot, BOOT_EVENT_WRITE, BOOT_SLOT_WRITING, 0)) {
        return BOOT_UPDATE_LOG;
    }
    u->bytes = bytes;
    u->erased = 0;
    u->written = 0;
    return BOOT_UPDATE_OK;
}

enum boot_update_status boot_update_erase(struct boot_update *u) {
    if (u->bytes == 0) {
        return BOOT_UPDATE_NONE;
    }
    if (u->erased >= u->bytes) {
        return BOOT_UPDATE_RANGE;
    }
    if (!boot_port_erase(FLASH_MAP_SLOT(u->slot) + u->erased)) {
        return BOOT_UPDATE_FLASH;
    }
    u->erased += FLASH_MAP_SECTOR;
    return BOOT_UPDATE_OK;
}

enum boot_update_status boot_update_write(struct boot_update *u, const void *from, uint32_t n) {
    if (u->bytes == 0) {
        return BOOT_UPDATE_NONE;
    }
    if (n == 0 || n > FLASH_MAP_PAGE - u->written % FLASH_MAP_PAGE || n > u->bytes - u->written ||
        u->written + n > u->erased) {
        return BOOT_UPDATE_RANGE;
    }
    if (!boot_port_program(FLASH_MAP_SLOT(u->slot) + u->written, from, n)) {
        return BOOT_UPDATE_FLASH;
    }
    u->written += n;
    return BOOT_UPDATE_OK;
}

enum boot_update_status boot_update_commit(struct boot_update *u, const struct image_rules *rules) {
    struct image_rules now = *rules;
    struct manifest m;
    if (u->bytes == 0) {
        return BOOT_UPDATE_NONE;
    }
    if (u->written != u->bytes) {
        return BOOT_UPDATE_EARLY;
    }
    now.manifest.floor = u->running.floor;
    u->why = (uint8_t)image_check(FLASH_MAP_SLOT(u->slot), u->bytes, &now, false, &m);
    if (u->why != IMAGE_GOOD) {
        u->bytes = 0;
        return note(u, u->slot, BOOT_EVENT_REFUSED, BOOT_SLOT_FAILED, m.version) ? BOOT_UPDATE_IMAGE : BOOT_UPDATE_LOG;
    }
    u->bytes = 0;
    return note(u, u->slot, BOOT_EVENT_COMMIT, BOOT_SLOT_TRIAL, m.version) ? BOOT_UPDATE_OK : BOOT_UPDATE_LOG;
}

enum boot_update_status boot_update_confirm(struct boot_update *u) {
    struct boot_choice confirmed = u->running;
    if (u->running.kind != BOOT_TRIAL) {
        return BOOT_UPDATE_NOT_ON_TRIAL;
    }
    confirmed.kind = BOOT_CONFIRMED;
    confirmed.floor = confirmed.counter > confirmed.floor ? confirmed.counter : confirmed.floor;
    u->running = confirmed;
    if (note(u, u->running.slot, BOOT_EVENT_CONFIRM, BOOT_SLOT_USABLE, u->running.version)) {
        return BOOT_UPDATE_OK;
    }
    u->running.kind = BOOT_TRIAL;
    u->running.floor = u->log.last.floor;
    return BOOT_UPDATE_LOG;
}

enum boot_update_status boot_update_abort(struct boot_update *u) {
    if (u->running.kind == BOOT_TRIAL) {
        return BOOT_UPDATE_TRIAL;
    }
    u->bytes = 0;
    u->why = IMAGE_GOOD;
    for (uint32_t slot = 0; slot < FLASH_MAP_UPDATED; slot++) {
        const uint8_t state = u->log.last.state[slot];
        if (state == BOOT_SLOT_WRITING || state == BOOT_SLOT_TRIAL) {
            return note(u, slot, BOOT_EVENT_ABORT, BOOT_SLOT_FAILED, 0) ? BOOT_UPDATE_OK : BOOT_UPDATE_LOG;
        }
    }
    return BOOT_UPDATE_NONE;
}
