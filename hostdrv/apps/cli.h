// SPDX-License-Identifier: Apache-2.0
// Command lines of all programs: one table of options gives the reading, the messages and --help. What is wrong is one
// line that names the option, its value and what it should be, and exit status 2, before anything was begun.
#ifndef WEIR_APPS_CLI_H
#define WEIR_APPS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLI_USAGE 2 // exit status of a call that is wrong
// Folders of sockets: the longest name in them, with what comes behind, still fits the address of a socket.
#define CLI_SOCKETS_DIR 88u
#define CLI_PATH 4000u // characters of other paths

enum cli_kind {
    CLI_FLAG,   // bool
    CLI_TEXT,   // const char *, 1 to `max` characters
    CLI_NUMBER, // unsigned, decimal, `min` to `max`
    CLI_LONG,   // uint64_t, the same
    CLI_OWN,    // `take` reads it
};

struct cli_option {
    const char *name;  // without dashes; a table ends with NULL
    const char *value; // what it is called in --help; NULL: none
    enum cli_kind kind;
    void *to;
    uint64_t min, max;
    // Of CLI_OWN: 0, or not, and then `expects` says what it should be. `value` is NULL when it may be left out and is.
    int (*take)(void *to, const char *value);
    const char *expects;
    unsigned most; // times that it may be given, 0 = once
    bool optional; // its value may be left out, and is given with '='
    const char *help;
};

struct cli {
    const char *program, *about;
    const char *words;  // what comes beside options, for --help; NULL: nothing may
    const char *behind; // end of --help: further lines, exit statuses
    const struct cli_option *options;
    // Takes what is wrong with a call; NULL: a line on standard error.
    void (*wrong)(const char *line);
};

// Takes the options out of argv, in any order with the other words, which are argv[1] to argv[*words] then. -1: go on.
// Else the exit status, all being said: 0 after --help and --version, CLI_USAGE. `words` may be NULL when there are
// none.
int cli_read(const struct cli *c, int argc, char **argv, int *words);
// Says what is wrong with the call, and where to read more. Returns CLI_USAGE.
__attribute__((format(printf, 2, 3))) int cli_wrong(const struct cli *c, const char *fmt, ...);
// A line on standard error behind the program's name. Returns 1.
int cli_complain(const struct cli *c, const char *line);

#endif
