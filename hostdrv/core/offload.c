// SPDX-License-Identifier: Apache-2.0
// Whether the card can do to a frame what its sender asks for; see weir/qp.h. The conditions are those of the card's
// own parser (docs/blocks/switch.md): it sends what it cannot do as it is, and nobody would learn of it.
#include <errno.h>

#include "weir/qp.h"

#define IPV4_MIN 20u
#define IPV4_MAX 44u // longer headers leave the 64 bytes that the card looks at
#define IPV6_HEADER 40u
#define TAG 4u
#define FLAGS (WEIR_TX_CSUM_L3 | WEIR_TX_CSUM_L4 | WEIR_TX_VLAN)

static unsigned get16(const uint8_t *b) {
    return (unsigned)b[0] << 8 | b[1];
}

// `left` bytes from the IP header on, of which those that count are at hand.
static bool has_l3(unsigned type, const uint8_t *ip, size_t left) {
    unsigned header;
    if (type != 0x0800 || left < IPV4_MIN || ip[0] >> 4 != 4)
        return false;
    header = (ip[0] & 15u) * 4;
    return header >= IPV4_MIN && header <= IPV4_MAX && header <= left;
}

static bool has_l4(unsigned type, const uint8_t *ip, size_t left) {
    unsigned proto, at, bytes;
    if (type == 0x0800 && left >= IPV4_MIN && ip[0] == 0x45 && (get16(ip + 6) & 0x3FFF) == 0 &&
        get16(ip + 2) >= IPV4_MIN) {
        proto = ip[9];
        at = IPV4_MIN;
        bytes = get16(ip + 2) - IPV4_MIN;
    } else if (type == 0x86DD && left >= IPV6_HEADER && ip[0] >> 4 == 6) {
        proto = ip[6];
        at = IPV6_HEADER;
        bytes = get16(ip + 4);
    } else
        return false;
    return (proto == 6 ? bytes >= 20 : proto == 17 && bytes >= 8) && bytes <= left - at;
}

int weir_tx_check(const void *head, size_t have, size_t len, const struct weir_tx_offload *o) {
    const uint8_t *b = head;
    unsigned type, l3 = 14;
    bool tagged;

    if (o == NULL || (o->flags == 0 && o->vlan_tci == 0))
        return 0;
    if ((o->flags & ~FLAGS) != 0 || ((o->flags & WEIR_TX_VLAN) == 0 && o->vlan_tci != 0) ||
        (o->vlan_tci & 0xFFF) == 0xFFF || (have < len && have < 64))
        return -EINVAL;
    if (len < WEIR_MIN_FRAME)
        return -EMSGSIZE;
    type = get16(b + 12);
    tagged = (type == 0x8100 || type == 0x88A8) && len >= l3 + TAG;
    if ((o->flags & WEIR_TX_VLAN) != 0 && tagged)
        return -EEXIST;
    if ((o->flags & WEIR_TX_VLAN) != 0 && len + TAG > WEIR_MAX_FRAME)
        return -EMSGSIZE;
    if (tagged && type == 0x8100) {
        l3 += TAG;
        type = get16(b + 16);
    }
    if ((o->flags & WEIR_TX_CSUM_L3) != 0 && !has_l3(type, b + l3, len - l3))
        return -EPROTONOSUPPORT;
    if ((o->flags & WEIR_TX_CSUM_L4) != 0 && !has_l4(type, b + l3, len - l3))
        return -EPROTONOSUPPORT;
    return 0;
}
