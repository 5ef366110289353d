// SPDX-License-Identifier: Apache-2.0
// A guest's policy as it reaches the hardware (threats T13, T15, T28): what the rules of weir/policy.h need of a vPort.
#include "unit.h"

#include <string.h>

#include "fw.h"
#include "steer/steer.h"

#define CFG(name) (1u << WEIR_SWITCH_VPORT_CFG_##name##_LSB)

static int set_flags(unsigned vport, unsigned flags) {
    return FW(0, SET_VPORT, weir_set_vport_req, .vport = (uint16_t)vport, .changed = WEIR_VPORT_CHANGED_FLAGS,
              .flags = (uint16_t)flags);
}

// VF 0 on vPort 1, VF 1 on vPort 2.
static void world(void) {
    fw_boot();
    fw_switch(2, 6, 32, 1);
    fw_vf_up(0, 1, 2);
    fw_vf_up(1, 2, 1);
}

static void trust_and_stags_are_bits_of_their_own(void **state) {
    const unsigned both = CFG(STAGS) | CFG(RESERVED_TX);
    (void)state;
    world();
    assert_int_equal(fake.cfg[1] & both, 0);
    assert_int_equal(set_flags(1, WEIR_VPORT_TRUSTED), WEIR_OK);
    assert_int_equal(fake.cfg[1] & both, CFG(RESERVED_TX));
    assert_int_equal(set_flags(1, WEIR_VPORT_STAGS), WEIR_OK); // trust gone
    assert_int_equal(fake.cfg[1] & both, CFG(STAGS));
    assert_int_equal(set_flags(1, WEIR_VPORT_STAGS | WEIR_VPORT_TRUSTED | WEIR_VPORT_CHECK_SRC), WEIR_OK);
    assert_int_equal(fake.cfg[1] & (both | CFG(CHECK_SRC) | CFG(PROMISC)), both | CFG(CHECK_SRC));
    assert_int_equal(fw_get_vport(1).flags, WEIR_VPORT_STAGS | WEIR_VPORT_TRUSTED | WEIR_VPORT_CHECK_SRC);
    assert_int_equal(fake.cfg[2] & both, 0); // another's are another's
    assert_int_equal(set_flags(1, 0), WEIR_OK);
    assert_int_equal(fake.cfg[1] & both, 0);
    assert_int_equal(set_flags(1, 0x10), WEIR_INVALID_PARAMETER);
}

static int set(uint32_t id, unsigned vport, const uint8_t mac[6], unsigned mode, unsigned vid) {
    struct weir_set_filter_req req = {
        .filter = id, .vport = (uint16_t)vport, .vid = (uint16_t)vid, .mode = (uint8_t)mode};
    memcpy(req.mac, mac, 6);
    return fw_call(0, WEIR_CMD_SET_FILTER, &req, sizeof(req), NULL, NULL);
}

static int source(uint32_t id, unsigned vport, unsigned mac) {
    return set(id, vport, fw_mac(mac), WEIR_FILTER_SOURCE, 0);
}

static int clear(uint32_t id) {
    return FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = id);
}

static bool may_send(unsigned vport, unsigned mac) {
    return fake_lookup(fw_mac(mac), WEIR_FILTER_SOURCE, vport) == (int)vport;
}

static void a_source_filter_is_of_a_vf_and_of_one_address(void **state) {
    const uint8_t group[6] = {3, 0, 0, 0, 0, 1};
    (void)state;
    world();
    assert_int_equal(fw_vport(3, WEIR_VPORT_NO_VF, 1), WEIR_OK);
    assert_int_equal(set(1, 1, group, WEIR_FILTER_SOURCE, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(set(1, 1, fw_mac(9), WEIR_FILTER_SOURCE, 5), WEIR_INVALID_PARAMETER);
    assert_int_equal(source(1, 0, 9), WEIR_INVALID_PARAMETER);
    assert_int_equal(source(1, 3, 9), WEIR_INVALID_PARAMETER); // the PF's
    assert_int_equal(source(1, 4, 9), WEIR_NOT_FOUND);
    assert_int_equal(FW(1, SET_FILTER, weir_set_filter_req, .filter = 1, .vport = 1, .mode = WEIR_FILTER_SOURCE),
                     WEIR_PERMISSION); // a VF gives itself none
    assert_int_equal(fake_valid_slots(), 0);
    assert_int_equal(source(1, 1, 9), WEIR_OK);
    assert_true(may_send(1, 9) && !may_send(2, 9) && !may_send(0, 9));
    assert_int_equal(source(1, 1, 10), WEIR_ALREADY_EXISTS); // one set of ids
    assert_int_equal(fw_filter(1, 1, fw_mac(10)), WEIR_ALREADY_EXISTS);
    assert_int_equal(source(2, 1, 9), WEIR_ALREADY_EXISTS);
    assert_int_equal(source(2, 2, 9), WEIR_OK); // an address of two guests
    assert_int_equal(fw_filter(3, 2, fw_mac(9)), WEIR_OK);
    assert_true(may_send(1, 9) && may_send(2, 9));
    assert_int_equal(fake_lookup(fw_mac(9), WEIR_FILTER_UNTAGGED_OR_ZERO, 0), 2);
    assert_int_equal(fw_get_vport(1).num_filters, 0); // nothing leads to it
    assert_int_equal(fw_get_vport(1).num_sources, 1);
    assert_int_equal(fw_get_vport(2).num_filters, 1);
    assert_int_equal(clear(1), WEIR_OK);
    assert_true(!may_send(1, 9) && may_send(2, 9));
    assert_int_equal(clear(1), WEIR_NOT_FOUND);
    assert_int_equal(fw_get_vport(1).num_sources, 0);
}

static void source_filters_stay_when_receive_filters_move(void **state) {
    (void)state;
    world();
    assert_int_equal(fw_filter(1, 1, fw_mac(20)), WEIR_OK);
    assert_int_equal(source(2, 1, 20), WEIR_OK);
    assert_int_equal(fw_move(2, 1, 0, 0), WEIR_NOT_FOUND);
    assert_int_equal(fw_move(1, 1, 0, WEIR_MOVE_FENCE), WEIR_OK);
    assert_true(may_send(1, 20));
    assert_int_equal(fw_get_vport(1).num_sources, 1);
    // A reset of the VF is no end of its vPort.
    fake_flr(1);
    fw_run();
    assert_true(may_send(1, 20));
    // Nor does the vPort go before them (rules 3.9).
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_IN_USE);
    assert_int_equal(clear(2), WEIR_OK);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_OK);
    // The id's next owner has none of them.
    assert_int_equal(fw_vport(1, 0, 1), WEIR_OK);
    assert_int_equal(fw_get_vport(1).num_sources, 0);
    assert_int_equal(source(2, 1, 21), WEIR_OK);
    fake_flr(0); // the PF goes, and all with it
    fw_run();
    assert_int_equal(fake_valid_slots(), 0);
}

// Each kind has its quota and its share of the card; both full, and none is missed.
static void threat_t14_sources_take_nothing_from_receive_filters(void **state) {
    const unsigned vfs = 63;
    unsigned per_vf = WEIR_FILTER_QUOTA, n = 0;
    (void)state;
    fw_boot();
    fw_switch(vfs, vfs + 1, 2 * vfs + 2, 1);
    for (unsigned vf = 0; vf < vfs; vf++) {
        fw_vf_up(vf, vf + 1, 1);
    }
    for (unsigned vf = 0; n < WEIR_NUM_SOURCES; vf++) {
        for (unsigned i = 0; i < per_vf; i++, n++) {
            assert_int_equal(source(10000 + n, vf + 1, n), WEIR_OK);
        }
        assert_int_equal(source(9999, vf + 1, n), WEIR_NO_RESOURCES);
    }
    assert_int_equal(source(9999, vfs, n), WEIR_NO_RESOURCES); // this one has none yet, but the card is full
    assert_int_equal(fw_get_vport(1).num_sources, WEIR_FILTER_QUOTA);
    for (unsigned i = 0; i < WEIR_NUM_FILTERS; i++) {
        unsigned vport = i / per_vf < vfs ? 1 + i / per_vf : 0;
        assert_int_equal(fw_filter(i, vport, fw_mac(i)), WEIR_OK);
    }
    assert_int_equal(fw_filter(9999, 0, fw_mac(5000)), WEIR_NO_RESOURCES);
    for (unsigned i = 0; i < WEIR_NUM_SOURCES; i++) {
        assert_true(may_send(1 + i / per_vf, i));
    }
    for (unsigned i = 0; i < WEIR_NUM_FILTERS; i++) {
        assert_int_equal(fake_lookup(fw_mac(i), WEIR_FILTER_UNTAGGED_OR_ZERO, 0),
                         i / per_vf < vfs ? 1 + i / per_vf : 0);
    }
    assert_int_equal(fake_valid_slots(), WEIR_NUM_FILTERS + WEIR_NUM_SOURCES);
    assert_int_equal(clear(10000), WEIR_OK);
    assert_int_equal(fw_filter(9999, 0, fw_mac(5000)), WEIR_NO_RESOURCES);
    assert_int_equal(source(9999, vfs, 5000), WEIR_OK);
}

// A guest of several addresses: its filters follow one another, the flags go with one of them.
static void several_filters_move_one_after_the_other(void **state) {
    enum { Macs = 16 };
    const unsigned drain = CFG(DRAIN);
    (void)state;
    world();
    for (unsigned i = 0; i < Macs; i++) {
        assert_int_equal(fw_filter(i, 0, fw_mac(100 + i)), WEIR_OK);
    }
    (void)fw_events();
    // To the VF: the first joins the flood set, the last puts the fence, behind what the others left on vPort 0.
    for (unsigned i = 0; i < Macs; i++) {
        unsigned flags = (i == 0 ? WEIR_MOVE_FLOOD : 0) | (i == Macs - 1 ? WEIR_MOVE_FENCE : 0), epoch = fake.epoch;
        assert_int_equal(fw_move(i, 0, 1, flags), WEIR_OK);
        assert_int_equal(fake.epoch, (uint8_t)(epoch + 1)); // each its own
        assert_true(fake.flood[1]);
        assert_int_equal(fw_events().count, i == Macs - 1);
        for (unsigned k = 0; k < Macs; k++) {
            assert_int_equal(fake_lookup(fw_mac(100 + k), WEIR_FILTER_UNTAGGED_OR_ZERO, 0), k <= i);
        }
    }
    assert_int_equal(fw_get_vport(1).num_filters, Macs);
    // Away from a VF that is gone, at once: the first lets drain what the others still bring.
    for (unsigned i = 0; i < Macs; i++) {
        assert_int_equal(fw_move(i, 1, 0,
                                 i == 0          ? WEIR_MOVE_DRAIN
                                 : i == Macs - 1 ? WEIR_MOVE_FENCE | WEIR_MOVE_FLOOD
                                                 : 0),
                         WEIR_OK);
        assert_int_equal(fake.cfg[1] & drain, drain);
        assert_int_equal(fake.flood[1], i != Macs - 1);
    }
    assert_int_equal(fw_get_vport(1).num_filters, 0);
    assert_int_equal(fw_events().count, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(trust_and_stags_are_bits_of_their_own),
    cmocka_unit_test(a_source_filter_is_of_a_vf_and_of_one_address),
    cmocka_unit_test(source_filters_stay_when_receive_filters_move),
    cmocka_unit_test(threat_t14_sources_take_nothing_from_receive_filters),
    cmocka_unit_test(several_filters_move_one_after_the_other),
};
UNIT_MAIN(tests)
