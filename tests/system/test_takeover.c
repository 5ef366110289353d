// SPDX-License-Identifier: Apache-2.0
// VFs forward on over the end of their parent, and the next one finds them (ADR 0020): programs of their own, frames
// with numbers from guest to guest and over the wire. test_takeover <case>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "weir/partition.h"
#include "world.h"

static struct guest a, b, wire;
static char wire_path[96];

struct stream {
    struct guest *from, *to;
    uint32_t sent, next, came;
};
static struct stream ab, ba, aw, wa;

static void moment(long us) {
    nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

static void put(struct stream *s) {
    uint8_t f[100] = {0};
    memcpy(f, s->to->mac, 6);
    memcpy(f + 6, s->from->mac, 6);
    f[12] = 0x88, f[13] = 0xB5;
    memcpy(f + 14, &s->sent, 4);
    if (send(s->from->device, f, sizeof(f), MSG_DONTWAIT) == sizeof(f))
        s->sent++;
}

// What a stream's frames' receiver has; of two streams to one the other's are counted, too.
static void take(struct guest *to) {
    struct stream *all[] = {&ab, &ba, &aw, &wa};
    uint8_t in[2048];
    ssize_t len;
    while ((len = recv(to->device, in, sizeof(in), MSG_DONTWAIT)) > 0)
        for (unsigned i = 0; i < 4; i++) {
            struct stream *s = all[i];
            uint32_t seq;
            if (s->to != to || len < 60 || memcmp(in + 6, s->from->mac, 6) != 0 || in[12] != 0x88)
                continue;
            memcpy(&seq, in + 14, 4);
            CHECK(seq >= s->next, "frame %u comes behind frame %u", seq, s->next - 1);
            s->next = seq + 1;
            s->came++;
        }
}

// n frames of a stream, of which every one comes.
static void all_come(struct stream *s, unsigned n) {
    uint32_t sent = s->sent, came = s->came;
    long until = simproc_now_ms() + 2 * WAIT_MS;
    while (s->came - came < n) {
        CHECK(simproc_now_ms() < until, "of %u frames %u came", s->sent - sent, s->came - came);
        if (s->sent - sent < n)
            put(s);
        moment(500);
        take(s->to);
    }
    CHECK(s->came - came == n && s->sent - sent == n, "of %u frames %u came", s->sent - sent, s->came - came);
}

// Frames of a stream until some come again; those before are lost, and nobody promised otherwise.
static void come_again(struct stream *s, unsigned n) {
    uint32_t came = s->came;
    long until = simproc_now_ms() + 2 * WAIT_MS;
    while (s->came - came < n) {
        CHECK(simproc_now_ms() < until, "of frames to %u only %u came", s->sent, s->came - came);
        put(s);
        moment(1000);
        take(s->to);
    }
    // None of them is still on its way when the next are counted.
    do {
        CHECK(simproc_now_ms() < until, "frame %u never came", s->sent - 1);
        put(s);
        moment(20000);
        take(s->to);
    } while (s->next != s->sent);
}

static void all_streams(unsigned n) {
    all_come(&ab, n);
    all_come(&ba, n);
    all_come(&aw, n);
    all_come(&wa, n);
}

static void start(void) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char cable[120];
    const char *args[] = {"--vfs", "4", "--wire", cable, NULL};
    snprintf(wire_path, sizeof(wire_path), "/tmp/weir-test-takeover-%d", (int)getpid());
    snprintf(cable, sizeof(cable), "link:%s", wire_path);
    simproc_start(&sim, args);
    hosts_prepare();
    hosts_start_parent(NULL);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", wire_path);
    wire = (struct guest){.device = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), .mac = {0x02, 0x57, 0, 0, 9, 9}};
    CHECK(connect(wire.device, (struct sockaddr *)&addr, sizeof(addr)) == 0, "no wire: %s", strerror(errno));
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    ab = (struct stream){.from = &a, .to = &b};
    ba = (struct stream){.from = &b, .to = &a};
    aw = (struct stream){.from = &a, .to = &wire};
    wa = (struct stream){.from = &wire, .to = &a};
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
}

static void end(void) {
    CHECK(waitpid(a.pid, NULL, WNOHANG) == 0 && waitpid(b.pid, NULL, WNOHANG) == 0, "a guest ended");
    guest_kill(&a);
    guest_kill(&b);
    close(wire.device);
    await_status("no guests");
    hosts_stop();
}

static void kill_parent(void) {
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
}

static void vfs_forward_on(bool killed) {
    long since;
    start();
    all_streams(10); // what was before their VFs began is told to no parent but the first
    must("attach", "a");
    must("attach", "b");
    all_streams(30);
    if (killed) {
        kill_parent();
    } else {
        must("halt", NULL);
        CHECK(simproc_end(host) == 0, "weir-host does not halt in order");
    }
    all_streams(100);
    hosts_start_parent(NULL);
    since = simproc_now_ms();
    CHECK(simproc_log_has(host_log, "guest 'a' is back on its VF") &&
              simproc_log_has(host_log, "guest 'b' is back on its VF"),
          "they do not come back on their VFs");
    printf("both are back on their VFs at most %ld ms after their parent\n", simproc_now_ms() - since);
    all_streams(30);
    must("ledger", NULL);
    must("detach", "a");
    all_streams(30);
    must("attach", "a");
    must("detach", "b");
    all_streams(30);
    must("ledger", NULL);
    {
        char text[4096];
        CHECK(ctl("records", NULL, text, sizeof(text)) == 0 && strstr(text, "the parent is back") != NULL,
              "no record of it: %s", text);
    }
    end();
}

static void vfs_forward_on_over_a_killed_parent(void) {
    vfs_forward_on(true);
}

static void vfs_forward_on_over_a_halted_parent(void) {
    vfs_forward_on(false);
}

// At any moment of a hand-over: the guest has one path afterwards, and its frames come.
static void a_parent_dies_in_every_state(void) {
    static const char *const verb[] = {"attach", "detach", "revoke"};
    start();
    must("attach", "b");
    for (unsigned round = 0; round < 12; round++) {
        const char *args[] = {"--parent", host_dir, verb[round % 3], "a", NULL};
        char log[140];
        pid_t pid;
        if (round % 3 != 0)
            (void)ctl("attach", "a", log, sizeof(log)); // it may have one already
        snprintf(log, sizeof(log), "%s.ctl", sim.dir);
        pid = simproc_spawn(WEIRCTL_BINARY, args, log);
        moment((long)(world_rand() % 40) * 1000);
        kill_parent();
        waitpid(pid, NULL, 0);
        unlink(log);
        hosts_start_parent(NULL);
        await_status("02:57:00:00:00:01");
        await_status("02:57:00:00:00:02");
        come_again(&ba, 5);
        come_again(&ab, 5);
        must("ledger", NULL);
    }
    end();
}

// A guest that claims another's VF gets none, and the other is not disturbed.
static void nobody_takes_anothers_vf(void) {
    struct weir_partition_wish wish = {.name = "c", .fn = 1, .vf_mtu = 1500};
    struct weir_partition_terms terms;
    struct weir_partition *p;
    char path[128], err[256];
    start();
    must("attach", "a");
    kill(a.pid, SIGSTOP);
    kill_parent();
    hosts_start_parent(NULL);
    snprintf(path, sizeof(path), "%s/guests/guest.sock", host_dir);
    CHECK(weir_partition_connect(path, &wish, &terms, &p, err, sizeof(err)) == 0, "%s", err);
    CHECK(terms.token == 0, "it was given a's VF");
    weir_partition_close(p);
    kill(a.pid, SIGCONT);
    CHECK(simproc_log_has(host_log, "guest 'c' says that it has function 1, which is not its") &&
              simproc_log_has(host_log, "guest 'a' is back on its VF"),
          "see %s", host_log);
    all_streams(30);
    end();
}

// A guest that hangs is not waited for for ever: its VF is taken back and with it the way to the function, so that the
// VF can be another's.
static void a_vf_that_nobody_comes_for_is_taken_back(void) {
    start();
    must("attach", "a");
    kill(a.pid, SIGSTOP);
    kill_parent();
    hosts_start_parent(NULL);
    CHECK(simproc_log_has(host_log, "is taken back: the guest did not come"), "see %s", host_log);
    CHECK(simproc_log_has(sim.log, "vf0: client sent away"), "it still has the function");
    must("attach", "b"); // on the same VF
    kill(a.pid, SIGCONT);
    await_status("02:57:00:00:00:01");
    come_again(&ba, 5);
    all_streams(30);
    must("ledger", NULL);
    end();
}

// Asked to begin anew, the parent takes nothing over.
static void a_fresh_parent_begins_anew(void) {
    static const char *const fresh[] = {"--open", "--fresh", NULL};
    start();
    must("attach", "a");
    kill_parent();
    hosts_start_parent(fresh);
    await_status("02:57:00:00:00:01");
    await_status("detached");
    come_again(&ba, 5);
    come_again(&ab, 5);
    must("attach", "a");
    all_streams(30);
    end();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"vfs_forward_on_over_a_killed_parent", vfs_forward_on_over_a_killed_parent},
                 {"vfs_forward_on_over_a_halted_parent", vfs_forward_on_over_a_halted_parent},
                 {"a_parent_dies_in_every_state", a_parent_dies_in_every_state},
                 {"nobody_takes_anothers_vf", nobody_takes_anothers_vf},
                 {"a_vf_that_nobody_comes_for_is_taken_back", a_vf_that_nobody_comes_for_is_taken_back},
                 {"a_fresh_parent_begins_anew", a_fresh_parent_begins_anew}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    world_fail(__FILE__, __LINE__, "no such case");
}
