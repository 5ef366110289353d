// SPDX-License-Identifier: Apache-2.0
// Runs on the embedded cores in the control bench: checks arithmetic against a second way of computing it, memory
// access sizes, traps and interrupts, locks, SHA-256; says PASS or FAIL on the console; then core 0 answers mailboxes
// with inverted words.
#include <stdint.h>

#include "weir_abi.h"

#define REG(block, offset) (*(volatile uint32_t *)(0x40000000u + (uint32_t)(block) + (uint32_t)(offset)))
#define CTRL(name) REG(WEIR_CSR_CTRL, WEIR_CTRL_##name##_OFFSET)
#define FLASH(name) REG(WEIR_CSR_FLASH, WEIR_FLASH_##name##_OFFSET)
#define SHA(name) REG(WEIR_CSR_SHA, WEIR_SHA_##name##_OFFSET)
#define SELFTEST_EVENTS 0xE7E70000u // first word of the request that wants them
#define SELFTEST_KEEP 0x3EE90000u   // of one that is kept until a reset of its function throws it away
#define SHARED ((volatile uint32_t *)0x20000000u)

int main(void);
void panic_trap(uint32_t cause, uint32_t pc, uint32_t value);

extern uint32_t __stack_bottom[];
#define CODE ((uint32_t)&main & ~3u)
static volatile uint32_t trap_cause, trap_value, trap_count;
static volatile uint32_t trap_back; // where a fetch that failed goes on

static void say(const char *s) {
    while (*s != '\0')
        CTRL(CONSOLE) = (uint32_t)*s++;
}

static __attribute__((noreturn)) void fail(const char *what) {
    say("FAIL ");
    say(what);
    say("\n");
    for (;;)
        __asm__ volatile("wfi");
}

void panic_trap(uint32_t cause, uint32_t pc, uint32_t value) {
    (void)cause;
    (void)pc;
    (void)value;
    fail("trap");
}

// Returns behind the instruction for exceptions, to it for interrupts.
__attribute__((interrupt, aligned(4))) static void on_trap(void) {
    uint32_t cause, pc, value;
    __asm__ volatile("csrr %0, mcause\n csrr %1, mepc\n csrr %2, mtval" : "=r"(cause), "=r"(pc), "=r"(value));
    trap_cause = cause;
    trap_value = value;
    trap_count++;
    if ((cause >> 31) != 0)
        CTRL(IRQ_ENABLE) = 0;
    else if (cause == 1)
        __asm__ volatile("csrw mepc, %0" ::"r"(trap_back));
    else
        __asm__ volatile("csrw mepc, %0" ::"r"(pc + ((*(volatile uint16_t *)pc & 3) == 3 ? 4 : 2)));
}

static uint32_t rnd(uint32_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

static uint32_t slow_mul(uint32_t a, uint32_t b, uint32_t *high) {
    uint32_t lo = 0, hi = 0, add_hi = 0;
    for (; b != 0; b >>= 1) {
        if ((b & 1) != 0) {
            uint32_t t = lo + a;
            hi += add_hi + (t < lo);
            lo = t;
        }
        add_hi = add_hi << 1 | a >> 31;
        a <<= 1;
    }
    *high = hi;
    return lo;
}

static uint32_t do_op(unsigned op, uint32_t a, uint32_t b) {
    uint32_t r = 0;
    switch (op) {
    case 0:
        __asm__ volatile("mulh %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
        break;
    case 1:
        __asm__ volatile("mulhsu %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
        break;
    case 2:
        __asm__ volatile("mulhu %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
        break;
    case 3:
        __asm__ volatile("div %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
        break;
    case 4:
        __asm__ volatile("divu %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
        break;
    case 5:
        __asm__ volatile("rem %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
        break;
    default:
        __asm__ volatile("remu %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
        break;
    }
    return r;
}

static void arithmetic(void) {
    static const uint32_t edge[] = {0,          1,          2,          0x7FFFFFFF, 0x80000000,
                                    0x80000001, 0xFFFFFFFF, 0xFFFFFFFE, 10,         0x12345678};
    uint32_t seed = 1;
    for (unsigned i = 0; i < 100 + 50; i++) {
        uint32_t a = i < 100 ? edge[i / 10] : rnd(&seed), b = i < 100 ? edge[i % 10] : rnd(&seed) >> (i % 31);
        uint32_t hi, lo = slow_mul(a, b, &hi);
        if (a * b != lo || do_op(2, a, b) != hi)
            fail("mul mulhu");
        if (do_op(0, a, b) != hi - ((int32_t)a < 0 ? b : 0) - ((int32_t)b < 0 ? a : 0))
            fail("mulh");
        if (do_op(1, a, b) != hi - ((int32_t)a < 0 ? b : 0))
            fail("mulhsu");
        uint32_t q = do_op(4, a, b), r = do_op(6, a, b);
        if (b == 0 ? (q != 0xFFFFFFFF || r != a) : (slow_mul(q, b, &hi) + r != a || hi != 0 || r >= b))
            fail("divu remu");
        q = do_op(3, a, b);
        r = do_op(5, a, b);
        if (b == 0) {
            if (q != 0xFFFFFFFF || r != a)
                fail("div by zero");
        } else if (a == 0x80000000 && b == 0xFFFFFFFF) {
            if (q != 0x80000000 || r != 0)
                fail("div overflow");
        } else {
            uint32_t abs_r = (int32_t)r < 0 ? -r : r, abs_b = (int32_t)b < 0 ? -b : b;
            if (slow_mul(q, b, &hi) + r != a || abs_r >= abs_b || (r != 0 && ((r ^ a) >> 31) != 0))
                fail("div rem");
        }
        if ((int32_t)a < (int32_t)b ? (int32_t)(a >> 1) - (int32_t)(b >> 1) > 0 && (a ^ b) >> 31 == 0 : 0)
            fail("slt");
        uint32_t s = b & 31, sra = (uint32_t)((int32_t)a >> s);
        if (sra != (a >> s | ((int32_t)a < 0 && s != 0 ? ~(0xFFFFFFFFu >> s) : 0)))
            fail("sra");
    }
}

static void memory(void) {
    static volatile uint8_t buf[16] __attribute__((aligned(4)));
    uint32_t seed = 7;
    for (unsigned i = 0; i < 64; i++) {
        uint32_t v = rnd(&seed);
        *(volatile uint32_t *)&buf[4] = v;
        for (unsigned k = 0; k < 4; k++)
            if (buf[4 + k] != (uint8_t)(v >> 8 * k) || ((volatile int8_t *)buf)[4 + k] != (int8_t)(v >> 8 * k))
                fail("byte loads");
        if (*(volatile uint16_t *)&buf[6] != v >> 16 || *(volatile int16_t *)&buf[4] != (int16_t)v)
            fail("half loads");
        buf[5] = 0xA5;
        *(volatile uint16_t *)&buf[6] = 0x1234;
        if (*(volatile uint32_t *)&buf[4] != ((v & 0xFF) | 0xA500 | 0x12340000))
            fail("narrow stores");
        // The same through the bus to the shared memory.
        SHARED[100] = v;
        ((volatile uint8_t *)&SHARED[100])[2] = 0x5A;
        if (SHARED[100] != ((v & 0xFF00FFFF) | 0x5A0000))
            fail("shared memory");
    }
}

static void traps(void) {
    uint32_t before = trap_count;
    __asm__ volatile("csrw mtvec, %0" ::"r"((uint32_t)&on_trap));
    __asm__ volatile(".word 0xFFFFFFFF");
    if (trap_count != before + 1 || trap_cause != 2 || trap_value != 0xFFFFFFFF)
        fail("illegal instruction");
    __asm__ volatile("ecall");
    if (trap_count != before + 2 || trap_cause != 11)
        fail("ecall");
    __asm__ volatile("ebreak");
    if (trap_count != before + 3 || trap_cause != 3)
        fail("ebreak");
    __asm__ volatile("lw t0, 1(%0)" ::"r"(0x10000000) : "t0");
    if (trap_count != before + 4 || trap_cause != 4 || trap_value != 0x10000001)
        fail("misaligned load");
    __asm__ volatile("sh t0, 3(%0)" ::"r"(0x10000000) : "memory");
    if (trap_count != before + 5 || trap_cause != 6)
        fail("misaligned store");
    __asm__ volatile("lw t0, 0(%0)" ::"r"(0x70000000) : "t0");
    if (trap_count != before + 6 || trap_cause != 5 || trap_value != 0x70000000)
        fail("load access fault");
    __asm__ volatile("sw t0, 0(%0)" ::"r"(0x70000000) : "memory");
    if (trap_count != before + 7 || trap_cause != 7)
        fail("store access fault");
    __asm__ volatile("csrw mhartid, t0");
    if (trap_count != before + 8 || trap_cause != 2)
        fail("write to a read-only register");

    // What boot/crt0.S locks: code is not written, nobody touches the stack guard, data is not executed.
    __asm__ volatile("sw t0, 0(%0)" ::"r"(CODE) : "memory");
    if (trap_count != before + 9 || trap_cause != 7 || trap_value != CODE)
        fail("write to code");
    __asm__ volatile("lw t0, -4(%0)" ::"r"(__stack_bottom) : "t0");
    if (trap_count != before + 10 || trap_cause != 5)
        fail("stack guard");
    // Timer interrupt while asleep: WFI ends, the handler runs, execution goes on behind WFI.
    CTRL(TIMER_CMP) = CTRL(CYCLE_LO) + 300;
    CTRL(IRQ_ENABLE) = 1;
    __asm__ volatile("csrs mie, %0\n csrsi mstatus, 8" ::"r"(1 << 11));
    __asm__ volatile("wfi");
    __asm__ volatile("csrci mstatus, 8");
    if (trap_count != before + 11 || trap_cause != 0x8000000B)
        fail("timer interrupt");
    // With interrupts off, WFI still ends, without a trap.
    CTRL(TIMER_CMP) = CTRL(CYCLE_LO) + 300;
    CTRL(IRQ_ENABLE) = 1;
    __asm__ volatile("wfi");
    if (trap_count != before + 11 || (CTRL(IRQ_PENDING) & 1) == 0)
        fail("wfi without interrupts");
    CTRL(IRQ_ENABLE) = 0;
}

// The boot ROM has shut behind core 0, and core 1 has none; a word of the key hash takes one write, of either core.
static void locks(unsigned core) {
    volatile uint32_t *key = &CTRL(KEY_HASH);
    uint32_t before = trap_count;
    CTRL(LOCK) = 0;
    if ((CTRL(LOCK) & 1) != 1)
        fail("LOCK.ROM");
    for (uint32_t at = 0; at < WEIR_ROM_BYTES; at += WEIR_ROM_BYTES - 4) {
        __asm__ volatile("lw t0, 0(%0)" ::"r"(at) : "t0");
        if (trap_count != ++before || trap_cause != 5 || trap_value != at)
            fail("the ROM is read");
        __asm__ volatile("sw t0, 0(%0)" ::"r"(at) : "memory");
        if (trap_count != ++before || trap_cause != 7 || trap_value != at)
            fail("the ROM is written");
        __asm__ volatile("la t0, 1f\n sw t0, 0(%0)\n jr %1\n 1:" ::"r"(&trap_back), "r"(at) : "t0", "memory");
        if (trap_count != ++before || trap_cause != 1 || trap_value != at)
            fail("the ROM is fetched");
    }
    if (key[core] != 0)
        fail("KEY_HASH at first");
    for (unsigned i = 0; i < 3; i++) {
        key[core] = 0xA5000000 + core + i;
        if (key[core] != 0xA5000000 + core)
            fail("KEY_HASH");
    }
    if (core == 0) { // behind core 1
        key[1] = 1;
        if (key[1] != 0xA5000001 || CTRL(LOCK) != 0x301 || key[2] != 0)
            fail("the other core's KEY_HASH");
    }
}

static uint32_t digest(unsigned i) {
    return (&SHA(DIGEST))[i];
}

static void sha_wait(void) {
    while ((SHA(STATUS) & 1u << WEIR_SHA_STATUS_DONE_LSB) == 0)
        ;
}

static void sha_read(uint32_t to, uint32_t bytes) {
    FLASH(READ_ADDR) = 0;
    FLASH(READ_DEST) = to;
    FLASH(READ_LEN) = bytes;
    while (FLASH(READ_LEN) != 0)
        ;
}

// "abc", and the head of the flash by both ways.
static void sha(unsigned core) {
    static volatile uint32_t head[32];
    uint32_t seen[8];
    if (SHA(CLAIM) != 1)
        fail("SHA is not free");
    SHA(START) = 0;
    SHA(FINISH) = 0x63626103;
    sha_wait();
    if (digest(0) != 0xBF1678BA || digest(7) != 0xAD1500F2)
        fail("SHA of abc");
    SHA(START) = 0;
    sha_read(0, sizeof(head) | 1u << WEIR_FLASH_READ_LEN_HASH_LSB);
    SHA(FINISH) = 0;
    sha_wait();
    for (unsigned i = 0; i < 8; i++)
        seen[i] = digest(i);
    sha_read(((uint32_t)head & 0x0FFFFFFF) | (core == 0 ? 0x10000000u : 0x30000000u), sizeof(head));
    SHA(START) = 0;
    for (unsigned i = 0; i < sizeof(head) / 4; i++)
        SHA(DATA) = head[i];
    SHA(FINISH) = 0;
    sha_wait();
    for (unsigned i = 0; i < 8; i++)
        if (seen[i] != digest(i) || head[0] != 0x57465257)
            fail("SHA of the flash");
    SHA(CLAIM) = 0;
    if (digest(0) != 0)
        fail("a digest without a claim");
}

// Each event of functions 0 and 1 once, at a pace that drifts against whoever clears them.
static void raise_events(void) {
    for (unsigned i = 0; i < 64; i++)
        for (unsigned fn = 0; fn < 2; fn++) {
            CTRL(FN_SEL) = fn;
            if (i < 32)
                CTRL(FN_EVENT_LO) = 1u << i;
            else
                CTRL(FN_EVENT_HI) = 1u << (i - 32);
            for (volatile unsigned pause = i % 3; pause != 0; pause--)
                ;
        }
}

int main(void) {
    unsigned core = CTRL(CORE_ID);
    uint32_t hart;
    __asm__ volatile("csrr %0, mhartid" : "=r"(hart));
    if (hart != core)
        fail("hart id");
    if (core == 0) { // one at a time, for a readable console; core 1 first
        while (SHARED[0] != 0x600D)
            ;
    }
    arithmetic();
    memory();
    traps();
    locks(core);
    sha(core);
    // A CSR block outside, with wait states.
    REG(WEIR_CSR_QUEUE, 0x10) = 1234 + core;
    if (REG(WEIR_CSR_QUEUE, 0x20) != 1234 + core + 0x20)
        fail("csr bus");
    say(core == 0 ? "core0 PASS\n" : "core1 PASS\n");
    SHARED[0] = 0x600D;
    if (core == 1)
        for (;;)
            __asm__ volatile("wfi");
    CTRL(FW_READY) = 1;
    for (;;) {
        uint32_t pop = CTRL(MBOX_POP);
        if ((pop >> 31) == 0)
            continue;
        uint32_t fn = pop & 0xFF;
        if (CTRL(MBOX_TAKEN) != pop)
            fail("taken");
        if (REG(WEIR_CSR_MBOX, fn * 256) == SELFTEST_KEEP) {
            say("kept\n");
            while ((CTRL(MBOX_TAKEN) >> 31) != 0)
                ;
        }
        if (REG(WEIR_CSR_MBOX, fn * 256) == SELFTEST_EVENTS)
            raise_events();
        for (unsigned w = 0; w < 32; w++)
            REG(WEIR_CSR_MBOX, fn * 256 + 128 + w * 4) = ~REG(WEIR_CSR_MBOX, fn * 256 + w * 4);
        CTRL(MBOX_DONE) = fn;
        if ((CTRL(MBOX_TAKEN) >> 31) != 0)
            fail("given back");
    }
}
