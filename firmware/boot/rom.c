// SPDX-License-Identifier: Apache-2.0
// Boot ROM of core 0: finds the first good image in flash, copies both cores' bodies into their TCMs, starts core 1 and
// hands over to core 0. Immutable, so small: no writes to flash, no policy beyond "first slot that is whole".
// It runs again when the watchdog resets core 0; it touches no register of the data plane.
// It may have constants, but no variables in memory (the linker script checks). Behind it the ROM is locked: a load
// through a null pointer is a trap of the firmware.
#include <stdint.h>

#include "hal/hal_ctrl.h"
#include "hal/hal_flash.h"
#include "hal/hal_shared.h"
#include "image.h"
#include "weir_abi.h"

#define CSR_BASE 0x40000000u
#define TCM0_BASE 0x10000000u
#define TCM1_WINDOW 0x30000000u
#define FLASH_RESET_MOST (WEIR_CLOCK_HZ / 1000u) // 1 ms; parts need 30 us
#define SCRATCH_BYTES 1024u                      // top of core 0's TCM: this program's stack and the header

uint32_t rom_main(void);
_Static_assert((uint32_t)WEIR_CSR_CTRL + WEIR_CTRL_CORE1_RUN_OFFSET == 0x10 &&
                   (uint32_t)WEIR_CSR_FLASH + WEIR_FLASH_CTL_OFFSET == 0x70000,
               "rom.S");

static volatile uint32_t *reg(uint32_t block, uint32_t offset) {
    return (volatile uint32_t *)(CSR_BASE + block + offset);
}

static void say(const char *text) {
    // bound: the text's length
    for (; *text != '\0'; text++) {
        *reg(WEIR_CSR_CTRL, WEIR_CTRL_CONSOLE_OFFSET) = (uint32_t)*text;
    }
}

// Copies from flash and returns the CRC of what was copied. The loader needs 4 cycles a byte, so the loop ends.
static uint32_t flash_read(uint32_t from, uint32_t to, uint32_t bytes) {
    *reg(WEIR_CSR_FLASH, WEIR_FLASH_CRC_OFFSET) = 0;
    *reg(WEIR_CSR_FLASH, WEIR_FLASH_READ_ADDR_OFFSET) = from;
    *reg(WEIR_CSR_FLASH, WEIR_FLASH_READ_DEST_OFFSET) = to;
    *reg(WEIR_CSR_FLASH, WEIR_FLASH_READ_LEN_OFFSET) = bytes;
    // bound: one look for each byte and 64 more, set at compile or by a checked image header (128 KiB)
    for (uint32_t wait = 0; wait < bytes + 64; wait++) {
        if (*reg(WEIR_CSR_FLASH, WEIR_FLASH_READ_LEN_OFFSET) == 0) {
            break;
        }
    }
    return *reg(WEIR_CSR_FLASH, WEIR_FLASH_CRC_OFFSET);
}

static int load_slot(uint32_t slot) {
    // volatile: the loader writes it behind the compiler's back.
    volatile struct weir_image_header *h =
        (volatile struct weir_image_header *)(TCM0_BASE + WEIR_TCM_BYTES - SCRATCH_BYTES);
    uint32_t crc = flash_read(slot, (uint32_t)h, sizeof(*h) - 4);
    (void)flash_read(slot + sizeof(*h) - 4, (uint32_t)h + sizeof(*h) - 4, 4);
    if (h->magic != WEIR_IMAGE_MAGIC || h->format != WEIR_IMAGE_FORMAT || h->crc != crc) {
        return 0;
    }
    for (uint32_t i = 0; i < WEIR_IMAGE_CORES; i++) {
        volatile const struct weir_image_core *c = &h->core[i];
        if (c->length == 0 || (c->length & 3) != 0 || c->length > WEIR_TCM_BYTES - SCRATCH_BYTES ||
            c->offset > WEIR_IMAGE_SLOT_BYTES - WEIR_TCM_BYTES) {
            return 0;
        }
        if (flash_read(slot + c->offset, i == 0 ? TCM0_BASE : TCM1_WINDOW, c->length) != c->crc) {
            return 0;
        }
    }
    return 1;
}

// Whoever ran before may have died with the part erasing, suspended or asleep.
static void flash_take_over(void) {
    uint32_t since = hal_ctrl_cycle();
    hal_flash_reset();
    while (!hal_flash_ready()) {
        if (hal_ctrl_expired(since, FLASH_RESET_MOST)) {
            break; // no part: the images will tell
        }
    }
}

uint32_t rom_main(void) {
    // Both programs start over, so do the words between them; log and panic records survive all but power-on.
    // bound: the words between two fields of one structure
    for (volatile uint32_t *p = &HAL_SHARED->req_seq; p < &HAL_SHARED->log_head; p++) {
        *p = 0;
    }
    if (*reg(WEIR_CSR_CTRL, WEIR_CTRL_RESET_CAUSE_OFFSET) == 0) {
        HAL_SHARED->log_head = 0;
        HAL_SHARED->panic[0].count = 0;
        HAL_SHARED->panic[1].count = 0;
    }
    flash_take_over();
    for (uint32_t i = 0; i < WEIR_IMAGE_SLOTS; i++) {
        if (load_slot(i * WEIR_IMAGE_SLOT_BYTES)) {
            *reg(WEIR_CSR_CTRL, WEIR_CTRL_CORE1_RUN_OFFSET) = 1;
            *reg(WEIR_CSR_CTRL, WEIR_CTRL_LOCK_OFFSET) = 1u << WEIR_CTRL_LOCK_ROM_LSB;
            return TCM0_BASE;
        }
    }
    say("!img\n"); // the simulator turns it into a sentence
    return 0;
}
