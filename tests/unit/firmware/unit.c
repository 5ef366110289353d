// SPDX-License-Identifier: Apache-2.0
// See unit.h.
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_one(const struct CMUnitTest *test) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        const struct CMUnitTest one[] = {*test};
        // exit, not _exit: the leak check runs at exit.
        exit(cmocka_run_group_tests_name(test->name, one, NULL, NULL) != 0);
    }
    return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

int unit_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count) {
    int failed = 0;
    size_t ran = 0;
    for (size_t i = 0; i < count; i++) {
        if (argc < 2 || strcmp(argv[1], tests[i].name) == 0) {
            failed += run_one(&tests[i]);
            ran++;
        }
    }
    if (ran == 0) {
        fprintf(stderr, "%s: no test is called %s\n", argv[0], argc < 2 ? "anything" : argv[1]);
        return 2;
    }
    return failed != 0;
}
