// SPDX-License-Identifier: Apache-2.0
// TLPs for the pcie and dma benches: build and take apart headers, and check that a memory request is legal. A header
// is four words as on weir_pkg::tlp_t (byte 0 of a DW in bits 31:24). Knows nothing of the card.
#ifndef WEIR_TLP_BENCH_H
#define WEIR_TLP_BENCH_H

#include "bench.h"

enum { TLP_MAX_DWS = 1024, TLP_BEAT_DWS = 16 };
enum {
    TLP_MRD = 0x00,
    TLP_MRDLK = 0x01,
    TLP_IORD = 0x02,
    TLP_CFGRD0 = 0x04,
    TLP_CFGRD1 = 0x05,
    TLP_CPL = 0x0A,
    TLP_MWR = 0x40,
    TLP_IOWR = 0x42,
    TLP_CFGWR0 = 0x44,
    TLP_CPLD = 0x4A,
    TLP_FETCHADD = 0x4C,
    TLP_MSG = 0x34,
};
enum { TLP_SC = 0, TLP_UR = 1, TLP_CRS = 2, TLP_CA = 4 };

struct tlp {
    uint32_t hdr[4];
    unsigned dws;
    uint32_t data[TLP_MAX_DWS];
};

// A memory request, taken apart. addr is the first byte's address, bytes counts from it to the last enabled byte.
struct tlp_mem {
    uint64_t addr;
    unsigned bytes, dws, tag, rid, fbe, lbe;
    bool write;
};

static inline bool tlp_has_data(const uint32_t *hdr) {
    return hdr[0] >> 30 & 1;
}
static inline unsigned tlp_kind(const uint32_t *hdr) {
    unsigned k = hdr[0] >> 24;
    // Memory requests of 3 and 4 DW share a kind.
    return (k & 0x1F) <= 1 ? k & 0x5F : k;
}
static inline unsigned tlp_dws(const uint32_t *hdr) {
    return (hdr[0] & 0x3FF) == 0 ? 1024 : hdr[0] & 0x3FF;
}
static inline unsigned tlp_beats(const struct tlp *t) {
    return t->dws == 0 ? 1 : (t->dws + TLP_BEAT_DWS - 1) / TLP_BEAT_DWS;
}

// Memory request for bytes [addr, addr + bytes), bytes >= 1.
static inline void tlp_mem_hdr(uint32_t *hdr, unsigned kind, uint64_t addr, unsigned bytes, unsigned rid,
                               unsigned tag) {
    unsigned lead = addr & 3, dws = (lead + bytes + 3) / 4, tail = (4 - (lead + bytes) % 4) % 4;
    unsigned fbe = 0xF << lead & 0xF, lbe = 0xF >> tail;
    if (dws == 1) {
        fbe &= lbe;
        lbe = 0;
    }
    bool four = addr >> 32 != 0;
    hdr[0] = (kind | (four ? 0x20u : 0)) << 24 | (dws & 0x3FF);
    hdr[1] = rid << 16 | tag << 8 | lbe << 4 | fbe;
    hdr[2] = four ? (uint32_t)(addr >> 32) : (uint32_t)addr & ~3u;
    hdr[3] = four ? (uint32_t)addr & ~3u : 0;
}

static inline void tlp_cfg_hdr(uint32_t *hdr, unsigned kind, unsigned bdf, unsigned reg, unsigned be, unsigned rid,
                               unsigned tag) {
    hdr[0] = kind << 24 | 1;
    hdr[1] = rid << 16 | tag << 8 | be;
    hdr[2] = bdf << 16 | (reg & 0xFFC);
    hdr[3] = 0;
}

static inline void tlp_cpl_hdr(uint32_t *hdr, unsigned status, unsigned dws, unsigned byte_count, unsigned lower,
                               unsigned rid, unsigned tag) {
    hdr[0] = (unsigned)(dws != 0 ? TLP_CPLD : TLP_CPL) << 24 | (dws & 0x3FF);
    hdr[1] = status << 13 | (byte_count & 0xFFF);
    hdr[2] = rid << 16 | tag << 8 | (lower & 0x7F);
    hdr[3] = 0;
}

// Takes a memory request apart and checks every rule that holds for all of them (pcie 43, 44, 46).
static inline struct tlp_mem tlp_check_mem(const uint32_t *hdr, unsigned limit) {
    struct tlp_mem m = {0};
    unsigned kind = hdr[0] >> 24;
    bool four = kind & 0x20;
    CHECK((kind & ~0x20u) == TLP_MRD || (kind & ~0x20u) == TLP_MWR, "type %02x is no memory request", kind);
    CHECK((hdr[0] & 0x00FFFC00) == 0, "TC, attributes, AT and reserved bits must be 0: %08x", hdr[0]);
    m.write = tlp_has_data(hdr);
    m.dws = tlp_dws(hdr);
    m.rid = hdr[1] >> 16;
    m.tag = hdr[1] >> 8 & 0xFF;
    m.lbe = hdr[1] >> 4 & 0xF;
    m.fbe = hdr[1] & 0xF;
    m.addr = four ? (uint64_t)hdr[2] << 32 | hdr[3] : hdr[2];
    CHECK((m.addr & 3) == 0, "address %016" PRIx64 " is not DW aligned", m.addr);
    CHECK(four == (m.addr >> 32 != 0), "%d-DW header for address %016" PRIx64, four ? 4 : 3, m.addr);
    CHECK((m.addr & 4095) + 4 * m.dws <= 4096, "request at %016" PRIx64 " of %u DW crosses 4 KiB", m.addr, m.dws);
    unsigned lead = 0, tail = 0;
    CHECK(m.fbe != 0, "no byte enabled in the first DW");
    while (!(m.fbe >> lead & 1))
        lead++;
    unsigned last = m.dws == 1 ? m.fbe : m.lbe;
    CHECK(last != 0 && (m.dws > 1 || m.lbe == 0), "last byte enables %x of %u DW", m.lbe, m.dws);
    while (!(last >> (3 - tail) & 1))
        tail++;
    if (m.dws == 1)
        CHECK(m.fbe == ((0xFu << lead & 0xF) & 0xFu >> tail), "byte enables %x have a gap", m.fbe);
    else
        CHECK(m.fbe == (0xFu << lead & 0xF) && m.lbe == 0xFu >> tail, "byte enables %x %x have a gap", m.fbe, m.lbe);
    m.bytes = 4 * m.dws - lead - tail;
    m.addr += lead;
    CHECK(4 * m.dws <= limit, "%u DW in one request, limit %u bytes", m.dws, limit);
    return m;
}

// A pattern for host memory that needs no storage: the byte at an address.
static inline uint8_t tlp_pattern(uint64_t addr) {
    uint64_t x = (addr >> 3) * 0x9E3779B97F4A7C15ULL;
    x ^= x >> 29;
    return (uint8_t)(x >> (8 * (addr & 7)));
}

#endif
