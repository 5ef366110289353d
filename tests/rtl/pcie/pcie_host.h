// SPDX-License-Identifier: Apache-2.0
// The host and the card's other blocks as weir_pcie sees them: sends TLPs, collects what comes back, answers BAR reads
// with a value made of function and address, logs BAR writes. Layout as in tb_pcie.sv.
#ifndef WEIR_PCIE_HOST_H
#define WEIR_PCIE_HOST_H

#include "bench_monitor.h"
#include "tlp_bench.h"
#include "weir_abi.h"

#ifndef BENCH_FNS
#define BENCH_FNS WEIR_NUM_FNS // of the build under test
#endif
#define BENCH_VFS (BENCH_FNS - 1)

enum {
    IN_RX_VALID = 0,
    IN_RX_SOP = 1,
    IN_TX_READY = 3,
    IN_CPL_READY = 4,
    IN_RDREQ_VALID = 5,
    IN_WR_VALID = 6,
    IN_IRQ_VALID = 7,
    IN_HOT = 8,
    IN_CSR = 9,
    IN_BAR_RSP = 11,
    IN_RX_WORD = 1,
    IN_CSR_WORD = 21,
    IN_BAR_WORD = 23,
    IN_IRQ_WORD = 24,
    IN_DMA_WORD = 25,
    IN_ERR_WORD = 46, // bit 0 timeout of function 15:8, 1 unexpected completion; bit 2: function 23:16 waits
    IN_ERR_HDR_WORD = 47,
    OUT_RX_READY = 0,
    OUT_TX_VALID = 1,
    OUT_TX_SOP = 2,
    OUT_TX_EOP = 3,
    OUT_CPL_VALID = 4,
    OUT_RDREQ_READY = 5,
    OUT_WR_READY = 6,
    OUT_IRQ_READY = 7,
    OUT_EVENT = 8,
    OUT_IDLE = 9,
    OUT_CSR_ACK = 10,
    OUT_BAR_VALID = 11,
    OUT_BAR_WRITE = 12,
    OUT_TX_RIDER = 13,
    OUT_BAR_FN = 16,
    OUT_TX_WORD = 1,
    OUT_CSR_WORD = 21,
    OUT_BAR_WORD = 22,
    OUT_CFG = 24 * 32 + 8,
    OUT_CPL_WORD = 25,
    OUT_DMA_OK = 46 * 32,
    OUT_ENABLED = 54 * 32,
    OUT_HOLD = 62 * 32, // until FLR_DONE
    OUT_TIMEOUT_WORD = 70,
    OUT_FLR = 71 * 32, // for the host
    OUT_LINK_RESET = 24 * 32 + 15,
};
enum { BUS = 0x5A, HOST_RID = 0x0008, LOG = 4096, TX_LOG = 256 };
static const uint64_t PF_BAR = 0x2000000000ULL, VF_BAR = 0x3000000000ULL;

struct bar_write {
    uint8_t fn, be;
    uint32_t addr, data;
};
static struct bar_write bar_log[LOG];
static unsigned bar_writes;
static struct tlp tx_log[TX_LOG]; // complete TLPs from the card, oldest first
static unsigned tx_head, tx_tail;
static struct tlp tx_part;
static struct tlp tx_piggyback[TLP_MAX_DWS / TLP_BEAT_DWS]; // read requests that came inside it
static unsigned tx_piggybacks, tx_ridden;
static bool tx_stop;   // the link takes nothing
static bool rd_waits;  // the read request at dma's port stays offered
static bool malformed; // what is sent is no TLP by the rules: the monitor does not see it
static struct tlp cpl_part;
static unsigned cpl_seen;
static struct {
    unsigned due;
    uint32_t value;
} bar_rsp[16];
static unsigned bar_rsp_head, bar_rsp_tail;

static inline uint32_t bar_value(unsigned fn, uint32_t addr) {
    return (fn * 0x01000193u) ^ (addr * 0x9E3779B1u) ^ 0xA5A5;
}

static inline void tx_whole(struct tlp *t, unsigned beats) {
    const char *broken = bench_monitor_from_card(t->hdr, t->data, beats, weir_rtl_cycles(bench_model));
    CHECK(broken == NULL, "%s", broken);
    t->dws = tlp_has_data(t->hdr) ? tlp_dws(t->hdr) : 0;
    CHECK(beats == tlp_beats(t), "%u beats for %u DW", beats, t->dws);
    CHECK(tx_tail - tx_head < TX_LOG, "TX log full");
    tx_log[tx_tail++ % TX_LOG] = *t;
}

// One cycle; streams the caller set in `in` stay valid for this cycle only.
static inline void step(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    // BAR port: reads are answered in order, one to eight cycles later.
    if (bench_get(out, OUT_BAR_VALID, 1)) {
        unsigned fn = bench_get(out, OUT_BAR_FN, 8);
        uint32_t addr = out[OUT_BAR_WORD];
        CHECK(fn < BENCH_FNS && (addr & 3) == 0, "BAR access of function %u at %x", fn, addr);
        if (bench_get(out, OUT_BAR_WRITE, 1)) {
            CHECK(bar_writes < LOG, "log full");
            bar_log[bar_writes++] = (struct bar_write){
                .fn = (uint8_t)fn, .be = out[OUT_BAR_WORD + 2] & 0xF, .addr = addr, .data = out[OUT_BAR_WORD + 1]};
        } else {
            CHECK(addr < WEIR_BAR_REGS_SIZE, "read at %x is pcie's own", addr);
            bar_rsp[bar_rsp_tail % 16].due = (unsigned)weir_rtl_cycles(bench_model) + bench_below(7);
            bar_rsp[bar_rsp_tail++ % 16].value = bar_value(fn, addr);
        }
    }
    bool answer = bar_rsp_head != bar_rsp_tail && bar_rsp[bar_rsp_head % 16].due <= weir_rtl_cycles(bench_model);
    bench_put(in, IN_BAR_RSP, 1, answer);
    in[IN_BAR_WORD] = answer ? bar_rsp[bar_rsp_head++ % 16].value : (uint32_t)bench_rand();
    bool ready = !tx_stop && bench_below(8) != 0;
    bench_put(in, IN_TX_READY, 1, ready);
    if (ready && bench_get(out, OUT_TX_VALID, 1)) {
        if (bench_get(out, OUT_TX_SOP, 1)) {
            memcpy(tx_part.hdr, &out[OUT_TX_WORD], sizeof tx_part.hdr);
            tx_part.dws = 0;
            tx_piggybacks = 0;
        } else if (bench_get(out, OUT_TX_RIDER, 1)) {
            memcpy(&tx_piggyback[tx_piggybacks++].hdr, &out[OUT_TX_WORD], sizeof tx_part.hdr);
            tx_ridden++;
        }
        CHECK(tx_part.dws + TLP_BEAT_DWS <= TLP_MAX_DWS, "endless TLP");
        memcpy(&tx_part.data[tx_part.dws], &out[OUT_TX_WORD + 4], TLP_BEAT_DWS * 4);
        tx_part.dws += TLP_BEAT_DWS;
        if (bench_get(out, OUT_TX_EOP, 1)) {
            tx_whole(&tx_part, tx_part.dws / TLP_BEAT_DWS);
            for (unsigned i = 0; i < tx_piggybacks; i++)
                tx_whole(&tx_piggyback[i], 1);
        }
    }
    bench_put(in, IN_CPL_READY, 1, 1);
    if (bench_get(out, OUT_CPL_VALID, 1)) {
        unsigned flags = out[OUT_CPL_WORD];
        if (flags & 1) {
            memcpy(cpl_part.hdr, &out[OUT_CPL_WORD + 1], sizeof cpl_part.hdr);
            cpl_part.dws = 0;
        }
        memcpy(&cpl_part.data[cpl_part.dws], &out[OUT_CPL_WORD + 5], TLP_BEAT_DWS * 4);
        cpl_part.dws += TLP_BEAT_DWS;
        cpl_seen += flags >> 1 & 1;
    }
    if (rd_waits)
        bench_put(in, IN_RDREQ_VALID, 1, 1);
    if (bench_get(in, IN_HOT, 1))
        bench_monitor_link_reset();
    weir_rtl_tick(bench_model);
    bench_put(in, IN_RX_VALID, 3, 0);
    bench_put(in, IN_RDREQ_VALID, 3, 0);
}

static inline void run(unsigned cycles) {
    while (cycles-- > 0)
        step();
}

static inline void send(const struct tlp *t) {
    uint32_t *in = weir_rtl_in(bench_model);
    for (unsigned beat = 0; beat < tlp_beats(t); beat++) {
        for (unsigned tries = 0;; tries++) {
            CHECK(tries < 10000, "the card takes no TLP");
            bool ready = bench_get(weir_rtl_out(bench_model), OUT_RX_READY, 1);
            bench_put(in, IN_RX_VALID, 3, 1 | (unsigned)(beat == 0) << 1 | (unsigned)(beat + 1 == tlp_beats(t)) << 2);
            for (unsigned i = 0; i < 4; i++)
                in[IN_RX_WORD + i] = beat == 0 ? t->hdr[i] : (uint32_t)bench_rand();
            for (unsigned i = 0; i < TLP_BEAT_DWS; i++) {
                unsigned dw = beat * TLP_BEAT_DWS + i;
                in[IN_RX_WORD + 4 + i] = dw < t->dws ? t->data[dw] : (uint32_t)bench_rand();
            }
            step();
            if (ready)
                break;
        }
    }
    if (!malformed)
        bench_monitor_to_card(t->hdr, t->data, t->dws, weir_rtl_cycles(bench_model));
}

// Oldest TLP from the card, waited for; NULL after `cycles` without one.
static inline const struct tlp *receive(unsigned cycles) {
    for (unsigned i = 0; i < cycles && tx_head == tx_tail; i++)
        step();
    return tx_head == tx_tail ? NULL : &tx_log[tx_head++ % TX_LOG];
}
static inline void expect_silence(unsigned cycles) {
    const struct tlp *t = receive(cycles);
    CHECK(t == NULL, "unexpected TLP %08x %08x %08x", t->hdr[0], t->hdr[1], t->hdr[2]);
}

static unsigned next_tag;
// Checks one completion against its request and returns its status.
static inline unsigned check_cpl(const struct tlp *c, const struct tlp *req, unsigned completer) {
    CHECK(c != NULL, "no completion for %08x", req->hdr[0]);
    CHECK((c->hdr[0] >> 24 & 0x1F) == TLP_CPL, "a completion expected, got %08x", c->hdr[0]);
    CHECK((c->hdr[0] & 0x00743000) == (req->hdr[0] & 0x00743000), "TC or attributes differ: %08x", c->hdr[0]);
    CHECK((c->hdr[0] & 0x008B8C00) == 0, "reserved bits: %08x", c->hdr[0]);
    CHECK(c->hdr[2] >> 8 == (req->hdr[1] >> 8 & 0xFFFFFF), "requester and tag %06x of %06x", c->hdr[2] >> 8,
          req->hdr[1] >> 8);
    CHECK(c->hdr[1] >> 16 == completer, "completer %04x, expected %04x", c->hdr[1] >> 16, completer);
    CHECK((c->hdr[1] & 0x1000) == 0 && (c->hdr[2] & 0x80) == 0 && c->hdr[3] == 0, "reserved bits in the completion");
    return c->hdr[1] >> 13 & 7;
}

// Configuration access; returns the completion status, *value is the data of a successful read.
static inline unsigned cfg_access(unsigned kind, unsigned fn, unsigned reg, unsigned be, uint32_t *value) {
    static struct tlp req;
    bool write = kind >> 6 & 1;
    tlp_cfg_hdr(req.hdr, kind, BUS << 8 | fn, reg, be, HOST_RID, next_tag++ & 0xFF);
    req.dws = write;
    req.data[0] = *value;
    send(&req);
    const struct tlp *c = receive(400);
    unsigned status = check_cpl(c, &req, BUS << 8 | fn);
    CHECK(tlp_has_data(c->hdr) == (!write && status == TLP_SC), "data with the wrong completion");
    CHECK((c->hdr[1] & 0xFFF) == 4 && (c->hdr[2] & 0x7F) == 0,
          "byte count or lower address of a configuration completion");
    if (!write && status == TLP_SC)
        *value = c->data[0];
    return status;
}
static inline uint32_t cfg_rd(unsigned fn, unsigned reg) {
    uint32_t v = 0;
    unsigned status = cfg_access(TLP_CFGRD0, fn, reg, 0xF, &v);
    CHECK(status == TLP_SC, "function %u register %03x: status %u", fn, reg, status);
    return v;
}
static inline void cfg_wr(unsigned fn, unsigned reg, unsigned be, uint32_t v) {
    unsigned status = cfg_access(TLP_CFGWR0, fn, reg, be, &v);
    CHECK(status == TLP_SC, "function %u register %03x: status %u", fn, reg, status);
}

static inline void mem_wr(uint64_t addr, uint32_t v) {
    static struct tlp req;
    tlp_mem_hdr(req.hdr, TLP_MWR, addr, 4, HOST_RID, 0);
    req.dws = 1;
    req.data[0] = v;
    send(&req);
}
static inline unsigned mem_rd(uint64_t addr, unsigned completer, uint32_t *v) {
    static struct tlp req;
    tlp_mem_hdr(req.hdr, TLP_MRD, addr, 4, HOST_RID, next_tag++ & 0xFF);
    req.dws = 0;
    send(&req);
    const struct tlp *c = receive(400);
    unsigned status = check_cpl(c, &req, completer);
    if (status == TLP_SC)
        *v = c->data[0];
    return status;
}
static inline uint32_t mem_rd_ok(uint64_t addr, unsigned fn) {
    uint32_t v = 0;
    unsigned status = mem_rd(addr, BUS << 8 | fn, &v);
    CHECK(status == TLP_SC, "read at %" PRIx64 ": status %u", addr, status);
    return v;
}

static inline uint32_t csr(bool write, unsigned addr, uint32_t wdata) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    in[IN_CSR_WORD] = addr;
    in[IN_CSR_WORD + 1] = wdata;
    for (int i = 0; i < 64; i++) {
        bench_put(in, IN_CSR, 2, 1 | (unsigned)write << 1);
        step();
        if (bench_get(out, OUT_CSR_ACK, 1)) {
            bench_put(in, IN_CSR, 2, 0);
            uint32_t rdata = out[OUT_CSR_WORD];
            step();
            return rdata;
        }
    }
    CHECK(false, "no CSR acknowledge at %03x", addr);
    return 0;
}
static inline void csr_wr(unsigned addr, uint32_t v) {
    csr(true, addr, v);
}
static inline uint32_t csr_rd(unsigned addr) {
    return csr(false, addr, 0);
}

static inline void set_operational(unsigned fn, bool on) {
    csr_wr(WEIR_PCIE_FN_SEL_OFFSET, fn);
    csr_wr(WEIR_PCIE_FN_CTL_OFFSET, on);
}
static inline uint32_t fn_status(unsigned fn) {
    csr_wr(WEIR_PCIE_FN_SEL_OFFSET, fn);
    return csr_rd(WEIR_PCIE_FN_STATUS_OFFSET);
}
// Firmware lets go of a function's former generation, once it knows of every reset.
static inline void flr_done(unsigned fn) {
    for (unsigned i = 0; i < 1000; i++) {
        csr_wr(WEIR_PCIE_FLR_DONE_OFFSET, fn);
        if (WEIR_GET(fn_status(fn), PCIE_FN_STATUS_IN_FLR) == 0)
            return;
        csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
    }
    CHECK(false, "FLR_DONE of function %u has no effect", fn);
}
static inline bool fn_bit(unsigned word, unsigned fn) {
    return bench_get(weir_rtl_out(bench_model), word + fn, 1);
}

// Takes one event: 1 when it is kind and arg, waits for one first.
static inline void expect_event(unsigned kind, unsigned arg) {
    for (unsigned i = 0; i < 200 && !bench_get(weir_rtl_out(bench_model), OUT_EVENT, 1); i++)
        step();
    uint32_t e = csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
    CHECK(e == (1u << 31 | kind << 24 | arg), "event %08x, expected kind %u arg %u", e, kind, arg);
}
static inline void expect_no_event(void) {
    run(200);
    CHECK(!bench_get(weir_rtl_out(bench_model), OUT_EVENT, 1), "event %08x", csr_rd(WEIR_PCIE_EVENT_POP_OFFSET));
    CHECK(csr_rd(WEIR_PCIE_EVENT_POP_OFFSET) == 0, "event without its flag");
}
static inline void drop_events(void) {
    for (unsigned i = 0; i < 2000; i++) {
        run(70);
        if (!bench_get(weir_rtl_out(bench_model), OUT_EVENT, 1))
            return;
        csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
    }
    CHECK(false, "events without end");
}

// Configuration registers by name.
enum {
    CFG_CMD = 0x04,
    CFG_BAR = 0x10,
    CFG_PM = 0x44,
    CFG_DEVCTL = 0x58,
    CFG_MSIX = 0x90,
    CFG_AER = 0x100,
    CFG_SRIOV = 0x160,
    SRIOV_CTL = 0x168,
    SRIOV_NUM = 0x170,
    SRIOV_PAGE = 0x180,
    SRIOV_BAR = 0x184,
};
// VF Enable with ARI Capable Hierarchy, as everywhere but in the tests of line 8.
enum { CMD_MSE = 2, CMD_BME = 4, VF_ENABLE = 0x11, VF_MSE = 8, DEVCTL_FLR = 1 << 15 };

// A fresh model with PF BAR, MSE and BME set, and n VFs enabled.
static inline void bring_up(unsigned vfs) {
    bench_monitor_begin(BENCH_FNS);
    bar_writes = tx_head = tx_tail = bar_rsp_head = bar_rsp_tail = cpl_seen = 0;
    tx_stop = false;
    cfg_wr(0, CFG_BAR, 0xF, (uint32_t)PF_BAR);
    cfg_wr(0, CFG_BAR + 4, 0xF, (uint32_t)(PF_BAR >> 32));
    cfg_wr(0, CFG_CMD, 0x3, CMD_MSE | CMD_BME);
    cfg_wr(0, CFG_DEVCTL, 0x3, 2 << 12 | 2 << 5 | 1 << 8); // payload and reads of 512 bytes, 8-bit tags
    if (vfs != 0) {
        cfg_wr(0, SRIOV_BAR, 0xF, (uint32_t)VF_BAR);
        cfg_wr(0, SRIOV_BAR + 4, 0xF, (uint32_t)(VF_BAR >> 32));
        cfg_wr(0, SRIOV_NUM, 0x3, vfs);
        cfg_wr(0, SRIOV_CTL, 0x3, VF_ENABLE | VF_MSE);
    }
    drop_events();
}
static inline uint64_t fn_bar(unsigned fn) {
    return fn == 0 ? PF_BAR : VF_BAR + 0x10000 * (uint64_t)(fn - 1);
}

#endif
