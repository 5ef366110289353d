// SPDX-License-Identifier: Apache-2.0
// Which changes of a figure are named, and what is kept, on a table of five rows.
#include "bench_golden.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

BENCH_SCENARIO(bench_sim_idle) {
    (void)setup;
    (void)figure;
}

const struct bench_row bench_rows[] = {{.id = "1", .metric = "steady", .unit = "cycles"},
                                       {.id = "2", .metric = "  moves", .unit = "cycles/frame"},
                                       {.id = "3", .metric = "nothing lost", .unit = "frames"},
                                       {.id = "4", .metric = "this machine's", .unit = "kcycles/s"},
                                       {.id = "5", .metric = "idle", .unit = "%", .run = bench_sim_idle}};
const unsigned bench_row_count = 5;

static const bool all[5] = {true, true, true, true, true};
static const struct bench_figure kept[5] = {{.value = 17}, {.value = 100}, {.value = 0}, {.value = 850}, {.value = 1}};

struct place {
    char path[64];
    struct bench_golden *golden;
};

static void open_with(struct place *p, const char *text) {
    FILE *f;
    int fd;
    snprintf(p->path, sizeof(p->path), "/tmp/test-bench-XXXXXX");
    fd = mkstemp(p->path);
    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    p->golden = bench_golden_open(p->path);
}

static void shut(struct place *p) {
    bench_golden_close(p->golden);
    assert_int_equal(unlink(p->path), 0);
}

// What is said of the figures against those kept.
static unsigned check(const struct bench_figure *figure, const bool *ran, char said[512]) {
    struct place p;
    FILE *out = fmemopen(said, 512, "w");
    unsigned n;
    assert_non_null(out);
    open_with(&p, "{\"1\": 17, \"2\": 100.0, \"3\": 0, \"4\": 850}");
    assert_non_null(p.golden);
    n = bench_golden_check(p.golden, figure, ran, out);
    assert_int_equal(fclose(out), 0);
    shut(&p);
    return n;
}

static void two_per_cent_are_no_change(void **state) {
    struct bench_figure now[5];
    char said[512] = "";
    (void)state;
    memcpy(now, kept, sizeof(now));
    now[1].value = 102;
    assert_int_equal(check(now, all, said), 0);
    now[1].value = 98;
    assert_int_equal(check(now, all, said), 0);
    assert_string_equal(said, "");
}

static void more_is_named_either_way(void **state) {
    struct bench_figure now[5];
    char said[512] = "";
    (void)state;
    memcpy(now, kept, sizeof(now));
    now[1].value = 102.1;
    assert_int_equal(check(now, all, said), 1);
    assert_string_equal(said, "check failed: row 2, moves: 102.10 cycles/frame, kept 100.00 (+2.1 %); if it is meant: "
                              "./weir bench 2 --renew\n");
    now[1].value = 97.9;
    assert_int_equal(check(now, all, said), 1);
    assert_non_null(strstr(said, "(-2.1 %)"));
}

static void one_lost_where_none_was_is_named(void **state) {
    struct bench_figure now[5];
    char said[512] = "";
    (void)state;
    memcpy(now, kept, sizeof(now));
    now[2].value = 1;
    assert_int_equal(check(now, all, said), 1);
    assert_non_null(strstr(said, "row 3, nothing lost: 1.00 frames, kept 0.00"));
}

static void what_does_not_measure_is_named(void **state) {
    struct bench_figure now[5];
    char said[512] = "";
    (void)state;
    memcpy(now, kept, sizeof(now));
    now[0].value = NAN;
    assert_int_equal(check(now, all, said), 1);
    assert_string_equal(said, "check failed: row 1, steady: not measured\n");
}

static void the_machines_own_and_what_did_not_run_are_not_judged(void **state) {
    static const bool ran[5] = {true, false, true, true, true};
    struct bench_figure now[5];
    char said[512] = "";
    (void)state;
    memcpy(now, kept, sizeof(now));
    now[3].value = now[4].value = 9;
    now[1].value = 1;
    assert_int_equal(check(now, ran, said), 0);
}

static void renewal_keeps_the_rows_that_did_not_run(void **state) {
    static const bool ran[5] = {true, false, false, true, true};
    struct bench_figure now[5];
    struct place p;
    (void)state;
    memcpy(now, kept, sizeof(now));
    now[0].value = 18.25;
    open_with(&p, "{\"1\": 17, \"2\": 100.0, \"gone\": 3}");
    assert_int_equal(bench_golden_renew(p.golden, now, ran, p.path), 0);
    bench_golden_close(p.golden);
    p.golden = bench_golden_open(p.path);
    assert_non_null(p.golden);
    assert_true(bench_golden_of(p.golden, &bench_rows[0]) == 18.25);
    assert_true(bench_golden_of(p.golden, &bench_rows[1]) == 100);
    assert_true(isnan(bench_golden_of(p.golden, &bench_rows[2])));
    assert_true(isnan(bench_golden_of(p.golden, &bench_rows[3])));
    assert_true(isnan(bench_golden_of(p.golden, &bench_rows[4])));
    shut(&p);
}

static void a_damaged_file_is_not_taken_for_an_empty_one(void **state) {
    static const struct bench_row row = {.id = "gone"};
    struct place p;
    (void)state;
    open_with(&p, "{\"1\": 17,");
    assert_null(p.golden);
    shut(&p);
    open_with(&p, "[1]");
    assert_null(p.golden);
    shut(&p);
    p.golden = bench_golden_open("/tmp/test-bench-is-not-there");
    assert_non_null(p.golden);
    assert_true(isnan(bench_golden_of(p.golden, &row)));
    bench_golden_close(p.golden);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(two_per_cent_are_no_change),
    cmocka_unit_test(more_is_named_either_way),
    cmocka_unit_test(one_lost_where_none_was_is_named),
    cmocka_unit_test(what_does_not_measure_is_named),
    cmocka_unit_test(the_machines_own_and_what_did_not_run_are_not_judged),
    cmocka_unit_test(renewal_keeps_the_rows_that_did_not_run),
    cmocka_unit_test(a_damaged_file_is_not_taken_for_an_empty_one),
};
UNIT_MAIN(tests)
