// SPDX-License-Identifier: Apache-2.0
// Parent and guests as the processes a user starts: weir-sim, weir-host, weirctl, and guests of their own processes
// whose network device is one end of a socket pair that we hold the other end of. Real time; every wait is bounded.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <linux/virtio_net.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "world.h"

#define WINDOW 12u // frames on their way at a time: fewer than the receive buffers a card caches of one queue
// ---- the ledger, as weirctl prints it ----

// It balances, and each vPort's row does so for itself; with --json every reason is named.
static void check_ledger(void) {
    static char text[1 << 16];
    const char *args[] = {"--parent", host_dir, "--json", "ledger", NULL};
    static const char *const names[] = {"\"PORT_RX_DROP_FCS\"",
                                        "\"PORT_TX_DROP_LINK\"",
                                        "\"TX_DROP_SRC_MAC\"",
                                        "\"RX_DROP_NO_DESC\"",
                                        "\"redirect_out\"",
                                        "\"balanced\"",
                                        "\"sent\""};
    unsigned rows = 0, delivered = 0;
    CHECK(ctl("ledger", NULL, text, sizeof(text)) == 0 && strncmp(text, "ledger: balanced\n", 17) == 0, "%s", text);
    CHECK(strstr(text, "\nport: ") != NULL, "no row of the port: %s", text);
    for (const char *line = text; line != NULL; line = strchr(line + 1, '\n')) {
        unsigned long long n[8];
        if (sscanf(line, " %llu %llu %llu %llu %llu %llu %llu %llu", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6],
                   &n[7]) != 8)
            continue;
        CHECK(n[0] >= rows && n[3] + n[4] == n[5] + n[6] + n[7] && n[2] <= n[1], "row of vPort %u: %s", rows, line);
        delivered += n[5] != 0;
        rows++;
    }
    CHECK(rows >= 2 && delivered >= 2, "%u rows, %u of them with frames: %s", rows, delivered, text);
    CHECK(simproc_exec(WEIRCTL_BINARY, args, text, sizeof(text)) == 0, "%s", text);
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CHECK(strstr(text, names[i]) != NULL, "weirctl --json ledger does not name %s: %s", names[i], text);
}

// ---- numbered frames from a to b ----

struct stream {
    struct guest *from, *to;
    uint32_t sent, next, lost;
};

static bool send_one(struct stream *s) {
    uint8_t f[200] = {0};
    memcpy(f, s->to->mac, 6);
    memcpy(f + 6, s->from->mac, 6);
    f[12] = 0x88;
    f[13] = 0xB5;
    memcpy(f + 14, &s->sent, 4);
    if (send(s->from->device, f, sizeof(f), MSG_DONTWAIT) != sizeof(f))
        return false;
    s->sent++;
    return true;
}

static void take_all(struct stream *s) {
    uint8_t f[2048];
    ssize_t n;
    while ((n = recv(s->to->device, f, sizeof(f), MSG_DONTWAIT)) > 0) {
        uint32_t seq;
        if (n < 60 || memcmp(f + 6, s->from->mac, 6) != 0)
            continue;
        memcpy(&seq, f + 14, 4);
        CHECK(seq >= s->next, "frame %u came twice or late, expected %u", seq, s->next);
        s->lost += seq - s->next;
        s->next = seq + 1;
    }
}

static void flow(struct stream *s, unsigned n, unsigned ms) {
    long until = simproc_now_ms() + ms;
    for (unsigned i = 0; i < n; i++) {
        long give_up = simproc_now_ms() + ms;
        for (unsigned k = 0; k < 2; k++)
            while (s[k].sent - s[k].next < WINDOW && simproc_now_ms() < give_up && send_one(&s[k]))
                take_all(&s[k]);
        take_all(&s[0]);
        take_all(&s[1]);
        nanosleep(&(struct timespec){0, 200000}, NULL);
        if (simproc_now_ms() > until)
            break;
    }
}

static void drain(struct stream *s) {
    long last = simproc_now_ms();
    while ((s[0].next != s[0].sent || s[1].next != s[1].sent) && simproc_now_ms() < last + 3000) {
        uint32_t before = s[0].next + s[1].next;
        take_all(&s[0]);
        take_all(&s[1]);
        if (s[0].next + s[1].next != before)
            last = simproc_now_ms();
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    for (unsigned k = 0; k < 2; k++) {
        s[k].lost += s[k].sent - s[k].next; // at the end: later frames would have shown them
        s[k].next = s[k].sent;
    }
}

// A command of weirctl while traffic runs.
static void move_under_traffic(struct stream *s, const char *cmd, const char *name) {
    const char *args[] = {"--parent", host_dir, cmd, name, NULL};
    pid_t pid;
    int status = 0;
    char log[140];

    snprintf(log, sizeof(log), "%s.ctl", sim.dir);
    flow(s, 100, 200);
    pid = simproc_spawn(WEIRCTL_BINARY, args, log);
    while (waitpid(pid, &status, WNOHANG) == 0)
        flow(s, 10, 20);
    unlink(log);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "weirctl %s %s failed", cmd, name);
    flow(s, 100, 200);
}

// Where frames went, for whoever reads a failure.
static void show_drops(void) {
    char text[4096], vport[4];
    for (unsigned v = 0; v < 5; v++) {
        snprintf(vport, sizeof(vport), "%u", v);
        if (ctl("counters", vport, text, sizeof(text)) == 0)
            for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
                if (strstr(line, "DROP") != NULL && strstr(line, " 0") == NULL)
                    printf("vPort %u: %s\n", v, line);
    }
    if (ctl("records", NULL, text, sizeof(text)) == 0)
        printf("%s", text);
}

static void moves_between_processes_lose_nothing(void) {
    static const char *const plan[][2] = {{"attach", "a"}, {"attach", "b"}, {"detach", "a"},
                                          {"attach", "a"}, {"detach", "b"}, {"detach", "a"}};
    struct guest a, b;
    struct stream s[2] = {{&a, &b, 0, 0, 0}, {&b, &a, 0, 0, 0}};

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    for (unsigned i = 0; i < sizeof(plan) / sizeof(plan[0]); i++)
        move_under_traffic(s, plan[i][0], plan[i][1]);
    drain(s);
    printf("%u and %u frames each way over %zu hand-overs\n", s[0].sent, s[1].sent, sizeof(plan) / sizeof(plan[0]));
    if (s[0].lost + s[1].lost != 0)
        show_drops();
    CHECK(s[0].lost == 0 && s[1].lost == 0, "%u and %u frames lost", s[0].lost, s[1].lost);
    CHECK(s[0].sent > 300 && s[1].sent > 300, "hardly any traffic");
    check_ledger();
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
}

// ---- checksums ----

static uint32_t add16(const uint8_t *b, unsigned n, uint32_t sum) {
    for (unsigned i = 0; i < n; i += 2)
        sum += (uint32_t)b[i] << 8 | (i + 1 < n ? b[i + 1] : 0u);
    while (sum >> 16 != 0)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

// A UDP packet from a to b whose checksum a's stack left open, its field holding the pseudo header's sum as a kernel
// does it. It must come with the right one, marked as checked unless the card cannot do it: behind IPv4 options it is
// summed up in the guest's adapter.
static void open_checksum(struct guest *a, struct guest *b, unsigned payload, unsigned options) {
    struct __attribute__((packed)) {
        struct virtio_net_hdr h;
        uint8_t f[1600];
    } m;
    unsigned l4 = 34 + options, len = l4 + 8 + payload;
    long until = simproc_now_ms() + WAIT_MS;
    ssize_t n;

    memset(&m, 0, sizeof(m));
    for (unsigned i = 14; i < len; i++)
        m.f[i] = (uint8_t)world_rand();
    memcpy(m.f, b->mac, 6);
    memcpy(m.f + 6, a->mac, 6);
    m.f[12] = 0x08, m.f[13] = 0;
    m.f[14] = (uint8_t)(0x45 + options / 4);
    m.f[16] = (uint8_t)((len - 14) >> 8), m.f[17] = (uint8_t)(len - 14);
    m.f[20] = m.f[21] = 0, m.f[23] = 17;
    m.f[l4 + 4] = (uint8_t)((8 + payload) >> 8), m.f[l4 + 5] = (uint8_t)(8 + payload);
    uint32_t pseudo = add16(m.f + 26, 8, 17 + 8 + payload);
    m.f[l4 + 6] = (uint8_t)(pseudo >> 8), m.f[l4 + 7] = (uint8_t)pseudo;
    m.h = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = (uint16_t)l4, .csum_offset = 6};
    CHECK(send(a->device, &m, sizeof(m.h) + len, 0) == (ssize_t)(sizeof(m.h) + len), "cannot send");
    do {
        n = recv(b->device, &m, sizeof(m), MSG_DONTWAIT);
        nanosleep(&(struct timespec){0, 200000}, NULL);
    } while (n < 0 && simproc_now_ms() < until);
    CHECK(n == (ssize_t)(sizeof(m.h) + len), "%d bytes instead of a header and %u", (int)n, len);
    CHECK(add16(m.f + l4, 8 + payload, pseudo) == 0xFFFF, "payload %u, options %u: checksum %02x%02x is wrong", payload,
          options, m.f[l4 + 6], m.f[l4 + 7]);
    CHECK(m.h.flags == (options == 0 ? VIRTIO_NET_HDR_F_DATA_VALID : 0), "payload %u, options %u: flags %u", payload,
          options, m.h.flags);
}

static void checksums_are_the_cards_on_both_paths(void) {
    static const unsigned payload[] = {0, 1, 17, 18, 64, 1001};
    struct guest a, b;

    virtio_devices = true;
    hosts_start(NULL);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    for (unsigned path = 0; path < 3; path++) { // both synthetic, from a VF to synthetic, both on a VF
        if (path != 0)
            must("attach", path == 1 ? "a" : "b");
        for (unsigned i = 0; i < sizeof(payload) / sizeof(payload[0]); i++) {
            open_checksum(&a, &b, payload[i], 0);
            open_checksum(&b, &a, payload[i], 8);
        }
    }
    check_ledger();
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
}

// Killed at random moments around its hand-over: the parent takes everything back, the neighbour and a successor of the
// same name and address do not notice.
static void guest_process_dies_in_mid_handover(void) {
    struct guest a, b, c;
    struct stream s[2] = {{&b, &c, 0, 0, 0}, {&c, &b, 0, 0, 0}};
    char text[2048] = "";

    hosts_start(NULL);
    guest_start(&b, "b", 2);
    guest_start(&c, "c", 3);
    await_status("02:57:00:00:00:02");
    await_status("02:57:00:00:00:03");
    must("attach", "b");
    for (unsigned i = 0; i < 8; i++) {
        const char *args[] = {"--parent", host_dir, "--no-wait", i % 2 == 0 ? "attach" : "detach", "a", NULL};
        guest_start(&a, "a", 1);
        await_status("02:57:00:00:00:01");
        if (i % 2 != 0)
            must("attach", "a");
        CHECK(simproc_exec(WEIRCTL_BINARY, args, text, sizeof(text)) == 0, "%s", text);
        nanosleep(&(struct timespec){0, (long)(world_rand() % 60) * 1000000}, NULL);
        guest_kill(&a);
        flow(s, 200, 300);
        CHECK(simproc_log_has(host_log, "guest 'a' joined"), "guest a never joined");
        for (long until = simproc_now_ms() + WAIT_MS;;) {
            if (ctl("status", NULL, text, sizeof(text)) == 0 && strstr(text, "02:57:00:00:00:01") == NULL)
                break;
            CHECK(simproc_now_ms() < until, "the parent keeps a dead guest: %s", text);
        }
    }
    drain(s);
    CHECK(s[0].lost == 0 && s[1].lost == 0 && s[0].sent > 50, "the neighbours lost %u and %u of %u", s[0].lost,
          s[1].lost, s[0].sent);
    check_ledger();
    guest_kill(&b);
    guest_kill(&c);
    await_status("no guests");
    hosts_stop();
}

static void bad_input_is_one_line(void) {
    struct guest a, twin;
    int status;

    one_line(WEIR_HOST_BINARY, (const char *[]){"--card", "/nonexistent", "--dir", "/tmp/weir-test-nocard", NULL}, 1,
             "/nonexistent/pf.sock");
    remove_folder("/tmp/weir-test-nocard");
    one_line(WEIR_HOST_BINARY, (const char *[]){"--vfs", "65", NULL}, 2, "--vfs 65: expected a number from 1 to 64");
    one_line(WEIRCTL_BINARY, (const char *[]){"--parent", "/nonexistent", "status", NULL}, 1, "start weir-host");
    one_line(WEIR_GUEST_BINARY, (const char *[]){"--mac", "01:00:00:00:00:01", NULL}, 2,
             "--mac 01:00:00:00:00:01: expected a unicast address");
    hosts_start(NULL);
    one_line(WEIRCTL_BINARY, (const char *[]){"--parent", host_dir, "dance", NULL}, 2, "unknown command 'dance'");
    one_line(WEIRCTL_BINARY, (const char *[]){"--parent", host_dir, "attach", "nobody", NULL}, 1,
             "there is no guest 'nobody'");
    one_line(WEIRCTL_BINARY, (const char *[]){"--parent", host_dir, "counters", "128", NULL}, 2,
             "counters '128': expected a vPort");
    one_line(WEIRCTL_BINARY, (const char *[]){"--parent", host_dir, "attach", NULL}, 2, "attach: GUEST is missing");
    one_line(WEIR_HOST_BINARY, (const char *[]){"--card", sim.dir, "--dir", host_dir, NULL}, 1,
             "is in use by another process");
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    one_line(WEIRCTL_BINARY, (const char *[]){"--parent", host_dir, "detach", "a", NULL}, 1, "the guest has no VF");
    guest_start(&twin, "a", 9); // same name
    waitpid(twin.pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1, "a second guest of the same name was let in");
    close(twin.device);
    guest_start(&twin, "z", 1); // same address
    waitpid(twin.pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1, "a second guest of the same address was let in");
    close(twin.device);
    must("attach", "a"); // and the first one does not notice
    guest_kill(&a);
    await_status("no guests");
    hosts_stop();
}

// Random bytes, endless lines, questions whose answer nobody reads: the parent goes on serving the others.
static void nonsense_disturbs_nobody(void) {
    struct guest a;
    char junk[3000];

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    for (unsigned i = 0; i < 60; i++) {
        int fd = connect_to(i % 2 == 0 ? "admin/ctl.sock" : "guests/guest.sock");
        size_t len = 1 + world_rand() % sizeof(junk);
        for (size_t k = 0; k < len; k++)
            junk[k] = (char)(i % 3 == 0 ? 'x' : world_rand());
        if (i % 4 == 0) { // leaves without reading
            snprintf(junk, sizeof(junk), "{\"cmd\":\"status\"}\n{\"cmd\":\"ledger\"}\n{\"cmd\":7}\n");
            len = strlen(junk);
        }
        (void)send(fd, junk, len, MSG_NOSIGNAL);
        close(fd);
    }
    must("attach", "a");
    must("detach", "a");
    guest_kill(&a);
    await_status("no guests");
    hosts_stop();
}

// Nothing to do: parent and guests sleep.
static void idle_programs_use_under_two_percent(void) {
    struct timespec before, after;
    struct guest a;
    struct simproc p;
    long ms, wall;

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    must("attach", "a");
    p = sim;
    for (unsigned who = 0; who < 3; who++) {
        static const char *const name[] = {"weir-sim", "weir-host", "weir-guest"};
        p.pid = who == 0 ? sim.pid : who == 1 ? host : a.pid;
        ms = simproc_cpu_ms(&p);
        clock_gettime(CLOCK_MONOTONIC, &before);
        nanosleep(&(struct timespec){8, 0}, NULL);
        clock_gettime(CLOCK_MONOTONIC, &after);
        ms = simproc_cpu_ms(&p) - ms;
        wall = (after.tv_sec - before.tv_sec) * 1000;
        printf("%s: %ld ms of processor in %ld ms\n", name[who], ms, wall);
        CHECK(ms * 50 < wall, "an idle %s uses %ld ms of %ld ms", name[who], ms, wall);
    }
    guest_kill(&a);
    await_status("no guests");
    hosts_stop();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"moves_between_processes_lose_nothing", moves_between_processes_lose_nothing},
        {"checksums_are_the_cards_on_both_paths", checksums_are_the_cards_on_both_paths},
        {"guest_process_dies_in_mid_handover", guest_process_dies_in_mid_handover},
        {"bad_input_is_one_line", bad_input_is_one_line},
        {"nonsense_disturbs_nobody", nonsense_disturbs_nobody},
        {"idle_programs_use_under_two_percent", idle_programs_use_under_two_percent},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_partitions <case>\n");
    return 2;
}
