// SPDX-License-Identifier: Apache-2.0
// See sockets.h.
#include "sockets.h"

#include <poll.h>

const uint8_t pf_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
struct simproc sim;
struct weir_pf *pf;
const char *const plain[] = {"--vfs", "3", NULL};

void on_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    struct inbox *in = ctx;
    if (info->fence || (in->from != NULL && memcmp((const uint8_t *)frame + 6, in->from, 6) != 0))
        return;
    in->frames++;
    in->len = info->len;
    memcpy(in->data, frame, info->len < sizeof(in->data) ? info->len : sizeof(in->data));
}

void vf_mac(unsigned vf, uint8_t mac[6]) {
    const uint8_t m[6] = {0x02, 0, 0, 0, 1, (uint8_t)vf};
    memcpy(mac, m, 6);
}

struct weir_bus *open_bus(const char *fn) {
    char err[256] = "";
    struct weir_bus *bus = weir_vfio_user_open(simproc_socket(&sim, fn), err, sizeof(err));
    CHECK(bus != NULL, "%s", err);
    return bus;
}

void open_pf(void) {
    const struct weir_pf_config cfg = {
        .num_vfs = VFS, .num_vports = VFS + 1, .default_qps = 1, .tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    char err[256] = "";

    CHECK(weir_pf_open(open_bus("pf"), &cfg, &pf, err, sizeof(err)) == 0, "%s", err);
    CHECK(weir_pf_set_filter(pf, 100, 0, pf_mac, WEIR_FILTER_ANY_VLAN, 0) == 0, "no filter for the PF");
    for (unsigned vf = 0; vf < VFS; vf++) {
        uint8_t mac[6];
        vf_mac(vf, mac);
        CHECK(weir_pf_alloc_vf(pf, (int)vf, mac, "guest") == (int)vf, "cannot allocate VF %u", vf);
        CHECK(weir_pf_create_vport(pf, vf + 1, vf, 1, WEIR_VPORT_CHECK_SRC, "guest") == 0, "cannot make vPort %u",
              vf + 1);
        CHECK(weir_pf_set_filter(pf, vf + 1, vf + 1, mac, WEIR_FILTER_ANY_VLAN, 0) == 0, "no filter for VF %u", vf);
    }
}

void open_pf_only(void) {
    const struct weir_pf_config cfg = {
        .num_vfs = 0, .num_vports = 1, .default_qps = 1, .tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    char err[256] = "";
    CHECK(weir_pf_open(open_bus("pf"), &cfg, &pf, err, sizeof(err)) == 0, "%s", err);
}

struct weir_vf *open_vf(unsigned vf) {
    const struct weir_vf_config cfg = {.tx_log2 = 6, .rx_log2 = 6, .buf_bytes = 2048};
    struct weir_vf *v = NULL;
    char err[256] = "", name[8];

    snprintf(name, sizeof(name), "vf%u", vf);
    CHECK(weir_vf_open(open_bus(name), &cfg, &v, err, sizeof(err)) == 0, "%s: %s", name, err);
    return v;
}

void close_all(struct weir_vf *vf) {
    weir_vf_close(vf);
    for (unsigned i = 0; i < VFS; i++) {
        CHECK(weir_pf_clear_filter(pf, i + 1) == 0, "cannot clear filter %u", i + 1);
        CHECK(weir_pf_delete_vport(pf, i + 1) == 0, "cannot delete vPort %u", i + 1);
        CHECK(weir_pf_free_vf(pf, i) == 0, "cannot free VF %u", i);
    }
    CHECK(weir_pf_clear_filter(pf, 100) == 0, "cannot clear the PF's filter");
    weir_pf_close(pf);
}

void send_one(struct weir_qp *a, const uint8_t *src, struct weir_qp *b, const uint8_t *dst, size_t len,
              struct weir_bus *b_bus) {
    long until = simproc_now_ms() + WAIT_MS;
    struct inbox in = {.from = src};
    uint8_t f[1514];

    for (size_t i = 0; i < len; i++)
        f[i] = (uint8_t)world_rand();
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    f[12] = 0x88;
    f[13] = 0xB5;
    (void)b_bus->ops->irq_take(b_bus, 1);
    weir_qp_arm(b);
    CHECK(weir_qp_send(a, f, len) >= 0, "cannot send");
    weir_qp_ring_doorbell(a);
    if (b_bus->ops->irq_fd(b_bus, 1) >= 0) {
        struct pollfd p = {.fd = b_bus->ops->irq_fd(b_bus, 1), .events = POLLIN};
        CHECK(poll(&p, 1, WAIT_MS) == 1, "no interrupt in %d s", WAIT_MS / 1000);
        CHECK(b_bus->ops->irq_take(b_bus, 1) == 1, "not exactly one interrupt");
    }
    while ((in.frames == 0 || weir_qp_tx_pending(a) != 0) && simproc_now_ms() < until) {
        weir_qp_poll(b, 16, on_rx, NULL, &in);
        weir_qp_poll(a, 16, on_rx, NULL, &(struct inbox){0});
    }
    CHECK(in.frames == 1 && in.len == len && memcmp(in.data, f, len) == 0, "%u frames, length %zu of %zu", in.frames,
          in.len, len);
}

void ping_pong(struct weir_vf *vf, unsigned index, unsigned rounds) {
    struct weir_bus *pf_bus = weir_dev_bus(weir_pf_dev(pf)), *vf_bus = weir_dev_bus(weir_vf_dev(vf));
    uint8_t mac[6];

    vf_mac(index, mac);
    for (unsigned i = 0; i < rounds; i++) {
        send_one(weir_pf_qp(pf, 0), pf_mac, weir_vf_qp(vf, 0), mac, 60 + world_rand() % 1455, vf_bus);
        send_one(weir_vf_qp(vf, 0), mac, weir_pf_qp(pf, 0), pf_mac, 60 + world_rand() % 1455, pf_bus);
    }
}
