// SPDX-License-Identifier: Apache-2.0
// See hal_switch.h.
#include "hal_switch.h"

#include "hal_csr.h"
#include "hal_lib.h"

static uint32_t mac_lo(const uint8_t mac[6]) {
    return (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
}

static uint32_t mac_hi(const uint8_t mac[6]) {
    return (uint32_t)mac[0] << 8 | mac[1];
}

void hal_switch_vport(unsigned vport, uint32_t cfg) {
    HAL_WRITE(SWITCH, VPORT_SEL, vport);
    HAL_WRITE(SWITCH, VPORT_CFG, cfg);
}

void hal_switch_vport_qps(unsigned vport, unsigned base, unsigned count) {
    HAL_WRITE(SWITCH, VPORT_SEL, vport);
    HAL_WRITE(SWITCH, VPORT_QP, WEIR_PUT(base, SWITCH_VPORT_QP_BASE) | WEIR_PUT(count, SWITCH_VPORT_QP_COUNT));
}

void hal_switch_vport_mac(unsigned vport, const uint8_t mac[6]) {
    HAL_WRITE(SWITCH, VPORT_SEL, vport);
    HAL_WRITE(SWITCH, VPORT_MAC_LO, mac_lo(mac));
    HAL_WRITE(SWITCH, VPORT_MAC_HI, mac_hi(mac));
}

static void put_key(const struct hal_filter *f, bool valid) {
    HAL_WRITE(SWITCH, FILTER_MAC_LO, mac_lo(f->mac));
    HAL_WRITE(SWITCH, FILTER_MAC_HI, mac_hi(f->mac));
    HAL_WRITE(SWITCH, FILTER_KEY,
              WEIR_PUT(f->vid, SWITCH_FILTER_KEY_VID) | WEIR_PUT(f->mode, SWITCH_FILTER_KEY_MODE) |
                  WEIR_PUT(f->vport, SWITCH_FILTER_KEY_VPORT) | WEIR_PUT(valid ? 1 : 0, SWITCH_FILTER_KEY_VALID));
}

void hal_switch_hash(const struct hal_filter *f, uint16_t row[4]) {
    uint32_t a, b;
    put_key(f, false);
    a = HAL_READ(SWITCH, FILTER_HASH);
    b = HAL_READ(SWITCH, FILTER_HASH2);
    row[0] = (uint16_t)(a & 0x1FF);
    row[1] = (uint16_t)(a >> 16 & 0x1FF);
    row[2] = (uint16_t)(b & 0x1FF);
    row[3] = (uint16_t)(b >> 16 & 0x1FF);
}

void hal_switch_filter_set(unsigned slot, const struct hal_filter *f) {
    HAL_WRITE(SWITCH, FILTER_SLOT, slot);
    put_key(f, true);
    HAL_WRITE(SWITCH, FILTER_CMD, 1);
}

void hal_switch_filter_clear(unsigned slot) {
    static const struct hal_filter none;
    HAL_WRITE(SWITCH, FILTER_SLOT, slot);
    put_key(&none, false);
    HAL_WRITE(SWITCH, FILTER_CMD, 1);
}

uint8_t hal_switch_epoch(void) {
    return (uint8_t)HAL_READ(SWITCH, EPOCH);
}

uint8_t hal_switch_move(const struct hal_move *m) {
    HAL_WRITE(SWITCH, MOVE_SLOT, m->slot < 0 ? 1u << 31 : (uint32_t)m->slot);
    HAL_WRITE(SWITCH, MOVE_DST, m->dst);
    HAL_WRITE(SWITCH, MOVE_FLOOD,
              (m->leave < 0 ? 0 : (uint32_t)m->leave | 1u << 16) |
                  (m->join < 0 ? 0 : (uint32_t)m->join << 8 | 1u << 17));
    HAL_WRITE(SWITCH, MOVE_FENCE, m->fence < 0 ? 0 : (uint32_t)m->fence | 1u << 8);
    HAL_WRITE(SWITCH, MOVE_TOKEN, m->token);
    HAL_WRITE(SWITCH, MOVE_CMD, m->advance ? 3 : 1);
    return hal_switch_epoch();
}

static bool decode(uint32_t word, struct hal_event *e) {
    if (!hal_event_decode(word, e)) {
        return false;
    }
    e->token = HAL_READ(SWITCH, EVENT_TOKEN);
    return true;
}

bool hal_switch_event(struct hal_event *e) {
    return decode(HAL_READ(SWITCH, EVENT_POP), e);
}

bool hal_switch_event_left(struct hal_event *e) {
    return decode(HAL_READ(SWITCH, EVENT_LAST), e);
}

void hal_switch_event_done(void) {
    HAL_WRITE(SWITCH, EVENT_LAST, 0);
}

static uint64_t counter(uint32_t select) {
    uint32_t lo;
    HAL_WRITE(SWITCH, CNT_SEL, select);
    lo = HAL_READ(SWITCH, CNT_LO);
    return (uint64_t)HAL_READ(SWITCH, CNT_HI) << 32 | lo;
}

uint64_t hal_switch_counter(unsigned vport, unsigned index) {
    return counter(vport << 8 | index);
}

uint64_t hal_switch_counter_global(unsigned index) {
    return counter(1u << 16 | index);
}

void hal_switch_counters_clear(unsigned vport) {
    HAL_WRITE(SWITCH, CNT_CLEAR, vport);
}

void hal_switch_vport_tci(unsigned vport, uint16_t tci) {
    HAL_WRITE(SWITCH, VPORT_SEL, vport);
    HAL_WRITE(SWITCH, VPORT_TCI, tci);
}

void hal_switch_vlan(unsigned vid, unsigned vport, bool member) {
    HAL_WRITE(SWITCH, VLAN_ID, vid);
    HAL_WRITE(SWITCH, VLAN_CMD, vport | (member ? 1u << 16 : 0));
}

void hal_switch_mirror(int vport) {
    HAL_WRITE(SWITCH, MIRROR, vport < 0 ? 0 : (uint32_t)vport | 1u << 8);
}

void hal_switch_rss_table(unsigned vport, const uint8_t *entry, unsigned count) {
    const hal_word *word = (const void *)entry; // little-endian, as the register is
    HAL_WRITE(SWITCH, VPORT_SEL, vport);
    // bound: HAL_SWITCH_RSS_TABLE
    for (unsigned i = 0; i < count; i += 4) {
        uint32_t four = *word++;
        // bound: HAL_SWITCH_RSS_TABLE
        for (unsigned at = i; at < HAL_SWITCH_RSS_TABLE; at += count) {
            hal_write(WEIR_CSR_SWITCH, WEIR_SWITCH_RSS_TABLE_OFFSET + at, four);
        }
    }
}

void hal_switch_rss_key(unsigned vport, const uint8_t key[WEIR_RSS_KEY_BYTES]) {
    HAL_WRITE(SWITCH, VPORT_SEL, vport);
    for (unsigned i = 0; i < WEIR_RSS_KEY_BYTES; i += 4) {
        hal_write(WEIR_CSR_SWITCH, WEIR_SWITCH_RSS_KEY_OFFSET + i,
                  (uint32_t)key[i] << 24 | (uint32_t)key[i + 1] << 16 | (uint32_t)key[i + 2] << 8 | key[i + 3]);
    }
}
