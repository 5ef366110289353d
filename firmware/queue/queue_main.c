// SPDX-License-Identifier: Apache-2.0
// Core 1's main loop: requests of core 0, errors of the hardware, sleep. Nothing here waits without a bound.
#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "hal/hal_shared.h"
#include "queue.h"

#define WATCHDOG_CYCLES 50000000u // 200 ms

int main(void);
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value);

// The watchdog brings the core back; its state is read from the hardware again.
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value) {
    HAL_SHARED->ret[0] = cause;
    HAL_SHARED->ret[1] = pc;
    HAL_SHARED->ret[2] = value;
    for (;;) {
        hal_ctrl_irq_enable(0);
        hal_ctrl_sleep();
    }
}

static bool serve_one(void) {
    uint32_t arg[12], ret[8];
    uint32_t seq = HAL_SHARED->req_seq;
    if (seq == HAL_SHARED->rsp_seq) {
        return false;
    }
    for (unsigned i = 0; i < 12; i++) {
        arg[i] = HAL_SHARED->arg[i];
    }
    memset(ret, 0, sizeof(ret));
    HAL_SHARED->status = queue_serve(HAL_SHARED->op, arg, ret);
    for (unsigned i = 0; i < 8; i++) {
        HAL_SHARED->ret[i] = ret[i];
    }
    HAL_SHARED->rsp_seq = seq;
    hal_ctrl_ring(0);
    return true;
}

int main(void) {
    queue_init();
    // A request that was open when this core was reset is answered by a status, not repeated.
    if (HAL_SHARED->req_seq != HAL_SHARED->rsp_seq) {
        HAL_SHARED->status = WEIR_ABORTED;
        HAL_SHARED->rsp_seq = HAL_SHARED->req_seq;
    }
    HAL_SHARED->ready1 = 1;
    hal_ctrl_watchdog(WATCHDOG_CYCLES);
    hal_ctrl_irq_enable(WEIR_PUT(1, CTRL_IRQ_PENDING_IPC) | WEIR_PUT(1, CTRL_IRQ_PENDING_QUEUE) | WEIR_PUT(1, CTRL_IRQ_PENDING_TIMER));
    for (;;) {
        hal_ctrl_kick();
        HAL_SHARED->beat1++;
        hal_ctrl_ring_ack();
        if (queue_poll_errors()) {
            hal_ctrl_ring(0);
            continue;
        }
        if (serve_one()) {
            continue;
        }
        hal_ctrl_timer(WATCHDOG_CYCLES / 4);
        hal_ctrl_sleep();
    }
}
