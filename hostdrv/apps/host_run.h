// SPDX-License-Identifier: Apache-2.0
// The parent partition without its command line: PF driver, NetVSP and virtualization stack of one card, guests that
// come and go over a socket, and a control socket. One thread around one poll; sleeps when there is nothing to do.
#ifndef WEIR_APPS_HOST_RUN_H
#define WEIR_APPS_HOST_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "weir/vstack.h"

struct parent;

#define PARENT_MAX_GUESTS 64u

struct parent_options {
    const char *card; // folder of the card's functions (weir-sim --dir)
    const char *dir;  // folder of our own sockets: guest.sock and ctl.sock
    unsigned vfs;     // 1..64
    unsigned qps;     // of the default vPort, 1..8
    unsigned vf_qps;  // of a guest's VF
    // One line of what happened; NULL: quiet.
    void (*log)(void *ctx, const char *line);
    void *log_ctx;
};

// Brings the card up and opens the sockets. NULL with one line in err; nothing is left behind then.
struct parent *parent_new(const struct parent_options *o, char *err, size_t err_size);
// Runs until *stop is set or somebody said halt. 0, or negative errno with one line in err.
int parent_run(struct parent *p, const volatile int *stop, char *err, size_t err_size);
void parent_free(struct parent *p);

// ---- for host_ctl.c ----
struct weir_pf *parent_pf(struct parent *p);
struct weir_vstack *parent_vstack(struct parent *p);
const struct parent_options *parent_options(const struct parent *p);
// Guests by place: the stack's number, or -1; name may be NULL to ask only that.
int parent_guest(const struct parent *p, unsigned place, const char **name, const uint8_t **mac);
// -1 when there is none of that name.
int parent_find(const struct parent *p, const char *name);
void parent_halt(struct parent *p);

#endif
