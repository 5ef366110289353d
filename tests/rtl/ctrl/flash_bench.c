// SPDX-License-Identifier: Apache-2.0
// See flash_bench.h; and the cases of the bulk reader.
#include "flash_bench.h"

struct flash flash;
struct stored stored[STORED_MAX];
unsigned stored_count;

void fb_start(void) {
    CHECK(flash_part_init(&flash.part), "out of memory");
    for (unsigned i = 0; i < FLASH_BYTES; i += 8) {
        uint64_t v = bench_rand();
        memcpy(flash.part.data + i, &v, 8);
    }
    stored_count = 0;
    bench_put(weir_rtl_in(bench_model), 4, 2, 3);
}

static void tick(void) {
    const uint32_t *out = weir_rtl_out(bench_model);
    bench_put(weir_rtl_in(bench_model), 64, 4, flash_pins(&flash, out[1], 0));
    weir_rtl_tick(bench_model);
    if (bench_get(out, 3, 1)) {
        CHECK(stored_count < STORED_MAX, "more words than were asked for");
        stored[stored_count++] = (struct stored){out[3], out[4]};
    }
}

void fb_ticks(unsigned n) {
    while (n-- != 0)
        tick();
}

void fb_run(unsigned core, bool run) {
    bench_put(weir_rtl_in(bench_model), 4 + core, 1, run);
    fb_ticks(8);
}

static unsigned one_access(unsigned core, bool write, uint32_t block, uint32_t offset, uint32_t value) {
    uint32_t *in = weir_rtl_in(bench_model);
    unsigned cycles = 0;
    CHECK(block == WEIR_CSR_FLASH || block == WEIR_CSR_SHA, "block %x", block);
    bench_put(in, 0, 4, 1u | (write ? 2u : 0) | core << 2 | (block == WEIR_CSR_SHA ? 8u : 0));
    bench_put(in, 16, 16, offset);
    bench_put(in, 32, 32, value);
    do {
        tick();
        CHECK(cycles++ < 200000, "offset %x of block %x is never acknowledged", offset, block);
    } while (!bench_get(weir_rtl_out(bench_model), 0, 1));
    bench_put(in, 0, 1, 0);
    return cycles;
}

unsigned fb_write(unsigned core, uint32_t block, uint32_t offset, uint32_t value) {
    unsigned cycles = one_access(core, true, block, offset, value);
    fb_ticks(3 + bench_below(3)); // the bus between two accesses
    return cycles;
}

uint32_t fb_read(unsigned core, uint32_t block, uint32_t offset) {
    (void)one_access(core, false, block, offset, 0);
    uint32_t value = weir_rtl_out(bench_model)[2];
    fb_ticks(3 + bench_below(3));
    return value;
}

unsigned fb_wait_bulk(unsigned core) {
    uint64_t from = weir_rtl_cycles(bench_model);
    while (FLASH_RD(core, READ_LEN) != 0)
        CHECK(weir_rtl_cycles(bench_model) - from < 2000000, "a bulk read without an end");
    return (unsigned)(weir_rtl_cycles(bench_model) - from);
}

bool fb_command(unsigned core, const uint8_t *out, unsigned n, uint8_t *in, unsigned m) {
    FLASH_WR(core, CTL, 1);
    for (unsigned i = 0; i < n; i++)
        FLASH_WR(core, XFER, out[i]);
    for (unsigned i = 0; i < m; i++) {
        FLASH_WR(core, XFER, 0);
        in[i] = (uint8_t)FLASH_RD(core, XFER);
    }
    FLASH_WR(core, CTL, 0);
    return (FLASH_RD(core, STATUS) >> WEIR_FLASH_STATUS_REFUSED_LSB & 1) == 0;
}

static uint32_t word_at(uint32_t at) {
    uint32_t w;
    memcpy(&w, flash.part.data + at, 4);
    return w;
}

// What the part holds is stored word by word where it was asked to be, and nowhere when that is nobody's memory.
static void reads(void) {
    static const uint32_t bases[] = {0x10000000u, 0x30000100u, 0x00000000u, 0x20000000u, 0x40070000u};
    fb_start();
    for (unsigned i = 0; i < 20; i++) {
        uint32_t base = bases[i % 5], from = bench_below(FLASH_BYTES / 4 - 400) * 4, n = 4 * (1 + bench_below(300));
        bool stores = base >> 28 == 1 || base >> 28 == 3;
        uint8_t in[4], read[] = {0x03, (uint8_t)(from >> 16), (uint8_t)(from >> 8), (uint8_t)from};
        stored_count = 0;
        FLASH_WR(i & 1, READ_ADDR, from);
        FLASH_WR(i & 1, READ_DEST, base);
        FLASH_WR(i & 1, READ_LEN, n);
        CHECK((FLASH_RD(0, STATUS) & 1) != 0, "a bulk read is under way and nobody says so");
        fb_wait_bulk(i & 1);
        CHECK(stored_count == (stores ? n / 4 : 0), "%u words stored at %08x, of %u bytes", stored_count, base, n);
        for (unsigned k = 0; k < stored_count; k++)
            CHECK(stored[k].addr == base + 4 * k && stored[k].data == word_at(from + 4 * k), "word %u of %u", k, n / 4);
        CHECK(fb_command(0, read, 4, in, 4) && memcmp(in, flash.part.data + from, 4) == 0, "bytes at %x", from);
        CHECK((FLASH_RD(0, STATUS) & 3) == 0, "busy or refused behind it all");
    }
}

// A bulk read and a command of bytes never share a chip select: the one does not begin in the other, a command ends it.
static void apart(void) {
    fb_start();
    for (unsigned i = 0; i < 40; i++) {
        uint8_t id[3];
        FLASH_WR(0, CTL, 1);
        FLASH_WR(0, XFER, 0x9F);
        stored_count = 0;
        FLASH_WR(1, READ_ADDR, 0);
        FLASH_WR(1, READ_DEST, 0x10000000);
        FLASH_WR(1, READ_LEN, 64);
        CHECK(FLASH_RD(1, READ_LEN) == 0 && FLASH_RD(1, STATUS) == 2, "a bulk read began inside a command");
        for (unsigned k = 0; k < 3; k++) {
            FLASH_WR(0, XFER, 0);
            id[k] = (uint8_t)FLASH_RD(0, XFER);
        }
        CHECK(id[0] == 0xEF && id[1] == 0x40 && id[2] == 0x18, "ID %02x %02x %02x", id[0], id[1], id[2]);
        FLASH_WR(0, CTL, 0);
        FLASH_WR(1, READ_LEN, 4096);
        CHECK((FLASH_RD(1, STATUS) & 2) == 0, "still refused");
        fb_ticks(bench_below(600));
        CHECK(FLASH_WR(0, CTL, 0) < 8, "a write of CTL does not end a bulk read at once");
        CHECK(FLASH_RD(0, READ_LEN) == 0 && FLASH_RD(0, STATUS) == 0 && stored_count < 1024, "it goes on");
        unsigned n = stored_count;
        fb_ticks(200);
        CHECK(stored_count == n, "it stores on");
    }
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {{"reads", reads},
                                              {"apart", apart},
                                              {"sha_known", sha_known},
                                              {"sha_random", sha_random},
                                              {"sha_from_flash", sha_from_flash},
                                              {"sha_owner", sha_owner},
                                              {"sha_out_of_turn", sha_out_of_turn},
                                              {"guard_sweep", guard_sweep},
                                              {"guard_spliced", guard_spliced},
                                              {"guard_random", guard_random}};
    return bench_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
