// SPDX-License-Identifier: Apache-2.0
// See vfio_user.h. One request at a time: its reply is awaited before the next, but BAR writes ask for no reply and stay in
// order with everything behind them, as posted writes do.
#include "vfio_user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vfu_proto.h"
#include "weir/bus.h"
#include "weir_abi.h"

#define REPLY_MS 10000 // a simulator that says nothing for so long is taken for dead
// Bus addresses differ from those of the process, so that a missing translation shows.
#define IOVA_BASE 0x5000000000ull
#define PAGE 4096u

enum {
    CFG_CLASS = 0x08,
    EXT_CAPS = 0x100,
    EXT_ID_SRIOV = 0x10,
    SRIOV_CTL = 0x08,
    SRIOV_TOTAL = 0x0C,
    SRIOV_NUM = 0x10,
    SRIOV_VF_ENABLE = 0x01,
    SRIOV_VF_MSE = 0x08,
    SRIOV_ARI = 0x10,
};

struct vu_fn {
    struct weir_bus bus;
    int fd; // -1: the server is gone
    uint16_t id;
    uint64_t bar_size;
    int memfd;
    uint64_t mem_end; // bytes of memfd in use, also the next bus address
    int irq[WEIR_FN_VECTORS];
};

static struct vu_fn *self(struct weir_bus *bus) {
    return (struct vu_fn *)bus;
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// ---- messages ----

static int die(struct vu_fn *f) {
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    return -ENODEV;
}

// Until the socket is ready for `events`, or the server is given up.
static int await(struct vu_fn *f, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now_us();
        struct pollfd p = {.fd = f->fd, .events = events};
        int n;
        if (left <= 0)
            return die(f);
        n = poll(&p, 1, (int)(left / 1000) + 1);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return die(f);
    }
}

// Header, then up to two pieces of payload; descriptors go with the first byte.
static int send_message(struct vu_fn *f, struct vfu_header *h, const void *a, size_t na, const void *b, size_t nb, const int *fds, unsigned nfds) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * VFU_MAX_FDS)];
    } control;
    struct iovec iov[3] = {{h, sizeof(*h)}, {(void *)(uintptr_t)a, na}, {(void *)(uintptr_t)b, nb}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 3};
    int64_t deadline = now_us() + (int64_t)REPLY_MS * 1000;

    h->id = ++f->id;
    h->size = (uint32_t)(sizeof(*h) + na + nb);
    if (nfds != 0) {
        struct cmsghdr *c;
        memset(&control, 0, sizeof(control));
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
    }
    while (iov[0].iov_len + iov[1].iov_len + iov[2].iov_len != 0) {
        ssize_t n = sendmsg(f->fd, &m, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (await(f, POLLOUT, deadline) != 0)
                return -ENODEV;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return die(f);
        m.msg_control = NULL; // the descriptors are on their way
        m.msg_controllen = 0;
        for (unsigned i = 0; i < 3; i++) {
            size_t part = (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;
            iov[i].iov_base = (uint8_t *)iov[i].iov_base + part;
            iov[i].iov_len -= part;
            n -= (ssize_t)part;
        }
    }
    return 0;
}

static int take(struct vu_fn *f, void *to, size_t len, int64_t deadline) {
    for (size_t have = 0; have < len;) {
        ssize_t n = recv(f->fd, (uint8_t *)to + have, len - have, 0);
        if (n > 0) {
            have += (size_t)n;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
            return die(f);
        if (await(f, POLLIN, deadline) != 0)
            return -ENODEV;
    }
    return 0;
}

// Sends a command and takes its reply, whose payload must be between *rsp_len and room bytes long. 0, the server's errno,
// or -ENODEV when the server is gone or no longer makes sense.
static int call_fds(struct vu_fn *f, uint16_t command, const void *a, size_t na, const void *b, size_t nb, const int *fds, unsigned nfds, void *rsp,
                    size_t min, size_t room) {
    struct vfu_header h = {.command = command};
    int64_t deadline = now_us() + (int64_t)REPLY_MS * 1000;
    uint16_t id;

    if (f->fd < 0 || send_message(f, &h, a, na, b, nb, fds, nfds) != 0)
        return -ENODEV;
    id = h.id;
    if (take(f, &h, sizeof(h), deadline) != 0)
        return -ENODEV;
    if (h.id != id || (h.flags & VFU_TYPE_MASK) != VFU_REPLY || h.size < sizeof(h) || h.size - sizeof(h) > room)
        return die(f);
    if (h.size > sizeof(h) && take(f, rsp, h.size - sizeof(h), deadline) != 0)
        return -ENODEV;
    if ((h.flags & VFU_ERROR) != 0)
        return h.error != 0 && h.error < 4096 ? -(int)h.error : -EIO;
    return h.size - sizeof(h) >= min ? 0 : die(f);
}

static int call(struct vu_fn *f, uint16_t command, const void *req, size_t len, void *rsp, size_t rsp_len) {
    return call_fds(f, command, req, len, NULL, 0, NULL, 0, rsp, rsp_len, rsp_len);
}

// ---- regions ----

static int region_read(struct vu_fn *f, unsigned region, uint64_t offset, unsigned size, uint32_t *value) {
    struct vfu_region_io io = {.offset = offset, .region = region, .count = size};
    struct {
        struct vfu_region_io io;
        uint32_t data;
    } rsp = {.data = 0};
    int err = call_fds(f, VFU_REGION_READ, &io, sizeof(io), NULL, 0, NULL, 0, &rsp, sizeof(io) + size, sizeof(io) + size);

    *value = err == 0 ? rsp.data : UINT32_MAX >> (32 - 8 * size);
    return err;
}

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    return region_read(self(bus), VFIO_PCI_CONFIG_REGION_INDEX, offset, size, value);
}

static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    struct vfu_region_io io = {.offset = offset, .region = VFIO_PCI_CONFIG_REGION_INDEX, .count = size}, rsp;
    return call_fds(self(bus), VFU_REGION_WRITE, &io, sizeof(io), &value, size, NULL, 0, &rsp, sizeof(rsp), sizeof(rsp));
}

// A function that is not there reads all ones everywhere (rules 9.16); the class code tells it from a register of ones.
static bool vanished(struct vu_fn *f) {
    uint32_t class_code;
    return cfg_read(&f->bus, CFG_CLASS, 4, &class_code) != 0 || class_code == UINT32_MAX;
}

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    int err = region_read(self(bus), VFIO_PCI_BAR0_REGION_INDEX, offset, 4, value);
    if (err == 0 && *value == UINT32_MAX && vanished(self(bus)))
        err = -ENODEV;
    return err;
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    struct vu_fn *f = self(bus);
    struct vfu_header h = {.command = VFU_REGION_WRITE, .flags = VFU_NO_REPLY};
    struct vfu_region_io io = {.offset = offset, .region = VFIO_PCI_BAR0_REGION_INDEX, .count = 4};

    if (f->fd < 0)
        return -ENODEV;
    // What the driver wrote to memory before a doorbell is seen before it.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return send_message(f, &h, &io, sizeof(io), &value, sizeof(value), NULL, 0);
}

static uint64_t bar_size(struct weir_bus *bus) {
    return self(bus)->bar_size;
}

// ---- memory ----

static int dma_alloc(struct weir_bus *bus, size_t bytes, struct weir_dma *dma) {
    struct vu_fn *f = self(bus);
    size_t room = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
    struct vfu_dma_map map = {.argsz = sizeof(map),
                              .flags = VFU_DMA_READABLE | VFU_DMA_WRITABLE,
                              .offset = f->mem_end,
                              .address = IOVA_BASE + f->mem_end,
                              .size = room};
    void *mem;
    int err;

    if (room == 0)
        return -EINVAL;
    if (ftruncate(f->memfd, (off_t)(f->mem_end + room)) != 0)
        return -errno;
    mem = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, f->memfd, (off_t)f->mem_end);
    if (mem == MAP_FAILED)
        return -errno;
    err = call_fds(f, VFU_DMA_MAP, &map, sizeof(map), NULL, 0, &f->memfd, 1, NULL, 0, 0);
    if (err != 0) {
        munmap(mem, room);
        return err;
    }
    *dma = (struct weir_dma){mem, map.address, room};
    f->mem_end += room + PAGE; // a hole between two areas catches what runs over
    return 0;
}

static void dma_free(struct weir_bus *bus, struct weir_dma *dma) {
    struct vu_fn *f = self(bus);
    struct vfu_dma_unmap u = {.argsz = sizeof(u), .address = dma->iova, .size = dma->bytes}, rsp;

    if (dma->mem == NULL)
        return;
    (void)call(f, VFU_DMA_UNMAP, &u, sizeof(u), &rsp, sizeof(rsp));
    munmap(dma->mem, dma->bytes);
    // Addresses are not used again, the pages go back.
    (void)fallocate(f->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(dma->iova - IOVA_BASE), (off_t)dma->bytes);
    memset(dma, 0, sizeof(*dma));
}

// ---- interrupts, reset, SR-IOV ----

static int irq_enable(struct weir_bus *bus, unsigned n) {
    struct vu_fn *f = self(bus);
    struct vfu_irq_set set = {
        .argsz = sizeof(set), .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, .index = VFIO_PCI_MSIX_IRQ_INDEX, .count = n};

    if (n > WEIR_FN_VECTORS)
        return -ERANGE;
    for (unsigned i = 0; i < n; i++) {
        if (f->irq[i] < 0)
            f->irq[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (f->irq[i] < 0)
            return -errno;
    }
    if (n == 0)
        set.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
    return call_fds(f, VFU_DEVICE_SET_IRQS, &set, sizeof(set), NULL, 0, f->irq, n, NULL, 0, 0);
}

static unsigned irq_take(struct weir_bus *bus, unsigned vector) {
    uint64_t count;
    if (vector >= WEIR_FN_VECTORS || self(bus)->irq[vector] < 0 || read(self(bus)->irq[vector], &count, sizeof(count)) != sizeof(count))
        return 0;
    return count < UINT32_MAX ? (unsigned)count : UINT32_MAX;
}

static int irq_fd(struct weir_bus *bus, unsigned vector) {
    return vector < WEIR_FN_VECTORS ? self(bus)->irq[vector] : -1;
}

static int reset(struct weir_bus *bus) {
    return call(self(bus), VFU_DEVICE_RESET, NULL, 0, NULL, 0);
}

static unsigned find_sriov(struct weir_bus *bus) {
    unsigned at = EXT_CAPS;
    for (unsigned i = 0; i < 48 && at >= EXT_CAPS; i++) {
        uint32_t v;
        if (cfg_read(bus, at, 4, &v) != 0 || v == UINT32_MAX)
            return 0;
        if ((v & 0xFFFF) == EXT_ID_SRIOV)
            return at;
        at = v >> 20;
    }
    return 0;
}

static int sriov(struct weir_bus *bus, unsigned num_vfs) {
    unsigned cap = find_sriov(bus);
    uint32_t v;
    int err;

    if (cap == 0)
        return self(bus)->fd < 0 ? -ENODEV : -EPERM; // only the PF has it
    err = cfg_read(bus, cap + SRIOV_TOTAL + 2, 2, &v);
    if (err == 0 && num_vfs > v)
        return -ERANGE;
    if (err == 0)
        err = cfg_read(bus, cap + SRIOV_CTL, 2, &v);
    if (err != 0)
        return err;
    if (num_vfs == 0) {
        err = cfg_write(bus, cap + SRIOV_CTL, 2, 0);
        return err != 0 ? err : cfg_write(bus, cap + SRIOV_NUM, 2, 0);
    }
    if ((v & SRIOV_VF_ENABLE) != 0)
        return -EBUSY; // rules 1.15
    err = cfg_write(bus, cap + SRIOV_CTL, 2, SRIOV_ARI);
    if (err == 0)
        err = cfg_write(bus, cap + SRIOV_NUM, 2, num_vfs);
    if (err == 0)
        err = cfg_write(bus, cap + SRIOV_CTL, 2, SRIOV_ARI | SRIOV_VF_MSE | SRIOV_VF_ENABLE);
    if (err == 0)
        err = cfg_read(bus, cap + SRIOV_NUM, 2, &v);
    return err != 0 ? err : v == num_vfs ? 0 : -EIO;
}

static unsigned pass(struct weir_bus *bus, unsigned microseconds) {
    struct timespec t = {.tv_sec = microseconds / 1000000, .tv_nsec = (long)(microseconds % 1000000) * 1000};
    (void)bus;
    nanosleep(&t, NULL);
    return microseconds;
}

static void close_fn(struct weir_bus *bus) {
    struct vu_fn *f = self(bus);

    if (f->fd >= 0)
        close(f->fd); // the server resets the function and lets go of our memory
    for (unsigned i = 0; i < WEIR_FN_VECTORS; i++)
        if (f->irq[i] >= 0)
            close(f->irq[i]);
    if (f->memfd >= 0)
        close(f->memfd);
    free(f);
}

static const struct weir_bus_ops ops = {
    .name = "vfio_user",
    .cfg_read = cfg_read,
    .cfg_write = cfg_write,
    .bar_read = bar_read,
    .bar_write = bar_write,
    .bar_size = bar_size,
    .dma_alloc = dma_alloc,
    .dma_free = dma_free,
    .irq_enable = irq_enable,
    .irq_take = irq_take,
    .irq_fd = irq_fd,
    .reset = reset,
    .sriov = sriov,
    .pass = pass,
    .close = close_fn,
};

// ---- opening ----

static int connect_to(const char *path, char *err, size_t err_size) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, why;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        snprintf(err, err_size, "%s: too long a path for a socket, %zu characters at most", path, sizeof(addr.sun_path) - 1);
        return -ENAMETOOLONG;
    }
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        why = errno;
        snprintf(err, err_size, "no socket: %s", strerror(why));
        return -why;
    }
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        why = errno;
        snprintf(err, err_size, "cannot reach %s: %s; is weir-sim running there?", path, strerror(why));
        close(fd);
        return -why;
    }
    return fd;
}

static int handshake(struct vu_fn *f) {
    static const char capabilities[] = "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":4096}}";
    struct vfu_version v = {0, 0};
    struct {
        struct vfu_version v;
        char text[1024];
    } rsp;
    struct vfu_device_info info = {.argsz = sizeof(info)};
    struct vfu_region_info bar = {.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX};
    int err = call_fds(f, VFU_VERSION, &v, sizeof(v), capabilities, sizeof(capabilities), NULL, 0, &rsp, sizeof(v), sizeof(rsp));

    if (err == 0)
        err = call(f, VFU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info));
    if (err == 0 && (info.flags & VFIO_DEVICE_FLAGS_PCI) == 0)
        err = -EPROTO;
    if (err == 0)
        err = call(f, VFU_DEVICE_GET_REGION_INFO, &bar, sizeof(bar), &bar, sizeof(bar));
    f->bar_size = bar.size;
    return err;
}

struct weir_bus *weir_vfio_user_open(const char *path, char *err, size_t err_size) {
    struct vu_fn *f = calloc(1, sizeof(*f));
    int ret;

    if (f == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    f->bus.ops = &ops;
    for (unsigned i = 0; i < WEIR_FN_VECTORS; i++)
        f->irq[i] = -1;
    f->memfd = memfd_create("weir-dma", MFD_CLOEXEC);
    f->fd = connect_to(path, err, err_size);
    if (f->fd < 0)
        goto err_fn;
    ret = f->memfd < 0 ? -ENOMEM : handshake(f);
    if (ret != 0) {
        snprintf(err, err_size, ret == -EBUSY ? "%s: another client has this function; %s" : "%s: %s", path,
                 ret == -EBUSY ? "close it first" : ret == -ENODEV ? "the server hung up or does not answer" : strerror(-ret));
        goto err_fn;
    }
    if (vanished(f)) {
        snprintf(err, err_size, "%s: this function is not visible; the PF driver must enable its VFs first", path);
        goto err_fn;
    }
    return &f->bus;

err_fn:
    close_fn(&f->bus);
    return NULL;
}
