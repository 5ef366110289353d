// SPDX-License-Identifier: Apache-2.0
// Which path a guest is on, since when and why, and what went over both; for people (weirctl path show).
#include <errno.h>

#include "vstack_int.h"

// The guest's own figures of its last hand-over. They may come before or after the parent's record of it is closed: to
// a VF the parent is done when its fence is sent, the guest when it has read it.
void vstack_told_moved(struct weir_vstack *vs, struct guest *g, const struct weir_msg_moved *m) {
    bool to_vf = m->to_vf != 0;
    struct weir_vstack_record *r = NULL;
    if (m->token != g->token)
        return;
    if (g->recording && g->rec.to_vf == to_vf)
        r = &g->rec;
    else if (g->last_record != 0 && vs->num_records - (g->last_record - 1) <= RECORDS)
        r = &vs->record[(g->last_record - 1) % RECORDS];
    if (r == NULL || r->to_vf != to_vf || r->held_told)
        return;
    r->held_told = true;
    r->tx_held = m->tx_held;
    r->rx_held = m->rx_held;
    r->held_dropped = m->dropped;
}

void vstack_path_since(const struct weir_vstack *vs, struct guest *g, uint32_t cycle) {
    int32_t ago = (int32_t)(cycle - vs->clock.last);
    g->path_since = (vs->clock.cycles + (uint64_t)(ago > 0 ? ago : 0)) / (WEIR_CLOCK_HZ / 1000000u);
}

enum kind { IN, OUT, INFO, DROP };

static void count_vf(struct weir_vstack_path_frames *f, const uint64_t *value) {
    static const enum kind kinds[32] = {
#define SW_COUNTER(index, name, kind, text)
#define VPORT_COUNTER(index, name, kind, text) [index] = (kind),
#include "counter.def"
#undef SW_COUNTER
#undef VPORT_COUNTER
    };
    f->tx += value[WEIR_VPORT_CNT_TX_FRAMES];
    f->rx += value[WEIR_VPORT_CNT_RX_FRAMES];
    for (unsigned i = 0; i < 32; i++)
        f->dropped += kinds[i] == DROP ? value[i] : 0;
}

int weir_vstack_path(struct weir_vstack *vs, unsigned guest, struct weir_vstack_path *path) {
    struct guest *g = vstack_guest(vs, guest);
    const struct weir_netvsp_port_stats *s;
    uint64_t now[32] = {0};
    int err = 0;
    if (g == NULL)
        return -ENOENT;
    if (g->vport != NONE)
        err = weir_pf_counters(vs->pf, (unsigned)g->vport, now);
    *path = (struct weir_vstack_path){
        .vf = g->on_vport, .why = g->why, .since_us = g->path_since, .now_us = vstack_card_time(vs)};
    count_vf(&path->on_vf, g->past);
    count_vf(&path->on_vf, now);
    s = weir_netvsp_port_stats(vs->nv, g->port);
    path->synthetic.tx = s->tx_frames;
    path->synthetic.rx = s->rx_frames;
#define ROW(name, kind, text) path->synthetic.dropped += (kind) == DROP ? s->name : 0;
    WEIR_NETVSP_COUNTERS(ROW)
#undef ROW
    return err;
}

int weir_vstack_given_path(struct weir_vstack *vs, unsigned vf, struct weir_vstack_path_frames *frames) {
    struct weir_vstack_given given;
    uint64_t now[32] = {0};
    int err;
    if (!weir_vstack_given(vs, vf, &given))
        return -ENOENT;
    err = weir_pf_counters(vs->pf, given.vport, now);
    *frames = (struct weir_vstack_path_frames){0};
    count_vf(frames, now);
    return err;
}
