// SPDX-License-Identifier: Apache-2.0
// The client's memory: mapped into this process and, for this function's requester ID alone, into the IOMMU of the root
// complex. The card touches memory only from card_step, in this thread, so an unmap takes effect at once.
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fn_priv.h"
#include "guard.h"
#include "iommu.h"

#define MAX_MAPS 65535u // what the protocol promises

static int remember(struct fn *f, const struct fn_map *m) {
    if (f->maps == f->map_room) {
        unsigned room = f->map_room != 0 ? f->map_room * 2 : 16;
        struct fn_map *more;
        if (f->maps >= MAX_MAPS)
            return -ENOSPC;
        more = realloc(f->map, room * sizeof(*more));
        if (more == NULL)
            return -ENOMEM;
        f->map = more;
        f->map_room = room;
    }
    f->map[f->maps++] = *m;
    return 0;
}

// The descriptor must hold all that is announced: what lies behind the end of a file cannot be touched.
static int check_file(int fd, const struct vfu_dma_map *map) {
    struct stat st;

    if (map->offset % 4096 != 0 || map->offset > INT64_MAX || map->size > INT64_MAX - map->offset)
        return -EINVAL;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size < map->offset + map->size)
        return -EINVAL;
    return 0;
}

int fn_dma_map(struct fn *f, const struct vfu_dma_map *map, int fd) {
    const uint32_t known = VFU_DMA_READABLE | VFU_DMA_WRITABLE;
    struct fn_map m = {map->address, map->size, NULL};
    unsigned rights = 0;
    int prot = 0, err;

    if (map->size == 0 || map->address + (map->size - 1) < map->address || (map->flags & ~known) != 0 ||
        (map->flags & known) == 0)
        return -EINVAL;
    if ((map->flags & VFU_DMA_READABLE) != 0) {
        rights |= IOMMU_READ;
        prot |= PROT_READ;
    }
    if ((map->flags & VFU_DMA_WRITABLE) != 0) {
        rights |= IOMMU_WRITE;
        prot |= PROT_WRITE;
    }
    if (fd < 0) // a ROM, say: requests to it are refused like those to any address nobody maps
        return remember(f, &m);
    err = check_file(fd, map);
    if (err != 0)
        return err;
    m.mem = mmap(NULL, map->size, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)map->offset);
    if (m.mem == MAP_FAILED)
        return -errno;
    err = guard_add(m.mem, m.len);
    if (err != 0)
        goto err_mmap;
    err = rc_map_rights(f->rc, host_rid(f->index), m.iova, m.mem, m.len, rights);
    if (err != 0)
        goto err_guard;
    err = remember(f, &m);
    if (err != 0)
        goto err_rc;
    return 0;

err_rc:
    rc_unmap(f->rc, host_rid(f->index), m.iova, m.len);
err_guard:
    guard_remove(m.mem);
err_mmap:
    munmap(m.mem, m.len);
    return err;
}

static void forget(struct fn *f, unsigned i) {
    struct fn_map *m = &f->map[i];
    if (m->mem != NULL) {
        rc_unmap(f->rc, host_rid(f->index), m->iova, m->len);
        guard_remove(m->mem);
        munmap(m->mem, m->len);
    }
    *m = f->map[--f->maps];
}

int fn_dma_unmap(struct fn *f, uint64_t address, uint64_t size, bool all) {
    unsigned gone = 0;

    for (unsigned i = 0; i < f->maps;) {
        const struct fn_map *m = &f->map[i];
        if (all || (m->iova >= address && m->iova - address < size && m->len <= size - (m->iova - address))) {
            forget(f, i);
            gone++;
        } else {
            i++;
        }
    }
    return all || gone != 0 ? 0 : -ENOENT;
}
