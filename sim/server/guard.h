// SPDX-License-Identifier: Apache-2.0
// Memory that clients share with us and may shrink behind our back: touching what is gone raises SIGBUS. The guard
// replaces such a mapping by private empty pages, so the DMA of that one client goes nowhere and everybody else's goes
// on.
#ifndef WEIR_SIM_GUARD_H
#define WEIR_SIM_GUARD_H

#include <stdbool.h>
#include <stddef.h>

// Watches a mapping until guard_remove. 0 or -ENOMEM. Not thread-safe; all mappings are touched by one thread.
int guard_add(void *mem, size_t len);
void guard_remove(void *mem);
// Has any mapping been replaced since the last question? Whoever asks unmaps those that are lost soon: the empty pages
// are memory of ours, and the card would fill them.
bool guard_take_lost(void);
bool guard_lost(const void *mem);

#endif
