// SPDX-License-Identifier: Apache-2.0
// What vPorts counted in generations that are over. The sum has two places, of which one word says which holds and
// whose counters are in it already but not cleared: a core may die between any two instructions, and nothing is lost or
// counted twice.
#include "hal/hal_lib.h"
#include "hal/hal_shared.h"
#include "hal/hal_switch.h"
#include "steer.h"

#define PAST (&HAL_SHARED->past)

void steer_past_zero(void) {
    for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++) {
        PAST->value[0][i] = 0;
    }
    PAST->state = 0;
}

uint64_t steer_past(unsigned index) {
    return PAST->value[PAST->state & 1][index];
}

void steer_past_resume(void) {
    if (PAST->state > 1) {
        hal_switch_counters_clear((PAST->state >> 8) - 1);
        PAST->state &= 1;
    }
}

void steer_past_end(unsigned vport) {
    unsigned next = ~PAST->state & 1;
    for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++) {
        PAST->value[next][i] = steer_past(i) + hal_switch_counter(vport, i);
    }
    PAST->state = next | (vport + 1) << 8;
    steer_past_resume();
}
