// SPDX-License-Identifier: Apache-2.0
// A reset gives a function back as it was before its driver began: everything that belongs to it, in the hardware, in
// firmware and in what commands say, is written down before use and after the reset, and compared word for word.
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fw.h"
#include "hal/hal_shared.h"
#include "svc/svc.h"

#define VFS 3u
#define TEXT 65536u

static char before[TEXT], after[TEXT];
static char *text;
static size_t used;

__attribute__((format(printf, 1, 2))) static void put(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    used += (size_t)vsnprintf(text + used, TEXT - used, fmt, ap);
    va_end(ap);
    assert_true(used < TEXT);
}

static void put_bytes(const char *name, const void *from, size_t bytes) {
    put("%s", name);
    for (size_t i = 0; i < bytes; i++) {
        put(" %02x", ((const uint8_t *)from)[i]);
    }
    put("\n");
}

static void put_answer(const char *name, unsigned opcode, const void *req, unsigned len) {
    uint8_t rsp[WEIR_MBOX_PAYLOAD] = {0};
    unsigned bytes = 0;
    put("%s: status %d", name, fw_call(0, opcode, req, len, rsp, &bytes));
    put_bytes("", rsp, bytes);
}

static void put_qp(unsigned qp) {
    const struct fake_qp *q = &fake.qp[qp];
    put("qp %u: loaded %d on %d %d err %d armed %d posted %u", qp, q->loaded, q->tx_on, q->rx_on, q->err, q->armed,
        q->posted);
    if (q->loaded) { // else nothing of it counts
        put(" fn %u vport %u vector %u logs %u %u %u at %llx %llx %llx rate %u weight %u", q->fn, q->vport, q->vector,
            q->tx_log2, q->rx_log2, q->cq_log2, (unsigned long long)q->tx_base, (unsigned long long)q->rx_base,
            (unsigned long long)q->cq_base, fake_qp_rate[qp], fake_qp_weight[qp]);
    }
    put("\n");
}

static void put_vport(unsigned vport) {
    put("vport %u: cfg %x qps %u+%u flood %d", vport, fake.cfg[vport], fake.vport_base[vport], fake.vport_count[vport],
        fake.flood[vport]);
    if (fake.vport_count[vport] != 0) { // without queue pairs it gets nothing, whatever is in its tables
        put(" mac %llx in vlan 7: %d", (unsigned long long)fake.vport_mac[vport], fake_in_vlan(vport, 7));
        put_bytes(" rss", fake.rss[vport], sizeof(fake.rss[vport]));
        put_bytes(" key", fake.rss_key[vport], sizeof(fake.rss_key[vport]));
    }
    put("\n");
}

// Without its mailbox: what the PF asks to learn all this is in there.
static void put_fn(unsigned fn) {
    put("fn %u: op %d flr %d events %llx owner %d map %u rate %u\n", fn, fake.op[fn], fake.flr[fn],
        (unsigned long long)fake.events[fn], fake.owner[fn], fake.map_count[fn], fake_fn_rate[fn]);
    put_bytes(" moderation", fake.moderation[fn], sizeof(fake.moderation[fn]));
}

static void put_vf(unsigned vf, unsigned vport) {
    const struct weir_vf_req v = {.vf = (uint16_t)vf};
    const struct weir_vport_req p = {.vport = (uint16_t)vport};
    const struct weir_read_block_req b = {.vf = (uint16_t)vf};
    put_fn(vf + 1);
    put_bytes(" request", fake.req[vf + 1], sizeof(fake.req[0]));
    put_bytes(" response", fake.rsp[vf + 1], sizeof(fake.rsp[0]));
    put_vport(vport);
    for (unsigned i = 0; i < 2; i++) {
        put_qp(fake.vport_base[vport] + i);
    }
    put_bytes("spread", (const void *)&HAL_SHARED->rss[vf], sizeof(HAL_SHARED->rss[vf]));
    put_answer("GET_VF", WEIR_CMD_GET_VF, &v, sizeof(v));
    put_answer("GET_VPORT", WEIR_CMD_GET_VPORT, &p, sizeof(p));
    put_answer("DESCRIBE_VPORT", WEIR_CMD_DESCRIBE_VPORT, &p, sizeof(p));
    put_answer("READ_BLOCK", WEIR_CMD_READ_BLOCK, &b, sizeof(b));
}

static void put_card(void) {
    put("link %d log %u filters %u mirror %x\n", fake.link_enable, svc_log_level(), fake_valid_slots(), fake.mirror);
    for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) {
        put_fn(fn);
    }
    for (unsigned vport = 0; vport < WEIR_NUM_VPORTS; vport++) {
        put_vport(vport);
    }
    for (unsigned qp = 0; qp < WEIR_NUM_QPS; qp++) {
        put_qp(qp);
    }
}

static void begin(char *to) {
    text = to;
    used = 0;
    text[0] = '\0';
}

static void assert_same(const char *what) {
    size_t at = 0, line = 0;
    while (before[at] != '\0' && before[at] == after[at]) {
        at++;
        line = before[at - 1] == '\n' ? at : line;
    }
    if (before[at] != after[at]) {
        print_message("%s:\n  before %.*s\n  after  %.*s\n", what, (int)strcspn(before + line, "\n"), before + line,
                      (int)strcspn(after + line, "\n"), after + line);
        fail();
    }
}

// What the PF gives a VF, each a value that it does not have by itself.
static void policies(unsigned vf, unsigned vport) {
    struct weir_set_vport_vlan_req vlan = {
        .vport = (uint16_t)vport, .mode = WEIR_VLAN_TRUNK, .count = 1, .range = {{7, 9}}};
    assert_int_equal(fw_filter(vf, vport, fw_mac(vf)), WEIR_OK);
    assert_int_equal(FW(0, SET_FLOOD, weir_set_flood_req, .vport = (uint16_t)vport, .member = 1), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_SET_VPORT_VLAN, &vlan, sizeof(vlan), NULL, NULL), WEIR_OK);
    assert_int_equal(FW(0, UPDATE_VPORT, weir_update_vport_req, .vport = (uint16_t)vport,
                        .changed = WEIR_VPORT_CHANGED_MODERATION, .moderation = WEIR_MODERATION_LOW),
                     WEIR_OK);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = (uint16_t)(vf + 1), .qp = WEIR_RATE_FN, .mbps = 4000),
                     WEIR_OK);
    assert_int_equal(FW(0, WRITE_BLOCK, weir_write_block_req, .vf = (uint16_t)vf, .length = 3, .data = {1, 2, 3}),
                     WEIR_OK);
}

static void make_switch(void) {
    fw_switch(VFS, VFS + 1, 32, 2);
    for (unsigned vf = 0; vf < VFS; vf++) {
        assert_int_equal(fw_alloc(vf), WEIR_OK);
        assert_int_equal(fw_vport(vf + 1, vf, 2), WEIR_OK);
    }
}

// Everything that a VF's driver can do, to values that no reset leaves.
static void use_vf(unsigned vf) {
    struct weir_set_rss_req rss = {.count = 64};
    struct weir_set_vport_rss_key_req key = {.vport = 0};
    memset(rss.entry, 1, sizeof(rss.entry));
    memset(key.key, 0x5A, sizeof(key.key));
    fw_arm_vf(vf, 2);
    assert_int_equal(fw_call(vf + 1, WEIR_CMD_SET_RSS, &rss, sizeof(rss), NULL, NULL), WEIR_OK);
    assert_int_equal(fw_call(vf + 1, WEIR_CMD_SET_VPORT_RSS_KEY, &key, sizeof(key), NULL, NULL), WEIR_OK);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = (uint16_t)(vf + 1), .mbps = 1000, .weight = 5), WEIR_OK);
    assert_int_equal(
        FW(0, INVALIDATE_BLOCKS, weir_invalidate_req, .vf = (uint16_t)vf, .mask_lo = 0xFF, .mask_hi = 0xFF), WEIR_OK);
    fake.qp[fake.vport_base[vf + 1]].armed = true;
    fake_qp_error(fake.vport_base[vf + 1] + 1u, WEIR_QP_REASON_BAD_TAIL);
    fw_run();
}

// The ways a VF is reset.
static void flr(unsigned vf) {
    fake_flr(vf + 1);
    fw_run();
}

static void reset_vf(unsigned vf) {
    assert_int_equal(FW(0, RESET_VF, weir_vf_req, .vf = (uint16_t)vf), WEIR_OK);
}

static void vf_enable(unsigned vf) {
    (void)vf;
    fake_vf_enable(0);
    fw_run();
    fake_vf_enable(VFS);
    fw_run();
}

static void everything_returns(void (*reset)(unsigned vf), const char *name) {
    fw_boot();
    make_switch();
    policies(1, 2);
    begin(before);
    put_vf(1, 2);
    use_vf(1);
    begin(after);
    put_vf(1, 2);
    assert_string_not_equal(before, after);
    reset(1);
    begin(after);
    put_vf(1, 2);
    assert_same(name);
}

static void flr_returns_everything_of_a_vf(void **state) {
    (void)state;
    everything_returns(flr, "FLR");
}

static void reset_vf_returns_everything(void **state) {
    (void)state;
    everything_returns(reset_vf, "RESET_VF");
}

static void vf_enable_returns_everything(void **state) {
    (void)state;
    everything_returns(vf_enable, "VF Enable off and on");
}

// Of the PF's it is the whole card: as after power-on, and a switch made anew is as the first one was.
static void everything_of_the_pf_returns(void **state) {
    static char fresh[TEXT], made[TEXT];
    struct weir_set_rss_key_req key;
    (void)state;
    memset(key.key, 0x77, sizeof(key.key));
    fw_boot();
    begin(fresh);
    put_card();
    make_switch();
    begin(made);
    put_card();
    for (unsigned vf = 0; vf < VFS; vf++) {
        policies(vf, vf + 1);
        use_vf(vf);
    }
    assert_int_equal(fw_create_qp(0, 0, 0), WEIR_OK);
    assert_int_equal(fw_call(0, WEIR_CMD_SET_RSS_KEY, &key, sizeof(key), NULL, NULL), WEIR_OK);
    assert_int_equal(FW(0, SET_RSS, weir_set_rss_req, .vport = 0, .count = 2, .entry = {1, 1}), WEIR_OK);
    assert_int_equal(FW(0, UPDATE_VPORT, weir_update_vport_req, .vport = 0, .changed = WEIR_VPORT_CHANGED_MODERATION,
                        .moderation = WEIR_MODERATION_HIGH),
                     WEIR_OK);
    assert_int_equal(FW(0, SET_RATE, weir_set_rate_req, .fn = 0, .qp = WEIR_RATE_FN, .mbps = 100), WEIR_OK);
    assert_int_equal(FW(0, SET_VPORT, weir_set_vport_req, .vport = 3, .changed = WEIR_VPORT_CHANGED_FLAGS,
                        .flags = WEIR_VPORT_TRUSTED),
                     WEIR_OK);
    assert_int_equal(FW(0, SET_MIRROR, weir_set_mirror_req, .src = 2, .dst = 3, .on = 1), WEIR_OK);
    assert_int_equal(FW(0, SET_LINK, weir_set_link_req, .enable = 0), WEIR_OK);
    assert_int_equal(FW(0, SET_LOG_LEVEL, weir_set_log_level_req, .level = WEIR_LOG_ERROR), WEIR_OK);
    fake_flr(0);
    fw_run();
    memcpy(before, fresh, sizeof(before));
    begin(after);
    put_card();
    assert_same("FLR of the PF");
    make_switch();
    memcpy(before, made, sizeof(before));
    begin(after);
    put_card();
    assert_same("the switch after it");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(flr_returns_everything_of_a_vf),
    cmocka_unit_test(reset_vf_returns_everything),
    cmocka_unit_test(vf_enable_returns_everything),
    cmocka_unit_test(everything_of_the_pf_returns),
};
UNIT_MAIN(tests)
