// SPDX-License-Identifier: Apache-2.0
// See vfu_check.h.
#include "vfu_check.h"

#include <errno.h>
#include <string.h>

int vfu_check_frame(const struct vfu_header *h) {
    if (h->size < sizeof(*h) || h->size > sizeof(*h) + VFU_MAX_PAYLOAD || (h->flags & VFU_TYPE_MASK) != 0)
        return -EPROTO;
    return 0;
}

static bool one_bit(uint32_t v) {
    return v != 0 && (v & (v - 1)) == 0;
}

static int check_version(const uint8_t *payload, size_t len) {
    // Text without its end would be read beyond the message.
    if (len > sizeof(struct vfu_version) && payload[len - 1] != '\0')
        return -EINVAL;
    return 0;
}

static int check_irqs(const uint8_t *payload, size_t len, unsigned nfds) {
    const uint32_t data = VFIO_IRQ_SET_DATA_TYPE_MASK, action = VFIO_IRQ_SET_ACTION_TYPE_MASK;
    struct vfu_irq_set s;

    memcpy(&s, payload, sizeof(s));
    if (!one_bit(s.flags & data) || !one_bit(s.flags & action) || (s.flags & ~(data | action)) != 0)
        return -EINVAL;
    if (s.count > UINT32_MAX - s.start)
        return -EINVAL;
    if (len - sizeof(s) != ((s.flags & VFIO_IRQ_SET_DATA_BOOL) != 0 ? s.count : 0))
        return -EINVAL;
    // Either a descriptor for every vector or none at all, which takes them away.
    if (nfds != 0 && ((s.flags & VFIO_IRQ_SET_DATA_EVENTFD) == 0 || nfds != s.count))
        return -EINVAL;
    return 0;
}

static int check_io(const uint8_t *payload, size_t len, bool write) {
    struct vfu_region_io io;

    memcpy(&io, payload, sizeof(io));
    if (io.count == 0 || io.count > VFU_MAX_XFER || io.offset > UINT64_MAX - io.count)
        return -EINVAL;
    return len - sizeof(io) == (write ? io.count : 0) ? 0 : -EINVAL;
}

int vfu_check_message(const struct vfu_header *h, const void *payload, unsigned nfds, bool negotiated) {
    size_t len = h->size - sizeof(*h), need;
    bool more = false; // payload may be longer than its structure

    switch (h->command) {
    case VFU_VERSION:
        need = sizeof(struct vfu_version);
        more = true;
        break;
    case VFU_DMA_MAP:
        need = sizeof(struct vfu_dma_map);
        break;
    case VFU_DMA_UNMAP:
        need = sizeof(struct vfu_dma_unmap);
        break;
    case VFU_DEVICE_GET_INFO:
        need = sizeof(struct vfu_device_info);
        more = true; // a later client may have a longer structure
        break;
    case VFU_DEVICE_GET_REGION_INFO:
        need = sizeof(struct vfu_region_info);
        more = true; // a later client may have a longer structure
        break;
    case VFU_DEVICE_GET_IRQ_INFO:
        need = sizeof(struct vfu_irq_info);
        more = true; // a later client may have a longer structure
        break;
    case VFU_DEVICE_SET_IRQS:
        need = sizeof(struct vfu_irq_set);
        more = true;
        break;
    case VFU_REGION_READ:
        need = sizeof(struct vfu_region_io);
        break;
    case VFU_REGION_WRITE:
        need = sizeof(struct vfu_region_io);
        more = true;
        break;
    case VFU_DEVICE_RESET:
        need = 0;
        break;
    default:
        return -EOPNOTSUPP;
    }
    if ((h->command == VFU_VERSION) == negotiated)
        return negotiated ? -EINVAL : -EPERM;
    if (len < need || (len > need && !more))
        return -EINVAL;
    if (nfds > (h->command == VFU_DEVICE_SET_IRQS ? VFU_MAX_FDS : h->command == VFU_DMA_MAP ? 1u : 0u))
        return -EINVAL;
    switch (h->command) {
    case VFU_VERSION:
        return check_version(payload, len);
    case VFU_DEVICE_SET_IRQS:
        return check_irqs(payload, len, nfds);
    case VFU_REGION_READ:
    case VFU_REGION_WRITE:
        return check_io(payload, len, h->command == VFU_REGION_WRITE);
    default:
        return 0;
    }
}
