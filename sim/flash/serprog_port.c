// SPDX-License-Identifier: Apache-2.0
// See serprog_port.h.
#include "serprog_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int fd;         // -1: a free place
    uint64_t heard; // when it last said something, in dispatches
    struct serprog serprog;
};

struct serprog_port {
    int listener;
    serprog_spi_fn spi;
    void *ctx;
    uint64_t dispatches;
    struct client client[SERPROG_CLIENTS];
};

struct serprog_port *serprog_port_open(unsigned port, serprog_spi_fn spi, void *ctx, char *err, size_t err_size) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct serprog_port *p = calloc(1, sizeof(*p));
    const int one = 1;

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->spi = spi;
    p->ctx = ctx;
    for (unsigned i = 0; i < SERPROG_CLIENTS; i++)
        p->client[i].fd = -1;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    // Connections of before that the system still remembers are no reason not to start.
    if (p->listener < 0 || setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(p->listener, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(p->listener, (int)SERPROG_CLIENTS) != 0) {
        snprintf(err, err_size, "cannot listen at 127.0.0.1 port %u: %s; name another with --serprog", port,
                 strerror(errno));
        serprog_port_close(p);
        return NULL;
    }
    return p;
}

// Whose is the other end? A TCP socket does not say; the system's table does, as long as it is open there: one that was
// closed has no owner any more, and is listed as root's.
static bool peer_is(int fd, uid_t uid) {
    struct sockaddr_in peer = {.sin_port = 0}, own = peer;
    socklen_t size = sizeof(peer), own_size = sizeof(own);
    char line[256];
    FILE *table;
    bool found = false;

    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &own_size) != 0)
        return false;
    table = fopen("/proc/net/tcp", "re");
    while (!found && table != NULL && fgets(line, sizeof(line), table) != NULL) {
        unsigned from, from_port, to, to_port, state, owner;
        found = sscanf(line, " %*u: %8x:%4x %8x:%4x %2x %*x:%*x %*x:%*x %*x %u", &from, &from_port, &to, &to_port,
                       &state, &owner) == 6 &&
                from == peer.sin_addr.s_addr && from_port == ntohs(peer.sin_port) && to == own.sin_addr.s_addr &&
                to_port == ntohs(own.sin_port) && state == TCP_ESTABLISHED && (owner == uid || owner == 0);
    }
    if (table != NULL)
        fclose(table);
    return found;
}

// The table is read in pieces while others change it, so a line may be missed once.
static bool welcome_here(int fd) {
    for (unsigned i = 0; i < 3; i++)
        if (peer_is(fd, geteuid()))
            return true;
    return false;
}

unsigned serprog_port_number(const struct serprog_port *p) {
    struct sockaddr_in at = {.sin_port = 0};
    socklen_t size = sizeof(at);
    return getsockname(p->listener, (struct sockaddr *)&at, &size) == 0 ? ntohs(at.sin_port) : 0;
}

unsigned serprog_port_pollfds(const struct serprog_port *p, struct pollfd *fds) {
    unsigned n = 0;
    fds[n++] = (struct pollfd){.fd = p->listener, .events = POLLIN};
    for (unsigned i = 0; i < SERPROG_CLIENTS; i++) {
        const struct client *c = &p->client[i];
        // Who has an answer or a whole command here has something to do as soon as its socket takes more.
        bool work = c->serprog.out_len != 0 || serprog_ready(&c->serprog);
        if (c->fd >= 0)
            fds[n++] = (struct pollfd){.fd = c->fd, .events = work ? POLLOUT : POLLIN};
    }
    return n;
}

static void drop(struct client *c) {
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void send_some(struct client *c) {
    struct serprog *s = &c->serprog;
    ssize_t n = send(c->fd, s->out + s->out_sent, s->out_len - s->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        drop(c);
    if (n > 0)
        s->out_sent += (size_t)n;
    if (s->out_sent == s->out_len)
        s->out_sent = s->out_len = 0;
}

static void receive_some(struct client *c, uint64_t now) {
    struct serprog *s = &c->serprog;
    ssize_t n = recv(c->fd, s->in + s->in_len, sizeof(s->in) - s->in_len, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        drop(c);
    if (n <= 0)
        return;
    s->in_len += (size_t)n;
    c->heard = now;
}

static void serve(struct client *c, uint64_t now) {
    if (c->serprog.out_len == 0 && !serprog_ready(&c->serprog))
        receive_some(c, now);
    if (c->fd < 0)
        return;
    serprog_step(&c->serprog);
    if (c->serprog.out_len != 0)
        send_some(c);
}

static void welcome(struct serprog_port *p) {
    const int one = 1;
    struct client *c = &p->client[0];
    int fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    for (unsigned i = 1; i < SERPROG_CLIENTS && c->fd >= 0; i++)
        if (p->client[i].fd < 0 || p->client[i].heard < c->heard)
            c = &p->client[i];
    if (fd >= 0 && !welcome_here(fd)) {
        close(fd);
        return;
    }
    // Without a descriptor left the silent one's is given up, too, so that the next turn has one.
    if (fd < 0 && errno != EMFILE && errno != ENFILE)
        return;
    drop(c);
    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    *c = (struct client){.fd = fd, .heard = p->dispatches};
    serprog_init(&c->serprog, p->spi, p->ctx);
}

void serprog_port_dispatch(struct serprog_port *p, const struct pollfd *fds, unsigned n) {
    p->dispatches++;
    for (unsigned i = 1; i < n; i++)
        for (unsigned k = 0; k < SERPROG_CLIENTS && fds[i].revents != 0; k++)
            if (p->client[k].fd == fds[i].fd)
                serve(&p->client[k], p->dispatches);
    if (n != 0 && fds[0].revents != 0)
        welcome(p); // last: a place that it takes is served no more in this turn
}

void serprog_port_close(struct serprog_port *p) {
    if (p == NULL)
        return;
    for (unsigned i = 0; i < SERPROG_CLIENTS; i++)
        drop(&p->client[i]);
    if (p->listener >= 0)
        close(p->listener);
    free(p);
}
