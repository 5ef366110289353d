// SPDX-License-Identifier: Apache-2.0
// A TAP device of the operating system: created, or attached to when it exists, and set up.
#ifndef WEIR_SIM_TAP_H
#define WEIR_SIM_TAP_H

#include <stddef.h>

// A non-blocking descriptor that carries one frame a read or write, or negative errno with one line in err.
int tap_open(const char *name, char *err, size_t err_size);

#endif
