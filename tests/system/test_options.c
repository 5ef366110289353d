// SPDX-License-Identifier: Apache-2.0
// Calls that are wrong: each is one line that names the option or word and what it should be, exit status 2, and
// nothing was begun. What can be wrong with any option is read from --help, so that none is left out.
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "hosts.h"
#include "verbs.h"
#include "world.h"

#define MAX_WORDS 20

static char scratch[] = "/tmp/weir-test-XXXXXX";

static const struct program {
    const char *path;
    int usage; // exit status of a wrong call
} programs[] = {{WEIR_SIM_BINARY, 2},  {WEIR_HOST_BINARY, 2},  {WEIR_GUEST_BINARY, 2}, {WEIRCTL_BINARY, 2},
                {WEIR_DEMO_BINARY, 2}, {WEIR_BENCH_BINARY, 2}, {WEIR_CORE_BINARY, 126}};
#define NUM_PROGRAMS (sizeof(programs) / sizeof(programs[0]))

static void nothing_was_made(const char *what) {
    DIR *d = opendir(scratch);
    const struct dirent *e;
    CHECK(d != NULL, "no %s", scratch);
    while ((e = readdir(d)) != NULL)
        CHECK(e->d_name[0] == '.', "%s: made %s", what, e->d_name);
    closedir(d);
}

// The call must end with this status and one line with both parts in it.
static void wrong(const struct program *p, const char *const *words, const char *names, const char *says) {
    char text[4096], all[512] = "";
    int status = simproc_exec(p->path, words, text, sizeof(text));
    for (const char *const *w = words; *w != NULL; w++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), " '%.60s'", *w);
    CHECK(status == p->usage, "%s%s: status %d: %s", p->path, all, status, text);
    CHECK(strchr(text, '\n') == text + strlen(text) - 1, "%s%s: not one line: %s", p->path, all, text);
    CHECK(strstr(text, names) != NULL && strstr(text, says) != NULL, "%s%s: does not say '%s' and '%s': %s", p->path,
          all, names, says, text);
    nothing_was_made(all);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// ---- every option of every program ----

struct option {
    char name[32], dashed[40];
    bool value, may_have; // needs a value; may have one
    bool number;
    unsigned long long least, most;
    unsigned times;
};

// A line of --help: "  --NAME VALUE [LEAST..MOST] ...", "  --NAME[=VALUE] ...", "  --NAME VALUE [N times] ...".
static bool read_option(const char *line, struct option *o) {
    const char *at = line + 4, *bounds;
    size_t n;
    if (strncmp(line, "  --", 4) != 0)
        return false;
    n = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
    *o = (struct option){.times = 1};
    snprintf(o->name, sizeof(o->name), "%.*s", (int)n, at);
    snprintf(o->dashed, sizeof(o->dashed), "--%s", o->name);
    o->may_have = at[n] == '[';
    o->value = at[n] == ' ' && isupper((unsigned char)at[n + 1]);
    bounds = strstr(at + n + 1, " [");
    o->number = bounds != NULL && sscanf(bounds, " [%llu..%llu]", &o->least, &o->most) == 2;
    if (bounds != NULL && !o->number)
        (void)sscanf(bounds, " [%u times]", &o->times);
    return strcmp(o->name, "help") != 0 && strcmp(o->name, "version") != 0;
}

static void try_value(const struct program *p, const struct option *o, const char *value) {
    wrong(p, WORDS(o->dashed, value), o->dashed, value[0] == '-' && value[1] == '-' ? "needs a value" : "expected");
}

static void try_number(const struct program *p, const struct option *o) {
    static const char *const bad[] = {"-1",  "+1",  " 1",  "1 ",  "1x",
                                      "0x1", "1.0", "one", "1e3", "99999999999999999999999"};
    char text[32];
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        try_value(p, o, bad[i]);
    if (o->least != 0) {
        snprintf(text, sizeof(text), "%llu", o->least - 1);
        try_value(p, o, text);
    }
    if (o->most != ~0ull) {
        snprintf(text, sizeof(text), "%llu", o->most + 1);
        try_value(p, o, text);
    }
}

// A value that the option takes, for who gives it too often.
static const char *good_value(const struct option *o, char *text, size_t size) {
    if (strcmp(o->name, "fuse") == 0)
        snprintf(text, size, "%064x", 1);
    else if (o->number)
        snprintf(text, size, "%llu", o->least);
    else
        snprintf(text, size, "%s",
                 strcmp(o->name, "mac") == 0 || strcmp(o->name, "protect") == 0         ? "02:00:00:00:00:01"
                 : strcmp(o->name, "wire") == 0 || strcmp(o->name, "flash-timing") == 0 ? "none"
                 : strcmp(o->name, "bus") == 0                                          ? "vfio-user"
                                                                                        : "1");
    return text;
}

static void try_too_often(const struct program *p, const struct option *o) {
    const char *words[MAX_WORDS + 2] = {NULL};
    char value[72], text[120];
    snprintf(text, sizeof(text), o->value ? "%s=%s" : "%s", o->dashed, good_value(o, value, sizeof(value)));
    for (unsigned i = 0; i <= o->times; i++)
        words[i] = text;
    wrong(p, words, o->dashed, o->times == 1 ? "is there twice" : "times");
}

static void try_option(const struct program *p, const struct option *o) {
    char text[48];
    if (o->value) {
        wrong(p, WORDS(o->dashed), o->dashed, "needs a value");
        try_value(p, o, "");
        try_value(p, o, "--quiet");
        snprintf(text, sizeof(text), "%s=", o->dashed);
        wrong(p, WORDS(text), o->dashed, "expected");
    } else {
        snprintf(text, sizeof(text), "%s=1", o->dashed);
        wrong(p, WORDS(text), o->dashed, o->may_have ? "expected" : "takes no value");
    }
    if (o->number)
        try_number(p, o);
    if (o->times < MAX_WORDS)
        try_too_often(p, o);
}

static void every_option_says_what_is_wrong(void) {
    unsigned options = 0;
    for (unsigned i = 0; i < NUM_PROGRAMS; i++) {
        const struct program *p = &programs[i];
        char help[8192];
        CHECK(simproc_exec(p->path, WORDS("--help"), help, sizeof(help)) == 0, "%s --help", p->path);
        for (char *line = strtok(help, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            struct option o;
            if (!read_option(line, &o))
                continue;
            options++;
            try_option(p, &o);
        }
        wrong(p, WORDS("--nonsense"), "--nonsense", "unknown option");
        wrong(p, WORDS("--nonsense=1"), "--nonsense", "unknown option");
        wrong(p, WORDS("-x"), "-x", "unknown option");
    }
    printf("%u options of %zu programs\n", options, NUM_PROGRAMS);
    CHECK(options >= 40, "%u options: --help is not read", options);
}

// ---- what --help cannot tell ----

static void words_and_values_say_what_is_wrong(void) {
    static const struct {
        unsigned program;
        const char *word[5], *names, *says;
    } bad[] = {
        {0, {"more"}, "'more'", "unexpected"},
        {0, {""}, "''", "unexpected"},
        {0, {"--flash-timing", "slow"}, "--flash-timing slow", "none, typical or maximum"},
        {0, {"--fuse", "12"}, "--fuse 12", "expected 64 hexadecimal digits"},
        {0, {"--wire", "string:"}, "--wire string:", "tap[:NAME]"},
        {0, {"--wire", "tap:"}, "--wire tap:", "expected"},
        {0, {"--wire", "link:"}, "--wire link:", "expected"},
        {0, {"--wire", "pcap:"}, "--wire pcap:", "expected"},
        {0, {"--wire", "pcap:,out"}, "--wire pcap:,out", "expected"},
        {0, {"--allow-uid", "4294967295"}, "--allow-uid", "expected the number of a user"},
        {1, {"more"}, "'more'", "unexpected"},
        {1, {"--open=some"}, "--open some", "=all"},
        {1, {"--protect", "01:00:5e:00:00:01"}, "--protect", "unicast"},
        {1, {"--protect", "02:57:00:00:00:01:02"}, "--protect", "unicast"},
        {2, {"more"}, "'more'", "unexpected"},
        {2, {"--name", "vm 1"}, "--name vm 1", "letters"},
        {2, {"--name", "12345678901234567890123456789012"}, "--name", "1 to 31"},
        {2, {"--mac", "00:00:00:00:00:00"}, "--mac", "unicast"},
        {2, {"--tap", "1234567890123456"}, "--tap", "1 to 15 characters"},
        {3, {NULL}, "which command?", "--help"},
        {3, {"dance"}, "'dance'", "unknown command"},
        {3, {""}, "''", "unknown command"},
        {3, {"guest"}, "guest what?", "add, set, remove, list"},
        {3, {"guest", "dance"}, "'guest dance'", "unknown command"},
        {3, {"guest", "set", "vm1"}, "guest set", "KEY VALUE... is missing"},
        {3, {"guest", "set", "vm1", "rate"}, "'rate'", "has no value"},
        {4, {"more"}, "'more'", "unexpected"},
        {5, {"24", "25"}, "'25'", "unexpected"},
        {5, {"99"}, "'99'", "no row"},
        {5, {""}, "''", "no row"},
        {6, {NULL}, "run FILE.elf", "--help"},
        {6, {"walk"}, "'walk'", "unknown command"},
        {6, {"run"}, "run what?", "file"},
        {6, {"run", ""}, "run what?", "file"},
        {6, {"run", "a", "b"}, "'b'", "unexpected"},
    };
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        wrong(&programs[bad[i].program], bad[i].word, bad[i].names, bad[i].says);
}

// A path longer than the address of a socket.
static void long_folders_are_refused(void) {
    static const struct {
        unsigned program;
        const char *option;
    } with[] = {{0, "--dir"}, {1, "--dir"}, {1, "--card"}, {2, "--parent"}, {3, "--parent"}};
    char dir[120];
    memset(dir, 'd', sizeof(dir));
    dir[89] = '\0';
    for (unsigned i = 0; i < sizeof(with) / sizeof(with[0]); i++)
        wrong(&programs[with[i].program], WORDS(with[i].option, dir), with[i].option, "1 to 88 characters");
}

// ---- every command of weirctl ----

// Two words or one, then what the arguments before `upto` take.
static unsigned begin(const struct verb *v, char *name, unsigned upto, const char **words) {
    unsigned n = 0;
    for (char *w = strtok(strcpy(name, v->name), " "); w != NULL; w = strtok(NULL, " "))
        words[n++] = w;
    for (unsigned i = 0; i < upto; i++)
        words[n++] = v->arg[i]->kind == ARG_NUMBER ? "0" : "a";
    return n;
}

static void try_argument(const struct verb *v, unsigned i) {
    static const char *const bad[] = {"", "1x", "99999999999999999999999", "0x1", "+1"};
    const struct verb_arg *a = v->arg[i];
    char name[64];
    const char *words[10] = {NULL};
    unsigned n = begin(v, name, i, words);
    for (unsigned k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        bool can_be = a->kind == ARG_TEXT || a->kind == ARG_TARGET; // any text; of digits only, a vPort
        if (a->kind == ARG_SETTINGS || (can_be && k != 0 && !(a->kind == ARG_TARGET && k == 2)))
            continue;
        words[n] = bad[k];
        wrong(&programs[3], words, v->name, "expected");
    }
    if (a->kind == ARG_NUMBER || a->kind == ARG_TARGET) {
        char more[32];
        snprintf(more, sizeof(more), "%llu", (unsigned long long)a->most + 1);
        words[n] = more;
        wrong(&programs[3], words, v->name, "expected");
    }
    if (i < v->required) {
        words[n] = NULL;
        wrong(&programs[3], words, v->name, "is missing");
    }
}

static void every_command_says_what_is_wrong(void) {
    for (unsigned id = 0; id < VERB_COUNT; id++) {
        const struct verb *v = &verbs[id];
        char name[64];
        const char *words[10] = {NULL};
        unsigned args = 0, n;
        while (args < 2 && v->arg[args] != NULL)
            try_argument(v, args++);
        if (args != 0 && v->arg[args - 1]->kind == ARG_SETTINGS)
            continue;
        if (args != 0 && v->arg[args - 1]->kind == ARG_CHOICE)
            continue; // its words are in the table of no test
        n = begin(v, name, args, words);
        if (args != 0 && v->arg[args - 1]->kind == ARG_NUMBER)
            words[n - 1] = v->arg[args - 1]->least == 0 ? "0" : "1";
        words[n] = "more";
        wrong(&programs[3], words, "'more'", "too many");
    }
}

static void errors_of_the_call_are_json_too(void) {
    static const char *const bad[][4] = {
        {"--json", "dance"}, {"--json", "attach"}, {"--json", "--wait", "x"}, {"--json"}};
    static const char *const code[] = {"unknown_command", "wrong_call", "wrong_call", "wrong_call"};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[2048], want[64];
        CHECK(simproc_exec(WEIRCTL_BINARY, bad[i], text, sizeof(text)) == 2, "%s", text);
        snprintf(want, sizeof(want), "\"code\":\"%s\"", code[i]);
        CHECK(text[0] == '{' && strstr(text, "\"ok\":false") != NULL && strstr(text, want) != NULL, "no %s: %s", want,
              text);
    }
}

// ---- what a program says of itself ----

static void every_program_says_what_it_is(void) {
    for (unsigned i = 0; i < NUM_PROGRAMS; i++) {
        const char *name = strrchr(programs[i].path, '/') + 1;
        char text[8192], shorter[8192];
        unsigned major, minor;
        CHECK(simproc_exec(programs[i].path, WORDS("--version"), text, sizeof(text)) == 0, "%s --version: %s", name,
              text);
        CHECK(strncmp(text, name, strlen(name)) == 0 &&
                  sscanf(text + strlen(name), " %*u.%*u.%*u, contract %u.%u\n", &major, &minor) == 2 &&
                  major == WEIR_ABI_MAJOR && minor == WEIR_ABI_MINOR,
              "%s --version: %s", name, text);
        CHECK(simproc_exec(programs[i].path, WORDS("--help"), text, sizeof(text)) == 0, "%s --help", name);
        CHECK(simproc_exec(programs[i].path, WORDS("-h"), shorter, sizeof(shorter)) == 0 && strcmp(text, shorter) == 0,
              "%s -h is not --help", name);
        CHECK(strstr(text, "xit status") != NULL && strstr(text, "usage: ") != NULL, "%s --help: %s", name, text);
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
            CHECK(strcspn(line, "\n") <= 80, "%s --help is wider than a terminal: %.*s", name, (int)strcspn(line, "\n"),
                  line);
        nothing_was_made(name);
    }
}

// ---- more VFs than the card has ----

static void a_card_with_fewer_vfs_is_told_at_once(void) {
    static const struct {
        const char *has, *wants, *says;
    } with[] = {{"2", "4", "has only 2 VFs: start weir-host with --vfs 2, or weir-sim with --vfs 4"},
                {"0", "1", "has no VFs: start weir-sim with --vfs 1"}};
    for (unsigned i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
        char dir[96];
        simproc_start(&sim, WORDS("--vfs", with[i].has));
        snprintf(dir, sizeof(dir), "%s/h", sim.dir);
        one_line(WEIR_HOST_BINARY, WORDS("--card", sim.dir, "--dir", dir, "--vfs", with[i].wants), 1, with[i].says);
        remove_folder(dir);
        simproc_stop(&sim);
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"every_option_says_what_is_wrong", every_option_says_what_is_wrong},
        {"words_and_values_say_what_is_wrong", words_and_values_say_what_is_wrong},
        {"long_folders_are_refused", long_folders_are_refused},
        {"every_command_says_what_is_wrong", every_command_says_what_is_wrong},
        {"errors_of_the_call_are_json_too", errors_of_the_call_are_json_too},
        {"every_program_says_what_it_is", every_program_says_what_it_is},
        {"a_card_with_fewer_vfs_is_told_at_once", a_card_with_fewer_vfs_is_told_at_once},
    };
    CHECK(mkdtemp(scratch) != NULL && chdir(scratch) == 0, "no temporary folder");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return rmdir(scratch) == 0 ? 0 : 1;
        }
    fprintf(stderr, "usage: test_options <case>\n");
    return 2;
}
