// SPDX-License-Identifier: Apache-2.0
// weir-sim without its command line: card, host, server, wire and trace in one thread around one poll.
#ifndef WEIR_SIM_RUN_H
#define WEIR_SIM_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "sim_options.h"
#include "tap.h"

struct sim;

struct sim_totals {
    uint64_t cycles, wire_in, wire_out, wire_drops;
    uint64_t tlps, ordered_completions, ordered_interrupts, violations, iommu_faults;
    char first_violation[160];
};

typedef void (*sim_log_fn)(void *ctx, const char *line);

// Boots the card and opens the sockets. NULL with one line in err; nothing is left behind then.
struct sim *sim_new(const struct sim_options *o, sim_log_fn log, void *log_ctx, char *err, size_t err_size);
// Enables --vfs VFs and writes every configuration space to --lspci. 0, or negative errno with one line in err.
int sim_dump(struct sim *s, const struct sim_options *o, char *err, size_t err_size);
// Runs until *stop is set, from a signal handler, say. Each time *pulls has grown the cable of the Ethernet port is
// pulled or plugged in again, with a line about it. 0, or negative errno when waiting fails.
// Each time *upsets has grown an instruction of the card's core 0 is damaged for a moment (card_upset).
int sim_run(struct sim *s, const volatile int *stop, const volatile unsigned *pulls, const volatile unsigned *upsets);
// The TAP device at the other end of the wire; "" without.
void sim_device(const struct sim *s, char name[TAP_NAME_ROOM]);
void sim_totals(const struct sim *s, struct sim_totals *t);
// Closes everything and removes the sockets. 0, or -EIO with one line in err when a file is not whole.
int sim_free(struct sim *s, char *err, size_t err_size);

#endif
