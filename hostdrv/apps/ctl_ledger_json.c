// SPDX-License-Identifier: Apache-2.0
// What the ledger says, as JSON: see ctl_ledger.h. Which counter is a reason to drop stands in the tables alone
// (counter.def, WEIR_NETVSP_COUNTERS, WEIR_GUEST_COUNTERS): names are taken from there.
#include <stdbool.h>
#include <string.h>

#include "ctl_ledger.h"
#include "text.h"
#include "weir_abi.h"

enum kind { IN, OUT, HELD, DROP, INFO };

struct counter {
    const char *name;
    enum kind kind;
};

#define SW_COUNTER(index, name, kind, text)
#define VPORT_COUNTER(index, name, kind, text) [index] = {#name, kind},
static const struct counter of_vport[WEIR_VPORT_CNT_COUNT] = {
#include "counter.def"
};
#undef VPORT_COUNTER
#undef SW_COUNTER
#define VPORT_COUNTER(index, name, kind, text)
#define SW_COUNTER(index, name, kind, text) [index] = {#name, kind},
static const struct counter of_switch[WEIR_SW_CNT_COUNT] = {
#include "counter.def"
};
#undef VPORT_COUNTER
#undef SW_COUNTER

static void put(struct json_object *o, const char *key, uint64_t v) {
    json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

// The reasons whose names begin with `prefix`, with their sum as "dropped".
static uint64_t put_drops(struct json_object *o, const struct counter *c, unsigned n, const char *prefix,
                          const uint64_t *value) {
    struct json_object *reasons = json_object_new_object();
    uint64_t sum = 0;
    for (unsigned i = 0; i < n; i++)
        if (c[i].kind == DROP && strncmp(c[i].name, prefix, strlen(prefix)) == 0) {
            put(reasons, c[i].name, value[i]);
            sum += value[i];
        }
    put(o, "dropped", sum);
    json_object_object_add(o, "reason", reasons);
    return sum;
}

struct json_object *ctl_ledger_port(const uint64_t *v, uint64_t *dropped) {
    struct json_object *o = json_object_new_object(), *rx = json_object_new_object(), *tx = json_object_new_object();
    put(rx, "frames", v[WEIR_SW_CNT_PORT_RX_FRAMES]);
    *dropped += put_drops(rx, of_switch, WEIR_SW_CNT_COUNT, "PORT_RX_DROP_", v);
    put(tx, "copies", v[WEIR_SW_CNT_WIRE_COPIES]);
    put(tx, "sent", v[WEIR_SW_CNT_PORT_TX_FRAMES]);
    *dropped += put_drops(tx, of_switch, WEIR_SW_CNT_COUNT, "PORT_TX_DROP_", v);
    json_object_object_add(o, "rx", rx);
    json_object_object_add(o, "tx", tx);
    return o;
}

struct json_object *ctl_ledger_vport(unsigned number, const char *name, const uint64_t *v, uint64_t *dropped) {
    char clean[128];
    struct json_object *o = json_object_new_object(), *rx = json_object_new_object(), *tx = json_object_new_object();
    put(o, "vport", number);
    json_object_object_add(o, "name", json_object_new_string(text_clean(clean, sizeof(clean), name)));
    put(tx, "frames", v[WEIR_VPORT_CNT_TX_FRAMES]);
    *dropped += put_drops(tx, of_vport, WEIR_VPORT_CNT_COUNT, "TX_DROP_", v);
    put(rx, "copies", v[WEIR_VPORT_CNT_RX_COPIES]);
    put(rx, "redirect_in", v[WEIR_VPORT_CNT_RX_REDIRECT_IN]);
    put(rx, "delivered", v[WEIR_VPORT_CNT_RX_FRAMES]);
    put(rx, "redirect_out", v[WEIR_VPORT_CNT_RX_REDIRECT_OUT]);
    *dropped += put_drops(rx, of_vport, WEIR_VPORT_CNT_COUNT, "RX_DROP_", v);
    json_object_object_add(o, "tx", tx);
    json_object_object_add(o, "rx", rx);
    return o;
}

// ---- guests ----

static bool begins(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

// The drops of one direction by who dropped: the guest itself, the parent's switch, the card on its VFs.
static uint64_t put_reasons(struct json_object *side, const char *prefix, const struct weir_vstack_account *a) {
    struct json_object *all = json_object_new_object(), *guest = json_object_new_object(),
                       *parent = json_object_new_object(), *card = json_object_new_object();
    const char *upper = prefix[0] == 't' ? "TX_DROP_" : "RX_DROP_";
    uint64_t lost = prefix[0] == 't' ? a->lost_tx : a->lost_rx, sum = lost;
#define ROW(name, kind, text)                                                                                          \
    if ((kind) == DROP && begins(#name, prefix)) {                                                                     \
        put(guest, #name, a->guest[WEIR_GUEST_##name]);                                                                \
        sum += a->guest[WEIR_GUEST_##name];                                                                            \
    }
    WEIR_GUEST_COUNTERS(ROW)
#undef ROW
#define ROW(name, kind, text)                                                                                          \
    if ((kind) == DROP && begins(#name, prefix)) {                                                                     \
        put(parent, #name, a->port.name);                                                                              \
        sum += a->port.name;                                                                                           \
    }
    WEIR_NETVSP_COUNTERS(ROW)
#undef ROW
    for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++)
        if (of_vport[i].kind == DROP && begins(of_vport[i].name, upper)) {
            put(card, of_vport[i].name, a->vf[i]);
            sum += a->vf[i];
        }
    put(card, "lost_with_its_vf", lost);
    put(side, "dropped", sum);
    json_object_object_add(all, "guest", guest);
    json_object_object_add(all, "parent", parent);
    json_object_object_add(all, "card", card);
    json_object_object_add(side, "reason", all);
    return sum;
}

struct json_object *ctl_ledger_guest(const char *name, const struct weir_vstack_account *a, uint64_t under_way,
                                     uint64_t *dropped) {
    struct json_object *o = json_object_new_object(), *tx = json_object_new_object(), *rx = json_object_new_object();
    uint64_t refused = 0;
    for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++)
        refused += of_vport[i].kind == DROP && begins(of_vport[i].name, "TX_DROP_") ? a->vf[i] : 0;
    json_object_object_add(o, "name", json_object_new_string(name));
    json_object_object_add(o, "answers", json_object_new_boolean(a->told));
    put(o, "under_way", under_way);
    put(tx, "taken", a->guest[WEIR_GUEST_tx_taken]);
    put(tx, "frames", a->port.tx_frames + a->vf[WEIR_VPORT_CNT_TX_FRAMES] - refused);
    *dropped += put_reasons(tx, "tx_", a);
    put(rx, "frames", a->port.rx_frames + a->vf[WEIR_VPORT_CNT_RX_FRAMES]);
    put(rx, "given", a->guest[WEIR_GUEST_rx_given]);
    *dropped += put_reasons(rx, "rx_", a);
    json_object_object_add(o, "tx", tx);
    json_object_object_add(o, "rx", rx);
    return o;
}

// What is nobody's in particular.
struct json_object *ctl_ledger_parent(const struct weir_netvsp_stats *s, uint64_t *dropped) {
    struct json_object *o = json_object_new_object(), *reasons = json_object_new_object();
    put(reasons, "rx_unknown", s->rx_unknown);
    put(reasons, "rx_redirect_stray", s->rx_redirect_stray);
    put(reasons, "dead_tx", s->dead_tx);
    put(o, "dropped", s->rx_unknown + s->rx_redirect_stray + s->dead_tx);
    *dropped += s->rx_unknown + s->rx_redirect_stray + s->dead_tx;
    json_object_object_add(o, "reason", reasons);
    return o;
}

static void put_under(struct json_object *o, const char *who, const char *name, uint64_t v) {
    char key[64];
    snprintf(key, sizeof(key), "%s.%s", who, name);
    put(o, key, v);
}

struct json_object *ctl_ledger_all(const struct weir_vstack_account *a) {
    struct json_object *o = json_object_new_object();
#define ROW(name, kind, text) put_under(o, "parent", #name, a->port.name);
    WEIR_NETVSP_COUNTERS(ROW)
#undef ROW
#define ROW(name, kind, text) put_under(o, "guest", #name, a->guest[WEIR_GUEST_##name]);
    WEIR_GUEST_COUNTERS(ROW)
#undef ROW
    for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++)
        if (of_vport[i].name != NULL)
            put_under(o, "vf", of_vport[i].name, a->vf[i]);
    put_under(o, "vf", "lost_tx", a->lost_tx);
    put_under(o, "vf", "lost_rx", a->lost_rx);
    return o;
}
