// SPDX-License-Identifier: Apache-2.0
// See sha_model.h.
#include "sha_model.h"

#include <stdbool.h>
#include <string.h>

static uint32_t ror(uint32_t x, unsigned n) {
    return x >> n | x << (32 - n);
}

// 6.2.2; the constants are the fractions of roots (4.2.2, 5.3.3), worked out here: a table could share a mistake.
static uint32_t root_fraction(unsigned prime, unsigned root) {
    // The largest x with x^root <= prime * 2^(32 root), in 96 bits and more.
    uint64_t x = 0;
    for (int bit = 36; bit >= 0; bit--) {
        uint64_t y = x | (uint64_t)1 << bit;
        unsigned __int128 sq = (unsigned __int128)y * y, limit = (unsigned __int128)prime << (root == 2 ? 64 : 96);
        if (root == 2 ? sq <= limit : y == 0 || sq <= limit / y)
            x = y;
    }
    return (uint32_t)x;
}

static uint32_t k256[64], h256[8];

static void constants(void) {
    unsigned n = 0;
    for (unsigned p = 2; n < 64; p++) {
        bool prime = true;
        for (unsigned d = 2; d * d <= p; d++)
            prime = prime && p % d != 0;
        if (!prime)
            continue;
        if (n < 8)
            h256[n] = root_fraction(p, 2);
        k256[n++] = root_fraction(p, 3);
    }
}

static void block(uint32_t h[8], const uint8_t *m) {
    uint32_t w[64], v[8];
    for (unsigned t = 0; t < 64; t++)
        w[t] = t < 16 ? (uint32_t)m[4 * t] << 24 | (uint32_t)m[4 * t + 1] << 16 | (uint32_t)m[4 * t + 2] << 8 |
                            m[4 * t + 3]
                      : (ror(w[t - 2], 17) ^ ror(w[t - 2], 19) ^ w[t - 2] >> 10) + w[t - 7] +
                            (ror(w[t - 15], 7) ^ ror(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 16];
    memcpy(v, h, 32);
    for (unsigned t = 0; t < 64; t++) {
        uint32_t t1 =
            v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k256[t] + w[t];
        uint32_t t2 = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 28);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        h[i] += v[i];
}

void sha_model(const uint8_t *m, size_t n, uint8_t digest[32]) {
    uint8_t last[128] = {0};
    size_t whole = n / 64 * 64, rest = n - whole, end = rest < 56 ? 64 : 128;
    uint32_t h[8];
    constants();
    memcpy(h, h256, 32);
    for (size_t i = 0; i < whole; i += 64)
        block(h, m + i);
    memcpy(last, m + whole, rest);
    last[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        last[end - 1 - i] = (uint8_t)((uint64_t)n * 8 >> 8 * i);
    for (size_t i = 0; i < end; i += 64)
        block(h, last + i);
    for (unsigned i = 0; i < 32; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
