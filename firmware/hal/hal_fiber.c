// SPDX-License-Identifier: Apache-2.0
// See hal_fiber.h. What a call may change (ra, s0 to s11, sp) is all that is kept of whoever does not run.
#include "hal_fiber.h"

#include <stddef.h>
#include <stdint.h>

#define PAINT 0xF1BEF1BEu

static uint32_t stack[HAL_FIBER_STACK / 4] __attribute__((aligned(16)));
static void (*entry)(void);
static bool there, inside;

static void paint(void) {
    // bound: the stack's words
    for (unsigned i = 0; i < HAL_FIBER_STACK / 4; i++) {
        stack[i] = PAINT;
    }
}

unsigned hal_fiber_used(void) {
    unsigned unused = 0;
    // bound: the stack's words
    while (unused < HAL_FIBER_STACK / 4 && (stack[unused] == PAINT || stack[unused] == 0)) {
        unused++;
    }
    return HAL_FIBER_STACK - 4 * unused;
}

#ifdef WEIR_HOST
#include <sanitizer/common_interface_defs.h> // the host's firmware is always built with the sanitizers
#include <ucontext.h>

// A host's functions need more than the core's.
static uint8_t host_stack[256 * 1024];
static ucontext_t loop, fiber;
static const void *loop_stack;
static size_t loop_bytes;

static void body(void) {
    __sanitizer_finish_switch_fiber(NULL, &loop_stack, &loop_bytes);
    entry();
    there = false;
    __sanitizer_start_switch_fiber(NULL, loop_stack, loop_bytes);
}

void hal_fiber_begin(void (*run)(void)) {
    entry = run;
    there = true;
    paint();
    getcontext(&fiber);
    fiber.uc_stack.ss_sp = host_stack;
    fiber.uc_stack.ss_size = sizeof(host_stack);
    fiber.uc_link = &loop;
    makecontext(&fiber, body, 0);
}

static void to_fiber(void) {
    void *kept;
    __sanitizer_start_switch_fiber(&kept, host_stack, sizeof(host_stack));
    swapcontext(&loop, &fiber);
    __sanitizer_finish_switch_fiber(kept, NULL, NULL);
}

static void to_loop(void) {
    void *kept;
    __sanitizer_start_switch_fiber(&kept, loop_stack, loop_bytes);
    swapcontext(&fiber, &loop);
    __sanitizer_finish_switch_fiber(kept, &loop_stack, &loop_bytes);
}
#else
#define SAVED 16u // words: 13 registers, and the stack stays a multiple of 16 bytes

static uintptr_t loop_sp, fiber_sp;

// Keeps what runs at *from and goes on with what was kept at `to`.
__attribute__((naked, noinline, used)) static void change(__attribute__((unused)) uintptr_t *from,
                                                          __attribute__((unused)) uintptr_t to) {
    __asm__ volatile("addi sp, sp, -64\n"
                     "sw ra, 0(sp)\n"
                     "sw s0, 4(sp)\n"
                     "sw s1, 8(sp)\n"
                     "sw s2, 12(sp)\n"
                     "sw s3, 16(sp)\n"
                     "sw s4, 20(sp)\n"
                     "sw s5, 24(sp)\n"
                     "sw s6, 28(sp)\n"
                     "sw s7, 32(sp)\n"
                     "sw s8, 36(sp)\n"
                     "sw s9, 40(sp)\n"
                     "sw s10, 44(sp)\n"
                     "sw s11, 48(sp)\n"
                     "sw sp, 0(a0)\n"
                     "mv sp, a1\n"
                     "lw ra, 0(sp)\n"
                     "lw s0, 4(sp)\n"
                     "lw s1, 8(sp)\n"
                     "lw s2, 12(sp)\n"
                     "lw s3, 16(sp)\n"
                     "lw s4, 20(sp)\n"
                     "lw s5, 24(sp)\n"
                     "lw s6, 28(sp)\n"
                     "lw s7, 32(sp)\n"
                     "lw s8, 36(sp)\n"
                     "lw s9, 40(sp)\n"
                     "lw s10, 44(sp)\n"
                     "lw s11, 48(sp)\n"
                     "addi sp, sp, 64\n"
                     "ret\n");
}

static void body(void) {
    entry();
    there = false;
    change(&fiber_sp, loop_sp);
}

void hal_fiber_begin(void (*run)(void)) {
    entry = run;
    there = true;
    paint();
    stack[HAL_FIBER_STACK / 4 - SAVED] = (uint32_t)(uintptr_t)body; // as `ra`, where change() looks for it
    fiber_sp = (uintptr_t)&stack[HAL_FIBER_STACK / 4 - SAVED];
}

static void to_fiber(void) {
    change(&loop_sp, fiber_sp);
}

static void to_loop(void) {
    change(&fiber_sp, loop_sp);
}
#endif

bool hal_fiber_go(void) {
    if (!there) {
        return false;
    }
    inside = true;
    to_fiber();
    inside = false;
    if (stack[0] != PAINT) { // its stack has overflowed into other variables: a defect, which panics
        __builtin_trap();
    }
    return true;
}

void hal_fiber_pause(void) {
    if (inside) {
        to_loop();
    }
}
