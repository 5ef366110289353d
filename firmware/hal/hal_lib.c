// SPDX-License-Identifier: Apache-2.0
// The four functions a freestanding compiler may call by itself.
#include "hal_lib.h"

#ifndef WEIR_HOST
// The linker sees the whole program, but not the calls that the compiler makes at its end.
#define KEPT __attribute__((used))

// By words where both are aligned, as messages are: a byte takes as long. Four at once, as half of the time would be
// the loop's.
KEPT void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    uint8_t *t = to;
    const uint8_t *f = from;
    if ((((uintptr_t)t | (uintptr_t)f) & 3) == 0) {
        // bound: n, the caller's size of an object
        for (; n >= 16; n -= 16, t += 16, f += 16) {
            hal_word *w = (hal_word *)t;
            const hal_word *v = (const hal_word *)f;
            hal_word a = v[0], b = v[1], c = v[2], d = v[3];
            w[0] = a;
            w[1] = b;
            w[2] = c;
            w[3] = d;
        }
        // bound: n, the caller's size of an object
        for (; n >= 4; n -= 4, t += 4, f += 4) {
            *(hal_word *)t = *(const hal_word *)f;
        }
    }
    // bound: n, the caller's size of an object
    while (n-- > 0) {
        *t++ = *f++;
    }
    return to;
}

KEPT void *memset(void *to, int value, size_t n) {
    uint8_t *t = to;
    if (((uintptr_t)t & 3) == 0) {
        // bound: n, the caller's size of an object
        for (; n >= 4; n -= 4, t += 4) {
            *(hal_word *)t = (uint32_t)(uint8_t)value * 0x01010101u;
        }
    }
    // bound: n, the caller's size of an object
    while (n-- > 0) {
        *t++ = (uint8_t)value;
    }
    return to;
}

KEPT void *memmove(void *to, const void *from, size_t n) {
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

KEPT int memcmp(const void *a, const void *b, size_t n) {
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
