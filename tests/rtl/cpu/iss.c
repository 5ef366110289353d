// SPDX-License-Identifier: Apache-2.0
// Instructions of the model. Compressed ones are executed from their own encodings, not by way of 32-bit ones, so that
// a mistake in one table shows against the other.
#include "iss_priv.h"

// What one instruction is doing, beside the machine's state.
struct step {
    struct iss *s;
    struct iss_effect e;
    bool uncounted; // a write to minstret
};

static uint32_t bits(uint32_t v, unsigned hi, unsigned lo) {
    return v >> lo & ((2u << (hi - lo)) - 1);
}

static uint32_t sext(uint32_t v, unsigned width) {
    uint32_t sign = 1u << (width - 1);
    return (v ^ sign) - sign;
}

static void fault(struct step *t, uint32_t cause, uint32_t tval) {
    t->e.trap = true;
    t->e.cause = cause;
    t->e.tval = tval;
}

static void illegal(struct step *t) {
    fault(t, ISS_ILLEGAL, t->e.insn);
}

static void set(struct step *t, unsigned rd, uint32_t value) {
    t->e.rd = rd;
    t->e.rd_value = rd != 0 ? value : 0;
}

static void load(struct step *t, unsigned rd, uint32_t addr, unsigned size, bool sign) {
    uint32_t v = 0;
    enum iss_bus got;
    t->e.addr = addr;
    if (addr % size != 0) {
        fault(t, ISS_LOAD_ALIGN, addr);
        return;
    }
    got = iss_pmp_permits(t->s, addr, ISS_READ) ? t->s->load(t->s->owner, addr, size, &v) : ISS_FAULT;
    if (got != ISS_OK) {
        fault(t, got == ISS_FAULT ? ISS_LOAD_FAULT : ISS_HARDWARE, addr);
        return;
    }
    t->e.load_size = size;
    if (size < 4) {
        v &= (1u << size * 8) - 1;
        v = sign ? sext(v, size * 8) : v;
    }
    set(t, rd, v);
}

static void store(struct step *t, uint32_t addr, unsigned size, uint32_t value) {
    t->e.addr = addr;
    if (addr % size != 0)
        fault(t, ISS_STORE_ALIGN, addr);
    else if (!iss_pmp_permits(t->s, addr, ISS_WRITE) || t->s->store(t->s->owner, addr, size, value) != ISS_OK)
        fault(t, ISS_STORE_FAULT, addr);
    else {
        t->e.store_size = size;
        t->e.data = size < 4 ? value & ((1u << size * 8) - 1) : value;
    }
}

static uint32_t alu(unsigned funct3, bool alt, uint32_t a, uint32_t b) {
    unsigned n = b & 31;
    switch (funct3) {
    case 0:
        return alt ? a - b : a + b;
    case 1:
        return a << n;
    case 2:
        return (int32_t)a < (int32_t)b;
    case 3:
        return a < b;
    case 4:
        return a ^ b;
    case 5:
        return alt && (int32_t)a < 0 ? ~(~a >> n) : a >> n;
    case 6:
        return a | b;
    default:
        return a & b;
    }
}

static uint32_t muldiv(unsigned funct3, uint32_t a, uint32_t b) {
    int64_t sa = (int32_t)a, sb = (int32_t)b;
    switch (funct3) {
    case 0:
        return a * b;
    case 1:
        return (uint32_t)((uint64_t)(sa * sb) >> 32);
    case 2:
        return (uint32_t)((uint64_t)(sa * (int64_t)b) >> 32);
    case 3:
        return (uint32_t)((uint64_t)a * b >> 32);
    case 4:
        return b == 0 ? 0xFFFFFFFFu : (uint32_t)(sa / sb); // 64 bits hold the one quotient that overflows
    case 5:
        return b == 0 ? 0xFFFFFFFFu : a / b;
    case 6:
        return b == 0 ? a : (uint32_t)(sa % sb);
    default:
        return b == 0 ? a : a % b;
    }
}

static void system_insn(struct step *t, uint32_t i) {
    struct iss *s = t->s;
    unsigned funct3 = bits(i, 14, 12), csr = bits(i, 31, 20), rs1 = bits(i, 19, 15);
    bool writes = (funct3 & 3) == 1 || rs1 != 0;
    uint32_t old, arg = funct3 >= 4 ? rs1 : s->x[rs1];

    if (funct3 == 0) {
        if (i == 0x00000073)
            fault(t, ISS_ECALL, 0);
        else if (i == 0x00100073)
            fault(t, ISS_BREAK, t->e.pc);
        else if (i == 0x30200073) {
            s->mie = s->mpie;
            s->mpie = true;
            t->e.pc_next = s->mepc;
        } else if (i == 0x10500073)
            t->e.wfi = true;
        else
            illegal(t);
        return;
    }
    // Bits 11:10 of a register's number say that it is read-only.
    if (funct3 == 4 || !iss_csr_exists(csr) || (writes && csr >> 10 == 3)) {
        illegal(t);
        return;
    }
    (void)iss_csr_read(s, csr, &old);
    set(t, bits(i, 11, 7), old);
    if (writes)
        t->uncounted = iss_csr_write(s, csr, (funct3 & 3) == 1 ? arg : (funct3 & 3) == 2 ? old | arg : old & ~arg);
}

static bool branch_taken(unsigned funct3, uint32_t a, uint32_t b) {
    bool less = funct3 < 6 ? (int32_t)a < (int32_t)b : a < b;
    return (funct3 < 4 ? a == b : less) == ((funct3 & 1) == 0);
}

static void wide(struct step *t, uint32_t i) {
    struct iss *s = t->s;
    unsigned rd = bits(i, 11, 7), funct3 = bits(i, 14, 12), funct7 = bits(i, 31, 25);
    uint32_t a = s->x[bits(i, 19, 15)], b = s->x[bits(i, 24, 20)], imm_i = sext(bits(i, 31, 20), 12);

    switch (bits(i, 6, 0)) {
    case 0x37:
        set(t, rd, i & 0xFFFFF000u);
        break;
    case 0x17:
        set(t, rd, t->e.pc + (i & 0xFFFFF000u));
        break;
    case 0x6F:
        set(t, rd, t->e.pc + 4);
        t->e.pc_next =
            t->e.pc +
            sext(bits(i, 31, 31) << 20 | bits(i, 19, 12) << 12 | bits(i, 20, 20) << 11 | bits(i, 30, 21) << 1, 21);
        break;
    case 0x67:
        if (funct3 != 0) {
            illegal(t);
            break;
        }
        set(t, rd, t->e.pc + 4);
        t->e.pc_next = (a + imm_i) & ~1u;
        break;
    case 0x63:
        if (funct3 == 2 || funct3 == 3)
            illegal(t);
        else if (branch_taken(funct3, a, b))
            t->e.pc_next =
                t->e.pc +
                sext(bits(i, 31, 31) << 12 | bits(i, 7, 7) << 11 | bits(i, 30, 25) << 5 | bits(i, 11, 8) << 1, 13);
        break;
    case 0x03:
        if (funct3 == 3 || funct3 > 5)
            illegal(t);
        else
            load(t, rd, a + imm_i, 1u << (funct3 & 3), funct3 < 4);
        break;
    case 0x23:
        if (funct3 > 2)
            illegal(t);
        else
            store(t, a + sext(funct7 << 5 | rd, 12), 1u << funct3, b);
        break;
    case 0x13:
        if ((funct3 == 1 && funct7 != 0) || (funct3 == 5 && funct7 != 0 && funct7 != 0x20))
            illegal(t);
        else
            set(t, rd, alu(funct3, funct3 == 5 && funct7 == 0x20, a, imm_i));
        break;
    case 0x33:
        if (funct7 == 1)
            set(t, rd, muldiv(funct3, a, b));
        else if (funct7 == 0 || (funct7 == 0x20 && (funct3 == 0 || funct3 == 5)))
            set(t, rd, alu(funct3, funct7 == 0x20, a, b));
        else
            illegal(t);
        break;
    case 0x0F:
        if (funct3 > 1)
            illegal(t);
        break;
    case 0x73:
        system_insn(t, i);
        break;
    default:
        illegal(t);
        break;
    }
}

// Quadrants of the compressed encodings. r8(): the three-bit register fields.
static unsigned r8(uint32_t c, unsigned lsb) {
    return 8 + (c >> lsb & 7);
}

static void quadrant0(struct step *t, uint32_t c) {
    struct iss *s = t->s;
    uint32_t word = bits(c, 5, 5) << 6 | bits(c, 12, 10) << 3 | bits(c, 6, 6) << 2;
    uint32_t spn = bits(c, 10, 7) << 6 | bits(c, 12, 11) << 4 | bits(c, 5, 5) << 3 | bits(c, 6, 6) << 2;
    if (bits(c, 15, 13) == 0 && spn != 0)
        set(t, r8(c, 2), s->x[2] + spn);
    else if (bits(c, 15, 13) == 2)
        load(t, r8(c, 2), s->x[r8(c, 7)] + word, 4, false);
    else if (bits(c, 15, 13) == 6)
        store(t, s->x[r8(c, 7)] + word, 4, s->x[r8(c, 2)]);
    else
        illegal(t);
}

static void c_alu(struct step *t, uint32_t c) {
    static const unsigned funct3[4] = {0, 4, 6, 7}; // SUB, XOR, OR, AND
    struct iss *s = t->s;
    unsigned rd = r8(c, 7);
    uint32_t imm = bits(c, 12, 12) << 5 | bits(c, 6, 2);
    if (bits(c, 11, 10) == 2)
        set(t, rd, s->x[rd] & sext(imm, 6));
    else if (bits(c, 12, 12) != 0)
        illegal(t);
    else if (bits(c, 11, 10) == 3)
        set(t, rd, alu(funct3[bits(c, 6, 5)], bits(c, 6, 5) == 0, s->x[rd], s->x[r8(c, 2)]));
    else
        set(t, rd, alu(5, bits(c, 10, 10) != 0, s->x[rd], imm));
}

static void quadrant1(struct step *t, uint32_t c) {
    struct iss *s = t->s;
    unsigned rd = bits(c, 11, 7);
    uint32_t imm = sext(bits(c, 12, 12) << 5 | bits(c, 6, 2), 6);
    uint32_t j = sext(bits(c, 12, 12) << 11 | bits(c, 8, 8) << 10 | bits(c, 10, 9) << 8 | bits(c, 6, 6) << 7 |
                          bits(c, 7, 7) << 6 | bits(c, 2, 2) << 5 | bits(c, 11, 11) << 4 | bits(c, 5, 3) << 1,
                      12);
    uint32_t b = sext(
        bits(c, 12, 12) << 8 | bits(c, 6, 5) << 6 | bits(c, 2, 2) << 5 | bits(c, 11, 10) << 3 | bits(c, 4, 3) << 1, 9);
    uint32_t sp = sext(
        bits(c, 12, 12) << 9 | bits(c, 4, 3) << 7 | bits(c, 5, 5) << 6 | bits(c, 2, 2) << 5 | bits(c, 6, 6) << 4, 10);
    switch (bits(c, 15, 13)) {
    case 0:
        set(t, rd, s->x[rd] + imm);
        break;
    case 1:
        set(t, 1, t->e.pc + 2);
        t->e.pc_next = t->e.pc + j;
        break;
    case 2:
        set(t, rd, imm);
        break;
    case 3:
        if (imm == 0)
            illegal(t);
        else if (rd == 2)
            set(t, 2, s->x[2] + sp);
        else
            set(t, rd, imm << 12);
        break;
    case 4:
        c_alu(t, c);
        break;
    case 5:
        t->e.pc_next = t->e.pc + j;
        break;
    case 6:
        if (s->x[r8(c, 7)] == 0)
            t->e.pc_next = t->e.pc + b;
        break;
    default:
        if (s->x[r8(c, 7)] != 0)
            t->e.pc_next = t->e.pc + b;
        break;
    }
}

static void quadrant2(struct step *t, uint32_t c) {
    struct iss *s = t->s;
    unsigned rd = bits(c, 11, 7), rs2 = bits(c, 6, 2);
    bool bit12 = bits(c, 12, 12) != 0;
    switch (bits(c, 15, 13)) {
    case 0:
        if (bit12)
            illegal(t);
        else
            set(t, rd, s->x[rd] << rs2);
        break;
    case 2:
        if (rd == 0)
            illegal(t);
        else
            load(t, rd, s->x[2] + (bits(c, 3, 2) << 6 | bits(c, 12, 12) << 5 | bits(c, 6, 4) << 2), 4, false);
        break;
    case 4:
        if (rs2 != 0) {
            set(t, rd, bit12 ? s->x[rd] + s->x[rs2] : s->x[rs2]);
        } else if (rd != 0) {
            t->e.pc_next = s->x[rd] & ~1u;
            if (bit12)
                set(t, 1, t->e.pc + 2);
        } else if (bit12) {
            fault(t, ISS_BREAK, t->e.pc);
        } else {
            illegal(t);
        }
        break;
    case 6:
        store(t, s->x[2] + (bits(c, 8, 7) << 6 | bits(c, 12, 9) << 2), 4, s->x[rs2]);
        break;
    default:
        illegal(t);
        break;
    }
}

static bool fetch_half(struct step *t, uint32_t addr, uint16_t *half) {
    enum iss_bus got = iss_pmp_permits(t->s, addr, ISS_EXEC) ? t->s->fetch(t->s->owner, addr, half) : ISS_FAULT;
    if (got != ISS_OK)
        fault(t, got == ISS_FAULT ? ISS_FETCH_FAULT : ISS_HARDWARE, addr);
    return got == ISS_OK;
}

static void execute(struct step *t) {
    uint16_t half = 0;
    if (!fetch_half(t, t->e.pc, &half))
        return;
    t->e.insn = half;
    t->e.pc_next = t->e.pc + 2;
    switch (half & 3) {
    case 0:
        quadrant0(t, half);
        break;
    case 1:
        quadrant1(t, half);
        break;
    case 2:
        quadrant2(t, half);
        break;
    default:
        if (!fetch_half(t, t->e.pc + 2, &half))
            return;
        t->e.insn |= (uint32_t)half << 16;
        t->e.pc_next = t->e.pc + 4;
        wide(t, t->e.insn);
        break;
    }
}

struct iss_effect iss_step(struct iss *s) {
    struct step t = {.s = s, .e = {.pc = s->pc}};
    bool counts = (s->mcountinhibit & 4) == 0;

    execute(&t);
    if (t.e.trap) {
        iss_trap(s, t.e.cause, t.e.tval, t.e.pc);
        t.e.rd = 0;
        t.e.rd_value = 0;
        t.e.load_size = t.e.store_size = 0;
        t.e.pc_next = s->pc;
        return t.e;
    }
    if (t.e.rd != 0)
        s->x[t.e.rd] = t.e.rd_value;
    s->pc = t.e.pc_next;
    if (counts && !t.uncounted)
        s->minstret++;
    return t.e;
}
