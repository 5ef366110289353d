// SPDX-License-Identifier: Apache-2.0
// See fn.h: BAR, interrupts, reset. Configuration space is in fn_cfg.c, memory in fn_dma.c.
#include "fn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disposal.h"
#include "fn_priv.h"
#include "weir/foreign_fd.h"

#define CONFIG_BYTES 4096u
// What a posted write is billed: as long as the card may take for one. Faster ones would fill the card's own queue, and
// everybody's reads stand behind it.
#define WRITE_CYCLES 8u

struct fn *fn_new(struct host *host, unsigned index, struct disposal *disposal) {
    struct fn *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->host = host;
    f->card = host_card(host);
    f->rc = card_rc(f->card);
    f->index = index;
    f->disposal = disposal;
    for (unsigned i = 0; i < WEIR_FN_VECTORS; i++)
        f->irq[i] = -1;
    return f;
}

void fn_free(struct fn *f) {
    if (f == NULL)
        return;
    (void)fn_dma_unmap(f, 0, 0, true);
    for (unsigned i = 0; i < WEIR_FN_VECTORS; i++)
        if (f->irq[i] >= 0)
            close(f->irq[i]);
    free(f->map);
    free(f);
}

bool fn_in_use(const struct fn *f) {
    return f->in_use;
}

// ---- regions ----

static uint64_t region_size(void *dev, unsigned index) {
    struct fn *f = dev;
    uint64_t size = 0;

    if (index == VFIO_PCI_CONFIG_REGION_INDEX)
        return CONFIG_BYTES;
    if (index == VFIO_PCI_BAR0_REGION_INDEX)
        (void)host_bar(f->host, f->index, &size);
    return size;
}

// As on a bus: without memory decode nobody answers.
static uint32_t bar_read_dw(struct fn *f, uint64_t offset) {
    uint64_t size, bar = host_bar(f->host, f->index, &size);
    uint32_t v = UINT32_MAX;

    if (bar != 0 && f->mse && rc_mem_read(f->rc, bar + offset, &v) != 0)
        v = UINT32_MAX;
    return v;
}

static int bar_read(struct fn *f, uint64_t offset, uint8_t *to, unsigned n) {
    for (unsigned done = 0; done < n;) {
        unsigned skip = (unsigned)(offset + done) & 3;
        unsigned part = n - done < 4 - skip ? n - done : 4 - skip;
        uint32_t v = bar_read_dw(f, (offset + done) & ~(uint64_t)3);
        memcpy(to + done, (const uint8_t *)&v + skip, part);
        done += part;
    }
    return 0;
}

static int bar_write(struct fn *f, uint64_t offset, const uint8_t *from, unsigned n) {
    uint64_t size, bar = host_bar(f->host, f->index, &size);

    if ((offset & 3) != 0 || (n & 3) != 0)
        return -EINVAL; // the card takes 32-bit accesses (bar.def)
    for (int done = 0, put = 4; done < (int)n && bar != 0 && f->mse; done += put, put = 4) {
        uint64_t at = offset + (unsigned)done;
        uint32_t v;
        if (at >= WEIR_BAR_MSIX_TABLE_BASE && at < WEIR_BAR_MSIX_TABLE_BASE + WEIR_BAR_MSIX_TABLE_SIZE)
            continue; // the table is ours
        memcpy(&v, from + done, sizeof(v));
        put = host_bar_write(f->host, bar, at, from + done, n - (unsigned)done);
        if (put < 0)
            return put;
        rc_pass(f->rc, WRITE_CYCLES);
        if (at >= WEIR_BAR_DOORBELL_BASE)
            f->in_use = true;
        else if (f->heard != NULL)
            f->heard(f->heard_ctx, at, v);
    }
    return 0;
}

void fn_hear(struct fn *f, fn_heard heard, void *ctx) {
    f->heard = heard;
    f->heard_ctx = ctx;
}

static int region_read(void *dev, unsigned index, uint64_t offset, void *to, unsigned n) {
    return index == VFIO_PCI_CONFIG_REGION_INDEX ? fn_cfg_read(dev, (unsigned)offset, to, n)
                                                 : bar_read(dev, offset, to, n);
}

static int region_write(void *dev, unsigned index, uint64_t offset, const void *from, unsigned n) {
    return index == VFIO_PCI_CONFIG_REGION_INDEX ? fn_cfg_write(dev, (unsigned)offset, from, n)
                                                 : bar_write(dev, offset, from, n);
}

// ---- interrupts ----

static unsigned irq_count(void *dev, unsigned index) {
    (void)dev;
    return index == VFIO_PCI_MSIX_IRQ_INDEX ? WEIR_FN_VECTORS : 0;
}

bool fn_wants_irqs(const struct fn *f) {
    for (unsigned i = 0; i < WEIR_FN_VECTORS; i++)
        if (f->irq[i] >= 0)
            return true;
    return false;
}

static int irq_set(void *dev, unsigned index, unsigned vector, int fd) {
    struct fn *f = dev;
    bool before = fn_wants_irqs(f), now;
    int bad = fd >= 0 ? weir_bell_check(fd) : 0;

    (void)index;
    if (bad != 0) { // not what can be rung without waiting: the vector stays as it was
        disposal_close(f->disposal, fd);
        return bad;
    }
    if (f->irq[vector] >= 0)
        close(f->irq[vector]);
    f->irq[vector] = fd;
    now = fn_wants_irqs(f);
    if (before != now) {
        // All vectors at once: those without a descriptor fire into nothing. An invisible function gets them later.
        int err = host_msix_enable(f->host, f->index, now ? WEIR_FN_VECTORS : 0);
        return err == -ENODEV ? 0 : err;
    }
    return 0;
}

void fn_keep_irqs(struct fn *f) {
    uint32_t v;
    if (!fn_wants_irqs(f) || f->cap_msix == 0)
        return;
    if (rc_cfg_read(f->rc, host_rid(f->index), f->cap_msix, 4, &v) == 0 && v >> 31 == 0)
        (void)host_msix_enable(f->host, f->index, WEIR_FN_VECTORS);
}

void fn_irq(struct fn *f, unsigned vector) {
    // Nothing to do when it fails: it was a bell when it came, and no kernel object becomes another.
    if (vector < WEIR_FN_VECTORS && f->irq[vector] >= 0)
        (void)weir_bell_ring(f->irq[vector]);
}

static int irq_fire(void *dev, unsigned index, unsigned vector) {
    (void)index;
    fn_irq(dev, vector);
    return 0;
}

// ---- reset ----

// Ends when no read of the function is outstanding; nothing of it can come any more. The client's registers are at
// their reset values then, what the host set in the card is set again.
int fn_reset(struct fn *f) {
    int err = host_reset(f->host, f->index);

    f->in_use = false;
    f->bar = 0;
    f->msix_ctl = 0;
    f->mse = false;
    if (err != 0)
        return err == -ENODEV ? 0 : err; // not visible: nothing to reset
    if (fn_wants_irqs(f))
        return host_msix_enable(f->host, f->index, WEIR_FN_VECTORS);
    return 0;
}

void fn_client_gone(struct fn *f) {
    for (unsigned i = 0; i < WEIR_FN_VECTORS; i++) {
        if (f->irq[i] >= 0)
            close(f->irq[i]);
        f->irq[i] = -1;
    }
    // A reset of the PF would take VFs from under their guests.
    if (f->index != 0 || host_num_vfs(f->host) == 0 || fn_quiesce(f) != 0)
        (void)fn_reset(f);
    // Only now: what the card may still have had under way has been written.
    (void)fn_dma_unmap(f, 0, 0, true);
}

static int dma_map(void *dev, const struct vfu_dma_map *map, int fd) {
    return fn_dma_map(dev, map, fd);
}

static int dma_unmap(void *dev, uint64_t address, uint64_t size, bool all) {
    return fn_dma_unmap(dev, address, size, all);
}

static int reset(void *dev) {
    return fn_reset(dev);
}

static void drop(void *dev, int fd) {
    disposal_close(((struct fn *)dev)->disposal, fd);
}

const struct vfu_device_ops fn_ops = {
    .region_size = region_size,
    .region_read = region_read,
    .region_write = region_write,
    .irq_count = irq_count,
    .irq_set = irq_set,
    .irq_fire = irq_fire,
    .dma_map = dma_map,
    .dma_unmap = dma_unmap,
    .reset = reset,
    .drop = drop,
};
