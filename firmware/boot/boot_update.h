// SPDX-License-Identifier: Apache-2.0
// Writing a new image beside the one that runs: begin, erase, write, commit (it is tried at the next start), confirm
// (it is the one from now on) or abort. Step by step, each step at most one operation of the flash that takes long, so
// that whoever calls it does other things in between. The slot that runs is never written, and each change is in the
// boot log before it is begun: power may go at any time.
#ifndef WEIR_BOOT_UPDATE_H
#define WEIR_BOOT_UPDATE_H

#include "boot_decide.h"

enum boot_update_status {
#define UPDATE_STATUS(value, name, text) BOOT_UPDATE_##name = (value),
#include "boot_update.def"
};

struct boot_update {
    struct boot_choice running; // what this start chose
    struct boot_log log;
    uint32_t slot, bytes, erased, written; // of an update under way; bytes 0: none is
    uint8_t why;                           // enum image_refusal after BOOT_UPDATE_IMAGE
};

// After every start, with what it chose.
void boot_update_start(struct boot_update *u, const struct boot_choice *running);
// An image of `bytes` will be written. An update under way is given up.
enum boot_update_status boot_update_begin(struct boot_update *u, uint32_t bytes);
// Erases one sector; call it while u->erased < u->bytes.
enum boot_update_status boot_update_erase(struct boot_update *u);
// The next n bytes, 1 to FLASH_MAP_PAGE, without crossing a page of the flash: u->written says where they go.
enum boot_update_status boot_update_write(struct boot_update *u, const void *from, uint32_t n);
// All is written: checks it as the ROM will, with the floor of this card, and has it tried from the next start on.
enum boot_update_status boot_update_commit(struct boot_update *u, const struct image_rules *rules);
// The image on trial that runs is good: it is the one, and its security counter the floor if that is higher.
enum boot_update_status boot_update_confirm(struct boot_update *u);
// Gives up what is written or not yet tried. Not the image that runs on trial: that one ends with its tries.
enum boot_update_status boot_update_abort(struct boot_update *u);

#endif
