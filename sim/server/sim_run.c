// SPDX-License-Identifier: Apache-2.0
// See sim_run.h. The card's clock runs while there is something to do. When there is not, the process sleeps in poll
// and wakes now and then for a moment of card time, so that the card's timers go on, slowly, at next to no cost.
#include "sim_run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "card.h"
#include "host.h"
#include "out_file.h"
#include "pcapng.h"
#include "pci_tree.h"
#include "rc.h"
#include "serprog_port.h"
#include "server.h"
#include "sysfs.h"
#include "vport_names.h"
#include "weir_abi.h"
#include "wire.h"
#include "wire_end.h"

#define BOOT_CYCLES 12000000u // with fuses a slot takes 2.5 million
#define IDLE_WAIT_MS 20
// How long what is at the other end of the cable waits there because a ring runs low: its driver's process may come 20
// ms late. Not a second time before all rings have recovered: nobody's ring is everybody's cable.
#define PATIENCE_CYCLES 500000u
#define IDLE_STEP 4u        // cycles at a time while idle,
#define IDLE_SLICE_NS 50000 // for so long per wake: with cold caches about 1 % of a processor
#define MAX_FDS (WEIR_SERVER_SLOTS * WEIR_NUM_FNS + 2 + SERPROG_FDS)
#define NS_PER_CYCLE (1000000000u / WEIR_CLOCK_HZ)

struct sim {
    int lock;
    struct card *card;
    struct host *host;
    struct weir_server *server;
    struct sysfs *sysfs;          // NULL: none
    struct serprog_port *serprog; // the same
    struct wire_end *end;
    struct weir_pcapng *trace;
    int trace_wire;
    struct vport_names names;
    struct {
        int interface;  // + 1, 0 = no frame of it yet
        unsigned given; // when the interface was made (vport_names.h)
    } trace_vport[WEIR_NUM_VPORTS];
    uint64_t speed;     // of the wire, bits a second
    bool receiving;     // the PF's driver posted buffers, and the card has fetched them
    uint64_t low_since; // cycle since which a receive ring runs low, 0: none does
    bool cable_out;
    unsigned pulls;  // of the cable that were seen
    unsigned upsets; // of core 0, the same
    sim_log_fn log;
    void *log_ctx;
};

static void on_log(void *ctx, const char *line) {
    struct sim *s = ctx;
    if (s->log != NULL)
        s->log(s->log_ctx, line);
}

static void from_card(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct sim *s = ctx;
    wire_end_take(s->end, frame, len, cycle * NS_PER_CYCLE);
    if (s->trace != NULL)
        (void)weir_pcapng_write(s->trace, s->trace_wire, cycle * NS_PER_CYCLE, WEIR_PCAPNG_OUT, frame, len, NULL);
}

static void to_card(void *ctx, const uint8_t *frame, size_t len, uint64_t cycle) {
    struct sim *s = ctx;
    if (s->trace != NULL && !s->cable_out)
        (void)weir_pcapng_write(s->trace, s->trace_wire, cycle * NS_PER_CYCLE, WEIR_PCAPNG_IN, frame, len, NULL);
}

static const char *reason_text(unsigned reason) {
    static const char *const text[] = {
#define HW_EVENT(value, name, text)
#define FW_EVENT(value, name, text)
#define FN_EVENT(bit, name, text)
#define QP_REASON(value, name, text) [value] = #name ": " text,
#include "event.def"
#undef QP_REASON
#undef FN_EVENT
#undef FW_EVENT
#undef HW_EVENT
    };
    return reason < sizeof(text) / sizeof(text[0]) && text[reason] != NULL ? text[reason] : "for no known reason";
}

// vPorts become interfaces with their first frame: most captures see few of them. A vPort that was made anew is
// another.
static int interface_of(struct sim *s, unsigned vport) {
    unsigned given = s->names.vport[vport].given;
    char name[VPORT_NAME_ROOM];
    if (s->trace_vport[vport].interface == 0 || s->trace_vport[vport].given != given) {
        s->trace_vport[vport].interface =
            weir_pcapng_add_interface(s->trace, vport_name(&s->names, vport, name), s->speed) + 1;
        s->trace_vport[vport].given = given;
    }
    return s->trace_vport[vport].interface - 1;
}

// What was dropped is there, too, and says why.
static void between(void *ctx, const struct card_frame *t) {
    struct sim *s = ctx;
    char comment[128];

    if (t->vport >= WEIR_NUM_VPORTS)
        return;
    snprintf(comment, sizeof(comment), "dropped, %s", reason_text(t->reason));
    (void)weir_pcapng_write(s->trace, interface_of(s, t->vport), t->cycle * NS_PER_CYCLE,
                            t->to_vport ? WEIR_PCAPNG_OUT : WEIR_PCAPNG_IN, t->data, t->len,
                            t->reason != 0 ? comment : NULL);
}

static void hear(void *ctx, uint64_t offset, uint32_t value) {
    vport_names_hear(&((struct sim *)ctx)->names, offset, value);
}

static uint64_t wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int boot(struct sim *s, const struct sim_options *o, char *err, size_t err_size) {
    const struct card_options co = {.firmware = o->firmware,
                                    .flash_file = o->flash,
                                    .flash_timing = o->flash_timing,
                                    .console = o->console,
                                    .key_hash = o->fused ? o->key_hash : NULL};
    char why[320];
    int ret;

    s->card = card_new(&co, err, err_size);
    if (s->card == NULL)
        return -EINVAL;
    if (o->fst != NULL && out_file_check_fst(o->fst, err, err_size) != 0)
        return -EEXIST;
    if (o->fst != NULL && card_trace(s->card, o->fst) != 0) {
        snprintf(err, err_size,
                 "cannot write the waveform %s: this build has no tracing (configure with -DWEIR_TRACE=ON) or the file "
                 "cannot be made",
                 o->fst);
        return -ENOTSUP;
    }
    ret = card_boot(s->card, BOOT_CYCLES);
    if (ret == -ENOEXEC && o->firmware == NULL) {
        char line[400];
        card_refusals(s->card, why, sizeof(why));
        snprintf(line, sizeof(line), "no firmware in %s may run (%s): the card is in rescue", o->flash, why);
        on_log(s, line);
        ret = card_boot(s->card, BOOT_CYCLES);
    } else if (ret == -ENOEXEC) {
        card_refusals(s->card, why, sizeof(why));
        snprintf(err, err_size, "the card finds no firmware it can start in %s; give it one with --firmware (%s)",
                 o->firmware, why);
        return ret;
    }
    if (ret != 0) {
        snprintf(err, err_size, "firmware from %s does not start; see what it says with --console",
                 o->firmware != NULL ? o->firmware : o->flash);
        return ret;
    }
    s->host = host_new(s->card, err, (unsigned)err_size);
    return s->host != NULL ? 0 : -ENODEV;
}

static bool on_spi(void *ctx, const uint8_t *out, size_t n, uint8_t *in, size_t m) {
    return card_flash_transfer(((struct sim *)ctx)->card, out, n, in, m);
}

static int open_serprog(struct sim *s, unsigned port, char *err, size_t err_size) {
    char line[96];
    if (port == SIM_NO_SERPROG)
        return 0;
    s->serprog = serprog_port_open(port, on_spi, s, err, err_size);
    if (s->serprog == NULL)
        return -EADDRINUSE;
    snprintf(line, sizeof(line), "the flash part: flashrom -p serprog:ip=127.0.0.1:%u",
             serprog_port_number(s->serprog));
    on_log(s, line);
    return 0;
}

struct sim *sim_new(const struct sim_options *o, sim_log_fn log, void *log_ctx, char *err, size_t err_size) {
    struct weir_server_options so = {
        .dir = o->dir, .num_vfs = o->num_vfs, .allowed = o->allowed, .num_allowed = o->num_allowed, .log = on_log};
    struct sim *s = calloc(1, sizeof(*s));
    char late[512]; // what goes wrong at the end is not what went wrong first

    if (s == NULL) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    s->log = log;
    s->log_ctx = log_ctx;
    so.log_ctx = s;
    so.heard = o->trace != NULL ? hear : NULL;
    so.heard_ctx = s;
    s->speed = o->rate * UINT64_C(1000000000);
    // What fails quickly comes first, the card's boot takes a second.
    s->lock = weir_server_lock(o->dir, o->num_allowed != 0, err, err_size);
    if (s->lock < 0)
        goto err_sim;
    if (open_serprog(s, o->serprog, err, err_size) != 0)
        goto err_sim;
    s->end = wire_end_open(o->wire, err, err_size);
    if (s->end == NULL)
        goto err_sim;
    if (o->trace != NULL) {
        s->trace = weir_pcapng_open(o->trace, wall_ns(), err, err_size);
        if (s->trace == NULL)
            goto err_sim;
        s->trace_wire = weir_pcapng_add_interface(s->trace, "wire", s->speed);
    }
    if (boot(s, o, err, err_size) != 0)
        goto err_sim;
    // At 250 MHz a Gb/s is half a byte a cycle.
    wire_set_rate(card_wire(s->card), 2, o->rate);
    wire_set_rx(card_wire(s->card), from_card, s);
    wire_set_sent(card_wire(s->card), to_card, s);
    if (s->trace != NULL)
        card_set_watch(s->card, between, s);
    s->server = weir_server_new(s->host, &so, err, err_size);
    if (s->server == NULL)
        goto err_sim;
    if (o->sysfs != NULL) {
        s->sysfs = sysfs_open(s->host, o->sysfs, err, err_size);
        if (s->sysfs == NULL)
            goto err_sim;
    }
    return s;

err_sim:
    (void)sim_free(s, late, sizeof(late));
    return NULL;
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void idle_slice(struct sim *s) {
    int64_t until = now_ns() + IDLE_SLICE_NS;
    do
        card_step(s->card, IDLE_STEP, false);
    while (now_ns() < until && card_idle(s->card));
}

static void answer_sysfs(void *arg) {
    sysfs_dispatch(((struct sim *)arg)->sysfs);
}

static void move_cable(struct sim *s, unsigned pulls) {
    if (pulls == s->pulls)
        return;
    // An odd number of moves is one, an even number none.
    if ((pulls - s->pulls) % 2 != 0) {
        s->cable_out = !s->cable_out;
        card_set_cable(s->card, !s->cable_out);
        on_log(s, s->cable_out ? "cable pulled; SIGUSR1 plugs it in again" : "cable plugged in");
    }
    s->pulls = pulls;
}

static void upset(struct sim *s, unsigned upsets) {
    if (upsets == s->upsets)
        return;
    s->upsets = upsets;
    card_upset(s->card, 0, card_cycles(s->card), upsets % 16 * 61); // elsewhere each time
    on_log(s, "an instruction of core 0 is damaged; it may panic");
}

static bool wire_waits(struct sim *s) {
    if (rc_low(card_rc(s->card)) == 0)
        s->low_since = 0;
    else if (s->low_since == 0)
        s->low_since = card_cycles(s->card);
    return s->low_since != 0 && card_cycles(s->card) - s->low_since < PATIENCE_CYCLES;
}

int sim_run(struct sim *s, const volatile int *stop, const volatile unsigned *pulls, const volatile unsigned *upsets) {
    struct wire *wire = card_wire(s->card);

    while (*stop == 0) {
        struct pollfd fds[MAX_FDS];
        unsigned n = weir_server_pollfds(s->server, fds, MAX_FDS - 2 - SERPROG_FDS), all = n + 1, tree = 0, flash;
        bool waits = wire_waits(s); // on a clock that runs
        bool idle = card_idle(s->card) && weir_server_busy(s->server) == 0 && !waits;
        int ready;

        move_cable(s, *pulls);
        upset(s, *upsets);
        fds[n] = (struct pollfd){.fd = waits ? -1 : wire_end_fd(s->end, wire), .events = POLLIN};
        if (idle && s->trace != NULL)
            (void)weir_pcapng_flush(s->trace);
        if (s->sysfs != NULL && !weir_server_started(s->server))
            fds[tree = all++] = (struct pollfd){.fd = sysfs_fd(s->sysfs), .events = POLLIN};
        flash = all;
        if (s->serprog != NULL)
            all += serprog_port_pollfds(s->serprog, fds + flash);
        ready = poll(fds, all, idle ? IDLE_WAIT_MS : 0);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready > 0)
            weir_server_dispatch(s->server, fds, n);
        if (ready > 0 && tree != 0 && fds[tree].revents != 0)
            (void)weir_server_start(s->server, answer_sysfs, s);
        if (ready > 0 && s->serprog != NULL)
            serprog_port_dispatch(s->serprog, fds + flash, all - flash);
        s->receiving =
            (weir_server_pf_in_use(s->server) || sysfs_pf_in_use(s->sysfs)) && (s->receiving || card_idle(s->card));
        if ((waits || wire_end_feed(s->end, wire, s->receiving) == 0) && ready <= 0 && idle)
            idle_slice(s);
        else
            (void)weir_server_run(s->server, weir_server_turn(s->server));
    }
    return 0;
}

void sim_device(const struct sim *s, char name[TAP_NAME_ROOM]) {
    wire_end_device(s->end, name);
}

void sim_totals(const struct sim *s, struct sim_totals *t) {
    const struct wire_end_stats *w = wire_end_stats(s->end);
    const struct rc_stats *r = rc_stats(card_rc(s->card));

    *t = (struct sim_totals){.cycles = card_cycles(s->card),
                             .wire_in = w->to_card,
                             .wire_out = w->from_card,
                             .wire_drops = w->dropped,
                             .tlps = r->tlps_from_card + r->tlps_to_card,
                             .ordered_completions = r->ordered_completions,
                             .ordered_interrupts = r->ordered_interrupts,
                             .violations = r->violations,
                             .iommu_faults = r->iommu_faults};
    memcpy(t->first_violation, r->first_violation, sizeof(t->first_violation));
}

// As pci_tree_dump begins.
static bool is_dump(const uint8_t *head, size_t n) {
    static const char first[] = "01:00.0 PF of the Weir card\n";
    return n >= sizeof(first) - 1 && memcmp(head, first, sizeof(first) - 1) == 0;
}

int sim_dump(struct sim *s, const struct sim_options *o, char *err, size_t err_size) {
    struct pci_tree *tree = pci_tree_new(s->host);
    FILE *out = out_file_open(o->lspci, is_dump);
    int ret = tree == NULL ? -ENOMEM : out == NULL ? -errno : host_sriov(s->host, o->num_vfs);

    if (ret == 0)
        ret = pci_tree_dump(tree, out);
    if (out != NULL && fclose(out) != 0 && ret == 0)
        ret = -errno;
    pci_tree_free(tree);
    if (ret != 0)
        snprintf(err, err_size, "%s: %s; name another file with --lspci", o->lspci, out_file_error(-ret));
    return ret;
}

int sim_free(struct sim *s, char *err, size_t err_size) {
    int ret = 0;

    if (s == NULL)
        return 0;
    weir_server_free(s->server); // and with it an answer of the tree that is under way
    sysfs_close(s->sysfs);
    serprog_port_close(s->serprog);
    host_free(s->host);
    if (s->card != NULL && card_save(s->card, err, err_size) != 0)
        ret = -EIO;
    card_free(s->card);
    if (weir_pcapng_close(s->trace) != 0) {
        ret = -EIO;
        snprintf(err, err_size, "the trace is not whole: is the disk full?");
    }
    if (s->end != NULL && wire_end_stats(s->end)->input_cut) {
        ret = -EIO;
        snprintf(err, err_size, "the pcap input is damaged: it was played up to frame %llu",
                 (unsigned long long)wire_end_stats(s->end)->to_card);
    }
    if (wire_end_close(s->end) != 0) {
        ret = -EIO;
        snprintf(err, err_size, "the pcap output is not whole: is the disk full?");
    }
    if (s->lock >= 0)
        close(s->lock);
    free(s);
    return ret;
}
