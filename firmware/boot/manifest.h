// SPDX-License-Identifier: Apache-2.0
// The manifest of a firmware image (manifest.def), for whoever writes one (tool/) or reads one: ROM, update engine,
// tools, tests. Reading takes nothing for granted: every content of the bytes ends in a manifest that is in order, or
// in the one reason why it is none. It says nothing about signature and bodies; image_check.h does.
#ifndef WEIR_MANIFEST_H
#define WEIR_MANIFEST_H

#include <stdint.h>

#define MANIFEST_MAGIC 0x57465257u // 'WRFW'
#define MANIFEST_FORMAT 2u         // 1 had a CRC and no signature
#define MANIFEST_BYTES 288u
#define MANIFEST_CORES 2u
#define MANIFEST_CORE_AT(i) (64u + (i)*64u) // entry of a core
#define MANIFEST_CORE_DIGEST 32u            // in it
#define MANIFEST_DIGEST_BYTES 32u
#define MANIFEST_COUNTER_MAX 0xFFFFu
#define MANIFEST_BOARD_SIM 0x4D495357u // 'WSIM', the simulated card
#define MANIFEST_LOAD 0x10000000u      // each core sees its own memory there
#define MANIFEST_ERASED 0xFFFFFFFFu

enum manifest_at {
#define MANIFEST_WORD(offset, name, text) MANIFEST_AT_##name = (offset),
#define MANIFEST_BYTES_OF(offset, name, bytes, text) MANIFEST_AT_##name = (offset), MANIFEST_LEN_##name = (bytes),
#define MANIFEST_CORE_WORD(offset, name, text) MANIFEST_CORE_AT_##name = (offset),
#include "manifest.def"
    MANIFEST_SIGNED = MANIFEST_AT_signature // bytes that the signature is over
};
_Static_assert(MANIFEST_AT_signature + MANIFEST_LEN_signature == MANIFEST_BYTES, "the signature is last");

enum image_refusal {
    IMAGE_GOOD = 0,
#define REFUSAL(value, name, text) IMAGE_##name = (value),
#define REFUSAL_CORE(value0, value1, name, text) IMAGE_CORE0_##name = (value0), IMAGE_CORE1_##name = (value1),
#include "manifest.def"
    IMAGE_REFUSALS // one more than the last
};

struct manifest_core {
#define MANIFEST_CORE_WORD(offset, name, text) uint32_t name;
#include "manifest.def"
    uint8_t digest[MANIFEST_DIGEST_BYTES];
};

struct manifest {
#define MANIFEST_WORD(offset, name, text) uint32_t name;
#define MANIFEST_BYTES_OF(offset, name, bytes, text) uint8_t name[bytes];
#include "manifest.def"
    struct manifest_core core[MANIFEST_CORES];
};

// What a card is and allows.
struct manifest_rules {
    uint32_t board;      // MANIFEST_BOARD_...
    uint32_t contract;   // that it has: 31:16 major, 15:0 minor
    uint32_t floor;      // least security counter, 0: any
    uint32_t slot_bytes; // of an image at most
    uint32_t body_bytes; // of a core's body at most: its memory less what the ROM needs of it
};

// Reads the first `bytes` (MANIFEST_BYTES at least, or IMAGE_SHORT) of an image. *m holds what is there whatever it
// returns, zero after IMAGE_SHORT. Of several reasons the first is returned as they stand in manifest.c, core 0's
// before core 1's. Takes neither key nor signature for more than bytes.
enum image_refusal manifest_read(const uint8_t *raw, uint32_t bytes, const struct manifest_rules *rules,
                                 struct manifest *m);

#endif
