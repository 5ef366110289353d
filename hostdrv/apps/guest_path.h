// SPDX-License-Identifier: Apache-2.0
// What a guest's own people ask: which path, since when and why, what went over both, its last hand-overs. The parent
// says the same of it with weirctl path show.
#ifndef WEIR_APPS_GUEST_PATH_H
#define WEIR_APPS_GUEST_PATH_H

#include "weir/netvsc.h"

// A line each, the newest hand-over first. `s`: over all the parents that the guest has had.
void guest_path(const struct weir_netvsc *n, const struct weir_netvsc_stats *s,
                void (*tell)(void *ctx, const char *line), void *ctx);

#endif
