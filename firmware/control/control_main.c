// SPDX-License-Identifier: Apache-2.0
// Core 0: start, rounds, sleep. The watchdog guards all of it, the start too.
#include "control.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_health.h"
#include "svc/svc.h"

// 8 ms, so that a core that hangs is seen within 10. What may take longer than a round does feed it itself: a call of
// core 1 (100 ms), the wait for core 1 or for the end of a VF's reset (120 ms), a full list of VLANs.
#define WATCHDOG_CYCLES 2000000u
#define PANIC_CYCLES 100000u // time for the last words; then the watchdog brings the core back

int main(void);
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs);

void panic_trap(uint32_t cause, uint32_t pc, uint32_t value, const uint32_t *regs) {
    hal_panic_save(cause, pc, value, regs);
    hal_ctrl_watchdog(PANIC_CYCLES);
    svc_log_at(WEIR_LOG_ERROR, "panic: cause %u pc %x value %x", (unsigned)cause, (unsigned)pc, (unsigned)value);
}

int main(void) {
    uint32_t beat = 0;

    hal_ctrl_watchdog(WATCHDOG_CYCLES);
    control_start();
    // Queue events are core 1's: their level would keep this core awake.
    hal_ctrl_irq_enable(0x7F & ~WEIR_PUT(1, CTRL_IRQ_PENDING_QUEUE));
    // bound: none, each round ends and feeds the watchdog
    for (;;) {
        hal_ctrl_heartbeat(++beat);
        if (!control_poll()) {
            uint32_t nap = svc_flash_nap();
            hal_ctrl_timer(nap != 0 ? nap : WATCHDOG_CYCLES / 4);
            hal_ctrl_sleep();
        }
    }
}
