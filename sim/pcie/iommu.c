// SPDX-License-Identifier: Apache-2.0
// See iommu.h.
#include "iommu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Index of the first range that ends behind iova.
static unsigned first_behind(const struct iommu *m, uint64_t iova) {
    unsigned lo = 0, hi = m->count;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (m->range[mid].iova + (m->range[mid].len - 1) < iova)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int iommu_map(struct iommu *m, uint64_t iova, void *mem, uint64_t len, unsigned rights) {
    unsigned at;

    if (len == 0 || iova + (len - 1) < iova)
        return -EINVAL;
    at = first_behind(m, iova);
    if (at < m->count && m->range[at].iova <= iova + (len - 1))
        return -EEXIST;
    if (m->count == m->room) {
        unsigned room = m->room != 0 ? m->room * 2 : 8;
        struct iommu_range *r = realloc(m->range, room * sizeof(*r));
        if (r == NULL)
            return -ENOMEM;
        m->range = r;
        m->room = room;
    }
    memmove(&m->range[at + 1], &m->range[at], (m->count - at) * sizeof(*m->range));
    m->range[at] = (struct iommu_range){iova, len, mem, rights};
    m->count++;
    return 0;
}

unsigned iommu_unmap(struct iommu *m, uint64_t iova, uint64_t len) {
    unsigned from = first_behind(m, iova), to;

    if (len == 0)
        return 0;
    if (from < m->count && m->range[from].iova < iova)
        from++; // begins in front of the hole, stays
    for (to = from;
         to < m->count && m->range[to].iova - iova < len && m->range[to].len <= len - (m->range[to].iova - iova);)
        to++;
    if (to != from)
        memmove(&m->range[from], &m->range[to], (m->count - to) * sizeof(*m->range));
    m->count -= to - from;
    return to - from;
}

uint8_t *iommu_find(const struct iommu *m, uint64_t iova, uint64_t len, unsigned rights) {
    unsigned at = first_behind(m, iova);
    const struct iommu_range *r;

    if (at == m->count)
        return NULL;
    r = &m->range[at];
    if (iova < r->iova || len > r->len - (iova - r->iova) || (r->rights & rights) != rights)
        return NULL;
    return r->mem + (iova - r->iova);
}

void iommu_free(struct iommu *m) {
    free(m->range);
    memset(m, 0, sizeof(*m));
}
