// SPDX-License-Identifier: Apache-2.0
// See server.h. A socket's places: the listener, the client, and one newcomer that is being refused.
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fn.h"
#include "host.h"
#include "vfu_session.h"
#include "weir_abi.h"

#define MESSAGES_PER_TURN 16u // so that one busy client does not keep the others waiting
#define REFUSE_MS 1000        // a newcomer that says nothing is not waited for longer

struct slot {
    char name[16]; // "pf", "vf0"
    char path[108];
    int listener;
    struct fn *fn;
    struct vfu_session *client, *refused;
    int64_t refused_until;
};

struct weir_server {
    struct host *host;
    struct weir_server_options opt;
    struct slot slot[WEIR_NUM_FNS];
    unsigned slots;
};

__attribute__((format(printf, 2, 3))) static void say(const struct weir_server *s, const char *fmt, ...) {
    char line[256];
    va_list ap;
    if (s->opt.log == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    s->opt.log(s->opt.log_ctx, line);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int weir_server_lock(const char *dir, char *err, size_t err_size) {
    char path[256], pid[16] = "";
    int fd, why;

    if (strlen(dir) + sizeof("/vf63.sock") > sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        snprintf(err, err_size, "%s is too long a path for sockets; name another folder with --dir", dir);
        return -ENAMETOOLONG;
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        why = errno;
        snprintf(err, err_size, "cannot make %s: %s; name another folder with --dir", dir, strerror(why));
        return -why;
    }
    snprintf(path, sizeof(path), "%s/lock", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        why = errno;
        snprintf(err, err_size, "cannot open %s: %s; name another folder with --dir", path, strerror(why));
        return -why;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = read(fd, pid, sizeof(pid) - 1);
        pid[n > 0 ? n : 0] = '\0';
        snprintf(err, err_size,
                 "%s is in use by another weir-sim (process %s); stop it or name another folder with --dir", dir,
                 strtok(pid, "\n") != NULL ? pid : "unknown");
        close(fd);
        return -EBUSY;
    }
    snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || write(fd, pid, strlen(pid)) < 0)
        pid[0] = '\0'; // only the other's message gets poorer
    return fd;
}

static int listen_at(const char *path) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    (void)unlink(path); // left by one that was killed: the lock says that nobody uses it
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(fd, 8) != 0) {
        int why = errno;
        close(fd);
        return -why;
    }
    return fd;
}

static void on_irq(void *ctx, unsigned fn, unsigned vector) {
    struct weir_server *s = ctx;
    if (fn < s->slots)
        fn_irq(s->slot[fn].fn, vector);
}

struct weir_server *weir_server_new(struct host *host, const struct weir_server_options *opt, char *err,
                                    size_t err_size) {
    struct weir_server *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    s->host = host;
    s->opt = *opt;
    for (unsigned i = 0; i <= opt->num_vfs && i < WEIR_NUM_FNS; i++) {
        struct slot *t = &s->slot[i];
        if (i == 0)
            snprintf(t->name, sizeof(t->name), "pf");
        else
            snprintf(t->name, sizeof(t->name), "vf%u", i - 1);
        snprintf(t->path, sizeof(t->path), "%s/%s.sock", opt->dir, t->name);
        t->fn = fn_new(host, i);
        if (t->fn == NULL) {
            snprintf(err, err_size, "out of memory");
            goto err_server;
        }
        t->listener = listen_at(t->path);
        s->slots++;
        if (t->listener < 0) {
            snprintf(err, err_size, "cannot listen at %s: %s", t->path, strerror(-t->listener));
            goto err_server;
        }
    }
    host_set_irq(host, on_irq, s);
    return s;

err_server:
    weir_server_free(s);
    return NULL;
}

void weir_server_free(struct weir_server *s) {
    if (s == NULL)
        return;
    host_set_irq(s->host, NULL, NULL);
    for (unsigned i = 0; i < s->slots; i++) {
        struct slot *t = &s->slot[i];
        vfu_session_free(t->client);
        vfu_session_free(t->refused);
        fn_free(t->fn);
        if (t->listener >= 0) {
            close(t->listener);
            (void)unlink(t->path);
        }
    }
    free(s);
}

unsigned weir_server_pollfds(struct weir_server *s, struct pollfd *fds, unsigned room) {
    unsigned n = 0;

    for (unsigned i = 0; i < s->slots && n + WEIR_SERVER_SLOTS <= room; i++) {
        struct slot *t = &s->slot[i];
        if (t->refused != NULL && now_ms() > t->refused_until) {
            vfu_session_free(t->refused);
            t->refused = NULL;
        }
        fds[n++] = (struct pollfd){.fd = t->listener, .events = POLLIN};
        if (t->client != NULL)
            fds[n++] = (struct pollfd){.fd = vfu_session_fd(t->client), .events = vfu_session_events(t->client)};
        if (t->refused != NULL)
            fds[n++] = (struct pollfd){.fd = vfu_session_fd(t->refused), .events = vfu_session_events(t->refused)};
    }
    return n;
}

static void serve(struct weir_server *s, struct slot *t) {
    int why = vfu_session_run(t->client, MESSAGES_PER_TURN);

    if (why == 0)
        return;
    say(s, "%s: %s", t->name, why == -ECONNRESET ? "client left" : "client does not speak vfio-user, dropped");
    vfu_session_free(t->client);
    t->client = NULL;
    fn_client_gone(t->fn);
}

static bool hung_up(const struct vfu_session *c) {
    struct pollfd p = {.fd = vfu_session_fd(c)};
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static void accept_one(struct weir_server *s, struct slot *t) {
    int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    // The one before may have left already: what it sent last is done first, then its place is free.
    while (t->client != NULL && hung_up(t->client))
        serve(s, t);
    if (t->client == NULL) {
        t->client = vfu_session_new(fd, &fn_ops, t->fn, 0);
        if (t->client != NULL)
            say(s, "%s: client connected", t->name);
        return;
    }
    say(s, "%s: refused a second client", t->name);
    if (t->refused != NULL) {
        close(fd);
        return;
    }
    t->refused = vfu_session_new(fd, &fn_ops, t->fn, EBUSY);
    t->refused_until = now_ms() + REFUSE_MS;
}

void weir_server_dispatch(struct weir_server *s, const struct pollfd *fds, unsigned n) {
    for (unsigned k = 0; k < n; k++) {
        if (fds[k].revents == 0)
            continue;
        for (unsigned i = 0; i < s->slots; i++) {
            struct slot *t = &s->slot[i];
            if (fds[k].fd == t->listener) {
                accept_one(s, t);
                break;
            }
            if (t->client != NULL && fds[k].fd == vfu_session_fd(t->client)) {
                serve(s, t);
                break;
            }
            if (t->refused != NULL && fds[k].fd == vfu_session_fd(t->refused)) {
                if (vfu_session_run(t->refused, 1) != 0) {
                    vfu_session_free(t->refused);
                    t->refused = NULL;
                }
                break;
            }
        }
    }
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
