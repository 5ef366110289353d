// SPDX-License-Identifier: Apache-2.0
// What weirctl may ask of the parent: one line of JSON in, one object out. Texts are printable ASCII, whoever they came
// from (text.h), so an answer is always good JSON.
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
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

void cmd_put_number(struct json_object *o, const char *key, uint64_t v) {
    json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

void cmd_put_bool(struct json_object *o, const char *key, bool v) {
    json_object_object_add(o, key, json_object_new_boolean(v));
}

int cmd_no(struct json_object *rsp, enum ctl_error code, const char *fmt, ...) {
    struct json_object *o = json_object_new_object();
    char text[384];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    cmd_put_text(o, "code", ctl_error_name(code));
    cmd_put_number(o, "number", (uint64_t)code);
    cmd_put_text(o, "text", text);
    json_object_object_add(rsp, "error", o);
    return -1;
}

int cmd_card(struct json_object *rsp, int err) {
    if (err == 0)
        return 0;
    if (err == -ENOSPC)
        return cmd_no(rsp, CTL_no_resource, "no VF, vPort or queue pair is free");
    return cmd_no(rsp, CTL_card, "the card says: %s", strerror(-err));
}

const char *cmd_text(struct json_object *req, const char *key) {
    struct json_object *v;
    return json_object_object_get_ex(req, key, &v) ? verb_text(v) : NULL;
}

int64_t cmd_number(struct json_object *req, const char *key, int64_t otherwise) {
    struct json_object *v;
    return json_object_object_get_ex(req, key, &v) && json_object_is_type(v, json_type_int) ? json_object_get_int64(v)
                                                                                            : otherwise;
}

// ---- commands ----

void cmd_put_guest(struct parent *p, const struct place *g, struct json_object *o) {
    unsigned number = (unsigned)g->number;
    int vf = weir_vstack_vf(p->vs, number), vport = weir_vstack_vport(p->vs, number);
    char mac[18];

    cmd_put_text(o, "name", g->name);
    cmd_put_text(o, "mac", text_of_mac(mac, g->mac));
    cmd_put_number(o, "uid", g->uid);
    cmd_put_text(o, "state", weir_vstack_state_text(weir_vstack_state(p->vs, number)));
    cmd_put_text(o, "why", weir_why_text(weir_vstack_why(p->vs, number)));
    cmd_put_text(o, "reason", weir_why_name(weir_vstack_why(p->vs, number)));
    if (vf >= 0)
        cmd_put_number(o, "vf", (uint64_t)vf);
    if (vport >= 0)
        cmd_put_number(o, "vport", (uint64_t)vport);
}

int cmd_status(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_vstack *vs = p->vs;
    struct json_object *guests = json_object_new_array();
    uint32_t cycle = 0;
    int err = weir_pf_ping(p->pf, &cycle);

    (void)req;
    cmd_put_text(rsp, "card", parent_card(p));
    cmd_put_number(rsp, "vfs", p->opt.vfs);
    if (err == 0)
        cmd_put_number(rsp, "cycle", cycle);
    cmd_put_number(rsp, "records", weir_vstack_num_records(vs));
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY) { // one that leaves, too: until it is gone its address is taken
            struct json_object *o = json_object_new_object();
            cmd_put_guest(p, &p->place[i], o);
            json_object_array_add(guests, o);
        }
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++)
        if (given_here(p, vf))
            json_object_array_add(guests, cmd_given(p, vf, json_object_new_object()));
    json_object_object_add(rsp, "guests", guests);
    return cmd_card(rsp, err);
}

struct place *cmd_guest(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *name = cmd_text(req, "guest");
    struct place *g = guests_find(p, name);
    if (g == NULL && given_find(p, name) >= 0)
        (void)cmd_no(rsp, CTL_given, "the VF of '%s' was given to a client outside; weirctl vf take %s has it back",
                     name, name);
    else if (g == NULL)
        (void)cmd_no(rsp, CTL_no_guest, "there is no guest '%s'; see weirctl status", name);
    return g;
}

// What became of a move that was asked for.
static int outcome(struct json_object *rsp, int err, const char *already) {
    if (err == -EBUSY || err == -EALREADY)
        return cmd_no(rsp, CTL_already, "%s; see weirctl status", already);
    if (err == -EAGAIN)
        return cmd_no(rsp, CTL_guest_silent, "the guest does not read its channel; try again");
    return cmd_card(rsp, err);
}

int cmd_attach(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct place *g = cmd_guest(p, req, rsp);
    int err;
    if (g == NULL)
        return -1;
    err = weir_vstack_attach(p->vs, (unsigned)g->number);
    if (err == -EPERM || err == -EDQUOT)
        return cmd_no(rsp, CTL_policy, "%s", weir_why_text(weir_vstack_why(p->vs, (unsigned)g->number)));
    if (err == 0 || err == -EBUSY || err == -ENOSPC) // the next that is free
        (void)weir_vstack_pin(p->vs, (unsigned)g->number, WEIR_VSTACK_PIN_VF);
    return outcome(rsp, err, "the guest has a VF already, or one is on its way");
}

int cmd_detach(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct place *g = cmd_guest(p, req, rsp);
    if (g == NULL)
        return -1;
    (void)weir_vstack_pin(p->vs, (unsigned)g->number, WEIR_VSTACK_PIN_SYNTHETIC);
    return outcome(rsp, weir_vstack_detach(p->vs, (unsigned)g->number, WEIR_WHY_DETACH),
                   "the guest has no VF, or is leaving it");
}

int cmd_revoke(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct place *g = cmd_guest(p, req, rsp);
    if (g == NULL)
        return -1;
    (void)weir_vstack_pin(p->vs, (unsigned)g->number, WEIR_VSTACK_PIN_SYNTHETIC);
    return outcome(rsp, weir_vstack_revoke(p->vs, (unsigned)g->number, WEIR_WHY_REMOVED), "the guest has no VF");
}

// Whether the guest is here, and where it is: who waits asks again.
int cmd_await(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct place *g = guests_find(p, cmd_text(req, "guest"));
    if (g == NULL && given_find(p, cmd_text(req, "guest")) >= 0)
        return cmd_guest(p, req, rsp) == NULL ? -1 : 0;
    if (g == NULL && table_find(&p->table, cmd_text(req, "guest")) == NULL && p->opt.door == DOOR_CLOSED)
        return cmd_no(rsp, CTL_no_guest, "guest '%s' is not in the table and cannot come; put it there with guest add",
                      cmd_text(req, "guest"));
    cmd_put_text(rsp, "state",
                 g == NULL ? "not here" : weir_vstack_state_text(weir_vstack_state(p->vs, (unsigned)g->number)));
    return 0;
}

struct json_object *cmd_record(const struct parent *p, const struct weir_vstack_record *r) {
    struct json_object *o = json_object_new_object();
    cmd_put_number(o, "serial", r->serial);
    cmd_put_number(o, "wall_us", p->recorded[r->serial % PARENT_RECORDS]);
    cmd_put_text(o, "guest", r->name);
    cmd_put_text(o, "direction",
                 r->outside ? (r->to_vf ? "given" : "taken back") : (r->to_vf ? "to VF" : "to synthetic"));
    cmd_put_text(o, "why", weir_why_text(r->why));
    cmd_put_text(o, "reason", weir_why_name(r->why));
    cmd_put_bool(o, "surprise", r->surprise);
    cmd_put_text(o, "status", r->status == 0 ? "done" : strerror(r->status < 0 ? -r->status : r->status));
    cmd_put_number(o, "vf", r->vf);
    cmd_put_number(o, "vport", r->vport);
    cmd_put_number(o, "epoch", r->epoch);
    cmd_put_number(o, "cycle_request", r->cycle_request);
    cmd_put_number(o, "cycle_move", r->cycle_move);
    cmd_put_number(o, "cycle_done", r->cycle_done);
    if (!r->to_vf) {
        cmd_put_bool(o, "guest_told", r->guest_told);
        cmd_put_number(o, "tx_posted", r->tx_posted);
        cmd_put_number(o, "tx_entered", r->tx_entered);
        cmd_put_number(o, "tx_lost", r->tx_lost);
        cmd_put_number(o, "rx_delivered", r->rx_delivered);
        cmd_put_number(o, "rx_taken", r->rx_taken);
        cmd_put_number(o, "rx_lost", r->rx_lost);
        cmd_put_number(o, "rx_dropped", r->rx_dropped);
        cmd_put_number(o, "rx_redirected", r->rx_redirected);
    }
    if (r->held_told) {
        cmd_put_number(o, "tx_held", r->tx_held);
        cmd_put_number(o, "rx_held", r->rx_held);
        cmd_put_number(o, "held_dropped", r->held_dropped);
    }
    return o;
}

// At most this many in one answer: "more" says from where to go on.
#define RECORDS_AN_ANSWER 64u

int cmd_records(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_vstack *vs = p->vs;
    struct json_object *all = json_object_new_array();
    uint64_t total = weir_vstack_num_records(vs), count = (uint64_t)cmd_number(req, "count", 0), n = 0;
    int64_t from = cmd_number(req, "from", count != 0 && total > count ? (int64_t)(total - count) : 0);
    uint64_t i = from > 0 ? (uint64_t)from : 0;
    for (; i < total && n < RECORDS_AN_ANSWER; i++) {
        const struct weir_vstack_record *r = weir_vstack_record(vs, i);
        if (r == NULL)
            continue; // too old, no longer kept
        json_object_array_add(all, cmd_record(p, r));
        n++;
    }
    json_object_object_add(rsp, "record", all);
    cmd_put_number(rsp, "next", i);
    cmd_put_bool(rsp, "more", i < total);
    return 0;
}

// One turn of what is read for this client: 0 when it is there. `begin` says what to read.
static int read_on(struct parent *p, struct json_object *req, struct json_object *rsp,
                   void (*begin)(struct parent *p, struct json_object *req)) {
    int ret;
    if (p->reader != 0 && p->reader != p->client)
        return CMD_LATER;
    if (p->reader == 0)
        begin(p, req);
    p->reader = p->client;
    ret = ctl_ledger_step(&p->ledger);
    if (ret == 1)
        return CMD_LATER;
    p->reader = 0;
    return cmd_card(rsp, ret);
}

static void begin_ledger(struct parent *p, struct json_object *req) {
    struct weir_vstack_given g;
    (void)req;
    ctl_ledger_begin(&p->ledger, p->pf, p->vs, true);
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY)
            ctl_ledger_add(&p->ledger, (unsigned)p->place[i].number, p->place[i].name);
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++)
        if (weir_vstack_given(p->vs, vf, &g))
            ctl_ledger_add_given(&p->ledger, vf, g.name);
}

static void begin_guest(struct parent *p, struct json_object *req) {
    const char *name = cmd_text(req, "guest");
    const struct place *g = guests_find(p, name);
    ctl_ledger_begin(&p->ledger, p->pf, p->vs, false);
    if (g != NULL)
        ctl_ledger_add(&p->ledger, (unsigned)g->number, name);
    else
        ctl_ledger_add_given(&p->ledger, (unsigned)given_find(p, name), name);
}

int cmd_ledger(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int ret = read_on(p, req, rsp, begin_ledger);
    if (ret == 0)
        ctl_ledger_answer(&p->ledger, rsp);
    return ret;
}

int cmd_counters(struct parent *p, struct json_object *req, struct json_object *rsp) {
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
    int64_t vport = cmd_number(req, "vport", -1);
    const char *const *name = vport < 0 ? switch_name : vport_name;
    struct json_object *o = json_object_new_object();
    uint64_t value[32] = {0};
    int err;

    if (cmd_text(req, "guest") != NULL) {
        json_object_put(o);
        if (given_find(p, cmd_text(req, "guest")) < 0 && cmd_guest(p, req, rsp) == NULL)
            return -1;
        err = read_on(p, req, rsp, begin_guest);
        if (err == 0)
            ctl_ledger_counters(&p->ledger, rsp);
        return err;
    }
    err = weir_pf_counters(p->pf, vport < 0 ? WEIR_COUNTERS_SWITCH : (unsigned)vport, value);
    for (unsigned i = 0; i < 32 && err == 0; i++)
        if (name[i] != NULL)
            cmd_put_number(o, name[i], value[i]);
    json_object_object_add(rsp, "counter", o);
    return cmd_card(rsp, err);
}

// Enables or disables the card's port: guests whose policy follows the wire lose and get back their carrier.
int cmd_link(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *state = cmd_text(req, "state");
    bool up = false;
    int err = 0;
    if (state != NULL)
        err = weir_pf_set_link(p->pf, strcmp(state, "up") == 0);
    if (err == 0)
        err = weir_pf_link(p->pf, &up);
    cmd_put_text(rsp, "link", up ? "up" : "down");
    return cmd_card(rsp, err);
}

int cmd_halt(struct parent *p, struct json_object *req, struct json_object *rsp) {
    (void)req;
    (void)rsp;
    p->halt = true;
    return 0;
}

static int (*const run[VERB_COUNT])(struct parent *p, struct json_object *req, struct json_object *rsp) = {
#define VERB(id, name, first, second, required, help) [VERB_##id] = cmd_##id,
#include "verbs.def"
#undef VERB
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

static int answer(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *name = req != NULL ? cmd_text(req, "cmd") : NULL;
    enum verb_id id = name != NULL ? verb_find(name) : VERB_COUNT;
    char err[256];
    if (name == NULL)
        return cmd_no(rsp, CTL_wrong_call, "a command is a line {\"cmd\":NAME ...}");
    if (id == VERB_COUNT)
        return cmd_no(rsp, CTL_unknown_command, "unknown command '%s'", name);
    if (!verb_check(id, req, err, sizeof(err)))
        return cmd_no(rsp, CTL_wrong_call, "%s", err);
    if (weir_pf_rescue(p->pf) && !rescue_hears(id))
        return cmd_no(rsp, CTL_rescue,
                      "no firmware in the card's flash may run; weirctl flash write IMAGE, then flash commit now");
    return run[id](p, req, rsp);
}

struct json_object *cmd_answer(struct parent *p, uint64_t client, const char *line, size_t len) {
    struct json_object *req = parse(line, len), *rsp = json_object_new_object();
    int ret;

    p->client = client;
    ret = answer(p, req, rsp);
    json_object_put(req);
    if (ret != CMD_LATER) {
        cmd_put_bool(rsp, "ok", ret == 0);
        return rsp;
    }
    json_object_put(rsp);
    return NULL;
}
