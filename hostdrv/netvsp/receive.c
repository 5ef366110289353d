// SPDX-License-Identifier: Apache-2.0
// NetVSP's way from the PF's rings to the guests. A unicast frame goes to its address's port. A flooded one goes to
// each port that owned its flood membership through the default vPort when the card looked the frame up: at that epoch.
// So each guest gets one copy, whatever moved meanwhile (rules 3.19, 7.12).
#include <errno.h>
#include <string.h>

#include "netvsp_int.h"

#define RING_BUDGET 256u
#define FLOOD ((int64_t)1000000) // a flooded frame, in what a microsecond adds WEIR_NETVSP_FLOODS of
#define MOST_FLOODS (FLOOD * (WEIR_NETVSP_FLOODS / 4))

struct ring_ctx {
    struct weir_netvsp *v;
    unsigned ring;
};

// The card's 8-bit epoch as one that never wraps, taken as the nearest to the newest one known (window 128). The window
// cannot be left: each move is told to us, so the newest known is the card's own.
static uint64_t unroll(struct weir_netvsp *v, uint8_t epoch) {
    uint64_t unrolled = v->epoch + (uint64_t)(int64_t)(int8_t)(uint8_t)(epoch - (uint8_t)v->epoch);
    if (unrolled > v->epoch)
        v->epoch = unrolled;
    return unrolled;
}

static bool vf_at(const struct mac_entry *e, uint64_t epoch) {
    const struct flips *f = &e->flips;
    for (unsigned i = 0; i < f->count; i++)
        if (epoch >= f->flip[i].epoch)
            return f->flip[i].on_vf;
    // Before the oldest move known it was the other way round.
    return f->count != 0 && !f->flip[f->count - 1].on_vf;
}

static void note(struct flips *f, uint64_t epoch, bool on_vf) {
    memmove(&f->flip[1], &f->flip[0], sizeof(f->flip) - sizeof(f->flip[0]));
    f->flip[0].epoch = epoch;
    f->flip[0].on_vf = on_vf;
    f->count += f->count < FLIPS ? 1 : 0;
}

// Its id is used again: what the card drains back from it was not for its last guest.
void weir_netvsp_new_vport(struct weir_netvsp *v, unsigned vport) {
    for (unsigned i = 0; i < v->cfg.max_ports; i++)
        if (v->port[i] != NULL && v->port[i]->vport == vport)
            v->port[i]->vport = 0;
}

void weir_netvsp_moved(struct weir_netvsp *v, unsigned port, unsigned mac, bool to_vf, unsigned vport, uint8_t epoch,
                       uint32_t token) {
    struct port *p = v->port[port];
    note(&p->mac[mac]->flips, unroll(v, epoch), to_vf);
    if (mac != 0 || !to_vf)
        return;
    weir_netvsp_new_vport(v, vport);
    p->vport = vport;
    p->floods = MOST_FLOODS;
    p->flooded = v->now;
    p->fence_token = token;
    p->fence_rings = (1u << weir_pf_num_qps(v->pf)) - 1;
}

bool weir_netvsp_fence_pending(const struct weir_netvsp *v, unsigned port) {
    return v->port[port]->fence_rings != 0;
}

void weir_netvsp_give_up_fence(struct weir_netvsp *v, unsigned port) {
    struct port *p = v->port[port];
    const struct weir_msg_fence m = {.version = WEIR_MSG_VERSION, .lost = 1, .token = p->fence_token};
    if (p->fence_rings == 0)
        return;
    p->fence_rings = 0;
    (void)weir_netvsp_send(v, port, WEIR_MSG_FENCE, &m, sizeof(m));
}

static void on_fence(struct weir_netvsp *v, unsigned ring, uint32_t token) {
    uint32_t bit = 1u << ring;
    for (unsigned i = 0; i < v->cfg.max_ports; i++) {
        struct port *p = v->port[i];
        struct weir_msg_fence m = {.version = WEIR_MSG_VERSION, .token = token};
        if (p == NULL || p->fence_token != token || (p->fence_rings & bit) == 0)
            continue;
        p->fence_rings &= ~bit;
        if (p->fence_rings == 0 && netvsp_pass_on(v, p, WEIR_MSG_FENCE, &m, sizeof(m), NULL, 0) != 0 && p->sink == NULL)
            netvsp_gone(v, i, -EPIPE);
        return;
    }
    v->stats.fences_stray++;
}

static void deliver(struct weir_netvsp *v, unsigned port, const void *frame, const struct weir_rx_info *info) {
    struct port *p = v->port[port];
    struct {
        struct weir_msg_rx_frame m;
        uint8_t macs[12];
    } head = {.m = {.version = WEIR_MSG_VERSION, .epoch = info->epoch}};
    size_t head_len = sizeof(head.m), skip = 0;
    bool untag;
    int err;

    switch (weir_policy_rx(&p->cfg.policy, frame, info->len, info->vlan_stripped, info->vlan_tci, &untag)) {
    case WEIR_PASS:
        break;
    case WEIR_DROP_CTRL:
        p->stats.rx_drop_ctrl++;
        return;
    default:
        p->stats.rx_drop_vlan++;
        return;
    }
    head.m.flags = (uint8_t)((info->mcast ? WEIR_RX_FRAME_FLOODED : 0) | (info->redirect ? WEIR_RX_FRAME_REDIRECT : 0) |
                             (info->l3 == WEIR_CSUM_GOOD ? WEIR_RX_FRAME_L3_GOOD : 0) |
                             (info->l3 == WEIR_CSUM_BAD ? WEIR_RX_FRAME_L3_BAD : 0) |
                             (info->l4 == WEIR_CSUM_GOOD ? WEIR_RX_FRAME_L4_GOOD : 0) |
                             (info->l4 == WEIR_CSUM_BAD ? WEIR_RX_FRAME_L4_BAD : 0));
    if (info->vlan_stripped && !untag) {
        head.m.flags |= WEIR_RX_FRAME_VLAN;
        head.m.vlan_tci = info->vlan_tci;
    } else if (!info->vlan_stripped && untag) {
        // The card takes no tag out of a flooded frame's only copy.
        memcpy(head.macs, frame, sizeof(head.macs));
        head_len += sizeof(head.macs);
        skip = sizeof(head.macs) + 4;
    }
    err = netvsp_pass_on(v, p, WEIR_MSG_RX_FRAME, &head, head_len, (const uint8_t *)frame + skip, info->len - skip);
    if (err != 0) {
        if (p->holding || p->sink != NULL)
            p->stats.rx_drop_held++;
        else
            p->stats.rx_drop_room++;
        if (p->sink != NULL)
            return;
        if (err == -EPIPE || err == -EPROTO)
            netvsp_gone(v, port, err);
        return;
    }
    p->stats.rx_frames++;
    p->stats.rx_bytes += info->len;
    p->stats.rx_redirected += info->redirect ? 1 : 0;
}

// For one of the guest's addresses. While its VF has them only what the card drains back from there is the guest's, or
// what it looked up before the move; anything else, delivered here, would wait in the guest for the VF's end.
static void unicast(struct weir_netvsp *v, const struct mac_entry *e, const void *frame,
                    const struct weir_rx_info *info) {
    struct port *p = v->port[e->port];
    bool untag;
    if (info->redirect || !vf_at(e, unroll(v, info->epoch)))
        deliver(v, e->port, frame, info);
    else if (weir_policy_rx(&p->cfg.policy, frame, info->len, info->vlan_stripped, info->vlan_tci, &untag) != WEIR_PASS)
        p->stats.rx_drop_vlan++;
    else
        p->stats.rx_drop_path++;
}

// A flooded copy that was on its way to a VF and was drained back: to that VF's guest alone.
static void redirected_flood(struct weir_netvsp *v, const void *frame, const struct weir_rx_info *info) {
    for (unsigned i = 0; i < v->cfg.max_ports; i++)
        if (v->port[i] != NULL && info->src_vport != 0 && v->port[i]->vport == info->src_vport) {
            deliver(v, i, frame, info);
            return;
        }
    v->stats.rx_redirect_stray++;
}

// A flooded frame of a guest on its VF: NetVSP copies it for every other guest, and a storm of them fills the rings
// that all share. On the synthetic path the sender pays (transmit.c); so that is where it will have to go.
static void bill_flood(struct weir_netvsp *v, struct port *p, unsigned port) {
    int64_t more = (int64_t)(v->now - p->flooded) * WEIR_NETVSP_FLOODS;
    p->flooded = v->now;
    p->floods = more > MOST_FLOODS - p->floods ? MOST_FLOODS : p->floods + more;
    p->floods -= FLOOD;
    p->stats.vf_floods++;
    if (p->floods >= 0)
        return;
    p->floods = MOST_FLOODS;
    if (v->cfg.events.storm != NULL)
        v->cfg.events.storm(v->cfg.events.ctx, port);
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    const struct ring_ctx *rc = ctx;
    struct weir_netvsp *v = rc->v;
    uint64_t epoch = unroll(v, info->epoch);
    const struct mac_entry *e;
    int sender;

    if (info->fence) {
        on_fence(v, rc->ring, info->hash);
        return;
    }
    if (info->len < WEIR_MIN_FRAME) {
        v->stats.rx_unknown++;
        return;
    }
    if (!info->local && !info->redirect)
        netvsp_heard(v, (const uint8_t *)frame + 6);
    if (!info->mcast) {
        e = mac_of_port(&v->macs, frame);
        if (e == NULL)
            v->stats.rx_unknown++;
        else
            unicast(v, e, frame, info);
        return;
    }
    if (info->redirect) {
        redirected_flood(v, frame, info);
        return;
    }
    e = mac_of_port(&v->macs, (const uint8_t *)frame + 6);
    sender = e != NULL ? (int)e->port : NO_PORT;
    if (sender != NO_PORT && !info->local && (v->port[sender]->holding || v->port[sender]->sink != NULL))
        v->port[sender]->elsewhere = true;
    if (sender != NO_PORT && info->local && info->src_vport != 0 && v->port[sender]->vport == info->src_vport)
        bill_flood(v, v->port[sender], (unsigned)sender);
    for (unsigned i = 0; i < v->cfg.max_ports; i++) {
        if (v->port[i] == NULL || (int)i == sender)
            continue;
        if (vf_at(v->port[i]->mac[0], epoch))
            v->port[i]->stats.rx_not_ours++;
        else
            deliver(v, i, frame, info);
    }
}

unsigned netvsp_receive(struct weir_netvsp *v) {
    unsigned work = 0;
    for (unsigned i = 0; i < weir_pf_num_qps(v->pf); i++) {
        struct ring_ctx rc = {v, i};
        work += weir_qp_poll(weir_pf_qp(v->pf, i), RING_BUDGET, on_rx, NULL, &rc);
    }
    return work;
}
