// SPDX-License-Identifier: Apache-2.0
// See sim_options.h.
#include "sim_options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "text.h"
#include "weir_abi.h"
#include "wire_end.h"

#define MAX_RATE 100u

static int take_user(void *to, const char *value) {
    struct sim_options *o = to;
    uint64_t uid;
    if (!text_range(value, 0, UINT_MAX - 1, &uid))
        return -1;
    o->allowed[o->num_allowed++] = (uid_t)uid;
    return 0;
}

static int take_timing(void *to, const char *value) {
    static const char *const names[] = {
        [FLASH_AT_ONCE] = "none", [FLASH_TYPICAL] = "typical", [FLASH_MAXIMUM] = "maximum"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(value, names[i]) == 0) {
            *(enum flash_timing *)to = (enum flash_timing)i;
            return 0;
        }
    }
    return -1;
}

static int take_fuse(void *to, const char *value) {
    struct sim_options *o = to;
    const size_t n = 2 * sizeof(o->key_hash);
    if (strlen(value) != n || strspn(value, "0123456789abcdefABCDEF") != n || strspn(value, "0") == n)
        return -1;
    for (size_t i = 0; i < sizeof(o->key_hash); i++)
        (void)sscanf(value + 2 * i, "%2hhx", &o->key_hash[i]);
    o->fused = true;
    return 0;
}

static int take_wire(void *to, const char *value) {
    *(const char **)to = value;
    return wire_end_known(value) ? 0 : -1;
}

int sim_options_read(struct sim_options *o, int argc, char **argv) {
    const struct cli_option options[] = {
        {"dir", "DIR", CLI_TEXT, .to = &o->dir, .max = CLI_SOCKETS_DIR,
         .help = "folder of the sockets pf.sock, vf0.sock ... (default weir-sim.d)"},
        {"vfs", "N", CLI_NUMBER, .to = &o->num_vfs, .max = WEIR_NUM_VFS,
         .help = "VFs of the card, 0 to N-1, a socket each (default 8); weir-host --vfs takes as many or fewer"},
        {"allow-uid", "UID", CLI_OWN, .to = o, .take = take_user, .expects = "the number of a user",
         .most = SIM_MAX_ALLOWED, .help = "let this user's programs connect, too, and open the sockets' modes"},
        {"firmware", "FILE", CLI_TEXT, .to = &o->firmware, .max = CLI_PATH,
         .help = "firmware image for flash slot A (default: that of this build)"},
        {"flash", "FILE", CLI_TEXT, .to = &o->flash, .max = CLI_PATH,
         .help = "flash content to start from and to write back; without --firmware the card boots from it"},
        {"flash-timing", "TIME", CLI_OWN, .to = &o->flash_timing, .take = take_timing,
         .expects = "none, typical or maximum",
         .help = "how long the flash part takes to program and erase, in time of the card: none (default), typical or "
                 "maximum of its data sheet"},
        {"fuse", "HASH", CLI_OWN, .to = o, .take = take_fuse, .expects = "64 hexadecimal digits, not all 0",
         .help = "blow the card's key fuses: it starts only images signed with the key of this hash, which weir-image "
                 "keygen and show say (default: not blown, signatures are not checked)"},
        {"serprog", "PORT", CLI_NUMBER, .to = &o->serprog, .max = SIM_NO_SERPROG - 1,
         .help =
             "let flashrom at the flash part: flashrom -p serprog:ip=127.0.0.1:PORT, as root or as who runs this (0: a "
             "port that is free)"},
        {"wire", "END", CLI_OWN, .to = &o->wire, .take = take_wire, .expects = WIRE_END_SPECS,
         .help = "other end of the cable: tap[:NAME] (default NAME: the first of wire0, wire1 ... that is free), "
                 "link:PATH (another weir-sim with the same PATH), pcap:IN[,OUT] (IN is played when the PF driver "
                 "receives) or none (default)"},
        {"rate", "GBPS", CLI_NUMBER, .to = &o->rate, .min = 1, .max = MAX_RATE,
         .help = "line rate of the wire in time of the card (default 100)"},
        {"trace", "FILE", CLI_TEXT, .to = &o->trace, .max = CLI_PATH,
         .help = "frames on the wire and on each vPort, both directions, pcapng"},
        {"fst", "FILE", CLI_TEXT, .to = &o->fst, .max = CLI_PATH,
         .help = "waveform (needs a build with -DWEIR_TRACE=ON)"},
        {"sysfs", "DIR", CLI_TEXT, .to = &o->sysfs, .max = CLI_PATH,
         .help = "live tree of the PCI functions, as Linux shows it in /sys/bus/pci: lspci -O sysfs.path=DIR, setpci, "
                 "libpciaccess (root and /dev/fuse)"},
        {"lspci", "FILE", CLI_TEXT, .to = &o->lspci, .max = CLI_PATH,
         .help = "write the configuration space of the PF and of --vfs VFs for lspci -F FILE, and end"},
        {"console", NULL, CLI_FLAG, .to = &o->console, .help = "the card's console on standard error"},
        {"quiet", NULL, CLI_FLAG, .to = &o->quiet, .help = "only errors"},
        {.name = NULL}};
    const struct cli cli = {
        .program = "weir-sim",
        .about = "weir-sim: the Weir card, simulated from its RTL, with every PCI function on a\nvfio-user socket.",
        .behind = "SIGUSR1 pulls the cable of the Ethernet port, and plugs it in again (kill -USR1\n"
                  "PID); SIGUSR2 has core 0 panic, as a damaged word of its memory would; SIGINT\n"
                  "and SIGTERM end it.\n"
                  "Files that are named for output are replaced only when they are of the kind that\n"
                  "is written.\n"
                  "Exit status: 0 stopped, 1 could not start or go on, or a file is not whole,\n"
                  "2 the call is wrong, 3 the card broke a rule of TLPs.\n",
        .options = options};
    int ret;

    *o = (struct sim_options){
        .dir = "weir-sim.d", .num_vfs = 8, .wire = "none", .rate = MAX_RATE, .serprog = SIM_NO_SERPROG};
    ret = cli_read(&cli, argc, argv, NULL);
    if (ret < 0 && o->flash == NULL && o->firmware == NULL)
        o->firmware = WEIR_FIRMWARE_IMAGE;
    return ret;
}
