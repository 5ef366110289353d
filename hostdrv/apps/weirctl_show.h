// SPDX-License-Identifier: Apache-2.0
// Answers of the parent, for people. Whatever an answer looks like, what is printed is printable (threat T30).
#ifndef WEIR_APPS_WEIRCTL_SHOW_H
#define WEIR_APPS_WEIRCTL_SHOW_H

#include "table.h"
#include "verbs.h"

// A column: of each row the member `key`, or with a '/' in it a member of a member. Texts are made printable, true and
// false are yes and no, what is not there is '-'.
struct show_column {
    const char *key;
    struct table_column column;
};

// A table of an array of objects. `below`, unless NULL, adds lines below each row.
void show_table(struct json_object *all, const struct show_column *column,
                void (*below)(struct table_out *t, struct json_object *row));

// A text of the object, printable.
const char *show_clean(char room[256], struct json_object *o, const char *key);

void show_answer(enum verb_id id, struct json_object *rsp);

// ---- weirctl_show_path.c ----
void show_paths(struct json_object *rsp);
void show_reasons(struct json_object *rsp);
void show_policy(struct json_object *rsp);
void show_records(struct json_object *rsp);

// ---- weirctl_show_dev.c ----
void show_vports(struct json_object *rsp);
void show_vfs(struct json_object *rsp);
void show_info(struct json_object *rsp);
void show_queues(struct json_object *rsp);
void show_health(struct json_object *rsp);
void show_panic(struct json_object *rsp);
void show_log(struct json_object *rsp);
void show_flash(struct json_object *rsp);
void show_boot_log(struct json_object *rsp);
void show_dump(struct json_object *rsp);

#endif
