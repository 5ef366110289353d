// SPDX-License-Identifier: Apache-2.0
// Addresses heard from the wire of late, the gateway's among them: they are no guest's to take (threat T27). A set of
// four a hash, the one heard longest ago makes room; who floods the wire with sources can push one out, so an address
// that must hold is named to weir-host (--protect) or belongs to a guest of the parent's table.
#include <string.h>

#include "netvsp_int.h"

#define AGE_US 300000000u // as long as bridges remember

static struct wire_mac *set_of(struct weir_netvsp *v, const uint8_t mac[6]) {
    uint32_t h = 0;
    for (unsigned i = 0; i < 6; i++)
        h = h * 31 + mac[i];
    return v->wire[(h ^ h >> 8) % WIRE_SETS];
}

void netvsp_heard(struct weir_netvsp *v, const uint8_t mac[6]) {
    struct wire_mac *set = set_of(v, mac), *at = &set[0];
    for (unsigned i = 0; i < WIRE_WAYS; i++) {
        if (memcmp(set[i].mac, mac, 6) == 0) {
            at = &set[i];
            break;
        }
        if (set[i].seen < at->seen)
            at = &set[i];
    }
    memcpy(at->mac, mac, 6);
    at->seen = v->now + 1; // 0: never
}

bool weir_netvsp_on_wire(struct weir_netvsp *v, const uint8_t mac[6]) {
    const struct wire_mac *set = set_of(v, mac);
    for (unsigned i = 0; i < WIRE_WAYS; i++)
        if (set[i].seen != 0 && memcmp(set[i].mac, mac, 6) == 0)
            return v->now - (set[i].seen - 1) < AGE_US;
    return false;
}
