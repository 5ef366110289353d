// SPDX-License-Identifier: Apache-2.0
// See host_run.h.
#include "host_run.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host_ctl.h"
#include "vfio_user.h"
#include "weir/partition.h"

#define WAIT_BUSY_MS 1   // a hand-over is under way: its waits are counted in time
#define WAIT_IDLE_MS 100 // nothing is, but a bell may have been missed by nobody: only timers
#define HELLO_US 5000000u
#define EVENTS_US 500000u // events of the card come with an interrupt; this is for one that got lost
#define MAX_FDS (3 * PARENT_MAX_GUESTS + CTL_MAX_CLIENTS + 16)

enum place_state { EMPTY, GREETING, GUEST, LEAVING };

struct place {
    enum place_state state;
    struct weir_partition *partition;
    int number; // of the stack
    char name[32];
    uint8_t mac[6];
    uint64_t since;
};

struct parent {
    struct parent_options opt;
    char guest_path[108], ctl_path[108];
    struct weir_pf *pf;
    struct weir_vstack *vs;
    int guests;
    struct ctl *ctl;
    struct place place[PARENT_MAX_GUESTS];
    bool halt;
};

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

__attribute__((format(printf, 2, 3))) static void say(const struct parent *p, const char *fmt, ...) {
    char line[256];
    va_list ap;
    if (p->opt.log == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    p->opt.log(p->opt.log_ctx, line);
}

struct parent *parent_new(const struct parent_options *o, char *err, size_t err_size) {
    struct weir_pf_config pc = {.num_vfs = (uint16_t)o->vfs,
                                .num_vports = (uint16_t)(o->vfs + 1),
                                .default_qps = (uint16_t)o->qps,
                                .tx_log2 = 10,
                                .rx_log2 = 10,
                                .buf_bytes = 2048};
    struct weir_vstack_config vc = {.max_guests = PARENT_MAX_GUESTS,
                                    .num_vports = o->vfs + 1,
                                    .vf_qps = o->vf_qps,
                                    .first_filter = 1,
                                    .events_us = EVENTS_US};
    struct parent *p = calloc(1, sizeof(*p));
    struct weir_bus *bus;
    char path[108];
    int ret;

    if (p == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    p->opt = *o;
    p->guests = -1;
    if (mkdir(o->dir, 0700) != 0 && errno != EEXIST) {
        snprintf(err, err_size, "cannot make %s: %s; name another folder with --dir", o->dir, strerror(errno));
        goto err_parent;
    }
    snprintf(p->guest_path, sizeof(p->guest_path), "%s/guest.sock", o->dir);
    snprintf(p->ctl_path, sizeof(p->ctl_path), "%s/ctl.sock", o->dir);
    snprintf(path, sizeof(path), "%s/pf.sock", o->card);
    // Sockets first: they fail at once, and tell whether this folder has a parent already.
    p->guests = weir_partition_listen(p->guest_path, err, err_size);
    if (p->guests < 0)
        goto err_parent;
    p->ctl = ctl_new(p->ctl_path, err, err_size);
    if (p->ctl == NULL)
        goto err_parent;
    bus = weir_vfio_user_open(path, err, err_size);
    if (bus == NULL)
        goto err_parent;
    ret = weir_pf_open(bus, &pc, &p->pf, err, err_size);
    if (ret == 0)
        ret = weir_vstack_open(p->pf, &vc, &p->vs, err, err_size);
    if (ret != 0)
        goto err_parent;
    return p;

err_parent:
    parent_free(p);
    return NULL;
}

void parent_free(struct parent *p) {
    if (p == NULL)
        return;
    weir_vstack_close(p->vs);
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].partition != NULL) {
            struct weir_channel *ch = weir_partition_channel(p->place[i].partition);
            if (ch != NULL)
                weir_channel_close(ch);
            weir_partition_close(p->place[i].partition);
        }
    if (p->pf != NULL)
        weir_pf_close(p->pf);
    ctl_free(p->ctl);
    if (p->guests >= 0) {
        close(p->guests);
        (void)unlink(p->guest_path);
    }
    free(p);
}

// ---- guests come and go ----

static void clear(struct place *g) {
    weir_partition_close(g->partition);
    *g = (struct place){.state = EMPTY};
}

static void newcomer(struct parent *p) {
    struct weir_partition *partition = weir_partition_accept(p->guests);
    struct place *g = NULL;

    if (partition == NULL)
        return;
    for (unsigned i = 0; i < PARENT_MAX_GUESTS && g == NULL; i++)
        if (p->place[i].state == EMPTY)
            g = &p->place[i];
    if (g == NULL) {
        (void)weir_partition_answer(partition, -ENOSPC, "", "the parent has no room for another guest");
        weir_partition_close(partition);
        return;
    }
    *g = (struct place){.state = GREETING, .partition = partition, .since = now_us()};
}

static void greet(struct parent *p, struct place *g) {
    struct weir_vstack_guest_config gc = {0};
    struct weir_partition_hello hello = {0};
    char text[136];
    int ret = weir_partition_join(g->partition, &hello);

    if (ret == -EAGAIN) {
        if (now_us() - g->since > HELLO_US) {
            say(p, "a newcomer said nothing for %u s and was sent away", HELLO_US / 1000000);
            clear(g);
        }
        return;
    }
    if (ret != 0) {
        say(p, "a newcomer talks nonsense (%s) and was sent away", strerror(-ret));
        clear(g);
        return;
    }
    if (hello.name[0] == '\0' || parent_find(p, hello.name) >= 0) {
        snprintf(text, sizeof(text), "there is a guest '%s' already, or the name is empty", hello.name);
        ret = -EEXIST;
    } else {
        memcpy(gc.name, hello.name, sizeof(gc.name));
        memcpy(gc.mac, hello.mac, 6);
        gc.channel = weir_partition_channel(g->partition);
        ret = weir_vstack_guest_add(p->vs, &gc);
        if (ret < 0)
            snprintf(text, sizeof(text), ret == -EEXIST ? "its hardware address is taken" : "the card says: %s",
                     strerror(-ret));
    }
    if (ret < 0) {
        say(p, "guest '%s' refused: %s", hello.name, text);
        (void)weir_partition_answer(g->partition, ret, "", text);
        clear(g);
        return;
    }
    g->number = ret;
    memcpy(g->name, hello.name, sizeof(g->name));
    memcpy(g->mac, hello.mac, 6);
    g->state = GUEST;
    (void)weir_partition_answer(g->partition, 0, p->opt.card, "");
    say(p, "guest '%s' joined", g->name);
}

// A guest's memory is given back only when the stack has let it go: until then messages are read from it.
static void look_after(struct parent *p, struct place *g) {
    if (g->state == GREETING) {
        greet(p, g);
        return;
    }
    if (g->state == GUEST && weir_partition_peer_gone(g->partition)) {
        (void)weir_vstack_guest_remove(p->vs, (unsigned)g->number);
        g->state = LEAVING;
    }
    if (g->state != EMPTY && weir_vstack_state(p->vs, (unsigned)g->number) == WEIR_VSTACK_NONE) {
        say(p, "guest '%s' left", g->name);
        clear(g);
    }
}

// ---- the loop ----

static bool steady(const struct parent *p) {
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++) {
        const struct place *g = &p->place[i];
        enum weir_vstack_state state;
        if (g->state == EMPTY)
            continue;
        state = g->state == GUEST ? weir_vstack_state(p->vs, (unsigned)g->number) : WEIR_VSTACK_REVOKING;
        if (state != WEIR_VSTACK_DETACHED && state != WEIR_VSTACK_ATTACHED && state != WEIR_VSTACK_FAILED &&
            state != WEIR_VSTACK_OFFERED)
            return false;
    }
    return true;
}

static unsigned add_fd(struct pollfd *fds, unsigned n, int fd) {
    if (fd >= 0)
        fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    return n;
}

static unsigned waiting_for(struct parent *p, struct pollfd *fds) {
    struct weir_bus *bus = weir_dev_bus(weir_pf_dev(p->pf));
    unsigned n = 0;
    n = add_fd(fds, n, p->guests);
    n = add_fd(fds, n, bus->ops->irq_fd(bus, 0)); // events of the card
    for (unsigned i = 0; i < weir_pf_num_qps(p->pf); i++)
        n = add_fd(fds, n, weir_qp_wait_fd(weir_pf_qp(p->pf, i)));
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++) {
        const struct place *g = &p->place[i];
        if (g->state == EMPTY || g->state == LEAVING)
            continue;
        n = add_fd(fds, n, weir_partition_fd(g->partition));
        if (g->state == GUEST)
            n = add_fd(fds, n, weir_partition_bell(g->partition));
    }
    return n;
}

int parent_run(struct parent *p, const volatile int *stop, char *err, size_t err_size) {
    unsigned idle = 0;
    while (*stop == 0 && !p->halt) {
        struct pollfd fds[MAX_FDS];
        unsigned n, own;

        for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
            if (p->place[i].state == GUEST)
                weir_partition_hush(p->place[i].partition);
        idle = weir_vstack_poll(p->vs, now_us()) != 0 ? 0 : idle + 1;
        for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
            if (p->place[i].state != EMPTY)
                look_after(p, &p->place[i]);
        if (weir_dev_dead(weir_pf_dev(p->pf))) {
            snprintf(err, err_size, "the card is gone: nobody answers at %s/pf.sock", p->opt.card);
            return -ENODEV;
        }
        n = own = waiting_for(p, fds);
        n += ctl_pollfds(p->ctl, fds + own, MAX_FDS - own);
        // Once more without sleeping after the queues were armed: what came before that rings no bell.
        if (poll(fds, n, idle < 2 ? 0 : steady(p) ? WAIT_IDLE_MS : WAIT_BUSY_MS) < 0 && errno != EINTR)
            return -errno;
        if ((fds[0].revents & POLLIN) != 0)
            newcomer(p);
        ctl_dispatch(p->ctl, p, fds + own, n - own);
    }
    return 0;
}

// ---- what the control socket may see ----

struct weir_pf *parent_pf(struct parent *p) {
    return p->pf;
}

struct weir_vstack *parent_vstack(struct parent *p) {
    return p->vs;
}

const struct parent_options *parent_options(const struct parent *p) {
    return &p->opt;
}

int parent_guest(const struct parent *p, unsigned place, const char **name, const uint8_t **mac) {
    // One that leaves is still seen: until it is gone its address is taken.
    if (place >= PARENT_MAX_GUESTS || (p->place[place].state != GUEST && p->place[place].state != LEAVING))
        return -1;
    *name = p->place[place].name;
    *mac = p->place[place].mac;
    return p->place[place].number;
}

int parent_find(const struct parent *p, const char *name) {
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state == GUEST && strncmp(p->place[i].name, name, sizeof(p->place[i].name)) == 0)
            return p->place[i].number;
    return -1;
}

void parent_halt(struct parent *p) {
    p->halt = true;
}
