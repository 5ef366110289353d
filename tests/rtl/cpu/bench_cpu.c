// SPDX-License-Identifier: Apache-2.0
// Lock-step: each instruction the core retires, and each trap, is compared with the instruction-set model; random
// programs, interrupts, wait states, bus errors and damaged memory words. Cases differ in how many instructions they
// run.
#include "bench.h"

#include "gen.h"
#include "iss.h"

#define EPISODE 20000u // instructions of one program
#define WAKE 8u        // cycles from a line that rises to the first instruction, generously
#define QUIET 3000u    // cycles without an instruction that nothing explains
#define IRQ_BOUND 400u // cycles an enabled interrupt may have to wait

static struct iss iss;
static uint16_t code[GEN_HALVES];
static uint32_t data[16384];
static const uint32_t *rec; // of the core: words of out_o
static uint32_t flags;

static struct { uint64_t retired, traps, irqs, damaged, loads, stores, compressed, sleeps; } seen;

static uint32_t lines; // interrupt lines: bits 11, 7, 3 of mip
static uint64_t lines_since, now;
static uint32_t lines_before;
static uint32_t return_to; // what the trap handler reads

// What a failure prints.
#define HISTORY 12u
static struct old {
    uint64_t cycle;
    uint32_t pc, insn, rd, value, flags;
} history[HISTORY];

enum { R_INSN, R_PC, R_NEXT, R_RD, R_ADDR, R_RDATA, R_WDATA, R_RS1, R_RS2, R_FLAGS };
#define VALID (flags & 1)
#define TRAP (flags >> 1 & 1)
#define INTR (flags >> 2 & 1)
#define RD (flags >> 3 & 31)
#define RMASK (flags >> 8 & 15)
#define WMASK (flags >> 12 & 15)
#define INTR_CAUSE (flags >> 16 & 31)
#define FETCH_DAMAGE (flags >> 21 & 3)
#define LOAD_DAMAGE (flags >> 23 & 1)
#define SLEEPS (flags >> 24 & 1)

static enum iss_bus fetch(void *owner, uint32_t addr, uint16_t *half) {
    unsigned which = addr == rec[R_PC] ? 1 : 2;
    (void)owner;
    *half = code[addr >> 1 & 0x7FFF];
    if (addr >> 29 == 7)
        return ISS_FAULT;
    return (FETCH_DAMAGE & which) != 0 ? ISS_DAMAGED : ISS_OK;
}

static enum iss_bus load(void *owner, uint32_t addr, unsigned size, uint32_t *value) {
    (void)owner;
    (void)size;
    if (addr >> 28 == 0xE)
        return ISS_FAULT;
    if (LOAD_DAMAGE)
        return ISS_DAMAGED;
    *value = (addr >> 28 == 0xF ? rec[R_RDATA] : data[addr >> 2 & 0x3FFF]) >> 8 * (addr & 3);
    return ISS_OK;
}

static enum iss_bus store(void *owner, uint32_t addr, unsigned size, uint32_t value) {
    uint32_t *w = &data[addr >> 2 & 0x3FFF], mask = (size == 4 ? 0xFFFFFFFFu : (1u << 8 * size) - 1) << 8 * (addr & 3);
    (void)owner;
    if (addr >> 28 == 0xE)
        return ISS_FAULT;
    if (addr >> 28 != 0xF)
        *w = (*w & ~mask) | (value << 8 * (addr & 3) & mask);
    return ISS_OK;
}

// Bits of mip that have been what they are for a while.
static uint32_t steady(void) {
    return now - lines_since > 2 ? 0x888 : 0x888 & ~(lines ^ lines_before);
}

static uint32_t volatile_csr(void *owner, unsigned csr) {
    (void)owner;
    if (csr == 0x344)
        CHECK(RD == 0 || ((rec[R_RD] ^ lines) & (steady() | ~0x888u)) == 0, "mip reads %x, lines are %x", rec[R_RD],
              lines);
    return rec[R_RD];
}

__attribute__((format(printf, 2, 3), noreturn)) static void differ(const struct iss_effect *e, const char *fmt, ...) {
    va_list ap;
    fprintf(stderr, "check failed: after %" PRIu64 " instructions: pc %08x insn %08x: ", seen.retired, rec[R_PC],
            rec[R_INSN]);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n  core:  pc %08x next %08x trap %u x%u = %08x access %08x r%x w%x\n", rec[R_PC], rec[R_NEXT],
            TRAP, RD, rec[R_RD], rec[R_ADDR], RMASK, WMASK);
    fprintf(stderr, "  model: pc %08x next %08x trap %u x%u = %08x access %08x r%u w%u cause %u\n", e->pc, e->pc_next,
            e->trap, e->rd, e->rd_value, e->addr, e->load_size, e->store_size, e->cause);
    for (unsigned i = 0; i < HISTORY; i++) {
        const struct old *o = &history[(seen.retired + i) % HISTORY];
        fprintf(stderr, "  cycle %" PRIu64 " pc %08x insn %08x x%u = %08x flags %x\n", o->cycle, o->pc, o->insn, o->rd,
                o->value, o->flags);
    }
    exit(1);
}

static void take_irq(void) {
    uint32_t cause = 0x80000000u | INTR_CAUSE, all = iss_irq_cause(&iss, lines | lines_before);
    uint32_t sure = iss_irq_cause(&iss, lines);
    bool changed = now - lines_since < 60;
    CHECK(all != 0, "interrupt %u taken, but none is pending and enabled", INTR_CAUSE);
    CHECK((lines_before | lines) >> INTR_CAUSE & 1 && iss.mie_mask >> INTR_CAUSE & 1,
          "interrupt %u taken: not pending or not enabled", INTR_CAUSE);
    CHECK(changed || sure == cause, "interrupt %u taken before %u", INTR_CAUSE, sure & 31);
    iss_take_irq(&iss, cause);
    seen.irqs++;
}

// Where the handler returns: mostly on, sometimes somewhere else.
static void choose_return(bool irq, uint32_t length) {
    return_to = iss.mepc + (irq ? 0 : length);
    if (bench_below(irq ? 8 : 4) == 0)
        return_to = (uint32_t)bench_rand() & 0x1FFFFFFEu;
    if ((return_to & 0xFFFF) < GEN_BODY || return_to >> 29 == 7)
        return_to = (return_to & 0x0000FFFE) | GEN_BODY;
}

static void compare(void) {
    struct iss_effect e;
    uint32_t mask;

    history[seen.retired % HISTORY] = (struct old){now, rec[R_PC], rec[R_INSN], RD, rec[R_RD], flags};
    if (INTR) {
        take_irq();
        choose_return(true, 0);
    }
    if (iss.pc != rec[R_PC]) {
        e = (struct iss_effect){.pc = iss.pc};
        differ(&e, "pc");
    }
    e = iss_step(&iss);
    if (e.trap != TRAP)
        differ(&e, "trap");
    if (e.pc_next != rec[R_NEXT])
        differ(&e, "next pc");
    if (e.rd != RD || e.rd_value != rec[R_RD])
        differ(&e, "register write");
    if (!(e.trap && (e.cause == ISS_FETCH_FAULT || e.cause == ISS_HARDWARE)) && e.insn != rec[R_INSN])
        differ(&e, "instruction word");
    mask = ((1u << e.load_size) - 1) << (e.addr & 3);
    if (mask != RMASK || (mask != 0 && e.addr != rec[R_ADDR]))
        differ(&e, "load");
    mask = ((1u << e.store_size) - 1) << (e.addr & 3);
    if (mask != WMASK || (mask != 0 && e.addr != rec[R_ADDR]))
        differ(&e, "store");
    for (unsigned i = 0; mask != 0 && i < e.store_size; i++)
        if ((rec[R_WDATA] >> 8 * ((e.addr & 3) + i) & 0xFF) != (e.data >> 8 * i & 0xFF))
            differ(&e, "store data %08x", e.data);
    if (e.wfi)
        CHECK(((lines | lines_before) & iss.mie_mask) != 0, "WFI ended without an interrupt");
    seen.retired++;
    seen.traps += e.trap;
    seen.damaged += e.trap && e.cause == ISS_HARDWARE;
    seen.loads += e.load_size != 0;
    seen.stores += e.store_size != 0;
    seen.compressed += (e.insn & 3) != 3;
    if (e.trap)
        choose_return(false, (e.insn & 3) == 3 ? 4 : 2);
}

static void put_word(bool is_code, uint32_t addr, uint32_t w) {
    uint32_t *in = weir_rtl_in(bench_model);
    in[0] = is_code ? 1u << 8 : 1u << 9;
    in[1] = addr;
    in[2] = w;
    weir_rtl_tick(bench_model);
    in[0] = 0;
}

// A new program in a core fresh from reset; data memory goes on as it is.
static void begin(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    gen_program(code);
    weir_rtl_reset(bench_model, true);
    for (uint32_t i = 0; i < GEN_HALVES; i += 2)
        put_word(true, i * 2, code[i] | (uint32_t)code[i + 1] << 16);
    in[3] = 0x40000000u; // any copy of the code memory
    weir_rtl_tick(bench_model);
    weir_rtl_reset(bench_model, false);
    iss_reset(&iss, in[3]);
    lines = lines_before = 0;
    lines_since = now;
}

// One program; returns when its instructions are done or it got stuck in a way that the model explains.
static void episode(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    bool slow = bench_below(3) == 0, damage = bench_below(4) == 0;
    unsigned quiet = 0, traps = 0, same = 0, irq_wait = 0;
    uint32_t last_pc = 0;

    begin();
    rec = weir_rtl_out(bench_model);
    for (uint64_t end = seen.retired + EPISODE; seen.retired < end && traps < 12 && same < 200;) {
        uint32_t random = (uint32_t)bench_rand();
        if ((random & 0xFF) == 0 && now - lines_since > 64) {
            lines_before = lines;
            lines = bench_below(3) == 0 ? 0 : 0x888 & (bench_below(8) * 0x118u);
            lines_since = now;
        }
        in[0] = (lines >> 11 & 1) << 2 | (lines >> 7 & 1) << 1 | (lines >> 3 & 1);
        if (!slow || (random >> 8 & 3) == 0)
            in[0] |= 1u << 3;
        if (damage && (random >> 10 & 0x1FF) == 0)
            in[0] |= 1u << (4 + (random >> 20) % 3);
        in[2] = return_to;
        weir_rtl_tick(bench_model);
        now++;
        flags = rec[R_FLAGS];
        if (VALID) {
            compare();
            traps = TRAP ? traps + 1 : 0;
            same = rec[R_PC] == last_pc ? same + 1 : 0;
            last_pc = rec[R_PC];
            quiet = 0;
        } else if (++quiet == QUIET && now - lines_since < WAKE) {
            quiet -= WAKE; // a line rose just now: it may be waking up
        } else if (quiet == QUIET) {
            CHECK(SLEEPS && (iss.mie_mask & lines) == 0,
                  "no instruction for %u cycles at %08x: %s, lines %x for %u cycles, mie %x, flags %x", QUIET, iss.pc,
                  SLEEPS ? "asleep" : "awake", lines, (unsigned)(now - lines_since), iss.mie_mask, flags);
            seen.sleeps++;
            return;
        }
        irq_wait = !(VALID && INTR) && iss_irq_cause(&iss, lines) != 0 && now - lines_since > 2 ? irq_wait + 1 : 0;
        CHECK(irq_wait < IRQ_BOUND, "an enabled interrupt waits for %u cycles at pc %08x, quiet %u, lines %x, mie %x",
              irq_wait, iss.pc, quiet, lines, iss.mie_mask);
    }
}

static void run(uint64_t instructions) {
    iss = (struct iss){.hart_id = 5, .fetch = fetch, .load = load, .store = store, .volatile_csr = volatile_csr};
    weir_rtl_reset(bench_model, true);
    for (uint32_t i = 0; i < 16384; i++) {
        data[i] = (uint32_t)bench_rand();
        put_word(false, i * 4, data[i]);
    }
    while (seen.retired < instructions)
        episode();
    printf("%" PRIu64 " instructions: %" PRIu64 " compressed, %" PRIu64 " loads, %" PRIu64 " stores, %" PRIu64
           " exceptions (%" PRIu64 " of damaged words), %" PRIu64 " interrupts, %" PRIu64 " programs asleep for long\n",
           seen.retired, seen.compressed, seen.loads, seen.stores, seen.traps, seen.damaged, seen.irqs, seen.sleeps);
    CHECK(seen.traps > instructions / 1000 && seen.irqs > instructions / 10000 && seen.damaged > 0,
          "too little happened");
}

static void lockstep(void) {
    run(10000000);
}
static void lockstep_short(void) {
    run(300000);
}
static void lockstep_soak(void) {
    run(1000000000);
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {
        {"lockstep", lockstep}, {"lockstep_short", lockstep_short}, {"lockstep_soak", lockstep_soak}};
    return bench_main(argc, argv, cases, 3);
}
