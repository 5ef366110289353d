// SPDX-License-Identifier: Apache-2.0
// How much of this core's time each function's commands took of late. One that took much comes behind the others:
// whoever asks without an end waits for his like, and whoever asks now and then waits for nobody (threat T3).
#include "hal/hal_ctrl.h"
#include "svc.h"
#include "weir_abi.h"

#define WINDOW_CYCLES 524288u // 2 ms: what was taken counts half after each
#define LITTLE_CYCLES 8192u   // some ten commands, such as a driver's start takes

static uint32_t taken[WEIR_NUM_FNS];
static uint32_t window;
static uint32_t much; // a sixteenth of what each of those who ask has when all take what they get

static void age(void) {
    // bound: 17, after which nothing of it is left
    for (unsigned n = 0; hal_ctrl_expired(window, WINDOW_CYCLES); n++) {
        unsigned asking = 1;
        window = n < 16 ? window + WINDOW_CYCLES : hal_ctrl_cycle();
        for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
            taken[fn] /= 2;
            asking += taken[fn] != 0 ? 1 : 0;
        }
        much = WINDOW_CYCLES / 8 / asking;
    }
}

void svc_share_took(unsigned fn, uint32_t cycles) {
    age();
    taken[fn] += cycles < WINDOW_CYCLES ? cycles : WINDOW_CYCLES;
}

bool svc_share_spent(unsigned fn) {
    return fn != 0 && taken[fn] > much && taken[fn] > LITTLE_CYCLES;
}
