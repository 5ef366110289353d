// SPDX-License-Identifier: Apache-2.0
// The one validator in front of every handler (threats T1, T4): see cmd.h.
#include "cmd.h"

#include "hal/hal_lib.h"
#include "steer/steer.h"
#include "svc/svc.h"

#define PF CMD_PF
#define VF CMD_VF
#define ANY CMD_ANY
#define NONE CMD_NONE
#define HELLO CMD_HELLO
#define SWITCH CMD_SWITCH
static const struct cmd table[] = {
#define CMD(op, cmd_name, req_size, rsp_size, who, when, since, text)                                                  \
    {.opcode = (op),                                                                                                   \
     .req = (req_size),                                                                                                \
     .rsp = (rsp_size),                                                                                                \
     .callers = (who),                                                                                                 \
     .state = (when),                                                                                                  \
     .name = #cmd_name,                                                                                                \
     .run = cmd_run_##cmd_name},
#include "mbox.def"
#undef CMD
};

// The table ascends, as mbox.def does.
const struct cmd *cmd_find(uint16_t opcode) {
    unsigned from = 0, to = sizeof(table) / sizeof(table[0]);
    // bound: the table's rows, halved each time
    while (from < to) {
        unsigned at = (from + to) / 2;
        if (table[at].opcode == opcode) {
            return &table[at];
        }
        if (table[at].opcode < opcode) {
            from = at + 1;
        } else {
            to = at;
        }
    }
    return NULL;
}

static enum weir_status check(const struct cmd *c, unsigned fn, const struct weir_mbox_hdr *h) {
    if (c == NULL) {
        return WEIR_NOT_SUPPORTED;
    }
    if ((c->callers & (fn == 0 ? CMD_PF : CMD_VF)) == 0) {
        return WEIR_PERMISSION;
    }
    if (h->length != c->req) {
        return WEIR_INVALID_LENGTH;
    }
    if (fn != 0 && (svc_vf(fn - 1) == NULL || svc_vf(fn - 1)->state != WEIR_VF_ALLOCATED)) {
        return WEIR_NOT_ACCEPTED;
    }
    if (c->state >= CMD_HELLO && !svc_hello(fn)) {
        return WEIR_VERSION;
    }
    if (c->state >= CMD_SWITCH && !steer_switch_exists()) {
        return WEIR_WRONG_STATE;
    }
    return WEIR_OK;
}

void cmd_dispatch(unsigned fn, const struct weir_mbox_msg *req, struct weir_mbox_msg *rsp) {
    const struct cmd *c = cmd_find(req->hdr.opcode);
    enum weir_status status = check(c, fn, &req->hdr);

    rsp->hdr = req->hdr;
    rsp->hdr.length = 0;
    if (status == WEIR_OK) {
        // Of what is no part of this command nobody touches a byte: it is most of the time a small command takes.
        memset(rsp->payload, 0, c->rsp);
        status = c->run(fn, req->payload, rsp->payload);
    }
    rsp->hdr.status = (uint16_t)status;
    if (status == WEIR_OK) {
        rsp->hdr.length = c->rsp;
    } else if (status == WEIR_INVALID_LENGTH) {
        // The length that would have been right (rules 2.20).
        memset(rsp->payload, 0, 4);
        rsp->payload[0] = c->req;
        rsp->hdr.length = 4;
    }
}
