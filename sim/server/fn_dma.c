// SPDX-License-Identifier: Apache-2.0
// The client's memory: mapped into this process and, for this function's requester ID alone, into the IOMMU of the root
// complex. The card touches memory only from card_step, in this thread, so an unmap takes effect at once.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fn_priv.h"
#include "guard.h"
#include "iommu.h"

#define MAX_BYTES (1ull << 40) // of one client: a sparse file is cheap, our addresses are 2^47 for all
_Static_assert(WEIR_NUM_FNS *VFU_MAX_MAPS < 60000, "Linux gives a process 65,530 mappings unless told otherwise");

static bool room_for(const struct fn *f, uint64_t size) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < f->maps; i++)
        sum += f->map[i].mem != NULL ? f->map[i].len : 0;
    return f->maps < VFU_MAX_MAPS && size <= MAX_BYTES && sum <= MAX_BYTES - size;
}

static int remember(struct fn *f, const struct fn_map *m) {
    if (f->maps == f->map_room) {
        unsigned room = f->map_room != 0 ? f->map_room * 2 : 16;
        struct fn_map *more;
        more = realloc(f->map, room * sizeof(*more));
        if (more == NULL)
            return -ENOMEM;
        f->map = more;
        f->map_room = room;
    }
    f->map[f->maps++] = *m;
    return 0;
}

// The descriptor must hold all that is announced: what lies behind the end of a file cannot be touched. And it must be
// memory of this machine (memfd, tmpfs, hugetlbfs): only that knows seals, and is asked first because the question goes
// to no file system. Anything else may be a file of somebody's FUSE or network server, whose pages come when he likes.
static int check_file(int fd, const struct vfu_dma_map *map) {
    struct stat st;

    if (map->offset % 4096 != 0 || map->offset > INT64_MAX || map->size > INT64_MAX - map->offset)
        return -EINVAL;
    if (fcntl(fd, F_GET_SEALS) < 0)
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
    err = fd >= 0 ? check_file(fd, map) : 0;
    if (err != 0)
        return err;
    if (!room_for(f, fd >= 0 ? map->size : 0))
        return -ENOSPC;
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

static void release_map(struct fn *f, struct fn_map *m) {
    if (m->mem == NULL)
        return;
    rc_unmap(f->rc, host_rid(f->index), m->iova, m->len);
    guard_remove(m->mem);
    munmap(m->mem, m->len);
    m->mem = NULL;
}

void fn_dma_drop_lost(struct fn *f) {
    for (unsigned i = 0; i < f->maps; i++)
        if (f->map[i].mem != NULL && guard_lost(f->map[i].mem))
            release_map(f, &f->map[i]); // stays announced, out of reach
}

static void forget(struct fn *f, unsigned i) {
    release_map(f, &f->map[i]);
    f->map[i] = f->map[--f->maps];
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
