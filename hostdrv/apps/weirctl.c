// SPDX-License-Identifier: Apache-2.0
// weirctl: asks a parent (weir-host) what there is, and moves its guests between their paths. Commands and their
// arguments are verbs.def, reasons of failures errors.def.
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "await.h"
#include "cli.h"
#include "ctl_client.h"
#include "text.h"
#include "weirctl_show.h"

#define TELL_S 10        // between words to a person who waits
#define UNBALANCED 3     // exit status
#define MAX_PAGES 10000u // of one answer, whatever the parent says
#define POLL_US 2000u

static const char *dir = "weir-host.d";
static bool json, no_wait;
static unsigned wait_s = 10;

static const struct cli_option options[] = {
    {"parent", "DIR", CLI_TEXT, .to = &dir, .max = CLI_SOCKETS_DIR,
     .help = "as given to weir-host --dir (default weir-host.d)"},
    {"json", NULL, CLI_FLAG, .to = &json, .help = "answers and errors as JSON on standard output"},
    {"no-wait", NULL, CLI_FLAG, .to = &no_wait, .help = "attach, detach, revoke, halt: return before it is done"},
    {"wait", "SECONDS", CLI_NUMBER, .to = &wait_s, .max = AWAIT_MAX_S,
     .help = "for a parent that is not there yet (default 10)"},
    {.name = NULL}};

// ---- what goes wrong ----

// One line, or {"ok":false,"error":{"code":...,"number":...,"text":...}}.
static int fail(enum ctl_error code, const char *text) {
    struct json_object *o, *error;
    if (!json) {
        fprintf(stderr, "weirctl: %s\n", text);
        return code == CTL_wrong_call || code == CTL_unknown_command ? CLI_USAGE : 1;
    }
    o = json_object_new_object();
    error = json_object_new_object();
    json_object_object_add(o, "ok", json_object_new_boolean(false));
    json_object_object_add(error, "code", json_object_new_string(ctl_error_name(code)));
    json_object_object_add(error, "number", json_object_new_int(code));
    json_object_object_add(error, "text", json_object_new_string(text[0] != '\0' ? text : ctl_error_text(code)));
    json_object_object_add(o, "error", error);
    text_json(stdout, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
    return code == CTL_wrong_call || code == CTL_unknown_command ? CLI_USAGE : 1;
}

static void wrong_as_json(const char *line) {
    (void)fail(CTL_wrong_call, line);
}

// ---- waiting ----

// What somebody who waits is told now and then; how long it takes is the card's and the parent's affair.
struct patience {
    const char *what;
    time_t next;
};

static bool still_waiting(void *ctx) {
    struct patience *p = ctx;
    if (time(NULL) < p->next)
        return true;
    if (p->next != 0)
        fprintf(stderr, "weirctl: still waiting: %s\n", p->what);
    p->next = time(NULL) + TELL_S;
    return true;
}

static bool at_rest(const char *state) {
    static const char *const rest[] = {"attached", "detached", "failed"};
    for (unsigned i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        if (strcmp(state, rest[i]) == 0)
            return true;
    return false;
}

// Asks until the guest rests on one path, in `state` then. A hand-over that was asked for has begun before its answer;
// a guest that is awaited may not have come yet. 0, or the exit status, all being said.
static int await_rest(const struct ctl_link *l, enum verb_id id, const char *guest, char *state, size_t size) {
    struct patience patience = {.what = state};
    struct ctl_link asked = *l;
    char err[320];
    asked.ctx = &patience;
    for (;;) {
        struct json_object *rsp = ctl_ask(&asked, ctl_question(verbs[VERB_await].name, guest), err, sizeof(err));
        if (rsp == NULL)
            return fail(asked.code, err);
        text_clean(state, size, ctl_text(rsp, "state"));
        json_object_put(rsp);
        if (at_rest(state) || (id != VERB_await && strcmp(state, "not here") == 0))
            return 0;
        (void)still_waiting(&patience);
        usleep(POLL_US);
    }
}

// 0 when the guest came to where it was asked to go.
static int await_move(const struct ctl_link *l, enum verb_id id, const char *guest) {
    const char *want = id == VERB_attach ? "attached" : "detached";
    char state[64] = "", clean[64], text[256];
    int ret = await_rest(l, id, guest, state, sizeof(state));
    if (ret != 0 || id == VERB_await || strcmp(state, want) == 0)
        return ret;
    snprintf(text, sizeof(text), "%s %s: the guest is '%s', not '%s'; weirctl status says why", verbs[id].name,
             text_clean(clean, sizeof(clean), guest), state, want);
    return fail(CTL_not_moved, text);
}

// ---- the card's flash ----

// A file is the parent's to read, wherever it stands.
static int whole_path(struct json_object *question) {
    char path[PATH_MAX], text[PATH_MAX + 64], clean[256];
    const char *file = ctl_text(question, "file");
    if (realpath(file, path) == NULL) {
        snprintf(text, sizeof(text), "%s: %s", text_clean(clean, sizeof(clean), file), strerror(errno));
        return fail(CTL_flash_image, text);
    }
    json_object_object_add(question, "file", json_object_new_string(path));
    return 0;
}

static void progress(struct json_object *rsp, time_t since) {
    long long bytes = ctl_number(rsp, "bytes"), erased = ctl_number(rsp, "erased"),
              written = ctl_number(rsp, "written");
    long long all = 2 * bytes, at = (erased < bytes ? erased : bytes) + written;
    double took = difftime(time(NULL), since);
    if (bytes <= 0 || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%3lld %%, %lld of %lld bytes written, %.0f KiB/s, %.0f s left   ", at * 100 / all, written,
            bytes, took > 0 ? (double)written / 1024 / took : 0.0,
            at > 0 ? took * (double)(all - at) / (double)at : 0.0);
}

// Until the card has taken and checked what was begun. 0, or the exit status, all being said; *rsp is what it says
// last.
static int await_flash(struct ctl_link *l, struct json_object **rsp) {
    const time_t since = time(NULL);
    char err[512] = "", text[512], room[2][256];
    for (;;) {
        struct patience patience = {.what = "the parent's answer"}; // each answer is waited for anew
        struct ctl_link asked = {.fd = l->fd, .meanwhile = still_waiting, .ctx = &patience};
        struct json_object *now = ctl_ask(&asked, ctl_question(verbs[VERB_flash_show].name, NULL), err, sizeof(err));
        bool busy;
        if (now == NULL)
            return fail(asked.code, err);
        json_object_put(*rsp);
        *rsp = now;
        busy = strcmp(ctl_text(now, "job"), "idle") != 0;
        progress(now, since);
        if (!busy)
            break;
        usleep(POLL_US);
    }
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    if (ctl_number(*rsp, "result") == 0)
        return 0;
    snprintf(text, sizeof(text), "%s: %s", text_clean(room[0], sizeof(room[0]), ctl_text(*rsp, "result_text")),
             text_clean(room[1], sizeof(room[1]), ctl_text(*rsp, "why_text")));
    return fail(CTL_flash_image, text);
}

// What flash dump brought, as a file. 0, or the exit status, all being said; a file that is not whole does not stay.
static int save_dump(FILE *to, const char *path, struct json_object *rsp) {
    struct json_object *pieces = ctl_member(rsp, "piece");
    char text[PATH_MAX + 64], clean[256];
    long long bytes = 0;
    for (size_t i = 0; i < ctl_length(pieces); i++) {
        struct json_object *piece = json_object_array_get_idx(pieces, i);
        const char *hex = json_object_is_type(piece, json_type_string) ? json_object_get_string(piece) : "";
        for (unsigned byte; sscanf(hex, "%2x", &byte) == 1 && hex[1] != '\0'; hex += 2, bytes++)
            fputc((int)byte, to);
    }
    if (fclose(to) == 0 && bytes == ctl_number(rsp, "bytes")) {
        json_object_object_del(rsp, "piece");
        return 0;
    }
    unlink(path);
    snprintf(text, sizeof(text), "%s: cannot be written whole", text_clean(clean, sizeof(clean), path));
    return fail(CTL_no_resource, text);
}

static FILE *new_file(const char *path) {
    char text[PATH_MAX + 64], clean[256];
    FILE *to = fopen(path, "wbx");
    if (to == NULL) {
        snprintf(text, sizeof(text), "%s: %s", text_clean(clean, sizeof(clean), path), strerror(errno));
        (void)fail(CTL_bad_setting, text);
    }
    return to;
}

// ---- asking ----

static struct json_object *page_of(struct json_object *question, struct json_object *first) {
    struct json_object *q = NULL;
    if (json_object_deep_copy(question, &q, NULL) != 0)
        return NULL;
    json_object_object_add(q, "from", json_object_new_int64(ctl_number(first, "next")));
    return q;
}

// Appends the page's lists to the answer's.
static void append(struct json_object *rsp, struct json_object *page) {
    json_object_object_foreach(page, key, value) {
        struct json_object *list = ctl_member(rsp, key);
        if (json_object_is_type(value, json_type_array) && json_object_is_type(list, json_type_array))
            for (size_t i = 0; i < ctl_length(value); i++)
                json_object_array_add(list, json_object_get(json_object_array_get_idx(value, i)));
        else
            json_object_object_add(rsp, key, json_object_get(value));
    }
}

static void page_progress(struct json_object *rsp) {
    long long bytes = ctl_number(rsp, "bytes"), next = ctl_number(rsp, "next");
    if (bytes > 0 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%3lld %%, %lld of %lld bytes%s", next * 100 / bytes, next, bytes, next < bytes ? "" : "\n");
}

// An answer that comes in pages becomes one: "more" says that there is another, "next" where it begins.
static struct json_object *ask(struct ctl_link *l, struct json_object *question, char *err, size_t size) {
    struct json_object *rsp = ctl_ask(l, json_object_get(question), err, size);
    for (unsigned i = 0; rsp != NULL && i < MAX_PAGES && json_object_get_boolean(ctl_member(rsp, "more")); i++) {
        long long before = ctl_number(rsp, "next");
        struct json_object *page = ctl_ask(l, page_of(question, rsp), err, size);
        if (page == NULL) {
            json_object_put(rsp);
            return NULL;
        }
        append(rsp, page);
        page_progress(rsp);
        json_object_put(page);
        if (ctl_number(rsp, "next") <= before)
            break;
    }
    return rsp;
}

// The newest COUNT of a list that only came whole.
static void keep_newest(struct json_object *rsp, const char *list, long long count) {
    struct json_object *all = ctl_member(rsp, list);
    size_t n = ctl_length(all);
    if (count > 0 && n > (size_t)count)
        (void)json_object_array_del_idx(all, 0, n - (size_t)count);
}

static int answer(struct ctl_link *l, enum verb_id id, struct json_object *question) {
    const char *guest = ctl_text(question, "guest");
    bool moves = id == VERB_attach || id == VERB_detach || id == VERB_revoke;
    struct json_object *rsp;
    char err[512] = "";
    FILE *to = NULL;
    int ret = 0;

    if (id == VERB_flash_write && (ret = whole_path(question)) != 0)
        return ret;
    if (id == VERB_flash_dump && (to = new_file(ctl_text(question, "file"))) == NULL)
        return 1;
    rsp = ask(l, question, err, sizeof(err));
    if (rsp == NULL) {
        if (to != NULL) {
            fclose(to);
            unlink(ctl_text(question, "file"));
        }
        return fail(l->code, err);
    }
    if (to != NULL)
        ret = save_dump(to, ctl_text(question, "file"), rsp);
    if ((moves && !no_wait) || id == VERB_await)
        ret = await_move(l, id, guest);
    if (id == VERB_flash_write && !no_wait)
        ret = await_flash(l, &rsp);
    if (id == VERB_halt && !no_wait)
        ctl_await_end(l);
    if (ret == 0) {
        if (id == VERB_dev_log)
            keep_newest(rsp, "line", ctl_number(question, "count"));
        if (json)
            text_json(stdout, json_object_to_json_string_ext(rsp, JSON_C_TO_STRING_PRETTY));
        else
            show_answer(id, rsp);
        if (id == VERB_ledger && !json_object_get_boolean(ctl_member(rsp, "balanced")))
            ret = UNBALANCED;
    }
    json_object_put(rsp);
    return ret;
}

static int run(enum verb_id id, struct json_object *question) {
    struct patience patience = {.what = "the parent's answer"};
    struct ctl_link l = {.fd = -1, .meanwhile = still_waiting, .ctx = &patience};
    uint64_t until = await_until(wait_s);
    char err[512] = "";
    int ret;
    while ((ret = ctl_connect(&l, dir, err, sizeof(err))) != 0)
        if (!await_helps(ret) || !await_more(until, NULL))
            return fail(l.code, err);
    ret = answer(&l, id, question);
    ctl_disconnect(&l);
    return ret;
}

// ---- the command line ----

static void list_commands(char *text, size_t size) {
    size_t n = (size_t)snprintf(text, size, "Commands:\n");
    for (unsigned i = 0; i < VERB_COUNT && n < size; i++) {
        char usage[160];
        n += (size_t)snprintf(text + n, size - n, "  %s\n      %s\n", verb_usage((enum verb_id)i, usage, sizeof(usage)),
                              verbs[i].help);
    }
    if (n < size)
        (void)snprintf(text + n, size - n,
                       "\nKEYs of guest add, guest set and vf give: mac (MAC, auto), uid (UID, any),\n"
                       "  vlan (any, port:VID[:PRIORITY], trunk:LIST), rate (Mb/s, 0 for none), weight,\n"
                       "  spoofchk, trust, learn, stags (on, off), max-mac, link (follow, up, down),\n"
                       "  vf (auto, pin, never), priority (0 to 15).\n"
                       "KEYs of policy set: auto (on, off), reserve (VFs), look-ms, hold-ms, turn-ms,\n"
                       "  busy (frames a second), burst, moves-per-s.\n"
                       "Tables are as wide as the terminal, or as COLUMNS says.\n"
                       "Exit status: 0 done, 1 refused or failed, 2 the call is wrong, 3 the ledger does\n"
                       "not balance.\n");
}

int main(int argc, char **argv) {
    static char commands[8192];
    struct cli cli = {.program = "weirctl",
                      .about = "weirctl: asks a parent (weir-host) what there is, and moves its guests between\n"
                               "their paths.",
                      .words = "COMMAND [ARGUMENT]...",
                      .behind = commands,
                      .options = options};
    enum ctl_error code = CTL_wrong_call;
    enum verb_id id = VERB_COUNT;
    struct json_object *question;
    char err[512] = "which command?";
    int words = 0, ret;

    // Before anything can be wrong: what is wrong is JSON, too.
    for (int i = 1; i < argc; i++)
        json = json || strcmp(argv[i], "--json") == 0;
    cli.wrong = json ? wrong_as_json : NULL;
    list_commands(commands, sizeof(commands));
    ret = cli_read(&cli, argc, argv, &words);
    if (ret >= 0)
        return ret;
    question = words != 0 ? verb_question(argv + 1, (unsigned)words, &id, &code, err, sizeof(err)) : NULL;
    if (question == NULL && json)
        return fail(code, err);
    if (question == NULL)
        return cli_wrong(&cli, "%s", err);
    ret = run(id, question);
    json_object_put(question);
    return ret;
}
