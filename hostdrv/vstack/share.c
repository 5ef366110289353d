// SPDX-License-Identifier: Apache-2.0
// See share.h.
#include "share.h"

#define DOUBLINGS 6u // of the hold, for who cannot use what it is given

static void set_default(unsigned *v, unsigned value) {
    if (*v == 0)
        *v = value;
}

void share_set(struct share *s, const struct weir_vstack_share *cfg, uint64_t now_us) {
    s->cfg = *cfg;
    set_default(&s->cfg.look_us, 1000000);
    set_default(&s->cfg.hold_us, 5000000);
    set_default(&s->cfg.turn_us, 30000000);
    set_default(&s->cfg.busy, 1000);
    set_default(&s->cfg.burst, 8);
    set_default(&s->cfg.per_s, 1);
    weir_rate_init(&s->takes, s->cfg.burst, s->cfg.per_s, now_us);
    s->looked = now_us;
}

// ---- what a guest is, now ----

static bool busy(const struct share *s, const struct share_guest *g) {
    return g->load >= s->cfg.busy;
}

// A VF that ends otherwise than by our taking it was no use: its driver does not come up, or it floods, or breaks it.
static void arrived(struct share_guest *g, uint64_t now) {
    if (g->on_vf)
        g->failed = 0;
    else if (!g->taken && (g->was_on_vf || g->given) && g->failed < DOUBLINGS)
        g->failed++;
    g->given = g->taken = false;
    g->was_on_vf = g->on_vf;
    g->since = now;
}

static void measure(const struct share *s, struct share_guest *g, uint64_t took, uint64_t now) {
    uint64_t rate = took != 0 && g->seen ? (g->frames - g->before) * 1000000u / took : 0;
    if (!g->seen)
        g->since = now;
    g->load = (g->load + rate) / 2;
    g->before = g->frames;
    if (!g->moving && (g->on_vf != g->was_on_vf || (g->given && g->seen && !g->on_vf)))
        arrived(g, now);
    g->seen = true;
    if (busy(s, g))
        g->used = now;
    if (g->on_vf || g->moving || g->barred || !(g->pinned || busy(s, g)))
        g->waits = 0;
    else if (g->waits == 0)
        g->waits = now != 0 ? now : 1;
}

// Whether it may be moved again.
static bool ready(const struct share *s, const struct share_guest *g, uint64_t now) {
    return now - g->since >= (uint64_t)s->cfg.hold_us << (g->on_vf ? 0 : g->failed);
}

static bool waited(const struct share *s, const struct share_guest *g, uint64_t now) {
    return now - g->waits >= s->cfg.turn_us;
}

// ---- whom ----

static bool before(const struct share *s, const struct share_guest *a, const struct share_guest *b, uint64_t now) {
    if (a->pinned != b->pinned)
        return a->pinned;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (waited(s, a, now) || waited(s, b, now))
        return a->waits < b->waits;
    return a->load > b->load;
}

static int first_waiting(const struct share *s, struct share_guest *const *guest, unsigned count, uint64_t now) {
    int best = -1;
    for (unsigned i = 0; i < count; i++)
        if (guest[i] != NULL && guest[i]->here && guest[i]->waits != 0 && ready(s, guest[i], now) &&
            (best < 0 || before(s, guest[i], guest[best], now)))
            best = (int)i;
    return best;
}

// Whether the VF of `g` is to go to who waits.
static bool yields(const struct share *s, const struct share_guest *g, const struct share_guest *to, uint64_t now) {
    if (!g->here || !g->on_vf || g->moving || g->pinned || !ready(s, g, now))
        return false;
    if (!busy(s, g) || to->pinned || to->priority != g->priority)
        return !busy(s, g) || to->pinned || to->priority > g->priority;
    return to->load / 2 >= g->load || (waited(s, to, now) && now - g->since >= s->cfg.turn_us);
}

// Of two that yield, who does so rather.
static bool rather(const struct share *s, const struct share_guest *a, const struct share_guest *b) {
    if (busy(s, a) != busy(s, b))
        return !busy(s, a);
    if (a->priority != b->priority)
        return a->priority < b->priority;
    if (!busy(s, a))
        return a->used < b->used;
    return a->since < b->since;
}

static int who_yields(const struct share *s, struct share_guest *const *guest, unsigned count,
                      const struct share_guest *to, uint64_t now) {
    int worst = -1;
    for (unsigned i = 0; i < count; i++)
        if (guest[i] != NULL && yields(s, guest[i], to, now) && (worst < 0 || rather(s, guest[i], guest[worst])))
            worst = (int)i;
    return worst;
}

struct share_move share_look(struct share *s, struct share_guest *const *guest, unsigned count, unsigned free_vfs,
                             uint64_t now_us) {
    const struct share_move nothing = {SHARE_NOTHING, 0};
    uint64_t took = now_us - s->looked;
    bool moving = false;
    int to, from;

    s->looked = now_us;
    for (unsigned i = 0; i < count; i++)
        if (guest[i] != NULL) {
            measure(s, guest[i], took, now_us);
            moving = moving || guest[i]->moving;
        }
    to = moving || !s->cfg.on ? -1 : first_waiting(s, guest, count, now_us);
    if (to < 0)
        return nothing;
    if (free_vfs > s->cfg.reserve) {
        guest[to]->given = true;
        return (struct share_move){SHARE_GIVE, (unsigned)to};
    }
    from = who_yields(s, guest, count, guest[to], now_us);
    if (from < 0 || !weir_rate_take(&s->takes, now_us))
        return nothing;
    guest[from]->taken = true;
    return (struct share_move){SHARE_TAKE, (unsigned)from};
}
