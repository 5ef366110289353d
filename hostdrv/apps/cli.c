// SPDX-License-Identifier: Apache-2.0
// See cli.h.
#include "cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "weir_abi.h"

#define MAX_OPTIONS 32u
#define WIDTH 80
#define COLUMN 20 // where explanations begin

int cli_wrong(const struct cli *c, const char *fmt, ...) {
    char line[512], clean[640];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    text_clean(clean, sizeof(clean), line);
    if (c->wrong != NULL)
        c->wrong(clean);
    else
        fprintf(stderr, "%s: %s; see %s --help\n", c->program, clean, c->program);
    return CLI_USAGE;
}

int cli_complain(const struct cli *c, const char *line) {
    fprintf(stderr, "%s: %s\n", c->program, line);
    return 1;
}

// ---- --help and --version ----

// An option and its text, broken at blanks so that all fit a terminal.
static void show(const char *name, const char *value, const char *bounds, const char *help) {
    char head[64];
    int at;
    snprintf(head, sizeof(head), "--%s%s%s", name, value != NULL && value[0] != '[' ? " " : "",
             value != NULL ? value : "");
    at = printf("  %-*s%s", COLUMN - 3, head, bounds);
    while (*help != '\0') {
        int word = (int)strcspn(help, " ");
        if (at + 1 + word > WIDTH)
            at = printf("\n%*s", COLUMN - 1, "") - 1;
        at += printf(" %.*s", word, help);
        help += word + (help[word] == ' ');
    }
    puts("");
}

static void show_help(const struct cli *c) {
    printf("%s\n\nusage: %s [OPTION]...%s%s\n\n", c->about, c->program, c->words != NULL ? " " : "",
           c->words != NULL ? c->words : "");
    for (const struct cli_option *o = c->options; o->name != NULL; o++) {
        char bounds[64] = "";
        if (o->kind == CLI_NUMBER || o->kind == CLI_LONG)
            snprintf(bounds, sizeof(bounds), " [%" PRIu64 "..%" PRIu64 "]", o->min, o->max);
        else if (o->most != 0)
            snprintf(bounds, sizeof(bounds), " [%u times]", o->most);
        show(o->name, o->value, bounds, o->help);
    }
    show("version", NULL, "", "version of the program and of the contract with the card");
    show("help", NULL, "", "this text (-h)");
    printf("\n%s", c->behind);
}

// ---- options ----

static void expected(const struct cli_option *o, char *text, size_t size) {
    if (o->kind == CLI_OWN)
        snprintf(text, size, "%s", o->expects);
    else if (o->kind == CLI_TEXT)
        snprintf(text, size, "%s, 1 to %" PRIu64 " characters", o->value, o->max);
    else
        snprintf(text, size, "a number from %" PRIu64 " to %" PRIu64, o->min, o->max);
}

static bool take(const struct cli_option *o, const char *value) {
    uint64_t n;
    if (value == NULL && o->kind != CLI_FLAG && o->kind != CLI_OWN)
        return false;
    switch (o->kind) {
    case CLI_FLAG:
        *(bool *)o->to = true;
        return true;
    case CLI_TEXT:
        *(const char **)o->to = value;
        return value[0] != '\0' && strlen(value) <= o->max;
    case CLI_NUMBER:
    case CLI_LONG:
        if (!text_range(value, o->min, o->max, &n))
            return false;
        if (o->kind == CLI_LONG)
            *(uint64_t *)o->to = n;
        else
            *(unsigned *)o->to = (unsigned)n;
        return true;
    case CLI_OWN:
        return o->take(o->to, value) == 0;
    }
    return false;
}

static const struct cli_option *find(const struct cli *c, const char *name, size_t len) {
    for (const struct cli_option *o = c->options; o->name != NULL; o++)
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

// One option with what belongs to it. Arguments used, 0 when it is wrong.
static int read_one(const struct cli *c, char **argv, int left, unsigned *times) {
    const char *name = argv[0] + 2, *eq = strchr(name, '='), *value = eq != NULL ? eq + 1 : NULL;
    size_t len = eq != NULL ? (size_t)(eq - name) : strlen(name);
    const struct cli_option *o = find(c, name, len);
    char want[160] = "";
    int used = 1;

    if (o == NULL) {
        (void)cli_wrong(c, "unknown option --%.*s", (int)len, name);
        return 0;
    }
    expected(o, want, sizeof(want));
    if (o->value == NULL && value != NULL) {
        (void)cli_wrong(c, "--%s takes no value, not '%.100s'", o->name, value);
        return 0;
    }
    // What begins like an option is one that came too early: a value of that kind is written with '='.
    if (o->value != NULL && value == NULL && !o->optional) {
        if (left < 2 || strncmp(argv[1], "--", 2) == 0) {
            (void)cli_wrong(c, "--%s needs a value: %s", o->name, want);
            return 0;
        }
        value = argv[1];
        used = 2;
    }
    if (++times[o - c->options] > (o->most != 0 ? o->most : 1)) {
        if (o->most != 0)
            (void)cli_wrong(c, "--%s may be given %u times", o->name, o->most);
        else
            (void)cli_wrong(c, "--%s is there twice", o->name);
        return 0;
    }
    if (take(o, value))
        return used;
    (void)cli_wrong(c, "--%s %.100s: expected %s", o->name, value != NULL && value[0] != '\0' ? value : "''", want);
    return 0;
}

int cli_read(const struct cli *c, int argc, char **argv, int *words) {
    unsigned times[MAX_OPTIONS] = {0};
    int n = 0;
    bool rest = false;

    for (int i = 1; i < argc;) {
        const char *a = argv[i];
        int used = 1;
        if (rest || a[0] != '-') {
            if (c->words == NULL)
                return cli_wrong(c, "unexpected argument '%.100s'", a);
            argv[++n] = argv[i]; // n <= i
        } else if (strcmp(a, "--") == 0) {
            rest = true;
        } else if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0) {
            show_help(c);
            return 0;
        } else if (strcmp(a, "--version") == 0) {
            printf("%s %s, contract %u.%u\n", c->program, WEIR_RELEASE, WEIR_ABI_MAJOR, WEIR_ABI_MINOR);
            return 0;
        } else if (a[1] != '-') {
            return cli_wrong(c, "unknown option %.100s", a);
        } else {
            used = read_one(c, argv + i, argc - i, times);
            if (used == 0)
                return CLI_USAGE;
        }
        i += used;
    }
    if (words != NULL)
        *words = n;
    return -1;
}
