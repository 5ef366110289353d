// SPDX-License-Identifier: Apache-2.0
// See verbs.h.
#include "verbs.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "weir_abi.h"

// ---- the tables ----

enum arg_id {
    VERB_ARG_NONE = -1,
#define VERB_ARG(name, word, key, kind, least, most, takes) VERB_ARG_##name,
#include "args.def"
#undef VERB_ARG
};

static const struct verb_arg args[] = {
#define VERB_ARG(name, word, key, kind, least, most, takes) {word, key, ARG_##kind, least, most, takes},
#include "args.def"
#undef VERB_ARG
};

#define ARG_OF(name) (VERB_ARG_##name < 0 ? NULL : &args[VERB_ARG_##name < 0 ? 0 : VERB_ARG_##name])
const struct verb verbs[VERB_COUNT] = {
#define VERB(id, name, first, second, required, help) {name, help, {ARG_OF(first), ARG_OF(second)}, required},
#include "verbs.def"
#undef VERB
};

static const struct {
    enum ctl_error code;
    const char *name, *text;
} errors[] = {
#define CTL_ERROR(number, name, text) {CTL_##name, #name, text},
#include "errors.def"
#undef CTL_ERROR
};
#define NUM_ERRORS (sizeof(errors) / sizeof(errors[0]))

static unsigned error_row(enum ctl_error code) {
    unsigned other = 0;
    for (unsigned i = 0; i < NUM_ERRORS; i++) {
        if (errors[i].code == code)
            return i;
        if (errors[i].code == CTL_no_answer)
            other = i;
    }
    return other;
}

const char *ctl_error_name(enum ctl_error code) {
    return errors[error_row(code)].name;
}

const char *ctl_error_text(enum ctl_error code) {
    return errors[error_row(code)].text;
}

enum ctl_error ctl_error_find(const char *name) {
    for (unsigned i = 0; i < NUM_ERRORS; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].code;
    return CTL_no_answer;
}

enum verb_id verb_find(const char *name) {
    unsigned i;
    for (i = 0; i < VERB_COUNT && strcmp(verbs[i].name, name) != 0;)
        i++;
    return (enum verb_id)i;
}

const char *verb_usage(enum verb_id id, char *text, size_t size) {
    const struct verb *v = &verbs[id];
    size_t n = (size_t)snprintf(text, size, "%s", v->name);
    for (unsigned i = 0; i < 2 && v->arg[i] != NULL && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, i < v->required ? " %s" : " [%s]", v->arg[i]->word);
    return text;
}

// ---- words ----

static bool is_choice(const char *choices, const char *word) {
    size_t len = strlen(word);
    for (const char *at = choices; len != 0 && at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool text_fits(const struct verb_arg *a, const char *text) {
    return text != NULL && text[0] != '\0' &&
           (a->kind != ARG_TEXT || (strlen(text) >= a->least && strlen(text) <= a->most));
}

// Puts one word into the question; false when it is not what the argument takes.
static bool put_word(struct json_object *q, const struct verb_arg *a, const char *word) {
    uint64_t n;
    bool digits = word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
    switch (a->kind) {
    case ARG_CHOICE:
        if (!is_choice(a->word, word))
            return false;
        break;
    case ARG_TARGET:
        if (!digits)
            break;
        if (!text_range(word, a->least, a->most, &n))
            return false;
        json_object_object_add(q, strcmp(a->key, "guest") == 0 ? "vport" : a->key, json_object_new_int64((int64_t)n));
        return true;
    case ARG_NUMBER:
        if (!text_range(word, a->least, a->most, &n))
            return false;
        json_object_object_add(q, a->key, json_object_new_int64((int64_t)n));
        return true;
    case ARG_TEXT:
    case ARG_SETTINGS:
        break;
    }
    if (!text_fits(a, word))
        return false;
    json_object_object_add(q, a->key, json_object_new_string(word));
    return true;
}

// KEY VALUE to the end. 0, or the words that are left over.
static bool put_settings(struct json_object *q, const struct verb_arg *a, char **word, unsigned count, char *err,
                         size_t size) {
    struct json_object *set = json_object_new_object();
    json_object_object_add(q, a->key, set);
    for (unsigned i = 0; i < count; i += 2) {
        if (i + 1 == count) {
            snprintf(err, size, "setting '%.60s' has no value: settings come as KEY VALUE", word[i]);
            return false;
        }
        if (json_object_object_get_ex(set, word[i], NULL)) {
            snprintf(err, size, "setting '%.60s' is there twice", word[i]);
            return false;
        }
        json_object_object_add(set, word[i], json_object_new_string(word[i + 1]));
    }
    return true;
}

static bool put_arguments(struct json_object *q, enum verb_id id, char **word, unsigned count, char *err, size_t size) {
    const struct verb *v = &verbs[id];
    char usage[160];
    unsigned used = 0;
    for (unsigned i = 0; i < 2 && v->arg[i] != NULL; i++) {
        if (used == count && i < v->required) {
            snprintf(err, size, "%s: %s is missing: %s; write %s", v->name, v->arg[i]->word, v->arg[i]->takes,
                     verb_usage(id, usage, sizeof(usage)));
            return false;
        }
        if (used == count)
            return true;
        if (v->arg[i]->kind == ARG_SETTINGS)
            return put_settings(q, v->arg[i], word + used, count - used, err, size);
        if (!put_word(q, v->arg[i], word[used])) {
            snprintf(err, size, "%s '%.60s': expected %s", v->name, word[used], v->arg[i]->takes);
            return false;
        }
        used++;
    }
    if (used == count)
        return true;
    snprintf(err, size, "'%.60s' is too many: write %s", word[used], verb_usage(id, usage, sizeof(usage)));
    return false;
}

// Commands that begin with the word, for whoever left its second one out.
static void name_the_second(const char *first, char *err, size_t size) {
    size_t n = (size_t)snprintf(err, size, "%.40s what? ", first), len = strlen(first);
    for (unsigned i = 0; i < VERB_COUNT && n < size; i++)
        if (strncmp(verbs[i].name, first, len) == 0 && verbs[i].name[len] == ' ')
            n += (size_t)snprintf(err + n, size - n, "%s%s", err[n - 1] == ' ' ? "" : ", ", verbs[i].name + len + 1);
}

static bool has_second(const char *first) {
    size_t len = strlen(first);
    for (unsigned i = 0; i < VERB_COUNT; i++)
        if (strncmp(verbs[i].name, first, len) == 0 && verbs[i].name[len] == ' ')
            return true;
    return false;
}

struct json_object *verb_question(char **word, unsigned count, enum verb_id *id, enum ctl_error *code, char *err,
                                  size_t size) {
    bool two = has_second(word[0]);
    struct json_object *q;
    char name[128];

    *code = CTL_wrong_call;
    if (two && count < 2) {
        name_the_second(word[0], err, size);
        return NULL;
    }
    snprintf(name, sizeof(name), two ? "%.60s %.60s" : "%.60s", word[0], two ? word[1] : "");
    *id = verb_find(name);
    if (*id == VERB_COUNT) {
        *code = CTL_unknown_command;
        snprintf(err, size, "unknown command '%s'", name);
        return NULL;
    }
    q = json_object_new_object();
    json_object_object_add(q, "cmd", json_object_new_string(verbs[*id].name));
    if (put_arguments(q, *id, word + 1 + two, count - 1 - two, err, size))
        return q;
    json_object_put(q);
    return NULL;
}

// ---- questions ----

const char *verb_text(struct json_object *v) {
    const char *text = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
    return text != NULL && strlen(text) == (size_t)json_object_get_string_len(v) ? text : NULL;
}

static bool value_fits(const struct verb_arg *a, struct json_object *v) {
    const char *text = verb_text(v);
    bool number = json_object_is_type(v, json_type_int) && json_object_get_int64(v) >= (int64_t)a->least &&
                  json_object_get_int64(v) <= (int64_t)a->most;
    switch (a->kind) {
    case ARG_TEXT:
        return text_fits(a, text);
    case ARG_NUMBER:
        return number;
    case ARG_TARGET:
        return number || text_fits(a, text);
    case ARG_CHOICE:
        return text != NULL && is_choice(a->word, text);
    case ARG_SETTINGS:
        return json_object_is_type(v, json_type_object);
    }
    return false;
}

bool verb_check(enum verb_id id, struct json_object *question, char *err, size_t size) {
    const struct verb *v = &verbs[id];
    for (unsigned i = 0; i < 2 && v->arg[i] != NULL; i++) {
        const struct verb_arg *a = v->arg[i];
        struct json_object *value = NULL;
        bool there = json_object_object_get_ex(question, a->key, &value) ||
                     (a->kind == ARG_TARGET && json_object_object_get_ex(question, "vport", &value));
        if (there ? !value_fits(a, value) : i < v->required) {
            snprintf(err, size, "%s: '%s' %s: expected %s", v->name, a->key, there ? "is wrong" : "is missing",
                     a->takes);
            return false;
        }
    }
    return true;
}
