// SPDX-License-Identifier: Apache-2.0
// weirctl guest add, set, remove, list: the table of guests (host_table.h). Nothing changes unless all of it can: the
// guest that is here first, then the file; when that cannot be written the guest gets its old policy back.
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "host_cmd.h"
#include "host_int.h"
#include "text.h"

// Puts the question's settings into the entry.
static int apply(struct table_entry *e, struct json_object *req, struct json_object *rsp) {
    struct json_object *set = NULL;
    char err[256] = "";

    if (!json_object_object_get_ex(req, "set", &set))
        return 0;
    if (!json_object_is_type(set, json_type_object))
        return cmd_no(rsp, CTL_wrong_call, "set: settings are an object of texts");
    json_object_object_foreach(set, key, value) {
        if (verb_text(value) == NULL)
            return cmd_no(rsp, CTL_wrong_call, "%s: a setting is a text", key);
        if (table_set(e, key, verb_text(value), err, sizeof(err)) != 0)
            return cmd_no(rsp, CTL_bad_setting, "%s", err);
    }
    return weir_policy_check(&e->policy, err, sizeof(err)) == 0 ? 0 : cmd_no(rsp, CTL_bad_setting, "%s", err);
}

static bool here(const struct place *g) {
    return g != NULL && g->state == GUEST;
}

// An address that was not named: the one it has now, else the next free one.
static int settle_mac(struct parent *p, struct table_entry *e, struct json_object *rsp) {
    const struct place *g = guests_find(p, e->name);
    const char *why;
    if (memcmp(e->mac, (const uint8_t[6]){0}, 6) == 0 && here(g))
        memcpy(e->mac, g->mac, 6);
    else if (memcmp(e->mac, (const uint8_t[6]){0}, 6) == 0)
        admit_assign(p, e->name, e->mac);
    why = admit_mac(p, e->mac, e->name);
    return why == NULL ? 0 : cmd_no(rsp, CTL_address_taken, "mac: %s", why);
}

// The policy by which whoever has the name is held now, on whatever path; NULL: nobody has it.
static const struct weir_policy *policy_of(struct parent *p, const char *name) {
    const struct place *g = guests_find(p, name);
    int vf = given_find(p, name);
    return here(g)   ? weir_vstack_guest_policy(p->vs, (unsigned)g->number)
           : vf >= 0 ? weir_vstack_given_policy(p->vs, (unsigned)vf)
                     : NULL;
}

static int hold(struct parent *p, const char *name, const struct weir_policy *policy) {
    const struct place *g = guests_find(p, name);
    return here(g) ? weir_vstack_guest_set(p->vs, (unsigned)g->number, policy)
                   : weir_vstack_given_set(p->vs, (unsigned)given_find(p, name), policy);
}

static bool other_mac(struct parent *p, const struct table_entry *e) {
    int vf = given_find(p, e->name);
    struct weir_vstack_given g;
    return vf >= 0 && weir_vstack_given(p->vs, (unsigned)vf, &g) && memcmp(g.mac, e->mac, 6) != 0;
}

// Makes the table that with *changed in it real. On failure the table is *before again.
static int commit(struct parent *p, const struct table *before, const struct table_entry *changed,
                  struct json_object *rsp) {
    const struct place *g = changed != NULL ? guests_find(p, changed->name) : NULL;
    const struct weir_policy *now = changed != NULL ? policy_of(p, changed->name) : NULL;
    struct weir_policy old = {0};
    char err[256] = "";
    int ret;

    if (now != NULL) {
        old = *now;
        ret = hold(p, changed->name, &changed->policy);
        if (ret != 0) {
            p->table = *before;
            return cmd_card(rsp, ret);
        }
    }
    if (table_save(&p->table, err, sizeof(err)) != 0) {
        if (now != NULL)
            (void)hold(p, changed->name, &old);
        p->table = *before;
        return cmd_no(rsp, CTL_not_kept, "%s", err);
    }
    if (admit_open_socket(p) != 0)
        return cmd_no(rsp, CTL_not_kept, "kept, but the mode of the guests' socket cannot be set");
    if (here(g) && (memcmp(g->mac, changed->mac, 6) != 0 || (changed->has_uid && changed->uid != g->uid)))
        cmd_put_text(rsp, "note", "address and user hold from the guest's next start");
    if (changed != NULL && other_mac(p, changed))
        cmd_put_text(rsp, "note", "the address holds from the next vf give");
    return 0;
}

static const char *name_of(struct json_object *req, struct json_object *rsp) {
    const char *name = cmd_text(req, "guest");
    if (weir_partition_name_ok(name, strlen(name) + 1))
        return name;
    (void)cmd_no(rsp, CTL_wrong_call, "a guest's name is 1 to 31 letters, digits, '-', '_' and '.'");
    return NULL;
}

int cmd_guest_add(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct table before = p->table;
    const char *name = name_of(req, rsp);
    struct table_entry *e;

    if (name == NULL)
        return -1;
    if (table_find(&p->table, name) != NULL)
        return cmd_no(rsp, CTL_guest_exists, "guest '%s' is in the table already; change it with guest set", name);
    e = table_add(&p->table, name);
    if (e == NULL)
        return cmd_no(rsp, CTL_table_full, "the table of guests is full");
    if (apply(e, req, rsp) == 0 && settle_mac(p, e, rsp) == 0)
        return commit(p, &before, e, rsp);
    p->table = before;
    return -1;
}

int cmd_guest_set(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct table before = p->table;
    const char *name = name_of(req, rsp);
    struct table_entry *e;

    if (name == NULL)
        return -1;
    e = table_find(&p->table, name);
    if (e == NULL)
        return cmd_no(rsp, CTL_no_guest, "guest '%s' is not in the table; put it there with guest add", name);
    if (apply(e, req, rsp) == 0 && settle_mac(p, e, rsp) == 0 &&
        (given_find(p, name) < 0 || cmd_give_fits(&e->policy, rsp) == 0))
        return commit(p, &before, e, rsp);
    p->table = before;
    return -1;
}

// Out of the table, and out of the door: whatever the guest does or does not do.
int cmd_guest_remove(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const struct table before = p->table;
    const char *name = cmd_text(req, "guest");
    struct table_entry *e = table_find(&p->table, name);
    struct place *g = guests_find(p, name);
    int vf = given_find(p, name);

    if (e == NULL && g == NULL && vf < 0)
        return cmd_no(rsp, CTL_no_guest, "there is no guest '%s'; see weirctl guest list", name);
    if (e != NULL) {
        table_remove(&p->table, e);
        if (commit(p, &before, NULL, rsp) != 0)
            return -1;
    }
    if (g != NULL)
        guests_send_away(p, g);
    return vf >= 0 ? cmd_card(rsp, given_take(p, (unsigned)vf)) : 0;
}

static struct json_object *row(struct parent *p, const struct table_entry *e, const struct place *g, bool known) {
    struct json_object *o = json_object_new_object();
    const char *key;
    char value[256];

    cmd_put_text(o, "name", e->name);
    cmd_put_text(o, "state",
                 g != NULL                     ? weir_vstack_state_text(weir_vstack_state(p->vs, (unsigned)g->number))
                 : given_find(p, e->name) >= 0 ? GIVEN_STATE
                                               : "not here");
    cmd_put_bool(o, "known", known);
    for (unsigned k = 0; (key = table_key(k)) != NULL; k++)
        if (table_get(e, key, value, sizeof(value)))
            cmd_put_text(o, key, value);
    return o;
}

int cmd_guest_list(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct json_object *all = json_object_new_array();

    (void)req;
    for (unsigned i = 0; i < p->table.count; i++)
        json_object_array_add(all, row(p, &p->table.entry[i], guests_find(p, p->table.entry[i].name), true));
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++) {
        const struct place *g = &p->place[i];
        struct table_entry e = {.has_uid = true, .uid = g->uid};
        const struct weir_policy *policy;
        if (g->state == EMPTY || table_find(&p->table, g->name) != NULL)
            continue;
        policy = weir_vstack_guest_policy(p->vs, (unsigned)g->number);
        memcpy(e.name, g->name, sizeof(e.name));
        memcpy(e.mac, g->mac, 6);
        if (policy != NULL)
            e.policy = *policy;
        json_object_array_add(all, row(p, &e, g, false));
    }
    json_object_object_add(rsp, "guests", all);
    return 0;
}
