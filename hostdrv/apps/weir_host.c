// SPDX-License-Identifier: Apache-2.0
// weir-host: words for people and signals; everything else is in host_run.c.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "await.h"
#include "host_run.h"
#include "text.h"
#include "weir/partition.h"
#include "weir_abi.h"

static volatile int stop;

static void on_signal(int sig) {
    (void)sig;
    stop = 1;
}

static void say(void *ctx, const char *line) {
    (void)ctx;
    printf("weir-host: %s\n", line);
    fflush(stdout);
}

static int complain(const char *err) {
    fprintf(stderr, "weir-host: %s\n", err);
    return 1;
}

static const char usage[] =
    "weir-host: the parent partition of a card: PF driver, extensible switch, virtualization stack.\n"
    "\n"
    "  --card DIR     folder of the card's functions, as given to weir-sim --dir (default weir-sim.d)\n"
    "  --bus pciaccess ADDRESS\n"
    "                 the card is a PCI device of this machine: its PF, as lspci -D shows it (0000:03:00.0); as root\n"
    "  --dir DIR      our own folder, what guests and weirctl call --parent (default weir-host.d); the table of "
    "guests\n"
    "                 is kept there in guests.json\n"
    "  --open[=all]   let guests in that the table does not name: those of our own user and root, or of all users\n"
    "  --protect MAC  an address that is no guest's, such as the gateway's; may be given %u times\n"
    "  --mtu N        of the guests, %u to %u (default 1500)\n"
    "  --vfs N        VFs to enable, 1 to 64 (default 4)\n"
    "  --queues N     queue pairs of the default vPort, 1 to 8 (default 1)\n"
    "  --vf-queues N  queue pairs of a guest's VF, 1 to 8 (default 1)\n"
    "  --wait SECONDS for a card that is not there yet (default 10)\n"
    "  --quiet        only errors\n"
    "  --help         this text\n";

static int number(const char *name, const char *text, unsigned min, unsigned max, unsigned *value) {
    unsigned v;
    if (!text_number(text, max, &v) || v < min) {
        char clean[64];
        fprintf(stderr, "weir-host: --%s %s: expected a number from %u to %u\n", name,
                text_clean(clean, sizeof(clean), text), min, max);
        return -1;
    }
    *value = v;
    return 0;
}

int main(int argc, char **argv) {
    static const struct option known[] = {{"card", required_argument, NULL, 'c'},
                                          {"bus", required_argument, NULL, 'b'},
                                          {"dir", required_argument, NULL, 'd'},
                                          {"vfs", required_argument, NULL, 'v'},
                                          {"queues", required_argument, NULL, 'q'},
                                          {"vf-queues", required_argument, NULL, 'f'},
                                          {"mtu", required_argument, NULL, 'm'},
                                          {"open", optional_argument, NULL, 'o'},
                                          {"protect", required_argument, NULL, 'p'},
                                          {"wait", required_argument, NULL, 'w'},
                                          {"quiet", no_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const struct sigaction act = {.sa_handler = on_signal};
    struct parent_options o = {.card = "weir-sim.d",
                               .dir = "weir-host.d",
                               .vfs = 4,
                               .qps = 1,
                               .vf_qps = 1,
                               .mtu = 1500,
                               .wait_s = 10,
                               .stop = &stop,
                               .log = say};
    char err[512] = "", line[160];
    const char *wrong;
    struct parent *p;
    int c, ret = 0;

    while (ret == 0 && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        const char *arg = optarg != NULL ? optarg : "";
        switch (c) {
        case 'c':
            o.card = arg;
            break;
        case 'b':
            if (!app_bus_named(&o.bus, arg))
                return complain("--bus takes vfio-user (the simulator's sockets, the default) or pciaccess");
            break;
        case 'd':
            o.dir = arg;
            break;
        case 'v':
            ret = number("vfs", arg, 1, WEIR_NUM_VFS, &o.vfs);
            break;
        case 'q':
            ret = number("queues", arg, 1, 8, &o.qps);
            break;
        case 'f':
            ret = number("vf-queues", arg, 1, WEIR_VF_MAX_QPS, &o.vf_qps);
            break;
        case 'm':
            ret = number("mtu", arg, WEIR_MTU_MIN, WEIR_MTU_MAX, &o.mtu);
            break;
        case 'o':
            if (arg[0] != '\0' && strcmp(arg, "all") != 0)
                return complain("--open takes nothing, or =all");
            o.door = arg[0] != '\0' ? DOOR_ALL : DOOR_OWN;
            break;
        case 'p':
            if (o.protected_macs == PARENT_MAX_PROTECTED || !text_mac(arg, o.protect[o.protected_macs++]))
                return complain("--protect takes a unicast address such as 02:57:00:00:00:01, 16 at most");
            break;
        case 'w':
            ret = number("wait", arg, 0, AWAIT_MAX_S, &o.wait_s);
            break;
        case 's':
            o.log = NULL;
            break;
        case 'h':
            printf(usage, PARENT_MAX_PROTECTED, WEIR_MTU_MIN, WEIR_MTU_MAX);
            return 0;
        default:
            return 1; // getopt named the option
        }
    }
    if (ret != 0)
        return 1;
    wrong = app_bus_arguments(&o.bus, argc - optind, argv + optind, true);
    if (wrong != NULL) {
        snprintf(err, sizeof(err), "%s; see weir-host --help", wrong);
        return complain(err);
    }
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    p = parent_new(&o, err, sizeof(err));
    if (p == NULL)
        return complain(err);
    snprintf(line, sizeof(line), "ready: %u VFs, MTU %u; guests and weirctl: --parent %.80s", o.vfs, o.mtu, o.dir);
    if (o.log != NULL)
        say(NULL, line);
    ret = parent_run(p, &stop, err, sizeof(err));
    parent_free(p);
    if (ret != 0)
        return complain(err[0] != '\0' ? err : strerror(-ret));
    if (o.log != NULL)
        say(NULL, "halted");
    return 0;
}
