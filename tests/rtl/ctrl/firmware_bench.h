// SPDX-License-Identifier: Apache-2.0
// The control complex running the card's own firmware: clock, flash, console, mailbox of the PF. What bench_firmware.c
// and bench_hang.c share.
#ifndef FIRMWARE_BENCH_H
#define FIRMWARE_BENCH_H

#include "bench.h"
#include "flash.h"
#include "weir_mbox.h"

#define TCM_BASE 0x10000000u
#define BOOT_CYCLES 1500000u

enum { R_INSN, R_PC, R_NEXT, R_RD, R_ADDR, R_RDATA, R_WDATA, R_RS1, R_RS2, R_FLAGS };

extern struct flash fw_flash;
extern char fw_text[65536]; // of the console
extern unsigned fw_text_len;
// Called behind each cycle in which core n retired an instruction; NULL: nobody looks.
extern void (*fw_retired)(unsigned n, const uint32_t *rec);

// What core n retired last: R_*; bit 0 of R_FLAGS: in this cycle.
const uint32_t *fw_rec(unsigned n);
void fw_step(void);
void fw_wait_text(const char *want, unsigned max);
// Until the firmware is ready.
void fw_boot(void);
uint32_t fw_bar_read(uint32_t addr);
// The request is given to the firmware.
void fw_ask(unsigned opcode, const void *req, unsigned bytes);
// False: no answer within 400,000 cycles or so.
bool fw_send(unsigned opcode, const void *req, unsigned bytes);
// Status; the payload of 120 bytes into rsp, if it is not NULL.
unsigned fw_call(unsigned opcode, const void *req, unsigned bytes, void *rsp);
struct weir_get_panic_rsp fw_panic_of(unsigned core);

#endif
