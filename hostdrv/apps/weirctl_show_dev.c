// SPDX-License-Identifier: Apache-2.0
// See weirctl_show.h: the card, its switch, its cores and their log.
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "ctl_client.h"
#include "text.h"
#include "weirctl_show.h"

#define FLASH_RESULT_IMAGE 7 // boot_update.def

#define END                                                                                                            \
    {                                                                                                                  \
        NULL, {                                                                                                        \
            NULL, 0, 0                                                                                                 \
        }                                                                                                              \
    }

void show_vports(struct json_object *rsp) {
    static const struct show_column columns[] = {
        {"vport", {"vport", 'r', 0}},           {"name", {"name", 'l', 6}},         {"vf", {"vf", 'r', 0}},
        {"state", {"state", 'l', 0}},           {"first_queue", {"first", 'r', 0}}, {"queues", {"queues", 'r', 0}},
        {"filters", {"filters", 'r', 0}},       {"flags", {"flags", 'l', 6}},       {"vlan", {"vlan", 'l', 5}},
        {"moderation", {"moderation", 'l', 6}}, {"mirror", {"mirror", 'r', 0}},     END};
    show_table(ctl_member(rsp, "vports"), columns, NULL);
}

void show_vfs(struct json_object *rsp) {
    static const struct show_column columns[] = {{"vf", {"vf", 'r', 0}},
                                                 {"guest", {"guest", 'l', 8}},
                                                 {"state", {"state", 'l', 0}},
                                                 {"rid", {"rid", 'l', 0}},
                                                 {"mac", {"mac", 'l', 0}},
                                                 {"driver", {"driver", 'l', 0}},
                                                 {"vport", {"vport", 'r', 0}},
                                                 {"queues", {"queues", 'r', 0}},
                                                 {"state_bytes", {"state bytes", 'r', 0}},
                                                 END};
    if (ctl_length(ctl_member(rsp, "vfs")) == 0)
        puts("no guest has a VF");
    show_table(ctl_member(rsp, "vfs"), columns, NULL);
}

void show_info(struct json_object *rsp) {
    static const struct show_column columns[] = {
        {"what", {"limit", 'l', 0}}, {"hardware", {"hardware", 'r', 0}}, {"enabled", {"enabled", 'r', 0}}, END};
    char fw[256], contract[256];
    table_text("firmware %s, contract %s, clock %lld Hz, frames up to %lld bytes, MTU of guests %lld",
               text_clean(fw, sizeof(fw), ctl_text(rsp, "firmware")),
               text_clean(contract, sizeof(contract), ctl_text(rsp, "contract")), ctl_number(rsp, "clock_hz"),
               ctl_number(rsp, "max_frame"), ctl_number(rsp, "mtu"));
    show_table(ctl_member(rsp, "limits"), columns, NULL);
}

void show_queues(struct json_object *rsp) {
    static const struct show_column columns[] = {{"queue", {"queue", 'r', 0}},     {"state", {"state", 'l', 0}},
                                                 {"tx_head", {"tx head", 'r', 0}}, {"tx_tail", {"tx tail", 'r', 0}},
                                                 {"rx_head", {"rx head", 'r', 0}}, {"rx_tail", {"rx tail", 'r', 0}},
                                                 {"cq_head", {"cq head", 'r', 0}}, {"cq_tail", {"cq tail", 'r', 0}},
                                                 {"reason", {"reason", 'r', 0}},   END};
    show_table(ctl_member(rsp, "queues"), columns, NULL);
}

static void last_panic(struct table_out *t, struct json_object *o) {
    struct json_object *panic = ctl_member(o, "panic");
    char text[256];
    if (panic != NULL)
        table_out_note(t, "the last: cause %lld (%s), pc %08llx, value %08llx", ctl_number(panic, "cause"),
                       text_clean(text, sizeof(text), ctl_text(panic, "text")),
                       (unsigned long long)ctl_number(panic, "pc"), (unsigned long long)ctl_number(panic, "value"));
}

void show_health(struct json_object *rsp) {
    static const struct show_column columns[] = {{"core", {"core", 'r', 0}},
                                                 {"stack_used", {"stack used", 'r', 0}},
                                                 {"stack_bytes", {"of bytes", 'r', 0}},
                                                 {"panics", {"panics", 'r', 0}},
                                                 END};
    char text[256];
    table_text("restarts of cores since this parent began: %lld", ctl_number(rsp, "restarts"));
    show_table(ctl_member(rsp, "cores"), columns, last_panic);
    if (ctl_number(rsp, "crash_loops") > 0)
        table_text("crash loops since the card has power: %lld; the last: %s", ctl_number(rsp, "crash_loops"),
                   text_clean(text, sizeof(text), ctl_text(rsp, "crash_text")));
}

// 32-bit words, four a line, with the name or offset of the first.
static void words(struct json_object *all, bool registers) {
    for (size_t i = 0; i < ctl_length(all); i++) {
        if (i % 4 == 0)
            printf(registers ? "  x%-4zu" : "  sp+%-3zu", registers ? i : 4 * i);
        printf(" %08llx", (unsigned long long)json_object_get_int64(json_object_array_get_idx(all, i)) & 0xFFFFFFFFu);
        if (i % 4 == 3 || i + 1 == ctl_length(all))
            puts("");
    }
}

void show_panic(struct json_object *rsp) {
    char text[256];
    if (ctl_number(rsp, "panics") <= 0) {
        printf("core %lld did not panic since the card has power\n", ctl_number(rsp, "core"));
        return;
    }
    table_text("core %lld, %lld panics; the last: cause %lld (%s), pc %08llx, value %08llx, cycle %lld",
               ctl_number(rsp, "core"), ctl_number(rsp, "panics"), ctl_number(rsp, "cause"),
               text_clean(text, sizeof(text), ctl_text(rsp, "text")), (unsigned long long)ctl_number(rsp, "pc"),
               (unsigned long long)ctl_number(rsp, "value"), ctl_number(rsp, "cycle"));
    puts("registers:");
    words(ctl_member(rsp, "registers"), true);
    puts("stack:");
    words(ctl_member(rsp, "stack"), false);
}

void show_log(struct json_object *rsp) {
    struct json_object *all = ctl_member(rsp, "line");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *line = json_object_array_get_idx(all, i);
        char text[1024];
        puts(text_clean(text, sizeof(text),
                        json_object_is_type(line, json_type_string) ? json_object_get_string(line) : ""));
    }
}

void show_flash(struct json_object *rsp) {
    static const struct show_column columns[] = {{"slot", {"slot", 'l', 0}}, {"state", {"state", 'l', 0}}, END};
    char slot[64], kind[64], version[64], job[64], result[256], why[256], event[64], event_slot[64], event_version[64];
    if (strcmp(ctl_text(rsp, "kind"), "rescue") == 0)
        table_text("no firmware in the flash may run, the card is in rescue; floor %lld", ctl_number(rsp, "floor"));
    else
        table_text("firmware %s runs from slot %s, %s; security counter %lld, floor %lld",
                   text_clean(version, sizeof(version), ctl_text(rsp, "version")),
                   text_clean(slot, sizeof(slot), ctl_text(rsp, "slot")),
                   text_clean(kind, sizeof(kind), ctl_text(rsp, "kind")), ctl_number(rsp, "counter"),
                   ctl_number(rsp, "floor"));
    show_table(ctl_member(rsp, "slots"), columns, NULL);
    if (ctl_number(rsp, "bytes") > 0)
        table_text("slot %s: %lld of %lld bytes erased, %lld written",
                   text_clean(slot, sizeof(slot), ctl_text(rsp, "target")), ctl_number(rsp, "erased"),
                   ctl_number(rsp, "bytes"), ctl_number(rsp, "written"));
    table_text("job: %s; the last one: %s", text_clean(job, sizeof(job), ctl_text(rsp, "job")),
               text_clean(result, sizeof(result), ctl_text(rsp, "result_text")));
    if (ctl_number(rsp, "result") == FLASH_RESULT_IMAGE)
        table_text("  %s", text_clean(why, sizeof(why), ctl_text(rsp, "why_text")));
    if (ctl_number(rsp, "record") > 0)
        table_text("boot log, record %lld: slot %s, version %s: %s", ctl_number(rsp, "record"),
                   text_clean(event_slot, sizeof(event_slot), ctl_text(rsp, "event_slot")),
                   text_clean(event_version, sizeof(event_version), ctl_text(rsp, "event_version")),
                   text_clean(event, sizeof(event), ctl_text(rsp, "event")));
}

static int by_record(const void *a, const void *b) {
    long long x = ctl_number(*(struct json_object *const *)a, "record"),
              y = ctl_number(*(struct json_object *const *)b, "record");
    return (x > y) - (x < y);
}

void show_boot_log(struct json_object *rsp) {
    static const struct show_column columns[] = {{"record", {"record", 'r', 0}}, {"event", {"event", 'l', 0}},
                                                 {"slot", {"slot", 'l', 0}},     {"version", {"version", 'l', 0}},
                                                 {"tries", {"tries", 'r', 0}},   {"floor", {"floor", 'r', 0}},
                                                 {"reason", {"reason", 'l', 0}}, END};
    struct json_object *all = ctl_member(rsp, "entry");
    if (ctl_length(all) == 0)
        puts("the boot log is empty");
    else
        json_object_array_sort(all, by_record);
    show_table(all, columns, NULL);
    if (ctl_length(ctl_member(rsp, "torn")) != 0)
        puts("some records are not whole: power was cut while they were written");
}

void show_dump(struct json_object *rsp) {
    table_text("%lld bytes written", ctl_number(rsp, "bytes"));
}
