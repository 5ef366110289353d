// SPDX-License-Identifier: Apache-2.0
// See link.h.
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "disposal.h"
#include "unix_place.h"

#define ROOM (1 << 20)
#define MOST_FDS 253u // with one message (SCM_MAX_FD)

static struct disposal disposal;

struct link {
    int listener, fd; // -1 = none; one of them is there
    struct sockaddr_un addr;
    struct unix_place place; // of the listener
};

static int new_socket(void) {
    const int room = ROOM;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    return fd;
}

// To the one who waits, or waits itself. Whoever is at the other end is root or our own user.
static int meet(struct link *l, char *err, size_t err_size) {
    int fd = new_socket();
    uid_t uid;

    if (fd < 0) {
        snprintf(err, err_size, "no socket: %s", strerror(errno));
        return -errno;
    }
    if (connect(fd, (struct sockaddr *)&l->addr, sizeof(l->addr)) == 0) {
        if (!unix_peer_welcome(fd, NULL, &uid)) {
            snprintf(err, err_size, "the simulator at %s is user %u's", l->addr.sun_path, (unsigned)uid);
            close(fd);
            return -EPERM;
        }
        l->fd = fd;
        return 0;
    }
    close(fd);
    fd = unix_place_listen(&l->place, l->addr.sun_path, SOCK_SEQPACKET, 1, 0600, err, err_size);
    if (fd < 0)
        return fd;
    l->listener = fd;
    return 0;
}

struct link *link_open(const char *path, char *err, size_t err_size) {
    struct link *l = calloc(1, sizeof(*l));
    char why[256];

    if (l == NULL || path[0] == '\0' || strlen(path) >= sizeof(l->addr.sun_path)) {
        snprintf(err, err_size, "--wire link:%s: expected the path of a socket, at most %zu characters", path,
                 sizeof(l->addr.sun_path) - 1);
        free(l);
        return NULL;
    }
    l->listener = l->fd = -1;
    l->addr.sun_family = AF_UNIX;
    memcpy(l->addr.sun_path, path, strlen(path));
    if (meet(l, why, sizeof(why)) != 0) {
        snprintf(err, err_size, "no cable: %s; name another path with --wire link:PATH", why);
        free(l);
        return NULL;
    }
    return l;
}

void link_close(struct link *l) {
    if (l == NULL)
        return;
    if (l->fd >= 0)
        disposal_close(&disposal, l->fd);
    if (l->listener >= 0) {
        close(l->listener);
        unix_place_remove(&l->place);
    }
    free(l);
}

int link_fd(const struct link *l) {
    return l->fd >= 0 ? l->fd : l->listener;
}

// Takes the other one in; a path has room for two, so the listener goes.
static void take_peer(struct link *l) {
    int fd = l->listener >= 0 ? accept4(l->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    uid_t uid;

    if (fd < 0)
        return;
    if (!unix_peer_welcome(fd, NULL, &uid)) {
        disposal_close(&disposal, fd);
        return;
    }
    close(l->listener);
    unix_place_remove(&l->place);
    l->listener = -1;
    l->fd = fd;
}

static void lose_peer(struct link *l) {
    char why[256];

    disposal_close(&disposal, l->fd);
    l->fd = -1;
    (void)meet(l, why, sizeof(why)); // nobody to tell: there is no cable then
}

// Descriptors have no place on a cable; one that came all the same is not ours to wait for (disposal.h).
static ssize_t take(int fd, uint8_t *frame, size_t room) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * MOST_FDS)];
    } control;
    struct iovec iov = {frame, room};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    for (struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL; c != NULL; c = CMSG_NXTHDR(&m, c)) {
        for (size_t at = CMSG_LEN(0); c->cmsg_type == SCM_RIGHTS && at + sizeof(int) <= c->cmsg_len;
             at += sizeof(int)) {
            int stray;
            memcpy(&stray, (const uint8_t *)c + at, sizeof(stray));
            disposal_close(&disposal, stray);
        }
    }
    return n;
}

size_t link_read(struct link *l, uint8_t *frame, size_t room) {
    ssize_t n;
    if (l->fd < 0)
        take_peer(l);
    if (l->fd < 0 || disposal_full(&disposal))
        return 0;
    n = take(l->fd, frame, room);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        lose_peer(l);
    return n > 0 ? (size_t)n : 0;
}

bool link_write(struct link *l, const uint8_t *frame, size_t len) {
    if (l->fd < 0)
        take_peer(l);
    return l->fd >= 0 && send(l->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}
