// SPDX-License-Identifier: Apache-2.0
// See table.h.
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

#define CELL 256u
#define INDENT "    "

// A cell, or with `note` a line below its row.
struct cell {
    bool note;
    char text[CELL];
};

struct table_out {
    const struct table_column *column;
    unsigned columns;
    struct cell *cell;
    size_t count, room;
};

unsigned table_width(void) {
    const char *said = getenv("COLUMNS");
    uint64_t n;
    struct winsize w;
    if (said != NULL && text_range(said, 20, 10000, &n))
        return (unsigned)n;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

// ---- text ----

// `at`: characters that the line has already.
static void broken(const char *text, size_t at, const char *indent) {
    size_t width = table_width();
    while (*text != '\0') {
        size_t word = strcspn(text, " "), blank = strspn(text + word, " ");
        if (width != 0 && at > strlen(indent) && at + word > width) {
            printf("\n%s", indent);
            at = strlen(indent);
        }
        printf("%.*s", (int)word, text);
        at += word;
        text += word;
        if (*text != '\0' && (width == 0 || at + blank + strcspn(text + blank, " ") <= width)) {
            printf("%.*s", (int)blank, text);
            at += blank;
        }
        text += blank;
    }
    puts("");
}

void table_text(const char *fmt, ...) {
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    broken(text, 0, "  ");
}

// ---- tables ----

struct table_out *table_out_new(const struct table_column *column) {
    struct table_out *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    t->column = column;
    while (t->columns < TABLE_COLUMNS && column[t->columns].head != NULL)
        t->columns++;
    return t;
}

static struct cell *next_cell(struct table_out *t) {
    if (t == NULL)
        return NULL;
    if (t->count == t->room) {
        size_t room = t->room == 0 ? 64 : 2 * t->room;
        struct cell *more = realloc(t->cell, room * sizeof(*more));
        if (more == NULL)
            return NULL;
        t->cell = more;
        t->room = room;
    }
    return &t->cell[t->count++];
}

static void fill(struct cell *c, bool note, const char *fmt, va_list ap) {
    if (c == NULL)
        return;
    c->note = note;
    vsnprintf(c->text, sizeof(c->text), fmt, ap);
}

void table_out_cell(struct table_out *t, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fill(next_cell(t), false, fmt, ap);
    va_end(ap);
}

void table_out_note(struct table_out *t, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fill(next_cell(t), true, fmt, ap);
    va_end(ap);
}

// Widths that the rows need, cut down to `limit` from the widest that may be cut on. False: it cannot be done.
static bool fit(const struct table_out *t, unsigned limit, unsigned *width) {
    unsigned whole = t->columns - 1, column = 0;
    for (unsigned i = 0; i < t->columns; i++)
        width[i] = (unsigned)strlen(t->column[i].head);
    for (size_t i = 0; i < t->count; i++) {
        unsigned len = (unsigned)strlen(t->cell[i].text);
        if (t->cell[i].note)
            continue;
        if (len > width[column])
            width[column] = len;
        column = (column + 1) % t->columns;
    }
    for (unsigned i = 0; i < t->columns; i++)
        whole += width[i];
    while (limit != 0 && whole > limit) {
        unsigned widest = t->columns;
        for (unsigned i = 0; i < t->columns; i++)
            if (t->column[i].least != 0 && width[i] > t->column[i].least &&
                (widest == t->columns || width[i] > width[widest]))
                widest = i;
        if (widest == t->columns)
            return false;
        width[widest]--;
        whole--;
    }
    return true;
}

static void put(const char *text, const struct table_column *c, unsigned width, bool last) {
    size_t len = strlen(text);
    if (len > width)
        printf("%.*s~", (int)width - 1, text);
    else if (c->align == 'r')
        printf("%*s", (int)width, text);
    else
        printf("%-*s", last ? 0 : (int)width, text);
    fputs(last ? "\n" : " ", stdout);
}

static void print_rows(const struct table_out *t, const unsigned *width) {
    unsigned column = 0;
    for (unsigned i = 0; i < t->columns; i++)
        put(t->column[i].head, &t->column[i], width[i], i + 1 == t->columns);
    for (size_t i = 0; i < t->count; i++) {
        if (t->cell[i].note) {
            fputs(INDENT, stdout);
            broken(t->cell[i].text, strlen(INDENT), INDENT INDENT);
            continue;
        }
        put(t->cell[i].text, &t->column[column], width[column], column + 1 == t->columns);
        column = (column + 1) % t->columns;
    }
}

static void print_blocks(const struct table_out *t) {
    unsigned column = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->cell[i].note) {
            fputs(INDENT, stdout);
            broken(t->cell[i].text, strlen(INDENT), INDENT INDENT);
            continue;
        }
        int head = printf("%s%s: ", column == 0 ? "" : INDENT, t->column[column].head);
        broken(t->cell[i].text, (size_t)head, INDENT INDENT);
        column = (column + 1) % t->columns;
    }
}

void table_out_end(struct table_out *t) {
    unsigned width[TABLE_COLUMNS] = {0};
    if (t == NULL)
        return;
    if (t->count != 0 && t->columns != 0) {
        if (fit(t, table_width(), width))
            print_rows(t, width);
        else
            print_blocks(t);
    }
    free(t->cell);
    free(t);
}
