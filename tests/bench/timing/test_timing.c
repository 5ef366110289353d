// SPDX-License-Identifier: Apache-2.0
// weir-timing on netlists of a few cells whose longest way is known by hand.
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "timing.h"

static char text[8192];
static unsigned cells;

static void add(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *fmt, ...) {
    size_t used = strlen(text);
    va_list args;

    va_start(args, fmt);
    vsnprintf(text + used, sizeof(text) - used, fmt, args);
    va_end(args);
    assert_true(strlen(text) < sizeof(text) - 1);
}

// A module whose input `in` is net 2 and whose output `out` is net 3.
static void begin(void) {
    cells = 0;
    text[0] = 0;
    add("{\"modules\":{\"m\":{\"attributes\":{\"top\":\"1\"},\"ports\":{"
        "\"in\":{\"direction\":\"input\",\"bits\":[2]},\"out\":{\"direction\":\"output\",\"bits\":[3]}},\"cells\":{");
}

// Pins as "NAME net", outputs as ">NAME net", separated by blanks.
static void cell(const char *type, const char *pins) {
    char copy[256], dirs[512] = "", *next = copy;
    const char *pin;

    snprintf(copy, sizeof(copy), "%s", pins);
    add("%s\"c%u\":{\"type\":\"%s\",\"connections\":{", cells == 0 ? "" : ",", cells, type);
    cells++;
    for (bool first = true; (pin = strsep(&next, " ")) != NULL; first = false) {
        bool out = *pin == '>';
        const char *name = pin + out, *net = strsep(&next, " ");

        add("%s\"%s\":[%s]", first ? "" : ",", name, net);
        snprintf(dirs + strlen(dirs), sizeof(dirs) - strlen(dirs), "%s\"%s\":\"%s\"", first ? "" : ",", name,
                 out ? "output" : "input");
    }
    add("},\"port_directions\":{%s}}", dirs);
}

static void write_file(const char *path, const char *content, size_t len) {
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(content, 1, len, f), len);
    fclose(f);
}

struct result {
    int status;
    char why[400];
    struct timing_netlist n;
    struct timing_report r;
};

static struct result measure(const char *content, size_t len) {
    char path[] = "/tmp/weir-timing-XXXXXX";
    struct result got = {0};

    close(mkstemp(path));
    write_file(path, content, len);
    got.status = timing_read(&got.n, path, got.why, sizeof(got.why));
    if (got.status == 0)
        got.status = timing_paths(&got.n, 10, &got.r, got.why, sizeof(got.why));
    unlink(path);
    return got;
}

static void done(struct result *got) {
    timing_report_free(&got->r);
    timing_free(&got->n);
}

static struct result end(void) {
    add("},\"netnames\":{\"in\":{\"bits\":[2],\"attributes\":{}},\"first_q\":{\"bits\":[10],\"attributes\":{\"src\":"
        "\"a/b.sv:7.3-7.9\"}},"
        "\"last_q\":{\"bits\":[19],\"attributes\":{}}}}}}");
    return measure(text, strlen(text));
}

static void levels_are(struct result got, unsigned reg_reg, unsigned in_reg, unsigned reg_out, unsigned in_out) {
    assert_string_equal(got.why, "");
    assert_int_equal(got.status, 0);
    assert_int_equal(got.r.levels[TIMING_REG_REG], reg_reg);
    assert_int_equal(got.r.levels[TIMING_IN_REG], in_reg);
    assert_int_equal(got.r.levels[TIMING_REG_OUT], reg_out);
    assert_int_equal(got.r.levels[TIMING_IN_OUT], in_out);
    done(&got);
}

static void luts_in_a_row_are_levels(void **state) {
    (void)state;
    begin();
    cell("FDRE", "C 2 D 2 >Q 10");
    cell("LUT2", "I0 10 I1 10 >O 11");
    cell("LUT6", "I0 11 I5 10 >O 12");
    cell("INV", "I 12 >O 13");
    cell("LUT1", "I0 13 >O 14");
    cell("FDSE", "C 2 D 14 >Q 19");
    levels_are(end(), 3, 0, 0, 0);
}

static void every_input_of_a_register_is_an_end(void **state) {
    static const char *const pins[] = {"D", "CE", "R"};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        char last[64];

        begin();
        cell("FDRE", "C 2 D 2 >Q 10");
        cell("LUT1", "I0 10 >O 11");
        snprintf(last, sizeof(last), "C 2 %s 11 >Q 19", pins[i]);
        cell("FDRE", last);
        levels_are(end(), 1, 0, 0, 0);
    }
}

static void ways_from_inputs_and_to_outputs_are_apart(void **state) {
    (void)state;
    begin();
    cell("LUT1", "I0 2 >O 11");
    cell("FDRE", "D 11 >Q 10");
    cell("LUT1", "I0 10 >O 12");
    cell("LUT2", "I0 12 I1 2 >O 13");
    cell("LUT1", "I0 13 >O 3");
    levels_are(end(), 0, 1, 3, 2);
}

static void a_mux_beside_its_luts_is_none(void **state) {
    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("LUT1", "I0 10 >O 11");
    cell("MUXF7", "I0 11 I1 10 S 2 >O 12");
    cell("MUXF8", "I0 12 I1 12 S 2 >O 13");
    cell("FDRE", "D 13 >Q 19");
    levels_are(end(), 1, 1, 0, 0);
}

static void a_carry_chain_counts_once(void **state) {
    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("LUT1", "I0 10 >O 11");
    cell("CARRY4", "S 11,10,10,10 DI 10,10,10,10 CI \"0\" CYINIT \"0\" >O 20,21,22,23 >CO 24,25,26,27");
    cell("CARRY4", "S 10,10,10,10 DI 10,10,10,10 CI 27 CYINIT \"0\" >O 30,31,32,33 >CO 34,35,36,37");
    cell("FDRE", "D 33 >Q 19");
    levels_are(end(), 2, 0, 0, 0);
}

static void a_memory_of_luts_is_read_in_one_level(void **state) {
    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("LUT1", "I0 10 >O 11");
    cell("RAM64M8",
         "ADDRA 11,10,10,10,10,10 ADDRB 10,10,10,10,10,10 ADDRH 11,10,10,10,10,10 DIA 10 WE 11 WCLK 2 >DOA 12 >DOB 13");
    cell("LUT1", "I0 12 >O 14");
    cell("FDRE", "D 14 >Q 19");
    levels_are(end(), 3, 0, 0, 0);
}

static void a_block_ram_begins_and_ends(void **state) {
    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("LUT1", "I0 10 >O 11");
    cell("LUT1", "I0 11 >O 12");
    cell("RAMB36E2", "ADDRARDADDR 12,10 CLKARDCLK 2 >DOUTADOUT 13,14");
    cell("LUT1", "I0 14 >O 15");
    cell("FDRE", "D 15 >Q 19");
    levels_are(end(), 2, 0, 0, 0);
}

static void registers_in_a_multiplier_cut_the_way(void **state) {
    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("LUT1", "I0 10 >O 11");
    cell("DSP48E2", "A 11 B 10 CLK 2 >P 12");
    cell("LUT1", "I0 12 >O 13");
    cell("FDRE", "D 13 >Q 19");
    levels_are(end(), 3, 0, 0, 0);
}

static void the_widest_net_of_a_way_is_said(void **state) {
    struct result got;

    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("LUT1", "I0 10 >O 11");
    for (unsigned i = 0; i < 30; i++)
        cell("LUT1", "I0 11 >O 12");
    cell("FDRE", "D 12 >Q 19");
    got = end();
    assert_int_equal(got.r.path[0].levels, 2);
    assert_int_equal(got.r.path[0].widest_load, 30);
    assert_int_equal(got.r.path[0].widest, 11);
    assert_string_equal(got.n.net[got.r.path[0].first].name, "first_q");
    assert_string_equal(got.n.net[got.r.path[0].end->to].name, "last_q");
    done(&got);
}

// Time and levels need not have the same way: one level over a net of many loads may take longer than two.
static void time_has_a_way_of_its_own(void **state) {
    struct result got;
    double shorter;

    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("DSP48E2", "A 10 >P 11");
    cell("LUT1", "I0 10 >O 12");
    cell("LUT2", "I0 12 I1 2 >O 13");
    cell("FDRE", "D 11 >Q 19");
    cell("FDRE", "D 13 >Q 19");
    got = end();
    assert_int_equal(got.r.levels[TIMING_REG_REG], 2);
    shorter = got.r.path[0].ns;
    for (unsigned i = 0; i < got.r.paths; i++)
        if (got.r.path[i].class == TIMING_REG_REG && got.r.path[i].levels == 1)
            assert_true(got.r.path[i].ns > shorter && fabs(got.r.ns[TIMING_REG_REG] - got.r.path[i].ns) < 1e-9);
    done(&got);
}

static void a_loop_without_a_register_is_named(void **state) {
    struct result got;

    (void)state;
    begin();
    cell("LUT2", "I0 2 I1 19 >O 11");
    cell("LUT1", "I0 11 >O 19");
    cell("FDRE", "D 19 >Q 10");
    got = end();
    assert_int_equal(got.status, -1);
    assert_non_null(strstr(got.why, "depends on itself without a register"));
    done(&got);
}

static void an_unknown_cell_is_named(void **state) {
    struct result got;

    (void)state;
    begin();
    cell("XORCY", "LI 2 CI 2 >O 3");
    got = end();
    assert_int_equal(got.status, -1);
    assert_non_null(strstr(got.why, "c0 is a XORCY"));
    done(&got);
}

// A file that ends anywhere is an error in words, never a figure.
static void a_file_that_is_cut_is_refused(void **state) {
    struct result got;
    size_t whole;

    (void)state;
    begin();
    cell("FDRE", "D 2 >Q 10");
    cell("LUT1", "I0 10 >O 11");
    cell("FDRE", "D 11 >Q 19");
    got = end();
    done(&got);
    whole = strlen(text);
    for (size_t len = 0; len < whole; len += 3) {
        got = measure(text, len);
        assert_int_equal(got.status, -1);
        assert_true(strlen(got.why) > 0 && strchr(got.why, '\n') == NULL);
        done(&got);
    }
    got = measure("{\"modules\":{\"m\":{\"attributes\":{\"top\":\"1\"}}}}", 43);
    assert_int_equal(got.status, -1);
    done(&got);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(luts_in_a_row_are_levels),
    cmocka_unit_test(every_input_of_a_register_is_an_end),
    cmocka_unit_test(ways_from_inputs_and_to_outputs_are_apart),
    cmocka_unit_test(a_mux_beside_its_luts_is_none),
    cmocka_unit_test(a_carry_chain_counts_once),
    cmocka_unit_test(a_memory_of_luts_is_read_in_one_level),
    cmocka_unit_test(a_block_ram_begins_and_ends),
    cmocka_unit_test(registers_in_a_multiplier_cut_the_way),
    cmocka_unit_test(the_widest_net_of_a_way_is_said),
    cmocka_unit_test(time_has_a_way_of_its_own),
    cmocka_unit_test(a_loop_without_a_register_is_named),
    cmocka_unit_test(an_unknown_cell_is_named),
    cmocka_unit_test(a_file_that_is_cut_is_refused),
};
UNIT_MAIN(tests)
