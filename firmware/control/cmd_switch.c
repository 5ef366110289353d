// SPDX-License-Identifier: Apache-2.0
// Commands of the NIC switch and its VFs, vPorts and filters (rules 1-4, 9). The rules themselves are in steer and svc.
#include "cmd.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "queue/ipc.h"
#include "steer/steer.h"
#include "svc/svc.h"

enum weir_status cmd_run_CREATE_SWITCH(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_create_switch_req *req = req_;
    enum weir_status status = WEIR_OK;
    (void)fn;
    (void)rsp_;
    // Limits of rules 2.2, 2.10.
    if (req->switch_id != 0 || req->num_vfs > WEIR_NUM_VFS || req->num_vports < req->num_vfs + 1) {
        return WEIR_INVALID_PARAMETER;
    }
    if (svc_must_sweep()) {
        status = svc_sweep();
    }
    if (status == WEIR_OK) {
        status = steer_switch_create(req->num_vfs, req->num_vports, req->num_qps, req->default_qps, req->flags);
    }
    if (status != WEIR_OK) {
        return status;
    }
    // The PF is trusted: its doorbell pages are all queue pairs in the card's numbering.
    status = ipc_queue_map(0, 0, WEIR_NUM_QPS);
    if (status != WEIR_OK) {
        steer_reset();
        return status;
    }
    svc_vf_limit(req->num_vfs);
    return WEIR_OK;
}

enum weir_status cmd_run_DELETE_SWITCH(unsigned fn, const void *req_, void *rsp_) {
    enum weir_status status;
    (void)fn;
    (void)req_;
    (void)rsp_;
    if (svc_vf_allocated() != 0) {
        return WEIR_IN_USE; // rules 9.11
    }
    status = steer_switch_empty();
    if (status == WEIR_OK) {
        status = ipc_queue_stop(0, steer_vport(0)->num_qps);
    }
    if (status == WEIR_OK) {
        status = ipc_queue_map(0, 0, 0);
    }
    if (status == WEIR_OK) {
        steer_reset();
        svc_vf_limit(0);
    }
    return status;
}

enum weir_status cmd_run_ALLOC_VF(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_alloc_vf_req *req = req_;
    struct weir_alloc_vf_rsp *rsp = rsp_;
    unsigned vf;
    enum weir_status status = svc_vf_alloc(req->vf, req->mac, req->vm_name, &vf);
    (void)fn;
    if (status == WEIR_OK) {
        rsp->vf = (uint16_t)vf;
        rsp->rid = hal_pcie_rid(vf + 1);
        svc_log_at(WEIR_LOG_DEBUG, "vf %u allocated for %s", vf, svc_vf(vf)->vm_name);
    }
    return status;
}

enum weir_status cmd_run_FREE_VF(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_vf_req *req = req_;
    (void)fn;
    (void)rsp_;
    return svc_vf_free(req->vf);
}

enum weir_status cmd_run_RESET_VF(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_vf_req *req = req_;
    (void)fn;
    (void)rsp_;
    return svc_vf_reset(req->vf);
}

enum weir_status cmd_run_GET_VF(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_vf_req *req = req_;
    struct weir_get_vf_rsp *rsp = rsp_;
    const struct svc_vf *v = svc_vf(req->vf);
    int vport;
    (void)fn;
    if (v == NULL) {
        return WEIR_NOT_FOUND;
    }
    vport = steer_vport_of_vf(req->vf);
    *rsp = (struct weir_get_vf_rsp){.vf = req->vf,
                                    .rid = hal_pcie_rid(req->vf + 1u),
                                    .state = v->state,
                                    .hello = svc_hello(req->vf + 1u) ? 1 : 0,
                                    .vport = (uint16_t)(vport < 0 ? 0 : vport)};
    memcpy(rsp->mac, v->mac, 6);
    return WEIR_OK;
}

enum weir_status cmd_run_CREATE_VPORT(unsigned fn, const void *req_, void *rsp_) {
    static const uint8_t no_mac[6];
    const struct weir_create_vport_req *req = req_;
    const struct svc_vf *v = NULL;
    enum weir_status status;
    unsigned owner = 0;
    (void)fn;
    (void)rsp_;
    if (req->vf != WEIR_VPORT_NO_VF) {
        v = svc_vf(req->vf);
        if (v == NULL || v->state == WEIR_VF_FREE) {
            return WEIR_NOT_FOUND; // rules 2.4
        }
        if (v->state != WEIR_VF_ALLOCATED) {
            return WEIR_NOT_ACCEPTED;
        }
        owner = req->vf + 1u;
    }
    status = steer_vport_create(req->vport, owner, req->vf, req->num_qps, req->flags, v != NULL ? v->mac : no_mac,
                                req->name);
    if (status == WEIR_OK && owner != 0) {
        const struct steer_vport *p = steer_vport(req->vport);
        status = ipc_queue_map(owner, p->qp_base, p->num_qps);
        if (status != WEIR_OK) {
            steer_vport_undo(req->vport); // all or nothing (rules 2.16)
        }
    }
    return status;
}

enum weir_status cmd_run_DELETE_VPORT(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_vport_req *req = req_;
    const struct steer_vport *p = steer_vport(req->vport);
    enum weir_status status = steer_vport_retire(req->vport);
    (void)fn;
    (void)rsp_;
    // A step that fails leaves the vPort as it is then; deleting it again goes on from there.
    if (status == WEIR_OK && p->vf != STEER_NO_VF) {
        status = ipc_queue_map(p->vf + 1u, 0, 0);
    }
    if (status == WEIR_OK) {
        status = ipc_queue_stop(p->qp_base, p->num_qps);
    }
    return status == WEIR_OK ? steer_vport_delete(req->vport) : status;
}

enum weir_status cmd_run_SET_VPORT(unsigned fn, const void *req_, void *rsp_) {
    (void)fn;
    (void)rsp_;
    return steer_vport_set(req_);
}

enum weir_status cmd_run_GET_VPORT(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_vport_req *req = req_;
    struct weir_get_vport_rsp *rsp = rsp_;
    const struct steer_vport *p = steer_vport(req->vport);
    (void)fn;
    if (p == NULL) {
        return WEIR_NOT_FOUND;
    }
    *rsp = (struct weir_get_vport_rsp){.vport = req->vport,
                                       .vf = p->vf,
                                       .qp_base = p->qp_base,
                                       .num_qps = p->num_qps,
                                       .flags = p->flags,
                                       .state = p->state,
                                       .armed = ipc_queue_armed(p->qp_base, p->num_qps) ? 1 : 0,
                                       .num_filters = p->filters,
                                       .num_sources = p->sources,
                                       .in_flood = p->flood ? 1 : 0};
    return WEIR_OK;
}

enum weir_status cmd_run_SET_FILTER(unsigned fn, const void *req_, void *rsp_) {
    (void)fn;
    (void)rsp_;
    return steer_filter_set(req_);
}

enum weir_status cmd_run_CLEAR_FILTER(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_clear_filter_req *req = req_;
    (void)fn;
    (void)rsp_;
    return steer_filter_clear(req->filter);
}

enum weir_status cmd_run_GET_FILTER(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_get_filter_req *req = req_;
    (void)fn;
    return steer_filter_get(req->from, rsp_);
}

enum weir_status cmd_run_MOVE_FILTER(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_move_filter_req *req = req_;
    struct weir_move_filter_rsp *rsp = rsp_;
    enum weir_status status = steer_filter_move(req, rsp);
    (void)fn;
    if (status == WEIR_OK) {
        // What the PF driver asked for it knows, and a line takes as long as the move.
        svc_log_at(WEIR_LOG_DEBUG, "filter %u moved %u to %u, epoch %u", (unsigned)req->filter, req->src, req->dst,
                   rsp->epoch);
    }
    return status;
}

enum weir_status cmd_run_SET_FLOOD(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_flood_req *req = req_;
    (void)fn;
    (void)rsp_;
    return req->member > 1 ? WEIR_INVALID_PARAMETER : steer_flood(req->vport, req->member != 0);
}
