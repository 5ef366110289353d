// SPDX-License-Identifier: Apache-2.0
// Reads back what pcapng.h writes, and nothing else of the format: Ethernet frames with the name of their interface and
// a time in nanoseconds.
#ifndef WEIR_TRACE_PCAPNG_READ_H
#define WEIR_TRACE_PCAPNG_READ_H

#include <stddef.h>
#include <stdint.h>

#include "pcapng.h"

struct weir_pcapng_packet {
    const char *interface;
    enum weir_pcapng_dir dir;
    uint64_t ns;         // after the start,
    uint64_t start;      // which is so many nanoseconds since 1970
    const char *comment; // "" without
    uint64_t speed;      // of the interface, bits a second, 0 = nobody knows
    const uint8_t *data;
    size_t len;
};

typedef void (*weir_pcapng_packet_fn)(void *ctx, const struct weir_pcapng_packet *p);

// Calls fn for each frame in order. 0, or negative errno with one line in err: -EPROTO when the file is no capture of
// ours or ends in the middle of a block; what came before was told.
int weir_pcapng_read(const char *path, weir_pcapng_packet_fn fn, void *ctx, char *err, size_t err_size);

#endif
