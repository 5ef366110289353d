// SPDX-License-Identifier: Apache-2.0
// See storm_kinds.h.
#include "storm_kinds.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "weir_abi.h"
#include "world.h"

#define KEPT_BYTES 65536 // in the socket, unread by the server
#define MAP_PAGES 64u

// A stream socket may take a part; there is room for the rest then, as the other end is never further than KEPT_BYTES.
static bool put(int fd, uint16_t command, uint32_t flags, const void *a, size_t na, const void *b, size_t nb,
                int pass) {
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct vfu_header h = {.command = command, .size = (uint32_t)(sizeof(h) + na + nb), .flags = flags};
    struct iovec iov[3] = {{&h, sizeof(h)}, {(void *)(uintptr_t)a, na}, {(void *)(uintptr_t)b, nb}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 3};
    int kept = 0;

    if (ioctl(fd, SIOCOUTQ, &kept) != 0 || kept > KEPT_BYTES)
        return false;
    if (pass > 0) {
        struct cmsghdr *c;
        m.msg_control = &control;
        m.msg_controllen = sizeof(control);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass, sizeof(int));
    }
    return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)h.size;
}

int storm_connect(const char *path) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0, "no socket");
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    CHECK(errno == EAGAIN, "cannot connect to %s: %s", path, strerror(errno));
    close(fd);
    return -1; // the backlog is full
}

bool storm_answered(int fd) {
    struct vfu_header h;
    uint8_t rest[VFU_MAX_PAYLOAD];
    ssize_t n = recv(fd, &h, sizeof(h), 0);

    if (n != (ssize_t)sizeof(h))
        return false;
    CHECK(h.size == sizeof(h) || recv(fd, rest, h.size - sizeof(h), 0) > 0, "half an answer");
    return true;
}

bool storm_say_version(int fd) {
    const struct vfu_version v = {0, 0};
    return put(fd, VFU_VERSION, 0, &v, sizeof(v), NULL, 0, 0);
}

static bool read_region(int fd, uint32_t region, uint64_t offset, uint32_t bytes) {
    const struct vfu_region_io io = {offset, region, bytes};
    return put(fd, VFU_REGION_READ, 0, &io, sizeof(io), NULL, 0, 0);
}

bool storm_read(int fd, uint64_t offset, uint32_t bytes) {
    return read_region(fd, VFIO_PCI_BAR0_REGION_INDEX, offset, bytes);
}

static bool write_region(int fd, uint32_t region, uint64_t offset, const void *from, uint32_t bytes, uint32_t flags) {
    const struct vfu_region_io io = {offset, region, bytes};
    return put(fd, VFU_REGION_WRITE, flags, &io, sizeof(io), from, bytes, 0);
}

bool storm_decode(int fd) {
    const uint16_t command = 2;
    return write_region(fd, VFIO_PCI_CONFIG_REGION_INDEX, 4, &command, sizeof(command), VFU_NO_REPLY);
}

static void take_answers(struct storm_state *s) {
    while (storm_answered(s->fd)) {
    }
}

#define FILL(what)                                                                                                     \
    do {                                                                                                               \
        take_answers(s);                                                                                               \
        while (what)                                                                                                   \
            s->asked++;                                                                                                \
    } while (0)

static const uint8_t zeros[4096];

static void long_reads(struct storm_state *s) {
    FILL(storm_read(s->fd, 0, 4096));
}

static void tiny_reads(struct storm_state *s) {
    FILL(storm_read(s->fd, 3, 1));
}

static void long_writes(struct storm_state *s) {
    FILL(write_region(s->fd, 0, 0, zeros, 4096, VFU_NO_REPLY));
}

static void table_writes(struct storm_state *s) {
    const uint32_t word = 1;
    FILL(write_region(s->fd, 0, WEIR_BAR_MSIX_TABLE_BASE + 12, &word, 4, VFU_NO_REPLY));
}

static void doorbells(struct storm_state *s) {
    const uint32_t tail = s->asked & 0xFFFF;
    FILL(write_region(s->fd, 0, WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_TX_TAIL, &tail, 4, VFU_NO_REPLY));
}

static void mailbox(struct storm_state *s) {
    const uint32_t owner = 1;
    FILL(write_region(s->fd, 0, WEIR_BAR_MBOX_OWNER, &owner, 4, VFU_NO_REPLY));
}

static void resets(struct storm_state *s) {
    FILL(put(s->fd, VFU_DEVICE_RESET, 0, NULL, 0, NULL, 0, 0));
}

static void config_reads(struct storm_state *s) {
    FILL(read_region(s->fd, VFIO_PCI_CONFIG_REGION_INDEX, 0, 4096));
}

// Bus mastering on and off; byte by byte, so that every byte is a request of its own.
static void config_writes(struct storm_state *s) {
    const uint8_t command[3] = {0x06, 0, 0};
    FILL(write_region(s->fd, VFIO_PCI_CONFIG_REGION_INDEX, 4, command + (s->asked & 1), 2, VFU_NO_REPLY));
}

// A whole configuration space of ones: among them the bit that resets the function.
static void flrs(struct storm_state *s) {
    static uint8_t ones[256];
    memset(ones, 0xFF, sizeof(ones));
    FILL(write_region(s->fd, VFIO_PCI_CONFIG_REGION_INDEX, 0, ones, sizeof(ones), VFU_NO_REPLY));
}

static bool map_or_unmap(struct storm_state *s) {
    const uint64_t at = 0x10000 + (uint64_t)(s->asked / 2 % MAP_PAGES) * 4096;
    const struct vfu_dma_map map = {sizeof(map), VFU_DMA_READABLE | VFU_DMA_WRITABLE, 0, at, 4096};
    const struct vfu_dma_unmap unmap = {sizeof(unmap), 0, at, 4096};

    if (s->memory == 0) {
        s->memory = memfd_create("storm", MFD_CLOEXEC);
        if (s->memory < 0 || ftruncate(s->memory, 4096) != 0)
            return false;
    }
    s->flip = !s->flip;
    return s->flip ? put(s->fd, VFU_DMA_MAP, VFU_NO_REPLY, &map, sizeof(map), NULL, 0, s->memory)
                   : put(s->fd, VFU_DMA_UNMAP, VFU_NO_REPLY, &unmap, sizeof(unmap), NULL, 0, 0);
}

static void maps(struct storm_state *s) {
    FILL(map_or_unmap(s));
}

static bool vector_on_or_off(struct storm_state *s) {
    struct vfu_irq_set q = {.argsz = sizeof(q), .index = VFIO_PCI_MSIX_IRQ_INDEX, .count = 1};

    if (s->bell == 0)
        s->bell = eventfd(0, EFD_CLOEXEC);
    s->flip = !s->flip;
    q.flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD;
    return put(s->fd, VFU_DEVICE_SET_IRQS, VFU_NO_REPLY, &q, sizeof(q), NULL, 0, s->flip ? s->bell : 0);
}

static void vectors(struct storm_state *s) {
    FILL(vector_on_or_off(s));
}

// Comes, says its version, asks for something, and goes; every time the function is reset behind it.
static void connects(struct storm_state *s) {
    if (s->fd >= 0 && s->asked != 0 && !storm_answered(s->fd))
        return;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = storm_connect(s->socket);
    if (s->fd >= 0 && storm_say_version(s->fd) && storm_decode(s->fd) && storm_read(s->fd, 0, 64))
        s->asked++;
}

// Says nothing, many times.
static void silence(struct storm_state *s) {
    int *at = &s->silent[s->next++ % (sizeof(s->silent) / sizeof(s->silent[0]))];
    int fd = storm_connect(s->socket);

    if (fd < 0)
        return;
    if (*at > 0)
        close(*at);
    *at = fd;
    s->asked++;
}

const struct storm_kind storm_kinds[] = {
    {"reads of 4 KiB", long_reads},
    {"reads of one byte", tiny_reads},
    {"writes of 4 KiB", long_writes},
    {"doorbells", doorbells},
    {"writes of the MSI-X table", table_writes},
    {"mailbox", mailbox},
    {"resets", resets},
    {"function level resets", flrs},
    {"reads of configuration space", config_reads},
    {"writes of configuration space", config_writes},
    {"memory maps and unmaps", maps},
    {"vectors on and off", vectors},
    {"connections", connects},
    {"silent connections", silence},
};
const unsigned storm_count = sizeof(storm_kinds) / sizeof(storm_kinds[0]);

void storm_end(struct storm_state *s) {
    if (s->fd >= 0)
        close(s->fd);
    if (s->memory > 0)
        close(s->memory);
    if (s->bell > 0)
        close(s->bell);
    for (unsigned i = 0; i < sizeof(s->silent) / sizeof(s->silent[0]); i++)
        if (s->silent[i] > 0)
            close(s->silent[i]);
}
