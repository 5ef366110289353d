// SPDX-License-Identifier: Apache-2.0
// See hal_pcie.h.
#include "hal_pcie.h"

#include "hal_csr.h"

bool hal_pcie_event(struct hal_event *e) {
    return hal_event_decode(HAL_READ(PCIE, EVENT_POP), e);
}

void hal_pcie_operational(unsigned fn, bool on) {
    HAL_WRITE(PCIE, FN_SEL, fn);
    HAL_WRITE(PCIE, FN_CTL, WEIR_PUT(on ? 1 : 0, PCIE_FN_CTL_OPERATIONAL));
}

static uint32_t fn_status(unsigned fn) {
    HAL_WRITE(PCIE, FN_SEL, fn);
    return HAL_READ(PCIE, FN_STATUS);
}

bool hal_pcie_visible(unsigned fn) {
    return WEIR_GET(fn_status(fn), PCIE_FN_STATUS_VISIBLE) != 0;
}

bool hal_pcie_in_flr(unsigned fn) {
    return WEIR_GET(fn_status(fn), PCIE_FN_STATUS_IN_FLR) != 0;
}

void hal_pcie_flr_start(unsigned fn) {
    HAL_WRITE(PCIE, FLR_START, fn);
}

void hal_pcie_flr_done(unsigned fn) {
    HAL_WRITE(PCIE, FLR_DONE, fn);
}

uint32_t hal_pcie_num_vfs(void) {
    return WEIR_GET(HAL_READ(PCIE, VF_STATE), PCIE_VF_STATE_NUM_VFS);
}

uint16_t hal_pcie_rid(unsigned fn) {
    uint32_t rid = WEIR_GET(HAL_READ(PCIE, VF_STATE), PCIE_VF_STATE_PF_RID), rids;
    if (fn > 0) {
        rids = HAL_READ(PCIE, VF_RIDS);
        rid += WEIR_GET(rids, PCIE_VF_RIDS_OFFSET) + (fn - 1) * WEIR_GET(rids, PCIE_VF_RIDS_STRIDE);
    }
    return (uint16_t)rid;
}

void hal_pcie_moderate(unsigned fn, unsigned vector, unsigned level) {
    HAL_WRITE(PCIE, MODERATE,
              WEIR_PUT(fn, PCIE_MODERATE_FN) | WEIR_PUT(vector, PCIE_MODERATE_VECTOR) |
                  WEIR_PUT(level, PCIE_MODERATE_LEVEL));
}

bool hal_dma_busy(unsigned fn) {
    HAL_WRITE(DMA, FN_SEL, fn);
    return HAL_READ(DMA, FN_BUSY) != 0;
}

bool hal_port_event(struct hal_event *e) {
    return hal_event_decode(HAL_READ(PORT, EVENT_POP), e);
}

void hal_port_enable(bool on) {
    HAL_WRITE(PORT, CTL, on ? 1 : 0);
}

bool hal_port_up(void) {
    return (HAL_READ(PORT, STATUS) & 1) != 0;
}
