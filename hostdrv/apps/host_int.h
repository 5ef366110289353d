// SPDX-License-Identifier: Apache-2.0
// The parent's insides, shared by host_run.c (the loop), host_guests.c (who is here), host_admit.c (who may come) and
// host_cmd.c (what weirctl may ask).
#ifndef WEIR_APPS_HOST_INT_H
#define WEIR_APPS_HOST_INT_H

#include <poll.h>
#include <stdbool.h>

#include "ctl_ledger.h"
#include "host_run.h"
#include "host_table.h"
#include "seats.h"
#include "verbs.h"
#include "weir/listener.h"
#include "weir/partition.h"
#include "weir/rate.h"

#define MAX_HANDSHAKES 64u  // pending clients that have not said who they are
#define PARENT_RECORDS 256u // hand-overs that the stack remembers
#define STRANGER_GUESTS 16u // of one user, other than root and our own, whom the table does not name

enum place_state { EMPTY, GUEST, LEAVING };

struct place {
    enum place_state state;
    struct weir_partition *partition;
    int number; // of the stack: never used twice, so it cannot come to name a successor
    char name[32];
    uint8_t mac[6];
    uid_t uid;
    struct weir_rate asks;
    int vf_fd;    // our half of the connection that it was given to its VF, -1 = none
    bool adopted; // a parent before us made it: it ends by evicting whoever has it
    unsigned vf_fn;
};

// Lines of the log that strangers cause, that our guests cause, and about the card, each with a budget of their own.
enum log_class { LOG_STRANGER, LOG_GUEST, LOG_CARD, LOG_CLASSES };

struct parent {
    struct parent_options opt;
    struct weir_listener guests;
    struct weir_pf *pf;
    struct weir_vstack *vs;
    struct ctl *ctl;
    struct table table;
    struct seats seats; // of the handshakes
    struct {
        struct weir_partition *partition;
        uint64_t since;
        bool said; // hello; it waits until its predecessor of the same name is gone
        struct weir_partition_hello hello;
    } handshake[MAX_HANDSHAKES];
    struct place place[PARENT_MAX_GUESTS];
    struct ctl_ledger ledger;          // being read, for the client `reader`; 0 = none
    uint64_t reader, client;           // whose line is being answered
    uint64_t records;                  // hand-overs that were seen,
    uint64_t recorded[PARENT_RECORDS]; // and when by the wall clock, microseconds since 1970
    struct weir_rate log_rate[LOG_CLASSES];
    unsigned restarts;   // of the card's cores, as far as the log knows
    uint32_t panics[2];  // of each core since the card has power, the same
    unsigned left;       // VFs of a parent before us whose guests have not come
    uint64_t left_turns; // our turns since, in microseconds, at most LEFT_TURN_US of each
    uint64_t left_at;
    bool given[WEIR_NUM_VFS];      // to clients outside, as far as their connections are seen to
    struct flash_job *flash;       // an update that is being sent, NULL = none
    uint64_t flash_client;         // for whom a job of the card's flash is done, 0 = nobody
    uint64_t share_held, share_at; // VFs that were not taken for want of tokens, since it was quiet; and when last
    bool halt;
    bool polled; // the card has no interrupt for us
};

uint64_t parent_now_us(void);
// Where the card is, for people.
const char *parent_card(const struct parent *p);
__attribute__((format(printf, 3, 4))) void parent_log(struct parent *p, enum log_class who, const char *fmt, ...);

// ---- host_guests.c ----
void guests_open(struct parent *p);
void guests_close(struct parent *p);
// Takes pending clients from the listener, a bounded number.
void guests_newcomers(struct parent *p);
void guests_hush(struct parent *p);
// Everything that can happen to a pending client or a guest, once a turn.
void guests_look_after(struct parent *p);
// Some are, or are leaving.
bool guests_here(const struct parent *p);
// All rest on one path, so only what wakes the parent can change that.
bool guests_steady(const struct parent *p);
unsigned guests_pollfds(const struct parent *p, struct pollfd *fds, unsigned n);
// Takes its VF back and shows it the door, whatever state it is in.
void guests_send_away(struct parent *p, struct place *g);
// The guest of that name, if need be one that is leaving; NULL without.
// The address was heard from the wire of late.
bool guests_on_wire(const struct parent *p, const uint8_t mac[6]);
struct place *guests_find(struct parent *p, const char *name);

// ---- host_left.c: VFs that a parent before us gave ----
// Takes back those that cannot go on.
void left_open(struct parent *p);
// Whom the pending client, admitted as in *gc, was: 0 or more when its VF goes on and it has joined, with the
// association's token; else negative, and nothing of it is left from the parent before.
int left_join(struct parent *p, const struct weir_partition_hello *hello, uid_t uid,
              const struct weir_vstack_guest_config *gc, uint32_t *token);
// Once a turn: guests that do not come are not waited for longer than LEFT_US of our turns.
void left_look(struct parent *p);
// Ends whoever's connection to the VF. Waits for the card's server.
void left_evict(struct parent *p, unsigned vf);
// Its socket is open to clients outside, until left_evict. 0 or negative errno.
int left_lend(struct parent *p, unsigned vf);

// ---- host_give.c: VFs of clients outside ----
#define GIVEN_STATE "given"
// The VF that was given under that name, -1 without.
int given_find(const struct parent *p, const char *name);
bool given_here(const struct parent *p, unsigned vf);
// A given VF that a parent before us left goes on when the table has it as the card does. False: it is to be dropped.
bool given_keep(struct parent *p, unsigned vf, const struct weir_vstack_left *l);
// 0 or the card's answer.
int given_take(struct parent *p, unsigned vf);
// Once a turn, before anything is offered: who lost his VF loses his connection to it.
void given_look(struct parent *p);

// ---- host_admit.c ----
// Decides about a pending client: 0 with the guest's address and policy in *gc, else an errno and why in text.
int admit(struct parent *p, const struct weir_partition_hello *hello, uid_t uid, struct weir_vstack_guest_config *gc,
          char *text, size_t size);
// Whether the address can be that of guest `name`: NULL, or why not.
const char *admit_mac(const struct parent *p, const uint8_t mac[6], const char *name);
// An address for the guest: the same for the same name and table.
void admit_assign(const struct parent *p, const char *name, uint8_t mac[6]);
// Lets other users reach the socket exactly when the table or the door lets them in.
int admit_open_socket(const struct parent *p);

// ---- host_health.c ----
void health_open(struct parent *p);
// Once a turn. False: the card lost what it knew of its switch, and only a parent that begins anew can use it.
bool health_look(struct parent *p);

// ---- host_flash.c ----
// Once a turn: sends what the card takes of an update.
void flash_look(struct parent *p);
bool flash_busy(const struct parent *p);

// ---- host_rescue.c: a card without firmware ----
// Hears weirctl until the card runs firmware: 1, and the PF is to be opened again. 0: halted; or negative errno.
int rescue_run(struct parent *p, const volatile int *stop, char *err, size_t err_size);
// A command that can be answered meanwhile.
bool rescue_hears(enum verb_id id);

// ---- host_share.c ----
#define SHARE_QUIET_US 5000000u
// As the options say. 0, or negative errno with one line in err.
int share_begin(struct parent *p, char *err, size_t err_size);
// Once a turn: says that VFs would change hands faster than they may.
void share_look_on(struct parent *p);

// ---- host_cmd.c ----
struct json_object;
// Answers one line of a client, whose number is not 0; the answer is the caller's. NULL: it takes more than one turn,
// or another client's does; the same line again next turn.
struct json_object *cmd_answer(struct parent *p, uint64_t client, const char *line, size_t len);

#endif
