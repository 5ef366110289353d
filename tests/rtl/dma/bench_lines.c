// SPDX-License-Identifier: Apache-2.0
// Lines 43, 44, 45 and 50 of the PCIe checklist, each looked for where it can fail: every code of the limits around
// every border, every start and length, every tag, completions in every order. Against the lines' own words, not
// against the model of the random cases.
#include "bench_dma.h"

enum { MOST = 128, LONGEST = 9600 };

static struct tlp_mem asked[MOST]; // requests that came, in order
static uint32_t header[MOST][4];
static unsigned num_asked;
static uint8_t got[CLIENTS][16 * 1024]; // bytes of answers, in order
static unsigned num_got[CLIENTS], ends[CLIENTS];

// One cycle: takes what comes.
static void step(void) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    bench_put(in, IN_RDREQ_READY, 1, 1);
    if (bench_get(out, OUT_RDREQ_VALID, 1)) {
        CHECK(num_asked < MOST, "more requests than there can be");
        memcpy(header[num_asked], &out[OUT_RDREQ / 32 + 1], sizeof header[0]);
        asked[num_asked] = tlp_check_mem(header[num_asked], 512);
        num_asked++;
    }
    for (unsigned k = 0; k < CLIENTS; k++) {
        unsigned at = OUT_RSP + OUT_RSP_STRIDE * k, bytes = bench_get(out, at, 8);
        bench_put(in, IN_RSP_READY + k, 1, 1);
        if (!bench_get(out, OUT_RSP_VALID + k, 1))
            continue;
        CHECK(num_got[k] + bytes <= sizeof got[k], "client %u gets too much", k);
        CHECK(!bench_get(out, at + 9, 1), "client %u: an error without a fault", k);
        memcpy(&got[k][num_got[k]], &out[at / 32 + 2], bytes);
        num_got[k] += bytes;
        ends[k] += bench_get(out, at + 8, 1);
    }
    weir_rtl_tick(bench_model);
    bench_put(in, 0, 10, 0);
}

static void begin(unsigned mps, unsigned mrrs, bool ext_tag) {
    dma_setup(mps, mrrs, ext_tag);
    num_asked = 0;
    memset(num_got, 0, sizeof num_got);
    memset(ends, 0, sizeof ends);
}

// False when it is not taken within 40 cycles: the block is full.
static bool ask(unsigned client, unsigned fn, uint64_t addr, unsigned len) {
    uint32_t *in = weir_rtl_in(bench_model);
    unsigned at = IN_REQ + 128 * client;
    for (unsigned i = 0; i < 40; i++) {
        bool ready = bench_get(weir_rtl_out(bench_model), OUT_REQ_READY + client, 1);
        bench_put(in, at, 64, addr);
        bench_put(in, at + 64, 32, len | 1u << 16 | fn << 24);
        bench_put(in, at + 96, 32, 0);
        bench_put(in, IN_REQ_VALID + client, 1, 1);
        step();
        if (ready)
            return true;
    }
    return false;
}

// Bytes [from, from + count) of a request, of which `left` are owed with these, on the completion stream.
static void complete(const struct tlp_mem *r, unsigned from, unsigned count, unsigned left) {
    static struct tlp t;
    uint32_t *in = weir_rtl_in(bench_model);
    uint64_t addr = r->addr + from;
    unsigned lead = addr & 3;
    t.dws = (lead + count + 3) / 4;
    tlp_cpl_hdr(t.hdr, TLP_SC, t.dws, left, (unsigned)addr, 0, r->tag);
    memset(t.data, 0, sizeof t.data);
    for (unsigned i = 0; i < count; i++)
        ((uint8_t *)t.data)[lead + i] = tlp_pattern(addr + i);
    for (unsigned beat = 0; beat < tlp_beats(&t); beat++) {
        unsigned at = IN_CPL / 32;
        in[at] = (beat == 0) | (unsigned)(beat + 1 == tlp_beats(&t)) << 1;
        memcpy(&in[at + 1], t.hdr, sizeof t.hdr);
        memcpy(&in[at + 5], &t.data[beat * TLP_BEAT_DWS], TLP_BEAT_DWS * 4);
        bench_put(in, IN_CPL_VALID, 1, 1);
        step();
    }
}

static void run(unsigned cycles) {
    while (cycles-- > 0)
        step();
}

static void check_bytes(unsigned client, unsigned from, uint64_t addr, unsigned len) {
    for (unsigned i = 0; i < len; i++)
        CHECK(got[client][from + i] == tlp_pattern(addr + i), "client %u: byte %u of %u at %" PRIx64, client, i, len,
              addr);
}

// Requests and writes must be the parts of [addr, addr + len) between borders of `limit` bytes, no more and no fewer.
static void check_parts(const struct tlp_mem *part, unsigned count, uint64_t addr, unsigned len, unsigned limit) {
    uint64_t end = addr + len;
    unsigned want = (unsigned)((end - 1) / limit - addr / limit) + 1;
    CHECK(count == want, "%u bytes at %" PRIx64 ", limit %u: %u requests, not %u", len, addr, limit, count, want);
    for (unsigned i = 0; i < count; i++) {
        uint64_t border = (addr / limit + 1) * limit, to = border < end ? border : end;
        CHECK(part[i].addr == addr && part[i].addr + part[i].bytes == to,
              "limit %u: part %u is %u bytes at %" PRIx64 ", expected %u at %" PRIx64, limit, i, part[i].bytes,
              part[i].addr, (unsigned)(to - addr), addr);
        CHECK(part[i].addr / 4096 == (part[i].addr + part[i].bytes - 1) / 4096, "it crosses 4 KiB");
        addr = to;
    }
}

// One write of len bytes at addr; its TLPs.
static unsigned write_parts(uint64_t addr, unsigned len, unsigned limit, struct tlp_mem *part, uint32_t hdr[][4]) {
    uint32_t *in = weir_rtl_in(bench_model);
    const uint32_t *out = weir_rtl_out(bench_model);
    unsigned parts = 0, beats = (len + 63) / 64;
    for (unsigned sent = 0, i = 0; sent < beats || !bench_get(out, OUT_IDLE, 1); i++) {
        CHECK(i < 5000, "a write does not end");
        bench_put(in, 0, 10, 0);
        bench_put(in, IN_WR_READY, 1, 1);
        if (bench_get(out, OUT_WR_VALID, 1) && bench_get(out, OUT_WR + 17, 1)) {
            CHECK(parts < 128, "too many TLPs");
            memcpy(hdr[parts], &out[OUT_WR / 32 + 1], sizeof hdr[0]);
            part[parts] = tlp_check_mem(hdr[parts], limit);
            parts++;
        }
        if (sent < beats) {
            unsigned at = IN_QWR / 32;
            in[at] = (unsigned)(sent + 1 == beats) << 1 | (sent == 0) | 5u << 8;
            in[at + 1] = (uint32_t)addr;
            in[at + 2] = (uint32_t)(addr >> 32);
            in[at + 3] = len;
            bench_put(in, IN_QWR_VALID, 1, 1);
            sent += bench_get(out, OUT_QWR_READY, 1);
        }
        weir_rtl_tick(bench_model);
    }
    bench_put(in, 0, 10, 0);
    return parts;
}

static const unsigned around[] = {0, 1, 3, 4, 63, 64, 65};
static const unsigned lengths[] = {1, 2, 5, 64, 127, 128, 129, 255, 257, 511, 512, 513, 1025, 4096, LONGEST};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

// Every code of MRRS; what is above the card's 512 bytes, or reserved, counts as that.
void line_43_reads(void) {
    for (unsigned code = 0; code < 8; code++) {
        unsigned limit = code < 2 ? 128u << code : 512;
        for (unsigned page = 0; page <= 4096; page += 128)
            for (unsigned i = 0; i < COUNT(around) + COUNT(lengths); i++) {
                // Around this border with a changing length, then from it with each length.
                uint64_t addr = 0x70000000u + page - (i < COUNT(around) ? around[i] : page % 64);
                unsigned len = lengths[(i + page / 128) % COUNT(lengths)];
                unsigned parts = 0;
                if (i >= COUNT(around) && page % 1024 != 0)
                    continue;
                begin(0, code, true);
                CHECK(ask(1, 3, addr, len), "cannot ask");
                for (unsigned quiet = 0; quiet < 12; quiet = parts == num_asked ? quiet + 1 : 0) {
                    if (parts == num_asked) {
                        step();
                    } else {
                        complete(&asked[parts], 0, asked[parts].bytes, asked[parts].bytes);
                        parts++;
                    }
                }
                check_parts(asked, parts, addr, len, limit);
                run(len / 64 + 40);
                CHECK(num_got[1] == len && ends[1] == 1, "%u of %u bytes came", num_got[1], len);
                check_bytes(1, 0, addr, len);
            }
    }
}

// Every code of MPS; the three reserved ones count as the largest.
void line_43_writes(void) {
    static struct tlp_mem part[128];
    static uint32_t hdr[128][4];
    for (unsigned code = 0; code < 8; code++) {
        unsigned limit = 128u << (code < 5 ? code : 5);
        begin(code, 2, true);
        for (unsigned page = 0; page <= 4096; page += 128)
            for (unsigned i = 0; i < COUNT(around); i++) {
                uint64_t addr = 0x70000000u + page - around[i];
                unsigned len = lengths[(i + page / 128) % COUNT(lengths)];
                check_parts(part, write_parts(addr, len, limit, part, hdr), addr, len, limit);
            }
    }
}

// The byte enables as a picture of the bytes; a 3 DW header below 4 GiB and a 4 DW one from there on.
static void check_header(const uint32_t *hdr, uint64_t addr, unsigned len, bool write) {
    unsigned lead = addr & 3, dws = (lead + len + 3) / 4, first = 0, last = 0;
    for (unsigned b = 0; b < 4; b++) {
        unsigned in_last = 4 * (dws - 1) + b;
        first |= (unsigned)(b >= lead && b < lead + len) << b;
        last |= (unsigned)(in_last >= lead && in_last < lead + len) << b;
    }
    bool four = addr >> 32 != 0;
    CHECK(hdr[0] == ((unsigned)write << 30 | (unsigned)four << 29 | dws), "%u bytes at %" PRIx64 ": DW 0 is %08x", len,
          addr, hdr[0]);
    CHECK((hdr[1] & 0xFF) == (first | (dws == 1 ? 0 : last << 4)), "%u bytes at %" PRIx64 ": byte enables %02x", len,
          addr, hdr[1] & 0xFF);
    CHECK(hdr[four ? 3 : 2] == ((uint32_t)addr & ~3u) && (!four || hdr[2] == addr >> 32),
          "%u bytes at %" PRIx64 ": address %08x %08x", len, addr, hdr[2], hdr[3]);
}

void line_44_every_start_and_length(void) {
    static struct tlp_mem part[128];
    static uint32_t hdr[128][4];
    static const uint64_t bases[] = {0x1000, 0xFFFFF000u, 0x100000000u, 0xFFFFFFFF00000000u};
    for (unsigned b = 0; b < COUNT(bases); b++)
        for (unsigned start = 0; start < 4; start++)
            for (unsigned len = 1; len <= 12; len++) {
                uint64_t addr = bases[b] + start;
                begin(0, 2, true);
                CHECK(ask(1, 3, addr, len), "cannot ask");
                run(10);
                CHECK(num_asked == 1, "%u requests", num_asked);
                check_header(header[0], addr, len, false);
                complete(&asked[0], 0, len, len);
                run(20);
                check_bytes(1, 0, addr, len);
                CHECK(write_parts(addr, len, 128, part, hdr) == 1, "one write");
                check_header(hdr[0], addr, len, true);
            }
}

// All tags that there are go out, each once, and one that comes back is the next to go out again; without Extended Tag
// only those of 5 bits.
void line_45_every_tag_once(void) {
    for (unsigned ext = 0; ext < 2; ext++) {
        unsigned most = ext != 0 ? NUM_TAGS : 32, tag_owner[NUM_TAGS] = {0};
        begin(0, 2, ext != 0);
        for (unsigned k = 0; k < CLIENTS; k++)
            for (unsigned i = 0; i < 56 && ask(k, 1 + i, 0x10000u * (1 + k) + 64 * i, 64); i++)
                ;
        run(50);
        CHECK(num_asked == most, "%u of %u tags are out", num_asked, most);
        for (unsigned i = 0; i < most; i++) {
            CHECK(asked[i].tag < most, "tag %u does not fit %u bits", asked[i].tag, ext != 0 ? 8 : 5);
            CHECK(tag_owner[asked[i].tag]++ == 0, "tag %u is out twice", asked[i].tag);
        }
        for (unsigned i = 0; i < most; i++) { // each is asked for in its turn
            unsigned before = num_asked;
            struct tlp_mem r = asked[i];
            complete(&r, 0, 64, 64);
            num_asked = 0;
            run(30);
            CHECK(num_asked <= 1 && (num_asked == 0 || asked[0].tag < most), "%u requests for one tag", num_asked);
            CHECK(num_asked == 0 || tag_owner[asked[0].tag] == 0 || asked[0].tag == r.tag, "tag %u is out twice",
                  asked[0].tag);
            tag_owner[r.tag] = num_asked != 0 && asked[0].tag == r.tag;
            if (num_asked != 0)
                tag_owner[asked[0].tag] = 2; // of the second round, which stays out
            num_asked = before;
        }
        for (unsigned fn = 0; fn < WEIR_NUM_FNS; fn++) // as they are: the next round begins with a clean block
            dma_permit(fn, false);
        bench_put(weir_rtl_in(bench_model), IN_LINK_RESET, 1, 1);
        num_asked = 0;
        for (unsigned i = 0; i < 2000; i++) {
            uint32_t *in = weir_rtl_in(bench_model);
            bench_put(in, 0, 10, 0);
            bench_put(in, IN_RDREQ_READY, 1, 1);
            bench_put(in, IN_RSP_READY, 3, 7);
            weir_rtl_tick(bench_model);
        }
        bench_put(weir_rtl_in(bench_model), IN_LINK_RESET, 1, 0);
    }
}

// Sixteen reads out; their pieces come forwards, backwards, one of each in turn, and at random; within a tag always in
// order.
void line_50_every_order(void) {
    enum { READS = 16, LEN = 490 };
    for (unsigned order = 0; order < 24; order++) {
        unsigned sent[READS] = {0}, left = READS;
        begin(0, 2, true);
        for (unsigned i = 0; i < READS; i++)
            CHECK(ask(i % CLIENTS, 1 + i, 0x100000u + 4096 * i + i, LEN), "cannot ask");
        run(60);
        CHECK(num_asked == READS, "%u requests are out", num_asked);
        for (unsigned turn = 0; left != 0; turn++) {
            unsigned i = order == 0   ? READS - left
                         : order == 1 ? left - 1
                         : order == 2 ? turn % READS
                         : order == 3 ? READS - 1 - turn % READS
                                      : bench_below(READS);
            struct tlp_mem *r = &asked[i];
            unsigned cut = 64 - (unsigned)((r->addr + sent[i]) & 63) + 64 * bench_below(3);
            unsigned count = sent[i] + cut > r->bytes ? r->bytes - sent[i] : cut;
            if (sent[i] == r->bytes)
                continue;
            complete(r, sent[i], count, r->bytes - sent[i]);
            sent[i] += count;
            left -= sent[i] == r->bytes;
        }
        run(200);
        for (unsigned i = 0; i < READS; i++)
            check_bytes(i % CLIENTS, i / CLIENTS * LEN, 0x100000u + 4096 * i + i, LEN);
        CHECK(num_got[0] == 6 * LEN && num_got[1] == 5 * LEN && num_got[2] == 5 * LEN, "bytes are missing");
    }
}
