// SPDX-License-Identifier: Apache-2.0
// See tools.h.
#include "tools.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TOOLS 24u

struct tool {
    pid_t pid;
    bool server, running;
    const char *what; // "" for servers
    char out[96];
};

struct tools {
    const struct netns *ns;
    struct tool tool[MAX_TOOLS];
    unsigned count;
};

static int start(struct tools *t, int place, const char *what, const char *const argv[]) {
    struct tool *k = &t->tool[t->count];
    if (t->count == MAX_TOOLS)
        return -ENOSPC;
    snprintf(k->out, sizeof(k->out), "%s/tool%u", netns_dir(t->ns), t->count);
    k->what = what;
    k->server = what[0] == '\0';
    k->pid = netns_spawn(t->ns, place, k->out, argv);
    if (k->pid < 0)
        return (int)k->pid;
    k->running = true;
    t->count++;
    return 0;
}

struct tools *tools_open(const struct netns *n) {
    struct tools *t = calloc(1, sizeof(*t));
    int err = 0;
    if (t == NULL)
        return NULL;
    t->ns = n;
    err |= start(t, 0, "", (const char *[]){"iperf3", "-s", "-p", "5201", NULL});
    err |= start(t, 0, "", (const char *[]){"iperf3", "-s", "-p", "5202", NULL});
    err |= start(t, 0, "", (const char *[]){"iperf3", "-s", "-p", "5203", NULL});
    if (err != 0) {
        tools_close(t);
        return NULL;
    }
    return t;
}

void tools_close(struct tools *t) {
    if (t == NULL)
        return;
    for (unsigned i = 0; i < t->count; i++)
        if (t->tool[i].running) {
            kill(t->tool[i].pid, SIGKILL);
            waitpid(t->tool[i].pid, NULL, 0);
        }
    free(t);
}

int tools_start(struct tools *t, unsigned seconds) {
    char time[12], count[12];
    int err = 0;
    snprintf(time, sizeof(time), "%u", seconds);
    snprintf(count, sizeof(count), "%u", seconds * 5);
    err |=
        start(t, 1, "ping guest0 to peer", (const char *[]){"ping", "-q", "-i", "0.2", "-c", count, "10.77.0.1", NULL});
    // Small windows: what waits in the kernels' queues waits in front of everybody.
    err |= start(t, 1, "TCP guest0 to peer",
                 (const char *[]){"iperf3", "-J", "-w", "64K", "-c", "10.77.0.1", "-p", "5201", "-t", time, NULL});
    err |=
        start(t, 1, "TCP peer to guest0",
              (const char *[]){"iperf3", "-J", "-R", "-w", "64K", "-c", "10.77.0.1", "-p", "5202", "-t", time, NULL});
    err |= start(t, 2, "UDP guest1 to peer",
                 (const char *[]){"iperf3", "-J", "-u", "-b", "500K", "-l", "1000", "-c", "10.77.0.1", "-p", "5203",
                                  "-t", time, NULL});
    return err != 0 ? -EIO : 0;
}

bool tools_running(struct tools *t) {
    bool any = false;
    for (unsigned i = 0; i < t->count; i++) {
        struct tool *k = &t->tool[i];
        if (!k->server && k->running && waitpid(k->pid, NULL, WNOHANG) == k->pid)
            k->running = false;
        any = any || (!k->server && k->running);
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
    if (!good)
        fprintf(out, "  %-20s no answer\n", t->what);
    return good;
}

bool tools_results(const struct tools *t, FILE *out) {
    bool good = true;
    for (unsigned i = 0; i < t->count; i++) {
        const struct tool *k = &t->tool[i];
        if (!k->server)
            good = (strncmp(k->what, "ping", 4) == 0 ? ping_result(k, out) : iperf_result(k, out)) && good;
    }
    return good;
}
