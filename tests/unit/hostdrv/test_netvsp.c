// SPDX-License-Identifier: Apache-2.0
// NetVSP: who gets a flooded frame when moves are under way, whose source addresses pass, what a full ring or a full
// channel does, and that a guest's messages are checked.
#include <errno.h>
#include <stdlib.h>

#include "fake.h"
#include "unit.h"
#include "weir/netvsp.h"

#define RING 65536u
#define PORTS 3u

static const uint8_t mac[PORTS][6] = {{0x02, 0, 0, 0, 1, 0}, {0x02, 0, 0, 0, 1, 1}, {0x02, 0, 0, 0, 1, 2}};
static const uint8_t peer[6] = {0x02, 0, 0, 0, 0, 9}, all[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const struct weir_rx_info plain;

static struct {
    struct weir_netvsp *v;
    void *area[PORTS];
    struct weir_channel *guest[PORTS], *host[PORTS];
    unsigned messages, gone;
    int gone_err;
    uint32_t type;
    uint64_t now;
} t;

static void on_message(void *ctx, unsigned port, uint32_t type, const void *payload) {
    (void)ctx;
    (void)port;
    (void)payload;
    t.messages++;
    t.type = type;
}

static void on_gone(void *ctx, unsigned port, int err) {
    (void)ctx;
    (void)port;
    t.gone++;
    t.gone_err = err;
}

static int add(unsigned i, const struct weir_policy *policy) {
    struct weir_netvsp_port_config pc = {.policy = *policy};
    t.area[i] = malloc(WEIR_CHANNEL_BYTES(RING));
    assert_int_equal(weir_channel_init(t.area[i], WEIR_CHANNEL_BYTES(RING)), 0);
    assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_GUEST, &t.guest[i]), 0);
    assert_int_equal(weir_channel_attach(t.area[i], WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_HOST, &t.host[i]), 0);
    memcpy(pc.mac, mac[i], 6);
    pc.channel = t.host[i];
    return weir_netvsp_port_add(t.v, &pc);
}

static int setup_policy(const struct weir_policy *policy) {
    struct weir_netvsp_config cfg = {
        .max_ports = PORTS, .first_filter = 1000, .events = {.message = on_message, .gone = on_gone}};
    memset(&t, 0, sizeof(t));
    fake_pf_reset();
    assert_int_equal(weir_netvsp_open(&fake_pf, &cfg, &t.v), 0);
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(add(i, policy), (int)i);
    return 0;
}

static int setup(void **state) {
    (void)state;
    return setup_policy(&(struct weir_policy){0});
}

static int teardown(void **state) {
    (void)state;
    weir_netvsp_close(t.v);
    for (unsigned i = 0; i < PORTS; i++) {
        weir_channel_detach(t.guest[i]);
        weir_channel_detach(t.host[i]);
        free(t.area[i]);
    }
    return 0;
}

static int tx(unsigned port, const uint8_t *src, uint8_t number) {
    struct weir_msg_tx_frame m = {.version = 1};
    uint8_t f[64];
    fake_frame(f, peer, src, number);
    return weir_channel_send(t.guest[port], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0);
}

// What came into a guest's channel: frames as numbers, fences as f<token>.
static void expect(unsigned port, const char *what) {
    char got[512] = "";
    uint32_t type;
    while (weir_channel_peek(t.guest[port], &type, NULL) == 1) {
        uint8_t m[2048];
        size_t used = strlen(got);
        assert_true(weir_channel_recv(t.guest[port], m, sizeof(m)) >= 0);
        if (type == WEIR_MSG_RX_FRAME)
            snprintf(got + used, sizeof(got) - used, "%s%u", used == 0 ? "" : " ", fake_number(m + 8));
        else
            snprintf(got + used, sizeof(got) - used, "%sf%u", used == 0 ? "" : " ", m[4]);
    }
    assert_string_equal(got, what);
}

static void poll_all(void) {
    while (weir_netvsp_poll(t.v, t.now) != 0) {
    }
}

static void flood(uint8_t number, const uint8_t *src, uint8_t epoch) {
    fake_rx(&fake_pf.qp[0], all, src, number, (struct weir_rx_info){.mcast = true, .epoch = epoch});
}

// ---- cases ----

static void unicast_goes_to_its_address(void **state) {
    (void)state;
    fake_rx(&fake_pf.qp[0], mac[0], peer, 1, plain);
    fake_rx(&fake_pf.qp[0], mac[1], peer, 2, plain);
    fake_rx(&fake_pf.qp[0], mac[0], mac[1], 3, plain);
    fake_rx(&fake_pf.qp[0], peer, mac[1], 4, plain);
    poll_all();
    expect(0, "1 3");
    expect(1, "2");
    assert_int_equal(weir_netvsp_stats(t.v)->rx_unknown, 1);
    assert_string_equal(fake_pf.log, "filter 1000 on 0 mode 0;filter 1032 on 0 mode 0;filter 1064 on 0 mode 0;");
}

static void floods_reach_all_but_their_sender(void **state) {
    (void)state;
    flood(1, peer, 0);
    flood(2, mac[1], 0);
    poll_all();
    expect(0, "1 2");
    expect(1, "1");
    expect(2, "1 2");
}

// Whoever owned the membership at the frame's epoch has the copy: the VF, or the parent for it.
static void epoch_decides_who_has_the_copy(void **state) {
    (void)state;
    weir_netvsp_moved(t.v, 0, 0, true, 5, 10, 1);
    flood(1, peer, 9);
    flood(2, peer, 10);
    flood(3, peer, 11);
    weir_netvsp_moved(t.v, 0, 0, false, 5, 12, 0);
    flood(4, peer, 9); // late in the ring, but looked up before
    flood(5, peer, 11);
    flood(6, peer, 12);
    weir_netvsp_moved(t.v, 0, 0, true, 6, 13, 2);
    flood(7, peer, 9);
    flood(8, peer, 11); // the first VF had it: not once more
    flood(9, peer, 12);
    flood(10, peer, 13);
    poll_all();
    expect(0, "1 4 6 7 9");
    expect(1, "1 2 3 4 5 6 7 8 9 10");
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->rx_not_ours, 5);
}

static void epochs_wrap_around(void **state) {
    (void)state;
    for (unsigned round = 0; round < 700; round++) {
        uint8_t before = (uint8_t)(round * 3), at = (uint8_t)(before + 1);
        bool to_vf = round % 2 == 0;
        weir_netvsp_moved(t.v, 0, 0, to_vf, 5, at, 1);
        flood(1, peer, before);
        flood(2, peer, at);
        poll_all();
        expect(0, to_vf ? "1" : "2");
        expect(1, "1 2");
        fake_qp_reset(&fake_pf.qp[0]);
    }
    // Long rest: the others' moves take the epoch round and round, the guest's own is ancient.
    for (unsigned e = 0; e < 1000; e++)
        weir_netvsp_moved(t.v, 1, 0, e % 2 == 0, 7, (uint8_t)(700 * 3 + e), 1);
    flood(3, peer, (uint8_t)(700 * 3 + 999));
    poll_all();
    expect(0, "3");
}

static void fence_waits_for_every_ring(void **state) {
    (void)state;
    weir_netvsp_moved(t.v, 1, 0, true, 5, 1, 42);
    fake_rx(&fake_pf.qp[0], mac[1], peer, 1, plain);
    fake_fence(&fake_pf.qp[0], 42, 1);
    poll_all();
    assert_true(weir_netvsp_fence_pending(t.v, 1));
    fake_rx(&fake_pf.qp[1], mac[1], peer, 2, plain);
    fake_fence(&fake_pf.qp[1], 42, 1);
    poll_all();
    assert_false(weir_netvsp_fence_pending(t.v, 1));
    expect(1, "1 2 f42");
    fake_fence(&fake_pf.qp[0], 42, 1);
    fake_fence(&fake_pf.qp[0], 43, 1);
    poll_all();
    expect(1, "");
    assert_int_equal(weir_netvsp_stats(t.v)->fences_stray, 2);
}

static void drained_copies_reach_their_guest_alone(void **state) {
    struct weir_rx_info info = {.mcast = true, .redirect = true, .epoch = 3, .src_vport = 6};
    (void)state;
    weir_netvsp_moved(t.v, 0, 0, true, 5, 1, 1);
    weir_netvsp_moved(t.v, 1, 0, true, 6, 2, 2);
    weir_netvsp_moved(t.v, 1, 0, false, 6, 4, 0);
    fake_rx(&fake_pf.qp[0], all, peer, 1, info);
    info.src_vport = 5;
    fake_rx(&fake_pf.qp[0], all, peer, 2, info);
    info.src_vport = 9;
    fake_rx(&fake_pf.qp[0], all, peer, 3, info);
    info.mcast = false;
    fake_rx(&fake_pf.qp[0], mac[1], peer, 4, info);
    poll_all();
    expect(0, "2");
    expect(1, "1 4");
    expect(2, "");
    assert_int_equal(weir_netvsp_stats(t.v)->rx_redirect_stray, 1);
    // The id's next owner takes it over.
    weir_netvsp_moved(t.v, 2, 0, true, 6, 5, 3);
    info.mcast = true;
    info.src_vport = 6;
    fake_rx(&fake_pf.qp[0], all, peer, 5, info);
    poll_all();
    expect(1, "");
    expect(2, "5");
}

static void foreign_sources_are_dropped(void **state) {
    const struct weir_netvsp_port_stats *s;
    uint8_t f[64];
    struct weir_msg_tx_frame m = {.version = 1};
    (void)state;
    assert_int_equal(tx(0, mac[0], 1), 0);
    assert_int_equal(tx(0, mac[1], 2), 0);
    assert_int_equal(tx(0, peer, 3), 0);
    assert_int_equal(tx(0, all, 4), 0);
    fake_frame(f, peer, mac[0], 5);
    f[12] = 0x88;
    f[13] = 0x08;
    assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, 13, 0), 0);
    poll_all();
    s = weir_netvsp_port_stats(t.v, 0);
    assert_int_equal(s->tx_frames, 1);
    assert_int_equal(s->tx_drop_spoof, 3);
    assert_int_equal(s->tx_drop_ctrl, 1);
    assert_int_equal(s->tx_drop_size, 1);
    assert_int_equal(fake_pf.qp[0].stats.tx_posted, 1);
    assert_int_equal(fake_pf.qp[0].rung, 1);
}

// What a guest asks of the card goes with its frame; what the card cannot do does not reach it.
static void offloads_reach_the_card_when_it_can(void **state) {
    struct weir_msg_tx_frame m = {.version = 1, .flags = WEIR_TX_VLAN, .vlan_tci = 5};
    const struct weir_qp *qp = &fake_pf.qp[0];
    uint8_t f[64];
    (void)state;
    fake_frame(f, peer, mac[0], 1);
    assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    m.flags = WEIR_TX_CSUM_L4; // of a frame that is no IP
    m.vlan_tci = 0;
    assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    m.flags = 0x80;
    assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    assert_int_equal(tx(0, mac[0], 2), 0);
    poll_all();
    assert_int_equal(qp->stats.tx_posted, 2);
    assert_int_equal(qp->tx[0].offload.flags, WEIR_TX_VLAN);
    assert_int_equal(qp->tx[0].offload.vlan_tci, 5);
    assert_int_equal(qp->tx[1].offload.flags, 0);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_frames, 2);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_drop_offload, 2);
}

static void checksum_verdicts_reach_the_guest(void **state) {
    static const struct {
        enum weir_csum l3, l4;
        unsigned flags;
    } row[] = {{WEIR_CSUM_NOT_CHECKED, WEIR_CSUM_NOT_CHECKED, 0},
               {WEIR_CSUM_GOOD, WEIR_CSUM_BAD, WEIR_RX_FRAME_L3_GOOD | WEIR_RX_FRAME_L4_BAD},
               {WEIR_CSUM_BAD, WEIR_CSUM_GOOD, WEIR_RX_FRAME_L3_BAD | WEIR_RX_FRAME_L4_GOOD}};
    uint8_t m[2048];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        fake_rx(&fake_pf.qp[0], mac[0], peer, 1, (struct weir_rx_info){.l3 = row[i].l3, .l4 = row[i].l4});
        poll_all();
        assert_true(weir_channel_recv(t.guest[0], m, sizeof(m)) >= 0);
        assert_int_equal(m[2], row[i].flags);
    }
}

static struct weir_policy policy(void) {
    struct weir_policy p;
    weir_policy_default(&p);
    return p;
}

static void learned_addresses_are_bounded_and_ones_own(void **state) {
    uint8_t extra[3][6] = {{0x02, 1}, {0x02, 2}, {0x02, 3}};
    struct weir_policy learns = policy();
    (void)state;
    learns.learn = true;
    learns.max_mac = 3;
    (void)teardown(NULL);
    (void)setup_policy(&learns);
    fake_pf.log[0] = '\0';
    for (uint8_t i = 0; i < 3; i++)
        assert_int_equal(tx(0, extra[i], i), 0);
    assert_int_equal(tx(1, extra[1], 9), 0); // another guest's
    assert_int_equal(tx(1, mac[0], 9), 0);
    poll_all();
    // Every guest reaches a learned address, on whatever path: it has a filter of its own.
    assert_string_equal(fake_pf.log, "filter 1001 on 0 mode 0;filter 1002 on 0 mode 0;");
    fake_pf.log[0] = '\0';
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_frames, 2);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_drop_spoof, 1);
    assert_int_equal(weir_netvsp_port_stats(t.v, 1)->tx_drop_spoof, 2);
    // The quota is used up until one was silent for a minute; the card's mailbox is not kept busy by ever new sources.
    t.now += 59000000;
    assert_int_equal(tx(0, extra[1], 3), 0);
    assert_int_equal(tx(0, extra[2], 4), 0);
    poll_all();
    assert_string_equal(fake_pf.log, "");
    t.now += 1000001;
    assert_int_equal(tx(0, extra[2], 5), 0);
    poll_all();
    assert_string_equal(fake_pf.log, "clear 1001;filter 1001 on 0 mode 0;");
    for (uint8_t i = 0; i < 3; i++)
        fake_rx(&fake_pf.qp[0], extra[i], peer, (uint8_t)(10 + i), plain);
    poll_all();
    expect(0, "11 12");
    assert_int_equal(weir_netvsp_stats(t.v)->rx_unknown, 1);
    // Its addresses move as one; none is learned meanwhile.
    assert_int_equal(weir_netvsp_macs(t.v, 0), 3);
    weir_netvsp_freeze(t.v, 0, true);
    t.now += 100000000;
    assert_int_equal(tx(0, extra[0], 9), 0);
    poll_all();
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_drop_spoof, 3);
    // With the port go its addresses.
    fake_pf.log[0] = '\0';
    assert_int_equal(weir_netvsp_port_remove(t.v, 0), 0);
    assert_string_equal(fake_pf.log, "clear 1001;clear 1002;clear 1000;");
    assert_int_equal(tx(1, extra[2], 9), 0);
    poll_all();
    assert_int_equal(weir_netvsp_port_stats(t.v, 1)->tx_frames, 1);
}

// What the wire has, the gateway's address among it, no guest takes by sending with it, until the wire was silent for
// as long as a bridge remembers, or the guest is trusted.
static void the_wires_addresses_are_not_learned(void **state) {
    static const struct weir_rx_info local = {.local = true, .src_vport = 3};
    uint8_t here[6] = {0x02, 7};
    struct weir_policy learns = policy();
    (void)state;
    learns.learn = true;
    learns.max_mac = 4;
    (void)teardown(NULL);
    (void)setup_policy(&learns);
    flood(1, peer, 0);
    fake_rx(&fake_pf.qp[0], mac[1], here, 2, local); // one of this card
    poll_all();
    assert_true(weir_netvsp_on_wire(t.v, peer));
    assert_false(weir_netvsp_on_wire(t.v, here));
    assert_int_equal(tx(0, peer, 3), 0);
    assert_int_equal(tx(0, here, 4), 0);
    poll_all();
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_drop_spoof, 1);
    assert_int_equal(weir_netvsp_macs(t.v, 0), 2);
    // However many others are heard: four of a hash are kept, and these are few.
    for (uint8_t i = 0; i < 200; i++) {
        const uint8_t other[6] = {0x02, 9, 9, i};
        flood(i, other, 0);
        poll_all();
    }
    assert_true(weir_netvsp_on_wire(t.v, peer));
    learns.trust = true;
    weir_netvsp_port_set(t.v, 1, &learns);
    assert_int_equal(tx(1, peer, 5), 0);
    poll_all();
    assert_int_equal(weir_netvsp_macs(t.v, 1), 2);
    t.now += 300000001;
    assert_int_equal(tx(2, (const uint8_t[6]){0x02, 9, 9, 1}, 6), 0);
    poll_all();
    assert_int_equal(weir_netvsp_macs(t.v, 2), 2);
}

// While the VF has them, what comes here for the guest's addresses is drained back from there, or was looked up before
// the move; anything else would wait in the guest for its VF's end, and is counted instead.
static void what_is_the_vfs_is_not_kept_for_later(void **state) {
    const struct weir_policy trunk = {.vlan_mode = WEIR_VLAN_TRUNK, .vlan_count = 1, .max_mac = 1, .weight = 1};
    (void)state;
    weir_netvsp_moved(t.v, 0, 0, true, 5, 10, 1);
    fake_rx(&fake_pf.qp[0], mac[0], peer, 1, (struct weir_rx_info){.epoch = 9});
    fake_rx(&fake_pf.qp[0], mac[0], peer, 2, (struct weir_rx_info){.epoch = 10});
    fake_rx(&fake_pf.qp[0], mac[0], peer, 3, (struct weir_rx_info){.epoch = 10, .redirect = true});
    poll_all();
    expect(0, "1 3");
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->rx_drop_path, 1);
    weir_netvsp_port_set(t.v, 0, &trunk);
    fake_rx(&fake_pf.qp[0], mac[0], peer, 4, (struct weir_rx_info){.epoch = 10, .vlan_stripped = true, .vlan_tci = 7});
    poll_all();
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->rx_drop_vlan, 1);
    // What it sends here then is not honest.
    assert_int_equal(tx(0, mac[0], 5), 0);
    poll_all();
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_drop_path, 1);
    weir_netvsp_moved(t.v, 0, 0, false, 5, 12, 0);
    weir_netvsp_port_set(t.v, 0, &(struct weir_policy){.max_mac = 1, .weight = 1});
    fake_rx(&fake_pf.qp[0], mac[0], peer, 6, (struct weir_rx_info){.epoch = 12});
    poll_all();
    expect(0, "6");
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->rx_drop_path, 1);
}

static void forbidden_frames_are_counted_by_reason(void **state) {
    struct weir_msg_tx_frame m = {.version = 1};
    uint8_t f[64];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        fake_frame(f, peer, mac[0], 0);
        memcpy(f + 12,
               i == 0   ? "\x81\x00\x00\x05\x88\x08"
               : i == 1 ? "\x81\x00\x0F\xFF\x08\x00"
                        : "\x88\xCC",
               i < 2 ? 6 : 2);
        if (i == 2)
            memcpy(f, "\x01\x80\xC2\x00\x00\x0E", 6);
        assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    }
    poll_all();
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_drop_ctrl, 2);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_drop_vlan, 1);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_frames, 0);
    fake_rx(&fake_pf.qp[0], (const uint8_t *)"\x01\x80\xC2\x00\x00\x00", peer, 1, (struct weir_rx_info){.mcast = true});
    poll_all();
    expect(0, "");
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->rx_drop_ctrl, 1);
}

// The tag is there on the wire and nowhere in the guest.
static void a_port_vlan_is_put_in_and_taken_out(void **state) {
    struct weir_policy access = policy();
    uint8_t m[2048];
    (void)state;
    access.vlan_mode = WEIR_VLAN_PORT;
    access.tci = 3u << 13 | 42;
    weir_netvsp_port_set(t.v, 0, &access);
    assert_int_equal(tx(0, mac[0], 7), 0);
    poll_all();
    assert_int_equal(fake_pf.qp[0].tx[0].len, 68);
    assert_memory_equal(fake_pf.qp[0].tx[0].frame, peer, 6);
    assert_memory_equal(fake_pf.qp[0].tx[0].frame + 6, mac[0], 6);
    assert_memory_equal(fake_pf.qp[0].tx[0].frame + 12, "\x81\x00\x60\x2A\x88\xB5\x07", 7);
    // A stripped tag, as of a unicast frame, and one that is still in the frame, as of a flooded one.
    fake_rx(&fake_pf.qp[0], mac[0], peer, 1, (struct weir_rx_info){.vlan_stripped = true, .vlan_tci = 42});
    fake_rx(&fake_pf.qp[0], all, peer, 42, (struct weir_rx_info){.mcast = true});
    memcpy(fake_pf.qp[0].rx[fake_pf.qp[0].rx_tail - 1].frame + 12, "\x81\x00\x00\x2A\x88\xB5\x09", 7);
    fake_rx(&fake_pf.qp[0], mac[0], peer, 3, plain);
    poll_all();
    assert_int_equal(weir_channel_recv(t.guest[0], m, sizeof(m)), 8 + 64);
    assert_int_equal(m[2] & WEIR_RX_FRAME_VLAN, 0);
    assert_int_equal(fake_number(m + 8), 1);
    assert_int_equal(weir_channel_recv(t.guest[0], m, sizeof(m)), 8 + 60);
    assert_memory_equal(m + 8, all, 6);
    assert_memory_equal(m + 8 + 12, "\x88\xB5\x09", 3);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->rx_drop_vlan, 1);
    // For whoever may have any VLAN it stays what it is.
    (void)teardown(NULL);
    (void)setup(NULL);
    fake_rx(&fake_pf.qp[0], mac[0], peer, 1, (struct weir_rx_info){.vlan_stripped = true, .vlan_tci = 42});
    poll_all();
    assert_int_equal(weir_channel_recv(t.guest[0], m, sizeof(m)), 8 + 64);
    assert_int_equal(m[2] & WEIR_RX_FRAME_VLAN, WEIR_RX_FRAME_VLAN);
    assert_int_equal(m[4], 42);
}

// 64-byte frames at 50 Mb/s: 98 in a millisecond, and never more than 4 ms of them at once.
static void a_rate_holds_and_loses_nothing(void **state) {
    struct weir_policy slow = policy();
    unsigned before;
    (void)state;
    slow.rate_mbps = 50;
    fake_pf.qp[0].ring = FAKE_MAX;
    weir_netvsp_port_set(t.v, 0, &slow);
    t.now = 1000000;
    for (unsigned i = 0; i < 450; i++)
        assert_int_equal(tx(0, mac[0], (uint8_t)i), 0);
    poll_all();
    before = (unsigned)fake_pf.qp[0].stats.tx_posted;
    assert_in_range(before, 390, 392);
    assert_true(weir_netvsp_limited(t.v));
    assert_true(weir_netvsp_port_stats(t.v, 0)->tx_stalls > 0);
    t.now += 100;
    poll_all();
    assert_in_range(fake_pf.qp[0].stats.tx_posted - before, 9, 11);
    t.now += 10000;
    poll_all();
    assert_int_equal(fake_pf.qp[0].stats.tx_posted, 450);
    assert_false(weir_netvsp_limited(t.v));
}

// Two guests of one queue that always have something to send, and a ring with little room: bytes go by weight. A guest
// that floods pays for each copy, so its storm costs its own share.
static void turns_are_shared_by_weight_and_copies_are_paid_for(void **state) {
    struct weir_policy heavy = policy();
    (void)state;
    heavy.weight = 3;
    for (unsigned storm = 0; storm < 2; storm++) {
        unsigned count[2] = {0, 0};
        (void)teardown(NULL);
        (void)setup(NULL);
        weir_netvsp_port_set(t.v, 0, &heavy); // ports 0 and 2 share a queue
        fake_pf.qp[0].ring = 16;
        while (fake_pf.qp[0].stats.tx_posted + 16 < FAKE_MAX) {
            struct weir_msg_tx_frame m = {.version = 1};
            for (unsigned i = 0; i < 2; i++) {
                uint8_t f[64];
                fake_frame(f, storm != 0 && i == 0 ? all : peer, mac[2 * i], 0);
                while (weir_channel_send(t.guest[2 * i], WEIR_MSG_TX_FRAME, &m, sizeof(m), f, sizeof(f), 0) == 0) {
                }
            }
            (void)weir_netvsp_poll(t.v, t.now);
            fake_complete(&fake_pf.qp[0], weir_qp_tx_pending(&fake_pf.qp[0]));
        }
        for (unsigned i = 0; i < fake_pf.qp[0].stats.tx_posted; i++)
            count[fake_pf.qp[0].tx[i].frame[11] == 0 ? 0 : 1]++;
        if (storm == 0)
            assert_in_range(count[0] * 100 / count[1], 270, 330);
        else
            assert_in_range(count[0] * 100 / count[1], 67, 83); // three ports and the card: four copies
    }
}

static void full_card_pushes_back_and_loses_nothing(void **state) {
    (void)state;
    fake_pf.qp[0].ring = 4;
    for (uint8_t i = 0; i < 10; i++) {
        assert_int_equal(tx(0, mac[0], i), 0);
        assert_int_equal(tx(1, mac[1], i), 0); // on the other queue
    }
    for (unsigned i = 0; i < 5; i++)
        (void)weir_netvsp_poll(t.v, t.now);
    assert_int_equal(fake_pf.qp[0].stats.tx_posted, 4);
    assert_int_equal(fake_pf.qp[1].stats.tx_posted, 10);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_stalls, 1);
    for (unsigned i = 0; i < 5; i++) {
        fake_complete(&fake_pf.qp[0], weir_qp_tx_pending(&fake_pf.qp[0]));
        (void)weir_netvsp_poll(t.v, t.now);
    }
    assert_int_equal(fake_pf.qp[0].stats.tx_posted, 10);
    for (uint8_t i = 0; i < 10; i++)
        assert_int_equal(fake_number(fake_pf.qp[0].tx[i].frame), i);
}

static void drained_means_all_the_guests_frames_completed(void **state) {
    (void)state;
    assert_true(weir_netvsp_tx_drained(t.v, 0));
    (void)tx(0, mac[0], 1);
    (void)tx(2, mac[2], 1); // shares the queue
    poll_all();
    assert_false(weir_netvsp_tx_drained(t.v, 0));
    assert_true(weir_netvsp_tx_drained(t.v, 1));
    fake_complete(&fake_pf.qp[0], 1);
    assert_true(weir_netvsp_tx_drained(t.v, 0));
    assert_false(weir_netvsp_tx_drained(t.v, 2));
}

static void full_channel_drops_frames_but_no_control(void **state) {
    struct weir_msg_status m = {.version = 1};
    unsigned got = 0;
    (void)state;
    for (unsigned i = 0; i < 2000; i++)
        fake_rx(&fake_pf.qp[0], mac[0], peer, 1, plain);
    fake_rx(&fake_pf.qp[0], mac[1], peer, 2, plain);
    poll_all();
    assert_true(weir_netvsp_port_stats(t.v, 0)->rx_drop_room > 1000);
    assert_int_equal(weir_netvsp_port_stats(t.v, 0)->rx_drop_room + weir_netvsp_port_stats(t.v, 0)->rx_frames, 2000);
    expect(1, "2"); // the neighbour's is his own
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(weir_netvsp_send(t.v, 0, WEIR_MSG_STATUS, &m, sizeof(m)), 0);
    assert_true(weir_netvsp_ready(t.v, 0));
    while (weir_netvsp_ready(t.v, 0))
        assert_int_equal(weir_netvsp_send(t.v, 0, WEIR_MSG_STATUS, &m, sizeof(m)), 0);
    while (weir_channel_recv(t.guest[0], NULL, 0) >= 0)
        got++;
    assert_true(got > 100);
    assert_true(weir_netvsp_ready(t.v, 0));
}

static void messages_are_checked(void **state) {
    struct weir_msg_switch_data_path good = {.version = 1, .to_vf = 1};
    static const struct {
        uint32_t type;
        size_t len;
        uint8_t version;
    } bad[] = {{WEIR_MSG_SWITCH_DATA_PATH, 15, 1},
               {WEIR_MSG_SWITCH_DATA_PATH, 16, 2},
               {WEIR_MSG_VF_RELEASED, 16, 1},
               {WEIR_MSG_FENCE, 8, 1},
               {0x80000002u, 16, 1}};
    (void)state;
    assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_SWITCH_DATA_PATH, &good, sizeof(good), NULL, 0, 0), 0);
    poll_all();
    assert_int_equal(t.messages, 1);
    assert_int_equal(t.type, WEIR_MSG_SWITCH_DATA_PATH);
    assert_int_equal(t.gone, 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t m[64] = {bad[i].version};
        (void)teardown(NULL);
        (void)setup(NULL);
        assert_int_equal(weir_channel_send(t.guest[0], bad[i].type, m, bad[i].len, NULL, 0, 0), 0);
        (void)tx(0, mac[0], 1);
        (void)tx(1, mac[1], 1);
        poll_all();
        assert_int_equal(t.messages, 0);
        assert_int_equal(t.gone, 1);
        assert_int_equal(t.gone_err, -EPROTO);
        assert_int_equal(weir_netvsp_port_stats(t.v, 0)->tx_frames, 0); // nothing more is read of it
        assert_int_equal(weir_netvsp_port_stats(t.v, 1)->tx_frames, 1); // its neighbour does not notice
    }
}

static void goodbye_and_close_are_told_once(void **state) {
    struct weir_msg_bye bye = {.version = 1};
    (void)state;
    assert_int_equal(weir_channel_send(t.guest[0], WEIR_MSG_BYE, &bye, sizeof(bye), NULL, 0, 0), 0);
    weir_channel_close(t.guest[0]);
    poll_all();
    assert_int_equal(t.gone, 1);
    assert_int_equal(t.gone_err, 0);
    weir_channel_close(t.guest[1]);
    poll_all();
    poll_all();
    assert_int_equal(t.gone, 2);
    assert_int_equal(t.gone_err, -EPIPE);
}

static void ports_come_and_go(void **state) {
    struct weir_netvsp_port_config pc = {.channel = t.host[0]};
    (void)state;
    memcpy(pc.mac, mac[0], 6);
    assert_int_equal(weir_netvsp_port_add(t.v, &pc), -ENOSPC);
    assert_int_equal(weir_netvsp_port_remove(t.v, 2), 0);
    assert_int_equal(weir_netvsp_port_remove(t.v, 2), -ENOENT);
    assert_int_equal(weir_netvsp_port_add(t.v, &pc), -EEXIST);
    memcpy(pc.mac, all, 6);
    assert_int_equal(weir_netvsp_port_add(t.v, &pc), -EINVAL);
    memcpy(pc.mac, mac[2], 6);
    fake_pf_fail("filter", -ENOSPC, 1);
    assert_int_equal(weir_netvsp_port_add(t.v, &pc), -ENOSPC);
    assert_int_equal(weir_netvsp_port_add(t.v, &pc), 2); // nothing was left behind
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    CASE(unicast_goes_to_its_address),
    CASE(floods_reach_all_but_their_sender),
    CASE(epoch_decides_who_has_the_copy),
    CASE(epochs_wrap_around),
    CASE(fence_waits_for_every_ring),
    CASE(drained_copies_reach_their_guest_alone),
    CASE(foreign_sources_are_dropped),
    CASE(offloads_reach_the_card_when_it_can),
    CASE(checksum_verdicts_reach_the_guest),
    CASE(learned_addresses_are_bounded_and_ones_own),
    CASE(the_wires_addresses_are_not_learned),
    CASE(what_is_the_vfs_is_not_kept_for_later),
    CASE(forbidden_frames_are_counted_by_reason),
    CASE(a_port_vlan_is_put_in_and_taken_out),
    CASE(a_rate_holds_and_loses_nothing),
    CASE(turns_are_shared_by_weight_and_copies_are_paid_for),
    CASE(full_card_pushes_back_and_loses_nothing),
    CASE(drained_means_all_the_guests_frames_completed),
    CASE(full_channel_drops_frames_but_no_control),
    CASE(messages_are_checked),
    CASE(goodbye_and_close_are_told_once),
    CASE(ports_come_and_go),
};
UNIT_MAIN(tests)
