// SPDX-License-Identifier: Apache-2.0
// Flows of numbered frames between endpoints, and the check of what arrives: per flow and receiver every frame exactly
// once and in order, or counted as lost, duplicated or reordered. Knows neither card nor driver: an endpoint is an
// address and a function that takes a frame; time is whatever the caller counts (here card cycles).
#ifndef WEIR_TEST_FAILOVER_FLOW_H
#define WEIR_TEST_FAILOVER_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_ENDPOINTS 24
#define FLOW_FLOWS 64
#define FLOW_TO_ALL (-1) // broadcast: every other endpoint is a receiver

struct flow_net;

// 0 = taken; anything else: not now, the same frame is offered again.
typedef int (*flow_send_fn)(void *ctx, const void *frame, size_t len);

struct flow_count {
    uint64_t sent, received; // received: distinct frames
    uint64_t lost;           // sent since the receiver is there, and not received
    uint64_t duplicated, reordered, corrupt;
};

struct flow_net *flow_net_new(uint64_t seed);
void flow_net_free(struct flow_net *net);
int flow_endpoint_add(struct flow_net *net, const char *name, const uint8_t mac[6], flow_send_fn send, void *ctx);
// Its flows end; what is still on its way to it is not expected any more.
void flow_endpoint_remove(struct flow_net *net, int endpoint);

// Frames of 60..1514 bytes at random times, mean_gap apart on average. Returns the flow.
int flow_add(struct flow_net *net, int from, int to, uint64_t mean_gap);
// 0 pauses it.
void flow_set_gap(struct flow_net *net, int flow, uint64_t mean_gap);
void flow_pause_all(struct flow_net *net);
// Its frames are UDP datagrams with a source port of their own: what spreads flows over queues spreads this one.
void flow_as_udp(struct flow_net *net, int flow);

// Sends what is due; returns how many frames were taken.
unsigned flow_pump(struct flow_net *net, uint64_t now);
// `count` frames of a flow at once; returns how many were taken.
unsigned flow_burst(struct flow_net *net, int flow, unsigned count);
// A frame arrived at an endpoint.
void flow_receive(struct flow_net *net, int endpoint, const void *frame, size_t len, uint64_t now);

// Of one flow at one receiver, or with flow or endpoint -1 of all of them together.
struct flow_count flow_count(const struct flow_net *net, int flow, int endpoint);
// Frames that belong to no flow of their receiver.
uint64_t flow_strays(const struct flow_net *net);
// The first thing that was wrong, "" when nothing was.
const char *flow_first_error(const struct flow_net *net);
// A line on stderr for each frame that was lost.
void flow_print_lost(const struct flow_net *net);

// The longest time without a delivery, of one flow at one receiver, from flow_watch until flow_watched.
void flow_watch(struct flow_net *net, int flow, int endpoint, uint64_t now);
uint64_t flow_watched(const struct flow_net *net, int flow, int endpoint, uint64_t now);

// Values gathered for "min / median / max".
struct flow_stat {
    uint64_t *value;
    size_t count, room;
};
void flow_stat_add(struct flow_stat *s, uint64_t value);
// Sorts; prints `what` and the three values.
void flow_stat_print(struct flow_stat *s, const char *what);
void flow_stat_free(struct flow_stat *s);

#endif
