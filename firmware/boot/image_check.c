// SPDX-License-Identifier: Apache-2.0
// See image_check.h. The order is cheap before dear, and nothing of a body is believed before the manifest was: its
// digest and length come from there.
#include "image_check.h"

#include <stddef.h>

// Takes the same time wherever they differ; no secret is compared here, but nobody need ask.
static bool same(const uint8_t *a, const uint8_t *b) {
    uint8_t differ = 0;
    for (uint32_t i = 0; i < MANIFEST_DIGEST_BYTES; i++) {
        differ |= a[i] ^ b[i];
    }
    return differ == 0;
}

enum image_refusal image_check(uint32_t at, uint32_t have, const struct image_rules *rules, bool load,
                               struct manifest *m) {
    _Alignas(4) uint8_t raw[MANIFEST_BYTES];
    uint8_t digest[MANIFEST_DIGEST_BYTES];
    enum image_refusal why;

    if (have != IMAGE_SLOT_WHOLE && have < MANIFEST_BYTES) {
        *m = (struct manifest){0};
        return IMAGE_SHORT;
    }
    if (!boot_port_read(at, raw, MANIFEST_BYTES)) {
        *m = (struct manifest){0};
        return IMAGE_READ;
    }
    why = manifest_read(raw, MANIFEST_BYTES, &rules->manifest, m);
    if (why != IMAGE_GOOD) {
        return why;
    }
    if (have != IMAGE_SLOT_WHOLE && have != m->image_bytes) {
        return have < m->image_bytes ? IMAGE_CUT : IMAGE_BEHIND;
    }
    if (rules->key_hash != NULL) {
        boot_port_hash(m->key, MANIFEST_LEN_key, digest);
        if (!same(digest, rules->key_hash)) {
            return IMAGE_KEY;
        }
        if (rules->signature != NULL && !rules->signature(raw, m->signature, m->key)) {
            return IMAGE_SIGNATURE;
        }
    }
    for (uint32_t i = 0; i < MANIFEST_CORES; i++) {
        const struct manifest_core *c = &m->core[i];
        if (!boot_port_body(at + c->offset, c->bytes, load ? i : BOOT_PORT_NOWHERE, digest)) {
            return IMAGE_READ;
        }
        if (!same(digest, c->digest)) {
            return i == 0 ? IMAGE_CORE0_DIGEST : IMAGE_CORE1_DIGEST;
        }
    }
    return IMAGE_GOOD;
}
