// SPDX-License-Identifier: Apache-2.0
// Hangs of every kind at random points of both cores' work, on the control complex with the card's own firmware: seen
// within 10 ms, the control plane back within 50 (rules of the goal: docs/numbers.md), with a record of what happened.
// A core that hangs is waited for in full steps for a while; then most of the time until its watchdog fires passes at
// once for the watchdog alone, and is counted, because a core that goes round in two instructions teaches nothing.
#include "firmware_bench.h"
#include "hal/hal_shared.h"
#include "manifest.h"

#define POINTS 50u // of a seed, or as many as WEIR_SOAK says
#define MS (WEIR_CLOCK_HZ / 1000u)
#define SEEN_MOST (10u * MS)
#define BACK_MOST (50u * MS)
// What the key fuses add to a start of core 0 (system.secure.a_signed_image_is_running_in_time).
#define SIGNATURE_CYCLES 2410000u
#define LEAPT 1900000u
#define REACHED 6000u // cycles for a core to come to the damaged place
#define STARTS 20u    // bytes of a program until its watchdog counts
#define AHEAD 9u      // instructions: the place is damaged before the core is there
#define LONGEST 5u    // halfwords

enum kind { LOOP, ILLEGAL, OVERFLOW, LOST, HANDLER, KINDS };

// What stands at the place instead, in halfwords.
static const struct {
    const char *name;
    uint16_t code[LONGEST];
    unsigned n;
    uint32_t cause;
} kinds[KINDS] = {
    [LOOP] = {"endless loop", {0xA001}, 1, HAL_CAUSE_HUNG},          // j .
    [ILLEGAL] = {"illegal instruction", {0x0000}, 1, 2},             //
    [OVERFLOW] = {"stack overflow", {0x7139, 0xC006, 0xBFF5}, 3, 7}, // addi sp,-64; sw ra,0(sp); j back
    [LOST] = {"lost interrupt",
              {0x1073, 0x3040, 0x0073, 0x1050, 0xBFF5},
              5, // csrw mie,zero; wfi; j to the wfi
              HAL_CAUSE_HUNG},
    [HANDLER] = {"stuck handler", {0x0000}, 1, HAL_CAUSE_HUNG}, // illegal, and the trap handler loops
};

static struct {
    unsigned core;
    enum kind kind;
    uint32_t addr, handler;
    uint64_t hit, started; // cycles; 0: not yet
} now;
static bool busy;      // core 1 has events of the hardware to look at
static uint64_t leapt; // of this point
static uint64_t worst[KINDS][2];
static unsigned count[KINDS];

static void retired(unsigned n, const uint32_t *rec) {
    if (n != now.core)
        return;
    if (now.hit == 0 && rec[R_PC] == now.addr)
        now.hit = weir_rtl_cycles(bench_model);
    if (now.hit != 0 && now.started == 0 && rec[R_PC] == (n == 0 ? 0 : TCM_BASE))
        now.started = weir_rtl_cycles(bench_model);
}

static void step(void) {
    if (busy)
        weir_rtl_in(bench_model)[5] |= 1u << 21;
    fw_step();
}

static void steps(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        step();
}

// A halfword of the core's program as it is in the flash.
static uint16_t original(unsigned core, uint32_t addr) {
    const uint8_t *slot = fw_flash.part.data, *entry = slot + MANIFEST_CORE_AT(core);
    uint32_t offset = 0;
    for (unsigned i = 0; i < 4; i++)
        offset |= (uint32_t)entry[MANIFEST_CORE_AT_offset + i] << 8 * i;
    slot += offset + (addr - TCM_BASE);
    return (uint16_t)(slot[0] | slot[1] << 8);
}

static uint32_t body_bytes(unsigned core) {
    const uint8_t *at = fw_flash.part.data + MANIFEST_CORE_AT(core) + MANIFEST_CORE_AT_bytes;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

static void poke(uint32_t addr, uint16_t code) {
    uint32_t *in = weir_rtl_in(bench_model);
    in[2] = code;
    in[5] = now.core << 1 | (addr >> 1 & 1) << 2 | (addr % WEIR_TCM_BYTES / 4) << 4 | 1u << 20;
    step();
}

// The first instruction of crt0's trap handler, csrw mscratch,t0: there is no other.
static uint32_t handler_of(unsigned core) {
    for (uint32_t a = TCM_BASE; a < TCM_BASE + body_bytes(core); a += 4)
        if (original(core, a) == 0x9073 && original(core, a + 2) == 0x3402)
            return a;
    CHECK(false, "core %u has no trap handler", core);
}

// From behind, so that a core that is there meanwhile finds what was there, or all of it.
static void spoil(void) {
    if (now.kind == HANDLER)
        poke(now.handler, 0xA001);
    for (unsigned i = kinds[now.kind].n; i > 0; i--)
        poke(now.addr + 2 * (i - 1), kinds[now.kind].code[i - 1]);
}

static void mend(void) {
    for (unsigned i = 0; i < kinds[now.kind].n; i++)
        poke(now.addr + 2 * i, original(now.core, now.addr + 2 * i));
    poke(now.handler, original(now.core, now.handler));
}

static bool answered(void) {
    return (fw_bar_read(WEIR_BAR_MBOX_OWNER) & 1) == 0;
}

static bool ready(void) {
    return bench_get(weir_rtl_out(bench_model), 99, 1) != 0;
}

static void wait_for_answer(void) {
    for (unsigned i = 0; !ready() || !answered(); i++) {
        CHECK(i < BACK_MOST / 20, "%s at %x of core %u: no answer", kinds[now.kind].name, now.addr, now.core);
        steps(20);
    }
}

// Asked again where core 0 is started anew meanwhile: behind the third crash of core 1 it is.
static struct weir_get_panic_rsp record_of(unsigned core) {
    const struct weir_get_panic_req req = {.core = (uint8_t)core};
    struct weir_get_panic_rsp rsp;
    uint32_t *words = (void *)&rsp;
    for (unsigned i = 0; i < 4; i++) {
        wait_for_answer();
        fw_ask(WEIR_CMD_GET_PANIC, &req, sizeof(req));
        wait_for_answer();
        if (fw_bar_read(WEIR_BAR_MBOX_RSP + 4) >> 16 != WEIR_OK)
            continue;
        for (unsigned k = 0; k < sizeof(rsp) / 4; k++)
            words[k] = fw_bar_read(WEIR_BAR_MBOX_RSP + 8 + k * 4);
        return rsp;
    }
    CHECK(false, "the record of core %u cannot be read", core);
}

static void ask_something(void) {
    static const uint16_t ops[] = {WEIR_CMD_PING,      WEIR_CMD_GET_HEALTH, WEIR_CMD_READ_LOG,
                                   WEIR_CMD_GET_PANIC, WEIR_CMD_HELLO,      WEIR_CMD_FLASH_STATUS};
    uint8_t junk[120] = {0};
    junk[0] = bench_below(3) == 0 ? (uint8_t)bench_rand() : 0;
    fw_ask(bench_below(8) == 0 ? bench_below(0x78) : ops[bench_below(6)], junk, bench_below(31) * 4);
}

// A compressed instruction behind which nothing of its function need follow: ret, jr, j.
static bool leaves(uint16_t half) {
    return (half & 0xF07F) == 0x8002 || (half & 0xE003) == 0xA001;
}

// Somewhere behind the instruction that the core is about to carry out. False: that is not in its program.
static bool aim(void) {
    const uint32_t next = fw_rec(now.core)[R_NEXT];
    if (next - TCM_BASE < STARTS || next - TCM_BASE >= body_bytes(now.core) - 4 * (LONGEST + AHEAD))
        return false;
    now.addr = next;
    for (unsigned i = 0; i < AHEAD; i++)
        now.addr += (original(now.core, now.addr) & 3) == 3 ? 4 : 2;
    // The next function may be the one that writes the record.
    for (unsigned i = 0; i + 1 < kinds[now.kind].n; i++)
        if (leaves(original(now.core, now.addr + 2 * i)))
            return false;
    return true;
}

static void note(uint64_t seen, uint64_t back) {
    worst[now.kind][0] = seen > worst[now.kind][0] ? seen : worst[now.kind][0];
    worst[now.kind][1] = back > worst[now.kind][1] ? back : worst[now.kind][1];
    count[now.kind]++;
}

// The core is at the damaged place: until it is started anew.
static void wait_for_restart(void) {
    const unsigned bit = now.core == 0 ? 22 : 23;
    leapt = 0;
    if (kinds[now.kind].cause == HAL_CAUSE_HUNG) {
        steps(4000);
        CHECK(now.started == 0, "%s: the watchdog did not wait", kinds[now.kind].name);
        weir_rtl_in(bench_model)[2] = LEAPT;
        weir_rtl_in(bench_model)[5] |= 1u << bit;
        step();
        leapt = LEAPT;
    }
    for (unsigned i = 0; now.started == 0; i++) {
        CHECK(i < 2 * SEEN_MOST, "%s at %x of core %u goes unseen", kinds[now.kind].name, now.addr, now.core);
        step();
    }
    if (now.core == 1)
        mend();
}

static void check_record(unsigned before) {
    struct weir_get_panic_rsp p = record_of(now.core);
    // Core 1 may be at its start still.
    for (unsigned i = 0; p.count == before && i < BACK_MOST / 1000; i++) {
        steps(1000);
        p = record_of(now.core);
    }
    CHECK(p.count == before + 1, "%s at %x of core %u: %u records, %u before", kinds[now.kind].name, now.addr, now.core,
          p.count, before);
    CHECK(p.word[0] == kinds[now.kind].cause, "%s at %x of core %u: cause %u, pc %x, value %x", kinds[now.kind].name,
          now.addr, now.core, p.word[0], p.word[1], p.word[2]);
    if (now.kind == HANDLER)
        CHECK(p.word[1] - now.handler <= 4, "the handler hangs at %x, not at %x", now.handler, p.word[1]);
    else
        CHECK(p.word[1] - now.addr <= 2 * LONGEST + 4, "%s at %x, the record says %x", kinds[now.kind].name, now.addr,
              p.word[1]);
}

// True when the core came to the place.
static bool point(unsigned core, enum kind kind) {
    unsigned before;
    uint64_t seen, back;
    now.core = core;
    now.kind = kind;
    now.handler = handler_of(core);
    now.hit = now.started = 0;
    now.addr = 1;
    before = record_of(core).count;
    busy = core == 1;
    ask_something();
    steps(bench_below(core == 0 ? 1500 : 400));
    if (!aim()) {
        busy = false;
        wait_for_answer();
        return false;
    }
    spoil();
    for (unsigned i = 0; i < REACHED && now.hit == 0; i++)
        step();
    if (now.hit == 0) {
        mend();
        now.addr = 1;
        busy = false;
        wait_for_answer();
        return false;
    }
    wait_for_restart();
    busy = false;
    seen = now.started - now.hit + leapt;
    wait_for_answer();
    check_record(before);
    back = weir_rtl_cycles(bench_model) - now.hit + leapt + (core == 0 ? SIGNATURE_CYCLES : 0);
    CHECK(seen <= SEEN_MOST, "%s at %x: seen after %" PRIu64 " cycles", kinds[kind].name, now.addr, seen);
    CHECK(back <= BACK_MOST, "%s at %x: back after %" PRIu64 " cycles", kinds[kind].name, now.addr, back);
    note(seen, back);
    return true;
}

static void hangs(unsigned core) {
    const char *soak = getenv("WEIR_SOAK");
    const unsigned want = soak != NULL ? (unsigned)strtoul(soak, NULL, 0) : POINTS;
    unsigned tries = 0;
    fw_boot();
    fw_retired = retired;
    for (unsigned had = 0; had < want;) {
        CHECK(++tries < 20 * want, "%u of %u points in %u tries", had, want, tries);
        had += point(core, had % KINDS);
        fw_text_len = 0;
    }
    for (unsigned k = 0; k < KINDS; k++)
        printf("core %u, %-19s %3u points, at most %5" PRIu64 " us until seen, %5" PRIu64 " us until control is back\n",
               core, kinds[k].name, count[k], worst[k][0] * 1000 / MS, worst[k][1] * 1000 / MS);
    flash_part_free(&fw_flash.part);
}

static void core_0_hangs(void) {
    hangs(0);
}

static void core_1_hangs(void) {
    hangs(1);
}

int main(int argc, char **argv) {
    static const struct bench_case cases[] = {{"core_0_hangs", core_0_hangs}, {"core_1_hangs", core_1_hangs}};
    return bench_main(argc, argv, cases, 2);
}
