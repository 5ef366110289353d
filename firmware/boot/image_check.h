// SPDX-License-Identifier: Apache-2.0
// Is what lies in the flash an image that this card may run? Manifest, key, signature and both bodies. The same code in
// ROM, update engine, weir-image and tests, over boot_port.h.
#ifndef WEIR_IMAGE_CHECK_H
#define WEIR_IMAGE_CHECK_H

#include <stdbool.h>

#include "boot_port.h"
#include "manifest.h"

#define IMAGE_SLOT_WHOLE 0u

struct image_rules {
    struct manifest_rules manifest;
    // SHA-256 of the one public key that may sign. NULL: the card's key fuses are not blown, as on a development board:
    // key and signature are not looked at, digests are.
    const uint8_t *key_hash;
    // Checks signatures. NULL: whoever asks leaves that to the ROM, and only the key's hash is compared.
    bool (*signature)(const uint8_t *raw, const uint8_t *signature, const uint8_t *key);
};

// The image at `at`. have: bytes that are there and belong to it, IMAGE_SLOT_WHOLE: up to the end of its slot. load:
// its bodies go to the memories of both cores, also those of an image that turns out to be bad. *m is what was read.
enum image_refusal image_check(uint32_t at, uint32_t have, const struct image_rules *rules, bool load,
                               struct manifest *m);
// A text for people: "its body is not what was signed (core 1)". Never NULL. Host only.
const char *image_refusal_text(enum image_refusal why);
// Its name in machine-readable output: "CORE1_DIGEST". Host only.
const char *image_refusal_name(enum image_refusal why);
// Ed25519 of `key` over MANIFEST_SIGNED bytes at raw (image_signature.c).
bool image_signature_right(const uint8_t *raw, const uint8_t *signature, const uint8_t *key);

#endif
