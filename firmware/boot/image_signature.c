// SPDX-License-Identifier: Apache-2.0
// See image_check.h: apart from it, because firmware checks all of an image but this.
#include <sodium/crypto_sign_ed25519.h>

#include "image_check.h"

bool image_signature_right(const uint8_t *raw, const uint8_t *signature, const uint8_t *key) {
    return crypto_sign_ed25519_verify_detached(signature, raw, MANIFEST_SIGNED, key) == 0;
}
