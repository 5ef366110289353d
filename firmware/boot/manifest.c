// SPDX-License-Identifier: Apache-2.0
// See manifest.h. Every offset is a constant of manifest.def, every length is bounded before it is added to anything,
// so that no content reaches outside the 288 bytes or over 32 bits (proved for every content: tests/formal/image).
#include "manifest.h"

static uint32_t word(const uint8_t *raw, uint32_t at) {
    return (uint32_t)raw[at] | (uint32_t)raw[at + 1] << 8 | (uint32_t)raw[at + 2] << 16 | (uint32_t)raw[at + 3] << 24;
}

static void bytes_of(const uint8_t *raw, uint32_t at, uint8_t *to, uint32_t n) {
    // bound: n, a length of manifest.def
    for (uint32_t i = 0; i < n; i++) {
        to[i] = raw[at + i];
    }
}

static int all(const uint8_t *p, uint32_t n, uint8_t value) {
    // bound: n, a length of manifest.def
    for (uint32_t i = 0; i < n; i++) {
        if (p[i] != value) {
            return 0;
        }
    }
    return 1;
}

static void take(const uint8_t *raw, struct manifest *m) {
#define MANIFEST_WORD(offset, name, text) m->name = word(raw, (offset));
#define MANIFEST_BYTES_OF(offset, name, bytes, text) bytes_of(raw, (offset), m->name, (bytes));
#include "manifest.def"
    for (uint32_t i = 0; i < MANIFEST_CORES; i++) {
        struct manifest_core *c = &m->core[i];
#define MANIFEST_CORE_WORD(offset, name, text) c->name = word(raw, MANIFEST_CORE_AT(i) + (offset));
#include "manifest.def"
        bytes_of(raw, MANIFEST_CORE_AT(i) + MANIFEST_CORE_DIGEST, c->digest, MANIFEST_DIGEST_BYTES);
    }
}

static enum image_refusal head(const struct manifest *m, const struct manifest_rules *r) {
    if (m->magic == MANIFEST_ERASED) {
        return IMAGE_ERASED;
    }
    if (m->magic != MANIFEST_MAGIC) {
        return IMAGE_MAGIC;
    }
    if (m->format != MANIFEST_FORMAT) {
        return m->format < MANIFEST_FORMAT ? IMAGE_FORMAT_OLD : IMAGE_FORMAT_NEW;
    }
    if (m->manifest_bytes != MANIFEST_BYTES) {
        return IMAGE_MANIFEST_LENGTH;
    }
    if (m->flags != 0) {
        return IMAGE_FLAGS;
    }
    if (m->reserved0 != 0 || m->reserved1 != 0) {
        return IMAGE_RESERVED;
    }
    if (m->board != r->board) {
        return m->board == 0 ? IMAGE_BOARD_NONE : IMAGE_BOARD;
    }
    if (m->version == 0) {
        return IMAGE_VERSION_NONE;
    }
    if (m->version == MANIFEST_ERASED) {
        return IMAGE_VERSION_LAST;
    }
    return IMAGE_GOOD;
}

static enum image_refusal needs(const struct manifest *m, const struct manifest_rules *r) {
    if (m->counter == 0) {
        return IMAGE_COUNTER_NONE;
    }
    if (m->counter > MANIFEST_COUNTER_MAX) {
        return IMAGE_COUNTER_LAST;
    }
    if (m->counter < r->floor) {
        return IMAGE_BELOW_FLOOR;
    }
    if (m->contract == 0) {
        return IMAGE_CONTRACT_NONE;
    }
    if (m->contract > r->contract) {
        return IMAGE_CONTRACT_NEW;
    }
    if (m->contract >> 16 != r->contract >> 16) {
        return IMAGE_CONTRACT_OLD;
    }
    if (m->cores != MANIFEST_CORES) {
        return IMAGE_CORES;
    }
    if (all(m->build_id, MANIFEST_LEN_build_id, 0)) {
        return IMAGE_BUILD_ID;
    }
    if ((m->image_bytes & 3) != 0) {
        return IMAGE_BYTES_ALIGN;
    }
    if (m->image_bytes < MANIFEST_BYTES + 4 * MANIFEST_CORES) {
        return IMAGE_BYTES_SMALL;
    }
    return m->image_bytes > r->slot_bytes ? IMAGE_BYTES_BIG : IMAGE_GOOD;
}

// The reason as it is numbered for core 0.
static enum image_refusal body(const struct manifest_core *c, uint32_t id, uint32_t at, uint32_t most) {
    if (c->id != id) {
        return IMAGE_CORE0_ID;
    }
    if (c->reserved0 != 0 || c->reserved1 != 0 || c->reserved2 != 0) {
        return IMAGE_CORE0_RESERVED;
    }
    if (c->offset != at) {
        return IMAGE_CORE0_OFFSET;
    }
    if (c->bytes == 0) {
        return IMAGE_CORE0_EMPTY;
    }
    if ((c->bytes & 3) != 0) {
        return IMAGE_CORE0_ALIGN;
    }
    if (c->bytes > most) {
        return IMAGE_CORE0_BIG;
    }
    if (c->load != MANIFEST_LOAD) {
        return IMAGE_CORE0_LOAD;
    }
    if (c->entry != MANIFEST_LOAD) {
        return IMAGE_CORE0_ENTRY;
    }
    return all(c->digest, MANIFEST_DIGEST_BYTES, 0) ? IMAGE_CORE0_DIGEST_NONE : IMAGE_GOOD;
}

enum image_refusal manifest_read(const uint8_t *raw, uint32_t bytes, const struct manifest_rules *rules,
                                 struct manifest *m) {
    enum image_refusal why;
    uint32_t at = MANIFEST_BYTES;
    if (bytes < MANIFEST_BYTES) {
        *m = (struct manifest){0};
        return IMAGE_SHORT;
    }
    take(raw, m);
    why = head(m, rules);
    if (why == IMAGE_GOOD) {
        why = needs(m, rules);
    }
    for (uint32_t i = 0; i < MANIFEST_CORES && why == IMAGE_GOOD; i++) {
        why = body(&m->core[i], i, at, rules->body_bytes);
        if (why != IMAGE_GOOD) {
            return i == 0 ? why : (enum image_refusal)(why + (IMAGE_CORE1_ID - IMAGE_CORE0_ID));
        }
        at += m->core[i].bytes; // at most MANIFEST_BYTES + 2 * body_bytes
    }
    if (why != IMAGE_GOOD) {
        return why;
    }
    if (at != m->image_bytes) {
        return IMAGE_END;
    }
    if (all(m->key, MANIFEST_LEN_key, 0)) {
        return IMAGE_KEY_NONE;
    }
    if (all(m->signature, MANIFEST_LEN_signature, 0) || all(m->signature, MANIFEST_LEN_signature, 0xFF)) {
        return IMAGE_SIGNATURE_NONE;
    }
    return IMAGE_GOOD;
}
