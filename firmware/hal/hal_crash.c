// SPDX-License-Identifier: Apache-2.0
// See hal_crash.h.
#include "hal_crash.h"

#include "hal_ctrl.h"
#include "hal_shared.h"

#define SPAN_SECONDS 60u
#define UNIT_LOG2 24u // of the times: 67 ms; 32 bits of them are nine years
#define SPAN ((uint32_t)(((uint64_t)SPAN_SECONDS * WEIR_CLOCK_HZ) >> UNIT_LOG2))
#define RESTART_CYCLES 64u

void hal_crash_renew(void) {
    HAL_SHARED->crash.count[0] = 0;
    HAL_SHARED->crash.count[1] = 0;
}

bool hal_crash_note(unsigned core) {
    struct hal_crash *c = &HAL_SHARED->crash;
    const uint32_t now = (uint32_t)(hal_ctrl_cycle64() >> UNIT_LOG2);
    volatile uint32_t *at = c->at[core];

    for (unsigned i = 1; i < HAL_CRASHES; i++) {
        at[i - 1] = at[i];
    }
    at[HAL_CRASHES - 1] = now;
    if (c->count[core] < HAL_CRASHES) {
        c->count[core]++;
    }
    if (c->count[core] < HAL_CRASHES || now - at[0] > SPAN) {
        return false;
    }
    hal_crash_renew();
    return true;
}

static void zero(struct hal_crash *c) {
    // bound: the structure's words
    for (volatile uint32_t *p = (volatile uint32_t *)c; p < (volatile uint32_t *)(c + 1); p++) {
        *p = 0;
    }
}

bool hal_crash_begin(void) {
    struct hal_crash *c = &HAL_SHARED->crash;
    bool loop;

    if (hal_ctrl_reset_cause() == HAL_RESET_POWER_ON) {
        zero(c);
        return false;
    }
    loop = c->looping != 0;
    c->looping = 0;
    if (c->end[0] != HAL_END_PLANNED) {
        return hal_crash_note(0) || loop;
    }
    c->end[0] = HAL_END_TOLD; // for this start alone: what hangs next was not planned
    return loop;
}

void hal_crash_restart(void) {
    const uint32_t since = hal_ctrl_cycle();
    HAL_SHARED->crash.end[0] = HAL_END_PLANNED;
    hal_ctrl_watchdog(RESTART_CYCLES);
    while (!hal_ctrl_expired(since, 100 * RESTART_CYCLES)) {
    }
}
