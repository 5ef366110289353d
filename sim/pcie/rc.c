// SPDX-License-Identifier: Apache-2.0
// Root complex, see rc.h.
#include "rc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "iommu.h"
#include "monitor.h"
#include "tlp.h"
#include "weir_abi.h"

#define RC_RID 0x0000u
#define QUEUE_TLPS 4096u
#define MAX_CPL_BYTES 256u // longest completion this root complex sends
#define TAGS 256u
#define POSTED_ROOM 64u // a flood must not outrun the link

struct pending { // a read of the card that waits for its latency
    uint64_t due;
    int fn; // who asked; later the ID may be somebody else's
    struct tlp request;
    bool used;
};

struct ask { // a non-posted request of ours; lives with whoever waits for it
    struct ask *next;
    uint8_t tag;
    bool answered;
    struct tlp answer;
};

struct rc {
    struct card *card;
    rc_wait_fn wait;
    void *wait_ctx;
    struct rc_timing timing;
    uint64_t rand;
    struct rc_stats stats;
    struct monitor *monitor;
    rc_irq_fn irq;
    rc_write_fn write;
    void *irq_ctx, *write_ctx;

    struct iommu iommu[WEIR_NUM_FNS];

    struct tlp *queue[QUEUE_TLPS]; // towards the card, in order
    unsigned head, level;
    unsigned beat;   // of queue[head]
    unsigned posted; // writes among them

    struct pending pending[TAGS];
    unsigned pending_count;
    uint64_t next_due;

    struct tlp in; // from the card, being received
    unsigned in_beats;
    struct tlp piggyback[TLP_MAX_DW / 16]; // read requests that came inside it
    unsigned piggybacks;

    struct ask *asks;
    uint8_t tag;          // the last one given
    unsigned posted_room; // our writes that may be under way
};

static uint32_t rc_rand(struct rc *rc) {
    rc->rand ^= rc->rand >> 12;
    rc->rand ^= rc->rand << 25;
    rc->rand ^= rc->rand >> 27;
    return (uint32_t)(rc->rand * 0x2545F4914F6CDD1DULL >> 32);
}

struct rc *rc_new(struct card *card) {
    struct rc *rc = calloc(1, sizeof(*rc));
    if (rc == NULL)
        return NULL;
    rc->card = card;
    rc->rand = 1;
    rc->posted_room = POSTED_ROOM;
    rc->monitor = monitor_new(WEIR_NUM_FNS);
    if (rc->monitor == NULL) {
        free(rc);
        return NULL;
    }
    return rc;
}

void rc_free(struct rc *rc) {
    if (rc == NULL)
        return;
    for (; rc->level > 0; rc->level--, rc->head = (rc->head + 1) % QUEUE_TLPS)
        free(rc->queue[rc->head]);
    for (unsigned i = 0; i < WEIR_NUM_FNS; i++)
        iommu_free(&rc->iommu[i]);
    monitor_free(rc->monitor);
    free(rc);
}

void rc_set_timing(struct rc *rc, const struct rc_timing *t) {
    rc->timing = *t;
    rc->rand = t->seed * 0x9E3779B97F4A7C15ULL + 1;
}

void rc_set_wait(struct rc *rc, rc_wait_fn fn, void *ctx, unsigned posted_room) {
    rc->wait = fn;
    rc->wait_ctx = ctx;
    rc->posted_room = fn != NULL ? posted_room : POSTED_ROOM;
}

void rc_set_irq(struct rc *rc, rc_irq_fn fn, void *ctx) {
    rc->irq = fn;
    rc->irq_ctx = ctx;
}

void rc_set_write(struct rc *rc, rc_write_fn fn, void *ctx) {
    rc->write = fn;
    rc->write_ctx = ctx;
}

const struct rc_stats *rc_stats(struct rc *rc) {
    const struct monitor_stats *m = monitor_stats(rc->monitor);
    rc->stats.violations = m->violations;
    rc->stats.ordered_completions = m->ordered_completions;
    rc->stats.ordered_interrupts = m->ordered_interrupts;
    memcpy(rc->stats.first_violation, m->first, sizeof(m->first));
    memcpy(rc->stats.errors, m->errors, sizeof(m->errors));
    return &rc->stats;
}

struct monitor *rc_monitor(struct rc *rc) {
    return rc->monitor;
}

void rc_link_reset(struct rc *rc) {
    for (; rc->level > 0; rc->level--, rc->head = (rc->head + 1) % QUEUE_TLPS)
        free(rc->queue[rc->head]);
    rc->beat = 0;
    memset(rc->pending, 0, sizeof(rc->pending));
    rc->pending_count = 0;
    rc->in_beats = rc->piggybacks = 0;
    monitor_link_reset(rc->monitor);
}

// ---- towards the card ----

static struct tlp *enqueue(struct rc *rc) {
    struct tlp *t;
    if (rc->level == QUEUE_TLPS)
        return NULL;
    t = malloc(sizeof(*t));
    if (t != NULL)
        rc->queue[(rc->head + rc->level++) % QUEUE_TLPS] = t;
    return t;
}

static uint8_t *reach(struct rc *rc, int fn, uint64_t addr, uint64_t len, unsigned rights) {
    return fn >= 0 ? iommu_find(&rc->iommu[fn], addr, len, rights) : NULL;
}

static void answer_read(struct rc *rc, int fn, const struct tlp *q) {
    uint64_t addr = tlp_addr(q);
    unsigned dw = tlp_len(q);
    unsigned skip = (unsigned)__builtin_ctz(tlp_first_be(q) | 0x10) & 3;
    unsigned tail = dw > 1 ? 3 - (31 - (unsigned)__builtin_clz(tlp_last_be(q) | 1)) : 0;
    unsigned left = dw == 1 ? (tlp_first_be(q) == 0 ? 1 : 32 - (unsigned)__builtin_clz(tlp_first_be(q)) - skip)
                            : dw * 4 - skip - tail;
    uint8_t *mem = reach(rc, fn, addr, (uint64_t)dw * 4, IOMMU_READ);
    struct tlp *t;

    if (mem == NULL) {
        rc->stats.iommu_faults++;
        t = enqueue(rc);
        if (t != NULL)
            tlp_make_cpl(t, TLP_UR, 0, RC_RID, tlp_requester(q), tlp_tag(q), left, 0);
        return;
    }
    for (unsigned at = 0; at < dw;) {
        // A completion ends at a multiple of the read completion boundary (64 bytes) unless it is the last one.
        unsigned room = (MAX_CPL_BYTES - (unsigned)(addr + at * 4) % MAX_CPL_BYTES) / 4;
        if (rc->timing.split != 0 && room > 16)
            room = (64 - (unsigned)(addr + at * 4) % 64) / 4 + 16 * (rc_rand(rc) % 4);
        unsigned n = dw - at < room ? dw - at : room;
        t = enqueue(rc);
        if (t == NULL) {
            monitor_violation(rc->monitor, card_cycles(rc->card), "root complex queue overflow");
            return;
        }
        tlp_make_cpl(t, TLP_SC, n, RC_RID, tlp_requester(q), tlp_tag(q), left,
                     (unsigned)(addr + at * 4) + (at == 0 ? skip : 0));
        memcpy(t->data, mem + at * 4, n * 4);
        left -= n * 4 - (at == 0 ? skip : 0) < left ? n * 4 - (at == 0 ? skip : 0) : left;
        at += n;
    }
}

static void release_due(struct rc *rc) {
    uint64_t now = card_cycles(rc->card);
    uint64_t next = UINT64_MAX;
    if (rc->pending_count == 0 || now < rc->next_due)
        return;
    for (;;) {
        // Oldest due first keeps equal latencies in request order.
        struct pending *best = NULL;
        next = UINT64_MAX;
        for (unsigned i = 0; i < TAGS; i++) {
            struct pending *p = &rc->pending[i];
            if (p->used && (best == NULL || p->due < best->due))
                best = p;
        }
        if (best == NULL)
            break;
        next = best->due;
        if (next > now)
            break;
        best->used = false;
        rc->pending_count--;
        answer_read(rc, best->fn, &best->request);
    }
    rc->next_due = next;
}

unsigned rc_to_card(struct rc *rc, uint32_t *hdr, uint32_t *data) {
    const struct tlp *t;
    unsigned dw, last;

    release_due(rc);
    if (rc->level == 0)
        return 0;
    t = rc->queue[rc->head];
    dw = tlp_payload_dw(t);
    last = dw == 0 ? 0 : (dw - 1) / 16;
    if (rc->beat == 0)
        memcpy(hdr, t->hdr, sizeof(t->hdr));
    if (dw != 0)
        memcpy(data, t->data + rc->beat * 16, (rc->beat == last ? dw - rc->beat * 16 : 16) * 4);
    return 1u | (rc->beat == 0 ? 2u : 0) | (rc->beat == last ? 4u : 0);
}

void rc_taken(struct rc *rc) {
    struct tlp *t = rc->queue[rc->head];
    unsigned dw = tlp_payload_dw(t);
    if (++rc->beat * 16 < dw)
        return;
    monitor_to_card(rc->monitor, t, card_cycles(rc->card));
    rc->stats.tlps_to_card++;
    rc->posted -= tlp_kind(t) == TLP_MWR32 || tlp_kind(t) == TLP_MWR64;
    rc->stats.tlp_bytes_to_card += dw * 4 + 20 + (tlp_is_4dw(t) && tlp_kind(t) != TLP_CFGWR0 ? 4 : 0);
    free(t);
    rc->beat = 0;
    rc->head = (rc->head + 1) % QUEUE_TLPS;
    rc->level--;
}

unsigned rc_low(const struct rc *rc) {
    return monitor_low(rc->monitor);
}

bool rc_quiet(const struct rc *rc) {
    return rc->level == 0 && rc->pending_count == 0;
}

// ---- from the card ----

bool rc_wants_beat(struct rc *rc) {
    return rc->timing.tx_stall == 0 || (rc_rand(rc) & 0xFF) >= rc->timing.tx_stall;
}

static void memory_write(struct rc *rc, const struct tlp *t) {
    uint64_t addr = tlp_addr(t);
    unsigned dw = tlp_len(t);
    uint8_t *mem;

    if (addr >> 20 == 0xFEE && dw == 1) {
        rc->stats.interrupts++;
        if (rc->irq != NULL)
            rc->irq(rc->irq_ctx, tlp_requester(t), t->data[0]);
        return;
    }
    rc->stats.writes++;
    rc->stats.write_bytes += dw * 4;
    if (rc->write != NULL)
        rc->write(rc->write_ctx, tlp_requester(t), addr, t->data, dw * 4);
    mem = reach(rc, monitor_owner(rc->monitor, tlp_requester(t)), addr, (uint64_t)dw * 4, IOMMU_WRITE);
    if (mem == NULL) {
        rc->stats.iommu_faults++;
        return;
    }
    // The owner of the memory may be another process that polls it: every 8 bytes at once and in ascending order, so
    // that a completion's half with the phase is never seen before the other (ring.def).
    for (unsigned i = 0; i < dw; i++) {
        unsigned be = i == 0 ? tlp_first_be(t) : i == dw - 1 ? tlp_last_be(t) : 0xF;
        if (be == 0xF && ((uintptr_t)(mem + i * 4) & 7) == 0 && i + 1 < dw && (i + 2 < dw || tlp_last_be(t) == 0xF)) {
            uint64_t v = t->data[i] | (uint64_t)t->data[i + 1] << 32;
            __atomic_store_n((uint64_t *)(void *)(mem + i * 4), v, __ATOMIC_RELEASE);
            i++;
            continue;
        }
        for (unsigned b = 0; b < 4; b++)
            if ((be >> b & 1) != 0)
                __atomic_store_n(mem + i * 4 + b, (uint8_t)(t->data[i] >> (8 * b)), __ATOMIC_RELEASE);
    }
}

static void memory_read(struct rc *rc, const struct tlp *t) {
    struct pending *p = &rc->pending[tlp_tag(t)];

    rc->stats.reads++;
    rc->stats.read_bytes += tlp_len(t) * 4;
    if (p->used)
        return; // the monitor has said so
    p->used = true;
    p->fn = monitor_owner(rc->monitor, tlp_requester(t));
    p->due = card_cycles(rc->card) + rc->timing.read_latency +
             (rc->timing.jitter != 0 ? rc_rand(rc) % (rc->timing.jitter + 1) : 0);
    memcpy(p->request.hdr, t->hdr, sizeof(t->hdr));
    if (rc->pending_count++ == 0 || p->due < rc->next_due)
        rc->next_due = p->due;
}

static void receive(struct rc *rc, const struct tlp *t, unsigned beats) {
    unsigned dw = tlp_payload_dw(t);

    rc->stats.tlps_from_card++;
    rc->stats.tlp_bytes_from_card += dw * 4 + 20 + (tlp_is_4dw(t) ? 4 : 0);
    monitor_from_card(rc->monitor, t, beats, card_cycles(rc->card));
    switch (tlp_kind(t)) {
    case TLP_MRD32:
    case TLP_MRD64:
        memory_read(rc, t);
        break;
    case TLP_MWR32:
    case TLP_MWR64:
        memory_write(rc, t);
        break;
    case TLP_CPL:
    case TLP_CPLD:
        for (struct ask *a = rc->asks; a != NULL; a = a->next) {
            if (a->answered || tlp_cpl_tag(t) != a->tag)
                continue;
            a->answer = *t;
            a->answered = true;
            break;
        }
        break;
    default:
        break;
    }
}

void rc_from_card(struct rc *rc, unsigned flags, const uint32_t *hdr, const uint32_t *data) {
    if ((flags & 2) != 0) {
        memcpy(rc->in.hdr, hdr, sizeof(rc->in.hdr));
        rc->in_beats = 0;
    } else if ((flags & 8) != 0 && rc->piggybacks < TLP_MAX_DW / 16) {
        memcpy(rc->piggyback[rc->piggybacks++].hdr, hdr, sizeof(rc->in.hdr));
    }
    if (rc->in_beats < TLP_MAX_DW / 16)
        memcpy(rc->in.data + rc->in_beats * 16, data, 64);
    rc->in_beats++;
    if ((flags & 4) == 0)
        return;
    receive(rc, &rc->in, rc->in_beats);
    for (unsigned i = 0; i < rc->piggybacks; i++)
        receive(rc, &rc->piggyback[i], 1);
    rc->piggybacks = 0;
}

// ---- software's accesses ----

// Until *done (NULL: nothing but the time) or the cycle `until`.
static void await(struct rc *rc, const bool *done, uint64_t until) {
    while ((done == NULL || !*done) && card_cycles(rc->card) < until)
        if (rc->wait == NULL || !rc->wait(rc->wait_ctx, done, until))
            card_step(rc->card, done == NULL ? until - card_cycles(rc->card) : 1, false);
}

void rc_pass(struct rc *rc, uint64_t cycles) {
    await(rc, NULL, card_cycles(rc->card) + cycles);
}

static bool tag_used(const struct rc *rc, uint8_t tag) {
    for (const struct ask *a = rc->asks; a != NULL; a = a->next)
        if (a->tag == tag)
            return true;
    return false;
}

// Fewer ask at a time than there are tags: each function one.
static uint8_t new_tag(struct rc *rc) {
    do
        rc->tag++;
    while (tag_used(rc, rc->tag));
    return rc->tag;
}

// Behind enqueue, with the tag that the request has.
static int ask(struct rc *rc, uint8_t tag, uint32_t *value) {
    struct ask a = {.next = rc->asks, .tag = tag};

    rc->asks = &a;
    await(rc, &a.answered, card_cycles(rc->card) + RC_WAIT_CYCLES);
    for (struct ask **at = &rc->asks; *at != NULL; at = &(*at)->next) {
        if (*at == &a) {
            *at = a.next;
            break;
        }
    }
    if (!a.answered)
        return -ETIMEDOUT;
    switch (tlp_cpl_status(&a.answer)) {
    case TLP_SC:
        if (value != NULL && tlp_has_data(&a.answer))
            *value = a.answer.data[0];
        return 0;
    case TLP_UR:
        return -ENODEV;
    case TLP_CRS:
        return -EAGAIN;
    default:
        return -EIO;
    }
}

static unsigned byte_enables(unsigned offset, unsigned size) {
    return ((1u << size) - 1) << (offset & 3) & 0xF;
}

int rc_cfg_read(struct rc *rc, uint16_t rid, unsigned offset, unsigned size, uint32_t *value) {
    struct tlp *t = enqueue(rc);
    uint8_t tag = new_tag(rc);
    uint32_t v = UINT32_MAX;
    int err = -ENOMEM;

    if (t != NULL) {
        tlp_make_cfg(t, false, RC_RID, tag, rid, offset, byte_enables(offset, size), 0);
        err = ask(rc, tag, &v);
    }
    if (err != 0)
        v = UINT32_MAX;
    v >>= 8 * (offset & 3);
    *value = size >= 4 ? v : v & ((1u << 8 * size) - 1);
    return err;
}

int rc_cfg_write(struct rc *rc, uint16_t rid, unsigned offset, unsigned size, uint32_t value) {
    struct tlp *t = enqueue(rc);
    uint8_t tag = new_tag(rc);
    if (t == NULL)
        return -ENOMEM;
    tlp_make_cfg(t, true, RC_RID, tag, rid, offset, byte_enables(offset, size), value << 8 * (offset & 3));
    return ask(rc, tag, NULL);
}

int rc_mem_read(struct rc *rc, uint64_t addr, uint32_t *value) {
    struct tlp *t = enqueue(rc);
    uint8_t tag = new_tag(rc);
    int err = -ENOMEM;

    *value = UINT32_MAX;
    if (t != NULL) {
        tlp_make_mem(t, false, RC_RID, tag, addr, 1, 0xF, 0);
        err = ask(rc, tag, value);
    }
    if (err != 0)
        *value = UINT32_MAX;
    return err;
}

static int post(struct rc *rc, uint64_t addr, unsigned dw, const void *bytes) {
    struct tlp *t = enqueue(rc);
    if (t == NULL)
        return -ENOMEM;
    tlp_make_mem(t, true, RC_RID, 0, addr, dw, 0xF, dw > 1 ? 0xF : 0);
    memcpy(t->data, bytes, dw * 4);
    rc->posted++;
    for (unsigned i = 0; i < RC_WAIT_CYCLES && rc->posted > rc->posted_room; i++)
        rc_pass(rc, 1);
    return 0;
}

int rc_mem_write(struct rc *rc, uint64_t addr, uint32_t value) {
    return post(rc, addr, 1, &value);
}

int rc_mem_write_bytes(struct rc *rc, uint64_t addr, const void *bytes, unsigned n) {
    return post(rc, addr, n / 4, bytes);
}

int rc_map_rights(struct rc *rc, uint16_t rid, uint64_t iova, void *mem, uint64_t len, unsigned rights) {
    unsigned fn = (unsigned)(rid - RC_PF_RID);
    return fn < WEIR_NUM_FNS ? iommu_map(&rc->iommu[fn], iova, mem, len, rights) : -EINVAL;
}

int rc_map(struct rc *rc, uint16_t rid, uint64_t iova, void *mem, uint64_t len) {
    return rc_map_rights(rc, rid, iova, mem, len, IOMMU_READ | IOMMU_WRITE);
}

void rc_unmap(struct rc *rc, uint16_t rid, uint64_t iova, uint64_t len) {
    unsigned fn = (unsigned)(rid - RC_PF_RID);
    if (fn < WEIR_NUM_FNS)
        (void)iommu_unmap(&rc->iommu[fn], iova, len);
}
