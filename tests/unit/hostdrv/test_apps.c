// SPDX-License-Identifier: Apache-2.0
// The parts of the programs that need no card: who gets a place, how often somebody may do something, and text from
// outside on its way to a terminal or JSON.
#include <stdlib.h>

#include "seats.h"
#include "text.h"
#include "unit.h"
#include "weir/rate.h"

// ---- places ----

static struct seats seats;
enum { OWN = 1000 };

static int sit(uid_t uid, uint64_t now, bool *taken) {
    int i = seats_find(&seats, uid, true, taken);
    if (i >= 0) {
        if (*taken)
            seats_leave(&seats, (unsigned)i);
        seats_sit(&seats, (unsigned)i, uid, now);
    }
    return i;
}

static unsigned of(uid_t uid) {
    unsigned n = 0;
    for (unsigned i = 0; i < seats.count; i++)
        n += seats.seat[i].taken && seats.seat[i].uid == uid;
    return n;
}

static void nobody_is_kept_out(void **state) {
    static const uid_t who[] = {7, 8, 9, OWN, 0};
    uint64_t now = 0;
    bool taken;

    (void)state;
    seats = (struct seats){.count = 16, .per_user = 6, .reserved = 4, .own = OWN};
    for (unsigned i = 0; i < 100; i++)
        assert_true(sit(7, ++now, &taken) >= 0);
    assert_int_equal(of(7), 6);
    for (unsigned i = 0; i < 6; i++)
        assert_true(sit(8, ++now, &taken) >= 0 && !taken);
    assert_int_equal(of(7) + of(8), 12); // all that is not reserved
    assert_true(sit(9, ++now, &taken) >= 0 && taken);
    assert_int_equal(of(9), 1);
    for (unsigned i = 0; i < 4; i++)
        assert_true(sit(OWN, ++now, &taken) >= 0 && !taken);
    assert_true(sit(0, ++now, &taken) >= 0 && taken);
    for (unsigned i = 0; i < 5; i++)
        assert_true(of(who[i]) >= 1);
}

static void the_longest_silent_makes_room(void **state) {
    bool taken;
    (void)state;
    seats = (struct seats){.count = 4, .per_user = 2, .reserved = 0, .own = OWN};
    assert_int_equal(sit(7, 1, &taken), 0);
    assert_int_equal(sit(7, 2, &taken), 1);
    seats_stir(&seats, 0, 3);
    assert_int_equal(sit(7, 4, &taken), 1);
    assert_int_equal(seats_find(&seats, 7, false, &taken), -1); // unless nobody is to go
    assert_int_equal(sit(OWN, 5, &taken), 2);
    assert_int_equal(sit(OWN, 6, &taken), 3);
    // Strangers do not push out our own; our own push out whoever has most and is silent longest.
    assert_int_equal(sit(9, 7, &taken), 0);
    assert_int_equal(of(OWN), 2);
    assert_int_equal(sit(0, 8, &taken), 2);
    assert_int_equal(of(OWN), 1);
}

// ---- rates ----

static void bursts_end_and_are_counted(void **state) {
    struct weir_rate r;
    unsigned n = 0;
    (void)state;
    weir_rate_init(&r, 5, 10, 1000);
    for (unsigned i = 0; i < 100; i++)
        n += weir_rate_take(&r, 1000 + i);
    assert_int_equal(n, 5);
    assert_int_equal(weir_rate_refused(&r), 95);
    assert_int_equal(weir_rate_refused(&r), 0);
    for (uint64_t us = 0; us < 10000000; us += 30) // time in small pieces is not lost
        n += weir_rate_take(&r, 1100 + us);
    assert_in_range(n, 5 + 99, 5 + 101);
    assert_true(weir_rate_take(&r, 3600000000u)); // and does not add up to more than a burst
    for (n = 0; weir_rate_take(&r, 3600000001u); n++)
        ;
    assert_int_equal(n, 4);
}

// ---- text ----

static void strangers_move_no_cursor(void **state) {
    char out[64], tight[8];
    (void)state;
    assert_string_equal(text_clean(out, sizeof(out), "plain ~text"), "plain ~text");
    assert_string_equal(text_clean(out, sizeof(out), "\x1b[2J\n\x7f\xe2\x80\xae"), "\\x1b[2J\\x0a\\x7f\\xe2\\x80\\xae");
    assert_string_equal(text_clean(tight, sizeof(tight), "abc\x1b\x1b"), "abc\\x1b"); // no half of an escape
    for (unsigned c = 1; c < 256; c++) {
        const char one[2] = {(char)c, '\0'};
        for (const char *o = text_clean(out, sizeof(out), one); *o != '\0'; o++)
            assert_true(*o >= ' ' && *o <= '~');
    }
}

static const char *as_ascii(const char *json) {
    static char text[256];
    FILE *f = fmemopen(text, sizeof(text), "w");
    assert_non_null(f);
    text_json(f, json);
    fclose(f);
    return text;
}

static void json_is_ascii(void **state) {
    (void)state;
    assert_string_equal(as_ascii("{\"a\": \"b\"}\n"), "{\"a\": \"b\"}\n\n");
    assert_string_equal(as_ascii("\"\xc3\xa4\xe2\x80\xae\xf0\x9f\x98\x80\""), "\"\\u00e4\\u202e\\ud83d\\ude00\"\n");
    assert_string_equal(as_ascii("\"\xff\xc0\x80\xed\xa0\x80\x7f\""),
                        "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\u007f\"\n");
    assert_string_equal(as_ascii("\xf0\x9f"), "\\ufffd\\ufffd\n"); // cut short
}

static void addresses_are_unicast(void **state) {
    static const char *const bad[] = {"00:00:00:00:00:00",    "01:00:00:00:00:01", "02:00:00:00:00",
                                      "02-00-00-00-00-01",    "2:00:00:00:00:001", "02:00:00:00:00:0g",
                                      "02:00:00:00:00:01:02", " 2:00:00:00:00:01", ""};
    uint8_t mac[6];
    char text[18];
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(text_mac(bad[i], mac));
    assert_true(text_mac("02:aB:00:ff:10:01", mac));
    assert_string_equal(text_of_mac(text, mac), "02:ab:00:ff:10:01");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nobody_is_kept_out),
    cmocka_unit_test(the_longest_silent_makes_room),
    cmocka_unit_test(bursts_end_and_are_counted),
    cmocka_unit_test(strangers_move_no_cursor),
    cmocka_unit_test(json_is_ascii),
    cmocka_unit_test(addresses_are_unicast),
};
UNIT_MAIN(tests)
