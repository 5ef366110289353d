// SPDX-License-Identifier: Apache-2.0
// See ctl_ledger.h. Which counter is a reason to drop stands in counter.def alone: names are taken from there.
#include "ctl_ledger.h"

#include <stdbool.h>
#include <string.h>

#include "text.h"
#include "weir_abi.h"

enum kind { IN, OUT, DROP, INFO };

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
static void put_drops(struct json_object *o, const struct counter *c, unsigned n, const char *prefix,
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
}

static struct json_object *port(const uint64_t *v) {
    struct json_object *o = json_object_new_object(), *rx = json_object_new_object(), *tx = json_object_new_object();
    put(rx, "frames", v[WEIR_SW_CNT_PORT_RX_FRAMES]);
    put_drops(rx, of_switch, WEIR_SW_CNT_COUNT, "PORT_RX_DROP_", v);
    put(tx, "copies", v[WEIR_SW_CNT_WIRE_COPIES]);
    put(tx, "sent", v[WEIR_SW_CNT_PORT_TX_FRAMES]);
    put_drops(tx, of_switch, WEIR_SW_CNT_COUNT, "PORT_TX_DROP_", v);
    json_object_object_add(o, "rx", rx);
    json_object_object_add(o, "tx", tx);
    return o;
}

static struct json_object *vport(unsigned number, const char *name, const uint64_t *v) {
    char clean[128];
    struct json_object *o = json_object_new_object(), *rx = json_object_new_object(), *tx = json_object_new_object();
    put(o, "vport", number);
    json_object_object_add(o, "name", json_object_new_string(text_clean(clean, sizeof(clean), name)));
    put(tx, "frames", v[WEIR_VPORT_CNT_TX_FRAMES]);
    put_drops(tx, of_vport, WEIR_VPORT_CNT_COUNT, "TX_DROP_", v);
    put(rx, "copies", v[WEIR_VPORT_CNT_RX_COPIES]);
    put(rx, "redirect_in", v[WEIR_VPORT_CNT_RX_REDIRECT_IN]);
    put(rx, "delivered", v[WEIR_VPORT_CNT_RX_FRAMES]);
    put(rx, "redirect_out", v[WEIR_VPORT_CNT_RX_REDIRECT_OUT]);
    put_drops(rx, of_vport, WEIR_VPORT_CNT_COUNT, "RX_DROP_", v);
    json_object_object_add(o, "tx", tx);
    json_object_object_add(o, "rx", rx);
    return o;
}

int ctl_ledger_answer(struct weir_pf *pf, unsigned num_vports, struct json_object *rsp) {
    struct json_object *all = json_object_new_array();
    char text[200] = "balanced";
    uint64_t v[32] = {0};
    int err = weir_pf_counters(pf, WEIR_COUNTERS_SWITCH, v);

    json_object_object_add(rsp, "balanced", json_object_new_boolean(weir_pf_ledger(pf, text, sizeof(text)) == 0));
    json_object_object_add(rsp, "text", json_object_new_string(text));
    json_object_object_add(rsp, "port", port(v));
    for (unsigned i = 0; i < num_vports && err == 0; i++) {
        struct weir_describe_vport_rsp d = {.name = ""};
        bool there = weir_pf_describe_vport(pf, i, &d) == 0, used = false;
        char name[sizeof(d.name) + 1] = "";
        memcpy(name, d.name, sizeof(d.name));
        memset(v, 0, sizeof(v));
        err = weir_pf_counters(pf, i, v);
        for (unsigned k = 0; k < WEIR_VPORT_CNT_COUNT; k++)
            used = used || v[k] != 0;
        // One that is gone keeps its counters until its id is used again.
        if (there || used)
            json_object_array_add(all, vport(i, there ? name : "(gone)", v));
    }
    json_object_object_add(rsp, "vport", all);
    return err;
}

// ---- guests ----

static void put_side(struct json_object *o, const char *side, const char *prefix,
                     const struct weir_netvsp_port_stats *s) {
    struct json_object *to = json_object_new_object(), *reasons = json_object_new_object();
    uint64_t sum = 0;
#define PUT(field, what, text)                                                                                         \
    if (strncmp(#field, prefix, strlen(prefix)) == 0) {                                                                \
        if ((what) == OUT)                                                                                             \
            put(to, "frames", s->field);                                                                               \
        if ((what) == DROP) {                                                                                          \
            put(reasons, #field, s->field);                                                                            \
            sum += s->field;                                                                                           \
        }                                                                                                              \
    }
    WEIR_NETVSP_COUNTERS(PUT)
#undef PUT
    put(to, "dropped", sum);
    json_object_object_add(to, "reason", reasons);
    json_object_object_add(o, side, to);
}

struct json_object *ctl_ledger_guest(const char *name, const struct weir_netvsp_port_stats *s) {
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "name", json_object_new_string(name));
    put_side(o, "tx", "tx_", s);
    put_side(o, "rx", "rx_", s);
    return o;
}

struct json_object *ctl_counters_guest(const struct weir_netvsp_port_stats *s) {
    struct json_object *o = json_object_new_object();
#define PUT(field, kind, text) put(o, #field, s->field);
    WEIR_NETVSP_COUNTERS(PUT)
#undef PUT
    return o;
}
