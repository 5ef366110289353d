// SPDX-License-Identifier: Apache-2.0
// Runs cmocka tests one process each, so that every one starts with the firmware as after power-on.
// `test_x` runs all, `test_x <name>` one; an unknown name fails.
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNIT_MAIN(tests)                                                                                               \
    int main(int argc, char **argv) {                                                                                  \
        return unit_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));                                         \
    }

int unit_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count);

#endif
