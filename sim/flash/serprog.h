// SPDX-License-Identifier: Apache-2.0
// The serprog protocol of flashrom, version 1, for one client: bytes of commands in, bytes of answers out. SPI alone.
// Trusts nobody: what is too long is skipped and refused, what is unknown is refused.
#ifndef WEIR_SIM_SERPROG_H
#define WEIR_SIM_SERPROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERPROG_MOST 4096u // bytes of one operation, each way

// One transaction: n bytes out, then m bytes in. False: the part is not to be had now.
typedef bool (*serprog_spi_fn)(void *ctx, const uint8_t *out, size_t n, uint8_t *in, size_t m);

struct serprog {
    serprog_spi_fn spi;
    void *ctx;
    uint8_t in[1 + 6 + SERPROG_MOST], out[1 + SERPROG_MOST];
    size_t in_len;
    size_t out_len, out_sent; // nothing is taken while an answer waits
    uint32_t skip;            // bytes to come of an operation that is too long
    bool driving;             // the client has the pins
};

void serprog_init(struct serprog *s, serprog_spi_fn spi, void *ctx);
// Is there a whole command in `in`?
bool serprog_ready(const struct serprog *s);
// Carries out the first, if there is one and no answer waits.
void serprog_step(struct serprog *s);

#endif
