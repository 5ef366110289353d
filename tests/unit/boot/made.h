// SPDX-License-Identifier: Apache-2.0
// Images for tests: small, and signed with a key of the tests.
#ifndef MADE_H
#define MADE_H

#include "image_file.h"

struct made_options {
    uint32_t version, counter;
    uint32_t bytes[MANIFEST_CORES]; // of the bodies
    uint8_t fill;                   // tells one image's bodies from another's
};

const struct image_key *made_key(void);
const uint8_t *made_key_hash(void);
void made_image(struct image_file *f, const struct made_options *o);
// Little endian.
void made_put(uint8_t *at, uint32_t value);

#endif
