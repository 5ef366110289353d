// SPDX-License-Identifier: Apache-2.0
// The virtualization stack's entry points, records, and what comes in: messages of guests, events of the card. All of
// it is only noted here; the state machines (state.c) act on it.
#include "weir/vstack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vstack_int.h"

// Time in which nobody here ran, a guest had none either: of it no more than this is held against a guest.
#define TURN_US 1000u

static void on_message(void *ctx, unsigned port, uint32_t type, const void *payload) {
    struct weir_vstack *vs = ctx;
    struct guest *g = vs->guest_of_port[port] != NONE ? vs->guest[vs->guest_of_port[port]] : NULL;
    struct weir_msg_switch_data_path m;
    struct weir_msg_vf_released r;
    struct weir_msg_counters c;
    struct weir_msg_moved moved;
    if (g == NULL)
        return;
    // A token of an association that is over: the guest had not read of its end when it wrote.
    if (type == WEIR_MSG_SWITCH_DATA_PATH) {
        memcpy(&m, payload, sizeof(m));
        if (m.token != g->token)
            return;
        g->asked_vf = m.to_vf != 0;
        g->asked_syn = m.to_vf == 0;
        g->asked_why = (enum weir_why)m.why;
    } else if (type == WEIR_MSG_VF_RELEASED) {
        memcpy(&r, payload, sizeof(r));
        if (r.token != g->token)
            return;
        g->released = true;
        g->told = true;
        g->report = r;
    } else if (type == WEIR_MSG_COUNTERS) {
        memcpy(&c, payload, sizeof(c));
        vstack_counters_told(vs, g, &c);
    } else if (type == WEIR_MSG_MOVED) {
        memcpy(&moved, payload, sizeof(moved));
        vstack_told_moved(vs, g, &moved);
    }
}

static void on_gone(void *ctx, unsigned port, int err) {
    struct weir_vstack *vs = ctx;
    (void)err;
    if (vs->guest_of_port[port] != NONE)
        vs->guest[vs->guest_of_port[port]]->gone = true;
}

static void on_storm(void *ctx, unsigned port) {
    struct weir_vstack *vs = ctx;
    if (vs->guest_of_port[port] != NONE)
        vs->guest[vs->guest_of_port[port]]->storm = true;
}

// The card lets us wait.
static void serve(void *ctx) {
    struct weir_vstack *vs = ctx;
    weir_netvsp_serve(vs->nv, !vs->moving);
}

static void set_default(unsigned *v, unsigned value) {
    if (*v == 0)
        *v = value;
}

int weir_vstack_open(struct weir_pf *pf, const struct weir_vstack_config *cfg, struct weir_vstack **out, char *err,
                     size_t err_size) {
    struct weir_netvsp_config nc = {.max_ports = cfg->max_guests, .first_filter = cfg->first_filter};
    struct weir_vstack *vs;
    int ret;

    if (cfg->max_guests == 0 || cfg->max_guests > MAX_GUESTS || cfg->num_vports == 0 ||
        cfg->num_vports > WEIR_NUM_VPORTS) {
        snprintf(err, err_size, "the stack takes 1 to %u guests and 1 to %d vPorts, asked for %u and %u", MAX_GUESTS,
                 WEIR_NUM_VPORTS, cfg->max_guests, cfg->num_vports);
        return -EINVAL;
    }
    vs = calloc(1, sizeof(*vs));
    if (vs == NULL) {
        snprintf(err, err_size, "out of memory");
        return -ENOMEM;
    }
    vs->pf = pf;
    vs->cfg = *cfg;
    set_default(&vs->cfg.vf_qps, 1);
    set_default(&vs->cfg.num_vfs, cfg->num_vports - 1);
    share_set(&vs->share, &vs->share.cfg, 0);
    set_default(&vs->cfg.offer_us, 60000000);
    set_default(&vs->cfg.drain_us, 1000000);
    set_default(&vs->cfg.move_us, 100000);
    set_default(&vs->cfg.fence_us, 1000000);
    set_default(&vs->cfg.leave_us, 60000000);
    set_default(&vs->cfg.release_us, 5000000);
    set_default(&vs->cfg.refusals, 16);
    set_default(&vs->cfg.events_us, 10000);
    for (unsigned i = 0; i < MAX_GUESTS; i++)
        vs->guest_of_port[i] = NONE;
    for (unsigned i = 0; i < MAX_LEFT; i++)
        vs->left[i].vf = NONE;
    ret = weir_pf_link(pf, &vs->link);
    vs->link_told = vs->link;
    if (ret != 0) {
        snprintf(err, err_size, "the card does not say whether its wire has a link: %s", strerror(-ret));
        free(vs);
        return ret;
    }
    nc.events.ctx = vs;
    nc.events.message = on_message;
    nc.events.gone = on_gone;
    nc.events.storm = on_storm;
    ret = weir_netvsp_open(pf, &nc, &vs->nv);
    if (ret != 0) {
        snprintf(err, err_size, "cannot open the parent's switch: %s", strerror(-ret));
        free(vs);
        return ret;
    }
    ret = weir_pf_taken_over(pf) ? vstack_find(vs) : 0;
    if (ret != 0) {
        snprintf(err, err_size, "cannot read what the card has from the parent before: %s", strerror(-ret));
        weir_netvsp_close(vs->nv);
        free(vs);
        return ret;
    }
    weir_dev_set_wait(weir_pf_dev(pf), serve, vs);
    *out = vs;
    return 0;
}

static unsigned close_all(struct weir_vstack *vs, bool leave) {
    unsigned left = 0;
    for (unsigned i = 0; i < vs->cfg.max_guests; i++) {
        struct guest *g = vs->guest[i];
        if (g == NULL || (leave && g->state == WEIR_VSTACK_ATTACHED && !g->gone))
            continue;
        // Without a guest to wait for, no state takes longer than a command each; a failed card ends it, too.
        g->gone = true;
        for (unsigned step = 0; step < 16 && vs->guest[i] != NULL; step++)
            vstack_step(vs, i);
        free(vs->guest[i]);
        vs->guest[i] = NULL;
    }
    for (unsigned i = 0; i < vs->cfg.max_guests; i++) {
        left += vs->guest[i] != NULL;
        free(vs->guest[i]);
    }
    for (unsigned i = 0; i < MAX_LEFT; i++)
        left += vs->left[i].vf != NONE;
    left += vstack_given_end(vs, leave);
    weir_dev_set_wait(weir_pf_dev(vs->pf), NULL, NULL);
    weir_netvsp_close(vs->nv);
    free(vs);
    return left;
}

void weir_vstack_close(struct weir_vstack *vs) {
    if (vs == NULL)
        return;
    for (unsigned i = 0; i < MAX_LEFT; i++)
        if (vs->left[i].vf != NONE)
            (void)weir_vstack_left_drop(vs, i);
    (void)close_all(vs, false);
}

unsigned weir_vstack_leave(struct weir_vstack *vs) {
    return vs != NULL ? close_all(vs, true) : 0;
}

struct weir_netvsp *weir_vstack_netvsp(struct weir_vstack *vs) {
    return vs->nv;
}

struct guest *vstack_guest(const struct weir_vstack *vs, unsigned guest) {
    struct guest *g = vs->guest[guest % MAX_GUESTS];
    return g != NULL && g->number == guest ? g : NULL;
}

// A guest whose port is there.
static struct guest *new_guest(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg, unsigned at,
                               unsigned port, struct guest *g) {
    g->cfg = *cfg;
    g->cfg.name[sizeof(g->cfg.name) - 1] = '\0';
    g->state = WEIR_VSTACK_DETACHED;
    g->why = WEIR_WHY_NOT_OFFERED;
    g->port = port;
    g->vf = NONE;
    g->vport = NONE;
    g->number = (vs->generation[at] << SLOT_BITS | at) & INT32_MAX;
    if (g->cfg.policy.max_mac == 0)
        weir_policy_default(&g->cfg.policy);
    vstack_policy_set(vs, g);
    g->path_since = vstack_card_time(vs);
    vs->guest[at] = g;
    vs->guest_of_port[port] = (int)at;
    return g;
}

int vstack_add(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg, const struct left *left) {
    struct weir_netvsp_port_config pc = {.channel = cfg->channel, .policy = cfg->policy};
    unsigned at = 0;
    struct guest *g;
    int port;

    while (at < vs->cfg.max_guests && vs->guest[at] != NULL)
        at++;
    if (at == vs->cfg.max_guests)
        return -ENOSPC;
    g = calloc(1, sizeof(*g));
    if (g == NULL)
        return -ENOMEM;
    memcpy(pc.mac, cfg->mac, 6);
    port = left == NULL ? weir_netvsp_port_add(vs->nv, &pc)
                        : weir_netvsp_port_adopt(vs->nv, &pc, (unsigned)left->vport, left->filter, left->filters);
    if (port < 0) {
        free(g);
        return port;
    }
    return (int)new_guest(vs, cfg, at, (unsigned)port, g)->number;
}

int weir_vstack_guest_add(struct weir_vstack *vs, const struct weir_vstack_guest_config *cfg) {
    int number = vstack_add(vs, cfg, NULL);
    if (number >= 0)
        vstack_send_status(vs, vstack_guest(vs, (unsigned)number));
    return number;
}

int weir_vstack_guest_remove(struct weir_vstack *vs, unsigned guest) {
    struct guest *g = vstack_guest(vs, guest);
    if (g == NULL)
        return -ENOENT;
    g->gone = true;
    return 0;
}

int weir_vstack_attach(struct weir_vstack *vs, unsigned guest) {
    struct guest *g = vstack_guest(vs, guest);
    int err;
    if (g == NULL)
        return -ENOENT;
    if (g->state != WEIR_VSTACK_DETACHED || g->gone || g->migrating)
        return -EBUSY;
    if (!weir_netvsp_ready(vs->nv, g->port))
        return -EAGAIN;
    err = vstack_may_attach(vs, g);
    return err != 0 ? err : vstack_offer(vs, g);
}

int weir_vstack_detach(struct weir_vstack *vs, unsigned guest, enum weir_why why) {
    struct guest *g = vstack_guest(vs, guest);
    if (g == NULL)
        return -ENOENT;
    if (g->leave || g->revoke)
        return -EALREADY;
    switch (g->state) {
    case WEIR_VSTACK_OFFERED:
    case WEIR_VSTACK_DRAINING_TX:
    case WEIR_VSTACK_TO_VF:
        return weir_vstack_revoke(vs, guest, why); // it carries no traffic yet
    case WEIR_VSTACK_FENCING:
    case WEIR_VSTACK_ATTACHED:
        g->leave = true;
        g->leave_why = why;
        g->leave_cycle = vstack_cycle(vs);
        return 0;
    default:
        return -EALREADY;
    }
}

int weir_vstack_revoke(struct weir_vstack *vs, unsigned guest, enum weir_why why) {
    struct guest *g = vstack_guest(vs, guest);
    if (g == NULL)
        return -ENOENT;
    if (!vstack_has_vf(g) || g->revoke)
        return -EALREADY;
    g->revoke = true;
    g->revoke_why = why;
    return 0;
}

// ---- vPort ids ----

int vstack_pick_vport(struct weir_vstack *vs) {
    for (unsigned i = 0; i + 1 < vs->cfg.num_vports; i++) {
        unsigned vport = 1 + (vs->next_vport + i) % (vs->cfg.num_vports - 1);
        bool used = false;
        for (unsigned k = 0; k < vs->cfg.max_guests; k++)
            used = used || (vs->guest[k] != NULL && vs->guest[k]->vport == (int)vport);
        used = used || vstack_given_vport(vs, vport);
        for (unsigned k = 0; k < MAX_LEFT; k++)
            used = used || (vs->left[k].vf != NONE && vs->left[k].vport == (int)vport);
        if (!used) {
            vs->next_vport = vport; // the one behind it comes next
            return (int)vport;
        }
    }
    return NONE;
}

// ---- events of the card ----

// The event is a hint: it may be of our own reset, or of the VF's last owner. Its queues tell.
static void doubt_vf(struct weir_vstack *vs, unsigned vf, enum weir_why why) {
    for (unsigned i = 0; i < vs->cfg.max_guests; i++)
        if (vs->guest[i] != NULL && vs->guest[i]->vf == (int)vf && vs->guest[i]->on_vport)
            vstack_doubt(vs, vs->guest[i], why);
}

static void fence_failed(struct weir_vstack *vs, unsigned vport, uint32_t token) {
    for (unsigned i = 0; i < vs->cfg.max_guests; i++) {
        struct guest *g = vs->guest[i];
        if (g != NULL && g->token == token && g->vport != NONE && (vport == 0 || vport == (unsigned)g->vport))
            (void)weir_vstack_revoke(vs, g->number, vport == 0 ? WEIR_WHY_CARD_FAILED : WEIR_WHY_VF_GONE);
    }
}

static void card_events(struct weir_vstack *vs) {
    struct weir_dev *dev = weir_pf_dev(vs->pf);
    struct weir_bus *bus = weir_dev_bus(dev);
    struct weir_event event[7];
    int n = 7;

    if (bus->ops->irq_take(bus, 0) == 0 && vs->now < vs->next_events)
        return;
    vs->next_events = vs->now + vs->cfg.events_us;
    for (unsigned i = 0; i < weir_pf_num_qps(vs->pf); i++)
        (void)weir_qp_watch(weir_pf_qp(vs->pf, i));
    if ((weir_dev_events(dev) >> WEIR_FN_EVENT_EVENTS_BIT & 1) == 0)
        return;
    for (unsigned round = 0; round < 16 && n == 7; round++) {
        n = weir_pf_events(vs->pf, event, 7);
        for (int i = 0; i < n; i++) {
            if (event[i].kind == WEIR_FW_EVENT_VF_FLR)
                doubt_vf(vs, event[i].a, WEIR_WHY_VF_RESET);
            else if (event[i].kind == WEIR_FW_EVENT_QP_ERROR && event[i].a != 0)
                doubt_vf(vs, event[i].a - 1u, WEIR_WHY_MALICIOUS);
            else if (event[i].kind == WEIR_FW_EVENT_CORE_RESTART)
                vstack_restarted(vs, &event[i]);
            else if (event[i].kind == WEIR_FW_EVENT_LINK)
                vs->link = event[i].a != 0;
            else if (event[i].kind == WEIR_FW_EVENT_FENCE_DONE && event[i].c != 0)
                fence_failed(vs, event[i].a, event[i].b);
        }
    }
}

// A guest that floods from its VF is asked to leave it; one that goes on meanwhile is not asked any more (threat T26).
static void calm(struct weir_vstack *vs, struct guest *g) {
    g->storm = false;
    if (weir_vstack_detach(vs, g->number, WEIR_WHY_STORM) == -EALREADY && g->on_vport)
        (void)weir_vstack_revoke(vs, g->number, WEIR_WHY_STORM);
}

// ---- driving and looking ----

static bool step_all(struct weir_vstack *vs) {
    bool moved = false;
    for (unsigned i = 0; i < vs->cfg.max_guests; i++)
        if (vs->guest[i] != NULL) {
            if (vs->guest[i]->storm)
                calm(vs, vs->guest[i]);
            moved = vstack_step(vs, i) || moved;
        }
    return moved;
}

// A guest in mid hand-over does not wait for calls about something else; they have until the next turn.
unsigned weir_vstack_poll(struct weir_vstack *vs, uint64_t now_us) {
    unsigned work;
    vs->turns += now_us - vs->now < TURN_US ? now_us - vs->now : TURN_US;
    vs->now = now_us;
    work = weir_netvsp_poll(vs->nv, now_us);
    vs->put_off = step_all(vs) && !vs->put_off;
    if (!vs->put_off) {
        card_events(vs);
        vstack_make_sure(vs);
        vstack_tell_link(vs);
        vstack_look(vs);
        vstack_share(vs);
        (void)step_all(vs);
    }
    return work;
}

bool weir_vstack_limited(const struct weir_vstack *vs) {
    return weir_netvsp_limited(vs->nv);
}

enum weir_vstack_state weir_vstack_state(const struct weir_vstack *vs, unsigned guest) {
    const struct guest *g = vstack_guest(vs, guest);
    return g != NULL ? g->state : WEIR_VSTACK_NONE;
}

enum weir_why weir_vstack_why(const struct weir_vstack *vs, unsigned guest) {
    const struct guest *g = vstack_guest(vs, guest);
    return g != NULL ? g->why : WEIR_WHY_GUEST_GONE;
}

int weir_vstack_port(const struct weir_vstack *vs, unsigned guest) {
    const struct guest *g = vstack_guest(vs, guest);
    return g != NULL ? (int)g->port : NONE;
}

int weir_vstack_vf(const struct weir_vstack *vs, unsigned guest) {
    const struct guest *g = vstack_guest(vs, guest);
    return g != NULL ? g->vf : NONE;
}

int weir_vstack_vport(const struct weir_vstack *vs, unsigned guest) {
    const struct guest *g = vstack_guest(vs, guest);
    return g != NULL ? g->vport : NONE;
}
