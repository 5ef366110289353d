// SPDX-License-Identifier: Apache-2.0
// See host_ctl.h.
#include "host_ctl.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl_ledger.h"
#include "host_run.h"
#include "weir/partition.h"
#include "weir_abi.h"

#define MAX_LINE 1024u

struct client {
    int fd; // -1 = free
    size_t have;
    char line[MAX_LINE];
};

struct ctl {
    int listener;
    char path[108];
    struct client client[CTL_MAX_CLIENTS];
};

struct ctl *ctl_new(const char *path, char *err, size_t err_size) {
    struct ctl *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    for (unsigned i = 0; i < CTL_MAX_CLIENTS; i++)
        c->client[i].fd = -1;
    snprintf(c->path, sizeof(c->path), "%s", path);
    c->listener = weir_partition_listen(path, err, err_size);
    if (c->listener < 0) {
        free(c);
        return NULL;
    }
    return c;
}

void ctl_free(struct ctl *c) {
    if (c == NULL)
        return;
    for (unsigned i = 0; i < CTL_MAX_CLIENTS; i++)
        if (c->client[i].fd >= 0)
            close(c->client[i].fd);
    close(c->listener);
    (void)unlink(c->path);
    free(c);
}

// ---- answers ----

static void put_text(struct json_object *o, const char *key, const char *text) {
    json_object_object_add(o, key, json_object_new_string(text));
}

static void put_number(struct json_object *o, const char *key, uint64_t v) {
    json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

static void put_bool(struct json_object *o, const char *key, bool v) {
    json_object_object_add(o, key, json_object_new_boolean(v));
}

static int sentence(struct json_object *o, const char *text, const char *what) {
    char s[256];
    snprintf(s, sizeof(s), text, what);
    put_text(o, "error", s);
    return -1;
}

static const char *text_of(struct json_object *req, const char *key) {
    struct json_object *v;
    return json_object_object_get_ex(req, key, &v) && json_object_is_type(v, json_type_string)
               ? json_object_get_string(v)
               : NULL;
}

static int64_t number_of(struct json_object *req, const char *key, int64_t otherwise) {
    struct json_object *v;
    return json_object_object_get_ex(req, key, &v) && json_object_is_type(v, json_type_int) ? json_object_get_int64(v)
                                                                                            : otherwise;
}

// ---- commands ----

static int cmd_status(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_vstack *vs = parent_vstack(p);
    struct json_object *guests = json_object_new_array();
    uint32_t cycle = 0;

    (void)req;
    put_text(rsp, "card", parent_options(p)->card);
    put_number(rsp, "vfs", parent_options(p)->vfs);
    if (weir_pf_ping(parent_pf(p), &cycle) == 0)
        put_number(rsp, "cycle", cycle);
    put_number(rsp, "records", weir_vstack_num_records(vs));
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++) {
        struct json_object *o;
        const uint8_t *mac;
        const char *name;
        char text[24];
        int g = parent_guest(p, i, &name, &mac), vf, vport;
        if (g < 0)
            continue;
        o = json_object_new_object();
        put_text(o, "name", name);
        snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
        put_text(o, "mac", text);
        put_text(o, "state", weir_vstack_state_text(weir_vstack_state(vs, (unsigned)g)));
        put_text(o, "why", weir_why_text(weir_vstack_why(vs, (unsigned)g)));
        vf = weir_vstack_vf(vs, (unsigned)g);
        vport = weir_vstack_vport(vs, (unsigned)g);
        if (vf >= 0)
            put_number(o, "vf", (uint64_t)vf);
        if (vport >= 0)
            put_number(o, "vport", (uint64_t)vport);
        json_object_array_add(guests, o);
    }
    json_object_object_add(rsp, "guests", guests);
    return 0;
}

static int find_guest(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *name = text_of(req, "guest");
    int g;
    if (name == NULL)
        return sentence(rsp, "%s: name a guest; see weirctl status", "guest");
    g = parent_find(p, name);
    return g >= 0 ? g : sentence(rsp, "there is no guest '%s'; see weirctl status", name);
}

static int outcome(struct json_object *rsp, int err, const char *already) {
    if (err == 0)
        return 0;
    if (err == -EBUSY || err == -EALREADY)
        return sentence(rsp, "%s", already);
    if (err == -EAGAIN)
        return sentence(rsp, "%s", "the guest does not read its channel; try again");
    if (err == -ENOSPC)
        return sentence(rsp, "%s", "no VF, vPort or queue pair is free");
    return sentence(rsp, "the card says: %s", strerror(-err));
}

static int cmd_attach(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int g = find_guest(p, req, rsp);
    return g < 0 ? -1
                 : outcome(rsp, weir_vstack_attach(parent_vstack(p), (unsigned)g),
                           "the guest has a VF already, or one is on its way; see weirctl status");
}

static int cmd_detach(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int g = find_guest(p, req, rsp);
    return g < 0 ? -1
                 : outcome(rsp, weir_vstack_detach(parent_vstack(p), (unsigned)g, WEIR_WHY_DETACH),
                           "the guest has no VF, or is leaving it; see weirctl status");
}

static int cmd_revoke(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int g = find_guest(p, req, rsp);
    return g < 0 ? -1
                 : outcome(rsp, weir_vstack_revoke(parent_vstack(p), (unsigned)g, WEIR_WHY_REMOVED),
                           "the guest has no VF; see weirctl status");
}

static struct json_object *record(const struct weir_vstack_record *r) {
    struct json_object *o = json_object_new_object();
    put_number(o, "serial", r->serial);
    put_text(o, "guest", r->name);
    put_text(o, "direction", r->to_vf ? "to VF" : "to synthetic");
    put_text(o, "why", weir_why_text(r->why));
    put_bool(o, "surprise", r->surprise);
    put_text(o, "status", r->status == 0 ? "done" : strerror(r->status < 0 ? -r->status : r->status));
    put_number(o, "vf", r->vf);
    put_number(o, "vport", r->vport);
    put_number(o, "epoch", r->epoch);
    put_number(o, "cycle_request", r->cycle_request);
    put_number(o, "cycle_move", r->cycle_move);
    put_number(o, "cycle_done", r->cycle_done);
    if (!r->to_vf) {
        put_bool(o, "guest_told", r->guest_told);
        put_number(o, "tx_posted", r->tx_posted);
        put_number(o, "tx_entered", r->tx_entered);
        put_number(o, "tx_lost", r->tx_lost);
        put_number(o, "rx_delivered", r->rx_delivered);
        put_number(o, "rx_taken", r->rx_taken);
        put_number(o, "rx_lost", r->rx_lost);
        put_number(o, "rx_dropped", r->rx_dropped);
        put_number(o, "rx_redirected", r->rx_redirected);
    }
    return o;
}

// At most this many in one answer: "more" says from where to go on.
#define RECORDS_AN_ANSWER 64u

static int cmd_records(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct weir_vstack *vs = parent_vstack(p);
    struct json_object *all = json_object_new_array();
    int64_t from = number_of(req, "from", 0);
    uint64_t i = from > 0 ? (uint64_t)from : 0, n = 0;
    for (; i < weir_vstack_num_records(vs) && n < RECORDS_AN_ANSWER; i++) {
        const struct weir_vstack_record *r = weir_vstack_record(vs, i);
        if (r == NULL)
            continue; // too old, no longer kept
        json_object_array_add(all, record(r));
        n++;
    }
    json_object_object_add(rsp, "record", all);
    put_number(rsp, "next", i);
    put_bool(rsp, "more", i < weir_vstack_num_records(vs));
    return 0;
}

static int cmd_ledger(struct parent *p, struct json_object *req, struct json_object *rsp) {
    int err = ctl_ledger_answer(parent_pf(p), parent_options(p)->vfs + 1, rsp);
    (void)req;
    return err == 0 ? 0 : sentence(rsp, "the card says: %s", strerror(-err));
}

static int cmd_counters(struct parent *p, struct json_object *req, struct json_object *rsp) {
    static const char *const switch_name[32] = {
#define VPORT_COUNTER(index, name, kind, text)
#define SW_COUNTER(index, name, kind, text) [index] = #name,
#include "counter.def"
#undef VPORT_COUNTER
#undef SW_COUNTER
    };
    static const char *const vport_name[32] = {
#define VPORT_COUNTER(index, name, kind, text) [index] = #name,
#define SW_COUNTER(index, name, kind, text)
#include "counter.def"
#undef VPORT_COUNTER
#undef SW_COUNTER
    };
    int64_t vport = number_of(req, "vport", -1);
    const char *const *name = vport < 0 ? switch_name : vport_name;
    struct json_object *o = json_object_new_object();
    uint64_t value[32] = {0};
    int err;

    if (vport >= WEIR_NUM_VPORTS) {
        json_object_put(o);
        return sentence(rsp, "%s", "no such vPort; see weirctl status");
    }
    err = weir_pf_counters(parent_pf(p), vport < 0 ? WEIR_COUNTERS_SWITCH : (unsigned)vport, value);
    for (unsigned i = 0; i < 32 && err == 0; i++)
        if (name[i] != NULL)
            put_number(o, name[i], value[i]);
    json_object_object_add(rsp, "counter", o);
    return err == 0 ? 0 : sentence(rsp, "the card says: %s", strerror(-err));
}

static int cmd_halt(struct parent *p, struct json_object *req, struct json_object *rsp) {
    (void)req;
    (void)rsp;
    parent_halt(p);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct parent *p, struct json_object *req, struct json_object *rsp);
} commands[] = {
    {"status", cmd_status},   {"attach", cmd_attach}, {"detach", cmd_detach},     {"revoke", cmd_revoke},
    {"records", cmd_records}, {"ledger", cmd_ledger}, {"counters", cmd_counters}, {"halt", cmd_halt},
};

static struct json_object *answer(struct parent *p, const char *line) {
    struct json_object *req = json_tokener_parse(line), *rsp = json_object_new_object();
    const char *name = req != NULL ? text_of(req, "cmd") : NULL;
    int err = 1;

    for (unsigned i = 0; name != NULL && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            err = commands[i].run(p, req, rsp);
    if (err > 0)
        err = sentence(rsp, name != NULL ? "unknown command '%s'" : "a command is a line {\"cmd\":NAME ...}%s",
                       name != NULL ? name : "");
    put_bool(rsp, "ok", err == 0);
    json_object_put(req);
    return rsp;
}

// ---- clients ----

static void drop(struct client *c) {
    close(c->fd);
    c->fd = -1;
    c->have = 0;
}

static void send_all(struct client *c, struct json_object *rsp) {
    const char *text = json_object_to_json_string_ext(rsp, JSON_C_TO_STRING_PLAIN);
    size_t len = strlen(text);
    // A client that does not read its answers is no longer one: the parent waits for nobody.
    if (send(c->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len ||
        send(c->fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
        drop(c);
}

static void serve(struct client *c, struct parent *p) {
    ssize_t n = recv(c->fd, c->line + c->have, sizeof(c->line) - 1 - c->have, MSG_DONTWAIT);
    char *end;

    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            drop(c);
        return;
    }
    c->have += (size_t)n;
    c->line[c->have] = '\0';
    while (c->fd >= 0 && (end = memchr(c->line, '\n', c->have)) != NULL) {
        struct json_object *rsp;
        *end = '\0';
        rsp = answer(p, c->line);
        c->have -= (size_t)(end + 1 - c->line);
        memmove(c->line, end + 1, c->have);
        send_all(c, rsp); // may drop the client, and with it the rest of its line
        json_object_put(rsp);
    }
    if (c->fd >= 0 && c->have == sizeof(c->line) - 1)
        drop(c); // a line that has no end
}

unsigned ctl_pollfds(struct ctl *c, struct pollfd *fds, unsigned room) {
    unsigned n = 0;
    fds[n++] = (struct pollfd){.fd = c->listener, .events = POLLIN};
    for (unsigned i = 0; i < CTL_MAX_CLIENTS && n < room; i++)
        if (c->client[i].fd >= 0)
            fds[n++] = (struct pollfd){.fd = c->client[i].fd, .events = POLLIN};
    return n;
}

void ctl_dispatch(struct ctl *c, struct parent *p, const struct pollfd *fds, unsigned n) {
    for (unsigned f = 1; f < n; f++)
        for (unsigned i = 0; fds[f].revents != 0 && i < CTL_MAX_CLIENTS; i++)
            if (c->client[i].fd == fds[f].fd) {
                serve(&c->client[i], p);
                break;
            }
    if (n == 0 || (fds[0].revents & POLLIN) == 0)
        return;
    for (unsigned i = 0; i < CTL_MAX_CLIENTS; i++)
        if (c->client[i].fd < 0) {
            c->client[i].fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
            return;
        }
    close(accept4(c->listener, NULL, NULL, SOCK_CLOEXEC));
}
