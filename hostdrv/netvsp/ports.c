// SPDX-License-Identifier: Apache-2.0
// NetVSP's ports: guests that come and go, and the addresses that each has. An address has its filter on the card from
// the first frame on, so that every guest reaches it on whatever path, not the wire alone.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netvsp_int.h"

// A learned address that was silent for so long makes room for a new one. Shorter, and a guest that sends with ever new
// sources would keep the card's mailbox busy.
#define SILENT_US 60000000u

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

static void free_port(struct weir_netvsp *v, struct port *p) {
    netvsp_drop_held(p);
    for (unsigned i = 0; i < p->macs; i++)
        mac_remove(&v->macs, p->mac[i]);
    free(p);
}

void weir_netvsp_close(struct weir_netvsp *v) {
    if (v == NULL)
        return;
    for (unsigned i = 0; i < MAX_PORTS; i++)
        if (v->port[i] != NULL)
            free_port(v, v->port[i]);
    free(v);
}

static uint32_t filter_of(const struct weir_netvsp *v, const struct mac_entry *e) {
    return v->cfg.first_filter + e->port * WEIR_NETVSP_FILTERS + e->slot;
}

uint32_t weir_netvsp_filter(const struct weir_netvsp *v, unsigned port, unsigned mac) {
    return filter_of(v, v->port[port]->mac[mac]);
}

uint32_t weir_netvsp_source_filter(const struct weir_netvsp *v, unsigned port, unsigned mac) {
    return filter_of(v, v->port[port]->mac[mac]) + WEIR_POLICY_MACS;
}

// ANY_VLAN: which VLANs are the guest's says its policy, and all of an address's frames move as one (rules 3.4).
int netvsp_add_mac(struct weir_netvsp *v, unsigned port, struct port *p, const uint8_t *mac) {
    struct mac_entry *e;
    int err;
    if (mac_find(&v->macs, mac) != NULL)
        return -EEXIST;
    e = mac_add(&v->macs, mac, port);
    if (e == NULL)
        return -ENOMEM;
    while ((p->slots >> e->slot & 1) != 0)
        e->slot++; // there is one: fewer addresses than slots
    e->seen = v->now;
    p->slots |= 1u << e->slot;
    p->mac[p->macs++] = e;
    // Whole before the card is asked: frames pass meanwhile (weir_netvsp_serve), but no address is learned.
    err = weir_pf_set_filter(v->pf, filter_of(v, e), 0, mac, WEIR_FILTER_ANY_VLAN, 0);
    if (err != 0) {
        p->macs--;
        p->slots &= ~(1u << e->slot);
        mac_remove(&v->macs, e);
    }
    return err;
}

static int drop_mac(struct weir_netvsp *v, struct port *p, unsigned at) {
    struct mac_entry *e = p->mac[at];
    uint32_t filter = filter_of(v, e);
    p->slots &= ~(1u << e->slot);
    p->mac[at] = p->mac[--p->macs];
    mac_remove(&v->macs, e);
    return weir_pf_clear_filter(v->pf, filter);
}

static bool may_be_a_guests(const uint8_t mac[6]) {
    static const uint8_t zero[6];
    return (mac[0] & 1) == 0 && memcmp(mac, zero, 6) != 0;
}

static int new_port(const struct weir_netvsp *v, const struct weir_netvsp_port_config *cfg, struct port **out) {
    char text[128];
    struct port *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return -ENOMEM;
    p->cfg = *cfg;
    p->filled = v->now;
    if (p->cfg.policy.max_mac == 0)
        weir_policy_default(&p->cfg.policy);
    if (cfg->channel == NULL || !may_be_a_guests(cfg->mac) ||
        weir_policy_check(&p->cfg.policy, text, sizeof(text)) != 0) {
        free(p);
        return -EINVAL;
    }
    *out = p;
    return 0;
}

void weir_netvsp_reserve(struct weir_netvsp *v, uint32_t filter, bool on) {
    unsigned port = (filter - v->cfg.first_filter) / WEIR_NETVSP_FILTERS;
    if (filter >= v->cfg.first_filter && port < MAX_PORTS)
        v->reserved[port] = on;
}

int weir_netvsp_outside(struct weir_netvsp *v, const uint8_t mac[6], bool on) {
    struct mac_entry *e = mac_find(&v->macs, mac);
    if (!on) {
        if (e == NULL || e->port != OUTSIDE)
            return -ENOENT;
        mac_remove(&v->macs, e);
        return 0;
    }
    if (!may_be_a_guests(mac))
        return -EINVAL;
    if (e != NULL)
        return -EEXIST;
    return mac_add(&v->macs, mac, OUTSIDE) != NULL ? 0 : -ENOMEM;
}

// What the card has of the guest says which port it was: ids of filters are made of its number.
int weir_netvsp_port_adopt(struct weir_netvsp *v, const struct weir_netvsp_port_config *cfg, unsigned vport,
                           const struct weir_get_filter_rsp *filter, unsigned filters) {
    unsigned at = filters != 0 ? (filter[0].filter - v->cfg.first_filter) / WEIR_NETVSP_FILTERS : MAX_PORTS;
    struct port *p;
    int err;
    if (at >= v->cfg.max_ports || filter[0].filter < v->cfg.first_filter || v->port[at] != NULL)
        return -EEXIST;
    err = new_port(v, cfg, &p);
    if (err != 0)
        return err;
    if (filters > p->cfg.policy.max_mac)
        err = -EBUSY;
    // Its own address first; the flip is older than any frame that can come.
    for (unsigned own = 0; own < 2; own++)
        for (unsigned i = 0; i < filters && err == 0; i++) {
            unsigned slot = filter[i].filter - v->cfg.first_filter - at * WEIR_NETVSP_FILTERS;
            struct mac_entry *e;
            if ((memcmp(filter[i].mac, cfg->mac, 6) == 0) == (own != 0))
                continue;
            e = slot < WEIR_POLICY_MACS && (p->slots >> slot & 1) == 0 && mac_find(&v->macs, filter[i].mac) == NULL
                    ? mac_add(&v->macs, filter[i].mac, at)
                    : NULL;
            if (e == NULL) {
                err = -EEXIST;
                break;
            }
            e->slot = (uint16_t)slot;
            e->seen = v->now;
            e->flips.flip[0].on_vf = true;
            e->flips.count = 1;
            p->slots |= 1u << slot;
            p->mac[p->macs++] = e;
        }
    if (err == 0 && (p->macs == 0 || memcmp(p->mac[0]->mac, cfg->mac, 6) != 0))
        err = -EINVAL;
    if (err != 0) {
        free_port(v, p);
        return err;
    }
    p->vport = vport;
    p->frozen = true;
    v->reserved[at] = false;
    v->port[at] = p;
    v->ports++;
    return (int)at;
}

int weir_netvsp_port_add(struct weir_netvsp *v, const struct weir_netvsp_port_config *cfg) {
    unsigned at = 0;
    struct port *p;
    int err;

    while (at < v->cfg.max_ports && (v->port[at] != NULL || v->reserved[at]))
        at++;
    if (at == v->cfg.max_ports)
        return -ENOSPC;
    err = new_port(v, cfg, &p);
    if (err != 0)
        return err;
    // A port has an address from its first moment on.
    v->port[at] = p;
    err = netvsp_add_mac(v, at, p, cfg->mac);
    if (err != 0) {
        v->port[at] = NULL;
        free(p);
        return err;
    }
    v->ports++;
    return (int)at;
}

int weir_netvsp_port_remove(struct weir_netvsp *v, unsigned port) {
    struct port *p = port < MAX_PORTS ? v->port[port] : NULL;
    uint32_t filter[WEIR_POLICY_MACS];
    unsigned macs;
    int err = 0;
    if (p == NULL)
        return -ENOENT;
    // Gone for the frames that pass while the card is told.
    macs = p->macs;
    for (unsigned i = 0; i < macs; i++) {
        filter[i] = filter_of(v, p->mac[i]);
        mac_remove(&v->macs, p->mac[i]);
    }
    v->port[port] = NULL;
    v->ports--;
    netvsp_drop_held(p);
    free(p);
    for (unsigned i = macs; i > 0; i--) {
        int e = weir_pf_clear_filter(v->pf, filter[i - 1]);
        err = err != 0 ? err : e;
    }
    return err;
}

void weir_netvsp_port_set(struct weir_netvsp *v, unsigned port, const struct weir_policy *policy) {
    struct port *p = v->port[port];
    if (policy->rate_mbps != p->cfg.policy.rate_mbps)
        p->tokens = 0;
    p->cfg.policy = *policy;
    while (p->macs > policy->max_mac)
        (void)drop_mac(v, p, p->macs - 1); // a card that refuses this is found dead by whoever calls it next
}

unsigned weir_netvsp_macs(const struct weir_netvsp *v, unsigned port) {
    return v->port[port]->macs;
}

const uint8_t *weir_netvsp_mac(const struct weir_netvsp *v, unsigned port, unsigned mac) {
    return v->port[port]->mac[mac]->mac;
}

bool weir_netvsp_on_vf(const struct weir_netvsp *v, unsigned port, unsigned mac) {
    const struct flips *f = &v->port[port]->mac[mac]->flips;
    return f->count != 0 && f->flip[0].on_vf;
}

void weir_netvsp_freeze(struct weir_netvsp *v, unsigned port, bool frozen) {
    v->port[port]->frozen = frozen;
}

// Makes room by forgetting the learned address that was silent longest.
static bool make_room(struct weir_netvsp *v, struct port *p) {
    unsigned oldest = 1;
    for (unsigned i = 2; i < p->macs; i++)
        if (p->mac[i]->seen < p->mac[oldest]->seen)
            oldest = i;
    return p->macs > 1 && v->now - p->mac[oldest]->seen >= SILENT_US && drop_mac(v, p, oldest) == 0;
}

bool netvsp_own_source(struct weir_netvsp *v, unsigned port, const uint8_t *src) {
    struct port *p = v->port[port];
    struct mac_entry *e = mac_find(&v->macs, src);
    if (e != NULL) {
        if (e->port == port)
            e->seen = v->now;
        return e->port == port;
    }
    // What the wire has is a guest's only when the administrator trusts the guest: it may have come from there.
    if (!p->cfg.policy.learn || p->frozen || !may_be_a_guests(src) ||
        (!p->cfg.policy.trust && weir_netvsp_on_wire(v, src)))
        return false;
    return (p->macs < p->cfg.policy.max_mac || make_room(v, p)) && netvsp_add_mac(v, port, p, src) == 0;
}

void netvsp_gone(struct weir_netvsp *v, unsigned port, int err) {
    if (v->port[port]->gone)
        return;
    v->port[port]->gone = true;
    v->cfg.events.gone(v->cfg.events.ctx, port, err);
}

// All of a port's frames take one queue of the PF, so they keep their order.
struct weir_qp *netvsp_tx_qp(const struct weir_netvsp *v, unsigned port) {
    return weir_pf_qp(v->pf, port % weir_pf_num_qps(v->pf));
}

static void ring_doorbells(struct weir_netvsp *v) {
    for (unsigned i = 0; i < weir_pf_num_qps(v->pf); i++)
        weir_qp_ring_doorbell(weir_pf_qp(v->pf, i));
}

unsigned weir_netvsp_poll(struct weir_netvsp *v, uint64_t now_us) {
    unsigned work;
    v->now = now_us;
    v->polling = true;
    work = netvsp_receive(v) + netvsp_transmit(v);
    for (unsigned i = 0; i < v->cfg.max_ports; i++)
        if (v->port[i] != NULL && v->port[i]->held_first != NULL)
            work += netvsp_flush_held(v, i);
    v->polling = false;
    ring_doorbells(v);
    return work;
}

void weir_netvsp_serve(struct weir_netvsp *v, bool receive) {
    if (v->polling)
        return;
    v->serving = true;
    if (receive)
        (void)netvsp_receive(v);
    (void)netvsp_transmit(v);
    v->serving = false;
    ring_doorbells(v);
}

int weir_netvsp_send(struct weir_netvsp *v, unsigned port, uint32_t type, const void *payload, size_t len) {
    struct port *p = v->port[port];
    int err = p->sink != NULL ? 0
              : p->gone       ? -EPIPE
                              : weir_channel_send(p->cfg.channel, type, payload, len, NULL, 0, 0);
    if (err != 0)
        netvsp_gone(v, port, err);
    return err;
}

bool weir_netvsp_ready(struct weir_netvsp *v, unsigned port) {
    return !v->port[port]->gone && weir_channel_room(v->port[port]->cfg.channel) >= v->cfg.ctl_reserve / 2;
}

bool weir_netvsp_tx_drained(const struct weir_netvsp *v, unsigned port) {
    return weir_qp_stats(netvsp_tx_qp(v, port))->tx_completed >= v->port[port]->tx_mark;
}

bool weir_netvsp_limited(const struct weir_netvsp *v) {
    for (unsigned i = 0; i < v->cfg.max_ports; i++)
        if (v->port[i] != NULL && v->port[i]->limited)
            return true;
    return false;
}

const struct weir_netvsp_port_stats *weir_netvsp_port_stats(const struct weir_netvsp *v, unsigned port) {
    return &v->port[port]->stats;
}

const struct weir_netvsp_stats *weir_netvsp_stats(const struct weir_netvsp *v) {
    return &v->stats;
}
