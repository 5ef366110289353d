// SPDX-License-Identifier: Apache-2.0
// For the commands of the control socket (host_cmd.c, host_cmd_guest.c): reading a question, writing an answer.
#ifndef WEIR_APPS_HOST_CMD_H
#define WEIR_APPS_HOST_CMD_H

struct json_object;
struct parent;

// Printable ASCII in any case.
void cmd_put_text(struct json_object *o, const char *key, const char *text);
// The answer is no: a sentence with `what`, often the client's own word, in it. Returns -1.
int cmd_sentence(struct json_object *o, const char *text, const char *what);
// A text of the question; NULL when it has none.
const char *cmd_text(struct json_object *req, const char *key);

// Each: 0, or -1 with the reason in the answer.
int cmd_guest_add(struct parent *p, struct json_object *req, struct json_object *rsp);
int cmd_guest_set(struct parent *p, struct json_object *req, struct json_object *rsp);
int cmd_guest_remove(struct parent *p, struct json_object *req, struct json_object *rsp);
int cmd_dev_health(struct parent *p, struct json_object *req, struct json_object *rsp);
int cmd_guest_list(struct parent *p, struct json_object *req, struct json_object *rsp);

#endif
