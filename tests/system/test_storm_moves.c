// SPDX-License-Identifier: Apache-2.0
// Hand-overs of one guest while a client of another VF's socket does what it can to the card's time: each that was
// planned stays planned, and loses nothing, under each kind of storm and under several at once (threat T26).
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "storm_kinds.h"
#include "world.h"

#define MOVES 2u  // there and back, under each kind
#define SHARED 3u // storms at once, one a VF that is nobody's

static bool gone(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK) == 0;
}

// A greeted client of `socket`. The storm before may have left its connections at the door: while there is no room, or
// the door is shut on this one, it comes again; the test's own time limit is the bound.
static int come_in(const char *socket) {
    for (;;) {
        int fd = storm_connect(socket);
        if (fd >= 0 && storm_say_version(fd))
            for (;;) {
                if (gone(fd))
                    break;
                if (storm_answered(fd))
                    return fd;
                nanosleep(&(struct timespec){0, 100000}, NULL);
            }
        if (fd >= 0)
            close(fd);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

// Asks its VF's socket for all of one kind, without an end.
static void storm(unsigned kind, const char *socket) {
    struct storm_state s = {.socket = socket, .fd = -1};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    s.fd = come_in(socket);
    for (;;)
        storm_kinds[kind].step(&s);
}

static pid_t start_storm(unsigned kind, unsigned vf) {
    char fn[8], socket[96];
    pid_t child;
    snprintf(fn, sizeof(fn), "vf%u", vf);
    snprintf(socket, sizeof(socket), "%s", simproc_socket(&sim, fn));
    fflush(NULL);
    child = fork();
    CHECK(child >= 0, "cannot fork");
    if (child == 0)
        storm(kind, socket);
    return child;
}

static void end_storm(pid_t child, const char *name) {
    int status;
    CHECK(waitpid(child, &status, WNOHANG) == 0, "the storm of %s is over: status %x", name, status);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static unsigned count(const char *text, const char *word) {
    unsigned n = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        n++;
    return n;
}

// The records kept are the newest of all guests': asked after each storm, there are enough.
static void moves_stay_planned(const char *name) {
    static char text[65536];
    for (unsigned i = 0; i < MOVES; i++) {
        must("attach", "a");
        must("detach", "a");
    }
    char newest[8];
    snprintf(newest, sizeof(newest), "%u", 2 * MOVES);
    CHECK(ctl_words(text, sizeof(text), (const char *const[]){"--json", "records", newest, NULL}) == 0,
          "no records: %s", text);
    CHECK(count(text, "\"surprise\":false") >= 2 * MOVES && strstr(text, "\"surprise\":true") == NULL &&
              count(text, "\"status\":\"done\"") == count(text, "\"surprise\":false"),
          "%s: a planned hand-over became another: %s", name, text);
}

int main(int argc, char **argv) {
    struct guest a;
    if (argc < 2 || strcmp(argv[1], "hand_overs_stay_planned") != 0) {
        fprintf(stderr, "usage: test_storm_moves hand_overs_stay_planned\n");
        return 2;
    }
    hosts_start(NULL);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    for (unsigned kind = 0; kind < storm_count; kind++) {
        long began = simproc_now_ms();
        pid_t child = start_storm(kind, 3);
        moves_stay_planned(storm_kinds[kind].name);
        end_storm(child, storm_kinds[kind].name);
        printf("%s: %u hand-overs in %ld ms\n", storm_kinds[kind].name, 2 * MOVES, simproc_now_ms() - began);
    }
    for (unsigned kind = 0; kind + SHARED <= storm_count; kind += SHARED) {
        pid_t child[SHARED];
        for (unsigned i = 0; i < SHARED; i++)
            child[i] = start_storm(kind + i, 3 - i);
        moves_stay_planned("three at once");
        for (unsigned i = 0; i < SHARED; i++)
            end_storm(child[i], storm_kinds[kind + i].name);
    }
    guest_kill(&a);
    hosts_stop();
    return 0;
}
