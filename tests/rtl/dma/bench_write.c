// SPDX-License-Identifier: Apache-2.0
// Write engine: every byte must reach its address, in order, interrupt tokens in their place, every TLP legal.
#include "bench_dma.h"

enum { MAX_WRITES = 256 };
struct write {
    uint64_t addr;
    unsigned fn, len, vec, salt;
    bool irq, gone;
};
static struct write writes[MAX_WRITES];
static unsigned tail, head, in_beat, out_done;
static unsigned tlp_left, tlp_lead, tlp_bytes; // of the TLP that is arriving: DWs left, disabled bytes in front, bytes
static unsigned mps, gap, fixed_len, align, off_fn;

static uint8_t byte_of(const struct write *w, unsigned i) {
    return tlp_pattern(w->addr + i) ^ (uint8_t)w->salt;
}

static void drive(uint32_t *in, const uint32_t *out, bool more) {
    if (in_beat == 0 && (tail == 0 || writes[(tail - 1) % MAX_WRITES].salt != 0)) {
        // The newest write was taken whole (salt set below): make another one.
        if (!more || tail - head >= MAX_WRITES - 1 || bench_below(gap) != 0)
            return;
        struct write *w = &writes[tail++ % MAX_WRITES];
        unsigned r = bench_below(16);
        *w = (struct write){.fn = bench_below(WEIR_NUM_FNS), .vec = bench_below(256)};
        w->irq = fixed_len == 0 && r == 0;
        w->len = fixed_len != 0 ? fixed_len
                                : 1 + (r < 8    ? bench_below(140)
                                       : r < 15 ? bench_below(1600)
                                                : bench_below(9600));
        w->addr = (bench_below(2) ? bench_rand() & 0xFFFFFFFF00000000ULL : 0) | (bench_rand() & 0xFFFFC000u) |
                  bench_below(0x4000);
        if (align != 0)
            w->addr &= ~(uint64_t)(align - 1);
        w->gone = w->fn == off_fn && !w->irq;
        w->salt = 0;
    }
    struct write *w = &writes[(tail - 1) % MAX_WRITES];
    if (gap > 1 && bench_below(gap) != 0)
        return;
    unsigned beats = w->irq ? 1 : (w->len + 63) / 64, at = IN_QWR / 32;
    bool sop = in_beat == 0, eop = in_beat + 1 == beats;
    in[at] = (unsigned)eop << 1 | (unsigned)sop | (unsigned)w->irq << 2 | w->fn << 8 | w->vec << 16;
    // sop is the struct's first member, so it is the port's bit 0 of this word.
    in[at + 1] = (uint32_t)w->addr;
    in[at + 2] = (uint32_t)(w->addr >> 32);
    in[at + 3] = w->len;
    if (!sop)
        in[at] |= 0xFFFF00, in[at + 1] = in[at + 3] = (uint32_t)bench_rand();
    uint8_t *data = (uint8_t *)&in[at + 4];
    // One salt a write tells writes to the same place apart; not 0, which means "not sent yet".
    unsigned salt = (tail & 0x7F) | 0x80;
    struct write salted = *w;
    salted.salt = salt;
    for (unsigned i = 0; i < 64; i++)
        data[i] = in_beat * 64 + i < w->len ? byte_of(&salted, in_beat * 64 + i) : (uint8_t)bench_rand();
    bench_put(in, IN_QWR_VALID, 1, 1);
    if (!bench_get(out, OUT_QWR_READY, 1))
        return;
    in_beat = eop ? 0 : in_beat + 1;
    if (eop)
        w->salt = salt;
}

static void take(const uint32_t *out) {
    unsigned at = OUT_WR / 32;
    unsigned fn = out[at] & 0xFF, vec = out[at] >> 8 & 0xFF;
    bool irq = out[at] >> 16 & 1, sop = out[at] >> 17 & 1, eop = out[at] >> 18 & 1;
    while (head != tail && writes[head % MAX_WRITES].gone)
        head++;
    CHECK(head != tail, "a write nobody made");
    struct write *w = &writes[head % MAX_WRITES];
    struct write salted = *w;
    if (salted.salt == 0)
        salted.salt = (tail & 0x7F) | 0x80;
    CHECK(fn == w->fn, "function %u, expected %u", fn, w->fn);
    CHECK(irq == w->irq, "token %d, expected %d", irq, w->irq);
    if (irq) {
        CHECK(vec == w->vec && sop && eop && tlp_left == 0, "vector %u, expected %u", vec, w->vec);
        head++;
        return;
    }
    CHECK(sop == (tlp_left == 0), "sop %d with %u DW left", sop, tlp_left);
    if (sop) {
        uint32_t hdr[4];
        memcpy(hdr, &out[at + 1], sizeof hdr);
        struct tlp_mem m = tlp_check_mem(hdr, 128u << mps);
        CHECK(m.write && m.rid == 0 && m.tag == 0, "not a plain write: %08x %08x", hdr[0], hdr[1]);
        CHECK(m.addr == w->addr + out_done, "write to %016" PRIx64 ", expected %016" PRIx64, m.addr,
              w->addr + out_done);
        CHECK(out_done + m.bytes <= w->len, "%u bytes too many", out_done + m.bytes - w->len);
        CHECK(out_done + m.bytes == w->len || ((m.addr + m.bytes) & ((128u << mps) - 1)) == 0, "cut before MPS");
        tlp_left = m.dws;
        tlp_lead = m.addr & 3;
        tlp_bytes = m.bytes;
    }
    const uint8_t *data = (const uint8_t *)&out[at + 5];
    for (unsigned i = 0; i < 64; i++) {
        uint8_t want = 0;
        if (tlp_lead > 0)
            tlp_lead--;
        else if (tlp_bytes > 0) {
            want = byte_of(&salted, out_done++);
            tlp_bytes--;
        }
        CHECK(data[i] == want, "byte %u of the beat is %02x, expected %02x (byte %u of %u)", i, data[i], want, out_done,
              w->len);
    }
    tlp_left = tlp_left > 16 ? tlp_left - 16 : 0;
    CHECK(eop == (tlp_left == 0), "eop %d with %u DW left", eop, tlp_left);
    if (out_done == w->len && eop) {
        out_done = 0;
        head++;
    }
}

static void step(bool more) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    bench_put(in, 0, 10, 0);
    bool ready = bench_below(gap) == 0;
    bench_put(in, IN_WR_READY, 1, ready);
    if (ready && bench_get(out, OUT_WR_VALID, 1))
        take(out);
    drive(in, out, more);
    weir_rtl_tick(bench_model);
}

static void reset_state(void) {
    tail = head = in_beat = out_done = tlp_left = 0;
    fixed_len = align = 0;
    gap = 2;
    off_fn = 1000;
    memset(writes, 0, sizeof writes);
}

static void drain(void) {
    bool done = false;
    for (unsigned i = 0; i < 20000 && !done; i++) {
        step(false);
        while (head != tail && writes[head % MAX_WRITES].gone && writes[head % MAX_WRITES].salt != 0)
            head++;
        done = head == tail && in_beat == 0 && bench_get(weir_rtl_out(bench_model), OUT_IDLE, 1);
    }
    CHECK(done, "does not drain: %u writes left", tail - head);
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++)
        CHECK(dma_busy(fn) == 0, "function %u busy %08x at the end", fn, dma_busy(fn));
}

void write_random(void) {
    for (unsigned round = 0; round < 16; round++) {
        reset_state();
        const unsigned code = round % 8;
        mps = code < 6 ? code : 5; // codes that do not exist mean the largest
        gap = 1 + round % 3;
        dma_setup(code, 0, true);
        for (unsigned i = 0; i < 8000; i++)
            step(true);
        drain();
        CHECK(tail > 100, "only %u writes", tail);
    }
}

// Writes of a function without permission vanish; losing it in the middle cuts at a TLP and frees the function.
void write_disabled(void) {
    reset_state();
    mps = 1;
    off_fn = 3;
    dma_setup(mps, 0, true);
    dma_permit(off_fn, false);
    for (unsigned i = 0; i < 20000; i++)
        step(true);
    drain();
    unsigned gone = 0;
    for (unsigned i = 0; i < MAX_WRITES; i++)
        gone += writes[i].gone;
    CHECK(gone > 0, "no write was to vanish");

    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    for (unsigned stop = 1; stop < 40; stop++) {
        reset_state();
        mps = 0;
        dma_setup(mps, 0, true);
        gap = 1;
        fixed_len = 1000;
        align = 1;
        for (unsigned i = 0; i < stop; i++)
            step(i == 0);
        unsigned fn = writes[0].fn;
        CHECK((dma_busy(fn) >> 16) <= 1, "busy %08x, stop %u", dma_busy(fn), stop);
        dma_permit(fn, false);
        unsigned sops = 0;
        for (unsigned i = 0; i < 60; i++) {
            bench_put(in, IN_WR_READY, 1, 1);
            bench_put(in, IN_QWR_VALID, 1, 0);
            if (bench_get(out, OUT_WR_VALID, 1))
                sops += bench_get(out, OUT_WR + 17, 1);
            if (in_beat != 0)
                drive(in, out, false);
            weir_rtl_tick(bench_model);
        }
        CHECK(sops <= 3, "%u TLPs left after the permission was gone", sops);
        CHECK(dma_busy(fn) == 0, "function %u busy %08x after its write was cut", fn, dma_busy(fn));
        CHECK(bench_get(out, OUT_IDLE, 1), "not idle");
    }
}

// FN_BUSY counts a write from its first beat until its last one is handed to the link, however long that takes; when
// permission is lost meanwhile, until nothing of it stands in front of the link any more.
void write_busy_to_the_last_beat(void) {
    static const unsigned lens[] = {1, 64, 200, 1000};
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    for (unsigned n = 0; n < 4; n++)
        for (unsigned lost = 0; lost <= (lens[n] + 63) / 64; lost++) { // 0: permission stays
            unsigned left = 0, quiet = 0;
            reset_state();
            gap = 1;
            mps = 0;
            align = 1;
            fixed_len = lens[n];
            dma_setup(mps, 0, true);
            for (unsigned i = 0; quiet < 20; i++) {
                bool owes;
                CHECK(i < 1000, "does not end");
                bench_put(in, 0, 10, 0);
                // The link takes a beat only now and then.
                if (i % 5 == 4 && bench_get(out, OUT_WR_VALID, 1)) {
                    bench_put(in, IN_WR_READY, 1, 1);
                    take(out);
                    if (++left == lost)
                        dma_permit(writes[0].fn, false);
                }
                if (i == 0 || in_beat != 0)
                    drive(in, out, true);
                weir_rtl_tick(bench_model);
                owes = bench_get(out, OUT_WR_VALID, 1) || (lost == 0 && tail == 1 && head == 0);
                CHECK(!owes || dma_busy(writes[0].fn) == 0x10000,
                      "%u bytes, %u beats left, permission lost at %u: busy %08x", lens[n], left, lost,
                      dma_busy(writes[0].fn));
                quiet = owes || in_beat != 0 ? 0 : quiet + 1;
            }
            CHECK(left != 0 && dma_busy(writes[0].fn) == 0, "%u bytes: busy %08x in the end", lens[n],
                  dma_busy(writes[0].fn));
        }
}

static void rate(unsigned len, unsigned al, double most) {
    reset_state();
    mps = 1;
    gap = 1;
    fixed_len = len;
    align = al;
    dma_setup(mps, 0, true);
    for (unsigned i = 0; i < 200; i++)
        step(true);
    unsigned first = head;
    for (unsigned i = 0; i < 4000; i++)
        step(true);
    double cycles = 4000.0 / (head - first);
    printf("  writes of %4u bytes aligned %2u: %.2f cycles each\n", len, al, cycles);
    CHECK(cycles <= most, "slow");
    drain();
}

void write_rate(void) {
    rate(16, 16, 1.01);
    rate(64, 64, 1.01);
    rate(64, 1, 2.0);
    rate(1514, 64, 24.1);
    rate(4096, 64, 64.6);
}
