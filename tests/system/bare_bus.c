// SPDX-License-Identifier: Apache-2.0
// See bare_bus.h.
#include "bare_bus.h"

#include <errno.h>

#define AREAS 4096u
#define PATTERN 0xA5
#define IOVA 0x7000000000ull
#define AFTER_FREE 4000u // cycles in which the card would write on
#define FAST 1000u

struct bare {
    struct weir_bus bus;
    struct weir_bus *real;
    struct world *w;
    unsigned fn;
    bare_traffic_fn traffic;
    bool deaf, looked;
    unsigned left; // areas until memory is out
    unsigned lose; // doorbells
    uint32_t gone; // cycles that the deaf did not wait for
};

static struct area {
    uint8_t *mem;
    size_t bytes;
    uint64_t iova;
    unsigned fn;
    const struct bare *owner; // NULL: killed
    bool given_back;
} area[AREAS];
static unsigned areas;
static uint64_t next_iova = IOVA;

static struct bare *self(struct weir_bus *bus) {
    return (struct bare *)bus;
}

static void give_back(struct area *a) {
    memset(a->mem, PATTERN, a->bytes);
    a->given_back = true;
}

// What the dead left of this function.
static void inherit(const struct bare *b) {
    for (unsigned i = 0; i < areas; i++)
        if (area[i].fn == b->fn && area[i].owner == NULL && !area[i].given_back)
            give_back(&area[i]);
}

static void go_on(struct bare *b, unsigned cycles) {
    b->traffic(b->w);
    card_step(b->w->card, cycles, false);
}

static int cfg_read(struct weir_bus *b, unsigned offset, unsigned size, uint32_t *value) {
    return self(b)->real->ops->cfg_read(self(b)->real, offset, size, value);
}

static int cfg_write(struct weir_bus *b, unsigned offset, unsigned size, uint32_t value) {
    return self(b)->real->ops->cfg_write(self(b)->real, offset, size, value);
}

static void look(struct bare *b) {
    if (!b->looked)
        inherit(b);
    b->looked = true;
}

static int bar_read(struct weir_bus *b, uint64_t offset, uint32_t *value) {
    int err;
    look(self(b));
    err = self(b)->real->ops->bar_read(self(b)->real, offset, value);
    if (self(b)->deaf && offset == WEIR_BAR_MBOX_OWNER)
        *value = 1;
    if (offset == WEIR_BAR_CYCLE)
        *value += self(b)->gone;
    return err;
}

static int bar_write(struct weir_bus *b, uint64_t offset, uint32_t value) {
    look(self(b));
    if (self(b)->lose != 0 && offset >= WEIR_BAR_DOORBELL_BASE &&
        offset % WEIR_BAR_DOORBELL_SIZE == WEIR_BAR_DB_TX_TAIL) {
        self(b)->lose--;
        return 0;
    }
    return self(b)->real->ops->bar_write(self(b)->real, offset, value);
}

// Doorbells here can be lost, so each goes as one.
static int bar_write64(struct weir_bus *b, uint64_t offset, const void *bytes) {
    (void)b;
    (void)offset;
    (void)bytes;
    return -EOPNOTSUPP;
}

static uint64_t bar_size(struct weir_bus *b) {
    return self(b)->real->ops->bar_size(self(b)->real);
}

static int dma_alloc(struct weir_bus *b, size_t bytes, struct weir_dma *dma) {
    struct area *a = &area[areas];
    size_t room = (bytes + 4095) & ~(size_t)4095;
    CHECK(areas < AREAS, "more areas than this test counts");
    if (self(b)->left == 0)
        return -ENOMEM;
    self(b)->left--;
    *a = (struct area){
        .mem = aligned_alloc(4096, room), .bytes = room, .iova = next_iova, .fn = self(b)->fn, .owner = self(b)};
    CHECK(a->mem != NULL, "out of memory");
    memset(a->mem, 0, room);
    CHECK(rc_map(card_rc(self(b)->w->card), host_rid(self(b)->fn), a->iova, a->mem, room) == 0, "cannot map");
    next_iova += room + 4096;
    areas++;
    *dma = (struct weir_dma){a->mem, a->iova, room};
    return 0;
}

static void dma_free(struct weir_bus *b, struct weir_dma *dma) {
    for (unsigned i = 0; i < areas; i++)
        if (area[i].mem == dma->mem && !area[i].given_back) {
            give_back(&area[i]);
            go_on(self(b), AFTER_FREE);
            memset(dma, 0, sizeof(*dma));
            return;
        }
    CHECK(false, "memory that is nobody's is given back");
}

static int irq_enable(struct weir_bus *b, unsigned n) {
    return self(b)->real->ops->irq_enable(self(b)->real, n);
}

static unsigned irq_take(struct weir_bus *b, unsigned vector) {
    return self(b)->real->ops->irq_take(self(b)->real, vector);
}

static int irq_fd(struct weir_bus *b, unsigned vector) {
    return self(b)->real->ops->irq_fd(self(b)->real, vector);
}

static int reset(struct weir_bus *b) {
    int err = self(b)->real->ops->reset(self(b)->real);
    if (err == 0)
        inherit(self(b));
    return err;
}

static int sriov(struct weir_bus *b, unsigned num_vfs) {
    return self(b)->real->ops->sriov(self(b)->real, num_vfs);
}

// Waiting for what never comes goes faster, by whatever clock.
static unsigned pass(struct weir_bus *b, unsigned us) {
    unsigned faster = self(b)->deaf ? FAST : 1, passed;
    self(b)->traffic(self(b)->w);
    passed = self(b)->real->ops->pass(self(b)->real, us);
    self(b)->gone += passed * (faster - 1) * (WEIR_CLOCK_HZ / 1000000);
    return passed * faster;
}

static void close_bare(struct weir_bus *b) {
    weir_bus_close(self(b)->real);
    for (unsigned i = 0; i < areas; i++)
        CHECK(area[i].owner != self(b) || area[i].given_back, "an area of %zu bytes was not given back", area[i].bytes);
    free(b);
}

static const struct weir_bus_ops ops = {
    .name = "bare",
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
    .close = close_bare,
};

struct weir_bus *bare_open(struct world *w, unsigned fn, bare_traffic_fn traffic) {
    struct bare *b = calloc(1, sizeof(*b));
    CHECK(b != NULL, "out of memory");
    *b = (struct bare){
        .bus = {&ops}, .real = weir_inproc_open(w->ip, fn), .w = w, .fn = fn, .traffic = traffic, .left = UINT32_MAX};
    CHECK(b->real != NULL, "function %u is open already", fn);
    return &b->bus;
}

void bare_kill(struct weir_bus *bus) {
    for (unsigned i = 0; i < areas; i++)
        if (area[i].owner == self(bus))
            area[i].owner = NULL;
    weir_bus_close(self(bus)->real);
    free(bus);
}

void bare_deafen(struct weir_bus *bus) {
    self(bus)->deaf = true;
}

void bare_lose(struct weir_bus *bus, unsigned n) {
    self(bus)->lose = n;
}

void bare_starve(struct weir_bus *bus, unsigned n) {
    self(bus)->left = n;
}

uint64_t bare_check(struct world *w, const char *when, bool over) {
    uint64_t bytes = 0;
    unsigned kept = 0;
    for (unsigned i = 0; i < areas; i++) {
        struct area *a = &area[i];
        if (a->given_back) {
            for (size_t k = 0; k < a->bytes; k++)
                CHECK(a->mem[k] == PATTERN, "%s: function %u wrote into memory given back: byte %zu of %zu at %" PRIx64,
                      when, a->fn, k, a->bytes, a->iova);
            bytes += a->bytes;
        }
        if (a->given_back && over) {
            rc_unmap(card_rc(w->card), host_rid(a->fn), a->iova, a->bytes);
            free(a->mem);
            continue;
        }
        area[kept++] = *a;
    }
    areas = kept;
    return bytes;
}
