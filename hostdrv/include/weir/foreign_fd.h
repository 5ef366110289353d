// SPDX-License-Identifier: Apache-2.0
// Eventfds that came over a socket. Their flags belong to the open file description, which the sender still shares: he
// can clear O_NONBLOCK, or fill and empty the counter, between any two calls of ours. So nothing here looks at flags;
// every call is one that the kernel never lets wait. The process keeps one descriptor and one kernel context for it,
// made at the first call, again after a fork. For one thread at a time.
#ifndef WEIR_FOREIGN_FD_H
#define WEIR_FOREIGN_FD_H

#include <stdint.h>

// Is fd an eventfd that can be rung and drained without waiting? 0, -EINVAL (something else, or a semaphore, which a
// drain does not clear), -EBADF, or why this system cannot tell. Changes nothing.
int weir_bell_check(int fd);
// Adds 1; a counter that is full stays so, which its owner sees all the same. 0 or negative errno.
int weir_bell_ring(int fd);
// Sets the counter to 0. Returns 1 when it was rung, 0 when not, or negative errno.
int weir_bell_drain(int fd);
// The same with how often it was rung.
int weir_bell_take(int fd, uint64_t *count);

#endif
