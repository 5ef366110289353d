// SPDX-License-Identifier: Apache-2.0
// The endpoint as a host sees it: configuration space, SR-IOV, BARs, MSI-X, resets, and what leaves for the link.
// Long because the cases share one host model and its state.
#include "pcie_host.h"

// ---- Configuration space ----
static void walk(unsigned fn, const unsigned *ids, unsigned n, const unsigned *ext, unsigned m) {
    bool seen[1024] = {0};
    unsigned at = cfg_rd(fn, 0x34) & 0xFF, k = 0;
    CHECK(cfg_rd(fn, CFG_CMD) >> 20 & 1, "no capability list bit");
    for (; at != 0; k++) {
        CHECK((at & 3) == 0 && at >= 0x40 && at < 0x100 && !seen[at / 4], "capability pointer %02x", at);
        seen[at / 4] = true;
        uint32_t v = cfg_rd(fn, at);
        CHECK(k < n && (v & 0xFF) == ids[k], "capability %u is %02x", k, v & 0xFF);
        at = v >> 8 & 0xFF;
    }
    CHECK(k == n, "%u capabilities, expected %u", k, n);
    k = 0;
    for (at = 0x100; at != 0; k++) {
        CHECK((at & 3) == 0 && at >= 0x100 && !seen[at / 4], "extended pointer %03x", at);
        seen[at / 4] = true;
        uint32_t v = cfg_rd(fn, at);
        CHECK(k < m && (v & 0xFFFF) == ext[k], "extended capability %u is %04x", k, v & 0xFFFF);
        at = v >> 20;
    }
    CHECK(k == m, "%u extended capabilities, expected %u", k, m);
}

static void config_walk(void) {
    static const unsigned ids[] = {0x01, 0x10, 0x11}, pf_ext[] = {0x01, 0x0E, 0x10}, vf_ext[] = {0x0E};
    bring_up(3);
    walk(0, ids, 3, pf_ext, 3);
    walk(3, ids, 3, vf_ext, 1);
    CHECK(cfg_rd(0, 0) == ((uint32_t)WEIR_PF_DEVICE_ID << 16 | WEIR_VENDOR_ID), "PF identity");
    CHECK(cfg_rd(2, 0) == 0xFFFFFFFF, "VF identity must read ones (pcie 19)");
    CHECK(cfg_rd(0, 0x08) >> 8 == 0x020000 && cfg_rd(2, 0x08) >> 8 == 0x020000, "class");
    CHECK(cfg_rd(0, 0x54) >> 28 & 1 && cfg_rd(2, 0x54) >> 28 & 1, "FLR capability (pcie 24)");
    CHECK(cfg_rd(0, 0x16C) == (WEIR_NUM_VFS << 16 | WEIR_NUM_VFS), "InitialVFs, TotalVFs");
    CHECK(cfg_rd(0, 0x174) == 0x00010001 && cfg_rd(0, 0x178) >> 16 == WEIR_VF_DEVICE_ID, "offset, stride, VF device");
    CHECK(cfg_rd(0, 0x17C) == 0x553 && cfg_rd(0, SRIOV_PAGE) == 1, "page sizes");
    for (unsigned fn = 0; fn <= 3; fn++) {
        CHECK((cfg_rd(fn, CFG_MSIX) >> 16 & 0x7FF) == WEIR_FN_VECTORS - 1, "MSI-X size");
        CHECK(cfg_rd(fn, CFG_MSIX + 4) == WEIR_BAR_MSIX_TABLE_BASE &&
                  cfg_rd(fn, CFG_MSIX + 8) == WEIR_BAR_MSIX_PBA_BASE,
              "MSI-X place");
    }
    // BAR 0 of the PF: 64-bit, not prefetchable, 2 MiB.
    cfg_wr(0, CFG_BAR, 0xF, 0xFFFFFFFF);
    cfg_wr(0, CFG_BAR + 4, 0xF, 0xFFFFFFFF);
    CHECK(cfg_rd(0, CFG_BAR) == 0xFFE00004 && cfg_rd(0, CFG_BAR + 4) == 0xFFFFFFFF, "PF BAR size");
    CHECK(csr_rd(WEIR_PCIE_VF_STATE_OFFSET) == (BUS << 24 | 3), "VF_STATE %08x", csr_rd(WEIR_PCIE_VF_STATE_OFFSET));
}

struct mask {
    unsigned reg;
    uint32_t rw;
};
static uint32_t mask_of(const struct mask *table, unsigned reg, bool *special) {
    for (; table->reg != 0xFFFF; table++)
        if (table->reg == reg) {
            *special = table->rw == 0xDEAD0000;
            return table->rw;
        }
    return 0;
}

// Every DW of 4 KiB with random data and byte enables: only bits of the table may change, and they must.
static void bash(unsigned fn, const struct mask *table) {
    for (unsigned reg = 0; reg < 4096; reg += 4) {
        bool special = false;
        uint32_t rw = mask_of(table, reg, &special), now = cfg_rd(fn, reg);
        if (special)
            continue;
        unsigned tries = rw != 0 ? 24 : 4;
        for (unsigned i = 0; i < tries; i++) {
            uint32_t v = i == 0 ? 0xFFFFFFFF : i == 1 ? 0 : (uint32_t)bench_rand(), bytes = 0;
            unsigned be = i < 2 ? 0xF : bench_below(16);
            if (reg == CFG_DEVCTL)
                v &= ~(uint32_t)DEVCTL_FLR;
            if (reg == CFG_PM)
                v = v & 1 ? v | 3 : v & ~3u;
            for (unsigned b = 0; b < 4; b++)
                bytes |= (be >> b & 1) ? 0xFFu << (8 * b) : 0;
            cfg_wr(fn, reg, be, v);
            uint32_t want = (now & ~(rw & bytes)) | (v & rw & bytes), got = cfg_rd(fn, reg);
            CHECK(got == want, "function %u register %03x: wrote %08x be %x over %08x, got %08x, expected %08x", fn,
                  reg, v, be, now, got, want);
            now = got;
        }
        cfg_wr(fn, reg, 0xF, 0);
    }
}

static void bit_bash(void) {
    // 0xDEAD0000: taken by a rule of its own, tested in sriov.
    static const struct mask pf[] = {{0x004, 0x546},
                                     {0x00C, 0xFF},
                                     {0x010, 0xFFE00000},
                                     {0x014, 0xFFFFFFFF},
                                     {0x03C, 0xFF},
                                     {CFG_PM, 3},
                                     {CFG_DEVCTL, 0x79FF},
                                     {0x060, 0xC8},
                                     {0x078, 0x1F},
                                     {CFG_MSIX, 0xC0000000},
                                     {0x108, 0x17F010},
                                     {0x10C, 0x17F010},
                                     {0x114, 0x31C1},
                                     {SRIOV_CTL, 0x18},
                                     {SRIOV_NUM, 0xDEAD0000},
                                     {SRIOV_PAGE, 0xDEAD0000},
                                     {SRIOV_BAR, 0xFFFF0000},
                                     {SRIOV_BAR + 4, 0xFFFFFFFF},
                                     {0xFFFF, 0}};
    static const struct mask vf[] = {{0x004, 4}, {CFG_PM, 3}, {CFG_MSIX, 0xC0000000}, {0xFFFF, 0}};
    // VF Enable itself would change what is writable: bash the rest of its register by hand.
    static struct mask pf_table[sizeof pf / sizeof pf[0]];
    memcpy(pf_table, pf, sizeof pf);
    for (struct mask *m = pf_table; m->reg != 0xFFFF; m++)
        if (m->reg == SRIOV_CTL)
            m->rw = 0xDEAD0000;
    bring_up(5);
    bash(5, vf);
    bash(0, pf_table);
    cfg_wr(0, SRIOV_CTL, 0xF, 0);
    for (unsigned i = 0; i < 32; i++) {
        uint32_t v = (uint32_t)bench_rand() & ~1u;
        cfg_wr(0, SRIOV_CTL, 0xF, v);
        CHECK(cfg_rd(0, SRIOV_CTL) == (v & 0x18), "SR-IOV control %08x after %08x", cfg_rd(0, SRIOV_CTL), v);
    }
    drop_events();
    // Values reach the other blocks.
    cfg_wr(0, CFG_DEVCTL, 0x3, 3 << 12 | 1 << 5 | 1 << 8);
    run(2);
    CHECK(bench_get(weir_rtl_out(bench_model), OUT_CFG, 7) == (1 | 3 << 3 | 1 << 6), "cfg_o");
    CHECK(cfg_rd(0, CFG_PM) == 8, "No_Soft_Reset and D0");
    cfg_wr(0, CFG_PM, 1, 1);
    CHECK(cfg_rd(0, CFG_PM) == 8, "D1 does not exist");
}

static void sriov(void) {
    bring_up(0);
    uint32_t v = 0;
    // Nothing but the PF exists.
    for (unsigned fn = 1; fn < 256; fn++)
        CHECK(cfg_access(TLP_CFGRD0, fn, 0, 0xF, &v) == TLP_UR, "function %u answers", fn);
    cfg_wr(0, CFG_SRIOV + 0x24, 0xF, 0xFFFFFFFF);
    cfg_wr(0, CFG_SRIOV + 0x28, 0xF, 0xFFFFFFFF);
    CHECK(cfg_rd(0, SRIOV_BAR) == 0xFFFF0004, "VF BAR size %08x", cfg_rd(0, SRIOV_BAR));
    // System page size: one supported bit, aperture follows (pcie 13).
    static const struct {
        uint32_t page, bar;
    } pages[] = {{2, 0xFFFF0004}, {0x10, 0xFFFF0004}, {0x40, 0xFFFC0004}, {0x100, 0xFFF00004}, {0x400, 0xFFC00004}};
    for (unsigned i = 0; i < 5; i++) {
        cfg_wr(0, SRIOV_PAGE, 0xF, pages[i].page);
        cfg_wr(0, SRIOV_PAGE, 0xF, 0x4);
        cfg_wr(0, SRIOV_PAGE, 0xF, 0x3);
        CHECK(cfg_rd(0, SRIOV_PAGE) == pages[i].page, "page size %x", cfg_rd(0, SRIOV_PAGE));
        cfg_wr(0, SRIOV_BAR, 0xF, 0xFFFFFFFF);
        CHECK(cfg_rd(0, SRIOV_BAR) == pages[i].bar, "VF BAR with page %x: %08x", pages[i].page, cfg_rd(0, SRIOV_BAR));
    }
    cfg_wr(0, SRIOV_PAGE, 0xF, 1);
    // NumVFs: clamped, ignored while enabled (pcie 3, 4); enabling none creates none (pcie 5).
    cfg_wr(0, SRIOV_NUM, 3, 0xFFFF);
    CHECK(cfg_rd(0, SRIOV_NUM) == WEIR_NUM_VFS, "NumVFs not clamped: %u", cfg_rd(0, SRIOV_NUM));
    for (unsigned i = 0; i < 40; i++) {
        unsigned n = bench_below(0x10000);
        cfg_wr(0, SRIOV_NUM, 3, n);
        CHECK(cfg_rd(0, SRIOV_NUM) == (n > WEIR_NUM_VFS ? WEIR_NUM_VFS : n), "NumVFs %u", n);
    }
    cfg_wr(0, SRIOV_NUM, 3, 0);
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
    CHECK(cfg_access(TLP_CFGRD0, 1, 0, 0xF, &v) == TLP_UR, "a VF of none");
    cfg_wr(0, SRIOV_CTL, 3, 0);
    expect_no_event();
    cfg_wr(0, SRIOV_BAR, 0xF, (uint32_t)VF_BAR);
    cfg_wr(0, SRIOV_BAR + 4, 0xF, (uint32_t)(VF_BAR >> 32));
    cfg_wr(0, SRIOV_NUM, 3, 7);
    expect_no_event();
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
    expect_event(WEIR_HW_EVENT_VF_ENABLE, 7);
    cfg_wr(0, SRIOV_NUM, 3, 9);
    CHECK(cfg_rd(0, SRIOV_NUM) == 7, "NumVFs changed under VF Enable");
    cfg_wr(0, SRIOV_PAGE, 0xF, 2);
    CHECK(cfg_rd(0, SRIOV_PAGE) == 1, "page size changed under VF Enable");
    for (unsigned fn = 1; fn < 12; fn++)
        CHECK(cfg_access(TLP_CFGRD0, fn, 0, 0xF, &v) == (fn <= 7 ? TLP_SC : TLP_UR), "function %u", fn);
    // VF MSE (pcie 10), then each VF's own page; the eighth does not exist.
    CHECK(mem_rd(fn_bar(3) + 4, BUS << 8, &v) == TLP_UR, "VF memory without MSE");
    mem_wr(fn_bar(3) + 0x100, 1);
    run(20);
    CHECK(bar_writes == 0, "VF write without MSE");
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE | VF_MSE);
    for (unsigned fn = 1; fn <= 7; fn++) {
        CHECK(mem_rd_ok(fn_bar(fn) + 0x104, fn) == bar_value(fn, 0x104), "read of VF %u", fn);
        mem_wr(fn_bar(fn) + 0x9008, 0x1000 + fn);
        run(10);
        CHECK(bar_writes == fn && bar_log[fn - 1].fn == fn && bar_log[fn - 1].addr == 0x9008 &&
                  bar_log[fn - 1].data == 0x1000 + fn,
              "doorbell of VF %u", fn);
    }
    CHECK(mem_rd(fn_bar(8), BUS << 8, &v) == TLP_UR, "aperture behind the last VF");
    CHECK(mem_rd(VF_BAR - 4, BUS << 8, &v) == TLP_UR, "aperture before the first VF");
    // A VF asleep answers configuration only (pcie 58).
    cfg_wr(4, CFG_PM, 1, 3);
    CHECK(mem_rd(fn_bar(4), BUS << 8 | 4, &v) == TLP_UR, "memory of a VF in D3");
    cfg_wr(4, CFG_PM, 1, 0);
    CHECK(mem_rd_ok(fn_bar(4), 4) == bar_value(4, 0), "memory of a VF back in D0");
    // Disable: every VF is reset and gone (pcie 16).
    cfg_wr(3, CFG_CMD, 3, CMD_BME);
    expect_event(WEIR_HW_EVENT_BME, 3);
    set_operational(3, true);
    CHECK(fn_bit(OUT_DMA_OK, 3) && fn_bit(OUT_ENABLED, 3), "VF 3 should be up");
    cfg_wr(0, SRIOV_CTL, 3, 0);
    CHECK(!fn_bit(OUT_DMA_OK, 3) && !fn_bit(OUT_ENABLED, 3) && fn_bit(OUT_HOLD, 3), "VF 3 should be down");
    CHECK(cfg_access(TLP_CFGRD0, 3, 0, 0xF, &v) == TLP_UR, "a VF after disable");
    unsigned flrs = 0, disables = 0;
    for (unsigned i = 0; i < 8; i++) {
        run(200);
        uint32_t e = csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
        flrs += (e >> 24) == (0x80 | WEIR_HW_EVENT_FLR) && (e & 0xFFFF) >= 1 && (e & 0xFFFF) <= 7;
        disables += e == (0x80u << 24 | (uint32_t)WEIR_HW_EVENT_VF_ENABLE << 24);
    }
    CHECK(flrs == 7 && disables == 1, "%u resets, %u disables", flrs, disables);
    expect_no_event();
    // Enabled again, a VF stays without DMA until firmware let go of its former generation.
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE | VF_MSE);
    CHECK((cfg_rd(3, CFG_CMD) & 4) == 0, "BME survived VF Enable");
    cfg_wr(3, CFG_CMD, 3, CMD_BME);
    CHECK((cfg_rd(3, CFG_CMD) & 4) != 0 && !fn_bit(OUT_DMA_OK, 3), "DMA of a former generation");
    flr_done(3);
    run(2);
    CHECK(fn_bit(OUT_DMA_OK, 3), "VF 3 after its reset: status %x, command %x", fn_status(3), cfg_rd(3, CFG_CMD));
}

// ---- BAR ----
static void bar_access(void) {
    static struct tlp t;
    bring_up(4);
    // Writes of every shape become DW writes in order.
    for (unsigned i = 0; i < 400; i++) {
        unsigned fn = bench_below(5), room = i % 2 ? 0x1000 : 0x800;
        uint32_t off = (i % 3 == 0 ? WEIR_BAR_DOORBELL_BASE : 0) + bench_below(room - 1);
        unsigned len = 1 + bench_below(i % 4 ? 64 : 500);
        if ((off & 0xFFF) + len > room)
            len = room - (off & 0xFFF);
        tlp_mem_hdr(t.hdr, TLP_MWR, fn_bar(fn) + off, len, HOST_RID, bench_below(256));
        t.dws = tlp_dws(t.hdr);
        for (unsigned k = 0; k < t.dws; k++)
            t.data[k] = (uint32_t)bench_rand();
        bar_writes = 0;
        send(&t);
        run(t.dws + 20);
        CHECK(bar_writes == t.dws, "%u DW writes for %u DW", bar_writes, t.dws);
        for (unsigned k = 0; k < t.dws; k++) {
            unsigned be = k == 0 ? t.hdr[1] & 0xF : k + 1 == t.dws ? t.hdr[1] >> 4 & 0xF : 0xF;
            CHECK(bar_log[k].fn == fn && bar_log[k].addr == (off & ~3u) + 4 * k && bar_log[k].data == t.data[k] &&
                      bar_log[k].be == be,
                  "DW %u of %u: fn %u addr %x be %x", k, t.dws, bar_log[k].fn, bar_log[k].addr, bar_log[k].be);
        }
        // Now the same place is read.
        tlp_mem_hdr(t.hdr, TLP_MRD, fn_bar(fn) + off, len, HOST_RID, next_tag++ & 0xFF);
        t.hdr[0] |= (uint32_t)(bench_below(8) << 20 | bench_below(2) << 18 | bench_below(4) << 12);
        unsigned dws = tlp_dws(t.hdr);
        t.dws = 0;
        send(&t);
        for (unsigned done = 0, bytes = 0; done < dws;) {
            const struct tlp *c = receive(2000);
            CHECK(check_cpl(c, &t, BUS << 8 | fn) == TLP_SC, "read refused");
            unsigned first = done == 0 ? off & 3 : 0, n = tlp_dws(c->hdr) * 4 - first;
            CHECK((c->hdr[1] & 0xFFF) == len - bytes, "byte count %u, expected %u", c->hdr[1] & 0xFFF, len - bytes);
            CHECK((c->hdr[2] & 0x7F) == ((off + bytes) & 0x7F), "lower address %02x", c->hdr[2] & 0x7F);
            CHECK(done + tlp_dws(c->hdr) == dws || ((off + bytes + n) & 63) == 0, "completion ends inside 64 bytes");
            for (unsigned k = 0; k < tlp_dws(c->hdr); k++, done++) {
                uint32_t at = (off & ~3u) + 4 * done;
                CHECK(c->data[k] == (at < 0x1000 ? bar_value(fn, at) : 0), "DW at %x is %08x", at, c->data[k]);
            }
            bytes += n;
        }
    }
    // A read of no bytes: one DW, byte count 1 (pcie 37).
    tlp_mem_hdr(t.hdr, TLP_MRD, PF_BAR + 0x40, 4, HOST_RID, 9);
    t.hdr[1] &= ~0xFu;
    t.dws = 0;
    send(&t);
    const struct tlp *c = receive(100);
    CHECK(check_cpl(c, &t, BUS << 8) == TLP_SC && (c->hdr[1] & 0xFFF) == 1 && tlp_dws(c->hdr) == 1, "read of no bytes");
    expect_silence(100);
}

// Posted writes flow while completions cannot leave and 64 reads wait (pcie 40), and at one per two cycles.
static void posted_flow(void) {
    static struct tlp t;
    bring_up(2);
    tx_stop = true;
    for (unsigned i = 0; i < 64; i++) {
        tlp_mem_hdr(t.hdr, TLP_MRD, PF_BAR + 4 * i, 4, HOST_RID, i);
        t.dws = 0;
        send(&t);
    }
    bar_writes = 0;
    uint64_t from = weir_rtl_cycles(bench_model);
    for (unsigned i = 0; i < 1000; i++)
        mem_wr(fn_bar(1 + i % 2) + WEIR_BAR_DOORBELL_BASE, i);
    for (unsigned i = 0; i < 400 && bar_writes < 1000; i++)
        step();
    double cycles = (double)(weir_rtl_cycles(bench_model) - from) / 1000;
    CHECK(bar_writes == 1000, "%u writes of 1000", bar_writes);
    for (unsigned i = 0; i < 1000; i++)
        CHECK(bar_log[i].data == i && bar_log[i].fn == 1 + i % 2, "write %u out of order", i);
    printf("  doorbell writes: %.2f cycles each, link stopped and 64 reads waiting\n", cycles);
    CHECK(cycles <= 2.05, "slow");
    tx_stop = false;
    for (unsigned i = 0; i < 64; i++) {
        const struct tlp *c = receive(400);
        CHECK(c != NULL && (c->hdr[2] >> 8 & 0xFF) == i && c->data[0] == bar_value(0, 4 * i), "read %u", i);
    }
    // A flood of writes cannot starve a read either.
    tlp_mem_hdr(t.hdr, TLP_MRD, PF_BAR, 64, HOST_RID, 1);
    send(&t);
    unsigned n = 0;
    for (; n < 1500 && tx_head == tx_tail; n++)
        mem_wr(PF_BAR + WEIR_BAR_DOORBELL_BASE, n);
    CHECK(receive(1) != NULL, "a read starves");
}

// ---- MSI-X ----
static void interrupt(unsigned how, unsigned fn, unsigned vec) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    if (how == 0) {
        csr_wr(WEIR_PCIE_IRQ_RAISE_OFFSET, fn | vec << 8);
        return;
    }
    for (unsigned i = 0; i < 100; i++) {
        bool ready = bench_get(out, how == 1 ? OUT_IRQ_READY : OUT_WR_READY, 1);
        in[IN_IRQ_WORD] = fn | vec << 8;
        in[IN_DMA_WORD] = fn | vec << 8 | 7u << 16;
        bench_put(in, how == 1 ? IN_IRQ_VALID : IN_WR_VALID, 1, 1);
        step();
        if (ready)
            return;
    }
    CHECK(false, "no interrupt taken");
}

static uint64_t msg_addr(unsigned fn, unsigned vec) {
    return (vec & 1 ? 0x100000000ULL : 0) | 0xFEE00000u | fn << 12 | vec << 4;
}
static uint32_t msg_data(unsigned fn, unsigned vec) {
    return 0xC0DE0000u | fn << 8 | vec;
}
static void set_vector(unsigned fn, unsigned vec, bool masked) {
    uint64_t at = fn_bar(fn) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec;
    mem_wr(at, (uint32_t)msg_addr(fn, vec) | 3); // the low bits do not exist
    mem_wr(at + 4, (uint32_t)(msg_addr(fn, vec) >> 32));
    mem_wr(at + 8, msg_data(fn, vec));
    mem_wr(at + 12, masked);
}
static void mask_vector(unsigned fn, unsigned vec, bool masked) {
    mem_wr(fn_bar(fn) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec + 12, masked);
}
static uint32_t pending(unsigned fn) {
    return mem_rd_ok(fn_bar(fn) + WEIR_BAR_MSIX_PBA_BASE, fn);
}
static void expect_msg(unsigned fn, unsigned vec) {
    const struct tlp *t = receive(400);
    CHECK(t != NULL, "no message for function %u vector %u", fn, vec);
    struct tlp_mem m = tlp_check_mem(t->hdr, 4);
    CHECK(m.write && m.addr == msg_addr(fn, vec) && t->data[0] == msg_data(fn, vec),
          "message %" PRIx64 " %08x of %u.%u", m.addr, t->data[0], fn, vec);
    CHECK(m.rid == (BUS << 8 | fn), "message with requester %04x", m.rid);
}

static void msix(void) {
    bring_up(6);
    for (unsigned fn = 0; fn <= 6; fn++) {
        for (unsigned vec = 0; vec < WEIR_FN_VECTORS; vec++) {
            uint64_t at = fn_bar(fn) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec;
            for (unsigned k = 0; k < 4; k++)
                CHECK(mem_rd_ok(at + 4 * k, fn) == (k == 3), "table after reset");
        }
    }
    for (unsigned fn = 0; fn <= 6; fn++) {
        for (unsigned vec = 0; vec < WEIR_FN_VECTORS; vec++)
            set_vector(fn, vec, false);
        cfg_wr(fn, CFG_MSIX, 0xC, 1u << 31);
        cfg_wr(fn, CFG_CMD, 3, CMD_BME | CMD_MSE);
    }
    // Another function's slice is untouched (threat T12).
    for (unsigned fn = 0; fn <= 6; fn++)
        for (unsigned vec = 0; vec < WEIR_FN_VECTORS; vec++) {
            uint64_t at = fn_bar(fn) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec;
            CHECK(mem_rd_ok(at, fn) == (uint32_t)msg_addr(fn, vec) &&
                      mem_rd_ok(at + 4, fn) == msg_addr(fn, vec) >> 32 && mem_rd_ok(at + 8, fn) == msg_data(fn, vec) &&
                      mem_rd_ok(at + 12, fn) == 0,
                  "entry %u.%u", fn, vec);
        }
    for (unsigned i = 0; i < 300; i++) {
        unsigned fn = bench_below(7), vec = bench_below(WEIR_FN_VECTORS);
        interrupt(i % 3, fn, vec);
        expect_msg(fn, vec);
    }
    for (unsigned how = 0; how < 3; how++) {
        interrupt(how, 1, WEIR_FN_VECTORS);
        interrupt(how, 1, 255);
        interrupt(how, 7, 0); // not visible
        interrupt(how, 200, 0);
    }
    expect_silence(200);
    // Masked: pending, not sent; unmasked: exactly one (pcie 52).
    for (unsigned how = 0; how < 3; how++) {
        mask_vector(2, 5, true);
        interrupt(how, 2, 5);
        interrupt(how, 2, 5);
        expect_silence(200);
        CHECK(pending(2) == 1u << 5 && pending(1) == 0 && pending(3) == 0, "pending bits %x", pending(2));
        mask_vector(2, 5, false);
        expect_msg(2, 5);
        expect_silence(200);
        CHECK(pending(2) == 0, "pending after the message");
    }
    // Function mask, enable, and BME hold and do not lose (pcie 53).
    for (unsigned how = 0; how < 3; how++) {
        if (how == 0)
            cfg_wr(4, CFG_MSIX, 0x8, 3u << 30);
        else if (how == 1)
            cfg_wr(4, CFG_MSIX, 0x8, 0);
        else
            cfg_wr(4, CFG_CMD, 1, 0);
        interrupt(2, 4, 1);
        interrupt(1, 4, 9);
        interrupt(2, 4, 1);
        expect_silence(300);
        CHECK(pending(4) == (1u << 1 | 1u << 9), "pending %x", pending(4));
        if (how < 2)
            cfg_wr(4, CFG_MSIX, 0x8, 1u << 31);
        else
            cfg_wr(4, CFG_CMD, 1, CMD_BME);
        expect_msg(4, 1);
        expect_msg(4, 9);
        expect_silence(300);
    }
    drop_events();
    // The PBA is read-only.
    mem_wr(fn_bar(4) + WEIR_BAR_MSIX_PBA_BASE, 0xFFFFFFFF);
    expect_silence(100);
    CHECK(pending(4) == 0, "PBA written");
    // Reset masks, clears and forgets (pcie 55, threat T20).
    mask_vector(3, 2, true);
    interrupt(1, 3, 2);
    run(20);
    CHECK(pending(3) == 4, "pending before the reset");
    weir_rtl_in(bench_model)[IN_ERR_WORD] = 1u << 2 | 3u << 16; // lasts: a read is out
    cfg_wr(3, CFG_DEVCTL, 2, DEVCTL_FLR);
    expect_event(WEIR_HW_EVENT_FLR, 3);
    interrupt(1, 3, 3);
    set_vector(3, 1, false);
    run(20);
    weir_rtl_in(bench_model)[IN_ERR_WORD] = 0;
    flr_done(3);
    CHECK(pending(3) == 0 && cfg_rd(3, CFG_MSIX) >> 30 == 0, "MSI-X after reset");
    for (unsigned vec = 0; vec < WEIR_FN_VECTORS; vec++)
        for (unsigned k = 0; k < 4; k++)
            CHECK(mem_rd_ok(fn_bar(3) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec + 4 * k, 3) == (k == 3),
                  "entry after reset");
    cfg_wr(3, CFG_MSIX, 0x8, 1u << 31);
    cfg_wr(3, CFG_CMD, 1, CMD_BME);
    expect_silence(300);
    CHECK(mem_rd_ok(fn_bar(2) + WEIR_BAR_MSIX_TABLE_BASE, 2) == (uint32_t)msg_addr(2, 0), "the neighbour's table");
}

// ---- Resets ----
static void flr(void) {
    bring_up(8);
    for (unsigned fn = 0; fn <= 8; fn++) {
        cfg_wr(fn, CFG_CMD, 3, CMD_BME | CMD_MSE);
        set_operational(fn, true);
    }
    drop_events();
    CHECK(fn_status(5) == 0x0B, "status %x", fn_status(5));
    // A read is out, so it lasts. By the host: DMA stops, configuration answers, the SR-IOV registers stay (pcie 18).
    weir_rtl_in(bench_model)[IN_ERR_WORD] = 1u << 2 | 5u << 16;
    cfg_wr(5, CFG_DEVCTL, 2, DEVCTL_FLR);
    CHECK(fn_bit(OUT_FLR, 5) && !fn_bit(OUT_DMA_OK, 5) && fn_bit(OUT_ENABLED, 5), "reset of function 5");
    CHECK(fn_bit(OUT_DMA_OK, 4) && fn_bit(OUT_DMA_OK, 6) && fn_bit(OUT_DMA_OK, 0), "its neighbours");
    CHECK((cfg_rd(5, CFG_CMD) & 4) == 0 && cfg_rd(5, CFG_DEVCTL) == 1u << 21, "registers in reset");
    CHECK(fn_status(5) == 5, "status %x in reset", fn_status(5));
    CHECK((cfg_rd(0, SRIOV_CTL) & 9) == 9 && cfg_rd(0, SRIOV_NUM) == 8, "SR-IOV registers");
    CHECK(mem_rd_ok(fn_bar(5) + 4, 5) == bar_value(5, 4), "memory in reset");
    expect_event(WEIR_HW_EVENT_FLR, 5);
    // A second one is part of the first (threat T17).
    cfg_wr(5, CFG_DEVCTL, 2, DEVCTL_FLR);
    csr_wr(WEIR_PCIE_FLR_START_OFFSET, 5);
    expect_no_event();
    csr_wr(WEIR_PCIE_FLR_DONE_OFFSET, 5);
    CHECK(!fn_bit(OUT_FLR, 5) && !fn_bit(OUT_HOLD, 5) && fn_status(5) == 1, "after FLR_DONE: %x", fn_status(5));
    weir_rtl_in(bench_model)[IN_ERR_WORD] = 0;
    cfg_wr(5, CFG_CMD, 1, CMD_BME);
    expect_event(WEIR_HW_EVENT_BME, 5);
    CHECK(fn_bit(OUT_DMA_OK, 5), "function 5 is back");
    // By firmware; never the PF.
    csr_wr(WEIR_PCIE_FLR_START_OFFSET, 6);
    csr_wr(WEIR_PCIE_FLR_START_OFFSET, 0);
    csr_wr(WEIR_PCIE_FLR_START_OFFSET, WEIR_NUM_FNS);
    CHECK(fn_bit(OUT_HOLD, 6), "reset by firmware");
    expect_no_event(); // it knows
    csr_wr(WEIR_PCIE_FLR_DONE_OFFSET, 6);
    CHECK(!fn_bit(OUT_HOLD, 6), "after firmware's own reset");
    // Many at once: no event is lost.
    for (unsigned fn = 1; fn <= 8; fn++)
        cfg_wr(fn, CFG_DEVCTL, 2, DEVCTL_FLR);
    unsigned seen = 0;
    for (unsigned i = 0; i < 8; i++) {
        run(100);
        uint32_t e = csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
        CHECK((e >> 24) == (0x80 | WEIR_HW_EVENT_FLR), "event %08x", e);
        seen |= 1u << (e & 0xFF);
    }
    CHECK(seen == 0x1FE, "resets seen: %x", seen);
    for (unsigned fn = 1; fn <= 8; fn++)
        flr_done(fn);
    // The PF's takes the VFs with it (pcie 17); payload size stays.
    cfg_wr(0, CFG_DEVCTL, 3, 2 << 5);
    cfg_wr(0, CFG_DEVCTL, 3, 2 << 5 | DEVCTL_FLR);
    run(3);
    CHECK(fn_bit(OUT_HOLD, 0) && fn_bit(OUT_HOLD, 1) && fn_bit(OUT_HOLD, 8) && !fn_bit(OUT_HOLD, 9), "PF reset");
    CHECK((cfg_rd(0, CFG_CMD) & 6) == 0 && cfg_rd(0, SRIOV_CTL) == 0 && cfg_rd(0, SRIOV_NUM) == 0, "PF registers");
    CHECK(cfg_rd(0, CFG_BAR) == 4 && (cfg_rd(0, CFG_DEVCTL) >> 5 & 7) == 2, "BAR and payload size");
    uint32_t v = 0;
    CHECK(mem_rd(PF_BAR, BUS << 8, &v) == TLP_UR, "PF memory after reset");
    CHECK(cfg_access(TLP_CFGRD0, 1, 0, 0xF, &v) == TLP_UR, "a VF after the PF's reset");
    drop_events();
}

static void hot_reset(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    bring_up(3);
    for (unsigned fn = 0; fn <= 3; fn++) {
        cfg_wr(fn, CFG_CMD, 3, CMD_BME | CMD_MSE);
        set_operational(fn, true);
    }
    drop_events();
    // In the middle of a write of two beats and with a read waiting.
    in[IN_DMA_WORD] = 1 | 1u << 17;
    in[IN_DMA_WORD + 1] = 0x40000020;
    bench_put(in, IN_WR_VALID, 1, 1);
    step();
    run(10);
    bench_put(in, IN_HOT, 1, 1);
    run(20);
    CHECK(!fn_bit(OUT_DMA_OK, 0) && !fn_bit(OUT_DMA_OK, 1) && fn_bit(OUT_HOLD, 0) && fn_bit(OUT_HOLD, 3),
          "state in reset");
    bench_put(in, IN_HOT, 1, 0);
    tx_head = tx_tail;
    run(20);
    in[IN_DMA_WORD] = 1 | 1u << 18;
    bench_put(in, IN_WR_VALID, 1, 1);
    step();
    expect_silence(100);
    CHECK(csr_rd(WEIR_PCIE_VF_STATE_OFFSET) == 0, "bus number and VFs after reset");
    uint32_t v = 0;
    CHECK(cfg_access(TLP_CFGWR0, 0, CFG_CMD, 1, &v) == TLP_SC, "configuration after reset");
    CHECK(cfg_access(TLP_CFGRD0, 1, 0, 0xF, &v) == TLP_UR, "a VF after reset");
    unsigned flrs = 0, gone = 0;
    for (unsigned i = 0; i < 5; i++) {
        run(200);
        uint32_t e = csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
        flrs += e >> 24 == (0x80 | WEIR_HW_EVENT_FLR);
        gone += e == (0x80u << 24 | (uint32_t)WEIR_HW_EVENT_VF_ENABLE << 24);
    }
    CHECK(flrs == 4 && gone == 1, "%u resets, %u VF events", flrs, gone);
    for (unsigned fn = 0; fn <= 3; fn++)
        flr_done(fn);
    bring_up(3);
    CHECK(mem_rd_ok(fn_bar(3), 3) == bar_value(3, 0), "the card is back");
    CHECK(fn_bit(OUT_DMA_OK, 0), "PF DMA after reset");
}

// ---- Requests out ----
// Writes with tokens between them, reads and completions all at once: order of writes and messages, of reads whether
// they ride inside a write or not, requester IDs.
static void requests(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    static struct tlp t;
    bring_up(WEIR_NUM_VFS);
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
        set_vector(fn, 0, false);
        cfg_wr(fn, CFG_MSIX, 0xC, 1u << 31);
        cfg_wr(fn, CFG_CMD, 3, CMD_BME | CMD_MSE);
        set_operational(fn, true); // else nothing may leave (pcie 42)
    }
    drop_events();
    unsigned wr_sent = 0, wr_got = 0, rd_sent = 0, rd_got = 0, cpl_sent = 0, cpl_got = 0, beat = 0, msgs = 0, due = 0;
    unsigned token_after = 0; // writes in front of the token under way; its message must come behind them
    bool token = false;
    unsigned fn = 0, dws = 0, token_fn = 0;
    while (wr_got < 600 || rd_got < 200 || cpl_got < 100) {
        unsigned kind = bench_below(4);
        if (kind < 3) {
            bool ready = bench_get(out, OUT_WR_READY, 1);
            if (beat == 0) {
                fn = wr_sent % WEIR_NUM_FNS;
                dws = 1 + wr_sent % 60;
            }
            bool make_token = beat == 0 && !token && bench_below(20) == 0;
            unsigned beats = (dws + 15) / 16;
            if (make_token) {
                in[IN_DMA_WORD] = fn | 7u << 16;
            } else {
                in[IN_DMA_WORD] = fn | (unsigned)(beat == 0) << 17 | (unsigned)(beat + 1 == beats) << 18;
                tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MWR, 0x10000000000ULL + 4096 * (uint64_t)wr_sent, dws * 4, 0, 0);
                for (unsigned i = 0; i < 16; i++)
                    in[IN_DMA_WORD + 5 + i] = beat * 16 + i < dws ? wr_sent << 8 | (beat * 16 + i) : 0;
            }
            bench_put(in, IN_WR_VALID, 1, 1);
            step();
            if (ready && make_token) {
                token = true;
                token_after = wr_sent;
                token_fn = fn;
                due++;
            } else if (ready && ++beat == beats) {
                beat = 0;
                wr_sent++;
            }
        } else {
            bool ready = bench_get(out, OUT_RDREQ_READY, 1);
            in[IN_DMA_WORD] = rd_sent % WEIR_NUM_FNS | 3u << 17;
            tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MRD, 0x20000000000ULL + 4096 * (uint64_t)rd_sent, 64, 0,
                        rd_sent & 0x3F);
            bench_put(in, IN_RDREQ_VALID, 1, 1);
            step();
            rd_sent += ready;
        }
        if (bench_below(10) == 0 && cpl_sent - cpl_got < 8) {
            tlp_mem_hdr(t.hdr, TLP_MRD, PF_BAR + 4 * (cpl_sent % 100), 4, HOST_RID, cpl_sent & 0xFF);
            t.dws = 0;
            send(&t);
            cpl_sent++;
        }
        while (tx_head != tx_tail) {
            const struct tlp *r = &tx_log[tx_head++ % TX_LOG];
            if ((r->hdr[0] >> 24 & 0x1F) == TLP_CPL) {
                CHECK((r->hdr[2] >> 8 & 0xFF) == (cpl_got & 0xFF), "completions out of order");
                CHECK(r->data[0] == bar_value(0, 4 * (cpl_got % 100)), "completion data");
                cpl_got++;
                continue;
            }
            struct tlp_mem m = tlp_check_mem(r->hdr, 512);
            if (!m.write) {
                CHECK(m.addr == 0x20000000000ULL + 4096 * (uint64_t)rd_got, "reads out of order");
                CHECK(m.rid == (BUS << 8) + rd_got % WEIR_NUM_FNS, "read %u with requester %04x", rd_got, m.rid);
                rd_got++;
                tlp_cpl_hdr(t.hdr, TLP_UR, 0, 4, 0, m.rid, m.tag); // the tag is free again
                t.dws = 0;
                send(&t);
            } else if (m.addr >> 40 == 0) {
                CHECK(token && wr_got >= token_after, "message in front of write %u (at %u)", token_after, wr_got);
                CHECK(m.addr == msg_addr(token_fn, 0) && m.rid == (BUS << 8) + token_fn, "message of function %u",
                      token_fn);
                token = false;
                msgs++;
            } else {
                CHECK(m.addr == 0x10000000000ULL + 4096 * (uint64_t)wr_got, "writes out of order");
                CHECK(m.rid == (BUS << 8) + wr_got % WEIR_NUM_FNS, "write %u with requester %04x", wr_got, m.rid);
                for (unsigned i = 0; i < r->dws; i++)
                    CHECK(r->data[i] == (wr_got << 8 | i), "write %u DW %u is %08x", wr_got, i, r->data[i]);
                wr_got++;
            }
        }
    }
    CHECK(msgs > 10 && msgs + token == due, "%u messages for %u tokens", msgs, due);
    CHECK(tx_ridden > rd_got / 4 && tx_ridden < rd_got, "%u of %u reads inside writes", tx_ridden, rd_got);
    printf("  %u writes, %u reads, %u of them inside a write, %u completions, %u messages\n", wr_got, rd_got, tx_ridden,
           cpl_got, msgs);
    // A flood of writes, without a gap from before the read comes, does not starve it.
    run(100);
    tx_head = tx_tail;
    bool read_seen = false;
    for (unsigned i = 0; i < 100; i++) {
        bool read = i == 20;
        tx_stop = i < 30;
        in[IN_DMA_WORD] = 3u << 17;
        tlp_mem_hdr(&in[IN_DMA_WORD + 1], read ? TLP_MRD : TLP_MWR, 0x2000, 64, 0, 0);
        bench_put(in, read ? IN_RDREQ_VALID : IN_WR_VALID, 1, 1);
        step();
        while (tx_head != tx_tail)
            read_seen |= !tlp_has_data(tx_log[tx_head++ % TX_LOG].hdr);
    }
    CHECK(read_seen, "a read starves behind writes");
    run(100);
    tx_head = tx_tail;
    // Completions of the host pass to dma unchanged, at one beat a cycle; other requesters' do not.
    for (unsigned i = 0; i < 100; i++) {
        t.dws = bench_below(2) ? 1 + bench_below(128) : 0;
        unsigned rid = BUS << 8 | bench_below(WEIR_NUM_FNS);
        tlp_cpl_hdr(t.hdr, t.dws ? TLP_SC : TLP_UR, t.dws, t.dws * 4, 0, rid, i);
        for (unsigned k = 0; k < t.dws; k++)
            t.data[k] = (uint32_t)bench_rand();
        unsigned before = cpl_seen;
        send(&t);
        run(8);
        CHECK(cpl_seen == before + 1 && memcmp(cpl_part.hdr, t.hdr, 12) == 0 &&
                  memcmp(cpl_part.data, t.data, 4 * t.dws) == 0,
              "completion %u is not passed on", i);
        tlp_cpl_hdr(t.hdr, TLP_SC, t.dws, t.dws * 4, 0, rid ^ (bench_below(2) ? 0x0200 : 0x0080), i);
        send(&t);
        run(12);
        CHECK(cpl_seen == before + 1, "somebody else's completion is passed on");
    }
}

// ---- What must be refused ----
static void illegal(void) {
    static struct tlp t;
    bring_up(2);
    cfg_wr(0, CFG_AER + 0x14, 0xF, 0); // advisory errors shall show in AER
    static const struct {
        unsigned kind, dws, answers;
        const char *what;
    } cases[] = {{TLP_IORD, 0, 1, "I/O read"},
                 {TLP_IOWR, 1, 1, "I/O write"},
                 {TLP_MRDLK, 0, 1, "locked read"},
                 {TLP_FETCHADD, 1, 1, "atomic"},
                 {TLP_CFGRD1, 0, 1, "type 1 configuration read"},
                 {0x45, 1, 1, "type 1 configuration write"},
                 {TLP_MSG, 0, 0, "message"},
                 {0x74, 20, 0, "message with data"},
                 {0x80, 0, 0, "prefix"},
                 {0x1B, 0, 0, "reserved type"}};
    for (unsigned i = 0; i < 4 * sizeof cases / sizeof cases[0]; i++) {
        unsigned c = i % (sizeof cases / sizeof cases[0]);
        memset(&t, 0, sizeof t);
        t.dws = cases[c].dws;
        t.hdr[0] = cases[c].kind << 24 | (t.dws ? t.dws : 1);
        t.hdr[1] = HOST_RID << 16 | (i & 0xFF) << 8 | 0xF;
        t.hdr[2] = c == 4 || c == 5 ? BUS << 24 : (uint32_t)PF_BAR;
        malformed = c >= 8;
        send(&t);
        malformed = false;
        if (cases[c].answers) {
            const struct tlp *a = receive(200);
            CHECK(check_cpl(a, &t, BUS << 8) == TLP_UR && !tlp_has_data(a->hdr), "%s", cases[c].what);
        }
        expect_silence(60);
        // The next request is understood.
        CHECK(mem_rd_ok(PF_BAR + 4, 0) == bar_value(0, 4), "after %s", cases[c].what);
    }
    CHECK(cfg_rd(0, CFG_DEVCTL) >> 16 & 8, "Unsupported Request Detected");
    CHECK(cfg_rd(0, CFG_AER + 4) == (1u << 20 | 1u << 18), "AER status %08x", cfg_rd(0, CFG_AER + 4));
    CHECK(cfg_rd(0, CFG_AER + 24) == 20 && cfg_rd(0, CFG_AER + 28) >> 24 == TLP_IORD, "AER first error and header log");
    cfg_wr(0, CFG_AER + 4, 0xF, 0xFFFFFFFF);
    cfg_wr(0, CFG_DEVCTL, 0xC, 0xFFFF0000);
    CHECK(cfg_rd(0, CFG_AER + 4) == 0 && (cfg_rd(0, CFG_DEVCTL) >> 16 & 0xF) == 0, "error bits clear");
    // Poisoned writes are not executed (pcie 35).
    bar_writes = 0;
    tlp_mem_hdr(t.hdr, TLP_MWR, PF_BAR + 0x100, 64, HOST_RID, 0);
    t.hdr[0] |= 1u << 14;
    t.dws = 16;
    send(&t);
    run(40);
    CHECK(bar_writes == 0, "a poisoned write was executed");
    CHECK(cfg_rd(0, CFG_AER + 4) == 1u << 12, "poison in AER: %08x", cfg_rd(0, CFG_AER + 4));
    uint32_t cmd = cfg_rd(0, CFG_CMD);
    tlp_cfg_hdr(t.hdr, TLP_CFGWR0, BUS << 8, CFG_CMD, 0xF, HOST_RID, 3);
    t.hdr[0] |= 1u << 14;
    t.dws = 1;
    t.data[0] = 0;
    send(&t);
    const struct tlp *a = receive(200);
    CHECK(check_cpl(a, &t, BUS << 8) == TLP_UR && cfg_rd(0, CFG_CMD) == cmd, "a poisoned configuration write");
    // 4-DW header below 4 GiB, even though the BAR were there.
    cfg_wr(0, CFG_BAR + 4, 0xF, 0);
    cfg_wr(0, CFG_BAR, 0xF, 0xE0000000);
    CHECK(mem_rd_ok(0xE0000000 + 8, 0) == bar_value(0, 8), "BAR below 4 GiB");
    t.hdr[0] = 0x20000001;
    t.hdr[1] = HOST_RID << 16 | 5 << 8 | 0xF;
    t.hdr[2] = 0;
    t.hdr[3] = 0xE0000008;
    t.dws = 0;
    send(&t);
    a = receive(200);
    CHECK(check_cpl(a, &t, BUS << 8) == TLP_UR, "64-bit address with a high DW of 0 (pcie 33)");
    // Memory space off.
    cfg_wr(0, CFG_CMD, 1, CMD_BME);
    uint32_t v = 0;
    CHECK(mem_rd(0xE0000008, BUS << 8, &v) == TLP_UR, "read without MSE");
    mem_wr(0xE0000008, 1);
    run(20);
    CHECK(bar_writes == 0, "write without MSE");
    expect_silence(50);
    run(100);
    drop_events();
    CHECK(bench_get(weir_rtl_out(bench_model), OUT_IDLE, 1), "not idle at the end");
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
        {"config_walk", config_walk}, {"bit_bash", bit_bash}, {"sriov", sriov}, {"bar_access", bar_access},
        {"posted_flow", posted_flow}, {"msix", msix},         {"flr", flr},     {"hot_reset", hot_reset},
        {"requests", requests},       {"illegal", illegal},
    };
    bench_summary = bench_monitor_say;
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
