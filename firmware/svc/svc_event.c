// SPDX-License-Identifier: Apache-2.0
// Events for the PF driver: a ring the PF empties with GET_EVENTS; overflow is counted, never silent.
#include "hal/hal_ctrl.h"
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_switch.h"
#include "steer/steer.h"
#include "svc.h"

// Room for what all VFs together can cause, and as much again for the rest.
#define RING 512u
#define ERRORS_PER_FN 3u

static HAL_KEEP(event_ring) struct weir_event ring[RING];
static HAL_KEEP(event_head) volatile uint32_t head;
static HAL_KEEP(event_tail) volatile uint32_t tail;
static HAL_KEEP(event_lost) uint16_t lost;
// Worked out from the ring.
static uint8_t errors[WEIR_NUM_FNS]; // QP_ERROR events in the ring, by function
static bool flr[WEIR_NUM_VFS];       // a VF_FLR event is in the ring

static void tell_pf(void) {
    hal_fn_event(0, 0, 1u << (WEIR_FN_EVENT_EVENTS_BIT - 32));
}

// A function's share of the ring.
static bool in_share(unsigned kind, unsigned a) {
    switch (kind) {
    case WEIR_FW_EVENT_QP_ERROR:
        return a < WEIR_NUM_FNS && errors[a] < ERRORS_PER_FN;
    default:
        return true;
    }
}

static void count_share(unsigned kind, unsigned a, bool in) {
    if (kind == WEIR_FW_EVENT_QP_ERROR) {
        errors[a] = (uint8_t)(in ? errors[a] + 1 : errors[a] - 1);
    } else if (kind == WEIR_FW_EVENT_VF_FLR) {
        flr[a] = in;
    }
}

void svc_event(unsigned kind, unsigned a, uint32_t b, uint32_t c) {
    if (kind == WEIR_FW_EVENT_VF_FLR && (a >= WEIR_NUM_VFS || flr[a])) {
        return; // the PF has yet to read that this VF was reset; once says it all
    }
    if (head - tail == RING || !in_share(kind, a)) {
        lost = (uint16_t)(lost + (lost != UINT16_MAX));
    } else {
        // In the ring before it counts: this core may be restarted in between.
        ring[head % RING] =
            (struct weir_event){.kind = (uint16_t)kind, .a = (uint16_t)a, .b = b, .c = c, .cycle_lo = hal_ctrl_cycle()};
        head = head + 1;
        count_share(kind, a, true);
    }
    tell_pf();
}

void svc_event_take(struct weir_get_events_rsp *rsp) {
    memset(rsp, 0, sizeof(*rsp));
    hal_keep_touch((void *)&tail, sizeof(tail));
    hal_keep_touch(&lost, sizeof(lost));
    // bound: 7
    while (rsp->count < 7 && tail != head) {
        const struct weir_event *e = &ring[tail % RING];
        tail = tail + 1;
        count_share(e->kind, e->a, false);
        rsp->event[rsp->count++] = *e;
    }
    rsp->lost = lost;
    lost = 0;
    // The bit must not be lost for what is left.
    if (tail != head) {
        tell_pf();
    }
}

void svc_event_clear(void) {
    tail = head;
    lost = 0;
    memset(errors, 0, sizeof(errors));
    memset(flr, 0, sizeof(flr));
}

// Told before the hardware forgets it: rather twice than not at all.
static void tell_fence(const struct hal_event *e) {
    if (e->kind == WEIR_HW_EVENT_FENCE_DONE && steer_fence_done(e->arg, e->token)) {
        svc_event(WEIR_FW_EVENT_FENCE_DONE, e->arg, e->token, e->reason);
    }
    hal_switch_event_done();
}

bool svc_event_switch(void) {
    struct hal_event e;
    if (!hal_switch_event(&e)) {
        return false;
    }
    tell_fence(&e);
    return true;
}

void svc_event_resume(void) {
    struct hal_event left;
    if (head - tail > RING) {
        tail = head;
    }
    memset(errors, 0, sizeof(errors));
    memset(flr, 0, sizeof(flr));
    // bound: RING
    for (uint32_t i = tail; i != head; i++) {
        const struct weir_event *e = &ring[i % RING];
        if (e->kind != WEIR_FW_EVENT_QP_ERROR && e->kind != WEIR_FW_EVENT_VF_FLR) {
            continue;
        }
        if (e->a < (e->kind == WEIR_FW_EVENT_VF_FLR ? WEIR_NUM_VFS : WEIR_NUM_FNS)) {
            count_share(e->kind, e->a, true);
        }
    }
    if (hal_switch_event_left(&left)) {
        tell_fence(&left);
    }
}
