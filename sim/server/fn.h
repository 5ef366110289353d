// SPDX-License-Identifier: Apache-2.0
// One PCI function of the card as a vfio-user device. What a hypervisor's host does for a passed-through function is
// done here: BARs and payload sizes are the host's, the client sees its own; MSI-X vectors are programmed by us and
// come out as eventfds; memory the client offers is mapped for this function's requester ID only. A function that is
// not visible reads all ones and ignores writes, as on a bus.
#ifndef WEIR_SIM_FN_H
#define WEIR_SIM_FN_H

#include <stdbool.h>
#include <stdint.h>

#include "vfu_session.h"

struct disposal;
struct fn;
struct host;

// Function index 0 = PF, n = VF n-1. NULL when out of memory.
// What its client passes and is not wanted goes to `disposal`.
struct fn *fn_new(struct host *host, unsigned index, struct disposal *disposal);
void fn_free(struct fn *f);
// The operations of vfu_session.h; their `dev` is a struct fn.
extern const struct vfu_device_ops fn_ops;
// The client is gone: resets the function, then lets go of its memory and descriptors. A PF whose VFs are there is only
// made quiet, as a host does with a device whose driver died: its VFs, and the card's switch, go on. Runs the card,
// bounded.
void fn_client_gone(struct fn *f);
// Lets go of memory that the client took away while it was mapped (guard.h).
void fn_dma_drop_lost(struct fn *f);
// An MSI-X message arrived.
void fn_irq(struct fn *f, unsigned vector);
// Tells of each word that its driver writes to its BAR below the doorbells; NULL: nobody listens.
typedef void (*fn_heard)(void *ctx, uint64_t offset, uint32_t value);
void fn_hear(struct fn *f, fn_heard heard, void *ctx);
// A driver has rung a doorbell since the last reset.
bool fn_in_use(const struct fn *f);

#endif
