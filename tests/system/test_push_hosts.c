// SPDX-License-Identifier: Apache-2.0
// Doorbell-inline frames on the buses that programs use, weir-sim a process of its own: through its sockets, and
// through the unmodified libpciaccess in its live PCI tree. Sent one by one each is pushed; torn, doubled and overtaken
// ones arrive once and in order all the same. Real time; every wait is bounded.
#include <unistd.h>

#include "hosts.h"
#include "pci_sim.h"
#include "torn_bus.h"
#include "vfio_user.h"
#include "weir_pciaccess.h"
#include "world.h"

#define CALM 50u
#define TORN 300u
#define PATIENCE_MS 60000 // without a frame: of a machine ten times slower

static const uint8_t vf_mac[6] = {2, 0, 0, 0, 0, 0x10}, pf_mac[6] = {2, 0, 0, 0, 0, 1};
static struct weir_pf *pf;
static struct weir_vf *vf;
static uint32_t came;

static void make(uint8_t f[60], uint32_t number) {
    memset(f, (int)(number * 7), 60);
    memcpy(f, pf_mac, 6);
    memcpy(f + 6, vf_mac, 6);
    f[12] = 0x88, f[13] = 0xB5;
    memcpy(f + 14, &number, 4);
}

static void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    uint8_t want[60];
    (void)ctx;
    make(want, came);
    CHECK(!info->fence && info->len == sizeof(want) && memcmp(frame, want, sizeof(want)) == 0,
          "frame %u is wrong, doubled or out of order", came);
    came++;
}

static void no_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    (void)frame;
    (void)info;
}

// Until so many frames have come and at most `pending` are under way.
static void await(uint32_t frames, unsigned pending) {
    uint32_t last = came;
    for (long until = simproc_now_ms() + PATIENCE_MS;
         came < frames || weir_qp_tx_pending(weir_vf_qp(vf, 0)) > pending;) {
        weir_qp_poll(weir_pf_qp(pf, 0), 16, on_rx, NULL, NULL);
        weir_qp_poll(weir_vf_qp(vf, 0), 16, no_rx, NULL, NULL);
        if (came != last)
            until = simproc_now_ms() + PATIENCE_MS;
        last = came;
        CHECK(simproc_now_ms() < until, "only %u of %u frames came", came, frames);
    }
}

static void send_one(uint32_t number) {
    uint8_t f[60];
    make(f, number);
    CHECK(weir_qp_send(weir_vf_qp(vf, 0), f, sizeof(f)) >= 0, "no room for frame %u", number);
    weir_qp_ring_doorbell(weir_vf_qp(vf, 0));
}

static void push_through(struct weir_bus *pf_bus, struct weir_bus *(*open_vf)(void)) {
    const struct weir_pf_config pc = {
        .num_vfs = 1, .num_vports = 2, .default_qps = 1, .tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    const struct weir_vf_config vc = {.tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    const struct weir_qp_stats *s;
    char err[256] = "", text[160] = "";

    CHECK(weir_pf_open(pf_bus, &pc, &pf, err, sizeof(err)) == 0, "%s", err);
    CHECK(weir_pf_alloc_vf(pf, 0, vf_mac, "guest") == 0 &&
              weir_pf_create_vport(pf, 1, 0, 1, WEIR_VPORT_CHECK_SRC, "guest") == 0 &&
              weir_pf_set_filter(pf, 1, 0, pf_mac, WEIR_FILTER_ANY_VLAN, 0) == 0,
          "the PF driver cannot set up its VF");
    CHECK(weir_vf_open(open_vf(), &vc, &vf, err, sizeof(err)) == 0, "%s", err);
    s = weir_qp_stats(weir_vf_qp(vf, 0));
    for (uint32_t i = 0; i < CALM; i++) {
        send_one(i);
        await(i + 1, 0);
    }
    CHECK(s->tx_push == CALM, "%" PRIu64 " of %u frames were pushed", s->tx_push, CALM);
    torn_begin(weir_dev_bus(weir_vf_dev(vf)), NULL);
    for (uint32_t i = CALM; i < CALM + TORN; i++) {
        if (i == CALM + TORN - 1)
            torn_end(weir_dev_bus(weir_vf_dev(vf)), TORN / 20); // nothing overtakes the last
        send_one(i);
        await(0, 6);
    }
    await(CALM + TORN, 0);
    CHECK(s->tx_rung_again == 0 && s->tx_errors == 0, "the watchdog or an error was needed");
    CHECK(weir_pf_ledger(pf, text, sizeof(text)) == 0, "%s", text);
    weir_vf_close(vf);
    CHECK(weir_pf_clear_filter(pf, 1) == 0 && weir_pf_delete_vport(pf, 1) == 0 && weir_pf_free_vf(pf, 0) == 0, "end");
    weir_pf_close(pf);
}

static struct weir_bus *open_socket(const char *name) {
    char err[256] = "";
    struct weir_bus *bus = weir_vfio_user_open(simproc_socket(&sim, name), err, sizeof(err));
    CHECK(bus != NULL, "%s", err);
    return bus;
}

static struct weir_bus *socket_vf(void) {
    return open_socket("vf0");
}

static void vfio_user(void) {
    const char *const args[] = {"--vfs", "1", NULL};
    simproc_start(&sim, args);
    push_through(open_socket("pf"), socket_vf);
    simproc_stop(&sim);
}

static struct weir_bus *open_pci(const char *slot, enum weir_pciaccess_kind kind) {
    char err[256] = "";
    struct weir_bus *bus = weir_pciaccess_open(slot, kind, err, sizeof(err));
    CHECK(bus != NULL, "%s", err);
    return bus;
}

static struct weir_bus *pci_vf(void) {
    return open_pci("0000:01:00.1", WEIR_PCIACCESS_VF);
}

static void pciaccess(void) {
    char err[256] = "", tree[64];
    const char *const args[] = {"--sysfs", tree, "--vfs", "0", NULL};

    if (pci_sim_prepare(err, sizeof(err)) != 0) {
        puts(err);
        exit(77);
    }
    snprintf(tree, sizeof(tree), "/tmp/weir-test-push.%d", (int)getpid());
    simproc_start(&sim, args);
    CHECK(pci_sim_show(tree, err, sizeof(err)) == 0, "%s", err);
    push_through(open_pci(PCI_SIM_PF, WEIR_PCIACCESS_PF), pci_vf);
    pci_sim_hide();
    simproc_stop(&sim);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"vfio_user", vfio_user}, {"pciaccess", pciaccess}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_push_hosts <case>\n");
    return 2;
}
