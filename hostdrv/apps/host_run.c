// SPDX-License-Identifier: Apache-2.0
// See host_run.h: opening and closing, the log, and the loop. Whose turn is how long is said where they are served:
// host_guests.c, host_ctl.c.
#include "host_run.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "await.h"
#include "host_ctl.h"
#include "host_int.h"

#define WAIT_BUSY_MS 1          // a hand-over is under way: its waits are counted in time
#define WAIT_IDLE_MS 100        // nothing is, but a bell may have been missed by nobody: only timers
#define EVENTS_US 500000u       // events of the card come with an interrupt; this is for one that got lost,
#define EVENTS_POLLED_US 20000u // and this for a card that has none
#define MAX_FDS (2 * PARENT_MAX_GUESTS + MAX_HANDSHAKES + CTL_MAX_CLIENTS + 16)
#define HELD_S 1      // that another client, perhaps just killed, may still have the card
#define LOG_BURST 32u // lines that one class may write at once, and a second
#define LOG_PER_S 8u

uint64_t parent_now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

const char *parent_card(const struct parent *p) {
    return p->opt.bus.pci ? p->opt.bus.address : p->opt.card;
}

// ---- the log ----

void parent_log(struct parent *p, enum log_class who, const char *fmt, ...) {
    char line[256];
    va_list ap;
    if (p->opt.log == NULL || !weir_rate_take(&p->log_rate[who], parent_now_us()))
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    p->opt.log(p->opt.log_ctx, line);
}

// What was not written is at least counted, as soon as there is room for a line again.
static void tell_suppressed(struct parent *p) {
    static const char *const about[LOG_CLASSES] = {
        [LOG_STRANGER] = "pending clients", [LOG_GUEST] = "guests", [LOG_CARD] = "the card"};
    for (unsigned i = 0; i < LOG_CLASSES; i++)
        if (p->log_rate[i].refused != 0 && weir_rate_room(&p->log_rate[i], parent_now_us()))
            parent_log(p, (enum log_class)i, "%llu lines about %s suppressed",
                       (unsigned long long)weir_rate_refused(&p->log_rate[i]), about[i]);
}

// ---- opening and closing ----

static int make_folders(const struct parent_options *o, char *err, size_t err_size) {
    char path[160];
    int ret = weir_folder(o->dir, 0711, false, err, err_size);
    snprintf(path, sizeof(path), "%s/admin", o->dir);
    if (ret == 0)
        ret = weir_folder(path, 0700, true, err, err_size);
    snprintf(path, sizeof(path), "%s/guests", o->dir);
    return ret == 0 ? weir_folder(path, 0711, true, err, err_size) : ret;
}

static int open_sockets(struct parent *p, char *err, size_t err_size) {
    char path[160];
    int ret = make_folders(&p->opt, err, err_size);
    if (ret != 0)
        return ret;
    snprintf(path, sizeof(path), "%s/guests.json", p->opt.dir);
    ret = table_load(&p->table, path, err, err_size);
    if (ret != 0)
        return ret;
    snprintf(path, sizeof(path), "%s/admin/ctl.sock", p->opt.dir);
    p->ctl = ctl_new(path, err, err_size);
    if (p->ctl == NULL)
        return -EIO;
    snprintf(path, sizeof(path), "%s/guests/guest.sock", p->opt.dir);
    ret = weir_listener_open(&p->guests, path, 0600, err, err_size);
    if (ret == 0 && admit_open_socket(p) != 0) {
        snprintf(err, err_size, "cannot set the mode of %s", path);
        ret = -EPERM;
    }
    return ret;
}

static struct weir_bus *reach_card(const struct parent_options *o, char *err, size_t err_size) {
    uint64_t until = await_until(o->wait_s), held = await_until(o->wait_s < HELD_S ? o->wait_s : HELD_S);
    for (;;) {
        struct weir_bus *bus = app_bus_pf(&o->bus, o->card, err, err_size);
        int why = -errno;
        if (bus != NULL || !(await_helps(why) || why == -EBUSY) || !await_more(why == -EBUSY ? held : until, o->stop))
            return bus;
    }
}

// The card's driver answered, so all its sockets are there: as many VFs as it has.
static int count_vfs(const struct parent_options *o, char *err, size_t err_size) {
    char path[160];
    unsigned n;
    for (n = 0; n < o->vfs; n++) {
        snprintf(path, sizeof(path), "%s/vf%u.sock", o->card, n);
        if (access(path, F_OK) != 0)
            break;
    }
    if (n == o->vfs)
        return 0;
    if (n == 0)
        snprintf(err, err_size, "--vfs %u: the card at %s has no VFs: start weir-sim with --vfs %u", o->vfs, o->card,
                 o->vfs);
    else
        snprintf(err, err_size,
                 "--vfs %u: the card at %s has only %u VFs: start weir-host with --vfs %u, or weir-sim with --vfs %u",
                 o->vfs, o->card, n, n, o->vfs);
    return -ERANGE;
}

static int open_card(struct parent *p, char *err, size_t err_size) {
    const struct parent_options *o = &p->opt;
    const uint32_t buffer = weir_partition_buffer(o->mtu);
    struct weir_pf_config pc = {.num_vfs = (uint16_t)o->vfs,
                                .num_vports = (uint16_t)(o->vfs + 1),
                                .default_qps = (uint16_t)o->qps,
                                .tx_log2 = app_bus_ring_log2(&o->bus, buffer),
                                .rx_log2 = app_bus_ring_log2(&o->bus, buffer),
                                .buf_bytes = buffer,
                                // Of a PCI device the host's kernel sees to its driver's memory, not we.
                                .take_over = !o->fresh && !o->bus.pci};
    struct weir_vstack_config vc = {.max_guests = PARENT_MAX_GUESTS,
                                    .num_vports = o->vfs + 1,
                                    .vf_qps = o->vf_qps,
                                    .first_filter = 1,
                                    .num_vfs = o->vfs};
    struct weir_bus *bus = reach_card(o, err, err_size);
    int ret;

    if (bus == NULL)
        return -EIO;
    ret = o->bus.pci ? 0 : count_vfs(o, err, err_size); // of a PCI device bring-up sees it
    if (ret != 0) {
        bus->ops->close(bus);
        return ret;
    }
    ret = weir_pf_open(bus, &pc, &p->pf, err, err_size);
    if (ret != 0)
        return ret;
    if (weir_pf_rescue(p->pf))
        return 0; // parent_run sees to it
    p->polled = app_bus_polled(bus);
    vc.events_us = p->polled ? EVENTS_POLLED_US : EVENTS_US;
    ret = weir_vstack_open(p->pf, &vc, &p->vs, err, err_size);
    if (ret == 0)
        ret = share_begin(p, err, err_size);
    if (ret == 0) {
        health_open(p);
        left_open(p);
    }
    return ret;
}

struct parent *parent_new(const struct parent_options *o, char *err, size_t err_size) {
    struct parent *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    p->opt = *o;
    p->guests.fd = -1;
    for (unsigned i = 0; i < LOG_CLASSES; i++)
        weir_rate_init(&p->log_rate[i], LOG_BURST, LOG_PER_S, parent_now_us());
    guests_open(p);
    // Sockets first: they fail at once, and tell whether this folder has a parent already.
    if (open_sockets(p, err, err_size) == 0 && open_card(p, err, err_size) == 0)
        return p;
    parent_free(p);
    return NULL;
}

void parent_free(struct parent *p) {
    unsigned left;
    if (p == NULL)
        return;
    left = weir_vstack_leave(p->vs);
    if (left != 0)
        parent_log(p, LOG_CARD, "%u VFs stay with their guests", left);
    guests_close(p);
    if (p->pf != NULL)
        (left != 0 ? weir_pf_leave : weir_pf_close)(p->pf);
    ctl_free(p->ctl);
    ctl_ledger_end(&p->ledger);
    free(p->flash);
    weir_listener_close(&p->guests);
    free(p);
}

// ---- the loop ----

static unsigned add_fd(struct pollfd *fds, unsigned n, int fd) {
    if (fd >= 0)
        fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return n;
}

static unsigned waiting_for(struct parent *p, struct pollfd *fds) {
    struct weir_bus *bus = weir_dev_bus(weir_pf_dev(p->pf));
    unsigned n = add_fd(fds, 0, p->guests.fd);
    n = add_fd(fds, n, bus->ops->irq_fd(bus, 0)); // events of the card
    for (unsigned i = 0; i < weir_pf_num_qps(p->pf); i++)
        n = add_fd(fds, n, weir_qp_wait_fd(weir_pf_qp(p->pf, i)));
    return guests_pollfds(p, fds, n);
}

// As parent_run. 1: the card has firmware, and its PF is open.
static int begin(struct parent *p, const volatile int *stop, char *err, size_t err_size) {
    while (weir_pf_rescue(p->pf)) {
        int ret = rescue_run(p, stop, err, err_size);
        if (ret <= 0)
            return ret;
        weir_pf_close(p->pf);
        p->pf = NULL;
        ret = open_card(p, err, err_size);
        if (ret != 0)
            return ret;
    }
    parent_log(p, LOG_CARD, "ready: %u VFs, MTU %u; guests and weirctl: --parent %.80s", p->opt.vfs, p->opt.mtu,
               p->opt.dir);
    return 1;
}

int parent_run(struct parent *p, const volatile int *stop, char *err, size_t err_size) {
    struct app_sleep sleep = {0};
    int ret = begin(p, stop, err, err_size);
    if (ret <= 0)
        return ret;
    while (*stop == 0 && !p->halt) {
        struct pollfd fds[MAX_FDS];
        unsigned n, own;
        bool rest, worked;

        guests_hush(p);
        worked = weir_vstack_poll(p->vs, parent_now_us()) != 0;
        given_look(p);
        guests_look_after(p);
        left_look(p);
        flash_look(p);
        share_look_on(p);
        tell_suppressed(p);
        if (weir_dev_dead(weir_pf_dev(p->pf))) {
            snprintf(err, err_size, "the card is gone: nobody answers at %s%s", parent_card(p),
                     p->opt.bus.pci ? "" : "/pf.sock");
            return -ENODEV;
        }
        if (!health_look(p)) {
            snprintf(err, err_size,
                     "the card at %s was restarted and knows nothing of its guests any more; start "
                     "weir-host again, guests wait for it",
                     parent_card(p));
            return -ENOTRECOVERABLE;
        }
        n = own = waiting_for(p, fds);
        n += ctl_pollfds(p->ctl, fds + own, MAX_FDS - own);
        rest = guests_steady(p) && !flash_busy(p) && !ctl_pending(p->ctl) && !weir_vstack_limited(p->vs);
        if (app_sleep(&sleep, worked, p->polled, fds, n, rest ? WAIT_IDLE_MS : WAIT_BUSY_MS) < 0 && errno != EINTR)
            return -errno;
        if ((fds[0].revents & POLLIN) != 0)
            guests_newcomers(p);
        ctl_dispatch(p->ctl, p, fds + own, n - own);
    }
    return 0;
}
