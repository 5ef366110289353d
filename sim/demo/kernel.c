// SPDX-License-Identifier: Apache-2.0
// See kernel.h. Tools write to files of their own in a temporary folder; results are read from there.
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define MAX_TOOLS 12u

struct tool {
    pid_t pid;
    bool server, running;
    const char *what;
    char out[96];
};

struct kernel {
    int fd[KERNEL_PLACES];
    char ns[KERNEL_PLACES][24], tap[KERNEL_PLACES][16];
    char dir[48];
    struct tool tool[MAX_TOOLS];
    unsigned tools;
};

static const char *const place_name[KERNEL_PLACES] = {"peer", "g0", "g1"};

static int shell(const char *fmt, ...) {
    char cmd[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(cmd, sizeof(cmd), fmt, ap);
    va_end(ap);
    return system(cmd) == 0 ? 0 : -EIO;
}

struct kernel *kernel_open(const uint8_t mac[KERNEL_PLACES][6], char *err, size_t err_size) {
    struct kernel *k = calloc(1, sizeof(*k));
    if (k == NULL)
        return NULL;
    for (unsigned i = 0; i < KERNEL_PLACES; i++)
        k->fd[i] = -1;
    snprintf(k->dir, sizeof(k->dir), "/tmp/weir-demo.XXXXXX");
    if (geteuid() != 0) {
        snprintf(err, err_size, "not root");
        goto err_kernel;
    }
    if (mkdtemp(k->dir) == NULL) {
        snprintf(err, err_size, "no temporary folder: %s", strerror(errno));
        goto err_kernel;
    }
    for (unsigned i = 0; i < KERNEL_PLACES; i++) {
        const uint8_t *m = mac[i];
        snprintf(k->ns[i], sizeof(k->ns[i]), "weir%d%s", (int)getpid(), place_name[i]);
        snprintf(k->tap[i], sizeof(k->tap[i]), "w%d%s", (int)getpid() % 1000000, place_name[i]);
        if (shell("ip netns add %s 2>/dev/null", k->ns[i]) != 0) {
            snprintf(err, err_size, "no network namespaces here");
            k->ns[i][0] = '\0';
            goto err_kernel;
        }
        k->fd[i] = tap_open(k->tap[i], err, err_size);
        if (k->fd[i] < 0)
            goto err_kernel;
        if (shell("ip link set %s netns %s && ip netns exec %s sh -c 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ip "
                  "link set lo up; "
                  "ip link set %s address %02x:%02x:%02x:%02x:%02x:%02x && ip addr add 10.77.0.%u/24 dev %s && ip link "
                  "set %s up' 2>/dev/null",
                  k->tap[i], k->ns[i], k->ns[i], k->tap[i], m[0], m[1], m[2], m[3], m[4], m[5], i + 1, k->tap[i],
                  k->tap[i]) != 0) {
            snprintf(err, err_size, "cannot set up %s in namespace %s", k->tap[i], k->ns[i]);
            goto err_kernel;
        }
    }
    return k;

err_kernel:
    kernel_close(k);
    return NULL;
}

void kernel_close(struct kernel *k) {
    if (k == NULL)
        return;
    for (unsigned i = 0; i < k->tools; i++) {
        if (k->tool[i].running) {
            kill(k->tool[i].pid, SIGKILL);
            waitpid(k->tool[i].pid, NULL, 0);
        }
        (void)unlink(k->tool[i].out);
    }
    for (unsigned i = 0; i < KERNEL_PLACES; i++) {
        if (k->fd[i] >= 0)
            close(k->fd[i]);
        if (k->ns[i][0] != '\0')
            (void)shell("ip netns del %s 2>/dev/null", k->ns[i]);
    }
    (void)rmdir(k->dir);
    free(k);
}

size_t kernel_read(struct kernel *k, unsigned place, uint8_t *frame, size_t room) {
    ssize_t n = read(k->fd[place], frame, room);
    return n > 0 ? (size_t)n : 0;
}

void kernel_write(struct kernel *k, unsigned place, const uint8_t *frame, size_t len) {
    // A full device drops the frame, as a full socket buffer would: that is the kernel's affair.
    ssize_t n = write(k->fd[place], frame, len);
    (void)n;
}

static int start(struct kernel *k, unsigned place, bool server, const char *what, char *const argv[]) {
    struct tool *t = &k->tool[k->tools];
    char ns_path[48];

    snprintf(t->out, sizeof(t->out), "%s/%u", k->dir, k->tools);
    snprintf(ns_path, sizeof(ns_path), "%s", k->ns[place]);
    t->what = what;
    t->server = server;
    t->pid = fork();
    if (t->pid < 0)
        return -errno;
    if (t->pid == 0) {
        char *full[24] = {"ip", "netns", "exec", ns_path};
        unsigned n = 4;
        int fd = open(t->out, O_CREAT | O_WRONLY | O_TRUNC, 0600), null = open("/dev/null", O_RDWR);
        for (; *argv != NULL && n < 23; argv++)
            full[n++] = *argv;
        dup2(null, 0);
        dup2(fd, 1);
        dup2(null, 2);
        execvp(full[0], full);
        _exit(127);
    }
    t->running = true;
    k->tools++;
    return 0;
}

int kernel_greet(struct kernel *k) {
    int err = 0;
    for (unsigned place = 1; place < KERNEL_PLACES; place++)
        err |=
            start(k, place, false, "",
                  (char *[]){"sh", "-c", "for i in $(seq 30); do ping -q -c 1 -W 1 10.77.0.1 && exit 0; done", NULL});
    return err != 0 ? -EIO : 0;
}

int kernel_start(struct kernel *k, unsigned seconds) {
    char time[12], count[12];
    int err = 0;
    snprintf(time, sizeof(time), "%u", seconds);
    snprintf(count, sizeof(count), "%u", seconds * 5);
    err |= start(k, KERNEL_PEER, true, "", (char *[]){"iperf3", "-s", "-p", "5201", NULL});
    err |= start(k, KERNEL_PEER, true, "", (char *[]){"iperf3", "-s", "-p", "5202", NULL});
    err |= start(k, KERNEL_PEER, true, "", (char *[]){"iperf3", "-s", "-p", "5203", NULL});
    usleep(300000);
    err |= start(k, 1, false, "ping peer", (char *[]){"ping", "-q", "-i", "0.2", "-c", count, "10.77.0.1", NULL});
    err |= start(k, 1, false, "TCP guest0 to peer",
                 (char *[]){"iperf3", "-J", "-c", "10.77.0.1", "-p", "5201", "-t", time, NULL});
    err |= start(k, 1, false, "TCP peer to guest0",
                 (char *[]){"iperf3", "-J", "-R", "-c", "10.77.0.1", "-p", "5202", "-t", time, NULL});
    err |= start(k, 2, false, "UDP guest1 to peer",
                 (char *[]){"iperf3", "-J", "-u", "-b", "500K", "-l", "1000", "-c", "10.77.0.1", "-p", "5203", "-t",
                            time, NULL});
    return err != 0 ? -EIO : 0;
}

bool kernel_running(struct kernel *k) {
    bool any = false;
    for (unsigned i = 0; i < k->tools; i++) {
        struct tool *t = &k->tool[i];
        if (!t->server && t->running && waitpid(t->pid, NULL, WNOHANG) == t->pid)
            t->running = false;
        any = any || (!t->server && t->running);
    }
    return any;
}

static double number(struct json_object *top, const char *part, const char *name) {
    struct json_object *end, *sum, *v;
    if (!json_object_object_get_ex(top, "end", &end) || !json_object_object_get_ex(end, part, &sum) ||
        !json_object_object_get_ex(sum, name, &v))
        return -1;
    return json_object_get_double(v);
}

static bool iperf_result(const struct tool *t, FILE *out) {
    struct json_object *top = json_object_from_file(t->out);
    double rate = number(top, "sum_received", "bits_per_second"), lost = number(top, "sum", "lost_packets"),
           packets = number(top, "sum", "packets"), retransmits = number(top, "sum_sent", "retransmits");
    bool good = rate > 0 || packets > 0;

    if (packets >= 0)
        fprintf(out, "  %-20s %6.0f datagrams, %.0f lost\n", t->what, packets, lost);
    else if (rate >= 0)
        fprintf(out, "  %-20s %6.2f Mbit/s, %.0f retransmits\n", t->what, rate / 1e6, retransmits);
    else
        fprintf(out, "  %-20s no result\n", t->what);
    json_object_put(top);
    return good;
}

static bool ping_result(const struct tool *t, FILE *out) {
    char line[160];
    bool good = false;
    FILE *f = fopen(t->out, "r");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (strstr(line, "packet loss") != NULL) {
            good = strstr(line, " 100% packet loss") == NULL;
            fprintf(out, "  %-20s %s", t->what, line);
        }
    if (f != NULL)
        fclose(f);
    return good;
}

bool kernel_results(struct kernel *k, FILE *out) {
    bool good = true;
    for (unsigned i = 0; i < k->tools; i++) {
        const struct tool *t = &k->tool[i];
        if (!t->server && t->what[0] != '\0')
            good = (strncmp(t->what, "ping", 4) == 0 ? ping_result(t, out) : iperf_result(t, out)) && good;
    }
    return good;
}
