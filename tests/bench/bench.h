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
    bool line; // large frames at the line rate of 100 Gb/s, too
};
struct bench_rate {
    double tx, rx;                     // cycles per frame, 0 when there were none
    double tlps, bytes_up, bytes_down; // per frame (or per pair when both directions run)
    double dropped;                    // share of received frames that were dropped
    double speed;                      // card cycles per second of wall time
};
struct bench_rate bench_throughput(struct bench_load load);
// Frames of every length, sent as fast as the card takes them: how much more than any longer one the worst length
// costs, and how many bytes more than its own the card gets from the host for a frame, headers of TLPs included.
struct bench_sweep {
    double worst, bytes_over;
};
struct bench_sweep bench_sweep(unsigned queues, unsigned latency, unsigned pieces);
// Cycles from the doorbell's TLP to the frame's last beat on the wire; from the frame's last beat to its completion.
double bench_doorbell_to_wire(unsigned latency);
double bench_wire_to_completion(unsigned latency);
double bench_vf_to_vf_latency(void);
double bench_flr(void);
// Bytes on the link, the busier direction, per transmitted and received frame, each of another VF than the one before.
double bench_burst_one(void);
double bench_fairness(void);
double bench_rate_error(void);
// Per cent of the victim's frames that get through, and its 99th percentile of round trips as a multiple of that alone,
// without and with doorbells that fill the host's link.
void bench_victim(double *goodput, double *latency, double *flooded);
// A register access beside the worst of the storms on another socket of the simulator, 99th percentile against alone.
double bench_storm(void);
double bench_posted_stalls(void);
double bench_active_cost(void);
// Longest time without a frame written while a filter moves, frames at line rate.
double bench_move_gap(void);
// Medians of planned hand-overs, from the question to the end; of surprises the longest time to the synthetic path.
void bench_handover(double *to_vf, double *to_synthetic, double *surprise);
// Frames of a burst of 1,024 at line rate that 1,024 posted buffers behind 250-cycle reads lose.
double bench_burst_lost(void);
// Card cycles per second of wall time without traffic; share of a processor that an idle simulator uses.
double bench_sim_rest(void);
double bench_sim_idle(void);
// An 8-queue VF under traffic: bytes of its state, cycles of each call of the PF driver, the longest of 6 moves.
struct bench_state {
    double bytes, stop, save, load, run;
};
void bench_state(struct bench_state *r);
// The table as a page with bars; 0 or -1.
int bench_html(const char *path, const struct bench_row *rows, const double *value, unsigned n);

#endif
