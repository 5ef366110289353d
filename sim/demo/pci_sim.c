// SPDX-License-Identifier: Apache-2.0
// See pci_sim.h.
#include "pci_sim.h"

#include <errno.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t sim;
static char dir[64];
static char self[256]; // where this program lies; the simulator lies beside it

int pci_sim_prepare(const char *who) {
    // Before the mount namespace changes: in a container the path would lead nowhere afterwards.
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        self[0] = '\0';
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        fprintf(stderr, "%s: no mount namespace of its own: %s; run as root\n", who, strerror(errno));
        return 77;
    }
    if (access("/dev/fuse", R_OK | W_OK) != 0 || access("/sys/bus/pci", F_OK) != 0) {
        fprintf(stderr, "%s: needs /dev/fuse and /sys/bus/pci\n", who);
        return 77;
    }
    return 0;
}

static int end_sim(void) {
    int status = 0;
    if (sim <= 0)
        return 0;
    kill(sim, SIGTERM);
    waitpid(sim, &status, 0);
    sim = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int pci_sim_start(char *err, size_t err_size) {
    char program[300], tree[96], card[96], line[256];
    int pipe_fd[2];
    FILE *out;

    snprintf(dir, sizeof(dir), "/tmp/weir-pci-sim.XXXXXX");
    if (mkdtemp(dir) == NULL || pipe(pipe_fd) != 0) {
        snprintf(err, err_size, "cannot make a folder in /tmp: %s", strerror(errno));
        return -1;
    }
    snprintf(program, sizeof(program), "%s/weir-sim", dirname(self));
    snprintf(tree, sizeof(tree), "%s/pci", dir);
    snprintf(card, sizeof(card), "%s/card", dir);
    sim = fork();
    if (sim == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(pipe_fd[1], STDOUT_FILENO);
        close(pipe_fd[0]);
        execl(program, program, "--sysfs", tree, "--dir", card, "--vfs", "0", (char *)NULL);
        _exit(127);
    }
    close(pipe_fd[1]);
    // What it says later goes nowhere; the pipe stays open so that it may.
    out = fdopen(pipe_fd[0], "r");
    if (sim < 0 || out == NULL || fgets(line, sizeof(line), out) == NULL || strstr(line, "ready") == NULL) {
        snprintf(err, err_size, "the simulator does not start; see what it says: %s --sysfs %s", program, tree);
        (void)pci_sim_stop();
        return -1;
    }
    if (mount(tree, "/sys/bus/pci", NULL, MS_BIND, NULL) != 0) {
        snprintf(err, err_size, "cannot put the tree over /sys/bus/pci: %s", strerror(errno));
        (void)pci_sim_stop();
        return -1;
    }
    return 0;
}

int pci_sim_stop(void) {
    static const char *const left[] = {"card/lock", "card", "pci"};
    char path[96];
    int status;

    (void)umount2("/sys/bus/pci", MNT_DETACH);
    status = end_sim();
    for (unsigned i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, left[i]);
        (void)remove(path);
    }
    (void)rmdir(dir);
    return status;
}
