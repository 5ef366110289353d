// SPDX-License-Identifier: Apache-2.0
// Core 0 as its main loop and the host tests see it.
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>

// Once, after every reset of the core. Clears no data-plane register.
void control_start(void);
// One round; false when there was nothing to do.
bool control_poll(void);

#endif
