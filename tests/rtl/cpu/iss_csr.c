// SPDX-License-Identifier: Apache-2.0
// Control registers, traps and memory protection of the instruction-set model.
#include "iss_priv.h"

#define IRQ_BITS (1u << 3 | 1u << 7 | 1u << 11)
#define PMP_ADDR_BITS 0x3FFFFFFFu

void iss_reset(struct iss *s, uint32_t pc) {
    s->pc = pc;
    s->mie = s->mpie = false;
    s->mie_mask = s->mtvec = s->mepc = s->mcause = s->mtval = s->mscratch = s->mcountinhibit = 0;
    s->minstret = 0;
    for (unsigned i = 0; i < 4; i++)
        s->pmp[i] = (struct iss_pmp){0, 0};
}

static bool in(unsigned csr, unsigned first, unsigned last) {
    return csr >= first && csr <= last;
}

bool iss_csr_exists(unsigned csr) {
    return csr == 0x300 || csr == 0x301 || csr == 0x304 || csr == 0x305 || csr == 0x310 || csr == 0x320 ||
           in(csr, 0x323, 0x33F) || in(csr, 0x340, 0x344) || in(csr, 0x3A0, 0x3A3) || in(csr, 0x3B0, 0x3BF) ||
           in(csr, 0x7A0, 0x7A3) || csr == 0xB00 || in(csr, 0xB02, 0xB1F) || csr == 0xB80 || in(csr, 0xB82, 0xB9F) ||
           csr == 0xC00 || csr == 0xC02 || csr == 0xC80 || csr == 0xC82 || in(csr, 0xF11, 0xF15);
}

bool iss_csr_read(const struct iss *s, unsigned csr, uint32_t *value) {
    uint32_t v = 0;
    if (!iss_csr_exists(csr))
        return false;
    switch (csr) {
    case 0x300:
        v = 3u << 11 | (uint32_t)s->mpie << 7 | (uint32_t)s->mie << 3;
        break;
    case 0x301: // MXL = 1; letters I, M, C
        v = 1u << 30 | 1u << ('I' - 'A') | 1u << ('M' - 'A') | 1u << ('C' - 'A');
        break;
    case 0x304:
        v = s->mie_mask;
        break;
    case 0x305:
        v = s->mtvec;
        break;
    case 0x320:
        v = s->mcountinhibit;
        break;
    case 0x340:
        v = s->mscratch;
        break;
    case 0x341:
        v = s->mepc;
        break;
    case 0x342:
        v = s->mcause;
        break;
    case 0x343:
        v = s->mtval;
        break;
    case 0x3A0:
        for (unsigned i = 0; i < 4; i++)
            v |= (uint32_t)s->pmp[i].cfg << 8 * i;
        break;
    case 0x344:
    case 0xB00:
    case 0xC00:
    case 0xB80:
    case 0xC80:
        v = s->volatile_csr(s->owner, csr);
        break;
    case 0xB02:
    case 0xC02:
        v = (uint32_t)s->minstret;
        break;
    case 0xB82:
    case 0xC82:
        v = (uint32_t)(s->minstret >> 32);
        break;
    case 0xF14:
        v = s->hart_id;
        break;
    default:
        if (in(csr, 0x3B0, 0x3B3))
            v = s->pmp[csr - 0x3B0].addr;
        break;
    }
    *value = v;
    return true;
}

static void write_pmp_cfg(struct iss *s, uint32_t value) {
    for (unsigned i = 0; i < 4; i++) {
        uint8_t v = (uint8_t)(value >> 8 * i);
        if ((s->pmp[i].cfg & 0x80) != 0)
            continue;
        v &= 0x9F;
        if ((v & 0x18) != 0x08) // only OFF and TOR are here
            v &= (uint8_t)~0x18u;
        if ((v & ISS_READ) == 0)
            v &= (uint8_t) ~(unsigned)ISS_WRITE;
        s->pmp[i].cfg = v;
    }
}

static void write_pmp_addr(struct iss *s, unsigned i, uint32_t value) {
    bool above = i < 3 && (s->pmp[i + 1].cfg & 0x88) == 0x88; // a locked range ends where this one would begin
    if ((s->pmp[i].cfg & 0x80) == 0 && !above)
        s->pmp[i].addr = value & PMP_ADDR_BITS;
}

bool iss_csr_write(struct iss *s, unsigned csr, uint32_t value) {
    switch (csr) {
    case 0x300:
        s->mie = (value >> 3 & 1) != 0;
        s->mpie = (value >> 7 & 1) != 0;
        break;
    case 0x304:
        s->mie_mask = value & IRQ_BITS;
        break;
    case 0x305:
        s->mtvec = value & ~2u;
        break;
    case 0x320:
        s->mcountinhibit = value & 5;
        break;
    case 0x340:
        s->mscratch = value;
        break;
    case 0x341:
        s->mepc = value & ~1u;
        break;
    case 0x342:
        s->mcause = value & 0x8000001Fu;
        break;
    case 0x343:
        s->mtval = value;
        break;
    case 0x3A0:
        write_pmp_cfg(s, value);
        break;
    case 0xB02:
        s->minstret = (s->minstret & 0xFFFFFFFF00000000u) | value;
        return true;
    case 0xB82:
        s->minstret = (s->minstret & 0xFFFFFFFFu) | (uint64_t)value << 32;
        return true;
    default:
        if (in(csr, 0x3B0, 0x3B3))
            write_pmp_addr(s, csr - 0x3B0, value);
        break;
    }
    return false;
}

bool iss_pmp_permits(const struct iss *s, uint32_t addr, enum iss_access access) {
    uint64_t from = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t to = (uint64_t)s->pmp[i].addr << 2;
        if ((s->pmp[i].cfg & 0x18) == 0x08 && addr >= from && addr < to)
            return (s->pmp[i].cfg & 0x80) == 0 || (s->pmp[i].cfg & access) != 0;
        from = to;
    }
    return true;
}

void iss_trap(struct iss *s, uint32_t cause, uint32_t tval, uint32_t pc) {
    s->mepc = pc & ~1u;
    s->mcause = cause;
    s->mtval = tval;
    s->mpie = s->mie;
    s->mie = false;
    s->pc = s->mtvec & ~3u;
    if ((cause >> 31) != 0 && (s->mtvec & 1) != 0)
        s->pc += (cause & 31) * 4;
}

uint32_t iss_irq_cause(const struct iss *s, uint32_t pending) {
    static const uint32_t order[] = {11, 3, 7};
    for (unsigned i = 0; s->mie && i < 3; i++)
        if ((pending & s->mie_mask & 1u << order[i]) != 0)
            return 0x80000000u | order[i];
    return 0;
}

void iss_take_irq(struct iss *s, uint32_t cause) {
    iss_trap(s, cause, 0, s->pc);
}
