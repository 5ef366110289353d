// SPDX-License-Identifier: Apache-2.0
// Bus backend that drives a simulated card in the same thread: every access runs the card's clock, nothing else does,
// so a run is a function of its inputs.
#ifndef WEIR_BUS_INPROC_H
#define WEIR_BUS_INPROC_H

#include "weir/bus.h"

struct host;
struct weir_inproc;

// One per card, shared by the buses of its functions; must outlive them.
struct weir_inproc *weir_inproc_new(struct host *host);
void weir_inproc_free(struct weir_inproc *ip);
// Functions opened from now on have all their memory above 4 GiB on the bus, as the sockets' have.
void weir_inproc_high(struct weir_inproc *ip);
// Function fn (0 = PF, n = VF n-1). NULL when out of memory or the function is open already.
struct weir_bus *weir_inproc_open(struct weir_inproc *ip, unsigned fn);

#endif
