// SPDX-License-Identifier: Apache-2.0
// The source of a migration (weir/migrate.h). Its guest runs until it is paused, and again after any failure before the
// destination took it; what comes for it meanwhile waits, and goes after it or into its channel, in order.
#include <errno.h>
#include <string.h>

#include "migrate_int.h"

// Before its VF is left, nothing was done to the guest; after that it is let run, and its VF given back.
void migrate_back(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    if (m->state != WEIR_MIGRATE_GIVING && m->state != WEIR_MIGRATE_UNDECIDED)
        migrate_answer(m, MIGRATE_CANCEL, m->report.error, m->report.text);
    if (g == NULL) {
        migrate_enter(m, WEIR_MIGRATE_ENDED);
        return;
    }
    g->migrating = false;
    if (g->leave && g->leave_why == WEIR_WHY_MIGRATION)
        g->leave = false; // it was not asked yet
    weir_netvsp_release(m->vs->nv, g->port);
    if (m->paused && !m->resumed) {
        m->resumed = true;
        m->cfg.resume(m->cfg.ctx);
    }
    migrate_enter(m, WEIR_MIGRATE_RETURNING);
}

void migrate_step_returning(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    bool back = g == NULL || !m->wants_vf || g->state == WEIR_VSTACK_ATTACHED;
    if (!back && g->state == WEIR_VSTACK_DETACHED)
        (void)weir_vstack_attach(m->vs, g->number); // again, until its bound
    if (back)
        migrate_enter(m, WEIR_MIGRATE_ENDED);
}

void migrate_stay(struct weir_migration *m) {
    migrate_enter(m, WEIR_MIGRATE_ENDED);
}

static bool gone(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    return g == NULL || g->gone;
}

static void lost(struct weir_migration *m) {
    migrate_fault(m, -ENOENT, "the guest is gone");
    migrate_back(m);
}

void migrate_step_leaving(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    if (gone(m)) {
        lost(m);
        return;
    }
    if (g->state == WEIR_VSTACK_ATTACHED)
        (void)weir_vstack_detach(m->vs, g->number, WEIR_WHY_MIGRATION);
    if (g->state != WEIR_VSTACK_DETACHED)
        return;
    m->cfg.pause(m->cfg.ctx);
    migrate_enter(m, WEIR_MIGRATE_PAUSING);
}

void migrate_step_pausing(struct weir_migration *m) {
    if (gone(m)) {
        lost(m);
        return;
    }
    if (!m->paused)
        return;
    m->report.paused = vstack_cycle(m->vs);
    weir_netvsp_hold(m->vs->nv, migrate_guest_of(m)->port);
    migrate_enter(m, WEIR_MIGRATE_DRAINING);
}

// Taken from its channel, looked up, and left the card: what it sends at the destination cannot overtake that.
void migrate_step_draining(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    uint64_t v[32] = {0};
    if (gone(m)) {
        lost(m);
        return;
    }
    if (!weir_netvsp_tx_taken(m->vs->nv, g->port) || !weir_netvsp_tx_drained(m->vs->nv, g->port) ||
        weir_pf_counters(m->vs->pf, WEIR_COUNTERS_SWITCH, v) != 0)
        return;
    if (!m->wire_known)
        m->wire_mark = v[WEIR_SW_CNT_WIRE_COPIES];
    m->wire_known = true;
    if (v[WEIR_SW_CNT_PORT_TX_FRAMES] + v[WEIR_SW_CNT_PORT_TX_DROP_LINK] < m->wire_mark)
        return;
    migrate_send_guest(m, MIGRATE_STATE);
    migrate_enter(m, WEIR_MIGRATE_SAVED);
}

void migrate_ask_again(struct weir_migration *m) {
    if (m->asked++ < ASKED_AGAIN) {
        migrate_answer(m, MIGRATE_CANCEL, m->report.error, m->report.text);
        migrate_enter(m, WEIR_MIGRATE_GIVING);
    } else {
        migrate_enter(m, WEIR_MIGRATE_UNDECIDED);
    }
}

// ---- it is there ----

static int follow(void *ctx, uint32_t type, const void *payload, size_t len) {
    struct weir_migration *m = ctx;
    int err = weir_channel_send(m->cfg.link, MIGRATE_FOLLOW, &type, sizeof(type), payload, len, 0);
    if (type == WEIR_MSG_FENCE && err == 0)
        m->fenced = true;
    if (type == WEIR_MSG_RX_FRAME && err == 0)
        m->report.followed++;
    if (type == WEIR_MSG_RX_FRAME && err != 0 && err != -ENOSPC)
        m->report.follow_lost++;
    return err;
}

static void taken(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    m->report.error = 0;
    m->report.text[0] = '\0';
    migrate_enter(m, WEIR_MIGRATE_FOLLOWING);
    if (g != NULL)
        weir_netvsp_divert(m->vs->nv, g->port, follow, m);
}

static int discard(void *ctx, uint32_t type, const void *payload, size_t len) {
    (void)ctx;
    (void)type;
    (void)payload;
    (void)len;
    return -EPIPE;
}

static void forget(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    if (g != NULL) {
        m->report.follow_lost += weir_netvsp_held(m->vs->nv, g->port);
        weir_netvsp_divert(m->vs->nv, g->port, discard, NULL);
    }
    (void)weir_vstack_guest_remove(m->vs, (unsigned)m->guest);
    migrate_enter(m, WEIR_MIGRATE_DONE);
}

// The announcement came back from the network: whatever it forwarded here before that is in front of it. A fence
// through the rings ends the rest.
void migrate_step_following(struct weir_migration *m) {
    struct guest *g = migrate_guest_of(m);
    if (g == NULL || m->fenced) {
        forget(m);
    } else if (m->token == 0 && weir_netvsp_heard_elsewhere(m->vs->nv, g->port)) {
        m->token = ++m->vs->token != 0 ? m->vs->token : ++m->vs->token;
        weir_netvsp_expect_fence(m->vs->nv, g->port, m->token);
        if (weir_pf_fence(m->vs->pf, 0, m->token) != 0)
            m->token = 0; // asked again
    }
}

void migrate_left(struct weir_migration *m) {
    m->report.announced_unseen = m->token == 0;
    forget(m);
}

int weir_migrate_decide(struct weir_migration *m, bool elsewhere) {
    if (m->state != WEIR_MIGRATE_UNDECIDED)
        return -EINVAL;
    if (elsewhere)
        forget(m);
    else
        migrate_back(m);
    return 0;
}

static void said_no(struct weir_migration *m, const void *payload, size_t len) {
    struct migrate_answer a;
    if (len != sizeof(a))
        return;
    memcpy(&a, payload, sizeof(a));
    a.text[sizeof(a.text) - 1] = '\0';
    migrate_fault(m, a.error < 0 ? a.error : -EPROTO, a.text);
    migrate_back(m);
}

void migrate_out_heard(struct weir_migration *m, uint32_t type, const void *payload, size_t len) {
    struct guest *g = migrate_guest_of(m);
    if (type == MIGRATE_NO && m->state <= WEIR_MIGRATE_GIVING) {
        said_no(m, payload, len);
    } else if (type == MIGRATE_YES && m->state == WEIR_MIGRATE_ASKING && g != NULL) {
        migrate_enter(m, WEIR_MIGRATE_LEAVING);
    } else if (type == MIGRATE_LOADED && m->state == WEIR_MIGRATE_SAVED && g != NULL) {
        migrate_answer(m, MIGRATE_GO, 0, "");
        migrate_enter(m, WEIR_MIGRATE_GIVING);
    } else if (type == MIGRATE_TAKEN && m->state == WEIR_MIGRATE_GIVING) {
        taken(m);
    }
}
