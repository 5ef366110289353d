// SPDX-License-Identifier: Apache-2.0
// weirctl vf give, vf take: VFs of clients outside, who speak to a function themselves and join no parent (ADR 0023).
// The name is one of the table of guests, its row says address and policy, so a parent after this one knows them, too.
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "host_cmd.h"
#include "host_int.h"
#include "text.h"

int given_find(const struct parent *p, const char *name) {
    struct weir_vstack_given g;
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++)
        if (weir_vstack_given(p->vs, vf, &g) && strcmp(g.name, name) == 0)
            return (int)vf;
    return -1;
}

bool given_here(const struct parent *p, unsigned vf) {
    struct weir_vstack_given g;
    return weir_vstack_given(p->vs, vf, &g);
}

static struct weir_vstack_guest_config config_of(const struct table_entry *e) {
    struct weir_vstack_guest_config gc = {.policy = e->policy};
    memcpy(gc.name, e->name, sizeof(gc.name));
    memcpy(gc.mac, e->mac, 6);
    return gc;
}

bool given_keep(struct parent *p, unsigned vf, const struct weir_vstack_left *l) {
    const struct table_entry *e = table_find(&p->table, l->name);
    struct weir_vstack_guest_config gc;
    if (e == NULL)
        return false;
    gc = config_of(e);
    p->given[vf] = weir_vstack_given_keep(p->vs, &gc, vf) == 0;
    if (p->given[vf] && left_lend(p, vf) == 0)
        parent_log(p, LOG_GUEST, "VF %u goes on as given to '%s'", vf, l->name);
    return p->given[vf];
}

int given_take(struct parent *p, unsigned vf) {
    int ret = weir_vstack_take(p->vs, vf, WEIR_WHY_DETACH);
    given_look(p);
    return ret;
}

void given_look(struct parent *p) {
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++) {
        if (!p->given[vf] || given_here(p, vf))
            continue;
        p->given[vf] = false;
        left_evict(p, vf);
        parent_log(p, LOG_GUEST, "VF %u, which was given, is taken back", vf);
    }
}

// ---- commands ----

struct json_object *cmd_given(struct parent *p, unsigned vf, struct json_object *o) {
    struct weir_vstack_given g = {.name = ""};
    char mac[18];

    (void)weir_vstack_given(p->vs, vf, &g);
    cmd_put_text(o, "name", g.name);
    cmd_put_text(o, "mac", text_of_mac(mac, g.mac));
    cmd_put_text(o, "state", GIVEN_STATE);
    cmd_put_text(o, "why", weir_why_text(WEIR_WHY_GIVEN));
    cmd_put_text(o, "reason", weir_why_name(WEIR_WHY_GIVEN));
    cmd_put_number(o, "vf", vf);
    cmd_put_number(o, "vport", g.vport);
    return o;
}

int cmd_give_fits(const struct weir_policy *policy, struct json_object *rsp) {
    const char *key = weir_vstack_give_unfit(policy);
    if (key == NULL)
        return 0;
    return cmd_no(rsp, CTL_bad_setting, "%s: cannot hold for a client outside; leave it as it is without a setting: %s",
                  key,
                  strcmp(key, "weight") == 0 ? "weight 1"
                  : strcmp(key, "link") == 0 ? "link follow"
                                             : "vf auto");
}

// The name's row, a new one where the table has none: then *added. NULL with no in the answer.
static struct table_entry *row_of(struct parent *p, struct json_object *req, struct json_object *rsp, bool *added) {
    const char *name = cmd_text(req, "guest");
    struct table_entry *e = table_find(&p->table, name);
    struct json_object *set;

    *added = e == NULL;
    if (e == NULL)
        return cmd_guest_add(p, req, rsp) == 0 ? table_find(&p->table, name) : NULL;
    if (json_object_object_get_ex(req, "set", &set)) {
        (void)cmd_no(rsp, CTL_guest_exists,
                     "guest '%s' is in the table with its settings: change them with guest set, or leave them out here",
                     name);
        return NULL;
    }
    return e;
}

static void remove_row(struct parent *p, const char *name) {
    char err[256];
    table_remove(&p->table, table_find(&p->table, name));
    if (table_save(&p->table, err, sizeof(err)) != 0)
        parent_log(p, LOG_GUEST, "guest '%s' stays in the table: %s", name, err);
    (void)admit_open_socket(p);
}

// Whoever has the name already, on whatever path.
static int check_name(struct parent *p, const char *name, struct json_object *rsp) {
    struct weir_vstack_left l;
    if (given_find(p, name) >= 0)
        return cmd_no(rsp, CTL_already, "VF %d was given to '%s' already; see weirctl vf list", given_find(p, name),
                      name);
    if (guests_find(p, name) != NULL)
        return cmd_no(rsp, CTL_guest_here, "guest '%s' is here; give the client outside another name", name);
    for (unsigned vf = 0; vf < WEIR_NUM_VFS; vf++)
        if (weir_vstack_left(p->vs, vf, &l) && strcmp(l.name, name) == 0)
            return cmd_no(rsp, CTL_guest_here, "VF %u is kept for guest '%s' of before the parent's restart; try again",
                          vf, name);
    return 0;
}

static int put_where(struct parent *p, unsigned vf, struct json_object *rsp) {
    char text[256] = "";
    int err = app_bus_where(&p->opt.bus, weir_dev_bus(weir_pf_dev(p->pf)), p->opt.card, vf, text, sizeof(text));

    (void)cmd_given(p, vf, rsp);
    cmd_put_text(rsp, p->opt.bus.pci ? "pci" : "socket", text);
    if (!p->opt.bus.pci)
        cmd_put_text(rsp, "note", "root, the user of weir-sim and those of its --allow-uid may connect to the socket");
    return cmd_card(rsp, err);
}

static int give(struct parent *p, const struct table_entry *e, struct json_object *rsp) {
    const struct weir_vstack_guest_config gc = config_of(e);
    int vf;
    if (cmd_give_fits(&e->policy, rsp) != 0)
        return -1;
    vf = weir_vstack_give(p->vs, &gc);
    if (vf == -EEXIST)
        return cmd_no(rsp, CTL_address_taken, "mac: its hardware address is taken");
    if (vf < 0)
        return cmd_card(rsp, vf);
    p->given[vf] = true;
    parent_log(p, LOG_GUEST, "VF %d is given to '%s'", vf, e->name);
    if (cmd_card(rsp, left_lend(p, (unsigned)vf)) == 0 && put_where(p, (unsigned)vf, rsp) == 0)
        return 0;
    (void)given_take(p, (unsigned)vf); // of no use to anybody who cannot find it
    return -1;
}

int cmd_vf_give(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *name = cmd_text(req, "guest");
    const struct table_entry *e;
    bool added;

    if (check_name(p, name, rsp) != 0)
        return -1;
    e = row_of(p, req, rsp, &added);
    if (e == NULL)
        return -1;
    if (give(p, e, rsp) == 0)
        return 0;
    if (added && given_find(p, name) < 0)
        remove_row(p, name);
    return -1;
}

int cmd_vf_take(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *name = cmd_text(req, "vf");
    int vf = name != NULL ? given_find(p, name) : (int)cmd_number(req, "vf", -1);
    if (vf < 0 || !given_here(p, (unsigned)vf))
        return name != NULL
                   ? cmd_no(rsp, CTL_no_guest, "no VF was given to '%s'; weirctl vf list has those that were", name)
                   : cmd_no(rsp, CTL_no_object, "VF %d was not given; weirctl vf list has those that were", vf);
    return cmd_card(rsp, given_take(p, (unsigned)vf));
}
