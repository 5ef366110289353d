// SPDX-License-Identifier: Apache-2.0
// One hostile client of weir-sim's server beside two quiet ones, all in one thread: the server runs inside this
// process, turn after turn, so that figures are card cycles and the same in every run. The quiet ones read a register
// now and then, at any phase of a turn; the hostile one keeps its socket full.
#ifndef WEIR_TEST_STORM_H
#define WEIR_TEST_STORM_H

#define STORM_SAMPLES 300u // round trips of each quiet client

struct storm_result {
    double pf, vf;  // 99th percentile of a round trip, cycles
    unsigned asked; // messages the storm got through, or connections
};

// Name of storm number `nth`, NULL behind the last.
const char *storm_name(unsigned nth);
// Runs it; -1: nobody attacks.
struct storm_result storm_run(int nth);
// The worse of the two quiet clients, against the same client alone.
double storm_ratio(const struct storm_result *r, const struct storm_result *alone);

#endif
