// SPDX-License-Identifier: Apache-2.0
// Receive filters: rules 3, quota (threat T14), and the hash table, in which no filter may be missed at any moment.
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "fw.h"
#include "steer/steer.h"

#define MAX WEIR_NUM_FILTERS
#define SEED 0x57454952u
static uint8_t mac[MAX + 1][6];
static bool present[MAX + 1]; // accepted, so mac[i] must lead to vPort i % 4
static unsigned misses, worst;

// After each command to the table, also those in the middle of an insertion.
static void all_are_found(void) {
    for (unsigned i = 0; i < MAX; i++) {
        misses += present[i] && fake_lookup(mac[i], WEIR_FILTER_UNTAGGED_OR_ZERO, 0) != (int)(i % 4);
    }
}

static uint32_t rnd(void) {
    static uint64_t s = SEED;
    s ^= s << 13;
    s ^= s >> 7;
    s ^= s << 17;
    return (uint32_t)(s >> 16);
}

static int set(uint32_t id, unsigned vport, const uint8_t m[6], unsigned mode, unsigned vid) {
    struct weir_set_filter_req req = {
        .filter = id, .vport = (uint16_t)vport, .vid = (uint16_t)vid, .mode = (uint8_t)mode};
    memcpy(req.mac, m, 6);
    return fw_call(0, WEIR_CMD_SET_FILTER, &req, sizeof(req), NULL, NULL);
}

static int clear(uint32_t id) {
    return FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = id);
}

static void put(unsigned i) {
    unsigned before = fake.filter_cmds;
    assert_int_equal(fw_filter(i, i % 4, mac[i]), WEIR_OK);
    present[i] = true;
    all_are_found();
    assert_int_equal(misses, 0);
    worst = fake.filter_cmds - before > worst ? fake.filter_cmds - before : worst;
}

// All of mac[] fit, one more does not; then a third are replaced in another order.
static void fill(void) {
    fw_boot();
    fw_switch(0, 4, 16, 1);
    for (unsigned v = 1; v < 4; v++) {
        assert_int_equal(fw_vport(v, WEIR_VPORT_NO_VF, 1), WEIR_OK);
    }
    fake.filter_hook = all_are_found;
    for (unsigned i = 0; i < MAX; i++) {
        put(i);
        assert_int_equal(fake_valid_slots(), i + 1);
    }
    assert_int_equal(fw_filter(MAX, 0, mac[MAX]), WEIR_NO_RESOURCES);
    for (unsigned k = 0; k < MAX / 3; k++) {
        unsigned i = k * 387 % MAX;
        present[i] = false;
        assert_int_equal(clear(i), WEIR_OK);
        assert_int_equal(fake_lookup(mac[i], WEIR_FILTER_UNTAGGED_OR_ZERO, 0), -1); // rules 3.8
        assert_int_equal(fake_valid_slots(), MAX - 1 - k);
    }
    for (unsigned k = MAX / 3; k-- > 0;) {
        put(k * 387 % MAX);
    }
    assert_int_equal(fake_valid_slots(), MAX);
    assert_int_equal(steer_filter_count(), MAX);
    printf("longest insertion: %u table writes\n", worst);
}

static void random_macs_all_fit(void **state) {
    (void)state;
    printf("seed %x\n", SEED);
    for (unsigned i = 0; i <= MAX; i++) {
        uint32_t a = rnd(), b = rnd();
        memcpy(mac[i], &a, 4);
        memcpy(mac[i] + 4, &b, 2);
        mac[i][0] &= 0xFE;
    }
    fill();
}

static void sequential_macs_all_fit(void **state) {
    (void)state;
    for (unsigned i = 0; i <= MAX; i++) {
        memcpy(mac[i], fw_mac(i), 6);
    }
    fill();
}

// As fleets have them: 8 hosts' prefixes, 16 blocks each, 8 addresses at a stride.
static void regular_macs_all_fit(void **state) {
    (void)state;
    for (unsigned i = 0; i <= MAX; i++) {
        const uint8_t m[6] = {
            0x00, 0x15, 0x5D, (uint8_t)(i >> 7 << 4), (uint8_t)((i >> 3 & 15) << 4), (uint8_t)((i & 7) << 5)};
        memcpy(mac[i], m, 6);
    }
    mac[MAX][0] = 0x06;
    fill();
}

// MACs that share 16 rows in every bank, 64 slots in all. The hash is linear: combinations of MACs whose upper five row
// bits are all zero have them all zero, too (up to a constant for the mode).
static unsigned crowd(uint64_t basis[48]) {
    uint64_t pivot[48], pivot_sig[48];
    unsigned n = 0, pivots = 0;
    for (unsigned bit = 0; bit < 48; bit++) {
        uint64_t v = (uint64_t)1 << bit, sig = 0;
        uint16_t row[4];
        if (bit == 40) {
            continue; // the group bit
        }
        fake_row(v, row);
        for (unsigned b = 0; b < 4; b++) {
            sig = sig << 5 | row[b] >> 4;
        }
        for (unsigned k = 0; k < pivots; k++) {
            if ((sig ^ pivot_sig[k]) < sig) {
                sig ^= pivot_sig[k];
                v ^= pivot[k];
            }
        }
        if (sig == 0) {
            basis[n++] = v;
        } else {
            pivot[pivots] = v;
            pivot_sig[pivots++] = sig;
        }
    }
    return n;
}

// Far above the half load the table is made for: entries must be pushed on, several in a row, and some do not fit.
static void crowded_rows_push_or_refuse_without_a_miss(void **state) {
    uint64_t basis[48];
    unsigned n = crowd(basis), refused = 0, first_refusal = 0, in = 0;
    (void)state;
    printf("seed %x\n", SEED);
    fw_boot();
    fw_switch(0, 4, 16, 1);
    for (unsigned v = 1; v < 4; v++) {
        assert_int_equal(fw_vport(v, WEIR_VPORT_NO_VF, 1), WEIR_OK);
    }
    fake.filter_hook = all_are_found;
    for (unsigned i = 0; i < 400; i++) {
        unsigned before = fake.filter_cmds, old = rnd() % (i + 1);
        uint64_t m = 0;
        int status;
        for (unsigned k = 0; k < n; k++) {
            m ^= (rnd() & 1) != 0 ? basis[k] : 0;
        }
        for (unsigned k = 0; k < 6; k++) {
            mac[i][k] = (uint8_t)(m >> (40 - 8 * k));
        }
        status = fw_filter(i, i % 4, mac[i]);
        present[i] = status == WEIR_OK;
        in += status == WEIR_OK;
        if (status != WEIR_OK) {
            assert_int_equal(status, WEIR_NO_RESOURCES);
            assert_int_equal(fake.filter_cmds, before); // nothing was touched for nothing
            first_refusal = first_refusal != 0 ? first_refusal : in;
            refused++;
        }
        all_are_found();
        assert_int_equal(misses, 0);
        assert_int_equal(fake_valid_slots(), in);
        worst = fake.filter_cmds - before > worst ? fake.filter_cmds - before : worst;
        // One goes, so that there always is something to push for.
        if (in > 58 && present[old]) {
            present[old] = false;
            in--;
            assert_int_equal(clear(old), WEIR_OK);
        }
    }
    printf("first refusal with %u of 64 slots taken, %u refused, longest insertion: %u table writes\n", first_refusal,
           refused, worst);
    assert_true(worst >= 4);
    assert_true(refused != 0 && first_refusal >= 56);
}

static void rule_3_3_to_3_5_modes_and_vlans(void **state) {
    const uint8_t m[6] = {2, 0, 0, 0, 0, 1}, group[6] = {3, 0, 0, 0, 0, 1};
    (void)state;
    fw_boot();
    fw_switch(0, 2, 4, 1);
    assert_int_equal(set(1, 0, group, WEIR_FILTER_ANY_VLAN, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(set(1, 0, m, 4, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(set(1, 0, m, WEIR_FILTER_ANY_VLAN, 5), WEIR_INVALID_PARAMETER);
    assert_int_equal(set(1, 0, m, WEIR_FILTER_UNTAGGED_OR_ZERO, 5), WEIR_INVALID_PARAMETER);
    assert_int_equal(set(1, 0, m, WEIR_FILTER_VLAN, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(set(1, 0, m, WEIR_FILTER_VLAN, 4095), WEIR_INVALID_PARAMETER);
    assert_int_equal(set(1, 1, m, WEIR_FILTER_ANY_VLAN, 0), WEIR_NOT_FOUND); // no such vPort
    assert_int_equal(fake_valid_slots(), 0);
    assert_int_equal(set(1, 0, m, WEIR_FILTER_ANY_VLAN, 0), WEIR_OK);
    assert_int_equal(set(2, 0, m, WEIR_FILTER_UNTAGGED_OR_ZERO, 0), WEIR_OK);
    assert_int_equal(set(3, 0, m, WEIR_FILTER_VLAN, 1), WEIR_OK);
    assert_int_equal(set(4, 0, m, WEIR_FILTER_VLAN, 4094), WEIR_OK);
    assert_int_equal(fake_lookup(m, WEIR_FILTER_VLAN, 4094), 0);
    assert_int_equal(fake_lookup(m, WEIR_FILTER_VLAN, 2), -1);
}

static void rule_3_6_ids_and_keys_are_unique(void **state) {
    (void)state;
    fw_boot();
    fw_switch(0, 2, 4, 1);
    assert_int_equal(fw_vport(1, WEIR_VPORT_NO_VF, 1), WEIR_OK);
    assert_int_equal(fw_filter(0xFFFFFFFF, 0, fw_mac(1)), WEIR_OK);
    assert_int_equal(fw_filter(0xFFFFFFFF, 0, fw_mac(2)), WEIR_ALREADY_EXISTS);
    assert_int_equal(fw_filter(7, 1, fw_mac(1)), WEIR_ALREADY_EXISTS); // one unicast owner (property P9)
    assert_int_equal(clear(7), WEIR_NOT_FOUND);
    assert_int_equal(clear(0xFFFFFFFF), WEIR_OK);
    assert_int_equal(clear(0xFFFFFFFF), WEIR_NOT_FOUND);
    assert_int_equal(fw_filter(7, 1, fw_mac(1)), WEIR_OK);
    assert_int_equal(fw_get_vport(1).num_filters, 1);
}

static void rule_3_9_a_vf_sets_none(void **state) {
    struct weir_set_filter_req req = {.filter = 9, .vport = 0};
    (void)state;
    fw_boot();
    fw_switch(1, 2, 4, 1);
    fw_vf_up(0, 1, 1);
    assert_int_equal(fw_filter(1, 1, fw_mac(1)), WEIR_OK);
    assert_int_equal(fw_call(1, WEIR_CMD_SET_FILTER, &req, sizeof(req), NULL, NULL), WEIR_PERMISSION);
    req.vport = 1;
    assert_int_equal(fw_call(1, WEIR_CMD_SET_FILTER, &req, sizeof(req), NULL, NULL), WEIR_PERMISSION);
    assert_int_equal(FW(1, CLEAR_FILTER, weir_clear_filter_req, .filter = 1), WEIR_PERMISSION);
    assert_int_equal(FW(1, MOVE_FILTER, weir_move_filter_req, .filter = 1, .src = 1, .dst = 0), WEIR_PERMISSION);
    assert_int_equal(fake_valid_slots(), 1);
    assert_int_equal(fake_lookup(fw_mac(1), WEIR_FILTER_UNTAGGED_OR_ZERO, 0), 1);
}

static void vf_quota_holds_for_set_and_move(void **state) {
    (void)state;
    fw_boot();
    fw_switch(2, 3, 8, 1);
    fw_vf_up(0, 1, 1);
    fw_vf_up(1, 2, 1);
    for (unsigned i = 0; i < WEIR_FILTER_QUOTA; i++) {
        assert_int_equal(fw_filter(i, 1, fw_mac(i)), WEIR_OK);
    }
    assert_int_equal(fw_filter(100, 1, fw_mac(100)), WEIR_NO_RESOURCES);
    assert_int_equal(fw_filter(100, 0, fw_mac(100)), WEIR_OK); // the PF has no quota
    assert_int_equal(fw_move(100, 0, 1, 0), WEIR_NO_RESOURCES);
    assert_int_equal(fw_filter(101, 2, fw_mac(101)), WEIR_OK); // another still gets its own
    assert_int_equal(fw_move(3, 1, 0, 0), WEIR_OK);
    fw_pass(10000);
    assert_int_equal(fw_move(100, 0, 1, 0), WEIR_OK);
    assert_int_equal(fw_get_vport(1).num_filters, WEIR_FILTER_QUOTA);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_macs_all_fit),
    cmocka_unit_test(sequential_macs_all_fit),
    cmocka_unit_test(regular_macs_all_fit),
    cmocka_unit_test(crowded_rows_push_or_refuse_without_a_miss),
    cmocka_unit_test(rule_3_3_to_3_5_modes_and_vlans),
    cmocka_unit_test(rule_3_6_ids_and_keys_are_unique),
    cmocka_unit_test(rule_3_9_a_vf_sets_none),
    cmocka_unit_test(vf_quota_holds_for_set_and_move),
};
UNIT_MAIN(tests)
