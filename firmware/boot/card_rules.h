// SPDX-License-Identifier: Apache-2.0
// What an image has to be for this card: the same for the ROM, which starts it, and for the firmware, which takes it
// in.
#ifndef WEIR_CARD_RULES_H
#define WEIR_CARD_RULES_H

#include "flash_map.h"
#include "image_check.h"
#include "weir_abi.h"

// Of each core's memory, at its top: the ROM's stack, which the signature check needs most of.
#define CARD_SCRATCH_BYTES 8192u

#define CARD_RULES                                                                                                     \
    {                                                                                                                  \
        .manifest = {                                                                                                  \
            .board = MANIFEST_BOARD_SIM,                                                                               \
            .contract = (uint32_t)WEIR_ABI_MAJOR << 16 | WEIR_ABI_MINOR,                                               \
            .slot_bytes = FLASH_MAP_SLOT_BYTES,                                                                        \
            .body_bytes = WEIR_TCM_BYTES - CARD_SCRATCH_BYTES                                                          \
        }                                                                                                              \
    }

#endif
