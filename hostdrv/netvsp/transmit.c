// SPDX-License-Identifier: Apache-2.0
// NetVSP's way from the guests' channels to the card. What a guest's policy forbids is dropped here with the card's own
// reason, because the card does not check the default vPort. Turns are shared by weight in bytes (deficit round robin),
// and a flooded frame is billed for each copy that it makes, so that a storm takes its sender's share and no other's.
#include <errno.h>
#include <string.h>

#include "netvsp_int.h"

#define VISIT_BUDGET 64u // messages of a port in one poll
#define TURN_BYTES 16384 // for a weight of one
#define TAG 4u
#define BURST_US 4000 // of its rate a port may save up

// The frame begins where a TX_FRAME's payload ends; its two addresses move up to make room for the tag, into what was
// the message's head.
static uint8_t *insert_tag(uint8_t *frame, uint16_t tci) {
    uint8_t *f = frame - TAG;
    memmove(f, frame, 12);
    f[12] = 0x81;
    f[13] = 0x00;
    f[14] = (uint8_t)(tci >> 8);
    f[15] = (uint8_t)tci;
    return f;
}

static bool refused(struct weir_netvsp_port_stats *s, enum weir_verdict verdict) {
    switch (verdict) {
    case WEIR_PASS:
        return false;
    case WEIR_DROP_SPOOF:
        s->tx_drop_spoof++;
        return true;
    case WEIR_DROP_CTRL:
        s->tx_drop_ctrl++;
        return true;
    case WEIR_DROP_VLAN:
        s->tx_drop_vlan++;
        return true;
    default:
        s->tx_drop_size++;
        return true;
    }
}

// What it costs the others.
static int64_t price(const struct weir_netvsp *v, const uint8_t *frame, size_t len) {
    return (int64_t)len * ((frame[0] & 1) != 0 ? (int64_t)v->ports + 1 : 1);
}

static void send_frame(struct weir_netvsp *v, unsigned port, uint8_t *frame, size_t len,
                       const struct weir_tx_offload *offload) {
    struct port *p = v->port[port];
    const struct weir_policy *policy = &p->cfg.policy;
    struct weir_qp *qp = netvsp_tx_qp(v, port);
    int err;

    if (weir_netvsp_on_vf(v, port, 0)) {
        p->stats.tx_drop_path++;
        return;
    }
    p->turn -= price(v, frame, len);
    if (refused(&p->stats, weir_policy_tx(policy, frame, len, offload,
                                          len >= WEIR_MIN_FRAME && netvsp_own_source(v, port, frame + 6))))
        return;
    if (policy->vlan_mode == WEIR_VLAN_PORT) {
        if (len + TAG > WEIR_MAX_FRAME) {
            p->stats.tx_drop_size++;
            return;
        }
        frame = insert_tag(frame, policy->tci);
        len += TAG;
    }
    err = weir_qp_send_offload(qp, frame, len, offload); // there is room: the caller looked
    if (err >= 0) {
        p->tx_mark = weir_qp_stats(qp)->tx_posted;
        p->stats.tx_frames++;
        p->stats.tx_bytes += len;
        if (policy->rate_mbps != 0)
            p->tokens -= (int64_t)len * 8;
    } else if (err == -EMSGSIZE) {
        p->stats.tx_drop_size++;
    } else if (err == -EINVAL || err == -EEXIST || err == -EPROTONOSUPPORT) {
        p->stats.tx_drop_offload++; // an honest adapter asked before
    } else {
        v->stats.dead_tx++;
    }
}

// A TX_FRAME of `len` bytes in v->buf.
static void send_message(struct weir_netvsp *v, unsigned port, size_t len) {
    struct weir_msg_tx_frame m;
    struct weir_tx_offload offload;
    memcpy(&m, v->buf, sizeof(m));
    offload = (struct weir_tx_offload){.flags = m.flags, .vlan_tci = m.vlan_tci};
    send_frame(v, port, v->buf + sizeof(m), len - sizeof(m), &offload);
}

// A control message: its length and version, then to whoever steers. False: the guest broke the protocol.
static bool control(struct weir_netvsp *v, unsigned port, uint32_t type, size_t len) {
    static const uint16_t sizes[] = {
        [WEIR_MSG_SWITCH_DATA_PATH] = sizeof(struct weir_msg_switch_data_path),
        [WEIR_MSG_VF_RELEASED] = sizeof(struct weir_msg_vf_released),
        [WEIR_MSG_BYE] = sizeof(struct weir_msg_bye),
        [WEIR_MSG_COUNTERS] = sizeof(struct weir_msg_counters),
        [WEIR_MSG_MOVED] = sizeof(struct weir_msg_moved),
    };
    if (type >= sizeof(sizes) || sizes[type] == 0 || len != sizes[type] || v->buf[0] != WEIR_MSG_VERSION)
        return false;
    if (type == WEIR_MSG_BYE)
        netvsp_gone(v, port, 0);
    else
        v->cfg.events.message(v->cfg.events.ctx, port, type, v->buf);
    return true;
}

// Mb/s times microseconds are bits.
static void fill(struct port *p, uint64_t now) {
    int64_t rate = p->cfg.policy.rate_mbps, most = rate * BURST_US, since = (int64_t)(now - p->filled);
    p->filled = now;
    if (since > BURST_US)
        since = BURST_US;
    p->tokens += rate * since;
    if (p->tokens > most)
        p->tokens = most;
}

// Back-pressure: what the card has no room for, or the guest no rate, stays where it is, and with it all behind it.
static bool must_wait(struct weir_netvsp *v, unsigned port) {
    struct port *p = v->port[port];
    bool full = weir_qp_tx_room(netvsp_tx_qp(v, port)) == 0;
    p->limited = p->cfg.policy.rate_mbps != 0 && p->tokens < 0;
    if ((full || p->limited) && !p->stalled)
        p->stats.tx_stalls++;
    p->stalled = full || p->limited;
    return p->stalled;
}

// One message of the guest's, that is there. False: no more of it for now.
static bool take(struct weir_netvsp *v, unsigned port, uint32_t type, size_t len) {
    struct port *p = v->port[port];
    int err;
    if (type == WEIR_MSG_TX_FRAME && must_wait(v, port))
        return false;
    // Copied once, then checked: the guest can write its ring at any time (threat T1).
    if (len > sizeof(v->buf)) {
        p->stats.tx_drop_size++;
        (void)weir_channel_recv(p->cfg.channel, NULL, 0);
        return true;
    }
    err = weir_channel_recv(p->cfg.channel, v->buf, sizeof(v->buf));
    if (err < 0)
        netvsp_gone(v, port, err);
    else if (type != WEIR_MSG_TX_FRAME) {
        if (!control(v, port, type, len))
            netvsp_gone(v, port, -EPROTO);
    } else if (len < sizeof(struct weir_msg_tx_frame) + WEIR_MIN_FRAME || v->buf[0] != WEIR_MSG_VERSION)
        p->stats.tx_drop_size++;
    else
        send_message(v, port, len);
    return !p->gone;
}

// True when its turn is over: it has nothing more, or has had its share.
static bool visit(struct weir_netvsp *v, unsigned port, unsigned *work) {
    struct port *p = v->port[port];
    if (p->cfg.policy.rate_mbps != 0)
        fill(p, v->now);
    p->limited = false;
    if (p->turn <= 0)
        p->turn += (int64_t)TURN_BYTES * p->cfg.policy.weight;
    for (unsigned n = 0; n < VISIT_BUDGET && p->turn > 0; n++, (*work)++) {
        uint32_t type;
        size_t len;
        int err = weir_channel_peek(p->cfg.channel, &type, &len);
        if (err < 0)
            netvsp_gone(v, port, err);
        if (err <= 0) {
            p->turn = 0;
            return true;
        }
        if (!take(v, port, type, len))
            return p->gone || p->limited;
    }
    return p->turn <= 0;
}

// The ports of one of the PF's queues, beginning with the one whose turn it is. It stays first while the queue's ring
// is what stops it.
static unsigned transmit(struct weir_netvsp *v, unsigned queue, unsigned queues) {
    unsigned work = 0, first = v->next_port[queue], all = (v->cfg.max_ports + queues - 1 - queue) / queues;
    for (unsigned i = 0; i < all; i++) {
        unsigned at = (first + i) % all, port = at * queues + queue;
        bool over = v->port[port] == NULL || v->port[port]->gone || v->port[port]->sink != NULL ||
                    (v->serving && v->port[port]->cfg.policy.learn) || visit(v, port, &work);
        if (i == 0 && over)
            v->next_port[queue] = (at + 1) % all;
    }
    return work;
}

unsigned netvsp_transmit(struct weir_netvsp *v) {
    unsigned work = 0, queues = weir_pf_num_qps(v->pf);
    for (unsigned q = 0; q < queues; q++)
        work += transmit(v, q, queues);
    return work;
}
