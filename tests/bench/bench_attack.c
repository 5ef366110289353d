// SPDX-License-Identifier: Apache-2.0
// Row 20: one VF beside eight that do their worst, each attack on a fresh card; threats T3, T8 and T23. The victim
// asks a peer behind the wire and waits for its answer, then it sends and receives at a thirteenth of the line.
#include "bench.h"

#include "bench_many.h"
#include "weir_mbox.h"

#define ATTACKERS 8u
#define QUEUES 8u
#define LOOK 4u // cycles between looks of the drivers

struct attack {
    const char *name;
    unsigned answered; // a command that must have been done for each, so that the attack is one; 0: none
    // Cycles of the host model have come to step * LOOK.
    void (*strike)(struct many *m, unsigned vf, unsigned step);
};

// Its turn in every so many steps.
static bool turn(unsigned vf, unsigned step, unsigned every) {
    return step % every == vf * every / (ATTACKERS + 1);
}

static void greedy(struct many *m, unsigned vf, unsigned step) {
    if (turn(vf, step, 18)) {
        many_poll(m, vf);
        many_fill(m, vf, 1514, 32);
    }
}

static void tiny(struct many *m, unsigned vf, unsigned step) {
    if (turn(vf, step, 18)) {
        many_poll(m, vf);
        many_fill(m, vf, 60, 32);
    }
}

// Large and small frames beside doorbells that change nothing: what this row was before there was a list.
static void mixed(struct many *m, unsigned vf, unsigned step) {
    if (vf % 4 != 3)
        (vf % 4 == 0 ? greedy : tiny)(m, vf, step);
    if ((vf % 4 == 1 || vf % 4 == 3) && turn(vf, step, 16))
        many_post(m, vf, WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_CQ, vf % 4 == 3 ? 1u << 31 : 0);
}

// The host's own link is full of them.
static void doorbells(struct many *m, unsigned vf, unsigned step) {
    if (vf % 2 != 0)
        many_post(m, vf, WEIR_BAR_DOORBELL_BASE + step % QUEUES * 0x1000 + WEIR_BAR_DB_CQ,
                  step % 2 != 0 ? 1u << 31 : 0);
    mixed(m, vf, step);
}

static void broadcast(struct many *m, unsigned vf, unsigned step) {
    struct weir_qp *qp = weir_vf_qp(m->vf[vf], 0);
    uint8_t frame[60];
    if (!turn(vf, step, 18))
        return;
    many_poll(m, vf);
    many_frame(frame, sizeof(frame), vf, true);
    memset(frame, 0xff, 6);
    while (weir_qp_tx_room(qp) > 16)
        CHECK(weir_qp_send(qp, frame, sizeof(frame)) >= 0, "send");
    weir_qp_ring_doorbell(qp);
}

// Every queue pair of all, one small frame at a time, so that no context is used twice in a row (T23).
static void contexts(struct many *m, unsigned vf, unsigned step) {
    struct weir_qp *qp = weir_vf_qp(m->vf[vf], step / 9 % QUEUES);
    uint8_t frame[60];
    if (!turn(vf, step, 9))
        return;
    many_poll(m, vf);
    if (weir_qp_tx_room(qp) == 0)
        return;
    many_frame(frame, sizeof(frame), vf, true);
    CHECK(weir_qp_send(qp, frame, sizeof(frame)) >= 0, "send");
    weir_qp_ring_doorbell(qp);
}

// The wire brings what they never take, and they send to each other what nobody takes.
static void full_rings(struct many *m, unsigned vf, unsigned step) {
    struct weir_qp *qp = weir_vf_qp(m->vf[vf], 0);
    uint8_t frame[60];
    many_frame(frame, sizeof(frame), vf, false);
    if (wire_queued(card_wire(m->w.card)) < 4)
        (void)wire_send(card_wire(m->w.card), frame, sizeof(frame), false);
    if (!turn(vf, step, 18) || weir_qp_tx_room(qp) < 32)
        return;
    many_frame(frame, sizeof(frame), vf % ATTACKERS + 1, false);
    frame[10] = 1;
    frame[11] = (uint8_t)vf;
    while (weir_qp_tx_room(qp) > 16)
        CHECK(weir_qp_send(qp, frame, sizeof(frame)) >= 0, "send");
    weir_qp_ring_doorbell(qp);
}

static void mailbox(struct many *m, unsigned vf, unsigned step) {
    if (turn(vf, step, 9))
        many_ask(m, vf, step / 9 % 2 != 0 ? WEIR_CMD_GET_INFO : WEIR_CMD_GET_CAPS, NULL, 0);
}

// Its last queue pair, taken away and given rings that are nowhere.
static void queue_pairs(struct many *m, unsigned vf, unsigned step) {
    struct weir_qp_req destroy = {.qp = QUEUES - 1};
    struct weir_create_qp_req create = {
        .qp = QUEUES - 1, .tx_log2 = 4, .rx_log2 = 4, .cq_log2 = 6, .tx_base = 4096, .rx_base = 8192, .cq_base = 12288};
    if (turn(vf, step, 18) && step / 18 % 2 != 0)
        many_ask(m, vf, WEIR_CMD_DESTROY_QP, &destroy, sizeof(destroy));
    else if (turn(vf, step, 18))
        many_ask(m, vf, WEIR_CMD_CREATE_QP, &create, sizeof(create));
}

// The same with rings that are there: a first descriptor without length, too long, or inline beyond its tail stops the
// queue pair each time it is made anew.
static void bad_descriptors(struct many *m, unsigned vf, unsigned step) {
    static struct weir_dma ring[MAX_VFS];
    const struct weir_qp_req destroy = {.qp = QUEUES - 1};
    struct weir_bus *bus = weir_dev_bus(weir_vf_dev(m->vf[vf]));
    struct weir_create_qp_req create = {.qp = QUEUES - 1, .tx_log2 = 4, .rx_log2 = 4, .cq_log2 = 6};
    struct weir_ring_entry *e;
    if (step == 0)
        CHECK(bus->ops->dma_alloc(bus, 4096, &ring[vf]) == 0, "DMA memory");
    if (!turn(vf, step, 512))
        return;
    create.tx_base = ring[vf].iova;
    create.rx_base = ring[vf].iova + 1024;
    create.cq_base = ring[vf].iova + 2048;
    e = ring[vf].mem;
    e->lo = ring[vf].iova;
    e->hi = WEIR_RING_PUT_HI(vf % 3 == 0   ? 0
                             : vf % 3 == 1 ? 0xffff
                                           : 240,
                             TXD_LEN) |
            WEIR_RING_PUT_HI(1, TXD_EOP) | WEIR_RING_PUT_HI(vf % 3 == 2, TXD_INLINE) | (uint64_t)1 << 63;
    if (step / 512 % 3 == 0)
        many_ask(m, vf, WEIR_CMD_DESTROY_QP, &destroy, sizeof(destroy));
    else if (step / 512 % 3 == 1)
        many_ask(m, vf, WEIR_CMD_CREATE_QP, &create, sizeof(create));
    else
        many_post(m, vf, WEIR_BAR_DOORBELL_BASE + (QUEUES - 1) * 0x1000 + WEIR_BAR_DB_TX_TAIL, 1);
}

static void resets(struct many *m, unsigned vf, unsigned step) {
    if (step == 0)
        weir_vf_surprise(m->vf[vf]);
    if (turn(vf, step, 256))
        CHECK(host_flr(m->w.host, vf + 1) == 0, "flr");
}

static const struct attack attacks[] = {{"doorbells fill the host's link", 0, doorbells},
                                        {"large and small frames, doorbells", 0, mixed},
                                        {"large frames", 0, greedy},
                                        {"tiny frames", 0, tiny},
                                        {"broadcasts", 0, broadcast},
                                        {"every queue pair in turn", 0, contexts},
                                        {"rings that nobody empties", 0, full_rings},
                                        {"mailbox requests", WEIR_CMD_GET_CAPS, mailbox},
                                        {"queue pairs made and taken", WEIR_CMD_CREATE_QP, queue_pairs},
                                        {"malformed descriptors", WEIR_CMD_CREATE_QP, bad_descriptors},
                                        {"resets", 0, resets}};
#define NUM_ATTACKS (sizeof(attacks) / sizeof(attacks[0]))

static void strike(struct many *m, const struct attack *a, unsigned step) {
    for (unsigned vf = 1; a != NULL && vf <= ATTACKERS; vf++)
        a->strike(m, vf, step);
}

// Every attacker's command comes back done, sooner or later.
static void must_be_answered(struct many *m, const struct attack *a, unsigned *step) {
    for (unsigned vf = 1; vf <= ATTACKERS && a->answered != 0; vf++) {
        uint32_t word[2] = {0};
        struct weir_mbox_hdr hdr = {0};
        for (unsigned i = 0; i < 50000 && (hdr.opcode != a->answered || hdr.status != WEIR_OK); i++, ++*step) {
            strike(m, a, *step);
            card_step(m->w.card, LOOK, false);
            for (unsigned k = 0; k < 2; k++)
                CHECK(rc_mem_read(card_rc(m->w.card), many_bar(m, vf) + WEIR_BAR_MBOX_RSP + 4 * k, &word[k]) == 0,
                      "read");
            memcpy(&hdr, word, sizeof(hdr));
        }
        CHECK(hdr.opcode == a->answered && hdr.status == WEIR_OK, "%s: VF %u has no answer, the last is %u of %#x",
              a->name, vf, hdr.status, hdr.opcode);
    }
}

// 99th percentile of the victim's round trips, one at a time; NULL: nobody attacks. *step goes on.
static double round_trips(struct many *m, const struct attack *a, unsigned *step) {
    static uint64_t rtt[20000];
    struct weir_qp *qp = weir_vf_qp(m->vf[0], 0);
    uint8_t frame[60];
    unsigned n = 0;

    many_frame(frame, sizeof(frame), 0, true);
    for (uint64_t end = card_cycles(m->w.card) + MS / 2; card_cycles(m->w.card) < end; ++*step) {
        if (m->sent_at == 0) {
            m->back_at = 0;
            m->sent_at = card_cycles(m->w.card);
            CHECK(weir_qp_send(qp, frame, sizeof(frame)) >= 0, "send");
            weir_qp_ring_doorbell(qp);
        }
        strike(m, a, *step);
        card_step(m->w.card, LOOK, false);
        many_poll(m, 0);
        if (m->back_at == 0)
            continue;
        rtt[n++] = m->back_at - m->sent_at;
        m->sent_at = 0;
        CHECK(n < sizeof(rtt) / sizeof(rtt[0]), "too many");
    }
    CHECK(n > 20, "%u round trips beside %s", n, a != NULL ? a->name : "nobody");
    return many_p99(rtt, n);
}

// Per cent of frames of 1514 bytes, one each way in 400 cycles, that get through: the worse way.
static double goodput(struct many *m, const struct attack *a, unsigned *step) {
    struct weir_qp *qp = weir_vf_qp(m->vf[0], 0);
    uint8_t out[1514], in[1514];
    uint64_t left, came;
    const unsigned offered = 200;

    many_frame(out, sizeof(out), 0, true);
    many_frame(in, sizeof(in), 0, false);
    m->sent_at = 0;
    card_step(m->w.card, 1000, false);
    many_poll(m, 0);
    left = m->out[0];
    came = m->in[0];
    for (unsigned t = 0; t < offered; t++) {
        if (weir_qp_send(qp, out, sizeof(out)) >= 0)
            weir_qp_ring_doorbell(qp);
        CHECK(wire_send(card_wire(m->w.card), in, sizeof(in), false) == 0, "wire");
        for (unsigned i = 0; i < 400 / LOOK; i++, ++*step) {
            strike(m, a, *step);
            card_step(m->w.card, LOOK, false);
        }
        many_poll(m, 0);
    }
    left = m->out[0] - left;
    came = m->in[0] - came;
    return 100.0 * (double)(left < came ? left : came) / offered;
}

// Figures: 0 the victim's goodput beside the worst attack; the 99th percentile of its round trips as a multiple of
// that alone: 1 beside the worst attack but doorbells, 2 and on beside each, in the order of `attacks`.
BENCH_SCENARIO(bench_victim) {
    figure[0].value = 100;
    figure[1].value = 0;
    for (unsigned i = 0; i < NUM_ATTACKS; i++) {
        struct many *m = calloc(1, sizeof(*m));
        double alone, beside, through;
        unsigned step = 0;
        CHECK(m != NULL, "out of memory");
        many_open(m, ATTACKERS + 1, QUEUES, 7);
        wire_set_rate(card_wire(m->w.card), 2, setup->gbps);
        rc_set_timing(card_rc(m->w.card), &(struct rc_timing){.read_latency = setup->latency, .seed = 1});
        alone = round_trips(m, NULL, &step);
        step = 0;
        beside = round_trips(m, &attacks[i], &step);
        through = goodput(m, &attacks[i], &step);
        must_be_answered(m, &attacks[i], &step);
        fprintf(stderr, "20  %-34s p99 %5.0f of %3.0f cycles: %.2f; goodput %.1f %%\n", attacks[i].name, beside, alone,
                beside / alone, through);
        many_close(m);
        free(m);
        figure[2 + i].value = beside / alone;
        if (i != 0 && beside / alone > figure[1].value)
            figure[1].value = beside / alone;
        if (through < figure[0].value)
            figure[0].value = through;
    }
}
