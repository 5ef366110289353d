// SPDX-License-Identifier: Apache-2.0
// A round of core 0: hardware events first, so that a storm of commands cannot delay a reset; then one command.
#include "cmd.h"
#include "control.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_pcie.h"
#include "hal/hal_shared.h"
#include "queue/ipc.h"
#include "steer/steer.h"
#include "svc/svc.h"

// To a PF driver that has begun: what was before it, its reset's own changes among them, it asks for (GET_INFO).
static void tell(unsigned kind, unsigned what) {
    if (svc_hello(0) && !hal_pcie_in_flr(0)) {
        svc_event(kind, what, 0, 0);
    }
}

// False when there is none, or the rest can wait for the next round.
static bool poll_pcie(void) {
    struct hal_event e;
    bool again = false;
    if (!hal_pcie_event(&e)) {
        return false;
    }
    switch (e.kind) {
    case WEIR_HW_EVENT_FLR:
        again = svc_reset_begun(e.arg);
        // One that has ended already was begun by RESET_VF, which told us itself.
        if (e.arg < WEIR_NUM_FNS && hal_pcie_in_flr(e.arg)) {
            svc_reset_begin(e.arg);
        }
        break;
    case WEIR_HW_EVENT_VF_ENABLE:
        svc_log("%u VFs visible", e.arg);
        svc_vf_visible();
        tell(WEIR_FW_EVENT_VF_ENABLE, e.arg);
        break;
    default: // bus mastering acts in hardware
        break;
    }
    return !again;
}

// All of them, so that no command finds a function whose reset is not known: until one comes a second time, because a
// function that is reset faster than we look would keep us here.
static bool poll_resets(void) {
    unsigned n = 0;
    // bound: WEIR_NUM_FNS
    while (n <= WEIR_NUM_FNS && poll_pcie()) {
        n++;
    }
    return n != 0;
}

static bool poll_port(void) {
    struct hal_event e;
    if (!hal_port_event(&e)) {
        return false;
    }
    tell(WEIR_FW_EVENT_LINK, e.arg);
    return true;
}

static bool poll_queue_error(void) {
    unsigned qp, reason;
    if (!ipc_queue_error(&qp, &reason)) {
        return false;
    }
    // bound: WEIR_NUM_VPORTS
    for (unsigned i = 0; i < steer_switch_vports(); i++) {
        const struct steer_vport *v = steer_vport(i);
        if (v != NULL && qp >= v->qp_base && qp < v->qp_base + v->num_qps) {
            if (svc_log_room()) {
                svc_log_at(WEIR_LOG_WARN, "queue %u of function %u stopped, reason %u", qp - v->qp_base, v->fn, reason);
            }
            svc_event(WEIR_FW_EVENT_QP_ERROR, v->fn, qp - v->qp_base, reason);
        }
    }
    return true;
}

// All of them before a command can give their queue pairs to somebody else.
static bool poll_queue(void) {
    static uint32_t restarts;
    static uint32_t panics;
    unsigned n = 0;
    if (HAL_SHARED->restarts1 != restarts) {
        restarts = HAL_SHARED->restarts1;
        svc_log_at(WEIR_LOG_ERROR, "core 1 was restarted");
        svc_event(WEIR_FW_EVENT_CORE_RESTART, 1, HAL_RESET_WATCHDOG, 0);
    }
    if (HAL_SHARED->panic[1].count != panics) {
        const struct hal_panic *p = &HAL_SHARED->panic[1];
        panics = p->count;
        svc_log_at(WEIR_LOG_ERROR, "core 1 panic: cause %u pc %x value %x", (unsigned)p->word[0], (unsigned)p->word[1],
                   (unsigned)p->word[2]);
    }
    // bound: HAL_SHARED_EVENTS
    while (n < HAL_SHARED_EVENTS && poll_queue_error()) {
        n++;
    }
    return n != 0;
}

static bool poll_mailbox(void) {
    static struct weir_mbox_msg req, rsp;
    uint32_t began = hal_ctrl_cycle();
    int fn = hal_mbox_pop();
    if (fn < 0) {
        return false;
    }
    hal_mbox_read((unsigned)fn, &req);
    cmd_dispatch((unsigned)fn, &req, &rsp);
    hal_mbox_write((unsigned)fn, &rsp);
    svc_share_took((unsigned)fn, hal_ctrl_cycle() - began);
    hal_mbox_done((unsigned)fn, svc_share_spent((unsigned)fn));
    return true;
}

void control_start(void) {
    uint32_t cause = hal_ctrl_reset_cause();
    if (cause != HAL_RESET_POWER_ON) {
        svc_restarted();
        svc_event(WEIR_FW_EVENT_CORE_RESTART, 0, cause, 0);
    }
    if (!ipc_wait_ready()) {
        svc_log_at(WEIR_LOG_ERROR, "core 1 does not start");
    }
    if (cause != HAL_RESET_POWER_ON) {
        svc_reset_resume();
    }
    svc_log("weir firmware ready");
    hal_port_enable(true);
    hal_ctrl_ready(true);
}

bool control_poll(void) {
    bool busy;
    hal_ctrl_kick();
    hal_ctrl_ring_ack();
    busy = poll_resets();
    busy = svc_reset_poll() || busy;
    busy = svc_event_switch() || busy;
    busy = poll_port() || busy;
    busy = poll_queue() || busy;
    return poll_mailbox() || busy;
}
