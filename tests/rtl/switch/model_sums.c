// SPDX-License-Identifier: Apache-2.0
// Reference model of the checksums, by the words of the RFCs.
#include "sw.h"

static uint32_t add(const uint8_t *b, unsigned n, uint32_t sum) {
    for (unsigned i = 0; i < n; i += 2)
        sum += (uint32_t)b[i] << 8 | (i + 1 < n ? b[i + 1] : 0u);
    return sum;
}

static uint16_t folded(uint32_t sum) {
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)sum;
}

void model_sums(uint8_t *b, unsigned len, bool insert3, bool insert4, struct sums *s) {
    unsigned l3 = len >= 18 && b[12] == 0x81 && b[13] == 0 ? 18 : 14, left = len - l3;
    unsigned type = (unsigned)b[l3 - 2] << 8 | b[l3 - 1], l4 = 0, bytes = 0, proto = 0;
    uint8_t *ip = b + l3;
    uint32_t pseudo = 0;
    *s = (struct sums){.l3 = false};
    if (type == 0x0800 && left >= 20 && ip[0] >> 4 == 4) {
        unsigned header = (ip[0] & 15u) * 4, total = (unsigned)ip[2] << 8 | ip[3];
        s->l3 = header >= 20 && header <= 44 && header <= left;
        proto = ip[9];
        l4 = 20, bytes = total - 20;
        s->l4 = header == 20 && (ip[6] & 0x3F) == 0 && ip[7] == 0 && total >= 20;
        pseudo = add(ip + 12, 8, 0);
        if (s->l3) {
            if (insert3) {
                ip[10] = ip[11] = 0;
                unsigned c = (uint16_t)~folded(add(ip, header, 0));
                ip[10] = (uint8_t)(c >> 8), ip[11] = (uint8_t)c;
            }
            s->l3_ok = folded(add(ip, header, 0)) == 0xFFFF;
        }
    } else if (type == 0x86DD && left >= 40 && ip[0] >> 4 == 6) {
        proto = ip[6];
        l4 = 40, bytes = (unsigned)ip[4] << 8 | ip[5];
        s->l4 = true;
        pseudo = add(ip + 8, 32, 0);
    }
    s->l4 = s->l4 && (proto == 6 || proto == 17) && bytes >= (proto == 6 ? 20u : 8u) && l4 + bytes <= left;
    if (!s->l4)
        return;
    uint8_t *field = ip + l4 + (proto == 6 ? 16 : 6);
    pseudo += proto + bytes;
    if (insert4) {
        field[0] = field[1] = 0;
        unsigned c = (uint16_t)~folded(add(ip + l4, bytes, pseudo));
        if (proto == 17 && c == 0)
            c = 0xFFFF;
        field[0] = (uint8_t)(c >> 8), field[1] = (uint8_t)c;
    }
    bool without = proto == 17 && field[0] == 0 && field[1] == 0;
    s->l4_none = without && type == 0x0800;
    s->l4_ok = folded(add(ip + l4, bytes, pseudo)) == 0xFFFF && !without;
}
