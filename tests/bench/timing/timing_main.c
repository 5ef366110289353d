// SPDX-License-Identifier: Apache-2.0
// weir-timing NETLIST.json: the worst ways of a netlist, for people or as JSON, and whether they keep a budget.
#include <json-c/json.h>
#include <string.h>

#include "cli.h"
#include "timing.h"

#define WIDE 256u // loads from which on the second budget holds

static unsigned most = 10, budget, wide_budget;
static bool as_json;

static const struct cli_option OPTIONS[] = {
    {.name = "paths",
     .value = "N",
     .kind = CLI_NUMBER,
     .to = &most,
     .min = 1,
     .max = 1000,
     .help = "so many pairs of registers of each class (10)"},
    {.name = "budget",
     .value = "LEVELS",
     .kind = CLI_NUMBER,
     .to = &budget,
     .min = 1,
     .max = 1000,
     .help = "exit status 1 when a way between registers has more"},
    {.name = "wide-budget",
     .value = "LEVELS",
     .kind = CLI_NUMBER,
     .to = &wide_budget,
     .min = 1,
     .max = 1000,
     .help = "the same for ways with a net of more than 256 loads on them"},
    {.name = "json", .kind = CLI_FLAG, .to = &as_json, .help = "one object on standard output"},
    {.name = NULL}};

static const struct cli CLI = {.program = "weir-timing",
                               .about = "Longest ways between the registers of a netlist (Yosys' write_json).",
                               .words = "NETLIST.json",
                               .behind = "Exit status: 0, 1 a budget is missed or the netlist cannot be read, 2 usage.",
                               .options = OPTIONS};

// The file and line of ours where it stands: what Yosys' own maps add to a source attribute is left out.
static const char *place(const char *src, char *text, size_t len) {
    const char *sv = strstr(src, ".sv:"), *begin = sv;
    size_t n;

    text[0] = 0;
    if (sv == NULL)
        return text;
    while (begin > src && begin[-1] != '|' && begin[-1] != '/')
        begin--;
    n = (size_t)(sv - begin) + 4 + strspn(sv + 4, "0123456789");
    snprintf(text, len, "%.*s", (int)n, begin);
    return text;
}

// Names that Yosys made say nothing to a reader: then it is the cell that has the signal out.
static const char *net_name(const struct timing_net *net, char *text, size_t len) {
    if ((net->name == NULL || net->name[0] == '$') && net->maker != NULL)
        snprintf(text, len, "%s", net->maker[0] == '$' ? "a register" : net->maker);
    else if (net->width > 1)
        snprintf(text, len, "%s[%u]", net->name, net->bit);
    else
        snprintf(text, len, "%s", net->name == NULL ? "?" : net->name);
    return text;
}

static const char *net_place(const struct timing_net *net, char *text, size_t len) {
    if (place(net->src, text, len)[0] == 0 && net->maker_src != NULL)
        place(net->maker_src, text, len);
    return text;
}

static const char *end_name(const struct timing_netlist *n, const struct timing_end *end, char *text, size_t len) {
    char q[256];

    if (end->outside)
        snprintf(text, len, "%s", end->pin);
    else if (end->to != TIMING_NONE)
        snprintf(text, len, "%s.%s", net_name(&n->net[end->to], q, sizeof(q)), end->pin);
    else
        snprintf(text, len, "%s.%s", end->cell, end->pin);
    return text;
}

static bool in_budget(const struct timing_path *p) {
    if (p->class != TIMING_REG_REG)
        return true;
    return (budget == 0 || p->levels <= budget) &&
           (wide_budget == 0 || p->widest_load <= WIDE || p->levels <= wide_budget);
}

static void print_text(const struct timing_netlist *n, const struct timing_report *r) {
    char a[300], b[300], at[120];
    enum timing_class class = TIMING_CLASSES;

    printf("%s: %u LUT, %u FF, %u LUTRAM, %u SRL, %u BRAM18, %u BRAM36, %u URAM, %u DSP, %u carry\n", n->top, n->lut,
           n->ff, n->lutram, n->srl, n->bram18, n->bram36, n->uram, n->dsp, n->carry);
    for (unsigned c = 0; c < TIMING_CLASSES; c++)
        printf("  %-10s %3u levels, about %.2f ns\n", timing_class_name[c], r->levels[c], r->ns[c]);
    for (unsigned c = 0; c < TIMING_CLASSES; c++)
        for (unsigned i = 0; i < r->paths; i++) {
            const struct timing_path *p = &r->path[i];

            if (p->class != c)
                continue;
            if (class != p->class)
                printf("\n  %s\n  levels    ns  loads  ends  from -> to\n", timing_class_name[class = p->class]);
            printf("  %6u %5.2f %6u %5u  %s", p->levels, p->ns, p->widest_load, p->alike,
                   net_name(&n->net[p->first], a, sizeof(a)));
            printf(" (%s) -> ", net_place(&n->net[p->first], at, sizeof(at)));
            printf("%s", end_name(n, p->end, b, sizeof(b)));
            if (p->end->to != TIMING_NONE && !p->end->outside)
                printf(" (%s)", net_place(&n->net[p->end->to], at, sizeof(at)));
            printf("%s\n", in_budget(p) ? "" : "  OVER BUDGET");
        }
}

static void print_json(const struct timing_netlist *n, const struct timing_report *r) {
    struct json_object *o = json_object_new_object(), *classes = json_object_new_object(),
                       *paths = json_object_new_array();
    char text[300];

    json_object_object_add(o, "top", json_object_new_string(n->top));
    json_object_object_add(o, "lut", json_object_new_int64(n->lut));
    json_object_object_add(o, "ff", json_object_new_int64(n->ff));
    json_object_object_add(o, "lutram", json_object_new_int64(n->lutram));
    json_object_object_add(o, "srl", json_object_new_int64(n->srl));
    json_object_object_add(o, "bram18", json_object_new_int64(n->bram18));
    json_object_object_add(o, "bram36", json_object_new_int64(n->bram36));
    json_object_object_add(o, "uram", json_object_new_int64(n->uram));
    json_object_object_add(o, "dsp", json_object_new_int64(n->dsp));
    json_object_object_add(o, "carry", json_object_new_int64(n->carry));
    for (unsigned c = 0; c < TIMING_CLASSES; c++) {
        struct json_object *of = json_object_new_object();

        json_object_object_add(of, "levels", json_object_new_int64(r->levels[c]));
        json_object_object_add(of, "ns", json_object_new_double(r->ns[c]));
        json_object_object_add(classes, timing_class_name[c], of);
    }
    json_object_object_add(o, "classes", classes);
    for (unsigned i = 0; i < r->paths; i++) {
        const struct timing_path *p = &r->path[i];
        struct json_object *of = json_object_new_object();

        json_object_object_add(of, "class", json_object_new_string(timing_class_name[p->class]));
        json_object_object_add(of, "levels", json_object_new_int64(p->levels));
        json_object_object_add(of, "ns", json_object_new_double(p->ns));
        json_object_object_add(of, "loads", json_object_new_int64(p->widest_load));
        json_object_object_add(of, "ends", json_object_new_int64(p->alike));
        json_object_object_add(of, "from", json_object_new_string(net_name(&n->net[p->first], text, sizeof(text))));
        json_object_object_add(of, "at", json_object_new_string(net_place(&n->net[p->first], text, sizeof(text))));
        json_object_object_add(of, "to", json_object_new_string(end_name(n, p->end, text, sizeof(text))));
        json_object_array_add(paths, of);
    }
    json_object_object_add(o, "paths", paths);
    printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
    json_object_put(o);
}

int main(int argc, char **argv) {
    struct timing_netlist n;
    struct timing_report r;
    char why[400];
    int words, status = cli_read(&CLI, argc, argv, &words);

    if (status >= 0)
        return status;
    if (words != 1)
        return cli_wrong(&CLI, "expected one NETLIST.json");
    if (timing_read(&n, argv[1], why, sizeof(why)) != 0)
        return cli_complain(&CLI, why);
    if (timing_paths(&n, most, &r, why, sizeof(why)) != 0) {
        timing_free(&n);
        return cli_complain(&CLI, why);
    }
    if (as_json)
        print_json(&n, &r);
    else
        print_text(&n, &r);
    status = 0;
    for (unsigned i = 0; i < r.paths; i++)
        if (!in_budget(&r.path[i]))
            status = 1;
    timing_report_free(&r);
    timing_free(&n);
    return status;
}
