// SPDX-License-Identifier: Apache-2.0
// The destination of a migration (weir/migrate.h). It looks at everything before the source stops anything (rules
// 12.1), and keeps the address; the guest's port is there before the source gives it away. What this host has for the
// guest waits until the source's last frames are in front of it.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "migrate_int.h"

static void refuse(struct weir_migration *m, int error, const char *text) {
    migrate_fault(m, error, text);
    migrate_undo(m);
}

// As if it had never been asked for.
void migrate_undo(struct weir_migration *m) {
    if (m->reserved)
        (void)weir_netvsp_outside(m->vs->nv, m->is.mac[0], false);
    m->reserved = false;
    if (migrate_guest_of(m) != NULL)
        (void)weir_vstack_guest_remove(m->vs, (unsigned)m->guest);
    m->guest = NONE;
    migrate_answer(m, MIGRATE_NO, m->report.error, m->report.text);
    migrate_enter(m, WEIR_MIGRATE_ENDED);
}

// A message of the other host as a guest of ours. NULL, or what is wrong with it.
static const char *understand(struct weir_migration *m, const void *payload, size_t len) {
    struct migrate_guest *is = &m->is;
    struct weir_policy *p = &m->gc.policy;
    static char text[128];
    if (len != sizeof(*is))
        return "the state has another length";
    memcpy(is, payload, sizeof(*is));
    if (is->version != MIGRATE_VERSION || is->magic != MIGRATE_MAGIC || is->bytes != sizeof(*is))
        return "the state has another version";
    if (is->digest != migrate_digest(is))
        return "the state is damaged";
    if (is->abi_major != WEIR_ABI_MAJOR)
        return "the card has another version of the contract";
    if (is->max_frame > m->cfg.max_frame)
        return "its frames are longer than this host's buffers";
    if (is->name[0] == '\0' || memchr(is->name, '\0', sizeof(is->name)) == NULL || is->macs == 0 ||
        is->macs > is->max_mac || is->macs > WEIR_POLICY_MACS || (is->flags & ~MIGRATE_FLAGS) != 0)
        return "the state is none";
    memset(&m->gc, 0, sizeof(m->gc));
    *p = (struct weir_policy){.vlan_mode = is->vlan_mode,
                              .vlan_count = is->vlan_count,
                              .tci = is->tci,
                              .stags = (is->flags & MIGRATE_STAGS) != 0,
                              .spoofchk = (is->flags & MIGRATE_SPOOFCHK) != 0,
                              .trust = (is->flags & MIGRATE_TRUST) != 0,
                              .learn = (is->flags & MIGRATE_LEARN) != 0,
                              .max_mac = is->max_mac,
                              .link = is->link,
                              .weight = is->weight,
                              .rate_mbps = is->rate_mbps};
    memcpy(p->vlan, is->vlan, sizeof(p->vlan));
    memcpy(m->gc.name, is->name, sizeof(m->gc.name));
    memcpy(m->gc.mac, is->mac[0], 6);
    return weir_policy_check(p, text, sizeof(text)) != 0 ? text : NULL;
}

static void on_ask(struct weir_migration *m, const void *payload, size_t len) {
    const char *wrong = understand(m, payload, len);
    unsigned free_ports = 0;
    int err;
    if (wrong != NULL) {
        refuse(m, -EINVAL, wrong);
        return;
    }
    for (unsigned i = 0; i < m->vs->cfg.max_guests; i++) {
        free_ports += m->vs->guest[i] == NULL;
        if (m->vs->guest[i] != NULL && strcmp(m->vs->guest[i]->cfg.name, m->gc.name) == 0)
            wrong = "a guest of this host has its name";
    }
    if (wrong != NULL || free_ports == 0) {
        refuse(m, free_ports == 0 ? -ENOSPC : -EEXIST, wrong != NULL ? wrong : "no port is free");
        return;
    }
    err = weir_netvsp_outside(m->vs->nv, m->gc.mac, true);
    if (err != 0) {
        refuse(m, err, "its address is another's here, or nobody's");
        return;
    }
    m->reserved = true;
    migrate_answer(m, MIGRATE_YES, 0, "");
    migrate_enter(m, WEIR_MIGRATE_EXPECTING);
}

static int make_port(struct weir_migration *m) {
    struct guest *g;
    int err = m->cfg.place(m->cfg.ctx, &m->gc, &m->gc.channel);
    if (err != 0)
        return err;
    (void)weir_netvsp_outside(m->vs->nv, m->gc.mac, false);
    m->reserved = false;
    m->guest = vstack_add(m->vs, &m->gc, NULL);
    if (m->guest < 0) {
        err = m->guest;
        m->guest = NONE;
        return err;
    }
    g = migrate_guest_of(m);
    g->migrating = true;
    weir_netvsp_hold(m->vs->nv, g->port);
    for (unsigned i = 1; i < m->is.macs && err == 0; i++)
        err = weir_netvsp_learn(m->vs->nv, g->port, m->is.mac[i]);
    return err;
}

static void on_state(struct weir_migration *m, const void *payload, size_t len) {
    uint8_t kept[6];
    const char *wrong;
    int err;
    memcpy(kept, m->is.mac[0], 6);
    wrong = understand(m, payload, len);
    if (wrong == NULL && memcmp(kept, m->is.mac[0], 6) != 0)
        wrong = "the state is another guest's than was asked for";
    memcpy(m->is.mac[0], kept, 6); // which is the address that is reserved
    if (wrong != NULL) {
        refuse(m, -EINVAL, wrong);
        return;
    }
    err = make_port(m);
    if (err != 0) {
        refuse(m, err, "this host has no room for it any more");
        return;
    }
    migrate_answer(m, MIGRATE_LOADED, 0, "");
    migrate_enter(m, WEIR_MIGRATE_READY);
}

static void on_go(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    m->report.paused = vstack_cycle(m->vs);
    migrate_enter(m, WEIR_MIGRATE_ARRIVING);
    migrate_answer(m, MIGRATE_TAKEN, 0, "");
    m->cfg.resume(m->cfg.ctx);
    vstack_send_status(m->vs, g);
    (void)weir_netvsp_announce(m->vs->nv, g->port);
}

void migrate_settle(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    if (g != NULL) {
        g->migrating = false;
        weir_netvsp_release(m->vs->nv, g->port);
        // Refused, it stays synthetic, and its status says why.
        if ((m->is.flags & MIGRATE_WANTS_VF) != 0)
            (void)weir_vstack_attach(m->vs, g->number);
    }
    migrate_enter(m, WEIR_MIGRATE_DONE);
}

void migrate_step_arriving(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    if (g == NULL || g->gone)
        migrate_settle(m);
}

// What came to the source for the guest; its fence is the last of it.
static void on_follow(struct weir_migration *m, const uint8_t *payload, size_t len) {
    struct guest *g = migrate_guest_of(m);
    uint32_t type;
    if (len < sizeof(type) || g == NULL)
        return;
    memcpy(&type, payload, sizeof(type));
    if (type == WEIR_MSG_FENCE) {
        migrate_settle(m);
        return;
    }
    if (type != WEIR_MSG_RX_FRAME ||
        weir_netvsp_inject(m->vs->nv, g->port, payload + sizeof(type), len - sizeof(type)) != 0)
        m->report.follow_lost++;
    else
        m->report.followed++;
}

void migrate_in_heard(struct weir_migration *m, uint32_t type, const void *payload, size_t len) {
    if (type == MIGRATE_ASK && m->state == WEIR_MIGRATE_LISTENING)
        on_ask(m, payload, len);
    else if (type == MIGRATE_STATE && m->state == WEIR_MIGRATE_EXPECTING)
        on_state(m, payload, len);
    else if (type == MIGRATE_GO && m->state == WEIR_MIGRATE_READY)
        on_go(m);
    else if (type == MIGRATE_CANCEL && (m->state == WEIR_MIGRATE_ARRIVING || m->state == WEIR_MIGRATE_DONE))
        migrate_answer(m, MIGRATE_TAKEN, 0, "");
    else if ((type == MIGRATE_CANCEL || type == MIGRATE_GO) && m->state == WEIR_MIGRATE_ENDED)
        migrate_answer(m, MIGRATE_NO, m->report.error, m->report.text);
    else if (type == MIGRATE_CANCEL && m->state >= WEIR_MIGRATE_LISTENING && m->state <= WEIR_MIGRATE_READY)
        refuse(m, -ECANCELED, "the source cancelled it");
    else if (type == MIGRATE_FOLLOW && m->state == WEIR_MIGRATE_ARRIVING)
        on_follow(m, payload, len);
}
