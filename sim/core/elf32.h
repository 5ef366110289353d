// SPDX-License-Identifier: Apache-2.0
// Reads a bare-metal ELF for RV32: what to put where, where to start, and symbols. The file is not trusted.
#ifndef WEIR_ELF32_H
#define WEIR_ELF32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF32_SEGMENTS 32u

struct elf32_segment {
    uint32_t load, run; // physical and virtual address
    uint32_t file_bytes, bytes;
    const uint8_t *data;
};

struct elf32 {
    uint8_t *file;
    size_t size;
    uint32_t entry;
    unsigned segments;
    struct elf32_segment segment[ELF32_SEGMENTS];
    // 0 without a symbol table
    uint32_t symbols, symbol_bytes, strings, string_bytes;
};

// NULL, or a sentence about what is wrong with the file.
const char *elf32_open(struct elf32 *e, const char *path);
bool elf32_symbol(const struct elf32 *e, const char *name, uint32_t *value);
void elf32_close(struct elf32 *e);

#endif
