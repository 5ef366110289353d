// SPDX-License-Identifier: Apache-2.0
// weirctl dev info, queues, log, log-level: what the card is, and what its firmware says (host_cmd.h).
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "host_cmd.h"
#include "host_int.h"
#include "text.h"

// ---- dev info ----

static void put_version(struct json_object *rsp, const char *key, unsigned major, unsigned minor) {
    char text[32];
    snprintf(text, sizeof(text), "%u.%u", major, minor);
    cmd_put_text(rsp, key, text);
}

static void put_limit(struct json_object *all, const char *what, unsigned hw, unsigned enabled) {
    struct json_object *o = json_object_new_object();
    cmd_put_text(o, "what", what);
    cmd_put_number(o, "hardware", hw);
    cmd_put_number(o, "enabled", enabled);
    json_object_array_add(all, o);
}

int cmd_dev_info(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct json_object *limits = json_object_new_array();
    struct weir_get_caps_rsp caps = {0};
    struct weir_hello_rsp hello = {0};
    int err = weir_pf_version(p->pf, &hello);
    (void)req;
    if (err == 0)
        err = weir_pf_caps(p->pf, &caps);
    put_version(rsp, "firmware", hello.fw_version >> 16, hello.fw_version & 0xFFFF);
    put_version(rsp, "contract", hello.abi_major, hello.abi_minor);
    cmd_put_number(rsp, "clock_hz", caps.clock_hz);
    cmd_put_number(rsp, "max_frame", caps.max_frame);
    cmd_put_number(rsp, "mtu", p->opt.mtu);
    put_limit(limits, "VFs", caps.hw_vfs, caps.cur_vfs);
    put_limit(limits, "vPorts", caps.hw_vports, caps.cur_vports);
    put_limit(limits, "queue pairs", caps.hw_qps, caps.cur_qps);
    json_object_object_add(rsp, "limits", limits);
    return cmd_card(rsp, err);
}

// ---- dev queues ----

static const char *queue_state(unsigned state) {
    static const char *const text[] = {"disabled", "armed", "running", "draining", "fenced", "parked", "error"};
    return state < sizeof(text) / sizeof(text[0]) ? text[state] : "unknown";
}

int cmd_dev_queues(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct json_object *all = json_object_new_array();
    int err = 0;
    (void)req;
    for (unsigned i = 0; i < weir_pf_num_qps(p->pf) && err == 0; i++) {
        struct json_object *o = json_object_new_object();
        struct weir_get_qp_rsp q = {0};
        err = weir_pf_get_qp(p->pf, i, &q);
        cmd_put_number(o, "queue", i);
        cmd_put_text(o, "state", queue_state(q.state));
        cmd_put_number(o, "reason", q.reason);
        cmd_put_number(o, "tx_head", q.tx_head);
        cmd_put_number(o, "tx_tail", q.tx_tail);
        cmd_put_number(o, "rx_head", q.rx_head);
        cmd_put_number(o, "rx_tail", q.rx_tail);
        cmd_put_number(o, "cq_head", q.cq_head);
        cmd_put_number(o, "cq_tail", q.cq_tail);
        json_object_array_add(all, o);
    }
    json_object_object_add(rsp, "queues", all);
    return cmd_card(rsp, err);
}

// ---- the log ----

#define PIECES 4u // of the log in one answer: a command each

// Whole lines only; "next" is behind the last of them. A line longer than an answer comes in parts.
int cmd_dev_log(struct parent *p, struct json_object *req, struct json_object *rsp) {
    struct json_object *lines = json_object_new_array();
    char text[PIECES * sizeof(((struct weir_read_log_rsp *)NULL)->text)];
    uint32_t start = (uint32_t)cmd_number(req, "from", 0), at = start;
    size_t have = 0, used = 0;
    bool end = false;
    int err = 0;

    for (unsigned i = 0; i < PIECES && err == 0 && !end; i++) {
        struct weir_read_log_rsp piece;
        err = weir_pf_log(p->pf, at, &piece);
        if (err != 0)
            break;
        if (have == 0)
            start = piece.position;
        else if (piece.position != at)
            break; // written over meanwhile; the next question begins there
        memcpy(text + have, piece.text, piece.length);
        have += piece.length;
        at = piece.position + piece.length;
        end = piece.length == 0;
    }
    while (used < have) {
        char *nl = memchr(text + used, '\n', have - used), line[sizeof(text) + 1], clean[512];
        size_t len = nl != NULL ? (size_t)(nl - text) - used : have - used;
        if (nl == NULL && used != 0 && !end)
            break;
        snprintf(line, sizeof(line), "%.*s", (int)len, text + used);
        json_object_array_add(lines, json_object_new_string(text_clean(clean, sizeof(clean), line)));
        used += len + (nl != NULL ? 1 : 0);
    }
    json_object_object_add(rsp, "line", lines);
    cmd_put_number(rsp, "next", start + (uint32_t)used);
    cmd_put_bool(rsp, "more", err == 0 && !end);
    return cmd_card(rsp, err);
}

static const char *const levels[] = {
    [WEIR_LOG_ERROR] = "error", [WEIR_LOG_WARN] = "warn", [WEIR_LOG_INFO] = "info", [WEIR_LOG_DEBUG] = "debug"};
#define NUM_LEVELS (sizeof(levels) / sizeof(levels[0]))

int cmd_dev_log_level(struct parent *p, struct json_object *req, struct json_object *rsp) {
    const char *want = cmd_text(req, "level");
    struct weir_get_health_rsp h = {0};
    int err = 0;
    for (unsigned i = 0; want != NULL && i < NUM_LEVELS; i++)
        if (strcmp(want, levels[i]) == 0)
            err = weir_pf_set_log_level(p->pf, i);
    if (err == 0)
        err = weir_pf_health(p->pf, &h);
    cmd_put_text(rsp, "level", h.log_level < NUM_LEVELS ? levels[h.log_level] : "unknown");
    return cmd_card(rsp, err);
}
