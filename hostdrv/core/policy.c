// SPDX-License-Identifier: Apache-2.0
// The disposition of a guest's frames, see weir/policy.h. The order of the checks is the card's, so that a frame with
// two faults is counted under the same one on both paths.
#include "weir/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ETHERTYPE_CTAG 0x8100u
#define ETHERTYPE_STAG 0x88A8u
#define ETHERTYPE_CONTROL 0x8808u
#define VID_RESERVED 0xFFFu
#define MAX_TAGS 2u // that the card's parser looks behind: what hides behind a third one nobody has judged

void weir_policy_default(struct weir_policy *p) {
    *p = (struct weir_policy){.vlan_mode = WEIR_VLAN_ANY, .spoofchk = true, .max_mac = 1, .weight = 1};
}

int weir_policy_check(const struct weir_policy *p, char *err, size_t err_size) {
    const char *what = NULL;
    if (p->vlan_mode > WEIR_VLAN_TRUNK)
        what = "the VLAN mode is any, port or trunk";
    else if (p->vlan_mode == WEIR_VLAN_PORT && ((p->tci & 0xFFFu) == 0 || (p->tci & 0xFFFu) == VID_RESERVED))
        what = "a port VLAN is 1 to 4094";
    else if (p->vlan_mode == WEIR_VLAN_TRUNK && (p->vlan_count == 0 || p->vlan_count > WEIR_VLAN_RANGES))
        what = "a trunk has 1 to 16 ranges";
    else if (p->link > WEIR_LINK_DOWN)
        what = "link is follow, up or down";
    else if (p->weight == 0 || p->weight > 15)
        what = "a weight is 1 to 15";
    else if (p->max_mac == 0 || p->max_mac > WEIR_POLICY_MACS)
        what = "max-mac is 1 to 16";
    else if (p->vf > WEIR_VF_NEVER)
        what = "vf is auto, pin or never";
    else if (p->priority > 15)
        what = "a priority is 0 to 15";
    else if (p->rate_mbps > WEIR_RATE_MAX)
        what = "a rate is at most 200000 Mb/s";
    for (unsigned i = 0; what == NULL && p->vlan_mode == WEIR_VLAN_TRUNK && i < p->vlan_count; i++)
        if (p->vlan[i].first > p->vlan[i].last || p->vlan[i].last >= VID_RESERVED ||
            (i != 0 && p->vlan[i].first <= p->vlan[i - 1].last))
            what = "a trunk's VLANs are 0 to 4094 in ascending ranges";
    if (what == NULL)
        return 0;
    snprintf(err, err_size, "%s", what);
    return -EINVAL;
}

// What the card's parser sees of the tags.
struct tags {
    unsigned count; // of those in a row, at most MAX_TAGS
    bool ctag;      // the outermost is an 802.1Q tag
    bool stag;      // it is an 802.1ad tag: to a bridge of C-VLANs the frame is untagged
    bool wrong;     // VLAN 4095, a third tag, or one that the frame's end cuts: padded on the wire it would be whole
    uint16_t vid;   // of an outermost 802.1Q tag, else 0
    unsigned etype; // behind the last tag seen
};

static unsigned word(const uint8_t *at) {
    return (unsigned)at[0] << 8 | at[1];
}

static bool is_tag(unsigned etype) {
    return etype == ETHERTYPE_CTAG || etype == ETHERTYPE_STAG;
}

static void look(struct tags *t, unsigned etype, unsigned tci) {
    if (t->count == 0) {
        t->ctag = etype == ETHERTYPE_CTAG;
        t->stag = etype == ETHERTYPE_STAG;
        t->vid = t->ctag ? tci & 0xFFFu : 0;
    }
    t->wrong = t->wrong || (tci & 0xFFFu) == VID_RESERVED;
    t->count++;
}

// `first`: a tag that is not in the frame, -1 = none.
static struct tags parse(const uint8_t *f, size_t len, int first) {
    struct tags t = {0};
    size_t at = 12;
    if (first >= 0)
        look(&t, ETHERTYPE_CTAG, (unsigned)first);
    while (t.count < MAX_TAGS && is_tag(word(f + at)) && len >= at + 6) {
        look(&t, word(f + at), word(f + at + 2));
        at += 4;
    }
    t.etype = word(f + at);
    t.wrong = t.wrong || is_tag(t.etype);
    return t;
}

static bool in_trunk(const struct weir_policy *p, unsigned vid) {
    for (unsigned i = 0; i < p->vlan_count; i++)
        if (vid >= p->vlan[i].first && vid <= p->vlan[i].last)
            return true;
    return false;
}

static bool reserved_group(const uint8_t *f) {
    static const uint8_t prefix[5] = {0x01, 0x80, 0xC2, 0x00, 0x00};
    return memcmp(f, prefix, sizeof(prefix)) == 0 && f[5] < 0x10;
}

static bool tags_allowed(const struct weir_policy *p, const struct tags *t) {
    if (t->wrong)
        return false;
    if (p->vlan_mode == WEIR_VLAN_ANY)
        return true;
    if ((t->stag || t->count > 1) && !p->stags)
        return false;
    // Where the port VLAN's tag belongs it has none of its own; an 802.1ad tag stays behind it.
    return p->vlan_mode == WEIR_VLAN_PORT ? !t->ctag : in_trunk(p, t->vid);
}

enum weir_verdict weir_policy_tx(const struct weir_policy *p, const void *frame, size_t len,
                                 const struct weir_tx_offload *offload, bool own) {
    const uint8_t *f = frame;
    bool insert = offload != NULL && (offload->flags & WEIR_TX_VLAN) != 0;
    struct tags t;
    if (len < WEIR_MIN_FRAME || len + (insert ? 4u : 0u) > WEIR_MAX_FRAME)
        return WEIR_DROP_SIZE;
    if ((f[6] & 1) != 0 || (p->spoofchk && !own))
        return WEIR_DROP_SPOOF;
    t = parse(f, len, insert ? offload->vlan_tci : -1);
    if (t.etype == ETHERTYPE_CONTROL || (reserved_group(f) && !p->trust))
        return WEIR_DROP_CTRL;
    return tags_allowed(p, &t) ? WEIR_PASS : WEIR_DROP_VLAN;
}

enum weir_verdict weir_policy_rx(const struct weir_policy *p, const void *frame, size_t len, bool tagged, uint16_t tci,
                                 bool *untag) {
    struct tags t;
    *untag = false;
    if (len < WEIR_MIN_FRAME)
        return WEIR_DROP_SIZE;
    if (reserved_group(frame))
        return WEIR_DROP_CTRL;
    t = parse(frame, len, tagged ? tci : -1);
    if (p->vlan_mode == WEIR_VLAN_PORT) {
        *untag = true;
        return t.ctag && t.vid == (p->tci & 0xFFFu) ? WEIR_PASS : WEIR_DROP_VLAN;
    }
    return p->vlan_mode == WEIR_VLAN_ANY || in_trunk(p, t.vid) ? WEIR_PASS : WEIR_DROP_VLAN;
}
