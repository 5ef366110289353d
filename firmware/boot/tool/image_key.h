// SPDX-License-Identifier: Apache-2.0
// Keys of weir-image: files of two lines, or the word "development" for the one key that anybody has.
#ifndef WEIR_IMAGE_KEY_H
#define WEIR_IMAGE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_KEY_DEVELOPMENT "development"
#define IMAGE_KEY_LOUD                                                                                                 \
    "signed with the DEVELOPMENT key, which anybody has: for simulation, never for a card in the field"

struct image_key {
    bool development, can_sign;
    uint8_t public[32], secret[64]; // as libsodium has them
};

// name: a file, or IMAGE_KEY_DEVELOPMENT. A secret key's file that others than its owner may read is refused. 0, or -1
// with one line in err.
int image_key_read(const char *name, struct image_key *key, char *err, size_t err_size);
// A new pair: the secret in `path` (mode 0600), the public one in `path`.pub; neither may be there yet. 0, or -1 with
// one line in err, and then neither is.
int image_key_make(const char *path, struct image_key *key, char *err, size_t err_size);
bool image_key_is_development(const uint8_t public_key[32]);
// The SHA-256 that a card's fuses hold.
void image_key_hash(const uint8_t public_key[32], uint8_t hash[32]);
void image_key_forget(struct image_key *key);

#endif
