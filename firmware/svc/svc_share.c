// SPDX-License-Identifier: Apache-2.0
// How much of this core's time each function's commands took of late while others waited. One that took its share comes
// behind the others: whoever asks without an end waits for his like, and whoever asks now and then waits for nobody
// (threat T3). What is taken while nobody waits is nobody's loss: counted, it would put one that asks now and then
// behind many that only begin.
#include "hal/hal_ctrl.h"
#include "svc.h"
#include "weir_abi.h"

#define WINDOW_CYCLES 524288u // 2 ms: what was taken counts half after each
#define DUST_CYCLES 512u      // about a command: who took less asks no more

static uint32_t taken[WEIR_NUM_FNS];
static uint32_t all, asking; // the sum, and how many it is of
static uint32_t window;

void svc_share_age(void) {
    // bound: 17, after which nothing of it is left
    for (unsigned n = 0; hal_ctrl_expired(window, WINDOW_CYCLES); n++) {
        window = n < 16 ? window + WINDOW_CYCLES : hal_ctrl_cycle();
        all = asking = 0;
        for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
            taken[fn] = taken[fn] < 2 * DUST_CYCLES ? 0 : taken[fn] / 2;
            all += taken[fn];
            asking += taken[fn] != 0 ? 1 : 0;
        }
    }
}

void svc_share_took(unsigned fn, uint32_t cycles) {
    if (hal_mbox_waiting()) {
        cycles = cycles < WINDOW_CYCLES ? cycles : WINDOW_CYCLES;
        asking += taken[fn] == 0 ? 1 : 0;
        taken[fn] += cycles;
        all += cycles;
    }
}

// More than three quarters of what those who ask took on average: of equals that is each, however many they are. One
// whose turn then passes without a request of his is among the first again, in hardware (MBOX_DONE.LATER).
bool svc_share_spent(unsigned fn) {
    return fn != 0 && 4 * asking * taken[fn] > 3 * all;
}
