// SPDX-License-Identifier: Apache-2.0
// See ctl_client.h.
#include "ctl_client.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "text.h"

#define CONNECT_S 10
#define MAX_ANSWER (16u << 20)

int ctl_connect(struct ctl_link *l, const char *dir, char *err, size_t err_size) {
    const struct timeval limit = {.tv_sec = CONNECT_S};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int ret = 0;

    l->fd = -1;
    if ((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/admin/ctl.sock", dir) >= sizeof(addr.sun_path)) {
        snprintf(err, err_size, "%s is too long for the path of a socket", dir);
        l->code = CTL_wrong_call;
        return -ENAMETOOLONG;
    }
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // A parent that hangs accepts nobody and reads nothing.
    if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(l->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        ret = -errno;
        l->code = ret == -EACCES ? CTL_not_allowed : CTL_no_parent;
        snprintf(err, err_size,
                 ret == -EACCES ? "%s: %s; the parent hears only root and the user it runs as"
                                : "no parent answers at %s: %s; start weir-host, or name its folder with --parent",
                 addr.sun_path, strerror(-ret));
        ctl_disconnect(l);
    }
    return ret;
}

void ctl_disconnect(struct ctl_link *l) {
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

struct json_object *ctl_question(const char *cmd, const char *guest) {
    struct json_object *q = json_object_new_object();
    json_object_object_add(q, "cmd", json_object_new_string(cmd));
    if (guest != NULL)
        json_object_object_add(q, "guest", json_object_new_string(guest));
    return q;
}

const char *ctl_text(struct json_object *o, const char *key) {
    struct json_object *v = ctl_member(o, key);
    return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

long long ctl_number(struct json_object *o, const char *key) {
    struct json_object *v = ctl_member(o, key);
    return json_object_is_type(v, json_type_int) ? (long long)json_object_get_int64(v) : -1;
}

struct json_object *ctl_member(struct json_object *o, const char *key) {
    struct json_object *v = NULL;
    return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

size_t ctl_length(struct json_object *array) {
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

// One object of JSON, in as many pieces as it comes, but not without end.
static struct json_object *read_answer(const struct ctl_link *l) {
    struct json_tokener *parser = json_tokener_new();
    struct json_object *rsp = NULL;
    size_t total = 0;
    char piece[4096];

    while (parser != NULL && rsp == NULL && total < MAX_ANSWER) {
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        int ready = poll(&p, 1, 1);
        ssize_t n;
        if (l->meanwhile != NULL && !l->meanwhile(l->ctx))
            break;
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        n = ready == 1 ? recv(l->fd, piece, sizeof(piece), MSG_DONTWAIT) : -1;
        if (n <= 0)
            break;
        total += (size_t)n;
        rsp = json_tokener_parse_ex(parser, piece, (int)n);
        if (rsp == NULL && json_tokener_get_error(parser) != json_tokener_continue)
            break;
    }
    if (parser != NULL)
        json_tokener_free(parser);
    return rsp;
}

void ctl_await_end(const struct ctl_link *l) {
    char more[256];
    for (;;) {
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        int ready = poll(&p, 1, 100);
        if (l->meanwhile != NULL && !l->meanwhile(l->ctx))
            return;
        if (ready == 1 && recv(l->fd, more, sizeof(more), MSG_DONTWAIT) <= 0)
            return;
    }
}

struct json_object *ctl_ask(struct ctl_link *l, struct json_object *question, char *err, size_t err_size) {
    const char *text = json_object_to_json_string_ext(question, JSON_C_TO_STRING_PLAIN);
    size_t len = strlen(text);
    struct json_object *rsp = NULL;

    if (send(l->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len && send(l->fd, "\n", 1, MSG_NOSIGNAL) == 1)
        rsp = read_answer(l);
    json_object_put(question);
    l->code = CTL_no_answer;
    if (rsp == NULL) {
        snprintf(err, err_size, "the parent does not answer");
        return NULL;
    }
    if (!json_object_get_boolean(ctl_member(rsp, "ok"))) {
        struct json_object *why = ctl_member(rsp, "error");
        l->code = ctl_error_find(ctl_text(why, "code"));
        text_clean(err, err_size, why != NULL ? ctl_text(why, "text") : "the parent says no, and not why");
        json_object_put(rsp);
        return NULL;
    }
    return rsp;
}
