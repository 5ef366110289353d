// SPDX-License-Identifier: Apache-2.0
// See serprog.h.
#include "serprog.h"

#include <string.h>

enum { ACK = 0x06, NAK = 0x15, BUS_SPI = 8, MOST_HZ = 104000000, SPIOP_HEAD = 7 };

// Code, name, bytes of parameters.
#define SERPROG_COMMANDS(X)                                                                                            \
    X(0x00, NOP, 0)                                                                                                    \
    X(0x01, Q_IFACE, 0)                                                                                                \
    X(0x02, Q_CMDMAP, 0)                                                                                               \
    X(0x03, Q_PGMNAME, 0)                                                                                              \
    X(0x04, Q_SERBUF, 0)                                                                                               \
    X(0x05, Q_BUSTYPE, 0)                                                                                              \
    X(0x08, Q_WRNMAXLEN, 0)                                                                                            \
    X(0x10, SYNCNOP, 0)                                                                                                \
    X(0x11, Q_RDNMAXLEN, 0)                                                                                            \
    X(0x12, S_BUSTYPE, 1)                                                                                              \
    X(0x13, O_SPIOP, 6)                                                                                                \
    X(0x14, S_SPI_FREQ, 4)                                                                                             \
    X(0x15, S_PIN_STATE, 1)

enum command {
#define X(code, name, params) name = (code),
    SERPROG_COMMANDS(X)
#undef X
};

static const uint8_t params[] = {
#define X(code, name, params) [code] = (params),
    SERPROG_COMMANDS(X)
#undef X
};

void serprog_init(struct serprog *s, serprog_spi_fn spi, void *ctx) {
    *s = (struct serprog){.spi = spi, .ctx = ctx, .driving = true};
}

static uint32_t get(const uint8_t *from, unsigned bytes) {
    uint32_t v = 0;
    while (bytes-- != 0)
        v = v << 8 | from[bytes];
    return v;
}

static void put(struct serprog *s, uint32_t v, unsigned bytes) {
    for (; bytes != 0; bytes--, v >>= 8)
        s->out[s->out_len++] = (uint8_t)v;
}

// Bytes of the command that begins in `in`, as far as they are to be had at once.
static size_t whole(const struct serprog *s) {
    size_t n = 1u + (s->in[0] < sizeof(params) ? params[s->in[0]] : 0u);
    if (s->in[0] == O_SPIOP && s->in_len >= SPIOP_HEAD && get(s->in + 1, 3) <= SERPROG_MOST)
        n += get(s->in + 1, 3);
    return n;
}

bool serprog_ready(const struct serprog *s) {
    return s->skip != 0 ? s->in_len != 0 : s->in_len != 0 && s->in_len >= whole(s);
}

static void spi_operation(struct serprog *s) {
    size_t n = get(s->in + 1, 3), m = get(s->in + 4, 3);
    if (n > SERPROG_MOST) {
        s->skip = (uint32_t)n;
    } else if (m > SERPROG_MOST || !s->driving || !s->spi(s->ctx, s->in + SPIOP_HEAD, n, s->out + 1, m)) {
        put(s, NAK, 1);
    } else {
        put(s, ACK, 1);
        s->out_len += m;
    }
}

static void command_map(struct serprog *s) {
    uint8_t *map = s->out + s->out_len;
    memset(map, 0, 32);
#define X(code, name, params) map[(code) / 8] |= (uint8_t)(1u << (code) % 8);
    SERPROG_COMMANDS(X)
#undef X
    s->out_len += 32;
}

static void answer(struct serprog *s) {
    static const char name[16] = "Weir SPI flash";
    uint32_t value;

    switch ((enum command)s->in[0]) {
    case NOP:
        put(s, ACK, 1);
        break;
    case Q_IFACE:
        put(s, ACK | 1u << 8, 3);
        break;
    case Q_CMDMAP:
        put(s, ACK, 1);
        command_map(s);
        break;
    case Q_PGMNAME:
        put(s, ACK, 1);
        memcpy(s->out + s->out_len, name, sizeof(name));
        s->out_len += sizeof(name);
        break;
    case Q_SERBUF: // a socket has its own flow control: the largest number there is
        put(s, ACK | 0xFFFFu << 8, 3);
        break;
    case Q_BUSTYPE:
        put(s, ACK | BUS_SPI << 8, 2);
        break;
    case Q_WRNMAXLEN:
    case Q_RDNMAXLEN:
        put(s, ACK | SERPROG_MOST << 8, 4);
        break;
    case SYNCNOP:
        put(s, NAK | ACK << 8, 2);
        break;
    case S_BUSTYPE:
        put(s, (s->in[1] & BUS_SPI) != 0 ? ACK : NAK, 1);
        break;
    case O_SPIOP:
        spi_operation(s);
        break;
    case S_SPI_FREQ:
        value = get(s->in + 1, 4);
        put(s, value != 0 ? ACK : NAK, 1);
        if (value != 0)
            put(s, value < MOST_HZ ? value : MOST_HZ, 4);
        break;
    case S_PIN_STATE:
        s->driving = s->in[1] != 0;
        put(s, ACK, 1);
        break;
    default:
        put(s, NAK, 1);
    }
}

void serprog_step(struct serprog *s) {
    size_t used;

    if (s->out_len != 0 || !serprog_ready(s))
        return;
    if (s->skip != 0) {
        used = s->in_len < s->skip ? s->in_len : s->skip;
        s->skip -= (uint32_t)used;
        if (s->skip == 0)
            put(s, NAK, 1);
    } else {
        used = whole(s);
        answer(s);
    }
    s->in_len -= used;
    memmove(s->in, s->in + used, s->in_len);
}
