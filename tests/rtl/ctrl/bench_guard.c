// SPDX-License-Identifier: Apache-2.0
// The flash's guard against firmware that wants to write what it protects: every opcode there is, known or not, with
// every length, at addresses around the guarded sectors' borders; and bytes without sense. What must pass is what a
// second part would do with the same bytes.
#include "flash_bench.h"

enum address { NONE = 0, A3 = 3, A4 = 4, MODE = 1 };
enum does {
    WREN,
    WRDI,
    STATUS,
    WRSR,
    READ,
    PROGRAM,
    ERASE,
    SUSPEND,
    RESUME,
    ID,
    SFDP,
    ADDRESS,
    SLEEP,
    WAKE,
    RESET_ENABLE,
    RESET,
    UNKNOWN
};
static const struct command {
    uint8_t opcode;
    enum address address;
    unsigned lanes, data_lanes;
    enum does does;
    uint32_t arg;
} commands[] = {
#define FLASH_CMD(op, name, adr, dummy, l, dl, when, what, a) {op, adr, l, dl, what, a},
#include "flash_cmd.def"
};

// Sectors: neither end lies on the border of a 32 or 64 KiB block.
static const uint32_t first = 0x1F9, last = 0x20A;
static uint8_t before[(0x20A - 0x1F9 + 1) * FLASH_SECTOR], status_before[FLASH_STATUS];

static const struct command *find(uint8_t opcode) {
    static const struct command unknown = {.does = UNKNOWN};
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].opcode == opcode)
            return &commands[i];
    return &unknown;
}

// May it pass? `address` counts only when it is whole.
static bool harmless(const struct command *c, uint32_t address, bool whole) {
    uint32_t bytes = c->does == PROGRAM ? FLASH_SECTOR : flash_op_bytes((enum flash_op_kind)c->arg);
    switch (c->does) {
    case WREN:
    case WRDI:
    case STATUS:
    case SUSPEND:
    case RESUME:
    case ID:
    case SFDP:
    case WAKE:
    case RESET_ENABLE:
    case RESET:
        return true;
    case READ:
        return c->address == MODE && c->data_lanes == 1;
    case PROGRAM:
    case ERASE:
        if (c->address != MODE)
            return false;
        address &= ~(bytes - 1);
        return !whole || address + bytes <= first * FLASH_SECTOR || address >= (last + 1) * FLASH_SECTOR;
    default:
        return false;
    }
}

static void lock(void) {
    uint32_t guard = first | last << WEIR_FLASH_GUARD_LAST_LSB | 1u << WEIR_FLASH_GUARD_LOCK_LSB;
    FLASH_WR(0, GUARD, guard);
    CHECK(FLASH_RD(1, GUARD) == guard, "GUARD does not read as written");
    memcpy(before, flash.part.data + first * FLASH_SECTOR, sizeof(before));
    memcpy(status_before, flash.part.status, sizeof(status_before));
}

static void unharmed(const char *what, unsigned byte) {
    CHECK(memcmp(before, flash.part.data + first * FLASH_SECTOR, sizeof(before)) == 0, "%s %02x: guarded bytes written",
          what, byte);
    CHECK(memcmp(status_before, flash.part.status, sizeof(status_before)) == 0, "%s %02x: status written", what, byte);
    CHECK(!flash.part.four && !flash.part.asleep, "%s %02x: the part's mode is another", what, byte);
}

static void write_enable(void) {
    static const uint8_t wren = 0x06;
    CHECK(fb_command(0, &wren, 1, NULL, 0), "write enable is refused");
}

// One command of n bytes at `address`; checks disposition and effect.
static void one(uint8_t opcode, uint32_t address, unsigned n, bool under_lock) {
    const struct command *c = find(opcode);
    uint8_t out[8] = {opcode, (uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address, 0x00, 0xA5, 0x00,
                      0x5A};
    bool pass = !under_lock || harmless(c, address, n >= 4);
    uint8_t *at = flash.part.data + address, old = *at;

    if (opcode != 0x06)
        write_enable();
    CHECK(fb_command(0, out, n, NULL, 0) == pass, "%02x at %06x, %u bytes: %s", opcode, address, n,
          pass ? "refused" : "passes");
    if (under_lock)
        unharmed("command", opcode);
    if (c->does == PROGRAM && n >= 5 && c->address == MODE)
        CHECK(*at == (pass ? 0 : old), "program at %06x: %02x", address, *at);
    if (c->does == ERASE && n == 4 && c->address == MODE)
        CHECK(*at == (pass ? 0xFF : old), "%02x at %06x: %02x", opcode, address, *at);
    if (address >> 12 < first || address >> 12 > last)
        *at = (uint8_t)(1 + bench_below(254)); // neither programmed nor erased
}

void guard_sweep(void) {
    uint32_t edge[] = {first << 12,
                       (last + 1) << 12,
                       first << 12 & ~0x7FFFu,
                       first << 12 & ~0xFFFFu,
                       ((last << 12) | 0x7FFF) + 1,
                       ((last << 12) | 0xFFFF) + 1,
                       0,
                       FLASH_BYTES - 1,
                       0x200000};
    fb_start();
    // Without the lock all of it passes; only what the part itself has of its own is looked at.
    FLASH_WR(0, GUARD, first | last << WEIR_FLASH_GUARD_LAST_LSB);
    one(0x20, first << 12, 4, false);
    one(0x02, (first << 12) + 7, 6, false);
    lock();
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        for (unsigned i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
            for (unsigned n = 1; n <= 8; n++) {
                uint32_t off = n % 3 == 0 ? 0 : n % 3 == 1 ? FLASH_BYTES - 1 : bench_below(4096);
                one((uint8_t)opcode, (edge[i] + off) % FLASH_BYTES, n, true);
            }
        }
    }
    // The lock and what it locks stay.
    uint32_t guard = FLASH_RD(0, GUARD);
    FLASH_WR(1, GUARD, 0);
    FLASH_WR(0, GUARD, 0x80000000u | 1);
    CHECK(FLASH_RD(0, GUARD) == guard, "GUARD takes a write under the lock");
    CHECK(flash.part.wp_low, "WP# is high under the lock");
}

// A forbidden command, part by bytes and part by what the bulk reader sends: the part must not hear it as one.
void guard_spliced(void) {
    static const uint8_t wrdi = 0x04, hidden[] = {0xC7, 0x06};
    fb_start();
    lock();
    CHECK(fb_command(0, &wrdi, 1, NULL, 0) && !fb_command(0, hidden, 2, NULL, 0), "erase all passes");
    CHECK(!flash.part.write_enabled, "what follows a command that was cut is heard as another one");
    for (unsigned i = 0; i < 400; i++) {
        const uint8_t out[] = {0x02, 0x20, 0x00};
        unsigned n = 1 + i % 3;
        write_enable();
        FLASH_WR(0, READ_ADDR, bench_below(FLASH_BYTES));
        if (i % 2 != 0)
            FLASH_WR(1, READ_LEN, 64);
        if (i % 4 != 0)
            fb_ticks(bench_below(120));
        FLASH_WR(0, CTL, 1);
        for (unsigned k = 0; k < n; k++)
            CHECK(FLASH_WR(0, XFER, out[k]) <= 20, "a byte takes longer");
        FLASH_WR(1, READ_LEN, 64);
        if (i % 8 < 4)
            fb_ticks(300);
        FLASH_WR(0, CTL, i % 16 < 8);
        fb_ticks(300);
        FLASH_WR(0, CTL, 0);
        unharmed("spliced behind byte", n);
    }
}

// Accesses without sense by both cores, with opcodes that would do harm more likely than others.
void guard_random(void) {
    fb_start();
    lock();
    for (unsigned i = 0; i < 60000; i++) {
        unsigned core = bench_below(2);
        uint32_t any = (uint32_t)bench_rand();
        switch (bench_below(12)) {
        case 0:
        case 1:
            FLASH_WR(core, CTL, any & 1);
            break;
        case 2:
            FLASH_WR(core, CTL, 0);
            write_enable();
            FLASH_WR(core, CTL, 1);
            break;
        case 3:
            FLASH_WR(core, READ_ADDR, bench_below(2) ? 0x0201F9u << 4 : any & 0xFFFFFC);
            break;
        case 4:
            FLASH_WR(core, READ_LEN, (any & 0x3C) | (any & READ_HASHED));
            break;
        case 5:
            FLASH_WR(core, GUARD, any);
            break;
        case 6:
            (void)FLASH_RD(core, STATUS);
            fb_ticks(bench_below(200));
            break;
        case 7:
            FLASH_WR(core, XFER, 0x1F + bench_below(2)); // an address within
            break;
        default:
            FLASH_WR(core, XFER,
                     bench_below(3) != 0 ? commands[bench_below(sizeof(commands) / sizeof(commands[0]))].opcode
                                         : any & 0xFF);
            break;
        }
        stored_count = 0;
        if (i % 16 == 0)
            unharmed("step", i & 0xFF);
    }
    CHECK(FLASH_RD(0, GUARD) == (first | last << WEIR_FLASH_GUARD_LAST_LSB | 1u << WEIR_FLASH_GUARD_LOCK_LSB), "GUARD");
}
