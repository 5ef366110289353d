// SPDX-License-Identifier: Apache-2.0
// Firmware images as files: made of two programs, signed, checked with the card's own code, read and written.
#ifndef WEIR_IMAGE_FILE_H
#define WEIR_IMAGE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "flash_map.h"
#include "image_check.h"
#include "image_key.h"

// A core's memory less the stack and scratch of the ROM (rom.ld) at its top.
#define IMAGE_BODY_MOST (262144u - 8192u)

struct image_file {
    uint8_t bytes[FLASH_MAP_SLOT_BYTES + 1]; // one more than fits, to see that there is more
    uint32_t length;
};

struct image_words {
    uint32_t version, counter, board;
    uint8_t build_id[16]; // all zero: made of the bodies' digests
};

// What the card of this build asks of an image; without a key's hash its signature is not looked at.
struct image_rules image_file_rules(uint32_t board, uint32_t floor, const uint8_t *key_hash);
// An unsigned image of both cores' programs, read up to their ends. 0, or 1 + the core whose program is empty, larger
// than IMAGE_BODY_MOST or cannot be read.
int image_file_make(struct image_file *f, FILE *const body[MANIFEST_CORES], const struct image_words *words);
void image_file_sign(struct image_file *f, const struct image_key *key);
// Checked as the card would (image_check.h). At most one call at a time.
enum image_refusal image_file_check(const struct image_file *f, const struct image_rules *rules, struct manifest *m);
// 0, or -1 with one line in err. A file that is there is only written over if it is an image, and then as a whole.
int image_file_read(struct image_file *f, const char *path, char *err, size_t err_size);
int image_file_write(const struct image_file *f, const char *path, char *err, size_t err_size);

#endif
