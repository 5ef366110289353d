// SPDX-License-Identifier: Apache-2.0
// Core 0 was restarted: what it kept of the switch is taken over when it makes sense, what follows from it is worked
// out, and the hardware is made to agree, frame by frame without an interruption.
#include "hal/hal_keep.h"
#include "hal/hal_lib.h"
#include "hal/hal_switch.h"
#include "steer_int.h"

// What was kept makes sense; and what follows from it.
static bool take_over(void) {
    memset(steer_qp_used, 0, sizeof(steer_qp_used));
    memset(steer_vport_by_vf, 0, sizeof(steer_vport_by_vf));
    if (steer_sw.num_vports > WEIR_NUM_VPORTS || steer_sw.num_qps > WEIR_NUM_QPS ||
        steer_sw.exists != steer_vports[0].used) {
        return false;
    }
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        const struct steer_vport *v = &steer_vports[i];
        if (!v->used) {
            continue;
        }
        if (i >= steer_sw.num_vports || v->qp_base + v->num_qps > steer_sw.num_qps ||
            v->state > WEIR_VPORT_DEACTIVATED ||
            (v->vf != STEER_NO_VF && (v->vf >= WEIR_NUM_VFS || steer_vport_by_vf[v->vf] != 0 || v->fn != v->vf + 1u))) {
            return false;
        }
        // bound: WEIR_NUM_QPS, a vPort has no more
        for (unsigned qp = v->qp_base; qp < v->qp_base + v->num_qps; qp++) {
            if (steer_qp_used[qp]) {
                return false;
            }
            steer_qp_used[qp] = true;
        }
        if (v->vf != STEER_NO_VF) {
            steer_vport_by_vf[v->vf] = (uint8_t)i;
        }
    }
    return steer_filter_check();
}

bool steer_resume(void) {
    if (!take_over()) {
        return false;
    }
    for (unsigned i = 0; i < WEIR_NUM_VPORTS; i++) {
        struct steer_vport *v = &steer_vports[i];
        v->filters = v->sources = v->flushes = 0;
        if (v->used) {
            hal_switch_vport_qps(i, v->qp_base, v->num_qps);
            hal_switch_vport_tci(i, v->tci);
        } else {
            v->flood = false;
        }
        hal_switch_vport(i, v->used ? steer_vport_config(v) : 0);
        // Only where it may differ: it advances the epoch, and nobody tells the parent.
        if (steer_flood_unsure(i)) {
            steer_move_flood(i, v->flood);
        }
        if (!v->used) {
            hal_switch_vport_qps(i, 0, 0);
        }
    }
    steer_move_resume();
    steer_filter_resume();
    steer_policy_resume();
    return true;
}
