// SPDX-License-Identifier: Apache-2.0
// A program on the core alone: memory, the tohost convention of the public RISC-V tests, counts.
#ifndef WEIR_MACHINE_H
#define WEIR_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "elf32.h"

enum machine_end { MACHINE_EXIT, MACHINE_LIMIT, MACHINE_ASLEEP };

struct machine_result {
    enum machine_end end;
    uint32_t code; // with MACHINE_EXIT
    uint64_t cycles, instructions;
    double seconds;     // of processor time, without loading
    uint32_t irq_worst; // with an interrupt period: cycles from the line to the first instruction retired
    double irq_mean;
};

struct machine;

// NULL when out of memory or, with *wrong set, when the program needs more memory than there is.
struct machine *machine_new(const struct elf32 *e, const char **wrong);
void machine_free(struct machine *m);
// trace: a line for each instruction, or NULL. console: what the program prints. irq_period: cycles between interrupts,
// 0 none.
struct machine_result machine_run(struct machine *m, uint64_t max_cycles, FILE *trace, FILE *console,
                                  uint32_t irq_period);
uint32_t machine_word(struct machine *m, uint32_t addr); // 0 where there is no memory
bool machine_has_tohost(const struct machine *m);

#endif
