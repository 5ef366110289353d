// SPDX-License-Identifier: Apache-2.0
// The parent decides: the table of guests over weirctl and over restarts, the sockets' modes, other users, and what is
// printed of what strangers say (threats T27, T30, T31).
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "weir/partition.h"
#include "world.h"

#define STRANGER 4711 // a user that nobody knows

static const char *const closed[] = {NULL};

// weirctl with these words must end so, and say this.
static void expect(int status, const char *says, const char *const *words) {
    char text[4096] = "";
    int got = ctl_words(text, sizeof(text), words);
    CHECK(got == status && strstr(text, says) != NULL, "weirctl %s %s: status %d, does not say '%s': %s", words[0],
          words[1], got, says, text);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// Whether a guest of that name and address (0: as assigned) gets in, as this user; why not in err.
static int try_as(uid_t uid, const char *name, const uint8_t *mac, uint8_t assigned[6], char *err, size_t size) {
    int to_us[2], status;
    struct {
        int ret;
        uint8_t mac[6];
        char err[256];
    } r = {.err = ""};
    pid_t pid;

    CHECK(pipe(to_us) == 0, "no pipe");
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        const struct weir_partition_wish wish = {.name = name, .mac = mac};
        struct weir_partition_terms terms = {.mtu = 0};
        struct weir_partition *p;
        char path[128];
        if (uid != geteuid() && setuid(uid) != 0)
            _exit(2);
        snprintf(path, sizeof(path), "%s/guests/guest.sock", host_dir);
        r.ret = weir_partition_connect(path, &wish, &terms, &p, r.err, sizeof(r.err));
        memcpy(r.mac, terms.mac, 6);
        _exit(write(to_us[1], &r, sizeof(r)) == sizeof(r) ? 0 : 2);
    }
    CHECK(read(to_us[0], &r, sizeof(r)) == sizeof(r), "no answer");
    close(to_us[0]);
    close(to_us[1]);
    waitpid(pid, &status, 0);
    CHECK(status == 0, "the pending client did not end well");
    if (assigned != NULL)
        memcpy(assigned, r.mac, 6);
    snprintf(err, size, "%s", r.err);
    if (r.ret == 0) // it has left again
        await_status("no guests");
    return r.ret;
}

static int try_in(const char *name, const uint8_t *mac, uint8_t assigned[6]) {
    char err[256];
    return try_as(geteuid(), name, mac, assigned, err, sizeof(err));
}

static void the_table_decides(void) {
    static const uint8_t mac[6] = {2, 0x57, 0, 0, 0, 1}, other[6] = {2, 0x57, 0, 0, 0, 2};
    uint8_t got[6], again[6];
    struct guest a;

    hosts_start(closed);
    CHECK(try_in("vm1", NULL, NULL) == -EACCES, "the door is open");
    expect(0, "", WORDS("guest", "add", "vm1", "mac", "02:57:00:00:00:01", "rate", "1000"));
    expect(1, "is in the table already", WORDS("guest", "add", "vm1"));
    expect(2, "1 to 31 letters", WORDS("guest", "add", "vm 1"));
    expect(1, "taken", WORDS("guest", "add", "vm2", "mac", "02:57:00:00:00:01"));
    expect(1, "mac takes", WORDS("guest", "add", "vm2", "mac", "01:57:00:00:00:01"));
    expect(1, "no setting of that name", WORDS("guest", "add", "vm2", "colour", "red"));
    expect(2, "has no value", WORDS("guest", "set", "vm1", "vlan"));
    expect(1, "vlan takes", WORDS("guest", "set", "vm1", "vlan", "port:4095"));
    expect(1, "is not in the table", WORDS("guest", "set", "vm2", "rate", "1"));
    expect(1, "there is no guest 'vm2'", WORDS("guest", "remove", "vm2")); // the bad ones left nothing behind
    CHECK(try_in("vm1", NULL, got) == 0 && memcmp(got, mac, 6) == 0, "not its address of the table");
    CHECK(try_in("vm1", mac, got) == 0, "not even when it asks for it");
    CHECK(try_in("vm1", other, NULL) == -EPERM, "it chose its address");
    expect(0, "", WORDS("guest", "add", "vm3"));
    CHECK(try_in("vm3", NULL, got) == 0 && (got[0] & 3) == 2, "no good address");
    CHECK(try_in("vm3", NULL, again) == 0 && memcmp(got, again, 6) == 0, "not the same again");
    // One that is here: its policy follows at once, its address with its next start.
    guest_start(&a, "vm1", 0);
    await_status("02:57:00:00:00:01");
    expect(0, "", WORDS("guest", "set", "vm1", "vlan", "port:7:3", "link", "up"));
    expect(0, "vlan port:7:3", WORDS("guest", "list"));
    expect(0, "from the guest's next start", WORDS("guest", "set", "vm1", "mac", "02:57:00:00:00:09"));
    await_status("02:57:00:00:00:01");
    expect(0, "", WORDS("guest", "remove", "vm1"));
    await_status("no guests");
    CHECK(waitpid(a.pid, NULL, 0) == a.pid, "the guest runs on");
    close(a.device);
    CHECK(try_in("vm1", NULL, NULL) == -EACCES, "it comes again");
    hosts_stop();
}

static void write_table(const char *text) {
    char path[128];
    FILE *f;
    snprintf(path, sizeof(path), "%s/guests.json", host_dir);
    f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0, "cannot write %s", path);
}

static void the_table_outlives_the_parent(void) {
    static const char *const protect[] = {"--open", "--protect", "02:57:00:00:00:77", NULL};
    static const char broken[] =
        "{\"version\": 1,\n \"guests\": [{\"name\": \"vm1\", \"mac\": \"02:57:00:00:00:01\"]}\n";
    const uint8_t gateway[6] = {2, 0x57, 0, 0, 0, 0x77};
    const char *args[] = {"--card", sim.dir, "--dir", host_dir, NULL};
    uint8_t got[6], again[6];
    char path[128], text[256] = "", precious[128];
    struct stat st;
    FILE *f;

    hosts_start(closed);
    expect(0, "", WORDS("guest", "add", "vm1", "vlan", "trunk:0,10,20-29"));
    CHECK(try_in("vm1", NULL, got) == 0, "not let in");
    hosts_stop_parent();
    hosts_start_parent(protect);
    expect(0, "vlan trunk:0,10,20-29", WORDS("guest", "list"));
    CHECK(try_in("vm1", NULL, again) == 0 && memcmp(got, again, 6) == 0, "another address");
    CHECK(try_in("vm2", gateway, NULL) == -EADDRINUSE, "somebody took the gateway's address");
    CHECK(try_in("vm2", got, NULL) == -EADDRINUSE, "somebody took a known guest's address");
    CHECK(try_in("vm2", NULL, NULL) == 0, "the door is not open");
    hosts_stop_parent();
    // A broken file is named, and stays as it is.
    write_table(broken);
    one_line(WEIR_HOST_BINARY, args, 1, "guests.json: line 2: ");
    snprintf(path, sizeof(path), "%s/guests.json", host_dir);
    f = fopen(path, "r");
    CHECK(f != NULL && fread(text, 1, sizeof(text) - 1, f) == strlen(broken) && strcmp(text, broken) == 0,
          "the file was changed");
    fclose(f);
    unlink(path);
    // So does a file of the user's where a socket was to be.
    snprintf(precious, sizeof(precious), "%s/guests/guest.sock", host_dir);
    f = fopen(precious, "w");
    CHECK(f != NULL && fputs("precious", f) >= 0 && fclose(f) == 0, "cannot write");
    one_line(WEIR_HOST_BINARY, args, 1, "is there and is no socket");
    CHECK(stat(precious, &st) == 0 && st.st_size == 8, "it was removed");
    args[3] = precious;
    one_line(WEIR_HOST_BINARY, args, 1, "is there and is no folder");
    unlink(precious);
    hosts_start_parent(closed);
    hosts_stop();
}

static unsigned mode_of(const char *name) {
    char path[160];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", host_dir, name);
    CHECK(lstat(path, &st) == 0, "no %s", path);
    return st.st_mode & 0777;
}

// Even where somebody opened socket and folder by hand, another user is not heard.
static void is_not_heard(uid_t uid) {
    char path[128], byte;
    int fd;
    snprintf(path, sizeof(path), "%s/admin", host_dir);
    CHECK(chmod(path, 0711) == 0, "cannot open %s", path);
    snprintf(path, sizeof(path), "%s/admin/ctl.sock", host_dir);
    CHECK(chmod(path, 0666) == 0, "cannot open %s", path);
    CHECK(seteuid(uid) == 0, "cannot become another user");
    fd = connect_to("admin/ctl.sock");
    CHECK(seteuid(0) == 0, "cannot come back");
    (void)send(fd, "{\"cmd\":\"halt\"}\n", 15, MSG_NOSIGNAL);
    CHECK(recv(fd, &byte, 1, 0) <= 0, "it is answered");
    close(fd);
    must("status", NULL);
}

// Needs root, to come as another user.
static void other_users_need_the_table(void) {
    char err[256];
    mode_t old = umask(0);

    hosts_start(closed);
    umask(old);
    CHECK(chmod(sim.dir, 0711) == 0, "cannot open the test's folder");
    CHECK(mode_of("admin") == 0700 && mode_of("admin/ctl.sock") == 0600 && mode_of("guests") == 0711 &&
              mode_of("guests/guest.sock") == 0600,
          "open to others");
    expect(0, "", WORDS("guest", "add", "vm1"));
    if (geteuid() != 0) {
        puts("not root: no other user comes");
        hosts_stop();
        return;
    }
    CHECK(try_as(STRANGER, "vm1", NULL, NULL, err, sizeof(err)) == -EACCES &&
              strstr(err, "lets no other user in") != NULL,
          "%s", err);
    is_not_heard(STRANGER);
    expect(0, "", WORDS("guest", "set", "vm1", "uid", "4711"));
    CHECK(mode_of("guests/guest.sock") == 0666, "still closed");
    CHECK(try_as(STRANGER, "vm1", NULL, NULL, err, sizeof(err)) == 0, "%s", err);
    CHECK(try_as(STRANGER + 1, "vm1", NULL, NULL, err, sizeof(err)) == -EACCES, "somebody else came under its name");
    CHECK(try_as(0, "vm1", NULL, NULL, err, sizeof(err)) == -EACCES, "even root is not the name's user");
    CHECK(try_as(STRANGER, "vm2", NULL, NULL, err, sizeof(err)) == -EACCES, "somebody came under no name of the table");
    expect(0, "", WORDS("guest", "remove", "vm1"));
    CHECK(mode_of("guests/guest.sock") == 0600, "still open");
    hosts_stop_parent();
    hosts_start_parent(WORDS("--open"));
    CHECK(try_as(STRANGER, "vm1", NULL, NULL, err, sizeof(err)) == -EACCES, "the door is open to all");
    hosts_stop_parent();
    hosts_start_parent(WORDS("--open=all"));
    CHECK(try_as(STRANGER, "vm1", NULL, NULL, err, sizeof(err)) == 0, "%s", err);
    hosts_stop();
}

// ---- the guest's device ----

static long device(int s, unsigned long request, struct ifreq *r) {
    snprintf(r->ifr_name, sizeof(r->ifr_name), "weir0");
    CHECK(ioctl(s, request, r) == 0, "cannot ask the device: %s", strerror(errno));
    return request == SIOCGIFMTU ? r->ifr_mtu : r->ifr_flags & IFF_RUNNING;
}

static void await_device(int s, unsigned long request, long want) {
    long until = simproc_now_ms() + WAIT_MS;
    struct ifreq r;
    while (device(s, request, &r) != want)
        CHECK(simproc_now_ms() < until, "the device has %ld, not %ld", device(s, request, &r), want);
}

// weir-guest's TAP device has the address, MTU and carrier that the parent says, whatever path the guest is on.
static void the_device_follows_the_parent(void) {
    static const uint8_t mac[6] = {2, 0x57, 0, 0, 0, 0x0a};
    const char *args[] = {"--parent", host_dir, "--name", "vm1", NULL};
    char log[128];
    struct ifreq r = {0};
    pid_t pid;
    int s;

    if (unshare(CLONE_NEWNET) != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
        puts("not root, or no TAP devices: not looked at");
        return;
    }
    hosts_start(WORDS("--mtu", "3000"));
    snprintf(log, sizeof(log), "%s.guest", sim.dir);
    expect(0, "", WORDS("guest", "add", "vm1", "mac", "02:57:00:00:00:0a"));
    pid = simproc_spawn(WEIR_GUEST_BINARY, args, log);
    CHECK(simproc_log_has(log, "on the synthetic path"), "weir-guest does not start");
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)device(s, SIOCGIFHWADDR, &r);
    CHECK(memcmp(r.ifr_hwaddr.sa_data, mac, 6) == 0, "another address");
    for (unsigned path = 0; path < 2; path++) {
        if (path == 1)
            must("attach", "vm1");
        await_device(s, SIOCGIFMTU, 3000);
        r.ifr_mtu = 9000;
        (void)device(s, SIOCSIFMTU, &r);
        await_device(s, SIOCGIFMTU, 3000);
        r.ifr_mtu = 1280; // smaller is fine
        (void)device(s, SIOCSIFMTU, &r);
        expect(0, "", WORDS("guest", "set", "vm1", "link", "down"));
        await_device(s, SIOCGIFFLAGS, 0);
        CHECK(device(s, SIOCGIFMTU, &r) == 1280, "the MTU did not stay");
        expect(0, "", WORDS("guest", "set", "vm1", "link", "up"));
        await_device(s, SIOCGIFFLAGS, IFF_RUNNING);
        r.ifr_mtu = 3000;
        (void)device(s, SIOCSIFMTU, &r);
    }
    CHECK(simproc_log_has(log, "put back"), "nobody is told");
    CHECK(simproc_end(pid) == 0, "weir-guest does not end in order");
    close(s);
    unlink(log);
    hosts_stop();
}

// ---- what is printed ----

static void all_printable(const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        CHECK((*c >= ' ' && *c <= '~') || *c == '\n', "byte %02x in: %s", (unsigned char)*c, text);
}

static void ask_raw(const char *question, size_t len, char *answer, size_t size) {
    int fd = connect_to("admin/ctl.sock");
    size_t have = 0;
    ssize_t n;
    CHECK(send(fd, question, len, 0) == (ssize_t)len, "cannot send");
    while (have < size - 1 && (n = recv(fd, answer + have, size - 1 - have, 0)) > 0) {
        have += (size_t)n;
        if (answer[have - 1] == '\n')
            break;
    }
    answer[have] = '\0';
    close(fd);
}

// A parent that is none: says what it likes to one weirctl and is gone.
static int hostile_parent(const char *says, const char *const *words) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char dir[] = "/tmp/weir-test-XXXXXX", admin[64], text[8192] = "";
    const char *args[8] = {"--parent", dir};
    pid_t pid;
    int fd, status;

    CHECK(mkdtemp(dir) != NULL, "no folder");
    snprintf(admin, sizeof(admin), "%s/admin", dir);
    CHECK(mkdir(admin, 0700) == 0, "no folder");
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/ctl.sock", admin);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 4) == 0, "cannot listen");
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        int client = accept(fd, NULL, NULL);
        char c = 0;
        while (c != '\n' && recv(client, &c, 1, 0) == 1) {
        }
        (void)send(client, says, strlen(says), MSG_NOSIGNAL);
        (void)send(client, "\n", 1, MSG_NOSIGNAL);
        _exit(0);
    }
    close(fd);
    for (unsigned n = 2; *words != NULL; words++)
        args[n++] = *words;
    status = simproc_exec(WEIRCTL_BINARY, args, text, sizeof(text));
    CHECK(status >= 0 && status <= 3, "weirctl dies of: %s", says);
    all_printable(text);
    waitpid(pid, NULL, 0);
    unlink(addr.sun_path);
    rmdir(admin);
    rmdir(dir);
    return status;
}

// Scripts need not read what it prints.
static void an_unbalanced_ledger_is_an_exit_status(void) {
    static const char good[] = "{\"ok\":true,\"balanced\":true,\"text\":\"balanced\"}",
                      bad[] = "{\"ok\":true,\"balanced\":false,\"text\":\"ledger: wire: in 2, out 1\"}";
    CHECK(hostile_parent(good, WORDS("ledger")) == 0, "balanced is no success");
    CHECK(hostile_parent(bad, WORDS("ledger")) == 3, "unbalanced is not 3");
    CHECK(hostile_parent(bad, WORDS("--json", "ledger")) == 3, "unbalanced is not 3 as JSON");
    CHECK(hostile_parent(bad, WORDS("status")) == 0, "another command");
}

static void nothing_raw_is_printed(void) {
    static const char *const questions[] = {
        "{\"cmd\":\"\x1b[2J\xff\"}\n",
        "{\"cmd\":\"\xe2\x80\xae\x7f\"}\n",
        "{\"cmd\":\"attach\",\"guest\":\"\\u202e\\u0007\"}\n",
        "{\"cmd\":\"guest add\",\"guest\":\"a\\u0000b\"}\n",
        "{\"cmd\":\"guest add\",\"guest\":\"a\",\"set\":{\"\\u001b\":\"x\"}}\n",
        "{\"cmd\":\"guest add\",\"guest\":\"a\",\"set\":{\"\\u001b\":7}}\n",
        "[[[[[[[[[[[[[[[[[[[[\n",
        "7\n",
        "{\"cmd\":\"halt\"} {\"cmd\":\"halt\"}\n",
        "{\"cmd\":\"counters\",\"vport\":99999999999999999999999}\n",
    };
    static const char *const answers[] = {
        "{\"ok\":false,\"error\":\"\x1b]0;owned\x07\xc2\x9b\xe2\x80\xae\"}",
        "{\"ok\":true,\"guests\":[{\"name\":\"\x1b[2J\",\"mac\":7,\"state\":null,\"vf\":\"x\"},7,null]}",
        "{\"ok\":true,\"guests\":7}",
        "{\"ok\":true,\"record\":{},\"counter\":[],\"port\":3,\"vport\":null,\"note\":\"\x1b[2J\"}",
        "{\"ok\":true,\"counter\":{\"\x1b[2J\":1,\"\xe2\x80\xae\":7},\"vport\":[{\"tx\":{\"reason\":{\"\x9b\":1}}}]}",
        "{\"ok\":true,\"text\":\"\xff\xfe\",\"vport\":[1,{\"rx\":4}]}",
        "\x1b[2J",
        "[]",
        "null",
        "",
    };
    static const char *const commands[] = {"status", "records", "ledger", "counters"};
    char text[8192], log[8192] = "";
    int fd;

    hosts_start(WORDS("--open"));
    for (unsigned i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        ask_raw(questions[i], strlen(questions[i]), text, sizeof(text));
        all_printable(text);
        CHECK(strstr(text, "\"ok\":false") != NULL, "%s is well: %s", questions[i], text);
    }
    must("status", NULL);
    fd = open(host_log, O_RDONLY);
    CHECK(read(fd, log, sizeof(log) - 1) > 0, "no log");
    close(fd);
    all_printable(log);
    hosts_stop();
    for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        for (unsigned k = 0; k < sizeof(commands) / sizeof(commands[0]); k++) {
            hostile_parent(answers[i], WORDS(commands[k]));
            hostile_parent(answers[i], WORDS("--json", commands[k]));
        }
    hostile_parent(answers[0], WORDS("guest", "list"));
    hostile_parent(answers[1], WORDS("guest", "list"));
    hostile_parent(answers[1], WORDS("attach", "\x1b[2J"));
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"the_table_decides", the_table_decides},
        {"the_table_outlives_the_parent", the_table_outlives_the_parent},
        {"other_users_need_the_table", other_users_need_the_table},
        {"the_device_follows_the_parent", the_device_follows_the_parent},
        {"nothing_raw_is_printed", nothing_raw_is_printed},
        {"an_unbalanced_ledger_is_an_exit_status", an_unbalanced_ledger_is_an_exit_status},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_admission <case>\n");
    return 2;
}
