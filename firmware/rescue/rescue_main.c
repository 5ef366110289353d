// SPDX-License-Identifier: Apache-2.0
// The rescue program on core 0: memory that nobody wrote, rounds, sleep, and the watchdog, whose reset has the ROM look
// for an image again.
#include "hal/hal_ctrl.h"
#include "hal/hal_health.h"
#include "hal/hal_shared.h"
#include "rescue.h"
#include "svc/svc.h"

#define WATCHDOG_CYCLES 50000000u // 200 ms
#define PANIC_CYCLES 1000u

int main(void);
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs);

extern uint32_t __bss_start[]; // of rescue.ld

void panic_trap(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs) {
    hal_panic_save(cause, pc, value, regs);
    hal_ctrl_watchdog(PANIC_CYCLES);
}

void rescue_forget(void) {
    // bound: __bss_start, below which lies all that an image loads or keeps
    for (volatile uint32_t *p = (volatile uint32_t *)0x10000000u; p < __bss_start; p++) {
        *p = 0;
    }
}

// Firmware that is written from here starts behind the watchdog's reset of this core and looks for what it kept
// (hal/hal_keep.h) and for what was counted before: memory that nobody wrote since the card has power has no right
// parity.
static void clear(void) {
    volatile uint32_t *const shared = (volatile uint32_t *)HAL_SHARED;
    const struct hal_boot boot = HAL_SHARED->boot;
    rescue_forget();
    // bound: the words of the shared RAM that are used
    for (unsigned i = 0; i < sizeof(struct hal_shared) / 4; i++) {
        shared[i] = 0;
    }
    HAL_SHARED->boot = boot;
}

int main(void) {
    uint32_t beat = 0;

    hal_ctrl_watchdog(WATCHDOG_CYCLES);
    if (hal_ctrl_reset_cause() == HAL_RESET_POWER_ON) {
        clear();
    }
    rescue_start();
    hal_ctrl_irq_enable(0x7F & ~WEIR_PUT(1, CTRL_IRQ_PENDING_QUEUE));
    // bound: none, each round ends and feeds the watchdog
    for (;;) {
        hal_ctrl_heartbeat(++beat);
        if (!rescue_poll()) {
            uint32_t nap = svc_flash_nap();
            hal_ctrl_timer(nap != 0 ? nap : WATCHDOG_CYCLES / 4);
            hal_ctrl_sleep();
        }
    }
}
