// SPDX-License-Identifier: Apache-2.0
// See image_file.h.
#include "image_file.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weir_abi.h"

_Static_assert(IMAGE_BODY_MOST < WEIR_TCM_BYTES, "a body fits its core's memory");

struct image_rules image_file_rules(uint32_t board, uint32_t floor, const uint8_t *key_hash) {
    return (struct image_rules){.manifest = {.board = board,
                                             .contract = (uint32_t)WEIR_ABI_MAJOR << 16 | WEIR_ABI_MINOR,
                                             .floor = floor,
                                             .slot_bytes = FLASH_MAP_SLOT_BYTES,
                                             .body_bytes = IMAGE_BODY_MOST},
                                .key_hash = key_hash,
                                .signature = image_signature_right};
}

// ---- making ----

static void put(uint8_t *at, uint32_t value) {
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void add_body(struct image_file *f, unsigned i, uint32_t bytes) {
    uint8_t *entry = f->bytes + MANIFEST_CORE_AT(i);
    const uint32_t whole = (bytes + 3) & ~3u;
    memset(f->bytes + f->length + bytes, 0, whole - bytes);
    put(entry + MANIFEST_CORE_AT_id, i);
    put(entry + MANIFEST_CORE_AT_offset, f->length);
    put(entry + MANIFEST_CORE_AT_bytes, whole);
    put(entry + MANIFEST_CORE_AT_load, MANIFEST_LOAD);
    put(entry + MANIFEST_CORE_AT_entry, MANIFEST_LOAD);
    crypto_hash_sha256(entry + MANIFEST_CORE_DIGEST, f->bytes + f->length, whole);
    f->length += whole;
}

static void add_head(struct image_file *f, const struct image_words *words) {
    static const uint8_t none[MANIFEST_LEN_build_id];
    uint8_t digests[MANIFEST_CORES * MANIFEST_DIGEST_BYTES], id[32];

    for (unsigned i = 0; i < MANIFEST_CORES; i++)
        memcpy(digests + i * MANIFEST_DIGEST_BYTES, f->bytes + MANIFEST_CORE_AT(i) + MANIFEST_CORE_DIGEST,
               MANIFEST_DIGEST_BYTES);
    crypto_hash_sha256(id, digests, sizeof(digests));
    put(f->bytes + MANIFEST_AT_magic, MANIFEST_MAGIC);
    put(f->bytes + MANIFEST_AT_format, MANIFEST_FORMAT);
    put(f->bytes + MANIFEST_AT_manifest_bytes, MANIFEST_BYTES);
    put(f->bytes + MANIFEST_AT_board, words->board);
    put(f->bytes + MANIFEST_AT_version, words->version);
    put(f->bytes + MANIFEST_AT_counter, words->counter);
    put(f->bytes + MANIFEST_AT_contract, (uint32_t)WEIR_ABI_MAJOR << 16 | WEIR_ABI_MINOR);
    put(f->bytes + MANIFEST_AT_image_bytes, f->length);
    put(f->bytes + MANIFEST_AT_cores, MANIFEST_CORES);
    memcpy(f->bytes + MANIFEST_AT_build_id, memcmp(words->build_id, none, sizeof(none)) != 0 ? words->build_id : id,
           MANIFEST_LEN_build_id);
}

int image_file_make(struct image_file *f, FILE *const body[MANIFEST_CORES], const struct image_words *words) {
    memset(f, 0, sizeof(*f));
    f->length = MANIFEST_BYTES;
    for (unsigned i = 0; i < MANIFEST_CORES; i++) {
        const size_t n = fread(f->bytes + f->length, 1, IMAGE_BODY_MOST + 1, body[i]);
        if (n == 0 || n > IMAGE_BODY_MOST || ferror(body[i]))
            return (int)i + 1;
        add_body(f, i, (uint32_t)n);
    }
    add_head(f, words);
    return 0;
}

void image_file_sign(struct image_file *f, const struct image_key *key) {
    memcpy(f->bytes + MANIFEST_AT_key, key->public, MANIFEST_LEN_key);
    crypto_sign_ed25519_detached(f->bytes + MANIFEST_AT_signature, NULL, f->bytes, MANIFEST_SIGNED, key->secret);
}

// ---- files ----

int image_file_read(struct image_file *f, const char *path, char *err, size_t err_size) {
    FILE *in = fopen(path, "rb");
    bool failed;
    errno = 0;
    memset(f, 0, sizeof(*f));
    if (in != NULL)
        f->length = (uint32_t)fread(f->bytes, 1, sizeof(f->bytes), in);
    failed = in == NULL || ferror(in) != 0;
    if (failed)
        snprintf(err, err_size, "%s: %s", path, strerror(errno != 0 ? errno : ENOENT));
    if (in != NULL)
        fclose(in);
    return failed ? -1 : 0;
}

// An image, an empty file, or none: what an image may take the place of.
static bool may_replace(const char *path) {
    uint8_t head[4];
    struct stat st;
    FILE *in;
    size_t n;
    if (stat(path, &st) != 0)
        return errno == ENOENT;
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return S_ISREG(st.st_mode);
    in = fopen(path, "rb");
    n = in != NULL ? fread(head, 1, sizeof(head), in) : 0;
    if (in != NULL)
        fclose(in);
    return n == sizeof(head) && ((uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
                                 (uint32_t)head[3] << 24) == MANIFEST_MAGIC;
}

int image_file_write(const struct image_file *f, const char *path, char *err, size_t err_size) {
    char beside[4096 + 8];
    FILE *out;
    int fd;

    if (!may_replace(path)) {
        snprintf(err, err_size, "%s: what is there is no firmware image, and stays; name another file", path);
        return -1;
    }
    if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside) || (fd = mkstemp(beside)) < 0) {
        snprintf(err, err_size, "%s: cannot be written: %s", path, strerror(errno));
        return -1;
    }
    out = fdopen(fd, "wb");
    if (out == NULL || fwrite(f->bytes, 1, f->length, out) != f->length || fchmod(fd, 0644) != 0 || fclose(out) != 0 ||
        rename(beside, path) != 0) {
        snprintf(err, err_size, "%s: cannot be written: %s", path, strerror(errno));
        unlink(beside);
        return -1;
    }
    return 0;
}
