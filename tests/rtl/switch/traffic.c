// SPDX-License-Identifier: Apache-2.0
// The usual set-up of vPorts and filters, and random frames for it.
#include "sw.h"

struct traffic traffic;

uint64_t mac_of(unsigned v) {
    return 0x020000000100ULL + v;
}

const struct traffic traffic_usual = {
    .senders = 13, .odd_tags = 1, .odd_macs = 1, .ip = 6, .vid = {0, 7, 101, 102, 105, 108, 4095, 7}};

// vPorts 0..11: all enabled; odd ones check their source; 8..11 are VFs.
const uint8_t published_key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
                                   0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
                                   0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

// The last entry points beyond the queue pairs: it counts as the first.
void rss_evenly(struct vport *v) {
    memcpy(v->key, published_key, sizeof v->key);
    for (unsigned i = 0; i < 128; i++)
        v->table[i] = (uint8_t)(i == 127 ? 200 : v->count ? i % v->count : 0);
}

void setup(void) {
    sw_reset_bench(bench_model, bench_rand());
    traffic = traffic_usual;
    for (unsigned v = 0; v < 12; v++) {
        struct vport p = {.enable = true,
                          .check = v % 2 == 1,
                          .vf = v >= 8,
                          .base = (uint16_t)(v * 8),
                          .count = (uint8_t)(1 + v % 5),
                          .mac = mac_of(v)};
        rss_evenly(&p);
        model_set_vport(v, p);
    }
    for (unsigned v = 1; v < 12; v++) {
        unsigned mode = v % 3;
        model_add_filter(mac_of(v), mode, mode == 2 ? 100 + v : 0, v, v % 4);
    }
    model_add_filter(mac_of(1), 0, 0, 2, 1); // ANY_VLAN beside an exact one
    model_add_filter(mac_of(1), 2, 7, 3, 2);
    sw_move(-1, 0, -1, 3, -1, false);
    sw_move(-1, 0, 5, 9, -1, false);
}

// EtherType behind an odd tag: mostly of a kind that somebody must look at.
static uint16_t behind(void) {
    static const uint16_t types[8] = {0, 0, 0, 0x88B5, 0x8808, 0x8808, 0x8100, 0x88A8};
    return types[bench_below(8)];
}

// One frame more, from the wire or a vPort, to anywhere the tables know and elsewhere.
struct frame *add_frame(bool wire, unsigned len) {
    unsigned id = nframes;
    CHECK(id < MAX_FRAMES, "bench frame table full");
    struct frame *f = &frames[id];
    *f = (struct frame){.wire = wire, .len = (uint16_t)len, .etype = 0x88B5};
    unsigned r = bench_below(16);
    f->dmac = r < 11   ? mac_of(1 + bench_below(12))
              : r < 13 ? 0xFFFFFFFFFFFFULL
              : r < 14 ? 0x01005E000001ULL
                       : 0x02AAAAAAAA00ULL + bench_below(4);
    f->vport = wire ? 0 : (uint8_t)bench_below(traffic.senders);
    f->smac = bench_below(8) ? mac_of(f->vport) + (bench_below(16) == 0) : mac_of(bench_below(13));
    f->qp = (uint16_t)bench_below(4096);
    f->tag = (uint16_t)bench_rand();
    if (bench_below(8) == 0)
        f->etype = bench_below(2) ? 0x8808 : 0x88B6;
    if (len >= 18 && bench_below(3) == 0) {
        f->tagged = true;
        f->tci = (uint16_t)(traffic.vid[bench_below(8)] | bench_below(8) << 13);
        f->vlan_ins = !wire && bench_below(2);
    }
    if (len < (f->tagged ? 22u : 18u) && bench_below(2))
        f->etype = bench_below(2) ? 0x8100 : 0x88A8; // ends with the frame
    else if (len >= 66 && bench_below(16) < traffic.odd_tags) {
        f->etype = f->tagged && bench_below(2) ? 0x8100 : 0x88A8;
        f->second = f->tagged ? 0 : behind();
        f->deep = behind();
        f->top = bench_below(4) == 0;
    } else if (len >= 66 && bench_below(16) < traffic.ip) {
        f->ip = bench_below(2) ? 4 : 6;
        f->etype = f->ip == 4 ? 0x0800 : 0x86DD;
        f->ihl = bench_below(8) ? 5 : 6;
        f->frag = bench_below(8) == 0;
        f->proto = bench_below(4) ? (bench_below(2) ? 6 : 17) : 1;
        f->right3 = bench_below(2), f->right4 = bench_below(4) != 0;
        f->none4 = bench_below(8) == 0;
        f->cut = (uint16_t)(bench_below(4) ? 0 : bench_below(4));
    }
    if (!wire && vports[f->vport].port_vlan && !f->tagged) {
        f->by_port = f->tagged = true;
        f->tci = vports[f->vport].tci;
        f->len += 4;
    }
    if (bench_below(16) < traffic.odd_macs) {
        if (bench_below(2))
            f->smac |= 1ULL << 40;
        else
            f->dmac = 0x0180C2000000ULL + bench_below(24);
    }
    if (f->len < 22 || f->top)
        f->smac = 0x02CC00000000ULL | id;
    f->csum_l3 = !wire && bench_below(4) == 0, f->csum_l4 = !wire && bench_below(4) == 0;
    f->cancel = !wire && bench_below(16) == 0;
    nframes++;
    return f;
}

unsigned any_len(void) {
    unsigned r = bench_below(32);
    if (r == 0)
        return 1515 + bench_below(WEIR_MAX_FRAME - 1514);
    if (r < 4)
        return 60 + bench_below(1455);
    if (r < 12)
        return 60 + bench_below(80);
    return 60 + bench_below(10);
}

void random_rates(void) {
    p_tx = 4 + bench_below(13), p_prx = 4 + bench_below(13);
    p_rx_ready = 3 + bench_below(14), p_ptx_ready = 3 + bench_below(14), p_disposition = 2 + bench_below(15);
}
