// SPDX-License-Identifier: Apache-2.0
// See guest_path.h.
#include "guest_path.h"

#include <inttypes.h>
#include <stdio.h>

static void tell_move(const struct weir_netvsc_move *m, uint64_t now_us, char *line, size_t size) {
    snprintf(line, size,
             "hand-over %" PRIu64 " %s, %" PRIu64 " ms ago, took %" PRIu64 " us, held %" PRIu64 " sent and %" PRIu64
             " received, dropped %" PRIu64 ": %s",
             m->serial, m->to_vf ? "to the VF" : "to synthetic", (now_us - m->at_us) / 1000, m->took_us, m->tx_held,
             m->rx_held, m->dropped, weir_why_name(m->why));
}

void guest_path(const struct weir_netvsc *n, const struct weir_netvsc_stats *s,
                void (*tell)(void *ctx, const char *line), void *ctx) {
    const struct weir_netvsc_path p = weir_netvsc_path(n);
    char line[256];

    snprintf(line, sizeof(line), "on the %s path for %" PRIu64 " ms: %s: %s", p.vf ? "VF" : "synthetic",
             (p.now_us - p.since_us) / 1000, weir_why_name(p.why), weir_why_text(p.why));
    tell(ctx, line);
    snprintf(line, sizeof(line),
             "synthetic: %" PRIu64 " sent, %" PRIu64 " received; VF: %" PRIu64 " sent, %" PRIu64
             " received; refused %" PRIu64 ", dropped on the way %" PRIu64,
             s->tx_synthetic, s->rx_synthetic, s->tx_vf, s->rx_vf, s->tx_refused, s->rx_dropped);
    tell(ctx, line);
    for (uint64_t i = weir_netvsc_num_moves(n); i-- > 0 && weir_netvsc_move(n, i) != NULL;) {
        tell_move(weir_netvsc_move(n, i), p.now_us, line, sizeof(line));
        tell(ctx, line);
    }
}
