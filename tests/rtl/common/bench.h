// SPDX-License-Identifier: Apache-2.0
// What every block bench shares: a seeded generator, bit access to the packed ports, checks that print where and when,
// and the choice of a case by name. Header-only; a bench is one program.
#ifndef WEIR_BENCH_H
#define WEIR_BENCH_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir_rtl.h"

// xorshift64*: small, seeded, the same on every machine.
// Weak, so that a bench of several source files shares one generator and one model.
__attribute__((weak)) uint64_t bench_state = 1;
static inline uint64_t bench_rand(void) {
    bench_state ^= bench_state >> 12;
    bench_state ^= bench_state << 25;
    bench_state ^= bench_state >> 27;
    return bench_state * 0x2545F4914F6CDD1DULL;
}
static inline uint32_t bench_below(uint32_t n) {
    return (uint32_t)((bench_rand() >> 32) * n >> 32);
}

// Bits [lsb, lsb+width) of a word array, width 1..64.
static inline uint64_t bench_get(const uint32_t *w, unsigned lsb, unsigned width) {
    uint64_t v = 0;
    for (unsigned got = 0; got < width;) {
        unsigned at = lsb + got;
        v |= (uint64_t)(w[at / 32] >> (at % 32)) << got;
        got += 32 - at % 32;
    }
    return width >= 64 ? v : v & (((uint64_t)1 << width) - 1);
}
static inline void bench_put(uint32_t *w, unsigned lsb, unsigned width, uint64_t v) {
    for (unsigned put = 0; put < width;) {
        unsigned at = lsb + put;
        unsigned n = 32 - at % 32 < width - put ? 32 - at % 32 : width - put;
        uint32_t mask = (uint32_t)(((uint64_t)1 << n) - 1) << (at % 32);
        w[at / 32] = (w[at / 32] & ~mask) | ((uint32_t)(v >> put) << (at % 32) & mask);
        put += n;
    }
}

// A failed check ends the program with status 1: place, cycle and the message.
__attribute__((weak)) struct weir_rtl *bench_model;
__attribute__((weak)) uint64_t bench_seed; // of the run at hand
__attribute__((format(printf, 3, 4), noreturn)) static inline void bench_fail(const char *file, int line,
                                                                              const char *fmt, ...) {
    va_list ap;
    fprintf(stderr, "%s:%d: seed %" PRIu64 ", cycle %" PRIu64 ": ", file, line, bench_seed,
            bench_model != NULL ? weir_rtl_cycles(bench_model) : 0);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}
#define CHECK(cond, ...)                                                                                               \
    do {                                                                                                               \
        if (!(cond))                                                                                                   \
            bench_fail(__FILE__, __LINE__, __VA_ARGS__);                                                               \
    } while (0)

struct bench_case {
    const char *name;
    void (*run)(void);
};

__attribute__((weak)) void (*bench_summary)(void); // said behind a case's line, if there is one

static inline void bench_run(const struct bench_case *c, uint64_t seed) {
    bench_seed = seed;
    bench_state = seed * 0x9E3779B97F4A7C15ULL + 1;
    weir_rtl_random((uint32_t)seed);
    bench_model = weir_rtl_new();
    if (bench_model == NULL)
        bench_fail(__FILE__, __LINE__, "out of memory");
    c->run();
    printf("%s: ok, seed %" PRIu64 ", %" PRIu64 " cycles\n", c->name, seed, weir_rtl_cycles(bench_model));
    if (bench_summary != NULL)
        bench_summary();
    weir_rtl_free(bench_model);
    bench_model = NULL;
}

// In a process of its own, so that no run finds what one before it left in the bench's variables: each seed can be run
// again alone. Returns its status; one that a signal ended counts as a crash does for the shell.
static inline int bench_run_apart(const struct bench_case *c, uint64_t seed) {
    int status = 1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        bench_run(c, seed);
        exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Runs the case named in argv[1] on fresh models, or all; argv[2] is the seed of stimulus and of what registers and
// memories hold before reset. Without: seeds 1 to WEIR_BENCH_SEEDS of the environment (default 2), each to its end, and
// the status is the first failure's. Prints what it ran.
static inline int bench_main(int argc, char **argv, const struct bench_case *cases, unsigned n) {
    const char *seeds = getenv("WEIR_BENCH_SEEDS");
    uint64_t last = seeds != NULL ? strtoull(seeds, NULL, 0) : 2;
    unsigned ran = 0;
    int status = 0;
    for (unsigned i = 0; i < n; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        ran++;
        if (argc > 2) {
            bench_run(&cases[i], strtoull(argv[2], NULL, 0)); // in this process: for a debugger
            continue;
        }
        for (uint64_t seed = 1; seed <= last; seed++) {
            int of_run = bench_run_apart(&cases[i], seed);
            status = status != 0 ? status : of_run;
        }
    }
    if (ran == 0) {
        fprintf(stderr, "no case named '%s'\n", argc > 1 ? argv[1] : "");
        return 2;
    }
    return status;
}

#endif
