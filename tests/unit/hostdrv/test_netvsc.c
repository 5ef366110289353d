// SPDX-License-Identifier: Apache-2.0
// NetVSC's state machine against a scripted parent and a fake VF: what is delivered when, what is held, in which order,
// and what happens when an answer, a fence or a driver does not come.
#include <errno.h>
#include <stdlib.h>

#include "fake.h"
#include "guest_path.h"
#include "unit.h"
#include "weir/netvsc.h"

#define RING 65536u
#define TOKEN 77u

static const uint8_t me[6] = {0x02, 0, 0, 0, 0, 1}, peer[6] = {0x02, 0, 0, 0, 0, 2};

static struct {
    void *area;
    struct weir_channel *guest, *host;
    struct weir_netvsc *sc;
    uint64_t now;
    int open_bus; // what the open_vf callback answers
    unsigned fn;
    uint8_t rx[FAKE_MAX]; // numbers delivered, in order
    unsigned num_rx;
    struct weir_netvsc_rx info; // of the last one
    uint8_t frame[80];          // its bytes
    size_t len;
    bool echo;
    struct weir_msg_moved moved; // the last one,
    unsigned num_moved;
    int refuse; // the drop that the device answers frames with, 0 = it takes them
} t;

static void on_rx(void *ctx, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    (void)ctx;
    t.info = *info;
    assert_in_range(len, 64, 68);
    memcpy(t.frame, frame, len);
    t.len = len;
    if (t.refuse != 0) {
        weir_netvsc_dropped(t.sc, (enum weir_guest_counter)t.refuse);
        return;
    }
    t.rx[t.num_rx++] = fake_number(frame);
    if (t.echo)
        (void)weir_netvsc_send(t.sc, frame, len);
}

static int on_open(void *ctx, unsigned fn, struct weir_bus **bus) {
    static struct weir_bus none;
    (void)ctx;
    t.fn = fn;
    *bus = &none;
    return t.open_bus;
}

static int setup_with(unsigned reorder_frames, unsigned tries) {
    struct weir_netvsc_config cfg = {.rx = on_rx, .open_vf = on_open, .reorder_frames = reorder_frames, .tries = tries};
    memset(&t, 0, sizeof(t));
    memset(&fake_vf, 0, sizeof(fake_vf));
    t.area = malloc(WEIR_CHANNEL_BYTES(RING));
    assert_int_equal(weir_channel_init(t.area, WEIR_CHANNEL_BYTES(RING)), 0);
    assert_int_equal(weir_channel_attach(t.area, WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_GUEST, &t.guest), 0);
    assert_int_equal(weir_channel_attach(t.area, WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_HOST, &t.host), 0);
    cfg.channel = t.guest;
    assert_int_equal(weir_netvsc_open(&cfg, &t.sc), 0);
    return 0;
}

static int setup(void **state) {
    (void)state;
    return setup_with(0, 3);
}

static int teardown(void **state) {
    (void)state;
    weir_netvsc_close(t.sc);
    weir_channel_detach(t.guest);
    weir_channel_detach(t.host);
    free(t.area);
    return 0;
}

// Both clocks go on alike; run_busy is a machine that gives the card a hundredth of its time.
static void run_at(uint64_t us, unsigned cycles_per_us) {
    do {
        uint64_t step = us < 1000 ? us : 1000;
        us -= step;
        t.now += step;
        fake_vf.clock += (uint32_t)step * cycles_per_us;
        (void)weir_netvsc_poll(t.sc, t.now);
    } while (us != 0);
}

static void run(uint64_t us) {
    run_at(us, 250);
}

static void run_busy(uint64_t us) {
    run_at(us, 2);
}

static void expect_state(enum weir_netvsc_state state) {
    assert_string_equal(weir_netvsc_state_text(weir_netvsc_state(t.sc)), weir_netvsc_state_text(state));
}

static void expect_rx(const char *numbers) {
    char got[256] = "";
    for (unsigned i = 0; i < t.num_rx; i++)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u", i == 0 ? "" : " ", t.rx[i]);
    assert_string_equal(got, numbers);
}

static void send(uint8_t number) {
    uint8_t f[64];
    fake_frame(f, peer, me, number);
    assert_int_equal(weir_netvsc_send(t.sc, f, sizeof(f)), 0);
}

// ---- the parent ----

static void host(uint32_t type, const void *m, size_t len) {
    assert_int_equal(weir_channel_send(t.host, type, m, len, NULL, 0, 0), 0);
}

static void host_frame(uint8_t number) {
    struct weir_msg_rx_frame m = {.version = 1};
    uint8_t f[64];
    fake_frame(f, me, peer, number);
    assert_int_equal(weir_channel_send(t.host, WEIR_MSG_RX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
}

static void host_offer(void) {
    struct weir_msg_vf_association m = {.version = 1, .allocated = 1, .fn = 3, .token = TOKEN};
    host(WEIR_MSG_VF_ASSOCIATION, &m, sizeof(m));
}

static void host_complete(bool to_vf, uint32_t status) {
    struct weir_msg_switch_complete m = {.version = 1, .to_vf = to_vf, .token = TOKEN, .status = status};
    host(WEIR_MSG_SWITCH_COMPLETE, &m, sizeof(m));
}

static void host_fence(uint32_t token) {
    struct weir_msg_fence m = {.version = 1, .token = token};
    host(WEIR_MSG_FENCE, &m, sizeof(m));
}

static void host_lost_fence(void) {
    struct weir_msg_fence m = {.version = 1, .lost = 1, .token = TOKEN};
    host(WEIR_MSG_FENCE, &m, sizeof(m));
}

static void host_detach(uint32_t type) {
    struct weir_msg_detach m = {.version = 1, .why = WEIR_WHY_MIGRATION, .token = TOKEN};
    host(type, &m, sizeof(m));
}

// The next messages of the guest: frames as their numbers, others by name. "-" when there is none.
static void expect_host(const char *what) {
    char got[512] = "";
    uint32_t type;
    size_t len;
    while (weir_channel_peek(t.host, &type, &len) == 1) {
        uint8_t m[256];
        assert_true(weir_channel_recv(t.host, m, sizeof(m)) >= 0);
        size_t used = strlen(got);
        if (type == WEIR_MSG_TX_FRAME)
            snprintf(got + used, sizeof(got) - used, "%u ", fake_number(m + 8));
        else if (type == WEIR_MSG_SWITCH_DATA_PATH)
            snprintf(got + used, sizeof(got) - used, "%s%s(%u) ", m[1] != 0 ? "vf" : "syn",
                     m[2] == WEIR_WHY_VF_GONE ? "-gone" : "", m[8]);
        else if (type == WEIR_MSG_MOVED) {
            memcpy(&t.moved, m, sizeof(t.moved));
            t.num_moved++;
        } else if (type == WEIR_MSG_VF_RELEASED)
            snprintf(got + used, sizeof(got) - used, "released(%u,%u,%u) ", m[8], m[16], m[24]);
        else
            snprintf(got + used, sizeof(got) - used, "type%u ", type);
    }
    if (got[0] != '\0')
        got[strlen(got) - 1] = '\0';
    assert_string_equal(got, what);
}

static void vf_frame(unsigned ring, uint8_t number) {
    fake_rx(&fake_vf.qp[ring], me, peer, number, (struct weir_rx_info){0});
}

// All transmitted on the VF, in order; one flow takes one queue.
static void expect_vf_tx(const char *numbers) {
    char got[256] = "";
    for (unsigned q = 0; q < 2; q++)
        for (unsigned i = 0; i < fake_vf.qp[q].stats.tx_posted; i++)
            snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u", got[0] == '\0' ? "" : " ",
                     fake_number(fake_vf.qp[q].tx[i].frame));
    assert_string_equal(got, numbers);
}

static void vf_complete_all(void) {
    for (unsigned q = 0; q < 2; q++)
        fake_complete(&fake_vf.qp[q], weir_qp_tx_pending(&fake_vf.qp[q]));
}

static void to_vf(void) {
    host_offer();
    run(1);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF);
    host_complete(true, WEIR_OK);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF_FENCE);
    host_fence(TOKEN);
    run(1);
    expect_state(WEIR_NETVSC_ON_VF);
    expect_host("vf(0)");
}

// ---- cases ----

static void starts_on_the_synthetic_path(void **state) {
    (void)state;
    send(1);
    host_frame(2);
    run(1);
    expect_host("1");
    expect_rx("2");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_NOT_OFFERED);
}

// What the card is to do goes with a frame on either path, and through the hold between them; so do its verdicts.
static void offloads_go_with_their_frames(void **state) {
    const struct weir_tx_offload tag = {.flags = WEIR_TX_VLAN, .vlan_tci = 5}, sum = {.flags = WEIR_TX_CSUM_L4};
    struct weir_msg_rx_frame in = {.version = 1, .flags = WEIR_RX_FRAME_L3_GOOD | WEIR_RX_FRAME_L4_BAD};
    uint8_t f[64], m[256];
    const struct weir_qp *qp;
    (void)state;
    fake_frame(f, peer, me, 1);
    assert_int_equal(weir_netvsc_send_offload(t.sc, f, sizeof(f), &sum), -EPROTONOSUPPORT); // no IP
    assert_int_equal(weir_netvsc_send_offload(t.sc, f, sizeof(f), &tag), 0);
    assert_true(weir_channel_recv(t.host, m, sizeof(m)) >= 0);
    assert_int_equal(m[1], WEIR_TX_VLAN);
    assert_int_equal(m[2] | m[3] << 8, 5);
    fake_frame(f, me, peer, 7);
    assert_int_equal(weir_channel_send(t.host, WEIR_MSG_RX_FRAME, &in, sizeof(in), f, sizeof(f), 0), 0);
    run(1);
    assert_int_equal(t.info.l3, WEIR_CSUM_GOOD);
    assert_int_equal(t.info.l4, WEIR_CSUM_BAD);
    host_offer();
    run(1);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF);
    fake_frame(f, peer, me, 2);
    assert_int_equal(weir_netvsc_send_offload(t.sc, f, sizeof(f), &tag), 0); // held
    host_complete(true, WEIR_OK);
    run(1);
    host_fence(TOKEN);
    run(1);
    run(1);
    expect_vf_tx("2");
    assert_int_equal(weir_netvsc_stats(t.sc)->tx_offload, 2);
    qp = fake_vf.qp[0].stats.tx_posted != 0 ? &fake_vf.qp[0] : &fake_vf.qp[1];
    assert_int_equal(qp->tx[0].offload.flags, WEIR_TX_VLAN);
    assert_int_equal(qp->tx[0].offload.vlan_tci, 5);
    fake_rx(&fake_vf.qp[0], me, peer, 8, (struct weir_rx_info){.l3 = WEIR_CSUM_BAD, .l4 = WEIR_CSUM_GOOD});
    run(1);
    assert_int_equal(t.info.l3, WEIR_CSUM_BAD);
    assert_int_equal(t.info.l4, WEIR_CSUM_GOOD);
}

static void to_vf_holds_the_vf_until_the_fence(void **state) {
    (void)state;
    host_offer();
    send(1);
    run(1);
    assert_int_equal(t.fn, 3);
    expect_state(WEIR_NETVSC_TO_VF);
    send(2); // held: the parent first brings frame 1 into the card
    host_frame(10);
    run(1);
    expect_host("1 vf(0)");
    vf_frame(0, 20); // moved already, but the parent's answer is still under way
    host_frame(11);
    run(1);
    expect_vf_tx("");
    expect_rx("10 11");
    host_complete(true, WEIR_OK);
    host_frame(12);
    run(1);
    send(3);
    run(1);
    vf_frame(1, 21);
    run(1);
    expect_vf_tx("2 3");
    expect_rx("10 11 12");
    host_frame(13);
    host_fence(TOKEN);
    run(1);
    expect_rx("10 11 12 13 20 21");
    expect_state(WEIR_NETVSC_ON_VF);
    vf_frame(0, 22);
    run(1);
    expect_rx("10 11 12 13 20 21 22");
    expect_host("");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_ATTACHED);
    assert_int_equal(weir_netvsc_stats(t.sc)->rx_reordered, 2);
}

static void a_foreign_fence_releases_nothing(void **state) {
    (void)state;
    host_offer();
    run(1);
    host_complete(true, WEIR_OK);
    run(1);
    vf_frame(0, 1);
    host_fence(TOKEN + 1);
    run(1);
    expect_rx("");
    expect_state(WEIR_NETVSC_TO_VF_FENCE);
    assert_int_equal(weir_netvsc_stats(t.sc)->bad_messages, 1);
}

static void refused_switch_rolls_back(void **state) {
    (void)state;
    host_offer();
    run(1);
    send(1);
    host_complete(true, WEIR_NOT_ARMED);
    run(1);
    expect_state(WEIR_NETVSC_OPENING);
    assert_false(fake_vf.open);
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_NOT_ARMED);
    send(2);
    run(1);
    expect_host("vf(0) 1 2");
    run(1000);
    expect_state(WEIR_NETVSC_TO_VF);
    expect_host("vf(0)");
    host_complete(true, WEIR_NOT_ARMED);
    run(1);
    run(1000);
    expect_host("vf(0)");
    host_complete(true, WEIR_NOT_ARMED);
    run(1);
    // Tries used up: the offer is declined, the reason stays.
    expect_state(WEIR_NETVSC_SYNTHETIC);
    expect_host("released(0,0,0)");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_NOT_ARMED);
    assert_int_equal(weir_netvsc_stats(t.sc)->refused, 3);
}

static void a_late_driver_is_waited_for(void **state) {
    (void)state;
    t.open_bus = -EAGAIN;
    host_offer();
    for (unsigned i = 0; i < 100; i++)
        run(1000);
    expect_state(WEIR_NETVSC_OPENING);
    assert_int_equal(fake_vf.opened, 0);
    t.open_bus = 0;
    run(1000);
    expect_state(WEIR_NETVSC_TO_VF);
}

static void a_guest_without_driver_declines(void **state) {
    (void)state;
    t.open_bus = -ENODEV;
    host_offer();
    run(1);
    expect_state(WEIR_NETVSC_SYNTHETIC);
    expect_host("released(0,0,0)");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_OPEN_FAILED);
    t.open_bus = 0;
    fake_vf.open_result = -EIO;
    host_offer();
    for (unsigned i = 0; i < 4; i++)
        run(1000);
    expect_host("released(0,0,0)");
    assert_int_equal(fake_vf.opened, 3);
    assert_string_equal(weir_netvsc_error(t.sc), "the fake VF does not open");
    // One that is another than the offered one is left alone from then on.
    fake_vf.open_result = -ENXIO;
    host_offer();
    for (unsigned i = 0; i < 4; i++)
        run(1000);
    expect_host("released(0,0,0)");
    assert_int_equal(fake_vf.opened, 4);
}

static void to_synthetic_holds_the_channel_until_every_ring_fenced(void **state) {
    (void)state;
    to_vf();
    send(1);
    run(1);
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    expect_state(WEIR_NETVSC_TO_SYN_DRAIN);
    send(2);
    run(1);
    expect_host(""); // frame 1 is not yet in the card
    expect_vf_tx("1");
    vf_complete_all();
    run(1);
    expect_host("syn(1)");
    vf_frame(0, 20);
    host_frame(30);
    host_complete(false, WEIR_OK);
    run(1);
    expect_state(WEIR_NETVSC_TO_SYN_FENCE);
    expect_rx("20");
    fake_fence(&fake_vf.qp[0], TOKEN, 5);
    vf_frame(1, 21);
    host_frame(31);
    run(1);
    expect_state(WEIR_NETVSC_TO_SYN_FENCE); // the other ring may still bring something
    expect_rx("20 21");
    expect_host("");
    fake_fence(&fake_vf.qp[1], TOKEN, 5);
    run(1);
    expect_state(WEIR_NETVSC_SYNTHETIC);
    expect_rx("20 21 30 31");
    run(1);
    expect_host("released(1,1,2) 2");
    assert_false(fake_vf.open);
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_MIGRATION);
}

// What one association left behind is not the next one's: each fence is awaited anew, on the channel and on every ring
// of the VF, and so are the wish to leave and the word that the VF is lost.
static void each_association_begins_anew(void **state) {
    (void)state;
    for (uint8_t round = 0; round < 3; round++) {
        unsigned before = t.num_rx;
        host_offer();
        run(1);
        run(1);
        expect_state(WEIR_NETVSC_TO_VF);
        if (round == 0) {
            host_fence(TOKEN); // earlier than it is awaited
            run(1);
            expect_state(WEIR_NETVSC_TO_VF);
        }
        vf_frame(0, 20);
        host_complete(true, WEIR_OK);
        run(1);
        if (round == 0) {
            assert_int_equal(t.num_rx, before + 1);
        } else {
            expect_state(WEIR_NETVSC_TO_VF_FENCE);
            assert_int_equal(t.num_rx, before); // held: the channel may still bring older ones
            if (round == 2)
                host_detach(WEIR_MSG_DETACH_REQUEST); // it wants to leave, but the VF goes first
            else
                host_fence(TOKEN);
            run(1);
        }
        expect_state(round == 2 ? WEIR_NETVSC_TO_VF_FENCE : WEIR_NETVSC_ON_VF);
        if (round == 2)
            break;
        host_detach(WEIR_MSG_DETACH_REQUEST);
        run(1);
        host_complete(false, WEIR_OK);
        run(1);
        expect_state(WEIR_NETVSC_TO_SYN_FENCE);
        for (unsigned ring = 0; ring < 2; ring++) {
            vf_frame(ring, 21);
            fake_fence(&fake_vf.qp[ring], TOKEN, 1);
            run(1);
            expect_state(ring == 0 ? WEIR_NETVSC_TO_SYN_FENCE : WEIR_NETVSC_SYNTHETIC);
        }
        assert_int_equal(t.num_rx, before + 3);
    }
    host_detach(WEIR_MSG_VF_REVOKED);
    host_fence(TOKEN);
    run(1);
    expect_state(WEIR_NETVSC_SYNTHETIC);
    (void)weir_channel_recv(t.host, NULL, 0);
    while (weir_channel_recv(t.host, NULL, 0) >= 0) {
    }
    to_vf();
    run(1);
    expect_state(WEIR_NETVSC_ON_VF);
}

static void refused_move_back_stays_on_the_vf(void **state) {
    (void)state;
    to_vf();
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    send(1);
    run(1);
    expect_host("syn(0)");
    host_complete(false, WEIR_TIMEOUT);
    run(1);
    expect_state(WEIR_NETVSC_ON_VF);
    run(1);
    expect_vf_tx("1");
    vf_frame(0, 5);
    run(1);
    expect_rx("5");
}

static void detach_before_the_fence_waits_for_it(void **state) {
    (void)state;
    host_offer();
    run(1);
    host_complete(true, WEIR_OK);
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF_FENCE);
    expect_host("vf(0)");
    vf_frame(0, 2);
    host_frame(1);
    host_fence(TOKEN);
    run(1);
    expect_rx("1 2");
    run(1);
    expect_host("syn(0)");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_MIGRATION);
}

static void surprise_takes_what_the_vf_wrote_then_the_channel(void **state) {
    (void)state;
    to_vf();
    send(1);
    run(1);
    host_frame(30); // behind the surprise move, but ahead of the news
    run(1);
    send(2);
    for (uint8_t i = 0; i < 200; i++)
        vf_frame(i % 2, (uint8_t)(i % 2 == 0 ? 100 : 101));
    host_detach(WEIR_MSG_VF_REVOKED);
    host_frame(31);
    run(1);
    expect_state(WEIR_NETVSC_SYNTHETIC);
    assert_int_equal(t.num_rx, 202);
    assert_int_equal(t.rx[200], 30);
    assert_int_equal(t.rx[201], 31);
    expect_host("released(2,0,200)");
    send(3);
    run(1);
    expect_host("3");
    assert_true(fake_vf.surprised);
    assert_int_equal(weir_netvsc_stats(t.sc)->revoked, 1);
}

static void surprise_before_the_fence_keeps_the_order(void **state) {
    (void)state;
    host_offer();
    run(1);
    host_complete(true, WEIR_OK);
    run(1);
    send(1);
    vf_frame(0, 20);
    host_frame(10);
    run(1);
    host_detach(WEIR_MSG_VF_REVOKED);
    vf_frame(1, 21);
    host_frame(11);
    run(1);
    expect_state(WEIR_NETVSC_REVOKED_FENCE);
    send(2);
    expect_rx("10 11");
    host_frame(12);
    host_fence(TOKEN);
    host_frame(30);
    run(1);
    expect_state(WEIR_NETVSC_SYNTHETIC);
    expect_rx("10 11 12 20 21 30");
    run(1);
    expect_host("vf(0) released(1,0,2) 2");
}

static void revoked_before_the_switch_lets_go(void **state) {
    (void)state;
    host_offer();
    run(1);
    send(1);
    host_detach(WEIR_MSG_VF_REVOKED);
    run(1);
    expect_state(WEIR_NETVSC_SYNTHETIC);
    expect_host("vf(0) released(0,0,0) 1");
    assert_false(fake_vf.open);
    assert_true(fake_vf.surprised); // it has been reset: its registers are left alone
}

// Held for a hand-over, and longer than the VF's buffers: it has a reason, and those behind it go on.
static void what_the_new_path_refuses_is_counted(void **state) {
    uint8_t big[3000] = {0};
    const struct weir_netvsc_stats *s;
    (void)state;
    host_offer();
    run(1);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF);
    fake_frame(big, peer, me, 7);
    assert_int_equal(weir_netvsc_send(t.sc, big, sizeof(big)), 0);
    send(8);
    host_complete(true, WEIR_OK);
    run(1);
    s = weir_netvsc_stats(t.sc);
    assert_int_equal(s->tx_drop_reorder, 1);
    assert_int_equal(s->tx_vf, 1);
    assert_int_equal(s->tx_taken, s->tx_vf + s->tx_drop_reorder);
}

// Without a parent the VF carries the traffic; the next one is told what was since the VF began.
static void a_vf_goes_on_without_a_parent(void **state) {
    (void)state;
    to_vf();
    send(5);
    assert_true(weir_netvsc_alone(t.sc));
    expect_state(WEIR_NETVSC_ALONE);
    send(6);
    run(1000);
    assert_int_equal(weir_netvsc_stats(t.sc)->tx_vf, 2);
    expect_host(""); // nobody is told anything
    weir_netvsc_rejoin(t.sc, t.guest, TOKEN + 1);
    expect_state(WEIR_NETVSC_ON_VF);
    send(7);
    assert_int_equal(weir_netvsc_stats(t.sc)->tx_vf, 3);
    // The old association is over: what is said of it is not of this one.
    host_detach(WEIR_MSG_VF_REVOKED);
    run(1);
    expect_state(WEIR_NETVSC_ON_VF);
}

// Nobody knows how far the parent had come.
static void in_a_hand_over_nobody_is_alone(void **state) {
    (void)state;
    assert_false(weir_netvsc_alone(t.sc)); // no VF
    host_offer();
    run(1);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF);
    assert_false(weir_netvsc_alone(t.sc));
    host_complete(true, WEIR_OK);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF_FENCE);
    assert_false(weir_netvsc_alone(t.sc));
}

// Alone it has only its VF.
static void alone_a_lost_vf_is_the_end(void **state) {
    (void)state;
    to_vf();
    assert_true(weir_netvsc_alone(t.sc));
    fake_vf.must_stop = true;
    run(2000);
    expect_state(WEIR_NETVSC_DEAD);
    assert_false(fake_vf.open);
}

// Each millisecond, in every state that has a VF.
static void a_lost_doorbell_is_looked_for(void **state) {
    unsigned watched;
    (void)state;
    to_vf();
    watched = fake_vf.watched;
    run(1000);
    assert_int_equal(fake_vf.watched, watched + 1);
    fake_vf.deaf = true;
    run(1000);
    run(1);
    assert_int_equal(fake_vf.watched, watched + 2);
    assert_int_equal(weir_netvsc_stats(t.sc)->rung_again, 1);
}

static void a_lost_vf_is_reported_and_waited_for(void **state) {
    (void)state;
    to_vf();
    fake_vf.must_stop = true;
    run(1000);
    expect_state(WEIR_NETVSC_LOST);
    expect_host("syn-gone(0)");
    send(1);
    host_frame(30);
    run(1);
    expect_rx("");
    expect_host("");
    host_detach(WEIR_MSG_VF_REVOKED);
    run(1);
    expect_rx("30");
    run(1);
    expect_host("released(0,0,0) 1");
}

// Lost before the channel's last frames came: those and the VF's go up in order, what is sent waits for the VF's end.
static void a_vf_lost_before_the_fence_is_not_sent_on(void **state) {
    (void)state;
    host_offer();
    run(1);
    host_complete(true, WEIR_OK);
    run(1);
    expect_state(WEIR_NETVSC_TO_VF_FENCE);
    vf_frame(0, 9);
    fake_vf.must_stop = true;
    run(1000);
    expect_state(WEIR_NETVSC_TO_VF_FENCE);
    send(1);
    host_frame(8);
    host_fence(TOKEN);
    run(1);
    expect_state(WEIR_NETVSC_LOST);
    expect_rx("8 9");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_VF_GONE);
    host_detach(WEIR_MSG_VF_REVOKED);
    run(1);
    expect_state(WEIR_NETVSC_SYNTHETIC);
    expect_host("vf(0) syn-gone(0) released(0,0,1) 1");
}

static void bounds_end_the_waits_on_the_vf(void **state) {
    (void)state;
    // Transmit that never drains.
    to_vf();
    send(1);
    run(1);
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    run(90000);
    expect_state(WEIR_NETVSC_TO_SYN_DRAIN);
    run(12000);
    expect_state(WEIR_NETVSC_LOST);
    expect_host("syn-gone(1)");
    host_detach(WEIR_MSG_VF_REVOKED);
    run(1);
    expect_host("released(1,0,0)");
    // A fence that never comes on one ring.
    to_vf();
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    run(1);
    host_complete(false, WEIR_OK);
    run(1);
    fake_fence(&fake_vf.qp[0], TOKEN, 1);
    run(1);
    run(1010000);
    expect_state(WEIR_NETVSC_LOST);
    expect_host("syn(0) syn-gone(0)");
}

// A busy machine makes the card slow, not dead: its own time is what counts, and each frame begins the wait anew.
static void a_slow_card_is_no_dead_card(void **state) {
    unsigned queue;
    (void)state;
    to_vf();
    for (uint8_t i = 1; i <= 3; i++)
        send(i);
    run(1);
    queue = fake_vf.qp[0].stats.tx_posted != 0 ? 0 : 1;
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    run_busy(8000000);
    expect_state(WEIR_NETVSC_TO_SYN_DRAIN);
    for (unsigned i = 0; i < 2; i++) {
        fake_complete(&fake_vf.qp[queue], 1);
        run(90000);
        expect_state(WEIR_NETVSC_TO_SYN_DRAIN);
    }
    fake_complete(&fake_vf.qp[queue], 1);
    run(1);
    expect_state(WEIR_NETVSC_TO_SYN);
    expect_host("syn(3)");
    host_complete(false, WEIR_OK);
    run_busy(80000000);
    expect_state(WEIR_NETVSC_TO_SYN_FENCE);
    fake_fence(&fake_vf.qp[0], TOKEN, 1);
    fake_fence(&fake_vf.qp[1], TOKEN, 1);
    run(1);
    run(1);
    expect_host("released(3,3,0)");
}

static void a_vf_that_answers_no_read_is_gone(void **state) {
    (void)state;
    to_vf();
    send(1);
    run(1);
    host_detach(WEIR_MSG_DETACH_REQUEST);
    fake_vf.mute = true;
    run(1);
    run(1);
    expect_state(WEIR_NETVSC_LOST);
    expect_host("syn-gone(1)");
}

// However long a parent takes, what its fence is to keep in order waits for it.
static void waits_for_the_parent_end_with_the_parent(void **state) {
    (void)state;
    host_offer();
    run(1);
    run(5000000);
    expect_state(WEIR_NETVSC_TO_VF);
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_PARENT_SILENT);
    host_complete(true, WEIR_OK);
    run(1);
    vf_frame(0, 9);
    run(60000000);
    expect_state(WEIR_NETVSC_TO_VF_FENCE);
    expect_rx("");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_PARENT_SILENT);
    host_lost_fence();
    run(1);
    expect_state(WEIR_NETVSC_ON_VF);
    expect_rx("9");
    assert_int_equal(weir_netvsc_stats(t.sc)->fences_lost, 1);
}

static void full_hold_queues_are_counted(void **state) {
    uint8_t f[64];
    (void)state;
    (void)teardown(NULL);
    (void)setup_with(4, 3);
    host_offer();
    run(1);
    for (uint8_t i = 0; i < 4; i++)
        send(i);
    fake_frame(f, peer, me, 9);
    assert_int_equal(weir_netvsc_send(t.sc, f, sizeof(f)), -EAGAIN); // the caller keeps it: no loss
    for (uint8_t i = 0; i < 6; i++)
        vf_frame(0, i);
    run(1);
    assert_int_equal(weir_netvsc_stats(t.sc)->rx_drop_reorder, 2);
    host_complete(true, WEIR_OK);
    host_fence(TOKEN);
    run(1);
    expect_rx("0 1 2 3");
    expect_vf_tx("0 1 2 3");
}

// The answer to a question, in which each frame must have one disposition.
static struct weir_msg_counters told(void) {
    struct weir_msg_ask_counters ask = {.version = 1, .serial = 7};
    struct weir_msg_counters m = {0};
    uint64_t *v = m.value;
    uint32_t type = 0;
    size_t len = 0;
    host(WEIR_MSG_ASK_COUNTERS, &ask, sizeof(ask));
    run(1);
    while (weir_channel_peek(t.host, &type, &len) == 1 && type != WEIR_MSG_COUNTERS)
        (void)weir_channel_recv(t.host, NULL, 0);
    assert_int_equal(type, WEIR_MSG_COUNTERS);
    assert_int_equal(weir_channel_recv(t.host, &m, sizeof(m)), sizeof(m));
    assert_int_equal(m.serial, 7);
    assert_int_equal(v[WEIR_GUEST_tx_taken], v[WEIR_GUEST_tx_synthetic] + v[WEIR_GUEST_tx_vf] +
                                                 v[WEIR_GUEST_tx_waiting] + v[WEIR_GUEST_tx_drop_size] +
                                                 v[WEIR_GUEST_tx_drop_offload] + v[WEIR_GUEST_tx_drop_early] +
                                                 v[WEIR_GUEST_tx_drop_reorder] + v[WEIR_GUEST_tx_drop_dead]);
    assert_int_equal(v[WEIR_GUEST_rx_synthetic] + v[WEIR_GUEST_rx_vf],
                     v[WEIR_GUEST_rx_given] + v[WEIR_GUEST_rx_drop_full] + v[WEIR_GUEST_rx_drop_down]);
    return m;
}

// Each place of the guest where a frame can end, and each where it can wait.
static void each_frame_of_the_guest_has_one_disposition(void **state) {
    struct weir_msg_rx_frame none = {.version = 9};
    uint8_t f[64];
    struct weir_msg_counters m;
    (void)state;
    teardown(NULL);
    setup_with(4, 3);
    for (unsigned i = 0; i < 2; i++)
        send(1);
    // What the caller lost before it could send.
    weir_netvsc_dropped(t.sc, WEIR_GUEST_tx_drop_early);
    weir_netvsc_dropped(t.sc, WEIR_GUEST_tx_drop_size);
    weir_netvsc_dropped(t.sc, WEIR_GUEST_tx_drop_offload);
    weir_netvsc_waiting(t.sc, 1);
    // What the device does not take, and what is no frame.
    host_frame(1);
    run(1);
    t.refuse = WEIR_GUEST_rx_drop_full;
    host_frame(2);
    run(1);
    t.refuse = WEIR_GUEST_rx_drop_down;
    host_frame(3);
    run(1);
    t.refuse = 0;
    fake_frame(f, me, peer, 4);
    assert_int_equal(weir_channel_send(t.host, WEIR_MSG_RX_FRAME, &none, sizeof(none), f, sizeof(f), 0), 0);
    assert_int_equal(weir_channel_send(t.host, WEIR_MSG_RX_FRAME, &none, sizeof(none), NULL, 0, 0), 0);
    run(1);
    m = told();
    assert_int_equal(m.value[WEIR_GUEST_tx_taken], 6);
    assert_int_equal(m.value[WEIR_GUEST_tx_synthetic], 2);
    assert_int_equal(m.value[WEIR_GUEST_tx_waiting], 1);
    assert_int_equal(m.value[WEIR_GUEST_tx_drop_early], 1);
    assert_int_equal(m.value[WEIR_GUEST_tx_drop_size], 1);
    assert_int_equal(m.value[WEIR_GUEST_tx_drop_offload], 1);
    assert_int_equal(m.value[WEIR_GUEST_rx_given], 1);
    assert_int_equal(m.value[WEIR_GUEST_rx_drop_full], 1);
    assert_int_equal(m.value[WEIR_GUEST_rx_drop_down], 1);
    assert_int_equal(m.value[WEIR_GUEST_rx_drop_message], 2);
    // Held by a hand-over, and more than it can hold.
    weir_netvsc_waiting(t.sc, 0);
    host_offer();
    run(1);
    for (uint8_t i = 0; i < 4; i++)
        send(i);
    for (uint8_t i = 0; i < 6; i++)
        vf_frame(0, i);
    run(1);
    m = told();
    assert_int_equal(m.value[WEIR_GUEST_tx_waiting], 4);
    assert_int_equal(m.value[WEIR_GUEST_rx_waiting], 4);
    assert_int_equal(m.value[WEIR_GUEST_rx_drop_reorder], 2);
    // On the VF: posted, and not all of it looked up.
    host_complete(true, WEIR_OK);
    host_fence(TOKEN);
    run(1);
    m = told();
    assert_int_equal(m.value[WEIR_GUEST_tx_vf], 4);
    assert_int_equal(m.value[WEIR_GUEST_tx_unseen], 4);
    assert_int_equal(m.value[WEIR_GUEST_rx_vf], 4);
    assert_int_equal(m.value[WEIR_GUEST_rx_waiting], 0);
    // Held when the parent goes.
    vf_complete_all();
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    run(1);
    fake_frame(f, peer, me, 5);
    assert_int_equal(weir_netvsc_send(t.sc, f, sizeof(f)), 0);
    weir_channel_close(t.host);
    run(1);
    run(1);
    expect_state(WEIR_NETVSC_DEAD);
    assert_int_equal(weir_netvsc_stats(t.sc)->tx_drop_dead, 1);
}

static void full_paths_push_back(void **state) {
    uint8_t f[64];
    unsigned taken = 0;
    (void)state;
    fake_frame(f, peer, me, 1);
    while (weir_netvsc_send(t.sc, f, sizeof(f)) == 0)
        taken++;
    assert_true(taken > 700 && taken < 820);
    assert_int_equal(weir_netvsc_send(t.sc, f, sizeof(f)), -EAGAIN);
    // Control messages still pass.
    host_offer();
    run(1);
    expect_state(WEIR_NETVSC_TO_VF);
    for (unsigned i = 0; i < taken; i++)
        assert_true(weir_channel_recv(t.host, NULL, 0) > 0);
    expect_host("vf(0)");
    host_complete(true, WEIR_OK);
    host_fence(TOKEN);
    run(1);
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(weir_netvsc_send(t.sc, f, sizeof(f)), 0);
    assert_int_equal(weir_netvsc_send(t.sc, f, sizeof(f)), -EAGAIN);
    assert_int_equal(weir_netvsc_send(t.sc, f, 13), -EMSGSIZE);
}

static void bad_messages_change_nothing(void **state) {
    uint8_t junk[64] = {9};
    (void)state;
    to_vf();
    host(WEIR_MSG_FENCE, junk, 7);
    host(WEIR_MSG_FENCE, junk, 8); // version 9
    host(99, junk, 8);
    host(WEIR_MSG_RX_FRAME, junk, 20);
    host(WEIR_MSG_RX_FRAME, junk, 64); // version 9
    host(0xFFFFFFFFu, junk, 8);
    host_offer();                 // it has one
    host_complete(true, WEIR_OK); // it did not ask
    run(1);
    expect_state(WEIR_NETVSC_ON_VF);
    assert_int_equal(weir_netvsc_stats(t.sc)->bad_messages, 8);
    expect_rx("");
}

static void a_closed_channel_ends_it(void **state) {
    uint8_t f[64];
    (void)state;
    to_vf();
    host_frame(30);
    weir_channel_close(t.host);
    run(1);
    expect_state(WEIR_NETVSC_DEAD);
    expect_rx("30"); // what had come is delivered
    fake_frame(f, peer, me, 1);
    assert_int_equal(weir_netvsc_send(t.sc, f, sizeof(f)), -EPIPE);
    assert_false(fake_vf.open);
    assert_int_equal(weir_netvsc_poll(t.sc, ++t.now), 0);
}

// A guest that answers from within its receive callback, while held frames are released.
static void echo_from_the_callback_keeps_order(void **state) {
    (void)state;
    t.echo = true;
    host_offer();
    run(1);
    host_frame(1);
    vf_frame(0, 3);
    run(1);
    host_complete(true, WEIR_OK);
    host_frame(2);
    host_fence(TOKEN);
    run(1);
    run(1);
    expect_host("vf(0)");
    expect_vf_tx("1 2 3");
}

static void the_guest_may_leave_by_itself(void **state) {
    (void)state;
    assert_int_equal(weir_netvsc_leave_vf(t.sc), -EBUSY);
    to_vf();
    assert_int_equal(weir_netvsc_leave_vf(t.sc), 0);
    run(1);
    expect_host("syn(0)");
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_GUEST_ASKED);
}

// The tag that the card took out is back where the guest's stack looks for it, on both paths and after a hold.
static void tags_are_in_the_frame_again(void **state) {
    struct weir_msg_rx_frame m = {.version = 1, .flags = WEIR_RX_FRAME_VLAN, .vlan_tci = 0x602A};
    uint8_t f[64];
    (void)state;
    fake_frame(f, me, peer, 7);
    assert_int_equal(weir_channel_send(t.host, WEIR_MSG_RX_FRAME, &m, sizeof(m), f, sizeof(f), 0), 0);
    run(1);
    assert_int_equal(t.len, 68);
    assert_memory_equal(t.frame, f, 12);
    assert_memory_equal(t.frame + 12, "\x81\x00\x60\x2A\x88\xB5\x07", 7);
    to_vf();
    fake_rx(&fake_vf.qp[0], me, peer, 8, (struct weir_rx_info){.vlan_stripped = true, .vlan_tci = 5});
    run(1);
    assert_int_equal(t.len, 68);
    assert_memory_equal(t.frame + 12, "\x81\x00\x00\x05\x88\xB5\x08", 7);
}

static void the_parent_says_carrier_reason_and_drops(void **state) {
    struct weir_msg_status m = {.version = 1, .why = WEIR_WHY_NO_RESOURCES, .no_carrier = 1, .refused = 7};
    struct weir_msg_dropped d = {.version = 1, .dropped = 9};
    (void)state;
    assert_true(weir_netvsc_carrier(t.sc));
    host(WEIR_MSG_STATUS, &m, sizeof(m));
    run(1);
    assert_false(weir_netvsc_carrier(t.sc));
    assert_int_equal(weir_netvsc_stats(t.sc)->tx_refused, 7);
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_NO_RESOURCES);
    assert_int_equal(weir_channel_send(t.host, WEIR_MSG_DROPPED, &d, sizeof(d), NULL, 0, 0), 0);
    run(1);
    assert_int_equal(weir_netvsc_stats(t.sc)->rx_dropped, 9);
    m.no_carrier = 0;
    m.why = 200; // no reason that this adapter knows
    host(WEIR_MSG_STATUS, &m, sizeof(m));
    run(1);
    assert_true(weir_netvsc_carrier(t.sc));
    assert_int_equal(weir_netvsc_why(t.sc), WEIR_WHY_NO_RESOURCES);
}

static char said[1024];

static void tell(void *ctx, const char *line) {
    (void)ctx;
    snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s;", line);
}

// What waited for a hand-over is said once it is over, and kept for the guest's own people.
static void hand_overs_are_told_with_what_waited(void **state) {
    const struct weir_netvsc_move *r;
    (void)state;
    run(1);
    assert_false(weir_netvsc_path(t.sc).vf);
    to_vf();
    run(1);
    expect_host("");
    assert_int_equal(t.num_moved, 1);
    assert_true(t.moved.to_vf == 1 && t.moved.token == TOKEN && t.moved.dropped == 0);
    assert_true(weir_netvsc_path(t.sc).vf && weir_netvsc_path(t.sc).since_us != 0);
    host_detach(WEIR_MSG_DETACH_REQUEST);
    run(1);
    send(1);
    send(2);
    expect_host("syn(0)");
    host_frame(30);
    run(1);
    host_complete(false, WEIR_OK);
    fake_fence(&fake_vf.qp[0], TOKEN, 5);
    fake_fence(&fake_vf.qp[1], TOKEN, 5);
    run(500);
    run(1);
    expect_host("released(0,0,0) 1 2");
    assert_int_equal(t.num_moved, 2);
    assert_true(t.moved.to_vf == 0 && t.moved.tx_held == 2 && t.moved.rx_held == 1);
    assert_int_equal(weir_netvsc_num_moves(t.sc), 2);
    r = weir_netvsc_move(t.sc, 1);
    assert_true(r != NULL && !r->to_vf && r->why == WEIR_WHY_MIGRATION && r->tx_held == 2 && r->rx_held == 1);
    assert_true(r->took_us >= 500 && weir_netvsc_path(t.sc).since_us == r->at_us && !weir_netvsc_path(t.sc).vf);
    assert_null(weir_netvsc_move(t.sc, 2));
    said[0] = '\0';
    guest_path(t.sc, weir_netvsc_stats(t.sc), tell, NULL);
    assert_non_null(strstr(said, "on the synthetic path for 0 ms: MIGRATION: live migration;synthetic: 2 sent"));
    assert_non_null(strstr(said, "held 2 sent and 1 received, dropped 0: MIGRATION;hand-over 0 to the VF"));
    to_vf(); // nothing waited for this one
    assert_int_equal(t.num_moved, 3);
    assert_true(t.moved.to_vf == 1 && t.moved.tx_held == 0 && t.moved.rx_held == 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    CASE(starts_on_the_synthetic_path),
    CASE(offloads_go_with_their_frames),
    CASE(to_vf_holds_the_vf_until_the_fence),
    CASE(a_foreign_fence_releases_nothing),
    CASE(refused_switch_rolls_back),
    CASE(a_late_driver_is_waited_for),
    CASE(a_guest_without_driver_declines),
    CASE(to_synthetic_holds_the_channel_until_every_ring_fenced),
    CASE(each_association_begins_anew),
    CASE(refused_move_back_stays_on_the_vf),
    CASE(detach_before_the_fence_waits_for_it),
    CASE(surprise_takes_what_the_vf_wrote_then_the_channel),
    CASE(surprise_before_the_fence_keeps_the_order),
    CASE(revoked_before_the_switch_lets_go),
    CASE(what_the_new_path_refuses_is_counted),
    CASE(a_vf_goes_on_without_a_parent),
    CASE(in_a_hand_over_nobody_is_alone),
    CASE(alone_a_lost_vf_is_the_end),
    CASE(a_lost_doorbell_is_looked_for),
    CASE(a_lost_vf_is_reported_and_waited_for),
    CASE(a_vf_lost_before_the_fence_is_not_sent_on),
    CASE(bounds_end_the_waits_on_the_vf),
    CASE(waits_for_the_parent_end_with_the_parent),
    CASE(a_slow_card_is_no_dead_card),
    CASE(a_vf_that_answers_no_read_is_gone),
    CASE(full_hold_queues_are_counted),
    CASE(each_frame_of_the_guest_has_one_disposition),
    CASE(full_paths_push_back),
    CASE(bad_messages_change_nothing),
    CASE(a_closed_channel_ends_it),
    CASE(echo_from_the_callback_keeps_order),
    CASE(the_guest_may_leave_by_itself),
    CASE(tags_are_in_the_frame_again),
    CASE(the_parent_says_carrier_reason_and_drops),
    CASE(hand_overs_are_told_with_what_waited),
};
UNIT_MAIN(tests)
