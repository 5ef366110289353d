// SPDX-License-Identifier: Apache-2.0
// Benchmark rows (rows.def): each is one deterministic scenario on a fresh card with one setup. A scenario gives all
// its figures in one run; a row is one of them. Figures are card cycles unless the unit says else. What cannot be
// measured says "not measured"; nothing is guessed.
#ifndef WEIR_BENCH_ROWS_H
#define WEIR_BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_NS_PER_CYCLE 4.0 // the card clock of 250 MHz
#define BENCH_LINE 100u        // Gb/s: 50 bytes a cycle, FCS, preamble and gap included
// PCIe Gen3 x16, 128b/130b: bytes of TLPs a cycle each way. The simulated link has room for more.
#define BENCH_LINK_BYTES 63.0
#define BENCH_PARTS 16u

// What a scenario is run with; printed beside its rows and in bench.json. The rest of the host model is the same for
// all (BENCH_HOST).
struct bench_setup {
    unsigned latency;  // cycles from a host read to its first completion; 0: instant
    unsigned from, to; // bytes of a frame without FCS, shortest and longest; or a mix
    unsigned queues;   // pairs that carry frames, 0: none does
    unsigned gbps;     // of the wire, 0: as fast as the card
};
#define BENCH_HOST "completions of up to 256 bytes in order, 64 bytes a cycle each way, driver looks every 32 cycles"
// Mixes in place of `from`: 7 of 64, 4 of 570, 1 of 1518 bytes with FCS; 1514 bytes one way and 66 the other.
#define BENCH_IMIX 1u
#define BENCH_TCP_IN 2u // 1514 to the host
#define BENCH_TCP_OUT 3u

struct bench_figure {
    double value;              // in the row's unit; NAN: not measured
    double offered, delivered; // frames; 0 and 0 where none are counted
};

enum bench_goal { BENCH_MOST, BENCH_LEAST, BENCH_NONE };

struct bench_row {
    const char *id;     // row of the goal table
    const char *metric; // beginning with two spaces: of the row above
    const char *unit;
    enum bench_goal kind;
    double goal;
    const char *peer;
    struct bench_setup setup;
    // Fills figures, all "not measured" before.
    void (*run)(const struct bench_setup *setup, struct bench_figure figure[BENCH_PARTS]);
    unsigned part; // the row's figure
    bool quick;    // one of the short form
};

extern const struct bench_row bench_rows[];
extern const unsigned bench_row_count;

// Whether the goal is met; a row without one, or not measured, never is.
bool bench_met(const struct bench_row *row, const struct bench_figure *f);
struct bench_golden;
// The table as a page with bars, kept figures beside them, and the curves of sweeps; 0 or -1.
int bench_html(const char *path, const struct bench_figure *figure, const bool *ran, const struct bench_golden *kept);
// Writes the setup's frames, host reads and wire in words.
void bench_words_frames(const struct bench_setup *s, char *to, size_t room);
void bench_words_host(const struct bench_setup *s, char *to, size_t room);
void bench_words_wire(const struct bench_setup *s, char *to, size_t room);

// The scenarios. Each says its parts where it is written.
#define BENCH_SCENARIO(name) void name(const struct bench_setup *setup, struct bench_figure figure[BENCH_PARTS])
BENCH_SCENARIO(bench_tx);
BENCH_SCENARIO(bench_rx);
BENCH_SCENARIO(bench_both);
BENCH_SCENARIO(bench_burst_lost);
BENCH_SCENARIO(bench_sweep_tx);
BENCH_SCENARIO(bench_sweep_pieces);
BENCH_SCENARIO(bench_sweep_rx);
BENCH_SCENARIO(bench_sweep_rx_alone);
BENCH_SCENARIO(bench_busy);
BENCH_SCENARIO(bench_door);
BENCH_SCENARIO(bench_door_unpushed);
BENCH_SCENARIO(bench_door_socket);
BENCH_SCENARIO(bench_door_socket_unpushed);
BENCH_SCENARIO(bench_wire_to_completion);
BENCH_SCENARIO(bench_vf_to_vf);
BENCH_SCENARIO(bench_vf_to_vf_rate);
BENCH_SCENARIO(bench_flr);
BENCH_SCENARIO(bench_burst_one);
BENCH_SCENARIO(bench_fairness);
BENCH_SCENARIO(bench_fairness_rx);
BENCH_SCENARIO(bench_rate_error);
BENCH_SCENARIO(bench_victim);
BENCH_SCENARIO(bench_mailbox);
BENCH_SCENARIO(bench_storm);
BENCH_SCENARIO(bench_posted_stalls);
BENCH_SCENARIO(bench_active_cost);
BENCH_SCENARIO(bench_move_gap);
BENCH_SCENARIO(bench_handover);
BENCH_SCENARIO(bench_state);
BENCH_SCENARIO(bench_sim_rest);
BENCH_SCENARIO(bench_sim_idle);
BENCH_SCENARIO(bench_cpu);
BENCH_SCENARIO(bench_cpu_speed);
BENCH_SCENARIO(bench_cpu_cells);

#endif
