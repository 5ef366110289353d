// SPDX-License-Identifier: Apache-2.0
// A round of core 0: hardware events first, so that a storm of commands cannot delay a reset; then one command.
#include "cmd.h"
#include "control.h"
#include "hal/hal_crash.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_health.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "hal/hal_shared.h"
#include "queue/ipc.h"
#include "steer/steer.h"
#include "svc/svc.h"

// The answer to the request that this core is at is whole: what the command changed stays, whatever becomes of the
// core.
static HAL_KEEP(answered) volatile bool answered;

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
            // One after the other is whole by itself: in one change, each would be sought among all before it.
            hal_keep_commit();
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

static void tell_restarted(void) {
    const uint32_t bit = 1u << (WEIR_FN_EVENT_RESTARTED_BIT - 32);
    hal_fn_event(0, 0, bit);
    // bound: WEIR_NUM_VFS
    for (unsigned vf = 0; vf < svc_vf_max(); vf++) {
        if (svc_vf(vf)->state != WEIR_VF_FREE) {
            hal_fn_event(vf + 1, 0, bit);
        }
    }
}

// A word of core 1's program is damaged: started again as it is, it would fall there each time; or it falls again and
// again, and the ROM is to choose another image. The ROM loads both programs after a watchdog reset of this core, which
// is no more than a panic of it (ADR 0019); not twice without a whole round in between, or what this core keeps would
// be given up for a part that is broken for good.
static void reload(const char *why) {
    if (HAL_SHARED->tries != 0) {
        return;
    }
    svc_log_at(WEIR_LOG_ERROR, "core 1: %s, both programs are loaded again", why);
    hal_keep_commit();
    hal_crash_restart();
}

// A panic, or a hang that left the record of one.
static void core1_crashed(const struct hal_panic *p) {
    svc_log_at(WEIR_LOG_ERROR, "core 1 panic: cause %u pc %x value %x", (unsigned)p->word[0], (unsigned)p->word[1],
               (unsigned)p->word[2]);
    if (hal_crash_note(1)) {
        HAL_SHARED->crash.looping = 1;
        reload("crashes again and again");
    } else if (p->word[0] == HAL_CAUSE_DAMAGED) {
        reload("damaged");
    }
}

// All of them before a command can give their queue pairs to somebody else.
static bool poll_queue(void) {
    static uint32_t restarts;
    static HAL_KEEP(panics) uint32_t panics;
    unsigned n = 0;
    if (HAL_SHARED->panic[1].count != panics) {
        panics = HAL_SHARED->panic[1].count;
        core1_crashed(&HAL_SHARED->panic[1]);
    }
    if (HAL_SHARED->restarts1 != restarts) {
        restarts = HAL_SHARED->restarts1;
        svc_log_at(WEIR_LOG_ERROR, "core 1 was restarted");
        svc_event(WEIR_FW_EVENT_CORE_RESTART, 1, HAL_RESET_WATCHDOG, 0);
        tell_restarted();
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
    int fn;
    // Before the request is taken: who dies with it must find nothing of the one before to take back.
    steer_settle();
    svc_state_settle();
    cmd_queue_settle();
    fn = hal_mbox_pop();
    if (fn < 0) {
        return false;
    }
    hal_mbox_read((unsigned)fn, &req);
    cmd_dispatch((unsigned)fn, &req, &rsp);
    hal_mbox_write((unsigned)fn, &rsp);
    answered = true;
    hal_keep_commit();
    svc_share_took((unsigned)fn, hal_ctrl_cycle() - began);
    hal_mbox_done((unsigned)fn, svc_share_spent((unsigned)fn));
    answered = false;
    svc_share_age();
    return true;
}

// ---- start ----

static void answer(unsigned fn, enum weir_status status, const struct weir_move_filter_rsp *moved) {
    struct weir_mbox_msg msg;
    hal_mbox_read(fn, &msg);
    msg.hdr.length = moved != NULL ? sizeof(*moved) : 0;
    msg.hdr.status = (uint16_t)status;
    if (moved != NULL) {
        memcpy(msg.payload, moved, sizeof(*moved));
    }
    hal_mbox_write(fn, &msg);
    hal_mbox_done(fn, false);
}

// The request that the last core 0 died with is answered, whatever it had come to: it was carried out or it was not,
// and its caller learns which. One that it had not taken waits, and is carried out as if nothing had been; so is one
// that came when this one had just been given back.
static void end_request(bool kept) {
    struct weir_move_filter_rsp moved;
    int fn = hal_mbox_taken();
    if (kept && answered) {
        hal_keep_commit();
        if (fn >= 0) {
            hal_mbox_done((unsigned)fn, false);
        }
    } else if (fn >= 0 && kept && steer_move_took_place(&moved)) {
        hal_keep_commit();
        answer((unsigned)fn, WEIR_OK, &moved);
    } else {
        hal_keep_undo();
        if (fn >= 0) {
            if (kept) {
                cmd_queue_undo();
            }
            answer((unsigned)fn, WEIR_ABORTED, NULL);
        }
    }
    answered = false;
}

// True: what the core before this one knew is known, and the hardware agrees.
static bool resume(void) {
    bool ok = steer_resume() && svc_vf_resume();
    svc_event_resume();
    return ok;
}

void control_start(void) {
    uint32_t cause = hal_ctrl_reset_cause();
    bool kept = hal_keep_start(cause == HAL_RESET_POWER_ON);
    hal_panic_resume();
    svc_flash_start();
    if (!ipc_wait_ready()) {
        svc_log_at(WEIR_LOG_ERROR, "core 1 does not start");
    }
    if (cause == HAL_RESET_POWER_ON) {
        steer_past_zero();
    } else {
        steer_past_resume();
        end_request(kept);
        if (kept && !resume()) {
            kept = false;
            hal_keep_forget();
        }
        if (!kept) {
            svc_restarted();
        }
        svc_log_at(WEIR_LOG_ERROR, kept ? "core 0 was restarted" : "core 0 was restarted and knows nothing");
        svc_event(WEIR_FW_EVENT_CORE_RESTART, 0, cause, kept ? 0 : 1);
        svc_event(WEIR_FW_EVENT_LINK, hal_port_up() ? 1 : 0, 0, 0); // one that changed meanwhile
        svc_reset_resume();
        tell_restarted();
    }
    svc_log("weir firmware ready");
    // One that was switched off stays off.
    if (!kept) {
        hal_port_enable(true);
    }
    hal_ctrl_ready(true);
}

bool control_poll(void) {
    bool busy;
    hal_keep_commit();
    hal_ctrl_watchdog_feed();
    hal_ctrl_ring_ack();
    busy = poll_resets();
    busy = svc_reset_poll() || busy;
    busy = svc_event_switch() || busy;
    busy = poll_port() || busy;
    busy = poll_queue() || busy;
    busy = svc_flash_poll() || busy;
    hal_keep_commit();
    hal_keep_good();
    return poll_mailbox() || busy;
}
