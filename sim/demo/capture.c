// SPDX-License-Identifier: Apache-2.0
// See capture.h.
#include "capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "pcapng_read.h"
#include "udp.h"

#define NS_PER_CYCLE 4u
#define SAMPLE_CYCLES 20000u

struct evaluation {
    const uint8_t *guest;
    int flow;
    struct capture_window *window;
    unsigned windows;
    struct report *report;
    uint64_t frames[2], bytes[2]; // synthetic, VF
    uint64_t sample[2], next_sample;
    uint64_t last; // delivery of the watched flow
};

static void on_packet(void *ctx, const struct weir_pcapng_packet *p) {
    struct evaluation *e = ctx;
    uint64_t cycle = p->ns / NS_PER_CYCLE;
    bool vf;

    if (strncmp(p->interface, "vport", 5) != 0 || p->len < 14)
        return;
    if (p->comment[0] != '\0')
        return; // it was dropped
    vf = strncmp(p->interface, "vport0 ", 7) != 0 && strcmp(p->interface, "vport0") != 0;
    for (; cycle >= e->next_sample; e->next_sample += SAMPLE_CYCLES) {
        report_sample(e->report, e->next_sample, e->sample[0], e->sample[1]);
        e->sample[0] = e->sample[1] = 0;
    }
    e->frames[vf]++;
    e->bytes[vf] += p->len;
    if (memcmp(p->data, e->guest, 6) == 0 || memcmp(p->data + 6, e->guest, 6) == 0)
        e->sample[vf]++;
    if (p->dir != WEIR_PCAPNG_OUT || udp_flow_of(p->data, p->len) != e->flow)
        return;
    for (unsigned i = 0; e->last != 0 && i < e->windows; i++) {
        struct capture_window *w = &e->window[i];
        if (cycle > w->from && e->last < w->to && cycle - e->last > w->gap)
            w->gap = cycle - e->last;
    }
    e->last = cycle;
}

int capture_evaluate(const char *path, const uint8_t guest[6], int flow, struct capture_window *w, unsigned windows,
                     struct report *r, char *err, size_t err_size) {
    struct evaluation e = {.guest = guest, .flow = flow, .window = w, .windows = windows, .report = r};
    int ret = weir_pcapng_read(path, on_packet, &e, err, err_size);
    report_path(r, &(struct report_path){"synthetic", e.frames[0], e.bytes[0]});
    report_path(r, &(struct report_path){"VF", e.frames[1], e.bytes[1]});
    return ret;
}

// ---- what is kept ----

#define AROUND_CYCLES 100000u
#define MAX_KEPT 32u
#define MAX_INTERFACES 300u
#define BLOCK_BYTES 60u // of a frame's block beside its data

struct keeper {
    const char *to;
    struct weir_pcapng *out; // from the first frame on: its times begin where the source's do
    char *err;
    size_t err_size;
    int ret;
    const struct capture_window *window;
    unsigned windows;
    uint64_t most, kept[MAX_KEPT]; // bytes of each window
    char name[MAX_INTERFACES][64];
    unsigned names;
    struct report_capture sum;
};

static int interface_of(struct keeper *k, const char *name, uint64_t speed) {
    for (unsigned i = 0; i < k->names; i++)
        if (strcmp(k->name[i], name) == 0)
            return (int)i;
    if (k->names == MAX_INTERFACES)
        return -1;
    snprintf(k->name[k->names++], sizeof(k->name[0]), "%s", name);
    return weir_pcapng_add_interface(k->out, name, speed);
}

// The window that the frame belongs to and that has room for it; -1 without.
static int window_of(const struct keeper *k, uint64_t cycle, uint64_t bytes) {
    for (unsigned i = 0; i < k->windows && i < MAX_KEPT; i++)
        if (cycle + AROUND_CYCLES >= k->window[i].from && cycle <= k->window[i].to + AROUND_CYCLES &&
            k->kept[i] + bytes <= k->most / k->windows)
            return (int)i;
    return -1;
}

static void keep(void *ctx, const struct weir_pcapng_packet *p) {
    struct keeper *k = ctx;
    uint64_t bytes = p->len + BLOCK_BYTES;
    if (k->out == NULL && k->ret == 0) {
        k->out = weir_pcapng_open(k->to, p->start, k->err, k->err_size);
        k->ret = k->out != NULL ? 0 : -EIO;
    }
    int window = window_of(k, p->ns / NS_PER_CYCLE, bytes), interface;

    k->sum.all_frames++;
    k->sum.all_bytes += bytes;
    if (window < 0 || k->out == NULL)
        return;
    interface = interface_of(k, p->interface, p->speed);
    if (interface < 0 || weir_pcapng_write(k->out, interface, p->ns, p->dir, p->data, p->len,
                                           p->comment[0] != '\0' ? p->comment : NULL) != 0)
        return;
    k->kept[window] += bytes;
    k->sum.frames++;
    k->sum.bytes += bytes;
}

int capture_keep(const char *from, const char *to, uint64_t bytes, const struct capture_window *w, unsigned windows,
                 struct report *r, char *err, size_t err_size) {
    struct keeper k = {.to = to, .err = err, .err_size = err_size, .window = w, .windows = windows, .most = bytes};
    int ret = weir_pcapng_read(from, keep, &k, err, err_size);

    if (ret == 0)
        ret = k.ret;
    if (ret == 0 && k.out == NULL) { // no frame came
        k.out = weir_pcapng_open(to, 0, err, err_size);
        ret = k.out != NULL ? 0 : -EIO;
    }
    if (weir_pcapng_close(k.out) != 0 && ret == 0) {
        snprintf(err, err_size, "%s is not whole: disk full?", to);
        ret = -EIO;
    }
    report_capture(r, &k.sum);
    return ret;
}
