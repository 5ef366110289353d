// SPDX-License-Identifier: Apache-2.0
// The card's ledger, see weir/pf.h. It runs from the card's power-on, over all drivers that it had: what the switch
// counted since then, what its vPorts count, and what those counted that are gone (WEIR_COUNTERS_PAST). So it needs no
// moment at which nothing moves.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pf_int.h"

static uint64_t sum(const uint64_t *v, unsigned first, unsigned last) {
    uint64_t all = 0;
    for (unsigned i = first; i <= last; i++)
        all += v[i];
    return all;
}

// A vPort's share of the sums; of those that are gone, what they had counted.
static void add_vport(struct weir_pf_ledger *l, const uint64_t *v) {
    unsigned r = l->reading;
    l->frames.in[r] += v[WEIR_VPORT_CNT_TX_FRAMES];
    l->frames.out[r] +=
        v[WEIR_VPORT_CNT_TX_DROP_LONG] + sum(v, WEIR_VPORT_CNT_TX_DROP_SRC_MAC, WEIR_VPORT_CNT_TX_DROP_VPORT);
    l->copies.out[r] += v[WEIR_VPORT_CNT_RX_COPIES];
}

static void add_switch(struct weir_pf_ledger *l, const uint64_t *s) {
    unsigned r = l->reading;
    l->frames.in[r] += s[WEIR_SW_CNT_PORT_RX_FRAMES];
    l->frames.out[r] += s[WEIR_SW_CNT_ROUTED] + s[WEIR_SW_CNT_PORT_RX_DROP_NO_DEST];
    l->copies.in[r] = s[WEIR_SW_CNT_COPIES];
    l->copies.out[r] += s[WEIR_SW_CNT_WIRE_COPIES];
    l->wire.in[r] = s[WEIR_SW_CNT_WIRE_COPIES];
    l->wire.out[r] = s[WEIR_SW_CNT_PORT_TX_FRAMES] + s[WEIR_SW_CNT_PORT_TX_DROP_LINK];
}

void weir_pf_ledger_begin(struct weir_pf *pf, struct weir_pf_ledger *l) {
    memset(l, 0, sizeof(*l));
    l->generations = pf->generations;
}

static int step_switch(struct weir_pf *pf, struct weir_pf_ledger *l) {
    uint64_t past[32] = {0};
    int err = pf_read_counters(pf, WEIR_COUNTERS_PAST, past);
    if (err == 0)
        err = pf_read_counters(pf, WEIR_COUNTERS_SWITCH, l->value);
    if (err != 0)
        return err;
    add_vport(l, past);
    add_switch(l, l->value);
    for (unsigned i = 0; i < WEIR_SW_CNT_COUNT; i++)
        l->value[i] -= pf->base[i]; // as it is shown
    return 0;
}

int weir_pf_ledger_step(struct weir_pf *pf, struct weir_pf_ledger *l) {
    int err;
    memset(l->value, 0, sizeof(l->value));
    l->vport = (int)l->next - 1;
    err = l->next == 0 ? step_switch(pf, l) : pf_read_counters(pf, l->next - 1, l->value);
    if (err != 0)
        return err;
    if (l->next != 0) {
        struct weir_balance *b = &l->of_vport[l->next - 1];
        add_vport(l, l->value);
        b->in[l->reading] = l->value[WEIR_VPORT_CNT_RX_COPIES] + l->value[WEIR_VPORT_CNT_RX_REDIRECT_IN];
        b->out[l->reading] = l->value[WEIR_VPORT_CNT_RX_FRAMES] + l->value[WEIR_VPORT_CNT_RX_REDIRECT_OUT] +
                             sum(l->value, WEIR_VPORT_CNT_RX_DROP_NO_DESC, WEIR_VPORT_CNT_RX_DROP_VPORT);
    }
    if (++l->next <= pf->num_vports)
        return 1;
    l->next = 0;
    return ++l->reading < 2 ? 1 : 0;
}

int weir_pf_ledger_end(const struct weir_pf *pf, const struct weir_pf_ledger *l, uint64_t *under_way, char *text,
                       size_t size) {
    int err = pf->generations == l->generations ? 0 : -EAGAIN;
    char what[48];
    *under_way = 0;
    for (unsigned i = 0; i < pf->num_vports && err == 0; i++) {
        snprintf(what, sizeof(what), "copies of vPort %u", i);
        err = weir_balance_check(&l->of_vport[i], what, under_way, text, size);
    }
    if (err == 0)
        err = weir_balance_check(&l->frames, "frames", under_way, text, size);
    if (err == 0)
        err = weir_balance_check(&l->copies, "copies", under_way, text, size);
    if (err == 0)
        err = weir_balance_check(&l->wire, "wire", under_way, text, size);
    return err;
}

int weir_pf_ledger(struct weir_pf *pf, char *text, size_t size) {
    struct weir_pf_ledger l;
    uint64_t under_way;
    int more;
    weir_pf_ledger_begin(pf, &l);
    do
        more = weir_pf_ledger_step(pf, &l);
    while (more == 1);
    return more != 0 ? more : weir_pf_ledger_end(pf, &l, &under_way, text, size);
}
