// SPDX-License-Identifier: Apache-2.0
// Live migration between two hosts (rules 12.1 to 12.3). test_migrate <case> [seed]
#include <errno.h>

#include "migrate_world.h"

#define MIGRATIONS 20u // or as many as WEIR_SOAK says
#define LONG 5000000u

struct figures {
    struct flow_stat pause, silence_down, silence_up, whole;
    unsigned followed;
};

static void check_one_owner(struct mw *w) {
    bool has[2] = {weir_vstack_port(w->host[0].vs, 0) >= 0, false};
    (void)has;
    CHECK(!w->guest->stopped, "the guest does not run");
    CHECK(weir_vstack_state(w->host[w->at].vs, (unsigned)w->guest->id) != WEIR_VSTACK_NONE,
          "its host does not know it");
}

static void migrate_once(struct mw *w, struct figures *f) {
    uint64_t began = mw_cycle(w);
    const struct weir_migrate_report *from, *to;
    flow_watch(w->host[0].net, w->down, w->guest->endpoint, began);
    flow_watch(w->host[0].net, w->up, w->peer, began);
    mw_begin(w, fw_sizes.buf_bytes);
    mw_await_end(w, LONG);
    CHECK(w->at != w->from, "it stayed: %s", weir_migrate_report(w->end[w->from])->text);
    from = weir_migrate_report(w->end[w->from]);
    to = weir_migrate_report(w->end[w->at]);
    CHECK(weir_migrate_state(w->end[w->from]) == WEIR_MIGRATE_DONE && from->error == 0, "source: %s", from->text);
    CHECK(weir_migrate_state(w->end[w->at]) == WEIR_MIGRATE_DONE && to->error == 0, "destination: %s", to->text);
    CHECK(from->follow_lost == 0 && to->follow_lost == 0 && !from->announced_unseen && from->followed == to->followed,
          "%u followed, %u came, %u and %u lost", from->followed, to->followed, from->follow_lost, to->follow_lost);
    flow_stat_add(&f->pause, (uint32_t)((uint32_t)to->paused - (uint32_t)from->paused));
    f->followed += from->followed;
    mw_await_vf(w, LONG);
    flow_stat_add(&f->whole, mw_cycle(w) - began);
    flow_stat_add(&f->silence_down, flow_watched(w->host[0].net, w->down, w->guest->endpoint, mw_cycle(w)));
    flow_stat_add(&f->silence_up, flow_watched(w->host[0].net, w->up, w->peer, mw_cycle(w)));
    mw_end(w);
    check_one_owner(w);
}

static void check_flows(struct mw *w) {
    struct flow_count c = flow_count(w->host[0].net, -1, -1);
    printf("%" PRIu64 " frames of %" PRIu64 ": %" PRIu64 " lost, %" PRIu64 " duplicated, %" PRIu64 " reordered\n",
           c.received, c.sent, c.lost, c.duplicated, c.reordered);
    fw_check_flows(&w->host[0], "after all migrations");
}

static void start_on_vf(struct mw *w) {
    mw_run(w, 10000);
    CHECK(weir_vstack_attach(w->host[w->at].vs, (unsigned)w->guest->id) == 0, "cannot attach");
    mw_await_vf(w, LONG);
    mw_run(w, 10000);
}

static void back_and_forth_loses_nothing(uint64_t seed) {
    const char *soak = getenv("WEIR_SOAK");
    unsigned n = soak != NULL ? (unsigned)strtoul(soak, NULL, 0) : MIGRATIONS;
    struct figures f = {0};
    struct mw w;
    mw_open(&w, seed);
    start_on_vf(&w);
    for (unsigned i = 0; i < n; i++) {
        migrate_once(&w, &f);
        mw_run(&w, 2000 + world_rand() % 20000);
    }
    mw_drain(&w);
    check_flows(&w);
    printf("%u migrations, %u frames followed the guest\n", n, f.followed);
    flow_stat_print(&f.pause, "paused");
    flow_stat_print(&f.silence_down, "longest silence at the guest");
    flow_stat_print(&f.silence_up, "longest silence at the peer");
    flow_stat_print(&f.whole, "asked for to on its VF there");
    CHECK(f.followed > n / 4, "next to nothing had to follow: the case does not bite");
    flow_stat_free(&f.pause);
    flow_stat_free(&f.silence_down);
    flow_stat_free(&f.silence_up);
    flow_stat_free(&f.whole);
    mw_close(&w);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(uint64_t seed);
    } cases[] = {
        {"back_and_forth_loses_nothing", back_and_forth_loses_nothing},
    };
    for (unsigned i = 0; argc >= 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run(argc >= 3 ? strtoull(argv[2], NULL, 0) : 1);
            return 0;
        }
    return 2;
}
