// SPDX-License-Identifier: Apache-2.0
// The flash part's commands and time, see flash_part.h; what each command is stands in flash_cmd.def.
#include "flash_part.h"

#include <string.h>

enum { NONE = 0, A3 = 3, A4 = 4, MODE = 7 };   // address
enum { BUSY = 1, SUS = 2, WEL = 4, QUAD = 8 }; // when
// What may be written of each status byte.
static const uint8_t status_bits[FLASH_STATUS] = {0xFC, FLASH_SR2_SRP1 | FLASH_SR2_QE | FLASH_SR2_CMP, FLASH_SR3_DRV};
enum does {
    DOES_WREN,
    DOES_WRDI,
    DOES_STATUS,
    DOES_WRSR,
    DOES_READ,
    DOES_PROGRAM,
    DOES_ERASE,
    DOES_SUSPEND,
    DOES_RESUME,
    DOES_ID,
    DOES_SFDP,
    DOES_ADDRESS,
    DOES_SLEEP,
    DOES_WAKE,
    DOES_RESET_ENABLE,
    DOES_RESET
};

struct flash_cmd {
    uint8_t address, dummy, lanes, data_lanes, when;
    enum does does;
    uint8_t arg;
};

static const struct flash_cmd commands[256] = {
#define FLASH_CMD(opcode, name, address, dummy, lanes, data_lanes, when, does, arg)                                    \
    [opcode] = {address, dummy, lanes, data_lanes, when, DOES_##does, arg},
#include "flash_cmd.def"
};

// JEDEC's number of the maker, type, and 2^n bytes; the last alone is what WAKE reads, less one.
static const uint8_t id[3] = {0xEF, 0x40, 0x18};

static void finish(struct flash_part *p) {
    const struct flash_op *op = &p->op;
    if (op->kind == FLASH_OP_STATUS)
        memcpy(p->status, op->status, sizeof(p->status));
    else if (op->bytes != 0)
        flash_cells_finish(p, op);
    // The wait for a suspension or a reset has nothing to do with the write that WREN allowed.
    if (op->kind != FLASH_OP_SUSPEND && op->kind != FLASH_OP_RECOVER)
        p->write_enabled = false;
    p->op.kind = FLASH_OP_NONE;
}

void flash_part_time(struct flash_part *p, uint64_t now) {
    uint64_t passed = now > p->now ? now - p->now : 0;
    p->now += passed;
    if (!flash_part_busy(p))
        return;
    p->op.done += passed;
    if (p->op.done >= p->op.total)
        finish(p);
}

static void start(struct flash_part *p, enum flash_op_kind kind, uint32_t at, uint32_t n) {
    p->op.kind = kind;
    p->op.bytes = flash_op_bytes(kind);
    p->op.at = p->op.bytes != 0 ? at % FLASH_BYTES & ~(p->op.bytes - 1) : 0;
    p->op.done = 0;
    p->op.total = flash_op_ns(kind, n, p->timing);
    if (p->op.total == 0)
        finish(p);
}

// What was under way is torn, and the part as if power had come; the status bits are kept without power.
static void begin_anew(struct flash_part *p) {
    struct flash_op *const op[] = {&p->op, &p->suspended};
    for (unsigned i = 0; i < 2; i++) {
        if (op[i]->bytes != 0 && op[i]->kind != FLASH_OP_NONE)
            flash_cells_tear(p, op[i]);
        op[i]->kind = FLASH_OP_NONE;
    }
    p->write_enabled = p->four = p->asleep = p->reset_enabled = false;
    p->cmd = NULL;
}

void flash_part_power_cut(struct flash_part *p) {
    begin_anew(p);
    p->selected = false;
    if ((p->status[0] & FLASH_SR1_SRP0) == 0)
        p->status[1] &= (uint8_t)~FLASH_SR2_SRP1;
}

void flash_part_select(struct flash_part *p) {
    p->cmd = NULL;
    p->selected = true;
    p->count = 0;
    p->address = 0;
    memset(p->page, 0xFF, sizeof(p->page));
}

static unsigned address_bytes(const struct flash_part *p) {
    return p->cmd->address == MODE ? (p->four ? 4 : 3) : p->cmd->address;
}

// Bytes between the command and its data.
static unsigned head(const struct flash_part *p) {
    return address_bytes(p) + p->cmd->dummy;
}

unsigned flash_part_lanes(const struct flash_part *p) {
    if (p->cmd == NULL)
        return 1;
    return p->count < head(p) ? p->cmd->lanes : p->cmd->data_lanes;
}

static uint8_t status(const struct flash_part *p, unsigned which) {
    uint8_t now = p->status[which];
    if (which == 0)
        return now | (flash_part_busy(p) ? FLASH_SR1_WIP : 0) | (p->write_enabled ? FLASH_SR1_WEL : 0);
    if (which == 1)
        return now | (p->suspended.kind != FLASH_OP_NONE && p->op.kind != FLASH_OP_SUSPEND ? FLASH_SR2_SUS : 0);
    return now | (p->four ? FLASH_SR3_ADS : 0);
}

uint8_t flash_part_next(struct flash_part *p) {
    uint64_t i;
    if (p->cmd == NULL || p->count < head(p))
        return 0xFF;
    i = p->count - head(p);
    switch (p->cmd->does) {
    case DOES_READ:
        return flash_cells_read(p, p->address + (uint32_t)i);
    case DOES_STATUS:
        return status(p, p->cmd->arg);
    case DOES_ID:
        return id[i % sizeof(id)];
    case DOES_WAKE:
        return id[2] - 1;
    case DOES_SFDP:
        return flash_sfdp(p->address + (uint32_t)i);
    default:
        return 0xFF;
    }
}

// Is the command taken as things are?
static bool taken(const struct flash_part *p, const struct flash_cmd *c) {
    return c->lanes != 0 && (!p->asleep || c->does == DOES_WAKE) && (!flash_part_busy(p) || (c->when & BUSY) != 0) &&
           (p->suspended.kind == FLASH_OP_NONE || (c->when & SUS) != 0) && (p->write_enabled || (c->when & WEL) == 0) &&
           ((p->status[1] & FLASH_SR2_QE) != 0 || (c->when & QUAD) == 0) && (c->does != DOES_RESET || p->reset_enabled);
}

void flash_part_byte(struct flash_part *p, uint8_t in) {
    uint64_t at;
    if (!p->selected)
        return;
    if (p->cmd == NULL) {
        if (p->count == 0 && taken(p, &commands[in]))
            p->cmd = &commands[in];
        p->reset_enabled = p->reset_enabled && p->cmd != NULL && p->cmd->does == DOES_RESET;
        p->count = p->cmd != NULL ? 0 : 1; // what is ignored is so to its end
        return;
    }
    at = p->count++;
    if (at < address_bytes(p))
        p->address = p->address << 8 | in;
    else if (p->cmd->does == DOES_PROGRAM)
        p->page[(p->address + at - address_bytes(p)) % FLASH_PAGE] = in;
    else if (p->cmd->does == DOES_WRSR && at < sizeof(p->written))
        p->written[at] = in;
}

static void write_array(struct flash_part *p, enum flash_op_kind kind, uint32_t n) {
    const struct flash_op *s = &p->suspended;
    uint32_t bytes = flash_op_bytes(kind), at = p->address % FLASH_BYTES & ~(bytes - 1);

    // A suspended program lets nothing be written, a suspended erase nothing in its own block.
    if (s->kind == FLASH_OP_PAGE || (s->kind != FLASH_OP_NONE && at - s->at < s->bytes))
        return;
    if (flash_cells_protected(p, at, bytes)) {
        p->write_enabled = false;
        return;
    }
    if (kind == FLASH_OP_PAGE)
        memcpy(p->op.page, p->page, sizeof(p->op.page));
    for (uint32_t sector = at / FLASH_SECTOR; kind != FLASH_OP_PAGE && sector < (at + bytes) / FLASH_SECTOR; sector++)
        p->wear[sector]++;
    start(p, kind, at, n);
}

// `n` status bytes from this one on; the others stay.
static void write_status(struct flash_part *p, unsigned first, uint64_t n) {
    bool srp0 = (p->status[0] & FLASH_SR1_SRP0) != 0, srp1 = (p->status[1] & FLASH_SR2_SRP1) != 0;
    bool wp = p->wp_low && (p->status[1] & FLASH_SR2_QE) == 0;

    if (n == 0 || n > (first == 0 ? 2 : 1))
        return;
    if (srp1 || (srp0 && wp)) {
        p->write_enabled = false;
        return;
    }
    memcpy(p->op.status, p->status, sizeof(p->op.status));
    for (unsigned i = 0; i < n; i++)
        p->op.status[first + i] = p->written[i] & status_bits[first + i];
    start(p, FLASH_OP_STATUS, 0, 0);
}

static void suspend(struct flash_part *p) {
    if (!(p->op.kind >= FLASH_OP_PAGE && p->op.kind <= FLASH_OP_64K) || p->suspended.kind != FLASH_OP_NONE)
        return;
    p->suspended = p->op;
    p->write_enabled = false; // what is suspended has used it
    start(p, FLASH_OP_SUSPEND, 0, 0);
}

static void execute(struct flash_part *p, const struct flash_cmd *c, uint64_t data) {
    switch (c->does) {
    case DOES_WREN:
    case DOES_WRDI:
        p->write_enabled = c->does == DOES_WREN;
        break;
    case DOES_WRSR:
        write_status(p, c->arg, data);
        break;
    case DOES_PROGRAM:
        if (data != 0)
            write_array(p, (enum flash_op_kind)c->arg, data < FLASH_PAGE ? (uint32_t)data : FLASH_PAGE);
        break;
    case DOES_ERASE:
        if (data == 0)
            write_array(p, (enum flash_op_kind)c->arg, 0);
        break;
    case DOES_SUSPEND:
        suspend(p);
        break;
    case DOES_RESUME:
        p->op = p->suspended; // none, when none is: then none is under way either
        p->suspended.kind = FLASH_OP_NONE;
        break;
    case DOES_ADDRESS:
        p->four = c->arg == 4;
        break;
    case DOES_SLEEP:
        p->asleep = true;
        break;
    case DOES_RESET_ENABLE:
        p->reset_enabled = true;
        break;
    case DOES_RESET:
        begin_anew(p);
        start(p, FLASH_OP_RECOVER, 0, 0);
        break;
    default: // those that read; WAKE acts whatever follows
        break;
    }
}

void flash_part_deselect(struct flash_part *p, bool whole) {
    const struct flash_cmd *c = p->cmd;
    if (c != NULL && whole && c->does == DOES_WAKE)
        p->asleep = false;
    // A command without data is one that ends where it ends: real parts ignore it when clocks follow.
    else if (c != NULL && whole && p->count >= head(p) &&
             (p->count == head(p) || c->does == DOES_PROGRAM || c->does == DOES_WRSR))
        execute(p, c, p->count - head(p));
    p->cmd = NULL;
    p->selected = false;
}

void flash_part_transfer(struct flash_part *p, const uint8_t *to, size_t n, uint8_t *from, size_t m) {
    flash_part_select(p);
    for (size_t i = 0; i < n; i++)
        flash_part_byte(p, to[i]);
    for (size_t i = 0; i < m; i++) {
        from[i] = flash_part_next(p);
        flash_part_byte(p, 0);
    }
    flash_part_deselect(p, true);
}
