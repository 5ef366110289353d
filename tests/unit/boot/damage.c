// SPDX-License-Identifier: Apache-2.0
// See damage.h.
#include "damage.h"

#include <stdlib.h>
#include <string.h>

#include "made.h"
#include "weir_abi.h"

#define CONTRACT ((uint32_t)WEIR_ABI_MAJOR << 16 | WEIR_ABI_MINOR)

static struct image_file *f;

static void set(uint32_t at, uint32_t value) {
    made_put(f->bytes + at, value);
}

// The smallest change to a good image, or to the card, that has it refused for that reason. A reason that is missing
// here is an error of the compiler. `sign`: the changed manifest is signed again, so that the signature is not what
// refuses it.
#define CORE_CASES(i)                                                                                                  \
    case IMAGE_CORE##i##_ID:                                                                                           \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_id, 1 - (i));                                                       \
        break;                                                                                                         \
    case IMAGE_CORE##i##_RESERVED:                                                                                     \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_reserved2, 1);                                                      \
        break;                                                                                                         \
    case IMAGE_CORE##i##_OFFSET:                                                                                       \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_offset, (i) == 0 ? MANIFEST_BYTES - 4 : MANIFEST_BYTES);            \
        break;                                                                                                         \
    case IMAGE_CORE##i##_EMPTY:                                                                                        \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_bytes, 0);                                                          \
        break;                                                                                                         \
    case IMAGE_CORE##i##_ALIGN:                                                                                        \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_bytes, 5);                                                          \
        break;                                                                                                         \
    case IMAGE_CORE##i##_BIG:                                                                                          \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_bytes, IMAGE_BODY_MOST + 4);                                        \
        break;                                                                                                         \
    case IMAGE_CORE##i##_LOAD:                                                                                         \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_load, MANIFEST_LOAD + 4);                                           \
        break;                                                                                                         \
    case IMAGE_CORE##i##_ENTRY:                                                                                        \
        set(MANIFEST_CORE_AT(i) + MANIFEST_CORE_AT_entry, MANIFEST_LOAD + 4);                                          \
        break;                                                                                                         \
    case IMAGE_CORE##i##_DIGEST_NONE:                                                                                  \
        memset(f->bytes + MANIFEST_CORE_AT(i) + MANIFEST_CORE_DIGEST, 0, MANIFEST_DIGEST_BYTES);                       \
        break;                                                                                                         \
    case IMAGE_CORE##i##_DIGEST:                                                                                       \
        f->bytes[(i) == 0 ? MANIFEST_BYTES + DAMAGE_BODY_0 - 1 : f->length - 1] ^= 0x80;                               \
        break;

void damage(struct image_file *image, struct image_rules *rules, enum image_refusal why) {
    bool sign = true;
    f = image;
    switch (why) {
    case IMAGE_GOOD:
    case IMAGE_REFUSALS:
        abort();
        break;
    case IMAGE_SHORT:
        f->length = MANIFEST_BYTES - 1;
        break;
    case IMAGE_ERASED:
        memset(f->bytes, 0xFF, f->length);
        sign = false;
        break;
    case IMAGE_MAGIC:
        set(MANIFEST_AT_magic, MANIFEST_MAGIC + 1);
        break;
    case IMAGE_FORMAT_OLD:
        set(MANIFEST_AT_format, MANIFEST_FORMAT - 1);
        break;
    case IMAGE_FORMAT_NEW:
        set(MANIFEST_AT_format, MANIFEST_FORMAT + 1);
        break;
    case IMAGE_MANIFEST_LENGTH:
        set(MANIFEST_AT_manifest_bytes, MANIFEST_BYTES + 4);
        break;
    case IMAGE_FLAGS:
        set(MANIFEST_AT_flags, 0x80000000u);
        break;
    case IMAGE_RESERVED:
        set(MANIFEST_AT_reserved1, 1);
        break;
    case IMAGE_BOARD_NONE:
        set(MANIFEST_AT_board, 0);
        break;
    case IMAGE_BOARD:
        set(MANIFEST_AT_board, MANIFEST_BOARD_SIM + 1);
        break;
    case IMAGE_VERSION_NONE:
        set(MANIFEST_AT_version, 0);
        break;
    case IMAGE_VERSION_LAST:
        set(MANIFEST_AT_version, 0xFFFFFFFFu);
        break;
    case IMAGE_COUNTER_NONE:
        set(MANIFEST_AT_counter, 0);
        break;
    case IMAGE_COUNTER_LAST:
        set(MANIFEST_AT_counter, MANIFEST_COUNTER_MAX + 1);
        break;
    case IMAGE_BELOW_FLOOR:
        rules->manifest.floor = 6;
        break;
    case IMAGE_CONTRACT_NONE:
        set(MANIFEST_AT_contract, 0);
        break;
    case IMAGE_CONTRACT_NEW:
        set(MANIFEST_AT_contract, CONTRACT + 1);
        break;
    case IMAGE_CONTRACT_OLD:
        rules->manifest.contract = CONTRACT + 0x10000;
        break;
    case IMAGE_CORES:
        set(MANIFEST_AT_cores, 1);
        break;
    case IMAGE_BUILD_ID:
        memset(f->bytes + MANIFEST_AT_build_id, 0, MANIFEST_LEN_build_id);
        break;
    case IMAGE_BYTES_ALIGN:
        set(MANIFEST_AT_image_bytes, f->length + 2);
        break;
    case IMAGE_BYTES_SMALL:
        set(MANIFEST_AT_image_bytes, MANIFEST_BYTES + 4);
        break;
    case IMAGE_BYTES_BIG:
        set(MANIFEST_AT_image_bytes, FLASH_MAP_SLOT_BYTES + 4);
        break;
    case IMAGE_END:
        set(MANIFEST_AT_image_bytes, f->length + 4);
        break;
    case IMAGE_KEY_NONE:
        memset(f->bytes + MANIFEST_AT_key, 0, MANIFEST_LEN_key);
        sign = false;
        break;
    case IMAGE_KEY:
        rules->key_hash = f->bytes;
        break;
    case IMAGE_SIGNATURE_NONE:
        memset(f->bytes + MANIFEST_AT_signature, 0, MANIFEST_LEN_signature);
        sign = false;
        break;
    case IMAGE_SIGNATURE:
        f->bytes[MANIFEST_AT_version] ^= 1;
        sign = false;
        break;
    case IMAGE_CUT:
        f->length -= 4;
        break;
    case IMAGE_BEHIND:
        f->length += 1;
        break;
    case IMAGE_READ:
        break;
        CORE_CASES(0)
        CORE_CASES(1)
    }
    if (sign)
        image_file_sign(f, made_key());
}
