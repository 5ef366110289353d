// SPDX-License-Identifier: Apache-2.0
// The card's own firmware on the control complex: every instruction of both cores in lock-step with the instruction-set
// model, and what becomes of damaged memory words. Memory is learned from the trace where the flash's bulk reader
// filled it, from then on the model's own; loads from outside a core's memory are taken from the trace.
#include "firmware_bench.h"
#include "iss.h"

#define CSR_BASE 0x40000000u

static struct core {
    struct iss iss;
    const uint32_t *rec;
    uint32_t mem[WEIR_TCM_BYTES / 4];
    uint8_t known[WEIR_TCM_BYTES / 4]; // a bit a byte
    bool started;
    uint64_t retired;
} cores[2];
static bool lockstep_on;

static bool own(uint32_t addr) {
    return addr - TCM_BASE < WEIR_TCM_BYTES;
}

// Bytes not yet known are as the core saw them.
static uint32_t learn(struct core *c, uint32_t addr, unsigned bytes, uint32_t seen_word) {
    uint32_t i = addr % WEIR_TCM_BYTES / 4, *w = &c->mem[i];
    for (unsigned b = addr & 3; b < (addr & 3) + bytes; b++)
        if ((c->known[i] >> b & 1) == 0) {
            *w = (*w & ~(0xFFu << 8 * b)) | (seen_word & 0xFFu << 8 * b);
            c->known[i] |= (uint8_t)(1u << b);
        }
    return *w >> 8 * (addr & 3);
}

static enum iss_bus fetch(void *owner, uint32_t addr, uint16_t *half) {
    struct core *c = owner;
    uint32_t seen = addr == c->rec[R_PC] ? c->rec[R_INSN] : c->rec[R_INSN] >> 16;
    *half = (uint16_t)seen;
    if (own(addr))
        *half = (uint16_t)learn(c, addr, 2, (addr & 2) != 0 ? seen << 16 : seen & 0xFFFF);
    return own(addr) || addr < WEIR_ROM_BYTES ? ISS_OK : ISS_FAULT;
}

static enum iss_bus load(void *owner, uint32_t addr, unsigned size, uint32_t *value) {
    struct core *c = owner;
    *value = own(addr) ? learn(c, addr, size, c->rec[R_RDATA]) : c->rec[R_RDATA] >> 8 * (addr & 3);
    return ISS_OK;
}

// A bulk read of the flash begins: what it writes is not the model's any more.
static void bulk_read(struct core *c, uint32_t addr, uint32_t value) {
    static uint32_t dest;
    if (addr == CSR_BASE + WEIR_CSR_FLASH + WEIR_FLASH_READ_DEST_OFFSET)
        dest = value;
    if (addr == CSR_BASE + WEIR_CSR_FLASH + WEIR_FLASH_READ_LEN_OFFSET && own(dest))
        memset(&c->known[dest % WEIR_TCM_BYTES / 4], 0, WEIR_GET(value, FLASH_READ_LEN_BYTES) / 4);
}

static enum iss_bus store(void *owner, uint32_t addr, unsigned size, uint32_t value) {
    struct core *c = owner;
    uint32_t i = addr % WEIR_TCM_BYTES / 4, mask = (size == 4 ? 0xFFFFFFFFu : (1u << 8 * size) - 1) << 8 * (addr & 3);
    bulk_read(c, addr, value);
    if (own(addr)) {
        c->mem[i] = (c->mem[i] & ~mask) | (value << 8 * (addr & 3) & mask);
        c->known[i] |= (uint8_t)(((1u << size) - 1) << (addr & 3));
    }
    return ISS_OK;
}

static uint32_t volatile_csr(void *owner, unsigned csr) {
    (void)csr;
    return ((struct core *)owner)->rec[R_RD];
}

static void compare(struct core *c, unsigned n) {
    uint32_t flags = c->rec[R_FLAGS], start = n == 0 ? 0 : TCM_BASE, mask;
    struct iss_effect e;
    // From reset on a core begins at one known place, with a memory that the loader fills.
    if (c->rec[R_PC] == start && c->iss.pc != start) {
        memset(c->known, 0, sizeof(c->known));
        iss_reset(&c->iss, start);
        c->started = true;
        for (unsigned i = 1; i < 32; i++)
            c->iss.x[i] = 0;
    }
    CHECK(c->started && c->iss.pc == c->rec[R_PC], "core %u: pc %08x, model %08x", n, c->rec[R_PC], c->iss.pc);
    e = iss_step(&c->iss);
    CHECK(e.trap == (flags >> 1 & 1) && e.pc_next == c->rec[R_NEXT], "core %u at %08x: next pc %08x, model %08x", n,
          e.pc, c->rec[R_NEXT], e.pc_next);
    CHECK(e.insn == c->rec[R_INSN], "core %u at %08x: insn %08x, model %08x", n, e.pc, c->rec[R_INSN], e.insn);
    CHECK(e.rd == (flags >> 7 & 31) && e.rd_value == c->rec[R_RD], "core %u at %08x: x%u = %08x, model x%u = %08x", n,
          e.pc, flags >> 7 & 31, c->rec[R_RD], e.rd, e.rd_value);
    mask = ((1u << e.store_size) - 1) << (e.addr & 3);
    CHECK(mask == (flags >> 16 & 15) && (mask == 0 || e.addr == c->rec[R_ADDR]), "core %u at %08x: store", n, e.pc);
    for (unsigned i = 0; mask != 0 && i < e.store_size; i++)
        CHECK((c->rec[R_WDATA] >> 8 * ((e.addr & 3) + i) & 0xFF) == (e.data >> 8 * i & 0xFF),
              "core %u at %08x: store data", n, e.pc);
    mask = ((1u << e.load_size) - 1) << (e.addr & 3);
    CHECK(mask == (flags >> 12 & 15) && (mask == 0 || e.addr == c->rec[R_ADDR]), "core %u at %08x: load", n, e.pc);
    c->retired++;
}

static void retired(unsigned n, const uint32_t *rec) {
    (void)rec;
    if (lockstep_on)
        compare(&cores[n], n);
    else
        cores[n].iss.pc = cores[n].rec[R_NEXT]; // where it is, for whoever wants to damage it
}

static void boot(bool lockstep) {
    lockstep_on = lockstep;
    memset(cores, 0, sizeof(cores));
    for (unsigned n = 0; n < 2; n++) {
        cores[n].iss = (struct iss){.hart_id = n,
                                    .owner = &cores[n],
                                    .fetch = fetch,
                                    .load = load,
                                    .store = store,
                                    .volatile_csr = volatile_csr,
                                    .pc = 1};
        cores[n].rec = fw_rec(n);
    }
    fw_retired = retired;
    fw_boot();
}

static void firmware_lockstep(void) {
    struct weir_hello_req hello = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    uint32_t rsp[30];
    // The ROM keeps what the registers held before it, and the model's hold zeros.
    weir_rtl_free(bench_model);
    weir_rtl_random(0);
    bench_model = weir_rtl_new();
    CHECK(bench_model != NULL, "out of memory");
    boot(true);
    CHECK(fw_call(WEIR_CMD_HELLO, &hello, sizeof(hello), NULL) == WEIR_OK, "HELLO");
    for (unsigned i = 0; i < 40; i++) {
        uint8_t junk[120];
        for (unsigned k = 0; k < sizeof(junk); k++)
            junk[k] = (uint8_t)bench_rand();
        CHECK(fw_call(WEIR_CMD_PING, &i, 4, rsp) == WEIR_OK && rsp[0] == i, "PING");
        (void)fw_call(WEIR_CMD_READ_LOG, &rsp[1], 4, NULL);
        (void)fw_call(WEIR_CMD_GET_HEALTH, NULL, 0, NULL);
        (void)fw_call((unsigned)bench_below(0x78), junk, bench_below(121), NULL);
    }
    printf("core 0: %" PRIu64 " instructions, core 1: %" PRIu64 "\n", cores[0].retired, cores[1].retired);
    CHECK(cores[0].retired > 100000 && cores[1].retired > 1000, "too little happened");
    flash_part_free(&fw_flash.part);
}

// Flips one bit of the word at an address of a core's memory.
static void damage(unsigned core, uint32_t addr, unsigned bit) {
    uint32_t *in = weir_rtl_in(bench_model);
    in[5] = 1 | core << 1 | (addr >> 1 & 1) << 2 | (addr % WEIR_TCM_BYTES / 4) << 4 | bit << 24;
    fw_step();
}

// The next instruction of a sleeping core is damaged, in turn in a data bit and in a parity bit: it traps there, the
// record is kept over the reset that the watchdog brings, the ROM loads the program again, and all is well.
static void damaged_code_panics(void) {
    struct weir_hello_req hello = {.abi_major = WEIR_ABI_MAJOR, .abi_minor = WEIR_ABI_MINOR};
    uint32_t word = 5;
    boot(false);
    CHECK(fw_panic_of(0).count == 0 && fw_panic_of(1).count == 0, "a panic before anything happened");
    for (unsigned i = 0; i < 4; i++) {
        static const unsigned bits[] = {0, 8, 16, 17};
        struct weir_get_panic_rsp p;
        uint32_t pc;
        for (int k = 0; k < 3000; k++)
            fw_step();
        pc = cores[0].rec[R_NEXT] + 4; // behind the WFI it waits in
        damage(0, pc, bits[i]);
        CHECK(!fw_send(WEIR_CMD_PING, &word, 4) || strstr(fw_text, "error: panic: cause 19") != NULL,
              "the damage went unnoticed");
        if (strstr(fw_text, "error: panic: cause 19") == NULL)
            fw_wait_text("error: panic: cause 19", 100000);
        fw_text_len = 0;
        memset(fw_text, 0, sizeof(fw_text));
        fw_wait_text("weir firmware ready", BOOT_CYCLES);
        while ((fw_bar_read(WEIR_BAR_MBOX_OWNER) & 1) != 0)
            fw_step();
        p = fw_panic_of(0);
        CHECK(p.count == i + 1 && p.word[0] == 19 && p.word[1] == pc && p.word[2] == pc,
              "record: count %u cause %u pc %x value %x, damaged %x", p.count, p.word[0], p.word[1], p.word[2], pc);
        CHECK(p.word[WEIR_PANIC_REGS + 2] > TCM_BASE && p.word[5] > 0, "record without a stack");
    }
    CHECK(fw_call(WEIR_CMD_HELLO, &hello, sizeof(hello), NULL) == WEIR_OK, "HELLO");
    flash_part_free(&fw_flash.part);
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {{"firmware_lockstep", firmware_lockstep},
                                              {"damaged_code_panics", damaged_code_panics}};
    return bench_main(argc, argv, cases, 2);
}
