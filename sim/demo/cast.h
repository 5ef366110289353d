// SPDX-License-Identifier: Apache-2.0
// The programs of the live demo: weir-sim with the peer's TAP device on its wire, weir-host, two weir-guest, each in
// its place, and their network devices.
#ifndef WEIR_DEMO_CAST_H
#define WEIR_DEMO_CAST_H

#include "procs.h"

#define CAST_PLACES 3u // peer, guest0, guest1
#define CAST_GUESTS 2u
extern const char *const cast_place[CAST_PLACES];
extern const uint8_t cast_mac[CAST_PLACES][6];

struct cast {
    const struct netns *ns;
    const char *programs, *firmware, *fst; // fst may be NULL
    const volatile int *stop;
    bool pci;                          // the card is in this process's PCI tree (pci_sim.h), not on sockets
    char trace[96], dir[96], tree[96]; // pcapng of weir-sim; what guests and weirctl call --parent; its PCI tree
    struct proc sim, host, guest[CAST_GUESTS];
};

// One after the other; say(ctx, ...) before each. 0, or -EIO with one line in err.
int cast_start(struct cast *c, void (*say)(void *ctx, const char *text), void *ctx, char *err, size_t err_size);
// All live; else -EIO with one line in err.
int cast_check(struct cast *c, char *err, size_t err_size);
// Ends them in order: 0, or -EIO with a line in err that says who did not end well. `before_host` is called when the
// guests are gone.
int cast_stop(struct cast *c, void (*before_host)(void *ctx), void *ctx, char *err, size_t err_size);

#endif
