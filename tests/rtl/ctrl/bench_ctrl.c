// SPDX-License-Identifier: Apache-2.0
// The control complex from the outside: it boots a program of two cores from a flash part through the ROM, the program
// tests its core from the inside, then serves mailboxes; bad images must not start.
#include "bench.h"

#include "flash.h"
#include "flashtest.h"
#include "weir_abi.h"

static struct flash flash;
static char text[4096];
static unsigned text_len;
static unsigned irqs[65];
static unsigned ns_per_cycle; // for the flash part; 0: its time stands, and all it does is done at once

static void load_image(const char *path) {
    FILE *f = fopen(path, "rb");
    flash_part_free(&flash.part);
    memset(&flash, 0, sizeof(flash));
    CHECK(flash_part_init(&flash.part) && f != NULL, "cannot open %s", path);
    CHECK(fread(flash.part.data, 1, FLASH_BYTES, f) > 0, "empty image");
    fclose(f);
    text_len = 0;
    memset(text, 0, sizeof(text));
    memset(irqs, 0, sizeof(irqs));
    weir_rtl_in(bench_model)[0] = 0x4; // the PF is enabled
}

static void step(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    bench_put(in, 96, 4, flash_pins(&flash, out[1], weir_rtl_cycles(bench_model) * ns_per_cycle));
    if (bench_get(out, 9, 1) && text_len + 1 < sizeof(text))
        text[text_len++] = (char)bench_get(out, 0, 8);
    if (bench_get(out, 18, 1))
        irqs[bench_get(out, 10, 8)]++;
    weir_rtl_tick(bench_model);
    bench_put(in, 0, 2, 0);
}

static void wait_text(const char *want, unsigned max) {
    for (unsigned i = 0; i < max; i++) {
        step();
        if (strstr(text, want) != NULL)
            return;
        CHECK(strstr(text, "FAIL") == NULL || text[text_len - 1] != '\n', "program says: %s", text);
    }
    CHECK(false, "no '%s' in %u cycles; console: %s", want, max, text);
}

static void bar(bool write, unsigned fn, uint32_t addr, uint32_t data) {
    uint32_t *in = weir_rtl_in(bench_model);
    bench_put(in, 0, 2, write ? 3 : 1);
    bench_put(in, 8, 8, fn);
    bench_put(in, 32, 21, addr);
    bench_put(in, 64, 32, data);
    step();
}

static uint32_t bar_read(unsigned fn, uint32_t addr) {
    const uint32_t *out = weir_rtl_out(bench_model);
    bar(false, fn, addr, 0);
    for (int i = 0; i < 8; i++) {
        if (bench_get(out, 19, 1))
            return out[2];
        step();
    }
    CHECK(false, "no answer to a BAR read at %x", addr);
}

static void selftest(void) {
    load_image(SELFTEST_IMAGE);
    wait_text("core1 PASS", 400000);
    wait_text("core0 PASS", 400000);
}

static void mailbox(void) {
    load_image(SELFTEST_IMAGE);
    wait_text("core0 PASS", 400000);
    CHECK(bar_read(0, WEIR_BAR_ABI) == ((uint32_t)WEIR_ABI_MAJOR << 16 | WEIR_ABI_MINOR), "ABI register");
    CHECK(bar_read(0, WEIR_BAR_MAGIC) == WEIR_MAGIC && bar_read(3, WEIR_BAR_MAGIC) == WEIR_MAGIC, "magic");
    // The clock of waits: of all functions, operational or not.
    uint32_t before = bar_read(0, WEIR_BAR_CYCLE), passed = bar_read(2, WEIR_BAR_CYCLE) - before;
    CHECK(before != 0 && passed != 0 && passed < 100, "the clock went on by %u", passed);
    for (uint32_t i = 0; i < 20; i++) {
        for (uint32_t w = 0; w < 32; w++)
            bar(true, 0, WEIR_BAR_MBOX_REQ + w * 4, i * 1000 + w);
        bar(true, 0, WEIR_BAR_MBOX_OWNER, 1);
        bar(true, 0, WEIR_BAR_MBOX_REQ + 8, 0xDEAD); // the card owns it: must vanish
        unsigned waited = 0;
        while (bar_read(0, WEIR_BAR_MBOX_OWNER) & 1)
            CHECK(waited++ < 2000, "no response");
        for (uint32_t w = 0; w < 32; w++)
            CHECK(bar_read(0, WEIR_BAR_MBOX_RSP + w * 4) == ~(i * 1000 + w), "response word %u", w);
        CHECK(irqs[0] == i + 1, "%u interrupts after %u responses", irqs[0], i + 1);
    }
    // A VF that is not operational is not heard (rules 1.10); its mailbox RAM is its own.
    bar(true, 2, WEIR_BAR_MBOX_REQ, 0x55);
    bar(true, 2, WEIR_BAR_MBOX_OWNER, 1);
    CHECK(bar_read(2, WEIR_BAR_MBOX_OWNER) == 0, "a disabled function handed a request over");
    CHECK(bar_read(0, WEIR_BAR_MBOX_REQ) == 19 * 1000, "another function's write reached the PF's mailbox");
}

// What was popped stays known until it is given back (the program looks each time) or its function is reset; the other
// function's request waits meanwhile, and what is answered to a generation that is over changes nothing of the next.
static void taken(void) {
    load_image(SELFTEST_IMAGE);
    wait_text("core0 PASS", 400000);
    bench_put(weir_rtl_in(bench_model), 2, 2, 3);
    for (unsigned round = 0; round < 16; round++) {
        uint32_t *in = weir_rtl_in(bench_model);
        unsigned fn = round % 2, other = 1 - fn;
        text_len = 0;
        memset(text, 0, sizeof(text));
        bar(true, fn, WEIR_BAR_MBOX_REQ, 0x3EE90000u);
        bar(true, fn, WEIR_BAR_MBOX_OWNER, 1);
        wait_text("kept", 4000);
        bar(true, other, WEIR_BAR_MBOX_REQ, 1000 + round);
        bar(true, other, WEIR_BAR_MBOX_OWNER, 1);
        for (unsigned i = 0; i < 2000; i++)
            step();
        CHECK(bar_read(other, WEIR_BAR_MBOX_OWNER) == 1, "a reset of function %u is seen before it is made", fn);
        bench_put(in, 6, 2, 1u << fn);
        for (unsigned i = 0; i < 1 + bench_below(300); i++)
            step();
        bench_put(in, 6, 2, 0);
        for (unsigned waited = 0; (bar_read(other, WEIR_BAR_MBOX_OWNER) & 1) != 0; waited++)
            CHECK(waited < 4000, "function %u waits for ever; console: %s", other, text);
        CHECK(bar_read(other, WEIR_BAR_MBOX_RSP) == ~(1000 + round), "the response to function %u", other);
        CHECK(bar_read(fn, WEIR_BAR_MBOX_OWNER) == 0, "function %u has a request after its reset", fn);
    }
}

// The host clears what it has seen in whatever cycle it likes, that of firmware's next event among them: each event is
// seen once, raises one interrupt, and goes when it is cleared; a function's are its own.
static void events(void) {
    static const uint32_t word[] = {WEIR_BAR_EVENT_LO, WEIR_BAR_EVENT_HI};
    load_image(SELFTEST_IMAGE);
    wait_text("core0 PASS", 400000);
    for (unsigned round = 1; round <= 16; round++) {
        uint32_t seen[2][2] = {{0}};
        bool over = false;
        bar(true, 0, WEIR_BAR_MBOX_REQ, 0xE7E70000u);
        bar(true, 0, WEIR_BAR_MBOX_OWNER, 1);
        for (unsigned k = 0, last = 0; last < 4; k++) {
            unsigned fn = k % 2, w = k / 2 % 2;
            uint32_t now = bar_read(fn, word[w]);
            CHECK(k < 20000, "no end");
            CHECK((now & seen[fn][w]) == 0, "events %08x of function %u come twice", now & seen[fn][w], fn);
            bar(true, fn, word[w], now);
            seen[fn][w] |= now;
            for (unsigned i = 0; i < bench_below(4); i++)
                bar(true, bench_below(2), word[bench_below(2)], 0); // clears none, and is in the way all the same
            over = over || bar_read(0, WEIR_BAR_MBOX_OWNER) == 0;
            last += over;
        }
        for (unsigned fn = 0; fn < 2; fn++) {
            CHECK(seen[fn][0] == UINT32_MAX && seen[fn][1] == UINT32_MAX, "of function %u come %08x %08x", fn,
                  seen[fn][1], seen[fn][0]);
            CHECK(bar_read(fn, word[0]) == 0 && bar_read(fn, word[1]) == 0, "events of function %u stay", fn);
            CHECK(irqs[fn] == round * (64 + (fn == 0)), "%u interrupts of function %u in round %u", irqs[fn], fn,
                  round);
        }
    }
}

// Functions 2 to 4 ask while the program is busy with the PF, in every combination and with LATER or not. Who has none
// comes first, then the others in turn; whose turn passes without a request has none any more.
static void turns(void) {
    bool later[5] = {false};
    unsigned last_at = 0; // where the next turn of those with LATER is looked for
    load_image(SELFTEST_IMAGE);
    bench_put(weir_rtl_in(bench_model), 100, 3, 7);
    wait_text("core0 PASS", 400000);
    for (unsigned round = 0; round < 120; round++) {
        unsigned waits = 0, want[3], n = 0, soon_at = 1; // behind the PF
        bool becomes[5] = {false};
        bar(true, 0, WEIR_BAR_MBOX_REQ, 0xE7E70000u);
        bar(true, 0, WEIR_BAR_MBOX_OWNER, 1);
        for (unsigned i = 0; i < 64; i++)
            step();
        for (unsigned fn = 2; fn < 5; fn++) {
            if (bench_below(3) == 0)
                continue;
            waits |= 1u << fn;
            becomes[fn] = bench_below(4) != 0;
            bar(true, fn, WEIR_BAR_MBOX_REQ, becomes[fn] ? 0x1A7E0000u : 1);
            bar(true, fn, WEIR_BAR_MBOX_OWNER, 1);
        }
        CHECK(bar_read(0, WEIR_BAR_MBOX_OWNER) == 1, "the program was not busy so long");
        while (waits != 0) {
            bool soon = false;
            unsigned fn;
            for (fn = 2; fn < 5; fn++)
                soon = soon || ((waits >> fn & 1) != 0 && !later[fn]);
            for (fn = soon ? soon_at : last_at; (waits >> fn & 1) == 0 || (soon && later[fn]); fn = (fn + 1) % 5)
                later[fn] = later[fn] && (soon || (waits >> fn & 1) != 0);
            *(soon ? &soon_at : &last_at) = (fn + 1) % 5;
            waits &= ~(1u << fn);
            later[fn] = becomes[fn];
            want[n++] = fn;
        }
        for (unsigned i = 0; i < n; i++) {
            while (bar_read(want[i], WEIR_BAR_MBOX_OWNER) != 0)
                continue;
            for (unsigned k = i + 1; k < n; k++)
                CHECK(bar_read(want[k], WEIR_BAR_MBOX_OWNER) == 1, "round %u: %u was answered before %u", round,
                      want[k], want[i]);
        }
    }
}

// Before the boot ROM has anything in memory it holds core 1 and ends a bulk read: neither can write to its stack.
static void rom_begins_alone(void) {
    static const uint32_t first[] = {0x40000000u + WEIR_CSR_CTRL + WEIR_CTRL_CORE1_RUN_OFFSET,
                                     0x40000000u + WEIR_CSR_FLASH + WEIR_FLASH_CTL_OFFSET};
    const uint32_t *trace = weir_rtl_out(bench_model) + 5; // of core 0, as tb_ctrl.sv has it
    unsigned seen = 0;
    load_image(SELFTEST_IMAGE);
    for (unsigned i = 0; i < 200 && seen < 2; i++) {
        step();
        if ((trace[9] & 1) == 0 || (trace[9] >> 12 & 0xFF) == 0) // no instruction, or none with memory
            continue;
        CHECK(trace[4] == first[seen] && (trace[9] >> 16 & 15) == 15 && trace[6] == 0, "access %u is to %08x", seen,
              trace[4]);
        seen++;
    }
    CHECK(seen == 2, "%u accesses in 200 cycles", seen);
}

// Every damaged word of the header, and damage in either body, must stop the boot with the ROM's message.
static void bad_image(void) {
    for (unsigned i = 0; i < 6; i++) {
        static const unsigned at[] = {0, 4, 12, 76, 300, 0};
        weir_rtl_reset(bench_model, true);
        for (int k = 0; k < 4; k++)
            weir_rtl_tick(bench_model);
        weir_rtl_reset(bench_model, false);
        load_image(SELFTEST_IMAGE);
        if (i == 5)
            memset(flash.part.data, 0xFF, FLASH_BYTES);
        else
            flash.part.data[at[i]] ^= 0x10;
        wait_text("!img", 400000);
        CHECK(strstr(text, "PASS") == NULL, "a damaged image was started");
    }
}

// Firmware's own functions program, erase, suspend and hash with the part's typical times, 32 times as fast as on the
// card so that 150 ms are not 37 million cycles. No turn of a main loop takes long, whatever the part is at.
static void flash_step_by_step(void) {
    struct flashtest_result r;
    ns_per_cycle = 4 * 32;
    load_image(FLASHTEST_IMAGE);
    flash.part.timing = FLASH_TYPICAL;
    wait_text("flash PASS", 4000000);
    memcpy(&r, flash.part.data + TEST_RESULT + FLASH_PAGE, sizeof(r));
    CHECK(r.magic == RESULT_PASS && r.longest <= LONGEST_TURN, "a turn of %u cycles", r.longest);
    CHECK(r.program_cycles > 600 * 1000 / ns_per_cycle && r.erase_cycles > 45 * 1000 * 1000 / ns_per_cycle,
          "a page in %u cycles, a sector in %u", r.program_cycles, r.erase_cycles);
    printf("longest turn %u cycles, page %u, sector %u (32 times as fast)\n", r.longest, r.program_cycles,
           r.erase_cycles);
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {{"selftest", selftest},
                                              {"mailbox", mailbox},
                                              {"turns", turns},
                                              {"taken", taken},
                                              {"events", events},
                                              {"bad_image", bad_image},
                                              {"rom_begins_alone", rom_begins_alone},
                                              {"flash_step_by_step", flash_step_by_step}};
    return bench_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
