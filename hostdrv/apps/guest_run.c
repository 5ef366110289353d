// SPDX-License-Identifier: Apache-2.0
// See guest_run.h.
#include "guest_run.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/virtio_net.h>

#include "await.h"
#include "guest_path.h"
#include "guest_tap.h"
#include "text.h"
#include "weir/partition.h"
#include "weir/rate.h"
#include "weir_abi.h"

#define BURST 32u
#define TX_LOG2 8u       // of a VF's transmit ring, at most
#define WAIT_BUSY_MS 1   // a hand-over is under way, or a frame waits for room
#define WAIT_IDLE_MS 100 // timers only: everything else wakes us
#define CHECK_US 200000u // between looks whether the VF still lives: a look wakes the card
#define ASK_US 50000u    // between questions for the VF's connection
#define KNOCK_MS 20      // between knocks at the door of a parent that is gone; an answer may take
#define ANSWER_US 10000000u
#define WATCH_US 1000000u // between looks at the device's MTU
#define EARLY_FRAMES 1000u
#define HEADER (sizeof(struct virtio_net_hdr))

struct guest_run {
    struct guest_options opt;
    struct weir_partition *partition;
    struct weir_partition_terms terms;
    struct weir_partition *knocked; // no parent yet, but one has heard us
    uint64_t alone_since, next_knock;
    uint64_t next_ask, next_watch;
    unsigned early;                // frames thrown away while the device came up
    struct weir_netvsc_stats past; // under earlier parents
    bool set_up;                   // the device was, once
    struct weir_netvsc *nic;
    enum weir_netvsc_state told; // what was last spoken of
    enum weir_why told_why;
    uint64_t told_refused, told_dropped;
    char told_error[256];
    size_t waiting;                 // length of a frame that found no room, 0 = none
    struct weir_tx_offload offload; // what it asked for
    struct weir_rate log_rate;
    int told_path;                            // the last *opt.asked
    bool carrier;                             // as the device has it
    uint8_t buf[HEADER + WEIR_MAX_FRAME + 1]; // one more: a longer frame shows
};

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

__attribute__((format(printf, 2, 3))) static void say(struct guest_run *g, const char *fmt, ...) {
    char line[256];
    uint64_t missing = g->log_rate.refused;
    va_list ap;
    // The parent can make us speak as often as it likes.
    if (g->opt.log == NULL || !weir_rate_take(&g->log_rate, now_us()))
        return;
    if (missing != 0) {
        snprintf(line, sizeof(line), "%llu lines suppressed", (unsigned long long)weir_rate_refused(&g->log_rate));
        g->opt.log(g->opt.log_ctx, line);
    }
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    g->opt.log(g->opt.log_ctx, line);
}

static void on_rx(void *ctx, const void *frame, size_t len, const struct weir_netvsc_rx *info) {
    const struct guest_run *g = ctx;
    // Of a frame whose transport checksum the card found good the guest's stack need not compute it again.
    struct virtio_net_hdr header = {.flags = info->l4 == WEIR_CSUM_GOOD ? VIRTIO_NET_HDR_F_DATA_VALID : 0};
    struct iovec part[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)frame, len}};
    unsigned skip = g->opt.virtio_header ? 0 : 1;
    // A full device has no room, as a full socket buffer has none; one that is down takes nothing.
    if (writev(g->opt.tap, part + skip, (int)(2 - skip)) < 0)
        weir_netvsc_dropped(g->nic,
                            errno == EAGAIN || errno == ENOBUFS ? WEIR_GUEST_rx_drop_full : WEIR_GUEST_rx_drop_down);
}

// The parent tells the way to a VF only to the guest it offers it to, and only while it does.
static int open_vf(void *ctx, unsigned fn, struct weir_bus **bus) {
    struct guest_run *g = ctx;
    char err[256];
    int ret;

    if (now_us() < g->next_ask)
        return -EAGAIN;
    ret = app_bus_vf(&g->opt.bus, g->partition, fn, bus, err, sizeof(err));
    if (ret == -EINPROGRESS)
        return -EAGAIN;
    g->next_ask = now_us() + ASK_US;
    if (ret != 0 && err[0] != '\0' && strcmp(err, g->told_error) != 0)
        say(g, "cannot open the VF%s: %s", ret == -EAGAIN ? " yet" : "", err);
    snprintf(g->told_error, sizeof(g->told_error), "%s", ret != 0 ? err : "");
    return ret;
}

// What the parent says of address and MTU goes to the device, so that both paths carry what the guest's stack sends.
static int set_up_device(struct guest_run *g, char *err, size_t err_size) {
    char mac[18];
    int ret;
    if (!guest_tap_is_one(g->opt.tap))
        return 0;
    ret = guest_tap_set_mac(g->opt.tap, g->terms.mac);
    if (ret != 0)
        say(g, "cannot give the device its address (%s): ip link set DEVICE address %s", strerror(-ret),
            text_of_mac(mac, g->terms.mac));
    // What the stack sent while the device came up has another source: it would be dropped as spoofed.
    while (!g->set_up && g->early < EARLY_FRAMES && read(g->opt.tap, g->buf, sizeof(g->buf)) > 0)
        g->early++;
    (void)guest_tap_set_carrier(g->opt.tap, g->carrier); // an older guest may have left it otherwise
    ret = guest_tap_set_mtu(g->opt.tap, g->terms.mtu);
    if (ret != 0 && guest_tap_mtu(g->opt.tap) > (int)g->terms.mtu) {
        snprintf(err, err_size, "cannot set the device's MTU to the parent's %u: %s", g->terms.mtu, strerror(-ret));
        return ret;
    }
    g->set_up = true;
    return 0;
}

// The carrier is what the parent says. Somebody may raise the MTU later: what neither path carries would vanish.
static void watch_device(struct guest_run *g) {
    bool carrier = weir_netvsc_carrier(g->nic);
    int mtu;
    if (carrier != g->carrier) {
        g->carrier = carrier;
        say(g, "%s", carrier ? "the carrier is up" : "the carrier is down");
        (void)guest_tap_set_carrier(g->opt.tap, carrier);
    }
    if (now_us() < g->next_watch)
        return;
    g->next_watch = now_us() + WATCH_US;
    mtu = guest_tap_mtu(g->opt.tap);
    if (mtu > (int)g->terms.mtu) {
        int ret = guest_tap_set_mtu(g->opt.tap, g->terms.mtu);
        say(g, "the device's MTU was %d; the parent carries %u: %s", mtu, g->terms.mtu,
            ret == 0 ? "put back" : strerror(-ret));
    }
}

// ---- the parent ----

static bool stopped(const struct guest_run *g) {
    return g->opt.stop != NULL && *g->opt.stop != 0;
}

// Whether an error of weir_partition_connect may go away: nobody is there, or not ready. Back from an absence, our own
// place may still be kept for who we were.
static bool may_pass(int err, bool back) {
    if (await_helps(err))
        return true;
    switch (-err) {
    case EINTR:
    case EAGAIN:
    case ETIMEDOUT:
    case EBUSY:
    case EEXIST:
    case ENOSPC:
        return back;
    default:
        return false;
    }
}

// Tries until there is a parent that takes us, or `until`.
static int find_parent(struct guest_run *g, uint64_t until, bool back, char *err, size_t err_size) {
    struct weir_partition_wish wish = {.name = g->opt.name, .mac = g->opt.own_mac ? g->opt.mac : NULL};
    char path[160];
    int ret;
    snprintf(path, sizeof(path), "%s/guests/guest.sock", g->opt.parent);
    for (;;) {
        ret = weir_partition_connect(path, &wish, &g->terms, &g->partition, err, err_size);
        if (ret == 0 || !may_pass(ret, back) || !await_more(until, g->opt.stop))
            return ret;
    }
}

// A parent has taken us, and we have nothing of another.
static int begin(struct guest_run *g, char *err, size_t err_size) {
    struct weir_netvsc_config nc = {.ctx = g, .rx = on_rx, .open_vf = open_vf, .check_us = CHECK_US};
    int ret = set_up_device(g, err, err_size);
    if (ret != 0)
        return ret;
    nc.channel = weir_partition_channel(g->partition);
    nc.vf.buf_bytes = weir_partition_buffer(g->terms.mtu);
    nc.vf.rx_log2 = app_bus_ring_log2(&g->opt.bus, nc.vf.buf_bytes);
    nc.vf.tx_log2 = nc.vf.rx_log2 < TX_LOG2 ? nc.vf.rx_log2 : TX_LOG2;
    memcpy(nc.vf.mac, g->terms.mac, 6);
    ret = weir_netvsc_open(&nc, &g->nic);
    if (ret != 0)
        snprintf(err, err_size, "cannot open NetVSC: %s", strerror(-ret));
    return ret;
}

static int join(struct guest_run *g, uint64_t until, bool back, char *err, size_t err_size) {
    int ret = find_parent(g, until, back, err, err_size);
    return ret == 0 ? begin(g, err, err_size) : ret;
}

static void add_stats(struct weir_netvsc_stats *sum, const struct weir_netvsc_stats *more) {
    const uint64_t *from = (const void *)more;
    uint64_t *to = (void *)sum;
    for (unsigned i = 0; i < sizeof(*sum) / sizeof(*to); i++)
        to[i] += from[i];
}

static void leave(struct guest_run *g) {
    if (g->nic != NULL)
        add_stats(&g->past, weir_netvsc_stats(g->nic));
    weir_netvsc_close(g->nic);
    weir_partition_close(g->partition);
    weir_partition_close(g->knocked);
    g->nic = NULL;
    g->partition = g->knocked = NULL;
}

static void say_back(struct guest_run *g, uint64_t since, const char *where) {
    say(g, "the parent is back after %llu ms; %s", (unsigned long long)(now_us() - since) / 1000, where);
}

// The parent is gone. The device stays as it is: on a VF it goes on, else with what is under way in it, until there is
// one again.
static int lose_parent(struct guest_run *g) {
    uint64_t since = now_us();
    char err[256] = "";
    int ret;
    if (weir_partition_sent_away(g->partition))
        return -EPIPE;
    if (!g->opt.bus.pci && weir_netvsc_alone(g->nic)) {
        weir_partition_close(g->partition);
        g->partition = NULL;
        g->alone_since = g->next_knock = since;
        say(g, "the parent is gone; going on on the VF");
        return 0;
    }
    weir_netvsc_parent_gone(g->nic);
    leave(g);
    say(g, "the parent is gone; waiting for it");
    ret = join(g, UINT64_MAX, true, err, sizeof(err));
    if (ret != 0 && stopped(g))
        return 0;
    if (ret != 0) {
        say(g, "%s", err);
        return ret;
    }
    g->told = WEIR_NETVSC_SYNTHETIC;
    say_back(g, since, "on the synthetic path");
    return 0;
}

// On a VF that a parent gave who is gone: looks for the next, and does not wait for it.
static int look_for_parent(struct guest_run *g) {
    struct weir_vf *vf = weir_netvsc_vf(g->nic);
    struct weir_partition_wish wish = {.name = g->opt.name,
                                       .mac = g->opt.own_mac ? g->opt.mac : NULL,
                                       .fn = vf != NULL ? weir_dev_fn(weir_vf_dev(vf)) : 0,
                                       .vf_mtu = g->terms.mtu};
    struct weir_partition_terms terms;
    char path[160], err[256] = "";
    int ret;
    if (now_us() >= g->next_knock && g->knocked == NULL) {
        g->next_knock = now_us() + KNOCK_MS * 1000u;
        snprintf(path, sizeof(path), "%s/guests/guest.sock", g->opt.parent);
        ret = weir_partition_knock(path, &wish, &g->knocked, err, sizeof(err));
        if (ret != 0 && !may_pass(ret, true)) {
            say(g, "%s", err);
            return ret;
        }
    }
    if (g->knocked == NULL)
        return 0;
    ret = weir_partition_welcomed(g->knocked, &terms, err, sizeof(err));
    if (ret == -EAGAIN && now_us() < g->next_knock + ANSWER_US)
        return 0;
    if (ret != 0) {
        weir_partition_close(g->knocked);
        g->knocked = NULL;
        if (!may_pass(ret, true))
            say(g, "%s", err);
        return may_pass(ret, true) ? 0 : ret;
    }
    g->terms = terms;
    if (terms.token != 0 && weir_netvsc_state(g->nic) == WEIR_NETVSC_ALONE) {
        g->partition = g->knocked;
        g->knocked = NULL;
        weir_netvsc_rejoin(g->nic, weir_partition_channel(g->partition), terms.token);
        say_back(g, g->alone_since, "on the VF path");
        return set_up_device(g, err, sizeof(err));
    }
    // It does not know our VF, or the VF is gone: from the start, on its terms.
    {
        struct weir_partition *p = g->knocked;
        g->knocked = NULL;
        weir_netvsc_parent_gone(g->nic);
        leave(g);
        g->partition = p;
    }
    ret = begin(g, err, sizeof(err));
    if (ret != 0) {
        say(g, "%s", err);
        return ret;
    }
    g->told = WEIR_NETVSC_SYNTHETIC;
    say_back(g, g->alone_since, "on the synthetic path");
    return 0;
}

struct guest_run *guest_new(const struct guest_options *o, char *err, size_t err_size) {
    struct guest_run *g = calloc(1, sizeof(*g));

    if (g == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    g->opt = *o;
    g->carrier = true;
    weir_rate_init(&g->log_rate, 16, 2, now_us());
    if (join(g, await_until(o->wait_s), false, err, err_size) == 0) {
        for (unsigned i = 0; i < g->early; i++)
            weir_netvsc_dropped(g->nic, WEIR_GUEST_tx_drop_early);
        return g;
    }
    guest_free(g);
    return NULL;
}

void guest_free(struct guest_run *g) {
    if (g == NULL)
        return;
    leave(g);
    free(g);
}

// Where the transport header of the frame begins, for the card; 0: it looks for none.
static unsigned transport_at(const uint8_t *f, size_t len) {
    unsigned l3 = len >= 18 && f[12] == 0x81 && f[13] == 0 ? 18 : 14;
    return len < l3 + 1 ? 0 : l3 + (f[l3] >> 4 == 6 ? 40u : 20u);
}

// RFC 1071 over what the stack left open: its field holds the pseudo header's sum.
static void sum_up(uint8_t *f, size_t len, unsigned start, unsigned field) {
    uint32_t sum = 0;
    for (size_t i = start; i < len; i += 2)
        sum += (uint32_t)f[i] << 8 | (i + 1 < len ? f[i + 1] : 0u);
    while (sum >> 16 != 0)
        sum = (sum & 0xFFFF) + (sum >> 16);
    sum = sum == 0xFFFF ? 0xFFFF : ~sum & 0xFFFF; // a zero would mean "none" to UDP
    f[field] = (uint8_t)(sum >> 8);
    f[field + 1] = (uint8_t)sum;
}

// The next frame of the guest's stack, its checksum left to the card where the card can do it. False: none there.
static bool next_frame(struct guest_run *g) {
    const struct weir_tx_offload l4 = {.flags = WEIR_TX_CSUM_L4};
    struct virtio_net_hdr h = {0};
    size_t skip = g->opt.virtio_header ? HEADER : 0, len;
    ssize_t got = read(g->opt.tap, g->buf + HEADER - skip, skip + WEIR_MAX_FRAME + 1);
    uint8_t *f = g->buf + HEADER;

    if (got <= 0)
        return false;
    len = (size_t)got <= skip ? 0 : (size_t)got - skip;
    if (len == 0 || len > weir_partition_buffer(g->terms.mtu)) {
        weir_netvsc_dropped(g->nic, WEIR_GUEST_tx_drop_size); // the same on both paths
        g->waiting = 0;
        return true;
    }
    memcpy(&h, g->buf, skip);
    g->offload = (struct weir_tx_offload){0};
    if ((h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0 && (size_t)h.csum_start + h.csum_offset + 2 <= len) {
        if (h.csum_start == transport_at(f, len) && weir_tx_check(f, len, len, &l4) == 0)
            g->offload = l4;
        else
            sum_up(f, len, h.csum_start, h.csum_start + h.csum_offset);
    }
    g->waiting = len;
    return true;
}

// What the guest's stack wants to send. What finds no room waits, and behind it the device's own queue.
static unsigned send_some(struct guest_run *g) {
    unsigned n;
    int ret;
    for (n = 0; n < BURST; n++) {
        if (g->waiting == 0 && !next_frame(g))
            break;
        if (g->waiting == 0)
            continue;
        ret = weir_netvsc_send_offload(g->nic, g->buf + HEADER, g->waiting, &g->offload);
        if (ret == -EAGAIN)
            break;
        if (ret != 0)
            weir_netvsc_dropped(g->nic, ret == -EMSGSIZE ? WEIR_GUEST_tx_drop_size
                                        : ret == -EPIPE  ? WEIR_GUEST_tx_drop_dead
                                                         : WEIR_GUEST_tx_drop_offload);
        g->waiting = 0;
    }
    weir_netvsc_waiting(g->nic, g->waiting != 0 ? 1 : 0);
    return n;
}

// What a person in the guest wants to know: which path, why, and that frames vanish on the way.
static void log_changes(struct guest_run *g) {
    enum weir_netvsc_state state = weir_netvsc_state(g->nic);
    const struct weir_netvsc_stats *s = weir_netvsc_stats(g->nic);
    bool rests = state == WEIR_NETVSC_ON_VF || state == WEIR_NETVSC_SYNTHETIC;
    if (rests && (state != g->told || weir_netvsc_why(g->nic) != g->told_why)) {
        g->told = state;
        g->told_why = weir_netvsc_why(g->nic);
        say(g, "%s: %s", state == WEIR_NETVSC_ON_VF ? "on the VF path" : "on the synthetic path",
            weir_why_text(g->told_why));
        if (g->told_why == WEIR_WHY_OPEN_FAILED && weir_netvsc_error(g->nic)[0] != '\0')
            say(g, "the VF's driver says: %s", weir_netvsc_error(g->nic));
    }
    if (s->tx_refused != g->told_refused)
        say(g, "%" PRIu64 " frames sent so far were refused: its policy forbids them", s->tx_refused);
    if (s->rx_dropped != g->told_dropped)
        say(g, "%" PRIu64 " frames for it so far were dropped on their way: it was too slow, or may not hear them",
            s->rx_dropped);
    g->told_refused = s->tx_refused;
    g->told_dropped = s->rx_dropped;
}

static void answer_for_path(struct guest_run *g) {
    struct weir_netvsc_stats s;
    if (g->opt.asked == NULL || *g->opt.asked == g->told_path)
        return;
    g->told_path = *g->opt.asked;
    s = guest_stats(g);
    guest_path(g->nic, &s, g->opt.tell, g->opt.log_ctx);
}

static unsigned waiting_for(struct guest_run *g, struct pollfd *fds) {
    struct weir_vf *vf = weir_netvsc_vf(g->nic);
    const struct weir_partition *p = g->partition != NULL ? g->partition : g->knocked;
    unsigned n = 0;
    if (p != NULL) {
        fds[n++] = (struct pollfd){.fd = weir_partition_fd(p), .events = POLLIN};
        fds[n++] = (struct pollfd){.fd = weir_partition_bell(p), .events = POLLIN};
    }
    if (g->waiting == 0)
        fds[n++] = (struct pollfd){.fd = g->opt.tap, .events = POLLIN};
    for (unsigned i = 0; vf != NULL && i < weir_vf_num_qps(vf); i++)
        fds[n++] = (struct pollfd){.fd = weir_qp_wait_fd(weir_vf_qp(vf, i)), .events = POLLIN};
    return n;
}

static bool polled(struct guest_run *g) {
    struct weir_vf *vf = weir_netvsc_vf(g->nic);
    return vf != NULL && app_bus_polled(weir_dev_bus(weir_vf_dev(vf)));
}

int guest_run(struct guest_run *g, const volatile int *stop) {
    struct app_sleep sleep = {0};
    say(g, "on the synthetic path: %s", weir_why_text(weir_netvsc_why(g->nic)));
    while (*stop == 0) {
        struct pollfd fds[3 + WEIR_VF_MAX_QPS];
        enum weir_netvsc_state state;
        unsigned work, n;
        bool at_rest;

        if (g->partition != NULL)
            weir_partition_hush(g->partition);
        work = send_some(g);
        work += weir_netvsc_poll(g->nic, now_us());
        log_changes(g);
        answer_for_path(g);
        watch_device(g);
        state = weir_netvsc_state(g->nic);
        if (g->partition == NULL) {
            int ret = look_for_parent(g);
            if (ret != 0)
                return ret;
        } else if (state == WEIR_NETVSC_DEAD || weir_partition_peer_gone(g->partition)) {
            int ret = lose_parent(g);
            if (ret != 0 || g->nic == NULL)
                return ret;
            continue;
        }
        at_rest = (state == WEIR_NETVSC_ON_VF || state == WEIR_NETVSC_SYNTHETIC) && g->waiting == 0;
        n = waiting_for(g, fds);
        if (app_sleep(&sleep, work != 0, polled(g), fds, n,
                      g->partition == NULL ? KNOCK_MS
                      : at_rest            ? WAIT_IDLE_MS
                                           : WAIT_BUSY_MS) < 0 &&
            errno != EINTR)
            return -errno;
    }
    return 0;
}

const struct weir_partition_terms *guest_terms(const struct guest_run *g) {
    return &g->terms;
}

struct weir_netvsc_stats guest_stats(struct guest_run *g) {
    struct weir_netvsc_stats s = g->past;
    if (g->nic != NULL)
        add_stats(&s, weir_netvsc_stats(g->nic));
    return s;
}
