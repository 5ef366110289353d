// SPDX-License-Identifier: Apache-2.0
// Reference model of the lookup and of the ledger. It knows tables as they were in each epoch, nothing of the pipeline.
#include "sw.h"

void model_attach(struct weir_rtl *model) {
    bench_model = model;
}

enum { NO_DROP = 0xFE, NO_DEST = 0xFF };

void model_verdict(const struct frame *f, const struct snap *s, struct verdict *v) {
    const struct vport *from = &vports[f->vport];
    *v = (struct verdict){.drop = NO_DROP};
    if (!f->wire) {
        if (!from->enable)
            v->drop = WEIR_VPORT_CNT_TX_DROP_VPORT;
        else if (from->check && f->smac != from->mac)
            v->drop = WEIR_VPORT_CNT_TX_DROP_SRC_MAC;
        else if (from->vf && f->etype == 0x8808)
            v->drop = WEIR_VPORT_CNT_TX_DROP_CTRL;
        if (v->drop != NO_DROP)
            return;
    }
    if (f->dmac >> 40 & 1) {
        v->mcast = true;
        for (unsigned p = 0; p < NV; p++)
            if (vports[p].enable && (p == 0 || s->flood[p]) && (f->wire || p == 0 || p != f->vport))
                v->to[v->n++] = (uint8_t)p;
        v->to_wire = !f->wire && link_up;
        if (v->n == 0 && !v->to_wire)
            v->drop = f->wire ? NO_DEST : WEIR_VPORT_CNT_TX_DROP_LINK;
        return;
    }
    unsigned vid = f->tagged ? f->tci & 0xFFF : 0;
    int any = -1, exact = -1;
    for (unsigned i = 0; i < nfilters; i++) {
        if (filters[i].mac != f->dmac)
            continue;
        if (filters[i].mode == 0)
            any = (int)i;
        else if (filters[i].mode == 1 ? vid == 0 : vid != 0 && filters[i].vid == vid)
            exact = (int)i;
    }
    int hit = exact >= 0 ? exact : any;
    if (hit >= 0) {
        unsigned p = s->dst[hit];
        if (!f->wire && p == f->vport && p != 0) {
            v->drop = WEIR_VPORT_CNT_TX_DROP_SELF;
            return;
        }
        v->strip = exact < 0 && f->tagged;
        v->to[v->n++] = (uint8_t)p;
    } else if (f->wire) {
        if (vports[0].enable)
            v->to[v->n++] = 0;
        else
            v->drop = NO_DEST;
    } else if (link_up)
        v->to_wire = true;
    else
        v->drop = WEIR_VPORT_CNT_TX_DROP_LINK;
}

unsigned model_deliveries(const struct verdict *v) {
    unsigned n = 0;
    for (unsigned i = 0; i < v->n; i++) {
        unsigned d = vports[v->to[i]].drain && v->to[i] != 0 ? 0 : v->to[i];
        n += vports[d].enable && vports[d].count != 0;
    }
    return n;
}

static uint64_t read_counter(uint32_t sel) {
    sw_csr_write(WEIR_SWITCH_CNT_SEL_OFFSET, sel);
    uint64_t lo = sw_csr_read(WEIR_SWITCH_CNT_LO_OFFSET);
    return lo | (uint64_t)sw_csr_read(WEIR_SWITCH_CNT_HI_OFFSET) << 32;
}

static void account(const struct frame *f, const struct verdict *v) {
    if (f->wire) {
        cnt_sw[WEIR_SW_CNT_PORT_RX_FRAMES]++;
        cnt_sw[WEIR_SW_CNT_PORT_RX_BYTES] += f->len;
    } else {
        cnt[f->vport][WEIR_VPORT_CNT_TX_FRAMES]++;
        cnt[f->vport][WEIR_VPORT_CNT_TX_BYTES] += f->len;
    }
    if (v->drop == NO_DEST)
        cnt_sw[WEIR_SW_CNT_PORT_RX_DROP_NO_DEST]++;
    else if (v->drop != NO_DROP)
        cnt[f->vport][v->drop]++;
    else
        cnt_sw[WEIR_SW_CNT_ROUTED]++;
    cnt_sw[WEIR_SW_CNT_COPIES] += v->n + v->to_wire;
    cnt_sw[WEIR_SW_CNT_WIRE_COPIES] += v->to_wire;
    for (unsigned i = 0; i < v->n; i++) {
        unsigned p = v->to[i], d = p;
        cnt[p][WEIR_VPORT_CNT_RX_COPIES]++;
        cnt[p][WEIR_VPORT_CNT_RX_FLOOD] += v->mcast;
        if (vports[p].drain && p != 0) {
            d = 0;
            cnt[p][WEIR_VPORT_CNT_RX_REDIRECT_OUT]++;
            cnt[0][WEIR_VPORT_CNT_RX_REDIRECT_IN]++;
        }
        if (!vports[d].enable || vports[d].count == 0)
            cnt[d][WEIR_VPORT_CNT_RX_DROP_VPORT]++;
    }
}

void model_close(void) {
    sw_drain();
    unsigned lo = 0;
    for (unsigned id = closed; id < nframes; id++) {
        struct frame *f = &frames[id];
        if (f->cancel) {
            CHECK(f->got == 0 && f->wire_got == 0 && !f->done, "cancelled frame %u lives", id);
            continue;
        }
        CHECK(f->wire || f->done, "frame %u: no tx_done", id);
        struct verdict v;
        // A wire frame nobody received has no stamp; the bench makes such frames only where every epoch agrees.
        unsigned e = f->stamped ? f->epoch : epoch_issued;
        CHECK(f->stamped || f->wire, "frame %u has no epoch", id);
        model_verdict(f, &snaps[e], &v);
        if (f->stamped && !f->wire) {
            CHECK(e >= lo, "frame %u: epoch %u after %u on its side", id, e, lo);
            lo = e;
        }
        CHECK(f->got == model_deliveries(&v), "frame %u: %u copies, expected %u (epoch %u)", id, f->got,
              model_deliveries(&v), e);
        CHECK(f->wire_got == v.to_wire, "frame %u: %u times on the wire, expected %d", id, f->wire_got, v.to_wire);
        account(f, &v);
    }
    closed = nframes;

    CHECK(sw_csr_read(WEIR_SWITCH_STATUS_OFFSET) == 1, "STATUS is not idle");
    CHECK(sw_csr_read(WEIR_SWITCH_EPOCH_OFFSET) == (epoch_issued & 0xFF), "EPOCH");
    static uint64_t hw[NV][WEIR_VPORT_CNT_COUNT], sw[WEIR_SW_CNT_COUNT];
    for (unsigned i = 0; i < WEIR_SW_CNT_COUNT; i++) {
        sw[i] = read_counter(0x10000u | i);
        CHECK(sw[i] == cnt_sw[i], "switch counter %u: %" PRIu64 ", expected %" PRIu64, i, sw[i], cnt_sw[i]);
    }
    uint64_t tx = 0, txdrop = 0, copies = 0;
    for (unsigned p = 0; p < NV; p++) {
        for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++) {
            hw[p][i] = read_counter(p << 8 | i);
            CHECK(hw[p][i] == cnt[p][i], "vPort %u counter %u: %" PRIu64 ", expected %" PRIu64, p, i, hw[p][i],
                  cnt[p][i]);
        }
        uint64_t in = hw[p][WEIR_VPORT_CNT_RX_COPIES] + hw[p][WEIR_VPORT_CNT_RX_REDIRECT_IN];
        uint64_t out = hw[p][WEIR_VPORT_CNT_RX_FRAMES] + hw[p][WEIR_VPORT_CNT_RX_REDIRECT_OUT];
        for (unsigned i = WEIR_VPORT_CNT_RX_DROP_NO_DESC; i <= WEIR_VPORT_CNT_RX_DROP_VPORT; i++)
            out += hw[p][i];
        CHECK(in == out, "ledger of vPort %u: in %" PRIu64 " out %" PRIu64, p, in, out);
        tx += hw[p][WEIR_VPORT_CNT_TX_FRAMES];
        copies += hw[p][WEIR_VPORT_CNT_RX_COPIES];
        for (unsigned i = WEIR_VPORT_CNT_TX_DROP_SRC_MAC; i <= WEIR_VPORT_CNT_TX_DROP_VPORT; i++)
            txdrop += hw[p][i];
    }
    CHECK(sw[WEIR_SW_CNT_PORT_RX_FRAMES] + tx == sw[WEIR_SW_CNT_ROUTED] + sw[WEIR_SW_CNT_PORT_RX_DROP_NO_DEST] + txdrop,
          "ledger: frames");
    CHECK(sw[WEIR_SW_CNT_COPIES] == sw[WEIR_SW_CNT_WIRE_COPIES] + copies, "ledger: copies");
    CHECK(sw[WEIR_SW_CNT_WIRE_COPIES] == sw[WEIR_SW_CNT_PORT_TX_FRAMES] + sw[WEIR_SW_CNT_PORT_TX_DROP_LINK],
          "ledger: wire");
}

void model_set_vport(unsigned v, struct vport cfg) {
    vports[v] = cfg;
    sw_csr_write(WEIR_SWITCH_VPORT_SEL_OFFSET, v);
    sw_csr_write(WEIR_SWITCH_VPORT_QP_OFFSET, cfg.base | (uint32_t)cfg.count << 16);
    sw_csr_write(WEIR_SWITCH_VPORT_MAC_LO_OFFSET, (uint32_t)cfg.mac);
    sw_csr_write(WEIR_SWITCH_VPORT_MAC_HI_OFFSET, (uint32_t)(cfg.mac >> 32));
    sw_csr_write(WEIR_SWITCH_VPORT_CFG_OFFSET,
                 cfg.enable | (uint32_t)cfg.check << 1 | (uint32_t)cfg.drain << 2 | (uint32_t)cfg.vf << 3);
    CHECK(sw_csr_read(WEIR_SWITCH_VPORT_MAC_LO_OFFSET) == (uint32_t)cfg.mac, "VPORT_MAC_LO reads back");
    CHECK(sw_csr_read(WEIR_SWITCH_VPORT_QP_OFFSET) == (cfg.base | (uint32_t)cfg.count << 16), "VPORT_QP reads back");
}

void model_add_filter(uint64_t mac, unsigned mode, unsigned vid, unsigned dst, unsigned bank) {
    uint32_t h[2];
    sw_csr_write(WEIR_SWITCH_FILTER_MAC_LO_OFFSET, (uint32_t)mac);
    sw_csr_write(WEIR_SWITCH_FILTER_MAC_HI_OFFSET, (uint32_t)(mac >> 32));
    sw_csr_write(WEIR_SWITCH_FILTER_KEY_OFFSET, vid | mode << 12 | dst << 16 | 1u << 31);
    h[0] = sw_csr_read(WEIR_SWITCH_FILTER_HASH_OFFSET);
    h[1] = sw_csr_read(WEIR_SWITCH_FILTER_HASH2_OFFSET);
    unsigned slot = 0;
    for (unsigned t = 0; t < 4; t++, bank = (bank + 1) % 4) {
        slot = bank << 9 | (h[bank / 2] >> (bank % 2 * 16) & 0x1FF);
        bool used = false;
        for (unsigned i = 0; i < nfilters; i++)
            used = used || filters[i].slot == slot;
        if (!used)
            break;
        CHECK(t < 3, "no free slot");
    }
    sw_csr_write(WEIR_SWITCH_FILTER_SLOT_OFFSET, slot);
    sw_csr_write(WEIR_SWITCH_FILTER_CMD_OFFSET, 1);
    filters[nfilters] =
        (struct filter){.mac = mac, .mode = (uint8_t)mode, .vid = (uint16_t)vid, .slot = (uint16_t)slot};
    // Filters are added at rest: they belong to the epoch in force.
    snaps[epoch_issued].dst[nfilters++] = (uint8_t)dst;
}
