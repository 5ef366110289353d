// SPDX-License-Identifier: Apache-2.0
// The flash part's content in a file. A file that holds no such content is refused and stays as it is; the content is
// written back only when it changed, and whole or not at all. A file of the 2 MiB that the slots take, from when the
// part had no more, is its beginning, the rest erased; it grows when it is written. Status bits and wear are not kept.
#ifndef WEIR_SIM_FLASH_FILE_H
#define WEIR_SIM_FLASH_FILE_H

#include <stddef.h>
#include <stdint.h>

struct flash_file;

// Fills `data` (FLASH_BYTES); a file that does not exist yet is an erased part. NULL with one line in err.
struct flash_file *flash_file_open(const char *path, uint8_t *data, char *err, size_t err_size);
// Writes `data` to the file unless it holds just that: into a temporary file beside it, then in its place, with the
// same mode. 0, or negative errno with one line in err; the old content is untouched then.
int flash_file_save(struct flash_file *f, const uint8_t *data, char *err, size_t err_size);
void flash_file_close(struct flash_file *f);

#endif
