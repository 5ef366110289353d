// SPDX-License-Identifier: Apache-2.0
// Programs that are started together wait for each other a while, whichever comes first.
#ifndef WEIR_APPS_AWAIT_H
#define WEIR_APPS_AWAIT_H

#include <stdbool.h>
#include <stdint.h>

#define AWAIT_MAX_S 3600u

// The moment `seconds` from now.
uint64_t await_until(unsigned seconds);
// Whether an error of a connection (negative errno) may go away by itself: who should be there is not yet.
bool await_helps(int err);
// Sleeps a moment; false when the time has come or *stop is set (stop may be NULL): no more of it.
bool await_more(uint64_t until, const volatile int *stop);

#endif
