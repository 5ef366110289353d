// SPDX-License-Identifier: Apache-2.0
// Which port an address belongs to. The first owner keeps an address until its port goes: a guest cannot take another
// guest's by sending with it (threat T13).
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

bool mac_add(struct mac_table *t, const uint8_t mac[6], unsigned port, bool assigned) {
    struct mac_entry *e = calloc(1, sizeof(*e)), **b = &t->bucket[bucket_of(mac)];
    if (e == NULL)
        return false;
    memcpy(e->mac, mac, 6);
    e->port = (uint16_t)port;
    e->assigned = assigned;
    e->seen = ++t->clock;
    e->next = *b;
    *b = e;
    return true;
}

static void remove_at(struct mac_entry **at) {
    struct mac_entry *e = *at;
    *at = e->next;
    free(e);
}

void mac_remove_port(struct mac_table *t, unsigned port) {
    for (unsigned b = 0; b < MAC_BUCKETS; b++) {
        struct mac_entry **at = &t->bucket[b];
        while (*at != NULL) {
            if ((*at)->port == port)
                remove_at(at);
            else
                at = &(*at)->next;
        }
    }
}

void mac_forget_oldest(struct mac_table *t, unsigned port) {
    struct mac_entry **oldest = NULL;
    for (unsigned b = 0; b < MAC_BUCKETS; b++)
        for (struct mac_entry **at = &t->bucket[b]; *at != NULL; at = &(*at)->next)
            if ((*at)->port == port && !(*at)->assigned && (oldest == NULL || (*at)->seen < (*oldest)->seen))
                oldest = at;
    if (oldest != NULL)
        remove_at(oldest);
}
