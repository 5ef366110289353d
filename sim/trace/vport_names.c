// SPDX-License-Identifier: Apache-2.0
// See vport_names.h. The driver may write anything at any time: what is no request in order names nobody.
#include "vport_names.h"

#include <stdio.h>
#include <string.h>

static void create(struct vport_names *n, const struct weir_create_vport_req *req) {
    if (req->vport == 0 || req->vport >= WEIR_NUM_VPORTS)
        return;
    n->vport[req->vport].vf = req->vf;
    n->vport[req->vport].given++;
    snprintf(n->vport[req->vport].guest, sizeof(n->vport[0].guest), "%.*s", (int)sizeof(req->name), req->name);
    for (char *c = n->vport[req->vport].guest; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            *c = '?';
}

void vport_names_hear(struct vport_names *n, uint64_t offset, uint32_t value) {
    struct weir_create_vport_req req;
    if (offset >= WEIR_BAR_MBOX_REQ && offset < WEIR_BAR_MBOX_REQ + sizeof(n->req)) {
        n->req.word[(offset - WEIR_BAR_MBOX_REQ) / 4] = value;
        return;
    }
    if (offset != WEIR_BAR_MBOX_OWNER || value != 1 || n->req.msg.hdr.opcode != WEIR_CMD_CREATE_VPORT ||
        n->req.msg.hdr.length != sizeof(req))
        return;
    memcpy(&req, n->req.msg.payload, sizeof(req));
    create(n, &req);
}

const char *vport_name(const struct vport_names *n, unsigned vport, char name[VPORT_NAME_ROOM]) {
    if (vport == 0)
        snprintf(name, VPORT_NAME_ROOM, "vport0 synthetic");
    else if (vport >= WEIR_NUM_VPORTS || n->vport[vport].given == 0)
        snprintf(name, VPORT_NAME_ROOM, "vport%u", vport);
    else if (n->vport[vport].vf == WEIR_VPORT_NO_VF)
        snprintf(name, VPORT_NAME_ROOM, "vport%u %s", vport, n->vport[vport].guest);
    else
        snprintf(name, VPORT_NAME_ROOM, "vport%u %s VF %u", vport, n->vport[vport].guest, n->vport[vport].vf);
    return name;
}
