// SPDX-License-Identifier: Apache-2.0
// The virtualization stack of the parent: gives guests VFs and takes them back without losing a frame, or, when a VF
// goes without notice, with a ledger that says what was lost (rules 4, 7; docs/blocks/hostdrv.md). One written state
// machine per guest (vstack/state.c), every wait bounded. Driven by weir_vstack_poll; it polls the NetVSP it owns.
#ifndef WEIR_VSTACK_H
#define WEIR_VSTACK_H

#include "weir/channel.h"
#include "weir/netvsp.h"
#include "weir/pf.h"
#include "weir/policy.h"

struct weir_vstack;

struct weir_vstack_config {
    unsigned max_guests;   // 1..256
    unsigned num_vports;   // as the PF was opened with: ids 1..num_vports-1 are the stack's
    unsigned num_vfs;      // as the PF was opened with, 0 = one less than vPorts
    unsigned vf_qps;       // queue pairs of a guest's vPort, 0 = 1
    uint32_t first_filter; // filter ids from here on are the stack's
    // Bounds in microseconds, 0 = the default in brackets. Of the guest in our own turns, of which each counts for at
    // most 1,000: on a busy machine it gets more. rules 7.2
    unsigned offer_us;   // to bring its VF up and ask for the switch (60000000)
    unsigned leave_us;   // to leave its VF when asked (60000000)
    unsigned release_us; // to let a VF go that it no longer has (5000000)
    // Of the card in its own time:
    unsigned drain_us;  // the guest's channel transmit to be in the card (1000000)
    unsigned move_us;   // a move the card asks to try again (100000)
    unsigned fence_us;  // a fence on the PF's rings (1000000)
    unsigned refusals;  // moves refused before an offer is taken back (16)
    unsigned events_us; // of the caller's clock between looks for events of the card, where no interrupt tells (10000)
};

struct weir_vstack_guest_config {
    char name[32];
    uint8_t mac[6];
    struct weir_channel *channel; // host end; stays the caller's until the guest is gone
    struct weir_policy policy;    // holds on both paths; all zero = weir_policy_default()
};

enum weir_vstack_state {
    WEIR_VSTACK_NONE,        // no such guest
    WEIR_VSTACK_DETACHED,    // synthetic
    WEIR_VSTACK_OFFERED,     // VF and vPort are there, the guest has not asked for the switch; synthetic (rules 4.10)
    WEIR_VSTACK_DRAINING_TX, // asked; its channel transmit is not yet in the card
    WEIR_VSTACK_TO_VF,       // moving the filter
    WEIR_VSTACK_FENCING,     // moved; the fence is on its way through the PF's rings
    WEIR_VSTACK_ATTACHED,
    WEIR_VSTACK_LEAVING,    // the guest was asked to leave the VF
    WEIR_VSTACK_TO_SYN,     // moving the filter back
    WEIR_VSTACK_RELEASING,  // moved; the guest has not let the VF go
    WEIR_VSTACK_REVOKING,   // the VF is to go now
    WEIR_VSTACK_REVOKED,    // it is gone; the guest has not let it go
    WEIR_VSTACK_RECLAIMING, // nobody uses it: delete, reset, free
    WEIR_VSTACK_FAILED,     // the card failed a command; synthetic at best
    WEIR_VSTACK_STATE_COUNT
};

// What a hand-over did. Frame counts are of the VF's whole life, filled in when it ends (to_vf = false).
struct weir_vstack_record {
    uint64_t serial;
    char name[32];
    unsigned guest;
    bool to_vf;
    bool outside; // to or from a client outside; else between a guest's paths
    bool surprise;
    enum weir_why why;
    int status; // 0, or the errno that refused it or ended it early
    unsigned vf, vport;
    uint8_t epoch;
    uint32_t cycle_request; // card cycles, low word: asked for,
    uint32_t cycle_move;    //   moved (0: never),
    uint32_t cycle_done;    //   over: the guest is wholly on the new path, or the try was given up
    // The ledger.
    bool guest_told;        // the guest reported its half; else tx_posted and rx_taken are 0 and the losses unknown
    uint64_t tx_posted;     // frames the guest posted on the VF
    uint64_t tx_entered;    // that entered the card's switch
    uint64_t tx_lost;       // the difference
    uint64_t rx_delivered;  // copies the card delivered on the VF's rings
    uint64_t rx_taken;      // that the guest took
    uint64_t rx_lost;       // the difference
    uint64_t rx_dropped;    // copies the card dropped on the vPort, with its reasons
    uint64_t rx_redirected; // copies drained back to the default vPort: not lost
    // What waited in the guest, as it says itself.
    bool held_told;
    uint32_t tx_held, rx_held; // frames that waited for the hand-over, and kept their order
    uint32_t held_dropped;     // that found no room to wait, or were refused by the new path
};

int weir_vstack_open(struct weir_pf *pf, const struct weir_vstack_config *cfg, struct weir_vstack **vs, char *err,
                     size_t err_size);
// Takes every VF back at once and frees all of the card's objects it made, so that the PF can halt (rules 9.11).
void weir_vstack_close(struct weir_vstack *vs);
// Ends the parent's half alone: guests that are ATTACHED keep their VFs, for a parent that comes after this one; all
// others are closed as above. Given VFs stay given. Returns how many VFs stay in use: with 0, the PF can halt.
unsigned weir_vstack_leave(struct weir_vstack *vs);
struct weir_netvsp *weir_vstack_netvsp(struct weir_vstack *vs);

// Returns the guest's number, its synthetic path running. A number is never used again for another guest, so one that
// is kept too long names nobody.
int weir_vstack_guest_add(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg);

// VFs that a parent before this one gave to guests (the PF was taken over): whole, when it can go on; each is to be
// dropped, or adopted by its guest. False: none of that number.
struct weir_vstack_left {
    bool whole, given; // given: to a client outside, see weir_vstack_given_keep
    char name[32];
    uint8_t mac[6];
};
bool weir_vstack_left(const struct weir_vstack *vs, unsigned vf, struct weir_vstack_left *info);
// Takes it back, counted as a surprise. 0 or the card's answer. Nobody may reach the VF from here on but who is given
// it.
int weir_vstack_left_drop(struct weir_vstack *vs, unsigned vf);
// As weir_vstack_guest_add, for the guest that is on this VF: it is ATTACHED, and *token its association from now on.
// -EACCES it is not that guest's, -ENODEV the VF does not run any more, or what weir_vstack_guest_add returns.
int weir_vstack_guest_adopt(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg, unsigned vf,
                            uint32_t *token);
// Changes what it may send and hear, at once and on whatever path it is. -EINVAL no policy, -EBUSY it has more
// addresses on a VF than that leaves it, else the card's answer; the old one holds then.
int weir_vstack_guest_set(struct weir_vstack *vs, unsigned guest, const struct weir_policy *policy);
const struct weir_policy *weir_vstack_guest_policy(const struct weir_vstack *vs, unsigned guest);
// The guest goes, or is gone: its VF is taken at once, its port removed. State NONE says when that is over.
int weir_vstack_guest_remove(struct weir_vstack *vs, unsigned guest);

// Offers the guest a VF. -EBUSY unless DETACHED, -EAGAIN while the guest does not read its channel, -EPERM its policy
// lets it have none, -EDQUOT those free are held in reserve, else the card's answer.
int weir_vstack_attach(struct weir_vstack *vs, unsigned guest);
// Takes it back with the guest's help: nothing is lost. -EALREADY when it has none or is leaving.
int weir_vstack_detach(struct weir_vstack *vs, unsigned guest, enum weir_why why);
// Takes it back now. -EALREADY when it has none.
int weir_vstack_revoke(struct weir_vstack *vs, unsigned guest, enum weir_why why);

// Who has a VF where guests are more than VFs (vstack/share.h). Times in microseconds of weir_vstack_poll's clock; 0 is
// the default in brackets.
struct weir_vstack_share {
    bool on;          // the stack gives and takes VFs by itself
    unsigned reserve; // so many VFs stay free: no guest is given one of them, by hand or not
    unsigned look_us; // between looks at what guests send and receive, and so between moves (1000000)
    unsigned hold_us; // a guest stays on a path at least; longer each time that it cannot use its VF (5000000)
    unsigned turn_us; // a busy guest waits at most until one of its own priority has had its turn (30000000)
    unsigned busy;    // frames per second from which on a guest wants a VF (1000)
    unsigned burst;   // VFs taken from guests in a row (8),
    unsigned per_s;   //   and each second for long (1)
};
// From now on. -EINVAL: a reserve of more VFs than there are.
int weir_vstack_share_set(struct weir_vstack *vs, const struct weir_vstack_share *share);
struct weir_vstack_share weir_vstack_share(const struct weir_vstack *vs);
// How often a VF would have been taken from a guest but for burst and per_s, since this was last asked.
uint64_t weir_vstack_share_held(struct weir_vstack *vs);
// Nobody has them; those in reserve included.
unsigned weir_vstack_free_vfs(const struct weir_vstack *vs);

// What the administrator wants of a guest by hand: it keeps its VF, or the synthetic path, until it is NONE again. Its
// policy (vf never) comes first. Moves nothing itself. -ENOENT.
enum weir_vstack_pin { WEIR_VSTACK_PIN_NONE, WEIR_VSTACK_PIN_VF, WEIR_VSTACK_PIN_SYNTHETIC };
int weir_vstack_pin(struct weir_vstack *vs, unsigned guest, enum weir_vstack_pin pin);
// A guest's claim to a VF as of the last look. 0, -ENOENT.
struct weir_vstack_claim {
    enum weir_vstack_pin pin; // by hand or by its policy
    bool by_hand;
    unsigned priority;
    uint64_t load;     // frames per second
    uint64_t waits_us; // 0: it has a VF, or wants none
};
int weir_vstack_claim(const struct weir_vstack *vs, unsigned guest, struct weir_vstack_claim *claim);

// VFs of clients outside (vstack/give.c): somebody who speaks to the function himself and has no channel to us. He gets
// a VF whose vPort has his address, his policy and the flood set's frames, and moves nowhere: while his driver does not
// run, what comes for him is dropped and counted. Whether he is there is nobody's business here.
//
// Returns the VF, or -EINVAL the address is no guest's or the policy cannot hold (weir_vstack_give_unfit), -EEXIST
// somebody has the address, -ENOSPC no VF, vPort or filter is free, or the card's answer; nothing is left behind then.
// cfg->channel is not used.
int weir_vstack_give(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg);
// What of a policy cannot hold for him, as its key: "weight", because his queue pairs are his to make anew, "link",
// because nobody tells him of another than the wire's, "vf" never, because a VF is all that he gets. NULL: all of it
// can. What lets a guest have further addresses (learn, max-mac) gives him none.
const char *weir_vstack_give_unfit(const struct weir_policy *policy);
// Takes it back, filter first; then the VF is reset and nobody's. -ENOENT it is not given, or the card's answer: it is
// still given then and can be taken once more.
int weir_vstack_take(struct weir_vstack *vs, unsigned vf, enum weir_why why);
struct weir_vstack_given {
    char name[32];
    uint8_t mac[6];
    unsigned vport;
    unsigned number; // under which it is in records: no guest's
};
// False: the VF is not given.
bool weir_vstack_given(const struct weir_vstack *vs, unsigned vf, struct weir_vstack_given *info);
// As weir_vstack_guest_set and weir_vstack_guest_policy. -ENOENT, -EINVAL no policy, or one that cannot hold.
int weir_vstack_given_set(struct weir_vstack *vs, unsigned vf, const struct weir_policy *policy);
const struct weir_policy *weir_vstack_given_policy(const struct weir_vstack *vs, unsigned vf);
// A VF that was left (weir_vstack_left) and is `given` and whole goes on as such, with this policy. -EACCES it is
// another's, or what weir_vstack_give returns; it is as it was then, to be dropped.
int weir_vstack_given_keep(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg, unsigned vf);

// Restarts of the card's cores since the stack was opened, and the last one. What the card was asked then was asked
// once more by the driver; lost: it knows nothing of its switch any more, and whoever opened the PF must do so again.
struct weir_vstack_restart {
    unsigned count, core;
    uint32_t cause; // 1: its watchdog; 2: core 0 started it anew
    bool lost;
};
struct weir_vstack_restart weir_vstack_restart(const struct weir_vstack *vs);

// A guest waits for its rate: poll again within 4 ms, nothing will wake whoever sleeps.
bool weir_vstack_limited(const struct weir_vstack *vs);
// Does what there is to do; returns how many messages and frames it handled. now_us: any clock that only goes forward;
// it says when to look again, and rates, while all waits are bounded in the card's time.
unsigned weir_vstack_poll(struct weir_vstack *vs, uint64_t now_us);

enum weir_vstack_state weir_vstack_state(const struct weir_vstack *vs, unsigned guest);
const char *weir_vstack_state_text(enum weir_vstack_state state);
// Why the guest is where it is.
enum weir_why weir_vstack_why(const struct weir_vstack *vs, unsigned guest);
// Its NetVSP port, VF and vPort; -1 without.
int weir_vstack_port(const struct weir_vstack *vs, unsigned guest);
int weir_vstack_vf(const struct weir_vstack *vs, unsigned guest);
int weir_vstack_vport(const struct weir_vstack *vs, unsigned guest);

// The path that a guest is on, and what went over both; times are the card's, in microseconds since the stack was
// opened.
struct weir_vstack_path {
    bool vf; // its VF has its address
    enum weir_why why;
    uint64_t since_us, now_us;
    struct weir_vstack_path_frames {
        uint64_t tx, rx, dropped; // frames from it, for it, and dropped on the way, each with a reason in its account
    } synthetic, on_vf;           //   over all its VFs
};
// 0, -ENOENT, or the card's answer.
int weir_vstack_path(struct weir_vstack *vs, unsigned guest, struct weir_vstack_path *path);

// A guest's frames over all its paths and VFs, from its stack to the card and back, for a ledger (ctl_ledger.h).
struct weir_vstack_account {
    bool told;                          // the guest answered; else its own counters are those it told last
    uint64_t guest[32];                 // by enum weir_guest_counter
    struct weir_netvsp_port_stats port; // receive as of the question, transmit as of the answer
    uint64_t vf[32];                    // vPort counters, summed over its VFs
    uint64_t lost_tx, lost_rx;          // on VFs that it lost, as the records say
};
// Asks the guest for its counters. 0, -ENOENT, -EBUSY while another question is under way, -EAGAIN when it does not
// read its channel.
int weir_vstack_ask(struct weir_vstack *vs, unsigned guest);
// 0 once it has answered, or let 300 ms of our turns pass; -EAGAIN before that, -ENOENT, or the card's errno.
int weir_vstack_account(struct weir_vstack *vs, unsigned guest, struct weir_vstack_account *a);

// The card's half of a given VF; nobody tells another.
int weir_vstack_given_account(struct weir_vstack *vs, unsigned vf, struct weir_vstack_account *a);
// What weir_vstack_path has of a guest's VF. 0, -ENOENT, or the card's answer.
int weir_vstack_given_path(struct weir_vstack *vs, unsigned vf, struct weir_vstack_path_frames *frames);

// The same of all guests that left, and of given VFs that were taken back, in one sum; their own halves as they told
// them last. *guests: how many.
const struct weir_vstack_account *weir_vstack_departed(const struct weir_vstack *vs, unsigned *guests);

// Records are numbered from 0; the last 256 are kept, older ones are NULL.
uint64_t weir_vstack_num_records(const struct weir_vstack *vs);
const struct weir_vstack_record *weir_vstack_record(const struct weir_vstack *vs, uint64_t serial);

#endif
