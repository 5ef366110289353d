// SPDX-License-Identifier: Apache-2.0
// State that leaves and enters the card: queue pairs brought to rest with nothing lost, written and read as records of
// QPS_BYTES in the PF's memory (ring.def, QPS), and set going again. A record may come from anywhere; the hardware
// takes none that CREATE_QP or a doorbell would not have (threat T24).
#include "hal/hal_ctrl.h"
#include "hal/hal_queue.h"
#include "queue.h"

// 1 ms for the records of a call together; a host answers a read in microseconds.
#define RECORD_CYCLES 250000u
#define PARK_CYCLES 250000u // 1 ms for the queue pairs of a call together

enum weir_status queue_run(unsigned base, unsigned count) {
    if (!queue_range(base, count)) {
        return WEIR_INVALID_PARAMETER;
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned qp = base; qp < base + count; qp++) {
        if (queue_step(qp, QUEUE_EV_START)) {
            hal_queue_op(qp, HAL_QP_RX_ON);
            hal_queue_op(qp, HAL_QP_TX_ON);
            // An interrupt of before may have been the other function's, and lost.
            hal_queue_op(qp, HAL_QP_FORCE_IRQ);
        }
    }
    return WEIR_OK;
}

// Whether no frame is under way any more. The vPort drains, so none waits to enter a queue; but pending ingress is
// looked at in two places, and a frame that goes from one to the other is only known to be none when two looks in a row
// say so.
static bool quiet(unsigned qp, uint32_t since) {
    const uint32_t busy = WEIR_PUT(1, QUEUE_QP_STATUS_TX_BUSY) | WEIR_PUT(1, QUEUE_QP_STATUS_RX_INGRESS);
    for (unsigned clear = 0; clear < 2;) {
        clear = (hal_queue_status(qp) & busy) == 0 ? clear + 1 : 0;
        if (clear == 0 && hal_ctrl_expired(since, PARK_CYCLES)) {
            return false;
        }
    }
    return true;
}

static bool all_quiet(unsigned base, unsigned count) {
    uint32_t since = hal_ctrl_cycle();
    bool is = true;
    // bound: WEIR_NUM_QPS, and one time limit for all
    for (unsigned qp = base; qp < base + count && is; qp++) {
        is = queue_state(qp) != WEIR_QP_DRAINING || quiet(qp, since);
    }
    // bound: WEIR_NUM_QPS, and one time limit for all
    for (unsigned qp = base; qp < base + count && is; qp++) {
        if (queue_state(qp) == WEIR_QP_DRAINING) {
            hal_queue_op(qp, HAL_QP_RX_OFF);
            is = queue_wait(qp, WEIR_PUT(1, QUEUE_QP_STATUS_RX_BUSY), since);
        }
    }
    return is;
}

enum weir_status queue_park(unsigned base, unsigned count) {
    if (!queue_range(base, count)) {
        return WEIR_INVALID_PARAMETER;
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned qp = base; qp < base + count; qp++) {
        if (queue_step(qp, QUEUE_EV_DRAIN)) {
            hal_queue_op(qp, HAL_QP_TX_OFF);
        }
    }
    if (!all_quiet(base, count)) {
        (void)queue_run(base, count);
        return WEIR_TIMEOUT;
    }
    // bound: WEIR_NUM_QPS
    for (unsigned qp = base; qp < base + count; qp++) {
        if (queue_step(qp, QUEUE_EV_DRAINED)) {
            (void)queue_step(qp, QUEUE_EV_PARK);
        }
    }
    return WEIR_OK;
}

// Waits until the record is through; what QP_STATE says, BUSY when the bound ran out.
static uint32_t record_done(uint32_t since) {
    uint32_t word;
    do {
        word = hal_queue_state_status();
    } while (WEIR_GET(word, QUEUE_QP_STATE_BUSY) != 0 && !hal_ctrl_expired(since, RECORD_CYCLES));
    return word;
}

enum weir_status queue_save(unsigned base, unsigned count, uint64_t addr) {
    uint32_t since = hal_ctrl_cycle();
    if (!queue_range(base, count)) {
        return WEIR_INVALID_PARAMETER;
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned qp = base; qp < base + count; qp++, addr += WEIR_QPS_BYTES) {
        uint8_t state = queue_state(qp);
        // One that was not created or was stopped for good has a record that says so.
        if (state != WEIR_QP_PARKED && state != WEIR_QP_DISABLED && state != WEIR_QP_ERROR) {
            return WEIR_WRONG_STATE;
        }
        if (WEIR_GET(record_done(since), QUEUE_QP_STATE_BUSY) != 0) {
            return WEIR_TIMEOUT;
        }
        hal_queue_save(qp, addr);
    }
    return WEIR_GET(record_done(since), QUEUE_QP_STATE_BUSY) != 0 ? WEIR_TIMEOUT : WEIR_OK;
}

static enum weir_status load_one(unsigned qp, uint32_t owner, uint64_t addr, uint32_t since) {
    uint32_t word;
    hal_queue_fetch(addr, owner & 0xFF, owner >> 8 & 0xFF);
    word = record_done(since);
    if (WEIR_GET(word, QUEUE_QP_STATE_BUSY) != 0) {
        return WEIR_TIMEOUT;
    }
    if (WEIR_GET(word, QUEUE_QP_STATE_FAILED) != 0) {
        return WEIR_FAILURE;
    }
    if (WEIR_GET(word, QUEUE_QP_STATE_LEGAL) != 0) {
        hal_queue_resume(qp);
        (void)queue_step(qp, QUEUE_EV_PARK);
        return WEIR_OK;
    }
    return WEIR_GET(word, QUEUE_QP_STATE_GOOD) != 0 && WEIR_GET(word, QUEUE_QP_STATE_LOADED) == 0
               ? WEIR_OK
               : WEIR_INVALID_PARAMETER;
}

enum weir_status queue_load(unsigned base, unsigned count, uint64_t addr, uint32_t owner, volatile uint32_t *refused) {
    uint32_t since = hal_ctrl_cycle();
    if (!queue_range(base, count)) {
        return WEIR_INVALID_PARAMETER;
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned qp = base; qp < base + count; qp++) {
        if (queue_state(qp) != WEIR_QP_DISABLED) {
            return WEIR_WRONG_STATE;
        }
    }
    if (WEIR_GET(record_done(since), QUEUE_QP_STATE_BUSY) != 0) {
        return WEIR_TIMEOUT; // of a call before
    }
    // bound: WEIR_NUM_QPS, checked above
    for (unsigned i = 0; i < count; i++, addr += WEIR_QPS_BYTES) {
        enum weir_status status = load_one(base + i, owner, addr, since);
        if (status != WEIR_OK) {
            (void)queue_kill(base, count);
            *refused = i;
            return status;
        }
    }
    return WEIR_OK;
}
