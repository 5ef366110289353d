// SPDX-License-Identifier: Apache-2.0
// What a vPort may send, hear and be called: rules 2.9, 2.12-2.15, 2.21, 3.17, threats T13, T14, and every refusal.
#include "unit.h"

#include <string.h>

#include "fw.h"
#include "steer/steer.h"

#define NO_VF WEIR_VPORT_NO_VF
#define CFG(name) (1u << WEIR_SWITCH_VPORT_CFG_##name##_LSB)

static int set_flags(unsigned vport, unsigned flags) {
    return FW(0, SET_VPORT, weir_set_vport_req, .vport = (uint16_t)vport, .changed = WEIR_VPORT_CHANGED_FLAGS,
              .flags = (uint16_t)flags);
}

static int activate(unsigned vport) {
    return FW(0, SET_VPORT, weir_set_vport_req, .vport = (uint16_t)vport, .changed = WEIR_VPORT_CHANGED_STATE,
              .state = WEIR_VPORT_ACTIVATED);
}

static int create_switch(unsigned vfs, unsigned vports, unsigned qps, unsigned flags) {
    return FW(0, CREATE_SWITCH, weir_create_switch_req, .num_vfs = (uint16_t)vfs, .num_vports = (uint16_t)vports,
              .num_qps = (uint16_t)qps, .default_qps = 1, .flags = (uint16_t)flags);
}

static unsigned caps(void) {
    uint8_t payload[WEIR_MBOX_PAYLOAD];
    struct weir_get_caps_rsp rsp;
    assert_int_equal(fw_call(0, WEIR_CMD_GET_CAPS, NULL, 0, payload, NULL), WEIR_OK);
    memcpy(&rsp, payload, sizeof(rsp));
    return rsp.flags;
}

static struct weir_describe_vport_rsp describe(unsigned vport) {
    struct weir_vport_req req = {.vport = (uint16_t)vport};
    struct weir_describe_vport_rsp rsp;
    uint8_t payload[WEIR_MBOX_PAYLOAD];
    assert_int_equal(fw_call(0, WEIR_CMD_DESCRIBE_VPORT, &req, sizeof(req), payload, NULL), WEIR_OK);
    memcpy(&rsp, payload, sizeof(rsp));
    return rsp;
}

// VF 0 on vPort 1, VF 1 on vPort 2, vPort 3 the PF's and active.
static void world(void) {
    fw_boot();
    fw_switch(2, 6, 32, 1);
    fw_vf_up(0, 1, 2);
    fw_vf_up(1, 2, 1);
    assert_int_equal(fw_vport(3, NO_VF, 1), WEIR_OK);
    assert_int_equal(activate(3), WEIR_OK);
}

static void rule_2_9_symmetric_switch(void **state) {
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    fake_vf_enable(63);
    assert_true((caps() & WEIR_CAP_ASYMMETRIC_QPS) != 0);
    assert_int_equal(create_switch(63, 64, 128, 4), WEIR_INVALID_PARAMETER);
    // The worked example of rules 2.11 as it is meant: 63 x 2 + 1 or 31 x 4 + 1.
    assert_int_equal(create_switch(63, 64, 128, WEIR_SWITCH_SYMMETRIC), WEIR_OK);
    assert_int_equal(caps() & WEIR_CAP_ASYMMETRIC_QPS, 0);
    for (unsigned i = 0; i < 63; i++) {
        assert_int_equal(fw_alloc(i), WEIR_OK);
    }
    assert_int_equal(fw_vport(1, 0, 3), WEIR_INVALID_PARAMETER); // no power of two
    assert_int_equal(fw_vport(1, 0, 4), WEIR_OK);
    assert_int_equal(fw_vport(2, 1, 2), WEIR_INVALID_PARAMETER); // not like the first
    assert_int_equal(fw_vport(2, NO_VF, 1), WEIR_INVALID_PARAMETER);
    for (unsigned i = 1; i < 31; i++) {
        assert_int_equal(fw_vport(i + 1, i, 4), WEIR_OK);
    }
    assert_int_equal(fw_vport(32, 31, 4), WEIR_NO_RESOURCES);
    assert_int_equal(fake.vport_count[0], 1); // the default vPort has its own count
    // When all are gone the next first one chooses.
    for (unsigned i = 0; i < 31; i++) {
        assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = (uint16_t)(i + 1)), WEIR_OK);
    }
    for (unsigned i = 0; i < 63; i++) {
        assert_int_equal(fw_vport(i + 1, i, 2), WEIR_OK);
    }
}

static void rule_2_12_pool_shared_or_kept(void **state) {
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    fake_vf_enable(2);
    assert_int_equal(create_switch(2, 5, 16, 0), WEIR_OK);
    assert_true((caps() & WEIR_CAP_SINGLE_VPORT_POOL) != 0);
    for (unsigned v = 1; v < 5; v++) {
        assert_int_equal(fw_vport(v, NO_VF, 1), WEIR_OK); // the PF takes them all
    }
    assert_int_equal(fw_alloc(0), WEIR_OK);
    for (unsigned v = 0; v < 6; v++) {
        assert_int_not_equal(fw_vport(v, 0, 1), WEIR_OK); // this VF stays without
    }
    fake_flr(0);
    fw_run();
    assert_int_equal(fw_hello(0), WEIR_OK);
    fake_vf_enable(2);
    assert_int_equal(create_switch(2, 5, 16, WEIR_SWITCH_RESERVE_VFS), WEIR_OK);
    assert_int_equal(caps() & WEIR_CAP_SINGLE_VPORT_POOL, 0);
    assert_int_equal(fw_vport(1, NO_VF, 1), WEIR_OK);
    assert_int_equal(fw_vport(2, NO_VF, 1), WEIR_OK);
    assert_int_equal(fw_vport(3, NO_VF, 1), WEIR_NO_RESOURCES); // two are the VFs'
    assert_int_equal(fw_alloc(0), WEIR_OK);
    assert_int_equal(fw_alloc(1), WEIR_OK);
    assert_int_equal(fw_vport(3, 0, 1), WEIR_OK);
    assert_int_equal(fw_vport(4, NO_VF, 1), WEIR_NO_RESOURCES);
    assert_int_equal(fw_vport(4, 1, 1), WEIR_OK);
}

static void rule_2_13_and_2_21_what_is_offered(void **state) {
    uint8_t payload[WEIR_MBOX_PAYLOAD];
    struct weir_get_vport_caps_rsp rsp;
    (void)state;
    fw_boot();
    assert_int_equal(fw_hello(0), WEIR_OK);
    assert_int_equal(caps() & (WEIR_CAP_VF_RSS | WEIR_CAP_VPORT_VLAN | WEIR_CAP_PF_VPORT_RSS),
                     WEIR_CAP_VF_RSS | WEIR_CAP_VPORT_VLAN | WEIR_CAP_PF_VPORT_RSS);
    assert_int_equal(caps() & (WEIR_CAP_VPORT_RSS_KEY | WEIR_CAP_CSUM), WEIR_CAP_VPORT_RSS_KEY | WEIR_CAP_CSUM);
    assert_int_equal(caps() & WEIR_CAP_GUEST_POLICY, WEIR_CAP_GUEST_POLICY);
    assert_int_equal(caps() & WEIR_CAP_VPORT_MODERATION, WEIR_CAP_VPORT_MODERATION);
    assert_int_equal(fw_call(0, WEIR_CMD_GET_VPORT_CAPS, NULL, 0, payload, NULL), WEIR_OK);
    memcpy(&rsp, payload, sizeof(rsp));
    assert_int_equal(rsp.max_default_qps, 255);
    assert_int_equal(rsp.default_rss, 64);
    assert_int_equal(rsp.nondefault_rss, 64);
    assert_int_equal(rsp.vlan_ranges, 16);
    assert_int_equal(rsp.moderation, 0x3F);
}

static int rss(unsigned fn, unsigned vport, unsigned count, unsigned first) {
    struct weir_set_rss_req req = {.vport = (uint16_t)vport, .count = (uint16_t)count, .entry = {(uint8_t)first}};
    return fw_call(fn, WEIR_CMD_SET_RSS, &req, sizeof(req), NULL, NULL);
}

static void rule_6_4_rss_over_its_own_queue_pairs(void **state) {
    struct weir_set_rss_req req = {.vport = 2, .count = 4, .entry = {1, 1, 0, 1}};
    (void)state;
    world();
    for (unsigned i = 0; i < 128; i++) {
        assert_int_equal(fake.rss[1][i], i % 2); // evenly, from creation on
    }
    assert_int_equal(rss(0, 1, 0, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(rss(0, 1, 3, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(rss(0, 1, 128, 0), WEIR_INVALID_PARAMETER);
    assert_int_equal(rss(0, 1, 1, 2), WEIR_INVALID_PARAMETER); // two queue pairs: 0 and 1
    assert_int_equal(rss(0, 5, 1, 0), WEIR_NOT_FOUND);
    // A VF's table is its own, whatever vPort it names.
    assert_int_equal(fw_call(1, WEIR_CMD_SET_RSS, &req, sizeof(req), NULL, NULL), WEIR_OK);
    for (unsigned i = 0; i < 128; i++) {
        assert_int_equal(fake.rss[1][i], i % 4 != 2);
        assert_int_equal(fake.rss[2][i], 0);
    }
    assert_int_equal(rss(2, 1, 1, 1), WEIR_INVALID_PARAMETER); // vPort 2 has one queue pair
    // Without a vPort there is nothing to spread.
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 2), WEIR_OK);
    assert_int_equal(rss(2, 0, 1, 0), WEIR_NOT_FOUND);
}

static int vport_key(unsigned fn, unsigned vport, unsigned fill) {
    struct weir_set_vport_rss_key_req req = {.vport = (uint16_t)vport};
    memset(req.key, (int)fill, sizeof(req.key));
    return fw_call(fn, WEIR_CMD_SET_VPORT_RSS_KEY, &req, sizeof(req), NULL, NULL);
}

static void check_keys(unsigned pf, unsigned vport1, unsigned vport2) {
    for (unsigned i = 0; i < WEIR_RSS_KEY_BYTES; i++) {
        assert_int_equal(fake.rss_key[0][i], pf);
        assert_int_equal(fake.rss_key[1][i], vport1);
        assert_int_equal(fake.rss_key[2][i], vport2);
    }
}

static void rule_6_4_rss_keys_of_their_own(void **state) {
    struct weir_set_rss_key_req all;
    (void)state;
    world();
    assert_int_equal(fake.rss_key[1][0], 0x6d); // the published one, from creation on
    assert_int_equal(fake.rss_key[2][39], 0xfa);
    memset(all.key, 3, sizeof(all.key));
    assert_int_equal(fw_call(1, WEIR_CMD_SET_RSS_KEY, &all, sizeof(all), NULL, NULL), WEIR_PERMISSION);
    assert_int_equal(fw_call(0, WEIR_CMD_SET_RSS_KEY, &all, sizeof(all), NULL, NULL), WEIR_OK);
    check_keys(3, 3, 3);
    assert_int_equal(vport_key(0, 1, 4), WEIR_OK);
    check_keys(3, 4, 3);
    assert_int_equal(vport_key(2, 1, 5), WEIR_OK); // a VF's key is its own, whatever vPort it names
    check_keys(3, 4, 5);
    assert_int_equal(vport_key(0, 5, 6), WEIR_NOT_FOUND);
    assert_int_equal(vport_key(0, 0xFFFF, 6), WEIR_NOT_FOUND);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 2), WEIR_OK);
    assert_int_equal(vport_key(2, 0, 6), WEIR_NOT_FOUND);
    // The next owner of a vPort does not inherit the last one's key.
    assert_int_equal(FW(0, CREATE_VPORT, weir_create_vport_req, .vport = 2, .vf = 1, .num_qps = 1, .name = "again"),
                     WEIR_OK);
    check_keys(3, 4, 3);
}

static int update(unsigned vport, unsigned changed, unsigned level, unsigned cpu, const char *name) {
    struct weir_update_vport_req req = {
        .vport = (uint16_t)vport, .changed = (uint16_t)changed, .moderation = (uint8_t)level, .cpu = (uint16_t)cpu};
    strncpy(req.name, name, sizeof(req.name) - 1);
    return fw_call(0, WEIR_CMD_UPDATE_VPORT, &req, sizeof(req), NULL, NULL);
}

static void rule_2_14_moderation_levels(void **state) {
    (void)state;
    world();
    for (unsigned level = 0; level < 256; level++) {
        unsigned want = level <= WEIR_MODERATION_HIGH ? level : WEIR_MODERATION_HIGH;
        assert_int_equal(update(1, WEIR_VPORT_CHANGED_MODERATION, level, 0, ""),
                         level <= WEIR_MODERATION_HIGH ? WEIR_OK : WEIR_INVALID_PARAMETER);
        assert_int_equal(describe(1).moderation, want);
        for (unsigned v = 0; v < WEIR_FN_VECTORS; v++) {
            assert_int_equal(fake.moderation[1][v], v == 0 ? 0 : want); // vector 0 tells of the mailbox
            assert_int_equal(fake.moderation[0][v] | fake.moderation[2][v], 0);
        }
    }
    assert_int_equal(update(0, WEIR_VPORT_CHANGED_MODERATION, WEIR_MODERATION_LOW, 0, ""), WEIR_OK);
    assert_int_equal(fake.moderation[0][1], WEIR_MODERATION_LOW);
    // vPort 3 is the PF's and shares its vectors with the default vPort.
    assert_int_equal(update(3, WEIR_VPORT_CHANGED_MODERATION, WEIR_MODERATION_HIGH, 0, ""), WEIR_NOT_SUPPORTED);
    assert_int_equal(fake.moderation[0][1], WEIR_MODERATION_LOW);
    // The VF's next owner starts anew.
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, 1), WEIR_OK);
    assert_int_equal(fake.moderation[1][1], WEIR_MODERATION_UNDEFINED);
    assert_int_equal(describe(1).moderation, WEIR_MODERATION_UNDEFINED);
}

static void rule_2_15_changeable_fields(void **state) {
    (void)state;
    world();
    assert_int_equal(update(1, 0, WEIR_MODERATION_OFF, 7, "ignored"), WEIR_OK); // each behind its flag
    assert_string_equal(describe(1).name, "");
    assert_int_equal(describe(1).moderation, 0);
    assert_int_equal(update(1, WEIR_VPORT_CHANGED_NAME, 0, 0, "red\n"), WEIR_OK);
    assert_string_equal(describe(1).name, "red?");
    assert_int_equal(update(1, WEIR_VPORT_CHANGED_CPU, 0, 3, ""), WEIR_INVALID_PARAMETER); // PF vPorts only
    assert_int_equal(update(3, WEIR_VPORT_CHANGED_CPU, 0, 3, ""), WEIR_OK);
    assert_int_equal(update(0, WEIR_VPORT_CHANGED_CPU, 0, 2, ""), WEIR_OK);
    assert_int_equal(describe(3).cpu, 3);
    assert_int_equal(describe(0).cpu, 2);
    // All or nothing.
    assert_int_equal(update(3, WEIR_VPORT_CHANGED_NAME | WEIR_VPORT_CHANGED_MODERATION, WEIR_MODERATION_LOW, 0, "blue"),
                     WEIR_NOT_SUPPORTED);
    assert_int_equal(update(1, WEIR_VPORT_CHANGED_NAME | WEIR_VPORT_CHANGED_CPU, 0, 1, "blue"), WEIR_INVALID_PARAMETER);
    assert_int_equal(update(1, 8, 0, 0, "blue"), WEIR_INVALID_PARAMETER);
    assert_string_equal(describe(1).name, "red?");
    assert_string_equal(describe(3).name, "");
    assert_int_equal(update(5, 0, 0, 0, ""), WEIR_NOT_FOUND);
    assert_int_equal(FW(0, DESCRIBE_VPORT, weir_vport_req, .vport = 5), WEIR_NOT_FOUND);
    // Queue pairs and the owner cannot be changed by anybody (rules 2.4, 2.8): there is no field for them.
    assert_int_equal(fw_get_vport(1).num_qps, 2);
}

static void threat_t14_only_trusted_vports_listen(void **state) {
    (void)state;
    world();
    assert_int_equal(set_flags(1, WEIR_VPORT_CHECK_SRC | WEIR_VPORT_PROMISC), WEIR_PERMISSION);
    assert_int_equal(fake.cfg[1] & CFG(PROMISC), 0);
    assert_int_equal(set_flags(1, WEIR_VPORT_CHECK_SRC | WEIR_VPORT_TRUSTED | WEIR_VPORT_PROMISC), WEIR_OK);
    assert_int_equal(fake.cfg[1] & (CFG(PROMISC) | CFG(CHECK_SRC)), CFG(PROMISC) | CFG(CHECK_SRC));
    assert_int_equal(set_flags(1, WEIR_VPORT_CHECK_SRC | WEIR_VPORT_TRUSTED), WEIR_OK);
    assert_int_equal(fake.cfg[1] & (CFG(PROMISC) | CFG(CHECK_SRC)), CFG(CHECK_SRC)); // spoof checks never noticed
    assert_int_equal(set_flags(1, WEIR_VPORT_TRUSTED | WEIR_VPORT_PROMISC), WEIR_OK);
    assert_int_equal(set_flags(1, WEIR_VPORT_PROMISC), WEIR_PERMISSION);
    assert_int_equal(set_flags(1, 0), WEIR_OK); // trust gone, receive mask gone
    assert_int_equal(fake.cfg[1] & CFG(PROMISC), 0);
    assert_int_equal(set_flags(3, WEIR_VPORT_PROMISC), WEIR_OK); // the PF's may
    assert_int_equal(fake.cfg[3] & CFG(PROMISC), CFG(PROMISC));
    assert_int_equal(set_flags(1, 16), WEIR_INVALID_PARAMETER);
    assert_int_equal(FW(0, CREATE_VPORT, weir_create_vport_req, .vport = 4, .vf = NO_VF, .num_qps = 1, .flags = 16),
                     WEIR_INVALID_PARAMETER);
    // What drains does not listen: its copies would reach the default vPort.
    assert_int_equal(FW(0, SET_VPORT, weir_set_vport_req, .vport = 3, .changed = WEIR_VPORT_CHANGED_DRAIN, .drain = 1),
                     WEIR_OK);
    assert_int_equal(fake.cfg[3] & CFG(PROMISC), 0);
}

static int mirror(unsigned src, unsigned dst, unsigned on) {
    return FW(0, SET_MIRROR, weir_set_mirror_req, .src = (uint16_t)src, .dst = (uint16_t)dst, .on = (uint8_t)on);
}

static void mirrors_and_their_refusals(void **state) {
    (void)state;
    world();
    assert_int_equal(mirror(1, 2, 1), WEIR_PERMISSION); // an untrusted VF
    assert_int_equal(mirror(1, 1, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(mirror(1, 0, 1), WEIR_INVALID_PARAMETER);
    assert_int_equal(mirror(1, 3, 2), WEIR_INVALID_PARAMETER);
    assert_int_equal(mirror(5, 3, 1), WEIR_NOT_FOUND);
    assert_int_equal(mirror(1, 5, 1), WEIR_NOT_FOUND);
    assert_int_equal(mirror(1, 3, 0), WEIR_NOT_FOUND); // none to end
    assert_int_equal(fake.mirror, 0);
    assert_int_equal(mirror(1, 3, 1), WEIR_OK);
    assert_int_equal(fake.mirror, 3 | 1u << 8);
    assert_int_equal(fake.cfg[1] & CFG(MIRRORED), CFG(MIRRORED));
    assert_int_equal(describe(1).mirror, 3);
    assert_int_equal(describe(2).mirror, NO_VF);
    assert_int_equal(mirror(0, 3, 1), WEIR_OK);
    assert_int_equal(set_flags(2, WEIR_VPORT_TRUSTED), WEIR_OK);
    assert_int_equal(mirror(1, 2, 1), WEIR_IN_USE); // one at a time
    assert_int_equal(mirror(1, 3, 0), WEIR_OK);
    assert_int_equal(fake.cfg[1] & CFG(MIRRORED), 0);
    assert_int_equal(fake.mirror, 3 | 1u << 8); // vPort 0 still is
    assert_int_equal(mirror(0, 3, 0), WEIR_OK);
    assert_int_equal(fake.mirror, 0);
    // A trusted VF may; when its trust goes, so does the mirror.
    assert_int_equal(mirror(1, 2, 1), WEIR_OK);
    assert_int_equal(set_flags(2, 0), WEIR_OK);
    assert_int_equal(fake.mirror, 0);
    assert_int_equal(fake.cfg[1] & CFG(MIRRORED), 0);
    // So it does when the vPort goes, or its VF is reset.
    assert_int_equal(mirror(1, 3, 1), WEIR_OK);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 3), WEIR_OK);
    assert_int_equal(fake.mirror, 0);
    assert_int_equal(set_flags(2, WEIR_VPORT_TRUSTED), WEIR_OK);
    assert_int_equal(mirror(1, 2, 1), WEIR_OK);
    fake_flr(2);
    fw_run();
    assert_int_equal(fake.mirror, 0);
    // And when the last one that was watched goes.
    assert_int_equal(fw_vport(3, NO_VF, 1), WEIR_OK);
    assert_int_equal(mirror(1, 3, 1), WEIR_WRONG_STATE); // not active yet
    assert_int_equal(activate(3), WEIR_OK);
    assert_int_equal(mirror(1, 3, 1), WEIR_OK);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_OK);
    assert_int_equal(fake.mirror, 0);
}

static int vlan(struct weir_set_vport_vlan_req req) {
    return fw_call(0, WEIR_CMD_SET_VPORT_VLAN, &req, sizeof(req), NULL, NULL);
}

// Exactly the VLANs for which bit `vid` of what must be in is set.
static void only(unsigned vport, unsigned a, unsigned b, unsigned c) {
    for (unsigned vid = 0; vid <= 4094; vid++) {
        assert_int_equal(fake_in_vlan(vport, vid), vid == a || vid == b || vid == c);
    }
}

static void vlan_policies_and_their_refusals(void **state) {
    struct weir_set_vport_vlan_req req = {.vport = 1, .mode = WEIR_VLAN_TRUNK, .count = 1};
    unsigned cmds;
    (void)state;
    world();
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 0, .mode = 1, .tci = 5}), WEIR_INVALID_PARAMETER);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 5}), WEIR_NOT_FOUND);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .mode = 3}), WEIR_INVALID_PARAMETER);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .mode = WEIR_VLAN_PORT}),
                     WEIR_INVALID_PARAMETER);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .mode = WEIR_VLAN_PORT, .tci = 4095}),
                     WEIR_INVALID_PARAMETER);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .tci = 5}), WEIR_INVALID_PARAMETER);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .count = 1}), WEIR_INVALID_PARAMETER);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .mode = WEIR_VLAN_TRUNK}),
                     WEIR_INVALID_PARAMETER);
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .mode = WEIR_VLAN_TRUNK, .count = 17}),
                     WEIR_INVALID_PARAMETER);
    req.range[0] = (struct weir_vlan_range){5, 4};
    assert_int_equal(vlan(req), WEIR_INVALID_PARAMETER);
    req.range[0] = (struct weir_vlan_range){5, 4095};
    assert_int_equal(vlan(req), WEIR_INVALID_PARAMETER);
    req.count = 2;
    req.range[0] = (struct weir_vlan_range){5, 9};
    req.range[1] = (struct weir_vlan_range){9, 12};
    assert_int_equal(vlan(req), WEIR_INVALID_PARAMETER);
    assert_int_equal(fake.vlan_cmds, 0);
    assert_int_equal(fake.cfg[1] & (CFG(VLAN_CHECK) | CFG(PORT_VLAN)), 0);
    // Port VLAN.
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1, .mode = WEIR_VLAN_PORT, .tci = 5u | 3u << 13}),
                     WEIR_OK);
    assert_int_equal(fake.cfg[1] & (CFG(VLAN_CHECK) | CFG(PORT_VLAN)), CFG(VLAN_CHECK) | CFG(PORT_VLAN));
    assert_int_equal(fake.vport_tci[1], 5u | 3u << 13);
    only(1, 5, 5, 5);
    assert_int_equal(describe(1).vlan_mode, WEIR_VLAN_PORT);
    assert_int_equal(describe(1).tci, 5u | 3u << 13);
    // Trunk: only the difference is written, so that VLAN 5 is never interrupted.
    req.range[0] = (struct weir_vlan_range){0, 0};
    req.range[1] = (struct weir_vlan_range){5, 6};
    cmds = fake.vlan_cmds;
    assert_int_equal(vlan(req), WEIR_OK);
    assert_int_equal(fake.vlan_cmds, cmds + 2);
    assert_int_equal(fake.cfg[1] & (CFG(VLAN_CHECK) | CFG(PORT_VLAN)), CFG(VLAN_CHECK));
    only(1, 0, 5, 6);
    // Nobody else's VLANs changed, and the next owner of the id starts without a policy.
    assert_true(fake_in_vlan(2, 77));
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_OK);
    assert_int_equal(fw_vport(1, 0, 1), WEIR_OK);
    assert_int_equal(fake.cfg[1] & (CFG(VLAN_CHECK) | CFG(PORT_VLAN)), 0);
    req.count = 1;
    req.range[0] = (struct weir_vlan_range){9, 9};
    assert_int_equal(vlan(req), WEIR_OK);
    only(1, 9, 9, 9); // what the last owner had is gone
    assert_int_equal(vlan((struct weir_set_vport_vlan_req){.vport = 1}), WEIR_OK);
    assert_true(fake_in_vlan(1, 1234));
    assert_int_equal(fw_call(1, WEIR_CMD_SET_VPORT_VLAN, &req, sizeof(req), NULL, NULL), WEIR_PERMISSION);
}

static void vlans_of_an_unknown_table_are_cleared(void **state) {
    struct weir_set_vport_vlan_req req = {
        .vport = 2, .mode = WEIR_VLAN_TRUNK, .count = 1, .range = {{.first = 1, .last = 4094}}};
    (void)state;
    world();
    assert_int_equal(vlan(req), WEIR_OK);
    assert_true(!fake_in_vlan(2, 0) && fake_in_vlan(2, 1) && fake_in_vlan(2, 4094));
    steer_sweep(); // core 0 was restarted and knows nothing
    assert_int_equal(create_switch(2, 6, 32, 0), WEIR_OK);
    assert_int_equal(fw_vport(2, NO_VF, 1), WEIR_OK);
    req.range[0] = (struct weir_vlan_range){7, 7};
    assert_int_equal(vlan(req), WEIR_OK);
    only(2, 7, 7, 7);
}

static void a5_refusals(void **state) {
    (void)state;
    world();
    assert_int_equal(fw_filter(1, 1, fw_mac(1)), WEIR_OK);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 0), WEIR_IN_USE);     // with a vPort
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = 5), WEIR_NOT_FOUND); // beyond the switch
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 0), WEIR_PERMISSION);
    assert_int_equal(fw_vport(4, 0, 1), WEIR_ALREADY_EXISTS); // second vPort on a VF
    assert_int_equal(FW(1, SET_FILTER, weir_set_filter_req, .filter = 9, .vport = 1, .mac = {2}), WEIR_PERMISSION);
    assert_int_equal(FW(1, CLEAR_FILTER, weir_clear_filter_req, .filter = 1), WEIR_PERMISSION);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_IN_USE); // filters first (rules 3.9)
    assert_int_equal(fake_lookup(fw_mac(1), WEIR_FILTER_UNTAGGED_OR_ZERO, 0), 1);
    assert_int_equal(FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 1), WEIR_OK);
    assert_int_equal(FW(0, DELETE_VPORT, weir_vport_req, .vport = 1), WEIR_OK);
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 0), WEIR_OK);
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = 0), WEIR_NOT_FOUND); // not allocated any more
    assert_int_equal(FW(0, FREE_VF, weir_vf_req, .vf = 0), WEIR_NOT_FOUND);
}

// Rules 3.7, 3.8: without a filter nothing leads to a vPort, neither before the first nor after the last.
static void rule_3_7_and_3_8_no_filter_no_frame(void **state) {
    unsigned to = 0;
    (void)state;
    world();
    for (unsigned i = 0; i < WEIR_FILTER_SLOTS; i++) {
        to += fake.slot[i].valid && fake.slot[i].vport == 1;
    }
    assert_int_equal(to, 0);
    assert_false(fake.flood[1]);
    assert_int_equal(fw_filter(1, 1, fw_mac(1)), WEIR_OK);
    assert_int_equal(fake_lookup(fw_mac(1), WEIR_FILTER_UNTAGGED_OR_ZERO, 0), 1);
    assert_int_equal(FW(0, CLEAR_FILTER, weir_clear_filter_req, .filter = 1), WEIR_OK);
    for (unsigned i = 0; i < WEIR_FILTER_SLOTS; i++) {
        assert_false(fake.slot[i].valid && fake.slot[i].vport == 1);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rule_2_9_symmetric_switch),
    cmocka_unit_test(rule_2_12_pool_shared_or_kept),
    cmocka_unit_test(rule_2_13_and_2_21_what_is_offered),
    cmocka_unit_test(rule_2_14_moderation_levels),
    cmocka_unit_test(rule_2_15_changeable_fields),
    cmocka_unit_test(rule_3_7_and_3_8_no_filter_no_frame),
    cmocka_unit_test(rule_6_4_rss_over_its_own_queue_pairs),
    cmocka_unit_test(rule_6_4_rss_keys_of_their_own),
    cmocka_unit_test(threat_t14_only_trusted_vports_listen),
    cmocka_unit_test(mirrors_and_their_refusals),
    cmocka_unit_test(vlan_policies_and_their_refusals),
    cmocka_unit_test(vlans_of_an_unknown_table_are_cleared),
    cmocka_unit_test(a5_refusals),
};
UNIT_MAIN(tests)
