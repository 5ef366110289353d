// SPDX-License-Identifier: Apache-2.0
// DMA memory of the pciaccess backend, from one of two places. A window: memory that a simulator announces instead of
// the host's, at a bus address of its own. Else, for a device without an IOMMU in between: 2 MiB huge pages, which the
// kernel neither swaps nor splits, cut into 4 KiB-aligned areas; their physical addresses come from /proc/self/pagemap.
// One area is at most one huge page long. Each page is a file in a hugetlbfs, named after the device: nothing stands
// between the card and it, and so it must outlive a driver that dies. It goes back to the system when the device does
// no DMA any more, at the latest when the next driver has reset it (threat T29).
#ifndef WEIR_BUS_PCI_MEMORY_H
#define WEIR_BUS_PCI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/bus.h"

struct pci_memory;

// A folder of the hugetlbfs that is mounted with pages of 2 MiB; false when there is none.
bool pci_memory_folder(char *folder, size_t size);
// Takes the first huge page at once, so that a machine that cannot do it says so here. NULL with one line in err.
struct pci_memory *pci_memory_new(const char *folder, const char *device, char *err, size_t err_size);
// The same out of a window: `bytes` of the file at bus address `iova`, all there is.
struct pci_memory *pci_memory_new_window(const char *path, size_t bytes, uint64_t iova, char *err, size_t err_size);
// The device was reset: what its earlier drivers left goes back to the system.
void pci_memory_sweep(struct pci_memory *m);
// Forgets all of it, handed out or not. at_rest: the device does no DMA any more, and it goes back to the system.
void pci_memory_free(struct pci_memory *m, bool at_rest);
// 0, -E2BIG (longer than a huge page), -ENOMEM (no huge page left, window full), -EPERM (no physical address to be
// had).
int pci_memory_alloc(struct pci_memory *m, size_t bytes, struct weir_dma *dma);
void pci_memory_release(struct pci_memory *m, struct weir_dma *dma);

#endif
