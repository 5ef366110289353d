// SPDX-License-Identifier: Apache-2.0
// Instruction-set model of RV32IMC with Zicsr and Zifencei, machine mode, four memory-protection entries (TOR): what
// the core must do, written from the specifications and sharing nothing with the RTL. One call is one instruction; what
// it did comes back as an effect that a bench compares with the core's retirement trace. test_iss_qemu.c checks the
// model itself.
#ifndef WEIR_ISS_H
#define WEIR_ISS_H

#include <stdbool.h>
#include <stdint.h>

// What a memory access met.
enum iss_bus { ISS_OK = 0, ISS_FAULT = 1, ISS_DAMAGED = 2 };

// Causes of exceptions.
enum {
    ISS_FETCH_FAULT = 1,
    ISS_ILLEGAL = 2,
    ISS_BREAK = 3,
    ISS_LOAD_ALIGN = 4,
    ISS_LOAD_FAULT = 5,
    ISS_STORE_ALIGN = 6,
    ISS_STORE_FAULT = 7,
    ISS_ECALL = 11,
    ISS_HARDWARE = 19
};

struct iss_pmp {
    uint32_t addr; // pmpaddr
    uint8_t cfg;   // pmpcfg byte: L, A, X, W, R
};

struct iss {
    uint32_t pc;
    uint32_t x[32];
    bool mie, mpie;
    uint32_t mie_mask; // mie: bits 3, 7, 11
    uint32_t mtvec, mepc, mcause, mtval, mscratch, mcountinhibit;
    uint64_t minstret;
    uint32_t hart_id;
    struct iss_pmp pmp[4];

    // Supplied by the owner. Addresses of fetches are even, of data naturally aligned. Data in the low bytes.
    void *owner;
    enum iss_bus (*fetch)(void *owner, uint32_t addr, uint16_t *half);
    enum iss_bus (*load)(void *owner, uint32_t addr, unsigned size, uint32_t *value);
    enum iss_bus (*store)(void *owner, uint32_t addr, unsigned size, uint32_t value);
    // Registers whose value only the hardware knows: mcycle, mcycleh, mip.
    uint32_t (*volatile_csr)(void *owner, unsigned csr);
};

struct iss_effect {
    bool trap;
    bool wfi;
    uint32_t cause, tval; // with trap
    uint32_t insn;        // 16 or 32 bits
    uint32_t pc, pc_next;
    unsigned rd; // 0: none
    uint32_t rd_value;
    unsigned load_size, store_size; // bytes, 0: none
    uint32_t addr, data;            // of the access; data of a store
};

void iss_reset(struct iss *s, uint32_t pc);
struct iss_effect iss_step(struct iss *s);
// Interrupts: pending is mip. The cause that would be taken now, or 0.
uint32_t iss_irq_cause(const struct iss *s, uint32_t pending);
void iss_take_irq(struct iss *s, uint32_t cause);

#endif
