// SPDX-License-Identifier: Apache-2.0
// What a guest sees of its own hand-overs: the last of them with what waited for each, since when it is on its path,
// and why. The parent is told the same, so that both ends show one story (weir_msg_moved).
#include "netvsc_int.h"

static uint64_t dropped(const struct weir_netvsc *n) {
    return n->stats.rx_drop_reorder + n->stats.tx_drop_reorder;
}

// A hand-over is over, its held frames released.
void netvsc_moved(struct weir_netvsc *n, bool to_vf) {
    struct weir_netvsc_move *r = &n->move[n->num_moves % WEIR_NETVSC_MOVES];
    struct weir_msg_moved m = {.version = WEIR_MSG_VERSION, .to_vf = to_vf ? 1 : 0, .token = n->token};

    *r = (struct weir_netvsc_move){.serial = n->num_moves++,
                                   .to_vf = to_vf,
                                   .why = to_vf ? WEIR_WHY_ATTACHED : n->why,
                                   .at_us = n->now,
                                   .took_us = n->now - n->begun,
                                   .tx_held = n->stats.tx_reordered - n->told_tx,
                                   .rx_held = n->stats.rx_reordered - n->told_rx,
                                   .dropped = dropped(n) - n->told_dropped};
    n->told_tx = n->stats.tx_reordered;
    n->told_rx = n->stats.rx_reordered;
    n->told_dropped = dropped(n);
    n->path_since = n->now;
    m.tx_held = (uint32_t)r->tx_held;
    m.rx_held = (uint32_t)r->rx_held;
    m.dropped = (uint32_t)r->dropped;
    netvsc_control(n, WEIR_MSG_MOVED, &m, sizeof(m));
}

uint64_t weir_netvsc_num_moves(const struct weir_netvsc *n) {
    return n->num_moves;
}

const struct weir_netvsc_move *weir_netvsc_move(const struct weir_netvsc *n, uint64_t serial) {
    bool kept = serial < n->num_moves && n->num_moves - serial <= WEIR_NETVSC_MOVES;
    return kept ? &n->move[serial % WEIR_NETVSC_MOVES] : NULL;
}

struct weir_netvsc_path weir_netvsc_path(const struct weir_netvsc *n) {
    return (struct weir_netvsc_path){.vf = n->state == WEIR_NETVSC_ON_VF || n->state == WEIR_NETVSC_ALONE,
                                     .why = n->why,
                                     .since_us = n->path_since,
                                     .now_us = n->now};
}
