// SPDX-License-Identifier: Apache-2.0
// See pci_tree.h.
#include "pci_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "card.h"
#include "host.h"
#include "rc.h"
#include "weir_abi.h"

#define CONFIG_BYTES 4096u
#define TEXT_BYTES 4096u // what a file of text claims to hold
#define EXT_SRIOV 0x10u
#define MEMORY_FLAGS 0x140204u   // a 64-bit memory resource, aligned to its size
#define DMA_BYTES (64ull << 20)  // stand-in for host memory, per function
#define DMA_IOVA 0x6000000000ull // where the first function's lies on the bus

struct memory {
    int fd;
    void *mem;
};

struct pci_tree {
    struct host *host;
    struct rc *rc;
    unsigned sriov;
    bool pf_in_use;
    struct memory memory[WEIR_NUM_FNS];
};

struct pci_tree *pci_tree_new(struct host *host) {
    struct pci_tree *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    t->host = host;
    t->rc = card_rc(host_card(host));
    t->sriov = host_find_cap(host, 0, EXT_SRIOV, true);
    for (unsigned i = 0; i < WEIR_NUM_FNS; i++)
        t->memory[i].fd = -1;
    return t;
}

void pci_tree_free(struct pci_tree *t) {
    if (t == NULL)
        return;
    for (unsigned i = 0; i < WEIR_NUM_FNS; i++) {
        if (t->memory[i].fd < 0)
            continue;
        rc_unmap(t->rc, host_rid(i), 0, UINT64_MAX);
        munmap(t->memory[i].mem, DMA_BYTES);
        close(t->memory[i].fd);
    }
    free(t);
}

// ---- folders ----

void pci_tree_name(unsigned fn, char name[16]) {
    unsigned rid = host_rid(fn);
    snprintf(name, 16, "0000:%02x:%02x.%x", rid >> 8, rid >> 3 & 0x1F, rid & 7);
}

int pci_tree_find(struct pci_tree *t, const char *name) {
    char one[16];
    for (unsigned fn = 0; fn < pci_tree_count(t); fn++) {
        pci_tree_name(fn, one);
        if (strcmp(one, name) == 0)
            return (int)fn;
    }
    return -1;
}

unsigned pci_tree_count(struct pci_tree *t) {
    return 1 + host_num_vfs(t->host);
}

// ---- what the files say ----

static uint32_t config(struct pci_tree *t, unsigned fn, unsigned offset, unsigned size) {
    uint32_t v;
    (void)rc_cfg_read(t->rc, host_rid(fn), offset, size, &v);
    return v;
}

static int say_vendor(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)fn; // a VF's own register reads FFFFh; software takes the PF's
    return snprintf(to, room, "0x%04x\n", config(t, 0, 0, 2));
}

static int say_device(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    return snprintf(to, room, "0x%04x\n", fn == 0 ? config(t, 0, 2, 2) : config(t, 0, t->sriov + 0x1A, 2));
}

static int say_subsystem_vendor(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    return snprintf(to, room, "0x%04x\n", config(t, fn, 0x2C, 2));
}

static int say_subsystem_device(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    return snprintf(to, room, "0x%04x\n", config(t, fn, 0x2E, 2));
}

static int say_class(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    return snprintf(to, room, "0x%06x\n", config(t, fn, 8, 4) >> 8);
}

static int say_revision(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    return snprintf(to, room, "0x%02x\n", config(t, fn, 8, 1));
}

static int say_irq(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)t;
    (void)fn;
    return snprintf(to, room, "0\n");
}

static int say_numa_node(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)t;
    (void)fn;
    return snprintf(to, room, "-1\n");
}

static int say_modalias(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    return snprintf(to, room, "pci:v%08Xd%08Xsv%08Xsd%08Xbc02sc00i00\n", config(t, 0, 0, 2),
                    fn == 0 ? config(t, 0, 2, 2) : config(t, 0, t->sriov + 0x1A, 2), config(t, fn, 0x2C, 2),
                    config(t, fn, 0x2E, 2));
}

static int say_enable(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    return snprintf(to, room, "%u\n", fn == 0 ? config(t, 0, 4, 2) >> 1 & 1 : 1);
}

// Begin, end and flags of the six BARs and the ROM; of a PF also its VF BARs.
static int say_resource(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    uint64_t size, bar = host_bar(t->host, fn, &size);
    int n = 0;
    for (unsigned i = 0; i < (fn == 0 ? 13u : 7u) && n >= 0 && (size_t)n < room; i++) {
        uint64_t begin = 0, end = 0;
        if (i == 0 && bar != 0) {
            begin = bar;
            end = bar + size - 1;
        } else if (i == 7) {
            begin = (uint64_t)config(t, 0, t->sriov + 0x28, 4) << 32 | (config(t, 0, t->sriov + 0x24, 4) & ~0xFu);
            (void)host_bar(t->host, 1, &size);
            end = begin + size * (config(t, 0, t->sriov + 0xE, 2)) - 1;
        }
        n += snprintf(to + n, room - (size_t)n, "0x%016" PRIx64 " 0x%016" PRIx64 " 0x%016x\n", begin, end,
                      end != 0 ? MEMORY_FLAGS : 0);
    }
    return n;
}

static int say_sriov_numvfs(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)fn;
    return snprintf(to, room, "%u\n", host_num_vfs(t->host));
}

static int say_sriov_totalvfs(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)fn;
    return snprintf(to, room, "%u\n", config(t, 0, t->sriov + 0xE, 2));
}

static int say_sriov_offset(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)fn;
    return snprintf(to, room, "%u\n", config(t, 0, t->sriov + 0x14, 2));
}

static int say_sriov_stride(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)fn;
    return snprintf(to, room, "%u\n", config(t, 0, t->sriov + 0x16, 2));
}

static int say_sriov_vf_device(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    (void)fn;
    return snprintf(to, room, "%x\n", config(t, 0, t->sriov + 0x1A, 2));
}

// Not in Linux: memory that stands for the host's, mapped for this function alone. "PATH BYTES BUS-ADDRESS".
static int say_dma_memory(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    struct memory *m = &t->memory[fn];
    uint64_t iova = DMA_IOVA + ((uint64_t)fn << 32);

    if (m->fd < 0) {
        m->fd = memfd_create("weir-dma", MFD_CLOEXEC);
        if (m->fd < 0)
            return -errno;
        m->mem = ftruncate(m->fd, (off_t)DMA_BYTES) == 0
                     ? mmap(NULL, DMA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0)
                     : MAP_FAILED;
        if (m->mem == MAP_FAILED || rc_map(t->rc, host_rid(fn), iova, m->mem, DMA_BYTES) != 0) {
            close(m->fd);
            m->fd = -1;
            return -ENOMEM;
        }
    }
    return snprintf(to, room, "/proc/%d/fd/%d %llu 0x%" PRIx64 "\n", getpid(), m->fd, DMA_BYTES, iova);
}

static int say_physfn(struct pci_tree *t, unsigned fn, char *to, size_t room) {
    char name[16];
    (void)t;
    (void)fn;
    pci_tree_name(0, name);
    return snprintf(to, room, "../%s", name);
}

// ---- what writing does ----

static int number(const void *from, size_t size, unsigned long *value) {
    char text[24] = "", *rest;
    memcpy(text, from, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
    *value = strtoul(text, &rest, 0);
    return rest == text || (*rest != '\n' && *rest != '\0') ? -EINVAL : 0;
}

static int do_sriov_numvfs(struct pci_tree *t, unsigned fn, const void *from, size_t size) {
    unsigned long n;
    int err = number(from, size, &n);
    (void)fn;
    if (err != 0)
        return err;
    if (n > WEIR_NUM_VFS)
        return -ERANGE;
    if (n == host_num_vfs(t->host))
        return 0;
    return host_sriov(t->host, (unsigned)n);
}

static int do_reset(struct pci_tree *t, unsigned fn, const void *from, size_t size) {
    unsigned long n;
    if (number(from, size, &n) != 0 || n != 1)
        return -EINVAL;
    t->pf_in_use = t->pf_in_use && fn != 0;
    return host_reset(t->host, fn);
}

// As Linux does it: memory decode on; bus mastering off, when nobody wants the device any more.
static int do_enable(struct pci_tree *t, unsigned fn, const void *from, size_t size) {
    unsigned long n;
    int err = number(from, size, &n);
    uint32_t cmd = config(t, fn, 4, 2);
    if (err == 0 && (fn == 0 || n == 0))
        err = rc_cfg_write(t->rc, host_rid(fn), 4, 2, n != 0 ? cmd | 2 : cmd & ~4u);
    return err;
}

enum who { ALL, PF, VF };
static const struct file {
    const char *name;
    enum who who;
    unsigned mode;
    int (*say)(struct pci_tree *t, unsigned fn, char *to, size_t room);
    int (*act)(struct pci_tree *t, unsigned fn, const void *from, size_t size);
} files[] = {
    {"vendor", ALL, 0444, say_vendor, NULL},
    {"device", ALL, 0444, say_device, NULL},
    {"subsystem_vendor", ALL, 0444, say_subsystem_vendor, NULL},
    {"subsystem_device", ALL, 0444, say_subsystem_device, NULL},
    {"class", ALL, 0444, say_class, NULL},
    {"revision", ALL, 0444, say_revision, NULL},
    {"irq", ALL, 0444, say_irq, NULL},
    {"numa_node", ALL, 0444, say_numa_node, NULL},
    {"modalias", ALL, 0444, say_modalias, NULL},
    {"enable", ALL, 0644, say_enable, do_enable},
    {"resource", ALL, 0444, say_resource, NULL},
    {"reset", ALL, 0200, NULL, do_reset},
    {"dma_memory", ALL, 0400, say_dma_memory, NULL},
    {"sriov_numvfs", PF, 0644, say_sriov_numvfs, do_sriov_numvfs},
    {"sriov_totalvfs", PF, 0444, say_sriov_totalvfs, NULL},
    {"sriov_offset", PF, 0444, say_sriov_offset, NULL},
    {"sriov_stride", PF, 0444, say_sriov_stride, NULL},
    {"sriov_vf_device", PF, 0444, say_sriov_vf_device, NULL},
    {"physfn", VF, 0777, say_physfn, NULL},
    {"config", ALL, 0644, NULL, NULL},
    {"resource0", ALL, 0600, NULL, NULL},
};
#define FILES (sizeof(files) / sizeof(files[0]))

static bool belongs(const struct file *f, unsigned fn) {
    return f->who == ALL || (f->who == PF) == (fn == 0);
}

const char *pci_tree_file(struct pci_tree *t, unsigned fn, unsigned nth, uint64_t *bytes, unsigned *mode, bool *link) {
    for (unsigned i = 0; i < FILES; i++) {
        if (!belongs(&files[i], fn) || nth-- != 0)
            continue;
        *mode = files[i].mode;
        *link = strcmp(files[i].name, "physfn") == 0;
        *bytes = strcmp(files[i].name, "config") == 0 ? CONFIG_BYTES : TEXT_BYTES;
        if (strcmp(files[i].name, "resource0") == 0)
            (void)host_bar(t->host, fn, bytes);
        return files[i].name;
    }
    return NULL;
}

// ---- configuration space and BAR: as many accesses as natural alignment needs ----

static unsigned piece(uint64_t at, size_t left) {
    return (at & 1) != 0 || left < 2 ? 1 : (at & 2) != 0 || left < 4 ? 2 : 4;
}

static int config_read(struct pci_tree *t, unsigned fn, uint8_t *to, size_t size, uint64_t offset) {
    if (offset >= CONFIG_BYTES)
        return 0;
    size = size < CONFIG_BYTES - offset ? size : CONFIG_BYTES - offset;
    for (size_t done = 0; done < size;) {
        unsigned n = piece(offset + done, size - done);
        uint32_t v = config(t, fn, (unsigned)(offset + done), n);
        memcpy(to + done, &v, n);
        done += n;
    }
    return (int)size;
}

static int config_write(struct pci_tree *t, unsigned fn, const uint8_t *from, size_t size, uint64_t offset) {
    if (offset >= CONFIG_BYTES || size > CONFIG_BYTES - offset)
        return -EINVAL;
    for (size_t done = 0; done < size;) {
        unsigned n = piece(offset + done, size - done);
        uint32_t v = 0;
        memcpy(&v, from + done, n);
        if (rc_cfg_write(t->rc, host_rid(fn), (unsigned)(offset + done), n, v) != 0)
            return -EIO;
        done += n;
    }
    if (fn == 0)
        (void)host_sriov_sync(t->host); // VF Enable may have been among it
    return (int)size;
}

// The card takes 32-bit accesses (bar.def).
static int bar_access(struct pci_tree *t, unsigned fn, void *data, size_t size, uint64_t offset, bool write) {
    uint64_t bytes, bar = host_bar(t->host, fn, &bytes);
    if (bar == 0 || offset >= bytes || size > bytes - offset || (offset & 3) != 0 || (size & 3) != 0)
        return -EINVAL;
    for (size_t done = 0, step = 4; done < size; done += step) {
        uint32_t v;
        if (write) {
            int put = host_bar_write(t->host, bar, offset + done, (uint8_t *)data + done, size - done);
            if (put < 0)
                return -EIO;
            step = (size_t)put;
            t->pf_in_use = t->pf_in_use || (fn == 0 && offset + done >= WEIR_BAR_DOORBELL_BASE);
            continue;
        }
        (void)rc_mem_read(t->rc, bar + offset + done, &v); // all ones when refused, as on a bus
        memcpy((uint8_t *)data + done, &v, 4);
    }
    return (int)size;
}

bool pci_tree_pf_in_use(const struct pci_tree *t) {
    return t->pf_in_use;
}

int pci_tree_read(struct pci_tree *t, unsigned fn, const char *file, void *to, size_t size, uint64_t offset) {
    char text[TEXT_BYTES];
    int n;

    if (strcmp(file, "config") == 0)
        return config_read(t, fn, to, size, offset);
    if (strcmp(file, "resource0") == 0)
        return bar_access(t, fn, to, size, offset, false);
    for (unsigned i = 0; i < FILES; i++) {
        if (!belongs(&files[i], fn) || strcmp(files[i].name, file) != 0)
            continue;
        if (files[i].say == NULL)
            return -EACCES;
        n = files[i].say(t, fn, text, sizeof(text));
        if (n < 0 || offset >= (uint64_t)n)
            return n < 0 ? n : 0;
        size = size < (size_t)n - offset ? size : (size_t)n - offset;
        memcpy(to, text + offset, size);
        return (int)size;
    }
    return -ENOENT;
}

int pci_tree_write(struct pci_tree *t, unsigned fn, const char *file, const void *from, size_t size, uint64_t offset) {
    int err;
    if (strcmp(file, "config") == 0)
        return config_write(t, fn, from, size, offset);
    if (strcmp(file, "resource0") == 0)
        return bar_access(t, fn, (void *)(uintptr_t)from, size, offset, true);
    for (unsigned i = 0; i < FILES; i++) {
        if (!belongs(&files[i], fn) || strcmp(files[i].name, file) != 0)
            continue;
        if (files[i].act == NULL)
            return -EACCES;
        err = files[i].act(t, fn, from, size);
        return err != 0 ? err : (int)size;
    }
    return -ENOENT;
}

int pci_tree_dump(struct pci_tree *t, FILE *out) {
    for (unsigned fn = 0; fn < pci_tree_count(t); fn++) {
        uint8_t all[CONFIG_BYTES];
        char name[16];
        pci_tree_name(fn, name);
        (void)config_read(t, fn, all, sizeof(all), 0);
        fprintf(out, "%s %s of the Weir card\n", name + 5, fn == 0 ? "PF" : "VF");
        for (unsigned i = 0; i < sizeof(all); i++) {
            if (i % 16 == 0)
                fprintf(out, "%0*x:", i < 256 ? 2 : 3, i);
            fprintf(out, " %02x%s", all[i], i % 16 == 15 ? "\n" : "");
        }
        fputc('\n', out);
    }
    return ferror(out) != 0 ? -EIO : 0;
}
