// SPDX-License-Identifier: Apache-2.0
// What fn.c, fn_cfg.c and fn_dma.c share.
#ifndef WEIR_SIM_FN_PRIV_H
#define WEIR_SIM_FN_PRIV_H

#include "card.h"
#include "fn.h"
#include "host.h"
#include "rc.h"
#include "weir_abi.h"

struct fn_map { // memory the client shares
    uint64_t iova, len;
    void *mem; // NULL: announced without a descriptor, out of reach
};

struct fn {
    struct host *host;
    struct card *card;
    struct rc *rc;
    unsigned index;
    bool in_use;
    fn_heard heard;
    void *heard_ctx;

    // Configuration registers that are the client's own view.
    uint64_t bar;
    uint16_t msix_ctl; // enable and function mask as the client wrote them
    bool mse; // memory space enable: a VF has none (pcie 20), the PF's is the host's, which reaches the BAR throughout
    unsigned cap_pcie, cap_msix, cap_sriov; // 0 = not looked up yet

    int irq[WEIR_FN_VECTORS];

    struct disposal *disposal;
    struct fn_map *map;
    unsigned maps, map_room;
};

// fn.c
bool fn_wants_irqs(const struct fn *f);
int fn_reset(struct fn *f);
// Programs the vectors again if the card lost them in a reset that we did not ask for.
void fn_keep_irqs(struct fn *f);

// fn_cfg.c
// Bus mastering, vectors and memory decode off, and nothing of the function under way any more; all else in it stays.
int fn_quiesce(struct fn *f);
int fn_cfg_read(struct fn *f, unsigned offset, uint8_t *to, unsigned n);
int fn_cfg_write(struct fn *f, unsigned offset, const uint8_t *from, unsigned n);

// fn_dma.c
int fn_dma_map(struct fn *f, const struct vfu_dma_map *map, int fd);
int fn_dma_unmap(struct fn *f, uint64_t address, uint64_t size, bool all);

#endif
