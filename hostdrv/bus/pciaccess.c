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
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "pci_memory.h"
#include "weir/bus.h"
#include "weir_abi.h"

#define CFG_COMMAND 0x04
#define COMMAND_BME 0x4u
#define CFG_CLASS 0x08

struct pci_fn {
    struct weir_bus bus;
    struct pci_device *dev;
    volatile uint32_t *bar; // NULL where mapping is refused: then bar_fd
    int bar_fd;             // resource0, read and written instead
    uint64_t bar_bytes;
    struct pci_memory *memory;
    int lock;       // on the device's configuration file, until this process ends
    char sysfs[64]; // folder of the device
};

static struct pci_fn *self(struct weir_bus *bus) {
    return (struct pci_fn *)bus;
}

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    pciaddr_t got = 0;
    uint32_t v = 0;
    int err = pci_device_cfg_read(self(bus)->dev, &v, offset, size, &got);

    if (err == 0 && got != size)
        err = EIO;
    *value = err == 0 ? v : UINT32_MAX >> (32 - 8 * size);
    return -err;
}

static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    pciaddr_t put = 0;
    int err = pci_device_cfg_write(self(bus)->dev, &value, offset, size, &put);
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

static int write_sysfs(const struct pci_fn *f, const char *name, unsigned value) {
    char path[128], text[16];
    int fd, n, err = 0;

    snprintf(path, sizeof(path), "%s/%s", f->sysfs, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -EOPNOTSUPP : -errno;
    n = snprintf(text, sizeof(text), "%u", value);
    if (write(fd, text, (size_t)n) != n)
        err = -errno;
    close(fd);
    return err;
}

static int reset(struct weir_bus *bus) {
    int err = write_sysfs(self(bus), "reset", 1);
    if (err == 0)
        pci_memory_sweep(self(bus)->memory);
    return err;
}

static int sriov(struct weir_bus *bus, unsigned num_vfs) {
    return write_sysfs(self(bus), "sriov_numvfs", num_vfs); // -EBUSY by the kernel when some are enabled (rules 1.15)
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
        (void)pci_device_unmap_range(f->dev, (void *)(uintptr_t)f->bar, f->bar_bytes);
    if (f->bar_fd >= 0)
        close(f->bar_fd);
    if (f->memory != NULL)
        pci_memory_free(f->memory, master_is_off(bus));
    if (f->lock >= 0)
        close(f->lock);
    free(f);
}

static const struct weir_bus_ops ops = {
    .name = "pciaccess",
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

// Behind an IOMMU that translates, physical addresses mean nothing to the device.
static bool iommu_translates(const struct pci_fn *f) {
    char path[128], type[32] = "";
    int fd;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/iommu_group/type", f->sysfs);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, type, sizeof(type) - 1);
    close(fd);
    return n > 0 && strncmp(type, "identity", 8) != 0;
}

static int find(struct pci_fn *f, const char *slot, char *err, size_t err_size) {
    unsigned domain, bus, device, function;
    char rest;
    int why;

    if (sscanf(slot, "%4x:%2x:%2x.%1x%c", &domain, &bus, &device, &function, &rest) != 4 || device > 31 ||
        function > 7) {
        snprintf(err, err_size, "'%s' is no PCI address; write it as lspci -D does, 0000:03:00.0", slot);
        return -EINVAL;
    }
    snprintf(f->sysfs, sizeof(f->sysfs), "/sys/bus/pci/devices/%04x:%02x:%02x.%x", domain, bus, device, function);
    why = pci_system_init();
    if (why != 0) {
        snprintf(err, err_size, "%s: cannot look at this machine's PCI devices: %s", slot, strerror(why));
        return -why;
    }
    f->dev = pci_device_find_by_slot(domain, bus, device, function);
    if (f->dev == NULL) {
        snprintf(err, err_size, "%s: there is no such PCI device; lspci -D shows those there are", slot);
        return -ENODEV;
    }
    if (f->dev->vendor_id != WEIR_VENDOR_ID ||
        (f->dev->device_id != WEIR_PF_DEVICE_ID && f->dev->device_id != WEIR_VF_DEVICE_ID)) {
        snprintf(err, err_size, "%s: not a Weir function but %04x:%04x", slot, f->dev->vendor_id, f->dev->device_id);
        return -ENODEV;
    }
    return 0;
}

// A second driver would reset the device under the first one and give its memory back.
static int lock_device(struct pci_fn *f, const char *slot, char *err, size_t err_size) {
    char path[96];

    snprintf(path, sizeof(path), "%s/config", f->sysfs);
    f->lock = open(path, O_RDONLY | O_CLOEXEC);
    if (f->lock < 0 || flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        if (why == EWOULDBLOCK)
            snprintf(err, err_size, "%s: another driver has this function; end it first", slot);
        else
            snprintf(err, err_size, "%s: cannot lock %s: %s", slot, path, strerror(why));
        return -why;
    }
    return 0;
}

static int map_bar(struct pci_fn *f, const char *slot, char *err, size_t err_size) {
    void *mem = NULL;
    int why = pci_device_probe(f->dev);

    if (why == 0 && f->dev->regions[0].size == 0)
        why = ENXIO;
    if (why == 0)
        why = pci_device_map_range(f->dev, f->dev->regions[0].base_addr, f->dev->regions[0].size,
                                   PCI_DEV_MAP_FLAG_WRITABLE, &mem);
    if (why != 0 && f->dev->regions[0].size != 0) {
        // A file system that shows a simulated device cannot be mapped.
        char path[96];
        snprintf(path, sizeof(path), "%s/resource0", f->sysfs);
        f->bar_fd = open(path, O_RDWR | O_CLOEXEC);
        why = f->bar_fd >= 0 ? 0 : why;
    }
    if (why != 0) {
        snprintf(err, err_size, "%s: cannot map BAR 0: %s; is this process root, and no driver bound to the device?",
                 slot, strerror(why));
        return -why;
    }
    f->bar = mem;
    f->bar_bytes = f->dev->regions[0].size;
    return 0;
}

// A simulated device announces memory that stands for the host's: "PATH BYTES BUS-ADDRESS".
static struct pci_memory *get_memory(const struct pci_fn *f, char *err, size_t err_size) {
    char path[128], text[160] = "", file[128];
    unsigned long long bytes, iova;
    int fd;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/dma_memory", f->sysfs);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (pci_memory_folder(file, sizeof(file)))
            return pci_memory_new(file, strrchr(f->sysfs, '/') + 1, err, err_size);
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

struct weir_bus *weir_pciaccess_open(const char *slot, char *err, size_t err_size) {
    struct pci_fn *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    f->bus.ops = &ops;
    f->bar_fd = -1;
    f->lock = -1;
    if (find(f, slot, err, err_size) != 0 || lock_device(f, slot, err, err_size) != 0 ||
        map_bar(f, slot, err, err_size) != 0)
        goto err_fn;
    if (iommu_translates(f)) {
        snprintf(err, err_size,
                 "%s: an IOMMU translates for this device; boot with iommu=pt, which leaves addresses as they are",
                 slot);
        goto err_fn;
    }
    f->memory = get_memory(f, err, err_size);
    if (f->memory == NULL)
        goto err_fn;
    return &f->bus;

err_fn:
    close_fn(&f->bus);
    return NULL;
}
