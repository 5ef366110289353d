// SPDX-License-Identifier: Apache-2.0
// See hal_queue.h.
#include "hal_queue.h"

#include "hal_csr.h"

void hal_queue_map(unsigned fn, unsigned base, unsigned count) {
    HAL_WRITE(QUEUE, FN_SEL, fn);
    HAL_WRITE(QUEUE, FN_MAP, WEIR_PUT(base, QUEUE_FN_MAP_QP_BASE) | WEIR_PUT(count, QUEUE_FN_MAP_QP_COUNT));
}

void hal_queue_load(unsigned qp, const struct hal_qp_ctx *ctx) {
    HAL_WRITE(QUEUE, QP_SEL, qp);
    HAL_WRITE(QUEUE, QP_CTX,
              WEIR_PUT(ctx->fn, QUEUE_QP_CTX_FN) | WEIR_PUT(ctx->vport, QUEUE_QP_CTX_VPORT) |
                  WEIR_PUT(ctx->vector, QUEUE_QP_CTX_VECTOR));
    HAL_WRITE(QUEUE, QP_SIZE,
              WEIR_PUT(ctx->tx_log2, QUEUE_QP_SIZE_TX) | WEIR_PUT(ctx->rx_log2, QUEUE_QP_SIZE_RX) |
                  WEIR_PUT(ctx->cq_log2, QUEUE_QP_SIZE_CQ));
    HAL_WRITE(QUEUE, QP_TX_LO, (uint32_t)ctx->tx_base);
    HAL_WRITE(QUEUE, QP_TX_HI, (uint32_t)(ctx->tx_base >> 32));
    HAL_WRITE(QUEUE, QP_RX_LO, (uint32_t)ctx->rx_base);
    HAL_WRITE(QUEUE, QP_RX_HI, (uint32_t)(ctx->rx_base >> 32));
    HAL_WRITE(QUEUE, QP_CQ_LO, (uint32_t)ctx->cq_base);
    HAL_WRITE(QUEUE, QP_CQ_HI, (uint32_t)(ctx->cq_base >> 32));
    HAL_WRITE(QUEUE, QP_CMD, HAL_QP_LOAD);
}

void hal_queue_fn_rate(unsigned fn, uint32_t rate) {
    HAL_WRITE(QUEUE, FN_SEL, fn);
    HAL_WRITE(QUEUE, FN_RATE, rate);
}

void hal_queue_rate(unsigned qp, uint32_t rate) {
    HAL_WRITE(QUEUE, QP_SEL, qp);
    HAL_WRITE(QUEUE, QP_RATE, rate);
}

void hal_queue_weight(unsigned qp, unsigned weight) {
    HAL_WRITE(QUEUE, QP_SEL, qp);
    HAL_WRITE(QUEUE, QP_WEIGHT, weight);
}

void hal_queue_op(unsigned qp, enum hal_qp_op op) {
    HAL_WRITE(QUEUE, QP_SEL, qp);
    HAL_WRITE(QUEUE, QP_CMD, op);
}

uint32_t hal_queue_status(unsigned qp) {
    HAL_WRITE(QUEUE, QP_SEL, qp);
    return HAL_READ(QUEUE, QP_STATUS);
}

void hal_queue_pointers(unsigned qp, uint32_t *tx, uint32_t *rx, uint32_t *cq) {
    HAL_WRITE(QUEUE, QP_SEL, qp);
    *tx = HAL_READ(QUEUE, QP_TX_PTR);
    *rx = HAL_READ(QUEUE, QP_RX_PTR);
    *cq = HAL_READ(QUEUE, QP_CQ_PTR);
}

static void record_at(uint64_t addr) {
    HAL_WRITE(QUEUE, QP_STATE_LO, (uint32_t)addr);
    HAL_WRITE(QUEUE, QP_STATE_HI, (uint32_t)(addr >> 32));
}

void hal_queue_save(unsigned qp, uint64_t addr) {
    record_at(addr);
    HAL_WRITE(QUEUE, QP_SEL, qp);
    HAL_WRITE(QUEUE, QP_CMD, HAL_QP_SAVE);
}

void hal_queue_fetch(uint64_t addr, unsigned fn, unsigned vport) {
    record_at(addr);
    // The record brings the vector.
    HAL_WRITE(QUEUE, QP_CTX, WEIR_PUT(fn, QUEUE_QP_CTX_FN) | WEIR_PUT(vport, QUEUE_QP_CTX_VPORT));
    HAL_WRITE(QUEUE, QP_CMD, HAL_QP_FETCH);
}

uint32_t hal_queue_state_status(void) {
    return HAL_READ(QUEUE, QP_STATE);
}

void hal_queue_resume(unsigned qp) {
    HAL_WRITE(QUEUE, QP_SEL, qp);
    HAL_WRITE(QUEUE, QP_CMD, HAL_QP_RESUME);
}

bool hal_queue_event(struct hal_event *e) {
    return hal_event_decode(HAL_READ(QUEUE, EVENT_POP), e);
}
