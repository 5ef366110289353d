// SPDX-License-Identifier: Apache-2.0
// The bus that weir-host and weir-guest reach the card on: the simulator's sockets, or the PCI tree of this machine
// (--bus pciaccess). All that differs between the two for a program: how a function is opened, how a guest comes by its
// VF, and how to sleep where no interrupt wakes it.
#ifndef WEIR_APPS_APP_BUS_H
#define WEIR_APPS_APP_BUS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/bus.h"
#include "weir/partition.h"

struct app_bus {
    bool pci;
    const char *address; // of a PCI function as lspci -D shows it; of a guest NULL: as the parent says
};

// Takes the value of --bus: false, it is none ("vfio-user", "pciaccess").
bool app_bus_named(struct app_bus *b, const char *name);
// Takes the one argument behind the options: NULL, or one line about what is wrong, valid until the next call. A parent
// must have one on PCI.
const char *app_bus_arguments(struct app_bus *b, int argc, char *const *argv, bool parent);

// ---- the parent ----

// Opens the PF: on sockets DIR/pf.sock. NULL with one line in err and why in errno.
struct weir_bus *app_bus_pf(const struct app_bus *b, const char *dir, char *err, size_t err_size);
// Gives VF number `vf` of the open `pf` to the guest that asks, in the way it asks for: 0 or -EIO, the guest does not
// read. *fd: a copy of the connection, whose end is the function's end for the guest; -1 where there is none.
int app_bus_give_vf(const struct app_bus *b, struct weir_bus *pf, const char *dir, struct weir_partition *guest,
                    const struct weir_partition_ask *ask, int *fd);

// Where a client outside finds VF number `vf` of the open `pf`: its socket as an absolute path, or its PCI address. 0
// or negative errno.
int app_bus_where(const struct app_bus *b, struct weir_bus *pf, const char *dir, unsigned vf, char *text, size_t size);

// ---- the guest ----

// Opens function fn, which the parent offers. 0; -EINPROGRESS asked; -EAGAIN not now; else no try more helps, and err
// says why.
int app_bus_vf(const struct app_bus *b, struct weir_partition *parent, unsigned fn, struct weir_bus **bus, char *err,
               size_t err_size);

// ---- both ----

// Entries of a ring, as a logarithm of at most 10, whose buffers find room in one area of DMA memory.
uint8_t app_bus_ring_log2(const struct app_bus *b, uint32_t buf_bytes);

// How a loop sleeps: in poll for at most `ms`, at once when there was work in the last two turns (queues were armed
// after the last look, and what came before that rings no bell). A polled function rings none at all: then for an
// eighth of the time in which there was nothing to do, and 1 ms at most, in which full frames at 10 Gb/s take 813 of a
// ring's 1,024 buffers. So what comes after silence waits an eighth of it, and a silent program wakes a thousand times
// a second.
struct app_sleep {
    unsigned idle;     // turns without work
    uint64_t since_us; // the last with some, of the monotonic clock
};
// As poll(2).
int app_sleep(struct app_sleep *s, bool worked, bool polled, struct pollfd *fds, unsigned n, int ms);
// Whether somebody must look, because the function, which is up, has no interrupt.
bool app_bus_polled(struct weir_bus *bus);

#endif
