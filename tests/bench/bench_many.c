// SPDX-License-Identifier: Apache-2.0
// See bench_many.h.
#include "bench_many.h"

#include "weir_mbox.h"

static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};

static void vf_mac(uint8_t mac[6], unsigned vf) {
    const uint8_t m[6] = {0x02, 0, 0, 0, 1, (uint8_t)vf};
    memcpy(mac, m, 6);
}

void many_frame(uint8_t *f, unsigned len, unsigned vf, bool to_wire) {
    memset(f, 0, len);
    memcpy(to_wire ? f : f + 6, peer_mac, 6);
    vf_mac(to_wire ? f + 6 : f, vf);
    f[12] = 0x08;
    f[14] = 0x45;
    f[23] = 17;
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct many *m = ctx;
    unsigned vf = frame[11];
    (void)len;
    if (frame[10] != 1 || vf >= MAX_VFS)
        return;
    if (m->out[vf]++ == 0)
        m->first[vf] = cycle;
    m->last[vf] = cycle;
    // The peer answers the victim at once.
    if (vf == 0 && m->sent_at != 0) {
        uint8_t back[60];
        many_frame(back, sizeof(back), 0, false);
        (void)wire_send(card_wire(m->w.card), back, sizeof(back), false);
    }
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    struct many *m = ctx;
    const uint8_t *to = frame;
    if (info->fence || to[4] != 1 || to[5] >= MAX_VFS) // a broadcast is nobody's own
        return;
    m->in[to[5]]++;
    if (to[5] == 0)
        m->back_at = card_cycles(m->w.card);
}

void many_open(struct many *m, unsigned n, unsigned queues, unsigned ring_log2) {
    struct weir_vf_config cfg = {.tx_log2 = (uint8_t)ring_log2, .rx_log2 = (uint8_t)ring_log2, .buf_bytes = 2048};
    char err[256];
    memset(m, 0, sizeof(*m));
    m->n = n;
    world_open_with(&m->w, (int)n, 1, 8);
    for (unsigned i = 0; i < n; i++) {
        uint8_t mac[6];
        vf_mac(mac, i);
        CHECK(weir_pf_alloc_vf(m->w.pf, (int)i, mac, "bench") == (int)i, "alloc");
        CHECK(weir_pf_create_vport(m->w.pf, i + 1, i, queues, WEIR_VPORT_CHECK_SRC, "bench") == 0, "vport");
        CHECK(weir_vf_open(weir_inproc_open(m->w.ip, i + 1), &cfg, &m->vf[i], err, sizeof(err)) == 0, "%s", err);
        CHECK(weir_pf_set_filter(m->w.pf, i + 1, i + 1, mac, WEIR_FILTER_UNTAGGED_OR_ZERO, 0) == 0, "filter");
    }
    wire_set_rx(card_wire(m->w.card), on_wire, m);
    wire_set_rate(card_wire(m->w.card), 1, 50);
}

void many_poll(struct many *m, unsigned vf) {
    for (unsigned q = 0; q < weir_vf_num_qps(m->vf[vf]); q++)
        weir_qp_poll(weir_vf_qp(m->vf[vf], q), 256, on_rx, NULL, m);
}

void many_close(struct many *m) {
    m->sent_at = 0;
    for (unsigned r = 0; r < 400; r++) {
        for (unsigned i = 0; i < m->n; i++)
            many_poll(m, i);
        card_step(m->w.card, 512, false);
    }
    for (unsigned i = 0; i < m->n; i++) {
        CHECK(weir_pf_clear_filter(m->w.pf, i + 1) == 0, "clear");
        weir_vf_close(m->vf[i]);
        CHECK(weir_pf_delete_vport(m->w.pf, i + 1) == 0, "delete");
        CHECK(weir_pf_free_vf(m->w.pf, i) == 0, "free");
    }
    world_close(&m->w);
}

void many_fill(struct many *m, unsigned vf, unsigned bytes, unsigned room) {
    struct weir_qp *qp = weir_vf_qp(m->vf[vf], 0);
    uint8_t frame[1536];
    if (weir_qp_tx_room(qp) < room)
        return;
    many_frame(frame, bytes, vf, true);
    while (weir_qp_tx_room(qp) > 16)
        CHECK(weir_qp_send(qp, frame, bytes) >= 0, "send");
    weir_qp_ring_doorbell(qp);
}

uint64_t many_bar(struct many *m, unsigned vf) {
    uint64_t size;
    return host_bar(m->w.host, vf + 1, &size);
}

void many_post(struct many *m, unsigned vf, unsigned offset, uint32_t value) {
    (void)rc_mem_write(card_rc(m->w.card), many_bar(m, vf) + offset, value);
}

void many_ask(struct many *m, unsigned vf, unsigned opcode, const void *req, size_t len) {
    struct weir_mbox_msg msg = {.hdr = {.opcode = (uint16_t)opcode, .length = (uint16_t)len}};
    uint32_t word[WEIR_MBOX_BYTES / 4];
    if (len != 0)
        memcpy(msg.payload, req, len);
    memcpy(word, &msg, sizeof(word));
    for (unsigned i = 0; i < 2 + len / 4; i++)
        many_post(m, vf, WEIR_BAR_MBOX_REQ + i * 4, word[i]);
    many_post(m, vf, WEIR_BAR_MBOX_OWNER, 1);
}

static int by_value(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

double many_p99(uint64_t *v, unsigned n) {
    qsort(v, n, sizeof(v[0]), by_value);
    return (double)v[n * 99 / 100];
}
