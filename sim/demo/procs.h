// SPDX-License-Identifier: Apache-2.0
// Programs of the demo: start, wait until they say they are ready, stop; what they said last when they fail. A program
// is waited for as long as it lives: how fast it is, is the machine's affair.
#ifndef WEIR_DEMO_PROCS_H
#define WEIR_DEMO_PROCS_H

#include <stdbool.h>
#include <stddef.h>

#include "netns.h"

struct proc {
    char name[24], log[96];
    pid_t pid; // 0 = not running
};

// 0 or negative errno.
int proc_start(struct proc *p, const struct netns *n, int place, const char *name, const char *const argv[]);
// Waits until the program says `text`. 0; -EIO with its last line in err, or -EINTR once *stop is set.
int proc_said(struct proc *p, const char *text, const volatile int *stop, char *err, size_t err_size);
// False, with its last line in err, when it has ended by itself.
bool proc_alive(struct proc *p, char *err, size_t err_size);
// Ends it in order; its exit status, 128 + signal when it had to be killed, which is done only once *stop is set. 0
// when it does not run.
int proc_stop(struct proc *p, const volatile int *stop);
// Last line it said.
void proc_last_words(const struct proc *p, char *text, size_t size);

#endif
