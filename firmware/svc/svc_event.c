// SPDX-License-Identifier: Apache-2.0
// Events for the PF driver: a ring the PF empties with GET_EVENTS; overflow is counted, never silent.
#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "svc.h"

#define RING 64u

static struct weir_event ring[RING];
static uint32_t head, tail;
static uint16_t lost;

void svc_event(unsigned kind, unsigned a, uint32_t b, uint32_t c) {
    if (head - tail == RING) {
        lost++;
    } else {
        ring[head++ % RING] = (struct weir_event){.kind = (uint16_t)kind, .a = (uint16_t)a, .b = b, .c = c, .cycle_lo = hal_ctrl_cycle()};
    }
    hal_fn_event(0, 0, 1u << (WEIR_FN_EVENT_EVENTS_BIT - 32));
}

void svc_event_take(struct weir_get_events_rsp *rsp) {
    memset(rsp, 0, sizeof(*rsp));
    while (rsp->count < 7 && tail != head) {
        rsp->event[rsp->count++] = ring[tail++ % RING];
    }
    rsp->lost = lost;
    lost = 0;
    // The bit must not be lost for what is left.
    if (tail != head) {
        hal_fn_event(0, 0, 1u << (WEIR_FN_EVENT_EVENTS_BIT - 32));
    }
}
