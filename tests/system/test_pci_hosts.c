// SPDX-License-Identifier: Apache-2.0
// weir-host and weir-guest on PCI functions through the unmodified libpciaccess: the main job, what they say when a
// function is not theirs to drive, and what survives a kill -9 or VFs that vanish.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "pci_sim.h"
#include "world.h"

#define PATIENCE_MS 60000 // without a frame: of a machine ten times slower
#define FOLDER "/sys/bus/pci/devices/" PCI_SIM_PF

static struct guest a, b;
static unsigned frame_bytes = 200;

// One frame there and back, again and again; those that got lost on the way are sent again. Returns how many were.
static unsigned exchange(unsigned rounds) {
    static uint32_t serial;
    static uint8_t f[9000], got[sizeof(f) + 1];
    unsigned lost = 0;
    for (unsigned i = 0; i < 2 * rounds; i++) {
        struct guest *from = i % 2 == 0 ? &a : &b, *to = i % 2 == 0 ? &b : &a;
        long until = simproc_now_ms() + PATIENCE_MS;
        bool there = false;
        memcpy(f, to->mac, 6);
        memcpy(f + 6, from->mac, 6);
        f[12] = 0x88;
        f[13] = 0xB5;
        serial++;
        memcpy(f + 14, &serial, 4);
        while (!there) {
            struct pollfd p = {.fd = to->device, .events = POLLIN};
            CHECK(send(from->device, f, frame_bytes, 0) == (ssize_t)frame_bytes, "a guest's device takes nothing");
            while (!there && poll(&p, 1, 2000) == 1) {
                uint32_t seq;
                ssize_t n = recv(to->device, got, sizeof(got), MSG_DONTWAIT);
                CHECK(n > 0, "a guest is gone");
                memcpy(&seq, got + 14, 4);
                there = n == (ssize_t)frame_bytes && memcmp(got + 6, from->mac, 6) == 0 && seq == serial;
            }
            lost += !there;
            CHECK(simproc_now_ms() < until, "no frame comes from guest %s", from == &a ? "a" : "b");
        }
    }
    return lost;
}

static void start(const char *const *more) {
    hosts_start(more);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    exchange(3); // the first may come before a port is up
}

static void stop(void) {
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
}

static unsigned attached(void) {
    char text[2048];
    unsigned n = 0;
    CHECK(ctl("--json", "status", text, sizeof(text)) == 0, "%s", text);
    for (const char *at = text; (at = strstr(at, "\"attached\"")) != NULL; at++)
        n++;
    return n;
}

static void main_job_loses_nothing(void) {
    static const struct {
        const char *cmd, *guest;
        unsigned attached;
    } plan[] = {{"attach", "a", 1}, {"attach", "b", 2}, {"detach", "a", 1}, {"attach", "a", 2},
                {"revoke", "a", 1}, {"attach", "a", 2}, {"detach", "b", 1}, {"detach", "a", 0}};
    char text[8192];
    start(NULL);
    for (unsigned i = 0; i < sizeof(plan) / sizeof(plan[0]); i++) {
        unsigned lost;
        must(plan[i].cmd, plan[i].guest);
        CHECK(attached() == plan[i].attached, "%u guests on VFs after %s %s", attached(), plan[i].cmd, plan[i].guest);
        lost = exchange(50);
        CHECK(lost == 0, "%u frames lost after %s %s", lost, plan[i].cmd, plan[i].guest);
    }
    CHECK(ctl("ledger", NULL, text, sizeof(text)) == 0 && strncmp(text, "ledger: balanced\n", 17) == 0, "%s", text);
    CHECK(ctl("status", NULL, text, sizeof(text)) == 0 && strncmp(text, "card " PCI_SIM_PF ":", 18) == 0, "%s", text);
    stop();
}

// Buffers for long frames lie in one huge page: rings have as many as find room there.
// The card takes firmware in, starts it and is told that it is good, between frames of guests on both paths.
static void firmware_is_updated(void) {
    static const char *const steps[][5] = {
        {"flash", "write", WEIR_FIRMWARE_IMAGE}, {"flash", "verify"}, {"flash", "commit", "now"}, {"flash", "confirm"}};
    char text[4096];
    start(NULL);
    must("attach", "a");
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        unsigned lost;
        CHECK(ctl_words(text, sizeof(text), steps[i]) == 0, "flash %s: %s", steps[i][1], text);
        lost = exchange(20);
        CHECK(lost == 0, "%u frames lost after flash %s", lost, steps[i][1]);
    }
    CHECK(strstr(text, "runs from slot B, confirmed") != NULL, "%s", text);
    must("detach", "a");
    CHECK(exchange(20) == 0, "frames are lost behind an update");
    CHECK(ctl("ledger", NULL, text, sizeof(text)) == 0 && strncmp(text, "ledger: balanced\n", 17) == 0, "%s", text);
    stop();
}

static void jumbo_frames_fit_huge_pages(void) {
    frame_bytes = 9000;
    start((const char *[]){"--open", "--mtu", "9000", NULL});
    must("attach", "a");
    CHECK(exchange(20) == 0, "frames were lost between a VF and the synthetic path");
    must("attach", "b");
    CHECK(exchange(20) == 0, "frames were lost between VFs");
    stop();
}

static void put32(FILE *f, uint32_t v) {
    CHECK(fwrite(&v, 4, 1, f) == 1, "cannot write");
}

// What the wire has for the card waits for the PF's driver, on whatever bus it comes.
static void a_capture_plays_into_the_pf(void) {
    static const uint8_t frame[60] = {0x02, 0x57, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 9, 0x88, 0xB5};
    char err[256] = "", tree[64], in[80], wire[96], text[2048] = "";
    const char *args[] = {"--vfs", "0", "--sysfs", tree, "--wire", wire, NULL};
    long until = simproc_now_ms() + PATIENCE_MS;
    FILE *f;
    snprintf(tree, sizeof(tree), "/tmp/weir-test-pci.%d", (int)getpid());
    snprintf(in, sizeof(in), "%s.pcap", tree);
    snprintf(wire, sizeof(wire), "pcap:%s", in);
    f = fopen(in, "wb");
    CHECK(f != NULL, "cannot write %s", in);
    put32(f, 0xA1B2C3D4);
    put32(f, 2 | 4u << 16);
    put32(f, 0);
    put32(f, 0);
    put32(f, 65535);
    put32(f, 1);
    for (uint32_t i = 0; i < 3; i++) {
        put32(f, i);
        put32(f, 0);
        put32(f, sizeof(frame));
        put32(f, sizeof(frame));
        CHECK(fwrite(frame, sizeof(frame), 1, f) == 1, "cannot write");
    }
    fclose(f);
    simproc_start(&sim, args);
    CHECK(pci_sim_show(tree, err, sizeof(err)) == 0, "%s", err);
    hosts_prepare();
    hosts_start_parent(NULL);
    while (strstr(text, "3 frames from the wire") == NULL) {
        CHECK(ctl("ledger", NULL, text, sizeof(text)) == 0 || simproc_now_ms() < until, "%s", text);
        CHECK(simproc_now_ms() < until, "not all came: %s", text);
    }
    unlink(in);
    hosts_stop();
}

// ---- what is said ----

// How programs end whose call is wrong is theirs to say: not with 0.
static void wrong_call(const char *program, const char *const *args, const char *part) {
    char text[2048] = "";
    int status = simproc_exec(program, args, text, sizeof(text));
    CHECK(status != 0 && status < 77, "%s: status %d: %s", program, status, text);
    CHECK(strstr(text, part) != NULL, "%s does not say '%s': %s", program, part, text);
}

static void bad_functions_are_one_line(void) {
    static const struct {
        const char *args[8], *part;
    } host_says[] = {
        {{"--bus", "pciaccess", "0000:7f:1e.7"}, "0000:7f:1e.7: there is no such PCI device"},
        {{"--bus", "pciaccess", "0000:01:00.1"},
         "0000:01:00.1: a VF, which is a guest's; the parent drives the PF " PCI_SIM_PF},
        {{"--bus", "pciaccess", PCI_SIM_PF, "--wait", "0"}, "another driver has this function"},
    };
    static const struct {
        const char *args[8], *part;
    } host_calls[] = {
        {{"--bus", "pciaccess"}, "needs the PF's address"},
        {{"--bus", "pciaccess", "eth0"}, "'eth0' is no PCI address"},
        {{"--bus", "pciaccess", PCI_SIM_PF, "again"}, "unexpected argument 'again'"},
        {{"--bus", "isa"}, "vfio-user"},
        {{PCI_SIM_PF}, PCI_SIM_PF},
    };
    static const struct {
        const char *args[8], *part;
    } guest_calls[] = {
        {{"--bus", "pciaccess", "01:00.1"}, "'01:00.1' is no PCI address"},
        {{"--bus", "pciaccess", "0000:01:00.1", "0000:01:00.2"}, "unexpected argument '0000:01:00.2'"},
        {{"0000:01:00.1"}, "0000:01:00.1"},
        {{"--bus", "usb"}, "vfio-user"},
    };
    char dir[64];
    hosts_start(NULL);
    snprintf(dir, sizeof(dir), "/tmp/weir-test-second.%d", (int)getpid());
    for (unsigned i = 0; i < sizeof(host_says) / sizeof(host_says[0]); i++) {
        const char *args[12] = {"--dir", dir};
        memcpy(args + 2, host_says[i].args, sizeof(host_says[i].args));
        one_line(WEIR_HOST_BINARY, args, 1, host_says[i].part);
    }
    for (unsigned i = 0; i < sizeof(host_calls) / sizeof(host_calls[0]); i++)
        wrong_call(WEIR_HOST_BINARY, host_calls[i].args, host_calls[i].part);
    for (unsigned i = 0; i < sizeof(guest_calls) / sizeof(guest_calls[0]); i++)
        wrong_call(WEIR_GUEST_BINARY, guest_calls[i].args, guest_calls[i].part);
    remove_folder(dir);
    hosts_stop();
}

// weir-guest with a TAP device, in a network namespace of this test.
static pid_t start_guest(const char *address, const char *log) {
    const char *args[] = {"--parent", host_dir, "--name", "c", "--tap", "c", "--bus", "pciaccess", address, NULL};
    pid_t pid;
    unlink(log);
    pid = simproc_spawn(WEIR_GUEST_BINARY, args, log);
    CHECK(simproc_log_has(log, "on the synthetic path"), "weir-guest does not start");
    return pid;
}

// A guest that looks for its VF in the wrong place says what it found there and stays on the synthetic path; whose VF
// it found drives it afterwards.
static void only_the_offered_vf_is_driven(void) {
    const char *attach_b[] = {"--parent", host_dir, "attach", "b", NULL};
    char text[2048], log[128], ctl_log[128];
    pid_t c, waits;
    if (unshare(CLONE_NEWNET) != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
        puts("needs a network namespace and /dev/net/tun");
        exit(77);
    }
    start(NULL);
    snprintf(log, sizeof(log), "%s.guest", sim.dir);
    snprintf(ctl_log, sizeof(ctl_log), "%s.ctl", sim.dir);
    c = start_guest(PCI_SIM_PF, log);
    CHECK(ctl("attach", "c", text, sizeof(text)) != 0, "a guest was attached to the PF: %s", text);
    CHECK(simproc_log_has(log, PCI_SIM_PF ": the PF, which is the parent's"), "not a word about the PF");
    CHECK(simproc_end(c) == 0, "weir-guest does not end in order");
    // The first VF is offered to b, which is not awake to take it.
    kill(b.pid, SIGSTOP);
    waits = simproc_spawn(WEIRCTL_BINARY, attach_b, ctl_log);
    await_status("offered");
    c = start_guest("0000:01:00.1", log);
    CHECK(ctl("attach", "c", text, sizeof(text)) != 0, "a guest was attached to another's VF: %s", text);
    CHECK(simproc_log_has(log, "this is VF 0 of its card; the parent offers VF 1"), "not a word about the wrong VF");
    kill(b.pid, SIGCONT);
    CHECK(waitpid(waits, NULL, 0) == waits, "weirctl is gone");
    CHECK(attached() == 1, "b has no VF");
    exchange(10);
    CHECK(simproc_end(c) == 0, "weir-guest does not end in order");
    unlink(log);
    unlink(ctl_log);
    stop();
}

// ---- kill -9, and VFs that vanish ----

static void killed_programs_start_again(void) {
    for (unsigned round = 0; round < 2; round++) {
        if (round == 0)
            start(NULL);
        must("attach", "a");
        must("attach", "b");
        CHECK(exchange(20) == 0, "frames were lost");
        // A guest on its VF: its successor gets it.
        guest_kill(&a);
        guest_start(&a, "a", 1);
        await_status("02:57:00:00:00:01");
        exchange(3);
        must("attach", "a");
        CHECK(exchange(20) == 0, "frames were lost after a guest was killed");
        // The parent: both guests wait for the next one.
        kill(host, SIGKILL);
        waitpid(host, NULL, 0);
        hosts_start_parent(NULL);
        await_status("02:57:00:00:00:01");
        await_status("02:57:00:00:00:02");
        exchange(3);
        CHECK(exchange(20) == 0, "frames were lost after the parent was killed");
    }
    stop();
}

// Somebody turns the VFs off behind everybody's back: a function that is gone reads all ones.
static void guests_survive_vfs_that_vanish(void) {
    char text[4096];
    int fd;
    start(NULL);
    must("attach", "a");
    must("attach", "b");
    CHECK(exchange(20) == 0, "frames were lost");
    fd = open(FOLDER "/sriov_numvfs", O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, "0", 1) == 1, "cannot turn the VFs off");
    close(fd);
    exchange(3);
    CHECK(exchange(20) == 0, "frames are lost on the synthetic path");
    CHECK(attached() == 0, "a guest is on a VF that is not there");
    CHECK(ctl("--json", "records", text, sizeof(text)) == 0 && strstr(text, "\"surprise\":true") != NULL,
          "no surprise is recorded: %s", text);
    stop();
}

// A card that is pulled with all its functions ends the parent with one line; guests wait for the next.
static void a_pulled_card_ends_the_parent(void) {
    char tree[64];
    int status = 0;
    start(NULL);
    must("attach", "a");
    snprintf(tree, sizeof(tree), "/tmp/weir-test-pci.%d", (int)getpid());
    simproc_kill(&sim);
    CHECK(waitpid(host, &status, 0) == host && WIFEXITED(status) && WEXITSTATUS(status) == 1, "weir-host: status %x",
          status);
    CHECK(simproc_log_has(host_log, "weir-host: the card is gone: nobody answers at " PCI_SIM_PF "\n"), "not a word");
    CHECK(waitpid(a.pid, NULL, WNOHANG) == 0 && waitpid(b.pid, NULL, WNOHANG) == 0, "a guest ended");
    guest_kill(&a);
    guest_kill(&b);
    pci_sim_hide();
    pci_sim_clear(tree);
    (void)rmdir(tree);
    unlink(host_log);
    remove_folder(host_dir);
    simproc_remove(&sim);
}

// Nothing wakes them but themselves: a few percent of a processor, not all of it.
static void idle_programs_sleep(void) {
    static const char *const name[] = {"weir-host", "weir-guest"};
    start(NULL);
    must("attach", "a");
    for (unsigned who = 0; who < 2; who++) {
        struct simproc p = {.pid = who == 0 ? host : a.pid};
        long ms = simproc_cpu_ms(&p), since = simproc_now_ms(), wall;
        nanosleep(&(struct timespec){5, 0}, NULL);
        ms = simproc_cpu_ms(&p) - ms;
        wall = simproc_now_ms() - since;
        printf("%s: %ld ms of processor in %ld ms\n", name[who], ms, wall);
        CHECK(ms * 10 < wall, "an idle %s uses %ld ms of %ld ms", name[who], ms, wall);
    }
    stop();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"main_job_loses_nothing", main_job_loses_nothing},
        {"firmware_is_updated", firmware_is_updated},
        {"jumbo_frames_fit_huge_pages", jumbo_frames_fit_huge_pages},
        {"a_capture_plays_into_the_pf", a_capture_plays_into_the_pf},
        {"bad_functions_are_one_line", bad_functions_are_one_line},
        {"only_the_offered_vf_is_driven", only_the_offered_vf_is_driven},
        {"killed_programs_start_again", killed_programs_start_again},
        {"guests_survive_vfs_that_vanish", guests_survive_vfs_that_vanish},
        {"a_pulled_card_ends_the_parent", a_pulled_card_ends_the_parent},
        {"idle_programs_sleep", idle_programs_sleep},
    };
    hosts_on_pci();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_pci_hosts <case>\n");
    return 2;
}
