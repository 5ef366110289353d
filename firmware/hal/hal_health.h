// SPDX-License-Identifier: Apache-2.0
// What tells how a core is and how it died: its painted stack, and the panic record in shared RAM.
#ifndef HAL_HEALTH_H
#define HAL_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#define HAL_STACK_PAINT 0xC0DEC0DEu // boot/crt0.S fills the stack with it

uint32_t hal_stack_bytes(void);
// Most bytes of a core's stack that were ever in use. Core 1's is read through core 0's window; call it on core 0 only.
uint32_t hal_stack_used(unsigned core);

// Leaves the record of this core: cause, pc, value, registers x0 to x31, the top of the stack.
void hal_panic_save(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs);
// At a core's start, before all else: the one before it that its watchdog ended without a panic hung, and its record
// says where (HAL_CAUSE_HUNG, the pc, no registers).
void hal_panic_resume(void);

#ifdef WEIR_HOST
#define HAL_STACK_HOST_WORDS 64u
extern uint32_t hal_stack_ram[2][HAL_STACK_HOST_WORDS]; // stands for the stacks
#endif

#endif
