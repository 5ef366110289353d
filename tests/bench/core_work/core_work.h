// SPDX-License-Identifier: Apache-2.0
// core-work: work of the kinds that CoreMark mixes (list, matrix, state machine, CRC), written for Weir; its figures
// compare with CoreMark's in kind only. The result depends on every step, so the host's and the core's must be equal.
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include <stdint.h>

uint32_t core_work(uint32_t rounds, uint32_t seed);

#endif
