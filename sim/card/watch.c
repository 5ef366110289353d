// SPDX-License-Identifier: Apache-2.0
// See watch.h.
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define BEAT 64u

enum { VALID = 1u << 0, SOP = 1u << 1, EOP = 1u << 2, MARK = 1u << 3 }; // MARK: void frame of tx, fence of rx

struct frame {
    struct frame *next;
    unsigned vport;
    size_t len, have;
    bool fence;
    uint8_t data[WIRE_MAX_FRAME];
};

struct watch {
    card_frame_fn fn;
    void *ctx;
    struct frame tx;            // on its way into the switch
    struct frame *rx;           // on its way to a vPort
    struct frame *first, *last; // whole, waiting for their disposition
    struct frame *spare;
};

struct watch *watch_new(card_frame_fn fn, void *ctx) {
    struct watch *t = calloc(1, sizeof(*t));
    if (t != NULL) {
        t->fn = fn;
        t->ctx = ctx;
    }
    return t;
}

static void free_list(struct frame *f) {
    while (f != NULL) {
        struct frame *next = f->next;
        free(f);
        f = next;
    }
}

void watch_free(struct watch *t) {
    if (t == NULL)
        return;
    free_list(t->first);
    free_list(t->spare);
    free(t->rx);
    free(t);
}

static void take(struct frame *f, uint32_t flags, const uint32_t *data) {
    if ((flags & SOP) != 0) {
        f->vport = flags >> 8 & 0xFF;
        f->len = flags >> 16 & 0x3FFF;
        f->have = 0;
        f->fence = (flags & MARK) != 0;
    }
    if (f->have + BEAT <= sizeof(f->data))
        memcpy(f->data + f->have, data, BEAT);
    f->have += BEAT;
}

static void tell(struct watch *t, const struct frame *f, bool to_vport, unsigned reason, uint64_t cycle) {
    const struct card_frame say = {.to_vport = to_vport,
                                   .vport = f->vport,
                                   .reason = reason,
                                   .data = f->data,
                                   .len = f->len < sizeof(f->data) ? f->len : sizeof(f->data),
                                   .cycle = cycle};
    t->fn(t->ctx, &say);
}

static struct frame *new_frame(struct watch *t) {
    struct frame *f = t->spare;
    if (f == NULL)
        return malloc(sizeof(*f));
    t->spare = f->next;
    return f;
}

static void to_vport(struct watch *t, uint32_t flags, const uint32_t *data) {
    if ((flags & SOP) != 0 && t->rx == NULL)
        t->rx = new_frame(t);
    if (t->rx == NULL)
        return; // begun before anybody looked
    take(t->rx, flags, data);
    if ((flags & EOP) == 0)
        return;
    t->rx->next = NULL;
    *(t->last != NULL ? &t->last->next : &t->first) = t->rx;
    t->last = t->rx;
    t->rx = NULL;
}

void watch_beat(struct watch *t, uint64_t cycle, uint32_t tx, const uint32_t *tx_data, uint32_t rx,
                const uint32_t *rx_data, uint32_t disposition) {
    if ((tx & VALID) != 0) {
        bool is_void = (tx & (EOP | MARK)) == (EOP | MARK);
        take(&t->tx, tx, tx_data);
        if ((tx & EOP) != 0 && !is_void)
            tell(t, &t->tx, false, 0, cycle);
    }
    if ((disposition & VALID) != 0 && t->first != NULL) {
        struct frame *f = t->first;
        t->first = f->next;
        if (t->first == NULL)
            t->last = NULL;
        if (!f->fence)
            tell(t, f, true, disposition >> 8, cycle);
        f->next = t->spare;
        t->spare = f;
    }
    if ((rx & VALID) != 0)
        to_vport(t, rx, rx_data);
}
