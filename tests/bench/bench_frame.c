// SPDX-License-Identifier: Apache-2.0
// See bench_frame.h.
#include "bench_frame.h"

#include <string.h>

const uint8_t bench_peer[6] = {0x02, 0, 0, 0, 0, 0x99};
const uint8_t bench_own[6] = {0x02, 0, 0, 0, 0, 0x01};

void bench_frame(uint8_t *f, unsigned len, const uint8_t *dst, const uint8_t *src, unsigned flow) {
    memset(f, 0, len);
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    f[12] = 0x08;
    f[14] = 0x45;
    f[23] = 17;
    f[29] = (uint8_t)flow;
    f[33] = (uint8_t)(flow * 7);
    f[35] = (uint8_t)(flow * 13 + 1);
    f[37] = (uint8_t)(flow * 29 + 3);
}
