// SPDX-License-Identifier: Apache-2.0
// PCIE, DMA and PORT registers. Registers only, no policy.
#ifndef HAL_PCIE_H
#define HAL_PCIE_H

#include "hal_event.h"

bool hal_pcie_event(struct hal_event *e);
void hal_pcie_operational(unsigned fn, bool on);
bool hal_pcie_visible(unsigned fn);
bool hal_pcie_in_flr(unsigned fn);
void hal_pcie_flr_start(unsigned fn);
void hal_pcie_flr_done(unsigned fn);
uint32_t hal_pcie_num_vfs(void);    // visible VFs
uint16_t hal_pcie_rid(unsigned fn); // as it is now: VFs move when ARI is switched on or off
// Interrupt moderation of one vector, WEIR_MODERATION_*; outlasts resets of the function.
void hal_pcie_moderate(unsigned fn, unsigned vector, unsigned level);
bool hal_dma_busy(unsigned fn); // the engines hold work of the function

bool hal_port_event(struct hal_event *e);
void hal_port_enable(bool on);
bool hal_port_up(void);

#endif
