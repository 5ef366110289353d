// SPDX-License-Identifier: Apache-2.0
// Variables of core 0 that outlive its restart, and the journal that makes a change of them all or nothing: whoever
// changes one says so first, and a core that dies before the change is whole finds, restarted, what was before.
// Not for variables that can be worked out from others, nor for what only describes the running program.
#ifndef HAL_KEEP_H
#define HAL_KEEP_H

#include <stdbool.h>
#include <stddef.h>

// Each has a name of its own, in whose order they lie (boot/core.ld): another build of the program finds them there.
#ifdef WEIR_HOST
#define HAL_KEEP(name) // a test's process is restarted in place
#else
#define HAL_KEEP(name) __attribute__((section(".keep." #name)))
#endif

// Once, before the first use of such a variable. True: they are as the core left them, and hal_keep_undo or
// hal_keep_commit says what becomes of a change that was under way. False: they are zero, because the card has just
// been powered, a program that lays them out in another way kept them, a change of all was under way, or the core was
// restarted several times without getting to work, which may be their fault.
bool hal_keep_start(bool power_on);
// They contradict each other: all are zero.
void hal_keep_forget(void);
// The core got to work with what it found.
void hal_keep_good(void);
// Before the first change of these bytes; again is fine.
void hal_keep_touch(void *at, size_t bytes);
// Before a change of nearly everything: a core that dies in it begins with nothing.
void hal_keep_touch_all(void);
// The changes so far are whole.
void hal_keep_commit(void);
// Back to what was before them.
void hal_keep_undo(void);

#endif
