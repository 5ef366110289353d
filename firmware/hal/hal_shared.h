// SPDX-License-Identifier: Apache-2.0
// RAM shared by both cores: one request slot from core 0 to core 1, a ring of queue events back, and the log ring.
// Every word has one writer. A request is core 0's until it advances `req_seq` and rings core 1; the answer is core 1's
// until it sets `rsp_seq` to the same number.
#ifndef HAL_SHARED_H
#define HAL_SHARED_H

#include <stdint.h>

#include "weir_abi.h"
#include "weir_mbox.h"

#define HAL_SHARED_EVENTS 32u
#define HAL_SHARED_LOG_BYTES 8192u // power of two

#define HAL_CAUSE_DAMAGED 19u // mcause: a word of the core's memory was damaged
#define HAL_CAUSE_HUNG 24u    // no mcause: the core's watchdog reset it, and it had not panicked
#define HAL_CRASHES 3u        // of a core within a minute are a crash loop (hal_crash.h)

// A core's last panic: the words of GET_PANIC. Written by the core that panics, zeroed by the ROM at power-on only.
struct hal_panic {
    volatile uint32_t count;
    volatile uint32_t word[WEIR_PANIC_WORDS];
};

// How a VF's frames spread: what its driver or the PF wrote last. The switch's own registers cannot be read.
struct hal_rss {
    _Alignas(4) uint8_t entry[WEIR_RSS_ENTRIES];
    uint8_t key[WEIR_RSS_KEY_BYTES];
};

// What vPorts counted in generations that are over, so that the card's ledger balances from power-on to power-off,
// whoever drives the PF. Zeroed at power-on only.
struct hal_past {
    volatile uint64_t value[2][WEIR_VPORT_CNT_COUNT];
    volatile uint32_t state; // 0: which of the two holds; 15:8: vPort + 1 whose counters, part of the sum by now, are
                             // yet to be cleared
};

// What the ROM chose at this start of core 0 (struct boot_choice of boot/boot_decide.h).
struct hal_boot {
    volatile uint32_t kind, slot; // enum boot_kind, enum flash_map_slot
    volatile uint32_t version, counter, floor;
};

// How a core came to its end. Its next start finds UNTOLD when it hung.
enum hal_end { HAL_END_UNTOLD, HAL_END_TOLD, HAL_END_PLANNED };

// Restarts that nobody asked for; zeroed at power-on only.
struct hal_crash {
    volatile uint32_t end[2];             // each core its own, of core 0 also the ROM: enum hal_end
    volatile uint32_t count[2];           // the ROM, of core 1 core 0: crashes of a core, up to HAL_CRASHES
    volatile uint32_t at[2][HAL_CRASHES]; // the same: when, the last one last
    volatile uint32_t looping;            // core 0: core 1 is in a crash loop
    volatile uint32_t loops;              // the ROM: crash loops since power-on, and of the last one:
    volatile uint32_t slot, outcome;      // enum flash_map_slot that looped, enum boot_fall of boot/boot_decide.h
};

struct hal_shared {
    volatile uint32_t req_seq;                  // core 0
    volatile uint32_t op;                       // core 0: enum queue_op
    volatile uint32_t arg[12];                  // core 0
    volatile uint32_t given_up;                 // core 0: request it no longer waits for; not to be begun any more
    volatile uint32_t rsp_seq;                  // core 1
    volatile uint32_t status;                   // core 1: enum weir_status
    volatile uint32_t ret[8];                   // core 1
    volatile uint32_t ready1;                   // core 1: runs its main loop
    volatile uint32_t beat1;                    // core 1: heartbeat
    volatile uint32_t restarts1;                // core 1: times its watchdog brought it back
    volatile uint32_t ev_head;                  // core 1: events written
    volatile uint32_t ev_tail;                  // core 0: events taken
    volatile uint32_t event[HAL_SHARED_EVENTS]; // core 1: 15:0 queue pair, 23:16 reason
    volatile uint32_t log_head;                 // core 0: bytes ever written
    volatile uint32_t tries;                    // core 0: restarts since it last got to work (hal_keep.h)
    volatile uint32_t creating;                 // core 1: queue pair + 1 that was nobody's and that CREATE gives its
                                                // rings; core 0 clears it for its next command
    volatile char log[HAL_SHARED_LOG_BYTES];    // core 0
    struct hal_panic panic[2];                  // each core its own
    struct hal_rss rss[WEIR_NUM_VFS];           // core 0
    struct hal_past past;                       // core 0
    struct hal_boot boot;                       // the ROM
    struct hal_crash crash;                     // the ROM, and the cores
};
_Static_assert(sizeof(struct hal_shared) <= WEIR_SHARED_BYTES, "shared RAM");

#ifdef WEIR_HOST
extern struct hal_shared hal_shared_ram;
#define HAL_SHARED (&hal_shared_ram)
#else
#define HAL_SHARED ((struct hal_shared *)0x20000000u)
#endif

#endif
