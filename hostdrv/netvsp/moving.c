// SPDX-License-Identifier: Apache-2.0
// What comes for a guest that is on its way to another host (rules 12.3). One queue a port serves both ends: at the
// source it keeps the frames of a paused guest until they go after it, or, when it stays, into its channel; at the
// destination it keeps this host's frames until the source's last ones are in front of them.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netvsp_int.h"

#define RARP_BYTES 60u

struct held {
    struct held *next;
    uint32_t type;
    size_t len;
    uint8_t data[];
};

static int hand_on(struct weir_netvsp *v, struct port *p, uint32_t type, const void *head, size_t head_len,
                   const void *body, size_t body_len) {
    uint8_t message[sizeof(v->buf)];
    if (p->sink == NULL) {
        size_t reserve = type == WEIR_MSG_RX_FRAME ? v->cfg.ctl_reserve : 0;
        return p->gone ? -EPIPE : weir_channel_send(p->cfg.channel, type, head, head_len, body, body_len, reserve);
    }
    if (head_len + body_len > sizeof(message))
        return -EMSGSIZE;
    memcpy(message, head, head_len);
    if (body_len != 0)
        memcpy(message + head_len, body, body_len);
    return p->sink(p->sink_ctx, type, message, head_len + body_len);
}

static int hold(struct port *p, uint32_t type, const void *head, size_t head_len, const void *body, size_t body_len) {
    struct held *h = p->held < WEIR_NETVSP_HELD ? malloc(sizeof(*h) + head_len + body_len) : NULL;
    if (h == NULL)
        return -ENOSPC;
    h->next = NULL;
    h->type = type;
    h->len = head_len + body_len;
    memcpy(h->data, head, head_len);
    if (body_len != 0)
        memcpy(h->data + head_len, body, body_len);
    if (p->held_first == NULL)
        p->held_first = h;
    else
        p->held_last->next = h;
    p->held_last = h;
    p->held++;
    return 0;
}

int netvsp_pass_on(struct weir_netvsp *v, struct port *p, uint32_t type, const void *head, size_t head_len,
                   const void *body, size_t body_len) {
    int err = p->holding || p->held_first != NULL ? -ENOSPC : hand_on(v, p, type, head, head_len, body, body_len);
    // Without a sink a full channel drops, as it always does; what follows a guest waits for the link.
    if (err == -ENOSPC && (p->holding || p->held_first != NULL || p->sink != NULL))
        err = hold(p, type, head, head_len, body, body_len);
    return err;
}

void netvsp_drop_held(struct port *p) {
    while (p->held_first != NULL) {
        struct held *h = p->held_first;
        p->held_first = h->next;
        if (h->type == WEIR_MSG_RX_FRAME) {
            p->stats.rx_frames--; // it was counted as given
            p->stats.rx_drop_held++;
        }
        free(h);
    }
    p->held = 0;
}

unsigned netvsp_flush_held(struct weir_netvsp *v, unsigned port) {
    struct port *p = v->port[port];
    unsigned work = 0;
    while (!p->holding && p->held_first != NULL) {
        struct held *h = p->held_first;
        int err = hand_on(v, p, h->type, h->data, h->len, NULL, 0);
        if (err == -ENOSPC)
            break;
        if (err != 0) {
            netvsp_drop_held(p);
            if (p->sink == NULL)
                netvsp_gone(v, port, err);
            break;
        }
        p->held_first = h->next;
        p->held--;
        free(h);
        work++;
    }
    return work;
}

void weir_netvsp_hold(struct weir_netvsp *v, unsigned port) {
    v->port[port]->holding = true;
}

void weir_netvsp_release(struct weir_netvsp *v, unsigned port) {
    v->port[port]->holding = false;
    (void)netvsp_flush_held(v, port);
}

void weir_netvsp_divert(struct weir_netvsp *v, unsigned port, weir_netvsp_sink_fn sink, void *ctx) {
    v->port[port]->sink = sink;
    v->port[port]->sink_ctx = ctx;
    weir_netvsp_release(v, port);
}

unsigned weir_netvsp_held(const struct weir_netvsp *v, unsigned port) {
    return v->port[port]->held;
}

int weir_netvsp_inject(struct weir_netvsp *v, unsigned port, const void *payload, size_t len) {
    struct port *p = v->port[port];
    const uint8_t *bytes = payload;
    int err;
    if (len < sizeof(struct weir_msg_rx_frame) + WEIR_MIN_FRAME || len > sizeof(v->buf) || bytes[0] != WEIR_MSG_VERSION)
        return -EINVAL;
    err = p->gone ? -EPIPE
                  : weir_channel_send(p->cfg.channel, WEIR_MSG_RX_FRAME, payload, len, NULL, 0, v->cfg.ctl_reserve);
    p->stats.rx_frames += err == 0;
    p->stats.rx_bytes += err == 0 ? len - sizeof(struct weir_msg_rx_frame) : 0;
    return err;
}

bool weir_netvsp_tx_taken(struct weir_netvsp *v, unsigned port) {
    struct port *p = v->port[port];
    return p->gone || weir_channel_peek(p->cfg.channel, NULL, NULL) != 1;
}

int weir_netvsp_learn(struct weir_netvsp *v, unsigned port, const uint8_t mac[6]) {
    struct port *p = v->port[port];
    return p->macs < p->cfg.policy.max_mac ? netvsp_add_mac(v, port, p, mac) : -ENOSPC;
}

// A reverse ARP request is what bridges are taught with where nobody knows the guest's network addresses: broadcast,
// from the guest's address, about it.
static int announce(struct weir_netvsp *v, unsigned port, const uint8_t mac[6]) {
    static const uint8_t rarp[22] = {0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3};
    const struct weir_policy *policy = &v->port[port]->cfg.policy;
    uint8_t frame[RARP_BYTES] = {0}, *at = frame + 12;
    int err;
    memset(frame, 0xFF, 6);
    memcpy(frame + 6, mac, 6);
    if (policy->vlan_mode == WEIR_VLAN_PORT) {
        const uint8_t tag[4] = {0x81, 0, (uint8_t)(policy->tci >> 8), (uint8_t)policy->tci};
        memcpy(at, tag, sizeof(tag));
        at += sizeof(tag);
    }
    memcpy(at, rarp, sizeof(rarp));
    memcpy(at + 10, mac, 6);
    memcpy(at + 20, mac, 6);
    err = weir_qp_send_offload(netvsp_tx_qp(v, port), frame, sizeof(frame), &(struct weir_tx_offload){0});
    return err < 0 ? err : 0;
}

int weir_netvsp_announce(struct weir_netvsp *v, unsigned port) {
    int err = 0;
    for (unsigned i = 0; i < v->port[port]->macs && err == 0; i++)
        err = announce(v, port, v->port[port]->mac[i]->mac);
    weir_qp_ring_doorbell(netvsp_tx_qp(v, port));
    return err;
}

bool weir_netvsp_heard_elsewhere(const struct weir_netvsp *v, unsigned port) {
    return v->port[port]->elsewhere;
}

void weir_netvsp_expect_fence(struct weir_netvsp *v, unsigned port, uint32_t token) {
    v->port[port]->fence_token = token;
    v->port[port]->fence_rings = (1u << weir_pf_num_qps(v->pf)) - 1;
}
