// SPDX-License-Identifier: Apache-2.0
// See passthrough.h.
#include "passthrough.h"

struct passthrough {
    struct weir_bus bus;
    struct world *w;
    struct weir_bus *fn[2];
    unsigned index[2];
    unsigned now, vectors;
};

static struct passthrough *self(struct weir_bus *bus) {
    return (struct passthrough *)bus;
}

static struct weir_bus *at(struct weir_bus *bus) {
    return self(bus)->fn[self(bus)->now];
}

static int cfg_read(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t *value) {
    return at(bus)->ops->cfg_read(at(bus), offset, size, value);
}

static int cfg_write(struct weir_bus *bus, unsigned offset, unsigned size, uint32_t value) {
    return at(bus)->ops->cfg_write(at(bus), offset, size, value);
}

static int bar_read(struct weir_bus *bus, uint64_t offset, uint32_t *value) {
    return at(bus)->ops->bar_read(at(bus), offset, value);
}

static int bar_write(struct weir_bus *bus, uint64_t offset, uint32_t value) {
    return at(bus)->ops->bar_write(at(bus), offset, value);
}

static int bar_write64(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    return at(bus)->ops->bar_write64(at(bus), offset, bytes);
}

static uint64_t bar_size(struct weir_bus *bus) {
    return at(bus)->ops->bar_size(at(bus));
}

// The guest's addresses are those of function 0, wherever it is.
static int dma_alloc(struct weir_bus *bus, size_t bytes, struct weir_dma *dma) {
    struct passthrough *p = self(bus);
    int err = p->fn[0]->ops->dma_alloc(p->fn[0], bytes, dma);
    return err != 0 ? err : rc_map(card_rc(p->w->card), host_rid(p->index[1]), dma->iova, dma->mem, dma->bytes);
}

static void dma_free(struct weir_bus *bus, struct weir_dma *dma) {
    struct passthrough *p = self(bus);
    if (dma->mem != NULL)
        rc_unmap(card_rc(p->w->card), host_rid(p->index[1]), dma->iova, dma->bytes);
    p->fn[0]->ops->dma_free(p->fn[0], dma);
}

static int irq_enable(struct weir_bus *bus, unsigned n) {
    self(bus)->vectors = n;
    return at(bus)->ops->irq_enable(at(bus), n);
}

static unsigned irq_take(struct weir_bus *bus, unsigned vector) {
    struct passthrough *p = self(bus);
    return p->fn[0]->ops->irq_take(p->fn[0], vector) + p->fn[1]->ops->irq_take(p->fn[1], vector);
}

static int irq_fd(struct weir_bus *bus, unsigned vector) {
    return at(bus)->ops->irq_fd(at(bus), vector);
}

static int reset(struct weir_bus *bus) {
    return at(bus)->ops->reset(at(bus));
}

static int sriov(struct weir_bus *bus, unsigned num_vfs) {
    return at(bus)->ops->sriov(at(bus), num_vfs);
}

static unsigned pass(struct weir_bus *bus, unsigned microseconds) {
    return at(bus)->ops->pass(at(bus), microseconds);
}

static void close_both(struct weir_bus *bus) {
    struct passthrough *p = self(bus);
    weir_bus_close(p->fn[0]);
    weir_bus_close(p->fn[1]);
    free(p);
}

static const struct weir_bus_ops ops = {
    .name = "passthrough",
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
    .close = close_both,
};

struct weir_bus *passthrough_open(struct world *w, unsigned fn0, unsigned fn1) {
    struct passthrough *p = calloc(1, sizeof(*p));
    CHECK(p != NULL, "out of memory");
    p->bus.ops = &ops;
    p->w = w;
    p->index[0] = fn0;
    p->index[1] = fn1;
    for (unsigned i = 0; i < 2; i++) {
        p->fn[i] = weir_inproc_open(w->ip, p->index[i]);
        CHECK(p->fn[i] != NULL, "function %u is open already", p->index[i]);
    }
    return &p->bus;
}

void passthrough_move(struct weir_bus *bus, unsigned which) {
    struct passthrough *p = self(bus);
    uint32_t command;
    CHECK(p->fn[p->now]->ops->cfg_read(p->fn[p->now], 4, 2, &command) == 0, "the command register cannot be read");
    p->now = which;
    CHECK(at(bus)->ops->cfg_write(at(bus), 4, 2, command) == 0, "the command register cannot be written");
    CHECK(at(bus)->ops->irq_enable(at(bus), p->vectors) == 0, "no vectors");
}
