// SPDX-License-Identifier: Apache-2.0
// Boot ROM of core 0: has boot_decide.c choose an image and load both cores' memories, starts core 1 and hands over to
// core 0. It runs again when the watchdog resets core 0, and then proves the image as after power-on: what was proved
// once lies in a flash that firmware may write. It touches no register of the data plane. It may have constants, but no
// variables in memory (the linker script checks).
#include "rom.h"

#include <stddef.h>

#include "boot_decide.h"
#include "card_rules.h"
#include "hal/hal_crash.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_flash.h"
#include "hal/hal_shared.h"

#define FLASH_RESET_MOST (WEIR_CLOCK_HZ / 1000u) // 1 ms; parts need 30 us
#define START_CYCLES 1000000u                    // 4 ms; crt0 sets the watchdog with its first instructions

_Static_assert((uint32_t)WEIR_CSR_CTRL + WEIR_CTRL_CORE1_RUN_OFFSET == 0x10 &&
                   (uint32_t)WEIR_CSR_FLASH + WEIR_FLASH_CTL_OFFSET == 0x70000,
               "rom.S");
_Static_assert(MANIFEST_LOAD == ROM_TCM0, "bodies are loaded where the manifest says");

static void say(const char *text) {
    // bound: the text's length
    for (; *text != '\0'; text++) {
        *rom_reg(WEIR_CSR_CTRL, WEIR_CTRL_CONSOLE_OFFSET) = (uint32_t)*text;
    }
}

static void say_number(uint32_t n) {
    const char text[3] = {(char)('0' + n / 10 % 10), (char)('0' + n % 10), '\0'};
    say(text);
}

static void renew_shared(void) {
    // Both programs start over, so do the words between them; log and panic records survive all but power-on.
    // bound: the words between two fields of one structure
    for (volatile uint32_t *p = &HAL_SHARED->req_seq; p < &HAL_SHARED->log_head; p++) {
        *p = 0;
    }
    if (hal_ctrl_reset_cause() == HAL_RESET_POWER_ON) {
        HAL_SHARED->log_head = 0;
        HAL_SHARED->panic[0].count = 0;
        HAL_SHARED->panic[1].count = 0;
    }
}

// Whoever ran before may have died with the part erasing, suspended or asleep. What that tears is a slot that was being
// written, or the sector of the boot log without its newest record.
static void take_flash_over(void) {
    const uint32_t since = hal_ctrl_cycle();
    hal_flash_reset();
    while (!hal_flash_ready()) {
        if (hal_ctrl_expired(since, FLASH_RESET_MOST)) {
            break; // no part: the images will tell
        }
    }
}

// For the firmware that is started: what it runs as (svc/svc_flash.c), and why it does (GET_HEALTH).
static void tell(const struct boot_choice *choice) {
    // Of no image there is no version: why each slot was refused.
    const uint32_t refused = choice->why[0] | (uint32_t)choice->why[1] << 8 | (uint32_t)choice->why[2] << 16;
    struct hal_crash *crash = &HAL_SHARED->crash;
    if (choice->fall != BOOT_FALL_NONE) {
        crash->loops++;
        crash->slot = HAL_SHARED->boot.slot;
        crash->outcome = (uint32_t)choice->fall;
    }
    if (HAL_SHARED->boot.slot != choice->slot || HAL_SHARED->boot.version != choice->version) {
        hal_crash_renew();
    }
    HAL_SHARED->boot.kind = (uint32_t)choice->kind;
    HAL_SHARED->boot.slot = choice->slot;
    HAL_SHARED->boot.version = choice->kind == BOOT_RESCUE ? refused : choice->version;
    HAL_SHARED->boot.counter = choice->counter;
    HAL_SHARED->boot.floor = choice->floor;
}

uint32_t rom_main(void) {
    uint8_t hash[32];
    struct image_rules rules = CARD_RULES;
    struct boot_choice choice;

    renew_shared();
    take_flash_over();
    rules.key_hash = hal_ctrl_key(hash) ? hash : NULL;
    rules.signature = image_signature_right;
    boot_decide(&rules, hal_crash_begin() ? HAL_SHARED->boot.slot : BOOT_NO_CRASH, &choice);
    tell(&choice);
    // Nobody writes the golden slot from now on: what the cores run, and what the host has them run, comes after this.
    (void)hal_flash_guard(FLASH_MAP_SLOT(FLASH_MAP_GOLDEN),
                          FLASH_MAP_SLOT(FLASH_MAP_GOLDEN) + FLASH_MAP_SLOT_BYTES - 1);
    if (choice.kind == BOOT_RESCUE) {
        // The simulator turns it into a sentence: what each slot was refused for.
        say("!img");
        for (uint32_t slot = 0; slot < FLASH_MAP_SLOTS; slot++) {
            say(" ");
            say_number(choice.why[slot]);
        }
        say("\n");
        return WEIR_ROM_RESCUE;
    }
    // Until the image has its own: one that does not get there uses up its tries, or is in a crash loop.
    *rom_reg(WEIR_CSR_CTRL, WEIR_CTRL_WDT_LOAD_OFFSET) = START_CYCLES;
    *rom_reg(WEIR_CSR_CTRL, WEIR_CTRL_CORE1_RUN_OFFSET) = 1;
    *rom_reg(WEIR_CSR_CTRL, WEIR_CTRL_LOCK_OFFSET) = WEIR_PUT(1, CTRL_LOCK_ROM);
    return MANIFEST_LOAD;
}
