// SPDX-License-Identifier: Apache-2.0
// The vfio-user protocol, version 0.0, as far as a PCI device without mappable regions and without migration needs it.
// Shared by the server (sim/server) and the client (hostdrv/bus/vfio_user.c). Indices and flags of regions and
// interrupts are those of <linux/vfio.h>. Little endian. File descriptors travel as SCM_RIGHTS with the first byte of a
// message.
#ifndef WEIR_VFU_PROTO_H
#define WEIR_VFU_PROTO_H

#include <linux/vfio.h>
#include <stdint.h>

enum vfu_command {
    VFU_VERSION = 1,
    VFU_DMA_MAP = 2,
    VFU_DMA_UNMAP = 3,
    VFU_DEVICE_GET_INFO = 4,
    VFU_DEVICE_GET_REGION_INFO = 5,
    VFU_DEVICE_GET_REGION_IO_FDS = 6, // not offered
    VFU_DEVICE_GET_IRQ_INFO = 7,
    VFU_DEVICE_SET_IRQS = 8,
    VFU_REGION_READ = 9,
    VFU_REGION_WRITE = 10,
    VFU_DEVICE_RESET = 13,
};

#define VFU_MAX_XFER 4096u                   // data bytes of one region access
#define VFU_MAX_PAYLOAD (VFU_MAX_XFER + 64u) // longest message behind the header
#define VFU_MAX_FDS 16u                      // descriptors with one message
#define VFU_MAX_MAPS 768u                    // pieces of memory of one client, so that all clients find room
#define VFU_TYPE_MASK 0xFu
#define VFU_REPLY 0x1u
#define VFU_NO_REPLY 0x10u
#define VFU_ERROR 0x20u
#define VFU_DMA_READABLE 0x1u
#define VFU_DMA_WRITABLE 0x2u
#define VFU_UNMAP_ALL 0x2u

#define VFU_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " is " #bytes " bytes")

struct vfu_header {
    uint16_t id; // the sender's, copied into the reply
    uint16_t command;
    uint32_t size; // with this header
    uint32_t flags;
    uint32_t error; // errno, in a reply with VFU_ERROR
};
VFU_ASSERT_SIZE(struct vfu_header, 16);

// Capabilities of ours, said in VERSION, which count from root, the card's user and the user who has the PF. Whoever
// evicts and finds the function another's is refused like anybody else, but the other's connection ends, and the next
// to come finds the function free: for a parent that is to take a VF from whose connection it did not make. From then
// on a VF is for these three alone, as it was at first, until one of them lends it to all who may connect.
#define VFU_CAP_EVICT "weir_evict"
#define VFU_CAP_LEND "weir_lend"
struct vfu_version { // followed by JSON, optional, with its terminating 0
    uint16_t major, minor;
};
VFU_ASSERT_SIZE(struct vfu_version, 4);

struct vfu_dma_map { // one descriptor, or none where the memory cannot be mapped
    uint32_t argsz, flags;
    uint64_t offset; // in the file
    uint64_t address, size;
};
VFU_ASSERT_SIZE(struct vfu_dma_map, 32);

struct vfu_dma_unmap {
    uint32_t argsz, flags;
    uint64_t address, size;
};
VFU_ASSERT_SIZE(struct vfu_dma_unmap, 24);

struct vfu_device_info {
    uint32_t argsz, flags, num_regions, num_irqs;
};
VFU_ASSERT_SIZE(struct vfu_device_info, 16);

struct vfu_region_info {
    uint32_t argsz, flags, index, cap_offset;
    uint64_t size, offset;
};
VFU_ASSERT_SIZE(struct vfu_region_info, 32);

struct vfu_irq_info {
    uint32_t argsz, flags, index, count;
};
VFU_ASSERT_SIZE(struct vfu_irq_info, 16);

struct vfu_irq_set { // followed by one byte a vector with DATA_BOOL
    uint32_t argsz, flags, index, start, count;
};
VFU_ASSERT_SIZE(struct vfu_irq_set, 20);

struct vfu_region_io { // followed by count bytes in a write and in the reply to a read
    uint64_t offset;
    uint32_t region, count;
};
VFU_ASSERT_SIZE(struct vfu_region_io, 16);

#endif
