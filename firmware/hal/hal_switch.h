// SPDX-License-Identifier: Apache-2.0
// SWITCH registers: vPorts, filter slots, move, fence, counters. Registers only, no policy. Core 0 alone uses them.
#ifndef HAL_SWITCH_H
#define HAL_SWITCH_H

#include "hal_event.h"
#include "weir_abi.h"

#define HAL_SWITCH_BANK_ROWS 512u
#define HAL_SWITCH_RSS_TABLE 128u

struct hal_filter {
    uint8_t mac[6];
    uint16_t vid;
    uint8_t mode; // enum weir_filter_mode
    uint8_t vport;
};

struct hal_move {
    int slot; // filter slot, or -1: no filter
    uint8_t dst;
    int leave; // vPort that leaves the flood set, or -1
    int join;  // vPort that joins it, or -1
    int fence; // vPort to fence, or -1
    uint32_t token;
    bool advance; // the epoch, also without a change
};

void hal_switch_vport(unsigned vport, uint32_t cfg); // WEIR_SWITCH_VPORT_CFG_*
void hal_switch_vport_qps(unsigned vport, unsigned base, unsigned count);
void hal_switch_vport_mac(unsigned vport, const uint8_t mac[6]);
void hal_switch_vport_tci(unsigned vport, uint16_t tci);
// Member or not of one VLAN, between two frames.
void hal_switch_vlan(unsigned vid, unsigned vport, bool member);
void hal_switch_mirror(int vport); // -1: off
// `count` entries, a power of two from 4 on, aligned to 4 bytes; repeated over the whole table.
void hal_switch_rss_table(unsigned vport, const uint8_t *entry, unsigned count);
// Toeplitz key, taken as a whole.
void hal_switch_rss_key(unsigned vport, const uint8_t key[WEIR_RSS_KEY_BYTES]);
// Rows of a key in the four banks.
void hal_switch_hash(const struct hal_filter *f, uint16_t row[4]);
void hal_switch_filter_set(unsigned slot, const struct hal_filter *f);
void hal_switch_filter_clear(unsigned slot);
uint8_t hal_switch_epoch(void); // counts moves
// All of it between two frames; returns the epoch afterwards.
uint8_t hal_switch_move(const struct hal_move *m);
bool hal_switch_event(struct hal_event *e);
// What was taken and not done with: of a core that fell in between.
bool hal_switch_event_left(struct hal_event *e);
void hal_switch_event_done(void);
uint64_t hal_switch_counter(unsigned vport, unsigned index);
uint64_t hal_switch_counter_global(unsigned index);
void hal_switch_counters_clear(unsigned vport);

#endif
