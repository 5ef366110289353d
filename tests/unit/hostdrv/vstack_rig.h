// SPDX-License-Identifier: Apache-2.0
// What the tests of the virtualization stack start from: the stack on a fake PF, and two guests that a test plays by
// hand.
#ifndef VSTACK_RIG_H
#define VSTACK_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake.h"
#include "weir/vstack.h"

#define GUESTS 2u

extern const uint8_t peer[6];

extern struct vstack_rig {
    struct weir_vstack *vs;
    void *area[GUESTS];
    struct weir_channel *guest[GUESTS], *host[GUESTS];
    uint64_t now;
    uint32_t token;
} t;

// Guest i; returns its number.
unsigned add(unsigned i);
// Two guests on a fake PF.
int setup(void **state);
int teardown(void **state);
// Time passes, the stack is polled.
void run(uint64_t us);
// On a machine that gives the card, and us, a hundredth of the time.
void run_busy(uint64_t us);
// The commands the PF saw since the last look.
void expect_pf(const char *log);
void expect_state(unsigned guest, enum weir_vstack_state state);
// The messages in a guest's channel; remembers the token of an association.
void expect_guest(unsigned i, const char *what);
void guest_switch(unsigned i, bool to_vf, enum weir_why why, uint32_t token);
void guest_released(unsigned i, uint64_t posted, uint64_t taken);
void guest_frame(unsigned i);
// The last move's fence on both of the PF's rings.
void fences(void);
// The whole way to the VF.
void to_attached(unsigned i);
const struct weir_vstack_record *last(void);
void poll_idle(unsigned n);

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
