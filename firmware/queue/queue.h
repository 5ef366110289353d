// SPDX-License-Identifier: Apache-2.0
// The queue engines (core 1): life cycle of every PF and VF queue pair as a table of legal transitions, and the service
// that core 0 calls. Core 1 alone touches the QUEUE block.
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_mbox.h"

// What core 0 may ask; arg[] and ret[] as noted. Values are internal to one firmware image.
enum queue_op {
    QUEUE_OP_MAP = 1,     // fn, base, count: doorbell pages of a function
    QUEUE_OP_CREATE = 2,  // qp, fn | vport << 8 | vector << 16, sizes (4 bits each), tx lo hi, rx lo hi, cq lo hi
    QUEUE_OP_DESTROY = 3, // base, count: drain what runs, then disable
    QUEUE_OP_KILL = 4,    // base, count: disable at once; the function's DMA is off
    QUEUE_OP_GET = 5,     // qp -> state | reason << 8, tx pointers, rx pointers, cq pointers
    QUEUE_OP_ARMED = 6,   // base, count -> 1 when every receive ring runs with posted buffers (rules 4.11)
    QUEUE_OP_RATE = 7,    // fn, qp or 0xFFFF = the function, Mb/s (0 = no limit), weight (0 = as it is)
    QUEUE_OP_PARK = 8,    // base, count: bring what runs to rest, with nothing lost; all or none
    QUEUE_OP_RUN = 9,     // base, count: what is parked goes on
    QUEUE_OP_SAVE = 10,   // base, count, address lo hi: a state record each, of parked ones
    QUEUE_OP_LOAD = 11, // base, count, address lo hi, fn | vport << 8 -> the one refused; disabled before, parked then
};

enum queue_event {
    QUEUE_EV_CREATE = 0,
    QUEUE_EV_START = 1,
    QUEUE_EV_DRAIN = 2, // transmit off, wait for what is in flight
    QUEUE_EV_DRAINED = 3,
    QUEUE_EV_ERROR = 4, // malicious-driver detection
    QUEUE_EV_DISABLE = 5,
    QUEUE_EV_PARK = 6, // at rest, its state can be taken; or has just come
    QUEUE_EV_COUNT
};

void queue_init(void);
// State of a queue pair, enum weir_qp_state.
uint8_t queue_state(unsigned qp);
// The state after `event`, or 0xFF when the table forbids it.
uint8_t queue_next(uint8_t state, enum queue_event event);

enum weir_status queue_create(const volatile uint32_t *arg);
enum weir_status queue_destroy(unsigned base, unsigned count);
enum weir_status queue_kill(unsigned base, unsigned count);
enum weir_status queue_get(unsigned qp, volatile uint32_t *ret);
bool queue_armed(unsigned base, unsigned count);
enum weir_status queue_rate(unsigned fn, unsigned qp, uint32_t mbps, unsigned weight);
// State that leaves and enters the card (queue_state.c).
enum weir_status queue_park(unsigned base, unsigned count);
enum weir_status queue_run(unsigned base, unsigned count);
enum weir_status queue_save(unsigned base, unsigned count, uint64_t addr);
// Owner: fn | vport << 8. *refused: which one, when a record is not taken.
enum weir_status queue_load(unsigned base, unsigned count, uint64_t addr, uint32_t owner, volatile uint32_t *refused);
// Takes the hardware's error events, at most a few a call; false when it took none.
bool queue_poll_errors(void);

// ---- between the files of this folder ----
// Goes to the state after `event`; false, and nothing happens, when the table forbids it.
bool queue_step(unsigned qp, enum queue_event event);
bool queue_range(unsigned base, unsigned count); // both within the card
// Waits until QP_STATUS says none of `mask`; false when the bound of 1 ms, counted from `since`, ran out.
bool queue_wait(unsigned qp, uint32_t mask, uint32_t since);

// Core 1's start: state from the hardware, answer to a request that was open when it was reset.
void queue_start(void);
// One round of core 1's main loop: errors first, so that a request never meets one of an earlier generation of its
// queue; then one request of core 0. False when there was nothing to do.
bool queue_round(void);

#endif
