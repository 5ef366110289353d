// SPDX-License-Identifier: Apache-2.0
// A function without an IOMMU in front of it, as the pciaccess backend has it: whatever its drivers ever had stays in
// the card's reach. Memory that is given back is somebody else's from that moment on: it holds a pattern, and a byte
// that changes is the card's fault, and its driver's (threat T29).
#ifndef WEIR_TEST_BARE_BUS_H
#define WEIR_TEST_BARE_BUS_H

#include "world.h"

// Called whenever the driver lets time pass or gives something back, for traffic that goes on meanwhile.
typedef void (*bare_traffic_fn)(struct world *w);

struct weir_bus *bare_open(struct world *w, unsigned fn, bare_traffic_fn traffic);
// As kill -9 does it: the driver is gone from this moment on, the card hears nothing of it. Its memory goes back to the
// system when the next driver has reset the function, at the latest when that one looks at the BAR.
void bare_kill(struct weir_bus *bus);
// From now on the driver hears no answer of the card's firmware, and waits in fast motion.
void bare_deafen(struct weir_bus *bus);
// The next `n` doorbells of a transmit tail are lost on their way.
void bare_lose(struct weir_bus *bus, unsigned n);
// The next `n` areas are had, then there is no memory.
void bare_starve(struct weir_bus *bus, unsigned n);
// No byte of memory that was given back has changed. Returns how many bytes that were, and forgets them with `over`.
uint64_t bare_check(struct world *w, const char *when, bool over);

#endif
