// SPDX-License-Identifier: Apache-2.0
// MOVE_FILTER, the pivot of every hand-over (rules 3.10, 7.12, 7.13): all checks first, then one hardware operation.
// And the fences.
#include "hal/hal_ctrl.h"
#include "hal/hal_keep.h"
#include "hal/hal_switch.h"
#include "queue/ipc.h"
#include "steer.h"

// Moves of a vPort do not turn round sooner: flapping costs every guest epochs and fences.
#define MOVE_GAP_CYCLES 2500u // 10 us
// The hardware holds up a further fence on the bus until an earlier one is through, and core 0 with it.
#define MAX_FENCES 16u

// Fences under way in order of issue, the order in which they end.
static struct fence {
    uint8_t vport;
    bool own;   // a flush; nobody else hears of it
    bool stale; // of a switch that is gone
    uint32_t token;
} fence[MAX_FENCES];
static unsigned head, tail;

// The last move of a filter: the hardware's epoch tells whether it took place, should this core not live to know.
static HAL_KEEP(last_move) struct {
    volatile bool issued;
    volatile uint8_t before;
} last;

static bool fence_room(void) {
    return head - tail < MAX_FENCES;
}

static uint8_t move(const struct hal_move *m, bool own) {
    if (m->fence >= 0) {
        fence[head++ % MAX_FENCES] = (struct fence){.vport = (uint8_t)m->fence, .own = own, .token = m->token};
    }
    return hal_switch_move(m);
}

bool steer_fence_done(unsigned vport, uint32_t token) {
    const struct fence *f = &fence[tail % MAX_FENCES];
    if (head == tail || f->vport != vport || f->token != token) {
        return true; // issued before core 0 was restarted
    }
    tail++;
    if (f->own && !f->stale) {
        steer_vport_mut(vport)->flushes--;
    }
    return !f->own;
}

void steer_fences_forget(void) {
    // bound: MAX_FENCES, no more are ever between tail and head
    for (unsigned i = tail; i != head; i++) {
        fence[i % MAX_FENCES].stale = true;
    }
}

// A hand-over may take several filters; they go the same way.
static bool turns_too_soon(const struct steer_vport *v, bool in) {
    return v->moved && v->moved_in != in && !hal_ctrl_expired(v->last_move, MOVE_GAP_CYCLES);
}

static void note_move(struct steer_vport *v, bool in, uint32_t cycle) {
    v->moved = true;
    v->moved_in = in;
    v->last_move = cycle;
}

static enum weir_status check_move(const struct weir_move_filter_req *req, const struct steer_vport *src,
                                   const struct steer_vport *dst, int slot) {
    const unsigned known = WEIR_MOVE_FLOOD | WEIR_MOVE_FENCE | WEIR_MOVE_DRAIN;
    bool surprise = (req->flags & WEIR_MOVE_DRAIN) != 0;

    if (src == NULL || dst == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (src == dst || (req->flags & ~known) != 0 || (surprise && req->dst != 0)) {
        return WEIR_INVALID_PARAMETER;
    }
    if (slot < 0) {
        return WEIR_NOT_FOUND; // unknown, or not on the named source (rules 3.11)
    }
    if (dst->state != WEIR_VPORT_ACTIVATED || dst->redirecting || dst->resetting || dst->deleting) {
        return WEIR_WRONG_STATE;
    }
    if (dst->vf != STEER_NO_VF && dst->filters >= WEIR_FILTER_QUOTA) {
        return WEIR_NO_RESOURCES; // threat T14
    }
    if (req->dst != 0 && !ipc_queue_armed(dst->qp_base, dst->num_qps)) {
        return WEIR_NOT_ARMED; // rules 4.11
    }
    // The default vPort takes part in everybody's moves and counts for none.
    if (!surprise && ((req->src != 0 && turns_too_soon(src, false)) || (req->dst != 0 && turns_too_soon(dst, true)))) {
        return WEIR_RATE_LIMITED;
    }
    if ((req->flags & WEIR_MOVE_FENCE) != 0 && !fence_room()) {
        return WEIR_RATE_LIMITED;
    }
    return WEIR_OK;
}

enum weir_status steer_filter_move(const struct weir_move_filter_req *req, struct weir_move_filter_rsp *rsp) {
    struct steer_vport *src = steer_vport_mut(req->src), *dst = steer_vport_mut(req->dst);
    int slot = steer_filter_slot(req->filter, req->src);
    enum weir_status status = check_move(req, src, dst, slot);
    uint32_t cycle;
    struct hal_move m = {
        .slot = slot, .dst = (uint8_t)req->dst, .leave = -1, .join = -1, .fence = -1, .token = req->token};

    if (status != WEIR_OK) {
        return status;
    }
    if ((req->flags & WEIR_MOVE_FLOOD) != 0) {
        m.leave = req->src != 0 ? (int)req->src : -1;
        m.join = req->dst != 0 ? (int)req->dst : -1;
    }
    if ((req->flags & WEIR_MOVE_FENCE) != 0) {
        m.fence = (int)req->src;
    }
    if ((req->flags & WEIR_MOVE_DRAIN) != 0) {
        // Before the move, so that no copy is written to a function that is gone.
        steer_vport_down(req->src);
    }
    // All that is to be noted before, so that it is true in the instant in which the hardware moves.
    steer_filter_moved(req->filter, req->dst);
    if (m.leave >= 0) {
        src->flood = false;
    }
    if (m.join >= 0) {
        dst->flood = true;
    }
    cycle = hal_ctrl_cycle();
    note_move(src, false, cycle);
    note_move(dst, true, cycle);
    last.before = hal_switch_epoch();
    last.issued = true;
    rsp->epoch = move(&m, false);
    rsp->cycle_lo = hal_ctrl_cycle();
    return WEIR_OK;
}

enum weir_status steer_fence(unsigned vport, uint32_t token, uint8_t *epoch) {
    struct hal_move m = {.slot = -1, .leave = -1, .join = -1, .fence = (int)vport, .token = token};
    if (steer_vport(vport) == NULL) {
        return WEIR_NOT_FOUND;
    }
    if (!fence_room()) {
        return WEIR_RATE_LIMITED;
    }
    *epoch = move(&m, false);
    return WEIR_OK;
}

bool steer_flush_begin(unsigned vport) {
    struct hal_move m = {.slot = -1, .leave = -1, .join = -1, .fence = (int)vport};
    struct steer_vport *v = steer_vport_mut(vport);
    if (v == NULL || !fence_room()) {
        return false;
    }
    v->flushes++;
    (void)move(&m, true);
    return true;
}

bool steer_flush_done(unsigned vport) {
    const struct steer_vport *v = steer_vport(vport);
    return v == NULL || v->flushes == 0;
}

void steer_settle(void) {
    last.issued = false;
    steer_policy_settle();
    steer_flood_settle();
}

bool steer_move_took_place(struct weir_move_filter_rsp *rsp) {
    *rsp = (struct weir_move_filter_rsp){.epoch = hal_switch_epoch(), .cycle_lo = hal_ctrl_cycle()};
    return last.issued && rsp->epoch != last.before;
}

void steer_move_resume(void) {
    // A fence still under way is of before; what it closes off was already at rest when it was issued.
    head = tail = 0;
}
