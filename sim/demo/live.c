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
#include "ctl_client.h"
#include "procs.h"
#include "tools.h"
#include "udp.h"

#define GUESTS 2u
#define MAX_WINDOWS 16u
#define ANSWER_MS 30000
#define READY_S 120    // a loaded machine
#define HANDOVER_S 60  // vstack's own bounds come long before
#define SETTLE_MS 2000 // without any arrival: what is missing then is lost
#define TAP_QUEUE 20000
#define SURPRISE_BURST 300u // so that frames are on their way when the VF goes

const char *const live_place[LIVE_PLACES] = {"peer", "guest0", "guest1"};
static const uint8_t mac[LIVE_PLACES][6] = {
    {0x02, 0x57, 0, 0, 0, 0x99}, {0x02, 0x57, 0, 0, 0, 1}, {0x02, 0x57, 0, 0, 0, 2}};

struct live {
    const struct live_options *opt;
    const struct netns *ns;
    struct report *report;
    struct proc sim, host, guest[GUESTS];
    struct udp *udp;
    struct tools *tools;
    struct ctl_link ctl;
    long long records; // read so far
    struct report_handover handover[MAX_WINDOWS];
    struct capture_window window[MAX_WINDOWS];
    unsigned handovers;
    bool quiet, failed;
    char failure[256];
};

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

__attribute__((format(printf, 2, 3))) static void say(const struct live *l, const char *fmt, ...) {
    char text[160];
    va_list ap;
    if (l->opt->progress == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    l->opt->progress(l->opt->ctx, text);
}

// Keeps the first reason; returns what a step returns when the story cannot go on.
__attribute__((format(printf, 2, 3))) static int fail(struct live *l, const char *fmt, ...) {
    va_list ap;
    if (!l->failed) {
        va_start(ap, fmt);
        vsnprintf(l->failure, sizeof(l->failure), fmt, ap);
        va_end(ap);
    }
    l->failed = true;
    return -EIO;
}

static bool stopped(const struct live *l) {
    return l->opt->stop != NULL && *l->opt->stop != 0;
}

// ---- programs ----

static void path_of(const struct live *l, const char *name, char *path, size_t size) {
    snprintf(path, size, "%s/%s", l->opt->programs, name);
}

static int set_up_device(struct live *l, unsigned place) {
    const uint8_t *m = mac[place];
    char neighbours[400] = "";
    for (unsigned i = 0; i < LIVE_PLACES; i++) {
        size_t at = strlen(neighbours);
        if (i != place) // known from the start: every frame on a VF is one we count
            snprintf(neighbours + at, sizeof(neighbours) - at,
                     " && ip neigh add 10.77.0.%u lladdr %02x:%02x:%02x:%02x:%02x:%02x dev weir0 nud permanent", i + 1,
                     mac[i][0], mac[i][1], mac[i][2], mac[i][3], mac[i][4], mac[i][5]);
    }
    if (netns_shell(
            l->ns, (int)place,
            "ip link set weir0 down && ip link set weir0 address %02x:%02x:%02x:%02x:%02x:%02x txqueuelen %d && "
            "ip addr add 10.77.0.%u/24 dev weir0 && ip link set weir0 up",
            m[0], m[1], m[2], m[3], m[4], m[5], TAP_QUEUE, place + 1) != 0 ||
        netns_shell(l->ns, (int)place, "true%s", neighbours) != 0)
        return fail(l, "cannot set up the network device of %s", live_place[place]);
    return 0;
}

static int start_card(struct live *l) {
    char path[256], card[96], err[256] = "";
    const char *args[18] = {path,     "--dir", card,         "--vfs",          "4",       "--wire",      "tap:weir0",
                            "--rate", "10",    "--firmware", l->opt->firmware, "--trace", l->opt->trace, NULL};
    if (l->opt->fst != NULL) {
        args[13] = "--fst";
        args[14] = l->opt->fst;
    }
    path_of(l, "weir-sim", path, sizeof(path));
    snprintf(card, sizeof(card), "%s/card", netns_dir(l->ns));
    say(l, "weir-sim: two RV32 cores boot the firmware from flash");
    if (proc_start(&l->sim, l->ns, 0, "weir-sim", args) != 0 ||
        proc_said(&l->sim, "weir-sim: ready", READY_S, err, sizeof(err)) != 0)
        return fail(l, "%s", err);
    return set_up_device(l, 0);
}

static int start_host(struct live *l) {
    char path[256], card[96], dir[96], err[256] = "";
    const char *args[] = {path, "--card", card, "--dir", dir, "--vfs", "4", "--open", NULL};

    path_of(l, "weir-host", path, sizeof(path));
    snprintf(card, sizeof(card), "%s/card", netns_dir(l->ns));
    snprintf(dir, sizeof(dir), "%s/host", netns_dir(l->ns));
    say(l, "weir-host: PF driver, NIC switch, SR-IOV with 4 VFs, NetVSP");
    if (proc_start(&l->host, l->ns, NETNS_HERE, "weir-host", args) != 0 ||
        proc_said(&l->host, "weir-host: ready", READY_S, err, sizeof(err)) != 0)
        return fail(l, "%s", err);
    return ctl_connect(&l->ctl, dir, err, sizeof(err)) == 0 ? 0 : fail(l, "%s", err);
}

static int start_guest(struct live *l, unsigned i) {
    char path[256], dir[96], address[24], err[256] = "";
    const uint8_t *m = mac[i + 1];
    const char *args[] = {path, "--parent", dir, "--name", live_place[i + 1], "--mac", address, "--tap", "weir0", NULL};

    path_of(l, "weir-guest", path, sizeof(path));
    snprintf(dir, sizeof(dir), "%s/host", netns_dir(l->ns));
    snprintf(address, sizeof(address), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    if (proc_start(&l->guest[i], l->ns, (int)i + 1, live_place[i + 1], args) != 0 ||
        proc_said(&l->guest[i], "on the synthetic path", READY_S, err, sizeof(err)) != 0)
        return fail(l, "%s", err);
    return set_up_device(l, i + 1);
}

static int check_programs(struct live *l) {
    char err[256] = "";
    if (proc_alive(&l->sim, err, sizeof(err)) && proc_alive(&l->host, err, sizeof(err)) &&
        proc_alive(&l->guest[0], err, sizeof(err)) && proc_alive(&l->guest[1], err, sizeof(err)))
        return 0;
    return fail(l, "%s", err);
}

// ---- traffic and time ----

// Traffic goes on while the parent is asked something.
static void meanwhile(void *ctx) {
    struct live *l = ctx;
    udp_pump(l->udp, now_us(), l->quiet);
}

static void run(struct live *l, unsigned ms) {
    uint64_t until = now_us() + ms * 1000ull;
    while (now_us() < until && !stopped(l)) {
        udp_pump(l->udp, now_us(), false);
        usleep(500);
    }
}

// Sends nothing until all that was sent has arrived, or nothing arrives any more.
static void settle(struct live *l) {
    uint64_t last = now_us(), missing = UINT64_MAX;
    l->quiet = true;
    while (!stopped(l)) {
        struct udp_tally t;
        udp_pump(l->udp, now_us(), true);
        t = udp_tally(l->udp);
        if (t.missing == 0)
            break;
        if (t.missing != missing)
            last = now_us();
        missing = t.missing;
        if (now_us() - last > SETTLE_MS * 1000ull)
            break;
        usleep(500);
    }
    l->quiet = false;
}

static int await_tools(struct live *l) {
    time_t start = time(NULL);
    while (!stopped(l) && tools_running(l->tools)) {
        if (check_programs(l) != 0)
            return -EIO;
        if (time(NULL) - start > (time_t)l->opt->seconds + 90)
            return fail(l, "ping or iperf3 does not come to an end");
        run(l, 100);
    }
    return 0;
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

static int await_state(struct live *l, const char *guest, const char *want) {
    uint64_t until = now_us() + HANDOVER_S * 1000000ull;
    char err[256] = "", last[32] = "";
    while (now_us() < until && !stopped(l)) {
        struct json_object *rsp = ctl_ask(&l->ctl, ctl_question("status", NULL), ANSWER_MS, err, sizeof(err));
        if (rsp == NULL)
            return check_programs(l) != 0 ? -EIO : fail(l, "%s", err);
        snprintf(last, sizeof(last), "%s", state_of(rsp, guest));
        json_object_put(rsp);
        if (strcmp(last, want) == 0)
            return 0;
        run(l, 5);
    }
    return stopped(l) ? fail(l, "interrupted") : fail(l, "%s stays '%s', expected '%s'", guest, last, want);
}

static int ask(struct live *l, const char *cmd, const char *guest) {
    char err[256] = "";
    struct json_object *rsp = ctl_ask(&l->ctl, ctl_question(cmd, guest), ANSWER_MS, err, sizeof(err));
    if (rsp == NULL)
        return check_programs(l) != 0 ? -EIO : fail(l, "%s %s: %s", cmd, guest != NULL ? guest : "", err);
    json_object_put(rsp);
    return 0;
}

static uint64_t positive(long long v) {
    return v > 0 ? (uint64_t)v : 0;
}

// What the parent recorded since the last look; the last hand-over of guest 0 among it is the one that was asked for.
static int read_record(struct live *l, struct report_handover *h) {
    struct json_object *q = ctl_question("records", NULL), *rsp, *all;
    char err[256] = "";
    bool found = false;

    json_object_object_add(q, "from", json_object_new_int64(l->records));
    rsp = ctl_ask(&l->ctl, q, ANSWER_MS, err, sizeof(err));
    if (rsp == NULL)
        return fail(l, "records: %s", err);
    l->records = ctl_number(rsp, "next");
    all = ctl_member(rsp, "record");
    for (size_t i = 0; i < ctl_length(all); i++) {
        struct json_object *r = json_object_array_get_idx(all, i);
        if (strcmp(ctl_text(r, "guest"), live_place[1]) != 0 || strcmp(ctl_text(r, "status"), "done") != 0)
            continue;
        snprintf(h->guest, sizeof(h->guest), "%s", live_place[1]);
        h->direction = strcmp(ctl_text(r, "direction"), "to VF") == 0 ? "to VF" : "to synthetic";
        snprintf(h->why, sizeof(h->why), "%s", ctl_text(r, "why"));
        h->surprise = json_object_get_boolean(ctl_member(r, "surprise"));
        h->requested = positive(ctl_number(r, "cycle_request"));
        h->done = h->requested + (uint32_t)(ctl_number(r, "cycle_done") - ctl_number(r, "cycle_request"));
        h->ledger_lost = positive(ctl_number(r, "tx_lost")) + positive(ctl_number(r, "rx_lost")) +
                         positive(ctl_number(r, "rx_dropped"));
        found = true;
    }
    json_object_put(rsp);
    return found ? 0 : fail(l, "the parent has no record of the hand-over");
}

// Carries one hand-over of guest 0 out and judges it when all traffic has arrived.
static int handover(struct live *l, const char *what, const char *cmd, const char *until) {
    struct report_handover h = {0};
    struct udp_tally before, after;

    if (stopped(l))
        return fail(l, "interrupted");
    settle(l);
    before = udp_tally(l->udp);
    run(l, 300);
    say(l, "%s", what);
    if (strcmp(cmd, "revoke") == 0)
        udp_burst(l->udp, UDP_UP0, SURPRISE_BURST);
    if (ask(l, cmd, live_place[1]) != 0 || await_state(l, live_place[1], until) != 0)
        return -EIO;
    run(l, 300);
    settle(l);
    after = udp_tally(l->udp);
    if (read_record(l, &h) != 0)
        return -EIO;
    h.lost = after.missing - before.missing;
    h.doubled = after.doubled - before.doubled;
    h.reordered = after.reordered - before.reordered;
    if (h.doubled != 0 || h.reordered != 0)
        (void)fail(l, "%s: %llu frames doubled, %llu reordered", what, (unsigned long long)h.doubled,
                   (unsigned long long)h.reordered);
    if (h.lost != h.ledger_lost || (!h.surprise && h.lost != 0))
        (void)fail(l, "%s: %llu frames lost, the ledger says %llu", what, (unsigned long long)h.lost,
                   (unsigned long long)h.ledger_lost);
    if (l->handovers < MAX_WINDOWS) {
        l->window[l->handovers] = (struct capture_window){.from = h.requested, .to = h.done};
        l->handover[l->handovers++] = h;
    }
    return 0;
}

// ---- the story ----

static int play(struct live *l) {
    unsigned half = (l->opt->seconds + 1) / 2;

    say(l, "both guests on the synthetic path");
    run(l, 500);
    say(l, "second guest gets its VF and keeps it");
    if (ask(l, "attach", live_place[2]) != 0 || await_state(l, live_place[2], "attached") != 0)
        return -EIO;
    settle(l);
    say(l, "ping, TCP both ways and UDP for %u s beside the numbered datagrams", half);
    if (tools_start(l->tools, half) != 0)
        return fail(l, "cannot start ping and iperf3");
    run(l, 1000);
    if (handover(l, "attach: synthetic to VF", "attach", "attached") != 0 ||
        handover(l, "planned failover: VF to synthetic", "detach", "detached") != 0 ||
        handover(l, "attach again", "attach", "attached") != 0 || await_tools(l) != 0)
        return -EIO;
    // Alone with the numbered datagrams: each frame that is lost is one of them.
    if (handover(l, "surprise removal of the VF in the middle of a burst", "revoke", "detached") != 0)
        return -EIO;
    say(l, "the same tools for another %u s", half);
    if (tools_start(l->tools, half) != 0)
        return fail(l, "cannot start ping and iperf3");
    run(l, 500);
    if (handover(l, "attach again", "attach", "attached") != 0 || handover(l, "detach", "detach", "detached") != 0)
        return -EIO;
    say(l, "waiting for the tools to finish");
    if (await_tools(l) != 0)
        return -EIO;
    settle(l);
    return 0;
}

static void read_ledger(struct live *l, char *ledger, size_t size) {
    char err[256] = "";
    for (unsigned i = 0; i < 20; i++) {
        struct json_object *rsp = ctl_ask(&l->ctl, ctl_question("ledger", NULL), ANSWER_MS, err, sizeof(err));
        bool balanced;
        if (rsp == NULL) {
            (void)fail(l, "ledger: %s", err);
            return;
        }
        balanced = json_object_get_boolean(ctl_member(rsp, "balanced"));
        snprintf(ledger, size, "%s", ctl_text(rsp, "text"));
        json_object_put(rsp);
        if (balanced)
            return;
        usleep(100000); // a frame may be inside the card
    }
    (void)fail(l, "%s", ledger);
}

static void stop_programs(struct live *l) {
    char words[200];
    int status;
    for (unsigned i = 0; i < GUESTS; i++) {
        status = proc_stop(&l->guest[i]);
        if (status != 0)
            (void)fail(l, "%s ended with status %d", l->guest[i].name, status);
    }
    ctl_disconnect(&l->ctl);
    status = proc_stop(&l->host);
    if (status != 0)
        (void)fail(l, "weir-host ended with status %d", status);
    status = proc_stop(&l->sim);
    if (status != 0) {
        proc_last_words(&l->sim, words, sizeof(words));
        (void)fail(l, "weir-sim ended with status %d: %s", status, words);
    }
}

int live_run(const struct live_options *opt, const struct netns *ns, struct report *r, char *err, size_t err_size) {
    struct live *l = calloc(1, sizeof(*l));
    char ledger[160] = "not read";
    bool ran;

    if (l == NULL)
        return -ENOMEM;
    l->opt = opt;
    l->ns = ns;
    l->report = r;
    l->ctl.fd = -1;
    ran = start_card(l) == 0 && start_host(l) == 0 && start_guest(l, 0) == 0 && start_guest(l, 1) == 0;
    if (ran) {
        l->udp = udp_open(ns, l->failure, sizeof(l->failure));
        l->tools = l->udp != NULL ? tools_open(ns) : NULL;
        l->ctl.meanwhile = meanwhile;
        l->ctl.ctx = l;
        ran = l->tools != NULL || fail(l, "cannot start iperf3") == 0;
    }
    if (ran) {
        (void)play(l);
        l->quiet = true; // a ledger is read at rest
        if (!l->failed)
            read_ledger(l, ledger, sizeof(ledger));
    }
    stop_programs(l);
    if (ran) {
        fputs("\nthe tools say\n", opt->out);
        if (!tools_results(l->tools, opt->out))
            (void)fail(l, "a tool got no answer");
        if (capture_evaluate(opt->trace, mac[1], UDP_DOWN0, l->window, l->handovers, r, err, err_size) != 0)
            (void)fail(l, "%s", err);
        for (unsigned i = 0; i < l->handovers; i++) {
            l->handover[i].gap = l->window[i].gap;
            report_handover(r, &l->handover[i]);
        }
        report_outcome(r, l->failed ? l->failure : ledger, !l->failed);
    } else {
        snprintf(err, err_size, "%s", l->failure);
    }
    tools_close(l->tools);
    udp_close(l->udp);
    free(l);
    return ran ? 0 : -EIO;
}
