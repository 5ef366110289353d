// SPDX-License-Identifier: Apache-2.0
// See fake.h: the block SWITCH. The hash is the RTL's (hash_masks.h is made from weir_switch_hash.sv).
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "hash_masks.h"

static uint32_t sel, mac_lo, f_slot, f_lo, f_hi, f_key, m_slot, m_dst, m_flood, m_fence, m_token, cnt_sel, event_token,
    vlan_id;
static uint64_t cnt;

static uint64_t staged_key(void) {
    return (uint64_t)WEIR_GET(f_key, SWITCH_FILTER_KEY_MODE) << 60 |
           (uint64_t)WEIR_GET(f_key, SWITCH_FILTER_KEY_VID) << 48 | (uint64_t)(f_hi & 0xFFFF) << 32 | f_lo;
}

void fake_row(uint64_t key, uint16_t row[4]) {
    for (unsigned bank = 0; bank < 4; bank++) {
        row[bank] = 0;
        for (unsigned bit = 0; bit < 9; bit++) {
            row[bank] |= (uint16_t)(__builtin_parityll(key & hash_masks[9 * bank + bit]) << bit);
        }
    }
}

// All slots a lookup reads; where a key is doubled, both must agree.
static int find(uint64_t key) {
    uint16_t row[4];
    int vport = -1;
    fake_row(key, row);
    for (unsigned bank = 0; bank < 4; bank++) {
        const struct fake_slot *s = &fake.slot[bank * 512 + row[bank]];
        if (s->valid && s->key == key) {
            if (vport >= 0 && vport != s->vport) {
                fake_fail("key %llx leads to vPort %d and vPort %u", (unsigned long long)key, vport, s->vport);
            }
            vport = s->vport;
        }
    }
    return vport;
}

int fake_lookup(const uint8_t mac[6], unsigned mode, unsigned vid) {
    uint64_t key = (uint64_t)mode << 60 | (uint64_t)vid << 48;
    for (unsigned i = 0; i < 6; i++) {
        key |= (uint64_t)mac[i] << (40 - 8 * i);
    }
    return find(key);
}

unsigned fake_valid_slots(void) {
    unsigned n = 0;
    for (unsigned i = 0; i < WEIR_FILTER_SLOTS; i++) {
        n += fake.slot[i].valid;
    }
    return n;
}

bool fake_in_vport(unsigned vport, unsigned qp) {
    return vport < WEIR_NUM_VPORTS && qp >= fake.vport_base[vport] &&
           qp < fake.vport_base[vport] + (unsigned)fake.vport_count[vport];
}

static void end_fence(void) {
    struct fake_fence *f = &fake.fence[fake.fences_ended];
    f->reason = fake.vport_count[f->vport] == 0 ? WEIR_QP_REASON_QP_DISABLED : 0;
    for (unsigned i = 0; i < fake.vport_count[f->vport]; i++) {
        if (!fake.qp[fake.vport_base[f->vport] + i].rx_on) {
            f->reason = WEIR_QP_REASON_QP_DISABLED;
        }
    }
    fake.fences_ended++;
    fake.fences_pending--;
}

void fake_release_fences(void) {
    while (fake.fences_pending != 0) {
        end_fence();
    }
}

static void write_vport_qp(uint32_t value) {
    unsigned base = WEIR_GET(value, SWITCH_VPORT_QP_BASE), count = WEIR_GET(value, SWITCH_VPORT_QP_COUNT);
    if (base + count > WEIR_NUM_QPS) {
        fake_fail("queue pairs %u..%u of vPort %u do not exist", base, base + count - 1, sel);
    }
    for (unsigned v = 0; v < WEIR_NUM_VPORTS; v++) {
        if (v != sel && count != 0 && fake.vport_count[v] != 0 &&
            base < fake.vport_base[v] + (unsigned)fake.vport_count[v] && fake.vport_base[v] < base + count) {
            fake_fail("queue pairs %u..%u of vPort %u overlap those of vPort %u", base, base + count - 1, sel, v);
        }
    }
    fake.vport_base[sel] = (uint16_t)base;
    fake.vport_count[sel] = (uint16_t)count;
}

static void filter_cmd(void) {
    struct fake_slot *s = &fake.slot[f_slot];
    bool valid = WEIR_GET(f_key, SWITCH_FILTER_KEY_VALID) != 0;
    uint16_t row[4];
    if (valid) {
        fake_row(staged_key(), row);
        if (row[f_slot >> 9] != (f_slot & 511)) {
            fake_fail("filter in slot %u, where no lookup of its key reads", f_slot);
        }
        if (WEIR_GET(f_key, SWITCH_FILTER_KEY_VPORT) >= WEIR_NUM_VPORTS) {
            fake_fail("filter of vPort %u", WEIR_GET(f_key, SWITCH_FILTER_KEY_VPORT));
        }
    }
    *s = (struct fake_slot){
        .valid = valid, .key = valid ? staged_key() : 0, .vport = (uint8_t)WEIR_GET(f_key, SWITCH_FILTER_KEY_VPORT)};
    fake.filter_cmds++;
}

static void move_cmd(uint32_t value) {
    bool filter = m_slot >> 31 == 0, leave = (m_flood >> 16 & 1) != 0, join = (m_flood >> 17 & 1) != 0;
    unsigned fence = m_fence & 0xFF;
    if (filter) {
        if (!fake.slot[m_slot & 2047].valid || m_dst >= WEIR_NUM_VPORTS) {
            fake_fail("move of slot %u, which is empty, or to vPort %u", m_slot, m_dst);
        }
        fake.slot[m_slot & 2047].vport = (uint8_t)m_dst;
    }
    if (leave) {
        fake.flood[m_flood & 0x7F] = false;
    }
    if (join) {
        fake.flood[m_flood >> 8 & 0x7F] = true;
    }
    fake.epoch = (uint8_t)(fake.epoch + (filter || leave || join || (value & 2) != 0));
    fake.moves++;
    if ((m_fence & 0x100) != 0) {
        if (fake.fences_pending == 16 || fake.fences_ended + fake.fences_pending >= FAKE_EVENTS) {
            fake_fail("MOVE_CMD with %u fences pending: the bus would hang", fake.fences_pending);
        }
        fake.fence[fake.fences_ended + fake.fences_pending++] =
            (struct fake_fence){.vport = (uint8_t)fence, .token = m_token};
        if (!fake.hold_fences) {
            fake_release_fences();
        }
    }
}

static uint32_t event_pop(void) {
    struct fake_fence f = fake.fence[0];
    if (fake.fences_ended == 0) {
        return 0;
    }
    fake.fences_ended--;
    for (unsigned i = 0; i < fake.fences_ended + fake.fences_pending; i++) {
        fake.fence[i] = fake.fence[i + 1];
    }
    event_token = f.token;
    fake.event_last = f.vport | WEIR_PUT(f.reason, SWITCH_EVENT_POP_REASON) |
                      WEIR_PUT(WEIR_HW_EVENT_FENCE_DONE, SWITCH_EVENT_POP_KIND) | WEIR_PUT(1, SWITCH_EVENT_POP_VALID);
    return fake.event_last;
}

static uint64_t counter(void) {
    unsigned index = cnt_sel & 0xFF, vport = cnt_sel >> 8 & 0xFF;
    if (cnt_sel >> 16 != 0 ? index >= WEIR_SW_CNT_COUNT : index >= WEIR_VPORT_CNT_COUNT || vport >= WEIR_NUM_VPORTS) {
        fake_fail("counter %x", cnt_sel);
    }
    return cnt_sel >> 16 != 0 ? fake.sw_counter[index] : fake.counter[vport][index];
}

uint32_t fake_switch_read(uint32_t offset) {
    uint16_t row[4];
    switch (offset) {
    case WEIR_SWITCH_FILTER_HASH_OFFSET:
        fake_row(staged_key(), row);
        return row[0] | (uint32_t)row[1] << 16;
    case WEIR_SWITCH_FILTER_HASH2_OFFSET:
        fake_row(staged_key(), row);
        return row[2] | (uint32_t)row[3] << 16;
    case WEIR_SWITCH_EPOCH_OFFSET:
        return fake.epoch;
    case WEIR_SWITCH_EVENT_POP_OFFSET:
        return event_pop();
    case WEIR_SWITCH_EVENT_TOKEN_OFFSET:
        return event_token;
    case WEIR_SWITCH_EVENT_LAST_OFFSET:
        return fake.event_last;
    case WEIR_SWITCH_CNT_LO_OFFSET:
        cnt = counter();
        return (uint32_t)cnt;
    case WEIR_SWITCH_CNT_HI_OFFSET:
        return (uint32_t)(cnt >> 32 & 0xFFFF);
    default:
        fake_fail("SWITCH register %x is not modelled for reading", offset);
    }
}

static uint32_t below(uint32_t value, uint32_t limit, const char *what) {
    if (value >= limit) {
        fake_fail("%s = %u", what, value);
    }
    return value;
}

bool fake_in_vlan(unsigned vport, unsigned vid) {
    return WEIR_GET(fake.cfg[vport], SWITCH_VPORT_CFG_VLAN_CHECK) == 0 ||
           (fake.vlan[vid][vport >> 6] >> (vport & 63) & 1) != 0;
}

static void vlan_cmd(uint32_t value) {
    unsigned vport = value & 0xFF;
    uint64_t bit = (uint64_t)1 << (vport & 63);
    if (vport == 0 || vport >= WEIR_NUM_VPORTS || (value >> 17) != 0) {
        fake_fail("VLAN_CMD %x", value);
    }
    fake.vlan[vlan_id][vport >> 6] &= ~bit;
    fake.vlan[vlan_id][vport >> 6] |= (value >> 16 & 1) != 0 ? bit : 0;
    fake.vlan_cmds++;
}

bool fake_switch_array(uint32_t offset) {
    return offset - WEIR_SWITCH_RSS_KEY_OFFSET < 40 || offset - WEIR_SWITCH_RSS_TABLE_OFFSET < 128;
}

static void rss_table(unsigned row, uint32_t value) {
    for (unsigned k = 0; k < 4; k++) {
        fake.rss[sel][4 * row + k] = (uint8_t)(value >> (8 * k));
        if (fake.rss[sel][4 * row + k] >= fake.vport_count[sel]) {
            fake_fail("RSS table of vPort %u leads to queue pair %u of %u", sel, fake.rss[sel][4 * row + k],
                      fake.vport_count[sel]);
        }
    }
}

void fake_switch_write(uint32_t offset, uint32_t value) {
    static uint8_t key[WEIR_RSS_KEY_BYTES];
    if (fake_switch_array(offset) && offset >= WEIR_SWITCH_RSS_TABLE_OFFSET) {
        rss_table((offset - WEIR_SWITCH_RSS_TABLE_OFFSET) / 4, value);
        return;
    }
    if (fake_switch_array(offset)) {
        for (unsigned k = 0; k < 4; k++) {
            key[offset - WEIR_SWITCH_RSS_KEY_OFFSET + k] = (uint8_t)(value >> (24 - 8 * k));
        }
        if (offset == WEIR_SWITCH_RSS_KEY_OFFSET + WEIR_RSS_KEY_BYTES - 4) {
            memcpy(fake.rss_key[sel], key, sizeof(key)); // the last word applies all
        }
        return;
    }
    switch (offset) {
    case WEIR_SWITCH_VPORT_SEL_OFFSET:
        sel = below(value, WEIR_NUM_VPORTS, "VPORT_SEL");
        break;
    case WEIR_SWITCH_VPORT_CFG_OFFSET:
        fake.cfg[sel] = (uint16_t)below(value, 1024, "VPORT_CFG");
        break;
    case WEIR_SWITCH_VPORT_QP_OFFSET:
        write_vport_qp(value);
        break;
    case WEIR_SWITCH_VPORT_MAC_LO_OFFSET:
        mac_lo = value;
        break;
    case WEIR_SWITCH_VPORT_MAC_HI_OFFSET:
        fake.vport_mac[sel] = (uint64_t)(value & 0xFFFF) << 32 | mac_lo;
        break;
    case WEIR_SWITCH_VPORT_TCI_OFFSET:
        fake.vport_tci[sel] = (uint16_t)below(value, 0x10000, "VPORT_TCI");
        break;
    case WEIR_SWITCH_VLAN_ID_OFFSET:
        vlan_id = below(value, 4095, "VLAN_ID");
        break;
    case WEIR_SWITCH_VLAN_CMD_OFFSET:
        vlan_cmd(value);
        break;
    case WEIR_SWITCH_MIRROR_OFFSET:
        if (value != 0 && ((value & 0xFF) >= WEIR_NUM_VPORTS || value >> 8 != 1)) {
            fake_fail("MIRROR = %x", value);
        }
        fake.mirror = value;
        break;
    case WEIR_SWITCH_FILTER_SLOT_OFFSET:
        f_slot = below(value, WEIR_FILTER_SLOTS, "FILTER_SLOT");
        break;
    case WEIR_SWITCH_FILTER_MAC_LO_OFFSET:
        f_lo = value;
        break;
    case WEIR_SWITCH_FILTER_MAC_HI_OFFSET:
        f_hi = value;
        break;
    case WEIR_SWITCH_FILTER_KEY_OFFSET:
        f_key = value;
        break;
    case WEIR_SWITCH_FILTER_CMD_OFFSET:
        filter_cmd();
        break;
    case WEIR_SWITCH_MOVE_SLOT_OFFSET:
        m_slot = value;
        break;
    case WEIR_SWITCH_MOVE_DST_OFFSET:
        m_dst = value;
        break;
    case WEIR_SWITCH_MOVE_FLOOD_OFFSET:
        m_flood = value;
        break;
    case WEIR_SWITCH_MOVE_FENCE_OFFSET:
        m_fence = value;
        break;
    case WEIR_SWITCH_MOVE_TOKEN_OFFSET:
        m_token = value;
        break;
    case WEIR_SWITCH_MOVE_CMD_OFFSET:
        move_cmd(value);
        break;
    case WEIR_SWITCH_CNT_SEL_OFFSET:
        cnt_sel = value;
        break;
    case WEIR_SWITCH_CNT_CLEAR_OFFSET:
        for (unsigned i = 0; i < WEIR_VPORT_CNT_COUNT; i++) {
            fake.counter[below(value, WEIR_NUM_VPORTS, "CNT_CLEAR")][i] = 0;
        }
        break;
    case WEIR_SWITCH_EVENT_LAST_OFFSET:
        fake.event_last = value;
        break;
    default:
        fake_fail("SWITCH register %x is not modelled for writing", offset);
    }
    if (fake.filter_hook != NULL &&
        (offset == WEIR_SWITCH_FILTER_CMD_OFFSET || offset == WEIR_SWITCH_MOVE_CMD_OFFSET)) {
        fake.filter_hook();
    }
}
