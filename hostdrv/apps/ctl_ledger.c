// SPDX-License-Identifier: Apache-2.0
// See ctl_ledger.h: the pieces and their order, and what has to balance of a guest.
#include "ctl_ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void ctl_ledger_end(struct ctl_ledger *l) {
    json_object_put(l->port);
    json_object_put(l->vports);
    l->port = l->vports = NULL;
}

void ctl_ledger_begin(struct ctl_ledger *l, struct weir_pf *pf, struct weir_vstack *vs, bool card) {
    ctl_ledger_end(l);
    *l = (struct ctl_ledger){.pf = pf, .vs = vs, .card = card, .vports = json_object_new_array()};
    weir_pf_ledger_begin(pf, &l->read);
}

static void add(struct ctl_ledger *l, unsigned number, bool given, const char *name) {
    struct ctl_ledger_guest *g = &l->guest[l->guests];
    if (l->guests == LEDGER_GUESTS)
        return;
    l->guests++;
    g->number = number;
    g->given = given;
    snprintf(g->name, sizeof(g->name), "%s", name);
}

void ctl_ledger_add(struct ctl_ledger *l, unsigned number, const char *name) {
    add(l, number, false, name);
}

void ctl_ledger_add_given(struct ctl_ledger *l, unsigned vf, const char *name) {
    add(l, vf, true, name);
}

// Of the second reading, which is the one that is shown.
static void show_piece(struct ctl_ledger *l) {
    const uint64_t *v = l->read.value;
    struct weir_describe_vport_rsp d = {.name = ""};
    char name[sizeof(d.name) + 1] = "";
    unsigned vport = (unsigned)l->read.vport;
    uint64_t dropped = 0;
    bool there, used = false;
    if (l->read.vport < 0) {
        l->port = ctl_ledger_port(v, &l->dropped);
        return;
    }
    there = weir_pf_describe_vport(l->pf, vport, &d) == 0;
    memcpy(name, d.name, sizeof(d.name));
    for (unsigned k = 0; k < WEIR_VPORT_CNT_COUNT; k++)
        used = used || v[k] != 0;
    // One that is gone keeps its counters until its id is used again. Those of VFs are in their guests' accounts.
    if (there || used)
        json_object_array_add(l->vports, ctl_ledger_vport(vport, there ? name : "(gone)", v, &dropped));
    l->dropped += vport == 0 ? dropped : 0;
}

// Everybody is asked before the card is read, and answers meanwhile. One that left is no longer here to be counted.
static void ask_guests(struct ctl_ledger *l) {
    for (unsigned i = 0; i < l->guests; i++)
        if (!l->guest[i].given)
            (void)weir_vstack_ask(l->vs, l->guest[i].number);
    l->began = true;
    l->next = 0;
}

static int step_card(struct ctl_ledger *l) {
    unsigned reading = l->read.reading;
    int ret = weir_pf_ledger_step(l->pf, &l->read);
    if (ret >= 0 && reading == 1)
        show_piece(l);
    return ret;
}

static int step_guest(struct ctl_ledger *l) {
    struct ctl_ledger_guest *g = &l->guest[l->next];
    struct weir_vstack_account *a = &g->account[l->reading];
    int ret = (g->given ? weir_vstack_given_account : weir_vstack_account)(l->vs, g->number, a);
    if (ret == -EAGAIN)
        return 1;
    l->next++;
    return ret == -ENOENT ? 1 : ret != 0 ? ret : 1;
}

int ctl_ledger_step(struct ctl_ledger *l) {
    int ret;
    if (!l->began)
        ask_guests(l);
    if (l->card && l->read.reading == l->reading) {
        ret = step_card(l);
        return ret < 0 ? ret : 1;
    }
    if (l->next < l->guests)
        return step_guest(l);
    l->began = false;
    return ++l->reading < 2 ? 1 : 0;
}

// ---- what has to balance of a guest ----

static uint64_t sum_port(const struct weir_netvsp_port_stats *s, const char *prefix) {
    uint64_t sum = 0;
#define ROW(name, kind, text) sum += strncmp(#name, prefix, strlen(prefix)) == 0 ? s->name : 0;
    WEIR_NETVSP_COUNTERS(ROW)
#undef ROW
    return sum;
}

static uint64_t sum_guest(const uint64_t *v, enum weir_guest_counter first, enum weir_guest_counter last) {
    uint64_t sum = 0;
    for (unsigned i = first; i <= (unsigned)last; i++)
        sum += v[i];
    return sum;
}

static void balance_of(unsigned equation, const struct weir_vstack_account *a, unsigned r, struct weir_balance *b) {
    const uint64_t *g = a->guest;
    switch (equation) {
    case 0: // from its stack
        b->in[r] = g[WEIR_GUEST_tx_taken];
        b->out[r] = g[WEIR_GUEST_tx_synthetic] + g[WEIR_GUEST_tx_vf] + g[WEIR_GUEST_tx_waiting] +
                    sum_guest(g, WEIR_GUEST_tx_drop_size, WEIR_GUEST_tx_drop_dead);
        break;
    case 1: // up its channel
        b->in[r] = g[WEIR_GUEST_tx_synthetic];
        b->out[r] = a->port.tx_frames + sum_port(&a->port, "tx_drop_");
        break;
    case 2: // up its VFs: what it saw completed has entered, and no more has than it posted
        b->in[r] = g[WEIR_GUEST_tx_vf] - (r == 0 ? g[WEIR_GUEST_tx_unseen] : 0);
        b->out[r] = a->vf[WEIR_VPORT_CNT_TX_FRAMES] + a->lost_tx;
        break;
    case 3: // down to it, on both
        b->in[r] = a->port.rx_frames + a->vf[WEIR_VPORT_CNT_RX_FRAMES];
        b->out[r] = sum_guest(g, WEIR_GUEST_rx_synthetic, WEIR_GUEST_rx_drop_message) + a->lost_rx;
        break;
    default: // to its stack
        b->in[r] = g[WEIR_GUEST_rx_synthetic] + g[WEIR_GUEST_rx_vf];
        b->out[r] = sum_guest(g, WEIR_GUEST_rx_given, WEIR_GUEST_rx_drop_down);
    }
}

static int check_guest(const struct ctl_ledger_guest *g, uint64_t *under_way, char *text, size_t size) {
    static const char *const words[] = {"from the stack of", "the channel up from", "the VFs up from", "down to",
                                        "to the stack of"};
    int err = 0;
    // Nobody knows what one does that does not answer.
    if (!g->account[0].told || !g->account[1].told)
        return 0;
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]) && err == 0; i++) {
        struct weir_balance b;
        char what[80];
        for (unsigned r = 0; r < 2; r++)
            balance_of(i, &g->account[r], r, &b);
        snprintf(what, sizeof(what), "%s %s", words[i], g->name);
        err = weir_balance_check(&b, what, under_way, text, size);
    }
    *under_way += g->account[1].guest[WEIR_GUEST_tx_waiting] + g->account[1].guest[WEIR_GUEST_rx_waiting];
    return err;
}

void ctl_ledger_answer(struct ctl_ledger *l, struct json_object *rsp) {
    struct json_object *guests = json_object_new_array();
    const struct weir_vstack_account *departed;
    unsigned num_departed;
    uint64_t under_way = 0, dropped = l->dropped;
    char text[200] = "balanced", line[200];
    int err = weir_pf_ledger_end(l->pf, &l->read, &under_way, text, sizeof(text));

    if (err == -EAGAIN)
        snprintf(text, sizeof(text), "ledger: a VF came while it was read; ask again");
    for (unsigned i = 0; i < l->guests; i++) {
        uint64_t mine = 0;
        int bad = check_guest(&l->guest[i], &mine, line, sizeof(line));
        if (bad != 0 && err == 0) {
            err = bad;
            memcpy(text, line, sizeof(text));
        }
        under_way += mine;
        json_object_array_add(guests, ctl_ledger_guest(l->guest[i].name, &l->guest[i].account[1], mine, &dropped));
    }
    // No guest's name has brackets.
    departed = weir_vstack_departed(l->vs, &num_departed);
    if (num_departed != 0)
        json_object_array_add(guests, ctl_ledger_guest("(left)", departed, 0, &dropped));
    json_object_object_add(rsp, "parent", ctl_ledger_parent(weir_netvsp_stats(weir_vstack_netvsp(l->vs)), &dropped));
    json_object_object_add(rsp, "balanced", json_object_new_boolean(err == 0));
    json_object_object_add(rsp, "text", json_object_new_string(text));
    json_object_object_add(rsp, "under_way", json_object_new_int64((int64_t)under_way));
    json_object_object_add(rsp, "dropped", json_object_new_int64((int64_t)dropped));
    json_object_object_add(rsp, "port", json_object_get(l->port));
    json_object_object_add(rsp, "vport", json_object_get(l->vports));
    json_object_object_add(rsp, "guest", guests);
}

void ctl_ledger_counters(const struct ctl_ledger *l, struct json_object *rsp) {
    json_object_object_add(rsp, "counter", ctl_ledger_all(&l->guest[0].account[1]));
}
