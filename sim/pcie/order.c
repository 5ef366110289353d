// SPDX-License-Identifier: Apache-2.0
// See order.h. Bytes are counted by the word: a write adds one to each of its words, a completion takes one from each
// word that its frame fills, so that a buffer given twice to the card still needs two writes. Words of frames that were
// dropped after their bytes stay counted: that makes the check weaker there, never wrong.
#include "order.h"

#include <stdlib.h>
#include <string.h>

#include "weir_abi.h"
#include "weir_mbox.h"

#define REQ_WORDS 10u // of a request: as many as CREATE_QP has
#define PAGE_WORDS 1024u
#define ARMS 2u // interrupts that may be on their way for one ring: one caused, one armed since

struct page {
    struct page *next, *same; // of its bucket, of its function
    uint64_t number;
    unsigned fn;
    uint16_t count[PAGE_WORDS];
};

struct buffer {
    uint64_t addr;
    uint32_t bytes;
    uint16_t id;
    bool stream, known;
};

struct ring {
    struct ring *next;
    unsigned qp, vector;
    uint64_t rx_base, cq_base;
    uint32_t rx_mask, cq_mask;
    struct buffer *buffers; // as the card last read them, by place in the ring
    uint32_t at;            // the place behind the buffer in use, free running: buffers used,
    uint16_t posted;        //   and posted
    struct buffer in_use;   // a copy: the driver may post the place again before the next buffer is begun
    unsigned last;          // offset of its last frame in 64-byte units
    bool begun;             // a completion was seen: the next follows it
    uint32_t tail;          // completions seen, free running
    uint16_t armed[ARMS];   // heads, oldest first
    unsigned arms;
    bool irq_forced; // the VF goes on: one interrupt may come for what it may have missed
};

struct function {
    uint32_t req[REQ_WORDS]; // the mailbox request as written so far
    bool asked;              // CREATE_QP was handed over and not answered
    uint16_t seq;            // its number
    struct weir_create_qp_req create;
    struct ring *rings;
    struct page *pages;
    uint32_t entry[WEIR_FN_VECTORS][3]; // MSI-X table: address, address, data
};

struct order {
    struct order_stats stats;
    struct function fn[ORDER_FNS];
    struct page **bucket;
    unsigned buckets, pages;
    unsigned fns; // beyond these no function has had a ring
};

struct order *order_new(void) {
    struct order *o = calloc(1, sizeof(*o));
    if (o == NULL)
        return NULL;
    o->buckets = 64;
    o->bucket = calloc(o->buckets, sizeof(struct page *));
    if (o->bucket == NULL) {
        free(o);
        return NULL;
    }
    return o;
}

const struct order_stats *order_stats(const struct order *o) {
    return &o->stats;
}

static void ring_free(struct ring *r) {
    free(r->buffers);
    free(r);
}

static void force_irqs(struct function *f) {
    for (struct ring *r = f->rings; r != NULL; r = r->next)
        r->irq_forced = true;
}

static void forget(struct function *f, int qp) { // -1 = all
    for (struct ring **at = &f->rings; *at != NULL;) {
        struct ring *r = *at;
        if (qp < 0 || r->qp == (unsigned)qp) {
            *at = r->next;
            ring_free(r);
        } else {
            at = &r->next;
        }
    }
}

// ---- counts of written words ----

static unsigned slot_of(const struct order *o, unsigned fn, uint64_t number) {
    return (unsigned)((number * 0x9E3779B97F4A7C15ull >> 32) + fn * 0x85EBCA6Bu) & (o->buckets - 1);
}

// A driver's next generation has other memory, so the counts of this one would only pile up.
static void drop_pages(struct order *o, struct function *f) {
    while (f->pages != NULL) {
        struct page *p = f->pages, **at = &o->bucket[slot_of(o, p->fn, p->number)];
        while (*at != p)
            at = &(*at)->next;
        *at = p->next;
        f->pages = p->same;
        o->pages--;
        free(p);
    }
}

static void grow(struct order *o) {
    struct page **old = o->bucket, **wide = calloc(o->buckets * 2ul, sizeof(struct page *));
    unsigned n = o->buckets;
    if (wide == NULL)
        return; // longer chains
    o->bucket = wide;
    o->buckets = n * 2;
    for (unsigned i = 0; i < n; i++)
        for (struct page *p = old[i], *next; p != NULL; p = next) {
            unsigned to = slot_of(o, p->fn, p->number);
            next = p->next;
            p->next = wide[to];
            wide[to] = p;
        }
    free(old);
}

static uint16_t *count_of(struct order *o, unsigned fn, uint64_t addr, bool make) {
    uint64_t number = addr / (PAGE_WORDS * 4);
    struct page **head = &o->bucket[slot_of(o, fn, number)], *p = *head;
    while (p != NULL && (p->number != number || p->fn != fn))
        p = p->next;
    if (p == NULL && make && (p = calloc(1, sizeof(*p))) != NULL) {
        p->number = number;
        p->fn = fn;
        p->next = *head;
        *head = p;
        p->same = o->fn[fn].pages;
        o->fn[fn].pages = p;
        if (++o->pages > o->buckets)
            grow(o);
    }
    return p != NULL ? &p->count[addr / 4 % PAGE_WORDS] : NULL;
}

void order_reset(struct order *o, unsigned fn) {
    forget(&o->fn[fn], -1);
    drop_pages(o, &o->fn[fn]);
    o->fn[fn].asked = false;
    memset(o->fn[fn].entry, 0, sizeof(o->fn[fn].entry));
}

void order_free(struct order *o) {
    if (o == NULL)
        return;
    for (unsigned i = 0; i < ORDER_FNS; i++)
        order_reset(o, i);
    free(o->bucket);
    free(o);
}

// ---- what the host does ----

static void ring_new(struct function *f, const struct weir_create_qp_req *q) {
    struct ring *r;
    if (q->rx_log2 > 16 || q->cq_log2 > 16)
        return;
    forget(f, q->qp);
    r = calloc(1, sizeof(*r));
    if (r == NULL)
        return;
    r->buffers = calloc(1ul << q->rx_log2, sizeof(*r->buffers));
    if (r->buffers == NULL) {
        free(r);
        return;
    }
    r->qp = q->qp;
    r->vector = q->vector;
    r->rx_base = q->rx_base;
    r->cq_base = q->cq_base;
    r->rx_mask = (1u << q->rx_log2) - 1;
    r->cq_mask = (1u << q->cq_log2) - 1;
    r->next = f->rings;
    f->rings = r;
}

// A request is the card's from here on. Rings go at once, before their memory can be used for something else.
static void handed_over(struct order *o, unsigned fn) {
    struct function *f = &o->fn[fn];
    struct weir_mbox_hdr hdr;
    struct weir_qp_req qp;
    struct weir_vf_req vf;

    memcpy(&hdr, f->req, sizeof(hdr));
    memcpy(&qp, (const uint8_t *)f->req + sizeof(hdr), sizeof(qp));
    memcpy(&vf, (const uint8_t *)f->req + sizeof(hdr), sizeof(vf));
    f->asked = hdr.opcode == WEIR_CMD_CREATE_QP;
    f->seq = hdr.seq;
    memcpy(&f->create, (const uint8_t *)f->req + sizeof(hdr), sizeof(f->create));
    if (hdr.opcode == WEIR_CMD_DESTROY_QP)
        forget(f, qp.qp);
    else if (fn == 0 && (hdr.opcode == WEIR_CMD_RESET_VF || hdr.opcode == WEIR_CMD_FREE_VF) && vf.vf + 1u < ORDER_FNS)
        order_reset(o, vf.vf + 1u);
    else if (fn == 0 && hdr.opcode == WEIR_CMD_SET_VF_STATE && vf.vf + 1u < ORDER_FNS)
        force_irqs(&o->fn[vf.vf + 1u]);
}

static void doorbell(struct function *f, unsigned offset, uint32_t value) {
    for (struct ring *r = f->rings; r != NULL; r = r->next) {
        if (r->qp != offset / WEIR_BAR_DOORBELL_SIZE)
            continue;
        if (offset % WEIR_BAR_DOORBELL_SIZE == WEIR_BAR_DB_RX_TAIL)
            r->posted = (uint16_t)value;
        if (offset % WEIR_BAR_DOORBELL_SIZE != WEIR_BAR_DB_CQ || WEIR_GET(value, BAR_DB_CQ_ARM) == 0)
            continue;
        if (r->arms == ARMS)
            r->armed[0] = r->armed[--r->arms];
        r->armed[r->arms++] = (uint16_t)WEIR_GET(value, BAR_DB_CQ_HEAD);
    }
}

void order_bar_write(struct order *o, unsigned fn, unsigned offset, uint32_t value) {
    struct function *f = &o->fn[fn];
    unsigned word;

    if (offset >= WEIR_BAR_MBOX_REQ && offset < WEIR_BAR_MBOX_REQ + sizeof(f->req)) {
        f->req[(offset - WEIR_BAR_MBOX_REQ) / 4] = value;
    } else if (offset == WEIR_BAR_MBOX_OWNER && (value & 1) != 0) {
        handed_over(o, fn);
    } else if (offset >= WEIR_BAR_MSIX_TABLE_BASE && offset < WEIR_BAR_MSIX_TABLE_BASE + WEIR_BAR_MSIX_TABLE_SIZE) {
        word = (offset - WEIR_BAR_MSIX_TABLE_BASE) / 4;
        if (word / 4 < WEIR_FN_VECTORS && word % 4 < 3)
            f->entry[word / 4][word % 4] = value;
    } else if (offset >= WEIR_BAR_DOORBELL_BASE) {
        doorbell(f, offset - WEIR_BAR_DOORBELL_BASE, value);
    }
}

// The word with sequence and status of the answer: only what the card accepted is a ring.
void order_bar_read(struct order *o, unsigned fn, unsigned offset, uint32_t value) {
    struct function *f = &o->fn[fn];

    if (!f->asked || offset != WEIR_BAR_MBOX_RSP + 4 || (uint16_t)value != f->seq)
        return;
    f->asked = false;
    o->fns = fn >= o->fns ? fn + 1 : o->fns;
    if (value >> 16 == WEIR_OK)
        ring_new(f, &f->create);
}

void order_answer(struct order *o, unsigned fn, uint64_t addr, const void *data, unsigned bytes) {
    for (struct ring *r = o->fn[fn].rings; r != NULL; r = r->next) {
        uint64_t size = (r->rx_mask + 1ull) * 16;
        if (addr + bytes <= r->rx_base || addr >= r->rx_base + size)
            continue;
        for (uint64_t at = (addr + 15) & ~15ull; at + 16 <= addr + bytes; at += 16) {
            struct weir_ring_entry d;
            if (at < r->rx_base || at >= r->rx_base + size)
                continue;
            memcpy(&d, (const uint8_t *)data + (at - addr), sizeof(d));
            r->buffers[(at - r->rx_base) / 16] = (struct buffer){.addr = WEIR_RING_GET(d, RXD_ADDR),
                                                                 .id = (uint16_t)WEIR_RING_GET(d, RXD_BUF_ID),
                                                                 .bytes = (uint32_t)WEIR_RING_GET(d, RXD_LEN64) * 64,
                                                                 .stream = WEIR_RING_GET(d, RXD_STREAM) != 0,
                                                                 .known = true};
        }
    }
}

unsigned order_low(const struct order *o) {
    unsigned low = 0;
    for (unsigned fn = 0; fn < o->fns; fn++)
        for (const struct ring *r = o->fn[fn].rings; r != NULL; r = r->next)
            low += r->at != 0 && (uint16_t)(r->posted - r->at) * 2u <= r->rx_mask;
    return low;
}

// ---- what the card does ----

// The buffer that a completion names: the one in use, or one behind it in the ring.
static const struct buffer *buffer_of(struct ring *r, uint16_t id, unsigned offset) {
    struct buffer *b = &r->in_use;

    if (!(b->known && b->stream && b->id == id && offset > r->last)) {
        b->known = false;
        for (uint32_t i = 0; i <= r->rx_mask && !b->known; i++) {
            struct buffer *next = &r->buffers[r->at++ & r->rx_mask];
            if (next->known && next->id == id)
                *b = *next;
            next->known = false;
        }
    }
    r->last = offset;
    return b->known ? b : NULL;
}

static const char *completed(struct order *o, unsigned fn, struct ring *r, struct weir_ring_entry d) {
    unsigned bytes = (unsigned)WEIR_RING_GET(d, CPL_LEN), offset = (unsigned)WEIR_RING_GET(d, CPL_OFFSET64);
    uint64_t from, to;
    const struct buffer *b;

    o->stats.completions++;
    if (WEIR_RING_GET(d, CPL_IS_TX) != 0 || WEIR_RING_GET(d, CPL_FENCE) != 0 || WEIR_RING_GET(d, CPL_ERR) != 0)
        return NULL;
    b = buffer_of(r, (uint16_t)WEIR_RING_GET(d, CPL_BUF_ID), offset);
    if (b == NULL)
        return "a completion names a buffer that the card has not read (pcie 47)";
    from = b->addr + offset * 64ull;
    to = from + bytes < b->addr + b->bytes ? from + bytes : b->addr + b->bytes;
    for (uint64_t at = (from + 3) & ~3ull; at + 4 <= to; at += 4) {
        uint16_t *n = count_of(o, fn, at, false);
        if (n == NULL || *n == 0)
            return "a completion is in front of its frame's bytes (pcie 47)";
        --*n;
    }
    return NULL;
}

static const char *entries(struct order *o, unsigned fn, struct ring *r, uint64_t addr, const uint32_t *data,
                           unsigned dw) {
    const char *wrong = NULL;
    for (unsigned i = 0; i + 4 <= dw; i += 4) {
        uint32_t place = (uint32_t)((addr - r->cq_base) / 16 + i / 4);
        struct weir_ring_entry d;
        if (place > r->cq_mask)
            return "a write of completions runs over the ring's end (pcie 47)";
        if (r->begun && place != (r->tail & r->cq_mask))
            return "completions are out of order (pcie 47)";
        if (!r->begun)
            r->tail = place;
        r->begun = true;
        r->tail++;
        memcpy(&d, data + i, sizeof(d));
        if (wrong == NULL)
            wrong = completed(o, fn, r, d);
    }
    return wrong;
}

const char *order_write(struct order *o, unsigned fn, uint64_t addr, const uint32_t *data, unsigned dw,
                        unsigned first_be, unsigned last_be) {
    struct function *f = &o->fn[fn];
    for (struct ring *r = f->rings; r != NULL; r = r->next)
        if (addr >= r->cq_base && addr < r->cq_base + (r->cq_mask + 1ull) * 16)
            return entries(o, fn, r, addr, data, dw);
    if (f->rings == NULL)
        return NULL;
    for (unsigned i = 0; i < dw; i++) {
        uint16_t *n;
        if ((i == 0 && first_be != 0xF) || (i != 0 && i == dw - 1 && last_be != 0xF))
            continue;
        n = count_of(o, fn, addr + i * 4ull, true);
        if (n != NULL && *n < UINT16_MAX)
            ++*n;
    }
    return NULL;
}

const char *order_message(struct order *o, unsigned fn, uint64_t addr, uint32_t data) {
    struct function *f = &o->fn[fn];
    unsigned vector = 0, same = 0, rings = 0;

    for (unsigned v = 0; v < WEIR_FN_VECTORS; v++)
        if (f->entry[v][2] == data && ((uint64_t)f->entry[v][1] << 32 | f->entry[v][0]) == addr) {
            vector = v;
            same++;
        }
    if (same != 1 || vector == 0)
        return NULL;
    for (struct ring *r = f->rings; r != NULL; r = r->next) {
        if (r->vector != vector)
            continue;
        rings++;
        for (unsigned i = 0; i < r->arms; i++)
            if ((int16_t)((uint16_t)r->tail - r->armed[i]) > 0) {
                r->arms--;
                memmove(&r->armed[i], &r->armed[i + 1], (r->arms - i) * sizeof(r->armed[0]));
                o->stats.interrupts++;
                return NULL;
            }
        if (r->irq_forced) {
            r->irq_forced = false;
            return NULL;
        }
    }
    return rings != 0 ? "an interrupt is in front of the completion it is for (pcie 47)" : NULL;
}
