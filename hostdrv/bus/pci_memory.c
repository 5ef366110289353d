// SPDX-License-Identifier: Apache-2.0
// See pci_memory.h.
#include "pci_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_BYTES 0x200000u
#define PAGE 4096u
#define PFN_MASK ((1ull << 55) - 1)
#define PRESENT (1ull << 63)
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif

struct chunk {
    struct chunk *next;
    uint8_t *mem;
    size_t bytes;
    uint64_t physical; // bus address
    size_t used;       // areas are cut off in order
    unsigned users;    // when the last area is given back, cutting begins anew
};

struct pci_memory {
    struct chunk *first;
    bool window; // the first chunk is all there is
};

static int physical_address(const void *mem, uint64_t *physical) {
    uint64_t entry = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -EPERM;
    n = pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)mem / PAGE * sizeof(entry)));
    close(fd);
    // Without CAP_SYS_ADMIN the kernel shows frame number 0.
    if (n != sizeof(entry) || (entry & PRESENT) == 0 || (entry & PFN_MASK) == 0)
        return -EPERM;
    *physical = (entry & PFN_MASK) * PAGE;
    return 0;
}

static int add_chunk(struct pci_memory *m) {
    struct chunk *c = calloc(1, sizeof(*c));
    int err;

    if (c == NULL)
        return -ENOMEM;
    c->bytes = HUGE_BYTES;
    c->mem = mmap(NULL, HUGE_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_LOCKED | MAP_POPULATE, -1, 0);
    if (c->mem == MAP_FAILED) {
        free(c);
        return -ENOMEM;
    }
    memset(c->mem, 0, HUGE_BYTES); // there now, whatever populating did
    err = physical_address(c->mem, &c->physical);
    if (err != 0) {
        munmap(c->mem, HUGE_BYTES);
        free(c);
        return err;
    }
    c->next = m->first;
    m->first = c;
    return 0;
}

struct pci_memory *pci_memory_new(char *err, size_t err_size) {
    struct pci_memory *m = calloc(1, sizeof(*m));
    int ret = m != NULL ? add_chunk(m) : -ENOMEM;

    if (ret == 0)
        return m;
    free(m);
    snprintf(err, err_size,
             ret == -EPERM ? "physical addresses are hidden from this process: run as root (CAP_SYS_ADMIN)"
                           : "no free 2 MiB huge page: write a number to /proc/sys/vm/nr_hugepages");
    return NULL;
}

struct pci_memory *pci_memory_new_window(const char *path, size_t bytes, uint64_t iova, char *err, size_t err_size) {
    struct pci_memory *m = calloc(1, sizeof(*m));
    struct chunk *c = calloc(1, sizeof(*c));
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (m == NULL || c == NULL || fd < 0)
        goto err_window;
    c->mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (c->mem == MAP_FAILED)
        goto err_window;
    close(fd);
    c->bytes = bytes;
    c->physical = iova;
    m->first = c;
    m->window = true;
    return m;

err_window:
    snprintf(err, err_size, "%s: cannot map the simulator's memory: %s; is it still running, and this process root?",
             path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(c);
    free(m);
    return NULL;
}

void pci_memory_free(struct pci_memory *m) {
    if (m == NULL)
        return;
    while (m->first != NULL) {
        struct chunk *c = m->first;
        m->first = c->next;
        munmap(c->mem, c->bytes);
        free(c);
    }
    free(m);
}

int pci_memory_alloc(struct pci_memory *m, size_t bytes, struct weir_dma *dma) {
    size_t room = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
    struct chunk *c;

    if (bytes == 0 || bytes > (m->window ? m->first->bytes : HUGE_BYTES))
        return bytes == 0 ? -EINVAL : -E2BIG;
    for (c = m->first; c != NULL && c->bytes - c->used < room; c = c->next) {
    }
    if (c == NULL) {
        int err = m->window ? -ENOMEM : add_chunk(m);
        if (err != 0)
            return err;
        c = m->first;
    }
    *dma = (struct weir_dma){c->mem + c->used, c->physical + c->used, room};
    memset(dma->mem, 0, room);
    c->used += room;
    c->users++;
    return 0;
}

void pci_memory_release(struct pci_memory *m, struct weir_dma *dma) {
    for (struct chunk *c = m->first; c != NULL; c = c->next) {
        const uint8_t *at = dma->mem;
        if (at >= c->mem && at < c->mem + c->bytes && --c->users == 0)
            c->used = 0;
    }
    memset(dma, 0, sizeof(*dma));
}
