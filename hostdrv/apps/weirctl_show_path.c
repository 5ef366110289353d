// SPDX-License-Identifier: Apache-2.0
// See weirctl_show.h: paths of guests, and hand-overs between them.
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl_client.h"
#include "text.h"
#include "weirctl_show.h"

static long long or_zero(struct json_object *o, const char *key) {
    return ctl_number(o, key) < 0 ? 0 : ctl_number(o, key);
}

// Local time of the parent's wall clock, milliseconds.
static void moment(struct json_object *r, const char *format, char *text, size_t size) {
    long long us = or_zero(r, "wall_us");
    time_t s = (time_t)(us / 1000000);
    struct tm tm;
    size_t n = localtime_r(&s, &tm) != NULL ? strftime(text, size, format, &tm) : 0;
    snprintf(text + n, size - n, ".%03lld", us / 1000 % 1000);
}

static const struct table_column record_columns[] = {
    {"no", 'r', 0},      {"time", 'l', 0},    {"guest", 'l', 8},   {"direction", 'l', 0}, {"cycles", 'r', 0},
    {"tx lost", 'r', 0}, {"rx lost", 'r', 0}, {"dropped", 'r', 0}, {"why", 'l', 8},       {NULL, 0, 0}};

static void record_row(struct table_out *t, struct json_object *r) {
    char time[64], room[3][256];
    moment(r, "%H:%M:%S", time, sizeof(time));
    table_out_cell(t, "%lld", ctl_number(r, "serial"));
    table_out_cell(t, "%s", time);
    table_out_cell(t, "%s", show_clean(room[0], r, "guest"));
    table_out_cell(t, "%s", show_clean(room[1], r, "direction"));
    table_out_cell(t, "%u", (uint32_t)(ctl_number(r, "cycle_done") - ctl_number(r, "cycle_request")));
    table_out_cell(t, "%lld", or_zero(r, "tx_lost"));
    table_out_cell(t, "%lld", or_zero(r, "rx_lost"));
    table_out_cell(t, "%lld", or_zero(r, "rx_dropped"));
    table_out_cell(t, "%s%s (%s)", json_object_get_boolean(ctl_member(r, "surprise")) ? "surprise: " : "",
                   show_clean(room[1], r, "why"), show_clean(room[2], r, "status"));
}

void show_records(struct json_object *rsp) {
    struct json_object *all = ctl_member(rsp, "record");
    struct table_out *t = table_out_new(record_columns);
    for (size_t i = 0; i < ctl_length(all); i++)
        record_row(t, json_object_array_get_idx(all, i));
    table_out_end(t);
}

// ---- paths ----

// Of the card's time, as a person says it.
static const char *span(long long us, char *text, size_t size) {
    if (us < 0)
        snprintf(text, size, "-");
    else if (us < 1000000)
        snprintf(text, size, "%lld.%03lld ms", us / 1000, us % 1000);
    else
        snprintf(text, size, "%lld.%03lld s", us / 1000000, us / 1000 % 1000);
    return text;
}

static void frames(struct table_out *t, struct json_object *row, const char *path) {
    static const char *const key[] = {"tx", "rx", "dropped"};
    struct json_object *f = ctl_member(row, path);
    for (unsigned i = 0; i < 3; i++)
        if (f != NULL)
            table_out_cell(t, "%lld", ctl_number(f, key[i]));
        else
            table_out_cell(t, "-");
}

static void show_summary(struct json_object *all) {
    static const struct table_column columns[] = {{"guest", 'l', 5},     {"path", 'l', 0}, {"for", 'r', 0},
                                                  {"synth. tx", 'r', 0}, {"rx", 'r', 0},   {"dropped", 'r', 0},
                                                  {"VF tx", 'r', 0},     {"rx", 'r', 0},   {"dropped", 'r', 0},
                                                  {"reason", 'l', 0},    {NULL, 0, 0}};
    struct table_out *t = table_out_new(columns);
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *row = json_object_array_get_idx(all, i);
        char room[256], text[32];
        table_out_cell(t, "%s", show_clean(room, row, "name"));
        table_out_cell(t, "%s", show_clean(room, row, "path"));
        table_out_cell(t, "%s", span(ctl_number(row, "for_us"), text, sizeof(text)));
        frames(t, row, "synthetic");
        frames(t, row, "on_vf");
        table_out_cell(t, "%s", show_clean(room, row, "reason"));
    }
    table_out_end(t);
}

// From the request to the end, and from the card's move to the end: so long frames of the new path may wait.
static void move_row(struct table_out *t, struct json_object *r) {
    bool moved = ctl_number(r, "cycle_move") != 0, told = ctl_member(r, "tx_held") != NULL;
    uint32_t done = (uint32_t)ctl_number(r, "cycle_done");
    char room[256];
    table_out_cell(t, "%lld", ctl_number(r, "serial"));
    table_out_cell(t, "%s", show_clean(room, r, "direction"));
    table_out_cell(t, "%" PRIu32, done - (uint32_t)ctl_number(r, "cycle_request"));
    table_out_cell(t, moved ? "%" PRIu32 : "-", done - (uint32_t)ctl_number(r, "cycle_move"));
    table_out_cell(t, told ? "%lld" : "-", or_zero(r, "tx_held"));
    table_out_cell(t, told ? "%lld" : "-", or_zero(r, "rx_held"));
    table_out_cell(t, "%lld", or_zero(r, "tx_lost") + or_zero(r, "rx_lost") + or_zero(r, "held_dropped"));
    table_out_cell(t, "%s%s", json_object_get_boolean(ctl_member(r, "surprise")) ? "surprise: " : "",
                   show_clean(room, r, "reason"));
    if (strcmp(ctl_text(r, "status"), "done") != 0)
        table_out_note(t, "%s", show_clean(room, r, "status"));
}

static void show_moves(struct json_object *row) {
    static const struct table_column columns[] = {{"no", 'r', 0},   {"direction", 'l', 0}, {"cycles", 'r', 0},
                                                  {"gap", 'r', 0},  {"tx held", 'r', 0},   {"rx held", 'r', 0},
                                                  {"lost", 'r', 0}, {"reason", 'l', 8},    {NULL, 0, 0}};
    struct json_object *moves = ctl_member(row, "moves");
    struct table_out *t = table_out_new(columns);
    for (size_t i = 0; i < ctl_length(moves); i++)
        move_row(t, json_object_array_get_idx(moves, i));
    table_out_end(t);
}

// One guest: where it is in words, and its last hand-overs.
static void show_path(struct json_object *row) {
    char room[4][256];
    const char *state = ctl_text(row, "state");
    table_text("guest %s, %s: %s, %s", show_clean(room[0], row, "name"),
               ctl_text(row, "mac")[0] != '\0' ? show_clean(room[1], row, "mac") : "-",
               strcmp(state, "attached") == 0 ? "on its VF"
               : strcmp(state, "given") == 0  ? "outside, on its VF"
                                              : "on the synthetic path",
               show_clean(room[2], row, "state"));
    table_text("why: %s", show_clean(room[0], row, "why"));
    if (ctl_number(row, "vf") >= 0)
        table_text("VF %lld, vPort %lld", ctl_number(row, "vf"), ctl_number(row, "vport"));
    show_moves(row);
}

void show_paths(struct json_object *rsp) {
    struct json_object *all = ctl_member(rsp, "guests");
    if (ctl_length(all) == 0)
        puts("no guests");
    show_summary(all);
    if (ctl_length(all) == 1)
        show_path(json_object_array_get_idx(all, 0));
}

void show_reasons(struct json_object *rsp) {
    static const struct show_column columns[] = {
        {"number", {"no", 'r', 0}}, {"reason", {"reason", 'l', 0}}, {"why", {"means", 'l', 8}}, {NULL, {NULL, 0, 0}}};
    show_table(ctl_member(rsp, "reasons"), columns, NULL);
}

// ---- who has a VF ----

void show_policy(struct json_object *rsp) {
    static const struct show_column columns[] = {
        {"name", {"guest", 'l', 8}},        {"state", {"state", 'l', 8}},     {"priority", {"priority", 'r', 0}},
        {"pin", {"pinned to", 'l', 0}},     {"by_hand", {"by hand", 'l', 0}}, {"load", {"frames/s", 'r', 0}},
        {"waits_us", {"waits us", 'r', 0}}, {"reason", {"reason", 'l', 6}},   {NULL, {NULL, 0, 0}}};
    char room[256];
    table_text("auto %s, %lld VFs free, %lld of them held in reserve", show_clean(room, rsp, "auto"),
               ctl_number(rsp, "free"), ctl_number(rsp, "reserve"));
    table_text("look-ms %lld, hold-ms %lld, turn-ms %lld, busy %lld, burst %lld, moves-per-s %lld",
               ctl_number(rsp, "look-ms"), ctl_number(rsp, "hold-ms"), ctl_number(rsp, "turn-ms"),
               ctl_number(rsp, "busy"), ctl_number(rsp, "burst"), ctl_number(rsp, "moves-per-s"));
    show_table(ctl_member(rsp, "guests"), columns, NULL);
}
