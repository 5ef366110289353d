// SPDX-License-Identifier: Apache-2.0
// See vfio_user.h. One request at a time: its reply is awaited before the next, but BAR writes ask for no reply and
// stay in order with everything behind them, as posted writes do.
#include "vfio_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vfu_client.h"
#include "weir/bus.h"
#include "weir/foreign_fd.h"
#include "weir_abi.h"

// Bus addresses differ from those of the process, so that a missing translation shows.
#define IOVA_BASE 0x5000000000ull
#define PAGE 4096u
#define EVICTIONS 8u

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
    struct vfu_client server;
    uint64_t bar_size;
    int memfd;
    uint64_t mem_end; // bytes of memfd in use, also the next bus address
    int irq[WEIR_FN_VECTORS];
};

static struct vu_fn *self(struct weir_bus *bus) {
    return (struct vu_fn *)bus;
}

// A command whose reply is exactly rsp_len long.
static int call(struct vu_fn *f, uint16_t command, const void *req, size_t len, void *rsp, size_t rsp_len) {
    return vfu_client_call(&f->server, command, req, len, NULL, 0, NULL, 0, rsp, rsp_len, rsp_len);
}

// ---- regions ----

static int region_read(struct vu_fn *f, unsigned region, uint64_t offset, unsigned size, uint32_t *value) {
    struct vfu_region_io io = {.offset = offset, .region = region, .count = size};
    struct {
        struct vfu_region_io io;
        uint32_t data;
    } rsp = {.data = 0};
    int err = vfu_client_call(&f->server, VFU_REGION_READ, &io, sizeof(io), NULL, 0, NULL, 0, &rsp, sizeof(io) + size,
                              sizeof(io) + size);

    *value = err == 0 ? rsp.data : UINT32_MAX >> (32 - 8 * size);
    return err;
}

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    return region_read(self(bus), VFIO_PCI_CONFIG_REGION_INDEX, offset, size, value);
}

static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    struct vfu_region_io io = {.offset = offset, .region = VFIO_PCI_CONFIG_REGION_INDEX, .count = size}, rsp;
    return vfu_client_call(&self(bus)->server, VFU_REGION_WRITE, &io, sizeof(io), &value, size, NULL, 0, &rsp,
                           sizeof(rsp), sizeof(rsp));
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

static int post(struct weir_bus *bus, uint64_t offset, const void *bytes, unsigned n) {
    struct vfu_header h = {.command = VFU_REGION_WRITE, .flags = VFU_NO_REPLY};
    struct vfu_region_io io = {.offset = offset, .region = VFIO_PCI_BAR0_REGION_INDEX, .count = n};

    // What the driver wrote to memory before a doorbell is seen before it.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return vfu_client_send(&self(bus)->server, &h, &io, sizeof(io), bytes, n, NULL, 0);
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    return post(bus, offset, &value, sizeof(value));
}

// One message, of which the simulator makes one TLP; another server may make pieces of it.
static int bar_write64(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    return post(bus, offset, bytes, 64);
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
    err = vfu_client_call(&f->server, VFU_DMA_MAP, &map, sizeof(map), NULL, 0, &f->memfd, 1, NULL, 0, 0);
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
    (void)fallocate(f->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(dma->iova - IOVA_BASE),
                    (off_t)dma->bytes);
    memset(dma, 0, sizeof(*dma));
}

// ---- interrupts, reset, SR-IOV ----

static int irq_enable(struct weir_bus *bus, unsigned n) {
    struct vu_fn *f = self(bus);
    struct vfu_irq_set set = {.argsz = sizeof(set),
                              .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                              .index = VFIO_PCI_MSIX_IRQ_INDEX,
                              .count = n};

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
    return vfu_client_call(&f->server, VFU_DEVICE_SET_IRQS, &set, sizeof(set), NULL, 0, f->irq, n, NULL, 0, 0);
}

// The server has these descriptors too, and with them their flags.
static unsigned irq_take(struct weir_bus *bus, unsigned vector) {
    uint64_t count;
    if (vector >= WEIR_FN_VECTORS || self(bus)->irq[vector] < 0 || weir_bell_take(self(bus)->irq[vector], &count) != 1)
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
        return self(bus)->server.fd < 0 ? -ENODEV : -EPERM; // only the PF has it
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

    vfu_client_close(&f->server); // the server resets the function and lets go of our memory
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
    .bar_write64 = bar_write64,
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

static int say_version(struct vfu_client *server, const char *capabilities) {
    struct vfu_version v = {0, 0};
    struct {
        struct vfu_version v;
        char text[1024];
    } rsp;
    return vfu_client_call(server, VFU_VERSION, &v, sizeof(v), capabilities, strlen(capabilities) + 1, NULL, 0, &rsp,
                           sizeof(v), sizeof(rsp));
}

static int handshake(struct vu_fn *f) {
    struct vfu_device_info info = {.argsz = sizeof(info)};
    struct vfu_region_info bar = {.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX};
    int err = say_version(&f->server, "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":4096}}");

    if (err == 0)
        err = call(f, VFU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info));
    if (err == 0 && (info.flags & VFIO_DEVICE_FLAGS_PCI) == 0)
        err = -EPROTO;
    if (err == 0)
        err = call(f, VFU_DEVICE_GET_REGION_INFO, &bar, sizeof(bar), &bar, sizeof(bar));
    f->bar_size = bar.size;
    return err;
}

// Drives the function behind `server`, which it takes over; `name` is for people.
static struct weir_bus *open_server(const struct vfu_client *server, const char *name, char *err, size_t err_size) {
    struct vu_fn *f = calloc(1, sizeof(*f));
    int ret;

    if (f == NULL) {
        struct vfu_client c = *server;
        vfu_client_close(&c);
        snprintf(err, err_size, "out of memory");
        errno = ENOMEM;
        return NULL;
    }
    f->bus.ops = &ops;
    f->server = *server;
    for (unsigned i = 0; i < WEIR_FN_VECTORS; i++)
        f->irq[i] = -1;
    f->memfd = memfd_create("weir-dma", MFD_CLOEXEC);
    ret = f->memfd < 0 ? -ENOMEM : handshake(f);
    if (ret != 0) {
        snprintf(err, err_size, ret == -EBUSY ? "%s: another client has this function; %s" : "%s: %s", name,
                 ret == -EBUSY    ? "close it first"
                 : ret == -ENODEV ? "the server hung up or does not answer"
                                  : strerror(-ret));
        goto err_fn;
    }
    if (vanished(f)) {
        snprintf(err, err_size, "%s: this function is not visible; the PF driver must enable its VFs first", name);
        ret = -ENODEV;
        goto err_fn;
    }
    return &f->bus;

err_fn:
    close_fn(&f->bus);
    errno = -ret;
    return NULL;
}

struct weir_bus *weir_vfio_user_open(const char *path, char *err, size_t err_size) {
    struct vfu_client server;
    int ret = vfu_client_open(&server, path, err, err_size);
    if (ret == 0)
        return open_server(&server, path, err, err_size);
    errno = -ret;
    return NULL;
}

int weir_vfio_user_connect(const char *path, char *err, size_t err_size) {
    struct vfu_client server;
    int ret = vfu_client_open(&server, path, err, err_size);
    return ret == 0 ? server.fd : ret;
}

// Comes, says this and leaves again.
static int call_in(const char *path, const char *capabilities, char *err, size_t err_size) {
    struct vfu_client server;
    int ret = vfu_client_open(&server, path, err, err_size);
    if (ret != 0)
        return ret;
    ret = say_version(&server, capabilities);
    if (ret != 0)
        snprintf(err, err_size, "%s: %s", path, strerror(-ret));
    vfu_client_close(&server);
    return ret;
}

int weir_vfio_user_lend(const char *path, char *err, size_t err_size) {
    int ret = call_in(path, "{\"capabilities\":{\"" VFU_CAP_LEND "\":true}}", err, err_size);
    return ret == -EBUSY ? 0 : ret; // to who has it already
}

int weir_vfio_user_evict(const char *path, char *err, size_t err_size) {
    int ret = -EBUSY;
    // The second time it is free, or another was quicker: he, too, is there no longer than we wish.
    for (unsigned i = 0; i < EVICTIONS && ret == -EBUSY; i++)
        ret = call_in(path, "{\"capabilities\":{\"" VFU_CAP_EVICT "\":true}}", err, err_size);
    if (ret == -EBUSY)
        snprintf(err, err_size, "%s: who has this function does not let go: %s", path, strerror(-ret));
    return ret;
}

struct weir_bus *weir_vfio_user_open_fd(int fd, char *err, size_t err_size) {
    const struct vfu_client server = {.fd = fd};
    return open_server(&server, "the connection to the VF", err, err_size);
}
