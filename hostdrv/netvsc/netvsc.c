// SPDX-License-Identifier: Apache-2.0
// NetVSC's data path and its entry points. Which path a frame takes is decided by the state's policy (state.c) alone.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netvsc_int.h"

#define BUDGET 256u
#define RING_BUDGET 64u
#define TAG 4u

struct ring_ctx {
    struct weir_netvsc *n;
    unsigned ring;
};

static void set_default(unsigned *v, unsigned value) {
    if (*v == 0)
        *v = value;
}

int weir_netvsc_open(const struct weir_netvsc_config *cfg, struct weir_netvsc **out) {
    struct weir_netvsc *n;
    if (cfg->channel == NULL || cfg->rx == NULL)
        return -EINVAL;
    n = calloc(1, sizeof(*n));
    if (n == NULL)
        return -ENOMEM;
    n->cfg = *cfg;
    set_default(&n->cfg.reorder_frames, 8192);
    set_default(&n->cfg.retry_us, 1000);
    set_default(&n->cfg.tries, 32);
    set_default(&n->cfg.drain_us, 100000);
    set_default(&n->cfg.fence_us, 1000000);
    set_default(&n->cfg.answer_us, 5000000);
    set_default(&n->cfg.check_us, 1000);
    n->state = WEIR_NETVSC_SYNTHETIC;
    n->why = WEIR_WHY_NOT_OFFERED;
    *out = n;
    return 0;
}

static void free_all(struct weir_netvsc *n) {
    reorder_clear(&n->tx);
    reorder_clear(&n->rx_vf);
    reorder_clear(&n->rx_channel);
    free(n);
}

void weir_netvsc_close(struct weir_netvsc *n) {
    struct weir_msg_bye bye = {.version = WEIR_MSG_VERSION};
    if (n == NULL)
        return;
    weir_vf_close(n->vf);
    if (n->cfg.channel != NULL) {
        (void)weir_channel_send(n->cfg.channel, WEIR_MSG_BYE, &bye, sizeof(bye), NULL, 0, 0);
        weir_channel_close(n->cfg.channel);
    }
    free_all(n);
}

void weir_netvsc_parent_gone(struct weir_netvsc *n) {
    if (n->vf != NULL)
        weir_vf_surprise(n->vf); // it was reset with the parent's function, or is another's soon
    netvsc_dead(n);
}

void weir_netvsc_abandon(struct weir_netvsc *n) {
    if (n == NULL)
        return;
    if (n->vf != NULL) {
        weir_vf_surprise(n->vf);
        weir_vf_close(n->vf);
    }
    free_all(n);
}

// ---- receive ----

// The guest's stack looks for a tag where the sender put it, and nowhere else.
static void put_tag(uint8_t *to, const uint8_t *frame, size_t len, uint16_t tci) {
    memcpy(to, frame, 12);
    to[12] = 0x81;
    to[13] = 0x00;
    to[14] = (uint8_t)(tci >> 8);
    to[15] = (uint8_t)tci;
    memcpy(to + 16, frame + 12, len - 12);
}

void netvsc_deliver(struct weir_netvsc *n, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    if (info->vf)
        n->stats.rx_vf++;
    else
        n->stats.rx_synthetic++;
    if (info->vlan && len + TAG <= sizeof(n->tagged)) {
        put_tag(n->tagged, frame, len, info->vlan_tci);
        frame = n->tagged;
        len += TAG;
    }
    n->stats.rx_given++;
    n->cfg.rx(n->cfg.ctx, frame, len, info);
}

static void receive(struct weir_netvsc *n, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    const struct policy *p = netvsc_policy(n);
    if (!(info->vf ? p->reorder_vf : p->reorder_channel)) {
        netvsc_deliver(n, frame, len, info);
        return;
    }
    if (reorder_push(info->vf ? &n->rx_vf : &n->rx_channel, n->cfg.reorder_frames, frame, len, info, NULL))
        n->stats.rx_reordered++;
    else
        n->stats.rx_drop_reorder++;
}

void netvsc_release(struct weir_netvsc *n, struct reorder_queue *h) {
    while (h->first != NULL) {
        // Out of the queue first: the guest may send from its callback, and that may find the channel dead and release
        // all.
        struct reorder_frame *f = reorder_take(h);
        netvsc_deliver(n, f->data, f->len, &f->info);
        free(f);
    }
}

static void on_vf_rx(void *ctx, const void *frame, const struct weir_rx_info *rx) {
    const struct ring_ctx *rc = ctx;
    struct weir_netvsc_rx info = {.vf = true,
                                  .flooded = rx->mcast,
                                  .vlan = rx->vlan_stripped,
                                  .vlan_tci = rx->vlan_tci,
                                  .l3 = rx->l3,
                                  .l4 = rx->l4};
    if (!rx->fence)
        receive(rc->n, frame, rx->len, &info);
    else if (rx->hash == rc->n->token)
        rc->n->fence_rings |= 1u << rc->ring;
}

unsigned netvsc_poll_vf(struct weir_netvsc *n, unsigned budget) {
    unsigned work = 0;
    for (unsigned i = 0; n->vf != NULL && i < weir_vf_num_qps(n->vf); i++) {
        struct ring_ctx rc = {n, i};
        work += weir_qp_poll(weir_vf_qp(n->vf, i), budget, on_vf_rx, NULL, &rc);
    }
    return work;
}

static enum weir_csum csum(unsigned flags, unsigned good, unsigned bad) {
    return (flags & good) != 0 ? WEIR_CSUM_GOOD : (flags & bad) != 0 ? WEIR_CSUM_BAD : WEIR_CSUM_NOT_CHECKED;
}

static void on_channel_frame(struct weir_netvsc *n, size_t len) {
    struct weir_msg_rx_frame m;
    struct weir_netvsc_rx info;
    memcpy(&m, n->buf, sizeof(m));
    if (m.version != WEIR_MSG_VERSION) {
        n->stats.bad_messages++;
        n->stats.rx_drop_message++;
        return;
    }
    info = (struct weir_netvsc_rx){.flooded = (m.flags & WEIR_RX_FRAME_FLOODED) != 0,
                                   .vlan = (m.flags & WEIR_RX_FRAME_VLAN) != 0,
                                   .vlan_tci = m.vlan_tci,
                                   .l3 = csum(m.flags, WEIR_RX_FRAME_L3_GOOD, WEIR_RX_FRAME_L3_BAD),
                                   .l4 = csum(m.flags, WEIR_RX_FRAME_L4_GOOD, WEIR_RX_FRAME_L4_BAD)};
    receive(n, n->buf + sizeof(m), len - sizeof(m), &info);
}

unsigned netvsc_read_channel(struct weir_netvsc *n) {
    unsigned work;
    for (work = 0; work < BUDGET && n->state != WEIR_NETVSC_DEAD && n->cfg.channel != NULL; work++) {
        uint32_t type;
        size_t len;
        int err = weir_channel_peek(n->cfg.channel, &type, &len);
        if (err == 0)
            break;
        if (err < 0) {
            netvsc_dead(n);
            break;
        }
        if (len > sizeof(n->buf) ||
            (type == WEIR_MSG_RX_FRAME && len < sizeof(struct weir_msg_rx_frame) + WEIR_MIN_FRAME)) {
            n->stats.bad_messages++;
            n->stats.rx_drop_message += type == WEIR_MSG_RX_FRAME;
            (void)weir_channel_recv(n->cfg.channel, NULL, 0);
            continue;
        }
        (void)weir_channel_recv(n->cfg.channel, n->buf, sizeof(n->buf));
        if (type == WEIR_MSG_RX_FRAME)
            on_channel_frame(n, len);
        else
            netvsc_message(n, type, n->buf, len);
    }
    return work;
}

// ---- transmit ----

// One flow always takes one queue, so it keeps its order: addresses and EtherType choose.
static struct weir_qp *pick_qp(const struct weir_netvsc *n, const uint8_t *frame) {
    uint32_t hash = 0;
    for (unsigned i = 0; i < 14; i++)
        hash = hash * 31 + frame[i];
    return weir_vf_qp(n->vf, (hash ^ hash >> 15) % weir_vf_num_qps(n->vf));
}

// What the channel is to keep free, so that not more than FLIGHT bytes wait there.
static size_t keep_free(const struct weir_netvsc *n) {
    size_t size = weir_channel_size(n->cfg.channel);
    return size > FLIGHT + CTL_RESERVE ? size - FLIGHT : CTL_RESERVE;
}

static size_t vf_bytes(const struct weir_netvsc *n) {
    size_t sum = 0;
    for (unsigned i = 0; n->vf != NULL && i < weir_vf_num_qps(n->vf); i++)
        sum += weir_qp_tx_bytes(weir_vf_qp(n->vf, i));
    return sum;
}

static int tx_now(struct weir_netvsc *n, const void *frame, size_t len, const struct weir_tx_offload *offload) {
    struct weir_msg_tx_frame m = {
        .version = WEIR_MSG_VERSION, .flags = (uint8_t)offload->flags, .vlan_tci = offload->vlan_tci};
    int err;
    switch (netvsc_policy(n)->tx) {
    case TX_CHANNEL:
        err = weir_channel_send(n->cfg.channel, WEIR_MSG_TX_FRAME, &m, sizeof(m), frame, len, keep_free(n));
        if (err == 0) {
            n->stats.tx_synthetic++;
            n->stats.tx_offload += offload->flags != 0;
        } else if (err == -EPIPE || err == -EPROTO)
            netvsc_dead(n);
        return err == -ENOSPC ? -EAGAIN : err == -EPROTO ? -EPIPE : err;
    case TX_VF:
        if (vf_bytes(n) >= FLIGHT)
            return -EAGAIN;
        err = weir_qp_send_offload(pick_qp(n, frame), frame, len, offload);
        if (err == -ENODEV)
            netvsc_lost(n);
        if (err >= 0) {
            n->stats.tx_vf++;
            n->stats.tx_offload += offload->flags != 0;
        }
        return err >= 0 ? 0 : err == -EMSGSIZE ? err : -EAGAIN;
    default:
        return -EAGAIN;
    }
}

int weir_netvsc_send_offload(struct weir_netvsc *n, const void *frame, size_t len,
                             const struct weir_tx_offload *offload) {
    static const struct weir_tx_offload none;
    int err;
    if (offload == NULL)
        offload = &none;
    if (n->state == WEIR_NETVSC_DEAD)
        return -EPIPE;
    if (len < WEIR_MIN_FRAME || len > WEIR_MAX_FRAME)
        return -EMSGSIZE;
    err = weir_tx_check(frame, len, len, offload);
    if (err != 0)
        return err;
    if (n->tx.first == NULL && netvsc_policy(n)->tx != TX_REORDER)
        err = tx_now(n, frame, len, offload);
    else if (reorder_push(&n->tx, n->cfg.reorder_frames, frame, len, NULL, offload))
        n->stats.tx_reordered++;
    else
        err = -EAGAIN;
    n->stats.tx_taken += err == 0;
    return err;
}

int weir_netvsc_send(struct weir_netvsc *n, const void *frame, size_t len) {
    return weir_netvsc_send_offload(n, frame, len, NULL);
}

static unsigned flush_tx(struct weir_netvsc *n) {
    unsigned work = 0;
    while (n->tx.first != NULL && n->state != WEIR_NETVSC_DEAD) {
        int err = tx_now(n, n->tx.first->data, n->tx.first->len, &n->tx.first->offload);
        if (err == -EAGAIN || err == -EPIPE)
            break;
        if (err != 0)
            n->stats.tx_drop_reorder++;
        free(reorder_take(&n->tx));
        work++;
    }
    for (unsigned i = 0; n->vf != NULL && i < weir_vf_num_qps(n->vf); i++)
        weir_qp_ring_doorbell(weir_vf_qp(n->vf, i));
    return work;
}

unsigned netvsc_vf_pending(const struct weir_netvsc *n) {
    unsigned sum = 0;
    for (unsigned i = 0; n->vf != NULL && i < weir_vf_num_qps(n->vf); i++)
        sum += weir_qp_tx_pending(weir_vf_qp(n->vf, i));
    return sum;
}

void netvsc_vf_counts(const struct weir_netvsc *n, struct weir_msg_vf_released *m) {
    for (unsigned i = 0; n->vf != NULL && i < weir_vf_num_qps(n->vf); i++) {
        const struct weir_qp_stats *s = weir_qp_stats(weir_vf_qp(n->vf, i));
        m->posted += s->tx_posted;
        m->completed += s->tx_completed;
        m->taken += s->rx_frames;
    }
}

// ---- driving and looking ----

unsigned weir_netvsc_poll(struct weir_netvsc *n, uint64_t now_us) {
    unsigned work;
    n->now = now_us;
    if (n->path_since == 0)
        n->path_since = now_us;
    work = netvsc_read_channel(n);
    work += netvsc_poll_vf(n, RING_BUDGET);
    netvsc_step(n);
    return work + flush_tx(n);
}

int weir_netvsc_leave_vf(struct weir_netvsc *n) {
    if (n->state != WEIR_NETVSC_ON_VF)
        return -EBUSY;
    n->why = WEIR_WHY_GUEST_ASKED;
    netvsc_start_leaving(n);
    return 0;
}

struct weir_vf *weir_netvsc_vf(struct weir_netvsc *n) {
    return n->vf;
}

enum weir_netvsc_state weir_netvsc_state(const struct weir_netvsc *n) {
    return n->state;
}

enum weir_why weir_netvsc_why(const struct weir_netvsc *n) {
    return n->why;
}

bool weir_netvsc_carrier(const struct weir_netvsc *n) {
    return !n->no_carrier;
}

const char *weir_netvsc_error(const struct weir_netvsc *n) {
    return n->error;
}

unsigned weir_netvsc_tx_waiting(const struct weir_netvsc *n) {
    return n->tx.count + netvsc_vf_pending(n);
}
