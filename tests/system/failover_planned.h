// SPDX-License-Identifier: Apache-2.0
// Planned hand-overs at line rate (acceptance test A1): cases of test_failover.
#ifndef WEIR_TEST_FAILOVER_PLANNED_H
#define WEIR_TEST_FAILOVER_PLANNED_H

#include "failover_world.h"

void planned_both_ways_loses_nothing(uint64_t seed);
void planned_on_eight_queues(uint64_t seed);
void planned_without_a_backlog(uint64_t seed);
void planned_of_a_slow_guest(uint64_t seed);
void planned_of_a_slow_guest_on_eight_queues(uint64_t seed);
void planned_print_counts(struct fw *f);

#endif
