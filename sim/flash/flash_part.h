// SPDX-License-Identifier: Apache-2.0
// A SPI NOR flash part of 16 MiB, by whole bytes: commands, status bits, write protection, time, wear and power cuts as
// of common parts (W25Q128 of Winbond; its JEDEC ID, JESD216 tables). What clocks the bytes stands before it: pins
// (flash.h) or a programmer's socket (serprog.h). Knows no clock of its own: whoever uses it tells it the time.
#ifndef WEIR_SIM_FLASH_PART_H
#define WEIR_SIM_FLASH_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLASH_BYTES 0x1000000u
#define FLASH_PAGE 256u
#define FLASH_SECTOR 4096u
#define FLASH_SECTORS (FLASH_BYTES / FLASH_SECTOR)

enum {
    FLASH_SR1_WIP = 0x01,
    FLASH_SR1_WEL = 0x02,
    FLASH_SR1_BP = 0x1C,   // how much is protected, 0: nothing, 7: all
    FLASH_SR1_TB = 0x20,   // from the bottom, not from the top
    FLASH_SR1_SEC = 0x40,  // in sectors of 4 KiB, not in 1/64 of the part
    FLASH_SR1_SRP0 = 0x80, // status is written only while WP# is high, or QE makes WP# a data pin
    FLASH_SR2_SRP1 = 0x01, // status is not written until power comes again; with SRP0: never again
    FLASH_SR2_QE = 0x02,
    FLASH_SR2_CMP = 0x40, // protected is what else were not
    FLASH_SR2_SUS = 0x80,
    FLASH_SR3_ADS = 0x01, // addresses have four bytes
    FLASH_SR3_DRV = 0x60, // strength of the output drivers: kept, and nothing more
    FLASH_STATUS = 3      // bytes
};

enum flash_timing { FLASH_AT_ONCE, FLASH_TYPICAL, FLASH_MAXIMUM };

enum flash_op_kind {
    FLASH_OP_NONE,
#define FLASH_OP(name, bytes, typical, maximum) FLASH_OP_##name,
#include "flash_cmd.def"
    FLASH_OP_KINDS
};

struct flash_op {
    enum flash_op_kind kind;
    uint32_t at, bytes;   // where in the array
    uint64_t done, total; // ns
    uint8_t page[FLASH_PAGE], status[FLASH_STATUS];
};

struct flash_cmd;

struct flash_part {
    uint8_t *data;            // FLASH_BYTES
    uint8_t *weak;            // bits that read at random, since a power cut tore their erase
    uint32_t *wear;           // erases begun per sector, FLASH_SECTORS
    enum flash_timing timing; // from the next operation on
    uint64_t random;          // state of the generator of torn and weak bits: seed it, not with 0
    bool wp_low;              // pin WP#

    uint64_t now;                 // ns
    uint8_t status[FLASH_STATUS]; // without WIP, WEL, SUS and ADS
    bool write_enabled, four, asleep, reset_enabled;
    struct flash_op op, suspended;

    const struct flash_cmd *cmd; // NULL: none, or one that is ignored
    bool selected;
    uint64_t count; // bytes since the command
    uint32_t address;
    uint8_t page[FLASH_PAGE], written[2];
};

// An erased part as from the factory, QE set, operations at once. False: out of memory, and nothing to free.
bool flash_part_init(struct flash_part *p);
void flash_part_free(struct flash_part *p);

// Time is `now` ns since the part had power, of the caller's choice; what lies before the last one told is that.
// Operations end in it.
void flash_part_time(struct flash_part *p, uint64_t now);
// Chip select, after the time of it was told.
void flash_part_select(struct flash_part *p);
// How many lanes the next byte takes, 1 or 4, and what the part drives meanwhile; 0xFF when it drives nothing.
unsigned flash_part_lanes(const struct flash_part *p);
uint8_t flash_part_next(struct flash_part *p);
void flash_part_byte(struct flash_part *p, uint8_t in);
// Chip select ends: what the command does is done. `whole`: it ended at the end of a byte; else nothing is written.
void flash_part_deselect(struct flash_part *p, bool whole);
// A whole transaction now, for who has no clock of bits: n bytes in, then m out.
void flash_part_transfer(struct flash_part *p, const uint8_t *to, size_t n, uint8_t *from, size_t m);
// Power goes now and comes again: what is under way is torn.
void flash_part_power_cut(struct flash_part *p);
static inline bool flash_part_busy(const struct flash_part *p) {
    return p->op.kind != FLASH_OP_NONE;
}

// The array (flash_cells.c). A byte as it reads now; an operation done, or torn at op->done of op->total.
uint8_t flash_cells_read(struct flash_part *p, uint32_t at);
void flash_cells_finish(struct flash_part *p, const struct flash_op *op);
void flash_cells_tear(struct flash_part *p, const struct flash_op *op);
// Do any of these bytes, which do not wrap, lie in the part that the status bits protect?
bool flash_cells_protected(const struct flash_part *p, uint32_t at, uint32_t bytes);

// Bytes of the array that an operation takes hold of; 0: none.
uint32_t flash_op_bytes(enum flash_op_kind kind);
// Nominal time of an operation, ns; `bytes` of a page program, 1 to 256. The bounds that SFDP gives hold it.
uint64_t flash_op_ns(enum flash_op_kind kind, uint32_t bytes, enum flash_timing timing);
// Byte `at` of the SFDP space; 0xFF behind its tables.
uint8_t flash_sfdp(uint32_t at);

#endif
