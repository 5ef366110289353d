// SPDX-License-Identifier: Apache-2.0
// Layout of tb_dma.sv's ports and what the read and write cases share.
#ifndef WEIR_BENCH_DMA_H
#define WEIR_BENCH_DMA_H

#include "tlp_bench.h"
#include "weir_abi.h"

enum {
    IN_REQ_VALID = 0,
    IN_RSP_READY = 3,
    IN_QWR_VALID = 6,
    IN_RDREQ_READY = 7,
    IN_WR_READY = 8,
    IN_CPL_VALID = 9,
    IN_CFG = 16,
    IN_LINK_RESET = 23,
    IN_CSR = 24,
    IN_CSR_ADDR = 32,
    IN_CSR_WDATA = 64,
    IN_DMA_OK = 96,
    IN_REQ = 192,
    IN_QWR = 576,
    IN_CPL = 1216,
    OUT_REQ_READY = 0,
    OUT_RSP_VALID = 3,
    OUT_QWR_READY = 6,
    OUT_RDREQ_VALID = 7,
    OUT_WR_VALID = 8,
    OUT_IDLE = 10,
    OUT_CSR_ACK = 11,
    OUT_CSR_RDATA = 32,
    OUT_RSP = 64,
    OUT_RSP_STRIDE = 576,
    OUT_RDREQ = 1792,
    OUT_WR = 1952,
};
enum { CLIENTS = 3, NUM_TAGS = 64 };

// Sets MPS, MRRS (codes) and permission for all functions, and waits until the block takes work.
void dma_setup(unsigned mps, unsigned mrrs, bool ext_tag);
void dma_permit(unsigned fn, bool ok);
uint32_t dma_csr(bool write, unsigned addr, uint32_t wdata);
// Work of fn: reads in 15:0, writes in 31:16.
uint32_t dma_busy(unsigned fn);

void read_random(void);
void read_errors(void);
void read_timeout(void);
void read_disabled(void);
void read_link_reset(void);
void read_rate(void);
void write_random(void);
void write_disabled(void);
void write_busy_to_the_last_beat(void);
void write_rate(void);
// bench_lines.c
void line_43_reads(void);
void line_43_writes(void);
void line_44_every_start_and_length(void);
void line_45_every_tag_once(void);
void line_50_every_order(void);

#endif
