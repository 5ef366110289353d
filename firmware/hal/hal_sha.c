// SPDX-License-Identifier: Apache-2.0
// See hal_sha.h.
#include "hal_sha.h"

#include "hal_csr.h"
#include "hal_lib.h"

#define FINAL_LOOKS 32u // each takes the card 4 cycles and more; it needs 120

bool hal_sha_claim(void) {
    return HAL_READ(SHA, CLAIM) != 0;
}

void hal_sha_release(void) {
    HAL_WRITE(SHA, CLAIM, 0);
}

void hal_sha_start(struct hal_sha *s) {
    s->bytes = 0;
    s->held = 0;
    HAL_WRITE(SHA, START, 1);
}

void hal_sha_update(struct hal_sha *s, const void *from, uint32_t bytes) {
    const uint8_t *byte = from;
    if (s->held == 0 && ((uintptr_t)from & 3) == 0) {
        const hal_word *word = from;
        // bound: the message
        for (; bytes >= 4; bytes -= 4) {
            HAL_WRITE(SHA, DATA, *word++);
        }
        byte = (const uint8_t *)word;
    }
    // bound: the message
    for (; bytes != 0; bytes--) {
        s->bytes |= (uint32_t)*byte++ << 8 * s->held;
        if (++s->held == 4) {
            HAL_WRITE(SHA, DATA, s->bytes);
            s->bytes = 0;
            s->held = 0;
        }
    }
}

bool hal_sha_final(struct hal_sha *s, uint8_t digest[HAL_SHA_BYTES]) {
    HAL_WRITE(SHA, FINISH, WEIR_PUT(s->held, SHA_FINISH_COUNT) | WEIR_PUT(s->bytes, SHA_FINISH_BYTES));
    for (unsigned look = 0; look < FINAL_LOOKS; look++) {
        if (WEIR_GET(HAL_READ(SHA, STATUS), SHA_STATUS_DONE) == 0) {
            continue;
        }
        for (unsigned i = 0; i < HAL_SHA_BYTES; i++) {
            digest[i] = (uint8_t)(hal_read(WEIR_CSR_SHA, WEIR_SHA_DIGEST_OFFSET + (i & ~3u)) >> 8 * (i % 4));
        }
        return true;
    }
    return false;
}
