// SPDX-License-Identifier: Apache-2.0
// cmocka with what it wants included first, a seeded generator, and one case by name.
#ifndef WEIR_TEST_SIM_UNIT_H
#define WEIR_TEST_SIM_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t unit_state = 1;

static inline uint32_t unit_rand(void) {
    unit_state ^= unit_state >> 12;
    unit_state ^= unit_state << 25;
    unit_state ^= unit_state >> 27;
    return (uint32_t)(unit_state * 0x2545F4914F6CDD1Dull >> 32);
}

// WEIR_SEED in the environment repeats a run.
static inline void unit_seed(void) {
    const char *text = getenv("WEIR_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 1;
    unit_state = seed * 0x9E3779B97F4A7C15ull + 1;
    printf("seed %llu\n", (unsigned long long)seed);
}

// `test_x` runs all cases, `test_x <name>` one; an unknown name fails. Without what `there` says is needed: status 77.
#define UNIT_MAIN_IF(there, tests)                                                                                     \
    int main(int argc, char **argv) {                                                                                  \
        size_t known = argc > 1 ? 0 : 1;                                                                               \
        unit_seed();                                                                                                   \
        for (size_t i = 0; argc > 1 && i < sizeof(tests) / sizeof(tests[0]); i++)                                      \
            known += strcmp(tests[i].name, argv[1]) == 0;                                                              \
        if (argc > 1)                                                                                                  \
            cmocka_set_test_filter(argv[1]);                                                                           \
        if (known != 0 && !(there))                                                                                    \
            return 77;                                                                                                 \
        return known != 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 2;                                             \
    }
#define UNIT_MAIN(tests) UNIT_MAIN_IF(true, tests)

#endif
