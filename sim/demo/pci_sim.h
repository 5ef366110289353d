// SPDX-License-Identifier: Apache-2.0
// The live PCI tree of `weir-sim --sysfs` in the place of this machine's, for this process and those it starts: the
// unmodified libpciaccess finds the card there. Needs root, /dev/fuse and a mount namespace of its own.
#ifndef WEIR_PCI_SIM_H
#define WEIR_PCI_SIM_H

#include <stddef.h>

#define PCI_SIM_PF "0000:01:00.0" // where weir-sim shows its PF

// Before anything else in main(): a mount namespace of its own, from which nothing gets out. 0, or -1 with one line in
// err about what is missing.
int pci_sim_prepare(char *err, size_t err_size);
// Puts the folder that a weir-sim serves there. 0, or -1 with one line in err.
int pci_sim_show(const char *tree, char *err, size_t err_size);
// Takes it away, before the weir-sim ends. What one that had to be killed served is taken away with the second.
void pci_sim_hide(void);
void pci_sim_clear(const char *tree);

#endif
