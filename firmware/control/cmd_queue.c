// SPDX-License-Identifier: Apache-2.0
// Commands of queue pairs and of the backchannel. A VF's queue numbers are its own; the range check here is the only
// way from them to the card's (threat T7).
#include "cmd.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "hal/hal_shared.h"
#include "queue/ipc.h"
#include "steer/steer.h"
#include "svc/svc.h"

void cmd_queue_settle(void) {
    HAL_SHARED->creating = 0;
}

void cmd_queue_undo(void) {
    if (HAL_SHARED->creating != 0) {
        (void)ipc_queue_kill(HAL_SHARED->creating - 1, 1);
    }
}

// The vPort that holds queue pair `qp` (caller's numbering) and its number in the card; NULL when it is not the
// caller's, or not any more.
static const struct steer_vport *own_qp(unsigned fn, unsigned qp, unsigned *vport, unsigned *card_qp) {
    if (fn == 0) {
        // bound: WEIR_NUM_VPORTS
        for (unsigned i = 0; i < steer_switch_vports(); i++) {
            const struct steer_vport *v = steer_vport(i);
            if (v != NULL && !v->deleting && v->vf == STEER_NO_VF && qp >= v->qp_base && qp < v->qp_base + v->num_qps) {
                *vport = i;
                *card_qp = qp;
                return v;
            }
        }
        return NULL;
    }
    int own = steer_vport_of_vf(fn - 1);
    if (own < 0 || steer_vport((unsigned)own)->deleting || qp >= steer_vport((unsigned)own)->num_qps) {
        return NULL;
    }
    *vport = (unsigned)own;
    *card_qp = steer_vport((unsigned)own)->qp_base + qp;
    return steer_vport((unsigned)own);
}

// True when [base, base + bytes) stays below 2^64 and clear of the interrupt window: the card must never write there
// but for its own interrupts (threat T10).
static bool ring_ok(uint64_t base, unsigned log2) {
    uint64_t last = base + ((uint64_t)WEIR_RING_ENTRY_BYTES << log2) - 1;
    return (base & 63) == 0 && last >= base && (last < 0xFEE00000u || base > 0xFEEFFFFFu);
}

enum weir_status cmd_run_CREATE_QP(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_create_qp_req *req = req_;
    struct weir_create_qp_rsp *rsp = rsp_;
    unsigned vport, qp;
    enum weir_status status;

    if (own_qp(fn, req->qp, &vport, &qp) == NULL || (fn == 0 && vport != req->vport)) {
        return WEIR_NOT_FOUND;
    }
    if (req->tx_log2 < WEIR_RING_LOG2_MIN || req->tx_log2 > WEIR_RING_LOG2_MAX || req->rx_log2 < WEIR_RING_LOG2_MIN ||
        req->rx_log2 > WEIR_RING_LOG2_MAX || req->cq_log2 < WEIR_RING_LOG2_MIN + 1 || req->cq_log2 > WEIR_CQ_LOG2_MAX ||
        req->vector >= WEIR_FN_VECTORS || !ring_ok(req->tx_base, req->tx_log2) ||
        !ring_ok(req->rx_base, req->rx_log2) || !ring_ok(req->cq_base, req->cq_log2)) {
        return WEIR_INVALID_PARAMETER;
    }
    status = ipc_queue_create(qp, fn, vport, req);
    if (status == WEIR_ABORTED || status == WEIR_TIMEOUT) {
        cmd_queue_undo(); // half done, perhaps
    }
    rsp->qp = (uint16_t)qp;
    rsp->db_offset = WEIR_BAR_DOORBELL_BASE + req->qp * (uint32_t)WEIR_BAR_DOORBELL_SIZE;
    return status;
}

enum weir_status cmd_run_DESTROY_QP(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_qp_req *req = req_;
    unsigned vport, qp;
    enum weir_status status;
    (void)rsp_;
    if (own_qp(fn, req->qp, &vport, &qp) == NULL) {
        return WEIR_NOT_FOUND;
    }
    status = ipc_queue_destroy(qp, 1);
    if (status != WEIR_OK) {
        (void)ipc_queue_kill(qp, 1); // not drained, but at rest; the status says so
    }
    return status;
}

enum weir_status cmd_run_GET_QP(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_qp_req *req = req_;
    unsigned vport, qp;
    return own_qp(fn, req->qp, &vport, &qp) == NULL ? WEIR_NOT_FOUND : ipc_queue_get(qp, rsp_);
}

enum weir_status cmd_run_SET_RATE(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_set_rate_req *req = req_;
    unsigned vport, qp = IPC_RATE_FN;
    (void)fn;
    (void)rsp_;
    if (req->mbps > WEIR_RATE_MAX || req->weight > 15) {
        return WEIR_INVALID_PARAMETER;
    }
    if (req->fn >= WEIR_NUM_FNS ||
        (req->fn != 0 && (svc_vf(req->fn - 1u) == NULL || svc_vf(req->fn - 1u)->state == WEIR_VF_FREE)) ||
        (req->qp != WEIR_RATE_FN && own_qp(req->fn, req->qp, &vport, &qp) == NULL)) {
        return WEIR_NOT_FOUND;
    }
    return ipc_queue_rate(req->fn, qp, req->mbps, req->weight);
}

enum weir_status cmd_run_FENCE(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_fence_req *req = req_;
    struct weir_fence_rsp *rsp = rsp_;
    (void)fn;
    return steer_fence(req->vport, req->token, &rsp->epoch);
}

// Which VF's blocks the caller means; a VF means its own whatever it says (rules 9.3).
static int block_vf(unsigned fn, unsigned vf) {
    const struct svc_vf *v;
    if (fn != 0) {
        return (int)fn - 1;
    }
    v = svc_vf(vf);
    return v != NULL && v->state != WEIR_VF_FREE ? (int)vf : -1;
}

enum weir_status cmd_run_READ_BLOCK(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_read_block_req *req = req_;
    int vf = block_vf(fn, req->vf);
    return vf < 0 ? WEIR_NOT_FOUND : svc_block_read((unsigned)vf, req->block, rsp_);
}

enum weir_status cmd_run_WRITE_BLOCK(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_write_block_req *req = req_;
    int vf = block_vf(fn, req->vf);
    (void)rsp_;
    return vf < 0 ? WEIR_NOT_FOUND : svc_block_write((unsigned)vf, req->block, req->data, req->length);
}

enum weir_status cmd_run_INVALIDATE_BLOCKS(unsigned fn, const void *req_, void *rsp_) {
    const struct weir_invalidate_req *req = req_;
    const struct svc_vf *v = svc_vf(req->vf);
    (void)fn;
    (void)rsp_;
    if (v == NULL || v->state == WEIR_VF_FREE) {
        return WEIR_NOT_FOUND;
    }
    hal_fn_event(req->vf + 1u, req->mask_lo, req->mask_hi);
    return WEIR_OK;
}
