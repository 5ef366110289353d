// SPDX-License-Identifier: Apache-2.0
// VF life cycle, see svc.h. FREE -> ALLOCATED -> (RESETTING -> ALLOCATED)* -> FREE.
#include "control/ipc.h"
#include "hal/hal_csr.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "steer/steer.h"
#include "svc.h"

#define DMA_IDLE_CYCLES 250000u // 1 ms; reads of a function in reset are answered or timed out by then

static struct svc_vf vfs[WEIR_NUM_VFS];
static bool hello[WEIR_NUM_FNS];
static unsigned limit;

void svc_vf_reset_all(void) {
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++) {
        if (vfs[vf].state != WEIR_VF_FREE) {
            hal_pcie_operational(vf + 1, false);
            svc_block_clear(vf);
        }
    }
    memset(vfs, 0, sizeof(vfs));
    memset(hello, 0, sizeof(hello));
    limit = 0;
}

void svc_vf_limit(unsigned num_vfs) {
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
    for (unsigned vf = 0; vf < limit; vf++) {
        n += vfs[vf].state != WEIR_VF_FREE;
    }
    return n;
}

bool svc_hello(unsigned fn) {
    return fn < WEIR_NUM_FNS && hello[fn];
}

void svc_hello_set(unsigned fn, bool said) {
    if (fn < WEIR_NUM_FNS) {
        hello[fn] = said;
    }
}

enum weir_status svc_vf_alloc(unsigned wanted, const uint8_t mac[6], const char *name, unsigned *vf) {
    unsigned visible = hal_pcie_num_vfs();
    unsigned n = limit < visible ? limit : visible, at = wanted;

    if ((mac[0] & 1) != 0) {
        return WEIR_INVALID_PARAMETER; // a group address cannot be a VF's own
    }
    if (wanted == WEIR_VPORT_NO_VF) {
        for (at = 0; at < n && vfs[at].state != WEIR_VF_FREE; at++) {
        }
    }
    if (at >= n) {
        return wanted == WEIR_VPORT_NO_VF ? WEIR_NO_RESOURCES : WEIR_NOT_FOUND;
    }
    if (vfs[at].state != WEIR_VF_FREE) {
        return WEIR_ALREADY_EXISTS;
    }
    vfs[at].state = WEIR_VF_ALLOCATED;
    memcpy(vfs[at].mac, mac, 6);
    memcpy(vfs[at].vm_name, name, sizeof(vfs[at].vm_name));
    vfs[at].vm_name[31] = '\0';
    svc_block_clear(at);
    hello[at + 1] = false;
    hal_fn_clear(at + 1);
    hal_pcie_operational(at + 1, true);
    *vf = at;
    return WEIR_OK;
}

enum weir_status svc_vf_free(unsigned vf) {
    if (vf >= limit || vfs[vf].state == WEIR_VF_FREE) {
        return WEIR_NOT_FOUND;
    }
    if (steer_vport_of_vf(vf) >= 0) {
        return WEIR_IN_USE; // rules 7.5
    }
    hal_pcie_operational(vf + 1, false);
    (void)ipc_queue_map(vf + 1, 0, 0);
    hal_fn_clear(vf + 1);
    svc_block_clear(vf);
    hello[vf + 1] = false;
    memset(&vfs[vf], 0, sizeof(vfs[vf]));
    return WEIR_OK;
}

// Queues stop at once (their DMA is already off), what was queued for the vPort goes to the default vPort, and the reset
// ends when no TLP of the function can come any more (pcie 28-32).
void svc_fn_reset(unsigned fn) {
    uint32_t since;
    int vport = fn > 0 ? steer_vport_of_vf(fn - 1) : -1;

    if (fn == 0) {
        (void)ipc_queue_kill(0, WEIR_NUM_QPS);
        steer_reset();
        svc_vf_reset_all();
    } else if (vport >= 0) {
        const struct steer_vport *v = steer_vport((unsigned)vport);
        steer_vport_down((unsigned)vport);
        (void)ipc_queue_kill(v->qp_base, v->num_qps);
    }
    since = hal_ctrl_cycle();
    while (hal_dma_busy(fn) && !hal_ctrl_expired(since, DMA_IDLE_CYCLES)) {
    }
    svc_hello_set(fn, false);
    hal_fn_clear(fn);
    hal_pcie_flr_done(fn);
    if (vport >= 0 && (hal_pcie_fn_status(fn) & WEIR_PUT(1, PCIE_FN_STATUS_VISIBLE)) != 0) {
        steer_vport_up((unsigned)vport);
    }
    if (fn > 0) {
        svc_event(WEIR_FW_EVENT_VF_FLR, fn - 1, 0, 0);
    }
}

enum weir_status svc_vf_reset(unsigned vf) {
    if (vf >= limit || vfs[vf].state == WEIR_VF_FREE) {
        return WEIR_NOT_FOUND; // rules 7.5
    }
    vfs[vf].state = WEIR_VF_RESETTING;
    hal_pcie_flr_start(vf + 1);
    svc_fn_reset(vf + 1);
    vfs[vf].state = WEIR_VF_ALLOCATED;
    return WEIR_OK;
}
