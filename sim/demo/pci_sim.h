// SPDX-License-Identifier: Apache-2.0
// weir-sim with its live PCI tree in the place of this machine's, for this process and those it starts: the unmodified
// libpciaccess finds the card there. Needs root, /dev/fuse and a mount namespace of its own.
#ifndef WEIR_PCI_SIM_H
#define WEIR_PCI_SIM_H

#include <stddef.h>

// Before anything else in main(): a mount namespace of its own. 0, or 77 (as a test that cannot run here) with a line
// on stderr.
int pci_sim_prepare(const char *who);
// Starts the weir-sim that lies beside this program. 0 or -1 with one line in err.
int pci_sim_start(char *err, size_t err_size);
// Ends it and takes the tree away, in any state. Its exit status; 2: a TLP rule was broken.
int pci_sim_stop(void);

#endif
