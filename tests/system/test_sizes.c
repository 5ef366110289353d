// SPDX-License-Identifier: Apache-2.0
// Every size around the limits, on both paths: twins, one on its VF and one on the synthetic path, send and get the
// same frames without tags, with tags of their own, with one that the card puts in and with one of their port VLAN. No
// frame is longer than WEIR_MAX_FRAME with its tags, and what is too long has the same disposition on both, counted.
// test_sizes <case>
#include <errno.h>

#include "failover_world.h"

#define TWINS 2u
#define WAIT 400000u // cycles until a frame has met its disposition

static const uint8_t twin_mac[6] = {0x02, 0, 0, 0, 1, 0}, peer[6] = {0x02, 0, 0, 0, 0, 0x99};
static struct fw f;
static struct {
    size_t len;
    unsigned count;
} sent[TWINS], got[TWINS];

static void on_guest(struct fw *any, unsigned guest, const uint8_t *frame, size_t len) {
    (void)any;
    (void)frame;
    got[guest].len = len;
    got[guest].count++;
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)cycle;
    CHECK(frame[11] < TWINS, "a frame of nobody's is on the wire");
    sent[frame[11]].len = len;
    sent[frame[11]].count++;
}

// Where a frame's tags are: in the frame, to be put in by the card, or added for the port VLAN.
static const struct layout {
    const char *name, *vlan;
    unsigned own, insert, port; // tags
} layouts[] = {
    {"untagged", "any", 0, 0, 0},
    {"a tag of its own", "any", 1, 0, 0},
    {"two tags of its own", "any", 2, 0, 0},
    {"a tag for the card to put in", "any", 0, 1, 0},
    {"one of its own and one to put in", "any", 1, 1, 0},
    {"port VLAN", "port:42", 0, 0, 1},
};

static void make(uint8_t *frame, const uint8_t *to, const uint8_t *from, unsigned tags) {
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    for (unsigned i = 0; i < tags; i++) {
        frame[12 + 4 * i] = i + 1 < tags ? 0x88 : 0x81;
        frame[13 + 4 * i] = i + 1 < tags ? 0xA8 : 0x00;
        frame[14 + 4 * i] = 0;
        frame[15 + 4 * i] = 42;
    }
    frame[12 + 4 * tags] = 0x88;
    frame[13 + 4 * tags] = 0xB5;
}

static void set_vlan(const char *vlan) {
    struct weir_policy p;
    char err[200] = "";
    weir_policy_default(&p);
    CHECK(weir_policy_set(&p, "vlan", vlan, err, sizeof(err)) == 0, "%s", err);
    for (unsigned i = 0; i < TWINS; i++)
        CHECK(weir_vstack_guest_set(f.vs, (unsigned)f.guest[i].id, &p) == 0, "policy refused");
}

// Frames of a twin that were too long, wherever they were judged.
static uint64_t too_long(unsigned twin) {
    unsigned id = (unsigned)f.guest[twin].id;
    uint64_t v[32] = {0};
    if (weir_vstack_vport(f.vs, id) >= 0) {
        CHECK(weir_pf_counters(f.w.pf, (unsigned)weir_vstack_vport(f.vs, id), v) == 0, "no counters");
        return v[WEIR_VPORT_CNT_TX_DROP_LONG];
    }
    return weir_netvsp_port_stats(weir_vstack_netvsp(f.vs), (unsigned)weir_vstack_port(f.vs, id))->tx_drop_size;
}

static void send_one(const struct layout *l, size_t len) {
    const struct weir_tx_offload o = {.flags = l->insert != 0 ? WEIR_TX_VLAN : 0, .vlan_tci = l->insert != 0 ? 42 : 0};
    size_t whole = len + 4 * (l->insert + l->port);
    int ret[TWINS];
    memset(sent, 0, sizeof(sent));
    for (unsigned i = 0; i < TWINS; i++) {
        static uint8_t frame[WEIR_MAX_FRAME + 64];
        uint64_t before = too_long(i), end = fw_cycle(&f) + WAIT;
        uint8_t from[6];
        memcpy(from, twin_mac, 6);
        from[5] = (uint8_t)i;
        make(frame, peer, from, l->own);
        ret[i] = weir_netvsc_send_offload(f.guest[i].sc, frame, len, &o);
        if (ret[i] != 0)
            continue;
        while (sent[i].count == 0 && too_long(i) == before)
            CHECK((fw_run(&f, 500), fw_cycle(&f) < end), "%s, %zu bytes of twin %u: no disposition", l->name, len, i);
        if (whole > WEIR_MAX_FRAME) {
            CHECK(sent[i].count == 0, "%s: twin %u sends %zu bytes, %zu on the wire", l->name, i, len, sent[i].len);
        } else {
            CHECK(sent[i].len == (whole < 60 ? 60 : whole), "%s: %zu bytes of twin %u are %zu on the wire", l->name,
                  len, i, sent[i].len);
        }
    }
    CHECK(ret[0] == ret[1], "%s, %zu bytes: %d on the VF, %d on the synthetic path", l->name, len, ret[0], ret[1]);
    // The adapter knows of its own tags, not of the port VLAN.
    if (l->own + l->insert < 2)
        CHECK((ret[0] == 0) == (len >= WEIR_MIN_FRAME && whole - 4 * l->port <= WEIR_MAX_FRAME), "%s, %zu bytes: %d",
              l->name, len, ret[0]);
}

static void get_one(const struct layout *l, size_t len) {
    unsigned tags = l->own + l->port;
    bool fits = len <= WEIR_MAX_FRAME;
    uint64_t v[32], end = fw_cycle(&f) + WAIT, dropped;
    CHECK(weir_pf_counters(f.w.pf, WEIR_COUNTERS_SWITCH, v) == 0, "no counters");
    dropped = v[WEIR_SW_CNT_PORT_RX_DROP_LONG];
    memset(got, 0, sizeof(got));
    for (unsigned i = 0; i < TWINS; i++) {
        static uint8_t frame[WEIR_MAX_FRAME + 64];
        uint8_t to[6];
        memcpy(to, twin_mac, 6);
        to[5] = (uint8_t)i;
        make(frame, to, peer, tags);
        CHECK(wire_send(card_wire(f.w.card), frame, len, false) == 0, "the wire is full");
    }
    do {
        fw_run(&f, 1000);
        CHECK(weir_pf_counters(f.w.pf, WEIR_COUNTERS_SWITCH, v) == 0 && fw_cycle(&f) < end,
              "%s, %zu bytes from the wire: %u and %u came", l->name, len, got[0].count, got[1].count);
    } while (fits ? got[0].count + got[1].count < TWINS : v[WEIR_SW_CNT_PORT_RX_DROP_LONG] < dropped + TWINS);
    CHECK(got[0].count == fits && got[1].count == fits, "%s, %zu bytes from the wire: %u and %u came", l->name, len,
          got[0].count, got[1].count);
    CHECK(got[0].len == got[1].len && (!fits || got[0].len == len - 4 * l->port),
          "%s, %zu bytes from the wire: %zu on the VF, %zu on the synthetic path", l->name, len, got[0].len,
          got[1].len);
}

static void one_limit_on_both_paths(void) {
    static const size_t edges[][2] = {{13, 16}, {58, 62}, {1513, 1520}, {9586, 9608}};
    unsigned sizes = 0;

    fw_sizes.buf_bytes = 9664;
    fw_open(&f, 1, NULL);
    f.heard = on_guest;
    wire_set_rx(card_wire(f.w.card), on_wire, &f);
    wire_set_rate(card_wire(f.w.card), 1, 50);
    for (unsigned i = 0; i < TWINS; i++)
        fw_guest_add(&f, i);
    fw_run(&f, 20000);
    fw_attach(&f, 0);
    for (unsigned k = 0; k < sizeof(layouts) / sizeof(layouts[0]); k++) {
        const struct layout *l = &layouts[k];
        set_vlan(l->vlan);
        for (unsigned e = 0; e < sizeof(edges) / sizeof(edges[0]); e++)
            for (size_t len = edges[e][0]; len <= edges[e][1]; len++, sizes++) {
                if (len >= 12 + 4 * l->own + 2)
                    send_one(l, len);
                if (l->insert == 0 && len >= 64)
                    get_one(l, len);
            }
    }
    printf("%u sizes\n", sizes);
    fw_close(&f);
}

int main(void) {
    one_limit_on_both_paths();
    return 0;
}
