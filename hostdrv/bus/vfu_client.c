// SPDX-License-Identifier: Apache-2.0
// See vfu_client.h.
#include "vfu_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REPLY_MS 10000 // a simulator that says nothing for so long is taken for dead

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int die(struct vfu_client *c) {
    if (c->fd >= 0) {
        (void)shutdown(c->fd, SHUT_RDWR); // whoever else holds a copy of it: the server is to hear of it now
        close(c->fd);
    }
    c->fd = -1;
    return -ENODEV;
}

// Until the socket is ready for `events`, or the server is given up.
static int await(struct vfu_client *c, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now_us();
        struct pollfd p = {.fd = c->fd, .events = events};
        int n;
        if (left <= 0)
            return die(c);
        n = poll(&p, 1, (int)(left / 1000) + 1);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return die(c);
    }
}

int vfu_client_send(struct vfu_client *c, struct vfu_header *h, const void *a, size_t na, const void *b, size_t nb,
                    const int *fds, unsigned nfds) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * VFU_MAX_FDS)];
    } control;
    struct iovec iov[3] = {{h, sizeof(*h)}, {(void *)(uintptr_t)a, na}, {(void *)(uintptr_t)b, nb}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 3};
    int64_t deadline = now_us() + (int64_t)REPLY_MS * 1000;

    if (c->fd < 0)
        return -ENODEV;
    h->id = ++c->id;
    h->size = (uint32_t)(sizeof(*h) + na + nb);
    if (nfds != 0) {
        struct cmsghdr *cm;
        memset(&control, 0, sizeof(control));
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
        cm = CMSG_FIRSTHDR(&m);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
        memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
    }
    while (iov[0].iov_len + iov[1].iov_len + iov[2].iov_len != 0) {
        ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT); // its flags may be somebody else's, too
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (await(c, POLLOUT, deadline) != 0)
                return -ENODEV;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return die(c);
        m.msg_control = NULL; // the descriptors are on their way
        m.msg_controllen = 0;
        for (unsigned i = 0; i < 3 && n > 0; i++) {
            size_t part = (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;
            if (part == 0)
                continue;
            iov[i].iov_base = (uint8_t *)iov[i].iov_base + part;
            iov[i].iov_len -= part;
            n -= (ssize_t)part;
        }
    }
    return 0;
}

static int take(struct vfu_client *c, void *to, size_t len, int64_t deadline) {
    for (size_t have = 0; have < len;) {
        ssize_t n = recv(c->fd, (uint8_t *)to + have, len - have, MSG_DONTWAIT);
        if (n > 0) {
            have += (size_t)n;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
            return die(c);
        if (await(c, POLLIN, deadline) != 0)
            return -ENODEV;
    }
    return 0;
}

int vfu_client_call(struct vfu_client *c, uint16_t command, const void *a, size_t na, const void *b, size_t nb,
                    const int *fds, unsigned nfds, void *rsp, size_t min, size_t room) {
    struct vfu_header h = {.command = command};
    int64_t deadline = now_us() + (int64_t)REPLY_MS * 1000;
    uint16_t id;

    if (vfu_client_send(c, &h, a, na, b, nb, fds, nfds) != 0)
        return -ENODEV;
    id = h.id;
    if (take(c, &h, sizeof(h), deadline) != 0)
        return -ENODEV;
    if (h.id != id || (h.flags & VFU_TYPE_MASK) != VFU_REPLY || h.size < sizeof(h) || h.size - sizeof(h) > room)
        return die(c);
    if (h.size > sizeof(h) && take(c, rsp, h.size - sizeof(h), deadline) != 0)
        return -ENODEV;
    if ((h.flags & VFU_ERROR) != 0)
        return h.error != 0 && h.error < 4096 ? -(int)h.error : -EIO;
    return h.size - sizeof(h) >= min ? 0 : die(c);
}

// Others may be waiting at the door, some of them for nothing: the server sends those away (EAGAIN: no room to wait).
static int enter(int fd, const struct sockaddr_un *addr) {
    const struct timespec moment = {.tv_nsec = 10000000};
    int64_t deadline = now_us() + (int64_t)REPLY_MS * 1000;

    while (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0) {
        if ((errno != EAGAIN && errno != EINTR) || now_us() > deadline)
            return errno;
        nanosleep(&moment, NULL);
    }
    return 0;
}

int vfu_client_open(struct vfu_client *c, const char *path, char *err, size_t err_size) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, why;

    c->fd = -1;
    if (strlen(path) >= sizeof(addr.sun_path)) {
        snprintf(err, err_size, "%s: too long a path for a socket, %zu characters at most", path,
                 sizeof(addr.sun_path) - 1);
        return -ENAMETOOLONG;
    }
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        why = errno;
        snprintf(err, err_size, "no socket: %s", strerror(why));
        return -why;
    }
    why = enter(fd, &addr);
    if (why != 0) {
        snprintf(err, err_size, "cannot reach %s: %s; is weir-sim running there?", path, strerror(why));
        close(fd);
        return -why;
    }
    c->fd = fd;
    c->id = 0;
    return 0;
}

void vfu_client_close(struct vfu_client *c) {
    (void)die(c);
}
