// SPDX-License-Identifier: Apache-2.0
// See capture.h.
#include "capture.h"

#include <stdbool.h>
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
    vf = strcmp(p->interface, "vport0") != 0;
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
