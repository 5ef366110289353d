// SPDX-License-Identifier: Apache-2.0
// See hal_keep.h. The journal holds the old bytes of what was touched since the last commit. `used` is written behind
// the entry it counts, so a core may die between any two instructions.
#include "hal_keep.h"

#include "hal_lib.h"
#include "hal_shared.h"

#define ROOM 3072u // a command touches a few entries of each table
#define ALL 0xFFFFFFFFu
// To be raised when a variable that is kept comes to mean something else with the same name and size: nothing else
// tells a program that it cannot use what the one before it left.
#define HAL_KEEP_MEANING 1u
#define TRIES 3u

struct entry {
    uint8_t *at;
    uint32_t bytes; // behind it, padded to whole entries
};
static HAL_KEEP(keep) struct {
    uint32_t mark;
    volatile uint32_t used;
    _Alignas(struct entry) uint8_t room[ROOM];
} keep;

#ifdef WEIR_HOST
static uint32_t mark_of_image(void) {
    return 0x57454952u;
}
static void clear(void) {}
#else
// Of the linker script.
extern uint32_t __keep_start[], __keep_end[];
// Of boot/keep_layout.sh, which links each program twice: a sum over names, sizes and places of what is kept. Another
// program that has the same goes on with what this one leaves.
extern const uint8_t keep_layout[];
static uint32_t mark_of_image(void) {
    return (uint32_t)(uintptr_t)keep_layout ^ HAL_KEEP_MEANING;
}
static void clear(void) {
    // bound: the words of the section
    for (uint32_t *p = __keep_start; p < __keep_end; p++) {
        *p = 0;
    }
}
#endif

static size_t padded(size_t bytes) {
    return (bytes + sizeof(struct entry) - 1) / sizeof(struct entry) * sizeof(struct entry);
}

static void order(void) {
    __asm__ volatile("" ::: "memory");
}

void hal_keep_undo(void) {
    // bound: ROOM
    for (uint32_t at = 0; at < keep.used;) {
        struct entry e;
        memcpy(&e, keep.room + at, sizeof(e));
        memcpy(e.at, keep.room + at + sizeof(e), e.bytes);
        at += (uint32_t)(sizeof(e) + padded(e.bytes));
    }
    order();
    keep.used = 0;
}

bool hal_keep_start(bool power_on) {
    uint32_t mark = mark_of_image();
    HAL_SHARED->tries = power_on ? 0 : HAL_SHARED->tries + 1;
    // Tried too often, not a word of them is read any more: one may be damaged.
    if (power_on || HAL_SHARED->tries > TRIES || keep.mark != mark || keep.used > ROOM) {
        hal_keep_forget();
        return false;
    }
    return true;
}

void hal_keep_forget(void) {
    clear();
    keep.used = 0;
    keep.mark = mark_of_image();
}

void hal_keep_good(void) {
    HAL_SHARED->tries = 0;
}

// Not inlined: rarely where time counts, and there are many.
__attribute__((noinline)) void hal_keep_touch(void *at, size_t bytes) {
    struct entry e = {.at = at, .bytes = (uint32_t)bytes};
    uint32_t used = keep.used;
    if (used == ALL) {
        return;
    }
    // bound: ROOM
    for (uint32_t i = 0; i < used;) {
        struct entry old;
        memcpy(&old, keep.room + i, sizeof(old));
        if (old.at == e.at) {
            // The first that was touched counts: of more of the same object, only the rest is noted.
            if (old.bytes >= e.bytes) {
                return;
            }
            e.at += old.bytes;
            e.bytes -= old.bytes;
        }
        i += (uint32_t)(sizeof(old) + padded(old.bytes));
    }
    if (sizeof(e) + padded(e.bytes) > ROOM - used) {
        hal_keep_touch_all();
        return;
    }
    memcpy(keep.room + used, &e, sizeof(e));
    memcpy(keep.room + used + sizeof(e), e.at, e.bytes);
    order();
    keep.used = used + (uint32_t)(sizeof(e) + padded(e.bytes));
    order();
}

void hal_keep_touch_all(void) {
    keep.used = ALL;
    order();
}

void hal_keep_commit(void) {
    order();
    keep.used = 0;
    order();
}
