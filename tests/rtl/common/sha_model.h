// SPDX-License-Identifier: Apache-2.0
// SHA-256 as FIPS 180-4 has it, written from its text for tests: slow and plain.
#ifndef WEIR_SHA_MODEL_H
#define WEIR_SHA_MODEL_H

#include <stddef.h>
#include <stdint.h>

void sha_model(const uint8_t *m, size_t n, uint8_t digest[32]);

#endif
