// SPDX-License-Identifier: Apache-2.0
// How long hand-overs take at 100 Gb/s of card time, see bench rows 14 and 15.
#ifndef WEIR_TEST_FAILOVER_TIMES_H
#define WEIR_TEST_FAILOVER_TIMES_H

#include <stdbool.h>
#include <stdint.h>

// The worst of several, in card cycles from the request to the end of the hand-over: what is sent takes the new path
// and the old one has nothing left.
struct fw_times {
    uint64_t to_vf, to_synthetic, surprise;
    uint64_t lost, ledger; // frames that the surprises lost, and that their records say they did
};

// One guest of qps queue pairs. backlog: the wire brings it 100 Gb/s of frames of 60 to 1514 bytes and it has as many
// to send as its adapter takes, all the time; else nobody sends anything. Fails the test when a planned one loses,
// doubles or reorders a frame.
void fw_times(unsigned qps, bool backlog, struct fw_times *t);

#endif
