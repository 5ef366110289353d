// SPDX-License-Identifier: Apache-2.0
// One event of a block's EVENT_POP register (event.def, HW_EVENT).
#ifndef HAL_EVENT_H
#define HAL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct hal_event {
    uint8_t kind;
    uint8_t reason;
    uint16_t arg;
    uint32_t token; // SWITCH fences only
};

// Picks a popped word apart; false when it was empty. All blocks use the same places.
static inline bool hal_event_decode(uint32_t word, struct hal_event *e) {
    e->arg = (uint16_t)word;
    e->reason = (uint8_t)(word >> 16);
    e->kind = (uint8_t)(word >> 24 & 0x7F);
    e->token = 0;
    return (word >> 31) != 0;
}

#endif
