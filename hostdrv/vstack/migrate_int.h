// SPDX-License-Identifier: Apache-2.0
// Between the files of a migration; see weir/migrate.h. What both hosts say to each other is here: little endian, the
// version first in each message, each treated as hostile.
#ifndef WEIR_MIGRATE_INT_H
#define WEIR_MIGRATE_INT_H

#include "vstack_int.h"
#include "weir/migrate.h"

#define MIGRATE_VERSION 1u
#define MIGRATE_MAGIC 0x5747494Du
#define ASKED_AGAIN 3u // times that the destination is asked what it did, before nobody knows

enum migrate_msg {
    MIGRATE_ASK = 1,    // source: could you take it? The guest runs on meanwhile
    MIGRATE_YES = 2,    // destination
    MIGRATE_NO = 3,     //   and why not; also: it was undone
    MIGRATE_STATE = 4,  // source: paused and drained, this is it
    MIGRATE_LOADED = 5, // destination
    MIGRATE_GO = 6,     // source: it is yours
    MIGRATE_TAKEN = 7,  // destination: it runs here
    MIGRATE_CANCEL = 8, // source: undo it, if you have not taken it; answered by NO or TAKEN
    MIGRATE_FOLLOW = 9, // source: a message for the guest that came there
};

struct migrate_answer {
    uint8_t version;
    uint8_t reserved[3];
    int32_t error; // of NO: negative errno
    char text[88];
};
WEIR_MSG_ASSERT_SIZE(struct migrate_answer, 96);

// ASK and STATE: the guest as its parent knows it. What its adapter knows comes with its memory.
struct migrate_guest {
    uint8_t version;
    uint8_t macs; // 1..16; the first is its own
    uint8_t vlan_mode, vlan_count;
    uint16_t tci;
    uint8_t flags; // MIGRATE_*
    uint8_t max_mac, link, weight;
    uint16_t reserved;
    uint32_t magic, bytes; // of this message
    uint16_t abi_major, reserved2;
    uint32_t max_frame;
    uint32_t rate_mbps;
    struct weir_vlan_range vlan[WEIR_VLAN_RANGES];
    char name[32];
    uint8_t mac[WEIR_POLICY_MACS][6];
    uint64_t digest; // of all before it: against what happens on the way, not against who means it
};
WEIR_MSG_ASSERT_SIZE(struct migrate_guest, 232);
#define MIGRATE_STAGS 0x1u
#define MIGRATE_SPOOFCHK 0x2u
#define MIGRATE_TRUST 0x4u
#define MIGRATE_LEARN 0x8u
#define MIGRATE_WANTS_VF 0x10u
#define MIGRATE_FLAGS 0x1Fu

struct weir_migration {
    struct weir_vstack *vs;
    struct weir_migrate_config cfg;
    enum weir_migrate_state state;
    struct weir_migrate_report report;
    int guest;      // number in the stack, or NONE
    uint64_t since; // on the card's clock: when the state began
    bool in;        // the destination's end
    bool paused, wants_vf, fenced, resumed;
    bool wire_known;
    uint64_t wire_mark; // frames routed to the wire when the last of the guest's was among them
    unsigned asked;     // CANCEL was sent so often
    uint32_t token;
    // Destination.
    bool reserved; // the address
    struct migrate_guest is;
    struct weir_vstack_guest_config gc;
    uint8_t buf[WEIR_MAX_FRAME + 128];
};

// migrate.c
uint64_t migrate_digest(const struct migrate_guest *is);
void migrate_enter(struct weir_migration *m, enum weir_migrate_state state);
void migrate_send_guest(struct weir_migration *m, uint32_t type);
void migrate_say(struct weir_migration *m, uint32_t type, const void *payload, size_t len);
void migrate_answer(struct weir_migration *m, uint32_t type, int error, const char *text);
void migrate_fault(struct weir_migration *m, int error, const char *text); // the first one stays in the report
struct guest *migrate_guest_of(struct weir_migration *m);

// migrate_out.c
void migrate_step_leaving(struct weir_migration *m);
void migrate_step_pausing(struct weir_migration *m);
void migrate_step_draining(struct weir_migration *m);
void migrate_step_following(struct weir_migration *m);
void migrate_step_returning(struct weir_migration *m);
void migrate_back(struct weir_migration *m);      // bound: it goes on here
void migrate_ask_again(struct weir_migration *m); // bound of GIVING
void migrate_left(struct weir_migration *m);      // bound of FOLLOWING: what was still to come is not waited for
void migrate_stay(struct weir_migration *m);      // bound of RETURNING: it runs here, without its VF
void migrate_out_heard(struct weir_migration *m, uint32_t type, const void *payload, size_t len);

// migrate_in.c
void migrate_step_arriving(struct weir_migration *m);
void migrate_undo(struct weir_migration *m);   // bound: as if it had never been asked for
void migrate_settle(struct weir_migration *m); // bound of ARRIVING: the source's last frames are not waited for
void migrate_in_heard(struct weir_migration *m, uint32_t type, const void *payload, size_t len);

#endif
