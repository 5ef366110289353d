// SPDX-License-Identifier: Apache-2.0
// Makes an open bus bring pushes as no bus should: in pieces of any size and order, some of them missing, twice, both
// ways, or overtaken by the next one. The first word, which is the doorbell, comes each time, but for a push that the
// next one takes the place of.
#ifndef WEIR_TEST_TORN_BUS_H
#define WEIR_TEST_TORN_BUS_H

#include "weir/bus.h"

// A posted write of n bytes, 4..64, a multiple of 4.
typedef int (*torn_write_fn)(struct weir_bus *bus, uint64_t offset, const void *bytes, unsigned n);

// From now on, until the bus is closed; one bus at a time. write NULL: words go by bar_write and whole slots by
// bar_write64.
void torn_begin(struct weir_bus *bus, torn_write_fn write);
// Pushes come as they are meant again; at least `each` came in each of the ways.
void torn_end(struct weir_bus *bus, unsigned each);

#endif
