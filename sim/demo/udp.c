// SPDX-License-Identifier: Apache-2.0
// See udp.h.
#include "udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

#define PORT 7077u
#define MAGIC 0x52494557u
#define PLACES 3u
#define MAX_PAYLOAD 1400u
// Of a flow, under way at most: a machine that has no time forwards fewer datagrams than are due by the wall, and each
// that waits somewhere stands in front of everybody's ping.
#define WINDOW 16u
#define LOST_US 100000u          // a full window is asked for again by one more: it may have been lost whole
#define HEADERS (14u + 20u + 8u) // Ethernet, IPv4, UDP

struct payload {
    uint32_t magic, flow, seq;
};

// One broadcast is one number of both flood flows; the second one sends nothing of its own.
static const struct {
    uint8_t from, to; // places
    bool all;
    uint32_t gap_us;
} plan[UDP_FLOWS] = {
    [UDP_DOWN0] = {0, 1, false, 1500},  [UDP_UP0] = {1, 0, false, 3000},      [UDP_DOWN1] = {0, 2, false, 6000},
    [UDP_UP1] = {2, 0, false, 8000},    [UDP_CROSS01] = {1, 2, false, 12000}, [UDP_CROSS10] = {2, 1, false, 12000},
    [UDP_FLOOD0] = {0, 1, true, 50000}, [UDP_FLOOD1] = {0, 2, true, 0},
};

struct udp {
    int fd[PLACES];
    struct flow flow[UDP_FLOWS];
    uint64_t due[UDP_FLOWS], last[UDP_FLOWS]; // next, and latest that was sent
    uint64_t rand;
};

static uint32_t rnd(struct udp *u, uint32_t below) {
    u->rand = u->rand * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((u->rand >> 33) * below >> 31);
}

struct udp *udp_open(const struct netns *n, char *err, size_t err_size) {
    struct udp *u = calloc(1, sizeof(*u));
    if (u == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    u->rand = 1;
    for (unsigned i = 0; i < PLACES; i++)
        u->fd[i] = -1;
    for (unsigned i = 0; i < PLACES; i++) {
        u->fd[i] = netns_udp(n, (int)i, PORT);
        if (u->fd[i] < 0) {
            snprintf(err, err_size, "no UDP socket in namespace %u: %s", i, strerror(-u->fd[i]));
            udp_close(u);
            return NULL;
        }
    }
    return u;
}

void udp_close(struct udp *u) {
    if (u == NULL)
        return;
    for (unsigned i = 0; i < PLACES; i++)
        if (u->fd[i] >= 0)
            close(u->fd[i]);
    for (unsigned i = 0; i < UDP_FLOWS; i++)
        flow_free(&u->flow[i]);
    free(u);
}

// False when the kernel takes no more now.
static bool send_one(struct udp *u, unsigned id) {
    uint8_t data[MAX_PAYLOAD];
    struct payload p = {MAGIC, id, u->flow[id].sent};
    size_t len = sizeof(p) + rnd(u, MAX_PAYLOAD - sizeof(p));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};

    to.sin_addr.s_addr = htonl(plan[id].all ? 0x0A4D00FFu : 0x0A4D0001u + plan[id].to);
    memset(data, (int)(p.seq & 0xFF), len);
    memcpy(data, &p, sizeof(p));
    if (sendto(u->fd[plan[id].from], data, len, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) != (ssize_t)len)
        return false;
    u->flow[id].sent++;
    if (id == UDP_FLOOD0)
        u->flow[UDP_FLOOD1].sent++;
    return true;
}

static void take_all(struct udp *u, unsigned place) {
    uint8_t data[2048];
    ssize_t n;
    while ((n = recv(u->fd[place], data, sizeof(data), MSG_DONTWAIT)) > 0) {
        struct payload p;
        if ((size_t)n < sizeof(p))
            continue;
        memcpy(&p, data, sizeof(p));
        if (p.magic != MAGIC || p.flow >= UDP_FLOWS)
            continue;
        if (p.flow == UDP_FLOOD0 && place == 2)
            p.flow = UDP_FLOOD1;
        if (plan[p.flow].to == place)
            flow_arrived(&u->flow[p.flow], p.seq, (size_t)n);
    }
}

static bool room(const struct udp *u, unsigned id, uint64_t now) {
    return u->flow[id].sent - u->flow[id].next < WINDOW || now - u->last[id] > LOST_US;
}

void udp_pump(struct udp *u, uint64_t now, bool quiet) {
    for (unsigned id = 0; id < UDP_FLOWS && !quiet; id++) {
        if (plan[id].gap_us == 0)
            continue;
        // What was due while we were not running is not made up for: a flood is not what is tested.
        if (u->due[id] + 4u * plan[id].gap_us < now)
            u->due[id] = now;
        while (u->due[id] <= now && room(u, id, now) && send_one(u, id)) {
            u->due[id] += plan[id].gap_us / 2 + rnd(u, plan[id].gap_us);
            u->last[id] = now;
        }
    }
    for (unsigned place = 0; place < PLACES; place++)
        take_all(u, place);
}

void udp_burst(struct udp *u, enum udp_flow flow, unsigned count) {
    while (count-- != 0 && send_one(u, flow)) {
    }
}

static bool settled(const struct flow *f) {
    return f->next == f->sent;
}

bool udp_settled(const struct udp *u) {
    for (unsigned i = 0; i < UDP_FLOWS; i++)
        if (!settled(&u->flow[i]))
            return false;
    return true;
}

void udp_probe(struct udp *u) {
    for (unsigned i = 0; i < UDP_FLOWS; i++)
        if (i != UDP_FLOOD1 && (!settled(&u->flow[i]) || (i == UDP_FLOOD0 && !settled(&u->flow[UDP_FLOOD1]))))
            (void)send_one(u, i);
}

uint64_t udp_arrived(const struct udp *u) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < UDP_FLOWS; i++)
        sum += u->flow[i].frames + u->flow[i].doubled;
    return sum;
}

struct udp_tally udp_tally(const struct udp *u) {
    struct udp_tally t = {0};
    for (unsigned i = 0; i < UDP_FLOWS; i++) {
        t.sent += u->flow[i].sent;
        t.missing += flow_missing(&u->flow[i]);
        t.doubled += u->flow[i].doubled;
        t.reordered += u->flow[i].reordered;
    }
    return t;
}

int udp_flow_of(const uint8_t *f, size_t len) {
    struct payload p;
    // IPv4 without options, UDP, our port.
    if (len < HEADERS + sizeof(p) || f[12] != 0x08 || f[13] != 0 || f[14] != 0x45 || f[23] != 17 ||
        (f[36] << 8 | f[37]) != PORT)
        return -1;
    memcpy(&p, f + HEADERS, sizeof(p));
    return p.magic == MAGIC && p.flow < UDP_FLOWS ? (int)p.flow : -1;
}
