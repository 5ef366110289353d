// SPDX-License-Identifier: Apache-2.0
// A guest's policy: what passes, under which reason what does not, and its words (threats T13, T28).
#include "unit.h"

#include <stdio.h>

#include "weir/policy.h"

#define LEN 64u

static struct weir_policy p;

static int setup(void **state) {
    (void)state;
    weir_policy_default(&p);
    return 0;
}

static void set(const char *key, const char *value) {
    char err[160] = "";
    if (weir_policy_set(&p, key, value, err, sizeof(err)) != 0)
        fail_msg("%s %s: %s", key, value, err);
}

// A frame of the guest's with these 16-bit words from its EtherType on; 0 ends them.
static const uint8_t *frame(const uint16_t *word) {
    static uint8_t f[LEN];
    memset(f, 0, sizeof(f));
    memcpy(f, "\x02\x57\x00\x00\x00\x09\x02\x57\x00\x00\x00\x01", 12);
    for (unsigned i = 0; word[i] != 0 || (i % 2 == 1 && i < 7); i++) {
        f[12 + 2 * i] = (uint8_t)(word[i] >> 8);
        f[13 + 2 * i] = (uint8_t)word[i];
    }
    return f;
}
#define FRAME(...) frame((const uint16_t[12]){__VA_ARGS__})

static enum weir_verdict tx(const uint8_t *f) {
    return weir_policy_tx(&p, f, LEN, NULL, true);
}

static enum weir_verdict rx(const uint8_t *f) {
    bool untag;
    return weir_policy_rx(&p, f, LEN, false, 0, &untag);
}

static void control_frames_are_found_behind_two_tags_and_nothing_hides_behind_three(void **state) {
    (void)state;
    assert_int_equal(tx(FRAME(0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x8808)), WEIR_DROP_CTRL);
    assert_int_equal(tx(FRAME(0x8100, 5, 0x8808)), WEIR_DROP_CTRL);
    assert_int_equal(tx(FRAME(0x88A8, 5, 0x8808)), WEIR_DROP_CTRL);
    assert_int_equal(tx(FRAME(0x88A8, 5, 0x8100, 6, 0x8808)), WEIR_DROP_CTRL);
    assert_int_equal(tx(FRAME(0x8100, 5, 0x8100, 6, 0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x8100, 5, 0x8100, 6, 0x8100, 7, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(tx(FRAME(0x8100, 5, 0x8100, 6, 0x88A8, 7, 0x8808)), WEIR_DROP_VLAN);
    assert_int_equal(tx(FRAME(0x8100, 0x0FFF, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(tx(FRAME(0x8100, 5, 0x88A8, 0xEFFF, 0x0800)), WEIR_DROP_VLAN);
}

// Padded on the wire it would be whole, and name any VLAN.
static void a_tag_that_the_end_cuts_is_none_of_its_own(void **state) {
    (void)state;
    for (size_t len = WEIR_MIN_FRAME; len < 24; len++) {
        const uint8_t *f = FRAME(0x8100, 5, 0x88A8, 6, 0x0800);
        assert_int_equal(weir_policy_tx(&p, f, len, NULL, true), len < 22 ? WEIR_DROP_VLAN : WEIR_PASS);
        f = FRAME(0x8100, 5, 0x0800);
        assert_int_equal(weir_policy_tx(&p, f, len, NULL, true), len < 18 ? WEIR_DROP_VLAN : WEIR_PASS);
    }
}

static void a_tag_to_be_inserted_counts_as_the_first(void **state) {
    struct weir_tx_offload o = {.flags = WEIR_TX_VLAN, .vlan_tci = 0x0FFF};
    (void)state;
    assert_int_equal(weir_policy_tx(&p, FRAME(0x0800), LEN, &o, true), WEIR_DROP_VLAN);
    o.vlan_tci = 7;
    assert_int_equal(weir_policy_tx(&p, FRAME(0x8808), LEN, &o, true), WEIR_DROP_CTRL);
    assert_int_equal(weir_policy_tx(&p, FRAME(0x88A8, 5, 0x8100, 6, 0x0800), LEN, &o, true), WEIR_DROP_VLAN);
    set("vlan", "trunk:7");
    assert_int_equal(weir_policy_tx(&p, FRAME(0x0800), LEN, &o, true), WEIR_PASS);
    o.vlan_tci = 8;
    assert_int_equal(weir_policy_tx(&p, FRAME(0x0800), LEN, &o, true), WEIR_DROP_VLAN);
    set("vlan", "port:8");
    assert_int_equal(weir_policy_tx(&p, FRAME(0x0800), LEN, &o, true), WEIR_DROP_VLAN);
}

static void sources_and_sizes(void **state) {
    uint8_t f[LEN];
    static uint8_t big[WEIR_MAX_FRAME + 1];
    struct weir_tx_offload o = {.flags = WEIR_TX_VLAN, .vlan_tci = 5};
    (void)state;
    memcpy(f, FRAME(0x0800), LEN);
    memcpy(big, f, LEN);
    assert_int_equal(weir_policy_tx(&p, f, LEN, NULL, false), WEIR_DROP_SPOOF);
    assert_int_equal(weir_policy_tx(&p, f, WEIR_MIN_FRAME - 1, NULL, true), WEIR_DROP_SIZE);
    assert_int_equal(weir_policy_tx(&p, big, WEIR_MAX_FRAME, NULL, true), WEIR_PASS);
    assert_int_equal(weir_policy_tx(&p, big, WEIR_MAX_FRAME + 1, NULL, true), WEIR_DROP_SIZE);
    assert_int_equal(weir_policy_tx(&p, big, WEIR_MAX_FRAME - 3, &o, true), WEIR_DROP_SIZE);
    set("spoofchk", "off");
    assert_int_equal(weir_policy_tx(&p, f, LEN, NULL, false), WEIR_PASS);
    f[6] |= 1; // a group address is nobody's
    assert_int_equal(weir_policy_tx(&p, f, LEN, NULL, true), WEIR_DROP_SPOOF);
}

static void reserved_groups_need_trust_and_reach_no_guest(void **state) {
    uint8_t f[LEN];
    (void)state;
    memcpy(f, FRAME(0x88CC), LEN);
    for (unsigned last = 0; last < 0x12; last++) {
        memcpy(f, "\x01\x80\xC2\x00\x00", 5);
        f[5] = (uint8_t)last;
        assert_int_equal(tx(f), last < 0x10 ? WEIR_DROP_CTRL : WEIR_PASS);
        assert_int_equal(rx(f), last < 0x10 ? WEIR_DROP_CTRL : WEIR_PASS);
    }
    f[5] = 0x0E;
    set("trust", "on");
    assert_int_equal(tx(f), WEIR_PASS);
    assert_int_equal(rx(f), WEIR_DROP_CTRL);
}

static void vlan_truth_table(void **state) {
    (void)state;
    set("vlan", "trunk:0,10,20-29");
    assert_int_equal(tx(FRAME(0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x8100, 0xE000, 0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x8100, 10, 0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x8100, 29, 0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x8100, 30, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(tx(FRAME(0x8100, 10, 0x8100, 11, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(tx(FRAME(0x88A8, 10, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(rx(FRAME(0x8100, 30, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(rx(FRAME(0x8100, 20, 0x0800)), WEIR_PASS);
    set("stags", "on");
    assert_int_equal(tx(FRAME(0x8100, 10, 0x8100, 11, 0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x88A8, 10, 0x0800)), WEIR_PASS); // VLAN 0 to a bridge of C-VLANs
    set("vlan", "trunk:10");
    assert_int_equal(tx(FRAME(0x88A8, 10, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(rx(FRAME(0x88A8, 10, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(rx(FRAME(0x0800)), WEIR_DROP_VLAN);
}

static void a_port_vlan_has_one_tag_and_the_guest_never_sees_it(void **state) {
    bool untag = false;
    (void)state;
    set("vlan", "port:42:3");
    assert_int_equal(p.tci, 3u << 13 | 42);
    assert_int_equal(tx(FRAME(0x0800)), WEIR_PASS);
    assert_int_equal(tx(FRAME(0x8100, 42, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(tx(FRAME(0x8100, 0x2000, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(tx(FRAME(0x88A8, 42, 0x0800)), WEIR_DROP_VLAN);
    assert_int_equal(weir_policy_rx(&p, FRAME(0x0800), LEN, true, 42, &untag), WEIR_PASS);
    assert_true(untag);
    assert_int_equal(weir_policy_rx(&p, FRAME(0x8100, 42, 0x0800), LEN, false, 0, &untag), WEIR_PASS);
    assert_int_equal(weir_policy_rx(&p, FRAME(0x0800), LEN, true, 43, &untag), WEIR_DROP_VLAN);
    assert_int_equal(weir_policy_rx(&p, FRAME(0x0800), LEN, false, 0, &untag), WEIR_DROP_VLAN);
    assert_int_equal(weir_policy_rx(&p, FRAME(0x88A8, 42, 0x0800), LEN, false, 0, &untag), WEIR_DROP_VLAN);
    set("stags", "on");
    assert_int_equal(tx(FRAME(0x88A8, 42, 0x0800)), WEIR_PASS);
    set("vlan", "any");
    assert_int_equal(weir_policy_rx(&p, FRAME(0x0800), LEN, true, 43, &untag), WEIR_PASS);
    assert_false(untag);
}

static void words_come_back_as_they_went_in(void **state) {
    static const char *const good[][2] = {
        {"vlan", "any"},
        {"vlan", "port:1"},
        {"vlan", "port:4094:7"},
        {"vlan", "trunk:0"},
        {"vlan", "trunk:0-4094"},
        {"vlan", "trunk:1,3,5-9"},
        {"stags", "on"},
        {"spoofchk", "off"},
        {"trust", "on"},
        {"learn", "on"},
        {"max-mac", "16"},
        {"link", "down"},
        {"link", "follow"},
        {"rate", "200000"},
        {"rate", "0"},
        {"weight", "15"},
        {"vlan", "trunk:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"},
    };
    char value[160];
    (void)state;
    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char err[160];
        set(good[i][0], good[i][1]);
        assert_true(weir_policy_get(&p, good[i][0], value, sizeof(value)));
        assert_string_equal(value, good[i][1]);
        assert_int_equal(weir_policy_check(&p, err, sizeof(err)), 0);
    }
    set("trunk", "all");
    assert_true(weir_policy_get(&p, "vlan", value, sizeof(value)));
    assert_string_equal(value, "trunk:0-4094");
    set("trunk", "7,9");
    assert_true(weir_policy_get(&p, "vlan", value, sizeof(value)));
    assert_string_equal(value, "trunk:7,9");
    set("vlan", "42");
    assert_true(weir_policy_get(&p, "vlan", value, sizeof(value)));
    assert_string_equal(value, "port:42");
    for (unsigned i = 0; weir_policy_key(i) != NULL; i++)
        assert_true(weir_policy_get(&p, weir_policy_key(i), value, sizeof(value)));
    assert_false(weir_policy_get(&p, "colour", value, sizeof(value)));
}

static void wrong_words_change_nothing(void **state) {
    static const char *const bad[][2] = {
        {"vlan", ""},
        {"vlan", "port"},
        {"vlan", "port:"},
        {"vlan", "port:0"},
        {"vlan", "port:4095"},
        {"vlan", "port:1:8"},
        {"vlan", "port:1:"},
        {"vlan", "port:-1"},
        {"vlan", "port: 1"},
        {"vlan", "trunk:"},
        {"vlan", "trunk:5-3"},
        {"vlan", "trunk:3,2"},
        {"vlan", "trunk:1,1"},
        {"vlan", "trunk:1,"},
        {"vlan", "trunk:4095"},
        {"vlan", "trunk:1-2-3"},
        {"trunk", "any"},
        {"trunk", ""},
        {"vlan", "0"},
        {"vlan", "4095"},
        {"vlan", "5x"},
        {"vlan", "trunk:0x1"},
        {"vlan", "trunk:,1"},
        {"stags", "yes"},
        {"spoofchk", ""},
        {"trust", "ON"},
        {"learn", "1"},
        {"max-mac", "0"},
        {"max-mac", "17"},
        {"link", "sideways"},
        {"rate", "200001"},
        {"rate", "-1"},
        {"rate", "1.5"},
        {"rate", "99999999999999999999"},
        {"weight", "0"},
        {"weight", "16"},
        {"colour", "red"},
        {"vlan", "trunk:1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33"},
        {"vlan", "trunk:1111111111111111111111"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct weir_policy before = p;
        char err[200] = "";
        if (weir_policy_set(&p, bad[i][0], bad[i][1], err, sizeof(err)) == 0)
            fail_msg("%s '%s' was taken", bad[i][0], bad[i][1]);
        assert_memory_equal(&p, &before, sizeof(p));
        assert_true(err[0] != '\0');
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, NULL)

static const struct CMUnitTest tests[] = {
    CASE(control_frames_are_found_behind_two_tags_and_nothing_hides_behind_three),
    CASE(a_tag_that_the_end_cuts_is_none_of_its_own),
    CASE(a_tag_to_be_inserted_counts_as_the_first),
    CASE(sources_and_sizes),
    CASE(reserved_groups_need_trust_and_reach_no_guest),
    CASE(vlan_truth_table),
    CASE(a_port_vlan_has_one_tag_and_the_guest_never_sees_it),
    CASE(words_come_back_as_they_went_in),
    CASE(wrong_words_change_nothing),
};
UNIT_MAIN(tests)
