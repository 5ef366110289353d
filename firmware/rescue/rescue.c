// SPDX-License-Identifier: Apache-2.0
// The rescue program: part of the boot ROM, run on core 0 when no image in the flash may run (docs/blocks/flash.md). It
// answers the PF's mailbox with the update engine of the firmware and does nothing on its own: the host reads the boot
// log, writes a slot, and has the card start again. Core 1 stays stopped, so no function gets further than it was.
// VFs that forward, because firmware was lost while it ran, go on until the PF is reset, and
// firmware that is written without such a reset goes on with what the last one knew.
#include "rescue.h"

#include "control/cmd.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_health.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "hal/hal_queue.h"
#include "hal/hal_shared.h"
#include "steer/steer.h"
#include "svc/svc.h"

static bool hello;

bool svc_hello(unsigned fn) {
    return fn == 0 && hello;
}

// There are no VFs and no switch, so the validator refuses every command about one.
const struct svc_vf *svc_vf(unsigned vf) {
    (void)vf;
    return NULL;
}

bool steer_switch_exists(void) {
    return false;
}

enum weir_status cmd_run_HELLO(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_hello_req *req = req_;
    struct weir_hello_rsp *rsp = rsp_;
    hello = req->abi_major == WEIR_ABI_MAJOR;
    if (!hello) {
        return WEIR_VERSION;
    }
    *rsp = (struct weir_hello_rsp){
        .abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR, .features = WEIR_HELLO_RESCUE, .fn = fn};
    return WEIR_OK;
}

enum weir_status cmd_run_READ_LOG(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_read_log_req *req = req_;
    (void)fn;
    svc_log_read(req->position, rsp_);
    return WEIR_OK;
}

static void stop(unsigned qp) {
    hal_queue_op(qp, HAL_QP_TX_OFF);
    hal_queue_op(qp, HAL_QP_RX_OFF);
    hal_queue_op(qp, HAL_QP_CLEAR);
}

// The PF's reset takes everything with it, as the firmware's would: what queue pairs the last firmware left running
// would write to is another driver's by the time the PF masters the bus again. A VF's reset does not end here.
static void reset(unsigned fn) {
    if (fn != 0) {
        return;
    }
    hello = false;
    svc_flash_abandon();
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        stop(qp);
    }
    for (unsigned vf = 1; vf < WEIR_NUM_FNS; vf++) {
        hal_pcie_operational(vf, false);
    }
    rescue_forget(); // firmware that comes finds the card as it is now, not as the last one left it
    hal_pcie_flr_done(0);
}

static bool poll_pcie(void) {
    struct hal_event e;
    if (!hal_pcie_event(&e)) {
        return false;
    }
    if (e.kind == WEIR_HW_EVENT_FLR) {
        reset(e.arg);
    }
    return true;
}

static bool poll_mailbox(void) {
    static struct weir_mbox_msg req, rsp;
    int fn = hal_mbox_pop();
    if (fn < 0) {
        return false;
    }
    hal_mbox_read((unsigned)fn, &req);
    cmd_dispatch((unsigned)fn, &req, &rsp);
    hal_mbox_write((unsigned)fn, &rsp);
    hal_mbox_done((unsigned)fn, false);
    return true;
}

// The request that core 0 died with is not carried out: firmware takes back what is noted in its journal, and the queue
// pair that was being created goes here.
static void end_request(void) {
    static struct weir_mbox_msg msg;
    int fn = hal_mbox_taken();
    if (fn < 0) {
        return;
    }
    if (HAL_SHARED->creating != 0) {
        stop(HAL_SHARED->creating - 1);
        HAL_SHARED->creating = 0;
    }
    hal_mbox_read((unsigned)fn, &msg);
    msg.hdr.length = 0;
    msg.hdr.status = WEIR_ABORTED;
    hal_mbox_write((unsigned)fn, &msg);
    hal_mbox_done((unsigned)fn, false);
}

void rescue_start(void) {
    svc_flash_start();
    svc_log_at(WEIR_LOG_ERROR, "rescue: no image in the flash may run; the PF can write one");
    end_request();
    if (hal_pcie_in_flr(0)) {
        reset(0);
    }
    hal_ctrl_ready(true);
}

bool rescue_poll(void) {
    bool busy;
    hal_ctrl_watchdog_feed();
    hal_ctrl_ring_ack();
    busy = poll_pcie();
    busy = svc_flash_poll() || busy;
    return poll_mailbox() || busy;
}
