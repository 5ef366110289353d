// SPDX-License-Identifier: Apache-2.0
// Which host memory one function reaches: ranges of bus addresses, sorted, found by bisection, because a guest behind a
// virtual IOMMU maps page by page. Knows nothing of TLPs.
#ifndef WEIR_SIM_IOMMU_H
#define WEIR_SIM_IOMMU_H

#include <stdbool.h>
#include <stdint.h>

#define IOMMU_READ 1u
#define IOMMU_WRITE 2u

struct iommu_range {
    uint64_t iova, len;
    uint8_t *mem;
    unsigned rights; // IOMMU_READ, IOMMU_WRITE
};

struct iommu {
    struct iommu_range *range;
    unsigned count, room;
};

// 0, -EINVAL (empty or wraps), -EEXIST (overlaps another), -ENOMEM.
int iommu_map(struct iommu *m, uint64_t iova, void *mem, uint64_t len, unsigned rights);
// Takes every range that lies inside [iova, iova+len) away; returns how many.
unsigned iommu_unmap(struct iommu *m, uint64_t iova, uint64_t len);
// The memory at iova, or NULL unless all len bytes are mapped, in one range, with all the rights.
uint8_t *iommu_find(const struct iommu *m, uint64_t iova, uint64_t len, unsigned rights);
void iommu_free(struct iommu *m);

#endif
