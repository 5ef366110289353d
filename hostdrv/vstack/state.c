// SPDX-License-Identifier: Apache-2.0
// The state machine of a guest's VF in the parent (rules 4, 7). A planned move is asked for by the guest, which has
// brought its own side to rest; a surprise asks nobody. Each wait has a bound, of the card in the card's own time, of
// the guest in the turns that we had ourselves meanwhile; what happens then never needs the guest.
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vstack_int.h"

#define RETRY_US 20u  // between tries of a move the card asks to try later
#define CLOCK_US 100u // of the caller's clock between two looks at the card's

struct row {
    const char *name;
    void (*step)(struct weir_vstack *vs, struct guest *g);    // looks for what the state awaits
    bool of_guest;                                            // who is waited for: the guest, or the card
    size_t bound;                                             // of the wait, in weir_vstack_config; 0 = none
    void (*timeout)(struct weir_vstack *vs, struct guest *g); // where it ends
};

static uint64_t begin(struct weir_vstack *vs, enum weir_vstack_state state);

// Of a card that does not answer the clock stands still; whoever drives us finds it dead.
uint64_t vstack_card_time(struct weir_vstack *vs) {
    (void)weir_clock_read(&vs->clock, weir_pf_dev(vs->pf), &vs->card);
    vs->next_clock = vs->now + CLOCK_US;
    return vs->card;
}

static void enter(struct weir_vstack *vs, struct guest *g, enum weir_vstack_state state) {
    g->state = state;
    g->since = begin(vs, state);
    g->next_try = vs->now;
    g->command = 0;
}

bool vstack_has_vf(const struct guest *g) {
    return g->state >= WEIR_VSTACK_OFFERED && g->state <= WEIR_VSTACK_RELEASING;
}

static void send(struct weir_vstack *vs, struct guest *g, uint32_t type, const void *payload, size_t len) {
    // A guest that cannot be told is gone; NetVSP says so to us as it does for any other reason.
    (void)weir_netvsp_send(vs->nv, g->port, type, payload, len);
}

static void send_detach(struct weir_vstack *vs, struct guest *g, uint32_t type, enum weir_why why) {
    struct weir_msg_detach m = {.version = WEIR_MSG_VERSION, .why = (uint8_t)why, .token = g->token};
    send(vs, g, type, &m, sizeof(m));
}

static void send_complete(struct weir_vstack *vs, struct guest *g, bool to_vf, unsigned status, uint8_t epoch) {
    struct weir_msg_switch_complete m = {
        .version = WEIR_MSG_VERSION, .epoch = epoch, .to_vf = to_vf ? 1 : 0, .token = g->token, .status = status};
    send(vs, g, WEIR_MSG_SWITCH_COMPLETE, &m, sizeof(m));
}

// The PF driver gives the card's status as an errno; the guest gets a status again.
static unsigned status_of(struct weir_vstack *vs, int err) {
    switch (-err) {
    case 0:
        return WEIR_OK;
    case ENODEV:
        return weir_dev_dead(weir_pf_dev(vs->pf)) ? WEIR_FAILURE : WEIR_NOT_ARMED;
    case ETIMEDOUT:
        return WEIR_TIMEOUT;
    case EBUSY:
        return WEIR_WRONG_STATE;
    case ENOSPC:
        return WEIR_NO_RESOURCES;
    default:
        return WEIR_FAILURE;
    }
}

static void fail(struct weir_vstack *vs, struct guest *g, int err) {
    g->why = WEIR_WHY_CARD_FAILED;
    vstack_record_end(vs, g, err);
    enter(vs, g, WEIR_VSTACK_FAILED);
    if (!g->gone)
        vstack_send_status(vs, g);
}

static void surprise(struct weir_vstack *vs, struct guest *g, enum weir_why why);

// ---- to the VF ----

int vstack_offer(struct weir_vstack *vs, struct guest *g) {
    struct weir_msg_vf_association m = {.version = WEIR_MSG_VERSION, .allocated = 1};
    int err;

    vstack_record_begin(g, true, WEIR_WHY_OPENING, vstack_cycle(vs));
    err = weir_pf_alloc_vf(vs->pf, -1, g->cfg.mac, g->cfg.name);
    if (err < 0)
        goto err_none;
    g->vf = err;
    err = vstack_create_vport(vs, g);
    if (err != 0)
        goto err_vf;
    g->rec.vf = (unsigned)g->vf;
    g->rec.vport = (unsigned)g->vport;
    g->token = ++vs->token != 0 ? vs->token : ++vs->token;
    g->refusals = 0;
    g->on_vport = g->reset = g->asked_vf = g->asked_syn = g->released = g->told = g->leave = g->revoke = g->unsure =
        false;
    g->why = WEIR_WHY_OPENING;
    m.fn = (uint16_t)(g->vf + 1);
    m.token = g->token;
    enter(vs, g, WEIR_VSTACK_OFFERED);
    send(vs, g, WEIR_MSG_VF_ASSOCIATION, &m, sizeof(m));
    return 0;

err_vf:
    (void)weir_pf_free_vf(vs->pf, (unsigned)g->vf);
    g->vf = NONE;
err_none:
    g->why = err == -ENOSPC ? WEIR_WHY_NO_RESOURCES : WEIR_WHY_CARD_FAILED;
    g->rec.why = g->why;
    g->rec.cycle_done = g->rec.cycle_request;
    vstack_record_end(vs, g, err);
    vstack_send_status(vs, g); // it was offered nothing, and would not know why
    return err;
}

static void step_offered(struct weir_vstack *vs, struct guest *g) {
    if (g->released) {
        // Declined: it has no driver, or could not bring the VF up (rules 4.10).
        g->why = WEIR_WHY_OPEN_FAILED;
        g->rec.why = g->why;
        g->rec.cycle_done = vstack_cycle(vs);
        vstack_record_end(vs, g, -ECONNREFUSED);
        enter(vs, g, WEIR_VSTACK_RECLAIMING);
    } else if (g->asked_vf) {
        g->asked_vf = false;
        g->why = WEIR_WHY_SWITCHING;
        enter(vs, g, WEIR_VSTACK_DRAINING_TX);
    }
}

// Nothing was moved: the guest stays synthetic and may ask again, but not for ever.
static void refuse(struct weir_vstack *vs, struct guest *g, int err) {
    uint32_t request = g->rec.cycle_request;
    unsigned status = status_of(vs, err);
    g->why = status == WEIR_NOT_ARMED ? WEIR_WHY_NOT_ARMED : WEIR_WHY_REFUSED;
    g->rec.why = g->why;
    g->rec.cycle_done = vstack_cycle(vs);
    vstack_record_end(vs, g, err);
    vstack_record_begin(g, true, WEIR_WHY_OPENING, request);
    send_complete(vs, g, true, status, 0);
    if (++g->refusals >= vs->cfg.refusals) {
        g->revoke = true;
        g->revoke_why = g->why;
    }
    enter(vs, g, WEIR_VSTACK_OFFERED);
}

static void timeout_refuse(struct weir_vstack *vs, struct guest *g) {
    refuse(vs, g, -ETIMEDOUT);
}

static void step_draining(struct weir_vstack *vs, struct guest *g) {
    int err;
    if (!weir_netvsp_tx_drained(vs->nv, g->port))
        return;
    // From here on it has the addresses that its vPort has (threat T28).
    weir_netvsp_freeze(vs->nv, g->port, true);
    err = vstack_arm_policy(vs, g);
    if (err != 0)
        refuse(vs, g, err);
    else
        enter(vs, g, WEIR_VSTACK_TO_VF);
}

static void step_to_vf(struct weir_vstack *vs, struct guest *g) {
    int err;
    if (vs->now < g->next_try)
        return;
    err = vstack_move(vs, g, true, WEIR_MOVE_FENCE);
    if (err == -EAGAIN) {
        g->next_try = vs->now + RETRY_US;
    } else if (err == 0) {
        send_complete(vs, g, true, WEIR_OK, g->rec.epoch);
        enter(vs, g, WEIR_VSTACK_FENCING);
    } else if (g->on_vport) {
        surprise(vs, g, WEIR_WHY_CARD_FAILED); // some of its addresses were moved
    } else {
        refuse(vs, g, err);
    }
}

static void timeout_to_vf(struct weir_vstack *vs, struct guest *g) {
    if (g->on_vport)
        surprise(vs, g, WEIR_WHY_CARD_FAILED);
    else
        refuse(vs, g, -ETIMEDOUT);
}

static void step_fencing(struct weir_vstack *vs, struct guest *g) {
    if (weir_netvsp_fence_pending(vs->nv, g->port))
        return;
    g->why = WEIR_WHY_ATTACHED;
    g->rec.why = g->why;
    g->rec.cycle_done = vstack_cycle(vs);
    vstack_record_end(vs, g, 0);
    enter(vs, g, WEIR_VSTACK_ATTACHED);
}

// Its traffic was on its VF before we came.
void vstack_attached(struct guest *g) {
    g->state = WEIR_VSTACK_ATTACHED;
    g->why = WEIR_WHY_ATTACHED;
    g->on_vport = true;
}

// ---- to synthetic, planned ----

static void step_attached(struct weir_vstack *vs, struct guest *g) {
    if (g->asked_syn) {
        vstack_record_begin(g, false, WEIR_WHY_GUEST_ASKED, vstack_cycle(vs));
        g->leave = false;
        enter(vs, g, WEIR_VSTACK_TO_SYN);
    } else if (g->leave) {
        g->leave = false;
        vstack_record_begin(g, false, g->leave_why, g->leave_cycle);
        send_detach(vs, g, WEIR_MSG_DETACH_REQUEST, g->leave_why);
        enter(vs, g, WEIR_VSTACK_LEAVING);
    }
}

static void step_leaving(struct weir_vstack *vs, struct guest *g) {
    if (g->asked_syn)
        enter(vs, g, WEIR_VSTACK_TO_SYN);
}

static void stay(struct weir_vstack *vs, struct guest *g, int err) {
    g->asked_syn = false;
    g->rec.cycle_done = vstack_cycle(vs);
    vstack_record_end(vs, g, err);
    send_complete(vs, g, false, status_of(vs, err), 0);
    enter(vs, g, WEIR_VSTACK_ATTACHED);
}

static void step_to_syn(struct weir_vstack *vs, struct guest *g) {
    int err;
    if (vs->now < g->next_try)
        return;
    err = vstack_move(vs, g, false, WEIR_MOVE_FENCE);
    if (err == -EAGAIN) {
        g->next_try = vs->now + RETRY_US;
    } else if (err == 0) {
        g->asked_syn = false;
        g->why = g->rec.why;
        send_complete(vs, g, false, WEIR_OK, g->rec.epoch);
        enter(vs, g, WEIR_VSTACK_RELEASING);
    } else if (!g->on_vport) {
        surprise(vs, g, WEIR_WHY_CARD_FAILED);
    } else {
        stay(vs, g, err);
    }
}

static void timeout_to_syn(struct weir_vstack *vs, struct guest *g) {
    if (g->on_vport)
        stay(vs, g, -ETIMEDOUT);
    else
        surprise(vs, g, WEIR_WHY_CARD_FAILED);
}

static void step_releasing(struct weir_vstack *vs, struct guest *g) {
    if (!g->released)
        return;
    g->rec.cycle_done = vstack_cycle(vs);
    enter(vs, g, WEIR_VSTACK_RECLAIMING);
}

// ---- to synthetic, surprise ----

static void surprise(struct weir_vstack *vs, struct guest *g, enum weir_why why) {
    bool carried = g->state >= WEIR_VSTACK_FENCING;
    g->why = why;
    if (g->recording && g->rec.to_vf) {
        g->rec.why = why;
        g->rec.cycle_done = vstack_cycle(vs);
        vstack_record_end(vs, g, -ECANCELED);
    }
    if (carried && !g->recording)
        vstack_record_begin(g, false, why, vstack_cycle(vs));
    g->rec.surprise = true;
    g->rec.why = why;
    g->leave = g->revoke = g->asked_vf = g->asked_syn = false;
    enter(vs, g, WEIR_VSTACK_REVOKING);
}

static void timeout_surprise(struct weir_vstack *vs, struct guest *g) {
    surprise(vs, g, g->state == WEIR_VSTACK_FENCING ? WEIR_WHY_CARD_FAILED : WEIR_WHY_GUEST_SLOW);
}

// Move first: in the same instant what is still queued for the VF turns to the default vPort. Then the reset, after
// which the VF writes nothing any more; only then is the guest told, so that what it finds in its memory is all there
// will be.
static void step_revoking(struct weir_vstack *vs, struct guest *g) {
    int err;
    if (vs->now < g->next_try)
        return;
    err = vstack_move(vs, g, false, WEIR_MOVE_DRAIN);
    if (err == -EAGAIN) {
        g->next_try = vs->now + RETRY_US;
        return;
    }
    if (err != 0) {
        fail(vs, g, err);
        return;
    }
    err = weir_pf_reset_vf(vs->pf, (unsigned)g->vf);
    if (err != 0) {
        fail(vs, g, err);
        return;
    }
    g->reset = true;
    if (!g->gone)
        send_detach(vs, g, WEIR_MSG_VF_REVOKED, g->why);
    enter(vs, g, WEIR_VSTACK_REVOKED);
}

static void timeout_fail(struct weir_vstack *vs, struct guest *g) {
    fail(vs, g, -ETIMEDOUT);
}

static void step_revoked(struct weir_vstack *vs, struct guest *g) {
    if (!g->released && !g->gone)
        return;
    g->rec.cycle_done = vstack_cycle(vs);
    enter(vs, g, WEIR_VSTACK_RECLAIMING);
}

static void timeout_reclaim(struct weir_vstack *vs, struct guest *g) {
    g->rec.cycle_done = vstack_cycle(vs);
    enter(vs, g, WEIR_VSTACK_RECLAIMING);
}

// ---- the end ----

// Delete, reset, free, in the order of rules 7.4; after a surprise the reset is behind us. One command a poll: while
// the parent waits for the card, no synthetic guest is served.
static void step_reclaiming(struct weir_vstack *vs, struct guest *g) {
    int err = 0;
    switch (g->command++) {
    case 0:
        err = vstack_clear_sources(vs, g);
        if (err == 0)
            err = weir_pf_delete_vport(vs->pf, (unsigned)g->vport);
        break;
    case 1:
        err = g->reset ? 0 : weir_pf_reset_vf(vs->pf, (unsigned)g->vf);
        break;
    case 2:
        err = weir_pf_free_vf(vs->pf, (unsigned)g->vf);
        break;
    default:
        if (g->recording)
            vstack_ledger(vs, g);
        vstack_account_vf(vs, g);
        vstack_look_last(vs, g);
        vstack_record_end(vs, g, 0);
        weir_netvsp_give_up_fence(vs->nv, g->port);
        g->vf = NONE;
        g->vport = NONE;
        g->token = 0;
        g->revoke = g->leave = false;
        weir_netvsp_freeze(vs->nv, g->port, false);
        enter(vs, g, WEIR_VSTACK_DETACHED);
        return;
    }
    if (err != 0)
        fail(vs, g, err);
}

static const struct row table[WEIR_VSTACK_STATE_COUNT] = {
#define CARD(field) false, offsetof(struct weir_vstack_config, field)
#define GUEST(field) true, offsetof(struct weir_vstack_config, field)
    // state                    name           awaits                    bound              then
    [WEIR_VSTACK_NONE] = {"no guest", NULL, false, 0, NULL},
    [WEIR_VSTACK_DETACHED] = {"detached", NULL, false, 0, NULL},
    [WEIR_VSTACK_OFFERED] = {"offered", step_offered, GUEST(offer_us), timeout_surprise},
    [WEIR_VSTACK_DRAINING_TX] = {"draining transmit", step_draining, CARD(drain_us), timeout_refuse},
    [WEIR_VSTACK_TO_VF] = {"moving to VF", step_to_vf, CARD(move_us), timeout_to_vf},
    [WEIR_VSTACK_FENCING] = {"fencing", step_fencing, CARD(fence_us), timeout_surprise},
    [WEIR_VSTACK_ATTACHED] = {"attached", step_attached, false, 0, NULL},
    [WEIR_VSTACK_LEAVING] = {"leaving", step_leaving, GUEST(leave_us), timeout_surprise},
    [WEIR_VSTACK_TO_SYN] = {"moving to synthetic", step_to_syn, CARD(move_us), timeout_to_syn},
    [WEIR_VSTACK_RELEASING] = {"releasing", step_releasing, GUEST(release_us), timeout_surprise},
    [WEIR_VSTACK_REVOKING] = {"revoking", step_revoking, CARD(move_us), timeout_fail},
    [WEIR_VSTACK_REVOKED] = {"revoked", step_revoked, GUEST(release_us), timeout_reclaim},
    [WEIR_VSTACK_RECLAIMING] = {"reclaiming", step_reclaiming, false, 0, NULL},
    [WEIR_VSTACK_FAILED] = {"failed", NULL, false, 0, NULL},
#undef CARD
#undef GUEST
};

const char *weir_vstack_state_text(enum weir_vstack_state state) {
    return state < WEIR_VSTACK_STATE_COUNT ? table[state].name : "?";
}

// A state's wait begins now, on the clock of whom it waits for.
static uint64_t begin(struct weir_vstack *vs, enum weir_vstack_state state) {
    const struct row *row = &table[state];
    return row->timeout == NULL ? 0 : row->of_guest ? vs->turns : vstack_card_time(vs);
}

static bool late(struct weir_vstack *vs, const struct guest *g, const struct row *row) {
    unsigned us;
    if (row->timeout == NULL)
        return false;
    memcpy(&us, (const char *)&vs->cfg + row->bound, sizeof(us));
    if (!row->of_guest && vs->now >= vs->next_clock)
        (void)vstack_card_time(vs);
    return (row->of_guest ? vs->turns : vs->card) - g->since >= us;
}

static void remove_guest(struct weir_vstack *vs, unsigned guest) {
    struct guest *g = vs->guest[guest];
    vstack_account_left(vs, g);
    vs->guest_of_port[g->port] = NONE;
    (void)weir_netvsp_port_remove(vs->nv, g->port);
    vs->guest[guest] = NULL;
    vs->generation[guest]++;
    free(g);
}

// What may end any state comes first; then the state's own event; then its bound. Goes on while that leads to another
// state.
bool vstack_step(struct weir_vstack *vs, unsigned guest) {
    struct guest *g = vs->guest[guest];
    const enum weir_vstack_state before = g->state;
    for (unsigned rounds = 0; rounds < 8; rounds++) {
        enum weir_vstack_state was = g->state;
        const struct row *row = &table[was];

        if (g->gone && (was == WEIR_VSTACK_DETACHED || was == WEIR_VSTACK_FAILED)) {
            remove_guest(vs, guest);
            return true;
        }
        if (vstack_has_vf(g) && g->gone)
            surprise(vs, g, WEIR_WHY_GUEST_GONE);
        else if (vstack_has_vf(g) && g->revoke)
            surprise(vs, g, g->revoke_why);
        else if (was >= WEIR_VSTACK_FENCING && was <= WEIR_VSTACK_RELEASING && g->asked_syn &&
                 g->asked_why == WEIR_WHY_VF_GONE)
            surprise(vs, g, WEIR_WHY_VF_GONE);
        else if (was >= WEIR_VSTACK_FENCING && was < WEIR_VSTACK_RELEASING && g->released)
            surprise(vs, g, WEIR_WHY_VF_GONE);
        else if (row->step != NULL)
            row->step(vs, g);
        if (g->state == was && late(vs, g, row))
            row->timeout(vs, g);
        if (g->state == was)
            break;
    }
    return g->state != before;
}
