// SPDX-License-Identifier: Apache-2.0
// What must hold after every step of a fuzz run: each request is answered with a status; firmware, model and a shadow
// of what was answered agree on filters, vPorts, queue pairs and functions; a VF's request changes nothing but its own.
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#define FUZZ_VFS 6u // enough to collide, few enough to collide often
#define FUZZ_FNS (FUZZ_VFS + 1)

extern unsigned fuzz_step; // for messages

void fuzz_begin(void);
// A reset of the PF must leave nothing, whatever came before; so the next input starts as after power-on.
void fuzz_end(void);
// Hands a request over without waiting; false when the hardware refuses it.
bool fuzz_hand_over(unsigned fn, unsigned opcode, const void *payload, unsigned length);
// A reset throws an open request away: no answer is expected.
void fuzz_forget(unsigned fn);
// Firmware runs until it has nothing to do; then everything is looked at.
void fuzz_settle(void);
// A request and its answer.
void fuzz_call(unsigned fn, unsigned opcode, const void *payload, unsigned length);
// The nth filter that exists, false when there are fewer.
bool fuzz_filter(unsigned nth, uint32_t *id, uint16_t *vport);

#endif
