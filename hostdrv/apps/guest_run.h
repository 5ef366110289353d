// SPDX-License-Identifier: Apache-2.0
// A guest partition without its command line: a TAP device as the guest's network, NetVSC behind it, the VF driver when
// the parent offers a VF. One thread around one poll; sleeps when there is nothing to do.
#ifndef WEIR_APPS_GUEST_RUN_H
#define WEIR_APPS_GUEST_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "app_bus.h"
#include "weir/netvsc.h"
#include "weir/partition.h"

struct guest_run;

struct guest_options {
    struct app_bus bus; // of its VF
    const char *parent; // folder of the parent's sockets (weir-host --dir)
    const char *name;
    bool own_mac; // ask for `mac`; else the parent assigns one. The device gets what the parent says
    uint8_t mac[6];
    int tap;            // descriptor of the guest's network device: a read or write is a frame,
    bool virtio_header; // with a virtio_net_hdr in front: checksums the guest left open, and those the card found good
    unsigned wait_s;    // for a parent that is not there yet
    const volatile int *stop; // ends that wait, too; NULL: nothing does
    // One line of what happened; NULL: quiet.
    void (*log)(void *ctx, const char *line);
    void *log_ctx;
    // Whenever *asked is another number than before, lines that say where the guest is (guest_path.h). NULL: never.
    const volatile int *asked;
    void (*tell)(void *ctx, const char *line); // with log_ctx
};

// NULL with one line in err. The TAP descriptor stays the caller's.
struct guest_run *guest_new(const struct guest_options *o, char *err, size_t err_size);
// Runs until *stop is set or the parent sends this guest away (-EPIPE); one that is gone is waited for: what the
// guest's stack sends waits in its device meanwhile, and both go on when it is back. 0 or negative errno.
int guest_run(struct guest_run *g, const volatile int *stop);
// What the parent said: address and MTU.
const struct weir_partition_terms *guest_terms(const struct guest_run *g);
// Over all the parents that it has had.
struct weir_netvsc_stats guest_stats(struct guest_run *g);
void guest_free(struct guest_run *g);

#endif
