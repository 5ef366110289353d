// SPDX-License-Identifier: Apache-2.0
// Doorbell-inline frames by all ways that a host has to the card: the root complex, a socket's region write, the file
// of the live PCI tree. A whole slot is one TLP and needs no read; one that comes torn, doubled or overtaken is a
// doorbell, and the frame, which lies in the ring, goes out once, whole and in order.
#include <errno.h>

#include "card.h"
#include "fn.h"
#include "pci_tree.h"
#include "torn_bus.h"
#include "world.h"

#define FRAMES 700u
#define PF_BAR0 0 // region of vfio-user
#define PF_CONFIG 7

static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};
static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

static struct world w;
static struct fn *fn;
static struct pci_tree *tree;
static uint32_t out; // frames on the wire, each with its number and what follows from it

static void make(uint8_t f[60], uint32_t number) {
    memset(f, (int)(number * 7), 60);
    memcpy(f, peer_mac, 6);
    memcpy(f + 6, own_mac, 6);
    f[12] = 0x88, f[13] = 0xB5;
    memcpy(f + 14, &number, 4);
}

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    uint8_t want[60];
    (void)ctx;
    (void)cycle;
    make(want, out);
    CHECK(len == sizeof(want) && memcmp(frame, want, len) == 0, "frame %u is wrong, doubled or out of order", out);
    out++;
}

static void no_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    (void)frame;
    (void)info;
}

static int by_root_complex(struct weir_bus *bus, uint64_t offset, const void *bytes, unsigned n) {
    uint64_t size, bar = host_bar(w.host, 0, &size);
    (void)bus;
    return rc_mem_write_bytes(card_rc(w.card), bar + offset, bytes, n);
}

static int by_socket(struct weir_bus *bus, uint64_t offset, const void *bytes, unsigned n) {
    (void)bus;
    return fn_ops.region_write(fn, PF_BAR0, offset, bytes, n);
}

static int by_file(struct weir_bus *bus, uint64_t offset, const void *bytes, unsigned n) {
    (void)bus;
    return pci_tree_write(tree, 0, "resource0", bytes, n, offset) == (int)n ? 0 : -1;
}

static torn_write_fn const ways[] = {NULL, by_root_complex, by_socket, by_file};
static torn_write_fn way;

static int whole(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    return way(bus, offset, bytes, 64);
}

static void begin(void) {
    static const uint8_t command[2] = {6, 0};
    world_open(&w, 0);
    wire_set_rx(card_wire(w.card), on_wire, NULL);
    fn = fn_new(w.host, 0, NULL);
    tree = pci_tree_new(w.host);
    CHECK(fn != NULL && tree != NULL && fn_ops.region_write(fn, PF_CONFIG, 4, command, 2) == 0, "no way to the card");
    out = 0;
}

static void end(void) {
    pci_tree_free(tree);
    fn_free(fn);
    world_close(&w);
}

static void one_write_is_one_tlp(void) {
    struct weir_bus_ops ops;
    struct weir_qp *qp;
    struct weir_bus *bus;
    uint8_t f[60];

    begin();
    qp = weir_pf_qp(w.pf, 0);
    bus = weir_dev_bus(weir_pf_dev(w.pf));
    ops = *bus->ops;
    for (unsigned i = 0; i < 4; i++) {
        struct rc_stats before;
        if ((way = ways[i]) != NULL)
            ops.bar_write64 = whole;
        bus->ops = &ops;
        world_settle(&w);
        make(f, out);
        CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "way %u: cannot send", i);
        before = *rc_stats(card_rc(w.card));
        weir_qp_ring_doorbell(qp);
        card_step(w.card, 200, false);
        CHECK(out == i + 1, "way %u: no frame", i);
        CHECK(rc_stats(card_rc(w.card))->tlps_to_card == before.tlps_to_card + 1 &&
                  rc_stats(card_rc(w.card))->reads == before.reads,
              "way %u: %" PRIu64 " TLPs to the card, %" PRIu64 " reads of the host's memory", i,
              rc_stats(card_rc(w.card))->tlps_to_card - before.tlps_to_card,
              rc_stats(card_rc(w.card))->reads - before.reads);
        weir_qp_poll(qp, 8, no_rx, NULL, NULL);
    }
    CHECK(weir_qp_stats(qp)->tx_push == 4, "%" PRIu64 " of 4 pushed", weir_qp_stats(qp)->tx_push);
    end();
}

static unsigned asked;

static int refuse(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    (void)bus;
    (void)offset;
    (void)bytes;
    asked++;
    return -EOPNOTSUPP;
}

// Asked once, and the frame goes by the bell, as do all behind it.
static void a_bus_that_cannot_is_asked_once(void) {
    struct weir_bus_ops ops;
    struct weir_qp *qp;
    struct weir_bus *bus;
    uint8_t f[60];

    begin();
    qp = weir_pf_qp(w.pf, 0);
    bus = weir_dev_bus(weir_pf_dev(w.pf));
    ops = *bus->ops;
    ops.bar_write64 = refuse;
    bus->ops = &ops;
    for (unsigned i = 0; i < 5; i++) {
        make(f, i);
        CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "cannot send");
        weir_qp_ring_doorbell(qp);
        world_settle(&w);
        weir_qp_poll(qp, 8, no_rx, NULL, NULL);
        CHECK(out == i + 1, "frame %u did not go", i);
    }
    CHECK(asked == 1 && weir_qp_stats(qp)->tx_push == 0, "asked %u times", asked);
    end();
}

static void torn_doubled_and_overtaken(void) {
    for (unsigned i = 0; i < 4; i++) {
        struct weir_qp *qp;
        struct weir_bus *bus;
        uint8_t f[60];

        begin();
        qp = weir_pf_qp(w.pf, 0);
        bus = weir_dev_bus(weir_pf_dev(w.pf));
        torn_begin(bus, ways[i]);
        for (uint32_t n = 0; n < FRAMES; n++) {
            make(f, n);
            CHECK(weir_qp_send(qp, f, sizeof(f)) >= 0, "way %u: frame %u finds no room", i, n);
            if (n == FRAMES - 1)
                torn_end(bus, FRAMES / 20); // nothing overtakes the last
            weir_qp_ring_doorbell(qp);
            card_step(w.card, world_rand() % 100, false);
            weir_qp_poll(qp, 8, no_rx, NULL, NULL);
        }
        world_settle(&w);
        weir_qp_poll(qp, 64, no_rx, NULL, NULL);
        CHECK(out == FRAMES && weir_qp_tx_pending(qp) == 0, "way %u: %u of %u frames", i, out, FRAMES);
        end();
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"one_write_is_one_tlp", one_write_is_one_tlp},
                 {"a_bus_that_cannot_is_asked_once", a_bus_that_cannot_is_asked_once},
                 {"torn_doubled_and_overtaken", torn_doubled_and_overtaken}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_push <case>\n");
    return 2;
}
