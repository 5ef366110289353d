// SPDX-License-Identifier: Apache-2.0
// See story.h.
#include "story.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "card.h"
#include "flow.h"
#include "host.h"
#include "inproc.h"
#include "out_file.h"
#include "pcapng.h"
#include "rc.h"
#include "report.h"
#include "weir/netvsc.h"
#include "weir/vstack.h"
#include "wire.h"

#define GUESTS 2u
#define VPORTS 5u
#define CHANNEL_RING (1u << 20)
#define WIRE_AHEAD 200u
#define SLICE 400u // card cycles between two looks
#define SAMPLE_CYCLES 20000u
#define SETTLE_TURNS 3000u
#define WAIT_TURNS 40000u

enum { FLOW_DOWN0, FLOW_UP0, FLOW_DOWN1, FLOW_UP1, FLOW_CROSS01, FLOW_CROSS10, FLOW_FLOOD0, FLOW_FLOOD1, FLOWS };

struct guest {
    struct story *story;
    unsigned number;
    void *area;
    struct weir_channel *guest_end, *host_end;
    struct weir_netvsc *nic;
    bool open;
};

struct story {
    const struct story_options *opt;
    struct report *report;
    struct card *card;
    struct host *host;
    struct weir_inproc *ip;
    struct weir_pf *pf;
    struct weir_vstack *vs;
    struct guest guest[GUESTS];
    struct flow flow[FLOWS];
    uint32_t flood_seq; // one broadcast of the peer is a number of both flood flows
    uint64_t rand, next_sample, sampled_syn, sampled_vf, records;
    uint64_t frames[2], bytes[2]; // synthetic, VF; as the guests see them
    bool quiet, moving;           // nobody sends; a hand-over is under way, or was a moment ago
};

static const uint8_t all[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t mac[3][6] = {{0x02, 0x57, 0, 0, 0, 0x99}, {0x02, 0x57, 0, 0, 0, 1}, {0x02, 0x57, 0, 0, 0, 2}};
#define PEER mac[0]
#define MAC(guest) mac[(guest) + 1]

static uint32_t rnd(struct story *s, uint32_t below) {
    s->rand ^= s->rand >> 12;
    s->rand ^= s->rand << 25;
    s->rand ^= s->rand >> 27;
    return (uint32_t)((s->rand * 0x2545F4914F6CDD1Dull >> 32) * below >> 32);
}

__attribute__((format(printf, 2, 3))) static void say(struct story *s, const char *fmt, ...) {
    char text[160];
    va_list ap;
    if (s->opt->progress == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    s->opt->progress(s->opt->ctx, text);
}

static uint64_t now_us(const struct story *s) {
    return card_cycles(s->card) / 250;
}

// ---- capture: interface 0 is the wire, 1 + v is vPort v, seen from the card ----

static void capture(struct story *s, int interface, bool into_card, const uint8_t *frame, size_t len) {
    struct report_capture *c = s->opt->captured;
    if (s->opt->capture == NULL)
        return;
    c->all_frames++;
    c->all_bytes += len;
    if (!s->moving || c->bytes + len > s->opt->capture_bytes)
        return;
    c->frames++;
    c->bytes += len;
    (void)weir_pcapng_write(s->opt->capture, interface, card_cycles(s->card) * 4,
                            into_card ? WEIR_PCAPNG_IN : WEIR_PCAPNG_OUT, frame, len, NULL);
}

static int vport_interface(struct story *s, const struct guest *g, bool vf) {
    int vport = vf ? weir_vstack_vport(s->vs, g->number) : 0;
    return vport > 0 && vport < (int)VPORTS ? 1 + vport : 1;
}

static int name_interfaces(struct story *s) {
    char name[16];
    int ret = s->opt->capture == NULL ? 0 : weir_pcapng_add_interface(s->opt->capture, "wire", 0);
    for (unsigned v = 0; v < VPORTS && s->opt->capture != NULL && ret >= 0; v++) {
        snprintf(name, sizeof(name), "vport%u", v);
        ret = weir_pcapng_add_interface(s->opt->capture, name, 0);
    }
    return ret < 0 ? ret : 0;
}

// ---- arrivals ----

static void arrived(struct story *s, int flow, const uint8_t *frame, size_t len) {
    uint32_t seq;
    int id = flow_parse(frame, len, &seq);
    if (id < 0)
        return;
    if (flow >= 0)
        id = flow; // a broadcast is one frame and as many arrivals as guests
    flow_arrived(&s->flow[id], seq, len);
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct story *s = ctx;
    (void)cycle;
    capture(s, 0, false, frame, len);
    arrived(s, -1, frame, len);
}

static void on_wire_sent(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)cycle;
    capture(ctx, 0, true, frame, len);
}

static void on_guest_rx(void *ctx, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    struct guest *g = ctx;
    struct story *s = g->story;
    s->frames[info->vf]++;
    s->bytes[info->vf] += len;
    capture(s, vport_interface(s, g, info->vf), false, frame, len);
    arrived(s, info->flooded ? (int)(FLOW_FLOOD0 + g->number) : -1, frame, len);
}

// The silence of a hand-over is measured where the card writes, not where the guest gets round to looking.
static void on_card_write(void *ctx, uint16_t rid, uint64_t addr, const void *data, unsigned bytes) {
    struct story *s = ctx;
    uint32_t seq;
    (void)rid;
    (void)addr;
    if (flow_parse(data, bytes, &seq) == FLOW_DOWN0)
        flow_passed(&s->flow[FLOW_DOWN0], card_cycles(s->card));
}

static int open_vf(void *ctx, unsigned fn, struct weir_bus **bus) {
    struct guest *g = ctx;
    *bus = weir_inproc_open(g->story->ip, fn);
    return *bus != NULL ? 0 : -EAGAIN;
}

// ---- traffic and time ----

static void sent(struct story *s, struct guest *g, bool vf, const uint8_t *f, size_t len) {
    s->frames[vf]++;
    s->bytes[vf] += len;
    capture(s, vport_interface(s, g, vf), true, f, len);
}

static void guest_sends(struct story *s, struct guest *g, unsigned id) {
    uint8_t f[1514];
    struct flow trial = s->flow[id];
    size_t len = flow_make(&trial, id, f, 60 + rnd(s, 1400));
    bool vf = weir_netvsc_state(g->nic) == WEIR_NETVSC_ON_VF;
    // Not taken: not sent; the number is used by the next frame.
    if (weir_netvsc_send(g->nic, f, len) != 0)
        return;
    s->flow[id].sent = trial.sent;
    sent(s, g, vf, f, len);
}

static void wire_sends(struct story *s, unsigned id) {
    uint8_t f[1514];
    size_t len = flow_make(&s->flow[id], id, f, 60 + rnd(s, 1400));
    (void)wire_send(card_wire(s->card), f, len, false);
    if (id == FLOW_FLOOD0)
        s->flow[FLOW_FLOOD1].sent = s->flow[FLOW_FLOOD0].sent;
}

static void turn(struct story *s) {
    if (!s->quiet) {
        // Deep enough that the wire does not fall silent while the parent waits for an answer of the card.
        while (wire_queued(card_wire(s->card)) < WIRE_AHEAD) {
            wire_sends(s, FLOW_DOWN0);
            wire_sends(s, FLOW_DOWN1);
            if (rnd(s, 24) == 0)
                wire_sends(s, FLOW_FLOOD0);
        }
        for (unsigned i = 0; i < GUESTS; i++) {
            if (rnd(s, 3) == 0)
                guest_sends(s, &s->guest[i], i == 0 ? FLOW_UP0 : FLOW_UP1);
            if (rnd(s, 4) == 0)
                guest_sends(s, &s->guest[i], i == 0 ? FLOW_CROSS01 : FLOW_CROSS10);
        }
    }
    card_step(s->card, 1 + rnd(s, SLICE), false);
    for (unsigned i = 0; i < GUESTS; i++)
        weir_netvsc_poll(s->guest[i].nic, now_us(s));
    weir_vstack_poll(s->vs, now_us(s));
    if (card_cycles(s->card) >= s->next_sample) {
        report_sample(s->report, card_cycles(s->card), s->frames[0] - s->sampled_syn, s->frames[1] - s->sampled_vf);
        s->sampled_syn = s->frames[0];
        s->sampled_vf = s->frames[1];
        s->next_sample = card_cycles(s->card) + SAMPLE_CYCLES;
    }
}

static bool stopped(const struct story *s) {
    return s->opt->stop != NULL && *s->opt->stop != 0;
}

static void run(struct story *s, unsigned turns) {
    while (turns-- > 0 && !stopped(s))
        turn(s);
}

static void settle(struct story *s) {
    s->quiet = true;
    run(s, SETTLE_TURNS);
    s->quiet = false;
}

// ---- the story ----

static int fail(struct story *s, const char *what) {
    report_fail(s->report, "%s", what);
    return -ETIMEDOUT;
}

// Until the guest rests on a path, whichever.
static int wait_rest(struct story *s, unsigned guest) {
    enum weir_vstack_state state = WEIR_VSTACK_NONE;
    char text[160];
    for (unsigned i = 0; i < WAIT_TURNS; i++) {
        turn(s); // what was asked for has begun
        state = weir_vstack_state(s->vs, guest);
        if (state == WEIR_VSTACK_ATTACHED || state == WEIR_VSTACK_DETACHED || state == WEIR_VSTACK_FAILED)
            return 0;
        if (stopped(s))
            return fail(s, "interrupted");
    }
    snprintf(text, sizeof(text), "guest %u stays in state '%s' (%s)", guest, weir_vstack_state_text(state),
             weir_why_text(weir_vstack_why(s->vs, guest)));
    return fail(s, text);
}

struct tally {
    uint64_t doubled, reordered, missing;
};

static struct tally tally(const struct story *s) {
    struct tally t = {0};
    for (unsigned i = 0; i < FLOWS; i++) {
        t.doubled += s->flow[i].doubled;
        t.reordered += s->flow[i].reordered;
        t.missing += flow_missing(&s->flow[i]);
    }
    return t;
}

// What the parent recorded since the last look; the last of guest 0's is what came of what was asked.
static void read_records(struct story *s, struct report_step *h) {
    for (; s->records < weir_vstack_num_records(s->vs); s->records++) {
        const struct weir_vstack_record *rec = weir_vstack_record(s->vs, s->records);
        if (rec->guest != 0)
            continue;
        snprintf(h->guest, sizeof(h->guest), "%.15s", rec->name);
        h->came.to_vf = rec->to_vf;
        h->came.surprise = rec->surprise;
        snprintf(h->came.why, sizeof(h->came.why), "%s", weir_why_text(rec->why));
        snprintf(h->status, sizeof(h->status), "%s", rec->status == 0 ? "done" : strerror(-rec->status));
        h->done = h->requested + (uint32_t)(rec->cycle_done - rec->cycle_request);
        h->ledger_lost = rec->to_vf ? 0 : rec->tx_lost + rec->rx_lost + rec->rx_dropped;
    }
}

// Carries one hand-over of guest 0 out and judges it when all traffic has arrived.
static int handover(struct story *s, const char *what, int (*begin)(struct story *), bool to_vf, enum weir_why why) {
    struct report_step h = {.asked = {.to_vf = to_vf, .surprise = why == WEIR_WHY_REMOVED}};
    struct tally before, after;
    int err;

    settle(s);
    before = tally(s);
    s->moving = true;
    run(s, 200);
    say(s, "%s", what);
    snprintf(h.what, sizeof(h.what), "%s", what);
    snprintf(h.asked.why, sizeof(h.asked.why), "%s", weir_why_text(why));
    flow_mark(&s->flow[FLOW_DOWN0], card_cycles(s->card));
    h.requested = card_cycles(s->card);
    err = begin(s);
    if (err != 0) {
        char text[160];
        snprintf(text, sizeof(text), "%s: %s", what, strerror(-err));
        return fail(s, text);
    }
    err = wait_rest(s, 0);
    if (err != 0)
        return err;
    h.gap = s->flow[FLOW_DOWN0].gap;
    run(s, 200);
    s->moving = false;
    settle(s);
    after = tally(s);
    h.lost = after.missing - before.missing;
    h.doubled = after.doubled - before.doubled;
    h.reordered = after.reordered - before.reordered;
    read_records(s, &h);
    report_step(s->report, &h);
    return 0;
}

static int do_attach(struct story *s) {
    return weir_vstack_attach(s->vs, 0);
}

static int do_failover(struct story *s) {
    return weir_vstack_detach(s->vs, 0, WEIR_WHY_DETACH);
}

static int do_surprise(struct story *s) {
    return weir_vstack_revoke(s->vs, 0, WEIR_WHY_REMOVED);
}

static int play(struct story *s) {
    int err;
    say(s, "both guests on the synthetic path");
    run(s, 1000);
    say(s, "second guest gets its VF and keeps it");
    err = weir_vstack_attach(s->vs, 1);
    if (err != 0)
        return fail(s, "the second guest's attach was refused");
    err = wait_rest(s, 1);
    run(s, 500);
    settle(s);
    s->records = weir_vstack_num_records(s->vs);
    if (err == 0)
        err = handover(s, "attach: synthetic to VF", do_attach, true, WEIR_WHY_ATTACHED);
    if (err == 0)
        err = handover(s, "planned failover: VF to synthetic", do_failover, false, WEIR_WHY_DETACH);
    if (err == 0)
        err = handover(s, "attach again", do_attach, true, WEIR_WHY_ATTACHED);
    if (err == 0)
        err = handover(s, "surprise removal of the VF", do_surprise, false, WEIR_WHY_REMOVED);
    if (err == 0)
        err = handover(s, "attach once more", do_attach, true, WEIR_WHY_ATTACHED);
    if (err == 0)
        err = handover(s, "detach", do_failover, false, WEIR_WHY_DETACH);
    run(s, 1000);
    settle(s);
    return err;
}

static int open_guests(struct story *s) {
    for (unsigned i = 0; i < GUESTS; i++) {
        struct guest *g = &s->guest[i];
        size_t bytes = WEIR_CHANNEL_BYTES(CHANNEL_RING);
        struct weir_vstack_guest_config gc = {0};
        struct weir_netvsc_config nc = {
            .ctx = g, .rx = on_guest_rx, .open_vf = open_vf, .vf = {.tx_log2 = 8, .rx_log2 = 10, .buf_bytes = 2048}};
        int err;
        g->story = s;
        g->number = i;
        g->area = calloc(1, bytes);
        if (g->area == NULL)
            return -ENOMEM;
        err = weir_channel_init(g->area, bytes);
        if (err == 0)
            err = weir_channel_attach(g->area, bytes, WEIR_CHANNEL_HOST, &g->host_end);
        if (err == 0)
            err = weir_channel_attach(g->area, bytes, WEIR_CHANNEL_GUEST, &g->guest_end);
        if (err != 0)
            return err;
        snprintf(gc.name, sizeof(gc.name), "guest%u", i);
        memcpy(gc.mac, MAC(i), 6);
        gc.channel = g->host_end;
        err = weir_vstack_guest_add(s->vs, &gc);
        if (err != (int)i)
            return err < 0 ? err : -EPROTO;
        nc.channel = g->guest_end;
        err = weir_netvsc_open(&nc, &g->nic);
        if (err != 0)
            return err;
    }
    return 0;
}

static void set_flow(struct story *s, unsigned id, const uint8_t *dst, const uint8_t *src) {
    memcpy(s->flow[id].dst, dst, 6);
    memcpy(s->flow[id].src, src, 6);
}

static int bring_up(struct story *s, char *err, size_t err_size) {
    struct card_options co = {.firmware = s->opt->firmware};
    struct weir_pf_config pc = {
        .num_vfs = 4, .num_vports = VPORTS, .default_qps = 1, .tx_log2 = 10, .rx_log2 = 10, .buf_bytes = 2048};
    struct weir_vstack_config vc = {.max_guests = 4, .num_vports = VPORTS, .first_filter = 1};
    int ret;

    say(s, "card: two RV32 cores boot the firmware from flash");
    s->card = card_new(&co, err, err_size);
    if (s->card == NULL)
        return -EIO;
    if (s->opt->fst != NULL && out_file_check_fst(s->opt->fst, err, err_size) != 0)
        return -EEXIST;
    if (s->opt->fst != NULL && card_trace(s->card, s->opt->fst) != 0) {
        snprintf(err, err_size, "cannot write the waveform %s; ./weir demo --fst FILE builds what it needs",
                 s->opt->fst);
        return -ENOTSUP;
    }
    if (card_boot(s->card, 4000000) != 0) {
        snprintf(err, err_size, "the card does not boot %s", s->opt->firmware);
        return -ETIMEDOUT;
    }
    s->host = host_new(s->card, err, (unsigned)err_size);
    s->ip = s->host != NULL ? weir_inproc_new(s->host) : NULL;
    if (s->ip == NULL)
        return -EIO;
    say(s, "PF driver: NIC switch, SR-IOV with %u VFs", pc.num_vfs);
    ret = weir_pf_open(weir_inproc_open(s->ip, 0), &pc, &s->pf, err, err_size);
    if (ret == 0)
        ret = weir_vstack_open(s->pf, &vc, &s->vs, err, err_size);
    if (ret != 0)
        return ret;
    wire_set_rx(card_wire(s->card), on_wire, s);
    wire_set_sent(card_wire(s->card), on_wire_sent, s);
    rc_set_write(card_rc(s->card), on_card_write, s);
    wire_set_rate(card_wire(s->card), 1, 6);
    set_flow(s, FLOW_DOWN0, MAC(0), PEER);
    set_flow(s, FLOW_DOWN1, MAC(1), PEER);
    set_flow(s, FLOW_UP0, PEER, MAC(0));
    set_flow(s, FLOW_UP1, PEER, MAC(1));
    set_flow(s, FLOW_CROSS01, MAC(1), MAC(0));
    set_flow(s, FLOW_CROSS10, MAC(0), MAC(1));
    set_flow(s, FLOW_FLOOD0, all, PEER);
    set_flow(s, FLOW_FLOOD1, all, PEER);
    ret = name_interfaces(s);
    if (ret == 0)
        ret = open_guests(s);
    if (ret != 0)
        snprintf(err, err_size, "cannot start the guests: %s", strerror(-ret));
    return ret;
}

static void tear_down(struct story *s) {
    for (unsigned i = 0; i < GUESTS; i++)
        weir_netvsc_close(s->guest[i].nic);
    if (s->vs != NULL)
        weir_vstack_close(s->vs);
    for (unsigned i = 0; i < GUESTS; i++) {
        weir_channel_detach(s->guest[i].guest_end);
        weir_channel_detach(s->guest[i].host_end);
        free(s->guest[i].area);
    }
    weir_pf_close(s->pf);
    weir_inproc_free(s->ip);
    host_free(s->host);
    card_free(s->card);
    for (unsigned i = 0; i < FLOWS; i++)
        flow_free(&s->flow[i]);
}

int story_run(const struct story_options *opt, struct report *r, char *err, size_t err_size) {
    struct story *s = calloc(1, sizeof(*s));
    char ledger[160] = "balanced";
    const struct rc_stats *stats;
    int ret;

    if (s == NULL)
        return -ENOMEM;
    s->opt = opt;
    s->report = r;
    s->rand = opt->seed * 0x9E3779B97F4A7C15ull + 1;
    ret = bring_up(s, err, err_size);
    if (ret == 0) {
        (void)play(s);
        card_step(s->card, 2000000, true);
        if (weir_pf_ledger(s->pf, ledger, sizeof(ledger)) != 0)
            (void)fail(s, ledger);
        stats = rc_stats(card_rc(s->card));
        if (stats->violations != 0)
            (void)fail(s, stats->first_violation);
        if (stats->iommu_faults != 0)
            (void)fail(s, "the IOMMU refused a request of the card");
        report_path(r, &(struct report_path){"synthetic", s->frames[0], s->bytes[0]});
        report_path(r, &(struct report_path){"VF", s->frames[1], s->bytes[1]});
        report_ledger(r, ledger, NULL);
    }
    tear_down(s);
    free(s);
    return ret;
}
