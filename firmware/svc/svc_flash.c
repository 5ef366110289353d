// SPDX-License-Identifier: Apache-2.0
// The update engine: boot/boot_update.c on a fiber, fed by the mailbox, for the PF's driver. What it knows is in the
// boot log; a core that is restarted, or a driver that is another one, finds an update that is not whole given up.
#include "boot_update.h"
#include "card_rules.h"
#include "hal/hal_crash.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_fiber.h"
#include "hal/hal_flash.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_shared.h"
#include "svc.h"

#define PAGES 2u // one is programmed while the host fills the other
#define NO_SLOT 0xFFu
#define LOOK_CYCLES (WEIR_CLOCK_HZ / 10000u) // 100 us between two looks at a busy part: a page takes 600

static struct {
    enum weir_flash_job job, asked;
    struct boot_update update;
    bool open;      // the boot log is read
    bool cancel;    // the image that is taken in is not wanted any more
    bool waits;     // for the host, whose next request wakes this core, or for the part
    bool restart;   // core 0 starts anew when the answer is given
    uint32_t bytes; // of BEGIN
    uint32_t taken; // of them, of which update.written are in the flash
    enum boot_update_status result;
    uint8_t why;
    _Alignas(4) uint8_t page[PAGES][FLASH_MAP_PAGE];
} f;

// ---- jobs, on the fiber ----

static void open_log(void) {
    const struct boot_choice running = {.kind = (enum boot_kind)HAL_SHARED->boot.kind,
                                        .slot = HAL_SHARED->boot.slot,
                                        .version = HAL_SHARED->boot.version,
                                        .counter = HAL_SHARED->boot.counter,
                                        .floor = HAL_SHARED->boot.floor};
    hal_flash_begin();
    boot_update_start(&f.update, &running);
    f.open = true;
}

// The next page that is whole, or the image's last one.
static uint32_t page_ready(void) {
    uint32_t there = f.taken - f.update.written, left = f.bytes - f.update.written;
    if (there >= FLASH_MAP_PAGE) {
        return FLASH_MAP_PAGE;
    }
    return there == left ? there : 0;
}

// Erases the slot and writes what the host sends, in whole pages. Ends when all is written, on a failure, or cancelled.
static enum boot_update_status take_in(void) {
    enum boot_update_status s = boot_update_begin(&f.update, f.bytes);
    // bound: the image's sectors
    while (s == BOOT_UPDATE_OK && f.update.erased < f.bytes && !f.cancel) {
        s = boot_update_erase(&f.update);
    }
    // bound: the image's pages; who sends none is not waited for, the loop goes round
    while (s == BOOT_UPDATE_OK && f.update.written < f.bytes && !f.cancel) {
        uint32_t n = page_ready();
        if (n == 0) {
            f.waits = true;
            hal_fiber_pause();
        } else {
            s = boot_update_write(&f.update, f.page[f.update.written / FLASH_MAP_PAGE % PAGES], n);
        }
    }
    if (f.cancel) {
        (void)boot_update_abort(&f.update);
        s = BOOT_UPDATE_NONE;
    }
    return s;
}

static void run(void) {
    struct image_rules rules = CARD_RULES;
    uint8_t hash[32];
    struct manifest m;

    rules.key_hash = hal_ctrl_key(hash) ? hash : NULL;
    if (!f.open) {
        open_log();
    }
    rules.manifest.floor = f.update.running.floor; // a confirmation since the start has raised it
    f.job = f.asked;
    switch (f.job) {
    case WEIR_FLASH_WRITING:
        f.result = take_in();
        break;
    case WEIR_FLASH_CHECKING:
        f.result = f.update.bytes == 0                  ? BOOT_UPDATE_NONE
                   : f.update.written != f.update.bytes ? BOOT_UPDATE_EARLY
                                                        : BOOT_UPDATE_OK;
        if (f.result == BOOT_UPDATE_OK) {
            f.why = (uint8_t)image_check(FLASH_MAP_SLOT(f.update.slot), f.update.bytes, &rules, false, &m);
            f.result = f.why == IMAGE_GOOD ? BOOT_UPDATE_OK : BOOT_UPDATE_IMAGE;
        }
        break;
    case WEIR_FLASH_COMMITTING:
        f.result = boot_update_commit(&f.update, &rules);
        f.why = f.update.why;
        break;
    case WEIR_FLASH_CONFIRMING:
        f.result = boot_update_confirm(&f.update);
        break;
    case WEIR_FLASH_ABORTING:
        f.result = boot_update_abort(&f.update);
        break;
    default: // the boot log alone
        break;
    }
    if (f.result != BOOT_UPDATE_OK) {
        svc_log_at(WEIR_LOG_WARN, "flash: job %u ended with %u, reason %u", (unsigned)f.job, (unsigned)f.result, f.why);
    }
    svc_log_at(WEIR_LOG_DEBUG, "flash: job %u is over, %u bytes of its stack were used", (unsigned)f.job,
               hal_fiber_used());
    f.job = WEIR_FLASH_IDLE;
}

void svc_flash_start(void) {
    memset(&f, 0, sizeof(f));
}

static enum weir_status begin(enum weir_flash_job job) {
    if (f.job != WEIR_FLASH_IDLE || f.restart) {
        return WEIR_WRONG_STATE;
    }
    f.asked = job;
    f.job = f.open ? job : WEIR_FLASH_OPENING;
    f.cancel = false;
    f.result = BOOT_UPDATE_OK;
    f.why = IMAGE_GOOD;
    hal_fiber_begin(run);
    return WEIR_OK;
}

// ---- what the PF asks for ----

// An image, or will when the boot log is read.
static bool takes_in(void) {
    return (f.job == WEIR_FLASH_WRITING || f.job == WEIR_FLASH_OPENING) && f.asked == WEIR_FLASH_WRITING;
}

enum weir_status svc_flash_begin(uint32_t bytes) {
    enum weir_status s;
    if (bytes == 0 || bytes > FLASH_MAP_SLOT_BYTES) {
        return WEIR_INVALID_PARAMETER;
    }
    s = begin(WEIR_FLASH_WRITING);
    if (s == WEIR_OK) {
        f.bytes = bytes;
        f.taken = 0;
        f.update.written = 0;
        svc_log("flash: an image of %u bytes is written", (unsigned)bytes);
    }
    return s;
}

enum weir_status svc_flash_write(uint32_t offset, const uint8_t *data, uint32_t n, uint32_t *taken) {
    if (!takes_in() || f.cancel) {
        return WEIR_WRONG_STATE;
    }
    if (offset != f.taken || n == 0 || n > WEIR_FLASH_PIECE || n > f.bytes - f.taken) {
        return WEIR_INVALID_PARAMETER;
    }
    // bound: WEIR_FLASH_PIECE. What finds no room is sent again.
    for (uint32_t i = 0; i < n && f.taken - f.update.written < PAGES * FLASH_MAP_PAGE; i++) {
        f.page[f.taken / FLASH_MAP_PAGE % PAGES][f.taken % FLASH_MAP_PAGE] = data[i];
        f.taken++;
    }
    *taken = f.taken;
    return WEIR_OK;
}

enum weir_status svc_flash_do(unsigned what) {
    switch (what) {
    case WEIR_FLASH_DO_VERIFY:
        return begin(WEIR_FLASH_CHECKING);
    case WEIR_FLASH_DO_COMMIT:
        return begin(WEIR_FLASH_COMMITTING);
    case WEIR_FLASH_DO_CONFIRM:
        return begin(WEIR_FLASH_CONFIRMING);
    case WEIR_FLASH_DO_ABORT: // while the boot log is read for something else, that is busy
        if (takes_in()) {
            svc_flash_abandon();
            return WEIR_OK;
        }
        return begin(WEIR_FLASH_ABORTING);
    case WEIR_FLASH_DO_ACTIVATE:
        if (f.job != WEIR_FLASH_IDLE) {
            return WEIR_WRONG_STATE;
        }
        f.restart = true;
        return WEIR_OK;
    default:
        return WEIR_INVALID_PARAMETER;
    }
}

enum weir_status svc_flash_read(uint32_t at, uint8_t *to, uint32_t n) {
    if (n == 0 || n > WEIR_FLASH_READ_MOST || at >= 1u << 24 || n > (1u << 24) - at) {
        return WEIR_INVALID_PARAMETER;
    }
    if (f.job != WEIR_FLASH_IDLE || !hal_flash_ready()) {
        return WEIR_WRONG_STATE;
    }
    hal_flash_read(at, to, n);
    return WEIR_OK;
}

void svc_flash_status(struct weir_flash_status_rsp *rsp) {
    const struct boot_record *r = &f.update.log.last;
    const struct boot_choice *c = &f.update.running;
    // Before it was asked for anything else, what the log says is not known: it is read now.
    if (!f.open && f.job == WEIR_FLASH_IDLE) {
        (void)begin(WEIR_FLASH_OPENING);
    }
    rsp->job = (uint8_t)f.job;
    rsp->result = (uint8_t)f.result;
    rsp->why = f.why;
    rsp->kind = (uint8_t)(f.open ? (uint32_t)c->kind : HAL_SHARED->boot.kind);
    rsp->slot = (uint8_t)HAL_SHARED->boot.slot;
    rsp->target = f.update.bytes != 0 ? (uint8_t)f.update.slot : NO_SLOT;
    memcpy(rsp->state, r->state, sizeof(rsp->state));
    rsp->version = HAL_SHARED->boot.version;
    rsp->counter = HAL_SHARED->boot.counter;
    rsp->floor = f.open ? c->floor : HAL_SHARED->boot.floor;
    rsp->bytes = f.update.bytes != 0 ? f.bytes : 0;
    rsp->erased = f.update.erased;
    rsp->taken = f.taken;
    rsp->written = f.update.written;
    rsp->record = r->number;
    rsp->event = r->event;
    rsp->event_slot = r->slot;
    rsp->reason = r->reason;
    rsp->tries = r->tries;
    rsp->event_version = r->version;
}

void svc_flash_abandon(void) {
    if (takes_in()) {
        f.cancel = true;
    }
}

// The ROM starts both programs anew, what the log has for the next start or the same again; as behind a panic, what
// this core knows outlives it (ADR 0019).
static void restart(void) {
    svc_log("flash: both programs are started anew");
    hal_keep_commit();
    hal_crash_restart();
}

uint32_t svc_flash_nap(void) {
    return f.job != WEIR_FLASH_IDLE ? LOOK_CYCLES : 0;
}

void svc_flash_waits(void) {
    f.waits = true;
}

bool svc_flash_poll(void) {
    if (f.restart && f.job == WEIR_FLASH_IDLE) {
        f.restart = false;
        restart();
    }
    if (f.job != WEIR_FLASH_IDLE) {
        f.waits = false;
        (void)hal_fiber_go();
    }
    return f.job != WEIR_FLASH_IDLE && !f.waits;
}
