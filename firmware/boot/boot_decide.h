// SPDX-License-Identifier: Apache-2.0
// Which image a card starts (docs/blocks/flash.md has the chart). Whoever calls it starts what it says: the bodies are
// in the cores' memories by then. It ends after at most seven images were looked at and three records written,
// whatever the flash holds.
#ifndef WEIR_BOOT_DECIDE_H
#define WEIR_BOOT_DECIDE_H

#include "boot_log.h"
#include "image_check.h"

enum boot_kind {
    BOOT_CONFIRMED, // A or B
    BOOT_TRIAL,     // A or B, to be confirmed before its tries are over
    BOOT_GOLDEN,
    BOOT_RESCUE // nothing may run: the host has to write a slot
};

// What became of an image in a crash loop.
enum boot_fall {
    BOOT_FALL_NONE,
    BOOT_FALL_OTHER, // another one is started
    BOOT_FALL_STAYS  // there is none
};

#define BOOT_NO_CRASH FLASH_MAP_SLOTS

struct boot_choice {
    enum boot_kind kind;
    uint32_t slot;                // enum flash_map_slot; not of BOOT_RESCUE
    uint32_t version, counter;    // of the image; counter is not the floor
    uint32_t floor;               // of the card
    uint8_t why[FLASH_MAP_SLOTS]; // enum image_refusal of each slot that was looked at, IMAGE_GOOD if not
    enum boot_fall fall;
};

// rules: of the card, its floor is taken from the log. crashed: the slot whose image is in a crash loop, BOOT_NO_CRASH:
// none. Loads what is to run (image_check.h).
void boot_decide(const struct image_rules *rules, uint32_t crashed, struct boot_choice *choice);

#endif
