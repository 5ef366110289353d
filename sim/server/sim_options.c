// SPDX-License-Identifier: Apache-2.0
// See sim_options.h.
#include "sim_options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir_abi.h"

const char sim_usage[] =
    "weir-sim: the Weir card, simulated from its RTL, with every PCI function on a vfio-user socket.\n"
    "\n"
    "  --dir DIR          folder of the sockets pf.sock, vf0.sock ... (default weir-sim.d)\n"
    "  --vfs N            sockets for VFs 0 to N-1, at most 64 (default 8)\n"
    "  --allow-uid UID    let this user's programs connect, too, and open the sockets' modes; may be given again\n"
    "  --firmware FILE    firmware image for flash slot A (default: the one of this build)\n"
    "  --flash FILE       flash content to start from and to write back; without --firmware the card boots from it\n"
    "  --wire END         other end of the cable: tap:NAME, link:PATH (another weir-sim with the same PATH),\n"
    "                     pcap:IN[,OUT] or none (default none);\n"
    "                     IN is played when the PF driver receives\n"
    "  --rate GBPS        line rate of the wire, 1 to 100, in time of the card (default 100). Programs on this machine "
    "are\n"
    "                     slower than the card believes: at 10 they keep up, at 100 bursts may find no buffers\n"
    "  --trace FILE       frames on the wire and on each vPort, both directions, as pcapng\n"
    "  --fst FILE         waveform (needs a build with -DWEIR_TRACE=ON)\n"
    "  --sysfs DIR        live tree of the PCI functions, as Linux shows it in /sys/bus/pci: lspci -O sysfs.path=DIR,\n"
    "                     setpci, libpciaccess (root and /dev/fuse)\n"
    "  --lspci FILE       write the configuration space of the PF and of --vfs VFs for lspci -F FILE, and end\n"
    "  --console          the card's console on standard error\n"
    "  --quiet            only errors\n"
    "  --help             this text\n"
    "\n"
    "SIGUSR1 pulls the cable of the Ethernet port, and plugs it in again (kill -USR1 PID); SIGUSR2 has core 0\n"
    "panic, as a damaged word of its memory would; SIGINT and SIGTERM end it.\n"
    "Files that are named for output are replaced only when they are of the kind that is written.\n";

#define MAX_RATE 100u

enum option_id {
    OPT_DIR = 256,
    OPT_VFS,
    OPT_ALLOW_UID,
    OPT_FIRMWARE,
    OPT_FLASH,
    OPT_WIRE,
    OPT_RATE,
    OPT_TRACE,
    OPT_FST,
    OPT_SYSFS,
    OPT_LSPCI,
    OPT_CONSOLE,
    OPT_QUIET,
    OPT_HELP
};

static int parse_number(const char *text, unsigned least, unsigned most, unsigned *n) {
    char *rest;
    unsigned long v;

    errno = 0;
    v = strtoul(text, &rest, 10);
    if (text[0] < '0' || text[0] > '9' || *rest != '\0' || errno != 0 || v < least || v > most)
        return -EINVAL;
    *n = (unsigned)v;
    return 0;
}

int sim_options_parse(struct sim_options *o, int argc, char **argv, char *err, size_t err_size) {
    static const struct option known[] = {{"dir", required_argument, NULL, OPT_DIR},
                                          {"vfs", required_argument, NULL, OPT_VFS},
                                          {"allow-uid", required_argument, NULL, OPT_ALLOW_UID},
                                          {"firmware", required_argument, NULL, OPT_FIRMWARE},
                                          {"flash", required_argument, NULL, OPT_FLASH},
                                          {"wire", required_argument, NULL, OPT_WIRE},
                                          {"rate", required_argument, NULL, OPT_RATE},
                                          {"trace", required_argument, NULL, OPT_TRACE},
                                          {"fst", required_argument, NULL, OPT_FST},
                                          {"sysfs", required_argument, NULL, OPT_SYSFS},
                                          {"lspci", required_argument, NULL, OPT_LSPCI},
                                          {"console", no_argument, NULL, OPT_CONSOLE},
                                          {"quiet", no_argument, NULL, OPT_QUIET},
                                          {"help", no_argument, NULL, OPT_HELP},
                                          {NULL, 0, NULL, 0}};
    int c;

    *o = (struct sim_options){
        .firmware = WEIR_FIRMWARE_IMAGE, .dir = "weir-sim.d", .num_vfs = 8, .wire = "none", .rate = MAX_RATE};
    bool named_firmware = false;
    unsigned uid;
    opterr = 0;
    optind = 1;
    while ((c = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        switch (c) {
        case OPT_DIR:
            o->dir = optarg;
            break;
        case OPT_VFS:
            if (parse_number(optarg, 0, WEIR_NUM_VFS, &o->num_vfs) != 0) {
                snprintf(err, err_size, "--vfs %s: expected a number from 0 to %u", optarg, WEIR_NUM_VFS);
                return -EINVAL;
            }
            break;
        case OPT_ALLOW_UID:
            if (o->num_allowed == SIM_MAX_ALLOWED || parse_number(optarg, 0, UINT_MAX - 1, &uid) != 0) {
                snprintf(err, err_size, "--allow-uid %s: expected the number of a user, at most %u of them", optarg,
                         SIM_MAX_ALLOWED);
                return -EINVAL;
            }
            o->allowed[o->num_allowed++] = uid;
            break;
        case OPT_FIRMWARE:
            o->firmware = optarg;
            named_firmware = true;
            break;
        case OPT_FLASH:
            o->flash = optarg;
            break;
        case OPT_WIRE:
            o->wire = optarg;
            break;
        case OPT_RATE:
            if (parse_number(optarg, 1, MAX_RATE, &o->rate) != 0) {
                snprintf(err, err_size, "--rate %s: expected Gb/s from 1 to %u", optarg, MAX_RATE);
                return -EINVAL;
            }
            break;
        case OPT_TRACE:
            o->trace = optarg;
            break;
        case OPT_FST:
            o->fst = optarg;
            break;
        case OPT_SYSFS:
            o->sysfs = optarg;
            break;
        case OPT_LSPCI:
            o->lspci = optarg;
            break;
        case OPT_CONSOLE:
            o->console = true;
            break;
        case OPT_QUIET:
            o->quiet = true;
            break;
        case OPT_HELP:
            o->help = true;
            break;
        default:
            snprintf(err, err_size,
                     c == ':' ? "option %s needs a value; see weir-sim --help"
                              : "unknown option %s; see weir-sim --help",
                     argv[optind - 1]);
            return -EINVAL;
        }
    }
    if (optind < argc) {
        snprintf(err, err_size, "unexpected argument %s; see weir-sim --help", argv[optind]);
        return -EINVAL;
    }
    if (o->flash != NULL && !named_firmware)
        o->firmware = NULL;
    return 0;
}
