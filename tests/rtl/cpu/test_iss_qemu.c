// SPDX-License-Identifier: Apache-2.0
// Checks the instruction-set model against QEMU's: random programs of user-level instructions run under qemu-riscv32,
// write out a data page and all registers, and must leave the same bytes as in the model. Traps and control registers
// have no counterpart in user mode; for them the model stands against the RTL and the tests in asm/. usage:
// test_iss_qemu [PROGRAMS [SEED]]
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#include "iss.h"

#define TEXT 0x10000u
#define DATA 0x40000u
#define DATA_BYTES 4096u
#define REGS (DATA + DATA_BYTES) // where the program puts its registers
#define OUT_BYTES (DATA_BYTES + 128u)
#define INSNS 4000u

static uint8_t text[65536], data[OUT_BYTES];
static uint32_t at; // bytes of text written

static void half(uint32_t h) {
    text[at++] = (uint8_t)h;
    text[at++] = (uint8_t)(h >> 8);
}
static void word(uint32_t w) {
    half(w & 0xFFFF);
    half(w >> 16);
}
static unsigned any(void) {
    return bench_below(32);
}
// A register to write: x2 and x8 point to the data.
static unsigned dest(void) {
    unsigned r;
    do
        r = bench_below(32);
    while (r == 2 || r == 8);
    return r;
}
static void r_type(uint32_t f7, unsigned rs2, unsigned rs1, uint32_t f3, unsigned rd, uint32_t op) {
    word(f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op);
}
static void i_type(uint32_t imm, unsigned rs1, uint32_t f3, unsigned rd, uint32_t op) {
    word((imm & 0xFFF) << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op);
}
static void load_imm(unsigned rd, uint32_t v) {
    word(((v + 0x800) & 0xFFFFF000u) | rd << 7 | 0x37);
    i_type(v, rd, 0, rd, 0x13);
}

// A random compressed word that neither traps, jumps, nor moves a data pointer.
static bool tame(uint32_t c) {
    unsigned f3 = c >> 13, rd = c >> 7 & 31, rd_p = 8 + (c >> 2 & 7), rs1_p = 8 + (c >> 7 & 7);
    bool imm = (c & 0x107C) != 0;
    switch (c & 3) {
    case 0:
        return (f3 == 0 && (c & 0x1FE0) != 0 && rd_p != 8) || (f3 == 2 && rs1_p == 8 && rd_p != 8) ||
               (f3 == 6 && rs1_p == 8);
    case 1:
        if (f3 == 4)
            return rs1_p != 8 && ((c & 0x1000) == 0 || (c >> 10 & 3) == 2);
        return (f3 == 0 || f3 == 2 || (f3 == 3 && imm)) && rd != 2 && rd != 8;
    case 2:
        if (f3 == 6)
            return true;
        if (rd == 2 || rd == 8)
            return false;
        return (f3 == 0 && (c & 0x1000) == 0) || (f3 == 2 && rd != 0) || (f3 == 4 && (c & 0x7C) != 0);
    default:
        return false;
    }
}

static void compressed(void) {
    uint32_t c;
    do
        c = (uint32_t)bench_rand() & 0xFFFF;
    while (!tame(c));
    half(c);
}

static void load_or_store(void) {
    static const uint32_t load_f3[] = {0, 1, 2, 4, 5};
    uint32_t k = bench_below(8), f3 = k < 5 ? load_f3[k] : k - 5, size = 1u << (f3 & 3);
    uint32_t offset = (bench_below(2044) + 1) & ~(size - 1);
    if (k < 5)
        i_type(offset, 8, f3, dest(), 0x03);
    else
        word((offset >> 5) << 25 | any() << 20 | 8u << 15 | f3 << 12 | (offset & 31) << 7 | 0x23);
}

// Forward over some instructions, of which each is 2 or 4 bytes: the distance is filled with compressed ones.
static void jump(void) {
    static const uint32_t f3s[] = {0, 1, 4, 5, 6, 7};
    unsigned skip = 2 * (1 + bench_below(6)), k = bench_below(6);
    uint32_t off = skip + 4;
    unsigned t = dest();
    if (k < 3)
        word((off >> 5) << 25 | any() << 20 | any() << 15 | f3s[bench_below(6)] << 12 | (off & 30) << 7 | 0x63);
    else if (k == 3)
        word(off << 20 | dest() << 7 | 0x6F);
    else if (k == 4 && t != 0) {
        word(t << 7 | 0x17); // AUIPC
        i_type(skip + 8 + bench_below(2), t, 0, dest(), 0x67);
    } else {
        uint32_t d = skip + 2; // C.BEQZ, C.BNEZ or C.J, C.JAL
        uint32_t b = (d >> 3 & 3) << 10 | (d >> 1 & 3) << 3;
        if (bench_below(2) != 0)
            half(0xC001 | bench_below(2) << 13 | bench_below(8) << 7 | b);
        else
            half(0x2001 | bench_below(2) << 15 | (d >> 4 & 1) << 11 | (d >> 1 & 7) << 3);
    }
    for (unsigned i = 0; i < skip; i += 2)
        compressed();
}

static void one(void) {
    static const uint32_t imm_f3[] = {0, 2, 3, 4, 6, 7};
    unsigned k = bench_below(100);
    if (k < 15) {
        uint32_t f3 = bench_below(8);
        r_type((f3 == 0 || f3 == 5) && bench_below(2) != 0 ? 0x20 : 0, any(), any(), f3, dest(), 0x33);
    } else if (k < 30) {
        r_type(1, any(), any(), bench_below(8), dest(), 0x33);
    } else if (k < 40) {
        i_type((uint32_t)bench_rand(), any(), imm_f3[bench_below(6)], dest(), 0x13);
    } else if (k < 45) {
        uint32_t f3 = bench_below(2) != 0 ? 1 : 5;
        r_type(f3 == 5 && bench_below(2) != 0 ? 0x20 : 0, any(), any(), f3, dest(), 0x13);
    } else if (k < 50) {
        word(((uint32_t)bench_rand() & 0xFFFFF000u) | dest() << 7 | (bench_below(2) != 0 ? 0x37 : 0x17));
    } else if (k < 55) {
        load_imm(dest(), bench_below(2) != 0 ? bench_below(3) - 1 : 0x80000000u + bench_below(2) - 1);
    } else if (k < 70) {
        load_or_store();
    } else if (k < 80) {
        jump();
    } else {
        compressed();
    }
}

static void generate(void) {
    at = 0;
    for (unsigned r = 1; r < 32; r++)
        load_imm(r, r == 2 || r == 8 ? DATA : (uint32_t)bench_rand());
    for (unsigned i = 0; i < INSNS; i++)
        one();
    // x2 points to the data: registers behind it, then write(1, DATA, OUT_BYTES), exit(0).
    load_imm(8, REGS);
    for (unsigned r = 0; r < 32; r++)
        if (r != 8)
            word((r * 4 >> 5) << 25 | r << 20 | 8u << 15 | 2u << 12 | (r * 4 & 31) << 7 | 0x23);
    load_imm(10, 1);
    load_imm(11, DATA);
    load_imm(12, OUT_BYTES);
    load_imm(17, 64);
    word(0x73);
    load_imm(10, 0);
    load_imm(17, 93);
    word(0x73);
    CHECK(at < sizeof(text), "program too long");
}

static void put32(uint8_t *p, uint32_t v) {
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

// An ELF of two segments: the text, and the data page with room for the registers.
static void write_elf(const char *path) {
    static uint8_t h[0x1000];
    uint32_t text_at = 0x1000;
    FILE *f = fopen(path, "wb");
    const uint32_t ph[2][8] = {{1, text_at, TEXT, TEXT, at, at, 5, 0x1000},
                               {1, text_at + sizeof(text), DATA, DATA, OUT_BYTES, OUT_BYTES, 6, 0x1000}};
    CHECK(f != NULL, "cannot write %s", path);
    memset(h, 0, sizeof(h));
    memcpy(h, "\177ELF\1\1\1", 7);
    put32(h + 16, 2 | 243u << 16);
    put32(h + 20, 1);
    put32(h + 24, TEXT);
    put32(h + 28, 52);
    put32(h + 36, 1); // RVC
    put32(h + 40, 52 | 32u << 16);
    put32(h + 44, 2);
    for (unsigned i = 0; i < 16; i++)
        put32(h + 52 + i * 4, ph[i / 8][i % 8]);
    CHECK(fwrite(h, 1, sizeof(h), f) == sizeof(h) && fwrite(text, 1, sizeof(text), f) == sizeof(text) &&
              fwrite(data, 1, OUT_BYTES, f) == OUT_BYTES && fclose(f) == 0,
          "cannot write %s", path);
    CHECK(chmod(path, 0700) == 0, "cannot make %s executable", path);
}

static void run_qemu(const char *path, uint8_t *out) {
    char command[300];
    FILE *p;
    size_t n;
    snprintf(command, sizeof(command), "qemu-riscv32 %s", path);
    p = popen(command, "r");
    CHECK(p != NULL, "cannot start qemu-riscv32 (package qemu-user)");
    n = fread(out, 1, OUT_BYTES, p);
    CHECK(pclose(p) == 0 && n == OUT_BYTES, "qemu-riscv32 (package qemu-user) did not finish the program");
}

static enum iss_bus fetch(void *owner, uint32_t addr, uint16_t *h) {
    (void)owner;
    if (addr < TEXT || addr >= TEXT + at)
        return ISS_FAULT;
    *h = (uint16_t)(text[addr - TEXT] | text[addr - TEXT + 1] << 8);
    return ISS_OK;
}
static enum iss_bus load(void *owner, uint32_t addr, unsigned size, uint32_t *value) {
    (void)owner;
    if (addr < DATA || addr + size > DATA + OUT_BYTES)
        return ISS_FAULT;
    *value = 0;
    for (unsigned i = 0; i < size; i++)
        *value |= (uint32_t)data[addr - DATA + i] << 8 * i;
    return ISS_OK;
}
static enum iss_bus store(void *owner, uint32_t addr, unsigned size, uint32_t value) {
    (void)owner;
    if (addr < DATA || addr + size > DATA + OUT_BYTES)
        return ISS_FAULT;
    for (unsigned i = 0; i < size; i++)
        data[addr - DATA + i] = (uint8_t)(value >> 8 * i);
    return ISS_OK;
}

// Until the first ECALL; returns how many instructions.
static unsigned run_model(void) {
    struct iss s = {.fetch = fetch, .load = load, .store = store};
    iss_reset(&s, TEXT);
    for (unsigned n = 0; n < 4 * INSNS; n++) {
        struct iss_effect e = iss_step(&s);
        if (e.trap) {
            CHECK(e.cause == ISS_ECALL && s.x[17] == 64, "model traps: cause %u at %08x, insn %08x", e.cause, e.pc,
                  e.insn);
            return n;
        }
    }
    CHECK(false, "the model does not end");
}

int main(int argc, char **argv) {
    // A name in place of the number means the default, as the other benches take the name of a case.
    unsigned programs = argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9' ? (unsigned)strtoul(argv[1], NULL, 0) : 60;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, total = 0;
    char path[] = "/tmp/weir_iss_XXXXXX";
    int fd = mkstemp(path);
    static uint8_t theirs[OUT_BYTES];

    CHECK(fd >= 0, "cannot make a temporary file");
    close(fd);
    bench_state = seed * 0x9E3779B97F4A7C15ULL + 1;
    for (unsigned i = 0; i < programs; i++) {
        for (uint32_t k = 0; k < DATA_BYTES; k++)
            data[k] = (uint8_t)bench_rand();
        memset(data + DATA_BYTES, 0, 128);
        generate();
        write_elf(path);
        run_qemu(path, theirs);
        total += run_model();
        for (uint32_t k = 0; k < OUT_BYTES; k++)
            CHECK(data[k] == theirs[k], "program %u, %s %u: model %02x, QEMU %02x (kept: %s)", i,
                  k < DATA_BYTES ? "data byte" : "register byte", k < DATA_BYTES ? k : k - DATA_BYTES, data[k],
                  theirs[k], path);
    }
    unlink(path);
    printf("iss_qemu: ok, seed %" PRIu64 ", %u programs, %" PRIu64 " instructions\n", seed, programs, total);
    return 0;
}
