// SPDX-License-Identifier: Apache-2.0
// Sequence-numbered UDP datagrams between the demo's hosts, through their kernels: each pair both ways, and broadcasts
// of the peer. Every datagram is judged when it arrives (flow.h).
#ifndef WEIR_DEMO_UDP_H
#define WEIR_DEMO_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "netns.h"

struct udp;

enum udp_flow {
    UDP_DOWN0, // peer to guest 0
    UDP_UP0,
    UDP_DOWN1,
    UDP_UP1,
    UDP_CROSS01, // guest to guest
    UDP_CROSS10,
    UDP_FLOOD0, // broadcasts of the peer as guest 0 gets them
    UDP_FLOOD1,
    UDP_FLOWS
};

struct udp_tally {
    uint64_t sent, missing, doubled, reordered;
};

// Places 0 = peer, 1 and 2 = guests, with addresses 10.77.0.1 to .3. NULL with one line in err.
struct udp *udp_open(const struct netns *n, char *err, size_t err_size);
void udp_close(struct udp *u);
// Sends what is due, unless quiet, and takes what came. now_us: any clock that only goes forward.
void udp_pump(struct udp *u, uint64_t now_us, bool quiet);
// `count` datagrams of a flow at once.
void udp_burst(struct udp *u, enum udp_flow flow, unsigned count);
// All is settled when the last number of each flow has arrived: what is missing then is lost, because a flow keeps its
// order. While it is not, another number of each flow that is not settled shows when it is.
bool udp_settled(const struct udp *u);
void udp_probe(struct udp *u);
// Datagrams that arrived so far.
uint64_t udp_arrived(const struct udp *u);
// Sums over all flows.
struct udp_tally udp_tally(const struct udp *u);
// The flow of an Ethernet frame that carries one of our datagrams, -1 for any other.
int udp_flow_of(const uint8_t *frame, size_t len);

#endif
