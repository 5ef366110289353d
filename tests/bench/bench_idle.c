// SPDX-License-Identifier: Apache-2.0
// Row 25: starts an idle simulator, lets it settle, and reads how much processor time it then uses. See bench.h.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static double cpu_seconds(pid_t pid) {
    unsigned long user = 0, sys = 0;
    char path[64], line[512], *p;
    FILE *f;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (f == NULL || fgets(line, sizeof(line), f) == NULL || (p = strrchr(line, ')')) == NULL ||
        sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
        user = sys = 0;
    if (f != NULL)
        fclose(f);
    return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

// Share of a processor that an idle simulator uses.
BENCH_SCENARIO(bench_sim_idle) {
    const struct timespec settle = {.tv_sec = 8}, window = {.tv_sec = 10};
    char self[512], sim[600], dir[] = "/tmp/weir-bench-XXXXXX", *slash;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    double used;
    int status;
    pid_t pid;
    (void)setup;

    if (n < 0 || mkdtemp(dir) == NULL)
        return;
    self[n] = '\0';
    slash = strrchr(self, '/');
    snprintf(sim, sizeof(sim), "%.*s/weir-sim", (int)(slash - self), self);
    pid = fork();
    if (pid == 0) {
        execl(sim, sim, "--dir", dir, "--quiet", (char *)NULL);
        _exit(127);
    }
    if (pid < 0)
        return;
    nanosleep(&settle, NULL);
    used = cpu_seconds(pid);
    nanosleep(&window, NULL);
    used = (cpu_seconds(pid) - used) * 100 / (double)window.tv_sec;
    if (waitpid(pid, &status, WNOHANG) != 0)
        return; // it did not run
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    snprintf(sim, sizeof(sim), "rm -rf %s", dir);
    if (system(sim) != 0)
        fprintf(stderr, "cannot remove %s\n", dir);
    figure[0].value = used;
}
