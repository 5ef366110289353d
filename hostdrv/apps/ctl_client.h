// SPDX-License-Identifier: Apache-2.0
// Asks a parent over its control socket (host_ctl.h).
#ifndef WEIR_APPS_CTL_CLIENT_H
#define WEIR_APPS_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "verbs.h"

struct ctl_link {
    int fd; // -1 = none
    // Called about every millisecond while an answer is awaited; false: wait no longer. May be NULL.
    bool (*meanwhile)(void *ctx);
    void *ctx;
    enum ctl_error code; // why the last call failed
};

// 0, or negative errno with one line in err.
int ctl_connect(struct ctl_link *l, const char *dir, char *err, size_t err_size);
void ctl_disconnect(struct ctl_link *l);
// Asks one question (taken over) and waits for its answer as long as the parent lives: yours to put back. NULL with one
// line in err when there is none, and when the answer is no.
struct json_object *ctl_ask(struct ctl_link *l, struct json_object *question, char *err, size_t err_size);
// Waits until the parent has closed the connection: it is halted, and has let go of the card.
void ctl_await_end(const struct ctl_link *l);
// {"cmd": cmd} and, unless NULL, "guest".
struct json_object *ctl_question(const char *cmd, const char *guest);
// Of an answer, whatever it looks like: what is not there, or of another type, is "", -1, NULL, 0.
const char *ctl_text(struct json_object *o, const char *key);
long long ctl_number(struct json_object *o, const char *key);
struct json_object *ctl_member(struct json_object *o, const char *key);
size_t ctl_length(struct json_object *array);

#endif
