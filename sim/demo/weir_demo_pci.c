// SPDX-License-Identifier: Apache-2.0
// `./weir demo --bus pciaccess`: the main job through a PCI tree instead of sockets. weir-sim serves the card's
// functions as files in a mount namespace of this process, the unmodified libpciaccess finds them there, and hostdrv's
// pciaccess backend drives them: PF, SR-IOV, two guests that talk to each other on the synthetic path, then over their
// VFs, then back; one of them loses its VF without notice. Every frame has a number. Exit status 0: nothing was lost
// but what the ledger says.
#include <inttypes.h>
#include <pciaccess.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flow.h"
#include "pci_sim.h"
#include "weir/channel.h"
#include "weir/netvsc.h"
#include "weir/vstack.h"
#include "weir_abi.h"
#include "weir_pciaccess.h"

#define GUESTS 2u
#define RING 65536u // holds all that is under way
#define FRAMES 400u // each way, each step
#define STEP_S 60u
#define NUM_VFS 4u
#define NUM_VPORTS 8u

struct guest {
    struct weir_netvsc *sc;
    struct weir_channel *guest_end, *host_end;
    void *area;
    int id;
    uint8_t mac[6];
};

static struct guest guest[GUESTS];
static struct flow flow[GUESTS]; // of guest i to the other
static struct weir_pf *pf;
static struct weir_vstack *vs;

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt, ...) {
    va_list ap;
    fputs("weir-demo-pci: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    (void)pci_sim_stop();
    exit(1);
}

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...) {
    static unsigned step;
    va_list ap;
    printf("  %2u  ", ++step);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

// ---- the functions in the PCI tree ----

static unsigned enumerate(void) {
    const struct pci_id_match weir = {WEIR_VENDOR_ID, PCI_MATCH_ANY, PCI_MATCH_ANY, PCI_MATCH_ANY, 0, 0, 0};
    struct pci_device_iterator *it;
    struct pci_device *d;
    unsigned n = 0;

    if (pci_system_init() != 0)
        die("libpciaccess finds no PCI tree");
    it = pci_id_match_iterator_create(&weir);
    while ((d = pci_device_next(it)) != NULL)
        n += d->device_id == WEIR_PF_DEVICE_ID || d->device_id == WEIR_VF_DEVICE_ID;
    pci_iterator_destroy(it);
    return n;
}

static struct weir_bus *open_function(unsigned fn) {
    char slot[32], err[256] = "";
    struct weir_bus *bus;
    snprintf(slot, sizeof(slot), "0000:01:%02x.%x", fn >> 3, fn & 7);
    bus = weir_pciaccess_open(slot, err, sizeof(err));
    if (bus == NULL)
        die("%s", err);
    return bus;
}

// ---- guests ----

static int open_vf(void *ctx, unsigned fn, struct weir_bus **bus) {
    (void)ctx;
    *bus = open_function(fn);
    return 0;
}

static void on_rx(void *ctx, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    struct guest *g = ctx;
    uint32_t seq;
    int id = flow_parse(frame, len, &seq);
    (void)info;
    if (id < 0 || id >= (int)GUESTS || &guest[id] == g)
        die("a frame came to the wrong guest");
    flow_arrived(&flow[id], seq, len);
}

static void add_guest(unsigned i) {
    struct guest *g = &guest[i];
    struct weir_vstack_guest_config gc = {.mac = {0x02, 0, 0, 0, 1, (uint8_t)i}};
    struct weir_netvsc_config nc = {
        .ctx = g, .rx = on_rx, .open_vf = open_vf, .vf = {.tx_log2 = 6, .rx_log2 = 7, .buf_bytes = 2048}};

    memcpy(g->mac, gc.mac, 6);
    snprintf(gc.name, sizeof(gc.name), "guest%u", i);
    g->area = aligned_alloc(64, WEIR_CHANNEL_BYTES(RING));
    if (g->area == NULL || weir_channel_init(g->area, WEIR_CHANNEL_BYTES(RING)) != 0 ||
        weir_channel_attach(g->area, WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_GUEST, &g->guest_end) != 0 ||
        weir_channel_attach(g->area, WEIR_CHANNEL_BYTES(RING), WEIR_CHANNEL_HOST, &g->host_end) != 0)
        die("no channel");
    gc.channel = g->host_end;
    nc.channel = g->guest_end;
    g->id = weir_vstack_guest_add(vs, &gc);
    if (g->id < 0 || weir_netvsc_open(&nc, &g->sc) != 0)
        die("cannot add guest %u", i);
}

static void pump(bool send) {
    uint8_t f[1514];
    for (unsigned i = 0; i < GUESTS; i++) {
        const struct guest *to = &guest[1 - i];
        while (send && flow[i].sent - flow[i].frames < 12 && weir_netvsc_tx_waiting(guest[i].sc) < 8) {
            size_t len;
            memcpy(flow[i].dst, to->mac, 6);
            memcpy(flow[i].src, guest[i].mac, 6);
            len = flow_make(&flow[i], i, f, 80 + flow[i].sent * 37 % 1400);
            if (weir_netvsc_send(guest[i].sc, f, len) < 0) {
                flow[i].sent--; // not taken: the same number again
                break;
            }
        }
        weir_netvsc_poll(guest[i].sc, now_us());
    }
    weir_vstack_poll(vs, now_us());
}

static void await(unsigned i, enum weir_vstack_state state) {
    uint64_t until = now_us() + STEP_S * 1000000ull;
    while (weir_vstack_state(vs, (unsigned)guest[i].id) != state) {
        if (now_us() > until)
            die("guest %u is %s, not %s: %s", i, weir_vstack_state_text(weir_vstack_state(vs, (unsigned)guest[i].id)),
                weir_vstack_state_text(state), weir_netvsc_error(guest[i].sc));
        pump(true);
    }
}

static void run(const char *where) {
    uint64_t until = now_us() + STEP_S * 1000000ull, from[GUESTS] = {flow[0].frames, flow[1].frames};
    while (flow[0].frames - from[0] < FRAMES || flow[1].frames - from[1] < FRAMES) {
        if (now_us() > until)
            die("%s: only %" PRIu64 " and %" PRIu64 " of %u frames arrive", where, flow[0].frames - from[0],
                flow[1].frames - from[1], FRAMES);
        pump(true);
    }
    say("%s: %" PRIu64 " and %" PRIu64 " frames", where, flow[0].frames - from[0], flow[1].frames - from[1]);
}

static uint64_t settle(void) {
    uint64_t until = now_us() + 5000000;
    while (flow_missing(&flow[0]) + flow_missing(&flow[1]) != 0 && now_us() < until)
        pump(false);
    return flow_missing(&flow[0]) + flow_missing(&flow[1]);
}

static void job(void) {
    const struct weir_pf_config pc = {
        .num_vfs = NUM_VFS, .num_vports = NUM_VPORTS, .default_qps = 1, .tx_log2 = 7, .rx_log2 = 8, .buf_bytes = 2048};
    const struct weir_vstack_config vc = {.max_guests = GUESTS, .num_vports = NUM_VPORTS, .vf_qps = 1};
    const struct weir_vstack_record *r;
    char err[256] = "";
    uint64_t missing;

    say("libpciaccess finds %u function", enumerate());
    if (weir_pf_open(open_function(0), &pc, &pf, err, sizeof(err)) != 0)
        die("%s", err);
    say("PF driver on 0000:01:00.0, SR-IOV enabled: libpciaccess finds %u functions", enumerate());
    if (enumerate() != 1 + NUM_VFS)
        die("%u functions instead of %u", enumerate(), 1 + NUM_VFS);
    if (weir_vstack_open(pf, &vc, &vs, err, sizeof(err)) != 0)
        die("%s", err);
    for (unsigned i = 0; i < GUESTS; i++)
        add_guest(i);
    // Ports come up first: a frame for a guest that has not said hello goes nowhere.
    for (uint64_t until = now_us() + 200000; now_us() < until;)
        pump(false);
    run("both guests synthetic");
    for (unsigned i = 0; i < GUESTS; i++) {
        if (weir_vstack_attach(vs, (unsigned)guest[i].id) != 0)
            die("cannot attach guest %u", i);
        await(i, WEIR_VSTACK_ATTACHED);
        run(i == 0 ? "guest 0 on its VF" : "both on their VFs");
    }
    if (weir_vstack_detach(vs, (unsigned)guest[0].id, WEIR_WHY_DETACH) != 0)
        die("cannot detach guest 0");
    await(0, WEIR_VSTACK_DETACHED);
    run("guest 0 back on the synthetic path");
    missing = settle();
    if (missing != 0 || flow[0].doubled + flow[1].doubled + flow[0].reordered + flow[1].reordered != 0)
        die("planned hand-overs lost %" PRIu64 " frames", missing);
    say("planned hand-overs: 0 lost, 0 doubled, 0 reordered");
    if (weir_vstack_revoke(vs, (unsigned)guest[1].id, WEIR_WHY_REMOVED) != 0)
        die("cannot revoke guest 1's VF");
    await(1, WEIR_VSTACK_DETACHED);
    run("guest 1 lost its VF without notice");
    missing = settle();
    r = weir_vstack_record(vs, weir_vstack_num_records(vs) - 1);
    say("surprise: %" PRIu64 " lost, %" PRIu64 " in the ledger", missing, r->tx_lost + r->rx_lost);
    if (missing > r->tx_lost + r->rx_lost || flow[0].doubled + flow[1].doubled != 0)
        die("more frames are lost than the ledger says");
    for (unsigned i = 0; i < GUESTS; i++) {
        weir_netvsc_close(guest[i].sc);
        uint64_t until = now_us() + 20000000;
        while (weir_vstack_state(vs, (unsigned)guest[i].id) != WEIR_VSTACK_NONE && now_us() < until)
            weir_vstack_poll(vs, now_us());
        weir_channel_detach(guest[i].guest_end);
        weir_channel_detach(guest[i].host_end);
        free(guest[i].area);
        flow_free(&flow[i]);
    }
    weir_vstack_close(vs);
    if (weir_pf_ledger(pf, err, sizeof(err)) != 0)
        die("%s", err);
    say("the card's ledger balances");
    weir_pf_close(pf);
}

int main(void) {
    char err[400];
    int cannot = pci_sim_prepare("weir-demo-pci");
    if (cannot != 0)
        return cannot;
    if (pci_sim_start(err, sizeof(err)) != 0)
        die("%s", err);
    job();
    // It checks every TLP; a broken rule is its exit status 2.
    if (pci_sim_stop() != 0)
        die("the card broke a TLP rule, or the simulator did not end in order");
    puts("  ok");
    return 0;
}
