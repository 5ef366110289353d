// SPDX-License-Identifier: Apache-2.0
// A host driver's queue pair and the reference of what must happen to it: every frame's bytes and meta, every
// completion's fields, phases and order, nothing lost, nothing twice.
#ifndef QUEUE_DRIVER_H
#define QUEUE_DRIVER_H

#include "harness.h"

enum { TX_WINDOW = 4096, RX_WINDOW = 4096, TX_SLOT = 2048, RX_SLOT = 2048 };

struct txf {
    uint32_t len, seed, vport, tci;
    uint16_t tag;
    uint8_t epoch;
    bool cpl_req, l3, l4, vlan;
};

struct hq {
    bool open;
    bool merged_ok; // the completion ring may run full: completions of several cpl_req frames may merge
    bool unheard;   // its frames are not compared
    bool cancel_ok; // the test breaks this queue: cancelled frames are expected
    unsigned qp, fn, page, vport, vec, txlog, rxlog, cqlog;
    uint64_t txr, rxr, cqr, txb, rxb;
    uint16_t tx_prod, tx_cons, rx_prod, rx_used, cq_head, cq_rung;
    struct txf tx[TX_WINDOW];
    uint32_t posted, sent, done, completed, cancelled; // frames
    uint32_t tx_cpls;
    uint16_t rx_id[RX_WINDOW], rx_len64[RX_WINDOW];
    bool stream;                    // receive buffers take many frames
    uint16_t rx_off;                // in the stream buffer at hand, units of 64 bytes
    struct rx_send want[RX_WINDOW]; // disposition 0, completion outstanding
    uint16_t want_slot[RX_WINDOW], want_off[RX_WINDOW];
    unsigned inl; // of 8: how many small frames lie in the ring
    uint32_t inlined, pushed;
    uint32_t want_head, want_tail;
    uint32_t rx_ok, rx_drop[32], rx_cpls, fences;
    uint64_t
        former_until; // until this cycle a whole frame of the former generation may still leave the block's last FIFO
    uint64_t alt[5];  // the other generation's rings and buffers: what that generation still writes is not ours
};

struct hq_config {
    unsigned qp, fn, page, txlog, rxlog, cqlog;
};

extern struct hq hqs[QPS];

void driver_init(struct weir_rtl *model, uint64_t seed);
struct hq *hq_open(struct hq_config c); // allocates rings, LOAD, TX_ON, RX_ON; FN_MAP is the caller's
void hq_load(struct hq *q);             // LOAD again and start from zero on both sides
void hq_reload(struct hq *q,
               bool clear_first); // LOAD in the midst of traffic, onto other rings; one queue of a case only
void hq_cmd(const struct hq *q, unsigned op);
uint32_t hq_status(const struct hq *q);
void fn_map(unsigned fn, unsigned base, unsigned count);
unsigned hq_tx_room(const struct hq *q);
unsigned hq_rx_room(const struct hq *q);
void hq_tx_raw(struct hq *q, uint64_t lo, uint64_t hi); // next descriptor with the right phase, XOR bit 127 as given
void hq_rx_raw(struct hq *q, uint64_t lo, uint64_t hi);
void hq_tx(struct hq *q, unsigned len, unsigned segs, bool cpl_req);
void hq_push(struct hq *q, unsigned len, bool cpl_req); // a frame in the ring and in its doorbell
void hq_rx(struct hq *q, unsigned len64);
void hq_ring_tx(struct hq *q);
void hq_ring_rx(struct hq *q);
void hq_ring_cq(struct hq *q, bool arm);
unsigned hq_poll(struct hq *q);                 // completions consumed
void hq_send(const struct hq *q, unsigned len); // a frame from the switch to this queue
void hq_fence(const struct hq *q);
void hq_finish(struct hq *q); // settled: everything is accounted for
uint32_t event_pop(void);
void expect_error(const struct hq *q, unsigned reason);
void perf_run(void);
void perf_cut_rates(void);
void perf_cut_places(void);
void perf_cut_alone(void);
// bench_queue_share.c
void share_pushed_first(void);
void share_pushed_not_only(void);
void share_batches_are_bounded(void);
void share_line_is_short(void);
void share_others_keep_theirs(void);
void share_doorbell_flood(void);
void share_frames_gather(void);
void share_completions_thin_out(void);
// bench_queue_moderation.c
void hold_sixteen_in_one(void);
void moderation_ends_with_age(void);
void moderation_ends_with_quiet(void);
void moderation_ends_with_arm(void);
void moderation_ends_with_fetched(void);
// bench_queue_state.c
void state_moves_in_traffic(void);
void state_pending_ingress(void);
void state_full_ring(void);
void state_behind_completions(void);
void state_force_irq(void);
void state_any_record(void);
void state_fetch_fails(void);
void state_offset_beyond_buffer(void);
#endif
