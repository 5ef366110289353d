// SPDX-License-Identifier: Apache-2.0
// Newcomers and guests of the parent: they come, ask for their VF's connection, leave or are sent away (host_int.h).
// No step waits for any of them, and none gets more than its turn.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host_int.h"

#define ACCEPTS_A_TURN 16u
#define HELLO_US 5000000u
#define QUEUE_US 8000000u // for a predecessor to leave; a pending client waits for its welcome 10 s
// Questions of one guest for its VF: an honest one asks at most every 50 ms.
#define ASKS_BURST 20u
#define ASKS_PER_S 40u

void guests_open(struct parent *p) {
    p->seats = (struct seats){.count = MAX_HANDSHAKES, .per_user = 24, .reserved = 16, .own = geteuid()};
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        p->place[i].vf_fd = -1;
}

// The connection ends for whoever holds a copy of it, and the function with it.
static void cut_vf(struct parent *p, struct place *g) {
    if (g->adopted)
        left_evict(p, g->vf_fn - 1);
    g->adopted = false;
    if (g->vf_fd < 0)
        return;
    (void)shutdown(g->vf_fd, SHUT_RDWR);
    close(g->vf_fd);
    g->vf_fd = -1;
}

static void clear(struct parent *p, struct place *g) {
    cut_vf(p, g);
    weir_partition_close(g->partition);
    *g = (struct place){.state = EMPTY, .vf_fd = -1};
}

// Guests hear it from the socket, as they hear of a parent that was killed. Who is on a VF keeps it: its copy of the
// connection is as good as ours.
void guests_close(struct parent *p) {
    for (unsigned i = 0; i < MAX_HANDSHAKES; i++)
        weir_partition_close(p->handshake[i].partition);
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY) {
            if (p->place[i].vf_fd >= 0)
                close(p->place[i].vf_fd);
            weir_partition_close(p->place[i].partition);
        }
}

bool guests_on_wire(const struct parent *p, const uint8_t mac[6]) {
    return weir_netvsp_on_wire(weir_vstack_netvsp(p->vs), mac);
}

struct place *guests_find(struct parent *p, const char *name) {
    struct place *found = NULL;
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++) {
        struct place *g = &p->place[i];
        if (g->state != EMPTY && strcmp(g->name, name) == 0 && (found == NULL || g->state == GUEST))
            found = g;
    }
    return found;
}

// ---- pending clients ----

static void dismiss(struct parent *p, unsigned i) {
    weir_partition_close(p->handshake[i].partition);
    p->handshake[i].partition = NULL;
    seats_leave(&p->seats, i);
}

static struct place *empty_place(struct parent *p) {
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state == EMPTY)
            return &p->place[i];
    return NULL;
}

static void listen_to(struct parent *p, struct place *g);

// A guest that was started again as soon as its predecessor was dead: perhaps nobody has looked since.
static bool predecessor_leaves(struct parent *p, const char *name) {
    struct place *g = guests_find(p, name);
    if (g != NULL && g->state == GUEST)
        listen_to(p, g);
    return g != NULL && g->state == LEAVING;
}

static void welcome(struct parent *p, unsigned i, const struct weir_partition_hello *hello) {
    struct weir_partition_terms terms = {.mtu = p->opt.mtu};
    struct weir_vstack_guest_config gc = {.name = ""};
    struct place *g = empty_place(p);
    uid_t uid = p->seats.seat[i].uid;
    char text[136] = "the parent has no room for another guest";
    int ret = g == NULL                            ? -ENOSPC
              : predecessor_leaves(p, hello->name) ? -EBUSY
                                                   : admit(p, hello, uid, &gc, text, sizeof(text));

    if (ret == 0) {
        gc.channel = weir_partition_channel(p->handshake[i].partition);
        ret = left_join(p, hello, uid, &gc, &terms.token);
        if (ret < 0)
            ret = weir_vstack_guest_add(p->vs, &gc);
        if (ret < 0)
            snprintf(text, sizeof(text), ret == -EEXIST ? "its hardware address is taken" : "the card says: %s",
                     strerror(-ret));
    }
    if (ret == -EBUSY && parent_now_us() - p->handshake[i].since < QUEUE_US)
        return; // next turn
    if (ret < 0) {
        parent_log(p, LOG_STRANGER, "guest '%s' of user %u refused: %s", gc.name, (unsigned)uid, text);
        (void)weir_partition_answer(p->handshake[i].partition, ret, NULL, text);
        dismiss(p, i);
        return;
    }
    *g = (struct place){.state = GUEST, .partition = p->handshake[i].partition, .number = ret, .uid = uid, .vf_fd = -1};
    memcpy(g->name, gc.name, sizeof(g->name));
    memcpy(g->mac, gc.mac, 6);
    g->adopted = terms.token != 0;
    g->vf_fn = g->adopted ? hello->fn : 0;
    weir_rate_init(&g->asks, ASKS_BURST, ASKS_PER_S, parent_now_us());
    p->handshake[i].partition = NULL;
    seats_leave(&p->seats, i);
    memcpy(terms.mac, gc.mac, 6);
    (void)weir_partition_answer(g->partition, 0, &terms, "");
    parent_log(p, LOG_GUEST, g->adopted ? "guest '%s' is back on its VF" : "guest '%s' joined", g->name);
}

static void handshake(struct parent *p, unsigned i) {
    int ret = p->handshake[i].said ? 0 : weir_partition_join(p->handshake[i].partition, &p->handshake[i].hello);

    if (ret == 0) {
        p->handshake[i].said = true;
        welcome(p, i, &p->handshake[i].hello);
    } else if (ret != -EAGAIN) {
        parent_log(p, LOG_STRANGER, "a pending client talks nonsense (%s) and was sent away", strerror(-ret));
        dismiss(p, i);
    } else if (parent_now_us() - p->handshake[i].since > HELLO_US) {
        parent_log(p, LOG_STRANGER, "a pending client said nothing for %u s and was sent away", HELLO_US / 1000000);
        dismiss(p, i);
    }
}

void guests_newcomers(struct parent *p) {
    for (unsigned n = 0; n < ACCEPTS_A_TURN; n++) {
        uid_t uid;
        bool taken;
        int sock = weir_listener_accept(&p->guests, &uid), seat;
        struct weir_partition *partition;
        if (sock < 0)
            return;
        partition = weir_partition_new(sock);
        seat = seats_find(&p->seats, uid, true, &taken);
        if (partition == NULL || seat < 0) {
            weir_partition_close(partition);
            continue;
        }
        if (taken) {
            parent_log(p, LOG_STRANGER, "a pending client that said nothing made room for another");
            dismiss(p, (unsigned)seat);
        }
        seats_sit(&p->seats, (unsigned)seat, uid, parent_now_us());
        p->handshake[seat].partition = partition;
        p->handshake[seat].said = false;
        p->handshake[seat].since = parent_now_us();
        handshake(p, (unsigned)seat); // an honest one has said hello by now, and needs the seat no more
    }
}

// ---- guests ----

void guests_send_away(struct parent *p, struct place *g) {
    if (g->state != GUEST)
        return;
    (void)weir_vstack_revoke(p->vs, (unsigned)g->number, WEIR_WHY_REMOVED);
    (void)weir_vstack_guest_remove(p->vs, (unsigned)g->number);
    weir_partition_send_away(g->partition);
    g->state = LEAVING;
}

// Gives the guest the function that it is offered right now, and no other.
static int give_vf(struct parent *p, struct place *g, const struct weir_partition_ask *ask) {
    int vf = weir_vstack_vf(p->vs, (unsigned)g->number), fd, ret;

    if (ask->fn == 0 || vf < 0 || ask->fn != (unsigned)vf + 1 ||
        weir_vstack_state(p->vs, (unsigned)g->number) != WEIR_VSTACK_OFFERED) {
        parent_log(p, LOG_GUEST, "guest '%s' asks for function %u, which it is not offered", g->name, ask->fn);
        return weir_partition_reply(g->partition, ask->fn, -EACCES, -1);
    }
    ret = app_bus_give_vf(&p->opt.bus, weir_dev_bus(weir_pf_dev(p->pf)), p->opt.card, g->partition, ask, &fd);
    if (fd >= 0) {
        cut_vf(p, g); // one at a time
        g->vf_fd = fd;
        g->vf_fn = ask->fn;
    }
    return ret;
}

static void listen_to(struct parent *p, struct place *g) {
    struct weir_partition_ask ask;
    int ret = weir_partition_asked(g->partition, &ask);

    if (ret == 1)
        ret = weir_rate_take(&g->asks, parent_now_us()) ? give_vf(p, g, &ask) : -EPROTO;
    if (ret == 0)
        return;
    if (ret == -EPIPE) {
        (void)weir_vstack_guest_remove(p->vs, (unsigned)g->number);
        g->state = LEAVING;
    } else {
        parent_log(p, LOG_GUEST, "guest '%s' breaks the protocol and is sent away", g->name);
        guests_send_away(p, g);
    }
}

// The connection is good as long as the VF is the guest's. While it is being taken back it stays, so that the card and
// not the connection's end decides which frames are the last.
static bool vf_is_its(const struct parent *p, const struct place *g) {
    enum weir_vstack_state state = weir_vstack_state(p->vs, (unsigned)g->number);
    return weir_vstack_vf(p->vs, (unsigned)g->number) + 1 == (int)g->vf_fn && state >= WEIR_VSTACK_OFFERED &&
           state <= WEIR_VSTACK_REVOKING;
}

// A guest's memory is given back only when the stack has let it go: until then messages are read from it.
static void look_after(struct parent *p, struct place *g) {
    if (g->state == GUEST)
        listen_to(p, g);
    if (!vf_is_its(p, g))
        cut_vf(p, g);
    if (weir_vstack_state(p->vs, (unsigned)g->number) == WEIR_VSTACK_NONE) {
        parent_log(p, LOG_GUEST, "guest '%s' left", g->name);
        clear(p, g);
    }
}

// When each hand-over was recorded, for people: the card's clock knows no date.
static void note_records(struct parent *p) {
    struct timespec t;
    if (weir_vstack_num_records(p->vs) == p->records)
        return;
    clock_gettime(CLOCK_REALTIME, &t);
    for (; p->records < weir_vstack_num_records(p->vs); p->records++)
        p->recorded[p->records % PARENT_RECORDS] = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void guests_look_after(struct parent *p) {
    note_records(p);
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY)
            look_after(p, &p->place[i]);
    for (unsigned i = 0; i < MAX_HANDSHAKES; i++)
        if (p->handshake[i].partition != NULL)
            handshake(p, i);
}

void guests_hush(struct parent *p) {
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state == GUEST)
            weir_partition_hush(p->place[i].partition);
}

bool guests_here(const struct parent *p) {
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++)
        if (p->place[i].state != EMPTY)
            return true;
    return false;
}

bool guests_steady(const struct parent *p) {
    if (p->left != 0)
        return false; // a wait of so many turns
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

unsigned guests_pollfds(const struct parent *p, struct pollfd *fds, unsigned n) {
    for (unsigned i = 0; i < MAX_HANDSHAKES; i++)
        if (p->handshake[i].partition != NULL)
            fds[n++] = (struct pollfd){.fd = weir_partition_fd(p->handshake[i].partition), .events = POLLIN};
    for (unsigned i = 0; i < PARENT_MAX_GUESTS; i++) {
        const struct place *g = &p->place[i];
        if (g->state != GUEST)
            continue;
        fds[n++] = (struct pollfd){.fd = weir_partition_fd(g->partition), .events = POLLIN};
        fds[n++] = (struct pollfd){.fd = weir_partition_bell(g->partition), .events = POLLIN};
    }
    return n;
}
