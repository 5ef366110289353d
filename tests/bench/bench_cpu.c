// SPDX-License-Identifier: Apache-2.0
// Row 23: the embedded core alone. weir-core runs core-work with one-cycle memory and prints JSON; Yosys counts cells.
// Both are programs of their own, started here: a process holds one Verilated model.
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_cpu.h"

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

double bench_cpu_cpi(void) {
    return run("").cpi;
}

double bench_cpu_irq(void) {
    return run("--irq-period 977").irq;
}

double bench_cpu_cycles(void) {
    struct core_run r = fastest();
    return r.seconds > 0 ? r.cycles / r.seconds / 1e6 : 0;
}

double bench_cpu_instructions(void) {
    struct core_run r = fastest();
    return r.seconds > 0 ? r.instructions / r.seconds / 1e6 : 0;
}

double bench_cpu_lut(void) {
    FILE *p = popen(WEIR_AREA_CPU " --brief", "r");
    int lut = 0;
    if (p == NULL)
        return -1;
    if (fscanf(p, "%d", &lut) != 1)
        lut = -1;
    return pclose(p) == 0 ? lut : -1;
}
