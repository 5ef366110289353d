// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

struct harness h;

// Bit offsets of tb_queue.sv.
enum {
    IN_BAR = 0,
    IN_CSR = 96,
    IN_EN = 160,
    IN_FLR = 256,
    IN_OK = 352,
    IN_FLAGS = 448,
    IN_DONE = 2208,
    IN_RX = 2272,
    IN_PUSH = 2912,
    IN_LOW = 3425
};
enum { OUT_FLAGS = 64, OUT_FATE = 96, OUT_QWR = 512, OUT_TX = 1152 };
static const unsigned in_rsp[CLIENTS] = {480, 1056, 1632};
static const unsigned out_req[CLIENTS] = {128, 256, 384};

static unsigned flag(unsigned n) {
    return (unsigned)bench_get(h.out, OUT_FLAGS + n, 1);
}

static uint64_t now(void) {
    return weir_rtl_cycles(bench_model);
}

static bool lucky(void) {
    return h.stall == 0 || bench_below(16) >= h.stall;
}

void harness_init(struct weir_rtl *model, uint64_t seed) {
    bench_model = model;
    bench_state = seed | 1;
    uint8_t *mem = h.mem;
    memset(&h, 0, sizeof(h));
    h.mem = mem != NULL ? mem : malloc((size_t)MEM_PAGES * PAGE);
    CHECK(h.mem != NULL, "out of memory");
    memset(h.mem, 0, (size_t)MEM_PAGES * PAGE);
    h.in = weir_rtl_in(bench_model);
    h.out = weir_rtl_out(bench_model);
    h.lat_min = 5;
    h.lat_max = 40;
    h.stall = 3;
    h.done_min = 1;
    h.done_max = 30;
    for (unsigned fn = 0; fn < FNS; fn++)
        fn_set(fn, true, false, true);
    ticks(QPS + 44); // the block clears its queues after reset
}

void fn_set(unsigned fn, bool enabled, bool flr, bool dma_ok) {
    bench_put(h.in, IN_EN + fn, 1, enabled);
    bench_put(h.in, IN_FLR + fn, 1, flr);
    bench_put(h.in, IN_OK + fn, 1, dma_ok);
    h.fn_ok[fn] = dma_ok;
}

uint64_t mem_alloc(uint32_t bytes, unsigned fn) {
    uint32_t pages = (bytes + PAGE - 1) / PAGE;
    CHECK(h.next_page + pages <= MEM_PAGES, "bench memory is full");
    uint64_t addr = ((uint64_t)MEM_BASE_HI << 32) + (uint64_t)h.next_page * PAGE;
    for (uint32_t i = 0; i < pages; i++)
        h.page_fn[h.next_page + i] = (uint8_t)fn;
    h.next_page += pages;
    return addr;
}

uint8_t *mem_at(uint64_t addr) {
    uint64_t off = addr - ((uint64_t)MEM_BASE_HI << 32);
    CHECK(off < (uint64_t)MEM_PAGES * PAGE, "address %" PRIx64 " is outside memory", addr);
    return h.mem + off;
}

static void check_owner(const char *what, uint64_t addr, uint32_t len, unsigned fn) {
    for (uint64_t a = addr & ~(uint64_t)(PAGE - 1); a < addr + len; a += PAGE) {
        unsigned page = (unsigned)((mem_at(a) - h.mem) / PAGE);
        CHECK(h.page_fn[page] == fn, "%s of %" PRIx64 " by function %u, owner is %u", what, addr, fn, h.page_fn[page]);
    }
}

uint8_t pattern(uint32_t seed, uint32_t i) {
    uint32_t x = (seed ^ i / 4) * 2654435761u + i * 97;
    return (uint8_t)(x >> 13 ^ x >> 21);
}

// ---- DMA clients ----
static void client_request(unsigned c) {
    struct client *cl = &h.client[c];
    bool room = cl->tail - cl->head < 1000;
    bool ready = room && lucky();
    bench_put(h.in, IN_FLAGS + c, 1, ready);
    if (!ready || !flag(2 + c))
        return;
    unsigned base = out_req[c];
    uint64_t addr = bench_get(h.out, base + 47, 64);
    uint32_t len = (uint32_t)bench_get(h.out, base + 33, 14), fn = (uint32_t)bench_get(h.out, base + 111, 8);
    bool last = bench_get(h.out, base + 32, 1);
    struct chain *ch = &h.client[c].q[cl->tail % 1024];
    if (!cl->open) {
        memset(ch, 0, sizeof(*ch));
        cl->open = true;
    }
    CHECK(len >= 1 && len <= 9600, "client %u: length %u", c, len);
    CHECK(ch->pieces < 8, "client %u: more than 8 pieces", c);
    CHECK(addr + len <= 0xfee00000u || addr > 0xfeefffffu, "read in the interrupt window");
    check_owner("read", addr, len, fn);
    if (c != TXP)
        CHECK(addr / 512 == (addr + len - 1) / 512, "descriptor piece crosses a 512-byte line");
    for (uint64_t a = addr; a < addr + len; a += PAGE - a % PAGE)
        ch->err |= h.page_bad[(mem_at(a) - h.mem) / PAGE];
    ch->err |= !h.fn_ok[fn];
    ch->addr[ch->pieces] = addr;
    ch->len[ch->pieces++] = len;
    ch->total += len;
    if (last) {
        uint64_t due = now() + h.lat_min + bench_below(h.lat_max - h.lat_min + 1);
        ch->due = cl->last_due = due > cl->last_due ? due : cl->last_due;
        ch->ctx = (uint32_t)bench_get(h.out, base, 32);
        cl->open = false;
        cl->tail++;
        cl->requests++;
        cl->bytes += ch->total;
    }
}

static void client_answer(unsigned c) {
    static bool offered[CLIENTS]; // a beat once offered stays
    struct client *cl = &h.client[c];
    struct chain *ch = &cl->q[cl->head % 1024];
    bool have = cl->head != cl->tail && ch->due <= now();
    bool valid = have && (offered[c] || lucky());
    bench_put(h.in, IN_FLAGS + 5 + c, 1, valid);
    offered[c] = valid && !flag(7 + c);
    if (!valid)
        return;
    uint8_t beat[64] = {0};
    unsigned n = ch->total - ch->sent < 64 ? ch->total - ch->sent : 64, skip = ch->sent, got = 0;
    for (unsigned p = 0; p < ch->pieces && got < n; p++) {
        if (skip >= ch->len[p]) {
            skip -= ch->len[p];
            continue;
        }
        unsigned take = ch->len[p] - skip < n - got ? ch->len[p] - skip : n - got;
        memcpy(beat + got, mem_at(ch->addr[p] + skip), take);
        got += take;
        skip = 0;
    }
    bool eop = ch->sent + n == ch->total;
    unsigned base = in_rsp[c];
    bench_put(h.in, base, 32, ch->ctx);
    bench_put(h.in, base + 32, 1, eop && ch->err);
    bench_put(h.in, base + 33, 1, eop);
    bench_put(h.in, base + 34, 7, n);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t w;
        memcpy(&w, beat + 8 * i, 8);
        bench_put(h.in, base + 41 + 64 * i, 64, ch->err ? ~w : w);
    }
    if (flag(7 + c)) {
        ch->sent += n;
        if (eop)
            cl->head++;
    }
}

// ---- writes and interrupts ----
static void writer(void) {
    bool ready = !h.hold_wr && lucky();
    bench_put(h.in, IN_FLAGS + 3, 1, ready);
    if (!ready || !flag(5))
        return;
    bool sop = bench_get(h.out, OUT_QWR + 608, 1), eop = bench_get(h.out, OUT_QWR + 607, 1);
    if (bench_get(h.out, OUT_QWR + 606, 1)) {
        uint32_t fn = (uint32_t)bench_get(h.out, OUT_QWR + 598, 8), vec = (uint32_t)bench_get(h.out, OUT_QWR + 512, 8);
        CHECK(sop && eop && !h.wr_open, "interrupt token inside a write");
        CHECK(fn < FNS && vec < 16, "token of function %u, vector %u", fn, vec);
        h.irq[fn][vec]++;
        return;
    }
    CHECK(sop == !h.wr_open, "write framing");
    if (sop) {
        h.wr_addr = bench_get(h.out, OUT_QWR + 534, 64);
        h.wr_len = (uint32_t)bench_get(h.out, OUT_QWR + 520, 14);
        h.wr_fn = (uint32_t)bench_get(h.out, OUT_QWR + 598, 8);
        h.wr_got = 0;
        CHECK(h.wr_len >= 1 && h.wr_len <= 9600, "write of %u bytes", h.wr_len);
        check_owner("write", h.wr_addr, h.wr_len, h.wr_fn);
    }
    uint32_t n = h.wr_len - h.wr_got < 64 ? h.wr_len - h.wr_got : 64;
    uint8_t beat[64];
    for (unsigned i = 0; i < 8; i++) {
        uint64_t w = bench_get(h.out, OUT_QWR + 64 * i, 64);
        memcpy(beat + 8 * i, &w, 8);
    }
    if (h.fn_ok[h.wr_fn])
        memcpy(mem_at(h.wr_addr + h.wr_got), beat, n);
    h.wr_got += n;
    CHECK(eop == (h.wr_got == h.wr_len), "write has %u of %u bytes at its end", h.wr_got, h.wr_len);
    h.wr_open = !eop;
    h.wr_count++;
    h.wr_writes += eop;
}

// ---- switch ----
static void switch_take(void) {
    bool ready = h.done_tail - h.done_head < 4000 && !h.hold_tx && lucky();
    bench_put(h.in, IN_FLAGS + 4, 1, ready);
    bench_put(h.in, IN_LOW, 1, !h.tx_full && lucky());
    if (!ready || !flag(6))
        return;
    struct tx_frame *f = &h.tx;
    bool sop = bench_get(h.out, OUT_TX + 584, 1), eop = bench_get(h.out, OUT_TX + 583, 1);
    CHECK(sop == !h.tx_open, "transmit framing");
    if (sop) {
        f->len = (uint32_t)bench_get(h.out, OUT_TX + 568, 14);
        f->vport = (uint32_t)bench_get(h.out, OUT_TX + 560, 8);
        f->qp = (uint32_t)bench_get(h.out, OUT_TX + 548, 12);
        f->tag = (uint32_t)bench_get(h.out, OUT_TX + 532, 16);
        f->cpl_req = bench_get(h.out, OUT_TX + 531, 1);
        f->l3 = bench_get(h.out, OUT_TX + 530, 1);
        f->l4 = bench_get(h.out, OUT_TX + 529, 1);
        f->vlan = bench_get(h.out, OUT_TX + 528, 1);
        f->tci = (uint32_t)bench_get(h.out, OUT_TX + 512, 16);
        h.tx_got = 0;
        CHECK(f->len >= 14 && f->len <= 9600, "frame of %u bytes", f->len);
    }
    for (unsigned i = 0; i < 8; i++) {
        uint64_t w = bench_get(h.out, OUT_TX + 64 * i, 64);
        memcpy(f->data + h.tx_got + 8 * i, &w, 8);
    }
    h.tx_got += 64;
    CHECK(eop == (h.tx_got >= f->len), "frame of %u bytes, end %d after %u", f->len, eop, h.tx_got);
    h.tx_open = !eop;
    if (!eop)
        return;
    f->cancel = bench_get(h.out, OUT_TX + 582, 1);
    if (h.on_tx != NULL)
        h.on_tx(f);
    if (f->cancel)
        return;
    if (bench_below(50) == 0)
        h.epoch++;
    unsigned at = h.done_tail++ % 4096;
    h.done[at].qp = f->qp;
    h.done[at].tag = f->tag;
    h.done[at].cpl_req = f->cpl_req;
    h.done[at].epoch = h.epoch;
    h.done[at].due = now() + h.done_min + bench_below(h.done_max - h.done_min + 1);
    if (h.on_done != NULL)
        h.on_done(f->qp, f->tag, h.epoch);
}

static void switch_done(void) {
    unsigned at = h.done_head % 4096;
    bool valid = h.done_head != h.done_tail && h.done[at].due <= now();
    bench_put(h.in, IN_FLAGS + 8, 1, valid);
    if (!valid)
        return;
    bench_put(h.in, IN_DONE, 8, h.done[at].epoch);
    bench_put(h.in, IN_DONE + 8, 1, h.done[at].cpl_req);
    bench_put(h.in, IN_DONE + 9, 16, h.done[at].tag);
    bench_put(h.in, IN_DONE + 25, 12, h.done[at].qp);
    if (flag(10))
        h.done_head++;
}

bool rx_room(void) {
    return h.rx_tail - h.disposition_head < 1000;
}

void rx_push(struct rx_send f) {
    CHECK(rx_room(), "receive feed is full");
    f.id = h.rx_id++;
    h.rx[h.rx_tail++ % 1024] = f;
}

static void switch_rx(void) {
    static bool offered;
    struct rx_send *f = &h.rx[h.rx_head % 1024];
    bool valid = h.rx_head != h.rx_tail && (offered || lucky());
    bench_put(h.in, IN_FLAGS + 9, 1, valid);
    offered = valid && !flag(11);
    if (!valid)
        return;
    uint32_t at = h.rx_beat * 64, len = f->fence ? 0 : f->len;
    bool eop = f->fence || at + 64 >= len;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t w = 0;
        for (unsigned b = 0; b < 8; b++)
            w |= (uint64_t)(at + 8 * i + b < len ? pattern(f->seed, at + 8 * i + b) : 0xAA) << 8 * b;
        bench_put(h.in, IN_RX + 64 * i, 64, w);
    }
    // Meta of later beats is rubbish on purpose.
    bool sop = h.rx_beat == 0;
    bench_put(h.in, IN_RX + 512, 16, sop ? f->tci : 0x5a5a);
    bench_put(h.in, IN_RX + 528, 6, sop ? f->flags : 0x2a);
    bench_put(h.in, IN_RX + 619, 2, sop ? f->flags >> 6 : 1);
    bench_put(h.in, IN_RX + 534, 8, sop ? f->src : 0x33);
    bench_put(h.in, IN_RX + 542, 8, sop ? f->epoch : 0x44);
    bench_put(h.in, IN_RX + 550, 32, sop ? f->hash : 0x12345678);
    bench_put(h.in, IN_RX + 582, 12, sop ? f->qp : 7);
    bench_put(h.in, IN_RX + 594, 8, sop ? f->vport : 0x77);
    bench_put(h.in, IN_RX + 602, 14, sop ? f->len : 99);
    bench_put(h.in, IN_RX + 616, 1, sop && f->fence);
    bench_put(h.in, IN_RX + 617, 1, eop);
    bench_put(h.in, IN_RX + 618, 1, sop);
    if (flag(11)) {
        h.rx_beat = eop ? 0 : h.rx_beat + 1;
        if (eop)
            h.rx_head++;
    }
}

static void take_disposition(void) {
    if (!bench_get(h.out, OUT_FATE + 31, 1))
        return;
    CHECK(h.disposition_head != h.rx_tail, "disposition without a frame");
    struct rx_send *f = &h.rx[h.disposition_head++ % 1024];
    struct disposition t = {.id = f->id,
                            .fence = bench_get(h.out, OUT_FATE + 30, 1),
                            .vport = (uint32_t)bench_get(h.out, OUT_FATE + 22, 8),
                            .reason = (uint32_t)bench_get(h.out, OUT_FATE + 14, 8),
                            .len = (uint32_t)bench_get(h.out, OUT_FATE, 14),
                            .qp = f->qp};
    CHECK(t.fence == f->fence && t.vport == f->vport, "disposition of another frame");
    CHECK(f->fence || t.len == f->len, "disposition length %u of a frame of %u", t.len, f->len);
    if (h.on_disposition != NULL)
        h.on_disposition(&t);
}

static void bar_access(void) {
    bool valid = h.bar_head != h.bar_tail;
    bench_put(h.in, IN_BAR + 66, 1, valid);
    bench_put(h.in, IN_PUSH + 512, 1, 0);
    if (!valid)
        return;
    unsigned at = h.bar_head++ % 512;
    bench_put(h.in, IN_PUSH + 512, 1, h.bar[at].push);
    for (unsigned i = 0; i < 8 && h.bar[at].push; i++) {
        uint64_t w;
        memcpy(&w, h.bar[at].bytes + 8 * i, 8);
        bench_put(h.in, IN_PUSH + 64 * i, 64, w);
    }
    bench_put(h.in, IN_BAR, 4, 15);
    bench_put(h.in, IN_BAR + 4, 32, h.bar[at].data);
    bench_put(h.in, IN_BAR + 36, 21, h.bar[at].addr);
    bench_put(h.in, IN_BAR + 57, 8, h.bar[at].fn);
    bench_put(h.in, IN_BAR + 65, 1, 1);
}

void bar_write(unsigned fn, uint32_t addr, uint32_t data) {
    while (h.bar_tail - h.bar_head >= 500)
        tick();
    unsigned at = h.bar_tail++ % 512;
    h.bar[at].fn = fn;
    h.bar[at].addr = addr;
    h.bar[at].data = data;
    h.bar[at].push = false;
}

void bar_push(unsigned fn, uint32_t addr, const uint8_t bytes[64]) {
    uint32_t head;
    memcpy(&head, bytes, 4);
    bar_write(fn, addr, head);
    unsigned at = (h.bar_tail - 1) % 512;
    h.bar[at].push = true;
    memcpy(h.bar[at].bytes, bytes, 64);
}

void tick(void) {
    take_disposition();
    for (unsigned c = 0; c < CLIENTS; c++) {
        client_answer(c);
        client_request(c);
    }
    writer();
    switch_done();
    switch_take();
    switch_rx();
    bar_access();
    weir_rtl_tick(bench_model);
}

void ticks(unsigned n) {
    while (n-- > 0)
        tick();
}

bool harness_quiet(void) {
    bool quiet = h.bar_head == h.bar_tail && h.rx_tail == h.disposition_head && h.done_head == h.done_tail &&
                 !h.tx_open && !h.wr_open;
    for (unsigned c = 0; c < CLIENTS; c++)
        quiet = quiet && h.client[c].head == h.client[c].tail && !h.client[c].open;
    return quiet;
}

bool block_idle(void) {
    return flag(1);
}

void settle(void) {
    for (unsigned still = 0, n = 0; still < 3; n++) {
        CHECK(n < 200000, "does not become idle: block %u, bar %u, frames %u, done %u, tx %u, wr %u", flag(1),
              h.bar_tail - h.bar_head, h.rx_tail - h.disposition_head, h.done_tail - h.done_head, h.tx_open, h.wr_open);
        tick();
        still = harness_quiet() && flag(1) ? still + 1 : 0;
    }
}

void csr_write(uint32_t offset, uint32_t value) {
    bench_put(h.in, IN_CSR, 50, (uint64_t)3 << 48 | (uint64_t)offset << 32 | value);
    for (unsigned n = 0; n == 0 || !bench_get(h.out, 32, 1); n++) {
        CHECK(n < 64, "CSR write %x is not acknowledged", offset);
        tick();
    }
    // The acknowledge cycle still shows the request.
    tick();
    bench_put(h.in, IN_CSR, 50, 0);
}

uint32_t csr_read(uint32_t offset) {
    bench_put(h.in, IN_CSR, 50, (uint64_t)1 << 49 | (uint64_t)offset << 32);
    for (unsigned n = 0; n == 0 || !bench_get(h.out, 32, 1); n++) {
        CHECK(n < 64, "CSR read %x is not acknowledged", offset);
        tick();
    }
    uint32_t v = h.out[0];
    tick();
    bench_put(h.in, IN_CSR, 50, 0);
    return v;
}
