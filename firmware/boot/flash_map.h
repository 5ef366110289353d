// SPDX-License-Identifier: Apache-2.0
// Where things are in the card's flash (docs/blocks/flash.md). Everything begins and ends with a sector, so that each
// can be erased without the others.
#ifndef WEIR_FLASH_MAP_H
#define WEIR_FLASH_MAP_H

#define FLASH_MAP_SECTOR 4096u // what one erase takes, bytes
#define FLASH_MAP_PAGE 256u    // what one program takes at most, bytes
#define FLASH_MAP_SLOT_BYTES 0x100000u
#define FLASH_MAP_SLOT(i) ((i)*FLASH_MAP_SLOT_BYTES) // A, B, golden
#define FLASH_MAP_LOG(i) (0x300000u + (i)*FLASH_MAP_SECTOR)

enum flash_map_slot { FLASH_MAP_A, FLASH_MAP_B, FLASH_MAP_GOLDEN, FLASH_MAP_SLOTS };
#define FLASH_MAP_UPDATED 2u // A and B: the slots that an update writes
#define FLASH_MAP_LOGS 2u

#endif
