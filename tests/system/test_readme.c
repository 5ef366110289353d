// SPDX-License-Identifier: Apache-2.0
// What README.md tells a newcomer to type works as it stands there (readme.sh), and so do two guests and a wire beside
// each other without names and namespaces.
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "hosts.h"
#include "world.h"

#define SKIP 77

static int by_hand_runs_as_written(void) {
    execl("/usr/bin/env", "env", "bash", WEIR_README_SH, WEIR_README, WEIR_PROGRAMS, (char *)NULL);
    return 1;
}

// Each says which device it got.
static int devices_find_free_names(void) {
    static const char *const says[] = {"device weir0, 02:57:", "device weir1, 02:57:"};
    char log[2][128];
    pid_t guest[2];
    if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) != 0)
        return SKIP;
    simproc_start(&sim, (const char *[]){"--vfs", "4", "--wire", "tap", NULL});
    CHECK(simproc_said(&sim, "the wire ends at device wire0"), "weir-sim does not say its device");
    hosts_prepare();
    hosts_start_parent(NULL);
    for (unsigned i = 0; i < 2; i++) {
        const char *args[] = {"--parent", host_dir, "--name", i == 0 ? "a" : "b", NULL};
        snprintf(log[i], sizeof(log[i]), "%s.guest%u", sim.dir, i);
        guest[i] = simproc_spawn(WEIR_GUEST_BINARY, args, log[i]);
        CHECK(simproc_log_has(log[i], says[i]), "guest %u does not say '%s'", i, says[i]);
    }
    CHECK(if_nametoindex("wire0") != 0 && if_nametoindex("weir0") != 0 && if_nametoindex("weir1") != 0, "no devices");
    for (unsigned i = 0; i < 2; i++) {
        CHECK(simproc_end(guest[i]) == 0, "guest %u does not end in order", i);
        unlink(log[i]);
    }
    hosts_stop();
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "by_hand_runs_as_written") == 0)
        return by_hand_runs_as_written();
    if (argc > 1 && strcmp(argv[1], "devices_find_free_names") == 0)
        return devices_find_free_names();
    fprintf(stderr, "usage: test_readme <case>\n");
    return 2;
}
