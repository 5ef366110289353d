// SPDX-License-Identifier: Apache-2.0
// See storm.h. The storms themselves are in storm_kinds.c.
#include "storm.h"

#include <poll.h>
#include <unistd.h>

#include "server.h"
#include "storm_kinds.h"
#include "world.h"

#define SOCKETS 3u // pf, vf0: quiet; vf1: hostile
#define MAX_FDS (WEIR_SERVER_SLOTS * SOCKETS)
#define GAP_CYCLES 60u         // between two round trips of a quiet client, at most
#define HOPELESS_CYCLES 10000u // a round trip of so many is answer enough
#define MAX_TURNS 20000000u    // far more than any round trip takes

struct quiet {
    int fd;
    bool waits;
    uint64_t due, sent; // cycles
    unsigned samples;
    uint64_t took[STORM_SAMPLES];
};

static struct {
    struct world world;
    struct weir_server *server;
    char dir[64];
    int lock;
    unsigned last_turn; // cycles it ran
} st;

static uint64_t now(void) {
    return card_cycles(st.world.card);
}

// Looks at the sockets, as weir-sim does at the beginning of a turn.
static void hear(void) {
    struct pollfd fds[MAX_FDS];
    unsigned n = weir_server_pollfds(st.server, fds, MAX_FDS);
    if (poll(fds, n, 0) > 0)
        weir_server_dispatch(st.server, fds, n);
}

static void turn(void) {
    hear();
    st.last_turn = weir_server_run(st.server, weir_server_turn(st.server));
}

static const char *path_of(const char *fn) {
    static char path[96];
    snprintf(path, sizeof(path), "%s/%s.sock", st.dir, fn);
    return path;
}

static int greeted(const char *fn) {
    int fd = storm_connect(path_of(fn));
    CHECK(fd >= 0 && storm_say_version(fd), "%s takes no client", fn);
    for (unsigned i = 0; !storm_answered(fd); i++) {
        CHECK(i < MAX_TURNS, "%s does not answer", fn);
        turn();
    }
    CHECK(storm_decode(fd), "%s takes nothing", fn);
    return fd;
}

static void open_all(void) {
    struct weir_server_options opt = {.dir = st.dir, .num_vfs = SOCKETS - 1};
    char err[256] = "";

    world_open(&st.world, -1);
    CHECK(host_sriov(st.world.host, SOCKETS - 1) == (int)0, "no VFs");
    snprintf(st.dir, sizeof(st.dir), "/tmp/weir-storm-XXXXXX");
    CHECK(mkdtemp(st.dir) != NULL, "no temporary folder");
    st.lock = weir_server_lock(st.dir, false, err, sizeof(err));
    CHECK(st.lock >= 0, "%s", err);
    st.server = weir_server_new(st.world.host, &opt, err, sizeof(err));
    CHECK(st.server != NULL, "%s", err);
}

static void close_all(void) {
    char path[96];
    weir_server_free(st.server);
    close(st.lock);
    snprintf(path, sizeof(path), "%s/lock", st.dir);
    unlink(path);
    CHECK(rmdir(st.dir) == 0, "sockets were left behind");
    world_close(&st.world);
}

// A request sent while the card ran is found in the socket at the end of the turn: here it is put there between two
// turns, and its time is a random cycle of the turn before.
static void ask(struct quiet *q) {
    if (q->waits || (now() < q->due && st.last_turn != 0))
        return;
    q->waits = true;
    q->sent = now() - world_rand() % (st.last_turn + 1);
    CHECK(storm_read(q->fd, WEIR_BAR_ABI, 4), "cannot send");
}

static void hear_answer(struct quiet *q) {
    if (!q->waits || !storm_answered(q->fd))
        return;
    q->waits = false;
    q->took[q->samples++] = now() - q->sent;
    // More of the same would take the machine for minutes.
    for (unsigned i = q->samples - 1; q->took[i] > HOPELESS_CYCLES && q->samples < STORM_SAMPLES; q->samples++)
        q->took[q->samples] = q->took[i];
    q->due = now() + world_rand() % GAP_CYCLES;
}

// A turn cycle by cycle, so that an answer has its own cycle.
static void turn_with(struct quiet *q) {
    unsigned cycles;

    ask(q);
    hear();
    hear_answer(q);
    cycles = weir_server_turn(st.server);
    for (st.last_turn = 0; st.last_turn < cycles && q->samples < STORM_SAMPLES; st.last_turn++) {
        if (weir_server_run(st.server, 1) == 0)
            break;
        hear_answer(q);
    }
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double p99(struct quiet *q) {
    qsort(q->took, STORM_SAMPLES, sizeof(q->took[0]), by_size);
    return (double)q->took[STORM_SAMPLES * 99 / 100];
}

struct storm_result storm_run(int nth) {
    struct storm_result r = {0};
    struct quiet quiet[2] = {{.fd = -1}, {.fd = -1}};
    char hostile[96];
    struct storm_state storm = {.socket = hostile, .fd = -1};
    static const char *const name[] = {"pf", "vf0"};

    world_seed(1);
    open_all();
    snprintf(hostile, sizeof(hostile), "%s", path_of("vf1"));
    if (nth >= 0)
        storm.fd = greeted("vf1");
    for (unsigned k = 0; k < 2; k++) {
        quiet[k].fd = greeted(name[k]);
        for (unsigned i = 0; quiet[k].samples < STORM_SAMPLES; i++) {
            CHECK(i < MAX_TURNS, "%s waits for ever", name[k]);
            if (nth >= 0)
                storm_kinds[nth].step(&storm);
            turn_with(&quiet[k]);
        }
    }
    r = (struct storm_result){p99(&quiet[0]), p99(&quiet[1]), storm.asked};
    for (unsigned k = 0; k < 2; k++)
        close(quiet[k].fd);
    storm_end(&storm);
    close_all();
    return r;
}

const char *storm_name(unsigned nth) {
    return nth < storm_count ? storm_kinds[nth].name : NULL;
}

double storm_ratio(const struct storm_result *r, const struct storm_result *alone) {
    double pf = r->pf / alone->pf, vf = r->vf / alone->vf;
    return pf > vf ? pf : vf;
}
