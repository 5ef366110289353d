// SPDX-License-Identifier: Apache-2.0
// One frame at a time through an otherwise idle switch, as bytes: for cases that say themselves what becomes of it. The
// counters of these frames are not the model's; a case that uses this does not close the model.
#include "sw.h"

enum { TxValid = 600, TxReady = 1181, RxValid = 630, PtxValid = 1180, PtxData = 640, Idle = 1301 };

static void drive(const uint8_t *beat, bool wire, unsigned vport, unsigned len, int insert, bool first, bool last) {
    uint32_t *in = weir_rtl_in(bench_model);
    bench_put(in, TxValid, 1, !wire);
    bench_put(in, 1180, 1, wire);
    memcpy((uint8_t *)in + (wire ? PtxData : 0) / 8, beat, 64);
    if (wire) {
        bench_put(in, PtxData + 512, 16, len | (uint64_t)last << 14 | (uint64_t)first << 15);
        return;
    }
    bench_put(in, 512, 16, insert < 0 ? 0 : (uint64_t)insert);
    bench_put(in, 528, 56, (uint64_t)(insert >= 0) | (uint64_t)vport << 32 | (uint64_t)len << 40);
    bench_put(in, 583, 2, (uint64_t)last | (uint64_t)first << 1);
}

// What comes out in this cycle; every copy meets its disposition in the next.
static void take(struct disposition *f) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    static unsigned at;
    bench_put(in, 1216, 32, 0);
    bench_put(in, 1181, 4, 0xF);
    if (bench_get(out, RxValid, 1)) {
        unsigned v = (unsigned)bench_get(out, 594, 8);
        if (bench_get(out, 618, 1)) {
            f->heard[v]++;
            f->redirect = bench_get(out, 531, 1);
            f->src = (unsigned)bench_get(out, 534, 8);
            f->rx_len = (unsigned)bench_get(out, 602, 14);
            f->stripped = bench_get(out, 528, 1) ? (unsigned)bench_get(out, 512, 16) : 0;
        }
        if (bench_get(out, 617, 1))
            bench_put(in, 1216, 32, f->rx_len | v << 22 | 1u << 31);
    }
    if (bench_get(out, PtxValid, 1)) {
        if (bench_get(out, PtxData + 527, 1)) {
            at = 0;
            f->wire++;
            f->len = (unsigned)bench_get(out, PtxData + 512, 14);
        }
        CHECK(at + 64 <= sizeof f->sent, "longer than what these cases send");
        memcpy(f->sent + at, (const uint8_t *)out + PtxData / 8, 64);
        at += 64;
    }
}

static uint64_t drops(unsigned v, unsigned row) {
    sw_csr_write(WEIR_SWITCH_CNT_SEL_OFFSET, v << 8 | row);
    return sw_csr_read(WEIR_SWITCH_CNT_LO_OFFSET);
}

struct disposition play_one(bool wire, unsigned vport, const uint8_t *frame, unsigned len, int insert) {
    static const unsigned rows[] = {WEIR_VPORT_CNT_TX_DROP_SRC_MAC, WEIR_VPORT_CNT_TX_DROP_VLAN,
                                    WEIR_VPORT_CNT_TX_DROP_CTRL,    WEIR_VPORT_CNT_TX_DROP_SELF,
                                    WEIR_VPORT_CNT_TX_DROP_LINK,    WEIR_VPORT_CNT_TX_DROP_VPORT,
                                    WEIR_VPORT_CNT_TX_DROP_LONG};
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    struct disposition f = {.drop = PASSED};
    uint8_t beat[64];
    if (!wire) {
        sw_csr_write(WEIR_SWITCH_CNT_CLEAR_OFFSET, vport);
    }
    for (unsigned at = 0; at < len;) {
        memset(beat, 0x88, sizeof beat); // stale bytes behind the frame must never matter
        memcpy(beat, frame + at, len - at < 64 ? len - at : 64);
        drive(beat, wire, vport, len, insert, at == 0, at + 64 >= len);
        if (bench_get(out, wire ? 1182 : TxReady, 1))
            at += 64;
        take(&f);
        weir_rtl_tick(bench_model);
    }
    bench_put(in, TxValid, 1, 0);
    bench_put(in, 1180, 1, 0);
    for (unsigned i = 0, quiet = 0; quiet < 3; i++) {
        CHECK(i < 2000, "never idle");
        take(&f);
        weir_rtl_tick(bench_model);
        quiet = bench_get(out, Idle, 1) ? quiet + 1 : 0;
    }
    for (unsigned i = 0; !wire && i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t n = drops(vport, rows[i]);
        CHECK(n <= 1 && (n == 0 || f.drop == PASSED), "one frame, two reasons");
        if (n != 0)
            f.drop = rows[i];
    }
    CHECK(f.drop == PASSED || f.wire == 0, "dropped, and on the wire");
    return f;
}
