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

#include "guest_run.h"
#include "tap.h"

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
    "  --name NAME   the guest's name (default guest0)\n"
    "  --mac MAC     its hardware address (default 02:57:00:00:00:01)\n"
    "  --tap NAME    its network device (default weir0); give it the same hardware address\n"
    "  --quiet       only errors\n"
    "  --help        this text\n";

static bool parse_mac(const char *text, uint8_t mac[6]) {
    unsigned v[6];
    int used = 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &used) != 6 ||
        text[used] != '\0' || (v[0] & 1) != 0)
        return false;
    for (unsigned i = 0; i < 6; i++)
        mac[i] = (uint8_t)v[i];
    return true;
}

int main(int argc, char **argv) {
    static const struct option known[] = {{"parent", required_argument, NULL, 'p'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"mac", required_argument, NULL, 'm'},
                                          {"tap", required_argument, NULL, 't'},
                                          {"quiet", no_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const struct sigaction act = {.sa_handler = on_signal};
    struct guest_options o = {.parent = "weir-host.d", .mac = {0x02, 0x57, 0, 0, 0, 1}, .log = say};
    const char *tap = "weir0";
    char err[512] = "", line[256];
    struct guest_run *g;
    int c, ret;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'p':
            o.parent = optarg;
            break;
        case 'n':
            if (optarg[0] == '\0' || strlen(optarg) >= sizeof(name))
                return complain("--name takes 1 to 31 characters");
            snprintf(name, sizeof(name), "%s", optarg);
            break;
        case 'm':
            if (!parse_mac(optarg, o.mac))
                return complain("--mac takes a unicast address such as 02:57:00:00:00:01");
            break;
        case 't':
            tap = optarg;
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
    if (optind < argc) {
        snprintf(err, sizeof(err), "unexpected argument %.100s; see weir-guest --help", argv[optind]);
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
    ret = guest_run(g, &stop);
    if (o.log != NULL) {
        const struct weir_netvsc_stats *s = guest_stats(g);
        snprintf(line, sizeof(line),
                 "stopped: synthetic %" PRIu64 " sent, %" PRIu64 " received; VF %" PRIu64 " sent, %" PRIu64
                 " received; %" PRIu64 " left their checksum to the card; %" PRIu64 " times to the VF, %" PRIu64
                 " back, %" PRIu64 " revoked",
                 s->tx_synthetic, s->rx_synthetic, s->tx_vf, s->rx_vf, s->tx_offload, s->to_vf, s->to_synthetic,
                 s->revoked);
        say(NULL, line);
    }
    guest_free(g);
    close(o.tap);
    return ret == 0 ? 0 : complain(ret == -EPIPE ? "the parent is gone" : strerror(-ret));
}
