// SPDX-License-Identifier: Apache-2.0
// Every command that the rescue program has no handler for: the firmware would have to run. The linker prefers a
// handler that is there (rescue.c, control/cmd_flash.c) to the weak one here.
#include "control/cmd.h"

#define CMD(opcode, name, req, rsp, callers, states, since, text)                                                      \
    __attribute__((weak)) enum weir_status cmd_run_##name(unsigned fn, const void *req_, void *rsp_) {                 \
        (void)fn;                                                                                                      \
        (void)req_;                                                                                                    \
        (void)rsp_;                                                                                                    \
        return WEIR_WRONG_STATE;                                                                                       \
    }
#include "mbox.def"
#undef CMD
