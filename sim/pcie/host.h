// SPDX-License-Identifier: Apache-2.0
// What a host's BIOS and operating system do to a PCIe card before a driver sees it: assign BARs, set payload sizes,
// enable ARI, SR-IOV and MSI-X vectors. Works through configuration requests on the root complex only.
#ifndef WEIR_SIM_HOST_H
#define WEIR_SIM_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct card;
struct host;

// An MSI-X message of a function arrived.
typedef void (*host_irq_fn)(void *ctx, unsigned fn, unsigned vector);

// Enumerates the PF. NULL when the card does not answer as a Weir PF should; err says what was seen.
struct host *host_new(struct card *card, char *err, unsigned err_size);
void host_free(struct host *h);
struct card *host_card(struct host *h);
void host_set_irq(struct host *h, host_irq_fn fn, void *ctx);

uint16_t host_rid(unsigned fn);
// Bus address of BAR 0 of a function, its size in *size; 0 when the function is not visible.
uint64_t host_bar(const struct host *h, unsigned fn, uint64_t *size);
// The first posted write of `left` bytes of a driver's at `offset` of a BAR that begins at `bar`, both multiples of 4:
// a whole inline doorbell slot as the one TLP that the driver made of it, all else word by word (bar.def). Bytes
// written, 4 or 64, or negative errno.
int host_bar_write(struct host *h, uint64_t bar, uint64_t offset, const void *from, size_t left);
// Writes NumVFs and VF Enable as an operating system does (rules 1.15), 0 = disable. 0 or negative errno.
int host_sriov(struct host *h, unsigned num_vfs);
unsigned host_num_vfs(const struct host *h);
// Takes notice of VF Enable written by somebody else through configuration space.
int host_sriov_sync(struct host *h);
// Programs and unmasks vectors 0..n-1 of a function; the message data is the vector.
int host_msix_enable(struct host *h, unsigned fn, unsigned n);
// Function level reset; the function needs its command register and vectors again afterwards.
int host_flr(struct host *h, unsigned fn);
// The same as an operating system does it: waits until it is over, 500,000 cycles at most (-ETIMEDOUT), and restores
// the PF. Bus mastering and vectors are off then. -ENODEV: no such function.
int host_reset(struct host *h, unsigned fn);
// After a reset of the PF: what host_new configured, again. The VFs are gone with VF Enable (pcie 29).
void host_restore(struct host *h);
// Offset of a capability (1..255) or, with ext, of an extended one; 0 when there is none.
unsigned host_find_cap(struct host *h, unsigned fn, unsigned id, bool ext);

#endif
