// SPDX-License-Identifier: Apache-2.0
// Tables and text for a terminal: columns as wide as what is in them, the whole as wide as the terminal. What does not
// fit is cut where a column says that it may be; if that is not enough each row becomes lines of name and value, so no
// number is ever cut.
#ifndef WEIR_APPS_TABLE_H
#define WEIR_APPS_TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS 12u

struct table_column {
    const char *head;
    char align;     // 'l' or 'r'
    unsigned least; // characters that stay when it is cut, 0: it may not be
};

struct table_out;

// Columns end with a head of NULL, at most TABLE_COLUMNS.
struct table_out *table_out_new(const struct table_column *column);
// The next cell, row by row.
__attribute__((format(printf, 2, 3))) void table_out_cell(struct table_out *t, const char *fmt, ...);
// Lines below the row that is whole now, indented.
__attribute__((format(printf, 2, 3))) void table_out_note(struct table_out *t, const char *fmt, ...);
// Prints and frees it. No rows: nothing.
void table_out_end(struct table_out *t);

// Columns of the terminal on standard output, or what COLUMNS says (20 and up); 0: no limit, it is no terminal.
unsigned table_width(void);
// A line, broken at blanks, further ones indented.
__attribute__((format(printf, 1, 2))) void table_text(const char *fmt, ...);

#endif
