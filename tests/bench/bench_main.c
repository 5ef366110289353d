// SPDX-License-Identifier: Apache-2.0
// `./weir bench`: prints the goal table with what was measured, writes bench.json and bench.html (--help).
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bench_cpu.h"
#include "cli.h"

// One run of a scenario serves all its rows.
static struct bench_rate rate(unsigned queues, unsigned latency, unsigned bytes, bool tx, bool rx) {
    static struct {
        struct bench_load load;
        struct bench_rate rate;
    } known[16];
    static unsigned n;
    struct bench_load l = {queues, latency, bytes, tx, rx, false};
    for (unsigned i = 0; i < n; i++)
        if (known[i].load.queues == queues && known[i].load.latency == latency && known[i].load.bytes == bytes &&
            known[i].load.tx == tx && known[i].load.rx == rx)
            return known[i].rate;
    if (n == sizeof(known) / sizeof(known[0]))
        n--;
    known[n].load = l;
    return known[n++].rate = bench_throughput(l);
}
static double tx8(void) {
    return rate(8, 0, 60, true, false).tx;
}
static double rx8(void) {
    return rate(8, 0, 60, false, true).rx;
}
static double rx8_drops(void) {
    return rate(8, 0, 60, false, true).dropped * 100;
}
static double slower(struct bench_rate r) {
    return r.tx > r.rx ? r.tx : r.rx;
}
static double both8(void) {
    return slower(rate(8, 0, 60, true, true));
}
static double both1(void) {
    return slower(rate(1, 0, 60, true, true));
}
static double tx250(void) {
    return rate(8, 250, 60, true, false).tx;
}
static double rx250(void) {
    return rate(8, 250, 60, false, true).rx;
}
static double big_tx(void) {
    return rate(8, 0, 1514, true, true).tx;
}
static double big_rx(void) {
    return rate(8, 0, 1514, true, true).rx;
}
static double big_drops(void) {
    return rate(8, 0, 1514, true, true).dropped * 100;
}
static double line_drops(void) {
    return bench_throughput((struct bench_load){8, 0, 1514, true, true, true}).dropped * 100;
}
static double bytes64(void) {
    struct bench_rate r = rate(1, 0, 60, true, true);
    return r.bytes_up > r.bytes_down ? r.bytes_up : r.bytes_down;
}
static double tlps64(void) {
    return rate(1, 0, 60, true, true).tlps;
}
static double handover(unsigned which) {
    static double v[3];
    if (v[0] == 0)
        bench_handover(&v[0], &v[1], &v[2]);
    return v[which];
}
static double to_vf(void) {
    return handover(0);
}
static double to_synthetic(void) {
    return handover(1);
}
static double surprise(void) {
    return handover(2);
}
static struct bench_state state(void) {
    static struct bench_state s;
    if (s.bytes == 0)
        bench_state(&s);
    return s;
}
static double state_bytes(void) {
    return state().bytes;
}
static double state_save(void) {
    return state().save;
}
static double state_load(void) {
    return state().load;
}
static double state_stop(void) {
    return state().stop;
}
static double state_run(void) {
    return state().run;
}
static const struct bench_sweep *swept(unsigned i) {
    static struct bench_sweep s[6];
    static const unsigned how[6][3] = {{8, 0, 1}, {1, 0, 1}, {8, 250, 1}, {1, 250, 1}, {8, 0, 2}, {1, 250, 2}};
    if (s[i].worst == 0)
        s[i] = bench_sweep(how[i][0], how[i][1], how[i][2]);
    return &s[i];
}
static double sweep_cost0(void) {
    return swept(0)->worst;
}
static double sweep_bytes0(void) {
    return swept(0)->bytes_over;
}
static double sweep_cost1(void) {
    return swept(1)->worst;
}
static double sweep_bytes1(void) {
    return swept(1)->bytes_over;
}
static double sweep_cost2(void) {
    return swept(2)->worst;
}
static double sweep_bytes2(void) {
    return swept(2)->bytes_over;
}
static double sweep_cost3(void) {
    return swept(3)->worst;
}
static double sweep_bytes3(void) {
    return swept(3)->bytes_over;
}
static double sweep_cost4(void) {
    return swept(4)->worst;
}
static double sweep_bytes4(void) {
    return swept(4)->bytes_over;
}
static double sweep_cost5(void) {
    return swept(5)->worst;
}
static double sweep_bytes5(void) {
    return swept(5)->bytes_over;
}
static double victim(unsigned which) {
    static double v[3];
    if (v[0] == 0)
        bench_victim(&v[0], &v[1], &v[2]);
    return v[which];
}
static double victim_goodput(void) {
    return victim(0);
}
static double victim_latency(void) {
    return victim(1);
}
static double victim_flooded(void) {
    return victim(2);
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
    return rate(8, 0, 1514, true, true).speed / 1000;
}
static double rest(void) {
    return bench_sim_rest() / 1000;
}

static const struct bench_row rows[] = {
    {"1", "64 B TX only, 8 queues, instant host", "cycles/frame", "Corundum 7.00", 2.0, false, tx8},
    {"2", "64 B RX only, 8 flows, instant host", "cycles/frame", "Corundum 7.29", 2.0, false, rx8},
    {"2b", "  share dropped: line rate, unlimited host", "%", "-", 0.0, false, rx8_drops},
    {"2c", "burst of 1,024 at line rate, 250-cycle reads: lost", "frames", "-", 0.0, false, bench_burst_lost},
    {"3", "64 B TX and RX at once, 8 queues, slower way", "cycles/frame", "Corundum 14.2", 3.0, false, both8},
    {"4", "64 B TX and RX at once, one queue, slower way", "cycles/frame", "Corundum 12.34", 3.0, false, both1},
    {"5a", "64 B TX only, 8 queues, 250-cycle host reads", "cycles/frame", "Corundum 19.3", 3.0, false, tx250},
    {"5b", "64 B RX only, 8 flows, 250-cycle host reads", "cycles/frame", "Corundum 22.7", 3.0, false, rx250},
    {"6a", "1514 B both ways, 8 queues, wire at 25.0: TX", "cycles/frame", "Corundum 25.8", 25.0, false, big_tx},
    {"6b", "  RX", "cycles/frame", "Corundum 30.8", 25.0, false, big_rx},
    {"6c", "  share of received frames dropped", "%", "drops", 0.0, false, big_drops},
    {"6d", "  the same at the line rate of 100 Gb/s: dropped", "%", "drops", 0.0, false, line_drops},
    {"7", "PCIe bytes per direction, 64 B both ways, one queue", "bytes/pair", "Enso 79", 97, false, bytes64},
    {"8", "burst-1: TX and RX, every frame another of 64 VFs", "bytes/pair", "~193", 126, false, bench_burst_one},
    {"9", "TLPs per TX and RX pair, 64 B, backlog, one queue", "TLPs", "mlx5 1.7", 1.7, false, tlps64},
    {"10a", "doorbell to wire, 64 B, instant host", "cycles", "Corundum 115", 40, false, door0},
    {"10b", "doorbell to wire, 64 B, 250-cycle reads", "cycles", "Corundum 613", 540, false, door250},
    {"11a", "wire to completion, 64 B, instant host", "cycles", "Corundum 113", 30, false, wire0},
    {"11b", "wire to completion, 64 B, 250-cycle reads", "cycles", "Corundum 362", 30, false, wire250},
    {"12", "VF to VF inside the card, doorbell to completion", "cycles", "none published", 60, false,
     bench_vf_to_vf_latency},
    {"13", "planned failover: gap in delivery at the card", "cycles", "Oasis 38 ms", 64, false, bench_move_gap},
    {"14a", "whole hand-over to the VF, median of 5", "cycles", "none published", 25000, false, to_vf},
    {"14b", "whole hand-over to the synthetic path, median of 5", "cycles", "none published", 25000, false,
     to_synthetic},
    {"15", "surprise removal: to the synthetic path, worst of 5", "cycles", "~0.3 s", 250000, false, surprise},
    {"16", "FLR of a VF", "cycles", "100 ms spec", 512, false, bench_flr},
    {"17a", "migration state of an 8-queue VF", "bytes", "ice 128 KiB", 4096, false, state_bytes},
    {"17b", "  save: PF driver's call, instant host, worst of 6", "cycles", "-", 2500, false, state_save},
    {"17c", "  restore: the same", "cycles", "-", 2500, false, state_load},
    {"17d", "  before: stop it under traffic both ways", "cycles", "-", 0, true, state_stop},
    {"17e", "  after: let it run", "cycles", "-", 0, true, state_run},
    {"18", "fairness of 64 greedy VFs, 1514 B, 1 ms (Jain)", "", "-", 0.999, true, bench_fairness},
    {"19", "rate limit error, worst of 1, 3 and 10 Gb/s", "%", "Carousel 0.5", 0.5, false, bench_rate_error},
    {"20a", "victim VF beside 8 attackers: goodput", "%", "BlueField-3 6.1", 95, true, victim_goodput},
    {"20b", "  its 99th percentile of round trips, against alone", "ratio", "BlueField-3 1117", 1.5, false,
     victim_latency},
    {"20c", "  the same, doorbells fill the host's link", "ratio", "-", 1.5, false, victim_flooded},
    {"20d", "  register access, worst storm on another socket", "ratio", "-", 1.5, false, bench_storm},
    {"21", "posted-write stalls, one VF floods its doorbells", "cycles", "not reported", 0, false, bench_posted_stalls},
    {"22", "64 B TX, 64 active VFs against 1, cost a frame", "ratio", "not reported", 1.05, false, bench_active_cost},
    {"23a", "embedded core: core-work", "cycles/insn", "Ibex 1.19", 1.3, false, bench_cpu_cpi},
    {"23b", "  cells, synth_xilinx -abc9", "LUT", "PicoRV32 1801", 2500, false, bench_cpu_lut},
    {"23c", "  interrupt line to its handler's first instruction", "cycles", "-", 4, false, bench_cpu_irq},
    {"23d", "  simulated alone", "Mcycles/s", "PicoRV32 13.8", 5, true, bench_cpu_cycles},
    {"23e", "  simulated alone", "Minsn/s", "Ibex 4.9", 5, true, bench_cpu_instructions},
    {"24a", "simulator, busy", "kcycles/s", "Corundum 170", 850, true, busy},
    {"24b", "simulator, card without traffic, not skipped", "kcycles/s", "-", 0, true, rest},
    {"25", "simulator idle: share of one processor", "%", "-", 2, false, bench_sim_idle},
    {"26a", "TX of 60..1514 B, 8 queues, instant host: worst against longer", "ratio", "-", 1.15, false, sweep_cost0},
    {"26b", "  bytes from the host beyond the frame's own, worst", "bytes", "-", 96, false, sweep_bytes0},
    {"26c", "TX of 60..1514 B, one queue, instant host: worst against longer", "ratio", "-", 1.15, false, sweep_cost1},
    {"26d", "  bytes from the host beyond the frame's own, worst", "bytes", "-", 96, false, sweep_bytes1},
    {"26e", "TX of 60..1514 B, 8 queues, 250-cycle reads: worst against longer", "ratio", "-", 1.15, false,
     sweep_cost2},
    {"26f", "  bytes from the host beyond the frame's own, worst", "bytes", "-", 96, false, sweep_bytes2},
    {"26g", "TX of 60..1514 B, one queue, 250-cycle reads: worst against longer", "ratio", "-", 1.15, false,
     sweep_cost3},
    {"26h", "  bytes from the host beyond the frame's own, worst", "bytes", "-", 96, false, sweep_bytes3},
    {"26i", "TX of 60..1514 B, in 2 pieces, 8 queues, instant host: worst against longer", "ratio", "-", 1.15, false,
     sweep_cost4},
    {"26j", "  bytes from the host beyond the frame's own, worst", "bytes", "-", 96, false, sweep_bytes4},
    {"26k", "TX of 60..1514 B, in 2 pieces, one queue, 250-cycle reads: worst against longer", "ratio", "-", 1.15,
     false, sweep_cost5},
    {"26l", "  bytes from the host beyond the frame's own, worst", "bytes", "-", 96, false, sweep_bytes5},
};

static bool as_json;

static const struct cli_option options[] = {
    {"json", NULL, CLI_FLAG, .to = &as_json, .help = "the table as JSON on standard output"}, {.name = NULL}};

static const struct cli cli = {.program = "weir-bench",
                               .about =
                                   "weir-bench: measures the table of goals; writes bench.json and bench.html here.",
                               .words = "[ROW]",
                               .behind = "ROW: only rows whose number begins so, 24 for 24a and 24b.\n"
                                         "Exit status: 0 measured, 1 a file cannot be written, 2 the call is wrong.\n",
                               .options = options};

// Which rows are asked for; NULL when none is.
static const char *rows_of(int words, char **argv) {
    const char *only = words > 0 ? argv[1] : "";
    if (words > 1) {
        (void)cli_wrong(&cli, "unexpected argument '%.100s'", argv[2]);
        return NULL;
    }
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strncmp(rows[i].id, only, strlen(only)) == 0 && (words == 0 || only[0] != '\0'))
            return only;
    (void)cli_wrong(&cli, "no row begins with '%.100s': the first is %s, the last %s", only, rows[0].id,
                    rows[sizeof(rows) / sizeof(rows[0]) - 1].id);
    return NULL;
}

int main(int argc, char **argv) {
    int words = 0, ret = cli_read(&cli, argc, argv, &words);
    const char *only = ret < 0 ? rows_of(words, argv) : NULL;
    bool tty = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL;
    struct json_object *all = json_object_new_array();
    unsigned measured = 0, met = 0, n = sizeof(rows) / sizeof(rows[0]);
    double value[sizeof(rows) / sizeof(rows[0])];

    if (only == NULL) {
        json_object_put(all);
        return ret < 0 ? CLI_USAGE : ret;
    }
    // The scenarios print their own lines; the table is what this program is for.
    FILE *out = fdopen(dup(STDOUT_FILENO), "w");
    if (out == NULL || freopen("/dev/null", "w", stdout) == NULL)
        return 1;
    if (!as_json)
        fprintf(out, "%-4s %-52s %-13s %10s %10s  %s\n", "row", "metric", "unit", "goal", "measured", "best peer");
    for (unsigned i = 0; i < n; i++) {
        const struct bench_row *r = &rows[i];
        value[i] = NAN;
        if (strncmp(r->id, only, strlen(only)) != 0)
            continue;
        struct json_object *o = json_object_new_object();
        double v = value[i] = r->run != NULL ? r->run() : NAN;
        bool ok = r->at_least ? v >= r->goal : v <= r->goal + 0.0001;
        measured += !isnan(v);
        met += ok;
        json_object_object_add(o, "row", json_object_new_string(r->id));
        json_object_object_add(o, "metric", json_object_new_string(r->metric));
        json_object_object_add(o, "unit", json_object_new_string(r->unit));
        json_object_object_add(o, "goal", json_object_new_double(r->goal));
        json_object_object_add(o, "at_least", json_object_new_boolean(r->at_least));
        json_object_object_add(o, "measured", isnan(v) ? NULL : json_object_new_double(v));
        json_object_object_add(o, "peer", json_object_new_string(r->peer));
        json_object_array_add(all, o);
        if (as_json)
            continue;
        if (isnan(v))
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
        fprintf(out, "%u of %u rows measured, %u goals met; bench.json and bench.html written\n", measured, n, met);
    ret = 0;
    if (json_object_to_file_ext("bench.json", all, JSON_C_TO_STRING_PRETTY) != 0)
        ret = cli_complain(&cli, "cannot write bench.json here");
    if (bench_html("bench.html", rows, value, n) != 0)
        ret = cli_complain(&cli, "cannot write bench.html here");
    json_object_put(all);
    fclose(out);
    return ret;
}
