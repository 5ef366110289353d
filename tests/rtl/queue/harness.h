// SPDX-License-Identifier: Apache-2.0
// Everything around weir_queue in the bench: host memory, the three DMA clients and the writer, the switch, CSR bus and
// BAR. One model at a time; all state is in `h`. Checks that hold in every case are made here: each access carries the
// function that owns the page, chains and bursts are well formed, dispositions come once per frame and in order.
#ifndef QUEUE_HARNESS_H
#define QUEUE_HARNESS_H

#include "bench.h"
#include "weir_abi.h"

#ifndef BENCH_QPS
#define BENCH_QPS WEIR_NUM_QPS // of the build under test
#endif
enum { MEM_BASE_HI = 1, MEM_PAGES = 8192, PAGE = 4096, FNS = 65, QPS = BENCH_QPS, CLIENTS = 3 };
enum { TXD, TXP, RXD };

struct chain {
    uint64_t addr[8];
    uint32_t len[8];
    unsigned pieces, total, sent;
    uint32_t ctx;
    uint64_t due;
    bool err;
};

struct client {
    struct chain q[1024]; // ring; the newest may be open
    unsigned head, tail;
    bool open;
    uint64_t last_due;
    uint64_t requests, bytes;
};

struct tx_frame {
    uint32_t len, vport, qp, tag, tci;
    bool cancel, cpl_req, l3, l4, vlan;
    uint8_t data[9664];
};

struct rx_send {
    bool fence;
    uint32_t len, vport, qp, hash, epoch, src, tci, flags; // flags: as rx_frame_t bits 620, 619, 533..528
    uint32_t seed;
    uint64_t id;
};

struct disposition {
    uint64_t id;
    bool fence;
    uint32_t reason, vport, len, qp;
};

struct harness {
    uint32_t *in;
    const uint32_t *out;
    uint8_t *mem;
    uint8_t page_fn[MEM_PAGES];
    uint8_t page_bad[MEM_PAGES];
    uint32_t next_page;
    uint8_t fn_ok[FNS];
    struct client client[CLIENTS];
    // knobs
    unsigned lat_min, lat_max;   // of a read
    unsigned stall;              // of 16: how often a ready or valid is withheld
    unsigned done_min, done_max; // delay of tx_done
    bool hold_tx;                // the switch takes nothing
    bool hold_wr;                // nor do the writes
    bool tx_full;                // it has enough, and takes what is urgent
    // writer
    bool wr_open;
    uint64_t wr_addr;
    uint32_t wr_len, wr_got, wr_fn;
    uint32_t irq[FNS][16];
    uint64_t wr_count, wr_writes; // beats, whole writes
    // switch
    struct tx_frame tx;
    uint32_t tx_got;
    bool tx_open;
    void (*on_tx)(const struct tx_frame *f);
    void (*on_done)(uint32_t qp, uint32_t tag, uint32_t epoch);
    void (*on_disposition)(const struct disposition *f);
    struct {
        uint32_t qp, tag, epoch;
        bool cpl_req;
        uint64_t due;
    } done[4096];
    unsigned done_head, done_tail;
    uint8_t epoch;
    struct rx_send rx[1024];
    unsigned rx_head, rx_tail; // being sent, next free
    uint32_t rx_beat;
    unsigned disposition_head; // oldest frame without disposition
    uint64_t rx_id;
    // BAR
    struct {
        uint32_t fn, addr, data;
        bool push;
        uint8_t bytes[64];
    } bar[512];
    unsigned bar_head, bar_tail;
};
extern struct harness h;

void harness_init(struct weir_rtl *model, uint64_t seed); // bench.h's state is per file: each file takes its copy
void tick(void);
void ticks(unsigned n);
bool harness_quiet(void); // nothing outside the queue block is under way
bool block_idle(void);
void settle(void); // until nothing happens any more; fails when that takes too long
uint64_t mem_alloc(uint32_t bytes, unsigned fn);
uint8_t *mem_at(uint64_t addr);
void csr_write(uint32_t offset, uint32_t value);
uint32_t csr_read(uint32_t offset);
void bar_write(unsigned fn, uint32_t addr, uint32_t data); // queued, one a cycle
void bar_push(unsigned fn, uint32_t addr, const uint8_t bytes[64]);
void fn_set(unsigned fn, bool enabled, bool flr, bool dma_ok);
bool rx_room(void);
void rx_push(struct rx_send f);
uint8_t pattern(uint32_t seed, uint32_t i);
#endif
