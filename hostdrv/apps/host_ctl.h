// SPDX-License-Identifier: Apache-2.0
// The parent's control socket: a line of JSON for a question, a line for the answer (docs/blocks/hostdrv.md). Every
// answer has "ok"; with false comes "error", a sentence for people. Only the parent's own user and root are heard.
#ifndef WEIR_APPS_HOST_CTL_H
#define WEIR_APPS_HOST_CTL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct ctl;
struct parent;

#define CTL_MAX_CLIENTS 16u

// NULL with one line in err.
struct ctl *ctl_new(const char *path, char *err, size_t err_size);
void ctl_free(struct ctl *c);
unsigned ctl_pollfds(struct ctl *c, struct pollfd *fds, unsigned room);
// A question waits for its turn: no long sleep.
bool ctl_pending(const struct ctl *c);
// Acts on the same array after poll.
void ctl_dispatch(struct ctl *c, struct parent *p, const struct pollfd *fds, unsigned n);

#endif
