// SPDX-License-Identifier: Apache-2.0
// weir_pciaccess.h in a build without libpciaccess.
#include <errno.h>
#include <stdio.h>

#include "weir_pciaccess.h"

struct weir_bus *weir_pciaccess_open(const char *slot, enum weir_pciaccess_kind kind, char *err, size_t err_size) {
    (void)kind;
    snprintf(err, err_size, "%s: this build drives no PCI devices; install libpciaccess-dev and build again", slot);
    errno = ENOSYS;
    return NULL;
}

bool weir_pciaccess_slot_ok(const char *slot) {
    return slot[0] != '\0'; // opening says what there is to say
}

int weir_pciaccess_vf(struct weir_bus *pf, unsigned vf, uint32_t *address) {
    (void)pf;
    (void)vf;
    (void)address;
    return -ENODEV;
}

void weir_pciaccess_text(uint32_t address, char text[16]) {
    snprintf(text, 16, "%08x", address);
}
