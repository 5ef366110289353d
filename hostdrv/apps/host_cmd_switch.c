// SPDX-License-Identifier: Apache-2.0
// weirctl vport list, moderation, mirror, vf list: the card's switch as it is, and what of it no guest's policy says
// (host_cmd.h). vPorts and VFs are the stack's: these commands make none and take none away.
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "host_cmd.h"
#include "host_int.h"
#include "text.h"

#define VPORTS_AN_ANSWER 8u // two commands of the card's each

// ---- vPorts ----

static const char *const moderations[] = {[WEIR_MODERATION_UNDEFINED] = "undefined",
                                          [WEIR_MODERATION_ADAPTIVE] = "adaptive",
                                          [WEIR_MODERATION_OFF] = "off",
                                          [WEIR_MODERATION_LOW] = "low",
                                          [WEIR_MODERATION_MEDIUM] = "medium",
                                          [WEIR_MODERATION_HIGH] = "high"};
#define NUM_MODERATIONS (sizeof(moderations) / sizeof(moderations[0]))

static void put_flags(struct json_object *o, unsigned flags) {
    static const struct {
        unsigned bit;
        const char *name;
    } known[] = {{WEIR_VPORT_CHECK_SRC, "spoofchk"},
                 {WEIR_VPORT_TRUSTED, "trust"},
                 {WEIR_VPORT_PROMISC, "promisc"},
                 {WEIR_VPORT_STAGS, "stags"}};
    char text[64] = "";
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if ((flags & known[i].bit) != 0)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] != '\0' ? "," : "",
                     known[i].name);
    cmd_put_text(o, "flags", text);
}

static void put_vlan(struct json_object *o, const struct weir_describe_vport_rsp *d) {
    char text[32];
    if (d->vlan_mode == WEIR_VLAN_PORT)
        snprintf(text, sizeof(text), "port:%u:%u", d->tci & 0xFFFu, (unsigned)d->tci >> 13);
    else
        snprintf(text, sizeof(text), "%s", d->vlan_mode == WEIR_VLAN_ANY ? "any" : "trunk");
    cmd_put_text(o, "vlan", text);
}

static int put_vport(struct parent *p, unsigned vport, struct json_object *all) {
    struct json_object *o = json_object_new_object();
    struct weir_describe_vport_rsp d = {0};
    struct weir_get_vport_rsp v = {0};
    char name[sizeof(d.name) + 1] = "";
    int err = weir_pf_get_vport(p->pf, vport, &v);
    if (err == 0)
        err = weir_pf_describe_vport(p->pf, vport, &d);
    memcpy(name, d.name, sizeof(d.name));
    cmd_put_number(o, "vport", vport);
    cmd_put_text(o, "name", name);
    if (v.vf != WEIR_VPORT_NO_VF)
        cmd_put_number(o, "vf", v.vf);
    cmd_put_text(o, "state", v.state == WEIR_VPORT_ACTIVATED ? "on" : "off");
    cmd_put_number(o, "first_queue", v.qp_base);
    cmd_put_number(o, "queues", v.num_qps);
    cmd_put_bool(o, "armed", v.armed != 0);
    cmd_put_number(o, "filters", v.num_filters);
    cmd_put_number(o, "sources", v.num_sources);
    cmd_put_bool(o, "flood", v.in_flood != 0);
    put_flags(o, v.flags);
    put_vlan(o, &d);
    cmd_put_text(o, "moderation", d.moderation < NUM_MODERATIONS ? moderations[d.moderation] : "unknown");
    if (d.mirror != WEIR_VPORT_NO_VF)
        cmd_put_number(o, "mirror", d.mirror);
    json_object_array_add(all, o);
    return err;
}

// The default one, those of guests, and those of clients outside.
static bool vport_exists(struct parent *p, unsigned vport) {
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY && weir_vstack_vport(p->vs, (unsigned)p->place[i].number) == (int)vport)
            return true;
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++) {
        struct weir_vstack_given g;
        if (weir_vstack_given(p->vs, vf, &g) && g.vport == vport)
            return true;
    }
    return vport == 0;
}

int cmd_vport_list(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct json_object *all = json_object_new_array();
    int64_t from = cmd_number(req, "from", 0);
    unsigned i = from < 0 || from > WEIR_NUM_VPORTS ? 0 : (unsigned)from;
    int err = 0;
    for (; i < WEIR_NUM_VPORTS && err == 0 && json_object_array_length(all) < VPORTS_AN_ANSWER; i++)
        if (vport_exists(p, i))
            err = put_vport(p, i, all);
    json_object_object_add(rsp, "vports", all);
    cmd_put_number(rsp, "next", i);
    cmd_put_bool(rsp, "more", i < WEIR_NUM_VPORTS);
    return cmd_card(rsp, err);
}

// The vPort that the question names under `key`; -1 with no in the answer when it does not exist.
static int named_vport(struct parent *p, struct json_object *req, const char *key, struct json_object *rsp) {
    int64_t vport = cmd_number(req, key, -1);
    if (vport >= 0 && vport < WEIR_NUM_VPORTS && vport_exists(p, (unsigned)vport))
        return (int)vport;
    return cmd_no(rsp, CTL_no_object, "there is no vPort %lld now; weirctl vport list has them", (long long)vport);
}

int cmd_vport_moderation(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_update_vport_req u = {.changed = WEIR_VPORT_CHANGED_MODERATION};
    int vport = named_vport(p, req, "vport", rsp);
    if (vport < 0)
        return -1;
    u.vport = (uint16_t)vport;
    while (u.moderation + 1u < NUM_MODERATIONS && strcmp(cmd_text(req, "level"), moderations[u.moderation]) != 0)
        u.moderation++;
    return cmd_card(rsp, weir_pf_update_vport(p->pf, &u));
}

int cmd_vport_mirror(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int vport = named_vport(p, req, "vport", rsp), to;
    const char *off = cmd_text(req, "to");
    struct weir_describe_vport_rsp d;
    int err;
    if (vport < 0)
        return -1;
    if (off != NULL && strcmp(off, "off") != 0)
        return cmd_no(rsp, CTL_wrong_call, "vport mirror: '%s' is wrong: expected a vPort, or off", off);
    if (off == NULL) {
        to = named_vport(p, req, "to", rsp);
        err = to < 0 ? 0 : weir_pf_mirror(p->pf, (unsigned)vport, (unsigned)to, true);
        if (err == -EPERM || err == -EACCES || err == -EINVAL)
            return cmd_no(rsp, CTL_card,
                          "vPort %d cannot get copies: only a trusted guest's (guest set GUEST trust on)", to);
        return to < 0 ? -1 : cmd_card(rsp, err);
    }
    err = weir_pf_describe_vport(p->pf, (unsigned)vport, &d);
    if (err == 0 && d.mirror == WEIR_VPORT_NO_VF)
        return cmd_no(rsp, CTL_already, "vPort %d is not mirrored", vport);
    return cmd_card(rsp, err != 0 ? err : weir_pf_mirror(p->pf, (unsigned)vport, d.mirror, false));
}

// ---- VFs ----

static const char *vf_state(unsigned state) {
    static const char *const text[] = {[WEIR_VF_FREE] = "free",
                                       [WEIR_VF_ALLOCATED] = "running",
                                       [WEIR_VF_RESETTING] = "resetting",
                                       [WEIR_VF_STOPPED] = "stopped"};
    return state < sizeof(text) / sizeof(text[0]) ? text[state] : "unknown";
}

static int put_vf(struct parent *p, const char *name, bool given, unsigned vf, struct json_object *all) {
    struct json_object *o = json_object_new_object();
    struct weir_get_vport_rsp v = {0};
    struct weir_get_vf_rsp f = {0};
    char text[18];
    int err = weir_pf_get_vf(p->pf, vf, &f);
    if (err == 0 && f.vport != 0)
        err = weir_pf_get_vport(p->pf, f.vport, &v);
    cmd_put_number(o, "vf", vf);
    cmd_put_text(o, "guest", name);
    cmd_put_text(o, "state", given && f.state == WEIR_VF_ALLOCATED ? GIVEN_STATE : vf_state(f.state));
    snprintf(text, sizeof(text), "%02x:%02x.%x", f.rid >> 8 & 0xFFu, f.rid >> 3 & 31u, f.rid & 7u);
    cmd_put_text(o, "rid", text);
    cmd_put_text(o, "mac", text_of_mac(text, f.mac));
    cmd_put_bool(o, "driver", f.hello != 0);
    cmd_put_number(o, "vport", f.vport);
    cmd_put_number(o, "queues", v.num_qps);
    cmd_put_number(o, "state_bytes", sizeof(struct weir_vf_image) + v.num_qps * sizeof(struct weir_qp_state_record));
    json_object_array_add(all, o);
    return err;
}

// Places of guests, then VFs: of those that are given.
int cmd_vf_list(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const unsigned places = PARENT_MAX_GUESTS + WEIR_NUM_VFS;
    struct json_object *all = json_object_new_array();
    int64_t from = cmd_number(req, "from", 0);
    unsigned i = from < 0 || from > places ? 0 : (unsigned)from;
    struct weir_vstack_given given;
    int err = 0;
    for (; i < places && err == 0 && json_object_array_length(all) < VPORTS_AN_ANSWER; i++) {
        const struct place *g = &p->place[i < PARENT_MAX_GUESTS ? i : 0];
        int vf = g->state == EMPTY ? -1 : weir_vstack_vf(p->vs, (unsigned)g->number);
        if (i >= PARENT_MAX_GUESTS && weir_vstack_given(p->vs, i - PARENT_MAX_GUESTS, &given))
            err = put_vf(p, given.name, true, i - PARENT_MAX_GUESTS, all);
        else if (i < PARENT_MAX_GUESTS && vf >= 0)
            err = put_vf(p, g->name, false, (unsigned)vf, all);
    }
    json_object_object_add(rsp, "vfs", all);
    cmd_put_number(rsp, "next", i);
    cmd_put_bool(rsp, "more", i < places);
    return cmd_card(rsp, err);
}
