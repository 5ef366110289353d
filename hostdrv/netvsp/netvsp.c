// SPDX-License-Identifier: Apache-2.0
// NetVSP's ports and the way from the guests to the card. What a guest may not send is dropped here with a reason,
// because the default vPort's transmit is not checked by the card.
#include "weir/netvsp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netvsp_int.h"

#define CHANNEL_BUDGET 64u
#define ETHERTYPE_CONTROL 0x8808u

int weir_netvsp_open(struct weir_pf *pf, const struct weir_netvsp_config *cfg, struct weir_netvsp **out) {
    struct weir_netvsp *v;
    if (cfg->max_ports == 0 || cfg->max_ports > MAX_PORTS || cfg->events.message == NULL || cfg->events.gone == NULL)
        return -EINVAL;
    v = calloc(1, sizeof(*v));
    if (v == NULL)
        return -ENOMEM;
    v->pf = pf;
    v->cfg = *cfg;
    if (v->cfg.ctl_reserve == 0)
        v->cfg.ctl_reserve = 4096;
    v->epoch = (uint64_t)1 << 32; // far from 0, so that unrolling backwards never wraps
    *out = v;
    return 0;
}

void weir_netvsp_close(struct weir_netvsp *v) {
    if (v == NULL)
        return;
    for (unsigned i = 0; i < MAX_PORTS; i++) {
        mac_remove_port(&v->macs, i);
        free(v->port[i]);
    }
    free(v);
}

int weir_netvsp_port_add(struct weir_netvsp *v, const struct weir_netvsp_port_config *cfg) {
    unsigned at = 0;
    struct port *p;
    int err;

    if (cfg->channel == NULL || (cfg->mac[0] & 1) != 0 || cfg->learn > MAX_LEARN)
        return -EINVAL;
    while (at < v->cfg.max_ports && v->port[at] != NULL)
        at++;
    if (at == v->cfg.max_ports)
        return -ENOSPC;
    if (mac_find(&v->macs, cfg->mac) != NULL)
        return -EEXIST;
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return -ENOMEM;
    p->cfg = *cfg;
    p->filter = v->cfg.first_filter + at;
    err = mac_add(&v->macs, cfg->mac, at, true) ? 0 : -ENOMEM;
    if (err != 0)
        goto err_port;
    err = weir_pf_set_filter(v->pf, p->filter, 0, cfg->mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0);
    if (err != 0)
        goto err_mac;
    v->port[at] = p;
    return (int)at;

err_mac:
    mac_remove_port(&v->macs, at);
err_port:
    free(p);
    return err;
}

int weir_netvsp_port_remove(struct weir_netvsp *v, unsigned port) {
    struct port *p = port < MAX_PORTS ? v->port[port] : NULL;
    int err;
    if (p == NULL)
        return -ENOENT;
    err = weir_pf_clear_filter(v->pf, p->filter);
    mac_remove_port(&v->macs, port);
    v->port[port] = NULL;
    free(p);
    return err;
}

uint32_t weir_netvsp_filter(const struct weir_netvsp *v, unsigned port) {
    return v->port[port]->filter;
}

void netvsp_gone(struct weir_netvsp *v, unsigned port, int err) {
    if (v->port[port]->gone)
        return;
    v->port[port]->gone = true;
    v->cfg.events.gone(v->cfg.events.ctx, port, err);
}

// All of a port's frames take one queue of the PF, so they keep their order.
static struct weir_qp *tx_qp(const struct weir_netvsp *v, unsigned port) {
    return weir_pf_qp(v->pf, port % weir_pf_num_qps(v->pf));
}

// Whether the guest may send with this source: its own address, or one it may learn.
static bool source_ok(struct weir_netvsp *v, unsigned port, const uint8_t *src) {
    struct port *p = v->port[port];
    const struct mac_entry *e = mac_find(&v->macs, src);
    if (e != NULL)
        return e->port == port;
    if ((src[0] & 1) != 0 || p->cfg.learn == 0)
        return false;
    if (p->learned == p->cfg.learn)
        mac_forget_oldest(&v->macs, port);
    else
        p->learned++;
    return mac_add(&v->macs, src, port, false);
}

static void send_frame(struct weir_netvsp *v, unsigned port, const uint8_t *frame, size_t len,
                       const struct weir_tx_offload *offload) {
    struct port *p = v->port[port];
    struct weir_qp *qp = tx_qp(v, port);
    int err;

    if ((frame[12] << 8 | frame[13]) == ETHERTYPE_CONTROL) {
        p->stats.tx_drop_ctrl++;
        return;
    }
    if (!source_ok(v, port, frame + 6)) {
        p->stats.tx_drop_spoof++;
        return;
    }
    err = weir_qp_send_offload(qp, frame, len, offload); // there is room: the caller looked
    if (err >= 0) {
        p->tx_mark = weir_qp_stats(qp)->tx_posted;
        p->stats.tx_frames++;
        p->stats.tx_bytes += len;
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
    static const uint8_t sizes[] = {
        [WEIR_MSG_SWITCH_DATA_PATH] = sizeof(struct weir_msg_switch_data_path),
        [WEIR_MSG_VF_RELEASED] = sizeof(struct weir_msg_vf_released),
        [WEIR_MSG_BYE] = sizeof(struct weir_msg_bye),
    };
    if (type >= sizeof(sizes) || sizes[type] == 0 || len != sizes[type] || v->buf[0] != WEIR_MSG_VERSION)
        return false;
    if (type == WEIR_MSG_BYE)
        netvsp_gone(v, port, 0);
    else
        v->cfg.events.message(v->cfg.events.ctx, port, type, v->buf);
    return true;
}

static unsigned read_channel(struct weir_netvsp *v, unsigned port) {
    struct port *p = v->port[port];
    unsigned work;
    for (work = 0; work < CHANNEL_BUDGET && !p->gone; work++) {
        uint32_t type;
        size_t len;
        int err = weir_channel_peek(p->cfg.channel, &type, &len);
        if (err == 0)
            break;
        if (err < 0) {
            netvsp_gone(v, port, err);
            break;
        }
        // Back-pressure: what the card has no room for stays where it is, and with it all behind it.
        if (type == WEIR_MSG_TX_FRAME && weir_qp_tx_room(tx_qp(v, port)) == 0) {
            p->stats.tx_stalls += p->stalled ? 0 : 1;
            p->stalled = true;
            break;
        }
        p->stalled = false;
        // Copied once, then checked: the guest can write its ring at any time (threat T1).
        if (len > sizeof(v->buf)) {
            p->stats.tx_drop_size++;
            (void)weir_channel_recv(p->cfg.channel, NULL, 0);
            continue;
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
    }
    return work;
}

unsigned weir_netvsp_poll(struct weir_netvsp *v) {
    unsigned work = netvsp_receive(v);
    for (unsigned i = 0; i < v->cfg.max_ports; i++) {
        unsigned port = (v->next_port + i) % v->cfg.max_ports;
        if (v->port[port] != NULL && !v->port[port]->gone)
            work += read_channel(v, port);
    }
    if (++v->next_port >= v->cfg.max_ports)
        v->next_port = 0;
    for (unsigned i = 0; i < weir_pf_num_qps(v->pf); i++)
        weir_qp_kick(weir_pf_qp(v->pf, i));
    return work;
}

int weir_netvsp_send(struct weir_netvsp *v, unsigned port, uint32_t type, const void *payload, size_t len) {
    struct port *p = v->port[port];
    int err = p->gone ? -EPIPE : weir_channel_send(p->cfg.channel, type, payload, len, NULL, 0, 0);
    if (err != 0)
        netvsp_gone(v, port, err);
    return err;
}

bool weir_netvsp_ready(struct weir_netvsp *v, unsigned port) {
    return !v->port[port]->gone && weir_channel_room(v->port[port]->cfg.channel) >= v->cfg.ctl_reserve / 2;
}

bool weir_netvsp_tx_drained(const struct weir_netvsp *v, unsigned port) {
    return weir_qp_stats(tx_qp(v, port))->tx_completed >= v->port[port]->tx_mark;
}

const struct weir_netvsp_port_stats *weir_netvsp_port_stats(const struct weir_netvsp *v, unsigned port) {
    return &v->port[port]->stats;
}

const struct weir_netvsp_stats *weir_netvsp_stats(const struct weir_netvsp *v) {
    return &v->stats;
}
