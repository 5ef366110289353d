// SPDX-License-Identifier: Apache-2.0
// See procs.h.
#include "procs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_MS 3000 // of an interrupted run
#define STEP_US 5000

int proc_start(struct proc *p, const struct netns *n, int place, const char *name, const char *const argv[]) {
    pid_t pid;
    snprintf(p->name, sizeof(p->name), "%s", name);
    snprintf(p->log, sizeof(p->log), "%s/%s.log", netns_dir(n), name);
    pid = netns_spawn(n, place, p->log, argv);
    p->pid = pid > 0 ? pid : 0;
    return pid > 0 ? 0 : (int)pid;
}

static size_t read_log(const struct proc *p, char *text, size_t size) {
    FILE *f = fopen(p->log, "r");
    size_t n = f != NULL ? fread(text, 1, size - 1, f) : 0;
    text[n] = '\0';
    if (f != NULL)
        fclose(f);
    return n;
}

void proc_last_words(const struct proc *p, char *text, size_t size) {
    char log[8192], *end, *line;
    size_t n = read_log(p, log, sizeof(log));
    while (n != 0 && log[n - 1] == '\n')
        log[--n] = '\0';
    end = strrchr(log, '\n');
    line = end != NULL ? end + 1 : log;
    snprintf(text, size, "%s", line[0] != '\0' ? line : "it said nothing");
}

bool proc_alive(struct proc *p, char *err, size_t err_size) {
    char words[200];
    if (p->pid == 0)
        return false;
    if (waitpid(p->pid, NULL, WNOHANG) == 0)
        return true;
    p->pid = 0;
    proc_last_words(p, words, sizeof(words));
    snprintf(err, err_size, "%s ended: %s", p->name, words);
    return false;
}

int proc_said(struct proc *p, const char *text, const volatile int *stop, char *err, size_t err_size) {
    while (stop == NULL || *stop == 0) {
        char log[8192];
        read_log(p, log, sizeof(log));
        if (strstr(log, text) != NULL)
            return 0;
        if (!proc_alive(p, err, err_size))
            return -EIO;
        usleep(STEP_US);
    }
    snprintf(err, err_size, "interrupted");
    return -EINTR;
}

int proc_stop(struct proc *p, const volatile int *stop) {
    int status = 0;
    if (p->pid == 0)
        return 0;
    kill(p->pid, SIGTERM);
    // Who was interrupted wants an end more than an orderly one.
    for (unsigned waited = 0; stop == NULL || *stop == 0 || waited < STOP_MS * 1000u; waited += STEP_US) {
        if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
            p->pid = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        usleep(STEP_US);
    }
    kill(p->pid, SIGKILL);
    waitpid(p->pid, &status, 0);
    p->pid = 0;
    return 128 + SIGKILL;
}
