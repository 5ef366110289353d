// SPDX-License-Identifier: Apache-2.0
// See inproc.h.
#include "inproc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "host.h"
#include "rc.h"
#include "weir_abi.h"

#define CYCLES_PER_US (WEIR_CLOCK_HZ / 1000000u)
// Bus addresses, of which none is the memory's own in the process, so that a missing translation shows. Below 4 GiB
// first, as Linux gives them to PCI devices: the card's requests then have the short header. Each function has a place
// of its own, so that an access with another's requester ID finds nothing; what does not fit goes high.
#define IOVA_LOW(fn) (0x10000000ull + (fn) * (uint64_t)IOVA_ROOM)
#define IOVA_ROOM 0x3000000u
#define IOVA_HIGH(fn) (0x5000000000ull + ((uint64_t)(fn) << 32))
_Static_assert(0x10000000ull + WEIR_NUM_FNS * (uint64_t)IOVA_ROOM < 0xFEE00000ull, "clear of interrupt messages");

struct inproc_fn {
    struct weir_bus bus;
    struct weir_inproc *ip;
    unsigned fn;
    unsigned irqs[WEIR_FN_VECTORS];
    uint64_t next_iova;
};

struct weir_inproc {
    struct host *host;
    struct card *card;
    struct rc *rc;
    bool high; // bus addresses of functions to come
    struct inproc_fn *fn[WEIR_NUM_FNS];
};

static void on_irq(void *ctx, unsigned fn, unsigned vector) {
    struct weir_inproc *ip = ctx;
    if (fn < WEIR_NUM_FNS && ip->fn[fn] != NULL && vector < WEIR_FN_VECTORS)
        ip->fn[fn]->irqs[vector]++;
}

struct weir_inproc *weir_inproc_new(struct host *host) {
    struct weir_inproc *ip = calloc(1, sizeof(*ip));
    if (ip == NULL)
        return NULL;
    ip->host = host;
    ip->card = host_card(host);
    ip->rc = card_rc(ip->card);
    host_set_irq(host, on_irq, ip);
    return ip;
}

void weir_inproc_free(struct weir_inproc *ip) {
    if (ip != NULL)
        host_set_irq(ip->host, NULL, NULL);
    free(ip);
}

void weir_inproc_high(struct weir_inproc *ip) {
    ip->high = true;
}

static struct inproc_fn *self(struct weir_bus *bus) {
    return (struct inproc_fn *)bus;
}

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    return rc_cfg_read(self(bus)->ip->rc, host_rid(self(bus)->fn), offset, size, value);
}

static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    return rc_cfg_write(self(bus)->ip->rc, host_rid(self(bus)->fn), offset, size, value);
}

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    uint64_t size, bar = host_bar(self(bus)->ip->host, self(bus)->fn, &size);
    *value = UINT32_MAX;
    if (bar == 0 || offset + 4 > size)
        return -ENODEV;
    return rc_mem_read(self(bus)->ip->rc, bar + offset, value);
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    uint64_t size, bar = host_bar(self(bus)->ip->host, self(bus)->fn, &size);
    if (bar == 0 || offset + 4 > size)
        return -ENODEV;
    return rc_mem_write(self(bus)->ip->rc, bar + offset, value);
}

static int bar_write64(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    uint64_t size, bar = host_bar(self(bus)->ip->host, self(bus)->fn, &size);
    if (bar == 0 || offset + 64 > size)
        return -ENODEV;
    return rc_mem_write_bytes(self(bus)->ip->rc, bar + offset, bytes, 64);
}

static uint64_t bar_size(struct weir_bus *bus) {
    uint64_t size;
    return host_bar(self(bus)->ip->host, self(bus)->fn, &size) != 0 ? size : 0;
}

static int dma_alloc(struct weir_bus *bus, size_t bytes, struct weir_dma *dma) {
    struct inproc_fn *f = self(bus);
    size_t room = (bytes + 4095) & ~(size_t)4095;
    void *mem = aligned_alloc(4096, room);
    int err;

    if (mem == NULL)
        return -ENOMEM;
    memset(mem, 0, room);
    if (f->next_iova < IOVA_LOW(f->fn + 1) && f->next_iova + room > IOVA_LOW(f->fn + 1))
        f->next_iova = IOVA_HIGH(f->fn);
    err = rc_map(f->ip->rc, host_rid(f->fn), f->next_iova, mem, room);
    if (err != 0) {
        free(mem);
        return err;
    }
    *dma = (struct weir_dma){mem, f->next_iova, room};
    f->next_iova += room + 4096; // a hole between two areas catches what runs over
    return 0;
}

static void dma_free(struct weir_bus *bus, struct weir_dma *dma) {
    if (dma->mem == NULL)
        return;
    rc_unmap(self(bus)->ip->rc, host_rid(self(bus)->fn), dma->iova, dma->bytes);
    free(dma->mem);
    memset(dma, 0, sizeof(*dma));
}

static int irq_enable(struct weir_bus *bus, unsigned n) {
    return host_msix_enable(self(bus)->ip->host, self(bus)->fn, n);
}

static unsigned irq_take(struct weir_bus *bus, unsigned vector) {
    unsigned n = vector < WEIR_FN_VECTORS ? self(bus)->irqs[vector] : 0;
    if (n != 0)
        self(bus)->irqs[vector] = 0;
    return n;
}

static int irq_fd(struct weir_bus *bus, unsigned vector) {
    (void)bus;
    (void)vector;
    return -1;
}

static int reset(struct weir_bus *bus) {
    return host_reset(self(bus)->ip->host, self(bus)->fn);
}

static int sriov(struct weir_bus *bus, unsigned num_vfs) {
    return self(bus)->fn == 0 ? host_sriov(self(bus)->ip->host, num_vfs) : -EPERM;
}

static unsigned pass(struct weir_bus *bus, unsigned microseconds) {
    card_step(self(bus)->ip->card, (uint64_t)microseconds * CYCLES_PER_US, false);
    return microseconds;
}

static void close_fn(struct weir_bus *bus) {
    struct inproc_fn *f = self(bus);
    f->ip->fn[f->fn] = NULL;
    free(f);
}

static const struct weir_bus_ops ops = {
    .name = "inproc",
    .cfg_read = cfg_read,
    .cfg_write = cfg_write,
    .bar_read = bar_read,
    .bar_write = bar_write,
    .bar_write64 = bar_write64,
    .bar_size = bar_size,
    .dma_alloc = dma_alloc,
    .dma_free = dma_free,
    .irq_enable = irq_enable,
    .irq_take = irq_take,
    .irq_fd = irq_fd,
    .reset = reset,
    .sriov = sriov,
    .pass = pass,
    .close = close_fn,
};

struct weir_bus *weir_inproc_open(struct weir_inproc *ip, unsigned fn) {
    struct inproc_fn *f;
    if (fn >= WEIR_NUM_FNS || ip->fn[fn] != NULL || (f = calloc(1, sizeof(*f))) == NULL)
        return NULL;
    f->bus.ops = &ops;
    f->ip = ip;
    f->fn = fn;
    f->next_iova = ip->high ? IOVA_HIGH(fn) : IOVA_LOW(fn);
    ip->fn[fn] = f;
    return &f->bus;
}
