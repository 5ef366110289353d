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
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PLACES 4u
#define SOCKET_BYTES (8 << 20)

struct netns {
    int home, place[MAX_PLACES]; // namespaces, open
    unsigned places;
    char dir[48];
};

static int fd_of(const struct netns *n, int place) {
    return place == NETNS_HERE ? n->home : n->place[place];
}

// In a new process: becomes the program, which dies with us. An interrupt from the terminal is ours to handle: it ends
// them in order.
static void become(const struct netns *n, int place, int out, const char *const argv[]) {
    int null = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    if (setns(fd_of(n, place), CLONE_NEWNET) == 0) {
        dup2(null, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
    }
    _exit(127);
}

pid_t netns_spawn(const struct netns *n, int place, const char *out, const char *const argv[]) {
    pid_t pid = fork();
    if (pid == 0)
        become(n, place, open(out, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600), argv);
    return pid < 0 ? -errno : pid;
}

int netns_shell(const struct netns *n, int place, const char *fmt, ...) {
    char cmd[600];
    const char *argv[] = {"sh", "-c", cmd, NULL};
    int status = 0;
    pid_t pid;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(cmd, sizeof(cmd), fmt, ap);
    va_end(ap);
    pid = fork();
    if (pid == 0)
        become(n, place, STDERR_FILENO, argv);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static void go_home(const struct netns *n) {
    if (setns(n->home, CLONE_NEWNET) != 0)
        abort(); // nothing we did from here on would be where we think it is
}

static int make_place(struct netns *n) {
    int fd;
    if (unshare(CLONE_NEWNET) != 0)
        return -errno;
    fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    go_home(n);
    if (fd < 0)
        return -EIO;
    n->place[n->places++] = fd;
    // No word of IPv6: all that crosses the card is traffic we know of. What takes long on a busy machine is not lost:
    // TCP is told not to think so.
    return netns_shell(n, (int)n->places - 1,
                       "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 "
                       "net.ipv4.tcp_early_retrans=0; ip link set lo up 2>/dev/null");
}

struct netns *netns_open(unsigned count, char *err, size_t err_size) {
    struct netns *n = calloc(1, sizeof(*n));
    int ret = 0;
    if (n == NULL || count > MAX_PLACES) {
        snprintf(err, err_size, "out of memory");
        free(n);
        return NULL;
    }
    n->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    snprintf(n->dir, sizeof(n->dir), "/tmp/weir-demo.XXXXXX");
    if (geteuid() != 0)
        snprintf(err, err_size, "not root");
    else if (access("/dev/net/tun", R_OK | W_OK) != 0)
        snprintf(err, err_size, "no /dev/net/tun");
    else if (mkdtemp(n->dir) == NULL)
        snprintf(err, err_size, "no temporary folder: %s", strerror(errno));
    else {
        while (n->home >= 0 && n->places < count && (ret = make_place(n)) == 0) {
        }
        if (n->home >= 0 && ret == 0)
            return n;
        snprintf(err, err_size, "no network namespaces here");
        netns_close(n);
        return NULL;
    }
    close(n->home);
    free(n);
    return NULL;
}

void netns_close(struct netns *n) {
    if (n == NULL)
        return;
    for (unsigned i = 0; i < n->places; i++)
        close(n->place[i]);
    (void)netns_shell(n, NETNS_HERE, "rm -rf %s", n->dir);
    close(n->home);
    free(n);
}

const char *netns_dir(const struct netns *n) {
    return n->dir;
}

// netstat has each group as a line of names and one of values.
static int64_t value_of(FILE *f, const char *group, const char *name) {
    char names[4096], values[4096];
    while (fgets(names, sizeof(names), f) != NULL && fgets(values, sizeof(values), f) != NULL) {
        char *n, *v, *key = strtok_r(names, " \n", &n), *value = strtok_r(values, " \n", &v);
        bool ours = key != NULL && strcmp(key, group) == 0;
        while (ours && key != NULL && value != NULL) {
            if (strcmp(key, name) == 0)
                return strtoll(value, NULL, 10);
            key = strtok_r(NULL, " \n", &n);
            value = strtok_r(NULL, " \n", &v);
        }
    }
    return 0;
}

static int64_t counter(const char *path, const char *group, const char *name) {
    FILE *f = fopen(path, "r");
    int64_t count = 0;
    if (f != NULL) {
        count = value_of(f, group, name);
        fclose(f);
    }
    return count;
}

struct netns_again netns_again(const struct netns *n, int place) {
    struct netns_again a = {0, 0};
    if (setns(fd_of(n, place), CLONE_NEWNET) != 0)
        return a;
    a.all = counter("/proc/thread-self/net/snmp", "Tcp:", "RetransSegs");
    a.opening = counter("/proc/thread-self/net/netstat", "TcpExt:", "TCPSynRetrans");
    go_home(n);
    return a;
}

int netns_udp(const struct netns *n, int place, uint16_t port) {
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int one = 1, room = SOCKET_BYTES;
    int fd, ret;

    if (setns(fd_of(n, place), CLONE_NEWNET) != 0)
        return -errno;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ret = fd < 0 ? -errno : 0;
    go_home(n);
    if (ret != 0)
        return ret;
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
