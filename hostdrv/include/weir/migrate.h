// SPDX-License-Identifier: Apache-2.0
// A guest moves to another host while it runs (rules 12.1 to 12.3): it goes to the synthetic path, is copied and paused
// by whoever runs it, goes on at the destination, and gets a VF there if there is one. Each host has one end of a
// migration, a written state machine with bounded waits (vstack/migrate.c); both ends talk over a channel whose bytes
// their hosts carry. Until the destination has processed GO the guest is the source's, and any failure lets it run on
// there; from then on it is the destination's. No frame is lost by it: what still comes to the source goes after the
// guest, up to the source's fence behind the destination's announcement.
#ifndef WEIR_MIGRATE_H
#define WEIR_MIGRATE_H

#include "weir/vstack.h"

struct weir_migration;

enum weir_migrate_state {
    // At the source.
    WEIR_MIGRATE_ASKING,    // the destination looks whether it could take the guest
    WEIR_MIGRATE_LEAVING,   // the guest leaves its VF
    WEIR_MIGRATE_PAUSING,   // the guest is copied while it runs, and is to be paused
    WEIR_MIGRATE_DRAINING,  // paused; what it sent is not yet on the wire
    WEIR_MIGRATE_SAVED,     // the destination was given its state
    WEIR_MIGRATE_GIVING,    // the destination may go on with it
    WEIR_MIGRATE_FOLLOWING, // it is there; what still comes here follows
    WEIR_MIGRATE_RETURNING, // it goes on here, and back to its VF
    WEIR_MIGRATE_UNDECIDED, // the destination does not say whether it has it: weir_migrate_decide
    // At the destination.
    WEIR_MIGRATE_LISTENING, // nothing was asked yet
    WEIR_MIGRATE_EXPECTING, // asked and accepted: the address is kept
    WEIR_MIGRATE_READY,     // the state is taken, a port is there
    WEIR_MIGRATE_ARRIVING,  // the guest runs here; the source's last frames are still to come
    // At both.
    WEIR_MIGRATE_DONE,
    WEIR_MIGRATE_ENDED, // not migrated: the report says why
    WEIR_MIGRATE_STATE_COUNT
};

struct weir_migrate_config {
    struct weir_channel *link; // to the other host; stays the caller's until the migration is DONE or ENDED
    unsigned max_frame;        // bytes of the longest frame that this host's buffers take
    // Bounds in microseconds of this host's card, 0 = the default in brackets.
    unsigned answer_us; // an answer of the other host (100000)
    unsigned leave_us;  // the guest's way to the synthetic path and to its VF again (2000000)
    unsigned pause_us;  // copy and pause (600000000); at the destination the same and what is before it
    unsigned drain_us;  // what the guest sent, to the wire (1000000)
    unsigned follow_us; // the announcement on its way through the network (100000)
    void *ctx;
    // Source: the guest is to be copied, then paused; weir_migrate_paused says that it is.
    void (*pause)(void *ctx);
    // Destination: memory for the guest's channel. 0 and the host end, or a negative errno, which refuses the guest.
    int (*place)(void *ctx, const struct weir_vstack_guest_config *guest, struct weir_channel **channel);
    // The guest goes on here: at the destination on its new channel (weir_netvsc_migrate), at the source as it was.
    void (*resume)(void *ctx);
};

// What one end did.
struct weir_migrate_report {
    int error;             // 0, or why it ENDED or was not wholly as it should be
    char text[96];         // the same in words
    uint64_t paused;       // card cycle, low 32 bits: paused at the source, resumed at the destination
    uint64_t done;         //   DONE, or running at the source again
    unsigned followed;     // frames that came to the source and went after the guest
    unsigned follow_lost;  // of them: the link had no room, or was gone
    bool announced_unseen; // the source never saw the announcement: frames may still have come behind its last look
};

// Source. -ENOENT, -EBUSY the guest is in mid hand-over or migrates already, -EINVAL.
int weir_migrate_out(struct weir_vstack *vs, unsigned guest, const struct weir_migrate_config *cfg,
                     struct weir_migration **m);
// Destination: one guest that comes over the link.
int weir_migrate_in(struct weir_vstack *vs, const struct weir_migrate_config *cfg, struct weir_migration **m);
// To be called after each weir_vstack_poll.
void weir_migrate_poll(struct weir_migration *m);
void weir_migrate_paused(struct weir_migration *m);
// The administrator wants it no more: at the source before GO, at the destination before GO. -EALREADY later.
int weir_migrate_cancel(struct weir_migration *m);
// UNDECIDED: whoever knows what became of the destination says it; elsewhere: the guest runs there. Its end must be
// over or freed, or its host dead: GO may still be on its way to it. -EINVAL in any other state.
int weir_migrate_decide(struct weir_migration *m, bool elsewhere);
enum weir_migrate_state weir_migrate_state(const struct weir_migration *m);
const char *weir_migrate_state_text(enum weir_migrate_state state);
// The guest's number in this host's stack, -1 while there is none.
int weir_migrate_guest(const struct weir_migration *m);
const struct weir_migrate_report *weir_migrate_report(const struct weir_migration *m);
// Ends it as weir_migrate_cancel does, where it can still be, and frees it. NULL is fine.
void weir_migrate_free(struct weir_migration *m);

#endif
