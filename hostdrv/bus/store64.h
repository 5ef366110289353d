// SPDX-License-Identifier: Apache-2.0
// One store of 64 bytes to a device that cannot be torn: x86's MOVDIR64B, a direct store of 64-byte write atomicity
// whatever the memory's type. No other instruction promises that, the widest vector store neither.
#ifndef WEIR_BUS_STORE64_H
#define WEIR_BUS_STORE64_H

#include <stdbool.h>

// Whether this processor has such a store. Slow (a virtual machine's monitor answers): once per device.
bool store64_works(void);
// Where it works: writes 64 bytes from `from` to `to`, which is aligned to 64. All stores before come first, and it
// comes before all behind.
void store64(volatile void *to, const void *from);

#endif
