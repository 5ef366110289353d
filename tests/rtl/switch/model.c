// SPDX-License-Identifier: Apache-2.0
// Reference model of the lookup and of the ledger. It knows tables as they were in each epoch, nothing of the pipeline.
#include "sw.h"

void model_attach(struct weir_rtl *model) {
    bench_model = model;
}

enum { NO_DROP = 0xFE, NO_DEST = 0xFF };

// The Toeplitz hash by its definition, bit by bit.
uint32_t model_toeplitz(const uint8_t key[40], const uint8_t *tuple, unsigned n) {
    uint32_t hash = 0;
    for (unsigned bit = 0; bit < 8 * n; bit++) {
        if ((tuple[bit / 8] >> (7 - bit % 8) & 1) == 0)
            continue;
        for (unsigned k = 0; k < 32; k++) {
            unsigned at = bit + k;
            hash ^= (uint32_t)(key[at / 8] >> (7 - at % 8) & 1) << (31 - k);
        }
    }
    return hash;
}

uint32_t model_hash(const uint8_t key[40], const uint8_t *b, unsigned len) {
    uint8_t tuple[36];
    unsigned l3 = 14;
    if (len >= 18 && b[12] == 0x81 && b[13] == 0)
        l3 = 18;
    const uint8_t *ip = b + l3;
    unsigned type = (unsigned)b[l3 - 2] << 8 | b[l3 - 1], left = len - l3;
    if (type == 0x0800 && left >= 20 && ip[0] >> 4 == 4) {
        bool ports = ip[0] == 0x45 && (ip[9] == 6 || ip[9] == 17) && (ip[6] & 0x3F) == 0 && ip[7] == 0 && left >= 24;
        memcpy(tuple, ip + 12, ports ? 12 : 8);
        return model_toeplitz(key, tuple, ports ? 12 : 8);
    }
    if (type == 0x86DD && left >= 40 && ip[0] >> 4 == 6) {
        bool ports = (ip[6] == 6 || ip[6] == 17) && left >= 44;
        memcpy(tuple, ip + 8, ports ? 36 : 32);
        return model_toeplitz(key, tuple, ports ? 36 : 32);
    }
    return model_toeplitz(key, b, 12);
}

static bool in_vlan(unsigned v, unsigned vid) {
    return !vports[v].vlan_check || vlans[vid][v];
}

// Walks the words that stand where an EtherType may stand, as a receiver on the wire would, to the first that is no
// tag.
struct tags model_tags(const uint8_t *b, unsigned len, bool insert, unsigned tci) {
    struct tags t = {.bad = insert && (tci & 0xFFF) == 0xFFF};
    unsigned n = insert;
    for (unsigned at = 12;; at += 4, n++) {
        unsigned type = (unsigned)b[at] << 8 | b[at + 1];
        if (type != 0x8100 && type != 0x88A8) {
            t.ctrl = type == 0x8808;
            t.odd = t.odd || n > 1;
            return t;
        }
        if (n == 2 || len < at + 6) { // padding would make it whole
            t.bad = true;
            t.odd = t.odd || n > 1;
            return t;
        }
        t.odd = t.odd || (type == 0x88A8 && n == 0);
        t.bad = t.bad || ((b[at + 2] & 15) == 15 && b[at + 3] == 255);
    }
}

static bool reserved_group(uint64_t mac) {
    return mac >= 0x0180C2000000ULL && mac <= 0x0180C200000FULL;
}

static void receive(struct verdict *v, unsigned p, bool *has) {
    if (!has[p])
        v->n++;
    has[p] = true;
}

// A frame that goes as another vPort than its own brings no addresses along.
static bool has_source(unsigned v, const struct frame *f) {
    for (unsigned i = 0; i < nfilters; i++)
        if (filters[i].mode == 3 && filters[i].vid == v && filters[i].mac == f->smac)
            return f->vport == v || vports[v].mac == f->smac;
    return vports[v].mac == f->smac;
}

void model_verdict(const struct frame *f, const struct snap *s, struct verdict *v) {
    // A vPort without queue pairs is none: its frames go as the default vPort's (rules 2.18).
    unsigned src = f->wire || vports[f->vport].count == 0 ? 0 : f->vport, vid = f->tagged ? f->tci & 0xFFF : 0;
    const struct vport *from = &vports[src];
    bool has[NV] = {false};
    *v = (struct verdict){.drop = NO_DROP, .src = (uint8_t)src};
    if (!f->wire) {
        if (!from->enable)
            v->drop = WEIR_VPORT_CNT_TX_DROP_VPORT;
        else if ((from->vf && (f->smac >> 40 & 1)) || (from->check && !has_source(src, f)))
            v->drop = WEIR_VPORT_CNT_TX_DROP_SRC_MAC;
        else if (from->vf && (f->tags.ctrl || (reserved_group(f->dmac) && !from->reserved_tx)))
            v->drop = WEIR_VPORT_CNT_TX_DROP_CTRL;
        else if (f->tags.bad && (from->vf || from->vlan_check))
            v->drop = WEIR_VPORT_CNT_TX_DROP_VLAN;
        else if (from->vlan_check &&
                 (!in_vlan(src, vid) || (f->tags.odd && !from->stags) || (from->port_vlan && !f->by_port)))
            v->drop = WEIR_VPORT_CNT_TX_DROP_VLAN;
        else if (f->len > WEIR_MAX_FRAME)
            v->drop = WEIR_VPORT_CNT_TX_DROP_LONG;
        if (v->drop != NO_DROP)
            return;
    }
    unsigned why = f->wire ? NO_DEST : WEIR_VPORT_CNT_TX_DROP_LINK;
    if (f->dmac >> 40 & 1) {
        v->mcast = true;
        for (unsigned p = 0; p < NV; p++)
            if (vports[p].enable && in_vlan(p, vid) && (p == 0 || (s->flood[p] && !reserved_group(f->dmac))) &&
                (f->wire || p == 0 || p != src))
                receive(v, p, has);
        v->to_wire = !f->wire && link_up;
    } else {
        int any = -1, exact = -1;
        for (unsigned i = 0; i < nfilters; i++) {
            if (filters[i].mode == 3 || filters[i].mac != f->dmac || !in_vlan(s->dst[i], vid))
                continue;
            if (filters[i].mode == 0)
                any = (int)i;
            else if (filters[i].mode == 1 ? vid == 0 : vid != 0 && filters[i].vid == vid)
                exact = (int)i;
        }
        int hit = exact >= 0 ? exact : any;
        if (hit >= 0) {
            unsigned p = s->dst[hit];
            v->strip = exact < 0 && f->tagged;
            if (!f->wire && p == src && p != 0)
                why = WEIR_VPORT_CNT_TX_DROP_SELF;
            else
                receive(v, p, has);
        } else if (f->wire) {
            if (vports[0].enable && in_vlan(0, vid))
                receive(v, 0, has);
        } else
            v->to_wire = link_up;
    }
    bool copy = !f->wire && from->mirrored;
    for (unsigned p = 0; p < NV; p++)
        copy = copy || (has[p] && vports[p].mirrored);
    for (unsigned p = 0; p < NV; p++)
        if (vports[p].enable && (f->wire || p != src) &&
            ((vports[p].promisc && in_vlan(p, vid)) || (copy && (int)p == mirror)))
            receive(v, p, has);
    unsigned n = 0;
    for (unsigned p = 0; p < NV; p++)
        if (has[p])
            v->to[n++] = (uint8_t)p;
    if (n == 0 && !v->to_wire)
        v->drop = why;
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
        cnt[v->src][WEIR_VPORT_CNT_TX_FRAMES]++;
        cnt[v->src][WEIR_VPORT_CNT_TX_BYTES] += f->len;
    }
    if (v->drop == NO_DEST)
        cnt_sw[WEIR_SW_CNT_PORT_RX_DROP_NO_DEST]++;
    else if (v->drop != NO_DROP)
        cnt[v->src][v->drop]++;
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
            CHECK(f->got == 0 && f->wire_got == 0 && !f->done, "cancelled frame %u generations", id);
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
        txdrop += hw[p][WEIR_VPORT_CNT_TX_DROP_LONG];
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
    for (unsigned i = 0; i < 128; i += 4)
        sw_csr_write(WEIR_SWITCH_RSS_TABLE_OFFSET + i, cfg.table[i] | (uint32_t)cfg.table[i + 1] << 8 |
                                                           (uint32_t)cfg.table[i + 2] << 16 |
                                                           (uint32_t)cfg.table[i + 3] << 24);
    for (unsigned i = 0; i < 40; i += 4)
        sw_csr_write(WEIR_SWITCH_RSS_KEY_OFFSET + i, (uint32_t)cfg.key[i] << 24 | (uint32_t)cfg.key[i + 1] << 16 |
                                                         (uint32_t)cfg.key[i + 2] << 8 | cfg.key[i + 3]);
    sw_csr_write(WEIR_SWITCH_VPORT_TCI_OFFSET, cfg.tci);
    uint32_t flags = cfg.enable | (uint32_t)cfg.check << 1 | (uint32_t)cfg.drain << 2 | (uint32_t)cfg.vf << 3 |
                     (uint32_t)cfg.vlan_check << 4 | (uint32_t)cfg.port_vlan << 5 | (uint32_t)cfg.promisc << 6 |
                     (uint32_t)cfg.mirrored << 7 | (uint32_t)cfg.stags << 8 | (uint32_t)cfg.reserved_tx << 9;
    sw_csr_write(WEIR_SWITCH_VPORT_CFG_OFFSET, flags);
    CHECK(sw_csr_read(WEIR_SWITCH_VPORT_CFG_OFFSET) == flags, "VPORT_CFG reads back");
    CHECK(sw_csr_read(WEIR_SWITCH_VPORT_TCI_OFFSET) == (cfg.port_vlan ? cfg.tci : 0u), "VPORT_TCI reads back");
    CHECK(sw_csr_read(WEIR_SWITCH_VPORT_MAC_LO_OFFSET) == (uint32_t)cfg.mac, "VPORT_MAC_LO reads back");
    CHECK(sw_csr_read(WEIR_SWITCH_VPORT_QP_OFFSET) == (cfg.count ? cfg.base | (uint32_t)cfg.count << 16 : 0),
          "VPORT_QP reads back");
}

void model_set_vlan(unsigned vid, unsigned v, bool member) {
    vlans[vid][v] = member;
    sw_csr_write(WEIR_SWITCH_VLAN_ID_OFFSET, vid);
    sw_csr_write(WEIR_SWITCH_VLAN_CMD_OFFSET, v | (uint32_t)member << 16);
}

void model_set_mirror(int v) {
    mirror = v;
    sw_csr_write(WEIR_SWITCH_MIRROR_OFFSET, v < 0 ? 0 : 0x100u | (unsigned)v);
}

static bool slot_used(unsigned slot) {
    for (unsigned i = 0; i < nfilters; i++)
        if (filters[i].slot == slot)
            return true;
    return false;
}

// A free slot of the key, looked for from `bank` on.
static unsigned free_slot(uint64_t mac, unsigned mode, unsigned vid, unsigned bank) {
    uint32_t h[2];
    sw_csr_write(WEIR_SWITCH_FILTER_MAC_LO_OFFSET, (uint32_t)mac);
    sw_csr_write(WEIR_SWITCH_FILTER_MAC_HI_OFFSET, (uint32_t)(mac >> 32));
    sw_csr_write(WEIR_SWITCH_FILTER_KEY_OFFSET, vid | mode << 12);
    h[0] = sw_csr_read(WEIR_SWITCH_FILTER_HASH_OFFSET);
    h[1] = sw_csr_read(WEIR_SWITCH_FILTER_HASH2_OFFSET);
    for (unsigned t = 0; t < 4; t++, bank = (bank + 1) % 4) {
        unsigned slot = bank << 9 | (h[bank / 2] >> (bank % 2 * 16) & 0x1FF);
        if (!slot_used(slot))
            return slot;
    }
    CHECK(false, "no free slot");
    return 0;
}

static void write_slot(unsigned slot, uint64_t mac, unsigned mode, unsigned vid, unsigned dst, bool valid) {
    sw_csr_write(WEIR_SWITCH_FILTER_MAC_LO_OFFSET, (uint32_t)mac);
    sw_csr_write(WEIR_SWITCH_FILTER_MAC_HI_OFFSET, (uint32_t)(mac >> 32));
    sw_csr_write(WEIR_SWITCH_FILTER_KEY_OFFSET, vid | mode << 12 | dst << 16 | (uint32_t)valid << 31);
    sw_csr_write(WEIR_SWITCH_FILTER_SLOT_OFFSET, slot);
    sw_csr_write(WEIR_SWITCH_FILTER_CMD_OFFSET, 1);
}

void model_add_filter(uint64_t mac, unsigned mode, unsigned vid, unsigned dst, unsigned bank) {
    unsigned slot = free_slot(mac, mode, vid, bank);
    write_slot(slot, mac, mode, vid, dst, true);
    filters[nfilters] =
        (struct filter){.mac = mac, .mode = (uint8_t)mode, .vid = (uint16_t)vid, .slot = (uint16_t)slot};
    // Filters are added at rest: they belong to the epoch in force.
    snaps[epoch_issued].dst[nfilters++] = (uint8_t)dst;
}

void model_clear_filters(void) {
    while (nfilters != 0)
        write_slot(filters[--nfilters].slot, 0, 0, 0, 0, false);
}

// Another slot for a filter, as an insertion pushes it on: written there first, then cleared where it was.
void model_push_filter(unsigned i, unsigned bank) {
    struct filter *f = &filters[i];
    unsigned slot = free_slot(f->mac, f->mode, f->vid, bank);
    write_slot(slot, f->mac, f->mode, f->vid, snaps[epoch_issued].dst[i], true);
    write_slot(f->slot, 0, 0, 0, 0, false);
    f->slot = (uint16_t)slot;
}
