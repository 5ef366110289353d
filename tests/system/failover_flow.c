// SPDX-License-Identifier: Apache-2.0
// See failover_flow.h. A frame carries its flow, number and length, and bytes that follow from them: behind the
// Ethernet header, or, so that cards spread flows over queues, behind IPv4 and UDP.
#include "failover_flow.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x57464C57u
#define MIN_LEN 60u
#define MAX_LEN 1514u
// Of one flow in one pump; and what was due longer ago than some frames is not made up for. A card caches a few dozen
// receive buffers of a queue: catching up after a pause would overrun it, which is not what is tested.
#define BURST 8u
#define CATCH_UP 4u

#define ETHER 14u
#define IP_UDP 28u
#define LOCAL_EXPERIMENTAL 0x88B5u
#define IPV4 0x0800u

struct label {
    uint8_t flow, len_hi, len_lo, pad;
    uint8_t magic[4];
    uint8_t number[8];
};

struct seen {
    uint8_t *bit;
    uint64_t room;
    uint64_t first; // the receiver is there since this number
    uint64_t next;  // one above the highest seen
    uint64_t received, duplicated, reordered, corrupt;
    uint64_t last, longest; // of flow_watch
    bool expected;
};

struct flow {
    int from, to;
    uint64_t gap, due, sent;
    size_t len; // of the frame that was not taken, 0 = none
    bool udp;
    struct seen at[FLOW_ENDPOINTS];
};

struct endpoint {
    char name[32];
    uint8_t mac[6];
    flow_send_fn send;
    void *ctx;
    bool there;
};

struct flow_net {
    uint64_t random;
    struct endpoint ep[FLOW_ENDPOINTS];
    int num_ep;
    struct flow flow[FLOW_FLOWS];
    int num_flows;
    uint64_t strays;
    char error[160];
};

static uint32_t rnd(struct flow_net *net) {
    net->random ^= net->random >> 12;
    net->random ^= net->random << 25;
    net->random ^= net->random >> 27;
    return (uint32_t)(net->random * 0x2545F4914F6CDD1Dull >> 32);
}

struct flow_net *flow_net_new(uint64_t seed) {
    struct flow_net *net = calloc(1, sizeof(*net));
    if (net != NULL)
        net->random = seed * 0x9E3779B97F4A7C15ull + 1;
    return net;
}

void flow_net_free(struct flow_net *net) {
    if (net == NULL)
        return;
    for (int f = 0; f < net->num_flows; f++)
        for (int e = 0; e < FLOW_ENDPOINTS; e++)
            free(net->flow[f].at[e].bit);
    free(net);
}

int flow_endpoint_add(struct flow_net *net, const char *name, const uint8_t mac[6], flow_send_fn send, void *ctx) {
    int e = net->num_ep;
    if (e == FLOW_ENDPOINTS)
        return -1;
    net->num_ep++;
    snprintf(net->ep[e].name, sizeof(net->ep[e].name), "%s", name);
    memcpy(net->ep[e].mac, mac, 6);
    net->ep[e].send = send;
    net->ep[e].ctx = ctx;
    net->ep[e].there = true;
    for (int f = 0; f < net->num_flows; f++)
        if (net->flow[f].to == FLOW_TO_ALL) {
            net->flow[f].at[e].expected = true;
            net->flow[f].at[e].first = net->flow[f].at[e].next = net->flow[f].sent;
        }
    return e;
}

void flow_endpoint_remove(struct flow_net *net, int endpoint) {
    net->ep[endpoint].there = false;
    for (int f = 0; f < net->num_flows; f++) {
        net->flow[f].at[endpoint].expected = false;
        if (net->flow[f].from == endpoint || net->flow[f].to == endpoint)
            net->flow[f].gap = 0;
    }
}

int flow_add(struct flow_net *net, int from, int to, uint64_t mean_gap) {
    int f = net->num_flows;
    if (f == FLOW_FLOWS)
        return -1;
    net->num_flows++;
    net->flow[f] = (struct flow){.from = from, .to = to, .gap = mean_gap};
    for (int e = 0; e < net->num_ep; e++)
        net->flow[f].at[e].expected = net->ep[e].there && (to == FLOW_TO_ALL ? e != from : e == to);
    return f;
}

void flow_set_gap(struct flow_net *net, int flow, uint64_t mean_gap) {
    net->flow[flow].gap = mean_gap;
}

void flow_as_udp(struct flow_net *net, int flow) {
    net->flow[flow].udp = true;
}

void flow_pause_all(struct flow_net *net) {
    for (int f = 0; f < net->num_flows; f++)
        net->flow[f].gap = 0;
}

static void put_be(uint8_t *to, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint64_t get_be(const uint8_t *from, unsigned bytes) {
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | from[i];
    return v;
}

static uint8_t filler(int flow, uint64_t number, size_t at) {
    return (uint8_t)(number * 37 + at * 11 + (unsigned)flow);
}

// From 10.0.0.<from> to 10.0.0.<to>; the source port is the flow's. No checksum over the datagram.
static void put_ip_udp(uint8_t *at, int f, const struct flow *flow) {
    uint32_t sum = 0;
    memset(at, 0, IP_UDP);
    at[0] = 0x45;
    put_be(at + 2, flow->len - ETHER, 2);
    at[8] = 64;
    at[9] = 17;
    put_be(at + 12, 0x0A000001u + (unsigned)flow->from, 4);
    put_be(at + 16, flow->to == FLOW_TO_ALL ? UINT32_MAX : 0x0A000001u + (unsigned)flow->to, 4);
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)get_be(at + i, 2);
    put_be(at + 10, (uint16_t) ~(sum + (sum >> 16)), 2);
    put_be(at + 20, 40000u + (unsigned)f, 2);
    put_be(at + 22, 9, 2); // discard
    put_be(at + 24, flow->len - ETHER - 20, 2);
}

static bool send_one(struct flow_net *net, int f) {
    struct flow *flow = &net->flow[f];
    uint8_t frame[MAX_LEN];
    size_t head = flow->udp ? ETHER + IP_UDP : ETHER;
    struct label h = {0};

    if (flow->len == 0)
        flow->len = MIN_LEN + rnd(net) % (MAX_LEN - MIN_LEN + 1);
    if (flow->to == FLOW_TO_ALL)
        memset(frame, 0xFF, 6);
    else
        memcpy(frame, net->ep[flow->to].mac, 6);
    memcpy(frame + 6, net->ep[flow->from].mac, 6);
    put_be(frame + 12, flow->udp ? IPV4 : LOCAL_EXPERIMENTAL, 2);
    if (flow->udp)
        put_ip_udp(frame + ETHER, f, flow);
    h.flow = (uint8_t)f;
    put_be(&h.len_hi, flow->len, 2);
    put_be(h.magic, MAGIC, 4);
    put_be(h.number, flow->sent, 8);
    memcpy(frame + head, &h, sizeof(h));
    for (size_t i = head + sizeof(h); i < flow->len; i++)
        frame[i] = filler(f, flow->sent, i);
    if (net->ep[flow->from].send(net->ep[flow->from].ctx, frame, flow->len) != 0)
        return false;
    flow->sent++;
    flow->len = 0;
    return true;
}

unsigned flow_burst(struct flow_net *net, int flow, unsigned count) {
    unsigned n = 0;
    while (n < count && send_one(net, flow))
        n++;
    return n;
}

unsigned flow_pump(struct flow_net *net, uint64_t now) {
    unsigned total = 0;
    for (int f = 0; f < net->num_flows; f++) {
        struct flow *flow = &net->flow[f];
        if (flow->gap == 0)
            continue;
        if (flow->due + CATCH_UP * flow->gap < now)
            flow->due = now;
        for (unsigned n = 0; n < BURST && flow->due <= now && send_one(net, f); n++) {
            flow->due += 1 + rnd(net) % (2 * flow->gap);
            total++;
        }
    }
    return total;
}

__attribute__((format(printf, 2, 3))) static void complain(struct flow_net *net, const char *fmt, ...) {
    va_list ap;
    if (net->error[0] != '\0')
        return;
    va_start(ap, fmt);
    vsnprintf(net->error, sizeof(net->error), fmt, ap);
    va_end(ap);
}

static bool mark(struct seen *s, uint64_t number) {
    uint64_t byte = number / 8;
    uint8_t bit = (uint8_t)(1u << number % 8);
    if (byte >= s->room) {
        uint64_t room = (byte + 1) * 2;
        s->bit = realloc(s->bit, room);
        if (s->bit == NULL)
            abort();
        memset(s->bit + s->room, 0, room - s->room);
        s->room = room;
    }
    if ((s->bit[byte] & bit) != 0)
        return false;
    s->bit[byte] |= bit;
    return true;
}

void flow_receive(struct flow_net *net, int endpoint, const void *frame, size_t len, uint64_t now) {
    const uint8_t *bytes = frame;
    struct label h;
    size_t head = ETHER;
    struct flow *flow;
    struct seen *s;
    uint64_t number;
    const char *name = net->ep[endpoint].name;

    if (len >= MIN_LEN) {
        head += get_be(bytes + 12, 2) == IPV4 ? IP_UDP : 0;
        memcpy(&h, bytes + head, sizeof(h));
    }
    if (len < MIN_LEN || get_be(h.magic, 4) != MAGIC || h.flow >= net->num_flows ||
        !net->flow[h.flow].at[endpoint].expected) {
        net->strays++;
        complain(net, "%s got a frame that is not for it (%zu bytes)", name, len);
        return;
    }
    flow = &net->flow[h.flow];
    s = &flow->at[endpoint];
    number = get_be(h.number, 8);
    if (number >= flow->sent || get_be(&h.len_hi, 2) != len) {
        s->corrupt++;
        complain(net, "flow %u at %s: frame %" PRIu64 " of %" PRIu64 " has %zu bytes", h.flow, name, number, flow->sent,
                 len);
        return;
    }
    for (size_t i = head + sizeof(h); i < len; i++)
        if (bytes[i] != filler(h.flow, number, i)) {
            s->corrupt++;
            complain(net, "flow %u at %s: frame %" PRIu64 " differs at byte %zu", h.flow, name, number, i);
            return;
        }
    if (now - s->last > s->longest)
        s->longest = now - s->last;
    s->last = now;
    if (!mark(s, number)) {
        s->duplicated++;
        complain(net, "flow %u at %s: frame %" PRIu64 " came twice", h.flow, name, number);
        return;
    }
    s->received += number >= s->first ? 1 : 0;
    if (number + 1 > s->next) {
        s->next = number + 1;
    } else {
        s->reordered++;
        complain(net, "flow %u at %s: frame %" PRIu64 " came behind frame %" PRIu64, h.flow, name, number, s->next - 1);
    }
}

struct flow_count flow_count(const struct flow_net *net, int flow, int endpoint) {
    struct flow_count c = {0};
    for (int f = flow < 0 ? 0 : flow; f < (flow < 0 ? net->num_flows : flow + 1); f++)
        for (int e = endpoint < 0 ? 0 : endpoint; e < (endpoint < 0 ? net->num_ep : endpoint + 1); e++) {
            const struct seen *s = &net->flow[f].at[e];
            if (!s->expected)
                continue;
            c.sent += net->flow[f].sent - s->first;
            c.received += s->received;
            c.duplicated += s->duplicated;
            c.reordered += s->reordered;
            c.corrupt += s->corrupt;
        }
    c.lost = c.sent - c.received;
    return c;
}

uint64_t flow_strays(const struct flow_net *net) {
    return net->strays;
}

const char *flow_first_error(const struct flow_net *net) {
    return net->error;
}

void flow_print_lost(const struct flow_net *net) {
    for (int f = 0; f < net->num_flows; f++)
        for (int e = 0; e < net->num_ep; e++) {
            const struct seen *s = &net->flow[f].at[e];
            for (uint64_t n = s->first; s->expected && n < net->flow[f].sent; n++)
                if (n / 8 >= s->room || (s->bit[n / 8] >> n % 8 & 1) == 0)
                    fprintf(stderr, "lost: flow %d, %s to %s, frame %" PRIu64 " of %" PRIu64 "\n", f,
                            net->ep[net->flow[f].from].name, net->ep[e].name, n, net->flow[f].sent);
        }
}

void flow_watch(struct flow_net *net, int flow, int endpoint, uint64_t now) {
    net->flow[flow].at[endpoint].last = now;
    net->flow[flow].at[endpoint].longest = 0;
}

uint64_t flow_watched(const struct flow_net *net, int flow, int endpoint, uint64_t now) {
    const struct seen *s = &net->flow[flow].at[endpoint];
    return now - s->last > s->longest ? now - s->last : s->longest;
}

void flow_stat_add(struct flow_stat *s, uint64_t value) {
    if (s->count == s->room) {
        s->room = s->room != 0 ? s->room * 2 : 64;
        s->value = realloc(s->value, s->room * sizeof(*s->value));
        if (s->value == NULL)
            abort();
    }
    s->value[s->count++] = value;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void flow_stat_print(struct flow_stat *s, const char *what) {
    if (s->count == 0)
        return;
    qsort(s->value, s->count, sizeof(*s->value), by_value);
    printf("%-52s min %8" PRIu64 "  median %8" PRIu64 "  max %8" PRIu64 " cycles (%zu)\n", what, s->value[0],
           s->value[s->count / 2], s->value[s->count - 1], s->count);
}

void flow_stat_free(struct flow_stat *s) {
    free(s->value);
    *s = (struct flow_stat){0};
}
