// SPDX-License-Identifier: Apache-2.0
// The ledger from end to end: the card, the parent's switch, and each guest from its stack over all its paths and VFs.
// It is read a piece a turn and twice (weir_balance_check), so the parent serves everybody meanwhile and traffic may go
// on.
#ifndef WEIR_APPS_CTL_LEDGER_H
#define WEIR_APPS_CTL_LEDGER_H

#include <json-c/json.h>

#include "weir/vstack.h"

#define LEDGER_GUESTS 256u

struct ctl_ledger {
    struct weir_vstack *vs;
    struct weir_pf *pf;
    bool card, began; // whether the card's part is asked for; guests have been asked for this reading
    unsigned reading, guests, next;
    struct weir_pf_ledger read;
    struct json_object *port, *vports;
    uint64_t dropped; // by the card, but on guests' VFs
    struct ctl_ledger_guest {
        unsigned number; // or the VF of a client outside
        bool given;
        char name[32];
        struct weir_vstack_account account[2];
    } guest[LEDGER_GUESTS];
};

// Begins anew; guests are added, then it is stepped.
void ctl_ledger_begin(struct ctl_ledger *l, struct weir_pf *pf, struct weir_vstack *vs, bool card);
void ctl_ledger_add(struct ctl_ledger *l, unsigned number, const char *name);
void ctl_ledger_add_given(struct ctl_ledger *l, unsigned vf, const char *name);
// One piece: 1 and there is more, 0 when that was all, or negative errno of the card.
int ctl_ledger_step(struct ctl_ledger *l);
// Adds "balanced", "text", "under_way", "dropped", "port", "vport", "parent" and "guest" to an answer, or, of one guest
// alone, "counter": all that anybody counts of it.
void ctl_ledger_answer(struct ctl_ledger *l, struct json_object *rsp);
void ctl_ledger_counters(const struct ctl_ledger *l, struct json_object *rsp);
void ctl_ledger_end(struct ctl_ledger *l);

// ---- ctl_ledger_json.c ----
struct json_object *ctl_ledger_port(const uint64_t *v, uint64_t *dropped);
struct json_object *ctl_ledger_vport(unsigned number, const char *name, const uint64_t *v, uint64_t *dropped);
struct json_object *ctl_ledger_guest(const char *name, const struct weir_vstack_account *a, uint64_t under_way,
                                     uint64_t *dropped);
struct json_object *ctl_ledger_parent(const struct weir_netvsp_stats *s, uint64_t *dropped);
struct json_object *ctl_ledger_all(const struct weir_vstack_account *a);

#endif
