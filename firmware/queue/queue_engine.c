// SPDX-License-Identifier: Apache-2.0
// Life cycle of queue pairs, see queue.h. States (enum weir_qp_state):
//   DISABLED  no context; doorbells reach nothing
//   ARMED     context loaded, both directions off
//   RUNNING   both directions on
//   DRAINING  transmit off, frames in flight still complete
//   FENCED    drained, receive off
//   PARKED    at rest, both directions off: its state can be taken, or has just come (ADR 0016)
//   ERROR     stopped by malicious-driver detection until destroyed (threats T5-T8)
#include "queue.h"

#include "hal/hal_ctrl.h"
#include "hal/hal_queue.h"
#include "hal/hal_shared.h"

// 1 ms for all queue pairs of a call together. A host answers reads in microseconds; what one that takes longer had
// queued is given up. The RTL keeps the old generation's late reads out of the new one.
#define DRAIN_CYCLES 250000u
#define NONE 0xFFu

static uint8_t state[WEIR_NUM_QPS];
static uint8_t reason[WEIR_NUM_QPS];

// Rows: state; columns: CREATE START DRAIN DRAINED ERROR DISABLE PARK.
static const uint8_t table[7][QUEUE_EV_COUNT] = {
    [WEIR_QP_DISABLED] = {WEIR_QP_ARMED, NONE, NONE, NONE, NONE, WEIR_QP_DISABLED, WEIR_QP_PARKED},
    [WEIR_QP_ARMED] = {NONE, WEIR_QP_RUNNING, NONE, NONE, WEIR_QP_ERROR, WEIR_QP_DISABLED, NONE},
    [WEIR_QP_RUNNING] = {NONE, NONE, WEIR_QP_DRAINING, NONE, WEIR_QP_ERROR, WEIR_QP_DISABLED, NONE},
    [WEIR_QP_DRAINING] = {NONE, WEIR_QP_RUNNING, WEIR_QP_DRAINING, WEIR_QP_FENCED, WEIR_QP_ERROR, WEIR_QP_DISABLED,
                          NONE},
    [WEIR_QP_FENCED] = {NONE, WEIR_QP_RUNNING, NONE, NONE, WEIR_QP_ERROR, WEIR_QP_DISABLED, WEIR_QP_PARKED},
    [WEIR_QP_PARKED] = {NONE, WEIR_QP_RUNNING, NONE, NONE, WEIR_QP_ERROR, WEIR_QP_DISABLED, NONE},
    [WEIR_QP_ERROR] = {NONE, NONE, NONE, NONE, WEIR_QP_ERROR, WEIR_QP_DISABLED, NONE},
};

uint8_t queue_next(uint8_t from, enum queue_event event) {
    return from < 7 && event < QUEUE_EV_COUNT ? table[from][event] : NONE;
}

bool queue_step(unsigned qp, enum queue_event event) {
    uint8_t to = queue_next(state[qp], event);
    if (to == NONE) {
        return false;
    }
    state[qp] = to;
    return true;
}

uint8_t queue_state(unsigned qp) {
    return qp < WEIR_NUM_QPS ? state[qp] : WEIR_QP_DISABLED;
}

// A restarted core finds the hardware as it is and takes its state from there; nothing is cleared.
void queue_init(void) {
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        uint32_t s = hal_queue_status(qp);
        bool tx = WEIR_GET(s, QUEUE_QP_STATUS_TX_ON) != 0, rx = WEIR_GET(s, QUEUE_QP_STATUS_RX_ON) != 0;
        reason[qp] = (uint8_t)WEIR_GET(s, QUEUE_QP_STATUS_REASON);
        if (WEIR_GET(s, QUEUE_QP_STATUS_ERROR) != 0) {
            state[qp] = WEIR_QP_ERROR;
        } else if (tx && rx) {
            state[qp] = WEIR_QP_RUNNING;
        } else if (rx) {
            state[qp] = WEIR_QP_DRAINING;
        } else {
            state[qp] = WEIR_GET(s, QUEUE_QP_STATUS_LOADED) != 0 ? WEIR_QP_PARKED : WEIR_QP_DISABLED;
        }
    }
}

enum weir_status queue_create(const volatile uint32_t *arg) {
    uint32_t qp = arg[0], owner = arg[1], sizes = arg[2];
    struct hal_qp_ctx ctx = {
        .fn = (uint8_t)owner,
        .vport = (uint8_t)(owner >> 8),
        .vector = (uint8_t)(owner >> 16),
        .tx_log2 = (uint8_t)(sizes & 0xF),
        .rx_log2 = (uint8_t)(sizes >> 4 & 0xF),
        .cq_log2 = (uint8_t)(sizes >> 8 & 0xF),
        .tx_base = (uint64_t)arg[4] << 32 | arg[3],
        .rx_base = (uint64_t)arg[6] << 32 | arg[5],
        .cq_base = (uint64_t)arg[8] << 32 | arg[7],
    };
    if (qp >= WEIR_NUM_QPS) {
        return WEIR_INVALID_PARAMETER;
    }
    if (queue_next(state[qp], QUEUE_EV_CREATE) == NONE) {
        return WEIR_WRONG_STATE;
    }
    // A record that is still on its way would be staged among these words: its host takes long to answer.
    if (WEIR_GET(hal_queue_state_status(), QUEUE_QP_STATE_BUSY) != 0) {
        return WEIR_TIMEOUT;
    }
    HAL_SHARED->creating = qp + 1;
    (void)queue_step(qp, QUEUE_EV_CREATE);
    reason[qp] = 0;
    hal_queue_load(qp, &ctx);
    hal_queue_op(qp, HAL_QP_RX_ON);
    hal_queue_op(qp, HAL_QP_TX_ON);
    (void)queue_step(qp, QUEUE_EV_START);
    return WEIR_OK;
}

bool queue_range(unsigned base, unsigned count) {
    return base < WEIR_NUM_QPS && count <= WEIR_NUM_QPS - base;
}

bool queue_wait(unsigned qp, uint32_t mask, uint32_t since) {
    while ((hal_queue_status(qp) & mask) != 0) {
        if (hal_ctrl_expired(since, DRAIN_CYCLES)) {
            return false;
        }
    }
    return true;
}

enum weir_status queue_destroy(unsigned base, unsigned count) {
    const uint32_t tx_busy = WEIR_PUT(1, QUEUE_QP_STATUS_TX_BUSY), rx_busy = WEIR_PUT(1, QUEUE_QP_STATUS_RX_BUSY);
    enum weir_status status = WEIR_OK;
    uint32_t since;

    if (!queue_range(base, count)) {
        return WEIR_INVALID_PARAMETER;
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned qp = base; qp < base + count; qp++) {
        if (queue_step(qp, QUEUE_EV_DRAIN)) {
            hal_queue_op(qp, HAL_QP_TX_OFF);
        }
    }
    // One bound for all: however many there are, core 1 is back before its watchdog and core 0 lose patience.
    since = hal_ctrl_cycle();
    // bound: WEIR_NUM_QPS, and one time limit for all
    for (unsigned qp = base; qp < base + count; qp++) {
        if (state[qp] != WEIR_QP_DISABLED) {
            status = queue_wait(qp, tx_busy, since) ? status : WEIR_TIMEOUT;
            hal_queue_op(qp, HAL_QP_RX_OFF);
        }
    }
    since = hal_ctrl_cycle();
    // bound: WEIR_NUM_QPS, and one time limit for all
    for (unsigned qp = base; qp < base + count; qp++) {
        if (state[qp] != WEIR_QP_DISABLED) {
            status = queue_wait(qp, rx_busy, since) ? status : WEIR_TIMEOUT;
            (void)queue_step(qp, QUEUE_EV_DRAINED);
            hal_queue_op(qp, HAL_QP_CLEAR);
            (void)queue_step(qp, QUEUE_EV_DISABLE);
        }
    }
    return status;
}

enum weir_status queue_kill(unsigned base, unsigned count) {
    if (!queue_range(base, count)) {
        return WEIR_INVALID_PARAMETER;
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned qp = base; qp < base + count; qp++) {
        if (state[qp] != WEIR_QP_DISABLED) {
            hal_queue_op(qp, HAL_QP_TX_OFF);
            hal_queue_op(qp, HAL_QP_RX_OFF);
            hal_queue_op(qp, HAL_QP_CLEAR);
            (void)queue_step(qp, QUEUE_EV_DISABLE);
        }
    }
    return WEIR_OK;
}

enum weir_status queue_get(unsigned qp, volatile uint32_t *ret) {
    uint32_t tx, rx, cq;
    if (qp >= WEIR_NUM_QPS) {
        return WEIR_INVALID_PARAMETER;
    }
    // The reason of an earlier generation is nobody's business (threat T20).
    ret[0] = state[qp] | (state[qp] == WEIR_QP_ERROR ? (uint32_t)reason[qp] << 8 : 0);
    hal_queue_pointers(qp, &tx, &rx, &cq);
    ret[1] = tx;
    ret[2] = rx;
    ret[3] = cq;
    return WEIR_OK;
}

bool queue_armed(unsigned base, unsigned count) {
    // RX_ON falls with an error before its event is read.
    const uint32_t need = WEIR_PUT(1, QUEUE_QP_STATUS_RX_ON) | WEIR_PUT(1, QUEUE_QP_STATUS_RX_POSTED);
    if (count == 0 || !queue_range(base, count)) {
        return false;
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned qp = base; qp < base + count; qp++) {
        if (state[qp] != WEIR_QP_RUNNING || (hal_queue_status(qp) & need) != need) {
            return false;
        }
    }
    return true;
}

// 1 Mb/s at 250 MHz is 1/2,000 byte a cycle; the hardware counts 1/256 bytes per sweep over `entities` cycles.
static uint32_t per_sweep(uint32_t mbps, uint32_t entities) {
    _Static_assert(WEIR_CLOCK_HZ == 250000000, "2,000 Mb/s are a byte a cycle");
    return mbps / 125u * 16u * entities + (mbps % 125u * 16u * entities + 62u) / 125u;
}

// Policy ends here: the hardware adds the credit, and firmware sees no frame of it.
enum weir_status queue_rate(unsigned fn, unsigned qp, uint32_t mbps, unsigned weight) {
    if (mbps > WEIR_RATE_MAX || weight > 15 || fn >= WEIR_NUM_FNS) {
        return WEIR_INVALID_PARAMETER;
    }
    if (qp == 0xFFFFu) {
        hal_queue_fn_rate(fn, per_sweep(mbps, HAL_QUEUE_FN_SWEEP));
        return WEIR_OK;
    }
    if (qp >= WEIR_NUM_QPS) {
        return WEIR_INVALID_PARAMETER;
    }
    if (state[qp] != WEIR_QP_RUNNING) {
        return WEIR_WRONG_STATE;
    }
    hal_queue_rate(qp, per_sweep(mbps, WEIR_NUM_QPS));
    if (weight != 0) {
        hal_queue_weight(qp, weight);
    }
    return WEIR_OK;
}

bool queue_poll_errors(void) {
    struct hal_event e;
    bool any = false;
    // What does not fit stays pending in the hardware, one bit a queue: nothing is lost.
    // bound: 8
    for (unsigned i = 0; i < 8 && HAL_SHARED->ev_head - HAL_SHARED->ev_tail < HAL_SHARED_EVENTS && hal_queue_event(&e);
         i++) {
        uint32_t head = HAL_SHARED->ev_head;
        any = true;
        // Not in error any more: the event is of an earlier generation of the queue pair, whose context was cleared.
        if (e.kind != WEIR_HW_EVENT_QP_ERROR || e.arg >= WEIR_NUM_QPS ||
            WEIR_GET(hal_queue_status(e.arg), QUEUE_QP_STATUS_ERROR) == 0 || !queue_step(e.arg, QUEUE_EV_ERROR)) {
            continue;
        }
        reason[e.arg] = e.reason;
        // A queue that stopped because its function was reset or switched off did nothing malicious.
        if (e.reason != WEIR_QP_REASON_FN_DISABLED) {
            HAL_SHARED->event[head % HAL_SHARED_EVENTS] = e.arg | (uint32_t)e.reason << 16;
            HAL_SHARED->ev_head = head + 1;
        }
    }
    return any;
}
