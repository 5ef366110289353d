// SPDX-License-Identifier: Apache-2.0
// Resets of functions, in steps: STOP (queue pairs at rest; needs core 1) -> RSS_RESET (its RSS as it began) -> REST
// (nothing of the function is in the DMA engines or queued for its vPort any more) -> the end. The hardware does by
// itself what cannot wait: when a reset begins it stops DMA, interrupts and doorbells and empties the mailbox, and for
// the host the reset is over when the last read is back (pcie 28-32). Until FLR_DONE nothing of the function's next
// generation gets further than its mailbox, so a step that cannot be taken yet delays this function only.
#include "hal/hal_ctrl.h"
#include "hal/hal_lib.h"
#include "hal/hal_pcie.h"
#include "queue/ipc.h"
#include "steer/steer.h"
#include "svc.h"

// 100 ms, what PCIe grants a reset: longer than the DMA engines wait for a completion unless the host's
// Device Control 2 says otherwise (40 ms).
#define IDLE_CYCLES 25000000u
#define FLUSH_CYCLES 250000u // 1 ms

enum step { NONE = 0, STOP, RSS_RESET, REST };
static struct {
    uint8_t step; // enum step
    bool sent;    // in REST: the fence is under way
    uint32_t since;
} resets[WEIR_NUM_FNS];
static uint8_t active[WEIR_NUM_FNS]; // functions in reset, in no order
static unsigned num_active;
static unsigned turn; // whose step it is, in active
static bool unknown;  // the hardware holds what a firmware before this one put there

void svc_restarted(void) {
    unknown = true;
}

bool svc_must_sweep(void) {
    return unknown;
}

bool svc_reset_active(unsigned fn) {
    return fn < WEIR_NUM_FNS && resets[fn].step != NONE;
}

enum weir_status svc_fn_strip(unsigned fn) {
    enum weir_status status = ipc_queue_map(fn, 0, 0);
    return status == WEIR_OK ? ipc_queue_rate(fn, IPC_RATE_FN, 0, 0) : status;
}

// The PF and the VFs before `vfs`.
static enum weir_status strip_all(unsigned vfs) {
    enum weir_status status = WEIR_OK;
    // bound: WEIR_NUM_FNS
    for (unsigned fn = 0; fn <= vfs && status == WEIR_OK; fn++) {
        status = svc_fn_strip(fn);
    }
    return status;
}

enum weir_status svc_sweep(void) {
    enum weir_status status = ipc_queue_kill(0, WEIR_NUM_QPS);
    if (status == WEIR_OK) {
        status = strip_all(WEIR_NUM_VFS);
    }
    if (status != WEIR_OK) {
        return status;
    }
    for (unsigned fn = 1; fn < WEIR_NUM_FNS; fn++) {
        hal_pcie_operational(fn, false);
    }
    steer_sweep();
    unknown = false;
    return WEIR_OK;
}

// Brings a function's queue pairs to rest; with the PF goes the whole switch.
static enum weir_status stop(unsigned fn) {
    enum weir_status status;
    int vport;
    if (fn == 0) {
        status = unknown ? svc_sweep() : ipc_queue_kill(0, WEIR_NUM_QPS);
        if (status == WEIR_OK) {
            // VFs not allocated have nothing.
            status = strip_all(svc_vf_max());
        }
        if (status == WEIR_OK) {
            steer_reset();
            svc_vf_reset_all();
            svc_event_clear();
            // What only the PF sets, as it is at power-on.
            svc_log_set_level(WEIR_LOG_INFO);
            hal_port_enable(true);
        }
        return status;
    }
    if (unknown) {
        // Which queue pairs are its own is not known; it gets none back before the PF has begun anew.
        hal_pcie_operational(fn, false);
    }
    vport = steer_vport_of_vf(fn - 1);
    if (vport < 0) {
        return WEIR_OK;
    }
    steer_vport_down((unsigned)vport);
    return ipc_queue_kill(steer_vport((unsigned)vport)->qp_base, steer_vport((unsigned)vport)->num_qps);
}

// The other half of what a VF's driver could set; policies are the PF's and stay.
static void rss_reset(unsigned fn) {
    int vport = fn > 0 ? steer_vport_of_vf(fn - 1) : -1;
    if (vport >= 0) {
        steer_rss_anew((unsigned)vport, steer_vport((unsigned)vport)->num_qps);
    }
}

static void end(unsigned fn) {
    svc_hello_set(fn, false);
    hal_pcie_flr_done(fn);
    svc_reset_ended(fn);
}

void svc_reset_ended(unsigned fn) {
    int vport = fn > 0 ? steer_vport_of_vf(fn - 1) : -1;
    if (fn == 0) {
        return;
    }
    if (vport >= 0 && hal_pcie_visible(fn)) {
        steer_vport_up((unsigned)vport);
    }
    svc_vf_resetting(fn - 1, false);
    if (svc_vf(fn - 1) != NULL && svc_vf(fn - 1)->state != WEIR_VF_FREE) {
        svc_event(WEIR_FW_EVENT_VF_FLR, fn - 1, 0, 0);
    }
}

static bool flushed(unsigned fn) {
    int vport = fn > 0 ? steer_vport_of_vf(fn - 1) : -1;
    if (vport < 0) {
        return true;
    }
    resets[fn].sent = resets[fn].sent || steer_flush_begin((unsigned)vport);
    return resets[fn].sent && steer_flush_done((unsigned)vport);
}

static bool at_rest(unsigned fn) {
    uint32_t since = resets[fn].since;
    return (!hal_dma_busy(fn) || hal_ctrl_expired(since, IDLE_CYCLES)) &&
           (flushed(fn) || hal_ctrl_expired(since, FLUSH_CYCLES));
}

// True when the reset has ended.
static bool step(unsigned fn) {
    uint8_t *at = &resets[fn].step;
    if (*at == STOP) {
        *at = stop(fn) == WEIR_OK ? RSS_RESET : STOP;
        return false;
    }
    if (*at == RSS_RESET) {
        rss_reset(fn);
        *at = REST;
        resets[fn].since = hal_ctrl_cycle();
        // The fence passes the switch while the last reads come back.
        resets[fn].sent = false;
        (void)flushed(fn);
    }
    if (*at != REST || !at_rest(fn)) {
        return false;
    }
    *at = NONE;
    end(fn);
    return true;
}

void svc_reset_begin(unsigned fn) {
    if (fn >= WEIR_NUM_FNS) {
        return;
    }
    if (resets[fn].step == NONE) {
        active[num_active++] = (uint8_t)fn;
    }
    svc_hello_set(fn, false);
    if (fn > 0) {
        svc_vf_resetting(fn - 1, true);
    }
    // Begun again, a reset starts over: STOP is idempotent.
    resets[fn].step = STOP;
}

bool svc_reset_begun(unsigned fn) {
    return fn < WEIR_NUM_FNS && resets[fn].step == STOP;
}

void svc_reset_resume(void) {
    memset(resets, 0, sizeof(resets));
    num_active = turn = 0;
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
        if (hal_pcie_in_flr(fn)) {
            svc_reset_begin(fn);
        }
    }
}

// One step a round, of one function after the other: a VF that resets itself without an end takes a step's time from a
// command, not all of them (threats T3, T26).
bool svc_reset_poll(void) {
    if (num_active == 0) {
        return false;
    }
    turn = turn + 1 < num_active ? turn + 1 : 0;
    if (step(active[turn])) {
        active[turn] = active[--num_active];
    }
    return true;
}
