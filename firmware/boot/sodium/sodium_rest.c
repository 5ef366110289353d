// SPDX-License-Identifier: Apache-2.0
// What libsodium's Ed25519 calls outside the files that are built of it. A check of a signature knows no secret, so
// none of this needs constant time or cleared memory; no function that signs is linked.
#include <string.h>

#include "sodium/utils.h"

void sodium_memzero(void *const pnt, const size_t len) {
    memset(pnt, 0, len);
}

int sodium_memcmp(const void *const b1, const void *const b2, size_t len) {
    return memcmp(b1, b2, len) == 0 ? 0 : -1;
}

int sodium_is_zero(const unsigned char *n, const size_t nlen) {
    unsigned char any = 0;
    // bound: nlen, the caller's size of an object
    for (size_t i = 0; i < nlen; i++) {
        any |= n[i];
    }
    return any == 0;
}
