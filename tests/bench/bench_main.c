// SPDX-License-Identifier: Apache-2.0
// `./weir bench`: prints the goal table with what was measured, writes bench.json. --json prints the JSON instead.
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bench_cpu.h"

static double tx8(void) {
    return bench_throughput((struct bench_load){8, 0, 60, true, false}).tx;
}
static double rx8(void) {
    return bench_throughput((struct bench_load){8, 0, 60, false, true}).rx;
}
static double slower(struct bench_rate r) {
    return r.tx > r.rx ? r.tx : r.rx;
}
static double both8(void) {
    return slower(bench_throughput((struct bench_load){8, 0, 60, true, true}));
}
static double both1(void) {
    return slower(bench_throughput((struct bench_load){1, 0, 60, true, true}));
}
static double tx250(void) {
    return bench_throughput((struct bench_load){8, 250, 60, true, false}).tx;
}
static double rx250(void) {
    return bench_throughput((struct bench_load){8, 250, 60, false, true}).rx;
}
static double big(void) {
    return slower(bench_throughput((struct bench_load){8, 0, 1514, true, true}));
}
static double big_drops(void) {
    return bench_throughput((struct bench_load){8, 0, 1514, true, true}).dropped * 100;
}
static double bytes64(void) {
    struct bench_rate r = bench_throughput((struct bench_load){8, 0, 60, true, true});
    return r.bytes_up > r.bytes_down ? r.bytes_up : r.bytes_down;
}
static double tlps64(void) {
    return bench_throughput((struct bench_load){8, 0, 60, true, true}).tlps;
}
static double door0(void) {
    return bench_doorbell_to_wire(0);
}
static double door250(void) {
    return bench_doorbell_to_wire(250);
}
static double wire0(void) {
    return bench_wire_to_completion(0);
}
static double wire250(void) {
    return bench_wire_to_completion(250);
}
static double busy(void) {
    return bench_sim_speed(true) / 1000;
}
static double rest(void) {
    return bench_sim_speed(false) / 1000;
}

static const struct bench_row rows[] = {
    {"1", "64 B TX only, 8 queues, instant host", "cycles/frame", "Corundum 7.00", 2.0, false, tx8},
    {"2", "64 B RX only, 8 flows, instant host", "cycles/frame", "Corundum 7.29", 2.0, false, rx8},
    {"3", "64 B TX and RX at once, 8 queues, slower way", "cycles/frame", "Corundum 14.2", 3.0, false, both8},
    {"4", "64 B TX and RX at once, one queue, slower way", "cycles/frame", "Corundum 12.34", 3.0, false, both1},
    {"5a", "64 B TX only, 8 queues, 250-cycle host reads", "cycles/frame", "Corundum 19.3", 3.0, false, tx250},
    {"5b", "64 B RX only, 8 flows, 250-cycle host reads", "cycles/frame", "Corundum 22.7", 3.0, false, rx250},
    {"6a", "1514 B both ways, 8 queues, slower way", "cycles/frame", "Corundum 30.8", 25.0, false, big},
    {"6b", "  share of received frames dropped", "%", "drops", 0.0, false, big_drops},
    {"7", "PCIe bytes per direction, 64 B, TX and RX at once", "bytes/pair", "Enso 79", 97, false, bytes64},
    {"8", "burst-1: every frame another VF's queue", "bytes", "~193", 126, false, NULL},
    {"9", "TLPs per TX and RX pair, 64 B, backlog", "TLPs", "mlx5 1.7", 1.7, false, tlps64},
    {"10a", "doorbell to wire, 64 B, instant host", "cycles", "Corundum 115", 40, false, door0},
    {"10b", "doorbell to wire, 64 B, 250-cycle reads", "cycles", "Corundum 613", 540, false, door250},
    {"11a", "wire to completion, 64 B, instant host", "cycles", "Corundum 113", 30, false, wire0},
    {"11b", "wire to completion, 64 B, 250-cycle reads", "cycles", "Corundum 362", 30, false, wire250},
    {"12", "VF to VF inside the card, doorbell to completion", "cycles", "none published", 60, false,
     bench_vf_to_vf_latency},
    {"13", "planned failover: gap in delivery at the card", "cycles", "Oasis 38 ms", 60, false, NULL},
    {"14", "whole hand-over, guest asks to TX on the new path", "cycles", "none published", 25000, false, NULL},
    {"15", "surprise removal: time to the synthetic path", "cycles", "~0.3 s", 250000, false, NULL},
    {"16", "FLR of a VF", "cycles", "100 ms spec", 512, false, bench_flr},
    {"17", "migration state of an 8-queue VF", "bytes", "ice 128 KiB", 4096, false, NULL},
    {"18", "fairness of 64 greedy VFs (Jain)", "", "-", 0.999, true, NULL},
    {"19", "rate limit error", "%", "Carousel 0.5", 0.5, false, NULL},
    {"20", "victim VF under the worst attacker: goodput", "%", "BlueField-3 6.1", 95, true, NULL},
    {"21", "posted-write stalls a VF can cause", "", "not reported", 0, false, NULL},
    {"22", "cost per frame, 64 active VFs vs 1", "ratio", "not reported", 1.05, false, NULL},
    {"23a", "embedded core: core-work", "cycles/insn", "Ibex 1.19", 1.3, false, bench_cpu_cpi},
    {"23b", "  cells, synth_xilinx -abc9", "LUT", "PicoRV32 1801", 2500, false, bench_cpu_lut},
    {"23c", "  interrupt line to its handler's first instruction", "cycles", "-", 4, false, bench_cpu_irq},
    {"23d", "  simulated alone", "Mcycles/s", "PicoRV32 13.8", 5, true, bench_cpu_cycles},
    {"23e", "  simulated alone", "Minsn/s", "Ibex 4.9", 5, true, bench_cpu_instructions},
    {"24a", "simulator, busy", "kcycles/s", "Corundum 170", 850, true, busy},
    {"24b", "simulator, card without traffic, not skipped", "kcycles/s", "-", 0, true, rest},
    {"25", "simulator idle: share of one processor", "%", "-", 2, false, NULL},
};

int main(int argc, char **argv) {
    bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    bool tty = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL;
    struct json_object *all = json_object_new_array();
    unsigned measured = 0, met = 0, n = sizeof(rows) / sizeof(rows[0]);

    // The scenarios print their own lines; the table is what this program is for.
    FILE *out = fdopen(dup(STDOUT_FILENO), "w");
    if (out == NULL || freopen("/dev/null", "w", stdout) == NULL)
        return 1;
    if (!as_json)
        fprintf(out, "%-4s %-52s %-13s %10s %10s  %s\n", "row", "metric", "unit", "goal", "measured", "best peer");
    for (unsigned i = 0; i < n; i++) {
        const struct bench_row *r = &rows[i];
        struct json_object *o = json_object_new_object();
        double v = r->run != NULL ? r->run() : 0;
        bool ok = r->run != NULL && (r->at_least ? v >= r->goal : v <= r->goal + 0.0001);
        measured += r->run != NULL;
        met += ok;
        json_object_object_add(o, "row", json_object_new_string(r->id));
        json_object_object_add(o, "metric", json_object_new_string(r->metric));
        json_object_object_add(o, "unit", json_object_new_string(r->unit));
        json_object_object_add(o, "goal", json_object_new_double(r->goal));
        json_object_object_add(o, "at_least", json_object_new_boolean(r->at_least));
        json_object_object_add(o, "measured", r->run != NULL ? json_object_new_double(v) : NULL);
        json_object_object_add(o, "peer", json_object_new_string(r->peer));
        json_object_array_add(all, o);
        if (as_json)
            continue;
        if (r->run == NULL)
            fprintf(out, "%-4s %-52s %-13s %10g %10s  %s\n", r->id, r->metric, r->unit, r->goal, "not measured",
                    r->peer);
        else
            fprintf(out, "%-4s %-52s %-13s %s%9g %s%10.2f%s  %s\n", r->id, r->metric, r->unit, r->at_least ? ">" : " ",
                    r->goal,
                    !tty ? ""
                    : ok ? "\033[32m"
                         : "\033[33m",
                    v, tty ? "\033[0m" : "", r->peer);
        fflush(out);
    }
    if (as_json)
        fprintf(out, "%s\n", json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY));
    else
        fprintf(out, "%u of %u rows measured, %u goals met; bench.json written\n", measured, n, met);
    if (json_object_to_file_ext("bench.json", all, JSON_C_TO_STRING_PRETTY) != 0)
        fprintf(stderr, "cannot write bench.json here\n");
    json_object_put(all);
    fclose(out);
    return 0;
}
