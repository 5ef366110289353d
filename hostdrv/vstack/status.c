// SPDX-License-Identifier: Apache-2.0
// What a guest is told of itself: why it is on its path, whether it has a carrier, that it sends what its policy
// forbids, and that frames for it were dropped. The last two the card counts on a VF's vPort and NetVSP on the
// synthetic path; a guest whose frames vanish without a word would look for the fault elsewhere.
#include <string.h>

#include "vstack_int.h"

#define LOOK_US 1000000u // between looks at NetVSP's ports, which cost nothing
#define LINK_US 2000000u // between two changes of the carrier that guests are told: rules 10.23
#define VF_LOOKS 10u     // of them for one at a VF: a mailbox command wakes the card's cores

static uint64_t refused(const struct weir_vstack *vs, const struct guest *g) {
    const struct weir_netvsp_port_stats *s = weir_netvsp_port_stats(vs->nv, g->port);
    return g->refused_before + g->refused_on_vf + s->tx_drop_spoof + s->tx_drop_ctrl + s->tx_drop_vlan;
}

void vstack_send_status(struct weir_vstack *vs, struct guest *g) {
    struct weir_msg_status m = {.version = WEIR_MSG_VERSION, .why = (uint8_t)g->why};
    bool up = g->cfg.policy.link == WEIR_LINK_UP || (g->cfg.policy.link == WEIR_LINK_FOLLOW && vs->link_told);
    m.no_carrier = up ? 0 : 1;
    g->refused_told = refused(vs, g);
    m.refused = (uint32_t)g->refused_told;
    // A guest that cannot be told is gone; NetVSP says so to us as it does for any other reason.
    (void)weir_netvsp_send(vs->nv, g->port, WEIR_MSG_STATUS, &m, sizeof(m));
}

// A wire that flaps: the first change at once, then the latest each time that they may be told.
void vstack_tell_link(struct weir_vstack *vs) {
    if (vs->link == vs->link_told || vs->now < vs->next_link)
        return;
    vs->link_told = vs->link;
    vs->next_link = vs->now + LINK_US;
    for (unsigned i = 0; i < vs->cfg.max_guests; i++)
        if (vs->guest[i] != NULL && !vs->guest[i]->gone && vs->guest[i]->cfg.policy.link == WEIR_LINK_FOLLOW)
            vstack_send_status(vs, vs->guest[i]);
}

static uint64_t sum(const uint64_t *value, unsigned first, unsigned last) {
    uint64_t all = 0;
    for (unsigned i = first; i <= last; i++)
        all += value[i];
    return all;
}

static uint64_t dropped(const struct weir_vstack *vs, const struct guest *g) {
    const struct weir_netvsp_port_stats *s = weir_netvsp_port_stats(vs->nv, g->port);
    return g->dropped_before + g->dropped_on_vf + s->rx_drop_room + s->rx_drop_held + s->rx_drop_vlan +
           s->rx_drop_ctrl + s->rx_drop_path;
}

static void send_dropped(struct weir_vstack *vs, struct guest *g) {
    struct weir_msg_dropped m = {.version = WEIR_MSG_VERSION};
    g->dropped_told = dropped(vs, g);
    m.dropped = (uint32_t)g->dropped_told;
    (void)weir_netvsp_send(vs->nv, g->port, WEIR_MSG_DROPPED, &m, sizeof(m));
}

static void look_at_vf(struct weir_vstack *vs, struct guest *g) {
    uint64_t value[32] = {0};
    if (weir_pf_counters(vs->pf, (unsigned)g->vport, value) != 0)
        return;
    g->dropped_on_vf = sum(value, WEIR_VPORT_CNT_RX_DROP_NO_DESC, WEIR_VPORT_CNT_RX_DROP_VPORT);
    g->refused_on_vf =
        value[WEIR_VPORT_CNT_TX_DROP_SRC_MAC] + value[WEIR_VPORT_CNT_TX_DROP_CTRL] + value[WEIR_VPORT_CNT_TX_DROP_VLAN];
}

void vstack_look_last(struct weir_vstack *vs, struct guest *g) {
    look_at_vf(vs, g);
    g->refused_before += g->refused_on_vf;
    g->dropped_before += g->dropped_on_vf;
    g->refused_on_vf = g->dropped_on_vf = 0;
}

void vstack_look(struct weir_vstack *vs) {
    bool looked;
    if (vs->now < vs->next_look)
        return;
    vs->next_look = vs->now + LOOK_US;
    (void)vstack_card_time(vs); // its cycle counter turns round every 17 s
    looked = ++vs->looks % VF_LOOKS != 0;
    for (unsigned i = 0; i < vs->cfg.max_guests && !looked; i++) {
        struct guest *g = vs->guest[(vs->look + 1 + i) % vs->cfg.max_guests];
        if (g == NULL || !g->on_vport)
            continue;
        look_at_vf(vs, g);
        vs->look = (vs->look + 1 + i) % vs->cfg.max_guests;
        looked = true;
    }
    for (unsigned i = 0; i < vs->cfg.max_guests; i++) {
        struct guest *g = vs->guest[i];
        // Never in the way of what steers: there is room for that, or the guest does not read at all.
        if (g == NULL || g->gone || !weir_netvsp_ready(vs->nv, g->port))
            continue;
        if (refused(vs, g) != g->refused_told)
            vstack_send_status(vs, g);
        if (dropped(vs, g) != g->dropped_told)
            send_dropped(vs, g);
    }
}
