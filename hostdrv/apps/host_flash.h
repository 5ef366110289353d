// SPDX-License-Identifier: Apache-2.0
// Words for what the card's flash holds, shared by what shows a state (host_flash.c) and what reads it
// (host_flash_read.c).
#ifndef WEIR_APPS_HOST_FLASH_H
#define WEIR_APPS_HOST_FLASH_H

#include <stdint.h>

struct json_object;

// "A", "B", "golden"; "none" for every other number.
const char *flash_slot_name(unsigned slot);
// Of enum boot_event.
const char *flash_event_text(unsigned event);
// 31:16 major, 15:0 minor.
void flash_put_version(struct json_object *o, const char *key, uint32_t version);

#endif
