// SPDX-License-Identifier: Apache-2.0
// weirctl: asks a parent (weir-host) what there is, and moves its guests between their paths.
// Exit status: 0 done, 1 refused or failed, 2 the call itself is wrong, 3 the ledger does not balance.
#include <getopt.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "await.h"
#include "ctl_client.h"
#include "text.h"
#include "weirctl_show.h"

#define TELL_S 10 // between words to a person who waits
#define WAIT_S 3

static const char usage[] =
    "weirctl [--parent DIR] [--json] COMMAND\n"
    "\n"
    "  status              card, guests, and why each is on the path it is on\n"
    "  attach GUEST        give the guest a VF; returns when its traffic is on it (--no-wait: at once)\n"
    "  detach GUEST        take it back with the guest's help: loses nothing\n"
    "  revoke GUEST        take it back now, as if it vanished: loses what the ledger says\n"
    "  records [FROM]      what each hand-over did\n"
    "  counters [VPORT|GUEST]  of a vPort, of a guest from its stack to the card, or of the switch\n"
    "  ledger              in = out + drops by reason + what is under way: of the port, each vPort, and each guest "
    "from\n"
    "                      its stack over all its paths; may be asked while traffic runs\n"
    "  guest add NAME [KEY VALUE]...    let a guest of that name in, with these settings\n"
    "  guest set NAME KEY VALUE...      change them, at once and on whatever path it is\n"
    "  guest remove NAME                out of the table, its VF taken, itself sent away, dead or alive\n"
    "  guest list                       the table, and guests that came through the open door\n"
    "      KEYs: mac (MAC, auto), uid (UID, any), vlan (any, port:VID[:PRIORITY], trunk:LIST), rate (Mb/s, 0), "
    "weight,\n"
    "      spoofchk, trust, learn, stags (on, off), max-mac, link (follow, up, down)\n"
    "  dev health          the card's cores: stacks, restarts, the last panic of each (--json: with registers)\n"
    "  link [up|down]      whether the wire has a link; enable or disable the card's port\n"
    "  halt                stop the parent in order\n"
    "\n"
    "  --wait SECONDS      for a parent that is not there yet (default 3)\n"
    "  --parent DIR        as given to weir-host --dir (default weir-host.d)\n"
    "\n"
    "exit status: 0 done, 1 refused or failed, 2 the call is wrong, 3 the ledger does not balance\n";

static int complain(const char *text) {
    fprintf(stderr, "weirctl: %s\n", text);
    return 1;
}

static const char *state_of(struct json_object *status, const char *guest) {
    struct json_object *all = ctl_member(status, "guests");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *g = json_object_array_get_idx(all, i);
        if (strcmp(ctl_text(g, "name"), guest) == 0)
            return ctl_text(g, "state");
    }
    return "gone";
}

static bool at_rest(const char *state) {
    static const char *const rest[] = {"attached", "detached", "failed", "gone"};
    for (unsigned i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        if (strcmp(state, rest[i]) == 0)
            return true;
    return false;
}

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

// A hand-over is over when the guest rests on one path; before its first answer the parent has begun. 0 when that is
// the path that was asked for.
static int await(const struct ctl_link *asked, const char *cmd, const char *guest) {
    const char *want = strcmp(cmd, "attach") == 0 ? "attached" : "detached";
    char err[320], last[64] = "", clean[64];
    struct patience patience = {.what = last};
    struct ctl_link l = *asked;

    l.ctx = &patience;
    for (;;) {
        struct json_object *rsp = ctl_ask(&l, ctl_question("status", NULL), err, sizeof(err));
        if (rsp == NULL)
            return complain(err);
        text_clean(last, sizeof(last), state_of(rsp, guest));
        json_object_put(rsp);
        if (strcmp(last, want) == 0)
            return 0;
        if (at_rest(last))
            break;
        usleep(2000);
    }
    snprintf(err, sizeof(err), "%s %s: the guest is '%s', not '%s'; weirctl status says why", cmd,
             text_clean(clean, sizeof(clean), guest), last, want);
    return complain(err);
}

// The question of a command line; NULL, with what is wrong said, when it is none.
static struct json_object *question_of(int argc, char **argv, char *cmd, size_t size, const char **guest) {
    bool of_guests = strcmp(argv[0], "guest") == 0 && argc > 1, moves;
    struct json_object *q, *set;
    bool two = of_guests || (strcmp(argv[0], "dev") == 0 && argc > 1);
    int used = two ? 2 : 1;

    snprintf(cmd, size, two ? "%s %s" : "%s", argv[0], argc > 1 ? argv[1] : "");
    moves = strcmp(cmd, "attach") == 0 || strcmp(cmd, "detach") == 0 || strcmp(cmd, "revoke") == 0;
    if ((moves || (of_guests && strcmp(cmd, "guest list") != 0)) && argc == used) {
        fprintf(stderr, "weirctl: %s whom? name a guest; weirctl status lists them\n", cmd);
        return NULL;
    }
    if (argc > used && (moves || of_guests))
        *guest = argv[used++];
    q = ctl_question(cmd, *guest);
    if (of_guests && argc > used) {
        set = json_object_new_object();
        for (; used + 1 < argc; used += 2)
            json_object_object_add(set, argv[used], json_object_new_string(argv[used + 1]));
        json_object_object_add(q, "set", set);
    } else if (argc > used) {
        bool counters = strcmp(cmd, "counters") == 0, link = strcmp(cmd, "link") == 0;
        char *rest;
        long long number = strtoll(argv[used], &rest, 10);
        if (*rest == '\0' && argv[used][0] >= '0' && argv[used][0] <= '9')
            json_object_object_add(q, counters ? "vport" : "from", json_object_new_int64(number));
        else if (link)
            json_object_object_add(q, "state", json_object_new_string(argv[used]));
        else if (counters)
            json_object_object_add(q, "guest", json_object_new_string(argv[used]));
        else
            used--; // too many words
        used++;
    }
    if (used == argc)
        return q;
    fputs(of_guests ? "weirctl: settings come as KEY VALUE; the last has no value\n"
                    : "weirctl: too many words; see weirctl --help\n",
          stderr);
    json_object_put(q);
    return NULL;
}

int main(int argc, char **argv) {
    static const struct option known[] = {
        {"parent", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'}, {"no-wait", no_argument, NULL, 'n'},
        {"wait", required_argument, NULL, 'w'},   {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *dir = "weir-host.d", *guest = NULL;
    bool json = false, wait = true;
    struct json_object *question, *rsp;
    char err[512] = "", cmd[64];
    struct patience patience = {.what = "the parent's answer"};
    struct ctl_link l = {.fd = -1};
    unsigned seconds = WAIT_S;
    uint64_t until;
    int c, ret = 0;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'p':
            dir = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'n':
            wait = false;
            break;
        case 'w':
            if (!text_number(optarg, AWAIT_MAX_S, &seconds)) {
                fputs("weirctl: --wait takes 0 to 3600 seconds\n", stderr);
                return 2;
            }
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return 2; // getopt named the option
        }
    }
    if (optind >= argc) {
        fputs(usage, stderr);
        return 2;
    }
    question = question_of(argc - optind, argv + optind, cmd, sizeof(cmd), &guest);
    if (question == NULL)
        return 2;
    until = await_until(seconds);
    while ((ret = ctl_connect(&l, dir, err, sizeof(err))) != 0)
        if (!await_helps(ret) || !await_more(until, NULL)) {
            json_object_put(question);
            return complain(err);
        }
    l.meanwhile = still_waiting;
    l.ctx = &patience;
    rsp = ctl_ask(&l, question, err, sizeof(err));
    if (rsp == NULL) {
        ctl_disconnect(&l);
        return complain(err);
    }
    if (guest != NULL && strncmp(cmd, "guest ", 6) != 0 && wait)
        ret = await(&l, cmd, guest);
    if (json)
        text_json(stdout, json_object_to_json_string_ext(rsp, JSON_C_TO_STRING_PRETTY));
    else
        show_answer(cmd, rsp);
    if (strcmp(cmd, "ledger") == 0 && !json_object_get_boolean(ctl_member(rsp, "balanced")))
        ret = 3;
    json_object_put(rsp);
    ctl_disconnect(&l);
    return ret;
}
