// SPDX-License-Identifier: Apache-2.0
// See gen.h.
#include "gen.h"

#include "bench.h"

#define VECTORS 0x200u
#define HANDLER 0x300u
#define DEVICE 0xF0000000u

static uint16_t *at;

static void half(uint32_t h) {
    *at++ = (uint16_t)h;
}
static void word(uint32_t w) {
    half(w & 0xFFFF);
    half(w >> 16);
}
static unsigned reg(void) {
    return bench_below(32);
}
static uint32_t r_type(uint32_t f7, unsigned rs2, unsigned rs1, uint32_t f3, unsigned rd, uint32_t op) {
    return f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}
static uint32_t i_type(uint32_t imm, unsigned rs1, uint32_t f3, unsigned rd, uint32_t op) {
    return (imm & 0xFFF) << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}
static uint32_t s_type(uint32_t imm, unsigned rs2, unsigned rs1, uint32_t f3) {
    return (imm >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (imm & 31) << 7 | 0x23;
}
static uint32_t b_type(uint32_t off, unsigned rs2, unsigned rs1, uint32_t f3) {
    return (off >> 12 & 1) << 31 | (off >> 5 & 63) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (off >> 1 & 15) << 8 |
           (off >> 11 & 1) << 7 | 0x63;
}
static uint32_t j_type(uint32_t off, unsigned rd) {
    return (off >> 20 & 1) << 31 | (off >> 1 & 0x3FF) << 21 | (off >> 11 & 1) << 20 | (off >> 12 & 0xFF) << 12 |
           rd << 7 | 0x6F;
}
static uint32_t csr_type(unsigned csr, uint32_t f3, unsigned rs1, unsigned rd) {
    return csr << 20 | rs1 << 15 | f3 << 12 | rd << 7 | 0x73;
}
static void load_imm(unsigned rd, uint32_t v) {
    word(((v + 0x800) & 0xFFFFF000u) | rd << 7 | 0x37);
    word(i_type(v, rd, 0, rd, 0x13));
}

static void gen_alu(void) {
    static const uint32_t shift_f3[] = {1, 5, 5};
    if (bench_below(3) == 0) {
        uint32_t f3 = bench_below(8), alt = (f3 == 0 || f3 == 5) && bench_below(2) != 0;
        word(r_type(alt ? 0x20 : 0, reg(), reg(), f3, reg(), 0x33));
    } else if (bench_below(4) == 0) {
        unsigned k = bench_below(3);
        word(r_type(k == 2 ? 0x20 : 0, reg(), reg(), shift_f3[k], reg(), 0x13));
    } else {
        static const uint32_t f3s[] = {0, 2, 3, 4, 6, 7};
        word(i_type((uint32_t)bench_rand(), reg(), f3s[bench_below(6)], reg(), 0x13));
    }
}

// Half of the accesses are made aligned by an instruction before.
static void gen_memory(void) {
    static const uint32_t load_f3[] = {0, 1, 2, 2, 4, 5};
    unsigned base = reg();
    uint32_t imm = (uint32_t)bench_rand();
    if (bench_below(4) != 0) {
        base = 1 + bench_below(31);
        word(i_type(0xFFC, base, 7, base, 0x13)); // ANDI base, base, -4
        imm &= ~3u;
    }
    if (bench_below(2) != 0)
        word(i_type(imm, base, load_f3[bench_below(6)], reg(), 0x03));
    else
        word(s_type(imm, reg(), base, bench_below(3)));
}

static void gen_jump(void) {
    uint32_t off = (bench_below(128) - 64) & ~1u;
    unsigned k = bench_below(8);
    static const uint32_t f3s[] = {0, 1, 4, 5, 6, 7};
    if (k < 6)
        word(b_type(off, reg(), bench_below(4) == 0 ? 0 : reg(), f3s[bench_below(6)]));
    else if (k == 6)
        word(j_type(off, reg()));
    else
        word(i_type((uint32_t)bench_rand(), reg(), 0, reg(), 0x67));
}

static void gen_csr(void) {
    static const uint16_t common[] = {0x300, 0x304, 0x340, 0x341, 0x342, 0x343, 0xB02, 0xB82, 0xC02, 0x320};
    static const uint16_t rare[] = {0x301, 0x305, 0x306, 0x310, 0x323, 0x33F, 0x344, 0xB00, 0xB80, 0xB03, 0xB1F,
                                    0xB83, 0xB01, 0xC00, 0xC01, 0xC80, 0xC82, 0xC03, 0xF11, 0xF12, 0xF13, 0xF14,
                                    0xF15, 0x7A0, 0x7A3, 0x7A4, 0x3A1, 0x3B4, 0x3BF, 0x322, 0x180, 0x100};
    unsigned csr = bench_below(2) != 0 ? common[bench_below(10)] : rare[bench_below(32)];
    uint32_t f3 = 1 + bench_below(7);
    unsigned rs1 = bench_below(3) == 0 ? 0 : reg();
    if (bench_below(100) == 0)
        csr = 0x3A0 + bench_below(2) * (16 + bench_below(4));
    if (bench_below(100) == 0)
        csr = bench_below(4096);
    // The vector base mostly stays, or nothing but fetch faults would follow.
    if (csr == 0x305 && bench_below(10) != 0)
        f3 = 2, rs1 = 0;
    word(csr_type(csr, f3, rs1, reg()));
}

static void gen_one(void) {
    static const uint32_t rare[] = {0x73, 0x00100073, 0x30200073, 0x10500073, 0x0FF0000F, 0x0000100F};
    unsigned k = bench_below(100);
    if (k < 30)
        gen_alu();
    else if (k < 35)
        word(r_type(1, reg(), reg(), bench_below(bench_below(3) != 0 ? 4 : 8), reg(), 0x33));
    else if (k < 53)
        gen_memory();
    else if (k < 63)
        gen_jump();
    else if (k < 67)
        gen_csr();
    else if (k < 69)
        word(((uint32_t)bench_rand() & ~0x7Fu) | (bench_below(2) != 0 ? 0x37 : 0x17));
    else if (k < 70)
        word(rare[bench_below(6)]);
    else if (k < 71)
        word((uint32_t)bench_rand());
    else
        half(((uint32_t)bench_rand() & ~3u) | bench_below(3));
}

// Regions as firmware locks them: code up to a random place, data, a forbidden gap, the rest.
static void gen_protection(void) {
    uint32_t a = 0x2000 + bench_below(0x20000000), b = a + bench_below(0x1000), c = b + bench_below(0x8000000);
    const uint32_t top[] = {a, b, c, 0x3FFFFFFF};
    uint32_t cfg = 0x8Du | 0x8Bu << 8 | 0x88u << 16 | 0x8Bu << 24;
    if (bench_below(2) == 0)
        cfg &= ~(0x08u << 8 * bench_below(4)); // off, but still the base of the range above
    for (unsigned i = 0; i < 4; i++) {
        load_imm(5, top[i]);
        word(csr_type(0x3B0 + i, 1, 5, 0));
    }
    // Sometimes not locked, or with an X where firmware has none.
    load_imm(5, bench_below(4) == 0 ? cfg & 0x7F7F7F7Fu : bench_below(2) == 0 ? cfg | 0x04000400u : cfg);
    word(csr_type(0x3A0, 1, 5, 0));
}

void gen_program(uint16_t *code) {
    static const uint16_t shown[] = {0x341, 0x342, 0x343, 0x300, 0x344};
    unsigned t = 5 + bench_below(27);
    bool vectored = bench_below(2) != 0;

    // At 0: registers, vector base, interrupts on, away.
    memset(code, 0, GEN_BODY);
    at = code;
    for (unsigned r = 1; r < 32; r++) // reset leaves them as they are, but may catch the last write
        load_imm(r, (uint32_t)bench_rand());
    load_imm(5, VECTORS | (vectored ? 1 : 0));
    word(csr_type(0x305, 1, 5, 0));
    load_imm(5, bench_below(8) == 0 ? 0x80 : 0x888);
    word(csr_type(0x304, 1, 5, 0));
    if (bench_below(8) == 0)
        gen_protection();
    if (bench_below(8) != 0)
        word(csr_type(0x300, 6, 8, 0));
    word(j_type(GEN_BODY - (uint32_t)(at - code) * 2, 0));
    CHECK((uint32_t)(at - code) * 2 <= VECTORS, "prologue too long");

    at = code + VECTORS / 2;
    for (unsigned i = 0; i < 32; i++)
        word(j_type(HANDLER - (uint32_t)(at - code) * 2, 0));
    at = code + HANDLER / 2;
    for (unsigned i = 0; i < 3; i++)
        word(csr_type(shown[bench_below(5)], 2, 0, reg()));
    word(DEVICE | t << 7 | 0x37);
    word(i_type(0, t, 2, t, 0x03));
    word(csr_type(0x341, 1, t, 0));
    for (unsigned i = bench_below(3); i > 0; i--)
        load_imm(reg(), (uint32_t)bench_rand());
    word(0x30200073);

    at = code + GEN_BODY / 2;
    while (at < code + GEN_HALVES - 4)
        gen_one();
    while (at < code + GEN_HALVES)
        half(0x0001);
}
