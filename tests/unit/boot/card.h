// SPDX-License-Identifier: Apache-2.0
// A card without hardware: boot_port.h over the simulator's flash part, with power that can go before, inside and after
// any operation of the flash, and the memories of both cores.
#ifndef CARD_H
#define CARD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "flash_part.h"
#include "manifest.h"

enum cut { CUT_BEFORE, CUT_INSIDE, CUT_AFTER, CUTS };

struct card {
    struct flash_part part;
    jmp_buf power;   // where a cut goes on
    unsigned ops;    // erases and programs since card_count
    unsigned cut_at; // the operation that power goes at, 0: none
    enum cut cut;
    uint32_t silent; // from this address on the flash cannot be read; 0: it can
    unsigned worn;   // this many of the next programs do not take
    unsigned reads;  // bytes read since card_count
    uint8_t memory[MANIFEST_CORES][0x40000];
    uint64_t now, random;
};
extern struct card card;

// A new part, erased. Once a process.
void card_new(void);
void card_count(void);
uint32_t card_random(uint32_t below);
// Direct, as a programmer would: erases what it has to.
void card_put(uint32_t at, const void *bytes, uint32_t n);
void card_erase(uint32_t at, uint32_t n);

#endif
