// SPDX-License-Identifier: Apache-2.0
// See weirctl_show.h.
#include "weirctl_show.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ctl_client.h"
#include "text.h"

// Room for the texts of one line.
struct texts {
    char text[8][256];
    unsigned next;
};

static const char *clean(struct texts *t, struct json_object *o, const char *key) {
    char *room = t->text[t->next++ % 8];
    return text_clean(room, sizeof(t->text[0]), ctl_text(o, key));
}

static void show_status(struct json_object *rsp) {
    struct texts t = {.next = 0};
    struct json_object *all = ctl_member(rsp, "guests");
    printf("card %s: %lld VFs, cycle %lld, %lld hand-overs so far\n", clean(&t, rsp, "card"), ctl_number(rsp, "vfs"),
           ctl_number(rsp, "cycle"), ctl_number(rsp, "records"));
    if (ctl_length(all) == 0) {
        puts("no guests");
        return;
    }
    printf("%-16s %-18s %-20s %4s %6s  %s\n", "guest", "mac", "state", "vf", "vport", "why");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *g = json_object_array_get_idx(all, i);
        char vf[8] = "-", vport[8] = "-";
        if (ctl_number(g, "vf") >= 0)
            snprintf(vf, sizeof(vf), "%lld", ctl_number(g, "vf") % 1000);
        if (ctl_number(g, "vport") >= 0)
            snprintf(vport, sizeof(vport), "%lld", ctl_number(g, "vport") % 1000);
        printf("%-16s %-18s %-20s %4s %6s  %s\n", clean(&t, g, "name"), clean(&t, g, "mac"), clean(&t, g, "state"), vf,
               vport, clean(&t, g, "why"));
    }
}

static void show_records(struct json_object *rsp) {
    struct texts t = {.next = 0};
    struct json_object *all = ctl_member(rsp, "record");
    printf("%4s %-12s %-13s %-9s %10s %8s %8s %8s  %s\n", "no", "guest", "direction", "surprise", "cycles", "tx lost",
           "rx lost", "dropped", "why");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *r = json_object_array_get_idx(all, i);
        printf("%4lld %-12s %-13s %-9s %10u %8lld %8lld %8lld  %s (%s)\n", ctl_number(r, "serial"),
               clean(&t, r, "guest"), clean(&t, r, "direction"),
               json_object_get_boolean(ctl_member(r, "surprise")) ? "yes" : "no",
               (uint32_t)(ctl_number(r, "cycle_done") - ctl_number(r, "cycle_request")),
               ctl_number(r, "tx_lost") < 0 ? 0 : ctl_number(r, "tx_lost"),
               ctl_number(r, "rx_lost") < 0 ? 0 : ctl_number(r, "rx_lost"),
               ctl_number(r, "rx_dropped") < 0 ? 0 : ctl_number(r, "rx_dropped"), clean(&t, r, "why"),
               clean(&t, r, "status"));
    }
}

// Names and numbers of an object, those that are zero only with `all`.
static void show_numbers(struct json_object *o, const char *format, bool all) {
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value) {
        char name[64];
        long long v = (long long)json_object_get_int64(value);
        if (all || v != 0)
            printf(format, text_clean(name, sizeof(name), key), v);
    }
}

static void show_reasons(struct json_object *side) {
    show_numbers(ctl_member(side, "reason"), "       %s %lld\n", false);
}

// Of a guest's, by who dropped.
static void show_whose(struct json_object *side) {
    struct json_object *reasons = ctl_member(side, "reason");
    show_numbers(ctl_member(reasons, "guest"), "       guest  %s %lld\n", false);
    show_numbers(ctl_member(reasons, "parent"), "       parent %s %lld\n", false);
    show_numbers(ctl_member(reasons, "card"), "       card   %s %lld\n", false);
}

static void show_accounts(struct json_object *all) {
    struct texts t = {.next = 0};
    if (ctl_length(all) != 0)
        printf("%-16s %10s %10s %10s %10s %10s  over all its paths and VFs\n", "guest", "sent", "dropped", "taken",
               "dropped", "under way");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *o = json_object_array_get_idx(all, i), *rx = ctl_member(o, "rx"), *tx = ctl_member(o, "tx");
        printf("%-16s %10lld %10lld %10lld %10lld %10lld%s\n", clean(&t, o, "name"), ctl_number(tx, "frames"),
               ctl_number(tx, "dropped"), ctl_number(rx, "frames"), ctl_number(rx, "dropped"),
               ctl_number(o, "under_way"),
               json_object_get_boolean(ctl_member(o, "answers")) ? "" : "  (it does not answer: its half is unknown)");
        show_whose(tx);
        show_whose(rx);
    }
}

static void show_ledger(struct json_object *rsp) {
    struct texts t = {.next = 0};
    struct json_object *p = ctl_member(rsp, "port"), *all = ctl_member(rsp, "vport");
    struct json_object *rx = ctl_member(p, "rx"), *tx = ctl_member(p, "tx");

    printf("ledger: %s\n", clean(&t, rsp, "text"));
    printf("%lld frames dropped, each with a reason below; %lld under way at most\n", ctl_number(rsp, "dropped"),
           ctl_number(rsp, "under_way"));
    printf("port: %lld frames from the wire, %lld dropped; %lld copies to the wire, %lld sent, %lld dropped\n",
           ctl_number(rx, "frames"), ctl_number(rx, "dropped"), ctl_number(tx, "copies"), ctl_number(tx, "sent"),
           ctl_number(tx, "dropped"));
    show_reasons(rx);
    show_reasons(tx);
    printf("%5s %10s %10s %10s %10s %10s %10s %10s  %s\n", "vport", "sent", "dropped", "routed to", "drained in",
           "delivered", "drained", "dropped", "name");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *o = json_object_array_get_idx(all, i);
        rx = ctl_member(o, "rx");
        tx = ctl_member(o, "tx");
        printf("%5lld %10lld %10lld %10lld %10lld %10lld %10lld %10lld  %s\n", ctl_number(o, "vport"),
               ctl_number(tx, "frames"), ctl_number(tx, "dropped"), ctl_number(rx, "copies"),
               ctl_number(rx, "redirect_in"), ctl_number(rx, "delivered"), ctl_number(rx, "redirect_out"),
               ctl_number(rx, "dropped"), clean(&t, o, "name"));
        show_reasons(tx);
        show_reasons(rx);
    }
    show_reasons(ctl_member(rsp, "parent"));
    show_accounts(ctl_member(rsp, "guest"));
}

static void show_guests(struct json_object *rsp) {
    struct texts t = {.next = 0};
    struct json_object *all = ctl_member(rsp, "guests");
    static const char *const key[] = {"uid",   "vlan",    "stags", "spoofchk", "trust",
                                      "learn", "max-mac", "link",  "rate",     "weight"};

    if (ctl_length(all) == 0)
        puts("no guests");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *g = json_object_array_get_idx(all, i);
        printf("%-16s %-18s %-12s %s", clean(&t, g, "name"), clean(&t, g, "mac"), clean(&t, g, "state"),
               json_object_get_boolean(ctl_member(g, "known")) ? "" : "(not in the table) ");
        for (unsigned k = 0; k < sizeof(key) / sizeof(key[0]); k++)
            printf(" %s %s", key[k], clean(&t, g, key[k]));
        puts("");
    }
}

static void show_health(struct json_object *rsp) {
    struct texts t = {.next = 0};
    struct json_object *all = ctl_member(rsp, "cores");
    printf("restarts of cores since this parent began: %lld\n", ctl_number(rsp, "restarts"));
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *o = json_object_array_get_idx(all, i), *panic = ctl_member(o, "panic");
        printf("core %lld: stack %lld of %lld bytes, %lld panics", ctl_number(o, "core"), ctl_number(o, "stack_used"),
               ctl_number(o, "stack_bytes"), ctl_number(o, "panics"));
        if (panic != NULL)
            printf("; the last: cause %lld (%s), pc %08llx, value %08llx", ctl_number(panic, "cause"),
                   clean(&t, panic, "text"), (unsigned long long)ctl_number(panic, "pc"),
                   (unsigned long long)ctl_number(panic, "value"));
        puts("");
    }
}

void show_answer(const char *cmd, struct json_object *rsp) {
    struct texts t = {.next = 0};
    if (strcmp(cmd, "status") == 0)
        show_status(rsp);
    else if (strcmp(cmd, "records") == 0)
        show_records(rsp);
    else if (strcmp(cmd, "ledger") == 0)
        show_ledger(rsp);
    else if (strcmp(cmd, "guest list") == 0)
        show_guests(rsp);
    else if (strcmp(cmd, "dev health") == 0)
        show_health(rsp);
    else if (strcmp(cmd, "counters") == 0)
        show_numbers(ctl_member(rsp, "counter"), "%-28s %lld\n", true);
    else if (strcmp(cmd, "link") == 0)
        printf("link %s\n", clean(&t, rsp, "link"));
    if (ctl_text(rsp, "note")[0] != '\0')
        printf("note: %s\n", clean(&t, rsp, "note"));
}
