// SPDX-License-Identifier: Apache-2.0
// What the vPorts of a capture are called: heard from what the PF's driver writes to its mailbox, because a frame says
// only a number. An id that is given to another guest gets another name.
#ifndef WEIR_TRACE_VPORT_NAMES_H
#define WEIR_TRACE_VPORT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "weir_mbox.h"

#define VPORT_NAME_ROOM 64u

struct vport_names {
    union {
        struct weir_mbox_msg msg; // the request as far as it is written
        uint32_t word[sizeof(struct weir_mbox_msg) / 4];
    } req;
    struct {
        char guest[sizeof(((struct weir_create_vport_req *)NULL)->name) + 1]; // "" = nobody said
        uint16_t vf;
        unsigned given; // how often: a capture's interface is of one of them
    } vport[WEIR_NUM_VPORTS];
};

// A word that was written at `offset` of the PF's BAR.
void vport_names_hear(struct vport_names *n, uint64_t offset, uint32_t value);
// "vport3 vm1 VF 2", printable. The default vPort is the synthetic path of all guests. Returns `name`.
const char *vport_name(const struct vport_names *n, unsigned vport, char name[VPORT_NAME_ROOM]);

#endif
