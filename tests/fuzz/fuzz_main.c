// SPDX-License-Identifier: Apache-2.0
// Drives a fuzz entry with seeded random inputs where there is no libFuzzer: fuzz_x [RUNS] [SEED] [FIRST RUN].
// Run n of a seed is the same bytes everywhere. On a failure the last line says how to run that one again.
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define MAX_BYTES 2048u
static unsigned long run, seed = 1;

static void say_where(void) {
    fprintf(stderr, "run %lu of seed %lu; again: fuzz_mbox 1 %lu %lu\n", run, seed, seed, run);
}

static void on_abort(int sig) {
    (void)sig;
    say_where();
    _Exit(1);
}

int main(int argc, char **argv) {
    static uint8_t data[MAX_BYTES];
    unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, first = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
    seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
    printf("seed %lu, runs %lu to %lu\n", seed, first, first + runs - 1);
    fflush(stdout);
    signal(SIGABRT, on_abort);
    __sanitizer_set_death_callback(say_where);
    for (run = first; run < first + runs; run++) {
        uint64_t s = (seed * 0x9E3779B97F4A7C15ull) ^ (run * 0xD1B54A32D192ED03ull) ^ 0x57454952;
        size_t size = 0;
        for (unsigned i = 0; i < MAX_BYTES; i++) {
            s ^= s >> 12;
            s ^= s << 25;
            s ^= s >> 27;
            data[i] = (uint8_t)(s * 0x2545F4914F6CDD1Dull >> 56);
        }
        size = 64 + (size_t)(s >> 32) % (MAX_BYTES - 64);
        (void)LLVMFuzzerTestOneInput(data, size);
    }
    printf("%lu runs, nothing found\n", runs);
    return 0;
}
