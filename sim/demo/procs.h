// SPDX-License-Identifier: Apache-2.0
// Programs of the demo: start, wait until they say they are ready, stop; what they said last when they fail.
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
// Waits until the program says `text`. 0; else -EIO with its last line in err, or -ETIMEDOUT.
int proc_said(struct proc *p, const char *text, unsigned seconds, char *err, size_t err_size);
// False, with its last line in err, when it has ended by itself.
bool proc_alive(struct proc *p, char *err, size_t err_size);
// Ends it in order; its exit status, 128 + signal when it had to be killed. 0 when it does not run.
int proc_stop(struct proc *p);
// Last line it said.
void proc_last_words(const struct proc *p, char *text, size_t size);

#endif
