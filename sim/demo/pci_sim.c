// SPDX-License-Identifier: Apache-2.0
// See pci_sim.h.
#include "pci_sim.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define PLACE "/sys/bus/pci"

int pci_sim_prepare(char *err, size_t err_size) {
    if (access("/dev/fuse", R_OK | W_OK) != 0 || access(PLACE, F_OK) != 0)
        snprintf(err, err_size, "needs root, /dev/fuse and " PLACE);
    else if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        snprintf(err, err_size, "no mount namespace of its own: %s; run as root", strerror(errno));
    else
        return 0;
    return -1;
}

int pci_sim_show(const char *tree, char *err, size_t err_size) {
    if (mount(tree, PLACE, NULL, MS_BIND, NULL) == 0)
        return 0;
    snprintf(err, err_size, "cannot put %s over " PLACE ": %s", tree, strerror(errno));
    return -1;
}

void pci_sim_hide(void) {
    (void)umount2(PLACE, MNT_DETACH);
}

void pci_sim_clear(const char *tree) {
    (void)umount2(tree, MNT_DETACH);
}
