// SPDX-License-Identifier: Apache-2.0
// Lines 33 to 60 of the checklist, one case each: requests in, requests out, MSI-X, errors, power, link.
// Long because it follows the list: a line is found by its number.
#include "pcie_host.h"

enum { TLP_EP = 1 << 14, TLP_TD = 1 << 15 };
static struct tlp t;

static void up(unsigned fns) {
    bring_up(fns - 1);
    for (unsigned fn = 0; fn < fns; fn++) {
        cfg_wr(fn, CFG_CMD, 3, CMD_BME | CMD_MSE);
        set_operational(fn, true);
    }
    drop_events();
}

static void request(unsigned kind, uint64_t addr, unsigned dws) {
    memset(t.hdr, 0, sizeof t.hdr);
    t.hdr[0] = kind << 24 | (dws & 0x3FF);
    t.hdr[1] = HOST_RID << 16 | (next_tag++ & 0xFF) << 8 | (dws > 1 ? 0xFF : 0xF);
    if (kind & 0x20) {
        t.hdr[2] = (uint32_t)(addr >> 32);
        t.hdr[3] = (uint32_t)addr;
    } else {
        t.hdr[2] = (uint32_t)addr;
    }
    t.dws = kind & 0x40 ? dws : 0;
    for (unsigned i = 0; i < t.dws; i++)
        t.data[i] = (uint32_t)bench_rand();
}
static void refused(unsigned kind, uint64_t addr, const char *what) {
    request(kind, addr, 1);
    send(&t);
    const struct tlp *c = receive(300);
    CHECK(check_cpl(c, &t, BUS << 8) == TLP_UR && !tlp_has_data(c->hdr), "%s", what);
    expect_silence(80);
}
static uint32_t aer_status(void) {
    return cfg_rd(0, CFG_AER + 4);
}
static void clear_errors(void) {
    cfg_wr(0, CFG_AER + 4, 0xF, 0xFFFFFFFF);
    cfg_wr(0, CFG_AER + 0x10, 0xF, 0xFFFFFFFF);
    cfg_wr(0, CFG_DEVCTL, 0xC, 0xFFFF0000);
}
static void dma_write(unsigned fn, uint64_t addr, unsigned bytes) {
    uint32_t *in = weir_rtl_in(bench_model);
    for (unsigned b = 0, beats = (bytes + 63) / 64; b < beats;) {
        bool ready = bench_get(weir_rtl_out(bench_model), OUT_WR_READY, 1);
        in[IN_DMA_WORD] = fn | (unsigned)(b == 0) << 17 | (unsigned)(b + 1 == beats) << 18;
        tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MWR, addr, bytes, 0, 0);
        for (unsigned i = 0; i < 16; i++)
            in[IN_DMA_WORD + 5 + i] = (uint32_t)addr + i;
        bench_put(in, IN_WR_VALID, 1, 1);
        step();
        b += ready;
    }
}
static void dma_token(unsigned fn, unsigned vec) {
    uint32_t *in = weir_rtl_in(bench_model);
    for (bool ready = false; !ready;) {
        ready = bench_get(weir_rtl_out(bench_model), OUT_WR_READY, 1);
        in[IN_DMA_WORD] = fn | vec << 8 | 7u << 16;
        bench_put(in, IN_WR_VALID, 1, 1);
        step();
    }
}
static void dma_read(unsigned fn, unsigned tag) {
    uint32_t *in = weir_rtl_in(bench_model);
    for (bool ready = false; !ready;) {
        ready = bench_get(weir_rtl_out(bench_model), OUT_RDREQ_READY, 1);
        in[IN_DMA_WORD] = fn | 3u << 17;
        tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MRD, 0x30000, 64, 0, tag);
        bench_put(in, IN_RDREQ_VALID, 1, 1);
        step();
    }
}
static void answer(unsigned fn, unsigned tag, unsigned status, unsigned dws, uint32_t flags) {
    tlp_cpl_hdr(t.hdr, status, dws, 64, 0, BUS << 8 | fn, tag);
    t.hdr[0] |= flags;
    t.dws = dws;
    send(&t);
    run(20);
}

// ---- Requests in ----
static void line_33_refused_requests(void) {
    bring_up(2);
    refused(TLP_MRD, 0xDEAD0000, "no BAR matches");
    refused(0x20, VF_BAR + 0x20000, "behind the last VF");
    refused(TLP_MRDLK, 0x1000, "locked read");
    refused(TLP_IORD, 0x1000, "I/O read");
    refused(TLP_IOWR, 0x1000, "I/O write");
    refused(TLP_FETCHADD, 0x1000, "atomic");
    cfg_wr(0, CFG_BAR, 0xF, 0xE0000000);
    cfg_wr(0, CFG_BAR + 4, 0xF, 0);
    refused(0x20, 0xE0000000, "64-bit address below 4 GiB");
    CHECK(mem_rd_ok(0xE0000000, 0) == bar_value(0, 0), "32-bit address");
    cfg_wr(0, CFG_CMD, 1, 0);
    refused(TLP_MRD, 0xE0000000, "memory space off");
    clear_errors();
    for (unsigned code = 0; code < 256; code++) { // messages never have an answer
        static const uint8_t known[] = {0x00, 0x14, 0x19, 0x40, 0x41, 0x43, 0x44, 0x45, 0x47, 0x48, 0x50, 0x7F};
        request(0x34, 0, 1);
        t.hdr[1] = HOST_RID << 16 | code;
        send(&t);
        expect_silence(30);
        bool is_known = memchr(known, (int)code, sizeof known) != NULL;
        CHECK((aer_status() == 1u << 20) == !is_known, "message %02x: AER %08x", code, aer_status());
        clear_errors();
    }
}

static void line_34_type_1_requests(void) {
    uint32_t v = 0;
    bring_up(4);
    for (unsigned i = 0; i < 200; i++) { // with ARI there is nothing behind our bus
        request(i % 2 ? 0x45 : TLP_CFGRD1, 0, 1);
        t.hdr[2] = (i % 5 == 0 ? BUS : bench_below(256)) << 24 | bench_below(256) << 16;
        send(&t);
        const struct tlp *c = receive(200);
        CHECK(check_cpl(c, &t, t.hdr[2] >> 16) == TLP_UR, "type 1 request to %08x", t.hdr[2]);
    }
    CHECK(cfg_access(TLP_CFGRD0, 4, 0x2C, 0xF, &v) == TLP_SC, "the bus number is still ours");
}

static void line_35_poisoned_writes(void) {
    bring_up(2);
    for (unsigned i = 0; i < 50; i++) {
        unsigned fn = bench_below(3);
        clear_errors();
        cfg_wr(fn, CFG_CMD, 0xC, 0xFFFF0000);
        request(0x60, fn_bar(fn) + 4 * bench_below(0x400), 1);
        t.hdr[0] |= TLP_EP;
        send(&t);
        run(20);
        CHECK(bar_writes == 0, "executed");
        CHECK((cfg_rd(fn, CFG_CMD) >> 31) != 0 && (fn != 0 || aer_status() == 1u << 12), "reported");
        uint32_t before = cfg_rd(fn, CFG_MSIX);
        tlp_cfg_hdr(t.hdr, TLP_CFGWR0, BUS << 8 | fn, CFG_MSIX, 0xF, HOST_RID, i);
        t.hdr[0] |= TLP_EP;
        t.dws = 1;
        t.data[0] = 0xC0000000;
        send(&t);
        CHECK(check_cpl(receive(200), &t, BUS << 8 | fn) == TLP_UR && cfg_rd(fn, CFG_MSIX) == before, "configuration");
    }
}

// 8-byte reads and writes at any DW of 32-bit registers, and odd byte enables: each has one answer, no side effects.
static void line_36_refused_politely(void) {
    bring_up(3);
    for (unsigned i = 0; i < 400; i++) {
        unsigned fn = bench_below(4);
        uint32_t off = 4 * bench_below(0x1000); // registers, holes, MSI-X, doorbells
        off -= off % 0x1000 == 0xFFC ? 4 : 0;   // over a 4 KiB boundary it would be malformed
        request(0x20, fn_bar(fn) + off, 2);
        t.hdr[1] = (t.hdr[1] & ~0xFFu) | 0xF0 | (1 + bench_below(15));
        send(&t);
        for (unsigned left = 2; left > 0;) {
            const struct tlp *c = receive(300);
            CHECK(check_cpl(c, &t, BUS << 8 | fn) == TLP_SC && tlp_dws(c->hdr) <= left, "function %u at %x", fn, off);
            left -= tlp_dws(c->hdr);
        }
        mem_wr(fn_bar(fn) + 4 * bench_below(0x400), (uint32_t)bench_rand()); // read-only or not: taken
    }
    expect_silence(100);
    CHECK(bench_monitor_open() == 0, "a request without an answer");
}

static void read_of(unsigned fn, uint32_t off, unsigned dws, unsigned fbe, unsigned lbe) {
    request(0x20, fn_bar(fn) + off, dws);
    t.hdr[1] = (t.hdr[1] & ~0xFFu) | lbe << 4 | fbe;
    send(&t);
    for (unsigned left = dws; left > 0;) { // the monitor checks count, address and boundary
        const struct tlp *c = receive(9000);
        CHECK(check_cpl(c, &t, BUS << 8 | fn) == TLP_SC && tlp_has_data(c->hdr), "%u DW at %x", dws, off);
        for (unsigned k = 0; k < tlp_dws(c->hdr); k++) {
            uint32_t at = off + 4 * (dws - left + k);
            CHECK(at >= 0x1000 || fbe == 0 || c->data[k] == bar_value(fn, at), "data at %x", at);
        }
        CHECK(tlp_dws(c->hdr) <= left, "too much");
        left -= tlp_dws(c->hdr);
    }
}
static void line_37_reads_of_every_length(void) {
    bring_up(2);
    for (unsigned dws = 1; dws <= 1024; dws++) {
        static const unsigned fbes[] = {0xF, 0xE, 0xC, 0x8, 1, 5}, lbes[] = {0xF, 7, 3, 1, 8, 9};
        unsigned k = dws % 6;
        read_of(0, dws == 1024 ? 0 : 4 * bench_below(1025 - dws), dws, fbes[k], dws == 1 ? 0 : lbes[(k + dws / 6) % 6]);
    }
    for (unsigned fn = 0; fn < 3; fn++)
        read_of(fn, 0x40 + 4 * fn, 1, 0, 0); // nothing asked for: one DW all the same
}

static void line_38_answers_repeat_the_request(void) {
    bring_up(3);
    for (unsigned i = 0; i < 400; i++) { // check_cpl compares class, attributes, tag, requester, completer
        unsigned fn = bench_below(4);
        request(0x20, fn_bar(fn) + 4 * bench_below(0x400), 1);
        t.hdr[0] |= bench_below(8) << 20 | bench_below(2) << 18 | bench_below(4) << 12;
        t.hdr[1] = (uint32_t)bench_below(0x10000) << 16 | bench_below(256) << 8 | 0xF;
        send(&t);
        CHECK(check_cpl(receive(300), &t, BUS << 8 | fn) == TLP_SC, "read");
    }
}

// Dropped without an answer, fatal in AER, and the next TLP is understood.
static void bad_tlp(const char *what) {
    clear_errors();
    malformed = true;
    send(&t);
    malformed = false;
    run(60);
    CHECK(tx_head == tx_tail && bar_writes == 0, "%s: executed or answered", what);
    CHECK(aer_status() == 1u << 18, "%s: AER %08x", what, aer_status());
    CHECK(cfg_rd(0, CFG_AER + 0x18) == 18 && cfg_rd(0, CFG_AER + 0x1C) == t.hdr[0] &&
              cfg_rd(0, CFG_AER + 0x20) == t.hdr[1],
          "%s: first error and header log", what);
    CHECK(cfg_rd(0, CFG_DEVCTL) >> 18 & 1, "%s: Fatal Error Detected", what);
    CHECK(mem_rd_ok(PF_BAR + 8, 0) == bar_value(0, 8), "after %s", what);
}
static void line_39_malformed(void) {
    bring_up(2);
    for (unsigned i = 1; i < 40; i++) { // payload longer or shorter than the length says, in beats
        request(0x60, PF_BAR, 1 + bench_below(100));
        unsigned beats = tlp_beats(&t), other = 1 + bench_below(8);
        t.dws = 16 * (other == beats ? other + 1 : other);
        bad_tlp("length and payload differ");
    }
    request(0x20, PF_BAR, 1);
    t.dws = 17;
    bad_tlp("read with payload");
    request(0x60, PF_BAR, 129);
    bad_tlp("over the payload size");
    for (unsigned write = 0; write < 2; write++) {
        unsigned kind = write ? 0x60 : 0x20;
        request(kind, PF_BAR + 0xFFC, 2);
        bad_tlp("crosses 4 KiB");
        request(kind, PF_BAR, 1);
        t.hdr[1] |= 0x10;
        bad_tlp("last byte enables of one DW");
        request(kind, PF_BAR, 2);
        t.hdr[1] &= ~0xF0u;
        bad_tlp("no last byte enables");
        request(kind, PF_BAR, 2);
        t.hdr[1] &= ~0xFu;
        bad_tlp("no first byte enables");
    }
    request(TLP_CFGRD0, BUS << 24, 2);
    bad_tlp("two DW of configuration");
    request(TLP_CFGRD0, BUS << 24, 1);
    t.hdr[0] |= 1 << 20;
    bad_tlp("configuration with a traffic class");
    request(TLP_IORD, 0, 1);
    t.hdr[1] |= 0x30;
    bad_tlp("I/O with last byte enables");
    static const uint8_t kinds[] = {0x1B, 0x80, 0x9E, 0x03, 0x5F, 0x36};
    for (unsigned i = 0; i < sizeof kinds; i++) {
        request(kinds[i], 0, 1);
        bad_tlp("no such type");
    }
    // The digest is the link's: a TLP that says it has one is executed.
    request(0x60, PF_BAR + 0x100, 1);
    t.hdr[0] |= TLP_TD;
    send(&t);
    run(20);
    CHECK(bar_writes == 1, "digest");
}

static void line_41_backpressure(void) {
    const uint32_t *out = weir_rtl_out(bench_model);
    uint32_t held[21];
    bool holding = false;
    unsigned next = 0; // write that is to come
    up(3);
    for (unsigned i = 0; i < 3000; i++) { // what stands at the link stays as it is until it is taken
        tx_stop = bench_below(4) != 0;
        bool valid = bench_get(out, OUT_TX_VALID, 1);
        if (holding)
            CHECK(valid && memcmp(held, &out[OUT_TX_WORD], 80) == 0, "a beat changed while it waited");
        memcpy(held, &out[OUT_TX_WORD], 80);
        dma_write(i % 3, 0x100000 + 4096 * i, 64);
        tx_stop = true;
        valid = bench_get(out, OUT_TX_VALID, 1);
        memcpy(held, &out[OUT_TX_WORD], 80);
        step();
        CHECK(!valid || memcmp(held, &out[OUT_TX_WORD], 80) == 0, "a beat changed while it waited");
        holding = false;
        tx_stop = false;
        while (i % 4 == 3 && (bench_get(out, OUT_TX_VALID, 1) || tx_head != tx_tail)) {
            const struct tlp *r = receive(50);
            CHECK(r != NULL && r->hdr[2] == 0x100000 + 4096 * next, "%08x comes when it is write %u's turn",
                  r != NULL ? r->hdr[2] : 0, next);
            next++;
        }
    }
    CHECK(next == 3000, "%u of 3000 writes left", next);
}

// ---- Requests out ----
static uint64_t msg_addr(unsigned fn, unsigned vec) {
    return 0xFEE00000u | fn << 12 | vec << 4;
}
static void set_vector(unsigned fn, unsigned vec, bool masked) {
    uint64_t at = fn_bar(fn) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec;
    mem_wr(at, (uint32_t)msg_addr(fn, vec));
    mem_wr(at + 4, 0);
    mem_wr(at + 8, fn << 8 | vec);
    mem_wr(at + 12, masked);
}
static void vectors_on(unsigned fns) {
    for (unsigned fn = 0; fn < fns; fn++) {
        for (unsigned vec = 0; vec < WEIR_FN_VECTORS; vec++)
            set_vector(fn, vec, false);
        cfg_wr(fn, CFG_MSIX, 0xC, 1u << 31);
    }
}
static void interrupt(unsigned fn, unsigned vec) {
    csr_wr(WEIR_PCIE_IRQ_RAISE_OFFSET, fn | vec << 8);
}
static bool message(unsigned fn, unsigned vec, unsigned cycles) {
    const struct tlp *r = receive(cycles);
    if (r == NULL)
        return false;
    struct tlp_mem m = tlp_check_mem(r->hdr, 4);
    CHECK(m.write && m.addr == msg_addr(fn, vec) && r->data[0] == (fn << 8 | vec) && m.rid == (BUS << 8 | fn),
          "message %" PRIx64 " %08x instead of %u.%u", m.addr, r->data[0], fn, vec);
    return true;
}
static uint32_t pending(unsigned fn) {
    return mem_rd_ok(fn_bar(fn) + WEIR_BAR_MSIX_PBA_BASE, fn);
}

// 200 reads of ours are never answered, and more stand before a stopped link: writes to the card are taken at their
// pace all the while, and the card's own writes leave as soon as the link goes.
static void line_40_own_reads_hold_no_write(void) {
    enum { READS = 200, MORE = 56, WRITES = 1000 };
    uint32_t *in = weir_rtl_in(bench_model);
    unsigned taken = 0;
    up(3);
    for (unsigned i = 0; i < READS; i++) {
        dma_read(i % 3, i);
        CHECK(receive(100) != NULL, "read %u", i);
    }
    tx_stop = true;
    for (unsigned i = 0; i < 100; i++) {
        bool ready = bench_get(weir_rtl_out(bench_model), OUT_RDREQ_READY, 1);
        in[IN_DMA_WORD] = 3u << 17;
        tlp_mem_hdr(&in[IN_DMA_WORD + 1], TLP_MRD, 0x30000, 64, 0, READS + taken);
        bench_put(in, IN_RDREQ_VALID, 1, taken < MORE);
        step();
        taken += ready && taken < MORE;
    }
    CHECK(taken < MORE, "all are taken with the link stopped");
    bar_writes = 0;
    rd_waits = true;
    uint64_t from = weir_rtl_cycles(bench_model);
    for (unsigned i = 0; i < WRITES; i++)
        mem_wr(fn_bar(1 + i % 2) + WEIR_BAR_DOORBELL_BASE, i);
    run(20);
    CHECK(bar_writes == WRITES && weir_rtl_cycles(bench_model) - from <= 2 * WRITES + 100,
          "%u of %u writes in %" PRIu64, bar_writes, WRITES, weir_rtl_cycles(bench_model) - from);
    tx_stop = rd_waits = false;
    for (unsigned i = 0; i < taken; i++)
        CHECK(receive(100) != NULL, "read %u of %u behind the stop", i, taken);
    for (unsigned i = 0; i < 100; i++) {
        const struct tlp *w;
        dma_write(i % 3, 0x100000 + 4096 * i, 64);
        w = receive(50);
        CHECK(w != NULL && tlp_has_data(w->hdr), "our write %u waits for our reads", i);
    }
    for (unsigned i = 0; i < READS; i++)
        answer(i % 3, i, TLP_UR, 0, 0);
    CHECK(cpl_seen >= READS, "%u answers of %u passed on", cpl_seen, READS);
}

static void line_42_no_request_without_bme(void) {
    up(4);
    vectors_on(4);
    for (unsigned fn = 0; fn < 4; fn++) {
        cfg_wr(fn, CFG_CMD, 1, CMD_MSE);
        unsigned before = cpl_seen;
        dma_write(fn, 0x5000, 256);
        dma_read(fn, fn);
        interrupt(fn, 2);
        expect_silence(200); // and the monitor
        CHECK(cpl_seen == before + 1 && (cpl_part.hdr[2] >> 8 & 0xFF) == fn, "the read's tag comes back");
        CHECK(mem_rd_ok(fn_bar(fn), fn) == bar_value(fn, 0), "completions still go");
        cfg_wr(fn, CFG_CMD, 1, CMD_MSE | CMD_BME);
        CHECK(message(fn, 2, 200), "the interrupt was held");
        dma_write(fn, 0x5000, 64);
        CHECK(receive(100) != NULL, "requests go on");
    }
}

static void line_46_requester_and_header(void) {
    up(9);
    for (unsigned i = 0; i < 300; i++) {
        unsigned fn = bench_below(9);
        dma_write(fn, 0x100000000ull * (i % 2) + 4096 * i, 4 + bench_below(500));
        const struct tlp *r = receive(200);
        CHECK(r != NULL && tlp_check_mem(r->hdr, 512).rid == (BUS << 8 | fn), "write of function %u", fn);
        dma_read(fn, i & 0xFF);
        r = receive(200);
        CHECK(r != NULL && tlp_check_mem(r->hdr, 512).rid == (BUS << 8 | fn), "read of function %u", fn);
        answer(fn, i & 0xFF, TLP_UR, 0, 0);
    }
}

// Data, completion entry, interrupt: each behind the other, whatever else is under way.
static void line_47_data_completion_interrupt(void) {
    up(4);
    vectors_on(4);
    for (unsigned i = 0; i < 200; i++) {
        unsigned fn = bench_below(4), seen = 0;
        dma_write(fn, 0x10000, 64 * (1 + bench_below(8)));
        dma_write(fn, 0x20000, 16);
        dma_token(fn, 1 + i % 15);
        while (seen < 3) {
            const struct tlp *r = receive(300);
            CHECK(r != NULL, "only %u of 3", seen);
            CHECK(r->hdr[2] == (seen == 0   ? 0x10000u
                                : seen == 1 ? 0x20000u
                                            : (uint32_t)msg_addr(fn, 1 + i % 15)),
                  "%08x is number %u", r->hdr[2], seen);
            seen++;
        }
    }
}

static void line_48_timeout_ranges(void) {
    static const struct {
        unsigned value;
        double least, most; // seconds
    } ranges[] = {{0, 50e-6, 50e-3},   {1, 50e-6, 100e-6}, {2, 1e-3, 10e-3}, {5, 16e-3, 55e-3}, {6, 65e-3, 210e-3},
                  {9, 260e-3, 900e-3}, {10, 1, 3.5},       {13, 4, 13},      {14, 17, 64}};
    bring_up(2);
    CHECK((cfg_rd(0, 0x74) & 0x1F) == 0x1F && (cfg_rd(1, 0x74) & 0x1F) == 0x1F, "ranges A to D, and disable");
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        cfg_wr(0, 0x78, 1, ranges[i].value);
        double s = (double)weir_rtl_out(bench_model)[OUT_TIMEOUT_WORD] / WEIR_CLOCK_HZ;
        CHECK(s >= ranges[i].least && s <= ranges[i].most, "value %u gives %g s", ranges[i].value, s);
        cfg_wr(0, 0x78, 1, ranges[i].value | 0x10);
        CHECK(weir_rtl_out(bench_model)[OUT_TIMEOUT_WORD] == 0, "disabled");
    }
    // A timeout in dma is AER's, and the function's.
    for (unsigned fn = 0; fn < 2; fn++) {
        clear_errors();
        weir_rtl_in(bench_model)[IN_ERR_WORD] = 1 | fn << 8;
        step();
        weir_rtl_in(bench_model)[IN_ERR_WORD] = 0;
        run(10);
        CHECK(aer_status() == (fn == 0 ? 1u << 14 : 0) && (cfg_rd(fn, CFG_DEVCTL) >> 17 & 1), "timeout of %u", fn);
    }
}

static void line_49_bad_completions_are_reported(void) {
    up(3);
    static const struct {
        unsigned status, dws;
        uint32_t flags, bits;
    } bad[] = {{TLP_UR, 0, 0, 0x2000}, {TLP_CA, 0, 0, 0x1000}, {TLP_CRS, 0, 0, 0}, {TLP_SC, 16, TLP_EP, 0x8000}};
    for (unsigned i = 0; i < 40; i++) {
        unsigned fn = bench_below(3), k = i % 4;
        for (unsigned f = 0; f < 3; f++)
            cfg_wr(f, CFG_CMD, 0xC, 0xFFFF0000);
        dma_read(fn, i);
        CHECK(receive(100) != NULL, "the read");
        unsigned before = cpl_seen;
        answer(fn, i, bad[k].status, bad[k].dws, bad[k].flags);
        CHECK(cpl_seen == before + 1, "passed to dma, which contains it (rtl.dma.read_errors)");
        for (unsigned f = 0; f < 3; f++)
            CHECK((cfg_rd(f, CFG_CMD) >> 16 & 0xF900) == (f == fn ? bad[k].bits : 0), "status of function %u", f);
    }
    // Unexpected ones: of nobody's ID here, of a tag nobody waits for in dma.
    clear_errors();
    cfg_wr(0, CFG_AER + 0x14, 0xF, 0);
    tlp_cpl_hdr(t.hdr, TLP_SC, 1, 4, 0, 0x0303, 5);
    t.dws = 1;
    send(&t);
    run(20);
    CHECK(aer_status() == 1u << 16 && cfg_rd(0, CFG_AER + 0x24) == t.hdr[2], "unexpected completion");
    clear_errors();
    weir_rtl_in(bench_model)[IN_ERR_WORD] = 2;
    weir_rtl_in(bench_model)[IN_ERR_HDR_WORD + 2] = 0x12345678;
    step();
    weir_rtl_in(bench_model)[IN_ERR_WORD] = 0;
    run(10);
    CHECK(aer_status() == 1u << 16 && cfg_rd(0, CFG_AER + 0x24) == 0x12345678, "unexpected tag");
}

// ---- MSI-X ----
static void line_51_place_and_size(void) {
    bring_up(3);
    for (unsigned fn = 0; fn < 4; fn++) {
        cfg_wr(fn, CFG_MSIX + 4, 0xF, 0xFFFFFFFF);
        cfg_wr(fn, CFG_MSIX + 8, 0xF, 0xFFFFFFFF);
        cfg_wr(fn, CFG_MSIX, 0x3, 0xFFFF);
        CHECK((cfg_rd(fn, CFG_MSIX) >> 16 & 0x7FF) == WEIR_FN_VECTORS - 1, "table size");
        uint32_t table = cfg_rd(fn, CFG_MSIX + 4), pba = cfg_rd(fn, CFG_MSIX + 8);
        CHECK(table == WEIR_BAR_MSIX_TABLE_BASE && pba == WEIR_BAR_MSIX_PBA_BASE && (table & 0xFFF) == 0 &&
                  (pba & 0xFFF) == 0 && table >> 12 != pba >> 12,
              "offset, BIR, pages of their own");
    }
}
static void line_52_masked_vector(void) {
    up(3);
    vectors_on(3);
    for (unsigned i = 0; i < 60; i++) {
        unsigned fn = bench_below(3), vec = bench_below(16);
        set_vector(fn, vec, true);
        for (unsigned k = 0; k < 1 + bench_below(4); k++)
            interrupt(fn, vec);
        expect_silence(100);
        CHECK(pending(fn) == 1u << vec, "pending %x", pending(fn));
        mem_wr(fn_bar(fn) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec + 12, 0);
        CHECK(message(fn, vec, 200) && pending(fn) == 0, "one message");
        expect_silence(100);
    }
}
static void line_53_function_mask_enable_bme(void) {
    up(3);
    vectors_on(3);
    for (unsigned how = 0; how < 4; how++) {
        if (how < 2)
            cfg_wr(1, CFG_MSIX, 0x8, how == 0 ? 3u << 30 : 0);
        else if (how == 2)
            cfg_wr(1, CFG_CMD, 1, CMD_MSE);
        else
            cfg_wr(1, CFG_PM, 1, 3);
        interrupt(1, 3);
        interrupt(1, 3);
        interrupt(2, 3); // the neighbour's goes
        CHECK(message(2, 3, 200), "the neighbour");
        expect_silence(200);
        if (how < 2)
            cfg_wr(1, CFG_MSIX, 0x8, 1u << 31);
        else if (how == 2)
            cfg_wr(1, CFG_CMD, 1, CMD_BME | CMD_MSE);
        else
            cfg_wr(1, CFG_PM, 1, 0);
        CHECK(message(1, 3, 200), "held by %u, not lost", how);
        expect_silence(200);
    }
}
// An entry rewritten DW by DW while its interrupt waits: a message has all of the old or all of the new.
static void line_54_entry_never_mixes(void) {
    unsigned old = 0, fresh = 0;
    up(2);
    vectors_on(2);
    for (unsigned i = 0; i < 400; i++) {
        uint64_t at = fn_bar(1) + WEIR_BAR_MSIX_TABLE_BASE + 16 * 5;
        uint32_t gen = i + 1;
        interrupt(1, 5);
        for (unsigned dw = 0; dw < 4; dw++) {
            mem_wr(at + 4 * dw, dw == 0 ? 0xFEE00000u | (gen & 0xFFFF) << 4 : dw == 2 ? gen : 0);
            run(bench_below(20));
            if (dw == 1 && bench_below(2))
                interrupt(1, 5);
        }
        for (const struct tlp *r = receive(60); r != NULL; r = receive(60)) {
            unsigned a = r->hdr[2] >> 4 & 0xFFFF, d = r->data[0];
            CHECK(i == 0 || a == (d & 0xFFFF), "message mixes address %u and data %u", a, d);
            old += d == gen - 1;
            fresh += d == gen;
        }
    }
    CHECK(old > 20 && fresh > 100, "%u old and %u new", old, fresh);
}
// The host's reset is over when the last read has come back, whatever firmware does; inside the card the former
// generation stays shut out until firmware has let go of it, and of every generation since.
static void line_28_over_with_the_last_read(void) {
    uint32_t *wait = &weir_rtl_in(bench_model)[IN_ERR_WORD];
    unsigned cycles = 0;
    up(4);
    vectors_on(3);
    for (unsigned round = 0; round < 20; round++) {
        *wait = 1u << 2 | 2u << 16;
        cfg_wr(2, CFG_DEVCTL, 2, DEVCTL_FLR);
        run(100 + bench_below(300));
        CHECK(fn_bit(OUT_FLR, 2), "over with a read outstanding");
        *wait = 0;
        for (cycles = 0; fn_bit(OUT_FLR, 2); cycles++) {
            CHECK(cycles < BENCH_FNS + 4, "no end in %u cycles", cycles);
            step();
        }
        // The new generation may set itself up, and interrupts of the old one do not reach it.
        cfg_wr(2, CFG_CMD, 1, CMD_BME);
        cfg_wr(2, CFG_MSIX, 8, 1u << 31);
        set_vector(2, 1, false);
        interrupt(2, 1);
        run(100);
        CHECK((cfg_rd(2, CFG_CMD) & 4) != 0 && !fn_bit(OUT_DMA_OK, 2) && fn_bit(OUT_HOLD, 2),
              "DMA of the old generation");
        CHECK(mem_rd_ok(fn_bar(2) + WEIR_BAR_MSIX_TABLE_BASE + 16 + 12, 2) == 0, "vector 1 is not unmasked");
        CHECK(pending(2) == 0 && receive(20) == NULL, "an interrupt of the old generation");
        if (round % 2 != 0) { // a further reset that firmware does not know of yet
            while (csr_rd(WEIR_PCIE_EVENT_POP_OFFSET) == 0)
                step();
            cfg_wr(2, CFG_DEVCTL, 2, DEVCTL_FLR);
            csr_wr(WEIR_PCIE_FLR_DONE_OFFSET, 2);
            CHECK(fn_bit(OUT_HOLD, 2), "let go of a generation it does not know");
        }
        flr_done(2);
        run(2);
        cfg_wr(2, CFG_CMD, 1, CMD_BME);
        CHECK(fn_bit(OUT_DMA_OK, 2), "function 2 does not come back");
        drop_events();
    }
    printf("  over %u cycles after the last read\n", cycles);
}

static void line_55_reset_masks_and_clears(void) {
    up(3);
    vectors_on(3);
    set_vector(1, 4, true);
    interrupt(1, 4);
    run(20);
    CHECK(pending(1) == 1u << 4, "pending");
    cfg_wr(1, CFG_DEVCTL, 2, DEVCTL_FLR);
    run(10);
    flr_done(1);
    CHECK(pending(1) == 0 && cfg_rd(1, CFG_MSIX) >> 30 == 0, "pending and enable");
    for (unsigned vec = 0; vec < WEIR_FN_VECTORS; vec++)
        CHECK(mem_rd_ok(fn_bar(1) + WEIR_BAR_MSIX_TABLE_BASE + 16 * vec + 12, 1) == 1, "vector %u is not masked", vec);
    CHECK(mem_rd_ok(fn_bar(2) + WEIR_BAR_MSIX_TABLE_BASE + 12, 2) == 0, "the neighbour's");
}

// Interrupts of one vector as fast as they come: how far apart its messages are.
static uint64_t gap(unsigned fn, unsigned vec, unsigned cycles, unsigned every, unsigned *count) {
    uint64_t least = UINT64_MAX, last = 0, from = weir_rtl_cycles(bench_model);
    *count = 0;
    while (weir_rtl_cycles(bench_model) - from < cycles) {
        interrupt(fn, vec);
        run(every);
        while (tx_head != tx_tail) {
            uint64_t now = weir_rtl_cycles(bench_model);
            CHECK(message(fn, vec, 1), "message");
            if (*count > 0 && now - last < least)
                least = now - last;
            last = now;
            ++*count;
        }
    }
    run(WEIR_MODERATION_HIGH_CYCLES + 4000); // the one that waits comes, too
    while (tx_head != tx_tail)
        CHECK(message(fn, vec, 1), "message");
    CHECK(pending(fn) == 0, "an interrupt is left");
    return least;
}
static void moderation_of_each_level(void) {
    static const struct {
        unsigned level, least;
    } levels[] = {{WEIR_MODERATION_UNDEFINED, 0},
                  {WEIR_MODERATION_OFF, 0},
                  {WEIR_MODERATION_LOW, WEIR_MODERATION_LOW_CYCLES},
                  {WEIR_MODERATION_MEDIUM, WEIR_MODERATION_MEDIUM_CYCLES},
                  {WEIR_MODERATION_HIGH, WEIR_MODERATION_HIGH_CYCLES}};
    unsigned n, m;
    up(3);
    vectors_on(3);
    for (unsigned i = 0; i < 5; i++) {
        csr_wr(WEIR_PCIE_MODERATE_OFFSET, 1 | 7 << 8 | levels[i].level << 16);
        uint64_t least = gap(1, 7, 200000, 20, &n);
        CHECK(least + 40 >= levels[i].least, "level %u: messages %" PRIu64 " cycles apart", levels[i].level, least);
        CHECK(levels[i].least == 0 ? n > 4000 : n >= 200000 / (levels[i].least + 16 * BENCH_FNS + 100), "%u messages",
              n);
        printf("  level %u: %u messages in 200000 cycles, at least %" PRIu64 " apart\n", levels[i].level, n, least);
        gap(1, 8, 20000, 20, &m);
        CHECK(m > 400, "another vector of the function is slow, too");
    }
    // Adaptive: single ones at once, a flood rests longer and longer.
    csr_wr(WEIR_PCIE_MODERATE_OFFSET, 1 | 7 << 8 | WEIR_MODERATION_ADAPTIVE << 16);
    for (unsigned i = 0; i < 20; i++) {
        interrupt(1, 7);
        CHECK(message(1, 7, 60), "a rare interrupt is at once");
        run(5000);
    }
    gap(1, 7, 400000, 20, &n);
    CHECK(n <= 400000 / WEIR_MODERATION_HIGH_CYCLES + 12, "%u messages in a flood", n);
    run(4 * WEIR_MODERATION_HIGH_CYCLES);
    interrupt(1, 7);
    CHECK(message(1, 7, 60), "first one after the flood");
    // What does not exist is ignored; a reset keeps the level.
    csr_wr(WEIR_PCIE_MODERATE_OFFSET, 255 | 7 << 8 | WEIR_MODERATION_HIGH << 16);
    csr_wr(WEIR_PCIE_MODERATE_OFFSET, 1 | 16 << 8 | WEIR_MODERATION_HIGH << 16);
    csr_wr(WEIR_PCIE_MODERATE_OFFSET, 1 | 8 << 8 | 7 << 16);
    gap(1, 8, 20000, 20, &m);
    CHECK(m > 400, "a level that does not exist counts");
}

// ---- Errors ----
static void expect_error(unsigned code, unsigned fn) {
    const struct tlp *r = receive(100);
    CHECK(r != NULL, "no message %02x", code);
    CHECK(r->hdr[0] == 0x30000000 && r->hdr[1] == ((BUS << 8 | fn) << 16 | code) && r->hdr[2] == 0 && r->hdr[3] == 0,
          "message %08x %08x instead of %02x", r->hdr[0], r->hdr[1], code);
    expect_silence(60);
}
static void line_56_aer_every_bit(void) {
    bring_up(1);
    cfg_wr(0, CFG_DEVCTL, 1, 0xF); // every message
    for (unsigned bit = 0; bit < 32; bit++) {
        bool unc = 0x17F010u >> bit & 1, cor = 0x31C1u >> bit & 1;
        for (unsigned sev = 0; sev < 2; sev++) {
            clear_errors();
            cfg_wr(0, CFG_AER + 0xC, 0xF, sev << bit);
            csr_wr(WEIR_PCIE_ERR_UNC_OFFSET, 1u << bit);
            if (unc)
                expect_error(sev ? 0x33 : 0x31, 0);
            CHECK(aer_status() == (unc ? 1u << bit : 0), "uncorrectable %u", bit);
            if (unc) {
                CHECK(cfg_rd(0, CFG_AER + 0x18) == bit, "first error pointer");
                CHECK((cfg_rd(0, CFG_DEVCTL) >> 16 & 7) == (sev ? 4 : 2), "device status");
            }
            csr_wr(WEIR_PCIE_ERR_UNC_OFFSET, 1u << 20); // the second one does not move the pointer
            run(20);
            tx_head = tx_tail;
            CHECK(!unc || cfg_rd(0, CFG_AER + 0x18) == bit, "first error pointer moved");
        }
        clear_errors();
        cfg_wr(0, CFG_AER + 8, 0xF, 1u << bit); // masked: status, no message, no pointer
        csr_wr(WEIR_PCIE_ERR_UNC_OFFSET, 1u << bit);
        CHECK(aer_status() == (unc ? 1u << bit : 0), "masked %u", bit);
        expect_silence(60);
        cfg_wr(0, CFG_AER + 8, 0xF, 0);
        clear_errors();
        csr_wr(WEIR_PCIE_ERR_COR_OFFSET, 1u << bit);
        if (cor && bit != 13)
            expect_error(0x30, 0);
        CHECK(cfg_rd(0, CFG_AER + 0x10) == (cor ? 1u << bit : 0), "correctable %u", bit);
        cfg_wr(0, CFG_AER + 0x14, 0xF, 1u << bit);
        clear_errors();
        csr_wr(WEIR_PCIE_ERR_COR_OFFSET, 1u << bit);
        CHECK(cfg_rd(0, CFG_AER + 0x10) == (cor ? 1u << bit : 0), "masked correctable %u", bit);
        expect_silence(60);
        cfg_wr(0, CFG_AER + 0x14, 0xF, 0x2000);
    }
    // Real ones bring their header.
    clear_errors();
    cfg_wr(0, CFG_AER + 0xC, 0xF, 0);
    request(0x60, 0x77000000000ull, 1);
    send(&t);
    expect_error(0x31, 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK(cfg_rd(0, CFG_AER + 0x1C + 4 * i) == t.hdr[i], "header log %u", i);
}

static void line_57_advisory_and_enables(void) {
    uint32_t v = 0;
    up(3);
    // A refused read is advisory: correctable message, and only when both switches are on.
    for (unsigned en = 0; en < 16; en++) {
        clear_errors();
        cfg_wr(0, CFG_DEVCTL, 1, en);
        cfg_wr(0, CFG_AER + 0x14, 0xF, 0);
        CHECK(mem_rd(0x123456789000ull, BUS << 8, &v) == TLP_UR, "refused");
        if ((en & 9) == 9)
            expect_error(0x30, 0);
        expect_silence(60);
        CHECK(cfg_rd(0, CFG_AER + 0x10) == 0x2000 && aer_status() == 1u << 20, "advisory in AER");
        CHECK((cfg_rd(0, CFG_DEVCTL) >> 16 & 0xF) == 9, "device status %x", cfg_rd(0, CFG_DEVCTL) >> 16 & 0xF);
        // Masked (as after reset): the uncorrectable registers keep out of it.
        clear_errors();
        cfg_wr(0, CFG_AER + 0x14, 0xF, 0x2000);
        CHECK(mem_rd(0x123456789000ull, BUS << 8, &v) == TLP_UR, "refused");
        expect_silence(60);
        CHECK(aer_status() == 0 && cfg_rd(0, CFG_AER + 0x10) == 0x2000, "masked advisory");
        // A refused write is not.
        clear_errors();
        mem_wr(0x123456789000ull, 1);
        if ((en & 10) == 10)
            expect_error(0x31, 0);
        expect_silence(60);
        CHECK((cfg_rd(0, CFG_DEVCTL) >> 16 & 0xF) == 10, "device status");
    }
    // Severity fatal: no longer advisory. SERR# Enable sends without the enable bits.
    clear_errors();
    cfg_wr(0, CFG_DEVCTL, 1, 0);
    cfg_wr(0, CFG_AER + 0xC, 0xF, 1u << 20);
    cfg_wr(0, CFG_CMD, 3, CMD_BME | CMD_MSE | 0x100);
    CHECK(mem_rd(0x123456789000ull, BUS << 8, &v) == TLP_UR, "refused");
    expect_error(0x33, 0);
    CHECK(cfg_rd(0, CFG_CMD) >> 30 & 1, "Signaled System Error");
    cfg_wr(0, CFG_CMD, 3, CMD_BME | CMD_MSE);
    // A VF speaks in its own name, when the PF lets it: it has no enables of its own.
    for (unsigned let = 0; let < 2; let++) {
        cfg_wr(0, CFG_DEVCTL, 1, let ? 0xF : 0);
        cfg_wr(2, CFG_DEVCTL, 1, let ? 0 : 0xF);
        request(0x60, fn_bar(2), 1);
        t.hdr[0] |= TLP_EP;
        send(&t);
        if (let)
            expect_error(0x31, 2);
        else
            expect_silence(60);
    }
    CHECK((cfg_rd(2, CFG_DEVCTL) >> 16 & 0xF) == 2 && (cfg_rd(1, CFG_DEVCTL) >> 16 & 0xF) == 0, "of this VF alone");
}

// Error messages of VFs that wait for the link when the VFs are taken away: behind the completion that says so none
// comes.
static void line_57_nothing_of_a_vf_that_is_gone(void) {
    unsigned messages = 0;
    up(3);
    cfg_wr(0, CFG_DEVCTL, 1, 0xF);
    tx_stop = true;
    for (unsigned i = 0; i < 16; i++) {
        request(0x60, fn_bar(2), 1);
        t.hdr[0] |= TLP_EP;
        send(&t);
    }
    run(50);
    tlp_cfg_hdr(t.hdr, TLP_CFGWR0, BUS << 8, SRIOV_CTL, 1, HOST_RID, next_tag++ & 0xFF);
    t.dws = 1;
    t.data[0] = 0;
    send(&t);
    run(300);
    tx_stop = false;
    const struct tlp *c = receive(200);
    for (; c != NULL && c->hdr[0] >> 24 != TLP_CPL; c = receive(200))
        messages++;
    CHECK(check_cpl(c, &t, BUS << 8) == TLP_SC, "the VFs are taken away");
    CHECK(messages != 0, "no message was under way, so nothing was tried");
    expect_silence(200);
}

// ---- Power and link ----
static void line_58_d3hot(void) {
    uint32_t v = 0;
    up(3);
    vectors_on(3);
    for (unsigned fn = 1; fn < 3; fn++) {
        cfg_wr(fn, CFG_PM, 1, 3);
        CHECK((cfg_rd(fn, CFG_PM) & 0xB) == 0xB, "D3hot and No_Soft_Reset");
        CHECK(mem_rd(fn_bar(fn), BUS << 8 | fn, &v) == TLP_UR, "memory in D3hot");
        dma_write(fn, 0x1000, 64);
        interrupt(fn, 1);
        expect_silence(200);
        for (unsigned d = 1; d < 3; d++) {
            cfg_wr(fn, CFG_PM, 1, d);
            CHECK((cfg_rd(fn, CFG_PM) & 3) == 3, "D%u does not exist", d);
        }
        cfg_wr(fn, CFG_PM, 1, 0);
        CHECK(message(fn, 1, 200), "the interrupt was held");
        CHECK((cfg_rd(fn, CFG_CMD) & 0xFFFF) == CMD_BME && cfg_rd(fn, CFG_MSIX) >> 31, "state is kept");
        CHECK(mem_rd_ok(fn_bar(fn), fn) == bar_value(fn, 0), "memory");
    }
    cfg_wr(0, CFG_PM, 1, 3); // the PF: its VFs live on
    CHECK(mem_rd(PF_BAR, BUS << 8, &v) == TLP_UR && mem_rd_ok(fn_bar(1), 1) == bar_value(1, 0), "PF in D3hot");
    cfg_wr(0, CFG_PM, 1, 0);
    CHECK(mem_rd_ok(PF_BAR, 0) == bar_value(0, 0), "PF back");
}

static void line_59_link_down_and_up(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    for (unsigned round = 0; round < 20; round++) {
        up(3);
        vectors_on(3);
        for (unsigned i = 0; i < 8; i++)
            dma_read(i % 3, 8 * round + i);
        dma_write(1, 0x1000, 256);
        bench_put(in, IN_HOT, 1, 1);
        unsigned down = 1 + bench_below(200);
        for (unsigned i = 0; i < down; i++) {
            in[IN_DMA_WORD] = 2 | 3u << 17;
            bench_put(in, IN_WR_VALID, 1, 1);
            step();
            CHECK(!fn_bit(OUT_DMA_OK, 0) && !fn_bit(OUT_DMA_OK, 2), "DMA with the link down");
        }
        CHECK(bench_get(weir_rtl_out(bench_model), OUT_LINK_RESET, 1), "dma is told to give its tags up");
        bench_put(in, IN_HOT, 1, 0);
        tx_head = tx_tail;
        expect_silence(600);
        CHECK(!bench_get(weir_rtl_out(bench_model), OUT_LINK_RESET, 1), "for a while");
        unsigned flrs = 0, gone = 0;
        for (unsigned i = 0; i < 8; i++) {
            run(200);
            uint32_t e = csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
            flrs += e >> 24 == (0x80 | WEIR_HW_EVENT_FLR);
            gone += e == (0x80u << 24 | (uint32_t)WEIR_HW_EVENT_VF_ENABLE << 24);
        }
        CHECK(flrs == 3 && gone == 1, "firmware is told: %u resets, %u", flrs, gone);
        for (unsigned fn = 0; fn < 3; fn++)
            flr_done(fn);
        bring_up(2);
        CHECK(mem_rd_ok(fn_bar(2), 2) == bar_value(2, 0), "the link works again");
    }
}

static void line_60_capabilities(void) {
    bring_up(1);
    for (unsigned fn = 0; fn < 2; fn++) {
        bool used[1024] = {false};
        // Lengths in DW: PM, PCI Express, MSI-X; AER, ARI, SR-IOV.
        static const unsigned ids[] = {0x01, 0x10, 0x11}, sizes[] = {2, 15, 3}, ext[] = {0x01, 0x0E, 0x10},
                              ext_sizes[] = {14, 2, 16};
        unsigned at = cfg_rd(fn, 0x34) & 0xFF, n = 0;
        for (; at != 0; n++) {
            CHECK(n < 48 && at >= 0x40 && (at & 3) == 0, "pointer %02x", at);
            uint32_t v = cfg_rd(fn, at);
            unsigned k = 0;
            while (k < 3 && ids[k] != (v & 0xFF))
                k++;
            CHECK(k < 3, "capability %02x", v & 0xFF);
            for (unsigned i = 0; i < sizes[k]; i++) {
                CHECK(!used[at / 4 + i] && at / 4 + i < 64, "overlap at %02x", at + 4 * i);
                used[at / 4 + i] = true;
            }
            at = v >> 8 & 0xFF;
        }
        for (at = 0x100; at != 0; n++) {
            CHECK(n < 48 && at >= 0x100 && (at & 3) == 0, "pointer %03x", at);
            uint32_t v = cfg_rd(fn, at);
            unsigned k = 0;
            while (k < 3 && ext[k] != (v & 0xFFFF))
                k++;
            CHECK(k < 3, "extended capability %04x", v & 0xFFFF);
            for (unsigned i = 0; i < ext_sizes[k]; i++) {
                CHECK(!used[at / 4 + i] && at / 4 + i < 1024, "overlap at %03x", at + 4 * i);
                used[at / 4 + i] = true;
            }
            at = v >> 20;
        }
        CHECK(n == (fn == 0 ? 6 : 4), "%u capabilities", n);
    }
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
#define CASE(name) {#name, name},
#include "cases_tlp.def"
#undef CASE
    };
    bench_summary = bench_monitor_say;
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
