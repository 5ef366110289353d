// SPDX-License-Identifier: Apache-2.0
// What weirctl may ask of the parent: one line of JSON in, one object out. Texts are printable ASCII, whoever they came
// from (text.h), so an answer is always good JSON.
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "ctl_ledger.h"
#include "host_cmd.h"
#include "host_int.h"
#include "text.h"
#include "weir_abi.h"

// ---- answers ----

void cmd_put_text(struct json_object *o, const char *key, const char *text) {
    char clean[512];
    json_object_object_add(o, key, json_object_new_string(text_clean(clean, sizeof(clean), text)));
}

static void put_number(struct json_object *o, const char *key, uint64_t v) {
    json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

static void put_bool(struct json_object *o, const char *key, bool v) {
    json_object_object_add(o, key, json_object_new_boolean(v));
}

int cmd_sentence(struct json_object *o, const char *text, const char *what) {
    char clean[128], s[384];
    snprintf(s, sizeof(s), text, text_clean(clean, sizeof(clean), what));
    cmd_put_text(o, "error", s);
    return -1;
}

const char *cmd_text(struct json_object *req, const char *key) {
    struct json_object *v;
    return json_object_object_get_ex(req, key, &v) ? table_json_text(v) : NULL;
}

static int64_t number_of(struct json_object *req, const char *key, int64_t otherwise) {
    struct json_object *v;
    return json_object_object_get_ex(req, key, &v) && json_object_is_type(v, json_type_int) ? json_object_get_int64(v)
                                                                                            : otherwise;
}

// ---- commands ----

// One that leaves is still seen: until it is gone its address is taken.
static struct json_object *guest_status(struct parent *p, const struct place *g) {
    unsigned number = (unsigned)g->number;
    struct json_object *o = json_object_new_object();
    int vf = weir_vstack_vf(p->vs, number), vport = weir_vstack_vport(p->vs, number);
    char mac[18];

    cmd_put_text(o, "name", g->name);
    cmd_put_text(o, "mac", text_of_mac(mac, g->mac));
    put_number(o, "uid", g->uid);
    cmd_put_text(o, "state", weir_vstack_state_text(weir_vstack_state(p->vs, number)));
    cmd_put_text(o, "why", weir_why_text(weir_vstack_why(p->vs, number)));
    if (vf >= 0)
        put_number(o, "vf", (uint64_t)vf);
    if (vport >= 0)
        put_number(o, "vport", (uint64_t)vport);
    return o;
}

static int cmd_status(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_vstack *vs = p->vs;
    struct json_object *guests = json_object_new_array();
    uint32_t cycle = 0;
    int err = weir_pf_ping(p->pf, &cycle);

    (void)req;
    cmd_put_text(rsp, "card", parent_card(p));
    put_number(rsp, "vfs", p->opt.vfs);
    if (err == 0)
        put_number(rsp, "cycle", cycle);
    put_number(rsp, "records", weir_vstack_num_records(vs));
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY)
            json_object_array_add(guests, guest_status(p, &p->place[i]));
    json_object_object_add(rsp, "guests", guests);
    return err == 0 ? 0 : cmd_sentence(rsp, "the card does not answer: %s", strerror(-err));
}

static int find_guest(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *name = cmd_text(req, "guest");
    const struct place *g;
    if (name == NULL)
        return cmd_sentence(rsp, "%s: name a guest; see weirctl status", "guest");
    g = guests_find(p, name);
    return g != NULL ? g->number : cmd_sentence(rsp, "there is no guest '%s'; see weirctl status", name);
}

static int outcome(struct json_object *rsp, int err, const char *already) {
    if (err == 0)
        return 0;
    if (err == -EBUSY || err == -EALREADY)
        return cmd_sentence(rsp, "%s", already);
    if (err == -EAGAIN)
        return cmd_sentence(rsp, "%s", "the guest does not read its channel; try again");
    if (err == -ENOSPC)
        return cmd_sentence(rsp, "%s", "no VF, vPort or queue pair is free");
    return cmd_sentence(rsp, "the card says: %s", strerror(-err));
}

static int cmd_attach(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int g = find_guest(p, req, rsp);
    return g < 0 ? -1
                 : outcome(rsp, weir_vstack_attach(p->vs, (unsigned)g),
                           "the guest has a VF already, or one is on its way; see weirctl status");
}

static int cmd_detach(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int g = find_guest(p, req, rsp);
    return g < 0 ? -1
                 : outcome(rsp, weir_vstack_detach(p->vs, (unsigned)g, WEIR_WHY_DETACH),
                           "the guest has no VF, or is leaving it; see weirctl status");
}

static int cmd_revoke(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int g = find_guest(p, req, rsp);
    return g < 0 ? -1
                 : outcome(rsp, weir_vstack_revoke(p->vs, (unsigned)g, WEIR_WHY_REMOVED),
                           "the guest has no VF; see weirctl status");
}

static struct json_object *record(const struct weir_vstack_record *r) {
    struct json_object *o = json_object_new_object();
    put_number(o, "serial", r->serial);
    cmd_put_text(o, "guest", r->name);
    cmd_put_text(o, "direction", r->to_vf ? "to VF" : "to synthetic");
    cmd_put_text(o, "why", weir_why_text(r->why));
    put_bool(o, "surprise", r->surprise);
    cmd_put_text(o, "status", r->status == 0 ? "done" : strerror(r->status < 0 ? -r->status : r->status));
    put_number(o, "vf", r->vf);
    put_number(o, "vport", r->vport);
    put_number(o, "epoch", r->epoch);
    put_number(o, "cycle_request", r->cycle_request);
    put_number(o, "cycle_move", r->cycle_move);
    put_number(o, "cycle_done", r->cycle_done);
    if (!r->to_vf) {
        put_bool(o, "guest_told", r->guest_told);
        put_number(o, "tx_posted", r->tx_posted);
        put_number(o, "tx_entered", r->tx_entered);
        put_number(o, "tx_lost", r->tx_lost);
        put_number(o, "rx_delivered", r->rx_delivered);
        put_number(o, "rx_taken", r->rx_taken);
        put_number(o, "rx_lost", r->rx_lost);
        put_number(o, "rx_dropped", r->rx_dropped);
        put_number(o, "rx_redirected", r->rx_redirected);
    }
    return o;
}

// At most this many in one answer: "more" says from where to go on.
#define RECORDS_AN_ANSWER 64u

static int cmd_records(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_vstack *vs = p->vs;
    struct json_object *all = json_object_new_array();
    int64_t from = number_of(req, "from", 0);
    uint64_t i = from > 0 ? (uint64_t)from : 0, n = 0;
    for (; i < weir_vstack_num_records(vs) && n < RECORDS_AN_ANSWER; i++) {
        const struct weir_vstack_record *r = weir_vstack_record(vs, i);
        if (r == NULL)
            continue; // too old, no longer kept
        json_object_array_add(all, record(r));
        n++;
    }
    json_object_object_add(rsp, "record", all);
    put_number(rsp, "next", i);
    put_bool(rsp, "more", i < weir_vstack_num_records(vs));
    return 0;
}

#define LATER 2 // a command that takes more than one turn

// One turn of what is read for this client: 0 when it is there. `begin` says what to read.
static int read_on(struct parent *p, struct json_object *rsp, void (*begin)(struct parent *p, const struct place *g),
                   const struct place *g) {
    int ret;
    if (p->reader != 0 && p->reader != p->client)
        return LATER;
    if (p->reader == 0)
        begin(p, g);
    p->reader = p->client;
    ret = ctl_ledger_step(&p->ledger);
    if (ret == 1)
        return LATER;
    p->reader = 0;
    return ret == 0 ? 0 : cmd_sentence(rsp, "the card says: %s", strerror(-ret));
}

static void begin_ledger(struct parent *p, const struct place *none) {
    (void)none;
    ctl_ledger_begin(&p->ledger, p->pf, p->vs, true);
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY)
            ctl_ledger_add(&p->ledger, (unsigned)p->place[i].number, p->place[i].name);
}

static void begin_guest(struct parent *p, const struct place *g) {
    ctl_ledger_begin(&p->ledger, p->pf, p->vs, false);
    ctl_ledger_add(&p->ledger, (unsigned)g->number, g->name);
}

static int cmd_ledger(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int ret = read_on(p, rsp, begin_ledger, NULL);
    (void)req;
    if (ret == 0)
        ctl_ledger_answer(&p->ledger, rsp);
    return ret;
}

static int cmd_counters(struct parent *p, struct json_object *req, struct json_object *rsp) {
    static const char *const switch_name[32] = {
#define VPORT_COUNTER(index, name, kind, text)
#define SW_COUNTER(index, name, kind, text) [index] = #name,
#include "counter.def"
#undef VPORT_COUNTER
#undef SW_COUNTER
    };
    static const char *const vport_name[32] = {
#define VPORT_COUNTER(index, name, kind, text) [index] = #name,
#define SW_COUNTER(index, name, kind, text)
#include "counter.def"
#undef VPORT_COUNTER
#undef SW_COUNTER
    };
    int64_t vport = number_of(req, "vport", -1);
    const char *const *name = vport < 0 ? switch_name : vport_name;
    struct json_object *o = json_object_new_object();
    uint64_t value[32] = {0};
    int err;

    if (cmd_text(req, "guest") != NULL) {
        const struct place *g = guests_find(p, cmd_text(req, "guest"));
        json_object_put(o);
        if (g == NULL)
            return cmd_sentence(rsp, "there is no guest '%s'; see weirctl status", cmd_text(req, "guest"));
        err = read_on(p, rsp, begin_guest, g);
        if (err == 0)
            ctl_ledger_counters(&p->ledger, rsp);
        return err;
    }
    if (vport >= WEIR_NUM_VPORTS) {
        json_object_put(o);
        return cmd_sentence(rsp, "%s", "no such vPort; see weirctl status");
    }
    err = weir_pf_counters(p->pf, vport < 0 ? WEIR_COUNTERS_SWITCH : (unsigned)vport, value);
    for (unsigned i = 0; i < 32 && err == 0; i++)
        if (name[i] != NULL)
            put_number(o, name[i], value[i]);
    json_object_object_add(rsp, "counter", o);
    return err == 0 ? 0 : cmd_sentence(rsp, "the card says: %s", strerror(-err));
}

// Enables or disables the card's port: guests whose policy follows the wire lose and get back their carrier.
static int cmd_link(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *state = cmd_text(req, "state");
    bool up = false;
    int err = 0;
    if (state != NULL && strcmp(state, "up") != 0 && strcmp(state, "down") != 0)
        return cmd_sentence(rsp, "link takes up or down, not '%s'", state);
    if (state != NULL)
        err = weir_pf_set_link(p->pf, strcmp(state, "up") == 0);
    if (err == 0)
        err = weir_pf_link(p->pf, &up);
    cmd_put_text(rsp, "link", up ? "up" : "down");
    return err == 0 ? 0 : cmd_sentence(rsp, "the card says: %s", strerror(-err));
}

static int cmd_halt(struct parent *p, struct json_object *req, struct json_object *rsp) {
    (void)req;
    (void)rsp;
    p->halt = true;
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct parent *p, struct json_object *req, struct json_object *rsp);
} commands[] = {
    {"status", cmd_status},
    {"attach", cmd_attach},
    {"detach", cmd_detach},
    {"revoke", cmd_revoke},
    {"records", cmd_records},
    {"ledger", cmd_ledger},
    {"counters", cmd_counters},
    {"guest add", cmd_guest_add},
    {"guest set", cmd_guest_set},
    {"guest remove", cmd_guest_remove},
    {"guest list", cmd_guest_list},
    {"dev health", cmd_dev_health},
    {"link", cmd_link},
    {"halt", cmd_halt},
};

// One object that fills the line, in good UTF-8.
static struct json_object *parse(const char *line, size_t len) {
    struct json_tokener *parser = json_tokener_new_ex(8);
    struct json_object *req = NULL;
    if (parser == NULL)
        return NULL;
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    req = json_tokener_parse_ex(parser, line, (int)len + 1);
    json_tokener_free(parser);
    return req;
}

struct json_object *cmd_answer(struct parent *p, uint64_t client, const char *line, size_t len) {
    struct json_object *req = parse(line, len), *rsp = json_object_new_object();
    const char *name = req != NULL ? cmd_text(req, "cmd") : NULL;
    int err = 1;

    p->client = client;
    for (unsigned i = 0; name != NULL && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            err = commands[i].run(p, req, rsp);
    if (err == LATER) {
        json_object_put(req);
        json_object_put(rsp);
        return NULL;
    }
    if (err > 0)
        err = cmd_sentence(rsp, name != NULL ? "unknown command '%s'" : "a command is a line {\"cmd\":NAME ...}%s",
                           name != NULL ? name : "");
    put_bool(rsp, "ok", err == 0);
    json_object_put(req);
    return rsp;
}
