// SPDX-License-Identifier: Apache-2.0
// Network namespaces of the demo's hosts ("places"), programs that run in them, and sockets made in them. Needs root,
// /dev/net/tun and namespaces; says which is missing. The namespaces have no names: they, their devices and all
// programs end with us, however we end.
#ifndef WEIR_DEMO_NETNS_H
#define WEIR_DEMO_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NETNS_HERE (-1) // not in a namespace: ours

struct netns;

// `count` places. NULL with one line in err.
struct netns *netns_open(unsigned count, char *err, size_t err_size);
// Lets the namespaces go and removes the folder; programs must have ended.
void netns_close(struct netns *n);
// Folder for files of this run.
const char *netns_dir(const struct netns *n);

// Runs a shell command in a place: 0 or -EIO.
int netns_shell(const struct netns *n, int place, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// Starts a program, its output in file `out`. The process id or negative errno.
pid_t netns_spawn(const struct netns *n, int place, const char *out, const char *const argv[]);
// A UDP socket bound to `port` in that place, non-blocking, broadcasts allowed; or negative errno.
int netns_udp(const struct netns *n, int place, uint16_t port);
// TCP segments of that place that were sent again, so far: all, and those that open a connection (SYN, SYN with ACK).
// 0 when the kernel does not say.
struct netns_again {
    int64_t all, opening;
};
struct netns_again netns_again(const struct netns *n, int place);

#endif
