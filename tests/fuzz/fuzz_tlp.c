// SPDX-License-Identifier: Apache-2.0
// Fuzzes the endpoint with TLPs of every kind, in the process of its model: fuzz_tlp [TLPS] [SEED]; without TLPS until
// interrupted. An input is a list of bytes that become TLPs, well formed or not, requests of dma, interrupts,
// firmware's accesses, stalls and link resets. Inputs that bring the model into a state not seen before (a hash of what
// its outputs say) are kept and changed further. Oracle: every request has exactly one right answer, malformed ones
// none, within 50,000 cycles; the monitor sees no rule broken; the model takes every TLP. A failure names the input's
// number and the seed.
#include "pcie_host.h"

#include <signal.h>

enum { INPUT = 160, CORPUS = 4096, HANG = 50000, OPEN = 56, MAP = 1 << 16 };

static struct { uint8_t data[INPUT]; } corpus[CORPUS];
static unsigned corpus_size;
static uint8_t seen_state[MAP / 8];
static unsigned states;
static uint64_t tlps, answers, malformed_tlps, inputs;
static volatile sig_atomic_t stop;

// Requests of the host that wait for their answer, by tag.
static struct {
    bool used, config, memory;
    uint64_t addr;
    unsigned dws, got, fbe;
} open_requests[256];
static unsigned opened, next;
// Reads of dma by tag: offered in this cycle, or 0.
static uint64_t offered[256];
static bool on_link[256];

static const uint8_t *in;
static unsigned left;
static unsigned byte(void) {
    if (left == 0)
        return 0;
    left--;
    return *in++;
}

static void note_state(unsigned extra) {
    const uint32_t *out = weir_rtl_out(bench_model);
    uint64_t h = 0x9E3779B97F4A7C15ULL * (extra + 1);
    for (unsigned w = OUT_DMA_OK / 32; w < OUT_HOLD / 32 + 3; w++)
        h = (h ^ out[w]) * 0xD6E8FEB86659FD93ULL;
    h ^= (uint64_t)(out[0] & 0x3FF) << 40 ^ out[OUT_CFG / 32];
    h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9ULL;
    unsigned at = h >> 48;
    if (!(seen_state[at / 8] >> (at % 8) & 1)) {
        seen_state[at / 8] |= (uint8_t)(1u << (at % 8));
        states++;
    }
}

// Which function's BAR an address lies in; -1 outside.
static int window(uint64_t addr) {
    if (addr >= PF_BAR && addr < PF_BAR + 0x200000)
        return 0;
    if (addr >= VF_BAR && addr < VF_BAR + 0x10000ull * BENCH_VFS)
        return 1 + (int)((addr - VF_BAR) / 0x10000);
    return -1;
}

static void check_answer(const struct tlp *c) {
    unsigned tag = c->hdr[2] >> 8 & 0xFF, status = c->hdr[1] >> 13 & 7;
    CHECK(open_requests[tag].used, "an answer nobody waits for, tag %02x", tag);
    if (open_requests[tag].memory && status == TLP_SC) {
        int fn = window(open_requests[tag].addr);
        CHECK(fn >= 0, "memory at %" PRIx64 " belongs to nobody", open_requests[tag].addr);
        for (unsigned k = 0; k < tlp_dws(c->hdr) && open_requests[tag].fbe != 0; k++) {
            uint64_t at = open_requests[tag].addr + 4 * (open_requests[tag].got + k);
            uint32_t off = (uint32_t)(fn == 0 ? at - PF_BAR : (at - VF_BAR) % 0x10000);
            CHECK(off >= WEIR_BAR_REGS_SIZE || c->data[k] == bar_value((unsigned)fn, off), "data of function %d at %x",
                  fn, off);
        }
        open_requests[tag].got += tlp_dws(c->hdr);
    } else {
        CHECK(status == TLP_UR || (status == TLP_SC && open_requests[tag].config), "status %u", status);
        open_requests[tag].got = open_requests[tag].dws;
    }
    if (open_requests[tag].got >= open_requests[tag].dws) {
        open_requests[tag].used = false;
        opened--;
        answers++;
    }
    note_state(0x100 | status << 4 | open_requests[tag].config);
}

static void take(void) {
    static struct tlp t;
    while (tx_head != tx_tail) {
        const struct tlp *r = &tx_log[tx_head++ % TX_LOG];
        unsigned kind = r->hdr[0] >> 24, rid = r->hdr[1] >> 16, tag = r->hdr[1] >> 8 & 0xFF;
        if ((kind & 0x1F) == TLP_CPL) {
            check_answer(r);
        } else if ((kind & 0x5F) == TLP_MRD) {
            on_link[tag] = true;
            tlp_cpl_hdr(t.hdr, TLP_UR, 0, 64, 0, rid, tag);
            t.dws = 0;
            send(&t);
            on_link[tag] = false;
            offered[tag] = 0;
        } else {
            note_state(0x200 | (kind & 0x5F) << 12 | (r->hdr[1] & 0xFF));
        }
    }
}

static void settle(void) {
    tx_stop = false;
    for (unsigned i = 0; i < HANG / 16 && opened != 0; i++) {
        run(16);
        take();
    }
    CHECK(opened == 0 && bench_monitor_open() == 0, "%u requests have no answer in %u cycles", opened, HANG);
}

static void give(struct tlp *t, bool bad) {
    malformed = bad;
    send(t);
    malformed = false;
    malformed_tlps += bad;
    tlps++;
}

static void ask(struct tlp *t, bool config, bool memory, uint64_t addr, unsigned dws) {
    while (opened >= OPEN || open_requests[next & 0xFF].used) {
        bool was = tx_stop;
        tx_stop = false;
        run(8);
        take();
        tx_stop = was;
    }
    unsigned tag = next++ & 0xFF;
    t->hdr[1] = (t->hdr[1] & 0xFFFF00FF) | tag << 8;
    open_requests[tag].used = true;
    open_requests[tag].config = config;
    open_requests[tag].memory = memory;
    open_requests[tag].addr = addr;
    open_requests[tag].dws = memory ? dws : 1;
    open_requests[tag].got = 0;
    open_requests[tag].fbe = t->hdr[1] & 0xF;
    opened++;
    give(t, false);
}

static uint64_t address(unsigned dws) {
    unsigned what = byte();
    uint64_t a = what < 100 ? PF_BAR : what < 220 ? VF_BAR + 0x10000ull * (byte() % 12) : (uint64_t)byte() << 32;
    a += (byte() << 8 | byte()) & (what % 4 ? 0xFFC : 0xFFFC);
    if ((a & 0xFFF) / 4 + dws > 1024)
        a &= ~0xFFFull;
    return a;
}

static void config(void) {
    static struct tlp t;
    static const uint16_t likely[] = {CFG_CMD, CFG_PM, CFG_DEVCTL, CFG_MSIX, SRIOV_CTL, SRIOV_NUM, CFG_AER + 8, 0x78};
    unsigned op = byte(), fn = byte() % 14, reg = op & 0x80 ? likely[byte() % 8] : 4 * (byte() << 2 | byte() >> 6);
    bool write = op & 1, type1 = (op & 0x0E) == 0x0E;
    // BARs stay where the oracle knows them.
    if (reg == CFG_BAR || reg == CFG_BAR + 4 || reg == SRIOV_BAR || reg == SRIOV_BAR + 4 || reg == SRIOV_PAGE ||
        (reg == SRIOV_CTL && write))
        write = write && reg == SRIOV_CTL;
    tlp_cfg_hdr(t.hdr, (write ? TLP_CFGWR0 : TLP_CFGRD0) | type1, (unsigned)(type1 ? BUS + 1 : BUS) << 8 | fn, reg,
                byte() & 0xF, HOST_RID, 0);
    t.dws = write;
    t.data[0] = (uint32_t)byte() | (uint32_t)byte() << 8 | (uint32_t)byte() << 16 | (uint32_t)byte() << 24;
    if (reg == SRIOV_CTL)
        t.data[0] |= 0x10; // ARI, so that IDs stay those of the oracle
    if (write && (op & 0x30) == 0x30)
        t.hdr[0] |= 1u << 14;
    ask(&t, true, false, 0, 1);
}

static void memory(bool write) {
    static struct tlp t;
    unsigned size = byte(), dws = size < 128 ? 1 : size < 240 ? 1 + size % 32 : 1 + size % 128;
    uint64_t a = address(dws);
    tlp_mem_hdr(t.hdr, write ? TLP_MWR : TLP_MRD, a, 4 * dws, HOST_RID, 0);
    unsigned be = byte();
    if (dws == 1)
        t.hdr[1] = (t.hdr[1] & ~0xFFu) | (be & 0xF);
    else
        t.hdr[1] = (t.hdr[1] & ~0xFFu) | ((be & 0xF) == 0 ? 1 : be & 0xF) | ((be & 0xF0) == 0 ? 0x10 : be & 0xF0);
    t.hdr[0] |= (unsigned)(byte() & 7) << 20 | (unsigned)(be & 3) << 12;
    t.dws = write ? dws : 0;
    for (unsigned i = 0; i < t.dws; i++)
        t.data[i] = (uint32_t)bench_rand();
    if (write) {
        if (byte() > 230)
            t.hdr[0] |= 1u << 14;
        give(&t, false);
    } else {
        ask(&t, false, true, a, dws);
    }
}

static void odd_kind(void) {
    static struct tlp t;
    static const uint8_t kinds[] = {TLP_MRDLK, TLP_IORD, TLP_IOWR, TLP_FETCHADD, 0x4D, 0x21};
    unsigned kind = kinds[byte() % 6];
    memset(t.hdr, 0, sizeof t.hdr);
    t.hdr[0] = kind << 24 | 1;
    t.hdr[1] = HOST_RID << 16 | 0xF;
    t.hdr[2] = byte() << 8;
    t.dws = kind >> 6 & 1;
    ask(&t, false, false, 0, 1);
}

static void message(void) {
    static struct tlp t;
    unsigned data = byte() & 1;
    memset(t.hdr, 0, sizeof t.hdr);
    t.hdr[0] = (0x30u | data << 6 | byte() % 6) << 24 | data;
    t.hdr[1] = HOST_RID << 16 | byte();
    t.dws = data;
    give(&t, false);
}

static void stray_completion(void) {
    static struct tlp t;
    unsigned dws = byte() % 65;
    // Of a requester that is not ours: with ours it could end a read of dma, which the bench answers itself.
    tlp_cpl_hdr(t.hdr, byte() % 5, dws, byte(), byte(), 0x0700 | byte(), byte());
    t.dws = dws;
    give(&t, false);
}

// A TLP that is none: length against payload, byte enables, 4 KiB, payload size, types that do not exist.
static void broken(void) {
    static struct tlp t;
    unsigned how = byte() % 7, dws = 1 + byte() % 100;
    tlp_mem_hdr(t.hdr, byte() & 1 ? TLP_MWR : TLP_MRD, PF_BAR + 4 * (byte() % 64), 4 * dws, HOST_RID, byte());
    t.dws = tlp_has_data(t.hdr) ? dws : 0;
    switch (how) {
    case 0:
        t.dws = 16 * (tlp_beats(&t) + 1);
        break;
    case 1:
        t.hdr[1] = dws == 1 ? t.hdr[1] | 0x80 : t.hdr[1] & ~0xFu;
        break;
    case 2:
        t.hdr[1] = dws == 1 ? t.hdr[1] | 0x10 : t.hdr[1] & ~0xF0u;
        break;
    case 3:
        t.hdr[3] |= 0xFFC;
        t.hdr[0] = (t.hdr[0] & ~0x3FFu) | 2;
        t.hdr[1] |= 0xFF;
        t.dws = tlp_has_data(t.hdr) ? 2 : 0;
        break;
    case 4:
        t.hdr[0] = (t.hdr[0] & 0x3FFFFC00) | 0x60000000 | 600;
        t.dws = 600;
        break;
    case 5:
        t.hdr[0] = (t.hdr[0] & 0xFFFFFF) | 0x1Bu << 24;
        t.dws = 0;
        break;
    default:
        tlp_cfg_hdr(t.hdr, TLP_CFGRD0, BUS << 8, 0, 0xF, HOST_RID, byte());
        t.hdr[0] |= 1 + (byte() & 1) * 0x100000;
        t.hdr[1] |= 0x10;
        t.dws = 0;
    }
    give(&t, true);
}

static void card_side(void) {
    uint32_t *m = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    unsigned what = byte(), fn = byte() % 14, beats = 1 + what % 4;
    switch (what >> 5) {
    case 0:
    case 1:
        for (unsigned b = 0; b < beats;) {
            bool ready = bench_get(out, OUT_WR_READY, 1), was = tx_stop;
            tx_stop = false;
            m[IN_DMA_WORD] = fn | (unsigned)(b == 0) << 17 | (unsigned)(b + 1 == beats) << 18;
            tlp_mem_hdr(&m[IN_DMA_WORD + 1], TLP_MWR, 0x100000, 64 * beats, 0, 0);
            // Never more than the payload size in force.
            if (64u * beats > 128u << bench_get(out, OUT_CFG, 3))
                break;
            bench_put(m, IN_WR_VALID, 1, 1);
            step();
            tx_stop = was;
            b += ready;
        }
        break;
    case 2: {
        unsigned tag = what & 0x1F;
        if (!on_link[tag] && (offered[tag] == 0 || weir_rtl_cycles(bench_model) - offered[tag] > 600) && !tx_stop) {
            if (bench_get(out, OUT_RDREQ_READY, 1))
                offered[tag] = weir_rtl_cycles(bench_model);
            m[IN_DMA_WORD] = fn | 3u << 17;
            tlp_mem_hdr(&m[IN_DMA_WORD + 1], TLP_MRD, 0x200000, 64, 0, tag);
            bench_put(m, IN_RDREQ_VALID, 1, 1);
            step();
        }
        break;
    }
    case 3:
        csr_wr(WEIR_PCIE_IRQ_RAISE_OFFSET, fn | (what & 15) << 8);
        break;
    case 4:
        csr_rd(WEIR_PCIE_EVENT_POP_OFFSET);
        csr_wr(WEIR_PCIE_FLR_DONE_OFFSET, fn);
        set_operational(fn, (what & 1) != 0);
        break;
    case 5:
        if ((what & 3) == 0)
            csr_wr(WEIR_PCIE_FLR_START_OFFSET, fn);
        else
            csr_wr(WEIR_PCIE_MODERATE_OFFSET, fn | (what & 15) << 8 | (what & 7) << 16);
        break;
    case 6:
        tx_stop = !tx_stop;
        break;
    default:
        run(what & 31);
    }
}

static void link_reset(void) {
    uint32_t *m = weir_rtl_in(bench_model);
    uint32_t v = 0;
    settle();
    bench_put(m, IN_HOT, 1, 1);
    run(1 + byte() % 32);
    bench_put(m, IN_HOT, 1, 0);
    run(4);
    tx_head = tx_tail;
    memset(offered, 0, sizeof offered);
    // As a host does: bus number and BARs again.
    (void)cfg_access(TLP_CFGWR0, 0, 0x3C, 0, &v);
    run(600);
    tx_head = tx_tail;
    cfg_wr(0, CFG_BAR, 0xF, (uint32_t)PF_BAR);
    cfg_wr(0, CFG_BAR + 4, 0xF, (uint32_t)(PF_BAR >> 32));
    cfg_wr(0, SRIOV_BAR, 0xF, (uint32_t)VF_BAR);
    cfg_wr(0, SRIOV_BAR + 4, 0xF, (uint32_t)(VF_BAR >> 32));
    cfg_wr(0, SRIOV_CTL, 1, 0x10);
}

static void one_input(const uint8_t *data, unsigned size) {
    bar_writes = 0;
    in = data;
    left = size;
    while (left != 0) {
        unsigned op = byte();
        if (op < 90)
            config();
        else if (op < 130)
            memory(false);
        else if (op < 165)
            memory(true);
        else if (op < 175)
            odd_kind();
        else if (op < 185)
            message();
        else if (op < 195)
            stray_completion();
        else if (op < 212)
            broken();
        else if (op < 254)
            card_side();
        else if (op == 254)
            link_reset();
        else
            run(100);
        bar_writes = 0;
        take();
        note_state(op >> 5);
    }
    settle();
    // A reset of the PF forgets BARs: now and then all is put back, so that inputs reach something.
    if (inputs % 4 == 0) {
        static const uint8_t nothing[1] = {0};
        in = nothing;
        left = 0;
        link_reset();
        for (unsigned i = 0; i < 14; i++) {
            flr_done(i);
            set_operational(i, true);
        }
        cfg_wr(0, CFG_CMD, 1, CMD_MSE | CMD_BME);
        cfg_wr(0, CFG_DEVCTL, 3, 2 << 12 | 2 << 5 | 1 << 8 | 0xF);
        run(50);
        tx_head = tx_tail;
        cfg_wr(0, SRIOV_NUM, 3, 10);
        cfg_wr(0, SRIOV_CTL, 3, VF_ENABLE | VF_MSE);
    }
}

static void on_stop(int sig) {
    (void)sig;
    stop = 1;
}
static void say_where(void) {
    if (inputs != 0 && stop != 2)
        fprintf(stderr, "in input %" PRIu64 "; the same seed runs there again\n", inputs);
}

int main(int argc, char **argv) {
    uint64_t want = argc > 1 ? strtoull(argv[1], NULL, 0) : UINT64_MAX;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    static uint8_t data[INPUT];

    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
    signal(SIGINT, on_stop);
    atexit(say_where);
    bench_state = seed * 0x9E3779B97F4A7C15ULL + 1;
    bench_model = weir_rtl_new();
    CHECK(bench_model != NULL, "out of memory");
    bring_up(10);
    for (; tlps < want && !stop; inputs++) {
        unsigned size = 24 + bench_below(INPUT - 24);
        if (corpus_size != 0 && bench_below(4) != 0) {
            memcpy(data, corpus[bench_below(corpus_size)].data, INPUT);
            for (unsigned i = 1 + bench_below(8); i > 0; i--) {
                unsigned at = bench_below(INPUT), n = 1 + bench_below(12);
                if (bench_below(2))
                    data[at] = (uint8_t)bench_rand();
                else // a piece of another
                    memcpy(&data[at], &corpus[bench_below(corpus_size)].data[at], n < INPUT - at ? n : INPUT - at);
            }
        } else {
            for (unsigned i = 0; i < INPUT; i++)
                data[i] = (uint8_t)bench_rand();
        }
        unsigned before = states;
        one_input(data, size);
        if (states != before)
            memcpy(corpus[corpus_size < CORPUS ? corpus_size++ : bench_below(CORPUS)].data, data, INPUT);
    }
    stop = 2;
    printf("%" PRIu64 " TLPs sent (%" PRIu64 " malformed), %" PRIu64 " requests answered, %" PRIu64
           " TLPs watched, %u states in %" PRIu64 " inputs, %u kept; nothing found\n",
           tlps, malformed_tlps, answers, bench_monitor_tlps(), states, inputs, corpus_size);
    weir_rtl_free(bench_model);
    return 0;
}
