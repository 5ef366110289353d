// SPDX-License-Identifier: Apache-2.0
// See guest_run.h.
#include "guest_run.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vfio_user.h"
#include "weir/partition.h"
#include "weir_abi.h"

#define BURST 32u
#define WAIT_BUSY_MS 1   // a hand-over is under way, or a frame waits for room
#define WAIT_IDLE_MS 100 // timers only: everything else wakes us
#define CHECK_US 200000u // between looks whether the VF still lives: a look wakes the card

struct guest_run {
    struct guest_options opt;
    char card[108];
    struct weir_partition *partition;
    struct weir_netvsc *nic;
    enum weir_netvsc_state told; // state that was last spoken of
    size_t waiting;              // length of a frame that found no room, 0 = none
    uint8_t frame[WEIR_MAX_FRAME];
};

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

__attribute__((format(printf, 2, 3))) static void say(const struct guest_run *g, const char *fmt, ...) {
    char line[256];
    va_list ap;
    if (g->opt.log == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    g->opt.log(g->opt.log_ctx, line);
}

static void on_rx(void *ctx, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    const struct guest_run *g = ctx;
    // A full device drops the frame, as a full socket buffer would: that is the guest kernel's affair.
    ssize_t n = write(g->opt.tap, frame, len);
    (void)n;
    (void)info;
}

static int open_vf(void *ctx, unsigned fn, struct weir_bus **bus) {
    const struct guest_run *g = ctx;
    char path[128], err[256];
    if (fn == 0)
        return -EINVAL;
    snprintf(path, sizeof(path), "%s/vf%u.sock", g->card, fn - 1);
    *bus = weir_vfio_user_open(path, err, sizeof(err));
    return *bus != NULL ? 0 : -EAGAIN;
}

struct guest_run *guest_new(const struct guest_options *o, char *err, size_t err_size) {
    struct weir_netvsc_config nc = {
        .rx = on_rx, .open_vf = open_vf, .vf = {.tx_log2 = 8, .rx_log2 = 10, .buf_bytes = 2048}, .check_us = CHECK_US};
    struct guest_run *g = calloc(1, sizeof(*g));
    char path[128];
    int ret;

    if (g == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    g->opt = *o;
    snprintf(path, sizeof(path), "%s/guest.sock", o->parent);
    if (weir_partition_connect(path, o->name, o->mac, g->card, &g->partition, err, err_size) != 0)
        goto err_guest;
    nc.ctx = g;
    nc.channel = weir_partition_channel(g->partition);
    ret = weir_netvsc_open(&nc, &g->nic);
    if (ret != 0) {
        snprintf(err, err_size, "cannot open NetVSC: %s", strerror(-ret));
        goto err_guest;
    }
    return g;

err_guest:
    guest_free(g);
    return NULL;
}

void guest_free(struct guest_run *g) {
    if (g == NULL)
        return;
    weir_netvsc_close(g->nic);
    weir_partition_close(g->partition);
    free(g);
}

// What the guest's stack wants to send. What finds no room waits, and behind it the device's own queue.
static unsigned send_some(struct guest_run *g) {
    unsigned n;
    for (n = 0; n < BURST; n++) {
        int err;
        if (g->waiting == 0) {
            ssize_t got = read(g->opt.tap, g->frame, sizeof(g->frame));
            if (got <= 0)
                break;
            g->waiting = (size_t)got;
        }
        err = weir_netvsc_send(g->nic, g->frame, g->waiting);
        if (err == -EAGAIN)
            break;
        g->waiting = 0; // sent, or no frame for a network: too short, too long
    }
    return n;
}

static void speak(struct guest_run *g) {
    enum weir_netvsc_state state = weir_netvsc_state(g->nic);
    bool arrived = state == WEIR_NETVSC_ON_VF || state == WEIR_NETVSC_SYNTHETIC;
    if (!arrived || state == g->told)
        return;
    g->told = state;
    say(g, "%s: %s", state == WEIR_NETVSC_ON_VF ? "on the VF path" : "on the synthetic path",
        weir_why_text(weir_netvsc_why(g->nic)));
}

static unsigned waiting_for(struct guest_run *g, struct pollfd *fds) {
    struct weir_vf *vf = weir_netvsc_vf(g->nic);
    unsigned n = 0;
    fds[n++] = (struct pollfd){.fd = weir_partition_fd(g->partition), .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = weir_partition_bell(g->partition), .events = POLLIN};
    if (g->waiting == 0)
        fds[n++] = (struct pollfd){.fd = g->opt.tap, .events = POLLIN};
    for (unsigned i = 0; vf != NULL && i < weir_vf_num_qps(vf); i++)
        fds[n++] = (struct pollfd){.fd = weir_qp_wait_fd(weir_vf_qp(vf, i)), .events = POLLIN};
    return n;
}

int guest_run(struct guest_run *g, const volatile int *stop) {
    unsigned idle = 0;
    say(g, "on the synthetic path: %s", weir_why_text(weir_netvsc_why(g->nic)));
    while (*stop == 0) {
        struct pollfd fds[3 + WEIR_VF_MAX_QPS];
        enum weir_netvsc_state state;
        unsigned work, n;
        bool at_rest;

        weir_partition_hush(g->partition);
        work = send_some(g);
        work += weir_netvsc_poll(g->nic, now_us());
        speak(g);
        state = weir_netvsc_state(g->nic);
        if (state == WEIR_NETVSC_DEAD || weir_partition_peer_gone(g->partition))
            return -EPIPE;
        idle = work != 0 ? 0 : idle + 1;
        at_rest = (state == WEIR_NETVSC_ON_VF || state == WEIR_NETVSC_SYNTHETIC) && g->waiting == 0;
        n = waiting_for(g, fds);
        // Once more without sleeping after the queues were armed: what came before that rings no bell.
        if (poll(fds, n, idle < 2 ? 0 : at_rest ? WAIT_IDLE_MS : WAIT_BUSY_MS) < 0 && errno != EINTR)
            return -errno;
    }
    return 0;
}

const struct weir_netvsc_stats *guest_stats(const struct guest_run *g) {
    return weir_netvsc_stats(g->nic);
}
