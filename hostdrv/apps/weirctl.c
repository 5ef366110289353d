// SPDX-License-Identifier: Apache-2.0
// weirctl: asks a parent (weir-host) what there is, and moves its guests between their paths.
// Exit status: 0 done, 1 refused or failed, 2 the call itself is wrong.
#include <getopt.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl_client.h"

#define ANSWER_MS 30000
#define HANDOVER_S 60
#define BEGIN_S 2

static const char usage[] =
    "weirctl [--parent DIR] [--json] COMMAND\n"
    "\n"
    "  status              card, guests, and why each is on the path it is on\n"
    "  attach GUEST        give the guest a VF; returns when its traffic is on it (--no-wait: at once)\n"
    "  detach GUEST        take it back with the guest's help: loses nothing\n"
    "  revoke GUEST        take it back now, as if it vanished: loses what the ledger says\n"
    "  records [FROM]      what each hand-over did\n"
    "  counters [VPORT]    of a vPort, or of the switch\n"
    "  ledger              in = out + drops by reason, of the port and each vPort, and whether it balances; "
    "meaningful\n"
    "                      while no traffic runs\n"
    "  halt                stop the parent in order\n"
    "\n"
    "  --parent DIR        as given to weir-host --dir (default weir-host.d)\n";

static int complain(const char *text) {
    fprintf(stderr, "weirctl: %s\n", text);
    return 1;
}

static struct json_object *member(struct json_object *o, const char *key) {
    struct json_object *v = NULL;
    (void)json_object_object_get_ex(o, key, &v);
    return v;
}

static void show_status(struct json_object *rsp) {
    struct json_object *all = member(rsp, "guests");
    printf("card %s: %lld VFs, cycle %lld, %lld hand-overs so far\n", ctl_text(rsp, "card"), ctl_number(rsp, "vfs"),
           ctl_number(rsp, "cycle"), ctl_number(rsp, "records"));
    if (json_object_array_length(all) == 0) {
        puts("no guests");
        return;
    }
    printf("%-16s %-18s %-20s %4s %6s  %s\n", "guest", "mac", "state", "vf", "vport", "why");
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        struct json_object *g = json_object_array_get_idx(all, i);
        char vf[8] = "-", vport[8] = "-";
        if (ctl_number(g, "vf") >= 0)
            snprintf(vf, sizeof(vf), "%lld", ctl_number(g, "vf") % 1000);
        if (ctl_number(g, "vport") >= 0)
            snprintf(vport, sizeof(vport), "%lld", ctl_number(g, "vport") % 1000);
        printf("%-16s %-18s %-20s %4s %6s  %s\n", ctl_text(g, "name"), ctl_text(g, "mac"), ctl_text(g, "state"), vf,
               vport, ctl_text(g, "why"));
    }
}

static void show_records(struct json_object *rsp) {
    struct json_object *all = member(rsp, "record");
    printf("%4s %-12s %-13s %-9s %10s %8s %8s %8s  %s\n", "no", "guest", "direction", "surprise", "cycles", "tx lost",
           "rx lost", "dropped", "why");
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        struct json_object *r = json_object_array_get_idx(all, i);
        printf("%4lld %-12s %-13s %-9s %10u %8lld %8lld %8lld  %s (%s)\n", ctl_number(r, "serial"),
               ctl_text(r, "guest"), ctl_text(r, "direction"),
               json_object_get_boolean(member(r, "surprise")) ? "yes" : "no",
               (uint32_t)(ctl_number(r, "cycle_done") - ctl_number(r, "cycle_request")),
               ctl_number(r, "tx_lost") < 0 ? 0 : ctl_number(r, "tx_lost"),
               ctl_number(r, "rx_lost") < 0 ? 0 : ctl_number(r, "rx_lost"),
               ctl_number(r, "rx_dropped") < 0 ? 0 : ctl_number(r, "rx_dropped"), ctl_text(r, "why"),
               ctl_text(r, "status"));
    }
}

static void show_reasons(struct json_object *side) {
    json_object_object_foreach(member(side, "reason"), key, value) {
        if (json_object_get_int64(value) != 0)
            printf("       %s %lld\n", key, (long long)json_object_get_int64(value));
    }
}

static void show_ledger(struct json_object *rsp) {
    struct json_object *p = member(rsp, "port"), *all = member(rsp, "vport");
    struct json_object *rx = member(p, "rx"), *tx = member(p, "tx");

    printf("ledger: %s\n", ctl_text(rsp, "text"));
    printf("port: %lld frames from the wire, %lld dropped; %lld copies to the wire, %lld sent, %lld dropped\n",
           ctl_number(rx, "frames"), ctl_number(rx, "dropped"), ctl_number(tx, "copies"), ctl_number(tx, "sent"),
           ctl_number(tx, "dropped"));
    show_reasons(rx);
    show_reasons(tx);
    printf("%5s %10s %10s %10s %10s %10s %10s %10s  %s\n", "vport", "sent", "dropped", "routed to", "drained in",
           "delivered", "drained", "dropped", "name");
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        struct json_object *o = json_object_array_get_idx(all, i);
        rx = member(o, "rx");
        tx = member(o, "tx");
        printf("%5lld %10lld %10lld %10lld %10lld %10lld %10lld %10lld  %s\n", ctl_number(o, "vport"),
               ctl_number(tx, "frames"), ctl_number(tx, "dropped"), ctl_number(rx, "copies"),
               ctl_number(rx, "redirect_in"), ctl_number(rx, "delivered"), ctl_number(rx, "redirect_out"),
               ctl_number(rx, "dropped"), ctl_text(o, "name"));
        show_reasons(tx);
        show_reasons(rx);
    }
}

static void show(const char *cmd, struct json_object *rsp) {
    if (strcmp(cmd, "status") == 0)
        show_status(rsp);
    else if (strcmp(cmd, "records") == 0)
        show_records(rsp);
    else if (strcmp(cmd, "ledger") == 0)
        show_ledger(rsp);
    else if (strcmp(cmd, "counters") == 0) {
        json_object_object_foreach(member(rsp, "counter"), key, value) {
            printf("%-24s %lld\n", key, (long long)json_object_get_int64(value));
        }
    }
}

static const char *state_of(struct json_object *status, const char *guest) {
    struct json_object *all = member(status, "guests");
    for (size_t i = 0; i < json_object_array_length(all); i++) {
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

// A hand-over is over when the guest rests on one path. 0 when that is the one that was asked for. It may take the
// parent a moment to begin.
static int await(const struct ctl_link *l, const char *cmd, const char *guest) {
    const char *want = strcmp(cmd, "attach") == 0 ? "attached" : "detached";
    time_t begin = time(NULL);
    bool moved = false;
    char err[256], last[64] = "";

    while (time(NULL) < begin + HANDOVER_S) {
        struct json_object *rsp = ctl_ask(l, ctl_question("status", NULL), ANSWER_MS, err, sizeof(err));
        if (rsp == NULL)
            return complain(err);
        snprintf(last, sizeof(last), "%s", state_of(rsp, guest));
        json_object_put(rsp);
        if (strcmp(last, want) == 0)
            return 0;
        moved = moved || !at_rest(last);
        if (at_rest(last) && (moved || time(NULL) > begin + BEGIN_S))
            break;
        usleep(2000);
    }
    snprintf(err, sizeof(err), "%s %s: the guest is '%s', not '%s'; weirctl status says why", cmd, guest, last, want);
    return complain(err);
}

int main(int argc, char **argv) {
    static const struct option known[] = {{"parent", required_argument, NULL, 'p'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"no-wait", no_argument, NULL, 'n'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const char *dir = "weir-host.d", *cmd, *arg;
    bool json = false, wait = true, moves;
    struct json_object *question, *rsp;
    char err[512] = "";
    struct ctl_link l = {.fd = -1};
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
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return 2; // getopt named the option
        }
    }
    if (optind >= argc || argc - optind > 2) {
        fputs(usage, stderr);
        return 2;
    }
    cmd = argv[optind];
    arg = argv[optind + 1];
    moves = strcmp(cmd, "attach") == 0 || strcmp(cmd, "detach") == 0 || strcmp(cmd, "revoke") == 0;
    if (moves && arg == NULL) {
        fprintf(stderr, "weirctl: %s whom? name a guest; weirctl status lists them\n", cmd);
        return 2;
    }
    question = ctl_question(cmd, moves ? arg : NULL);
    if (!moves && arg != NULL)
        json_object_object_add(question, strcmp(cmd, "counters") == 0 ? "vport" : "from",
                               json_object_new_int64(strtoll(arg, NULL, 10)));
    if (ctl_connect(&l, dir, err, sizeof(err)) != 0) {
        json_object_put(question);
        return complain(err);
    }
    rsp = ctl_ask(&l, question, ANSWER_MS, err, sizeof(err));
    if (rsp == NULL) {
        ctl_disconnect(&l);
        return complain(err);
    }
    if (moves && wait)
        ret = await(&l, cmd, arg);
    if (json)
        puts(json_object_to_json_string_ext(rsp, JSON_C_TO_STRING_PRETTY));
    else
        show(cmd, rsp);
    json_object_put(rsp);
    ctl_disconnect(&l);
    return ret;
}
