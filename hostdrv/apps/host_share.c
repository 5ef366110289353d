// SPDX-License-Identifier: Apache-2.0
// weirctl policy show, policy set, policy release: who has a VF where guests are more than VFs (vstack/share.h). How
// much each guest counts is its own setting (guest set GUEST vf, priority).
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "host_cmd.h"
#include "host_int.h"
#include "text.h"

// Numbers of the settings, each with what it takes: the field is an unsigned.
#define SETTINGS(X)                                                                                                    \
    X("reserve", reserve, 1, 0, 64, "VFs that stay free")                                                              \
    X("look-ms", look_us, 1000, 1, 60000, "between looks at the guests' loads, and so between moves")                  \
    X("hold-ms", hold_us, 1000, 1, 3600000, "a guest stays on a path at least")                                        \
    X("turn-ms", turn_us, 1000, 1, 3600000, "a busy guest waits at most for its turn among its like")                  \
    X("busy", busy, 1, 1, 100000000, "frames a second from which on a guest wants a VF")                               \
    X("burst", burst, 1, 1, 1000, "VFs taken from guests in a row")                                                    \
    X("moves-per-s", per_s, 1, 1, 1000, "and each second for long")

static int set(struct weir_vstack_share *s, const char *key, const char *value, struct json_object *rsp) {
    uint64_t n;
    if (strcmp(key, "auto") == 0) {
        if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
            return cmd_no(rsp, CTL_bad_setting, "auto takes on or off");
        s->on = strcmp(value, "on") == 0;
        return 0;
    }
#define ROW(name, field, unit, least, most, text)                                                                      \
    if (strcmp(key, name) == 0) {                                                                                      \
        if (!text_range(value, least, most, &n))                                                                       \
            return cmd_no(rsp, CTL_bad_setting, name " takes %d to %d: " text, least, most);                           \
        s->field = (unsigned)n * (unit);                                                                               \
        return 0;                                                                                                      \
    }
    SETTINGS(ROW)
#undef ROW
    return cmd_no(rsp, CTL_bad_setting,
                  "%s: no setting of that name: auto, reserve, look-ms, hold-ms, turn-ms, busy, burst or moves-per-s",
                  key);
}

static const char *pin_text(const struct weir_vstack_claim *c) {
    static const char *const text[] = {"-", "VF", "synthetic"};
    return text[c->pin];
}

static void put_claim(struct parent *p, const struct place *g, struct json_object *all) {
    struct json_object *o;
    struct weir_vstack_claim c;
    if (weir_vstack_claim(p->vs, (unsigned)g->number, &c) != 0)
        return; // it left a moment ago
    o = json_object_new_object();
    cmd_put_guest(p, g, o);
    cmd_put_number(o, "priority", c.priority);
    cmd_put_text(o, "pin", pin_text(&c));
    cmd_put_bool(o, "by_hand", c.by_hand);
    cmd_put_number(o, "load", c.load);
    cmd_put_number(o, "waits_us", c.waits_us);
    json_object_array_add(all, o);
}

int cmd_policy_show(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct weir_vstack_share s = weir_vstack_share(p->vs);
    struct json_object *all = json_object_new_array();
    (void)req;
    cmd_put_text(rsp, "auto", s.on ? "on" : "off");
#define ROW(name, field, unit, least, most, text) cmd_put_number(rsp, name, s.field / (unit));
    SETTINGS(ROW)
#undef ROW
    cmd_put_number(rsp, "free", weir_vstack_free_vfs(p->vs));
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY)
            put_claim(p, &p->place[i], all);
    json_object_object_add(rsp, "guests", all);
    return 0;
}

int cmd_policy_set(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_vstack_share s = weir_vstack_share(p->vs);
    struct json_object *settings = NULL;
    (void)json_object_object_get_ex(req, "set", &settings);
    if (settings == NULL || json_object_object_length(settings) == 0)
        return cmd_no(rsp, CTL_wrong_call, "policy set: settings come as KEY VALUE");
    json_object_object_foreach(settings, key, value) {
        if (verb_text(value) == NULL)
            return cmd_no(rsp, CTL_wrong_call, "%s: a setting is a text", key);
        if (set(&s, key, verb_text(value), rsp) != 0)
            return -1;
    }
    if (weir_vstack_share_set(p->vs, &s) != 0)
        return cmd_no(rsp, CTL_bad_setting, "reserve: the card has %u VFs", p->opt.vfs);
    return cmd_policy_show(p, req, rsp);
}

int cmd_policy_release(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct place *g = cmd_guest(p, req, rsp);
    return g == NULL ? -1 : cmd_card(rsp, weir_vstack_pin(p->vs, (unsigned)g->number, WEIR_VSTACK_PIN_NONE));
}

int share_begin(struct parent *p, char *err, size_t err_size) {
    struct weir_vstack_share s = weir_vstack_share(p->vs);
    int ret;
    s.on = p->opt.share;
    s.reserve = p->opt.reserve;
    ret = weir_vstack_share_set(p->vs, &s);
    if (ret != 0)
        snprintf(err, err_size, "--reserve %u: the card has %u VFs enabled; reserve fewer, or start with more --vfs",
                 s.reserve, p->opt.vfs);
    return ret;
}

void share_look_on(struct parent *p) {
    uint64_t held = weir_vstack_share_held(p->vs);
    bool told = p->share_held != 0;
    p->share_held += held;
    if (held != 0 && !told)
        parent_log(p, LOG_GUEST,
                   "loads change faster than VFs may move (policy set burst, moves-per-s): guests stay where they are");
    else if (held == 0 && told) {
        // One line at the end says how long it was so, whatever number of looks it took.
        if (parent_now_us() - p->share_at < SHARE_QUIET_US)
            return;
        parent_log(p, LOG_GUEST, "VFs move freely again; %llu moves were put off", (unsigned long long)p->share_held);
        p->share_held = 0;
    }
    if (held != 0)
        p->share_at = parent_now_us();
}
