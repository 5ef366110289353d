// SPDX-License-Identifier: Apache-2.0
// Hand-overs of one guest while clients of other VFs' sockets do what they can to the card's time: each that was
// planned stays planned, and loses nothing (threat T26).
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosts.h"
#include "vfio_user.h"
#include "weir/bus.h"
#include "world.h"

#define MOVES 6u
#define STORMS 3u

// One client of a VF that is nobody's: reads of its whole BAR, resets, configuration space, without an end.
static void storm(unsigned kind) {
    struct weir_bus *bus;
    char err[256], fn[8];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(fn, sizeof(fn), "vf%u", 3 - kind);
    bus = weir_vfio_user_open(simproc_socket(&sim, fn), err, sizeof(err));
    if (bus == NULL)
        _exit(1);
    for (uint32_t value, at = 0;; at = (at + 4) % 65536) {
        int ret = kind == 0   ? bus->ops->bar_read(bus, at, &value)
                  : kind == 1 ? bus->ops->reset(bus)
                              : bus->ops->cfg_read(bus, at % 4096, 4, &value);
        (void)ret; // refused or not, it goes on
        if (kind == 2 && at % 64 == 0)
            (void)bus->ops->bar_write(bus, WEIR_BAR_DOORBELL_BASE + WEIR_BAR_DB_TX_TAIL, at);
    }
}

static unsigned count(const char *text, const char *word) {
    unsigned n = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        n++;
    return n;
}

static void hand_overs_stay_planned(void) {
    static char text[65536];
    pid_t child[STORMS];
    struct guest a;
    int status;

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    for (unsigned i = 0; i < STORMS; i++) {
        fflush(NULL);
        child[i] = fork();
        CHECK(child[i] >= 0, "cannot fork");
        if (child[i] == 0)
            storm(i);
    }
    for (unsigned i = 0; i < MOVES; i++) {
        must("attach", "a");
        must("detach", "a");
    }
    for (unsigned i = 0; i < STORMS; i++)
        CHECK(waitpid(child[i], &status, WNOHANG) == 0, "storm %u is over: status %x", i, status);
    CHECK(ctl("--json", "records", text, sizeof(text)) == 0, "no records: %s", text);
    CHECK(count(text, "\"surprise\":false") == 2 * MOVES && count(text, "\"status\":\"done\"") == 2 * MOVES &&
              strstr(text, "\"surprise\":true") == NULL,
          "a planned hand-over became another: %s", text);
    for (unsigned i = 0; i < STORMS; i++) {
        kill(child[i], SIGKILL);
        waitpid(child[i], NULL, 0);
    }
    guest_kill(&a);
    hosts_stop();
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "hand_overs_stay_planned") == 0) {
        hand_overs_stay_planned();
        return 0;
    }
    fprintf(stderr, "usage: test_storm_moves hand_overs_stay_planned\n");
    return 2;
}
