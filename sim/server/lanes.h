// SPDX-License-Identifier: Apache-2.0
// Card time for many: each client's work runs on a stack of its own and gives way wherever it would run the card, so
// that every client has one access under way and none waits for the end of another's. Whoever owns the card runs it
// and resumes in between; one thread, and a lane is resumed at the same cycle in every run.
#ifndef WEIR_SIM_LANES_H
#define WEIR_SIM_LANES_H

#include <stdbool.h>

struct card;
struct lane;
struct lanes;

// Takes the waits of the card's root complex over until lanes_free. NULL when out of memory.
struct lanes *lanes_new(struct card *card, unsigned count);
// Ends what is under way first: that runs the card, bounded.
void lanes_free(struct lanes *l);
// Lane number 0 comes first wherever several are ready.
struct lane *lanes_get(struct lanes *l, unsigned nth);
bool lane_busy(const struct lane *lane);
// Runs work(arg) until it ends or first waits. The lane must not be busy.
void lane_start(struct lane *lane, void (*work)(void *arg), void *arg);
// Resumes those whose wait is over, once each.
void lanes_resume(struct lanes *l);
unsigned lanes_busy(const struct lanes *l);

#endif
