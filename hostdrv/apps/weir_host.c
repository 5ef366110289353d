// SPDX-License-Identifier: Apache-2.0
// weir-host: words for people and signals; everything else is in host_run.c.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "await.h"
#include "cli.h"
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

static int take_bus(void *to, const char *value) {
    return app_bus_named(to, value) ? 0 : -1;
}

static int take_door(void *to, const char *value) {
    *(enum parent_door *)to = value != NULL ? DOOR_ALL : DOOR_OWN;
    return value == NULL || strcmp(value, "all") == 0 ? 0 : -1;
}

static int take_protected(void *to, const char *value) {
    struct parent_options *o = to;
    return text_mac(value, o->protect[o->protected_macs++]) ? 0 : -1;
}

static bool quiet;
static struct parent_options o = {.card = "weir-sim.d",
                                  .dir = "weir-host.d",
                                  .vfs = 4,
                                  .qps = 1,
                                  .vf_qps = 1,
                                  .mtu = 1500,
                                  .wait_s = 10,
                                  .stop = &stop,
                                  .log = say};

static const struct cli_option options[] = {
    {"card", "DIR", CLI_TEXT, .to = &o.card, .max = CLI_SOCKETS_DIR,
     .help = "folder of the card's functions, as given to weir-sim --dir (default weir-sim.d)"},
    {"bus", "NAME", CLI_OWN, .to = &o.bus, .take = take_bus, .expects = "vfio-user or pciaccess",
     .help =
         "vfio-user: the simulator's sockets (default); pciaccess: the card is a PCI device of this machine, and the "
         "word beside the options is its PF, as lspci -D shows it; as root"},
    {"dir", "DIR", CLI_TEXT, .to = &o.dir, .max = CLI_SOCKETS_DIR,
     .help = "our own folder, what guests and weirctl call --parent (default weir-host.d); the table of guests is kept "
             "there in guests.json"},
    {"open", "[=all]", CLI_OWN, .to = &o.door, .take = take_door, .expects = "nothing, or =all", .optional = true,
     .help = "let guests in that the table does not name: those of our own user and root, or of all users"},
    {"protect", "MAC", CLI_OWN, .to = &o, .take = take_protected,
     .expects = "a unicast address such as 02:57:00:00:00:01", .most = PARENT_MAX_PROTECTED,
     .help = "an address that is no guest's, as the gateway's"},
    {"mtu", "N", CLI_NUMBER, .to = &o.mtu, .min = WEIR_MTU_MIN, .max = WEIR_MTU_MAX,
     .help = "of the guests (default 1500)"},
    {"vfs", "N", CLI_NUMBER, .to = &o.vfs, .min = 1, .max = WEIR_NUM_VFS, .help = "VFs to enable (default 4)"},
    {"queues", "N", CLI_NUMBER, .to = &o.qps, .min = 1, .max = 8,
     .help = "queue pairs of the default vPort (default 1)"},
    {"vf-queues", "N", CLI_NUMBER, .to = &o.vf_qps, .min = 1, .max = WEIR_VF_MAX_QPS,
     .help = "queue pairs of a guest's VF (default 1)"},
    {"share", NULL, CLI_FLAG, .to = &o.share,
     .help = "give and take VFs by the guests' loads (weirctl policy show has the settings)"},
    {"reserve", "N", CLI_NUMBER, .to = &o.reserve, .max = WEIR_NUM_VFS,
     .help = "VFs that stay free, at most as many as --vfs (default 0)"},
    {"fresh", NULL, CLI_FLAG, .to = &o.fresh,
     .help = "begin anew: VFs that guests still have from a parent before end (default: they go on)"},
    {"wait", "SECONDS", CLI_NUMBER, .to = &o.wait_s, .max = AWAIT_MAX_S,
     .help = "for a card that is not there yet (default 10)"},
    {"quiet", NULL, CLI_FLAG, .to = &quiet, .help = "only errors"},
    {.name = NULL}};

static const struct cli cli = {
    .program = "weir-host",
    .about = "weir-host: the parent partition of a card: PF driver, extensible switch,\nvirtualization stack.",
    .words = "[ADDRESS]",
    .behind = "SIGINT, SIGTERM and weirctl halt end it.\n"
              "Exit status: 0 halted, 1 could not start or go on, 2 the call is wrong.\n",
    .options = options};

int main(int argc, char **argv) {
    const struct sigaction act = {.sa_handler = on_signal};
    char err[512] = "";
    const char *wrong;
    struct parent *p;
    int words, ret = cli_read(&cli, argc, argv, &words);

    if (ret >= 0)
        return ret;
    wrong = app_bus_arguments(&o.bus, words, argv + 1, true);
    if (wrong != NULL)
        return cli_wrong(&cli, "%s", wrong);
    if (quiet)
        o.log = NULL;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    p = parent_new(&o, err, sizeof(err));
    if (p == NULL)
        return cli_complain(&cli, err);
    ret = parent_run(p, &stop, err, sizeof(err));
    parent_free(p);
    if (ret != 0)
        return cli_complain(&cli, err[0] != '\0' ? err : strerror(-ret));
    if (o.log != NULL)
        say(NULL, "halted");
    return 0;
}
