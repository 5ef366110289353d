// SPDX-License-Identifier: Apache-2.0
// Between the files of NetVSP; see weir/netvsp.h.
#ifndef WEIR_NETVSP_INT_H
#define WEIR_NETVSP_INT_H

#include "weir/netvsp.h"

#define MAX_PORTS 256u
#define MAX_LEARN 64u
#define FLIPS 4u
#define NO_PORT (-1)

// Who owned the guest's flood membership since when.
struct flip {
    uint64_t epoch;
    bool on_vf;
};

struct port {
    struct weir_netvsp_port_config cfg;
    uint32_t filter;
    unsigned learned;
    bool gone;
    bool stalled;
    struct flip flip[FLIPS]; // newest first
    unsigned flips;
    unsigned vport;   // the last VF's, 0 = never on one
    uint64_t tx_mark; // frames its queue had been given with this port's last one
    uint32_t fence_token;
    uint32_t fence_rings; // PF rings that have not shown the fence; 0 = none awaited
    struct weir_netvsp_port_stats stats;
};

struct mac_entry {
    uint8_t mac[6];
    bool assigned;
    uint16_t port;
    uint64_t seen; // by learning order
    struct mac_entry *next;
};

#define MAC_BUCKETS 256u
struct mac_table {
    struct mac_entry *bucket[MAC_BUCKETS];
    uint64_t clock;
};

struct weir_netvsp {
    struct weir_pf *pf;
    struct weir_netvsp_config cfg;
    struct port *port[MAX_PORTS];
    struct mac_table macs;
    unsigned next_port; // whose channel is read first, so that none starves when the PF's ring is full
    uint64_t epoch;     // unrolled: the newest the card was seen to have
    struct weir_netvsp_stats stats;
    uint8_t buf[WEIR_MAX_FRAME + 64];
};

// mac.c
struct mac_entry *mac_find(const struct mac_table *t, const uint8_t mac[6]);
bool mac_add(struct mac_table *t, const uint8_t mac[6], unsigned port, bool assigned);
void mac_remove_port(struct mac_table *t, unsigned port);
// Forgets the address of the port that was learned first.
void mac_forget_oldest(struct mac_table *t, unsigned port);

// netvsp.c
void netvsp_gone(struct weir_netvsp *v, unsigned port, int err);

// receive.c
unsigned netvsp_receive(struct weir_netvsp *v);
uint64_t netvsp_epoch(struct weir_netvsp *v, uint8_t epoch);

#endif
