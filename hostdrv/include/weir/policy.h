// SPDX-License-Identifier: Apache-2.0
// What a guest may send and hear. The policy is the guest's, not its path's (threat T28): NetVSP keeps it on the
// synthetic path, the card on the VF's vPort, and both come to the same disposition with the same reason for the same
// frame. This is the one table of it in C; rtl-model/switch/weir_switch_lookup.sv is the card's. Plain data, no state.
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/qp.h"
#include "weir_mbox.h"

// What the guest's adapter says of its carrier.
enum weir_link_policy { WEIR_LINK_FOLLOW, WEIR_LINK_UP, WEIR_LINK_DOWN };

// Whether it may have a VF, and keeps the one it has where VFs are scarce.
enum weir_vf_policy { WEIR_VF_AUTO, WEIR_VF_PIN, WEIR_VF_NEVER };

#define WEIR_POLICY_MACS 16u // addresses of one guest at most: the filters that the card gives one VF

struct weir_policy {
    uint8_t vlan_mode;  // enum weir_vlan_mode: any; a port VLAN with its tag in `tci`; a trunk of `vlan_count` ranges
    uint8_t vlan_count; // 1..16 with WEIR_VLAN_TRUNK
    uint16_t tci;       // priority 15:13, VLAN id 1..4094
    struct weir_vlan_range vlan[WEIR_VLAN_RANGES]; // ascending; 0 = untagged frames and priority tags
    bool stags;         // with a port VLAN or trunk: 802.1ad tags and tags behind tags may be in its frames
    bool spoofchk;      // only its own addresses as source
    bool trust;         // may send to the reserved group addresses of 802.1 (01-80-C2-00-00-00 to -0F), and learn
                        // addresses that the wire has
    bool learn;         // further addresses are learned from what it sends, up to max_mac
    uint8_t max_mac;    // 1..16, its own included
    uint8_t link;       // enum weir_link_policy
    uint8_t weight;     // 1..15: its share where guests contend
    uint8_t vf;         // enum weir_vf_policy
    uint8_t priority;   // 0..15: who has a VF where guests are more than VFs, the higher first
    uint32_t rate_mbps; // transmit, 0 = no limit, at most WEIR_RATE_MAX
};

// Any VLAN, source checked, not trusted, one address, carrier follows the wire, weight 1, no limit.
void weir_policy_default(struct weir_policy *p);
// Whether it is one: 0, or -EINVAL with one line in err that names the field.
int weir_policy_check(const struct weir_policy *p, char *err, size_t err_size);

// One setting in words, as weirctl and the parent's table of guests have it: KEY is vlan (any | VID |
// port:VID[:PRIORITY] | trunk:LIST, such as trunk:0,10,20-29 or trunk:all), trunk (LIST), stags, spoofchk, trust, learn
// (on | off), link (follow | up | down), rate (Mb/s, 0 = none), weight, max-mac, vf (auto | pin | never), priority. 0,
// or -EINVAL with one line in err that names the key and what it takes.
int weir_policy_set(struct weir_policy *p, const char *key, const char *value, char *err, size_t err_size);
// The value of a key in the same words. False: no such key.
bool weir_policy_get(const struct weir_policy *p, const char *key, char *value, size_t size);
// Keys in their order; NULL behind the last.
const char *weir_policy_key(unsigned i);

// The disposition of a frame that a guest sends or that comes for it.
enum weir_verdict {
    WEIR_PASS,
    WEIR_DROP_SPOOF, // source is a group address, or none of its own (TX_DROP_SRC_MAC)
    WEIR_DROP_CTRL,  // 0x8808, or without trust a group address of 802.1 (TX_DROP_CTRL)
    WEIR_DROP_VLAN,  // VLAN not allowed, VID 4095, a third or a cut tag, tags that the policy forbids (TX_DROP_VLAN)
    WEIR_DROP_SIZE,  // no frame, or longer than WEIR_MAX_FRAME with its tag
};

// `own`: the source is one of the guest's addresses. The tag that the guest asks to be inserted counts as its own.
enum weir_verdict weir_policy_tx(const struct weir_policy *p, const void *frame, size_t len,
                                 const struct weir_tx_offload *offload, bool own);
// What comes for the guest: `tagged` and `tci` are of a tag that the card stripped, else the frame's own tag counts.
// With WEIR_PASS, *untag says that the guest gets it without that tag, its port VLAN's. Frames to the reserved group
// addresses of 802.1 are no guest's: a bridge does not pass them on.
enum weir_verdict weir_policy_rx(const struct weir_policy *p, const void *frame, size_t len, bool tagged, uint16_t tci,
                                 bool *untag);

#endif
