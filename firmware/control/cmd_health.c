// SPDX-License-Identifier: Apache-2.0
// Commands about the cores themselves: panic records, stacks, log level.
#include "cmd.h"
#include "hal/hal_health.h"
#include "hal/hal_shared.h"
#include "svc/svc.h"

enum weir_status cmd_run_GET_PANIC(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_get_panic_req *req = req_;
    struct weir_get_panic_rsp *rsp = rsp_;
    (void)fn;
    if (req->core > 1 || req->part >= WEIR_PANIC_WORDS / WEIR_PANIC_PART) {
        return WEIR_INVALID_PARAMETER;
    }
    rsp->core = req->core;
    rsp->part = req->part;
    rsp->count = HAL_SHARED->panic[req->core].count;
    for (unsigned i = 0; i < WEIR_PANIC_PART && rsp->count != 0; i++) {
        rsp->word[i] = HAL_SHARED->panic[req->core].word[req->part * WEIR_PANIC_PART + i];
    }
    return WEIR_OK;
}

enum weir_status cmd_run_GET_HEALTH(unsigned fn, const void *req_, void *rsp_) {
    struct weir_get_health_rsp *rsp = rsp_;
    (void)fn;
    (void)req_;
    for (unsigned i = 0; i < 2; i++) {
        rsp->stack_bytes[i] = hal_stack_bytes();
        rsp->stack_used[i] = hal_stack_used(i);
        rsp->panics[i] = HAL_SHARED->panic[i].count;
    }
    rsp->restarts1 = HAL_SHARED->restarts1;
    rsp->log_level = (uint8_t)svc_log_level();
    rsp->crash_loops = (uint8_t)(HAL_SHARED->crash.loops < 0xFF ? HAL_SHARED->crash.loops : 0xFF);
    rsp->crash_slot = (uint8_t)HAL_SHARED->crash.slot;
    rsp->crash_outcome = (uint8_t)HAL_SHARED->crash.outcome;
    return WEIR_OK;
}

enum weir_status cmd_run_SET_LOG_LEVEL(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_log_level_req *req = req_;
    (void)fn;
    (void)rsp_;
    if (req->level > WEIR_LOG_DEBUG) {
        return WEIR_INVALID_PARAMETER;
    }
    svc_log_set_level(req->level);
    return WEIR_OK;
}
