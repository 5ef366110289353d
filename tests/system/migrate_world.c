// SPDX-License-Identifier: Apache-2.0
// See migrate_world.h.
#include "migrate_world.h"

#include <errno.h>

#define CYCLES_PER_US (WEIR_CLOCK_HZ / 1000000u)
#define LINK_RING (1u << 22)

uint64_t mw_cycle(struct mw *w) {
    return fw_cycle(&w->host[0]);
}

// ---- the bridge: learns where an address is from what it sends, and keeps each port's order ----

static void out(struct mw *w, int port, const uint8_t *frame, size_t len) {
    bool rarp = frame[12] == 0x80 && frame[13] == 0x35;
    if (rarp && port == MW_PEER)
        return;
    if (port == MW_PEER)
        flow_receive(w->host[0].net, w->peer, frame, len, mw_cycle(w));
    else
        CHECK(wire_send(card_wire(w->host[port].w.card), frame, len, false) == 0, "the bridge drops");
}

static void learn(struct mw *w, int port, const uint8_t *mac) {
    unsigned i = 0;
    while (i < w->num_learned && memcmp(w->learned[i].mac, mac, 6) != 0)
        i++;
    CHECK(i < MW_MACS, "too many addresses");
    w->num_learned += i == w->num_learned;
    memcpy(w->learned[i].mac, mac, 6);
    w->learned[i].port = port;
}

static void bridge(struct mw *w, int in, const uint8_t *frame, size_t len) {
    int to = -1;
    learn(w, in, frame + 6);
    for (unsigned i = 0; i < w->num_learned && (frame[0] & 1) == 0; i++)
        if (memcmp(w->learned[i].mac, frame, 6) == 0)
            to = w->learned[i].port;
    for (int p = 0; p < MW_PORTS; p++)
        if (p != in && (to < 0 || p == to))
            out(w, p, frame, len);
}

static struct mw *only; // the wires' callbacks need to know of which card they are

static void from_0(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)cycle;
    bridge(only, 0, frame, len);
}

static void from_1(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)cycle;
    bridge(only, 1, frame, len);
}

static int from_peer(void *ctx, const void *frame, size_t len) {
    struct mw *w = ctx;
    for (unsigned h = 0; h < 2; h++)
        if (wire_queued(card_wire(w->host[h].w.card)) >= 24)
            return -EAGAIN;
    bridge(w, MW_PEER, frame, len);
    return 0;
}

// ---- the two hosts ----

static void together(struct mw *w) {
    uint64_t a = fw_cycle(&w->host[0]), b = fw_cycle(&w->host[1]);
    if (a < b)
        card_step(w->host[0].w.card, b - a, false);
    else if (b < a)
        card_step(w->host[1].w.card, a - b, false);
}

void mw_open(struct mw *w, uint64_t seed) {
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x98};
    memset(w, 0, sizeof(*w));
    only = w;
    fw_sizes.pf_rx_log2 = 12;
    fw_sizes.channel_ring = 1u << 21;
    fw_open(&w->host[1], seed, NULL);
    fw_open(&w->host[0], seed, NULL);
    w->own_net = w->host[1].net;
    w->host[1].net = w->host[0].net;
    wire_set_rx(card_wire(w->host[0].w.card), from_0, NULL);
    wire_set_rx(card_wire(w->host[1].w.card), from_1, NULL);
    together(w);
    fw_guest_add(&w->host[0], 0);
    w->guest = &w->host[0].guest[0];
    w->peer = flow_endpoint_add(w->host[0].net, "peer", mac, from_peer, w);
    w->down = flow_add(w->host[0].net, w->peer, w->guest->endpoint, 1500);
    w->up = flow_add(w->host[0].net, w->guest->endpoint, w->peer, 1500);
}

void mw_close(struct mw *w) {
    flow_pause_all(w->host[0].net);
    if (w->at == 1) {
        w->host[1].guest[0] = *w->guest;
        w->guest->sc = NULL;
    }
    fw_close(&w->host[0]);
    w->host[1].net = w->own_net;
    fw_close(&w->host[1]);
}

void mw_step(struct mw *w, unsigned cycles) {
    flow_pump(w->host[0].net, mw_cycle(w));
    if (!w->guest->stopped && world_rand() % 3 != 0)
        weir_netvsc_poll(w->guest->sc, mw_cycle(w) / CYCLES_PER_US);
    for (unsigned h = 0; h < 2; h++) {
        if (world_rand() % 3 != 0)
            weir_vstack_poll(w->host[h].vs, fw_cycle(&w->host[h]) / CYCLES_PER_US);
        if (w->end[h] != NULL && world_rand() % 3 != 0)
            weir_migrate_poll(w->end[h]);
        together(w);
    }
    if (w->pause_asked && w->end[w->from] != NULL) {
        w->pause_asked = false;
        w->guest->stopped = true;
        weir_migrate_paused(w->end[w->from]);
    }
    for (unsigned h = 0; h < 2; h++)
        card_step(w->host[h].w.card, cycles, false);
    together(w);
}

void mw_run(struct mw *w, uint64_t cycles) {
    uint64_t end = mw_cycle(w) + cycles;
    while (mw_cycle(w) < end)
        mw_step(w, 100 + world_rand() % 200);
}

// ---- a migration ----

static void on_pause(void *ctx) {
    struct mw *w = ctx;
    w->pause_asked = true;
}

static void new_channel(void **area, struct weir_channel **guest_end, struct weir_channel **host_end, size_t ring) {
    *area = aligned_alloc(64, WEIR_CHANNEL_BYTES(ring));
    CHECK(*area != NULL && weir_channel_init(*area, WEIR_CHANNEL_BYTES(ring)) == 0, "no channel");
    CHECK(weir_channel_attach(*area, WEIR_CHANNEL_BYTES(ring), WEIR_CHANNEL_GUEST, guest_end) == 0, "no end");
    CHECK(weir_channel_attach(*area, WEIR_CHANNEL_BYTES(ring), WEIR_CHANNEL_HOST, host_end) == 0, "no end");
}

static struct weir_channel *place_end; // host end of the new channel

int mw_place(void *ctx, const struct weir_vstack_guest_config *guest, struct weir_channel **channel) {
    struct mw *w = ctx;
    (void)guest;
    new_channel(&w->new_area, &w->new_end, &place_end, fw_sizes.channel_ring);
    *channel = place_end;
    return 0;
}

void mw_unplace(struct mw *w) {
    if (w->new_area == NULL)
        return;
    weir_channel_detach(w->new_end);
    weir_channel_detach(place_end);
    free(w->new_area);
    w->new_area = NULL;
}

void mw_never(void *ctx) {
    (void)ctx;
    CHECK(false, "a guest runs that nobody gave");
}

static void resume_here(void *ctx) {
    struct mw *w = ctx;
    CHECK(w->guest->stopped && w->at == w->from, "it runs already");
    w->guest->stopped = false;
}

static void resume_there(void *ctx) {
    struct mw *w = ctx;
    struct fw_guest *g = w->guest;
    CHECK(g->stopped && w->at == w->from, "it runs already: two owners");
    CHECK(weir_netvsc_migrate(g->sc, w->new_end) == 0, "the adapter does not move");
    w->at = 1 - w->from;
    // The area of before is its last parent's as long as that has a port on it: kept with the ends until mw_end.
    g->f = &w->host[w->at];
    g->id = weir_migrate_guest(w->end[w->at]);
    g->stopped = false;
}

void mw_begin(struct mw *w, unsigned max_frame_there) {
    struct weir_migrate_config cfg = {.max_frame = fw_sizes.buf_bytes,
                                      .ctx = w,
                                      .answer_us = 400,
                                      .leave_us = 20000,
                                      .pause_us = 20000,
                                      .drain_us = 2000,
                                      .follow_us = 1000};
    int err;
    w->from = w->at;
    w->pause_asked = false;
    new_channel(&w->link_area, &w->link[0], &w->link[1], LINK_RING);
    cfg.link = w->link[0];
    cfg.pause = on_pause;
    cfg.resume = resume_here;
    err = weir_migrate_out(w->host[w->from].vs, (unsigned)w->guest->id, &cfg, &w->end[w->from]);
    CHECK(err == 0, "cannot begin: %s", strerror(-err));
    cfg.max_frame = max_frame_there;
    cfg.link = w->link[1];
    cfg.place = mw_place;
    cfg.resume = resume_there;
    err = weir_migrate_in(w->host[1 - w->from].vs, &cfg, &w->end[1 - w->from]);
    CHECK(err == 0, "nobody listens: %s", strerror(-err));
}

static bool over(struct weir_migration *m) {
    return m == NULL || weir_migrate_state(m) == WEIR_MIGRATE_DONE || weir_migrate_state(m) == WEIR_MIGRATE_ENDED ||
           weir_migrate_state(m) == WEIR_MIGRATE_UNDECIDED;
}

void mw_await_end(struct mw *w, uint64_t cycles) {
    uint64_t end = mw_cycle(w) + cycles;
    while (!over(w->end[0]) || !over(w->end[1])) {
        CHECK(mw_cycle(w) < end, "host 0 is %s, host 1 %s",
              w->end[0] != NULL ? weir_migrate_state_text(weir_migrate_state(w->end[0])) : "gone",
              w->end[1] != NULL ? weir_migrate_state_text(weir_migrate_state(w->end[1])) : "gone");
        mw_step(w, 100 + world_rand() % 200);
    }
}

void mw_end(struct mw *w) {
    struct fw_guest *g = w->guest;
    for (unsigned h = 0; h < 2; h++) {
        weir_migrate_free(w->end[h]);
        w->end[h] = NULL;
        weir_channel_detach(w->link[h]);
    }
    free(w->link_area);
    mw_run(w, 3000); // what was of the guest at the other host is taken down
    if (w->new_area != NULL && w->at != w->from) {
        weir_channel_detach(g->guest_end);
        weir_channel_detach(g->host_end);
        free(g->area);
        g->area = w->new_area;
        g->guest_end = w->new_end;
        g->host_end = place_end;
        w->new_area = NULL;
    }
    mw_unplace(w);
}

void mw_await_vf(struct mw *w, uint64_t cycles) {
    uint64_t end = mw_cycle(w) + cycles;
    while (weir_vstack_state(w->host[w->at].vs, (unsigned)w->guest->id) != WEIR_VSTACK_ATTACHED ||
           weir_netvsc_state(w->guest->sc) != WEIR_NETVSC_ON_VF) {
        CHECK(mw_cycle(w) < end, "the guest is %s (%s)",
              weir_vstack_state_text(weir_vstack_state(w->host[w->at].vs, (unsigned)w->guest->id)),
              weir_why_text(weir_vstack_why(w->host[w->at].vs, (unsigned)w->guest->id)));
        mw_step(w, 100 + world_rand() % 200);
    }
}

void mw_drain(struct mw *w) {
    flow_pause_all(w->host[0].net);
    for (unsigned quiet = 0, rounds = 0; quiet < 50; rounds++) {
        struct flow_count before = flow_count(w->host[0].net, -1, -1), after;
        CHECK(rounds < 20000, "traffic does not end");
        mw_step(w, 300);
        after = flow_count(w->host[0].net, -1, -1);
        quiet = weir_netvsc_tx_waiting(w->guest->sc) != 0 || before.received != after.received ? 0 : quiet + 1;
    }
}
