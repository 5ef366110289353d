// SPDX-License-Identifier: Apache-2.0
// The rings of weir/channel.h. Indices are free-running byte counts, multiples of 8; a message never wraps: a PAD
// message fills the ring's end where the next one does not fit. Of the shared words, `tail` and `closed` are written by
// the ring's producer, `head` by its consumer, `blocked` by both: set by the producer, cleared by the consumer.
#include "weir/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x57454348u
#define MIN_RING 4096u
#define MAX_RING (1u << 28)
#define HDR 8u
#define PAD 0u

struct shared_ring {
    uint32_t tail;
    uint32_t closed;
    uint8_t line0[56];
    uint32_t head;
    uint32_t blocked; // the producer found the ring full and waits for room
    uint8_t line1[56];
};
WEIR_MSG_ASSERT_SIZE(struct shared_ring, 128);

struct shared {
    uint32_t magic, version, ring_bytes;
    uint8_t line[52];
    struct shared_ring ring[2]; // by the end that sends
    uint8_t rest[WEIR_CHANNEL_HEADER - 64 - 2 * sizeof(struct shared_ring)];
};
WEIR_MSG_ASSERT_SIZE(struct shared, WEIR_CHANNEL_HEADER);

struct weir_channel {
    struct shared_ring *out, *in;
    uint8_t *out_data, *in_data;
    uint32_t size;
    uint32_t tail, head; // of out and in, ours alone
    uint32_t type, len;  // of the message at head, when `seen`; read once from the area
    bool seen, broken, closed;
    void (*notify)(void *ctx);
    void *notify_ctx;
};

const char *weir_why_text(unsigned why) {
    static const char *const text[WEIR_WHY_COUNT] = {
#define WEIR_WHY(name, words) [WEIR_WHY_##name] = (words),
#include "weir/why.def"
#undef WEIR_WHY
    };
    return why < WEIR_WHY_COUNT ? text[why] : "unknown reason";
}

const char *weir_why_name(unsigned why) {
    static const char *const name[WEIR_WHY_COUNT] = {
#define WEIR_WHY(id, words) [WEIR_WHY_##id] = #id,
#include "weir/why.def"
#undef WEIR_WHY
    };
    return why < WEIR_WHY_COUNT ? name[why] : "?";
}

// 0 when there is none.
static uint32_t ring_of(size_t bytes) {
    size_t ring = bytes > WEIR_CHANNEL_HEADER ? (bytes - WEIR_CHANNEL_HEADER) / 2 : 0;
    return ring >= MIN_RING && ring <= MAX_RING && (ring & (ring - 1)) == 0 ? (uint32_t)ring : 0;
}

int weir_channel_init(void *mem, size_t bytes) {
    struct shared *s = mem;
    uint32_t ring = ring_of(bytes);
    if (mem == NULL || ((uintptr_t)mem & 7) != 0 || ring == 0)
        return -EINVAL;
    memset(s, 0, sizeof(*s));
    s->version = WEIR_MSG_VERSION;
    s->ring_bytes = ring;
    __atomic_store_n(&s->magic, MAGIC, __ATOMIC_RELEASE);
    return 0;
}

int weir_channel_attach(void *mem, size_t bytes, enum weir_channel_end end, struct weir_channel **out) {
    struct shared *s = mem;
    uint32_t ring = ring_of(bytes);
    struct weir_channel *ch;
    unsigned self = end == WEIR_CHANNEL_GUEST ? 0 : 1;

    if (mem == NULL || ((uintptr_t)mem & 7) != 0 || ring == 0)
        return -EINVAL;
    if (__atomic_load_n(&s->magic, __ATOMIC_ACQUIRE) != MAGIC || s->version != WEIR_MSG_VERSION ||
        s->ring_bytes != ring)
        return -EPROTO;
    ch = calloc(1, sizeof(*ch));
    if (ch == NULL)
        return -ENOMEM;
    ch->size = ring;
    ch->out = &s->ring[self];
    ch->in = &s->ring[1 - self];
    ch->out_data = (uint8_t *)mem + WEIR_CHANNEL_HEADER + (size_t)self * ring;
    ch->in_data = (uint8_t *)mem + WEIR_CHANNEL_HEADER + (size_t)(1 - self) * ring;
    *out = ch;
    return 0;
}

void weir_channel_detach(struct weir_channel *ch) {
    free(ch);
}

static void wake(struct weir_channel *ch) {
    if (ch->notify != NULL)
        ch->notify(ch->notify_ctx);
}

void weir_channel_close(struct weir_channel *ch) {
    ch->closed = true;
    __atomic_store_n(&ch->out->closed, 1, __ATOMIC_RELEASE);
    wake(ch);
}

void weir_channel_set_notify(struct weir_channel *ch, void (*notify)(void *ctx), void *ctx) {
    ch->notify = notify;
    ch->notify_ctx = ctx;
}

static int broken(struct weir_channel *ch) {
    ch->broken = true;
    return -EPROTO;
}

// Bytes in use of the ring we fill; the peer's head may say anything.
static int used(struct weir_channel *ch, uint32_t *bytes) {
    uint32_t head = __atomic_load_n(&ch->out->head, __ATOMIC_ACQUIRE);
    if (ch->broken)
        return -EPROTO;
    *bytes = ch->tail - head;
    return *bytes > ch->size || (head & 7) != 0 ? broken(ch) : 0;
}

size_t weir_channel_room(struct weir_channel *ch) {
    uint32_t bytes;
    if (ch->closed || __atomic_load_n(&ch->in->closed, __ATOMIC_ACQUIRE) != 0 || used(ch, &bytes) != 0)
        return 0;
    return ch->size - bytes;
}

size_t weir_channel_size(const struct weir_channel *ch) {
    return ch->size;
}

static void put(struct weir_channel *ch, uint32_t at, uint32_t type, uint32_t len) {
    uint32_t hdr[2] = {type, len};
    memcpy(ch->out_data + at, hdr, HDR);
}

int weir_channel_send(struct weir_channel *ch, uint32_t type, const void *head, size_t head_len, const void *body,
                      size_t body_len, size_t reserve) {
    uint32_t bytes, at, pad, total, old = ch->tail;
    int err;

    if (ch->closed || __atomic_load_n(&ch->in->closed, __ATOMIC_ACQUIRE) != 0)
        return -EPIPE;
    // Half the ring, so that an empty ring takes it wherever it begins.
    if (type == PAD || head_len > ch->size || body_len > ch->size || HDR + head_len + body_len > ch->size / 2)
        return -EMSGSIZE;
    err = used(ch, &bytes);
    if (err != 0)
        return err;
    total = (uint32_t)(HDR + head_len + body_len + 7) & ~7u;
    at = ch->tail & (ch->size - 1);
    pad = ch->size - at < total ? ch->size - at : 0;
    if (reserve > ch->size || bytes + pad + total + reserve > ch->size) {
        // Said first, then looked again: the consumer that made room in between has not seen it.
        __atomic_store_n(&ch->out->blocked, 1, __ATOMIC_SEQ_CST);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        err = used(ch, &bytes);
        if (err != 0 || reserve > ch->size || bytes + pad + total + reserve > ch->size)
            return err != 0 ? err : -ENOSPC;
    }
    if (pad != 0) {
        put(ch, at, PAD, pad - HDR);
        ch->tail += pad;
        at = 0;
    }
    put(ch, at, type, (uint32_t)(head_len + body_len));
    if (head_len != 0)
        memcpy(ch->out_data + at + HDR, head, head_len);
    if (body_len != 0)
        memcpy(ch->out_data + at + HDR + head_len, body, body_len);
    ch->tail += total;
    __atomic_store_n(&ch->out->tail, ch->tail, __ATOMIC_RELEASE);
    // The consumer publishes its head, then looks at the tail before it sleeps; we do the mirror of it, so one of the
    // two sees the other and no wake-up is lost.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ch->out->head, __ATOMIC_RELAXED) == old)
        wake(ch);
    return 0;
}

// Looks at the header at head once and keeps it: 1 when there is a message.
static int look(struct weir_channel *ch) {
    if (ch->broken)
        return -EPROTO;
    while (!ch->seen) {
        uint32_t tail, avail, at = ch->head & (ch->size - 1), hdr[2], total, over;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        // Before the tail: a peer that sends and then closes is read to its end.
        over = __atomic_load_n(&ch->in->closed, __ATOMIC_ACQUIRE);
        tail = __atomic_load_n(&ch->in->tail, __ATOMIC_ACQUIRE);
        avail = tail - ch->head;
        if (avail > ch->size || (tail & 7) != 0)
            return broken(ch);
        if (avail == 0)
            return over != 0 ? -EPIPE : 0;
        memcpy(hdr, ch->in_data + at, HDR);
        if (hdr[1] > ch->size / 2)
            return broken(ch);
        total = (HDR + hdr[1] + 7) & ~7u;
        if (total > avail || total > ch->size - at)
            return broken(ch);
        if (hdr[0] == PAD) {
            // A pad ends the ring, so at most one comes before a message.
            if (total != ch->size - at || at == 0)
                return broken(ch);
            ch->head += total;
            continue;
        }
        ch->type = hdr[0];
        ch->len = hdr[1];
        ch->seen = true;
    }
    return 1;
}

int weir_channel_peek(struct weir_channel *ch, uint32_t *type, size_t *len) {
    int err = look(ch);
    if (err <= 0)
        return err;
    if (type != NULL)
        *type = ch->type;
    if (len != NULL)
        *len = ch->len;
    return 1;
}

int weir_channel_recv(struct weir_channel *ch, void *buf, size_t room) {
    int err = look(ch), len = (int)ch->len;
    if (err <= 0)
        return err == 0 ? -EAGAIN : err;
    if (room != 0) {
        if (ch->len > room)
            return -EMSGSIZE;
        memcpy(buf, ch->in_data + (ch->head & (ch->size - 1)) + HDR, ch->len);
    }
    ch->head += (HDR + ch->len + 7) & ~7u;
    ch->seen = false;
    __atomic_store_n(&ch->in->head, ch->head, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ch->in->blocked, __ATOMIC_RELAXED) != 0) {
        __atomic_store_n(&ch->in->blocked, 0, __ATOMIC_RELAXED);
        wake(ch);
    }
    return len;
}

uint64_t weir_channel_untaken(const struct weir_channel *ch, uint32_t type) {
    uint32_t head = __atomic_load_n(&ch->out->head, __ATOMIC_ACQUIRE);
    uint64_t n = 0;
    // The peer can write all of it: each step stays in the ring, and leads on.
    while (head % HDR == 0 && head != ch->tail && ch->tail - head <= ch->size) {
        uint32_t at = head & (ch->size - 1), h[2];
        memcpy(h, ch->out_data + at, sizeof(h));
        if (h[1] > ch->size - at - HDR)
            break;
        n += h[0] == type;
        head += HDR + ((h[1] + HDR - 1) & ~(HDR - 1));
    }
    return n;
}
