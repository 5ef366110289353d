// SPDX-License-Identifier: Apache-2.0
// See ipc.h; the shared words are described in hal/hal_shared.h.
#include "ipc.h"

#include "hal/hal_ctrl.h"
#include "hal/hal_shared.h"
#include "queue/queue.h"

// 100 ms; core 1's longest operation, destroying any number of queue pairs, takes at most 3 ms.
#define CALL_CYCLES 25000000u

// Hands `n` arguments over; TIMEOUT when the slot is not free.
static enum weir_status ask(uint32_t op, const uint32_t *arg, unsigned n) {
    // After a time-out the slot is core 1's until it, or its restart, answers: it may be reading these very words.
    if (HAL_SHARED->rsp_seq != HAL_SHARED->req_seq) {
        return WEIR_TIMEOUT;
    }
    // bound: 12 arguments
    for (unsigned i = 0; i < n; i++) {
        HAL_SHARED->arg[i] = arg[i];
    }
    HAL_SHARED->op = op;
    HAL_SHARED->req_seq = HAL_SHARED->req_seq + 1;
    hal_ctrl_ring(1);
    return WEIR_OK;
}

// Waits for the answer and takes `words` of what it returns.
static enum weir_status answer(uint32_t *ret, unsigned words) {
    uint32_t seq = HAL_SHARED->req_seq, since = hal_ctrl_cycle();
    while (HAL_SHARED->rsp_seq != seq) {
        if (hal_ctrl_expired(since, CALL_CYCLES)) {
            HAL_SHARED->given_up = seq;
            return WEIR_TIMEOUT;
        }
        hal_ctrl_watchdog_feed();
    }
    // bound: 4 words
    for (unsigned i = 0; i < words; i++) {
        ret[i] = HAL_SHARED->ret[i];
    }
    return (enum weir_status)HAL_SHARED->status;
}

static enum weir_status call(uint32_t op, const uint32_t *arg, unsigned n, uint32_t *ret, unsigned words) {
    enum weir_status status = ask(op, arg, n);
    return status == WEIR_OK ? answer(ret, words) : status;
}

// A question that core 1 was restarted over is asked again.
static enum weir_status look(uint32_t op, const uint32_t *arg, unsigned n, uint32_t *ret, unsigned words) {
    enum weir_status status = call(op, arg, n, ret, words);
    return status == WEIR_ABORTED ? call(op, arg, n, ret, words) : status;
}

enum weir_status ipc_queue_map(unsigned fn, unsigned base, unsigned count) {
    const uint32_t arg[] = {fn, base, count};
    return call(QUEUE_OP_MAP, arg, 3, NULL, 0);
}

enum weir_status ipc_queue_create(unsigned qp, unsigned fn, unsigned vport, const struct weir_create_qp_req *req) {
    const uint32_t arg[] = {qp,
                            fn | vport << 8 | (uint32_t)req->vector << 16,
                            req->tx_log2 | (uint32_t)req->rx_log2 << 4 | (uint32_t)req->cq_log2 << 8,
                            (uint32_t)req->tx_base,
                            (uint32_t)(req->tx_base >> 32),
                            (uint32_t)req->rx_base,
                            (uint32_t)(req->rx_base >> 32),
                            (uint32_t)req->cq_base,
                            (uint32_t)(req->cq_base >> 32)};
    return call(QUEUE_OP_CREATE, arg, 9, NULL, 0);
}

enum weir_status ipc_queue_destroy(unsigned base, unsigned count) {
    const uint32_t arg[] = {base, count};
    return call(QUEUE_OP_DESTROY, arg, 2, NULL, 0);
}

enum weir_status ipc_queue_kill(unsigned base, unsigned count) {
    const uint32_t arg[] = {base, count};
    return call(QUEUE_OP_KILL, arg, 2, NULL, 0);
}

enum weir_status ipc_queue_stop(unsigned base, unsigned count) {
    enum weir_status status = ipc_queue_destroy(base, count);
    return status == WEIR_OK ? status : ipc_queue_kill(base, count);
}

enum weir_status ipc_queue_rate(unsigned fn, unsigned qp, uint32_t mbps, unsigned weight) {
    const uint32_t arg[] = {fn, qp, mbps, weight};
    return call(QUEUE_OP_RATE, arg, 4, NULL, 0);
}

enum weir_status ipc_queue_get(unsigned qp, struct weir_get_qp_rsp *rsp) {
    const uint32_t arg[] = {qp};
    uint32_t ret[4];
    enum weir_status status = look(QUEUE_OP_GET, arg, 1, ret, 4);
    if (status == WEIR_OK) {
        *rsp = (struct weir_get_qp_rsp){.state = (uint8_t)ret[0],
                                        .reason = (uint8_t)(ret[0] >> 8),
                                        .tx_head = (uint16_t)ret[1],
                                        .tx_tail = (uint16_t)(ret[1] >> 16),
                                        .rx_head = (uint16_t)ret[2],
                                        .rx_tail = (uint16_t)(ret[2] >> 16),
                                        .cq_tail = (uint16_t)ret[3],
                                        .cq_head = (uint16_t)(ret[3] >> 16)};
    }
    return status;
}

enum weir_status ipc_queue_park(unsigned base, unsigned count) {
    const uint32_t arg[] = {base, count};
    return call(QUEUE_OP_PARK, arg, 2, NULL, 0);
}

enum weir_status ipc_queue_run(unsigned base, unsigned count) {
    const uint32_t arg[] = {base, count};
    return call(QUEUE_OP_RUN, arg, 2, NULL, 0);
}

enum weir_status ipc_queue_save(unsigned base, unsigned count, uint64_t addr) {
    const uint32_t arg[] = {base, count, (uint32_t)addr, (uint32_t)(addr >> 32)};
    return call(QUEUE_OP_SAVE, arg, 4, NULL, 0);
}

enum weir_status ipc_queue_load_begin(unsigned base, unsigned count, unsigned fn, unsigned vport, uint64_t addr) {
    const uint32_t arg[] = {base, count, (uint32_t)addr, (uint32_t)(addr >> 32), fn | vport << 8};
    return ask(QUEUE_OP_LOAD, arg, 5);
}

enum weir_status ipc_queue_load_end(unsigned *refused) {
    uint32_t at = 0;
    enum weir_status status = answer(&at, 1);
    *refused = at;
    return status;
}

bool ipc_queue_armed(unsigned base, unsigned count) {
    const uint32_t arg[] = {base, count};
    uint32_t is = 0;
    return look(QUEUE_OP_ARMED, arg, 2, &is, 1) == WEIR_OK && is != 0;
}

bool ipc_queue_error(unsigned *qp, unsigned *reason) {
    uint32_t tail = HAL_SHARED->ev_tail, e;
    if (tail == HAL_SHARED->ev_head) {
        return false;
    }
    e = HAL_SHARED->event[tail % HAL_SHARED_EVENTS];
    HAL_SHARED->ev_tail = tail + 1;
    *qp = e & 0xFFFF;
    *reason = e >> 16 & 0xFF;
    return true;
}

bool ipc_wait_ready(void) {
    uint32_t since = hal_ctrl_cycle();
    while (HAL_SHARED->ready1 == 0) {
        if (hal_ctrl_expired(since, CALL_CYCLES)) {
            return false;
        }
        hal_ctrl_watchdog_feed();
    }
    return true;
}
