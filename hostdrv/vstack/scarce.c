// SPDX-License-Identifier: Apache-2.0
// VFs are scarce: who may have one, and, where the parent is told to see to it by itself, who has one now (share.h).
// An attach by hand pins, a detach by hand keeps off, until the guest is released; the rule moves all others.
#include <errno.h>

#include "vstack_int.h"

static unsigned free_vfs(const struct weir_vstack *vs) {
    unsigned all = vs->cfg.num_vfs, used = 0;
    for (unsigned i = 0; i < vs->cfg.max_guests; i++)
        used += vs->guest[i] != NULL && vs->guest[i]->vf != NONE;
    for (unsigned vf = 0; vf < MAX_LEFT; vf++)
        used += vs->given[vf] != NULL || vs->left[vf].vf != NONE;
    return all > used ? all - used : 0;
}

// ---- who may have one ----

static bool barred(const struct guest *g) {
    return g->cfg.policy.vf == WEIR_VF_NEVER || g->pin == WEIR_VSTACK_PIN_SYNTHETIC;
}

static bool pinned(const struct guest *g) {
    return !barred(g) && (g->cfg.policy.vf == WEIR_VF_PIN || g->pin == WEIR_VSTACK_PIN_VF);
}

static int no(struct weir_vstack *vs, struct guest *g, enum weir_why why, int err) {
    vstack_record_begin(g, true, why, vstack_cycle(vs));
    g->rec.cycle_done = g->rec.cycle_request;
    vstack_record_end(vs, g, err);
    g->why = why;
    vstack_send_status(vs, g);
    return err;
}

int vstack_may_attach(struct weir_vstack *vs, struct guest *g) {
    unsigned left = free_vfs(vs);
    if (g->cfg.policy.vf == WEIR_VF_NEVER)
        return no(vs, g, WEIR_WHY_POLICY, -EPERM);
    // With none at all it is the card that says so.
    if (left != 0 && left <= vs->share.cfg.reserve)
        return no(vs, g, WEIR_WHY_RESERVE, -EDQUOT);
    return 0;
}

// The guest's policy is another one.
void vstack_policy_set(struct weir_vstack *vs, struct guest *g) {
    bool never = g->cfg.policy.vf == WEIR_VF_NEVER;
    if (never && vstack_has_vf(g))
        (void)weir_vstack_detach(vs, g->number, WEIR_WHY_POLICY);
    else if (g->state == WEIR_VSTACK_DETACHED && (never || g->why == WEIR_WHY_POLICY))
        g->why = never ? WEIR_WHY_POLICY : WEIR_WHY_NOT_OFFERED;
}

int weir_vstack_pin(struct weir_vstack *vs, unsigned guest, enum weir_vstack_pin pin) {
    struct guest *g = vstack_guest(vs, guest);
    if (g == NULL)
        return -ENOENT;
    g->pin = pin;
    return 0;
}

// ---- who has one now ----

static int count_frames(struct weir_vstack *vs, struct guest *g) {
    const struct weir_netvsp_port_stats *s = weir_netvsp_port_stats(vs->nv, g->port);
    uint64_t now[32] = {0};
    int err = g->vport != NONE ? weir_pf_counters(vs->pf, (unsigned)g->vport, now) : 0;
    if (err != 0)
        return err;
    g->share.frames = s->tx_frames + s->rx_frames;
    g->share.frames += g->past[WEIR_VPORT_CNT_TX_FRAMES] + g->past[WEIR_VPORT_CNT_RX_FRAMES];
    g->share.frames += now[WEIR_VPORT_CNT_TX_FRAMES] + now[WEIR_VPORT_CNT_RX_FRAMES];
    return 0;
}

// A guest that cannot be counted now is as it was.
static struct share_guest *look_at(struct weir_vstack *vs, struct guest *g) {
    struct share_guest *s = &g->share;
    bool rests = g->state == WEIR_VSTACK_DETACHED || g->state == WEIR_VSTACK_ATTACHED;
    (void)count_frames(vs, g);
    s->moving = !rests && g->state != WEIR_VSTACK_FAILED;
    s->on_vf = g->state == WEIR_VSTACK_ATTACHED && !g->leave && !g->revoke;
    s->here = rests && !g->gone && (s->on_vf || weir_netvsp_ready(vs->nv, g->port));
    s->barred = barred(g);
    s->pinned = pinned(g);
    s->priority = g->cfg.policy.priority;
    return s;
}

void vstack_share(struct weir_vstack *vs) {
    struct share_guest *all[MAX_GUESTS] = {NULL};
    struct share_move m;
    if (!vs->share.cfg.on || vs->now < vs->next_share)
        return;
    vs->next_share = vs->now + vs->share.cfg.look_us;
    for (unsigned i = 0; i < vs->cfg.max_guests; i++)
        all[i] = vs->guest[i] != NULL ? look_at(vs, vs->guest[i]) : NULL;
    m = share_look(&vs->share, all, vs->cfg.max_guests, free_vfs(vs), vs->now);
    if (m.what == SHARE_GIVE)
        (void)vstack_offer(vs, vs->guest[m.guest]);
    else if (m.what == SHARE_TAKE)
        (void)weir_vstack_detach(vs, vs->guest[m.guest]->number, WEIR_WHY_SHARED);
}

int weir_vstack_share_set(struct weir_vstack *vs, const struct weir_vstack_share *cfg) {
    if (cfg->reserve > vs->cfg.num_vfs)
        return -EINVAL;
    share_set(&vs->share, cfg, vs->now);
    vs->next_share = vs->now;
    return 0;
}

struct weir_vstack_share weir_vstack_share(const struct weir_vstack *vs) {
    return vs->share.cfg;
}

uint64_t weir_vstack_share_held(struct weir_vstack *vs) {
    return weir_rate_refused(&vs->share.takes);
}

unsigned weir_vstack_free_vfs(const struct weir_vstack *vs) {
    return free_vfs(vs);
}

int weir_vstack_claim(const struct weir_vstack *vs, unsigned guest, struct weir_vstack_claim *claim) {
    const struct guest *g = vstack_guest(vs, guest);
    if (g == NULL)
        return -ENOENT;
    *claim = (struct weir_vstack_claim){.pin = pinned(g)   ? WEIR_VSTACK_PIN_VF
                                               : barred(g) ? WEIR_VSTACK_PIN_SYNTHETIC
                                                           : WEIR_VSTACK_PIN_NONE,
                                        .by_hand = g->pin != WEIR_VSTACK_PIN_NONE,
                                        .priority = g->cfg.policy.priority,
                                        .load = g->share.load,
                                        .waits_us = g->share.waits != 0 ? vs->now - g->share.waits : 0};
    return 0;
}
