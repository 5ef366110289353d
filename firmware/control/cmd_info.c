// SPDX-License-Identifier: Apache-2.0
// Commands about the card and its state: HELLO, PING, GET_CAPS, GET_INFO, counters, events, log, link.
#include "cmd.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "hal/hal_switch.h"
#include "steer/steer.h"
#include "svc/svc.h"

#define FW_VERSION 0x00000001u

enum weir_status cmd_run_HELLO(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_hello_req *req = req_;
    struct weir_hello_rsp *rsp = rsp_;
    if (req->abi_major != WEIR_ABI_MAJOR) {
        svc_hello_set(fn, false);
        return WEIR_VERSION;
    }
    // No optional feature exists yet, so none is granted.
    *rsp = (struct weir_hello_rsp){
        .abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR, .fw_version = FW_VERSION, .fn = fn};
    svc_hello_set(fn, true);
    return WEIR_OK;
}

enum weir_status cmd_run_PING(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_ping_req *req = req_;
    struct weir_ping_rsp *rsp = rsp_;
    (void)fn;
    rsp->word = req->word;
    rsp->cycle_lo = hal_ctrl_cycle();
    return WEIR_OK;
}

enum weir_status cmd_run_GET_CAPS(unsigned fn, const void *req_, void *rsp_) {
    struct weir_get_caps_rsp *rsp = rsp_;
    unsigned flags = steer_switch_flags();
    (void)req_;
    if (fn != 0) {
        return WEIR_PERMISSION; // rules 3.15
    }
    *rsp = (struct weir_get_caps_rsp){.hw_vfs = WEIR_NUM_VFS,
                                      .cur_vfs = (uint16_t)svc_vf_max(),
                                      .hw_vports = WEIR_NUM_VPORTS,
                                      .cur_vports = (uint16_t)steer_switch_vports(),
                                      .hw_qps = WEIR_NUM_QPS,
                                      .cur_qps = (uint16_t)steer_switch_qps(),
                                      .max_qps_per_vport = WEIR_VF_MAX_QPS,
                                      .max_filters = WEIR_NUM_FILTERS,
                                      .filter_quota = WEIR_FILTER_QUOTA,
                                      .max_frame = WEIR_MAX_FRAME,
                                      // A switch may have been created narrower than the card (rules 2.9, 2.12).
                                      .flags = WEIR_CAP_ATOMIC_MOVE_FENCE | WEIR_CAP_VF_RSS | WEIR_CAP_VPORT_VLAN |
                                               WEIR_CAP_PF_VPORT_RSS | WEIR_CAP_VPORT_MODERATION | WEIR_CAP_CSUM |
                                               WEIR_CAP_VPORT_RSS_KEY | WEIR_CAP_GUEST_POLICY |
                                               (flags & WEIR_SWITCH_RESERVE_VFS ? 0 : WEIR_CAP_SINGLE_VPORT_POOL) |
                                               (flags & WEIR_SWITCH_SYMMETRIC ? 0 : WEIR_CAP_ASYMMETRIC_QPS),
                                      .clock_hz = WEIR_CLOCK_HZ};
    return WEIR_OK;
}

enum weir_status cmd_run_GET_INFO(unsigned fn, const void *req_, void *rsp_) {
    struct weir_get_info_rsp *rsp = rsp_;
    int vport = fn == 0 ? (steer_switch_exists() ? 0 : -1) : steer_vport_of_vf(fn - 1);
    (void)req_;
    rsp->max_frame = WEIR_MAX_FRAME;
    rsp->operational = 1;
    rsp->link = hal_port_up() ? 1 : 0;
    if (fn != 0) {
        memcpy(rsp->mac, svc_vf(fn - 1)->mac, 6);
    }
    if (vport >= 0 && !steer_vport((unsigned)vport)->deleting) {
        rsp->has_vport = 1;
        rsp->num_qps = steer_vport((unsigned)vport)->num_qps;
    }
    return WEIR_OK;
}

enum weir_status cmd_run_GET_COUNTERS(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_get_counters_req *req = req_;
    struct weir_get_counters_rsp *rsp = rsp_;
    bool global = fn == 0 && req->vport == WEIR_COUNTERS_SWITCH, past = fn == 0 && req->vport == WEIR_COUNTERS_PAST;
    unsigned total = global ? WEIR_SW_CNT_COUNT : WEIR_VPORT_CNT_COUNT, vport = req->vport;

    if (fn != 0) {
        int own = steer_vport_of_vf(fn - 1);
        if (own < 0) {
            return WEIR_NOT_FOUND;
        }
        vport = (unsigned)own;
    }
    // A deleted vPort's counters stay readable until its id is used again: the ledger of a surprise removal.
    if (!global && !past && vport >= steer_switch_vports()) {
        return WEIR_NOT_FOUND;
    }
    if (req->count == 0 || req->count > 14 || req->first >= total || req->count > total - req->first) {
        return WEIR_INVALID_PARAMETER;
    }
    rsp->first = req->first;
    rsp->count = req->count;
    // bound: 14, checked above
    for (unsigned i = 0; i < req->count; i++) {
        unsigned at = req->first + i;
        rsp->value[i] = global ? hal_switch_counter_global(at) : past ? steer_past(at) : hal_switch_counter(vport, at);
    }
    return WEIR_OK;
}

enum weir_status cmd_run_GET_EVENTS(unsigned fn, const void *req_, void *rsp_) {
    (void)fn;
    (void)req_;
    svc_event_take(rsp_);
    return WEIR_OK;
}

enum weir_status cmd_run_READ_LOG(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_read_log_req *req = req_;
    (void)fn;
    svc_log_read(req->position, rsp_);
    return WEIR_OK;
}

enum weir_status cmd_run_SET_LINK(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_link_req *req = req_;
    (void)fn;
    (void)rsp_;
    if (req->enable > 1) {
        return WEIR_INVALID_PARAMETER;
    }
    hal_port_enable(req->enable != 0);
    return WEIR_OK;
}
