// SPDX-License-Identifier: Apache-2.0
// See host.h. Register places are those of the PCI Local Bus and PCI Express specifications.
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "rc.h"
#include "weir_abi.h"

#define PF_BAR 0x100000000ull
#define VF_BAR 0x200000000ull
#define VF_ENABLE_CYCLES 1000u // stands for the 100 ms a host waits; the card is ready at once
// A reset is over when the function's last request is answered, 1 ms at most.
#define RESET_CYCLES 500000u
#define RESET_SLICE 64u

enum {
    CFG_ID = 0x00,
    CFG_COMMAND = 0x04,
    CFG_BAR0 = 0x10,
    CFG_CAP_PTR = 0x34,
    CAP_ID_MSIX = 0x11,
    CAP_ID_PCIE = 0x10,
    EXT_ID_SRIOV = 0x10,
    PCIE_DEVCTL = 0x08,
    SRIOV_CTL = 0x08,
    SRIOV_TOTAL = 0x0E,
    SRIOV_NUM = 0x10,
    SRIOV_VFBAR0 = 0x24,
};

struct host {
    struct card *card;
    struct rc *rc;
    unsigned pcie, sriov; // capabilities of the PF
    unsigned num_vfs;
    uint64_t pf_bar_size, vf_bar_size;
    host_irq_fn irq;
    void *irq_ctx;
};

uint16_t host_rid(unsigned fn) {
    return (uint16_t)(RC_PF_RID + fn);
}

static uint32_t get(struct host *h, unsigned fn, unsigned offset) {
    uint32_t v;
    (void)rc_cfg_read(h->rc, host_rid(fn), offset, 4, &v);
    return v;
}

static void set(struct host *h, unsigned fn, unsigned offset, unsigned size, uint32_t v) {
    (void)rc_cfg_write(h->rc, host_rid(fn), offset, size, v);
}

unsigned host_find_cap(struct host *h, unsigned fn, unsigned id, bool ext) {
    unsigned at = ext ? 0x100 : get(h, fn, CFG_CAP_PTR) & 0xFC;
    for (unsigned i = 0; i < 48 && at != 0; i++) {
        uint32_t v = get(h, fn, at);
        if (v == UINT32_MAX)
            return 0;
        if (ext ? (v & 0xFFFF) == id : (v & 0xFF) == id)
            return at;
        at = ext ? v >> 20 : v >> 8 & 0xFC;
    }
    return 0;
}

static void on_irq(void *ctx, uint16_t rid, uint32_t data) {
    struct host *h = ctx;
    if (h->irq != NULL)
        h->irq(h->irq_ctx, (unsigned)(rid - RC_PF_RID), data);
}

// Sizes a 64-bit memory BAR by writing ones, then places it.
static uint64_t place_bar(struct host *h, unsigned at, uint64_t base) {
    uint64_t size;
    set(h, 0, at, 4, UINT32_MAX);
    set(h, 0, at + 4, 4, UINT32_MAX);
    size = ~((uint64_t)get(h, 0, at + 4) << 32 | (get(h, 0, at) & ~0xFu)) + 1;
    set(h, 0, at, 4, (uint32_t)base);
    set(h, 0, at + 4, 4, (uint32_t)(base >> 32));
    return size;
}

// BARs, payload sizes and memory decoding of the PF.
static void configure(struct host *h) {
    h->pf_bar_size = place_bar(h, CFG_BAR0, PF_BAR);
    h->vf_bar_size = place_bar(h, h->sriov + SRIOV_VFBAR0, VF_BAR);
    // MPS 256, MRRS 512, extended tags, as an operating system sets them.
    set(h, 0, h->pcie + PCIE_DEVCTL, 2, 1u << 5 | 1u << 8 | 2u << 12);
    set(h, 0, CFG_COMMAND, 2, 0x2); // memory space; bus mastering is the driver's
}

struct host *host_new(struct card *card, char *err, unsigned err_size) {
    struct host *h = calloc(1, sizeof(*h));
    const uint32_t want = WEIR_VENDOR_ID | (uint32_t)WEIR_PF_DEVICE_ID << 16;

    if (h == NULL)
        return NULL;
    h->card = card;
    h->rc = card_rc(card);
    rc_set_irq(h->rc, on_irq, h);
    if (get(h, 0, CFG_ID) != want) {
        snprintf(err, err_size, "no Weir PF on the bus: read id %08x, expected %08x", get(h, 0, CFG_ID), want);
        goto err_host;
    }
    h->pcie = host_find_cap(h, 0, CAP_ID_PCIE, false);
    h->sriov = host_find_cap(h, 0, EXT_ID_SRIOV, true);
    if (h->pcie == 0 || h->sriov == 0) {
        snprintf(err, err_size, "PF lacks the PCI Express or the SR-IOV capability");
        goto err_host;
    }
    configure(h);
    if (h->pf_bar_size < 0x9000 || (h->pf_bar_size & (h->pf_bar_size - 1)) != 0) {
        snprintf(err, err_size, "PF BAR 0 has a size of %llu bytes, which is wrong",
                 (unsigned long long)h->pf_bar_size);
        goto err_host;
    }
    return h;

err_host:
    free(h);
    return NULL;
}

void host_free(struct host *h) {
    if (h != NULL)
        rc_set_irq(h->rc, NULL, NULL);
    free(h);
}

struct card *host_card(struct host *h) {
    return h->card;
}

void host_set_irq(struct host *h, host_irq_fn fn, void *ctx) {
    h->irq = fn;
    h->irq_ctx = ctx;
}

uint64_t host_bar(const struct host *h, unsigned fn, uint64_t *size) {
    *size = fn == 0 ? h->pf_bar_size : h->vf_bar_size;
    if (fn == 0)
        return PF_BAR;
    return fn <= h->num_vfs ? VF_BAR + (fn - 1) * h->vf_bar_size : 0;
}

void host_restore(struct host *h) {
    configure(h);
    (void)host_sriov_sync(h);
}

int host_sriov_sync(struct host *h) {
    uint32_t ctl = get(h, 0, h->sriov + SRIOV_CTL);
    h->num_vfs = ctl != UINT32_MAX && (ctl & 1) != 0 ? get(h, 0, h->sriov + SRIOV_NUM) & 0xFFFF : 0;
    return (int)h->num_vfs;
}

int host_bar_write(struct host *h, uint64_t bar, uint64_t offset, const void *from, size_t left) {
    bool slot = offset >= WEIR_BAR_DOORBELL_BASE && offset % WEIR_BAR_DOORBELL_SIZE == WEIR_BAR_DB_INLINE && left >= 64;
    unsigned n = slot ? 64 : 4;
    int err = rc_mem_write_bytes(h->rc, bar + offset, from, n);

    return err != 0 ? err : (int)n;
}

int host_sriov(struct host *h, unsigned num_vfs) {
    unsigned total = get(h, 0, h->sriov + SRIOV_TOTAL - 2) >> 16;

    if (num_vfs > total)
        return -ERANGE;
    if (num_vfs == 0) {
        set(h, 0, h->sriov + SRIOV_CTL, 2, 0);
        card_step(h->card, VF_ENABLE_CYCLES, false);
        set(h, 0, h->sriov + SRIOV_NUM, 2, 0);
        h->num_vfs = 0;
        return 0;
    }
    if (h->num_vfs != 0)
        return -EBUSY;                           // rules 1.15
    set(h, 0, h->sriov + SRIOV_CTL, 2, 1u << 4); // ARI capable hierarchy
    set(h, 0, h->sriov + SRIOV_NUM, 2, num_vfs);
    set(h, 0, h->sriov + SRIOV_CTL, 2, 1u << 4 | 1u << 3 | 1u); // VF MSE, VF Enable
    card_step(h->card, VF_ENABLE_CYCLES, false);
    return host_sriov_sync(h) == (int)num_vfs ? 0 : -EIO;
}

unsigned host_num_vfs(const struct host *h) {
    return h->num_vfs;
}

int host_msix_enable(struct host *h, unsigned fn, unsigned n) {
    uint64_t size, bar = host_bar(h, fn, &size);
    unsigned cap = host_find_cap(h, fn, CAP_ID_MSIX, false);
    unsigned entries = cap != 0 ? (get(h, fn, cap) >> 16 & 0x7FF) + 1 : 0;

    if (bar == 0 || cap == 0)
        return -ENODEV;
    if (n > entries)
        return -ERANGE;
    for (unsigned i = 0; i < n; i++) {
        uint64_t at = bar + WEIR_BAR_MSIX_TABLE_BASE + i * 16;
        rc_mem_write(h->rc, at, 0xFEE00000u);
        rc_mem_write(h->rc, at + 4, 0);
        rc_mem_write(h->rc, at + 8, i);
        rc_mem_write(h->rc, at + 12, 0);
    }
    set(h, fn, cap + 2, 2, n != 0 ? 0x8000 : 0);
    return 0;
}

int host_flr(struct host *h, unsigned fn) {
    unsigned pcie = host_find_cap(h, fn, CAP_ID_PCIE, false);
    uint32_t ctl;
    if (pcie == 0)
        return -ENODEV;
    ctl = get(h, fn, pcie + PCIE_DEVCTL) & 0xFFFF;
    set(h, fn, pcie + PCIE_DEVCTL, 2, ctl | 0x8000);
    return 0;
}

int host_reset(struct host *h, unsigned fn) {
    uint64_t size, bar = host_bar(h, fn, &size);
    int err = host_flr(h, fn);

    if (err != 0)
        return err;
    if (fn == 0)
        host_restore(h);
    for (unsigned i = 0; i < RESET_CYCLES / RESET_SLICE; i++) {
        uint32_t v;
        if (bar == 0 || rc_mem_read(h->rc, bar + WEIR_BAR_FN, &v) != 0 || v == UINT32_MAX ||
            WEIR_GET(v, BAR_FN_IN_RESET) == 0)
            return 0;
        rc_pass(h->rc, RESET_SLICE);
    }
    return -ETIMEDOUT;
}
