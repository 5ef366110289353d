// SPDX-License-Identifier: Apache-2.0
// weirctl path show, path reasons: which path each guest is on, since when and why, what went over both, and its last
// hand-overs with what each cost.
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "host_cmd.h"
#include "host_int.h"
#include "weir_abi.h"

#define GUESTS_AN_ANSWER 4u // each may cost a command of the card
#define MOVES_A_GUEST 8u

static void put_frames(struct json_object *o, const char *path, const struct weir_vstack_path_frames *f) {
    struct json_object *one = json_object_new_object();
    cmd_put_number(one, "tx", f->tx);
    cmd_put_number(one, "rx", f->rx);
    cmd_put_number(one, "dropped", f->dropped);
    json_object_object_add(o, path, one);
}

// The last hand-overs, the newest first. Names are kept, too: a given VF's number is that of whoever has it next.
static void put_moves(const struct parent *p, unsigned number, const char *name, struct json_object *o) {
    struct json_object *moves = json_object_new_array();
    uint64_t total = weir_vstack_num_records(p->vs);
    for (uint64_t i = total; i-- > 0 && json_object_array_length(moves) < MOVES_A_GUEST;) {
        const struct weir_vstack_record *r = weir_vstack_record(p->vs, i);
        if (r == NULL)
            break;
        if (r->guest == number && strcmp(r->name, name) == 0)
            json_object_array_add(moves, cmd_record(p, r));
    }
    json_object_object_add(o, "moves", moves);
}

static int put_path(struct parent *p, const struct place *g, struct json_object *all) {
    struct json_object *o = json_object_new_object();
    struct weir_vstack_path path = {.vf = false};
    int err = weir_vstack_path(p->vs, (unsigned)g->number, &path);

    if (err == -ENOENT) { // it left a moment ago
        json_object_put(o);
        return 0;
    }
    cmd_put_guest(p, g, o);
    cmd_put_text(o, "path", path.vf ? "VF" : "synthetic");
    cmd_put_number(o, "since_us", path.since_us);
    cmd_put_number(o, "for_us", path.now_us - path.since_us);
    put_frames(o, "synthetic", &path.synthetic);
    put_frames(o, "on_vf", &path.on_vf);
    put_moves(p, (unsigned)g->number, g->name, o);
    json_object_array_add(all, o);
    return err;
}

static int put_given(struct parent *p, unsigned vf, struct json_object *all) {
    struct json_object *o = cmd_given(p, vf, json_object_new_object());
    struct weir_vstack_path_frames f = {0};
    struct weir_vstack_given given;
    int err = weir_vstack_given_path(p->vs, vf, &f);

    cmd_put_text(o, "path", "VF");
    put_frames(o, "on_vf", &f);
    if (weir_vstack_given(p->vs, vf, &given))
        put_moves(p, given.number, given.name, o);
    json_object_array_add(all, o);
    return err;
}

// Places first, then VFs: `at` counts through both.
static int put_at(struct parent *p, unsigned at, struct json_object *all) {
    if (at < PARENT_MAX_GUESTS)
        return p->place[at].state != EMPTY ? put_path(p, &p->place[at], all) : 0;
    return given_here(p, at - PARENT_MAX_GUESTS) ? put_given(p, at - PARENT_MAX_GUESTS, all) : 0;
}

int cmd_path_show(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const unsigned end = PARENT_MAX_GUESTS + WEIR_NUM_VFS;
    struct json_object *all = json_object_new_array();
    const char *name = cmd_text(req, "guest");
    int64_t from = cmd_number(req, "from", 0);
    unsigned at = from > 0 && from < end ? (unsigned)from : 0;
    int err = 0;

    json_object_object_add(rsp, "guests", all);
    if (name != NULL && given_find(p, name) >= 0)
        return cmd_card(rsp, put_given(p, (unsigned)given_find(p, name), all));
    if (name != NULL) {
        const struct place *g = cmd_guest(p, req, rsp);
        return g == NULL ? -1 : cmd_card(rsp, put_path(p, g, all));
    }
    for (; at < end && err == 0 && json_object_array_length(all) < GUESTS_AN_ANSWER; at++)
        err = put_at(p, at, all);
    cmd_put_number(rsp, "next", at);
    cmd_put_bool(rsp, "more", at < end);
    return cmd_card(rsp, err);
}

int cmd_path_reasons(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct json_object *all = json_object_new_array();
    (void)p;
    (void)req;
    for (unsigned why = 0; why < WEIR_WHY_COUNT; why++) {
        struct json_object *o = json_object_new_object();
        cmd_put_number(o, "number", why);
        cmd_put_text(o, "reason", weir_why_name(why));
        cmd_put_text(o, "why", weir_why_text(why));
        json_object_array_add(all, o);
    }
    json_object_object_add(rsp, "reasons", all);
    return 0;
}
