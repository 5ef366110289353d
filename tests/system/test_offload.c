// SPDX-License-Identifier: Apache-2.0
// What the card does to frames for their senders and receivers, through driver, firmware and RTL: checksums put in and
// judged, tags inserted and stripped, frames of several pieces up to 9,600 bytes, flows spread by each vPort's own key.
// What must come out is computed here, from the RFCs' words; tests/rtl/switch has the random frames.
#include <errno.h>

#include "world.h"

enum { Tcp = 6, Udp = 17, Icmp = 1, TagBytes = 4 };
static const uint8_t mac[2][6] = {{0x02, 0, 0, 0, 0, 0x10}, {0x02, 0, 0, 0, 0, 0x11}},
                     peer[6] = {0x02, 0, 0, 0, 0, 0x99};
static struct world w;
static struct weir_vf *vf[2];
static struct sink {
    unsigned frames;
    size_t len;
    struct weir_rx_info info;
    uint8_t data[WEIR_MAX_FRAME];
} got[2], on_wire, on_pf;

static void keep(struct sink *s, const uint8_t *frame, size_t len) {
    CHECK(len <= sizeof(s->data), "%zu bytes", len);
    s->frames++;
    s->len = len;
    memcpy(s->data, frame, len);
}

static void from_card(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)cycle;
    keep(ctx, frame, len);
}

static void from_ring(void *ctx, const void *frame, const struct weir_rx_info *info) {
    struct sink *s = ctx;
    keep(s, frame, info->len);
    s->info = *info;
}

static void run(void) {
    world_settle(&w);
    for (unsigned v = 0; v < 2; v++)
        for (unsigned i = 0; i < weir_vf_num_qps(vf[v]); i++)
            weir_qp_poll(weir_vf_qp(vf[v], i), 256, from_ring, NULL, &got[v]);
    weir_qp_poll(weir_pf_qp(w.pf, 0), 256, from_ring, NULL, &on_pf);
}

// Two VFs, vPort n + 1 for VF n, each with its MAC in any VLAN: what is tagged comes stripped.
static void begin(uint32_t buf_bytes) {
    struct weir_vf_config cfg = {.tx_log2 = 4, .rx_log2 = 4, .buf_bytes = buf_bytes};
    char err[160];
    world_open(&w, 2);
    wire_set_rx(card_wire(w.card), from_card, &on_wire);
    for (unsigned v = 0; v < 2; v++) {
        CHECK(weir_pf_alloc_vf(w.pf, (int)v, mac[v], "offload") == (int)v, "alloc");
        CHECK(weir_pf_create_vport(w.pf, v + 1, v, 2, WEIR_VPORT_CHECK_SRC, "offload") == 0, "vport");
        CHECK(weir_vf_open(weir_inproc_open(w.ip, v + 1), &cfg, &vf[v], err, sizeof(err)) == 0, "%s", err);
        CHECK(weir_pf_set_filter(w.pf, v + 1, v + 1, mac[v], WEIR_FILTER_ANY_VLAN, 0) == 0, "filter");
    }
}

static void end(void) {
    for (unsigned v = 0; v < 2; v++) {
        weir_vf_close(vf[v]);
        CHECK(weir_pf_clear_filter(w.pf, v + 1) == 0 && weir_pf_delete_vport(w.pf, v + 1) == 0 &&
                  weir_pf_free_vf(w.pf, v) == 0,
              "free");
    }
    world_close(&w);
}

// ---- packets ----

struct packet {
    unsigned ip, proto; // 4 or 6; Tcp, Udp, Icmp
    unsigned payload, pad;
    int vid; // of the tag it comes with, -1 none
    bool fragment;
    unsigned options;          // bytes of IPv4 options
    unsigned l3, l4, end, len; // where headers begin, where the packet ends: behind it is padding
};

static void put16(uint8_t *b, unsigned v) {
    b[0] = (uint8_t)(v >> 8), b[1] = (uint8_t)v;
}

// Everything but the checksums, whose fields hold rubbish, as does the padding.
static void build(struct packet *p, uint8_t *f, const uint8_t *dst, const uint8_t *src) {
    unsigned header = p->proto == Tcp ? 20 : 8, ip = p->ip == 4 ? 20 + p->options : 40;
    p->l3 = p->vid >= 0 ? 18 : 14;
    p->l4 = p->l3 + ip;
    p->end = p->l4 + header + p->payload;
    p->len = p->end + p->pad;
    for (unsigned i = 0; i < p->len; i++)
        f[i] = (uint8_t)world_rand();
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    if (p->vid >= 0) {
        put16(f + 12, 0x8100);
        put16(f + 14, (unsigned)p->vid);
    }
    put16(f + p->l3 - 2, p->ip == 4 ? 0x0800 : 0x86DD);
    if (p->ip == 4) {
        f[p->l3] = (uint8_t)(0x40 | ip / 4);
        put16(f + p->l3 + 2, p->end - p->l3);
        put16(f + p->l3 + 6, p->fragment ? 0x2000 : 0x4000);
        f[p->l3 + 9] = (uint8_t)p->proto;
    } else {
        f[p->l3] = 0x60;
        put16(f + p->l3 + 4, p->end - p->l4);
        f[p->l3 + 6] = (uint8_t)p->proto;
    }
    if (p->proto == Udp)
        put16(f + p->l4 + 4, p->end - p->l4);
}

static unsigned add(const uint8_t *b, unsigned n, unsigned sum) {
    for (unsigned i = 0; i < n; i += 2)
        sum += (unsigned)b[i] << 8 | (i + 1 < n ? b[i + 1] : 0u);
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

static uint8_t *field4(const struct packet *p, uint8_t *f) {
    return f + p->l4 + (p->proto == Tcp ? 16 : 6);
}

// RFC 791, 768, 9293, 8200: one's complement of the sum over header and data, for TCP and UDP behind a pseudo header.
static unsigned sum4(const struct packet *p, uint8_t *f) {
    unsigned n = p->end - p->l4, sum = p->proto + n;
    put16(field4(p, f), 0);
    sum = add(f + p->l3 + (p->ip == 4 ? 12 : 8), p->ip == 4 ? 8 : 32, sum);
    return add(f + p->l4, n, sum);
}

static void put_sums(const struct packet *p, uint8_t *f, bool header, bool transport) {
    if (header && p->ip == 4) {
        put16(f + p->l3 + 10, 0);
        put16(f + p->l3 + 10, ~add(f + p->l3, p->l4 - p->l3, 0));
    }
    if (transport) {
        unsigned c = (uint16_t)~sum4(p, f);
        put16(field4(p, f), c == 0 && p->proto == Udp ? 0xFFFF : c);
    }
}

// ---- checksums out ----

// Sends what `o` asks for to the other VF and to the wire; both get what is computed here, to the byte.
static void check_sent(const struct packet *p, uint8_t *f, const struct weir_tx_offload *o, unsigned queue) {
    uint8_t want[WEIR_MAX_FRAME + TagBytes];
    unsigned n = p->len;
    for (unsigned to = 0; to < 2; to++) {
        unsigned vf_frames = got[1].frames, wire_frames = on_wire.frames;
        memcpy(f, to == 0 ? mac[1] : peer, 6);
        memcpy(want, f, n);
        put_sums(p, want, (o->flags & WEIR_TX_CSUM_L3) != 0, (o->flags & WEIR_TX_CSUM_L4) != 0);
        CHECK(weir_qp_send_offload(weir_vf_qp(vf[0], queue), f, n, o) >= 0, "send");
        weir_qp_ring_doorbell(weir_vf_qp(vf[0], queue));
        run();
        CHECK(got[1].frames - vf_frames == (to == 0) && on_wire.frames - wire_frames == (to == 1), "lost");
        if (to == 0) {
            const struct weir_rx_info *i = &got[1].info;
            bool tagged = p->vid >= 0 || (o->flags & WEIR_TX_VLAN) != 0;
            if (p->vid >= 0) // the receiver's filter takes every tag out
                memmove(want + 12, want + 16, n - 16);
            CHECK(got[1].len == n - (p->vid >= 0 ? TagBytes : 0) && memcmp(got[1].data, want, got[1].len) == 0,
                  "ip %u proto %u payload %u pad %u: not as computed", p->ip, p->proto, p->payload, p->pad);
            CHECK(i->vlan_stripped == tagged && (!tagged || i->vlan_tci == (p->vid >= 0 ? p->vid : o->vlan_tci)),
                  "tag");
            CHECK(i->l3 == (p->ip == 4 ? WEIR_CSUM_GOOD : WEIR_CSUM_NOT_CHECKED) && i->l4 == WEIR_CSUM_GOOD,
                  "what the card put in it calls %u %u", i->l3, i->l4);
            continue;
        }
        if ((o->flags & WEIR_TX_VLAN) != 0) {
            memmove(want + 16, want + 12, n - 12);
            put16(want + 12, 0x8100);
            put16(want + 14, o->vlan_tci);
        }
        unsigned m = n + ((o->flags & WEIR_TX_VLAN) != 0 ? TagBytes : 0);
        if (m < 60)
            memset(want + m, 0, 60 - m); // the port pads
        CHECK(on_wire.len == (m < 60 ? 60 : m) && memcmp(on_wire.data, want, on_wire.len) == 0,
              "ip %u proto %u payload %u pad %u: not as computed on the wire", p->ip, p->proto, p->payload, p->pad);
    }
}

static void checksums_sent(void) {
    static const unsigned payload[] = {0, 1, 2, 3, 17, 46, 47, 63, 64, 65, 200, 1001, 1380};
    static uint8_t f[WEIR_MAX_FRAME];
    unsigned n = 0;
    begin(2048);
    for (unsigned ip = 4; ip <= 6; ip += 2)
        for (unsigned proto = Tcp; proto <= Udp; proto += Udp - Tcp)
            for (unsigned tag = 0; tag < 3; tag++) // none, its own, inserted
                for (unsigned i = 0; i < sizeof(payload) / sizeof(payload[0]); i++) {
                    struct packet p = {.ip = ip, .proto = proto, .payload = payload[i], .vid = tag == 1 ? 77 : -1};
                    struct weir_tx_offload o = {.flags = (uint16_t)(WEIR_TX_CSUM_L4 | (ip == 4 ? WEIR_TX_CSUM_L3 : 0) |
                                                                    (tag == 2 ? WEIR_TX_VLAN : 0)),
                                                .vlan_tci = tag == 2 ? 5u | 3u << 13 : 0};
                    p.pad = i % 3 == 0 ? 0 : 1 + i % 7; // not zeros: it is no part of the packet
                    build(&p, f, peer, mac[0]);
                    check_sent(&p, f, &o, n++ % 2);
                }
    // UDP whose sum is zero is sent as all ones: zero means none.
    for (unsigned ip = 4; ip <= 6; ip += 2) {
        struct packet p = {.ip = ip, .proto = Udp, .payload = 32, .vid = -1};
        struct weir_tx_offload o = {.flags = WEIR_TX_CSUM_L4 | (ip == 4 ? WEIR_TX_CSUM_L3 : 0)};
        build(&p, f, peer, mac[0]);
        put16(f + p.end - 2, 0);
        put16(f + p.end - 2, 0xFFFF - sum4(&p, f));
        CHECK(sum4(&p, f) == 0xFFFF, "the sum is to be zero");
        check_sent(&p, f, &o, 0);
        n++;
    }
    // The header alone, with options; without the flag nothing is touched.
    struct packet p = {.ip = 4, .proto = Icmp, .payload = 41, .options = 24, .vid = -1};
    build(&p, f, peer, mac[0]);
    unsigned before = on_wire.frames;
    CHECK(weir_qp_send_offload(weir_vf_qp(vf[0], 0), f, p.len, &(struct weir_tx_offload){.flags = WEIR_TX_CSUM_L3}) >=
              0,
          "send");
    weir_qp_ring_doorbell(weir_vf_qp(vf[0], 0));
    run();
    uint8_t want[256];
    memcpy(want, f, p.len);
    put_sums(&p, want, true, false);
    CHECK(on_wire.frames == before + 1 && memcmp(on_wire.data, want, p.len) == 0, "header with options");
    CHECK(weir_qp_send(weir_vf_qp(vf[0], 0), f, p.len) >= 0, "send");
    weir_qp_ring_doorbell(weir_vf_qp(vf[0], 0));
    run();
    CHECK(on_wire.frames == before + 2 && memcmp(on_wire.data, f, p.len) == 0, "touched without being asked");
    printf("  %u packets to a VF and to the wire\n", n);
    end();
}

// ---- checksums in ----

enum change { Right, HeaderWrong, TransportWrong, NoSum, Unjudged };

static void check_received(struct packet *p, enum change change, enum weir_csum l3, enum weir_csum l4) {
    static uint8_t f[WEIR_MAX_FRAME];
    unsigned before = got[1].frames, n;
    build(p, f, mac[1], peer);
    put_sums(p, f, true, change != Unjudged);
    if (change == HeaderWrong)
        f[p->l3 + 10] ^= 0x10;
    else if (change == TransportWrong)
        f[p->end - 1] ^= 1; // the packet's last byte
    else if (change == NoSum)
        put16(field4(p, f), 0);
    n = p->len < 60 ? 60 : p->len; // a wire carries no shorter ones; what was added is rubbish, too
    CHECK(wire_send(card_wire(w.card), f, n, false) == 0, "wire queue full");
    run();
    CHECK(got[1].frames == before + 1, "lost");
    CHECK(got[1].info.l3 == l3 && got[1].info.l4 == l4,
          "ip %u proto %u payload %u pad %u vid %d change %u: header %u, transport %u, expected %u %u", p->ip, p->proto,
          p->payload, p->pad, p->vid, change, got[1].info.l3, got[1].info.l4, l3, l4);
}

static void checksums_received(void) {
    static const unsigned payload[] = {0, 1, 6, 7, 33, 64, 127, 1333};
    static const enum weir_csum None = WEIR_CSUM_NOT_CHECKED, Good = WEIR_CSUM_GOOD, Bad = WEIR_CSUM_BAD;
    unsigned n = 0;
    begin(2048);
    for (unsigned ip = 4; ip <= 6; ip += 2)
        for (unsigned proto = Tcp; proto <= Udp; proto += Udp - Tcp)
            for (unsigned tag = 0; tag < 2; tag++)
                for (unsigned i = 0; i < sizeof(payload) / sizeof(payload[0]); i++) {
                    struct packet p = {.ip = ip,
                                       .proto = proto,
                                       .payload = payload[i],
                                       .pad = i % 2 ? 3 + i : 0,
                                       .vid = tag ? 300 : -1};
                    enum weir_csum header = ip == 4 ? Good : None;
                    check_received(&p, Right, header, Good);
                    check_received(&p, TransportWrong, header, Bad);
                    if (ip == 4)
                        check_received(&p, HeaderWrong, Bad, Good); // each is judged for itself
                    if (proto == Udp)
                        check_received(&p, NoSum, header, ip == 4 ? None : Bad); // RFC 8200 8.1
                    n += 4;
                }
    // What is not judged is not called wrong.
    struct packet fragment = {.ip = 4, .proto = Udp, .payload = 200, .vid = -1, .fragment = true};
    struct packet options = {.ip = 4, .proto = Tcp, .payload = 200, .vid = -1, .options = 8};
    struct packet icmp = {.ip = 4, .proto = Icmp, .payload = 56, .vid = 5};
    struct packet next = {.ip = 6, .proto = Icmp, .payload = 56, .vid = -1};
    struct packet longest = {.ip = 4, .proto = Tcp, .payload = 20, .vid = -1, .options = 40};
    check_received(&fragment, Right, Good, None);
    check_received(&fragment, HeaderWrong, Bad, None);
    check_received(&options, Right, Good, None);
    check_received(&icmp, Unjudged, Good, None);
    check_received(&next, Unjudged, None, None);
    check_received(&longest, Right, None, None);
    printf("  %u packets from the wire\n", n + 6);
    end();
}

// ---- what the card could not do ----

static void refused(void) {
    static uint8_t f[WEIR_MAX_FRAME];
    struct weir_qp *qp;
    begin(16384);
    qp = weir_vf_qp(vf[0], 0);
    static const struct {
        struct packet p;
        struct weir_tx_offload o;
        int err;
        const char *what;
    } row[] = {
        {{.ip = 4, .proto = Udp, .payload = 20, .vid = -1}, {0x8, 0}, -EINVAL, "unknown flag"},
        {{.ip = 4, .proto = Udp, .payload = 20, .vid = -1}, {0, 5}, -EINVAL, "a tag without its flag"},
        {{.ip = 4, .proto = Udp, .payload = 20, .vid = -1}, {WEIR_TX_VLAN, 0x2FFF}, -EINVAL, "VLAN 4095"},
        {{.ip = 4, .proto = Udp, .payload = 20, .vid = 7}, {WEIR_TX_VLAN, 5}, -EEXIST, "a second tag"},
        {{.ip = 4, .proto = Udp, .payload = 9555, .vid = -1}, {WEIR_TX_VLAN, 5}, -EMSGSIZE, "too long with its tag"},
        {{.ip = 6, .proto = Udp, .payload = 20, .vid = -1}, {WEIR_TX_CSUM_L3, 0}, -EPROTONOSUPPORT, "no IPv4 header"},
        {{.ip = 4, .proto = Icmp, .payload = 20, .vid = -1}, {WEIR_TX_CSUM_L4, 0}, -EPROTONOSUPPORT, "ICMP"},
        {{.ip = 4, .proto = Udp, .payload = 20, .vid = -1, .fragment = true},
         {WEIR_TX_CSUM_L4, 0},
         -EPROTONOSUPPORT,
         "a fragment"},
        {{.ip = 4, .proto = Tcp, .payload = 20, .vid = -1, .options = 4},
         {WEIR_TX_CSUM_L4, 0},
         -EPROTONOSUPPORT,
         "transport behind options"},
        {{.ip = 4, .proto = Tcp, .payload = 20, .vid = -1, .options = 28},
         {WEIR_TX_CSUM_L3, 0},
         -EPROTONOSUPPORT,
         "long options"},
    };
    unsigned before = on_wire.frames;
    for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct packet p = row[i].p;
        build(&p, f, peer, mac[0]);
        int err = weir_qp_send_offload(qp, f, p.len, &row[i].o);
        CHECK(err == row[i].err, "%s: %d", row[i].what, err);
        err = weir_qp_send_pieces(qp, &(struct weir_tx_piece){f, 0x1000, p.len}, 1, &row[i].o);
        CHECK(err == row[i].err, "%s in a piece: %d", row[i].what, err);
    }
    // A packet that says it is longer than its frame.
    struct packet p = {.ip = 4, .proto = Udp, .payload = 20, .vid = -1};
    build(&p, f, peer, mac[0]);
    CHECK(weir_qp_send_offload(qp, f, p.len - 1, &(struct weir_tx_offload){.flags = WEIR_TX_CSUM_L4}) ==
              -EPROTONOSUPPORT,
          "cut off");
    struct weir_tx_piece piece[9];
    for (unsigned i = 0; i < 9; i++)
        piece[i] = (struct weir_tx_piece){f, 0x1000, 20};
    CHECK(weir_qp_send_pieces(qp, piece, 9, NULL) == -E2BIG, "nine pieces");
    CHECK(weir_qp_send_pieces(qp, piece, 0, NULL) == -EINVAL, "no piece");
    piece[3].bytes = 0;
    CHECK(weir_qp_send_pieces(qp, piece, 8, NULL) == -EINVAL, "an empty piece");
    piece[3].bytes = WEIR_MAX_FRAME;
    CHECK(weir_qp_send_pieces(qp, piece, 8, NULL) == -EMSGSIZE, "too long in all");
    piece[0].bytes = 13;
    CHECK(weir_qp_send_pieces(qp, piece, 1, NULL) == -EMSGSIZE, "too short");
    weir_qp_ring_doorbell(qp);
    run();
    CHECK(on_wire.frames == before && weir_qp_stats(qp)->tx_frames == 0, "something refused was sent");
    end();
}

// ---- pieces ----

static unsigned done_frames;
static void on_done(void *ctx, uint16_t index, uint8_t epoch) {
    (void)ctx;
    (void)index;
    (void)epoch;
    done_frames++;
}

// `n` pieces of one frame of `len` bytes, each somewhere else in `dma` and at an odd place, sent to `to`.
static void send_pieces(const struct weir_dma *dma, const uint8_t *frame, unsigned len, unsigned n,
                        const struct weir_tx_offload *o) {
    struct weir_tx_piece piece[WEIR_MAX_SEGS];
    unsigned at = 0, place = 1 + world_rand() % 61;
    for (unsigned i = 0; i < n; i++) {
        unsigned left = len - at, more = n - 1 - i;
        unsigned take = more == 0 ? left : i % 3 == 2 ? 1 : 1 + world_rand() % ((left - more) / (more + 1) * 2 - 1);
        if (take > left - more)
            take = left - more;
        memcpy((uint8_t *)dma->mem + place, frame + at, take);
        piece[i] = (struct weir_tx_piece){(uint8_t *)dma->mem + place, dma->iova + place, take};
        at += take;
        place += take + 1 + world_rand() % 130;
    }
    CHECK(at == len && place < dma->bytes, "pieces");
    CHECK(weir_qp_send_pieces(weir_vf_qp(vf[0], 0), piece, n, o) >= 0, "%u pieces", n);
    weir_qp_ring_doorbell(weir_vf_qp(vf[0], 0));
    world_settle(&w);
    done_frames = 0;
    weir_qp_poll(weir_vf_qp(vf[0], 0), 256, from_ring, on_done, &got[0]);
    CHECK(done_frames == 1, "%u frames done", done_frames);
    memset(dma->mem, 0xEE, dma->bytes); // the caller's again
    run();
}

// Frames of 1 to 8 pieces, 14 to 9,600 bytes, to a VF and to the wire, and back from the wire whole.
static void pieces(void) {
    static const unsigned len[] = {64, 241, 1514, 4096, 9018, 9599, 9600};
    static uint8_t f[WEIR_MAX_FRAME];
    struct weir_bus *bus;
    struct weir_dma dma;
    unsigned n = 0;
    begin(16384);
    bus = weir_dev_bus(weir_vf_dev(vf[0]));
    CHECK(bus->ops->dma_alloc(bus, 16384, &dma) == 0, "DMA memory");
    for (unsigned i = 0; i < sizeof(len) / sizeof(len[0]); i++)
        for (unsigned k = 1; k <= WEIR_MAX_SEGS; k++) {
            unsigned vf_frames = got[1].frames, wire_frames = on_wire.frames;
            for (unsigned b = 0; b < len[i]; b++)
                f[b] = (uint8_t)world_rand();
            f[12] = 0x88, f[13] = 0xB5;
            memcpy(f, k % 2 ? mac[1] : peer, 6);
            memcpy(f + 6, mac[0], 6);
            send_pieces(&dma, f, len[i], k, NULL);
            const struct sink *s = k % 2 ? &got[1] : &on_wire;
            CHECK(got[1].frames - vf_frames == k % 2 && on_wire.frames - wire_frames == 1 - k % 2, "lost");
            CHECK(s->len == len[i] && memcmp(s->data, f, len[i]) == 0, "%u bytes in %u pieces", len[i], k);
            // The way back, from the wire: a receive buffer takes it whole.
            memcpy(f, mac[1], 6);
            memcpy(f + 6, peer, 6);
            CHECK(wire_send(card_wire(w.card), f, len[i], false) == 0, "wire queue full");
            run();
            CHECK(got[1].frames - vf_frames == k % 2 + 1 && got[1].len == len[i] && memcmp(got[1].data, f, len[i]) == 0,
                  "%u bytes from the wire", len[i]);
            n++;
        }
    // Checksums over pieces, one of them inside a header; the longest frame that takes a tag.
    for (unsigned k = 1; k <= WEIR_MAX_SEGS; k++) {
        struct packet p = {.ip = 4, .proto = Tcp, .payload = 9600 - 4 - 54, .vid = -1};
        struct weir_tx_offload o = {.flags = WEIR_TX_CSUM_L3 | WEIR_TX_CSUM_L4 | WEIR_TX_VLAN, .vlan_tci = 42};
        build(&p, f, mac[1], mac[0]);
        send_pieces(&dma, f, p.len, k, &o);
        put_sums(&p, f, true, true);
        CHECK(got[1].len == p.len && memcmp(got[1].data, f, p.len) == 0 && got[1].info.vlan_tci == 42 &&
                  got[1].info.l4 == WEIR_CSUM_GOOD,
              "checksums over %u pieces", k);
        n++;
    }
    // The ring is full of pieces before it is full of frames: said so, and nothing is lost.
    struct weir_qp *qp = weir_vf_qp(vf[0], 0);
    struct weir_tx_piece eight[WEIR_MAX_SEGS];
    unsigned sent = 0, before = got[1].frames;
    for (unsigned b = 0; b < 160; b++)
        f[b] = (uint8_t)world_rand();
    memcpy(f, mac[1], 6);
    memcpy(f + 6, mac[0], 6);
    f[12] = 0x88, f[13] = 0xB5;
    memcpy(dma.mem, f, 160);
    for (unsigned i = 0; i < WEIR_MAX_SEGS; i++)
        eight[i] = (struct weir_tx_piece){(uint8_t *)dma.mem + 20 * i, dma.iova + 20 * i, 20};
    while (weir_qp_send_pieces(qp, eight, WEIR_MAX_SEGS, NULL) >= 0)
        sent++;
    CHECK(sent == 8, "64 slots took %u frames of 8 pieces", sent);
    CHECK(weir_qp_tx_room(qp) == 0 && weir_qp_send(qp, f, 160) == -ENOBUFS, "no slot is left");
    weir_qp_ring_doorbell(qp);
    run();
    CHECK(got[1].frames == before + sent && memcmp(got[1].data, f, 160) == 0 && weir_qp_tx_room(qp) == 16,
          "of %u came %u", sent, got[1].frames - before);
    printf("  %u frames in pieces\n", n);
    bus->ops->dma_free(bus, &dma);
    end();
}

// One frame a doorbell: each goes with it as long as the card can be thought idle, two ahead with 16 frames of ring and
// not behind one that went without. Nobody waits for completions, all come, and in order.
static void lone_frames(void) {
    uint8_t f[60] = {0};
    begin(2048);
    struct weir_qp *qp = weir_vf_qp(vf[0], 0);
    const struct weir_qp_stats *s = weir_qp_stats(qp);
    memcpy(f, peer, 6);
    memcpy(f + 6, mac[0], 6);
    f[12] = 0x88, f[13] = 0xB5;
    for (unsigned i = 0; i < 100; i++) {
        f[20] = (uint8_t)i;
        CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "frame %u", i);
        weir_qp_ring_doorbell(qp);
        card_step(w.card, 200, false);
        weir_qp_poll(qp, 256, from_ring, NULL, &got[0]);
        CHECK(on_wire.frames == i + 1 && on_wire.data[20] == i, "frame %u on the wire", i);
    }
    CHECK(s->tx_push == 100 && s->tx_completed == 100, "%" PRIu64 " of 100 pushed, %" PRIu64 " completed", s->tx_push,
          s->tx_completed);
    for (unsigned i = 0; i < 10; i++) {
        CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "frame %u", i);
        weir_qp_ring_doorbell(qp);
    }
    CHECK(s->tx_push == 102, "%" PRIu64 " pushed ahead of 10", s->tx_push - 100);
    card_step(w.card, 30, false);
    weir_qp_poll(qp, 256, from_ring, NULL, &got[0]);
    run();
    CHECK(on_wire.frames == 110 && s->tx_completed == 110, "%" PRIu64 " completed", s->tx_completed);
    CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "after all");
    weir_qp_ring_doorbell(qp);
    run();
    CHECK(s->tx_push == 103 && on_wire.frames == 111, "pushed again");
    uint8_t longer[200] = {0};
    memcpy(longer, f, sizeof(f));
    CHECK(weir_qp_send(qp, longer, sizeof(longer)) >= 0, "one that cannot be pushed");
    weir_qp_ring_doorbell(qp);
    CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "and one behind it");
    weir_qp_ring_doorbell(qp);
    CHECK(s->tx_push == 103, "pushed behind a frame that is fetched");
    run();
    CHECK(on_wire.frames == 113 && on_wire.len == sizeof(f), "both, in order");
    end();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"checksums_sent", checksums_sent},
                 {"checksums_received", checksums_received},
                 {"what_the_card_cannot_do_is_refused", refused},
                 {"jumbo_frames_in_pieces", pieces},
                 {"lone_frames_go_with_their_doorbell", lone_frames}};
    const char *name = argc > 1 ? argv[1] : "";
    world_seed(1);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(name, cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    CHECK(false, "no case named '%s'", name);
    return 0;
}
