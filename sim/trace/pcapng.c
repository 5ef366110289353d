// SPDX-License-Identifier: Apache-2.0
// See pcapng.h. Blocks as in the IETF draft "PCAP Next Generation Capture File Format": type, length, body, length
// again, all in host order, bodies padded to 4 bytes. Times have nanosecond resolution (if_tsresol 9).
#include "pcapng.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out_file.h"

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1A2B3C4D,
    LINK_ETHERNET = 1,
    OPT_END = 0,
    OPT_COMMENT = 1,
    OPT_USERAPPL = 4,
    OPT_IF_NAME = 2,
    OPT_IF_SPEED = 8,
    OPT_IF_TSRESOL = 9,
    OPT_EPB_FLAGS = 2,
};
#define MAX_FRAME 65535u
#define BLOCK_ROOM 256u // of a block without its frame

struct weir_pcapng {
    FILE *file;
    int interfaces;
    int error;
    uint64_t start;
};

struct block {
    uint8_t bytes[BLOCK_ROOM];
    size_t len;
};

static void put(struct block *b, const void *from, size_t n) {
    if (n != 0)
        memcpy(b->bytes + b->len, from, n);
    b->len += n;
}

static void put32(struct block *b, uint32_t v) {
    put(b, &v, sizeof(v));
}

static void put16(struct block *b, uint16_t v) {
    put(b, &v, sizeof(v));
}

static void pad(struct block *b) {
    while (b->len % 4 != 0)
        b->bytes[b->len++] = 0;
}

static void put_option(struct block *b, uint16_t code, const void *value, size_t n) {
    put16(b, code);
    put16(b, (uint16_t)n);
    put(b, value, n);
    pad(b);
}

static void begin(struct block *b, uint32_t type) {
    b->len = 0;
    put32(b, type);
    put32(b, 0); // length, known at the end
}

static void emit(struct weir_pcapng *p, const void *from, size_t n) {
    if (n != 0 && fwrite(from, 1, n, p->file) != n)
        p->error = -EIO;
}

// Writes the block; `frame` bytes go in at offset `at`, padded.
static int end(struct weir_pcapng *p, struct block *b, size_t at, const void *frame, size_t len) {
    static const uint8_t zero[4];
    size_t fill = (4 - len % 4) % 4;
    uint32_t total = (uint32_t)(b->len + len + fill + 4);

    memcpy(b->bytes + 4, &total, sizeof(total));
    put32(b, total);
    emit(p, b->bytes, at);
    emit(p, frame, len);
    emit(p, zero, fill);
    emit(p, b->bytes + at, b->len - at);
    return p->error;
}

struct weir_pcapng *weir_pcapng_open(const char *path, uint64_t start, char *err, size_t err_size) {
    static const char writer[] = "weir";
    struct weir_pcapng *p = calloc(1, sizeof(*p));
    char comment[96];
    struct block b;

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    p->file = out_file_open(path, out_file_is_pcapng);
    if (p->file == NULL) {
        snprintf(err, err_size, "cannot write the trace %s: %s", path, out_file_error(errno));
        free(p);
        return NULL;
    }
    p->start = start;
    snprintf(comment, sizeof(comment), PCAPNG_START "%" PRIu64, start);
    begin(&b, BLOCK_SECTION);
    put32(&b, BYTE_ORDER_MAGIC);
    put16(&b, 1); // version 1.0
    put16(&b, 0);
    put32(&b, UINT32_MAX); // section length: not known in advance
    put32(&b, UINT32_MAX);
    put_option(&b, OPT_COMMENT, comment, strlen(comment));
    put_option(&b, OPT_USERAPPL, writer, sizeof(writer) - 1);
    put_option(&b, OPT_END, NULL, 0);
    (void)end(p, &b, b.len, NULL, 0);
    return p;
}

int weir_pcapng_add_interface(struct weir_pcapng *p, const char *name, uint64_t speed) {
    const uint8_t nanoseconds = 9;
    size_t n = strnlen(name, 63);
    struct block b;
    int err;

    begin(&b, BLOCK_INTERFACE);
    put16(&b, LINK_ETHERNET);
    put16(&b, 0);
    put32(&b, 0); // no snap length
    put_option(&b, OPT_IF_NAME, name, n);
    if (speed != 0)
        put_option(&b, OPT_IF_SPEED, &speed, sizeof(speed));
    put_option(&b, OPT_IF_TSRESOL, &nanoseconds, 1);
    put_option(&b, OPT_END, NULL, 0);
    err = end(p, &b, b.len, NULL, 0);
    return err != 0 ? err : p->interfaces++;
}

int weir_pcapng_write(struct weir_pcapng *p, int interface, uint64_t ns, enum weir_pcapng_dir dir, const void *frame,
                      size_t len, const char *comment) {
    uint32_t flags = (uint32_t)dir;
    struct block b;
    size_t at;

    if (interface < 0 || interface >= p->interfaces || len > MAX_FRAME)
        return -EINVAL;
    ns += p->start;
    begin(&b, BLOCK_PACKET);
    put32(&b, (uint32_t)interface);
    put32(&b, (uint32_t)(ns >> 32));
    put32(&b, (uint32_t)ns);
    put32(&b, (uint32_t)len);
    put32(&b, (uint32_t)len);
    at = b.len;
    if (comment != NULL)
        put_option(&b, OPT_COMMENT, comment, strnlen(comment, 127));
    put_option(&b, OPT_EPB_FLAGS, &flags, sizeof(flags));
    put_option(&b, OPT_END, NULL, 0);
    return end(p, &b, at, frame, len);
}

int weir_pcapng_flush(struct weir_pcapng *p) {
    if (fflush(p->file) != 0)
        p->error = -EIO;
    return p->error;
}

int weir_pcapng_close(struct weir_pcapng *p) {
    int err;
    if (p == NULL)
        return 0;
    err = p->error;
    if (fclose(p->file) != 0)
        err = -EIO;
    free(p);
    return err;
}
