// SPDX-License-Identifier: Apache-2.0
// The channel's rings: order through many wraps, full rings, wake-ups, and a peer that writes what it likes into the
// area.
#include <errno.h>
#include <stdlib.h>

#include "unit.h"
#include "weir/channel.h"

#define RING 4096u
#define BYTES WEIR_CHANNEL_BYTES(RING)
// Where the shared words of the guest's sending ring lie (channel.c); the host's are 128 bytes on.
#define TAIL 64u
#define HEAD 128u
#define DATA WEIR_CHANNEL_HEADER

struct pair {
    uint8_t *area;
    struct weir_channel *guest, *host;
    unsigned host_woken, guest_woken;
};

static uint64_t seed = 7;
static uint32_t rnd(void) {
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)(seed * 0x2545F4914F6CDD1Dull >> 32);
}

static void count(void *ctx) {
    ++*(unsigned *)ctx;
}

static void open_pair(struct pair *p) {
    memset(p, 0, sizeof(*p));
    p->area = malloc(BYTES); // exactly, so that a byte beyond it is a sanitizer's report
    assert_non_null(p->area);
    assert_int_equal(weir_channel_init(p->area, BYTES), 0);
    assert_int_equal(weir_channel_attach(p->area, BYTES, WEIR_CHANNEL_GUEST, &p->guest), 0);
    assert_int_equal(weir_channel_attach(p->area, BYTES, WEIR_CHANNEL_HOST, &p->host), 0);
    weir_channel_set_notify(p->guest, count, &p->host_woken);
    weir_channel_set_notify(p->host, count, &p->guest_woken);
}

static void close_pair(struct pair *p) {
    weir_channel_detach(p->guest);
    weir_channel_detach(p->host);
    free(p->area);
}

static void word(struct pair *p, unsigned at, uint32_t value) {
    memcpy(p->area + at, &value, 4);
}

static int send_n(struct weir_channel *ch, uint32_t number, size_t len, size_t reserve) {
    uint8_t body[RING];
    for (size_t i = 0; i < len; i++)
        body[i] = (uint8_t)(number * 7 + i);
    return weir_channel_send(ch, 100 + number % 50, &number, 4, body, len, reserve);
}

static void take_n(struct weir_channel *ch, uint32_t number, size_t len) {
    uint8_t got[RING];
    uint32_t type, n;
    size_t size;
    assert_int_equal(weir_channel_peek(ch, &type, &size), 1);
    assert_int_equal(type, 100 + number % 50);
    assert_int_equal(size, 4 + len);
    assert_int_equal(weir_channel_recv(ch, got, sizeof(got)), (int)(4 + len));
    memcpy(&n, got, 4);
    assert_int_equal(n, number);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(got[4 + i], (uint8_t)(number * 7 + i));
}

static void messages_keep_order_through_many_wraps(void **state) {
    struct pair p;
    uint16_t len[512];
    uint32_t sent = 0, taken = 0;
    (void)state;
    open_pair(&p);
    while (taken < 50000) {
        uint16_t n = (uint16_t)(rnd() % 16 == 0 ? rnd() % 2030 : rnd() % 120);
        if (rnd() % 2 != 0 && sent - taken < 512 && send_n(p.guest, sent, n, 0) == 0)
            len[sent++ % 512] = n;
        if (rnd() % 2 != 0 && taken != sent) {
            take_n(p.host, taken, len[taken % 512]);
            taken++;
        }
    }
    close_pair(&p);
}

static void full_ring_refuses_and_takes_again(void **state) {
    struct pair p;
    uint32_t sent = 0;
    (void)state;
    open_pair(&p);
    while (send_n(p.guest, sent, 92, 0) == 0)
        sent++;
    assert_int_equal(sent, RING / 104);
    assert_int_equal(send_n(p.guest, sent, 92, 0), -ENOSPC);
    assert_true(weir_channel_room(p.guest) < 104);
    take_n(p.host, 0, 92);
    // The freed place is at the ring's start: the gap at the end is padded over.
    assert_int_equal(send_n(p.guest, sent, 8, 0), 0);
    for (uint32_t i = 1; i < sent; i++)
        take_n(p.host, i, 92);
    take_n(p.host, sent, 8);
    assert_int_equal(weir_channel_peek(p.host, NULL, NULL), 0);
    assert_int_equal(weir_channel_room(p.guest), RING);
    close_pair(&p);
}

static void reserve_is_kept_for_those_who_need_it(void **state) {
    struct pair p;
    uint32_t sent = 0;
    (void)state;
    open_pair(&p);
    while (send_n(p.guest, sent, 100, 512) == 0)
        sent++;
    assert_true(weir_channel_room(p.guest) >= 512);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(send_n(p.guest, sent + i, 100, 0), 0);
    close_pair(&p);
}

static void wakes_the_peer_when_it_may_sleep(void **state) {
    struct pair p;
    uint32_t sent = 0;
    (void)state;
    open_pair(&p);
    assert_int_equal(send_n(p.guest, sent++, 1, 0), 0);
    assert_int_equal(p.host_woken, 1);
    assert_int_equal(send_n(p.guest, sent++, 1, 0), 0);
    assert_int_equal(p.host_woken, 1); // it has something to read already
    take_n(p.host, 0, 1);
    take_n(p.host, 1, 1);
    assert_int_equal(p.guest_woken, 0);
    assert_int_equal(send_n(p.guest, sent, 1, 0), 0);
    assert_int_equal(p.host_woken, 2);
    take_n(p.host, sent++, 1);
    while (send_n(p.guest, sent, 200, 0) == 0)
        sent++;
    assert_int_equal(p.guest_woken, 0);
    take_n(p.host, 3, 200);
    assert_int_equal(p.guest_woken, 1); // there is room again
    take_n(p.host, 4, 200);
    assert_int_equal(p.guest_woken, 1);
    close_pair(&p);
}

static void wrong_sizes_are_refused(void **state) {
    struct pair p;
    uint8_t big[RING] = {0}, small[16];
    (void)state;
    open_pair(&p);
    assert_int_equal(weir_channel_send(p.guest, 1, NULL, 0, big, RING / 2 - 7, 0), -EMSGSIZE);
    assert_int_equal(weir_channel_send(p.guest, 1, NULL, 0, big, SIZE_MAX - 4, 0), -EMSGSIZE);
    assert_int_equal(weir_channel_send(p.guest, 0, NULL, 0, big, 4, 0), -EMSGSIZE); // the pad's type
    assert_int_equal(weir_channel_send(p.guest, 1, NULL, 0, big, 4, SIZE_MAX), -ENOSPC);
    assert_int_equal(weir_channel_send(p.guest, 1, NULL, 0, big, RING / 2 - 8, 0), 0);
    assert_int_equal(weir_channel_recv(p.host, small, sizeof(small)), -EMSGSIZE);
    assert_int_equal(weir_channel_recv(p.host, big, sizeof(big)), (int)(RING / 2 - 8)); // it stayed
    assert_int_equal(weir_channel_recv(p.host, big, sizeof(big)), -EAGAIN);
    assert_int_equal(weir_channel_send(p.guest, 1, NULL, 0, big, 100, 0), 0);
    assert_int_equal(weir_channel_recv(p.host, NULL, 0), 100); // thrown away
    assert_int_equal(weir_channel_peek(p.host, NULL, NULL), 0);
    close_pair(&p);
}

static void close_is_seen_behind_the_last_message(void **state) {
    struct pair p;
    (void)state;
    open_pair(&p);
    assert_int_equal(send_n(p.guest, 0, 10, 0), 0);
    weir_channel_close(p.guest);
    assert_int_equal(send_n(p.guest, 1, 10, 0), -EPIPE);
    assert_int_equal(send_n(p.host, 1, 10, 0), -EPIPE);
    assert_int_equal(weir_channel_room(p.host), 0);
    take_n(p.host, 0, 10);
    assert_int_equal(weir_channel_peek(p.host, NULL, NULL), -EPIPE);
    assert_int_equal(weir_channel_recv(p.host, NULL, 0), -EPIPE);
    close_pair(&p);
}

static void only_a_channel_is_attached_to(void **state) {
    uint8_t *area = calloc(1, BYTES);
    struct weir_channel *ch;
    (void)state;
    assert_int_equal(weir_channel_init(area, BYTES - 1), -EINVAL);
    assert_int_equal(weir_channel_init(area, WEIR_CHANNEL_BYTES(2048)), -EINVAL);
    assert_int_equal(weir_channel_init(area, WEIR_CHANNEL_BYTES(4096 + 8)), -EINVAL);
    assert_int_equal(weir_channel_init(area + 1, BYTES), -EINVAL);
    assert_int_equal(weir_channel_attach(area, BYTES, WEIR_CHANNEL_HOST, &ch), -EPROTO);
    assert_int_equal(weir_channel_init(area, BYTES), 0);
    area[4]++; // version
    assert_int_equal(weir_channel_attach(area, BYTES, WEIR_CHANNEL_HOST, &ch), -EPROTO);
    area[4]--;
    area[9]++; // ring size
    assert_int_equal(weir_channel_attach(area, BYTES, WEIR_CHANNEL_HOST, &ch), -EPROTO);
    free(area);
}

// Whatever a hostile guest writes as its index, the host says EPROTO and never reads beyond the ring.
static void hostile_tails_break_the_channel(void **state) {
    static const uint32_t bad[] = {1, 7, 4, RING + 8, RING * 2, 0x80000000u, 0xFFFFFFF8u, 0xFFFFFFFFu};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pair p;
        open_pair(&p);
        word(&p, TAIL, bad[i]);
        assert_int_equal(weir_channel_peek(p.host, NULL, NULL), -EPROTO);
        word(&p, TAIL, 0);
        assert_int_equal(weir_channel_recv(p.host, NULL, 0), -EPROTO); // for good
        assert_int_equal(send_n(p.host, 0, 4, 0), -EPROTO);
        close_pair(&p);
    }
}

static void hostile_heads_break_the_channel(void **state) {
    static const uint32_t bad[] = {3, 8, RING, 0x80000000u, 0xFFFFEFF8u};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pair p;
        open_pair(&p);
        word(&p, HEAD + 128, bad[i]);
        assert_int_equal(weir_channel_room(p.host), 0);
        assert_int_equal(send_n(p.host, 0, 4, 0), -EPROTO);
        assert_int_equal(weir_channel_peek(p.host, NULL, NULL), -EPROTO);
        close_pair(&p);
    }
}

static void hostile_lengths_break_the_channel(void **state) {
    // type, length, tail: longer than what is there, than the ring, a pad that ends nowhere, a pad at the start.
    static const uint32_t bad[][3] = {
        {1, 9, 16},   {1, 0xFFFFFFFFu, RING}, {1, 0xFFFFFFF8u, RING},  {1, RING - 8, RING},
        {0, 8, RING}, {0, RING - 8, RING},    {1, RING / 2 + 1, RING}, {0, 0, 8}};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pair p;
        open_pair(&p);
        word(&p, DATA, bad[i][0]);
        word(&p, DATA + 4, bad[i][1]);
        word(&p, TAIL, bad[i][2]);
        assert_int_equal(weir_channel_peek(p.host, NULL, NULL), -EPROTO);
        close_pair(&p);
    }
}

// A message across the ring's end would be read beyond the area.
static void message_across_the_end_breaks_the_channel(void **state) {
    struct pair p;
    (void)state;
    open_pair(&p);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(send_n(p.guest, i, 2028, 0), 0);
        take_n(p.host, i, 2028); // 2040 bytes each
    }
    word(&p, DATA + 4080, 5);
    word(&p, DATA + 4084, 16);
    word(&p, TAIL, 4080 + 24);
    assert_int_equal(weir_channel_peek(p.host, NULL, NULL), -EPROTO);
    close_pair(&p);
}

static void a_header_is_read_once(void **state) {
    struct pair p;
    uint8_t got[64];
    size_t len;
    uint32_t type;
    (void)state;
    open_pair(&p);
    assert_int_equal(send_n(p.guest, 3, 12, 0), 0);
    assert_int_equal(weir_channel_peek(p.host, &type, &len), 1);
    word(&p, DATA, 77);
    word(&p, DATA + 4, 2000); // the guest changes its mind after the check (threat T1)
    assert_int_equal(weir_channel_peek(p.host, &type, &len), 1);
    assert_int_equal(type, 103);
    assert_int_equal(len, 16);
    assert_int_equal(weir_channel_recv(p.host, got, sizeof(got)), 16);
    assert_int_equal(weir_channel_peek(p.host, NULL, NULL), 0);
    close_pair(&p);
}

// The guest scribbles over the whole area while the host works: errors are fine, sanitizers' reports and hangs are not.
static void scribbling_peer_harms_nobody(void **state) {
    unsigned protocol_errors = 0;
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct pair p;
        uint8_t got[256];
        open_pair(&p);
        for (unsigned i = 0; i < 30; i++) {
            unsigned at = rnd() % 3 == 0 ? TAIL + rnd() % 256 : rnd() % (unsigned)BYTES;
            if (rnd() % 4 == 0)
                word(&p, (at & ~7u) < BYTES - 4 ? at & ~7u : 0, rnd() % 8 == 0 ? rnd() : (rnd() % 520) * 8);
            (void)send_n(p.guest, i, rnd() % 200, 0);
            (void)send_n(p.host, i, rnd() % 200, 0);
            protocol_errors += weir_channel_recv(p.host, got, sizeof(got)) == -EPROTO;
            (void)weir_channel_recv(p.host, NULL, 0);
            (void)weir_channel_room(p.host);
        }
        close_pair(&p);
    }
    assert_true(protocol_errors > 100);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(messages_keep_order_through_many_wraps),
    cmocka_unit_test(full_ring_refuses_and_takes_again),
    cmocka_unit_test(reserve_is_kept_for_those_who_need_it),
    cmocka_unit_test(wakes_the_peer_when_it_may_sleep),
    cmocka_unit_test(wrong_sizes_are_refused),
    cmocka_unit_test(close_is_seen_behind_the_last_message),
    cmocka_unit_test(only_a_channel_is_attached_to),
    cmocka_unit_test(hostile_tails_break_the_channel),
    cmocka_unit_test(hostile_heads_break_the_channel),
    cmocka_unit_test(hostile_lengths_break_the_channel),
    cmocka_unit_test(message_across_the_end_breaks_the_channel),
    cmocka_unit_test(a_header_is_read_once),
    cmocka_unit_test(scribbling_peer_harms_nobody),
};
UNIT_MAIN(tests)
