// SPDX-License-Identifier: Apache-2.0
// See pcapng_read.h.
#include "pcapng_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    OPT_END = 0,
    OPT_COMMENT = 1,
    OPT_NAME = 2,
    OPT_FLAGS = 2,
    OPT_SPEED = 8
};
#define MAX_BLOCK (65535u + 256u)
#define MAX_INTERFACES 300u
#define NAME_ROOM 64u

struct reader {
    weir_pcapng_packet_fn fn;
    void *ctx;
    uint64_t start;
    unsigned interfaces;
    char name[MAX_INTERFACES][NAME_ROOM];
    uint64_t speed[MAX_INTERFACES];
    uint8_t block[MAX_BLOCK];
};

static uint32_t get32(const uint8_t *at) {
    uint32_t v;
    memcpy(&v, at, sizeof(v));
    return v;
}

// Value of an option among the `len` bytes at `at`; NULL when it is not there.
static const uint8_t *option(const uint8_t *at, size_t len, unsigned code, size_t *size) {
    while (len >= 4) {
        unsigned c = at[0] | (unsigned)at[1] << 8, n = at[2] | (unsigned)at[3] << 8;
        size_t whole = 4 + ((n + 3u) & ~3u);
        if (c == OPT_END || whole > len)
            break;
        if (c == code) {
            *size = n;
            return at + 4;
        }
        at += whole;
        len -= whole;
    }
    return NULL;
}

static int interface(struct reader *r, size_t body) {
    size_t n = 0;
    const uint8_t *name = body >= 8 ? option(r->block + 8, body - 8, OPT_NAME, &n) : NULL, *speed;
    if (name == NULL || r->interfaces == MAX_INTERFACES)
        return -EPROTO;
    n = n < NAME_ROOM - 1 ? n : NAME_ROOM - 1;
    memcpy(r->name[r->interfaces], name, n);
    r->name[r->interfaces][n] = '\0';
    speed = option(r->block + 8, body - 8, OPT_SPEED, &n);
    r->speed[r->interfaces] = 0;
    if (speed != NULL && n == sizeof(r->speed[0]))
        memcpy(&r->speed[r->interfaces], speed, n);
    r->interfaces++;
    return 0;
}

// Where times begin.
static int section(struct reader *r, size_t body) {
    size_t n = 0;
    const uint8_t *comment = body >= 16 ? option(r->block + 16, body - 16, OPT_COMMENT, &n) : NULL;
    char text[128];
    snprintf(text, sizeof(text), "%.*s", comment != NULL ? (int)n : 0, comment != NULL ? (const char *)comment : "");
    return sscanf(text, PCAPNG_START "%" SCNu64, &r->start) == 1 ? 0 : -EPROTO;
}

static int packet(struct reader *r, size_t body) {
    uint32_t which = body >= 20 ? get32(r->block) : UINT32_MAX, len = body >= 20 ? get32(r->block + 12) : 0;
    size_t room = ((size_t)len + 3) & ~(size_t)3, n = 0;
    struct weir_pcapng_packet p = {.data = r->block + 20, .len = len};
    const uint8_t *flags, *comment;
    char text[128];

    if (which >= r->interfaces || 20 + room > body)
        return -EPROTO;
    p.interface = r->name[which];
    p.ns = ((uint64_t)get32(r->block + 4) << 32 | get32(r->block + 8)) - r->start;
    p.start = r->start;
    p.speed = r->speed[which];
    comment = option(r->block + 20 + room, body - 20 - room, OPT_COMMENT, &n);
    snprintf(text, sizeof(text), "%.*s", comment != NULL ? (int)n : 0, comment != NULL ? (const char *)comment : "");
    p.comment = text;
    flags = option(r->block + 20 + room, body - 20 - room, OPT_FLAGS, &n);
    p.dir = flags != NULL && n == 4 ? (enum weir_pcapng_dir)(get32(flags) & 3) : WEIR_PCAPNG_UNKNOWN;
    r->fn(r->ctx, &p);
    return 0;
}

// One block; 1 at the end of the file.
static int block(struct reader *r, FILE *f) {
    uint8_t head[8];
    size_t got = fread(head, 1, sizeof(head), f), body;
    uint32_t total;

    if (got == 0)
        return 1;
    total = got == sizeof(head) ? get32(head + 4) : 0;
    if (total < 12 || total % 4 != 0 || total - 8 > sizeof(r->block) || fread(r->block, 1, total - 8, f) != total - 8 ||
        get32(r->block + total - 12) != total)
        return -EPROTO;
    body = total - 12;
    switch (get32(head)) {
    case BLOCK_INTERFACE:
        return interface(r, body);
    case BLOCK_PACKET:
        return packet(r, body);
    case BLOCK_SECTION:
        return section(r, body);
    default:
        return -EPROTO;
    }
}

int weir_pcapng_read(const char *path, weir_pcapng_packet_fn fn, void *ctx, char *err, size_t err_size) {
    struct reader *r = calloc(1, sizeof(*r));
    FILE *f = r != NULL ? fopen(path, "rbe") : NULL;
    int ret;

    if (f == NULL) {
        ret = r == NULL ? -ENOMEM : -errno;
        snprintf(err, err_size, "cannot read %s: %s", path, strerror(-ret));
        free(r);
        return ret;
    }
    r->fn = fn;
    r->ctx = ctx;
    do
        ret = block(r, f);
    while (ret == 0);
    if (ret < 0)
        snprintf(err, err_size, "%s is no capture of ours, or is cut off", path);
    fclose(f);
    free(r);
    return ret < 0 ? ret : 0;
}
