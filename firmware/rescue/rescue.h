// SPDX-License-Identifier: Apache-2.0
// The rescue program without its endless loop, so that tests can run it on a host.
#ifndef RESCUE_H
#define RESCUE_H

#include <stdbool.h>

// Once, with FW_READY at its end.
void rescue_start(void);
// One round: a PCIe event, a step of the update engine, a mailbox request. False: nothing to do until an interrupt, or
// for svc_flash_nap cycles.
bool rescue_poll(void);
// Nothing is left of what firmware kept over a restart of core 0. Of rescue_main.c.
void rescue_forget(void);

#endif
