// SPDX-License-Identifier: Apache-2.0
// The commands of weirctl and of the control socket, as one table (verbs.def, args.def): names, arguments, help. And
// the codes of the answers that are no (errors.def).
#ifndef WEIR_APPS_VERBS_H
#define WEIR_APPS_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

enum verb_id {
#define VERB(id, name, first, second, required, help) VERB_##id,
#include "verbs.def"
#undef VERB
    VERB_COUNT
};

enum ctl_error {
    CTL_NO_ERROR,
#define CTL_ERROR(number, name, text) CTL_##name = (number),
#include "errors.def"
#undef CTL_ERROR
};

enum verb_arg_kind {
    ARG_TEXT,     // least to most characters
    ARG_NUMBER,   // decimal, a number in the question
    ARG_TARGET,   // a number, under "vport", or a text
    ARG_CHOICE,   // one of its words
    ARG_SETTINGS, // KEY VALUE, as often as it comes: an object of texts
};

struct verb_arg {
    const char *word, *key;
    enum verb_arg_kind kind;
    uint64_t least, most;
    const char *takes;
};

struct verb {
    const char *name, *help;
    const struct verb_arg *arg[2]; // NULL: none
    unsigned required;
};

extern const struct verb verbs[VERB_COUNT];

// VERB_COUNT when there is none of that name.
enum verb_id verb_find(const char *name);
// The question of a command line of `count` words, its command in *id. NULL with the error in *code and one line in err
// that says what is wrong and what to write.
struct json_object *verb_question(char **word, unsigned count, enum verb_id *id, enum ctl_error *code, char *err,
                                  size_t size);
// Whether the arguments of a question, from wherever it came, are what the table says. False: one line in err.
bool verb_check(enum verb_id id, struct json_object *question, char *err, size_t size);
// A text of JSON; NULL when it is none, or has a zero in it.
const char *verb_text(struct json_object *v);
// "NAME ARG [ARG]", as --help has it.
const char *verb_usage(enum verb_id id, char *text, size_t size);
// Name and text of an error; of none and of unknown ones those of no_answer.
const char *ctl_error_name(enum ctl_error code);
const char *ctl_error_text(enum ctl_error code);
// The code of that name, CTL_no_answer without.
enum ctl_error ctl_error_find(const char *name);

#endif
