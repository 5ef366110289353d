// SPDX-License-Identifier: Apache-2.0
// The guest's half of the ledger: what its adapter took, sent, holds and dropped, with each reason.
#include <string.h>

#include "netvsc_int.h"

static uint64_t *counter(struct weir_netvsc_stats *s, enum weir_guest_counter which) {
    switch (which) {
#define ROW(name, kind, text)                                                                                          \
    case WEIR_GUEST_##name:                                                                                            \
        return &s->name;
        WEIR_GUEST_COUNTERS(ROW)
#undef ROW
    default:
        return NULL;
    }
}

void weir_netvsc_dropped(struct weir_netvsc *n, enum weir_guest_counter why) {
    uint64_t *c = counter(&n->stats, why);
    if (c == NULL)
        return;
    if (why >= WEIR_GUEST_rx_synthetic)
        n->stats.rx_given--; // counted before the caller was asked
    else
        n->stats.tx_taken++;
    (*c)++;
}

void weir_netvsc_waiting(struct weir_netvsc *n, unsigned frames) {
    n->with_caller = frames;
}

const struct weir_netvsc_stats *weir_netvsc_stats(struct weir_netvsc *n) {
    n->stats.tx_waiting = n->tx.count + n->with_caller;
    n->stats.tx_unseen = netvsc_vf_pending(n);
    n->stats.rx_waiting = n->rx_vf.count + n->rx_channel.count;
    return &n->stats;
}

// A new parent counts from zero what it sends and takes; what the VF did it learns from the card, since the VF began.
// From here on it is told the same of us. What the stack gave and was given follows, so that each sum still holds.
void netvsc_base_counters(struct weir_netvsc *n) {
    struct weir_msg_vf_released vf = {0};
    netvsc_vf_counts(n, &vf);
    n->base = n->stats;
    n->base.tx_vf -= vf.posted;
    n->base.tx_taken -= vf.posted + n->tx.count;
    n->base.rx_vf -= vf.taken;
    n->base.rx_given -= vf.taken;
    n->base.tx_waiting = n->base.tx_unseen = n->base.rx_waiting = 0;
}

void netvsc_tell_counters(struct weir_netvsc *n, uint32_t serial) {
    struct weir_msg_counters m = {.version = WEIR_MSG_VERSION, .serial = serial};
    (void)weir_netvsc_stats(n);
    for (unsigned i = 0; i < WEIR_GUEST_COUNT; i++)
        m.value[i] = *counter(&n->stats, (enum weir_guest_counter)i) - *counter(&n->base, (enum weir_guest_counter)i);
    // Taken with the caller's frames that wait: they were taken from the guest's stack.
    m.value[WEIR_GUEST_tx_taken] += n->with_caller;
    netvsc_control(n, WEIR_MSG_COUNTERS, &m, sizeof(m));
}
