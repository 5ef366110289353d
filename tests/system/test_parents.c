// SPDX-License-Identifier: Apache-2.0
// Guests outlive their parent, and a guest its predecessor: processes that end and come back, in order and without a
// word. test_parents <case>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "world.h"

#define STRANGERS 100u

static bool alive(const struct guest *g) {
    return waitpid(g->pid, NULL, WNOHANG) == 0;
}

struct stream {
    uint32_t sent, next;
};

// Frames with numbers from one to the other, until `n` were taken; what comes is in order and comes once.
static void exchange(struct guest *from, struct guest *to, struct stream *s, unsigned n) {
    long until = simproc_now_ms() + WAIT_MS;
    for (unsigned taken = 0; taken < n;) {
        uint8_t f[100] = {0}, in[2048];
        ssize_t len;
        CHECK(simproc_now_ms() < until, "%u of %u frames came", taken, n);
        memcpy(f, to->mac, 6);
        memcpy(f + 6, from->mac, 6);
        f[12] = 0x88, f[13] = 0xB5;
        memcpy(f + 14, &s->sent, 4);
        if (send(from->device, f, sizeof(f), MSG_DONTWAIT) == sizeof(f))
            s->sent++;
        while ((len = recv(to->device, in, sizeof(in), MSG_DONTWAIT)) > 0) {
            uint32_t seq;
            if (len < 60 || memcmp(in + 6, from->mac, 6) != 0 || in[12] != 0x88)
                continue;
            memcpy(&seq, in + 14, 4);
            CHECK(seq >= s->next, "frame %u comes behind frame %u", seq, s->next - 1);
            s->next = seq + 1;
            taken++;
        }
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

static void guests_of_one_parent_meet_the_next(bool killed) {
    struct guest a, b;
    struct stream ab = {0, 0}, ba = {0, 0};
    long since;

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    must("attach", "a");
    exchange(&a, &b, &ab, 20);
    exchange(&b, &a, &ba, 20);
    if (killed) {
        kill(host, SIGKILL);
        waitpid(host, NULL, 0);
    } else {
        must("halt", NULL);
        CHECK(simproc_end(host) == 0, "weir-host does not halt in order");
    }
    // Time for the guests to notice, and to send into nothing.
    for (unsigned i = 0; i < 20; i++) {
        uint8_t f[60] = {0};
        memcpy(f, b.mac, 6);
        memcpy(f + 6, a.mac, 6);
        f[12] = 0x08;
        (void)send(a.device, f, sizeof(f), MSG_DONTWAIT);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    CHECK(alive(&a) && alive(&b), "a guest ended with its parent");
    hosts_start_parent(NULL);
    since = simproc_now_ms();
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    printf("both are back %ld ms after their parent\n", simproc_now_ms() - since);
    exchange(&a, &b, &ab, 20);
    exchange(&b, &a, &ba, 20);
    must("detach", "a"); // it kept its VF
    exchange(&a, &b, &ab, 20);
    must("attach", "b");
    exchange(&a, &b, &ab, 20);
    CHECK(alive(&a) && alive(&b), "a guest ended");
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
}

static void guests_outlive_a_killed_parent(void) {
    guests_of_one_parent_meet_the_next(true);
}

static void guests_outlive_a_halted_parent(void) {
    guests_of_one_parent_meet_the_next(false);
}

// Killed on its VF, which takes a moment to be taken back, and started again at once.
static void a_guest_waits_for_its_predecessor_to_leave(void) {
    struct guest a, b;
    struct stream ab = {0, 0};

    hosts_start(NULL);
    guest_start(&b, "b", 2);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:02");
    for (unsigned i = 0; i < 5; i++) {
        await_status("02:57:00:00:00:01");
        must("attach", "a");
        guest_kill(&a);
        guest_start(&a, "a", 1);
        exchange(&b, &a, &ab, 5);
        CHECK(alive(&a), "try %u: the guest was refused", i);
    }
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
}

// Removed by the administrator it ends, and does not come back through the open door.
static void who_is_sent_away_stays_away(void) {
    struct guest a;
    int status = 0;
    long until;

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    {
        static const char *const remove[] = {"guest", "remove", "a", NULL};
        char text[512];
        CHECK(ctl_words(text, sizeof(text), remove) == 0, "%s", text);
    }
    until = simproc_now_ms() + WAIT_MS;
    while (waitpid(a.pid, &status, WNOHANG) == 0) {
        CHECK(simproc_now_ms() < until, "it goes on");
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2, "status %x", (unsigned)status);
    await_status("no guests");
    hosts_stop();
}

// Core 0 of the card panics, over the sockets: nobody's connection ends, the parent says what it was in one line, and
// keeps the record for who asks.
static void a_panic_of_the_card_is_one_line(void) {
    struct guest a, b;
    struct stream ab = {0, 0};
    char text[4096] = "";
    static const char *const health[] = {"dev", "health", NULL};
    long until = simproc_now_ms() + 2 * WAIT_MS;

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    must("attach", "a");
    exchange(&b, &a, &ab, 10);
    // A sleeping core hits the damage or not; each question wakes it.
    while (strstr(text, "the last: cause 19 (damaged memory word)") == NULL) {
        CHECK(simproc_now_ms() < until, "no panic: %s", text);
        kill(sim.pid, SIGUSR2);
        must("status", NULL);
        CHECK(ctl_words(text, sizeof(text), health) == 0, "%s", text);
    }
    CHECK(simproc_log_has(host_log,
                          "core 0 of the card panicked and was restarted: cause 19 (damaged memory word), pc 1"),
          "the parent says nothing");
    exchange(&b, &a, &ab, 10);
    must("detach", "a");
    exchange(&b, &a, &ab, 10);
    must("attach", "a");
    CHECK(alive(&a) && alive(&b), "a guest ended");
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
}

// The parent writes only so many lines about strangers; how many it left out it says.
static void what_the_log_leaves_out_is_counted(void) {
    char junk[52], byte;
    unsigned said = 0, left_out = 0;
    long until;

    memset(junk, 'x', sizeof(junk));
    hosts_start(NULL);
    for (unsigned i = 0; i < STRANGERS; i++) {
        int fd = connect_to("guests/guest.sock");
        CHECK(send(fd, junk, sizeof(junk), MSG_NOSIGNAL) == sizeof(junk), "send");
        (void)recv(fd, &byte, 1, 0); // until it is sent away
        close(fd);
    }
    until = simproc_now_ms() + WAIT_MS;
    do {
        FILE *f = fopen(host_log, "r");
        char line[512];
        unsigned n;
        said = left_out = 0;
        while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
            said += strstr(line, "talks nonsense") != NULL;
            if (sscanf(line, "weir-host: %u lines about pending clients suppressed", &n) == 1)
                left_out += n;
        }
        if (f != NULL)
            fclose(f);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    } while (said + left_out < STRANGERS && simproc_now_ms() < until);
    CHECK(said + left_out == STRANGERS && left_out > 0, "of %u lines %u are there and %u counted", STRANGERS, said,
          left_out);
    hosts_stop();
}

// Card, parent, guest and weirctl, each before each other; a card takes a second to boot.
static void they_wait_for_each_other(void) {
    static const char *const sim_args[] = {"--vfs", "4", NULL};
    for (unsigned order = 0; order < 24; order++) {
        unsigned left[4] = {0, 1, 2, 3}, n = 4, rest = order;
        char ctl_log[140];
        struct guest g;
        pid_t ctl_pid = -1;
        int status = -1;
        long until;

        simproc_prepare(&sim);
        hosts_prepare();
        snprintf(ctl_log, sizeof(ctl_log), "%s.ctl", sim.dir);
        for (; n > 0; n--) {
            const char *ctl_args[] = {"--parent", host_dir, "--wait", "30", "status", NULL};
            unsigned at = rest % n, who = left[at];
            rest /= n;
            left[at] = left[n - 1];
            if (who == 0)
                simproc_launch(&sim, sim_args);
            else if (who == 1)
                hosts_launch_parent(NULL);
            else if (who == 2)
                guest_start(&g, "a", 1);
            else
                ctl_pid = simproc_spawn(WEIRCTL_BINARY, ctl_args, ctl_log);
            nanosleep(&(struct timespec){0, 60000000}, NULL);
        }
        until = simproc_now_ms() + WAIT_MS;
        while (waitpid(ctl_pid, &status, WNOHANG) == 0 && simproc_now_ms() < until)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        CHECK(status == 0, "order %u: weirctl ended with %x: %s", order, (unsigned)status, ctl_log);
        await_status("02:57:00:00:00:01");
        CHECK(alive(&g), "order %u: the guest did not wait", order);
        guest_kill(&g);
        await_status("no guests");
        unlink(ctl_log);
        hosts_stop();
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"guests_outlive_a_killed_parent", guests_outlive_a_killed_parent},
                 {"guests_outlive_a_halted_parent", guests_outlive_a_halted_parent},
                 {"a_guest_waits_for_its_predecessor_to_leave", a_guest_waits_for_its_predecessor_to_leave},
                 {"who_is_sent_away_stays_away", who_is_sent_away_stays_away},
                 {"a_panic_of_the_card_is_one_line", a_panic_of_the_card_is_one_line},
                 {"what_the_log_leaves_out_is_counted", what_the_log_leaves_out_is_counted},
                 {"they_wait_for_each_other", they_wait_for_each_other}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    world_fail(__FILE__, __LINE__, "no such case");
}
