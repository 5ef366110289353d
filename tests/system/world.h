// SPDX-License-Identifier: Apache-2.0
// What every system test starts from: a booted card, its host, the PF driver; everything in one thread and
// deterministic.
#ifndef WEIR_TEST_WORLD_H
#define WEIR_TEST_WORLD_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "host.h"
#include "inproc.h"
#include "rc.h"
#include "weir/pf.h"
#include "weir/vf.h"
#include "wire.h"

struct world {
    struct card *card;
    struct host *host;
    struct weir_inproc *ip;
    struct weir_pf *pf;
};

// Ends the program with status 1 and the message.
__attribute__((format(printf, 3, 4), noreturn)) void world_fail(const char *file, int line, const char *fmt, ...);
#define CHECK(cond, ...)                                                                                               \
    do {                                                                                                               \
        if (!(cond))                                                                                                   \
            world_fail(__FILE__, __LINE__, __VA_ARGS__);                                                               \
    } while (0)

// Memory of worlds to come lies above 4 GiB on the bus.
extern bool world_high_addresses;
// Card, firmware, host; with num_vfs >= 0 also the PF driver.
void world_open(struct world *w, int num_vfs);
// The same with this many queue pairs on the default vPort and rings of 2^ring_log2 entries.
void world_open_with(struct world *w, int num_vfs, unsigned queues, unsigned ring_log2);
// Checks what must hold after every scenario: ledger balanced, no TLP rule broken; then frees.
void world_close(struct world *w);
// Runs the card until it is idle, at most 2 million cycles.
void world_settle(struct world *w);
uint32_t world_rand(void);
void world_seed(uint64_t seed);

#endif
