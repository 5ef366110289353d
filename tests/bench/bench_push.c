// SPDX-License-Identifier: Apache-2.0
// From the doorbell's TLP to the frame's last beat on the wire, on the in-process bus and on the simulator's sockets
// (rows 10). There a thread stands for weir-sim while the driver sets up, which waits for answers; the frame is
// measured without it, turn by turn, so its cycles are exact.
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "bench.h"
#include "server.h"
#include "vfio_user.h"
#include "world.h"

struct rig {
    struct world w;
    struct weir_pf *pf;
    struct weir_server *server; // NULL: in-process
    pthread_t thread;
    atomic_bool stop;
    char dir[32];
    uint64_t out; // cycle in which the frame was on the wire
};

static void on_wire(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    (void)frame;
    (void)len;
    ((struct rig *)ctx)->out = cycle;
}

static void no_rx(void *ctx, const void *frame, const struct weir_rx_info *info) {
    (void)ctx;
    (void)frame;
    (void)info;
}

static void turn(struct rig *r) {
    struct pollfd fds[WEIR_SERVER_SLOTS];
    if (r->server == NULL) {
        card_step(r->w.card, 1, false);
        return;
    }
    unsigned n = weir_server_pollfds(r->server, fds, WEIR_SERVER_SLOTS);
    if (poll(fds, n, 0) > 0)
        weir_server_dispatch(r->server, fds, n);
    weir_server_run(r->server, weir_server_turn(r->server));
}

static void *simulate(void *arg) {
    struct rig *r = arg;
    while (!atomic_load(&r->stop))
        turn(r);
    return NULL;
}

static void let_run(struct rig *r) {
    atomic_store(&r->stop, false);
    CHECK(pthread_create(&r->thread, NULL, simulate, r) == 0, "no thread");
}

static void halt(struct rig *r) {
    atomic_store(&r->stop, true);
    pthread_join(r->thread, NULL);
}

static void begin(struct rig *r, bool socket) {
    const struct weir_pf_config cfg = {
        .num_vports = 1, .default_qps = 1, .tx_log2 = 8, .rx_log2 = 8, .buf_bytes = 2048};
    char err[256] = "", path[64];

    memset(r, 0, sizeof(*r));
    world_open_with(&r->w, socket ? -1 : 0, 1, 8);
    r->pf = r->w.pf;
    if (!socket)
        return;
    strcpy(r->dir, "/tmp/weir-bench-XXXXXX");
    CHECK(mkdtemp(r->dir) != NULL, "no folder in /tmp");
    r->server = weir_server_new(r->w.host, &(struct weir_server_options){.dir = r->dir}, err, sizeof(err));
    CHECK(r->server != NULL, "%s", err);
    let_run(r);
    snprintf(path, sizeof(path), "%s/pf.sock", r->dir);
    struct weir_bus *bus = weir_vfio_user_open(path, err, sizeof(err));
    CHECK(bus != NULL && weir_pf_open(bus, &cfg, &r->pf, err, sizeof(err)) == 0, "%s", err);
    halt(r);
}

static void end(struct rig *r) {
    if (r->server != NULL) {
        let_run(r);
        weir_pf_close(r->pf);
        halt(r);
        weir_server_free(r->server);
        CHECK(rmdir(r->dir) == 0, "%s: %s", r->dir, strerror(errno));
    }
    world_close(&r->w);
}

static int refuse(struct weir_bus *bus, uint64_t offset, const void *bytes) {
    (void)bus;
    (void)offset;
    (void)bytes;
    return -EOPNOTSUPP;
}

static double door(bool socket, bool pushed, unsigned bytes, unsigned latency) {
    static const uint8_t frame[1514] = {0x02, 0, 0, 0, 0, 0x99, 0x02, 0, 0, 0, 0, 0x01, 0x08};
    struct weir_bus_ops ops;
    struct weir_bus *bus;
    struct weir_qp *qp;
    struct rig r;
    uint64_t start;

    begin(&r, socket);
    qp = weir_pf_qp(r.pf, 0);
    bus = weir_dev_bus(weir_pf_dev(r.pf));
    ops = *bus->ops;
    if (!pushed)
        ops.bar_write64 = refuse;
    bus->ops = &ops;
    rc_set_timing(card_rc(r.w.card), &(struct rc_timing){.read_latency = latency, .seed = 1});
    wire_set_rx(card_wire(r.w.card), on_wire, &r);
    for (unsigned i = 0; i < 2000; i++)
        turn(&r);
    CHECK(weir_qp_send(qp, frame, bytes) >= 0, "send");
    start = card_cycles(r.w.card);
    weir_qp_ring_doorbell(qp);
    for (unsigned i = 0; i < 5000 && r.out == 0; i++)
        turn(&r);
    CHECK(r.out != 0, "no frame on the wire");
    CHECK(weir_qp_stats(qp)->tx_push == pushed, "pushed, or not, other than meant");
    for (unsigned i = 0; i < 2000; i++)
        turn(&r);
    weir_qp_poll(qp, 8, no_rx, NULL, NULL);
    end(&r);
    return (double)(r.out - start);
}

// A frame of up to 60 bytes that is alone goes with its doorbell.
BENCH_SCENARIO(bench_door) {
    figure[0].value = door(false, true, setup->from, setup->latency);
}

BENCH_SCENARIO(bench_door_unpushed) {
    figure[0].value = door(false, false, setup->from, setup->latency);
}

BENCH_SCENARIO(bench_door_socket) {
    figure[0].value = door(true, true, setup->from, setup->latency);
}

BENCH_SCENARIO(bench_door_socket_unpushed) {
    figure[0].value = door(true, false, setup->from, setup->latency);
}
