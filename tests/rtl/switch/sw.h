// SPDX-License-Identifier: Apache-2.0
// Switch bench: what the drivers (drive.c), the reference model (model.c) and the cases (bench_switch.c) share.
// The model never guesses the interleaving of the two sides: the epoch stamped on each copy and tx_done says which
// tables a frame saw, and order is checked on what comes out.
#ifndef SW_H
#define SW_H

#include "bench.h"
#include "weir_abi.h"

enum { MAX_FRAMES = 20000, MAX_FILTERS = 64, MAX_EPOCHS = 2048, MAX_BYTES = 9700, NV = WEIR_NUM_VPORTS, FATES = 8192 };

struct frame {
    bool wire; // side it comes from
    bool cancel, vlan_ins, tagged, stamped, accepted, done;
    uint8_t vport;
    uint16_t len, tci, tag, qp, etype; // len and tci as seen inside the switch (tag inserted)
    uint64_t dmac, smac;
    unsigned epoch_lo;      // epochs already in force when its first beat was taken
    unsigned epoch;         // unwrapped, once stamped
    unsigned got, wire_got; // copies seen on rx, on the wire
};

struct filter {
    uint64_t mac;
    uint16_t vid, slot;
    uint8_t mode;
};
struct vport {
    bool enable, check, drain, vf;
    uint16_t base;
    uint8_t count;
    uint64_t mac;
};
// Tables in force in one epoch.
struct snap {
    uint8_t dst[MAX_FILTERS];
    bool flood[NV];
};
struct verdict {
    unsigned drop; // counter index of a transmit drop, 0xFF = wire frame without receiver, 0xFE none
    bool to_wire, strip, mcast;
    unsigned n;
    uint8_t to[NV]; // as routed, before drain
};

extern struct frame frames[MAX_FRAMES];
extern unsigned nframes;
extern struct filter filters[MAX_FILTERS];
extern unsigned nfilters;
extern struct vport vports[NV];
extern struct snap snaps[MAX_EPOCHS];
extern unsigned closed;                    // frames model_close has accounted
extern unsigned epoch_issued, epoch_acked; // moves sent, moves acknowledged
extern uint64_t cnt[NV][WEIR_VPORT_CNT_COUNT], cnt_sw[WEIR_SW_CNT_COUNT];
extern bool link_up;
extern unsigned fate_bad;                                     // of 256 fates, how many carry a reason
extern unsigned p_tx, p_prx, p_rx_ready, p_ptx_ready, p_fate; // of 16: how often a side moves
extern uint64_t rx_frames_seen, rx_last_cycle, ptx_frames_seen, ptx_last_cycle;
extern unsigned nfences;
struct fence {
    uint8_t vport;
    uint32_t token;
    unsigned epoch, beats, first_reason;
    bool bump;
};
extern struct fence fences[MAX_EPOCHS];

// drive.c
// bench.h keeps the model and the generator once per source file, so the case hands its own to the others.
void sw_reset_bench(struct weir_rtl *model, uint64_t seed);
void model_attach(struct weir_rtl *model);
void sw_step(void);
void sw_csr_write(unsigned addr, uint32_t v);
uint32_t sw_csr_read(unsigned addr);
bool sw_quiet(void);
void sw_drain(void); // run until everything sent has come out and the switch says idle
unsigned frame_bytes(unsigned id, uint8_t *out, bool inner); // inner: as the switch sees it, else as the queue sends it
void sw_move(int filter, unsigned dst, int leave, int join, int fence, bool force);

// model.c
void model_verdict(const struct frame *f, const struct snap *s, struct verdict *v);
unsigned model_deliveries(const struct verdict *v); // copies that reach rx
void model_close(void);                             // at idle: every frame accounted, counters and ledger compared
void model_set_vport(unsigned v, struct vport cfg);
void model_add_filter(uint64_t mac, unsigned mode, unsigned vid, unsigned dst, unsigned bank);
#endif
