// SPDX-License-Identifier: Apache-2.0
// Layout of a firmware image in flash: this header, then the body of each core. Slot A is at 0, slot B at 1 MiB.
// Written by boot/mkimage.c, read by boot/rom.c. The CRC-32 is the one of the flash controller (IEEE 802.3, reflected).
#ifndef WEIR_IMAGE_H
#define WEIR_IMAGE_H

#include <stdint.h>

#define WEIR_IMAGE_MAGIC 0x57465257u // 'WRFW'
#define WEIR_IMAGE_FORMAT 1u
#define WEIR_IMAGE_SLOTS 2u
#define WEIR_IMAGE_SLOT_BYTES 0x100000u
#define WEIR_IMAGE_CORES 2u

struct weir_image_core {
    uint32_t offset; // from the start of the slot, multiple of 4
    uint32_t length; // bytes, multiple of 4, at most the TCM less the boot scratch
    uint32_t crc;
};

struct weir_image_header {
    uint32_t magic;
    uint32_t format;
    uint32_t version; // 31:16 major, 15:0 minor
    struct weir_image_core core[WEIR_IMAGE_CORES];
    uint32_t reserved[6];
    uint32_t crc; // over all words before it
};
_Static_assert(sizeof(struct weir_image_header) == 64, "image header is 64 bytes");

#endif
