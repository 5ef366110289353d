// SPDX-License-Identifier: Apache-2.0
// Benchmark rows: each is one deterministic scenario on a fresh card; figures are card cycles unless the unit says
// else. A row that cannot be measured yet says "not measured"; nothing is guessed.
#ifndef WEIR_BENCH_ROWS_H
#define WEIR_BENCH_ROWS_H

#include <stdbool.h>

struct bench_row {
    const char *id;     // row of the goal table
    const char *metric; // with traffic, host latency and queue count
    const char *unit;
    const char *peer;
    double goal; // at most this, or at least when at_least
    bool at_least;
    double (*run)(void); // NULL: not measured yet
};

// Frames of 64 or 1514 bytes through the PF's queues; latency of host reads in cycles.
struct bench_load {
    unsigned queues, latency, bytes;
    bool tx, rx;
};
struct bench_rate {
    double tx, rx;                     // cycles per frame, 0 when there were none
    double tlps, bytes_up, bytes_down; // per frame (or per pair when both directions run)
    double dropped;                    // share of received frames that were dropped
};
struct bench_rate bench_throughput(struct bench_load load);
// Cycles from the doorbell's TLP to the frame's last beat on the wire; from the frame's last beat to its completion.
double bench_doorbell_to_wire(unsigned latency);
double bench_wire_to_completion(unsigned latency);
double bench_vf_to_vf_latency(void);
double bench_flr(void);
// Card cycles per second of wall time, with traffic and without.
double bench_sim_speed(bool busy);

#endif
