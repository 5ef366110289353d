// SPDX-License-Identifier: Apache-2.0
// What each hand-over did: when, and what it cost.
#include <string.h>

#include "vstack_int.h"

uint32_t vstack_cycle(struct weir_vstack *vs) {
    uint32_t cycle = 0;
    (void)weir_dev_clock(weir_pf_dev(vs->pf), &cycle);
    return cycle;
}

void vstack_record_begin(struct guest *g, bool to_vf, enum weir_why why, uint32_t request) {
    memset(&g->rec, 0, sizeof(g->rec));
    memcpy(g->rec.name, g->cfg.name, sizeof(g->rec.name));
    g->rec.guest = g->number;
    g->rec.to_vf = to_vf;
    g->rec.why = why;
    g->rec.vf = g->vf != NONE ? (unsigned)g->vf : 0;
    g->rec.vport = g->vport != NONE ? (unsigned)g->vport : 0;
    g->rec.cycle_request = request;
    g->recording = true;
}

// Keeps the record; a try that was refused goes on under a copy with the same request.
void vstack_record_end(struct weir_vstack *vs, struct guest *g, int status) {
    if (!g->recording)
        return;
    g->rec.status = status;
    g->rec.serial = vs->num_records;
    vs->record[vs->num_records++ % RECORDS] = g->rec;
    g->last_record = vs->num_records;
    g->recording = false;
}

uint64_t weir_vstack_num_records(const struct weir_vstack *vs) {
    return vs->num_records;
}

const struct weir_vstack_record *weir_vstack_record(const struct weir_vstack *vs, uint64_t serial) {
    bool kept = serial < vs->num_records && vs->num_records - serial <= RECORDS;
    return kept ? &vs->record[serial % RECORDS] : NULL;
}

static uint64_t missing(uint64_t of, uint64_t there) {
    return of > there ? of - there : 0;
}

// The card's half and the guest's. The counters of a deleted vPort stay readable until its id is used again.
void vstack_ledger(struct weir_vstack *vs, struct guest *g) {
    struct weir_vstack_record *r = &g->rec;
    uint64_t value[32] = {0};
    if (weir_pf_counters(vs->pf, (unsigned)g->vport, value) != 0)
        return;
    r->guest_told = g->told;
    r->tx_entered = value[WEIR_VPORT_CNT_TX_FRAMES];
    r->rx_delivered = value[WEIR_VPORT_CNT_RX_FRAMES];
    r->rx_redirected = value[WEIR_VPORT_CNT_RX_REDIRECT_OUT];
    for (unsigned i = WEIR_VPORT_CNT_RX_DROP_NO_DESC; i <= WEIR_VPORT_CNT_RX_DROP_VPORT; i++)
        r->rx_dropped += value[i];
    if (!g->told)
        return;
    r->tx_posted = g->report.posted;
    r->rx_taken = g->report.taken;
    r->tx_lost = missing(r->tx_posted, r->tx_entered);
    r->rx_lost = missing(r->rx_delivered, r->rx_taken);
}
