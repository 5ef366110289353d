// SPDX-License-Identifier: Apache-2.0
// See tools.h.
#include "tools.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools_read.h"

#define MAX_TOOLS 24u
#define OUTPUT_BYTES (4u << 20) // of an hour of ping, a line each reply
// A reply that takes so long is lost; a machine may be slow.
#define PATIENCE_S "300"

struct tool {
    pid_t pid;
    int sender;                // place whose retransmits it counts
    struct netns_again before; // that had been sent again there when it started
    bool server, running;
    const char *what; // "" for servers
    char out[96];
};

struct tools {
    const struct netns *ns;
    struct tool tool[MAX_TOOLS];
    unsigned count, first; // of those started last
};

static int start(struct tools *t, int place, int sender, const char *what, const char *const argv[]) {
    struct tool *k = &t->tool[t->count];
    if (t->count == MAX_TOOLS)
        return -ENOSPC;
    snprintf(k->out, sizeof(k->out), "%s/tool%u", netns_dir(t->ns), t->count);
    k->what = what;
    k->sender = sender;
    k->before = netns_again(t->ns, sender);
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
    err |= start(t, 0, 0, "", (const char *[]){"iperf3", "-s", "-p", "5201", NULL});
    err |= start(t, 0, 0, "", (const char *[]){"iperf3", "-s", "-p", "5202", NULL});
    err |= start(t, 0, 0, "", (const char *[]){"iperf3", "-s", "-p", "5203", NULL});
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
    t->first = t->count;
    snprintf(time, sizeof(time), "%u", seconds);
    snprintf(count, sizeof(count), "%u", seconds * 5);
    err |= start(t, 1, 1, "ping guest0 to peer",
                 (const char *[]){"ping", "-i", "0.2", "-W", PATIENCE_S, "-c", count, "10.77.0.1", NULL});
    // Small windows: what waits in the kernels' queues waits in front of everybody.
    err |= start(t, 1, 1, "TCP guest0 to peer",
                 (const char *[]){"iperf3", "-J", "-w", "64K", "-c", "10.77.0.1", "-p", "5201", "-t", time, NULL});
    err |=
        start(t, 1, 0, "TCP peer to guest0",
              (const char *[]){"iperf3", "-J", "-R", "-w", "64K", "-c", "10.77.0.1", "-p", "5202", "-t", time, NULL});
    err |= start(t, 2, 2, "UDP guest1 to peer",
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

void tools_report(const struct tools *t, const char *during, uint64_t explained, struct report *r) {
    char *text = malloc(OUTPUT_BYTES);
    for (unsigned i = t->first; i < t->count && text != NULL; i++) {
        const struct tool *k = &t->tool[i];
        struct report_tool row = {.explained = (int64_t)explained};
        struct netns_again now;
        FILE *f = fopen(k->out, "r");
        size_t n = f != NULL ? fread(text, 1, OUTPUT_BYTES - 1, f) : 0;
        if (f != NULL)
            fclose(f);
        text[n] = '\0';
        snprintf(row.name, sizeof(row.name), "%s", k->what);
        snprintf(row.during, sizeof(row.during), "%s", during);
        tools_unknown(&row);
        if (strncmp(k->what, "ping", 4) == 0)
            tools_read_ping(&row, text);
        else
            tools_read_iperf(&row, text);
        now = netns_again(t->ns, k->sender);
        row.syn_again = now.opening - k->before.opening;
        row.data_again = now.all - k->before.all - row.syn_again;
        report_tool(r, &row);
    }
    free(text);
}
