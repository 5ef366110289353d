// SPDX-License-Identifier: Apache-2.0
// `./weir bench`: prints the goal table with what was measured, writes bench.json and bench.html (--help).
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bench_golden.h"
#include "bench_report.h"
#include "cli.h"
#include "world.h"

static bool as_json, page, renew;

static const struct cli_option options[] = {
    {"json", NULL, CLI_FLAG, .to = &as_json, .help = "the table as JSON on standard output"},
    {"html", NULL, CLI_FLAG, .to = &page, .help = "bench.html too, with what changed and pictures of the sweeps"},
    {"renew", NULL, CLI_FLAG, .to = &renew, .help = "keep these rows' figures as those to compare with"},
    {.name = NULL}};

static const struct cli cli = {.program = "weir-bench",
                               .about = "weir-bench: measures the table of goals; writes bench.json here.",
                               .words = "[ROW|short]",
                               .behind = "ROW: only this row, or all of its number: 24 for 24a and 24b.\n"
                                         "short: rows of less than a minute, judged by what is kept, not by goals.\n"
                                         "Exit status: 0 every goal of these rows is met (short: nothing changed by\n"
                                         "more than 2 %), 1 not so or a file cannot be written, 2 the call is wrong.\n",
                               .options = options};

static bool is_short(const char *only) {
    return strcmp(only, "short") == 0;
}

// Row 2b is asked for by "2b", by "2", and by "".
static bool asked(const struct bench_row *row, const char *only) {
    size_t n = strlen(only);
    if (is_short(only))
        return row->quick;
    return strncmp(row->id, only, n) == 0 && (n == 0 || row->id[n] < '0' || row->id[n] > '9');
}

// Which rows are asked for; NULL when none is.
static const char *rows_of(int words, char **argv) {
    const char *only = words > 0 ? argv[1] : "";
    if (words > 1) {
        (void)cli_wrong(&cli, "unexpected argument '%.100s'", argv[2]);
        return NULL;
    }
    for (unsigned i = 0; i < bench_row_count; i++)
        if (asked(&bench_rows[i], only) && (words == 0 || only[0] != '\0'))
            return only;
    (void)cli_wrong(&cli, "no row '%.100s': the first is %s, the last %s", only, bench_rows[0].id,
                    bench_rows[bench_row_count - 1].id);
    return NULL;
}

// All figures of the row's scenario. One run of it serves all rows of the same setup.
static const struct bench_figure *figures_of(const struct bench_row *row) {
    static struct {
        const struct bench_row *row;
        struct bench_figure figure[BENCH_PARTS];
    } * known;
    static unsigned n;
    for (unsigned i = 0; i < n; i++)
        if (known[i].row->run == row->run && memcmp(&known[i].row->setup, &row->setup, sizeof(row->setup)) == 0)
            return known[i].figure;
    if (known == NULL)
        known = calloc(bench_row_count, sizeof(*known));
    if (known == NULL)
        abort();
    known[n].row = row;
    for (unsigned p = 0; p < BENCH_PARTS; p++)
        known[n].figure[p].value = NAN;
    row->run(&row->setup, known[n].figure);
    return known[n++].figure;
}

int main(int argc, char **argv) {
    int words = 0, ret = cli_read(&cli, argc, argv, &words);
    const char *only = ret < 0 ? rows_of(words, argv) : NULL;
    bool colour = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL;
    struct bench_figure *figure = calloc(bench_row_count, sizeof(*figure));
    bool *ran = calloc(bench_row_count, sizeof(*ran));
    struct json_object *all = json_object_new_array();
    struct bench_golden *kept = NULL;
    unsigned changes;
    FILE *out;

    if (only == NULL) {
        ret = ret < 0 ? CLI_USAGE : ret;
        goto end;
    }
    // The scenarios print their own lines; the table is what this program is for.
    out = fdopen(dup(STDOUT_FILENO), "w");
    if (out == NULL || figure == NULL || ran == NULL || freopen("/dev/null", "w", stdout) == NULL) {
        ret = cli_complain(&cli, "out of memory or descriptors");
        goto end;
    }
    kept = bench_golden_open(WEIR_BENCH_GOLDEN);
    if (kept == NULL) {
        ret = cli_complain(&cli, WEIR_BENCH_GOLDEN " is damaged: take it from the repository");
        goto end;
    }
    world_high_addresses = true; // as the sockets and real hosts have them
    if (!as_json)
        bench_print_head(out);
    for (unsigned i = 0; i < bench_row_count; i++) {
        const struct bench_row *r = &bench_rows[i];
        if (!asked(r, only))
            continue;
        ran[i] = true;
        figure[i] = figures_of(r)[r->part];
        json_object_array_add(all, bench_json(r, &figure[i]));
        if (!as_json)
            bench_print(out, r, &figure[i], colour);
    }
    changes = renew ? 0 : bench_golden_check(kept, figure, ran, stderr);
    ret = is_short(only) ? changes != 0 : bench_missed(figure, ran) != 0;
    if (as_json)
        fprintf(out, "%s\n", json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY));
    else
        bench_print_sum(out, figure, ran);
    if (json_object_to_file_ext("bench.json", all, JSON_C_TO_STRING_PRETTY) != 0)
        ret = cli_complain(&cli, "cannot write bench.json here");
    if (page && bench_html("bench.html", figure, ran, kept) != 0)
        ret = cli_complain(&cli, "cannot write bench.html here");
    if (renew && bench_golden_renew(kept, figure, ran, WEIR_BENCH_GOLDEN) != 0)
        ret = cli_complain(&cli, "cannot write " WEIR_BENCH_GOLDEN);
    fclose(out);
end:
    bench_golden_close(kept);
    json_object_put(all);
    free(ran);
    free(figure);
    return ret;
}
