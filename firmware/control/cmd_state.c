// SPDX-License-Identifier: Apache-2.0
// Commands that stop a VF, take its state and give it to another (rules 8). The rules are in svc_state.c.
#include "cmd.h"
#include "svc/svc.h"

enum weir_status cmd_run_SET_VF_STATE(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_vf_state_req *req = req_;
    (void)fn;
    (void)rsp_;
    return svc_state_set(req->vf, req->state);
}

enum weir_status cmd_run_SAVE_VF(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_save_vf_req *req = req_;
    (void)fn;
    return svc_state_save(req->vf, req->addr, rsp_);
}

enum weir_status cmd_run_LOAD_VF(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_load_vf_req *req = req_;
    (void)fn;
    (void)rsp_;
    return svc_state_load(req->addr, &req->image);
}
