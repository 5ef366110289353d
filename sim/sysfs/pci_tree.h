// SPDX-License-Identifier: Apache-2.0
// The card's functions as the files that Linux shows of PCI devices: what each file of a function's folder holds and
// what writing it does. Knows nothing of FUSE; every access becomes TLPs of the host.
#ifndef WEIR_SIM_PCI_TREE_H
#define WEIR_SIM_PCI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct host;
struct pci_tree;

struct pci_tree *pci_tree_new(struct host *host);
void pci_tree_free(struct pci_tree *t);

// Function number of a folder's name "0000:01:00.0", -1 when there is none of that name at the moment; and back.
int pci_tree_find(struct pci_tree *t, const char *name);
void pci_tree_name(unsigned fn, char name[16]);
// Folders there are: the PF and the VFs that are enabled.
unsigned pci_tree_count(struct pci_tree *t);

// Name of file number `nth` of a function's folder, NULL behind the last. *bytes: size to show; *mode: permission bits;
// *link: true for a symbolic link.
const char *pci_tree_file(struct pci_tree *t, unsigned fn, unsigned nth, uint64_t *bytes, unsigned *mode, bool *link);
// Bytes read or written, or negative errno. A link's text is read with pci_tree_read.
int pci_tree_read(struct pci_tree *t, unsigned fn, const char *file, void *to, size_t size, uint64_t offset);
int pci_tree_write(struct pci_tree *t, unsigned fn, const char *file, const void *from, size_t size, uint64_t offset);

// The PF's driver rang a doorbell, and did not reset the PF since.
bool pci_tree_pf_in_use(const struct pci_tree *t);

// Configuration space of every function there is, as `lspci -F FILE` reads it.
int pci_tree_dump(struct pci_tree *t, FILE *out);

#endif
