// SPDX-License-Identifier: Apache-2.0
// QUEUE registers: contexts, doorbell map, commands, state. Registers only, no policy. Core 1 alone uses them.
#ifndef HAL_QUEUE_H
#define HAL_QUEUE_H

#include "hal_event.h"

struct hal_qp_ctx {
    uint8_t fn, vport, vector;
    uint8_t tx_log2, rx_log2, cq_log2;
    uint64_t tx_base, rx_base, cq_base;
};

enum hal_qp_op {
    HAL_QP_LOAD = 1,
    HAL_QP_TX_ON = 2,
    HAL_QP_TX_OFF = 3,
    HAL_QP_RX_ON = 4,
    HAL_QP_RX_OFF = 5,
    HAL_QP_CLEAR = 6,
    HAL_QP_SAVE = 7,
    HAL_QP_FETCH = 8,
    HAL_QP_RESUME = 9,
    HAL_QP_FORCE_IRQ = 10
};

void hal_queue_map(unsigned fn, unsigned base, unsigned count);
void hal_queue_load(unsigned qp, const struct hal_qp_ctx *ctx);
#define HAL_QUEUE_FN_SWEEP 128u // cycles from one credit of a function to the next
// Bytes * 256 of credit at each sweep, 0 = unlimited; batches in a turn.
void hal_queue_fn_rate(unsigned fn, uint32_t rate);
void hal_queue_rate(unsigned qp, uint32_t rate);
void hal_queue_weight(unsigned qp, unsigned weight);
void hal_queue_op(unsigned qp, enum hal_qp_op op);
uint32_t hal_queue_status(unsigned qp); // WEIR_QUEUE_QP_STATUS_*
// A state record at `addr` in the PF's memory: both begin only while hal_queue_state_status says no BUSY, and end when
// it falls.
void hal_queue_save(unsigned qp, uint64_t addr);
void hal_queue_fetch(uint64_t addr, unsigned fn, unsigned vport); // for a queue pair of these
uint32_t hal_queue_state_status(void);                            // WEIR_QUEUE_QP_STATE_*
void hal_queue_resume(unsigned qp);                               // the record fetched last, which is LEGAL
void hal_queue_pointers(unsigned qp, uint32_t *tx, uint32_t *rx, uint32_t *cq);
bool hal_queue_event(struct hal_event *e);

#endif
