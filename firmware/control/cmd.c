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

const struct cmd *cmd_find(uint16_t opcode) {
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].opcode == opcode) {
            return &table[i];
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

void cmd_dispatch(unsigned fn, struct weir_mbox_msg *msg) {
    const struct cmd *c = cmd_find(msg->hdr.opcode);
    enum weir_status status = check(c, fn, &msg->hdr);
    // 64-bit members need alignment that a byte array does not promise.
    _Alignas(8) uint8_t req[WEIR_MBOX_PAYLOAD], rsp[WEIR_MBOX_PAYLOAD];

    if (status == WEIR_OK) {
        // Of what is no part of this command nobody copies a byte: it is most of the time a small command takes.
        memset(rsp, 0, c->rsp);
        memcpy(req, msg->payload, c->req);
        status = c->run(fn, req, rsp);
    }
    msg->hdr.status = (uint16_t)status;
    msg->hdr.length = 0;
    if (status == WEIR_OK) {
        msg->hdr.length = c->rsp;
    } else if (status == WEIR_INVALID_LENGTH) {
        // The length that would have been right (rules 2.20).
        rsp[0] = c->req;
        rsp[1] = rsp[2] = rsp[3] = 0;
        msg->hdr.length = 4;
    }
    memcpy(msg->payload, rsp, msg->hdr.length);
}
