// SPDX-License-Identifier: Apache-2.0
// What a virtual machine monitor does for a guest that was given a VF: shows it one function whose place in the card
// may change. Configuration and vectors are carried here; guest memory is mapped for each function at the same
// addresses.
#ifndef WEIR_TEST_PASSTHROUGH_H
#define WEIR_TEST_PASSTHROUGH_H

#include "world.h"

// A bus that is function fn[0] or fn[1]; at first fn[0]. Closing it closes both.
struct weir_bus *passthrough_open(struct world *w, unsigned fn0, unsigned fn1);
// The guest is fn[which]'s from now on, whose vectors and bus mastering are enabled.
void passthrough_move(struct weir_bus *bus, unsigned which);

#endif
