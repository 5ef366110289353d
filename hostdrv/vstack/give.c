// SPDX-License-Identifier: Apache-2.0
// VFs of clients outside (weir/vstack.h): a VF with a vPort, a policy and a filter of its own, and nobody at the other
// end of a channel. So there is no state machine: it is given, or it is not. The filter is set last and cleared first,
// and its id is one of a range of its own, by which a parent after this one knows the VF for what it is (ADR 0023).
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vstack_int.h"

// Beyond those of every port that NetVSP could have.
uint32_t vstack_given_filter(const struct weir_vstack *vs, unsigned vf) {
    return vs->cfg.first_filter + WEIR_NETVSP_PORTS * WEIR_NETVSP_FILTERS + vf;
}

static struct guest *given(const struct weir_vstack *vs, unsigned vf) {
    return vf < MAX_LEFT ? vs->given[vf] : NULL;
}

bool vstack_given_vport(const struct weir_vstack *vs, unsigned vport) {
    bool used = false;
    for (unsigned vf = 0; vf < MAX_LEFT; vf++)
        used = used || (vs->given[vf] != NULL && vs->given[vf]->vport == (int)vport);
    return used;
}

const char *weir_vstack_give_unfit(const struct weir_policy *policy) {
    return policy->weight != 1                ? "weight"
           : policy->link != WEIR_LINK_FOLLOW ? "link"
           : policy->vf == WEIR_VF_NEVER      ? "vf"
                                              : NULL;
}

static int check(const struct weir_policy *policy) {
    char text[128];
    return weir_policy_check(policy, text, sizeof(text)) != 0 || weir_vstack_give_unfit(policy) != NULL ? -EINVAL : 0;
}

static struct guest *new_given(const struct weir_vstack_guest_config *cfg) {
    struct guest *g = calloc(1, sizeof(*g));
    if (g == NULL)
        return NULL;
    g->cfg = *cfg;
    g->cfg.name[sizeof(g->cfg.name) - 1] = '\0';
    g->vf = g->vport = NONE;
    return g;
}

static void begin(struct weir_vstack *vs, struct guest *g, bool to_vf, enum weir_why why) {
    g->number = NO_GUEST - 1 - (unsigned)g->vf;
    vstack_record_begin(g, to_vf, why, vstack_cycle(vs));
    g->rec.outside = true;
}

static void end(struct weir_vstack *vs, struct guest *g, int status) {
    g->rec.cycle_done = vstack_cycle(vs);
    vstack_record_end(vs, g, status);
}

// What leads to the VF, its vPort being there: the filter last.
static int lead(struct weir_vstack *vs, const struct guest *g) {
    unsigned vport = (unsigned)g->vport;
    int err;
    weir_netvsp_new_vport(vs->nv, vport);
    err = weir_pf_set_flood(vs->pf, vport, true);
    return err != 0 ? err
                    : weir_pf_set_filter(vs->pf, vstack_given_filter(vs, (unsigned)g->vf), vport, g->cfg.mac,
                                         WEIR_FILTER_ANY_VLAN, 0);
}

int weir_vstack_give(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg) {
    struct guest *g = new_given(cfg);
    int err = g == NULL ? -ENOMEM : check(&cfg->policy);

    if (err == 0)
        err = weir_netvsp_outside(vs->nv, cfg->mac, true);
    if (err != 0)
        goto err_none;
    err = weir_pf_alloc_vf(vs->pf, -1, cfg->mac, g->cfg.name);
    if (err < 0)
        goto err_mac;
    g->vf = err;
    err = vstack_create_vport(vs, g);
    if (err != 0)
        goto err_vf;
    begin(vs, g, true, WEIR_WHY_GIVEN);
    err = lead(vs, g);
    end(vs, g, err);
    if (err != 0)
        goto err_vport;
    vs->given[g->vf] = g;
    return g->vf;

err_vport:
    (void)weir_pf_delete_vport(vs->pf, (unsigned)g->vport);
err_vf:
    (void)weir_pf_free_vf(vs->pf, (unsigned)g->vf);
err_mac:
    (void)weir_netvsp_outside(vs->nv, cfg->mac, false);
err_none:
    free(g);
    return err;
}

// One command each, in the order of rules 7.4: nothing more comes for it, then it writes nothing more, then it is gone.
static int take_step(struct weir_vstack *vs, const struct guest *g) {
    switch (g->command) {
    case 0:
        return weir_pf_clear_filter(vs->pf, vstack_given_filter(vs, (unsigned)g->vf));
    case 1:
        return weir_pf_reset_vf(vs->pf, (unsigned)g->vf);
    case 2:
        return weir_pf_delete_vport(vs->pf, (unsigned)g->vport);
    default:
        return weir_pf_free_vf(vs->pf, (unsigned)g->vf);
    }
}

static void forget(struct weir_vstack *vs, struct guest *g) {
    (void)weir_netvsp_outside(vs->nv, g->cfg.mac, false);
    vs->given[g->vf] = NULL;
    free(g);
}

int weir_vstack_take(struct weir_vstack *vs, unsigned vf, enum weir_why why) {
    struct guest *g = given(vs, vf);
    int err = 0;
    if (g == NULL)
        return -ENOENT;
    begin(vs, g, false, why);
    g->rec.surprise = true;
    for (; g->command < 4 && err == 0; g->command += err == 0) {
        err = take_step(vs, g);
        err = err == -ENOENT ? 0 : err; // a card that was restarted may know less than we
    }
    if (err != 0) {
        end(vs, g, err);
        return err;
    }
    vstack_ledger(vs, g);
    vstack_account_vf(vs, g);
    for (unsigned i = 0; i < 32; i++)
        vs->departed.vf[i] += g->past[i];
    vs->num_departed++;
    end(vs, g, 0);
    forget(vs, g);
    return 0;
}

bool weir_vstack_given(const struct weir_vstack *vs, unsigned vf, struct weir_vstack_given *info) {
    const struct guest *g = given(vs, vf);
    if (g == NULL)
        return false;
    *info = (struct weir_vstack_given){.vport = (unsigned)g->vport, .number = g->number};
    memcpy(info->name, g->cfg.name, sizeof(info->name));
    memcpy(info->mac, g->cfg.mac, sizeof(info->mac));
    return true;
}

int weir_vstack_given_set(struct weir_vstack *vs, unsigned vf, const struct weir_policy *policy) {
    struct guest *g = given(vs, vf);
    int err;
    if (g == NULL)
        return -ENOENT;
    err = check(policy);
    if (err != 0)
        return err;
    err = vstack_change_policy(vs, g, &g->cfg.policy, policy);
    if (err != 0)
        (void)vstack_change_policy(vs, g, policy, &g->cfg.policy);
    else
        g->cfg.policy = *policy;
    return err;
}

const struct weir_policy *weir_vstack_given_policy(const struct weir_vstack *vs, unsigned vf) {
    const struct guest *g = given(vs, vf);
    return g != NULL ? &g->cfg.policy : NULL;
}

int weir_vstack_given_account(struct weir_vstack *vs, unsigned vf, struct weir_vstack_account *a) {
    const struct guest *g = given(vs, vf);
    memset(a, 0, sizeof(*a));
    return g != NULL ? weir_pf_counters(vs->pf, (unsigned)g->vport, a->vf) : -ENOENT;
}

int weir_vstack_given_keep(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg, unsigned vf) {
    struct left *l = vf < MAX_LEFT ? &vs->left[vf] : NULL;
    struct guest *g;
    int err;
    if (l == NULL || l->vf == NONE || !l->whole || !l->given || strcmp(l->name, cfg->name) != 0 ||
        memcmp(l->mac, cfg->mac, 6) != 0)
        return -EACCES;
    g = new_given(cfg);
    if (g == NULL)
        return -ENOMEM;
    g->vf = l->vf;
    g->vport = l->vport;
    err = check(&cfg->policy);
    if (err == 0)
        err = weir_netvsp_outside(vs->nv, cfg->mac, true);
    if (err != 0) {
        free(g);
        return err;
    }
    vs->given[vf] = g;
    err = vstack_renew_policy(vs, g);
    if (err != 0) {
        forget(vs, g);
        return err;
    }
    begin(vs, g, true, WEIR_WHY_PARENT_BACK);
    end(vs, g, 0);
    vstack_forget(vs, l);
    return 0;
}

unsigned vstack_given_end(struct weir_vstack *vs, bool leave) {
    unsigned left = 0;
    for (unsigned vf = 0; vf < MAX_LEFT; vf++) {
        if (vs->given[vf] == NULL || (!leave && weir_vstack_take(vs, vf, WEIR_WHY_DETACH) == 0))
            continue;
        left++;
        forget(vs, vs->given[vf]);
    }
    return left;
}
