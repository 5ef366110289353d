// SPDX-License-Identifier: Apache-2.0
// See pci_memory.h.
#include "pci_memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "weir_pciaccess.h"

#define HUGE_BYTES WEIR_PCIACCESS_DMA_MAX
#define PAGE 4096u
#define PFN_MASK ((1ull << 55) - 1)
#define PRESENT (1ull << 63)

struct chunk {
    struct chunk *next;
    uint8_t *mem;
    size_t bytes;
    uint64_t physical; // bus address
    size_t used;       // areas are cut off in order
    unsigned users;    // when the last area is given back, cutting begins anew
    char *file;        // NULL: of a window
};

struct pci_memory {
    struct chunk *first;
    bool window; // the first chunk is all there is
    char *folder, *prefix;
    unsigned next; // number of the next file
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

// ---- files ----

bool pci_memory_folder(char *folder, size_t size) {
    FILE *mounts = setmntent("/proc/mounts", "r");
    struct mntent *m;
    bool found = false;

    while (mounts != NULL && !found && (m = getmntent(mounts)) != NULL)
        found = strcmp(m->mnt_type, "hugetlbfs") == 0 && strstr(m->mnt_opts, "pagesize=2M") != NULL &&
                (size_t)snprintf(folder, size, "%s", m->mnt_dir) < size;
    if (mounts != NULL)
        endmntent(mounts);
    return found;
}

// A file of this device that is not there yet: one of an earlier driver may still be the card's.
static int new_file(struct pci_memory *m, char **path) {
    int fd;
    do {
        if (asprintf(path, "%s/%s%u", m->folder, m->prefix, m->next++) < 0) {
            *path = NULL;
            return -ENOMEM;
        }
        fd = open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0)
            return fd;
        free(*path);
        *path = NULL;
    } while (errno == EEXIST && m->next < 100000);
    return -errno;
}

static void drop_chunk(struct chunk *c, bool at_rest) {
    if (c->mem != NULL)
        munmap(c->mem, c->bytes);
    if (c->file != NULL && at_rest)
        (void)unlink(c->file);
    free(c->file);
    free(c);
}

static int add_chunk(struct pci_memory *m) {
    struct chunk *c = calloc(1, sizeof(*c));
    void *mem;
    int err, fd;

    if (c == NULL)
        return -ENOMEM;
    c->bytes = HUGE_BYTES;
    fd = new_file(m, &c->file);
    if (fd < 0) {
        err = fd;
        goto err_chunk;
    }
    mem = ftruncate(fd, HUGE_BYTES) == 0
              ? mmap(NULL, HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_LOCKED | MAP_POPULATE, fd, 0)
              : MAP_FAILED;
    close(fd);
    err = -ENOMEM;
    if (mem == MAP_FAILED)
        goto err_chunk;
    c->mem = mem;
    memset(c->mem, 0, HUGE_BYTES); // there now, whatever populating did
    err = physical_address(c->mem, &c->physical);
    if (err != 0)
        goto err_chunk;
    c->next = m->first;
    m->first = c;
    return 0;

err_chunk:
    drop_chunk(c, true);
    return err;
}

struct pci_memory *pci_memory_new(const char *folder, const char *device, char *err, size_t err_size) {
    struct pci_memory *m = calloc(1, sizeof(*m));
    int ret = -ENOMEM;

    if (m != NULL && (m->folder = strdup(folder)) != NULL && asprintf(&m->prefix, "weir-%s-", device) >= 0)
        ret = add_chunk(m);
    if (ret == 0)
        return m;
    if (ret == -EPERM)
        snprintf(err, err_size, "physical addresses are hidden from this process: run as root (CAP_SYS_ADMIN)");
    else if (ret == -ENOMEM)
        snprintf(err, err_size, "no free 2 MiB huge page: write a number to /proc/sys/vm/nr_hugepages");
    else
        snprintf(err, err_size, "%s: cannot make a file of a huge page: %s", folder, strerror(-ret));
    pci_memory_free(m, true);
    return NULL;
}

static bool ours(const struct pci_memory *m, const char *path) {
    const struct chunk *c;
    for (c = m->first; c != NULL && (c->file == NULL || strcmp(c->file, path) != 0); c = c->next) {
    }
    return c != NULL;
}

void pci_memory_sweep(struct pci_memory *m) {
    DIR *d = m->folder != NULL ? opendir(m->folder) : NULL;
    const struct dirent *e;

    while (d != NULL && (e = readdir(d)) != NULL) {
        char *path = NULL;
        if (strncmp(e->d_name, m->prefix, strlen(m->prefix)) != 0 || asprintf(&path, "%s/%s", m->folder, e->d_name) < 0)
            continue;
        if (!ours(m, path))
            (void)unlink(path);
        free(path);
    }
    if (d != NULL)
        closedir(d);
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

void pci_memory_free(struct pci_memory *m, bool at_rest) {
    if (m == NULL)
        return;
    while (m->first != NULL) {
        struct chunk *c = m->first;
        m->first = c->next;
        drop_chunk(c, at_rest);
    }
    free(m->folder);
    free(m->prefix);
    free(m);
}

int pci_memory_alloc(struct pci_memory *m, size_t bytes, struct weir_dma *dma) {
    size_t room = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
    struct chunk *c;

    if (bytes == 0 || bytes > HUGE_BYTES) // of a window, too: what runs on the simulator runs on a card
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
