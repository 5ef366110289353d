// SPDX-License-Identifier: Apache-2.0
// Mailbox commands: a table row each (mbox.def). dispatch checks opcode, length, caller and state, then calls
// cmd_run_<NAME>; a handler sees a private copy of a request of the right length and fills a response of the right
// length.
#ifndef CMD_H
#define CMD_H

#include <stddef.h>

#include "weir_mbox.h"

enum cmd_callers { CMD_PF = 1, CMD_VF = 2, CMD_ANY = 3 };
enum cmd_states { CMD_NONE = 0, CMD_HELLO = 1, CMD_SWITCH = 2 };

struct cmd {
    uint16_t opcode;
    uint8_t req, rsp; // payload bytes
    uint8_t callers;  // enum cmd_callers
    uint8_t state;    // enum cmd_states: the least that is needed
    const char *name;
    enum weir_status (*run)(unsigned fn, const void *req, void *rsp);
};

// Row of an opcode, NULL when unknown.
const struct cmd *cmd_find(uint16_t opcode);
// Answers one request, which is nobody else's to change any more.
void cmd_dispatch(unsigned fn, const struct weir_mbox_msg *req, struct weir_mbox_msg *rsp);

// Core 0 may die in a command (control_poll.c): called before each; and, restarted, for one that was not carried out.
void cmd_queue_settle(void);
void cmd_queue_undo(void);

#define CMD(opcode, name, req, rsp, callers, states, since, text)                                                      \
    enum weir_status cmd_run_##name(unsigned fn, const void *req_, void *rsp_);
#include "mbox.def"
#undef CMD

#endif
