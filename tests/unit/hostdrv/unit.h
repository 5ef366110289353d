// SPDX-License-Identifier: Apache-2.0
// `test_x` runs all tests of the file, `test_x <name>` one; an unknown name fails.
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static inline void unit_waited(int signal) {
    static const char text[] = "check failed: a call waits that must not\n";
    (void)signal;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(1);
}

// Calls from here on must not wait: who does fails the test after so many seconds, long after anything here can take.
// 0 ends that.
static inline void unit_must_not_wait(unsigned seconds) {
    (void)signal(SIGALRM, unit_waited);
    (void)alarm(seconds);
}

static int unit_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count) {
    for (size_t i = 0; argc >= 2 && i < count; i++)
        if (strcmp(argv[1], tests[i].name) == 0) {
            const struct CMUnitTest one[] = {tests[i]};
            return cmocka_run_group_tests_name(argv[1], one, NULL, NULL) != 0;
        }
    if (argc >= 2) {
        fprintf(stderr, "%s: no test is called %s\n", argv[0], argv[1]);
        return 2;
    }
    return _cmocka_run_group_tests(argv[0], tests, count, NULL, NULL) != 0;
}

#define UNIT_MAIN(tests)                                                                                               \
    int main(int argc, char **argv) {                                                                                  \
        return unit_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));                                         \
    }

#endif
