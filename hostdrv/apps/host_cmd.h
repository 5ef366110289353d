// SPDX-License-Identifier: Apache-2.0
// For the commands of the control socket (host_cmd*.c, host_health.c): reading a question, writing an answer.
#ifndef WEIR_APPS_HOST_CMD_H
#define WEIR_APPS_HOST_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "verbs.h"

struct parent;
struct place;
struct weir_vstack_record;

// Printable ASCII in any case.
void cmd_put_text(struct json_object *o, const char *key, const char *text);
void cmd_put_number(struct json_object *o, const char *key, uint64_t v);
void cmd_put_bool(struct json_object *o, const char *key, bool v);
// The answer is no: a code and a sentence, made printable. Returns -1.
__attribute__((format(printf, 3, 4))) int cmd_no(struct json_object *rsp, enum ctl_error code, const char *fmt, ...);
// 0, or no for what the card answered (negative errno).
int cmd_card(struct json_object *rsp, int err);
// A text of the question; NULL when it has none. A number, `otherwise` when it has none.
const char *cmd_text(struct json_object *req, const char *key);
int64_t cmd_number(struct json_object *req, const char *key, int64_t otherwise);

// The guest of that name; without one NULL, and no in the answer, which says so if its VF was given.
struct place *cmd_guest(struct parent *p, struct json_object *req, struct json_object *rsp);

// A guest, and a hand-over, as status, path show and records have them.
void cmd_put_guest(struct parent *p, const struct place *g, struct json_object *o);
struct json_object *cmd_record(const struct parent *p, const struct weir_vstack_record *r);
// A given VF as status and path have it, in o, which it returns.
struct json_object *cmd_given(struct parent *p, unsigned vf, struct json_object *o);
// 0, or -1 with no in the answer: the policy cannot hold for a client outside.
struct weir_policy;
int cmd_give_fits(const struct weir_policy *policy, struct json_object *rsp);

#define CMD_LATER 2 // a command that takes more than one turn: it is run again

// Each: 0, or -1 with the reason in the answer, or CMD_LATER. The question's arguments are what verbs.def says.
#define VERB(id, name, first, second, required, help)                                                                  \
    int cmd_##id(struct parent *p, struct json_object *req, struct json_object *rsp);
#include "verbs.def"
#undef VERB

#endif
