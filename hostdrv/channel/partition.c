// SPDX-License-Identifier: Apache-2.0
// See weir/partition.h.
#include "weir/partition.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAGIC 0x57505254u
#define ANSWER_MS 10000
enum { FD_MEMORY, FD_PARENT, FD_GUEST, FDS };

struct weir_partition {
    int sock, memory;
    int mine, theirs; // bells: which we hear, which we ring
    void *area;
    size_t bytes;
    struct weir_channel *channel;
};

static void ring_bell(void *ctx) {
    const struct weir_partition *p = ctx;
    const uint64_t one = 1;
    // A full counter has rung already.
    ssize_t n = write(p->theirs, &one, sizeof(one));
    (void)n;
}

static struct weir_partition *new_partition(int sock) {
    struct weir_partition *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->sock = sock;
    p->memory = p->mine = p->theirs = -1;
    return p;
}

static void close_fd(int fd) {
    if (fd >= 0)
        close(fd);
}

void weir_partition_close(struct weir_partition *p) {
    if (p == NULL)
        return;
    weir_channel_detach(p->channel);
    if (p->area != NULL)
        munmap(p->area, p->bytes);
    close_fd(p->sock);
    close_fd(p->memory);
    close_fd(p->mine);
    close_fd(p->theirs);
    free(p);
}

static int map_area(struct weir_partition *p, size_t bytes) {
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->memory, 0);
    if (mem == MAP_FAILED)
        return -errno;
    p->area = mem;
    p->bytes = bytes;
    return 0;
}

static int set_path(struct sockaddr_un *addr, const char *path, char *err, size_t err_size) {
    memset(addr, 0, sizeof(*addr));
    addr->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(addr->sun_path)) {
        snprintf(err, err_size, "%s is too long for the path of a socket (%zu characters); name a shorter one", path,
                 sizeof(addr->sun_path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(addr->sun_path, path, strlen(path));
    return 0;
}

// ---- the guest ----

static int send_hello(const struct weir_partition *p, const struct weir_partition_hello *h) {
    const int fds[FDS] = {[FD_MEMORY] = p->memory, [FD_PARENT] = p->theirs, [FD_GUEST] = p->mine};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(fds))];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)h, sizeof(*h)};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(c), fds, sizeof(fds));
    return sendmsg(p->sock, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(*h) ? 0 : -errno;
}

static int read_welcome(const struct weir_partition *p, struct weir_partition_welcome *w) {
    struct pollfd fd = {.fd = p->sock, .events = POLLIN};
    ssize_t n;

    if (poll(&fd, 1, ANSWER_MS) != 1)
        return -ETIMEDOUT;
    n = recv(p->sock, w, sizeof(*w), MSG_WAITALL);
    if (n != (ssize_t)sizeof(*w))
        return -ECONNRESET;
    w->text[sizeof(w->text) - 1] = w->card[sizeof(w->card) - 1] = '\0';
    return w->magic == MAGIC && w->version == WEIR_PARTITION_VERSION ? 0 : -EPROTO;
}

int weir_partition_connect(const char *path, const char *name, const uint8_t mac[6], char *card,
                           struct weir_partition **out, char *err, size_t err_size) {
    struct weir_partition_hello h = {.magic = MAGIC, .version = WEIR_PARTITION_VERSION, .ring = WEIR_PARTITION_RING};
    size_t bytes = WEIR_CHANNEL_BYTES(WEIR_PARTITION_RING);
    struct weir_partition *p = new_partition(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    struct weir_partition_welcome w = {0};
    struct sockaddr_un addr;
    int ret;

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return -ENOMEM;
    }
    ret = set_path(&addr, path, err, err_size);
    if (ret != 0)
        goto err_partition;
    if (p->sock < 0 || connect(p->sock, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        ret = -errno;
        snprintf(err, err_size, "no parent answers at %s: %s; start weir-host first", path, strerror(-ret));
        goto err_partition;
    }
    p->memory = memfd_create("weir-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    p->mine = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->theirs = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ret = p->memory < 0 || p->mine < 0 || p->theirs < 0 || ftruncate(p->memory, (off_t)bytes) != 0 ||
                  fcntl(p->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0
              ? -errno
              : map_area(p, bytes);
    if (ret != 0) {
        snprintf(err, err_size, "cannot make the channel's memory: %s", strerror(-ret));
        goto err_partition;
    }
    memcpy(h.mac, mac, 6);
    snprintf(h.name, sizeof(h.name), "%s", name);
    ret = send_hello(p, &h);
    if (ret == 0)
        ret = read_welcome(p, &w);
    if (ret != 0) {
        snprintf(err, err_size, "the parent at %s does not welcome us: %s", path, strerror(-ret));
        goto err_partition;
    }
    if (w.status != 0) {
        ret = w.status > 0 ? -w.status : -EPROTO;
        snprintf(err, err_size, "the parent refuses guest %s: %s", name, w.text);
        goto err_partition;
    }
    ret = weir_channel_attach(p->area, p->bytes, WEIR_CHANNEL_GUEST, &p->channel);
    if (ret != 0) {
        snprintf(err, err_size, "the parent at %s speaks another channel version", path);
        goto err_partition;
    }
    weir_channel_set_notify(p->channel, ring_bell, p);
    memcpy(card, w.card, sizeof(w.card));
    *out = p;
    return 0;

err_partition:
    weir_partition_close(p);
    return ret;
}

// ---- the parent ----

int weir_partition_listen(const char *path, char *err, size_t err_size) {
    struct sockaddr_un addr;
    int fd, ret = set_path(&addr, path, err, err_size);

    if (ret != 0)
        return ret;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    // Only a socket that nobody answers is stale.
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 || errno == EAGAIN) {
        close(fd);
        snprintf(err, err_size, "%s is in use by another process; stop it or name another folder", path);
        return -EADDRINUSE;
    }
    (void)unlink(path);
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(fd, 8) != 0) {
        ret = -errno;
        close(fd);
        snprintf(err, err_size, "cannot listen at %s: %s", path, strerror(-ret));
        return ret;
    }
    return fd;
}

struct weir_partition *weir_partition_accept(int listener) {
    int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct weir_partition *p = sock >= 0 ? new_partition(sock) : NULL;
    if (sock >= 0 && p == NULL)
        close(sock);
    return p;
}

// The memory must not shrink under us, and must be as long as it was said to be.
static int check_memory(int fd, size_t bytes) {
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size < bytes)
        return -EPROTO;
    return 0;
}

static bool is_eventfd(int fd) {
    char path[40], to[40];
    ssize_t n;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    n = readlink(path, to, sizeof(to) - 1);
    if (n < 0)
        return false;
    to[n] = '\0';
    // Anything else could make our write block or fail for good.
    return strcmp(to, "anon_inode:[eventfd]") == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int weir_partition_join(struct weir_partition *p, struct weir_partition_hello *h) {
    int fds[FDS] = {-1, -1, -1};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(fds))];
    } control = {0};
    struct iovec iov = {h, sizeof(*h)};
    // Exactly so much: in the padding a fourth descriptor would find room, and stay open.
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = CMSG_LEN(sizeof(fds))};
    ssize_t n = recvmsg(p->sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *c;
    size_t bytes;
    int ret;

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? -EAGAIN : -errno;
    c = CMSG_FIRSTHDR(&msg);
    if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len >= CMSG_LEN(0) && c->cmsg_len <= CMSG_LEN(sizeof(fds)))
        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    p->memory = fds[FD_MEMORY];
    p->mine = fds[FD_PARENT];
    p->theirs = fds[FD_GUEST];
    if (n != (ssize_t)sizeof(*h) || h->magic != MAGIC || h->version != WEIR_PARTITION_VERSION || p->theirs < 0 ||
        memchr(h->name, '\0', sizeof(h->name)) == NULL || h->ring != WEIR_PARTITION_RING)
        return -EPROTO;
    bytes = WEIR_CHANNEL_BYTES(h->ring);
    ret = check_memory(p->memory, bytes);
    if (ret == 0 && (!is_eventfd(p->mine) || !is_eventfd(p->theirs)))
        ret = -EPROTO;
    if (ret == 0)
        ret = map_area(p, bytes);
    if (ret == 0)
        ret = weir_channel_init(p->area, p->bytes);
    if (ret == 0)
        ret = weir_channel_attach(p->area, p->bytes, WEIR_CHANNEL_HOST, &p->channel);
    if (ret == 0)
        weir_channel_set_notify(p->channel, ring_bell, p);
    return ret;
}

int weir_partition_answer(struct weir_partition *p, int status, const char *card, const char *text) {
    struct weir_partition_welcome w = {
        .magic = MAGIC, .version = WEIR_PARTITION_VERSION, .status = status < 0 ? -status : status};
    snprintf(w.card, sizeof(w.card), "%s", card);
    snprintf(w.text, sizeof(w.text), "%s", text);
    return send(p->sock, &w, sizeof(w), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(w) ? 0 : -EIO;
}

// ---- both ----

struct weir_channel *weir_partition_channel(struct weir_partition *p) {
    return p->channel;
}

int weir_partition_bell(const struct weir_partition *p) {
    return p->mine;
}

void weir_partition_hush(struct weir_partition *p) {
    uint64_t count;
    ssize_t n = read(p->mine, &count, sizeof(count));
    (void)n;
}

int weir_partition_fd(const struct weir_partition *p) {
    return p->sock;
}

bool weir_partition_peer_gone(const struct weir_partition *p) {
    char byte;
    ssize_t n = recv(p->sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}
