// SPDX-License-Identifier: Apache-2.0
// Configuration space as the client sees it. The card's registers pass through but for what belongs to the host that
// the simulator plays: BARs and payload sizes (host.c placed them), memory enable (off after a reset, whatever the host
// keeps on in the card), MSI-X control (we program the table), the geometry of the VFs. A VF gets the identity and the
// memory enable bit that it does not have itself (pcie 19, 20), as hosts give it.
#include <errno.h>
#include <string.h>

#include "fn_priv.h"

enum {
    CFG_ID = 0x00,
    CFG_COMMAND = 0x04,
    CFG_BAR0 = 0x10,
    CFG_BAR1 = 0x14,
    CFG_SIZE = 0x1000,
    CAP_ID_PCIE = 0x10,
    CAP_ID_MSIX = 0x11,
    EXT_ID_SRIOV = 0x10,
    PCIE_DEVCTL = 0x08,
    SRIOV_CTL = 0x08,
    SRIOV_NUM = 0x10,
    SRIOV_END = 0x40,
};
#define COMMAND_MSE 0x2u
#define COMMAND_BME 0x4u
#define BAR_64BIT 0x4u
#define DEVCTL_FLR 0x8000u
#define DEVCTL_SIZES 0x70E0u // Max_Payload_Size and Max_Read_Request_Size
#define MSIX_CTL 0xC0000000u // enable, function mask
#define DEVSTA_PENDING 0x20u // Transactions Pending, of Device Status, which is behind Device Control
#define VF_ENABLE_CYCLES 1000u
#define QUIET_CYCLES 500000u // 2 ms: until a function's reads are answered
#define QUIET_SLICE 64u

static void find_caps(struct fn *f) {
    if (f->cap_pcie != 0)
        return;
    f->cap_pcie = host_find_cap(f->host, f->index, CAP_ID_PCIE, false);
    f->cap_msix = host_find_cap(f->host, f->index, CAP_ID_MSIX, false);
    f->cap_sriov = f->index == 0 ? host_find_cap(f->host, 0, EXT_ID_SRIOV, true) : 0;
}

static uint32_t bar_register(const struct fn *f, unsigned reg) {
    uint64_t size;
    (void)host_bar(f->host, f->index, &size);
    return reg == CFG_BAR0 ? (uint32_t)(f->bar & ~(size - 1)) | BAR_64BIT : (uint32_t)(f->bar >> 32);
}

// The DW at reg as the client sees it.
static uint32_t read_dw(struct fn *f, unsigned reg) {
    uint32_t v;

    if (rc_cfg_read(f->rc, host_rid(f->index), reg, 4, &v) != 0)
        return UINT32_MAX;
    if (reg == CFG_BAR0 || reg == CFG_BAR1)
        return bar_register(f, reg);
    if (f->index != 0 && reg == CFG_ID)
        return WEIR_VENDOR_ID | (uint32_t)WEIR_VF_DEVICE_ID << 16;
    if (reg == CFG_COMMAND)
        return f->mse ? v | COMMAND_MSE : v & ~COMMAND_MSE;
    if (f->cap_msix != 0 && reg == f->cap_msix)
        return (v & ~MSIX_CTL) | ((uint32_t)f->msix_ctl << 16 & MSIX_CTL);
    return v;
}

int fn_cfg_read(struct fn *f, unsigned offset, uint8_t *to, unsigned n) {
    find_caps(f);
    for (unsigned done = 0; done < n;) {
        unsigned skip = (offset + done) & 3;
        unsigned part = n - done < 4 - skip ? n - done : 4 - skip;
        uint32_t v = read_dw(f, (offset + done) & ~3u);
        memcpy(to + done, (const uint8_t *)&v + skip, part);
        done += part;
    }
    return 0;
}

// Merges the written bytes (mask) into a register of ours.
static void merge(uint32_t *reg, uint32_t mask, uint32_t value) {
    *reg = (*reg & ~mask) | (value & mask);
}

// A naturally aligned write: what the card gets is in *value. False when the card gets nothing.
static bool filter(struct fn *f, unsigned reg, uint32_t mask, uint32_t *value) {
    uint32_t v;

    if (reg == CFG_BAR0 || reg == CFG_BAR1) {
        unsigned shift = reg == CFG_BAR0 ? 0 : 32;
        v = (uint32_t)(f->bar >> shift);
        merge(&v, mask, *value);
        f->bar = (f->bar & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)v << shift;
        return false;
    }
    if (f->cap_msix != 0 && reg == f->cap_msix) {
        v = (uint32_t)f->msix_ctl << 16;
        merge(&v, mask & MSIX_CTL, *value);
        f->msix_ctl = (uint16_t)(v >> 16);
        return false;
    }
    if (f->cap_pcie != 0 && reg == f->cap_pcie + PCIE_DEVCTL && (mask & DEVCTL_SIZES) != 0) {
        (void)rc_cfg_read(f->rc, host_rid(f->index), reg, 4, &v);
        merge(value, DEVCTL_SIZES, v);
    }
    if (f->cap_sriov != 0 && reg > f->cap_sriov && reg < f->cap_sriov + SRIOV_END)
        return reg == f->cap_sriov + SRIOV_CTL || reg == f->cap_sriov + SRIOV_NUM;
    if (reg == CFG_COMMAND && (mask & COMMAND_MSE) != 0) {
        f->mse = (*value & COMMAND_MSE) != 0;
        if (f->index == 0)
            *value |= COMMAND_MSE;
    }
    return true;
}

static int write_part(struct fn *f, unsigned offset, unsigned size, uint32_t value) {
    unsigned reg = offset & ~3u, shift = 8 * (offset & 3);
    uint32_t mask = (size == 4 ? UINT32_MAX : (1u << 8 * size) - 1) << shift;
    uint32_t dw = value << shift;
    int err;

    if (f->cap_pcie != 0 && reg == f->cap_pcie + PCIE_DEVCTL && (mask & dw & DEVCTL_FLR) != 0)
        return fn_reset(f); // as the card answers it, and then the host's settings again
    if (!filter(f, reg, mask, &dw))
        return 0;
    err = rc_cfg_write(f->rc, host_rid(f->index), offset, size, dw >> shift);
    if (err != 0)
        return err == -ENODEV ? 0 : err; // a write to nobody is lost
    if (reg == CFG_COMMAND && (mask & dw & COMMAND_BME) != 0)
        fn_keep_irqs(f);
    if (f->cap_sriov != 0 && reg == f->cap_sriov + SRIOV_CTL) {
        rc_pass(f->rc, VF_ENABLE_CYCLES);
        (void)host_sriov_sync(f->host);
    }
    return 0;
}

// The answer to the first read comes behind everything that the function had written.
int fn_quiesce(struct fn *f) {
    uint32_t v;
    find_caps(f);
    if (f->cap_pcie == 0 ||
        rc_cfg_write(f->rc, host_rid(f->index), CFG_COMMAND, 2, f->index == 0 ? COMMAND_MSE : 0) != 0)
        return -ENODEV;
    (void)host_msix_enable(f->host, f->index, 0);
    f->msix_ctl = 0;
    f->mse = false;
    for (unsigned i = 0; i < QUIET_CYCLES / QUIET_SLICE; i++) {
        if (rc_cfg_read(f->rc, host_rid(f->index), f->cap_pcie + PCIE_DEVCTL, 4, &v) != 0)
            return -ENODEV;
        if ((v >> 16 & DEVSTA_PENDING) == 0)
            return 0;
        rc_pass(f->rc, QUIET_SLICE);
    }
    return -ETIMEDOUT;
}

int fn_cfg_write(struct fn *f, unsigned offset, const uint8_t *from, unsigned n) {
    find_caps(f);
    for (unsigned done = 0; done < n;) {
        unsigned at = offset + done, left = n - done;
        unsigned size = (at & 1) != 0 || left < 2 ? 1 : (at & 2) != 0 || left < 4 ? 2 : 4;
        uint32_t v = 0;
        int err;
        memcpy(&v, from + done, size);
        err = write_part(f, at, size, v);
        if (err != 0)
            return err;
        done += size;
    }
    return 0;
}
