// SPDX-License-Identifier: Apache-2.0
// Drives every port of the switch once a cycle and checks what can be checked on the spot: content, metadata, order.
#include "sw.h"

struct frame frames[MAX_FRAMES];
unsigned nframes, nfilters, nfences;
struct filter filters[MAX_FILTERS];
struct vport vports[NV];
bool vlans[4096][NV];
int mirror;
struct snap snaps[MAX_EPOCHS];
struct fence fences[MAX_EPOCHS];
unsigned closed;
unsigned epoch_issued, epoch_acked, disposition_bad;
uint64_t cnt[NV][WEIR_VPORT_CNT_COUNT], cnt_sw[WEIR_SW_CNT_COUNT];
bool link_up;
unsigned p_tx, p_prx, p_rx_ready, p_ptx_ready, p_disposition;
uint64_t rx_frames_seen, rx_last_cycle, ptx_frames_seen, ptx_last_cycle;

static struct source {
    bool wire;
    unsigned next, at; // frame under way, its bytes sent
    unsigned len;
    bool loaded;
    uint8_t buf[MAX_BYTES + 64];
} src_h, src_w;

static bool valid_h, valid_w; // held until taken

static struct sink {
    uint8_t buf[MAX_BYTES + 64];
    unsigned got, len;
    bool in;
} sink_rx, sink_ptx;

static struct { uint32_t word; } dispositions[DISPOSITIONS];
static unsigned disposition_wr, disposition_rd;
static struct { // meta of the rx frame being received
    bool fence, is_local, mcast, redirect, stripped, l3_ok, l4_ok, l3_bad, l4_bad;
    unsigned vport, qp, epoch8, src, tci;
    uint32_t hash;
} rxm;
static unsigned rx_epoch, done_epoch; // unwrapped, of the newest seen
static int last_h_rx, last_w_rx, last_ptx, last_done;
static unsigned fence_head;
unsigned judged[4];
static uint32_t stat_next;
static struct {
    bool valid, write, acked;
    unsigned addr;
    uint32_t wdata, rdata;
} bus;

void sw_reset_bench(struct weir_rtl *model, uint64_t seed) {
    bench_model = model;
    bench_state = seed | 1;
    model_attach(model);
    valid_h = valid_w = false;
    closed = 0;
    memset(frames, 0, sizeof frames);
    memset(snaps, 0, sizeof snaps);
    memset(vports, 0, sizeof vports);
    memset(cnt, 0, sizeof cnt);
    memset(cnt_sw, 0, sizeof cnt_sw);
    memset(fences, 0, sizeof fences);
    memset(&src_h, 0, sizeof src_h);
    memset(&src_w, 0, sizeof src_w);
    memset(&sink_rx, 0, sizeof sink_rx);
    memset(&sink_ptx, 0, sizeof sink_ptx);
    memset(&bus, 0, sizeof bus);
    src_w.wire = true;
    nframes = nfilters = nfences = fence_head = epoch_issued = epoch_acked = 0;
    disposition_bad = disposition_wr = disposition_rd = rx_epoch = done_epoch = stat_next = 0;
    last_h_rx = last_w_rx = last_ptx = last_done = -1;
    link_up = true;
    memset(vlans, 0, sizeof vlans);
    mirror = -1;
    p_tx = p_prx = p_rx_ready = p_ptx_ready = p_disposition = 16;
    rx_frames_seen = rx_last_cycle = ptx_frames_seen = ptx_last_cycle = 0;
}

static uint8_t body(unsigned id, unsigned i) {
    return (uint8_t)(id * 131u + i * 7u + (i >> 8) * 13u);
}

static void put16(uint8_t *b, unsigned v) {
    b[0] = (uint8_t)(v >> 8), b[1] = (uint8_t)v;
}

unsigned frame_bytes(unsigned id, uint8_t *out, bool inner) {
    const struct frame *f = &frames[id];
    uint8_t b[MAX_BYTES + 4];
    unsigned n = 0;
    for (int i = 5; i >= 0; i--)
        b[n++] = (uint8_t)(f->dmac >> (8 * i));
    for (int i = 5; i >= 0; i--)
        b[n++] = (uint8_t)(f->smac >> (8 * i));
    if (f->tagged) {
        b[n++] = 0x81, b[n++] = 0, b[n++] = (uint8_t)(f->tci >> 8), b[n++] = (uint8_t)f->tci;
    }
    b[n++] = (uint8_t)(f->etype >> 8), b[n++] = (uint8_t)f->etype;
    unsigned l3 = n;
    for (; n < f->len; n++)
        b[n] = body(id, n);
    if (!f->tagged && f->second != 0)
        put16(b + 16, f->second);
    if (f->ip == 4) {
        b[l3] = (uint8_t)(0x40 | f->ihl), b[l3 + 4] = (uint8_t)id, b[l3 + 5] = (uint8_t)(id >> 8);
        b[l3 + 6] = f->frag ? 0x20 : 0x40, b[l3 + 7] = 0, b[l3 + 9] = f->proto;
        put16(b + l3 + 2, f->len - l3 - f->cut);
    } else if (f->ip == 6) {
        b[l3] = 0x60, b[l3 + 2] = (uint8_t)id, b[l3 + 3] = (uint8_t)(id >> 8), b[l3 + 6] = f->proto;
        put16(b + l3 + 4, f->len - l3 - 40u - f->cut);
    } else if (f->len >= 22) {
        b[18] = (uint8_t)id, b[19] = (uint8_t)(id >> 8);
        put16(b + 20, f->deep);
    }
    if (f->top)
        put16(b + (f->tagged ? 18 : 14), 0xFFFF);
    if (f->tuple != NULL)
        memcpy(b + l3 + (f->ip == 4 ? 12 : 8), f->tuple, f->ip == 4 ? 12 : 36);
    struct sums s;
    if (f->none4 && f->proto == 17)
        memset(b + l3 + (f->ip == 4 ? 4u * f->ihl : 40u) + 6, 0, 2);
    if (f->ip != 0)
        model_sums(b, f->len, f->right3, f->right4 && !f->none4, &s);
    if (inner)
        model_sums(b, f->len, f->csum_l3, f->csum_l4, &s);
    if (inner || !(f->vlan_ins || f->by_port)) {
        memcpy(out, b, f->len);
        return f->len;
    }
    memcpy(out, b, 12);
    memcpy(out + 12, b + 16, f->len - 16u);
    return f->len - 4u;
}

// The number of a received frame: behind the EtherType, in very short ones in the source MAC.
static unsigned find_id(const uint8_t *b, unsigned len, bool stripped) {
    const uint8_t *at = b + (stripped ? 14 : 18);
    unsigned type = b[12] == 0x81 && b[13] == 0 && len >= 18 ? 16 : 12;
    if (b[type] == 0x08 && b[type + 1] == 0)
        return b[type + 6] | (unsigned)b[type + 7] << 8;
    if (b[type] == 0x86 && b[type + 1] == 0xDD)
        return b[type + 4] | (unsigned)b[type + 5] << 8;
    if (len + (stripped ? 4 : 0) < 22 || (at[0] == 0xFF && at[1] == 0xFF))
        return b[11] | (unsigned)b[10] << 8 | (unsigned)b[9] << 16 | (unsigned)b[8] << 24;
    return at[0] | (unsigned)at[1] << 8;
}

static void put_bytes(uint32_t *w, unsigned lsb, const uint8_t *b) {
    memcpy((uint8_t *)w + lsb / 8, b, 64);
}

static void source_next(struct source *s) {
    while (s->next < nframes && frames[s->next].wire != s->wire)
        s->next++;
    if (s->loaded || s->next >= nframes)
        return;
    memset(s->buf, 0xEE, sizeof s->buf); // stale bytes behind the frame must never matter
    s->len = frame_bytes(s->next, s->buf, false);
    struct frame *f = &frames[s->next];
    f->tags = model_tags(s->buf, s->len, f->vlan_ins, f->tci);
    s->at = 0;
    s->loaded = true;
}

static void source_drive(struct source *s, uint32_t *in, bool *valid, unsigned p) {
    source_next(s);
    if (!*valid)
        *valid = s->loaded && bench_below(16) < p;
    const struct frame *f = &frames[s->next < MAX_FRAMES ? s->next : 0];
    bool sop = s->at == 0, eop = s->at + 64 >= s->len;
    if (s->wire) {
        bench_put(in, 1180, 1, *valid);
        if (!*valid)
            return;
        put_bytes(in, 640, s->buf + s->at);
        bench_put(in, 640 + 512, 16,
                  (uint64_t)(sop ? s->len : bench_below(9000)) | (uint64_t)eop << 14 | (uint64_t)sop << 15);
        return;
    }
    bench_put(in, 600, 1, *valid);
    if (!*valid)
        return;
    put_bytes(in, 0, s->buf + s->at);
    bench_put(in, 512, 16, f->vlan_ins && sop ? f->tci : bench_rand());
    bench_put(in, 528, 1, sop ? f->vlan_ins : bench_below(2));
    bench_put(in, 529, 3, sop ? (uint64_t)f->csum_l4 | (uint64_t)f->csum_l3 << 1 | (f->tag & 4u) : bench_below(8));
    bench_put(in, 532, 16, f->tag);
    bench_put(in, 548, 12, f->qp);
    bench_put(in, 560, 8, sop ? f->vport : bench_below(256));
    bench_put(in, 568, 14, sop ? s->len : bench_below(9000));
    bench_put(in, 582, 1, eop && f->cancel);
    bench_put(in, 583, 2, (uint64_t)eop | (uint64_t)sop << 1);
}

static void source_took(struct source *s, bool *valid) {
    struct frame *f = &frames[s->next];
    if (s->at == 0)
        f->epoch_lo = epoch_acked;
    s->at += 64;
    *valid = false;
    if (s->at >= s->len) {
        f->accepted = true;
        s->loaded = false;
        s->next++;
    }
}

static unsigned unwrap(unsigned *newest, unsigned e8) {
    *newest += (uint8_t)(e8 - *newest);
    return *newest;
}

// First and every later observation of a frame must agree on the epoch it was looked up in.
static void stamp(unsigned id, unsigned epoch) {
    struct frame *f = &frames[id];
    CHECK(f->accepted || f->wire, "frame %u came out before it went in", id);
    CHECK(!f->cancel, "cancelled frame %u came out", id);
    CHECK(epoch >= f->epoch_lo && epoch <= epoch_issued, "frame %u: epoch %u outside %u..%u", id, epoch, f->epoch_lo,
          epoch_issued);
    CHECK(!f->stamped || f->epoch == epoch, "frame %u seen in epochs %u and %u", id, f->epoch, epoch);
    f->stamped = true;
    f->epoch = epoch;
}

static void push_disposition(bool fence, unsigned vport, unsigned len) {
    static const uint8_t reasons[] = {12, 13, 14, 15, 16, 10};
    static const uint8_t rows[] = {WEIR_VPORT_CNT_RX_DROP_FN,      WEIR_VPORT_CNT_RX_DROP_QP,
                                   WEIR_VPORT_CNT_RX_DROP_CQ_FULL, WEIR_VPORT_CNT_RX_DROP_NO_DESC,
                                   WEIR_VPORT_CNT_RX_DROP_LONG,    WEIR_VPORT_CNT_RX_DROP_QP};
    unsigned r = bench_below(256) < disposition_bad ? bench_below(6) : 6;
    unsigned reason = r < 6 ? reasons[r] : 0;
    CHECK(disposition_wr - disposition_rd < DISPOSITIONS, "bench disposition queue full");
    dispositions[disposition_wr++ % DISPOSITIONS].word =
        len | reason << 14 | vport << 22 | (uint32_t)fence << 30 | 1u << 31;
    if (fence) {
        struct fence *f = &fences[fence_head];
        if (f->first_reason == 0)
            f->first_reason = reason;
    } else if (reason == 0) {
        cnt[vport][WEIR_VPORT_CNT_RX_FRAMES]++;
        cnt[vport][WEIR_VPORT_CNT_RX_BYTES] += len;
    } else
        cnt[vport][rows[r]]++;
}

static void rx_fence(void) {
    // Fences without queue pairs never show.
    while (fence_head < nfences && vports[fences[fence_head].vport].count == 0)
        fence_head++;
    CHECK(fence_head < nfences, "fence nobody asked for");
    struct fence *f = &fences[fence_head];
    const struct vport *v = &vports[f->vport];
    CHECK(rxm.hash == f->token && rxm.vport == f->vport, "fence of vPort %u token %x, expected %u %x", rxm.vport,
          rxm.hash, f->vport, f->token);
    CHECK(rxm.qp == v->base + f->beats, "fence on queue %u, expected %u", rxm.qp, v->base + f->beats);
    unsigned before = rx_epoch, e = unwrap(&rx_epoch, rxm.epoch8);
    CHECK(e == f->epoch, "fence epoch %u, expected %u", e, f->epoch);
    CHECK(!f->bump || f->beats > 0 || before < e, "frame of epoch %u came before its fence %u", before, e);
    push_disposition(true, rxm.vport, 0);
    if (++f->beats == v->count)
        fence_head++;
}

// Where the number stands depends on whether the tag is still there. The benches let nothing untagged reach a port
// VLAN.
static bool rx_stripped(void) {
    return rxm.stripped || vports[rxm.vport].port_vlan;
}

static void rx_frame(void) {
    const uint8_t *b = sink_rx.buf;
    CHECK(sink_rx.got == (sink_rx.len + 63) / 64 * 64, "rx: %u bytes of beats for a frame of %u", sink_rx.got,
          sink_rx.len);
    unsigned id = find_id(b, sink_rx.len, rx_stripped());
    CHECK(id < nframes, "rx: no such frame %u", id);
    struct frame *f = &frames[id];
    unsigned before = rx_epoch, e = rx_epoch + (uint8_t)(rxm.epoch8 - rx_epoch);
    CHECK(e - before < 128, "rx epoch went back: %u after %u", rxm.epoch8, before & 255);
    rx_epoch = e;
    // Where fences are, none of an older epoch may come behind them: epochs only grow on this stream.
    int *last = f->wire ? &last_w_rx : &last_h_rx;
    CHECK((int)id >= *last, "rx frame %u after %d", id, *last);
    CHECK((int)id == *last || f->got == 0, "copies of %u not together", id);
    *last = (int)id;
    stamp(id, e);

    struct verdict v;
    model_verdict(f, &snaps[e], &v);
    // The got-th copy that is not dropped for a disabled vPort.
    unsigned k = 0, to = NV, routed = NV;
    bool redirect = false, gone, told;
    for (unsigned i = 0; i < v.n && to == NV; i++) {
        bool red = vports[v.to[i]].drain && v.to[i] != 0;
        unsigned d = red ? 0 : v.to[i];
        if (!vports[d].enable || vports[d].count == 0)
            continue;
        if (k++ == f->got) {
            to = d;
            routed = v.to[i];
            redirect = red;
        }
    }
    CHECK(to != NV, "frame %u: copy %u too many, on vPort %u in epoch %u", id, f->got + 1, rxm.vport, e);
    CHECK(rxm.vport == to, "frame %u (epoch %u) on vPort %u, expected %u", id, e, rxm.vport, to);
    f->got++;
    CHECK(rxm.redirect == redirect && rxm.mcast == v.mcast && rxm.is_local == !f->wire, "frame %u: flags", id);
    CHECK(rxm.src == (redirect ? routed : v.src), "frame %u: source vPort %u", id, rxm.src);
    CHECK(rxm.qp >= vports[to].base && rxm.qp < vports[to].base + vports[to].count, "frame %u: queue %u", id, rxm.qp);
    uint8_t want[MAX_BYTES];
    unsigned n = frame_bytes(id, want, true);
    uint32_t hash = model_hash(vports[to].key, want, n);
    unsigned off = vports[to].table[hash & 127];
    f->hash = rxm.hash;
    struct sums sums;
    model_sums(want, n, false, false, &sums);
    CHECK(rxm.l3_ok == sums.l3_ok && rxm.l4_ok == sums.l4_ok, "frame %u: checksums %d %d, expected %d %d", id,
          rxm.l3_ok, rxm.l4_ok, sums.l3_ok, sums.l4_ok);
    CHECK(rxm.l3_bad == (sums.l3 && !sums.l3_ok) && rxm.l4_bad == (sums.l4 && !sums.l4_ok && !sums.l4_none),
          "frame %u: checksums wrong %d %d, could be judged %d %d, without %d", id, rxm.l3_bad, rxm.l4_bad, sums.l3,
          sums.l4, sums.l4_none);
    judged[0] += sums.l3, judged[1] += sums.l4, judged[2] += sums.l3_ok, judged[3] += sums.l4_ok;
    CHECK(rxm.hash == hash, "frame %u: hash %08x, expected %08x", id, rxm.hash, hash);
    CHECK(rxm.qp == vports[to].base + (off < vports[to].count ? off : 0u), "frame %u: queue %u, hash %08x", id, rxm.qp,
          hash);
    // A port VLAN's tag goes without a trace.
    told = v.strip && !vports[to].port_vlan;
    gone = v.strip || (f->tagged && vports[to].port_vlan);
    CHECK(rxm.stripped == told && rxm.tci == (told ? f->tci : 0u), "frame %u: strip", id);
    if (gone) {
        memmove(want + 12, want + 16, n - 16);
        n -= 4;
    }
    CHECK(n == sink_rx.len && memcmp(want, b, n) == 0, "frame %u: content (length %u, expected %u)", id, sink_rx.len,
          n);
    push_disposition(false, to, n);
    rx_frames_seen++;
    rx_last_cycle = weir_rtl_cycles(bench_model);
}

static void ptx_frame(void) {
    CHECK(sink_ptx.got == (sink_ptx.len + 63) / 64 * 64, "ptx: %u bytes of beats for %u", sink_ptx.got, sink_ptx.len);
    const uint8_t *b = sink_ptx.buf;
    unsigned id = find_id(b, sink_ptx.len, false);
    CHECK(id < nframes && !frames[id].wire, "ptx: no such frame %u", id);
    CHECK((int)id > last_ptx, "ptx frame %u after %d", id, last_ptx);
    last_ptx = (int)id;
    uint8_t want[MAX_BYTES];
    unsigned n = frame_bytes(id, want, true);
    CHECK(n == sink_ptx.len && memcmp(want, b, n) == 0, "ptx frame %u: content", id);
    frames[id].wire_got++;
    stat_next = n | 1u << 14;
    cnt_sw[WEIR_SW_CNT_PORT_TX_FRAMES]++;
    cnt_sw[WEIR_SW_CNT_PORT_TX_BYTES] += n;
    ptx_frames_seen++;
    ptx_last_cycle = weir_rtl_cycles(bench_model);
}

static void take_done(const uint32_t *out) {
    unsigned id = (unsigned)last_done + 1;
    while (id < nframes && (frames[id].wire || frames[id].cancel))
        id++;
    CHECK(id < nframes, "tx_done for no frame");
    struct frame *f = &frames[id];
    CHECK(bench_get(out, 1184 + 9, 16) == f->tag && bench_get(out, 1184 + 25, 12) == f->qp,
          "tx_done of frame %u: tag %x", id, (unsigned)bench_get(out, 1184 + 9, 16));
    stamp(id, unwrap(&done_epoch, (unsigned)bench_get(out, 1184, 8)));
    f->done = true;
    last_done = (int)id;
}

static bool sink_take(struct sink *s, const uint32_t *out, unsigned lsb, bool sop, bool eop, unsigned len) {
    CHECK(sop != s->in, "sop %d inside frame %d", sop, s->in);
    if (sop) {
        s->got = 0;
        s->len = len;
    }
    CHECK(s->got + 64 <= sizeof s->buf, "frame without end");
    memcpy(s->buf + s->got, (const uint8_t *)out + lsb / 8, 64);
    s->got += 64;
    s->in = !eop;
    return eop;
}

void sw_step(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    bool rx_ready = bench_below(16) < p_rx_ready, ptx_ready = bench_below(16) < p_ptx_ready;
    bool done_ready = bench_below(16) < p_rx_ready;
    source_drive(&src_h, in, &valid_h, p_tx);
    source_drive(&src_w, in, &valid_w, p_prx);
    bench_put(in, 1181, 4,
              (uint64_t)rx_ready | (uint64_t)ptx_ready << 1 | (uint64_t)done_ready << 2 | (uint64_t)link_up << 3);
    bench_put(in, 1216, 32, 0);
    if (disposition_rd != disposition_wr && bench_below(16) < p_disposition)
        bench_put(in, 1216, 32, dispositions[disposition_rd++ % DISPOSITIONS].word);
    bench_put(in, 1248, 20, stat_next);
    stat_next = 0;
    bench_put(in, 1280, 50,
              (uint64_t)bus.wdata | (uint64_t)bus.addr << 32 | (uint64_t)bus.write << 48 | (uint64_t)bus.valid << 49);

    if (valid_h && bench_get(out, 1181, 1))
        source_took(&src_h, &valid_h);
    if (valid_w && bench_get(out, 1182, 1))
        source_took(&src_w, &valid_w);
    if (bench_get(out, 630, 1) && rx_ready) {
        bool sop = bench_get(out, 618, 1), eop = bench_get(out, 617, 1);
        if (sop) {
            rxm.fence = bench_get(out, 616, 1);
            rxm.vport = (unsigned)bench_get(out, 594, 8), rxm.qp = (unsigned)bench_get(out, 582, 12);
            rxm.hash = (uint32_t)bench_get(out, 550, 32), rxm.epoch8 = (unsigned)bench_get(out, 542, 8);
            rxm.src = (unsigned)bench_get(out, 534, 8), rxm.is_local = bench_get(out, 533, 1);
            rxm.mcast = bench_get(out, 532, 1), rxm.redirect = bench_get(out, 531, 1);
            rxm.l3_ok = bench_get(out, 530, 1), rxm.l4_ok = bench_get(out, 529, 1);
            rxm.l3_bad = bench_get(out, 620, 1), rxm.l4_bad = bench_get(out, 619, 1);
            rxm.stripped = bench_get(out, 528, 1), rxm.tci = (unsigned)bench_get(out, 512, 16);
        }
        if (sink_take(&sink_rx, out, 0, sop, eop, (unsigned)bench_get(out, 602, 14))) {
            if (rxm.fence)
                rx_fence();
            else
                rx_frame();
        }
    }
    if (bench_get(out, 1180, 1) && ptx_ready &&
        sink_take(&sink_ptx, out, 640, bench_get(out, 640 + 527, 1), bench_get(out, 640 + 526, 1),
                  (unsigned)bench_get(out, 640 + 512, 14)))
        ptx_frame();
    if (bench_get(out, 1183, 1) && done_ready)
        take_done(out);
    if (bus.valid && bench_get(out, 1248 + 32, 1)) {
        bus.acked = true;
        bus.rdata = (uint32_t)bench_get(out, 1248, 32);
        bus.valid = false;
        bench_put(in, 1280 + 49, 1, 0);
    }
    weir_rtl_tick(bench_model);
}

static void bus_run(void) {
    bus.valid = true;
    bus.acked = false;
    for (unsigned i = 0; !bus.acked; i++) {
        CHECK(i < 20000, "CSR %x not acknowledged", bus.addr);
        sw_step();
    }
}
void sw_csr_write(unsigned addr, uint32_t v) {
    bus.write = true, bus.addr = addr, bus.wdata = v;
    bus_run();
}
uint32_t sw_csr_read(unsigned addr) {
    bus.write = false, bus.addr = addr, bus.wdata = 0;
    bus_run();
    return bus.rdata;
}

bool sw_quiet(void) {
    return src_h.next >= nframes && src_w.next >= nframes && disposition_rd == disposition_wr && stat_next == 0 &&
           bench_get(weir_rtl_out(bench_model), 1301, 1);
}
void sw_drain(void) {
    for (unsigned i = 0, quiet = 0; quiet < 4; i++) {
        CHECK(i < 400000, "never idle: H %u W %u of %u frames", src_h.next, src_w.next, nframes);
        sw_step();
        quiet = sw_quiet() ? quiet + 1 : 0;
    }
}

// One MOVE_CMD, with traffic running through sw_step while the registers are written.
void sw_move(int filter, unsigned dst, int leave, int join, int fence, bool force) {
    bool bump = filter >= 0 || leave >= 0 || join >= 0 || force;
    sw_csr_write(WEIR_SWITCH_MOVE_SLOT_OFFSET, filter < 0 ? 0x80000000u : filters[filter].slot);
    sw_csr_write(WEIR_SWITCH_MOVE_DST_OFFSET, dst);
    sw_csr_write(WEIR_SWITCH_MOVE_FLOOD_OFFSET,
                 (leave < 0 ? 0 : 0x10000u | (unsigned)leave) | (join < 0 ? 0 : 0x20000u | (unsigned)join << 8));
    sw_csr_write(WEIR_SWITCH_MOVE_FENCE_OFFSET, fence < 0 ? 0 : 0x100u | (unsigned)fence);
    uint32_t token = (uint32_t)bench_rand();
    sw_csr_write(WEIR_SWITCH_MOVE_TOKEN_OFFSET, token);
    CHECK(epoch_issued + 1 < MAX_EPOCHS && nfences < MAX_EPOCHS, "too many moves for the bench");
    if (bump) {
        struct snap *s = &snaps[epoch_issued + 1];
        *s = snaps[epoch_issued];
        if (filter >= 0)
            s->dst[filter] = (uint8_t)dst;
        if (leave >= 0)
            s->flood[leave] = false;
        if (join >= 0)
            s->flood[join] = true;
        epoch_issued++;
    }
    if (fence >= 0)
        fences[nfences++] =
            (struct fence){.vport = (uint8_t)fence, .token = token, .epoch = epoch_issued, .bump = bump};
    sw_csr_write(WEIR_SWITCH_MOVE_CMD_OFFSET, force ? 3 : 1);
    epoch_acked = epoch_issued;
}
