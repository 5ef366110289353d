// SPDX-License-Identifier: Apache-2.0
// The port: what goes in comes out whole or is counted once, padding is zeros, the link cuts cleanly.
#include "bench.h"
#include "weir_abi.h"

enum { MAX_LEN = 9700, MAXF = 4096 };
enum disposition { GOOD, FCS, RUNT, LONG, FULL, DISPOSITIONS }; // order in which reasons are judged

static struct {
    unsigned len;
    bool err;
    bool endless; // its last beat is lost: no eop, the next frame's first follows
} sent[MAXF];
static unsigned nsent, in_frame, in_at; // receive side: frames offered, the one on the wire, its bytes gone
static bool rx_busy;
static unsigned next_out, out_at; // next frame number prx may bring, bytes of it seen
static uint64_t stat_drop[DISPOSITIONS], stat_link, stat_sent, stat_bytes, prx_good;
static unsigned p_wire, p_prx, p_tx, p_wtx;
static bool cable, may_drop;
static struct { unsigned len; } tx[MAXF];
static unsigned ntx, tx_frame, tx_at, tx_seen, tx_seen_at, tx_cut;
static bool tx_valid, tx_in;
static struct {
    bool valid, write;
    unsigned addr;
    uint32_t wdata, rdata;
    bool acked;
} bus;

static uint8_t body(unsigned id, unsigned i) {
    return i < 4 ? (uint8_t)(id >> (8 * i)) : (uint8_t)(id * 37u + i * 11u + (i >> 6));
}
static void beat(uint32_t *w, unsigned id, unsigned at, unsigned len) {
    uint8_t *b = (uint8_t *)w;
    for (unsigned i = 0; i < 64; i++)
        b[i] = at + i < len ? body(id, at + i) : 0xEE; // stale bytes must not show
}
static enum disposition judge(unsigned id) {
    bool merged = sent[id].endless || (id > 0 && sent[id - 1].endless); // no receiver can tell where one ends
    return sent[id].err || merged ? FCS : sent[id].len < 60 ? RUNT : sent[id].len > WEIR_MAX_FRAME ? LONG : GOOD;
}

static void take_prx(const uint32_t *out) {
    const uint8_t *b = (const uint8_t *)out + 576 / 8;
    bool sop = bench_get(out, 576 + 527, 1), eop = bench_get(out, 576 + 526, 1);
    if (sop) {
        unsigned id = b[0] | (unsigned)b[1] << 8 | (unsigned)b[2] << 16 | (unsigned)b[3] << 24;
        CHECK(out_at == 0 && id < nsent, "prx: sop of frame %u in frame %u", id, next_out);
        while (next_out < id) { // those left out must have had a reason
            CHECK(judge(next_out) != GOOD || may_drop, "frame %u of %u bytes vanished", next_out, sent[next_out].len);
            next_out++;
        }
        CHECK(id == next_out && judge(id) == GOOD, "prx: frame %u, expected %u", id, next_out);
        CHECK(bench_get(out, 576 + 512, 14) == sent[id].len, "prx: length of frame %u", id);
    } else
        CHECK(out_at > 0, "prx: no sop");
    for (unsigned i = 0; i < 64 && out_at + i < sent[next_out].len; i++)
        CHECK(b[i] == body(next_out, out_at + i), "prx: byte %u of frame %u", out_at + i, next_out);
    out_at += 64;
    CHECK(eop == (out_at >= sent[next_out].len), "prx: eop of frame %u at %u of %u", next_out, out_at,
          sent[next_out].len);
    if (eop) {
        next_out++;
        out_at = 0;
        prx_good++;
    }
}

static void take_wire(const uint32_t *out) {
    const uint8_t *b = (const uint8_t *)out;
    bool sop = bench_get(out, 521, 1), eop = bench_get(out, 520, 1);
    if (sop) {
        unsigned id = b[0] | (unsigned)b[1] << 8 | (unsigned)b[2] << 16 | (unsigned)b[3] << 24;
        CHECK(!tx_in || tx_cut > 0, "wire: sop inside a frame");
        CHECK(id >= tx_seen && id < ntx && (id == tx_seen || tx_cut > 0), "wire: frame %u, expected %u", id, tx_seen);
        tx_seen = id;
        tx_seen_at = 0;
    } else
        CHECK(tx_in, "wire: beat without frame");
    unsigned len = tx[tx_seen].len, wire = len < 60 ? 60 : len, n = wire - tx_seen_at < 64 ? wire - tx_seen_at : 64;
    for (unsigned i = 0; i < n; i++) {
        uint8_t want = tx_seen_at + i < len ? body(tx_seen, tx_seen_at + i) : 0;
        CHECK(b[i] == want, "wire: byte %u of frame %u (length %u) is %02x, expected %02x", tx_seen_at + i, tx_seen,
              len, b[i], want);
    }
    CHECK(bench_get(out, 512, 7) == (eop ? n : 64), "wire: bytes %u", (unsigned)bench_get(out, 512, 7));
    CHECK(!bench_get(out, 519, 1), "wire: err");
    tx_seen_at += 64;
    CHECK(eop == (tx_seen_at >= wire), "wire: eop of frame %u", tx_seen);
    tx_in = !eop;
    if (eop)
        tx_seen++;
}

static void step(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    // Wire to card: a beat or a gap, never held.
    bool go = in_frame < nsent && bench_below(16) < p_wire;
    bench_put(in, 544, 1, go);
    if (go) {
        unsigned len = sent[in_frame].len, left = len - in_at;
        bool last = left <= 64, eop = last && !sent[in_frame].endless;
        beat(in, in_frame, in_at, len);
        bench_put(in, 512, 10,
                  (eop ? left : bench_below(65)) | (uint64_t)(eop && sent[in_frame].err) << 7 | (uint64_t)eop << 8 |
                      (uint64_t)(in_at == 0) << 9);
        in_at += 64;
        rx_busy = !eop;
        if (last) {
            in_frame++;
            in_at = 0;
        }
    }
    if (!tx_valid)
        tx_valid = tx_frame < ntx && bench_below(16) < p_tx;
    bench_put(in, 1104, 1, tx_valid);
    if (tx_valid) {
        unsigned len = tx[tx_frame].len;
        beat(in + 18, tx_frame, tx_at, len);
        bench_put(in, 576 + 512, 16,
                  (tx_at == 0 ? len : bench_below(9000)) | (uint64_t)(tx_at + 64 >= len) << 14 |
                      (uint64_t)(tx_at == 0) << 15);
        if (bench_get(out, 1121, 1)) {
            tx_at += 64;
            tx_valid = false;
            if (tx_at >= len) {
                tx_frame++;
                tx_at = 0;
            }
        }
    }
    bool wready = bench_below(16) < p_wtx, pready = bench_below(16) < p_prx;
    bench_put(in, 1152, 50,
              (uint64_t)bus.wdata | (uint64_t)bus.addr << 32 | (uint64_t)bus.write << 48 | (uint64_t)bus.valid << 49);
    bench_put(in, 1216, 3, (uint64_t)cable | (uint64_t)wready << 1 | (uint64_t)pready << 2);
    if (bench_get(out, 1120, 1) && pready)
        take_prx(out);
    if (bench_get(out, 522, 1) && wready)
        take_wire(out);
    for (unsigned r = 0; r < 4; r++)
        stat_drop[FCS + r] += bench_get(out, 1216 + 19 - r, 1);
    stat_link += bench_get(out, 1216 + 15, 1);
    if (bench_get(out, 1216 + 14, 1)) {
        stat_sent++;
        stat_bytes += bench_get(out, 1216, 14);
    }
    if (bus.valid && bench_get(out, 1152 + 32, 1)) {
        bus.rdata = (uint32_t)bench_get(out, 1152, 32);
        bus.valid = false;
        bus.acked = true;
        bench_put(in, 1152 + 49, 1, 0);
    }
    weir_rtl_tick(bench_model);
}
static uint32_t csr(bool write, unsigned addr, uint32_t v) {
    bus.valid = true, bus.acked = false, bus.write = write, bus.addr = addr, bus.wdata = v;
    for (unsigned i = 0; !bus.acked; i++) {
        CHECK(i < 64, "CSR %x not acknowledged", addr);
        step();
    }
    return bus.rdata;
}
static void run(unsigned n) {
    while (n-- > 0)
        step();
}
static void finish(void) {
    for (unsigned i = 0; in_frame < nsent || tx_frame < ntx || !bench_get(weir_rtl_out(bench_model), 1124, 1); i++) {
        CHECK(i < 2000000, "never idle");
        step();
    }
    run(20); // what stands in the wrapper's FIFO
}
static void start(void) {
    nsent = in_frame = in_at = next_out = out_at = ntx = tx_frame = tx_at = tx_seen = tx_seen_at = tx_cut = 0;
    memset(sent, 0, sizeof sent);
    memset(stat_drop, 0, sizeof stat_drop);
    stat_link = stat_sent = stat_bytes = prx_good = 0;
    rx_busy = tx_valid = tx_in = may_drop = false;
    p_wire = p_prx = p_tx = p_wtx = 16;
    cable = true;
    csr(true, WEIR_PORT_CTL_OFFSET, 1);
    run(4);
    CHECK(bench_get(weir_rtl_out(bench_model), 1122, 1) && csr(false, WEIR_PORT_STATUS_OFFSET, 0) == 1, "link up");
    CHECK(csr(false, WEIR_PORT_EVENT_POP_OFFSET, 0) == (1u << 31 | (uint32_t)WEIR_HW_EVENT_LINK << 24 | 1),
          "LINK event up");
    CHECK(csr(false, WEIR_PORT_EVENT_POP_OFFSET, 0) == 0, "one event");
}
static unsigned any_len(void) {
    unsigned r = bench_below(8);
    return r == 0   ? 4 + bench_below(MAX_LEN - 3)
           : r == 1 ? WEIR_MAX_FRAME - 2 + bench_below(5)
           : r < 4  ? 56 + bench_below(12)
                    : 4 + bench_below(300);
}
static void check_rx(void) {
    uint64_t want[DISPOSITIONS] = {0}, full = stat_drop[FULL];
    for (unsigned i = 0; i < nsent; i++)
        want[judge(i)] += !sent[i].endless; // counted once, with the frame that ends it
    CHECK(want[FCS] == stat_drop[FCS] && want[RUNT] == stat_drop[RUNT] && want[LONG] == stat_drop[LONG],
          "drops: fcs %" PRIu64 "/%" PRIu64 " runt %" PRIu64 "/%" PRIu64 " long %" PRIu64 "/%" PRIu64, stat_drop[FCS],
          want[FCS], stat_drop[RUNT], want[RUNT], stat_drop[LONG], want[LONG]);
    CHECK(want[GOOD] == prx_good + full, "%" PRIu64 " good frames, %" PRIu64 " came out, %" PRIu64 " dropped",
          want[GOOD], prx_good, full);
    CHECK(may_drop || full == 0, "dropped for room with an idle reader");
}

static void receive(void) {
    start();
    for (unsigned i = 0; i < 1200; i++) {
        sent[nsent].len = i < 300 ? 4 + i : any_len();
        sent[nsent].endless = i >= 300 && i < 1199 && bench_below(10) == 0;
        sent[nsent++].err = bench_below(8) == 0;
    }
    p_wire = 14;
    finish();
    check_rx();
}

static void fifo_full(void) {
    start();
    may_drop = true;
    p_prx = 0; // switch stalls: exactly the FIFO's beats fit, the next frame is dropped whole
    for (unsigned i = 0; i < 600; i++)
        sent[nsent++].len = 64;
    run(700);
    p_prx = 16;
    finish();
    CHECK(prx_good == 512 && stat_drop[FULL] == 88, "%" PRIu64 " kept, %" PRIu64 " dropped", prx_good, stat_drop[FULL]);
    for (unsigned i = 0; i < 1500; i++) {
        sent[nsent].len = any_len();
        sent[nsent++].err = bench_below(16) == 0;
        if (i % 100 == 99) {
            p_prx = 2 + bench_below(6);
            run(400);
        }
    }
    finish();
    check_rx();
    CHECK(stat_drop[FULL] > 88 + 50, "the second half was to overflow");
}

static void transmit(void) {
    start();
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 1000; i++) {
        unsigned len = i < 200 ? 14 + i : any_len() % (WEIR_MAX_FRAME - 13) + 14;
        tx[ntx++].len = len;
        bytes += len < 60 ? 60 : len;
    }
    p_wtx = 13;
    finish();
    CHECK(stat_sent == ntx && stat_bytes == bytes && stat_link == 0, "sent %" PRIu64 " of %u", stat_sent, ntx);
    // Rate: one beat a cycle.
    unsigned n = ntx;
    for (unsigned i = 0; i < 500; i++)
        tx[ntx++].len = 64;
    for (unsigned i = 0; i < 500; i++)
        sent[nsent++].len = 64;
    p_wtx = 16;
    uint64_t from = weir_rtl_cycles(bench_model);
    while (stat_sent < ntx || prx_good < nsent)
        step();
    printf("  64 B both ways: %.2f cycles/frame\n", (double)(weir_rtl_cycles(bench_model) - from) / (ntx - n));
    CHECK(weir_rtl_cycles(bench_model) - from < 520, "slower than a frame a cycle");
}

static void link_goes_and_comes(void) {
    start();
    may_drop = true;
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 20; i++) {
            tx[ntx++].len = 14 + bench_below(1500);
            sent[nsent++].len = 60 + bench_below(1000);
        }
        p_wtx = 4 + bench_below(12);
        run(bench_below(200));
        cable = false;
        tx_cut = 1;
        run(4);
        CHECK(!bench_get(weir_rtl_out(bench_model), 1122, 1) && !bench_get(weir_rtl_out(bench_model), 522, 1),
              "link down: nothing on the wire");
        CHECK(csr(false, WEIR_PORT_EVENT_POP_OFFSET, 0) == (1u << 31 | (uint32_t)WEIR_HW_EVENT_LINK << 24),
              "LINK event down");
        p_wtx = 0; // a dead wire takes nothing, frames for it go all the same
        unsigned bound = 0;
        while ((tx_frame < ntx || tx_valid) && bound++ < 4000)
            step();
        CHECK(tx_frame == ntx, "frames stuck behind a dead link");
        while (rx_busy || in_frame < nsent)
            step();
        // A frame the link cut counts as bad FCS, others that arrived meanwhile are nothing.
        cable = true;
        run(6);
        CHECK(csr(false, WEIR_PORT_EVENT_POP_OFFSET, 0) == (1u << 31 | (uint32_t)WEIR_HW_EVENT_LINK << 24 | 1),
              "LINK event up");
        p_prx = 16;
        run(600);
    }
    // Out for a few cycles in the midst of a frame: its rest does not come behind the gap.
    for (unsigned round = 0; round < 40; round++) {
        uint64_t cut = stat_link;
        p_tx = p_wtx = 16;
        tx[ntx++].len = 4000;
        tx[ntx++].len = 4000;
        run(12 + bench_below(30));
        cable = false;
        run(1 + bench_below(6));
        cable = true;
        for (unsigned i = 0; tx_frame < ntx || tx_valid; i++) {
            CHECK(i < 4000, "frames stand behind a cable that is in");
            step();
        }
        run(6);
        CHECK(stat_link == cut + 1 && !tx_in, "%" PRIu64 " frames cut, the last one stands open: %d", stat_link - cut,
              tx_in);
        (void)csr(false, WEIR_PORT_EVENT_POP_OFFSET, 0);
    }
    CHECK(stat_sent + stat_link == ntx && stat_link > 40 && stat_sent > 40, "sent %" PRIu64 " cut %" PRIu64 " of %u",
          stat_sent, stat_link, ntx);
    CHECK(prx_good > 40 && stat_drop[FCS] <= 40 && stat_drop[FCS] > 0, "received %" PRIu64 ", cut %" PRIu64, prx_good,
          stat_drop[FCS]);
    // CTL bit 0 cuts like the cable.
    csr(true, WEIR_PORT_CTL_OFFSET, 0);
    run(3);
    CHECK(csr(false, WEIR_PORT_STATUS_OFFSET, 0) == 0, "link disabled by firmware");
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
        {"receive", receive}, {"fifo_full", fifo_full}, {"transmit", transmit}, {"link", link_goes_and_comes}};
    return bench_main(argc, argv, cases, 4);
}
