// SPDX-License-Identifier: Apache-2.0
// Live migration between two hosts (rules 12.1 to 12.3). test_migrate <case> [seed]
#include <errno.h>

#include "migrate_int.h"
#include "migrate_world.h"

#define MIGRATIONS 20u // or as many as WEIR_SOAK says
#define LONG 5000000u

struct figures {
    struct flow_stat pause, silence_down, silence_up, whole;
    unsigned followed;
};

// Which host's stack has a port for the guest, and a card that sends its frames there.
static void check_one_owner(struct mw *w) {
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 1, 0};
    CHECK(!w->guest->stopped, "the guest does not run");
    for (unsigned h = 0; h < 2; h++) {
        struct weir_get_filter_rsp r = {.next = 0};
        unsigned filters = 0;
        while (weir_pf_get_filter(w->host[h].w.pf, r.next, &r) == 0)
            filters += memcmp(r.mac, mac, 6) == 0;
        CHECK(filters == (h == w->at ? 1u : 0u), "the guest runs at host %u, and card %u has %u filters of it", w->at,
              h, filters);
    }
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

// The migration is given up at each state of either end, by a word or by the other host's death: the guest runs on at
// one host, on its VF, and not a frame is lost or doubled.
static void give_up(struct mw *w, unsigned end, enum weir_migrate_state at, bool dies, struct flow_stat *back,
                    uint64_t *counted) {
    unsigned from = w->at, h = end == 0 ? from : 1 - from;
    uint64_t until = mw_cycle(w) + LONG, began;
    mw_begin(w, fw_sizes.buf_bytes);
    while (weir_migrate_state(w->end[h]) != at) {
        CHECK(mw_cycle(w) < until, "it never is %s", weir_migrate_state_text(at));
        mw_step(w, 50);
    }
    began = mw_cycle(w);
    // What the destination had said already is lost with the link.
    while (dies && at == WEIR_MIGRATE_GIVING && weir_channel_recv(w->link[0], NULL, 0) >= 0) {
    }
    if (dies)
        weir_channel_close(w->link[end]);
    if (dies && end == 1) {
        weir_migrate_free(w->end[h]);
        w->end[h] = NULL;
    } else if (!dies)
        CHECK(weir_migrate_cancel(w->end[h]) == 0, "cannot cancel");
    mw_await_end(w, LONG);
    CHECK(at != WEIR_MIGRATE_GIVING || weir_migrate_state(w->end[from]) == WEIR_MIGRATE_UNDECIDED, "the source is %s",
          weir_migrate_state_text(weir_migrate_state(w->end[from])));
    if (weir_migrate_state(w->end[from]) == WEIR_MIGRATE_UNDECIDED) {
        // The source may not guess. We can see whether the guest runs there.
        CHECK(w->guest->stopped || w->at != from, "undecided, and it runs at the source");
        CHECK(weir_migrate_decide(w->end[from], w->at != from) == 0, "no decision is asked for");
        mw_await_end(w, LONG);
    }
    mw_await_vf(w, LONG);
    flow_stat_add(back, mw_cycle(w) - began);
    printf("%-22s %-9s: it runs at the %s\n", weir_migrate_state_text(at), dies ? "link cut" : "cancelled",
           w->at == from ? "source" : "destination");
    CHECK(w->at == from || at == WEIR_MIGRATE_GIVING, "it was given up, and went");
    *counted += weir_migrate_report(w->end[from])->follow_lost;
    mw_end(w);
    check_one_owner(w);
}

static void any_step_may_be_given_up(uint64_t seed) {
    static const struct {
        unsigned end;
        enum weir_migrate_state at;
        bool cancel;
    } steps[] = {{0, WEIR_MIGRATE_ASKING, true}, {0, WEIR_MIGRATE_LEAVING, true}, {0, WEIR_MIGRATE_DRAINING, true},
                 {0, WEIR_MIGRATE_SAVED, true},  {0, WEIR_MIGRATE_GIVING, false}, {1, WEIR_MIGRATE_EXPECTING, true},
                 {1, WEIR_MIGRATE_READY, true}};
    struct flow_stat back = {0};
    struct flow_count c;
    uint64_t counted = 0;
    struct mw w;
    mw_open(&w, seed);
    start_on_vf(&w);
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        for (unsigned dies = steps[i].cancel ? 0 : 1; dies < 2; dies++)
            give_up(&w, steps[i].end, steps[i].at, dies != 0, &back, &counted);
    mw_drain(&w);
    // Lost is what the link could not carry any more, and the source says how much that was.
    c = flow_count(w.host[0].net, -1, -1);
    printf("%" PRIu64 " frames of %" PRIu64 ", %" PRIu64 " lost, %" PRIu64 " counted\n", c.received, c.sent, c.lost,
           counted);
    CHECK(c.lost == counted && c.duplicated == 0 && c.reordered == 0 && c.corrupt == 0 &&
              flow_strays(w.host[0].net) == 0,
          "%" PRIu64 " lost, %" PRIu64 " counted; %s", c.lost, counted, flow_first_error(w.host[0].net));
    flow_stat_print(&back, "given up to on its VF");
    CHECK(back.value[back.count - 1] <= 2500000, "longer than 10 ms of the card");
    flow_stat_free(&back);
    mw_close(&w);
}

// What the destination cannot have, it says before the source stops anything.
static void a_refusal_stops_nothing(uint64_t seed) {
    struct mw w;
    uint64_t records;
    mw_open(&w, seed);
    start_on_vf(&w);
    records = weir_vstack_num_records(w.host[0].vs);
    mw_begin(&w, fw_sizes.buf_bytes - 1);
    mw_await_end(&w, LONG);
    CHECK(weir_migrate_report(w.end[0])->error == -EINVAL, "the long frames are taken");
    mw_end(&w);
    fw_guest_add(&w.host[1], 0); // of the same name
    mw_begin(&w, fw_sizes.buf_bytes);
    mw_await_end(&w, LONG);
    CHECK(weir_migrate_report(w.end[0])->error == -EEXIST, "the name is taken twice");
    printf("refused: %s\n", weir_migrate_report(w.end[0])->text);
    mw_end(&w);
    CHECK(weir_vstack_num_records(w.host[0].vs) == records && w.at == 0, "the guest left its VF");
    CHECK(weir_vstack_state(w.host[0].vs, (unsigned)w.guest->id) == WEIR_VSTACK_ATTACHED, "it lost its VF");
    mw_drain(&w);
    check_flows(&w);
    mw_close(&w);
}

// What the destination says of one message, behind a good ASK where it is not one itself: YES or LOADED, or NO.
static uint32_t answer_to(struct mw *w, const struct migrate_guest *good, uint32_t type, const void *message,
                          size_t len) {
    struct weir_migrate_config cfg = {
        .link = w->link[1], .max_frame = fw_sizes.buf_bytes, .ctx = w, .place = mw_place, .resume = mw_never};
    struct weir_migration *m;
    struct migrate_answer a;
    uint32_t said = 0;
    CHECK(weir_migrate_in(w->host[1].vs, &cfg, &m) == 0, "nobody listens");
    if (type == MIGRATE_STATE) {
        CHECK(weir_channel_send(w->link[0], MIGRATE_ASK, good, sizeof(*good), NULL, 0, 0) == 0, "no room");
        weir_migrate_poll(m);
        CHECK(weir_channel_peek(w->link[0], &said, NULL) == 1 && said == MIGRATE_YES, "a good guest is refused");
        (void)weir_channel_recv(w->link[0], &a, sizeof(a));
    }
    CHECK(weir_channel_send(w->link[0], type, message, len, NULL, 0, 0) == 0, "no room");
    weir_migrate_poll(m);
    CHECK(weir_channel_peek(w->link[0], &said, NULL) == 1, "no answer");
    weir_migrate_free(m);
    while (weir_channel_recv(w->link[0], &a, sizeof(a)) > 0) {
    }
    // A port that was made goes with its stack's next turns, and the channel behind it.
    for (unsigned i = 0; i < 2 && w->new_area != NULL; i++)
        weir_vstack_poll(w->host[1].vs, fw_cycle(&w->host[1]) / 250);
    mw_unplace(w);
    return said;
}

// A state comes from a stranger (rules 8.7, threat T24): every bit of it turned, every length. With a digest
// that fits, what is taken is another guest; nothing stays behind of what is not.
static void any_state_may_come(uint64_t seed) {
    struct migrate_guest good, bad;
    unsigned meant = 0, refused = 0;
    struct mw w;
    mw_open(&w, seed);
    mw_begin(&w, fw_sizes.buf_bytes);
    CHECK(weir_channel_recv(w.link[1], &good, sizeof(good)) == (int)sizeof(good), "the source does not ask");
    for (unsigned h = 0; h < 2; h++) {
        weir_migrate_free(w.end[h]);
        w.end[h] = NULL;
    }
    while (weir_channel_recv(w.link[0], NULL, 0) >= 0 || weir_channel_recv(w.link[1], NULL, 0) >= 0) {
    }
    for (size_t len = 0; len < sizeof(good); len++)
        CHECK(answer_to(&w, &good, MIGRATE_ASK, &good, len) == MIGRATE_NO, "%zu bytes are taken", len);
    for (unsigned bit = 0; bit < 8 * sizeof(good); bit++) {
        uint32_t type = bit % 32 == 5 ? MIGRATE_STATE : MIGRATE_ASK, said;
        bad = good;
        ((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(answer_to(&w, &good, type, &bad, sizeof(bad)) == MIGRATE_NO, "bit %u is taken", bit);
        bad.digest = migrate_digest(&bad); // by somebody who means it
        said = answer_to(&w, &good, type, &bad, sizeof(bad));
        meant += said != MIGRATE_NO;
        refused += said == MIGRATE_NO;
    }
    printf("%u bits turned: all refused; with a digest that fits %u refused, %u another guest\n",
           8 * (unsigned)sizeof(good), refused, meant);
    CHECK(refused > 100 && meant > 100, "%u refused, %u taken", refused, meant);
    CHECK(answer_to(&w, &good, MIGRATE_STATE, &good, sizeof(good)) == MIGRATE_LOADED, "a good state is refused");
    weir_channel_detach(w.link[0]);
    weir_channel_detach(w.link[1]);
    free(w.link_area);
    mw_close(&w);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(uint64_t seed);
    } cases[] = {
        {"back_and_forth_loses_nothing", back_and_forth_loses_nothing},
        {"any_step_may_be_given_up", any_step_may_be_given_up},
        {"a_refusal_stops_nothing", a_refusal_stops_nothing},
        {"any_state_may_come", any_state_may_come},
    };
    for (unsigned i = 0; argc >= 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run(argc >= 3 ? strtoull(argv[2], NULL, 0) : 1);
            return 0;
        }
    return 2;
}
