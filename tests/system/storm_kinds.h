// SPDX-License-Identifier: Apache-2.0
// What a hostile client of a function's socket can do all the time. Every step fills its socket and takes answers.
#ifndef WEIR_TEST_STORM_KINDS_H
#define WEIR_TEST_STORM_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfu_proto.h"

struct storm_state {
    const char *socket; // path of the hostile client's function
    int fd;             // connected and greeted; -1: not
    unsigned asked;
    bool flip;
    int memory, bell; // made at first use; 0: not yet
    int silent[64];   // connections that say nothing; 0: none
    unsigned next;
};

struct storm_kind {
    const char *name;
    void (*step)(struct storm_state *s);
};
extern const struct storm_kind storm_kinds[];
extern const unsigned storm_count;
void storm_end(struct storm_state *s);

// Connected to the socket at `path`, non-blocking; -1 when the backlog is full.
int storm_connect(const char *path);
// An answer was there and is taken; half of one ends the test.
bool storm_answered(int fd);
// A whole message is in the socket, or nothing of it.
bool storm_say_version(int fd);
// Memory decode on, without an answer: the BAR is there from now on.
bool storm_decode(int fd);
bool storm_read(int fd, uint64_t offset, uint32_t bytes);

#endif
