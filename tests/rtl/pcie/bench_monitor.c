// SPDX-License-Identifier: Apache-2.0
// See bench_monitor.h.
#include "bench_monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"
#include "tlp.h"

static struct monitor *monitor;
static struct tlp tlp;
static uint64_t before; // TLPs of monitors that were replaced

void bench_monitor_begin(unsigned num_fns) {
    if (monitor != NULL)
        before += monitor_stats(monitor)->tlps;
    monitor_free(monitor);
    monitor = monitor_new(num_fns);
    if (monitor == NULL)
        abort();
}

static void fill(const uint32_t *hdr, const uint32_t *data, unsigned dws) {
    memcpy(tlp.hdr, hdr, sizeof(tlp.hdr));
    memcpy(tlp.data, data, 4 * dws);
}

void bench_monitor_to_card(const uint32_t *hdr, const uint32_t *data, unsigned dws, uint64_t now) {
    fill(hdr, data, dws);
    monitor_to_card(monitor, &tlp, now);
}

const char *bench_monitor_from_card(const uint32_t *hdr, const uint32_t *data, unsigned beats, uint64_t now) {
    fill(hdr, data, 16 * beats);
    monitor_from_card(monitor, &tlp, beats, now);
    return monitor_stats(monitor)->violations != 0 ? monitor_stats(monitor)->first : NULL;
}

void bench_monitor_link_reset(void) {
    monitor_link_reset(monitor);
}

unsigned bench_monitor_open(void) {
    return monitor_open_requests(monitor);
}

uint64_t bench_monitor_tlps(void) {
    return before + (monitor != NULL ? monitor_stats(monitor)->tlps : 0);
}

void bench_monitor_say(void) {
    printf("  %" PRIu64 " TLPs watched, no rule broken\n", bench_monitor_tlps());
}
