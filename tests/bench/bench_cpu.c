// SPDX-License-Identifier: Apache-2.0
// Row 23: the embedded core alone. weir-core runs core-work with one-cycle memory and prints JSON; Yosys counts cells.
// Both are programs of their own, started here: a process holds one Verilated model.
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

struct core_run {
    double cpi, cycles, instructions, seconds, irq;
    bool good;
};

static double member(struct json_object *o, const char *name) {
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) ? json_object_get_double(v) : -1;
}

static struct core_run run(const char *arguments) {
    struct core_run r = {0};
    char command[1024], line[1024] = "";
    struct json_object *o;
    FILE *p;
    snprintf(command, sizeof(command), "%s run %s --json %s", WEIR_CORE, WEIR_CORE_WORK, arguments);
    p = popen(command, "r");
    if (p == NULL)
        return r;
    if (fgets(line, sizeof(line), p) == NULL)
        line[0] = '\0';
    r.good = pclose(p) == 0;
    o = json_tokener_parse(line);
    r.good = r.good && o != NULL;
    r.cpi = member(o, "cpi");
    r.cycles = member(o, "cycles");
    r.instructions = member(o, "instructions");
    r.seconds = member(o, "seconds");
    r.irq = member(o, "irq_latency_worst");
    json_object_put(o);
    if (!r.good)
        fprintf(stderr, "bench: '%s' failed\n", command);
    return r;
}

// The fastest of three: what others do on the machine only slows.
static struct core_run fastest(void) {
    struct core_run best = run("");
    for (int i = 0; i < 2; i++) {
        struct core_run r = run("");
        if (r.seconds < best.seconds)
            best = r;
    }
    return best;
}

// Figures: 0 cycles per instruction of core-work; 1 worst cycles from the line to the first instruction of its handler.
BENCH_SCENARIO(bench_cpu) {
    struct core_run r = run("");
    (void)setup;
    if (r.good)
        figure[0].value = r.cpi;
    r = run("--irq-period 977");
    if (r.good)
        figure[1].value = r.irq;
}

// Figures: simulated 0 cycles, 1 instructions per second of processor time, millions.
BENCH_SCENARIO(bench_cpu_speed) {
    struct core_run r = fastest();
    (void)setup;
    if (!r.good || r.seconds <= 0)
        return;
    figure[0].value = r.cycles / r.seconds / 1e6;
    figure[1].value = r.instructions / r.seconds / 1e6;
}

// Cells of Yosys' synth_xilinx.
BENCH_SCENARIO(bench_cpu_cells) {
    FILE *p = popen(WEIR_AREA_CPU " --brief", "r");
    int lut = 0, read;
    (void)setup;
    if (p == NULL)
        return;
    read = fscanf(p, "%d", &lut);
    if (pclose(p) == 0 && read == 1)
        figure[0].value = lut;
}
