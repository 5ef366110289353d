// SPDX-License-Identifier: Apache-2.0
// See netns.h.
#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PLACES 4u
#define MAX_ARGS 30u
#define SOCKET_BYTES (8 << 20)

struct netns {
    char name[MAX_PLACES][32];
    unsigned places;
    char dir[48];
};

int netns_shell(const struct netns *n, int place, const char *fmt, ...) {
    char cmd[512], whole[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(cmd, sizeof(cmd), fmt, ap);
    va_end(ap);
    if (place == NETNS_HERE)
        snprintf(whole, sizeof(whole), "%s", cmd);
    else
        snprintf(whole, sizeof(whole), "ip netns exec %s sh -c '%s'", n->name[place], cmd);
    return system(whole) == 0 ? 0 : -EIO;
}

struct netns *netns_open(const char *const *places, unsigned count, char *err, size_t err_size) {
    struct netns *n = calloc(1, sizeof(*n));
    if (n == NULL || count > MAX_PLACES) {
        snprintf(err, err_size, "out of memory");
        free(n);
        return NULL;
    }
    snprintf(n->dir, sizeof(n->dir), "/tmp/weir-demo.XXXXXX");
    if (geteuid() != 0) {
        snprintf(err, err_size, "not root");
        goto err_free;
    }
    if (access("/dev/net/tun", R_OK | W_OK) != 0) {
        snprintf(err, err_size, "no /dev/net/tun");
        goto err_free;
    }
    if (mkdtemp(n->dir) == NULL) {
        snprintf(err, err_size, "no temporary folder: %s", strerror(errno));
        goto err_free;
    }
    for (; n->places < count; n->places++) {
        snprintf(n->name[n->places], sizeof(n->name[0]), "weir%d%.12s", (int)getpid(), places[n->places]);
        // No word of IPv6: all that crosses the card is traffic we know of.
        if (netns_shell(n, NETNS_HERE, "ip netns add %s 2>/dev/null", n->name[n->places]) != 0 ||
            netns_shell(n, (int)n->places,
                        "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; "
                        "ip link set lo up 2>/dev/null") != 0) {
            snprintf(err, err_size, "no network namespaces here");
            netns_close(n);
            return NULL;
        }
    }
    return n;

err_free:
    free(n);
    return NULL;
}

void netns_close(struct netns *n) {
    if (n == NULL)
        return;
    for (unsigned i = 0; i < n->places; i++)
        (void)netns_shell(n, NETNS_HERE, "ip netns del %s 2>/dev/null", n->name[i]);
    (void)netns_shell(n, NETNS_HERE, "rm -rf %s", n->dir);
    free(n);
}

const char *netns_dir(const struct netns *n) {
    return n->dir;
}

pid_t netns_spawn(const struct netns *n, int place, const char *out, const char *const argv[]) {
    const char *full[MAX_ARGS + 5] = {"ip", "netns", "exec", place == NETNS_HERE ? "" : n->name[place]};
    unsigned at = place == NETNS_HERE ? 0 : 4;
    pid_t pid;

    if (argv[0] == NULL)
        return -EINVAL;
    for (unsigned i = 0; argv[i] != NULL && i < MAX_ARGS; i++)
        full[at++] = argv[i];
    full[at] = NULL;
    pid = fork();
    if (pid == 0) {
        int fd = open(out, O_CREAT | O_WRONLY | O_TRUNC, 0600), null = open("/dev/null", O_RDWR);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // An interrupt from the terminal is ours to handle: it ends them in order.
        setpgid(0, 0);
        dup2(null, STDIN_FILENO);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        execvp(full[0], (char *const *)(uintptr_t)full);
        _exit(127);
    }
    return pid < 0 ? -errno : pid;
}

static int enter(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
    if (fd < 0)
        return -errno;
    ret = setns(fd, CLONE_NEWNET) == 0 ? 0 : -errno;
    close(fd);
    return ret;
}

int netns_udp(const struct netns *n, int place, uint16_t port) {
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int one = 1, room = SOCKET_BYTES;
    char there[64], here[64];
    int fd, ret;

    snprintf(there, sizeof(there), "/var/run/netns/%s", n->name[place]);
    snprintf(here, sizeof(here), "/proc/%d/ns/net", (int)getpid());
    fd = open(here, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ret = enter(there);
    if (ret == 0) {
        ret = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (setns(fd, CLONE_NEWNET) != 0)
            abort(); // nothing we did from here on would be where we think it is
    }
    close(fd);
    if (ret < 0)
        return ret;
    fd = ret;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
    if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) != 0 ||
        bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0) {
        ret = -errno;
        close(fd);
        return ret;
    }
    return fd;
}
