// SPDX-License-Identifier: Apache-2.0
// The flash part's array, see flash_part.h: programs clear bits, erases set them, power cuts tear either; how long it
// takes.
#include <stdlib.h>
#include <string.h>

#include "flash_part.h"

// The first byte of a page program and each that follows take this long, ns, and the whole no longer than FLASH_OP
// says.
static const uint32_t first_byte[] = {[FLASH_TYPICAL] = 30000, [FLASH_MAXIMUM] = 150000};
static const uint32_t next_byte[] = {[FLASH_TYPICAL] = 2300, [FLASH_MAXIMUM] = 12000};

static const struct {
    uint32_t bytes, us[FLASH_MAXIMUM + 1];
} ops[FLASH_OP_KINDS] = {
#define FLASH_OP(name, bytes, typical, maximum) [FLASH_OP_##name] = {bytes, {0, typical, maximum}},
#include "flash_cmd.def"
};

uint32_t flash_op_bytes(enum flash_op_kind kind) {
    return ops[kind].bytes;
}

uint64_t flash_op_ns(enum flash_op_kind kind, uint32_t bytes, enum flash_timing timing) {
    uint64_t ns = ops[kind].us[timing] * UINT64_C(1000), by_byte;
    if (kind != FLASH_OP_PAGE || timing == FLASH_AT_ONCE)
        return ns;
    by_byte = first_byte[timing] + (bytes - 1) * (uint64_t)next_byte[timing];
    return by_byte < ns ? by_byte : ns;
}

bool flash_part_init(struct flash_part *p) {
    *p = (struct flash_part){.status = {0, FLASH_SR2_QE}, .random = 1};
    p->data = malloc(FLASH_BYTES);
    p->weak = calloc(FLASH_BYTES, 1);
    p->wear = calloc(FLASH_SECTORS, sizeof(*p->wear));
    if (p->data == NULL || p->weak == NULL || p->wear == NULL) {
        flash_part_free(p);
        return false;
    }
    memset(p->data, 0xFF, FLASH_BYTES);
    return true;
}

void flash_part_free(struct flash_part *p) {
    free(p->data);
    free(p->weak);
    free(p->wear);
    *p = (struct flash_part){.data = NULL};
}

static uint32_t draw(struct flash_part *p) {
    p->random ^= p->random >> 12;
    p->random ^= p->random << 25;
    p->random ^= p->random >> 27;
    return (uint32_t)(p->random * UINT64_C(0x2545F4914F6CDD1D) >> 32);
}

// Each bit with the likelihood of `done` of `total`.
static uint8_t some_bits(struct flash_part *p, const struct flash_op *op) {
    uint8_t bits = 0;
    for (unsigned i = 0; i < 8; i++)
        bits |= (uint8_t)((draw(p) % op->total < op->done) << i);
    return bits;
}

uint8_t flash_cells_read(struct flash_part *p, uint32_t at) {
    const struct flash_op *s = &p->suspended;
    uint8_t weak;

    at %= FLASH_BYTES;
    weak = p->weak[at];
    if (s->kind != FLASH_OP_NONE && at - s->at < s->bytes)
        weak = 0xFF; // between two contents
    return weak == 0 ? p->data[at] : p->data[at] ^ (weak & (uint8_t)draw(p));
}

static void program(struct flash_part *p, uint32_t at, uint8_t clear) {
    p->data[at] &= (uint8_t)~clear;
    p->weak[at] &= (uint8_t)~clear; // charged anew, it holds
}

void flash_cells_finish(struct flash_part *p, const struct flash_op *op) {
    if (op->kind == FLASH_OP_PAGE) {
        for (unsigned i = 0; i < FLASH_PAGE; i++)
            program(p, op->at + i, (uint8_t)~op->page[i]);
        return;
    }
    memset(p->data + op->at, 0xFF, op->bytes);
    // Most sectors have no weak bits: theirs is memory that was never touched, and stays so.
    for (uint32_t at = op->at; at < op->at + op->bytes; at++)
        if (p->weak[at] != 0)
            p->weak[at] = 0;
}

void flash_cells_tear(struct flash_part *p, const struct flash_op *op) {
    if (op->done == 0)
        return;
    if (op->kind == FLASH_OP_PAGE) {
        for (unsigned i = 0; i < FLASH_PAGE; i++)
            program(p, op->at + i, (uint8_t)~op->page[i] & some_bits(p, op));
        return;
    }
    // An erase programs its cells first, so those that held 1 are no better off.
    for (uint32_t at = op->at; at < op->at + op->bytes; at++) {
        uint8_t erased = some_bits(p, op);
        p->data[at] = erased;
        p->weak[at] = (uint8_t)~erased;
    }
}

bool flash_cells_protected(const struct flash_part *p, uint32_t at, uint32_t bytes) {
    unsigned bp = (p->status[0] & FLASH_SR1_BP) >> 2;
    uint32_t length = 0, from, to;

    if (bp == 7)
        length = FLASH_BYTES;
    else if (bp != 0 && (p->status[0] & FLASH_SR1_SEC) != 0)
        length = FLASH_SECTOR << (bp > 4 ? 3 : bp - 1); // 32 KiB at most
    else if (bp != 0)
        length = FLASH_BYTES / 64 << (bp - 1);
    from = (p->status[0] & FLASH_SR1_TB) != 0 ? 0 : FLASH_BYTES - length;
    to = from + length;
    if ((p->status[1] & FLASH_SR2_CMP) != 0)
        return length == 0 || at < from || at + bytes > to;
    return at < to && at + bytes > from;
}
