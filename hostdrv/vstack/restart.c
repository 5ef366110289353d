// SPDX-License-Identifier: Apache-2.0
// Whether the card still has what a guest's VF needs: asked when a core of the card was restarted, when a VF was reset
// behind our back, or when one of its queues stopped. Only what the card says counts: while it falls under the
// question, or does not answer it, nothing is known, and it is asked once more.
#include <errno.h>

#include "vstack_int.h"

#define RETRY_US 100u

bool vstack_no_answer(int err) {
    return err == -ECANCELED || err == -ETIMEDOUT || err == -EAGAIN || err == -EIO;
}

void vstack_doubt(struct weir_vstack *vs, struct guest *g, enum weir_why why) {
    g->unsure = true;
    g->reset_why = why;
    vs->unsure = true;
    vs->next_sure = vs->now;
}

// What the restart was at, the driver has seen to.
void vstack_restarted(struct weir_vstack *vs, const struct weir_event *e) {
    vs->restart = (struct weir_vstack_restart){
        .count = vs->restart.count + 1, .core = e->a, .cause = e->b, .lost = vs->restart.lost || e->c != 0};
    for (unsigned i = 0; i < vs->cfg.max_guests; i++)
        if (vs->guest[i] != NULL && !vs->guest[i]->unsure)
            vstack_doubt(vs, vs->guest[i], WEIR_WHY_VF_RESET);
    for (unsigned vf = 0; vf < MAX_LEFT; vf++)
        if (vs->given[vf] != NULL)
            vstack_doubt(vs, vs->given[vf], WEIR_WHY_VF_RESET);
}

struct weir_vstack_restart weir_vstack_restart(const struct weir_vstack *vs) {
    return vs->restart;
}

enum answer { KNOWN, UNARMED, UNKNOWN, NONE_YET };

// has_filter: a filter leads to its vPort, as far as we know.
static enum answer ask(struct weir_vstack *vs, struct guest *g, bool has_filter) {
    struct weir_get_vport_rsp rsp;
    int err;
    if (!g->unsure)
        return KNOWN;
    err = weir_pf_get_vport(vs->pf, (unsigned)g->vport, &rsp);
    g->unsure = vstack_no_answer(err);
    if (g->unsure)
        return NONE_YET;
    if (err != 0 || rsp.vf != (unsigned)g->vf || (has_filter && rsp.num_filters == 0))
        return UNKNOWN;
    return rsp.armed == 0 ? UNARMED : KNOWN;
}

void vstack_make_sure(struct weir_vstack *vs) {
    bool again = false;
    if (!vs->unsure || vs->now < vs->next_sure)
        return;
    for (unsigned i = 0; i < vs->cfg.max_guests; i++) {
        struct guest *g = vs->guest[i];
        enum answer is = g != NULL && vstack_has_vf(g) && g->vport != NONE ? ask(vs, g, g->on_vport) : KNOWN;
        if (is == UNKNOWN || (is == UNARMED && g->on_vport))
            (void)weir_vstack_revoke(vs, g->number, is == UNARMED ? g->reset_why : WEIR_WHY_CARD_FAILED);
        again = again || is == NONE_YET;
    }
    // Whether a client outside has its queues armed is its own affair.
    for (unsigned vf = 0; vf < MAX_LEFT; vf++) {
        enum answer is = vs->given[vf] != NULL ? ask(vs, vs->given[vf], true) : KNOWN;
        if (is == UNKNOWN)
            (void)weir_vstack_take(vs, vf, WEIR_WHY_CARD_FAILED);
        again = again || is == NONE_YET;
    }
    vs->unsure = again;
    vs->next_sure = vs->now + RETRY_US;
}
