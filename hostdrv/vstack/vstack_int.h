// SPDX-License-Identifier: Apache-2.0
// Between the files of the virtualization stack; see weir/vstack.h.
#ifndef WEIR_VSTACK_INT_H
#define WEIR_VSTACK_INT_H

#include "share.h"
#include "weir/vstack.h"

#define MAX_GUESTS 256u
#define RECORDS 256u
#define NONE (-1)
#define SLOT_BITS 8u // of a guest's number; its generation is above

struct guest {
    unsigned number;
    struct weir_vstack_guest_config cfg;
    enum weir_vstack_state state;
    enum weir_why why;
    unsigned port;
    int vf, vport;
    uint32_t token;
    uint64_t since; // on the clock of whom a state with a bound waits for
    uint64_t next_try;
    unsigned refusals;
    unsigned command;        // next one of a state that gives several
    bool on_vport;           // the filter is on the VF's vPort
    bool reset;              // the VF was reset since it was allocated
    bool unsure;             // whether the card still knows the VF is to be asked (restart.c)
    enum weir_why reset_why; //   and why it would not be armed any more
    uint64_t refused_before; // of its frames by its policy, on VFs that it had
    uint64_t refused_on_vf;  //   on this one, as of the last look
    uint64_t refused_told;
    uint64_t dropped_before, dropped_on_vf, dropped_told; // of those for it, likewise
    enum weir_vstack_pin pin;
    struct share_guest share;
    uint64_t path_since;  // of the card's time: its own address was given to this path
    uint64_t last_record; // serial + 1 of its last one, 0 = none
    uint32_t sources;     // addresses beyond its own that its vPort may send with, one bit each
    // What came since the state last looked.
    bool asked_vf, asked_syn, released, gone, storm;
    enum weir_why asked_why;
    bool told; // report is the guest's half of the ledger
    struct weir_msg_vf_released report;
    // What the administrator wants.
    bool leave, revoke;
    enum weir_why leave_why, revoke_why;
    uint32_t leave_cycle;
    bool recording;
    bool migrating; // it goes to another host, and gets no VF here meanwhile
    struct weir_vstack_record rec;
    // Its account: what its VFs did that are gone, and what it says of itself.
    uint64_t past[32], lost_tx, lost_rx;
    uint32_t question; // 0 = none so far
    bool asking, answered;
    uint64_t asked; // on the clock of our turns
    uint64_t counter[32];
    struct weir_netvsp_port_stats at_question, at_answer;
};

// Numbers that no guest has: of what is recorded of VFs without one.
#define NO_GUEST UINT32_MAX

// A VF that the parent before this one had given to a guest, until the guest comes for it; or to a client outside,
// until it is known whether that may keep it.
#define MAX_LEFT ((unsigned)WEIR_NUM_VFS)
#define LEFT_FILTERS (2u * WEIR_POLICY_MACS)
struct left {
    int vf, vport; // NONE: no such VF; no vPort
    char name[32]; // of the guest
    uint8_t mac[6];
    bool whole; // it runs, and has all of the guest's addresses
    bool given; // outside: nobody is waited for, and whether it runs is its client's affair
    bool armed;
    unsigned filters, sources;
    struct weir_get_filter_rsp filter[LEFT_FILTERS], source[LEFT_FILTERS];
};

struct weir_vstack {
    struct weir_pf *pf;
    struct weir_netvsp *nv;
    struct weir_vstack_config cfg;
    struct guest *guest[MAX_GUESTS];
    uint32_t generation[MAX_GUESTS]; // guests that the slot has had
    int guest_of_port[MAX_GUESTS];
    uint64_t now, next_events, next_look; // the caller's clock: when to look, never how long to wait
    struct weir_clock clock;
    uint64_t card, next_clock; // the card's, as last read, and when to read it again
    uint64_t turns;            // ours: microseconds, at most TURN_US of each turn
    bool moving;               // an address is between the card's move and our knowing
    unsigned looks, look;      // so far; whose VF's turn it was
    bool link, link_told;      // of the wire; as the guests were told
    uint64_t next_link;        // when they may be told anew
    bool put_off;              // what the card has to tell waited for a hand-over in the last turn
    struct left left[MAX_LEFT];
    struct guest *given[MAX_LEFT]; // VFs of clients outside, by VF: no port, no channel, no hand-over
    uint32_t token;
    unsigned next_vport; // ids go round, so that a deleted vPort's counters stay readable for long
    struct weir_vstack_restart restart;
    bool unsure; // of somebody's VF
    uint64_t next_sure;
    struct share share; // of scarce VFs among guests
    uint64_t next_share;
    struct weir_vstack_account departed; // all guests that left, in one
    unsigned num_departed;
    uint64_t num_records;
    struct weir_vstack_record record[RECORDS];
};

// record.c
uint32_t vstack_cycle(struct weir_vstack *vs);
void vstack_record_begin(struct guest *g, bool to_vf, enum weir_why why, uint32_t request);
void vstack_record_end(struct weir_vstack *vs, struct guest *g, int status);
void vstack_ledger(struct weir_vstack *vs, struct guest *g);

// scarce.c
// 0, or the errno with which an attach is refused, recorded and told to the guest.
int vstack_may_attach(struct weir_vstack *vs, struct guest *g);
void vstack_policy_set(struct weir_vstack *vs, struct guest *g);
// Now and then: gives and takes VFs by itself, where it is to.
void vstack_share(struct weir_vstack *vs);

// path.c
// The guest's own address was given to another path at this cycle, which the card's clock has passed a moment ago.
void vstack_path_since(const struct weir_vstack *vs, struct guest *g, uint32_t cycle);
void vstack_told_moved(struct weir_vstack *vs, struct guest *g, const struct weir_msg_moved *m);

// vstack.c
struct guest *vstack_guest(const struct weir_vstack *vs, unsigned number);
// left: the guest's VF, or NULL.
int vstack_add(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg, const struct left *left);
int vstack_pick_vport(struct weir_vstack *vs);

// move.c
int vstack_move(struct weir_vstack *vs, struct guest *g, bool to_vf, unsigned flags);

// policy.c
int vstack_create_vport(struct weir_vstack *vs, struct guest *g);
// Brings the VF's vPort from one policy to another.
int vstack_change_policy(struct weir_vstack *vs, const struct guest *g, const struct weir_policy *from,
                         const struct weir_policy *to);
// All of it anew, whatever the vPort had: a parent before this one had set it.
int vstack_renew_policy(struct weir_vstack *vs, struct guest *g);
int vstack_arm_policy(struct weir_vstack *vs, struct guest *g);
int vstack_clear_sources(struct weir_vstack *vs, struct guest *g);

// restart.c
void vstack_restarted(struct weir_vstack *vs, const struct weir_event *e);
// Of a question's errno: the card fell under it or did not answer it, and has said nothing.
bool vstack_no_answer(int err);
// The guest's queues may be gone, for this reason: the card is asked, at this turn's end or as soon as it answers.
void vstack_doubt(struct weir_vstack *vs, struct guest *g, enum weir_why why);
// Takes back VFs whose queues are gone, or that the card knows nothing of since it was restarted.
void vstack_make_sure(struct weir_vstack *vs);

// status.c
void vstack_send_status(struct weir_vstack *vs, struct guest *g);
// Tells guests that the wire's link is another one, not oftener than rules 10.23 have it.
void vstack_tell_link(struct weir_vstack *vs);
// Now and then: whether a guest sends what it may not.
void vstack_look(struct weir_vstack *vs);
// The guest's VF is gone: what was refused there stays counted.
void vstack_look_last(struct weir_vstack *vs, struct guest *g);

// account.c
void vstack_counters_told(struct weir_vstack *vs, struct guest *g, const struct weir_msg_counters *m);
// The guest's VF is gone: what it did stays in the account.
void vstack_account_vf(struct weir_vstack *vs, struct guest *g);
// The guest goes, and its counters with it.
void vstack_account_left(struct weir_vstack *vs, const struct guest *g);

// adopt.c
int vstack_find(struct weir_vstack *vs);
void vstack_forget(struct weir_vstack *vs, struct left *l);

// give.c
// Of the filter that leads to a given VF: its id says what the VF is, to a parent after this one, too.
uint32_t vstack_given_filter(const struct weir_vstack *vs, unsigned vf);
bool vstack_given_vport(const struct weir_vstack *vs, unsigned vport);
// The parent's half ends: the VFs go on, or are taken back. Returns how many go on.
unsigned vstack_given_end(struct weir_vstack *vs, bool leave);

// state.c
void vstack_attached(struct guest *g);
uint64_t vstack_card_time(struct weir_vstack *vs);
// True: its state is another one now.
bool vstack_step(struct weir_vstack *vs, unsigned guest);
int vstack_offer(struct weir_vstack *vs, struct guest *g);
bool vstack_has_vf(const struct guest *g);

#endif
