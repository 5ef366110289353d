// SPDX-License-Identifier: Apache-2.0
// The guest's end of a partition socket: weir/partition.h. It may wait for its parent, but not for ever.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "partition_int.h"
#include "weir/foreign_fd.h"

#define ANSWER_MS 10000
#define DOOR_MS 10 // between knocks at a door that is full

static int make_channel_memory(struct weir_partition *p) {
    size_t bytes = WEIR_CHANNEL_BYTES(WEIR_PARTITION_RING);
    int ret;
    p->memory = memfd_create("weir-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    p->mine = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->theirs = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->memory < 0 || p->mine < 0 || p->theirs < 0 || ftruncate(p->memory, (off_t)bytes) != 0 ||
        fcntl(p->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return -errno;
    ret = weir_bell_check(p->theirs); // whether this system can do what the parent needs, too
    return ret != 0 ? ret : partition_map(p, bytes);
}

static int send_hello(const struct weir_partition *p, const struct weir_partition_wish *wish) {
    const int fds[FDS] = {[FD_MEMORY] = p->memory, [FD_PARENT] = p->theirs, [FD_GUEST] = p->mine};
    struct weir_partition_hello h = {
        .magic = PARTITION_MAGIC, .version = WEIR_PARTITION_VERSION, .ring = WEIR_PARTITION_RING};

    snprintf(h.name, sizeof(h.name), "%s", wish->name);
    if (wish->mac != NULL) {
        memcpy(h.mac, wish->mac, 6);
        h.flags = WEIR_PARTITION_OWN_MAC;
    }
    h.fn = (uint16_t)wish->fn;
    h.vf_mtu = (uint16_t)wish->vf_mtu;
    return partition_send(p->sock, &h, sizeof(h), fds, FDS);
}

// 0 when it is there, whole; it comes in one piece.
static int read_welcome(const struct weir_partition *p, struct weir_partition_welcome *w) {
    int ret = partition_recv(p->sock, w, sizeof(*w), NULL, 0);
    if (ret != 1)
        return ret == 0 ? -EAGAIN : ret == -EPIPE ? -ECONNRESET : ret;
    w->text[sizeof(w->text) - 1] = '\0';
    for (char *c = w->text; *c != '\0'; c++) // it may be printed
        if (*c < ' ' || *c > '~')
            *c = '?';
    if (w->magic != PARTITION_MAGIC || w->version != WEIR_PARTITION_VERSION)
        return -EPROTO;
    return w->status != 0 || (w->mtu >= WEIR_MTU_MIN && w->mtu <= WEIR_MTU_MAX) ? 0 : -EPROTO;
}

static int reach(const struct weir_partition *p, const char *path, char *err, size_t err_size) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(addr.sun_path)) {
        snprintf(err, err_size, "%s is too long for the path of a socket (%zu characters); name a shorter one", path,
                 sizeof(addr.sun_path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    if (connect(p->sock, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        int ret = -errno;
        snprintf(err, err_size,
                 ret == -EACCES ? "the parent at %s lets no other user in: %s; its administrator can, with "
                                  "weirctl guest add NAME uid UID or weir-host --open=all"
                                : "no parent answers at %s: %s; start weir-host first",
                 path, strerror(-ret));
        return ret;
    }
    return 0;
}

int weir_partition_knock(const char *path, const struct weir_partition_wish *wish, struct weir_partition **out,
                         char *err, size_t err_size) {
    struct weir_partition *p;
    int ret;

    if (!weir_partition_name_ok(wish->name, strlen(wish->name) + 1)) {
        snprintf(err, err_size, "a guest's name is 1 to 31 letters, digits, '-', '_' and '.'");
        return -EINVAL;
    }
    p = weir_partition_new(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return -ENOMEM;
    }
    snprintf(p->name, sizeof(p->name), "%s", wish->name);
    // Memory first: who has connected is to say hello at once, or makes room for another pending client.
    ret = make_channel_memory(p);
    if (ret != 0) {
        snprintf(err, err_size, "cannot make the channel's memory: %s", strerror(-ret));
        goto err_partition;
    }
    ret = reach(p, path, err, err_size);
    if (ret != 0)
        goto err_partition;
    ret = send_hello(p, wish);
    if (ret != 0) {
        snprintf(err, err_size, "the parent at %s does not welcome us: %s", path, strerror(-ret));
        goto err_partition;
    }
    *out = p;
    return 0;

err_partition:
    weir_partition_close(p);
    return ret;
}

int weir_partition_welcomed(struct weir_partition *p, struct weir_partition_terms *terms, char *err, size_t err_size) {
    struct weir_partition_welcome w = {0};
    int ret = read_welcome(p, &w);

    if (ret == -EAGAIN)
        return ret;
    if (ret != 0) {
        snprintf(err, err_size, "the parent does not welcome us: %s", strerror(-ret));
        return ret;
    }
    if (w.status != 0) {
        snprintf(err, err_size, "the parent refuses guest %s: %s", p->name, w.text);
        return w.status > 0 && w.status != EAGAIN ? -w.status : -EPROTO;
    }
    ret = partition_attach(p, WEIR_CHANNEL_GUEST);
    if (ret != 0) {
        snprintf(err, err_size, "the parent speaks another channel version");
        return ret == -EAGAIN ? -EPROTO : ret;
    }
    memcpy(terms->mac, w.mac, 6);
    terms->mtu = w.mtu;
    terms->token = w.token;
    return 0;
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int weir_partition_connect(const char *path, const struct weir_partition_wish *wish, struct weir_partition_terms *terms,
                           struct weir_partition **out, char *err, size_t err_size) {
    int64_t until = now_ms() + ANSWER_MS;
    struct weir_partition *p;
    int ret;

    // EAGAIN: the parent's door is full, and empties.
    while ((ret = weir_partition_knock(path, wish, &p, err, err_size)) == -EAGAIN && now_ms() < until)
        (void)poll(NULL, 0, DOOR_MS);
    if (ret != 0)
        return ret;
    while ((ret = weir_partition_welcomed(p, terms, err, err_size)) == -EAGAIN) {
        struct pollfd fd = {.fd = p->sock, .events = POLLIN};
        int64_t left = until - now_ms();
        if (left <= 0 || (poll(&fd, 1, (int)left) < 0 && errno == EINTR)) {
            ret = left <= 0 ? -ETIMEDOUT : -EINTR;
            snprintf(err, err_size, "the parent at %s does not welcome us: %s", path, strerror(-ret));
            break;
        }
    }
    if (ret != 0)
        weir_partition_close(p);
    else
        *out = p;
    return ret;
}

// Takes what the parent said: only the reply to a question, with a descriptor exactly when it is good and one was asked
// for.
static void listen_to_parent(struct weir_partition *p) {
    struct weir_partition_reply reply;
    int fd, ret = p->gone ? 0 : partition_recv(p->sock, &reply, sizeof(reply), &fd, 1);

    if (ret == 0)
        return;
    if (ret == 1 && reply.magic == PARTITION_MAGIC && reply.kind == WEIR_PARTITION_AWAY)
        p->sent_away = true;
    else if (ret == 1)
        p->reply = reply;
    if (ret == 1 && p->asking && !p->answered && p->reply.magic == PARTITION_MAGIC && p->reply.kind == p->ask.kind &&
        p->reply.fn == p->ask.fn && (p->reply.status == 0 && p->ask.kind == WEIR_PARTITION_ASK_VF) == (fd >= 0)) {
        p->answered = true;
        p->reply_fd = fd;
        return;
    }
    if (ret == 1 && fd >= 0)
        close(fd);
    p->gone = true;
}

// Asks, or has the answer: 0 when it is good, and in p->reply and p->reply_fd.
static int question(struct weir_partition *p, unsigned kind, unsigned fn) {
    struct weir_partition_ask ask = {.magic = PARTITION_MAGIC, .kind = (uint16_t)kind, .fn = (uint16_t)fn};

    listen_to_parent(p);
    if (p->gone)
        return -EPIPE;
    if (p->asking && !p->answered)
        return -EINPROGRESS;
    if (p->asking && p->ask.fn == fn && p->ask.kind == kind) {
        int status = p->reply.status;
        p->asking = p->answered = false;
        return status == 0 ? 0 : status > 0 && status < 4096 ? -status : -EPROTO;
    }
    if (p->reply_fd >= 0) { // of a function that nobody wants any more
        close(p->reply_fd);
        p->reply_fd = -1;
    }
    p->answered = false;
    p->ask = ask;
    p->asking = partition_send(p->sock, &ask, sizeof(ask), NULL, 0) == 0;
    return p->asking ? -EINPROGRESS : -EAGAIN;
}

int weir_partition_vf(struct weir_partition *p, unsigned fn, int *fd) {
    int ret = question(p, WEIR_PARTITION_ASK_VF, fn);
    *fd = -1;
    if (ret == 0) {
        *fd = p->reply_fd;
        p->reply_fd = -1;
    }
    return ret;
}

int weir_partition_pci(struct weir_partition *p, unsigned fn, uint32_t *pci) {
    int ret = question(p, WEIR_PARTITION_ASK_PCI, fn);
    *pci = ret == 0 ? p->reply.pci : 0;
    return ret;
}

bool weir_partition_sent_away(struct weir_partition *p) {
    listen_to_parent(p);
    return p->sent_away;
}

bool weir_partition_peer_gone(struct weir_partition *p) {
    listen_to_parent(p);
    return p->gone;
}
