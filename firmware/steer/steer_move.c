// SPDX-License-Identifier: Apache-2.0
// MOVE_FILTER, the pivot of every hand-over (rules 3.10, 7.12, 7.13): all checks first, then one hardware operation.
#include "control/ipc.h"
#include "hal/hal_ctrl.h"
#include "hal/hal_switch.h"
#include "steer.h"

// A vPort moved in is not moved out again for this long: flapping costs every guest epochs and fences.
#define MOVE_GAP_CYCLES 2500u // 10 us

enum weir_status steer_filter_move(const struct weir_move_filter_req *req, struct weir_move_filter_rsp *rsp) {
    const unsigned known = WEIR_MOVE_FLOOD | WEIR_MOVE_FENCE | WEIR_MOVE_DRAIN;
    struct steer_vport *src = steer_vport_mut(req->src), *dst = steer_vport_mut(req->dst);
    bool surprise = (req->flags & WEIR_MOVE_DRAIN) != 0;
    struct steer_vport *guest; // the nondefault side, whose moves are rate-limited
    struct hal_move m;
    int slot;

    if (src == NULL || dst == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (src == dst || (req->flags & ~known) != 0 || (surprise && req->dst != 0)) {
        return WEIR_INVALID_PARAMETER;
    }
    slot = steer_filter_slot(req->filter, req->src);
    if (slot < 0) {
        return WEIR_NOT_FOUND; // unknown, or not on the named source (rules 3.11)
    }
    if (dst->state != WEIR_VPORT_ACTIVATED || dst->drain) {
        return WEIR_WRONG_STATE;
    }
    if (dst->vf != STEER_NO_VF && dst->filters >= WEIR_FILTER_QUOTA) {
        return WEIR_NO_RESOURCES;
    }
    if (req->dst != 0 && !ipc_queue_armed(dst->qp_base, dst->num_qps)) {
        return WEIR_NOT_ARMED;
    }
    guest = req->src != 0 ? src : dst;
    if (!surprise && guest->moved && !hal_ctrl_expired(guest->last_move, MOVE_GAP_CYCLES)) {
        return WEIR_RATE_LIMITED;
    }

    m = (struct hal_move){.slot = slot, .dst = (uint8_t)req->dst, .leave = -1, .join = -1, .fence = -1, .token = req->token};
    if ((req->flags & WEIR_MOVE_FLOOD) != 0) {
        m.leave = req->src != 0 ? (int)req->src : -1;
        m.join = req->dst != 0 ? (int)req->dst : -1;
    }
    if ((req->flags & WEIR_MOVE_FENCE) != 0) {
        m.fence = (int)req->src;
    }
    if (surprise) {
        // Before the move, so that no copy is written to a function that is gone.
        steer_vport_down(req->src);
    }
    rsp->epoch = hal_switch_move(&m);
    rsp->cycle_lo = hal_ctrl_cycle();
    steer_filter_moved(req->filter, req->dst);
    if (m.leave >= 0) {
        src->flood = false;
    }
    if (m.join >= 0) {
        dst->flood = true;
    }
    guest->moved = true;
    guest->last_move = rsp->cycle_lo;
    return WEIR_OK;
}

enum weir_status steer_fence(unsigned vport, uint32_t token, uint8_t *epoch) {
    struct hal_move m = {.slot = -1, .leave = -1, .join = -1, .fence = (int)vport, .token = token};
    if (steer_vport(vport) == NULL) {
        return WEIR_NOT_FOUND;
    }
    *epoch = hal_switch_move(&m);
    return WEIR_OK;
}
