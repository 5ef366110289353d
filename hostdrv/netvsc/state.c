// SPDX-License-Identifier: Apache-2.0
// NetVSC's state machine (rules 7.12, 7.13): what each message of the parent, each fence and each bound leads to. Two
// things make a hand-over exact: transmit moves to the other path only when all of the old one is in the card, and
// receive of the new path is held until the old path's fence says that nothing more can come there. Waits for the
// VF are bounded in the card's time and begin anew with each frame. Waits for the parent, its fence among them, end
// with the parent: its own bounds make it answer, and a parent that dies closes the channel. The bound here only makes
// such a wait visible (WEIR_WHY_PARENT_SILENT).
#include <errno.h>
#include <string.h>

#include "netvsc_int.h"

enum { DELIVER = false, HOLD = true };

static const struct policy policies[WEIR_NETVSC_STATE_COUNT] = {
    // what is done with frames received on the channel, on the VF, with frames to send; what the state waits for
    [WEIR_NETVSC_SYNTHETIC] = {"synthetic", DELIVER, DELIVER, TX_CHANNEL}, // VF_ASSOCIATION
    [WEIR_NETVSC_OPENING] = {"opening the VF", DELIVER, HOLD, TX_CHANNEL}, // VF open; tries used up
    [WEIR_NETVSC_TO_VF] = {"to VF, asked", DELIVER, HOLD, TX_REORDER},     // SWITCH_COMPLETE
    [WEIR_NETVSC_TO_VF_FENCE] = {"to VF, fence", DELIVER, HOLD, TX_VF},    // FENCE
    [WEIR_NETVSC_ON_VF] = {"on VF", HOLD, DELIVER, TX_VF},                 // DETACH_REQUEST; VF lost
    [WEIR_NETVSC_TO_SYN_DRAIN] = {"to synthetic, drain", HOLD, DELIVER,
                                  TX_REORDER},                                 // VF transmit in the card; drain_us
    [WEIR_NETVSC_TO_SYN] = {"to synthetic, asked", HOLD, DELIVER, TX_REORDER}, // SWITCH_COMPLETE
    [WEIR_NETVSC_TO_SYN_FENCE] = {"to synthetic, fence", HOLD, DELIVER, TX_REORDER}, // fence on every VF ring; fence_us
    [WEIR_NETVSC_LOST] = {"VF lost", HOLD, DELIVER, TX_REORDER},                     // VF_REVOKED
    [WEIR_NETVSC_REVOKED_FENCE] = {"revoked, fence", DELIVER, HOLD, TX_REORDER},     // FENCE
    [WEIR_NETVSC_DEAD] = {"channel dead", DELIVER, DELIVER, TX_REORDER},             // never
    [WEIR_NETVSC_ALONE] = {"on VF, no parent", HOLD, DELIVER, TX_VF},                // weir_netvsc_rejoin; VF lost
};

// The VF was lost before the channel's fence came: transmit waits, too.
static const struct policy lost_early = {"to VF, fence", DELIVER, HOLD, TX_REORDER};

const struct policy *netvsc_policy(const struct weir_netvsc *n) {
    return n->state == WEIR_NETVSC_TO_VF_FENCE && n->lost ? &lost_early : &policies[n->state];
}

const char *weir_netvsc_state_text(enum weir_netvsc_state state) {
    return state < WEIR_NETVSC_STATE_COUNT ? policies[state].name : "?";
}

static void enter(struct weir_netvsc *n, enum weir_netvsc_state state) {
    n->state = state;
    n->since = n->now;
    n->clock.running = false;
    n->next_clock = n->now;
}

void netvsc_control(struct weir_netvsc *n, uint32_t type, const void *payload, size_t len) {
    if (n->cfg.channel == NULL || weir_channel_send(n->cfg.channel, type, payload, len, NULL, 0, 0) != 0)
        netvsc_dead(n);
}

static void ask_switch(struct weir_netvsc *n, bool to_vf, enum weir_why why) {
    struct weir_msg_switch_data_path m = {
        .version = WEIR_MSG_VERSION, .to_vf = to_vf ? 1 : 0, .why = (uint8_t)why, .token = n->token};
    struct weir_msg_vf_released counts = {0};
    netvsc_vf_counts(n, &counts);
    m.posted = counts.posted;
    netvsc_control(n, WEIR_MSG_SWITCH_DATA_PATH, &m, sizeof(m));
}

// The VF is no longer ours: last numbers to the parent, everything of it freed.
static void release_vf(struct weir_netvsc *n) {
    struct weir_msg_vf_released m = {.version = WEIR_MSG_VERSION, .token = n->token};
    netvsc_vf_counts(n, &m);
    weir_vf_close(n->vf);
    n->vf = NULL;
    enter(n, WEIR_NETVSC_SYNTHETIC);
    netvsc_control(n, WEIR_MSG_VF_RELEASED, &m, sizeof(m));
    n->token = 0;
}

static void count_untaken(struct weir_netvsc *n) {
    if (n->cfg.channel != NULL)
        n->stats.tx_untaken += weir_channel_untaken(n->cfg.channel, WEIR_MSG_TX_FRAME);
}

void netvsc_dead(struct weir_netvsc *n) {
    if (n->state == WEIR_NETVSC_DEAD)
        return;
    count_untaken(n);
    n->stats.revoked += n->vf != NULL;
    enter(n, WEIR_NETVSC_DEAD);
    n->why = WEIR_WHY_PARENT_SILENT;
    // At most one of the two holds anything.
    netvsc_release(n, &n->rx_vf);
    netvsc_release(n, &n->rx_channel);
    n->stats.tx_drop_dead += n->tx.count;
    reorder_clear(&n->tx);
    weir_vf_close(n->vf);
    n->vf = NULL;
}

// ---- without a parent ----

bool weir_netvsc_alone(struct weir_netvsc *n) {
    // In the middle of a hand-over nobody knows how far the parent had come.
    if (n->state != WEIR_NETVSC_ON_VF || n->lost || weir_vf_must_stop(n->vf))
        return false;
    count_untaken(n);
    netvsc_release(n, &n->rx_channel);
    n->cfg.channel = NULL;
    enter(n, WEIR_NETVSC_ALONE);
    return true;
}

void weir_netvsc_rejoin(struct weir_netvsc *n, struct weir_channel *channel, uint32_t token) {
    netvsc_base_counters(n);
    n->cfg.channel = channel;
    n->token = token;
    n->why = WEIR_WHY_ATTACHED;
    enter(n, WEIR_NETVSC_ON_VF);
}

// ---- to the VF ----

static void decline(struct weir_netvsc *n) {
    n->stats.declined++;
    n->why = n->why == WEIR_WHY_OPENING ? WEIR_WHY_OPEN_FAILED : n->why;
    release_vf(n);
}

static void try_open(struct weir_netvsc *n) {
    struct weir_bus *bus = NULL;
    int err;
    if (n->now < n->next_try)
        return;
    err = n->cfg.open_vf != NULL ? n->cfg.open_vf(n->cfg.ctx, n->fn, &bus) : -EOPNOTSUPP;
    n->next_try = n->now + n->cfg.retry_us;
    if (err == -EAGAIN)
        return; // the VF is not there yet: how long that may take is the parent's bound
    if (err == 0) {
        err = weir_vf_open(bus, &n->cfg.vf, &n->vf, n->error, sizeof(n->error));
        if (err != 0)
            n->vf = NULL;
        if (err != 0 && err != -ENXIO && --n->tries != 0) // another function stays another one
            return;
    }
    if (err != 0) {
        decline(n);
        return;
    }
    n->fence_rings = 0;
    n->fence_seen = false;
    n->leave = false;
    n->lost = false;
    n->next_check = n->now + n->cfg.check_us;
    n->why = WEIR_WHY_SWITCHING;
    enter(n, WEIR_NETVSC_TO_VF);
    n->begun = n->now;
    ask_switch(n, true, WEIR_WHY_SWITCHING);
}

static void on_vf(struct weir_netvsc *n) {
    netvsc_release(n, &n->rx_vf);
    n->stats.to_vf++;
    netvsc_moved(n, true);
    if (n->state == WEIR_NETVSC_DEAD)
        return; // the parent could not be told
    if (n->lost) {
        enter(n, WEIR_NETVSC_LOST);
        return;
    }
    enter(n, WEIR_NETVSC_ON_VF);
    if (n->leave)
        netvsc_start_leaving(n);
    else
        n->why = WEIR_WHY_ATTACHED;
}

static void refused(struct weir_netvsc *n, uint32_t status) {
    n->stats.refused++;
    n->why = status == WEIR_NOT_ARMED ? WEIR_WHY_NOT_ARMED : WEIR_WHY_REFUSED;
    if (--n->tries == 0) {
        decline(n);
        return;
    }
    // From the start again: what is not armed now will not arm itself.
    weir_vf_close(n->vf);
    n->vf = NULL;
    n->next_try = n->now + n->cfg.retry_us;
    enter(n, WEIR_NETVSC_OPENING);
}

// ---- to synthetic ----

void netvsc_start_leaving(struct weir_netvsc *n) {
    n->leave = false;
    n->begun = n->now;
    enter(n, WEIR_NETVSC_TO_SYN_DRAIN);
}

// Nothing more can come from the VF; held channel frames go up first, while transmit is still held.
static void back_on_synthetic(struct weir_netvsc *n) {
    netvsc_release(n, &n->rx_channel);
    n->stats.to_synthetic++;
    netvsc_moved(n, false);
    if (n->state == WEIR_NETVSC_DEAD)
        return;
    release_vf(n);
}

void netvsc_lost(struct weir_netvsc *n) {
    if (n->lost || n->vf == NULL)
        return;
    n->lost = true;
    n->why = WEIR_WHY_VF_GONE;
    n->begun = n->now;
    if (n->state != WEIR_NETVSC_TO_VF_FENCE)
        enter(n, WEIR_NETVSC_LOST);
    ask_switch(n, false, WEIR_WHY_VF_GONE);
}

static void revoked(struct weir_netvsc *n, enum weir_why why) {
    unsigned rounds = 1u << 14; // more than any ring holds; nothing is added to them any more
    n->why = why;
    n->stats.revoked++;
    if (n->state == WEIR_NETVSC_ON_VF)
        n->begun = n->now;
    if (n->vf != NULL)
        weir_vf_surprise(n->vf);
    if (n->state == WEIR_NETVSC_OPENING || n->state == WEIR_NETVSC_TO_VF) {
        // Nothing was moved yet.
        release_vf(n);
        return;
    }
    while (netvsc_poll_vf(n, 64) != 0 && --rounds != 0) {
    }
    if (n->state == WEIR_NETVSC_TO_VF_FENCE)
        enter(n, WEIR_NETVSC_REVOKED_FENCE);
    else
        back_on_synthetic(n);
}

static void revoked_fence_done(struct weir_netvsc *n) {
    netvsc_release(n, &n->rx_vf);
    back_on_synthetic(n);
}

// ---- messages ----

static void on_association(struct weir_netvsc *n, const struct weir_msg_vf_association *m) {
    if (m->allocated != 0 && n->state == WEIR_NETVSC_SYNTHETIC && m->token != 0) {
        n->fn = n->cfg.vf.fn = m->fn;
        n->token = m->token;
        n->tries = n->cfg.tries;
        n->next_try = n->now;
        n->why = WEIR_WHY_OPENING;
        n->error[0] = '\0';
        enter(n, WEIR_NETVSC_OPENING);
    } else if (m->allocated == 0 && m->token == n->token &&
               (n->state == WEIR_NETVSC_OPENING || n->state == WEIR_NETVSC_TO_VF)) {
        revoked(n, WEIR_WHY_NOT_OFFERED);
    } else {
        n->stats.bad_messages++;
    }
}

static void on_switch_complete(struct weir_netvsc *n, const struct weir_msg_switch_complete *m) {
    if (m->token == n->token && m->to_vf != 0 && n->state == WEIR_NETVSC_TO_VF) {
        if (m->status != WEIR_OK) {
            refused(n, m->status);
            return;
        }
        enter(n, WEIR_NETVSC_TO_VF_FENCE);
        if (n->fence_seen)
            on_vf(n);
    } else if (m->token == n->token && m->to_vf == 0 && n->state == WEIR_NETVSC_TO_SYN) {
        if (m->status == WEIR_OK) {
            enter(n, WEIR_NETVSC_TO_SYN_FENCE);
            return;
        }
        n->stats.refused++; // nothing was moved: on with the VF
        n->why = WEIR_WHY_ATTACHED;
        enter(n, WEIR_NETVSC_ON_VF);
    } else if (m->token != n->token || n->state != WEIR_NETVSC_LOST) {
        n->stats.bad_messages++;
    }
}

static void on_fence(struct weir_netvsc *n, const struct weir_msg_fence *m) {
    if (m->token != n->token) {
        n->stats.bad_messages++;
        return;
    }
    n->stats.fences_lost += m->lost != 0;
    if (n->state == WEIR_NETVSC_TO_VF_FENCE)
        on_vf(n);
    else if (n->state == WEIR_NETVSC_REVOKED_FENCE)
        revoked_fence_done(n);
    else
        n->fence_seen = true;
}

static void on_detach(struct weir_netvsc *n, const struct weir_msg_detach *m, bool gone) {
    if (m->token != n->token || n->state == WEIR_NETVSC_SYNTHETIC || n->state == WEIR_NETVSC_REVOKED_FENCE)
        return; // the VF was let go before the message was read
    if (gone) {
        revoked(n, (enum weir_why)m->why);
    } else if (n->state == WEIR_NETVSC_ON_VF) {
        n->why = (enum weir_why)m->why;
        netvsc_start_leaving(n);
    } else if (n->state == WEIR_NETVSC_TO_VF_FENCE) {
        n->why = (enum weir_why)m->why;
        n->leave = true;
    }
}

void netvsc_message(struct weir_netvsc *n, uint32_t type, const void *payload, size_t len) {
    static const uint8_t sizes[] = {
        [WEIR_MSG_FENCE] = sizeof(struct weir_msg_fence),
        [WEIR_MSG_VF_ASSOCIATION] = sizeof(struct weir_msg_vf_association),
        [WEIR_MSG_SWITCH_COMPLETE] = sizeof(struct weir_msg_switch_complete),
        [WEIR_MSG_DETACH_REQUEST] = sizeof(struct weir_msg_detach),
        [WEIR_MSG_VF_REVOKED] = sizeof(struct weir_msg_detach),
        [WEIR_MSG_STATUS] = sizeof(struct weir_msg_status),
        [WEIR_MSG_ASK_COUNTERS] = sizeof(struct weir_msg_ask_counters),
        [WEIR_MSG_DROPPED] = sizeof(struct weir_msg_dropped),
    };
    union {
        uint8_t version;
        struct weir_msg_fence fence;
        struct weir_msg_vf_association association;
        struct weir_msg_switch_complete complete;
        struct weir_msg_detach detach;
        struct weir_msg_status status;
        struct weir_msg_ask_counters ask;
        struct weir_msg_dropped dropped;
    } m;

    if (type >= sizeof(sizes) || sizes[type] == 0 || sizes[type] != len) {
        n->stats.bad_messages++;
        return;
    }
    memcpy(&m, payload, len);
    if (m.version != WEIR_MSG_VERSION) {
        n->stats.bad_messages++;
        return;
    }
    switch (type) {
    case WEIR_MSG_FENCE:
        on_fence(n, &m.fence);
        break;
    case WEIR_MSG_VF_ASSOCIATION:
        on_association(n, &m.association);
        break;
    case WEIR_MSG_SWITCH_COMPLETE:
        on_switch_complete(n, &m.complete);
        break;
    case WEIR_MSG_ASK_COUNTERS:
        netvsc_tell_counters(n, m.ask.serial);
        break;
    case WEIR_MSG_DROPPED:
        n->stats.rx_dropped += (uint32_t)(m.dropped.dropped - (uint32_t)n->stats.rx_dropped);
        break;
    case WEIR_MSG_STATUS:
        n->no_carrier = m.status.no_carrier != 0;
        n->stats.tx_refused += (uint32_t)(m.status.refused - (uint32_t)n->stats.tx_refused);
        // With a VF the guest knows more than the parent, but for a card that will not answer it any more.
        if ((n->state == WEIR_NETVSC_SYNTHETIC && m.status.why < WEIR_WHY_COUNT) ||
            m.status.why == WEIR_WHY_CARD_FAILED)
            n->why = (enum weir_why)m.status.why;
        break;
    default:
        on_detach(n, &m.detach, type == WEIR_MSG_VF_REVOKED);
        break;
    }
}

// ---- what happens by itself ----

#define CLOCK_US 1000u // of the caller's clock between two looks at the card's

// Whether the VF let `us` of the card's time pass with no progress, or does not answer at all.
static bool stuck(struct weir_netvsc *n, unsigned us, uint64_t progress) {
    bool first = !n->clock.running;
    uint64_t card;
    if (n->now < n->next_clock)
        return false;
    n->next_clock = n->now + CLOCK_US;
    if (weir_clock_read(&n->clock, weir_vf_dev(n->vf), &card) != 0)
        return true;
    if (first || progress != n->progress) {
        n->progress = progress;
        n->card_since = card;
    }
    return card - n->card_since >= us;
}

// For people: nothing else depends on how long a parent takes.
static void tell_silence(struct weir_netvsc *n) {
    if (n->now - n->since >= n->cfg.answer_us)
        n->why = WEIR_WHY_PARENT_SILENT;
}

// Asks the function itself now and then; weir_vf_must_stop reads its BAR three times (rules 9.16).
static void check_alive(struct weir_netvsc *n) {
    if (n->lost || n->now < n->next_check)
        return;
    n->next_check = n->now + n->cfg.check_us;
    if (weir_vf_must_stop(n->vf))
        netvsc_lost(n);
}

// A doorbell may be lost with everything else in order.
static void watch(struct weir_netvsc *n) {
    if (n->vf == NULL || n->lost || n->now < n->next_watch)
        return;
    n->next_watch = n->now + n->cfg.check_us;
    n->stats.rung_again += weir_vf_watch(n->vf);
}

void netvsc_step(struct weir_netvsc *n) {
    struct weir_msg_vf_released counts = {0};
    netvsc_vf_counts(n, &counts);
    watch(n);
    switch (n->state) {
    case WEIR_NETVSC_OPENING:
        try_open(n);
        break;
    case WEIR_NETVSC_TO_VF:
    case WEIR_NETVSC_TO_SYN:
    case WEIR_NETVSC_LOST:
    case WEIR_NETVSC_REVOKED_FENCE:
        tell_silence(n);
        break;
    case WEIR_NETVSC_TO_VF_FENCE:
        check_alive(n);
        tell_silence(n);
        break;
    case WEIR_NETVSC_ON_VF:
    case WEIR_NETVSC_ALONE: // lost, it finds nobody to tell, and is dead
        check_alive(n);
        break;
    case WEIR_NETVSC_TO_SYN_DRAIN:
        if (netvsc_vf_pending(n) == 0) {
            enter(n, WEIR_NETVSC_TO_SYN);
            ask_switch(n, false, n->why);
        } else if (stuck(n, n->cfg.drain_us, counts.completed)) {
            netvsc_lost(n);
        }
        break;
    case WEIR_NETVSC_TO_SYN_FENCE:
        if (n->fence_rings == (1u << weir_vf_num_qps(n->vf)) - 1)
            back_on_synthetic(n);
        else if (stuck(n, n->cfg.fence_us, counts.taken + n->fence_rings))
            netvsc_lost(n);
        break;
    default:
        break;
    }
}
