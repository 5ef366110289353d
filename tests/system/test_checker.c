// SPDX-License-Identifier: Apache-2.0
// What judges all of these runs (failover_flow.h) seen failing: histories with one planted fault of each kind.
#include "failover_flow.h"
#include "world.h"

#define SENT 40u

static uint8_t frame[SENT][1600];
static size_t length[SENT];
static unsigned sent;

static int keep(void *ctx, const void *bytes, size_t len) {
    (void)ctx;
    memcpy(frame[sent], bytes, len);
    length[sent++] = len;
    return 0;
}

enum fault { NONE, LOST, DOUBLED, REORDERED, CORRUPTED, MISDELIVERED, FAULTS };

static void history(enum fault fault, struct flow_count *c, uint64_t *strays) {
    static const uint8_t mac[3][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 3}};
    struct flow_net *net = flow_net_new(1);
    int end[3];
    CHECK(net != NULL, "out of memory");
    for (unsigned i = 0; i < 3; i++)
        end[i] = flow_endpoint_add(net, "end", mac[i], keep, NULL);
    sent = 0;
    CHECK(flow_burst(net, flow_add(net, end[0], end[1], 0), SENT) == SENT, "it does not send");
    for (unsigned i = 0; i < SENT; i++) {
        unsigned n = fault == REORDERED && i / 2 == 10 ? i ^ 1u : i;
        if (fault == CORRUPTED && i == 20)
            frame[n][length[n] - 1] ^= 1;
        if (fault != LOST || i != 20)
            flow_receive(net, end[fault == MISDELIVERED && i == 20 ? 2 : 1], frame[n], length[n], i);
        if (fault == DOUBLED && i == 20)
            flow_receive(net, end[1], frame[n], length[n], i);
    }
    *c = flow_count(net, -1, -1);
    *strays = flow_strays(net);
    CHECK((flow_first_error(net)[0] != '\0') == (fault != NONE && fault != LOST), "what is wrong is not said");
    flow_net_free(net);
}

int main(void) {
    for (enum fault f = NONE; f < FAULTS; f++) {
        bool gone = f == LOST || f == CORRUPTED || f == MISDELIVERED;
        struct flow_count c;
        uint64_t strays;
        history(f, &c, &strays);
        CHECK(c.lost == gone && c.duplicated == (f == DOUBLED) && c.reordered == (f == REORDERED) &&
                  c.corrupt == (f == CORRUPTED) && strays == (f == MISDELIVERED),
              "fault %u: %" PRIu64 " lost, %" PRIu64 " doubled, %" PRIu64 " reordered, %" PRIu64 " corrupt, %" PRIu64
              " strays",
              (unsigned)f, c.lost, c.duplicated, c.reordered, c.corrupt, strays);
    }
    puts("one planted fault of each kind: each is seen, and is no other");
    return 0;
}
