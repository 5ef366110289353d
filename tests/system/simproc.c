// SPDX-License-Identifier: Apache-2.0
// See simproc.h.
#include "simproc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define START_MS 300000 // only a fault takes as long: a machine may be ten times slower
#define END_MS 300000
#define MAX_ARGS 24

long simproc_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void doze(void) {
    const struct timespec t = {0, 5000000};
    nanosleep(&t, NULL);
}

pid_t simproc_spawn(const char *program, const char *const *args, const char *log) {
    char *argv[MAX_ARGS + 2] = {(char *)(uintptr_t)program};
    pid_t pid;

    for (unsigned i = 0; i < MAX_ARGS && args[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)args[i];
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0, "cannot fork");
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static void read_log(const char *path, char *text, size_t size) {
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(text, 1, size - 1, f) : 0;
    text[n] = '\0';
    if (f != NULL)
        fclose(f);
}

static bool log_has(const char *path, const char *text, long ms) {
    long until = simproc_now_ms() + ms;
    char log[8192];
    do {
        read_log(path, log, sizeof(log));
        if (strstr(log, text) != NULL)
            return true;
        doze();
    } while (simproc_now_ms() < until);
    return false;
}

bool simproc_said(const struct simproc *s, const char *text) {
    return log_has(s->log, text, 10000);
}

bool simproc_log_has(const char *log, const char *text) {
    return log_has(log, text, 60000);
}

// Status of the child when it has ended, -1 when it has not within `ms`.
static int wait_end(pid_t pid, long ms) {
    long until = simproc_now_ms() + ms;
    int status;
    do {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        doze();
    } while (simproc_now_ms() < until);
    return -1;
}

void simproc_prepare(struct simproc *s) {
    memset(s, 0, sizeof(*s));
    snprintf(s->dir, sizeof(s->dir), "/tmp/weir-test-XXXXXX");
    CHECK(mkdtemp(s->dir) != NULL, "no temporary folder");
    snprintf(s->log, sizeof(s->log), "%s/log", s->dir);
}

void simproc_launch(struct simproc *s, const char *const *args) {
    const char *all[MAX_ARGS + 1] = {"--dir", s->dir};
    unsigned n = 2;
    for (unsigned i = 0; args[i] != NULL && n < MAX_ARGS; i++)
        all[n++] = args[i];
    s->pid = simproc_spawn(WEIR_SIM_BINARY, all, s->log);
}

void simproc_start(struct simproc *s, const char *const *args) {
    long until = simproc_now_ms() + START_MS;
    char log[8192];

    simproc_prepare(s);
    simproc_launch(s, args);
    do {
        read_log(s->log, log, sizeof(log));
        if (strstr(log, "weir-sim: ready") != NULL)
            return;
        CHECK(wait_end(s->pid, 5) < 0, "weir-sim ended: %s", log);
    } while (simproc_now_ms() < until);
    simproc_kill(s);
    CHECK(false, "weir-sim is not ready after %d s: %s", START_MS / 1000, log);
}

const char *simproc_socket(struct simproc *s, const char *fn) {
    snprintf(s->path, sizeof(s->path), "%s/%s.sock", s->dir, fn);
    return s->path;
}

int simproc_end(pid_t pid) {
    int status;
    kill(pid, SIGTERM);
    status = wait_end(pid, END_MS);
    if (status < 0) {
        kill(pid, SIGKILL);
        (void)wait_end(pid, END_MS);
    }
    return status;
}

int simproc_run(const char *const *args, char *text, unsigned size) {
    return simproc_exec(WEIR_SIM_BINARY, args, text, size);
}

int simproc_exec(const char *program, const char *const *args, char *text, unsigned size) {
    char log[] = "/tmp/weir-test-log-XXXXXX";
    int fd = mkstemp(log), status;
    pid_t pid;

    CHECK(fd >= 0, "no temporary file");
    close(fd);
    pid = simproc_spawn(program, args, log);
    status = wait_end(pid, END_MS);
    if (status < 0) {
        kill(pid, SIGKILL);
        (void)wait_end(pid, END_MS);
    }
    read_log(log, text, size);
    unlink(log);
    return status;
}

long simproc_cpu_ms(const struct simproc *s) {
    char path[64], text[1024];
    const char *at;
    unsigned long user = 0, system = 0;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)s->pid);
    read_log(path, text, sizeof(text));
    at = strrchr(text, ')'); // the name may hold anything
    CHECK(at != NULL && sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2,
          "cannot read %s", path);
    return (long)((user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

static void unlink_in(const char *dir, const char *name) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path);
}

void simproc_remove(const struct simproc *s) {
    char name[16];

    unlink_in(s->dir, "lock");
    unlink_in(s->dir, "log");
    unlink_in(s->dir, "pf.sock");
    for (unsigned i = 0; i < WEIR_NUM_VFS; i++) {
        snprintf(name, sizeof(name), "vf%u.sock", i);
        unlink_in(s->dir, name);
    }
    rmdir(s->dir);
}

void simproc_kill(struct simproc *s) {
    kill(s->pid, SIGKILL);
    CHECK(wait_end(s->pid, END_MS) >= 0, "weir-sim cannot be killed");
}

void simproc_stop(struct simproc *s) {
    char log[8192];
    int status;

    kill(s->pid, SIGTERM);
    status = wait_end(s->pid, END_MS);
    if (status < 0)
        simproc_kill(s);
    read_log(s->log, log, sizeof(log));
    CHECK(status == 0, "weir-sim ended with status %d: %s", status, log);
    printf("%s", strstr(log, "weir-sim: stopped") != NULL ? strstr(log, "weir-sim: stopped") : "no last words\n");
    unlink_in(s->dir, "lock");
    unlink_in(s->dir, "log");
    CHECK(rmdir(s->dir) == 0, "%s is not empty: a socket was left behind", s->dir);
}
