// SPDX-License-Identifier: Apache-2.0
// weir-guest: words for people, signals and the TAP device; everything else is in guest_run.c. Run it in the guest's
// own network namespace: that is where the TAP device appears.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "await.h"
#include "guest_run.h"
#include "tap.h"
#include "text.h"

enum kind { IN, OUT, HELD, DROP };

static volatile int stop;
static char name[32] = "guest0";

static void on_signal(int sig) {
    (void)sig;
    stop = 1;
}

static void say(void *ctx, const char *line) {
    (void)ctx;
    printf("weir-guest %s: %s\n", name, line);
    fflush(stdout);
}

static int complain(const char *err) {
    fprintf(stderr, "weir-guest %s: %s\n", name, err);
    return 1;
}

static const char usage[] =
    "weir-guest: a guest partition: a TAP device, NetVSC behind it, a VF driver when a VF comes.\n"
    "\n"
    "  --parent DIR  folder of the parent's sockets, as given to weir-host --dir (default "
    "weir-host.d)\n"
    "  --bus pciaccess [ADDRESS]\n"
    "                the parent's card is a PCI device, and so is the VF it offers: where the parent says, or, where\n"
    "                this machine shows it elsewhere, at this address; as root\n"
    "  --name NAME   the guest's name: 1 to 31 letters, digits, '-', '_' and '.' (default guest0)\n"
    "  --mac MAC     ask the parent for this hardware address, and give it to the device yourself; without, the\n"
    "                parent assigns one and the device gets it\n"
    "  --tap NAME    its network device (default weir0); its MTU is set to what the parent carries\n"
    "  --wait SECONDS  for a parent that is not there yet (default 10); one that goes is waited for in any case\n"
    "  --quiet       only errors\n"
    "  --help        this text\n";

int main(int argc, char **argv) {
    static const struct option known[] = {{"parent", required_argument, NULL, 'p'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"mac", required_argument, NULL, 'm'},
                                          {"tap", required_argument, NULL, 't'},
                                          {"wait", required_argument, NULL, 'w'},
                                          {"quiet", no_argument, NULL, 's'},
                                          {"bus", required_argument, NULL, 'b'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const struct sigaction act = {.sa_handler = on_signal};
    struct guest_options o = {.parent = "weir-host.d", .wait_s = 10, .stop = &stop, .log = say};
    const char *tap = "weir0", *wrong;
    char err[512] = "", line[400], mac[18];
    struct guest_run *g;
    int c, ret;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'p':
            o.parent = optarg;
            break;
        case 'n':
            if (!weir_partition_name_ok(optarg, strlen(optarg) + 1))
                return complain("--name takes 1 to 31 letters, digits, '-', '_' and '.'");
            snprintf(name, sizeof(name), "%s", optarg);
            break;
        case 'm':
            o.own_mac = true;
            if (!text_mac(optarg, o.mac))
                return complain("--mac takes a unicast address such as 02:57:00:00:00:01");
            break;
        case 't':
            tap = optarg;
            break;
        case 'w':
            if (!text_number(optarg, AWAIT_MAX_S, &o.wait_s))
                return complain("--wait takes 0 to 3600 seconds");
            break;
        case 'b':
            if (!app_bus_named(&o.bus, optarg))
                return complain("--bus takes vfio-user (the simulator's sockets, the default) or pciaccess");
            break;
        case 's':
            o.log = NULL;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return 1; // getopt named the option
        }
    }
    wrong = app_bus_arguments(&o.bus, argc - optind, argv + optind, false);
    if (wrong != NULL) {
        snprintf(err, sizeof(err), "%s; see weir-guest --help", wrong);
        return complain(err);
    }
    o.name = name;
    o.tap = tap_open(tap, true, err, sizeof(err));
    o.virtio_header = true;
    if (o.tap < 0)
        return complain(err);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    g = guest_new(&o, err, sizeof(err));
    if (g == NULL)
        return complain(err);
    if (o.log != NULL) {
        snprintf(line, sizeof(line), "%s, MTU %u", text_of_mac(mac, guest_terms(g)->mac), guest_terms(g)->mtu);
        say(NULL, line);
    }
    ret = guest_run(g, &stop);
    if (o.log != NULL) {
        struct weir_netvsc_stats s = guest_stats(g);
        snprintf(line, sizeof(line),
                 "stopped: synthetic %" PRIu64 " sent, %" PRIu64 " received; VF %" PRIu64 " sent, %" PRIu64
                 " received; %" PRIu64 " left their checksum to the card; %" PRIu64 " times to the VF, %" PRIu64
                 " back, %" PRIu64 " revoked; %" PRIu64 " lost with a parent",
                 s.tx_synthetic, s.rx_synthetic, s.tx_vf, s.rx_vf, s.tx_offload, s.to_vf, s.to_synthetic, s.revoked,
                 s.tx_untaken);
        say(NULL, line);
#define ROW(field, kind, text)                                                                                         \
    if ((kind) == DROP && s.field != 0) {                                                                              \
        snprintf(line, sizeof(line), "dropped %" PRIu64 ": %s", s.field, text);                                        \
        say(NULL, line);                                                                                               \
    }
        WEIR_GUEST_COUNTERS(ROW)
#undef ROW
    }
    guest_free(g);
    close(o.tap);
    return ret == 0 ? 0 : complain(ret == -EPIPE ? "the parent has sent this guest away" : strerror(-ret));
}
