// SPDX-License-Identifier: Apache-2.0
// Core 1's side of the request slot in shared RAM (hal/hal_shared.h): one request of core 0 a round, answered whatever
// it is.
#include "hal/hal_ctrl.h"
#include "hal/hal_health.h"
#include "hal/hal_queue.h"
#include "hal/hal_shared.h"
#include "queue.h"

// The slot is this core's until it answers, so the words are used where they are.
static enum weir_status serve(uint32_t op, const volatile uint32_t *arg, volatile uint32_t *ret) {
    switch (op) {
    case QUEUE_OP_MAP:
        hal_queue_map(arg[0], arg[1], arg[2]);
        return WEIR_OK;
    case QUEUE_OP_CREATE:
        return queue_create(arg);
    case QUEUE_OP_DESTROY:
        return queue_destroy(arg[0], arg[1]);
    case QUEUE_OP_KILL:
        return queue_kill(arg[0], arg[1]);
    case QUEUE_OP_GET:
        return queue_get(arg[0], ret);
    case QUEUE_OP_ARMED:
        ret[0] = queue_armed(arg[0], arg[1]) ? 1 : 0;
        return WEIR_OK;
    case QUEUE_OP_RATE:
        return queue_rate(arg[0], arg[1], arg[2], arg[3]);
    case QUEUE_OP_PARK:
        return queue_park(arg[0], arg[1]);
    case QUEUE_OP_RUN:
        return queue_run(arg[0], arg[1]);
    case QUEUE_OP_SAVE:
        return queue_save(arg[0], arg[1], (uint64_t)arg[3] << 32 | arg[2]);
    case QUEUE_OP_LOAD:
        return queue_load(arg[0], arg[1], (uint64_t)arg[3] << 32 | arg[2], arg[4], ret);
    default:
        return WEIR_NOT_SUPPORTED;
    }
}

static bool serve_one(void) {
    uint32_t seq = HAL_SHARED->req_seq;
    if (seq == HAL_SHARED->rsp_seq) {
        return false;
    }
    // Core 0 has gone on without it: what it asked for may be another's by now.
    HAL_SHARED->status =
        HAL_SHARED->given_up == seq ? WEIR_ABORTED : serve(HAL_SHARED->op, HAL_SHARED->arg, HAL_SHARED->ret);
    HAL_SHARED->rsp_seq = seq;
    hal_ctrl_ring(0);
    return true;
}

void queue_start(void) {
    hal_panic_resume();
    queue_init();
    // A request that was open when this core was reset is answered by a status, not repeated.
    if (HAL_SHARED->req_seq != HAL_SHARED->rsp_seq) {
        HAL_SHARED->status = WEIR_ABORTED;
        HAL_SHARED->rsp_seq = HAL_SHARED->req_seq;
    }
    if (hal_ctrl_reset_cause() == HAL_RESET_WATCHDOG) {
        HAL_SHARED->restarts1++;
    }
    HAL_SHARED->ready1 = 1;
    hal_ctrl_ring(0);
}

bool queue_round(void) {
    if (queue_poll_errors()) {
        hal_ctrl_ring(0);
        return true;
    }
    return serve_one();
}
