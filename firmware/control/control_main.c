// SPDX-License-Identifier: Apache-2.0
// Core 0's main loop: hardware events first, so that a storm of commands cannot delay a reset; then one command; then sleep.
#include "cmd.h"
#include "hal/hal_csr.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_pcie.h"
#include "hal/hal_switch.h"
#include "ipc.h"
#include "steer/steer.h"
#include "svc/svc.h"

#define WATCHDOG_CYCLES 50000000u // 200 ms

int main(void);
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value);

void panic_trap(uint32_t cause, uint32_t pc, uint32_t value) {
    svc_log("panic: cause %u pc %x value %x", (unsigned)cause, (unsigned)pc, (unsigned)value);
    for (;;) {
        hal_ctrl_irq_enable(0);
        hal_ctrl_sleep();
    }
}

static bool poll_pcie(void) {
    struct hal_event e;
    if (!hal_pcie_event(&e)) {
        return false;
    }
    switch (e.kind) {
    case WEIR_HW_EVENT_FLR:
        svc_fn_reset(e.arg);
        break;
    case WEIR_HW_EVENT_VF_ENABLE:
        svc_log("%u VFs visible", e.arg);
        svc_event(WEIR_FW_EVENT_VF_ENABLE, e.arg, 0, 0);
        break;
    default: // bus mastering acts in hardware
        break;
    }
    return true;
}

static bool poll_switch(void) {
    struct hal_event e;
    if (!hal_switch_event(&e)) {
        return false;
    }
    if (e.kind == WEIR_HW_EVENT_FENCE_DONE) {
        svc_event(WEIR_FW_EVENT_FENCE_DONE, e.arg, e.token, e.reason);
    }
    return true;
}

static bool poll_port(void) {
    struct hal_event e;
    if (!hal_port_event(&e)) {
        return false;
    }
    svc_event(WEIR_FW_EVENT_LINK, e.arg, 0, 0);
    return true;
}

static bool poll_queue(void) {
    unsigned qp, reason;
    if (!ipc_queue_error(&qp, &reason)) {
        return false;
    }
    for (unsigned i = 0; i < steer_switch_vports(); i++) {
        const struct steer_vport *v = steer_vport(i);
        if (v != NULL && qp >= v->qp_base && qp < v->qp_base + v->num_qps) {
            svc_log("queue %u of function %u stopped, reason %u", qp - v->qp_base, v->fn, reason);
            svc_event(WEIR_FW_EVENT_QP_ERROR, v->fn, qp - v->qp_base, reason);
        }
    }
    return true;
}

static bool poll_mailbox(void) {
    static struct weir_mbox_msg msg;
    int fn = hal_mbox_pop();
    if (fn < 0) {
        return false;
    }
    hal_mbox_read((unsigned)fn, &msg);
    cmd_dispatch((unsigned)fn, &msg);
    hal_mbox_write((unsigned)fn, &msg);
    hal_mbox_done((unsigned)fn);
    return true;
}

int main(void) {
    uint32_t beat = 0;

    if (hal_ctrl_reset_cause() != 0) {
        svc_event(WEIR_FW_EVENT_CORE_RESTART, 0, hal_ctrl_reset_cause(), 0);
    }
    if (!ipc_wait_ready()) {
        svc_log("core 1 does not start");
    }
    svc_log("weir firmware ready");
    hal_ctrl_watchdog(WATCHDOG_CYCLES);
    hal_ctrl_irq_enable(0x7F);
    hal_port_enable(true);
    hal_ctrl_ready(true);
    for (;;) {
        bool busy;
        hal_ctrl_kick();
        hal_ctrl_heartbeat(++beat);
        hal_ctrl_ring_ack();
        busy = poll_pcie();
        busy = poll_switch() || busy;
        busy = poll_port() || busy;
        busy = poll_queue() || busy;
        busy = poll_mailbox() || busy;
        if (!busy) {
            hal_ctrl_timer(WATCHDOG_CYCLES / 4);
            hal_ctrl_sleep();
        }
    }
}
