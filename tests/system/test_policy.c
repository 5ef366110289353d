// SPDX-License-Identifier: Apache-2.0
// Policies through driver, firmware and RTL: a VF behind a port VLAN, the spread over a vPort's queue pairs, a mirror
// that the PF listens on, and frames of every length up to 9,600. What the switch does with each frame has its own
// benches; here is that the commands reach it.
#include <errno.h>

#include "world.h"

static const uint8_t vf_mac[6] = {0x02, 0, 0, 0, 0, 0x10}, peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};
static struct world w;
static struct weir_vf *vf;
static unsigned wire_frames, wire_tagged;
static struct sink { unsigned frames, bytes; } on_qp[2], on_pf;

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)ctx;
    (void)cycle;
    (void)len;
    wire_frames++;
    wire_tagged += frame[12] == 0x81 && frame[13] == 0 && frame[14] == 0x60 && frame[15] == 5;
}

static void count(void *ctx, const void *frame, const struct weir_rx_info *info) {
    struct sink *s = ctx;
    (void)frame;
    s->frames++;
    s->bytes += info->len;
    CHECK(!info->vlan_stripped, "the guest learns of its port VLAN");
}

static void poll_all(void) {
    world_settle(&w);
    for (unsigned i = 0; i < weir_vf_num_qps(vf); i++)
        weir_qp_poll(weir_vf_qp(vf, i), 256, count, NULL, &on_qp[i]);
    weir_qp_poll(weir_pf_qp(w.pf, 0), 256, count, NULL, &on_pf);
}

// An IPv4 UDP frame of flow `n`, tagged with vid unless 0.
static size_t make(uint8_t *f, unsigned vid, unsigned n, size_t len) {
    size_t at = 12;
    memset(f, 0, len);
    memcpy(f, vf_mac, 6);
    memcpy(f + 6, peer_mac, 6);
    if (vid != 0) {
        f[at] = 0x81, f[at + 2] = (uint8_t)(vid >> 8), f[at + 3] = (uint8_t)vid;
        at += 4;
    }
    f[at] = 0x08, f[at + 2] = 0x45, f[at + 11] = 17;
    f[at + 14] = 10, f[at + 17] = (uint8_t)n, f[at + 18] = 10;
    f[at + 22] = (uint8_t)(n * 7), f[at + 24] = 1;
    return len;
}

static void from_wire(unsigned vid, unsigned n, size_t len) {
    static uint8_t f[WEIR_MAX_FRAME];
    CHECK(wire_send(card_wire(w.card), f, make(f, vid, n, len), false) == 0, "wire queue full");
}

static void from_vf(bool tagged, size_t len) {
    static uint8_t f[WEIR_MAX_FRAME];
    (void)make(f, tagged ? 5 : 0, 0, len);
    memcpy(f, peer_mac, 6);
    memcpy(f + 6, vf_mac, 6);
    CHECK(weir_qp_send(weir_vf_qp(vf, 0), f, len) >= 0, "send");
    weir_qp_ring_doorbell(weir_vf_qp(vf, 0));
    poll_all();
}

static void begin(uint32_t buf_bytes, uint8_t rx_log2) {
    struct weir_vf_config cfg = {.tx_log2 = 5, .rx_log2 = rx_log2, .buf_bytes = buf_bytes};
    char err[160];
    world_open(&w, 1);
    wire_set_rx(card_wire(w.card), on_wire, NULL);
    CHECK(weir_pf_alloc_vf(w.pf, 0, vf_mac, "policy") == 0, "alloc");
    CHECK(weir_pf_create_vport(w.pf, 1, 0, 2, WEIR_VPORT_CHECK_SRC, "policy") == 0, "vport");
    CHECK(weir_vf_open(weir_inproc_open(w.ip, 1), &cfg, &vf, err, sizeof(err)) == 0, "%s", err);
}

static void end(void) {
    weir_vf_close(vf);
    CHECK(weir_pf_delete_vport(w.pf, 1) == 0 && weir_pf_free_vf(w.pf, 0) == 0, "free");
    world_close(&w);
}

static void port_vlan(void) {
    begin(2048, 7);
    CHECK(weir_pf_set_filter(w.pf, 1, 1, vf_mac, WEIR_FILTER_VLAN, 5) == 0, "filter");
    CHECK(weir_pf_vlan_port(w.pf, 0, 5) == -EINVAL, "the default vPort has no VLAN");
    CHECK(weir_pf_vlan_port(w.pf, 1, 5u | 3u << 13) == 0, "port VLAN");
    from_vf(false, 100);
    CHECK(wire_frames == 1 && wire_tagged == 1, "%u frames, %u with the tag", wire_frames, wire_tagged);
    from_vf(true, 100); // a tag of its own
    CHECK(wire_frames == 1, "a guest chose its VLAN");
    from_wire(5, 0, 104);
    from_wire(6, 0, 104);
    from_wire(0, 0, 100);
    poll_all();
    CHECK(on_qp[0].frames + on_qp[1].frames == 1 && on_qp[0].bytes + on_qp[1].bytes == 100,
          "VLAN 5 alone, without tag");
    uint64_t cnt[32];
    CHECK(weir_pf_counters(w.pf, 1, cnt) == 0 && cnt[WEIR_VPORT_CNT_TX_DROP_VLAN] == 1, "counted");
    CHECK(weir_pf_vlan_any(w.pf, 1) == 0, "any");
    from_vf(true, 100);
    CHECK(wire_frames == 2, "any VLAN");
    CHECK(weir_pf_clear_filter(w.pf, 1) == 0, "clear");
    end();
}

static void rss(void) {
    const uint8_t first[1] = {0}, second[1] = {1}, both[2] = {0, 1}, beyond[1] = {2};
    begin(2048, 7);
    CHECK(weir_pf_set_filter(w.pf, 1, 1, vf_mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    for (unsigned round = 0; round < 3; round++) {
        memset(on_qp, 0, sizeof(on_qp));
        CHECK(weir_pf_rss_table(w.pf, 1,
                                round == 0   ? both
                                : round == 1 ? second
                                             : first,
                                round == 0 ? 2 : 1) == 0,
              "table");
        CHECK(weir_pf_rss_table(w.pf, 1, beyond, 1) == -EINVAL, "an entry beyond the queue pairs");
        for (unsigned n = 0; n < 64; n++)
            from_wire(0, n, 80);
        poll_all();
        CHECK(on_qp[0].frames + on_qp[1].frames == 64, "%u and %u frames", on_qp[0].frames, on_qp[1].frames);
        if (round == 0)
            CHECK(on_qp[0].frames > 16 && on_qp[1].frames > 16, "spread %u to %u", on_qp[0].frames, on_qp[1].frames);
        else
            CHECK(on_qp[round % 2].frames == 64, "all on queue pair %u", round % 2);
    }
    CHECK(weir_pf_clear_filter(w.pf, 1) == 0, "clear");
    end();
}

static void jumbo(void) {
    begin(16384, 7);
    CHECK(weir_pf_set_filter(w.pf, 1, 1, vf_mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    static const size_t len[] = {1514, 1518, 4096, 8192, 9000, 9018, 9536, 9537, 9599, 9600};
    unsigned bytes = 0, n = sizeof(len) / sizeof(len[0]);
    for (unsigned i = 0; i < n; i++) {
        from_wire(0, i, len[i]);
        bytes += (unsigned)len[i];
        poll_all();
        from_vf(false, len[i]);
    }
    CHECK(on_qp[0].frames + on_qp[1].frames == n && on_qp[0].bytes + on_qp[1].bytes == bytes && wire_frames == n,
          "%u and %u frames received, %u sent", on_qp[0].frames, on_qp[1].frames, wire_frames);
    CHECK(weir_pf_clear_filter(w.pf, 1) == 0, "clear");
    end();
}

// Events until the fence with this token has ended; returns its status.
static unsigned fence(uint32_t token, uint64_t *cycles) {
    uint64_t start = card_cycles(w.card);
    CHECK(weir_pf_fence(w.pf, 1, token) == 0, "fence %u", token);
    for (unsigned tries = 0; tries < 200; tries++) {
        struct weir_event ev[7];
        int n = weir_pf_events(w.pf, ev, 7);
        for (int i = 0; i < n; i++)
            if (ev[i].kind == WEIR_FW_EVENT_FENCE_DONE && ev[i].b == token) {
                *cycles = card_cycles(w.card) - start;
                return ev[i].c;
            }
    }
    CHECK(false, "fence %u never ended", token);
    return 0;
}

// Rings empty, full of frames nobody takes, full of completions, function gone: a fence ends, with its reason, in time.
static void fences(void) {
    enum { Bound = 20000 }; // two mailbox commands and the events between; the fence itself takes some hundred
    uint64_t cycles[4];
    unsigned status[4];
    begin(2048, 4);
    CHECK(weir_pf_set_filter(w.pf, 1, 1, vf_mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    status[0] = fence(1, &cycles[0]);
    for (unsigned n = 0; n < 200; n++) // more than the rings take, a buffer each
        from_wire(0, n, 1500);
    while (wire_queued(card_wire(w.card)) != 0)
        world_settle(&w);
    uint64_t cnt[32];
    CHECK(weir_pf_counters(w.pf, 1, cnt) == 0 && cnt[WEIR_VPORT_CNT_RX_DROP_NO_DESC] != 0,
          "the rings are not empty: %u frames delivered of %u", (unsigned)cnt[WEIR_VPORT_CNT_RX_FRAMES],
          (unsigned)cnt[WEIR_VPORT_CNT_RX_COPIES]);
    status[1] = fence(2, &cycles[1]);
    for (uint32_t n = 0; n < 300; n++) { // fences alone fill the completion ring
        status[2] = fence(100 + n, &cycles[2]);
        if (status[2] != 0)
            break;
    }
    weir_vf_surprise(vf);
    weir_vf_close(vf);
    for (unsigned n = 0; n < 200; n++)
        from_wire(0, n, 80);
    CHECK(weir_pf_reset_vf(w.pf, 0) == 0, "reset");
    status[3] = fence(3, &cycles[3]);
    for (unsigned i = 0; i < 4; i++) {
        printf("  fence %u: status %u after %u cycles\n", i, status[i], (unsigned)cycles[i]);
        CHECK(cycles[i] < Bound, "fence %u took %u cycles", i, (unsigned)cycles[i]);
    }
    CHECK(status[0] == 0 && status[1] == 0, "a fence needs no receive buffer");
    CHECK(status[2] == WEIR_QP_REASON_CQ_FULL, "completion ring full: status %u", status[2]);
    CHECK(status[3] != 0, "a fence on a function that was reset claims to have come");
    CHECK(weir_pf_clear_filter(w.pf, 1) == 0, "clear");
    CHECK(weir_pf_delete_vport(w.pf, 1) == 0 && weir_pf_free_vf(w.pf, 0) == 0, "free");
    world_close(&w);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "port_vlan") == 0)
        port_vlan();
    else if (strcmp(name, "rss_table_moves_flows") == 0)
        rss();
    else if (strcmp(name, "jumbo_frames_both_ways") == 0)
        jumbo();
    else if (strcmp(name, "fences_end_in_bounded_time") == 0)
        fences();
    else
        CHECK(false, "no case named '%s'", name);
    return 0;
}
