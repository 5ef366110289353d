// SPDX-License-Identifier: Apache-2.0
// A Weir function's place in this machine's PCI tree: the libpciaccess device and the folder in which Linux shows it.
// Says in one line what stands between a driver and the function: no such address, something else there, the wrong kind
// of function, a driver of the kernel, another driver, a missing right, an IOMMU.
#ifndef WEIR_BUS_PCI_PLACE_H
#define WEIR_BUS_PCI_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_pciaccess.h"

struct pci_device;

struct pci_place {
    struct pci_device *dev;
    char sysfs[64]; // folder of the device
    int lock;       // on the device's configuration file, until this process ends
    bool on;        // turned on by us
    bool stub;      // the kernel's driver that does nothing is bound to it
};

// Finds the function, takes it from all other drivers until pci_place_close, and turns it on: power, and the bridges
// above it. 0, or negative errno with one line in err; place is to be closed in any case.
int pci_place_open(struct pci_place *place, const char *slot, enum weir_pciaccess_kind kind, char *err,
                   size_t err_size);
void pci_place_close(struct pci_place *place);
// Number in a file of the folder: 0 or negative errno; -EOPNOTSUPP without that file.
int pci_place_write(const struct pci_place *place, const char *name, unsigned value);
int pci_place_read(const struct pci_place *place, const char *name, unsigned *value);

#endif
