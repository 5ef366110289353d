// SPDX-License-Identifier: Apache-2.0
// See seats.h.
#include "seats.h"

static bool privileged(const struct seats *s, uid_t uid) {
    return uid == 0 || uid == s->own;
}

static unsigned held_by(const struct seats *s, uid_t uid) {
    unsigned n = 0;
    for (unsigned i = 0; i < s->count; i++)
        n += s->seat[i].taken && s->seat[i].uid == uid;
    return n;
}

static int longest_silent(const struct seats *s, uid_t uid) {
    int best = -1;
    for (unsigned i = 0; i < s->count; i++)
        if (s->seat[i].taken && s->seat[i].uid == uid && (best < 0 || s->seat[i].heard < s->seat[best].heard))
            best = (int)i;
    return best;
}

// Strangers do not push out the privileged.
static int of_the_greediest(const struct seats *s, bool strangers_only) {
    unsigned most = 0;
    int best = -1;
    for (unsigned i = 0; i < s->count; i++) {
        uid_t uid = s->seat[i].uid;
        unsigned n = held_by(s, uid);
        if (!s->seat[i].taken || (strangers_only && privileged(s, uid)) || n <= most)
            continue;
        most = n;
        best = longest_silent(s, uid);
    }
    return best;
}

int seats_find(const struct seats *s, uid_t uid, bool evict, bool *taken) {
    unsigned strangers = 0;
    int empty = -1;

    *taken = true;
    for (unsigned i = 0; i < s->count; i++) {
        strangers += s->seat[i].taken && !privileged(s, s->seat[i].uid);
        empty = !s->seat[i].taken && empty < 0 ? (int)i : empty;
    }
    if (!privileged(s, uid) && held_by(s, uid) >= s->per_user)
        return evict ? longest_silent(s, uid) : -1;
    if (empty >= 0 && (privileged(s, uid) || strangers < s->count - s->reserved)) {
        *taken = false;
        return empty;
    }
    return evict ? of_the_greediest(s, !privileged(s, uid)) : -1;
}

void seats_sit(struct seats *s, unsigned seat, uid_t uid, uint64_t now) {
    s->seat[seat].taken = true;
    s->seat[seat].uid = uid;
    s->seat[seat].heard = now;
}

void seats_stir(struct seats *s, unsigned seat, uint64_t now) {
    s->seat[seat].heard = now;
}

void seats_leave(struct seats *s, unsigned seat) {
    s->seat[seat].taken = false;
}
