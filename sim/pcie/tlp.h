// SPDX-License-Identifier: Apache-2.0
// TLPs as the card's link carries them: a 16-byte header in specification order (DW0 in hdr[0], byte 0 of a DW in bits
// 31:24) and payload words. Building and picking apart, nothing else; who may send what is the root complex's business.
#ifndef WEIR_SIM_TLP_H
#define WEIR_SIM_TLP_H

#include <stdbool.h>
#include <stdint.h>

#define TLP_MAX_DW 1024u // 4096 bytes, the longest payload there is

enum tlp_kind { // Fmt and Type
    TLP_MRD32 = 0x00,
    TLP_MRD64 = 0x20,
    TLP_MWR32 = 0x40,
    TLP_MWR64 = 0x60,
    TLP_CFGRD0 = 0x04,
    TLP_CFGWR0 = 0x44,
    TLP_CPL = 0x0A,
    TLP_CPLD = 0x4A,
};

enum tlp_cpl_status { TLP_SC = 0, TLP_UR = 1, TLP_CRS = 2, TLP_CA = 4 };

struct tlp {
    uint32_t hdr[4];
    uint32_t data[TLP_MAX_DW];
};

static inline unsigned tlp_kind(const struct tlp *t) {
    return t->hdr[0] >> 24;
}
static inline bool tlp_has_data(const struct tlp *t) {
    return (t->hdr[0] >> 30 & 1) != 0;
}
// Length field in DW, 1..1024.
static inline unsigned tlp_len(const struct tlp *t) {
    unsigned n = t->hdr[0] & 0x3FF;
    return n != 0 ? n : 1024;
}
static inline unsigned tlp_payload_dw(const struct tlp *t) {
    return tlp_has_data(t) ? tlp_len(t) : 0;
}
static inline bool tlp_poisoned(const struct tlp *t) {
    return (t->hdr[0] >> 14 & 1) != 0;
}
// Requests.
static inline uint16_t tlp_requester(const struct tlp *t) {
    return (uint16_t)(t->hdr[1] >> 16);
}
static inline uint8_t tlp_tag(const struct tlp *t) {
    return (uint8_t)(t->hdr[1] >> 8);
}
static inline unsigned tlp_first_be(const struct tlp *t) {
    return t->hdr[1] & 0xF;
}
static inline unsigned tlp_last_be(const struct tlp *t) {
    return t->hdr[1] >> 4 & 0xF;
}
static inline bool tlp_is_4dw(const struct tlp *t) {
    return (t->hdr[0] >> 29 & 1) != 0;
}
// DW-aligned address of a memory request.
static inline uint64_t tlp_addr(const struct tlp *t) {
    return tlp_is_4dw(t) ? (uint64_t)t->hdr[2] << 32 | (t->hdr[3] & ~3u) : t->hdr[2] & ~3u;
}
// Completions.
static inline unsigned tlp_cpl_status(const struct tlp *t) {
    return t->hdr[1] >> 13 & 7;
}
static inline unsigned tlp_cpl_bytes(const struct tlp *t) {
    unsigned n = t->hdr[1] & 0xFFF;
    return n != 0 ? n : 4096;
}
static inline uint8_t tlp_cpl_tag(const struct tlp *t) {
    return (uint8_t)(t->hdr[2] >> 8);
}
static inline unsigned tlp_cpl_lower(const struct tlp *t) {
    return t->hdr[2] & 0x7F;
}

// Memory request of len_dw words; has_data chooses write. A 3-DW header below 4 GiB, as the specification demands.
static inline void tlp_make_mem(struct tlp *t, bool write, uint16_t rid, uint8_t tag, uint64_t addr, unsigned len_dw,
                                unsigned first_be, unsigned last_be) {
    bool wide = addr >> 32 != 0;
    t->hdr[0] = (write ? 1u << 30 : 0) | (wide ? 1u << 29 : 0) | (len_dw & 0x3FF);
    t->hdr[1] = (uint32_t)rid << 16 | (uint32_t)tag << 8 | last_be << 4 | first_be;
    t->hdr[2] = wide ? (uint32_t)(addr >> 32) : (uint32_t)addr & ~3u;
    t->hdr[3] = wide ? (uint32_t)addr & ~3u : 0;
}

// Type 0 configuration request for function `rid`, register byte offset 0..4095.
static inline void tlp_make_cfg(struct tlp *t, bool write, uint16_t requester, uint8_t tag, uint16_t rid,
                                unsigned offset, unsigned be, uint32_t data) {
    t->hdr[0] = (uint32_t)(write ? TLP_CFGWR0 : TLP_CFGRD0) << 24 | 1;
    t->hdr[1] = (uint32_t)requester << 16 | (uint32_t)tag << 8 | be;
    t->hdr[2] = (uint32_t)rid << 16 | (offset & 0xFFC);
    t->hdr[3] = 0;
    t->data[0] = data;
}

// Completion of `len_dw` words (0 = no data) for a request by `requester`.
static inline void tlp_make_cpl(struct tlp *t, unsigned status, unsigned len_dw, uint16_t completer, uint16_t requester,
                                uint8_t tag, unsigned byte_count, unsigned lower) {
    t->hdr[0] = (uint32_t)(len_dw != 0 ? TLP_CPLD : TLP_CPL) << 24 | (len_dw & 0x3FF);
    t->hdr[1] = (uint32_t)completer << 16 | status << 13 | (byte_count & 0xFFF);
    t->hdr[2] = (uint32_t)requester << 16 | (uint32_t)tag << 8 | (lower & 0x7F);
    t->hdr[3] = 0;
}

#endif
