// SPDX-License-Identifier: Apache-2.0
// VF life cycle, see svc.h. States (enum weir_vf_state):
//   FREE       not operational: no doorbell, no DMA, no mailbox (rules 1.10)
//   ALLOCATED  the VF's driver may use what it was given
//   RESETTING  a reset was begun and has not ended; it ends in ALLOCATED
//   STOPPED    its queue pairs are at rest, its commands are not accepted (svc_state.c); a reset ends that, too
#include "hal/hal_ctrl.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "queue/ipc.h"
#include "steer/steer.h"
#include "svc.h"

// 120 ms: svc_reset.c lets a reset end at the latest 100 ms after the function was stopped, whatever reads are out.
#define RESET_CYCLES 30000000u

static HAL_KEEP(vfs) struct svc_vf vfs[WEIR_NUM_VFS];
static HAL_KEEP(hello) bool hello[WEIR_NUM_FNS];
static HAL_KEEP(vf_limit) unsigned limit;
static HAL_KEEP(vf_noticed) uint32_t noticed; // VFs, as of the last event about that

static void state_set(unsigned vf, unsigned state) {
    hal_keep_touch(&vfs[vf], offsetof(struct svc_vf, vm_name));
    vfs[vf].state = (uint8_t)state;
}

void svc_vf_reset_all(void) {
    hal_keep_touch_all();
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++) {
        if (vfs[vf].state != WEIR_VF_FREE) {
            hal_pcie_operational(vf + 1, false);
        }
    }
    memset(vfs, 0, sizeof(vfs));
    memset(hello, 0, sizeof(hello));
    limit = 0;
}

void svc_vf_limit(unsigned num_vfs) {
    hal_keep_touch_all();
    limit = num_vfs;
}

unsigned svc_vf_max(void) {
    return limit;
}

const struct svc_vf *svc_vf(unsigned vf) {
    return vf < limit ? &vfs[vf] : NULL;
}

unsigned svc_vf_allocated(void) {
    unsigned n = 0;
    // bound: WEIR_NUM_VFS
    for (unsigned vf = 0; vf < limit; vf++) {
        n += vfs[vf].state != WEIR_VF_FREE;
    }
    return n;
}

bool svc_hello(unsigned fn) {
    return fn < WEIR_NUM_FNS && hello[fn];
}

void svc_hello_set(unsigned fn, bool said) {
    if (fn < WEIR_NUM_FNS && hello[fn] != said) {
        hal_keep_touch(&hello[fn], sizeof(hello[fn]));
        hello[fn] = said;
    }
    if (fn == 0) {
        svc_flash_abandon(); // its driver is another one, or gone
    }
}

void svc_vf_resetting(unsigned vf, bool on) {
    if (vf < WEIR_NUM_VFS && vfs[vf].state != WEIR_VF_FREE) {
        state_set(vf, on ? WEIR_VF_RESETTING : WEIR_VF_ALLOCATED);
    }
}

void svc_vf_stopped(unsigned vf, bool on) {
    if (vf < WEIR_NUM_VFS) {
        state_set(vf, on ? WEIR_VF_STOPPED : WEIR_VF_ALLOCATED);
    }
}

enum weir_status svc_vf_alloc(unsigned wanted, const uint8_t mac[6], const char *name, unsigned *vf) {
    unsigned visible = hal_pcie_num_vfs();
    unsigned n = limit < visible ? limit : visible, at = wanted;

    if ((mac[0] & 1) != 0) {
        return WEIR_INVALID_PARAMETER; // a group address cannot be a VF's own
    }
    if (wanted == WEIR_VPORT_NO_VF) {
        // bound: WEIR_NUM_VFS
        for (at = 0; at < n && vfs[at].state != WEIR_VF_FREE; at++) {
        }
    }
    if (at >= n) {
        return wanted == WEIR_VPORT_NO_VF ? WEIR_NO_RESOURCES : WEIR_NOT_FOUND;
    }
    if (vfs[at].state != WEIR_VF_FREE) {
        return WEIR_ALREADY_EXISTS;
    }
    state_set(at, WEIR_VF_ALLOCATED);
    memcpy(vfs[at].mac, mac, 6);
    memcpy(vfs[at].vm_name, name, sizeof(vfs[at].vm_name));
    vfs[at].vm_name[sizeof(vfs[at].vm_name) - 1] = '\0';
    // What the last owner left behind (threat T20).
    svc_block_clear(at);
    svc_hello_set(at + 1, false);
    hal_fn_clear(at + 1);
    hal_pcie_operational(at + 1, true);
    *vf = at;
    return WEIR_OK;
}

// Resets a VF as FLR would and waits for the end.
static enum weir_status reset_and_wait(unsigned vf) {
    uint32_t since = hal_ctrl_cycle();
    if (!svc_reset_active(vf + 1)) {
        hal_pcie_flr_start(vf + 1);
        svc_reset_begin(vf + 1);
    }
    while (svc_reset_active(vf + 1)) {
        if (hal_ctrl_expired(since, RESET_CYCLES)) {
            return WEIR_TIMEOUT; // the main loop goes on with it
        }
        hal_ctrl_watchdog_feed();
        (void)svc_event_switch();
        (void)svc_reset_poll();
    }
    return WEIR_OK;
}

enum weir_status svc_vf_free(unsigned vf) {
    enum weir_status status;
    if (vf >= limit || vfs[vf].state == WEIR_VF_FREE) {
        return WEIR_NOT_FOUND;
    }
    if (steer_vport_of_vf(vf) >= 0) {
        return WEIR_IN_USE; // rules 7.5
    }
    // "RESET before FREE" (rules 7.5) is not left to the caller: nothing of this owner may reach the next.
    hal_pcie_operational(vf + 1, false);
    status = reset_and_wait(vf);
    if (status == WEIR_OK) {
        status = svc_fn_strip(vf + 1); // the next owner's limit is not this one's
    }
    if (status != WEIR_OK) {
        hal_pcie_operational(vf + 1, true);
        return status;
    }
    hal_keep_touch(&vfs[vf], sizeof(vfs[vf]));
    memset(&vfs[vf], 0, sizeof(vfs[vf]));
    return WEIR_OK;
}

enum weir_status svc_vf_reset(unsigned vf) {
    if (vf >= limit || vfs[vf].state == WEIR_VF_FREE) {
        return WEIR_NOT_FOUND; // rules 7.5
    }
    return reset_and_wait(vf);
}

void svc_vf_visible(void) {
    // vPorts of VFs whose reset ended while they were not there. A VF still in reset is brought up at its end.
    // bound: WEIR_NUM_VFS
    for (unsigned vf = 0; vf < limit; vf++) {
        int vport = vfs[vf].state == WEIR_VF_ALLOCATED ? steer_vport_of_vf(vf) : -1;
        if (vport >= 0 && hal_pcie_visible(vf + 1) && !hal_pcie_in_flr(vf + 1)) {
            steer_vport_up((unsigned)vport);
        }
    }
    noticed = hal_pcie_num_vfs();
}

// What the queue pairs of a function's vPort say, and what they should.
static enum weir_status mend_queues(const struct steer_vport *v, bool stopped) {
    enum weir_status status = WEIR_OK;
    // bound: WEIR_VF_MAX_QPS, or those of the default vPort
    for (unsigned i = 0; i < v->num_qps && status == WEIR_OK; i++) {
        struct weir_get_qp_rsp qp;
        status = ipc_queue_get(v->qp_base + i, &qp);
        if (status == WEIR_OK && !stopped && qp.state != WEIR_QP_DISABLED && qp.state != WEIR_QP_RUNNING &&
            qp.state != WEIR_QP_ERROR) {
            status = ipc_queue_kill(v->qp_base + i, 1); // half created, half destroyed, or half loaded
        }
    }
    return status;
}

static bool resume_vf(unsigned vf) {
    const struct svc_vf *p = &vfs[vf];
    int vport = steer_vport_of_vf(vf);
    const struct steer_vport *v = vport >= 0 ? steer_vport((unsigned)vport) : NULL;
    hal_pcie_operational(vf + 1, p->state != WEIR_VF_FREE);
    if (p->state == WEIR_VF_RESETTING && !hal_pcie_in_flr(vf + 1)) {
        svc_reset_ended(vf + 1);
    }
    if (ipc_queue_map(vf + 1, v != NULL ? v->qp_base : 0, v != NULL ? v->num_qps : 0) != WEIR_OK) {
        return false;
    }
    return v == NULL || (svc_state_mend(vf, v) && mend_queues(v, p->state == WEIR_VF_STOPPED) == WEIR_OK);
}

bool svc_vf_resume(void) {
    bool ok = !steer_switch_exists() ||
              (ipc_queue_map(0, 0, WEIR_NUM_QPS) == WEIR_OK && mend_queues(steer_vport(0), false) == WEIR_OK);
    // bound: WEIR_NUM_VFS
    for (unsigned vf = 0; vf < WEIR_NUM_VFS && ok; vf++) {
        ok = resume_vf(vf);
    }
    if (noticed != hal_pcie_num_vfs()) {
        svc_vf_visible();
    }
    return ok;
}
