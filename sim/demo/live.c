// SPDX-License-Identifier: Apache-2.0
// See live.h.
#include "live.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "cast.h"
#include "ctl_client.h"
#include "tools.h"
#include "udp.h"
#include "weir/channel.h"

#define MAX_WINDOWS 16u
#define PROBE_US 50000u         // between two datagrams that show whether all before them have arrived
#define SILENT_CYCLES 25000000u // of the card without any arrival: a path is dead
#define SURPRISE_BURST 300u     // so that frames are on their way when the VF goes

struct live {
    const struct live_options *opt;
    struct report *report;
    struct cast cast;
    struct udp *udp;
    struct tools *tools;
    struct ctl_link ctl;
    long long records; // read so far
    uint64_t began;    // when the card's clock was first read,
    uint64_t until;    //   when last,
    uint64_t cycles;   //   and what it counted in between
    uint32_t cycle;
    struct report_step step[MAX_WINDOWS];
    struct capture_window window[MAX_WINDOWS];
    unsigned steps;
    bool quiet;
};

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void say(void *ctx, const char *text) {
    const struct live *l = ctx;
    if (l->opt->progress != NULL)
        l->opt->progress(l->opt->ctx, text);
}

static bool stopped(const struct live *l) {
    return *l->opt->stop != 0;
}

// What a step returns when the story cannot go on.
static int fail(struct live *l, const char *what, const char *why) {
    report_fail(l->report, "%s: %s", what, stopped(l) ? "interrupted" : why);
    return -EIO;
}

// ---- traffic and time ----

// Traffic goes on while the parent is asked something.
static bool meanwhile(void *ctx) {
    struct live *l = ctx;
    udp_pump(l->udp, now_us(), l->quiet);
    return !stopped(l);
}

static void run(struct live *l, unsigned ms) {
    uint64_t until = now_us() + ms * 1000ull;
    while (now_us() < until && meanwhile(l))
        usleep(500);
}

static struct json_object *ask(struct live *l, const char *what, const char *cmd, const char *guest) {
    char err[256] = "";
    struct json_object *rsp = ctl_ask(&l->ctl, ctl_question(cmd, guest), err, sizeof(err));
    if (rsp == NULL && cast_check(&l->cast, err, sizeof(err)) == 0 && err[0] == '\0')
        snprintf(err, sizeof(err), "%s is not answered", cmd);
    if (rsp == NULL)
        (void)fail(l, what, err);
    return rsp;
}

static uint64_t positive(long long v) {
    return v > 0 ? (uint64_t)v : 0;
}

static int card_cycle(struct live *l, const char *what, uint32_t *cycle) {
    struct json_object *rsp = ask(l, what, "status", NULL);
    if (rsp == NULL)
        return -EIO;
    *cycle = (uint32_t)ctl_number(rsp, "cycle");
    json_object_put(rsp);
    l->until = now_us();
    l->began = l->began != 0 ? l->began : l->until;
    l->cycles += l->began != l->until ? (uint32_t)(*cycle - l->cycle) : 0;
    l->cycle = *cycle;
    return 0;
}

// Sends nothing but what shows whether all has arrived, and tells what is missing then. A path on which the card lets
// nothing arrive is dead.
static int settle(struct live *l, const char *what, struct udp_tally *t) {
    uint64_t arrived = udp_arrived(l->udp), next = now_us() + PROBE_US, silent = 0;
    uint32_t last = 0, cycle = 0;
    int ret = card_cycle(l, what, &last);
    l->quiet = true;
    while (ret == 0 && !udp_settled(l->udp)) {
        if (!meanwhile(l)) {
            ret = fail(l, what, "interrupted");
        } else if (now_us() >= next) {
            udp_probe(l->udp);
            next = now_us() + PROBE_US;
            ret = card_cycle(l, what, &cycle);
            silent = udp_arrived(l->udp) != arrived ? 0 : silent + (uint32_t)(cycle - last);
            arrived = udp_arrived(l->udp);
            last = cycle;
            if (ret == 0 && silent > SILENT_CYCLES)
                ret = fail(l, what, "datagrams do not arrive any more");
        }
        usleep(500);
    }
    *t = udp_tally(l->udp);
    l->quiet = false;
    return ret;
}

// ---- tools and ledger ----

static int begin_tools(struct live *l, unsigned seconds) {
    char text[96];
    snprintf(text, sizeof(text), "ping, TCP both ways and UDP for %u s beside the numbered datagrams", seconds);
    say(l, text);
    return tools_start(l->tools, seconds) == 0 ? 0 : fail(l, "tools", "cannot start ping and iperf3");
}

static int end_tools(struct live *l, const char *during, uint64_t dropped) {
    char err[256] = "";
    struct json_object *rsp;
    while (tools_running(l->tools)) {
        if (stopped(l) || cast_check(&l->cast, err, sizeof(err)) != 0)
            return fail(l, during, err);
        run(l, 100);
    }
    rsp = ask(l, during, "ledger", NULL);
    if (rsp == NULL)
        return -EIO;
    tools_report(l->tools, during, positive(ctl_number(rsp, "dropped")) - dropped, l->report);
    json_object_put(rsp);
    return 0;
}

static int dropped_so_far(struct live *l, uint64_t *dropped) {
    struct json_object *rsp = ask(l, "ledger", "ledger", NULL);
    if (rsp == NULL)
        return -EIO;
    *dropped = positive(ctl_number(rsp, "dropped"));
    json_object_put(rsp);
    return 0;
}

// At rest it balances, or never will: when nothing changes any more, that was the answer.
static void read_ledger(struct live *l) {
    char last[65536] = "";
    l->quiet = true;
    for (;;) {
        struct json_object *rsp = ask(l, "ledger", "ledger", NULL);
        const char *text;
        if (rsp == NULL)
            return;
        json_object_object_del(rsp, "ok");
        report_ledger(l->report, ctl_text(rsp, "text"), rsp);
        if (json_object_get_boolean(ctl_member(rsp, "balanced")))
            return;
        text = json_object_to_json_string_ext(rsp, JSON_C_TO_STRING_PLAIN);
        if (strncmp(last, text, sizeof(last) - 1) == 0) {
            report_fail(l->report, "the ledger: %s", ctl_text(rsp, "text"));
            return;
        }
        snprintf(last, sizeof(last), "%s", text);
        run(l, 100);
    }
}

// ---- hand-overs ----

static const char *state_of(struct json_object *status, const char *guest) {
    struct json_object *all = ctl_member(status, "guests");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *g = json_object_array_get_idx(all, i);
        if (strcmp(ctl_text(g, "name"), guest) == 0)
            return ctl_text(g, "state");
    }
    return "gone";
}

// Until the guest rests on a path, whichever: the record says what came of it.
static int await_rest(struct live *l, const char *what, const char *guest) {
    static const char *const rest[] = {"attached", "detached", "failed", "gone"};
    for (;;) {
        struct json_object *rsp = ask(l, what, "status", NULL);
        bool done = false;
        if (rsp == NULL)
            return -EIO;
        for (unsigned i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
            done = done || strcmp(state_of(rsp, guest), rest[i]) == 0;
        json_object_put(rsp);
        if (done)
            return 0;
        run(l, 5);
    }
}

static void read_row(struct report_step *s, struct json_object *r) {
    s->came.to_vf = strcmp(ctl_text(r, "direction"), "to VF") == 0;
    s->came.surprise = json_object_get_boolean(ctl_member(r, "surprise"));
    snprintf(s->came.why, sizeof(s->came.why), "%s", ctl_text(r, "why"));
    snprintf(s->status, sizeof(s->status), "%s", ctl_text(r, "status"));
    s->requested = positive(ctl_number(r, "cycle_request"));
    s->done = s->requested + (uint32_t)(ctl_number(r, "cycle_done") - ctl_number(r, "cycle_request"));
    s->ledger_lost =
        positive(ctl_number(r, "tx_lost")) + positive(ctl_number(r, "rx_lost")) + positive(ctl_number(r, "rx_dropped"));
}

// What the parent recorded since the last look; the last of the guest's is what came of what was asked.
static int read_record(struct live *l, struct report_step *s) {
    struct json_object *q = ctl_question("records", NULL), *rsp, *all;
    char err[256] = "";

    json_object_object_add(q, "from", json_object_new_int64(l->records));
    rsp = ctl_ask(&l->ctl, q, err, sizeof(err));
    if (rsp == NULL)
        return fail(l, s->what, err);
    l->records = ctl_number(rsp, "next");
    all = ctl_member(rsp, "record");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *r = json_object_array_get_idx(all, i);
        if (strcmp(ctl_text(r, "guest"), s->guest) == 0)
            read_row(s, r);
    }
    json_object_put(rsp);
    return 0;
}

// Carries one hand-over of guest 0 out; it is judged when all traffic has arrived.
static int handover(struct live *l, const char *what, const char *cmd, bool to_vf, unsigned why) {
    struct report_step s = {.asked = {.to_vf = to_vf, .surprise = why == WEIR_WHY_REMOVED}};
    struct udp_tally before, after;
    struct json_object *rsp;

    snprintf(s.what, sizeof(s.what), "%s", what);
    snprintf(s.guest, sizeof(s.guest), "%s", cast_place[1]);
    snprintf(s.asked.why, sizeof(s.asked.why), "%s", weir_why_text(why));
    if (settle(l, what, &before) != 0)
        return -EIO;
    run(l, 300);
    say(l, what);
    if (s.asked.surprise)
        udp_burst(l->udp, UDP_UP0, SURPRISE_BURST);
    rsp = ask(l, what, cmd, s.guest);
    if (rsp == NULL || await_rest(l, what, s.guest) != 0) {
        json_object_put(rsp);
        return -EIO;
    }
    json_object_put(rsp);
    run(l, 300);
    if (settle(l, what, &after) != 0 || read_record(l, &s) != 0)
        return -EIO;
    s.lost = after.missing - before.missing;
    s.doubled = after.doubled - before.doubled;
    s.reordered = after.reordered - before.reordered;
    if (l->steps < MAX_WINDOWS) {
        l->window[l->steps] = (struct capture_window){.from = s.requested, .to = s.done};
        l->step[l->steps++] = s;
    }
    return 0;
}

// ---- the story ----

static int play(struct live *l) {
    unsigned half = (l->opt->seconds + 1) / 2;
    uint64_t dropped = 0;
    struct json_object *rsp;
    struct udp_tally t;

    say(l, "both guests on the synthetic path");
    run(l, 500);
    say(l, "second guest gets its VF and keeps it");
    rsp = ask(l, "second guest", "attach", cast_place[2]);
    if (rsp == NULL || await_rest(l, "second guest", cast_place[2]) != 0 || settle(l, "second guest", &t) != 0 ||
        dropped_so_far(l, &dropped) != 0) {
        json_object_put(rsp);
        return -EIO;
    }
    json_object_put(rsp);
    if (begin_tools(l, half) != 0)
        return -EIO;
    run(l, 1000);
    if (handover(l, "attach: synthetic to VF", "attach", true, WEIR_WHY_ATTACHED) != 0 ||
        handover(l, "planned failover: VF to synthetic", "detach", false, WEIR_WHY_DETACH) != 0 ||
        handover(l, "attach again", "attach", true, WEIR_WHY_ATTACHED) != 0 ||
        end_tools(l, "attach, failover, attach", dropped) != 0)
        return -EIO;
    // Alone with the numbered datagrams: each frame that is lost is one of them.
    if (handover(l, "surprise removal of the VF in the middle of a burst", "revoke", false, WEIR_WHY_REMOVED) != 0 ||
        dropped_so_far(l, &dropped) != 0 || begin_tools(l, half) != 0)
        return -EIO;
    run(l, 500);
    if (handover(l, "attach once more", "attach", true, WEIR_WHY_ATTACHED) != 0 ||
        handover(l, "detach", "detach", false, WEIR_WHY_DETACH) != 0)
        return -EIO;
    say(l, "waiting for the tools to finish");
    return end_tools(l, "attach, detach", dropped) != 0 ? -EIO : settle(l, "the end", &t);
}

static void disconnect(void *ctx) {
    ctl_disconnect(&((struct live *)ctx)->ctl);
}

static void evaluate(struct live *l) {
    char err[256] = "";
    if (capture_evaluate(l->cast.trace, cast_mac[1], UDP_DOWN0, l->window, l->steps, l->report, err, sizeof(err)) !=
            0 ||
        (l->opt->capture != NULL && capture_keep(l->cast.trace, l->opt->capture, l->opt->capture_bytes, l->window,
                                                 l->steps, l->report, err, sizeof(err)) != 0))
        (void)fail(l, "the capture", err);
    for (unsigned i = 0; i < l->steps; i++) {
        l->step[i].gap = l->window[i].gap;
        report_step(l->report, &l->step[i]);
    }
}

int live_run(const struct live_options *opt, const struct netns *ns, struct report *r, char *err, size_t err_size) {
    struct live *l = calloc(1, sizeof(*l));
    char last[256] = "";
    bool ran;

    if (l == NULL)
        return -ENOMEM;
    l->opt = opt;
    l->report = r;
    l->ctl.fd = -1;
    l->cast = (struct cast){.ns = ns,
                            .programs = opt->programs,
                            .firmware = opt->firmware,
                            .fst = opt->fst,
                            .stop = opt->stop,
                            .pci = opt->pci};
    ran = cast_start(&l->cast, say, l, err, err_size) == 0 && ctl_connect(&l->ctl, l->cast.dir, err, err_size) == 0;
    if (ran) {
        l->udp = udp_open(ns, err, err_size);
        l->tools = l->udp != NULL ? tools_open(ns) : NULL;
        if (l->udp != NULL && l->tools == NULL)
            snprintf(err, err_size, "cannot start iperf3");
        l->ctl.meanwhile = meanwhile;
        l->ctl.ctx = l;
        ran = l->tools != NULL;
    }
    if (ran && play(l) == 0) {
        report_speed(r, l->cycles, (double)(l->until - l->began) / 1e6);
        read_ledger(l);
    }
    if (cast_stop(&l->cast, disconnect, l, last, sizeof(last)) != 0 && ran)
        (void)fail(l, "the end", last);
    if (ran)
        evaluate(l);
    tools_close(l->tools);
    udp_close(l->udp);
    free(l);
    return ran ? 0 : -EIO;
}
