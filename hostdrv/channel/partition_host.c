// SPDX-License-Identifier: Apache-2.0
// The parent's end of a partition socket: weir/partition.h. Nothing here may wait.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "partition_int.h"
#include "weir/foreign_fd.h"

// The memory must not shrink under us, must be as long as it was said to be, and of ordinary pages: a fault on huge
// ones that were punched out may find none and kill us.
static int check_memory(int fd, size_t bytes) {
    struct statfs fs;
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size < bytes)
        return -EPROTO;
    return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC ? 0 : -EPROTO;
}

int weir_partition_join(struct weir_partition *p, struct weir_partition_hello *h) {
    int fds[FDS], ret = partition_recv(p->sock, h, sizeof(*h), fds, FDS);
    size_t bytes;

    if (ret <= 0)
        return ret == 0 ? -EAGAIN : ret;
    p->memory = fds[FD_MEMORY];
    p->mine = fds[FD_PARENT];
    p->theirs = fds[FD_GUEST];
    if (h->magic != PARTITION_MAGIC || h->version != WEIR_PARTITION_VERSION || p->theirs < 0 ||
        memchr(h->name, '\0', sizeof(h->name)) == NULL || h->ring != WEIR_PARTITION_RING)
        return -EPROTO;
    bytes = WEIR_CHANNEL_BYTES(h->ring);
    ret = check_memory(p->memory, bytes);
    if (ret == 0 && (weir_bell_check(p->mine) != 0 || weir_bell_check(p->theirs) != 0))
        ret = -EPROTO;
    if (ret == 0)
        ret = partition_map(p, bytes);
    if (ret == 0)
        ret = weir_channel_init(p->area, p->bytes);
    if (ret == 0)
        ret = partition_attach(p, WEIR_CHANNEL_HOST);
    return ret;
}

int weir_partition_answer(struct weir_partition *p, int status, const struct weir_partition_terms *terms,
                          const char *text) {
    struct weir_partition_welcome w = {
        .magic = PARTITION_MAGIC, .version = WEIR_PARTITION_VERSION, .status = status < 0 ? -status : status};
    if (terms != NULL) {
        w.mtu = terms->mtu;
        w.token = terms->token;
        memcpy(w.mac, terms->mac, 6);
    }
    snprintf(w.text, sizeof(w.text), "%s", text);
    return partition_send(p->sock, &w, sizeof(w), NULL, 0) == 0 ? 0 : -EIO;
}

int weir_partition_asked(struct weir_partition *p, struct weir_partition_ask *ask) {
    int ret = partition_recv(p->sock, ask, sizeof(*ask), NULL, 0);
    if (ret != 1)
        return ret;
    p->ask = *ask;
    return ask->magic == PARTITION_MAGIC && (ask->kind == WEIR_PARTITION_ASK_VF || ask->kind == WEIR_PARTITION_ASK_PCI)
               ? 1
               : -EPROTO;
}

static int reply(struct weir_partition *p, unsigned fn, int status, int fd, uint32_t pci) {
    struct weir_partition_reply r = {.magic = PARTITION_MAGIC,
                                     .kind = p->ask.kind,
                                     .fn = (uint16_t)fn,
                                     .status = status < 0 ? -status : status,
                                     .pci = pci};
    return partition_send(p->sock, &r, sizeof(r), &fd, fd >= 0 ? 1 : 0) == 0 ? 0 : -EIO;
}

int weir_partition_reply(struct weir_partition *p, unsigned fn, int status, int fd) {
    return reply(p, fn, status, status == 0 ? fd : -1, 0);
}

int weir_partition_reply_pci(struct weir_partition *p, unsigned fn, uint32_t pci) {
    return reply(p, fn, 0, -1, pci);
}

void weir_partition_send_away(struct weir_partition *p) {
    struct weir_partition_reply r = {.magic = PARTITION_MAGIC, .kind = WEIR_PARTITION_AWAY, .status = EPERM};
    (void)partition_send(p->sock, &r, sizeof(r), NULL, 0);
}
