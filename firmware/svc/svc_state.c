// SPDX-License-Identifier: Apache-2.0
// A VF that stops, leaves the card and enters it (rules 8): what device migration of a virtual machine is made of. The
// queue pairs are core 1's part; here is who may, in which state, and what the VF is beside them.
#include "hal/hal_ctrl.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "queue/ipc.h"
#include "steer/steer.h"
#include "svc.h"

static HAL_KEEP(parking) volatile unsigned parking; // VF + 1 whose queue pairs this command stops or lets run, 0: none

// The VF's vPort for a VF in `state`, with what it says when the VF is not.
static enum weir_status vport_in(unsigned vf, unsigned state, unsigned *vport) {
    const struct svc_vf *v = svc_vf(vf);
    int own = steer_vport_of_vf(vf);
    if (v == NULL || v->state == WEIR_VF_FREE) {
        return WEIR_NOT_FOUND;
    }
    if (v->state == WEIR_VF_RESETTING) {
        return WEIR_NOT_ACCEPTED;
    }
    if (v->state != state || own < 0 || steer_vport((unsigned)own)->deleting) {
        return WEIR_WRONG_STATE;
    }
    *vport = (unsigned)own;
    return WEIR_OK;
}

static enum weir_status stop(unsigned vf) {
    unsigned vport;
    enum weir_status status = vport_in(vf, WEIR_VF_ALLOCATED, &vport);
    const struct steer_vport *p;
    if (status != WEIR_OK) {
        return status;
    }
    p = steer_vport(vport);
    // From here on what comes for it goes to the default vPort, as after a surprise: nothing is dropped.
    steer_vport_down(vport);
    status = ipc_queue_park(p->qp_base, p->num_qps);
    if (status != WEIR_OK) {
        (void)ipc_queue_run(p->qp_base, p->num_qps); // a core 1 that was restarted may have left it half way
        steer_vport_up(vport);
        return status;
    }
    svc_vf_stopped(vf, true);
    return WEIR_OK;
}

static enum weir_status run(unsigned vf) {
    unsigned vport;
    enum weir_status status = vport_in(vf, WEIR_VF_STOPPED, &vport);
    const struct steer_vport *p;
    if (status != WEIR_OK) {
        return status;
    }
    p = steer_vport(vport);
    status = ipc_queue_run(p->qp_base, p->num_qps);
    if (status == WEIR_OK) {
        svc_vf_stopped(vf, false);
        steer_vport_up(vport);
        // Whatever was told to its driver while it could not hear, it may ask again: its blocks. Not that it is to
        // stop.
        hal_fn_event(vf + 1, ~0u, ~(1u << (WEIR_FN_EVENT_EVENTS_BIT - 32) | 1u << (WEIR_FN_EVENT_RESET_BIT - 32)));
    }
    return status;
}

enum weir_status svc_state_set(unsigned vf, unsigned state) {
    const struct svc_vf *v = svc_vf(vf);
    if (state != WEIR_VF_ALLOCATED && state != WEIR_VF_STOPPED) {
        return WEIR_INVALID_PARAMETER;
    }
    if (v != NULL && v->state == state) {
        return WEIR_OK;
    }
    parking = vf + 1;
    return state == WEIR_VF_STOPPED ? stop(vf) : run(vf);
}

void svc_state_settle(void) {
    parking = 0;
}

// A command that core 0 died in is as if it had not been given: back where they were.
bool svc_state_mend(unsigned vf, const struct steer_vport *v) {
    enum weir_status status = WEIR_OK;
    if (parking == vf + 1) {
        status = svc_vf(vf) != NULL && svc_vf(vf)->state == WEIR_VF_STOPPED ? ipc_queue_park(v->qp_base, v->num_qps)
                                                                            : ipc_queue_run(v->qp_base, v->num_qps);
    }
    return status == WEIR_OK;
}

// Lines of `count` queue pairs from `addr` on: whole ones, below 2^64, clear of the interrupt window.
static bool records_ok(uint64_t addr, unsigned count) {
    uint64_t last = addr + count * (uint64_t)WEIR_QPS_BYTES - 1;
    return addr % WEIR_QPS_BYTES == 0 && last >= addr && (last < 0xFEE00000u || addr > 0xFEEFFFFFu);
}

enum weir_status svc_state_save(unsigned vf, uint64_t addr, struct weir_vf_image *image) {
    unsigned vport;
    enum weir_status status = vport_in(vf, WEIR_VF_STOPPED, &vport);
    const struct steer_vport *p;
    if (status != WEIR_OK) {
        return status;
    }
    p = steer_vport(vport);
    if (!records_ok(addr, p->num_qps)) {
        return WEIR_INVALID_PARAMETER;
    }
    image->vf = (uint16_t)vf;
    image->version = WEIR_VF_IMAGE_VERSION;
    image->num_qps = (uint8_t)p->num_qps;
    image->hello = svc_hello(vf + 1) ? 1 : 0;
    steer_rss_get(vf, image->rss, image->key);
    return ipc_queue_save(p->qp_base, p->num_qps, addr);
}

enum weir_status svc_state_load(uint64_t addr, const struct weir_vf_image *image) {
    unsigned vport, refused = 0;
    enum weir_status status = vport_in(image->vf, WEIR_VF_ALLOCATED, &vport);
    const struct steer_vport *p;
    if (status != WEIR_OK) {
        return status;
    }
    if (svc_hello(image->vf + 1u)) {
        return WEIR_WRONG_STATE; // its driver has begun; only a fresh one has nothing to lose
    }
    p = steer_vport(vport);
    if (image->version != WEIR_VF_IMAGE_VERSION || image->num_qps != p->num_qps || image->hello > 1 ||
        !records_ok(addr, p->num_qps)) {
        return WEIR_INVALID_PARAMETER;
    }
    status = ipc_queue_load_begin(p->qp_base, p->num_qps, p->fn, vport, addr);
    if (status != WEIR_OK) {
        return status;
    }
    // While core 1 waits for the host's memory; only the hardware has it till it is taken.
    if (!steer_rss_ok(image->rss, p->num_qps)) {
        (void)ipc_queue_load_end(&refused);
        (void)ipc_queue_kill(p->qp_base, p->num_qps); // as they were before
        return WEIR_INVALID_PARAMETER;
    }
    steer_vport_down(vport);
    steer_rss_show(vport, image->rss, image->key);
    status = ipc_queue_load_end(&refused);
    if (status == WEIR_OK) {
        steer_rss_keep(vport, image->rss, image->key);
        svc_hello_set(image->vf + 1u, image->hello != 0);
        svc_vf_stopped(image->vf, true);
        return WEIR_OK;
    }
    if (status == WEIR_ABORTED || status == WEIR_TIMEOUT) {
        (void)ipc_queue_kill(p->qp_base, p->num_qps); // half done, perhaps
    }
    svc_log_at(WEIR_LOG_WARN, "vf %u: state of queue pair %u not taken, status %u", image->vf, refused, status);
    steer_rss_back(vport);
    steer_vport_up(vport);
    return status;
}
