// SPDX-License-Identifier: Apache-2.0
// Hostile and unlucky guests and clients of a parent, as processes: what one does costs the others nothing (threats
// T25 to T27), and frames of any size that the parent promised cross both paths.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "vfio_user.h"
#include "weir/bus.h"
#include "weir/partition.h"
#include "world.h"

#define MAGIC 0x57505254u
#define STRANGER 4711 // a user that nobody knows

static void nap(void) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void await_log(const char *text) {
    CHECK(simproc_log_has(host_log, text), "weir-host never says '%s'", text);
}

static void gone(const char *name) {
    long until = simproc_now_ms() + WAIT_MS;
    char text[4096] = "";
    while (ctl("status", NULL, text, sizeof(text)) != 0 || strstr(text, name) != NULL)
        CHECK(simproc_now_ms() < until, "the parent keeps %s: %s", name, text);
}

// A guest in this process that does only what the test makes it do.
static struct weir_partition *raw_guest(const char *name) {
    const struct weir_partition_wish wish = {.name = name};
    struct weir_partition_terms terms;
    struct weir_partition *p = NULL;
    char path[128], err[256] = "";
    snprintf(path, sizeof(path), "%s/guests/guest.sock", host_dir);
    CHECK(weir_partition_connect(path, &wish, &terms, &p, err, sizeof(err)) == 0, "%s", err);
    return p;
}

// A guest's hello without waiting for what the parent says to it.
static int only_hello(const char *name, uint8_t last) {
    struct weir_partition_hello h = {.magic = MAGIC,
                                     .version = WEIR_PARTITION_VERSION,
                                     .ring = WEIR_PARTITION_RING,
                                     .mac = {2, 0x57, 0, 0, 0, last},
                                     .flags = WEIR_PARTITION_OWN_MAC};
    int fds[3] = {memfd_create("hello", MFD_ALLOW_SEALING), eventfd(0, 0), eventfd(0, 0)};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(fds))];
    } control = {0};
    struct iovec iov = {&h, sizeof(h)};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control)};
    int sock = connect_to("guests/guest.sock");

    snprintf(h.name, sizeof(h.name), "%s", name);
    CHECK(ftruncate(fds[0], (off_t)WEIR_CHANNEL_BYTES(WEIR_PARTITION_RING)) == 0 &&
              fcntl(fds[0], F_ADD_SEALS, F_SEAL_SHRINK) == 0,
          "no memory");
    CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
    CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
    CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), fds, sizeof(fds));
    CHECK(sendmsg(sock, &msg, 0) == sizeof(h), "cannot say hello");
    for (unsigned i = 0; i < 3; i++)
        close(fds[i]);
    return sock;
}

// ---- who is here ----

// Leaving and coming in one turn of the parent: each is seen, and the old one's name and address are free again.
static void one_leaves_as_another_joins(void) {
    hosts_start(NULL);
    for (unsigned round = 0; round < 4; round++) {
        struct guest a;
        int b;
        char text[4096];
        guest_start(&a, "a", 1);
        await_status("02:57:00:00:00:01");
        must("attach", "a");
        kill(host, SIGSTOP);
        guest_kill(&a);
        b = only_hello("b", 2);
        kill(host, SIGCONT);
        await_status("02:57:00:00:00:02");
        gone("02:57:00:00:00:01");
        CHECK(ctl("attach", "a", text, sizeof(text)) == 1 && strstr(text, "there is no guest 'a'") != NULL, "%s", text);
        close(b);
        gone("02:57:00:00:00:02");
    }
    await_log("guest 'a' left");
    hosts_stop();
}

static void become(uid_t uid) {
    if (getuid() == 0)
        CHECK(seteuid(uid) == 0, "cannot become user %u", (unsigned)uid);
}

// Connections that say nothing, of another user and of our own, on both sockets: guests and weirctl still get in, and
// neighbours keep their VF.
static void silent_clients_keep_nobody_out(void) {
    static const char *const open_to_all[] = {"--open=all", NULL};
    struct guest a, b;
    char log[16384];
    int fd[300], n = 0;

    hosts_start(open_to_all);
    chmod(sim.dir, 0711); // whoever runs this: the parent's folder is inside
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    become(STRANGER);
    for (unsigned i = 0; i < 100; i++)
        fd[n++] = connect_to("guests/guest.sock");
    become(0);
    for (unsigned i = 0; i < 200; i++)
        fd[n++] = connect_to(i % 2 == 0 ? "guests/guest.sock" : "admin/ctl.sock");
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:02");
    must("attach", "a");
    must("attach", "b");
    while (n > 0)
        close(fd[--n]);
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    // Nor does it fill the disk.
    snprintf(log, sizeof(log), "%s", "");
    n = open(host_log, O_RDONLY);
    CHECK(read(n, log, sizeof(log) - 1) > 0, "no log");
    close(n);
    fd[0] = 0;
    for (const char *c = log; *c != '\0'; c++)
        fd[0] += *c == '\n';
    CHECK(fd[0] < 120, "%d lines of log", fd[0]);
    hosts_stop();
}

// Lines of the parent that have come so far; does not wait.
static unsigned answers(int fd, bool *over) {
    static char text[1 << 16];
    unsigned n = 0;
    ssize_t got;
    while ((got = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0)
        for (ssize_t i = 0; i < got; i++)
            n += text[i] == '\n';
    *over = got == 0;
    return n;
}

// Sixty questions at once are answered, but not before anybody else's one.
static void one_client_gets_one_turn(void) {
    static const char question[] = "{\"cmd\":\"status\"}\n";
    enum { MANY = 60 };
    char all[MANY * sizeof(question)] = "";
    long until = simproc_now_ms() + WAIT_MS;
    unsigned greedy = 0, other = 0;
    int fd, second;
    bool over = false;

    hosts_start(NULL);
    for (unsigned i = 0; i < MANY; i++)
        strcat(all, question);
    kill(host, SIGSTOP); // all of it is there in the same turn
    fd = connect_to("admin/ctl.sock");
    second = connect_to("admin/ctl.sock");
    CHECK(send(fd, all, strlen(all), 0) == (ssize_t)strlen(all) && send(second, question, strlen(question), 0) > 0,
          "cannot ask");
    kill(host, SIGCONT);
    while (other == 0 && !over && simproc_now_ms() < until)
        other = answers(second, &over);
    greedy = answers(fd, &over);
    CHECK(other == 1 && greedy < MANY / 2, "%u answers for one, %u for the other", greedy, other);
    while (greedy < MANY && !over && simproc_now_ms() < until)
        greedy += answers(fd, &over);
    CHECK(greedy == MANY, "%u answers of %u", greedy, MANY);
    close(fd);
    close(second);
    hosts_stop();
}

// What is left unread on its socket does not make a guest immortal, and does not keep the parent busy.
static void an_unread_byte_ends_a_guest(void) {
    struct simproc p;
    long ms;

    hosts_start(NULL);
    p = sim;
    p.pid = host;
    for (unsigned what = 0; what < 3; what++) {
        struct weir_partition *x = raw_guest("x");
        int sock = weir_partition_fd(x);
        await_status("x ");
        if (what == 0)
            CHECK(send(sock, "!", 1, 0) == 1, "cannot send");
        else if (what == 1)
            CHECK(shutdown(sock, SHUT_WR) == 0, "cannot shut down");
        else
            CHECK(send(sock, "0123456789abcdefghijklmnop", 26, 0) == 26, "cannot send");
        await_status("no guests");
        weir_partition_close(x);
    }
    ms = simproc_cpu_ms(&p);
    nanosleep(&(struct timespec){2, 0}, NULL);
    ms = simproc_cpu_ms(&p) - ms;
    CHECK(ms < 500, "the parent uses %ld ms of 2000 ms", ms);
    hosts_stop();
}

// ---- the way to a VF ----

static int ask(struct weir_partition *p, unsigned fn, int *fd) {
    long until = simproc_now_ms() + WAIT_MS;
    int ret;
    while ((ret = weir_partition_vf(p, fn, fd)) == -EINPROGRESS && simproc_now_ms() < until)
        nap();
    return ret;
}

static void a_vf_goes_only_to_whom_it_is_offered(void) {
    const char *const attach[] = {"--no-wait", "attach", "x", NULL}, *const revoke[] = {"revoke", "x", NULL};
    struct weir_partition *x;
    struct weir_bus *bus;
    struct pollfd hup;
    char text[4096], err[256] = "";
    struct guest a;
    int fd = -1, second = -1;

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    must("attach", "a"); // VF 0, function 1
    x = raw_guest("x");
    await_status("x ");
    for (unsigned fn = 0; fn < 6; fn++) // none is offered; 0 is the PF
        CHECK(ask(x, fn, &fd) == -EACCES, "function %u was given away", fn);
    CHECK(ctl_words(text, sizeof(text), attach) == 0, "%s", text); // VF 1, function 2
    CHECK(ask(x, 1, &fd) == -EACCES && ask(x, 0, &fd) == -EACCES && ask(x, 3, &fd) == -EACCES &&
              ask(x, 65535, &fd) == -EACCES,
          "another's function was given away");
    CHECK(ask(x, 2, &fd) == 0, "the own one was not");
    CHECK(ask(x, 2, &second) == 0, "not a second time"); // and the first connection ends
    hup = (struct pollfd){.fd = fd, .events = POLLIN};
    CHECK(poll(&hup, 1, WAIT_MS) == 1 && recv(fd, text, 1, 0) == 0, "the first connection stays");
    close(fd);
    // The card may not have seen the end of the first yet.
    for (unsigned i = 0; (bus = weir_vfio_user_open_fd(dup(second), err, sizeof(err))) == NULL && i < 20; i++) {
        close(second);
        nanosleep(&(struct timespec){0, 100000000}, NULL);
        CHECK(ask(x, 2, &second) == 0, "not again");
    }
    CHECK(bus != NULL, "the VF does not answer: %s", err);
    CHECK(ctl_words(text, sizeof(text), revoke) == 0, "%s", text);
    hup.fd = second;
    hup.events = POLLRDHUP;
    CHECK(poll(&hup, 1, WAIT_MS) == 1, "who lost the VF can still reach it");
    CHECK(ask(x, 2, &fd) == -EACCES, "it gets it once more");
    bus->ops->close(bus);
    close(second);
    // Who asks without end is sent away; nobody else notices.
    for (long until = simproc_now_ms() + WAIT_MS; !weir_partition_peer_gone(x) && simproc_now_ms() < until;)
        (void)weir_partition_vf(x, 2, &fd); // as fast as it is answered
    CHECK(weir_partition_peer_gone(x), "it may ask for ever");
    weir_partition_close(x);
    await_log("guest 'x' breaks the protocol");
    must("detach", "a");
    must("attach", "a");
    guest_kill(&a);
    await_status("no guests");
    hosts_stop();
}

// ---- guests that hang ----

static void hung_guests_are_removed(void) {
    static const char *const words[] = {"guest", "remove", "a", NULL};
    struct guest a, again;
    char text[4096];

    hosts_start(NULL);
    guest_start(&a, "a", 1);
    await_status("02:57:00:00:00:01");
    must("attach", "a");
    kill(a.pid, SIGSTOP);
    CHECK(ctl_words(text, sizeof(text), words) == 0, "%s", text);
    await_status("no guests");
    CHECK(ctl_words(text, sizeof(text), words) == 1 && strstr(text, "there is no guest 'a'") != NULL, "%s", text);
    guest_start(&again, "a", 1); // while the old process still hangs: name, address and VF are free
    await_status("02:57:00:00:00:01");
    must("attach", "a");
    await_status("attached");
    guest_kill(&a);
    must("detach", "a");
    guest_kill(&again);
    await_status("no guests");
    hosts_stop();
}

// ---- sizes ----

// A frame of `len` bytes arrives whole, or, when it may not, nothing of it.
static void send_size(struct guest *from, struct guest *to, size_t len, bool arrives) {
    static uint8_t f[9700], got[9700];
    long until = simproc_now_ms() + WAIT_MS;
    ssize_t n = -1;

    for (size_t i = 0; i < len; i++)
        f[i] = (uint8_t)world_rand();
    memcpy(f, to->mac, 6);
    memcpy(f + 6, from->mac, 6);
    f[12] = 0x88, f[13] = 0xB5;
    CHECK(send(from->device, f, len, 0) == (ssize_t)len, "cannot send");
    if (!arrives) { // a small one behind it shows that it will not come any more
        len = 60;
        CHECK(send(from->device, f, len, 0) == (ssize_t)len, "cannot send");
    }
    while ((n = recv(to->device, got, sizeof(got), MSG_DONTWAIT)) < 0 && simproc_now_ms() < until)
        nap();
    CHECK(n == (ssize_t)len && memcmp(f, got, len) == 0, "%zd bytes came of %zu", n, len);
}

static void jumbo_frames_cross_both_paths(void) {
    static const char *const more[] = {"--open", "--mtu", "9000", NULL};
    static const size_t fits[] = {60, 1514, 1537, 2049, 9014, 9018, 9022}, not [] = {9025, 9600};
    struct guest a, b;

    hosts_start(more);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    for (unsigned path = 0; path < 3; path++) {
        if (path != 0)
            must("attach", path == 1 ? "a" : "b");
        for (unsigned i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
            send_size(&a, &b, fits[i], true);
            send_size(&b, &a, fits[i], true);
        }
        for (unsigned i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
            send_size(&a, &b, not [i], false);
    }
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"one_leaves_as_another_joins", one_leaves_as_another_joins},
        {"silent_clients_keep_nobody_out", silent_clients_keep_nobody_out},
        {"one_client_gets_one_turn", one_client_gets_one_turn},
        {"an_unread_byte_ends_a_guest", an_unread_byte_ends_a_guest},
        {"a_vf_goes_only_to_whom_it_is_offered", a_vf_goes_only_to_whom_it_is_offered},
        {"hung_guests_are_removed", hung_guests_are_removed},
        {"jumbo_frames_cross_both_paths", jumbo_frames_cross_both_paths},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_guests <case>\n");
    return 2;
}
