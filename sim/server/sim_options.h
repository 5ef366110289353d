// SPDX-License-Identifier: Apache-2.0
// Command line of weir-sim.
#ifndef WEIR_SIM_OPTIONS_H
#define WEIR_SIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "flash_part.h"

#define SIM_MAX_ALLOWED 16u
#define SIM_NO_SERPROG 65536u

struct sim_options {
    const char *firmware; // NULL: start from what the flash file holds
    const char *flash;
    enum flash_timing flash_timing;
    const char *dir;
    unsigned num_vfs;
    const char *wire;
    unsigned rate;     // of the wire, Gb/s of card time
    const char *trace; // pcapng
    const char *fst;
    const char *sysfs; // folder to mount the PCI tree at
    const char *lspci; // file for configuration spaces; then the simulator ends
    uid_t allowed[SIM_MAX_ALLOWED];
    unsigned num_allowed;
    unsigned serprog; // TCP port, 0: a free one, SIM_NO_SERPROG: none
    uint8_t key_hash[32];
    bool fused;
    bool console, quiet;
};

// -1: go on; else the exit status, all being said (cli.h).
int sim_options_read(struct sim_options *o, int argc, char **argv);

#endif
