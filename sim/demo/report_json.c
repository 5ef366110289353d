// SPDX-License-Identifier: Apache-2.0
// demo.json; see report.h. demo.schema.json says the same to programs: change both, and the version with them.
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "out_file.h"
#include "report_int.h"

static void text(struct json_object *o, const char *key, const char *v) {
    json_object_object_add(o, key, json_object_new_string(v));
}

static void number(struct json_object *o, const char *key, uint64_t v) {
    json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

static void flag(struct json_object *o, const char *key, bool v) {
    json_object_object_add(o, key, json_object_new_boolean(v));
}

static struct json_object *move(const struct report_move *m) {
    struct json_object *o = json_object_new_object();
    text(o, "direction", m->to_vf ? "to VF" : "to synthetic");
    flag(o, "surprise", m->surprise);
    text(o, "why", m->why);
    return o;
}

static struct json_object *step(const struct report_step *s) {
    struct json_object *o = json_object_new_object();
    text(o, "what", s->what);
    text(o, "guest", s->guest);
    json_object_object_add(o, "asked", move(&s->asked));
    json_object_object_add(o, "came", move(&s->came));
    text(o, "status", s->status);
    number(o, "requested_cycle", s->requested);
    number(o, "done_cycle", s->done);
    number(o, "gap_cycles", s->gap);
    number(o, "lost", s->lost);
    number(o, "doubled", s->doubled);
    number(o, "reordered", s->reordered);
    number(o, "ledger_lost", s->ledger_lost);
    flag(o, "good", s->failed[0] == '\0');
    text(o, "failed", s->failed);
    return o;
}

static void known(struct json_object *o, const char *key, int64_t v) {
    if (v >= 0)
        number(o, key, (uint64_t)v);
}

static struct json_object *tool(const struct report_tool *t) {
    struct json_object *o = json_object_new_object();
    text(o, "name", t->name);
    text(o, "during", t->during);
    known(o, "sent", t->sent);
    known(o, "lost", t->lost);
    known(o, "duplicates", t->duplicates);
    known(o, "errors", t->errors);
    known(o, "out_of_order", t->out_of_order);
    known(o, "retransmits", t->retransmits);
    known(o, "retransmits_data", t->data_again);
    known(o, "retransmits_opening", t->syn_again);
    if (t->mbit >= 0)
        json_object_object_add(o, "mbit_per_second", json_object_new_double(t->mbit));
    if (t->rtt_max_ms >= 0)
        json_object_object_add(o, "rtt_max_ms", json_object_new_double(t->rtt_max_ms));
    known(o, "explained", t->explained);
    flag(o, "good", t->failed[0] == '\0');
    text(o, "failed", t->failed);
    return o;
}

static struct json_object *path(const struct report_path *p) {
    struct json_object *o = json_object_new_object();
    text(o, "path", p->name);
    number(o, "frames", p->frames);
    number(o, "bytes", p->bytes);
    return o;
}

static struct json_object *as_json(const struct report *r) {
    struct json_object *top = json_object_new_object(), *paths = json_object_new_array(),
                       *steps = json_object_new_array(), *tools = json_object_new_array(),
                       *failures = json_object_new_array(), *capture = json_object_new_object();

    for (unsigned i = 0; i < r->paths; i++)
        json_object_array_add(paths, path(&r->path[i]));
    for (unsigned i = 0; i < r->steps; i++)
        json_object_array_add(steps, step(&r->step[i]));
    for (unsigned i = 0; i < r->tools; i++)
        json_object_array_add(tools, tool(&r->tool[i]));
    for (unsigned i = 0; i < r->failures && i < MAX_FAILURES; i++)
        json_object_array_add(failures, json_object_new_string(r->failure[i]));
    number(capture, "bytes", r->capture.bytes);
    number(capture, "frames", r->capture.frames);
    number(capture, "of_bytes", r->capture.all_bytes);
    number(capture, "of_frames", r->capture.all_frames);
    text(top, "traffic", r->traffic);
    number(top, "version", REPORT_VERSION);
    flag(top, "good", report_good(r));
    json_object_object_add(top, "failures", failures);
    if (r->seconds > 0)
        number(top, "model_cycles_per_second", (uint64_t)((double)r->cycles / r->seconds));
    text(top, "ledger", r->ledger);
    json_object_object_add(top, "counted", json_object_get(r->all));
    json_object_object_add(top, "paths", paths);
    json_object_object_add(top, "steps", steps);
    json_object_object_add(top, "tools", tools);
    json_object_object_add(top, "capture", capture);
    return top;
}

// As as_json begins; a file of the user's of that name stays.
static const char head[] = "{\n  \"traffic\":";
_Static_assert(sizeof(head) <= OUT_FILE_HEAD, "what is looked at");

static bool is_json(const uint8_t *first, size_t n) {
    return n >= sizeof(head) - 1 && memcmp(first, head, sizeof(head) - 1) == 0;
}

int report_json(const struct report *r, const char *file) {
    struct json_object *top = as_json(r);
    FILE *f = out_file_open(file, is_json);
    int err = f == NULL ? -errno : json_object_to_fd(fileno(f), top, JSON_C_TO_STRING_PRETTY) == 0 ? 0 : -EIO;
    if (f != NULL && fclose(f) != 0 && err == 0)
        err = -EIO;
    json_object_put(top);
    return err;
}

void report_print_json(const struct report *r, FILE *out) {
    struct json_object *top = as_json(r);
    fprintf(out, "%s\n", json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY));
    json_object_put(top);
}
