// SPDX-License-Identifier: Apache-2.0
// CTRL and MBOX registers: time, sleep, bells, mailboxes, function events. Registers only, no policy.
#ifndef HAL_CTRL_H
#define HAL_CTRL_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_mbox.h"

uint32_t hal_ctrl_cycle(void);                          // low word of the cycle counter
uint64_t hal_ctrl_cycle64(void);                        // all of it
bool hal_ctrl_expired(uint32_t since, uint32_t cycles); // at least `cycles` (below 2^31) since `since`
void hal_ctrl_irq_enable(uint32_t mask);                // WEIR_CTRL_IRQ_PENDING_* bits that end hal_ctrl_sleep
void hal_ctrl_sleep(void);                              // until an enabled interrupt is pending
void hal_ctrl_timer(uint32_t cycles);                   // wake in that many cycles
void hal_ctrl_watchdog(uint32_t cycles);                // reset this core unless fed in time; 0 = off
void hal_ctrl_watchdog_feed(void);
void hal_ctrl_ring(unsigned core); // ring the other core
void hal_ctrl_ring_ack(void);
enum hal_reset { HAL_RESET_POWER_ON = 0, HAL_RESET_WATCHDOG = 1, HAL_RESET_BY_CORE0 = 2 };
bool hal_ctrl_key(uint8_t hash[32]); // of the key that images are signed with; false: its fuses are not blown
uint32_t hal_ctrl_reset_cause(void); // of this core, enum hal_reset
void hal_ctrl_ready(bool ready);
void hal_ctrl_heartbeat(uint32_t count);
void hal_ctrl_console(char c);

// Next function with a request, or -1.
int hal_mbox_pop(void);
bool hal_mbox_waiting(void);                                       // a request that nobody popped
void hal_mbox_read(unsigned fn, struct weir_mbox_msg *msg);        // copies header and payload once
void hal_mbox_write(unsigned fn, const struct weir_mbox_msg *msg); // response, before hal_mbox_done
// Whose request was popped and not given back, or -1: also one that a core before this one popped.
int hal_mbox_taken(void);
// later: its next request is taken when none waits of a function without this.
void hal_mbox_done(unsigned fn, bool later);
// OR bits into a function's event register and interrupt it.
void hal_fn_event(unsigned fn, uint32_t lo, uint32_t hi);
void hal_fn_clear(unsigned fn);

#endif
