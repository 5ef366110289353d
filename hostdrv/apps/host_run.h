// SPDX-License-Identifier: Apache-2.0
// The parent partition without its command line: PF driver, NetVSP and virtualization stack of one card, guests that
// come and go over a socket, and a control socket. One thread around one poll; sleeps when there is nothing to do.
#ifndef WEIR_APPS_HOST_RUN_H
#define WEIR_APPS_HOST_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "app_bus.h"
#include "weir/vstack.h"

struct parent;

#define PARENT_MAX_GUESTS 64u
#define PARENT_MAX_PROTECTED 16u

// Who may come that the table of guests does not name.
enum parent_door { DOOR_CLOSED, DOOR_OWN, DOOR_ALL };

struct parent_options {
    struct app_bus bus;
    const char *card; // on sockets: folder of the card's functions (weir-sim --dir)
    const char *dir;  // our own folder: admin/ctl.sock, guests/guest.sock, guests.json
    unsigned vfs;     // 1..64
    unsigned qps;     // of the default vPort, 1..8
    unsigned vf_qps;  // of a guest's VF
    bool share;       // VFs are given and taken by load (weirctl policy set auto on),
    unsigned reserve; //   and so many of them to nobody
    unsigned mtu;     // of its guests, WEIR_MTU_MIN..WEIR_MTU_MAX
    enum parent_door door;
    uint8_t protect[PARENT_MAX_PROTECTED][6]; // addresses that are no guest's, such as the gateway's
    unsigned protected_macs;
    bool fresh;               // takes nothing over from a parent before: every VF that is left in the card goes
    unsigned wait_s;          // for a card that is not there yet
    const volatile int *stop; // ends that wait, too; NULL: nothing does
    // One line of what happened; NULL: quiet.
    void (*log)(void *ctx, const char *line);
    void *log_ctx;
};

// Brings the card up and opens the sockets. NULL with one line in err; nothing is left behind then.
struct parent *parent_new(const struct parent_options *o, char *err, size_t err_size);
// Runs until *stop is set or somebody said halt. 0, or negative errno with one line in err.
int parent_run(struct parent *p, const volatile int *stop, char *err, size_t err_size);
void parent_free(struct parent *p);

#endif
