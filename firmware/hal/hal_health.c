// SPDX-License-Identifier: Apache-2.0
// See hal_health.h.
#include "hal_health.h"

#include "hal_csr.h"
#include "hal_ctrl.h"
#include "hal_shared.h"

#ifdef WEIR_HOST
uint32_t hal_stack_ram[2][HAL_STACK_HOST_WORDS];
#define BOTTOM ((uint32_t)0x1000)
#define TOP (BOTTOM + (uint32_t)sizeof(hal_stack_ram[0]))
static uint32_t word_at(unsigned core, uint32_t addr) {
    return hal_stack_ram[core][(addr - BOTTOM) / 4];
}
#else
// Of the linker script, the same for both cores; core 1's memory appears at its own address plus this to core 0.
extern const uint32_t __stack_bottom[], __stack_top[];
#define WINDOW 0x20000000u
#define BOTTOM ((uint32_t)__stack_bottom)
#define TOP ((uint32_t)__stack_top)
static uint32_t word_at(unsigned core, uint32_t addr) {
    return *(volatile const uint32_t *)(addr + (core != 0 ? WINDOW : 0));
}
#endif

uint32_t hal_stack_bytes(void) {
    return TOP - BOTTOM;
}

uint32_t hal_stack_used(unsigned core) {
    uint32_t addr = BOTTOM;
    // bound: the stack's words, up to TOP
    while (addr < TOP && word_at(core, addr) == HAL_STACK_PAINT) {
        addr += 4;
    }
    return TOP - addr;
}

void hal_panic_save(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs) {
    struct hal_panic *p = &HAL_SHARED->panic[HAL_READ(CTRL, CORE_ID) & 1];
    uint32_t sp = regs[2], words = 0;

    p->word[0] = cause;
    p->word[1] = pc;
    p->word[2] = value;
    p->word[3] = HAL_READ(CTRL, CYCLE_LO);
    p->word[4] = HAL_READ(CTRL, RESET_CAUSE);
    for (unsigned i = 0; i < 32; i++) {
        p->word[WEIR_PANIC_REGS + i] = i != 0 ? regs[i] : 0;
    }
    // A stack pointer that left the stack is evidence, but nothing to follow: the guard below would trap once more.
    for (unsigned i = WEIR_PANIC_STACK; i < WEIR_PANIC_WORDS; i++, sp += 4) {
        bool inside = (sp & 3) == 0 && sp >= BOTTOM && sp < TOP;
        p->word[i] = inside ? word_at(0, sp) : 0;
        words += inside;
    }
    p->word[5] = words;
    p->count++;
    HAL_SHARED->crash.end[HAL_READ(CTRL, CORE_ID) & 1] = HAL_END_TOLD;
}

void hal_panic_resume(void) {
    static const uint32_t none[32]; // the reset took them, the stack pointer, too
    volatile uint32_t *end = &HAL_SHARED->crash.end[HAL_READ(CTRL, CORE_ID) & 1];
    if (HAL_READ(CTRL, RESET_CAUSE) == HAL_RESET_WATCHDOG && *end == HAL_END_UNTOLD) {
        hal_panic_save(HAL_CAUSE_HUNG, HAL_READ(CTRL, WDT_PC), 0, none);
    }
    *end = HAL_END_UNTOLD;
}
