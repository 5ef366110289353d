// SPDX-License-Identifier: Apache-2.0
// A guest's policy on whatever path it is. It is the guest's, not its vPort's: a new VF's vPort has all of it before
// the guest's filter moves there, and loses nothing by which the guest was held when it goes (threat T28).
#include <errno.h>
#include <string.h>

#include "vstack_int.h"

static unsigned flags_of(const struct weir_policy *p) {
    return (p->spoofchk ? WEIR_VPORT_CHECK_SRC : 0) | (p->trust ? WEIR_VPORT_TRUSTED : 0) |
           (p->stags ? WEIR_VPORT_STAGS : 0);
}

static bool same_vlans(const struct weir_policy *a, const struct weir_policy *b) {
    if (a->vlan_mode != b->vlan_mode)
        return false;
    if (a->vlan_mode == WEIR_VLAN_TRUNK)
        return a->vlan_count == b->vlan_count && memcmp(a->vlan, b->vlan, a->vlan_count * sizeof(a->vlan[0])) == 0;
    return a->vlan_mode == WEIR_VLAN_ANY || a->tci == b->tci;
}

static int set_vlans(struct weir_vstack *vs, const struct guest *g, const struct weir_policy *p) {
    unsigned vport = (unsigned)g->vport;
    switch (p->vlan_mode) {
    case WEIR_VLAN_PORT:
        return weir_pf_vlan_port(vs->pf, vport, p->tci);
    case WEIR_VLAN_TRUNK:
        return weir_pf_vlan_trunk(vs->pf, vport, p->vlan, p->vlan_count);
    default:
        return weir_pf_vlan_any(vs->pf, vport);
    }
}

// Brings the VF's vPort from one policy to another. What a queue pair weighs can be said once it runs.
int vstack_change_policy(struct weir_vstack *vs, const struct guest *g, const struct weir_policy *from,
                         const struct weir_policy *to) {
    unsigned fn = (unsigned)g->vf + 1;
    int err = 0;
    if (flags_of(from) != flags_of(to))
        err = weir_pf_set_vport_flags(vs->pf, (unsigned)g->vport, flags_of(to));
    if (err == 0 && !same_vlans(from, to))
        err = set_vlans(vs, g, to);
    if (err == 0 && from->rate_mbps != to->rate_mbps)
        err = weir_pf_set_rate(vs->pf, fn, WEIR_RATE_FN, to->rate_mbps, 0);
    for (unsigned qp = 0; qp < vs->cfg.vf_qps && err == 0 && g->on_vport && from->weight != to->weight; qp++)
        err = weir_pf_set_rate(vs->pf, fn, qp, 0, to->weight);
    return err;
}

// A vPort for the guest's VF with all of the guest's policy; none when the card says no.
int vstack_create_vport(struct weir_vstack *vs, struct guest *g) {
    const struct weir_policy *p = &g->cfg.policy;
    struct weir_policy fresh;
    int err, vport = vstack_pick_vport(vs);
    if (vport == NONE)
        return -ENOSPC;
    err = weir_pf_create_vport(vs->pf, (unsigned)vport, (unsigned)g->vf, vs->cfg.vf_qps, flags_of(p), g->cfg.name);
    if (err != 0)
        return err;
    g->vport = vport;
    g->sources = 0;
    weir_policy_default(&fresh);
    fresh.spoofchk = p->spoofchk;
    fresh.trust = p->trust;
    fresh.stags = p->stags;
    err = vstack_change_policy(vs, g, &fresh, p);
    if (err != 0) {
        (void)weir_pf_delete_vport(vs->pf, (unsigned)vport);
        g->vport = NONE;
    }
    return err;
}

int vstack_renew_policy(struct weir_vstack *vs, struct guest *g) {
    const struct weir_policy *p = &g->cfg.policy;
    unsigned fn = (unsigned)g->vf + 1;
    int err = weir_pf_set_vport_flags(vs->pf, (unsigned)g->vport, flags_of(p));
    if (err == 0)
        err = set_vlans(vs, g, p);
    if (err == 0)
        err = weir_pf_set_rate(vs->pf, fn, WEIR_RATE_FN, p->rate_mbps, 0);
    for (unsigned qp = 0; qp < vs->cfg.vf_qps && err == 0 && g->on_vport; qp++)
        err = weir_pf_set_rate(vs->pf, fn, qp, 0, p->weight);
    return err;
}

// What needs the guest's queue pairs or its last address, right before its filters move.
int vstack_arm_policy(struct weir_vstack *vs, struct guest *g) {
    unsigned macs = weir_netvsp_macs(vs->nv, g->port);
    int err = 0;
    for (unsigned i = 1; i < macs && err == 0; i++) {
        if ((g->sources >> i & 1) != 0)
            continue;
        err = weir_pf_set_filter(vs->pf, weir_netvsp_source_filter(vs->nv, g->port, i), (unsigned)g->vport,
                                 weir_netvsp_mac(vs->nv, g->port, i), WEIR_FILTER_SOURCE, 0);
        if (err == 0)
            g->sources |= 1u << i;
    }
    for (unsigned qp = 0; qp < vs->cfg.vf_qps && err == 0 && g->cfg.policy.weight != 1; qp++)
        err = weir_pf_set_rate(vs->pf, (unsigned)g->vf + 1, qp, 0, g->cfg.policy.weight);
    return err;
}

int vstack_clear_sources(struct weir_vstack *vs, struct guest *g) {
    int err = 0;
    for (unsigned i = 1; i < WEIR_POLICY_MACS && err == 0; i++) {
        if ((g->sources >> i & 1) == 0)
            continue;
        err = weir_pf_clear_filter(vs->pf, weir_netvsp_source_filter(vs->nv, g->port, i));
        if (err == 0)
            g->sources &= ~(1u << i);
    }
    return err;
}

int weir_vstack_guest_set(struct weir_vstack *vs, unsigned guest, const struct weir_policy *policy) {
    struct guest *g = vstack_guest(vs, guest);
    char text[128];
    int err = 0;
    if (g == NULL)
        return -ENOENT;
    if (weir_policy_check(policy, text, sizeof(text)) != 0)
        return -EINVAL;
    // The addresses of a guest on its VF are moved as one: none leaves on the way.
    if (g->vport != NONE && policy->max_mac < weir_netvsp_macs(vs->nv, g->port))
        return -EBUSY;
    if (g->vport != NONE)
        err = vstack_change_policy(vs, g, &g->cfg.policy, policy);
    if (err != 0) {
        (void)vstack_change_policy(vs, g, policy, &g->cfg.policy);
        return err;
    }
    weir_netvsp_port_set(vs->nv, g->port, policy);
    g->cfg.policy = *policy;
    vstack_policy_set(vs, g);
    if (!g->gone)
        vstack_send_status(vs, g);
    return 0;
}

const struct weir_policy *weir_vstack_guest_policy(const struct weir_vstack *vs, unsigned guest) {
    const struct guest *g = vstack_guest(vs, guest);
    return g != NULL ? &g->cfg.policy : NULL;
}
