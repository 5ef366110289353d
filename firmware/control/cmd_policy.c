// SPDX-License-Identifier: Apache-2.0
// Commands about what a vPort may send, hear and be called (rules 2.13-2.15, 3.17). The rules are in steer_policy.c.
#include "cmd.h"
#include "hal/hal_lib.h"
#include "hal/hal_switch.h"
#include "steer/steer.h"
#include "svc/svc.h"

enum weir_status cmd_run_GET_VPORT_CAPS(unsigned fn, const void *req_, void *rsp_) {
    struct weir_get_vport_caps_rsp *rsp = rsp_;
    (void)fn;
    (void)req_;
    *rsp = (struct weir_get_vport_caps_rsp){.max_default_qps =
                                                (uint16_t)WEIR_ABI_MASK(0, WEIR_SWITCH_VPORT_QP_COUNT_WIDTH),
                                            .default_rss = WEIR_RSS_ENTRIES,
                                            .nondefault_rss = WEIR_RSS_ENTRIES,
                                            .vlan_ranges = WEIR_VLAN_RANGES,
                                            .moderation = (2u << WEIR_MODERATION_HIGH) - 1};
    return WEIR_OK;
}

enum weir_status cmd_run_SET_VPORT_VLAN(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_vport_vlan_req *req = req_;
    enum weir_status status = steer_vlan(req);
    (void)fn;
    (void)rsp_;
    if (status == WEIR_OK) {
        svc_log("vport %u: vlan mode %u", req->vport, req->mode);
    }
    return status;
}

enum weir_status cmd_run_SET_MIRROR(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_mirror_req *req = req_;
    enum weir_status status = steer_mirror_set(req);
    (void)fn;
    (void)rsp_;
    if (status == WEIR_OK) {
        svc_log("vport %u: mirror to %u %u", req->src, req->dst, req->on);
    }
    return status;
}

enum weir_status cmd_run_SET_RSS(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_rss_req *req = req_;
    int vport = fn == 0 ? (int)req->vport : steer_vport_of_vf(fn - 1);
    (void)rsp_;
    return vport < 0 ? WEIR_NOT_FOUND : steer_rss((unsigned)vport, req);
}

enum weir_status cmd_run_SET_RSS_KEY(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_rss_key_req *req = req_;
    (void)fn;
    (void)rsp_;
    steer_rss_key_all(req->key);
    return WEIR_OK;
}

enum weir_status cmd_run_SET_VPORT_RSS_KEY(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_vport_rss_key_req *req = req_;
    int vport = fn == 0 ? (int)req->vport : steer_vport_of_vf(fn - 1);
    (void)rsp_;
    return vport < 0 ? WEIR_NOT_FOUND : steer_rss_key((unsigned)vport, req->key);
}

enum weir_status cmd_run_UPDATE_VPORT(unsigned fn, const void *req_, void *rsp_) {
    (void)fn;
    (void)rsp_;
    return steer_vport_update(req_);
}

enum weir_status cmd_run_DESCRIBE_VPORT(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_vport_req *req = req_;
    struct weir_describe_vport_rsp *rsp = rsp_;
    const struct steer_vport *p = steer_vport(req->vport);
    (void)fn;
    if (p == NULL) {
        return WEIR_NOT_FOUND;
    }
    *rsp = (struct weir_describe_vport_rsp){.vport = req->vport,
                                            .flags = p->flags,
                                            .vlan_mode = p->vlan_mode,
                                            .moderation = p->moderation,
                                            .tci = p->tci,
                                            .cpu = p->cpu,
                                            .mirror = p->mirrored ? (uint16_t)steer_mirror() : WEIR_VPORT_NO_VF};
    memcpy(rsp->name, p->name, sizeof(rsp->name));
    return WEIR_OK;
}
