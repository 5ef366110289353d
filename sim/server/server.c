// SPDX-License-Identifier: Apache-2.0
// See server.h. A socket's places: the listener, the client, and a few pending clients that have not said their version
// yet. Who says it first is the client; silence never is.
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "card.h"
#include "disposal.h"
#include "fn.h"
#include "guard.h"
#include "host.h"
#include "lanes.h"
#include "log_limit.h"
#include "unix_place.h"
#include "vfu_session.h"
#include "weir_abi.h"

#define MESSAGES_PER_TURN 4u // those that need no card time cost real time
#define REST_CYCLES 64u      // a turn without clients, some 0.3 ms
// A turn with clients: how long a request may lie in its socket while the card runs. Less than half of what a small
// access takes, so that a busy neighbour is noticed by no more than that (bench row 20d).
#define CLIENT_CYCLES 4u
#define BACKLOG 16
#define ACCEPTS_PER_TURN WEIR_SERVER_WAITING
#define SILENT_MS 2000 // a pending client that says nothing is not waited for longer
#define YIELD_MS 100   // and not even that long when others wait for his place

// Its threads may outlive a server.
static struct disposal disposal[WEIR_NUM_FNS];

struct pending_client {
    struct vfu_session *session; // NULL: the place is free
    int64_t since;
    uid_t uid;
    bool privileged; // root, the card's user, or who has the PF
};

struct slot {
    struct weir_server *server;
    char name[16]; // "pf", "vf0"
    struct unix_place place;
    int listener;
    struct fn *fn;
    struct lane *lane;
    struct vfu_session *client;
    uid_t uid; // the client's
    bool lent; // a VF: to all who may connect, not to the privileged alone
    struct pending_client pending_client[WEIR_SERVER_WAITING];
    struct log_limit limit;
};

struct weir_server {
    struct host *host;
    struct card *card;
    struct lanes *lanes;
    struct weir_server_options opt;
    struct slot slot[WEIR_NUM_FNS];
    unsigned slots;
};

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3))) static void say(struct slot *t, const char *fmt, ...) {
    const struct weir_server_options *o = &t->server->opt;
    va_list ap;
    if (o->log == NULL)
        return;
    va_start(ap, fmt);
    log_limit_say(&t->limit, now_ms(), t->name, o->log, o->log_ctx, fmt, ap);
    va_end(ap);
}

static void on_irq(void *ctx, unsigned fn, unsigned vector) {
    struct weir_server *s = ctx;
    if (fn < s->slots)
        fn_irq(s->slot[fn].fn, vector);
}

static int open_slot(struct weir_server *s, unsigned i, char *err, size_t err_size) {
    struct slot *t = &s->slot[i];
    char path[256];

    t->server = s;
    if (i == 0)
        snprintf(t->name, sizeof(t->name), "pf");
    else
        snprintf(t->name, sizeof(t->name), "vf%u", i - 1);
    t->lane = lanes_get(s->lanes, i);
    t->fn = fn_new(s->host, i, &disposal[i]);
    if (t->fn == NULL) {
        snprintf(err, err_size, "out of memory");
        return -ENOMEM;
    }
    if (i == 0)
        fn_hear(t->fn, s->opt.heard, s->opt.heard_ctx);
    snprintf(path, sizeof(path), "%s/%s.sock", s->opt.dir, t->name);
    t->listener =
        unix_place_listen(&t->place, path, SOCK_STREAM, BACKLOG, s->opt.num_allowed != 0 ? 0666 : 0600, err, err_size);
    return t->listener < 0 ? t->listener : 0;
}

struct weir_server *weir_server_new(struct host *host, const struct weir_server_options *opt, char *err,
                                    size_t err_size) {
    struct weir_server *s = calloc(1, sizeof(*s));

    if (s == NULL || (s->lanes = lanes_new(host_card(host), WEIR_NUM_FNS + 1)) == NULL) {
        snprintf(err, err_size, "out of memory");
        free(s);
        return NULL;
    }
    s->host = host;
    s->card = host_card(host);
    s->opt = *opt;
    for (unsigned i = 0; i <= opt->num_vfs && i < WEIR_NUM_FNS; i++) {
        s->slots++;
        s->slot[i].listener = -1;
        if (open_slot(s, i, err, err_size) != 0) {
            weir_server_free(s);
            return NULL;
        }
    }
    host_set_irq(host, on_irq, s);
    return s;
}

void weir_server_free(struct weir_server *s) {
    if (s == NULL)
        return;
    lanes_free(s->lanes);
    host_set_irq(s->host, NULL, NULL);
    for (unsigned i = 0; i < s->slots; i++) {
        struct slot *t = &s->slot[i];
        vfu_session_free(t->client);
        for (unsigned k = 0; k < WEIR_SERVER_WAITING; k++)
            vfu_session_free(t->pending_client[k].session);
        fn_free(t->fn);
        if (t->listener < 0)
            continue;
        close(t->listener);
        unix_place_remove(&t->place);
    }
    free(s);
}

// ---- clients ----

// In the slot's lane.
static void serve(void *arg) {
    struct slot *t = arg;
    int why = vfu_session_run(t->client, MESSAGES_PER_TURN);

    if (why == 0)
        return;
    say(t, "%s", why == -ECONNRESET ? "client left" : "client does not speak vfio-user, dropped");
    vfu_session_free(t->client);
    t->client = NULL;
    fn_client_gone(t->fn);
}

static bool hung_up(const struct vfu_session *c) {
    struct pollfd p = {.fd = vfu_session_fd(c)};
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

// The one before has left or is leaving: what it sent last is done first, then its place is free.
static bool leaving(const struct slot *t) {
    return t->client != NULL ? hung_up(t->client) : lane_busy(t->lane);
}

// ---- pending clients ----

static void forget(struct pending_client *c) {
    vfu_session_free(c->session);
    c->session = NULL;
}

static bool privileged(const struct slot *t, uid_t uid) {
    const struct slot *pf = &t->server->slot[0];
    return uid == 0 || uid == geteuid() || (pf->client != NULL && pf->uid == uid);
}

// Others who wait were let in when they still might come.
static void lend(struct slot *t, bool lent) {
    t->lent = lent;
    for (unsigned k = 0; k < WEIR_SERVER_WAITING && !lent && t != t->server->slot; k++)
        if (t->pending_client[k].session != NULL && !t->pending_client[k].privileged)
            forget(&t->pending_client[k]);
}

static void handshake(struct slot *t, struct pending_client *c) {
    int why;

    if (leaving(t))
        return;
    vfu_session_refuse(c->session, t->client != NULL ? EBUSY : 0);
    why = vfu_session_run(c->session, 1);
    if (c->privileged && (vfu_session_evicts(c->session) || vfu_session_lends(c->session)))
        lend(t, vfu_session_lends(c->session));
    if (why == -EBUSY && c->privileged && vfu_session_evicts(c->session)) {
        // Its client is found gone when what it had under way is done.
        say(t, "client sent away");
        (void)shutdown(vfu_session_fd(t->client), SHUT_RDWR);
    } else if (why == -EBUSY)
        say(t, "refused a second client");
    else if (why == -EPROTO)
        say(t, "client does not speak vfio-user, dropped");
    if (why != 0) {
        forget(c);
    } else if (vfu_session_negotiated(c->session)) {
        t->client = c->session;
        t->uid = c->uid;
        c->session = NULL;
        say(t, "client connected");
    }
}

// A free place, or that of the one that has been silent longest when it is long enough.
static struct pending_client *find_slot(struct slot *t) {
    struct pending_client *oldest = &t->pending_client[0];

    for (unsigned k = 0; k < WEIR_SERVER_WAITING; k++) {
        struct pending_client *c = &t->pending_client[k];
        if (c->session == NULL)
            return c;
        if (c->since < oldest->since)
            oldest = c;
    }
    if (now_ms() - oldest->since < YIELD_MS || leaving(t))
        return NULL;
    forget(oldest);
    return oldest;
}

static void accept_some(struct slot *t) {
    const struct unix_peers peers = {t->server->opt.allowed, t->server->opt.num_allowed};

    for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct pending_client *c = find_slot(t);
        uid_t uid;
        int fd;

        if (c == NULL)
            return; // they wait in the backlog
        fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        if (!unix_peer_welcome(fd, &peers, &uid)) {
            say(t, "refused user %u; --allow-uid lets others in", (unsigned)uid);
            fn_ops.drop(t->fn, fd);
            continue;
        }
        c->uid = uid;
        c->privileged = privileged(t, uid);
        if (t != t->server->slot && !t->lent && !c->privileged) {
            say(t, "refused user %u: the VF is not given; weirctl vf give gives it", (unsigned)uid);
            fn_ops.drop(t->fn, fd);
            continue;
        }
        c->session = vfu_session_new(fd, &fn_ops, t->fn);
        c->since = now_ms();
        if (c->session != NULL)
            handshake(t, c); // most have said it already
        else
            fn_ops.drop(t->fn, fd);
    }
}

// ---- turns ----

unsigned weir_server_pollfds(struct weir_server *s, struct pollfd *fds, unsigned room) {
    int64_t now = now_ms();
    unsigned n = 0;

    for (unsigned i = 0; i < s->slots && n + WEIR_SERVER_SLOTS <= room; i++) {
        struct slot *t = &s->slot[i];
        if (disposal_full(&disposal[i]))
            continue; // what he passed before is still being closed
        fds[n++] = (struct pollfd){.fd = t->listener, .events = POLLIN};
        if (t->client != NULL && !lane_busy(t->lane))
            fds[n++] = (struct pollfd){.fd = vfu_session_fd(t->client), .events = vfu_session_events(t->client)};
        for (unsigned k = 0; k < WEIR_SERVER_WAITING; k++) {
            struct pending_client *c = &t->pending_client[k];
            if (c->session != NULL && now - c->since > SILENT_MS && !leaving(t))
                forget(c);
            if (c->session != NULL)
                fds[n++] = (struct pollfd){.fd = vfu_session_fd(c->session), .events = vfu_session_events(c->session)};
        }
        if (s->opt.log != NULL)
            log_limit_tick(&t->limit, now, t->name, s->opt.log, s->opt.log_ctx);
    }
    return n;
}

static bool dispatch_slot(struct slot *t, int fd) {
    if (fd == t->listener) {
        accept_some(t);
        return true;
    }
    if (t->client != NULL && fd == vfu_session_fd(t->client)) {
        if (!lane_busy(t->lane))
            lane_start(t->lane, serve, t);
        return true;
    }
    for (unsigned k = 0; k < WEIR_SERVER_WAITING; k++) {
        struct pending_client *c = &t->pending_client[k];
        if (c->session != NULL && fd == vfu_session_fd(c->session)) {
            handshake(t, c);
            return true;
        }
    }
    return false;
}

void weir_server_dispatch(struct weir_server *s, const struct pollfd *fds, unsigned n) {
    for (unsigned k = 0; k < n; k++)
        for (unsigned i = 0; i < s->slots && fds[k].revents != 0; i++)
            if (dispatch_slot(&s->slot[i], fds[k].fd))
                break;
}

unsigned weir_server_turn(const struct weir_server *s) {
    return weir_server_clients(s) != 0 ? CLIENT_CYCLES : REST_CYCLES;
}

unsigned weir_server_run(struct weir_server *s, unsigned cycles) {
    unsigned ran = 0;

    lanes_resume(s->lanes);
    while (ran < cycles && card_step(s->card, 1, lanes_busy(s->lanes) == 0) != 0) {
        ran++;
        lanes_resume(s->lanes);
    }
    if (guard_take_lost())
        for (unsigned i = 0; i < s->slots; i++)
            fn_dma_drop_lost(s->slot[i].fn);
    return ran;
}

bool weir_server_started(const struct weir_server *s) {
    return lane_busy(lanes_get(s->lanes, WEIR_NUM_FNS));
}

bool weir_server_start(struct weir_server *s, void (*work)(void *arg), void *arg) {
    if (weir_server_started(s))
        return false;
    lane_start(lanes_get(s->lanes, WEIR_NUM_FNS), work, arg);
    return true;
}

unsigned weir_server_busy(const struct weir_server *s) {
    return lanes_busy(s->lanes);
}

unsigned weir_server_clients(const struct weir_server *s) {
    unsigned n = 0;
    for (unsigned i = 0; i < s->slots; i++)
        n += s->slot[i].client != NULL;
    return n;
}

bool weir_server_pf_in_use(const struct weir_server *s) {
    return fn_in_use(s->slot[0].fn);
}
