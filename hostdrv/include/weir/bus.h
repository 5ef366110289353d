// SPDX-License-Identifier: Apache-2.0
// The one seam between the driver and a device: one PCI function as a small table of operations. Backends: inproc (the
// simulator linked in, deterministic), vfio_user (the simulator's sockets), pciaccess (a real PCI device).
// Only files in hostdrv/bus dereference a device address. Not thread-safe per function.
#ifndef WEIR_BUS_H
#define WEIR_BUS_H

#include <stddef.h>
#include <stdint.h>

struct weir_bus;

// DMA memory: zeroed, aligned to 4096, visible to the function at `iova`.
struct weir_dma {
    void *mem;
    uint64_t iova;
    size_t bytes;
};

struct weir_bus_ops {
    const char *name;
    // Configuration space, 1, 2 or 4 bytes naturally aligned. 0 or negative errno; a failed read gives all ones.
    int (*cfg_read)(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value);
    int (*cfg_write)(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value);
    // BAR 0, 32 bits. Writes are posted, in order. A vanished function reads all ones with -ENODEV.
    int (*bar_read)(struct weir_bus *bus, uint64_t offset, uint32_t *value);
    int (*bar_write)(struct weir_bus *bus, uint64_t offset, uint32_t value);
    // One posted write of 64 aligned bytes. -EOPNOTSUPP, and nothing is written, where it cannot be had whole: by this
    // bus or on this processor.
    int (*bar_write64)(struct weir_bus *bus, uint64_t offset, const void *bytes);
    uint64_t (*bar_size)(struct weir_bus *bus);
    // Freed, an area is out of the function's reach first, where something translates its addresses (inproc,
    // vfio_user); where nothing does (pciaccess), it goes no further than this bus, and back to the system with close
    // at the earliest.
    int (*dma_alloc)(struct weir_bus *bus, size_t bytes, struct weir_dma *dma);
    void (*dma_free)(struct weir_bus *bus, struct weir_dma *dma);
    // MSI-X: enable vectors 0..n-1; then irq_take says how often a vector fired since it was last asked.
    int (*irq_enable)(struct weir_bus *bus, unsigned n);
    unsigned (*irq_take)(struct weir_bus *bus, unsigned vector);
    // A file descriptor that becomes readable when a vector fires, or -1 where there is none (inproc).
    int (*irq_fd)(struct weir_bus *bus, unsigned vector);
    // Function level reset, whatever the function was doing. 0: it is over, nothing of the generation before is under
    // way, bus mastering is off, vectors are to be enabled again; BAR and payload sizes are as the host had set them.
    int (*reset)(struct weir_bus *bus);
    // PF only: make num_vfs VFs visible (0 = none); negative errno.
    int (*sriov)(struct weir_bus *bus, unsigned num_vfs);
    // Lets about this many microseconds pass: the simulator runs, a real host sleeps. Returns microseconds passed.
    unsigned (*pass)(struct weir_bus *bus, unsigned microseconds);
    // Where nothing translates addresses, memory goes back to the system only if bus mastering is off; otherwise it
    // stays until the next open and reset of the function.
    void (*close)(struct weir_bus *bus);
};

// First member of every backend's own structure.
struct weir_bus {
    const struct weir_bus_ops *ops;
};

static inline void weir_bus_close(struct weir_bus *bus) {
    if (bus != NULL)
        bus->ops->close(bus);
}

#endif
