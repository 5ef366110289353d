// SPDX-License-Identifier: Apache-2.0
// See host_ctl.h: connections and turns. A client gets one line a turn, and all of them together at most a quarter of
// the parent's time: after an answer that took long the next one waits three times as long.
#include "host_ctl.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host_int.h"

#define MAX_LINE 4096u
#define ACCEPTS_A_TURN 16u
#define TURN_US 2000u

struct client {
    int fd; // -1 = free
    uint64_t number;
    size_t have;
    char line[MAX_LINE];
};

struct ctl {
    struct weir_listener listener;
    struct client client[CTL_MAX_CLIENTS];
    struct seats seats;
    unsigned next;       // whose turn it is
    uint64_t numbers;    // given so far
    uint64_t not_before; // us
};

struct ctl *ctl_new(const char *path, char *err, size_t err_size) {
    struct ctl *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    for (unsigned i = 0; i < CTL_MAX_CLIENTS; i++)
        c->client[i].fd = -1;
    c->seats = (struct seats){.count = CTL_MAX_CLIENTS, .own = geteuid()};
    if (weir_listener_open(&c->listener, path, 0600, err, err_size) != 0) {
        free(c);
        return NULL;
    }
    return c;
}

static void drop(struct ctl *c, unsigned i) {
    close(c->client[i].fd);
    c->client[i] = (struct client){.fd = -1};
    seats_leave(&c->seats, i);
}

void ctl_free(struct ctl *c) {
    if (c == NULL)
        return;
    for (unsigned i = 0; i < CTL_MAX_CLIENTS; i++)
        if (c->client[i].fd >= 0)
            drop(c, i);
    weir_listener_close(&c->listener);
    free(c);
}

// ---- pending clients ----

// The longest silent client makes room: one that waits for an answer has spoken a moment ago.
static void accept_some(struct ctl *c) {
    for (unsigned n = 0; n < ACCEPTS_A_TURN; n++) {
        uid_t uid;
        bool taken;
        int fd = weir_listener_accept(&c->listener, &uid), seat;
        if (fd < 0)
            return;
        seat = uid == 0 || uid == c->seats.own ? seats_find(&c->seats, uid, true, &taken) : -1;
        if (seat < 0) {
            close(fd);
            continue;
        }
        if (taken)
            drop(c, (unsigned)seat);
        c->client[seat].fd = fd;
        c->client[seat].number = ++c->numbers;
        seats_sit(&c->seats, (unsigned)seat, uid, parent_now_us());
    }
}

// ---- lines ----

static bool has_line(const struct client *c) {
    return c->fd >= 0 && memchr(c->line, '\n', c->have) != NULL;
}

bool ctl_pending(const struct ctl *c) {
    for (unsigned i = 0; i < CTL_MAX_CLIENTS; i++)
        if (has_line(&c->client[i]))
            return true;
    return false;
}

static void hear(struct ctl *c, unsigned i) {
    struct client *k = &c->client[i];
    ssize_t n = recv(k->fd, k->line + k->have, sizeof(k->line) - k->have, MSG_DONTWAIT);

    if (n > 0)
        k->have += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        drop(c, i);
    if (has_line(k))
        seats_stir(&c->seats, i, parent_now_us());
    else if (k->fd >= 0 && k->have == sizeof(k->line))
        drop(c, i); // a line that has no end
}

static void answer_one(struct ctl *c, unsigned i, struct parent *p) {
    struct client *k = &c->client[i];
    size_t len = (size_t)((char *)memchr(k->line, '\n', k->have) - k->line);
    struct json_object *rsp;
    const char *text;

    seats_stir(&c->seats, i, parent_now_us());
    k->line[len] = '\0';
    rsp = cmd_answer(p, k->number, k->line, len);
    k->line[len] = '\n';
    if (rsp == NULL)
        return;
    k->have -= len + 1;
    memmove(k->line, k->line + len + 1, k->have);
    text = json_object_to_json_string_ext(rsp, JSON_C_TO_STRING_PLAIN);
    len = strlen(text);
    // A client that does not read its answers is no longer one: the parent waits for nobody.
    if (send(k->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len ||
        send(k->fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
        drop(c, i);
    json_object_put(rsp);
}

static bool is_here(const struct ctl *c, uint64_t number) {
    for (unsigned i = 0; i < CTL_MAX_CLIENTS; i++)
        if (c->client[i].fd >= 0 && c->client[i].number == number)
            return true;
    return false;
}

static void answer_some(struct ctl *c, struct parent *p) {
    uint64_t begin = parent_now_us(), now = begin;
    if (!is_here(c, p->reader))
        p->reader = 0; // who had something read for it left
    if (begin < c->not_before)
        return;
    for (unsigned n = 0; n < CTL_MAX_CLIENTS && now - begin < TURN_US; n++) {
        unsigned i = c->next;
        c->next = (c->next + 1) % CTL_MAX_CLIENTS;
        if (has_line(&c->client[i])) {
            answer_one(c, i, p);
            now = parent_now_us();
        }
    }
    // A quarter of the time where there are guests whose traffic needs the rest, else half: a card that is asked
    // without an end never comes to rest.
    c->not_before = now + (guests_here(p) ? 3 : 1) * (now - begin);
}

unsigned ctl_pollfds(struct ctl *c, struct pollfd *fds, unsigned room) {
    unsigned n = 0;
    fds[n++] = (struct pollfd){.fd = c->listener.fd, .events = POLLIN};
    // Whose question waits is not heard before it is answered: what it sends meanwhile stays in its socket.
    for (unsigned i = 0; i < CTL_MAX_CLIENTS && n < room; i++)
        if (c->client[i].fd >= 0 && !has_line(&c->client[i]))
            fds[n++] = (struct pollfd){.fd = c->client[i].fd, .events = POLLIN};
    return n;
}

void ctl_dispatch(struct ctl *c, struct parent *p, const struct pollfd *fds, unsigned n) {
    for (unsigned f = 1; f < n; f++)
        for (unsigned i = 0; fds[f].revents != 0 && i < CTL_MAX_CLIENTS; i++)
            if (c->client[i].fd == fds[f].fd) {
                hear(c, i);
                break;
            }
    answer_some(c, p);
    if (n != 0 && (fds[0].revents & POLLIN) != 0)
        accept_some(c);
}
