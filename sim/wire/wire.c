// SPDX-License-Identifier: Apache-2.0
// The cable, see wire.h.
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE 4096u
#define OVERHEAD 24u // FCS 4, preamble 8, gap 12

struct frame {
    size_t len;
    bool bad;
    uint8_t data[];
};

struct wire {
    struct frame *queue[QUEUE];
    unsigned head, level;
    size_t at;         // bytes of queue[head] sent
    uint64_t in_free;  // in den-ths of a cycle: when the direction towards the card is free again
    uint64_t out_free; // same, from the card
    unsigned num, den;
    uint8_t out[WIRE_MAX_FRAME + 64];
    size_t out_len;
    uint64_t out_start; // cycle of the first beat
    wire_rx_fn rx, sent;
    void *rx_ctx, *sent_ctx;
};

struct wire *wire_new(void) {
    struct wire *w = calloc(1, sizeof(*w));
    if (w != NULL)
        w->den = 1;
    return w;
}

void wire_free(struct wire *w) {
    if (w == NULL)
        return;
    for (; w->level > 0; w->level--, w->head = (w->head + 1) % QUEUE)
        free(w->queue[w->head]);
    free(w);
}

void wire_set_rx(struct wire *w, wire_rx_fn fn, void *ctx) {
    w->rx = fn;
    w->rx_ctx = ctx;
}

void wire_set_sent(struct wire *w, wire_rx_fn fn, void *ctx) {
    w->sent = fn;
    w->sent_ctx = ctx;
}

void wire_set_rate(struct wire *w, unsigned num, unsigned den) {
    w->num = num;
    w->den = den != 0 ? den : 1;
    w->in_free = w->out_free = 0;
}

int wire_send(struct wire *w, const uint8_t *frame, size_t len, bool bad) {
    struct frame *f;
    if (len == 0 || len > WIRE_MAX_FRAME)
        return -EMSGSIZE;
    if (w->level == QUEUE)
        return -ENOBUFS;
    f = malloc(sizeof(*f) + len);
    if (f == NULL)
        return -ENOMEM;
    f->len = len;
    f->bad = bad;
    memcpy(f->data, frame, len);
    w->queue[(w->head + w->level++) % QUEUE] = f;
    return 0;
}

unsigned wire_queued(const struct wire *w) {
    return w->level;
}

// When a frame that starts at `now` (or as soon as the line is free) lets the next one start.
static uint64_t occupy(const struct wire *w, uint64_t now, uint64_t free_at, size_t len) {
    uint64_t start = now * w->den > free_at ? now * w->den : free_at;
    return start + (uint64_t)(len + OVERHEAD) * w->num;
}

unsigned wire_to_card(struct wire *w, uint64_t cycle, uint32_t *bytes, uint32_t *data) {
    struct frame *f;
    size_t n;
    unsigned flags;

    if (w->level == 0)
        return 0;
    f = w->queue[w->head];
    if (w->at == 0) {
        if (w->num != 0 && w->in_free >= (cycle + 1) * w->den)
            return 0;
        w->in_free = occupy(w, cycle, w->in_free, f->len);
    }
    n = f->len - w->at < 64 ? f->len - w->at : 64;
    memcpy(data, f->data + w->at, n);
    *bytes = (uint32_t)n;
    flags = 1u | (w->at == 0 ? 2u : 0);
    w->at += n;
    if (w->at < f->len)
        return flags;
    flags |= 4u | (f->bad ? 8u : 0);
    if (w->sent != NULL && !f->bad)
        w->sent(w->sent_ctx, f->data, f->len, cycle);
    free(f);
    w->at = 0;
    w->head = (w->head + 1) % QUEUE;
    w->level--;
    return flags;
}

bool wire_wants_beat(struct wire *w, uint64_t cycle) {
    return w->num == 0 || w->out_len != 0 || w->out_free < (cycle + 1) * w->den;
}

void wire_from_card(struct wire *w, uint64_t cycle, unsigned flags, unsigned bytes, const uint32_t *data) {
    size_t n = (flags & 4) != 0 ? bytes : 64;
    if ((flags & 2) != 0) {
        w->out_len = 0;
        w->out_start = cycle;
    }
    if (w->out_len + n <= sizeof(w->out)) {
        memcpy(w->out + w->out_len, data, n);
        w->out_len += n;
    }
    if ((flags & 4) == 0)
        return;
    w->out_free = occupy(w, w->out_start, w->out_free, w->out_len);
    if (w->rx != NULL)
        w->rx(w->rx_ctx, w->out, w->out_len, cycle);
    w->out_len = 0;
}

bool wire_quiet(const struct wire *w) {
    return w->level == 0;
}
