// SPDX-License-Identifier: Apache-2.0
// Which port an address belongs to. The first owner keeps an address until it or its port goes: a guest cannot take
// another guest's by sending with it (threat T13).
#include <stdlib.h>
#include <string.h>

#include "netvsp_int.h"

static unsigned bucket_of(const uint8_t mac[6]) {
    uint32_t h = 0;
    for (unsigned i = 0; i < 6; i++)
        h = h * 31 + mac[i];
    return (h ^ h >> 8) % MAC_BUCKETS;
}

struct mac_entry *mac_find(const struct mac_table *t, const uint8_t mac[6]) {
    struct mac_entry *e = t->bucket[bucket_of(mac)];
    while (e != NULL && memcmp(e->mac, mac, 6) != 0)
        e = e->next;
    return e;
}

struct mac_entry *mac_add(struct mac_table *t, const uint8_t mac[6], unsigned port) {
    struct mac_entry *e = calloc(1, sizeof(*e)), **b = &t->bucket[bucket_of(mac)];
    if (e == NULL)
        return NULL;
    memcpy(e->mac, mac, 6);
    e->port = (uint16_t)port;
    e->next = *b;
    *b = e;
    return e;
}

struct mac_entry *mac_of_port(const struct mac_table *t, const uint8_t mac[6]) {
    struct mac_entry *e = mac_find(t, mac);
    return e != NULL && e->port != OUTSIDE ? e : NULL;
}

void mac_remove(struct mac_table *t, struct mac_entry *e) {
    struct mac_entry **at = &t->bucket[bucket_of(e->mac)];
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    free(e);
}
