// SPDX-License-Identifier: Apache-2.0
// What flashtest.c writes into the flash, for those who look at it from outside.
#ifndef WEIR_FLASHTEST_H
#define WEIR_FLASHTEST_H

#include <stdint.h>

#define TEST_PAGE 0x800000u
#define TEST_BLOCK 0x810000u  // erased
#define TEST_RESULT 0x820000u // RESULT_FIRST; a page further RESULT_PASS
#define TEST_GUARDED 0x830000u
#define RESULT_FIRST 0x46315354u
#define RESULT_PASS 0x50415353u
#define LONGEST_TURN 4000u // cycles

struct flashtest_result {
    uint32_t magic;
    uint32_t longest; // turn of the main loop, cycles
    uint32_t program_cycles, erase_cycles;
};

#endif
