// SPDX-License-Identifier: Apache-2.0
// See failover_world.h.
#include "failover_world.h"

#include <errno.h>

#define CYCLES_PER_US (WEIR_CLOCK_HZ / 1000000u)
#define NUM_VFS 4u
#define PARENT_PACE 200u // cycles between its turns while a guest is in a call
#define NUM_VPORTS 16u

struct fw_sizes fw_sizes = {
    .buf_bytes = 2048, .pf_rx_log2 = 10, .vf_rx_log2 = 9, .vf_tx_log2 = 8, .channel_ring = 1u << 19};

uint64_t fw_cycle(struct fw *f) {
    return card_cycles(f->w.card);
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct fw *f = ctx;
    flow_receive(f->net, f->wire, frame, len, cycle);
}

static int wire_take(void *ctx, const void *frame, size_t len) {
    struct fw *f = ctx;
    struct wire *wire = card_wire(f->w.card);
    return wire_queued(wire) >= f->wire_depth ? -EAGAIN : wire_send(wire, frame, len, false);
}

void fw_open(struct fw *f, uint64_t seed, const struct weir_vstack_config *cfg) {
    static const uint8_t peer[6] = {0x02, 0, 0, 0, 0, 0x99};
    struct weir_vstack_config vc = cfg != NULL ? *cfg : (struct weir_vstack_config){0};
    struct weir_pf_config pc = {.num_vfs = NUM_VFS,
                                .num_vports = NUM_VPORTS,
                                .default_qps = 2,
                                .tx_log2 = 9,
                                .rx_log2 = fw_sizes.pf_rx_log2,
                                .buf_bytes = fw_sizes.buf_bytes};
    char err[256] = "";

    memset(f, 0, sizeof(*f));
    printf("seed %" PRIu64 "\n", seed);
    world_seed(seed);
    world_open(&f->w, -1);
    CHECK(weir_pf_open(weir_inproc_open(f->w.ip, 0), &pc, &f->w.pf, err, sizeof(err)) == 0, "%s", err);
    vc.max_guests = FW_ROOM;
    vc.num_vports = NUM_VPORTS;
    vc.num_vfs = NUM_VFS;
    vc.vf_qps = vc.vf_qps != 0 ? vc.vf_qps : 2;
    vc.leave_us = vc.leave_us != 0 ? vc.leave_us : 20000;
    vc.release_us = vc.release_us != 0 ? vc.release_us : 20000;
    CHECK(weir_vstack_open(f->w.pf, &vc, &f->vs, err, sizeof(err)) == 0, "%s", err);
    f->net = flow_net_new(seed);
    CHECK(f->net != NULL, "out of memory");
    f->wire_depth = 24;
    f->wire = flow_endpoint_add(f->net, "wire", peer, wire_take, f);
    wire_set_rx(card_wire(f->w.card), on_wire, f);
    wire_set_rate(card_wire(f->w.card), 3, 4);
}

// ---- the wire at line rate ----

static void feed(struct fw *f) {
    while (f->line.count != 0 && f->line.left != 0 && wire_queued(card_wire(f->w.card)) < 4) {
        if (flow_burst(f->net, f->line.flow[f->line.turn++ % f->line.count], 1) == 0)
            return;
        f->line.left -= f->line.period != 0;
    }
}

static void on_fed(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)frame;
    (void)len;
    (void)cycle;
    feed(ctx);
}

static void next_burst(struct fw *f) {
    if (f->line.count == 0 || f->line.period == 0 || fw_cycle(f) < f->line.due)
        return;
    f->line.left = f->line.burst;
    f->line.due = fw_cycle(f) + f->line.period;
    feed(f);
}

void fw_line_rate(struct fw *f, const int *flows, unsigned count, unsigned burst, uint64_t period) {
    CHECK(count <= FW_LINE, "too many flows for the line");
    memcpy(f->line.flow, flows, count * sizeof(flows[0]));
    f->line.count = count;
    f->line.burst = f->line.left = burst;
    f->line.period = period;
    f->line.due = fw_cycle(f) + period;
    wire_set_rate(card_wire(f->w.card), 1, 50);
    wire_set_sent(card_wire(f->w.card), on_fed, f);
    feed(f);
}

// ---- guests ----

static void on_rx(void *ctx, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    struct fw_guest *g = ctx;
    (void)info;
    if (g->f->heard != NULL)
        g->f->heard(g->f, (unsigned)(g - g->f->guest), frame, len);
    else
        flow_receive(g->f->net, g->endpoint, frame, len, fw_cycle(g->f));
}

static int guest_send(void *ctx, const void *frame, size_t len) {
    struct fw_guest *g = ctx;
    // A stack keeps only so much in its adapter's queue, where the adapter does not say how much it takes.
    return g->stopped || (weir_netvsc_tx_waiting(g->sc) > 400 && !g->f->together) ? -EAGAIN
                                                                                  : weir_netvsc_send(g->sc, frame, len);
}

// Deaf: its receive doorbell goes nowhere, so the rings are there, but never armed.
struct vf_bus {
    struct weir_bus bus;
    struct weir_bus_ops ops;
    struct weir_bus *real;
    struct fw *f; // whose parent has turns while the guest reads, or NULL
    bool deaf;
};

static struct weir_bus *real_of(struct weir_bus *bus) {
    return ((struct vf_bus *)bus)->real;
}

static int vf_bus_cfg_read(struct weir_bus *b, unsigned offset, unsigned size, uint32_t *value) {
    return real_of(b)->ops->cfg_read(real_of(b), offset, size, value);
}

static int vf_bus_cfg_write(struct weir_bus *b, unsigned offset, unsigned size, uint32_t value) {
    return real_of(b)->ops->cfg_write(real_of(b), offset, size, value);
}

static int vf_bus_bar_read(struct weir_bus *b, uint64_t offset, uint32_t *value) {
    struct fw *f = ((struct vf_bus *)b)->f;
    if (f != NULL && fw_cycle(f) >= f->parent_next) {
        f->parent_next = fw_cycle(f) + PARENT_PACE;
        weir_vstack_poll(f->vs, fw_cycle(f) / CYCLES_PER_US);
    }
    return real_of(b)->ops->bar_read(real_of(b), offset, value);
}

static int vf_bus_bar_write(struct weir_bus *b, uint64_t offset, uint32_t value) {
    if (((struct vf_bus *)b)->deaf && offset >= WEIR_BAR_DOORBELL_BASE &&
        (offset - WEIR_BAR_DOORBELL_BASE) % WEIR_BAR_DOORBELL_SIZE == WEIR_BAR_DB_RX_TAIL)
        return 0;
    return real_of(b)->ops->bar_write(real_of(b), offset, value);
}

static int vf_bus_bar_write64(struct weir_bus *b, uint64_t offset, const void *bytes) {
    return real_of(b)->ops->bar_write64(real_of(b), offset, bytes);
}

static uint64_t vf_bus_bar_size(struct weir_bus *b) {
    return real_of(b)->ops->bar_size(real_of(b));
}

static int vf_bus_dma_alloc(struct weir_bus *b, size_t bytes, struct weir_dma *dma) {
    return real_of(b)->ops->dma_alloc(real_of(b), bytes, dma);
}

static void vf_bus_dma_free(struct weir_bus *b, struct weir_dma *dma) {
    real_of(b)->ops->dma_free(real_of(b), dma);
}

static int vf_bus_irq_enable(struct weir_bus *b, unsigned n) {
    return real_of(b)->ops->irq_enable(real_of(b), n);
}

static unsigned vf_bus_irq_take(struct weir_bus *b, unsigned vector) {
    return real_of(b)->ops->irq_take(real_of(b), vector);
}

static int vf_bus_reset(struct weir_bus *b) {
    return real_of(b)->ops->reset(real_of(b));
}

static unsigned vf_bus_pass(struct weir_bus *b, unsigned microseconds) {
    return real_of(b)->ops->pass(real_of(b), microseconds);
}

static void vf_bus_close(struct weir_bus *b) {
    weir_bus_close(real_of(b));
    free(b);
}

static struct weir_bus *wrap(struct weir_bus *real, bool deaf, struct fw *f) {
    struct vf_bus *d = calloc(1, sizeof(*d));
    CHECK(d != NULL, "out of memory");
    d->ops = (struct weir_bus_ops){.name = "wrapped",
                                   .cfg_read = vf_bus_cfg_read,
                                   .cfg_write = vf_bus_cfg_write,
                                   .bar_read = vf_bus_bar_read,
                                   .bar_write = vf_bus_bar_write,
                                   .bar_write64 = vf_bus_bar_write64,
                                   .bar_size = vf_bus_bar_size,
                                   .dma_alloc = vf_bus_dma_alloc,
                                   .dma_free = vf_bus_dma_free,
                                   .irq_enable = vf_bus_irq_enable,
                                   .irq_take = vf_bus_irq_take,
                                   .reset = vf_bus_reset,
                                   .pass = vf_bus_pass,
                                   .close = vf_bus_close};
    d->bus.ops = &d->ops;
    d->real = real;
    d->deaf = deaf;
    d->f = f;
    return &d->bus;
}

static int open_vf(void *ctx, unsigned fn, struct weir_bus **bus) {
    struct fw_guest *g = ctx;
    if (g->no_vf)
        return -EAGAIN;
    *bus = weir_inproc_open(g->f->w.ip, fn);
    CHECK(*bus != NULL, "function %u is open already", fn);
    g->vf_bus = *bus;
    g->fn = fn;
    g->opens++;
    if (g->bad_opens > 0 || g->f->together)
        *bus = wrap(*bus, g->bad_opens > 0, g->f->together ? g->f : NULL);
    g->bad_opens -= g->bad_opens > 0;
    return 0;
}

void fw_guest_add(struct fw *f, unsigned i) {
    struct fw_guest *g = &f->guest[i];
    struct weir_vstack_guest_config gc = {.mac = {0x02, 0, 0, 0, 1, (uint8_t)i}};
    struct weir_netvsc_config nc = {
        .ctx = g,
        .rx = on_rx,
        .open_vf = open_vf,
        .vf = {.tx_log2 = fw_sizes.vf_tx_log2, .rx_log2 = fw_sizes.vf_rx_log2, .buf_bytes = fw_sizes.buf_bytes},
        .retry_us = 100,
        .check_us = 200};

    memset(g, 0, sizeof(*g));
    g->f = f;
    snprintf(gc.name, sizeof(gc.name), "guest%u", i);
    g->area = aligned_alloc(64, WEIR_CHANNEL_BYTES(fw_sizes.channel_ring));
    CHECK(g->area != NULL && weir_channel_init(g->area, WEIR_CHANNEL_BYTES(fw_sizes.channel_ring)) == 0, "no channel");
    CHECK(weir_channel_attach(g->area, WEIR_CHANNEL_BYTES(fw_sizes.channel_ring), WEIR_CHANNEL_GUEST, &g->guest_end) ==
              0,
          "no guest end");
    CHECK(weir_channel_attach(g->area, WEIR_CHANNEL_BYTES(fw_sizes.channel_ring), WEIR_CHANNEL_HOST, &g->host_end) == 0,
          "no host end");
    gc.channel = g->host_end;
    nc.channel = g->guest_end;
    g->id = weir_vstack_guest_add(f->vs, &gc);
    CHECK(g->id >= 0, "cannot add guest %u: %s", i, strerror(-g->id));
    CHECK(weir_netvsc_open(&nc, &g->sc) == 0, "no NetVSC");
    g->endpoint = flow_endpoint_add(f->net, gc.name, gc.mac, guest_send, g);
    CHECK(g->endpoint >= 0, "too many endpoints");
}

void fw_guest_kill(struct fw *f, unsigned i) {
    f->guest[i].stopped = true;
    flow_endpoint_remove(f->net, f->guest[i].endpoint);
    // The host notices by its socket to the guest's process.
    CHECK(weir_vstack_guest_remove(f->vs, (unsigned)f->guest[i].id) == 0, "guest %u is unknown", i);
}

void fw_guest_bury(struct fw *f, unsigned i) {
    struct fw_guest *g = &f->guest[i];
    CHECK(weir_vstack_state(f->vs, (unsigned)g->id) == WEIR_VSTACK_NONE, "the stack still knows guest %u", i);
    weir_netvsc_abandon(g->sc);
    weir_channel_detach(g->guest_end);
    weir_channel_detach(g->host_end);
    free(g->area);
    memset(g, 0, sizeof(*g));
}

// ---- running ----

static bool its_turn(struct fw *f, struct fw_guest *g) {
    if (g->pace == 0)
        return world_rand() % 3 != 0;
    if (fw_cycle(f) < g->next)
        return false;
    g->next = fw_cycle(f) + g->pace;
    return true;
}

void fw_step(struct fw *f, unsigned cycles) {
    flow_pump(f->net, fw_cycle(f));
    next_burst(f);
    // Who runs is left to chance, as with processes: now the guest is behind, now the parent.
    for (unsigned i = 0; i < FW_ROOM; i++)
        if (f->guest[i].sc != NULL && !f->guest[i].stopped && its_turn(f, &f->guest[i]))
            weir_netvsc_poll(f->guest[i].sc, fw_cycle(f) / CYCLES_PER_US);
    if (world_rand() % 3 != 0)
        weir_vstack_poll(f->vs, fw_cycle(f) / CYCLES_PER_US);
    card_step(f->w.card, cycles, false);
}

void fw_run(struct fw *f, uint64_t cycles) {
    uint64_t end = fw_cycle(f) + cycles;
    while (fw_cycle(f) < end)
        fw_step(f, 100 + world_rand() % 200);
}

void fw_await(struct fw *f, unsigned i, enum weir_vstack_state state, uint64_t cycles) {
    uint64_t end = fw_cycle(f) + cycles;
    while (weir_vstack_state(f->vs, (unsigned)f->guest[i].id) != state) {
        CHECK(fw_cycle(f) < end, "guest %u is %s (%s), its adapter %s %s; awaited %s", i,
              weir_vstack_state_text(weir_vstack_state(f->vs, (unsigned)f->guest[i].id)),
              weir_why_text(weir_vstack_why(f->vs, (unsigned)f->guest[i].id)),
              f->guest[i].sc != NULL ? weir_netvsc_state_text(weir_netvsc_state(f->guest[i].sc)) : "gone",
              f->guest[i].sc != NULL ? weir_netvsc_error(f->guest[i].sc) : "", weir_vstack_state_text(state));
        fw_step(f, 100 + world_rand() % 200);
    }
}

void fw_attach(struct fw *f, unsigned i) {
    int err = weir_vstack_attach(f->vs, (unsigned)f->guest[i].id);
    CHECK(err == 0, "cannot attach guest %u: %s", i, strerror(-err));
    fw_await(f, i, WEIR_VSTACK_ATTACHED, 5000000);
}

void fw_detach(struct fw *f, unsigned i) {
    int err = weir_vstack_detach(f->vs, (unsigned)f->guest[i].id, WEIR_WHY_DETACH);
    CHECK(err == 0, "cannot detach guest %u: %s", i, strerror(-err));
    fw_await(f, i, WEIR_VSTACK_DETACHED, 5000000);
}

const struct weir_vstack_record *fw_last_record(struct fw *f) {
    CHECK(weir_vstack_num_records(f->vs) != 0, "no record");
    return weir_vstack_record(f->vs, weir_vstack_num_records(f->vs) - 1);
}

void fw_check_flows(struct fw *f, const char *when) {
    struct flow_count c = flow_count(f->net, -1, -1);
    flow_print_lost(f->net);
    CHECK(c.lost == 0 && c.duplicated == 0 && c.reordered == 0 && c.corrupt == 0 && flow_strays(f->net) == 0,
          "%s: of %" PRIu64 " frames %" PRIu64 " lost, %" PRIu64 " duplicated, %" PRIu64 " reordered, %" PRIu64
          " corrupt, %" PRIu64 " stray; first: %s",
          when, c.sent, c.lost, c.duplicated, c.reordered, c.corrupt, flow_strays(f->net), flow_first_error(f->net));
}

void fw_drain(struct fw *f) {
    flow_pause_all(f->net);
    f->line.count = 0;
    for (unsigned quiet = 0, rounds = 0; quiet < 50; rounds++) {
        struct flow_count before = flow_count(f->net, -1, -1), after;
        bool waiting = wire_queued(card_wire(f->w.card)) != 0;
        CHECK(rounds < 20000, "traffic does not end");
        fw_step(f, 300);
        for (unsigned i = 0; i < FW_ROOM; i++)
            waiting = waiting ||
                      (f->guest[i].sc != NULL && !f->guest[i].stopped && weir_netvsc_tx_waiting(f->guest[i].sc) != 0);
        after = flow_count(f->net, -1, -1);
        quiet = waiting || before.received != after.received ? 0 : quiet + 1;
    }
}

void fw_close(struct fw *f) {
    for (unsigned i = 0; i < FW_ROOM; i++) {
        struct fw_guest *g = &f->guest[i];
        if (g->sc == NULL)
            continue;
        weir_netvsc_close(g->sc);
        g->sc = NULL;
        fw_await(f, i, WEIR_VSTACK_NONE, 5000000);
        weir_channel_detach(g->guest_end);
        weir_channel_detach(g->host_end);
        free(g->area);
    }
    CHECK(weir_netvsp_stats(weir_vstack_netvsp(f->vs))->rx_redirect_stray == 0,
          "%" PRIu64 " drained copies found no guest", weir_netvsp_stats(weir_vstack_netvsp(f->vs))->rx_redirect_stray);
    weir_vstack_close(f->vs);
    flow_net_free(f->net);
    world_close(&f->w);
}
