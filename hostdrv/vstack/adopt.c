// SPDX-License-Identifier: Apache-2.0
// What a parent before this one left in the card (ADR 0020): VFs that serve guests. The card says what there is, not
// the guest; a guest may only come for what the card has under its name. A VF of a client outside is kept or not, there
// is nobody to come. All else is taken back: nobody would know when it is done with.
#include <errno.h>
#include <string.h>

#include "vstack_int.h"

// Those of its guests on the synthetic path lead to nobody: each comes with its guest again.
static int sort_filters(struct weir_vstack *vs) {
    struct weir_get_filter_rsp f = {.next = 0};
    int err;
    while ((err = weir_pf_get_filter(vs->pf, f.next, &f)) == 0) {
        struct left *l = NULL;
        if (f.vport == 0) {
            err = weir_pf_clear_filter(vs->pf, f.filter);
            if (err != 0)
                return err;
            continue;
        }
        for (unsigned i = 0; i < MAX_LEFT; i++)
            if (vs->left[i].vf != NONE && vs->left[i].vport == f.vport)
                l = &vs->left[i];
        if (l == NULL)
            return -EPROTO; // no vPort that we know of has it
        if (f.mode == WEIR_FILTER_SOURCE && l->sources < LEFT_FILTERS)
            l->source[l->sources++] = f;
        else if (f.mode != WEIR_FILTER_SOURCE && l->filters < LEFT_FILTERS)
            l->filter[l->filters++] = f;
        else
            return -EPROTO;
        l->given = l->given || f.filter == vstack_given_filter(vs, (unsigned)l->vf);
    }
    return err == -ENOENT ? 0 : err;
}

static int look_at_vf(struct weir_vstack *vs, unsigned vf) {
    struct left *l = &vs->left[vf];
    struct weir_get_vf_rsp v;
    struct weir_get_vport_rsp p;
    struct weir_describe_vport_rsp d;
    int err = weir_pf_get_vf(vs->pf, vf, &v);
    if (err != 0 || v.state == WEIR_VF_FREE)
        return err == -ENOENT ? 0 : err;
    *l = (struct left){.vf = (int)vf, .vport = v.vport != 0 ? v.vport : NONE};
    memcpy(l->mac, v.mac, 6);
    if (v.vport == 0)
        return 0;
    err = weir_pf_get_vport(vs->pf, v.vport, &p);
    if (err == 0)
        err = weir_pf_describe_vport(vs->pf, v.vport, &d);
    if (err != 0)
        return err;
    memcpy(l->name, d.name, sizeof(l->name));
    l->name[sizeof(l->name) - 1] = '\0';
    // In a reset, too: of a given VF that is its client's affair, and no guest's is armed then.
    l->whole = (v.state == WEIR_VF_ALLOCATED || v.state == WEIR_VF_RESETTING) && p.in_flood != 0 &&
               p.num_qps == vs->cfg.vf_qps;
    l->armed = v.state == WEIR_VF_ALLOCATED && p.armed != 0;
    return 0;
}

// The guest's own address is with its VF, and every other that it has may be sent with: no move was under way.
static bool has_all(const struct left *l) {
    bool own = false;
    for (unsigned i = 0; i < l->filters; i++)
        own = own || memcmp(l->filter[i].mac, l->mac, 6) == 0;
    return own && l->sources + 1 == l->filters;
}

int vstack_find(struct weir_vstack *vs) {
    int err = 0;
    for (unsigned vf = 0; vf < MAX_LEFT && err == 0; vf++)
        err = look_at_vf(vs, vf);
    if (err == 0)
        err = sort_filters(vs);
    for (unsigned i = 0; i < MAX_LEFT && err == 0; i++) {
        struct left *l = &vs->left[i];
        l->whole = l->vf != NONE && l->whole && has_all(l) && (l->armed || l->given);
        if (l->whole && !l->given)
            weir_netvsp_reserve(vs->nv, l->filter[0].filter, true);
    }
    return err;
}

bool weir_vstack_left(const struct weir_vstack *vs, unsigned vf, struct weir_vstack_left *info) {
    const struct left *l = vf < MAX_LEFT ? &vs->left[vf] : NULL;
    if (l == NULL || l->vf == NONE)
        return false;
    info->whole = l->whole;
    info->given = l->given;
    memcpy(info->name, l->name, sizeof(info->name));
    memcpy(info->mac, l->mac, sizeof(info->mac));
    return true;
}

void vstack_forget(struct weir_vstack *vs, struct left *l) {
    if (l->filters != 0 && !l->given)
        weir_netvsp_reserve(vs->nv, l->filter[0].filter, false);
    l->vf = NONE;
}

// As a surprise, in the same order; the guest is not told, because there is none.
int weir_vstack_left_drop(struct weir_vstack *vs, unsigned vf) {
    struct left *l = &vs->left[vf];
    struct guest g = {.number = NO_GUEST, .vf = l->vf, .vport = l->vport};
    int err = 0;
    memcpy(g.cfg.name, l->name, sizeof(g.cfg.name));
    vstack_record_begin(&g, false, WEIR_WHY_LEFT_BEHIND, vstack_cycle(vs));
    g.rec.surprise = true;
    for (unsigned i = 0; i < l->filters && err == 0; i++)
        err = weir_pf_clear_filter(vs->pf, l->filter[i].filter);
    for (unsigned i = 0; i < l->sources && err == 0; i++)
        err = weir_pf_clear_filter(vs->pf, l->source[i].filter);
    if (err == 0)
        err = weir_pf_reset_vf(vs->pf, vf);
    if (err == 0 && l->vport != NONE)
        err = weir_pf_delete_vport(vs->pf, (unsigned)l->vport);
    if (err == 0)
        err = weir_pf_free_vf(vs->pf, vf);
    if (l->vport != NONE)
        vstack_ledger(vs, &g);
    g.rec.cycle_done = vstack_cycle(vs);
    vstack_record_end(vs, &g, err);
    vstack_forget(vs, l);
    return err;
}

static uint32_t slots_of(const struct weir_vstack *vs, unsigned port, const struct left *l) {
    uint32_t bits = 0;
    for (unsigned i = 1; i < weir_netvsp_macs(vs->nv, port); i++)
        for (unsigned k = 0; k < l->sources; k++)
            if (memcmp(l->source[k].mac, weir_netvsp_mac(vs->nv, port, i), 6) == 0 &&
                l->source[k].filter == weir_netvsp_source_filter(vs->nv, port, i))
                bits |= 1u << i;
    return bits;
}

int weir_vstack_guest_adopt(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg, unsigned vf,
                            uint32_t *token) {
    struct left *l = vf < MAX_LEFT ? &vs->left[vf] : NULL;
    struct weir_get_vport_rsp p;
    struct guest *g;
    int number, err;
    if (l == NULL || l->vf == NONE || !l->whole || l->given || strcmp(l->name, cfg->name) != 0 ||
        memcmp(l->mac, cfg->mac, 6) != 0)
        return -EACCES;
    // The VF may have been reset since, with its driver's end.
    err = weir_pf_get_vport(vs->pf, (unsigned)l->vport, &p);
    if (!vstack_no_answer(err) && (err != 0 || p.armed == 0))
        return -ENODEV;
    number = vstack_add(vs, cfg, l);
    if (number < 0)
        return number;
    g = vstack_guest(vs, (unsigned)number);
    g->vf = l->vf;
    g->vport = l->vport;
    g->token = ++vs->token;
    g->sources = slots_of(vs, g->port, l);
    vstack_attached(g);
    vstack_policy_set(vs, g); // its policy may have changed while there was no parent
    if (err != 0)
        vstack_doubt(vs, g, WEIR_WHY_VF_RESET);
    vstack_record_begin(g, true, WEIR_WHY_PARENT_BACK, vstack_cycle(vs));
    g->rec.cycle_done = g->rec.cycle_request;
    vstack_record_end(vs, g, 0);
    vstack_forget(vs, l);
    *token = g->token;
    if (vstack_renew_policy(vs, g) != 0)
        (void)weir_vstack_revoke(vs, g->number, WEIR_WHY_CARD_FAILED); // not with what its policy forbids
    vstack_send_status(vs, g);
    return number;
}
