// SPDX-License-Identifier: Apache-2.0
// A live folder that looks like Linux' /sys/bus/pci, served by this process through FUSE: devices/<address>/ with the
// files of pci_tree.h. Mapped access to resource0 is refused (FUSE cannot see it); reading and writing work.
#ifndef WEIR_SIM_SYSFS_H
#define WEIR_SIM_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

struct host;
struct sysfs;

// Mounts at `dir`, which is made when it is not there. NULL with one line in err.
struct sysfs *sysfs_open(struct host *host, const char *dir, char *err, size_t err_size);
void sysfs_close(struct sysfs *s);
// Readable when there is something to answer.
int sysfs_fd(const struct sysfs *s);
void sysfs_dispatch(struct sysfs *s);
// Whether the PF has a driver there (pci_tree_pf_in_use). NULL: false.
bool sysfs_pf_in_use(const struct sysfs *s);

#endif
