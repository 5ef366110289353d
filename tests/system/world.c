// SPDX-License-Identifier: Apache-2.0
// See world.h.
#include "world.h"

#include <stdarg.h>

bool world_high_addresses;
static uint64_t state = 1;
static struct world *open_world;

void world_seed(uint64_t seed) {
    state = seed * 0x9E3779B97F4A7C15ull + 1;
}

uint32_t world_rand(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * 0x2545F4914F6CDD1Dull >> 32);
}

void world_fail(const char *file, int line, const char *fmt, ...) {
    va_list ap;
    fprintf(stderr, "%s:%d: cycle %" PRIu64 ": ", file, line,
            open_world != NULL && open_world->card != NULL ? card_cycles(open_world->card) : 0);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

void world_open(struct world *w, int num_vfs) {
    world_open_with(w, num_vfs, 1, 8);
}

void world_open_with(struct world *w, int num_vfs, unsigned queues, unsigned ring_log2) {
    struct card_options opt = {.firmware = WEIR_FIRMWARE_IMAGE, .console = getenv("WEIR_CONSOLE") != NULL};
    struct weir_pf_config cfg = {.num_vfs = (uint16_t)(num_vfs < 0 ? 0 : num_vfs),
                                 .num_vports = (uint16_t)(num_vfs < 0 ? 1 : num_vfs + 1),
                                 .default_qps = (uint16_t)queues,
                                 .tx_log2 = (uint8_t)ring_log2,
                                 .rx_log2 = (uint8_t)ring_log2,
                                 .buf_bytes = 2048};
    char err[256] = "";

    memset(w, 0, sizeof(*w));
    open_world = w;
    w->card = card_new(&opt, err, sizeof(err));
    CHECK(w->card != NULL, "%s", err);
    if (getenv("WEIR_TRACE") != NULL)
        CHECK(card_trace(w->card, getenv("WEIR_TRACE")) == 0, "this build has no waveform tracing");
    CHECK(card_boot(w->card, 2000000) == 0, "firmware does not boot");
    w->host = host_new(w->card, err, sizeof(err));
    CHECK(w->host != NULL, "%s", err);
    w->ip = weir_inproc_new(w->host);
    CHECK(w->ip != NULL, "out of memory");
    if (world_high_addresses)
        weir_inproc_high(w->ip);
    if (num_vfs >= 0)
        CHECK(weir_pf_open(weir_inproc_open(w->ip, 0), &cfg, &w->pf, err, sizeof(err)) == 0, "%s", err);
}

void world_settle(struct world *w) {
    uint64_t ran = card_step(w->card, 2000000, true);
    CHECK(ran < 2000000, "card is not idle after 2 million cycles");
}

void world_close(struct world *w) {
    const struct rc_stats *s;
    char text[160] = "";
    world_settle(w);
    if (w->pf != NULL)
        CHECK(weir_pf_ledger(w->pf, text, sizeof(text)) == 0, "%s", text);
    s = rc_stats(card_rc(w->card));
    CHECK(s->violations == 0, "%" PRIu64 " TLP rule violations, first: %s", s->violations, s->first_violation);
    CHECK(s->iommu_faults == 0, "%" PRIu64 " IOMMU faults", s->iommu_faults);
    printf("%" PRIu64 " TLPs checked, the order of %" PRIu64 " completions and %" PRIu64 " interrupts, %" PRIu64
           " cycles\n",
           s->tlps_from_card + s->tlps_to_card, s->ordered_completions, s->ordered_interrupts, card_cycles(w->card));
    weir_pf_close(w->pf);
    weir_inproc_free(w->ip);
    host_free(w->host);
    card_free(w->card);
    open_world = NULL;
}
