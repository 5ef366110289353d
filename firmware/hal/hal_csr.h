// SPDX-License-Identifier: Apache-2.0
// The only way to a register: hal_read / hal_write with a block and an offset of the contract. On the cores these are
// loads and stores on the CSR bus; in the host build a test supplies them and checks the exact sequence.
#ifndef HAL_CSR_H
#define HAL_CSR_H

#include <stdint.h>

#include "weir_abi.h"

#ifdef WEIR_HOST
uint32_t hal_read(uint32_t block, uint32_t offset);
void hal_write(uint32_t block, uint32_t offset, uint32_t value);
#else
#define HAL_CSR_BASE 0x40000000u
static inline uint32_t hal_read(uint32_t block, uint32_t offset) {
    return *(volatile uint32_t *)(HAL_CSR_BASE + block + offset);
}
static inline void hal_write(uint32_t block, uint32_t offset, uint32_t value) {
    *(volatile uint32_t *)(HAL_CSR_BASE + block + offset) = value;
}
#endif

#define HAL_READ(block, reg) hal_read(WEIR_CSR_##block, WEIR_##block##_##reg##_OFFSET)
#define HAL_WRITE(block, reg, value) hal_write(WEIR_CSR_##block, WEIR_##block##_##reg##_OFFSET, value)

#endif
