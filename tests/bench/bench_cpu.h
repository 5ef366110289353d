// SPDX-License-Identifier: Apache-2.0
// Figures of the embedded core alone, with one-cycle memory.
#ifndef WEIR_BENCH_CPU_H
#define WEIR_BENCH_CPU_H

#include <stdbool.h>

double bench_cpu_cpi(void);          // cycles per instruction of core-work
double bench_cpu_lut(void);          // Yosys synth_xilinx; -1: Yosys failed
double bench_cpu_irq(void);          // worst cycles from the line to the first instruction of its handler
double bench_cpu_cycles(void);       // simulated cycles per second of processor time, millions
double bench_cpu_instructions(void); // the same for instructions

#endif
