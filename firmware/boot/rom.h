// SPDX-License-Identifier: Apache-2.0
// What the files of the boot ROM share: where core 0 sees things.
#ifndef WEIR_ROM_H
#define WEIR_ROM_H

#include <stdint.h>

#include "weir_abi.h"

#define ROM_CSR_BASE 0x40000000u
#define ROM_TCM0 0x10000000u
#define ROM_TCM1_WINDOW 0x30000000u
#define ROM_NOWHERE 0u // as a destination of the flash's bulk reader: its words are stored nowhere

static inline volatile uint32_t *rom_reg(uint32_t block, uint32_t offset) {
    return (volatile uint32_t *)(ROM_CSR_BASE + block + offset);
}

// Decides, loads, starts core 1. The entry of core 0: of its program, or of the rescue program when nothing may run.
uint32_t rom_main(void);

#endif
