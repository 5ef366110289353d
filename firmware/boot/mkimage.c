// SPDX-License-Identifier: Apache-2.0
// Host tool: joins the programs of both cores into a firmware image for one flash slot (boot/image.h).
// usage: weir-mkimage OUT CORE0.bin CORE1.bin
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "weir_abi.h"

#define HEADER_SPACE 256u // bodies start here

static uint32_t crc32_of(const uint8_t *p, size_t n) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

int main(int argc, char **argv) {
    static uint8_t image[WEIR_IMAGE_SLOT_BYTES];
    struct weir_image_header h = {.magic = WEIR_IMAGE_MAGIC, .format = WEIR_IMAGE_FORMAT, .version = 0x00000001};
    size_t at = HEADER_SPACE;
    FILE *out;

    if (argc != 2 + (int)WEIR_IMAGE_CORES) {
        fputs("usage: weir-mkimage OUT CORE0.bin CORE1.bin\n", stderr);
        return 2;
    }
    for (unsigned i = 0; i < WEIR_IMAGE_CORES; i++) {
        FILE *f = fopen(argv[2 + i], "rb");
        size_t n = f != NULL ? fread(image + at, 1, WEIR_TCM_BYTES, f) : 0;
        if (f != NULL)
            fclose(f);
        if (n == 0 || n > WEIR_TCM_BYTES - 8192) {
            fprintf(stderr, "weir-mkimage: %s: missing, empty, or larger than the core's memory allows\n", argv[2 + i]);
            return 1;
        }
        n = (n + 3) & ~(size_t)3;
        h.core[i].offset = (uint32_t)at;
        h.core[i].length = (uint32_t)n;
        h.core[i].crc = crc32_of(image + at, n);
        at += n;
    }
    h.crc = crc32_of((const uint8_t *)&h, sizeof(h) - 4);
    memcpy(image, &h, sizeof(h));
    out = fopen(argv[1], "wb");
    if (out == NULL || fwrite(image, 1, at, out) != at || fclose(out) != 0) {
        fprintf(stderr, "weir-mkimage: cannot write %s\n", argv[1]);
        return 1;
    }
    return 0;
}
