// SPDX-License-Identifier: Apache-2.0
// See bench_golden.h.
#include "bench_golden.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench_golden {
    struct json_object *figures;
};

struct bench_golden *bench_golden_open(const char *path) {
    struct bench_golden *g = calloc(1, sizeof(*g));
    if (g == NULL)
        return NULL;
    g->figures = access(path, F_OK) != 0 && errno == ENOENT ? json_object_new_object() : json_object_from_file(path);
    if (json_object_is_type(g->figures, json_type_object))
        return g;
    bench_golden_close(g);
    return NULL;
}

void bench_golden_close(struct bench_golden *g) {
    if (g != NULL)
        json_object_put(g->figures);
    free(g);
}

double bench_golden_of(const struct bench_golden *g, const struct bench_row *row) {
    struct json_object *v = NULL;
    return json_object_object_get_ex(g->figures, row->id, &v) ? json_object_get_double(v) : NAN;
}

bool bench_exact(const struct bench_row *row) {
    static const char *const own[] = {"kcycles/s", "Mcycles/s", "Minsn/s"};
    for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(row->unit, own[i]) == 0)
            return false;
    return row->run != bench_sim_idle;
}

static bool changed(double was, double is) {
    return fabs(is - was) > BENCH_CHANGE * fabs(was);
}

unsigned bench_golden_check(const struct bench_golden *g, const struct bench_figure *figure, const bool *ran,
                            FILE *out) {
    unsigned n = 0;
    for (unsigned i = 0; i < bench_row_count; i++) {
        const struct bench_row *r = &bench_rows[i];
        double was = bench_golden_of(g, r), is = figure[i].value;
        if (!ran[i] || !bench_exact(r) || (!isnan(was) && !isnan(is) && !changed(was, is)))
            continue;
        n++;
        fprintf(out, "check failed: row %s, %s: ", r->id, r->metric + strspn(r->metric, " "));
        if (isnan(is))
            fprintf(out, "not measured\n");
        else if (isnan(was))
            fprintf(out, "%.2f %s, none kept; keep it: ./weir bench %s --renew\n", is, r->unit, r->id);
        else
            fprintf(out, "%.2f %s, kept %.2f (%+.1f %%); if it is meant: ./weir bench %s --renew\n", is, r->unit, was,
                    (is / was - 1) * 100, r->id);
    }
    return n;
}

int bench_golden_renew(struct bench_golden *g, const struct bench_figure *figure, const bool *ran, const char *path) {
    struct json_object *kept = json_object_new_object();
    int err;
    for (unsigned i = 0; i < bench_row_count; i++) {
        const struct bench_row *r = &bench_rows[i];
        double v = ran[i] ? figure[i].value : bench_golden_of(g, r);
        char digits[32];
        if (!bench_exact(r) || isnan(v))
            continue;
        (void)snprintf(digits, sizeof(digits), "%.4f", v);
        json_object_object_add(kept, r->id, json_object_new_double_s(v, digits));
    }
    json_object_put(g->figures);
    g->figures = kept;
    err = json_object_to_file_ext(path, kept, JSON_C_TO_STRING_PRETTY);
    return err == 0 ? 0 : -1;
}
