// SPDX-License-Identifier: Apache-2.0
// The four functions a freestanding compiler may call by itself.
#include "hal_lib.h"

#include <stdint.h>

#ifndef WEIR_HOST
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    uint8_t *t = to;
    const uint8_t *f = from;
    // bound: n, the caller's size of an object
    while (n-- > 0) {
        *t++ = *f++;
    }
    return to;
}

void *memset(void *to, int value, size_t n) {
    uint8_t *t = to;
    // bound: n, the caller's size of an object
    while (n-- > 0) {
        *t++ = (uint8_t)value;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n) {
    uint8_t *t = to;
    const uint8_t *f = from;
    if (t < f) {
        // bound: n, the caller's size of an object
        while (n-- > 0) {
            *t++ = *f++;
        }
    } else {
        // bound: n, the caller's size of an object
        while (n-- > 0) {
            t[n] = f[n];
        }
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    const uint8_t *x = a, *y = b;
    // bound: n, the caller's size of an object
    for (; n > 0; n--, x++, y++) {
        if (*x != *y) {
            return *x < *y ? -1 : 1;
        }
    }
    return 0;
}
#endif
