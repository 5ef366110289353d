// SPDX-License-Identifier: Apache-2.0
// Every command of weirctl on a live card with two guests: it works, has a line of help and a form in JSON, and fits a
// terminal of 80 columns. Refusals have codes. Hand-overs have a date.
#include <ctype.h>
#include <json-c/json.h>
#include <signal.h>
#include <sys/time.h>

#include "hosts.h"
#include "verbs.h"
#include "world.h"

// One after the other, as people and, once more, as scripts; at the end all is as it was at the beginning. "@a" is
// the vPort of guest a. `shows` is in the answer for people.
static const struct {
    enum verb_id id;
    const char *word[10], *shows;
} calls[] = {
    {VERB_status, {"status"}, "02:57:00:00:00:01"},
    {VERB_await, {"await", "a"}, ""},
    {VERB_path_show, {"path", "show", "a"}, "on the synthetic path"},
    {VERB_path_show, {"path", "show"}, "NOT_OFFERED"},
    {VERB_path_reasons, {"path", "reasons"}, "the administrator took the VF back"},
    {VERB_guest_add, {"guest", "add", "c", "vlan", "trunk:0,10,20-29,100,200,300-399", "rate", "100"}, ""},
    {VERB_guest_set, {"guest", "set", "c", "weight", "7"}, ""},
    {VERB_guest_list, {"guest", "list"}, "weight 7"},
    {VERB_guest_remove, {"guest", "remove", "c"}, ""},
    {VERB_policy_set, {"policy", "set", "reserve", "1", "hold-ms", "2000"}, "held in reserve"},
    {VERB_policy_show, {"policy", "show"}, "hold-ms 2000"},
    {VERB_policy_set, {"policy", "set", "reserve", "0"}, "auto off"},
    {VERB_policy_release, {"policy", "release", "a"}, ""},
    {VERB_vf_list, {"vf", "list"}, "no guest has a VF"},
    {VERB_vf_give, {"vf", "give", "q", "rate", "100"}, "vf0.sock"},
    {VERB_vf_list, {"vf", "list"}, "given"},
    {VERB_vf_take, {"vf", "take", "q"}, ""},
    {VERB_guest_remove, {"guest", "remove", "q"}, ""},
    {VERB_attach, {"attach", "a"}, ""},
    {VERB_attach, {"attach", "b"}, ""},
    {VERB_path_show, {"path", "show", "a"}, "on its VF"},
    {VERB_vf_list, {"vf", "list"}, "running"},
    {VERB_vport_moderation, {"vport", "moderation", "@a", "high"}, ""},
    {VERB_vport_mirror, {"vport", "mirror", "@a", "@b"}, ""},
    {VERB_vport_list, {"vport", "list"}, "high"},
    {VERB_vport_mirror, {"vport", "mirror", "@a", "off"}, ""},
    {VERB_counters, {"counters"}, "DROP"},
    {VERB_counters, {"counters", "1"}, "TX_"},
    {VERB_counters, {"counters", "a"}, "tx_drop_"},
    {VERB_dev_info, {"dev", "info"}, "queue pairs"},
    {VERB_dev_queues, {"dev", "queues"}, "running"},
    {VERB_dev_health, {"dev", "health"}, "stack used"},
    {VERB_dev_panic, {"dev", "panic", "1"}, "did not panic"},
    {VERB_dev_log_level, {"dev", "log-level", "debug"}, "log level debug"},
    {VERB_dev_log_level, {"dev", "log-level", "info"}, "log level info"},
    {VERB_dev_log, {"dev", "log"}, ": mirror to "},
    {VERB_dev_log, {"dev", "log", "1"}, ""},
    {VERB_link, {"link", "down"}, "link down"},
    {VERB_link, {"link", "up"}, "link "},
    {VERB_link, {"link"}, "link up"},
    {VERB_flash_show, {"flash", "show"}, "runs from slot"},
    {VERB_flash_write, {"flash", "write", WEIR_FIRMWARE_IMAGE}, "being written"},
    {VERB_flash_verify, {"flash", "verify"}, "done"},
    {VERB_flash_commit, {"flash", "commit", "now"}, "to be tried"},
    {VERB_flash_show, {"flash", "show"}, "on trial"},
    {VERB_flash_log, {"flash", "log"}, "to be tried"},
    {VERB_flash_confirm, {"flash", "confirm"}, ", confirmed; "},
    {VERB_flash_write, {"--no-wait", "flash", "write", WEIR_FIRMWARE_IMAGE}, ""},
    {VERB_flash_abort, {"flash", "abort"}, ""},
    {VERB_detach, {"detach", "a"}, ""},
    {VERB_revoke, {"revoke", "b"}, ""},
    {VERB_records, {"records"}, "to VF"},
    {VERB_records, {"records", "1"}, "surprise"},
    {VERB_ledger, {"ledger"}, "ledger: balanced"},
    {VERB_halt, {"halt"}, ""}, // of scripts only: there is no other parent
};
#define NUM_CALLS (sizeof(calls) / sizeof(calls[0]))

// On a slow machine lines that it still waits come in front.
static struct json_object *as_json(const char *text) {
    const char *first = strchr(text, '{');
    struct json_object *o = first != NULL ? json_tokener_parse(first) : NULL;
    CHECK(json_object_is_type(o, json_type_object), "no JSON: %s", text);
    return o;
}

static bool is_ok(struct json_object *o) {
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, "ok", &v) && json_object_get_boolean(v);
}

static void fits(const char *what, const char *text) {
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        CHECK(strcspn(line, "\n") <= 80, "%s is wider than 80 columns: %.*s", what, (int)strcspn(line, "\n"), line);
        if (line[strcspn(line, "\n")] == '\0')
            return;
    }
}

static int64_t number(struct json_object *o, const char *key) {
    struct json_object *v = NULL;
    CHECK(json_object_object_get_ex(o, key, &v), "no %s", key);
    return json_object_get_int64(v);
}

static const char *vport_of(const char *guest, char text[16]) {
    char all[4096];
    struct json_object *o, *guests = NULL;
    CHECK(ctl_words(all, sizeof(all), (const char *const[]){"--json", "path", "show", guest, NULL}) == 0, "%s", all);
    o = as_json(all);
    CHECK(json_object_object_get_ex(o, "guests", &guests) && json_object_array_length(guests) == 1, "%s", all);
    snprintf(text, 16, "%d", (int)number(json_object_array_get_idx(guests, 0), "vport"));
    json_object_put(o);
    return text;
}

static void must_say(unsigned call, bool json) {
    static char text[1 << 16];
    const char *const *word = calls[call].word, *all[12] = {"--json"};
    char what[128] = "", vport[10][16];
    struct json_object *o;
    for (unsigned n = 0; n < 10 && word[n] != NULL; n++) {
        all[n + json] = word[n][0] == '@' ? vport_of(word[n] + 1, vport[n]) : word[n];
        snprintf(what + strlen(what), sizeof(what) - strlen(what), " %s", word[n]);
    }
    CHECK(ctl_words(text, sizeof(text), all) == 0, "weirctl%s: %s", what, text);
    if (json) {
        o = as_json(text);
        CHECK(is_ok(o), "weirctl --json%s: %s", what, text);
        json_object_put(o);
        return;
    }
    CHECK(strstr(text, calls[call].shows) != NULL, "weirctl%s does not say '%s': %s", what, calls[call].shows, text);
    fits(what, text);
}

static void has_help(const char *help, enum verb_id id) {
    char usage[160], line[200];
    const char *at;
    snprintf(line, sizeof(line), "\n  %s\n      ", verb_usage(id, usage, sizeof(usage)));
    at = strstr(help, line);
    CHECK(at != NULL && isalpha((unsigned char)at[strlen(line)]), "no help of %s", usage);
}

static void two_guests(struct guest *a, struct guest *b) {
    setenv("COLUMNS", "80", 1);
    hosts_start(NULL);
    guest_start(a, "a", 1);
    guest_start(b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
}

static void end_all(struct guest *a, struct guest *b) {
    guest_kill(a);
    guest_kill(b);
    hosts_stop();
}

static void every_command_works(void) {
    static char help[1 << 14];
    bool called[VERB_COUNT] = {[VERB_flash_dump] = true}; // it has a case of its own
    struct guest a, b;
    two_guests(&a, &b);
    CHECK(ctl_words(help, sizeof(help), (const char *const[]){"guest", "add", "b", "trust", "on", NULL}) == 0, "%s",
          help);
    CHECK(simproc_exec(WEIRCTL_BINARY, (const char *const[]){"--help", NULL}, help, sizeof(help)) == 0, "no help");
    for (unsigned id = 0; id < VERB_COUNT; id++)
        has_help(help, (enum verb_id)id);
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < NUM_CALLS; i++) {
            if (calls[i].id == VERB_halt && pass == 0)
                continue;
            must_say(i, pass == 1);
            called[calls[i].id] = true;
        }
    for (unsigned id = 0; id < VERB_COUNT; id++)
        CHECK(called[id], "no call of %s", verbs[id].name);
    end_all(&a, &b);
}

// ---- refusals ----

// Scripts know them: whoever adds one adds it at the end, here too.
static void codes_stay(void) {
    static const char *const name[] = {"wrong_call", "unknown_command", "no_parent",  "not_allowed",  "no_answer",
                                       "no_guest",   "guest_exists",    "no_object",  "bad_setting",  "address_taken",
                                       "table_full", "not_kept",        "already",    "guest_silent", "no_resource",
                                       "card",       "not_moved",       "given",      "guest_here",   "flash_image",
                                       "flash_busy", "flash_state",     "flash_worn", "rescue",       "policy"};
    for (unsigned i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
        CHECK(ctl_error_find(name[i]) == (enum ctl_error)(i + 1) &&
                  strcmp(ctl_error_name((enum ctl_error)(i + 1)), name[i]) == 0,
              "error %u is no longer %s", i + 1, name[i]);
        CHECK(ctl_error_text((enum ctl_error)(i + 1))[0] != '\0', "%s has no text", name[i]);
    }
}

static void refusals_have_codes(void) {
    static const struct {
        const char *word[8];
        enum ctl_error code;
        int status;
    } no[] = {
        {{"dance"}, CTL_unknown_command, 2},
        {{"attach", "nobody"}, CTL_no_guest, 1},
        {{"path", "show", "nobody"}, CTL_no_guest, 1},
        {{"counters", "nobody"}, CTL_no_guest, 1},
        {{"guest", "remove", "nobody"}, CTL_no_guest, 1},
        {{"detach", "a"}, CTL_already, 1},
        {{"revoke", "a"}, CTL_already, 1},
        {{"guest", "add", "c"}, CTL_NO_ERROR, 0},
        {{"guest", "add", "c"}, CTL_guest_exists, 1},
        {{"guest", "set", "c", "vlan", "port:4095"}, CTL_bad_setting, 1},
        {{"guest", "set", "c", "colour", "red"}, CTL_bad_setting, 1},
        {{"guest", "add", "d", "mac", "02:57:00:00:00:01"}, CTL_address_taken, 1},
        {{"vport", "moderation", "100", "low"}, CTL_no_object, 1},
        {{"vport", "mirror", "0", "off"}, CTL_already, 1},
        {{"vport", "mirror", "0", "on"}, CTL_wrong_call, 2},
        {{"attach", "a"}, CTL_NO_ERROR, 0},
        {{"attach", "a"}, CTL_already, 1},
        {{"policy", "set", "reserve", "65"}, CTL_bad_setting, 1},
        {{"policy", "set", "colour", "red"}, CTL_bad_setting, 1},
        {{"policy", "set", "auto", "maybe"}, CTL_bad_setting, 1},
        {{"guest", "add", "b", "vf", "never"}, CTL_NO_ERROR, 0},
        {{"attach", "b"}, CTL_policy, 1},
        {{"guest", "set", "b", "vf", "auto"}, CTL_NO_ERROR, 0},
        {{"policy", "set", "reserve", "63"}, CTL_bad_setting, 1},
        {{"vport", "mirror", "0", "1"}, CTL_card, 1}, // of one that is not trusted
        {{"--wait", "0", "--parent", "/nonexistent", "status"}, CTL_no_parent, 1},
    };
    struct guest a, b;
    codes_stay();
    two_guests(&a, &b);
    for (unsigned i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        const char *args[14] = {"--parent", host_dir, "--json"};
        char text[4096], want[64];
        unsigned n = strcmp(no[i].word[0], "--wait") == 0 ? 0 : 2;
        args[n++] = "--json";
        for (unsigned k = 0; no[i].word[k] != NULL; k++)
            args[n++] = no[i].word[k];
        args[n] = NULL;
        CHECK(simproc_exec(WEIRCTL_BINARY, args, text, sizeof(text)) == no[i].status, "%s %s: %s", no[i].word[0],
              no[i].word[1], text);
        json_object_put(as_json(text));
        snprintf(want, sizeof(want), "\"code\":\"%s\",\"number\":%u,", ctl_error_name(no[i].code), no[i].code);
        CHECK(no[i].code == CTL_NO_ERROR || strstr(text, want) != NULL, "%s %s: no %s: %s", no[i].word[0],
              no[i].word[1], want, text);
    }
    end_all(&a, &b);
}

// ---- dates ----

static int64_t now_us(void) {
    struct timeval t;
    gettimeofday(&t, NULL);
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

// Four hand-overs; of them the newest two, each recorded between its command and the next.
static void records_are_the_newest_with_their_date(void) {
    static const char *const move[] = {"attach", "detach", "attach", "detach"};
    struct json_object *o, *all = NULL;
    int64_t before[5];
    struct guest a, b;
    char text[16384];
    two_guests(&a, &b);
    for (unsigned i = 0; i < 4; i++) {
        before[i] = now_us();
        must(move[i], "a");
    }
    before[4] = now_us();
    CHECK(ctl_words(text, sizeof(text), (const char *const[]){"--json", "records", "2", NULL}) == 0, "%s", text);
    o = as_json(text);
    CHECK(json_object_object_get_ex(o, "record", &all) && json_object_array_length(all) == 2, "not two: %s", text);
    for (unsigned i = 0; i < 2; i++) {
        struct json_object *r = json_object_array_get_idx(all, i);
        CHECK(number(r, "serial") == 2 + i, "number %u is %d", 2 + i, (int)number(r, "serial"));
        CHECK(number(r, "wall_us") >= before[2 + i] && number(r, "wall_us") <= before[3 + i],
              "number %u: a date of another time: %s", 2 + i, text);
    }
    json_object_put(o);
    end_all(&a, &b);
}

// ---- a panic ----

static void a_panic_is_shown_whole(void) {
    char text[8192] = "";
    struct guest a, b;
    two_guests(&a, &b);
    for (unsigned i = 0; i < 50 && strstr(text, "registers:") == NULL; i++) {
        kill(sim.pid, SIGUSR2);
        must("status", NULL);
        CHECK(ctl_words(text, sizeof(text), (const char *const[]){"dev", "panic", "0", NULL}) == 0, "%s", text);
    }
    CHECK(strstr(text, "core 0, ") != NULL && strstr(text, "\n  x28 ") != NULL && strstr(text, "\n  sp+0 ") != NULL,
          "%s", text);
    fits("dev panic", text);
    end_all(&a, &b);
}

// ---- the flash ----

// A dump is the file that was written, byte for byte; one that is refused leaves no file, and no file is written over.
static void an_image_comes_back_as_it_went(void) {
    static uint8_t want[1 << 18], have[1 << 18];
    char file[64], text[1024];
    const char *const dump[] = {"flash", "dump", "a", file, NULL}, *const empty[] = {"flash", "dump", "b", file, NULL};
    size_t bytes, n;
    FILE *f = fopen(WEIR_FIRMWARE_IMAGE, "rb");
    CHECK(f != NULL, "no %s", WEIR_FIRMWARE_IMAGE);
    bytes = fread(want, 1, sizeof(want), f);
    fclose(f);
    snprintf(file, sizeof(file), "/tmp/weir-test-dump-%ld", (long)getpid());
    hosts_start(NULL);
    CHECK(ctl_words(text, sizeof(text), empty) == 1 && strstr(text, "erased") != NULL, "slot b: %s", text);
    CHECK(access(file, F_OK) != 0, "a dump that was refused leaves a file");
    CHECK(ctl_words(text, sizeof(text), dump) == 0, "%s", text);
    CHECK(ctl_words(text, sizeof(text), dump) == 1 && strstr(text, "exists") != NULL, "once more: %s", text);
    f = fopen(file, "rb");
    CHECK(f != NULL, "no %s", file);
    n = fread(have, 1, sizeof(have), f);
    fclose(f);
    unlink(file);
    CHECK(n == bytes && memcmp(have, want, n) == 0, "%zu bytes of %zu are not those of the image", n, bytes);
    hosts_stop();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"every_command_works", every_command_works},
        {"refusals_have_codes", refusals_have_codes},
        {"records_are_the_newest_with_their_date", records_are_the_newest_with_their_date},
        {"a_panic_is_shown_whole", a_panic_is_shown_whole},
        {"an_image_comes_back_as_it_went", an_image_comes_back_as_it_went},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_verbs <case>\n");
    return 2;
}
