// SPDX-License-Identifier: Apache-2.0
// See made.h.
#include "made.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

const struct image_key *made_key(void) {
    static struct image_key key;
    if (!key.can_sign) {
        static const uint8_t seed[crypto_sign_ed25519_SEEDBYTES] = "the key of the unit tests alone";
        crypto_sign_ed25519_seed_keypair(key.public, key.secret, seed);
        key.can_sign = true;
    }
    return &key;
}

const uint8_t *made_key_hash(void) {
    static uint8_t hash[32];
    image_key_hash(made_key()->public, hash);
    return hash;
}

void made_image(struct image_file *f, const struct made_options *o) {
    static uint8_t body[MANIFEST_CORES][IMAGE_BODY_MOST];
    const struct image_words words = {.version = o->version, .counter = o->counter, .board = MANIFEST_BOARD_SIM};
    FILE *in[MANIFEST_CORES];

    for (unsigned i = 0; i < MANIFEST_CORES; i++) {
        for (uint32_t k = 0; k < o->bytes[i]; k++)
            body[i][k] = (uint8_t)(o->fill + i + k * 7);
        in[i] = fmemopen(body[i], o->bytes[i], "rb");
        if (in[i] == NULL)
            abort();
    }
    if (image_file_make(f, in, &words) != 0)
        abort();
    for (unsigned i = 0; i < MANIFEST_CORES; i++)
        fclose(in[i]);
    image_file_sign(f, made_key());
}

void made_put(uint8_t *at, uint32_t value) {
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}
