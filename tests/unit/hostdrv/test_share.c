// SPDX-License-Identifier: Apache-2.0
// Who gets a scarce VF, on numbers alone: each rule, and 16 guests on 4 VFs whose load changes at random, in which
// nobody is starved, nobody flaps, and the reserve and the pinned are left alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "share.h"
#include "unit.h"

#define N 16u
#define LOOK 100u // us; the times below are of the same order, so that a test sees many of them
#define HOLD 400u
#define TURN 2000u
#define BUSY 100000u // frames per second: ten a look
#define LONGEST 4u   // turns that a busy one of 16 waits for one of four VFs, those in front of it included

static struct {
    struct share s;
    struct share_guest guest[N];
    struct share_guest *all[N];
    unsigned rate[N]; // frames a look
    unsigned broken;  // these never take what they are given, a bit each
    int coming;       // guest on its way to (or, with `leaving`, from) a VF, -1 = none
    bool leaving;
    unsigned delay; // looks that a move takes
    unsigned left;
    unsigned vfs, count;
    uint64_t now, came[N];
    unsigned gives, takes, longest[N];
} w;

static unsigned used(void) {
    unsigned n = 0;
    for (unsigned i = 0; i < w.count; i++)
        n += w.guest[i].on_vf || w.guest[i].moving;
    return n;
}

static void begin(unsigned count, unsigned vfs, struct weir_vstack_share cfg) {
    memset(&w, 0, sizeof(w));
    w.count = count;
    w.vfs = vfs;
    w.coming = -1;
    w.now = 1000;
    cfg.on = true;
    cfg.look_us = LOOK;
    cfg.hold_us = HOLD;
    cfg.turn_us = TURN;
    cfg.busy = BUSY;
    share_set(&w.s, &cfg, w.now);
    for (unsigned i = 0; i < count; i++) {
        w.all[i] = &w.guest[i];
        w.guest[i].here = true;
    }
}

static void arrive(void) {
    struct share_guest *g = &w.guest[w.coming];
    if (w.left-- != 0)
        return;
    g->moving = false;
    g->on_vf = !w.leaving && (w.broken >> w.coming & 1) == 0;
    w.came[w.coming] = w.now;
    w.coming = -1;
}

// One look; what it decided is checked against what it may.
static struct share_move look(void) {
    struct share_move m;
    unsigned free_vfs;
    w.now += LOOK;
    if (w.coming >= 0)
        arrive();
    for (unsigned i = 0; i < w.count; i++) {
        w.guest[i].frames += w.rate[i];
        if (w.guest[i].on_vf || w.rate[i] < 12)
            w.longest[i] = 0;
        else
            w.longest[i]++;
    }
    free_vfs = w.vfs - used();
    m = share_look(&w.s, w.all, w.count, free_vfs, w.now);
    if (m.what == SHARE_NOTHING)
        return m;
    assert_true(m.guest < w.count && w.coming < 0);
    assert_true(w.came[m.guest] == 0 || w.now - w.came[m.guest] >= HOLD);
    w.coming = (int)m.guest;
    w.leaving = m.what == SHARE_TAKE;
    w.left = w.delay;
    if (w.leaving) {
        assert_true(w.guest[m.guest].on_vf && !w.guest[m.guest].pinned);
        w.takes++;
    } else {
        assert_true(!w.guest[m.guest].on_vf && !w.guest[m.guest].barred && free_vfs > w.s.cfg.reserve);
        w.gives++;
    }
    w.guest[m.guest].on_vf = false;
    w.guest[m.guest].moving = true;
    return m;
}

static void looks(unsigned n) {
    while (n-- != 0)
        (void)look();
}

static void expect_on_vf(unsigned guests) {
    unsigned got = 0;
    for (unsigned i = 0; i < w.count; i++)
        got |= w.guest[i].on_vf ? 1u << i : 0;
    assert_int_equal(got, guests);
}

#define UNLIMITED .burst = 1000, .per_s = 1000000

static void the_busy_get_what_is_free(void **state) {
    (void)state;
    begin(4, 2, (struct weir_vstack_share){UNLIMITED});
    w.rate[1] = 50;
    w.rate[3] = 5; // not busy
    looks(50);
    expect_on_vf(1u << 1);
    assert_int_equal(w.takes, 0);
    w.rate[1] = 0; // idle, and nobody else wants its VF
    looks(200);
    expect_on_vf(1u << 1);
}

static void off_it_does_nothing(void **state) {
    struct weir_vstack_share off = {.on = false};
    (void)state;
    begin(4, 2, (struct weir_vstack_share){UNLIMITED});
    share_set(&w.s, &off, w.now);
    w.rate[1] = 50;
    looks(200);
    assert_int_equal(w.gives + w.takes, 0);
}

static void the_longest_idle_yields_first(void **state) {
    (void)state;
    begin(4, 3, (struct weir_vstack_share){UNLIMITED});
    w.rate[0] = w.rate[1] = w.rate[2] = 50;
    looks(40);
    expect_on_vf(7);
    w.rate[1] = 0;
    looks(20);
    w.rate[0] = 0;
    looks(20);
    w.rate[3] = 20; // less than the busy one has, more than the idle
    looks(40);
    expect_on_vf(1u << 0 | 1u << 2 | 1u << 3);
}

static void the_reserve_stays_free(void **state) {
    (void)state;
    begin(8, 4, (struct weir_vstack_share){UNLIMITED, .reserve = 1});
    for (unsigned i = 0; i < 8; i++)
        w.rate[i] = 50;
    for (unsigned n = 0; n < 400; n++) {
        (void)look();
        assert_true(used() <= 3);
    }
    assert_true(w.takes > 4);
}

static void priority_and_pins_come_first(void **state) {
    (void)state;
    begin(4, 2, (struct weir_vstack_share){UNLIMITED});
    w.rate[0] = w.rate[1] = 500;
    looks(40);
    expect_on_vf(3);
    w.guest[2].priority = 1;
    w.rate[2] = 12; // busy is enough
    looks(40);
    assert_true(w.guest[2].on_vf);
    w.guest[3].pinned = true; // and idle
    looks(40);
    assert_true(w.guest[2].on_vf && w.guest[3].on_vf);
    looks(400); // neither is taken from, however long others wait
    expect_on_vf(1u << 2 | 1u << 3);
    w.guest[3].pinned = false;
    w.guest[3].barred = true;
    w.guest[3].on_vf = false; // its administrator took it
    looks(40);
    assert_true(w.guest[2].on_vf && used() == 2);
}

// Half the load is a difference, a little less is none.
static void much_more_load_wins(void **state) {
    (void)state;
    begin(2, 1, (struct weir_vstack_share){UNLIMITED});
    w.rate[0] = 100;
    looks(20);
    w.rate[1] = 150;
    looks(10);
    expect_on_vf(1);
    w.rate[1] = 300;
    looks(20);
    expect_on_vf(2);
}

static void equals_take_turns(void **state) {
    (void)state;
    begin(2, 1, (struct weir_vstack_share){UNLIMITED});
    w.rate[0] = w.rate[1] = 100;
    looks(10);
    expect_on_vf(1);
    looks(8);
    expect_on_vf(1); // the turn is not over
    for (unsigned n = 0; n < 2000; n++) {
        (void)look();
        assert_true(w.longest[0] <= 2 * TURN / LOOK && w.longest[1] <= 2 * TURN / LOOK);
    }
    assert_in_range(w.takes, 2000 / (TURN / LOOK + 5) - 5, 2000 / (TURN / LOOK));
}

// Who does not take what it is given is offered it ever more seldom.
static void who_cannot_use_it_waits_longer(void **state) {
    (void)state;
    begin(2, 1, (struct weir_vstack_share){UNLIMITED});
    w.broken = 1;
    w.rate[0] = 100;
    looks(10 * 64 * HOLD / LOOK);
    assert_in_range(w.gives, 8, 18);
    w.rate[1] = 20; // the VF is free for the other
    looks(200);
    expect_on_vf(2);
}

static void takes_are_counted_out(void **state) {
    unsigned held;
    (void)state;
    begin(8, 1, (struct weir_vstack_share){.burst = 3, .per_s = 1});
    for (unsigned i = 0; i < 8; i++)
        w.rate[i] = 100;
    looks(9900); // less than a second
    assert_int_equal(w.takes, 3);
    held = (unsigned)weir_rate_refused(&w.s.takes);
    assert_true(held > 1000); // and that is said
    looks(10000);
    assert_int_equal(w.takes, 4);
}

static uint32_t random_state;

static unsigned rnd(unsigned below) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

// Loads change all the time. Every guest that stays busy has a VF within the turns of those in front of it; nobody is
// moved twice within its hold, whatever its load does (look checks it).
static void sixteen_guests_on_four_vfs(void **state) {
    unsigned got[N] = {0};
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        random_state = seed;
        begin(N, 4, (struct weir_vstack_share){UNLIMITED});
        w.delay = 2;
        for (unsigned n = 0; n < 4000; n++) {
            if (rnd(10) == 0)
                w.rate[rnd(N)] = rnd(2) == 0 ? 0 : 12 + rnd(200);
            (void)look();
            for (unsigned i = 0; i < N; i++) {
                got[i] += w.guest[i].on_vf;
                assert_true(w.longest[i] < LONGEST * (TURN + HOLD) / LOOK);
            }
        }
        assert_true(w.gives - w.takes <= 4);
    }
    for (unsigned i = 0; i < N; i++)
        assert_true(got[i] > 20 * 4000 / N);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_busy_get_what_is_free),
    cmocka_unit_test(off_it_does_nothing),
    cmocka_unit_test(the_longest_idle_yields_first),
    cmocka_unit_test(the_reserve_stays_free),
    cmocka_unit_test(priority_and_pins_come_first),
    cmocka_unit_test(much_more_load_wins),
    cmocka_unit_test(equals_take_turns),
    cmocka_unit_test(who_cannot_use_it_waits_longer),
    cmocka_unit_test(takes_are_counted_out),
    cmocka_unit_test(sixteen_guests_on_four_vfs),
};
UNIT_MAIN(tests)
