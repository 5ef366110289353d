// SPDX-License-Identifier: Apache-2.0
// A guest's account: the parent's half is counted here and in NetVSP, the guest tells its own when it is asked.
// Question and answer go with the frames, so what both ends counted on the channel agrees whatever runs meanwhile: the
// parent keeps what it had sent when it asked, and what had come when the answer came.
#include <errno.h>
#include <string.h>

#include "vstack_int.h"

#define PATIENCE_US 300000u // of our turns

int weir_vstack_ask(struct weir_vstack *vs, unsigned guest) {
    struct guest *g = vstack_guest(vs, guest);
    struct weir_msg_ask_counters m = {.version = WEIR_MSG_VERSION};
    if (g == NULL || g->gone)
        return -ENOENT;
    if (g->asking)
        return -EBUSY;
    g->asking = true;
    g->answered = false;
    g->asked = vs->turns;
    g->at_question = *weir_netvsp_port_stats(vs->nv, g->port);
    m.serial = ++g->question;
    // One that does not read its channel is not asked, and so does not answer.
    return weir_netvsp_ready(vs->nv, g->port) ? weir_netvsp_send(vs->nv, g->port, WEIR_MSG_ASK_COUNTERS, &m, sizeof(m))
                                              : -EAGAIN;
}

void vstack_counters_told(struct weir_vstack *vs, struct guest *g, const struct weir_msg_counters *m) {
    if (!g->asking || m->serial != g->question)
        return;
    memcpy(g->counter, m->value, sizeof(g->counter));
    g->at_answer = *weir_netvsp_port_stats(vs->nv, g->port);
    g->answered = true;
}

// Receive was counted up to the question, transmit up to the answer: each side as the guest had it.
static void join(struct weir_netvsp_port_stats *to, const struct weir_netvsp_port_stats *rx,
                 const struct weir_netvsp_port_stats *tx) {
#define ROW(name, kind, text) to->name = strncmp(#name, "tx_", 3) == 0 ? tx->name : rx->name;
    WEIR_NETVSP_COUNTERS(ROW)
#undef ROW
}

int weir_vstack_account(struct weir_vstack *vs, unsigned guest, struct weir_vstack_account *a) {
    struct guest *g = vstack_guest(vs, guest);
    uint64_t now[32] = {0};
    int err = 0;
    if (g == NULL)
        return -ENOENT;
    if (g->asking && !g->answered && !g->gone && vs->turns - g->asked < PATIENCE_US)
        return -EAGAIN;
    if (g->vport != NONE)
        err = weir_pf_counters(vs->pf, (unsigned)g->vport, now);
    *a = (struct weir_vstack_account){.told = g->answered, .lost_tx = g->lost_tx, .lost_rx = g->lost_rx};
    memcpy(a->guest, g->counter, sizeof(a->guest));
    for (unsigned i = 0; i < 32; i++)
        a->vf[i] = g->past[i] + now[i];
    if (g->answered)
        join(&a->port, &g->at_question, &g->at_answer);
    else
        a->port = *weir_netvsp_port_stats(vs->nv, g->port);
    g->asking = false;
    return err;
}

// Of a guest that goes: its half is what it told last.
void vstack_account_left(struct weir_vstack *vs, const struct guest *g) {
    struct weir_vstack_account *to = &vs->departed;
    const struct weir_netvsp_port_stats *port = weir_netvsp_port_stats(vs->nv, g->port);
#define ROW(name, kind, text) to->port.name += port->name;
    WEIR_NETVSP_COUNTERS(ROW)
#undef ROW
    for (unsigned i = 0; i < 32; i++) {
        to->guest[i] += g->counter[i];
        to->vf[i] += g->past[i];
    }
    to->lost_tx += g->lost_tx;
    to->lost_rx += g->lost_rx;
    vs->num_departed++;
}

const struct weir_vstack_account *weir_vstack_departed(const struct weir_vstack *vs, unsigned *guests) {
    *guests = vs->num_departed;
    return &vs->departed;
}

void vstack_account_vf(struct weir_vstack *vs, struct guest *g) {
    uint64_t value[32] = {0};
    if (weir_pf_counters(vs->pf, (unsigned)g->vport, value) != 0)
        return;
    for (unsigned i = 0; i < 32; i++)
        g->past[i] += value[i];
    if (!g->recording)
        return;
    g->lost_tx += g->rec.tx_lost;
    g->lost_rx += g->rec.rx_lost;
}
