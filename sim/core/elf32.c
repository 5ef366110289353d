// SPDX-License-Identifier: Apache-2.0
// See elf32.h. Fields are read byte by byte at their offsets, each behind a check against the file's length.
#include "elf32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE (256u << 20)

static uint32_t get(const struct elf32 *e, uint32_t at, unsigned bytes) {
    uint32_t v = 0;
    for (unsigned i = bytes; i-- > 0;)
        v = v << 8 | e->file[at + i];
    return v;
}

static bool inside(const struct elf32 *e, uint32_t at, uint32_t bytes) {
    return at <= e->size && bytes <= e->size - at;
}

static const char *read_file(struct elf32 *e, const char *path) {
    FILE *f = fopen(path, "rb");
    const char *wrong = NULL;
    long n;
    if (f == NULL)
        return "cannot be opened";
    if (fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
        wrong = "is not a regular file";
    else if (n > (long)MAX_FILE)
        wrong = "is too large";
    else if ((e->file = malloc((size_t)n + 1)) == NULL)
        wrong = "does not fit into memory";
    else if ((e->size = fread(e->file, 1, (size_t)n, f)) != (size_t)n)
        wrong = "cannot be read";
    fclose(f);
    return wrong;
}

static const char *read_segments(struct elf32 *e) {
    uint32_t at = get(e, 28, 4), entry = get(e, 42, 2), n = get(e, 44, 2);
    if (n == 0)
        return "has no program headers: link it first";
    if (entry < 32 || !inside(e, at, n * entry))
        return "is cut off: the program headers lie beyond its end";
    for (uint32_t i = 0; i < n; i++, at += entry) {
        uint32_t offset = get(e, at + 4, 4);
        struct elf32_segment s = {.run = get(e, at + 8, 4),
                                  .load = get(e, at + 12, 4),
                                  .file_bytes = get(e, at + 16, 4),
                                  .bytes = get(e, at + 20, 4)};
        if (get(e, at, 4) != 1 || s.bytes == 0)
            continue;
        if (s.file_bytes > s.bytes || !inside(e, offset, s.file_bytes))
            return "is cut off: a segment lies beyond its end";
        if (s.load + (s.bytes - 1) < s.load || s.run + (s.bytes - 1) < s.run)
            return "has a segment beyond the end of the address space";
        if (e->segments == ELF32_SEGMENTS)
            return "has more than 32 segments";
        s.data = e->file + offset;
        e->segment[e->segments++] = s;
    }
    return e->segments == 0 ? "has nothing to load" : NULL;
}

// Symbols are a convenience: a damaged table counts as none.
static void find_symbols(struct elf32 *e) {
    uint32_t at = get(e, 32, 4), entry = get(e, 46, 2), n = get(e, 48, 2);
    if (at == 0 || entry < 40 || !inside(e, at, n * entry))
        return;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t h = at + i * entry, link = get(e, h + 24, 4), s = at + link * entry;
        if (get(e, h + 4, 4) != 2 || link >= n)
            continue;
        if (!inside(e, get(e, h + 16, 4), get(e, h + 20, 4)) || !inside(e, get(e, s + 16, 4), get(e, s + 20, 4)))
            return;
        e->symbols = get(e, h + 16, 4);
        e->symbol_bytes = get(e, h + 20, 4);
        e->strings = get(e, s + 16, 4);
        e->string_bytes = get(e, s + 20, 4);
    }
}

const char *elf32_open(struct elf32 *e, const char *path) {
    const char *wrong;
    memset(e, 0, sizeof(*e));
    wrong = read_file(e, path);
    if (wrong != NULL)
        return wrong;
    if (e->size < 4 || memcmp(e->file, "\177ELF", 4) != 0)
        return "is not an ELF file";
    if (e->size >= 5 && e->file[4] == 2)
        return "is a 64-bit ELF: build it for RV32 (-march=rv32imc -mabi=ilp32)";
    if (e->size < 52)
        return "is cut off: the ELF header is not whole";
    if (e->file[4] != 1 || e->file[5] != 1)
        return "is not a 32-bit little-endian ELF";
    if (get(e, 18, 2) != 243)
        return "is not for RISC-V";
    if (get(e, 16, 2) != 2)
        return "is not an executable: link it first";
    e->entry = get(e, 24, 4);
    wrong = read_segments(e);
    if (wrong == NULL)
        find_symbols(e);
    return wrong;
}

bool elf32_symbol(const struct elf32 *e, const char *name, uint32_t *value) {
    size_t n = strlen(name) + 1;
    for (uint32_t at = 0; e->symbol_bytes >= 16 && at <= e->symbol_bytes - 16; at += 16) {
        uint32_t s = get(e, e->symbols + at, 4);
        if (s < e->string_bytes && n <= e->string_bytes - s && memcmp(e->file + e->strings + s, name, n) == 0 &&
            get(e, e->symbols + at + 14, 2) != 0) {
            *value = get(e, e->symbols + at + 4, 4);
            return true;
        }
    }
    return false;
}

void elf32_close(struct elf32 *e) {
    free(e->file);
    e->file = NULL;
}
