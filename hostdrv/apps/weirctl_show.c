// SPDX-License-Identifier: Apache-2.0
// See weirctl_show.h: guests and ledger.
#include "weirctl_show.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "ctl_client.h"
#include "text.h"

// ---- cells and tables ----

static struct json_object *at_path(struct json_object *o, const char *path) {
    const char *slash = strchr(path, '/');
    char first[32];
    if (slash == NULL)
        return ctl_member(o, path);
    snprintf(first, sizeof(first), "%.*s", (int)(slash - path), path);
    return at_path(ctl_member(o, first), slash + 1);
}

static void cell(struct table_out *t, struct json_object *v) {
    char clean[256];
    if (json_object_is_type(v, json_type_string))
        table_out_cell(t, "%s", text_clean(clean, sizeof(clean), json_object_get_string(v)));
    else if (json_object_is_type(v, json_type_int))
        table_out_cell(t, "%lld", (long long)json_object_get_int64(v));
    else if (json_object_is_type(v, json_type_boolean))
        table_out_cell(t, "%s", json_object_get_boolean(v) ? "yes" : "no");
    else
        table_out_cell(t, "-");
}

void show_table(struct json_object *all, const struct show_column *column,
                void (*below)(struct table_out *t, struct json_object *row)) {
    struct table_column columns[TABLE_COLUMNS + 1] = {{.head = NULL}};
    struct table_out *t;
    for (unsigned k = 0; k < TABLE_COLUMNS && column[k].key != NULL; k++)
        columns[k] = column[k].column;
    t = table_out_new(columns);
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *row = json_object_array_get_idx(all, i);
        for (unsigned k = 0; columns[k].head != NULL; k++)
            cell(t, at_path(row, column[k].key));
        if (below != NULL)
            below(t, row);
    }
    table_out_end(t);
}

const char *show_clean(char room[256], struct json_object *o, const char *key) {
    return text_clean(room, 256, ctl_text(o, key));
}

// ---- guests ----

static void show_status(struct json_object *rsp) {
    static const struct show_column columns[] = {
        {"name", {"guest", 'l', 8}},  {"mac", {"mac", 'l', 0}}, {"state", {"state", 'l', 8}}, {"vf", {"vf", 'r', 0}},
        {"vport", {"vport", 'r', 0}}, {"why", {"why", 'l', 8}}, {NULL, {NULL, 0, 0}}};
    char room[256];
    table_text("card %s: %lld VFs, cycle %lld, %lld hand-overs so far", show_clean(room, rsp, "card"),
               ctl_number(rsp, "vfs"), ctl_number(rsp, "cycle"), ctl_number(rsp, "records"));
    if (ctl_length(ctl_member(rsp, "guests")) == 0)
        puts("no guests");
    show_table(ctl_member(rsp, "guests"), columns, NULL);
}

static void settings(struct table_out *t, struct json_object *g) {
    static const char *const key[] = {"uid",     "vlan", "stags", "spoofchk", "trust", "learn",
                                      "max-mac", "link", "rate",  "weight",   "vf",    "priority"};
    char line[1024] = "", room[256];
    for (unsigned k = 0; k < sizeof(key) / sizeof(key[0]); k++)
        snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s %s", k != 0 ? " " : "", key[k],
                 show_clean(room, g, key[k]));
    table_out_note(t, "%s", line);
}

static void show_guests(struct json_object *rsp) {
    static const struct show_column columns[] = {{"name", {"guest", 'l', 8}},
                                                 {"mac", {"mac", 'l', 0}},
                                                 {"state", {"state", 'l', 8}},
                                                 {"known", {"in the table", 'l', 0}},
                                                 {NULL, {NULL, 0, 0}}};
    if (ctl_length(ctl_member(rsp, "guests")) == 0)
        puts("no guests");
    show_table(ctl_member(rsp, "guests"), columns, settings);
}

// ---- counters and ledger ----

// Names and numbers of an object, those that are zero only with `all`; below a table with `t`.
static void show_numbers(struct table_out *t, struct json_object *o, const char *format, bool all) {
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value) {
        char name[64], line[128];
        long long v = (long long)json_object_get_int64(value);
        if (!all && v == 0)
            continue;
        snprintf(line, sizeof(line), format, text_clean(name, sizeof(name), key), v);
        if (t != NULL)
            table_out_note(t, "%s", line);
        else
            puts(line);
    }
}

static void reasons(struct table_out *t, struct json_object *row) {
    show_numbers(t, at_path(row, "tx/reason"), "%s %lld", false);
    show_numbers(t, at_path(row, "rx/reason"), "%s %lld", false);
}

// Of a guest's, by who dropped.
static void whose(struct table_out *t, struct json_object *row) {
    static const char *const side[] = {"tx/reason/", "rx/reason/"};
    static const char *const who[][2] = {
        {"guest", "guest  %s %lld"}, {"parent", "parent %s %lld"}, {"card", "card   %s %lld"}};
    if (!json_object_get_boolean(ctl_member(row, "answers")))
        table_out_note(t, "(it does not answer: its half is unknown)");
    for (unsigned i = 0; i < 6; i++) {
        char path[32];
        snprintf(path, sizeof(path), "%s%s", side[i / 3], who[i % 3][0]);
        show_numbers(t, at_path(row, path), who[i % 3][1], false);
    }
}

static void show_ledger(struct json_object *rsp) {
    static const struct show_column vports[] = {{"vport", {"vport", 'r', 0}},
                                                {"tx/frames", {"sent", 'r', 0}},
                                                {"tx/dropped", {"dropped", 'r', 0}},
                                                {"rx/copies", {"routed to", 'r', 0}},
                                                {"rx/redirect_in", {"drained in", 'r', 0}},
                                                {"rx/delivered", {"delivered", 'r', 0}},
                                                {"rx/redirect_out", {"drained", 'r', 0}},
                                                {"rx/dropped", {"dropped", 'r', 0}},
                                                {"name", {"name", 'l', 8}},
                                                {NULL, {NULL, 0, 0}}};
    static const struct show_column guests[] = {{"name", {"guest", 'l', 8}},
                                                {"tx/frames", {"sent", 'r', 0}},
                                                {"tx/dropped", {"dropped", 'r', 0}},
                                                {"rx/frames", {"taken", 'r', 0}},
                                                {"rx/dropped", {"dropped", 'r', 0}},
                                                {"under_way", {"under way", 'r', 0}},
                                                {NULL, {NULL, 0, 0}}};
    struct json_object *p = ctl_member(rsp, "port");
    struct json_object *rx = ctl_member(p, "rx"), *tx = ctl_member(p, "tx");
    char room[256];

    table_text("ledger: %s", show_clean(room, rsp, "text"));
    table_text("%lld frames dropped, each with a reason below; %lld under way at most", ctl_number(rsp, "dropped"),
               ctl_number(rsp, "under_way"));
    table_text("port: %lld frames from the wire, %lld dropped; %lld copies to the wire, %lld sent, %lld dropped",
               ctl_number(rx, "frames"), ctl_number(rx, "dropped"), ctl_number(tx, "copies"), ctl_number(tx, "sent"),
               ctl_number(tx, "dropped"));
    show_numbers(NULL, ctl_member(rx, "reason"), "    %s %lld", false);
    show_numbers(NULL, ctl_member(tx, "reason"), "    %s %lld", false);
    show_table(ctl_member(rsp, "vport"), vports, reasons);
    show_numbers(NULL, at_path(rsp, "parent/reason"), "    %s %lld", false);
    if (ctl_length(ctl_member(rsp, "guest")) != 0)
        puts("guests, each over all its paths and VFs:");
    show_table(ctl_member(rsp, "guest"), guests, whose);
}

static void show_counters(struct json_object *rsp) {
    show_numbers(NULL, ctl_member(rsp, "counter"), "%-28s %lld", true);
}

static void show_link(struct json_object *rsp) {
    char room[256];
    printf("link %s\n", show_clean(room, rsp, "link"));
}

static void show_level(struct json_object *rsp) {
    char room[256];
    printf("log level %s\n", show_clean(room, rsp, "level"));
}

static void show_give(struct json_object *rsp) {
    char room[3][256];
    bool pci = ctl_text(rsp, "pci")[0] != '\0';
    table_text("VF %lld is %s's, as %s: %s %s", ctl_number(rsp, "vf"), show_clean(room[0], rsp, "name"),
               show_clean(room[1], rsp, "mac"), pci ? "PCI device" : "socket",
               show_clean(room[2], rsp, pci ? "pci" : "socket"));
}

// What was only to be done needs no words, but the parent may have some.
void show_answer(enum verb_id id, struct json_object *rsp) {
    static void (*const show[VERB_COUNT])(struct json_object * rsp) = {
        [VERB_status] = show_status,       [VERB_path_show] = show_paths,    [VERB_path_reasons] = show_reasons,
        [VERB_policy_show] = show_policy,  [VERB_policy_set] = show_policy,  [VERB_records] = show_records,
        [VERB_ledger] = show_ledger,       [VERB_counters] = show_counters,  [VERB_guest_list] = show_guests,
        [VERB_vport_list] = show_vports,   [VERB_vf_list] = show_vfs,        [VERB_vf_give] = show_give,
        [VERB_link] = show_link,           [VERB_dev_info] = show_info,      [VERB_dev_queues] = show_queues,
        [VERB_dev_health] = show_health,   [VERB_dev_panic] = show_panic,    [VERB_dev_log] = show_log,
        [VERB_dev_log_level] = show_level, [VERB_flash_show] = show_flash,   [VERB_flash_verify] = show_flash,
        [VERB_flash_write] = show_flash,   [VERB_flash_commit] = show_flash, [VERB_flash_confirm] = show_flash,
        [VERB_flash_log] = show_boot_log,  [VERB_flash_dump] = show_dump};
    char room[256];
    if (show[id] != NULL)
        show[id](rsp);
    if (ctl_text(rsp, "note")[0] != '\0')
        table_text("note: %s", show_clean(room, rsp, "note"));
}
