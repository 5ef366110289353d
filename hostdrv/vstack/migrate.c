// SPDX-License-Identifier: Apache-2.0
// One end of a migration: the table of its states, their bounds, and the link; what the states do is in migrate_out.c
// and migrate_in.c. GO is the one point of no return. The destination decides when it takes it; the source, which
// cannot see that, lets the guest run again only when the destination says that it has not.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migrate_int.h"

struct row {
    const char *name;
    void (*step)(struct weir_migration *m);    // looks for what the state awaits; NULL: a message
    size_t bound;                              // in weir_migrate_config, of the card's time; 0 = none
    void (*timeout)(struct weir_migration *m); // where it ends
};

static const struct row table[WEIR_MIGRATE_STATE_COUNT] = {
#define CARD(field) offsetof(struct weir_migrate_config, field)
    [WEIR_MIGRATE_ASKING] = {"asking the destination", NULL, CARD(answer_us), migrate_back},
    [WEIR_MIGRATE_LEAVING] = {"leaving the VF", migrate_step_leaving, CARD(leave_us), migrate_back},
    [WEIR_MIGRATE_PAUSING] = {"copying", migrate_step_pausing, CARD(pause_us), migrate_back},
    [WEIR_MIGRATE_DRAINING] = {"draining", migrate_step_draining, CARD(drain_us), migrate_back},
    [WEIR_MIGRATE_SAVED] = {"state sent", NULL, CARD(answer_us), migrate_back},
    [WEIR_MIGRATE_GIVING] = {"given", NULL, CARD(answer_us), migrate_ask_again},
    [WEIR_MIGRATE_FOLLOWING] = {"following", migrate_step_following, CARD(follow_us), migrate_left},
    [WEIR_MIGRATE_RETURNING] = {"returning", migrate_step_returning, CARD(leave_us), migrate_stay},
    [WEIR_MIGRATE_UNDECIDED] = {"undecided", NULL, 0, NULL},
    [WEIR_MIGRATE_LISTENING] = {"listening", NULL, 0, NULL},
    [WEIR_MIGRATE_EXPECTING] = {"expecting the guest", NULL, CARD(pause_us), migrate_undo},
    [WEIR_MIGRATE_READY] = {"ready", NULL, CARD(pause_us), migrate_undo},
    [WEIR_MIGRATE_ARRIVING] = {"arriving", migrate_step_arriving, CARD(follow_us), migrate_settle},
    [WEIR_MIGRATE_DONE] = {"done", NULL, 0, NULL},
    [WEIR_MIGRATE_ENDED] = {"ended", NULL, 0, NULL},
#undef CARD
};

static void set_default(unsigned *v, unsigned value) {
    if (*v == 0)
        *v = value;
}

static bool over(const struct weir_migration *m) {
    return m->state == WEIR_MIGRATE_DONE || m->state == WEIR_MIGRATE_ENDED;
}

static bool at_destination(const struct weir_migration *m) {
    return m->state >= WEIR_MIGRATE_LISTENING && m->state <= WEIR_MIGRATE_ARRIVING;
}

void migrate_enter(struct weir_migration *m, enum weir_migrate_state state) {
    m->state = state;
    m->since = vstack_card_time(m->vs);
    if (over(m))
        m->report.done = vstack_cycle(m->vs);
}

// A link that does not take it is gone, or its other end does not read: the bound ends the wait for an answer.
void migrate_say(struct weir_migration *m, uint32_t type, const void *payload, size_t len) {
    (void)weir_channel_send(m->cfg.link, type, payload, len, NULL, 0, 0);
}

void migrate_answer(struct weir_migration *m, uint32_t type, int error, const char *text) {
    struct migrate_answer a = {.version = MIGRATE_VERSION, .error = error};
    snprintf(a.text, sizeof(a.text), "%s", text);
    migrate_say(m, type, &a, sizeof(a));
}

void migrate_fault(struct weir_migration *m, int error, const char *text) {
    if (m->report.error != 0)
        return;
    m->report.error = error;
    snprintf(m->report.text, sizeof(m->report.text), "%s", text);
}

struct guest *migrate_guest_of(struct weir_migration *m) {
    return m->guest != NONE ? vstack_guest(m->vs, (unsigned)m->guest) : NULL;
}

static int new_end(struct weir_vstack *vs, const struct weir_migrate_config *cfg, struct weir_migration **out) {
    struct weir_migration *m;
    if (cfg->link == NULL || cfg->max_frame < WEIR_MIN_FRAME || cfg->resume == NULL)
        return -EINVAL;
    m = calloc(1, sizeof(*m));
    if (m == NULL)
        return -ENOMEM;
    m->vs = vs;
    m->cfg = *cfg;
    m->guest = NONE;
    set_default(&m->cfg.answer_us, 100000);
    set_default(&m->cfg.leave_us, 2000000);
    set_default(&m->cfg.pause_us, 600000000);
    set_default(&m->cfg.drain_us, 1000000);
    set_default(&m->cfg.follow_us, 100000);
    *out = m;
    return 0;
}

// FNV-1a: each bit counts.
uint64_t migrate_digest(const struct migrate_guest *is) {
    const uint8_t *at = (const uint8_t *)is;
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < offsetof(struct migrate_guest, digest); i++)
        h = (h ^ at[i]) * 0x100000001B3u;
    return h;
}

// The guest as its parent knows it, into a message.
static void describe(struct weir_migration *m) {
    const struct guest *g = migrate_guest_of(m);
    const struct weir_policy *p = &g->cfg.policy;
    struct migrate_guest *is = &m->is;
    *is = (struct migrate_guest){.version = MIGRATE_VERSION,
                                 .macs = (uint8_t)weir_netvsp_macs(m->vs->nv, g->port),
                                 .vlan_mode = p->vlan_mode,
                                 .vlan_count = p->vlan_count,
                                 .tci = p->tci,
                                 .max_mac = p->max_mac,
                                 .link = p->link,
                                 .weight = p->weight,
                                 .magic = MIGRATE_MAGIC,
                                 .bytes = sizeof(*is),
                                 .abi_major = WEIR_ABI_MAJOR,
                                 .max_frame = m->cfg.max_frame,
                                 .rate_mbps = p->rate_mbps};
    is->flags = (uint8_t)((p->stags ? MIGRATE_STAGS : 0) | (p->spoofchk ? MIGRATE_SPOOFCHK : 0) |
                          (p->trust ? MIGRATE_TRUST : 0) | (p->learn ? MIGRATE_LEARN : 0) |
                          (m->wants_vf ? MIGRATE_WANTS_VF : 0));
    memcpy(is->vlan, p->vlan, sizeof(is->vlan));
    memcpy(is->name, g->cfg.name, sizeof(is->name));
    for (unsigned i = 0; i < is->macs; i++)
        memcpy(is->mac[i], weir_netvsp_mac(m->vs->nv, g->port, i), 6);
    is->digest = migrate_digest(is);
}

void migrate_send_guest(struct weir_migration *m, uint32_t type) {
    describe(m);
    migrate_say(m, type, &m->is, sizeof(m->is));
}

int weir_migrate_out(struct weir_vstack *vs, unsigned guest, const struct weir_migrate_config *cfg,
                     struct weir_migration **out) {
    struct guest *g = vstack_guest(vs, guest);
    int err;
    if (g == NULL)
        return -ENOENT;
    if (g->migrating || g->gone || (g->state != WEIR_VSTACK_DETACHED && g->state != WEIR_VSTACK_ATTACHED))
        return -EBUSY;
    err = cfg->pause != NULL ? new_end(vs, cfg, out) : -EINVAL;
    if (err != 0)
        return err;
    (*out)->guest = (int)guest;
    (*out)->wants_vf = g->state == WEIR_VSTACK_ATTACHED;
    g->migrating = true;
    migrate_send_guest(*out, MIGRATE_ASK);
    migrate_enter(*out, WEIR_MIGRATE_ASKING);
    return 0;
}

int weir_migrate_in(struct weir_vstack *vs, const struct weir_migrate_config *cfg, struct weir_migration **out) {
    int err = cfg->place != NULL ? new_end(vs, cfg, out) : -EINVAL;
    if (err != 0)
        return err;
    (*out)->in = true;
    migrate_enter(*out, WEIR_MIGRATE_LISTENING);
    return 0;
}

// ---- driving ----

// True while there may be more. The destination answers when it is over, too: the source may not have heard it.
static bool hear(struct weir_migration *m) {
    uint32_t type;
    size_t len;
    const struct row *row = &table[m->state];
    int err = weir_channel_peek(m->cfg.link, &type, &len);
    if (err == 0 || (over(m) && !m->in))
        return false;
    if (err > 0 && len > sizeof(m->buf))
        err = -EPROTO;
    if (err > 0) {
        (void)weir_channel_recv(m->cfg.link, m->buf, sizeof(m->buf));
        if (m->in)
            migrate_in_heard(m, type, m->buf, len);
        else
            migrate_out_heard(m, type, m->buf, len);
        return true;
    }
    // The other host is gone, or speaks nonsense. Who owns the guest then is known everywhere but in GIVING.
    migrate_fault(m, err, "the link to the other host is gone");
    if (m->state == WEIR_MIGRATE_GIVING)
        migrate_enter(m, WEIR_MIGRATE_UNDECIDED);
    else if (m->state == WEIR_MIGRATE_FOLLOWING || m->state == WEIR_MIGRATE_ARRIVING)
        row->timeout(m);
    else if (m->state < WEIR_MIGRATE_FOLLOWING)
        migrate_back(m);
    else if (at_destination(m))
        migrate_undo(m);
    return false;
}

void weir_migrate_poll(struct weir_migration *m) {
    const struct row *row;
    unsigned us;
    for (unsigned n = 0; n < 256 && hear(m); n++) {
    }
    row = &table[m->state];
    if (row->step != NULL)
        row->step(m);
    if (over(m) || row != &table[m->state] || row->timeout == NULL)
        return;
    memcpy(&us, (const char *)&m->cfg + row->bound, sizeof(us));
    if (m->vs->now >= m->vs->next_clock)
        (void)vstack_card_time(m->vs);
    if (m->vs->card - m->since < us)
        return;
    migrate_fault(m, -ETIMEDOUT, row->name);
    row->timeout(m);
}

void weir_migrate_paused(struct weir_migration *m) {
    m->paused = true;
    if (m->state == WEIR_MIGRATE_RETURNING || over(m)) // too late: it was given up meanwhile
        m->cfg.resume(m->cfg.ctx);
}

int weir_migrate_cancel(struct weir_migration *m) {
    if (m->state >= WEIR_MIGRATE_GIVING && !(at_destination(m) && m->state != WEIR_MIGRATE_ARRIVING))
        return -EALREADY;
    migrate_fault(m, -ECANCELED, "cancelled");
    if (at_destination(m))
        migrate_undo(m);
    else
        migrate_back(m);
    return 0;
}

enum weir_migrate_state weir_migrate_state(const struct weir_migration *m) {
    return m->state;
}

const char *weir_migrate_state_text(enum weir_migrate_state state) {
    return state < WEIR_MIGRATE_STATE_COUNT ? table[state].name : "?";
}

int weir_migrate_guest(const struct weir_migration *m) {
    return m->guest;
}

const struct weir_migrate_report *weir_migrate_report(const struct weir_migration *m) {
    return &m->report;
}

void weir_migrate_free(struct weir_migration *m) {
    struct guest *g;
    if (m == NULL)
        return;
    (void)weir_migrate_cancel(m);
    if (m->state == WEIR_MIGRATE_FOLLOWING)
        migrate_left(m);
    if (m->state == WEIR_MIGRATE_ARRIVING)
        migrate_settle(m);
    g = migrate_guest_of(m);
    if (g != NULL && !over(m))
        g->migrating = m->state == WEIR_MIGRATE_UNDECIDED; // who may run it is not known: it gets no VF here
    free(m);
}
