// SPDX-License-Identifier: Apache-2.0
// Core 1's main loop: requests of core 0, errors of the hardware, sleep. Nothing here waits without a bound.
#include "hal/hal_ctrl.h"
#include "hal/hal_health.h"
#include "hal/hal_shared.h"
#include "queue.h"

#define WATCHDOG_CYCLES 2000000u // 8 ms
#define PANIC_CYCLES 1000u

int main(void);
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs);

// The watchdog brings the core back; its state is read from the hardware again.
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs) {
    hal_panic_save(cause, pc, value, regs);
    hal_ctrl_watchdog(PANIC_CYCLES);
}

int main(void) {
    hal_ctrl_watchdog(WATCHDOG_CYCLES);
    queue_start();
    hal_ctrl_irq_enable(WEIR_PUT(1, CTRL_IRQ_PENDING_IPC) | WEIR_PUT(1, CTRL_IRQ_PENDING_QUEUE) |
                        WEIR_PUT(1, CTRL_IRQ_PENDING_TIMER));
    // bound: none, each round ends and feeds the watchdog
    for (;;) {
        hal_ctrl_watchdog_feed();
        HAL_SHARED->beat1++;
        hal_ctrl_ring_ack();
        if (!queue_round()) {
            hal_ctrl_timer(WATCHDOG_CYCLES / 4);
            hal_ctrl_sleep();
        }
    }
}
