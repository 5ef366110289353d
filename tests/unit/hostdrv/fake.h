// SPDX-License-Identifier: Apache-2.0
// Stands in for queue pairs, a VF and a PF: what they would deliver is scripted, what they are asked to do is written
// down.
#ifndef FAKE_H
#define FAKE_H

#include "weir/pf.h"
#include "weir/vf.h"

#define FAKE_MAX 4096u

// ---- queue pairs (fake_qp.c) ----

struct weir_qp {
    struct {
        uint8_t frame[64]; // its first bytes
        size_t len;
        struct weir_tx_offload offload;
    } tx[FAKE_MAX];
    struct {
        uint8_t frame[64];
        struct weir_rx_info info;
    } rx[FAKE_MAX];
    unsigned rx_head, rx_tail;
    unsigned ring; // transmit entries
    unsigned rung;
    bool removed;
    struct weir_qp_stats stats;
};

void fake_qp_reset(struct weir_qp *q);
// A frame in the receive ring; its bytes are dst, src, type 88B5 and `number` (or `type`, when not 0).
void fake_rx(struct weir_qp *q, const uint8_t *dst, const uint8_t *src, uint8_t number, struct weir_rx_info info);
void fake_fence(struct weir_qp *q, uint32_t token, uint8_t epoch);
// The card looked up n more frames.
void fake_complete(struct weir_qp *q, unsigned n);
uint8_t fake_number(const void *frame);
void fake_frame(uint8_t frame[64], const uint8_t *dst, const uint8_t *src, uint8_t number);

// ---- a VF (fake_vf.c) ----

struct weir_vf {
    struct weir_qp qp[2];
    bool open, surprised, must_stop, deaf; // deaf: a doorbell is lost at each look
    unsigned watched;
    uint32_t clock; // the card's
    bool mute;      // answers no read
    int open_result;
    unsigned opened, closed;
};
extern struct weir_vf fake_vf;

// ---- a PF (fake_pf.c) ----

struct weir_pf {
    struct weir_qp qp[2];
    char log[4096]; // one word a command: "alloc 0;vport 1;..."
    struct {
        const char *command;
        int err;
        unsigned times;
    } fail;
    uint8_t epoch;
    uint32_t cycle;
    uint32_t clock; // the card's
    uint32_t token; // of the last move
    unsigned vfs;   // allocated, one bit each
    uint64_t counter[32];
    bool armed;
    bool forgot;                     // the filters of its vPorts
    uint16_t vf_of[WEIR_NUM_VPORTS]; // of those created, VF + 1
    bool dead;
    bool link_down;
    bool taken_over;
    struct weir_get_filter_rsp filter[8]; // what a driver before this one left
    unsigned num_filters;
    unsigned irqs;
    struct weir_event event[7];
    unsigned num_events;
};
extern struct weir_pf fake_pf;
void fake_pf_reset(void);
// The next `times` commands of that name answer err.
void fake_pf_fail(const char *command, int err, unsigned times);
void fake_pf_event(unsigned kind, unsigned a, uint32_t b, uint32_t c);

#endif
