// SPDX-License-Identifier: Apache-2.0
// Between the files of the device: bringup.c and device.c (its mailbox).
#ifndef WEIR_DEV_INT_H
#define WEIR_DEV_INT_H

#include "weir/device.h"

struct weir_dev {
    struct weir_bus *bus;
    unsigned fn;
    uint16_t seq;
    bool dead;             // an access noticed that the function is gone
    bool removed;          // not ours any more
    bool rescue;           // what answered HELLO last is the rescue program
    bool taken_over;       // as its last driver left it, bus mastering off
    weir_dev_wait_fn wait; // while a call waits
    void *wait_ctx;
    // Memory that the card may still write, until the function is quiet.
    struct weir_dma *kept;
    unsigned num_kept, room_kept;
};

#endif
