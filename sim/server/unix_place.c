// SPDX-License-Identifier: Apache-2.0
// See unix_place.h.
#include "unix_place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// 0 when the name is free now, or why not. Only a socket that refuses to be connected to is left over from the dead:
// one that is busy (EAGAIN), or not ours to try, is alive.
static int clear_stale(const struct sockaddr_un *addr, int type) {
    struct stat st;
    int fd, why;

    if (lstat(addr->sun_path, &st) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    why = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? 0 : errno;
    close(fd);
    if (why != ECONNREFUSED)
        return -EADDRINUSE;
    return unlink(addr->sun_path) == 0 ? 0 : -errno;
}

static int listen_there(struct unix_place *p, const struct sockaddr_un *addr, int type, int backlog, mode_t mode) {
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), why = 0;
    struct stat st;
    mode_t before;

    if (fd < 0)
        return -errno;
    // The mode is there from the first moment; a chmod behind would leave a gap.
    before = umask(~mode & 0777);
    if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0)
        why = errno;
    umask(before);
    if (why == 0 && (lstat(addr->sun_path, &st) != 0 || listen(fd, backlog) != 0))
        why = errno;
    if (why != 0) {
        close(fd);
        return -why;
    }
    memcpy(p->path, addr->sun_path, sizeof(p->path));
    p->dev = st.st_dev;
    p->ino = st.st_ino;
    return fd;
}

int unix_place_listen(struct unix_place *p, const char *path, int type, int backlog, mode_t mode, char *err,
                      size_t err_size) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int ret = strlen(path) < sizeof(addr.sun_path) ? 0 : -ENAMETOOLONG;

    if (ret == 0) {
        memcpy(addr.sun_path, path, strlen(path));
        ret = clear_stale(&addr, type);
    }
    if (ret == 0)
        ret = listen_there(p, &addr, type, backlog, mode);
    if (ret < 0)
        snprintf(err, err_size, "cannot listen at %s: %s", path,
                 ret == -EEXIST       ? "there is something that is no socket; it was left alone"
                 : ret == -EADDRINUSE ? "somebody else listens there"
                                      : strerror(-ret));
    return ret;
}

void unix_place_remove(const struct unix_place *p) {
    struct stat st;
    if (lstat(p->path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == p->dev && st.st_ino == p->ino)
        (void)unlink(p->path);
}

bool unix_peer_welcome(int fd, const struct unix_peers *peers, uid_t *uid) {
    struct ucred who;
    socklen_t len = sizeof(who);

    *uid = (uid_t)-1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
        return false;
    *uid = who.uid;
    if (who.uid == 0 || who.uid == geteuid())
        return true;
    for (unsigned i = 0; peers != NULL && i < peers->count; i++)
        if (peers->allowed[i] == who.uid)
            return true;
    return false;
}
