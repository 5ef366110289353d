// SPDX-License-Identifier: Apache-2.0
// A second line of execution of a core, with a stack of its own: work that is written from beginning to end and pauses
// wherever it would wait, so that the main loop goes round meanwhile. One at a time; it does not pre-empt.
#ifndef HAL_FIBER_H
#define HAL_FIBER_H

#include <stdbool.h>

#define HAL_FIBER_STACK 3072u // bytes; hal_fiber_used says how many were ever in use

// Begins run(); nothing of it is done before hal_fiber_go. Not while another has not ended.
void hal_fiber_begin(void (*run)(void));
// Goes on until it pauses or ends. False: there is none.
bool hal_fiber_go(void);
// Of the fiber: the main loop has its turn. Elsewhere nothing.
void hal_fiber_pause(void);
// Most bytes of its stack that were in use since the core started.
unsigned hal_fiber_used(void);

#endif
