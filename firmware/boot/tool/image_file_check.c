// SPDX-License-Identifier: Apache-2.0
// An image in a file checked with the card's own code: boot_port.h over its bytes.
#include <sodium.h>
#include <string.h>

#include "image_file.h"

static const struct image_file *checked;

static bool holds(uint32_t at, uint32_t bytes) {
    return at <= checked->length && bytes <= checked->length - at;
}

bool boot_port_read(uint32_t at, void *to, uint32_t bytes) {
    if (!holds(at, bytes))
        return false;
    memcpy(to, checked->bytes + at, bytes);
    return true;
}

bool boot_port_body(uint32_t at, uint32_t bytes, uint32_t core, uint8_t digest[32]) {
    (void)core;
    if (!holds(at, bytes))
        return false;
    crypto_hash_sha256(digest, checked->bytes + at, bytes);
    return true;
}

void boot_port_hash(const void *from, uint32_t bytes, uint8_t digest[32]) {
    crypto_hash_sha256(digest, from, bytes);
}

enum image_refusal image_file_check(const struct image_file *f, const struct image_rules *rules, struct manifest *m) {
    checked = f;
    // A file without a byte is too short, not "up to the end of its slot".
    return f->length == 0 ? manifest_read(f->bytes, 0, &rules->manifest, m)
                          : image_check(0, f->length, rules, false, m);
}
