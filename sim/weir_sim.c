// SPDX-License-Identifier: Apache-2.0
// weir-sim: words for people and signals; everything else is in sim/server.
// Exit status: sim_options.c.
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "sim_run.h"

#define MOST_FDS 4096u

static volatile int stop;
static volatile unsigned pulls, upsets;

static void on_signal(int sig) {
    if (sig == SIGUSR1)
        pulls++;
    else if (sig == SIGUSR2)
        upsets++;
    else
        stop = 1;
}

// A client may hold two dozen descriptors, 65 of them more than the usual limit of 1,024. Where the system does not
// give them, the last clients' are refused.
static void make_room(void) {
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= MOST_FDS)
        return;
    l.rlim_cur = l.rlim_max < MOST_FDS ? l.rlim_max : MOST_FDS;
    (void)setrlimit(RLIMIT_NOFILE, &l);
}

static void say(void *ctx, const char *line) {
    if (!((const struct sim_options *)ctx)->quiet)
        printf("weir-sim: %s\n", line);
    fflush(stdout);
}

static int complain(const char *err) {
    fprintf(stderr, "weir-sim: %s\n", err);
    return 1;
}

int main(int argc, char **argv) {
    const struct sigaction act = {.sa_handler = on_signal};
    struct sim_options o;
    struct sim_totals t;
    struct sim *s;
    char err[512] = "", line[512], device[TAP_NAME_ROOM];
    int ret;

    ret = sim_options_read(&o, argc, argv);
    if (ret >= 0)
        return ret;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGUSR2, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    make_room();
    s = sim_new(&o, say, &o, err, sizeof(err));
    if (s == NULL)
        return complain(err);
    if (o.lspci != NULL) {
        ret = sim_dump(s, &o, err, sizeof(err)) != 0 ? complain(err) : 0;
        return sim_free(s, err, sizeof(err)) != 0 ? complain(err) : ret;
    }
    if (o.num_vfs != 0)
        snprintf(line, sizeof(line), "ready: PF at %s/pf.sock, VFs at %s/vf0.sock to vf%u.sock", o.dir, o.dir,
                 o.num_vfs - 1);
    else
        snprintf(line, sizeof(line), "ready: PF at %s/pf.sock", o.dir);
    say(&o, line);
    say(&o, o.fused ? "the card's key fuses are blown: it starts only images that this key has signed"
                    : "the card's key fuses are not blown, as on a development board: images are checked by digest, "
                      "their signatures are NOT (--fuse)");
    sim_device(s, device);
    if (device[0] != '\0') {
        snprintf(line, sizeof(line), "the wire ends at device %s", device);
        say(&o, line);
    }
    ret = sim_run(s, &stop, &pulls, &upsets);
    sim_totals(s, &t);
    if (sim_free(s, err, sizeof(err)) != 0)
        ret = complain(err);
    else if (ret != 0)
        ret = complain(strerror(-ret));
    snprintf(line, sizeof(line),
             "stopped after %" PRIu64 " cycles: wire %" PRIu64 " in, %" PRIu64 " out, %" PRIu64 " not taken; %" PRIu64
             " TLPs, %" PRIu64 " refused by the IOMMU, the order of %" PRIu64 " completions and %" PRIu64
             " interrupts seen",
             t.cycles, t.wire_in, t.wire_out, t.wire_drops, t.tlps, t.iommu_faults, t.ordered_completions,
             t.ordered_interrupts);
    say(&o, line);
    if (t.violations != 0) {
        fprintf(stderr, "weir-sim: the card broke TLP rules %" PRIu64 " times, first: %s\n", t.violations,
                t.first_violation);
        return 3;
    }
    return ret;
}
