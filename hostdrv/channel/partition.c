// SPDX-License-Identifier: Apache-2.0
// What both ends of a partition socket do: weir/partition.h.
#include "weir/partition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "partition_int.h"
#include "weir/foreign_fd.h"

#define MAX_FRAME 9600u // the card's (rtl-model/abi/limit.def), checked by unit.partition.buffers_fit_the_card

bool weir_partition_name_ok(const char *name, size_t room) {
    size_t len = strnlen(name, room);
    if (len == 0 || len == room || len >= WEIR_PARTITION_NAME)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '.'))
            return false;
    }
    return true;
}

uint32_t weir_partition_buffer(uint32_t mtu) {
    uint32_t bytes = (mtu + 14 + 2 * 4 + 63) & ~63u;
    return bytes < MAX_FRAME ? bytes : MAX_FRAME;
}

struct weir_partition *weir_partition_new(int sock) {
    struct weir_partition *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        if (sock >= 0)
            close(sock);
        return NULL;
    }
    p->sock = sock;
    p->memory = p->mine = p->theirs = p->reply_fd = -1;
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
    close_fd(p->reply_fd);
    free(p);
}

int partition_map(struct weir_partition *p, size_t bytes) {
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->memory, 0);
    if (mem == MAP_FAILED)
        return -errno;
    p->area = mem;
    p->bytes = bytes;
    return 0;
}

// The peer shares both bells, and their flags with us: only calls that cannot wait whatever it does to them.
static void ring_bell(void *ctx) {
    (void)weir_bell_ring(((const struct weir_partition *)ctx)->theirs);
}

int partition_attach(struct weir_partition *p, enum weir_channel_end end) {
    int ret = weir_channel_attach(p->area, p->bytes, end, &p->channel);
    if (ret == 0)
        weir_channel_set_notify(p->channel, ring_bell, p);
    return ret;
}

int partition_send(int sock, const void *data, size_t len, const int *fds, unsigned n) {
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(FDS * sizeof(int))];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)data, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t sent;

    if (n != 0) {
        struct cmsghdr *c;
        msg.msg_control = control.room;
        msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    }
    sent = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == (ssize_t)len ? 0 : sent < 0 ? -errno : -EIO;
}

int partition_recv(int sock, void *data, size_t len, int *fds, unsigned n) {
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(FDS * sizeof(int))];
    } control = {0};
    struct iovec iov = {data, len};
    // Exactly so much: in the padding one more descriptor would find room, and stay open.
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = CMSG_LEN(n * sizeof(int))};
    ssize_t got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *c = got >= 0 ? CMSG_FIRSTHDR(&msg) : NULL;

    for (unsigned i = 0; i < n; i++)
        fds[i] = -1;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
    if (n != 0 && c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len >= CMSG_LEN(0) && c->cmsg_len <= CMSG_LEN(n * sizeof(int)))
        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    // A message is sent in one piece, so a shorter one is no message of ours.
    if (got == (ssize_t)len)
        return 1;
    for (unsigned i = 0; i < n; i++) {
        close_fd(fds[i]);
        fds[i] = -1;
    }
    return got == 0 ? -EPIPE : -EPROTO;
}

struct weir_channel *weir_partition_channel(struct weir_partition *p) {
    return p->channel;
}

int weir_partition_bell(const struct weir_partition *p) {
    return p->mine;
}

void weir_partition_hush(struct weir_partition *p) {
    (void)weir_bell_drain(p->mine);
}

int weir_partition_fd(const struct weir_partition *p) {
    return p->sock;
}
