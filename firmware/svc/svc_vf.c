// SPDX-License-Identifier: Apache-2.0
// VF life cycle, see svc.h. States (enum weir_vf_state):
//   FREE       not operational: no doorbell, no DMA, no mailbox (rules 1.10)
//   ALLOCATED  the VF's driver may use what it was given
//   RESETTING  a reset was begun and has not ended; it ends in ALLOCATED
//   STOPPED    its queue pairs are at rest, its commands are not accepted (svc_state.c); a reset ends that, too
#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "steer/steer.h"
#include "svc.h"

// A reset ends when the function's reads are answered or timed out (40 ms by default); the PCIe limit is 100 ms.
#define RESET_CYCLES 30000000u // 120 ms

static struct svc_vf vfs[WEIR_NUM_VFS];
static bool hello[WEIR_NUM_FNS];
static unsigned limit;

void svc_vf_reset_all(void) {
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
    if (fn < WEIR_NUM_FNS) {
        hello[fn] = said;
    }
}

void svc_vf_resetting(unsigned vf, bool on) {
    if (vf < WEIR_NUM_VFS && vfs[vf].state != WEIR_VF_FREE) {
        vfs[vf].state = on ? WEIR_VF_RESETTING : WEIR_VF_ALLOCATED;
    }
}

void svc_vf_stopped(unsigned vf, bool on) {
    if (vf < WEIR_NUM_VFS) {
        vfs[vf].state = on ? WEIR_VF_STOPPED : WEIR_VF_ALLOCATED;
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
    vfs[at].state = WEIR_VF_ALLOCATED;
    memcpy(vfs[at].mac, mac, 6);
    memcpy(vfs[at].vm_name, name, sizeof(vfs[at].vm_name));
    vfs[at].vm_name[sizeof(vfs[at].vm_name) - 1] = '\0';
    // What the last owner left behind (threat T20).
    svc_block_clear(at);
    hello[at + 1] = false;
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
        hal_ctrl_kick();
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
}
