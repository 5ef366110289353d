// SPDX-License-Identifier: Apache-2.0
// Capture files as a user meets them: damaged input starts nothing, paths are from where the user stands, and what
// weir-sim writes says guest, path, speed, date and why a frame was dropped.
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hosts.h"
#include "pcap.h"
#include "pcapng_read.h"
#include "world.h"

static uint64_t wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct seen {
    uint64_t start, last;
    unsigned synthetic, vf, wire, dropped;
};

static void look(void *ctx, const struct weir_pcapng_packet *p) {
    struct seen *s = ctx;
    unsigned vport, vf;
    char name[32];
    s->start = p->start;
    s->last = p->ns;
    s->synthetic += strcmp(p->interface, "vport0 synthetic") == 0;
    s->wire += strcmp(p->interface, "wire") == 0;
    if (sscanf(p->interface, "vport%u %31s VF %u", &vport, name, &vf) == 3 && strcmp(name, "a") == 0) {
        s->vf++;
        s->dropped += strncmp(p->comment, "dropped, ", 9) == 0 && strchr(p->comment, ':') != NULL;
    }
    CHECK(p->speed == 10000000000, "%s has %llu b/s", p->interface, (unsigned long long)p->speed);
}

// Frames to a, whose process does not run, that its VF had no room for.
static bool dropped_on_vf(void) {
    static char text[1 << 14];
    const char *at;
    CHECK(ctl("counters", "a", text, sizeof(text)) == 0, "%s", text);
    at = strstr(text, "vf.RX_DROP_CQ_FULL ");
    CHECK(at != NULL, "%s", text);
    return strtoull(at + strlen("vf.RX_DROP_CQ_FULL "), NULL, 10) != 0;
}

// From b to a until some are dropped.
static void flood(struct guest *b, const struct guest *a) {
    uint8_t f[100] = {0};
    memcpy(f, a->mac, 6);
    memcpy(f + 6, b->mac, 6);
    f[12] = 0x88;
    f[13] = 0xB5;
    for (unsigned round = 0; !dropped_on_vf(); round++) {
        CHECK(round < 64, "no frame is dropped");
        for (unsigned i = 0; i < 256; i++)
            if (send(b->device, f, sizeof(f), MSG_DONTWAIT) != sizeof(f))
                nanosleep(&(struct timespec){0, 100000}, NULL);
    }
}

static void a_trace_says_who_where_when_and_why(void) {
    char trace[128], err[256] = "";
    const char *args[] = {"--vfs", "4", "--rate", "10", "--trace", trace, NULL};
    uint64_t before = wall_ns();
    struct seen seen = {0};
    struct guest a, b;

    simproc_prepare(&sim);
    snprintf(trace, sizeof(trace), "%s.pcapng", sim.dir);
    simproc_launch(&sim, args);
    CHECK(simproc_log_has(sim.log, "weir-sim: ready"), "weir-sim is not ready");
    hosts_prepare();
    hosts_start_parent(NULL);
    guest_start(&a, "a", 1);
    guest_start(&b, "b", 2);
    await_status("02:57:00:00:00:01");
    await_status("02:57:00:00:00:02");
    must("attach", "a");
    kill(a.pid, SIGSTOP);
    flood(&b, &a);
    kill(a.pid, SIGCONT);
    guest_kill(&a);
    guest_kill(&b);
    await_status("no guests");
    hosts_stop();
    CHECK(weir_pcapng_read(trace, look, &seen, err, sizeof(err)) == 0, "%s", err);
    printf("%u frames on the synthetic path, %u for the VF, %u of them dropped\n", seen.synthetic, seen.vf,
           seen.dropped);
    CHECK(seen.start >= before && seen.start + seen.last <= wall_ns(), "times from %llu to %llu",
          (unsigned long long)seen.start, (unsigned long long)(seen.start + seen.last));
    CHECK(seen.synthetic >= 1000 && seen.vf >= 1000 && seen.dropped >= 1, "frames are missing");
    unlink(trace);
}

// ---- input ----

static void make_pcap(const char *path, unsigned frames, unsigned cut) {
    struct pcap_out *o;
    uint8_t frame[60] = {0};
    struct stat st;
    char err[256];
    unlink(path);
    o = pcap_out_open(path, err, sizeof(err));
    CHECK(o != NULL, "%s", err);
    for (unsigned i = 0; i < frames; i++)
        CHECK(pcap_out_write(o, i, frame, sizeof(frame)) == 0, "cannot write");
    CHECK(pcap_out_close(o) == 0 && stat(path, &st) == 0 && truncate(path, st.st_size - cut) == 0, "cannot cut %s",
          path);
}

static void damaged_input_starts_nothing(void) {
    char dir[] = "/tmp/weir-test-XXXXXX";
    CHECK(mkdtemp(dir) != NULL && chdir(dir) == 0, "no folder");
    make_pcap("in.pcap", 3, 1);
    one_line(WEIR_SIM_BINARY, (const char *[]){"--wire", "pcap:in.pcap,out.pcap", NULL}, 1,
             "in.pcap: frame 3, at byte 176: it is cut off");
    CHECK(access("out.pcap", F_OK) != 0 && access("weir-sim.d/pf.sock", F_OK) != 0, "something was begun");
    unlink("in.pcap");
    unlink("weir-sim.d/lock");
    CHECK(rmdir("weir-sim.d") == 0 && rmdir(dir) == 0, "something was left behind");
}

// Every file and folder of weir-sim, weir-host and weirctl, named from where they are started.
static void paths_are_from_where_the_user_stands(void) {
    static const char *const sim_args[] = {"--dir",   "c",        "--vfs", "2", "--wire", "pcap:in.pcap,out.pcap",
                                           "--trace", "t.pcapng", NULL};
    static const char *const files[] = {"out.pcap", "t.pcapng", "h/guests.json", "c/lock",
                                        "in.pcap",  "log.sim",  "log.host"};
    static const char *const folders[] = {"h/admin", "h/guests", "h", "c"};
    char dir[] = "/tmp/weir-test-XXXXXX", text[2048];
    pid_t card, parent;
    CHECK(mkdtemp(dir) != NULL && chdir(dir) == 0, "no folder");
    make_pcap("in.pcap", 3, 0);
    card = simproc_spawn(WEIR_SIM_BINARY, sim_args, "log.sim");
    parent =
        simproc_spawn(WEIR_HOST_BINARY,
                      (const char *[]){"--card", "c", "--dir", "h", "--vfs", "2", "--wait", "600", NULL}, "log.host");
    CHECK(simproc_log_has("log.host", "weir-host: ready"), "weir-host is not ready");
    CHECK(simproc_exec(WEIRCTL_BINARY, (const char *[]){"--parent", "h", "guest", "add", "vm1", NULL}, text,
                       sizeof(text)) == 0,
          "%s", text);
    CHECK(simproc_exec(WEIRCTL_BINARY, (const char *[]){"--parent", "h", "halt", NULL}, text, sizeof(text)) == 0, "%s",
          text);
    CHECK(simproc_end(parent) == 0 && simproc_end(card) == 0, "they do not end in order");
    for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        CHECK(unlink(files[i]) == 0, "there is no %s here", files[i]);
    for (unsigned i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        CHECK(rmdir(folders[i]) == 0, "%s is not empty, or is not here", folders[i]);
    CHECK(rmdir(dir) == 0, "something else is here");
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"a_trace_says_who_where_when_and_why", a_trace_says_who_where_when_and_why},
        {"damaged_input_starts_nothing", damaged_input_starts_nothing},
        {"paths_are_from_where_the_user_stands", paths_are_from_where_the_user_stands},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    fprintf(stderr, "usage: test_captures <case>\n");
    return 2;
}
