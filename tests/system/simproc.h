// SPDX-License-Identifier: Apache-2.0
// weir-sim as a child process with a folder of its own, for tests that speak to it through its sockets. It dies with
// the test, whatever happens. Every wait is bounded.
#ifndef WEIR_TEST_SIMPROC_H
#define WEIR_TEST_SIMPROC_H

#include <stdbool.h>
#include <sys/types.h>

struct simproc {
    pid_t pid;
    char dir[64];
    char log[96]; // standard output and error
    char path[128];
};

// Starts weir-sim with --dir and the further arguments (ended by NULL) and waits until it is ready.
void simproc_start(struct simproc *s, const char *const *args);
// Only the folder; then, without waiting, weir-sim.
void simproc_prepare(struct simproc *s);
void simproc_launch(struct simproc *s, const char *const *args);
// Socket of "pf", "vf0", ...; the text is valid until the next call.
const char *simproc_socket(struct simproc *s, const char *fn);
// Runs a second weir-sim with exactly these arguments until it ends, at most 20 s. Returns its exit status; its output,
// cut at `size`, is in text.
int simproc_run(const char *const *args, char *text, unsigned size);
// The same with any program.
int simproc_exec(const char *program, const char *const *args, char *text, unsigned size);
// Starts a program that dies with the test; its output goes to `log`.
pid_t simproc_spawn(const char *program, const char *const *args, const char *log);
// SIGTERM, then waits; its exit status, 128 + signal, or -1 when it does not end.
int simproc_end(pid_t pid);
// True once the file has the text, waiting at most 60 s.
bool simproc_log_has(const char *log, const char *text);
// True once the log has the text, waiting at most 10 s.
bool simproc_said(const struct simproc *s, const char *text);
// Processor time used so far, ms.
long simproc_cpu_ms(const struct simproc *s);
void simproc_kill(struct simproc *s);
// Removes the folder of one that was killed.
void simproc_remove(const struct simproc *s);
// SIGTERM; checks a clean end: status 0 (no TLP rule broken), sockets gone.
void simproc_stop(struct simproc *s);
// Monotonic time, ms.
long simproc_now_ms(void);

#endif
