// SPDX-License-Identifier: Apache-2.0
// Read engine against a host model: random chains of all clients, completions in random order between tags and in
// random legal pieces within a tag, faults of every kind. Every byte of every answer, every request header and every
// tag is checked.
#include "bench_dma.h"

// Cycles between the start of a tag's clock and the request's arrival here.
enum { SLACK = 64, LATE = 3 * NUM_TAGS }; // a visit of the tag that was in another's way waits for the next round
enum { MAX_PIECES = 8, MAX_CHAINS = 128, SERIALS = 4096, PIECE_SPAN = 1 << 20 };
enum fault {
    OK,
    FAULT_UR,
    FAULT_CA,
    FAULT_CRS,
    FAULT_POISON,
    FAULT_COUNT,
    FAULT_LONG,
    FAULT_NO_DATA,
    FAULT_CUT,
    FAULT_NEVER,
    FAULTS
};

struct piece {
    uint64_t addr;
    unsigned fn, len, chain;
};
struct chain {
    unsigned pieces, total, ctx;
    bool failed;
    struct piece piece[MAX_PIECES];
};
struct client {
    struct chain chain[MAX_CHAINS];
    unsigned tail, head; // chains begun, chains answered
    unsigned pushed;     // pieces of the newest chain already pushed; == its pieces when complete
    unsigned asked_piece, asked_bytes, asked_chain; // where the next request of this client must start
    unsigned got;                                   // bytes of the head chain received
};
struct request {
    bool used;
    unsigned client, chain, fn, bytes, dws;
    uint64_t addr, due, issued;
    enum fault fault;
    unsigned ended; // a fault ended it; 1 = late completions still to come
};

static struct client clients[CLIENTS];
static struct request requests[256];
static uint64_t blocked_until[256];
static unsigned outstanding, most_outstanding;
static unsigned off_fn; // function without permission, or none
static struct tlp cpl;
static unsigned cpl_beat;
static bool cpl_busy;

static struct {
    unsigned mrrs, latency, fault_rate, gap;
    uint32_t timeout;
    unsigned fixed_len, align, only_client;
    bool want_late;
} opt;

static unsigned limit(void) {
    return opt.mrrs >= 2 ? 512 : 128u << opt.mrrs;
}

static unsigned random_len(void) {
    if (opt.fixed_len != 0)
        return opt.fixed_len;
    unsigned r = bench_below(16);
    return 1 + (r < 8 ? bench_below(130) : r < 15 ? bench_below(1600) : bench_below(9600));
}

static void new_chain(struct client *c) {
    struct chain *h = &c->chain[c->tail++ % MAX_CHAINS];
    memset(h, 0, sizeof *h);
    h->pieces = opt.fixed_len != 0 || bench_below(2) ? 1 : 1 + bench_below(MAX_PIECES);
    h->ctx = (uint32_t)bench_rand();
    for (unsigned i = 0; i < h->pieces; i++) {
        struct piece *p = &h->piece[i];
        p->len = random_len();
        p->fn = bench_below(WEIR_NUM_FNS);
        // Below and above 4 GiB, close to it too; any start within a page.
        uint64_t high = bench_below(3) ? bench_rand() & 0xFFFFFFFF00000000ULL : bench_below(2) ? 0x100000000ULL : 0;
        p->addr = high | (bench_rand() & 0xFFF00000u) | bench_below(PIECE_SPAN - 9600);
        if (opt.align != 0)
            p->addr &= ~(uint64_t)(opt.align - 1);
        h->total += p->len;
        if (p->fn == off_fn)
            h->failed = true;
    }
    c->pushed = 0;
}

static void drive_requests(uint32_t *in, const uint32_t *out, bool more) {
    for (unsigned k = 0; k < CLIENTS; k++) {
        struct client *c = &clients[k];
        if (c->tail == c->head || c->pushed == c->chain[(c->tail - 1) % MAX_CHAINS].pieces) {
            if (more && (opt.only_client >= CLIENTS || opt.only_client == k) && c->tail - c->head < MAX_CHAINS)
                new_chain(c);
            else
                continue;
        }
        struct chain *h = &c->chain[(c->tail - 1) % MAX_CHAINS];
        struct piece *p = &h->piece[c->pushed];
        bool last = c->pushed + 1 == h->pieces;
        if (bench_below(opt.gap) != 0)
            continue;
        unsigned at = IN_REQ + 128 * k;
        bench_put(in, at, 64, p->addr);
        bench_put(in, at + 64, 32, p->len | (unsigned)last << 16 | p->fn << 24);
        bench_put(in, at + 96, 32, last ? h->ctx : (uint32_t)bench_rand());
        bench_put(in, IN_REQ_VALID + k, 1, 1);
        if (bench_get(out, OUT_REQ_READY + k, 1))
            c->pushed++;
    }
}

static void fail(struct request *r) {
    clients[r->client].chain[r->chain % MAX_CHAINS].failed = true;
}

// The request must be the next one of some client: same function, next byte owed, as long as rules allow.
static void take_request(const uint32_t *out) {
    uint32_t hdr[4];
    for (int i = 0; i < 4; i++)
        hdr[i] = out[OUT_RDREQ / 32 + 1 + i];
    unsigned fn = bench_get(out, OUT_RDREQ, 8);
    CHECK(bench_get(out, OUT_RDREQ + 8, 3) == 6, "a read is no token and one beat");
    struct tlp_mem m = tlp_check_mem(hdr, limit());
    CHECK(!m.write && m.rid == 0, "write or requester ID in a read");
    CHECK(m.tag < NUM_TAGS && !requests[m.tag].used, "tag %u in use", m.tag);
    CHECK(weir_rtl_cycles(bench_model) >= blocked_until[m.tag], "tag %u reused in quarantine, %d before its end", m.tag,
          (int)(blocked_until[m.tag] - weir_rtl_cycles(bench_model)));
    CHECK(fn != off_fn, "read of function %u without permission", fn);
    for (unsigned k = 0; k < CLIENTS; k++) {
        struct client *c = &clients[k];
        // Skip pieces that leave no request.
        while (c->asked_chain != c->tail) {
            struct chain *h = &c->chain[c->asked_chain % MAX_CHAINS];
            if (c->asked_piece == h->pieces) {
                c->asked_chain++;
                c->asked_piece = 0;
            } else if (h->piece[c->asked_piece].fn == off_fn) {
                c->asked_piece++;
            } else {
                break;
            }
            c->asked_bytes = 0;
        }
        if (c->asked_chain == c->tail)
            continue;
        struct piece *p = &c->chain[c->asked_chain % MAX_CHAINS].piece[c->asked_piece];
        if (p->fn != fn || p->addr + c->asked_bytes != m.addr || p->len - c->asked_bytes < m.bytes)
            continue;
        c->asked_bytes += m.bytes;
        requests[m.tag] = (struct request){.used = true,
                                           .client = k,
                                           .chain = c->asked_chain,
                                           .fn = fn,
                                           .bytes = m.bytes,
                                           .dws = m.dws,
                                           .addr = m.addr,
                                           .issued = weir_rtl_cycles(bench_model)};
        requests[m.tag].due =
            requests[m.tag].issued + 1 + (opt.latency ? opt.latency / 2 + bench_below(opt.latency) : 0);
        if (opt.fault_rate && bench_below(opt.fault_rate) == 0)
            requests[m.tag].fault = FAULT_UR + bench_below(FAULTS - (opt.want_late ? 1 : 2));
        if (opt.fault_rate && requests[m.tag].fault == FAULT_NEVER)
            requests[m.tag].due = requests[m.tag].issued + opt.timeout + LATE + 16 + bench_below(opt.timeout / 2);
        if (requests[m.tag].fault == FAULT_NEVER)
            fail(&requests[m.tag]);
        if (c->asked_bytes == p->len) {
            c->asked_piece++;
            c->asked_bytes = 0;
        }
        if (++outstanding > most_outstanding)
            most_outstanding = outstanding;
        return;
    }
    CHECK(false, "nobody asked for %u bytes at %016" PRIx64 " of function %u", m.bytes, m.addr, fn);
}

static void finish(struct request *r) {
    r->used = false;
    outstanding--;
}

// Next completion of a request that is due.
static void make_completion(unsigned tag) {
    struct request *r = &requests[tag];
    unsigned lead = r->addr & 3, status = TLP_SC;
    unsigned want = r->bytes;
    bool poison = false, no_data = false;
    // Cut at a multiple of 64 (RCB), or not at all.
    unsigned to_cut = 64 - (r->addr & 63) + 64 * bench_below(8);
    bool cut = opt.fixed_len == 0 && bench_below(2) && to_cut < want;
    if (cut)
        want = to_cut;
    unsigned count = r->bytes;
    bool now = !cut || bench_below(2); // a fault may strike in a later completion
    enum fault fault = now ? r->fault : OK;
    switch (fault) {
    case FAULT_UR:
        status = TLP_UR;
        break;
    case FAULT_CA:
        status = TLP_CA;
        break;
    case FAULT_CRS:
        status = TLP_CRS;
        break;
    case FAULT_POISON:
        poison = true;
        break;
    case FAULT_COUNT:
        count += bench_below(2) ? 1 : 64;
        break;
    case FAULT_NO_DATA:
        no_data = true;
        break;
    default:
        break;
    }
    cpl.dws = status != TLP_SC || no_data ? 0 : (lead + want + 3) / 4;
    if (fault == FAULT_LONG)
        cpl.dws = (lead + r->bytes + 3) / 4 + 1 + bench_below(20);
    if (fault == FAULT_CUT) {
        // Shorter than owed and not to a boundary; possible from two DWs on.
        unsigned all = (lead + r->bytes + 3) / 4;
        unsigned to = 1 + bench_below(all);
        if (to == all || ((r->addr >> 2) + to) % 16 == 0)
            fault = r->fault = OK;
        else
            cpl.dws = to;
    }
    tlp_cpl_hdr(cpl.hdr, status, cpl.dws, count, (unsigned)r->addr, r->fn, tag);
    if (poison)
        cpl.hdr[0] |= 1u << 14;
    for (unsigned i = 0; i < cpl.dws * 4; i++) {
        uint8_t byte = i >= lead && i < lead + want ? tlp_pattern(r->addr + i - lead) : (uint8_t)bench_rand();
        if (i % 4 == 0)
            cpl.data[i / 4] = 0;
        cpl.data[i / 4] |= (uint32_t)byte << (8 * (i % 4));
    }
    cpl_beat = 0;
    cpl_busy = true;
    if (r->fault == FAULT_NEVER) {
        // Too late: the tag is in quarantine, the completion goes nowhere.
        blocked_until[tag] = r->issued + 2 * opt.timeout - SLACK;
        fail(r);
        finish(r);
    } else if (fault != OK && fault != FAULT_POISON) {
        if (status == TLP_SC)
            blocked_until[tag] = r->issued + opt.timeout - SLACK;
        fail(r);
        finish(r);
    } else {
        if (poison) {
            fail(r);
            r->fault = OK;
        }
        if (want == r->bytes)
            finish(r);
        r->addr += want;
        r->bytes -= want;
    }
}

static void drive_completions(uint32_t *in) {
    if (!cpl_busy) {
        // Any that is due, but now and then the oldest, so that none is forgotten into its timeout.
        unsigned start = bench_below(256), pick = 256;
        bool oldest = bench_below(2);
        for (unsigned i = 0; i < 256 && (oldest || pick == 256); i++) {
            unsigned tag = (start + i) % 256;
            if (requests[tag].used && requests[tag].due <= weir_rtl_cycles(bench_model) &&
                (pick == 256 || requests[tag].due < requests[pick].due))
                pick = tag;
        }
        if (pick < 256)
            make_completion(pick);
        // Sometimes one that nobody waits for.
        if (!cpl_busy && opt.fault_rate && bench_below(4) == 0) {
            unsigned tag = bench_below(256);
            // A free tag may belong to a request still on its way here; one in quarantine or out of range cannot.
            if (tag >= NUM_TAGS || (!requests[tag].used && weir_rtl_cycles(bench_model) + 10 < blocked_until[tag])) {
                cpl.dws = 1 + bench_below(40);
                tlp_cpl_hdr(cpl.hdr, TLP_SC, cpl.dws, cpl.dws * 4, 0, 0, tag);
                memset(cpl.data, 0xEE, sizeof cpl.data);
                cpl_busy = true;
                cpl_beat = 0;
            }
        }
    }
    if (!cpl_busy || (opt.gap > 1 && bench_below(3) == 0))
        return;
    unsigned at = IN_CPL / 32;
    bool eop = cpl_beat + 1 == tlp_beats(&cpl);
    in[at] = (cpl_beat == 0) | (unsigned)eop << 1;
    for (int i = 0; i < 4; i++)
        in[at + 1 + i] = cpl_beat == 0 ? cpl.hdr[i] : (uint32_t)bench_rand();
    for (unsigned i = 0; i < TLP_BEAT_DWS; i++) {
        unsigned dw = cpl_beat * TLP_BEAT_DWS + i;
        in[at + 5 + i] = dw < cpl.dws ? cpl.data[dw] : (uint32_t)bench_rand();
    }
    bench_put(in, IN_CPL_VALID, 1, 1);
    cpl_beat++;
    cpl_busy = !eop;
}

static void take_answer(unsigned k, const uint32_t *out) {
    struct client *c = &clients[k];
    CHECK(c->head != c->tail, "client %u: answer without a chain", k);
    struct chain *h = &c->chain[c->head % MAX_CHAINS];
    unsigned at = OUT_RSP + OUT_RSP_STRIDE * k;
    unsigned bytes = bench_get(out, at, 8), left = h->total - c->got;
    bool eop = bench_get(out, at + 8, 1), err = bench_get(out, at + 9, 1);
    CHECK(bytes == (left > 64 ? 64 : left), "client %u: %u bytes, %u left", k, bytes, left);
    CHECK(eop == (left <= 64), "client %u: eop %d with %u left", k, eop, left);
    CHECK(out[at / 32 + 1] == h->ctx, "client %u: ctx %08x, expected %08x", k, out[at / 32 + 1], h->ctx);
    CHECK(!err || eop, "err without eop");
    if (eop)
        CHECK(err == h->failed, "client %u: err %d, expected %d", k, err, h->failed);
    const uint8_t *data = (const uint8_t *)&out[at / 32 + 2];
    unsigned piece = 0, base = 0;
    for (unsigned i = 0; i < 64; i++) {
        if (i >= bytes) {
            CHECK(data[i] == 0, "byte %u behind the end is %02x", i, data[i]);
            continue;
        }
        unsigned o = c->got + i;
        while (o - base >= h->piece[piece].len)
            base += h->piece[piece++].len;
        uint8_t want = tlp_pattern(h->piece[piece].addr + (o - base));
        if (!h->failed)
            CHECK(data[i] == want, "client %u: byte %u of chain is %02x, expected %02x", k, o, data[i], want);
    }
    c->got += bytes;
    if (eop) {
        c->got = 0;
        c->head++;
    }
}

static void step(bool more) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    bench_put(in, 0, 10, 0);
    drive_requests(in, out, more);
    // A chain's disposition is known once its last completion is sent; answers come later, so completions are driven
    // first.
    bool rd_ready = bench_below(opt.gap) == 0;
    bench_put(in, IN_RDREQ_READY, 1, rd_ready);
    if (rd_ready && bench_get(out, OUT_RDREQ_VALID, 1))
        take_request(out);
    drive_completions(in);
    for (unsigned k = 0; k < CLIENTS; k++) {
        bool ready = bench_below(opt.gap) == 0;
        bench_put(in, IN_RSP_READY + k, 1, ready);
        if (ready && bench_get(out, OUT_RSP_VALID + k, 1))
            take_answer(k, out);
    }
    weir_rtl_tick(bench_model);
}

static unsigned answered(void) {
    unsigned n = 0;
    for (unsigned k = 0; k < CLIENTS; k++)
        n += clients[k].head;
    return n;
}

static bool all_done(void) {
    for (unsigned k = 0; k < CLIENTS; k++)
        if (clients[k].head != clients[k].tail)
            return false;
    for (unsigned t = 0; t < 256; t++)
        if (requests[t].used)
            return false;
    return !cpl_busy && bench_get(weir_rtl_out(bench_model), OUT_IDLE, 1);
}

static void reset_state(void) {
    memset(clients, 0, sizeof clients);
    memset(requests, 0, sizeof requests);
    memset(blocked_until, 0, sizeof blocked_until);
    memset(&opt, 0, sizeof opt);
    outstanding = most_outstanding = 0;
    cpl_busy = false;
    off_fn = 1000;
    opt.gap = 2;
    opt.only_client = CLIENTS;
}

static void drain(void) {
    unsigned i = 0;
    for (; i < 200000 && !all_done(); i++)
        step(false);
    CHECK(all_done(), "does not drain");
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++)
        CHECK(dma_busy(fn) == 0, "function %u busy %08x at the end", fn, dma_busy(fn));
}

// Every code of MRRS (clamped above 512), latency from none to much, 5- and 8-bit tags.
void read_random(void) {
    for (unsigned round = 0; round < 16; round++) {
        reset_state();
        opt.mrrs = round % 8;
        opt.latency = round % 3 == 0 ? 0 : round % 3 == 1 ? 60 : 600;
        opt.gap = 1 + round % 4;
        bool ext = round % 2 == 0;
        dma_setup(0, opt.mrrs, ext);
        for (unsigned i = 0; i < 4000; i++)
            step(true);
        CHECK(ext || most_outstanding <= 32, "%u outstanding with 5-bit tags", most_outstanding);
        if (opt.latency == 600)
            CHECK(most_outstanding >= (ext ? 56u : 28u), "only %u outstanding", most_outstanding);
        drain();
        CHECK(answered() > 20, "only %u chains answered", answered());
    }
}

// Failing completions of every kind hit their own chain only.
void read_errors(void) {
    for (unsigned round = 0; round < 6; round++) {
        reset_state();
        opt.mrrs = round % 3;
        opt.latency = 100;
        opt.fault_rate = round < 3 ? 10 : 40;
        opt.timeout = 4000;
        dma_setup(0, opt.mrrs, true);
        dma_csr(true, WEIR_DMA_TIMEOUT_OFFSET, opt.timeout);
        for (unsigned i = 0; i < 6000; i++)
            step(true);
        drain();
        CHECK(answered() > 50, "only %u chains answered", answered());
    }
}

// Completions that never come in time; late ones find nobody, and their tags stay in quarantine.
void read_timeout(void) {
    reset_state();
    opt.mrrs = 2;
    opt.latency = 50;
    opt.fault_rate = 8;
    opt.timeout = 1000;
    opt.want_late = true;
    dma_setup(0, 2, true);
    dma_csr(true, WEIR_DMA_TIMEOUT_OFFSET, opt.timeout);
    CHECK(dma_csr(false, WEIR_DMA_TIMEOUT_OFFSET, 0) == opt.timeout, "TIMEOUT reads back wrong");
    for (unsigned i = 0; i < 20000; i++)
        step(true);
    drain();
    CHECK(answered() > 50, "only %u chains answered", answered());
}

// A function without permission: no TLP, err, others unharmed; permission lost while reads are out: FN_BUSY tells.
void read_disabled(void) {
    reset_state();
    opt.latency = 50;
    opt.mrrs = 2;
    off_fn = 7;
    dma_setup(0, 2, true);
    dma_permit(off_fn, false);
    for (unsigned i = 0; i < 8000; i++)
        step(true);
    drain();
    CHECK(answered() > 50, "only %u chains answered", answered());
    // Reads out, nobody answers: they count until the timeout.
    reset_state();
    dma_setup(0, 2, true);
    opt.mrrs = 2;
    opt.latency = 1000000;
    opt.gap = 1;
    opt.fixed_len = 64;
    opt.align = 64;
    for (unsigned i = 0; i < 100; i++)
        step(i < 6);
    unsigned sum = 0, mine = 0;
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
        uint32_t busy = dma_busy(fn);
        CHECK(busy >> 16 == 0, "writes busy");
        sum += busy;
        mine = 0;
        for (unsigned t = 0; t < 256; t++)
            mine += requests[t].used && requests[t].fn == fn;
        CHECK(mine == busy, "function %u: %u reads busy, expected %u", fn, busy, mine);
    }
    CHECK(sum == outstanding && sum > 0, "%u busy, %u outstanding", sum, outstanding);
    CHECK(!bench_get(weir_rtl_out(bench_model), OUT_IDLE, 1), "idle with reads out");
    // They come back one after the other, each in pieces: each counts until its last byte is there.
    opt.latency = 0;
    for (unsigned t = 0; t < 256; t++) {
        if (!requests[t].used)
            continue;
        unsigned fn = requests[t].fn, before = dma_busy(fn);
        requests[t].due = 0;
        for (unsigned i = 0; requests[t].used || cpl_busy; i++) {
            CHECK(i < 100 && dma_busy(fn) == before, "function %u: %u reads busy before the end of one of %u", fn,
                  dma_busy(fn), before);
            step(false);
        }
        for (unsigned i = 0; i < 8; i++)
            step(false);
        CHECK(dma_busy(fn) == before - 1, "function %u: %u reads busy, expected %u", fn, dma_busy(fn), before - 1);
    }
    CHECK(outstanding == 0, "%u requests are left", outstanding);
}

// A piece of the chain that its client has offered in part: the card waits for the rest.
static bool half_offered(unsigned fn) {
    for (unsigned k = 0; k < CLIENTS; k++) {
        const struct client *c = &clients[k];
        const struct chain *h = &c->chain[(c->tail - 1) % MAX_CHAINS];
        for (unsigned i = 0; c->tail != c->head && c->pushed != h->pieces && i < c->pushed; i++)
            if (h->piece[i].fn == fn)
                return true;
    }
    return false;
}

// The link is lost with reads out and no timeout set: every chain fails, every tag is free again (pcie 59).
void read_link_reset(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    unsigned chains = 0, failed = 0;
    reset_state();
    dma_setup(0, 0, true); // many requests a chain: few chains have all tags
    dma_csr(true, WEIR_DMA_TIMEOUT_OFFSET, 0);
    opt.mrrs = 0;
    opt.latency = 1000000;
    for (unsigned i = 0; i < 6000 && most_outstanding < 64; i++)
        step(true);
    CHECK(most_outstanding == 64, "%u of 64 tags are out", most_outstanding);
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++)
        dma_permit(fn, false);
    bench_put(in, 0, 10, 0);
    bench_put(in, IN_LINK_RESET, 1, 1);
    for (unsigned k = 0; k < CLIENTS; k++)
        chains += clients[k].tail - clients[k].head;
    for (unsigned i = 0; i < 3000; i++) {
        bench_put(in, IN_RDREQ_READY, 1, 1);
        bench_put(in, IN_LINK_RESET, 1, i < 512);
        for (unsigned k = 0; k < CLIENTS; k++) {
            bench_put(in, IN_RSP_READY + k, 1, 1);
            if (bench_get(out, OUT_RSP_VALID + k, 1) && bench_get(out, OUT_RSP + k * OUT_RSP_STRIDE + 8, 1)) {
                CHECK(bench_get(out, OUT_RSP + k * OUT_RSP_STRIDE + 9, 1), "a chain without data is no failure");
                failed++;
            }
        }
        weir_rtl_tick(bench_model);
    }
    // A chain may stand half offered by the bench: it was never accepted as a whole.
    CHECK(failed > 10 && failed <= chains && failed + CLIENTS >= chains, "%u of %u chains ended", failed, chains);
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++)
        CHECK(dma_busy(fn) == 0 || half_offered(fn), "function %u busy", fn);
}

static double rate(unsigned len, unsigned align, unsigned latency, unsigned only) {
    reset_state();
    opt.fixed_len = len;
    opt.align = align;
    opt.latency = latency;
    opt.gap = 1;
    opt.mrrs = 2;
    opt.only_client = only;
    for (unsigned i = 0; i < 1000; i++)
        step(true);
    unsigned first = answered();
    for (unsigned i = 0; i < 6000; i++)
        step(true);
    double cycles = 6000.0 / (answered() - first);
    printf("  %4u bytes aligned %2u, %s, latency %3u: %.2f cycles a chain, %u outstanding\n", len, align,
           only < CLIENTS ? "one client" : "three clients", latency, cycles, most_outstanding);
    opt.latency = 0;
    drain();
    return cycles;
}

void read_rate(void) {
    dma_setup(0, 2, true);
    CHECK(rate(64, 64, 0, 1) <= 1.1, "slow");
    CHECK(rate(64, 64, 0, CLIENTS) <= 1.1, "slow");
    CHECK(rate(64, 1, 0, 1) <= 2.1, "slow");
    CHECK(rate(1514, 64, 0, 1) <= 24.5, "slow");
    CHECK(rate(512, 64, 0, 1) <= 8.1, "slow");
    rate(64, 64, 250, 1);
    rate(1514, 64, 250, 1);
}
