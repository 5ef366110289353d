// SPDX-License-Identifier: Apache-2.0
// sysfs.h in a build without libfuse3.
#include <stdio.h>

#include "sysfs.h"

struct sysfs *sysfs_open(struct host *host, const char *dir, char *err, size_t err_size) {
    (void)host;
    snprintf(err, err_size, "%s: this build cannot serve --sysfs; install libfuse3-dev and build again", dir);
    return NULL;
}

void sysfs_close(struct sysfs *s) {
    (void)s;
}

int sysfs_fd(const struct sysfs *s) {
    (void)s;
    return -1;
}

void sysfs_dispatch(struct sysfs *s) {
    (void)s;
}

bool sysfs_pf_in_use(const struct sysfs *s) {
    (void)s;
    return false;
}
