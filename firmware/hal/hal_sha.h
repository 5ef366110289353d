// SPDX-License-Identifier: Apache-2.0
// SHA registers: SHA-256 of a message that comes from memory, by hal_flash_bulk from the flash, or one behind the
// other.
#ifndef HAL_SHA_H
#define HAL_SHA_H

#include <stdbool.h>
#include <stdint.h>

#define HAL_SHA_BYTES 32u

// Bytes that do not make a word yet. From the flash whole words come: held must be 0 then.
struct hal_sha {
    uint32_t bytes; // the first in 7:0
    uint32_t held;  // 0 to 3
};

// For this core, until hal_sha_release or its reset. False: the other core has it.
bool hal_sha_claim(void);
void hal_sha_release(void);
void hal_sha_start(struct hal_sha *s);
// Any number of bytes; about 4 cycles a byte.
void hal_sha_update(struct hal_sha *s, const void *from, uint32_t bytes);
// Within 300 cycles. False, and no digest: something came out of turn meanwhile, or the block is not this core's.
bool hal_sha_final(struct hal_sha *s, uint8_t digest[HAL_SHA_BYTES]);

#endif
