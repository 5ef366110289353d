// SPDX-License-Identifier: Apache-2.0
// Between the files of NetVSP; see weir/netvsp.h.
#ifndef WEIR_NETVSP_INT_H
#define WEIR_NETVSP_INT_H

#include "weir/netvsp.h"

struct held;

#define MAX_PORTS WEIR_NETVSP_PORTS
#define MAX_QPS 8u
#define FLIPS 4u
#define NO_PORT (-1)
#define OUTSIDE UINT16_MAX // in place of a port: an address that none of them can have

// Who got an address's frames since when: newest first.
struct flips {
    struct {
        uint64_t epoch;
        bool on_vf;
    } flip[FLIPS];
    unsigned count;
};

struct mac_entry {
    uint8_t mac[6];
    uint16_t port;
    uint16_t slot; // of the port's filter ids
    uint64_t seen; // when it last sent, in microseconds
    struct flips flips;
    struct mac_entry *next;
};

struct port {
    struct weir_netvsp_port_config cfg;
    struct mac_entry *mac[WEIR_POLICY_MACS]; // 0 is its own
    unsigned macs;
    uint32_t slots; // filter ids in use, one bit each
    bool frozen;
    bool gone;
    bool stalled;
    bool limited;
    int64_t turn;     // bytes it may still send in its turn
    int64_t tokens;   // bits it may send now
    uint64_t filled;  // when tokens were last added, in microseconds
    int64_t floods;   // millionths of flooded frames that its VF may still send
    uint64_t flooded; // when some were last added, in microseconds
    unsigned vport;   // the last VF's, 0 = never on one
    uint64_t tx_mark; // frames its queue had been given with this port's last one
    uint32_t fence_token;
    uint32_t fence_rings; // PF rings that have not shown the fence; 0 = none awaited
    // On its way to another host (moving.c).
    bool holding;   // what comes for it waits
    bool elsewhere; // a frame from its address came from the wire since
    struct held *held_first, *held_last;
    unsigned held;
    weir_netvsp_sink_fn sink; // in place of its channel, which is not touched any more
    void *sink_ctx;
    struct weir_netvsp_port_stats stats;
};

#define MAC_BUCKETS 256u
struct mac_table {
    struct mac_entry *bucket[MAC_BUCKETS];
};

#define WIRE_SETS 256u
#define WIRE_WAYS 4u
struct wire_mac {
    uint8_t mac[6];
    uint64_t seen; // microseconds, plus one; 0: free
};

struct weir_netvsp {
    struct weir_pf *pf;
    struct weir_netvsp_config cfg;
    struct port *port[MAX_PORTS];
    bool reserved[MAX_PORTS]; // kept for a guest that the parent before this one had
    unsigned ports;
    struct mac_table macs;
    struct wire_mac wire[WIRE_SETS][WIRE_WAYS];
    unsigned next_port[MAX_QPS]; // of each queue of the PF: whose turn it is
    uint64_t now;
    bool polling;   // between the beginning and the end of a poll, which may wait for the card to learn an address
    bool serving;   // while a call waits for the card: no other can be made
    uint64_t epoch; // unrolled: the newest the card was seen to have
    struct weir_netvsp_stats stats;
    uint8_t buf[WEIR_MAX_FRAME + 64];
};

// mac.c
struct mac_entry *mac_find(const struct mac_table *t, const uint8_t mac[6]);
struct mac_entry *mac_add(struct mac_table *t, const uint8_t mac[6], unsigned port);
void mac_remove(struct mac_table *t, struct mac_entry *e);
// The same, but only of a port.
struct mac_entry *mac_of_port(const struct mac_table *t, const uint8_t mac[6]);

// wire.c: a frame came from the wire with this source.
void netvsp_heard(struct weir_netvsp *v, const uint8_t mac[6]);

// ports.c
void netvsp_gone(struct weir_netvsp *v, unsigned port, int err);
struct weir_qp *netvsp_tx_qp(const struct weir_netvsp *v, unsigned port);
// Whether the guest has this source address, or has it from now on.
bool netvsp_own_source(struct weir_netvsp *v, unsigned port, const uint8_t *src);

int netvsp_add_mac(struct weir_netvsp *v, unsigned port, struct port *p, const uint8_t *mac);

// moving.c: a message to the guest, to where its messages go now. 0, or why it was not taken.
int netvsp_pass_on(struct weir_netvsp *v, struct port *p, uint32_t type, const void *head, size_t head_len,
                   const void *body, size_t body_len);
void netvsp_drop_held(struct port *p);
unsigned netvsp_flush_held(struct weir_netvsp *v, unsigned port);

// transmit.c
unsigned netvsp_transmit(struct weir_netvsp *v);

// receive.c
unsigned netvsp_receive(struct weir_netvsp *v);

#endif
