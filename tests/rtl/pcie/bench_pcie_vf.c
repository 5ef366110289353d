// SPDX-License-Identifier: Apache-2.0
// Lines 1 to 32 of the checklist, one case each: SR-IOV capability, configuration space of VFs, function level reset.
#include "pcie_host.h"

enum { ARI = 0x10, SIZE_64K = 0xFFFF0004 };

// Type 0 or 1 access to a routing ID; the status of its completion.
static unsigned rid_access(unsigned kind, unsigned rid, unsigned reg, unsigned be, uint32_t *value) {
    static struct tlp req;
    bool write = kind >> 6 & 1;
    tlp_cfg_hdr(req.hdr, kind, rid, reg, be, HOST_RID, next_tag++ & 0xFF);
    req.dws = write;
    req.data[0] = *value;
    send(&req);
    const struct tlp *c = receive(400);
    CHECK(c != NULL, "no answer from %04x", rid);
    if (!write && (c->hdr[1] >> 13 & 7) == TLP_SC)
        *value = c->data[0];
    return c->hdr[1] >> 13 & 7;
}
static bool exists(unsigned fn) {
    uint32_t v = 0;
    return cfg_access(TLP_CFGRD0, fn, 0, 0xF, &v) == TLP_SC;
}

static void line_01_capability_header(void) {
    bring_up(0);
    uint32_t v = cfg_rd(0, CFG_SRIOV);
    CHECK((v & 0xFFFF) == 0x0010 && (v >> 16 & 0xF) == 1, "id and version %08x", v);
    CHECK((v >> 20 & 3) == 0 && (v >> 20 == 0 || v >> 20 >= 0x100), "next pointer %03x", v >> 20);
    for (unsigned fn = 1; fn < 4; fn++)
        CHECK(!exists(fn), "function %u without VFs", fn);
}

static void line_02_initial_is_total_and_read_only(void) {
    bring_up(0);
    uint32_t v = cfg_rd(0, CFG_SRIOV + 0xC);
    CHECK((v & 0xFFFF) == BENCH_VFS && v >> 16 == BENCH_VFS, "InitialVFs, TotalVFs %08x", v);
    cfg_wr(0, CFG_SRIOV + 0xC, 0xF, 0x00010001);
    CHECK(cfg_rd(0, CFG_SRIOV + 0xC) == v, "read-only");
    CHECK((cfg_rd(0, CFG_SRIOV + 4) & 1) == 0, "VF migration capable");
    cfg_wr(0, SRIOV_CTL, 0xF, 0xFFFFFFE6);
    CHECK((cfg_rd(0, SRIOV_CTL) & 0xFFFFFFE6) == 0, "VF migration bits %08x", cfg_rd(0, SRIOV_CTL));
}

// Every value, in every order with VF Enable. What exists is looked at around the border each time.
static void orders(unsigned from, unsigned to) {
    bring_up(0);
    for (unsigned n = from; n < to; n++) {
        unsigned want = n > BENCH_VFS ? BENCH_VFS : n;
        cfg_wr(0, SRIOV_NUM, 3, n); // before
        CHECK(cfg_rd(0, SRIOV_NUM) == want, "NumVFs %u reads %u", n, cfg_rd(0, SRIOV_NUM));
        if (n % 512 < 2)
            CHECK(!exists(1), "VF without VF Enable");
        cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
        cfg_wr(0, SRIOV_NUM, 3, ~n & 0xFFFF); // while enabled
        cfg_wr(0, SRIOV_NUM, 1, n + 1);
        CHECK(cfg_rd(0, SRIOV_NUM) == want, "NumVFs %u became %u under VF Enable", n, cfg_rd(0, SRIOV_NUM));
        CHECK(want == 0 || exists(want), "VF %u of %u", want, n);
        CHECK(want + 1 > 255 || !exists(want + 1), "VF %u of %u", want + 1, n);
        cfg_wr(0, SRIOV_CTL, 3, ARI);
        CHECK(want == 0 || !exists(want), "VF %u after disable", want);
        if (n % 16 == 0) { // enabled first, then the number
            cfg_wr(0, SRIOV_NUM, 3, 0);
            cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
            cfg_wr(0, SRIOV_NUM, 3, n);
            CHECK(cfg_rd(0, SRIOV_NUM) == 0 && !exists(1), "NumVFs %u behind VF Enable", n);
            cfg_wr(0, SRIOV_CTL, 3, ARI);
        }
    }
    printf("  NumVFs %u to %u in every order\n", from, to - 1);
}
static void line_03_numvfs_is_clamped(void) {
    orders(0, 2048);
    orders(65024, 65536);
}
static void line_03_every_numvfs_and_order(void) {
    orders(0, 65536);
}

static void line_04_numvfs_stands_under_vf_enable(void) {
    bring_up(7);
    for (unsigned be = 1; be < 16; be++) {
        cfg_wr(0, SRIOV_NUM, be, 0xFFFFFFFF);
        cfg_wr(0, SRIOV_NUM, be, 0);
        CHECK(cfg_rd(0, SRIOV_NUM) == 7 && exists(7) && !exists(8), "byte enables %x", be);
    }
}

static void line_05_one_without_the_other_creates_nothing(void) {
    bring_up(0);
    cfg_wr(0, SRIOV_NUM, 3, 5);
    CHECK(!exists(1) && !exists(5), "NumVFs alone");
    cfg_wr(0, SRIOV_NUM, 3, 0);
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE | VF_MSE);
    CHECK(!exists(1), "VF Enable alone");
    expect_no_event();
}

static void line_06_routing_id_of_each_vf(void) {
    bring_up(BENCH_VFS);
    uint32_t offset = cfg_rd(0, CFG_SRIOV + 0x14), v = 0;
    for (unsigned n = 1; n <= BENCH_VFS; n++) {
        unsigned rid = (BUS << 8) + (offset & 0xFFFF) + (n - 1) * (offset >> 16);
        CHECK(rid_access(TLP_CFGRD0, rid, 0x2C, 0xF, &v) == TLP_SC && v >> 16 == WEIR_VF_DEVICE_ID, "VF %u", n);
    }
    for (unsigned fn = BENCH_VFS + 1; fn < 256; fn++)
        CHECK(!exists(fn), "function %u behind the last VF", fn);
    CHECK(csr_rd(WEIR_PCIE_VF_RIDS_OFFSET) == offset, "firmware sees another offset");
}

static void line_07_offset_and_stride_follow_ari_only(void) {
    bring_up(0);
    cfg_wr(0, SRIOV_CTL, 3, 0);
    uint32_t off = cfg_rd(0, CFG_SRIOV + 0x14);
    for (unsigned i = 0; i < 40; i++) {
        cfg_wr(0, SRIOV_NUM, 3, bench_below(BENCH_VFS + 1));
        cfg_wr(0, SRIOV_PAGE, 0xF, 1u << (i % 2 ? 0 : 4));
        cfg_wr(0, CFG_SRIOV + 0x14, 0xF, (uint32_t)bench_rand());
        CHECK(cfg_rd(0, CFG_SRIOV + 0x14) == off, "offset and stride move");
    }
    CHECK(off == 0x00010100, "without ARI VFs begin on the next bus: %08x", off);
    cfg_wr(0, SRIOV_CTL, 3, ARI);
    CHECK(cfg_rd(0, CFG_SRIOV + 0x14) == 0x00010001, "with ARI behind the PF: %08x", cfg_rd(0, CFG_SRIOV + 0x14));
    cfg_wr(0, SRIOV_NUM, 3, 4);
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
    cfg_wr(0, SRIOV_CTL, 3, 1); // ARI off under VF Enable: not taken
    CHECK((cfg_rd(0, SRIOV_CTL) & ARI) != 0 && exists(4), "ARI changed under VF Enable");
}

static void line_08_vfs_on_the_next_bus_without_ari(void) {
    uint32_t v = 0;
    bring_up(0);
    cfg_wr(0, SRIOV_BAR, 0xF, (uint32_t)VF_BAR);
    cfg_wr(0, SRIOV_BAR + 4, 0xF, (uint32_t)(VF_BAR >> 32));
    cfg_wr(0, SRIOV_NUM, 3, BENCH_VFS);
    cfg_wr(0, SRIOV_CTL, 3, 1 | VF_MSE);
    unsigned first = (BUS + 1) << 8;
    for (unsigned n = 0; n < BENCH_VFS; n++) {
        // Type 1 as the port above sends it; type 0 would be for our own bus.
        CHECK(rid_access(TLP_CFGRD1, first + n, 0x2C, 0xF, &v) == TLP_SC && v >> 16 == WEIR_VF_DEVICE_ID, "VF %u", n);
        v = CMD_BME;
        CHECK(rid_access(0x45, first + n, CFG_CMD, 1, &v) == TLP_SC, "write to VF %u", n);
        CHECK(mem_rd(VF_BAR + 0x10000ull * n + 4, first + n, &v) == TLP_SC && v == bar_value(n + 1, 4), "BAR of VF %u",
              n);
    }
    CHECK(csr_rd(WEIR_PCIE_VF_STATE_OFFSET) >> 16 == BUS << 8, "a type 1 write captured the bus");
    CHECK(rid_access(TLP_CFGRD1, first + BENCH_VFS, 0, 0xF, &v) == TLP_UR, "behind the last VF");
    CHECK(rid_access(TLP_CFGRD1, first + 256, 0, 0xF, &v) == TLP_UR, "the bus after");
    CHECK(rid_access(TLP_CFGRD1, BUS << 8, 0, 0xF, &v) == TLP_UR, "type 1 for our own bus");
    CHECK(rid_access(TLP_CFGRD0, BUS << 8 | 1, 0, 0xF, &v) == TLP_UR, "a VF on our own bus");
    // Its requests and messages carry the same ID.
    set_operational(3, true);
    bench_put(weir_rtl_in(bench_model), IN_WR_VALID, 1, 1);
    uint32_t *in = weir_rtl_in(bench_model);
    in[IN_DMA_WORD] = 3 | 3u << 17;
    tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MWR, 0x4000, 4, 0, 0);
    step();
    const struct tlp *t = receive(100);
    CHECK(t != NULL && t->hdr[1] >> 16 == first + 2, "requester of VF 2");
}

static void line_09_ari_bit_in_the_lowest_pf_only(void) {
    bring_up(3);
    CHECK((cfg_rd(0, SRIOV_CTL) & ARI) != 0, "the PF's");
    for (unsigned fn = 1; fn <= 3; fn++) {
        cfg_wr(fn, SRIOV_CTL, 0xF, 0xFFFFFFFF);
        CHECK(cfg_rd(fn, SRIOV_CTL) == 0 && cfg_rd(fn, CFG_SRIOV) == 0, "function %u has an SR-IOV capability", fn);
    }
}

static void line_10_vf_memory_needs_vf_mse(void) {
    uint32_t v = 0;
    bring_up(3);
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
    CHECK(mem_rd(fn_bar(2), BUS << 8, &v) == TLP_UR, "read");
    cfg_wr(0, CFG_DEVCTL, 8, 0x000F0000);
    mem_wr(fn_bar(2) + WEIR_BAR_DOORBELL_BASE, 1);
    run(30);
    CHECK(bar_writes == 0 && cfg_rd(0, CFG_DEVCTL) >> 16 & 8, "write dropped and logged");
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE | VF_MSE);
    CHECK(mem_rd_ok(fn_bar(2), 2) == bar_value(2, 0), "with VF MSE");
}

static void line_11_vf_bar_sizing(void) {
    bring_up(0);
    for (unsigned i = 0; i < 6; i++)
        cfg_wr(0, CFG_SRIOV + 0x24 + 4 * i, 0xF, 0xFFFFFFFF);
    CHECK(cfg_rd(0, SRIOV_BAR) == SIZE_64K && cfg_rd(0, SRIOV_BAR + 4) == 0xFFFFFFFF, "64-bit memory, 64 KiB");
    for (unsigned i = 2; i < 6; i++)
        CHECK(cfg_rd(0, CFG_SRIOV + 0x24 + 4 * i) == 0, "VF BAR %u", i);
    CHECK((cfg_rd(0, SRIOV_BAR) & 1) == 0, "no I/O");
}

static void line_12_apertures_lie_in_a_row(void) {
    uint32_t v = 0;
    for (unsigned page = 0; page < 2; page++) {
        uint64_t aperture = page == 0 ? 0x10000 : 0x40000;
        bring_up(0);
        cfg_wr(0, SRIOV_CTL, 3, 0);
        cfg_wr(0, SRIOV_PAGE, 0xF, page == 0 ? 1 : 0x40);
        cfg_wr(0, SRIOV_BAR, 0xF, (uint32_t)VF_BAR);
        cfg_wr(0, SRIOV_BAR + 4, 0xF, (uint32_t)(VF_BAR >> 32));
        cfg_wr(0, SRIOV_NUM, 3, 9);
        cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE | VF_MSE);
        for (unsigned fn = 1; fn <= 9; fn++) {
            CHECK(mem_rd_ok(VF_BAR + (fn - 1) * aperture + 8, fn) == bar_value(fn, 8), "VF %u", fn);
            if (page != 0)
                CHECK(mem_rd_ok(VF_BAR + (fn - 1) * aperture + 0x10000, fn) == 0, "the hole behind VF %u", fn);
        }
        CHECK(mem_rd(VF_BAR + 9 * aperture, BUS << 8, &v) == TLP_UR, "behind the last aperture");
    }
}

static void line_13_system_page_size(void) {
    static const uint32_t pages[] = {1, 2, 0x10, 0x40, 0x100, 0x400}, sizes[] = {16, 16, 16, 18, 20, 22};
    bring_up(0);
    CHECK(cfg_rd(0, CFG_SRIOV + 0x1C) == 0x553 && cfg_rd(0, SRIOV_PAGE) == 1, "supported, reset");
    for (unsigned i = 0; i < 6; i++) {
        cfg_wr(0, SRIOV_PAGE, 0xF, pages[i]);
        cfg_wr(0, SRIOV_BAR, 0xF, 0xFFFFFFFF);
        CHECK(cfg_rd(0, SRIOV_PAGE) == pages[i] && cfg_rd(0, SRIOV_BAR) == (0xFFFFFFFFu << sizes[i] | 4), "page %x",
              pages[i]);
        cfg_wr(0, SRIOV_PAGE, 0xF, 0x20);
        cfg_wr(0, SRIOV_PAGE, 0xF, 3);
        CHECK(cfg_rd(0, SRIOV_PAGE) == pages[i], "a size that is not supported, or two");
    }
    cfg_wr(0, SRIOV_NUM, 3, 1);
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
    cfg_wr(0, SRIOV_PAGE, 0xF, 1);
    CHECK(cfg_rd(0, SRIOV_PAGE) == 0x400, "changed under VF Enable");
}

// A second is 250 million cycles; the card needs none: the first access after the write is answered.
static void line_14_vfs_answer_at_once(void) {
    bring_up(0);
    cfg_wr(0, SRIOV_NUM, 3, BENCH_VFS);
    uint64_t from = weir_rtl_cycles(bench_model);
    cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE);
    for (unsigned fn = 1; fn <= BENCH_VFS; fn++)
        CHECK(cfg_rd(fn, 0x2C) >> 16 == WEIR_VF_DEVICE_ID, "VF %u", fn);
    CHECK(weir_rtl_cycles(bench_model) - from < 100 * BENCH_FNS, "slow");
}

static void line_15_fields_stand_after_disable(void) {
    bring_up(6);
    cfg_wr(0, SRIOV_CTL, 3, ARI);
    uint32_t first[16];
    for (unsigned i = 0; i < 16; i++)
        first[i] = cfg_rd(0, CFG_SRIOV + 4 * i);
    run(2000);
    for (unsigned i = 0; i < 16; i++)
        CHECK(cfg_rd(0, CFG_SRIOV + 4 * i) == first[i], "register %x still changes", 4 * i);
    cfg_wr(0, SRIOV_NUM, 3, 2);
    CHECK(cfg_rd(0, SRIOV_NUM) == 2, "NumVFs is free again");
}

// One write of `fn` to the link, or an attempt at one.
static void try_write(unsigned fn, unsigned beats) {
    uint32_t *in = weir_rtl_in(bench_model);
    for (unsigned b = 0; b < beats; b++) {
        for (unsigned tries = 0;; tries++) {
            CHECK(tries < 1000, "dma's write is not taken");
            bool ready = bench_get(weir_rtl_out(bench_model), OUT_WR_READY, 1);
            in[IN_DMA_WORD] = fn | (unsigned)(b == 0) << 17 | (unsigned)(b + 1 == beats) << 18;
            tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MWR, 0x100000, 64 * beats, 0, 0);
            bench_put(in, IN_WR_VALID, 1, 1);
            step();
            if (ready)
                break;
        }
    }
}
static void try_read(unsigned fn, unsigned tag) {
    uint32_t *in = weir_rtl_in(bench_model);
    for (unsigned tries = 0;; tries++) {
        CHECK(tries < 1000, "dma's read is not taken");
        bool ready = bench_get(weir_rtl_out(bench_model), OUT_RDREQ_READY, 1);
        in[IN_DMA_WORD] = fn | 3u << 17;
        tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MRD, 0x200000, 64, 0, tag);
        bench_put(in, IN_RDREQ_VALID, 1, 1);
        step();
        if (ready)
            return;
    }
}
static void up(unsigned fns) {
    bring_up(fns - 1);
    for (unsigned fn = 0; fn < fns; fn++) {
        cfg_wr(fn, CFG_CMD, 3, CMD_BME | CMD_MSE);
        set_operational(fn, true);
    }
    drop_events();
}

static void line_16_disable_stops_vfs(void) {
    uint32_t v = 0;
    up(5);
    try_write(3, 2);
    CHECK(receive(50) != NULL, "a VF's write");
    for (unsigned fn = 1; fn <= 4; fn++) { // they speak as long as they may
        const struct tlp *message;
        uint64_t entry = fn_bar(fn) + WEIR_BAR_MSIX_TABLE_BASE;
        mem_wr(entry, 0xFEE00000u | fn << 12);
        mem_wr(entry + 4, 0);
        mem_wr(entry + 8, fn);
        mem_wr(entry + 12, 0);
        cfg_wr(fn, CFG_MSIX, 0xC, 1u << 31);
        csr_wr(WEIR_PCIE_IRQ_RAISE_OFFSET, fn);
        message = receive(100);
        CHECK(message != NULL && message->data[0] == fn, "VF %u sends no message", fn);
        // And one waits behind its mask, for which the end is no chance to leave.
        csr_wr(WEIR_PCIE_IRQ_RAISE_OFFSET, fn | 1u << 8);
    }
    cfg_wr(0, SRIOV_CTL, 3, ARI);
    unsigned before = cpl_seen;
    for (unsigned fn = 1; fn <= 4; fn++) {
        try_write(fn, 3);
        try_read(fn, fn);
        CHECK(cfg_access(TLP_CFGRD0, fn, 0, 0xF, &v) == TLP_UR, "configuration of VF %u", fn);
        CHECK(mem_rd(fn_bar(fn), BUS << 8, &v) == TLP_UR, "memory of VF %u", fn);
        csr_wr(WEIR_PCIE_IRQ_RAISE_OFFSET, fn);
    }
    expect_silence(300); // the monitor would also say so
    CHECK(cpl_seen == before + 4 && (cpl_part.hdr[1] >> 13 & 7) == TLP_UR, "dma got its tags back");
}

static void line_17_pf_reset_clears_vf_enable(void) {
    for (unsigned how = 0; how < 2; how++) {
        up(4);
        if (how == 0)
            cfg_wr(0, CFG_DEVCTL, 2, DEVCTL_FLR);
        else {
            bench_put(weir_rtl_in(bench_model), IN_HOT, 1, 1);
            run(10);
            bench_put(weir_rtl_in(bench_model), IN_HOT, 1, 0);
            run(10);
            uint32_t v = 0;
            (void)cfg_access(TLP_CFGWR0, 0, 0x3C, 0, &v); // brings the bus number
        }
        CHECK((cfg_rd(0, SRIOV_CTL) & 9) == 0 && cfg_rd(0, SRIOV_NUM) == 0 && !exists(1), "after reset %u", how);
        run(1000);
        for (unsigned fn = 0; fn < 4; fn++)
            flr_done(fn);
        drop_events();
    }
}

static void line_18_vf_reset_touches_that_vf_only(void) {
    up(6);
    static uint32_t before[6][1024];
    for (unsigned fn = 0; fn < 6; fn++)
        for (unsigned r = 0; r < 1024; r++)
            before[fn][r] = cfg_rd(fn, 4 * r);
    cfg_wr(3, CFG_DEVCTL, 2, DEVCTL_FLR);
    for (unsigned fn = 0; fn < 6; fn++)
        for (unsigned r = 0; fn != 3 && r < 1024; r++)
            CHECK(cfg_rd(fn, 4 * r) == before[fn][r], "function %u register %03x", fn, 4 * r);
    for (unsigned fn = 0; fn < 6; fn++)
        CHECK(fn_bit(OUT_DMA_OK, fn) == (fn != 3), "DMA of function %u", fn);
}

static void line_19_identity(void) {
    bring_up(2);
    CHECK(cfg_rd(1, 0) == 0xFFFFFFFF, "vendor and device of a VF");
    CHECK(cfg_rd(0, CFG_SRIOV + 0x18) >> 16 == WEIR_VF_DEVICE_ID, "VF Device ID");
    CHECK(cfg_rd(0, 8) == cfg_rd(1, 8) && cfg_rd(1, 0x2C) >> 16 == WEIR_VF_DEVICE_ID, "class, revision, subsystem");
}

static void vf_reads(unsigned from, unsigned to, const char *what) {
    for (unsigned reg = from; reg <= to; reg += 4) {
        cfg_wr(2, reg, 0xF, 0xFFFFFFFF);
        CHECK(cfg_rd(2, reg) == 0, "%s: register %02x is %08x", what, reg, cfg_rd(2, reg));
    }
}
static void line_20_command_has_bus_master_only(void) {
    bring_up(2);
    cfg_wr(2, CFG_CMD, 3, 0xFFFF);
    CHECK((cfg_rd(2, CFG_CMD) & 0xFFFF) == CMD_BME, "command %08x", cfg_rd(2, CFG_CMD));
    cfg_wr(2, CFG_CMD, 3, 0);
    CHECK((cfg_rd(2, CFG_CMD) & 0xFFFF) == 0, "command %08x", cfg_rd(2, CFG_CMD));
}
static void line_21_no_interrupt_pin(void) {
    up(3);
    vf_reads(0x3C, 0x3C, "interrupt line and pin");
    CHECK(cfg_rd(0, 0x3C) >> 8 == 0, "the PF has no pin either");
    csr_wr(WEIR_PCIE_IRQ_RAISE_OFFSET, 2); // MSI-X is off: nothing instead
    expect_silence(300);
}
static void line_22_no_bars_in_the_vf_header(void) {
    bring_up(2);
    vf_reads(0x10, 0x24, "BAR");
    vf_reads(0x30, 0x30, "expansion ROM");
}

static void line_23_device_control_of_a_vf(void) {
    up(3);
    for (unsigned i = 0; i < 64; i++) {
        cfg_wr(2, CFG_DEVCTL, 3, (uint32_t)bench_rand() & 0x7FFF);
        CHECK((cfg_rd(2, CFG_DEVCTL) & 0xFFFF) == 0, "%08x", cfg_rd(2, CFG_DEVCTL));
        CHECK(bench_get(weir_rtl_out(bench_model), OUT_CFG, 7) == (2 | 2 << 3 | 1 << 6), "the PF's values count");
    }
    cfg_wr(2, 0x78, 0xF, 0xFFFFFFFF);
    CHECK(cfg_rd(2, 0x78) == 0, "Device Control 2");
    cfg_wr(2, CFG_DEVCTL, 2, DEVCTL_FLR);
    CHECK(fn_bit(OUT_HOLD, 2), "FLR bit");
}
static void line_24_flr_capability(void) {
    bring_up(BENCH_VFS);
    for (unsigned fn = 0; fn < BENCH_FNS; fn++)
        CHECK(cfg_rd(fn, 0x54) >> 28 & 1, "function %u", fn);
}

static void line_25_status_bits_per_function(void) {
    up(4);
    // Poison for VF 1, a completer abort for VF 2, a refused read for VF 3 (asleep).
    static struct tlp t;
    tlp_mem_hdr(t.hdr, TLP_MWR, fn_bar(1) + 0x100, 4, HOST_RID, 0);
    t.hdr[0] |= 1u << 14;
    t.dws = 1;
    send(&t);
    try_read(2, 7);
    CHECK(receive(50) != NULL, "the read");
    tlp_cpl_hdr(t.hdr, TLP_CA, 0, 64, 0, BUS << 8 | 2, 7);
    t.dws = 0;
    send(&t);
    uint32_t v = 0;
    cfg_wr(3, CFG_PM, 1, 3);
    CHECK(mem_rd(fn_bar(3), BUS << 8 | 3, &v) == TLP_UR, "memory of a VF asleep");
    cfg_wr(3, CFG_PM, 1, 0);
    run(50);
    static const uint32_t status[4] = {0, 0x8000, 0x1000, 0}, dev[4] = {0, 2, 0, 8 | 1};
    for (unsigned fn = 0; fn < 4; fn++) {
        CHECK((cfg_rd(fn, CFG_CMD) >> 16 & 0xF900) == status[fn], "function %u: status %04x", fn,
              cfg_rd(fn, CFG_CMD) >> 16);
        CHECK((cfg_rd(fn, CFG_DEVCTL) >> 16 & 0xF) == dev[fn], "function %u: device status %04x", fn,
              cfg_rd(fn, CFG_DEVCTL) >> 16);
    }
    for (unsigned fn = 1; fn < 4; fn++) {
        cfg_wr(fn, CFG_CMD, 0xC, 0);
        cfg_wr(fn, CFG_DEVCTL, 0xC, 0);
        CHECK((cfg_rd(fn, CFG_CMD) >> 16 & 0xF900) == status[fn], "writing zeros clears");
        cfg_wr(fn, CFG_CMD, 0xC, 0xFFFF0000);
        cfg_wr(fn, CFG_DEVCTL, 0xC, 0xFFFF0000);
        CHECK((cfg_rd(fn, CFG_CMD) >> 16 & 0xF900) == 0 && (cfg_rd(fn, CFG_DEVCTL) >> 16 & 0xF) == 0, "not cleared");
    }
}

// The bit-bash proper is rtl.pcie.bit_bash; here every DW is read with each byte enable, and enabled bytes only change.
static void line_26_byte_enables(void) {
    uint32_t v = 0;
    bring_up(3);
    for (unsigned reg = 0; reg < 4096; reg += 4) {
        uint32_t whole = cfg_rd(3, reg);
        for (unsigned be = 0; be < 16; be++) {
            CHECK(cfg_access(TLP_CFGRD0, 3, reg, be, &v) == TLP_SC && v == whole, "register %03x be %x", reg, be);
        }
    }
    cfg_wr(0, CFG_BAR + 4, 0xF, 0x11223344);
    for (unsigned be = 0; be < 16; be++) {
        uint32_t want = cfg_rd(0, CFG_BAR + 4);
        cfg_wr(0, CFG_BAR + 4, be, 0x01010101u * be);
        for (unsigned b = 0; b < 4; b++)
            if (be >> b & 1)
                want = (want & ~(0xFFu << 8 * b)) | be << 8 * b;
        CHECK(cfg_rd(0, CFG_BAR + 4) == want, "write with byte enables %x", be);
    }
}

static void line_27_no_such_function(void) {
    uint32_t v = 0;
    bring_up(3);
    for (unsigned fn = 4; fn < 256; fn++) // cfg_access looks at the completer
        for (unsigned write = 0; write < 2; write++)
            CHECK(cfg_access(write ? TLP_CFGWR0 : TLP_CFGRD0, fn, 4 * fn, 0xF, &v) == TLP_UR, "function %u", fn);
    CHECK(cfg_rd(3, 0x2C) >> 16 == WEIR_VF_DEVICE_ID, "those there are");
}

static void line_28_access_in_reset(void) {
    uint32_t v = 0;
    up(4);
    cfg_wr(2, CFG_DEVCTL, 2, DEVCTL_FLR);
    for (unsigned i = 0; i < 200; i++) { // never CRS, never silence
        unsigned reg = 4 * bench_below(1024);
        CHECK(cfg_access(i % 2 ? TLP_CFGRD0 : TLP_CFGWR0, 2, reg, 0xF, &v) == TLP_SC, "register %03x", reg);
        unsigned status = mem_rd(fn_bar(2) + 4 * bench_below(0x400), BUS << 8 | 2, &v);
        CHECK(status == TLP_SC || status == TLP_UR, "status %u", status);
    }
    flr_done(2);
    CHECK(!fn_bit(OUT_HOLD, 2), "firmware has let go");
}

static void line_29_registers_after_reset(void) {
    up(3);
    static uint32_t fresh[1024];
    bring_up(3);
    for (unsigned r = 0; r < 1024; r++)
        fresh[r] = cfg_rd(2, 4 * r) & (r == 1 ? ~4u : ~0u);
    for (unsigned r = 1; r < 1024; r++)
        if (4 * r != CFG_DEVCTL)
            cfg_wr(2, 4 * r, 0xF, 0xFFFFFFFF);
    cfg_wr(2, CFG_DEVCTL, 3, 0xF);
    cfg_wr(0, CFG_AER + 8, 0xF, 0x00100000);
    cfg_wr(0, CFG_DEVCTL, 3, 1 << 5);
    cfg_wr(2, CFG_DEVCTL, 3, DEVCTL_FLR);
    for (unsigned r = 0; r < 1024; r++)
        CHECK(cfg_rd(2, 4 * r) == fresh[r], "VF register %03x: %08x, fresh %08x", 4 * r, cfg_rd(2, 4 * r), fresh[r]);
    cfg_wr(0, CFG_DEVCTL, 3, 1 << 5 | DEVCTL_FLR);
    CHECK(cfg_rd(0, CFG_AER + 8) == 0x00100000, "AER is sticky");
    CHECK((cfg_rd(0, CFG_DEVCTL) >> 5 & 7) == 1 && (cfg_rd(0, CFG_CMD) & 0xFFFF) == 0 && cfg_rd(0, CFG_BAR) == 4,
          "the PF's: payload size stays, the rest goes");
}

// A late completion of a read from before the reset still reaches dma, which discards it (rtl.dma.read_timeout).
static void line_30_late_completions(void) {
    static struct tlp t;
    up(4);
    try_read(2, 9);
    CHECK(receive(50) != NULL, "the read");
    cfg_wr(2, CFG_DEVCTL, 2, DEVCTL_FLR);
    unsigned before = cpl_seen;
    tlp_cpl_hdr(t.hdr, TLP_SC, 16, 64, 0, BUS << 8 | 2, 9);
    t.dws = 16;
    send(&t);
    run(20);
    CHECK(cpl_seen == before + 1, "dma has to see it to free the tag");
    cfg_wr(0, SRIOV_CTL, 3, ARI); // even when the VF is gone
    send(&t);
    run(20);
    CHECK(cpl_seen == before + 2, "of a VF that has vanished");
    expect_silence(100);
}

static void line_31_transactions_pending(void) {
    up(4);
    for (unsigned fn = 0; fn < 4; fn++) {
        weir_rtl_in(bench_model)[IN_ERR_WORD] = 1u << 2 | fn << 16;
        for (unsigned k = 0; k < 4; k++)
            CHECK((cfg_rd(k, CFG_DEVCTL) >> 21 & 1) == (k == fn), "function %u while %u waits", k, fn);
    }
    weir_rtl_in(bench_model)[IN_ERR_WORD] = 0;
    for (unsigned k = 0; k < 4; k++)
        CHECK((cfg_rd(k, CFG_DEVCTL) >> 21 & 1) == 0, "nobody waits");
}

// Reads of the card under way: offered in this cycle, seen on the link and answered, or refused inside and free again.
static uint64_t offered[256];
static bool on_link[256];
static unsigned writes_seen;
static void answer_reads(void) {
    static struct tlp t;
    while (tx_head != tx_tail) {
        struct tlp *r = &tx_log[tx_head++ % TX_LOG];
        unsigned kind = r->hdr[0] >> 24 & 0x5F, rid = r->hdr[1] >> 16, tag = r->hdr[1] >> 8 & 0xFF;
        writes_seen += kind == TLP_MWR;
        if (kind != TLP_MRD)
            continue;
        on_link[tag] = true;
        tlp_cpl_hdr(t.hdr, TLP_UR, 0, 64, 0, rid, tag);
        t.dws = 0;
        send(&t);
        on_link[tag] = false;
        offered[tag] = 0;
    }
}
static bool tag_free(unsigned tag) {
    return !on_link[tag] && (offered[tag] == 0 || weir_rtl_cycles(bench_model) - offered[tag] > 400);
}
static void settle(void) {
    for (unsigned i = 0; i < 8; i++) {
        run(10);
        answer_reads();
    }
}

// Resets at any cycle while every function writes and reads as fast as it can; the monitor sees any request behind the
// completion of the reset's write.
static void storm(unsigned resets, bool with_pf) {
    uint32_t *in = weir_rtl_in(bench_model);
    static struct tlp t;
    unsigned fn = 0, beat = 0, beats = 1, done = 0;
    up(9);
    writes_seen = 0;
    memset(offered, 0, sizeof offered);
    while (done < resets) {
        unsigned tag = bench_below(256), reader = bench_below(9);
        if (bench_below(3) == 0 && tag_free(tag)) {
            if (bench_get(weir_rtl_out(bench_model), OUT_RDREQ_READY, 1))
                offered[tag] = weir_rtl_cycles(bench_model);
            in[IN_DMA_WORD] = reader | 3u << 17;
            tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MRD, 0x200000, 64, 0, tag);
            bench_put(in, IN_RDREQ_VALID, 1, 1);
        } else {
            bool ready = bench_get(weir_rtl_out(bench_model), OUT_WR_READY, 1);
            if (beat == 0) {
                fn = bench_below(9);
                beats = 1 + bench_below(4);
            }
            in[IN_DMA_WORD] = fn | (unsigned)(beat == 0) << 17 | (unsigned)(beat + 1 == beats) << 18;
            tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MWR, 0x100000, 64 * beats, 0, 0);
            bench_put(in, IN_WR_VALID, 1, 1);
            if (ready)
                beat = beat + 1 == beats ? 0 : beat + 1;
        }
        step();
        answer_reads();
        if (beat != 0 || bench_below(24) != 0)
            continue;
        unsigned victim = with_pf && done % 50 == 49 ? 0 : 1 + bench_below(8);
        tlp_cfg_hdr(t.hdr, TLP_CFGWR0, BUS << 8 | victim, CFG_DEVCTL, 2, HOST_RID, done & 0xFF);
        t.dws = 1;
        t.data[0] = DEVCTL_FLR;
        send(&t);
        done++;
        if (done % 8 != 0 && victim != 0)
            continue; // traffic goes on at once
        settle();
        CHECK(bench_monitor_open() == 0, "a reset's write without an answer");
        for (unsigned i = 0; i < 9; i++) {
            flr_done(i);
            csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
        }
        if (victim == 0) {
            cfg_wr(0, SRIOV_NUM, 3, 8);
            cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE | VF_MSE);
            cfg_wr(0, CFG_DEVCTL, 3, 2 << 12 | 2 << 5 | 1 << 8);
        }
        for (unsigned i = 0; i < 9; i++) {
            flr_done(i);
            cfg_wr(i, CFG_CMD, 1, CMD_BME);
            set_operational(i, true);
            CHECK(fn_bit(OUT_DMA_OK, i), "function %u does not come back", i);
        }
    }
    CHECK(writes_seen > resets, "only %u writes left", writes_seen);
    printf("  %u resets, %u writes, %" PRIu64 " TLPs watched\n", done, writes_seen, bench_monitor_tlps());
}
static void line_32_no_request_after_reset(void) {
    storm(2000, false);
    storm(400, true);
}
static void line_32_reset_storm(void) {
    storm(100000, false);
    storm(20000, true);
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
#define CASE(name) {#name, name},
#include "cases_vf.def"
#undef CASE
    };
    bench_summary = bench_monitor_say;
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
