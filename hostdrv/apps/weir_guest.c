// SPDX-License-Identifier: Apache-2.0
// weir-guest: words for people, signals and the TAP device; everything else is in guest_run.c. Run it in the guest's
// own network namespace: that is where the TAP device appears.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "await.h"
#include "cli.h"
#include "guest_run.h"
#include "tap.h"
#include "text.h"

enum kind { IN, OUT, HELD, DROP };

static volatile int stop;
static char name[32] = "guest0";

static volatile int asked;

static void on_ask(int sig) {
    (void)sig;
    asked++;
}

static void on_signal(int sig) {
    (void)sig;
    stop = 1;
}

static void say(void *ctx, const char *line) {
    (void)ctx;
    printf("weir-guest %s: %s\n", name, line);
    fflush(stdout);
}

static int take_name(void *to, const char *value) {
    snprintf(to, sizeof(name), "%s", value);
    return weir_partition_name_ok(value, strlen(value) + 1) ? 0 : -1;
}

static int take_mac(void *to, const char *value) {
    struct guest_options *o = to;
    o->own_mac = true;
    return text_mac(value, o->mac) ? 0 : -1;
}

static int take_bus(void *to, const char *value) {
    return app_bus_named(to, value) ? 0 : -1;
}

static bool quiet;
static const char *tap = "weir%d";
static struct guest_options o = {
    .parent = "weir-host.d", .wait_s = 10, .stop = &stop, .log = say, .asked = &asked, .tell = say};

static const struct cli_option options[] = {
    {"parent", "DIR", CLI_TEXT, .to = &o.parent, .max = CLI_SOCKETS_DIR,
     .help = "folder of the parent's sockets, as given to weir-host --dir (default weir-host.d)"},
    {"bus", "NAME", CLI_OWN, .to = &o.bus, .take = take_bus, .expects = "vfio-user or pciaccess",
     .help =
         "vfio-user: the simulator's sockets (default); pciaccess: the parent's card is a PCI device, and so is the "
         "VF it offers: where the parent says, or, where this machine shows it elsewhere, at the address beside the "
         "options; as root"},
    {"name", "NAME", CLI_OWN, .to = name, .take = take_name, .expects = "1 to 31 letters, digits, '-', '_' and '.'",
     .help = "the guest's name: 1 to 31 letters, digits, '-', '_' and '.' (default guest0)"},
    {"mac", "MAC", CLI_OWN, .to = &o, .take = take_mac, .expects = "a unicast address such as 02:57:00:00:00:01",
     .help = "ask the parent for this hardware address; without, the parent assigns one, of the name. The device gets "
             "it in either case"},
    {"tap", "NAME", CLI_TEXT, .to = &tap, .max = TAP_NAME_ROOM - 1,
     .help = "its network device (default: the first of weir0, weir1 ... that is free); its MTU is set to what the "
             "parent carries"},
    {"wait", "SECONDS", CLI_NUMBER, .to = &o.wait_s, .max = AWAIT_MAX_S,
     .help = "for a parent that is not there yet (default 10); one that goes is waited for in any case"},
    {"quiet", NULL, CLI_FLAG, .to = &quiet, .help = "only errors"},
    {.name = NULL}};

static const struct cli cli = {
    .program = "weir-guest",
    .about = "weir-guest: a guest partition: a TAP device, NetVSC behind it, a VF driver when\n"
             "a VF comes. Run it in the guest's network namespace: the device is made there.",
    .words = "[ADDRESS]",
    .behind = "SIGINT and SIGTERM end it; SIGUSR1 asks it for its path: since when, why, the\n"
              "frames of both paths and its last hand-overs.\n"
              "Exit status: 0 stopped, 1 could not start or was sent away, 2 the call is wrong.\n",
    .options = options};

static int complain(const char *err) {
    fprintf(stderr, "weir-guest %s: %s\n", name, err);
    return 1;
}

int main(int argc, char **argv) {
    const struct sigaction act = {.sa_handler = on_signal};
    const struct sigaction ask = {.sa_handler = on_ask};
    char err[512] = "", line[400], mac[18], device[TAP_NAME_ROOM];
    const char *wrong;
    struct guest_run *g;
    int words, ret = cli_read(&cli, argc, argv, &words);

    if (ret >= 0)
        return ret;
    wrong = app_bus_arguments(&o.bus, words, argv + 1, false);
    if (wrong != NULL)
        return cli_wrong(&cli, "%s", wrong);
    if (quiet)
        o.log = NULL;
    o.name = name;
    o.tap = tap_open(tap, true, err, sizeof(err));
    o.virtio_header = true;
    if (o.tap < 0)
        return complain(err);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGUSR1, &ask, NULL);
    signal(SIGPIPE, SIG_IGN);
    g = guest_new(&o, err, sizeof(err));
    if (g == NULL)
        return complain(err);
    if (o.log != NULL) {
        tap_name(o.tap, device);
        snprintf(line, sizeof(line), "device %s, %s, MTU %u", device, text_of_mac(mac, guest_terms(g)->mac),
                 guest_terms(g)->mtu);
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
