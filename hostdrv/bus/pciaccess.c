// SPDX-License-Identifier: Apache-2.0
// See weir_pciaccess.h (not pciaccess.h: that is the name of the library's own header).
#include "weir_pciaccess.h"

#include <errno.h>
#include <fcntl.h>
#include <pciaccess.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pci_memory.h"
#include "pci_place.h"
#include "store64.h"
#include "weir/bus.h"
#include "weir_abi.h"

#define CFG_COMMAND 0x04
#define COMMAND_BME 0x4u
#define CFG_CLASS 0x08

struct pci_fn {
    struct weir_bus bus;
    struct pci_place place;
    volatile uint32_t *bar; // NULL where mapping is refused: then bar_fd
    int bar_fd;             // resource0, read and written instead
    uint64_t bar_bytes;
    bool whole; // 64 bytes reach it in one write
    struct pci_memory *memory;
};

static struct pci_fn *self(struct weir_bus *bus) {
    return (struct pci_fn *)bus;
}

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    pciaddr_t got = 0;
    uint32_t v = 0;
    int err = pci_device_cfg_read(self(bus)->place.dev, &v, offset, size, &got);

    if (err == 0 && got != size)
        err = EIO;
    *value = err == 0 ? v : UINT32_MAX >> (32 - 8 * size);
    return -err;
}

static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    pciaddr_t put = 0;
    int err = pci_device_cfg_write(self(bus)->place.dev, &value, offset, size, &put);
    return err != 0 ? -err : put == size ? 0 : -EIO;
}

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    uint32_t class_code;

    *value = UINT32_MAX;
    if (offset + 4 > self(bus)->bar_bytes)
        return -EINVAL;
    if (self(bus)->bar != NULL)
        *value = self(bus)->bar[offset / 4];
    else if (pread(self(bus)->bar_fd, value, 4, (off_t)offset) != 4)
        *value = UINT32_MAX;
    // A device that was pulled reads all ones everywhere (rules 9.16).
    if (*value == UINT32_MAX && (cfg_read(bus, CFG_CLASS, 4, &class_code) != 0 || class_code == UINT32_MAX))
        return -ENODEV;
    return 0;
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    if (offset + 4 > self(bus)->bar_bytes)
        return -EINVAL;
    // What the driver wrote to memory before a doorbell is seen before it.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (self(bus)->bar != NULL)
        self(bus)->bar[offset / 4] = value;
    else if (pwrite(self(bus)->bar_fd, &value, 4, (off_t)offset) != 4)
        return -ENODEV;
    return 0;
}

// A simulated card's file takes it as one write, and so does a real card from a processor that has the instruction.
// Stores that a processor may combine would need a prefetchable BAR, which this is not (bar.def), and may come in
// pieces all the same.
static int bar_write64(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    if (offset + 64 > self(bus)->bar_bytes || offset % 64 != 0)
        return -EINVAL;
    if (!self(bus)->whole)
        return -EOPNOTSUPP;
    if (self(bus)->bar != NULL)
        store64(&self(bus)->bar[offset / 4], bytes);
    return self(bus)->bar != NULL || pwrite(self(bus)->bar_fd, bytes, 64, (off_t)offset) == 64 ? 0 : -ENODEV;
}

static uint64_t bar_size(struct weir_bus *bus) {
    return self(bus)->bar_bytes;
}

static int dma_alloc(struct weir_bus *bus, size_t bytes, struct weir_dma *dma) {
    return pci_memory_alloc(self(bus)->memory, bytes, dma);
}

static void dma_free(struct weir_bus *bus, struct weir_dma *dma) {
    if (dma->mem != NULL)
        pci_memory_release(self(bus)->memory, dma);
}

static int irq_enable(struct weir_bus *bus, unsigned n) {
    (void)bus;
    return n <= WEIR_FN_VECTORS ? 0 : -ERANGE; // MSI-X stays off in the card, its completions are polled
}

static unsigned irq_take(struct weir_bus *bus, unsigned vector) {
    (void)bus;
    (void)vector;
    return 0;
}

static int irq_fd(struct weir_bus *bus, unsigned vector) {
    (void)bus;
    (void)vector;
    return -1;
}

static int reset(struct weir_bus *bus) {
    int err = pci_place_write(&self(bus)->place, "reset", 1);
    if (err == 0)
        pci_memory_sweep(self(bus)->memory);
    return err;
}

static int sriov(struct weir_bus *bus, unsigned num_vfs) {
    // -EBUSY by the kernel when some are enabled (rules 1.15).
    return pci_place_write(&self(bus)->place, "sriov_numvfs", num_vfs);
}

static unsigned pass(struct weir_bus *bus, unsigned microseconds) {
    struct timespec t = {.tv_sec = microseconds / 1000000, .tv_nsec = (long)(microseconds % 1000000) * 1000};
    (void)bus;
    nanosleep(&t, NULL);
    return microseconds;
}

// Nothing translates the device's addresses: its memory is given back when it is seen not to use it, or not to be
// there.
static bool master_is_off(struct weir_bus *bus) {
    uint32_t command;
    return cfg_read(bus, CFG_COMMAND, 2, &command) != 0 || command == 0xFFFF || (command & COMMAND_BME) == 0;
}

static void close_fn(struct weir_bus *bus) {
    struct pci_fn *f = self(bus);

    if (f->bar != NULL)
        (void)pci_device_unmap_range(f->place.dev, (void *)(uintptr_t)f->bar, f->bar_bytes);
    if (f->bar_fd >= 0)
        close(f->bar_fd);
    if (f->memory != NULL)
        pci_memory_free(f->memory, master_is_off(bus));
    pci_place_close(&f->place);
    free(f);
}

static const struct weir_bus_ops ops = {
    .name = "pciaccess",
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

static int map_bar(struct pci_fn *f, const char *slot, char *err, size_t err_size) {
    void *mem = NULL;
    int why = pci_device_probe(f->place.dev);

    if (why == 0 && f->place.dev->regions[0].size == 0)
        why = ENXIO;
    if (why == 0)
        why = pci_device_map_range(f->place.dev, f->place.dev->regions[0].base_addr, f->place.dev->regions[0].size,
                                   PCI_DEV_MAP_FLAG_WRITABLE, &mem);
    if (why != 0 && f->place.dev->regions[0].size != 0) {
        // A file system that shows a simulated device cannot be mapped.
        char path[96];
        snprintf(path, sizeof(path), "%s/resource0", f->place.sysfs);
        f->bar_fd = open(path, O_RDWR | O_CLOEXEC);
        why = f->bar_fd >= 0 ? 0 : why;
    }
    if (why != 0) {
        snprintf(err, err_size, "%s: cannot map BAR 0: %s%s", slot, strerror(why),
                 why == EACCES || why == EPERM ? "; only root can" : "");
        return -why;
    }
    f->bar = mem;
    f->whole = mem == NULL || store64_works();
    f->bar_bytes = f->place.dev->regions[0].size;
    return 0;
}

// A simulated device announces memory that stands for the host's: "PATH BYTES BUS-ADDRESS".
static struct pci_memory *get_memory(const struct pci_fn *f, char *err, size_t err_size) {
    char path[128], text[160] = "", file[128];
    unsigned long long bytes, iova;
    int fd;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/dma_memory", f->place.sysfs);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (pci_memory_folder(file, sizeof(file)))
            return pci_memory_new(file, strrchr(f->place.sysfs, '/') + 1, err, err_size);
        snprintf(err, err_size, "no hugetlbfs is mounted: mount -t hugetlbfs none /dev/hugepages");
        return NULL;
    }
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0 || sscanf(text, "%127s %llu %llx", file, &bytes, &iova) != 3 || bytes == 0) {
        snprintf(err, err_size, "%s: says nothing of memory; restart the simulator", path);
        return NULL;
    }
    return pci_memory_new_window(file, (size_t)bytes, iova, err, err_size);
}

struct weir_bus *weir_pciaccess_open(const char *slot, enum weir_pciaccess_kind kind, char *err, size_t err_size) {
    struct pci_fn *f = calloc(1, sizeof(*f));
    int ret;

    if (f == NULL) {
        snprintf(err, err_size, "out of memory");
        errno = ENOMEM;
        return NULL;
    }
    f->bus.ops = &ops;
    f->bar_fd = -1;
    ret = pci_place_open(&f->place, slot, kind, err, err_size);
    if (ret == 0)
        ret = map_bar(f, slot, err, err_size);
    if (ret == 0) {
        f->memory = get_memory(f, err, err_size);
        ret = f->memory != NULL ? 0 : -ENOMEM;
    }
    if (ret == 0)
        return &f->bus;
    close_fn(&f->bus);
    errno = -ret;
    return NULL;
}

void weir_pciaccess_text(uint32_t address, char text[16]) {
    snprintf(text, 16, "%04x:%02x:%02x.%x", address >> 16, address >> 8 & 0xFF, address >> 3 & 0x1F, address & 7);
}

// Routing IDs of VFs, SR-IOV 1.1 section 2.1.2: First VF Offset and VF Stride, as the kernel read them.
int weir_pciaccess_vf(struct weir_bus *pf, unsigned vf, uint32_t *address) {
    const struct pci_fn *f = self(pf);
    const struct pci_device *d = f->place.dev;
    uint32_t at = (uint32_t)d->domain_16 << 16 | (uint32_t)d->bus << 8 | (uint32_t)d->dev << 3 | d->func;
    unsigned offset, stride;
    char path[96], text[16];
    struct stat st;

    if (pci_place_read(&f->place, "sriov_offset", &offset) != 0 ||
        pci_place_read(&f->place, "sriov_stride", &stride) != 0)
        return -ENODEV;
    *address = at + offset + stride * vf;
    weir_pciaccess_text(*address, text);
    snprintf(path, sizeof(path), "%.*s/%s", (int)(strrchr(f->place.sysfs, '/') - f->place.sysfs), f->place.sysfs, text);
    return stat(path, &st) == 0 ? 0 : -ENODEV;
}
