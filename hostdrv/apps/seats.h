// SPDX-License-Identifier: Apache-2.0
// Places that users of this machine share: each user gets some, some stay for the parent's own user and root, and who
// has been silent longest makes room (threat T26). Plain data, no clock.
#ifndef WEIR_APPS_SEATS_H
#define WEIR_APPS_SEATS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SEATS_MAX 64u

struct seats {
    unsigned count;    // of all, at most SEATS_MAX
    unsigned per_user; // at most for one user other than root and our own
    unsigned reserved; // never for others than root and our own
    uid_t own;
    struct {
        bool taken;
        uid_t uid;
        uint64_t heard; // when it was last heard of
    } seat[SEATS_MAX];
};

// A seat for `uid`; when *taken says so, whoever has it must leave first: the user's own longest silent one where it
// has all it may have, else that of the user with most seats. -1: there is none and, with `evict` false, nobody is
// asked to leave.
int seats_find(const struct seats *s, uid_t uid, bool evict, bool *taken);
void seats_sit(struct seats *s, unsigned seat, uid_t uid, uint64_t now);
void seats_stir(struct seats *s, unsigned seat, uint64_t now);
void seats_leave(struct seats *s, unsigned seat);

#endif
