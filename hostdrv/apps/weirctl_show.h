// SPDX-License-Identifier: Apache-2.0
// Answers of a parent for people. The answer may come from anybody who has the socket: it is printed as printable ASCII
// and whatever it lacks is left out.
#ifndef WEIR_APPS_WEIRCTL_SHOW_H
#define WEIR_APPS_WEIRCTL_SHOW_H

struct json_object;

void show_answer(const char *cmd, struct json_object *rsp);

#endif
